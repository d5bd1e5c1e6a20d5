"""What every plot shares: colours, fonts, words in two languages, the line that says where the data is from, and saving."""

from __future__ import annotations

import datetime as dt
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from covid_timeline.mentions.places import Region, gazetteer
from covid_timeline.tables.schema import VOCABULARIES

if TYPE_CHECKING:
    import altair as alt

Lang = Literal["en", "zh"]
LANGUAGES = ("en", "zh")

# Okabe and Ito's colours, which people with the common colour blindnesses tell apart; yellow is left out, because it
# cannot be read on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#56B4E9", "#E69F00")
GREY = "#B8B8B8"
INK = "#333333"

# A renderer sets a whole text in the first of these that is installed, and takes any font at all, often one with
# serifs, for the characters that it lacks; so the ones that have both Chinese and Latin letters come first.
FONTS = (
    "Noto Sans CJK SC, Noto Sans SC, Source Han Sans SC, PingFang SC, Hiragino Sans GB, Microsoft YaHei, SimHei, "
    "WenQuanYi Micro Hei, WenQuanYi Zen Hei, Droid Sans Fallback, Arial, Liberation Sans, sans-serif"
)


class MissingFontWarning(UserWarning):
    """A picture with Chinese in it was written on a machine without a font that has Chinese characters."""


def altair() -> Any:
    """The plotting library.

    Raises:
        ModuleNotFoundError: it is not installed; the message says how to get it.
    """
    try:
        import altair as library
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "plots need Altair: python -m pip install altair vl-convert-python (the extra `plot` names them)"
        ) from error
    return library


def check_language(lang: str) -> None:
    if lang not in LANGUAGES:
        raise ValueError(f"lang is en or zh, not {lang!r}")


# --- words ------------------------------------------------------------------------------------------------------------


def place_name(code: str, lang: Lang) -> str:
    """The name of a place as a label: Liaocheng, 聊城市."""
    row = gazetteer().get(code)
    if row is None:
        return code
    return row.name_en if lang == "en" else row.name


def place_names(codes: Iterable[str], lang: Lang) -> dict[str, str]:
    """A label for each place; two places of one name (Chaoyang) are told apart by what contains them."""
    found = {code: place_name(code, lang) for code in dict.fromkeys(codes)}
    shared = {name for name, n in Counter(found.values()).items() if n > 1}
    for code, name in found.items():
        if name in shared:
            parent = parent_of(code)
            outer = place_name(parent, lang) if parent else code
            found[code] = f"{name} ({outer})" if lang == "en" else f"{name}（{outer}）"
    again = {name for name, n in Counter(found.values()).items() if n > 1}
    return {code: f"{name} {code}" if name in again else name for code, name in found.items()}


def parent_of(code: str) -> str | None:
    row: Region | None = gazetteer().get(code)
    return row.parent_code if row else None


def label(vocabulary: str, word: str, lang: Lang) -> str:
    """A word of a vocabulary as a reader would say it."""
    known = VOCABULARIES[vocabulary].get(word)
    if known is None:
        return word
    return known.label_en if lang == "en" else known.label_zh


def sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.12g}"


def period(start: dt.date, end: dt.date, lang: Lang) -> str:
    if start == end:
        return str(start)
    return f"{start} {'to' if lang == 'en' else '至'} {end}"


def near_indicators(names: Sequence[str]) -> str:
    """The end of a sentence that says what could be asked for instead."""
    if not names:
        return ""
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return f"; there is {', '.join(names[:8])}{more}"


def source_line(documents: Sequence[Mapping[str, Any]], lang: Lang) -> str:
    """Where the figures come from: how many documents, and whose."""
    import covid_timeline as ct

    media = Counter(str(row["source"]) for row in documents if row["source"])
    first = [name for name, _ in sorted(media.items(), key=lambda one: (-one[1], one[0]))[:3]]
    rest = len(media) - len(first)
    n = len(documents)
    if lang == "en":
        named = ", ".join(first) + (f" and {rest} more" if rest > 0 else "")
        said = f"Source: {n:,} document{'' if n == 1 else 's'}" + (f" ({named})" if named else "")
        return f"{said}, read by covid_timeline {ct.__version__}"
    named = "、".join(first) + (f" 等{len(media)}家" if rest > 0 else "")
    return f"来源：{n:,}篇文档" + (f"（{named}）" if named else "") + f"，covid_timeline {ct.__version__} 读取"


