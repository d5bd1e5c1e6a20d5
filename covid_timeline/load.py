"""The loaders: published tables as pandas, Polars or Arrow, filtered while they are read.

Every loader takes the same filters where they make sense:

- `region`: a name (聊城市, 聊城, Liaocheng) or a code ("371500"), or several; `inside=True` takes everything in it too;
  a name of several places means the larger one (吉林 is the province);
- `start`, `end`: rows whose period overlaps these days, both inclusive (ISO strings, dates or date-times);
- `doc`: a doc_id, or several; `as_of`: only what had been published by then;
- `path`: the output folder of another build; `backend`: "pandas", "polars" or "arrow";
- `columns`: only these; `verify=False` skips the SHA-256 of the files (their size is always checked).

A word, place or document that does not exist raises a `ValueError` that names near matches.
"""

from __future__ import annotations

import bisect
import datetime as dt
import difflib
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from covid_timeline import display
from covid_timeline.mentions.places import gazetteer
from covid_timeline.tables.manifest import locate
from covid_timeline.tables.schema import TABLES, VOCABULARIES

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

Day = str | dt.date
OneOrMore = str | Iterable[str]
Backend = Literal["pandas", "polars", "arrow"]


class DefinitionBreakWarning(UserWarning):
    """A series of `load_city_by_date` goes over a day from which its count means something else."""


def data_path() -> Path:
    """The folder of the tables that come with the package: inside it when installed, data/processed in a checkout."""
    here = Path(__file__).parent
    installed = here / "data"
    return installed if installed.exists() else here.parent / "data" / "processed"


# --- loaders ----------------------------------------------------------------------------------------------------


def load_events(
    region: OneOrMore | None = None,
    *,
    inside: bool = False,
    category: OneOrMore | None = None,
    start: Day | None = None,
    end: Day | None = None,
    doc: OneOrMore | None = None,
    as_of: Day | None = None,
    columns: Sequence[str] | None = None,
    path: str | Path | None = None,
    backend: Backend = "pandas",
    verify: bool = True,
) -> Any:
    """What happened, where and when: one row per event. Filters as in the module's description.

    Args:
        category: one or several of the event categories: "containment", "reopening", ...

    Raises:
        ValueError: a filter names something that does not exist, or a file is not the published one.
        FileNotFoundError: `path` holds no such table.
    """
    read = _Reader(path, verify)
    where = [
        *read.regions(region, inside),
        *_words("category", category, "categories"),
        *_overlap(start, end),
        *read.documents(doc, as_of),
    ]
    return _as(read.table("events", where, columns), backend)


def load_metrics(
    region: OneOrMore | None = None,
    *,
    inside: bool = False,
    indicator: OneOrMore | None = None,
    start: Day | None = None,
    end: Day | None = None,
    doc: OneOrMore | None = None,
    as_of: Day | None = None,
    columns: Sequence[str] | None = None,
    path: str | Path | None = None,
    backend: Backend = "pandas",
    verify: bool = True,
) -> Any:
    """The stated figures: one row per figure, in the unit that its `unit` names. A figure without a date is left out
    as soon as `start` or `end` is given.

    Args:
        indicator: one or several indicators: "confirmed_new", "masks", ...

    Raises:
        ValueError, FileNotFoundError: as for `load_events`.
    """
    read = _Reader(path, verify)
    where = [
        *read.regions(region, inside),
        *_words("indicator", indicator, "indicators"),
        *_overlap(start, end),
        *read.documents(doc, as_of),
    ]
    return _as(read.table("metrics", where, columns), backend)


def load_dates(
    *,
    doc: OneOrMore | None = None,
    start: Day | None = None,
    end: Day | None = None,
    as_of: Day | None = None,
    columns: Sequence[str] | None = None,
    path: str | Path | None = None,
    backend: Backend = "pandas",
    verify: bool = True,
) -> Any:
    """Every date expression of the texts, resolved.

    Raises:
        ValueError, FileNotFoundError: as for `load_events`.
    """
    read = _Reader(path, verify)
    return _as(read.table("dates", [*_overlap(start, end), *read.documents(doc, as_of)], columns), backend)


