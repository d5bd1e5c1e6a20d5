"""Rows -> Arrow tables, and Arrow tables -> frames.

Rows are the named tuples of `covid_timeline.model`; their fields stand in the order of `TABLES`, so a table is the
transpose of its rows. The rows of many documents are kept by `covid_timeline.tables.store`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from covid_timeline.mentions.places import region_table
from covid_timeline.model import Facts
from covid_timeline.tables.schema import TABLES, arrow_schema

if TYPE_CHECKING:
    import pandas as pd


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


def document_row(facts: Facts, *, with_quotes: bool = True) -> tuple[Any, ...]:
    """The row of `documents` for one article; `with_quotes` says whether its sentences will be published."""
    article = facts.article
    values = {
        **article._asdict(),
        "script": facts.script,
        "n_chars": len(article.raw),
        "n_dates": len(facts.dates),
        "n_events": len(facts.events),
        "n_metrics": len(facts.metrics),
        "may_republish": article.may_republish and with_quotes,
        "duplicate_of": None,  # only the whole of a build can say; see `pipeline`
    }
    return tuple(values[name] for name in TABLES["documents"].names)


def to_tables(batch: Sequence[Facts], quotes: str = "auto") -> dict[str, pa.Table]:
    """The extracted tables of some documents, each in its sort order.

    Args:
        batch: what was read from each document.
        quotes: `auto` keeps the sentences of the documents that may be republished, `always` of all (for one's own
            use), `never` of none; the published `documents.may_republish` is false wherever they may be missing.

    Raises:
        ValueError: `quotes` is none of these.
    """
    if quotes not in ("auto", "always", "never"):
        raise ValueError(f"quotes is auto, always or never, not {quotes!r}")
    tables = {
        "documents": to_table("documents", [document_row(f, with_quotes=quotes != "never") for f in batch]),
        "dates": to_table("dates", [row for f in batch for row in f.dates]),
        "events": to_table("events", [row for f in batch for row in f.events]),
        "metrics": to_table("metrics", [row for f in batch for row in f.metrics]),
        "rejected": to_table("rejected", [row for f in batch for row in f.rejected]),
    }
    if quotes != "always":
        bare = [f.article.doc_id for f in batch if quotes == "never" or not f.article.may_republish]
        if bare:
            tables = {name: without_quotes(name, table, bare) for name, table in tables.items()}
    return {name: sort(name, table) for name, table in tables.items()}


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


def to_frame(table: pa.Table) -> pd.DataFrame:
    """A pandas frame with plain dtypes: text as pandas strings, dates and date-times as datetime64[us].

    Descriptions, units and vocabularies of the columns are in `.attrs`.
    """
    import pandas as pd

    schema = table.schema
    for i, field in enumerate(schema):
        if pa.types.is_date32(field.type):
            table = table.set_column(i, field.name, table.column(i).cast(pa.timestamp("us")))
    # pandas 3 reads text as its own string type; pandas 2 would give objects.
    mapper = None if int(pd.__version__.split(".")[0]) >= 3 else {pa.string(): pd.StringDtype("pyarrow")}.get
    frame: pd.DataFrame = table.replace_schema_metadata(None).to_pandas(types_mapper=mapper)
    about = {
        key.decode(): value.decode()
        for key, value in (schema.metadata or {}).items()
        if key != b"ARROW:schema"
    }
    frame.attrs.update(about)
    frame.attrs["columns"] = {
        field.name: {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
        for field in schema
    }
    return frame


def to_frames(tables: Mapping[str, pa.Table]) -> dict[str, pd.DataFrame]:
    """`to_frame` for each table."""
    return {name: to_frame(table) for name, table in tables.items()}


def regions_table() -> pa.Table:
    """The table `regions`: every place code of the gazetteer with its periods of validity."""
    return sort("regions", to_table("regions", region_table()))
