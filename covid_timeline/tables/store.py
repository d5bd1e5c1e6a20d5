"""The rows of any number of documents, on disk: added in any order, given back in the order of the tables.

A build of a hundred thousand documents makes about a million rows with their sentences. `RowStore` writes them as
sorted runs, and keeps what must be known of every document (its id, how many rows it has, the digest of what it
states) in an SQLite file, so that memory does not grow with the number of documents.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from covid_timeline.tables.build import sort
from covid_timeline.tables.nested import EXTRACTED, rows_of
from covid_timeline.tables.schema import TABLES, arrow_schema

RUN_ROWS = 20_000
"""Rows (of all tables) after which a run goes to disk."""

BUCKET_ROWS = 50_000
"""Rows that are merged at a time: about 40 MB of metrics with their sentences."""

_TABLES_SQL = f"""
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8000; PRAGMA temp_store = FILE;
CREATE TABLE documents (
    doc_id TEXT PRIMARY KEY, statement BLOB, moment TEXT, {", ".join(f"{name} INTEGER" for name in EXTRACTED)}
) WITHOUT ROWID;
CREATE TABLE repeats (doc_id TEXT PRIMARY KEY, first TEXT) WITHOUT ROWID;
"""

_FIRST_POSTS_SQL = """
CREATE INDEX by_statement ON documents (statement, moment) WHERE documents > 0;
CREATE TEMP TABLE posted_again AS
    SELECT statement, MIN(moment) AS moment FROM documents WHERE documents > 0 GROUP BY statement HAVING COUNT(*) > 1;
