"""What strangers hand in: tables, texts, records, sidecars and names that try to crash, exhaust, escape or be obeyed."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import os
import resource
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import covid_timeline as ct
from covid_timeline import parquet
from covid_timeline.checks.command import run_audit, run_validate
from covid_timeline.cli import app
from covid_timeline.model import Article, Refused
from covid_timeline.parquet import GuardedFile, UnreadableError, _page_head
from covid_timeline.sources.folder import read_folder
from covid_timeline.sources.records import Columns, parse_published, read_records
from covid_timeline.tables import reading_guard
from covid_timeline.tables.export import export
from covid_timeline.tables.reading_guard import probe, read_table
from covid_timeline.text.shown import printable
from tests.world import World, write_world

FULL = os.environ.get("COVID_TIMELINE_FAULTS") == "1"
CORPUS = Path(__file__).parent / "past_failures.jsonl"
"""Texts that once broke something, each with what it broke; replayed at every run."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sound tables of a stranger: no manifest."""
    made = tmp_path / "tables"
    made.mkdir()
    write_world(World(), made)
    (made / "manifest.json").unlink()
    return made


def change(folder: Path, table: str, column: str, make: Callable[[int], pa.Array]) -> None:
    """One column made anew, of another type if need be."""
    path = folder / f"{table}.parquet"
    old = pq.read_table(path)
    at = old.schema.get_field_index(column)
    made = make(len(old))
    pq.write_table(old.set_column(at, pa.field(column, made.type), made), path)


def days(value: int) -> Callable[[int], pa.Array]:
    return lambda n: pa.array([value] * n, pa.int32()).cast(pa.date32())


def moments(value: int, unit: str = "us", zone: str | None = None) -> Callable[[int], pa.Array]:
    return lambda n: pa.array([value] * n, pa.int64()).cast(pa.timestamp(unit, zone))


DAMAGES: dict[str, Callable[[Path], None]] = {
    "nested": lambda f: change(f, "metrics", "quote", lambda n: pa.array([["a"]] * n)),
    "struct": lambda f: change(f, "metrics", "quote", lambda n: pa.array([{"a": 1}] * n)),
    "binary": lambda f: change(f, "events", "summary", lambda n: pa.array([b"\xff"] * n)),
    "null": lambda f: change(f, "metrics", "value", pa.nulls),
    "nulls in a key": lambda f: change(f, "metrics", "doc_id", lambda n: pa.nulls(n, pa.string())),
    "decimal": lambda f: change(f, "metrics", "value", lambda n: pa.array([Decimal("1.5")] * n)),
    "a moment with a zone": lambda f: change(f, "documents", "published_at", moments(10**18, "ns", "Asia/Shanghai")),
    "a day before the calendar": lambda f: change(f, "events", "date_start", days(-(2**31))),
    "a day after the calendar": lambda f: change(f, "metrics", "date_end", days(2**31 - 1)),
    "a moment before the calendar": lambda f: change(f, "documents", "published_at", moments(-(2**62))),
    "a moment after the calendar": lambda f: change(f, "documents", "published_at", moments(2**62)),
    "infinite": lambda f: change(f, "metrics", "value", lambda n: pa.array([float("inf")] * n)),
    "not a number": lambda f: change(f, "metrics", "value", lambda n: pa.array([float("nan")] * n)),
    "a missing column": lambda f: pq.write_table(
        pq.read_table(f / "events.parquet").drop_columns(["summary"]), f / "events.parquet"
    ),
    "a column twice": lambda f: pq.write_table(
        (t := pq.read_table(f / "metrics.parquet")).append_column("value", t["value"]), f / "metrics.parquet"
    ),
    "bad UTF-8": lambda f: bad_utf8(f / "metrics.parquet"),
    "cut off": lambda f: (f / "metrics.parquet").write_bytes((f / "metrics.parquet").read_bytes()[:-9]),
    "a footer that lies": lambda f: forge_footer(f / "metrics.parquet"),
    "a bit in a page": lambda f: flip(f / "metrics.parquet"),
    "empty": lambda f: (f / "metrics.parquet").write_bytes(b""),
    "a document that is not there": lambda f: change(
        f, "documents", "doc_id", lambda n: pa.array([f"no{i}" for i in range(n)])
    ),
}


