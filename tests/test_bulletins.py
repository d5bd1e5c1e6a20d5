"""Eight bulletins in the commissions' form: no case figure falls to the day of publication, and each says what it should.

The texts and what a careful reader says of them stand in cases/bulletins; they were written before the reader was tried on them.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from articles import bulletin

from covid_timeline.model import MetricRow
from covid_timeline.reading.extract import extract

FOLDER = Path(__file__).parent / "cases" / "bulletins"
INDEX = {row["name"]: row for row in csv.DictReader((FOLDER / "index.csv").read_text(encoding="utf-8").splitlines())}
CASES = (
    "confirmed_",
    "deaths_",
    "recovered_",
    "suspected_",
    "severe_",
    "critical_",
    "asymptomatic_",
    "contacts_",
)

Named = tuple[str, int, str, str]
"""A gold row: quote, start, indicator, region."""

def gold(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def text_of(name: str) -> str:
    return (FOLDER / f"{name}.txt").read_bytes().decode("utf-8")


@cache
def rows(name: str) -> tuple[MetricRow, ...]:
    about = INDEX[name]
    return tuple(
        extract(bulletin(text_of(name), published=about["published_at"], region=about["region_code"])).metrics
    )


def day(value: dt.date | None) -> str | None:
    return None if value is None else str(value)


def is_read(note: dict[str, Any], row: MetricRow) -> bool:
    """Whether the row says what the gold says. The start of a figure that has no indicator of its own is open."""
    return (
        row.value_char_start < note["end"]
        and note["start"] < row.value_char_end
        and (row.value, row.value_high, row.unit, row.qualifier)
        == tuple(note[k] for k in ("value", "value_high", "unit", "qualifier"))
        and (row.indicator, row.region_code) == (note["indicator"], note["region"])
        and (note["date_end"] is None or day(row.date_end) == note["date_end"])
        and (
            note["indicator"] in ("other", "days_without_new_cases")
            or day(row.date_start) == note["date_start"]
        )
    )


def failing(name: str) -> set[Named]:
    return {
        (note["quote"], note["start"], note["indicator"], note["region"])
        for note in gold(name)
        if not note["optional"] and not any(is_read(note, row) for row in rows(name))
    }


class TestGold:
    @pytest.mark.parametrize("name", INDEX)
    def test_the_quotes_stand_where_the_gold_says(self, name: str) -> None:
        text = text_of(name)
        assert all(text[note["start"] : note["end"]] == note["quote"] for note in gold(name))

    def test_enough_case_figures(self) -> None:
        assert len(INDEX) == 8
        assert sum(note["indicator"].startswith(CASES) for name in INDEX for note in gold(name)) >= 160


@pytest.mark.parametrize("name", INDEX)
class TestBulletins:
    def test_no_case_figure_falls_to_the_day_of_publication(self, name: str) -> None:
        figures = [row for row in rows(name) if row.indicator.startswith(CASES)]
        assert figures
        assert not [row for row in figures if row.date_basis in ("publication", "assumed")]
        published = dt.date.fromisoformat(INDEX[name]["published_at"][:10])
        assert not [row.value_quote for row in figures if row.date_end == published]

    def test_every_figure_is_read(self, name: str) -> None:
        assert failing(name) == set()

    def test_no_figure_is_made_up(self, name: str) -> None:
        spans: dict[tuple[int, int], int] = Counter((note["start"], note["end"]) for note in gold(name))
        read: Counter[tuple[int, int] | str] = Counter()
        for row in rows(name):
            touched = [one for one in spans if row.value_char_start < one[1] and one[0] < row.value_char_end]
            read[touched[0] if touched else row.value_quote] += 1
        assert {
            what: count for what, count in read.items() if isinstance(what, str) or count > spans[what]
        } == {}
