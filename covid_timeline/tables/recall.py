"""Recall by an independent reader: of the counts that stand in the texts in the plainest form, how many do we have?

The reader shares nothing with the extractor but the list of places.
"""

from __future__ import annotations

import bisect
import functools
import re
from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from covid_timeline.mentions.places import gazetteer


class Missed(NamedTuple):
    """A count that a text states and that we do not have."""

    doc_id: str
    start: int
    quote: str
    region_code: str
    value: int


class Recall(NamedTuple):
    """How many of the counts that stand in the texts in the plainest form we have, with place, value and indicator."""

    stated: int
    found: int
    missed: list[Missed]


_CUE = re.compile(
    "累计(?!追踪|排除|治愈|出院|死亡|解除|病亡|密切)|新增|现有|治愈|出院|死亡|病亡|疑似|重症|危重|追踪|转入"
)
_BRACKETS = re.compile(r"[（(][^（()）]{0,500}[)）]")
_HEAD_CHARS = 300  # the noun of a list stands at its head
_CLOCK = re.compile(r"([0-9]{1,2})\s?[时点]")


@functools.lru_cache(maxsize=1)
def _plain_count() -> tuple[re.Pattern[str], Mapping[str, str]]:
    names: dict[str, str] = {}
    for row in gazetteer():
        if row.level == "prefecture" and row.valid_to is None:
            names[row.name] = names[row.short_name] = row.region_code
            for ending in ("市", "州"):
                names.setdefault(row.short_name + ending, row.region_code)
    longest_first = "|".join(sorted(map(re.escape, names), key=lambda name: (-len(name), name)))
    return re.compile(f"({longest_first})\\s?(?:累计)?(?:确诊)?(?:病例)?\\s?([0-9]{{1,7}})\\s?例"), names


def stated_counts(raw: str) -> list[tuple[str, int, int, int]]:
    """Cumulative confirmed counts of prefectures in the plainest form: a place, N例, the last cue before it 累计.

    Nothing of the extractor is used. Texts that name an hour, and never 24时, state no counts of a day's end.

    Returns:
        Code, value, and where the number stands in the raw text.

    >>> stated_counts("截至2月3日24时，累计确诊病例38例，其中聊城市15例、济南12例；新增病例中，青岛2例。")
    [('371500', 15, 25, 27), ('370100', 12, 31, 33)]
    """
    clocks = {match[1] for match in _CLOCK.finditer(raw)}
    if clocks and "24" not in clocks:
        return []
    pattern, names = _plain_count()
    brackets = [match.span() for match in _BRACKETS.finditer(raw)]
    ends = [end for _, end in brackets]
    cues = [match.span() for match in _CUE.finditer(raw)]
    cue_ends = [end for _, end in cues]

    def closed(at: int, before: int) -> bool:
        """Whether a place in the text stands in brackets that are closed before another."""
        i = bisect.bisect_right(ends, at)
        return i < len(brackets) and brackets[i][0] <= at and ends[i] <= before

    found = []
    for match in pattern.finditer(raw):
        here = match.start()
        last = bisect.bisect_right(cue_ends, here) - 1
        while last >= 0 and closed(cues[last][0], here):
            last -= 1
        if last < 0 or not raw.startswith("累计", cues[last][0]):
            continue
        cue = cues[last][0]
        between = _BRACKETS.sub("", raw[cue : min(here, cue + _HEAD_CHARS)])
        if "确诊" in between or "病例" in between:
            found.append((names[match[1]], int(match[2]), *match.span(2)))
    return found


def measure_recall(texts: Mapping[str, str], metrics: pd.DataFrame) -> Recall:
    """How many of the `stated_counts` of the texts are in metrics, with place, value and indicator right."""
    columns = ["region_code", "value", "value_char_start", "value_char_end"]
    counts = metrics[metrics["indicator"].eq("confirmed_cumulative")]
    ours = {doc: rows[columns].to_numpy().tolist() for doc, rows in counts.groupby("doc_id")}
    stated, missed = 0, []
    for doc_id, raw in sorted(texts.items()):
        for code, value, start, end in stated_counts(raw):
            stated += 1
            if not any(of == code and v == value and low <= start < high for of, v, low, high in ours.get(doc_id, ())):
                missed.append(Missed(doc_id, start, raw[max(0, start - 20) : end + 1], code, value))
    return Recall(stated, stated - len(missed), missed)
