"""Figures outside the case counts: matched against the patterns of `mentions/words/indicators.toml`."""

from __future__ import annotations

import re
from typing import NamedTuple

from covid_timeline.facts.scope import Scope
from covid_timeline.facts.words import load_words
from covid_timeline.model import Quantity
from covid_timeline.text.clauses import Sentence

__all__ = ["indicator_of", "measure_of", "strip_measure"]

_BEFORE, _AFTER, _WIDE = 24, 30, 160  # characters of the windows


class _Rule(NamedTuple):
    indicator: str
    near: re.Pattern[str]
    wide: re.Pattern[str] | None
    unless: re.Pattern[str] | None
    unless_counter: re.Pattern[str] | None


def _load() -> dict[str, list[_Rule]]:
    by_unit: dict[str, list[_Rule]] = {}
    for rule in load_words("indicators")["indicator"]:
        near, *others = (
            re.compile(rule[key]) if key in rule else None for key in ("near", "wide", "unless", "unless_counter")
        )
        if near is None:
            raise ValueError(f"indicators.toml: {rule['id']} has no pattern `near`")
        for unit in rule["units"]:
            by_unit.setdefault(unit, []).append(_Rule(rule["id"], near, *others))
    return by_unit


_RULES = _load()
_NEXT = "▯"  # where the next figure begins
_OWN_SUM = re.compile("、(?:计划|协议|年度|合同|意向)?总?(?:投资|引资|金额|资金)")
_GOES_ON = re.compile("[和及]|[^，。；]{0,2}(?:增至|增加到|升至|提升[到至]|提高[到至]|扩大到|降至|降到|减少到)")
_HAN2 = re.compile("[\u4e00-\u9fff]{2}")
_NOUN_END = re.compile("[，,、；;。：:（()）”“《》]")
_CLAUSE_END = re.compile("[，,；;。：:（()）”“《》]")
_EDGE = re.compile("^[\\s，,、：:（(“的和及与其中共有为]+|[\\s，,、：:（(“为有达到共]+$")
_HEAD = re.compile(
    "^(?:其中|目前|截至|我市|全市|全省|我省|全区|已|共|在|将|并|还|对|把|从|现场|先后|累计|组织|提出|制定|出台|印发)+"
)


def indicator_of(
    scope: Scope, sentence: Sentence, clause: tuple[int, int], figure: Quantity, left: int, next_start: int
) -> tuple[str, str]:
    """The indicator of a figure (`other` where no rule fits) and its measure, the counted noun in the article's words.

    `left` is where the words since the last figure begin, `next_start` where the next figure does.
    """
    text = scope.text
    before = text[max(clause[0], left, figure.start - _BEFORE) : figure.start]
    after_end = max(min(clause[1], figure.end + _AFTER), figure.end)
    mark = ""
    if next_start < after_end and text[next_start - 1] not in "和与及":
        after_end, mark = next_start, _NEXT
    after = text[figure.end : after_end]
    wide = text[max(sentence.start, clause[0] - _WIDE) : min(sentence.end, clause[1] + _WIDE)]
    longer = text[max(clause[0], figure.start - _BEFORE) : figure.start] if clause[0] < left <= figure.start else ""
    if longer and _OWN_SUM.match(text, left):
        before = longer  # 新开工项目19个、总投资208亿元: what the sum belongs to
    indicator = _match(figure, f"{before}▮{after}{mark}", wide)
    if indicator == "other" and longer and ("、" in text[left : left + 6] or _GOES_ON.match(text, left)):
        # 劝返2284辆车、3838人; 由21万只增至88万只: the words before the first are understood
        indicator = _match(figure, f"{longer}▮{after}{mark}", wide)
    return indicator, measure_of(before, after[: max(next_start - figure.end, 0)])


def _match(figure: Quantity, window: str, wide: str) -> str:
    for rule in _RULES.get(figure.unit, ()):
        if (
            rule.near.search(window)
            and not (rule.unless and rule.unless.search(window))
            and not (rule.unless_counter and rule.unless_counter.search(figure.counter))
            and (rule.wide is None or rule.wide.search(wide))
        ):
            return rule.indicator
    return "other"


def measure_of(before: str, after: str) -> str:
    """What follows the figure up to the next stop, else what stands before it."""
    noun = _NOUN_END.split(after, maxsplit=1)[0].strip(" 的")
    if _HAN2.search(noun):
        return noun[:40]
    words = strip_measure(_CLAUSE_END.split(before)[-1])
    return (_HEAD.sub("", words) or words)[:40]


def strip_measure(words: str) -> str:
    """The words without commas, brackets and copulas at their edges."""
    return _EDGE.sub("", words)
