"""Raw text to normalised text, with the way back kept while the characters change.

The only place of the package that changes characters. Two kinds of change are made, in this order:

1. *Edits* take raw characters away or put one character where several stood: pinyin glosses, HTML entities,
   zero-width characters, carriage returns before a line feed, line breaks inside a date. Each edit starts a new
   segment of the offset map.
2. *Folds* put one character in the place of one, so offsets do not move: Traditional to Simplified, full-width digits
   and letters, odd spaces and dashes, compatibility forms.

What is folded is an explicit table. That of the script is OpenCC's, read from the installed package at first use;
conversion.toml holds the words that it would get wrong. Unicode's NFKC is not used: it would turn `确诊12，345人出院` into the
number 12,345. Full-width 、，。：；（）！？ stay what they are, and so do ～ and ￥.

>>> normalize("累計(jì)１２例，3小時(shí)").text
'累计12例，3小时'
>>> normalize("累計(jì)１２例，3小時(shí)").raw_span(5, 9)
(9, 13)
"""

from __future__ import annotations

import html
import re
import tomllib
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["WHITE_SPACE", "NormalizedText", "normalize", "strip_noise"]

WHITE_SPACE: Final = " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
"""What `str.isspace` and the \\s of a pattern know, for `str.strip` with further signs."""

# A text is Traditional when conversion would change at least this share of its Han characters: Traditional pages
# reach a quarter to a third, a Simplified one with a Traditional name or sign stays below a hundredth.
_HANT_SHARE: Final = 0.05
_SAMPLE: Final = 2048  # characters looked at to settle the script
# So many glosses with a tone mark show a page on which every character may have been damaged in that way.
_DAMAGED_PAGE: Final = 3


class NormalizedText(NamedTuple):
    """A text ready for reading, and the way back to the raw one.

    `starts` and `shifts` are the offset map: from normalised offset `starts[k]` on, raw = normalised + `shifts[k]`.
    Both are empty when nothing was taken away. `wide` holds the raw end of a character that stands for several raw ones.
    """

    raw: str
    text: str
    script: str  # hans, hant
    starts: tuple[int, ...]
    shifts: tuple[int, ...]
    wide: dict[int, int]

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """Raw span of the non-empty normalised slice `[start, end)`.

        From the raw start of its first character to the raw end of its last one: noise inside the slice is covered,
        noise before or after it is not.

        Raises:
            ValueError: the slice is empty or reaches outside the text.

        >>> n = normalize("3小時(shí)后")
        >>> n.text, n.raw_span(0, 3), n.raw_span(0, 4)
        ('3小时后', (0, 3), (0, 9))
        """
        if not 0 <= start < end <= len(self.text):
            raise ValueError(f"no slice [{start}, {end}) in a text of {len(self.text)} characters")
        starts = self.starts
        if not starts:
            return start, end
        shifts = self.shifts
        last = end - 1
        raw_start = start + shifts[bisect_right(starts, start) - 1]
        raw_end = self.wide.get(last)
        if raw_end is None:
            raw_end = end + shifts[bisect_right(starts, last) - 1]
        return raw_start, raw_end


@lru_cache(maxsize=4)
def normalize(raw: str) -> NormalizedText:
    """Make `raw` ready for reading; never raises, whatever the string holds.

    Text that needs no change costs two regex searches and keeps its own string object. The last few texts are kept: one
    article is asked for by its header, its home region and its facts.
    """
    edits = _find_edits(raw)
    if not edits:
        return NormalizedText(raw, *_fold(raw), (), (), {})
    cut, starts, shifts, wide = _apply_edits(raw, edits)
    return NormalizedText(raw, *_fold(cut), starts, shifts, wide)


def strip_noise(raw: str) -> str:
    """`raw` without glosses, entities, zero-width characters and breaks in dates, in its own script and signs.

    >>> strip_noise("堅(jiān)持&ldquo;戰(zhàn)疫&rdquo;")
    '堅持“戰疫”'
    """
    edits = _find_edits(raw)
    return _apply_edits(raw, edits)[0] if edits else raw


# --- folds: one character for one ---------------------------------------------------------------------------------


def _pairs(keys: str, values: str) -> dict[str, str]:
    return dict(zip(keys, values, strict=True))


