"""The self-audit: figures that cannot all be true, found without annotations, each with its sentences.

A finding is a contradiction between rows: parts and their whole, a rate and its counts, the same figure said twice,
a series that falls. It is a misreading of ours or a slip of the article; both are listed, neither is repaired. Each
finding names the reading that it favours and says why; where nothing decides, it says so.

`audit_facts` looks at one article, `audit_tables` at a whole build and also between its documents. docs/audit.md
explains every check with an example.

>>> len(CHECKS), "rate_against_counts" in CHECKS
(15, True)
"""

from __future__ import annotations

import bisect
import datetime as dt
import itertools
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from covid_timeline.mentions.places import gazetteer
from covid_timeline.model import DateRow, Facts, MetricRow
from covid_timeline.tables.schema import VOCABULARIES
from covid_timeline.text.shown import printable

if TYPE_CHECKING:
    import pyarrow as pa

CHECKS: Mapping[str, str] = {
    "part_exceeds_whole": "A part is not more than the whole that it is a part of.",
    "parts_exceed_whole": "The parts of a breakdown by place or by sex are together not more than their whole.",
    "parts_short_of_whole": "Where the text lists all parts of a whole, they make it up.",
    "rate_against_counts": "A stated rate is that of the counts beside it.",
    "outcomes_exceed_confirmed": "Recovered and dead together are not more than confirmed.",
    "part_of_series_exceeds_total": "What is new, imported, severe, observed or released is not more than the total it belongs to.",
    "totals_do_not_add_up": "Confirmed are those still ill, recovered and dead; all cases are the imported and the local ones.",
    "contacts_do_not_add_up": "Close contacts traced are those released and those still observed.",
    "said_twice": "One article gives one value for the same indicator, place and day.",
    "title_against_body": "The title says what the body says.",
    "reversed_period": "A period runs from its first day to its last, a range from its lower end to its upper.",
    "new_against_cumulative": "What is new on a day is the difference of the cumulative figures of the day and of the day before.",
    "cumulative_falls": "A cumulative figure does not fall from one document to a later one.",
    "tenfold_jump": "A figure is not ten times, nor a tenth of, what the documents before and after it say.",
    "documents_disagree": "Documents that speak of the same closed day give the same value.",
}
"""Every check, with what must hold. The last four look between documents."""

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

_Row = MetricRow | DateRow


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

    check: str  # a key of CHECKS
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
        made["expects"] = CHECKS[self.check]
        made["passages"] = [passage._asdict() for passage in self.passages]
        return made


def _indented(line: str) -> str:
    bare = line.lstrip(" ")
    return " " * (len(line) - len(bare)) + printable(bare, 4000)


# --- documents ----------------------------------------------------------------------------------------------------


class _Doc:
    """One document as the checks see it."""

    def __init__(
        self,
        doc_id: str,
        title: str,
        url: str | None,
        published: dt.datetime | None,
        anchor: dt.date | None,
        text: str | None,
        metrics: Sequence[MetricRow],
        dates: Sequence[DateRow],
    ) -> None:
        self.doc_id = doc_id
        self.title = title
        self.url = url
        self.published = published
        self.anchor = anchor
        self.text = text
        self.metrics = metrics
        self.dates = dates
        self.by_id = {row.metric_id: row for row in metrics}
        self._starts = [row.value_char_start for row in metrics]  # metrics stand in the order of the text
        self._stops: list[int] | None = None
        self._words: dict[tuple[int, int], str | None] | None = None
        start = (text or "").find(title) if title else 0
        # Where the body begins: an article that does not open with its title, or is nothing else, has none to compare.
        end = start + len(title)
        self.title_end = end if title and 0 <= start <= 200 and any(row.value_char_start >= end for row in metrics) else 0

    def in_title(self, row: MetricRow) -> bool:
        return row.value_char_end <= self.title_end

    def between(self, start: int, end: int) -> str | None:
        """The characters between two offsets; None where they are not at hand."""
        return None if self.text is None else self.text[start:end]

    def sentence(self, row: _Row) -> tuple[int, int]:
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

    def clause_words(self, low: int, high: int) -> str | None:
        """The words of a clause as a row quotes them; None where they are withheld."""
        if self._words is None:
            rows: list[_Row] = [*self.metrics, *self.dates]
            self._words = {(row.char_start, row.char_end): row.quote for row in rows}
        return self._words.get((low, high))

    def metrics_in(self, low: int, high: int) -> Sequence[MetricRow]:
        """The figures that start in `[low, high)`."""
        return self.metrics[bisect.bisect_left(self._starts, low) : bisect.bisect_left(self._starts, high)]


