"""Figures that put right what was reported before: 核减2例, 核增1例, 订正病例1例."""

from __future__ import annotations

import csv
import functools
import re
from pathlib import Path
from typing import NamedTuple

from covid_timeline import mentions


class CorrectionCue(NamedTuple):
    """A word that says so, with texts in which it does and texts in which it does not."""

    cue: str
    kind: str  # reduction, addition, revision
    examples: tuple[str, ...]
    counter_examples: tuple[str, ...]


@functools.lru_cache(maxsize=1)
def correction_cues() -> tuple[CorrectionCue, ...]:
    """The vocabulary, from mentions/words/correction_cues.csv."""
    path = Path(mentions.__file__).parent / "words" / "correction_cues.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            CorrectionCue(row["cue"], row["kind"], _split(row["examples"]), _split(row["counter_examples"]))
            for row in csv.DictReader(file)
        )


def _split(cell: str) -> tuple[str, ...]:
    return tuple(cell.split("|")) if cell else ()


@functools.lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    return re.compile("(?<![审稽])(?:" + "|".join(re.escape(one.cue) for one in correction_cues()) + ")")


_BORDER = re.compile(r"[。；;，,、！!？?（）()\n]")
_REACH = 60  # characters on either side: a clause, not a page without punctuation


def find_corrections(text: str) -> list[tuple[int, int]]:
    """Spans, in normalised text, of the clauses that state a correction: every figure inside is one.

    >>> text = "累计报告391例（国家核减赣州市1例），重症34例。"
    >>> [text[start:end] for start, end in find_corrections(text)]
    ['国家核减赣州市1例']
    """
    spans: list[tuple[int, int]] = []
    for cue in _pattern().finditer(text):
        low, high = max(0, cue.start() - _REACH), cue.end() + _REACH
        before = [border.end() for border in _BORDER.finditer(text, low, cue.start())]
        after = _BORDER.search(text, cue.end(), high)
        span = (before[-1] if before else low, after.start() if after else min(high, len(text)))
        if span not in spans[-1:]:
            spans.append(span)
    return spans