_SIGNS: dict[str, str] = {
    **{chr(0xFF10 + i): chr(0x30 + i) for i in range(10)},  # ０-９
    **{chr(0xFF21 + i): chr(0x41 + i) for i in range(26)},  # Ａ-Ｚ
    **{chr(0xFF41 + i): chr(0x61 + i) for i in range(26)},  # ａ-ｚ
    **_pairs("％．＋－／＝＆＃＠＊＿", "%.+-/=&#@*_"),
    **_pairs(
        "﹪﹒﹢﹣﹐﹑﹔﹕﹖﹗﹙﹚", "%.+-，、；：？！（）"
    ),  # small forms, common on pages from Taiwan and people.cn
    **_pairs("–―─━⸺", "—" * 5),
    **_pairs("‐‑‒−﹘", "-" * 5),
    **_pairs("〜∼", "～" * 2),
    **dict.fromkeys(
        "\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
        " ",
    ),
    **dict.fromkeys("\r\x0b\x0c\x85\u2028\u2029", "\n"),
    # Radicals that PDF text carries in place of characters.
    **_pairs(
        "⺟⺠⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻥⻦⻨⻩⻬⻮⻰⻳",
        "母民西见角贝车长门青韦页风飞食马骨鱼鸟麦黄齐齿龙龟",
    ),
}


def _read_dictionary(name: str) -> dict[str, str]:
    """First choice of each entry of one of OpenCC's dictionaries."""
    package = find_spec("opencc")  # found, not imported: only its data are read
    folders = (package.submodule_search_locations if package is not None else None) or ()
    path = next((path for folder in folders if (path := Path(folder) / "dictionary" / name).is_file()), None)
    if path is None:
        raise ModuleNotFoundError(
            f"opencc/dictionary/{name} is not installed; it comes with the package opencc-python-reimplemented",
            name="opencc",
        )
    text = path.read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line)
    return {key: values.split(" ")[0] for key, values in rows}


def _read_exceptions() -> dict[str, str]:
    rows = tomllib.loads((Path(__file__).parent / "conversion.toml").read_text(encoding="utf-8"))[
        "exception"
    ]
    return {spelling: row["word"] for row in rows for spelling in row["spellings"]}


def _is_simplified(character: str) -> bool:
    return bool(character.encode("gb2312", "ignore"))


def _compatibility_forms(traditional: dict[str, str]) -> dict[str, str]:
    """Kangxi radicals and CJK compatibility ideographs: each is another code for one character."""
    forms = {}
    for code in (*range(0x2F00, 0x2FD6), *range(0xF900, 0xFB00)):
        plain = unicodedata.normalize("NFKC", chr(code))
        if len(plain) == 1 and plain != chr(code) and code < 0xFADA:
            forms[chr(code)] = traditional.get(plain, plain)
    return forms


def _charset(characters: Iterable[str]) -> str:
    # One range stands for everything beyond the BMP: a set of single astral characters makes the regex engine
    # eighty times slower. What it catches in excess, the tables leave as it is.
    inside = "".join(re.escape(c) for c in characters if c < "\U00010000")
    return f"[{inside}\U00010000-\U0010ffff]"


class _Folds(NamedTuple):
    """The conversion, as tables and the searches that say whether they are needed."""

    traditional: dict[str, str]
    one: dict[str, str]  # every fold: script, signs, other codes of a character
    table: dict[int, str]  # the same for str.translate
    any_fold: re.Pattern[str]
    phrases: dict[str, str]
    phrase_sign: re.Pattern[
        str
    ]  # the characters that a phrase converts otherwise than they are by themselves


@cache
def _folds() -> _Folds:
    """OpenCC's dictionaries and our exceptions, read at the first text that is not ASCII.

    Characters by TSCharacters, and by the variants of Hong Kong and Taiwan (衞 敍) that no Simplified text uses;
    words by TSPhrases, of which only those matter that a conversion character by character would get wrong.

    Raises:
        ModuleNotFoundError: opencc-python-reimplemented is not installed.
    """
    traditional = {key: value for key, value in _read_dictionary("TSCharacters.txt").items() if key != value}
    for name in ("HKVariantsRev.txt", "TWVariantsRev.txt"):
        for variant, character in _read_dictionary(name).items():
            if variant not in traditional and not _is_simplified(variant):
                traditional[variant] = traditional.get(character, character)
    phrases = {
        key: value
        for key, value in {**_read_dictionary("TSPhrases.txt"), **_read_exceptions()}.items()
        if len(key) == len(value) and "".join(traditional.get(c, c) for c in key) != value
    }
    one = {**traditional, **_SIGNS, **_compatibility_forms(traditional)}
    signs = {
        c
        for key, value in phrases.items()
        for c, v in zip(key, value, strict=True)
        if traditional.get(c, c) != v
    }
    return _Folds(
        traditional,
        one,
        {ord(key): value for key, value in one.items()},
        re.compile(_charset(one)),
        phrases,
        re.compile(f"[{''.join(sorted(signs))}]"),
    )


