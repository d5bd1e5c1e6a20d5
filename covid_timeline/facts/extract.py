"""The whole way for one article: raw text -> dated, placed events and metrics."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from covid_timeline.facts.binding import bind
from covid_timeline.facts.corrections import find_corrections
from covid_timeline.facts.draft import Draft
from covid_timeline.facts.events import EventDraft, find_events
from covid_timeline.facts.scope import Scope
from covid_timeline.mentions.dates import find_dates
from covid_timeline.mentions.places import find_places
from covid_timeline.mentions.quantities import find_quantities
from covid_timeline.model import Article, DateMention, DateRow, EventRow, Facts, MetricRow, RejectedRow
from covid_timeline.text.clauses import split
from covid_timeline.text.normalize import NormalizedText, normalize

__all__ = ["extract"]

_EDGES = re.compile("^[\\s，,、；;。]+|[\\s，,、；;。]+$")
_SPACES = re.compile("\\s+")


def extract(article: Article) -> Facts:
    """Every date, event, metric and refused numeral of one article.

    Pure: it reads nothing but its argument and the vocabulary of the package, so it gives the same rows in any
    process, on any machine. It never raises on any text. Offsets in the rows count code points of `article.raw`.
    """
    normal = normalize(article.raw)
    text = normal.text
    sentences = split(text)
    dates, bad_dates = find_dates(text, article.anchor_date)
    places = find_places(text, article.region_code)
    taken = sorted([(date.start, date.end) for date in dates] + [(place.start, place.end) for place in places])
    quantities, unclaimed = find_quantities(text, taken)
    scope = Scope(text, sentences, dates, places, article.region_code, article.anchor_date)
    title_end = _title_end(text)
    drafts = bind(scope, quantities, title_end)
    events = find_events(scope, {draft.date for draft in drafts if draft.date is not None})

    doc_id, raw = article.doc_id, article.raw
    event_rows, event_of_date = _event_rows(article, normal, scope, events)
    metric_rows = _metric_rows(article, normal, drafts, event_of_date, scope.dates)
    counts = Counter(row.event_id for row in metric_rows)
    event_rows = [event._replace(n_metrics=counts[event.event_id]) for event in event_rows]
    date_rows = []
    for date in dates:
        start, end = normal.raw_span(date.start, date.end)
        date_rows.append(
            DateRow(
                doc_id, start, end, raw[start:end], date.date_start, date.date_end,
                date.time_start, date.time_end, date.precision, date.basis, date.rule,
            )
        )  # fmt: skip
    rejected = []
    for refused in sorted([*bad_dates, *unclaimed]):
        start, end = normal.raw_span(refused.start, refused.end)
        rejected.append(RejectedRow(doc_id, start, end, raw[start:end], refused.reason))
    return Facts(article, normal.script, date_rows, event_rows, metric_rows, rejected)


def _title_end(text: str) -> int:
    """Where the first line ends, if more follows it."""
    start = len(text) - len(text.lstrip())
    newline = text.find("\n", start)
    return newline + 1 if 0 < newline < len(text.rstrip()) else 0


def _event_rows(
    article: Article, normal: NormalizedText, scope: Scope, events: list[EventDraft]
) -> tuple[list[EventRow], dict[int, str]]:
    """The rows, and for each date mention that heads an event the id of its first one."""
    rows: list[EventRow] = []
    event_of_date: dict[int, str] = {}
    used: dict[str, int] = {}
    for event in events:
        date = scope.dates[event.date]
        date_start, date_end = normal.raw_span(date.start, date.end)
        event_id = _numbered(f"{article.doc_id}:e{date_start}", used)
        event_of_date.setdefault(event.date, event_id)
        start, end = normal.raw_span(event.start, event.end)
        region = event.region
        rows.append(
            EventRow(
                event_id, article.doc_id, date.date_start,
                date.date_start if date.role == "from" else date.date_end,  # 自2月12日起 is that point
                date.time_start, date.precision, date.basis, article.raw[date_start:date_end], date_start, date_end,
                region.code, region.name, region.level, region.basis, "reported", event.category,
                _SPACES.sub(" ", _EDGES.sub("", scope.text[event.start : event.end])), "", "",
                article.raw[start:end], start, end, 0, event.rule, "",
            )
        )  # fmt: skip
    # 1月25日，大年初一，9名医护人员出发: the second name of a day has the event of the first
    for number in range(1, len(scope.dates)):
        date, before = scope.dates[number], scope.dates[number - 1]
        if (
            number not in event_of_date
            and number - 1 in event_of_date
            and date.start - before.end <= 2
            and (date.date_start, date.date_end) == (before.date_start, before.date_end)
        ):
            event_of_date[number] = event_of_date[number - 1]
    return rows, event_of_date


def _metric_rows(
    article: Article,
    normal: NormalizedText,
    drafts: list[Draft],
    event_of_date: dict[int, str],
    dates: Sequence[DateMention],
) -> list[MetricRow]:
    raw, doc_id = article.raw, article.doc_id
    corrections = find_corrections(normal.text)
    ids: dict[Draft, str] = {}
    used: dict[str, int] = {}
    spans: list[tuple[int, int]] = []
    for draft in drafts:
        span = normal.raw_span(draft.quantity.start, draft.quantity.end)
        spans.append(span)
        ids[draft] = _numbered(f"{doc_id}:m{span[0]}", used)
    clauses: dict[tuple[int, int], tuple[str, int, int]] = {}
    rows: list[MetricRow] = []
    for draft, (start, end) in zip(drafts, spans, strict=True):
        quantity, region, date = draft.quantity, draft.region, draft.date
        clause = draft.clause
        if clause[0] > quantity.start or clause[1] < quantity.end:
            clause = (min(clause[0], quantity.start), max(clause[1], quantity.end))
        found = clauses.get(clause)
        if found is None:
            first, last = normal.raw_span(*clause)
            found = clauses[clause] = (raw[first:last], first, last)
        rows.append(
            MetricRow(
                ids[draft], doc_id, None if date is None else event_of_date.get(date),
                float(quantity.value), None if quantity.value_high is None else float(quantity.value_high),
                quantity.unit, quantity.qualifier, raw[start:end], start, end,
                "reported", draft.indicator, "stated",
                _SPACES.sub("", draft.measure) if " " in draft.measure else draft.measure, None if draft.part_of is None else ids.get(draft.part_of), None,
                draft.date_start, draft.date_end,
                # Clock times go together: 2月3日12—24时 is no whole day.
                dates[date].time_start if date is not None and draft.time_end else None, draft.time_end, draft.basis,
                None, None, region.code, region.name, region.level, region.basis, None, None, *found,
                bool(corrections) and any(
                    first <= quantity.start and quantity.end <= last for first, last in corrections
                ),
                draft.rule, "",
            )
        )  # fmt: skip
    rows.sort(key=_by_position)
    return rows


def _by_position(row: MetricRow) -> int:
    return row.value_char_start


def _numbered(base: str, used: dict[str, int]) -> str:
    """`base`, or `base.2`, `base.3` … where it was given before."""
    count = used.get(base, 0) + 1
    used[base] = count
    return base if count == 1 else f"{base}.{count}"
