"""The checks of docs/contract.md, section 3: the catalogue, and the columns they are run on.

A check has one table and the id `<table>.<what>`. Types, nulls, words, patterns and keys are read from
`covid_timeline.tables.schema`; there is no second dictionary here. Each check carries damage that it must catch and a
change that it must let pass (`samples`). Work is done a column at a time with Arrow and numpy, and `value_quote` is
re-read once for each distinct text.

>>> len(CHECKS) > 80, CHECKS["metrics.value_rereads"].severity
(True, 'error')
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from covid_timeline.tables.export import RUNNABLE
from covid_timeline.tables.reports import MAX_SAMPLES
from covid_timeline.tables.samples import (
    TEXT_B,
    Step,
    World,
    add,
    append_column,
    drop,
    flip_quietly,
    newer,
    on_disk,
    retype,
    rewrite_fewer_rows,
    set_,
    truncate,
    withhold,
)
from covid_timeline.tables.schema import TABLES, VOCABULARIES, arrow_schema

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

EXTRACTED = ("dates", "events", "metrics", "rejected")
"""Tables whose rows quote a document."""

# The spans of each table: (text column, start, end).
SPANS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "dates": (("quote", "char_start", "char_end"),),
    "events": (("quote", "char_start", "char_end"), ("date_quote", "date_char_start", "date_char_end")),
    "metrics": (("quote", "char_start", "char_end"), ("value_quote", "value_char_start", "value_char_end")),
    "rejected": (("quote", "char_start", "char_end"),),
}

CORRECTION_WORDS = (
    "核减", "核销", "核增", "订正", "更正", "修正", "修订", "纠正", "剔除", "扣除", "去除", "减去", "重复统计",
    "重复报告", "重新统计", "调出", "转出", "排除",
)  # fmt: skip
"""Words by which a bulletin says that an earlier figure is corrected, so that a series may fall."""

GROWTH_WORDS = "增|升|涨|提高|降|减|同比|环比|翻|幅|跌|超额|任务|计划|产能|倍|负荷|指数"
"""Words beside a percentage that is no share of a whole, so that it may leave 0 to 100."""

BOUNDED_RATES = tuple(
    w.word for w in VOCABULARIES["indicators"].values() if w.kind == "rate" and "growth" not in w.word
)


# --- columns at hand ----------------------------------------------------------------------------------------------


class Found(NamedTuple):
    """What a check found in one column."""

    n: int  # rows (or, for a check on a file, things) looked at
    column: str
    rows: Ints  # failing rows, ascending
    detail: Callable[[int], str] | None = None  # what was found instead, for a failing row
    items: tuple[tuple[str, str | None, str], ...] = ()  # failures that are no row: (name, value, found)


_NO_ROWS: Ints = np.zeros(0, np.int64)
_NULL_DAY = np.iinfo(np.int32).min


class _TypeFault(NamedTuple):
    column: str
    found: str  # the type that it has, or, for single cells of a CSV, ""
    rows: Ints
    values: tuple[str, ...]


class Context:
    """The tables under validation, their columns decoded once, and the raw texts where they are at hand."""

    def __init__(
        self,
        tables: Mapping[str, pa.Table],
        texts: Mapping[str, str] | None = None,
        *,
        from_text: Iterable[str] = (),
        lenient: Iterable[str] = (),
    ) -> None:
        self.given = dict(tables)
        self.texts = texts
        self.text_files: Mapping[str, str] = {}
        self.digests: Mapping[str, str] = {}  # SHA-256 of the file at hand for a document, by doc_id
        self.tables: dict[str, pa.Table] = {}
        self.type_faults: dict[str, list[_TypeFault]] = {}
        self.row_counts = {name: len(table) for name, table in tables.items()}
        self._cache: dict[Any, Any] = {}
        for name, table in tables.items():
            self._conform(name, table, as_text=name in set(from_text), lenient=name in set(lenient))

    def _conform(self, name: str, table: pa.Table, *, as_text: bool, lenient: bool) -> None:
        faults: list[_TypeFault] = []
        columns: dict[str, pa.Array] = {}
        for wanted in arrow_schema(name):
            if table.schema.names.count(wanted.name) != 1:
                continue
            column = table.column(wanted.name)
            if as_text:
                array, fault = _from_text(wanted.name, column, wanted.type)
            else:
                array, fault = _as_type(wanted.name, column, wanted.type, lenient)
            faults += [fault] if fault else []
            if array is not None:
                columns[wanted.name] = array
        self.tables[name] = pa.table(columns)
        self.type_faults[name] = faults

    def lacks(self, needs: Iterable[tuple[str, str]]) -> str:
        """Why a check cannot run: the first table or column that is not at hand; empty when all are."""
        for table, column in needs:
            if table == "texts":
                if not self.texts:
                    return "the raw texts are not at hand"
            elif table not in self.tables:
                return f"there is no table {table}"
            elif column and column not in self.tables[table].schema.names:
                return f"{table} has no usable column {column}"
        return ""

    def remember(self, key: Any, make: Callable[[], Any]) -> Any:
        if key not in self._cache:
            self._cache[key] = make()
        return self._cache[key]

    def col(self, table: str, column: str) -> pa.Array:
        """A column as one Arrow array."""

        def make() -> pa.Array:
            chunked = self.tables[table].column(column)
            if chunked.nbytes > 1_900_000_000 and pa.types.is_string(chunked.type):
                chunked = chunked.cast(pa.large_string())
            combined = chunked.combine_chunks()
            if isinstance(combined, pa.ChunkedArray):
                combined = combined.chunk(0) if combined.num_chunks else pa.array([], combined.type)
            return combined

        return self.remember(("col", table, column), make)

    def valid(self, table: str, column: str) -> Mask:
        array = self.col(table, column)
        return np.asarray(array.is_valid().to_numpy(zero_copy_only=False), dtype=bool)

    def ints(self, table: str, column: str) -> Ints:
        """An integer column; null is 0."""
        array = pc.fill_null(self.col(table, column).cast(pa.int64()), 0)
        return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.int64)

    def floats(self, table: str, column: str) -> npt.NDArray[np.float64]:
        """A number column; null is NaN."""
        array = self.col(table, column).cast(pa.float64(), safe=False)
        return np.asarray(pc.fill_null(array, float("nan")).to_numpy(zero_copy_only=False))

    def days(self, table: str, column: str) -> Ints:
        """A date column as days since 1970; null is `_NULL_DAY`."""
        array = pc.fill_null(self.col(table, column).cast(pa.int32()), _NULL_DAY)
        return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.int64)

    def codes(self, table: str, column: str) -> tuple[Ints, list[Any]]:
        """A column as indexes into its distinct values; null is -1."""

        def make() -> tuple[Ints, list[Any]]:
            encoded = self.col(table, column).dictionary_encode()
            indexes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
            return np.asarray(indexes, dtype=np.int64), encoded.dictionary.to_pylist()

        made: tuple[Ints, list[Any]] = self.remember(("codes", table, column), make)
        return made

    def is_word(self, table: str, column: str, words: Iterable[str]) -> Mask:
        """Rows whose word is one of these."""
        codes, values = self.codes(table, column)
        wanted = set(words)
        lookup = np.array([value in wanted for value in values] + [False], dtype=bool)
        return np.asarray(lookup[codes])

    def groups(self, table: str, columns: Sequence[str]) -> Ints:
        """A number for each row, equal where all these columns are equal (null equals null)."""
        key = np.zeros(len(self.tables[table]), np.int64)
        for column in columns:
            codes, values = self.codes(table, column)
            key = key * (len(values) + 1) + codes + 1
            if len(columns) > 1:
                key = np.unique(key, return_inverse=True)[1].astype(np.int64)
        return key

    def matches(self, table: str, column: str, pattern: str) -> Mask:
        """Rows whose text contains the pattern; null does not."""
        codes, values = self.codes(table, column)
        found = pc.match_substring_regex(pa.array(values, pa.string()), pattern).to_numpy(
            zero_copy_only=False
        )
        return np.asarray(np.append(found.astype(bool), False)[codes])

    def value(self, table: str, column: str, row: int) -> Any:
        """One cell as Python gives it; None where there is none."""
        if table not in self.tables or column not in self.tables[table].schema.names:
            return None
        return self.col(table, column)[row].as_py()


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _as_type(
    name: str, column: pa.ChunkedArray, wanted: pa.DataType, lenient: bool
) -> tuple[pa.ChunkedArray | None, _TypeFault | None]:
    """The column in the type of the dictionary, and what is wrong with the type it has."""
    kind = column.type
    if kind == wanted:
        return column, None
    # One logical type in Parquet, three in Arrow: pandas writes the larger ones.
    same = pa.types.is_string(wanted) and _is_text(kind)
    if not same and lenient and column.null_count == len(column):
        same = True  # an all-null column of a frame has no type of its own
    if not same and lenient:  # a pandas frame has no dates, only date-times
        same = (pa.types.is_date(wanted) or pa.types.is_timestamp(wanted)) and pa.types.is_temporal(kind)
        same = same or (pa.types.is_string(wanted) and pa.types.is_dictionary(kind))
    fault = None if same else _TypeFault(name, str(kind), _NO_ROWS, ())
    if not same and not _compatible(kind, wanted):
        return None, fault
    try:
        return column.cast(wanted), fault
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None, fault or _TypeFault(name, str(kind), _NO_ROWS, ())


def _compatible(kind: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether a cast is worth trying, so that the other checks can still run on a column of the wrong type."""
    if pa.types.is_dictionary(kind):
        return _compatible(kind.value_type, wanted)
    numbers = [
        pa.types.is_integer(t) or pa.types.is_floating(t) or pa.types.is_decimal(t) for t in (kind, wanted)
    ]
    moments = [pa.types.is_timestamp(t) or pa.types.is_date(t) for t in (kind, wanted)]
    return all(numbers) or all(moments) or (_is_text(kind) and _is_text(wanted)) or pa.types.is_null(kind)


_TEXT_FORMS = {
    pa.int64(): r"^-?[0-9]{1,19}$",
    pa.float64(): r"^-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][-+]?[0-9]{1,3})?$",
    pa.bool_(): r"^(true|false|True|False|TRUE|FALSE|0|1)$",
    pa.date32(): r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    pa.timestamp("us"): r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?$",
}