def load_documents(
    region: OneOrMore | None = None,
    *,
    inside: bool = False,
    doc: OneOrMore | None = None,
    start: Day | None = None,
    end: Day | None = None,
    as_of: Day | None = None,
    columns: Sequence[str] | None = None,
    path: str | Path | None = None,
    backend: Backend = "pandas",
    verify: bool = True,
) -> Any:
    """The articles that the facts were read from; `region` is their home region, `start` and `end` bound the anchor
    date.

    Raises:
        ValueError, FileNotFoundError: as for `load_events`.
    """
    read = _Reader(path, verify)
    where = [*read.regions(region, inside), *_between("anchor_date", start, end), *read.documents(doc, as_of)]
    return _as(read.table("documents", where, columns), backend)


def load_rejected(
    *,
    doc: OneOrMore | None = None,
    columns: Sequence[str] | None = None,
    path: str | Path | None = None,
    backend: Backend = "pandas",
    verify: bool = True,
) -> Any:
    """The numerals and date-like strings that no rule claimed, with the reason.

    Raises:
        ValueError, FileNotFoundError: as for `load_events`.
    """
    read = _Reader(path, verify)
    return _as(read.table("rejected", read.documents(doc, None), columns), backend)


def load_regions(
    region: OneOrMore | None = None,
    *,
    inside: bool = False,
    level: OneOrMore | None = None,
    on: Day | None = None,
    columns: Sequence[str] | None = None,
    path: str | Path | None = None,
    backend: Backend = "pandas",
    verify: bool = True,
) -> Any:
    """The place codes with their periods of validity.

    Args:
        on: only the codes valid on that day.

    Raises:
        ValueError, FileNotFoundError: as for `load_events`.
    """
    read = _Reader(path, verify)
    where = [*read.regions(region, inside), *_words("level", level, "region_levels")]
    if on is not None:
        day = _day("on", on)
        where += [_Range("valid_from", None, day, nulls=True), _Range("valid_to", day, None, nulls=True)]
    return _as(read.table("regions", where, columns), backend)


def load_city_by_date(
    indicator: OneOrMore | None = None,
    *,
    region: OneOrMore | None = None,
    inside: bool = False,
    level: OneOrMore | None = None,
    start: Day | None = None,
    end: Day | None = None,
    as_of: Day | None = None,
    wide: bool | Literal["regions"] = False,
    columns: Sequence[str] | None = None,
    path: str | Path | None = None,
    backend: Backend = "pandas",
    verify: bool = True,
) -> Any:
    """One value per place, day and indicator: what a person plots.

    Args:
        indicator: one or several indicators; all where None.
        level: "country", "province", "prefecture" or "county", or several.
        as_of: what the table would have been with the documents published by then; chosen anew from metrics.
        wide: False gives one row per (place, day, indicator); True one row per (place, day) with a column for each
            indicator; "regions" (for one indicator) one row per day with a column for each place code. A day that
            no text speaks of stays empty: absence of data is not absence of cases.

    A pandas frame lists in `.attrs["breaks"]` the days on which a count in it changes its meaning (Hubei counts
    clinically diagnosed cases from 2020-02-12), with the series that go over them; see docs/city-by-date.md.

    Warns:
        DefinitionBreakWarning: the wide form of named indicators, which is what gets plotted, holds such a series.

    Raises:
        ValueError, FileNotFoundError: as for `load_events`; also for `wide="regions"` without a single indicator.
    """
    read = _Reader(path, verify)
    names = _listed(indicator)
    where = [
        *_words("indicator", names, "indicators"),
        *_words("region_level", level, "region_levels"),
        *read.regions(region, inside),
        *_between("date", start, end),
    ]
    table = read.city_by_date_as_of(where, as_of) if as_of is not None else read.table("city_by_date", where)
    breaks = _breaks(table)
    if wide and names is not None and breaks:
        told = "; ".join(f"{one['date']}, {one['region_code']}: {one['what']}" for one in breaks)
        warnings.warn(f"a count changes its meaning inside a series. {told}", DefinitionBreakWarning, stacklevel=2)
    if wide:
        table = _by_region(table, names) if wide == "regions" else _by_indicator(table, names)
        if columns is not None:
            table = table.select(list(columns))
    elif columns is not None:
        _check_columns("city_by_date", columns)
        table = table.select(list(columns))
    made = _as(table, backend)
    if backend == "pandas":
        made.attrs["breaks"] = breaks
    return made


