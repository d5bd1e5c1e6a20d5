"""The vocabulary of figures, compiled: words/units.toml, hedges.toml, not_figures.toml and zero_words.toml as tables.

Read once at import. Tables are keyed by the character that touches the number, so that a lookup costs the same
however long the vocabulary grows.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

CHINESE_DIGITS: Final = "零〇一二三四五六七八九"
MAGNITUDES: Final = "十百千万亿"
NUMERALS: Final = "0-9零〇一二三四五六七八九十百千万亿两廿卅半"
NUMERALS_BUT_THOUSAND: Final = NUMERALS.replace("千", "")
ALL_NUMERALS: Final = frozenset("0123456789零〇一二三四五六七八九十百千万亿两廿卅半")
DIGITS: Final = frozenset("0123456789")
LETTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
JOINERS: Final = frozenset("-—–~～至到－―")
CLAUSE_END: Final = frozenset("，。；！？、,;!?:：（(）)《》\n\r “”\"'…【】[]#")
TIME_UNITS: Final = frozenset(("hour", "day", "week", "month"))


class Unit(NamedTuple):
    """One [[unit]] entry of units.toml."""

    id: str
    unit: str
    factor: Decimal | None  # None is one
    heads: re.Pattern[str] | None  # counted nouns that overrule `unit`; the group name is the head's id
    head_units: tuple[str, ...]
    reach: int  # characters after the counter in which its noun is looked for
    near: tuple[str, ...]
    one: frozenset[str]  # the words of which 一 is a number: 一名, 一周; not 一座
    bare: bool
    half: bool
    half_after: bool  # 一岁半, 三成半
    next_place: bool  # 八成五
    only_before: tuple[str, ...]  # what must follow: 两班客机
    smaller: tuple[tuple[str, Decimal], ...]  # units that may follow, in parts of this one: 5元3角, 7斤2两
    tail: str
    arabic_only: tuple[str, ...]
    late: bool
    hedged: bool
    led_by: tuple[str, ...]
    across: bool
    rule: str


class Counter(NamedTuple):
    """One word of an entry, as it stands after a number. `entry` is None outside the contract's vocabulary."""

    word: str
    entry: Unit | None
    traps: tuple[str, ...]


class Hedge(NamedTuple):
    """One word of a [[hedge]] entry; `guard` holds the characters beyond it that make it another word."""

    word: str
    qualifier: str
    guard: str
    units: tuple[str, ...]


class Fall(NamedTuple):
    """One word that says that the figure behind it is by how much something fell; `guard` as for hedges."""

    word: str
    guard: str
    shares_only: bool  # 降2.6%, but not 降3例


class Bare(NamedTuple):
    """One [[bare]] entry: what a number without a counter may count."""

    rule: str
    unit: str
    near: tuple[str, ...]
    touching: tuple[str, ...]
    after: tuple[str, ...]
    closed: bool  # the clause ends after the number
    magnitude: bool  # only with 万 or 亿


def longest_first(words: Iterable[str]) -> list[str]:
    """Distinct words, longest first: the order in which an alternation must try them."""
    return sorted(set(words), key=lambda word: (-len(word), word))


def either(words: Iterable[str]) -> str:
    """An alternation of literal words for a regular expression."""
    return "|".join(map(re.escape, longest_first(words)))


def _load(name: str) -> dict[str, Any]:
    path = Path(__file__).parent / "words" / name
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _written(row: dict[str, Any]) -> list[str]:
    return [*row["words"], *row.get("synonyms", ())]


_UNITS: Final = _load("units.toml")
_HEDGES: Final = _load("hedges.toml")
_NOT_FIGURES: Final = _load("not_figures.toml")
_ZERO: Final = _load("zero_words.toml")

# --- units

HEAD_UNITS: dict[str, str] = {row["id"]: row["unit"] for row in _UNITS["head"]}
_HEAD_WORDS: dict[str, list[str]] = {row["id"]: _written(row) for row in _UNITS["head"]}
HEAD_STOPS: dict[str, tuple[str, ...]] = {
    row["id"]: tuple(row.get("not_across", ())) for row in _UNITS["head"]
}
"""Head -> verbs across which it is not what the counter counts: 5个监狱通报确诊病例."""
_HEAD_TRAPS: dict[str, list[str]] = {
    word: traps for row in _UNITS["head"] for word, traps in row.get("traps", {}).items()
}