def _from_text(
    name: str, column: pa.ChunkedArray, wanted: pa.DataType
) -> tuple[pa.ChunkedArray, _TypeFault | None]:
    """A column of a CSV in the type of the dictionary; cells that do not read become null and are reported."""
    if pa.types.is_string(wanted):
        # `export` writes an apostrophe before what a spreadsheet would run.
        guarded = pc.match_substring_regex(column, RUNNABLE.replace("^", "^'", 1))
        return pc.if_else(guarded, pc.utf8_slice_codeunits(column, 1), column), None
    shaped = pc.fill_null(pc.match_substring_regex(column, _TEXT_FORMS[wanted]), True)
    kept = pc.if_else(shaped, column, pa.scalar(None, pa.string()))
    try:
        array = kept.cast(wanted)
    except pa.ArrowInvalid:  # 2020-02-30: the form of a date, and none
        refused = [v for v in pc.unique(kept).to_pylist() if v is not None and not _casts(v, wanted)]
        fits = pc.invert(pc.is_in(kept, value_set=pa.array(refused, pa.string())))
        array = pc.if_else(fits, kept, pa.scalar(None, pa.string())).cast(wanted)
    bad = np.flatnonzero(
        np.asarray(pc.and_(column.is_valid(), array.is_null()).to_numpy(), dtype=bool)
    ).astype(np.int64)
    if not len(bad):
        return array, None
    return array, _TypeFault(name, "", bad, tuple(column.take(pa.array(bad[:MAX_SAMPLES])).to_pylist()))


def _casts(value: str, wanted: pa.DataType) -> bool:
    try:
        pa.array([value]).cast(wanted)
    except pa.ArrowInvalid:
        return False
    return True


# --- the catalogue ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Check:
    """One thing that must hold of one table."""

    id: str  # <table>.<what>
    table: str
    stage: str  # one of STAGES
    severity: str  # error, warning
    expects: str
    expects_zh: str
    fix: str
    needs: tuple[
        tuple[str, str], ...
    ]  # (table, column) without which it is skipped; ("texts", "") the raw texts
    run: Callable[[Context, str], list[Found]] | None  # None: the loader does it (file stage)
    bad: tuple[Step, ...]
    good: tuple[Step, ...]


CHECKS: dict[str, Check] = {}
"""Every check by id, in the order in which they run."""

_Runner = Callable[[Context, str], list[Found]]
_Steps = tuple[Step, ...] | Callable[[str], tuple[Step, ...]]


def _check(
    tables: str | Iterable[str],
    what: str,
    *,
    stage: str,
    expects: str,
    zh: str,
    fix: str,
    bad: _Steps,
    good: _Steps = (),
    severity: str = "error",
    needs: str = "",
) -> Callable[[_Runner], _Runner]:
    """Register one check on each of these tables.

    Args:
        needs: columns of its own table, `table.column` of another, or `texts`, separated by spaces.
        bad: damage that it must catch; good: a change that it must let pass.
    """

    def register(run: _Runner) -> _Runner:
        for table in [tables] if isinstance(tables, str) else tables:
            wanted = []
            for word in needs.split():
                other, _, column = word.rpartition(".")
                wanted.append(("texts", "") if word == "texts" else (other or table, column))
            check = Check(
                f"{table}.{what}", table, stage, severity, expects, zh, fix, tuple(wanted), run,
                bad(table) if callable(bad) else bad, good(table) if callable(good) else good,
            )  # fmt: skip
            if check.id in CHECKS:
                raise ValueError(f"two checks are called {check.id}")
            CHECKS[check.id] = check
        return run

    return register


def _file_check(what: str, *, expects: str, zh: str, fix: str, bad: Callable[[Path], None]) -> None:
    for table in TABLES:
        CHECKS[f"{table}.{what}"] = Check(
            f"{table}.{what}", table, "file", "error", expects, zh, fix, (), None, (on_disk(table, bad),), ()
        )


_file_check(
    "file_present",
    expects="Every file that the manifest names is there.",
    zh="清单中列出的文件都应存在。",
    fix="Build again, or copy the whole folder again.",
    bad=lambda path: path.unlink(),
)
_file_check(
    "file_readable",
    expects="The file is whole: footer, pages and text can be read, and are as large as the footer says.",
    zh="文件应完整：文件尾、数据页和文字均可读取，大小与文件尾一致。",
    fix="The file is damaged or is not what its name says; copy or build it again.",
    bad=truncate,
)
_file_check(
    "schema_version",
    expects="The file was written with a schema that this package knows: its own version or an older one of the same major.",
    zh="文件的模式版本应为本软件所知：同一主版本的当前或更早版本。",
    fix="Upgrade covid-timeline, or build the tables again with this version.",
    bad=newer,
)
_file_check(
    "file_size",
    expects="The file has the size that the manifest states.",
    zh="文件大小应与清单一致。",
    fix="The file was changed or cut after publication; copy or build it again.",
    bad=truncate,
)
_file_check(
    "file_checksum",
    expects="The SHA-256 of the file is the one in the manifest.",
    zh="文件的 SHA-256 应与清单一致。",
    fix="The file was changed after publication; copy or build it again.",
    bad=flip_quietly,
)
_file_check(
    "file_rows",
    expects="The file has as many rows as the manifest states.",
    zh="文件行数应与清单一致。",
    fix="The file was changed after publication; copy or build it again.",
    bad=rewrite_fewer_rows,
)

_ALL = tuple(TABLES)
_CHOSEN = tuple(name for name, table in TABLES.items() if {"metric_id", "value_min"} <= set(table.names))
"""Tables of values that were chosen among the figures of `metrics`."""


def _rows_where(mask: Any) -> Ints:
    return np.flatnonzero(np.asarray(mask)).astype(np.int64)


def _cell_fault(values: Mapping[int, str], expected: str, row: int) -> str:
    return f"{values.get(row, 'text')!r} {expected}"


def _not_in_list(name: str, _: int) -> str:
    return f"is not in the list {name}"


def _interval(start: Ints, end: Ints, row: int) -> str:
    return f"[{start[row]}, {end[row]})"


# schema


@_check(
    _ALL, "columns", stage="schema",
    expects="Every column of the schema is there, once.", zh="模式规定的各列都应存在，且只出现一次。",
    fix="Add the column (docs/data-dictionary.md says what it holds); a column without values is null.",
    bad=lambda t: (drop(t, TABLES[t].names[-1]),), good=lambda t: (append_column(t, "note"),),
)  # fmt: skip
def _columns(ctx: Context, table: str) -> list[Found]:
    names = ctx.given[table].schema.names
    found = []
    for column in TABLES[table].names:
        times = names.count(column)
        if times != 1:
            what = "missing" if not times else f"stands {times} times"
            found.append(Found(1, column, _NO_ROWS, items=((f"column {column}", None, what),)))
        else:
            found.append(Found(1, column, _NO_ROWS))
    return found


@_check(
    _ALL, "column_order", stage="schema", severity="warning",
    expects="The columns stand in the order of the schema, and there are no others.",
    zh="各列应按模式规定的顺序排列，且没有多余的列。",
    fix="Select the columns in the order of docs/data-dictionary.md; keep columns of your own in a table of their own.",
    bad=lambda t: (append_column(t, "note"),),
)  # fmt: skip
def _column_order(ctx: Context, table: str) -> list[Found]:
    names = ctx.given[table].schema.names
    known = TABLES[table].names
    extra = [n for n in names if n not in known]
    items = [(f"column {n}", None, "is not in the schema") for n in dict.fromkeys(extra)]
    shared = [n for n in names if n in known]
    if shared != sorted(shared, key=known.index):
        items.append(("order", None, f"is {', '.join(shared)}"))
    return [Found(len(names), "", _NO_ROWS, items=tuple(items))]


@_check(
    _ALL, "types", stage="schema",
    expects="Every column has the type of the schema.", zh="各列类型应与模式一致。",
    fix="Cast the column; in a CSV write dates as 2020-02-03 and numbers without separators.",
    bad=lambda t: (retype(t, TABLES[t].names[0], pa.binary()),),
)  # fmt: skip
def _types(ctx: Context, table: str) -> list[Found]:
    wanted = {c.name: c.type for c in TABLES[table].columns}
    n = ctx.row_counts[table]
    found = []
    for fault in ctx.type_faults[table]:
        expected = f"where {wanted[fault.column]} is expected"
        if fault.found:
            found.append(
                Found(
                    n,
                    fault.column,
                    _NO_ROWS,
                    items=((f"column {fault.column}", None, f"{fault.found} {expected}"),),
                )
            )
        else:
            value_of = dict(zip(fault.rows.tolist(), fault.values, strict=False))
            found.append(Found(n, fault.column, fault.rows, partial(_cell_fault, value_of, expected)))
    return found or [Found(n, "", _NO_ROWS)]


@_check(
    _ALL, "nulls", stage="schema",
    expects="Columns that may not be null hold no null.", zh="不可为空的列中不应有空值。",
    fix="Fill the value, or leave the row out.",
    bad=lambda t: (set_(t, 0, **{TABLES[t].names[0]: None}),),
    good=lambda t: tuple(set_(t, 0, **{c.name: None}) for c in TABLES[t].columns if c.nullable),
)  # fmt: skip
def _nulls(ctx: Context, table: str) -> list[Found]:
    unread = {f.column: set(f.rows.tolist()) for f in ctx.type_faults[table]}
    found = []
    for column in TABLES[table].columns:
        if column.may_be_null or column.name not in ctx.tables[table].schema.names:
            continue
        array = ctx.col(table, column.name)
        rows = _rows_where(~ctx.valid(table, column.name)) if array.null_count else _NO_ROWS
        if column.name in unread:  # a cell that did not read is a fault of its type, not a null
            rows = np.array([r for r in rows.tolist() if r not in unread[column.name]], np.int64)
        found.append(Found(len(array), column.name, rows, lambda _: "null"))
    return found


@_check(
    [t for t in _ALL if any(c.withheld for c in TABLES[t].columns)], "words_withheld_only_where_told", stage="schema",
    expects="The article's words are null only in documents that may not be republished.",
    zh="只有不可转载的文档，其原文各列才可为空。",
    fix="Fill the quotes again from the raw text, or set documents.may_republish to false.",
    needs="doc_id documents.doc_id documents.may_republish",
    bad=lambda t: (set_(t, 0, quote=None),),
    good=lambda t: (set_(t, 0, quote=None), set_("documents", 0, may_republish=False), set_("documents", 1, may_republish=False)),
)  # fmt: skip
def _withheld(ctx: Context, table: str) -> list[Found]:
    open_ = _of_document(ctx, table, "may_republish")
    found = []
    for column in TABLES[table].columns:
        if column.withheld and column.name in ctx.tables[table].schema.names:
            gone = ~ctx.valid(table, column.name)
            found.append(
                Found(
                    len(gone),
                    column.name,
                    _rows_where(gone & (open_ == 1)),
                    lambda _: "null, though the document may be republished",
                )
            )
    return found


