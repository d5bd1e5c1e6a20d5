"""A statement: what one figure says, slot by slot, with the evidence that settled each slot."""

from __future__ import annotations

import datetime as dt
from typing import Final, NamedTuple

from covid_timeline.model import Quantity
from covid_timeline.reading.context import Region
from covid_timeline.reading.words import Figure

__all__ = ["INHERITED", "NOTHING_SAID", "ORDER", "STATED", "Choice", "Frame", "Statement", "basis_of"]

ORDER: Final = {
    "subject": ("own", "column", "after", "list", "topic", "sentence", "paragraph", "title", "document", "none"),
    "measure": ("own", "column", "after", "noun", "topic", "list", "sentence", "period", "title", "none"),
    "origin": ("own", "column", "list", "sentence", "none"),
    "region": ("own", "column", "after", "pair", "list", "sentence", "paragraph", "title", "document", "none"),
    "period": ("bracket", "own", "tied", "clause", "sentence", "paragraph", "header", "title", "later", "document", "none"),
    "whole": ("list", "topic", "sum", "region", "none"),
    "status": ("clause", "sentence", "none"),
}
"""For each slot the relations that a candidate can have to its figure, the strongest first: the words of the figure
itself, its column, the words after it, the head of its list, a topic before it (确诊病例中), its sentence, its
paragraph, a header line, the title, the document. A resolver asks in this order and takes the first candidate."""

STATED: Final = frozenset({"own", "column", "after", "noun", "clause", "bracket", "tied"})
INHERITED: Final = frozenset({"list", "topic", "sentence", "paragraph", "header", "title", "period", "pair", "sum", "region", "later", "document"})


class Choice(NamedTuple):
    """The candidate chosen for a slot."""

    value: str
    relation: str  # one of ORDER[slot]
    rule: str  # id of the rule, or of the cue, that proposed it


def basis_of(*relations: str) -> str:
    """stated, inherited or assumed: the weakest of the relations decides.

    >>> basis_of("own", "sentence"), basis_of("own", "none"), basis_of("own")
    ('inherited', 'assumed', 'stated')
    """
    if "none" in relations:
        return "assumed"
    return "stated" if all(relation in STATED for relation in relations) else "inherited"


class Statement:
    """One row of `metrics` before it gets its ids and raw offsets. Offsets are into the normalised text."""

    __slots__ = (
        "basis",
        "clause",
        "date",
        "date_basis",
        "date_end",
        "date_start",
        "figure",
        "frame",
        "indicator",
        "kind",
        "measure",
        "noun",
        "origin",
        "part",
        "part_of",
        "quantity",
        "region",
        "rule",
        "status",
        "time_end",
        "time_start",
        "trace",
    )  # fmt: skip

    def __init__(self, figure: Figure, indicator: str, basis: str, measure: str, region: Region, rule: str) -> None:
        self.figure = figure
        self.quantity: Quantity = figure.quantity
        self.indicator = indicator
        self.basis = basis  # stated, inherited, assumed
        self.measure = measure
        self.region = region
        self.rule = rule
        self.noun = ""  # what is counted (confirmed, deaths ...); "" for figures that count no cases
        self.kind = ""  # new, cumulative, current; "" where neither
        self.origin = ""  # imported, local
        self.part = False  # of a part of a group, not of everybody in its region
        self.part_of: Statement | None = None
        self.date: int | None = None  # number of the governing date mention
        self.date_start: dt.date | None = None
        self.date_end: dt.date | None = None
        self.date_basis = "publication"
        self.time_start: str | None = None
        self.time_end: str | None = None
        self.status = "reported"
        self.frame: Frame | None = None  # what the sentence had said before it
        self.clause = (0, 0)
        self.trace: dict[str, str] = {}

    def next_item(self, figure: Figure, region: Region) -> Statement:
        """The next item of a list of places: it shares every slot with this one but figure and place."""
        one = Statement(figure, self.indicator, self.basis, self.measure, region, self.rule)
        one.noun, one.kind, one.origin, one.part, one.part_of = self.noun, self.kind, self.origin, self.part, self.part_of
        one.date, one.date_start, one.date_end, one.date_basis = self.date, self.date_start, self.date_end, self.date_basis
        one.time_start, one.time_end, one.status, one.trace = self.time_start, self.time_end, self.status, self.trace
        return one

    def note(self, slot: str, relation: str, rule: str) -> None:
        """Keep which candidate settled a slot."""
        self.trace[slot] = f"{relation}:{rule}" if rule else relation

    def line(self) -> str:
        """The trace as it stands in the table."""
        return "; ".join(map("=".join, self.trace.items()))


class Frame(NamedTuple):
    """What a sentence has said so far, and the next figure may leave out. Never changed; each figure makes the next one."""

    last: Statement | None = None
    nouns: tuple[str, ...] = ()
    mode: str = ""
    region: Region | None = None
    origin: str = ""
    origin_rules: bool = False  # 境外输入 at the head: it holds for all that follows
    local: bool = False  # 山东省本地 at the head: every count of cases that follows is of the local ones
    part: bool = False  # the subject is a part of a group: 监狱累计3例，出院1例
    head: Statement | None = None  # what the list breaks down, or would
    item_noun: str = ""  # noun and kind of the head whose parts are listed by place
    item_kind: str = ""
    listing: bool = False  # after 其中, inside brackets: a place names a part, not a new subject
    by_residence: bool = False  # the list divides the head by where people live or come from
    in_list: bool = False  # the last figure was a bare item of the list

    def after(
        self, last: Statement, nouns: tuple[str, ...], mode: str, region: Region | None, origin: str, origin_rules: bool,
        local: bool, part: bool, head: Statement | None, *, in_list: bool,
    ) -> Frame:  # fmt: skip
        """What has been said once `last` is made; made whole, by position, which takes a third of `_replace`."""
        return Frame(
            last, nouns, mode, region, origin, origin_rules, local, part,
            head, self.item_noun, self.item_kind, self.listing, self.by_residence, in_list,
        )  # fmt: skip

    def open_list(self, head: Statement) -> Frame:
        """The figures that follow are parts of `head`."""
        noun, kind = (head.noun, head.kind) if head.noun else ("", "")
        return self._replace(listing=True, head=head, item_noun=noun, item_kind=kind, in_list=False)

    def close_list(self) -> Frame:
        """The next figure is of the whole again."""
        return self._replace(listing=False, item_noun="", item_kind="", in_list=False, by_residence=False)


NOTHING_SAID: Final = Frame()
