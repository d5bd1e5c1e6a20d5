"""Numeral string to exact number: strict, for one whole numeral and nothing around it.

Numerals written in Chinese characters are read by **cn2an**, once for each string; it is imported at the first of
them. Here stands what cn2an refuses, or would get wrong:

    number   := arabic | digits | whole | decimal | mixed
    arabic   := 1327 | 1,327 | 2 104 | 506.8            groups of three by comma or by (no-break, thin) space
    digits   := 二〇二〇 | 零 | 九                        one decimal place each (cn2an, "direct")
    whole    := 一亿二千万, 五百零六, 十五                 cn2an; a bare magnitude in front is one of it: 百, 千万
                一百二, 两万五                            short for 一百二十, 两万五千
    decimal  := whole 点 digits magnitude*              五百零六点八, 一点五万
    mixed    := arabic and magnitudes, each falling     1.5万, 1.5万亿, 1亿2000万, 2万5千, 2万5, 3,200万

>>> parse_number("五百零六点八")
Decimal('506.8')
>>> parse_number("1亿2000万")
Decimal('120000000')
>>> parse_number("一百零十五")
Traceback (most recent call last):
    ...
ValueError: not a number: 【一百零十五】 (character 1): no well-formed Chinese numeral

Inexact numerals (十几, 数百, 二三十, 七千到九千亿) go to `parse_approximate`.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MAX_LENGTH", "parse_approximate", "parse_number"]

MAX_LENGTH: Final = 40
"""Longest numeral read, in characters. Longer ones are no figures, and turning digits into a number is not linear."""

_POWERS: Final = {"十": 1, "百": 2, "千": 3, "万": 4, "亿": 8}
_DIGITS: Final = "零一二两三四五六七八九"
# Characters that cn2an does not know, or knows as something else, as those that it reads.
_SPELLINGS: Final = str.maketrans(
    {
        **dict(
            zip(
                "〇○壹贰貳兩叁參叄参肆伍陆陸柒捌玖拾佰仟萬億點",
                "零零一二二两三三三三四五六六七八九十百千万亿点",
                strict=True,
            )
        ),
        "廿": "二十",
        "卅": "三十",
        "卌": "四十",
    }
)
_SPELLED: Final = "〇○壹贰貳兩叁參叄参肆伍陆陸柒捌玖拾佰仟萬億點廿卅卌"
_ARABIC: Final = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,3}(?:[ \u00a0\u2009\u202f][0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"
_PLAIN: Final = re.compile(_ARABIC)
_NO_GROUPS: Final = str.maketrans("", "", ", \u00a0\u2009\u202f")
_STRANGE: Final = re.compile(rf"(?:{_ARABIC}|[{_DIGITS}{''.join(_POWERS)}点{_SPELLED}])*")
_ONLY_DIGITS: Final = re.compile(f"[{_DIGITS}]+")
_CHINESE: Final = re.compile(f"[{_DIGITS}{''.join(_POWERS)}]+")
# 一百二, 两万五: a last digit stands for the next lower place. 零 before it says that it does not.
_SHORT: Final = re.compile(rf"[{_DIGITS}{''.join(_POWERS)}]*(?P<unit>[百千万亿])[一二两三四五六七八九]")
_NEXT_PLACE: Final = {"百": "十", "千": "百", "万": "千", "亿": "千万"}
_DECIMAL: Final = re.compile(
    rf"(?P<whole>[^点]+)点(?P<fraction>[{_DIGITS.replace('两', '')}]+)(?P<units>[十百千万亿]{{0,3}})"
)
# Decimal arithmetic rounds to 28 digits by default; this much holds every number of MAX_LENGTH exactly.
_EXACT: Final = Context(prec=100)


def parse_number(s: str) -> Decimal:
    """Exact value of a numeral, by the grammar at the head of this module.

    Raises:
        ValueError: `s` is no numeral, or is longer than `MAX_LENGTH`; the message quotes it with the fault in 【】.
        ModuleNotFoundError: `s` is written in Chinese characters and cn2an is not installed.

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
    return _read(s)


