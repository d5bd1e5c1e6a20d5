"""Export: the same values in every format, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import datetime as dt
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tools
from covid_timeline.tables import export as exporting
from covid_timeline.tables.export import ExportError, export
from covid_timeline.tables.manifest import ChecksumError
from covid_timeline.tables.schema import TABLES
from covid_timeline.tables.workspace import InUseError, claimed
from covid_timeline.text.shown import RUNNABLE, neutralise, restore
from tests.world import World, write_world

RUN = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "　=1",
    "＝1",
    "－1",
    "'=1",
    '=HYPERLINK("http://x","y")',
    *(f"{blank}=1" for blank in "\u2003\u200b\ufeff\u2028\u2029\u0085\u00ad\u2060\u3164\x0b\x0c\x00\x7f"),
    *(f"{sign}1" for sign in "﹦＋﹢－﹣−＠﹫⁺"),
    "\u2028例",
    "\x00",
]
KEPT = ["新增3例", "a=1", "'quoted'", "", "3-5例", "“=”", "371500"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Small tables whose texts try to be formulas."""
    made = tmp_path / "tables"
    made.mkdir()
    world = World()
    for row, text in zip(world.rows["metrics"], [*RUN, *KEPT], strict=False):
        row["measure"] = text
    world.rows["documents"][0]["title"] = '标题,带"引号"\n和换行'
    world.rows["documents"][1]["title"] = ""
    world.rows["metrics"][0]["value"] = 50_680_000_000.0
    world.rows["metrics"][6]["value"] = -4.6
    write_world(world, made)
    return made


def rows_of(folder: Path, table: str) -> list[dict[str, Any]]:
    return pq.ParquetFile(folder / f"{table}.parquet").read().to_pylist()


class TestNeutralise:
    @pytest.mark.parametrize("text", RUN)
    def test_what_would_run(self, text: str) -> None:
        assert neutralise(text) == "'" + text and restore(neutralise(text)) == text

    @pytest.mark.parametrize("text", KEPT)
    def test_what_would_not(self, text: str) -> None:
        assert neutralise(text) == text and restore(text) == text

    @given(st.text(alphabet="'=+-@ \t\n\r　＝ab1例") | st.text())
    def test_there_and_back(self, text: str) -> None:
        assert restore(neutralise(text)) == text

    @given(st.text())
    def test_arrow_and_python_agree(self, text: str) -> None:
        sound = text.encode("utf-8", "replace").decode()
        assert pc.match_substring_regex(pa.array([sound]), RUNNABLE)[0].as_py() == (neutralise(sound) != sound)


class TestCsv:
    @pytest.fixture
    def rows(self, folder: Path, tmp_path: Path) -> Iterator[dict[str, list[dict[str, str]]]]:
        read = {}
        for path in export(folder, "csv", tmp_path / "out"):
            with path.open(encoding="utf-8", newline="") as file:
                read[path.stem] = list(csv.DictReader(file))
        yield read

    def test_every_table(self, rows: dict[str, Any], folder: Path) -> None:
        assert rows.keys() == TABLES.keys()
        assert all(len(rows[t]) == len(rows_of(folder, t)) for t in rows)

    def test_texts_are_safe_and_numbers_are_numbers(self, rows: dict[str, Any]) -> None:
        measures = [row["measure"] for row in rows["metrics"]]
        assert measures[0] == "'=1+1" and not any(
            m.lstrip(" 　")[:1] in set("=+-@＝－\t\r\n") and m for m in measures
        )
        assert (rows["metrics"][0]["value"], rows["metrics"][6]["value"]) == ("50680000000", "-4.6")
        assert rows["documents"][0]["title"] == '标题,带"引号"\n和换行'
        assert (rows["documents"][0]["published_at"], rows["documents"][0]["may_republish"]) == (
            "2020-02-04 09:00:00",
            "true",
        )

    def test_bom(self, folder: Path, tmp_path: Path) -> None:
        with_bom = export(folder, "csv", tmp_path / "a", names=["regions"], bom=True)[0].read_bytes()
        without = export(folder, "csv", tmp_path / "b", names=["regions"])[0].read_bytes()
        assert with_bom == b"\xef\xbb\xbf" + without and not without.startswith(b"\xef")

    def test_null_and_empty_differ(self, folder: Path, tmp_path: Path) -> None:
        text = export(folder, "csv", tmp_path / "a", names=["documents"])[0].read_text(encoding="utf-8")
        assert ',"",,2020-02-04 09:00:00' in text


