"""Validation: every check can fail and pass, and damaged tables are caught by the check that should catch them."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covid_timeline.checks.command import run_validate
from covid_timeline.checks.files import read_texts, validate
from covid_timeline.checks.registry import CHECKS
from covid_timeline.checks.run import check_tables
from covid_timeline.tables.export import export
from covid_timeline.tables.frames import to_frame
from covid_timeline.tables.manifest import MANIFEST, data_path
from covid_timeline.tables.reports import FORMATS, Report
from covid_timeline.tables.schema import TABLES, arrow_schema
from covid_timeline.testing import assert_valid
from tests.world import World, write_world

PUBLISHED = data_path()


def failed(report: Report) -> set[str]:
    return {o.check for o in report.outcomes if o.n_failed}


def run(*paths: Path | str, **options: Any) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = run_validate([str(p) for p in paths], stdout=out, stderr=err, environ={}, **options)
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A folder of small sound tables with a manifest, and its texts beside it."""
    folder = tmp_path / "processed"
    folder.mkdir()
    world = World()
    write_world(world, folder)
    (tmp_path / "raw").mkdir()
    for doc, text in world.texts.items():
        (tmp_path / "raw" / f"{doc}.txt").write_bytes(text.encode())
    return folder


class TestCatalogue:
    def test_contract_section_3_is_covered(self) -> None:
        """Each clause of the section, and the checks that watch it."""
        clauses = {
            "types": {f"{t}.types" for t in TABLES},
            "nullability": {f"{t}.nulls" for t in TABLES},
            "vocabularies": {
                f"{t}.vocabulary" for t in TABLES if any(c.field.vocabulary for c in TABLES[t].columns)
            },
            "unique keys": {f"{t}.key_unique" for t in TABLES},
            "resolving keys": {
                f"{t.name}.{c.name}_resolves" for t in TABLES.values() for c in t.columns if c.foreign_key
            },
            "quote is the raw slice": {
                f"{t}.quote_in_document" for t in ("dates", "events", "metrics", "rejected")
            },
            "value_quote in quote": {"metrics.value_quote_in_quote"},
            "value, unit, qualifier reread": {"metrics.value_rereads"},
            "date_start <= date_end": {f"{t}.date_order" for t in ("dates", "events", "metrics")},
            "percent in range": {"metrics.percent_in_range"},
            "counts whole, not negative": {"metrics.count_is_whole", "metrics.not_negative"},
            "unit fits indicator": {"metrics.unit_fits_indicator"},
            "cumulative series": {"metrics.cumulative_falls", "city_by_date.cumulative_falls"},
            "recovered + deaths": {
                "metrics.outcomes_exceed_confirmed",
                "city_by_date.outcomes_exceed_confirmed",
            },
            "breakdowns": {
                "metrics.part_exceeds_whole",
                "metrics.parts_exceed_whole",
                "metrics.parts_short_of_whole",
            },
            "rates": {"metrics.rate_against_counts"},
        }
        for clause, checks in clauses.items():
            assert checks <= CHECKS.keys(), clause

    def test_what_articles_may_say_against_reason_is_no_error(self) -> None:
        stated = {c.what for c in CHECKS.values() if c.group == "contradiction"} - {"date_order"}
        assert len(stated) == 16
        assert all(c.severity == "warning" for c in CHECKS.values() if c.what in stated or "stated" in c.what)


# --- damage -------------------------------------------------------------------------------------------------------


def rewrite(folder: Path, table: str, change: Callable[[pa.Table], pa.Table]) -> None:
    """Change a published table and let the manifest follow, so that only the contents are at fault."""
    path = folder / f"{table}.parquet"
    changed = change(pq.ParquetFile(path).read())
    pq.write_table(changed, path)
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    data = path.read_bytes()
    manifest["files"][path.name] = {
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "rows": len(changed),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def with_cell(table: pa.Table, column: str, row: int, value: Any) -> pa.Table:
    values = table.column(column).to_pylist()
    values[row] = value
    at = table.schema.get_field_index(column)
    field = table.schema.field(at).with_nullable(True)
    return table.set_column(at, field, pa.array(values, field.type))


def flip(folder: Path, table: str) -> None:
    path = folder / f"{table}.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x01
    path.write_bytes(data)


def truncate(folder: Path, table: str) -> None:
    path = folder / f"{table}.parquet"
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])


def drop_column(folder: Path, table: str) -> None:
    rewrite(folder, table, lambda t: t.drop_columns([TABLES[table].names[-1]]))


