"""Figures that cannot all be true, found without annotations: the checks that set rows against one another.

Parts and their whole, a rate and its counts, the same figure said twice, a series that falls: a contradiction is a
misreading of ours or a slip of the article; both are listed, neither is repaired. docs/audit.md explains every check
with an example.

Each rule is stated once. What it needs of the columns is asked of the frame of all figures, whose groups that fail
become cases; what it needs of the words, and what it says, is asked of the figures of a case alone.
"""

from __future__ import annotations

import bisect
import datetime as dt
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from covid_timeline.checks import rules  # noqa: F401  (its checks come first)
from covid_timeline.checks.findings import (
    CONTEXT,
    FAR,
    SERIES,
    WITHHELD,
    Case,
    Doc,
    Figure,
    Figures,
    Finding,
    Passage,
    finding,
    number,
    shown,
    slip,
    span,
    taken_over,
    times,
)
from covid_timeline.checks.frames import NO_DAY, Mask, Rows, Tables
from covid_timeline.checks.registry import check
from covid_timeline.mentions.places import gazetteer

__all__ = ["WITHHELD", "Finding", "Passage", "findings"]

_SHARES = frozenset({"percent", "percentage_point"})
_PEOPLE = frozenset({"case", "person", "person_time"})

# (check, total, parts, whether the parts make up the total or are only not more than it)
_SUMS: tuple[tuple[str, str, tuple[str, ...], bool], ...] = (
    ("outcomes_exceed_confirmed", "confirmed_cumulative", ("recovered_cumulative", "deaths_cumulative"), False),
    ("totals_do_not_add_up", "confirmed_cumulative", ("confirmed_current", "recovered_cumulative", "deaths_cumulative"), True),
    ("totals_do_not_add_up", "confirmed_new", ("confirmed_imported_new", "confirmed_local_new"), True),
    ("totals_do_not_add_up", "confirmed_cumulative", ("confirmed_imported_cumulative", "confirmed_local_cumulative"), True),
    ("totals_do_not_add_up", "confirmed_current", ("confirmed_imported_current", "confirmed_local_current"), True),
    ("contacts_do_not_add_up", "contacts_traced_cumulative", ("contacts_released_cumulative", "contacts_observed_current"), True),
    *(
        ("part_of_series_exceeds_total", total, (part,), False)
        for part, total in (
            ("confirmed_new", "confirmed_cumulative"),
            ("deaths_new", "deaths_cumulative"),
            ("recovered_new", "recovered_cumulative"),
            ("contacts_released_new", "contacts_released_cumulative"),
            ("contacts_observed_current", "contacts_traced_cumulative"),
            ("contacts_released_cumulative", "contacts_traced_cumulative"),
            ("confirmed_current", "confirmed_cumulative"),
            ("severe_current", "confirmed_cumulative"),
            ("critical_current", "confirmed_cumulative"),
            ("confirmed_imported_new", "confirmed_new"),
            ("confirmed_imported_cumulative", "confirmed_cumulative"),
            ("confirmed_imported_new", "confirmed_imported_cumulative"),
            ("recovered_imported_cumulative", "recovered_cumulative"),
            ("suspected_imported_current", "suspected_current"),
        )
    ),
)  # fmt: skip

_RATES: Mapping[str, tuple[str, str]] = {
    "recovery_rate": ("recovered_cumulative", "confirmed_cumulative"),
    "fatality_rate": ("deaths_cumulative", "confirmed_cumulative"),
}
CONTACT_GAP = 0.05
"""Share of the contacts traced that may be neither released nor observed: they fell ill, or another place took them over."""
_NEAR_DAYS = 7  # documents further apart than a week say nothing about a jump
_TOGETHER = 30  # characters between two parts of one list
_SHARE_WORDS = re.compile("率|占|比例|比重|佔")
_ELSEWHERE = re.compile("其余|其餘|追踪中|正在追踪|转为|轉為|失联|外省|转外地|转至|移交")
_LEAVES_OUT = re.compile("其中|包括|包含|含|主要|多为|多為|有|[。；;！!\n]")
_AND_OTHERS = re.compile("等|其余|其餘|其他|另|未|尚")


Docs = Mapping[str, Doc]


def _differ(frame: pd.DataFrame, keys: Sequence[str]) -> pd.Series[Any]:
    """Whether the figures of the group of each row have different values."""
    values = frame.groupby(list(keys))["value"]
    return values.transform("min") != values.transform("max")


def _groups(frame: pd.DataFrame, keys: Sequence[str]) -> Iterator[list[int]]:
    """The figures of each group, in their order."""
    figures = iter(frame.sort_values(list(keys), kind="stable").index.tolist())
    for size in frame.groupby(list(keys)).size().tolist():
        yield list(itertools.islice(figures, size))


# --- parts and wholes ---------------------------------------------------------------------------------------------


def _parts(f: Figures) -> Iterator[Case]:
    """A part that is larger than its whole; parts by place or by sex that are not together their whole."""
    links = _links(f)
    too_large = links["whole"].isin(links.loc[links["value"] > links["total"], "whole"])
    for rows in _groups(links[too_large], ["whole"]):
        yield Case([int(f.whole[rows[0]]), *rows], partial(_too_large, f))
    links = links[~too_large]
    for kind, found in (("by place", _by_place(f, links)), ("by sex", _by_sex(f, links))):
        parts = found.sort_values(["whole", "start"])
        breakdown = parts.groupby("whole")
        most, several = breakdown["value"].transform("sum"), breakdown["value"].transform("size") > 1
        # 累计6例（济南2例、青岛3例）: the whole and then its parts stand one after the other
        gap = parts["start"] - breakdown["stop"].shift().fillna(parts["whole_stop"])
        close = gap.between(1, 20) | (gap.between(1, 40) & ~parts["whole"].duplicated())
        complete = close.groupby(parts["whole"]).transform("all") if kind == "by place" else True
        wrong = several & ((most > parts["total"]) | ((most < parts["total"]) & complete))
        for rows in _groups(parts[wrong], ["whole"]):
            yield Case([int(f.whole[rows[0]]), *rows], partial(_not_the_whole, f, kind))


