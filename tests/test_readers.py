"""Readers that are not ours see the values that we wrote: DuckDB, Polars, pyarrow, pandas, PySpark, hyparquet.

PySpark and hyparquet (JavaScript) are no dependencies; `tools` says where they are looked for. Without them the tests
are skipped and say what is missing.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import math
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import tools
from covid_timeline.tables.manifest import MANIFEST, data_path
from covid_timeline.tables.publish import write_parquet
from covid_timeline.tables.schema import TABLES, arrow_schema
from tests.world import World

Rows = list[list[Any]]


def plain(value: Any) -> Any:
    """A cell as JSON would carry it: dates and date-times as ISO text, no-value as None."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if type(value).__name__ in ("NaTType", "NAType"):
        return None
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, dt.date):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else value


def by_pyarrow(path: Path) -> Rows:
    return [[plain(v) for v in row.values()] for row in pq.ParquetFile(path).read().to_pylist()]


def by_dataset(path: Path) -> Rows:
    import pyarrow.dataset as ds

    return [[plain(v) for v in row.values()] for row in ds.dataset(path).to_table().to_pylist()]


def by_pandas(path: Path) -> Rows:
    import pandas as pd

    # Without the backend, whole numbers of which some are missing come as floats.
    frame = pd.read_parquet(path, engine="pyarrow", dtype_backend="numpy_nullable")
    columns = [[None if v is pd.NA else plain(v) for v in frame[name]] for name in frame.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def by_polars(path: Path) -> Rows:
    polars = tools.module("polars")
    return [[plain(v) for v in row] for row in polars.read_parquet(path).rows()]


def by_duckdb(path: Path) -> Rows:
    duckdb = tools.module("duckdb")
    with duckdb.connect() as connection:
        rows = connection.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
    return [[plain(v) for v in row] for row in rows]


SPARK = """
import datetime, json, sys
from pyspark.sql import SparkSession
spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
         .config("spark.sql.session.timeZone", "Asia/Shanghai").config("spark.sql.shuffle.partitions", "1")
         .config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1").getOrCreate())
def plain(v):
    if isinstance(v, datetime.datetime): return v.isoformat(sep=" ")
    return v.isoformat() if isinstance(v, datetime.date) else v
for path in sys.argv[1:]:
    rows = [[plain(v) for v in row] for row in spark.read.parquet(path).coalesce(1).collect()]
    print("ROWS " + json.dumps(rows))
spark.stop()
"""


@functools.cache
def by_spark_all(paths: tuple[Path, ...]) -> dict[Path, Rows]:
    """All files in one go: Spark takes seconds to start."""
    command = [tools.spark_python(), "-c", SPARK, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [json.loads(line[5:]) for line in done.stdout.splitlines() if line.startswith("ROWS ")]
    return dict(zip(paths, lines, strict=True))


NODE = """
import { readFileSync } from 'node:fs'
import { parquetReadObjects, parquetMetadata, parquetSchema } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
const day = d => d.toISOString().slice(0, 10)
const out = []
for (const path of process.argv.slice(2)) {
  const data = readFileSync(path)
  const file = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength)
  const columns = parquetSchema(parquetMetadata(file)).children.map(c => c.element)
  const rows = await parquetReadObjects({ file, compressors })
  out.push(rows.map(row => columns.map(({ name, converted_type, logical_type }) => {
    const v = row[name]
    if (v === null || v === undefined) return null
    if (v instanceof Date) return converted_type === 'DATE' || logical_type?.type === 'DATE' ? day(v)
      : v.toISOString().replace('T', ' ').replace(/(\\.000)?Z$/, '')
    return typeof v === 'bigint' ? Number(v) : v
  })))
}
console.log(JSON.stringify(out))
"""


@functools.cache
def by_node_all(paths: tuple[Path, ...]) -> dict[Path, Rows]:
    node = tools.command("node")
    script = tools.node_modules().parent / ".covid-timeline-read.mjs"
    script.write_text(NODE, encoding="utf-8")
    try:
        done = subprocess.run(
            [node, str(script), *map(str, paths)],
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )
    finally:
        script.unlink()
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(zip(paths, json.loads(done.stdout), strict=True))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables as the publisher writes them, with what readers stumble over: nulls, rare characters, big and odd numbers."""
    made = tmp_path_factory.mktemp("tables")
    world = World()
    metrics = world.rows["metrics"]
    metrics[0] |= {"measure": "𠮷野家—“門店”\n,\t'\"", "value": 50_680_000_000.0, "value_high": 2.5e15}
    metrics[1] |= {"measure": "", "value": -4.6, "value_high": 0.1}
    world.rows["documents"][0] |= {
        "published_at": dt.datetime.fromisoformat("2020-03-05T12:30:00.123456"),
        "title": "NULL",
        "n_chars": 2**53 - 1,
    }
    world.rows["regions"][0] |= {"valid_from": dt.date(1949, 10, 1), "valid_to": dt.date(9999, 12, 31)}
    for name, rows in world.rows.items():
        import pyarrow as pa

        write_parquet(made / f"{name}.parquet", name, [pa.Table.from_pylist(rows, schema=arrow_schema(name))])
    return made


PUBLISHED = data_path()
READERS: dict[str, Callable[[Path], Rows]] = {
    "duckdb": by_duckdb,
    "polars": by_polars,
    "pyarrow dataset": by_dataset,
    "pandas": by_pandas,
    "pyspark": lambda path: by_spark_all(tuple(sorted(path.parent.glob("*.parquet"))))[path],
    "hyparquet": lambda path: by_node_all(tuple(sorted(path.parent.glob("*.parquet"))))[path],
}


def same(name: str, path: Path, reader: str) -> None:
    expected, got = by_pyarrow(path), READERS[reader](path)
    assert len(got) == len(expected)
    for i, (ours, theirs) in enumerate(zip(expected, got, strict=True)):
        for column, a, b in zip(TABLES[name].names, ours, theirs, strict=True):
            of = TABLES[name].column(column)
            javascript = reader == "hyparquet" and of.type == "timestamp[us]"
            wanted = a[:23] if javascript and a else a  # its dates have milliseconds
            floats = reader == "pandas" and of.type == "int64" and of.may_be_null  # pandas has no null among its int64
            assert wanted == b and (type(a) in (type(b), float) or floats), (
                f"{reader}: {name} row {i} {column}: {b!r}, not {a!r}"
            )


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("reader", READERS)
def test_agrees_on_small_tables(folder: Path, reader: str, name: str) -> None:
    same(name, folder / f"{name}.parquet", reader)


@pytest.mark.skipif(not (PUBLISHED / MANIFEST).exists(), reason="no published tables here yet")
@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("reader", READERS)
def test_agrees_on_published_tables(reader: str, name: str) -> None:
    same(name, PUBLISHED / f"{name}.parquet", reader)