@_check(
    "documents", "words_kept_back", stage="schema", severity="warning",
    expects="Documents that may not be republished are published without their words.",
    zh="不可转载的文档不应附带原文文字。",
    fix="Build with --quotes auto before you give the tables to others; for your own use leave it.",
    needs="doc_id may_republish",
    bad=(set_("documents", 0, may_republish=False),),
    good=(*(withhold(t) for t in EXTRACTED), set_("documents", 0, may_republish=False), set_("documents", 1, may_republish=False)),
)  # fmt: skip
def _kept_back(ctx: Context, table: str) -> list[Found]:
    closed = ctx.ints(table, "may_republish") == 0
    told: dict[int, str] = {}
    for other in EXTRACTED if closed.any() else ():
        for column in TABLES[other].columns:
            if column.withheld and not ctx.lacks([(other, column.name), (other, "doc_id")]):
                docs = pc.unique(ctx.col(other, "doc_id").filter(ctx.col(other, column.name).is_valid()))
                found = pc.is_in(ctx.col(table, "doc_id"), value_set=docs).to_numpy(zero_copy_only=False)
                for i in _rows_where(closed & found.astype(bool)).tolist():
                    told.setdefault(i, f"{other}.{column.name} has its words")
    return [Found(int(closed.sum()), "may_republish", np.array(sorted(told), np.int64), lambda i: told[i])]