def _links(f: Figures) -> pd.DataFrame:
    """Parts that can be compared with their whole, with what is asked of the whole."""
    shares, people = (f.numbers_of("unit", words) for words in (_SHARES, _PEOPLE))
    parts = f.frame[(f.frame["whole"] >= 0) & f.frame["exact"] & ~f.frame["corrects"] & ~f.frame["unit"].isin(shares)]
    wholes = f.frame.loc[parts["whole"]].set_index(parts.index)
    # 28种物资,包括口罩52180个: things of one unit that are not counted alike
    noun, nouns = (f.last_character("value_quote", of.to_numpy()).set_axis(parts.index) for of in (parts.index, parts["whole"]))
    alike = (parts["unit"] == wholes["unit"]) & (noun == nouns) & (noun != "")
    alike |= parts["unit"].isin(people) & wholes["unit"].isin(people)
    same = (parts["indicator"] == wholes["indicator"]) & (parts["last"] == wholes["last"])
    made = parts.assign(total=wholes["value"], whole_stop=wholes["stop"], other_place=same & (parts["place"] != wholes["place"]))
    return made[wholes["exact"] & ~wholes["corrects"] & alike]


def _by_place(f: Figures, links: pd.DataFrame) -> pd.DataFrame:
    """The parts that are other places' figures of the same thing: one for each place, for a repeat is one part."""
    parts = links[links["other_place"] & (links["place"] >= 0) & (links["indicator"] != f.code.get("other"))]
    return parts.loc[parts.groupby(["whole", "place"])["value"].idxmax()]


def _by_sex(f: Figures, links: pd.DataFrame) -> pd.DataFrame:
    """The men and the women, where just one figure stands for each."""
    men, women = (pd.Series(f.rows.matches("measure", word)[f.at[links.index]], links.index) for word in "男女")
    one = links.assign(men=men)[men != women]
    per_sex = one.groupby("whole")["men"].agg(["size", "sum"])
    return one[one["whole"].isin(per_sex.index[(per_sex["size"] == 2) & (per_sex["sum"] == 1)])]


def _runs(parts: Sequence[Figure]) -> list[list[Figure]]:
    """Parts that stand together: 24例（自治区18例、兵团6例）…。其中：乌鲁木齐市10例、… is broken down twice."""
    runs: list[list[Figure]] = []
    for part in sorted(parts, key=lambda part: part.value_char_start):
        if not runs or part.value_char_start - runs[-1][-1].value_char_end > _TOGETHER:
            runs.append([])
        runs[-1].append(part)
    return runs


def _too_large(f: Figures, docs: Docs, rows: Sequence[Figure]) -> Iterator[Finding]:
    """A part, or several, of one whole that are larger than it."""
    whole, *parts = rows
    doc = docs[whole.doc_id]
    larger = [part for part in parts if part.value > whole.value]
    worst = max(larger, key=lambda part: (part.value, -part.value_char_start))
    which = f"part {shown(worst)}" if len(larger) == 1 else f"{len(larger)} parts, the largest {shown(worst)}"
    favours: Sequence[Figure] = []
    doubts: Sequence[Figure] = []
    real = _whole_by_sum(doc, whole, parts)
    if real is not None:
        favours, doubts = [real], larger
        why = f"the parts make {number(real.value)}, which is {real.metric_id} ({shown(real)}): it is their whole"
    elif worst.indicator != whole.indicator and worst.region_code == whole.region_code and worst.indicator in SERIES:
        doubts, why = larger, "another thing counted in the same place is not a part: our link is doubted, the values are not"
    elif worst.region_code and whole.region_code and worst.region_code != whole.region_code and not gazetteer().contains(whole.region_code, worst.region_code):
        doubts, why = larger, "the place of the part is not inside that of the whole: our link is doubted, the values are not"
    elif worst.value >= 10 * whole.value and doc.sentence(worst) != doc.sentence(whole):
        doubts, why = larger, "another sentence, and ten times its whole: our link is doubted, the values are not"
    else:
        why = "either figure may be the slip, or the link between them our misreading" + slip(worst.value, whole.value)
    said = f"{which}; whole {shown(whole)}"
    yield finding(docs, "part_exceeds_whole", whole.value, worst.value, worst.unit, said, [whole, *larger, *favours], favours, doubts, why)


def _whole_by_sum(doc: Doc, whole: Figure, parts: Sequence[Figure]) -> Figure | None:
    """The figure before a breakdown by place that the parts add up to; None where there is none."""
    ordered = sorted(parts, key=lambda part: part.value_char_start)
    distinct = {part.region_code for part in ordered}
    if len(ordered) < 2 or len(distinct) < len(ordered):
        return None
    first = ordered[0].value_char_start
    for total in (sum(part.value for part in ordered), sum(part.value for part in _outermost(ordered))):
        for row in doc.metrics_in(first - FAR, first):
            named = row.region_code not in distinct and row.indicator in SERIES and row is not whole
            if named and row.value == total and row.value_char_end < first and not doc.in_title(row):
                return row
    return None


def _outermost(parts: Sequence[Figure]) -> list[Figure]:
    """The parts whose place lies inside no other part's."""
    book = gazetteer()
    codes = {part.region_code for part in parts if part.region_code}
    return [part for part in parts if not (part.region_code and any(code in codes for code in book.ancestors(part.region_code)))]


def _leaves_out(doc: Doc, whole: Figure, parts: Sequence[Figure]) -> bool:
    """Whether words between a whole and its parts, or after them, leave some parts out; so it is where there is no text."""
    ordered = sorted(parts, key=lambda part: part.value_char_start)
    end = whole.value_char_end
    between = doc.between(end, ordered[0].value_char_start)
    inside = doc.between(end, ordered[-1].value_char_end + 4)
    if not between or inside is None or len(inside) > 1500:
        return True
    return bool(_LEAVES_OUT.search(between) or _AND_OTHERS.search(inside))