def _doc_of(facts: Facts) -> _Doc:
    article = facts.article
    return _Doc(
        article.doc_id, article.title, article.url, article.published_at, article.anchor_date, article.raw,
        facts.metrics, facts.dates,
    )  # fmt: skip


def _passages(docs: Mapping[str, _Doc], rows: Iterable[_Row]) -> tuple[Passage, ...]:
    """The sentences of the rows, one entry for each sentence, in the order of the text."""
    found: dict[tuple[str, int, int], dict[tuple[int, int], list[str]]] = {}
    for row in rows:
        start, end = _span(row)
        low, high = docs[row.doc_id].sentence(row)
        ids = found.setdefault((row.doc_id, low, high), {}).setdefault((start, end), [])
        if row_name(row) not in ids:
            ids.append(row_name(row))
    made = []
    for (doc_id, low, high), spans in found.items():
        doc = docs[doc_id]
        words = doc.text[low:high] if doc.text is not None else doc.clause_words(low, high)
        marked = WITHHELD if words is None else _mark(words, [(start - low, end - low) for start, end in spans])
        names = tuple(name for _, ids in sorted(spans.items()) for name in ids)
        made.append(Passage(doc_id, doc.title, doc.url, low, high, marked, names))
    return tuple(made)


def row_name(row: _Row) -> str:
    """The id of a row; a row of `dates`, which has none, is named in the same manner."""
    return row.metric_id if isinstance(row, MetricRow) else f"{row.doc_id}:d{row.char_start}"


def _span(row: _Row) -> tuple[int, int]:
    if isinstance(row, MetricRow):
        return row.value_char_start, row.value_char_end
    return row.char_start, row.char_end


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


def _key(row: MetricRow) -> _Key:
    return row.indicator, row.region_code, row.region_name, row.date_end


