"""Reconciliation: our closing counts against independent ones."""

from __future__ import annotations

import csv
import io
import random
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from covid_timeline.tables.reconcile import (
    Reconciliation,
    agrees,
    compare,
    read_readings,
    read_reference,
    reconcile,
    run_reconcile,
    within_the_day,
)
from covid_timeline.tables.schema import arrow_schema

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
HEAD = "date,country,countryCode,province,provinceCode,city,cityCode,confirmed,suspected,cured,dead\n"
SHANDONG, LIAOCHENG = "中国,CN,山东省,370000,,", "中国,CN,山东省,370000,聊城市,371500"


def day(n: int) -> pd.Timestamp:
    return pd.Timestamp(2020, 2, n)


def write_reference(path: Path, *lines: str) -> Path:
    path.write_text(HEAD + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    """聊城 from 1 to 6 as 10, 12, 15, 20, 20, 20; 山东 ten times that; a row without a code; 泰国."""
    counts = {1: 10, 2: 12, 3: 15, 4: 20, 5: 20, 6: 20}
    lines = [f"2020-02-{n:02d},{LIAOCHENG},{count},0,{n},0" for n, count in counts.items()]
    lines += [f"2020-02-{n:02d},{SHANDONG},{10 * count},0,{n},0" for n, count in counts.items()]
    lines += ["2020-02-03,中国,CN,山东省,370000,待确认,,7,0,0,0", "2020-02-03,泰国,TH,,,,,19,0,5,0", "2020-02-03,中国,CN,,,,,9,0,5,0"]
    return write_reference(tmp_path / "reference.csv", *lines)


def row(value: float, on: int = 3, indicator: str = "confirmed_cumulative", **other: object) -> dict[str, object]:
    made: dict[str, object] = {
        "region_code": "371500", "date": day(on).date(), "indicator": indicator, "region_name": "聊城市",
        "region_level": "prefecture", "value": value, "unit": "case", "qualifier": "exact", "collection": "bulletins",
        "metric_id": "dxy-1:m5", "n_sources": 1, "value_min": value, "value_max": value, "conflict": False,
        "as_of_time": "24:00", "chosen_by": "only", "is_correction": False, "is_fall": False,
    }  # fmt: skip
    return made | other


def frame(*rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame(list(rows))


class TestReference:
    def test_what_takes_part(self, reference: Path) -> None:
        read = read_reference(reference)
        assert set(read["region_code"]) == {"371500", "370000"}
        assert set(zip(read["region_code"].str[4:], read["indicator"], strict=True)) == {
            ("00", "confirmed_cumulative"), ("00", "deaths_cumulative"), ("00", "recovered_cumulative"),
        }  # fmt: skip
        assert not (read["indicator"].eq("recovered_cumulative") & read["region_code"].eq("371500")).any()
        assert read.attrs["unread"] == []

    def test_where_it_moves(self, reference: Path) -> None:
        read = read_reference(reference)
        here = read[read["region_code"].eq("371500") & read["indicator"].eq("confirmed_cumulative")]
        assert here["moves"].tolist() == [False, True, True, True, False, False]  # at the ends nothing can be said

    def test_rows_of_cities_are_of_the_day_before_from_february_8(self, tmp_path: Path) -> None:
        days = ("2020-02-06", "2020-02-08", "2020-02-09")
        path = write_reference(
            tmp_path / "r.csv",
            *(f"{on},{LIAOCHENG},{i},0,0,0" for i, on in enumerate(days)),
            *(f"{on},{SHANDONG},{i},0,0,0" for i, on in enumerate(days)),
        )
        read = read_reference(path)
        read = read[read["indicator"].eq("confirmed_cumulative")]
        of = {code: rows["date"].dt.day.tolist() for code, rows in read.groupby("region_code")}
        assert of == {"371500": [6, 7, 8], "370000": [6, 8, 9]}

    def test_known_slips(self, tmp_path: Path) -> None:
        path = write_reference(
            tmp_path / "r.csv",
            "2020-02-18,中国,CN,湖北省,420000,,,10,0,0,0", "2020-02-19,中国,CN,湖北省,420000,,,20,0,0,0",
            "2020-02-19,中国,CN,浙江省,330000,,,100,0,0,0", "2020-02-20,中国,CN,浙江省,330000,,,112,0,0,0",
            "2020-02-20,中国,CN,香港,810000,香港,810000,1,0,0,0",
        )  # fmt: skip
        read = read_reference(path)
        read = read[read["indicator"].eq("confirmed_cumulative")]
        assert read["reference"].tolist() == [100, 100, 10]

    def test_missing_columns(self, tmp_path: Path) -> None:
        path = tmp_path / "r.csv"
        path.write_text("date,province,confirmed\n", encoding="utf-8")
        with pytest.raises(ValueError, match=r"r\.csv: no column countryCode.*; the file has date, province, confirmed"):
            read_reference(path)

    def test_a_row_that_cannot_be_read_is_named(self, tmp_path: Path) -> None:
        path = write_reference(tmp_path / "r.csv", f"2020-02-31,{LIAOCHENG},1,0,0,0", f"2020-02-01,{LIAOCHENG},x,0,0,0")
        unread = read_reference(path).attrs["unread"]
        assert [text.split(": ")[1] for text in unread] == ["line 2", "line 3"]


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


class TestCompare:
    @pytest.mark.parametrize(
        ("value", "agrees", "seen"),
        [(15, True, ""), (12, False, "other day"), (20, False, "other day"), (14, False, "between"), (17, False, "between"), (3, False, "")],
    )
    def test_one_cell(self, reference: Path, value: float, agrees: bool, seen: str) -> None:
        (cell,) = compare(frame(row(value)), read_reference(reference)).to_dict("records")
        assert (cell["agrees"], cell["seen"], cell["level"], cell["moves"]) == (agrees, seen, "city", True)

    def test_another_source_has_it(self, reference: Path) -> None:
        (cell,) = compare(frame(row(3, value_max=15.0)), read_reference(reference)).to_dict("records")
        assert cell["seen"] == "other source"

    @pytest.mark.parametrize(
        "other", [{"qualifier": "about"}, {"indicator": "confirmed_new"}, {"region_code": "100000"}, {"date": day(20).date()}]
    )
    def test_what_is_not_compared(self, reference: Path, other: dict[str, object]) -> None:
        assert compare(frame(row(15) | other), read_reference(reference)).empty

    def test_within_the_day(self, reference: Path) -> None:
        assert within_the_day(frame(row(13), row(40)), read_reference(reference)) == (2, 1)


METRICS = pd.DataFrame(
    [{"metric_id": "dxy-1:m5", "doc_id": "dxy-1", "quote": "=累计3例", "char_start": 0, "char_end": 5}]
)
DOCUMENTS = pd.DataFrame([{"doc_id": "dxy-1", "url": "https://example.org/1"}])


class TestReport:
    def made(self, reference: Path, *rows: dict[str, object], metrics: pd.DataFrame = METRICS, **more: object) -> Reconciliation:
        return reconcile(frame(*rows), frame(row(13)), metrics, DOCUMENTS, read_reference(reference), **more)  # type: ignore[arg-type]

    def test_both_shares(self, reference: Path) -> None:
        made = self.made(reference, row(15), row(3, 4), row(20, 5), row(20, 6), row(1, 20))
        assert made.shares().to_numpy().tolist() == [
            ["confirmed_cumulative", "city", 4, 3, 2, 1], ["all", "", 4, 3, 2, 1],
        ]  # fmt: skip
        assert (made.n_absent, made.within) == (1, (1, 1))
        assert r"| all |  | 4 | 3 | 75.0 | 2 | 1 | 50.0 |" in made.to_text()

    def test_csv_runs_no_formula(self, reference: Path) -> None:
        (cells,) = csv.DictReader(io.StringIO(self.made(reference, row(3)).to_csv()))
        assert cells["quote"] == "'=累计3例" and float(cells["size"]) == 12 and cells["date"] == "2020-02-03"
        assert cells["url"] == "https://example.org/1"

    def test_a_withheld_sentence(self, reference: Path) -> None:
        bare = METRICS.assign(quote=None)
        assert self.made(reference, row(3), metrics=bare).differences["quote"].tolist() == ["(characters 0 to 5 of dxy-1)"]
        made = self.made(reference, row(3), metrics=bare.assign(indicator="x", region_code="", value=0.0), texts={"dxy-1": "累计有三例。"})
        assert made.differences["quote"].tolist() == ["累计有三例"]

    def test_markdown_escapes_the_article(self, reference: Path) -> None:
        made = self.made(reference, row(3), metrics=METRICS.assign(quote="a|b <img> `x`\nc"))
        assert r"a\|b &lt;img\> \`x\` c" in made.to_text()

    def test_nothing_in_common(self, reference: Path) -> None:
        made = self.made(reference, row(1, on=20))
        assert made.cells.empty and "No difference" in made.to_text()

    def test_a_page_is_filled(self, reference: Path, readings: Path) -> None:
        made = self.made(reference, row(15), row(90, 4), readings=read_readings(readings))
        page = "# Mine\n\n<!-- begin: readings -->\nold\n<!-- end: readings -->\n\nwords\n"
        filled = made.fill(page)
        assert filled.startswith("# Mine\n\n<!-- begin: readings -->\nOf 1 differences 1 were read by hand")
        assert "1 earlier readings are of differences that are gone." in filled and filled.endswith("-->\n\nwords\n")
        assert "old" not in filled and r"our misreading: a\|cluster" in filled and made.fill(filled) == filled
        with pytest.raises(ValueError, match="nothing to fill 'recall' with"):
            made.fill(page.replace("readings", "recall"))


READINGS = "date,region_code,region_name,indicator,value,reference,verdict,why,doc_id\n"


@pytest.fixture
def readings(tmp_path: Path) -> Path:
    path = tmp_path / "readings.csv"
    path.write_text(
        READINGS
        + "2020-02-04,371500,聊城市,confirmed_cumulative,90,20,misreading,a|cluster,dxy-1\n"
        + "2020-02-04,371500,聊城市,confirmed_cumulative,91,20,misreading,another value,dxy-1\n",
        encoding="utf-8",
    )
    return path


class TestReadings:
    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("date,region_code\n", "no column indicator"),
            (READINGS + "yesterday,371500,聊城市,confirmed_cumulative,1,2,misreading,,dxy-1\n", "line 2: no day"),
            (READINGS + "2020-02-04,371500,聊城市,confirmed_cumulative,1,2,no idea,,dxy-1\n", "line 2: the verdict is another_hour"),
        ],
    )
    def test_what_is_no_reading(self, text: str, fault: str, tmp_path: Path) -> None:
        path = tmp_path / "readings.csv"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=fault):
            read_readings(path)

    def test_the_committed_ones_are_read(self) -> None:
        found = read_readings(ROOT / "docs" / "reconciliation-readings.csv")
        assert len(found) > 10
        assert not found.duplicated(["date", "region_code", "indicator", "value", "reference"]).any()


