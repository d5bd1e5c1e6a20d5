"""Tables as the checks see them: pandas frames with plain dtypes, whatever they were read from.

`from_arrow` and `conform` change how a value is held, never what it is. A column that has no lossless form in the
dtype of the dictionary keeps the type it came with, so that the model refuses it and says which type that is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from covid_timeline.tables.schema import TABLES
from covid_timeline.text.shown import RUNNABLE

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

NO_DAY = np.iinfo(np.int64).min
"""Stands for null among days counted since 1970."""

_FIRST, _LAST = np.datetime64("0001-01-01"), np.datetime64("9999-12-31")
"""The days that every reader of the tables can show."""

_TEXT: Any = pd.StringDtype(na_value=np.nan) if pd.__version__ >= "3" else pd.StringDtype("pyarrow")
_NULLS: Mapping[str, Any] = {
    "string": _TEXT, "bool": "boolean", "int64": "Int64", "float64": "float64", "date32": "datetime64[us]",
    "timestamp[us]": "datetime64[us]",
}  # fmt: skip


def has_type(series: pd.Series[Any], kind: str) -> bool:
    """Whether a column is held in the dtype of the dictionary (docs/validation.md lists what each takes)."""
    dtype = series.dtype
    if kind == "string":
        return isinstance(dtype, pd.StringDtype)
    if kind == "bool":
        return dtype == "bool" or isinstance(dtype, pd.BooleanDtype)
    if kind == "int64":
        return dtype == "int64" or isinstance(dtype, pd.Int64Dtype)
    if kind == "float64":
        return dtype == "float64" or isinstance(dtype, pd.Float64Dtype)
    return pd.api.types.is_datetime64_dtype(dtype)


def fits(series: pd.Series[Any], kind: str) -> Mask | bool:
    """Which values of a column a reader of that type can take; False where the type is another one."""
    if not has_type(series, kind):
        if kind == "date32" and str(series.dtype).startswith("date32"):  # kept because some days are out of range
            return _in_range(pa.chunked_array(pa.array(series)))
        return False
    if kind not in ("date32", "timestamp[us]"):
        return True
    values = series.to_numpy()
    fine = np.isnat(values) | ((values >= _FIRST) & (values.astype("datetime64[D]") <= _LAST))
    if kind == "date32":
        fine &= np.isnat(values) | (values.astype("datetime64[D]") == values)
    return bool(fine.all()) or np.asarray(fine, bool)


def conform(series: pd.Series[Any], kind: str) -> pd.Series[Any]:
    """The column in the dtype of the dictionary where it says the same there: nulls of no type, objects that are text."""
    if has_type(series, kind):
        return series
    if series.dtype == object and kind == "string" and pd.api.types.infer_dtype(series, skipna=True) == "string":
        return series.astype(_TEXT)
    if kind == "int64" and series.dtype == "float64":
        values = series.to_numpy()
        there = values[~np.isnan(values)]
        # pandas holds whole numbers beside nulls as float64, and goes on doing so where a filter leaves no null.
        return series.astype("Int64") if bool((there == np.floor(there)).all() and (np.abs(there) < 2**53).all()) else series
    if series.dtype == object and len(series) and bool(series.isna().all()):
        return pd.Series(pd.array([None] * len(series), dtype=_NULLS[kind]), index=series.index, name=series.name)
    return series


def _in_range(column: pa.ChunkedArray) -> Mask:
    days = column.cast(pa.int32())
    low, high = (int(day.astype("datetime64[D]").astype(np.int64)) for day in (_FIRST, _LAST))
    fine = pc.and_(pc.greater_equal(days, low), pc.less_equal(days, high))
    return np.asarray(pc.fill_null(fine, True).to_numpy(), bool)


def from_arrow(name: str, table: pa.Table) -> pd.DataFrame:
    """An Arrow table as a pandas frame: text as pandas strings, days and date-times as datetime64[us].

    Args:
        name: the table of the schema that it should be.
    """
    kinds = {column.name: column.type for column in TABLES[name].columns}
    made = [_series(table.column(i), kinds.get(field.name), field.name) for i, field in enumerate(table.schema)]
    return pd.concat(made, axis=1) if made else pd.DataFrame(index=range(len(table)))


def _series(column: pa.ChunkedArray, kind: str | None, name: str) -> pd.Series[Any]:
    found = column.type
    is_text = pa.types.is_string(found) or pa.types.is_large_string(found) or pa.types.is_string_view(found)
    series: pd.Series[Any]
    if kind is not None and pa.types.is_null(found):
        series = pd.Series(pd.array([None] * len(column), dtype=_NULLS[kind]))
    elif kind == "string" and is_text:
        series = column.cast(pa.large_string()).to_pandas(types_mapper={pa.large_string(): _TEXT}.get)
    elif kind == "date32" and pa.types.is_date32(found) and bool(_in_range(column).all()):
        series = column.cast(pa.timestamp("us")).to_pandas()
    elif kind in ("date32", "timestamp[us]") and pa.types.is_timestamp(found) and found.tz is None:
        series = column.to_pandas()
    elif (kind, found) in (("int64", pa.int64()), ("bool", pa.bool_())) and column.null_count:
        series = column.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}.get)
    elif (kind, found) in (("int64", pa.int64()), ("bool", pa.bool_()), ("float64", pa.float64())):
        series = column.to_pandas()
    elif kind == "int64" and found == pa.float64() and has_type(conform(column.to_pandas(), kind), kind):
        series = conform(column.to_pandas(), kind)
    else:
        series = pd.Series(pd.arrays.ArrowExtensionArray(column))
    return series.rename(name)


_FORMS = {
    "int64": r"-?[0-9]{1,18}(\.0)?",  # pandas writes 81.0 where the column holds nulls
    "float64": r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][-+]?[0-9]{1,3})?",
    "bool": r"true|false|True|False|TRUE|FALSE|0|1",
    "date32": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "timestamp[us]": r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?",
}


def from_text(name: str, table: pa.Table) -> tuple[pd.DataFrame, dict[str, dict[int, str]]]:
    """A CSV table, all of it text, as a frame of the dictionary's dtypes, and the cells that do not read, by row."""
    kinds = {column.name: column.type for column in TABLES[name].columns}
    made, unread = [], {}
    for i, column_name in enumerate(table.schema.names):
        text: pd.Series[Any] = _series(table.column(i), "string", column_name)
        kind = kinds.get(column_name, "string")
        if kind == "string":
            # `export` writes an apostrophe before what a spreadsheet would run.
            column = next((c for c in TABLES[name].columns if c.name == column_name), None)
            free = column and not (column.may_be_null or column.foreign_key or column.field.vocabulary or column.field.pattern)
            if free and column_name not in TABLES[name].primary_key:
                text = text.fillna("")  # pandas writes an empty text and a null alike
            made.append(text.where(~text.str.match(RUNNABLE.replace("^", "^'", 1)).fillna(False).astype(bool), text.str[1:]))
            continue
        shaped = text.str.fullmatch(_FORMS[kind]).fillna(False).astype(bool)
        series = _parse(text.where(shaped), kind)
        rows = np.flatnonzero((text.notna() & series.isna()).to_numpy())
        if len(rows):
            unread[column_name] = dict(zip(rows.tolist(), text.iloc[rows].tolist(), strict=True))
        made.append(series.rename(column_name))
    return pd.concat(made, axis=1), unread


