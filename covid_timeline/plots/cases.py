"""`plot_cases`: the curves of one indicator by place, with what they do not say left open."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from covid_timeline.load import load_city_by_date, load_city_intraday, load_documents, load_metrics
from covid_timeline.mentions.places import gazetteer
from covid_timeline.plots import style
from covid_timeline.plots.style import Lang
from covid_timeline.tables.cities import definition_breaks

if TYPE_CHECKING:
    import altair as alt

    from covid_timeline.tables.cities import DefinitionBreak

Day = str | dt.date
Row = dict[str, Any]
LEVELS = ("country", "province", "prefecture", "county")
NAMED = len(style.PALETTE)
"""Curves that get a colour and a name of their own where there are many; the rest are grey, with a name on hover."""

_PLURALS = {"province": "provinces", "prefecture": "prefectures", "county": "counties", "country": "countries"}
_LEVELS_ZH = {"province": "各省", "prefecture": "各地市", "county": "各县区", "country": "各国"}
_KINDS_ZH = {"definition": "口径变化", "assignment": "归属变化", "start": "开始公布"}
_KINDS_EN = {"definition": "definition changes", "assignment": "assignment changes", "start": "first published"}


class _Selection(NamedTuple):
    """What was asked for, as codes and words."""

    codes: list[str]  # the places named
    level: str | None
    indicator: str
    start: Day | None
    end: Day | None
    path: str | Path | None
    lang: Lang

    def where(self) -> dict[str, Any]:
        inside = {"level": self.level, "inside": True} if self.level else {}
        days = {"start": self.start, "end": self.end}
        return {"region": self.codes, "path": self.path, "backend": "arrow", **inside, **days}

    def words(self) -> str:
        """The places, as the title says them."""
        names = [style.place_name(code, self.lang) for code in self.codes[:4]]
        more = len(self.codes) - len(names)
        if self.lang == "zh":
            said = "、".join(names) + (f"等{len(self.codes)}地" if more else "")
            return said + (_LEVELS_ZH[self.level] if self.level else "")
        said = ", ".join(names) + (f" and {more} more" if more else "")
        return f"the {_PLURALS[self.level]} of {said}" if self.level else said


def plot_cases(
    place: str | Iterable[str] | None = None,
    *,
    indicator: str = "confirmed_cumulative",
    level: str | None = None,
    start: Day | None = None,
    end: Day | None = None,
    scale: Literal["auto", "linear", "log"] = "auto",
    highlight: str | Iterable[str] | None = None,
    lang: Lang = "en",
    path: str | Path | None = None,
    width: int = 760,
    height: int = 400,
) -> alt.LayerChart:
    """The curves of an indicator by place, from `city_by_date`.

    A line joins only days that follow one another: where no text speaks of a day it is left open. A band spans what
    sources say where they disagree. Open marks are figures of a moment within a day, which are no closing figures.
    Dashed lines stand where a count changes its meaning.

    Args:
        place: a place, or several, by name (Zhejiang, 浙江) or code; all provinces where None.
        indicator: what is counted: "confirmed_new", "deaths_cumulative", ...
        level: instead of the places themselves, the places of this level inside them: "prefecture" with 浙江 gives a
            curve for each of its cities.
        start, end: first and last day.
        scale: of the values; "auto" takes a logarithmic one where a linear one would show one place only.
        highlight: places to be named and coloured where there are many; those with the highest values where None.
        lang: "en" or "zh": the language of the labels.
        path: the output folder of a build of your own.
        width, height: of the plotting area, in pixels.

    Returns:
        An Altair chart: change it, show it, `save` it.

    Raises:
        ValueError: a place or word that does not exist; nothing known of the selection.
        ModuleNotFoundError: Altair is not installed.
    """
    alt = style.altair()
    style.check_language(lang)
    atlas = gazetteer()
    if place is None:
        codes, level = [atlas.resolve("中国")], level or "province"
    else:
        codes = [atlas.resolve(one) for one in ([place] if isinstance(place, str) else place)]
    if scale not in ("auto", "linear", "log"):
        raise ValueError(f"scale is auto, linear or log, not {scale!r}")
    asked = _Selection(list(dict.fromkeys(codes)), level, indicator, start, end, path, lang)
    days = load_city_by_date(indicator, **asked.where()).to_pylist()
    moments = load_city_intraday(indicator, **asked.where()).to_pylist()
    if not days and not moments:
        raise ValueError(_nothing(asked))
    rows = days + moments
    peaks = _peaks(rows)
    if highlight is None:
        named = [code for code, _ in sorted(peaks.items(), key=lambda one: (-one[1], one[0]))][:NAMED]
    else:
        wanted = [atlas.resolve(one) for one in ([highlight] if isinstance(highlight, str) else highlight)]
        named = [code for code in dict.fromkeys(wanted) if code in peaks][:NAMED]
    names = style.place_names(peaks, lang)
    first, last = min(row["date"] for row in rows), max(row["date"] for row in rows)
    opening = first - dt.timedelta(1) if any(row["date"] == first for row in moments) else first
    breaks = _breaks([row for row in rows if row["region_code"] in named], indicator, first, last)
    top, bottom = max(row["value_max"] for row in rows), min(0.0, *(row["value_min"] for row in rows))
    log = scale == "log" or (scale == "auto" and len(peaks) > 1 and _is_steep(peaks))
    axis = _Axis(bottom, top, log, height)

    base = alt.Chart(alt.Data(values=_points(days, names, named, lang)))
    x = alt.X("day:T", scale=_day_scale(alt, opening, last), axis=style.day_axis(opening, last, lang, width))
    y = axis.encoding(alt, _unit(rows, lang), "value:Q")
    colour = _colours(alt, [names[code] for code in named])
    tooltip = _tooltips(alt, lang)
    alone = alt.datum.alone
    spread = base.transform_filter(alt.datum.named & (alt.datum.high > alt.datum.low) & ~alt.datum.banded).encode(
        x=x, y=axis.encoding(alt, "", "low:Q"), y2="high:Q", color=colour, tooltip=tooltip
    )
    layers = [
        base.transform_filter(alt.datum.named & alt.datum.banded)
        .mark_area(opacity=0.18, interpolate="linear")
        .encode(
            x=x, y=axis.encoding(alt, "", "low:Q"), y2="high:Q", color=colour, detail=["code:N", "run:N"]
        ),
        spread.mark_rule(strokeWidth=5, opacity=0.3),
        base.transform_filter(~alt.datum.named)
        .mark_line(color=style.GREY, strokeWidth=1)
        .encode(x=x, y=y, detail=["code:N", "run:N"]),
        base.transform_filter(~alt.datum.named & alone)
        .mark_point(color=style.GREY, filled=True, size=8)
        .encode(x=x, y=y),
        base.transform_filter(alt.datum.named)
        .mark_line(strokeWidth=2)
        .encode(x=x, y=y, color=colour, detail=["code:N", "run:N"]),
        base.transform_filter(alt.datum.named)
        .mark_point(filled=True, size=26, opacity=1)
        .encode(x=x, y=y, color=colour),
        # What the pointer finds: larger than what is drawn, and for the grey curves too.
        base.mark_point(opacity=0, size=90, filled=True).encode(x=x, y=y, tooltip=tooltip),
    ]
    shown = [row for row in moments if row["region_code"] in named]
    if shown:
        layers.append(
            alt.Chart(alt.Data(values=_points(shown, names, named, lang)))
            .mark_point(filled=False, size=34, strokeWidth=1.4)
            .encode(x=x, y=y, color=colour, tooltip=tooltip)
        )
    if breaks:
        layers += _break_layers(alt, breaks, x, lang)
    layers += _label_layers(alt, rows, named, names, last, axis, x, colour, width)

    what = style.sentence_case(style.label("indicators", indicator, lang))
    when = style.period(first, last, lang)
    title = f"{what}, {asked.words()}, {when}" if lang == "en" else f"{asked.words()}{what}，{when}"
    key = _key(days, moments, breaks, log, len(peaks), len(named), lang)
    lines = [*style.wrapped(key, lang, width + 80), _sources(rows, path, lang)]
    chart = alt.layer(*layers).properties(width=width, height=height)
    return style.finish(chart, title, lines)  # type: ignore[no-any-return]


# --- what is drawn ------------------------------------------------------------------------------------------------------


class _Axis(NamedTuple):
    """The value axis, whose pixels must be known: labels are kept from standing on one another."""

    bottom: float
    top: float
    log: bool
    height: int

    def encoding(self, alt: Any, title: str, field: str) -> Any:
        kind = {"type": "symlog", "constant": 1} if self.log else {}
        scale = alt.Scale(domain=[self.bottom, self._ceiling()], nice=False, zero=False, **kind)
        values = {"values": self._ticks()} if self.log else {"tickCount": 6}
        return alt.Y(field, scale=scale, axis=alt.Axis(title=title or None, format=",~f", **values))

    def pixel(self, value: float) -> float:
        low, high = self._on_scale(self.bottom), self._on_scale(self._ceiling())
        return self.height * (1 - (self._on_scale(value) - low) / (high - low))

    def value(self, pixel: float) -> float:
        low, high = self._on_scale(self.bottom), self._on_scale(self._ceiling())
        at = low + (1 - pixel / self.height) * (high - low)
        return math.copysign(math.expm1(abs(at)), at) if self.log else at

    def _ceiling(self) -> float:
        if self.top <= self.bottom:
            return self.bottom + 1
        return self.top * (1.3 if self.log else 1.05)

    def _on_scale(self, value: float) -> float:
        return math.copysign(math.log1p(abs(value)), value) if self.log else value

    def _ticks(self) -> list[float]:
        steps = [0.0, *(m * 10.0**n for n in range(9) for m in (1, 3))]
        return [value for value in steps if self.bottom <= value <= self._ceiling()]


def _day_scale(alt: Any, first: dt.date, last: dt.date) -> Any:
    def moment(day: dt.date) -> Any:
        return alt.DateTime(year=day.year, month=day.month, date=day.day)

    return alt.Scale(domain=[moment(first), moment(last)])


def _points(rows: Sequence[Row], names: Mapping[str, str], named: Sequence[str], lang: Lang) -> list[Row]:
    """One object for each figure; `run` numbers the stretches of days that follow one another."""
    found: list[Row] = []
    runs: dict[str, list[list[Row]]] = {}
    ends: dict[str, dt.date] = {}
    for row in sorted(rows, key=lambda one: (one["region_code"], one["date"], one.get("as_of_time") or "")):
        code = row["region_code"]
        clock = _clock(row)
        low, high = (row["value_min"], row["value_max"]) if row["conflict"] else (row["value"], row["value"])
        point = {
            "day": _place_on_axis(row["date"], clock),
            "said": f"{row['date']} {clock}".strip(),
            "code": code,
            "place": names[code],
            "value": row["value"],
            "figure": f"{style.number(row['value'])} {style.label('units', row['unit'], lang)}",
            "hedge": style.label("qualifiers", row["qualifier"], lang),
            "sources": row["n_sources"],
            "range": f"{style.number(row['value_min'])} – {style.number(row['value_max'])}",
            "id": row["metric_id"],
            "low": low,
            "high": high,
            "named": code in named,
        }
        found.append(point)
        stretches = runs.setdefault(code, [])
        if stretches and (row["date"] - ends[code]).days <= 1:
            stretches[-1].append(point)
        else:
            stretches.append([point])
        ends[code] = row["date"]
    for stretches in runs.values():
        for i, stretch in enumerate(stretches):
            banded = any(point["high"] > point["low"] for point in stretch) and len(stretch) > 1
            for point in stretch:
                point |= {"run": i, "alone": len(stretch) == 1, "banded": banded}
    return found


def _clock(row: Row) -> str:
    """The hour of a figure of a moment; nothing for a day's closing figure."""
    return (row["as_of_time"] or "") if "time_start" in row else ""


