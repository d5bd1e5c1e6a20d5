"""The rows of all extracted tables in one Arrow batch: one row per document, one list of rows per table.

A record batch has one schema, and five tables have five. So the rows of a document stand inside its own row, in a
column for each table that is a list of structs: engines that move record batches (Spark, Ray, Dask, a pool of
processes) keep one row in, one row out, no value is padded, and a table is taken out without copying a value
(`rows_of`; in Spark `SELECT inline(metrics)`).

    doc_id     as it came in
    refused    why nothing was read from the document; null where it was read
    statement  digest of the text without its white space and of the places and days that it states: two documents
               with the same one are one text that was posted twice
    documents, dates, events, metrics, rejected
               the rows, in the order and with the columns of the published tables
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from covid_timeline.tables.schema import arrow_schema

EXTRACTED = ("documents", "dates", "events", "metrics", "rejected")
"""The tables whose rows come from documents; the others are made from these."""


def nested_schema() -> pa.Schema:
    """The schema of the batch; nothing in it carries metadata, every value may be null (validation says which may)."""
    plain = [pa.field("doc_id", pa.string()), pa.field("refused", pa.string()), pa.field("statement", pa.binary())]
    return pa.schema([*plain, *(pa.field(name, pa.list_(pa.struct(_fields(name)))) for name in EXTRACTED)])


class Read(NamedTuple):
    """What became of one document: `refused` says why nothing was read from it, else `statement` is its digest."""

    doc_id: str
    refused: str | None
    statement: bytes | None


def nest(documents: Sequence[Read], tables: Mapping[str, pa.Table]) -> pa.RecordBatch:
    """One row per document, in the order of `documents`.

    Args:
        documents: what became of each; of those with one doc_id at most one was read.
        tables: the extracted tables, sorted; every row belongs to a document that was read.
    """
    order = sorted(range(len(documents)), key=lambda i: documents[i].doc_id)
    by_id = [documents[i] for i in order]
    columns = [
        pa.array([one.doc_id for one in by_id], pa.string()),
        pa.array([one.refused for one in by_id], pa.string()),
        pa.array([one.statement for one in by_id], pa.binary()),
    ]
    for name in EXTRACTED:
        table = tables[name]
        counts = {
            one["values"]: one["counts"] for one in pc.value_counts(table["doc_id"].combine_chunks()).to_pylist()
        }
        ends = [0]
        for one in by_id:
            ends.append(ends[-1] + (counts.get(one.doc_id, 0) if one.refused is None else 0))
        rows = pa.StructArray.from_arrays(
            [column.combine_chunks() for column in table.columns], fields=_fields(name)
        )
        columns.append(pa.ListArray.from_arrays(pa.array(ends, pa.int32()), rows))
    batch = pa.RecordBatch.from_arrays(columns, schema=nested_schema())
    if order == list(range(len(order))):
        return batch
    back = sorted(range(len(order)), key=order.__getitem__)
    return batch.take(pa.array(back, pa.int64()))


def rows_of(batch: pa.RecordBatch | pa.Table, name: str) -> pa.Table:
    """The rows of one table, document after document, with the schema of the published table.

    Args:
        batch: what `nest` (or `covid_timeline.extract_batch`) gave, or a table of such batches.
        name: one of `EXTRACTED`.

    Raises:
        KeyError: the batch has no column of that name.
    """
    schema = arrow_schema(name)
    column = batch.column(name)
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    parts = [pa.Table.from_batches([pa.RecordBatch.from_struct_array(chunk.flatten())]) for chunk in chunks]
    open_schema = pa.schema(_fields(name))
    whole = pa.concat_tables(parts) if parts else open_schema.empty_table()
    # Nullability is for validation to say, which lists all that is wrong; a cast would stop at the first.
    return pa.Table.from_arrays(whole.select(schema.names).columns, schema=schema)


def _fields(name: str) -> list[pa.Field]:
    return [pa.field(field.name, field.type) for field in arrow_schema(name)]