def _of_document(ctx: Context, table: str, column: str) -> Ints:
    """An integer or boolean column of `documents`, for each row of a table; -1 where there is no such document."""
    at = pc.index_in(ctx.col(table, "doc_id"), value_set=ctx.col("documents", "doc_id"))
    rows = np.asarray(pc.fill_null(at, -1).to_numpy(zero_copy_only=False), dtype=np.int64)
    values = pc.fill_null(ctx.col("documents", column).cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
    return np.append(values, -1)[rows].astype(np.int64)


@_check(
    [t for t in _ALL if any(c.field.vocabulary for c in TABLES[t].columns)], "vocabulary", stage="schema",
    expects="Every word of a closed list is in its list.", zh="受控词表各列的取值应在词表之内。",
    fix="Use a word of the list (schemas/vocabularies); `other` is one wherever nothing fits.",
    bad=lambda t: (set_(t, 0, **{next(c.name for c in TABLES[t].columns if c.field.vocabulary): "no such word"}),),
)  # fmt: skip
def _vocabulary(ctx: Context, table: str) -> list[Found]:
    found = []
    for column in TABLES[table].columns:
        if column.field.vocabulary and column.name in ctx.tables[table].schema.names:
            words = ctx.is_word(table, column.name, VOCABULARIES[column.field.vocabulary])
            bad = ~words & ctx.valid(table, column.name)
            list_ = column.field.vocabulary
            found.append(Found(len(bad), column.name, _rows_where(bad), partial(_not_in_list, list_)))
    return found


@_check(
    [t for t in _ALL if any(c.field.pattern for c in TABLES[t].columns)], "pattern", stage="schema",
    expects="Region codes, clock times and checksums have their form (371500, 24:00, 64 hexadecimal digits).",
    zh="地区代码、时刻和校验和的写法应合规（371500、24:00、64 位十六进制）。",
    fix="Write the value in the form that docs/data-dictionary.md gives.",
    bad=lambda t: (set_(t, 0, **{next(c.name for c in TABLES[t].columns if c.field.pattern): "37 15"}),),
)  # fmt: skip
def _pattern(ctx: Context, table: str) -> list[Found]:
    found = []
    for column in TABLES[table].columns:
        if column.field.pattern and column.name in ctx.tables[table].schema.names:
            bad = ctx.valid(table, column.name) & ~ctx.matches(table, column.name, column.field.pattern)
            found.append(Found(len(bad), column.name, _rows_where(bad), lambda _: "is not of that form"))
    return found


@_check(
    [t for t in _ALL if any(c.field.minimum is not None for c in TABLES[t].columns)], "minimum", stage="schema",
    expects="Positions and counts of rows are not below their least value.", zh="位置和行数不应小于最小值。",
    fix="Offsets count from 0, in code points of the raw text; counts of rows cannot be negative.",
    bad=lambda t: (set_(t, 0, **{next(c.name for c in TABLES[t].columns if c.field.minimum is not None): -1}),),
)  # fmt: skip
def _minimum(ctx: Context, table: str) -> list[Found]:
    found = []
    for column in TABLES[table].columns:
        least = column.field.minimum
        if least is not None and column.name in ctx.tables[table].schema.names:
            bad = ctx.valid(table, column.name) & (ctx.floats(table, column.name) < least)
            found.append(Found(len(bad), column.name, _rows_where(bad), lambda _, m=least: f"is below {m}"))  # type: ignore[misc]
    return found


@_check(
    [t for t in _ALL if any(c.type == "float64" for c in TABLES[t].columns)], "finite", stage="schema",
    expects="Numbers are finite: neither NaN nor infinite.", zh="数值应为有限数，不得为 NaN 或无穷。",
    fix="Write a missing number as null.",
    bad=lambda t: (set_(t, 0, value=float("nan")),),
)  # fmt: skip
def _finite(ctx: Context, table: str) -> list[Found]:
    found = []
    for column in TABLES[table].columns:
        if column.type == "float64" and column.name in ctx.tables[table].schema.names:
            bad = ctx.valid(table, column.name) & ~np.isfinite(ctx.floats(table, column.name))
            found.append(Found(len(bad), column.name, _rows_where(bad), lambda _: "is not finite"))
    return found


# keys


@_check(
    _ALL, "key_unique", stage="keys",
    expects="The primary key of a row is its own.", zh="每行的主键应唯一。",
    fix="Take the doubled row out, or give it an id of its own.",
    bad=lambda t: (add(t, 0),),
)  # fmt: skip
def _key_unique(ctx: Context, table: str) -> list[Found]:
    key = TABLES[table].primary_key
    if ctx.lacks([(table, k) for k in key]):
        return []
    groups = ctx.groups(table, key)
    # A row whose key is null is the matter of `nulls`; only the first column can be so and be no key at all.
    seen = ctx.valid(table, key[0])
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    repeated = (first[inverse] != np.arange(len(groups))) & seen
    return [
        Found(len(groups), key[0], _rows_where(repeated), lambda i: f"also row {int(first[inverse[i]]) + 1}")
    ]


def _resolves(table: str, column: str, target: tuple[str, str]) -> None:
    orphan = "999999" if target == ("regions", "region_code") else "no such id"

    @_check(
        table, f"{column}_resolves", stage="keys",
        expects=f"Every {column} is the {target[1]} of a row of {target[0]}, or null where that is allowed.",
        zh=f"每个 {column} 都应是 {target[0]} 表中的 {target[1]}（允许为空者除外）。",
        fix="Take both tables from one build; an orphan means that a row was lost or an id changed.",
        needs=f"{column} {target[0]}.{target[1]}",
        bad=(set_(table, 0, **{column: orphan}),),
        good=(set_(table, 0, **{column: None}),) if TABLES[table].column(column).nullable else (),
    )  # fmt: skip
    def run(ctx: Context, name: str) -> list[Found]:
        known = pc.is_in(ctx.col(name, column), value_set=ctx.col(*target))
        bad = ctx.valid(name, column) & ~known.to_numpy(zero_copy_only=False).astype(bool)
        return [Found(len(bad), column, _rows_where(bad), lambda _: f"no row of {target[0]} has it")]


for _t in TABLES.values():
    for _c in _t.columns:
        if _c.foreign_key:
            _resolves(_t.name, _c.name, _c.foreign_key)


def _part_rows(ctx: Context) -> Ints:
    """For each metric the row of its whole; -1 where there is none."""

    def make() -> Ints:
        at = pc.index_in(ctx.col("metrics", "part_of"), value_set=ctx.col("metrics", "metric_id"))
        return np.asarray(
            pc.fill_null(pc.if_else(ctx.col("metrics", "part_of").is_valid(), at, -1), -1).to_numpy(
                zero_copy_only=False
            ),
            dtype=np.int64,
        )

    rows: Ints = ctx.remember("parts", make)
    return rows


@_check(
    "metrics", "whole_is_another", stage="keys",
    expects="The whole of a part is another figure of the same document, and no part of its own part.",
    zh="部分所属的整体应是同一文档中的另一数字，且不得互为部分。",
    fix="Point part_of at the figure that the sentence breaks down.",
    needs="metric_id part_of doc_id",
    bad=(set_("metrics", 0, part_of="a:new"),), good=(set_("metrics", 3, part_of="a:new"),),
)  # fmt: skip
def _whole_is_another(ctx: Context, table: str) -> list[Found]:
    whole = _part_rows(ctx)
    parts = _rows_where(whole >= 0)
    doc, _ = ctx.codes(table, "doc_id")
    bad = doc[parts] != doc[whole[parts]]
    # Follow the wholes upward: after more steps than any sentence nests, one still going is in a circle.
    at = parts.copy()
    for _ in range(16):
        at = np.where(at >= 0, whole[at], -1)
    bad |= at >= 0
    return [Found(len(parts), "part_of", parts[bad], lambda i: f"whole is row {int(whole[i]) + 1}")]


@_check(
    "documents", "repeats_a_first", stage="keys",
    expects="A document that repeats another repeats the first of them: neither itself nor a repeat.",
    zh="重复文档所指的应是最早的那篇，不得指向自身或另一篇重复文档。",
    fix="Point duplicate_of at the document of that text that was published first.",
    needs="doc_id duplicate_of",
    bad=(set_("documents", 0, duplicate_of="a"),), good=(set_("documents", 1, duplicate_of="a"),),
)  # fmt: skip
def _repeats_a_first(ctx: Context, table: str) -> list[Found]:
    is_repeat = ctx.valid(table, "duplicate_of")
    repeats = ctx.col(table, "doc_id").filter(pa.array(is_repeat))
    bad = is_repeat & pc.is_in(ctx.col(table, "duplicate_of"), value_set=repeats).to_numpy(zero_copy_only=False).astype(bool)
    return [Found(int(is_repeat.sum()), "duplicate_of", _rows_where(bad), lambda _: "is a repeat itself")]


@_check(
    "metrics", "event_of_same_document", stage="keys",
    expects="The event of a figure is in the figure's own document.", zh="数字所属事件应出自同一文档。",
    fix="Point event_id at an event of the same document, or leave it null.",
    needs="event_id doc_id events.event_id events.doc_id",
    bad=(set_("metrics", 0, event_id=f"b:e{TEXT_B.index('2月4日')}"),), good=(set_("metrics", 0, event_id=None),),
)  # fmt: skip
def _event_of_same_document(ctx: Context, table: str) -> list[Found]:
    at = pc.index_in(ctx.col(table, "event_id"), value_set=ctx.col("events", "event_id"))
    there = ctx.col(table, "event_id").is_valid().to_numpy(zero_copy_only=False) & at.is_valid().to_numpy(
        zero_copy_only=False
    )
    rows = _rows_where(there)
    theirs = ctx.col("events", "doc_id").take(at.take(pa.array(rows)))
    bad = pc.not_equal(ctx.col(table, "doc_id").take(pa.array(rows)), theirs)
    return [
        Found(
            len(rows),
            "event_id",
            rows[pc.fill_null(bad, True).to_numpy(zero_copy_only=False).astype(bool)],
            lambda _: "belongs to another document",
        )
    ]


# rows: spans and quotes


@_check(
    EXTRACTED, "span_order", stage="rows",
    expects="A span starts at 0 or later and ends after it starts.", zh="区间起点不小于 0，终点大于起点。",
    fix="Offsets are code points of the raw text, the end exclusive.",
    bad=lambda t: (set_(t, 0, char_start=9, char_end=9),),
)  # fmt: skip
def _span_order(ctx: Context, table: str) -> list[Found]:
    found = []
    for _, start, end in SPANS[table]:
        if not ctx.lacks([(table, start), (table, end)]):
            s, e = ctx.ints(table, start), ctx.ints(table, end)
            both = ctx.valid(table, start) & ctx.valid(table, end)
            found.append(
                Found(
                    len(s),
                    start,
                    _rows_where(both & ((s < 0) | (e <= s))),
                    partial(_interval, s, e),
                )
            )
    return found


@_check(
    EXTRACTED, "span_in_document", stage="rows",
    expects="A span ends within its document.", zh="区间应在文档长度之内。",
    fix="The offsets belong to another text or count bytes; count code points of the raw text.",
    needs="doc_id documents.doc_id documents.n_chars",
    bad=lambda t: (set_(t, 0, char_end=10_000),),
)  # fmt: skip
def _span_in_document(ctx: Context, table: str) -> list[Found]:
    size = _of_document(ctx, table, "n_chars")
    found = []
    for _, _, end in SPANS[table]:
        if not ctx.lacks([(table, end)]):
            e = ctx.ints(table, end)
            found.append(
                Found(
                    len(e),
                    end,
                    _rows_where((size >= 0) & (e > size)),
                    lambda i: f"the document has {size[i]} characters",
                )
            )
    return found


@_check(
    EXTRACTED, "quote_length", stage="rows",
    expects="A quote is as long as its span.", zh="引文长度应等于区间长度。",
    fix="Offsets count code points of the raw text, and a quote is the slice as it stands, nothing cleaned.",
    bad=lambda t: (lambda w: w.rows[t][0].update(char_end=w.rows[t][0]["char_end"] + 1),),
    good=lambda t: (set_(t, 0, quote=None),),
)  # fmt: skip
def _quote_length(ctx: Context, table: str) -> list[Found]:
    found = []
    for quote, start, end in SPANS[table]:
        if not ctx.lacks([(table, quote), (table, start), (table, end)]):
            s, e = ctx.ints(table, start), ctx.ints(table, end)
            length = (
                pc.fill_null(pc.utf8_length(ctx.col(table, quote)), 0)
                .to_numpy(zero_copy_only=False)
                .astype(np.int64)
            )
            there = ctx.valid(table, quote)
            found.append(
                Found(int(there.sum()), quote, _rows_where(there & (length != e - s)),
                      lambda i, n=length, a=s, b=e: f"{n[i]} characters in a span of {int(b[i]) - int(a[i])}")  # type: ignore[misc]
            )  # fmt: skip
    return found


_BATCH = 65_536


def _lists(ctx: Context, table: str, columns: Sequence[str]) -> Iterator[tuple[int, list[list[Any]]]]:
    """Columns as Python lists, a batch at a time, so that a million rows need no million objects at once."""
    arrays = [ctx.col(table, column) for column in columns]
    for base in range(0, len(arrays[0]), _BATCH):
        yield base, [array.slice(base, _BATCH).to_pylist() for array in arrays]


@_check(
    EXTRACTED, "quote_in_document", stage="rows",
    expects="A quote is exactly what the raw text of its document has at its span.",
    zh="引文应与文档原文在该区间的文字完全一致。",
    fix="The span is off, the quote was cleaned, or the raw text is another version; build again from this raw text.",
    needs="doc_id texts",
    bad=lambda t: (lambda w: w.rows[t][0].update(char_start=w.rows[t][0]["char_start"] + 1, char_end=w.rows[t][0]["char_end"] + 1),),
    good=lambda t: (set_(t, 0, quote=None),),
)  # fmt: skip
def _quote_in_document(ctx: Context, table: str) -> list[Found]:
    assert ctx.texts is not None
    get = ctx.texts.get
    found = []
    for quote, start, end in SPANS[table]:
        if ctx.lacks([(table, quote), (table, start), (table, end)]):
            continue
        bad, n = [], 0
        for base, (docs, quotes, starts, ends) in _lists(ctx, table, ("doc_id", quote, start, end)):
            for i, (doc, text, s, e) in enumerate(zip(docs, quotes, starts, ends, strict=True)):
                raw = get(doc)
                if text is None or raw is None or s is None or e is None:
                    continue
                n += 1
                if raw[s:e] != text or s < 0:
                    bad.append(base + i)

        def detail(i: int, q: str = quote, a: str = start, b: str = end) -> str:
            raw = get(ctx.value(table, "doc_id", i)) or ""
            text, s, e = (ctx.value(table, c, i) for c in (q, a, b))
            at = raw.find(text, max(0, s - 50))
            return f"the document has {raw[max(0, s) : e][:60]!r} there" + (
                f"; the quote stands at {at}" if at >= 0 else ""
            )

        found.append(Found(n, quote, np.array(bad, np.int64), detail))
    return found


@_check(
    "metrics", "value_quote_in_quote", stage="rows",
    expects="value_quote stands at its place inside quote.", zh="value_quote 应位于 quote 中相应的位置。",
    fix="The span of the value is off, or it lies outside the clause; both count from the start of the raw text.",
    needs="quote char_start value_quote value_char_start value_char_end",
    bad=(set_("metrics", 0, value_quote="4例"),), good=(set_("metrics", 0, value_quote=None, quote=None),),
)  # fmt: skip
def _value_quote_in_quote(ctx: Context, table: str) -> list[Found]:
    bad, n = [], 0
    columns = ("quote", "char_start", "value_quote", "value_char_start", "value_char_end")
    for base, lists in _lists(ctx, table, columns):
        for i, (quote, start, text, s, e) in enumerate(zip(*lists, strict=True)):
            if quote is None or text is None or start is None or s is None or e is None:
                continue
            n += 1
            if s < start or quote[s - start : e - start] != text:
                bad.append(base + i)

    def detail(i: int) -> str:
        quote, start, _, s, e = (ctx.value(table, c, i) for c in columns)
        return f"the quote has {quote[max(0, s - start) : max(0, e - start)][:60]!r} there"

    return [Found(n, "value_quote", np.array(bad, np.int64), detail)]


# rows: values


def _reader() -> Callable[[str], Any]:
    """What reads a `value_quote` again: (value, value_high, qualifier, possible units)."""
    from covid_timeline.mentions.quantities import reread

    return reread


_AGREES, _DIFFERS, _UNKNOWN = 1, 0, -1


def _reread(ctx: Context) -> npt.NDArray[np.int8]:
    """For each metric: 1 where reading `value_quote` again gives the row, 0 where not, -1 where it has no quote."""

    def make() -> npt.NDArray[np.int8]:
        columns = ("value_quote", "value", "value_high", "unit", "qualifier")
        n = ctx.row_counts["metrics"]
        read = _reader()
        if ctx.lacks([("metrics", c) for c in columns]):
            return np.full(n, _UNKNOWN, np.int8)
        _, first, inverse = np.unique(ctx.groups("metrics", columns), return_index=True, return_inverse=True)
        at = pa.array(first)
        distinct = zip(*(ctx.col("metrics", c).take(at).to_pylist() for c in columns), strict=True)
        readings: dict[str, Any] = {}
        verdicts = np.empty(len(first), np.int8)
        for i, (quote, value, high, unit, qualifier) in enumerate(distinct):
            if quote is None or value is None or unit is None:
                verdicts[i] = _UNKNOWN
                continue
            if quote not in readings:
                readings[quote] = _read(read, quote)
            verdicts[i] = _same(readings[quote], value, high, unit, qualifier)
        return np.asarray(verdicts[inverse], dtype=np.int8)

    made: npt.NDArray[np.int8] = ctx.remember("reread", make)
    return made


def _read(read: Callable[[str], Any], quote: str) -> Any:
    """The reading of a quote as it stands in the raw text, or of its normalised form; None where it has none."""
    from covid_timeline.text.normalize import normalize

    for text in (quote, None):
        try:
            return read(normalize(quote).text if text is None else text)
        except ValueError:
            continue
    return None


def _same(reading: Any, value: float, high: float | None, unit: str, qualifier: str) -> int:
    if reading is None:
        return _DIFFERS
    low, upper, hedge, units = reading
    # 下降4.6%, 减收3亿元, 减少384例: the sign is in the words before the value, and turns a range round.
    if value < 0 and not _close(value, low):
        value, high = (-value, None) if high is None else (-high, -value)
    ok = _close(value, low)
    ok = ok and (high is None) == (upper is None) and (high is None or _close(high, upper))
    ok = ok and qualifier == hedge and (not units or unit in units)
    return _AGREES if ok else _DIFFERS


def _close(a: float, b: Any) -> bool:
    return abs(a - float(b)) <= 1e-9 * max(abs(a), 1.0)


@_check(
    "metrics", "value_rereads", stage="rows",
    expects="value, value_high, unit and qualifier are what reading value_quote again gives.",
    zh="value、value_high、unit 和 qualifier 应与重新读取 value_quote 所得一致。",
    fix="The value was changed after it was read, or a rule reads it wrongly: see `covid-timeline explain`.",
    needs="value_quote value value_high unit qualifier",
    bad=(set_("metrics", 3, value=380.0),), good=(set_("metrics", 3, value_quote=None),),
)  # fmt: skip
def _value_rereads(ctx: Context, table: str) -> list[Found]:
    verdicts = _reread(ctx)

    def detail(i: int) -> str:
        reading = _read(_reader(), ctx.value(table, "value_quote", i))
        if reading is None:
            return "the quote reads as no figure"
        low, high, hedge, units = reading
        upper = f" to {number_text(high)}" if high is not None else ""
        of = (
            "|".join(sorted(units))
            if units and len(units) < 6
            else "any of several units"
            if units
            else "any unit"
        )
        row = f"{number_text(ctx.value(table, 'value', i))} {ctx.value(table, 'unit', i)} {ctx.value(table, 'qualifier', i)}"
        return f"reads as {number_text(low)}{upper} {of} {hedge}; the row says {row}"

    return [Found(int((verdicts != _UNKNOWN).sum()), "value", _rows_where(verdicts == _DIFFERS), detail)]


def number_text(value: Any) -> str:
    number = float(value)
    return f"{number:.15g}" if abs(number) < 1e15 else repr(number)


@_check(
    "metrics", "value_order", stage="rows", severity="warning",
    expects="The upper end of a stated range is above its lower end.", zh="区间上限应大于下限。",
    fix="Look at the sentence: the article may have it the wrong way round.",
    needs="value value_high",
    bad=(set_("metrics", 0, value_high=2.0),), good=(set_("metrics", 0, value_high=5.0),),
)  # fmt: skip
def _value_order(ctx: Context, table: str) -> list[Found]:
    low, high = ctx.floats(table, "value"), ctx.floats(table, "value_high")
    return [
        Found(
            int(np.isfinite(high).sum()),
            "value_high",
            _rows_where(np.abs(high) <= np.abs(low)),
            lambda i: f"value is {number_text(low[i])}",
        )
    ]


def _counted(ctx: Context) -> Mask:
    return ctx.is_word(
        "metrics", "unit", (w.word for w in VOCABULARIES["units"].values() if w.kind == "count")
    )


def _fractions(ctx: Context) -> Mask:
    mask = np.zeros(ctx.row_counts["metrics"], bool)
    for column in ("value", "value_high"):
        if not ctx.lacks([("metrics", column)]):
            value = ctx.floats("metrics", column)
            mask |= np.isfinite(value) & (value != np.floor(value))
    return mask & _counted(ctx)


@_check(
    "metrics", "count_is_whole", stage="rows",
    expects="A count is a whole number, unless its own quote says otherwise.", zh="计数应为整数，除非原文本身写作小数。",
    fix="The magnitude (万, 亿) was lost, or the unit is no count.",
    needs="value unit",
    bad=(set_("metrics", 3, value=38.5),), good=(set_("metrics", 6, value=52.65),),
)  # fmt: skip
def _count_is_whole(ctx: Context, table: str) -> list[Found]:
    counted = _counted(ctx)
    bad = _fractions(ctx) & (_reread(ctx) != _AGREES)
    return [Found(int(counted.sum()), "value", _rows_where(bad), lambda _: "is no whole number")]


@_check(
    "metrics", "count_stated_with_fraction", stage="rows", severity="warning",
    expects="Articles count things in whole numbers.", zh="文章中的计数一般为整数。",
    fix="Look at the sentence: an average (平均每户1.5人) stands as it is; anything else is a slip of the article.",
    needs="value unit value_quote value_high qualifier",
    bad=(set_("metrics", 3, value=1.5, value_quote="1.5例"),), good=(set_("metrics", 3, value=15000.0, value_quote="1.5万例"),),
)  # fmt: skip
def _count_stated_with_fraction(ctx: Context, table: str) -> list[Found]:
    bad = _fractions(ctx) & (_reread(ctx) == _AGREES)
    return [Found(int(_counted(ctx).sum()), "value", _rows_where(bad), lambda _: "the article says so")]


@_check(
    "metrics", "not_negative", stage="rows",
    expects="Counts, durations and measures of goods are not negative, but for a change.", zh="除变化量外，计数、时长和物量不应为负。",
    fix="Only changes (indicator other), growth rates, money and temperatures have a sign.",
    needs="value unit indicator",
    bad=(set_("metrics", 3, value=-38.0),), good=(set_("metrics", 6, value=-4.6, indicator="gdp_growth"),),
)  # fmt: skip
def _not_negative(ctx: Context, table: str) -> list[Found]:
    kinds = {"count", "duration", "amount"}
    unsigned = (
        w.word for w in VOCABULARIES["units"].values() if w.kind in kinds and w.word != "degree_celsius"
    )
    mask = ctx.is_word(table, "unit", unsigned) & ~ctx.is_word(table, "indicator", ["other"])
    return [
        Found(
            int(mask.sum()),
            "value",
            _rows_where(mask & (ctx.floats(table, "value") < 0)),
            lambda _: "is negative",
        )
    ]


def _outside_share(ctx: Context) -> tuple[Mask, Mask]:
    """Percentages that are shares of a whole, and those of them outside 0 to 100."""
    percent = ctx.is_word("metrics", "unit", ("percent",))
    value = ctx.floats("metrics", "value")
    outside = percent & ((value < 0) | (value > 100))
    bounded = ctx.is_word("metrics", "indicator", BOUNDED_RATES)
    other = ctx.is_word("metrics", "indicator", ("other",))
    if outside.any():  # a percentage of `other` is a share unless words beside it say that it grows
        rows = _rows_where(outside & other)
        for column in ("measure", "quote"):
            if len(rows) and not ctx.lacks([("metrics", column)]):
                text = ctx.col("metrics", column).take(pa.array(rows))
                grows = pc.fill_null(pc.match_substring_regex(text, GROWTH_WORDS), False)
                rows = rows[~grows.to_numpy(zero_copy_only=False).astype(bool)]
        other = np.zeros(len(value), bool)
        other[rows] = True
    return percent & (bounded | ctx.is_word("metrics", "indicator", ("other",))), outside & (bounded | other)


@_check(
    "metrics", "percent_in_range", stage="rows",
    expects="A share lies between 0 and 100 percent, unless its own quote says otherwise; growth may be beyond.",
    zh="比率应在 0 到 100 之间，除非原文本身如此；增长率不限。",
    fix="The value was changed after it was read, or the percentage is a growth rate and needs another indicator.",
    needs="value unit indicator",
    bad=(set_("metrics", 6, value=170.0),), good=(set_("metrics", 6, value=170.0, indicator="gdp_growth"),),
)  # fmt: skip
def _percent_in_range(ctx: Context, table: str) -> list[Found]:
    shares, outside = _outside_share(ctx)
    return [
        Found(
            int(shares.sum()),
            "value",
            _rows_where(outside & (_reread(ctx) != _AGREES)),
            lambda _: "is outside 0 to 100",
        )
    ]


@_check(
    "metrics", "percent_stated_out_of_range", stage="rows", severity="warning",
    expects="Articles state shares between 0 and 100 percent.", zh="文章所述比率一般在 0 到 100 之间。",
    fix="Look at the sentence: a slip of the article stands as it is; a growth rate needs another indicator.",
    needs="value unit indicator value_quote value_high qualifier",
    bad=(set_("metrics", 6, value=170.0, value_quote="170%"),),
    good=(set_("metrics", 6, value=170.0, value_quote="170%", indicator="other", measure="同比增长", quote=None),),
)  # fmt: skip
def _percent_stated(ctx: Context, table: str) -> list[Found]:
    shares, outside = _outside_share(ctx)
    return [
        Found(
            int(shares.sum()),
            "value",
            _rows_where(outside & (_reread(ctx) == _AGREES)),
            lambda _: "the article says so",
        )
    ]


@_check(
    "metrics", "unit_fits_indicator", stage="rows",
    expects="The unit is one in which the indicator is counted.", zh="单位应与指标相符。",
    fix="Correct the unit, or take the indicator `other` (schemas/vocabularies lists the units of each indicator).",
    needs="unit indicator",
    bad=(set_("metrics", 0, unit="CNY"),), good=(set_("metrics", 0, unit="person"),),
)  # fmt: skip
def _unit_fits_indicator(ctx: Context, table: str) -> list[Found]:
    units, unit_words = ctx.codes(table, "unit")
    indicators, indicator_words = ctx.codes(table, "indicator")
    misfit = np.zeros((len(indicator_words) + 1, len(unit_words) + 1), bool)
    for i, indicator in enumerate(indicator_words):
        fits = VOCABULARIES["indicators"][indicator].units if indicator in VOCABULARIES["indicators"] else ()
        for j, unit in enumerate(unit_words):
            misfit[i, j] = bool(fits) and unit not in fits
    bad = misfit[indicators, units]

    def detail(i: int) -> str:
        word = ctx.value(table, "indicator", i)
        return f"{word} is counted in {' or '.join(VOCABULARIES['indicators'][word].units)}"

    return [Found(len(bad), "unit", _rows_where(bad), detail)]


# rows: dates


def _stated_reversals(ctx: Context) -> set[tuple[str, int, int]]:
    """(document, first day, last day) of the ranges that an article itself states the wrong way round."""

    def make() -> set[tuple[str, int, int]]:
        if ctx.lacks([("dates", c) for c in ("doc_id", "date_start", "date_end", "precision")]):
            return set()
        s, e = ctx.days("dates", "date_start"), ctx.days("dates", "date_end")
        mask = (s != _NULL_DAY) & (e != _NULL_DAY) & (s > e) & ctx.is_word("dates", "precision", ("range",))
        return {(ctx.value("dates", "doc_id", int(i)), int(s[i]), int(e[i])) for i in _rows_where(mask)}

    made: set[tuple[str, int, int]] = ctx.remember("reversals", make)
    return made


def _reversed_dates(ctx: Context, table: str, *, stated: bool) -> list[Found]:
    s, e = ctx.days(table, "date_start"), ctx.days(table, "date_end")
    both = (s != _NULL_DAY) & (e != _NULL_DAY)
    rows = _rows_where(both & (s > e))
    if len(rows):
        excused = _stated_reversals(ctx)
        is_stated = [(ctx.value(table, "doc_id", int(i)), int(s[i]), int(e[i])) in excused for i in rows]
        rows = rows[np.array(is_stated, bool) == stated]
    return [
        Found(int(both.sum()), "date_start", rows, lambda i: f"date_end is {ctx.value(table, 'date_end', i)}")
    ]


@_check(
    ("dates", "events", "metrics"), "date_order", stage="rows",
    expects="date_start is not after date_end, unless the article states the range so.",
    zh="date_start 不应晚于 date_end，除非原文如此。",
    fix="Swap the dates, or find out which of them was read wrongly.",
    needs="doc_id date_start date_end",
    bad=lambda t: (set_(t, 0, date_start=dt.date(2020, 2, 9)),),
    good=lambda t: (set_(t, 0, date_start=dt.date(2020, 2, 1)),),
)  # fmt: skip
def _date_order(ctx: Context, table: str) -> list[Found]:
    return _reversed_dates(ctx, table, stated=False)


@_check(
    ("dates", "events", "metrics"), "date_range_stated_backwards", stage="rows", severity="warning",
    expects="Articles state a range from its first day to its last.", zh="文章所述时间段一般先起后止。",
    fix="Look at the sentence: the range stands as the article has it.",
    needs="doc_id date_start date_end dates.precision",
    bad=lambda t: (set_("dates", 0, date_start=dt.date(2020, 2, 9), precision="range"), set_(t, 0, date_start=dt.date(2020, 2, 9))),
    good=lambda t: (set_(t, 0, date_start=dt.date(2020, 2, 1)),),
)  # fmt: skip
def _date_range_stated(ctx: Context, table: str) -> list[Found]:
    return _reversed_dates(ctx, table, stated=True)


@_check(
    "metrics", "cumulative_has_no_start", stage="rows", severity="warning",
    expects="A cumulative figure counts from the beginning: date_start is null, or January 1 for 今年累计.",
    zh="累计数自始计数：date_start 应为空，“今年累计”为 1 月 1 日。",
    fix="Leave date_start null, or use the indicator of a new figure where the text states a period.",
    needs="indicator date_start",
    bad=(set_("metrics", 3, date_start=dt.date(2020, 2, 3)),), good=(set_("metrics", 3, date_start=dt.date(2020, 1, 1)),),
)  # fmt: skip
def _cumulative_has_no_start(ctx: Context, table: str) -> list[Found]:
    mask = ctx.is_word(table, "indicator", _of_kind("cumulative"))
    start = ctx.days(table, "date_start")
    rows = _rows_where(mask & (start != _NULL_DAY))
    rows = rows[
        [ctx.value(table, "date_start", int(i)).timetuple().tm_yday != 1 for i in rows]
        if len(rows)
        else slice(0)
    ]
    return [Found(int(mask.sum()), "date_start", rows, lambda _: "is no beginning")]


@_check(
    "metrics", "current_on_one_day", stage="rows", severity="warning",
    expects="A current figure holds on one day: date_start equals date_end.", zh="现有数为某一日的数：date_start 应等于 date_end。",
    fix="Set both ends to the day for which the article gives the figure.",
    needs="indicator date_start date_end",
    bad=(set_("metrics", 0, indicator="confirmed_current", date_start=dt.date(2020, 2, 1)),),
    good=(set_("metrics", 0, indicator="confirmed_current"),),
)  # fmt: skip
def _current_on_one_day(ctx: Context, table: str) -> list[Found]:
    mask = ctx.is_word(table, "indicator", (w for w in _of_kind("current") if w != "days_without_new_cases"))
    s, e = ctx.days(table, "date_start"), ctx.days(table, "date_end")
    return [
        Found(
            int(mask.sum()),
            "date_start",
            _rows_where(mask & (s != e)),
            lambda i: f"date_end is {ctx.value(table, 'date_end', i)}",
        )
    ]


def _of_kind(kind: str) -> tuple[str, ...]:
    return tuple(w.word for w in VOCABULARIES["indicators"].values() if w.kind == kind)


@_check(
    ("events", "metrics", *_CHOSEN), "place_complete", stage="rows",
    expects="A row with a region code also has the name and the level of its place.",
    zh="有地区代码的行也应有地区名称和级别。",
    fix="Fill region_name and region_level.",
    needs="region_code region_name region_level",
    bad=lambda t: (set_(t, 0, region_name=None),),
    good=lambda t: (set_(t, 0, region_code=None, region_level=None),),
)  # fmt: skip
def _place_complete(ctx: Context, table: str) -> list[Found]:
    code = ctx.valid(table, "region_code")
    return [
        Found(
            int(code.sum()),
            column,
            _rows_where(code & ~ctx.valid(table, column)),
            lambda _: "null beside a region code",
        )
        for column in ("region_name", "region_level")
    ]


# rows: documents, regions, city_by_date


@_check(
    "documents", "n_chars_matches", stage="rows",
    expects="n_chars is the length of the raw text.", zh="n_chars 应等于原文长度。",
    fix="The raw text changed after the build, or was decoded in another way; build again.",
    needs="doc_id n_chars texts", bad=(set_("documents", 0, n_chars=7),),
)  # fmt: skip
def _n_chars_matches(ctx: Context, table: str) -> list[Found]:
    texts = ctx.texts or {}
    docs, sizes = ctx.col(table, "doc_id").to_pylist(), ctx.col(table, "n_chars").to_pylist()
    at_hand = [(i, len(texts[d]), n) for i, (d, n) in enumerate(zip(docs, sizes, strict=True)) if d in texts]
    bad = {i: size for i, size, n in at_hand if n is not None and n != size}
    return [
        Found(len(at_hand), "n_chars", np.array(sorted(bad), np.int64), lambda i: f"the text has {bad[i]}")
    ]


def _other_text(world: World) -> None:
    world.reference_texts = {**world.texts, "a": "另一篇文章"}


@_check(
    "documents", "sha256_matches", stage="rows",
    expects="The raw file of a document has the SHA-256 that the table states.", zh="原文文件的 SHA-256 应与表中一致。",
    fix="The raw file was changed after the build; restore it or build again.",
    needs="doc_id sha256 texts", bad=(_other_text,),
)  # fmt: skip
def _sha256_matches(ctx: Context, table: str) -> list[Found]:
    docs, stated = ctx.col(table, "doc_id").to_pylist(), ctx.col(table, "sha256").to_pylist()
    pairs = [
        (i, ctx.digests[d], s) for i, (d, s) in enumerate(zip(docs, stated, strict=True)) if d in ctx.digests
    ]
    bad = [i for i, digest, s in pairs if digest != s]
    return [
        Found(
            len(pairs),
            "sha256",
            np.array(bad, np.int64),
            lambda i: f"the file has {ctx.digests[docs[i]][:12]}...",
        )
    ]


@_check(
    "documents", "anchor_is_publication", stage="rows", severity="warning",
    expects="An anchor on the basis `published` is the day of publication.", zh="以发布时间为依据的基准日期应为发布当日。",
    fix="Set anchor_date to the day of published_at, or anchor_basis to inferred.",
    needs="anchor_date anchor_basis published_at",
    bad=(set_("documents", 0, anchor_date=dt.date(2020, 2, 9)),),
    good=(set_("documents", 0, anchor_date=dt.date(2020, 2, 9), anchor_basis="inferred"),),
)  # fmt: skip
def _anchor_is_publication(ctx: Context, table: str) -> list[Found]:
    published = ctx.is_word(table, "anchor_basis", ("published",))
    day = pc.fill_null(
        ctx.col(table, "published_at").cast(pa.date32(), safe=False).cast(pa.int32()), _NULL_DAY
    )
    bad = published & (day.to_numpy(zero_copy_only=False) != ctx.days(table, "anchor_date"))
    return [
        Found(
            int(published.sum()),
            "anchor_date",
            _rows_where(bad),
            lambda i: f"published_at is {ctx.value(table, 'published_at', i)}",
        )
    ]


@_check(
    "regions", "validity_order", stage="rows",
    expects="A region's code is not out of force before it comes into force.", zh="地区代码的失效日期不应早于生效日期。",
    fix="Swap valid_from and valid_to.", needs="valid_from valid_to",
    bad=(set_("regions", 0, valid_from=dt.date(2020, 1, 1), valid_to=dt.date(2019, 1, 1)),),
    good=(set_("regions", 0, valid_from=dt.date(2018, 1, 1), valid_to=dt.date(2019, 1, 1)),),
)  # fmt: skip
def _validity_order(ctx: Context, table: str) -> list[Found]:
    s, e = ctx.days(table, "valid_from"), ctx.days(table, "valid_to")
    both = (s != _NULL_DAY) & (e != _NULL_DAY)
    return [
        Found(
            int(both.sum()),
            "valid_from",
            _rows_where(both & (s > e)),
            lambda i: f"valid_to is {ctx.value(table, 'valid_to', i)}",
        )
    ]


@_check(
    _CHOSEN, "value_within_bounds", stage="rows",
    expects="The chosen value lies between value_min and value_max.", zh="所选数值应在 value_min 与 value_max 之间。",
    fix="Build city_by_date again from metrics.", needs="value value_min value_max",
    bad=lambda t: (set_(t, 0, value_max=30.0),), good=lambda t: (set_(t, 0, value_max=39.0),),
)  # fmt: skip
def _value_within_bounds(ctx: Context, table: str) -> list[Found]:
    value, low, high = (ctx.floats(table, c) for c in ("value", "value_min", "value_max"))
    bad = (value < low) | (value > high)
    return [
        Found(
            len(value),
            "value",
            _rows_where(bad),
            lambda i: f"the bounds are {number_text(low[i])} and {number_text(high[i])}",
        )
    ]


@_check(
    _CHOSEN, "sources_counted", stage="rows",
    expects="A value has at least one source, and sources disagree only where there is a spread.",
    zh="每个数值至少有一个来源；只有上下限不同时才可能有冲突。",
    fix="Build city_by_date again from metrics.", needs="n_sources conflict value_min value_max",
    bad=lambda t: (set_(t, 0, conflict=True),), good=lambda t: (set_(t, 0, conflict=True, n_sources=2, value_max=39.0),),
)  # fmt: skip
def _sources_counted(ctx: Context, table: str) -> list[Found]:
    low, high = ctx.floats(table, "value_min"), ctx.floats(table, "value_max")
    conflict = ctx.ints(table, "conflict")
    return [
        Found(len(low), "n_sources", _rows_where(ctx.ints(table, "n_sources") < 1), lambda _: "no source"),
        Found(
            len(low),
            "conflict",
            _rows_where((conflict == 1) & (low == high)),
            lambda _: "true, though all sources say the same",
        ),
    ]


@_check(
    _CHOSEN, "equals_its_metric", stage="tables",
    expects="Place, indicator, value, unit and qualifier are those of the figure that metric_id names.",
    zh="地区、指标、数值、单位和限定词应与 metric_id 所指数字一致。",
    fix="Build city_by_date again from metrics.",
    needs="metric_id metrics.metric_id",
    bad=lambda t: (set_(t, 0, value=380.0),), good=lambda t: (set_(t, 0, metric_id=None),),
)  # fmt: skip
def _equals_its_metric(ctx: Context, table: str) -> list[Found]:
    at = pc.index_in(ctx.col(table, "metric_id"), value_set=ctx.col("metrics", "metric_id"))
    at = pc.if_else(ctx.col(table, "metric_id").is_valid(), at, pa.scalar(None, pa.int32()))
    found = []
    for column in ("region_code", "indicator", "value", "unit", "qualifier"):
        if ctx.lacks([(table, column), ("metrics", column)]):
            continue
        theirs = ctx.col("metrics", column).take(at)
        bad = pc.and_(at.is_valid(), pc.fill_null(pc.not_equal(ctx.col(table, column), theirs), True))
        found.append(
            Found(len(at) - at.null_count, column, _rows_where(bad.to_numpy(zero_copy_only=False).astype(bool)),
                  lambda i, v=theirs: f"the figure says {v[i].as_py()}")  # type: ignore[misc]
        )  # fmt: skip
    return found


# whole tables


@_check(
    "documents", "rows_counted", stage="tables",
    expects="n_dates, n_events and n_metrics are the rows that the other tables have of the document.",
    zh="n_dates、n_events、n_metrics 应等于其他各表中该文档的行数。",
    fix="Rows were lost or added after the build; take all tables from one build.",
    needs="doc_id",
    bad=(set_("documents", 0, n_metrics=9),),
)  # fmt: skip
def _rows_counted(ctx: Context, table: str) -> list[Found]:
    found = []
    for other in ("dates", "events", "metrics"):
        column = f"n_{other}"
        if not ctx.lacks([(other, "doc_id"), (table, column)]):
            found.append(_count_matches(ctx, table, "doc_id", column=column, other=other))
    return found


@_check(
    "events", "metrics_counted", stage="tables",
    expects="n_metrics is the number of figures that belong to the event.", zh="n_metrics 应等于属于该事件的数字个数。",
    fix="Rows were lost or added after the build; take all tables from one build.",
    needs="event_id n_metrics metrics.event_id",
    bad=(set_("events", 0, n_metrics=99),),
)  # fmt: skip
def _metrics_counted(ctx: Context, table: str) -> list[Found]:
    return [_count_matches(ctx, table, "event_id", column="n_metrics", other="metrics")]


def _count_matches(ctx: Context, table: str, key: str, *, column: str, other: str) -> Found:
    codes, values = ctx.codes(other, key)
    counts = np.append(np.bincount(codes[codes >= 0], minlength=len(values)), 0)
    at = pc.fill_null(pc.index_in(ctx.col(table, key), value_set=pa.array(values, pa.string())), len(values))
    real = counts[at.to_numpy(zero_copy_only=False)]
    stated = ctx.ints(table, column)
    return Found(len(stated), column, _rows_where(stated != real), lambda i: f"{other} has {int(real[i])}")


def _clock(ctx: Context, table: str) -> Ints:
    """Minutes of `time_end`; the end of the day where none is stated."""
    codes, values = ctx.codes(table, "time_end")
    minutes = [int(v[:2]) * 60 + int(v[3:5]) if re.fullmatch(r"\d\d:\d\d", v or "") else 1440 for v in values]
    return np.array([*minutes, 1440], np.int64)[codes]


def _falls(key: Ints, when: Ints, value: npt.NDArray[np.float64]) -> tuple[Ints, Ints]:
    """Positions whose value is below every value of the moment before it in its series, and one position there.

    Several sources may speak of one moment; a fall is what all of them agree on, so that one stray reading of a
    moment makes no fall of the moments after it.
    """
    order = np.lexsort((value, when, key))
    k, w, v = key[order], when[order], value[order]
    if not len(k):
        return _NO_ROWS, _NO_ROWS
    starts = np.flatnonzero(np.append(True, (k[1:] != k[:-1]) | (w[1:] != w[:-1])))
    lowest = np.minimum.reduceat(v, starts)
    same_series = np.append(False, k[starts[1:]] == k[starts[:-1]])
    before = np.append(np.inf, lowest[:-1])
    moment = np.cumsum(np.append(True, (k[1:] != k[:-1]) | (w[1:] != w[:-1]))) - 1
    fell = same_series[moment] & (v < before[moment])
    previous = starts[moment[fell] - 1]
    return order[fell].astype(np.int64), order[previous].astype(np.int64)


def _corrected(ctx: Context, regions: Sequence[Any], days: Sequence[int]) -> set[tuple[Any, int]]:
    """(region code, day) of those given for which some figure of `metrics` is said to be a correction."""
    if ctx.lacks([("metrics", c) for c in ("region_code", "date_end")]):
        return set()
    wanted = set(zip(regions, days, strict=True))
    near = np.isin(ctx.days("metrics", "date_end"), list({d for _, d in wanted}))
    near &= ctx.is_word("metrics", "region_code", {r for r, _ in wanted})
    rows = _rows_where(near)
    found: set[tuple[Any, int]] = set()
    if len(rows) and not ctx.lacks([("metrics", "is_correction")]):
        for i in rows[ctx.ints("metrics", "is_correction")[rows] == 1].tolist():
            found.add((ctx.value("metrics", "region_code", i), int(ctx.days("metrics", "date_end")[i])))
    for column in ("quote", "measure"):
        if not len(rows) or ctx.lacks([("metrics", column)]):
            continue
        text = ctx.col("metrics", column).take(pa.array(rows))
        told = pc.fill_null(pc.match_substring_regex(text, "|".join(CORRECTION_WORDS)), False)
        for i in rows[told.to_numpy(zero_copy_only=False).astype(bool)].tolist():
            found.add((ctx.value("metrics", "region_code", i), int(ctx.days("metrics", "date_end")[i])))
    return found


def _falling(ctx: Context, table: str, day: str, keep: Mask, when: Ints) -> list[Found]:
    keep = (
        keep
        & ctx.is_word(table, "indicator", _of_kind("cumulative"))
        & ctx.is_word(table, "qualifier", ("exact",))
    )
    keep &= ctx.valid(table, "region_code") & ctx.valid(table, "value") & ctx.valid(table, day)
    rows = _rows_where(keep)
    key = ctx.groups(table, ("region_code", "indicator"))[rows]
    fell, before = _falls(key, when[rows], ctx.floats(table, "value")[rows])
    earlier = dict(zip(rows[fell].tolist(), rows[before].tolist(), strict=True))
    bad = sorted(earlier)
    if bad:
        regions = [ctx.value(table, "region_code", i) for i in bad]
        days = ctx.days(table, day)[np.array(bad)].tolist()
        excused = _corrected(ctx, regions, days)
        bad = [i for i, r, d in zip(bad, regions, days, strict=True) if (r, d) not in excused]
        bad = [i for i in bad if not ctx.value(table, "is_correction", i)]

    def detail(i: int) -> str:
        j = earlier[i]
        ident = ctx.value(table, "metric_id", j)
        return f"after {number_text(ctx.value(table, 'value', j))} on {ctx.value(table, day, j)} ({ident})"

    return [Found(len(rows), "value", np.array(bad, np.int64), detail)]


_FALL = {
    "expects": "A cumulative series does not fall from one day to the next, unless a correction is stated.",
    "zh": "累计数不应逐日下降，除非文中说明订正或核减。",
    "fix": "Read both sentences: a slip of the article or a correction that it does not state stands as it is; else a rule misreads one.",
}


@_check(
    "metrics", "cumulative_falls", stage="tables", severity="warning", **_FALL,
    needs="region_code indicator date_start date_end time_end value qualifier",
    bad=(set_("metrics", 7, value=30.0),), good=(set_("metrics", 7, value=30.0, quote="核减后累计确诊病例30例"),),
)  # fmt: skip
def _cumulative_falls(ctx: Context, table: str) -> list[Found]:
    when = ctx.days(table, "date_end") * 1441 + _clock(ctx, table)
    return _falling(ctx, table, "date_end", ctx.days(table, "date_start") == _NULL_DAY, when)


@_check(
    "city_by_date", "cumulative_falls", stage="tables", severity="warning", **_FALL,
    needs="region_code indicator date value qualifier",
    bad=(set_("city_by_date", 3, value=30.0),),
    good=(set_("city_by_date", 3, value=30.0), set_("metrics", 7, value=30.0, quote="核减后累计确诊病例30例")),
)  # fmt: skip
def _city_cumulative_falls(ctx: Context, table: str) -> list[Found]:
    return _falling(ctx, table, "date", np.ones(ctx.row_counts[table], bool), ctx.days(table, "date"))


def _beyond_confirmed(ctx: Context, table: str, groups: Ints, keep: Mask) -> dict[int, str]:
    """Rows of recoveries in groups where recovered and dead together are more than confirmed, and why."""
    value = ctx.floats(table, "value")
    size = int(groups.max()) + 1 if len(groups) else 0

    def extreme(word: str, ufunc: Any, start: float) -> tuple[npt.NDArray[np.float64], Ints]:
        rows = _rows_where(keep & np.isfinite(value) & ctx.is_word(table, "indicator", (word,)))
        out = np.full(size, start)
        ufunc.at(out, groups[rows], value[rows])
        return out, rows

    confirmed, _ = extreme("confirmed_cumulative", np.maximum, -np.inf)
    recovered, rows = extreme("recovered_cumulative", np.minimum, np.inf)
    dead, _ = extreme("deaths_cumulative", np.minimum, np.inf)
    dead = np.where(np.isinf(dead), 0.0, dead)
    bad = np.isfinite(recovered) & np.isfinite(confirmed) & (recovered + dead > confirmed)
    return {
        int(
            i
        ): f"with {number_text(dead[groups[i]])} deaths, of {number_text(confirmed[groups[i]])} confirmed"
        for i in rows[bad[groups[rows]]]
    }


_OUTCOMES = {
    "expects": "Recovered and dead together are not more than confirmed, for the same region and day.",
    "zh": "同一地区同一日，治愈与死亡之和不应超过确诊数。",
    "fix": "Read the sentences: figures of another scope or day carry the wrong place or date; a slip of the article stands.",
}


@_check(
    "metrics", "outcomes_within_confirmed", stage="tables", severity="warning", **_OUTCOMES,
    needs="doc_id region_code date_start date_end time_end indicator value qualifier",
    bad=(set_("metrics", 4, value=38.0),), good=(set_("metrics", 4, value=37.0),),
)  # fmt: skip
def _outcomes_within_confirmed(ctx: Context, table: str) -> list[Found]:
    keep = (
        ctx.valid(table, "region_code")
        & ctx.valid(table, "date_end")
        & ctx.is_word(table, "qualifier", ("exact",))
    )
    keep &= ctx.days(table, "date_start") == _NULL_DAY
    bad: dict[int, str] = {}
    # Between documents only what no source can mend; within one document whatever it says of one moment.
    for columns in (
        ("region_code", "date_end", "time_end"),
        ("doc_id", "region_code", "date_end", "time_end"),
    ):
        bad |= _beyond_confirmed(ctx, table, ctx.groups(table, columns), keep)
    n = int((keep & ctx.is_word(table, "indicator", ("recovered_cumulative",))).sum())
    return [Found(n, "value", np.array(sorted(bad), np.int64), lambda i: bad[i])]


@_check(
    "city_by_date", "outcomes_within_confirmed", stage="tables", severity="warning", **_OUTCOMES,
    needs="region_code date indicator value qualifier",
    bad=(set_("city_by_date", 1, value=38.0),), good=(set_("city_by_date", 1, value=37.0),),
)  # fmt: skip
def _city_outcomes_within_confirmed(ctx: Context, table: str) -> list[Found]:
    keep = ctx.is_word(table, "qualifier", ("exact",))
    bad = _beyond_confirmed(ctx, table, ctx.groups(table, ("region_code", "date")), keep)
    n = int((keep & ctx.is_word(table, "indicator", ("recovered_cumulative",))).sum())
    return [Found(n, "value", np.array(sorted(bad), np.int64), lambda i: bad[i])]


_PEOPLE = ("case", "person", "person_time")


def _counters(ctx: Context) -> Ints:
    """The last character of each `value_quote`, as a code: 个, 种, 元; -1 where the words are withheld."""
    if ctx.lacks([("metrics", "value_quote")]):
        return np.full(ctx.row_counts["metrics"], -1, np.int64)
    codes, values = ctx.codes("metrics", "value_quote")
    lasts: dict[str, int] = {}
    index = [lasts.setdefault(value[-1:], len(lasts)) for value in values]
    return np.array([*index, -1], np.int64)[codes]


def _comparable_parts(ctx: Context) -> tuple[Ints, Ints]:
    """Parts whose value can be set against that of their whole, and the rows of the wholes."""

    def make() -> tuple[Ints, Ints]:
        whole = _part_rows(ctx)
        parts = _rows_where(whole >= 0)
        wholes = whole[parts]
        unit, _ = ctx.codes("metrics", "unit")
        people = ctx.is_word("metrics", "unit", _PEOPLE)
        share = ctx.is_word("metrics", "unit", ("percent", "percentage_point"))
        exact = ctx.is_word("metrics", "qualifier", ("exact",))
        fits = (unit[parts] == unit[wholes]) | (people[parts] & people[wholes])
        fits &= exact[parts] & exact[wholes] & ~share[parts]
        # 28种物资,包括口罩52180个: things of one unit that are not counted alike.
        counter = _counters(ctx)
        fits &= people[parts] | (counter[parts] == counter[wholes])
        fits &= np.isfinite(ctx.floats("metrics", "value")[parts]) & np.isfinite(
            ctx.floats("metrics", "value")[wholes]
        )
        return parts[fits], wholes[fits]

    made: tuple[Ints, Ints] = ctx.remember("comparable", make)
    return made


_BREAKDOWN_NEEDS = "metric_id part_of unit qualifier value indicator region_code region_level measure"


@_check(
    "metrics", "part_within_whole", stage="tables", severity="warning",
    expects="A part is not more than its whole.", zh="部分不应大于整体。",
    fix="Read the sentence: part_of may name the wrong figure; a slip of the article stands as it is.",
    needs=_BREAKDOWN_NEEDS,
    bad=(set_("metrics", 1, value=4.0),), good=(set_("metrics", 1, value=2.0),),
)  # fmt: skip
def _part_within_whole(ctx: Context, table: str) -> list[Found]:
    parts, wholes = _comparable_parts(ctx)
    value = ctx.floats(table, "value")
    bad = np.abs(value[parts]) > np.abs(value[wholes]) * (1 + 1e-12)
    of = dict(zip(parts.tolist(), wholes.tolist(), strict=True))
    return [
        Found(
            len(parts),
            "value",
            parts[bad],
            lambda i: f"of {number_text(value[of[i]])} ({ctx.value(table, 'metric_id', of[i])})",
        )
    ]


class _Breakdown(NamedTuple):
    whole: int
    parts: tuple[int, ...]
    total: float
    lists_all: bool


def _breakdowns(ctx: Context) -> list[_Breakdown]:
    """The breakdowns whose parts cannot overlap: the same indicator in different places of one level, or the two sexes."""

    def make() -> list[_Breakdown]:
        parts, wholes = _comparable_parts(ctx)
        if not len(parts):
            return []
        value = ctx.floats("metrics", "value")
        indicator, _ = ctx.codes("metrics", "indicator")
        region, _ = ctx.codes("metrics", "region_code")
        level, _ = ctx.codes("metrics", "region_level")
        man, woman = (ctx.matches("metrics", "measure", sex) for sex in ("男", "女"))
        made = []
        # By place. Repeats of one place are one part; a place that is the whole's own is no part of it.
        placed = (
            (indicator[parts] == indicator[wholes]) & (region[parts] >= 0) & (region[parts] != region[wholes])
        )
        by_sex = (man[parts] != woman[parts]) & (indicator[parts] != indicator[wholes])
        for chosen, kind in ((placed, level), (by_sex, man.astype(np.int64) * 0)):
            rows, of = parts[chosen], wholes[chosen]
            order = np.lexsort((rows, kind[rows], of))
            rows, of = rows[order], of[order]
            breaks = np.flatnonzero((of[1:] != of[:-1]) | (kind[rows[1:]] != kind[rows[:-1]])) + 1
            for group in np.split(np.arange(len(rows)), breaks):
                if len(group) < 2:
                    continue
                members = rows[group]
                names = (man if kind is not level else region)[members].tolist()
                most: dict[Any, float] = {}
                for name, amount in zip(names, value[members].tolist(), strict=True):
                    most[name] = max(amount, most.get(name, amount))
                if len(most) < 2:
                    continue
                whole, members_ = int(of[group[0]]), tuple(members.tolist())
                complete = kind is not level or _lists_all(ctx, whole, members_)
                made.append(_Breakdown(whole, members_, sum(most.values()), complete))
        return made

    found: list[_Breakdown] = ctx.remember("breakdowns", make)
    return found


def _lists_all(ctx: Context, whole: int, parts: tuple[int, ...]) -> bool:
    """Whether the text gives the whole and then its parts one after the other, without a word that leaves some out."""
    if ctx.lacks([("metrics", c) for c in ("doc_id", "value_char_start", "value_char_end")]) or not ctx.texts:
        return False
    raw = ctx.texts.get(ctx.value("metrics", "doc_id", whole))
    if raw is None:
        return False
    ends = [
        [ctx.value("metrics", c, i) for c in ("value_char_start", "value_char_end")] for i in (whole, *parts)
    ]
    if None in (offset for pair in ends for offset in pair):
        return False
    spans = sorted(ends[1:])
    end = ends[0][1]
    between = raw[end : spans[0][0]]
    inside = raw[end : spans[-1][1] + 4]
    if not 0 < len(between) <= 40 or len(inside) > 1500:
        return False
    return not re.search("其中|包括|包含|含|主要|多为|有|[。；;！!\n]", between) and not re.search(
        "等|其余|其他|另", inside
    )


@_check(
    "metrics", "parts_within_whole", stage="tables", severity="warning",
    expects="The parts of a breakdown by place or by sex are together not more than their whole.",
    zh="按地区或性别的分项之和不应超过整体。",
    fix="Read the sentence: a part may belong to another whole; a slip of the article stands as it is.",
    needs=_BREAKDOWN_NEEDS,
    bad=(set_("metrics", 0, value=2.0),), good=(set_("metrics", 0, value=5.0),),
)  # fmt: skip
def _parts_within_whole(ctx: Context, table: str) -> list[Found]:
    value = ctx.floats(table, "value")
    totals = {b.whole: b for b in _breakdowns(ctx) if b.total > value[b.whole] * (1 + 1e-12)}
    return [
        Found(len(_breakdowns(ctx)), "value", np.array(sorted(totals), np.int64),
              lambda i: f"its {len(totals[i].parts)} parts make {number_text(totals[i].total)}")
    ]  # fmt: skip


@_check(
    "metrics", "parts_make_whole", stage="tables", severity="warning",
    expects="Where the text lists all parts (both sexes; a list of places without 其中), they make up the whole.",
    zh="文中列出全部分项时（男女齐全，或不带“其中”的地区列表），分项之和应等于整体。",
    fix="Read the sentence: a part may be missing from the table; a slip of the article stands as it is.",
    needs=_BREAKDOWN_NEEDS,
    bad=(set_("metrics", 8, value=20.0),), good=(set_("metrics", 8, value=20.0, measure="患者"),),
)  # fmt: skip
def _parts_make_whole(ctx: Context, table: str) -> list[Found]:
    value = ctx.floats(table, "value")
    listed = [b for b in _breakdowns(ctx) if b.lists_all]
    short = {b.whole: b for b in listed if b.total < value[b.whole] * (1 - 1e-12)}
    return [
        Found(len(listed), "value", np.array(sorted(short), np.int64),
              lambda i: f"its {len(short[i].parts)} parts make only {number_text(short[i].total)}")
    ]  # fmt: skip


_RATES = {
    "recovery_rate": ("recovered_cumulative", "confirmed_cumulative"),
    "fatality_rate": ("deaths_cumulative", "confirmed_cumulative"),
}


@_check(
    "metrics", "rate_agrees", stage="tables", severity="warning",
    expects="A stated rate is that of the counts which the same article gives for the same region and day.",
    zh="文中比率应与同文同地同日的计数相符。",
    fix="Read the sentences: the counts may be of another day or scope; a slip of the article stands as it is.",
    needs="doc_id region_code date_end indicator value unit qualifier",
    bad=(set_("metrics", 6, value=62.6),), good=(set_("metrics", 6, value=52.63),),
)  # fmt: skip
def _rate_agrees(ctx: Context, table: str) -> list[Found]:
    group = ctx.groups(table, ("doc_id", "region_code", "date_end"))
    value = ctx.floats(table, "value")
    exact = ctx.is_word(table, "qualifier", ("exact",)) & ctx.valid(table, "date_end") & np.isfinite(value)
    n, bad = 0, {}
    for rate, (part, whole) in _RATES.items():
        rows = _rows_where(
            exact & ctx.is_word(table, "indicator", (rate,)) & ctx.is_word(table, "unit", ("percent",))
        )
        if not len(rows):
            continue
        counts: list[dict[int, list[float]]] = []
        for word in (part, whole):
            near = _rows_where(exact & ctx.is_word(table, "indicator", (word,)) & np.isin(group, group[rows]))
            of: dict[int, list[float]] = {}
            for g, v in zip(group[near].tolist(), value[near].tolist(), strict=True):
                of.setdefault(g, []).append(v)
            counts.append(of)
        for i in rows.tolist():
            parts, wholes = (of.get(int(group[i]), []) for of in counts)
            stated = float(value[i])
            # Half a unit of the last digit for rounding, half a unit more for cutting it off.
            slack = 10.0 ** -min(6, len(f"{stated:.6f}".rstrip("0").partition(".")[2])) * 1.0001
            computed = [100 * p / w for p in parts for w in wholes if w]
            if computed:
                n += 1
                if not any(abs(c - stated) <= slack for c in computed):
                    bad[i] = f"{number_text(parts[0])} of {number_text(wholes[0])} is {computed[0]:.2f}%"
    return [Found(n, "value", np.array(sorted(bad), np.int64), lambda i: bad[i])]
