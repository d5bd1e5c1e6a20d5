"""Why a row says what it says: for each slot the candidate chosen, its relation and rule, and the best one not chosen."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from covid_timeline.model import EventRow, Facts, MetricRow
from covid_timeline.reading.extract import Reading
from covid_timeline.reading.statement import ORDER, Statement
from covid_timeline.reading.subject import own_nouns, ranked
from covid_timeline.text.shown import printable

__all__ = ["Explanation", "RowExplanation", "Slot", "explain_published", "explain_reading"]


class Slot(NamedTuple):
    """One slot of one row."""

    name: str  # subject, measure, origin, region, period, whole, status, group
    value: str  # what the row says
    relation: str  # own, clause, list, sentence ...: where the evidence stands
    rule: str  # id of the rule or cue
    quote: str  # the words of the evidence, where they are one stretch of the text
    other: str  # the best candidate that was not chosen, with its relation; "" where there was none


class RowExplanation(NamedTuple):
    """One figure or event with its slots."""

    row_id: str
    kind: str  # metric, event
    quote: str
    value: str
    slots: tuple[Slot, ...]
    remarks: tuple[str, ...] = ()  # where the document is, when its words may not be shown

    def lines(self) -> Iterator[str]:
        """The row as it is printed, one line a slot."""
        yield f"{self.kind} {self.row_id}  {self.quote}  {self.value}"
        for slot in self.slots:
            by = f"{slot.relation}" + (f", {slot.rule}" if slot.rule else "")
            said = f" 「{slot.quote}」" if slot.quote else ""
            other = f"; not {slot.other}" if slot.other else ""
            yield f"  {slot.name:8} {slot.value or '-'}  [{by}]{said}{other}"
        yield from (f"  {remark}" for remark in self.remarks)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:
        return str(self)

    @property
    def _head(self) -> str:
        return f"{html.escape(self.row_id)}: {html.escape(self.quote)} → {html.escape(self.value)}"

    @property
    def _body(self) -> str:
        rows = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in slot) + "</tr>" for slot in self.slots)
        names = ("slot", "value", "relation", "rule", "words", "not chosen")
        head = "".join(f"<th>{name}</th>" for name in names)
        remarks = "".join(f"<p>{html.escape(remark)}</p>" for remark in self.remarks)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{remarks}"

    def _repr_html_(self) -> str:
        return f"<p><b>{self._head}</b></p>{self._body}"


class Explanation(NamedTuple):
    """What was read from one text, and why. Print it, or show it in a notebook."""

    anchor: str
    home: str
    read_as: str  # the text after normalisation, where that changed anything
    mentions: tuple[str, ...]
    rows: tuple[RowExplanation, ...]
    rejected: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """The explanation as it is printed."""
        yield f"anchor   {self.anchor}"
        yield f"home     {self.home}"
        if self.read_as:
            yield f"read as  {self.read_as}"
        yield "mentions"
        yield from (f"  {line}" for line in self.mentions)
        yield "facts"
        for row in self.rows:
            yield from (f"  {line}" for line in row.lines())
        yield from (f"  rejected {line}" for line in self.rejected)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:
        return str(self)

    def row(self, row_id: str) -> RowExplanation:
        """The explanation of one row.

        Raises:
            KeyError: no row of the text has that id.
        """
        for row in self.rows:
            if row.row_id == row_id:
                return row
        raise KeyError(f"no row has the id {row_id!r}")

    def _repr_html_(self) -> str:
        parts = [f"<p>anchor {html.escape(self.anchor)}; home {html.escape(self.home)}</p>"]
        parts += [f"<details><summary>{row._head}</summary>{row._body}</details>" for row in self.rows]
        for name, lines in (("mentions", self.mentions), ("rejected", self.rejected)):
            if lines:
                listed = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
                parts.append(f"<details><summary>{name}: {len(lines)}</summary><ul>{listed}</ul></details>")
        return "".join(parts)


def explain_reading(reading: Reading, facts: Facts) -> Explanation:
    """The explanation of one article that has been read; `facts` are the rows made of it."""
    context, normal = reading.context, reading.normal
    article = reading.article
    mentions: list[tuple[int, str]] = []
    raw = article.raw

    def at(start: int, end: int) -> str:
        first, last = normal.raw_span(start, end)
        return f"{printable(raw[first:last], None)} [{first}:{last}]"

    for date in context.dates:
        days = str(date.date_start) if date.date_start == date.date_end else f"{date.date_start} to {date.date_end}"
        mentions.append((date.start, f"date     {at(date.start, date.end)}: {days} {date.precision} {date.basis} {date.role} | rule {date.rule}"))
    for place in context.places:
        role = context.role(place)
        said = f"{place.code or 'abroad'} {place.name} {place.kind}" + (f" as {role}" if role else "")
        mentions.append((place.start, f"place    {at(place.start, place.end)}: {said} | rule {place.rule}"))
    for figure in context.quantities:
        high = "" if figure.value_high is None else f" to {figure.value_high:,}"
        said = f"{figure.value:,}{high} {figure.unit} {figure.qualifier}"
        mentions.append((figure.start, f"figure   {at(figure.start, figure.end)}: {said} | rule {figure.rule}"))
    for cue in context.cues:
        mentions.append((cue.start, f"cue      {at(cue.start, cue.end)}: {cue.rule}"))
    mentions.sort(key=lambda mention: mention[0])
    by_place = {(one.quantity.start, number): one for number, one in enumerate(reading.statements)}
    ordered = [by_place[key] for key in sorted(by_place)]
    rows = [_metric(reading, one, row) for one, row in zip(ordered, facts.metrics, strict=True)]
    rows += [_event(row) for row in facts.events]
    rejected = tuple(f"{printable(row.quote, None)}: {row.reason}" for row in facts.rejected)
    return Explanation(
        f"{article.anchor_date} ({article.anchor_basis})",
        f"{article.region_code or '-'} ({article.region_basis})",
        printable(normal.text, None) if normal.text != raw else "",
        tuple(line for _, line in mentions),
        tuple(rows),
        rejected,
    )


def _metric(reading: Reading, one: Statement, row: MetricRow) -> RowExplanation:
    others = _others(reading, one)
    values = {
        "subject": one.noun or row.indicator,
        "measure": one.kind or "-",
        "origin": one.origin,
        "group": "a part" if one.part else "everybody",
        "region": _region(row.region_name, row.region_code),
        "period": _days(row.date_start, row.date_end),
        "whole": row.part_of or "",
        "status": row.status,
    }
    quotes = {
        "period": _cut(row.date_char_start, row.date_char_end, reading),
        "region": _cut(row.region_char_start, row.region_char_end, reading),
    }
    slots = []
    for name, value in values.items():
        found = one.trace.get(name, "")
        if not found and name in ("origin", "group", "whole", "status"):
            continue
        relation, _, rule = found.partition(":")
        slots.append(Slot(name, value, relation or "none", rule, quotes.get(name, ""), others.get(name, "")))
    said = _amount(*(getattr(row, name) for name in _AMOUNT))
    return RowExplanation(row.metric_id, "metric", printable(row.value_quote, None), said, tuple(slots))


def _cut(start: int | None, end: int | None, reading: Reading) -> str:
    return "" if start is None or end is None else printable(reading.article.raw[start:end], None)


def _event(row: EventRow) -> RowExplanation:
    slots = _traced(row.trace, {"category": row.category, "region": _region(row.region_name, row.region_code), "status": row.status})
    return RowExplanation(row.event_id, "event", printable(row.date_quote, None), f"{_days(row.date_start, row.date_end)} | {row.category} | {printable(row.summary, None)}", slots)


def explain_published(row: Mapping[str, Any], document: Mapping[str, Any]) -> RowExplanation:
    """What a published row says of itself, where the text of its document is not at hand.

    Args:
        row: one of `events` or `metrics`.
        document: its document.
    """
    days, region = _days(row["date_start"], row["date_end"]), _region(row["region_name"], row["region_code"])
    remarks = (
        f"document {document['url'] or document['doc_id']}, SHA-256 {document['sha256']}, characters {row['char_start']} to {row['char_end']}",
        "its text is not here; say where it is"
        if document["may_republish"]
        else "The texts of this collection may not be republished: `covid-timeline fetch` brings them here, and then the words are shown.",
    )
    if "metric_id" in row:
        named = row["indicator"].split("_")
        values = {
            "subject": row["indicator"], "measure": named[-1] if named[-1] in ("new", "cumulative", "current") else "-",
            "origin": next((word for word in ("imported", "local") if word in named), ""), "group": "a part",
            "region": region, "period": days, "whole": row["part_of"] or "", "status": row["status"],
        }  # fmt: skip
        kind, ident, quote, said = "metric", row["metric_id"], row["value_quote"], _amount(*(row[name] for name in _AMOUNT))
    else:
        values = {"category": row["category"], "region": region, "status": row["status"]}
        kind, ident, quote = "event", row["event_id"], row["date_quote"]
        said = f"{days} | {row['category']} | {row['headline_zh'] or ''}"
    return RowExplanation(ident, kind, printable(quote or "", None), said, _traced(row["trace"], values), remarks)


_AMOUNT: Final = ("value", "value_high", "unit", "qualifier", "indicator", "indicator_basis", "measure")


def _amount(value: float, value_high: float | None, unit: str, qualifier: str, indicator: str, indicator_basis: str, measure: str) -> str:
    high = "" if value_high is None else f" to {value_high:,.15g}"
    return f"{value:,.15g}{high} {unit} {qualifier} | {indicator} ({indicator_basis}) | {measure}"


def _days(start: object, end: object) -> str:
    return str(end) if start in (None, end) else f"{start} to {end}"


def _region(name: str | None, code: str | None) -> str:
    return f"{name or '-'} ({code or '-'})"


def _traced(trace: str | None, values: Mapping[str, str]) -> tuple[Slot, ...]:
    """The slots that the column `trace` names: `subject=own:noun.case; region=named`."""
    slots = []
    for part in (trace or "").split("; ") if trace else ():
        name, _, found = part.partition("=")
        relation, _, rule = found.partition(":")
        slots.append(Slot(name, values.get(name, ""), relation, rule, "", ""))
    return tuple(slots)


def _others(reading: Reading, one: Statement) -> dict[str, str]:
    """For each slot the next candidate in the order of its relations, where it says something else."""
    context, figure, frame = reading.context, one.figure, one.frame
    found: dict[str, str] = {}
    subjects: list[tuple[str, str]] = []
    nouns, relation = own_nouns(context, figure)
    if nouns:
        subjects.append((ranked([cue.name for cue in nouns]), relation))
    if frame is not None:
        if frame.item_noun:
            subjects.append((frame.item_noun, "list"))
        if figure.topic_nouns:
            subjects.append((ranked([cue.name for cue in figure.topic_nouns]), "topic"))
        if frame.nouns:
            subjects.append((ranked(list(frame.nouns)), "sentence"))
    _add_other(found, "subject", one.noun, subjects)
    measures = [(cue.name, "own") for cue in (figure.mode, figure.mode_after) if cue is not None]
    if figure.topic_mode is not None:
        measures.append((figure.topic_mode.name, "topic"))
    if frame is not None and frame.item_kind:
        measures.append((frame.item_kind, "list"))
    if frame is not None and frame.mode:
        measures.append((frame.mode, "sentence"))
    _add_other(found, "measure", one.kind, measures)
    regions = [(place.name, "own") for place in reversed(figure.places)]
    if frame is not None and frame.region is not None and frame.region.name:
        regions.append((frame.region.name, "sentence"))
    if context.home_region.name:
        regions.append((context.home_region.name, "document"))
    _add_other(found, "region", one.region.name or "", regions)
    sentence = context.tree.sentences[figure.sentence]
    days = [
        (f"{date.date_end} 「{context.text[date.start : date.end]}」", "sentence")
        for date in context.dates_in(sentence.start, sentence.end)
        if one.date is None or context.dates[one.date] != date
    ]
    if days:
        found["period"] = f"{days[0][0]} ({days[0][1]})"
    return found


def _add_other(found: dict[str, str], slot: str, chosen: str, candidates: list[tuple[str, str]]) -> None:
    order = {relation: number for number, relation in enumerate(ORDER[slot])}
    for value, relation in sorted(candidates, key=lambda candidate: order[candidate[1]]):
        if value != chosen:
            found[slot] = f"{value} ({relation})"
            return
