"""The loaders: published tables as pandas, Polars, Arrow or DuckDB, filtered while they are read.

Every loader takes the same filters where they make sense (`help` of each lists them):

- `region`: a name or a code, or several: 聊城市, 聊城, Liaocheng, Liaocheng City, "371500"; `inside=True` takes everything
  in it too; a name of several places means the larger one (吉林 is the province);
- `start`, `end`: rows whose period overlaps these days, both inclusive: whatever pandas takes for a date;
- `doc`: a doc_id, or several; `collection`: articles, bulletins, commission_reports, or a name of your own;
- `as_of`: only what had been published by then;
- `search`: a word in the headline or the sentence, or several of which one is enough;
- `unit`, `status`, `indicator`, `category`: words of these columns; `repeats=False` leaves out what a document says again;
- `names`: "zh" or "en" adds the place and what is counted in that language, as `region_label` and `…_label`;
- `columns`: only these; `path`: the output folder of another build, or several; `verify=False` skips the SHA-256 of the
  files (their size is always checked);
- `backend`: "pandas", "polars", "polars-lazy", "arrow" or "duckdb" (a relation, whose rows come in no order).

A word, place or document that does not exist raises a `ValueError` that names near matches. Where nothing is found, and
the same question a little wider finds something, an `EmptyResultWarning` says where it is.
"""

from __future__ import annotations

import datetime as dt
import difflib
import functools
import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict, TypeVar, Unpack, overload

from covid_timeline import display
from covid_timeline.dataset import (
    BY_PLACE_AND_DAY,
    Between,
    Condition,
    Dataset,
    Day,
    Folders,
    In,
    IsNull,
    OneOrMore,
    check_backend,
    check_columns,
    convert,
    listed,
    namesakes,
    near,
    parse_day,
    region_conditions,
    row_mask,
    says,
    words,
)
from covid_timeline.tables.schema import TABLES, VOCABULARIES

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import polars as pl
    import pyarrow as pa

Backend = Literal["pandas", "polars", "polars-lazy", "arrow", "duckdb"]
Language = Literal["zh", "en"]


class DefinitionBreakWarning(UserWarning):
    """A series of `load_city_by_date` goes over a day from which its count means something else."""


class EmptyResultWarning(UserWarning):
    """Nothing was found, and the same question a little wider finds something."""


# --- the shared filters -------------------------------------------------------------------------------------------


class Reading(TypedDict, total=False):
    """What every loader takes."""

    columns: Sequence[str] | None
    path: Folders | None
    verify: bool


class Published(Reading, total=False):
    """Loaders of what documents state."""

    as_of: Day | None
    collection: OneOrMore | None


class Places(Reading, total=False):
    """Loaders of what belongs to a place."""

    inside: bool


class Days(Reading, total=False):
    """Loaders of what has a day."""

    start: Day | None
    end: Day | None


class OfDocuments(Published, total=False):
    """Loaders of rows that name their document."""

    doc: OneOrMore | None


class DateFilters(OfDocuments, Days, total=False):
    """The filters of `load_dates`."""


class Filters(DateFilters, Places, total=False):
    """The filters of `load_events`, `load_metrics` and `load_documents`: all of them."""


class CityFilters(Published, Places, Days, total=False):
    """The filters of the tables by place and day."""


Loader = TypeVar("Loader", bound=Callable[..., Any])


def _takes(filters: type[Any]) -> Callable[[Loader], Loader]:
    """Lists the filters in the loader's signature, where `help` and an editor look, and refuses any other by name."""
    shared = list(filters.__annotations__)

    def decorate(loader: Loader) -> Loader:
        signature = inspect.signature(loader)
        own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        keywords = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=name == "verify" or (False if name == "inside" else None))
            for name in shared
        ]
        known = {p.name for p in own} | set(shared)

        @functools.wraps(loader)
        def checked(*args: Any, **given: Any) -> Any:
            for name in given:
                if name not in known:
                    raise TypeError(f"{loader.__name__}() takes no {name!r}{near(name, known)}")
            return loader(*args, **given)

        checked.__signature__ = signature.replace(parameters=[*own, *keywords])  # type: ignore[attr-defined]
        return checked  # type: ignore[return-value]

    return decorate


# --- loaders --------------------------------------------------------------------------------------------------------

