"""Figures in text: every rule against its own examples, forms, spans, refusals, and any string at all."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from importlib import resources

import pytest

from covid_timeline.mentions.quantities import find_quantities

WORDS = resources.files("covid_timeline.mentions").joinpath("words")
EXAMPLE = re.compile(
    r"(?P<text>.*【(?P<quote>.+)】.*) = (?P<low>-?\d+(?:\.\d+)?)(?:\.\.(?P<high>\d+(?:\.\d+)?))? (?P<unit>\w+) (?P<qualifier>\w+)"
)


def table(name: str) -> dict:
    return tomllib.loads(WORDS.joinpath(name).read_text(encoding="utf-8"))


def read_example(example: str):
    """`(plain text, start, end, value, high, unit, qualifier)` of `…【quote】… = value unit qualifier`."""
    match = EXAMPLE.fullmatch(example)
    assert match is not None, f"unreadable example: {example}"
    start = match["text"].index("【")
    end = match["text"].index("】") - 1
    plain = match["text"].replace("【", "").replace("】", "")
    high = None if match["high"] is None else Decimal(match["high"])
    return plain, start, end, Decimal(match["low"]), high, match["unit"], match["qualifier"]


def rule_examples():
    for kind in ("unit", "bare"):
        for row in table("units.toml")[kind]:
            for example in row["examples"]:
                yield pytest.param(f"unit.{row['id']}", example, id=f"{row['id']}-{example}")
    for row in table("hedges.toml")["hedge"]:
        for example in row["examples"]:
            yield pytest.param("", example, id=f"{row['id']}-{example}")
    for example in table("zero_words.toml")["examples"]:
        yield pytest.param("zero.", example, id=f"zero-{example}")


def rule_counter_examples():
    for kind in ("unit", "bare"):
        for row in table("units.toml")[kind]:
            for example in row["counter_examples"]:
                yield pytest.param(f"unit.{row['id']}", example, id=f"{row['id']}-{example}")
    for example in table("zero_words.toml")["counter_examples"]:
        yield pytest.param("zero.", example, id=f"zero-{example}")


class TestRules:
    @pytest.mark.parametrize(("rule", "example"), list(rule_examples()))
    def test_example(self, rule, example):
        plain, start, end, value, high, unit, qualifier = read_example(example)
        found, _ = find_quantities(plain)
        at = [q for q in found if q.start < end and start < q.end]
        assert [(plain[q.start : q.end], q.value, q.value_high, q.unit, q.qualifier) for q in at] == [
            (plain[start:end], value, high, unit, qualifier)
        ]
        assert at[0].rule.startswith(rule)

    @pytest.mark.parametrize(("rule", "example"), list(rule_counter_examples()))
    def test_counter_example(self, rule, example):
        assert [
            q
            for q in find_quantities(example)[0]
            if q.rule == rule or (rule in ("zero.",) and q.rule.startswith(rule))
        ] == []

    @pytest.mark.parametrize(
        ("row_id", "example"),
        [
            pytest.param(row["id"], example, id=f"{row['id']}-{example}")
            for row in table("not_figures.toml")["not_figure"]
            for example in row["examples"]
        ],
    )
    def test_not_a_figure(self, row_id, example):
        plain, marks = strip_marks(example)
        found, unclaimed = find_quantities(plain)
        for start, end in marks:
            assert not [x for x in (*found, *unclaimed) if x.start < end and start < x.end]

    @pytest.mark.parametrize(
        ("row_id", "example"),
        [
            pytest.param(row["id"], example, id=f"{row['id']}-{example}")
            for row in table("not_figures.toml")["not_figure"]
            for example in row["counter_examples"]
        ],
    )
    def test_figure_after_all(self, row_id, example):
        plain, marks = strip_marks(example)
        found, _ = find_quantities(plain)
        for start, end in marks:
            assert [q for q in found if q.start <= start and end <= q.end]

    @pytest.mark.parametrize(
        "example", [x for row in table("hedges.toml")["hedge"] for x in row["counter_examples"]]
    )
    def test_no_hedge(self, example):
        assert all(q.qualifier == "exact" for q in find_quantities(example)[0])


def strip_marks(example: str) -> tuple[str, list[tuple[int, int]]]:
    plain = ""
    marks = []
    for part in re.split(r"(【[^】]*】)", example):
        inner = part.strip("【】") if part.startswith("【") else part
        if part.startswith("【"):
            marks.append((len(plain), len(plain) + len(inner)))
        plain += inner
    return plain, marks