def wrong_type(folder: Path, table: str) -> None:
    def change(t: pa.Table) -> pa.Table:
        column = next(
            (c.name for c in TABLES[table].columns if c.type in ("int64", "float64")), TABLES[table].names[-1]
        )
        at = t.schema.get_field_index(column)
        cast = t.column(column).cast(pa.string() if t.schema.field(at).type != pa.string() else pa.binary())
        return t.set_column(at, column, cast)

    rewrite(folder, table, change)


def null_key(folder: Path, table: str) -> None:
    rewrite(folder, table, lambda t: with_cell(t, TABLES[table].primary_key[0], 0, None))


def orphan(folder: Path, table: str) -> None:
    column = next(c for c in TABLES[table].columns if c.foreign_key)
    other = "999999" if column.foreign_key == ("regions", "region_code") else "no such id"
    rewrite(folder, table, lambda t: with_cell(t, column.name, 0, other))


def shifted(start: str, end: str) -> Callable[[Path, str], None]:
    def damage(folder: Path, table: str) -> None:
        def change(t: pa.Table) -> pa.Table:
            for column in (start, end):
                t = with_cell(t, column, 0, t.column(column)[0].as_py() + 1)
            return t

        rewrite(folder, table, change)

    return damage


def tenfold(folder: Path, table: str) -> None:
    def change(t: pa.Table) -> pa.Table:
        row = pc.index(pc.and_(pc.greater(t["value"], 0), t["value_quote"].is_valid()), True).as_py()
        return with_cell(t, "value", row, t["value"][row].as_py() * 10)

    rewrite(folder, table, change)


def percent_170(folder: Path, table: str) -> None:
    def change(t: pa.Table) -> pa.Table:
        row = pc.index(
            pc.is_in(t["indicator"], pa.array(["recovery_rate", "firms_resumption_rate"])), True
        ).as_py()
        return with_cell(t, "value", row, 170.0)

    rewrite(folder, table, change)


KEYED = [t.name for t in TABLES.values() if any(c.foreign_key and not c.nullable for c in t.columns)]
EXTRACTED = ("dates", "events", "metrics", "rejected")
DAMAGE = [
    *[(t, flip, "file_checksum") for t in TABLES],
    *[(t, truncate, "file_readable") for t in TABLES],
    *[(t, drop_column, "columns") for t in TABLES],
    *[(t, wrong_type, "types") for t in TABLES],
    *[(t, null_key, "nulls") for t in TABLES],
    *[(t, orphan, f"{next(c.name for c in TABLES[t].columns if c.foreign_key)}_resolves") for t in TABLES if any(c.foreign_key for c in TABLES[t].columns)],
    *[(t, shifted("char_start", "char_end"), "quote_in_document") for t in EXTRACTED],
    ("metrics", shifted("value_char_start", "value_char_end"), "value_quote_in_quote"),
    ("events", shifted("date_char_start", "date_char_end"), "quote_in_document"),
    ("metrics", tenfold, "value_rereads"),
    ("metrics", percent_170, "percent_in_range"),
]  # fmt: skip


def with_a_row(folder: Path, table: str) -> bool:
    return bool(pq.read_metadata(folder / f"{table}.parquet").num_rows)


