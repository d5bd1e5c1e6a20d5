"""Whether the text says that it is so: triggers of `lexicon/status.toml`, each with a direction and a scope (ConText)."""

from __future__ import annotations

from bisect import bisect_left
from functools import cache
from typing import Final

from covid_timeline.lexicon.rules import load_rules
from covid_timeline.reading.context import Context
from covid_timeline.reading.statement import Choice

__all__ = ["resolve_status"]

_NEAR: Final = 8
_REPORTED: Final = Choice("reported", "none", "")
_ORDER: Final = ("denied", "conditional", "planned", "forecast")


@cache
def _triggers() -> dict[str, tuple[str, str]]:
    return {
        rule.name: (rule.data["direction"], rule.data["scope"])
        for rule in load_rules("status")
        if rule.category == "status"
    }


def resolve_status(context: Context, position: int, end: int) -> Choice:
    """The status of what stands at `[position, end)`: reported, unless a trigger's scope covers it.

    A trigger of scope `clause` holds for what follows it in its clause, one of scope `sentence` for the whole sentence;
    of several the first of denied, conditional, planned, forecast decides.
    """
    cues = context.status_cues
    if not cues:
        return _REPORTED
    tree = context.tree
    sentence = tree.sentences[tree.sentence_at(position)]
    found = ""
    relation = ""
    first = bisect_left(cues, (sentence.start,))
    last = bisect_left(cues, (sentence.end,), first)
    before = bisect_left(cues, (position,), first, last)
    # The triggers nearest to the position on either side decide; of a heap of them only these are looked at.
    near = cues[max(first, before - _NEAR) : min(last, before + _NEAR)]
    for cue in near:
        direction, scope = _triggers()[cue.name]
        if scope == "clause":
            clause = tree.clauses[tree.clause_at(cue.start)]
            if not clause.start <= position <= clause.end:
                continue
        if direction == "forward" and cue.end > position:
            continue
        if not found or _ORDER.index(cue.name) < _ORDER.index(found):
            found, relation = cue.name, scope
    return Choice(found, relation, f"status.{found}") if found else _REPORTED
