"""reading/events.py: the words of an event to its category, and which cues are looked for at all."""

from __future__ import annotations

import re

import pytest

from covid_timeline.lexicon.rules import load_rules
from covid_timeline.reading.events import _openings, _without_source, categorise

DIGITS = "0123456789"


class TestOpenings:
    """With which pairs of characters a match can begin. A pair that is missing here would be a cue that is never found."""

    @pytest.mark.parametrize(
        ("pattern", "openings"),
        [
            ("复工", {"复工"}),
            ("复", {"复*"}),
            ("复工厂", {"复工"}),
            ("复工|停业", {"复工", "停业"}),
            ("派|增派人", {"派*", "增派"}),
            ("复[工产]", {"复工", "复产"}),
            ("[复停]工", {"复工", "停工"}),
            ("(?:派|增派)人", {"派人", "增派"}),
            ("复(?:工|产)", {"复工", "复产"}),
            ("复(?:工(?:厂)?|产)", {"复工", "复产"}),
            ("复?工厂", {"复工", "工厂"}),
            ("(?:复|停)?工厂", {"复工", "停工", "工厂"}),
            ("复{0,1}工厂", {"复工", "工厂"}),
            ("复??工厂", {"复工", "工厂"}),
            ("复+工", {"复*"}),
            ("复{2}工", {"复*"}),
            ("复{1,3}工", {"复*"}),
            ("复{2}", {"复*"}),
            ("(?:复工){2}", {"复工"}),
            ("\\d例", {digit + "例" for digit in DIGITS}),
            ("\\d", {digit + "*" for digit in DIGITS}),
            ("[\\d一]个", {digit + "个" for digit in DIGITS + "一"}),
            ("\\.复", {".复"}),
            (".工", {"*"}),
            ("[^，]工", {"*"}),
            ("复.工", {"复*"}),
            ("复[^，]", {"复*"}),
            ("复[^，]{0,4}工", {"复*", "复工"}),
            ("(?=复)工厂", {"工厂"}),
            ("(?!复)工厂", {"工厂"}),
            ("(?<!复)工厂", {"工厂"}),
            ("(?<!复)(?<!停)工厂", {"工厂"}),
            ("工(?!厂)人", {"工人"}),
            ("工厂(?!区)", {"工厂"}),
        ],
    )
    def test_of_a_pattern(self, pattern: str, openings: set[str]) -> None:
        re.compile(pattern)
        assert _openings(pattern) == openings

    def test_every_cue_begins_with_one_of_its_openings(self) -> None:
        texts = [example for rule in load_rules("categories") for example in rule.examples]
        for rule in load_rules("categories"):
            for pattern, _ in rule.data["cues"]:
                openings = _openings(pattern)
                for text in texts:
                    for match in re.finditer(pattern, text):
                        pair = text[match.start() : match.start() + 2]
                        assert openings & {pair, pair[0] + "*", "*" + pair[-1], "*"}, (pattern, pair)


class TestCategory:
    @pytest.mark.parametrize(
        ("reason", "words", "prior", "topic", "category", "score"),
        [
            ("two cues add up", "召开会议", "", "", "leadership", 8.0),
            ("the second clause counts in full", "天晴，召开会议", "", "", "leadership", 8.0),
            ("the third less", "天晴，风大，召开会议", "", "", "leadership", 4.8),
            ("the fourth as much as the third", "天晴，风大，云淡，召开会议", "", "", "leadership", 4.8),
            ("the fifth little", "天晴，风大，云淡，气清，召开会议", "", "", "leadership", 2.4),
            ("the eighth little", "天晴，风大，云淡，气清，山青，水秀，花开，召开会议", "", "", "leadership", 2.4),
            ("the ninth not at all", "天晴，风大，云淡，气清，山青，水秀，花开，叶茂，召开会议", "", "", "other", 0.0),
            ("an empty clause is none", "，，天晴，召开会议", "", "", "leadership", 8.0),
            ("who speaks does not count", "市疫情防控指挥部称，专家组抵达", "", "", "medical", 2.0),
            ("nothing is said", "天晴", "", "", "other", 0.0),
            ("too weak a cue", "医院", "", "", "other", 1.0),
            ("a weak cue", "专家组", "", "", "medical", 2.0),
            ("what came before is not enough by itself", "天晴", "leadership", "", "other", 2.5),
            ("what came before helps a weak cue of its kind", "领导", "leadership", "", "other", 2.5),
            ("what came before does not win against a strong cue", "企业复工", "leadership", "", "work_resumption", 5.0),
            ("what came before wins against a weak one", "专家组", "leadership", "", "other", 2.5),
            ("the title is not enough by itself", "天晴", "", "leadership", "other", 2.0),
            ("the title helps", "专家组", "", "medical", "medical", 4.0),
            ("both help", "天晴", "medical", "medical", "medical", 4.5),
            ("an unknown category before", "专家组", "nonsense", "nonsense", "other", 2.0),
        ],
    )
    def test_scores(self, reason: str, words: str, prior: str, topic: str, category: str, score: float) -> None:
        found = categorise(words, prior, topic)
        assert (found[0], round(found[1], 6)) == (category, score), reason

    @pytest.mark.parametrize(
        ("reason", "words", "category"),
        [
            ("a document about work", "印发通知，支持企业复工复产", "work_resumption"),
            ("a document about closures", "印发通知，小区封闭，车辆劝返", "containment"),
            ("a document about roads", "印发通知，恢复通行", "reopening"),
            ("a document as such", "印发通知", "policy"),
            ("a document about money", "印发通知，减免税费", "economy"),
        ],
    )
    def test_a_document_is_what_it_is_about(self, reason: str, words: str, category: str) -> None:
        assert categorise(words)[0] == category, reason


class TestSource:
    """Who said it says nothing of what was done."""

    @pytest.mark.parametrize(
        ("words", "left"),
        [
            ("，据新华社报道，企业复工", "企业复工"),
            ("记者从指挥部获悉，企业复工", "企业复工"),
            ("市疫情防控指挥部发布通告，企业复工", "发布通告，企业复工"),
            ("时针拨回那一天，企业复工", "，企业复工"),
            ("企业复工", "企业复工"),
            ("指挥部称：复工", "指挥部称：复工"),
        ],
    )
    def test_words_without_it(self, words: str, left: str) -> None:
        assert _without_source(words) == left
