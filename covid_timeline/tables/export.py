"""Published tables in the formats that other programs open: CSV, Excel, DuckDB, SQLite.

A text cell that a spreadsheet would run as a formula gets an apostrophe before it (CSV, Excel); numbers stay numbers
and dates dates. `text.shown.restore` takes the apostrophe away again, and `covid_timeline.checks.frames` does so when it reads
a CSV. Databases get the texts as they are. The same tables give the same CSV and Excel bytes.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import os
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from covid_timeline.tables.manifest import Published
from covid_timeline.tables.reading_guard import GuardedFile, conform
from covid_timeline.tables.schema import SCHEMA_VERSION, TABLES
from covid_timeline.tables.workspace import claimed
from covid_timeline.text.shown import neutralise

FORMATS = ("csv", "xlsx", "duckdb", "sqlite")

BATCH_ROWS = 20_000
SHEET_ROWS = 1_048_576
"""Rows of an Excel sheet, the header among them."""
CELL_CHARACTERS = 32_767
"""Characters that an Excel cell holds."""

class ExportError(ValueError):
    """The tables cannot be exported; the message is one sentence."""


def export(
    tables: str | Path, to: str, out: str | Path, *, names: Sequence[str] = (), bom: bool = False
) -> list[Path]:
    """Write published tables in another format.

    Args:
        tables: folder of a build.
        to: `csv`, `xlsx`, `duckdb` or `sqlite`.
        out: for csv a folder, which gets one file for each table; else the file. An earlier one is replaced.
        names: tables to export; all that the folder has by default.
        bom: begin each CSV with a byte-order mark, by which Excel knows UTF-8.

    Returns:
        The files written.

    Raises:
        ExportError: an unknown format or table, nothing to export, a missing package, or a table that does not fit.
        tables.manifest.ChecksumError: a file is not the one that was published.
    """
    if to not in FORMATS:
        raise ExportError(f"{to!r} is no format to export to (there are {', '.join(FORMATS)})")
    if unknown := [name for name in names if name not in TABLES]:
        raise ExportError(f"no such table: {', '.join(unknown)} (there are {', '.join(TABLES)})")
    folder, target = Path(tables), Path(out)
    with Published(folder) as published, contextlib.ExitStack() as opened:
        found: dict[str, _Table] = {}
        for name in names or TABLES:
            file = f"{name}.parquet"
            if file in published:
                found[name] = _Table(name, opened.enter_context(GuardedFile(published.open(file), file)))
            elif names:
                raise ExportError(f"{folder} has no table {name}")
        if not found:
            raise ExportError(f"{folder} holds no table of the schema; is it the output of a build?")
        if to == "csv":
            target.mkdir(parents=True, exist_ok=True)
            return [_write_csv(table, target / f"{name}.csv", bom=bom) for name, table in found.items()]
        target.parent.mkdir(parents=True, exist_ok=True)
        writers: dict[str, Callable[[dict[str, _Table], Path], None]] = {
            "xlsx": _write_xlsx,
            "duckdb": _write_duckdb,
            "sqlite": _write_sqlite,
        }
        with _replacing(target) as temporary:
            writers[to](found, temporary)
    return [target]


class _Table:
    """One published table, read in parts, each held to the data dictionary."""

    def __init__(self, name: str, file: GuardedFile) -> None:
        self.name = name
        self.rows = file.metadata.num_rows
        self._file = file
        file.require(TABLES[name].names)
        self.schema = conform(file.schema.empty_table(), name, file.shown).schema

    def batches(self) -> Iterator[pa.RecordBatch]:
        for batch in self._file.batches(BATCH_ROWS):
            yield from conform(pa.Table.from_batches([batch]), self.name, self._file.shown).to_batches()


@contextlib.contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """A name to write to that becomes `target` when all went well."""
    with claimed(target.parent / f".{target.name}.export") as folder:
        temporary = folder / target.name
        yield temporary
        os.replace(temporary, target)


# --- CSV ----------------------------------------------------------------------------------------------------------


def _text_cell(value: str | None) -> str:
    if value is None:
        return ""
    safe = neutralise(value)
    # An empty text is quoted, so that it is not taken for null.
    if not safe or any(c in safe for c in ',"\r\n') or safe != safe.strip():
        return '"' + safe.replace('"', '""') + '"'
    return safe


def _number_cell(value: float | None) -> str:
    """The shortest decimal that reads back as the same number, without an exponent where it is whole."""
    if value is None:
        return ""
    return str(int(value)) if value == int(value) and abs(value) < 1e18 else repr(value)


def _plain_cell(value: Any) -> str:
    return "" if value is None else str(value)


def _bool_cell(value: bool | None) -> str:
    return "" if value is None else "true" if value else "false"


def _cell_writer(kind: pa.DataType) -> Callable[[Any], str]:
    if pa.types.is_floating(kind):
        return _number_cell
    if pa.types.is_boolean(kind):
        return _bool_cell
    if pa.types.is_integer(kind) or pa.types.is_temporal(kind):
        return _plain_cell
    return _text_cell


def _write_csv(table: _Table, target: Path, *, bom: bool) -> Path:
    with (
        _replacing(target) as temporary,
        temporary.open("w", encoding="utf-8-sig" if bom else "utf-8", newline="") as file,
    ):
        file.write(",".join(map(_text_cell, table.schema.names)) + "\n")
        writers = [_cell_writer(field.type) for field in table.schema]
        for batch in table.batches():
            columns = [
                [write(value) for value in column.to_pylist()]
                for write, column in zip(writers, batch.columns, strict=True)
            ]
            file.writelines(",".join(row) + "\n" for row in zip(*columns, strict=True))
    return target


# --- Excel --------------------------------------------------------------------------------------------------------

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def _write_xlsx(found: dict[str, _Table], target: Path) -> None:
    try:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell
    except ImportError as error:
        raise ExportError("export to xlsx needs openpyxl: pip install openpyxl") from error
    for name, table in found.items():
        if table.rows >= SHEET_ROWS:
            raise ExportError(
                f"{name} has {table.rows:,} rows, more than a sheet of Excel holds; export to csv or duckdb"
            )
    book = Workbook(write_only=True)
    for name, table in found.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"

        def cell(value: Any, sheet: Any = sheet) -> Any:
            if not isinstance(value, str):
                return value
            text = neutralise(_ILLEGAL.sub(lambda m: f"\\x{ord(m[0]):02x}", value))
            if len(text) > CELL_CHARACTERS:
                text = text[: CELL_CHARACTERS - 1] + "…"
            made = WriteOnlyCell(sheet, text)
            made.data_type = "s"  # never a formula, whatever it begins with
            return made

        sheet.append([cell(column) for column in table.schema.names])
        for batch in table.batches():
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                sheet.append([cell(value) for value in row])
    book.save(target)
    _without_clock(target)


def _without_clock(path: Path) -> None:
    """Write the archive again with a fixed date, so that the same tables give the same file."""
    again = path.with_suffix(".again")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename == "docProps/core.xml":
                data = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2020-01-01T00:00:00Z", data)
            new.writestr(zipfile.ZipInfo(entry.filename, (2020, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    os.replace(again, path)


# --- databases ----------------------------------------------------------------------------------------------------


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(text: str) -> str:
    """A column's name as an identifier of SQL, whatever is in it."""
    return '"' + text.replace('"', '""') + '"'