def _place_on_axis(day: dt.date, clock: str = "") -> str:
    """A day's mark on the axis is its closing figure, so what is of an hour before stands before the mark."""
    at = dt.datetime.combine(day, dt.time())
    if clock and clock != "24:00":
        hours, minutes = map(int, clock.split(":"))
        at -= dt.timedelta(days=1) - dt.timedelta(hours=hours, minutes=minutes)
    return at.isoformat()


def _colours(alt: Any, names: Sequence[str]) -> Any:
    scale = alt.Scale(domain=list(names), range=list(style.PALETTE[: len(names)]))
    return alt.Color("place:N", scale=scale, legend=None)


def _tooltips(alt: Any, lang: Lang) -> list[Any]:
    titles = {
        "place": ("place", "地区"),
        "said": ("day", "日期"),
        "figure": ("value", "数值"),
        "hedge": ("stated as", "表述"),
        "sources": ("documents", "文档数"),
        "range": ("said by documents", "各文档"),
        "id": ("id, for ct.quote", "编号（ct.quote）"),
    }
    return [alt.Tooltip(f"{field}:N", title=both[lang == "zh"]) for field, both in titles.items()]


def _label_layers(
    alt: Any,
    rows: Sequence[Row],
    named: Sequence[str],
    names: Mapping[str, str],
    last: dt.date,
    axis: _Axis,
    x: Any,
    colour: Any,
    width: int,
) -> list[Any]:
    """The name and last value of each curve in the margin, and a thin line to where the curve ends."""
    latest: dict[str, Row] = {}
    for row in sorted(rows, key=lambda one: (one["date"], "time_start" not in one)):
        if row["region_code"] in named:
            latest[row["region_code"]] = row
    wanted = {code: axis.pixel(row["value"]) for code, row in latest.items()}
    placed = spread_labels(wanted, gap=14, low=4, high=axis.height - 4)
    margin = _place_on_axis(last)
    labels: list[Row] = []
    leaders: list[Row] = []
    for code, pixel in placed.items():
        text = f"{names[code]} {style.number(latest[code]['value'])}"
        at = axis.value(pixel)
        labels.append({"day": margin, "value": at, "place": names[code], "text": text})
        leaders.append({"day": _place_on_axis(latest[code]["date"], _clock(latest[code])), "value": latest[code]["value"], "place": names[code]})
        leaders.append({"day": margin, "value": at, "place": names[code]})
    y = axis.encoding(alt, "", "value:Q")
    return [
        alt.Chart(alt.Data(values=leaders))
        .mark_line(strokeWidth=0.7, opacity=0.6, strokeDash=[1, 2])
        .encode(x=x, y=y, color=colour),
        alt.Chart(alt.Data(values=labels))
        .mark_text(align="left", dx=8, fontSize=11, fontWeight="bold")
        .encode(x=x, y=y, text="text:N", color=colour),
    ]