class _Votes:
    """What all documents at hand state of an indicator, a place and a day."""

    def __init__(self) -> None:
        self._rows: dict[_Key, dict[float, set[tuple[str, int]]]] = defaultdict(lambda: defaultdict(set))
        self._days: dict[tuple[str, str | None], list[tuple[dt.date, str, float]]] = defaultdict(list)
        self._sorted = False

    def add(self, rows: Iterable[MetricRow]) -> None:
        for row in rows:
            if row.indicator in _SERIES:
                self._rows[_key(row)][row.value].add((row.doc_id, row.value_char_start))
                if row.date_end is not None and row.part_of is None:
                    self._days[row.indicator, row.region_code].append((row.date_end, row.doc_id, row.value))
                    self._sorted = False

    def count(self, key: _Key, value: float) -> int:
        """How many figures of the texts state this value."""
        return len(self._rows[key].get(value, ())) if key in self._rows else 0

    def of(self, row: MetricRow) -> int:
        return self.count(_key(row), row.value)

    def around(self, row: MetricRow) -> float | None:
        """The median of what other documents state for the days around; None where they state nothing."""
        if row.date_end is None:
            return None
        if not self._sorted:
            for days in self._days.values():
                days.sort()
            self._sorted = True
        days = self._days.get((row.indicator, row.region_code), [])
        low = bisect.bisect_left(days, (row.date_end - 2 * _DAY, "", 0.0))
        high = bisect.bisect_left(days, (row.date_end + 3 * _DAY, "", 0.0))
        values = sorted(value for _, doc_id, value in days[low : min(high, low + 200)] if doc_id != row.doc_id)
        return values[len(values) // 2] if values else None


def _certainty(row: MetricRow) -> int:
    """How much of a row stands in the text itself, rather than being taken over: 0 to 3."""
    named = row.region_basis == "named"
    dated = row.date_basis not in ("publication", "carried")
    return 2 * named + dated - 3 * (row.rule == "second_statement")


def _weigh(
    votes: _Votes, one: Sequence[MetricRow], other: Sequence[MetricRow], *, by_certainty: bool = True
) -> tuple[Sequence[MetricRow], str] | None:
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


def _taken_over(row: MetricRow) -> str:
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


def _figure(row: MetricRow) -> str:
    """One row in a few words: confirmed_new 山东省 2020-02-03 = 12 case."""
    days = " to ".join(dict.fromkeys(str(day) for day in (row.date_start, row.date_end) if day))
    named = row.indicator if row.indicator != "other" else row.measure
    return " ".join(part for part in (named, row.region_name or "", days) if part) + f" = {_number(row.value)}"


def _finding(
    docs: Mapping[str, _Doc], check: str, stated: float, expected: float, unit: str, statement: str,
    rows: Sequence[_Row], favours: Iterable[_Row], doubts: Iterable[_Row], why: str,
) -> Finding:  # fmt: skip
    larger = max(abs(stated), abs(expected))
    difference = abs(stated - expected)
    ordered = sorted(set(rows), key=lambda row: (row.doc_id, *_span(row), row_name(row)))
    return Finding(
        check,
        round(difference / larger, 6) if larger else 0.0,
        difference,
        unit,
        statement,
        tuple(sorted({row_name(row) for row in favours})),
        tuple(sorted({row_name(row) for row in doubts})),
        why,
        tuple(row_name(row) for row in ordered),
        _passages(docs, ordered),
    )


def _exact(row: MetricRow) -> bool:
    return row.qualifier == "exact" and row.value_high is None


# --- parts and wholes ---------------------------------------------------------------------------------------------


def _parts(doc: _Doc, votes: _Votes) -> Iterator[Finding]:
    linked: dict[str, list[MetricRow]] = {}
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


def _runs(parts: Sequence[MetricRow]) -> list[list[MetricRow]]:
    """Parts that stand together: 24例（自治区18例、兵团6例）…。其中：乌鲁木齐市10例、… is broken down twice."""
    runs: list[list[MetricRow]] = []
    for part in sorted(parts, key=lambda part: part.value_char_start):
        if not runs or part.value_char_start - runs[-1][-1].value_char_end > _TOGETHER:
            runs.append([])
        runs[-1].append(part)
    return runs


def _too_large(doc: _Doc, whole: MetricRow, parts: Sequence[MetricRow], larger: Sequence[MetricRow]) -> Finding:
    """A part, or several, of one whole that are larger than it."""
    worst = max(larger, key=lambda part: (part.value, -part.value_char_start))
    docs = {doc.doc_id: doc}
    which = f"part {_figure(worst)}" if len(larger) == 1 else f"{len(larger)} parts, the largest {_figure(worst)}"
    favours: Sequence[MetricRow] = []
    doubts: Sequence[MetricRow] = []
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


def _whole_by_sum(doc: _Doc, whole: MetricRow, parts: Sequence[MetricRow]) -> MetricRow | None:
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


def _outermost(parts: Sequence[MetricRow]) -> list[MetricRow]:
    """The parts whose place lies inside no other part's."""
    book = gazetteer()
    codes = {part.region_code for part in parts if part.region_code}
    return [part for part in parts if not (part.region_code and any(code in codes for code in book.ancestors(part.region_code)))]


def _comparable(part: MetricRow, whole: MetricRow) -> bool:
    if not (_exact(part) and _exact(whole)) or part.unit in _SHARES:
        return False
    if part.is_correction or whole.is_correction:
        return False
    if part.unit in _PEOPLE and whole.unit in _PEOPLE:
        return True
    # 28种物资,包括口罩52180个: things of one unit that are not counted alike
    return part.unit == whole.unit and bool(part.value_quote) and (part.value_quote or "")[-1:] == (whole.value_quote or "")[-1:]


def _by_place(whole: MetricRow, parts: Sequence[MetricRow]) -> list[MetricRow]:
    """The parts that are other places' figures of the same thing: one for each place."""
    chosen: dict[tuple[str | None, str | None], MetricRow] = {}
    for part in parts:
        place = part.region_code, part.region_name
        if part.indicator != whole.indicator or part.date_end != whole.date_end or part.indicator == "other":
            continue
        if place in ((whole.region_code, whole.region_name), (None, None)):
            continue
        if place not in chosen or part.value > chosen[place].value:  # a repeat is one part
            chosen[place] = part
    return list(chosen.values())


def _by_sex(whole: MetricRow, parts: Sequence[MetricRow]) -> list[MetricRow]:
    """The men and the women, where just one figure stands for each."""
    men = [part for part in parts if "男" in part.measure and "女" not in part.measure]
    women = [part for part in parts if "女" in part.measure and "男" not in part.measure]
    return [*men, *women] if len(men) == len(women) == 1 else []


def _lists_all(doc: _Doc, whole: MetricRow, parts: Sequence[MetricRow]) -> bool:
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
    doc: _Doc, votes: _Votes, check: str, kind: str, whole: MetricRow, parts: Sequence[MetricRow], total: float
) -> Finding:  # fmt: skip
    whole_said, sum_said = votes.of(whole), votes.count(_key(whole), total)
    slip = _slip(whole.value, total)
    favours: Sequence[MetricRow]
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
    counts: dict[tuple[str, str | None, str | None], list[MetricRow]] = {}
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
    rate: MetricRow, counts: Mapping[tuple[str, str | None, str | None], Sequence[MetricRow]]
) -> list[tuple[MetricRow, MetricRow]]:
    """Recovered or dead, and confirmed, of the rate's place: of its day, else of the nearest sentences."""
    parts, wholes = (counts.get((name, rate.region_code, rate.region_name), ())[:50] for name in _RATES[rate.indicator])
    pairs = [(part, whole) for part in parts for whole in wholes if part.date_end == whole.date_end]
    return [pair for pair in pairs if pair[0].date_end == rate.date_end] or [
        pair for pair in pairs if abs(pair[0].value_char_start - rate.value_char_start) <= 200
    ]


