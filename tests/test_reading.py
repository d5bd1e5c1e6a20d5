"""reading/: one table of cases for each resolver, the sentences invented."""

from __future__ import annotations

import datetime as dt

import pytest
from articles import bulletin
from hypothesis import given, settings
from hypothesis import strategies as st

from covid_timeline.model import EventRow, MetricRow
from covid_timeline.reading.extract import extract

ALPHABET = "新增累计确诊病例疑似治愈出院死亡其中各分别均为聊城市武汉全省湖北2月3日0—24时截至，。；、：（）\n例人名个家%0123456789将预计谣言 a"


def metrics(text: str, **about: str | None) -> list[MetricRow]:
    return extract(bulletin(text, **about)).metrics  # type: ignore[arg-type]


def the(text: str, quote: str, **about: str | None) -> MetricRow:
    """The first row of a figure."""
    found = [row for row in metrics(text, **about) if row.value_quote == quote]
    assert found, f"no {quote} in {[row.value_quote for row in metrics(text, **about)]}"
    return found[0]


class TestSubject:
    @pytest.mark.parametrize(
        ("reason", "text", "quote", "indicator"),
        [
            ("own words", "2月3日，新增确诊病例3例。", "3例", "confirmed_new"),
            ("the noun after the figure", "2月3日，又有3例患者治愈出院。", "3例", "recovered_new"),
            ("the highest of several nouns", "2月3日，新增确诊病例治愈出院3例。", "3例", "recovered_new"),
            ("the head of the list", "2月3日，新增疑似5例，其中阳谷县2例、莘县3例。", "2例", "suspected_new"),
            ("the topic before 中", "截至2月3日24时，累计确诊病例8例。确诊病例中，阳谷县2例、莘县6例。", "6例", "confirmed_cumulative"),
            ("the noun of the figure before", "2月3日，新增疑似病例5例，累计12例。", "12例", "other"),
            ("a disease is no infection", "截至2月3日24时，累计报告新型冠状病毒感染的肺炎12例。", "12例", "confirmed_cumulative"),
            ("critical words of Hong Kong", "截至2月3日24时，现有病人60名留医，当中3名危殆。", "3名", "critical_current"),
            ("English words", "聊城市confirmed 29例。", "29例", "confirmed_cumulative"),
            ("staff are no patients", "2月3日，医务人员3名赶赴一线。", "3名", "medical_staff_dispatched"),
            ("suspected who were tested", "2月3日，累计检测疑似人员8216名。", "8216名", "people_screened"),
            ("travellers under observation", "摸排返乡人员500人，居家隔离观察300人。", "300人", "people_quarantined"),
        ],
    )
    def test_what_is_counted(self, reason: str, text: str, quote: str, indicator: str) -> None:
        assert the(text, quote).indicator == indicator, reason

    @pytest.mark.parametrize(
        ("reason", "text", "quote"),
        [
            ("an institution", "2月3日，某监狱新增确诊病例3例。", "3例"),
            ("a sex", "新增确诊病例5例，其中男性3例。", "3例"),
            ("a profession", "新增确诊病例5例，其中医务人员3例。", "3例"),
            ("where they came from", "新增确诊病例5例，其中来自武汉3例。", "3例"),
            ("a cluster", "新增确诊病例5例，其中3例为家庭聚集性病例。", "3例"),
            ("a change", "重症病例减少3例。", "3例"),
            ("contacts who fell ill", "参加聚会的密切接触者中，已有3人确诊。", "3人"),
        ],
    )
    def test_a_part_of_a_group_is_other(self, reason: str, text: str, quote: str) -> None:
        assert the(text, quote).indicator == "other", reason

    def test_the_part_goes_on(self) -> None:
        assert the("某监狱累计确诊13例，治愈出院4例。", "4例").indicator == "other"

    def test_unknown_words_make_the_indicator_an_assumption(self) -> None:
        assert the("2月3日，蓝月亮合唱团新增确诊病例3例。", "3例").indicator_basis == "assumed"