def _not_the_whole(f: Figures, kind: str, docs: Docs, rows: Sequence[Figure]) -> Iterator[Finding]:
    """Parts that are together more than their whole; or less, where they are all of them."""
    whole, *parts = rows
    doc = docs[whole.doc_id]
    check, total = "parts_short_of_whole", sum(part.value for part in parts)
    real = None
    if total < whole.value:
        if kind == "by place" and _leaves_out(doc, whole, parts):
            return
    else:
        # 四平市1例，公主岭市1例: a county may be counted beside the prefecture that it lies in, or within it
        parts = _outermost(parts)
        check, total = "parts_exceed_whole", sum(part.value for part in parts)
        if total <= whole.value or any(sum(part.value for part in run) == whole.value for run in _runs(parts)):
            return
        real = _whole_by_sum(doc, whole, parts)
    whole_said, sum_said = f.stated(whole.at), f.stated(whole.at, total)
    mistyped = slip(whole.value, total)
    favours: Sequence[Figure] = []
    doubts: Sequence[Figure] = []
    if real is not None:
        favours, doubts = [real], parts
        why = f"the parts make {number(total)}, which is {real.metric_id} ({shown(real)}): it is their whole"
    elif sum_said:
        favours, doubts = parts, [whole]
        why = f"the sum {number(total)} is stated as the whole elsewhere ({times(sum_said)}){mistyped}"
    elif whole_said > 1:
        favours, doubts = [whole], parts
        why = f"the whole is stated {whole_said} times: a part is missing, counted twice or wrong{mistyped}"
    elif mistyped:
        favours, doubts = parts, [whole]
        why = f"the parts are {len(parts)} statements against one{mistyped}"
    else:
        why = "a part may be missing or read twice, or the whole is another one"
    said = f"{len(parts)} parts {kind} make {number(total)}; whole {shown(whole)}"
    yield finding(docs, check, whole.value, total, whole.unit, said, [whole, *parts, *([real] if real else [])], favours, doubts, why)


# --- rates --------------------------------------------------------------------------------------------------------


def _rates(f: Figures) -> Iterator[Case]:
    """Documents that state a rate of cases, or a share beside two counts."""
    rows = f.rows
    shares = f.frame[f.frame["unit"].isin(f.numbers_of("unit", ["percent"])) & ~f.frame["is_range"]]
    words = [column for column in ("quote", "measure") if rows.has(column)]
    said = pd.Series([quote or measure for quote, measure in rows.lists([words[0], "measure"], f.at[shares.index])], shares.index, dtype=object)
    wanted = shares["indicator"].isin(f.numbers_of("indicator", _RATES)) | said.str.contains(_SHARE_WORDS.pattern).astype(bool)
    for figures in _groups(shares[wanted & ~rows.is_in("qualifier", ["about"])[f.at[shares.index]]], ["doc"]):
        yield Case(figures, partial(_false_rates, f))


def _false_rates(f: Figures, docs: Docs, rates: Sequence[Figure]) -> Iterator[Finding]:
    doc = docs[rates[0].doc_id]
    counts: dict[tuple[str, str | None, str | None], list[Figure]] = {}
    for row in doc.metrics:
        if row.indicator in SERIES and row.exact:
            counts.setdefault((row.indicator, row.region_code, row.region_name), []).append(row)
    for rate in rates:
        pairs = _case_pairs(rate, counts) if rate.indicator in _RATES else _near_pairs(doc, rate)
        computed = [(100 * part.value / whole.value, part, whole) for part, whole in pairs if whole.value]
        if not computed or any(_rate_agrees(rate, share) for share, _, _ in computed):
            continue
        share, part, whole = min(computed, key=lambda one: abs(one[0] - rate.value))
        if rate.indicator not in _RATES and not 0.8 < (share / rate.value if rate.value else 0) < 1.25:
            continue  # two figures that stand near a percentage need not be what it is made of
        support = min(f.stated(part.at), f.stated(whole.at))
        why = "two counts that are stated as such against one figure that is computed from them"
        if support > 1:
            why = f"the counts are stated {support} times"
        mistyped = slip(round(rate.value * whole.value / 100), part.value) or slip(round(share, 1), rate.value)
        said = f"{shown(rate)} %, but {number(part.value)} / {number(whole.value)} = {share:.2f} %"
        rows = [rate, part, whole]
        yield finding(docs, "rate_against_counts", rate.value, share, "percent", said, rows, [part, whole], [rate], why + mistyped)


def _case_pairs(
    rate: Figure, counts: Mapping[tuple[str, str | None, str | None], Sequence[Figure]]
) -> list[tuple[Figure, Figure]]:
    """Recovered or dead, and confirmed, of the rate's place: of its day, else of the nearest sentences."""
    parts, wholes = (counts.get((name, rate.region_code, rate.region_name), ())[:50] for name in _RATES[rate.indicator])
    pairs = [(part, whole) for part in parts for whole in wholes if part.date_end == whole.date_end]
    return [pair for pair in pairs if pair[0].date_end == rate.date_end] or [
        pair for pair in pairs if abs(pair[0].value_char_start - rate.value_char_start) <= 200
    ]


def _near_pairs(doc: Doc, rate: Figure) -> list[tuple[Figure, Figure]]:
    """The last two counts of one unit before a share in its sentence."""
    low = doc.sentence(rate)[0] if doc.text is not None else rate.char_start - CONTEXT
    before = [row for row in doc.metrics_in(low, rate.value_char_start) if row.exact and row.unit not in _SHARES]
    return [(before[-1], row) for row in before[:-1] if row.unit == before[-1].unit and row.value >= before[-1].value]