@cache
def _noun_pattern(heads: tuple[str, ...]) -> re.Pattern[str]:
    branches = []
    for head in heads:
        words = [
            re.escape(word) + (f"(?!{either(_HEAD_TRAPS[word])})" if word in _HEAD_TRAPS else "")
            for word in longest_first(_HEAD_WORDS[head])
        ]
        branches.append(f"(?P<{head}>{'|'.join(words)})")
    return re.compile("|".join(branches))


def _build_counters() -> dict[str, list[Counter]]:
    by_first: dict[str, list[Counter]] = {}
    for row in _UNITS["unit"]:
        heads = tuple(row.get("heads", ()))
        entry = Unit(
            id=row["id"],
            unit=row["unit"],
            factor=Decimal(row["factor"]) if "factor" in row else None,
            heads=_noun_pattern(heads) if heads else None,
            head_units=tuple(HEAD_UNITS[head] for head in heads),
            reach=row.get("reach", 16),
            near=tuple(row.get("near", ())),
            one=frozenset(_written(row) if row.get("one") is True else row.get("one", ())),
            bare=row.get("bare", False),
            half=row.get("half", False),
            half_after=row.get("half", False) or row.get("half_after", False),
            next_place=row.get("next_place", False),
            only_before=tuple(row.get("only_before", ())),
            smaller=tuple((word, Decimal(part)) for word, part in row.get("smaller", {}).items()),
            tail=row.get("tail", ""),
            arabic_only=tuple(row.get("arabic_only", ())),
            late=row.get("late", False),
            hedged=row.get("hedged", False),
            led_by=tuple(row.get("led_by", ())),
            across=row.get("across", False),
            rule=f"unit.{row['id']}",
        )
        traps = row.get("traps", {})
        for word in _written(row):
            # no abbreviation ends inside a word of letters: 5t, but not 5tb
            letters = sorted(LETTERS) if word[-1] in LETTERS else ()
            by_first.setdefault(word[0], []).append(Counter(word, entry, (*traps.get(word, ()), *letters)))
    for word in _written(_UNITS["outside"]):
        by_first.setdefault(word[0], []).append(Counter(word, None, ()))
    for counters in by_first.values():
        # entries with a condition are tried before the general ones of the same word
        counters.sort(key=lambda c: (-len(c.word), c.entry is None, not (c.entry and c.entry.near)))
    return by_first


COUNTERS: Final = _build_counters()
"""First character -> counters, the longest first."""
ONE_CHARACTER: Final = {first: [c for c in some if len(c.word) == 1] for first, some in COUNTERS.items()}
TWO_CHARACTERS: Final = {
    pair: [c for c in some if len(c.word) == 1 or c.word.startswith(pair)]
    for some in COUNTERS.values()
    for pair in {c.word[:2] for c in some if len(c.word) > 1}
}
"""First two characters -> the counters that can stand there, the longest first; else `ONE_CHARACTER` has them."""

DONE: Final = tuple(longest_first(_written(_UNITS["done"])))
"""Verbs between a counted noun and its number: 项目复工263个; or behind the number: 已有287个复工."""
DONE_BEHIND: Final = re.compile(f"(?:(?:均|都|全部)?已(?:经|全部)?)?(?:{either(_written(_UNITS['done']))})")

UNITS: Final = frozenset(row["unit"] for kind in ("unit", "head") for row in _UNITS[kind])

BARE: Final = [
    Bare(
        rule=f"unit.{row['id']}",
        unit=row["unit"],
        near=tuple(row.get("near", ())),
        touching=tuple(row.get("touching", ())),
        after=tuple(row.get("after", ())),
        closed=row.get("closed", False),
        magnitude=row.get("magnitude", False),
    )
    for row in _UNITS["bare"]
]
BETWEEN_CUE_AND_NUMBER: Final = " ：:为达有共"
BARE_ENDS: Final = frozenset((*BETWEEN_CUE_AND_NUMBER, *(word[-1] for bare in BARE for word in bare.touching)))
BARE_STARTS: Final = frozenset(word[0] for bare in BARE for word in bare.after)
BARE_NEAR: Final = re.compile(either(word for bare in BARE if not bare.touching for word in bare.near))

# --- hedges