def _near_pairs(doc: _Doc, rate: MetricRow) -> list[tuple[MetricRow, MetricRow]]:
    """The last two counts of one unit before a share in its sentence."""
    low = doc.sentence(rate)[0] if doc.text is not None else rate.char_start - _CONTEXT
    before = [row for row in doc.metrics_in(low, rate.value_char_start) if _exact(row) and row.unit not in _SHARES]
    if not before:
        return []
    part = before[-1]
    return [(part, row) for row in before[:-1] if row.unit == part.unit and row.value >= part.value]


def _rate_agrees(rate: MetricRow, share: float) -> bool:
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
    slots: dict[tuple[Any, ...], dict[str, list[MetricRow]]] = {}
    for row in doc.metrics:
        if _in_series(row):
            moment = row.region_code, row.region_name, row.date_end, row.time_end
            slots.setdefault(moment, {}).setdefault(row.indicator, []).append(row)
    for by_indicator in slots.values():
        seen: set[str] = set()
        for check, total, parts, makes_up in _SUMS:
            present = [name for name in parts if name in by_indicator]
            if total not in by_indicator or not present or (makes_up and len(present) < len(parts)):
                continue
            if not makes_up and total in seen and check == "part_of_series_exceeds_total":
                continue  # the same figures, told once
            found = _sum(doc, votes, check, by_indicator[total], [by_indicator[name] for name in present], makes_up)
            if found:
                seen.add(total)
                yield found


