"""`plot_coverage`: of which places the texts speak, week by week."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from covid_timeline.loaders import load_coverage, load_documents, load_metrics
from covid_timeline.mentions.places import gazetteer
from covid_timeline.plots import style
from covid_timeline.plots.style import Lang
from covid_timeline.tables.schema import VOCABULARIES

if TYPE_CHECKING:
    import altair as alt

Day = str | dt.date

SHOWN = 80
"""Places that are shown at most: those with the most days."""

APART = 31
"""Days without a statement after which what follows lies apart from the rest."""


def plot_coverage(
    place: str | Iterable[str] | None = None,
    *,
    level: str | None = None,
    start: Day | None = None,
    end: Day | None = None,
    lang: Lang = "en",
    path: str | Path | None = None,
    width: int = 620,
) -> alt.LayerChart:
    """On how many days of each week any document speaks of a place: where a gap in a curve is a gap in the texts.

    Args:
        place: places by name or code, with everything inside them; the whole country where None.
        level: only places of this level; the highest two levels that occur where None.
        start, end: first and last day; without them, what lies more than a month apart from the rest is left out.
        lang: "en" or "zh": the language of the labels.
        path: the output folder of a build of your own.
        width: of the plotting area, in pixels.

    Returns:
        An Altair chart: change it, show it, `save` it.

    Raises:
        ValueError: a place or level that does not exist; no document speaks of the selection.
        ModuleNotFoundError: Altair is not installed.
    """
    alt = style.altair()
    style.check_language(lang)
    levels = list(VOCABULARIES["region_levels"])
    if level is not None and level not in levels:
        raise ValueError(f"level is {', '.join(levels)}, not {level!r}")
    rows = load_coverage(place, inside=place is not None, start=start, end=end, path=path, backend="arrow").to_pylist()
    atlas = gazetteer()
    level_of = {row["region_code"]: region.level for row in rows if (region := atlas.get(row["region_code"]))}
    wanted = {level} if level else set(sorted(set(level_of.values()), key=levels.index)[:2])
    rows = [row for row in rows if level_of.get(row["region_code"]) in wanted]
    if not rows:
        raise ValueError(_nothing(place, level, start, end))
    apart = 0
    if start is None and end is None:
        rows, apart = _together(rows)
    days: dict[str, set[dt.date]] = {}
    cells: dict[tuple[str, dt.date], dict[str, Any]] = {}
    for row in rows:
        code, day = row["region_code"], row["date"]
        days.setdefault(code, set()).add(day)
        monday = day - dt.timedelta(day.weekday())
        cell = cells.setdefault((code, monday), {"days": 0, "documents": 0})
        cell["days"] += 1
        cell["documents"] += row["n_documents"]
    order = sorted(days, key=lambda code: (-len(days[code]), code))
    shown = order[:SHOWN]
    names = style.place_names(shown, lang)
    mondays = sorted({monday for code, monday in cells if code in names})
    weeks = [mondays[0] + dt.timedelta(7 * n) for n in range((mondays[-1] - mondays[0]).days // 7 + 1)]
    values = [
        {"place": names[code], "week": str(monday), "until": str(monday + dt.timedelta(6)), **cell}
        for (code, monday), cell in sorted(cells.items())
        if code in names
    ]
    first, last = min(min(days[code]) for code in shown), max(max(days[code]) for code in shown)
    words = {
        "days": ("days with a statement", "有记载的天数"),
        "documents": ("documents, summed over the days", "文档数（逐日相加）"),
        "place": ("place", "地区"),
        "week": ("week from", "周一"),
        "until": ("to", "至"),
    }
    said = {field: both[lang == "zh"] for field, both in words.items()}
    y = alt.Y(
        "place:N", sort=[names[code] for code in shown], title=None, axis=alt.Axis(labelLimit=230, ticks=False)
    )
    # Weeks as words, not as moments: a cell is a week whatever the time zone.
    x = alt.X(
        "week:O",
        scale=alt.Scale(domain=[str(monday) for monday in weeks]),  # weeks of which no text speaks have their room
        title=said["week"],
        axis=alt.Axis(labelAngle=-45 if len(weeks) > 8 else 0, labelOverlap=True),
    )
    base = alt.Chart(alt.Data(values=values)).encode(
        x=x,
        y=y,
        tooltip=[alt.Tooltip(f"{field}:N", title=said[field]) for field in ("place", "week", "until")]
        + [alt.Tooltip(f"{field}:Q", title=said[field]) for field in ("days", "documents")],
    )
    colour = alt.Color(
        "days:Q",
        scale=alt.Scale(domain=[0, 7], range=["#EAF2F8", "#0072B2", "#00304F"]),
        legend=alt.Legend(title=said["days"], orient="top", gradientLength=160, tickCount=7, titleLimit=300, titleFontWeight="normal"),
    )
    light = alt.condition(alt.datum.days > 3, alt.value("white"), alt.value(style.INK))
    layers = [base.mark_rect(stroke="white").encode(color=colour)]
    if width / max(1, len(weeks)) >= 16:
        layers.append(base.mark_text(fontSize=9).encode(text="days:Q", color=light))
    chart = alt.layer(*layers).properties(width=width, height={"step": 15})
    where = _where(place, level, lang)
    title = f"Days with a statement by week, {where}" if lang == "en" else f"{where}每周有记载的天数"
    title += (", " if lang == "en" else "，") + style.period(first, last, lang)
    key = []
    if len(order) > len(shown):
        key.append(
            f"the {len(shown)} places with the most days, of {len(order)}"
            if lang == "en"
            else f"{len(order)}地中记载天数最多的{len(shown)}地"
        )
    key.append("an empty cell is no data, not a week without cases" if lang == "en" else "空格表示无数据，不表示无病例")
    if apart:
        key.append(
            f"{apart} day{'s' if apart > 1 else ''} over a month apart left out: name the days to see them"
            if lang == "en"
            else f"另有{apart}天相隔一个月以上，指定日期可见"
        )
    spoken = _documents(shown, first, last, path)
    lines = [*style.wrapped(key, lang, width + 80), style.source_line(spoken, lang)]
    return style.finish(chart, title, lines)  # type: ignore[no-any-return]


def _together(rows: Sequence[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], int]:
    """Without the days that lie over a month apart from the rest, and how many these are."""
    ordered = sorted({row["date"] for row in rows})
    # Where most rows are, not where most days are: one comparison with another year may be a long period.
    middle = sorted(row["date"] for row in rows)[len(rows) // 2]
    first, last = ordered[0], ordered[-1]
    for before, day in itertools.pairwise(ordered):
        if (day - before).days > APART:
            if day <= middle:
                first = day
            elif before < last:
                last = before
                break
    kept = [row for row in rows if first <= row["date"] <= last]
    return kept, sum(not first <= day <= last for day in ordered)


def _documents(codes: Sequence[str], first: dt.date, last: dt.date, path: str | Path | None) -> list[dict[str, Any]]:
    """The documents that speak of these places: by a figure of the days, or as theirs."""
    figures = load_metrics(codes, start=first, end=last, path=path, backend="arrow", columns=["doc_id"])
    spoken = set(figures["doc_id"].to_pylist())
    table = load_documents(path=path, backend="arrow", columns=["doc_id", "source", "region_code", "anchor_date"])
    return [
        row
        for row in table.to_pylist()
        if row["doc_id"] in spoken or (row["region_code"] in codes and first <= row["anchor_date"] <= last)
    ]


def _nothing(place: str | Iterable[str] | None, level: str | None, start: Day | None, end: Day | None) -> str:
    days = " in those days" if start is not None or end is not None else ""
    return f"no document speaks of {_where(place, level, 'en')}{days}"


_LEVELS_EN = {"country": "countries", "province": "provinces", "prefecture": "prefectures", "county": "counties"}
_LEVELS_ZH = {"country": "各国", "province": "各省", "prefecture": "各地市", "county": "各县区"}


def _where(place: str | Iterable[str] | None, level: str | None, lang: Lang) -> str:
    asked = ["中国"] if place is None else [place] if isinstance(place, str) else list(place)
    names = [style.place_name(gazetteer().resolve(one), lang) for one in asked]
    if lang == "zh":
        return "、".join(names) + (_LEVELS_ZH[level] if level else "")
    said = ", ".join(names)
    return f"{_LEVELS_EN[level]} of {said}" if level else said
