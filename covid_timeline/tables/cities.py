"""From all figures to one value per place, day and indicator: city_by_date, city_intraday and coverage.

The steps, each a function that takes a frame and gives one back:

1. `_first_posts`: a document that repeats another (`duplicate_of`) states nothing a second time.
2. `_candidates`: the figures that can stand in a table at all: reported (not denied, planned, conditional or forecast),
   nothing about them assumed, with a place, a day, an indicator other than `other` and a unit that fits it. A figure
   whose `region_name` is not the coded unit's own is of a part of it (a hospital, a development zone); a part of a
   whole that has the same place, day and indicator is no second statement of that.
3. `_with_moment`: the day and the minutes that a figure counts for. `new` figures count where their period is one day,
   or where they state no start and the clock time up to which they count; cumulative and current ones for the day they
   end on. 截至2月3日24时 and 2月3日0—24时 belong to February 3, 截至2月4日0时 to the first moment of February 4. A count
   of a day that was published on that very day is of the moment of its publication.
4. `_ranked`: which figure of a place, day and indicator is preferred (`ORDER`).
5. `_chosen`: one row for each key, with the number of sources, the smallest and largest value, and whether they agree.

`city_by_date` holds what is of a whole day, `city_intraday` what is of a moment before its end. Nothing is smoothed,
interpolated or made monotonic: a gap stays a gap, and a fall is flagged.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from covid_timeline.tables.build import regions_table
from covid_timeline.tables.frames import to_frame
from covid_timeline.tables.schema import VOCABULARIES, arrow_schema

METRIC_COLUMNS = (
    "metric_id", "doc_id", "value", "value_high", "unit", "qualifier", "indicator", "indicator_basis", "status", "part_of",
    "date_start", "date_end", "date_basis", "time_start", "time_end", "region_code", "region_name", "region_level",
    "region_basis", "value_char_end", "is_correction",
)  # fmt: skip
"""The columns of metrics that are read here; none of them holds the article's words."""

DOCUMENT_COLUMNS = (
    "doc_id", "collection", "n_title_chars", "source", "published_at", "anchor_date", "region_code", "duplicate_of", "n_chars",
)  # fmt: skip
"""The columns of documents that are read here."""

REVIEW_LENGTH = 1500
"""Characters from which on a text is an article that looks back, not a bulletin of the day."""

ABOUT = 0.1
"""Share by which two figures may differ that are about the same: 约300 agrees with 330, not with 340."""

DAY_END = 24 * 60
"""The minute at which a day ends."""

ORDER = {
    "correction": "a document that says that it corrects the count of this place, the latest of them",
    "exact": "an exact figure before a hedged one or a range",
    "own_bulletin": "a document of the place itself, then of a unit that contains it, then of the country, then of elsewhere",
    "as_of": "a figure stated to be up to the day's end (24时) before one without a clock time",
    "body": "the body of a document before its title, which is often of an earlier hour",
    "latest": "what was published last",
    "most_sources": "the value that most documents state: of two figures of one document, the one that others bear out",
    "order": "nothing tells them apart: the first id",
}
"""Which figure is preferred, first rule first; `chosen_by` names the one that decided against the best other value."""

_KEY = ["region_code", "date", "indicator"]
_MOMENT = ["region_code", "date", "time_start", "as_of_time", "indicator"]
_SUBJECTS = ("confirmed", "suspected", "severe", "critical", "asymptomatic", "deaths", "recovered")


def build_city_tables(
    metrics: pa.Table, documents: pa.Table, regions: pa.Table | None = None
) -> dict[str, pa.Table]:
    """city_by_date, city_intraday and coverage of the same figures, each in its sort order.

    Args:
        metrics: with `METRIC_COLUMNS`; any other column is left alone.
        documents: with `DOCUMENT_COLUMNS`; a metric of a document that is not among them is left out.
        regions: names and levels of the places, with periods of validity; those of the package where None.
    """
    figures = _figures(metrics, documents, regions)
    return {
        "city_by_date": _by_date(figures),
        "city_intraday": _intraday(figures),
        "coverage": build_coverage(metrics, documents),
    }