def bad_utf8(path: Path) -> None:
    table = pq.read_table(path)
    bad = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(struct.pack("<ii", 0, 2)), pa.py_buffer(b"\xff\xfe")]
    )
    column = pa.chunked_array([pa.concat_arrays([bad] * len(table))])
    pq.write_table(table.set_column(table.schema.get_field_index("quote"), "quote", column), path)


def forge_footer(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-8:-4] = struct.pack("<I", 2**31)
    path.write_bytes(data)


def flip(path: Path) -> None:
    """A bit in the middle of the longest column: only the page's checksum knows."""
    group = pq.read_metadata(path).row_group(0)
    chunk = max((group.column(i) for i in range(group.num_columns)), key=lambda one: one.total_compressed_size)
    data = bytearray(path.read_bytes())
    data[chunk.data_page_offset + chunk.total_compressed_size - (chunk.data_page_offset - parquet._start(chunk)) - 2] ^= 4
    path.write_bytes(data)


@contextlib.contextmanager
def one_sentence() -> Iterator[None]:
    """Nothing is raised but what the command line shows as one sentence."""
    try:
        yield
    except (ValueError, OSError) as error:
        text = str(error)
        assert text and "\n" not in text and len(text) < 600, text
        assert not isinstance(error, pa.ArrowException), "Arrow's own error got through"


def everything(folder: Path, tmp_path: Path) -> None:
    """Whoever reads tables reads these, and ends in rows or in one sentence."""
    out, err = io.StringIO(), io.StringIO()
    code = run_validate([folder], texts={}, stdout=out, stderr=err, environ={})
    assert code in (0, 1, 3), out.getvalue() + err.getvalue()
    assert run_audit(folder, texts={}, out=io.StringIO()) in (0, 3)
    for to in ("csv", "sqlite", "duckdb"):
        with one_sentence():
            export(folder, to, tmp_path / f"out.{to}")
    for load in (ct.load_events, ct.load_metrics, ct.load_documents, ct.load_city_by_date):
        with one_sentence():
            load(path=folder, backend="arrow").to_pylist()
    with one_sentence():
        str(ct.quote("a:rec", path=folder))
    with one_sentence():
        ct.load_metrics(region="聊城", start="2020-01-01", as_of="2020-03-01", path=folder, backend="arrow")