def _no_rows(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)


def _write_duckdb(found: dict[str, _Table], target: Path) -> None:
    try:
        import duckdb
    except ImportError as error:
        raise ExportError("export to duckdb needs duckdb: pip install duckdb") from error
    with contextlib.closing(duckdb.connect(str(target))) as connection:
        for name, table in found.items():
            # The rows are handed over: the name of a file would be read as a pattern.
            do = f"CREATE TABLE {name} AS"
            for batch in itertools.chain([_no_rows(table.schema)], table.batches()):
                connection.register("handed_over", pa.Table.from_batches([batch], table.schema))
                connection.execute(f"{do} SELECT * FROM handed_over")
                connection.unregister("handed_over")
                do = f"INSERT INTO {name}"
            connection.execute(f"COMMENT ON TABLE {name} IS {_quoted(TABLES[name].description)}")
            for column in TABLES[name].columns:
                about = _quoted(column.field.description)
                connection.execute(f"COMMENT ON COLUMN {name}.{_name(column.name)} IS {about}")


_SQLITE_TYPES = {"string": "TEXT", "bool": "INTEGER", "int64": "INTEGER", "float64": "REAL"}


def _write_sqlite(found: dict[str, _Table], target: Path) -> None:
    import sqlite3

    with contextlib.closing(sqlite3.connect(target)) as connection, connection:
        connection.execute(f"PRAGMA user_version = {int(SCHEMA_VERSION.split('.', maxsplit=1)[0])}")
        for name, table in found.items():
            known = {c.name: c for c in TABLES[name].columns}
            columns = [
                f"{_name(n)} {_SQLITE_TYPES.get(known[n].type, 'TEXT')}{'' if known[n].may_be_null else ' NOT NULL'}"
                if n in known
                else _name(n)
                for n in table.schema.names
            ]
            connection.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
            insert = f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})"
            for batch in table.batches():
                rows = zip(
                    *([_sqlite_value(v) for v in column.to_pylist()] for column in batch.columns), strict=True
                )
                connection.executemany(insert, rows)
            for column in TABLES[name].primary_key[:1]:
                connection.execute(f"CREATE INDEX {name}_{column} ON {name} ({_name(column)})")


def _sqlite_value(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.isoformat(" ")
    if isinstance(value, dt.date):
        return value.isoformat()
    return int(value) if isinstance(value, bool) else value
