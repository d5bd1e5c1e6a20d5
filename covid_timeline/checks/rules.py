"""The rules of docs/contract.md, section 3, that look at rows one by one, at keys, and at counts of rows.

Each function gets the rows of its table and says which of them fail. What more it needs, other tables or the raw texts,
it is given in `rows.tables`, and its entry names it. Work is done a column at a time; `value_quote` is read again once
for each distinct text.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from covid_timeline.checks.frames import NO_DAY, Ints, Mask, Rows, number_text
from covid_timeline.checks.registry import check
from covid_timeline.tables.schema import TABLES, VOCABULARIES

EXTRACTED = ("dates", "events", "metrics", "rejected")
"""Tables whose rows quote a document."""

# The quotes of each table, with the columns of their spans.
SPANS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "dates": {"quote": ("char_start", "char_end")},
    "events": {"quote": ("char_start", "char_end"), "date_quote": ("date_char_start", "date_char_end")},
    "metrics": {"quote": ("char_start", "char_end"), "value_quote": ("value_char_start", "value_char_end")},
    "rejected": {"quote": ("char_start", "char_end")},
}
_STARTS = {name: [c for c in TABLES[name].names if c.endswith("char_start")] for name in EXTRACTED}
_ENDS = {name: [c for c in TABLES[name].names if c.endswith("char_end")] for name in EXTRACTED}

_CHOSEN = tuple(name for name, table in TABLES.items() if {"metric_id", "value_min"} <= set(table.names))
"""Tables of values that were chosen among the figures of `metrics`."""

GROWTH_WORDS = "增|升|涨|提高|降|减|同比|环比|翻|幅|跌|超额|任务|计划|产能|倍|负荷|指数"
"""Words beside a percentage that is no share of a whole, so that it may leave 0 to 100."""

_BOUNDED_RATES = tuple(w.word for w in VOCABULARIES["indicators"].values() if w.kind == "rate" and "growth" not in w.word)


def words_of(kind: str, vocabulary: str = "indicators") -> tuple[str, ...]:
    """The words of one kind: `cumulative` among the indicators, `count` among the units."""
    return tuple(w.word for w in VOCABULARIES[vocabulary].values() if w.kind == kind)


# --- the article's words ------------------------------------------------------------------------------------------


def _of_document(rows: Rows, column: str) -> Ints:
    """A column of whole numbers, or of yes and no, of `documents` for each row; -1 where there is no such document."""
    values = rows.tables.rows("documents").ints(column)
    return np.append(values, -1)[rows.lookup("doc_id", "documents", "doc_id")]


def _withheld(table: str) -> list[str]:
    return [column.name for column in TABLES[table].columns if column.withheld]


@check(
    EXTRACTED, "words_withheld_only_where_told", stage="schema", on=_withheld,
    expects="The article's words are null only in documents that may not be republished.",
    zh="只有不可转载的文档，其原文各列才可为空。",
    fix="Fill the quotes again from the raw text, or set documents.may_republish to false.",
    needs="doc_id documents.doc_id documents.may_republish", found="null, though the document may be republished",
)  # fmt: skip
def _withheld_only_where_told(rows: Rows) -> Mask:
    return np.asarray(~rows.valid() & (_of_document(rows, "may_republish") == 1), bool)


def _words_published(rows: Rows) -> list[tuple[str, str, Mask]]:
    """(table, column, which documents have their words there) for each column of the article's words."""
    made = []
    for table in EXTRACTED:
        for column in _withheld(table) if table in rows.tables.frames else ():
            other = rows.tables.rows(table)
            if other.has(column, "doc_id"):
                docs = pc.unique(other.arrow("doc_id").filter(pa.array(other.valid(column))))
                has = pc.is_in(rows.arrow("doc_id"), value_set=docs)
                made.append((table, column, has.to_numpy(zero_copy_only=False).astype(bool)))
    return made


def _where_published(rows: Rows, row: int) -> str:
    return next((f"{t}.{c} has its words" for t, c, has in _words_published(rows) if has[row]), "")


@check(
    "documents", "words_kept_back", stage="schema", severity="warning", on="may_republish",
    expects="Documents that may not be republished are published without their words.",
    zh="不可转载的文档不应附带原文文字。",
    fix="Build with --quotes auto before you give the tables to others; for your own use leave it.",
    needs="doc_id", found=_where_published,
)  # fmt: skip
def _words_kept_back(rows: Rows) -> Mask:
    closed = rows.ints("may_republish") == 0
    if not closed.any():
        return np.zeros(len(rows), bool)
    return np.asarray(closed & np.logical_or.reduce([has for _, _, has in _words_published(rows)] or [~closed]))


# --- keys that resolve --------------------------------------------------------------------------------------------