class TestMeasure:
    @pytest.mark.parametrize(
        ("reason", "text", "quote", "indicator"),
        [
            ("own words", "累计确诊病例3例。", "3例", "confirmed_cumulative"),
            ("one mode for all that follow", "2月3日，新增确诊3例，治愈2例，死亡1例。", "1例", "deaths_new"),
            ("stocks have a mode of their own", "截至2月3日24时，累计确诊13例，重症2例。", "2例", "severe_current"),
            ("an as-of day makes a total", "截至2月3日24时，确诊病例13例。", "13例", "confirmed_cumulative"),
            ("a day makes it new", "2月3日，聊城市报告确诊病例3例。", "3例", "confirmed_new"),
            ("a day of its own makes an outcome new", "截至2月3日24时，累计治愈20例，今日出院3例。", "3例", "recovered_new"),
            ("a corrected total", "累计确诊病例数由12例订正为13例。", "13例", "confirmed_cumulative"),
            ("a figure that touches 共", "截至2月3日24时，确诊病例共13例。", "13例", "confirmed_cumulative"),
            ("treated is of the moment", "在院治疗13例。", "13例", "confirmed_current"),
            ("observed is of the moment", "尚有30人正在接受医学观察。", "30人", "contacts_observed_current"),
            ("released on a day", "追踪密切接触者90人。2月3日解除医学观察12人。", "12人", "contacts_released_new"),
            ("zero severe is of the moment", "2月3日，无新增确诊病例，无重症病例。", "无", "severe_current"),
        ],
    )
    def test_new_cumulative_current(self, reason: str, text: str, quote: str, indicator: str) -> None:
        assert the(text, quote).indicator == indicator, reason

    def test_a_count_since_a_day_is_new_over_the_period(self) -> None:
        row = the("1月20日以来，累计报告确诊病例13例。", "13例")
        assert (row.indicator, str(row.date_start), str(row.date_end)) == ("confirmed_new", "2020-01-20", "2020-02-04")

    def test_nothing_says(self) -> None:
        row = the("确诊病例13例。", "13例")
        assert (row.indicator, row.indicator_basis) == ("confirmed_cumulative", "assumed")


class TestOrigin:
    @pytest.mark.parametrize(
        ("reason", "text", "quote", "indicator"),
        [
            ("own words", "2020年3月20日，新增境外输入确诊病例3例。", "3例", "confirmed_imported_new"),
            ("local", "2020年3月20日，新增本土确诊病例3例。", "3例", "confirmed_local_new"),
            ("the head of the list", "2020年3月20日，新增境外输入5例（阳谷县2例，莘县3例）。", "2例", "confirmed_imported_new"),
            ("outcomes of the imported", "2020年3月20日，累计境外输入确诊病例9例，治愈出院2例。", "2例", "recovered_imported_cumulative"),
            ("no word for it", "2020年3月20日，累计境外输入确诊病例9例，死亡1例。", "1例", "other"),
            ("a new count stands for itself", "2020年3月20日，无新增本土病例，新增治愈出院2例。", "2例", "recovered_new"),
            ("in January they came from Hubei", "2020年1月25日，新增确诊病例3例，均为输入性病例。", "3例", "confirmed_new"),
        ],
    )
    def test_imported_and_local(self, reason: str, text: str, quote: str, indicator: str) -> None:
        published = "2020-03-21 18:00" if "3月20" in text else "2020-01-26 18:00"
        assert the(text, quote, published=published).indicator == indicator, reason

    def test_all_of_them_imported_is_a_second_statement(self) -> None:
        found = metrics("2020年3月20日，新增确诊病例3例，均为境外输入。", published="2020-03-21 18:00")
        assert [row.indicator for row in found] == ["confirmed_new", "confirmed_imported_new"]