CREATE TEMP TABLE firsts (statement BLOB PRIMARY KEY, first TEXT) WITHOUT ROWID;
"""


class RowStore:
    """The extracted tables of many documents, kept in a folder of temporary files.

    Each run holds the rows of some documents, sorted; `rows` merges the runs by document, reading only those that a
    bucket of documents touches. Memory is bounded by the run and the bucket. Documents may come in any order; what
    comes back does not depend on it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._index = sqlite3.connect(folder / "documents.sqlite", isolation_level=None)
        self._index.executescript(_TABLES_SQL)
        self._index.execute("BEGIN")
        self._waiting: list[pa.RecordBatch] = []
        self._n_waiting = 0
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._spans: dict[str, list[tuple[str, str]]] = {name: [] for name in EXTRACTED}
        self._readers: dict[str, pq.ParquetFile] = {}

    def add(self, batch: pa.RecordBatch) -> list[str]:
        """Keep the rows of some documents, as `tables.nested.nest` gives them.

        A document whose id came before is not kept.

        Returns:
            The ids that came before, in the order of the batch.
        """
        doc_ids = batch.column("doc_id").to_pylist()
        taken = self._taken(doc_ids)
        if taken:
            batch = batch.filter(pa.array([doc_id not in taken for doc_id in doc_ids]))
        counts = [pc.fill_null(pc.list_value_length(batch.column(name)), 0).to_pylist() for name in EXTRACTED]
        moments = _moments(batch)
        rows = zip(
            batch.column("doc_id").to_pylist(), batch.column("statement").to_pylist(), moments, *counts, strict=True
        )
        marks = ", ".join("?" * (3 + len(EXTRACTED)))
        # Of several rows with one id in a batch only the first can have been read.
        self._index.executemany(f"INSERT OR IGNORE INTO documents VALUES ({marks})", rows)
        if len(batch):
            self._waiting.append(batch)
            self._n_waiting += sum(map(sum, counts))
        if self._n_waiting >= RUN_ROWS:
            self._write_run()
        return [doc_id for doc_id in doc_ids if doc_id in taken]

    def _taken(self, doc_ids: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for start in range(0, len(doc_ids), 500):
            some = doc_ids[start : start + 500]
            marks = ", ".join("?" * len(some))
            found |= {row[0] for row in self._index.execute(f"SELECT doc_id FROM documents WHERE doc_id IN ({marks})", some)}
        return found

    def _write_run(self) -> None:
        for name in EXTRACTED if self._waiting else ():
            table = sort(name, pa.concat_tables([rows_of(batch, name) for batch in self._waiting]))
            if not len(table):
                continue
            # Whether a column may hold nulls is for validation to say, which lists all that is wrong.
            open_schema = pa.schema([field.with_nullable(True) for field in table.schema])
            if name not in self._writers:
                self._writers[name] = pq.ParquetWriter(
                    self._folder / f"{name}.run",
                    open_schema,
                    compression="zstd",
                    compression_level=1,
                    store_schema=True,
                )
            self._writers[name].write_table(table.cast(open_schema), row_group_size=len(table))
            doc_id = table.column("doc_id")
            self._spans[name].append((doc_id[0].as_py(), doc_id[-1].as_py()))
        self._waiting, self._n_waiting = [], 0

    def count(self, name: str) -> int:
        """Rows of one table so far."""
        return int(self._index.execute(f"SELECT IFNULL(SUM({name}), 0) FROM documents").fetchone()[0])

    def mark_repeats(self, key: Callable[[str], Any]) -> None:
        """Fill in `duplicate_of` of each document that states what an earlier one does, from now on.

        The first is the one that was published first; of several at one moment, the one whose id comes first by `key`.
        """
        self._index.executescript(_FIRST_POSTS_SQL)
        self._index.executemany("INSERT INTO firsts VALUES (?, ?)", self._firsts(key))
        self._index.execute(
            "INSERT INTO repeats SELECT doc_id, first FROM firsts JOIN documents USING (statement)"
            " WHERE documents > 0 AND doc_id <> first"
        )

    def _firsts(self, key: Callable[[str], Any]) -> Iterator[tuple[bytes, str]]:
        same_moment = (
            "SELECT statement, doc_id FROM posted_again JOIN documents USING (statement, moment)"
            " WHERE documents > 0 ORDER BY statement"
        )
        best: tuple[bytes, str] | None = None
        for statement, doc_id in self._index.execute(same_moment):
            if best is not None and statement != best[0]:
                yield best
                best = None
            if best is None or key(doc_id) < key(best[1]):
                best = statement, doc_id
        if best is not None:
            yield best

    def repeats(self) -> Iterator[tuple[str, str]]:
        """Each document that repeats another, with the first of its text to be published."""
        yield from self._index.execute("SELECT doc_id, first FROM repeats ORDER BY doc_id")

    def moments(self, doc_ids: Sequence[str]) -> dict[str, str | None]:
        """When some documents were published (ISO), None where they do not say."""
        found: dict[str, str | None] = {}
        for start in range(0, len(doc_ids), 500):
            some = doc_ids[start : start + 500]
            marks = ", ".join("?" * len(some))
            sql = f"SELECT doc_id, moment FROM documents WHERE doc_id IN ({marks})"
            found |= {doc: None if moment == UNKNOWN else moment for doc, moment in self._index.execute(sql, some)}
        return found

    def rows(self, name: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The rows of one table in sort order, some thousands at a time; nothing can be added after this.

        Args:
            name: one of `EXTRACTED`.
            columns: only these columns; all where None.
        """
        found = False
        for low, high in self.buckets(name):
            found = True
            yield self.between(name, low, high, columns)
        if not found:
            yield _schema(name, columns).empty_table()

    def between(self, name: str, low: str, high: str, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of one table of the documents from `low` to `high`, both of them among these."""
        self._write_run()
        wanted = list(dict.fromkeys([*columns, "doc_id", *TABLES[name].sort_key])) if columns else None
        # Which columns may hold nulls is for validation to say.
        schema = pa.schema([pa.field(field.name, field.type) for field in _schema(name, wanted)])
        parts = [schema.empty_table()]
        for i, (first, last) in enumerate(self._spans[name]):
            if last < low or high < first:
                continue
            part = self._reader(name).read_row_group(i, columns=wanted).select(schema.names).cast(schema)
            if first < low or high < last:
                doc_id = part.column("doc_id")
                part = part.filter(pc.and_(pc.greater_equal(doc_id, low), pc.less_equal(doc_id, high)))
            parts.append(part)
        table = sort(name, pa.concat_tables(parts))
        del parts
        pa.default_memory_pool().release_unused()
        if name == "documents" and "duplicate_of" in schema.names:
            table = self._mark(table, low, high)
        return (table.select(columns) if columns else table).cast(_schema(name, columns))

    def _mark(self, documents: pa.Table, low: str, high: str) -> pa.Table:
        sql = "SELECT doc_id, first FROM repeats WHERE doc_id BETWEEN ? AND ?"
        firsts = dict(self._index.execute(sql, (low, high)))
        if not firsts:
            return documents
        column = pa.array([firsts.get(doc_id) for doc_id in documents["doc_id"].to_pylist()], pa.string())
        at = documents.schema.get_field_index("duplicate_of")
        return documents.set_column(at, documents.schema.field(at), column)

    def table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """All rows of one table at once; meant for narrow columns."""
        return pa.concat_tables(self.rows(name, columns)).combine_chunks()

    def close(self) -> None:
        """Close the files; the folder is the caller's to remove."""
        for file in (*self._writers.values(), *self._readers.values(), self._index):
            file.close()

    def _reader(self, name: str) -> pq.ParquetFile:
        if name not in self._readers:
            self._writers[name].close()
            self._readers[name] = pq.ParquetFile(self._folder / f"{name}.run")
        return self._readers[name]

    def buckets(self, *names: str) -> Iterator[tuple[str, str]]:
        """First and last document of each bucket of about `BUCKET_ROWS` rows of those tables together."""
        first, last, total = None, "", 0
        rows = " + ".join(names)
        for doc, count in self._index.execute(
            f"SELECT doc_id, {rows} FROM documents WHERE {rows} > 0 ORDER BY doc_id"
        ):
            if first is not None and total + count > BUCKET_ROWS:
                yield first, last
                first, total = None, 0
            first = doc if first is None else first
            total += count
            last = doc
        if first is not None:
            yield first, last


UNKNOWN = "~"
"""Stands for the moment of a document that does not say when it was published: it does not go before one that does."""


def _moments(batch: pa.RecordBatch) -> list[str]:
    found: Mapping[str, Any] = dict(
        zip(*(rows_of(batch, "documents")[name].to_pylist() for name in ("doc_id", "published_at")), strict=True)
    )
    return [
        moment.isoformat() if (moment := found.get(doc_id)) else UNKNOWN
        for doc_id in batch.column("doc_id").to_pylist()
    ]


def _schema(name: str, columns: Sequence[str] | None) -> pa.Schema:
    schema = arrow_schema(name)
    return (
        schema
        if columns is None
        else pa.schema([schema.field(column) for column in columns], schema.metadata)
    )
