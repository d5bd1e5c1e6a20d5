"""Binding and events: every rule of the vocabulary with its examples, then whole texts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covid_timeline.facts.cases import INDICATORS
from covid_timeline.facts.events import categorise
from covid_timeline.facts.extract import extract
from covid_timeline.facts.words import load_words, one_of
from covid_timeline.model import Article, Facts, MetricRow

RAW = Path(__file__).parent.parent / "data" / "raw"


def article(raw: str, home: str | None = "371500", anchor: dt.date = dt.date(2020, 3, 5)) -> Article:
    return Article(
        "doc", raw, "", None, None, anchor, "published", home, None, "", "sidecar", "sidecar", "sidecar", None, True
    )


def read(raw: str, home: str | None = "371500", anchor: dt.date = dt.date(2020, 3, 5)) -> Facts:
    return extract(article(raw, home, anchor))


def figures_at_mark(marked: str) -> list[MetricRow]:
    """The metrics of the figure in 【】."""
    start = marked.index("【")
    end = marked.index("】") - 1
    facts = read(marked.replace("【", "").replace("】", ""))
    return [row for row in facts.metrics if row.value_char_start < end and row.value_char_end > start]


def described(facts: Facts) -> list[tuple[str, str, str | None]]:
    return [(row.value_quote, row.indicator, row.region_code) for row in facts.metrics]


RULES = load_words("indicators")["indicator"]


class TestIndicators:
    @pytest.mark.parametrize(
        ("indicator", "example"), [(rule["id"], text) for rule in RULES for text in rule["examples"]]
    )
    def test_example(self, indicator: str, example: str) -> None:
        assert indicator in [row.indicator for row in figures_at_mark(example)]

    @pytest.mark.parametrize(
        ("indicator", "counter"), [(rule["id"], text) for rule in RULES for text in rule["counter"]]
    )
    def test_counter_example(self, indicator: str, counter: str) -> None:
        assert indicator not in [row.indicator for row in figures_at_mark(counter)]

    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["id"])
    def test_every_rule_has_examples_both_ways(self, rule: dict[str, list[str]]) -> None:
        assert rule["examples"]
        assert rule["counter"]


CUES = [
    (family, name, entry)
    for family in ("mode", "noun", "modifier")
    for name, entry in load_words("case_cues")[family].items()
]


class TestCaseCues:
    @pytest.mark.parametrize(
        ("example", "indicator"),
        [tuple(text.rsplit(" ", 1)) for _, _, entry in CUES for text in entry["examples"]],
    )
    def test_example(self, example: str, indicator: str) -> None:
        assert [row.indicator for row in figures_at_mark(example)] == [indicator]

    @pytest.mark.parametrize(("family", "name", "entry"), CUES, ids=lambda value: str(value)[:20])
    def test_every_cue_has_an_example_that_holds_one_of_its_words(
        self, family: str, name: str, entry: dict[str, list[str]]
    ) -> None:
        assert all(any(word in text for word in entry["words"]) for text in entry["examples"])
        assert entry["examples"]

    def test_indicators_are_in_the_vocabulary(self) -> None:
        from covid_timeline.tables.schema import VOCABULARIES

        known = set(VOCABULARIES["indicators"])
        assert set(INDICATORS.values()) <= known
        assert {rule["id"] for rule in RULES} <= known


CATEGORIES = load_words("categories")["category"]


class TestCategories:
    @pytest.mark.parametrize(
        ("category", "example"), [(entry["id"], text) for entry in CATEGORIES for text in entry["examples"]]
    )
    def test_example(self, category: str, example: str) -> None:
        assert categorise(example)[0] == category

    @pytest.mark.parametrize(
        ("category", "counter"), [(entry["id"], text) for entry in CATEGORIES for text in entry["counter"]]
    )
    def test_counter_example(self, category: str, counter: str) -> None:
        assert categorise(counter)[0] != category


class TestGivenExamples:
    """The two examples of the mission, in the real article."""

    @pytest.fixture
    def facts(self) -> Facts:
        return read((RAW / "liaocheng.txt").read_bytes().decode("utf-8"))

    def test_nine_medical_staff_leave_for_wuhan_on_january_25(self, facts: Facts) -> None:
        row = next(row for row in facts.metrics if row.value_quote == "9名")
        assert (row.value, row.unit, row.indicator) == (9, "person", "medical_staff_dispatched")
        assert (row.date_start, row.date_end) == (dt.date(2020, 1, 25), dt.date(2020, 1, 25))
        event = next(event for event in facts.events if event.event_id == row.event_id)
        assert (event.category, event.region_code, event.date_quote) == ("medical", "371500", "1月25日")

    def test_506_8_yi_yuan(self, facts: Facts) -> None:
        row = next(row for row in facts.metrics if row.value_quote == "506.8亿元")
        assert (row.value, row.unit, row.indicator) == (50_680_000_000, "CNY", "investment_signed")
        projects = next(row for row in facts.metrics if row.value_quote == "65个")
        assert (projects.value, projects.unit, projects.indicator) == (65, "project", "projects_signed")
        assert row.date_end == projects.date_end == dt.date(2020, 2, 28)


class TestBulletins:
    def test_a_list_of_places_takes_the_noun_of_its_whole(self) -> None:
        facts = read("截至1月24日24时，全省累计报告确诊病例7例，其中济南市重症1例，青岛市4例，烟台市2例。", "370000")
        assert described(facts) == [
            ("7例", "confirmed_cumulative", "370000"),
            ("1例", "severe_current", "370100"),
            ("4例", "confirmed_cumulative", "370200"),
            ("2例", "confirmed_cumulative", "370600"),
        ]
        assert facts.metrics[2].part_of == facts.metrics[0].metric_id

    def test_the_whole_is_the_figure_the_list_adds_up_to(self) -> None:
        facts = read("2月1日，我市累计确诊病例9例，死亡1例。东城区2例、西城区7例。", "110000")
        assert [row.indicator for row in facts.metrics] == [
            "confirmed_cumulative", "deaths_cumulative", "confirmed_cumulative", "confirmed_cumulative",
        ]  # fmt: skip

    def test_nested_brackets(self) -> None:
        facts = read("现有重症病例6例（济南2例、青岛4例），危重病例2例（济南2例），无死亡病例。", "370000")
        assert described(facts) == [
            ("6例", "severe_current", "370000"),
            ("2例", "severe_current", "370100"),
            ("4例", "severe_current", "370200"),
            ("2例", "critical_current", "370000"),
            ("2例", "critical_current", "370100"),
            ("无", "deaths_cumulative", "370000"),
        ]

    def test_respectively_and_each(self) -> None:
        facts = read("2月3日，济南、青岛新增确诊病例分别为3例、5例。潍坊、日照各新增1例确诊病例。", "370000")
        assert described(facts) == [
            ("3例", "confirmed_new", "370100"),
            ("5例", "confirmed_new", "370200"),
            ("1例", "confirmed_new", "370700"),
            ("1例", "confirmed_new", "371100"),
        ]

    def test_ellipsis_inherits_the_mode(self) -> None:
        facts = read("2月3日0—24时，全省新增确诊3例、治愈2例，累计确诊40例，出院8例。", "370000")
        assert [row.indicator for row in facts.metrics] == [
            "confirmed_new", "recovered_new", "confirmed_cumulative", "recovered_cumulative",
        ]  # fmt: skip

    def test_one_figure_two_statements(self) -> None:
        facts = read("2月3日，全市38例确诊病例全部治愈出院。目前追踪到密切接触者52人，均在接受医学观察。")
        assert [(row.value, row.indicator) for row in facts.metrics] == [
            (38, "recovered_cumulative"),
            (38, "confirmed_cumulative"),
            (52, "contacts_traced_cumulative"),
            (52, "contacts_observed_current"),
        ]
        assert len({row.metric_id for row in facts.metrics}) == 4

    def test_one_zero_for_each_noun(self) -> None:
        facts = read("截至2月3日24时，全市无危重病例和死亡病例。")
        assert [(row.value, row.indicator) for row in facts.metrics] == [(0, "critical_current"), (0, "deaths_cumulative")]

    def test_title_figures_are_dated_by_the_body(self) -> None:
        facts = read("山东新增3例确诊病例\n2020年1月23日0-24时，山东省新增确诊病例3例。", "370000", dt.date(2020, 1, 24))
        assert [(row.value, row.indicator, row.date_end) for row in facts.metrics] == [
            (3, "confirmed_new", dt.date(2020, 1, 23)),
            (3, "confirmed_new", dt.date(2020, 1, 23)),
        ]

    def test_new_cumulative_and_current_differ_in_their_dates(self) -> None:
        facts = read("截至2月4日20时，全市新增2例确诊病例，累计确诊57例，现有疑似病例6例。")
        day = dt.date(2020, 2, 4)
        assert [(row.date_start, row.date_end, row.time_end) for row in facts.metrics] == [
            (None, day, "20:00"), (None, day, "20:00"), (day, day, "20:00"),
        ]  # fmt: skip

    def test_origin_is_not_the_place(self) -> None:
        facts = read("截至3月9日，全市共排查出湖北返乡人员30568人。其中，武汉21245人。", "411400", dt.date(2020, 3, 9))
        assert [(row.indicator, row.region_code) for row in facts.metrics] == [
            ("returnees_from_hubei", "411400"),
            ("other", "411400"),
        ]

    def test_aid_belongs_to_the_giver(self) -> None:
        facts = read("我省捐赠武汉市、黄冈市2.32亿元。", "370000")
        assert described(facts) == [("2.32亿元", "donations_value", "370000")]

    def test_a_compared_period_does_not_date_a_figure(self) -> None:
        facts = read("一季度，全市实现地区生产总值291.44亿元，比上年同期下降4.6%。", "371500", dt.date(2020, 5, 11))
        assert [(row.indicator, row.date_start, row.date_end) for row in facts.metrics] == [
            ("gdp", dt.date(2020, 1, 1), dt.date(2020, 3, 31)),
            ("gdp_growth", dt.date(2020, 1, 1), dt.date(2020, 3, 31)),
        ]

    def test_undated_figures_stand_at_the_anchor_and_say_so(self) -> None:
        row = read("全市共有342家物业公司。").metrics[0]
        assert (row.date_start, row.date_end, row.date_basis) == (None, dt.date(2020, 3, 5), "publication")


class TestEvents:
    def test_region_of_an_organ(self) -> None:
        facts = read("1月26日，省委常委会召开扩大会议。1月27日，市委书记到医院检查疫情防控工作。")
        assert [(event.category, event.region_code) for event in facts.events] == [
            ("leadership", "370000"),
            ("leadership", "371500"),
        ]

    def test_whose_word_it_is_is_not_who_acts(self) -> None:
        facts = read("1月22日，根据中央、省市要求，我区成立由区委书记任组长的工作领导小组。", "510112")
        assert [(event.category, event.region_code) for event in facts.events] == [("leadership", "510112")]

    def test_several_dates_in_one_clause(self) -> None:
        facts = read("除夕夜筹集30个测温仪、2月12日入驻市内4个火车站。")
        assert [event.summary for event in facts.events] == ["除夕夜筹集30个测温仪", "2月12日入驻市内4个火车站"]

    def test_headers_and_names_are_no_events(self) -> None:
        facts = read("2020-03-05 12:30:00 来源:聊城日报\n鲁网3月5日讯 商丘市2020年第一批项目名单。")
        assert facts.events == []

    def test_the_bounds_of_a_change_are_not_events(self) -> None:
        facts = read("国家税务总局将纳税申报期限从2月17日延长至2月24日。", "100000", dt.date(2020, 1, 31))
        assert facts.events == []

    def test_a_response_level_declared_at_a_meeting_is_an_event_of_its_own(self) -> None:
        facts = read("1月24日下午，江西省疫情防控工作调度会召开。江西省宣布，启动重大突发公共卫生事件一级响应。", "360000")
        assert [event.category for event in facts.events] == ["leadership", "response_level"]
        assert facts.events[1].event_id == facts.events[0].event_id + ".2"


def assert_exact(raw: str, facts: Facts) -> None:
    for date in facts.dates:
        assert raw[date.char_start : date.char_end] == date.quote
    for event in facts.events:
        assert raw[event.char_start : event.char_end] == event.quote
        assert raw[event.date_char_start : event.date_char_end] == event.date_quote
        assert event.char_start <= event.date_char_start < event.date_char_end <= event.char_end
    for row in facts.metrics:
        assert raw[row.char_start : row.char_end] == row.quote
        assert raw[row.value_char_start : row.value_char_end] == row.value_quote
        assert row.char_start <= row.value_char_start < row.value_char_end <= row.char_end
    for refused in facts.rejected:
        assert raw[refused.char_start : refused.char_end] == refused.quote
    ids = [row.metric_id for row in facts.metrics] + [event.event_id for event in facts.events]
    assert len(ids) == len(set(ids))
    events = {event.event_id for event in facts.events}
    assert all(row.event_id in events for row in facts.metrics if row.event_id)


class TestSpans:
    @pytest.mark.parametrize("name", ["liaocheng", "shandong", "jinan-xianxingqu", "shangqiu", "longquanyi"])
    def test_exact_over_the_articles(self, name: str) -> None:
        raw = (RAW / f"{name}.txt").read_bytes().decode("utf-8")
        facts = read(raw)
        assert len(facts.metrics) > 20
        assert_exact(raw, facts)

    @given(st.text(max_size=200))
    def test_exact_over_any_string(self, raw: str) -> None:
        assert_exact(raw, read(raw))

    PIECES = st.sampled_from(
        ["截至", "2月3日24时", "，全省", "新增", "累计", "确诊", "病例", "3例", "，", "其中", "武汉市", "1,327人", "（", "）", "治愈", "死亡", "、", "。", "\n", "零", "無", "疑似", "分别", "各", "至", "1月", "25日", "506.8億元", "總投資", "&nbsp;", "計(jì)", "２０", "近", "余", "多", "名", "岁", "（含", "重症", "2例）", "来自", "湖北", "驰援", "口罩", "10万只", "会议", "�", "\u202e"]
    )

    @given(st.lists(PIECES, max_size=40).map("".join))
    def test_exact_over_shuffled_pieces(self, raw: str) -> None:
        assert_exact(raw, read(raw))

    @pytest.mark.parametrize("piece", ["9", "一", "1月", ",", "（", "(", " ", "3例，", "其中", "武汉1例、", "2月3日，", "。"])
    def test_long_repeats_survive(self, piece: str) -> None:
        raw = piece * (20_000 // len(piece))
        assert_exact(raw, read(raw))


def test_one_of_prefers_the_longest() -> None:
    import re

    assert re.match(one_of(["出院", "出院病例", "治愈"]), "出院病例3例").group() == "出院病例"  # type: ignore[union-attr]


class TestReadersFindings:
    """General classes that readers of random rows found."""

    def test_a_place_in_a_closed_bracket_does_not_reach_the_next_total(self) -> None:
        facts = read("截至2月1日24时，全省治愈出院病例1例（太原市小店区），现有疑似病例64例。", "140000", dt.date(2020, 2, 2))
        assert ("64例", "suspected_current", "140000") in described(facts)

    def test_a_larger_bare_figure_after_new_cases_is_the_total(self) -> None:
        facts = read("1月26日18时至21时，北京新增5例确诊病例。确诊病例68例，其中东城区1例、西城区5例。", "110000", dt.date(2020, 1, 26))
        assert [row.indicator for row in facts.metrics] == ["confirmed_new"] + ["confirmed_cumulative"] * 3

    def test_contacts_may_be_counted_in_any_counter(self) -> None:
        facts = read("截至1月30日24时，累计追踪密切接触者353例。累计确诊128例，其中密切接触者37例。", "520000", dt.date(2020, 1, 31))
        assert [row.indicator for row in facts.metrics] == ["contacts_traced_cumulative", "confirmed_cumulative", "other"]

    def test_a_scope_without_a_code_is_no_count_of_the_country(self) -> None:
        facts = read("2月11日，全国除湖北以外地区新增确诊病例377例。此前新增数为890例(3日)、731例(4日)。", "100000", dt.date(2020, 2, 12))
        assert {(row.region_code, row.region_name) for row in facts.metrics} == {("100000", "湖北以外地区")}
        assert [row.date_end.day for row in facts.metrics if row.date_end] == [11, 3, 4]

    def test_no_figure_is_part_of_itself(self) -> None:
        facts = read("其中死亡3例。除死亡3例外，其中88例治愈，武汉市3例、黄冈市3例。", "420000")
        assert all(row.part_of != row.metric_id for row in facts.metrics)
