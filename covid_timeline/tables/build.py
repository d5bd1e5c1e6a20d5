"""Rows -> Arrow tables, and a store that gives the rows of many documents back in order without holding them all.

Rows are the named tuples of `covid_timeline.model`; their fields stand in the order of `TABLES`, so a table is the
transpose of its rows. A build of a hundred thousand documents makes about a million rows with their sentences;
`RowStore` keeps them on disk, one sorted run for each batch, and merges the runs a bucket at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from covid_timeline.mentions.places import gazetteer, region_table
from covid_timeline.model import Article, Facts
from covid_timeline.tables.headlines import with_headlines
from covid_timeline.tables.schema import TABLES, arrow_schema

EXTRACTED = ("documents", "dates", "events", "metrics", "rejected")
"""The tables whose rows come from documents; the others are made from these."""

BUCKET_ROWS = 50_000
"""Rows that `RowStore` merges at a time: about 40 MB of metrics with their sentences."""


def to_table(name: str, rows: Sequence[Sequence[Any]]) -> pa.Table:
    """The rows of one table as Arrow, in the order given; each row has its fields in schema order.

    Raises:
        pyarrow.ArrowInvalid, pyarrow.ArrowTypeError: a value does not fit the type of its column.
        ValueError: a row is shorter or longer than the table.
    """
    schema = arrow_schema(name)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    if len(columns) != len(schema):
        raise ValueError(f"a row of {name} has {len(schema)} fields, not {len(columns)}")
    return pa.Table.from_arrays(
        [pa.array(values, type=field.type) for values, field in zip(columns, schema, strict=True)],
        schema=schema,
    )


def document_row(facts: Facts, *, with_quotes: bool = True, title: str | None = None) -> tuple[Any, ...]:
    """The row of `documents` for one article.

    Args:
        facts: what was read from it.
        with_quotes: whether its sentences will be published.
        title: published in place of its own.
    """
    article = facts.article
    values = {
        **article._asdict(),
        "script": facts.script,
        "n_chars": len(article.raw),
        "n_title_chars": len(article.title) if article.raw.startswith(article.title) else 0,
        "n_dates": len(facts.dates),
        "n_events": len(facts.events),
        "n_metrics": len(facts.metrics),
        "may_republish": article.may_republish and with_quotes,
        "title": article.title if title is None else title,
        "duplicate_of": None,  # only the whole of a build can say; see `pipeline`
    }
    return tuple(values[name] for name in TABLES["documents"].names)


QUOTES = ("auto", "always", "never", "facts")
"""Which of the documents' own words are published; see `to_tables`."""


def to_tables(batch: Sequence[Facts], quotes: str = "auto") -> dict[str, pa.Table]:
    """The extracted tables of some documents, each in its sort order, with repeats and headlines filled in.

    Args:
        batch: what was read from each document.
        quotes: `auto` keeps the sentences of the documents that may be republished, `always` of all (for one's own
            use), `never` of none; the published `documents.may_republish` is false wherever they may be missing.
            `facts` is `never`, and takes the titles and any longer run of words out of the other columns too.

    Raises:
        ValueError: `quotes` is none of these.
    """
    if quotes not in QUOTES:
        raise ValueError(f"quotes is {', '.join(QUOTES[:-1])} or {QUOTES[-1]}, not {quotes!r}")
    batch = [_completed(facts) for facts in batch]
    if quotes == "facts":
        batch = [_facts_only(facts) for facts in batch]
    kept = quotes not in ("never", "facts")
    tables = {
        "documents": to_table(
            "documents",
            [
                document_row(f, with_quotes=kept, title=_made_title(f.article) if quotes == "facts" else None)
                for f in batch
            ],
        ),
        "dates": to_table("dates", [row for f in batch for row in f.dates]),
        "events": to_table("events", [row for f in batch for row in f.events]),
        "metrics": to_table("metrics", [row for f in batch for row in f.metrics]),
        "rejected": to_table("rejected", [row for f in batch for row in f.rejected]),
    }
    if quotes != "always":
        bare = [f.article.doc_id for f in batch if not kept or not f.article.may_republish]
        if bare:
            tables = {name: without_quotes(name, table, bare) for name, table in tables.items()}
    return {name: sort(name, table) for name, table in tables.items()}


def _completed(facts: Facts) -> Facts:
    """The facts with the headlines of their events, which leave figures that are repeats out."""
    return facts._replace(events=with_headlines(facts.events, facts.metrics))


LONGEST_RUN = 20
"""Chinese characters in a row that facts without sentences may have of a text: a name, a counted noun."""


def _made_title(article: Article) -> str:
    """Place and day of a document, in place of its headline; which figures stand in that, `n_title_chars` tells."""
    region = gazetteer().get(article.region_code or "")
    place = region.name if region is not None else article.source or article.doc_id
    return f"{place[:LONGEST_RUN]} {article.published_at or article.anchor_date:%Y-%m-%d}"