BEFORE: dict[str, list[Hedge]] = {}  # by last character
AFTER: dict[str, list[Hedge]] = {}  # by first character
INSIDE: dict[str, str] = {}
MAGNITUDE_HEDGES: dict[str, list[Hedge]] = {}  # by last character: 上百, 数十
SHARE_HEDGES: dict[str, list[Hedge]] = {}  # by last character: 过九成, 过半
RECENT: tuple[str, ...] = ()


def _build_hedges() -> None:
    for row in _HEDGES["hedge"]:
        qualifier = row["qualifier"]
        units = tuple(row.get("units", ()))
        not_after = row.get("not_after", {})
        not_before = row.get("not_before", {})
        for word in row.get("before", ()):
            BEFORE.setdefault(word[-1], []).append(Hedge(word, qualifier, not_after.get(word, ""), units))
        for word in row.get("after", ()):
            AFTER.setdefault(word[0], []).append(Hedge(word, qualifier, not_before.get(word, ""), units))
        for key, table in (("magnitude_only", MAGNITUDE_HEDGES), ("shares", SHARE_HEDGES)):
            for word in row.get(key, ()):
                table.setdefault(word[-1], []).append(Hedge(word, qualifier, not_after.get(word, ""), units))
        INSIDE.update(dict.fromkeys(row.get("inside", ()), qualifier))
    for table in (BEFORE, AFTER, MAGNITUDE_HEDGES, SHARE_HEDGES):
        for hedges in table.values():
            hedges.sort(key=lambda hedge: (-len(hedge.word), hedge.word))


_build_hedges()
FALLS: dict[str, list[Fall]] = {}  # by last character
for _word in longest_first((*_HEDGES["fall"]["words"], *_HEDGES["fall"]["shares"])):
    FALLS.setdefault(_word[-1], []).append(
        Fall(_word, _HEDGES["fall"]["not_after"].get(_word, ""), _word in _HEDGES["fall"]["shares"])
    )
FALL_UNITS: Final = frozenset(_HEDGES["fall"]["not_of"])
FALL_NOT_BEFORE: Final = tuple(_HEDGES["fall"]["not_before"])
RECENT = tuple(word for row in _HEDGES["hedge"] for word in row.get("recent", ()))
LINKS: Final = tuple(longest_first(_HEDGES["links"]))
LINK_ENDS: Final = frozenset(link[-1] for link in LINKS)
HEDGE_ENDS: Final = frozenset((*BEFORE, *MAGNITUDE_HEDGES, *SHARE_HEDGES, *LINK_ENDS, " "))

NO_LABELS: Final = tuple(_UNITS["label"]["not"])
"""Words before a colon after which a number is a name or an address: 邮编：250000."""

SAID_ONCE: Final = re.compile(
    rf"(?:{either(_UNITS['said_once']['words'])}) {{0,2}}[:：] {{0,2}}(?P<magnitude>[{MAGNITUDES}]{{0,2}})(?P<word>[^ ，。；、,;:：）)（(\n|0-9]{{1,4}})"
    r"(?=(?P<closing> {0,2}[）)]?[ :：，,]{0,3})(?P<last>\n|$)?)"
)
"""Where a unit is said once for the numbers of a list; `last`: the line ends with it."""

AFTER_DIGITS: Final = frozenset((*INSIDE, *JOINERS, " ", "、"))
"""Characters after a number that may belong to it before any unit comes."""

# --- what is no figure

Contexts = dict[
    str, list[tuple[str, tuple[str, ...]]]
]  # touching character -> [(text, what keeps it a figure)]
WORDS: dict[str, list[tuple[int, str]]] = {}  # numeral and the character after it -> [(offset, literal)]
WORDS_AT_END: dict[
    str, list[tuple[int, str]]
] = {}  # literals that end in their numeral, by the last two characters
NOT_BEFORE: dict[bool, Contexts] = {True: {}, False: {}}  # by whether the number is Arabic
NOT_AFTER: dict[bool, Contexts] = {True: {}, False: {}}


def _build_not_figures() -> None:
    for row in _NOT_FIGURES["not_figure"]:
        for literal in row.get("words", ()):
            for i, character in enumerate(literal):
                if character not in ALL_NUMERALS or (i and literal[i - 1] in ALL_NUMERALS):
                    continue
                if i + 1 < len(literal):
                    WORDS.setdefault(literal[i : i + 2], []).append((i, literal))
                else:
                    WORDS_AT_END.setdefault(literal[i - 1 : i + 1], []).append((i, literal))
        if row.get("special"):
            continue  # read by name below
        keep = tuple(row.get("keep", ()))
        for arabic, kind in ((True, "arabic"), (False, "chinese")):
            if row.get("digits", kind) == kind:
                for text in row.get("before", ()):
                    NOT_BEFORE[arabic].setdefault(text[-1], []).append((text, keep))
                for text in row.get("after", ()):
                    NOT_AFTER[arabic].setdefault(text[0], []).append((text, keep))
    for tables in (NOT_BEFORE, NOT_AFTER):
        for table in tables.values():
            for texts in table.values():
                texts.sort(key=lambda pair: (-len(pair[0]), pair[0]))