def _rate_agrees(rate: Figure, share: float) -> bool:
    """Half a unit of the last digit for rounding, half a unit more for cutting it off; a hedge in its direction."""
    digits = len(number(rate.value).partition(".")[2])
    slack = 10.0**-digits * 1.0001
    if rate.qualifier in ("more_than", "at_least"):
        return share >= rate.value - slack
    if rate.qualifier in ("less_than", "at_most", "nearly"):
        return share <= rate.value + slack
    return abs(share - rate.value) <= slack


# --- sums of different indicators ---------------------------------------------------------------------------------

_CHOICES = 1_000
"""Choices among the values that a document states of one place and moment for which a sum is tried."""


def _sums(f: Figures) -> Iterator[Case]:
    """Indicators of one document, place and moment that add up with none of the values that it states of them."""
    said = f.frame[f.frame["summed"]]
    said = said.assign(moment=said.groupby(["doc", "place", "last", "time"]).ngroup()).drop_duplicates(["moment", "indicator", "value"])
    said["nth"] = said.groupby(["moment", "indicator"]).cumcount()
    stated = {f.words[code] for code in said["indicator"].unique()}
    told: dict[str, set[int]] = {}
    for name, total, parts, makes_up in _SUMS:
        if total not in stated or not (stated.issuperset(parts) if makes_up else stated.intersection(parts)):
            continue
        tried = said[said["nth"] < int(_CHOICES ** (1 / (1 + len(parts))))]
        choices = _values(f, tried, total, "total")
        for part in parts:
            choices = choices.merge(_values(f, tried, part, part), on="moment", how="inner" if makes_up else "left")
        choices = choices.dropna(subset=list(parts), how="all")
        over = choices[list(parts)].sum(axis=1) - choices["total"]
        holds = over.eq(0) if makes_up else over.le(0)
        wrong = choices[~choices["moment"].isin(choices.loc[holds, "moment"])]
        nearest = wrong.loc[over[wrong.index].abs().groupby(wrong["moment"]).idxmin()] if len(wrong) else wrong
        if name == "part_of_series_exceeds_total":  # the same figures are told once
            nearest = nearest[~nearest["moment"].isin(told.get(total, set()))]
        told.setdefault(total, set()).update(nearest["moment"])
        rows = nearest[[f"row of {column}" for column in ("total", *parts)]]
        for figures in rows.itertuples(index=False, name=None):
            yield Case([int(row) for row in figures if not np.isnan(row)], partial(_false_sum, f, name, makes_up))


def _values(f: Figures, said: pd.DataFrame, indicator: str, name: str) -> pd.DataFrame:
    """What is said of an indicator, a row for each moment and value."""
    found = said.loc[said["indicator"] == f.code.get(indicator, -1), ["moment", "value"]]
    return found.rename_axis(f"row of {name}").reset_index().rename(columns={"value": name})


def _false_sum(f: Figures, check: str, makes_up: bool, docs: Docs, rows: Sequence[Figure]) -> Iterator[Finding]:
    total, *chosen = rows
    sum_ = sum(row.value for row in chosen)
    short = total.value - sum_
    few = short <= CONTACT_GAP * total.value
    if check == "contacts_do_not_add_up" and short > 0 and (few or _accounted_for(docs[total.doc_id], total, chosen, short)):
        return
    implied = f.stated(total.at, sum_)
    favours: Sequence[Figure] = ()
    doubts: Sequence[Figure] = ()
    if implied:
        favours, doubts, why = chosen, [total], f"{number(sum_)} is stated as the total elsewhere ({times(implied)})"
    elif len(chosen) == 1 and (weighed := f.weigh([total], chosen)):
        favours, why = weighed
        doubts = chosen if favours == [total] else [total]
    elif len(chosen) > 1 and (weak := _weakest(rows)):
        favours, doubts = [row for row in rows if row is not weak], [weak]
        why = f"its place or day is taken over ({taken_over(weak)}), those of the others stand in the text"
    elif makes_up and short > 0:
        why = "the total may hold some that are counted in none of the parts"
    else:
        why = "nothing decides"
    signs = " + ".join(f"{row.indicator} {number(row.value)}" for row in chosen)
    said = f"{signs}{f' = {number(sum_)}' if len(chosen) > 1 else ''}, but {shown(total)}"
    yield finding(docs, check, total.value, sum_, total.unit, said, rows, favours, doubts, why + slip(total.value, sum_))


def _accounted_for(doc: Doc, total: Figure, chosen: Sequence[Figure], missing: float) -> bool:
    """Whether the sentence says what became of the contacts who are neither released nor observed (诊断为疑似60人)."""
    low, high = doc.sentence(total)
    taken = {span(row) for row in (total, *chosen)}
    others = {span(row): row.value for row in doc.metrics_in(low, high) if row.unit in _PEOPLE and span(row) not in taken}
    if others:
        return missing == sum(others.values()) or missing in others.values()
    return bool(_ELSEWHERE.search(doc.between(low, high) or total.quote or ""))


def _weakest(rows: Sequence[Figure]) -> Figure | None:
    first, second = sorted(rows, key=lambda row: row.certainty)[:2]
    return first if first.certainty < second.certainty else None


# --- the same figure twice ----------------------------------------------------------------------------------------

_SERIES_OF_DOCUMENT = ["doc", "indicator", "place"]


def _repeats(f: Figures) -> Iterator[Case]:
    """Series of which one document says different things: of one moment in its body, or in its title and its body."""
    said = f.frame[f.frame["placed"] & ~f.frame["is_range"]]
    body = said[~said["in_title"] & ~said["is_part"]]
    moment = [*_SERIES_OF_DOCUMENT, "first", "last", "time"]
    for figures in _groups(body[_differ(body, moment)], moment):
        yield Case(figures, partial(_said_twice, f))
    titles = said[said["in_title"] & ~said["is_part"]]
    told = said[pd.MultiIndex.from_frame(said[_SERIES_OF_DOCUMENT]).isin(pd.MultiIndex.from_frame(titles[_SERIES_OF_DOCUMENT]))]
    for figures in _groups(told[_differ(told, _SERIES_OF_DOCUMENT)], _SERIES_OF_DOCUMENT):
        yield Case(figures, partial(_title_against_body, f))