def _resolves(table: str, column: str, target: tuple[str, str]) -> None:
    @check(
        table, f"{column}_resolves", stage="keys", on=column,
        expects=f"Every {column} is the {target[1]} of a row of {target[0]}, or null where that is allowed.",
        zh=f"每个 {column} 都应是 {target[0]} 表中的 {target[1]}（允许为空者除外）。",
        fix="Take both tables from one build; an orphan means that a row was lost or an id changed.",
        needs=f"{target[0]}.{target[1]}", found=f"no row of {target[0]} has it",
    )  # fmt: skip
    def orphans(rows: Rows) -> Mask:
        return rows.valid() & (rows.lookup(column, *target) < 0)


for _t in TABLES.values():
    for _c in _t.columns:
        if _c.foreign_key:
            _resolves(_t.name, _c.name, _c.foreign_key)


@check(
    "metrics", "whole_is_another", stage="keys", on="part_of",
    expects="The whole of a part is another figure of the same document, and no part of its own part.",
    zh="部分所属的整体应是同一文档中的另一数字，且不得互为部分。",
    fix="Point part_of at the figure that the sentence breaks down.", needs="metric_id doc_id",
    found=lambda rows, row: f"whole is row {int(rows.lookup('part_of', 'metrics', 'metric_id')[row]) + 1}",
)  # fmt: skip
def _whole_is_another(rows: Rows) -> Mask:
    whole = rows.lookup("part_of", "metrics", "metric_id")
    doc, _ = rows.codes("doc_id")
    fails = (whole >= 0) & (doc != doc[whole])
    # Follow the wholes upward: after more steps than any sentence nests, one still going is in a circle.
    at = whole
    for _ in range(16):
        at = np.where(at >= 0, whole[at], -1)
    return np.asarray(fails | (at >= 0))


@check(
    ("documents", "metrics"), "repeats_a_first", stage="keys", on={"documents": ["duplicate_of"], "metrics": ["repeat_of"]},
    expects="What repeats another repeats the first of them: neither itself nor a repeat.",
    zh="重复者所指的应是最早的那一个，不得指向自身或另一重复者。",
    fix="Point it at the first: the document that was published first, the figure that stands first in its document.",
    needs="doc_id", found="is a repeat itself",
)  # fmt: skip
def _repeats_a_first(rows: Rows) -> Mask:
    key = TABLES[rows.table].primary_key[0]
    if not rows.has(key):
        return np.zeros(len(rows), bool)
    first = rows.lookup(rows.column, rows.table, key)
    return (first >= 0) & rows.valid()[first]


@check(
    "metrics", "event_of_same_document", stage="keys", on="event_id",
    expects="The event of a figure is in the figure's own document.", zh="数字所属事件应出自同一文档。",
    fix="Point event_id at an event of the same document, or leave it null.",
    needs="doc_id events.event_id events.doc_id", found="belongs to another document",
)  # fmt: skip
def _event_of_same_document(rows: Rows) -> Mask:
    event = rows.lookup("event_id", "events", "event_id")
    at = np.flatnonzero(event >= 0)
    theirs = rows.tables.rows("events").arrow("doc_id").take(pa.array(event[at]))
    same = pc.fill_null(pc.equal(rows.arrow("doc_id").take(pa.array(at)), theirs), False)
    fails = np.zeros(len(rows), bool)
    fails[at] = ~same.to_numpy(zero_copy_only=False).astype(bool)
    return fails


# --- spans and quotes ---------------------------------------------------------------------------------------------


def _end_of(start: str) -> str:
    return start.replace("char_start", "char_end")


@check(
    EXTRACTED, "span_order", stage="rows", on=_STARTS,
    expects="A span starts at 0 or later and ends after it starts; one without a start has no end.",
    zh="区间起点不小于 0，终点大于起点；无起点则无终点。", fix="Offsets are code points of the raw text, the end exclusive.",
    found=lambda rows, row: f"[{rows.value(rows.column, row)}, {rows.value(_end_of(rows.column), row)})",
)  # fmt: skip
def _span_order(rows: Rows) -> Mask:
    end_column = _end_of(rows.column)
    if not rows.has(end_column):
        return np.zeros(len(rows), bool)
    start, end = rows.ints(rows.column), rows.ints(end_column)
    there = rows.valid()
    return np.asarray((there != rows.valid(end_column)) | (there & ((start < 0) | (end <= start))), bool)


@check(
    EXTRACTED, "span_in_document", stage="rows", on=_ENDS, expects="A span ends within its document.",
    zh="区间应在文档长度之内。",
    fix="The offsets belong to another text or count bytes; count code points of the raw text.",
    needs="doc_id documents.doc_id documents.n_chars",
    found=lambda rows, row: f"the document has {_of_document(rows, 'n_chars')[row]} characters",
)  # fmt: skip
def _span_in_document(rows: Rows) -> Mask:
    size = _of_document(rows, "n_chars")
    return np.asarray((size >= 0) & (rows.ints(rows.column) > size))