class TestRun:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "tables"
        folder.mkdir()
        for name in ("metrics", "documents", "city_intraday"):
            pq.write_table(arrow_schema(name).empty_table(), folder / f"{name}.parquet")
        pq.write_table(pa.Table.from_pylist([row(15), row(90, 4)], schema=arrow_schema("city_by_date")), folder / "city_by_date.parquet")
        return folder

    def test_printed(self, folder: Path, reference: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_reconcile(folder, reference) == 0
        assert "| city | 2 | 1 | 50.0 |" in capsys.readouterr().out

    @pytest.mark.parametrize(("name", "start"), [("r.csv", "region_code,"), ("r.md", "# Recon"), ("r.txt", "# Recon")])
    def test_written(self, folder: Path, reference: Path, tmp_path: Path, name: str, start: str) -> None:
        assert run_reconcile(folder, reference, tmp_path / name) == 0
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)

    def test_nothing_to_compare(self, folder: Path, tmp_path: Path) -> None:
        path = write_reference(tmp_path / "empty.csv")
        assert run_reconcile(folder, path, tmp_path / "r.txt") == 4


@pytest.mark.skipif(not (SHARED / "eval" / "fair.py").is_file(), reason="no ../shared: the other comparison is not here")
def test_the_shares_are_those_of_another_program(tmp_path: Path) -> None:
    """Tables made from the reference, some of them wrong or a day late, compared by us and by a script of others."""
    csv_file = SHARED / "reference" / "city_counts.csv"
    read = read_reference(csv_file)
    wild = random.Random(1)
    rows = []
    for cell in read.sample(3000, random_state=1).itertuples():
        value = cell.reference if wild.random() < 0.9 else cell.before if wild.random() < 0.5 else cell.reference + 1
        rows.append(row(value, indicator=cell.indicator, region_code=cell.region_code, date=cell.date.date()))
    made = pd.DataFrame(rows).dropna(subset="value")
    pq.write_table(pa.Table.from_pandas(made, preserve_index=False), tmp_path / "city_by_date.parquet")
    theirs = subprocess.run(
        [sys.executable, str(SHARED / "eval" / "fair.py"), str(tmp_path), str(csv_file)], capture_output=True, encoding="utf-8", check=True
    ).stdout.splitlines()[-1]
    cells = compare(made, read)
    moving = cells[cells["moves"]]
    ours = f"{cells['agrees'].mean():.4f} of {len(cells)}; where the reference moves {moving['agrees'].mean():.4f} of {len(moving)}"
    assert theirs.split(maxsplit=1)[1].strip() == ours and len(moving) > 400