def _said_twice(f: Figures, docs: Docs, rows: Sequence[Figure]) -> Iterator[Finding]:
    for one, other in itertools.combinations(rows[:200], 2):
        if not _agree(one, other) and one.value_char_start != other.value_char_start:
            yield _twice(f, docs, "said_twice", one, other)
            return


def _title_against_body(f: Figures, docs: Docs, rows: Sequence[Figure]) -> Iterator[Finding]:
    doc = docs[rows[0].doc_id]
    body = [row for row in rows if not doc.in_title(row)]
    for row in rows:
        if row.part_of is not None or not doc.in_title(row):
            continue
        same_day = [other for other in body if other.date_end == row.date_end and other.part_of is None]
        # 北京2例治愈; 今日有1名出院 … 另有1名: the title may add up what the body tells one by one
        told_apart = row.value == sum({other.value_char_start: other.value for other in body}.values())
        if same_day and not told_apart and not any(_agree(row, other) for other in body):
            nearest = min(same_day, key=lambda other: (abs(other.value - row.value), other.value_char_start))
            yield _twice(f, docs, "title_against_body", row, nearest)


def _agree(one: Figure, other: Figure) -> bool:
    from covid_timeline.tables.reconcile import agrees

    return agrees(one.value, one.qualifier, other.value) or agrees(other.value, other.qualifier, one.value)


def _twice(f: Figures, docs: Docs, check: str, one: Figure, other: Figure) -> Finding:
    favours: Sequence[Figure] = []
    why = "nothing decides"
    if weighed := f.weigh([one], [other], by_certainty=check == "said_twice"):
        favours, why = weighed
    elif check == "title_against_body":
        favours, why = [other], "the body is written from the figures, the title from the body"
    doubts = [] if not favours else [other] if favours[0] is one else [one]
    said = f"{shown(one)}, then {number(other.value)}"
    return finding(docs, check, one.value, other.value, one.unit, said, [one, other], favours, doubts, why + slip(one.value, other.value))


# --- between documents --------------------------------------------------------------------------------------------

_OF_SERIES = ["region", "indicator"]
_OF_DAY = [*_OF_SERIES, "day"]
_VALUES = 50
"""Different values of one series and day of which a difference is tried."""


def _said(f: Figures) -> pd.DataFrame:
    """Figures of places at the moments they hold: `day`, its `minute` (1440 is its end), and whether it was over (`closed`).

    Left out are figures of a day that was not over and that state no time; a hospital or a new area, which takes the code
    of the unit around it; and a part that repeats the series of its whole.
    """
    documents, known = f.rows.tables.rows("documents"), f.rows.lookup("doc_id", "documents", "doc_id")[f.at]
    published = documents.frame["published_at"].to_numpy("datetime64[us]")[known] if documents.has("published_at") else np.full(len(known), np.datetime64("NaT"), "datetime64[us]")
    on_day = np.where(np.isnat(published), -NO_DAY - 1, published.astype("datetime64[D]").astype(np.int64))
    at_minute = published.astype("datetime64[m]").astype(np.int64) - published.astype("datetime64[D]").astype("datetime64[m]").astype(np.int64)
    frame = f.frame.assign(timed=f.frame["time"] >= 0, running=(f.frame["time"] < 0) & (on_day <= f.frame["last"]))
    midnight = frame["time"] == 0  # 截至2月4日0时 is the end of February 3
    frame["day"] = frame["last"] - midnight
    frame["minute"] = np.select([midnight, frame["timed"], frame["running"]], [1440, frame["time"], at_minute], 1440)
    frame["closed"] = np.where(frame["timed"], frame["minute"] >= 1440, ~frame["running"] & ~frame["of_publication"])
    whole = frame.loc[frame["whole"].where(frame["whole"] >= 0, 0)].set_index(frame.index) if len(frame) else frame
    repeats = (frame["whole"] >= 0) & whole["summed"] & (whole["region"] == frame["region"]) & (whole["indicator"] == frame["indicator"])
    kept = frame[frame["summed"] & ~repeats & ~frame["place"].isin(_coded_parts(f)) & (~frame["running"] | (on_day == frame["last"]))]
    said: pd.DataFrame = kept.sort_values([*_OF_DAY, "minute", "doc", "start"])
    return said


def _coded_parts(f: Figures) -> list[int]:
    """Places whose name is not that of their code."""
    places = f.frame.loc[~f.frame["place"].duplicated() & (f.frame["region"] >= 0), "place"]
    named = f.rows.lists(["region_code", "region_name"], f.at[places.index])
    regions = [(place, gazetteer().get(code), name) for place, (code, name) in zip(places.tolist(), named, strict=True)]
    return [place for place, region, name in regions if region is not None and name not in (None, region.name)]


def _between(f: Figures, doubted: Iterable[str]) -> Iterator[Case]:
    """What documents say against one another. A row that one check doubts is not compared again by the next."""
    said = _said(f)
    names = said.assign(name=f.rows.arrow("metric_id").take(f.at[said.index]).to_pylist())["name"]
    said = said[~names.isin(set(doubted))]
    for rule in (_falls, _jumps, _disagreements, _differences):
        found = list(rule(f, said))
        said = said.drop(index=list({row for _, rows in found for row in rows}))
        yield from (case for case, _ in found)


_Doubting = Iterator[tuple[Case, Sequence[int]]]
"""Cases, each with the figures that it doubts."""