def _lengths(rows: Rows) -> tuple[Ints, Ints]:
    """Characters of the quote, and of its span."""
    start, end = SPANS[rows.table][rows.column]
    length = pc.fill_null(pc.utf8_length(rows.arrow(rows.column)), 0).to_numpy(zero_copy_only=False)
    return np.asarray(length, np.int64), rows.ints(end) - rows.ints(start)


def _told_lengths(rows: Rows, row: int) -> str:
    length, span = _lengths(rows)
    return f"{length[row]} characters in a span of {span[row]}"


@check(
    EXTRACTED, "quote_length", stage="rows", on=lambda t: SPANS[t], expects="A quote is as long as its span.",
    zh="引文长度应等于区间长度。",
    fix="Offsets count code points of the raw text, and a quote is the slice as it stands, nothing cleaned.",
    found=_told_lengths,
)  # fmt: skip
def _quote_length(rows: Rows) -> Mask:
    if not rows.has(*SPANS[rows.table][rows.column]):
        return np.zeros(len(rows), bool)
    length, span = rows.tables.remember(("lengths", rows.table, rows.column), lambda: _lengths(rows))
    return np.asarray(rows.valid() & (length != span))


def _told_slice(rows: Rows, row: int) -> str:
    start, end = (rows.value(column, row) or 0 for column in SPANS[rows.table][rows.column])
    raw = rows.tables.context.texts.get(rows.value("doc_id", row)) or ""
    at = raw.find(rows.value(rows.column, row) or "", max(0, start - 50))
    said = f"the document has {raw[max(0, start) : end][:60]!r} there"
    return said + (f"; the quote stands at {at}" if at >= 0 else "")


@check(
    EXTRACTED, "quote_in_document", stage="rows", on=lambda t: SPANS[t],
    expects="A quote is exactly what the raw text of its document has at its span.",
    zh="引文应与文档原文在该区间的文字完全一致。",
    fix="The span is off, the quote was cleaned, or the raw text is another version; build again from this raw text.",
    needs="doc_id texts", found=_told_slice,
)  # fmt: skip
def _quote_in_document(rows: Rows) -> Mask:
    fails = np.zeros(len(rows), bool)
    columns = ("doc_id", rows.column, *SPANS[rows.table][rows.column])
    get = rows.tables.context.texts.get
    for i, (doc, quote, start, end) in enumerate(rows.lists(columns) if rows.has(*columns) else ()):
        raw = get(doc)
        if raw is not None and quote is not None and start is not None and end is not None:
            fails[i] = start < 0 or raw[start:end] != quote
    return fails


_VALUE_IN_QUOTE = ("quote", "char_start", "value_quote", "value_char_start", "value_char_end")


def _told_value_slice(rows: Rows, row: int) -> str:
    quote, start, _, from_, to = (rows.value(column, row) for column in _VALUE_IN_QUOTE)
    return f"the quote has {quote[max(0, from_ - start) : max(0, to - start)][:60]!r} there"


@check(
    "metrics", "value_quote_in_quote", stage="rows", on="value_quote",
    expects="value_quote stands at its place inside quote.", zh="value_quote 应位于 quote 中相应的位置。",
    fix="The span of the value is off, or it lies outside the clause; both count from the start of the raw text.",
    needs=" ".join(_VALUE_IN_QUOTE), found=_told_value_slice,
)  # fmt: skip
def _value_quote_in_quote(rows: Rows) -> Mask:
    fails = np.zeros(len(rows), bool)
    for i, (quote, start, text, from_, to) in enumerate(rows.lists(_VALUE_IN_QUOTE)):
        if None not in (quote, text, start, from_, to):
            fails[i] = from_ < start or quote[from_ - start : to - start] != text
    return fails


# --- values -------------------------------------------------------------------------------------------------------


_AGREES, _DIFFERS, _UNKNOWN, _SCALED = 1, 0, -1, 2
_MAGNITUDES = tuple(Decimal(10) ** power for power in (3, 4, 6, 8))
"""By what a unit over a list multiplies its numbers (千, 万, 百万, 亿), where the text is not at hand to say it."""
_READ = ("value_quote", "value", "value_high", "unit", "qualifier")


def _reread(rows: Rows) -> Ints:
    """For each metric: 1 where reading `value_quote` again gives the row, 0 where not, -1 where it has no quote."""

    def make() -> Ints:
        if not rows.has(*_READ):
            return np.full(len(rows), _UNKNOWN)
        falls = _falls(rows)
        _, first, inverse = np.unique(rows.groups(*_READ) * 2 + falls, return_index=True, return_inverse=True)
        readings: dict[str, Any] = {}
        verdicts = np.full(len(first), _UNKNOWN)
        for i, (quote, value, high, unit, qualifier) in enumerate(rows.lists(_READ, first)):
            if quote is not None and value is not None and unit is not None:
                if quote not in readings:
                    readings[quote] = _read(quote)
                verdicts[i] = _same(readings[quote], value, high, qualifier, unit, bool(falls[first[i]]))
        made = verdicts[inverse]
        scaled = np.flatnonzero(made == _SCALED)
        if len(scaled):
            made[scaled] = _said_over_list(rows, scaled, readings)
        return made

    made: Ints = rows.tables.remember("reread", make)
    return made