def _parse(text: pd.Series[Any], kind: str) -> pd.Series[Any]:
    if kind == "bool":
        said = text.str.lower()
        return said.isin(["true", "1"]).astype("boolean").mask(text.isna())
    if kind in ("int64", "float64"):
        numbers = pd.to_numeric(text.astype(object), errors="coerce")
        return numbers.astype("Int64") if kind == "int64" else numbers.astype("float64")
    made: pd.Series[Any] = pd.to_datetime(text.astype(object), format="ISO8601", errors="coerce")
    return made.astype("datetime64[us]")


class Context(NamedTuple):
    """What checks are given beside a table: the raw texts, and what is known of their files."""

    texts: Mapping[str, str] = {}
    files: Mapping[str, str] = {}  # path of the text of a document, by doc_id
    digests: Mapping[str, str] = {}  # SHA-256 of the file at hand for a document


class Tables:
    """The tables that are checked together, and their columns decoded once."""

    def __init__(self, frames: Mapping[str, pd.DataFrame], context: Context | None = None) -> None:
        self.frames = dict(frames)
        self.context = context or Context()
        self.nan: dict[tuple[str, str], Ints] = {}  # rows of a file whose number is NaN, which pandas takes for null
        self.unread: dict[tuple[str, str], dict[int, str]] = {}  # cells of a CSV that did not read, by row
        self.unusable: dict[str, set[str]] = {}  # columns of another type, which no rule looks at
        self._cache: dict[Any, Any] = {}

    def lacks(self, needs: Iterable[tuple[str, str]]) -> str:
        """Why a check cannot run: the first table or column that is not at hand; empty when all are."""
        for table, column in needs:
            if table == "texts":
                if not self.context.texts:
                    return "the raw texts are not at hand"
            elif table not in self.frames:
                return f"there is no table {table}"
            elif column and (column not in self.frames[table] or column in self.unusable.get(table, ())):
                return f"{table} has no usable column {column}"
        return ""

    def remember(self, key: Any, make: Callable[[], Any]) -> Any:
        if key not in self._cache:
            self._cache[key] = make()
        return self._cache[key]

    def rows(self, table: str, column: str = "") -> Rows:
        return Rows(self, table, column)


