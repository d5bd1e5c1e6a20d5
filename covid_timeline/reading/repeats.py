"""Which figures of a document say again what it has said: `metrics.repeat_of`.

A headline and the body under it, a lead and the paragraph that spells it out: the figure stands twice, and a sum over
the rows counts it twice. The first statement is the figure; each later one names it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from covid_timeline.model import MetricRow

_OF_ONE_PERSON: Final = ("year_of_age", "hour", "day", "week", "month")
"""Ages and spans of time: two patients of 56 years are two figures."""


def mark_repeats(metrics: Sequence[MetricRow]) -> list[MetricRow]:
    """The figures of one document, in the order of the text, with `repeat_of` filled in.

    The same statement is the same value (with unit and qualifier) of the same thing (indicator; for `other`, what is
    counted in the article's words) at the same place, for the same days, with the same status. A figure of `other` that
    is a part of a whole, an age or a span of time is never taken for a repeat: 男1例, 女1例 are two.
    """
    first: dict[tuple[object, ...], str] = {}
    marked = []
    for row in metrics:
        if row.indicator == "other" and (row.part_of is not None or row.unit in _OF_ONE_PERSON or not row.measure):
            marked.append(row)
            continue
        statement = (
            row.indicator, row.measure if row.indicator == "other" else "", row.value, row.value_high, row.unit,
            row.qualifier, row.region_code, row.region_name, row.date_start, row.date_end, row.time_start, row.time_end,
            row.status,
        )  # fmt: skip
        told = first.setdefault(statement, row.metric_id)
        marked.append(row if told in (row.metric_id, row.part_of) else row._replace(repeat_of=told))
    return marked