@overload
def load_events(region: OneOrMore | None = None, *, category: OneOrMore | None = None, status: OneOrMore | None = None, search: OneOrMore | None = None, names: Language | None = None, backend: Literal["pandas"] = "pandas", **filters: Unpack[Filters]) -> pd.DataFrame: ...
@overload
def load_events(region: OneOrMore | None = None, *, category: OneOrMore | None = None, status: OneOrMore | None = None, search: OneOrMore | None = None, names: Language | None = None, backend: Literal["polars"], **filters: Unpack[Filters]) -> pl.DataFrame: ...
@overload
def load_events(region: OneOrMore | None = None, *, category: OneOrMore | None = None, status: OneOrMore | None = None, search: OneOrMore | None = None, names: Language | None = None, backend: Literal["polars-lazy"], **filters: Unpack[Filters]) -> pl.LazyFrame: ...
@overload
def load_events(region: OneOrMore | None = None, *, category: OneOrMore | None = None, status: OneOrMore | None = None, search: OneOrMore | None = None, names: Language | None = None, backend: Literal["arrow"], **filters: Unpack[Filters]) -> pa.Table: ...
@overload
def load_events(region: OneOrMore | None = None, *, category: OneOrMore | None = None, status: OneOrMore | None = None, search: OneOrMore | None = None, names: Language | None = None, backend: Literal["duckdb"], **filters: Unpack[Filters]) -> duckdb.DuckDBPyRelation: ...
@_takes(Filters)
def load_events(region: OneOrMore | None = None, *, category: OneOrMore | None = None, status: OneOrMore | None = None, search: OneOrMore | None = None, names: Language | None = None, backend: Backend = "pandas", **filters: Unpack[Filters]) -> Any:
    """What happened, where and when: one row per event. Filters as in the module's description.

    Args:
        region: places, by name or code.
        category: one or several of the event categories: "containment", "reopening", ...
        status: one or several of reported, denied, conditional, planned, forecast; all where None.
        search: a word, or several of which one is enough, in the headlines, the summary or the sentence, in Chinese or
            English: "schools", "高速". Of a text that may not be republished only headlines are there to be searched;
            those of closures and reopenings name a topic, and a word of a topic (开学, 地铁) finds it there.
        names: language of the labels that are added.
        backend: the form of the result.
        filters: `inside`, `start`, `end`, `doc`, `as_of`, `collection`, `columns`, `path`, `verify`.

    Raises:
        ValueError: a filter names something that does not exist, or a file is not the published one.
        FileNotFoundError: `path` holds no such table.
    """
    own = [
        *words("category", category, "categories"),
        *words("status", status, "statuses"),
        *says(("headline_zh", "headline_en", "summary", "quote"), search, _topics),
    ]
    return _load("events", filters, own, region=region, days=_overlap, backend=backend, names=names)


def _topics(word: str) -> Sequence[str]:
    from covid_timeline.tables.headlines import topics

    return [f"（{topic}" for topic in topics(word, "zh")] + [f"、{topic}" for topic in topics(word, "zh")]


@overload
def load_metrics(region: OneOrMore | None = None, *, indicator: OneOrMore | None = None, unit: OneOrMore | None = None, status: OneOrMore | None = None, search: OneOrMore | None = None, repeats: bool = True, names: Language | None = None, backend: Literal["pandas"] = "pandas", **filters: Unpack[Filters]) -> pd.DataFrame: ...
@overload
def load_metrics(region: OneOrMore | None = None, *, indicator: OneOrMore | None = None, unit: OneOrMore | None = None, status: OneOrMore | None = None, search: OneOrMore | None = None, repeats: bool = True, names: Language | None = None, backend: Literal["polars"], **filters: Unpack[Filters]) -> pl.DataFrame: ...
@overload
def load_metrics(region: OneOrMore | None = None, *, indicator: OneOrMore | None = None, unit: OneOrMore | None = None, status: OneOrMore | None = None, search: OneOrMore | None = None, repeats: bool = True, names: Language | None = None, backend: Literal["polars-lazy"], **filters: Unpack[Filters]) -> pl.LazyFrame: ...
@overload
def load_metrics(region: OneOrMore | None = None, *, indicator: OneOrMore | None = None, unit: OneOrMore | None = None, status: OneOrMore | None = None, search: OneOrMore | None = None, repeats: bool = True, names: Language | None = None, backend: Literal["arrow"], **filters: Unpack[Filters]) -> pa.Table: ...
@overload
def load_metrics(region: OneOrMore | None = None, *, indicator: OneOrMore | None = None, unit: OneOrMore | None = None, status: OneOrMore | None = None, search: OneOrMore | None = None, repeats: bool = True, names: Language | None = None, backend: Literal["duckdb"], **filters: Unpack[Filters]) -> duckdb.DuckDBPyRelation: ...
@_takes(Filters)
def load_metrics(region: OneOrMore | None = None, *, indicator: OneOrMore | None = None, unit: OneOrMore | None = None, status: OneOrMore | None = None, search: OneOrMore | None = None, repeats: bool = True, names: Language | None = None, backend: Backend = "pandas", **filters: Unpack[Filters]) -> Any:
    """The stated figures: one row per figure, in the unit that its `unit` names. A figure without a date is left out
    as soon as `start` or `end` is given.

    Args:
        region: places, by name or code.
        indicator: one or several indicators: "confirmed_new", "masks", ...
        unit: one or several units: "case", "CNY", ...
        status: one or several of reported, denied, conditional, planned, forecast; all where None.
        search: a word, or several of which one is enough, in the counted noun (`measure`) or the clause.
        repeats: whether figures that a document states a second time (`repeat_of`) are among them; a sum wants False.
        names: language of the labels that are added.
        backend: the form of the result.
        filters: `inside`, `start`, `end`, `doc`, `as_of`, `collection`, `columns`, `path`, `verify`.

    Raises:
        ValueError, FileNotFoundError: as for `load_events`.
    """
    own = [
        *words("indicator", indicator, "indicators"),
        *words("unit", unit, "units"),
        *words("status", status, "statuses"),
        *says(("measure", "quote"), search),
    ]
    if not repeats:
        own.append(IsNull("repeat_of"))
    return _load("metrics", filters, own, region=region, days=_overlap, backend=backend, names=names)


