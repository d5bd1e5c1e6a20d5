"""Headlines of events, and which figures say again what a document has said."""

from __future__ import annotations

import datetime as dt
from typing import Any

import fakes
import pytest

from covid_timeline.model import EventRow, MetricRow
from covid_timeline.reading.repeats import mark_repeats
from covid_timeline.tables.headlines import headline, place_en, with_headlines
from covid_timeline.tables.schema import VOCABULARIES

FACTS = fakes.extract(fakes.article("a"))
DAY = dt.date(2020, 3, 1)


def event(**other: Any) -> EventRow:
    return FACTS.events[0]._replace(**{"date_start": DAY, "date_end": DAY, "category": "case_report"} | other)


def figure(value: float = 1, at: int = 10, **other: Any) -> MetricRow:
    made = {"metric_id": f"a:m{at}", "value": float(value), "indicator": "recovered_new", "repeat_of": None}
    return FACTS.metrics[0]._replace(**made | other)


class TestHeadline:
    @pytest.mark.parametrize(
        ("figures", "chinese", "english"),
        [
            ([figure()], "新增治愈1例", "1 new recovery"),
            ([figure(2)], "新增治愈2例", "2 new recoveries"),
            ([figure(38, indicator="confirmed_cumulative")], "累计确诊38例", "38 cumulative confirmed cases"),
            ([figure(0, indicator="confirmed_new")], "新增确诊0例", "0 new confirmed cases"),
            (
                [figure(506.8e8, unit="CNY", indicator="investment_signed")],
                "签约投资额506.8亿元", "investment signed: CNY 50.68 billion",
            ),
            (
                [figure(89.7, unit="percent", indicator="firms_resumption_rate", qualifier="more_than")],
                "企业复工率超过89.7%", "firm resumption rate: more than 89.7%",
            ),
            ([figure(1, indicator="party_members", unit="person")], "党员1人", "1 Party member"),
            ([figure(12, indicator="goods_quantity", unit="tonne")], "物资数量12吨", "quantity of goods: 12 tonnes"),
            ([figure(3, value_high=5.0, indicator="beds", unit="bed")], "床位3至5张", "3 to 5 beds"),
            ([figure(), figure(at=20, indicator="deaths_new")], "新增治愈1例，新增死亡1例", "1 new recovery, 1 new death"),
            ([], "疫情通报", "Case report"),
        ],
    )
    def test_from_figures(self, figures: list[MetricRow], chinese: str, english: str) -> None:
        assert headline(event(), figures) == (f"聊城市 2020-03-01: {chinese}", f"Liaocheng 2020-03-01: {english}")

    @pytest.mark.parametrize(
        ("other", "expected"),
        [
            ({"date_end": DAY + dt.timedelta(2)}, ("聊城市 2020-03-01至2020-03-03: 疫情通报", "Liaocheng 2020-03-01 to 2020-03-03: Case report")),
            ({"region_code": None, "region_name": None}, ("2020-03-01: 疫情通报", "2020-03-01: Case report")),
            (
                {"category": "reopening", "quote": "3月1日起，全市中小学开学，公交恢复运营"},
                ("聊城市 2020-03-01: 恢复开放（学校、公共交通）", "Liaocheng 2020-03-01: Reopening (schools, public transport)"),
            ),
            (
                {"category": "containment", "quote": "3月1日前不得开学", "status": "planned"},
                ("聊城市 2020-03-01: 防控措施（学校）（计划）", "Liaocheng 2020-03-01: Containment (schools) (planned)"),
            ),
            ({"category": "leadership", "quote": "3月1日，市长到学校检查"}, ("聊城市 2020-03-01: 领导与指挥", "Liaocheng 2020-03-01: Leadership")),
            ({"region_name": "高新区"}, ("高新区 2020-03-01: 疫情通报", "a part of Liaocheng 2020-03-01: Case report")),
            ({"status": "planned"}, ("聊城市 2020-03-01: 疫情通报（计划）", "Liaocheng 2020-03-01: Case report (planned)")),
        ],
    )  # fmt: skip
    def test_from_the_row(self, other: dict[str, Any], expected: tuple[str, str]) -> None:
        made = headline(event(**other), [])
        zh = VOCABULARIES["statuses"]["planned"].label_zh
        assert made == (expected[0].replace("（计划）", f"（{zh}）"), expected[1])

    def test_every_indicator_has_one(self) -> None:
        for name, word in VOCABULARIES["indicators"].items():
            for unit in word.units:
                chinese, english = headline(event(), [figure(7, indicator=name, unit=unit)])
                assert "7" in chinese and "7" in english and "  " not in english, english

    def test_which_figures(self) -> None:
        """Those of the event, at its place, with its status, once each, three at most."""
        rows = [
            figure(1, event_id=FACTS.events[0].event_id),
            figure(9, 20, event_id=None),
            figure(9, 30, event_id=FACTS.events[0].event_id, region_code="370000", region_name="山东省"),
            figure(9, 40, event_id=FACTS.events[0].event_id, status="planned"),
            figure(9, 50, event_id=FACTS.events[0].event_id, indicator="other"),
            figure(1, 60, event_id=FACTS.events[0].event_id, repeat_of="a:m10"),
            *(figure(n, 60 + n, event_id=FACTS.events[0].event_id, indicator="masks", unit="item") for n in (2, 3, 4)),
        ]
        (made,) = with_headlines([event()], rows)
        assert made.headline_en == "Liaocheng 2020-03-01: 1 new recovery, 2 masks, 3 masks"

    def test_places(self) -> None:
        assert place_en("371500", "聊城") == "Liaocheng" and place_en(None, "日本") == ""


class TestRepeats:
    def marks(self, *rows: MetricRow) -> list[str | None]:
        return [row.repeat_of for row in mark_repeats(rows)]

    def test_the_first_is_the_figure(self) -> None:
        assert self.marks(figure(), figure(at=20), figure(at=30)) == [None, "a:m10", "a:m10"]

    @pytest.mark.parametrize(
        "other",
        [
            {"value": 2.0}, {"unit": "person"}, {"indicator": "deaths_new"}, {"region_code": "370000"},
            {"region_name": "高新区"}, {"date_end": dt.date(2020, 2, 9)}, {"date_start": None}, {"status": "planned"},
            {"qualifier": "about"}, {"value_high": 9.0}, {"time_end": "12:00"},
        ],
    )  # fmt: skip
    def test_another_statement(self, other: dict[str, Any]) -> None:
        assert self.marks(figure(), figure(at=20, **other)) == [None, None]

    @pytest.mark.parametrize(
        ("other", "repeated"),
        [
            ({}, True),
            ({"measure": "门店"}, False),
            ({"measure": ""}, False),
            ({"unit": "year_of_age"}, False),
            ({"unit": "day"}, False),
            ({"part_of": "a:m1"}, False),
        ],
    )
    def test_without_an_indicator(self, other: dict[str, Any], repeated: bool) -> None:
        like = {"indicator": "other", "measure": "商店", "unit": "organization"}
        one = figure(**like | {key: value for key, value in other.items() if key in ("unit", "part_of")})
        assert self.marks(one, figure(at=20, **like | other)) == [None, "a:m10" if repeated else None]
