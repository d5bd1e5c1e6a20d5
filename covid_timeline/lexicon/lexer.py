"""One pass over a text for the words of all vocabularies: typed cues with spans."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from covid_timeline.lexicon.rules import VOCABULARIES, load_rules

__all__ = ["Cue", "lex", "one_of", "opening"]


class Cue(NamedTuple):
    """A word of a vocabulary at its place; offsets into the normalised text."""

    start: int
    end: int
    category: str  # noun, mode, origin, list, group, filler, status ...
    name: str  # recovered, new, imported, each ...

    @property
    def rule(self) -> str:
        """The id of the rule that the word belongs to."""
        return f"{self.category}.{self.name}"


@cache
def _lexer() -> tuple[re.Pattern[str], dict[str, tuple[int, ...]], dict[str, tuple[str, str]]]:
    """Where a word may begin; for each first two characters the lengths of such words, the longest first; what each is."""
    codes: dict[str, tuple[str, str]] = {}
    for vocabulary in VOCABULARIES:
        for rule in load_rules(vocabulary):
            if not rule.data.get("lexed", True):
                continue  # read by the resolver that needs it
            for word in rule.all_words:
                codes.setdefault(word, (rule.category, rule.name))
    lengths: dict[str, set[int]] = {}
    for word in codes:
        if len(word) > 1:
            lengths.setdefault(word[:2], set()).add(len(word))
    starts = {pair: tuple(sorted(some, reverse=True)) for pair, some in lengths.items()}
    single = _one_character({word for word in codes if len(word) == 1} or {"\0"})
    begins = re.compile(f"{single}|{opening(starts)}")
    return begins, starts, codes


def opening(pairs: Iterable[str]) -> str:
    """A pattern that matches wherever one of `pairs` of characters may stand: it finds all of them, and some others.

    >>> opening(["治愈", "出院"])
    '[出治](?=[愈院])'
    """
    firsts, seconds = zip(*pairs, strict=True)
    return f"{_one_character(set(firsts))}(?={_one_character(set(seconds))})"


def _one_character(characters: set[str]) -> str:
    return "[" + "".join(re.escape(one) for one in sorted(characters)) + "]"


def lex(text: str) -> list[Cue]:
    """Every word of the vocabularies in the text, from left to right, the longest at each place; none overlap.

    >>> [(cue.category, cue.name) for cue in lex("新增治愈出院2例")]
    [('mode', 'new'), ('noun', 'recovered')]
    """
    begins, starts, codes = _lexer()
    make = tuple.__new__  # what Cue() comes to, without its call
    found: list[Cue] = []
    position = 0
    for match in begins.finditer(text):
        start = match.start()
        if start < position:
            continue
        for length in starts.get(text[start : start + 2], ()):
            word = text[start : start + length]
            if word in codes:
                break
        else:
            word = text[start]
            if word not in codes:
                continue
        position = start + len(word)
        found.append(make(Cue, (start, position, *codes[word])))
    return found


def one_of(words: Iterable[str]) -> str:
    """A pattern that matches the longest of `words` at a position, shaped as a trie so that a miss costs one look.

    >>> one_of(["治愈", "治愈出院", "出院"])
    '(?:出院|治愈(?:出院)?)'
    """
    trie: dict[str, Any] = {}
    for word in words:
        node = trie
        for character in word:
            node = node.setdefault(character, {})
        node[""] = {}
    return _pattern(trie)


def _pattern(node: dict[str, Any]) -> str:
    branches = []
    for character in sorted(key for key in node if key):
        tail, child = re.escape(character), node[character]
        while len(child) == 1 and "" not in child:
            ((following, child),) = child.items()
            tail += re.escape(following)
        branches.append(tail + ("" if list(child) == [""] else _pattern(child)))
    body = "|".join(branches)
    if "" in node:
        return f"(?:{body})?"
    return f"(?:{body})" if len(branches) > 1 else body
