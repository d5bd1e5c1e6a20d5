"""mentions/numerals.py: exact values, and refusals that say where the fault is."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import cn2an
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covid_timeline.mentions import numerals
from covid_timeline.mentions.numerals import MAX_LENGTH, parse_approximate, parse_number

DIGITS = "零一二三四五六七八九"
UNITS = ("", "十", "百", "千")
FINANCIAL = str.maketrans("一二三四五六七八九十百千", "壹贰叁肆伍陆柒捌玖拾佰仟")


def write_section(n: int) -> str:
    out = ""
    gap = False
    for power in (3, 2, 1, 0):
        digit = n // 10**power % 10
        if digit:
            out += ("零" if gap and out else "") + DIGITS[digit] + UNITS[power]
        gap = not digit
    return out


def write_chinese(n: int) -> str:
    """The ordinary numeral of an integer below 10**8."""
    if n == 0:
        return "零"
    high, low = divmod(n, 10_000)
    out = write_section(high) + "万" if high else ""
    if low:
        out += ("零" if high and low < 1000 else "") + write_section(low)
    return out.removeprefix("一") if out.startswith("一十") else out


class TestRange:
    def test_every_integer_in_four_styles(self):
        for n in range(100_000):
            chinese = write_chinese(n)
            for numeral in (str(n), f"{n:,}", chinese, chinese.translate(FINANCIAL)):
                assert parse_number(numeral) == n, numeral

    @given(st.integers(0, 10**8 - 1))
    def test_larger_integers(self, n):
        assert parse_number(write_chinese(n)) == n
        assert parse_number(f"{n:,}".replace(",", "\u2009")) == n
        if n:
            assert parse_number(f"{n}万") == n * 10_000
            assert parse_number(f"3亿{n:08}") == 3 * 10**8 + n

    @given(st.integers(0, 9999), st.integers(0, 10**6))
    def test_decimals_are_exact(self, whole, fraction):
        arabic = Decimal(f"{whole}.{fraction}")
        digits = "".join(DIGITS[int(c)] for c in str(fraction))
        assert parse_number(f"{whole}.{fraction}") == arabic
        assert parse_number(f"{write_chinese(whole)}点{digits}") == arabic
        assert parse_number(f"{whole}.{fraction}亿") == arabic * 10**8
        assert parse_number(f"{write_chinese(whole)}点{digits}万亿") == arabic * 10**12


class TestCn2an:
    """Chinese-written numerals are its work; where it would be wrong, it is not asked."""

    def test_nothing_chinese_is_read_without_it(self, monkeypatch):
        for cached in (numerals._cn2an, numerals._read):
            cached.cache_clear()
        monkeypatch.setitem(sys.modules, "cn2an", None)
        try:
            assert parse_number("1,327.5") == Decimal("1327.5")
            assert parse_number("1.5万亿") == 15 * 10**11
            for numeral in ("三", "五百零六", "二〇二〇", "三点五", "百", "两万五"):
                with pytest.raises(ModuleNotFoundError):
                    parse_number(numeral)
        finally:
            for cached in (numerals._cn2an, numerals._read):
                cached.cache_clear()

    def test_it_is_imported_at_the_first_chinese_numeral(self):
        script = (
            "import sys; from covid_timeline.mentions.numerals import parse_number; parse_number('1.5万'); "
            "print('cn2an' in sys.modules); parse_number('三'); print('cn2an' in sys.modules)"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["False", "True"]

    def test_each_string_is_asked_for_once(self, monkeypatch):
        asked = []
        reader = numerals._cn2an()
        monkeypatch.setattr(numerals, "_cn2an", lambda: lambda s, mode: asked.append(s) or reader(s, mode))
        numerals._read.cache_clear()
        for _ in range(3):
            assert parse_number("三百零七") == 307
        assert asked == ["三百零七"]

    # What the library answers today, and why it is not asked that. A failure here means that it has changed, and that
    # the grammar beside it may shrink.
    @pytest.mark.parametrize(
        "numeral", ["百", "千万", "百二十", "卅", "参佰", "1.5万亿", "1亿2000万", "2万5千", "半", "百分之五"]
    )
    def test_what_it_refuses(self, numeral):
        with pytest.raises(ValueError, match=r"\S"):
            cn2an.cn2an(numeral, "normal")

    @pytest.mark.parametrize("numeral", ["一亿二", "一百零十五", "十十五"])
    def test_where_it_fails_otherwise(self, numeral):
        with pytest.raises(KeyError):
            cn2an.cn2an(numeral, "normal")

    @pytest.mark.parametrize(
        ("numeral", "answer"),
        [
            ("二三", 23),
            ("三五", 35),
            ("两两", 22),
            ("一百零", 100),
            ("五百六点八", 560.8),
            ("一点二三四五六七八九一二三四五六七八", 1.234567891234568),
        ],
    )
    def test_where_it_would_be_wrong(self, numeral, answer):
        assert cn2an.cn2an(numeral, "normal") == answer
        with contextlib.suppress(ValueError):
            assert parse_number(numeral) != answer

    def test_running_text_is_never_given_to_it(self):
        assert cn2an.transform("四川") == "4川"
        source = Path(numerals.__file__).parents[1]
        assert not [
            p
            for p in source.rglob("*.py")
            if "transform(" in p.read_text("utf-8") and "cn2an" in p.read_text("utf-8")
        ]


CASES = {
    # ways of writing
    "二〇二〇": "2020", "二○二〇": "2020", "零": "0", "〇": "0", "九": "9", "两": "2", "一二〇": "120", "〇五": "5",
    "十": "10", "十二": "12", "二十": "20", "廿": "20", "廿三": "23", "卅": "30", "卌五": "45", "一百廿三": "123",
    "百": "100", "千": "1000", "万": "10000", "亿": "100000000", "百万": "1000000", "千万": "10000000",
    "百亿": "10000000000", "万亿": "1000000000000", "十万": "100000",
    "五百零六点八": "506.8", "零点五": "0.5", "一点五万": "15000", "五百零六点八亿": "50680000000", "一点五千万": "15000000",
    "一万二千三百": "12300", "一百十五": "115", "百二十": "120", "一十五": "15", "十万零五千": "105000", "一亿零五": "100000005",
    "壹佰贰拾叁": "123", "叁拾": "30", "萬": "10000", "兩億": "200000000", "參佰": "300", "五百零六點八": "506.8",
    # short for more
    "一百二": "120", "三千五": "3500", "两万五": "25000", "二百五": "250", "三千二百五": "3250", "三万二千五": "32500",
    "2万5": "25000", "3千5": "3500", "一亿二": "120000000",
    # mixed
    "1.5万": "15000", "1.5万亿": "1500000000000", "1亿2000万": "120000000", "2万5千": "25000", "3,200万": "32000000",
    "2 104亿": "210400000000", "2\u2009104": "2104", "2\u00a0104": "2104", "1,327": "1327", "12000万": "120000000",
    "12亿3456万7890": "1234567890", "1万2000": "12000", "5千2百": "5200", "1.2千": "1200", "3百": "300", "1,234,567.89": "1234567.89",
    "007": "7", "1.50": "1.5", "9" * MAX_LENGTH: "9" * MAX_LENGTH, "9" * 30 + "万亿": "9" * 30 + "0" * 12,
}  # fmt: skip

REFUSED = {
    "": "empty", " ": "no part", "abc": "no part", "半": "no part", "-5": "no part", "1.": "no part", ".5": "no part",
    "1e5": "no part", "1_000": "no part", "0x1": "no part", "１２": "no part", "٣": "no part", "1\n": "no part",
    "1，327": "no part",  # the full-width comma separates
    "1,32": "no part", "12,345,67": "no part", "1 2": "no part",
    "一百零十五": "no well-formed", "二十零五": "no well-formed", "零十": "no well-formed",
    "一百零": "nothing after 零", "一万零": "nothing after 零", "百零": "nothing after 零",
    "十十": "no well-formed", "五十六百": "no well-formed", "百千": "no well-formed",
    "千百": "no well-formed", "万万": "no well-formed", "亿亿": "no well-formed", "一亿12000万": "larger than its place",
    "1亿2000": "unclear place", "1.5万2000": "more after a decimal", "一百五二": "no well-formed", "一〇二百": "no well-formed",
    "两两": "两 in a row", "二三": "two neighbouring", "三五": "two neighbouring",
    "一点": "no digits after the point", "点五": "nothing before the point", "一点五点": "a second point",
    "3点5": "tells the time", "五百六点八": "a unit is missing",
    "9" * (MAX_LENGTH + 1): "41 characters", "9" * 20_000: "20,000 characters", "一" * 20_000: "20,000 characters",
}  # fmt: skip


@pytest.mark.parametrize(("numeral", "value"), CASES.items())
def test_values(numeral, value):
    found = parse_number(numeral)
    assert found == Decimal(value)
    assert isinstance(found, Decimal)


@pytest.mark.parametrize(("numeral", "why"), REFUSED.items(), ids=lambda s: s[:12])
def test_refused_with_a_reason(numeral, why):
    with pytest.raises(ValueError, match=why) as caught:
        parse_number(numeral)
    message = str(caught.value)
    assert "【" in message
    assert len(message) < 200
    if len(numeral) <= MAX_LENGTH:
        assert message.replace("【", "").replace("】", "").startswith(f"not a number: {numeral}")


def test_the_fault_is_marked():
    with pytest.raises(ValueError, match="not a number: 【一百零十五】 \\(character 1\\)"):
        parse_number("一百零十五")
    with pytest.raises(ValueError, match="not a number: 12【x】3 \\(character 3\\)"):
        parse_number("12x3")


@pytest.mark.parametrize(
    ("numeral", "low", "high", "kind"),
    [
        ("十几", 10, None, "more_than"),
        ("二十几", 20, None, "more_than"),
        ("数十", 10, None, "more_than"),
        ("數百", 100, None, "more_than"),
        ("几千", 1000, None, "more_than"),
        ("数十万", 100_000, None, "more_than"),
        ("上百", 100, None, "more_than"),
        ("上万", 10_000, None, "more_than"),
        ("500多", 500, None, "more_than"),
        ("500多万", 5_000_000, None, "more_than"),
        ("1.5万余", 15_000, None, "more_than"),
        ("十多亿", 10**9, None, "more_than"),
        ("十来", 10, None, "about"),
        ("二三十", 20, 30, "exact"),
        ("三五十", 30, 50, "exact"),
        ("七八百", 700, 800, "exact"),
        ("十七八", 17, 18, "exact"),
        ("一百七八十", 170, 180, "exact"),
        ("两三百万", 2_000_000, 3_000_000, "exact"),
        ("一两", 1, 2, "exact"),
        ("七千到九千亿", 7 * 10**11, 9 * 10**11, "exact"),
        ("三百至五百", 300, 500, "exact"),
        ("5到10万", 50_000, 100_000, "exact"),
    ],
)
def test_approximate(numeral, low, high, kind):
    assert parse_approximate(numeral) == (low, high, kind)


@pytest.mark.parametrize(
    "numeral",
    [
        "",
        "几",
        "数",
        "三十",
        "500",
        "三二十",
        "二五十",
        "5几",
        "多",
        "百多十",
        "九千到七千",
        "9" * 20_000 + "多",
    ],
)
def test_not_approximate(numeral):
    with pytest.raises(ValueError, match=r"\S"):
        parse_approximate(numeral)


@given(st.text() | st.text("零〇一二两三十百千万亿点廿0123,. ", max_size=12))
def test_only_value_errors(text):
    for parse in (parse_number, parse_approximate):
        try:
            parse(text)
        except ValueError as error:
            assert "【" in str(error)