def _falls(f: Figures, said: pd.DataFrame) -> _Doubting:
    """Figures without which a cumulative series does not fall."""
    cumulative = said[said["indicator"].isin(f.ending("_cumulative"))]
    fell = cumulative[cumulative.groupby(_OF_SERIES)["value"].diff() < 0]
    for figures in _groups(_of_those(cumulative, fell, _OF_SERIES), _OF_SERIES):
        series: list[Any] = list(cumulative.loc[figures].itertuples())
        # Of two chains of one length, that of the figures whose place and day stand in the text.
        kept = _longest_rise([(one.value, 10 + one.certainty) for one in series])
        chain = sorted(kept)
        for i, one in enumerate(series):
            at = bisect.bisect(chain, i)
            beside = [series[j] for j in (*chain[at - 1 : at], *chain[at : at + 1])] if i not in kept else []
            against = [other for other in beside if _out_of_order(one, other)]
            if not against or any(other.doc == one.doc for other in against):
                continue  # within one document: said_twice
            if not any(_excused(f, one, one.day, other.day) for other in against):
                rows = [one.Index, *(other.Index for other in against)]
                yield Case(rows, partial(_told_fall, [other.day for other in against], len(chain), len(series))), [one.Index]


def _of_those(frame: pd.DataFrame, chosen: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The rows of a frame that belong to the groups of the chosen ones."""
    return frame[pd.MultiIndex.from_frame(frame[keys]).isin(pd.MultiIndex.from_frame(chosen[keys].drop_duplicates()))]


def _out_of_order(one: Any, other: Any) -> bool:
    """Whether the earlier of two figures is the larger. Without a clock time nothing is early or late within a day."""
    first, second = (one, other) if (one.day, one.minute) <= (other.day, other.minute) else (other, one)
    if first.value <= second.value:
        return False
    if first.day == second.day:
        return bool(first.minute < second.minute and all(said.closed or said.timed for said in (first, second)))
    return True


def _on(rows: Sequence[Figure], days: Sequence[int]) -> str:
    """What figures say of which day."""
    return " and ".join(f"{number(row.value)} on {_date(day)} ({row.doc_id})" for row, day in zip(rows, days, strict=True))


def _date(day: int) -> dt.date:
    return dt.date(1970, 1, 1) + dt.timedelta(days=day)


def _told_fall(days: Sequence[int], n_kept: int, n: int, docs: Docs, rows: Sequence[Figure]) -> Iterator[Finding]:
    one, *against = rows
    worst = max(against, key=lambda other: abs(other.value - one.value))
    why = f"{n_kept} of {n} figures of this series rise without it" + slip(one.value, worst.value)
    said = f"{shown(one)} does not fit {_on(against, days)}"
    yield finding(docs, "cumulative_falls", one.value, worst.value, one.unit, said, rows, against, [one], why)


def _excused(f: Figures, one: Any, *days: int) -> bool:
    """Whether a correction or another definition is stated of a series on one of the days or between them."""
    from covid_timeline.tables.cities import definition_breaks

    low, high = min(days), max(days)
    region, indicator = f.regions[one.region], f.words[one.indicator]
    if any((region, day) in f.corrected for day in range(low, min(high, low + 30) + 1)):
        return True
    book, first, last = gazetteer(), _date(low), _date(high + 1)
    return any(
        first <= change.date <= last
        and indicator in change.indicators
        and (change.region_code == region or book.contains(change.region_code, region) or book.contains(region, change.region_code))
        for change in definition_breaks()
    )


def _jumps(f: Figures, said: pd.DataFrame) -> _Doubting:
    """Figures of ten times, or a tenth of, those of the nearest other documents within a week."""
    said = said[~said["indicator"].isin(f.ending("_new"))]
    changes = (said[[*_OF_SERIES, "doc"]] != said[[*_OF_SERIES, "doc"]].shift()).any(axis=1).to_numpy()
    starts = np.append(np.flatnonzero(changes), len(said))  # of the figures of one document that follow one another
    run = np.cumsum(changes)
    near = pd.DataFrame(index=said.index)
    for side, at in (("before", starts[run - 1] - 1), ("after", starts[run])):
        there = (at >= 0) & (at < len(said))
        other = said.iloc[np.where(there, at, 0)].set_index(said.index)
        same = (other[_OF_SERIES] == said[_OF_SERIES]).all(axis=1) & ((other["day"] - said["day"]).abs() <= _NEAR_DAYS)
        near[side] = other["value"].where(there & same)
        near[f"{side} at"] = np.where(there & same, said.index.to_numpy()[np.where(there, at, 0)], -1)
    value, amounts = said["value"], near[["before", "after"]]
    least, most, both = amounts.min(axis=1), amounts.max(axis=1), amounts.notna().all(axis=1)
    # Growth from few to many within a week is no slip: it takes a figure on either side, or a fall.
    falls = near["before"].notna() & said["indicator"].isin(f.ending("_cumulative"))
    high = both & (value >= 10 * most) & (value - most >= 20)
    low = (both | falls) & (value * 10 <= least) & (least - value >= 20)
    jumps = near.assign(is_high=high)[(high | low) & (value >= 0)]
    for one, before, after, is_high in jumps[["before at", "after at", "is_high"]].itertuples(name=None):
        beside = [other for other in (before, after) if other >= 0]
        yield Case([one, *beside], partial(_told_jump, said.loc[beside, "day"].tolist(), is_high)), [one]


def _told_jump(days: Sequence[int], is_high: bool, docs: Docs, rows: Sequence[Figure]) -> Iterator[Finding]:
    one, *near = rows
    worst = (max if is_high else min)(other.value for other in near)
    why = ("two documents against one" if len(near) == 2 else "the neighbouring document") + slip(one.value, worst)
    said = f"{shown(one)} beside {_on(near, days)}"
    yield finding(docs, "tenfold_jump", one.value, worst, one.unit, said, rows, near, [one], why)


def _disagreements(f: Figures, said: pd.DataFrame) -> _Doubting:
    """The two values of a closed day that most documents state, where none of these states both."""
    of_hours = said["indicator"].isin(f.ending("_new")) & ((said["first"] == NO_DAY) | (said["from_time"] >= 0))
    closed = said[said["closed"] & ~of_hours]
    for figures in _groups(closed[_differ(closed, _OF_DAY)], _OF_DAY):
        by_value: dict[float, list[int]] = {}
        for row in figures:
            by_value.setdefault(f.value[row], []).append(row)
        documents = {value: {f.doc[row] for row in rows} for value, rows in by_value.items()}
        first, second = sorted(by_value, key=lambda value: (-len(documents[value]), value))[:2]
        if documents[first] & documents[second]:
            continue  # one document says both: it is told there
        n, m = len(documents[first]), len(documents[second])
        rows = [by_value[first][0], by_value[second][0]]
        yield Case(rows, partial(_told_disagreement, n, m)), rows[1:] if n > m else []


def _told_disagreement(n: int, m: int, docs: Docs, rows: Sequence[Figure]) -> Iterator[Finding]:
    first, second = rows
    favours, doubts, why = ([first], [second], f"{n} documents against {m}") if n > m else ([], [], f"stated by as many documents ({n})")
    said = f"{shown(first)} in {n}, {number(second.value)} in {m} documents"
    why += slip(first.value, second.value)
    yield finding(docs, "documents_disagree", first.value, second.value, first.unit, said, rows, favours, doubts, why)


def _differences(f: Figures, said: pd.DataFrame) -> _Doubting:
    """New figures of a day that are no difference of the cumulative ones of the day and of the day before."""
    totals = {code: f.code.get(f.words[code].removesuffix("_new") + "_cumulative") for code in f.ending("_new")}
    is_new = said["indicator"].isin(list(totals))
    closing = said[said["closed"] & (~is_new | ((said["first"] == said["last"]) & (said["from_time"] <= 0)))]
    closing = closing.assign(total=closing["indicator"].map(totals).fillna(-1).astype("int64"))
    values = closing.drop_duplicates([*_OF_DAY, "value"])
    values = values[values.groupby(_OF_DAY).cumcount() < _VALUES]
    total_of_day = ["region", "total", "day"]
    here = values[[*_OF_DAY, "value"]].set_axis([*total_of_day, "here"], axis=1)
    before = here.assign(day=here["day"] + 1)
    news = _of_those(values.loc[values["total"] >= 0, [*_OF_DAY, "total", "value"]], before, total_of_day).merge(here, on=total_of_day)
    news["here"] -= news["value"]
    agrees = pd.MultiIndex.from_frame(news[[*total_of_day, "here"]]).isin(pd.MultiIndex.from_frame(before))
    wrong = news[~news.assign(agrees=agrees).groupby(_OF_DAY)["agrees"].transform("any")].drop_duplicates(_OF_DAY)
    series = _of_those(closing, pd.concat([wrong, wrong.assign(indicator=wrong["total"])]), _OF_SERIES)
    days: dict[Any, list[int]] = {key: rows.tolist() for key, rows in series.groupby(_OF_DAY).groups.items()}
    each: list[Any] = list(wrong.itertuples())
    for one in each:
        keys = (one.region, one.indicator, one.day), (one.region, one.total, one.day), (one.region, one.total, one.day - 1)
        rows = [max(days[key], key=lambda row: (f.stated(row), f.certainty[row])) for key in keys]
        excused = any(_excused(f, one._replace(indicator=one.total), day) for day in (one.day, one.day - 1))
        if not excused and len({f.doc[row] for row in rows}) > 1:
            fits = _follows(f, days, one, one.day + 1, rows[1], -1), _follows(f, days, one, one.day - 1, rows[2], 1)
            yield Case(rows, partial(_told_difference, fits)), []


def _follows(f: Figures, days: Mapping[Any, Sequence[int]], one: Any, day: int, row: int, sign: int) -> bool:
    """Whether a cumulative figure is that of the day after it less its new ones, or of the day before it and its own."""
    others = days.get((one.region, one.total, day if sign < 0 else day - 1), ())
    news = days.get((one.region, one.indicator, day), ())
    return any(f.value[other] + sign * f.value[new] == f.value[row] for other in others for new in news)


def _told_difference(fits: tuple[bool, bool], docs: Docs, rows: Sequence[Figure]) -> Iterator[Finding]:
    new, now, past = rows
    if _holds_another(docs[now.doc_id], now) != _holds_another(docs[past.doc_id], past):
        return
    favours: list[Figure] = []
    doubts: list[Figure] = []
    match fits:
        case (True, True):
            favours, doubts, why = [now, past], [new], "both cumulative figures agree with the days after and before"
        case (True, False):
            favours, doubts, why = [now, new], [past], f"{number(now.value)} agrees with the day after, {number(past.value)} with none before"
        case (False, True):
            favours, doubts, why = [past, new], [now], f"{number(past.value)} agrees with the day before, {number(now.value)} with none after"
        case _:
            why = "the days around are not at hand or do not agree either"
    difference = now.value - past.value
    said = f"{shown(new)}, but {number(now.value)} - {number(past.value)} = {number(difference)}"
    why += slip(new.value, difference)
    yield finding(docs, "new_against_cumulative", new.value, difference, new.unit, said, rows, favours, doubts, why)


def _holds_another(doc: Doc, row: Figure) -> bool:
    """商丘市50例（含永城市9例）: counts a place in that may stand by itself in another document."""
    after = doc.between(row.value_char_end, row.value_char_end + 2)
    if after is None:
        after = (row.quote or "")[row.value_char_end - row.char_start :][:2]
    return after in ("（含", "(含")


def _longest_rise(values: Sequence[tuple[float, int]]) -> set[int]:
    """Indexes of the heaviest non-falling subsequence of (value, weight); the earliest of equals.

    >>> sorted(_longest_rise([(1, 1), (41, 1), (5, 1), (41, 1), (45, 1)]))
    [0, 1, 3, 4]
    """
    ranks = {value: i for i, value in enumerate(sorted({value for value, _ in values}), 1)}
    tree: list[tuple[int, int]] = [(0, -1)] * (len(ranks) + 1)  # Fenwick tree of (weight, -index) maxima
    previous = [-1] * len(values)
    best = (0, -1)
    for i, (value, weight) in enumerate(values):
        rank = j = ranks[value]
        found = (0, -1)
        while j:
            if tree[j][0] > found[0]:
                found = tree[j]
            j -= j & -j
        previous[i] = found[1]
        here = (found[0] + weight, i)
        j = rank
        while j < len(tree):
            if here[0] > tree[j][0]:
                tree[j] = here
            j += j & -j
        if here[0] > best[0]:
            best = here
    kept = set()
    i = best[1]
    while i >= 0:
        kept.add(i)
        i = previous[i]
    return kept


# --- findings -----------------------------------------------------------------------------------------------------

_NEEDS = (
    "metric_id doc_id value value_high unit qualifier value_char_start value_char_end status indicator measure part_of "
    "date_start date_end time_start time_end date_basis region_code region_name region_basis char_start char_end is_correction"
)


def findings(tables: Tables) -> list[Finding]:
    """What the figures say that cannot all be true, the largest share of difference first.

    Args:
        tables: `documents` and `metrics`, with all columns that the checks need.
    """
    made: list[Finding] = tables.remember("findings", lambda: _find(tables))
    return made


def _find(tables: Tables) -> list[Finding]:
    if not len(tables.rows("metrics")):
        return []
    f = Figures(tables.rows("metrics"))
    found = list(f.tell(itertools.chain(_parts(f), _rates(f), _sums(f), _repeats(f)), whole_documents=True))
    found += f.tell(_between(f, {name for one in found for name in one.doubts}), whole_documents=False)
    return sorted(found, key=lambda one: (-one.size, -one.difference, one.check, one.rows))


# What must hold, in both languages, by the name of the check.
_EXPECTED = {
    "part_exceeds_whole": ("A part is not more than the whole that it is a part of.", "部分不应大于整体。"),
    "parts_exceed_whole": ("The parts of a breakdown by place or by sex are together not more than their whole.", "按地区或性别的分项之和不应超过整体。"),
    "parts_short_of_whole": ("Where the text lists all parts of a whole, they make it up.", "文中列出全部分项时，分项之和应等于整体。"),
    "rate_against_counts": ("A stated rate is that of the counts beside it.", "文中比率应与同文的计数相符。"),
    "outcomes_exceed_confirmed": ("Recovered and dead together are not more than confirmed.", "治愈与死亡之和不应超过确诊数。"),
    "part_of_series_exceeds_total": ("What is new, imported, severe, observed or released is not more than the total it belongs to.", "新增、输入、重症、观察或解除的人数不应超过其总数。"),
    "totals_do_not_add_up": ("Confirmed are those still ill, recovered and dead; all cases are the imported and the local ones.", "累计确诊应等于现有、治愈与死亡之和；病例总数应等于输入与本土之和。"),
    "contacts_do_not_add_up": ("Close contacts traced are those released and those still observed.", "追踪的密切接触者应等于解除观察与正在观察者之和。"),
    "said_twice": ("One article gives one value for the same indicator, place and day.", "同一文章对同一指标、地区和日期应只给出一个数值。"),
    "title_against_body": ("The title says what the body says.", "标题应与正文一致。"),
    "new_against_cumulative": ("What is new on a day is the difference of the cumulative figures of the day and of the day before.", "某日新增应等于当日与前一日累计之差。"),
    "cumulative_falls": ("A cumulative figure does not fall from one document to a later one.", "累计数不应逐日下降，除非文中说明订正或核减。"),
    "tenfold_jump": ("A figure is not ten times, nor a tenth of, what the documents before and after it say.", "数值不应是前后文档所述的十倍或十分之一。"),
    "documents_disagree": ("Documents that speak of the same closed day give the same value.", "各文档对同一日所述数值应一致。"),
}  # fmt: skip
"""The last four look between documents."""


def _row_of(finding: Finding) -> str:
    """The row that a report names: the first that is doubted."""
    return (finding.doubts or finding.rows)[0]


def _by_row(tables: Tables) -> dict[tuple[str, str], list[Finding]]:
    def make() -> dict[tuple[str, str], list[Finding]]:
        of: dict[tuple[str, str], list[Finding]] = {}
        for one in findings(tables):
            of.setdefault((one.check, _row_of(one)), []).append(one)
        return of

    made: dict[tuple[str, str], list[Finding]] = tables.remember("findings by row", make)
    return made


def _told(what: str, rows: Rows, row: int) -> str:
    mine = _by_row(rows.tables).get((what, rows.value("metric_id", row)), [])
    return "; ".join(f"{one.statement} ({one.why})" for one in mine[:3])


def _register(what: str, expects: str, zh: str) -> None:
    @check(
        "metrics", what, stage="tables", severity="warning", group="contradiction", on="value", expects=expects, zh=zh,
        fix="Read the sentences (`covid-timeline audit` shows them): a slip of the article stands as it is; else a rule misreads one.",
        needs=_NEEDS + " documents.doc_id", found=lambda rows, row: _told(what, rows, row),
    )  # fmt: skip
    def contradicted(rows: Rows) -> Mask:
        named = {row for check, row in _by_row(rows.tables) if check == what}
        return np.asarray(pc.is_in(rows.arrow("metric_id"), value_set=_texts(named)).to_numpy(zero_copy_only=False), bool)


def _texts(words: Iterable[str]) -> Any:
    import pyarrow as pa

    return pa.array(sorted(words), pa.large_string())


for _what, (_expects, _zh) in _EXPECTED.items():
    _register(_what, _expects, _zh)
