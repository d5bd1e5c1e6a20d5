"""A metric in the making."""

from __future__ import annotations

import datetime as dt

from covid_timeline.facts.scope import Region
from covid_timeline.model import Quantity

__all__ = ["Draft"]


class Draft:
    """A metric before it gets its ids and raw offsets. Offsets are into the normalised text."""

    __slots__ = (
        "basis", "clause", "date", "date_end", "date_start", "group", "indicator", "kind", "measure",
        "part_of", "quantity", "region", "rule", "time_end",
    )  # fmt: skip

    def __init__(self, quantity: Quantity, indicator: str, measure: str, region: Region, rule: str) -> None:
        self.quantity = quantity
        self.indicator = indicator
        self.measure = measure
        self.region = region
        self.rule = rule
        self.group = ""  # the noun of a case count (confirmed, deaths…); "" for other figures
        self.kind = ""  # new, cumulative, current; "" where neither
        self.part_of: Draft | None = None
        self.date: int | None = None  # index of the governing date mention
        self.date_start: dt.date | None = None
        self.date_end: dt.date | None = None
        self.basis = "publication"
        self.time_end: str | None = None
        self.clause = (0, 0)

    def next_item(self, quantity: Quantity, region: Region) -> Draft:
        """The next item of the same list: another figure and place, all else the same."""
        measure = self.measure if self.part_of is None else self.part_of.measure
        item = Draft(quantity, self.indicator, measure, region, "case_count")
        item.group, item.kind, item.part_of = self.group, self.kind, self.part_of
        item.date, item.date_start, item.date_end = self.date, self.date_start, self.date_end
        item.basis, item.time_end = self.basis, self.time_end
        return item