def _facts_only(facts: Facts) -> Facts:
    """The same facts, with the counted nouns cut off before they become sentences."""
    metrics = [
        row if len(row.measure) <= LONGEST_RUN else row._replace(measure=row.measure[:LONGEST_RUN])
        for row in facts.metrics
    ]
    return facts._replace(metrics=metrics)


def without_quotes(name: str, table: pa.Table, doc_ids: Sequence[str]) -> pa.Table:
    """The table with the article's words taken out of the rows of those documents."""
    bare = pc.is_in(table.column("doc_id"), value_set=pa.array(doc_ids, pa.string()))
    for i, column in enumerate(TABLES[name].columns):
        if column.withheld:
            kept = pc.if_else(bare, pa.scalar(None, pa.string()), table.column(i))
            table = table.set_column(i, table.schema.field(i), kept)
    return table


def sort(name: str, table: pa.Table) -> pa.Table:
    """The rows in the table's sort order (strings by code point); equal keys keep their order."""
    order = pc.sort_indices(table, sort_keys=[(key, "ascending") for key in TABLES[name].sort_key])
    return table.take(order)


class RowStore:
    """The extracted tables of many documents, kept in a folder of temporary files.

    Each batch is written as one sorted run (one row group a table); `rows` merges the runs by document, reading
    only the runs that a bucket of documents touches. Memory is bounded by the batch and the bucket, not by the
    number of documents. Documents may come in any order; what comes back does not depend on it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._runs: dict[str, list[pa.StructArray]] = {name: [] for name in EXTRACTED}
        self._readers: dict[str, pq.ParquetFile] = {}

    def add(self, batch: Mapping[str, pa.Table]) -> None:
        """Keep one batch, as `to_tables` gives it. No document may come in two batches."""
        for name in EXTRACTED:
            table = batch[name]
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
            self._runs[name].append(pc.value_counts(table.column("doc_id").combine_chunks()))

    def count(self, name: str) -> int:
        """Rows of one table so far."""
        return sum(pc.sum(run.field("counts")).as_py() for run in self._runs[name])

    def rows(self, name: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The rows of one table in sort order, some thousands at a time; nothing can be added after this.

        Args:
            name: one of `EXTRACTED`.
            columns: only these columns; all where None.
        """
        runs = self._runs[name]
        if not runs:
            yield _schema(name, columns).empty_table()
            return
        reader = self._reader(name)
        keys = [key for key in TABLES[name].sort_key if columns and key not in columns]
        spans = [_first_and_last(run) for run in runs]
        for low, high in self._buckets(runs):
            parts = []
            for i, (first, last) in enumerate(spans):
                if last < low or high < first:
                    continue
                part = reader.read_row_group(i, columns=[*columns, *keys] if columns else None)
                if first < low or high < last:
                    doc_id = part.column("doc_id")
                    part = part.filter(pc.and_(pc.greater_equal(doc_id, low), pc.less_equal(doc_id, high)))
                parts.append(part)
            table = sort(name, pa.concat_tables(parts))
            yield (table.select(columns) if columns else table).cast(_schema(name, columns))

    def table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """All rows of one table at once; meant for narrow columns."""
        return pa.concat_tables(self.rows(name, columns)).combine_chunks()

    def close(self) -> None:
        """Close the files; the folder is the caller's to remove."""
        for file in (*self._writers.values(), *self._readers.values()):
            file.close()

    def _reader(self, name: str) -> pq.ParquetFile:
        if name not in self._readers:
            self._writers[name].close()
            self._readers[name] = pq.ParquetFile(self._folder / f"{name}.run")
        return self._readers[name]

    @staticmethod
    def _buckets(runs: Sequence[pa.StructArray]) -> Iterator[tuple[str, str]]:
        """First and last document of each bucket of about `BUCKET_ROWS` rows."""
        whole = pa.chunked_array(runs)
        docs = pa.chunked_array([chunk.field("values") for chunk in whole.chunks])
        counts = pa.chunked_array([chunk.field("counts") for chunk in whole.chunks])
        order = pc.sort_indices(docs)
        first: str | None = None
        total = 0
        previous = ""
        for doc, count in zip(docs.take(order).to_pylist(), counts.take(order).to_pylist(), strict=True):
            if first is not None and total + count > BUCKET_ROWS:
                yield first, previous
                first, total = None, 0
            first = doc if first is None else first
            total += count
            previous = doc
        if first is not None:
            yield first, previous


def _schema(name: str, columns: Sequence[str] | None) -> pa.Schema:
    schema = arrow_schema(name)
    return (
        schema
        if columns is None
        else pa.schema([schema.field(column) for column in columns], schema.metadata)
    )


def _first_and_last(run: pa.StructArray) -> tuple[str, str]:
    # The run is sorted by document, so are its counts.
    values = run.field("values")
    return values[0].as_py(), values[-1].as_py()


def regions_table() -> pa.Table:
    """The table `regions`: every place code of the gazetteer with its periods of validity."""
    return sort("regions", to_table("regions", region_table()))