class TestTables:
    @pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
    def test_one_sentence_everywhere(self, folder: Path, tmp_path: Path, damage: Callable[[Path], None]) -> None:
        damage(folder)
        everything(folder, tmp_path)

    @pytest.mark.parametrize("name", [n for n in DAMAGES if n != "a document that is not there"])
    def test_never_valid(self, folder: Path, name: str) -> None:
        DAMAGES[name](folder)
        out = io.StringIO()
        assert run_validate([folder], texts={}, stdout=out, stderr=io.StringIO(), environ={}) in (1, 3)
        assert ".parquet" in out.getvalue() or "metrics" in out.getvalue() or "events" in out.getvalue() or "documents" in out.getvalue()

    @pytest.mark.parametrize(
        "name", ["a day before the calendar", "a moment after the calendar", "bad UTF-8", "cut off", "a bit in a page"]
    )
    def test_what_no_loader_can_read_is_unreadable(self, folder: Path, name: str) -> None:
        DAMAGES[name](folder)
        out = io.StringIO()
        assert run_validate([folder], texts={}, stdout=out, stderr=io.StringIO(), environ={}) == 3
        assert ".parquet" in out.getvalue()

    def test_other_forms_of_text_are_read(self, folder: Path) -> None:
        before = ct.load_metrics(path=folder, backend="arrow")
        change(folder, "metrics", "quote", lambda n: before["quote"].combine_chunks().cast(pa.large_string()))
        change(folder, "metrics", "measure", lambda n: before["measure"].combine_chunks().dictionary_encode())
        after = ct.load_metrics(path=folder, backend="arrow")
        assert after.to_pylist() == before.to_pylist() and after.schema.types == before.schema.types

    def test_older_tables_are_told_apart(self, folder: Path) -> None:
        table = pq.read_table(folder / "metrics.parquet").drop_columns(["status"])
        table = table.replace_schema_metadata({"schema_version": "1.0.0", "table": "metrics"})
        pq.write_table(table, folder / "metrics.parquet")
        with pytest.raises(UnreadableError, match=r"no column 'status' \(it was written with schema 1\.0\.0"):
            ct.load_metrics(path=folder)

    def test_every_flipped_bit_is_noticed_without_a_manifest(self, folder: Path) -> None:
        """Pages have checksums; what is not in a page is the footer, which has to make sense."""
        path = folder / "events.parquet"
        sound, before = path.read_bytes(), read_table(path, "events")
        group = pq.read_metadata(path).row_group(0)
        silent = 0
        for i in range(group.num_columns):
            chunk = group.column(i)
            data = bytearray(sound)
            data[parquet._start(chunk) + chunk.total_compressed_size - 1] ^= 1
            path.write_bytes(data)
            try:
                silent += not read_table(path, "events").equals(before)
            except UnreadableError:
                continue
        assert not silent

    def test_the_head_of_a_page_that_is_none(self) -> None:
        for data in (b"", b"\x15", b"\xff" * 40, b"\x1c" * 40, b"\x15" + b"\x80" * 40, b"\x18\xff\xff\x03"):
            with pytest.raises((LookupError, ValueError)):
                _page_head(data)

    @given(st.binary(max_size=200))
    def test_the_head_of_a_page_from_anybody(self, data: bytes) -> None:
        with contextlib.suppress(LookupError, ValueError):
            fields, length = _page_head(data)
            assert 0 < length <= len(data) + 8 and isinstance(fields, dict)

    @given(st.binary(max_size=300), st.integers(0, 2**31))
    @settings(max_examples=settings.default.max_examples // 4)
    def test_any_bytes(self, data: bytes, claim: int) -> None:
        file = io.BytesIO(b"PAR1" + data + struct.pack("<I", claim % (len(data) + 20)) + b"PAR1")
        with pytest.raises(UnreadableError), open_bytes(file.getvalue()) as opened, GuardedFile(opened, "x"):
            pass


@contextlib.contextmanager
def open_bytes(data: bytes) -> Iterator[io.BufferedReader]:
    import tempfile

    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        with open(file.name, "rb") as opened:
            yield opened


def bomb_of_rows(path: Path) -> None:
    """Millions of equal rows: a page of a few bytes each."""
    schema = pa.schema([(f"c{i}", pa.string()) for i in range(40)] + [("value", pa.float64())])
    n = 100_000
    part = pa.table([pa.array(["x" * 20] * n)] * 40 + [pa.array([1.0] * n)], schema=schema)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for _ in range(80 if FULL else 8):
            writer.write_table(part, row_group_size=n)


def bomb_of_a_dictionary(path: Path) -> None:
    """One long text in a dictionary, and thousands of rows that mean it."""
    long = "x" * (3 << 20)
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 8000, pa.int32()), pa.array([long]))
    pq.write_table(pa.table({"quote": column}), path, compression="zstd", store_schema=False)


def bomb_of_prefixes(path: Path) -> None:
    """Each text is the one before it and nothing more: DELTA_BYTE_ARRAY."""
    table = pa.table({"quote": ["x" * (1 << 18)] * 400})
    pq.write_table(table, path, use_dictionary=False, column_encoding={"quote": "DELTA_BYTE_ARRAY"}, compression="zstd")


def bomb_of_zeros(path: Path) -> None:
    """A page of one byte over and over."""
    with pq.ParquetWriter(path, pa.schema([("quote", pa.string())]), compression="zstd", use_dictionary=False) as writer:
        for _ in range(4):
            writer.write_table(pa.table({"quote": ["x" * (20 << 20)]}))


