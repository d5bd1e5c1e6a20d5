"""The values that every stage shares.

All of them are named tuples: immutable, without a dict, and several times cheaper to make than frozen
dataclasses, which matters at twenty thousand figures a second. Mentions carry offsets into the *normalised* text
(`NormalizedText.text`); rows carry offsets into the *raw* text, counted in code points.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal, NamedTuple

Basis = Literal["explicit", "inferred_year", "partial", "relative", "festival", "carried"]
Precision = Literal[
    "minute", "hour", "part_of_day", "day", "ten_days", "month", "quarter", "year", "range"
]
DateRole = Literal["at", "as_of", "since", "from", "by", "range", "attributive"]
RegionBasis = Literal["named", "home", "inherited", "assumed"]
Status = Literal["reported", "denied", "conditional", "planned", "forecast"]


class DateMention(NamedTuple):
    """One date expression, resolved. `start`/`end` are offsets into the normalised text."""

    start: int
    end: int
    date_start: dt.date
    date_end: dt.date
    time_start: str | None  # "HH:MM"; 24:00 is kept as "24:00"
    time_end: str | None
    precision: str
    basis: str
    # at; as_of 截至…; since …以来; from 自…起; by …前/之前; range; attributive: a period that only qualifies the noun
    # behind it (举行一季度重大项目开工仪式, 2月份房租), a row of `dates` that governs no figure and heads no event
    role: str
    vague: bool  # 近日, 连日来, 目前, 眼下: points at the anchor, heads no event of its own weight
    header: bool  # publication stamp or wire dateline: a date, never an event
    rule: str


class Quantity(NamedTuple):
    """One figure. Offsets into the normalised text cover number, unit and touching qualifier."""

    start: int
    end: int
    value: Decimal
    value_high: Decimal | None
    unit: str
    qualifier: str
    counter: str  # the unit as written: 例, 名, 万元, 家次
    rule: str
    # "fall": the words before say that it fell, and the value is negative; "label", "row": a number without a counter
    # that a label (检测: 1200) or a table's row gives, of which only the label or the header says the unit ("" here)
    flag: str = ""


class Place(NamedTuple):
    """One place named in the text. `code` is None abroad."""

    start: int
    end: int
    name: str  # as published: canonical for coded units, the text's own for others
    code: str | None
    level: str  # country, province, prefecture, county; "abroad" where code is None
    kind: str  # named; home (我市, 全区…); institution (a place inside a longer proper name)
    rule: str


class Unclaimed(NamedTuple):
    """A numeral or date-like string that no rule turned into a row, with the reason."""

    start: int
    end: int
    reason: str


class Article(NamedTuple):
    """One article as read, before extraction. `raw` is the decoded text, untouched."""

    doc_id: str
    raw: str
    title: str
    source: str | None
    published_at: dt.datetime | None
    anchor_date: dt.date
    anchor_basis: str  # published, inferred
    region_code: str | None
    url: str | None
    sha256: str
    title_basis: str  # sidecar, header, first_line
    published_basis: str  # sidecar, header, dateline, none
    region_basis: str  # sidecar, title, text, none
    licence: str | None
    may_republish: bool
    collection: str = "articles"


class DateRow(NamedTuple):
    """A row of `dates` (CONTRACT section 2)."""

    doc_id: str
    char_start: int
    char_end: int
    quote: str
    date_start: dt.date
    date_end: dt.date
    time_start: str | None
    time_end: str | None
    precision: str
    basis: str
    rule: str


class EventRow(NamedTuple):
    """A row of `events`."""

    event_id: str
    doc_id: str
    date_start: dt.date
    date_end: dt.date
    time_start: str | None
    precision: str
    basis: str
    date_quote: str
    date_char_start: int
    date_char_end: int
    region_code: str | None
    region_name: str | None
    region_level: str | None
    region_basis: str
    status: str
    category: str
    summary: str
    headline_zh: str
    headline_en: str
    quote: str
    char_start: int
    char_end: int
    n_metrics: int
    rule: str
    trace: str


class MetricRow(NamedTuple):
    """A row of `metrics`."""

    metric_id: str
    doc_id: str
    event_id: str | None
    value: float
    value_high: float | None
    unit: str
    qualifier: str
    value_quote: str
    value_char_start: int
    value_char_end: int
    status: str  # reported, denied, conditional, planned, forecast
    indicator: str
    indicator_basis: str  # stated, inherited, assumed
    measure: str
    part_of: str | None
    repeat_of: str | None
    date_start: dt.date | None
    date_end: dt.date | None
    time_start: str | None  # clock time at which the period starts: 2月3日12—24时 -> "12:00"
    time_end: str | None  # clock time of the as-of point: 截至2月4日12时 -> "12:00"; null at a day's end unknown
    date_basis: str
    date_char_start: int | None  # where the day is written; None where nothing in the text says it
    date_char_end: int | None
    region_code: str | None
    region_name: str | None
    region_level: str | None
    region_basis: str
    region_char_start: int | None  # where the place is written; None where nothing in the text says it
    region_char_end: int | None
    quote: str
    char_start: int
    char_end: int
    is_correction: bool  # the text says the figure was put right: 核减2例, 订正, 核增
    rule: str
    trace: str


class RejectedRow(NamedTuple):
    """A row of `rejected`."""

    doc_id: str
    char_start: int
    char_end: int
    quote: str
    reason: str


class Facts(NamedTuple):
    """Everything read from one article."""

    article: Article
    script: str  # hans, hant
    dates: list[DateRow]
    events: list[EventRow]
    metrics: list[MetricRow]
    rejected: list[RejectedRow]


class Refused(NamedTuple):
    """Something a source could not, or would not, hand over as an article; the rest of the build goes on.

    `kind` is `refused` (damaged or unreadable: counts under --strict), `skipped` (empty, not Chinese, read already:
    left out on purpose) or `note` (the article was kept, but there is something to say about it).
    """

    file: str
    place: str  # "row 12", "line 3", "item 7, byte 1024", or "" for the whole file
    reason: str
    kind: str = "refused"