@overload
def load_dates(*, backend: Literal["pandas"] = "pandas", **filters: Unpack[DateFilters]) -> pd.DataFrame: ...
@overload
def load_dates(*, backend: Literal["polars"], **filters: Unpack[DateFilters]) -> pl.DataFrame: ...
@overload
def load_dates(*, backend: Literal["polars-lazy"], **filters: Unpack[DateFilters]) -> pl.LazyFrame: ...
@overload
def load_dates(*, backend: Literal["arrow"], **filters: Unpack[DateFilters]) -> pa.Table: ...
@overload
def load_dates(*, backend: Literal["duckdb"], **filters: Unpack[DateFilters]) -> duckdb.DuckDBPyRelation: ...
@_takes(DateFilters)
def load_dates(*, backend: Backend = "pandas", **filters: Unpack[DateFilters]) -> Any:
    """Every date expression of the texts, resolved.

    Args:
        backend: the form of the result.
        filters: `start`, `end`, `doc`, `as_of`, `collection`, `columns`, `path`, `verify`.

    Raises:
        ValueError, FileNotFoundError: as for `load_events`.
    """
    return _load("dates", filters, [], days=_overlap, backend=backend)


@overload
def load_documents(region: OneOrMore | None = None, *, backend: Literal["pandas"] = "pandas", **filters: Unpack[Filters]) -> pd.DataFrame: ...
@overload
def load_documents(region: OneOrMore | None = None, *, backend: Literal["polars"], **filters: Unpack[Filters]) -> pl.DataFrame: ...
@overload
def load_documents(region: OneOrMore | None = None, *, backend: Literal["polars-lazy"], **filters: Unpack[Filters]) -> pl.LazyFrame: ...
@overload
def load_documents(region: OneOrMore | None = None, *, backend: Literal["arrow"], **filters: Unpack[Filters]) -> pa.Table: ...
@overload
def load_documents(region: OneOrMore | None = None, *, backend: Literal["duckdb"], **filters: Unpack[Filters]) -> duckdb.DuckDBPyRelation: ...
@_takes(Filters)
def load_documents(region: OneOrMore | None = None, *, backend: Backend = "pandas", **filters: Unpack[Filters]) -> Any:
    """The documents that the facts were read from; `region` is their home region, `start` and `end` bound the anchor
    date.

    Args:
        region: places, by name or code.
        backend: the form of the result.
        filters: `inside`, `start`, `end`, `doc`, `as_of`, `collection`, `columns`, `path`, `verify`.

    Raises:
        ValueError, FileNotFoundError: as for `load_events`.
    """
    days = functools.partial(_between, "anchor_date")
    return _load("documents", filters, [], region=region, days=days, backend=backend)


@overload
def load_rejected(*, backend: Literal["pandas"] = "pandas", **filters: Unpack[OfDocuments]) -> pd.DataFrame: ...
@overload
def load_rejected(*, backend: Literal["polars"], **filters: Unpack[OfDocuments]) -> pl.DataFrame: ...
@overload
def load_rejected(*, backend: Literal["polars-lazy"], **filters: Unpack[OfDocuments]) -> pl.LazyFrame: ...
@overload
def load_rejected(*, backend: Literal["arrow"], **filters: Unpack[OfDocuments]) -> pa.Table: ...
@overload
def load_rejected(*, backend: Literal["duckdb"], **filters: Unpack[OfDocuments]) -> duckdb.DuckDBPyRelation: ...
@_takes(OfDocuments)
def load_rejected(*, backend: Backend = "pandas", **filters: Unpack[OfDocuments]) -> Any:
    """The numerals and date-like strings that no rule claimed, with the reason.

    Args:
        backend: the form of the result.
        filters: `doc`, `as_of`, `collection`, `columns`, `path`, `verify`.

    Raises:
        ValueError, FileNotFoundError: as for `load_events`.
    """
    return _load("rejected", filters, [], backend=backend)