def _said_over_list(rows: Rows, at: Ints, readings: Mapping[str, Any]) -> list[int]:
    """Whether a bare number is its value in a unit that the text says once for a list: 29 under （单位：万元）."""
    from covid_timeline.mentions.quantities import scales_said_once

    texts = rows.tables.context.texts
    said: dict[str, set[tuple[str, Decimal]]] = {}
    verdicts = []
    docs = rows.lists(["doc_id"], at) if rows.has("doc_id") else [("",)] * len(at)
    for (doc,), (quote, value, high, unit, _) in zip(docs, rows.lists(_READ, at), strict=True):
        if doc in texts and doc not in said:
            said[doc] = scales_said_once(_normalised(texts[doc]))
        scales = [scale for one, scale in said[doc] if one == unit] if doc in said else _MAGNITUDES
        stated = sorted(abs(number) for number in (value, high) if number is not None)  # a fall is negative
        read = [number for number in readings[quote][:2] if number is not None]
        agrees = any(all(_close(a, b * scale) for a, b in zip(stated, read, strict=True)) for scale in scales)
        verdicts.append(_AGREES if agrees else _DIFFERS)
    return verdicts


def _normalised(text: str) -> str:
    from covid_timeline.text.normalize import normalize

    return normalize(text).text


def _read(quote: str) -> Any:
    """The reading of a quote as it stands in the raw text, or of its normalised form; None where it has none."""
    from covid_timeline.mentions.quantities import reread

    for form in (str, _normalised):
        try:
            return reread(form(quote))
        except ValueError:
            continue
    return None


def _same(reading: Any, value: float, high: float | None, qualifier: str, unit: str, falls: bool) -> int:
    if reading is None:
        return _DIFFERS
    low, upper, hedge, units = reading
    # 下降4.6%, 减收3亿元, 减少384例: the sign is in the words before the value, and turns a range round.
    if falls and value < 0 and not _close(value, low):
        value, high = (-value, None) if high is None else (-high, -value)
    if qualifier != hedge or (high is None) != (upper is None) or (units and unit not in units):
        return _DIFFERS
    if _close(value, low) and (high is None or _close(high, upper)):
        return _AGREES
    from covid_timeline.mentions.quantity_words import UNITS

    return _SCALED if units == UNITS and value > low > 0 else _DIFFERS


def _close(a: float, b: Any) -> bool:
    return abs(a - float(b)) <= 1e-9 * max(abs(a), 1.0)


def _falls(rows: Rows) -> Mask:
    """Figures that may be negative: shares, money and degrees; a change of anything else (indicator `other`)."""

    def make() -> Mask:
        free = rows.is_in("unit", (*words_of("share", "units"), *words_of("money", "units"), "degree_celsius"))
        changes = rows.is_in("indicator", ("other",)) if rows.has("indicator") else np.zeros(len(rows), bool)
        return np.asarray(free | changes)

    made: Mask = rows.tables.remember("falls", make)
    return made


def _told_reading(rows: Rows, row: int) -> str:
    reading = _read(rows.value("value_quote", row))
    if reading is None:
        return "the quote reads as no figure"
    low, high, hedge, units = reading
    upper = f" to {number_text(high)}" if high is not None else ""
    of = "|".join(sorted(units)) if units and len(units) < 6 else "any of several units" if units else "any unit"
    said = f"{number_text(rows.value('value', row))} {rows.value('unit', row)} {rows.value('qualifier', row)}"
    return f"reads as {number_text(low)}{upper} {of} {hedge}; the row says {said}"


@check(
    "metrics", "value_rereads", stage="rows", on="value",
    expects="value, value_high, unit and qualifier are what reading value_quote again gives.",
    zh="value、value_high、unit 和 qualifier 应与重新读取 value_quote 所得一致。",
    fix="The value was changed after it was read, or a rule reads it wrongly: see `covid-timeline explain`.",
    needs=" ".join(_READ), found=_told_reading,
)  # fmt: skip
def _value_rereads(rows: Rows) -> Mask:
    return np.asarray(_reread(rows) == _DIFFERS)


def _fractions(rows: Rows) -> Mask:
    mask = np.zeros(len(rows), bool)
    for column in ("value", "value_high"):
        if rows.has(column):
            value = rows.numbers(column)
            mask |= np.isfinite(value) & (value != np.floor(value))
    return mask & rows.is_in("unit", words_of("count", "units"))


@check(
    "metrics", "count_is_whole", stage="rows", on="value",
    expects="A count is a whole number, unless its own quote says otherwise.", zh="计数应为整数，除非原文本身写作小数。",
    fix="The magnitude (万, 亿) was lost, or the unit is no count.", needs="unit", found="is no whole number",
)  # fmt: skip
def _count_is_whole(rows: Rows) -> Mask:
    return np.asarray(_fractions(rows) & (_reread(rows) != _AGREES), bool)


