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
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from covid_timeline.mentions import quantity_words as words
from covid_timeline.mentions.numerals import parse_approximate, parse_number, share_magnitude
from covid_timeline.mentions.quantity_words import ALL_NUMERALS, CLAUSE_END, DIGITS, JOINERS, LETTERS
from covid_timeline.model import Quantity, Unclaimed

__all__ = ["find_quantities", "parse_quantity", "reread"]

# A comma or space inside a number separates full groups of three only, a space or a full-width comma only before a
# unit; 多 and 余 belong to it where a magnitude
# follows; 点 and 分之 where a Chinese digit follows.
_RUN: Final = re.compile(
    rf"[{words.NUMERALS}](?:(?:[{words.NUMERALS_BUT_THOUSAND}]|千(?![瓦伏卡焦]))+"
    rf"|\.(?=[0-9])"
    rf"|,(?<=[0-9],)(?<![0-9]{{4}},)(?=[0-9]{{3}}(?![0-9]))"
    # 2 104亿元 is one numeral; 13603 747 545 are the cells of a row
    rf"|[ ](?<=[0-9] )(?<![0-9]{{4}} )(?<![0-9] [0-9] )(?<![0-9] [0-9]{{2}} )(?=[0-9]{{3}}(?: [0-9]{{3}}){{0,3}}(?:\.[0-9]+)?[^ 0-9\n|，。,.;；])"
    # 691，027.05万元; in 确诊12，345人出院 the same comma separates clauses
    rf"|，(?<=[0-9]，)(?<![0-9]{{4}}，)(?=[0-9]{{3}}(?:，[0-9]{{3}}){{0,3}}\.[0-9]{{1,4}}[万亿]?(?:元|美元|吨|亩|平方米|公斤))"
    rf"|[ ](?<=[0-9] )(?=[万亿])"
    rf"|点(?=[{words.CHINESE_DIGITS}])"
    rf"|[多余来几](?=[{words.MAGNITUDES}](?![姓货般]))"
    rf"|分之(?=[{words.NUMERALS}]))*"
)
_MAX_RUN: Final = 40
_URL: Final = re.compile(
    r"(?:https?://|www\.)[0-9A-Za-z./?&=_%#:~+\-]{1,2000}|[0-9A-Za-z_.]{1,64}@[0-9A-Za-z.]{1,64}"
)
_CLOSING_QUOTE: Final = re.compile(r"[”’」\"]")
_OPENING_QUOTES: Final = frozenset('“‘「"')
_BREAKS: Final = re.compile(r"[，。；！？,;!?:：（(）)\n\r]|[0-9]")
_SENTENCE_BREAKS: Final = re.compile(r"[。；！？;!?\n\r]")
_ROW_OF_DIGITS: Final = re.compile(rf"[{words.CHINESE_DIGITS}]{{2,}}")  # 二〇二〇, 一一: a year, a dash, a name
_LAST_MAGNITUDES: Final = re.compile(r"[百千万亿]+$")
_THREE_DIGITS: Final = re.compile(r"[0-9]{3,}")
_SHARED: Final = re.compile(r"(?:[、和及][0-9]{1,6}){1,40}")  # 分别新增3、5例
_LISTING: Final = frozenset("、和及至到-—")
_ORDINALS: Final = re.compile(r"第[0-9]{1,4}[例批名位号期]?(?:[、和及至到—-][0-9]{0,4})*$")
_RHETORIC: Final = re.compile(r"[^，。；、一]{1,4}(?:就)?是?一[面个座条张盏道把]")  # 一名党员就是一面旗帜
_UNDER: Final = re.compile(r"/([0-9]{1,2})(?![0-9/])")
_NO_HALF: Final = frozenset("小天个年月日夜路成价山径岛数多")
_NOT_SMALLER: Final = frozenset("之钟钱个名位人只家例岁年月日天")
_NOT_AFTER_LATE: Final = frozenset("次个名年方种项位家人渠层元点")
# 壹贰叁…拾佰仟, which sums of money are written in; alone they are names (队伍, 陆家嘴)
_FINANCIAL: Final = re.compile(
    r"[壹贰叁参肆伍陆柒捌玖拾](?<![队大收人海丹苦].)(?:(?<!拾)|(?=[万亿余多元圆]))(?:零?[壹贰叁参肆伍陆柒捌玖]?[拾佰仟百千万亿]){0,8}[壹贰叁参肆伍陆柒捌玖]?(?=[余多]?[元圆])"
)
_PLAIN: Final = str.maketrans("壹贰叁参肆伍陆柒捌玖拾佰仟", "一二三三四五六七八九十百千")
_MINUS: Final = frozenset("-−－")
_NO_MINUS: Final = frozenset(" %-日时例人名位")
# 港币1000万元 is not in the contract's currencies; 美元 is
_CURRENCY: Final = re.compile(
    r"(?P<name>港币|港元|港幣|日元|日币|欧元|英镑|韩元|卢布|加元|澳元|澳门元|澳门币|新台币|台币|新加坡元|泰铢|HK ?\$|NT ?\$|A\$|C\$|S\$|€|£)(?:约|近|逾|超|超过)?(?:为|是|:|：)? ?$"
)
_VERB: Final = re.compile("[的有在和与及、设立建开展实施了到派援赴]")
_LABEL: Final = re.compile(r"(?:^|[\n，,；;。、 |•·●◆\-*（(])(?P<label>[\u4e00-\u9fff（）()]{2,14})[:：] {0,4}$")
_LABEL_ENDS: Final = frozenset(":： ")
_LIST_ENDS: Final = re.compile(r"[。！？!?\n]")
_BEFORE_LISTED: Final = frozenset(":：）)")
_LIST_POINTS: Final = frozenset("\n\r 。；：:！\u3000")
_AFTER_LISTED: Final = frozenset(("", *"、，,；;。和及与（( \n"))
_GROUP: Final = re.compile(r"[^，。；“”‘’「」\"]{0,6}[组队班法制岗团行][”’」\"]")
_NEXT_PLACE: Final = re.compile(r"[一二三四五六七八九1-9](?=$|[，。；！？、,;!?:：（()）\n 的]|以[上下]|左右)")
_SMALLER: Final = re.compile(r" ?(?P<n>[0-9]{1,2}|[一二两三四五六七八九])(?P<word>[角毛分两])")
# The cells of a plain-text table's row on either side of a number: a row starts at the line, a bar or a name with a
# gap behind it, and ends with the line or a bar.
_ROW_REACH: Final = 160
_ROW_BEFORE: Final = re.compile(
    r"(?:^|\n|(?P<bar>\|)|[\u4e00-\u9fff）)](?= )) {0,24}(?P<cells>(?:[+\-]?[0-9][0-9.,%]{0,9} {1,24}){0,12})[+\-]?$"
)
_ROW_AFTER: Final = re.compile(
    r"(?P<cells>(?: {1,24}[+\-]?[0-9][0-9.,%]{0,9}){0,12}) {0,24}(?:(?P<bar>\|)|(?=\n)|$)"
)
_YEARS: Final = frozenset(("2018", "2019", "2020", "2021"))
_AND: Final = frozenset(("、", "和", "及", "以及", "，", "与"))
# 核减1例至18例: two figures, by how many and to how many; 增加3至5例 is a range
_CHANGED_BY: Final = (
    "核减",
    "核增",
    "减少",
    "增加",
    "减少了",
    "增加了",
    "下降",
    "下降了",
    "扣除",
    "调减",
    "调增",
    "减",
)
# 由21万只增至88万只: what was before
_CHANGED_FROM: Final = re.compile(
    r"[由从][约近超]{0,2}[0-9.万亿千百十]{1,9}[余多]?(?:个|户|批|支|张|家|台)[^，。；、：:0-9]{0,6}[到至为]$"
)
_CHANGES_TO: Final = re.compile(r"[^，。；、：:0-9]{0,6}?[到至为]")
_OF_THE_SAME: Final = re.compile(r"[0-9][0-9,.]{0,9}[万亿]?[余多]?[个张台间项支]$")
# what may stand between the counted noun and its number: 床位将达到2130张
_BETWEEN_NOUN_AND_NUMBER: Final = "将已共达到约近有为至增加新总数累计扩的了量余超过仅只由从 :："
_ZERO: Final = Decimal(0)
_HUNDRED: Final = Decimal(100)
_HALF: Final = Decimal("0.5")
_DATE_LIKE: Final = "date-like, left by the date rules"
_NO_COUNTER: Final = "number without a counter"


