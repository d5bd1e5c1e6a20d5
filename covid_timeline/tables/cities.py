"""From all figures to one value per place, day and indicator: city_by_date, city_intraday and coverage.

**Which figures count for a day.** Figures with a place, a day, an indicator other than `other` and a unit that fits
it. A figure whose `region_name` is not the coded unit's own is of a part of it (a hospital, a development zone, a new
area without a code) and none of the place; a part of a whole that has the same place, day and indicator is no second
statement of it. A document that repeats another (`duplicate_of`) states nothing a second time: of several with one
text, the first counts. `new` figures count where their
period is that one day, from 0 to 24 o'clock; cumulative and current ones for the day they end on. 截至2月3日24时,
2月3日0—24时 and 截至2月4日0时 belong to February 3.

**What is kept apart** (city_intraday): figures with a clock time before the day's end (截至2月4日12时), and counts of
cases and contacts that were published on the very day they are of, for that day was not over; their time is that of
publication. A count of a day after its publication is a misprint or a plan, and is in neither table.

**Which figure is chosen**, in this order: stated to be up to the day's end, exact rather than hedged, the latest
correction, in a bulletin of the place itself or of a unit that contains it, published last. `chosen_by` names what
decided against the best figure with another value. Nothing is smoothed, interpolated or made monotonic: a gap stays
a gap, and a fall is flagged.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from covid_timeline.tables.build import regions_table
from covid_timeline.tables.schema import VOCABULARIES, arrow_schema

METRIC_COLUMNS = (
    "metric_id", "doc_id", "value", "value_high", "unit", "qualifier", "indicator", "part_of", "date_start", "date_end",
    "date_basis", "time_start", "time_end", "region_code", "region_name", "region_level", "is_correction", "status",
    "indicator_basis", "region_basis",
)  # fmt: skip
"""The columns of metrics that are read here; none of them holds the article's words."""

DOCUMENT_COLUMNS = ("doc_id", "collection", "source", "published_at", "anchor_date", "region_code", "duplicate_of", "n_chars")
"""The columns of documents that are read here."""

REVIEW_LENGTH = 1500
"""Characters from which on a text is an article that looks back, not a bulletin of the day."""

ABOUT = 0.1
"""Share by which two figures may differ that are about the same: 约300 agrees with 330, not with 340."""

_DAY_END = 24 * 60
_NONE = -1
_NO_DAY = -(10**7)
_COUNTS = ("cases", "tracing")  # groups whose figures of a day are closed only when the day is over


class _Figures(NamedTuple):
    """The figures that some table can use, as arrays of one length; texts as numbers into a dictionary."""

    row: Any  # index into the metrics
    region: Any  # the code as a number
    day: Any  # days since the epoch
    start: Any  # minute of the day at which a new figure's period starts, 0 where none is stated
    end: Any  # minute of the day up to which it counts, -1 where none is stated
    closing: Any  # whether it is of the day as a whole
    indicator: Any
    value: Any
    low: Any  # smallest and largest value that the figure with its qualifier agrees with
    high: Any
    stated_high: Any  # upper end of a stated range, else the value
    unit: Any  # 0 for every count of people or cases
    hedged: Any
    correction: Any
    home: Any  # 0 the place's own document ... 3 a document of elsewhere
    published: Any  # microseconds
    source: Any  # documents of one medium and moment share a number


def build_city_tables(
    metrics: pa.Table, documents: pa.Table, regions: pa.Table | None = None
) -> dict[str, pa.Table]:
    """city_by_date, city_intraday and coverage of the same figures, each in its sort order.

    Args:
        metrics: with `METRIC_COLUMNS`; any other column is left alone.
        documents: with `DOCUMENT_COLUMNS`; a metric of a document that is not among them is left out.
        regions: names and levels of the places, with periods of validity; those of the package where None.
    """
    documents = _first_posts(documents)
    figures, names = _figures(metrics, documents, regions)
    return {
        "city_by_date": _by_date(metrics, documents, figures, names),
        "city_intraday": _intraday(metrics, documents, figures, names),
        "coverage": build_coverage(metrics, documents),
    }