@check(
    "metrics", "count_stated_with_fraction", stage="rows", severity="warning", on="value",
    expects="Articles count things in whole numbers.", zh="文章中的计数一般为整数。",
    fix="Look at the sentence: an average (平均每户1.5人) stands as it is; anything else is a slip of the article.",
    needs=" ".join(_READ), found="the article says so",
)  # fmt: skip
def _count_stated_with_fraction(rows: Rows) -> Mask:
    return np.asarray(_fractions(rows) & (_reread(rows) == _AGREES), bool)


@check(
    "metrics", "not_negative", stage="rows", on="value",
    expects="Counts, durations and measures of goods are not negative; only a change that falls is.",
    zh="计数、时长和物量不应为负；只有下降的变化量可以为负。",
    fix="Only growth rates, money, temperatures and changes (indicator `other`) have a sign.",
    needs="unit indicator", found="is negative",
)  # fmt: skip
def _not_negative(rows: Rows) -> Mask:
    return (rows.numbers("value") < 0) & ~_falls(rows)


def _outside_share(rows: Rows) -> Mask:
    """Percentages that are shares of a whole and lie outside 0 to 100."""
    value = rows.numbers("value")
    outside = rows.is_in("unit", ("percent",)) & ((value < 0) | (value > 100))
    shares = rows.is_in("indicator", _BOUNDED_RATES)
    if outside.any():  # a percentage of `other` is a share unless words beside it say that it grows
        other = rows.is_in("indicator", ("other",))
        for column in ("measure", "quote"):
            if rows.has(column):
                other &= ~rows.matches(column, GROWTH_WORDS)
        shares = shares | other
    return np.asarray(outside & shares)


@check(
    "metrics", "percent_in_range", stage="rows", on="value",
    expects="A share lies between 0 and 100 percent, unless its own quote says otherwise; growth may be beyond.",
    zh="比率应在 0 到 100 之间，除非原文本身如此；增长率不限。",
    fix="The value was changed after it was read, or the percentage is a growth rate and needs another indicator.",
    needs="unit indicator", found="is outside 0 to 100",
)  # fmt: skip
def _percent_in_range(rows: Rows) -> Mask:
    outside = _outside_share(rows)
    return outside & (_reread(rows) != _AGREES) if outside.any() else outside


@check(
    "metrics", "percent_stated_out_of_range", stage="rows", severity="warning", on="value",
    expects="Articles state shares between 0 and 100 percent.", zh="文章所述比率一般在 0 到 100 之间。",
    fix="Look at the sentence: a slip of the article stands as it is; a growth rate needs another indicator.",
    needs="indicator " + " ".join(_READ), found="the article says so",
)  # fmt: skip
def _percent_stated(rows: Rows) -> Mask:
    outside = _outside_share(rows)
    return outside & (_reread(rows) == _AGREES) if outside.any() else outside


def _fitting(indicator: str) -> tuple[str, ...]:
    return VOCABULARIES["indicators"][indicator].units if indicator in VOCABULARIES["indicators"] else ()


@check(
    "metrics", "unit_fits_indicator", stage="rows", on="unit",
    expects="The unit is one in which the indicator is counted.", zh="单位应与指标相符。",
    fix="Correct the unit, or take the indicator `other` (schemas/vocabularies lists the units of each indicator).",
    needs="indicator",
    found=lambda rows, row: f"{rows.value('indicator', row)} is counted in {' or '.join(_fitting(rows.value('indicator', row)))}",
)  # fmt: skip
def _unit_fits_indicator(rows: Rows) -> Mask:
    (units, unit_words), (indicators, indicator_words) = rows.codes("unit"), rows.codes("indicator")
    misfit = np.zeros((len(indicator_words) + 1, len(unit_words) + 1), bool)
    for i, indicator in enumerate(indicator_words):
        fits = _fitting(indicator)
        misfit[i, : len(unit_words)] = [bool(fits) and unit not in fits for unit in unit_words]
    return misfit[indicators, units]


# --- dates and places ---------------------------------------------------------------------------------------------


def reversed_rows(rows: Rows) -> tuple[Mask, Mask]:
    """Rows whose last day is before their first: those whose article states the range so, and the others."""
    start, end = rows.days("date_start"), rows.days("date_end")
    backwards = (start != NO_DAY) & (end != NO_DAY) & (start > end)
    stated = np.zeros(len(rows), bool)
    if backwards.any():
        excused = rows.tables.remember("reversals", lambda: _stated_reversals(rows))
        for i in np.flatnonzero(backwards).tolist():
            stated[i] = (rows.value("doc_id", i), int(start[i]), int(end[i])) in excused
    return stated, backwards & ~stated


