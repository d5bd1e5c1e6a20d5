"""The whole way for one article: raw text -> dated, placed events and metrics."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from covid_timeline.lexicon.lexer import lex, one_of
from covid_timeline.lexicon.rules import load_rules
from covid_timeline.mentions.places import find_places
from covid_timeline.mentions.quantities import find_quantities
from covid_timeline.mentions.resolve import read_dates
from covid_timeline.model import (
    Article,
    DateRow,
    EventRow,
    Facts,
    MetricRow,
    Quantity,
    RejectedRow,
    Unclaimed,
)
from covid_timeline.reading.context import Context
from covid_timeline.reading.events import EventDraft, find_events
from covid_timeline.reading.metrics import read_metrics
from covid_timeline.reading.region import Subjects
from covid_timeline.reading.repeats import mark_repeats
from covid_timeline.reading.statement import Statement
from covid_timeline.reading.status import resolve_status
from covid_timeline.reading.words import unit_of_label
from covid_timeline.text.normalize import WHITE_SPACE, NormalizedText, normalize
from covid_timeline.text.tree import Tree, build_tree

__all__ = ["Reading", "extract", "read", "rows_of"]

_EDGES: Final = WHITE_SPACE + "，,、；;。"


class Reading:
    """What was read from one article, before it becomes rows. Offsets are into the normalised text."""

    __slots__ = ("article", "context", "events", "normal", "statements", "unclaimed")

    def __init__(self, article: Article) -> None:
        self.article = article
        self.normal = normalize(article.raw)
        text = self.normal.text
        dates, bad_dates = read_dates(text, article.anchor_date)
        places = find_places(text, article.region_code)
        taken = sorted([(date.start, date.end) for date in dates] + [(place.start, place.end) for place in places])
        quantities, unclaimed = find_quantities(text, taken)
        tree = build_tree(text)
        quantities, unlabelled = _with_units(text, tree, quantities)
        unclaimed += unlabelled
        self.context = Context(article, text, tree, dates, places, quantities)
        self.unclaimed: list[Unclaimed] = sorted([*bad_dates, *unclaimed])
        self.statements, passage = read_metrics(self.context)
        self.events = find_events(self.context, Subjects(self.context), passage, self.statements)


def _with_units(text: str, tree: Tree, quantities: list[Quantity]) -> tuple[list[Quantity], list[Unclaimed]]:
    """Numbers without a counter take their unit from their label, or from the header of their column; others are refused."""
    found: list[Quantity] = []
    refused: list[Unclaimed] = []
    for quantity in quantities:
        if quantity.unit:
            found.append(quantity)
            continue
        cell = tree.cells.get(quantity.start)
        if cell is not None and cell.column:
            words = "".join(text[start:end] for start, end in cell.column)
        elif quantity.flag == "label":
            clause = tree.clauses[max(tree.clause_at(quantity.start) - 1, 0)]
            words = text[clause.start : clause.end]
        else:
            refused.append(Unclaimed(quantity.start, quantity.end, f"number in a {quantity.flag}, without a counter"))
            continue
        counter = _COUNTER_OF_COLUMN.search(words)
        if counter is not None and (counted := find_quantities(f"1{counter[1]}")[0]):
            found.append(quantity._replace(unit=counted[0].unit))  # 排查出租房（间）
        elif words.endswith(("天数", "日数")):
            found.append(quantity._replace(unit="day"))
        elif quantity.flag == "label" and any(cue.category == "mode" for cue in lex(words)) and _beside_cases(tree, quantities, quantity):
            found.append(quantity._replace(unit="case"))  # 累计：32例；当日新增：0
        elif any(cue.category == "noun" for cue in lex(words)):
            found.append(quantity._replace(unit=unit_of_label(words)))
        else:
            refused.append(Unclaimed(quantity.start, quantity.end, f"number in a {quantity.flag}, of which no rule says the unit"))
    return found, refused


def _beside_cases(tree: Tree, quantities: list[Quantity], quantity: Quantity) -> bool:
    """Whether another figure of the same line counts cases."""
    block = tree.blocks[tree.block_at(quantity.start)]
    return any(block.start <= other.start < block.end and other.unit == "case" for other in quantities)


_COUNTER_OF_COLUMN: Final = re.compile("[（(]([^（）()：:]{1,4})[）)]$")


def read(article: Article) -> Reading:
    """Read one article; `explain` shows what this returns."""
    return Reading(article)


def extract(article: Article) -> Facts:
    """Every date, event, metric and refused numeral of one article.

    Pure: it reads nothing but its argument and the vocabulary of the package, so it gives the same rows in any
    process, on any machine. It never raises on any text. Offsets in the rows count code points of `article.raw`.
    """
    return rows_of(read(article))


def rows_of(reading: Reading) -> Facts:
    """The rows of an article that has been read."""
    article = reading.article
    normal, context = reading.normal, reading.context
    doc_id, raw = article.doc_id, article.raw
    event_rows, event_of_date = _event_rows(article, normal, context, reading.events, reading.statements)
    metric_rows = _metric_rows(article, normal, reading.statements, event_of_date, context)
    date_rows = []
    for date in context.dates:
        start, end = normal.raw_span(date.start, date.end)
        date_rows.append(
            DateRow(
                doc_id, start, end, raw[start:end], date.date_start, date.date_end,
                date.time_start, date.time_end, date.precision, date.basis, date.rule,
            )
        )  # fmt: skip
    rejected = []
    for refused in reading.unclaimed:
        start, end = normal.raw_span(refused.start, refused.end)
        rejected.append(RejectedRow(doc_id, start, end, raw[start:end], refused.reason))
    return Facts(article, normal.script, date_rows, event_rows, metric_rows, rejected)


def _event_rows(
    article: Article, normal: NormalizedText, context: Context, events: list[EventDraft], statements: list[Statement]
) -> tuple[list[EventRow], dict[int, str]]:
    """The rows, and for each date mention that heads an event the id of its first one."""
    rows: list[EventRow] = []
    event_of_date: dict[int, str] = {}
    used: dict[str, int] = {}
    ids: list[tuple[str, int, int]] = []
    for event in events:
        date = context.dates[event.date]
        date_start, date_end = normal.raw_span(date.start, date.end)
        event_id = _numbered(f"{article.doc_id}:e{date_start}", used)
        event_of_date.setdefault(event.date, event_id)
        ids.append((event_id, date_start, date_end))
    # 1月25日，大年初一，9名医护人员出发: the second name of a day has the event of the first
    for number in range(1, len(context.dates)):
        date, before = context.dates[number], context.dates[number - 1]
        if (
            number not in event_of_date
            and number - 1 in event_of_date
            and date.start - before.end <= 2
            and (date.date_start, date.date_end) == (before.date_start, before.date_end)
        ):
            event_of_date[number] = event_of_date[number - 1]
    figures: dict[str, int] = {}  # of each event
    for one in statements:
        dated = None if one.date is None else event_of_date.get(one.date)
        if dated is not None:
            figures[dated] = figures.get(dated, 0) + 1
    for event, (event_id, date_start, date_end) in zip(events, ids, strict=True):
        date = context.dates[event.date]
        start, end = normal.raw_span(event.start, event.end)
        region = event.region
        status = resolve_status(context, date.start, date.end)
        trace = f"category=clause:{event.rule}; region={region.basis}"
        if status.value != "reported":
            trace += f"; status={status.relation}:{status.rule}"
        rows.append(
            EventRow(
                event_id, article.doc_id, date.date_start,
                date.date_start if date.role == "from" else date.date_end,  # 自2月12日起 is that point
                date.time_start, date.precision, date.basis, article.raw[date_start:date_end], date_start, date_end,
                region.code, region.name, region.level, region.basis, status.value, event.category,
                " ".join(context.text[event.start : event.end].strip(_EDGES).split()), "", "",
                article.raw[start:end], start, end, figures.get(event_id, 0), event.rule, trace,
            )
        )  # fmt: skip
    return rows, event_of_date


@cache
def _correction() -> re.Pattern[str]:
    words = [word for rule in load_rules("corrections") for word in rule.all_words]
    return re.compile("(?<![审稽])" + one_of(words))


def _metric_rows(
    article: Article,
    normal: NormalizedText,
    statements: list[Statement],
    event_of_date: dict[int, str],
    context: Context,
) -> list[MetricRow]:
    raw, doc_id = article.raw, article.doc_id
    corrected = {context.tree.phrase_at(match.start()) for match in _correction().finditer(context.text)}
    ids: dict[int, str] = {}
    used: dict[str, int] = {}
    spans: list[tuple[int, int]] = []
    for one in statements:
        span = normal.raw_span(one.quantity.start, one.quantity.end)
        spans.append(span)
        ids[id(one)] = _numbered(f"{doc_id}:m{span[0]}", used)
    phrases: dict[tuple[int, int], tuple[str, int, int]] = {}
    rows: list[MetricRow] = []
    for one, (start, end) in zip(statements, spans, strict=True):
        quantity, region = one.quantity, one.region
        first, last = phrase = context.tree.phrase_at(quantity.start)
        if first > quantity.start or last < quantity.end:
            phrase = (min(first, quantity.start), max(last, quantity.end))
        quoted = phrases.get(phrase)
        if quoted is None:
            raw_start, raw_end = normal.raw_span(*phrase)
            quoted = phrases[phrase] = (raw[raw_start:raw_end], raw_start, raw_end)
        date = None if one.date is None else context.dates[one.date]
        date_span = normal.raw_span(date.start, date.end) if date is not None else (None, None)
        region_span = normal.raw_span(region.start, region.end) if 0 <= region.start < region.end else (None, None)
        rows.append(
            MetricRow(  # by position, in the order of the class: by name it takes twice as long
                ids[id(one)], doc_id, None if one.date is None else event_of_date.get(one.date),
                float(quantity.value), None if quantity.value_high is None else float(quantity.value_high),
                quantity.unit, quantity.qualifier, raw[start:end], start, end, one.status, one.indicator, one.basis,
                "".join(one.measure.split()) if " " in one.measure else one.measure,
                None if one.part_of is None else ids.get(id(one.part_of)), None,
                one.date_start, one.date_end, one.time_start, one.time_end, one.date_basis, date_span[0], date_span[1],
                region.code, region.name, region.level, region.basis, region_span[0], region_span[1],
                *quoted, phrase in corrected, one.rule, one.line(),
            )
        )  # fmt: skip
    rows.sort(key=_by_position)
    return mark_repeats(rows)


def _by_position(row: MetricRow) -> int:
    return row.value_char_start


def _numbered(base: str, used: dict[str, int]) -> str:
    """`base`, or `base.2`, `base.3` … where it was given before."""
    count = used.get(base, 0) + 1
    used[base] = count
    return base if count == 1 else f"{base}.{count}"

