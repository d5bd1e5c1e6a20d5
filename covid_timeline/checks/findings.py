"""What the checks of contradictions look at, and what they say: figures in the order of the texts, and findings.

A `Finding` is a contradiction between rows. It names the reading that it favours and says why; where nothing decides, it
says so. `Figures` holds the rows that are compared as a frame, on which the checks are stated; only rows that contradict
one another are read one by one (`Figures.tell`).
"""

from __future__ import annotations

import bisect
import datetime as dt
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from covid_timeline.checks.frames import NO_DAY, Ints, Mask, Rows
from covid_timeline.checks.registry import CHECKS
from covid_timeline.mentions.places import gazetteer
from covid_timeline.tables.schema import VOCABULARIES
from covid_timeline.text.shown import printable

SERIES = frozenset(w.word for w in VOCABULARIES["indicators"].values() if w.group in ("cases", "tracing") and w.kind in ("new", "cumulative", "current") and set(w.units) & {"case"})  # fmt: skip
"""Indicators of which a place has one value a day."""

CONTEXT = 100  # characters of a sentence shown on either side of a span; the rest is …
FAR = 1000  # where a text has no sentences
_TITLE_FROM = 200  # a title stands among the first characters of its text
_SENTENCE_END = re.compile(r"[。！？!?]|\n")
_CASES = 2_000  # told at a time
WITHHELD = "(withheld)"
"""Stands for a sentence that the tables may not publish and that no text was given for."""


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
    at: int  # its place in the frame of all figures
    certainty: int  # how much stands in the text itself, rather than being taken over: 0 to 3

    @property
    def exact(self) -> bool:
        return self.qualifier == "exact" and self.value_high is None


class Doc(NamedTuple):
    """One document as the checks see it, with its figures in the order of the text, as far as they are at hand."""

    doc_id: str
    title: str
    url: str | None
    text: str | None
    title_end: int  # where the body begins; 0 where the text does not open with its title, or is nothing else
    metrics: list[Figure]

    def in_title(self, row: Figure) -> bool:
        return row.value_char_end <= self.title_end

    def between(self, start: int, end: int) -> str | None:
        """The characters between two offsets; None where they are not at hand."""
        return None if self.text is None else self.text[start:end]

    def sentence(self, row: Figure) -> tuple[int, int]:
        """The sentence around a row, or its clause where the text is not at hand."""
        if self.text is None:
            return row.char_start, row.char_end
        start, end = span(row)
        low = max(0, start - FAR)
        before = [match.end() for match in _SENTENCE_END.finditer(self.text, low, start)]
        after = _SENTENCE_END.search(self.text, max(end - 1, 0), end + FAR)
        return (before[-1] if before else low), (after.end() if after else min(len(self.text), end + FAR))

    def metrics_in(self, low: int, high: int) -> Sequence[Figure]:
        """The figures that start in `[low, high)`."""
        first, last = (bisect.bisect_left(self.metrics, at, key=lambda row: row.value_char_start) for at in (low, high))
        return self.metrics[first:last]


class Case(NamedTuple):
    """Figures that contradict one another, by their place in the frame, and what makes findings of them."""

    rows: Sequence[int]
    tell: Callable[[Mapping[str, Doc], list[Figure]], Iterable[Finding]]


