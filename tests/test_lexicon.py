"""lexicon/: every rule matches its examples and none of its counter-examples; every word is reached by an example."""

from __future__ import annotations

import re

import pytest
from articles import bulletin

from covid_timeline.lexicon.lexer import lex, one_of
from covid_timeline.lexicon.rules import VOCABULARIES, Rule, load_all, load_rules
from covid_timeline.mentions.places import find_places
from covid_timeline.model import Place
from covid_timeline.reading.context import role_of
from covid_timeline.reading.events import categorise
from covid_timeline.reading.extract import read
from covid_timeline.reading.subject import filler_words
from covid_timeline.tables.headlines import topics

RULES = [rule for name in VOCABULARIES for rule in load_rules(name)]
LEXED = [rule for rule in RULES if rule.all_words and rule.data.get("lexed", True)]
MARK = re.compile("【(.*?)】")


def unmarked(example: str) -> tuple[str, int, int]:
    """The example without its mark, and the span that was marked."""
    found = MARK.search(example)
    assert found, f"no 【】 in {example}"
    return example[: found.start()] + found[1] + example[found.end() :], found.start(), found.start() + len(found[1])


def ids(rule: Rule) -> str:
    return rule.id


def test_the_ids_are_unique() -> None:
    assert len(load_all()) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=ids)
def test_every_rule_has_examples(rule: Rule) -> None:
    assert rule.examples
    assert set(rule.data) <= {
        "rank", "lexed", "touching", "characters", "direction", "scope", "before", "after", "aid", "people", "indicator", "units",
        "near", "wide", "unless", "unless_counter", "cues", "pattern", "label_en", "label_zh",
    }  # fmt: skip


@pytest.mark.parametrize("rule", LEXED, ids=ids)
class TestWords:
    def test_each_example_is_matched_by_its_rule(self, rule: Rule) -> None:
        for example in rule.examples:
            text, start, end = unmarked(example)
            assert (start, end, rule.id) in [(cue.start, cue.end, cue.rule) for cue in lex(text)], example

    def test_no_counter_example_is(self, rule: Rule) -> None:
        for text in rule.counter_examples:
            assert rule.id not in [cue.rule for cue in lex(text)], text

    def test_each_word_stands_in_an_example(self, rule: Rule) -> None:
        marked = {found[1] for example in rule.examples for found in [MARK.search(example)] if found}
        assert set(rule.words) <= marked, f"words without an example: {set(rule.words) - marked}"

    def test_each_synonym_is_read_as_its_rule(self, rule: Rule) -> None:
        for word in rule.synonyms:
            assert [(cue.start, cue.end, cue.rule) for cue in lex(word)] == [(0, len(word), rule.id)], word


def test_no_word_stands_twice() -> None:
    words = [word for rule in LEXED for word in rule.all_words]
    assert len(words) == len(set(words)), sorted(word for word in set(words) if words.count(word) > 1)


@pytest.mark.parametrize("rule", load_rules("roles"), ids=ids)
class TestRoles:
    def role(self, text: str, start: int) -> str:
        place = next(place for place in find_places(text, None) if place.start <= start < place.end)
        return role_of(text, Place(start, place.end, place.name, place.code, place.level, place.kind, place.rule))

    def test_examples(self, rule: Rule) -> None:
        for example in rule.examples:
            text, start, _ = unmarked(example)
            assert self.role(text, start) == rule.id, example

    def test_counter_examples(self, rule: Rule) -> None:
        for example in rule.counter_examples:
            text, start, _ = unmarked(example)
            assert self.role(text, start) != rule.id, example


@pytest.mark.parametrize("rule", load_rules("indicators"), ids=ids)
class TestIndicators:
    def rule_of(self, example: str) -> str:
        text, start, _ = unmarked(example)
        found = [one for one in read(bulletin(text)).statements if one.quantity.start <= start < one.quantity.end]
        assert found, f"no figure in {example}"
        return found[0].rule

    def test_examples(self, rule: Rule) -> None:
        for example in rule.examples:
            assert self.rule_of(example) == rule.id, example

    def test_counter_examples(self, rule: Rule) -> None:
        for example in rule.counter_examples:
            text, start, _ = unmarked(example)
            found = [one for one in read(bulletin(text)).statements if one.quantity.start <= start < one.quantity.end]
            assert rule.data.get("indicator", rule.name) not in [one.indicator for one in found], example


@pytest.mark.parametrize("rule", load_rules("categories"), ids=ids)
class TestCategories:
    def test_examples(self, rule: Rule) -> None:
        for example in rule.examples:
            assert categorise(example)[0] == rule.name, example

    def test_counter_examples(self, rule: Rule) -> None:
        for text in rule.counter_examples:
            assert categorise(text)[0] != rule.name, text


@pytest.mark.parametrize("rule", load_rules("topics"), ids=ids)
def test_topics(rule: Rule) -> None:
    for example in rule.examples:
        text, start, end = unmarked(example)
        assert (start, end) in [match.span() for match in re.finditer(rule.data["pattern"], text)], example
        assert rule.data["label_en"] in topics(text, "en") and rule.data["label_zh"] in topics(text, "zh")
    for text in rule.counter_examples:
        assert rule.data["label_en"] not in topics(text, "en"), text


@pytest.mark.parametrize("rule", load_rules("corrections"), ids=ids)
def test_corrections(rule: Rule) -> None:
    from covid_timeline.reading.extract import extract

    for example in rule.examples:
        text, *_ = unmarked(example)
        rows = extract(bulletin(text)).metrics
        assert any(row.is_correction for row in rows) or not rows, example
    for text in rule.counter_examples:
        assert not any(row.is_correction for row in extract(bulletin(text)).metrics), text


def test_fillers() -> None:
    rule = next(rule for rule in load_rules("counts") if rule.id == "filler.report")
    for example in rule.examples:
        text, start, end = unmarked(example)
        assert text[start:end] in filler_words()


class TestOneOf:
    @pytest.mark.parametrize(("words", "text", "found"), [
        (["治愈", "治愈出院", "出院"], "治愈出院", ["治愈出院"]),
        (["治愈", "治愈出院", "出院"], "治愈后出院", ["治愈", "出院"]),
        (["a"], "b", []),
    ])  # fmt: skip
    def test_the_longest_word_wins(self, words: list[str], text: str, found: list[str]) -> None:
        assert re.findall(one_of(words), text) == found