@overload
def load_regions(region: OneOrMore | None = None, *, level: OneOrMore | None = None, on: Day | None = None, backend: Literal["pandas"] = "pandas", **filters: Unpack[Places]) -> pd.DataFrame: ...
@overload
def load_regions(region: OneOrMore | None = None, *, level: OneOrMore | None = None, on: Day | None = None, backend: Literal["polars"], **filters: Unpack[Places]) -> pl.DataFrame: ...
@overload
def load_regions(region: OneOrMore | None = None, *, level: OneOrMore | None = None, on: Day | None = None, backend: Literal["polars-lazy"], **filters: Unpack[Places]) -> pl.LazyFrame: ...
@overload
def load_regions(region: OneOrMore | None = None, *, level: OneOrMore | None = None, on: Day | None = None, backend: Literal["arrow"], **filters: Unpack[Places]) -> pa.Table: ...
@overload
def load_regions(region: OneOrMore | None = None, *, level: OneOrMore | None = None, on: Day | None = None, backend: Literal["duckdb"], **filters: Unpack[Places]) -> duckdb.DuckDBPyRelation: ...
@_takes(Places)
def load_regions(region: OneOrMore | None = None, *, level: OneOrMore | None = None, on: Day | None = None, backend: Backend = "pandas", **filters: Unpack[Places]) -> Any:
    """The place codes with their periods of validity.

    Args:
        region: places, by name or code.
        level: "country", "province", "prefecture" or "county", or several.
        on: only the codes valid on that day.
        backend: the form of the result.
        filters: `inside`, `columns`, `path`, `verify`.

    Raises:
        ValueError, FileNotFoundError: as for `load_events`.
    """
    own = words("level", level, "region_levels")
    if on is not None:
        day = parse_day("on", on)
        own += [Between("valid_from", None, day, nulls=True), Between("valid_to", day, None, nulls=True)]
    return _load("regions", filters, own, region=region, backend=backend)


@overload
def load_city_by_date(indicator: OneOrMore | None = None, *, region: OneOrMore | None = None, level: OneOrMore | None = None, unit: OneOrMore | None = None, wide: bool | Literal["regions"] = False, names: Language | None = None, backend: Literal["pandas"] = "pandas", **filters: Unpack[CityFilters]) -> pd.DataFrame: ...
@overload
def load_city_by_date(indicator: OneOrMore | None = None, *, region: OneOrMore | None = None, level: OneOrMore | None = None, unit: OneOrMore | None = None, wide: bool | Literal["regions"] = False, names: Language | None = None, backend: Literal["polars"], **filters: Unpack[CityFilters]) -> pl.DataFrame: ...
@overload
def load_city_by_date(indicator: OneOrMore | None = None, *, region: OneOrMore | None = None, level: OneOrMore | None = None, unit: OneOrMore | None = None, wide: bool | Literal["regions"] = False, names: Language | None = None, backend: Literal["polars-lazy"], **filters: Unpack[CityFilters]) -> pl.LazyFrame: ...
@overload
def load_city_by_date(indicator: OneOrMore | None = None, *, region: OneOrMore | None = None, level: OneOrMore | None = None, unit: OneOrMore | None = None, wide: bool | Literal["regions"] = False, names: Language | None = None, backend: Literal["arrow"], **filters: Unpack[CityFilters]) -> pa.Table: ...
@overload
def load_city_by_date(indicator: OneOrMore | None = None, *, region: OneOrMore | None = None, level: OneOrMore | None = None, unit: OneOrMore | None = None, wide: bool | Literal["regions"] = False, names: Language | None = None, backend: Literal["duckdb"], **filters: Unpack[CityFilters]) -> duckdb.DuckDBPyRelation: ...
@_takes(CityFilters)
def load_city_by_date(indicator: OneOrMore | None = None, *, region: OneOrMore | None = None, level: OneOrMore | None = None, unit: OneOrMore | None = None, wide: bool | Literal["regions"] = False, names: Language | None = None, backend: Backend = "pandas", **filters: Unpack[CityFilters]) -> Any:
    """One value per place, day and indicator: what a person plots.

    Args:
        indicator: one or several indicators; all where None.
        region: places, by name or code.
        level: "country", "province", "prefecture" or "county", or several.
        unit: one or several units.
        wide: False gives one row per (place, day, indicator); True one row per (place, day) with a column for each
            indicator; "regions" (for one indicator) one row per day with a column for each place. A day that no text
            speaks of stays empty: absence of data is not absence of cases.
        names: language of the labels that are added; with wide="regions", of the names of the columns (else codes).
        backend: the form of the result.
        filters: `inside`, `start`, `end`, `columns`, `path`, `verify`; `as_of` and `collection` give the table as it
            would be with the documents published by then, or of these collections only, chosen anew from their figures.

    A pandas frame lists in `.attrs["breaks"]` the days on which a count in it changes its meaning (Hubei counts
    clinically diagnosed cases from 2020-02-12), with the series that go over them; see docs/city-by-date.md.

    Warns:
        DefinitionBreakWarning: the wide form of named indicators, which is what gets plotted, holds such a series.
        EmptyResultWarning: nothing is found, and something is at another level, inside the place, or in city_intraday.

    Raises:
        ValueError, FileNotFoundError: as for `load_events`; also for `wide="regions"` without a single indicator.
    """
    asked = listed(indicator)
    own = [
        *words("indicator", asked, "indicators"),
        *words("region_level", level, "region_levels"),
        *words("unit", unit, "units"),
    ]
    columns = filters.pop("columns", None)
    if not wide and columns is not None:
        check_columns("city_by_date", columns)
    days = functools.partial(_between, "date")
    table = _load("city_by_date", filters, own, region=region, days=days, backend="arrow")
    check_backend(backend)
    breaks = _breaks(table)
    if wide and asked is not None and breaks:
        told = "; ".join(f"{one['date']}, {one['region_code']}: {one['what']}" for one in breaks)
        warnings.warn(f"a count changes its meaning inside a series. {told}", DefinitionBreakWarning, stacklevel=3)
    if wide == "regions":
        table = _by_region(table, asked, names)
    else:
        table = _with_labels(_by_indicator(table, asked) if wide else table, names)
    if columns is not None:
        table = table.select(list(columns))
    made = convert(table, backend)
    if backend == "pandas":
        made.attrs["breaks"] = breaks
    return made