def build_city_by_date(metrics: pa.Table, documents: pa.Table, regions: pa.Table | None = None) -> pa.Table:
    """One row per (region_code, date, indicator): the closing figure of the day; see `build_city_tables`."""
    documents = _first_posts(documents)
    figures, names = _figures(metrics, documents, regions)
    return _by_date(metrics, documents, figures, names)


def build_city_intraday(metrics: pa.Table, documents: pa.Table, regions: pa.Table | None = None) -> pa.Table:
    """One row per (region_code, date, time_start, as_of_time, indicator): what was not over when it was stated."""
    documents = _first_posts(documents)
    figures, names = _figures(metrics, documents, regions)
    return _intraday(metrics, documents, figures, names)


def build_coverage(metrics: pa.Table, documents: pa.Table) -> pa.Table:
    """How many documents speak of each place on each day.

    A document speaks of a place that it states a figure of (dated to that day), and of its home region on the day
    it was published. A day that is not in the table is a day that nothing here speaks of.
    """
    documents = _first_posts(documents)
    doc_ids = documents["doc_id"].combine_chunks()
    usable = pc.and_(pc.is_valid(metrics["region_code"]), pc.is_valid(metrics["date_end"]))
    usable = pc.and_(usable, pc.is_in(metrics["doc_id"], value_set=doc_ids))
    of_figures = metrics.filter(usable).select(["region_code", "date_end", "doc_id"])
    told = pc.and_(pc.is_valid(documents["region_code"]), pc.is_valid(documents["published_at"]))
    homes = documents.filter(told)
    region = _numbers(of_figures["region_code"]), _numbers(homes["region_code"])
    day = _days(of_figures["date_end"]), _days(pc.cast(homes["published_at"], pa.date32(), safe=False))
    doc = _index(of_figures["doc_id"], doc_ids), _index(homes["doc_id"], doc_ids)
    key = _pair(np.concatenate(region), np.concatenate(day))
    spoken = np.unique(np.stack([key, np.concatenate(doc)]), axis=1)[0]
    keys, n_documents = np.unique(spoken, return_counts=True)
    n_metrics = np.zeros(len(keys), np.int64)
    stated, counts = np.unique(_pair(region[0], day[0]), return_counts=True)
    n_metrics[np.searchsorted(keys, stated)] = counts
    columns = [
        pa.array([f"{code:06d}" for code in (keys // _DAYS).tolist()], pa.string()),
        pa.array((keys % _DAYS - _SHIFT).astype(np.int32)).cast(pa.date32()),
        pa.array(n_documents.astype(np.int64)),
        pa.array(n_metrics),
    ]
    return pa.Table.from_arrays(columns, schema=arrow_schema("coverage"))


def to_wide(table: pa.Table) -> pa.Table:
    """city_by_date with one row per (region_code, date) and one column per indicator that occurs.

    Indicators stand in the order of their vocabulary; a value that nobody states is null, never zero.
    """
    key = _pair(_numbers(table["region_code"]), _days(table["date"]))
    keys, first, row = np.unique(key, return_index=True, return_inverse=True)
    columns = [table[name].take(pa.array(first)).combine_chunks() for name in ("region_code", "date", "region_name", "region_level")]
    names = ["region_code", "date", "region_name", "region_level"]
    indicators, of = _encode(table["indicator"])
    values = table["value"].to_numpy()
    known = list(VOCABULARIES["indicators"])
    for name in sorted(indicators, key=lambda word: (known.index(word) if word in known else len(known), word)):
        here = of == indicators.index(name)
        column = np.zeros(len(keys))
        missing = np.ones(len(keys), bool)
        column[row[here]] = values[here]
        missing[row[here]] = False
        columns.append(pa.array(column, mask=missing))
        names.append(name)
    return pa.Table.from_arrays(columns, names=names)


# --- definition breaks --------------------------------------------------------------------------------------------


class DefinitionBreak(NamedTuple):
    """A day from which a count means something else, or is counted in another way, as a document states it."""

    region_code: str
    date: dt.date  # first day of the new meaning
    until: dt.date | None  # last day, where it ends
    indicators: tuple[str, ...]
    kind: str  # definition: what counts; assignment: to which place it counts; start: a series begins
    what: str  # in our words
    doc_id: str  # documents of the DXY export that say so, separated by spaces
    url: str


@functools.lru_cache(maxsize=1)
def definition_breaks() -> tuple[DefinitionBreak, ...]:
    """The breaks that the bulletins themselves state, by region and date.

    >>> [(b.region_code, b.date.isoformat()) for b in definition_breaks() if "临床诊断" in b.what][:1]
    [('100000', '2020-02-12')]
    """
    with (Path(__file__).parent / "definition_breaks.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            DefinitionBreak(
                region_code=row["region_code"],
                date=dt.date.fromisoformat(row["date"]),
                until=dt.date.fromisoformat(row["until"]) if row["until"] else None,
                indicators=tuple(row["indicators"].split("|")),
                kind=row["kind"],
                what=row["what"],
                doc_id=row["doc_id"],
                url=row["url"],
            )
            for row in csv.DictReader(file)
        )


def breaks_in(
    indicators: Sequence[str],
    regions: Sequence[str] | None = None,
    start: dt.date | None = None,
    end: dt.date | None = None,
) -> list[DefinitionBreak]:
    """The breaks that fall inside a series that somebody is about to plot: what a loader warns of.

    Args:
        indicators: those of the series.
        regions: codes of the series; all places where None.
        start, end: first and last day; a break on the first day itself lies before the series.
    """
    return [
        one
        for one in definition_breaks()
        if set(one.indicators) & set(indicators)
        and (regions is None or one.region_code in regions)
        and (start is None or one.date > start)
        and (end is None or one.date <= end)
    ]


# --- choosing -----------------------------------------------------------------------------------------------------


def _by_date(metrics: pa.Table, documents: pa.Table, figures: _Figures, names: _Names) -> pa.Table:
    chosen = _choose(_only(figures, figures.closing), by_moment=False)
    f = chosen.figures
    stated = f.end == _DAY_END
    falls = _falls(f)
    columns = _columns(metrics, chosen, names, documents) | {
        "as_of_time": pa.array(np.full(len(stated), "24:00"), pa.string(), mask=~stated),
        "is_correction": pa.array(f.correction),
        "is_fall": pa.array(falls),
    }
    schema = arrow_schema("city_by_date")
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)


def _intraday(metrics: pa.Table, documents: pa.Table, figures: _Figures, names: _Names) -> pa.Table:
    chosen = _choose(_only(figures, ~figures.closing), by_moment=True)
    clock = np.array([f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(_DAY_END + 1)])
    columns = _columns(metrics, chosen, names, documents) | {
        "time_start": pa.array(clock[chosen.figures.start], pa.string()),
        "as_of_time": pa.array(clock[chosen.figures.end], pa.string()),
    }
    schema = arrow_schema("city_intraday")
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)