class TestDamage:
    @pytest.mark.parametrize(("table", "damage", "check"), DAMAGE, ids=lambda v: getattr(v, "__name__", v))
    def test_small_tables(
        self, sound: Path, table: str, damage: Callable[[Path, str], None], check: str
    ) -> None:
        damage(sound, table)
        code, out, _ = run(sound)
        assert code in (1, 3) and f"error {table}.{check} " in out

    @pytest.mark.skipif(not (PUBLISHED / MANIFEST).exists(), reason="no published tables here yet")
    @pytest.mark.parametrize(("table", "damage", "check"), DAMAGE, ids=lambda v: getattr(v, "__name__", v))
    def test_published_tables(
        self, tmp_path: Path, table: str, damage: Callable[[Path, str], None], check: str
    ) -> None:
        folder = tmp_path / "processed"
        shutil.copytree(PUBLISHED, folder)
        if damage not in (flip, truncate, drop_column, wrong_type) and not with_a_row(folder, table):
            pytest.skip(f"{table} has no row to damage")
        damage(folder, table)
        raw = PUBLISHED.parent / "raw"
        report = validate(folder, texts=raw if raw.is_dir() else None)
        if check == "quote_in_document" and not raw.is_dir():
            pytest.skip("the raw texts are not here")
        assert f"{table}.{check}" in failed(report)
        assert report.exit_code in (1, 3)

    @pytest.mark.skipif(not (PUBLISHED / MANIFEST).exists(), reason="no published tables here yet")
    def test_published_tables_are_valid(self) -> None:
        raw = PUBLISHED.parent / "raw"
        assert_valid(PUBLISHED, texts=raw if raw.is_dir() else None)

    def test_a_falling_series_is_named_and_passes_when_corrected(self, sound: Path) -> None:
        rewrite(sound, "metrics", lambda t: with_cell(t, "value", 7, 30.0))
        assert "metrics.cumulative_falls" in failed(validate(sound, stages=["tables"]))
        assert run(sound, stages=["tables"], fail_on="warning")[0] == 1
        rewrite(sound, "metrics", lambda t: with_cell(t, "is_correction", 7, True))
        assert "metrics.cumulative_falls" not in failed(validate(sound, stages=["tables"]))

    def test_page_checksums_catch_a_flipped_byte_without_a_manifest(self, sound: Path) -> None:
        path = sound / "metrics.parquet"
        footer = int.from_bytes(path.read_bytes()[-8:-4], "little")
        data = bytearray(path.read_bytes())
        data[(len(data) - footer) // 2] ^= 0x01
        path.write_bytes(data)
        assert "metrics.file_readable" in failed(validate(path))

    def test_a_file_gone_missing(self, sound: Path) -> None:
        (sound / "events.parquet").unlink()
        assert "events.file_present" in failed(validate(sound))
        assert run(sound)[0] == 1

    def test_a_raw_text_that_changed(self, sound: Path) -> None:
        (sound.parent / "raw" / "a.txt").write_bytes("另一篇".encode())
        report = validate(sound)
        assert failed(report) == {"documents.sha256_matches"}

    def test_every_failing_row_is_to_be_had(self) -> None:
        world = World()
        world.rows["metrics"] = [
            {**world.rows["metrics"][3], "metric_id": f"a:m{i}", "value": 380.0, "event_id": None}
            for i in range(40)
        ]
        report = check_tables(world.build())
        outcome = next(o for o in report.failures if o.check == "metrics.value_rereads")
        assert (outcome.n, outcome.n_failed, len(outcome.samples), len(outcome.fingerprints)) == (40, 40, 40, 40)
        cases = report.failure_cases
        assert cases.loc[cases["check"] == outcome.check, "row"].tolist() == [f"a:m{i}" for i in range(40)]
        assert "  - and 35 more" in str(report)
        assert outcome.samples[0].sentence == "全市累计确诊病例【38例】"
        assert "reads as 38" in outcome.samples[0].found


class TestFailureNamesTheCharacters:
    def test_with_the_texts(self, sound: Path) -> None:
        rewrite(sound, "metrics", lambda t: with_cell(t, "value", 3, 380.0))
        report = validate(sound)
        sample = next(o for o in report.failures if o.check == "metrics.value_rereads").samples[0]
        place = sample.place
        assert place is not None and place.file is not None and place.file.endswith("raw/a.txt")
        text = (sound.parent / "raw" / "a.txt").read_text(encoding="utf-8")
        assert text[place.char_start : place.char_end] == "38例" and place.line == 1
        assert (
            sample.sentence
            and "【38例】" in sample.sentence
            and sample.row == "a:cum"
            and sample.value == "380"
        )


# --- what is taken -------------------------------------------------------------------------------------------------


class TestForms:
    def test_a_sound_folder(self, sound: Path) -> None:
        code, out, err = run(sound)
        assert (code, err) == (0, "") and out.startswith("VALID: no failure; ")

    def test_one_file(self, sound: Path) -> None:
        report = assert_valid(sound / "metrics.parquet")
        skipped = {o.check: o.reason for o in report.outcomes if o.status == "skipped"}
        assert skipped["metrics.event_id_resolves"] == "there is no table events"

    def test_a_file_of_another_name_is_known_by_its_columns(self, sound: Path, tmp_path: Path) -> None:
        pq.write_table(
            pq.ParquetFile(sound / "metrics.parquet").read().replace_schema_metadata(None),
            tmp_path / "mine.parquet",
        )
        assert assert_valid(tmp_path / "mine.parquet").rows == {"metrics": 10}

    def test_csv_round_trip(self, sound: Path, tmp_path: Path) -> None:
        for bom in (False, True):
            out = tmp_path / f"csv{bom}"
            export(sound, "csv", out, bom=bom)
            report = assert_valid(out, texts=World().texts)
            assert report.rows == validate(sound).rows

    def test_csv_cells_that_do_not_read(self, sound: Path, tmp_path: Path) -> None:
        export(sound, "csv", tmp_path / "csv")
        path = tmp_path / "csv" / "metrics.csv"
        path.write_text(
            path.read_text(encoding="utf-8").replace("2020-02-04", "2020-02-30"), encoding="utf-8"
        )
        report = validate(path)
        outcome = next(o for o in report.failures if o.check == "metrics.types")
        assert outcome.n_failed == 3 and "'2020-02-30' where date32 is expected" in outcome.samples[0].found
        assert "metrics.nulls" not in failed(report)

    def test_pandas_frames(self) -> None:
        tables = {name: to_frame(table) for name, table in World().build().items()}
        assert check_tables(tables, World().texts).verdict == "valid"

    def test_facts_without_sentences(self) -> None:
        world = World()
        for document in world.rows["documents"]:
            document["may_republish"] = False
        for name in EXTRACTED:
            for row in world.rows[name]:
                row.update({c.name: None for c in TABLES[name].columns if c.withheld})
        report = check_tables(world.build(), world.texts)
        assert report.verdict == "valid" and not report.failures
        world.rows["metrics"][6]["value"] = 170.0  # no quote is left that could say so
        assert "metrics.percent_in_range" in failed(check_tables(world.build()))

    def test_withheld_words_without_leave(self) -> None:
        world = World()
        world.rows["metrics"][0]["quote"] = None
        assert "metrics.words_withheld_only_where_told" in failed(check_tables(world.build()))

    def test_what_an_article_states_is_a_warning(self) -> None:
        world = World()
        world.rows["metrics"][6] |= {"value": 170.0, "value_quote": "170%"}
        report = check_tables(world.build(), stages=["rows"])
        assert "metrics.percent_in_range" not in failed(report)
        assert "metrics.percent_stated_out_of_range" in failed(report)

    def test_traditional_noisy_quotes_reread(self) -> None:
        world = World()
        world.rows["metrics"][3] |= {
            "value": 3.0,
            "unit": "hour",
            "indicator": "other",
            "value_quote": "３小時(shí)"[:3],
            "part_of": None,
        }
        assert "metrics.value_rereads" not in failed(check_tables(world.build(), stages=["rows"]))

    def test_parts_of_a_table_are_one_table(self, sound: Path, tmp_path: Path) -> None:
        table = pq.ParquetFile(sound / "metrics.parquet").read()
        for folder, names in (("metrics.parquet", ("part-0", "part-1")), ("spark", ("part-00000-x", "part-00001-x"))):
            inside = tmp_path / "mine" / folder if folder != "spark" else tmp_path / folder
            inside.mkdir(parents=True)
            for i, name in enumerate(names):
                pq.write_table(table.slice(i * 5, 5).replace_schema_metadata(None), inside / f"{name}.parquet")
        assert assert_valid(tmp_path / "mine").rows == {"metrics": 10}
        assert assert_valid(tmp_path / "spark").rows == {"metrics": 10}

    def test_an_unknown_table_is_told_what_it_lacks(self, tmp_path: Path) -> None:
        path = tmp_path / "mine.csv"
        path.write_text("region_code,date,confirmed\n371500,2020-02-03,38\n", encoding="utf-8")
        code, out, _ = run(path)
        assert code == 3 and "the nearest is coverage, of which it has region_code, date and lacks n_documents, n_metrics" in out.splitlines()[0]

    def test_jsonl_texts(self, tmp_path: Path) -> None:
        path = tmp_path / "texts.jsonl"
        path.write_text(
            "".join(json.dumps({"doc_id": d, "text": t}) + "\n" for d, t in World().texts.items())
        )
        assert read_texts(path, None).texts == World().texts

    def test_stages(self, sound: Path) -> None:
        assert {o.stage for o in validate(sound, stages=["keys"]).outcomes} == {"keys"}
        with pytest.raises(ValueError, match="no such stage: lunch"):
            validate(sound, stages=["lunch"])


class TestReversedRanges:
    def test_read_wrongly(self) -> None:
        world = World()
        world.rows["events"][0]["date_start"] = dt.date(2020, 2, 9)
        assert "events.date_order" in failed(check_tables(world.build()))

    def test_stated_so(self) -> None:
        world = World()
        for row in (world.rows["dates"][0], world.rows["events"][0]):
            row |= {"date_start": dt.date(2020, 2, 9), "precision": "range"}
        found = failed(check_tables(world.build()))
        assert "events.date_order" not in found and "events.reversed_period" in found


class TestBreakdowns:
    """Which totals are compared, and which are left alone."""

    @pytest.mark.parametrize(
        ("text", "regions", "expected"),
        [
            ("确诊5例,甲区2例、乙区1例。", ("371502", "371581"), True),
            ("确诊5例,甲区2例、乙区3例。", ("371502", "371581"), False),
            ("确诊5例,其中甲区2例、乙区1例。", ("371502", "371581"), False),  # 其中 need not list all
            ("确诊5例,甲区2例、乙区1例等。", ("371502", "371581"), False),
        ],
    )
    def test_lists_all(self, text: str, regions: tuple[str, str], expected: bool) -> None:
        world = World()
        world.texts["a"] = text
        world.rows["documents"][0]["n_chars"] = len(text)
        shared = {k: world.rows["metrics"][0][k] for k in world.rows["metrics"][0]}
        rows = []
        for i, (quoted, region) in enumerate(
            zip(("5例", "2例", text.split("乙区")[1][:2]), ("371500", *regions), strict=True)
        ):
            at = text.rindex(quoted) if i == 2 else text.index(quoted)
            rows.append(
                shared | {"metric_id": f"a:m{i}", "value": float(quoted[0]), "value_quote": quoted, "value_char_start": at,
                          "value_char_end": at + 2, "region_code": region, "region_level": "prefecture" if i == 0 else "county",
                          "part_of": "a:m0" if i else None}
            )  # fmt: skip
        world.rows["metrics"] = rows
        report = check_tables(world.build(), world.texts, stages=["tables"])
        assert ("metrics.parts_short_of_whole" in failed(report)) is expected

    def test_things_counted_unlike_are_no_parts(self) -> None:
        world = World()
        world.rows["metrics"][0] |= {
            "unit": "item",
            "value": 28.0,
            "value_quote": "28种",
            "indicator": "goods_quantity",
        }
        world.rows["metrics"][1] |= {
            "unit": "item",
            "value": 52180.0,
            "value_quote": "52180个",
            "indicator": "masks",
        }
        assert "metrics.part_exceeds_whole" not in failed(check_tables(world.build(), stages=["tables"]))


CELLS: dict[str, st.SearchStrategy[Any]] = {
    "string": st.none()
    | st.text(max_size=8)
    | st.sampled_from(["371500", "other", "confirmed_cumulative", "a:cum", "24:00", "百分之", "exact"]),
    "bool": st.none() | st.booleans(),
    "int64": st.none() | st.integers(-(2**63), 2**63 - 1),
    "float64": st.none() | st.floats(),
    "date32": st.none() | st.dates(),
    "timestamp[us]": st.none() | st.datetimes(),
}


@st.composite
def damage_anywhere(draw: st.DrawFn) -> list[tuple[str, int, str, Any]]:
    """Up to eight cells with any value of their type."""
    cells = []
    for _ in range(draw(st.integers(1, 8))):
        table = draw(st.sampled_from(list(TABLES)))
        column = draw(st.sampled_from(TABLES[table].columns))
        cells.append((table, draw(st.integers(0, 9)), column.name, draw(CELLS[column.type])))
    return cells


class TestAnyTables:
    @settings(max_examples=settings.default.max_examples // 10)
    @given(damage_anywhere())
    def test_never_raises_and_every_form_can_tell(self, cells: list[tuple[str, int, str, Any]]) -> None:
        world = World()
        for table, row, column, value in cells:
            rows = world.rows[table]
            rows[row % len(rows)][column] = value
        try:
            tables = world.build()
        except UnicodeEncodeError:  # half a character: no Arrow table can hold it
            return
        report = check_tables(tables, world.texts)
        for form in FORMATS.values():
            form(report).encode("utf-8")

    @settings(max_examples=settings.default.max_examples // 10)
    @given(
        st.lists(st.sampled_from([(t, c) for t in TABLES for c in TABLES[t].names]), max_size=12),
        st.sets(st.sampled_from(list(TABLES))),
    )
    def test_any_columns_and_tables_may_be_missing(self, gone: list[tuple[str, str]], kept: set[str]) -> None:
        tables = {name: table for name, table in World().build().items() if name in kept}
        for name, column in gone:
            if name in tables and column in tables[name].schema.names and len(tables[name].schema.names) > 1:
                tables[name] = tables[name].drop_columns([column])
        str(check_tables(tables, World().texts))


# --- bad input -----------------------------------------------------------------------------------------------------


def lying_footer(path: Path) -> None:
    """A footer whose row group claims more rows than its pages hold."""
    table = pa.table({"doc_id": ["a"] * 3})
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="none", use_dictionary=False, write_statistics=False)
    data = bytearray(sink.getvalue())
    size = int.from_bytes(data[-8:-4], "little")
    footer = data[-8 - size : -8]
    # num_rows is the third field of FileMetaData: 0x16 = field delta 1, i64; 0x06 = zigzag 3.
    at = footer.index(b"\x16\x06")
    footer[at + 1] = 0x7E
    data[-8 - size : -8] = footer
    path.write_bytes(data)


class TestBadInput:
    """One clear sentence and the exit code, never a traceback."""

    @pytest.mark.parametrize(
        ("name", "content", "code", "said"),
        [
            ("metrics.parquet", b"metric_id,value\n", 3, "is not a Parquet file (it starts with"),
            ("metrics.parquet", b"", 3, "it is empty"),
            ("metrics.parquet", b"PAR1 cut", 3, "cut-off Parquet file"),
            ("metrics.parquet", b"PAR1" + b"\0" * 20 + (999_999).to_bytes(4, "little") + b"PAR1", 3, "footer claims more bytes"),
            ("metrics.parquet", b"PAR1" + b"\xff" * 64 + (60).to_bytes(4, "little") + b"PAR1", 3, "damaged Parquet file"),
            ("metrics.csv", "metric_id,quote\na,新增3例\n".encode("gb18030"), 3, "is not UTF-8 (byte 0x"),
            ("metrics.csv", "metric_id,quote\na,b\n".encode("utf-16"), 3, "is not UTF-8 (byte 0xff at position 0)"),
            ("metrics.csv", b"", 3, "is empty"),
            ("metrics.csv", b"metric_id,quote\na\0b,c\n", 3, "NUL bytes"),
            ("metrics.csv", b"metric_id,quote\na,b,c\n", 3, "does not read as CSV"),
            ("people.csv", b"name,age\na,3\n", 3, "the nearest is regions, of which it has name and lacks"),
            ("notes.txt", b"hello", 3, "is neither .parquet nor .csv"),
        ],
    )  # fmt: skip
    def test_files(self, tmp_path: Path, name: str, content: bytes, code: int, said: str) -> None:
        (tmp_path / name).write_bytes(content)
        got, out, _ = run(tmp_path / name)
        assert (got, out.splitlines()[0].startswith("UNREADABLE: ")) == (code, True)
        assert said in out.splitlines()[0]

    def test_a_footer_that_lies(self, tmp_path: Path) -> None:
        lying_footer(tmp_path / "documents.parquet")
        code, out, _ = run(tmp_path / "documents.parquet")
        assert code == 3 and "damaged" in out.splitlines()[0]

    def test_an_empty_folder_and_one_of_strangers(self, tmp_path: Path) -> None:
        assert run(tmp_path)[0] == 4
        (tmp_path / "people.csv").write_text("name,age\na,3\n")
        code, out, _ = run(tmp_path)
        assert code == 4 and "holds no table of the schema" in out and out.startswith("NOTHING CHECKED: ")

    def test_tables_without_rows(self, tmp_path: Path) -> None:
        pq.write_table(arrow_schema("dates").empty_table(), tmp_path / "dates.parquet")
        assert run(tmp_path)[0] == 4

    def test_no_such_path(self, tmp_path: Path) -> None:
        code, out, _ = run(tmp_path / "nowhere")
        assert code == 3 and "does not exist" in out

    def test_a_newer_schema(self, sound: Path) -> None:
        newer = lambda t: t.replace_schema_metadata({"schema_version": "3.0.0"})  # noqa: E731
        rewrite(sound, "metrics", newer)
        code, out, _ = run(sound)
        assert code == 3 and out.startswith(
            "UNREADABLE: metrics.parquet has schema version 3.0.0, newer than"
        )

    def test_a_damaged_manifest(self, sound: Path) -> None:
        (sound / MANIFEST).write_text("{", encoding="utf-8")
        code, out, _ = run(sound)
        assert code == 3 and "not a manifest" in out

    def test_two_files_for_one_table(self, sound: Path, tmp_path: Path) -> None:
        shutil.copy(sound / "metrics.parquet", tmp_path / "again.parquet")
        code, out, _ = run(sound / "metrics.parquet", tmp_path / "again.parquet")
        assert code == 3 and "both hold the table metrics" in out

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"format": "pdf"}, "no such format"),
            ({"outputs": ["json"]}, "--output takes FORMAT=PATH"),
            ({"fail_on": "sometimes"}, "fail_on is error, warning or never"),
            ({"stages": ["lunch"]}, "no such stage"),
            ({"max_failures": 0}, "--max-failures takes"),
            ({"baseline": "nowhere.json"}, "could not be read"),
        ],
    )
    def test_wrong_use(self, sound: Path, options: dict[str, Any], said: str) -> None:
        code, _, err = run(sound, **options)
        assert code == 2 and said in err and err.count("\n") == 1

    def test_a_baseline_that_is_none(self, sound: Path, tmp_path: Path) -> None:
        for text in ("{}", "[1]", "nonsense", '{"results": [{"status": "failed"}]}'):
            (tmp_path / "b.json").write_text(text)
            code, _, err = run(sound, baseline=tmp_path / "b.json")
            assert code == 2 and "is no JSON report" in err