@overload
def load_city_intraday(indicator: OneOrMore | None = None, *, region: OneOrMore | None = None, level: OneOrMore | None = None, unit: OneOrMore | None = None, names: Language | None = None, backend: Literal["pandas"] = "pandas", **filters: Unpack[CityFilters]) -> pd.DataFrame: ...
@overload
def load_city_intraday(indicator: OneOrMore | None = None, *, region: OneOrMore | None = None, level: OneOrMore | None = None, unit: OneOrMore | None = None, names: Language | None = None, backend: Literal["polars"], **filters: Unpack[CityFilters]) -> pl.DataFrame: ...
@overload
def load_city_intraday(indicator: OneOrMore | None = None, *, region: OneOrMore | None = None, level: OneOrMore | None = None, unit: OneOrMore | None = None, names: Language | None = None, backend: Literal["polars-lazy"], **filters: Unpack[CityFilters]) -> pl.LazyFrame: ...
@overload
def load_city_intraday(indicator: OneOrMore | None = None, *, region: OneOrMore | None = None, level: OneOrMore | None = None, unit: OneOrMore | None = None, names: Language | None = None, backend: Literal["arrow"], **filters: Unpack[CityFilters]) -> pa.Table: ...
@overload
def load_city_intraday(indicator: OneOrMore | None = None, *, region: OneOrMore | None = None, level: OneOrMore | None = None, unit: OneOrMore | None = None, names: Language | None = None, backend: Literal["duckdb"], **filters: Unpack[CityFilters]) -> duckdb.DuckDBPyRelation: ...
@_takes(CityFilters)
def load_city_intraday(indicator: OneOrMore | None = None, *, region: OneOrMore | None = None, level: OneOrMore | None = None, unit: OneOrMore | None = None, names: Language | None = None, backend: Backend = "pandas", **filters: Unpack[CityFilters]) -> Any:
    """Figures of a moment within a day, kept apart from the day's closing figures of `load_city_by_date`.

    Args:
        indicator: one or several indicators; all where None.
        region: places, by name or code.
        level: "country", "province", "prefecture" or "county", or several.
        unit: one or several units.
        names: language of the labels that are added.
        backend: the form of the result.
        filters: as for `load_city_by_date`.

    Raises:
        ValueError, FileNotFoundError: as for `load_events`.
    """
    own = [
        *words("indicator", indicator, "indicators"),
        *words("region_level", level, "region_levels"),
        *words("unit", unit, "units"),
    ]
    days = functools.partial(_between, "date")
    return _load("city_intraday", filters, own, region=region, days=days, backend=backend, names=names)


@overload
def load_coverage(region: OneOrMore | None = None, *, backend: Literal["pandas"] = "pandas", **filters: Unpack[CityFilters]) -> pd.DataFrame: ...
@overload
def load_coverage(region: OneOrMore | None = None, *, backend: Literal["polars"], **filters: Unpack[CityFilters]) -> pl.DataFrame: ...
@overload
def load_coverage(region: OneOrMore | None = None, *, backend: Literal["polars-lazy"], **filters: Unpack[CityFilters]) -> pl.LazyFrame: ...
@overload
def load_coverage(region: OneOrMore | None = None, *, backend: Literal["arrow"], **filters: Unpack[CityFilters]) -> pa.Table: ...
@overload
def load_coverage(region: OneOrMore | None = None, *, backend: Literal["duckdb"], **filters: Unpack[CityFilters]) -> duckdb.DuckDBPyRelation: ...
@_takes(CityFilters)
def load_coverage(region: OneOrMore | None = None, *, backend: Backend = "pandas", **filters: Unpack[CityFilters]) -> Any:
    """How many documents speak of each place on each day: where a gap is no data, and not a day without cases.

    Args:
        region: places, by name or code.
        backend: the form of the result.
        filters: as for `load_city_by_date`.

    Raises:
        ValueError, FileNotFoundError: as for `load_events`.
    """
    days = functools.partial(_between, "date")
    return _load("coverage", filters, [], region=region, days=days, backend=backend)