def load_city_intraday(
    indicator: OneOrMore | None = None,
    *,
    region: OneOrMore | None = None,
    inside: bool = False,
    level: OneOrMore | None = None,
    start: Day | None = None,
    end: Day | None = None,
    columns: Sequence[str] | None = None,
    path: str | Path | None = None,
    backend: Backend = "pandas",
    verify: bool = True,
) -> Any:
    """Figures of a moment within a day, kept apart from the day's closing figures of `load_city_by_date`.

    Raises:
        ValueError, FileNotFoundError: as for `load_events`.
    """
    read = _Reader(path, verify)
    where = [
        *_words("indicator", indicator, "indicators"),
        *_words("region_level", level, "region_levels"),
        *read.regions(region, inside),
        *_between("date", start, end),
    ]
    return _as(read.table("city_intraday", where, columns), backend)


def load_coverage(
    region: OneOrMore | None = None,
    *,
    inside: bool = False,
    start: Day | None = None,
    end: Day | None = None,
    columns: Sequence[str] | None = None,
    path: str | Path | None = None,
    backend: Backend = "pandas",
    verify: bool = True,
) -> Any:
    """How many documents speak of each place on each day: where a gap is no data, and not a day without cases.

    Raises:
        ValueError, FileNotFoundError: as for `load_events`.
    """
    read = _Reader(path, verify)
    return _as(
        read.table("coverage", [*read.regions(region, inside), *_between("date", start, end)], columns),
        backend,
    )


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


def quote(row_id: str, *, path: str | Path | None = None, verify: bool = True) -> Quote:
    """The raw sentence behind an event or a figure, with the span marked.

    Args:
        row_id: an `event_id` or a `metric_id`.
        path: the output folder of another build.
        verify: whether the SHA-256 of the files is checked.

    Raises:
        ValueError: there is no such row; near matches are named.
    """
    read = _Reader(path, verify)
    doc_id, _, rest = row_id.rpartition(":")
    table, key = ("events", "event_id") if rest.startswith("e") else ("metrics", "metric_id")
    rows = read.table(table, [_In("doc_id", [doc_id])]).to_pylist()
    row = next((row for row in rows if row[key] == row_id), None)
    if row is None:
        near = difflib.get_close_matches(row_id, [row[key] for row in rows], n=3, cutoff=0.5)
        hint = (
            f"did you mean {', '.join(near)}?" if near else "ids look like liaocheng:m1250 or liaocheng:e1201"
        )
        raise ValueError(f"no row has the id {row_id!r}; {hint}")
    document = read.table("documents", [_In("doc_id", [doc_id])]).to_pylist()[0]
    prefix = "value" if table == "metrics" else "date"
    first, last = (row[f"{prefix}_char_{end}"] - row["char_start"] for end in ("start", "end"))
    sentence = row["quote"]
    if sentence is None:
        marked = f"(the sentence may not be republished; characters {row['char_start']} to {row['char_end']})"
    elif first >= 0 and last <= len(sentence):
        marked = f"{sentence[:first]}【{sentence[first:last]}】{sentence[last:]}"
    else:  # the date stands in another sentence
        marked = f"【{row[f'{prefix}_quote']}】 … {sentence}"
    period = " to ".join(dict.fromkeys(str(row[side]) for side in ("date_start", "date_end") if row[side]))
    if table == "metrics":
        figure = f"{row['value']:.12g}" + (
            f" to {row['value_high']:.12g}" if row["value_high"] is not None else ""
        )
        hedge = "" if row["qualifier"] == "exact" else f"{row['qualifier']} "
        parts = [row_id, row["indicator"], f"{hedge}{figure} {row['unit']}", row["region_name"], period]
    else:
        parts = [row_id, row["category"], row["region_name"], period]
    return Quote(
        id=row_id,
        sentence=sentence,
        marked=marked,
        fact=" | ".join(part for part in parts if part),
        doc_id=doc_id,
        title=document["title"],
        source=document["source"],
        published_at=document["published_at"],
        url=document["url"],
        char_start=row["char_start"],
        char_end=row["char_end"],
        rule=row["rule"],
    )


