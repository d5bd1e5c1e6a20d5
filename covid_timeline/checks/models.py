"""The pandera models: one DataFrameModel a table, made from the data dictionary and the list of checks.

A model holds the columns (type, nullability, vocabulary, form, bounds), their order, the key, and every rule by which a
row can be judged alone. What takes other tables or the raw texts is the same kind of check, `RowCheck`, bound to what
it is given (`bound`).

>>> model("rejected").to_schema().unique
['doc_id', 'char_start', 'char_end', 'reason']
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any

import numpy as np
import pandas as pd

from covid_timeline.checks.frames import Mask, Tables, conform, fits
from covid_timeline.checks.registry import CHECKS, Check
from covid_timeline.tables.schema import SCHEMA_VERSION, TABLES, VOCABULARIES, Column

MODEL_NAMES: Mapping[str, str] = {"".join(word.title() for word in name.split("_")): name for name in TABLES}
"""The table of each model: CityByDate -> city_by_date."""


class MissingPanderaError(ImportError):
    """pandera, which does the checking, cannot be imported."""


@cache
def pandera() -> Any:
    """pandera.pandas, with our dtypes and checks registered.

    Raises:
        MissingPanderaError: it cannot be imported; the message is one sentence.
    """
    try:
        with warnings.catch_warnings():  # it looks for PySpark, which warns of pandas 3
            warnings.simplefilter("ignore")
            import pandera.pandas
            from pandera.api.checks import Check as PanderaCheck
            from pandera.backends.pandas.checks import PandasCheckBackend
            from pandera.extensions import register_check_method  # type: ignore[attr-defined]
            from pandera.typing import get_index_types

            module: Any = pandera.pandas
            get_index_types()
            # The first validation imports the rest.
            module.DataFrameSchema({"a": module.Column(int, module.Check.ge(0))}).validate(pd.DataFrame({"a": [1]}))
    except ImportError as error:
        raise MissingPanderaError(
            f"tables are checked with pandera, which cannot be imported ({error}); install it: pip install pandera"
        ) from error

    class RowCheck(PanderaCheck):
        """A check of a whole table whose failures are cells of one column, not rows in full."""

        blamed: str = ""

    class RowCheckBackend(PandasCheckBackend):
        """Failure cases of a `RowCheck`: for each failing row the cell of the column that may be wrong."""

        def _get_series_failure_cases(self, check_obj: pd.DataFrame, check_output: pd.Series[Any]) -> Any:
            rows = np.flatnonzero(~check_output.to_numpy(bool))
            blamed = getattr(self.check, "blamed", "")
            if not len(rows):
                return None
            column = check_obj[blamed]
            return pd.DataFrame({
                "column": blamed, "index": check_obj.index[rows], "failure_case": column.iloc[rows].to_numpy(object),
            })  # fmt: skip

    RowCheck.register_backend(pd.DataFrame, RowCheckBackend)
    module.RowCheck = RowCheck
    if "full_match" not in PanderaCheck.REGISTERED_CUSTOM_CHECKS:
        register_check_method(_full_match, statistics=["pattern"], supported_types=pd.Series)
        register_check_method(_finite, statistics=[], supported_types=pd.Series)
        for check in (one for one in CHECKS.values() if one.stands_alone):
            register_check_method(_standing_alone(check), statistics=[], supported_types=pd.DataFrame)
    module.OurTypes = {kind: _dtype(kind) for kind in _ALIASES}
    return module


def full_match(values: pd.Series[Any], *, pattern: str) -> pd.Series[Any]:
    """Texts that match the pattern from their first character to their last."""
    codes, words = pd.factorize(values)
    import re

    fine = [re.fullmatch(pattern, word) is not None and "\n" not in word for word in words]
    return pd.Series(np.array([*fine, True])[codes], index=values.index)


def finite(values: pd.Series[Any]) -> pd.Series[Any]:
    """Numbers that are neither infinite nor none."""
    return pd.Series(np.isfinite(values.to_numpy("float64")), index=values.index)


_full_match, _finite = full_match, finite
_ALIASES = {
    "string": "str", "bool": "bool", "int64": "int64", "float64": "float64", "date32": "datetime64[us]",
    "timestamp[us]": "datetime64[us]",
}  # fmt: skip


@cache
def _dtype(kind: str) -> Any:
    """The pandera dtype of a type of the dictionary: what pandas 2 and 3 hold it in, one lossless form of each."""
    from pandera.dtypes import immutable
    from pandera.engines import pandas_engine

    base = pandas_engine.Engine.dtype(_ALIASES[kind])

    @pandas_engine.Engine.register_dtype
    @immutable
    class Kind(pandas_engine.DataType):
        type = base.type

        def check(self, pandera_dtype: Any, data_container: Any = None) -> Any:
            return False if data_container is None else fits(data_container, kind)

        def coerce(self, data_container: Any) -> Any:
            return conform(data_container, kind)

        try_coerce = coerce

        def __str__(self) -> str:
            return _ALIASES[kind]

    Kind.__name__ = Kind.__qualname__ = "".join(c for c in kind.title() if c.isalnum())
    return Kind


def _standing_alone(check: Check) -> Any:
    """A rule as pandera registers it: a function of the frame, True for each row that keeps it."""

    def keeps(frame: pd.DataFrame) -> pd.Series[Any]:
        return pd.Series(~_failing(check, Tables({check.table: frame})), index=frame.index)

    keeps.__name__ = check.id.replace(".", "_")
    return keeps


def _failing(check: Check, tables: Tables) -> Mask:
    assert check.fails is not None
    masks = [check.fails(tables.rows(check.table, column)) for column in check.on if tables.rows(check.table).has(column)]
    return np.logical_or.reduce(masks) if masks else np.zeros(len(tables.frames[check.table]), bool)


def row_check(check: Check, column: str, tables: Tables | None = None) -> Any:
    """A check as pandera takes it, its failures the cells of one column.

    Args:
        tables: what it is given beside its own frame; without it the frame stands alone.
    """

    def keeps(frame: pd.DataFrame) -> pd.Series[Any]:
        assert check.fails is not None
        given = Tables({check.table: frame}) if tables is None else tables
        with np.errstate(all="ignore"):  # a damaged number may be as large as numbers get
            return pd.Series(~check.fails(given.rows(check.table, column)), index=frame.index)

    made = pandera().RowCheck(keeps, name=check.id.replace(".", "_"), error=check.expects, ignore_na=False)
    made.blamed, made.check = column, check
    made.title, made.description = check.id, check.expects_zh
    return made


def bound(table: str, checks: Iterable[Check], tables: Tables) -> Any:
    """A pandera schema of these checks alone, bound to the tables and texts that they look at."""
    made = [row_check(check, column, tables) for check in checks for column in check.on if not tables.lacks([(table, column)])]
    return pandera().DataFrameSchema(checks=made, name=table)


def _field(column: Column) -> Any:
    field = column.field
    checks: dict[str, Any] = {}
    if field.vocabulary:
        checks["isin"] = list(VOCABULARIES[field.vocabulary])
    if field.pattern:
        checks["full_match"] = field.pattern
    if field.minimum is not None:
        checks["ge"] = field.minimum
    if field.type == "float64":
        checks["finite"] = ()
    return pandera().Field(
        nullable=column.may_be_null, title=field.label_zh, description=field.description,
        metadata={"unit": field.unit, "vocabulary": field.vocabulary, "withheld": column.withheld}, **checks,
    )  # fmt: skip


@cache
def model(table: str) -> Any:
    """The DataFrameModel of a table.

    Raises:
        KeyError: there is no such table.
        MissingPanderaError: pandera cannot be imported.
    """
    spec = TABLES[table]
    pa = pandera()

    class Base(pa.DataFrameModel):  # type: ignore[misc, name-defined]
        @classmethod
        def build_schema_(cls, **options: Any) -> Any:
            schema = super().build_schema_(**options)
            alone = [check for check in CHECKS.values() if check.table == table and check.stands_alone]
            schema.checks = [*schema.checks, *(row_check(check, column) for check in alone for column in check.on)]
            return schema

        @classmethod
        def example(cls, size: int = 3, **_: Any) -> pd.DataFrame:
            """Rows of the published tables that keep the model: the first `size` of them.

            Raises:
                ValueError: there are fewer.
            """
            return example(table, size)

    class Config:
        strict = True
        ordered = True
        coerce = True
        unique = list(spec.primary_key)  # noqa: RUF012
        name = table
        title = spec.label_zh
        description = spec.description
        metadata = {"schema_version": SCHEMA_VERSION}  # noqa: RUF012

    fields = {column.name: _field(column) for column in spec.columns}
    kinds = {column.name: pa.OurTypes[column.type] for column in spec.columns}
    name = next(name for name, of in MODEL_NAMES.items() if of == table)
    about = {"__annotations__": kinds, "Config": Config, "__doc__": spec.description, "__module__": "covid_timeline.schemas"}
    return type(name, (Base,), {**fields, **about})


@cache
def columns_only(table: str) -> Any:
    """The schema of a table's columns, order and key, without its rules."""
    schema = model(table).to_schema()
    return pandera().DataFrameSchema(
        schema.columns, strict=True, ordered=True, coerce=True, unique=schema.unique, report_duplicates="exclude_first",
        name=table,
    )  # fmt: skip


@lru_cache(maxsize=32)
def some_columns(table: str, names: tuple[str, ...]) -> Any:
    """The schema of these columns of a table, in any order, with its key where they hold it."""
    key = list(TABLES[table].primary_key)
    columns = columns_only(table).columns
    return pandera().DataFrameSchema(
        {name: columns[name] for name in names}, unique=key if set(key) <= set(names) else None,
        report_duplicates="exclude_first", name=table,
    )  # fmt: skip


def example(table: str, size: int) -> pd.DataFrame:
    """The first rows of a published table.

    Raises:
        ValueError: there are fewer.
    """
    import pyarrow.parquet as pq

    from covid_timeline.checks.frames import from_arrow
    from covid_timeline.tables.manifest import data_path, locate

    with pq.ParquetFile(locate(data_path(), f"{table}.parquet")) as file:
        rows = file.read()
    if len(rows) < size:
        raise ValueError(f"{table} has {len(rows)} published rows, not {size}")
    return from_arrow(table, rows.slice(0, size))