class _HedgeSpan(NamedTuple):
    start: int
    qualifier: str
    units: tuple[str, ...]  # units it is limited to, if any


class _Number(NamedTuple):
    """A number in the text with what touches it on the left; `end` is behind 多, 余 and an upper end."""

    start: int
    end: int
    value: Decimal
    high: Decimal | None
    qualifier: str  # from within the number, "" where it has none
    hedge: _HedgeSpan | None


class _SaidOnce(NamedTuple):
    """A unit said once for the numbers of a list, which stand from `start` to `end`; the words that say it begin at `said`."""

    said: int
    start: int
    end: int
    unit: str
    scale: Decimal
    counter: str  # with its magnitude: 万元


class _Reading(NamedTuple):
    """What became of one run: a figure, a refusal, or neither; `end` is where the next run may start."""

    found: Quantity | Unclaimed | None
    end: int


# ------------------------------------------------------------------------------------------------------- numbers


@lru_cache(maxsize=8192)
def _value(token: str) -> tuple[Decimal, Decimal | None, str, bool] | None:
    """`(value, high, qualifier or "", is a percentage)` of a run, None where it is no number."""
    if len(token) > _MAX_RUN:
        return None
    over, fraction, part = token.rpartition("分之")
    if fraction:
        base, amount = _value(over), _value(part)
        if base is None or amount is None or base[0] <= 0 or base[1] is not None or amount[3]:
            return None
        scale = _HUNDRED / base[0]
        high = None if amount[1] is None else amount[1] * scale
        return amount[0] * scale, high, amount[2], True
    token = token.replace(" 万", "万").replace(" 亿", "亿").replace("，", ",")
    try:
        return parse_number(token), None, "", False
    except ValueError:
        pass
    if token == "半":
        return _HALF, None, "", False
    try:
        low, upper, qualifier = parse_approximate(token)
    except ValueError:
        pass
    else:
        return low, upper, "" if qualifier == "exact" else qualifier, False
    dashed = token.split("一")
    if len(dashed) == 2 and all(side.isascii() and side.isdigit() for side in dashed):
        low, upper = Decimal(dashed[0]), Decimal(dashed[1])  # 3一5人: 一 for a dash
        if low < upper:
            return low, upper, "", False
    return None


def _upper_end(text: str, joiner: int, stop: int) -> tuple[str, int, Decimal] | None:
    """`(token, end, value)` of the number behind a joiner."""
    at = joiner + 1
    if text[at : at + 1] == text[joiner] and text[joiner] in "-—–":
        at += 1
    at = _skip_space(text, at, stop)
    match = _RUN.match(text, at, stop)
    if match is None:
        return None
    number = _value(match[0])
    if number is None or number[1] is not None or number[2] or number[3]:
        return None
    return match[0], match.end(), number[0]


def _joins(text: str, joiner: int, start: int) -> bool:
    """Whether the character joins the ends of a range; in 从3家到27家 it tells of a change."""
    if text[joiner : joiner + 1] not in JOINERS:
        return False
    return text[joiner] not in "至到" or not any(c in "从由" for c in text[max(0, start - 4) : start])


def _skip_space(text: str, pos: int, stop: int) -> int:
    while pos < stop and text[pos] == " ":
        pos += 1
    return pos


def _with_upper_end(
    text: str, number: _Number, token: str, stop: int, *, percent: bool, lenient: bool
) -> _Number:
    """The number with what follows before any unit: 多, 余, 来, 几, or an upper end (20—30例, 百分之三到五)."""
    at = number.end
    if text[at : at + 1] in words.INSIDE and at < stop:
        return number._replace(end=at + 1, qualifier=number.qualifier or words.INSIDE[text[at]])
    if number.high is not None:
        return number
    joiner = _skip_space(text, at, stop)
    upper = None
    if _joins(text, joiner, number.start):
        upper = _upper_end(text, joiner, stop)
        if upper is None:
            return number
        if not percent and not lenient:
            after = _skip_space(text, upper[1], stop)
            if text[after : after + 1] in words.INSIDE:
                after = _skip_space(text, after + 1, stop)
            if _counter_at(text, after, stop, number.start) is None:
                return number
    elif len(token) == 1 and text[at : at + 1] == "、" and token in "123456789":
        upper = _upper_end(text, at, stop)  # 6、7天
        if upper is None or len(upper[0]) > 2 or upper[2] != number.value + 1:
            return number
    if upper is None:
        return number
    upper_token, end, high = upper
    value = number.value
    if percent:
        base = _value(token.partition("分之")[0])
        high *= _HUNDRED if base is None else _HUNDRED / base[0]
    else:
        value = share_magnitude(value, token, high, upper_token)
    qualifier = number.qualifier
    if text[end : end + 1] in words.INSIDE and end < stop:
        qualifier = words.INSIDE[text[end]]
        end += 1
    return number._replace(end=end, value=value, high=high, qualifier=qualifier)


# ------------------------------------------------------------------------------------------------- units and hedges


def _near(text: str, start: int, cues: tuple[str, ...]) -> bool:
    """Whether one of the cues stands shortly before, in the same clause."""
    window = text[max(0, start - 12) : start]
    cut = max(window.rfind("。"), window.rfind("；"), window.rfind("，"), window.rfind("\n"))
    window = window[cut + 1 :]
    return any(cue in window for cue in cues)