def spread_labels(wanted: Mapping[str, float], *, gap: float, low: float, high: float) -> dict[str, float]:
    """Heights near those wanted, in the same order, at least `gap` apart where the room allows it.

    >>> spread_labels({"a": 10, "b": 12, "c": 90}, gap=14, low=0, high=100)
    {'a': 10, 'b': 24, 'c': 90}
    """
    order = sorted(wanted, key=lambda key: (wanted[key], key))
    if not order:
        return {}
    gap = min(gap, (high - low) / max(1, len(order) - 1))
    placed: dict[str, float] = {}
    floor = low
    for key in order:
        placed[key] = max(floor, wanted[key])
        floor = placed[key] + gap
    ceiling = high
    for key in reversed(order):
        placed[key] = min(placed[key], ceiling)
        ceiling = placed[key] - gap
    return placed


def _break_layers(alt: Any, breaks: Sequence[DefinitionBreak], x: Any, lang: Lang) -> list[Any]:
    """A dashed line on each day, its words above the plot, one row for each so that they do not touch."""
    kinds = _KINDS_ZH if lang == "zh" else _KINDS_EN
    values = [
        {
            "day": f"{one.date}T00:00:00",
            "text": f"{style.place_name(one.region_code, lang)} {one.date:%m-%d}: {kinds.get(one.kind, one.kind)}",
            "what": one.what,
            "row": i,
        }
        for i, one in enumerate(breaks)
    ]
    layers = []
    for i, value in enumerate(values):
        data = alt.Chart(alt.Data(values=[value]))
        tooltip = [alt.Tooltip("text:N", title=" "), alt.Tooltip("what:N", title=" ")]
        top = -4 - 13 * (len(values) - 1 - i)
        layers += [
            data.mark_rule(strokeDash=[4, 3], color="#666666").encode(
                x=x, y=alt.value(top - 4), y2=alt.value("height"), tooltip=tooltip
            ),
            data.mark_text(align="left", baseline="middle", dx=4, fontSize=10, color="#555555").encode(
                x=x, y=alt.value(top - 3), text="text:N", tooltip=tooltip
            ),
        ]
    return layers


