"""One line for an event, in Chinese and English, made from its row and its figures; never the article's sentence.

    聊城市 2020-03-01: 新增治愈1例
    Liaocheng 2020-03-01: 1 new recovery

    河南省 2020-03-01: 恢复开放（学校）
    Henan 2020-03-01: Reopening (schools)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Literal

from covid_timeline.lexicon.rules import load_rules
from covid_timeline.mentions.places import gazetteer
from covid_timeline.model import EventRow, MetricRow
from covid_timeline.tables.schema import VOCABULARIES

MOST_FIGURES = 3
"""Figures that a headline names, in the order of the text."""

_WITH_TOPICS = ("containment", "reopening")
"""Categories whose headlines say what they are about."""

_COUNTERS = {
    "person": "人", "person_time": "人次", "case": "例", "household": "户", "organization": "家", "project": "个",
    "item": "件", "vehicle": "辆", "bed": "张", "document": "份", "time": "次", "view": "次",
}  # fmt: skip
"""What stands behind a number in Chinese; the label of the unit where it is not here."""

_HEADS = {
    "cases": "case", "infections": "infection", "deaths": "death", "recoveries": "recovery", "contacts": "contact",
    "tests": "test", "returnees": "returnee", "people": "person", "vehicles": "vehicle", "teams": "team",
    "hospitals": "hospital", "beds": "bed", "sites": "site", "volunteers": "volunteer", "organizations": "organization",
    "members": "member", "checkpoints": "checkpoint", "communities": "community", "measures": "measure",
    "masks": "mask", "suits": "suit", "firms": "firm", "workers": "worker", "projects": "project", "staff": "staff",
    "personnel": "personnel",
}  # fmt: skip
"""The counted nouns of the indicators' English labels, with their singular."""

_HEAD = re.compile(rf"\b({'|'.join(_HEADS)})\b")


def with_headlines(events: Sequence[EventRow], metrics: Sequence[MetricRow]) -> list[EventRow]:
    """The events of one document with `headline_zh` and `headline_en` filled in.

    A headline names the place, the days and up to `MOST_FIGURES` reported figures of the event at its place that have
    an indicator of their own; where there is none, the category. A closure or a reopening says what it is about
    (`topics`). What is not reported says what it is instead.
    """
    of_event: dict[str, list[MetricRow]] = {}
    for row in metrics:
        if row.event_id is not None and row.indicator != "other" and row.repeat_of is None:
            of_event.setdefault(row.event_id, []).append(row)
    made = []
    for event in events:
        figures = [
            row
            for row in of_event.get(event.event_id, ())
            if (row.region_code, row.region_name, row.status) == (event.region_code, event.region_name, event.status)
        ][:MOST_FIGURES]
        chinese, english = headline(event, figures)
        made.append(event._replace(headline_zh=chinese, headline_en=english))
    return made


def headline(event: EventRow, figures: Sequence[MetricRow]) -> tuple[str, str]:
    """The Chinese and the English headline of an event, with these figures of it."""
    category = VOCABULARIES["categories"][event.category]
    chinese = "，".join(_unique(figure_zh(row) for row in figures)) or category.label_zh
    english = ", ".join(_unique(figure_en(row) for row in figures)) or category.label_en
    if event.category in _WITH_TOPICS:
        of_chinese, of_english = topics(event.quote or "", "zh"), topics(event.quote or "", "en")
        if of_chinese:
            chinese, english = f"{chinese}（{'、'.join(of_chinese)}）", f"{english} ({', '.join(of_english)})"
    if event.status != "reported":
        status = VOCABULARIES["statuses"][event.status]
        chinese, english = f"{chinese}（{status.label_zh}）", f"{english} ({status.label_en})"
    start, end = event.date_start, event.date_end
    days = [str(start)] if start == end else [str(start), str(end)]
    places = event.region_name or "", place_en(event.region_code, event.region_name)
    return (
        f"{' '.join(filter(None, (places[0], '至'.join(days))))}: {chinese}",
        f"{' '.join(filter(None, (places[1], ' to '.join(days))))}: {english}",
    )


def topics(clause: str, language: Literal["en", "zh"]) -> list[str]:
    """What a closure or a reopening is about, in the words of `lexicon/topics.toml`.

    >>> topics("全市各级各类学校2月17日24时前不得开学", "en")
    ['schools']
    """
    return [label[language] for pattern, label in _topics() if pattern.search(clause)]


@cache
def _topics() -> list[tuple[re.Pattern[str], dict[str, str]]]:
    return [
        (re.compile(rule.data["pattern"]), {"en": rule.data["label_en"], "zh": rule.data["label_zh"]})
        for rule in load_rules("topics")
    ]


def _unique(phrases: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(phrases))


def place_en(code: str | None, name: str | None) -> str:
    """The English name of a place; of a part without a code of its own, the coded place that it is in."""
    region = gazetteer().get(code or "")
    if region is None:
        return ""
    if name is None or name in (region.name, region.short_name):
        return region.name_en
    return f"a part of {region.name_en}"


def figure_zh(row: MetricRow) -> str:
    """新增治愈1例, 签约投资额超过506.8亿元."""
    indicator = VOCABULARIES["indicators"][row.indicator]
    label = indicator.label_zh.removesuffix("病例").removesuffix("出院")
    hedge = "" if row.qualifier == "exact" else VOCABULARIES["qualifiers"][row.qualifier].label_zh
    value = _number_zh(row.value) + (f"至{_number_zh(row.value_high)}" if row.value_high is not None else "")
    if row.unit in ("percent", "percentage_point"):
        return f"{label}{hedge}{value}{'%' if row.unit == 'percent' else '个百分点'}"
    unit = {"CNY": "元", "USD": "美元"}.get(row.unit) or _COUNTERS.get(row.unit)
    return f"{label}{hedge}{value}{unit or VOCABULARIES['units'][row.unit].label_zh}"


def figure_en(row: MetricRow) -> str:
    """1 new recovery; investment signed: more than CNY 50.68 billion; firm resumption rate: 89.7%."""
    indicator, unit = VOCABULARIES["indicators"][row.indicator], VOCABULARIES["units"][row.unit]
    hedge = "" if row.qualifier == "exact" else f"{VOCABULARIES['qualifiers'][row.qualifier].label_en} "
    value = _number_en(row.value) + (f" to {_number_en(row.value_high)}" if row.value_high is not None else "")
    label = indicator.label_en
    if unit.kind == "money":
        return f"{label}: {hedge}{row.unit} {value}"
    if row.unit == "percent":
        return f"{label}: {hedge}{value}%"
    if unit.kind == "count" and _HEAD.search(label):
        one = row.value == 1 and row.value_high is None
        return f"{hedge}{value} {_HEAD.sub(lambda m: _HEADS[m[1]], label, count=1) if one else label}"
    return f"{label}: {hedge}{value} {unit.label_en}"


def _number_zh(value: float) -> str:
    for size, word in ((1e8, "亿"), (1e4, "万")):
        if abs(value) >= size and round(value / size, 4) * size == value:
            return f"{_plain(round(value / size, 4))}{word}"
    return _plain(value)


def _number_en(value: float) -> str:
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if abs(value) >= size and round(value / size, 4) * size == value:
            return f"{round(value / size, 4):,.10g} {word}"
    return f"{int(value):,}" if value == int(value) else f"{value:,.10g}"


def _plain(value: float) -> str:
    return f"{int(value)}" if value == int(value) else f"{value:.10g}"