def _counter_at(text: str, pos: int, stop: int, start: int, lenient: bool = False) -> words.Counter | None:
    """The longest counter at `pos` whose conditions hold; `lenient` looks at the word alone."""
    pair = text[pos : pos + 2]
    for counter in words.TWO_CHARACTERS.get(pair) or words.ONE_CHARACTER.get(pair[:1], []):
        word = counter.word
        end = pos + len(word)
        if end > stop or not text.startswith(word, pos):
            continue
        if counter.traps and text.startswith(counter.traps, end):
            continue
        entry = counter.entry
        if entry is not None and not lenient:
            if entry.near and not _near(text, start, entry.near):
                continue
            if entry.only_before and not text.startswith(entry.only_before, end):
                continue
        return counter
    return None


def _unit_of(text: str, entry: words.Unit, start: int, end: int) -> str:
    """The unit by the counted noun: in the noun phrase after the counter, else at the end of what stands before."""
    pattern = entry.heads
    if pattern is None:
        return entry.unit
    if end < len(text) and text[end] not in CLAUSE_END:
        window = text[end : end + entry.reach]
        cut = (_SENTENCE_BREAKS if entry.across else _BREAKS).search(window)
        if cut is not None and cut[0] in DIGITS and "的" in text[end : end + 2 * entry.reach]:
            window = text[end : end + 2 * entry.reach]  # 87个总投资739.2亿元的重点项目
            cut = _SENTENCE_BREAKS.search(window)
        if cut is not None:
            window = window[: cut.start()]
        found = pattern.search(window)
        while found is not None:
            following = pattern.match(window, found.end())
            if following is None:
                break
            found = following  # a noun right before another one is not the head: 社区党支部
        if found is None:
            if text[end] in "增提减降扩升上下到压缩":
                return _unit_before(text, entry, start)
            if words.DONE_BEHIND.match(text, end) is not None:
                return _unit_before(text, entry, start, done=True)
            return entry.unit
        head = found.lastgroup or ""
        stops = words.HEAD_STOPS[head]
        if stops and any(stop in window[: found.start()] for stop in stops):
            return entry.unit
        unit = words.HEAD_UNITS[head]
        if head == "places" and found.end() - found.start() == 1:  # 218个普通国省干线项目
            beyond = pattern.search(window, found.end(), found.end() + 7)
            if (
                beyond is not None
                and beyond.lastgroup in ("project", "institution", "team")
                and _VERB.search(window, found.end(), beyond.start()) is None
            ):
                return words.HEAD_UNITS[beyond.lastgroup]
        if unit == "person":  # 党员志愿服务队 is a team
            team = pattern.search(window, found.end(), found.end() + 6)
            if team is not None and team.lastgroup == "team":
                return words.HEAD_UNITS["team"]
        return unit
    return _unit_before(text, entry, start)


def _unit_before(text: str, entry: words.Unit, start: int, *, done: bool = False) -> str:
    """The unit by the noun that ends what stands before the number: 重点项目383个, 重点项目复工263个.

    `done`: what was done stands behind the number, and so the noun may end the clause before: 重点项目中，287个已复工.
    """
    pattern = entry.heads
    if pattern is None:
        return entry.unit
    if text[start - 1 : start] in ("到", "至", "为"):
        change = _CHANGED_FROM.search(text, max(0, start - 24), start)
        if change is not None:
            start = change.start()  # 项目由20个增加到35个
    window = text[max(0, start - 24) : start]
    if not window.endswith(words.DONE):  # 签约 ends in a hedge
        window = window.rstrip(_BETWEEN_NOUN_AND_NUMBER)
    if window.endswith(words.DONE):
        window = window[: -next(len(verb) for verb in words.DONE if window.endswith(verb))]
        # 23个省级新开工项目,已开工13个: what is counted is the end of the clause before
        window = window.rstrip(_BETWEEN_NOUN_AND_NUMBER)
        done = True
    if done:
        # 重点项目中，287个已复工; 病床有1,400张，已使用677张
        window = window.rstrip("中其，,")
        window = _OF_THE_SAME.sub("", window).rstrip(_BETWEEN_NOUN_AND_NUMBER)
    unit = entry.unit
    for found in pattern.finditer(window):
        if found.end() == len(window):
            unit = words.HEAD_UNITS[found.lastgroup or ""]
    return unit


def _hedge_before(text: str, start: int, magnitude: bool, share: bool) -> _HedgeSpan | None:
    """The hedge that touches the number; `magnitude`: a lone 十百千万亿 (上百, 数十); `share`: 成 or 半 (过九成)."""
    at = start - 1 if text[start - 1] == " " else start
    if at == 0:
        return None
    last = text[at - 1]
    if magnitude:
        for hedge in words.MAGNITUDE_HEDGES.get(last, ()):
            begin = at - len(hedge.word)
            if not text.endswith(hedge.word, 0, at) or (begin and text[begin - 1] in hedge.guard):
                continue
            if (
                hedge.word in ("上", "过", "破")
                and text[start] == "十"
                and text[start + 1 : start + 2] not in ("万", "亿")
            ):
                continue
            return _match_before(text, at) or _HedgeSpan(begin, hedge.qualifier, ())
    found = _match_before(text, at)
    if found is None and share:
        for hedge in words.SHARE_HEDGES.get(last, ()):
            begin = at - len(hedge.word)
            if text.endswith(hedge.word, 0, at) and not (begin and text[begin - 1] in hedge.guard):
                return _HedgeSpan(begin, hedge.qualifier, hedge.units)
    if found is None and last in words.LINK_ENDS:
        for link in words.LINKS:
            if text.endswith(link, 0, at):
                found = _match_before(text, at - len(link), linked=True)
                if found is not None:
                    return found
    return found


def _match_before(text: str, at: int, linked: bool = False) -> _HedgeSpan | None:
    if at <= 0:
        return None
    for hedge in words.BEFORE.get(text[at - 1], ()):
        if text.endswith(hedge.word, 0, at) and (not linked or len(hedge.word) > 1 or hedge.word == "约"):
            begin = at - len(hedge.word)
            if begin and hedge.guard and text[begin - 1] in hedge.guard:
                return None
            return _HedgeSpan(begin, hedge.qualifier, hedge.units)
    return None


def _hedge_after(text: str, end: int, unit: str) -> tuple[int, str] | None:
    for hedge in words.AFTER[text[end]]:
        if text.startswith(hedge.word, end):
            stop = end + len(hedge.word)
            if stop < len(text) and text[stop] in hedge.guard:
                return None
            if hedge.units and unit not in hedge.units:
                return None
            return stop, hedge.qualifier
    return None


def _sign(text: str, start: int, unit: str) -> int:
    """Length of a minus sign before a rate or a temperature."""
    if unit not in ("percent", "percentage_point", "degree_celsius") or not start:
        return 0
    if unit == "degree_celsius" and text.endswith("零下", 0, start):
        return 2
    if text[start - 1] in "-−－负":
        before = text[start - 2 : start - 1] if start > 1 else ""
        return int(before not in ALL_NUMERALS and before not in LETTERS and before != "%")
    return 0


