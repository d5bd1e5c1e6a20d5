"""Which figure a figure is a part of: heads of lists by their sign (其中, a bracket), by their sum, by their region."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from covid_timeline.reading.context import Region, is_inside, is_zone
from covid_timeline.reading.statement import Statement
from covid_timeline.reading.words import Figure

__all__ = ["Statements", "list_sum"]

_GAP: Final = 14  # characters between two items of a list of places
_LIST: Final = 60  # items of a list looked at for its sum
_BACK: Final = 80  # statements looked back at for a whole


class Statements:
    """The statements made so far, in the order of the text."""

    def __init__(self) -> None:
        self.all: list[Statement] = []
        self.by_indicator: dict[str, list[Statement]] = {}

    def add(self, statement: Statement) -> None:
        """Keep one more."""
        self.all.append(statement)
        self.by_indicator.setdefault(statement.indicator, []).append(statement)

    def whole_of(self, part: Statement, head: Statement | None) -> Statement | None:
        """The whole of a part: the latest figure of the same indicator for a region that contains it, else the head."""
        if part.region.code is not None and not part.part:
            smaller: Statement | None = None
            for other in reversed(self.by_indicator.get(part.indicator, [])[-_LIST:]):
                if other.noun != part.noun or not is_inside(part.region, other.region) or is_zone(other.region):
                    continue  # (a part is not inside its own region, so it is never its own whole)
                if other.quantity.value >= part.quantity.value:
                    return other
                smaller = smaller or other
            if smaller is not None and (head is None or head is smaller):
                return smaller  # the text contradicts itself: kept as stated, and flagged by validation
        if head is None or head.quantity is part.quantity:
            return None
        if head.quantity.value < part.quantity.value:  # 除死亡3例外，其中88例: look further back for what holds it
            for other in reversed(self.all[-6:]):
                if (
                    other is not part
                    and other.part_of is not part
                    and other.noun
                    and other.quantity.unit == part.quantity.unit
                    and other.quantity.value >= part.quantity.value
                ):
                    return other
        return head

    def latest_whole(self, noun: str, least: Decimal) -> Statement | None:
        """确诊病例中，昆明市48例: the latest whole of that noun which the list adds up to, else one large enough."""
        noun = "confirmed" if noun == "case" else noun
        large: Statement | None = None
        for one in reversed(self.all[-_BACK:]):
            if one.noun != noun or one.part_of is not None or not one.kind:
                continue
            if one.quantity.value == least:
                return one
            if large is None and one.quantity.value > least:
                large = one
        return large

    def same_figure(self, value: Decimal) -> Statement | None:
        """新增的58例里，湖北37例: the count of 58 of which the text has spoken."""
        for one in reversed(self.all[-20:]):
            if one.quantity.value == value and one.noun and one.kind and not one.part:
                return one
        return None

    def same_people(self, value: Decimal) -> Statement | None:
        """这7名患者: the seven of whom the text has spoken."""
        for one in reversed(self.all[-20:]):
            if one.quantity.value == value and one.noun in ("recovered", "deaths", "confirmed") and one.kind:
                return one
        return None

    def list_head(
        self, figures: Sequence[Figure], number: int, region: Region, times: int = 1, named: Statement | None = None
    ) -> Statement | None:
        """The figure that a list of places breaks down (…50例，死亡1例。东城区2例、西城区7例): the one the list adds up to,
        else `named`, else the latest one of a region around these places that is large enough."""
        total, count = list_sum(figures, number)
        if times > 1 and count == 1:
            total *= times  # 疑似2例，汉滨区、紫阳县各1例
        large: Statement | None = None
        for one in reversed(self.all[-14:]):
            if not one.noun or not one.kind or one.indicator == "other" or one.quantity.value == 0:
                continue
            if not is_inside(region, one.region) or (one.part_of is not None and count == 1):
                continue
            if one.quantity.value == total:
                return one
            if large is None and one.part_of is None and one.quantity.value > total:
                large = one
        return named or large


def list_sum(figures: Sequence[Figure], number: int) -> tuple[Decimal, int]:
    """Sum and count of the figures from `number` on that are listed without words of their own between them."""
    head = figures[number]
    total, count = head.quantity.value, 1
    edge = head.right
    for figure in figures[number + 1 : number + _LIST]:
        if figure.bracket != head.bracket and figure.bracket > head.bracket:
            edge = figure.right  # a bracket with figures of its own
            continue
        if figure.quantity.start - edge > _GAP or figure.quantity.unit != head.quantity.unit:
            break
        if figure.has_noun or figure.mode or figure.topic_nouns or figure.topic_mode:
            break
        total += figure.quantity.value * (len(figure.places) if "each" in figure.lists else 1)
        count += 1
        edge = figure.right
    return total, count