class Rows:
    """One table as a rule sees it: columns as numpy arrays, null told apart. `column` is the one that the rule blames."""

    def __init__(self, tables: Tables, table: str, column: str = "") -> None:
        self.tables = tables
        self.table = table
        self.column = column
        self.frame = tables.frames[table]

    def __len__(self) -> int:
        return len(self.frame)

    def has(self, *columns: str) -> bool:
        return not self.tables.lacks([(self.table, column) for column in columns])

    def _once(self, what: str, column: str, make: Callable[[], Any]) -> Any:
        return self.tables.remember((what, self.table, column), make)

    def valid(self, column: str = "") -> Mask:
        """Rows that have a value there."""
        column = column or self.column
        made: Mask = self._once("valid", column, lambda: self.frame[column].notna().to_numpy(bool))
        return made

    def numbers(self, column: str) -> Floats:
        """A column of numbers; null is NaN."""
        series = self.frame[column]
        return np.asarray(series.to_numpy("float64", na_value=np.nan), np.float64)

    def ints(self, column: str) -> Ints:
        """A column of whole numbers or of yes and no; null is -1."""
        series = self.frame[column]
        if pd.api.types.is_extension_array_dtype(series.dtype):
            return np.asarray(series.to_numpy("int64", na_value=-1))
        return series.to_numpy().astype(np.int64)

    def days(self, column: str) -> Ints:
        """A column of days, counted since 1970; null is `NO_DAY`."""
        return self.frame[column].to_numpy().astype("datetime64[D]").astype(np.int64)

    def arrow(self, column: str) -> pa.Array:
        """A column of text as one Arrow array."""

        def make() -> pa.Array:
            array = pa.array(self.frame[column], pa.large_string(), from_pandas=True)
            return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array

        return self._once("arrow", column, make)

    def codes(self, column: str) -> tuple[Ints, list[Any]]:
        """A column as indexes into its distinct values; null is -1."""

        def make() -> tuple[Ints, list[Any]]:
            codes, values = pd.factorize(self.frame[column])
            return codes.astype(np.int64), list(values)

        made: tuple[Ints, list[Any]] = self._once("codes", column, make)
        return made

    def is_in(self, column: str, words: Iterable[str]) -> Mask:
        """Rows whose word is one of these."""
        codes, values = self.codes(column)
        wanted = set(words)
        return np.array([value in wanted for value in values] + [False], bool)[codes]

    def groups(self, *columns: str) -> Ints:
        """A number for each row, equal where all these columns are equal (null equals null)."""

        def make() -> Ints:
            key = np.zeros(len(self), np.int64)
            for column in columns:
                codes, values = self.codes(column)
                key = pd.factorize(key * (len(values) + 1) + codes + 1)[0].astype(np.int64)
            return key

        made: Ints = self._once("groups", "\0".join(columns), make)
        return made

    def matches(self, column: str, pattern: str) -> Mask:
        """Rows whose text contains the pattern; null does not."""
        codes, values = self.codes(column)
        found = pc.match_substring_regex(pa.array(values, pa.large_string()), pattern)
        return np.append(found.to_numpy(zero_copy_only=False).astype(bool), False)[codes]

    def lookup(self, column: str, table: str, key: str) -> Ints:
        """For each row the first row of another table whose key it names; -1 where there is none."""

        def make() -> Ints:
            at = pc.index_in(self.arrow(column), value_set=self.tables.rows(table).arrow(key), skip_nulls=True)
            return np.asarray(pc.fill_null(at, -1).to_numpy(zero_copy_only=False), np.int64)

        made: Ints = self._once("lookup", f"{column}\0{table}\0{key}", make)
        return made

    def value(self, column: str, row: int) -> Any:
        """One cell as Python gives it; None where there is none."""
        if row < 0 or not self.has(column):
            return None
        return self._plain(column, np.array([row]))[0]

    def lists(self, columns: Sequence[str], rows: Ints | None = None) -> Iterable[tuple[Any, ...]]:
        """Rows of some columns as tuples of plain values, a batch at a time; null is None."""
        wanted = np.arange(len(self)) if rows is None else rows
        for base in range(0, len(wanted), _BATCH):
            at = wanted[base : base + _BATCH]
            yield from zip(*(self._plain(column, at) for column in columns), strict=True)

    def _plain(self, column: str, at: Ints) -> list[Any]:
        kind = next((c.type for c in TABLES[self.table].columns if c.name == column), "")
        if kind == "string":
            taken: list[Any] = self.arrow(column).take(pa.array(at)).to_pylist()
            return taken
        values = pa.array(self.frame[column].iloc[at], from_pandas=True)
        plain: list[Any] = (values.cast(pa.date32()) if kind == "date32" else values).to_pylist()
        return plain


_BATCH = 65_536


def number_text(value: Any) -> str:
    """A number as people write it, exact where it is whole."""
    number = float(value)
    return f"{number:.15g}" if abs(number) < 1e15 else repr(number)