def _stated_reversals(rows: Rows) -> set[tuple[Any, int, int]]:
    """(document, first day, last day) of the ranges that an article itself states the wrong way round."""
    if rows.tables.lacks([("dates", c) for c in ("doc_id", "date_start", "date_end", "precision")]):
        return set()
    dates = rows.tables.rows("dates")
    start, end = dates.days("date_start"), dates.days("date_end")
    there = np.flatnonzero((end != NO_DAY) & (start > end) & dates.is_in("precision", ("range",)))
    return {(dates.value("doc_id", i), int(start[i]), int(end[i])) for i in there.tolist()}


def _told_end(rows: Rows, row: int) -> str:
    return f"date_end is {rows.value('date_end', row)}"


_ORDER = {
    "stage": "rows", "on": "date_start", "needs": "doc_id date_end", "found": _told_end, "group": "contradiction",
}  # fmt: skip


@check(
    ("dates", "events", "metrics"), "date_order", **_ORDER,  # type: ignore[arg-type]
    expects="date_start is not after date_end, unless the article states the range so.",
    zh="date_start 不应晚于 date_end，除非原文如此。", fix="Swap the dates, or find out which of them was read wrongly.",
)  # fmt: skip
def _date_order(rows: Rows) -> Mask:
    return reversed_rows(rows)[1]


@check(
    ("dates", "events", "metrics"), "reversed_period", severity="warning", **_ORDER,  # type: ignore[arg-type]
    expects="Articles state a period from its first day to its last.", zh="文章所述时间段一般先起后止。",
    fix="Look at the sentence: the range stands as the article has it.",
)  # fmt: skip
def _reversed_period(rows: Rows) -> Mask:
    return reversed_rows(rows)[0]


@check(
    "metrics", "reversed_range", stage="rows", severity="warning", group="contradiction", on="value_high", needs="value",
    expects="The upper end of a stated range is above its lower end.", zh="区间上限应大于下限。",
    fix="Look at the sentence: the article may have it the wrong way round.",
    found=lambda rows, row: f"value is {number_text(rows.value('value', row))}",
)  # fmt: skip
def _reversed_range(rows: Rows) -> Mask:
    return np.abs(rows.numbers("value_high")) <= np.abs(rows.numbers("value"))


@check(
    "metrics", "cumulative_has_no_start", stage="rows", severity="warning", on="date_start", needs="indicator",
    expects="A cumulative figure counts from the beginning: date_start is null, or January 1 for 今年累计.",
    zh="累计数自始计数：date_start 应为空，“今年累计”为 1 月 1 日。",
    fix="Leave date_start null, or use the indicator of a new figure where the text states a period.", found="is no beginning",
)  # fmt: skip
def _cumulative_has_no_start(rows: Rows) -> Mask:
    first = rows.frame["date_start"].dt.day_of_year.to_numpy("float64", na_value=np.nan)
    return np.asarray(rows.is_in("indicator", words_of("cumulative")) & np.isfinite(first) & (first != 1), bool)


@check(
    "metrics", "current_on_one_day", stage="rows", severity="warning", on="date_start", needs="indicator date_end",
    expects="A current figure holds on one day: date_start equals date_end.", zh="现有数为某一日的数：date_start 应等于 date_end。",
    fix="Set both ends to the day for which the article gives the figure.", found=_told_end,
)  # fmt: skip
def _current_on_one_day(rows: Rows) -> Mask:
    current = rows.is_in("indicator", (word for word in words_of("current") if word != "days_without_new_cases"))
    return np.asarray(current & (rows.days("date_start") != rows.days("date_end")), bool)


@check(
    ("events", "metrics", *_CHOSEN), "place_complete", stage="rows", on="region_name region_level", needs="region_code",
    expects="A row with a region code also has the name and the level of its place.",
    zh="有地区代码的行也应有地区名称和级别。", fix="Fill region_name and region_level.", found="null beside a region code",
)  # fmt: skip
def _place_complete(rows: Rows) -> Mask:
    return rows.valid("region_code") & ~rows.valid()


@check(
    "regions", "validity_order", stage="rows", on="valid_from", needs="valid_to",
    expects="A region's code is not out of force before it comes into force.", zh="地区代码的失效日期不应早于生效日期。",
    fix="Swap valid_from and valid_to.", found=lambda rows, row: f"valid_to is {rows.value('valid_to', row)}",
)  # fmt: skip
def _validity_order(rows: Rows) -> Mask:
    start, end = rows.days("valid_from"), rows.days("valid_to")
    return np.asarray((start != NO_DAY) & (end != NO_DAY) & (start > end), bool)


# --- documents ----------------------------------------------------------------------------------------------------


def _at_hand(rows: Rows, what: Mapping[str, Any]) -> list[tuple[int, Any]]:
    """(row, what is known of its document) for the documents of which something is."""
    docs = rows.arrow("doc_id").to_pylist()
    return [(i, what[doc]) for i, doc in enumerate(docs) if doc in what]


