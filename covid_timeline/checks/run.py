"""Running the models over tables, and making the report from what pandera says failed.

A table is validated lazily three times: its header (columns, order, types), its values column by column with its key,
and its rules, bound to the other tables and the texts that they look at.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from covid_timeline.checks import contradictions, rules  # noqa: F401  (they register their checks)
from covid_timeline.checks.frames import (
    Context,
    Ints,
    Rows,
    Tables,
    conform,
    fits,
    from_arrow,
    has_type,
    number_text,
)
from covid_timeline.checks.models import bound, columns_only, pandera, some_columns
from covid_timeline.checks.registry import CHECKS, Check
from covid_timeline.tables.reports import MAX_CASES, STAGES, Outcome, Place, Report, Sample
from covid_timeline.tables.schema import SCHEMA_VERSION, TABLES

ORDER = tuple(TABLES)
_AROUND = 60


class WrongUseError(ValueError):
    """An argument is none of those that can be given."""


class _Failures:
    """What failed of one check: cells of the table, and what is no cell."""

    def __init__(self) -> None:
        self.cells: list[tuple[str, Ints]] = []  # (column, rows)
        self.items: list[tuple[str, str, str]] = []  # (what, column, what was found)

    def add(self, column: str, rows: Any) -> None:
        rows = np.unique(np.asarray(rows, np.int64))
        if len(rows):
            self.cells.append((column, rows))


# --- what pandera says --------------------------------------------------------------------------------------------

_BUILT_IN = {"isin": "vocabulary", "full_match": "pattern", "greater_than_or_equal_to": "minimum", "finite": "finite"}


def _errors(schema: Any, frame: pd.DataFrame) -> list[Any]:
    """The errors of a lazy validation; empty where there are none."""
    try:
        schema.validate(frame.copy(deep=False), lazy=True, inplace=True)
    except pandera().errors.SchemaErrors as error:
        found: list[Any] = error.schema_errors
        return found
    return []


def _check_header(table: str, frame: pd.DataFrame, into: dict[str, _Failures]) -> None:
    """Columns, their order and their types, as the empty table shows them."""
    names = list(frame.columns)
    for name in dict.fromkeys(n for n in names if names.count(n) > 1):
        into["columns"].items.append((f"column {name}", str(name), f"stands {names.count(name)} times"))
    schema = columns_only(table)
    for error in _errors(schema, frame.loc[:, ~frame.columns.duplicated()].head(0)):
        reason, name = error.reason_code.name, str(error.failure_cases)
        if reason == "COLUMN_NOT_IN_DATAFRAME":
            into["columns"].items.append((f"column {name}", name, "missing"))
        elif reason == "COLUMN_NOT_IN_SCHEMA":
            into["columns"].items.append((f"column {name}", name, "is not in the schema"))
        elif reason == "COLUMN_NOT_ORDERED":
            into["column_order"].items.append((f"column {name}", name, f"stands at place {names.index(name) + 1}"))
        elif reason == "WRONG_DATATYPE":
            column = str(error.schema.name)
            into["types"].items.append((f"column {column}", column, f"{_type_name(frame[column])} where {error.schema.dtype} is expected"))
        else:
            raise RuntimeError(f"{table}: {error}")


def _type_name(column: pd.Series[Any]) -> str:
    if column.dtype == object:
        kind = pd.api.types.infer_dtype(column.head(1000), skipna=True)
        return f"object ({kind})"
    return str(column.dtype).removesuffix("[pyarrow]")


def _check_values(table: str, tables: Tables, into: dict[str, _Failures]) -> None:
    """Types cell by cell, nulls, words, forms, bounds, and the key."""
    frame = tables.frames[table]
    key = TABLES[table].primary_key
    usable = tuple(name for name in TABLES[table].names if name in frame and fits_kind(table, name, frame[name]))
    for error in _errors(some_columns(table, usable), frame):
        reason, cases = error.reason_code.name, error.failure_cases
        if reason == "DUPLICATES":
            seen = frame[key[0]].notna().to_numpy()  # a row without its key is the matter of `nulls`
            rows = np.unique(cases["index"].to_numpy(np.int64))
            into["key_unique"].add(key[0], rows[seen[rows]])
            continue
        what = {"SERIES_CONTAINS_NULLS": "nulls", "WRONG_DATATYPE": "types"}.get(reason) or _BUILT_IN[error.check.name]
        into[what].add(str(error.schema.name), cases["index"].to_numpy(np.int64))
    # What pandas takes for null and is none: NaN in a file, and a cell of a CSV that did not read.
    unread = {key: list(cells) for key, cells in tables.unread.items()}
    for what, cells in (("finite", tables.nan), ("types", unread)):
        for (of, column), there in cells.items():
            if of == table:
                into[what].add(column, list(there))
                nulls = into["nulls"]
                nulls.cells = [(c, np.setdiff1d(r, list(there)) if c == column else r) for c, r in nulls.cells]


def fits_kind(table: str, name: str, series: pd.Series[Any]) -> bool:
    """Whether a column is held in its dtype at all, whatever its values are."""
    found = fits(series.head(0), TABLES[table].column(name).type)
    return bool(found is not False)


def _check_rules(table: str, checks: Sequence[Check], tables: Tables, into: dict[str, _Failures]) -> None:
    for error in _errors(bound(table, checks, tables), tables.frames[table]) if checks else ():
        what = error.check.check.what
        if error.reason_code.name == "CHECK_ERROR":
            raise RuntimeError(f"the check {table}.{what} could not run: {error}")
        into[what].add(error.check.blamed, error.failure_cases["index"].to_numpy(np.int64))


# --- outcomes -----------------------------------------------------------------------------------------------------


def _outcome(tables: Tables, check: Check, failures: _Failures, file: str | None) -> Outcome:
    frame = tables.frames[check.table]
    made = Outcome(
        check.id, check.table, check.stage, check.severity, check.expects, check.expects_zh, check.fix, "passed",
        n=max(len(frame), len(failures.items)), file=file,
    )  # fmt: skip
    cells = [(column, rows) for column, rows in failures.cells if len(rows)]
    n_failed = len(failures.items) + (len(np.unique(np.concatenate([rows for _, rows in cells]))) if cells else 0)
    if not n_failed:
        return made
    samples = [Sample(name, column, None, found, None, None) for name, column, found in failures.items]
    parts = [_cases(tables, check, column, rows, samples) for column, rows in cells]
    if failures.items:
        parts.append(pd.DataFrame([{"row": n, "index": None, "column": c, "value": None, "found": f} for n, c, f in failures.items]))
    # One sample of each column before the second of any.
    turns = sorted(range(len(samples)), key=lambda i: sum(samples[j].column == samples[i].column for j in range(i)) if i < 50 else i)
    return replace(
        made, status="failed", n_failed=n_failed, samples=tuple(samples[i] for i in turns),
        cases=parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True),
    )  # fmt: skip


def _cases(tables: Tables, check: Check, column: str, rows: Ints, samples: list[Sample]) -> pd.DataFrame:
    """Every failing cell of one column as a row; the first of them told in full in `samples`."""
    of = tables.rows(check.table, column)
    idents = row_ids(of, rows)
    values = [_value_text(value) for value in tables.frames[check.table][column].iloc[rows].tolist()]
    shown = rows[: max(0, MAX_CASES - len(samples))]
    told = [_found(of, check, int(row)) for row in shown]
    for row, ident, value, found in zip(shown.tolist(), idents, values, told, strict=False):
        sentence, place = _where_read(of, row, column)
        samples.append(Sample(ident, column, value, found, sentence, place))
    made = pd.DataFrame({"row": idents, "index": rows, "column": column, "value": values})
    made["found"] = told + [None] * (len(rows) - len(told))
    for name in ("doc_id", "char_start", "char_end"):
        if of.has(name):
            made[name] = tables.frames[check.table][name].iloc[rows].to_numpy(object)
    return made


def _value_text(value: Any) -> str | None:
    if value is None or value is pd.NaT or pd.isna(value):
        return None
    if isinstance(value, float):
        return number_text(value)
    return str(value.date() if isinstance(value, pd.Timestamp) and value == value.normalize() else value)


def _found(rows: Rows, check: Check, row: int) -> str:
    if check.fails is not None:
        return check.found(rows, row)
    field = next(c.field for c in TABLES[check.table].columns if c.name == rows.column)
    match check.what:
        case "nulls":
            return "null"
        case "vocabulary":
            return f"is not in the list {field.vocabulary}" + _near(rows.value(rows.column, row), field.vocabulary or "")
        case "pattern":
            return "is not of that form"
        case "minimum":
            return f"is below {field.minimum}"
        case "key_unique":
            return "another row has the same key"
        case "types":
            text = rows.tables.unread.get((rows.table, rows.column), {}).get(row)
            if text is not None:
                return f"{text!r} where {field.type} is expected"
            value = rows.frame[rows.column].iat[row]
            in_years = isinstance(value, pd.Timestamp) and 1 <= value.year <= 9999
            return "has a time of day" if in_years else "lies outside the years 1 to 9999"
    return "is not finite"


def _near(word: Any, vocabulary: str) -> str:
    from difflib import get_close_matches

    from covid_timeline.tables.schema import VOCABULARIES

    near = get_close_matches(str(word), VOCABULARIES[vocabulary], 1, 0.7)
    return f"; the nearest word there is {near[0]}" if near else ""


def row_ids(rows: Rows, at: Ints) -> list[str]:
    """What a person finds each row by: its key, or its number where it has none."""
    key = TABLES[rows.table].primary_key
    if not rows.has(*key):
        return [f"row {i + 1}" for i in at.tolist()]
    out = []
    for i, values in zip(at.tolist(), rows.lists(key, at), strict=True):
        if values[0] is None:
            out.append(f"row {i + 1}")
        elif key[:3] == ("doc_id", "char_start", "char_end"):
            out.append(f"{values[0]}[{values[1]}:{values[2]}]" + "".join(f" {v}" for v in values[3:]))
        else:
            out.append(" ".join(str(v) for v in values if v is not None))
    return out


def _where_read(rows: Rows, row: int, column: str) -> tuple[str | None, Place | None]:
    """The quoted sentence with the span marked, and the place in the document."""
    tables = rows.tables
    if rows.table != "metrics" and rows.has("metric_id") and not tables.lacks([("metrics", "metric_id")]):
        metric = int(rows.lookup("metric_id", "metrics", "metric_id")[row])
        return _where_read(tables.rows("metrics"), metric, "value") if metric >= 0 else (None, None)
    doc = rows.value("doc_id", row)
    if doc is None:
        return None, None
    spans = list(rules.SPANS.get(rows.table, {}).items())
    if not spans:
        return None, _place(tables, doc, None, None)
    # The figure, or the date of an event when it is the date that is wrong; else the sentence itself.
    figure = rows.table == "metrics" and not column.startswith(("quote", "char_"))
    quote, (start_column, end_column) = spans[-1 if figure or (rows.table == "events" and "date" in column) else 0]
    if figure and column.startswith(("date_", "region_")) and rows.value(f"{column.partition('_')[0]}_char_start", row) is not None:
        start_column, end_column = (f"{column.partition('_')[0]}_char_{end}" for end in ("start", "end"))
    start, end = rows.value(start_column, row), rows.value(end_column, row)
    raw = tables.context.texts.get(doc)
    if raw is not None and start is not None and end is not None and 0 <= start < end <= len(raw):
        return marked(raw, start, end), _place(tables, doc, start, end)
    words, around = rows.value(quote, row), rows.value("quote", row)
    if words is None or around is None:
        return words or around, _place(tables, doc, start, end)
    offset = (rows.value(spans[-1][1][0], row) or 0) - (rows.value("char_start", row) or 0)
    if quote != "quote" and around[max(0, offset) : max(0, offset) + len(words)] == words:
        return marked(around, offset, offset + len(words)), _place(tables, doc, start, end)
    return (f"【{words}】" if quote == "quote" else f"【{words}】 {around}"), _place(tables, doc, start, end)


def marked(text: str, start: int, end: int) -> str:
    """The sentence around a span, the span marked 【】, cut where it is long.

    >>> marked("一。新增3例,治愈2例。二", 4, 6)
    '新增【3例】,治愈2例。'
    """
    borders = "。！？!?\n"
    left = max((text.rfind(b, max(0, start - _AROUND), start) for b in borders), default=-1) + 1
    left = left if left else max(0, start - _AROUND)
    stops = [at for b in borders if (at := text.find(b, end, end + _AROUND)) >= 0]
    right = min(stops) + 1 if stops else min(len(text), end + _AROUND)
    return f"{text[left:start]}【{text[start:end]}】{text[end:right]}".strip()


def _place(tables: Tables, doc: str, start: int | None, end: int | None) -> Place:
    title = url = None
    if not tables.lacks([("documents", "doc_id")]):
        documents = tables.rows("documents")
        at = tables.remember("doc rows", lambda: {d: i for i, d in enumerate(documents.arrow("doc_id").to_pylist())}).get(doc, -1)
        title, url = documents.value("title", at), documents.value("url", at)
    place = Place(doc, title, url, tables.context.files.get(doc), start, end)
    raw = tables.context.texts.get(doc)
    if raw is None or start is None or end is None or not 0 <= start <= end <= len(raw):
        return place
    first, last = raw.rfind("\n", 0, start), raw.rfind("\n", 0, end)
    return place._replace(
        line=raw.count("\n", 0, start) + 1, column=start - first, end_line=raw.count("\n", 0, end) + 1, end_column=end - last
    )


# --- running ------------------------------------------------------------------------------------------------------


def prepare(tables: Mapping[str, Any], context: Context | None = None) -> Tables:
    """Tables by name, Arrow, pandas or Polars, as the checks take them.

    Raises:
        WrongUseError: a name is no table of the schema.
    """
    if unknown := [name for name in tables if name not in TABLES]:
        raise WrongUseError(f"no such table in the schema: {', '.join(unknown)} (there are {', '.join(TABLES)})")
    frames = {name: to_frame(name, table) for name, table in sorted(tables.items(), key=lambda item: ORDER.index(item[0]))}
    made = Tables(frames, context)
    for name, table in tables.items():
        if isinstance(table, pa.Table):
            note_nan(made, name, table)
    settle(made)
    return made


def to_frame(name: str, table: Any) -> pd.DataFrame:
    """A table of any of the libraries as a pandas frame with our dtypes.

    Raises:
        WrongUseError: it is no table.
    """
    if isinstance(table, pd.DataFrame):
        frame = table.reset_index(drop=True)
        kinds = {column.name: column.type for column in TABLES[name].columns}
        if not frame.columns.is_unique:
            return frame
        changed = {c: conform(frame[c], kinds[c]) for c in frame if c in kinds and not has_type(frame[c], kinds[c])}
        return frame.assign(**changed) if changed else frame
    if not isinstance(table, pa.Table) and hasattr(table, "to_arrow"):
        table = table.to_arrow()
    if not isinstance(table, pa.Table):
        raise WrongUseError(f"{name} is a {type(table).__name__}; pandas, Polars and Arrow tables can be checked")
    return from_arrow(name, table)


def note_nan(tables: Tables, name: str, table: pa.Table) -> None:
    """Remember which numbers of a file are NaN: pandas cannot tell them from null."""
    import pyarrow.compute as pc

    for field in table.schema:
        if field.type == pa.float64() and table.schema.names.count(field.name) == 1:
            nan = pc.fill_null(pc.is_nan(table.column(field.name)), False)
            if pc.any(nan).as_py():
                tables.nan[name, field.name] = np.flatnonzero(nan.to_numpy())


def settle(tables: Tables) -> None:
    """Note the columns that no rule can look at."""
    for name, frame in tables.frames.items():
        doubled = set(frame.columns[frame.columns.duplicated()])
        kinds = {column.name: column.type for column in TABLES[name].columns}
        tables.unusable[name] = doubled | {c for c in frame if c in kinds and c not in doubled and not has_type(frame[c], kinds[c])}
        tables.frames[name] = frame.loc[:, ~frame.columns.duplicated()] if doubled else frame
        if doubled:
            tables.remember(("header", name), partial(frame.head, 0))


def _stages(stages: Iterable[str] | None) -> list[str]:
    wanted = set(STAGES if stages is None else stages)
    if unknown := wanted - set(STAGES):
        raise WrongUseError(f"no such stage: {', '.join(sorted(unknown))} (there are {', '.join(STAGES)})")
    return [stage for stage in STAGES if stage in wanted and stage != "file"]


def run(
    tables: Tables, *, stages: Iterable[str] | None = None, fail_on: str = "error", baseline: Mapping[str, Any] | None = None,
    max_failures: int | None = None, files: Mapping[str, str] | None = None, before: Sequence[Outcome] = (),
) -> Report:  # fmt: skip
    """Run the checks of these stages; the report holds `before`, the outcomes that the reading of the files had."""
    if fail_on not in ("error", "warning", "never"):
        raise WrongUseError(f"fail_on is error, warning or never, not {fail_on!r}")
    wanted = _stages(stages)
    outcomes: list[Outcome] = list(before)
    rows = {name: len(frame) for name, frame in tables.frames.items()}
    report = Report((), rows, files or {}, SCHEMA_VERSION, fail_on=fail_on)

    def so_far() -> Report:
        made = replace(report, outcomes=tuple(outcomes))
        return made.against(baseline) if baseline is not None else made

    for stage in wanted:
        for name in tables.frames:
            if max_failures is not None and sum(o.n_new for o in so_far().failures) >= max_failures:
                return replace(so_far(), complete=False)
            checks = [check for check in CHECKS.values() if check.table == name and check.stage == stage]
            outcomes += _run(tables, name, stage, checks, (files or {}).get(name))
    return so_far()


def _run(tables: Tables, table: str, stage: str, checks: Sequence[Check], file: str | None) -> list[Outcome]:
    failures = {check.what: _Failures() for check in checks}
    skipped: dict[str, str] = {}
    if stage in ("schema", "keys"):
        found = tables.remember(("values", table), lambda: _columns_of(tables, table))
        failures |= {what: found[what] for what in failures if what in found}
        if lacking := tables.lacks([(table, column) for column in reversed(TABLES[table].primary_key)]):
            skipped["key_unique"] = lacking
    mine = [check for check in checks if check.fails is not None]
    for check in mine:
        columns = [tables.lacks([(table, column)]) for column in check.on]
        if lacking := tables.lacks([(table, ""), *check.needs]) or (columns[0] if all(columns) else ""):
            skipped[check.what] = lacking
    _check_rules(table, [check for check in mine if check.what not in skipped], tables, failures)
    made = []
    for check in checks:
        outcome = _outcome(tables, check, failures[check.what], file)
        if check.what in skipped:
            outcome = replace(outcome, status="skipped", reason=skipped[check.what], n=0)
        made.append(outcome)
    return made


def check_one(tables: Tables, check: Check) -> Outcome:
    """One rule on tables that are prepared."""
    return next(o for o in _run(tables, check.table, check.stage, [check], None) if o.check == check.id) if check.table in tables.frames else Outcome(
        check.id, check.table, check.stage, check.severity, check.expects, check.expects_zh, check.fix, "skipped"
    )  # fmt: skip


def _columns_of(tables: Tables, table: str) -> dict[str, _Failures]:
    found = {check.what: _Failures() for check in CHECKS.values() if check.table == table and check.fails is None}
    frame = tables.frames[table]
    header = tables.remember(("header", table), lambda: frame.head(1000))
    _check_header(table, header, found)
    _check_values(table, tables, found)
    return found


def check_tables(
    tables: Mapping[str, Any], texts: Mapping[str, str] | None = None, *, stages: Iterable[str] | None = None,
    fail_on: str = "error", baseline: Mapping[str, Any] | None = None, max_failures: int | None = None,
) -> Report:  # fmt: skip
    """Check tables that are in memory.

    Args:
        tables: pandas, Polars or Arrow tables by the names of docs/data-dictionary.md; some may be missing.
        texts: raw text of each document by doc_id; without it, quotes are only compared with each other.
        stages: those of `STAGES` to run; all of them by default.
        fail_on: `error`, `warning` or `never`: what makes the verdict `invalid`.
        baseline: an earlier report as `reports.to_dict` gives it; its failures do not count again.
        max_failures: stop once so many rows have failed; the report then says that it is not complete.

    Raises:
        WrongUseError: a name is no table of the schema, or an argument is none of those listed.
        MissingPanderaError: pandera cannot be imported.
    """
    start = time.perf_counter()
    prepared = prepare(tables, Context(texts or {}))
    report = run(prepared, stages=stages, fail_on=fail_on, baseline=baseline, max_failures=max_failures)
    if not tables:
        report = replace(report, trouble="nothing_checked", message="no table was given")
    return replace(report, seconds=time.perf_counter() - start)