def _finish(
    text: str, number: _Number, end: int, stop: int, *, unit: str, counter: str, rule: str
) -> _Reading:
    """The figure, with its hedges on both sides."""
    start, qualifier, hedge = number.start, number.qualifier, number.hedge
    if (
        hedge is not None
        and (not hedge.units or unit in hedge.units)
        and not (
            unit in words.TIME_UNITS and text[hedge.start] == "近" and text.startswith(words.RECENT, end)
        )
    ):
        start, qualifier = hedge.start, hedge.qualifier
    if end < stop and text[end] in words.AFTER:
        after = _hedge_after(text, end, unit)
        if after is not None and after[0] <= stop:
            end = after[0]
            qualifier = qualifier or after[1]
    quantity = Quantity(start, end, number.value, number.high, unit, qualifier or "exact", counter, rule)
    return _Reading(quantity, end)


# -------------------------------------------------------------------------------------------------- no figures


def _literal_at(text: str, start: int, end: int) -> bool:
    """Whether a word or idiom of not_figures.toml holds the numeral at `start`."""
    for offset, literal in words.WORDS.get(text[start : start + 2], ()):
        # where the numeral goes on beyond the word, it is none: 万分之三, 零点六个百分点
        if (
            start - offset + len(literal) >= end
            and start >= offset
            and text.startswith(literal, start - offset)
        ):
            return True
    if start and end == start + 1:
        for offset, literal in words.WORDS_AT_END.get(text[start - 1 : end], ()):
            if start >= offset and text.startswith(literal, start - offset):
                return True
    return False


def _no_figure(text: str, start: int, end: int, arabic: bool) -> bool:
    """Whether what stands around the numeral says that it is no figure, whatever counter may follow."""
    if _literal_at(text, start, end):
        return True
    at = end + 1 if text[end : end + 1] == " " else end
    if start:
        previous = text[start - 1]
        for before, keep in words.NOT_BEFORE[arabic].get(previous, ()):
            if text.endswith(before, 0, start) and not text.startswith(keep, end):
                return True
        if previous == " " and start > 1 and text[start - 2] == "第":
            return True
        if previous in _LISTING and _ORDINALS.search(text, max(0, start - 10), start) is not None:
            return True  # 第39、40例
        if previous == "前" and text.startswith(words.RANK_AFTER, end):
            return start == 1 or text[start - 2] not in words.RANK_GUARD
    for after, keep in words.NOT_AFTER[arabic].get(text[at : at + 1], ()):
        if text.startswith(after, at) and not text.startswith(keep, at):
            return True
    return False


def _is_always(text: str, start: int, end: int) -> bool:
    """24小时值班, 7×24小时: round the clock, no span of time."""
    return text.startswith(words.ALWAYS_AFTER, end) or text.endswith(
        words.ALWAYS_BEFORE, max(0, start - 4), start
    )


def _one_counts(text: str, start: int, end: int, counter: words.Counter, entry: words.Unit) -> bool:
    """Whether 一 without a hedge is a number and not an article: 一名患者, 一周, 仅一家; not 一座城, 一天两次."""
    following = text[end : end + 1]
    if counter.word in entry.one:
        if entry.unit not in words.TIME_UNITS:
            return _RHETORIC.match(text, end) is None
        if following in ALL_NUMERALS or (following in ("前", "后") and text[end + 1 : end + 2] != "往"):
            return False  # 一天两次, 一周前
        return counter.word != "天" or text.startswith(
            ("时间", "内", "之内", "以内", "就", "左右", "的时间"), end
        )
    return text.endswith(("只有", "仅有", "新增", "其中", "仅", "共", "各"), 0, start)


def _is_slogan(text: str, start: int, end: int, unit: str) -> bool:
    """“四个集中”, 两场“战役”: a small Chinese number counted in or before quotation marks."""
    if unit not in ("item", "time", "project"):
        # “三人小组”: the name of a group
        return start > 0 and text[start - 1] in _OPENING_QUOTES and _GROUP.match(text, end) is not None
    if end < len(text) and text[end] in _OPENING_QUOTES:
        return True
    return (
        start > 0
        and text[start - 1] in _OPENING_QUOTES
        and _CLOSING_QUOTE.search(text, end, end + 9) is not None
    )


def _is_name(text: str, start: int, end: int, token: str) -> bool:
    """Whether an Arabic number without a counter is a name, an address or the number of a point in a list."""
    previous = text[start - 1] if start else "\n"
    following = text[end] if end < len(text) else "\n"
    before = text[start - 2] if start > 1 else "\n"
    beyond = text[end + 1] if end + 1 < len(text) else "\n"
    if previous in LETTERS or following in LETTERS:
        return True  # N95, 5G
    if previous in "-_—－" and (before in LETTERS or _is_han(before)):
        return True  # COVID-19, 伊尔-76
    if following in "-－" and beyond in LETTERS:
        return True  # 2019-nCoV
    if (following == "+" and beyond != "\n") or (previous == "+" and before != "\n"):
        return True  # “1+6+N”
    if following in "对比" and (beyond in DIGITS or beyond == "一"):
        return True  # 1对1
    if previous in "对比" and before in DIGITS:
        return True
    if previous in "“‘「《〔[【(（" and following in "”’」》〕]】)）":
        return True  # “1136”举措, 〔2020〕4号, (1)
    if following in ".．" or (following in "、)）" and previous in "\n\r 。；：！\u3000"):
        return True  # the points of a list
    if previous == "例" and before == "病":
        return True  # 病例1，女
    if previous == "/" and before in DIGITS:
        return True
    if token in words.HOTLINE_NUMBERS:
        return True
    if token.isdigit():
        if len(token) >= 7 or (token[0] == "0" and len(token) > 2):
            return True  # telephone numbers and codes
        if len(token) >= 3 and words.HOTLINE_NEAR.search(text, end, end + 10) is not None:
            return True
    if following in "-—－" and _THREE_DIGITS.match(text, end + 1) is not None:
        return True
    return previous in "-—－" and before in DIGITS and len(token) >= 3