class Figures:
    """The figures that are compared, as a frame in the order of the documents and of their texts.

    Left out are figures that the texts do not report (`status`), documents that repeat another, for what is said twice
    has one voice, and rows that lack what is compared; those have failures of their own. Words and places stand as
    numbers, days as days since 1970 (`NO_DAY` for none), clock times as minutes (-1 for none).
    """

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        start, codes, ids = rows.ints("value_char_start"), *rows.codes("doc_id")
        doc = np.append(np.argsort(np.argsort(np.array(ids, object))), -1)[codes]
        kept = np.flatnonzero(rows.is_in("status", ("reported",)) & np.isfinite(rows.numbers("value")) & _first_posts(rows) & _complete(rows))
        twins = kept[pd.DataFrame({"doc": doc[kept], "start": start[kept]}).duplicated(keep=False)]
        tie = np.zeros(len(rows), np.int64)  # figures of one place in the text are in the order of their ids
        tie[twins] = np.unique(np.array(rows.arrow("metric_id").take(pa.array(twins)).to_pylist(), object), return_inverse=True)[1]
        self.at: Ints = kept[np.lexsort((tie[kept], start[kept], doc[kept]))]
        """The row of `metrics` of each figure."""
        self.words: list[str] = rows.codes("indicator")[1]
        self.code: dict[str, int] = {word: code for code, word in enumerate(self.words)}
        """The numbers of the indicators."""
        self.regions: list[str] = rows.codes("region_code")[1]
        self.frame = self._frame(doc)
        self.doc, self.value, self.whole, self.certainty = (self.frame[name].to_numpy() for name in ("doc", "value", "whole", "certainty"))
        self.title_end = self._title_ends(sorted(ids))
        self.frame["in_title"] = self.frame["stop"].to_numpy() <= self.title_end[self.doc]

    def _frame(self, doc: Ints) -> pd.DataFrame:
        rows, at = self.rows, self.at
        back = np.full(len(rows) + 1, -1)
        back[at] = np.arange(len(at))
        whole = back[rows.lookup("part_of", "metrics", "metric_id")]
        certainty = 2 * rows.is_in("region_basis", ("named",)) + ~rows.is_in("date_basis", ("publication", "carried"))
        if rows.has("rule"):
            certainty = certainty - 3 * rows.is_in("rule", ("second_statement",))
        made = pd.DataFrame({name: column[at] for name, column in {
            "doc": doc, "start": rows.ints("value_char_start"), "stop": rows.ints("value_char_end"),
            "value": rows.numbers("value"), "indicator": rows.codes("indicator")[0], "unit": rows.codes("unit")[0],
            "region": rows.codes("region_code")[0],
            "place": np.where(rows.valid("region_code") | rows.valid("region_name"), rows.groups("region_code", "region_name"), -1),
            "first": rows.days("date_start"), "last": rows.days("date_end"),
            "from_time": _minutes(rows, "time_start"), "time": _minutes(rows, "time_end"), "whole": whole,
            "certainty": certainty, "is_part": rows.valid("part_of"), "is_range": rows.valid("value_high"),
            "exact": rows.is_in("qualifier", ("exact",)) & ~rows.valid("value_high"),
            "corrects": rows.ints("is_correction") == 1, "of_publication": rows.is_in("date_basis", ("publication",)),
        }.items()})  # fmt: skip
        linked = made["whole"].to_numpy()
        made["whole"] = np.where(made["doc"].to_numpy()[linked] == made["doc"], linked, -1) if len(made) else linked
        made["in_series"] = made["indicator"].isin(self.numbers_of("indicator", SERIES))
        made["placed"] = made["in_series"] & (made["region"] >= 0) & (made["last"] != NO_DAY) & ~made["corrects"]
        whole_day = ~made["indicator"].isin(self.ending("_new")) | (made["first"] == NO_DAY) | (made["first"] == made["last"])
        made["summed"] = made["placed"] & made["exact"] & whole_day
        return made

    def ending(self, ending: str) -> list[int]:
        """The numbers of the indicators with an ending."""
        return [code for word, code in self.code.items() if word.endswith(ending)]

    def numbers_of(self, column: str, words: Iterable[str]) -> list[int]:
        """The numbers of some words of a column."""
        return [code for code, word in enumerate(self.rows.codes(column)[1]) if word in words]

    def last_character(self, column: str, at: Ints) -> pd.Series[Any]:
        """The last character of a text of each of these figures; an empty text where there is none."""
        if not self.rows.has(column):
            return pd.Series("", index=range(len(at)), dtype=object)
        texts = self.rows.arrow(column).take(pa.array(self.at[at]))
        return pd.Series(pc.utf8_slice_codeunits(texts, -1).fill_null("").to_pylist(), dtype=object)

    @cached_property
    def corrected(self) -> set[tuple[str, int]]:
        """Regions and days of which a correction is stated: 核减宜春市1例 corrects the province too."""
        frame = self.frame
        said = frame[frame["corrects"] & (frame["region"] >= 0) & (frame["last"] != NO_DAY)][["region", "last"]].drop_duplicates()
        regions = ((self.regions[region], day) for region, day in said.itertuples(index=False, name=None))
        return {(code, day) for region, day in regions for code in (region, *gazetteer().ancestors(region))}

    def _title_ends(self, ids: Sequence[str]) -> Ints:
        """Where the body of each document begins; 0 where its text is not at hand or has no title of its own."""
        documents, texts = self.rows.tables.rows("documents"), self.rows.tables.context.texts
        made = np.zeros(len(ids), np.int64)
        if texts and documents.has("title"):
            titles: Mapping[str, str | None] = dict(documents.lists(["doc_id", "title"]))
            last = self.frame.groupby("doc")["start"].max()
            for code, start in zip(last.index.tolist(), last.tolist(), strict=True):
                title = titles.get(ids[code]) or ""
                at = texts.get(ids[code], "").find(title)
                if title and 0 <= at <= _TITLE_FROM and start >= at + len(title):
                    made[code] = at + len(title)
        return made

    # -- what the documents at hand state

    @cached_property
    def _stated(self) -> dict[tuple[int, float], int]:
        """How many figures of the texts state a value, by `key` and value."""
        said = pd.DataFrame({"key": self.key, "value": self.frame["value"], "doc": self.doc, "start": self.frame["start"]})
        counts = said[self.frame["in_series"]].drop_duplicates().groupby(["key", "value"]).size()
        return dict(zip(counts.index.tolist(), counts.tolist(), strict=True))

    @cached_property
    def key(self) -> Ints:
        """For each figure a number for its indicator, place and day."""
        return self.rows.groups("indicator", "region_code", "region_name", "date_end")[self.at]

    def stated(self, at: int, value: float | None = None) -> int:
        """How many figures of the texts state what this one does, or another value of its indicator, place and day."""
        return self._stated.get((int(self.key[at]), float(self.value[at]) if value is None else value), 0)

    @cached_property
    def _order(self) -> Ints:
        """For each figure a number that orders it by indicator, region and day; days that follow one another differ by one."""
        series = self.frame["indicator"].to_numpy() * 2**24 + self.frame["region"].to_numpy()
        return np.asarray(series * 2**18 + self.frame["last"].to_numpy() + 2**17)

    @cached_property
    def _days(self) -> tuple[Ints, Ints]:
        """The figures of series by indicator, region and day, and what orders them so."""
        said = self.frame[self.frame["in_series"] & (self.frame["last"] != NO_DAY) & ~self.frame["is_part"]]
        figures = said.sort_values(["indicator", "region", "last", "doc", "value"]).index.to_numpy()
        return figures, self._order[figures]

    def around(self, row: Figure) -> float | None:
        """The median of what other documents state for the days around; None where they state nothing."""
        if row.date_end is None:
            return None
        figures, order = self._days
        low, high = order.searchsorted([self._order[row.at] - 2, self._order[row.at] + 3])
        near = figures[low : min(high, low + 200)]
        values = np.sort(self.value[near[self.doc[near] != self.doc[row.at]]])
        return float(values[len(values) // 2]) if len(values) else None

    def weigh(self, one: Sequence[Figure], other: Sequence[Figure], *, by_certainty: bool = True) -> tuple[Sequence[Figure], str] | None:
        """Which of two readings the documents support, and why; None where nothing decides."""
        stated = [min((self.stated(row.at) for row in side), default=0) for side in (one, other)]
        if stated[0] != stated[1]:
            better = one if stated[0] > stated[1] else other
            return better, f"stated {max(stated)} times, the other {times(min(stated))}"
        usual = self.around(one[0]) if self.key[one[0].at] == self.key[other[0].at] else None
        far = [_ratio(side[0].value, usual) for side in (one, other)] if usual is not None else [1.0, 1.0]
        if min(far) < 3 <= max(far) / min(far):
            better = one if far[0] < far[1] else other
            return better, f"other documents say about {number(usual or 0)} around that day"
        sure = [min((row.certainty for row in side), default=0) for side in (one, other)]
        if by_certainty and sure[0] != sure[1]:
            better, worse = (one, other) if sure[0] > sure[1] else (other, one)
            weak = min(worse, key=lambda row: row.certainty)
            return better, f"its place and day stand in the text; those of {weak.metric_id} are taken over ({taken_over(weak)})"
        return None

    # -- one by one

    def tell(self, cases: Iterable[Case], *, whole_documents: bool) -> Iterator[Finding]:
        """The findings of the cases; with all figures of their documents at hand, or only with those that they name."""
        ordered = sorted(cases, key=lambda case: case.rows[0])
        for first in range(0, len(ordered), _CASES):
            part = ordered[first : first + _CASES]
            wanted = np.unique(np.fromiter(itertools.chain.from_iterable(case.rows for case in part), np.int64))
            if whole_documents:
                docs = np.unique(self.doc[wanted])
                borders = zip(self.doc.searchsorted(docs), self.doc.searchsorted(docs, "right"), strict=True)
                wanted = np.concatenate([np.arange(low, high) for low, high in borders])
            figures = dict(zip(wanted.tolist(), self._read(wanted), strict=True))
            at_hand = self._documents(wanted, figures)
            for case in part:
                yield from case.tell(at_hand, [figures[row] for row in case.rows])

    def _read(self, wanted: Ints) -> list[Figure]:
        columns = [field for field in Figure._fields if self.rows.has(field)]
        own = zip(wanted.tolist(), self.certainty[wanted].tolist(), strict=True)
        read = ((*values, *others) for values, others in zip(self.rows.lists(columns, self.at[wanted]), own, strict=True))
        if len(columns) + 2 == len(Figure._fields):
            return [Figure._make(values) for values in read]
        absent: dict[str, Any] = dict.fromkeys(Figure._fields) | {"rule": ""}
        return [Figure(**(absent | dict(zip((*columns, "at", "certainty"), values, strict=True)))) for values in read]

    def _documents(self, wanted: Ints, figures: Mapping[int, Figure]) -> dict[str, Doc]:
        documents, texts = self.rows.tables.rows("documents"), self.rows.tables.context.texts
        known = self.rows.lookup("doc_id", "documents", "doc_id")[self.at[wanted]]
        columns = [name for name in ("doc_id", "title", "url") if documents.has(name)]
        about = {values[0]: dict(zip(columns, values, strict=True)) for values in documents.lists(columns, np.unique(known[known >= 0]))}
        made: dict[str, Doc] = {}
        for at, figure in figures.items():
            doc_id = figure.doc_id
            if doc_id not in made:
                told = about.get(doc_id, {})
                made[doc_id] = Doc(doc_id, told.get("title") or "", told.get("url"), texts.get(doc_id), int(self.title_end[self.doc[at]]), [])
            made[doc_id].metrics.append(figure)
        return made


def _complete(rows: Rows) -> Mask:
    """Rows that hold what the checks read."""
    made = np.ones(len(rows), bool)
    for column in ("metric_id", "doc_id", "indicator", "unit", "qualifier", "measure", "date_basis", "region_basis"):
        made &= rows.valid(column)
    for column in ("value_char_start", "value_char_end", "char_start", "char_end"):
        made &= rows.ints(column) >= 0
    for column in ("time_start", "time_end"):
        made &= ~rows.valid(column) | (_minutes(rows, column) >= 0)
    for column in ("date_start", "date_end"):
        days = rows.days(column)
        made &= (days == NO_DAY) | (np.abs(days) < 100_000)
    return made


def _minutes(rows: Rows, column: str) -> Ints:
    """A column of clock times as minutes of the day; -1 for what is none."""
    codes, words = rows.codes(column)
    found = [re.fullmatch("([01][0-9]|2[0-4]):([0-5][0-9])", word) for word in words]
    return np.array([*(60 * int(one[1]) + int(one[2]) if one else -1 for one in found), -1])[codes]


def _first_posts(rows: Rows) -> Mask:
    """Rows of documents that are there and repeat no other: a text is looked at once."""
    documents = rows.tables.rows("documents")
    first = ~documents.valid("duplicate_of") if documents.has("duplicate_of") else np.ones(len(documents), bool)
    return np.append(first, False)[rows.lookup("doc_id", "documents", "doc_id")]


# --- words --------------------------------------------------------------------------------------------------------


def span(row: Figure) -> tuple[int, int]:
    return row.value_char_start, row.value_char_end


def _passages(docs: Mapping[str, Doc], rows: Iterable[Figure]) -> tuple[Passage, ...]:
    """The sentences of the rows, one entry for each sentence, in the order of the text."""
    found: dict[tuple[str, int, int], dict[tuple[int, int], list[str]]] = {}
    quotes: dict[tuple[str, int, int], str | None] = {}
    for row in rows:
        sentence = (row.doc_id, *docs[row.doc_id].sentence(row))
        quotes.setdefault(sentence, row.quote)
        ids = found.setdefault(sentence, {}).setdefault(span(row), [])
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
    head, tail = (CONTEXT if after else 0), (CONTEXT if before else 0)
    if len(words) <= head + tail + 1:
        return words
    return words[:head] + "…" + (words[-tail:] if tail else "")


def finding(
    docs: Mapping[str, Doc], check: str, stated: float, expected: float, unit: str, statement: str,
    rows: Sequence[Figure], favours: Iterable[Figure], doubts: Iterable[Figure], why: str,
) -> Finding:  # fmt: skip
    larger = max(abs(stated), abs(expected))
    difference = abs(stated - expected)
    ordered = sorted(set(rows), key=lambda row: (row.doc_id, *span(row), row.metric_id))
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


def _ratio(one: float, other: float) -> float:
    small, large = sorted((abs(one) + 1, abs(other) + 1))
    return large / small


def taken_over(row: Figure) -> str:
    if row.rule == "second_statement":
        return "a second statement read into one figure"
    return f"place {row.region_basis}, date {row.date_basis}"


def times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def slip(one: float, other: float) -> str:
    """Whether two values look like one number mistyped: a digit changed, dropped or swapped."""
    a, b = number(abs(one)), number(abs(other))
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


def number(value: float) -> str:
    return f"{value:.12g}"


def shown(row: Figure) -> str:
    """One row in a few words: confirmed_new 山东省 2020-02-03 = 12 case."""
    days = " to ".join(dict.fromkeys(str(day) for day in (row.date_start, row.date_end) if day))
    named = row.indicator if row.indicator != "other" else row.measure
    return " ".join(part for part in (named, row.region_name or "", days) if part) + f" = {number(row.value)}"