def _in_series(row: MetricRow) -> bool:
    """A figure of cases or contacts that stands for its whole place and day."""
    if row.indicator not in _SERIES or not _exact(row) or row.region_code is None or row.date_end is None:
        return False
    if row.indicator.endswith("_new") and row.date_start not in (None, row.date_end):
        return False
    return not row.is_correction


def _sum(
    doc: _Doc, votes: _Votes, check: str, totals: Sequence[MetricRow], parts: Sequence[Sequence[MetricRow]], makes_up: bool
) -> Finding | None:  # fmt: skip
    choices = itertools.islice(itertools.product(totals, *parts), 2000)
    best: tuple[float, tuple[MetricRow, ...]] | None = None
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
    favours: Sequence[MetricRow] = ()
    doubts: Sequence[MetricRow] = ()
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


def _accounted_for(doc: _Doc, total: MetricRow, chosen: Sequence[MetricRow], missing: float) -> bool:
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


def _weakest(rows: Sequence[MetricRow]) -> MetricRow | None:
    ordered = sorted(rows, key=_certainty)
    return ordered[0] if _certainty(ordered[0]) < _certainty(ordered[1]) else None


# --- the same figure twice ----------------------------------------------------------------------------------------


def _repeats(doc: _Doc, votes: _Votes) -> Iterator[Finding]:
    groups: dict[tuple[Any, ...], list[MetricRow]] = {}
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


def _agree(one: MetricRow, other: MetricRow) -> bool:
    from covid_timeline.tables.reconcile import agrees

    return agrees(one.value, one.qualifier, other.value) or agrees(other.value, other.qualifier, one.value)


def _nearest(row: MetricRow, others: Sequence[MetricRow]) -> MetricRow:
    return min(others, key=lambda other: (abs(other.value - row.value), other.value_char_start))


def _twice(doc: _Doc, votes: _Votes, check: str, one: MetricRow, other: MetricRow) -> Finding:
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


# --- periods ------------------------------------------------------------------------------------------------------


def _reversals(doc: _Doc, votes: _Votes) -> Iterator[Finding]:
    del votes
    docs = {doc.doc_id: doc}
    stated = set()
    for date in doc.dates:
        if date.date_start > date.date_end:
            stated.add((date.date_start, date.date_end))
            days = (date.date_start - date.date_end).days
            yield _finding(
                docs, "reversed_period", days, 0, "day", f"from {date.date_start} to {date.date_end}", [date], [], [],
                "kept as stated: either end may be the slip, or the range spans the turn of a year",
            )  # fmt: skip
    for row in doc.metrics:
        if row.date_start and row.date_end and row.date_start > row.date_end and (row.date_start, row.date_end) not in stated:
            days = (row.date_start - row.date_end).days
            yield _finding(
                docs, "reversed_period", days, 0, "day", f"from {row.date_start} to {row.date_end}: {_figure(row)}", [row], [],
                [row], "no date of the text runs backwards: the two ends come from different dates",
            )  # fmt: skip
        if row.value_high is not None and row.value_high < row.value:
            yield _finding(
                docs, "reversed_period", row.value, row.value_high, row.unit,
                f"from {_number(row.value)} to {_number(row.value_high)}", [row], [], [], "kept as stated",
            )  # fmt: skip


_WITHIN = (_parts, _rates, _sums, _repeats, _reversals)
"""The checks of one document."""


def audit_facts(facts: Facts) -> list[Finding]:
    """What one article says that cannot all be true; sorted as `audit_tables` sorts.

    Args:
        facts: what was read from it. Nothing in it is changed.
    """
    doc = _doc_of(facts)
    votes = _Votes()
    votes.add(doc.metrics)
    return _sorted(finding for check in _WITHIN for finding in check(doc, votes))


# --- between documents --------------------------------------------------------------------------------------------