class TestBombs:
    @pytest.mark.parametrize("make", [bomb_of_rows, bomb_of_a_dictionary, bomb_of_prefixes, bomb_of_zeros])
    def test_refused_before_it_is_unpacked(self, tmp_path: Path, make: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "metrics.parquet"
        make(path)
        monkeypatch.setattr(parquet, "LEAST", 1 << 26)  # so that the bomb need not be large to be one
        before = pa.total_allocated_bytes()
        peak = pa.default_memory_pool().max_memory()
        with pytest.raises(UnreadableError, match=r"metrics\.parquet claims [0-9,]+ bytes when unpacked"), GuardedFile(path) as file:
            for group in range(file.metadata.num_row_groups):
                file.read_row_group(group)
        assert pa.total_allocated_bytes() - before < 1 << 26
        assert pa.default_memory_pool().max_memory() - peak < 1 << 28

    def test_pages_that_unpack_to_more_than_the_footer_says(self, tmp_path: Path) -> None:
        path = tmp_path / "metrics.parquet"
        pq.write_table(pa.table({"quote": ["x" * 100_000]}), path, compression="zstd", use_dictionary=False)
        data = path.read_bytes()
        size = _page_head(data[4:])[0][2]
        assert size > 100_000
        at = data.index(varint(2 * size))  # zigzag, in the variable length of Thrift
        forged = data[:at] + varint(2 * 1_000_000) + data[at + len(varint(2 * size)) :]
        assert len(forged) == len(data)
        path.write_bytes(forged)
        with pytest.raises(UnreadableError, match=r"the pages of column quote unpack to 1,000,0\d\d bytes"), GuardedFile(path):
            pass

    @pytest.mark.skipif(sys.platform == "win32", reason="no limits there")
    def test_a_process_of_its_own(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        paths = sorted(folder.glob("*.parquet"))
        assert probe(paths) == "" and probe([]) == ""
        (folder / "metrics.parquet").write_bytes(b"PAR1")  # refused there as here: nothing for the probe to say
        assert probe(paths) == ""
        monkeypatch.setattr(reading_guard, "_PROBE", "import os,sys\nsys.path[:]={path!r}\nos.write(1, b'..')\nos.kill(os.getpid(), 11)\n")
        assert probe(paths).startswith(f"{paths[1].name} takes more memory or time")


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


# --- sources ------------------------------------------------------------------------------------------------------------

GOOD = "截至2月3日24时，聊城市累计确诊15例。"
DEEP = 100_000

HOSTILE_LINES = {
    "a number of 400 digits": json.dumps({"text": GOOD, "published": 10**400}),
    "a number of 5000 digits": '{"text": "' + GOOD + '", "published": ' + "9" * 5000 + "}",
    "a zone over the first day": json.dumps({"text": GOOD, "published": "0001-01-01T00:00:00+23:59"}),
    "a zone over the last day": json.dumps({"text": GOOD, "published": "9999-12-31T23:59:59-23:59"}),
    "infinite": '{"text": "' + GOOD + '", "published": Infinity}',
    "dates in dates": '{"text": "' + GOOD + '", "published": ' + '{"$date": ' * 900 + "1" + "}" * 900 + "}",
    "deep": "[" * DEEP,
    "deep inside": '{"text": ' + "[" * DEEP + "]" * DEEP + "}",
    "a list for a text": json.dumps({"text": [GOOD]}),
    "an object for a text": json.dumps({"text": {"a": GOOD}}),
}


def texts_of(source: Iterator[Article | Refused]) -> tuple[list[str], list[Refused]]:
    items = list(source)
    return [one.raw for one in items if isinstance(one, Article)], [one for one in items if isinstance(one, Refused)]


class TestRecords:
    @pytest.mark.parametrize("line", HOSTILE_LINES.values(), ids=HOSTILE_LINES)
    def test_one_record_ends_nothing(self, tmp_path: Path, line: str) -> None:
        path = tmp_path / "x.jsonl"
        path.write_text(f"{line}\n{json.dumps({'text': GOOD + '好', 'published': '2020-02-04'})}\n", encoding="utf-8")
        read, refused = texts_of(read_records(path, Columns("text", published="published")))
        assert read == [GOOD + "好"] and [one.kind for one in refused] == ["refused"]
        assert "\n" not in refused[0].reason and len(refused[0].reason) < 300

    @pytest.mark.parametrize("start", ['{"a":' + "[" * 20_000, "[" * DEEP, '{"a":' * DEEP])
    def test_telling_formats_apart(self, tmp_path: Path, start: str) -> None:
        path = tmp_path / "x.json"
        path.write_text(start, encoding="utf-8")
        with contextlib.suppress(ValueError):
            assert not texts_of(read_records(path, Columns("text")))[0]

    @given(
        st.none()
        | st.integers()
        | st.floats()
        | st.text()
        | st.dates()
        | st.datetimes(timezones=st.none() | st.timezones())
        | st.dictionaries(st.sampled_from(["$date", "a"]), st.integers() | st.text())
        | st.builds(lambda n, tail: 10**n + tail, st.integers(0, 6000), st.integers())
    )
    def test_any_publication_time(self, value: Any) -> None:
        try:
            found = parse_published(value)
        except ValueError as error:
            assert len(str(error)) < 200
        else:
            assert found is None or (found.tzinfo is None and 1990 <= found.year < 2100)

    def test_a_quote_that_is_not_closed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from covid_timeline.sources import records

        path = tmp_path / "x.csv"
        path.write_text(f'text,n\n"{GOOD}",1\n"开头没有结尾{GOOD},2\n' + f"{GOOD},3\n" * 1000, encoding="utf-8")
        columns = Columns("text", id="n")
        read, refused = texts_of(read_records(path, columns))
        assert read == [GOOD] and [one.reason for one in refused] == ["a quote that is not closed: the rest of the file is one cell"]
        monkeypatch.setattr(records, "MAX_ITEM_CHARS", 200)
        read, refused = texts_of(read_records(path, columns))
        assert read == [GOOD] and len(refused) == 1 and "its quote is not closed" in refused[0].reason

    def test_a_cell_that_is_too_long_costs_its_row_only(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from covid_timeline.sources import records

        monkeypatch.setattr(records, "MAX_ITEM_CHARS", 200)
        long = f"{GOOD}\n" * 40
        path = tmp_path / "x.csv"
        path.write_text(f'text,n\n"{GOOD}一",1\n"{long}",2\n"{GOOD}三",3\n', encoding="utf-8")
        read, refused = texts_of(read_records(path, Columns("text", id="n")))
        assert read == [GOOD + "一", GOOD + "三"] and len(refused) == 1

    @pytest.mark.parametrize("kind", [pa.list_(pa.string()), pa.struct([("a", pa.string())]), pa.binary()])
    def test_columns_that_hold_no_texts(self, tmp_path: Path, kind: pa.DataType) -> None:
        path = tmp_path / "x.parquet"
        pq.write_table(pa.table({"t": pa.nulls(3, kind)}), path)
        with pytest.raises(ValueError, match="where a text or a number is expected"):
            texts_of(read_records(path, Columns("t")))

    @pytest.mark.parametrize("bad", [moments(2**62)(1), days(2**31 - 1)(1), days(-(2**31))(1)])
    def test_a_day_of_no_calendar_costs_its_row_only(self, tmp_path: Path, bad: pa.Array) -> None:
        path = tmp_path / "x.parquet"
        sound = pa.array([dt.date(2020, 2, 4)], pa.date32()).cast(bad.type)
        pq.write_table(pa.table({"t": [GOOD, GOOD + "好"], "p": pa.concat_arrays([bad, sound])}), path)
        read, refused = texts_of(read_records(path, Columns("t", published="p")))
        assert read == [GOOD + "好"] and len(refused) == 1

    def test_a_disk_that_gives_up(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from covid_timeline.sources import records

        def failing(_: Path, __: Columns) -> Iterator[records.Row]:
            yield records.Row("line 1", {"text": GOOD})
            raise OSError(5, "Input/output error")

        (tmp_path / "a.jsonl").write_text("", encoding="utf-8")
        monkeypatch.setattr(records, "_jsonl_rows", failing)
        read, refused = texts_of(read_records(tmp_path / "a.jsonl", Columns("text")))
        assert read == [GOOD] and "could not be read any further: Input/output error" in refused[0].reason
        assert refused[0].file.endswith("a.jsonl")


class TestFolder:
    def test_links(self, tmp_path: Path) -> None:
        raw, outside = tmp_path / "raw", tmp_path / "secret.txt"
        raw.mkdir()
        outside.write_text(GOOD + "密", encoding="utf-8")
        (raw / "a.txt").write_text(GOOD, encoding="utf-8")
        for name, target in {
            "loop": "loop.txt", "out": "../secret.txt", "absolute": str(outside), "passwd": "/etc/passwd",
            "gone": "nowhere", "self": ".", "inside": "a.txt", "zero": "/dev/zero",
        }.items():  # fmt: skip
            (raw / f"{name}.txt").symlink_to(target)
        items = list(read_folder(raw))
        assert [one.doc_id for one in items if isinstance(one, Article)] == ["a", "inside"]
        reasons = {Path(one.file).stem: one.reason for one in items if isinstance(one, Refused)}
        assert set(reasons) == {"loop", "out", "absolute", "passwd", "gone", "self", "zero"}
        assert all("link" in reason for reason in reasons.values())

    def test_a_folder_that_is_a_link_itself(self, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "real" / "a.txt").write_text(GOOD, encoding="utf-8")
        (tmp_path / "raw").symlink_to("real")
        assert [one.doc_id for one in read_folder(tmp_path / "raw") if isinstance(one, Article)] == ["a"]

    @pytest.mark.parametrize(
        "text",
        ["root:x:0:0:root:/root:/bin/bash\n", "Three new cases.", "\N{EM DASH}" * 80, "東京で新たに3人の感染を確認しました", "+ZeVnLIqe-"],
        ids=["passwd", "English", "dashes", "Japanese", "UTF-7"],
    )
    def test_what_is_not_chinese_is_left_out(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "a.txt").write_text(text, encoding="utf-8")
        [one] = list(read_folder(tmp_path))
        assert isinstance(one, Refused) and (one.reason, one.kind) == ("not Chinese", "skipped")

    @pytest.mark.parametrize(
        "sidecar",
        [
            "x=" + "[" * DEEP,
            "x=" + "{a=" * DEEP,
            ".".join("a" * 50_000) + " = 1",
            "x = {" + ".".join("a" * 50_000) + " = 1}",
            '"a".' * 50_000 + "a = 1",
            "[" + ".".join("a" * 50_000) + "]",
            "x = " + "9" * 5000,
            "[[article]]\nfile = 'a.txt'\ntitle = [1, 2]",
            "[[article]]\nfile = 'a.txt'\n[article.title]\na = 1",
        ],
        ids=["lists", "tables", "dotted", "dotted inside", "quoted", "header", "digits", "a list", "a table"],
    )
    def test_a_sidecar_that_is_none(self, tmp_path: Path, sidecar: str) -> None:
        (tmp_path / "a.txt").write_text(GOOD, encoding="utf-8")
        (tmp_path / "sidecar.toml").write_text(sidecar, encoding="utf-8")
        with pytest.raises(ValueError, match=r"sidecar\.toml"):
            list(read_folder(tmp_path))

    @pytest.mark.parametrize("published", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "9" * 400])
    def test_a_date_of_the_sidecar_costs_its_text_only(self, tmp_path: Path, published: str) -> None:
        (tmp_path / "a.txt").write_text(GOOD, encoding="utf-8")
        (tmp_path / "b.txt").write_text(GOOD + "好", encoding="utf-8")
        (tmp_path / "sidecar.csv").write_text(f"file,published\na.txt,{published}\n", encoding="utf-8")
        items = list(read_folder(tmp_path))
        assert [one.doc_id for one in items if isinstance(one, Article)] == ["b"]
        assert len([one for one in items if isinstance(one, Refused)]) == 1

    READ = ("utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk")
    REFUSED = ("big5", "shift_jis", "iso2022_jp", "utf-7", "hz")

    @pytest.mark.parametrize("encoding", [*READ, *REFUSED])
    def test_encodings(self, tmp_path: Path, encoding: str) -> None:
        text = ("截至二月三日二十四时，全市累计确诊病例十五例，治愈出院二例。" * 4).encode(encoding, "ignore")
        (tmp_path / "a.txt").write_bytes(text)
        [one] = list(read_folder(tmp_path))
        if encoding in self.READ:
            assert isinstance(one, Article) and "累计确诊病例十五例" in one.raw
        else:
            assert isinstance(one, Refused), "read as something else"


# --- output ---------------------------------------------------------------------------------------------------------------


class TestOutput:
    COMMANDS = ("::error file=x::pwned", " ::warning::x", "\u3000::add-mask::x", "##[error]x", "##vso[task.x]y", "a\n::error::x")

    @pytest.mark.parametrize("text", COMMANDS)
    def test_no_line_is_a_command(self, text: str) -> None:
        for line in printable(text, None).splitlines():
            assert not line.strip().startswith("::") and "##" not in line

    @given(st.text(alphabet="::#[]ab \n\x1b\u202e\u2028例", max_size=60))
    def test_whatever_it_is_made_of(self, text: str) -> None:
        shown = printable(text, None)
        assert shown.isprintable() or "\u3000" in shown
        assert "##" not in shown and "::a" not in shown and "::b" not in shown and "\n" not in shown

    def test_quote_and_build(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        raw = tmp_path / "raw"
        raw.mkdir()
        (raw / "a.txt").write_text("::error file=x::2月3日，聊城市新增确诊3例。", encoding="utf-8")
        (raw / "::error::x.txt").write_text("no Chinese", encoding="utf-8")
        (raw / "##[error]y.txt").write_bytes(b"\x81" * 40)
        out = tmp_path / "out"
        with pytest.raises(SystemExit):
            app(["build", str(raw), "-o", str(out), "--list"])
        rows = ct.load_metrics(path=out, backend="arrow")["metric_id"].to_pylist()
        assert rows
        for arguments in (["show", "--region", "聊城"], *(["quote", row] for row in rows)):
            with pytest.raises(SystemExit):
                app([*arguments, "--tables", str(out)])
        told = capsys.readouterr()
        for line in (told.out + told.err).splitlines():
            assert not line.lstrip().startswith("::"), line
            assert "##[" not in line


# --- texts ------------------------------------------------------------------------------------------------------------------


def past_failures() -> list[dict[str, Any]]:
    return [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]


class TestTexts:
    @pytest.mark.parametrize("one", past_failures(), ids=lambda one: one["what"])
    def test_past_failures(self, one: dict[str, Any]) -> None:
        raw = one["text"] * one.get("times", 1)
        found = ct.extract(raw, published="2020-02-04", region="聊城")
        for row in [*found.dates, *found.events, *found.metrics, *found.rejected]:
            assert raw[row.char_start : row.char_end] == row.quote

    @given(st.text() | st.text(alphabet="0123456789０１一二十百万亿例个家年月日时至到、，。；：（）%病确诊新增累计聊城市其中约超\u3000\ufeff\n"))
    def test_no_text_is_too_strange(self, raw: str) -> None:
        with contextlib.suppress(ct_article_error()):
            found = ct.extract(raw, published="2020-02-04", region="聊城")
            for row in [*found.dates, *found.events, *found.metrics, *found.rejected]:
                assert raw[row.char_start : row.char_end] == row.quote


def ct_article_error() -> type[Exception]:
    from covid_timeline.sources.header import ArticleError

    return ArticleError


PATTERNS = (
    "1家", "2020年", "核减1例", "5个", "亿元", "506.8亿元", "5个、", "2020年，", "核减1例。", "核减1例，", "五个", "100元",
    "项目5个", "核增2例", "2020年5个", "其中1个、", "5个（", "（5个）", "5个5例", "其中5个", "5个1月1日",
)  # fmt: skip
"""Repeated, each of these once took time that grew with the square of its length."""

_TIMED = """
import sys, time
from covid_timeline.api import extract
extract("2月3日，聊城市新增确诊3例。", published="2020-02-04")
pattern, sizes = sys.argv[1], [int(n) for n in sys.argv[2:]]
for size in sizes:
    text = pattern * (size // len(pattern))
    began = time.process_time()
    extract(text, published="2020-02-04", region="聊城")
    print(time.process_time() - began)
"""


@pytest.mark.skipif(not FULL, reason="takes minutes: make faults")
class TestTimeIsLinear:
    @pytest.mark.parametrize("pattern", PATTERNS)
    def test_doubling(self, pattern: str) -> None:
        """Four times the text takes far less than sixteen times the processor's time: 4 is linear, 16 is the square."""
        sizes = (5_000, 20_000)
        least = float("inf")
        for _ in range(3):  # the machine may be busy with something else; one fair run is enough
            done = subprocess.run(
                [sys.executable, "-c", _TIMED, pattern, *map(str, sizes)], capture_output=True, text=True, check=True,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (120, 120)),
            )  # fmt: skip
            small, large = (float(line) for line in done.stdout.split())
            least = min(least, large / max(small, 0.01))
            if least < 9:
                break
        assert least < 9, f"{pattern}: {least:.1f} times the time for 4 times the text"
