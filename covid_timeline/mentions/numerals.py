"""Numeral string to exact number: strict, for one whole numeral and nothing around it.

Grammar of `parse_number` (Simplified or Traditional, ordinary or financial characters):

    number   := arabic | digits | composed
    arabic   := 1327 | 1,327 | 2 104 | 506.8            groups of three by comma or by (no-break, thin) space
    digits   := 二〇二〇 | 零 | 九                        one decimal place each
    composed := [high 亿] [mid 万] [low]                 each falling: 一亿二千万, 1亿2000万, 2万5千, 十五
              | decimal unit*                           五百零六点八, 1.5万, 1.5万亿, 3,200万
    low      := [d 千] [d 百] [d 十] [d], with 零 over a gap; 廿 卅 卌 are 20, 30, 40

A bare 百 千 万 亿 counts as one of it (近千名, 万人). A last digit without a unit takes the next lower place:
一百二 is 120, 两万五 is 25,000.

>>> parse_number("五百零六点八")
Decimal('506.8')
>>> parse_number("1亿2000万")
Decimal('120000000')
>>> parse_number("一百零十五")
Traceback (most recent call last):
    ...
ValueError: not a number: 一百【零】十五 (character 3): 零 stands over no gap

Inexact numerals (十几, 数百, 二三十) go to `parse_approximate`.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal
from functools import lru_cache
from typing import NamedTuple

__all__ = ["DIGIT_VALUES", "MAX_LENGTH", "UNIT_POWERS", "parse_approximate", "parse_number"]

MAX_LENGTH = 40
"""Longest numeral read, in characters. Longer ones are no figures, and turning digits into a number is not linear."""

DIGIT_VALUES: dict[str, int] = {
    character: value
    for value, characters in enumerate(
        ("零〇○", "一壹", "二贰貳两兩", "三叁參叄", "四肆", "五伍", "六陆陸", "七柒", "八捌", "九玖")
    )
    for character in characters
}
"""Chinese digit -> its value."""

UNIT_POWERS: dict[str, int] = {
    **dict.fromkeys("十拾", 1),
    **dict.fromkeys("百佰", 2),
    **dict.fromkeys("千仟", 3),
    **dict.fromkeys("万萬", 4),
    **dict.fromkeys("亿億", 8),
}
"""Unit character -> power of ten."""

_TENS = {"廿": 2, "卅": 3, "卌": 4}
_POINTS = "点點"
_COUPLE = "两兩"  # two, but never a place in a row of digits

_DIGITS = "".join(DIGIT_VALUES)
_TO_ARABIC = str.maketrans({c: str(v) for c, v in DIGIT_VALUES.items()})
_ARABIC = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,3}(?:[ \u00a0\u2009\u202f][0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"
_PLAIN = re.compile(_ARABIC)
_NO_GROUPS = str.maketrans("", "", ", \u00a0\u2009\u202f")
_TOKEN = re.compile(
    rf"(?P<arabic>{_ARABIC})|(?P<digits>[{_DIGITS}]+)|(?P<unit>[{''.join(UNIT_POWERS)}])|(?P<tens>[廿卅卌])|(?P<point>[{_POINTS}])"
)
# Decimal arithmetic rounds to 28 digits by default; this much holds every number of MAX_LENGTH exactly.
_EXACT = Context(prec=100)
_ONE = Decimal(1)
_TOP = 60  # no numeral of MAX_LENGTH reaches this power of ten


class _Token(NamedTuple):
    kind: str  # arabic, digits, unit, tens, point
    start: int
    end: int
    text: str
    value: Decimal | None = None  # of arabic


def parse_number(s: str) -> Decimal:
    """Exact value of a numeral, by the grammar at the head of this module.

    Raises:
        ValueError: `s` is no numeral, or is longer than `MAX_LENGTH`; the message quotes it with the fault in 【】.

    >>> parse_number("1,327"), parse_number("二〇二〇"), parse_number("两万五")
    (Decimal('1327'), Decimal('2020'), Decimal('25000'))
    """
    if len(s) > MAX_LENGTH:
        raise ValueError(
            f"not a number: 【{s[:MAX_LENGTH]}…】 (character 1): {len(s):,} characters, at most {MAX_LENGTH} are read"
        )
    if s.isascii() and s.isdigit():
        return Decimal(s)
    if _PLAIN.fullmatch(s) is not None:
        return Decimal(s.translate(_NO_GROUPS))
    return _parse_composed(s)


@lru_cache(maxsize=4096)  # texts repeat the same few: 一, 两, 十, 百
def _parse_composed(s: str) -> Decimal:
    plain = _read_plain(s)
    if plain is not None:
        return Decimal(plain)
    value = _Parser(s).parse()
    whole = value.to_integral_value()
    return Decimal(int(whole)) if whole == value else value


def _read_plain(s: str) -> int | None:
    """Fully written Chinese integers below 万万, five times faster than the parser; None leaves all others to it."""
    total = section = digit = 0
    last = 4  # power of the place before
    zero = False
    for character in s:
        value = DIGIT_VALUES.get(character)
        if value is None:
            power = UNIT_POWERS.get(character, 9)
            if power < last and digit and not (zero and last - power < 2):
                section += digit * 10**power
                last = power
            elif power == 4 and not total and _is_complete(section, digit, last, zero):
                total = (section + digit) * 10_000
                section = 0
                last = 4
            else:
                return None
            digit = 0
            zero = False
        elif value:
            if digit:
                return None
            digit = value
        elif zero or digit or not total + section:
            return None
        else:
            zero = True
    if digit or zero or section:
        return total + section + digit if _is_complete(total + section, digit, last, zero) else None
    return total or None


def _is_complete(before: int, digit: int, last: int, zero: bool) -> bool:
    if zero:
        return digit > 0 and last > 1
    return before + digit > 0 and not (digit and before and last > 1)  # 一百二, 两万五 are short for more


class _Parser:
    def __init__(self, s: str) -> None:
        self.s = s

    def fault(self, start: int, end: int, why: str) -> ValueError:
        s = self.s
        return ValueError(
            f"not a number: {s[:start]}【{s[start:end]}】{s[end:]} (character {start + 1}): {why}"
        )

    def parse(self) -> Decimal:
        tokens = self.tokens()
        points = [i for i, token in enumerate(tokens) if token.kind == "point"]
        if points:
            tokens = self.join_decimal(tokens, points)
        if len(tokens) == 1:
            token = tokens[0]
            if token.kind == "digits":
                return self.row_of_digits(token)
            if token.value is not None:
                return token.value
        return self.composed(tokens, _TOP, at_start=True, at_end=True)

    def tokens(self) -> list[_Token]:
        s = self.s
        if not s:
            raise self.fault(0, 0, "empty")
        found = []
        at = 0
        while at < len(s):
            match = _TOKEN.match(s, at)
            if match is None:
                raise self.fault(at, at + 1, "no part of a number")
            kind = match.lastgroup or ""
            text = match[0]
            value = Decimal(text.translate(_NO_GROUPS)) if kind == "arabic" else None
            found.append(_Token(kind, at, match.end(), text, value))
            at = match.end()
        return found

    def row_of_digits(self, token: _Token) -> Decimal:
        text = token.text
        if len(text) > 1:
            for couple in _COUPLE:
                if couple in text:
                    at = token.start + text.index(couple)
                    raise self.fault(at, at + 1, "两 in a row of digits")
            if _is_range(text):
                raise self.fault(token.start, token.end, "two neighbouring numbers, not one")
        return Decimal(text.translate(_TO_ARABIC))

    def join_decimal(self, tokens: list[_Token], points: list[int]) -> list[_Token]:
        """五百零六 点 八 亿 -> 506.8 亿."""
        at = points[0]
        point = tokens[at]
        before, after = tokens[:at], tokens[at + 1 :]
        if len(points) > 1:
            raise self.fault(tokens[points[1]].start, tokens[points[1]].end, "a second point")
        if not before:
            raise self.fault(point.start, point.end, "nothing before the point")
        if any(token.kind == "arabic" for token in tokens):
            raise self.fault(point.start, point.end, "点 among Arabic digits tells the time")
        if not after or after[0].kind != "digits":
            raise self.fault(point.start, point.end, "no digits after the point")
        if len(before) == 1 and before[0].kind == "digits":
            whole = self.row_of_digits(before[0])
        else:
            whole = self.composed(before, _TOP, at_start=True, at_end=False)
        fraction = after[0]
        value = Decimal(f"{whole:f}.{fraction.text.translate(_TO_ARABIC)}")  # 万点二: never 1E+4.2
        return [
            _Token("arabic", before[0].start, fraction.end, self.s[before[0].start : fraction.end], value),
            *after[1:],
        ]

    def composed(self, tokens: list[_Token], below: int, *, at_start: bool, at_end: bool) -> Decimal:
        """Value of tokens whose units are all under 10**below."""
        for power in (8, 4):
            places = [i for i, t in enumerate(tokens) if t.kind == "unit" and UNIT_POWERS[t.text] == power]
            if not places:
                continue
            unit = tokens[places[0]]
            if len(places) > 1:
                unit = tokens[places[1]]
                raise self.fault(unit.start, unit.end, f"a second {unit.text}")
            if power >= below:
                raise self.fault(unit.start, unit.end, f"{unit.text} after a smaller unit")
            before, after = tokens[: places[0]], tokens[places[0] + 1 :]
            if before:
                high = self.composed(before, power, at_start=at_start, at_end=False)
            elif at_start:
                high = _ONE
            else:
                raise self.fault(unit.start, unit.end, f"nothing before {unit.text}")
            value = high.scaleb(power, _EXACT)
            if after:
                if high != high.to_integral_value():
                    raise self.fault(after[0].start, after[-1].end, "more after a decimal")
                value = _EXACT.add(value, self.rest(after, unit, at_end))
            if value >= Decimal(10) ** below and not (
                len(before) == 1 and before[0].value is not None and at_start
            ):
                raise self.fault(tokens[0].start, tokens[-1].end, "larger than its place")
            return value
        return self.section(tokens, at_start=at_start, at_end=at_end)

    def rest(self, tokens: list[_Token], unit: _Token, at_end: bool) -> Decimal:
        """What follows 万 or 亿."""
        power = UNIT_POWERS[unit.text]
        first = tokens[0]
        if len(tokens) == 1 and (first.kind == "digits" or first.value is not None):
            tail = self.tail(first, power, at_end)
            if tail is not None:
                return tail
        if first.kind == "digits" and DIGIT_VALUES[first.text[0]] == 0:
            # 十万零五千: after 万 and 亿, 零 may stand before the very next place
            if first.end - first.start > 1:
                tokens = [first._replace(start=first.start + 1, text=first.text[1:]), *tokens[1:]]
            else:
                tokens = tokens[1:]
                if not tokens:
                    raise self.fault(first.start, first.end, "nothing after 零")
            if len(tokens) == 1 and tokens[0].kind == "digits" and len(tokens[0].text) == 1:
                return Decimal(DIGIT_VALUES[tokens[0].text])
        return self.composed(tokens, power, at_start=False, at_end=at_end)

    def tail(self, token: _Token, power: int, at_end: bool) -> Decimal | None:
        """A last part without a unit: 两万五, 2万5 take the next place, 1万2000 fills all places."""
        if token.value is not None:
            size = len(token.text)
            if not token.text.isdigit() or size not in {1, power}:
                raise self.fault(token.start, token.end, "unclear place")
            if size == power:
                return token.value
            value = int(token.value)
        elif len(token.text) == 1:
            value = DIGIT_VALUES[token.text]
        else:
            return None
        if value == 0:
            raise self.fault(token.start, token.end, "nothing after 零")
        if not at_end:
            raise self.fault(token.start, token.end, "a unit is missing")
        return Decimal(value * 10 ** (power - 1))

    def section(self, tokens: list[_Token], *, at_start: bool, at_end: bool) -> Decimal:
        """Value of what stands below 万: 千, 百, 十 in falling order."""
        total = Decimal(0)
        last = 4  # power of the place before
        i = 0
        n = len(tokens)
        while i < n:
            token = tokens[i]
            zero = False
            amount = _ONE
            if token.kind == "digits":
                text = token.text
                if DIGIT_VALUES[text[0]] == 0:
                    zero = True
                    text = text[1:]
                    if i == 0 and at_start:
                        raise self.fault(token.start, token.end, "零 before a unit")
                if len(text) > 1:
                    raise self.fault(token.end - len(text), token.end, "a row of digits among units")
                if text:
                    amount = Decimal(DIGIT_VALUES[text])
                    if amount == 0:
                        raise self.fault(token.start, token.end, "零 twice")
                i += 1
                has_digit = bool(text)
            elif token.value is not None:
                amount = token.value
                i += 1
                has_digit = True
            elif token.kind == "tens":
                if last <= 1:
                    raise self.fault(token.start, token.end, f"{token.text} after a smaller unit")
                total += _TENS[token.text] * 10
                last = 1
                i += 1
                continue
            else:
                has_digit = False
            if i < n and tokens[i].kind == "unit":
                unit = tokens[i]
                power = UNIT_POWERS[unit.text]
                if power >= last:
                    raise self.fault(unit.start, unit.end, f"{unit.text} after a smaller unit")
                if zero and total and last - power < 2:
                    raise self.fault(token.start, token.start + 1, "零 stands over no gap")
                if not has_digit and not (power == 1 or (i == 0 and at_start)):
                    raise self.fault(unit.start, unit.end, f"nothing before {unit.text}")
                if has_digit and amount >= 10 and total:
                    raise self.fault(token.start, token.end, "larger than its place")
                if amount != amount.to_integral_value() and (total or i + 1 < n):
                    raise self.fault(token.start, token.end, "more beside a decimal")
                total = _EXACT.add(total, amount.scaleb(power, _EXACT))
                last = power
                i += 1
                continue
            if i < n:
                raise self.fault(tokens[i].start, tokens[i].end, "a unit is missing before it")
            if not has_digit:
                raise self.fault(token.start, token.end, "nothing after 零")
            if token.value is not None and last < 4:
                return _EXACT.add(total, self.tail(token, last, at_end) or 0)
            if zero:
                if total and last < 2:
                    raise self.fault(token.start, token.start + 1, "零 stands over no gap")
            elif last in (2, 3) and total:
                tail = self.tail(token, last, at_end)
                return _EXACT.add(total, tail or 0)
            total = _EXACT.add(total, amount)
        return total


# --- inexact numerals -----------------------------------------------------------------------------------------------

_SEVERAL = re.compile(rf"(?:[数數几幾上成])(?P<units>[{''.join(UNIT_POWERS)}]{{1,3}})")
_ODD = re.compile(r"(?P<number>.{1,30}?)(?P<hedge>[多余餘几幾来來])(?P<units>[百千万萬亿億]{0,2})")
_PAIR = re.compile(
    rf"(?P<before>.{{0,20}}?)(?P<low>[{_DIGITS}])(?P<high>[{_DIGITS}])(?P<after>[{''.join(UNIT_POWERS)}]{{0,4}})"
)


def _is_range(pair: str) -> bool:
    """Whether two digits name neighbours, as in 二三十, 七八百; 三五 is a set phrase."""
    if len(pair) != 2:
        return False
    low, high = DIGIT_VALUES[pair[0]], DIGIT_VALUES[pair[1]]
    return (low >= 1 and high == low + 1) or (low, high) == (3, 5)


def parse_approximate(s: str) -> tuple[Decimal, Decimal | None, str]:
    """`(low, high, qualifier)` of an inexact numeral; `high` is None where no upper end is said.

    Qualifiers are those of the metrics table: 十几, 数百, 上百, 500多万 are `more_than` their round part, 十来 is `about`,
    二三十 and 七八百 are both ends, `exact`.

    Raises:
        ValueError: `s` is not an inexact numeral of these kinds.

    >>> parse_approximate("二三十")
    (Decimal('20'), Decimal('30'), 'exact')
    >>> parse_approximate("500多万")
    (Decimal('5000000'), None, 'more_than')
    """
    if len(s) <= MAX_LENGTH:
        match = _SEVERAL.fullmatch(s)
        if match is not None:
            return parse_number(match["units"]), None, "more_than"
        match = _ODD.fullmatch(s)
        if match is not None and (match["hedge"] not in "几幾" or match["number"][-1] in "十拾廿卅卌"):
            low = parse_number(match["number"])
            if match["units"]:
                low = _EXACT.multiply(low, parse_number(match["units"]))
            return low, None, "about" if match["hedge"] in "来來" else "more_than"
        match = _PAIR.fullmatch(s)
        if match is not None and _is_range(match["low"] + match["high"]):
            before, after = match["before"], match["after"]
            ends = parse_number(before + match["low"] + after), parse_number(before + match["high"] + after)
            return *ends, "exact"
    raise ValueError(
        f"not an inexact number: 【{s[:MAX_LENGTH]}】 (character 1): no form like 十几, 数百, 500多万, 二三十"
    )