# --- what is said -------------------------------------------------------------------------------------------------------


def _peaks(rows: Sequence[Row]) -> dict[str, float]:
    found: dict[str, float] = {}
    for row in rows:
        found[row["region_code"]] = max(row["value"], found.get(row["region_code"], -math.inf))
    return found


def _is_steep(peaks: Mapping[str, float]) -> bool:
    """Whether the highest curve would press most of the others against the axis: 20 times the median one."""
    ordered = sorted(peaks.values())
    return ordered[-1] > 20 * max(1.0, ordered[len(ordered) // 2])


def _breaks(rows: Sequence[Row], indicator: str, first: dt.date, last: dt.date) -> list[DefinitionBreak]:
    """The breaks inside the curves shown. A province's break is its cities' too."""
    found = []
    for one in definition_breaks():
        if indicator not in one.indicators or not first < one.date <= last:
            continue
        stem = one.region_code
        if stem.endswith("0000") and stem != "100000":
            stem = stem[:2]
        days = [row["date"] for row in rows if row["region_code"].startswith(stem)]
        if days and min(days) < one.date <= max(days):
            found.append(one)
    return sorted(found, key=lambda one: (one.date, one.region_code))


def _unit(rows: Sequence[Row], lang: Lang) -> str:
    units = sorted({row["unit"] for row in rows})
    return " / ".join(style.label("units", unit, lang) for unit in units)


def _key(
    days: Sequence[Row],
    moments: Sequence[Row],
    breaks: Sequence[DefinitionBreak],
    log: bool,
    n: int,
    n_named: int,
    lang: Lang,
) -> list[str]:
    """How to read the marks that occur."""
    en, zh = [], []
    if log:
        en.append("logarithmic scale")
        zh.append("对数刻度")
    if n > n_named:
        en.append(f"{n_named} of {n} places named, the others grey")
        zh.append(f"标出{n}地中的{n_named}地，其余为灰色")
    if days:
        en.append("gap: no statement for the day")
        zh.append("断开处：当日无记载")
    if moments:
        en.append("open mark: value of a moment within the day")
        zh.append("空心点：日内某时的数值")
    if any(row["conflict"] for row in days):
        en.append("band: sources disagree")
        zh.append("色带：来源不一致")
    if breaks:
        en.append("dashed line: the count changes its meaning")
        zh.append("虚线：统计口径变化")
    return en if lang == "en" else zh


def _sources(rows: Sequence[Row], path: str | Path | None, lang: Lang) -> str:
    ids = {row["metric_id"] for row in rows}
    docs = {key.rpartition(":")[0] for key in ids}
    table = load_documents(path=path, backend="arrow", columns=["doc_id", "source"]).to_pylist()
    return style.source_line([row for row in table if row["doc_id"] in docs], lang)


def _nothing(asked: _Selection) -> str:
    """One sentence: what there is nothing of, and what there is."""
    where = asked.where()
    there: dict[str, int] = {}
    for row in load_city_by_date(**where).select(["indicator"]).to_pylist():
        there[row["indicator"]] = there.get(row["indicator"], 0) + 1
    days = " in those days" if asked.start or asked.end else ""
    said = f"no {asked.indicator} is stated of {asked.words()}{days}"
    if there:
        return said + style.near_indicators(sorted(there, key=lambda word: (-there[word], word)))
    figures = load_metrics(asked.codes, inside=asked.level is not None, path=asked.path, backend="arrow").num_rows
    return f"{said}; nothing else is by place and day either ({figures} figures in metrics)"
