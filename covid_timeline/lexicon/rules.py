"""One rule type and one loader for every vocabulary of the reading stage.

A vocabulary is a TOML file of `[[rule]]` tables:

```toml
[[rule]]
id = "noun.recovered"            # category, a full stop, a name; unique in all files
words = ["治愈", "出院"]           # what the lexer looks for; each word stands in an example ...
synonyms = ["痊愈"]               # ... or is a plain synonym of one that does
examples = ["新增【治愈】2例"]       # 【】 marks what this rule matches
counter_examples = ["治愈率【】"]   # texts in which this rule matches nothing
```

Instead of `words` a rule can have patterns: `pattern`, a regular expression over the text of one node of the document
tree; further keys of a rule are in `data`. `covid_timeline.lexicon.check` says what is wrong with a vocabulary.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

__all__ = ["VOCABULARIES", "Rule", "load_all", "load_rules"]

VOCABULARIES: Final = ("counts", "groups", "roles", "status", "indicators", "categories", "corrections", "topics")
"""The files, in the order in which their rules are numbered."""

_KNOWN: Final = frozenset({"id", "words", "synonyms", "examples", "counter_examples"})


class Rule(NamedTuple):
    """One entry of a vocabulary."""

    id: str  # noun.recovered
    vocabulary: str  # the file it stands in
    words: tuple[str, ...]
    synonyms: tuple[str, ...]
    examples: tuple[str, ...]
    counter_examples: tuple[str, ...]
    data: dict[str, Any]  # the other keys of the entry

    @property
    def category(self) -> str:
        """The part of the id before the full stop."""
        return self.id.partition(".")[0]

    @property
    def name(self) -> str:
        """The part of the id after the full stop."""
        return self.id.partition(".")[2]

    @property
    def all_words(self) -> tuple[str, ...]:
        """Words and synonyms."""
        return self.words + self.synonyms


@cache
def load_rules(vocabulary: str) -> tuple[Rule, ...]:
    """The rules of one file, in its order.

    Raises:
        ValueError: an entry has no id, an id without a category, or an id that another entry has.
    """
    path = Path(__file__).parent / f"{vocabulary}.toml"
    found: list[Rule] = []
    seen: set[str] = set()
    for entry in tomllib.loads(path.read_text(encoding="utf-8"))["rule"]:
        name = entry.get("id", "")
        if "." not in name or name in seen:
            raise ValueError(f"lexicon/{vocabulary}.toml: the id {name!r} is missing its category, or is stated twice")
        seen.add(name)
        found.append(
            Rule(
                name,
                vocabulary,
                tuple(entry.get("words", ())),
                tuple(entry.get("synonyms", ())),
                tuple(entry.get("examples", ())),
                tuple(entry.get("counter_examples", ())),
                {key: value for key, value in entry.items() if key not in _KNOWN},
            )
        )
    return tuple(found)


@cache
def load_all() -> dict[str, Rule]:
    """Every rule of every vocabulary by its id.

    Raises:
        ValueError: two files have a rule of the same id.
    """
    found: dict[str, Rule] = {}
    for vocabulary in VOCABULARIES:
        for rule in load_rules(vocabulary):
            if rule.id in found:
                raise ValueError(f"the rule {rule.id} stands in {found[rule.id].vocabulary} and in {vocabulary}")
            found[rule.id] = rule
    return found