class _Said(NamedTuple):
    """A figure of a series at the moment it holds."""

    day: dt.date
    minute: int  # of the day; 1440 is its end
    row: MetricRow
    closed: bool  # whether the day was over


def _moment(doc: _Doc, row: MetricRow) -> _Said | None:
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

    def __init__(self) -> None:
        self.said: dict[tuple[str, str], list[_Said]] = defaultdict(list)
        self.corrected: set[tuple[str, dt.date]] = set()
        self.docs: dict[str, _Doc] = {}
        self.doubted: set[str] = set()

    def add(self, doc: _Doc) -> None:
        self.docs[doc.doc_id] = doc
        for row in doc.metrics:
            if row.is_correction and row.region_code and row.date_end:
                # 核减宜春市1例 corrects the province too.
                for code in (row.region_code, *gazetteer().ancestors(row.region_code)):
                    self.corrected.add((code, row.date_end))
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
            by_value: dict[float, list[MetricRow]] = {}
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
        self, days: Mapping[str, Mapping[dt.date, list[MetricRow]]], indicator: str, total: str, day: dt.date,
        new: MetricRow, now: MetricRow, past: MetricRow,
    ) -> tuple[list[MetricRow], list[MetricRow], str]:  # fmt: skip
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

    def _holds_another(self, row: MetricRow) -> bool:
        """商丘市50例（含永城市9例）: counts a place in that may stand by itself in another document."""
        after = self.docs[row.doc_id].between(row.value_char_end, row.value_char_end + 2)
        if after is None:
            after = (row.quote or "")[row.value_char_end - row.char_start :][:2]
        return after in ("（含", "(含")

    def _closing(self, region: str, indicator: str) -> dict[dt.date, list[MetricRow]]:
        found: dict[dt.date, list[MetricRow]] = {}
        for one in self._trusted(self.said.get((region, indicator), ())):
            row = one.row
            whole_day = not indicator.endswith("_new") or (row.date_start == row.date_end and row.time_start in (None, "00:00"))
            if one.closed and whole_day:
                found.setdefault(one.day, []).append(row)
        return found


def _is_coded_part(row: MetricRow) -> bool:
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


# --- whole builds -------------------------------------------------------------------------------------------------


def audit_tables(
    tables: Mapping[str, pa.Table], *, texts: Mapping[str, str] | None = None, checks: Iterable[str] = ()
) -> list[Finding]:
    """What the rows of a build, within and between its documents, say that cannot all be true.

    Args:
        tables: `documents`, `metrics` and `dates`, as published.
        texts: raw texts by doc_id: whole sentences instead of clauses, and words that the tables withhold.
        checks: only these; all where empty.

    Returns:
        The findings, those with the largest share of difference first, then by difference, check and row.

    Raises:
        ValueError: a check or a column does not exist.
    """
    wanted = set(checks) or set(CHECKS)
    if unknown := sorted(wanted - set(CHECKS)):
        raise ValueError(f"no check is called {', '.join(unknown)}; there are {', '.join(CHECKS)}")
    docs = list(_read_docs(tables, texts or {}))
    votes = _Votes()
    for doc in docs:
        votes.add(doc.metrics)
    series = _Series()
    found: list[Finding] = []
    for doc in docs:
        series.add(doc)
        found += [finding for check in _WITHIN for finding in check(doc, votes)]
    found += series.findings(votes, {name for finding in found for name in finding.doubts})
    return _sorted(finding for finding in found if finding.check in wanted)


def _sorted(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda one: (-one.size, -one.difference, one.check, one.rows))


