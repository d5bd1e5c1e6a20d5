"""Which date governs a figure, as the text goes on, and what that makes of the figure's own dates."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from covid_timeline.facts.draft import Draft
from covid_timeline.facts.scope import Scope
from covid_timeline.model import DateMention, Quantity

__all__ = ["Dating", "kind_of_indicator"]

_TOTALLY = re.compile("累计|已|共|先后|总计|合计")
_TIED = re.compile("(?:[^，,。；]{0,12}[，,])?(?:已|均|并|全部|将)?[于在]")
_OF_PROJECTS = re.compile("[^，,。；]{0,12}(?:项目|集中开工|集中签约|开工仪式|签约仪式)")
_NEAR_ANCHOR_DAYS = 3
_BRACKET_LENGTH = 80


def kind_of_indicator(indicator: str) -> str:
    """new, cumulative or current, as the indicator's name says; "" where it says nothing."""
    for kind in ("new", "cumulative", "current"):
        if indicator.endswith("_" + kind):
            return kind
    if indicator.endswith("_rate") or indicator == "days_without_new_cases":
        return "current"
    return ""


class Dating:
    """A cursor over the dates of a text. `last` is the index of the date that governs at the cursor."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.last: int | None = None
        self._next = 0
        self._after_bracket: tuple[int, int | None] | None = None  # where the bracket closes, what governed before it

    def governs(self, date: DateMention) -> bool:
        """Whether a date can date what follows: no stamp, no plain year, nothing that is only compared with."""
        if date.header or date.role == "attributive" or (date.precision == "year" and date.basis == "explicit"):
            return False
        text = self.scope.text  # 比上年同期下降4.6%: what a figure is compared with is not when it holds
        return text[date.end - 2 : date.end] != "同期" and text[date.start - 1 : date.start] not in ("比", "较")

    def forget(self) -> None:
        """At a new paragraph."""
        self.last = None

    def is_before(self, stop: int) -> bool:
        """Whether a date that has not been passed yet starts before `stop`, or a bracket with one closes there."""
        if self._after_bracket is not None:
            return True
        return self._next < len(self.scope.dates) and self.scope.dates[self._next].start < stop

    def advance(self, stop: int, *, first: int, figures_before: bool) -> None:
        """Pass the dates that start before `stop`. `first` is where the sentence starts."""
        dates = self.scope.dates
        while self._next < len(dates) and dates[self._next].start < stop:
            self._pass(self._next, stop, first, figures_before)
            self._next += 1
        if self._after_bracket is not None and stop > self._after_bracket[0]:
            self.last, self._after_bracket = self._after_bracket[1], None

    def _pass(self, number: int, stop: int, first: int, figures_before: bool) -> None:
        scope = self.scope
        date, text = scope.dates[number], scope.text
        if self.last is not None:
            tied = figures_before and text[date.start - 1] in "于在"
            if tied and scope.dates[self.last].role == "as_of":
                return  # 截至…，88例已于2月29日治愈，治愈率…: the as-of date goes on
            near = max(first, date.start - _BRACKET_LENGTH)
            opened = max(text.rfind("（", near, date.start), text.rfind("(", near, date.start))
            if opened >= 0 and opened > max(text.rfind("）", near, date.start), text.rfind(")", near, date.start)):
                closes = _first(text, "）)", date.end, date.end + _BRACKET_LENGTH)
                if closes < 0 or closes < stop:
                    return  # a date in brackets does not outlive them
                if self.governs(date):
                    self._after_bracket = (closes, self.last)
                    self.last = number
                return
        if self.last is not None and date.precision in ("quarter", "month") and _OF_PROJECTS.match(text, date.end):
            day = scope.dates[self.last]
            if day.start >= first and day.date_start == day.date_end:
                return  # 3月6日，全市一季度重大项目集中开工: the day is when it happened
        if self.governs(date) or (self.last is None and not date.header and date.role != "attributive") or (date.precision == "year" and not date.header and not any(
            self.governs(other) for other in scope.dates_in(first, date.start)
        )):
            self.last = number

    @property
    def role(self) -> str:
        """The role of the governing date; "now" for a vague one, "none" where there is none."""
        if self.last is None:
            return "none"
        date = self.scope.dates[self.last]
        return "now" if date.vague else date.role

    def is_day_of_clause(self, clause_start: int) -> bool:
        """Whether the governing date is a plain day named in this very clause (2月11日已解除观察4618人)."""
        if self.last is None:
            return False
        date = self.scope.dates[self.last]
        return date.role == "at" and not date.vague and date.start >= clause_start and date.precision == "day"

    def give(self, draft: Draft, figure: Quantity, clause: tuple[int, int], first: int, end: int) -> None:
        """Date a draft: by the governing date, by one tied to it after it, else by the first later in the sentence."""
        self.apply(draft, self._find(figure, clause, first, end), clause)

    def _find(self, figure: Quantity, clause: tuple[int, int], first: int, end: int) -> int | None:
        scope, text, index = self.scope, self.scope.text, self.last
        here = index is not None and scope.dates[index].start >= first
        later: int | None = None
        for number in range(self._next, min(self._next + 8, len(scope.dates))):
            date = scope.dates[number]
            if date.start >= end:
                break
            if date.start < figure.end:
                continue
            before = text[figure.end : date.start]
            if before.strip() in ("（", "(") and text[date.end : date.end + 1] in ("）", ")"):
                return number  # 890例(3日)、731例(4日)
            if date.header or "（" in before or "(" in before or not self.governs(date):
                continue
            if len(before) <= 40 and _TIED.fullmatch(before[-16:]) and (date.start < clause[1] or len(before) <= 16):
                return number  # 88例已于2月29日全部治愈出院
            if not here and date.start < clause[1] and date.role == "at":
                return number  # 22名专家4月15日飞抵
            if later is None:
                later = number
        return later if index is None else index

    def apply(self, draft: Draft, index: int | None, clause: tuple[int, int]) -> None:
        """Give the draft the dates of a mention, as its indicator takes them (CONTRACT: new, cumulative, current)."""
        scope = self.scope
        kind = kind_of_indicator(draft.indicator) or draft.kind
        draft.date = index
        if index is None:
            draft.basis = "publication"
            draft.date_end = scope.anchor
            draft.date_start = scope.anchor if kind == "current" else None
            draft.time_end = None
            return
        date = scope.dates[index]
        start, end = date.date_start, date.date_end
        this_year = date.precision == "year" and date.basis == "relative"
        if this_year and end > scope.anchor >= start:
            end = scope.anchor
        draft.basis = date.basis
        draft.time_end = date.time_end or (date.time_start if date.role in ("as_of", "range") else None)
        draft.date_end = end
        if kind == "current":
            draft.date_start = end
        elif kind == "cumulative":
            draft.date_start = start if this_year else None  # 今年累计 starts on January 1
        elif kind == "new":
            draft.date_start = None if date.role == "as_of" else start
        elif date.role == "as_of" or date.vague:
            counted = _TOTALLY.search(scope.text, clause[0], draft.quantity.start)
            draft.date_start = None if counted else end
        elif date.role == "from" and "累计" in scope.text[clause[0] : draft.quantity.start] and start < scope.anchor:
            draft.date_start, draft.date_end = start, scope.anchor  # 1月26日起，累计检查车辆32.6万辆
        else:
            draft.date_start = start

    def date_title(self, drafts: Sequence[Draft], title_end: int) -> None:
        """Figures of the title take indicator and date from the same figure in the body, else the body's first day."""
        scope = self.scope
        body = [draft for draft in drafts if draft.quantity.start >= title_end and draft.group]
        first = self._first_day_of_body(title_end)
        for draft in drafts:
            if draft.quantity.start >= title_end:
                break
            if draft.date is not None and not scope.dates[draft.date].vague and scope.dates[draft.date].basis != "relative":
                continue  # the title states its date
            if not draft.group:
                if draft.date is None and scope.short and first is not None:
                    self.apply(draft, first, draft.clause)
                continue
            same = [
                other for other in body
                if other.quantity.value == draft.quantity.value and other.group == draft.group
            ]  # fmt: skip
            exact = [other for other in same if other.indicator == draft.indicator]
            if exact or same:
                twin = (exact or same)[0]
                if not exact and "新增" not in draft.measure and "累计" not in draft.measure:
                    draft.indicator, draft.kind = twin.indicator, twin.kind
                self.apply(draft, twin.date, draft.clause)
            elif draft.date is None and first is not None:
                self.apply(draft, first, draft.clause)

    def _first_day_of_body(self, title_end: int) -> int | None:
        """The first date of the body that can be a bulletin's own: an as-of or period, or a day close to publication."""
        scope = self.scope
        for number in range(bisect_left(scope.date_starts, title_end), len(scope.dates)):
            date = scope.dates[number]
            if not self.governs(date) or date.vague:
                continue
            if date.role in ("as_of", "range") or abs((scope.anchor - date.date_end).days) <= _NEAR_ANCHOR_DAYS:
                return number
            return None
        return None


def _first(text: str, signs: str, start: int, stop: int) -> int:
    found = [position for sign in signs if (position := text.find(sign, start, stop)) >= 0]
    return min(found) if found else -1