class _Chosen(NamedTuple):
    figures: _Figures  # one for each key, sorted by it
    n_sources: Any
    value_min: Any
    value_max: Any
    conflict: Any
    chosen_by: Any  # index into _CHOICES


_CHOICES = ("as_of", "exact", "correction", "own_bulletin", "latest", "order", "agreed", "only")


def _choose(f: _Figures, *, by_moment: bool) -> _Chosen:
    rank = [
        np.where(f.end == _DAY_END, 0, 1),
        f.hedged.astype(np.int64),
        np.where(f.correction, -f.published, 0),
        f.home,
        -f.published,
    ]
    moment = [f.end, f.start] if by_moment else []
    # The metrics come in the order of their ids, so the row settles what nothing else does.
    order = np.lexsort((f.row, *reversed(rank), f.indicator, *moment, f.day, f.region))
    f = _Figures(*(column[order] for column in f))
    rank = [column[order] for column in rank]
    n = len(f.row)
    keys = [f.region, f.day, f.indicator] + ([f.start, f.end] if by_moment else [])
    changes = np.zeros(n, bool)
    changes[:1] = True
    for key in keys:
        changes[1:] |= key[1:] != key[:-1]
    first = np.flatnonzero(changes)
    group = np.cumsum(changes) - 1
    # Figures in another unit than the chosen one cannot be compared with it.
    same = f.unit == f.unit[first][group] if n else np.zeros(0, bool)
    other_value = same & (f.value != f.value[first][group]) if n else same
    rival = np.full(len(first), n)
    np.minimum.at(rival, group[other_value], np.flatnonzero(other_value))
    several = np.bincount(group, same, minlength=len(first)) > 1
    why = np.where(several, _CHOICES.index("agreed"), _CHOICES.index("only"))
    contested = rival < n
    why[contested] = _CHOICES.index("order")
    for i in reversed(range(len(rank))):
        differs = rank[i][first[contested]] != rank[i][rival[contested]]
        why[np.flatnonzero(contested)[differs]] = i
    pairs = np.unique(np.stack([group[same], f.source[same]]), axis=1)[0] if n else group
    low, high, value, top = (
        np.where(same, column, column[first][group] if n else column) for column in (f.low, f.high, f.value, f.stated_high)
    )
    return _Chosen(
        figures=_Figures(*(column[first] for column in f)),
        n_sources=np.bincount(pairs, minlength=len(first)),
        value_min=np.minimum.reduceat(value, first) if n else value,
        value_max=np.maximum.reduceat(top, first) if n else top,
        conflict=(np.maximum.reduceat(low, first) > np.minimum.reduceat(high, first)) if n else np.zeros(0, bool),
        chosen_by=why,
    )