_build_not_figures()
_RULES: Final = {row["id"]: row for row in _NOT_FIGURES["not_figure"]}
ALWAYS_NUMBERS: Final = frozenset(_RULES["round_the_clock"]["numbers"])
ALWAYS_UNIT: str = _RULES["round_the_clock"]["unit"]
ALWAYS_BEFORE: Final = tuple(_RULES["round_the_clock"]["before"])
ALWAYS_AFTER: Final = tuple(_RULES["round_the_clock"]["after"])
HOTLINE_NUMBERS: Final = frozenset(_RULES["hotline"]["numbers"])
HOTLINE_NEAR: Final = re.compile(either(_RULES["hotline"]["near"]))
RANK_GUARD: str = _RULES["rank"]["not_after"]
RANK_AFTER: Final = tuple(_RULES["rank"]["after"])
SAME_BEFORE: Final = frozenset(_RULES["each_or_same"]["before"])

# --- fast counters

SLOW_BEFORE: Final = frozenset((*HEDGE_ENDS, *NOT_BEFORE[True], *LETTERS, *FALLS, *"了前-−－负+/￥¥＄$零为是无有一"))
"""Characters that, right before an Arabic number, can change what it is; after any other only the unit matters."""


def _build_fast() -> dict[str, tuple[str, str, frozenset[str]]]:
    fast = {}
    for first, counters in COUNTERS.items():
        last = counters[-1]
        entry = last.entry
        if last.word != first or entry is None or first in NOT_AFTER[True]:
            continue
        needs_more = (
            entry.heads
            or entry.near
            or entry.factor
            or entry.tail
            or entry.late
            or entry.hedged
            or entry.half_after
            or entry.smaller
            or entry.only_before
        ) or entry.unit in ("percent", "degree_celsius")
        if needs_more or sum(counter.word == first for counter in counters) > 1:
            continue
        care = {*JOINERS, *AFTER, *(trap[0] for trap in last.traps)}
        care.update(counter.word[1] for counter in counters[:-1])
        fast[first] = entry.unit, entry.rule, frozenset(care)
    return fast


FAST: Final = _build_fast()
"""One-character counters that need nothing but themselves: unit, rule, and characters after them that need care."""

# --- zero in words

ZERO_NOUNS: Final = tuple(longest_first(_ZERO["nouns"]))
ZERO_NOT_FOLLOWED: Final = tuple(longest_first(_ZERO["not_followed"]))
ZERO_FOLLOWED_AFTER_ALL: Final = tuple(_ZERO["followed_after_all"])
ZERO_NONE: Final = tuple(longest_first(_ZERO["none"]))
ZERO_NONE_NOUNS: Final = tuple(longest_first(_ZERO["none_nouns"]))
ZERO_NEEDS_CHANGE: Final = frozenset(_ZERO["needs_change"])
ZERO_NEEDS_PEOPLE: Final = frozenset(_ZERO["needs_people"])
ZERO_PEOPLE: Final = tuple(_ZERO["people"])
_WHAT: Final = rf"(?P<what>(?:{either([*_ZERO['between'], *_ZERO['nouns']])}){{0,9}}+)"
_CHANGE: Final = either(_ZERO["change"])
DENIAL: Final = re.compile(rf"(?P<no>{either(_ZERO['no'])})(?P<change>{_CHANGE})?{_WHAT}")
AFTER_ZERO: Final = re.compile(rf"(?P<change>{_CHANGE})?{_WHAT}")
ZERO_QUOTES: Final = frozenset(
    [
        *_ZERO["no"],
        *(no + change for no in _ZERO["no"] for change in _ZERO["change"]),
        *_ZERO["none"],
        *("零", "0", "无一例", "没有一例", "无一", "没有一", "无一人", "没有一人", "无一名", "没有一名"),
    ]
)
"""All words that `find_quantities` may quote for a zero."""
