"""Figures in running text: number, unit and hedges, with exact spans.

Every run of numeral characters (Arabic digits or 零一二…十百千万亿两半) that lies outside the spans of dates and places
ends in one of three ways: a `Quantity`, a rule that says it is no figure (N95, 第一时间, 万众一心), or `Unclaimed` with a
reason. That holds by construction: one regular expression finds the runs, and each is settled once.

Grammar of a figure:

    quantity := before? number inside? unit late? after?
              | before? number unit? joiner number inside? unit after?        20—30例, 10%至20%
              | 无 | 没有新增 | 零 | 清零 …                                       zero said in words
    before   := 近 | 约 | 超过 | 不少于 …          after := 以上 | 左右 …           (words/hedges.toml)
    inside   := 多 | 余 | 来 | 几                  late  := 多 | 余 after the unit: 3年多
    unit     := counters, measures, money, ratios, spans of time               (words/units.toml)

A number becomes a figure only with a unit; what a general counter (个, 支, 份, 张, 台) counts is read from the noun
phrase after it, or, where the clause ends there, from the noun before the number (重点项目383个).

>>> [(q.value, q.unit, q.qualifier) for q in find_quantities("签约65个重点项目、总投资500多亿元")[0]]
[(Decimal('65'), 'project', 'exact'), (Decimal('50000000000'), 'CNY', 'more_than')]
>>> parse_quantity("近400家次").value
Decimal('400')
>>> parse_quantity("投入506.8亿元")
Traceback (most recent call last):
    ...
ValueError: not one quantity: 【投入】506.8亿元: nothing may stand beside number, unit and hedges
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from importlib import resources
from typing import Any, NamedTuple

from covid_timeline.mentions.numerals import parse_approximate, parse_number
from covid_timeline.model import Quantity, Unclaimed

__all__ = ["find_quantities", "parse_quantity", "reread"]

# ---------------------------------------------------------------------------------------------------- vocabulary


class _Head(NamedTuple):
    id: str
    unit: str
    words: tuple[str, ...]


class _Unit(NamedTuple):
    id: str
    unit: str
    factor: Decimal | None  # None is one
    heads: re.Pattern[str] | None
    head_units: tuple[str, ...]
    near: tuple[str, ...]
    one: bool
    bare: bool
    tail: str
    late: bool
    hedged: bool
    rule: str


class _Counter(NamedTuple):
    word: str
    entry: _Unit | None  # None: outside the contract's vocabulary
    traps: tuple[str, ...]


class _Hedge(NamedTuple):
    word: str
    qualifier: str
    not_after: str
    units: tuple[str, ...]
    linkable: bool


class _Bare(NamedTuple):
    id: str
    unit: str
    near: tuple[str, ...]
    after: tuple[str, ...]
    touching: bool
    magnitude: bool


def _load(name: str) -> dict[str, Any]:
    path = resources.files("covid_timeline.mentions").joinpath("words", name)
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _longest_first(words: Iterable[str]) -> list[str]:
    return sorted(set(words), key=lambda word: (-len(word), word))


def _either(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, _longest_first(words)))


_UNITS = _load("units.toml")
_HEDGES = _load("hedges.toml")
_NOT_FIGURES = _load("not_figures.toml")
_ZERO = _load("zero_words.toml")

_HEAD_OF_NOUN: dict[str, list[tuple[str, str]]] = {}  # noun -> [(head id, unit)]
_HEAD_TRAPS: dict[str, tuple[str, ...]] = {}
_HEADS: dict[str, _Head] = {}
for _row in _UNITS["head"]:
    _HEADS[_row["id"]] = _Head(_row["id"], _row["unit"], tuple(_row["words"]))
    for _word, _traps in _row.get("traps", {}).items():
        _HEAD_TRAPS[_word] = tuple(_traps)


@lru_cache(maxsize=None)
def _noun_pattern(heads: tuple[str, ...]) -> re.Pattern[str]:
    """One alternation of all nouns of these groups; the group name tells the unit.

    A noun that stands right before another one is not the head: 社区党支部, 重点项目.
    """
    branches = []
    for head in heads:
        words = []
        for word in _longest_first(_HEADS[head].words):
            traps = _HEAD_TRAPS.get(word)
            words.append(re.escape(word) + (f"(?!{_either(traps)})" if traps else ""))
        branches.append(f"(?P<{head}>{'|'.join(words)})")
    return re.compile("|".join(branches))


def _build_units() -> dict[str, list[_Counter]]:
    by_first: dict[str, list[_Counter]] = {}
    for row in _UNITS["unit"]:
        heads = tuple(row.get("heads", ()))
        entry = _Unit(
            row["id"],
            row["unit"],
            Decimal(row["factor"]) if "factor" in row else None,
            _noun_pattern(heads) if heads else None,
            tuple(_HEADS[head].unit for head in heads),
            tuple(row.get("near", ())),
            row.get("one", False),
            row.get("bare", False),
            row.get("tail", ""),
            row.get("late", False),
            row.get("hedged", False),
            f"unit.{row['id']}",
        )
        traps = row.get("traps", {})
        for word in row["words"]:
            by_first.setdefault(word[0], []).append(
                _Counter(word, entry, tuple(t for t in traps.get(word, ()) if t))
            )
    for row in _UNITS["outside"]:
        for word in row["words"]:
            by_first.setdefault(word[0], []).append(_Counter(word, None, ()))
    for counters in by_first.values():
        # entries with a condition are tried before the general ones of the same word
        counters.sort(key=lambda c: (-len(c.word), c.entry is None, not (c.entry and c.entry.near)))
    return by_first


_COUNTERS = _build_units()
_BARE = [
    _Bare(
        f"unit.{row['id']}",
        row["unit"],
        tuple(row.get("near", ())),
        tuple(row.get("after", ())),
        row.get("touching", False),
        row.get("magnitude", False),
    )
    for row in _UNITS["bare"]
]

_BEFORE: dict[str, list[_Hedge]] = {}  # by last character
_AFTER: dict[str, list[_Hedge]] = {}  # by first character
_INSIDE: dict[str, str] = {}
_MAGNITUDE_HEDGES: dict[str, list[_Hedge]] = {}
for _row in _HEDGES["hedge"]:
    for _word in _row.get("before", ()):
        _BEFORE.setdefault(_word[-1], []).append(
            _Hedge(
                _word,
                _row["qualifier"],
                _row.get("not_after", {}).get(_word, ""),
                tuple(_row.get("units", ())),
                len(_word) > 1 or _word == "约",
            )
        )
    for _word in _row.get("after", ()):
        _AFTER.setdefault(_word[0], []).append(
            _Hedge(
                _word,
                _row["qualifier"],
                "".join(_row.get("not_before", {}).get(_word, "")),
                tuple(_row.get("units", ())),
                False,
            )
        )
    for _word in _row.get("inside", ()):
        _INSIDE[_word] = _row["qualifier"]
    for _word in _row.get("magnitude_only", ()):
        _MAGNITUDE_HEDGES.setdefault(_word[-1], []).append(
            _Hedge(_word, _row["qualifier"], _row.get("not_after", {}).get(_word, ""), (), False)
        )
for _table in (_BEFORE, _AFTER, _MAGNITUDE_HEDGES):
    for _list in _table.values():
        _list.sort(key=lambda hedge: -len(hedge.word))
_LINKS = tuple(_longest_first(_HEDGES["links"]))
_LINK_ENDS = frozenset(link[-1] for link in _LINKS)

_NUMERALS = "0-9零〇一二三四五六七八九十百千万亿两廿卅半"
_CHINESE_DIGITS = "零〇一二三四五六七八九"
_MAGNITUDES = "十百千万亿"
_ALL_NUMERALS = frozenset("0123456789零〇一二三四五六七八九十百千万亿两廿卅半")
_DIGITS = frozenset("0123456789")
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

# A comma or space inside a number separates full groups of three only; 多 and 余 belong to it where a magnitude
# follows; 点 and 分之 where a Chinese digit follows.
_RUN = re.compile(
    rf"[{_NUMERALS}](?:[{_NUMERALS}]+"
    rf"|\.(?=[0-9])"
    rf"|(?<=[0-9])(?<![0-9]{{4}})[, ](?=[0-9]{{3}}(?![0-9]))"
    rf"|点(?=[{_CHINESE_DIGITS}])"
    rf"|[多余来几](?=[{_MAGNITUDES}](?![姓货般]))"
    rf"|分之(?=[{_NUMERALS}]))*"
)
_JOINERS = frozenset("-—–~～至到－―")
_URL = re.compile(r"(?:https?://|www\.)[0-9A-Za-z./?&=_%#:~+\-]{1,2000}|[0-9A-Za-z_.]{1,64}@[0-9A-Za-z.]{1,64}")
_HOTLINE = re.compile("热线|电话|专线|急救|平台")
_CLAUSE_END = frozenset("，。；！？、,;!?:：（(）)《》\n\r “”\"'…【】[]")
_BREAKS = re.compile(r"[，。；！？,;!?:：（(）)\n\r]|[0-9]")
_SENTENCE_BREAKS = re.compile(r"[。；！？;!?\n\r]")

_WORDS: dict[str, list[tuple[int, str]]] = {}  # numeral and the character after it -> [(offset, literal)]
_WORDS_AT_END: dict[str, list[tuple[int, str]]] = {}  # literals that end in their only numeral
_Context = dict[str, list[tuple[str, tuple[str, ...]]]]  # touching character -> [(text, what keeps it a figure)]
_NOT_BEFORE: dict[str, _Context] = {"arabic": {}, "chinese": {}}
_NOT_AFTER: dict[str, _Context] = {"arabic": {}, "chinese": {}}


def _build_not_figures() -> None:
    for row in _NOT_FIGURES["not_figure"]:
        for literal in row.get("words", ()):
            starts = [
                i
                for i, c in enumerate(literal)
                if c in _ALL_NUMERALS and (i == 0 or literal[i - 1] not in _ALL_NUMERALS)
            ]
            for i in starts:
                if i + 1 < len(literal):
                    _WORDS.setdefault(literal[i : i + 2], []).append((i, literal))
                else:
                    _WORDS_AT_END.setdefault(literal[i - 1 : i + 1], []).append((i, literal))
        if row.get("both") or row.get("only_one"):
            continue  # rank, each_or_same: read in _no_figure
        kinds = ("arabic", "chinese") if row.get("digits", "any") == "any" else (row["digits"],)
        for kind in kinds:
            keep = tuple(row.get("keep", ()))
            for text in row.get("before", ()):
                _NOT_BEFORE[kind].setdefault(text[-1], []).append((text, keep))
            for text in row.get("after", ()):
                _NOT_AFTER[kind].setdefault(text[0], []).append((text, keep))
    for tables in (_NOT_BEFORE, _NOT_AFTER):
        for table in tables.values():
            for texts in table.values():
                texts.sort(key=lambda pair: -len(pair[0]))


_build_not_figures()
_RULES = {row["id"]: row for row in _NOT_FIGURES["not_figure"]}
_RANK_NOT_AFTER = _RULES["rank"]["not_before_chars"]
_RANK_AFTER = tuple(_RULES["rank"]["after"])
_SAME_BEFORE = frozenset(_RULES["each_or_same"]["before"]) - frozenset(_RULES["each_or_same"]["keep_before"])

_ZERO_NOUNS = tuple(_longest_first(_ZERO["nouns"]))
_ZERO_PLAIN_NOUNS = tuple(_longest_first(_ZERO["none_nouns"]))
_ZERO_BETWEEN = _either([*_ZERO["between"], *_ZERO["nouns"]])
_ZERO_NOT_FOLLOWED = tuple(_longest_first(_ZERO["not_followed"]))
_DENIAL = re.compile(
    rf"(?P<no>{_either(_ZERO['no'])})(?P<change>{_either(_ZERO['change'])})?(?P<what>(?:{_ZERO_BETWEEN}){{0,9}}+)"
)
_AFTER_ZERO = re.compile(rf"(?P<change>{_either(_ZERO['change'])})?(?P<what>(?:{_ZERO_BETWEEN}){{0,9}}+)")
_NEEDS_CHANGE = frozenset(_ZERO["needs_change"])
_ZERO_QUOTES = frozenset(
    [
        *_ZERO["no"],
        *(no + change for no in _ZERO["no"] for change in _ZERO["change"]),
        *_ZERO["none"],
        "零",
        "0",
        "无一例",
        "没有一例",
    ]
)
_ZERO_DECIMAL = Decimal(0)
_HUNDRED = Decimal(100)
_HALF = Decimal("0.5")
_MAX_RUN = 40

# ------------------------------------------------------------------------------------------------------- numbers


@lru_cache(maxsize=8192)
def _number(token: str) -> tuple[Decimal, Decimal | None, str, bool] | None:
    """`(value, high, qualifier or "", is percent)` of a run, None where it is no number."""
    if len(token) > _MAX_RUN:
        return None
    over, fraction, part = token.rpartition("分之")
    if fraction:
        base, amount = _number(over), _number(part)
        if base is None or amount is None or base[0] <= 0 or base[1] is not None or amount[3]:
            return None
        scale = _HUNDRED / base[0]
        high = None if amount[1] is None else amount[1] * scale
        return amount[0] * scale, high, amount[2], True
    try:
        return parse_number(token), None, "", False
    except ValueError:
        pass
    if token == "半":
        return _HALF, None, "", False
    try:
        low, high, qualifier = parse_approximate(token)
    except ValueError:
        pass
    else:
        return low, high, "" if qualifier == "exact" else qualifier, False
    dashed = token.split("一")
    if len(dashed) == 2 and all(side.isascii() and side.isdigit() for side in dashed):
        low, upper = Decimal(dashed[0]), Decimal(dashed[1])  # 3一5人: 一 for a dash
        if low < upper:
            return low, upper, "", False
    return None


_ROW_OF_DIGITS = re.compile(rf"[{_CHINESE_DIGITS}]{{2,}}")  # 二〇二〇, 一一: a year, a dash, a name
_LAST_MAGNITUDES = re.compile(r"[百千万亿]+$")


def _share_magnitude(low: Decimal, low_token: str, high: Decimal, high_token: str) -> Decimal:
    """5—10万: the magnitude of the upper end holds for the lower one, which is the smaller number."""
    match = _LAST_MAGNITUDES.search(high_token)
    if match is None or _LAST_MAGNITUDES.search(low_token) is not None:
        return low
    scale = parse_number(match[0])
    return low * scale if low * scale < high else low


# -------------------------------------------------------------------------------------------------------- reading


def _near(text: str, start: int, words: tuple[str, ...]) -> bool:
    window = text[max(0, start - 12) : start]
    cut = max(window.rfind("。"), window.rfind("；"), window.rfind("，"), window.rfind("\n"))
    window = window[cut + 1 :]
    return any(word in window for word in words)


def _counter_at(text: str, pos: int, stop: int, start: int, lenient: bool = False) -> _Counter | None:
    """The longest counter at `pos` whose conditions hold; `lenient` looks at the word alone."""
    counters = _COUNTERS.get(text[pos : pos + 1])
    if counters is None:
        return None
    for counter in counters:
        word = counter.word
        if text.startswith(word, pos):
            end = pos + len(word)
            if end > stop:
                continue
            entry = counter.entry
            if counter.traps and text.startswith(counter.traps, end):
                continue
            if entry is not None and entry.near and not lenient and not _near(text, start, entry.near):
                continue
            return counter
    return None


def _unit_of(text: str, entry: _Unit, number_start: int, end: int) -> str:
    """The unit by the counted noun: in the noun phrase after the counter, else at the end of what stands before."""
    pattern = entry.heads
    if pattern is None:
        return entry.unit
    if end < len(text) and text[end] not in _CLAUSE_END:
        window = text[end : end + 30]
        cut = _BREAKS.search(window)
        if cut is not None and cut[0].isdigit() and "的" in window:
            cut = _SENTENCE_BREAKS.search(window)  # 87个总投资739.2亿元的重点项目
        if cut is not None:
            window = window[: cut.start()]
        found = pattern.search(window)
        while found is not None:
            following = pattern.match(window, found.end())
            if following is None:
                return _HEADS[found.lastgroup or ""].unit
            found = following
        return entry.unit
    window = text[max(0, number_start - 12) : number_start]
    best: tuple[int, int, str] | None = None
    for found in pattern.finditer(window):
        rest = window[found.end() :]
        if len(rest) <= 2 and not any(c in "，。；、！？,;:：（(）)" for c in rest):
            best = (found.end(), found.start(), found.lastgroup or "")
    return entry.unit if best is None else _HEADS[best[2]].unit


def _hedge_before(text: str, start: int, lone_magnitude: bool) -> tuple[int, str, tuple[str, ...]] | None:
    """Where a hedge that touches `start` begins, its qualifier, and the units it is limited to."""
    if start == 0:
        return None
    at = start
    last = text[at - 1]
    if last == " " and at > 1:
        at -= 1
        last = text[at - 1]
    if lone_magnitude:
        for hedge in _MAGNITUDE_HEDGES.get(last, ()):
            if text.endswith(hedge.word, 0, at):
                begin = at - len(hedge.word)
                if begin and text[begin - 1] in hedge.not_after:
                    continue
                if hedge.word in "上过破" and text[start] == "十":
                    continue
                longer = _hedge_before(text, begin + len(hedge.word), False)
                return longer or (begin, hedge.qualifier, ())
    found = _match_before(text, at, last, linked=False)
    if found is None and last in _LINK_ENDS:
        for link in _LINKS:
            if text.endswith(link, 0, at) and at > len(link):
                inner = at - len(link)
                found = _match_before(text, inner, text[inner - 1], linked=True)
                if found is not None:
                    break
    return found


def _match_before(text: str, at: int, last: str, *, linked: bool) -> tuple[int, str, tuple[str, ...]] | None:
    for hedge in _BEFORE.get(last, ()):
        if (not linked or hedge.linkable) and text.endswith(hedge.word, 0, at):
            begin = at - len(hedge.word)
            if begin and hedge.not_after and text[begin - 1] in hedge.not_after:
                return None
            return begin, hedge.qualifier, hedge.units
    return None


def _hedge_after(text: str, end: int, unit: str) -> tuple[int, str] | None:
    for hedge in _AFTER.get(text[end : end + 1], ()):
        if text.startswith(hedge.word, end):
            stop = end + len(hedge.word)
            if hedge.not_after and text[stop : stop + 1] in hedge.not_after and stop < len(text):
                return None
            if hedge.units and unit not in hedge.units:
                return None
            return stop, hedge.qualifier
    return None


def _literal_at(text: str, start: int, end: int) -> bool:
    """Whether a word or idiom of not_figures.toml holds the numeral at `start`."""
    for offset, literal in _WORDS.get(text[start : start + 2], ()):
        if start >= offset and text.startswith(literal, start - offset):
            return True
    if start and end == start + 1:
        for offset, literal in _WORDS_AT_END.get(text[start - 1 : end], ()):
            if start >= offset and text.startswith(literal, start - offset):
                return True
    return False


def _no_figure(text: str, start: int, end: int, arabic: bool) -> bool:
    """Whether what stands around the numeral says that it is no figure."""
    if _literal_at(text, start, end):
        return True
    kind = "arabic" if arabic else "chinese"
    at = end + 1 if text[end : end + 1] == " " else end
    if start:
        for before, keep in _NOT_BEFORE[kind].get(text[start - 1], ()):
            if text.endswith(before, 0, start) and not text.startswith(keep, end):
                return True
        if text[start - 1] == " " and text[start - 2 : start - 1] == "第":
            return True
        if (
            text[start - 1] == "前"
            and text.startswith(_RANK_AFTER, end)
            and text[start - 2 : start - 1] not in _RANK_NOT_AFTER
        ):
            return True
    for after, keep in _NOT_AFTER[kind].get(text[at : at + 1], ()):
        if text.startswith(after, at) and not text.startswith(keep, at):
            return True
    return False


class _Reading(NamedTuple):
    """What became of one run: a figure, a refusal, or neither; `end` is where the next run may start."""

    found: Quantity | Unclaimed | None
    end: int


def _refuse(start: int, end: int, reason: str) -> _Reading:
    return _Reading(Unclaimed(start, end, reason), end)


def _read(text: str, start: int, end: int, stop: int, lenient: bool = False) -> _Reading:
    """Settle the run `text[start:end]`; nothing at or after `stop` may be taken into the figure.

    `lenient` reads a quote by itself: the conditions on what stands around it are taken as met.
    """
    token = text[start:end]
    arabic = token[0] in _DIGITS
    previous = text[start - 1] if start else ""

    if not arabic and token[0] == "一" and previous in "唯统" and previous and end > start + 1:
        start += 1  # 唯一一起
        token = text[start:end]
        previous = "一"
    if token in ("零", "0"):
        zero = _zero_after(text, start, end)
        if zero is not None:
            return zero
    if token == "一":
        if previous in ("无", "有") and (previous == "无" or text[start - 2 : start - 1] == "没"):
            return _not_one(text, start, end)
        if previous in _SAME_BEFORE and previous:
            return _Reading(None, end)
    if not lenient and _no_figure(text, start, end, arabic):
        return _Reading(None, end)
    number = _number(token)
    if number is None or (number[1] is None and _ROW_OF_DIGITS.fullmatch(token) is not None):
        return _odd_run(text, start, end, token, arabic)
    value, high, qualifier, percent = number
    counter_start = end
    lone_magnitude = not arabic and token[0] in "百千万亿"
    hedge_span = (
        None
        if previous in "，。、；：\n(（“"
        else _hedge_before(text, start, lone_magnitude or token == "十")
    )

    pos = end
    if text[pos : pos + 1] in _INSIDE and pos < stop:
        qualifier = qualifier or _INSIDE[text[pos]]
        pos += 1
    # upper end without a unit in between: 20—30例, 百分之三到五
    spaced = _skip_space(text, pos, stop)
    if (
        high is None
        and pos == end
        and text[spaced : spaced + 1] in _JOINERS
        and not (text[spaced] in "至到" and _from_before(text, start))
    ):
        upper = _upper_end(text, spaced, stop)
        if upper is not None:
            upper_token, upper_end, upper_value = upper
            counter_at = _skip_space(text, upper_end, stop)
            if percent or lenient or _counter_at(text, counter_at, stop, start) is not None:
                high = upper_value * (_HUNDRED / _base(token)) if percent else upper_value
                value = _share_magnitude(value, token, high, upper_token) if not percent else value
                pos = end = upper_end
                if text[pos : pos + 1] in _INSIDE:
                    qualifier = qualifier or _INSIDE[text[pos]]
                    pos += 1
    if percent:
        return _finish(
            text, start, pos, value, high, qualifier, hedge_span, "percent", "分之", "unit.percent_words", stop
        )

    at = _skip_space(text, pos, stop)
    counter = _counter_at(text, at, stop, start, lenient)
    if counter is None and pos > end and text[pos - 1] in "来几":
        pos = end  # 5来自: no hedge after all
        qualifier = number[2]
    if counter is None and lenient and at == stop:
        return _finish(text, start, pos, value, high, qualifier, hedge_span, "", "", "", stop)
    if counter is None:
        return _without_counter(text, start, end, pos, value, high, qualifier, hedge_span, arabic, stop, token)
    entry = counter.entry
    unit_end = at + len(counter.word)
    if entry is None:
        if token == "一" or token == "半" or (not arabic and len(token) == 1 and counter.word not in ("倍", "年")):
            return _Reading(None, end)
        return _refuse(start, unit_end, f"unit outside the vocabulary: {counter.word}")
    if lenient:
        pass
    elif entry.hedged and hedge_span is None and not qualifier:
        return _refuse(start, unit_end, "date-like, left by the date rules")
    elif lone_magnitude and not entry.bare and hedge_span is None:
        return _Reading(None, end)
    elif token == "半" and not (entry.one and entry.unit in ("day", "hour", "month", "week", "kg", "mu", "tonne", "km")):
        return _Reading(None, end)
    elif previous in _LETTERS and previous and entry.unit == "time":
        return _Reading(None, end)
    elif not arabic:
        if token == "一" and not _one_counts(text, start, unit_end, counter, entry, hedge_span is not None):
            return _Reading(None, end)
        if value <= 10 and _is_slogan(text, start, unit_end, entry):
            return _Reading(None, end)
        if entry.id == "places_by_name" and len(token) == 1:
            return _Reading(None, end)
    # the unit said twice: 10%至20%, 3000元至5000元
    if high is None and unit_end < stop and text[unit_end] in _JOINERS:
        upper = _upper_end(text, unit_end, stop)
        if upper is not None and not (text[unit_end] in "至到" and _from_before(text, start)):
            _, upper_end, upper_value = upper
            second_at = _skip_space(text, upper_end, stop)
            second = _counter_at(text, second_at, stop, start)
            if second is not None and second.entry is entry and upper_value > value:
                high = upper_value
                unit_end = second_at + len(second.word)
    unit = _unit_of(text, entry, start if hedge_span is None else hedge_span[0], unit_end)
    if entry.tail == "half":
        value += _HALF
        if high is not None:
            high += _HALF
    elif entry.tail == "more":
        qualifier = qualifier or "more_than"
    elif entry.late and text[unit_end : unit_end + 1] in ("多", "余") and unit_end < stop:
        if text[unit_end + 1 : unit_end + 2] not in _NOT_AFTER_LATE or unit_end + 1 >= len(text):
            qualifier = qualifier or "more_than"
            unit_end += 1
    if entry.factor is not None:
        value *= entry.factor
        if high is not None:
            high *= entry.factor
    sign = _sign(text, start, unit)
    if sign:
        value = -value
        start -= sign
    magnitude = _LAST_MAGNITUDES.search(text[counter_start - 4 : counter_start])
    written = (magnitude[0] if magnitude and arabic else "") + counter.word
    return _finish(text, start, unit_end, value, high, qualifier, hedge_span, unit, written, entry.rule, stop)


_NOT_AFTER_LATE = frozenset("次个名年方种项位家人渠层元点")


def _base(token: str) -> Decimal:
    number = _number(token.partition("分之")[0])
    return _HUNDRED if number is None else number[0]


def _skip_space(text: str, pos: int, stop: int) -> int:
    while pos < stop and text[pos] == " ":
        pos += 1
    return pos


def _finish(
    text: str,
    start: int,
    end: int,
    value: Decimal,
    high: Decimal | None,
    qualifier: str,
    hedge_span: tuple[int, str, tuple[str, ...]] | None,
    unit: str,
    counter: str,
    rule: str,
    stop: int,
) -> _Reading:
    if hedge_span is not None and (not hedge_span[2] or unit in hedge_span[2]):
        start = hedge_span[0]
        qualifier = hedge_span[1]
    if end < stop:
        after = _hedge_after(text, end, unit)
        if after is not None and after[0] <= stop:
            end = after[0]
            qualifier = after[1] if not qualifier else qualifier
    return _Reading(Quantity(start, end, value, high, unit, qualifier or "exact", counter, rule), end)


def _from_before(text: str, start: int) -> bool:
    """从3家到27家 is a change, not a range."""
    return any(c in "从由" for c in text[max(0, start - 4) : start])


def _upper_end(text: str, joiner: int, stop: int) -> tuple[str, int, Decimal] | None:
    at = joiner + 1
    if text[at : at + 1] == text[joiner] and text[joiner] in "-—–":
        at += 1
    at = _skip_space(text, at, stop)
    match = _RUN.match(text, at, stop)
    if match is None:
        return None
    number = _number(match[0])
    if number is None or number[1] is not None or number[2] or number[3]:
        return None
    return match[0], match.end(), number[0]


def _sign(text: str, start: int, unit: str) -> int:
    """Length of a minus sign before a rate or a temperature."""
    if unit not in ("percent", "percentage_point", "degree_celsius") or not start:
        return 0
    if unit == "degree_celsius" and text.endswith("零下", 0, start):
        return 2
    if text[start - 1] in "-−－负" and (start == 1 or text[start - 2] not in _ALL_NUMERALS | _LETTERS | {"%"}):
        return 1
    return 0


def _one_counts(text: str, start: int, end: int, counter: _Counter, entry: _Unit, hedged: bool) -> bool:
    """Whether 一 is a number here and not an article: 一名患者, 一周, 仅一家; not 一座城, 一天天, 一天两次."""
    following = text[end : end + 1]
    if following == counter.word[-1] or following == "一":
        return False
    if hedged:
        return True
    if entry.one and counter.word not in ("人", "员", "口人"):
        return not (entry.unit in ("day", "week", "month", "hour") and following in _ALL_NUMERALS and following)
    cue = text[max(0, start - 2) : start]
    return cue in ("只有", "仅有", "新增", "其中") and bool(cue) or cue[-1:] in ("仅", "共", "各")


def _is_slogan(text: str, start: int, end: int, entry: _Unit) -> bool:
    """“四个集中”, 两场“战役”: a small Chinese number counted in or before quotation marks."""
    if entry.unit not in ("item", "time", "project"):
        return False
    if text[end : end + 1] in ("“", "‘", '"', "「"):
        return True
    if start and text[start - 1] in "“‘「\"":
        closing = re.compile(r"[”’」\"]").search(text, end, end + 9)
        return closing is not None
    return False


def _odd_run(text: str, start: int, end: int, token: str, arabic: bool) -> _Reading:
    """A run that is no number: 一一, 2020.2.3, 9999…"""
    if len(token) > _MAX_RUN:
        return _refuse(start, end, f"a run of {len(token):,} numeral characters is no number")
    if not arabic and not any(c in _DIGITS for c in token):
        return _Reading(None, end)  # 一一, 万千, 五一二: words and names written with numerals
    if token.count(".") > 1:
        return _refuse(start, end, "date-like or a version, left by the date rules")
    return _refuse(start, end, "malformed number")


def _bare_at(text: str, start: int, end: int, pos: int, token: str) -> _Bare | None:
    """The rule for a number without a counter that the words beside it allow."""
    for bare in _BARE:
        if bare.magnitude:
            if token[-1] not in "万亿" or len(token) < 2:
                continue
        elif token[0] not in _DIGITS and token[-1] not in "万亿":
            continue
        if bare.after and not text.startswith(bare.after, pos):
            continue
        if bare.touching:
            before = text[max(0, start - 8) : start].rstrip(" ：:为达有共")
            following = text[end : end + 1]
            if (
                len(token) > 6
                or "." in token
                or not before.endswith(bare.near)
                or (following and following not in _CLAUSE_END)
            ):
                continue
        elif bare.near and not _near(text, start, bare.near):
            continue
        return bare
    return None


def _without_counter(
    text: str,
    start: int,
    end: int,
    pos: int,
    value: Decimal,
    high: Decimal | None,
    qualifier: str,
    hedge_span: tuple[int, str, tuple[str, ...]] | None,
    arabic: bool,
    stop: int,
    token: str,
) -> _Reading:
    previous = text[start - 1] if start else ""
    following = text[end : end + 1]
    bare = _bare_at(text, start if hedge_span is None else hedge_span[0], end, pos, token)
    if bare is not None:
        return _finish(text, start, pos, value, high, qualifier, hedge_span, bare.unit, "", bare.id, stop)
    if not arabic:
        if token == "一半" or (token == "半" and following == "数"):
            if hedge_span is not None or text.startswith("以上", end + (following == "数")) or previous in "占达了":
                end += following == "数"
                return _finish(
                    text, start, end, Decimal(50), None, "", hedge_span, "percent", "半", "unit.half", stop
                )
            return _Reading(None, end)
        if following == "番" and previous == "翻" and value <= 3:
            growth = _HUNDRED * (2 ** int(value) - 1)
            return _finish(text, start - 1, end + 1, growth, None, "", None, "percent", "番", "unit.doubling", stop)
        if token == "十" and following in ("足", "分"):
            return _Reading(None, end)
        if len(token) == 1 or value < 10 or token[0] in "百千万亿":
            return _Reading(None, end)  # a word written with a numeral: 三农, 四川, 百度
        return _refuse(start, pos, "number without a counter")
    if previous == "￥" or previous in ("¥", "＄", "$") and previous:
        money = "USD" if previous in "$＄" else "CNY"
        return _finish(
            text, start - 1, end, value, high, qualifier, hedge_span, money, previous, "unit.currency_sign", stop
        )
    if previous in _LETTERS or (previous in "-_—－" and text[start - 2 : start - 1] in _LETTERS and start > 1):
        if previous:
            return _Reading(None, end)  # N95, COVID-19
    if following in _LETTERS and following:
        return _Reading(None, end)  # 5G
    if (following == "+" and text[end + 1 : end + 2] != "") or (previous == "+" and start > 1):
        return _Reading(None, end)  # “1+6+N”
    if following in "-－" and following and text[end + 1 : end + 2] in _LETTERS and end + 1 < len(text):
        return _Reading(None, end)  # 2019-nCoV
    if previous in "“‘「《〔[【" and following in "”’」》〕]】" and previous and following:
        return _Reading(None, end)  # “1136”举措, 〔2020〕
    if previous in "(（" and following in ")）" and previous and following:
        return _Reading(None, end)  # (1) heads a section
    if following in ".、．)）" and following and (not previous or previous in "\n\r 。；：！" or previous == "\u3000"):
        return _Reading(None, end)  # 1、 and 2. number the points of a list
    if token.isdigit() and len(token) >= 3 and _HOTLINE.search(text, end, end + 10) is not None:
        return _Reading(None, end)
    if token.isdigit() and (len(token) >= 7 or (token[0] == "0" and len(token) > 2)):
        return _Reading(None, end)  # telephone numbers and codes
    if following in "-—－" and following and re.compile(r"[0-9]{3,}").match(text, end + 1):
        return _Reading(None, end)
    if previous in "-—－" and previous and text[start - 2 : start - 1] in _DIGITS and len(token) >= 3:
        return _Reading(None, end)
    if following in ":：" and following and text[end + 1 : end + 2] in _DIGITS and end + 1 < len(text):
        return _refuse(start, end, "clock time, score or ratio")
    if following in "年月日号时点分" and following:
        return _refuse(start, end + 1, "date-like, left by the date rules")
    if token.isdigit() and len(token) == 4 and token[:2] in ("19", "20"):
        return _refuse(start, end, "perhaps a year, left by the date rules")
    return _refuse(start, pos, "number without a counter")


# ------------------------------------------------------------------------------------------------- zero in words


def _zero(start: int, end: int, rule: str) -> Quantity:
    return Quantity(start, end, _ZERO_DECIMAL, None, "case", "exact", "", rule)


def _says_cases(text: str, end: int, what: str) -> bool:
    if what.endswith("的"):
        what, end = what[:-1], end - 1
    return what.endswith(_ZERO_NOUNS) and (
        not text.startswith(_ZERO_NOT_FOLLOWED, end) or text.startswith(("的时候", "的情况"), end)
    )


def _zero_after(text: str, start: int, end: int) -> _Reading | None:
    """零 or 0 that speaks of cases: 零死亡, 0新增, 病例清零, 确诊病例为零. None leaves 0 to the other rules."""
    previous = text[start - 1] if start else ""
    for none in _ZERO["none"]:
        if none.endswith(text[start:end]) and text.endswith(none, 0, end):
            window = text[max(0, start - 24) : start]
            breaks = [m.end() for m in _SENTENCE_BREAKS.finditer(window)]
            window = window[breaks[-1] :] if breaks else window
            if text[end : end + 1] in ("例", "人", "名", "."):
                break
            if any(noun in window for noun in _ZERO_PLAIN_NOUNS):
                begin = start if previous in "为是" else start - 1
                return _Reading(_zero(begin, end, "zero.none"), end)
            return _Reading(None, end)
    match = _AFTER_ZERO.match(text, end)
    if match is not None:
        change, what = match["change"], match["what"]
        if (change == "新增" and not what and not _is_han(text, match.end())) or (
            _says_cases(text, match.end(), what) and what not in ("疑似",)
        ):
            return _Reading(_zero(start, end, "zero.prefix"), end)
    return _Reading(None, end) if text[start] == "零" else None


def _not_one(text: str, start: int, end: int) -> _Reading:
    """无一例感染, 没有一例死亡."""
    begin = start - 1 if text[start - 1] == "无" else start - 2
    stop = end + 1 if text[end : end + 1] in ("例", "人", "名") else end
    match = re.compile(rf"(?:{_ZERO_BETWEEN}){{1,9}}+").match(text, stop)
    if match is not None and _says_cases(text, match.end(), match[0]):
        return _Reading(_zero(begin, stop, "zero.not_one"), stop)
    return _Reading(None, end)


def _is_han(text: str, at: int) -> bool:
    return at < len(text) and "\u4e00" <= text[at] <= "\u9fff"


def _find_denials(text: str) -> list[Quantity]:
    """无新增确诊病例, 没有出现病例, 无死亡病例."""
    found = []
    for match in _DENIAL.finditer(text):
        no, change, what = match["no"], match["change"], match["what"]
        end = match.end("change") if change else match.end("no")
        if no in _NEEDS_CHANGE and not change:
            continue
        if what:
            if not _says_cases(text, match.end(), what):
                continue
            if no in ("没有", "没") and not change and not what.endswith(("病例", "患者", "感染者")):
                continue
        elif change != "新增" or _is_han(text, match.end()):
            continue
        found.append(_zero(match.start(), end, "zero.denial"))
    return found


# ------------------------------------------------------------------------------------------------------- public


def find_quantities(
    text: str, taken: Sequence[tuple[int, int]] = ()
) -> tuple[list[Quantity], list[Unclaimed]]:
    """All figures of a normalised, Simplified text, and the numerals that no rule could settle.

    `taken` holds the spans of dates and places, sorted by start; numerals inside them are theirs. Values are exact
    `Decimal`s in the contract's units. Both lists are sorted by start, and nothing in them overlaps. Never raises.

    >>> find_quantities("新增3例，N95口罩1万只，面积7公里2分钟")[1]
    [Unclaimed(start=19, end=22, reason='unit outside the vocabulary: 分钟')]
    """
    found: list[Quantity] = []
    unclaimed: list[Unclaimed] = []
    masks = list(taken)
    if "http" in text or "www." in text or "@" in text:
        masks = sorted([*masks, *(m.span() for m in _URL.finditer(text))])
    begin = 0
    length = len(text)
    finditer = _RUN.finditer
    masks.append((length, length))
    for mask_start, mask_end in masks:
        if mask_start > begin:
            done = begin
            for match in finditer(text, begin, mask_start):
                start, end = match.span()
                if start < done:
                    if end <= done:
                        continue
                    start = done
                result, done = _read(text, start, end, mask_start)
                if result is None:
                    continue
                if isinstance(result, Quantity):
                    found.append(result)
                else:
                    unclaimed.append(result)
        begin = max(begin, mask_end)
    denials = _find_denials(text)
    if denials:
        found = _merge(found, denials, taken)
    return found, unclaimed


def _merge(found: list[Quantity], zeros: list[Quantity], taken: Sequence[tuple[int, int]]) -> list[Quantity]:
    """Both lists by start; a zero that overlaps a figure or a date gives way."""
    merged = sorted([*found, *zeros], key=lambda q: (q.start, q.rule.startswith("zero.denial")))
    out: list[Quantity] = []
    spans = iter([*taken, (1 << 62, 1 << 62)])
    span = next(spans)
    for quantity in merged:
        if out and quantity.start < out[-1].end:
            continue
        while span[1] <= quantity.start:
            span = next(spans)
        if quantity.rule == "zero.denial" and span[0] < quantity.end:
            continue
        out.append(quantity)
    return out


def parse_quantity(text: str) -> Quantity:
    """The one figure that `text` is, from its first character to its last.

    Raises:
        ValueError: `text` is no figure, more than one, or has something beside it; the message quotes it with the
            fault in 【】.

    >>> parse_quantity("500多亿元").qualifier
    'more_than'
    >>> parse_quantity("506.8亿")
    Traceback (most recent call last):
        ...
    ValueError: not one quantity: 【506.8亿】: number without a counter
    """
    found, unclaimed = find_quantities(text)

    def fault(start: int, end: int, why: str) -> ValueError:
        return ValueError(f"not one quantity: {text[:start]}【{text[start:end]}】{text[end:]}: {why}")

    if not found:
        if unclaimed:
            raise fault(*unclaimed[0])
        if text in _ZERO_QUOTES:
            return _zero(0, len(text), "zero.alone")
        raise fault(0, len(text), "no number with a unit")
    first = found[0]
    if first.start:
        raise fault(0, first.start, "nothing may stand beside number, unit and hedges")
    if first.end < len(text):
        why = "a second figure" if len(found) > 1 else "nothing may stand beside number, unit and hedges"
        raise fault(first.end, len(text), why)
    return first


def reread(value_quote: str) -> tuple[Decimal, Decimal | None, str, frozenset[str]]:
    """`(value, value_high, qualifier, possible units)` of a quote read by itself, as validation does.

    The unit may depend on a noun that the quote does not hold (65个 counts projects, firms or things), so all units
    that the counter can mean are given.

    Raises:
        ValueError: the quote is no figure, even with the noun left open.

    >>> reread("近400家次")
    (Decimal('400'), None, 'nearly', frozenset({'time'}))
    >>> reread("65个")[3] >= {"project", "item", "organization"}
    True
    """
    if value_quote in _ZERO_QUOTES:
        return _ZERO_DECIMAL, None, "exact", frozenset(("case", "person"))
    length = len(value_quote)
    run = _RUN.search(value_quote)
    if run is not None:
        found, _ = _read(value_quote, run.start(), run.end(), length, lenient=True)
        if isinstance(found, Quantity) and (found.start, found.end) == (0, length):
            return found.value, found.value_high, found.qualifier, _possible_units(found)
    raise ValueError(f"not a value quote: 【{value_quote}】")


def _possible_units(quantity: Quantity) -> frozenset[str]:
    """All units that the counter can mean with one noun or another."""
    if not quantity.unit:
        return frozenset(bare.unit for bare in _BARE)
    word = quantity.counter.lstrip("百千万亿")
    units = {quantity.unit}
    for counter in _COUNTERS.get(word[:1], ()):
        if counter.word == word and counter.entry is not None:
            units.add(counter.entry.unit)
            units.update(counter.entry.head_units)
    return frozenset(units)