@overload
def load(name: str, *args: Any, backend: Literal["pandas"] = "pandas", **filters: Any) -> pd.DataFrame: ...
@overload
def load(name: str, *args: Any, backend: Literal["polars"], **filters: Any) -> pl.DataFrame: ...
@overload
def load(name: str, *args: Any, backend: Literal["polars-lazy"], **filters: Any) -> pl.LazyFrame: ...
@overload
def load(name: str, *args: Any, backend: Literal["arrow"], **filters: Any) -> pa.Table: ...
@overload
def load(name: str, *args: Any, backend: Literal["duckdb"], **filters: Any) -> duckdb.DuckDBPyRelation: ...
def load(name: str, *args: Any, **filters: Any) -> Any:
    """A table by its name: `load("metrics", "聊城")` is `load_metrics("聊城")`.

    Args:
        name: one of the tables that `list_tables()` lists.
        args, filters: those of the table's own loader.

    Raises:
        ValueError: there is no such table.
    """
    if name not in _LOADERS:
        raise ValueError(f"there is no table {name!r}{near(name, _LOADERS)}; list_tables() lists them")
    return _LOADERS[name](*args, **filters)


_LOADERS: Mapping[str, Callable[..., Any]] = {
    "documents": load_documents,
    "dates": load_dates,
    "events": load_events,
    "metrics": load_metrics,
    "city_by_date": load_city_by_date,
    "city_intraday": load_city_intraday,
    "coverage": load_coverage,
    "regions": load_regions,
    "rejected": load_rejected,
}


def list_tables(path: Folders | None = None) -> pd.DataFrame:
    """The tables, each with its number of rows, what a row is, its key and its loader.

    Raises:
        FileNotFoundError: `path` holds no such tables.
    """
    import pandas as pd

    dataset = Dataset(path, verify=False)
    rows = []
    for spec in TABLES.values():
        key = " ".join(spec.primary_key)
        rows.append((spec.name, spec.label_zh, dataset.n_rows(spec.name), spec.description, key, f"load_{spec.name}"))
    return pd.DataFrame(rows, columns=["table", "label_zh", "n_rows", "description", "key", "loader"]).set_index("table")


# --- one row, with its sentence -----------------------------------------------------------------------------------


class Quote(NamedTuple):
    """The sentence that a row was read from. Prints as text; shows as HTML in a notebook."""

    id: str
    sentence: str | None  # None where the document may not be republished
    marked: str  # the sentence with the date or figure in 【】; a note where there is no sentence
    fact: str  # the row in one line
    doc_id: str
    title: str
    source: str | None
    published_at: dt.datetime | None
    url: str | None
    char_start: int
    char_end: int
    rule: str

    def __str__(self) -> str:
        return display.quote_text(self)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return display.quote_html(self)


def published_row(row_id: str, dataset: Dataset) -> tuple[str, Mapping[str, Any], Mapping[str, Any]]:
    """The table of an event or a figure, its row, and the row of its document.

    Raises:
        ValueError: there is no such row; near matches are named.
    """
    doc_id, _, rest = row_id.rpartition(":")
    table, key = ("events", "event_id") if rest.startswith("e") else ("metrics", "metric_id")
    rows = dataset.table(table, [In("doc_id", [doc_id])]).to_pylist()
    row = next((row for row in rows if row[key] == row_id), None)
    if row is None:
        near = difflib.get_close_matches(row_id, [row[key] for row in rows], n=3, cutoff=0.5)
        hint = (
            f"did you mean {', '.join(near)}?" if near else "ids look like liaocheng:m210 or liaocheng:e1526"
        )
        raise ValueError(f"no row has the id {row_id!r}; {hint}")
    documents = dataset.table("documents", [In("doc_id", [doc_id])]).to_pylist()
    if not documents:
        raise ValueError(f"no document has the id {doc_id!r}, which the row {row_id!r} is of")
    return table, row, documents[0]