def _read_docs(tables: Mapping[str, pa.Table], texts: Mapping[str, str]) -> Iterator[_Doc]:
    rows: dict[str, dict[str, list[Any]]] = {"metrics": {}, "dates": {}}
    for name, kind in (("metrics", MetricRow), ("dates", DateRow)):
        fields: tuple[str, ...] = kind._fields
        table = tables[name]
        if missing := [field for field in fields if field not in table.schema.names]:
            raise ValueError(f"{name} has no column {', '.join(missing)}")
        columns = [table.column(field).to_pylist() for field in fields]
        for values in zip(*columns, strict=True):
            row = kind(*values)
            rows[name].setdefault(row.doc_id, []).append(row)
    wanted = ("doc_id", "title", "url", "published_at", "anchor_date")
    documents = tables["documents"]
    if "duplicate_of" in documents.schema.names:  # a text is audited once, and one that is repeated has one voice
        documents = documents.filter(documents.column("duplicate_of").is_null())
    if missing := [field for field in wanted if field not in documents.schema.names]:
        raise ValueError(f"documents has no column {', '.join(missing)}")
    for doc_id, title, url, published, anchor in zip(*(documents.column(c).to_pylist() for c in wanted), strict=True):
        metrics = rows["metrics"].get(doc_id, [])
        dates = rows["dates"].get(doc_id, [])
        yield _Doc(doc_id, title or "", url, published, anchor, texts.get(doc_id), metrics, dates)


def run_audit(
    tables: Path | str,
    *,
    texts: Mapping[str, str] | Path | str | None = None,
    form: str = "text",
    checks: Iterable[str] = (),
    limit: int | None = None,
    out: TextIO | None = None,
) -> int:
    """Audit published tables and print what was found; what the command line calls.

    Args:
        tables: folder with the published tables.
        texts: raw texts by doc_id, or a folder of them (by default the folder `raw` beside the tables, if there is one).
        form: `text` or `jsonl`.
        checks: only these checks; all where empty.
        limit: print so many findings; all where None. The counts are of all.
        out: where to print; standard output where None.

    Returns:
        Exit code: 0, whatever was found (findings are no failures); 3 where the tables cannot be read.

    Raises:
        ValueError: a check or a form does not exist.
    """
    if form not in ("text", "jsonl"):
        raise ValueError(f"the form is text or jsonl, not {form!r}")
    if unknown := sorted(set(checks) - set(CHECKS)):
        raise ValueError(f"no check is called {', '.join(unknown)}; there are {', '.join(CHECKS)}")
    out = out or sys.stdout
    folder = Path(tables)
    try:
        read = _read_tables(folder)
        known = _read_texts(folder, texts, read["documents"])
        found = audit_tables(read, texts=known, checks=checks)
    except (OSError, ValueError, KeyError) as error:
        print(f"covid-timeline: {printable(str(error), 2000)}", file=sys.stderr)
        return 3
    shown = found if limit is None else found[:limit]
    if form == "jsonl":
        ascii_only = not (getattr(out, "encoding", None) or "utf-8").lower().startswith("utf")
        for finding in shown:
            print(_json_line(finding, ascii_only), file=out)
        return 0
    for finding in shown:
        print(f"{finding.to_text()}\n", file=out)
    counts = Counter(finding.check for finding in found)
    for check, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        print(f"{count:6}  {check}: {CHECKS[check]}", file=out)
    print(f"{len(found):6}  findings in {len(read['documents'])} documents", file=out)
    return 0


def _json_line(finding: Finding, ascii_only: bool) -> str:
    line = json.dumps(finding.to_json(), ensure_ascii=ascii_only)
    try:
        line.encode()
    except UnicodeEncodeError:  # half a surrogate pair in an article
        line = json.dumps(finding.to_json())
    return line


def _read_tables(folder: Path) -> dict[str, pa.Table]:
    from covid_timeline.tables.reading_guard import read_published

    return read_published(folder, ("documents", "metrics", "dates"))


def _read_texts(folder: Path, texts: Mapping[str, str] | Path | str | None, documents: pa.Table) -> Mapping[str, str]:
    if isinstance(texts, Mapping):
        return texts
    if texts is None:
        beside = folder.resolve().parent / "raw"
        if not beside.is_dir():
            return {}
        texts = beside
    from covid_timeline.tables.validate import read_texts

    return read_texts(Path(texts), documents).texts
