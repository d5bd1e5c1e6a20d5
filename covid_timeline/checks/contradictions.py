"""Figures that cannot all be true, found without annotations: the checks that set rows against one another.

A `Finding` is a contradiction between rows: parts and their whole, a rate and its counts, the same figure said twice, a
series that falls. It is a misreading of ours or a slip of the article; both are listed, neither is repaired. Each names
the reading that it favours and says why; where nothing decides, it says so. docs/audit.md explains every check with an
example.

The columns are first searched for documents and series that could hold one (`_suspects`, `_suspect_series`); only
those are then read row by row. Only what the texts report (`status`) is compared.
"""

from __future__ import annotations

import bisect
import datetime as dt
import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from covid_timeline.checks import rules  # noqa: F401  (its checks come first)
from covid_timeline.checks.frames import NO_DAY, Ints, Mask, Rows, Tables
from covid_timeline.checks.registry import CHECKS, check
from covid_timeline.mentions.places import gazetteer
from covid_timeline.tables.schema import VOCABULARIES
from covid_timeline.text.shown import printable

_SHARES = frozenset({"percent", "percentage_point"})
_PEOPLE = frozenset({"case", "person", "person_time"})
_SERIES = frozenset(w.word for w in VOCABULARIES["indicators"].values() if w.group in ("cases", "tracing") and w.kind in ("new", "cumulative", "current") and set(w.units) & {"case"})  # fmt: skip

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

_DAY = dt.timedelta(days=1)
_NEAR_DAYS = 7  # documents further apart than a week say nothing about a jump
_CONTEXT = 100  # characters of a sentence shown on either side of a span; the rest is …
_TOGETHER = 30  # characters between two parts of one list
_FAR = 1000  # where a text has no sentences
_SENTENCE_END = re.compile(r"[。！？!?]|\n")
WITHHELD = "(withheld)"
"""Stands for a sentence that the tables may not publish and that no text was given for."""
_SHARE_WORDS = re.compile("率|占|比例|比重|佔")
_ELSEWHERE = re.compile("其余|其餘|追踪中|正在追踪|转为|轉為|失联|外省|转外地|转至|移交")
_LEAVES_OUT = re.compile("其中|包括|包含|含|主要|多为|多為|有|[。；;！!\n]")
_AND_OTHERS = re.compile("等|其余|其餘|其他|另|未|尚")


class Passage(NamedTuple):
    """A stretch of one document with the spans of some rows."""

    doc_id: str
    title: str
    url: str | None
    char_start: int
    char_end: int
    marked: str  # the sentence, each span in 【】; a note where the words are withheld
    rows: tuple[str, ...]  # metric_id; a row of `dates` is named <doc_id>:d<char_start>


class Finding(NamedTuple):
    """Rows that cannot all be right."""

    check: str  # the check without its table
    size: float  # difference as a share of the larger amount: 0 to 1 (2 where one of them is negative)
    difference: float  # in `unit`
    unit: str
    statement: str  # what contradicts what
    favours: tuple[str, ...]  # rows held to be right; empty where nothing decides
    doubts: tuple[str, ...]  # rows held to be wrong
    why: str  # why so
    rows: tuple[str, ...]
    passages: tuple[Passage, ...]

    def to_text(self) -> str:
        """The finding for a terminal; nothing in it that a terminal would obey."""
        lines = [f"{self.check}  {self.statement}"]
        for passage in self.passages:
            where = ", ".join(part for part in (passage.doc_id, passage.title, passage.url) if part)
            lines.append(f"    {passage.marked}")
            lines.append(f"      {where} [{passage.char_start}:{passage.char_end}] {' '.join(passage.rows)}")
        verdict = f"favours {' '.join(self.favours)}" if self.favours else "undecided"
        doubt = f", doubts {' '.join(self.doubts)}" if self.doubts else ""
        lines.append(f"    {verdict}{doubt}: {self.why}")
        return "\n".join(_indented(line) for line in lines)

    def to_json(self) -> dict[str, Any]:
        """The finding as plain values."""
        made = self._asdict()
        made["expects"] = next(c.expects for c in CHECKS.values() if c.what == self.check)
        made["passages"] = [passage._asdict() for passage in self.passages]
        return made


def _indented(line: str) -> str:
    bare = line.lstrip(" ")
    return " " * (len(line) - len(bare)) + printable(bare, 4000)



class Figure(NamedTuple):
    """What is compared of a row of `metrics`."""

    metric_id: str
    doc_id: str
    value: float
    value_high: float | None
    unit: str
    qualifier: str
    value_quote: str | None
    value_char_start: int
    value_char_end: int
    indicator: str
    measure: str
    part_of: str | None
    date_start: dt.date | None
    date_end: dt.date | None
    time_start: str | None
    time_end: str | None
    date_basis: str
    region_code: str | None
    region_name: str | None
    region_basis: str
    quote: str | None
    char_start: int
    char_end: int
    is_correction: bool
    rule: str


class _Doc:
    """One document as the checks see it, with those of its figures that are compared."""

    def __init__(
        self, doc_id: str, title: str = "", url: str | None = None, published: dt.datetime | None = None,
        text: str | None = None, metrics: Sequence[Figure] = (),
    ) -> None:  # fmt: skip
        self.doc_id = doc_id
        self.title = title
        self.url = url
        self.published = published
        self.text = text
        self.metrics = metrics
        self.by_id = {row.metric_id: row for row in metrics}
        self._starts = [row.value_char_start for row in metrics]  # metrics stand in the order of the text
        self._stops: list[int] | None = None
        start = (text or "").find(title) if title else 0
        # Where the body begins: an article that does not open with its title, or is nothing else, has none to compare.
        end = start + len(title)
        self.title_end = end if title and 0 <= start <= 200 and any(row.value_char_start >= end for row in metrics) else 0

    def in_title(self, row: Figure) -> bool:
        return row.value_char_end <= self.title_end

    def between(self, start: int, end: int) -> str | None:
        """The characters between two offsets; None where they are not at hand."""
        return None if self.text is None else self.text[start:end]

    def sentence(self, row: Figure) -> tuple[int, int]:
        """The sentence around a row, or its clause where the text is not at hand."""
        if self.text is None:
            return row.char_start, row.char_end
        if self._stops is None:
            self._stops = [match.end() for match in _SENTENCE_END.finditer(self.text)]
        start, end = _span(row)
        before, after = bisect.bisect_right(self._stops, start), bisect.bisect_left(self._stops, end)
        low = self._stops[before - 1] if before else 0
        high = self._stops[after] if after < len(self._stops) else len(self.text)
        return max(low, start - _FAR), min(high, end + _FAR)

    def metrics_in(self, low: int, high: int) -> Sequence[Figure]:
        """The figures that start in `[low, high)`."""
        return self.metrics[bisect.bisect_left(self._starts, low) : bisect.bisect_left(self._starts, high)]



def _span(row: Figure) -> tuple[int, int]:
    return row.value_char_start, row.value_char_end