def build_city_by_date(metrics: pa.Table, documents: pa.Table, regions: pa.Table | None = None) -> pa.Table:
    """One row per (region_code, date, indicator): the closing figure of the day; see `build_city_tables`."""
    return _by_date(_figures(metrics, documents, regions))


def build_city_intraday(metrics: pa.Table, documents: pa.Table, regions: pa.Table | None = None) -> pa.Table:
    """One row per (region_code, date, time_start, as_of_time, indicator): what was not over when it was stated."""
    return _intraday(_figures(metrics, documents, regions))


def build_coverage(metrics: pa.Table, documents: pa.Table) -> pa.Table:
    """How many documents speak of each place on each day.

    A document speaks of a place that it states a figure of (dated to that day), and of its home region on the day
    it was published. A day that is not in the table is a day that nothing here speaks of.
    """
    docs = _first_posts(_frame(documents, DOCUMENT_COLUMNS))
    figures = _frame(metrics, ("metric_id", "doc_id", "region_code", "date_end"))
    figures = figures[figures["doc_id"].isin(docs["doc_id"])].rename(columns={"date_end": "date"})
    homes = docs[["doc_id", "region_code"]].assign(date=docs["published_at"].dt.normalize(), metric_id=None)
    spoken = pd.concat([figures, homes.astype(figures.dtypes)]).dropna(subset=["region_code", "date"])
    counted = spoken.groupby(["region_code", "date"], as_index=False).agg(
        n_documents=("doc_id", "nunique"), n_metrics=("metric_id", "count")
    )
    return _to_arrow(counted, "coverage")


def to_wide(table: pa.Table) -> pa.Table:
    """city_by_date with one row per (region_code, date) and one column per indicator that occurs.

    Indicators stand in the order of their vocabulary; a value that nobody states is null, never zero.
    """
    frame = to_frame(table)
    keys = ["region_code", "date", "region_name", "region_level"]
    wide = frame.pivot(index=keys, columns="indicator", values="value").reset_index()
    known = list(VOCABULARIES["indicators"])
    place = {word: (known.index(word) if word in known else len(known), word) for word in frame["indicator"].unique()}
    names = [*keys, *sorted(place, key=place.__getitem__)]
    types = {name: table.schema.field(name).type for name in keys}
    return pa.Table.from_pandas(
        wide[names].rename_axis(columns=None),
        schema=pa.schema([(name, types.get(name, pa.float64())) for name in names]),
        preserve_index=False,
    ).replace_schema_metadata(None)


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


# --- 1 and 2: the figures that can stand in a table ----------------------------------------------------------------


def _figures(metrics: pa.Table, documents: pa.Table, regions: pa.Table | None) -> pd.DataFrame:
    """Every figure that some row can use, in the order of preference within its key."""
    places = to_frame(regions_table() if regions is None else regions)
    stated = _frame(metrics, METRIC_COLUMNS)
    docs = _first_posts(_frame(documents, DOCUMENT_COLUMNS))
    figures = _candidates(stated, docs, places)
    figures = _with_moment(figures)
    return _ranked(figures)


def _first_posts(documents: pd.DataFrame) -> pd.DataFrame:
    """The documents without those that repeat another one here; the order of the others stays.

    Of the posts of a text the earliest here counts, also where the very first is not among them (`as_of`, a
    selection), and however they are marked.
    """
    posts = documents.assign(
        text=documents["duplicate_of"].fillna(documents["doc_id"]), is_repeat=documents["duplicate_of"].notna()
    )
    first = posts.sort_values(["is_repeat", "published_at"], kind="stable").drop_duplicates("text")
    return documents.loc[first.index.sort_values()]