class TestRegion:
    @pytest.mark.parametrize(
        ("reason", "text", "quote", "code"),
        [
            ("own words", "2月3日，阳谷县新增确诊病例3例。", "3例", "371521"),
            ("an item of a list", "新增确诊病例5例，其中阳谷县2例、莘县3例。", "3例", "371522"),
            ("the subject of the sentence", "2月3日，阳谷县新增确诊病例3例，治愈1例。", "1例", "371521"),
            ("the bracket keeps the place", "新增确诊病例5例，阳谷县4例（治愈3例）。", "3例", "371521"),
            ("the subject of the sentence before", "阳谷县通报最新情况。新增确诊病例3例。", "3例", "371521"),
            ("home", "全市新增确诊病例3例。", "3例", "371500"),
            ("an origin is no place of the count", "2月3日，聊城市对武汉返聊人员3例确诊病例通报。", "3例", "371500"),
            ("a neighbour", "莘县东临阳谷县，新增确诊病例3例。", "3例", "371522"),
            ("the share of what was just counted", "全省确诊100例，其中阳谷县5例，占全省的5%。", "5%", "371521"),
            ("aid is the giver's", "2月3日，聊城市向武汉捐赠口罩3万只。", "3万只", "371500"),
            ("capacity is where it stands", "2月3日，聊城市援建黄冈医院，新增床位300张。", "300张", "421100"),
            ("a group of provinces", "2月3日，湖北等12个省份报告。", "12个", "100000"),
        ],
    )
    def test_where(self, reason: str, text: str, quote: str, code: str) -> None:
        assert the(text, quote).region_code == code, reason

    def test_one_figure_of_each(self) -> None:
        assert [row.region_code for row in metrics("阳谷县、莘县各新增确诊2例。")] == ["371521", "371522"]

    def test_figures_in_the_order_of_the_places(self) -> None:
        found = metrics("阳谷县、莘县分别新增确诊2例、3例。")
        assert [(row.region_code, row.value) for row in found] == [("371521", 2), ("371522", 3)]

    def test_outside_of_hubei_is_no_country(self) -> None:
        row = the("2月3日，全国除湖北外新增确诊病例30例。", "30例", region="100000")
        assert row.region_name not in ("中国", "湖北省")

    def test_a_guessed_home_is_assumed(self) -> None:
        assert the("新增确诊病例3例。", "3例", region_basis="text").region_basis == "assumed"

    def test_the_span_of_the_place(self) -> None:
        row = the("2月3日，阳谷县新增确诊病例3例。", "3例")
        assert (row.region_char_start, row.region_char_end) == (5, 8)


class TestPeriod:
    @pytest.mark.parametrize(
        ("reason", "text", "quote", "day"),
        [
            ("own words", "2月3日，新增确诊病例3例。", "3例", "2020-02-03"),
            ("alone in the bracket behind", "新增确诊病例3例(1日)、5例(2日)。", "5例", "2020-02-02"),
            ("tied to it behind", "截至2月3日24时，13例已于1月29日全部治愈出院。", "13例", "2020-01-29"),
            ("an as-of day across sentences", "截至2月2日24时，累计确诊13例。现有疑似病例5例。", "5例", "2020-02-02"),
            ("across line breaks", "截至2月2日24时，累计确诊13例。\n现有疑似病例5例。", "5例", "2020-02-02"),
            ("目前 goes on with it", "截至2月2日24时，累计确诊13例。\n目前，追踪密切接触者50人。", "50人", "2020-02-02"),
            ("a header line", "疫情通报\n时间: 2020-02-01\n确诊: 52例\n治愈: 3例", "3例", "2020-02-01"),
            ("a comparison dates nothing", "截至2月3日24时，较2月1日，累计确诊增至13例。", "13例", "2020-02-03"),
            ("the title, where the body is silent", "聊城2月2日疫情通报\n新增确诊病例3例。", "3例", "2020-02-02"),
        ],
    )
    def test_when(self, reason: str, text: str, quote: str, day: str) -> None:
        assert str(the(text, quote).date_end) == day, reason

    @pytest.mark.parametrize(("published", "day"), [("2020-02-04 08:30", "2020-02-03"), ("2020-02-04 15:00", "2020-02-04")])
    def test_an_undated_bulletin(self, published: str, day: str) -> None:
        row = the("聊城市新增确诊病例3例。", "3例", published=published)
        assert (str(row.date_end), row.date_basis) == (day, "publication")

    def test_the_span_of_the_day(self) -> None:
        row = the("2月3日，阳谷县新增确诊病例3例。", "3例")
        assert (row.date_char_start, row.date_char_end) == (0, 4)


class TestStatus:
    @pytest.mark.parametrize(
        ("text", "quote", "status"),
        [
            ("网传聊城市新增确诊100例，系谣言。", "100例", "denied"),
            ("如出现新增确诊病例10例以上，启动响应。", "10例以上", "conditional"),
            ("聊城市计划投入资金3亿元。", "3亿元", "planned"),
            ("预计今日出院35例。", "35例", "forecast"),
            ("聊城市新增确诊3例。", "3例", "reported"),
            ("将近3亿元资金到位。", "将近3亿元", "reported"),
        ],
    )
    def test_status(self, text: str, quote: str, status: str) -> None:
        assert the(text, quote).status == status

    def test_a_rumour_reaches_no_city_table(self) -> None:
        from covid_timeline.tables.build import to_tables
        from covid_timeline.tables.cities import build_city_by_date

        tables = to_tables([extract(bulletin("2月3日，网传聊城市新增确诊100例，系谣言。"))])
        assert not len(build_city_by_date(tables["metrics"], tables["documents"]))