def quote(row_id: str, *, path: Folders | None = None, verify: bool = True) -> Quote:
    """The raw sentence behind an event or a figure, with the span marked.

    Args:
        row_id: an `event_id` or a `metric_id`.
        path: the output folder of another build.
        verify: whether the SHA-256 of the files is checked.

    Raises:
        ValueError: there is no such row; near matches are named.
    """
    table, row, document = published_row(row_id, Dataset(path, verify=verify))
    prefix = "value" if table == "metrics" else "date"
    first, last = (row[f"{prefix}_char_{end}"] - row["char_start"] for end in ("start", "end"))
    sentence = row["quote"]
    if sentence is None:
        sentence = _sentence_at_hand(document, row)
    if sentence is None:
        marked = f"(the sentence may not be republished; characters {row['char_start']} to {row['char_end']})"
    elif first >= 0 and last <= len(sentence):
        marked = f"{sentence[:first]}【{sentence[first:last]}】{sentence[last:]}"
    else:  # the date stands in another sentence
        marked = f"【{row[f'{prefix}_quote'] or row['date_start']}】 … {sentence}"
    period = " to ".join(dict.fromkeys(str(row[side]) for side in ("date_start", "date_end") if row[side]))
    if table == "metrics":
        figure = f"{row['value']:.12g}" + (
            f" to {row['value_high']:.12g}" if row["value_high"] is not None else ""
        )
        hedge = "" if row["qualifier"] == "exact" else f"{row['qualifier']} "
        parts = [row_id, row["indicator"], f"{hedge}{figure} {row['unit']}", row["region_name"], period]
    else:
        parts = [row_id, row["category"], row["headline_zh"], row["headline_en"]]
    return Quote(
        id=row_id,
        sentence=sentence,
        marked=marked,
        fact=" | ".join(part for part in parts if part),
        doc_id=document["doc_id"],
        title=document["title"],
        source=document["source"],
        published_at=document["published_at"],
        url=document["url"],
        char_start=row["char_start"],
        char_end=row["char_end"],
        rule=row["rule"],
    )


def _sentence_at_hand(document: Mapping[str, Any], row: Mapping[str, Any]) -> str | None:
    """The sentence of a document that may not be republished, where `covid-timeline fetch` has brought its text."""
    from covid_timeline.sources.national import fetched_article

    article = fetched_article(document["doc_id"], document["sha256"])
    return None if article is None else article.raw[row["char_start"] : row["char_end"]]


# --- how a table is loaded ------------------------------------------------------------------------------------------

DayConditions = Callable[[Any, Any], list[Condition]]


def _load(
    name: str,
    filters: Mapping[str, Any],
    own: Sequence[Condition],
    *,
    region: OneOrMore | None = None,
    days: DayConditions | None = None,
    backend: str,
    names: Language | None = None,
) -> Any:
    """The rows of a table that meet the loader's own conditions and the shared filters."""
    check_backend(backend)
    asked: Filters = dict(filters)  # type: ignore[assignment]
    columns = asked.get("columns")
    dataset = Dataset(asked.get("path"), verify=asked.get("verify", True))
    places = region_conditions(region, asked.get("inside", False))
    where = [*own, *places]
    if days is not None:
        where += days(asked.get("start"), asked.get("end"))
    documents = dataset.documents(asked.get("doc"), asked.get("as_of"), asked.get("collection"))
    if name in BY_PLACE_AND_DAY and documents:
        if columns is not None:
            check_columns(name, columns)
        table = dataset.by_place_and_day(name, documents)
        table = table.filter(row_mask(table, where)) if where else table
    elif backend in ("polars-lazy", "duckdb") and names is None:
        return dataset.scan(name, [*where, *documents], columns, backend)
    else:
        where += documents
        table = dataset.table(name, where, columns if names is None else None)
    if not table.num_rows and region is not None:
        _tell_where(name, dataset, where, region, places)
    if names is not None:
        table = _with_labels(table, names)
        if columns is not None:
            added = [one for one in table.column_names if one not in TABLES[name].names]
            table = table.select([*columns, *added])
    elif columns is not None:
        table = table.select(list(columns))
    return convert(table, backend)


def _tell_where(
    name: str, dataset: Dataset, where: Sequence[Condition], region: OneOrMore, places: Sequence[Condition]
) -> None:
    """Warn with what a little wider question finds: inside the place, at another level, in another table or place."""
    from covid_timeline.mentions.places import gazetteer

    def found(table: str, instead: Sequence[Condition], without: Sequence[str]) -> int:
        wider = [one for one in where if one.reads[0] not in without]
        return len(dataset.table(table, [*wider, *instead], ["region_code"]))

    asked = " and ".join(listed(region) or ())
    told = []
    if name == "city_by_date":
        n = found("city_intraday", [], [])
        if n:
            told.append(f"{_rows(n)} of a moment before the day's end: load_city_intraday")
    if any(one.reads[0] == "region_level" for one in where):
        n = found(name, [], ["region_level"])
        if n:
            told.append(f"{_rows(n)} at another level than the one asked for")
    n = found(name, region_conditions(region, True), ["region_code"])
    if n:
        told.append(f"{_rows(n)} of places in it: inside=True")
    for one in listed(region) or ():
        for code in namesakes(one):
            n = found(name, [In("region_code", [code])], ["region_code"])
            other = gazetteer().get(code)
            if n and other is not None:
                told.append(f"{_rows(n)} of {gazetteer().full_name(code)}: region={code!r}")
    if told:
        warnings.warn(f"nothing of {asked} in {name}; there are {', and '.join(told)}", EmptyResultWarning, stacklevel=5)


def _rows(n: int) -> str:
    return f"{n:,} row{'s' if n > 1 else ''}"