# --- reading --------------------------------------------------------------------------------------------------------


class _In(NamedTuple):
    """The column holds one of these values."""

    column: str
    values: Sequence[str]

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.column,)

    def possible(self, low: Any, high: Any, _nulls: bool) -> bool:
        values = sorted(self.values)
        i = bisect.bisect_left(values, low)
        return i < len(values) and values[i] <= high

    def mask(self, table: pa.Table) -> pa.ChunkedArray:
        import pyarrow as pa
        import pyarrow.compute as pc

        return pc.is_in(table.column(self.column), value_set=pa.array(self.values, pa.string()))


class _Range(NamedTuple):
    """The day in the column is not before `low` and not after `high`."""

    column: str
    low: dt.date | None
    high: dt.date | None
    nulls: bool = False  # whether null passes
    instead: str | None = None  # the column that stands in where this one is null

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.column, self.instead) if self.instead else (self.column,)

    def possible(self, low: Any, high: Any, nulls: bool) -> bool:
        if nulls and (self.nulls or self.instead):
            return True
        return not ((self.low and high < self.low) or (self.high and low > self.high))

    def mask(self, table: pa.Table) -> pa.ChunkedArray:
        import pyarrow as pa
        import pyarrow.compute as pc

        days = table.column(self.column)
        if self.instead:
            days = pc.coalesce(days, table.column(self.instead))
        bounds = []
        if self.low:
            bounds.append(pc.greater_equal(days, pa.scalar(self.low, pa.date32())))
        if self.high:
            bounds.append(pc.less_equal(days, pa.scalar(self.high, pa.date32())))
        passes = bounds[0] if len(bounds) == 1 else pc.and_kleene(*bounds)
        return pc.fill_null(passes, self.nulls)


_Condition = _In | _Range


def _check_columns(name: str, columns: Sequence[str]) -> None:
    for column in columns:
        if column not in TABLES[name].names:
            raise ValueError(f"{name} has no column {column!r}{_near(column, TABLES[name].names)}")