class TestWhole:
    def test_parts_of_a_list(self) -> None:
        found = metrics("新增确诊病例5例，其中阳谷县2例、莘县3例。累计确诊20例。")
        assert [row.part_of for row in found] == [None, found[0].metric_id, found[0].metric_id, None]

    def test_a_space_changes_nothing(self) -> None:
        plain, spaced = (metrics(f"新增确诊病例5例，其中阳谷县2例{gap}、莘县3例。") for gap in ("", " "))
        assert [row.indicator for row in plain] == [row.indicator for row in spaced]
        assert [row.part_of is None for row in plain] == [row.part_of is None for row in spaced]

    def test_the_list_that_adds_up(self) -> None:
        found = metrics("累计确诊5例，死亡1例。阳谷县2例、莘县3例。")
        assert found[2].part_of == found[3].part_of == found[0].metric_id

    def test_the_same_statement_again(self) -> None:
        found = metrics("2月3日，全市总投资506.8亿元。2月3日，全市总投资506.8亿元。")
        assert [row.repeat_of for row in found] == [None, found[0].metric_id]


class TestImplied:
    def test_all_recovered(self) -> None:
        found = metrics("38例确诊病例全部治愈出院。")
        assert {row.indicator for row in found} == {"recovered_cumulative", "confirmed_cumulative"}

    def test_a_zero_for_each_noun(self) -> None:
        found = metrics("截至2月3日24时，无危重病例和死亡病例。")
        assert [(row.value, row.indicator) for row in found] == [(0, "critical_current"), (0, "deaths_cumulative")]


class TestTables:
    def test_columns_of_a_plain_text_table(self) -> None:
        text = "各地疫情\n截至2月3日24时\n地区 累计确诊 治愈 死亡\n阳谷县 12 3 0\n莘县 7 2 1"
        rows = {(row.region_code, row.indicator): row.value for row in metrics(text)}
        if not rows:
            pytest.fail("no figure of the table was read")
        assert rows["371521", "confirmed_cumulative"] == 12
        assert rows["371522", "deaths_cumulative"] == 1


class TestEvents:
    @pytest.mark.parametrize(
        ("text", "category", "code"),
        [
            ("2月3日，聊城市新增确诊病例3例。", "case_report", "371500"),
            ("1月24日，山东省启动重大突发公共卫生事件一级响应。", "response_level", "370000"),
            ("2月5日起，阳谷县公交全部停运。", "containment", "371521"),
            ("3月2日起，莘县农贸市场恢复营业。", "reopening", "371522"),
            ("2月8日，聊城市医疗队出征驰援武汉。", "medical", "371500"),
            ("2月3日，阳谷县爱心企业捐赠口罩1万只。", "supplies", "371521"),
        ],
    )
    def test_category_and_place(self, text: str, category: str, code: str) -> None:
        event = extract(bulletin(text)).events[0]
        assert (event.category, event.region_code) == (category, code)

    def test_the_event_is_where_its_count_is(self) -> None:
        event: EventRow = extract(bulletin("2月3日，聊城市新增确诊病例3例，为阳谷县报告。")).events[0]
        assert event.region_code == "371500"


class TestAnyText:
    @given(st.text(ALPHABET, max_size=120))
    @settings(max_examples=settings.default.max_examples)
    def test_spans_are_exact_and_nothing_raises(self, text: str) -> None:
        facts = extract(bulletin(text))
        for row in facts.metrics:
            assert text[row.value_char_start : row.value_char_end] == row.value_quote
            assert text[row.char_start : row.char_end] == row.quote
            assert row.char_start <= row.value_char_start < row.value_char_end <= row.char_end
            for start, end in ((row.date_char_start, row.date_char_end), (row.region_char_start, row.region_char_end)):
                assert (start is None) == (end is None)
                assert start is None or end is None or 0 <= start < end <= len(text)
        for event in facts.events:
            assert text[event.char_start : event.char_end] == event.quote

    @given(st.text(max_size=60))
    @settings(max_examples=settings.default.max_examples // 2)
    def test_any_string(self, text: str) -> None:
        extract(bulletin(text))

    def test_the_same_text_gives_the_same_rows(self) -> None:
        text = "2月3日，阳谷县新增确诊病例3例，其中男性2例。"
        assert extract(bulletin(text)) == extract(bulletin(text))
        assert dt.date(2020, 2, 3) == extract(bulletin(text)).metrics[0].date_end
