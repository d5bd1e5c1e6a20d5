"""The tables that a page is made of: one build, or several as one, in pyarrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from covid_timeline.tables.manifest import locate
from covid_timeline.tables.schema import TABLES

if TYPE_CHECKING:
    import pyarrow as pa

READ = ("documents", "dates", "events", "metrics", "city_by_date", "city_intraday", "regions")

NO_PLACE = "000000"
"""Stands for rows without a place, so that these can be looked at too; no code of GB/T 2260 is this."""


def read_builds(folders: Sequence[Path]) -> dict[str, pa.Table]:
    """The tables of the folders as one; of several, the values by place and day are chosen anew.

    Raises:
        ValueError: two builds hold a document of the same id, or a table is of another version of the schema.
        FileNotFoundError: a folder is no build.
    """
    import pyarrow as pa

    builds = [{name: _read(folder, name) for name in READ} for folder in folders]
    _check_ids(folders, builds)
    if len(builds) == 1:
        return builds[0]
    from covid_timeline.tables.cities import build_city_by_date, build_city_intraday

    found = {name: pa.concat_tables([build[name] for build in builds]) for name in ("documents", "dates", "events", "metrics")}
    found["regions"] = builds[0]["regions"]
    found["city_by_date"] = build_city_by_date(found["metrics"], found["documents"], found["regions"])
    found["city_intraday"] = build_city_intraday(found["metrics"], found["documents"], found["regions"])
    return found


def _read(folder: Path, name: str) -> pa.Table:
    import pyarrow.parquet as pq

    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder of tables")
    path = locate(folder, f"{name}.parquet")
    with pq.ParquetFile(path) as file:
        table = file.read()
    absent = [column for column in TABLES[name].names if column not in table.column_names]
    if absent:
        raise ValueError(
            f"{path}: no column {', '.join(absent[:3])}; the tables are of another version: build them anew"
        )
    return table.select(TABLES[name].names).replace_schema_metadata(None)


def _check_ids(folders: Sequence[Path], builds: Sequence[dict[str, pa.Table]]) -> None:
    seen: dict[str, Path] = {}
    for folder, build in zip(folders, builds, strict=True):
        for doc_id in build["documents"]["doc_id"].to_pylist():
            if doc_id in seen:
                raise ValueError(f"document {doc_id!r} is in {seen[doc_id]} and in {folder}; name builds without common documents")
            seen[doc_id] = folder


def quoted(tables: dict[str, pa.Table]) -> dict[str, list[tuple[int, str]]]:
    """What the tables themselves quote of each document: dates, sentences of events, clauses of figures."""
    import pyarrow.compute as pc

    found: dict[str, list[tuple[int, str]]] = {}
    for name in ("dates", "events", "metrics"):
        table = tables[name].select(["doc_id", "char_start", "quote"])
        table = table.filter(pc.is_valid(table["quote"]))
        for doc_id, start, quote in zip(*(column.to_pylist() for column in table.columns), strict=True):
            found.setdefault(doc_id, []).append((start, quote))
    return found


def by_place(table: pa.Table, order: Sequence[str]) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each place, sorted by `order`; places in the order of their codes.

    One place is in memory as Python objects at a time, however many there are.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not table.num_rows:
        return
    at = table.schema.get_field_index("region_code")
    table = table.set_column(at, "region_code", pc.fill_null(table["region_code"], NO_PLACE))
    table = table.take(pc.sort_indices(table, [("region_code", "ascending"), *((name, "ascending") for name in order)]))
    codes = table["region_code"].combine_chunks()
    runs = pc.run_end_encode(codes)
    start = 0
    for code, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
        yield code, table.slice(start, end - start)
        start = end
    assert isinstance(table, pa.Table)


def rows(table: pa.Table | None) -> list[dict[str, Any]]:
    return [] if table is None else table.to_pylist()