class _Reader:
    """The tables of one folder."""

    def __init__(self, path: str | Path | None, verify: bool) -> None:
        self._folder = data_path() if path is None else Path(path)
        self._verify = verify

    def table(
        self, name: str, where: Sequence[_Condition] = (), columns: Sequence[str] | None = None
    ) -> pa.Table:
        """The rows that meet every condition. Row groups whose statistics rule a condition out are not read."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        if columns is not None:
            _check_columns(name, columns)
        path = locate(self._folder, f"{name}.parquet", verify=self._verify)
        # read_table would import the whole dataset machinery: half a second for the first table.
        with pq.ParquetFile(path) as file:
            wanted = list(columns) if columns is not None else None
            if not where:
                return file.read(columns=wanted)
            reads = list(dict.fromkeys(column for condition in where for column in condition.reads))
            parts = []
            for i in range(file.num_row_groups):
                if not all(_possible(file, i, condition) for condition in where):
                    continue
                mask = _mask(file.read_row_group(i, columns=reads), where)
                if mask.true_count:
                    parts.append(file.read_row_group(i, columns=wanted).filter(mask))
            if parts:
                return pa.concat_tables(parts)
            schema = file.schema_arrow
            empty = schema.empty_table()
            return empty.select(wanted) if wanted is not None else empty

    @staticmethod
    def regions(region: OneOrMore | None, inside: bool) -> list[_Condition]:
        names = _listed(region)
        if names is None:
            return []
        atlas = gazetteer()
        codes = {atlas.resolve(name) for name in names}
        if inside:
            codes |= {
                row.region_code for row in atlas if any(atlas.contains(c, row.region_code) for c in codes)
            }
        return [_In("region_code", sorted(codes))]

    def documents(self, doc: OneOrMore | None, as_of: Day | None) -> list[_Condition]:
        ids = _listed(doc)
        if ids is None and as_of is None:
            return []
        rows = self.table("documents", columns=["doc_id", "published_at", "anchor_date"]).to_pylist()
        known = {row["doc_id"] for row in rows}
        for one in ids or ():
            if one not in known:
                raise ValueError(f"unknown document {one!r}{_near(one, known)}")
        if as_of is not None:
            moment = _moment(as_of)
            known = {row["doc_id"] for row in rows if _published(row) <= moment}
        return [_In("doc_id", sorted(known & set(ids) if ids is not None else known))]

    def city_by_date_as_of(self, where: Sequence[_Condition], as_of: Day) -> pa.Table:
        from covid_timeline.tables.cities import build_city_by_date

        narrow = [column.name for column in TABLES["metrics"].columns if not column.withheld]
        by_then = self.documents(None, as_of)
        table = build_city_by_date(
            self.table("metrics", by_then, narrow), self.table("documents", by_then), self.table("regions")
        )
        return table.filter(_mask(table, where)) if where else table


def _mask(table: pa.Table, where: Sequence[_Condition]) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = where[0].mask(table)
    for condition in where[1:]:
        whole = pc.and_(whole, condition.mask(table))
    return whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole


def _possible(file: pq.ParquetFile, group: int, condition: _Condition) -> bool:
    index = file.schema_arrow.get_field_index(condition.column)
    statistics = file.metadata.row_group(group).column(index).statistics
    if statistics is None or not statistics.has_min_max:
        return True
    nulls = not statistics.has_null_count or statistics.null_count > 0
    return condition.possible(statistics.min, statistics.max, nulls)


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


def _as(table: pa.Table, backend: str) -> Any:
    if backend == "arrow":
        return table
    if backend == "pandas":
        from covid_timeline.tables.build import to_frame

        return to_frame(table)
    if backend == "polars":
        import polars as pl

        return pl.from_arrow(table.replace_schema_metadata(None))
    raise ValueError(f"unknown backend {backend!r}{_near(backend, ('pandas', 'polars', 'arrow'))}")


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


def _by_region(table: pa.Table, indicators: Sequence[str] | None) -> pa.Table:
    """One row per day; a column for each place code."""
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
    return pa.table(columns)


# --- filters ----------------------------------------------------------------------------------------------------------


def _listed(value: OneOrMore | None) -> list[str] | None:
    return None if value is None else [value] if isinstance(value, str) else list(value)


def _near(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(str(word), sorted(known), n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _words(column: str, value: OneOrMore | None, vocabulary: str) -> list[_Condition]:
    words = _listed(value)
    if words is None:
        return []
    known = VOCABULARIES[vocabulary]
    for word in words:
        if word in known:
            continue
        labels = {label: w.word for w in known.values() for label in (w.label_en, w.label_zh, w.word)}
        near = difflib.get_close_matches(str(word), sorted(labels), n=3, cutoff=0.5)
        meant = list(dict.fromkeys(labels[label] for label in near)) or list(known)[:5]
        hint = f"did you mean {' or '.join(meant)}?" if near else f"the words are {', '.join(meant)}, ..."
        raise ValueError(f"unknown {column} {word!r}; {hint}")
    return [_In(column, words)]


def _day(name: str, value: Day) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.datetime.fromisoformat(value).date()
    except (TypeError, ValueError):
        raise ValueError(f"{name}={value!r} is not a date; write it as 2020-01-25") from None


def _moment(value: Day) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)
    text = value if isinstance(value, str) else value.isoformat()
    day = _day("as_of", value)
    # A day means all of it; a time of day means that time.
    return dt.datetime.fromisoformat(text) if len(text) > 10 else dt.datetime.combine(day, dt.time.max)


def _published(row: Mapping[str, Any]) -> dt.datetime:
    moment: dt.datetime | None = row["published_at"]
    return moment if moment is not None else dt.datetime.combine(row["anchor_date"], dt.time.min)


def _between(column: str, start: Day | None, end: Day | None) -> list[_Condition]:
    low = None if start is None else _day("start", start)
    high = None if end is None else _day("end", end)
    if low and high and low > high:
        raise ValueError(f"start {low} is after end {high}")
    return [_Range(column, low, high)] if low or high else []


def _overlap(start: Day | None, end: Day | None) -> list[_Condition]:
    """Periods that touch [start, end]; a period without a start is its last day."""
    _between("date_end", start, end)  # says so when start is after end
    found: list[_Condition] = []
    if start is not None:
        found.append(_Range("date_end", _day("start", start), None))
    if end is not None:
        found.append(_Range("date_start", None, _day("end", end), instead="date_end"))
    return found