class TestXlsx:
    def test_values_and_types(self, folder: Path, tmp_path: Path) -> None:
        openpyxl = tools.module("openpyxl", tools.extra("excel"))
        [path] = export(folder, "xlsx", tmp_path / "out.xlsx")
        book = openpyxl.load_workbook(path)
        assert book.sheetnames == list(TABLES)
        cells = list(book["metrics"].iter_rows())
        names = [cell.value for cell in cells[0]]
        assert not any(cell.data_type == "f" for row in cells for cell in row)
        first = dict(zip(names, cells[1], strict=True))
        assert first["measure"].value == "'=1+1" and first["value"].data_type == "n"
        assert first["value"].value == 50_680_000_000 and first["quote"].value == "全市新增确诊病例3例"
        assert (
            first["date_end"].value == dt.datetime.fromisoformat("2020-02-03")
            and first["part_of"].value is None
        )
        book.close()

    def test_same_bytes(self, folder: Path, tmp_path: Path) -> None:
        tools.module("openpyxl", tools.extra("excel"))
        once, again = (export(folder, "xlsx", tmp_path / f"{n}.xlsx")[0].read_bytes() for n in "ab")
        assert once == again

    def test_what_xml_cannot_hold(self, tmp_path: Path) -> None:
        openpyxl = tools.module("openpyxl", tools.extra("excel"))
        world = World()
        world.rows["documents"][0] |= {"title": "响\x07铃", "source": "长" * 40_000}
        (tmp_path / "t").mkdir()
        write_world(world, tmp_path / "t")
        book = openpyxl.load_workbook(export(tmp_path / "t", "xlsx", tmp_path / "out.xlsx")[0])
        sheet = book["documents"]
        first = dict(zip([c.value for c in sheet[1]], [c.value for c in sheet[2]], strict=True))
        assert first["title"] == "响\\x07铃" and len(first["source"]) == 32_767
        book.close()

    def test_too_long_for_a_sheet(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tools.module("openpyxl", tools.extra("excel"))
        monkeypatch.setattr(exporting, "SHEET_ROWS", 10)
        with pytest.raises(ExportError, match="metrics has 10 rows, more than a sheet"):
            export(folder, "xlsx", tmp_path / "out.xlsx")
        assert not list(tmp_path.glob("*.xlsx")) and not list(tmp_path.glob(".export-*"))


class TestDatabases:
    def test_duckdb(self, folder: Path, tmp_path: Path) -> None:
        duckdb = tools.module("duckdb", tools.extra("duckdb"))
        [path] = export(folder, "duckdb", tmp_path / "out.duckdb")
        with duckdb.connect(str(path), read_only=True) as connection:
            for name in TABLES:
                frame = connection.sql(f"SELECT * FROM {name}").to_arrow_table()
                assert frame.to_pylist() == rows_of(folder, name)
            about = connection.execute(
                "SELECT comment FROM duckdb_columns() WHERE column_name = 'measure'"
            ).fetchone()
            assert about == (TABLES["metrics"].column("measure").field.description,)

    def test_sqlite(self, folder: Path, tmp_path: Path) -> None:
        [path] = export(folder, "sqlite", tmp_path / "out.sqlite")
        connection = sqlite3.connect(path)
        try:
            got = connection.execute(
                "SELECT metric_id, value, measure, date_end, part_of, typeof(value) FROM metrics"
            ).fetchall()
        finally:
            connection.close()
        expected = [
            (r["metric_id"], r["value"], r["measure"], r["date_end"].isoformat(), r["part_of"], "real")
            for r in rows_of(folder, "metrics")
        ]
        assert got == expected

    def test_an_earlier_file_is_replaced(self, folder: Path, tmp_path: Path) -> None:
        for _ in range(2):
            export(folder, "sqlite", tmp_path / "out.sqlite", names=["regions"])
        assert sorted(p.name for p in tmp_path.iterdir()) == ["out.sqlite", "tables"]


class TestRefusals:
    def test_what_is_not_there(self, folder: Path, tmp_path: Path) -> None:
        for arguments, said in [
            ((folder, "ods", tmp_path / "x"), "'ods' is no format"),
            ((tmp_path, "csv", tmp_path / "x"), "holds no table of the schema"),
        ]:
            with pytest.raises(ExportError, match=said):
                export(*arguments)
        with pytest.raises(ExportError, match="no such table: people"):
            export(folder, "csv", tmp_path / "x", names=["people"])

    def test_a_changed_file(self, folder: Path, tmp_path: Path) -> None:
        data = bytearray((folder / "metrics.parquet").read_bytes())
        data[len(data) // 2] ^= 1
        (folder / "metrics.parquet").write_bytes(data)
        with pytest.raises(ChecksumError, match="SHA-256"):
            export(folder, "csv", tmp_path / "x")

    @pytest.mark.parametrize(("to", "package"), [("xlsx", "openpyxl"), ("duckdb", "duckdb")])
    def test_a_missing_package(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str, package: str
    ) -> None:
        for name in [m for m in sys.modules if m.partition(".")[0] == package]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(ExportError, match=rf"needs {package}: pip install {package}"):
            export(folder, to, tmp_path / "out")


HOSTILE_COLUMNS = ["=cmd|'/c calc'!A0", 'ev"il), (1);--', "\u2003+1", "a,b", "DROP TABLE metrics"]


class TestStrangers:
    @pytest.fixture
    def strange(self, tmp_path: Path) -> Path:
        """Tables without a manifest, one with columns of its own."""
        made = tmp_path / "tables"
        made.mkdir()
        write_world(World(), made)
        (made / "manifest.json").unlink(missing_ok=True)
        table = pq.read_table(made / "metrics.parquet")
        for name in HOSTILE_COLUMNS:
            table = table.append_column(name, pa.array(["=1"] * len(table)))
        pq.write_table(table, made / "metrics.parquet")
        return made

    def test_names_of_columns_are_data(self, strange: Path, tmp_path: Path) -> None:
        [path] = export(strange, "csv", tmp_path / "csv", names=["metrics"])
        with path.open(encoding="utf-8", newline="") as file:
            header, first, *_ = list(csv.reader(file))
        assert [restore(name) for name in header[-5:]] == HOSTILE_COLUMNS
        assert not any(name.startswith(("=", "+", "-", "@", "\u2003")) for name in header) and first[-1] == "'=1"
        [path] = export(strange, "sqlite", tmp_path / "x.sqlite", names=["metrics"])
        connection = sqlite3.connect(path)
        assert [row[1] for row in connection.execute("PRAGMA table_info(metrics)")][-5:] == HOSTILE_COLUMNS
        connection.close()

    @pytest.mark.parametrize("name", ["x[1]", "st*r", "q?", "it's", 'a"b', "{a,b}"])
    def test_the_name_of_the_folder_is_data(self, strange: Path, tmp_path: Path, name: str) -> None:
        duckdb = tools.module("duckdb", tools.extra("duckdb"))
        for decoy in ("x1", "star", "stxr", "qq", "a", "b"):
            (tmp_path / decoy).mkdir()
            shutil.copy(strange / "documents.parquet", tmp_path / decoy)
        strange.rename(tmp_path / name)
        [path] = export(tmp_path / name, "duckdb", tmp_path / "out.duckdb")
        connection = duckdb.connect(str(path), read_only=True)
        rows = connection.execute("SELECT count(*) FROM documents").fetchone()
        columns = [row[0] for row in connection.execute("DESCRIBE metrics").fetchall()]
        connection.close()
        assert rows == (pq.read_metadata(tmp_path / name / "documents.parquet").num_rows,)
        assert columns[-5:] == HOSTILE_COLUMNS

    def test_a_second_export_of_the_same_file(self, strange: Path, tmp_path: Path) -> None:
        with claimed(tmp_path / ".x.sqlite.export"), pytest.raises(InUseError, match="in use by process"):
            export(strange, "sqlite", tmp_path / "x.sqlite")
        assert not list(tmp_path.glob(".x*"))
        (tmp_path / ".x.sqlite.export" / ".work").mkdir(parents=True)  # left by one that was killed
        export(strange, "sqlite", tmp_path / "x.sqlite")
        assert not list(tmp_path.glob(".x*"))
