"""What a figure outside the case counts is: the patterns of `lexicon/indicators.toml` over its clause."""

from __future__ import annotations

import re
from functools import cache
from typing import Final, NamedTuple

from covid_timeline.lexicon.rules import load_rules
from covid_timeline.model import Quantity
from covid_timeline.reading.context import Context
from covid_timeline.reading.words import Figure
from covid_timeline.text.normalize import WHITE_SPACE

__all__ = ["ELIDED", "STOCKS", "TRACING", "is_bare", "measure_of_figure", "resolve_indicator"]

TRACING: Final = frozenset({"tests_cumulative", "people_quarantined", "people_screened"})
"""Indicators that speak of everybody in a region; of a ship, a firm or a profession they are `other`."""

STOCKS: Final = frozenset({"firms_resumed", "workers_returned", "firms_resumption_rate", "workers_resumption_rate"})
"""Indicators of what has been reached; a daily increase of them is `other`."""

ELIDED: Final = {
    (f"vehicles_{deed}", unit): f"people_{deed}" for deed in ("screened", "turned_back") for unit in ("person", "person_time")
} | {(f"people_{deed}", "vehicle"): f"vehicles_{deed}" for deed in ("screened", "turned_back")}
"""What a figure is that shares the verb of the one before it, by that one's indicator and its own unit."""

_NEXT: Final = "▯"  # where the next figure begins
_OWN_SUM: Final = re.compile("、(?:计划|协议|年度|合同|意向)?总?(?:投资|引资|金额|资金)")
_GOES_ON: Final = re.compile("[和及]|[^，。；]{0,2}(?:增至|增加到|升至|升到|降到|提升[到至]|提高[到至]|扩大到|降至|降到|减少到)")
_HAN2: Final = re.compile("[\u4e00-\u9fff]{2}")
_NOUN_END: Final = re.compile("[，,、；;。：:（()）”“《》]")
_CLAUSE_END: Final = re.compile("[，,；;。：:（()）”“《》]")
_LEFT_EDGE: Final = WHITE_SPACE + "，,、：:（(“的和及与其中共有为"
_RIGHT_EDGE: Final = WHITE_SPACE + "，,、：:（(“为有达到共"
_HEAD: Final = re.compile(
    "^(?:其中|目前|截至|我市|全市|全省|我省|全区|已|共|在|将|并|还|对|把|从|现场|先后|累计|组织|提出|制定|出台|印发)+"
)
_EQUALS: Final = frozenset({"", "为", "均为", "分别为", "达"})
_LIST_HEADS: Final = frozenset({"", "其中", "包括", "分别为", "分别是", "分别"})
_LABEL_LENGTH: Final = 16  # characters
_BEFORE, _AFTER, _WIDE = 24, 30, 160


class _Pattern(NamedTuple):
    rule: str
    indicator: str
    near: re.Pattern[str]
    wide: re.Pattern[str] | None
    unless: re.Pattern[str] | None
    unless_counter: re.Pattern[str] | None


@cache
def _patterns() -> dict[str, list[_Pattern]]:
    by_unit: dict[str, list[_Pattern]] = {}
    for rule in load_rules("indicators"):
        near, wide, unless, unless_counter = (
            re.compile(rule.data[key]) if key in rule.data else None for key in ("near", "wide", "unless", "unless_counter")
        )
        if near is None:
            raise ValueError(f"lexicon/indicators.toml: {rule.id} has no pattern `near`")
        indicator = rule.data.get("indicator", rule.name)
        for unit in rule.data["units"]:
            by_unit.setdefault(unit, []).append(_Pattern(rule.id, indicator, near, wide, unless, unless_counter))
    return by_unit