@lru_cache(maxsize=4096)  # texts repeat the same few: 一, 两, 十, 1.5万
def _read(s: str) -> Decimal:
    known = _STRANGE.match(s)
    at = known.end() if known is not None else 0
    if not s or at < len(s):
        raise _fault(s, at, at + 1, "no part of a number" if s else "empty")
    try:
        plain = s.translate(_SPELLINGS)
        value = _decimal(plain) if "点" in plain else _amount(plain, below=_TOP)
    except _Malformed as why:
        raise _fault(s, 0, len(s), str(why)) from None
    whole = value.to_integral_value()
    return Decimal(int(whole)) if whole == value else value


class _Malformed(ValueError):
    """Why a string of numeral characters is no numeral."""


def _fault(s: str, start: int, end: int, why: str) -> ValueError:
    return ValueError(f"not a number: {s[:start]}【{s[start:end]}】{s[end:]} (character {start + 1}): {why}")


# --- written in Chinese characters: cn2an ---------------------------------------------------------------------------


@cache
def _cn2an() -> Callable[[str, str], int | float | str]:
    from cn2an import cn2an

    return cn2an  # type: ignore[no-any-return]


def _whole(s: str) -> Decimal:
    """Value of a whole Chinese numeral, by cn2an.

    Its quirks are kept away from it: a row of digits is read digit by digit (it takes 二三, two or three, for 23), a
    numeral that is short for more gets its last place (it raises KeyError on 一亿二 and 一百零十五), and a bare
    magnitude its one (it refuses 百). Decimals never reach it whole, since it returns them as floats.
    """
    if _ONLY_DIGITS.fullmatch(s) is not None:
        return Decimal(_row_of_digits(s))
    if s[-1] == "零":
        raise _Malformed("nothing after 零")  # cn2an takes 一百零 for 100
    if s[0] in _POWERS and s[0] != "十":
        s = "一" + s
    short = _SHORT.fullmatch(s)
    if short is not None:
        s += _NEXT_PLACE[short["unit"]]
    try:
        return Decimal(_cn2an()(s, "normal"))
    except (ValueError, KeyError):
        raise _Malformed("no well-formed Chinese numeral") from None


def _row_of_digits(s: str) -> str:
    if len(s) > 1:
        if "两" in s:
            raise _Malformed("两 in a row of digits")
        if _is_range(s):
            raise _Malformed("two neighbouring numbers, not one")
    return str(_cn2an()(s, "direct"))


def _decimal(s: str) -> Decimal:
    """五百零六 点 八 亿: both sides of the point by cn2an."""
    match = _DECIMAL.fullmatch(s)
    if match is None:
        if any(c.isdigit() for c in s if c.isascii()):
            raise _Malformed("点 among Arabic digits tells the time")
        if s.count("点") > 1:
            raise _Malformed("a second point")
        raise _Malformed("nothing before the point" if s[0] == "点" else "no digits after the point")
    whole = match["whole"]
    if _CHINESE.fullmatch(whole) is None:
        raise _Malformed("点 among Arabic digits tells the time")
    if _SHORT.fullmatch(whole) is not None:
        raise _Malformed("a unit is missing before the point")
    value = Decimal(f"{_whole(whole):f}.{_cn2an()(match['fraction'], 'direct')}")
    return value.scaleb(_power_of(match["units"]), _EXACT)


def _power_of(units: str) -> int:
    """Power of ten of magnitudes in a row: 千万, 万亿, 百万."""
    total = 0
    last = 0
    for unit in units:
        power = _POWERS[unit]
        if power <= last:
            raise _Malformed(f"{unit} after a larger unit")
        total += power
        last = power
    return total


# --- Arabic digits and magnitudes ------------------------------------------------------------------------------------

_TOP: Final = 60  # no numeral of MAX_LENGTH reaches this power of ten


def _amount(s: str, below: int) -> Decimal:
    """Value of a numeral whose units all stand under 10**below."""
    if _CHINESE.fullmatch(s) is not None:
        return _whole(s)
    if _PLAIN.fullmatch(s) is not None:
        return Decimal(s.translate(_NO_GROUPS))
    for unit in "亿万千百十":
        head, found, tail = s.rpartition(unit) if unit == "亿" else s.partition(unit)
        if not found:
            continue
        power = _POWERS[unit]
        if power >= below:
            raise _Malformed(f"{unit} after a smaller unit")
        if not head:
            raise _Malformed(f"nothing before {unit}")
        amount = _amount(head, power)
        value = amount.scaleb(power, _EXACT)
        if tail:
            if amount != amount.to_integral_value():
                raise _Malformed("more after a decimal")
            value = _EXACT.add(value, _tail(tail, power))
        return value
    raise _Malformed("no well-formed numeral")


