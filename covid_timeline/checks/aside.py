"""Setting bad rows aside: one of them does not keep the others from being published.

A row that breaks a check of severity error is taken out of its table and listed in `rejected`, with the check as its
reason; of a bad document all rows go. What pointed at it no longer does, and counts follow. A publication stops only
where the tables as a whole are at fault: a column, a key, or too many rows (`too_many`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from covid_timeline.checks.rules import EXTRACTED, SPANS
from covid_timeline.model import Refused
from covid_timeline.tables.build import sort
from covid_timeline.tables.reports import Outcome
from covid_timeline.tables.schema import TABLES

MAX_SHARE = 0.02
"""Share of the rows read that may be set aside; beyond it, what is left is not trusted either."""

FEW = 20
"""So many may be set aside whatever their share."""


def too_many(n_aside: int, n_rows: int) -> str:
    """Why so many rows set aside are too many; empty where they are not."""
    if n_aside <= FEW or n_aside <= MAX_SHARE * (n_rows + n_aside):
        return ""
    return f"{n_aside:,} rows broke a check and {n_rows:,} did not: more than {MAX_SHARE:.0%} were to be set aside, and nothing is published"


def set_aside(
    tables: Mapping[str, pa.Table], failures: Sequence[Any], texts: Mapping[str, str]
) -> tuple[dict[str, pa.Table], list[Refused]]:
    """The tables without the rows that break a check of severity error.

    Args:
        tables: tables that were checked together.
        failures: what `check_tables(...).failures` said of them; what is not about single rows is left alone.
        texts: raw texts by doc_id, for the words that `rejected` quotes.

    Returns:
        The tables, and an entry of the kind `set_aside` for each row that is gone.
    """
    bad = _bad_rows(failures)
    if not bad:
        return dict(tables), []
    made = dict(tables)
    listed: list[Refused] = []
    rejected: list[dict[str, Any]] = []
    documents = {}
    for table, rows in bad.items():
        if table not in made:
            continue
        for row, (ident, checks, said) in sorted(rows.items()):
            listed.append(Refused(made[table]["doc_id"][row].as_py() if "doc_id" in made[table].schema.names else table, ident, f"{checks}: {said}", "set_aside"))
            if table == "documents":
                documents[made[table]["doc_id"][row].as_py()] = checks
            elif table in SPANS and table != "rejected":
                rejected += _as_rejected(made[table].slice(row, 1).to_pylist()[0], table, checks, texts)
        keep = pa.array([i not in rows for i in range(len(made[table]))], pa.bool_())
        made[table] = made[table].filter(keep)
    if documents:
        gone = pa.array(sorted(documents), pa.string())
        for table in EXTRACTED:
            if table in made:
                made[table] = made[table].filter(pc.invert(pc.is_in(made[table]["doc_id"], value_set=gone)))
        rejected = [row for row in rejected if row["doc_id"] not in documents]
    if "rejected" in made and rejected:
        distinct = {(r["doc_id"], r["char_start"], r["char_end"], r["reason"]): r for r in rejected}
        more = pa.Table.from_pylist(list(distinct.values()), schema=made["rejected"].schema)
        made["rejected"] = sort("rejected", pa.concat_tables([made["rejected"], more]))
    return _mend(made), listed


def _bad_rows(failures: Sequence[Any]) -> dict[str, dict[int, tuple[str, str, str]]]:
    """For each table the failing rows, with their id, the checks they break, and what was found."""
    bad: dict[str, dict[int, tuple[str, str, str]]] = {}
    for one in failures:
        if not isinstance(one, Outcome) or one.severity != "error" or one.stage not in ("schema", "rows") or one.cases is None:
            continue
        if one.table == "regions" or one.cases["index"].isna().any():
            continue  # a column, or a table that is no reading of ours
        rows = bad.setdefault(one.table, {})
        for row, ident, column, value, found in zip(*(one.cases[c].tolist() for c in ("index", "row", "column", "value", "found")), strict=True):
            said = f"{column} = {value}" + (f" ({found})" if found else "")
            _, checks, before = rows.get(int(row), (ident, "", ""))
            rows[int(row)] = (ident, f"{checks}, {one.check}" if checks and one.check not in checks else one.check, f"{before}; {said}" if before else said)
    return bad


def _as_rejected(row: Mapping[str, Any], table: str, checks: str, texts: Mapping[str, str]) -> list[dict[str, Any]]:
    """The row as an entry of `rejected`: its figure or its words; nothing where its span is none of the document."""
    quote, (start, end) = list(SPANS[table].items())[-1 if table == "metrics" else 0]
    text = texts.get(row["doc_id"])
    from_, to = row[start], row[end]
    if from_ is None or to is None or not 0 <= from_ < to or (text is not None and to > len(text)):
        return []
    words = None if row[quote] is None else row[quote] if text is None else text[from_:to]
    return [{"doc_id": row["doc_id"], "char_start": from_, "char_end": to, "quote": words, "reason": f"set aside: {checks}"}]


def _mend(tables: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """References to rows that are gone become null, and counts of rows follow."""
    made = dict(tables)
    for _ in range(2):  # a count of metrics follows the metrics that are left
        for name, whole in made.items():
            table = whole
            for column in TABLES[name].columns:
                if column.foreign_key and column.nullable and column.foreign_key[0] in made and column.foreign_key[0] != "regions" and column.name in table.schema.names:
                    known = made[column.foreign_key[0]][column.foreign_key[1]]
                    there = pc.is_in(table[column.name], value_set=known.combine_chunks())
                    table = _with(table, column.name, pc.if_else(there, table[column.name], pa.scalar(None, pa.string())))
            made[name] = table
    for name, columns in (("documents", ("n_dates", "n_events", "n_metrics")), ("events", ("n_metrics",))):
        key = TABLES[name].primary_key[0]
        for counted in columns:
            other = counted.removeprefix("n_")
            if name in made and other in made:
                counts = pc.value_counts(made[other][key].drop_null().combine_chunks())
                at = pc.index_in(made[name][key], value_set=counts.field("values"))
                made[name] = _with(made[name], counted, pc.fill_null(counts.field("counts").take(at.combine_chunks()), 0))
    return made


def _with(table: pa.Table, column: str, values: Any) -> pa.Table:
    at = table.schema.get_field_index(column)
    return table.set_column(at, table.schema.field(at), values)