def resolve_indicator(context: Context, figure: Figure, next_start: int) -> tuple[str, str, str]:
    """The indicator of a figure (`other` where no rule fits), the id of its rule, and its measure.

    `next_start` is where the next figure of the sentence begins, or where the sentence ends.
    """
    text, tree, quantity = context.text, context.tree, figure.quantity
    clause, sentence = tree.clauses[figure.clause], tree.sentences[figure.sentence]
    start = max(clause.start, figure.left, quantity.start - _BEFORE)
    before = text[start : quantity.start]
    after_end = max(min(clause.end, quantity.end + _AFTER), quantity.end)
    mark = ""
    if next_start < after_end and text[next_start - 1] not in "和与及":
        after_end, mark = next_start, _NEXT
    after = text[quantity.end : after_end]
    low, high = max(clause.start, quantity.start - _WIDE), min(clause.end, quantity.end + _WIDE)
    wide = text[max(sentence.start, low - _WIDE) : min(sentence.end, high + _WIDE)]
    longer = text[max(clause.start, quantity.start - _BEFORE) : quantity.start] if clause.start < figure.left <= quantity.start else ""
    if is_bare(context, figure):
        start = max(sentence.start, min(figure.left, clause.start), quantity.start - 2 * _BEFORE)
        before = text[start : quantity.start]  # 累计摸排登记：平江县10815人
    if longer and _OWN_SUM.match(text, figure.left):
        before = longer  # 新开工项目19个、总投资208亿元: what the sum belongs to
    label = _label_of(context, figure)
    indicator, rule = _match(quantity, f"{label}{before}▮{after}{mark}", wide)
    if indicator == "other" and longer and ("、" in text[figure.left : figure.left + 6] or "占" in before or _GOES_ON.match(text, figure.left)):
        # 劝返2284辆车、3838人; 由21万只增至88万只: the words before the first are understood
        indicator, rule = _match(quantity, f"{longer}▮{after}{mark}", wide)
    return indicator, rule, measure_of_figure(before, after[: max(next_start - quantity.end, 0)])


def _label_of(context: Context, figure: Figure) -> str:
    """口罩：累计接收31500只: the label of a line is part of what each of its figures counts."""
    tree = context.tree
    block = tree.blocks[tree.sentences[figure.sentence].block]
    if block.kind not in ("label", "item"):
        return ""
    label = tree.clauses[tree.sentences[block.sentences[0]].clauses[0]]
    if "：" in context.text[max(figure.own, label.end + 1) : figure.quantity.start]:
        return ""  # 当日查验车辆：20481台；劝返车辆：318台: it has a label of its own
    if label.end - label.start > _LABEL_LENGTH or label.end > figure.own or context.text[label.end - 1 : label.end + 1].strip("：:") == context.text[label.end - 1 : label.end + 1]:
        return ""
    return context.text[label.start : label.end].strip("：: •·●-*■▪◆▲")


def is_bare(context: Context, figure: Figure) -> bool:
    """Whether nothing but a place stands in front of the figure: an item of a list of places."""
    if not figure.places or figure.right > figure.quantity.end:
        return False
    place = figure.places[-1]
    return context.text[place.end : figure.quantity.start] in _EQUALS and context.text[figure.own : place.start].strip("、，,和与及 ") in _LIST_HEADS


def _match(quantity: Quantity, window: str, wide: str) -> tuple[str, str]:
    for rule in _patterns().get(quantity.unit, ()):
        if (
            rule.near.search(window)
            and not (rule.unless and rule.unless.search(window))
            and not (rule.unless_counter and rule.unless_counter.search(quantity.counter))
            and (rule.wide is None or rule.wide.search(wide))
        ):
            return rule.indicator, rule.rule
    return "other", ""


def measure_of_figure(before: str, after: str) -> str:
    """What follows the figure up to the next stop, else what stands before it."""
    noun = _NOUN_END.split(after, maxsplit=1)[0].strip(" 的")
    if _HAN2.search(noun):
        return noun[:40]
    words = _CLAUSE_END.split(before)[-1].lstrip(_LEFT_EDGE).rstrip(_RIGHT_EDGE)
    return (_HEAD.sub("", words) or words)[:40]