@check(
    "documents", "n_chars_matches", stage="rows", on="n_chars", needs="doc_id texts",
    expects="n_chars is the length of the raw text.", zh="n_chars 应等于原文长度。",
    fix="The raw text changed after the build, or was decoded in another way; build again.",
    found=lambda rows, row: f"the text has {len(rows.tables.context.texts[rows.value('doc_id', row)])}",
)  # fmt: skip
def _n_chars_matches(rows: Rows) -> Mask:
    fails, stated = np.zeros(len(rows), bool), rows.ints("n_chars")
    for i, text in _at_hand(rows, rows.tables.context.texts):
        fails[i] = stated[i] >= 0 and stated[i] != len(text)
    return fails


@check(
    "documents", "sha256_matches", stage="rows", on="sha256", needs="doc_id texts",
    expects="The raw file of a document has the SHA-256 that the table states.", zh="原文文件的 SHA-256 应与表中一致。",
    fix="The raw file was changed after the build; restore it or build again.",
    found=lambda rows, row: f"the file has {rows.tables.context.digests[rows.value('doc_id', row)][:12]}...",
)  # fmt: skip
def _sha256_matches(rows: Rows) -> Mask:
    fails, stated = np.zeros(len(rows), bool), rows.arrow("sha256").to_pylist()
    for i, digest in _at_hand(rows, rows.tables.context.digests):
        fails[i] = stated[i] != digest
    return fails


@check(
    "documents", "anchor_is_publication", stage="rows", severity="warning", on="anchor_date", needs="anchor_basis published_at",
    expects="An anchor on the basis `published` is the day of publication.", zh="以发布时间为依据的基准日期应为发布当日。",
    fix="Set anchor_date to the day of published_at, or anchor_basis to inferred.",
    found=lambda rows, row: f"published_at is {rows.value('published_at', row)}",
)  # fmt: skip
def _anchor_is_publication(rows: Rows) -> Mask:
    return np.asarray(rows.is_in("anchor_basis", ("published",)) & (rows.days("published_at") != rows.days("anchor_date")), bool)


def _real_count(rows: Rows) -> Ints:
    """The rows that another table has of each row: n_events of a document, n_metrics of a document or an event."""
    other, key = rows.tables.rows(rows.column.removeprefix("n_")), TABLES[rows.table].primary_key[0]
    codes, values = other.codes(key)
    counts = np.append(np.bincount(codes[codes >= 0], minlength=len(values)), 0)
    at = pc.index_in(rows.arrow(key), value_set=pa.array(values, pa.large_string()))
    return np.asarray(counts[pc.fill_null(at, len(values)).to_numpy(zero_copy_only=False)])


@check(
    ("documents", "events"), "rows_counted", stage="tables",
    on={"documents": ["n_dates", "n_events", "n_metrics"], "events": ["n_metrics"]},
    expects="n_dates, n_events and n_metrics are the rows that the other tables have of the document or event.",
    zh="n_dates、n_events、n_metrics 应等于其他各表中该文档或事件的行数。",
    fix="Rows were lost or added after the build; take all tables from one build.",
    found=lambda rows, row: f"{rows.column.removeprefix('n_')} has {_real_count(rows)[row]}",
)  # fmt: skip
def _rows_counted(rows: Rows) -> Mask:
    key = TABLES[rows.table].primary_key[0]
    if not rows.has(key) or rows.tables.lacks([(rows.column.removeprefix("n_"), key)]):
        return np.zeros(len(rows), bool)
    return np.asarray(rows.ints(rows.column) != _real_count(rows))


# --- the tables by place and day ----------------------------------------------------------------------------------


def _bounds(rows: Rows, row: int) -> str:
    return f"the bounds are {number_text(rows.value('value_min', row))} and {number_text(rows.value('value_max', row))}"


@check(
    _CHOSEN, "value_within_bounds", stage="rows", on="value", needs="value_min value_max",
    expects="The chosen value lies between value_min and value_max.", zh="所选数值应在 value_min 与 value_max 之间。",
    fix="Build city_by_date again from metrics.", found=_bounds,
)  # fmt: skip
def _value_within_bounds(rows: Rows) -> Mask:
    value = rows.numbers("value")
    return (value < rows.numbers("value_min")) | (value > rows.numbers("value_max"))


@check(
    _CHOSEN, "sources_counted", stage="rows", on="n_sources", expects="A value has at least one source.",
    zh="每个数值至少有一个来源。", fix="Build city_by_date again from metrics.", found="no source",
)  # fmt: skip
def _sources_counted(rows: Rows) -> Mask:
    return rows.ints("n_sources") < 1


@check(
    _CHOSEN, "conflict_has_spread", stage="rows", on="conflict", needs="value_min value_max",
    expects="Sources disagree only where there is a spread.", zh="只有上下限不同时才可能有冲突。",
    fix="Build city_by_date again from metrics.", found="true, though all sources say the same",
)  # fmt: skip
def _conflict_has_spread(rows: Rows) -> Mask:
    return np.asarray((rows.ints("conflict") == 1) & (rows.numbers("value_min") == rows.numbers("value_max")), bool)


