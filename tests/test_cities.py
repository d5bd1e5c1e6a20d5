"""From figures to city tables: which count, which is chosen, what is kept apart, and what is flagged."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from covid_timeline.model import MetricRow
from covid_timeline.tables.build import regions_table, to_table
from covid_timeline.tables.cities import (
    METRIC_COLUMNS,
    breaks_in,
    build_city_by_date,
    build_city_intraday,
    build_city_tables,
    build_coverage,
    definition_breaks,
    to_wide,
)
from covid_timeline.tables.schema import TABLES, VOCABULARIES, arrow_schema

REGIONS = regions_table()


def feb(n: int) -> dt.date:
    return dt.date(2020, 2, n)


def figure(value: float, doc: str = "a", **other: Any) -> MetricRow:
    """A cumulative count of Liaocheng at the end of February 3, unless `other` says otherwise."""
    at = other.pop("at", 10)
    made = {
        "metric_id": f"{doc}:m{at}", "doc_id": doc, "event_id": None, "value": float(value), "value_high": None,
        "unit": "case", "qualifier": "exact", "value_quote": f"{value}例", "value_char_start": at, "value_char_end": at + 3,
        "indicator": "confirmed_cumulative", "measure": "确诊病例", "part_of": None, "date_start": None, "date_end": feb(3),
        "date_basis": "inferred_year", "time_end": "24:00", "region_code": "371500", "region_name": "聊城市",
        "region_level": "prefecture", "region_basis": "named", "quote": "…", "char_start": 0, "char_end": 50, "rule": "r",
        "status": "reported", "indicator_basis": "stated", "repeat_of": None, "time_start": None, "date_char_start": None,
        "date_char_end": None, "region_char_start": None, "region_char_end": None, "is_correction": False, "trace": "",
    }  # fmt: skip
    return MetricRow(**made | other)  # type: ignore[arg-type]


def new(value: float, doc: str = "a", **other: Any) -> MetricRow:
    """A count of new cases of February 3."""
    return figure(value, doc, **{"indicator": "confirmed_new", "date_start": feb(3), "date_end": feb(3)} | other)


def metrics(*rows: MetricRow) -> pa.Table:
    return to_table("metrics", sorted(rows, key=lambda row: (row.doc_id, row.value_char_start, row.metric_id)))


def documents(**published: str | tuple[str, str | None]) -> pa.Table:
    """`a="04 09:30"` is a document of Shandong that was published on February 4 at 9:30; a pair gives its home too."""
    rows = []
    for doc_id, given in published.items():
        stamp, region = given if isinstance(given, tuple) else (given, "370000")
        day, _, clock = stamp.partition(" ")
        time = dt.time.fromisoformat(clock) if clock else dt.time()
        moment = dt.datetime.combine(feb(int(day)), time)
        rows.append({
            "doc_id": doc_id, "collection": "articles", "source": doc_id, "published_at": moment, "anchor_date": moment.date(), "region_code": region,
            "duplicate_of": None, "n_chars": 200,
        })  # fmt: skip
    schema = arrow_schema("documents")
    return pa.Table.from_pylist(rows, schema=pa.schema([schema.field(name) for name in rows[0]]))


NEXT_DAY = documents(a="04 09:30", b="04 10:00", c="04 11:00")


def repeats(docs: pa.Table, **firsts: str) -> pa.Table:
    """`b="a"`: document b repeats the text of a."""
    column = pa.array([firsts.get(doc_id) for doc_id in docs["doc_id"].to_pylist()], pa.string())
    return docs.set_column(docs.schema.get_field_index("duplicate_of"), docs.schema.field("duplicate_of"), column)


def long_article(docs: pa.Table) -> pa.Table:
    """The same documents as articles of four thousand characters."""
    column = pa.array([4000] * len(docs), pa.int64())
    return docs.set_column(docs.schema.get_field_index("n_chars"), docs.schema.field("n_chars"), column)


def by_date(*rows: MetricRow, docs: pa.Table = NEXT_DAY) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = build_city_by_date(metrics(*rows), docs, REGIONS).to_pylist()
    return found


def only(*rows: MetricRow, docs: pa.Table = NEXT_DAY) -> dict[str, Any]:
    (one,) = by_date(*rows, docs=docs)
    return one


def intraday(*rows: MetricRow, docs: pa.Table = NEXT_DAY) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = build_city_intraday(metrics(*rows), docs, REGIONS).to_pylist()
    return found


class TestWhichCount:
    def test_a_row(self) -> None:
        assert only(figure(15)) == {
            "region_code": "371500", "date": feb(3), "indicator": "confirmed_cumulative", "region_name": "聊城市",
            "region_level": "prefecture", "value": 15.0, "unit": "case", "qualifier": "exact", "metric_id": "a:m10",
            "n_sources": 1, "collection": "articles", "stated_at": dt.datetime(2020, 2, 4, 9, 30),  # noqa: DTZ001
            "value_min": 15.0, "value_max": 15.0, "conflict": False, "as_of_time": "24:00",
            "chosen_by": "only", "is_correction": False, "is_fall": False,
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("reason", "other"),
        [
            ("no indicator of its own", {"indicator": "other"}),
            ("no place", {"region_code": None}),
            ("no day", {"date_end": None}),
            ("a unit that is none of the indicator's", {"unit": "percent"}),
            ("a hospital keeps its own name", {"region_name": "聊城市传染病医院"}),
            ("a zone carries the code of what contains it", {"region_name": "高新区"}),
            ("a new area of a province, too", {"region_code": "370000", "region_name": "先行区", "region_level": "province"}),
            ("a place abroad has no code", {"region_code": None, "region_name": "日本", "region_level": "abroad"}),
            ("a count of a day that was still to come", {"date_end": feb(9)}),
            ("a rumour", {"status": "denied"}),
            ("a guessed indicator", {"indicator_basis": "assumed"}),
            ("a guessed place", {"region_basis": "assumed"}),
            ("a guessed day", {"date_basis": "assumed"}),
        ],
    )
    def test_not_these(self, reason: str, other: dict[str, Any]) -> None:
        assert by_date(figure(15, **other)) == [], reason

    @pytest.mark.parametrize("name", ["聊城市", "聊城", None])
    def test_names_of_the_place(self, name: str | None) -> None:
        assert only(figure(15, region_name=name))["region_name"] == "聊城市"

    def test_a_document_that_is_not_there(self) -> None:
        assert by_date(figure(15, "z")) == []

    def test_a_part_is_no_second_statement_of_its_whole(self) -> None:
        rows = new(5), new(3, at=20, part_of="a:m10"), new(2, at=30, part_of="a:m10", region_code="371502", region_name="东昌府区", region_level="county")
        found = by_date(*rows)
        assert [(row["region_code"], row["value"], row["conflict"]) for row in found] == [("371500", 5, False), ("371502", 2, False)]

    @pytest.mark.parametrize(
        ("reason", "other", "days"),
        [
            ("that day", {}, [feb(3)]),
            ("0—24时", {"time_start": "00:00"}, [feb(3)]),
            ("no clock time", {"time_end": None}, [feb(3)]),
            ("2月2日24时至2月3日24时", {"date_start": feb(2), "time_start": "24:00"}, [feb(3)]),
            ("2月3日0时至2月4日0时", {"date_end": feb(4), "time_start": "00:00", "time_end": "00:00"}, [feb(3)]),
            ("several days", {"date_start": feb(1)}, []),
            ("no start: 截至X新增N", {"date_start": None}, []),
            ("the second half of the day", {"time_start": "12:00"}, []),
            ("the first half", {"time_end": "12:00"}, []),
        ],
    )
    def test_new_figures_are_of_one_whole_day(self, reason: str, other: dict[str, Any], days: list[dt.date]) -> None:
        assert [row["date"] for row in by_date(new(2, **other))] == days, reason

    @pytest.mark.parametrize("indicator", ["confirmed_cumulative", "severe_current", "recovery_rate"])
    @pytest.mark.parametrize("start", [None, feb(1), feb(3)])
    def test_others_are_of_the_day_they_end_on(self, indicator: str, start: dt.date | None) -> None:
        unit = "percent" if indicator.endswith("_rate") else "case"
        assert only(figure(15, indicator=indicator, unit=unit, date_start=start))["date"] == feb(3)

    def test_amounts_of_a_longer_period(self) -> None:
        rows = figure(15, indicator="masks", unit="item", date_start=feb(1)), figure(7, indicator="beds", unit="bed", at=20)
        assert [row["indicator"] for row in by_date(*rows)] == ["beds"]


class TestTimeOfDay:
    @pytest.mark.parametrize(
        ("time_end", "day_of", "as_of"),
        [("24:00", 3, "24:00"), ("23:59", 3, "24:00"), (None, 3, None), ("00:00", 2, "24:00")],
    )
    def test_closing(self, time_end: str | None, day_of: int, as_of: str | None) -> None:
        one = only(figure(15, time_end=time_end))
        assert (one["date"], one["as_of_time"]) == (feb(day_of), as_of)
        assert intraday(figure(15, time_end=time_end)) == []

    @pytest.mark.parametrize("time_end", ["00:01", "12:00", "23:00"])
    def test_within_the_day(self, time_end: str) -> None:
        assert by_date(figure(15, time_end=time_end)) == []
        (one,) = intraday(figure(15, time_end=time_end))
        assert (one["date"], one["time_start"], one["as_of_time"]) == (feb(3), "00:00", time_end)

    def test_half_a_day(self) -> None:
        found = intraday(new(2, time_start="12:00"), new(1, at=20, time_start="00:00", time_end="12:00"))
        assert [(row["time_start"], row["as_of_time"], row["value"]) for row in found] == [("00:00", "12:00", 1), ("12:00", "24:00", 2)]

    def test_published_before_the_day_was_over(self) -> None:
        docs = documents(a="03 18:20")
        assert by_date(figure(15, time_end=None), docs=docs) == []
        (one,) = intraday(figure(15, time_end=None), docs=docs)
        assert one["as_of_time"] == "18:20"

    def test_published_without_a_clock_time(self) -> None:
        assert only(figure(15, time_end=None), docs=documents(a="03"))["as_of_time"] is None

    def test_stated_to_be_the_days_end(self) -> None:
        assert only(figure(15), docs=documents(a="03 23:50"))["value"] == 15

    def test_amounts_need_no_days_end(self) -> None:
        beds = figure(7, indicator="beds", unit="bed", time_end="12:00")
        assert only(beds, docs=documents(a="03 18:20"))["value"] == 7

    def test_each_moment_has_its_row(self) -> None:
        rows = figure(15, time_end="12:00"), figure(16, "b", time_end="12:00"), figure(17, "c", time_end="18:00")
        found = intraday(*rows)
        assert [(row["as_of_time"], row["value"], row["n_sources"], row["conflict"]) for row in found] == [
            ("12:00", 16, 2, True), ("18:00", 17, 1, False),
        ]  # fmt: skip


class TestChoice:
    DOCS = documents(
        a="04 09:30", b="04 10:00", late="06 10:00", own=("04 08:00", "371500"), country=("04 20:00", "100000"),
        elsewhere=("04 21:00", "420000"), nowhere=("04 22:00", None),
    )  # fmt: skip

    @pytest.mark.parametrize(
        ("best", "other", "why"),
        [
            (figure(15), figure(16, "late", time_end=None), "as_of"),
            (figure(15), figure(10, "late", qualifier="more_than"), "exact"),
            (figure(15), figure(14, "late", value_high=18.0), "exact"),
            (figure(15, time_end="24:00", qualifier="about"), figure(16, "late", time_end=None), "as_of"),
            (figure(15, "own"), figure(16, "late"), "own_bulletin"),
            (figure(15, "a"), figure(16, "country"), "own_bulletin"),
            (figure(15, "a"), figure(16, "elsewhere"), "own_bulletin"),
            (figure(15, "country"), figure(16, "elsewhere"), "own_bulletin"),
            (figure(15, "b"), figure(16, "a"), "latest"),
            (figure(15, "a", at=10), figure(16, "a", at=20), "order"),
            (figure(15, "a"), figure(15, "b"), "agreed"),
        ],
    )
    def test_why(self, best: MetricRow, other: MetricRow, why: str) -> None:
        assert why in VOCABULARIES["choices"]
        for rows in ((best, other), (other, best)):
            one = only(*rows, docs=self.DOCS)
            assert (one["value"], one["chosen_by"]) == (best.value, why)

    def test_a_correction_stands(self) -> None:
        said = figure(1, "late", at=30, indicator="other", is_correction=True)
        one = only(figure(15, "own"), figure(14, "late"), said, docs=self.DOCS)
        assert (one["value"], one["chosen_by"], one["is_correction"]) == (14, "correction", True)

    def test_a_correction_of_something_else(self) -> None:
        said = figure(1, "late", at=30, indicator="suspected_current", is_correction=True)
        one, _ = by_date(figure(15, "own"), figure(14, "late"), said, docs=self.DOCS)
        assert (one["indicator"], one["value"], one["is_correction"]) == ("confirmed_cumulative", 15, False)

    def test_a_correction_holds_for_the_units_around(self) -> None:
        said = figure(1, at=30, indicator="other", is_correction=True)
        whole = {"region_code": "370000", "region_name": "山东省", "region_level": "province"}
        far = {"region_code": "420000", "region_name": "湖北省", "region_level": "province"}
        found = by_date(said, figure(300, **whole), figure(900, at=60, **far))
        assert [(row["region_code"], row["is_correction"]) for row in found] == [("370000", True), ("420000", False)]

    def test_what_decided_against_the_best_other_value(self) -> None:
        rows = figure(15, "own"), figure(15, "a"), figure(16, "b"), figure(99, "late", qualifier="about")
        one = only(*rows, docs=self.DOCS)
        assert (one["value"], one["chosen_by"], one["n_sources"]) == (15, "own_bulletin", 4)
        assert (one["value_min"], one["value_max"]) == (15, 99)

    def test_the_order_of_rows_does_not_show(self) -> None:
        rows = [figure(n % 4, doc, at=n, date_end=feb(1 + n % 3)) for n in range(40) for doc in ("a", "b", "own")]
        expected = by_date(*rows, docs=self.DOCS)
        random.Random(1).shuffle(rows)
        assert by_date(*rows, docs=self.DOCS) == expected


class TestConflict:
    @pytest.mark.parametrize(
        ("others", "conflict"),
        [
            ([figure(15, "b")], False),
            ([figure(16, "b")], True),
            ([figure(10, "b", qualifier="more_than")], False),
            ([figure(15, "b", qualifier="more_than")], False),
            ([figure(16, "b", qualifier="at_least")], True),
            ([figure(14, "b", qualifier="about")], False),
            ([figure(12, "b", qualifier="about")], True),
            ([figure(16, "b", qualifier="nearly")], False),
            ([figure(20, "b", qualifier="less_than")], False),
            ([figure(14, "b", qualifier="at_most")], True),
            ([figure(10, "b", value_high=20.0)], False),
            ([figure(10, "b", qualifier="more_than"), figure(12, "c", qualifier="less_than")], True),
            ([figure(99, "b", unit="percent")], False),
            ([figure(16, "b", unit="person")], True),
        ],
    )
    def test_beyond_the_qualifiers(self, others: list[MetricRow], conflict: bool) -> None:
        assert only(figure(15), *others)["conflict"] is conflict

    def test_sources(self) -> None:
        assert only(figure(15), figure(15, at=20), figure(15, "b"))["n_sources"] == 2

    def test_a_bulletin_posted_twice_is_one_source(self) -> None:
        docs = documents(a="04 09:30", b="04 09:30").set_column(2, "source", pa.array(["央视新闻"] * 2))
        assert only(figure(15), figure(15, "b"), docs=docs)["n_sources"] == 1

    def test_figures_of_another_unit_are_no_source(self) -> None:
        goods = {"indicator": "goods_quantity", "date_start": feb(3)}
        one = only(figure(15, unit="tonne", **goods), figure(99, "c", unit="item", **goods), figure(98, "b", unit="item", **goods))
        assert (one["value"], one["unit"], one["n_sources"], one["value_min"], one["conflict"]) == (99, "item", 2, 98, True)


class TestRepeats:
    """A text that is posted again adds nothing."""

    DOCS = documents(a="04 09:30", b="04 10:00", c="04 11:00")

    def test_no_source_and_no_conflict(self) -> None:
        """Even where the same words are of another day when they come a day later."""
        docs = repeats(self.DOCS, b="a", c="a")
        row = only(figure(15), figure(16, "b"), figure(15, "c"), docs=docs)
        assert (row["metric_id"], row["n_sources"], row["value_max"], row["conflict"], row["chosen_by"]) == ("a:m10", 1, 15, False, "only")

    def test_others_count(self) -> None:
        assert only(figure(15), figure(15, "b"), figure(15, "c"), docs=repeats(self.DOCS, b="a"))["n_sources"] == 2

    @pytest.mark.parametrize("first", ["a", "b", "c"])
    def test_the_first_that_is_there_counts(self, first: str) -> None:
        docs = repeats(self.DOCS, **dict.fromkeys(set("abc") - {first}, first))
        docs = docs.filter(pa.array([doc_id != first for doc_id in docs["doc_id"].to_pylist()]))
        row = only(*(figure(15, doc) for doc in "abc"), docs=docs)
        assert (row["metric_id"], row["n_sources"]) == ("b:m10" if first == "a" else "a:m10", 1)


class TestFalls:
    DOCS = documents(a="20 09:00", b="20 10:00")

    def series(self, *values: float, **other: Any) -> list[bool]:
        rows = [figure(value, at=10 * n, date_end=feb(n), **other) for n, value in enumerate(values, 1)]
        return [row["is_fall"] for row in by_date(*rows, docs=self.DOCS)]

    def test_cumulative(self) -> None:
        assert self.series(10, 12, 11, 11, 15) == [False, False, True, False, False]

    def test_not_current(self) -> None:
        assert self.series(10, 8, indicator="severe_current") == [False, False]

    def test_hedged(self) -> None:
        assert self.series(10, 9, qualifier="about") == [False, False]

    def test_across_a_gap_and_not_across_places(self) -> None:
        other = {"region_code": "371600", "region_name": "滨州市"}
        rows = figure(10, date_end=feb(1)), figure(9, at=20, date_end=feb(9)), figure(3, at=30, date_end=feb(10), **other)
        found = by_date(*rows, docs=self.DOCS)
        assert [(row["date"], row["is_fall"]) for row in found] == [(feb(1), False), (feb(9), True), (feb(10), False)]

    def test_a_stated_fall_says_so(self) -> None:
        said = figure(2, at=90, indicator="other", is_correction=True)
        found = by_date(figure(10, "b", date_end=feb(1)), figure(8, date_end=feb(2)), said, docs=self.DOCS)
        assert [(row["is_fall"], row["is_correction"]) for row in found] == [(False, False), (True, True)]


class TestCoverage:
    def test_figures_and_home(self) -> None:
        rows = figure(15), figure(16, "b"), figure(3, at=40, indicator="other"), figure(1, at=50, date_end=None)
        docs = documents(a=("04 09:30", "371500"), b=("04 10:00", "420000"), c=("04 11:00", None))
        assert build_coverage(metrics(*rows), docs).to_pylist() == [
            {"region_code": "371500", "date": feb(3), "n_documents": 2, "n_metrics": 3},
            {"region_code": "371500", "date": feb(4), "n_documents": 1, "n_metrics": 0},
            {"region_code": "420000", "date": feb(4), "n_documents": 1, "n_metrics": 0},
        ]

    def test_a_repeat_is_not_counted(self) -> None:
        docs = repeats(documents(a=("04 09:30", "371500"), b=("04 10:00", "371500")), b="a")
        counts = [(row["n_documents"], row["n_metrics"]) for row in build_coverage(metrics(figure(15), figure(15, "b")), docs).to_pylist()]
        assert counts == [(1, 1), (1, 0)]

    def test_old_days(self) -> None:
        old = dt.date(1949, 10, 1)
        assert build_coverage(metrics(figure(1, date_end=old)), documents(a=("04", None))).to_pylist()[0]["date"] == old


class TestTables:
    @pytest.mark.parametrize("rows", [(), (figure(15), new(2, at=30), figure(9, at=40, time_end="12:00"))])
    def test_schemas(self, rows: tuple[MetricRow, ...]) -> None:
        made = build_city_tables(metrics(*rows), NEXT_DAY, REGIONS)
        assert list(made) == ["city_by_date", "city_intraday", "coverage"]
        for name, table in made.items():
            assert table.schema.equals(arrow_schema(name), check_metadata=True)
            table.validate(full=True)
            keys = [tuple(row[key] for key in TABLES[name].primary_key) for row in table.to_pylist()]
            assert keys == sorted(set(keys))

    def test_narrow_columns_suffice(self) -> None:
        rows = metrics(figure(15), new(2, at=30))
        assert build_city_tables(rows.select(METRIC_COLUMNS), NEXT_DAY, REGIONS) == build_city_tables(rows, NEXT_DAY, REGIONS)

    def test_without_regions(self) -> None:
        """Names and levels are those of the package, and a zone is no city here either."""
        rows = figure(15, region_name="聊城"), figure(3, "b", at=20, region_name="高新区")
        (one,) = build_city_by_date(metrics(*rows), NEXT_DAY).to_pylist()
        assert (one["region_name"], one["region_level"], one["value"]) == ("聊城市", "prefecture", 15)


class TestWide:
    def test_one_column_for_each_indicator(self) -> None:
        rows = figure(15), new(2, at=30), figure(9, at=40, date_end=feb(2))
        wide = to_wide(build_city_by_date(metrics(*rows), NEXT_DAY, REGIONS))
        assert wide.to_pylist() == [
            {"region_code": "371500", "date": feb(2), "region_name": "聊城市", "region_level": "prefecture",
             "confirmed_new": None, "confirmed_cumulative": 9.0},
            {"region_code": "371500", "date": feb(3), "region_name": "聊城市", "region_level": "prefecture",
             "confirmed_new": 2.0, "confirmed_cumulative": 15.0},
        ]  # fmt: skip

    def test_empty(self) -> None:
        assert to_wide(arrow_schema("city_by_date").empty_table()).num_rows == 0


class TestDefinitionBreaks:
    def test_rows(self) -> None:
        codes = set(REGIONS["region_code"].to_pylist())
        keys = [(one.region_code, one.date, one.indicators) for one in definition_breaks()]
        assert keys == sorted(set(keys))
        for one in definition_breaks():
            assert one.region_code in codes
            assert set(one.indicators) <= set(VOCABULARIES["indicators"])
            assert one.kind in ("definition", "assignment", "start")
            assert one.what.endswith(".")
            assert one.doc_id.startswith("dxy-")
            assert one.url.startswith("http")

    def test_hubei(self) -> None:
        found = breaks_in(["confirmed_cumulative"], ["420000"], feb(1), feb(28))
        assert [one.date for one in found] == [feb(12), feb(14)]

    @pytest.mark.parametrize(
        ("indicators", "start", "end", "n"),
        [(["beds"], feb(1), feb(28), 0), (["deaths_new"], feb(12), feb(28), 0), (["deaths_new"], feb(1), feb(12), 1), (["deaths_new"], None, None, 1)],
    )
    def test_only_inside_the_series(self, indicators: list[str], start: dt.date | None, end: dt.date | None, n: int) -> None:
        assert len(breaks_in(indicators, ["420000"], start, end)) == n


class TestCorpora:
    def test_the_bulletins_of_a_province_become_a_series(self) -> None:
        corpora = Path(__file__).parents[2] / "shared" / "corpora" / "dxy_news.json"
        if not corpora.exists():
            pytest.skip(f"no {corpora}")
        from covid_timeline.model import Article
        from covid_timeline.reading.extract import extract
        from covid_timeline.sources.dxy import read_dxy
        from covid_timeline.tables.build import to_tables

        articles = [one for one in read_dxy(corpora) if isinstance(one, Article) and one.region_code == "530000"]
        tables = to_tables([extract(one) for one in articles])
        made = build_city_by_date(tables["metrics"], tables["documents"], REGIONS).to_pylist()
        series = {
            row["date"]: row["value"]
            for row in made
            if row["region_code"] == "530000" and row["indicator"] == "confirmed_cumulative"
        }
        assert series[dt.date(2020, 1, 28)] == 51
        assert series[feb(4)] == 122
        assert feb(5) not in series or series[feb(5)] != 124  # 124 is of noon, 2月5日12时


class TestUndatedFigures:
    """The day of publication stands in for a date that is not stated in a bulletin, not in a review of weeks."""

    def test_a_bulletin(self) -> None:
        assert len(by_date(figure(5, date_basis="publication"))) == 1

    def test_a_long_article(self) -> None:
        assert by_date(figure(5, date_basis="publication"), docs=long_article(NEXT_DAY)) == []
        assert len(by_date(figure(5), docs=long_article(NEXT_DAY))) == 1