def _candidates(metrics: pd.DataFrame, documents: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    figures = metrics.merge(documents, on="doc_id", suffixes=("", "_of_document"))
    figures = figures.merge(_indicators(), on="indicator")  # `other` is not among them
    figures = figures.dropna(subset=["region_code", "date_end"])
    figures = figures.merge(_corrected(metrics), on=["doc_id", "region_code", "subject"], how="left")
    figures["is_corrected"] = figures["is_corrected"].notna()
    names = _names(figures, regions)

    reported = figures["status"].eq("reported")
    bases = figures[["indicator_basis", "region_basis", "date_basis"]]
    assumed = (bases == "assumed").any(axis=1)
    # A hospital or a new area takes the code of the place around it, and keeps its own name.
    own = pd.concat([regions["region_code"] + "\t" + regions[name] for name in ("name", "short_name")])
    of_the_place = figures["region_name"].isna() | (figures["region_code"] + "\t" + figures["region_name"]).isin(own)
    fitting = [
        f"{word.word}\t{unit}"
        for word in VOCABULARIES["indicators"].values()
        for unit in word.units or VOCABULARIES["units"]
    ]
    unit_fits = (figures["indicator"] + "\t" + figures["unit"]).isin(fitting)
    # In a bulletin the day of publication stands in for a date that is not stated; an article that looks back on
    # weeks says nothing of its own last day.
    undated_review = figures["date_basis"].eq("publication") & figures["n_chars"].ge(REVIEW_LENGTH)
    kept = reported & ~assumed & of_the_place & unit_fits & ~undated_review & ~_is_part_of_same(figures, metrics)
    return figures[kept].drop(columns=["region_level"]).merge(names, on="region_code")


def _indicators() -> pd.DataFrame:
    """The indicators that a table can hold, with what the rules below ask of them."""
    words = [word for word in VOCABULARIES["indicators"].values() if word.word != "other"]
    first = [word.word.partition("_")[0] for word in words]
    return pd.DataFrame(
        {
            "indicator": [word.word for word in words],
            "kind": [word.kind for word in words],
            # A count of a day is closed only when the day is over.
            "is_count": [word.group in ("cases", "tracing") for word in words],
            "subject": [one if one in _SUBJECTS else "confirmed" for one in first],
        }
    ).astype({"indicator": "str", "kind": "str", "subject": "str"})


def _is_part_of_same(figures: pd.DataFrame, metrics: pd.DataFrame) -> pd.Series:
    """Whether a figure is part of a whole with the same place, day and indicator: no second statement of that."""
    same = ["region_code", "date_end", "indicator"]
    wholes = metrics.drop_duplicates("metric_id").set_index("metric_id")[same].reindex(figures["part_of"])
    wholes.index = figures.index
    return (figures["part_of"].notna() & (wholes == figures[same]).all(axis=1)).astype(bool)


def _corrected(metrics: pd.DataFrame) -> pd.DataFrame:
    """The places and subjects that a document says it corrects; what is corrected for a place is so for the units
    that contain it. 核减2例, of no indicator of its own, is of confirmed cases."""
    said = metrics[metrics["is_correction"] & metrics["region_code"].notna()]
    subject = said["indicator"].str.split("_").str[0]
    said = said[["doc_id", "region_code"]].assign(subject=subject.where(subject.isin(_SUBJECTS), "confirmed"))
    code = said["region_code"]
    around = [code, code.str[:4] + "00", code.str[:2] + "0000", pd.Series("100000", index=code.index, dtype=code.dtype)]
    every = pd.concat([said.assign(region_code=outer) for outer in around])
    return every.drop_duplicates().assign(is_corrected=True)


def _names(figures: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """One name and level for each place code: those in force in early 2020, else as the figures have them."""
    in_2020 = pd.Timestamp(2020, 2, 1)
    since, until = regions["valid_from"], regions["valid_to"]
    valid = regions[(since.isna() | since.le(in_2020)) & (until.isna() | until.ge(in_2020))]
    known = valid[["region_code", "name", "level"]].rename(columns={"name": "place_name", "level": "region_level"})
    told = figures.loc[
        ~figures["region_code"].isin(known["region_code"]), ["region_code", "region_name", "region_level"]
    ].drop_duplicates()
    told = told.sort_values(["region_code", "region_name"]).rename(columns={"region_name": "place_name"})
    told["place_name"] = told["place_name"].fillna(told["region_code"])
    told["region_level"] = told["region_level"].fillna(told["region_code"].map(_level))
    every = pd.concat([known, told.astype(known.dtypes)]).drop_duplicates("region_code")
    return every[every["region_code"].isin(figures["region_code"])]


def _level(code: str) -> str:
    if code == "100000":
        return "country"
    return "province" if code.endswith("0000") else "prefecture" if code.endswith("00") else "county"


# --- 3: the day and the moment --------------------------------------------------------------------------------------


def _with_moment(figures: pd.DataFrame) -> pd.DataFrame:
    """With `date`, the minutes `start` and `end` (NaN: not stated), and `is_closing`: of the day as a whole.

    Left out: what is of several days, and a count of a day after its publication (a misprint, or a plan).
    """
    one_day = pd.Timedelta(days=1)
    kind, is_count = figures["kind"], figures["is_count"]
    day, first_day = figures["date_end"], figures["date_start"]
    end = _minutes(figures["time_end"]).replace(DAY_END - 1, DAY_END)  # 23:59 is meant as the day's end
    start = _minutes(figures["time_start"])

    at_midnight = start.eq(DAY_END)  # 2月2日24时 is where February 3 begins
    first_day, start = first_day.mask(at_midnight, first_day + one_day), start.mask(at_midnight, 0)

    published = figures["published_at"]
    published_day = published.dt.normalize()
    clock = (published - published_day).dt.total_seconds() // 60
    # 截至2月13日24时新增N: the point that a bulletin's day ends on tells which day it counts.
    up_to_a_point = kind.eq("new") & first_day.isna() & end.notna()
    # 2月3日0时至2月4日0时: the last moment is of February 4, as written.
    to_midnight = kind.eq("new") & first_day.eq(day - one_day) & end.eq(0) & start.fillna(0).eq(0)
    # Published the same day: the day was not over. A publication without a clock time (0 o'clock) says nothing.
    is_early = is_count & published_day.eq(day) & end.ne(DAY_END) & clock.gt(0)
    end = end.mask(is_early & end.isna(), clock)

    is_amount = kind.eq("amount")
    of_one_day = kind.isin(["cumulative", "current", "rate"]) | first_day.eq(day) | (is_amount & first_day.isna())
    of_one_day |= up_to_a_point | to_midnight
    start = start.where(kind.eq("new"), 0).fillna(0)
    is_closing = (end.isna() | end.eq(DAY_END) | is_amount) & start.eq(0)
    end = end.mask(is_closing & is_amount & end.ne(DAY_END))  # beds and goods have no closing hour
    end = end.mask(~is_closing & end.isna(), DAY_END)
    made = figures.assign(date=day, start=start, end=end, is_closing=is_closing)
    return made[of_one_day & ~(is_count & day.gt(published_day))]


def _minutes(clock: pd.Series) -> pd.Series:
    """HH:MM as minutes of the day; NaN where nothing is stated."""
    return clock.str[:2].astype(float) * 60 + clock.str[3:5].astype(float)


# --- 4: which figure is preferred -----------------------------------------------------------------------------------


def _ranked(figures: pd.DataFrame) -> pd.DataFrame:
    """Sorted by preference within each key, with a column `rank_<rule>` for each rule of `ORDER`: lower is better."""
    published = figures["published_at"].astype("int64").where(figures["published_at"].notna(), 0)
    # A bulletin that one medium posts twice at one moment is one source.
    post = (figures["source"] + "\t" + figures["published_at"].astype("str")).fillna(figures["doc_id"])
    hedged = figures["qualifier"].ne("exact") | figures["value_high"].notna()
    ranks = {
        "correction": -published.where(figures["is_corrected"], 0),
        "exact": hedged.astype(int),
        "own_bulletin": _distance(figures["region_code"], figures["region_code_of_document"]),
        "as_of": figures["end"].ne(DAY_END).astype(int),
        "body": figures["value_char_end"].le(figures["n_title_chars"]).astype(int),
        "latest": -published,
        "most_sources": -figures.assign(post=post).groupby([*_KEY, "is_closing", "value"])["post"].transform("nunique"),
        # The figures come in the order of their ids, so their place settles what nothing else does.
        "order": pd.Series(range(len(figures)), index=figures.index),
    }
    low, high = _bounds(figures)
    people = figures["unit"].isin(["person", "case", "person_time"])
    figures = figures.assign(
        **{f"rank_{rule}": ranks[rule] for rule in ORDER},
        low=low,
        high=high,
        top=figures["value_high"].fillna(figures["value"]).clip(lower=figures["value"]),
        # Every count of people or cases can be compared with every other.
        counted_in=figures["unit"].mask(people, "people"),
        post=post,
    )
    return figures.sort_values([f"rank_{rule}" for rule in ORDER], kind="stable")


def _distance(place: pd.Series, home: pd.Series) -> pd.Series:
    """0 the place's own document, 1 of a unit that contains it, 2 of the country, 3 of elsewhere."""
    home = home.fillna("")
    contains = (home.str.endswith("0000") & home.str[:2].eq(place.str[:2])) | (
        home.str.endswith("00") & home.str[:4].eq(place.str[:4])
    )
    distance = np.select([home.eq(place), contains, home.eq("100000")], [0, 1, 2], default=3)
    return pd.Series(distance, index=place.index)


def _bounds(figures: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """The values that a figure with its qualifier does not contradict."""
    value, said = figures["value"], figures["qualifier"]
    top = figures["value_high"].fillna(value).clip(lower=value)
    slack = value.abs() * ABOUT
    low = value.mask(said.isin(["about", "nearly"]), value - slack).mask(said.isin(["less_than", "at_most"]), -np.inf)
    high = top.mask(said.eq("about"), top + slack).mask(said.isin(["more_than", "at_least"]), np.inf)
    return low, high


# --- 5: one row for each key ----------------------------------------------------------------------------------------


def _by_date(figures: pd.DataFrame) -> pa.Table:
    figures = figures[figures["is_closing"]]
    made = _chosen(figures, _KEY)
    made["as_of_time"] = pd.Series("24:00", index=made.index, dtype="str").where(made["end"].eq(DAY_END))
    made["is_correction"] = made["is_corrected"]
    # A cumulative figure below the one before it of the same place; `made` is sorted by place and day.
    before = made.groupby(["region_code", "indicator"])["low"].shift()
    made["is_fall"] = made["kind"].eq("cumulative") & made["high"].lt(before)
    return _to_arrow(made, "city_by_date")


def _intraday(figures: pd.DataFrame) -> pa.Table:
    figures = figures[~figures["is_closing"]]
    figures = figures.assign(time_start=_clock(figures["start"]), as_of_time=_clock(figures["end"]))
    return _to_arrow(_chosen(figures, _MOMENT), "city_intraday")


def _clock(minutes: pd.Series) -> pd.Series:
    whole = minutes.astype(int)
    return (whole // 60).astype("str").str.zfill(2) + ":" + (whole % 60).astype("str").str.zfill(2)


def _chosen(figures: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """The preferred figure of each key, sorted by key, with what the others say."""
    best = figures.drop_duplicates(key)
    # Figures in another unit than the chosen one cannot be compared with it.
    same = figures.merge(best[[*key, "counted_in", "value"]], on=[*key, "counted_in"], suffixes=("", "_of_best"))
    of_all = same.groupby(key, as_index=False).agg(
        n_figures=("value", "size"),
        n_sources=("post", "nunique"),
        value_min=("value", "min"),
        value_max=("top", "max"),
        highest_low=("low", "max"),
        lowest_high=("high", "min"),
    )
    of_all["conflict"] = of_all["highest_low"] > of_all["lowest_high"]
    made = best.merge(of_all, on=key)

    ranks = [f"rank_{rule}" for rule in ORDER]
    others = same[same["value"].ne(same["value_of_best"])].drop_duplicates(key)[[*key, *ranks]]
    rivals = made[key].merge(others, on=key, how="left").set_axis(made.index)
    made["chosen_by"] = "agreed"
    made.loc[made["n_figures"].eq(1), "chosen_by"] = "only"
    for rule in reversed(ORDER):
        rival = rivals[f"rank_{rule}"]
        made.loc[rival.notna() & rival.ne(made[f"rank_{rule}"]), "chosen_by"] = rule
    made["stated_at"] = made["published_at"]
    made["region_name"] = made["place_name"]
    return made.sort_values(key, kind="stable")


# --- frames and Arrow -------------------------------------------------------------------------------------------------


def _frame(table: pa.Table, columns: Sequence[str]) -> pd.DataFrame:
    return to_frame(table.select(list(columns)))


def _to_arrow(frame: pd.DataFrame, name: str) -> pa.Table:
    schema = arrow_schema(name)
    made = pa.Table.from_pandas(frame[schema.names], schema=schema, preserve_index=False, safe=False)
    return made.replace_schema_metadata(schema.metadata).cast(schema)