def _falls(f: _Figures) -> Any:
    """Whether a cumulative figure lies below the one before it of the same place; `f` is sorted by place and day."""
    falls = np.zeros(len(f.row), bool)
    words = _INDICATORS
    cumulative = np.array([word in words and VOCABULARIES["indicators"][word].kind == "cumulative" for word in words])
    order = np.lexsort((f.day, f.indicator, f.region))
    region, indicator, low, high = (column[order] for column in (f.region, f.indicator, f.low, f.high))
    series = (region[1:] == region[:-1]) & (indicator[1:] == indicator[:-1]) & cumulative[indicator[1:]]
    falls[order[1:]] = series & (high[1:] < low[:-1])
    return falls


def _columns(metrics: pa.Table, chosen: _Chosen, names: _Names, documents: pa.Table) -> dict[str, pa.Array]:
    f = chosen.figures
    rows = pa.array(f.row)
    codes = [f"{code:06d}" for code in f.region.tolist()]
    doc = pc.index_in(metrics["doc_id"].take(rows), value_set=documents["doc_id"].combine_chunks())
    return {
        "region_code": pa.array(codes, pa.string()),
        "date": pa.array(f.day.astype(np.int32)).cast(pa.date32()),
        "indicator": pa.array([_INDICATORS[i] for i in f.indicator.tolist()], pa.string()),
        "region_name": pa.array([names[code][0] for code in codes], pa.string()),
        "region_level": pa.array([names[code][1] for code in codes], pa.string()),
        "value": pa.array(f.value),
        "unit": metrics["unit"].take(rows).combine_chunks(),
        "qualifier": metrics["qualifier"].take(rows).combine_chunks(),
        "metric_id": metrics["metric_id"].take(rows).combine_chunks(),
        "n_sources": pa.array(chosen.n_sources.astype(np.int64)),
        "collection": documents["collection"].take(doc).combine_chunks(),
        "stated_at": documents["published_at"].take(doc).combine_chunks(),
        "value_min": pa.array(chosen.value_min),
        "value_max": pa.array(chosen.value_max),
        "conflict": pa.array(chosen.conflict),
        "chosen_by": pa.array([_CHOICES[i] for i in chosen.chosen_by.tolist()], pa.string()),
    }


# --- reading the figures ------------------------------------------------------------------------------------------

_Names = dict[str, tuple[str, str]]

_INDICATORS = sorted(word for word in VOCABULARIES["indicators"] if word != "other")
_KINDS = [VOCABULARIES["indicators"][word].kind for word in _INDICATORS]
_SUBJECTS = ("confirmed", "suspected", "severe", "critical", "asymptomatic", "deaths", "recovered")