def _with_labels(table: pa.Table, names: Language | None) -> pa.Table:
    """With `region_label` and the label of the category or indicator, in Chinese or English."""
    if names is None:
        return table
    if names not in ("zh", "en"):
        raise ValueError(f"names is 'zh' or 'en', not {names!r}")
    import pyarrow as pa

    columns = table.column_names
    if "region_code" in columns and "region_name" in columns:
        codes, places = table["region_code"].to_pylist(), table["region_name"].to_pylist()
        labels = [_place_label(code, name, names) for code, name in zip(codes, places, strict=True)]
        table = table.append_column("region_label", pa.array(labels, pa.string()))
    for column, vocabulary in (("category", "categories"), ("indicator", "indicators")):
        if column in columns:
            known = VOCABULARIES[vocabulary]
            labels = [getattr(known[word], f"label_{names}") for word in table[column].to_pylist()]
            table = table.append_column(f"{column}_label", pa.array(labels, pa.string()))
    return table


@functools.lru_cache(maxsize=8192)
def _place_label(code: str | None, name: str | None, names: Language) -> str | None:
    from covid_timeline.tables.headlines import place_en

    return name if names == "zh" else place_en(code, name) or None


def _breaks(table: pa.Table) -> list[dict[str, Any]]:
    """The definition breaks that a series in city_by_date goes over, as plain values; a frame's attrs can be saved."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from covid_timeline.tables.cities import definition_breaks

    found = []
    for one in definition_breaks():
        code = one.region_code
        # A province's break is its cities' too; what the country counts anew, each province does in its own time.
        stem = code[:2] if code.endswith("0000") and code != "100000" else code
        within = pc.and_(
            pc.starts_with(table["region_code"], stem),
            pc.is_in(table["indicator"], value_set=pa.array(one.indicators, pa.string())),
        )
        rows = table.select(["region_code", "indicator", "date"]).filter(within).to_pylist()
        before = {(row["region_code"], row["indicator"]) for row in rows if row["date"] < one.date}
        after = {(row["region_code"], row["indicator"]) for row in rows if row["date"] >= one.date}
        if before & after:
            told = {**one._asdict(), "date": str(one.date), "until": str(one.until) if one.until else None}
            found.append(told | {"indicators": list(one.indicators), "series": sorted(map(list, before & after))})
    return found



# --- wide forms -------------------------------------------------------------------------------------------------------


def _by_indicator(table: pa.Table, indicators: Sequence[str] | None) -> pa.Table:
    """One row per (place, day); a column for each indicator that was asked for, or that occurs."""
    import pyarrow as pa

    from covid_timeline.tables.cities import to_wide

    wide = to_wide(table)
    if indicators is None:
        return wide
    for name in indicators:
        if name not in wide.column_names:
            wide = wide.append_column(name, pa.nulls(len(wide), pa.float64()))
    return wide.select(
        [*(name for name in wide.column_names if name not in indicators), *dict.fromkeys(indicators)]
    )


def _by_region(table: pa.Table, indicators: Sequence[str] | None, names: Language | None) -> pa.Table:
    """One row per day; a column for each place: its code, or its name in a language (with the code where two share it)."""
    import pyarrow as pa

    if indicators is None or len(indicators) != 1:
        raise ValueError('wide="regions" needs exactly one indicator: its columns are places')
    days: dict[dt.date, dict[str, float]] = {}
    for row in table.select(["date", "region_code", "value"]).to_pylist():
        days.setdefault(row["date"], {})[row["region_code"]] = row["value"]
    order = sorted(days)
    columns = {"date": pa.array(order, pa.date32())}
    for code in sorted(set(table.column("region_code").to_pylist())):
        columns[code] = pa.array([days[day].get(code) for day in order], pa.float64())
    if names is None:
        return pa.table(columns)
    labelled = _with_labels(table.select(["region_code", "region_name"]), names)
    label = dict(zip(labelled["region_code"].to_pylist(), labelled["region_label"].to_pylist(), strict=True))
    shared = [one for one in label.values() if list(label.values()).count(one) > 1]
    label = {code: f"{one} ({code})" if one in shared or not one else one for code, one in label.items()}
    return pa.table({label.get(name, name): column for name, column in columns.items()})


# --- filters ----------------------------------------------------------------------------------------------------------


def _between(column: str, start: Day | None, end: Day | None) -> list[Condition]:
    low = None if start is None else parse_day("start", start)
    high = None if end is None else parse_day("end", end)
    if low and high and low > high:
        raise ValueError(f"start {low} is after end {high}")
    return [Between(column, low, high)] if low or high else []


def _overlap(start: Day | None, end: Day | None) -> list[Condition]:
    """Periods that touch [start, end]; a period without a start is its last day."""
    _between("date_end", start, end)  # says so when start is after end
    found: list[Condition] = []
    if start is not None:
        found.append(Between("date_end", parse_day("start", start), None))
    if end is not None:
        found.append(Between("date_start", None, parse_day("end", end), instead="date_end"))
    return found