def _of_metric(rows: Rows, row: int) -> Any:
    at = int(rows.lookup("metric_id", "metrics", "metric_id")[row])
    return rows.tables.rows("metrics").value(rows.column, at)


@check(
    _CHOSEN, "equals_its_metric", stage="tables", on="region_code indicator value unit qualifier",
    expects="Place, indicator, value, unit and qualifier are those of the figure that metric_id names.",
    zh="地区、指标、数值、单位和限定词应与 metric_id 所指数字一致。", fix="Build city_by_date again from metrics.",
    needs="metric_id metrics.metric_id", found=lambda rows, row: f"the figure says {_of_metric(rows, row)}",
)  # fmt: skip
def _equals_its_metric(rows: Rows) -> Mask:
    fails = np.zeros(len(rows), bool)
    metrics = rows.tables.rows("metrics")
    if not metrics.has(rows.column):
        return fails
    at = rows.lookup("metric_id", "metrics", "metric_id")
    known = np.flatnonzero(at >= 0)
    ours, theirs = rows.frame[rows.column].iloc[known], metrics.frame[rows.column].iloc[at[known]]
    same = (ours.to_numpy() == theirs.to_numpy()) | (ours.isna().to_numpy() & theirs.isna().to_numpy())
    fails[known] = ~np.asarray(same, bool)
    return fails


def _before(rows: Rows) -> pd.DataFrame:
    """Exact cumulative values of each place in the order of days, with the one before."""
    frame = rows.frame.reset_index(drop=True)
    kept = frame[rows.is_in("indicator", words_of("cumulative")) & rows.is_in("qualifier", ("exact",))]
    kept = kept.sort_values(["region_code", "indicator", "date"], kind="stable")
    series = kept.groupby(["region_code", "indicator"], sort=False)
    return kept.assign(before=series["value"].shift(), before_date=series["date"].shift())


def _told_before(rows: Rows, row: int) -> str:
    before = rows.tables.remember(("before", rows.table), lambda: _before(rows)).loc[row]
    return f"after {number_text(before['before'])} on {before['before_date'].date()}"


@check(
    "city_by_date", "cumulative_falls", stage="tables", severity="warning", group="contradiction", on="value",
    expects="A cumulative series does not fall from one day to the next, unless a correction is stated.",
    zh="累计数不应逐日下降，除非文中说明订正或核减。",
    fix="Read both sentences: a slip of the article or a correction that it does not state stands as it is; else a rule misreads one.",
    needs="region_code indicator date qualifier is_correction", found=_told_before,
)  # fmt: skip
def _city_cumulative_falls(rows: Rows) -> Mask:
    before = rows.tables.remember(("before", rows.table), lambda: _before(rows))
    fell = before[(before["value"] < before["before"]) & ~before["is_correction"].astype(bool)]
    fails = np.zeros(len(rows), bool)
    fails[fell.index.to_numpy()] = True
    return fails


def _outcomes(rows: Rows) -> pd.DataFrame:
    """Confirmed, recovered and dead of each place and day, with the row of the recovered."""
    names = ["confirmed_cumulative", "recovered_cumulative", "deaths_cumulative"]
    frame = rows.frame.reset_index(drop=True)[["region_code", "date", "indicator", "value"]]
    frame = frame[rows.is_in("indicator", names) & rows.is_in("qualifier", ("exact",))].reset_index(names="row")
    if frame.empty:
        return pd.DataFrame(columns=["confirmed", "recovered", "dead", "row"], dtype=float)
    wide: Any = frame.drop_duplicates(["region_code", "date", "indicator"]).pivot(index=["region_code", "date"], columns="indicator")
    values = wide["value"].reindex(columns=names)
    rows_of = wide["row"].reindex(columns=names)["recovered_cumulative"]
    made: pd.DataFrame = values.set_axis(["confirmed", "recovered", "dead"], axis=1).assign(row=rows_of).fillna({"dead": 0.0})
    return made


def _told_outcomes(rows: Rows, row: int) -> str:
    table = _outcomes(rows)
    one = table[table["row"] == row].iloc[0]
    return f"with {number_text(one['dead'])} deaths, of {number_text(one['confirmed'])} confirmed"


@check(
    "city_by_date", "outcomes_exceed_confirmed", stage="tables", severity="warning", group="contradiction", on="value",
    expects="Recovered and dead together are not more than confirmed, for the same region and day.",
    zh="同一地区同一日，治愈与死亡之和不应超过确诊数。",
    fix="Read the sentences: figures of another scope or day carry the wrong place or date; a slip of the article stands.",
    needs="region_code date indicator qualifier", found=_told_outcomes,
)  # fmt: skip
def _city_outcomes(rows: Rows) -> Mask:
    table = _outcomes(rows)
    fails = np.zeros(len(rows), bool)
    fails[table.loc[table["recovered"] + table["dead"] > table["confirmed"], "row"].to_numpy(np.int64)] = True
    return fails