def _is_han(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff"


# ------------------------------------------------------------------------------------------------------- reading


def _refuse(start: int, end: int, reason: str) -> _Reading:
    return _Reading(Unclaimed(start, end, reason), end)


def _read(text: str, start: int, end: int, stop: int, lenient: bool = False) -> _Reading:
    """Settle the run `text[start:end]`; nothing at or after `stop` may be taken into the figure.

    `lenient` reads a quote by itself: the conditions on what stands around it are taken as met.
    """
    previous = text[start - 1] if start else "\n"
    if text[start] == "一" and end > start + 1 and (previous in "唯统" or text[start + 1] in DIGITS):
        start += 1  # 唯一一起; 一69岁男子
        previous = "一"
    elif previous in "高初大" and text[start] in "一二三四" and text[start + 1 : start + 2] in DIGITS and end > start + 1:
        start += 1  # 高三34.2万人
    token = text[start:end]
    arabic = token[0] in DIGITS
    if token in ("零", "0"):
        zero = _zero_after(text, start, end)
        if zero is not None:
            return zero
    if token == "一":
        if previous == "无" or text.endswith("没有", 0, start):
            return _not_one(text, start, end)
        if previous in words.SAME_BEFORE:
            return _Reading(None, end)
    if not lenient and _no_figure(text, start, end, arabic):
        return _Reading(None, end)
    read = _value(token)
    if read is None or (read[1] is None and _ROW_OF_DIGITS.fullmatch(token) is not None):
        return _odd_run(start, end, token)
    value, high, qualifier, percent = read
    lone = not arabic and token[0] in "百千万亿"
    hedge = None
    if previous in words.HEDGE_ENDS:
        share = token == "半" or text[end : end + 1] == "成"
        hedge = _hedge_before(text, start, lone or token[0] == "十", share)
    first = _Number(start, end, value, high, qualifier, hedge)
    number = first
    if text[end : end + 1] in words.AFTER_DIGITS:
        number = _with_upper_end(text, first, token, stop, percent=percent, lenient=lenient)
    if percent:
        falls = _falls(text, start if hedge is None else hedge.start, "percent")
        if falls:
            number = number._replace(
                value=-number.value if number.high is None else -number.high,
                high=None if number.high is None else -number.value,
            )
        elif previous == "负":
            number = number._replace(start=start - 1, value=-number.value)
        parts = _finish(
            text, number, number.end, stop, unit="percent", counter="分之", rule="unit.percent_words"
        )
        if falls and isinstance(parts.found, Quantity):
            return _Reading(parts.found._replace(flag="fall"), parts.end)
        return parts
    at = _skip_space(text, number.end, stop)
    counter = _counter_at(text, at, stop, start, lenient)
    if counter is None:
        if lenient and at == stop and previous not in "￥¥＄$" and not (token == "半" and hedge is not None):
            return _finish(text, number, number.end, stop, unit="", counter="", rule="")
        if number.end > end and text[number.end - 1] in "来几":
            number = first  # 5来自: no hedge after all
        return _without_counter(text, number, end, stop, token)
    unit_end = at + len(counter.word)
    entry = counter.entry
    if entry is None:
        if token in ("一", "半") or (not arabic and len(token) == 1 and counter.word not in ("倍", "年")):
            return _Reading(None, end)
        return _refuse(start, unit_end, f"unit outside the vocabulary: {counter.word}")
    if not lenient:
        if entry.hedged and not (
            hedge
            or number.qualifier
            or text.startswith(("内", "之内", "以内"), unit_end)
            or text.endswith(entry.led_by, 0, start)
        ):
            return _refuse(start, unit_end, _DATE_LIKE)
        if (
            token in words.ALWAYS_NUMBERS
            and counter.word == words.ALWAYS_UNIT
            and _is_always(text, start, unit_end)
        ):
            return _Reading(None, end)
        if previous in LETTERS and (entry.unit == "time" or counter.word[0] in LETTERS):
            return _Reading(None, end)  # G102次列车, t.cn/A6Pq5t4P
        if not arabic and not _chinese_counts(text, first, token, unit_end, counter):
            return _Reading(None, end)
    return _with_unit(text, number, counter, entry, end=unit_end, stop=stop)


def _chinese_counts(text: str, number: _Number, token: str, unit_end: int, counter: words.Counter) -> bool:
    """Whether a number in Chinese characters before a counter is meant as a figure."""
    entry = counter.entry
    if entry is None:
        return False
    if token[0] in "百千万亿" and not entry.bare and number.hedge is None:
        return False  # 千克, 百家争鸣
    if token == "半":
        return entry.half
    if token == "一":
        following = text[unit_end : unit_end + 1]
        if following in ("一", counter.word[-1]):
            return False  # 一天天, 一批一批
        if number.hedge is None and not _one_counts(text, number.start, unit_end, counter, entry):
            return False
    if number.value <= 10 and _is_slogan(text, number.start, unit_end, entry.unit):
        return False
    if counter.word in entry.arabic_only:
        return number.hedge is not None or number.qualifier != ""
    return len(token) > 1 or entry.id != "places_by_name"


def _with_unit(
    text: str, number: _Number, counter: words.Counter, entry: words.Unit, *, end: int, stop: int
) -> _Reading:
    start, number_end, value, high, qualifier, hedge = number
    if (  # the unit said twice: 10%至20%
        high is None
        and end < stop
        and _joins(text, end, start)
        and not (
            entry.unit != "percent"
            and text.endswith(_CHANGED_BY, 0, start)
            and not text.endswith("新增加", 0, start)
        )
    ):
        upper = _upper_end(text, end, stop)
        if upper is not None:
            second_at = _skip_space(text, upper[1], stop)
            second = _counter_at(text, second_at, stop, start)
            if second is not None and second.entry is entry and upper[2] > value:
                high = upper[2]
                end = second_at + len(second.word)
    unit = _unit_of(text, entry, start if hedge is None else hedge.start, end)
    if entry.half_after and text.startswith("半", end) and end < stop and _ends_half(text, end + 1):
        value += _HALF  # 一吨半
        end += 1
    if entry.next_place and high is None and not qualifier:
        digit = _NEXT_PLACE.match(text, end, stop)
        if digit is not None:
            value += parse_number(digit[0]) / 10  # 八成五
            end = digit.end()
    if entry.smaller and high is None and not qualifier:
        for word, part in entry.smaller:  # 5元3角2分
            less = _SMALLER.match(text, end, stop)
            if (
                less is not None
                and less["word"] == word
                and text[less.end() : less.end() + 1] not in _NOT_SMALLER
            ):
                value += parse_number(less["n"]) * part
                end = less.end()
    if entry.tail == "half":
        value += _HALF
        high = None if high is None else high + _HALF
    elif entry.tail == "more":
        qualifier = qualifier or "more_than"
    elif entry.late and end < stop and text[end] in "多余" and text[end + 1 : end + 2] not in _NOT_AFTER_LATE:
        qualifier = qualifier or "more_than"
        end += 1
    if entry.factor is not None:
        value *= entry.factor
        high = None if high is None else high * entry.factor
    if unit == "CNY":
        currency = _CURRENCY.search(text, max(0, start - 8), start)
        if currency is not None:
            return _refuse(start, end, f"unit outside the vocabulary: {currency['name']}")
        if hedge is None and text.endswith(("美元", "美金"), 0, start):
            unit = "USD"  # 美元500万元
            start -= 2
    elif (
        unit in ("case", "person")
        and start
        and text[start - 1] in _MINUS
        and _stands_for_minus(text, start - 1)
    ):
        return _refuse(start - 1, end, "a count below zero")
    sign = _sign(text, start, unit)
    falls = (
        not sign
        and unit not in words.FALL_UNITS
        and _falls(text, start if hedge is None else hedge.start, unit)
    )
    if sign:
        value = -value
        start -= sign
    elif falls:
        value, high = (-value, None) if high is None else (-high, -value)
    magnitude = _LAST_MAGNITUDES.search(text[max(start, number_end - 4) : number_end].rstrip("多余来几"))
    written = (magnitude[0] if magnitude and magnitude.start() else "") + counter.word
    number = _Number(start, number_end, value, high, qualifier, hedge)
    read = _finish(text, number, end, stop, unit=unit, counter=written, rule=entry.rule)
    if falls and isinstance(read.found, Quantity):
        return _Reading(read.found._replace(flag="fall"), read.end)
    return read


def _falls(text: str, at: int, unit: str) -> bool:
    """Whether the word that governs the figure says that something fell: 下降6.8%, 减少了384例; not 下降到6.8%."""
    end = _before_space(text, at)
    if text.endswith("了", 0, end):
        end -= 1
    for fall in words.FALLS.get(text[end - 1 : end], ()):
        if text.endswith(fall.word, 0, end):
            if fall.shares_only and unit not in ("percent", "percentage_point"):
                return False
            begin = end - len(fall.word)
            return not (begin and text[begin - 1] in fall.guard) and not text.endswith(
                words.FALL_NOT_BEFORE, max(0, begin - 4), begin
            )
    return False


def _before_space(text: str, at: int) -> int:
    return at - 1 if text[at - 1 : at] == " " else at


def _ends_half(text: str, at: int) -> bool:
    """Whether 半 before `at` is half of the unit before it, and not 半小时, 半成品."""
    return text[at : at + 1] not in _NO_HALF


def _stands_for_minus(text: str, at: int) -> bool:
    """Whether a hyphen before a number is a sign: 宜昌市-8例; not 5-8例, A-8, 武汉 - 8例."""
    before = text[at - 1 : at]
    return before not in ALL_NUMERALS and before not in LETTERS and before not in _NO_MINUS


def _odd_run(start: int, end: int, token: str) -> _Reading:
    """A run that is no number: 一一, 2020.2.3, 9999…"""
    if len(token) > _MAX_RUN:
        return _refuse(start, end, f"a run of {len(token):,} numeral characters is no number")
    if not any(character in DIGITS for character in token):
        return _Reading(None, end)  # 一一, 万千, 五一二: words and names written with numerals
    if token.count(".") > 1:
        return _refuse(start, end, "date-like or a version, left by the date rules")
    return _refuse(start, end, "malformed number")


def _bare_at(text: str, start: int, end: int, pos: int, token: str) -> words.Bare | None:
    """The rule for a number without a counter that the words beside it allow."""
    if (
        (start == 0 or text[start - 1] not in words.BARE_ENDS)
        and text[pos : pos + 1] not in words.BARE_STARTS
        and words.BARE_NEAR.search(text, max(0, start - 12), start) is None
    ):
        return None
    before = text[max(0, start - 8) : start].rstrip(words.BETWEEN_CUE_AND_NUMBER)
    large = len(token) > 1 and token[-1] in "万亿"
    arabic = token[0] in DIGITS
    if arabic and token[0] == "0" and len(token) > 1 and "." not in token:
        return None
    for bare in words.BARE:
        if not large and (bare.magnitude or not (arabic or (bare.after and token != "一"))):
            continue
        if bare.touching and not before.endswith(bare.touching):
            continue
        if bare.after and not text.startswith(bare.after, pos):
            continue
        if bare.closed and end < len(text) and text[end] not in CLAUSE_END:
            continue
        if bare.near and not _near(text, start, bare.near):
            continue
        return bare
    return None


def _without_counter(text: str, number: _Number, end: int, stop: int, token: str) -> _Reading:
    start, value = number.start, number.value
    previous = text[start - 1] if start else "\n"
    following = text[end] if end < len(text) else "\n"
    hedge_start = start if number.hedge is None else number.hedge.start
    bare = _bare_at(text, hedge_start, end, number.end, token)
    if bare is not None and bare.unit == "CNY":
        currency = _CURRENCY.search(text, max(0, hedge_start - 8), hedge_start)
        if currency is not None:
            return _refuse(start, number.end, f"unit outside the vocabulary: {currency['name']}")
    if bare is not None:
        return _finish(text, number, number.end, stop, unit=bare.unit, counter="", rule=bare.rule)
    if token[0] not in DIGITS:
        if token == "半" and number.hedge is not None and following != "数":
            if not _says_half(text, hedge_start, end):
                return _Reading(None, end)
            half = number._replace(value=Decimal(50))
            return _finish(text, half, end, stop, unit="percent", counter="半", rule="unit.half")
        if token == "一半" or (token == "半" and following == "数"):
            end += following == "数"
            if number.hedge is None and not text.startswith("以上", end) and previous not in "占达了":
                return _Reading(None, end)
            half = number._replace(value=Decimal(50))
            return _finish(text, half, end, stop, unit="percent", counter="半", rule="unit.half")
        if following == "番" and previous == "翻" and value in (1, 2, 3):
            growth = number._replace(start=start - 1, value=_HUNDRED * (2 ** int(value) - 1), hedge=None)
            return _finish(text, growth, end + 1, stop, unit="percent", counter="番", rule="unit.doubling")
        if len(token) == 1 or value < 10 or token[0] in "百千万亿":
            return _Reading(None, end)  # a word written with a numeral: 三农, 十足, 百度
        return _refuse(start, number.end, _NO_COUNTER)
    if (
        previous in "＄$"
        and start > 1
        and text[start - 2] in LETTERS
        and not text.endswith("US", 0, start - 1)
    ):
        return _refuse(start, number.end, "unit outside the vocabulary: " + text[max(0, start - 3) : start])
    if previous in "￥¥＄$":
        priced = number._replace(start=start - 1, hedge=None)
        unit = "USD" if previous in "＄$" else "CNY"
        return _finish(text, priced, number.end, stop, unit=unit, counter=previous, rule="unit.currency_sign")
    if following in "、和及" and "分别" in text[max(0, start - 25) : start]:
        shared = _SHARED.match(text, end, stop)
        if shared is not None:
            counter = _counter_at(text, shared.end(), stop, start)
            if counter is not None and counter.entry is not None and counter.entry.factor is None:
                unit = _unit_of(text, counter.entry, start, shared.end() + len(counter.word))
                return _finish(text, number, end, stop, unit=unit, counter="", rule="unit.shared")
    if start and (text[start - 1] in "由从" or (hedge_start and text[hedge_start - 1] in "由从")):
        change = _CHANGES_TO.match(text, number.end, min(stop, number.end + 8))
        run = None if change is None else _RUN.match(text, _skip_space(text, change.end(), stop), stop)
        if run is not None:
            counter = _counter_at(text, run.end(), stop, start)
            if counter is not None and counter.entry is not None and counter.entry.factor is None:
                unit = _unit_of(text, counter.entry, run.start(), run.end() + len(counter.word))
                return _finish(text, number, number.end, stop, unit=unit, counter="", rule="unit.shared")
    if following == "/" and token.isdigit():
        share = _share(text, number, end, stop)
        if share is not None:
            return share
    if (
        following in " |\n"
        and number.end == end
        and hedge_start == start
        and _is_cell(text, start, end, token)
    ):
        begin = start - (previous == "+")
        return _Reading(Quantity(begin, end, value, None, "", "exact", "", "unit.row", "row"), end)
    if _is_name(text, start, end, token):
        return _Reading(None, end)
    label = None
    if text[hedge_start - 1 : hedge_start] in _LABEL_ENDS:
        label = _LABEL.search(text, max(0, hedge_start - 20), hedge_start)
    if label is not None and not label["label"].endswith(words.NO_LABELS) and _ends_value(text, number.end):
        read = _finish(text, number, number.end, stop, unit="", counter="", rule="unit.label")
        if isinstance(read.found, Quantity):
            return _Reading(read.found._replace(flag="label"), read.end)
    if following in ":：" and text[end + 1 : end + 2] in DIGITS:
        return _refuse(start, end, "clock time, score or ratio")
    if following in "年月日号时点分":
        return _refuse(start, end + 1, _DATE_LIKE)
    if len(token) == 4 and token.isdigit() and token[:2] in ("19", "20"):
        return _refuse(start, end, "perhaps a year, left by the date rules")
    return _refuse(start, number.end, _NO_COUNTER)


def _says_half(text: str, start: int, end: int) -> bool:
    """Whether 半 behind a hedge is half of a whole: 过半企业, 逾半的人; not 近半程."""
    return (text[start] == "过" or _ends_clause(text, end) or text[end] == "的") and text[
        end : end + 1
    ] not in _NO_HALF


def _ends_value(text: str, at: int) -> bool:
    """Whether what a label says ends here: the line, the item, or a bracket that adds something."""
    return at >= len(text) or text[at] in "\n，,；;。|（( "


def _is_cell(text: str, start: int, end: int, token: str) -> bool:
    """Whether a number stands alone in a cell of a plain-text table: between bars, or between numbers in a row."""
    if len(token) > 6 or (token[0] == "0" and len(token) > 1 and token[1] != ".") or token in _YEARS:
        return False
    right = _ROW_AFTER.match(text, end)
    if right is None:
        return False
    left = _ROW_BEFORE.search(text, max(0, start - _ROW_REACH), start)
    if left is None:
        return False
    return left["bar"] is not None or right["bar"] is not None or bool(left["cells"] or right["cells"])


def _share(text: str, number: _Number, end: int, stop: int) -> _Reading | None:
    """占2/3: a fraction as a percentage; without such a word before it, it may as well be a date."""
    lower = _UNDER.match(text, end, stop)
    start = number.start
    if lower is None:
        return None
    alone = start == 0 and lower.end() == len(text)
    if not alone and number.hedge is None and not text.endswith(("占", "占比", "达", "有", "了"), 0, start):
        return None
    under = int(lower[1])
    if not 0 < number.value < under:
        return None
    number = number._replace(value=number.value * _HUNDRED / under)
    return _finish(text, number, lower.end(), stop, unit="percent", counter="/", rule="unit.fraction")


# ------------------------------------------------------------------------------------------ a unit said for a list


def _find_said_once(text: str) -> list[_SaidOnce]:
    """The lists whose numbers have their unit from words before them: （单位：万元）：甲市29、乙市50."""
    found = []
    matches = list(words.SAID_ONCE.finditer(text))
    for i, match in enumerate(matches):
        limit = matches[i + 1].start() if i + 1 < len(matches) else len(text)
        word, magnitude = match["word"], match["magnitude"]
        counters = [c for c in words.COUNTERS.get(word[0], ()) if c.word == word and c.entry is not None]
        if not counters or not (match["closing"] or match["last"] is not None):
            continue
        entry = counters[-1].entry  # the general entry of the word, without conditions
        if entry is None or entry.tail:
            continue
        start = match.end("closing")
        if match["last"]:
            start += 1
        line = _LIST_ENDS.search(text, start, limit)
        scale = entry.factor or Decimal(1)
        if magnitude:
            scale *= parse_number(magnitude)
        bracket = match.start() - (text[match.start() - 1 : match.start()] in ("（", "("))
        unit = _unit_before(text, entry, bracket)
        found.append(
            _SaidOnce(match.start(), start, line.start() if line else limit, unit, scale, magnitude + word)
        )
    return found


def _listed(text: str, start: int, end: int, stop: int, said: _SaidOnce) -> _Reading | None:
    """The number of a list whose unit is said once; None where it is a name or goes on as something else."""
    token = text[start:end]
    read = _value(token)
    if token[0] not in DIGITS or read is None or read[3] or _no_figure(text, start, end, arabic=True):
        return None
    if text.endswith("病例", 0, start) or (
        text[end : end + 1] in "、)）" and text[start - 1] in _LIST_POINTS
    ):
        return None  # 病例3，女; the points of a list
    hedge = _hedge_before(text, start, False, False) if text[start - 1] in words.HEDGE_ENDS else None
    at = _before_space(text, start if hedge is None else hedge.start)
    if not (_is_han(text[at - 1 : at]) or text[at - 1 : at] in _BEFORE_LISTED):
        return None
    number = _Number(start, end, *read[:3], hedge)
    if text[end : end + 1] in words.AFTER_DIGITS:
        number = _with_upper_end(text, number, token, stop, percent=False, lenient=True)
    high = None if number.high is None else number.high * said.scale
    number = number._replace(value=number.value * said.scale, high=high)
    reading = _finish(
        text, number, number.end, stop, unit=said.unit, counter=said.counter, rule="unit.said_once"
    )
    return reading if text[reading.end : reading.end + 1] in _AFTER_LISTED else None


# ------------------------------------------------------------------------------------------------- zero in words


def _zero(start: int, end: int, rule: str) -> Quantity:
    return Quantity(start, end, _ZERO, None, "case", "exact", "", rule)


def _says_cases(text: str, end: int, what: str) -> bool:
    """Whether the words between denial and `end` name cases, and do not go on as something else (接触史)."""
    while what.endswith(("的", "、", "和", "或", "及")):
        what, end = what[:-1], end - 1
    return what.endswith(words.ZERO_NOUNS) and (
        not text.startswith(words.ZERO_NOT_FOLLOWED, end)
        or text.startswith(words.ZERO_FOLLOWED_AFTER_ALL, end)
    )


def _ends_clause(text: str, at: int) -> bool:
    return at >= len(text) or not _is_han(text[at])


def _zero_after(text: str, start: int, end: int) -> _Reading | None:
    """零 or 0 that speaks of cases: 零死亡, 0新增, 病例清零, 确诊病例为零. None leaves 0 to the other rules."""
    for none in words.ZERO_NONE:
        if text.endswith(none, 0, end) and text[end : end + 1] not in ("例", "人", "名", "位", "."):
            window = text[max(0, start - 24) : start]
            for cut in _SENTENCE_BREAKS.finditer(window):
                window = text[max(0, start - 24) + cut.end() : start]
            if any(noun in window for noun in words.ZERO_NONE_NOUNS):
                begin = start if text[start - 1] in "为是" else end - len(none)
                return _Reading(_zero(begin, end, "zero.none"), end)
            return _Reading(None, end)
    match = words.AFTER_ZERO.match(text, end)
    if match is not None:
        change, what = match["change"], match["what"]
        if (change == "新增" and not what and _ends_clause(text, match.end())) or _says_cases(
            text, match.end(), what
        ):
            return _Reading(_zero(start, end, "zero.prefix"), end)
    return _Reading(None, end) if text[start] == "零" else None


def _not_one(text: str, start: int, end: int) -> _Reading:
    """无一例感染, 没有一人死亡."""
    begin = start - 1 if text[start - 1] == "无" else start - 2
    stop = end + 1 if text[end : end + 1] in ("例", "人", "名") else end
    match = words.AFTER_ZERO.match(text, stop)
    if match is not None and _says_cases(text, match.end(), match["what"]):
        return _Reading(_zero(begin, stop, "zero.not_one"), stop)
    return _Reading(None, end)


def _find_denials(text: str) -> list[tuple[Quantity, int]]:
    """无新增确诊病例, 没有出现病例, 无死亡病例: each with the end of what it denies."""
    found = []
    for match in words.DENIAL.finditer(text):
        no, change, what = match["no"], match["change"], match["what"]
        if no in words.ZERO_NEEDS_CHANGE and not change:
            continue
        if what:
            if not _says_cases(text, match.end(), what):
                continue
            if no in words.ZERO_NEEDS_PEOPLE and not change and not what.endswith(words.ZERO_PEOPLE):
                continue
        elif change != "新增" or not _ends_clause(text, match.end()):
            continue
        end = match.end("change") if change else match.end("no")
        found.append((_zero(match.start(), end, "zero.denial"), match.end()))
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
    text = _plain_money(text)
    masks = list(taken)
    if "http" in text or "www." in text or "@" in text:
        masks = sorted([*masks, *(m.span() for m in _URL.finditer(text))])
    begin = 0
    length = len(text)
    finditer = _RUN.finditer
    lists = _find_said_once(text) if "单位" in text else []
    if lists:
        masks = sorted([*masks, *((one.said, one.start) for one in lists)])
    lists.reverse()
    masks.append((length, length))
    for mask_start, mask_end in masks:
        if mask_start > begin:
            done = begin
            for match in finditer(text, begin, mask_start):
                start, end = match.span()
                if end < mask_start:
                    fast = words.FAST.get(text[end])
                    if fast is not None and start >= done:
                        token = match[0]
                        if (
                            token.isdigit()
                            and len(token) < 16
                            and (start == 0 or text[start - 1] not in words.SLOW_BEFORE)
                            and "第" not in text[max(0, start - 8) : start]
                            and text[end + 1 : end + 2] not in fast[2]
                            and text[start : start + 2] not in words.WORDS
                        ):
                            done = end + 1
                            found.append(
                                Quantity(
                                    start, done, Decimal(token), None, fast[0], "exact", text[end], fast[1]
                                )
                            )
                            continue
                if start < done:
                    if end <= done:
                        continue
                    start = done
                while lists and lists[-1].end <= start:
                    lists.pop()
                listed = None
                if lists and lists[-1].start <= start:
                    listed = _listed(text, start, end, mask_start, lists[-1])
                result, done = listed or _read(text, start, end, mask_start)
                if result is None:
                    continue
                if isinstance(result, Quantity):
                    found.append(result)
                else:
                    unclaimed.append(result)
        begin = max(begin, mask_end)
    _share_falls(text, found)
    denials = _find_denials(text)
    if denials:
        found = _merge(found, denials, taken)
    return found, unclaimed


def _share_falls(text: str, found: list[Quantity]) -> None:
    """分别下降3.2%、9.6%和5.2%: the verb governs the whole list."""
    listed = False
    for i, quantity in enumerate(found):
        if quantity.flag == "fall":
            listed = "分别" in text[max(0, quantity.start - 8) : quantity.start]
            continue
        previous = found[i - 1]
        listed = (
            listed
            and previous.unit == quantity.unit
            and previous.end <= quantity.start <= previous.end + 2
            and text[previous.end : quantity.start] in _AND
        )
        if listed:
            low, high = quantity.value, quantity.value_high
            low, high = (-low, None) if high is None else (-high, -low)
            found[i] = quantity._replace(value=low, value_high=high, flag="fall")


def _plain_money(text: str) -> str:
    """The text with sums in financial characters in ordinary ones, at the same offsets: 叁仟元 as 三千元."""
    if _FINANCIAL.search(text) is None:
        return text
    return _FINANCIAL.sub(lambda match: match[0].translate(_PLAIN), text)


def _merge(
    found: list[Quantity], denials: list[tuple[Quantity, int]], taken: Sequence[tuple[int, int]]
) -> list[Quantity]:
    """Figures and denials by start; a denial that overlaps a figure or a date gives way.

    The one in what is denied is no figure of its own: 没有出现1例确诊病例.
    """
    merged = sorted([*((q, 0) for q in found), *denials], key=lambda pair: (pair[0].start, pair[1]))
    out: list[Quantity] = []
    spans = iter([*taken, (1 << 62, 1 << 62)])
    span = next(spans)
    denied = 0
    for quantity, reach in merged:
        if out and quantity.start < out[-1].end:
            continue
        if quantity.start < denied and quantity.value == 1 and quantity.unit == "case":
            continue
        while span[1] <= quantity.start:
            span = next(spans)
        if reach:
            if span[0] < quantity.end:
                continue
            denied = reach
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

    found = [quantity for quantity in found if quantity.unit]
    if not found:
        if unclaimed:
            raise fault(*unclaimed[0])
        if text in words.ZERO_QUOTES:
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
    if value_quote in words.ZERO_QUOTES:
        return _ZERO, None, "exact", frozenset(("case", "person"))
    if len(value_quote) > 1 and value_quote[0] == "+" and value_quote[1] in DIGITS:
        value_quote = value_quote[1:]  # +18 in a table
    length = len(value_quote)
    value_quote = _plain_money(value_quote)
    for run in _RUN.finditer(value_quote):
        found, _ = _read(value_quote, run.start(), run.end(), length, lenient=True)
        if isinstance(found, Quantity) and (found.start, found.end) == (0, length):
            return found.value, found.value_high, found.qualifier, _possible_units(found)
    raise ValueError(f"not a value quote: 【{value_quote}】")


def scales_said_once(text: str) -> set[tuple[str, Decimal]]:
    """`(unit, scale)` of every unit that a text says once for the numbers of a list; `reread` knows nothing of them.

    >>> scales_said_once("（单位：万元）：甲市29、乙市50。")
    {('CNY', Decimal('10000'))}
    """
    return {(said.unit, said.scale) for said in _find_said_once(text)}


def _possible_units(quantity: Quantity) -> frozenset[str]:
    """All units that the counter can mean with one noun or another."""
    if not quantity.unit:
        return words.UNITS
    word = quantity.counter.lstrip("百千万亿")
    units = {quantity.unit}
    for counter in words.COUNTERS.get(word[:1], ()):
        if counter.word == word and counter.entry is not None:
            units.add(counter.entry.unit)
            units.update(counter.entry.head_units)
    return frozenset(units)