def _figures(metrics: pa.Table, documents: pa.Table, regions: pa.Table | None) -> tuple[_Figures, _Names]:
    regions = regions_table() if regions is None else regions
    metrics = metrics.append_column("row", pa.array(np.arange(len(metrics))))
    doc_ids = documents["doc_id"].combine_chunks()
    known = pa.array(_INDICATORS, pa.string())
    usable = pc.and_(pc.is_in(metrics["indicator"], value_set=known), pc.is_valid(metrics["region_code"]))
    usable = pc.and_(usable, pc.is_valid(metrics["date_end"]))
    usable = pc.and_(usable, pc.is_in(metrics["doc_id"], value_set=doc_ids))
    usable = pc.and_(usable, pc.equal(metrics["status"], "reported"))
    for basis in ("indicator_basis", "region_basis", "date_basis"):
        usable = pc.and_(usable, pc.not_equal(metrics[basis], "assumed"))
    names = _names(metrics.filter(usable), regions)
    usable = pc.and_(usable, _own_name(metrics, regions))
    usable = pc.and_(usable, pc.invert(_repeated_whole(metrics)))
    usable = pc.and_(usable, _unit_fits(metrics))
    usable = pc.and_(usable, pc.invert(_undated_review(metrics, documents)))
    corrected = _corrected(metrics, doc_ids)
    metrics = metrics.filter(usable)

    indicator = _index(metrics["indicator"], known)
    kind = np.array(_KINDS)[indicator]
    is_count = np.array([VOCABULARIES["indicators"][word].group in _COUNTS for word in _INDICATORS])[indicator]
    doc = _index(metrics["doc_id"], doc_ids)
    published = _published(documents)[doc]
    day, start_day = _days(metrics["date_end"]), _days(metrics["date_start"])
    end, start = _minutes(metrics["time_end"]), _minutes(metrics["time_start"])

    # 23:59 is meant as the day's end, and 0 o'clock is the end of the day before: 截至2月4日0时, 2月3日24时至…
    end = np.where(end == _DAY_END - 1, _DAY_END, end)
    turned = (end == 0) & ((kind != "new") | (start_day < day))
    # A figure of a moment starts and ends on the same day, and turns with it.
    start_day = np.where(turned & (start_day == day), start_day - 1, start_day)
    day, end = np.where(turned, day - 1, day), np.where(turned, _DAY_END, end)
    start_day, start = np.where(start == _DAY_END, start_day + 1, start_day), np.where(start == _DAY_END, 0, start)

    published_day = np.where(published == _NO_DAY, _NO_DAY, published // _US_A_DAY)
    clock = np.where(published == _NO_DAY, 0, published % _US_A_DAY // 60_000_000)
    # Published the same day: the day was not over. A publication without a clock time (0 o'clock) says nothing.
    early = is_count & (published_day == day) & (end != _DAY_END) & (clock > 0)
    end = np.where(early & (end == _NONE), clock, end)
    one_day = (kind == "cumulative") | (kind == "current") | (kind == "rate") | (start_day == day)
    one_day |= (kind == "amount") & (start_day == _NO_DAY)
    possible = one_day & ~(is_count & (published_day != _NO_DAY) & (day > published_day))
    start = np.where((kind == "new") & (start != _NONE), start, 0)
    closing = ((end == _NONE) | (end == _DAY_END) | (kind == "amount")) & (start == 0)
    end = np.where(closing & (kind == "amount"), np.where(end == _DAY_END, end, _NONE), end)
    end = np.where(~closing & (end == _NONE), _DAY_END, end)

    value = metrics["value"].to_numpy()
    low, high = _bounds(metrics)
    region = _numbers(metrics["region_code"])
    units, unit = _encode(metrics["unit"])
    people = np.array([word in ("person", "case", "person_time") for word in units], bool)
    subject = np.array([_subject(word) for word in _INDICATORS])[indicator]
    figures = _Figures(
        row=metrics["row"].to_numpy(),
        region=region,
        day=day,
        start=start,
        end=end,
        closing=closing,
        indicator=indicator,
        value=value,
        low=low,
        high=high,
        stated_high=np.maximum(pc.fill_null(metrics["value_high"], -np.inf).to_numpy(), value),
        unit=np.where(people[unit] if len(unit) else unit, 0, unit + 1),
        hedged=_hedged(metrics),
        correction=np.isin(_correction_key(doc, region, subject), corrected),
        home=_nearness(region, _numbers(pc.fill_null(documents["region_code"], "999999"))[doc]),
        published=published,
        source=_sources(documents)[doc],
    )
    return _only(figures, possible), names


def _undated_review(metrics: pa.Table, documents: pa.Table) -> pa.Array:
    """Figures without a date of their own in a long article: it looks back on weeks, so they are none of its last day.

    In a short bulletin the day of publication may stand in for the date that is not stated.
    """
    long = documents.filter(pc.greater_equal(documents["n_chars"], REVIEW_LENGTH))["doc_id"].combine_chunks()
    return pc.and_(
        pc.equal(metrics["date_basis"], "publication"), pc.is_in(metrics["doc_id"], value_set=long)
    ).combine_chunks()


def _only(figures: _Figures, mask: Any) -> _Figures:
    return _Figures(*(column[mask] for column in figures))


def _first_posts(documents: pa.Table) -> pa.Table:
    """The documents without those that repeat another one here; the order of the others stays.

    Of the posts of a text the earliest here counts, also where the very first is not among them (`as_of`, a
    selection), and however they are marked.
    """
    if documents["duplicate_of"].null_count == len(documents):
        return documents
    _, text = _encode(pc.coalesce(documents["duplicate_of"], documents["doc_id"]))
    published = _published(documents)
    posted = np.where(published == _NO_DAY, np.iinfo(np.int64).max, published)
    repeats = pc.is_valid(documents["duplicate_of"]).to_numpy().astype(bool)
    order = np.lexsort((np.arange(len(documents)), posted, repeats, text))
    kept = np.zeros(len(documents), bool)
    kept[order[np.unique(text[order], return_index=True)[1]]] = True
    return documents.filter(pa.array(kept))


def _names(metrics: pa.Table, regions: pa.Table) -> _Names:
    found: _Names = {}
    told = pa.table([pc.unique(pc.binary_join_element_wise(
        metrics["region_code"], pc.fill_null(metrics["region_name"], ""), pc.fill_null(metrics["region_level"], ""), "\t"
    ))], names=["told"])  # fmt: skip
    for text in sorted(told["told"].to_pylist()):
        code, name, level = text.split("\t")
        found.setdefault(code, (name or code, level or _level(code)))
    in_2020 = dt.date(2020, 2, 1)
    wanted = ("region_code", "name", "level", "valid_from", "valid_to")
    for code, name, level, since, until in zip(*(regions[c].to_pylist() for c in wanted), strict=True):
        if code in found and (since is None or since <= in_2020) and (until is None or until >= in_2020):
            found[code] = (name, level)
    return found


def _level(code: str) -> str:
    if code == "100000":
        return "country"
    return "province" if code.endswith("0000") else "prefecture" if code.endswith("00") else "county"


def _own_name(metrics: pa.Table, regions: pa.Table) -> pa.Array:
    """Whether a figure is of the coded place, not of something in it that keeps its own name: a hospital, a new area."""
    named = [pc.binary_join_element_wise(regions["region_code"], pc.fill_null(regions[c], ""), "\t") for c in ("name", "short_name")]
    own = pa.concat_arrays([chunk for column in named for chunk in column.chunks])
    stated = pc.binary_join_element_wise(metrics["region_code"], metrics["region_name"], "\t")
    return pc.or_(pc.is_null(metrics["region_name"]), pc.is_in(stated, value_set=own))


def _unit_fits(metrics: pa.Table) -> pa.Array:
    pairs = [f"{name}\t{unit}" for name in _INDICATORS for unit in VOCABULARIES["indicators"][name].units or VOCABULARIES["units"]]
    stated = pc.binary_join_element_wise(metrics["indicator"], metrics["unit"], "\t")
    return pc.is_in(stated, value_set=pa.array(pairs, pa.string()))


def _repeated_whole(metrics: pa.Table) -> pa.Array:
    """Whether a figure is part of a whole with the same place, day and indicator: no second statement of that."""
    has_whole = pc.index_in(metrics["part_of"], value_set=metrics["metric_id"].combine_chunks())
    mask = pc.is_valid(has_whole)
    whole = metrics.select(["region_code", "date_end", "indicator"]).take(pc.fill_null(has_whole, 0)) if len(metrics) else metrics
    for name in ("region_code", "date_end", "indicator"):
        mask = pc.and_(mask, pc.fill_null(pc.equal(metrics[name], whole[name]), False))
    return mask


def _corrected(metrics: pa.Table, doc_ids: pa.Array) -> Any:
    """Keys of (document, place, subject) that a document says it corrects; what is corrected for a place is so for
    the units that contain it."""
    rows = metrics.filter(pc.and_(pc.fill_null(metrics["is_correction"], False), pc.is_valid(metrics["region_code"])))
    rows = rows.filter(pc.is_in(rows["doc_id"], value_set=doc_ids))
    doc, region = _index(rows["doc_id"], doc_ids), _numbers(rows["region_code"])
    subject = np.array([_subject(word) for word in rows["indicator"].to_pylist()], np.int64)
    keys = [
        _correction_key(doc, outer, subject)
        for outer in (region, region // 100 * 100, region // 10_000 * 10_000, np.full_like(region, 100_000))
    ]
    return np.unique(np.concatenate(keys))


def _correction_key(doc: Any, region: Any, subject: Any) -> Any:
    return (doc * 1_000_000 + region) * len(_SUBJECTS) + subject


def _subject(indicator: str) -> int:
    word = indicator.partition("_")[0]
    return _SUBJECTS.index(word) if word in _SUBJECTS else 0  # 核减2例, of no word of its own, is of confirmed cases


def _bounds(metrics: pa.Table) -> tuple[Any, Any]:
    """The values that a figure with its qualifier does not contradict."""
    value = metrics["value"].to_numpy()
    top = np.maximum(pc.fill_null(metrics["value_high"], -np.inf).to_numpy(), value)
    words, of = _encode(metrics["qualifier"])

    def said(*qualifiers: str) -> Any:
        return np.isin(of, [words.index(word) for word in qualifiers if word in words])

    slack = np.abs(value) * ABOUT
    low = np.select([said("about", "nearly"), said("less_than", "at_most")], [value - slack, -np.inf], value)
    high = np.select([said("about"), said("more_than", "at_least")], [top + slack, np.inf], top)
    return low, high


def _hedged(metrics: pa.Table) -> Any:
    loose = pc.or_(pc.not_equal(metrics["qualifier"], "exact"), pc.is_valid(metrics["value_high"]))
    return loose.to_numpy(zero_copy_only=False) if isinstance(loose, pa.Array) else loose.to_numpy()


def _nearness(region: Any, home: Any) -> Any:
    contains = (home % 10_000 == 0) & (region // 10_000 == home // 10_000)
    contains |= (home % 100 == 0) & (region // 100 == home // 100)
    return np.select([region == home, contains, home == 100_000], [0, 1, 2], 3)


_US_A_DAY = 86_400_000_000


def _published(documents: pa.Table) -> Any:
    stamps = pc.fill_null(documents["published_at"].cast(pa.timestamp("us")).cast(pa.int64()), _NO_DAY)
    return stamps.to_numpy()


def _sources(documents: pa.Table) -> Any:
    """A number for each document, shared by those of one medium and moment: a bulletin posted twice."""
    moment = pc.cast(documents["published_at"].cast(pa.timestamp("us")), pa.int64())
    post = pc.binary_join_element_wise(documents["source"], pc.cast(moment, pa.string()), "\t")
    return _encode(pc.coalesce(post, documents["doc_id"]))[1]


# --- arrays -------------------------------------------------------------------------------------------------------

_SHIFT = 1 << 22  # more days than any date is away from the epoch
_DAYS = _SHIFT * 2


def _pair(region: Any, day: Any) -> Any:
    return region * _DAYS + day + _SHIFT


def _numbers(codes: pa.ChunkedArray) -> Any:
    words, of = _encode(codes)
    return np.array([int(word) for word in words], np.int64)[of] if words else np.zeros(0, np.int64)


def _days(dates: pa.ChunkedArray) -> Any:
    return pc.fill_null(dates.cast(pa.int32()), _NO_DAY).to_numpy().astype(np.int64)


def _minutes(clocks: pa.ChunkedArray) -> Any:
    words, of = _encode(pc.fill_null(clocks, ""))
    minutes = [int(word[:2]) * 60 + int(word[3:5]) if word else _NONE for word in words]
    return np.array(minutes, np.int64)[of] if words else np.zeros(0, np.int64)


def _encode(column: pa.ChunkedArray | pa.Array) -> tuple[list[str], Any]:
    """The words of a column without nulls, and the number of each row's word among them."""
    chunk = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    encoded = chunk.dictionary_encode()
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)


def _index(column: pa.ChunkedArray, among: pa.Array) -> Any:
    if isinstance(among, pa.ChunkedArray):
        among = among.combine_chunks()
    return pc.index_in(column, value_set=among).to_numpy().astype(np.int64)