# --- look -------------------------------------------------------------------------------------------------------------


def wrapped(parts: Sequence[str], lang: Lang, width: int) -> list[str]:
    """Remarks in lines that are not wider than the plot, broken between remarks."""
    mark, letter = ("; ", 5.4) if lang == "en" else ("；", 11)
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + len(mark) + len(part) <= width / letter:
            lines[-1] += mark + part
        else:
            lines.append(part)
    return [sentence_case(line) if i == 0 else line for i, line in enumerate(lines)]


def finish(chart: alt.LayerChart | alt.Chart, title: str, lines: Sequence[str]) -> Any:
    """The chart with its one title and the look that all plots share."""
    alt = altair()
    return (
        chart.properties(
            title=alt.TitleParams(
                text=title,
                subtitle=list(lines),
                anchor="start",
                frame="group",
                fontSize=15,
                fontWeight="bold",
                color=INK,
                subtitleColor="#555555",
                subtitleFontSize=11,
                subtitlePadding=5,
                offset=8,
            ),
            padding=12,
        )
        .configure(font=FONTS, background="white")
        .configure_axis(
            labelColor=INK,
            titleColor=INK,
            labelFontSize=11,
            titleFontSize=11,
            titleFontWeight="normal",
            gridColor="#E8E8E8",
            domainColor="#999999",
            tickColor="#999999",
        )
        .configure_view(stroke=None)
    )


def day_axis(start: dt.date, end: dt.date, lang: Lang, width: int) -> Any:
    """Days along the bottom, a tick on whole days only."""
    alt = altair()
    days = (end - start).days
    step = next(n for n in (1, 2, 3, 7, 14, 31, 62, 10_000) if days / n <= width / 62)
    ticks = [start + dt.timedelta(n) for n in range(0, days + 1, step)]
    shown = "%-d %b" if lang == "en" else "%-m月%-d日"
    values = [alt.DateTime(year=day.year, month=day.month, date=day.day) for day in ticks]
    return alt.Axis(values=values, format=shown, title=None, grid=False, labelOverlap=True)


# --- saving -----------------------------------------------------------------------------------------------------------

FORMATS = (".png", ".svg", ".html", ".json")


def save(chart: Any, path: str | Path) -> Path:
    """Write a chart as a picture (.png, .svg), a page that needs nothing else (.html) or its specification (.json).

    Args:
        chart: what a plot function returned, changed or not.
        path: the file; its ending says what is written.

    Warns:
        MissingFontWarning: the picture holds Chinese and no installed font has it: there are boxes in their place.

    Raises:
        ValueError: the ending is none of these.
        ModuleNotFoundError: vl-convert-python, which draws without a browser, is not installed.
    """
    path = Path(path)
    kind = path.suffix.lower()
    if kind not in FORMATS:
        raise ValueError(f"{path}: a plot is written as {', '.join(FORMATS)}, not {kind or 'a file without ending'}")
    if kind == ".json":
        path.write_text(chart.to_json(), encoding="utf-8", newline="\n")
        return path
    _renderer()
    if kind == ".html":
        # The libraries go into the page: it must open without a network.
        chart.save(str(path), inline=True)
        return path
    if kind == ".png" and not has_chinese_font() and _is_chinese(chart.to_json(ensure_ascii=False)):
        warnings.warn(
            "no installed font has Chinese characters, so boxes stand in their place; install one (Debian: fonts-noto-cjk "
            'or fonts-wqy-microhei), or plot with lang="en"',
            MissingFontWarning,
            stacklevel=2,
        )
    chart.save(str(path), **({"scale_factor": 2} if kind == ".png" else {}))
    return path


def _renderer() -> Any:
    try:
        import vl_convert
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "to write a plot without a browser needs vl-convert: install the extra `plot` (altair and vl-convert-python)"
        ) from error
    return vl_convert


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= c <= "\u9fff" for c in text)


@lru_cache(maxsize=1)
def has_chinese_font() -> bool:
    """Whether a picture written here would show Chinese: two characters without a font are two equal boxes."""

    def drawn(character: str) -> bytes:
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40">'
            f'<text x="5" y="30" font-size="20" font-family="{FONTS}">{character}</text></svg>'
        )
        png: bytes = _renderer().svg_to_png(svg)
        return png

    return drawn("国") != drawn("家")
