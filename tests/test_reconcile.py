"""Reconciliation: our table against an independent one."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from covid_timeline.evaluate import HELD_OUT
from covid_timeline.tables.reconcile import (
    CAUSES,
    Reconciliation,
    agrees,
    measure_recall,
    read_readings,
    read_reference,
    reconcile,
    run_reconcile,
    sort_readings,
    stated_counts,
)
from covid_timeline.tables.schema import arrow_schema

HEAD = "date,country,countryCode,province,provinceCode,city,cityCode,confirmed,suspected,cured,dead\n"


def day(n: int) -> dt.date:
    return dt.date(2020, 2, n)


def reference_rows(province: dict[int, int], city: dict[int, int], rest: dict[int, int] | None = None) -> str:
    """Confirmed counts by day of February: 山东省, 聊城市, and a part without a code that makes them add up."""
    lines = []
    for n, count in province.items():
        lines.append(f"2020-02-{n:02d},中国,CN,山东省,370000,,,{count},0,{n},0")
        if n in city:
            other = (rest or {}).get(n, count - city[n])
            lines.append(f"2020-02-{n:02d},中国,CN,山东省,370000,聊城市,371500,{city[n]},0,{n},0")
            lines.append(f"2020-02-{n:02d},中国,CN,山东省,370000,待确认,,{other},0,0,0")
    lines.append("2020-02-01,泰国,TH,,,,,19,0,5,0")
    return HEAD + "\n".join(lines) + "\n"


def row(value: float, on: int = 3, indicator: str = "confirmed_cumulative", **other: object) -> dict[str, object]:
    made: dict[str, object] = {
        "region_code": "371500", "date": day(on), "indicator": indicator, "region_name": "聊城市",
        "region_level": "prefecture", "value": value, "unit": "case", "qualifier": "exact", "metric_id": "dxy-1:m5",
        "n_sources": 1, "value_min": value, "value_max": value, "conflict": False, "as_of_time": "24:00",
        "chosen_by": "only", "is_correction": False, "is_fall": False,
    }  # fmt: skip
    return made | other


def table(*rows: dict[str, object]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=arrow_schema("city_by_date"))


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    path = tmp_path / "reference.csv"
    path.write_text(
        reference_rows({1: 100, 2: 120, 3: 150, 4: 200, 5: 260}, {1: 10, 2: 12, 3: 15, 4: 20, 5: 26}), encoding="utf-8"
    )
    return path


class TestReference:
    def test_levels_and_new(self, reference: Path) -> None:
        read = read_reference(reference)
        assert read.get("370000", day(3), "confirmed_cumulative") == 150
        assert read.get("371500", day(3), "confirmed_new") == 3
        assert read.get("371500", day(1), "confirmed_new") is None  # nothing to take the difference from
        assert read.get("371500", day(9), "confirmed_cumulative") is None
        assert read.get("371500", day(3), "beds") is None
        assert read.unread == []

    def test_parts(self, reference: Path) -> None:
        assert read_reference(reference).adds_up("371500", day(3), "confirmed")

    def test_missing_columns(self, tmp_path: Path) -> None:
        path = tmp_path / "r.csv"
        path.write_text("date,province,confirmed\n", encoding="utf-8")
        with pytest.raises(ValueError, match=r"r\.csv: no column countryCode.*; the file has date, province, confirmed"):
            read_reference(path)

    def test_a_row_that_cannot_be_read_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "r.csv"
        path.write_text(HEAD + "2020-02-31,中国,CN,,,,,1,0,0,0\n2020-02-01,中国,CN,,,,,x,0,0,0\n", encoding="utf-8")
        assert [text.split(": ")[1] for text in read_reference(path).unread] == ["line 2", "line 3"]


@pytest.mark.parametrize(
    ("value", "qualifier", "stated", "expected"),
    [
        (300, "exact", 300, True),
        (300, "exact", 301, False),
        (300, "more_than", 340, True),
        (300, "more_than", 299, False),
        (300, "at_least", 300, True),
        (300, "about", 330, True),
        (300, "about", 340, False),
        (300, "nearly", 290, True),
        (300, "nearly", 301, False),
        (300, "less_than", 12, True),
        (300, "at_most", 301, False),
    ],
)
def test_agrees(value: float, qualifier: str, stated: float, expected: bool) -> None:
    assert agrees(value, qualifier, stated) is expected


class TestCauses:
    def cause(self, reference: Path, *rows: dict[str, object]) -> str:
        made = reconcile(table(*rows), reference)
        (one,) = [d for d in made.differences if d.metric_id == "dxy-1:m5"]
        assert one.cause in CAUSES
        return one.cause

    @pytest.mark.parametrize(
        ("value", "expected"),
        [(12, "previous_day"), (20, "next_day"), (14, "between"), (17, "between"), (3, "unexplained")],
    )
    def test_another_hour(self, reference: Path, value: float, expected: str) -> None:
        assert self.cause(reference, row(value)) == expected

    def test_another_bulletin_has_it(self, reference: Path) -> None:
        assert self.cause(reference, row(3, value_max=15.0, conflict=True)) == "other_bulletin"

    def test_correction(self, reference: Path) -> None:
        assert self.cause(reference, row(3, is_correction=True)) == "correction"

    def test_definition(self, tmp_path: Path) -> None:
        path = tmp_path / "r.csv"
        text = reference_rows({11: 100, 12: 150, 13: 200}, {}).replace("370000", "420000")
        path.write_text(text, encoding="utf-8")
        rows = row(900, 12, region_code="420000", region_level="province")
        assert self.cause(path, rows) == "definition"

    def test_the_reference_is_at_odds_with_itself(self, tmp_path: Path) -> None:
        path = tmp_path / "r.csv"
        path.write_text(reference_rows({2: 120, 3: 150, 4: 200}, {2: 12, 3: 12, 4: 20}, {3: 100}), encoding="utf-8")
        assert self.cause(path, row(90)) == "reference_parts"
        assert self.cause(path, row(3, indicator="confirmed_new")) == "reference_parts"

    def test_cities_left_at_nought(self, tmp_path: Path) -> None:
        path = tmp_path / "r.csv"
        path.write_text(reference_rows({2: 12, 3: 15}, {2: 0, 3: 0}), encoding="utf-8")
        assert self.cause(path, row(4)) == "not_by_city"

    def test_the_reference_falls(self, tmp_path: Path) -> None:
        path = tmp_path / "r.csv"
        path.write_text(reference_rows({2: 120, 3: 150, 4: 200}, {2: 12, 3: 30, 4: 20}), encoding="utf-8")
        assert self.cause(path, row(90)) == "reference_fall"

    def test_hong_kong_is_counted_apart(self, tmp_path: Path) -> None:
        path = tmp_path / "r.csv"
        rows = "2020-02-03,中国,CN,,,,,500,0,0,0\n2020-02-03,中国,CN,香港特别行政区,810000,,,15,0,0,0\n"
        path.write_text(HEAD + rows, encoding="utf-8")
        assert self.cause(path, row(485, region_code="100000", region_level="country")) == "country_scope"

    def test_new_follows_cumulative(self, reference: Path) -> None:
        rows = row(9, indicator="confirmed_new"), row(3, metric_id="dxy-2:m1")
        assert self.cause(reference, *rows) == "cumulative"


class TestReconcile:
    def made(self, reference: Path) -> Reconciliation:
        rows = [
            row(15),
            row(26, 5, metric_id="dxy-1:m9"),
            row(900, 4, metric_id="dxy-2:m7"),
            row(3, indicator="confirmed_new", metric_id="dxy-1:m2"),
            row(1, region_code="371599"),
            row(1, on=20),
            row(7, indicator="beds"),
        ]
        metrics = pa.Table.from_pylist(
            [{"metric_id": "dxy-2:m7", "doc_id": "dxy-2", "value_quote": None, "value_char_start": 8, "value_char_end": 12,
              "quote": None, "char_start": 0, "char_end": 12}]
        )  # fmt: skip
        documents = pa.table({"doc_id": ["dxy-2"], "url": ["https://example.org/2"]})
        texts = {"dxy-2": "=聊城市累计确诊900例。\n其余"}
        return reconcile(table(*rows), reference, metrics=metrics, documents=documents, texts=texts)

    def test_counts(self, reference: Path) -> None:
        made = self.made(reference)
        assert made.shares["confirmed_cumulative", "prefecture"] == (3, 2, 0)
        assert made.shares["confirmed_new", "prefecture"].agreement == 1
        assert made.by_date["confirmed_cumulative", day(4)].agree == 0
        assert dict(made.absent) == {"no such place in the reference": 1, "no such day in the reference": 1}

    def test_a_difference_tells_where_it_was_read(self, reference: Path) -> None:
        (one,) = self.made(reference).differences
        assert (one.value, one.reference, one.size, one.doc_id, one.url) == (900, 20, 880, "dxy-2", "https://example.org/2")
        assert (one.quote, one.value_quote) == ("=聊城市累计确诊900例", "900例")

    def test_the_largest_difference_is_first(self, reference: Path) -> None:
        rows = [row(50, n, metric_id=f"dxy-{n}:m1") for n in (2, 3, 4)]
        assert [one.size for one in reconcile(table(*rows), reference).differences] == [38, 35, 30]

    def test_csv_runs_no_formula(self, reference: Path) -> None:
        (cells,) = csv.DictReader(io.StringIO(self.made(reference).to_csv()))
        assert cells["quote"].startswith("'=")
        assert float(cells["size"]) == 880

    def test_markdown_escapes_the_article(self, reference: Path) -> None:
        made = self.made(reference)
        one = made.differences[0]._replace(quote="a|b <img> `x`\nc", cause="unexplained")
        page = made._replace(differences=[one]).to_markdown()
        assert r"a\|b &lt;img\> \`x\`⏎c" in page

    def test_nothing_in_common(self, reference: Path) -> None:
        made = reconcile(table(row(1, on=20)), reference)
        assert made.shares == {}
        assert "No difference" in made.to_text()

    def test_within_the_day(self, reference: Path) -> None:
        rows = [
            {"region_code": "371500", "date": day(3), "indicator": "confirmed_cumulative", "value": value, "qualifier": "exact"}
            for value in (13.0, 40.0)
        ]
        made = reconcile(table(row(15)), reference, city_intraday=pa.Table.from_pylist(rows))
        assert made.intraday == (2, 1, 0)


class TestRun:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "tables"
        folder.mkdir()
        for name in ("metrics", "documents", "city_intraday"):
            pq.write_table(arrow_schema(name).empty_table(), folder / f"{name}.parquet")
        pq.write_table(table(row(15), row(90, 4)), folder / "city_by_date.parquet")
        return folder

    def test_printed(self, folder: Path, reference: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_reconcile(folder, reference) == 0
        out = capsys.readouterr().out
        assert "confirmed_cumulative  prefecture  2         1      50.0" in out

    @pytest.mark.parametrize(("name", "start"), [("r.csv", "region_code,"), ("r.md", "# Recon"), ("r.txt", "Recon")])
    def test_written(self, folder: Path, reference: Path, tmp_path: Path, name: str, start: str) -> None:
        assert run_reconcile(folder, reference, tmp_path / name) == 0
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)

    def test_nothing_to_compare(self, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        empty = tmp_path / "empty.csv"
        empty.write_text(HEAD, encoding="utf-8")
        assert run_reconcile(folder, empty) == 4
        capsys.readouterr()


READINGS = "date,region_code,region_name,indicator,value,reference,verdict,why,doc_id\n"


class TestReadings:
    @pytest.fixture
    def readings(self, tmp_path: Path) -> Path:
        path = tmp_path / "readings.csv"
        path.write_text(
            READINGS
            + "2020-02-04,371500,聊城市,confirmed_cumulative,90,20,misreading,a|cluster,dxy-1\n"
            + "2020-02-04,371500,聊城市,confirmed_cumulative,91,20,misreading,another value,dxy-1\n",
            encoding="utf-8",
        )
        return path

    def test_one_holds_for_its_values_only(self, reference: Path, readings: Path) -> None:
        found = reconcile(table(row(15), row(90, 4), row(7, 4, region_code="370000")), reference)
        hand = sort_readings(found.differences, read_readings(readings))
        assert [one.value for one in hand.read] == [90]
        assert [one.region_code for one in hand.unread] == ["370000"]
        assert [one.why for one in hand.gone] == ["another value"]

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("date,region_code\n", "no column region_name"),
            (READINGS + "yesterday,371500,聊城市,confirmed_cumulative,1,2,misreading,,dxy-1\n", "line 2: Invalid isoformat"),
            (READINGS + "2020-02-04,371500,聊城市,confirmed_cumulative,1,2,no idea,,dxy-1\n", "line 2: the verdict is another_hour"),
        ],
    )
    def test_what_is_no_reading(self, text: str, fault: str, tmp_path: Path) -> None:
        path = tmp_path / "readings.csv"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=fault):
            read_readings(path)

    def test_the_committed_ones_are_read(self) -> None:
        found = read_readings(Path(__file__).parents[1] / "docs" / "reconciliation-readings.csv")
        assert len({one.key for one in found}) == len(found) > 100
        assert not HELD_OUT & {one.doc_id for one in found}

    def test_a_page_is_filled(self, reference: Path, readings: Path) -> None:
        found = reconcile(table(row(15), row(90, 4)), reference)
        found = found._replace(hand=sort_readings(found.differences, read_readings(readings)))
        page = "# Mine\n\n<!-- begin: readings -->\nold\n<!-- end: readings -->\n\nwords\n"
        filled = found.fill(page)
        assert filled.startswith("# Mine\n\n<!-- begin: readings -->\nOf 1 differences") and filled.endswith("-->\n\nwords\n")
        assert "old" not in filled and "our misreading: a\\|cluster" in filled and found.fill(filled) == filled
        with pytest.raises(ValueError, match="nothing to fill 'recall' with"):
            found.fill(page.replace("readings", "recall"))


class TestRecall:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("截至2月3日24时，累计确诊病例38例，其中聊城市15例。", [("371500", 15)]),
            ("累计报告确诊病例（含重症3例）38例：聊城15例、恩施州4例。", [("371500", 15), ("422800", 4)]),
            ("截至2月3日12时，累计确诊病例38例，其中聊城市15例。", []),  # a moment of the day
            ("累计确诊病例38例。新增2例，聊城市2例。", []),
            ("累计治愈病例38例，聊城市2例。", []),
            ("累计确诊病例38例，其中重症病例：聊城市2例。", []),
            ("累计追踪密切接触者，聊城市15例。", []),
            ("累计15人，聊城市15例。", []),  # of what?
            ("累计确诊病例（死亡1例（聊城市1例）、聊城市15例", []),  # brackets that do not close
            ("", []),
        ],
    )
    def test_stated_counts(self, text: str, expected: list[tuple[str, int]]) -> None:
        found = stated_counts(text)
        assert [(code, value) for code, value, _, _ in found] == expected
        assert all(text[start:end] == str(value) for _, value, start, end in found)

    def test_long_texts(self) -> None:
        for piece in ("累计", "（", "累计确诊（", "聊城市1例、", "1", "24时"):
            stated_counts("累计确诊" + piece * (200_000 // len(piece)))

    def test_found_and_missed(self) -> None:
        text = "累计确诊病例38例，其中聊城市15例、济南12例。"
        metric = {"doc_id": "a", "indicator": "confirmed_cumulative", "value": 15.0, "region_code": "371500"}
        at = text.index("15")
        rows = [metric | {"value_char_start": at, "value_char_end": at + 3}]
        found = measure_recall({"a": text}, pa.Table.from_pylist(rows))
        assert (found.stated, found.found, [(one.region_code, one.value) for one in found.missed]) == (2, 1, [("370100", 12)])


def test_the_shared_reference_is_read() -> None:
    path = Path(__file__).parents[2] / "shared" / "reference" / "city_counts.csv"
    if not path.exists():
        pytest.skip(f"no {path}")
    read = read_reference(path)
    assert read.unread == []
    assert read.get("420100", dt.date(2020, 2, 1), "confirmed_cumulative") == 4109
    assert read.get("100000", dt.date(2020, 2, 1), "confirmed_cumulative") is not None
