"""Events: which dates head one, its category and where it is."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covid_timeline.facts.events import _CUES, _openings, categorise
from covid_timeline.facts.extract import extract
from covid_timeline.model import Article, EventRow


def events(raw: str, home: str | None = "370000", anchor: dt.date = dt.date(2020, 5, 1)) -> list[EventRow]:
    article = Article(
        "doc", raw, "", None, None, anchor, "published", home, None, "", "sidecar", "sidecar", "sidecar", None, True
    )
    return extract(article).events


def read(raw: str, home: str | None = "370000") -> list[tuple[str, str, str | None]]:
    return [(event.date_quote, event.category, event.region_code) for event in events(raw, home)]


class TestHeads:
    @pytest.mark.parametrize(
        ("raw", "dates"),
        [
            ("2月3日复工，2月9日满产。", ["2月3日", "2月9日"]),
            ("4月5日新增20例，4月6日20例，4月7日25例。", ["4月5日", "4月6日", "4月7日"]),
            ("江淮大众、大陆马牌等外企也在3月初满产。", ["3月初"]),
            ("3月24日，我市举行一季度重大项目集中开工仪式，共51个项目。", ["3月24日"]),
            ("1月24日，除夕。县委书记召开县委常委扩大会议。", ["1月24日"]),
            ("湖北新增病例连日下降：731例(4日)、707例(5日)。", []),
            ("4月，满城樱花将如期盛放。", []),
            ("减免小微企业2至4月房租420万元。", []),
            ("1.5万人将在6月底前搬进新家。", []),
            ("3月2日当天，企业复工。", ["3月2日当天"]),
            ("26日，省教育厅决定将原定于1月29日开始的考试推迟。", ["26日"]),
            ("今年将是一个丰收年。", []),
        ],
    )
    def test_dates_with_an_event(self, raw: str, dates: list[str]) -> None:
        assert [quote for quote, _, _ in read(raw)] == dates

    def test_the_sentence_after_a_day_that_stands_alone_tells(self) -> None:
        (event,) = events("1月24日，除夕。县委书记召开县委常委扩大会议。")
        assert event.category == "leadership"
        assert "召开" in event.summary

    def test_what_was_said_belongs_to_the_day_it_was_said(self) -> None:
        row, *_ = events("韩国中央防疫对策本部3日表示，截至当地时间3日0时，韩国新增600例新冠肺炎确诊病例。", None)
        assert row.category == "case_report"
        assert "600例" in row.summary

    def test_an_order_and_when_it_comes_into_force(self) -> None:
        raw = "1月23日晚，宜昌市防控指挥部发布1号令：自1月24日12时起，城区公交、出租车全部停运。"
        assert read(raw, "420500") == [("1月23日晚", "containment", "420500"), ("1月24日12时", "containment", "420500")]

    def test_the_subject_before_a_date_that_closes_its_clause(self) -> None:
        (event,) = events("经医护人员精心诊治，首例患者符合出院标准，于2月3日出院。")
        assert event.summary.startswith("经医护人员")


class TestCategory:
    @pytest.mark.parametrize(
        ("words", "category"),
        [
            ("甘肃省将省级应急响应由一级调整为三级", "response_level"),
            ("市防控指挥部发布1号令：城区公交、出租车全部停运", "containment"),
            ("省委宣传部召开第七场疫情防控新闻发布会", "other"),
            ("据韩联社报道，韩国新增600例确诊病例", "case_report"),
            ("最新调查表明，疫情防控指挥部要求", "leadership"),
            ("复工", "work_resumption"),
            ("解封", "reopening"),
            ("", "other"),
        ],
    )
    def test_deed_over_issuer(self, words: str, category: str) -> None:
        assert categorise(words)[0] == category

    def test_the_category_before_goes_on_only_in_a_patients_story(self) -> None:
        story = "2月1日，该患者出现发热、咳嗽症状。2月3日乘高铁返回。"
        assert [category for _, category, _ in read(story)] == ["case_report", "case_report"]
        other = "2月1日，全市封闭小区。一季度进出口贸易额31.8亿元，同比下降9.4%。"
        assert [category for _, category, _ in read(other)] == ["containment", "economy"]

    @given(st.text(max_size=120))
    def test_any_string(self, words: str) -> None:
        assert categorise(words)[1] >= 0


class TestOpenings:
    """The index of cues must find whatever the patterns find."""

    @pytest.mark.parametrize(
        ("pattern", "openings"),
        [
            ("复工|复产", {"复工", "复产"}),
            ("吨", {"吨*"}),
            ("\\d宗", {f"{digit}宗" for digit in "0123456789"}),
            ("(?<!延期)(?:复课|开学)(?!时间)", {"复课", "开学"}),
            ("(?:正式)?出院", {"正式", "出院"}),
            ("[一二]+ ?级", {"一*", "二*"}),
            ("每户[^。；]{0,20}外出", {"每户"}),
            ("新{0,1}增", {"新增", "增*"}),
            ("[^，]家", {"*"}),
        ],
    )
    def test_openings(self, pattern: str, openings: set[str]) -> None:
        assert _openings(pattern) == openings

    @given(st.data())
    def test_no_cue_is_overlooked(self, data: st.DataObject) -> None:
        cue = data.draw(st.sampled_from(_CUES))
        pattern = re.compile(cue.pattern.pattern, re.ASCII)  # normalised text has no other digits
        match = pattern.search(data.draw(st.from_regex(pattern)))
        if match is not None and match.group():
            found = match.group()
            openings = _openings(cue.pattern.pattern)
            assert openings & {found[:2], found[:1] + "*", "*"} or any(opening.startswith("*") for opening in openings)


class TestRegion:
    @pytest.mark.parametrize(
        ("raw", "home", "region"),
        [
            ("截至3月31日24时，无症状感染者37例，分别为：郑州市9例，平顶山市5例，南阳市、信阳市各6例，驻马店市3例。", "410000", "410000"),
            ("2月1日，福州2例治愈出院。", "350000", "350100"),
            ("至5月15日，以舒兰为源头的聚集性疫情已累计报告确诊病例33例，其中舒兰市17例、沈阳市2例。", "220200", "220200"),
            ("1月27日晚，首批医疗队137人从南宁吴圩机场起飞。", "450000", "450000"),
            ("1月24日，运输机从西安咸阳机场起飞，运载143名医护人员。", "610000", "610000"),
            ("1月28日下午，由省中医院、深圳市第三人民医院等单位组成的第二批广东医疗队147人启程赴鄂。", "440000", "440000"),
            ("2月份，全社会用电量同比增长1.3%，增速居全省第三位。", "130500", "130500"),
            ("2月19日，12辆满载苹果的货卡自虞城出发，驶往武汉。", "411400", "411425"),
        ],
    )  # fmt: skip
    def test_region(self, raw: str, home: str, region: str) -> None:
        assert [code for _, _, code in read(raw, home)] == [region]

    def test_a_new_count_is_the_articles_own(self) -> None:
        raw = "新增出院病例中，南通市3例、扬州市3例、盐城市2例。截至2月7日24时，累计报告确诊病例439例。"
        assert read(raw, "320000") == [("2月7日24时", "case_report", "320000")]

    def test_a_patient_is_where_the_journey_leads(self) -> None:
        raw = "患者为57岁男性，常住武汉，1月15日乘火车返回四川广安，因发热于16日就诊。"
        assert read(raw, "510000") == [("1月15日", "case_report", "511600"), ("16日", "case_report", "511600")]

    def test_an_origin_is_not_inherited(self) -> None:
        raw = "新增治愈出院4例，其中来自英国3例，来自法国1例。截至4月11日24时，累计报告境外输入性确诊病例252例。"
        assert read(raw, "310000") == [("4月11日24时", "case_report", "310000")]

    def test_the_place_that_the_sentence_before_is_about_is_inherited(self) -> None:
        raw = "2月1日，岳阳市在高速公路设立检疫站。截至2月5日，检测过往车辆9万辆次。"
        assert [code for _, _, code in read(raw, "430000")] == ["430600", "430600"]


@pytest.mark.parametrize(
    "piece",
    ["1月", "1月，", "1月。", "目前", "2月3日，", "2月3日武汉1例、", "在2月3日于", "2月3日通报：", "2月3日患者，", "除夕", "2月3日（"],
)
def test_long_repeats_survive(piece: str) -> None:
    """Every look around a date is bounded: a long text costs as much per date as a short one."""
    assert isinstance(events(piece * (10_000 // len(piece))), list)