# --- options -------------------------------------------------------------------------------------------------------


class TestOptions:
    def test_fail_on(self, sound: Path) -> None:
        rewrite(sound, "metrics", lambda t: with_cell(t, "value", 3, 380.0))
        assert [run(sound, fail_on=f)[0] for f in ("error", "warning", "never")] == [1, 1, 0]

    def test_baseline_counts_only_what_is_new(self, sound: Path, tmp_path: Path) -> None:
        rewrite(sound, "metrics", lambda t: with_cell(t, "value", 3, 380.0))
        known = tmp_path / "baseline.json"
        assert run(sound, outputs=[f"json={known}"])[0] == 1
        code, out, _ = run(sound, baseline=known)
        assert code == 0 and "in the baseline" in out.splitlines()[0]
        assert "hidden by the baseline:\n  error metrics.value_rereads: 1 row (a:cum)\n" in out
        rewrite(sound, "metrics", lambda t: with_cell(t, "value", 4, 200.0))
        code, out, _ = run(sound, baseline=known)
        assert code == 1 and "a:rec" in out and "a:cum: value" not in out

    def test_a_baseline_knows_the_value(self, sound: Path, tmp_path: Path) -> None:
        known = tmp_path / "baseline.json"
        rewrite(sound, "metrics", lambda t: with_cell(t, "value", 3, 380.0))
        run(sound, outputs=[f"json={known}"])
        rewrite(sound, "metrics", lambda t: with_cell(t, "value", 3, 381.0))
        assert run(sound, baseline=known)[0] == 1

    def test_a_baseline_never_covers_a_checksum(self, sound: Path, tmp_path: Path) -> None:
        known = tmp_path / "baseline.json"
        with (sound / "metrics.parquet").open("ab") as file:
            file.write(b"")
        flip(sound, "croissant.json") if (sound / "croissant.json").exists() else None
        manifest = json.loads((sound / MANIFEST).read_text(encoding="utf-8"))
        manifest["files"]["metrics.parquet"]["sha256"] = "0" * 64
        (sound / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
        assert run(sound, outputs=[f"json={known}"])[0] == 1
        assert run(sound, baseline=known)[0] == 1

    @pytest.mark.parametrize("suffix", ["parquet", "csv"])
    def test_failures_as_a_table(self, sound: Path, tmp_path: Path, suffix: str) -> None:
        rewrite(sound, "metrics", lambda t: with_cell(t, "value", 3, 380.0))
        path = tmp_path / "out" / f"failures.{suffix}"
        assert run(sound, outputs=[f"failures={path}"])[0] == 1
        cases = pd.read_parquet(path) if suffix == "parquet" else pd.read_csv(path)
        (case,) = cases[cases["check"] == "metrics.value_rereads"].to_dict("records")
        assert (case["row"], case["column"], str(case["value"]).removesuffix(".0"), case["doc_id"]) == ("a:cum", "value", "380", "a")
        assert run(sound, outputs=["failures=x.txt"])[0] == 2

    def test_what_was_skipped_is_told(self, sound: Path) -> None:
        out = run(sound / "metrics.parquet")[1]
        assert "skipped:\n" in out and "  there is no table events: metrics.event_id_resolves, metrics.event_of_same_document\n" in out

    def test_annotations_name_the_file_that_was_given(self, sound: Path) -> None:
        rewrite(sound, "metrics", lambda t: with_cell(t, "value", 3, 380.0))
        report = validate(sound / "metrics.parquet")
        assert f"::error file={sound}/metrics.parquet," in FORMATS["github"](report)
        assert f'"uri": "file://{sound}/metrics.parquet"' in FORMATS["sarif"](report)

    def test_max_failures_stops(self, sound: Path) -> None:
        rewrite(sound, "metrics", lambda t: with_cell(with_cell(t, "value", 3, 380.0), "unit", 0, "nonsense"))
        code, out, _ = run(sound, max_failures=1)
        assert code == 1 and "stopped early" in out.splitlines()[0]
        assert "metrics.value_rereads" not in out

    def test_several_outputs_at_once(self, sound: Path, tmp_path: Path) -> None:
        outputs = [
            f"{name}={tmp_path / 'out' / name}"
            for name in ("json", "junit", "sarif", "html", "markdown", "github")
        ]
        code, out, _ = run(sound, outputs=outputs)
        assert code == 0 and out.startswith("VALID")
        assert all((tmp_path / "out" / o.partition("=")[0]).stat().st_size for o in outputs)

    def test_assert_valid_shows_the_report(self, sound: Path) -> None:
        rewrite(sound, "metrics", lambda t: with_cell(t, "value", 3, 380.0))
        with pytest.raises(AssertionError, match=r"(?s)INVALID: .*metrics\.value_rereads"):
            assert_valid(sound)

    def test_same_tables_same_json(self, sound: Path, tmp_path: Path) -> None:
        rewrite(sound, "metrics", lambda t: with_cell(t, "value", 3, 380.0))
        texts = [
            report_json(sound),
            report_json(Path(shutil.copytree(sound, tmp_path / "elsewhere" / "processed"))),
        ]
        assert texts[0] == texts[1]


def report_json(folder: Path) -> str:
    return FORMATS["json"](validate(folder, texts=World().texts))


# --- what is shown and shipped for CI ------------------------------------------------------------------------------

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example of docs/ci.md, in the working directory: `tables` and `raw`."""
    monkeypatch.chdir(tmp_path)
    world = World()
    world.rows["metrics"][4]["value"] = 200.0
    world.rows["metrics"][9]["event_id"] = "lost"
    for folder in ("tables", "raw"):
        (tmp_path / folder).mkdir()
    for doc, text in world.texts.items():
        (tmp_path / "raw" / f"{doc}.txt").write_bytes(text.encode())
    write_world(world, tmp_path / "tables")
    return Path("tables")


class TestForCi:
    @pytest.mark.parametrize("form", ["text", "github"])
    def test_page_shows_what_is_printed(self, damaged: Path, form: str) -> None:
        """When this fails: UPDATE_DOCS=1 python -m pytest tests/test_validate.py -k page_shows"""
        _, out, _ = run(damaged, format=form, stages=["keys", "rows"])
        shown = re.sub(r" in \d+\.\d s", " in 0.1 s", out)
        path = ROOT / "docs" / "ci.md"
        page = path.read_text(encoding="utf-8")
        block = re.compile(rf"(<!-- output: {form} -->\n```text\n)(.*?)(```\n)", re.S)
        if os.environ.get("UPDATE_DOCS"):
            path.write_text(block.sub(lambda m: m[1] + shown + m[3], page), encoding="utf-8")
        else:
            assert block.search(page)[2] == shown  # type: ignore[index]

    @pytest.mark.skipif(not shutil.which("bash"), reason="bash is missing")
    @pytest.mark.parametrize(
        ("fail_on", "paths", "code"),
        [("error", "tables\n", 1), ("never", "  \ntables  ", 0), ("error", "$(touch owned)", 3)],
    )
    def test_action_runs(self, damaged: Path, tmp_path: Path, fail_on: str, paths: str, code: int) -> None:
        """The script of action.yml, as a runner would run it."""
        action = (ROOT / "action.yml").read_text(encoding="utf-8")
        script = re.search(r"REPORTS: .*?\n      run: \|\n(.*?)\n\n    - if", action, re.S)
        assert script
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "python").symlink_to(sys.executable)
        environ = os.environ | {
            "TABLES": paths, "TEXTS": "raw", "FAIL_ON": fail_on, "BASELINE": "", "REPORTS": "out",
            "GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
            "PYTHONPATH": str(ROOT), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }  # fmt: skip
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", textwrap.dedent(script[1])],
            env=environ,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert f"exit-code={code}\n" in (tmp_path / "output").read_text()
        assert not (tmp_path / "owned").exists()
        if code != 3:
            assert (
                "::error file=raw/a.txt,line=1,col=76,endColumn=79,title=metrics.value_rereads::"
                in done.stdout
            )
            assert {p.name for p in (tmp_path / "out").iterdir()} == {
                "report.json",
                "report.sarif",
                "report.xml",
            }
        assert (tmp_path / "summary.md").read_text(encoding="utf-8").startswith("## ")

    def test_hook_calls_what_exists(self) -> None:
        hook = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
        assert "entry: covid-timeline validate\n" in hook and "pass_filenames: false" in hook