def _tail(s: str, power: int) -> Decimal:
    """What follows a magnitude: 2万5 fills the next place, 1万2000 and 1万600 the last ones, 2万5千 says which."""
    if _PLAIN.fullmatch(s) is not None:
        if not s.isdigit() or not (len(s) in {1, power} or (power, len(s)) == (4, 3)):
            raise _Malformed("unclear place")
        if len(s) >= power - 1 > 2:
            return Decimal(s)
        if s == "0":
            raise _Malformed("nothing after 零")
        return Decimal(s).scaleb(power - 1)
    value = _amount(s.removeprefix("零") or s, power)
    if value <= 0 or value >= Decimal(10) ** power:
        raise _Malformed("larger than its place")
    return value


# --- inexact numerals -----------------------------------------------------------------------------------------------

_SEVERAL: Final = re.compile(r"[数數几幾上成](?P<units>[十百千万亿拾佰仟萬億]{1,3})")
_ODD: Final = re.compile(r"(?P<number>.{1,30}?)(?P<hedge>[多余餘几幾来來])(?P<units>[百千万萬亿億]{0,2})")
_PAIR: Final = re.compile(
    rf"(?P<before>.{{0,20}}?)(?P<low>[{_DIGITS}{_SPELLED}])(?P<high>[{_DIGITS}{_SPELLED}])(?P<after>[十百千万亿拾佰仟萬億]{{0,4}})"
)
_ENDS: Final = re.compile(r"(?P<low>[^到至]{1,15})[到至](?P<high>[^到至]{1,15})")
_LAST_UNITS: Final = re.compile(r"[万亿萬億]+$")
_LAST_MAGNITUDES: Final = re.compile(r"[百千万亿萬億]+$")


def _is_range(pair: str) -> bool:
    """Whether two digits name neighbours, as in 二三十, 七八百; 三五 is a set phrase."""
    if len(pair) != 2 or pair == "三五":
        return pair == "三五"
    low, high = ("零一二三四五六七八九".find(c if c != "两" else "二") for c in pair)
    return low >= 1 and high == low + 1


def parse_approximate(s: str) -> tuple[Decimal, Decimal | None, str]:
    """`(low, high, qualifier)` of an inexact numeral; `high` is None where no upper end is said.

    Qualifiers are those of the metrics table: 十几, 数百, 上百, 500多万 are `more_than` their round part, 十来 is `about`,
    二三十, 七八百 and 七千到九千亿 are both ends, `exact`.

    Raises:
        ValueError: `s` is not an inexact numeral of these kinds.
        ModuleNotFoundError: as `parse_number`.

    >>> parse_approximate("二三十")
    (Decimal('20'), Decimal('30'), 'exact')
    >>> parse_approximate("500多万")
    (Decimal('5000000'), None, 'more_than')
    >>> parse_approximate("七千到九千亿")
    (Decimal('700000000000'), Decimal('900000000000'), 'exact')
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
        if match is not None and _is_range((match["low"] + match["high"]).translate(_SPELLINGS)):
            before, after = match["before"], match["after"]
            ends = parse_number(before + match["low"] + after), parse_number(before + match["high"] + after)
            return *ends, "exact"
        match = _ENDS.fullmatch(s)
        if match is not None:
            low, high = parse_number(match["low"]), parse_number(match["high"])
            low = share_magnitude(low, match["low"], high, match["high"])
            if low < high:
                return low, high, "exact"
    raise ValueError(
        f"not an inexact number: 【{s[:MAX_LENGTH]}】 (character 1): no form like 十几, 数百, 500多万, 二三十"
    )


def share_magnitude(low: Decimal, low_token: str, high: Decimal, high_token: str) -> Decimal:
    """The lower end of a range of which only the upper one has its magnitude: 5—10万, 七千到九千亿.

    >>> share_magnitude(Decimal(5), "5", Decimal(100000), "10万")
    Decimal('50000')
    """
    if _LAST_UNITS.search(low_token) is not None:
        return low
    # 七千到九千亿 shares the 亿; 3到5百 the 百
    match = (_LAST_UNITS if low_token[-1:] in "十百千" else _LAST_MAGNITUDES).search(high_token)
    if match is None:
        return low
    scaled = _EXACT.multiply(low, parse_number(match[0]))
    return scaled if scaled < high else low