def _passages(docs: Mapping[str, _Doc], rows: Iterable[Figure]) -> tuple[Passage, ...]:
    """The sentences of the rows, one entry for each sentence, in the order of the text."""
    found: dict[tuple[str, int, int], dict[tuple[int, int], list[str]]] = {}
    quotes: dict[tuple[str, int, int], str | None] = {}
    for row in rows:
        sentence = (row.doc_id, *docs[row.doc_id].sentence(row))
        quotes.setdefault(sentence, row.quote)
        ids = found.setdefault(sentence, {}).setdefault(_span(row), [])
        if row.metric_id not in ids:
            ids.append(row.metric_id)
    made = []
    for (doc_id, low, high), spans in found.items():
        doc = docs[doc_id]
        words = doc.text[low:high] if doc.text is not None else quotes[doc_id, low, high]
        marked = WITHHELD if words is None else _mark(words, [(start - low, end - low) for start, end in spans])
        names = tuple(name for _, ids in sorted(spans.items()) for name in ids)
        made.append(Passage(doc_id, doc.title, doc.url, low, high, marked, names))
    return tuple(made)


def _mark(words: str, spans: Iterable[tuple[int, int]]) -> str:
    """The words with each span in 【】; [] stand for the text's own 【】, so that a mark is a mark, … for what is far off."""
    plain = words.replace("【", "[").replace("】", "]")
    out: list[str] = []
    position = 0
    for start, end in sorted(set(spans)):
        if start < position or end > len(plain):
            continue
        out += [_cut(plain[position:start], after=position > 0, before=True), f"【{plain[start:end]}】"]
        position = end
    out.append(_cut(plain[position:], after=position > 0, before=False))
    return "".join(out).strip()


def _cut(words: str, *, after: bool, before: bool) -> str:
    """Words between spans, the middle left out where it is long."""
    head, tail = (_CONTEXT if after else 0), (_CONTEXT if before else 0)
    if len(words) <= head + tail + 1:
        return words
    return words[:head] + "…" + (words[-tail:] if tail else "")



# --- weighing -----------------------------------------------------------------------------------------------------

_Key = tuple[str, str | None, str | None, dt.date | None]


def _key(row: Figure) -> _Key:
    return row.indicator, row.region_code, row.region_name, row.date_end


