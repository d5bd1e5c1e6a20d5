"""Rows -> Arrow tables, and Arrow tables -> frames.

Rows are the named tuples of `covid_timeline.model`; their fields stand in the order of `TABLES`, so a table is the
transpose of its rows. The rows of many documents are kept by `covid_timeline.tables.store`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from covid_timeline.mentions.places import gazetteer, region_table
from covid_timeline.model import Article, Facts
from covid_timeline.tables.headlines import with_headlines
from covid_timeline.tables.schema import TABLES, arrow_schema


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




def regions_table() -> pa.Table:
    """The table `regions`: every place code of the gazetteer with its periods of validity."""
    return sort("regions", to_table("regions", region_table()))