@cache
def _any_traditional() -> re.Pattern[str]:
    return re.compile(_charset(_folds().traditional))


@cache
def _any_phrase() -> re.Pattern[str]:
    return re.compile("|".join(sorted(_folds().phrases, key=lambda p: (-len(p), p))))


_HAN: Final = re.compile("[\u3400-\u9fff]")
_ASCII_SIGN: Final = re.compile("[\t\r\x0b\x0c]")
_SIGN_TABLE: Final = {ord(key): value for key, value in _SIGNS.items()}


def _fold(text: str) -> tuple[str, str]:
    if text.isascii():
        return (text if _ASCII_SIGN.search(text) is None else text.translate(_SIGN_TABLE)), "hans"
    folds = _folds()
    phrases = folds.phrase_sign.search(text) is not None
    if folds.any_fold.search(text) is None and not phrases:
        return text, "hans"
    traditional, one = folds.traditional, folds.one
    sample = text if len(text) <= _SAMPLE else text[:: len(text) // _SAMPLE]
    changed = sum(c in traditional for c in _any_traditional().findall(sample))
    if changed > _HANT_SHARE * len(sample):
        script = "hant"  # whatever the share of Han characters is
    else:
        script = "hant" if changed and changed > _HANT_SHARE * len(_HAN.findall(sample)) else "hans"
    # Where few characters change, visiting only them is several times faster.
    if script == "hant":
        folded = text.translate(folds.table)
    else:
        folded = folds.any_fold.sub(lambda match: one.get(match[0], match[0]), text)
    if not phrases:
        return folded, script
    parts: list[str] = []
    done = 0
    for match in _any_phrase().finditer(text):
        parts += folded[done : match.start()], folds.phrases[match[0]]
        done = match.end()
    parts.append(folded[done:])
    return "".join(parts), script


# --- edits: raw characters taken away, or one for several ---------------------------------------------------------

_TONED: Final = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ\u0300\u0301\u0304\u030c"  # the last four combine: decomposed i + grave
_LETTERS: Final = "a-zêü" + _TONED
_SYLLABLE: Final = re.compile(f"(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])?(?:[aeiouêü{_TONED}]{{1,5}})(?:ng?|r)?|[ńňǹḿ]g?")
_ANY_TONE: Final = re.compile(f"[{_TONED}]")
_TONED_GLOSS: Final = re.compile(f"[(（][a-zêü]{{0,5}}[{_TONED}][{_LETTERS}]{{0,5}}[)）]")

_ZERO_WIDTH: Final = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef"
_ENTITY: Final = r"(?:amp;)?(?:\#[0-9]{1,7};|\#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{1,30};)"
_EDIT_SIGN: Final = re.compile(f"[&\r{_ZERO_WIDTH}{_TONED}]")
_EDIT: Final = re.compile(
    rf"""(?P<gone>[{_ZERO_WIDTH}]+|\r(?=\n))
    |(?P<entity>&{_ENTITY})
    |(?P<gloss>[(（][{_LETTERS}]{{1,7}}[)）])""",
    re.VERBOSE,
)
# On a page full of glosses some have lost a part: 控?cái)（the bracket）, 為(wéi此 (the end); an entity has lost its &.
_EDIT_DAMAGED: Final = re.compile(
    rf"""(?=[&?(（\r{_ZERO_WIDTH}{_LETTERS}])(?:  # most places are none of these: one look for all branches
    (?P<gone>[{_ZERO_WIDTH}]+|\r(?=\n))
    |(?P<entity>&{_ENTITY}|\?(?:[lr][ds]quo|hellip|mdash|middot|nbsp);)
    |(?P<gloss>[(（][{_LETTERS}]{{1,7}}[)）])
    |(?P<broken>[(（][{_LETTERS}]{{1,7}}(?=[^\x00-\x7f])|\?[{_LETTERS}]{{1,7}}\)|(?<=[^\x00-\x7f])(?<![（{_TONED}])[{_LETTERS}]{{1,7}}\)))""",
    re.VERBOSE,
)

# A line break inside a date. The first pattern is only a quick look; the others say where.
_GAP: Final = r"[ \u00a0\u3000\r\n]{1,8}"
_BREAK_SIGN: Final = re.compile(r"[0-9年月/.\-][ \u00a0\u3000\r]{0,3}\n[ \u00a0\u3000\r\n]{0,6}[0-9年月日/.\-]")
_BROKEN_DATES: Final = (
    # 2020⏎⏎/ 04/29, 2020-⏎04-29
    re.compile(
        r"(?<![0-9])(?:19|20)[0-9]{2}[ \u00a0\u3000\r\n]{0,8}([/.\-])[ \u00a0\u3000\r\n]{0,8}[0-9]{1,2}"
        r"[ \u00a0\u3000\r\n]{0,8}\1[ \u00a0\u3000\r\n]{0,8}[0-9]{1,2}(?![0-9])"
    ),
    # 2020年⏎2月⏎3日, 2⏎月3日; a lone number before a line that opens with 月 or 日 is no date
    re.compile(
        r"(?<![0-9])(?:(?:19|20)[0-9]{2}[ \u00a0\u3000\r\n]{0,8}年[ \u00a0\u3000\r\n]{0,8})?[0-9]{1,2}[ \u00a0\u3000\r\n]{0,8}月"
        r"[ \u00a0\u3000\r\n]{0,8}[0-9]{1,2}[ \u00a0\u3000\r\n]{0,8}日"
    ),
)
_ANY_GAP: Final = re.compile(_GAP)


class _Edit(NamedTuple):
    start: int
    end: int
    instead: str  # "" or one character


def _find_edits(raw: str) -> list[_Edit]:
    edits: list[_Edit] = []
    if _EDIT_SIGN.search(raw) is not None:
        damaged = len(_TONED_GLOSS.findall(raw)) >= _DAMAGED_PAGE
        for match in (_EDIT_DAMAGED if damaged else _EDIT).finditer(raw):
            kind = match.lastgroup
            start, end = match.span()
            if kind == "gloss":
                if _is_gloss(match[0][1:-1], raw[start - 1 : start], damaged):
                    edits.append(_Edit(start, end, ""))
            elif kind == "gone":
                edits.append(_Edit(start, end, ""))
            elif kind == "entity":
                instead = _decode_entity(match[0])
                if instead is not None:
                    edits.append(_Edit(start, end, instead))
            elif _is_gloss(match[0].strip("?(（)"), "?", damaged=False):
                edits.append(_Edit(start, end, ""))
    if _BREAK_SIGN.search(raw) is not None:
        edits += [
            edit for pattern in _BROKEN_DATES for date in pattern.finditer(raw) for edit in _close_gaps(date)
        ]
        edits = _without_overlaps(edits)
    return edits


def _without_overlaps(edits: list[_Edit]) -> list[_Edit]:
    kept: list[_Edit] = []
    done = 0
    for edit in sorted(edits, key=lambda e: (e.start, -e.end)):
        if edit.start >= done:
            kept.append(edit)
            done = edit.end
    return kept


def _is_gloss(letters: str, before: str, damaged: bool) -> bool:
    """A gloss is one syllable after a Han character or what is left of one.

    With a tone mark it is one anywhere; without, only on a page full of them, so that 3(km) and 长(m) stay.
    """
    if not before or before.isspace() or (before.isascii() and before.isalnum()):
        return False
    syllable = _read_syllable(letters)
    return syllable == "toned" or (syllable == "plain" and damaged and not before.isascii())


@lru_cache(maxsize=4096)
def _read_syllable(letters: str) -> str:
    if _SYLLABLE.fullmatch(letters) is None:
        return ""
    return "plain" if _ANY_TONE.search(letters) is None else "toned"


def _decode_entity(entity: str) -> str | None:
    """The character that an entity stands for, "" for one without width, None where it stands for none or for two."""
    decoded = html.unescape("&" + entity[1:].removeprefix("amp;"))
    if len(decoded) != 1 or decoded == "\ufffd":
        return None
    return "" if re.match(f"[{_ZERO_WIDTH}]", decoded) else decoded


def _close_gaps(date: re.Match[str]) -> list[_Edit]:
    if "\n" not in date[0]:
        return []
    return [_Edit(*gap.span(), "") for gap in _ANY_GAP.finditer(date.string, date.start(), date.end())]


def _apply_edits(
    raw: str, edits: list[_Edit]
) -> tuple[str, tuple[int, ...], tuple[int, ...], dict[int, int]]:
    parts: list[str] = []
    starts = [0]
    shifts = [0]
    wide: dict[int, int] = {}
    length = 0  # of the text so far
    done = 0  # raw characters dealt with
    for start, end, instead in edits:
        parts.append(raw[done:start])
        length += start - done
        if instead:
            # The one character keeps the shift of what stands before it, so its raw start is right.
            parts.append(instead)
            wide[length] = end
            length += 1
        done = end
        if starts[-1] == length:  # an edit at the very start, or right after another
            shifts[-1] = done - length
        else:
            starts.append(length)
            shifts.append(done - length)
    parts.append(raw[done:])
    return "".join(parts), tuple(starts), tuple(shifts), wide