class _Votes:
    """What all documents at hand state of an indicator, a place and a day; read when two readings are first weighed."""

    def __init__(self, read: Callable[[], Iterable[Figure]]) -> None:
        self._read: Callable[[], Iterable[Figure]] | None = read
        self._rows: dict[_Key, dict[float, set[tuple[str, int]]]] = defaultdict(lambda: defaultdict(set))
        self._days: dict[tuple[str, str | None], list[tuple[dt.date, str, float]]] = defaultdict(list)

    def _load(self) -> None:
        if self._read is None:
            return
        for row in self._read():
            self._rows[_key(row)][row.value].add((row.doc_id, row.value_char_start))
            if row.date_end is not None and row.part_of is None:
                self._days[row.indicator, row.region_code].append((row.date_end, row.doc_id, row.value))
        for days in self._days.values():
            days.sort()
        self._read = None

    def count(self, key: _Key, value: float) -> int:
        """How many figures of the texts state this value."""
        self._load()
        return len(self._rows[key].get(value, ())) if key in self._rows else 0

    def of(self, row: Figure) -> int:
        return self.count(_key(row), row.value)

    def around(self, row: Figure) -> float | None:
        """The median of what other documents state for the days around; None where they state nothing."""
        if row.date_end is None:
            return None
        self._load()
        days = self._days.get((row.indicator, row.region_code), [])
        low = bisect.bisect_left(days, (row.date_end - 2 * _DAY, "", 0.0))
        high = bisect.bisect_left(days, (row.date_end + 3 * _DAY, "", 0.0))
        values = sorted(value for _, doc_id, value in days[low : min(high, low + 200)] if doc_id != row.doc_id)
        return values[len(values) // 2] if values else None


def _certainty(row: Figure) -> int:
    """How much of a row stands in the text itself, rather than being taken over: 0 to 3."""
    named = row.region_basis == "named"
    dated = row.date_basis not in ("publication", "carried")
    return 2 * named + dated - 3 * (row.rule == "second_statement")


def _weigh(
    votes: _Votes, one: Sequence[Figure], other: Sequence[Figure], *, by_certainty: bool = True
) -> tuple[Sequence[Figure], str] | None:
    """Which of two readings the documents support, and why; None where nothing decides."""
    stated = [min((votes.of(row) for row in side), default=0) for side in (one, other)]
    if stated[0] != stated[1]:
        better = one if stated[0] > stated[1] else other
        return better, f"stated {max(stated)} times, the other {_times(min(stated))}"
    usual = votes.around(one[0])
    far = [_ratio(side[0].value, usual) for side in (one, other)] if usual is not None and _key(one[0]) == _key(other[0]) else [1.0, 1.0]
    if min(far) < 3 <= max(far) / min(far):
        better = one if far[0] < far[1] else other
        return better, f"other documents say about {_number(usual or 0)} around that day"
    sure = [min((_certainty(row) for row in side), default=0) for side in (one, other)]
    if by_certainty and sure[0] != sure[1]:
        better, worse = (one, other) if sure[0] > sure[1] else (other, one)
        weak = min(worse, key=_certainty)
        return better, f"its place and day stand in the text; those of {weak.metric_id} are taken over ({_taken_over(weak)})"
    return None


def _ratio(one: float, other: float) -> float:
    small, large = sorted((abs(one) + 1, abs(other) + 1))
    return large / small


def _taken_over(row: Figure) -> str:
    if row.rule == "second_statement":
        return "a second statement read into one figure"
    return f"place {row.region_basis}, date {row.date_basis}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _slip(one: float, other: float) -> str:
    """Whether two values look like one number mistyped: a digit changed, dropped or swapped."""
    a, b = _number(abs(one)), _number(abs(other))
    if a == b or max(len(a), len(b)) < 2:
        return ""
    if len(a) == len(b):
        unlike = [i for i in range(len(a)) if a[i] != b[i]]
        if len(unlike) == 1 and len(a) > 2:
            return "; the values differ in one digit"
        if len(unlike) == 2 and a[unlike[0]] == b[unlike[1]] and a[unlike[1]] == b[unlike[0]]:
            return "; two digits are swapped"
    long, short = (a, b) if len(a) > len(b) else (b, a)
    if len(long) == len(short) + 1 and len(short) > 1 and any(long[:i] + long[i + 1 :] == short for i in range(len(long))):
        return "; one digit is missing"
    return ""


def _number(value: float) -> str:
    return f"{value:.12g}"


def _figure(row: Figure) -> str:
    """One row in a few words: confirmed_new 山东省 2020-02-03 = 12 case."""
    days = " to ".join(dict.fromkeys(str(day) for day in (row.date_start, row.date_end) if day))
    named = row.indicator if row.indicator != "other" else row.measure
    return " ".join(part for part in (named, row.region_name or "", days) if part) + f" = {_number(row.value)}"


def _finding(
    docs: Mapping[str, _Doc], check: str, stated: float, expected: float, unit: str, statement: str,
    rows: Sequence[Figure], favours: Iterable[Figure], doubts: Iterable[Figure], why: str,
) -> Finding:  # fmt: skip
    larger = max(abs(stated), abs(expected))
    difference = abs(stated - expected)
    ordered = sorted(set(rows), key=lambda row: (row.doc_id, *_span(row), row.metric_id))
    return Finding(
        check,
        round(difference / larger, 6) if larger else 0.0,
        difference,
        unit,
        statement,
        tuple(sorted({row.metric_id for row in favours})),
        tuple(sorted({row.metric_id for row in doubts})),
        why,
        tuple(row.metric_id for row in ordered),
        _passages(docs, ordered),
    )


def _exact(row: Figure) -> bool:
    return row.qualifier == "exact" and row.value_high is None



# --- parts and wholes ---------------------------------------------------------------------------------------------


def _parts(doc: _Doc, votes: _Votes) -> Iterator[Finding]:
    linked: dict[str, list[Figure]] = {}
    for part in doc.metrics:
        whole = doc.by_id.get(part.part_of or "")
        if whole is not None and _comparable(part, whole):
            linked.setdefault(whole.metric_id, []).append(part)
    for whole_id, parts in linked.items():
        whole = doc.by_id[whole_id]
        larger = [part for part in parts if part.value > whole.value]
        if larger:
            yield _too_large(doc, whole, parts, larger)
            continue
        for kind, group in (("by place", _by_place(whole, parts)), ("by sex", _by_sex(whole, parts))):
            if len(group) < 2:
                continue
            # 四平市1例，公主岭市1例: a county may be counted beside the prefecture that it lies in, or within it
            outer = _outermost(group)
            most, least = (sum(part.value for part in rows) for rows in (group, outer))
            if least <= whole.value <= most:
                continue
            if most < whole.value:
                if kind == "by sex" or _lists_all(doc, whole, group):
                    yield _breakdown(doc, votes, "parts_short_of_whole", kind, whole, group, most)
            elif not any(sum(part.value for part in run) == whole.value for run in _runs(outer)):
                yield _breakdown(doc, votes, "parts_exceed_whole", kind, whole, outer, least)


def _runs(parts: Sequence[Figure]) -> list[list[Figure]]:
    """Parts that stand together: 24例（自治区18例、兵团6例）…。其中：乌鲁木齐市10例、… is broken down twice."""
    runs: list[list[Figure]] = []
    for part in sorted(parts, key=lambda part: part.value_char_start):
        if not runs or part.value_char_start - runs[-1][-1].value_char_end > _TOGETHER:
            runs.append([])
        runs[-1].append(part)
    return runs


def _too_large(doc: _Doc, whole: Figure, parts: Sequence[Figure], larger: Sequence[Figure]) -> Finding:
    """A part, or several, of one whole that are larger than it."""
    worst = max(larger, key=lambda part: (part.value, -part.value_char_start))
    docs = {doc.doc_id: doc}
    which = f"part {_figure(worst)}" if len(larger) == 1 else f"{len(larger)} parts, the largest {_figure(worst)}"
    favours: Sequence[Figure] = []
    doubts: Sequence[Figure] = []
    real = _whole_by_sum(doc, whole, parts)
    if real is not None:
        favours, doubts = [real], larger
        why = f"the parts make {_number(real.value)}, which is {real.metric_id} ({_figure(real)}): it is their whole"
    elif worst.indicator != whole.indicator and worst.region_code == whole.region_code and worst.indicator in _SERIES:
        doubts, why = larger, "another thing counted in the same place is not a part: our link is doubted, the values are not"
    elif worst.region_code and whole.region_code and worst.region_code != whole.region_code and not gazetteer().contains(whole.region_code, worst.region_code):
        doubts, why = larger, "the place of the part is not inside that of the whole: our link is doubted, the values are not"
    elif worst.value >= 10 * whole.value and doc.sentence(worst) != doc.sentence(whole):
        doubts, why = larger, "another sentence, and ten times its whole: our link is doubted, the values are not"
    else:
        why = "either figure may be the slip, or the link between them our misreading" + _slip(worst.value, whole.value)
    rows = [whole, *larger, *favours]
    return _finding(docs, "part_exceeds_whole", whole.value, worst.value, worst.unit, f"{which}; whole {_figure(whole)}", rows, favours, doubts, why)


def _whole_by_sum(doc: _Doc, whole: Figure, parts: Sequence[Figure]) -> Figure | None:
    """The figure before a breakdown by place that the parts add up to; None where there is none."""
    ordered = sorted(parts, key=lambda part: part.value_char_start)
    distinct = {part.region_code for part in ordered}
    if len(ordered) < 2 or len(distinct) < len(ordered):
        return None
    first = ordered[0].value_char_start
    for total in (sum(part.value for part in ordered), sum(part.value for part in _outermost(ordered))):
        for row in doc.metrics_in(first - _FAR, first):
            named = row.region_code not in distinct and row.indicator in _SERIES and row is not whole
            if named and row.value == total and row.value_char_end < first and not doc.in_title(row):
                return row
    return None


def _outermost(parts: Sequence[Figure]) -> list[Figure]:
    """The parts whose place lies inside no other part's."""
    book = gazetteer()
    codes = {part.region_code for part in parts if part.region_code}
    return [part for part in parts if not (part.region_code and any(code in codes for code in book.ancestors(part.region_code)))]


def _comparable(part: Figure, whole: Figure) -> bool:
    if not (_exact(part) and _exact(whole)) or part.unit in _SHARES:
        return False
    if part.is_correction or whole.is_correction:
        return False
    if part.unit in _PEOPLE and whole.unit in _PEOPLE:
        return True
    # 28种物资,包括口罩52180个: things of one unit that are not counted alike
    return part.unit == whole.unit and bool(part.value_quote) and (part.value_quote or "")[-1:] == (whole.value_quote or "")[-1:]


def _by_place(whole: Figure, parts: Sequence[Figure]) -> list[Figure]:
    """The parts that are other places' figures of the same thing: one for each place."""
    chosen: dict[tuple[str | None, str | None], Figure] = {}
    for part in parts:
        place = part.region_code, part.region_name
        if part.indicator != whole.indicator or part.date_end != whole.date_end or part.indicator == "other":
            continue
        if place in ((whole.region_code, whole.region_name), (None, None)):
            continue
        if place not in chosen or part.value > chosen[place].value:  # a repeat is one part
            chosen[place] = part
    return list(chosen.values())


def _by_sex(whole: Figure, parts: Sequence[Figure]) -> list[Figure]:
    """The men and the women, where just one figure stands for each."""
    men = [part for part in parts if "男" in part.measure and "女" not in part.measure]
    women = [part for part in parts if "女" in part.measure and "男" not in part.measure]
    return [*men, *women] if len(men) == len(women) == 1 else []


def _lists_all(doc: _Doc, whole: Figure, parts: Sequence[Figure]) -> bool:
    """Whether the whole and then its parts stand one after the other, without a word that leaves some out."""
    ordered = sorted(parts, key=lambda part: part.value_char_start)
    end = whole.value_char_end
    between = doc.between(end, ordered[0].value_char_start)
    inside = doc.between(end, ordered[-1].value_char_end + 4)
    if between is None or inside is None or not 0 < len(between) <= 40 or len(inside) > 1500:
        return False
    if not all(0 < len(doc.between(a.value_char_end, b.value_char_start) or "") <= 20 for a, b in itertools.pairwise(ordered)):
        return False
    return not _LEAVES_OUT.search(between) and not _AND_OTHERS.search(inside)


def _breakdown(
    doc: _Doc, votes: _Votes, check: str, kind: str, whole: Figure, parts: Sequence[Figure], total: float
) -> Finding:  # fmt: skip
    whole_said, sum_said = votes.of(whole), votes.count(_key(whole), total)
    slip = _slip(whole.value, total)
    favours: Sequence[Figure]
    real = _whole_by_sum(doc, whole, parts) if check == "parts_exceed_whole" else None
    if real is not None:
        favours, doubts = [real], list(parts)
        why = f"the parts make {_number(total)}, which is {real.metric_id} ({_figure(real)}): it is their whole"
    elif sum_said:
        favours, doubts = list(parts), [whole]
        why = f"the sum {_number(total)} is stated as the whole elsewhere ({_times(sum_said)}){slip}"
    elif whole_said > 1:
        favours, doubts = [whole], list(parts)
        why = f"the whole is stated {whole_said} times: a part is missing, counted twice or wrong{slip}"
    elif slip:
        favours, doubts = list(parts), [whole]
        why = f"the parts are {len(parts)} statements against one{slip}"
    else:
        favours, doubts = [], []
        why = "a part may be missing or read twice, or the whole is another one"
    return _finding(
        {doc.doc_id: doc}, check, whole.value, total, whole.unit,
        f"{len(parts)} parts {kind} make {_number(total)}; whole {_figure(whole)}", [whole, *parts, *([real] if real else [])],
        favours, doubts, why,
    )  # fmt: skip


# --- rates --------------------------------------------------------------------------------------------------------


def _rates(doc: _Doc, votes: _Votes) -> Iterator[Finding]:
    shares = [row for row in doc.metrics if row.unit == "percent" and row.value_high is None and row.qualifier != "about"]
    if not shares:
        return
    counts: dict[tuple[str, str | None, str | None], list[Figure]] = {}
    for row in doc.metrics:
        if row.indicator in _SERIES and _exact(row):
            counts.setdefault((row.indicator, row.region_code, row.region_name), []).append(row)
    for rate in shares:
        if rate.indicator in _RATES:
            pairs = _case_pairs(rate, counts)
        elif _SHARE_WORDS.search(rate.quote or rate.measure):
            pairs = _near_pairs(doc, rate)
        else:
            continue
        pairs = [(part, whole) for part, whole in pairs if whole.value]
        computed = [(100 * part.value / whole.value, part, whole) for part, whole in pairs]
        if not computed or any(_rate_agrees(rate, share) for share, _, _ in computed):
            continue
        share, part, whole = min(computed, key=lambda one: abs(one[0] - rate.value))
        if rate.indicator not in _RATES and not 0.8 < (share / rate.value if rate.value else 0) < 1.25:
            continue  # two figures that stand near a percentage need not be what it is made of
        implied = rate.value * whole.value / 100
        slip = _slip(round(implied), part.value) or _slip(round(share, 1), rate.value)
        support = min(votes.of(part), votes.of(whole))
        if support > 1:
            favours, doubts, why = [part, whole], [rate], f"the counts are stated {support} times"
        else:
            favours, doubts = [part, whole], [rate]
            why = "two counts that are stated as such against one figure that is computed from them"
        yield _finding(
            {doc.doc_id: doc}, "rate_against_counts", rate.value, share, "percent",
            f"{_figure(rate)} %, but {_number(part.value)} / {_number(whole.value)} = {share:.2f} %",
            [rate, part, whole], favours, doubts, why + slip,
        )  # fmt: skip


def _case_pairs(
    rate: Figure, counts: Mapping[tuple[str, str | None, str | None], Sequence[Figure]]
) -> list[tuple[Figure, Figure]]:
    """Recovered or dead, and confirmed, of the rate's place: of its day, else of the nearest sentences."""
    parts, wholes = (counts.get((name, rate.region_code, rate.region_name), ())[:50] for name in _RATES[rate.indicator])
    pairs = [(part, whole) for part in parts for whole in wholes if part.date_end == whole.date_end]
    return [pair for pair in pairs if pair[0].date_end == rate.date_end] or [
        pair for pair in pairs if abs(pair[0].value_char_start - rate.value_char_start) <= 200
    ]


def _near_pairs(doc: _Doc, rate: Figure) -> list[tuple[Figure, Figure]]:
    """The last two counts of one unit before a share in its sentence."""
    low = doc.sentence(rate)[0] if doc.text is not None else rate.char_start - _CONTEXT
    before = [row for row in doc.metrics_in(low, rate.value_char_start) if _exact(row) and row.unit not in _SHARES]
    if not before:
        return []
    part = before[-1]
    return [(part, row) for row in before[:-1] if row.unit == part.unit and row.value >= part.value]


def _rate_agrees(rate: Figure, share: float) -> bool:
    """Half a unit of the last digit for rounding, half a unit more for cutting it off; a hedge in its direction."""
    digits = len(_number(rate.value).partition(".")[2])
    slack = 10.0**-digits * 1.0001
    if rate.qualifier in ("more_than", "at_least"):
        return share >= rate.value - slack
    if rate.qualifier in ("less_than", "at_most", "nearly"):
        return share <= rate.value + slack
    return abs(share - rate.value) <= slack


# --- sums of different indicators ---------------------------------------------------------------------------------


def _sums(doc: _Doc, votes: _Votes) -> Iterator[Finding]:
    slots: dict[tuple[Any, ...], dict[str, list[Figure]]] = {}
    for row in doc.metrics:
        if _in_series(row):
            moment = row.region_code, row.region_name, row.date_end, row.time_end
            slots.setdefault(moment, {}).setdefault(row.indicator, []).append(row)
    for by_indicator in slots.values():
        seen: set[str] = set()
        for name, total, parts, makes_up in _SUMS:
            present = [part for part in parts if part in by_indicator]
            if total not in by_indicator or not present or (makes_up and len(present) < len(parts)):
                continue
            if not makes_up and total in seen and name == "part_of_series_exceeds_total":
                continue  # the same figures, told once
            found = _sum(doc, votes, name, by_indicator[total], [by_indicator[part] for part in present], makes_up)
            if found:
                seen.add(total)
                yield found


def _in_series(row: Figure) -> bool:
    """A figure of cases or contacts that stands for its whole place and day."""
    if row.indicator not in _SERIES or not _exact(row) or row.region_code is None or row.date_end is None:
        return False
    if row.indicator.endswith("_new") and row.date_start not in (None, row.date_end):
        return False
    return not row.is_correction


def _sum(
    doc: _Doc, votes: _Votes, check: str, totals: Sequence[Figure], parts: Sequence[Sequence[Figure]], makes_up: bool
) -> Finding | None:  # fmt: skip
    choices = itertools.islice(itertools.product(totals, *parts), 2000)
    best: tuple[float, tuple[Figure, ...]] | None = None
    for total, *chosen in choices:
        over = sum(row.value for row in chosen) - total.value
        if over == 0 or (over < 0 and not makes_up):
            return None
        if best is None or abs(over) < abs(best[0]):
            best = over, (total, *chosen)
    if best is None:
        return None
    over, (total, *chosen) = best
    few = -over <= CONTACT_GAP * total.value
    if check == "contacts_do_not_add_up" and over < 0 and (few or _accounted_for(doc, total, chosen, -over)):
        return None
    sum_ = total.value + over
    implied = votes.count(_key(total), sum_)
    favours: Sequence[Figure] = ()
    doubts: Sequence[Figure] = ()
    if implied:
        favours, doubts, why = chosen, [total], f"{_number(sum_)} is stated as the total elsewhere ({_times(implied)})"
    elif len(chosen) == 1 and (weighed := _weigh(votes, [total], chosen)):
        favours, why = weighed
        doubts = chosen if favours == [total] else [total]
    elif len(chosen) > 1 and (weak := _weakest([total, *chosen])):
        favours, doubts = [row for row in (total, *chosen) if row is not weak], [weak]
        why = f"its place or day is taken over ({_taken_over(weak)}), those of the others stand in the text"
    elif makes_up and over < 0:
        why = "the total may hold some that are counted in none of the parts"
    else:
        why = "nothing decides"
    signs = " + ".join(f"{row.indicator} {_number(row.value)}" for row in chosen)
    return _finding(
        {doc.doc_id: doc}, check, total.value, sum_, total.unit,
        f"{signs}{f' = {_number(sum_)}' if len(chosen) > 1 else ''}, but {_figure(total)}", [total, *chosen], favours, doubts,
        why + _slip(total.value, sum_),
    )  # fmt: skip


def _accounted_for(doc: _Doc, total: Figure, chosen: Sequence[Figure], missing: float) -> bool:
    """Whether the sentence says what became of the contacts who are neither released nor observed (诊断为疑似60人)."""
    low, high = doc.sentence(total)
    taken = {_span(row) for row in (total, *chosen)}
    others = {
        _span(row): row.value
        for row in doc.metrics_in(low, high)
        if row.unit in _PEOPLE and _span(row) not in taken
    }
    if others:
        return missing == sum(others.values()) or missing in others.values()
    return bool(_ELSEWHERE.search(doc.between(low, high) or total.quote or ""))


def _weakest(rows: Sequence[Figure]) -> Figure | None:
    ordered = sorted(rows, key=_certainty)
    return ordered[0] if _certainty(ordered[0]) < _certainty(ordered[1]) else None


# --- the same figure twice ----------------------------------------------------------------------------------------


def _repeats(doc: _Doc, votes: _Votes) -> Iterator[Finding]:
    groups: dict[tuple[Any, ...], list[Figure]] = {}
    for row in doc.metrics:
        if row.indicator in _SERIES and row.region_code and row.date_end and row.value_high is None and not row.is_correction:
            groups.setdefault((row.indicator, row.region_code, row.region_name), []).append(row)
    for group in groups.values():
        said = [row for row in group if row.part_of is None]
        title = [row for row in said if doc.in_title(row)]
        body = [row for row in group if not doc.in_title(row)]
        for row in title:
            same_day = [other for other in body if other.date_end == row.date_end and other.part_of is None]
            # 北京2例治愈; 今日有1名出院 … 另有1名: the title may add up what the body tells one by one
            told_apart = row.value == sum({other.value_char_start: other.value for other in body}.values())
            if same_day and not told_apart and not any(_agree(row, other) for other in body):
                yield _twice(doc, votes, "title_against_body", row, _nearest(row, same_day))
        told: set[tuple[Any, ...]] = set()
        for one, other in itertools.combinations([row for row in said if not doc.in_title(row)][:200], 2):
            moment = (one.date_start, one.date_end, one.time_end)
            if moment != (other.date_start, other.date_end, other.time_end) or _agree(one, other):
                continue
            if one.value_char_start == other.value_char_start or moment in told:
                continue
            told.add(moment)
            yield _twice(doc, votes, "said_twice", one, other)


def _agree(one: Figure, other: Figure) -> bool:
    from covid_timeline.tables.reconcile import agrees

    return agrees(one.value, one.qualifier, other.value) or agrees(other.value, other.qualifier, one.value)


def _nearest(row: Figure, others: Sequence[Figure]) -> Figure:
    return min(others, key=lambda other: (abs(other.value - row.value), other.value_char_start))


def _twice(doc: _Doc, votes: _Votes, check: str, one: Figure, other: Figure) -> Finding:
    weighed = _weigh(votes, [one], [other], by_certainty=check == "said_twice")
    slip = _slip(one.value, other.value)
    if weighed:
        favours, why = weighed
    elif check == "title_against_body":
        favours, why = [other], "the body is written from the figures, the title from the body"
    else:
        favours, why = [], "nothing decides"
    doubts = [] if not favours else [other] if favours[0] is one else [one]
    return _finding(
        {doc.doc_id: doc}, check, one.value, other.value, one.unit,
        f"{_figure(one)}, then {_number(other.value)}", [one, other], favours, doubts, why + slip,
    )  # fmt: skip



# --- between documents --------------------------------------------------------------------------------------------


class _Said(NamedTuple):
    """A figure of a series at the moment it holds."""

    day: dt.date
    minute: int  # of the day; 1440 is its end
    row: Figure
    closed: bool  # whether the day was over


def _moment(doc: _Doc, row: Figure) -> _Said | None:
    """The moment of a figure; None where the day was not over and no time is stated."""
    day = row.date_end
    if day is None:
        return None
    if row.time_end is not None:
        hour, minute = map(int, row.time_end.split(":"))
        if hour == minute == 0:  # 截至2月4日0时 is the end of February 3
            return _Said(day - _DAY, 1440, row, True)
        return _Said(day, hour * 60 + minute, row, hour == 24)
    published = doc.published
    if published is not None and published.date() <= day:
        return _Said(day, published.hour * 60 + published.minute, row, False) if published.date() == day else None
    return _Said(day, 1440, row, row.date_basis != "publication")


class _Series:
    """Figures of cases and contacts by place and indicator, of all documents."""

    def __init__(self, corrected: set[tuple[str, dt.date]]) -> None:
        self.said: dict[tuple[str, str], list[_Said]] = defaultdict(list)
        self.corrected = corrected
        self.docs: dict[str, _Doc] = {}
        self.doubted: set[str] = set()

    def add(self, doc: _Doc) -> None:
        self.docs[doc.doc_id] = doc
        for row in doc.metrics:
            if not _in_series(row) or _is_coded_part(row):
                continue
            whole = doc.by_id.get(row.part_of or "")
            if whole is not None and (whole.region_code, whole.indicator) == (row.region_code, row.indicator):
                continue
            said = _moment(doc, row)
            if said is not None and row.region_code:
                self.said[row.region_code, row.indicator].append(said)

    def findings(self, votes: _Votes, doubted: Iterable[str] = ()) -> Iterator[Finding]:
        """What documents say against one another. A row that one check doubts is not compared again by the next."""
        self.doubted = set(doubted)
        for series in self.said.values():
            series.sort(key=lambda one: (one.day, one.minute, one.row.doc_id, one.row.value_char_start))
        for (region, indicator), said in sorted(self.said.items()):
            if indicator.endswith("_cumulative"):
                yield from self._noted(self._falls(region, indicator, self._trusted(said)))
            if not indicator.endswith("_new"):
                yield from self._noted(self._jumps(self._trusted(said)))
            yield from self._noted(self._disagreements(self._trusted(said)))
        for region, indicator in sorted(self.said):
            if indicator.endswith("_new"):
                yield from self._noted(self._differences(region, indicator, votes))

    def _trusted(self, said: Sequence[_Said]) -> list[_Said]:
        return [one for one in said if one.row.metric_id not in self.doubted]

    def _noted(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        for finding in list(findings):
            self.doubted.update(finding.doubts)
            yield finding

    # -- one value for one closed day

    def _disagreements(self, said: Sequence[_Said]) -> Iterator[Finding]:
        for _, group in itertools.groupby((one for one in said if one.closed), key=lambda one: one.day):
            by_value: dict[float, list[Figure]] = {}
            for one in group:
                if not (one.row.indicator.endswith("_new") and (one.row.date_start is None or one.row.time_start)):
                    by_value.setdefault(one.row.value, []).append(one.row)
            if len(by_value) < 2 or len({row.doc_id for rows in by_value.values() for row in rows}) < 2:
                continue
            ranked = sorted(by_value.values(), key=lambda rows: (-len({row.doc_id for row in rows}), rows[0].value))
            first, second = ranked[:2]
            if {row.doc_id for row in first} & {row.doc_id for row in second}:
                continue  # one document says both: it is told there
            n, m = (len({row.doc_id for row in rows}) for rows in (first, second))
            favours, doubts, why = [], [], f"stated by as many documents ({n})"
            if n > m:
                favours, doubts, why = first[:1], second[:1], f"{n} documents against {m}"
            yield _finding(
                self.docs, "documents_disagree", first[0].value, second[0].value, first[0].unit,
                f"{_figure(first[0])} in {n}, {_number(second[0].value)} in {m} documents", [first[0], second[0]],
                favours, doubts, why + _slip(first[0].value, second[0].value),
            )  # fmt: skip

    # -- series that fall

    def _falls(self, region: str, indicator: str, said: Sequence[_Said]) -> Iterator[Finding]:
        # Of two chains of one length, that of the figures whose place and day stand in the text.
        kept = _longest_rise([(one.row.value, 10 + _certainty(one.row)) for one in said])
        chain = sorted(kept)
        for i, one in enumerate(said):
            if i in kept:
                continue
            at = bisect.bisect(chain, i)
            before = said[chain[at - 1]] if at else None
            after = said[chain[at]] if at < len(chain) else None
            against = [other for other in (before, after) if other and _out_of_order(one, other)]
            if not against or any(self._excused(region, indicator, one.day, other.day) for other in against):
                continue
            if any(other.row.doc_id == one.row.doc_id for other in against):
                continue  # within one document: said_twice
            worst = max(against, key=lambda other: abs(other.row.value - one.row.value))
            bounds = " and ".join(f"{_number(other.row.value)} on {other.day} ({other.row.doc_id})" for other in against)
            yield _finding(
                self.docs, "cumulative_falls", one.row.value, worst.row.value, one.row.unit,
                f"{_figure(one.row)} does not fit {bounds}", [one.row, *(other.row for other in against)],
                [other.row for other in against], [one.row],
                f"{len(chain)} of {len(said)} figures of this series rise without it" + _slip(one.row.value, worst.row.value),
            )  # fmt: skip

    def _excused(self, region: str, indicator: str, *days: dt.date) -> bool:
        """Whether a correction or another definition is stated on one of the days or between them."""
        from covid_timeline.tables.cities import definition_breaks

        low, high = min(days), max(days)
        if any((region, low + k * _DAY) in self.corrected for k in range(min((high - low).days, 30) + 1)):
            return True
        book = gazetteer()
        return any(
            low <= one.date <= high + _DAY
            and indicator in one.indicators
            and (one.region_code == region or book.contains(one.region_code, region) or book.contains(region, one.region_code))
            for one in definition_breaks()
        )

    # -- jumps

    def _jumps(self, said: Sequence[_Said]) -> Iterator[Finding]:
        for i, one in enumerate(said):
            value = one.row.value
            before = _neighbour(said, i, -1)
            after = _neighbour(said, i, 1)
            near = [other for other in (before, after) if other]
            amounts = [other.row.value for other in near]
            if not near or value < 0:
                continue
            # Growth from few to many within a week is no slip: it takes a figure on either side, or a fall.
            falls = before is not None and one.row.indicator.endswith("_cumulative")
            high = len(near) == 2 and value >= 10 * max(amounts) and value - max(amounts) >= 20
            low = (len(near) == 2 or falls) and value * 10 <= min(amounts) and min(amounts) - value >= 20
            if not (high or low):
                continue
            worst = max(amounts) if high else min(amounts)
            bounds = " and ".join(f"{_number(other.row.value)} on {other.day} ({other.row.doc_id})" for other in near)
            yield _finding(
                self.docs, "tenfold_jump", value, worst, one.row.unit, f"{_figure(one.row)} beside {bounds}",
                [one.row, *(other.row for other in near)], [other.row for other in near], [one.row],
                ("two documents against one" if len(near) == 2 else "the neighbouring document") + _slip(value, worst),
            )  # fmt: skip

    # -- new figures and differences

    def _differences(self, region: str, indicator: str, votes: _Votes) -> Iterator[Finding]:
        total = indicator.removesuffix("_new") + "_cumulative"
        days = {name: self._closing(region, name) for name in (indicator, total)}
        for day, news in sorted(days[indicator].items()):
            here, before = days[total].get(day), days[total].get(day - _DAY)
            if not here or not before or self._excused(region, total, day) or self._excused(region, total, day - _DAY):
                continue
            if any(a.value - b.value == n.value for n in news for a in here for b in before):
                continue
            new, now, past = (max(rows, key=lambda row: (votes.of(row), _certainty(row))) for rows in (news, here, before))
            if len({new.doc_id, now.doc_id, past.doc_id}) == 1 or self._holds_another(now) != self._holds_another(past):
                continue
            difference = now.value - past.value
            favours, doubts, why = self._judge(days, indicator, total, day, new, now, past)
            yield _finding(
                self.docs, "new_against_cumulative", new.value, difference, new.unit,
                f"{_figure(new)}, but {_number(now.value)} - {_number(past.value)} = {_number(difference)}",
                [new, now, past], favours, doubts, why + _slip(new.value, difference),
            )  # fmt: skip

    def _judge(
        self, days: Mapping[str, Mapping[dt.date, list[Figure]]], indicator: str, total: str, day: dt.date,
        new: Figure, now: Figure, past: Figure,
    ) -> tuple[list[Figure], list[Figure], str]:  # fmt: skip
        """Which of the three figures the days around them leave alone."""
        def fits(when: dt.date, value: float, step: int) -> bool:
            other = days[total].get(when + step * _DAY, [])
            news = days[indicator].get(when + _DAY if step > 0 else when, [])
            return any(o.value - step * n.value == value for o in other for n in news)

        now_fits, past_fits = fits(day, now.value, 1), fits(day - _DAY, past.value, -1)
        if now_fits and past_fits:
            return [now, past], [new], "both cumulative figures agree with the days after and before"
        if now_fits:
            return [now, new], [past], f"{_number(now.value)} agrees with the day after, {_number(past.value)} with none before"
        if past_fits:
            return [past, new], [now], f"{_number(past.value)} agrees with the day before, {_number(now.value)} with none after"
        return [], [], "the days around are not at hand or do not agree either"

    def _holds_another(self, row: Figure) -> bool:
        """商丘市50例（含永城市9例）: counts a place in that may stand by itself in another document."""
        after = self.docs[row.doc_id].between(row.value_char_end, row.value_char_end + 2)
        if after is None:
            after = (row.quote or "")[row.value_char_end - row.char_start :][:2]
        return after in ("（含", "(含")

    def _closing(self, region: str, indicator: str) -> dict[dt.date, list[Figure]]:
        found: dict[dt.date, list[Figure]] = {}
        for one in self._trusted(self.said.get((region, indicator), ())):
            row = one.row
            whole_day = not indicator.endswith("_new") or (row.date_start == row.date_end and row.time_start in (None, "00:00"))
            if one.closed and whole_day:
                found.setdefault(one.day, []).append(row)
        return found


def _is_coded_part(row: Figure) -> bool:
    """A hospital or a new area takes the code of the unit around it; its figure is not that unit's."""
    region = gazetteer().get(row.region_code or "")
    return region is not None and row.region_name not in (None, region.name)


def _out_of_order(one: _Said, other: _Said) -> bool:
    """Whether the earlier of two figures is the larger. Without a clock time nothing is early or late within a day."""
    first, second = (one, other) if (one.day, one.minute) <= (other.day, other.minute) else (other, one)
    if first.row.value <= second.row.value:
        return False
    if first.day == second.day:
        return first.minute < second.minute and all(said.closed or said.row.time_end for said in (first, second))
    return True


def _neighbour(said: Sequence[_Said], i: int, step: int) -> _Said | None:
    """The nearest figure of another document within a week, on an earlier or later moment."""
    here = said[i]
    j = i + step
    while 0 <= j < len(said):
        other = said[j]
        if abs((other.day - here.day).days) > _NEAR_DAYS:
            return None
        if other.row.doc_id != here.row.doc_id:
            return other
        j += step
    return None


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


# --- where to look ------------------------------------------------------------------------------------------------

_NEEDS = (
    "metric_id doc_id value value_high unit qualifier value_char_start value_char_end status indicator measure part_of "
    "date_start date_end time_start time_end date_basis region_code region_name region_basis char_start char_end is_correction"
)
_WITHIN = (_parts, _rates, _sums, _repeats)
"""The checks of one document."""


class _Columns:
    """The columns that say where a contradiction could be, decoded once."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.doc, self.docs = rows.codes("doc_id")
        self.value = rows.numbers("value")
        self.counted = rows.is_in("status", ("reported",)) & np.isfinite(self.value) & _first_posts(rows) & _whole(rows)
        self.exact = rows.is_in("qualifier", ("exact",)) & ~rows.valid("value_high")
        self.series = self.counted & rows.is_in("indicator", _SERIES)
        self.start, self.end = rows.days("date_start"), rows.days("date_end")
        news = rows.is_in("indicator", [word for word in _SERIES if word.endswith("_new")])
        whole_day = ~news | (self.start == NO_DAY) | (self.start == self.end)
        self.correction = rows.ints("is_correction") == 1
        self.placed = self.series & rows.valid("region_code") & (self.end != NO_DAY) & ~self.correction
        self.summed = self.placed & self.exact & whole_day


def _whole(rows: Rows) -> Mask:
    """Rows that hold what the checks read; the others have failures of their own."""
    made = np.ones(len(rows), bool)
    for column in ("metric_id", "doc_id", "indicator", "unit", "qualifier", "measure", "date_basis", "region_basis"):
        made &= rows.valid(column)
    for column in ("value_char_start", "value_char_end", "char_start", "char_end"):
        made &= rows.ints(column) >= 0
    for column in ("time_start", "time_end"):
        made &= ~rows.valid(column) | rows.matches(column, "^([01][0-9]|2[0-4]):[0-5][0-9]$")
    for column in ("date_start", "date_end"):
        days = rows.days(column)
        made &= (days == NO_DAY) | (np.abs(days) < 100_000)
    return made


def _first_posts(rows: Rows) -> Mask:
    """Rows of documents that repeat no other: a text is looked at once, and one that is repeated has one voice."""
    documents = rows.tables.rows("documents")
    if not documents.has("duplicate_of"):
        return np.ones(len(rows), bool)
    return np.append(~documents.valid("duplicate_of"), False)[rows.lookup("doc_id", "documents", "doc_id")]


def _suspects(c: _Columns) -> Mask:
    """Documents, by code, in which the checks of one document could find something; there are no others. The last
    entry, which the code of a null points to, is none."""
    found = np.zeros(len(c.docs) + 1, bool)
    for rows in (_suspect_parts(c), _suspect_rates(c), _suspect_sums(c), _suspect_repeats(c)):
        found[c.doc[rows]] = True
    found[-1] = False
    return found


def _suspect_parts(c: _Columns) -> Ints:
    rows = c.rows
    whole = rows.lookup("part_of", "metrics", "metric_id")
    at = np.flatnonzero((whole >= 0) & c.counted & c.exact & ~rows.is_in("unit", _SHARES))
    if not len(at):
        return at
    of = whole[at]
    indicator, region = rows.codes("indicator")[0], rows.codes("region_code")[0]
    by_place = (indicator[at] == indicator[of]) & (region[at] != region[of])
    by_sex = rows.matches("measure", "[男女]")[at]
    suspect = c.value[at] > c.value[of]
    for kind in (by_place, by_sex):
        parts = pd.DataFrame({"of": of[kind], "place": rows.groups("region_code", "region_name", "measure")[at[kind]], "value": c.value[at[kind]]})
        sums = parts.groupby(["of", "place"])["value"].max().groupby("of").agg(["sum", "size"])
        wrong = sums.index[(sums["size"] > 1) & (sums["sum"] != c.value[sums.index])]
        suspect |= np.isin(of, wrong)
    return at[suspect]


def _suspect_rates(c: _Columns) -> Ints:
    rows = c.rows
    shares = c.counted & rows.is_in("unit", ("percent",)) & ~rows.valid("value_high") & ~rows.is_in("qualifier", ("about",))
    stated = shares & rows.is_in("indicator", _RATES)
    counts = np.flatnonzero(c.counted & c.exact & ~rows.is_in("unit", _SHARES))
    near = np.flatnonzero(shares & ~stated)
    if not len(near) or not len(counts):
        return np.flatnonzero(stated)
    start = rows.ints("value_char_start")
    place = c.doc * (1 << 40) + start
    # As far back as `_near_pairs` looks: a sentence, or the clause and some words before it.
    far = start[near] - _FAR if rows.tables.context.texts else rows.ints("char_start")[near] - _CONTEXT
    unit = rows.codes("unit")[0]
    counts = counts[np.argsort(place[counts], kind="stable")]
    last = np.searchsorted(place[counts], place[near]) - 1
    part = counts[np.maximum(last, 0)]
    suspect = np.zeros(len(near), bool)
    for back in range(1, 13):  # no sentence has more counts between a part and its whole
        whole = counts[np.maximum(last - back, 0)]
        share = 100 * c.value[part] / c.value[whole]
        close = (0.8 * c.value[near] < share) & (share < 1.25 * c.value[near]) & (np.abs(share - c.value[near]) > 1e-3)
        close &= (unit[whole] == unit[part]) & (c.value[whole] >= c.value[part]) & (start[whole] >= far)
        suspect |= close & (last >= back) & (c.doc[whole] == c.doc[near])
    return np.concatenate([np.flatnonzero(stated), near[suspect]])


def _suspect_sums(c: _Columns) -> Ints:
    rows = c.rows
    names = sorted({name for _, total, parts, _ in _SUMS for name in (total, *parts)})
    at = np.flatnonzero(c.summed & rows.is_in("indicator", names))
    if not len(at):
        return at
    moment = rows.groups("doc_id", "region_code", "region_name", "date_end", "time_end")[at]
    slots = pd.DataFrame({"moment": moment, "name": np.array(rows.codes("indicator")[1], object)[rows.codes("indicator")[0][at]], "value": c.value[at]})
    bounds: Any = slots.groupby(["moment", "name"])["value"].agg(["min", "max"]).unstack()
    low, high = (bounds[end].reindex(columns=names).to_numpy() for end in ("min", "max"))
    place = {name: number for number, name in enumerate(names)}
    suspect = np.zeros(len(bounds), bool)
    for _, total, parts, makes_up in _SUMS:
        chosen, whole = [place[part] for part in parts], place[total]
        least, most = np.nansum(low[:, chosen], axis=1) - high[:, whole], np.nansum(high[:, chosen], axis=1) - low[:, whole]
        known = ~np.isnan(low[:, chosen])
        there = known.all(axis=1) if makes_up else known.any(axis=1)
        wrong = ((least != 0) | (most != 0)) if makes_up else least > 0
        suspect |= wrong & there & ~np.isnan(low[:, whole])
    return at[np.isin(moment, bounds.index[suspect])]


def _suspect_repeats(c: _Columns) -> Ints:
    rows = c.rows
    at = np.flatnonzero(c.placed)
    if not len(at):
        return at
    value = c.value[at]

    def differ(*columns: str) -> Mask:
        groups = pd.Series(value).groupby(rows.groups("doc_id", "indicator", "region_code", "region_name", *columns)[at])
        return (groups.transform("min") != groups.transform("max")).to_numpy()

    suspect = differ("date_start", "date_end", "time_end") & ~rows.valid("part_of")[at]
    if rows.tables.context.texts:  # the title may speak of another hour than the body
        suspect |= differ("date_end") & (rows.ints("value_char_start")[at] < _FAR)
    return at[suspect]


def _suspect_series(c: _Columns) -> Ints:
    """Rows of the places and indicators of which documents could contradict one another."""
    rows = c.rows
    at = np.flatnonzero(c.summed)
    if not len(at):
        return at
    # 截至2月4日0时 is the end of February 3.
    day = c.end[at] - rows.is_in("time_end", ("00:00",))[at]
    region, (indicator, words) = rows.codes("region_code")[0], rows.codes("indicator")
    frame = pd.DataFrame({"region": region[at], "indicator": indicator[at], "day": day, "value": c.value[at]})
    days = frame.groupby(["region", "indicator", "day"])["value"].agg(["min", "max"]).reset_index()
    series = days.groupby(["region", "indicator"])
    before = series[["min", "max", "day"]].shift()
    highest = series["max"].cummax().groupby([days["region"], days["indicator"]]).shift()
    word = np.array(words, object)[days["indicator"]]
    cumulative = np.array([str(one).endswith("_cumulative") for one in word], bool)
    jump = (days["max"] >= 10 * before["min"]) | (days["min"] * 10 <= before["max"])
    jump &= np.maximum(days["max"] - before["min"], before["max"] - days["min"]) >= 20
    wrong = (days["min"] != days["max"]) | (cumulative & (days["min"] < highest)) | jump
    suspect = set(zip(days["region"][wrong], word[wrong], strict=True))
    wide = {(r, w, d): (low, high) for r, w, d, low, high in zip(days["region"], word, days["day"], days["min"], days["max"], strict=True)}
    for (r, w, d), (low, high) in wide.items():
        if w.endswith("_new"):
            total = w.removesuffix("_new") + "_cumulative"
            now, past = wide.get((r, total, d)), wide.get((r, total, d - 1))
            if now and past and not (low == high == now[0] - past[1] == now[1] - past[0]):
                suspect |= {(r, w), (r, total)}
    keys = [f"{r}\0{w}" for r, w in suspect]
    mine = pd.Series(region[at]).astype(str) + "\0" + pd.Series(np.array(words, object)[indicator[at]])
    return at[mine.isin(keys).to_numpy()]


# --- findings -----------------------------------------------------------------------------------------------------


def findings(tables: Tables) -> list[Finding]:
    """What the figures say that cannot all be true, the largest share of difference first.

    Args:
        tables: `documents` and `metrics`, with all columns that the checks need.
    """
    made: list[Finding] = tables.remember("findings", lambda: _find(tables))
    return made


def _find(tables: Tables) -> list[Finding]:
    rows = tables.rows("metrics")
    if not len(rows):
        return []
    c = _Columns(rows)
    suspects = _suspects(c)
    within = np.flatnonzero(suspects[c.doc] & c.counted)
    series = _suspect_series(c)
    key = rows.groups("indicator", "region_code")
    asked = np.zeros(key.max() + 1, bool)
    asked[key[within]] = asked[key[series]] = True
    votes = _Votes(lambda: _figures(rows, np.flatnonzero(asked[key] & c.series)))
    found = [finding for doc in _docs(rows, within, c.doc[within]) for one in _WITHIN for finding in one(doc, votes)]
    corrected: set[tuple[str, dt.date]] = set()
    for row in _figures(rows, np.flatnonzero(c.counted & c.correction)):
        if row.region_code and row.date_end:  # 核减宜春市1例 corrects the province too
            corrected |= {(code, row.date_end) for code in (row.region_code, *gazetteer().ancestors(row.region_code))}
    between = _Series(corrected)
    for doc in _docs(rows, series, c.doc[series]):
        between.add(doc)
    found += between.findings(votes, {name for finding in found for name in finding.doubts})
    return sorted(found, key=lambda one: (-one.size, -one.difference, one.check, one.rows))


def _figures(rows: Rows, at: Ints) -> list[Figure]:
    columns = [field for field in Figure._fields if rows.has(field)]
    absent: dict[str, Any] = {field: "" if field == "rule" else None for field in Figure._fields if field not in columns}
    if absent:
        return [Figure(**dict(zip(columns, values, strict=True)), **absent) for values in rows.lists(columns, at)]
    return [Figure._make(values) for values in rows.lists(columns, at)]


def _docs(rows: Rows, at: Ints, doc: Ints) -> Iterator[_Doc]:
    """The documents of these rows of `metrics`, with these figures of theirs, some thousand rows at a time."""
    documents, texts = rows.tables.rows("documents"), rows.tables.context.texts
    columns = [name for name in ("doc_id", "title", "url", "published_at") if documents.has(name)]
    order = np.argsort(doc, kind="stable")
    at, doc = at[order], doc[order]
    borders = np.append(np.flatnonzero(np.append(True, doc[1:] != doc[:-1])), len(at)) if len(at) else np.zeros(0, np.int64)
    for first in range(0, len(borders) - 1, _DOCUMENTS):
        part = at[borders[first] : borders[min(first + _DOCUMENTS, len(borders) - 1)]]
        of: dict[str, list[Figure]] = {}
        for figure in _figures(rows, part):
            of.setdefault(figure.doc_id, []).append(figure)
        known = rows.lookup("doc_id", "documents", "doc_id")[part]
        for values in documents.lists(columns, np.unique(known[known >= 0])):
            about = dict(zip(columns, values, strict=True))
            yield _Doc(
                about["doc_id"], about.get("title") or "", about.get("url"), about.get("published_at"), texts.get(about["doc_id"]),
                sorted(of[about["doc_id"]], key=lambda row: (row.value_char_start, row.metric_id)),
            )  # fmt: skip


_DOCUMENTS = 2_000

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
