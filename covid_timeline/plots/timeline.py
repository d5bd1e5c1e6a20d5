"""`plot_timeline`: what happened in a place, by category over the days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from covid_timeline.loaders import load_documents, load_events
from covid_timeline.mentions.places import gazetteer
from covid_timeline.plots import style
from covid_timeline.plots.style import Lang
from covid_timeline.tables.schema import VOCABULARIES

if TYPE_CHECKING:
    import altair as alt

Day = str | dt.date
Row = dict[str, Any]

LABELLED = 45
"""Events up to which each has a row of its own, with its headline; beyond, they are packed and read on hover."""

LANES = 10
"""Rows that a category takes at most where events are packed."""

LONG = dt.timedelta(62)
"""A period longer than this says little of when; it stands at its last day, and does not stretch the axis."""

# Thirteen categories are more than colours can tell apart: kin share one, and the rows say which is which.
COLOURS = {
    "case_report": "#000000",
    "containment": "#D55E00",
    "response_level": "#D55E00",
    "reopening": "#009E73",
    "work_resumption": "#009E73",
    "medical": "#0072B2",
    "supplies": "#56B4E9",
    "investment": "#E69F00",
    "economy": "#E69F00",
    "leadership": "#CC79A7",
    "policy": "#CC79A7",
    "community": "#7A7A7A",
    "other": "#7A7A7A",
}


def plot_timeline(
    place: str | Iterable[str],
    *,
    inside: bool = False,
    category: str | Iterable[str] | None = None,
    start: Day | None = None,
    end: Day | None = None,
    lang: Lang = "en",
    path: str | Path | None = None,
    width: int = 760,
) -> alt.LayerChart:
    """The events of a place, by category over the days, with the headline of each on hover.

    Up to 45 events each have a row with their headline; more are packed into rows of marks. Open marks are what the
    text does not report as a fact: planned, conditional, forecast or denied.

    Args:
        place: a place, or several, by name (Liaocheng, 聊城) or code.
        inside: and every place inside it.
        category: one or several of the event categories.
        start, end: first and last day; without them, what lies more than a month before the rest is left out.
        lang: "en" or "zh": the language of the labels.
        path: the output folder of a build of your own.
        width: of the plotting area, in pixels.

    Returns:
        An Altair chart: change it, show it, `save` it.

    Raises:
        ValueError: a place or word that does not exist; nothing known of the selection.
        ModuleNotFoundError: Altair is not installed.
    """
    alt = style.altair()
    style.check_language(lang)
    codes = [gazetteer().resolve(one) for one in ([place] if isinstance(place, str) else place)]
    events = load_events(
        codes, inside=inside, category=category, start=start, end=end, path=path, backend="arrow"
    ).to_pylist()
    named = [style.place_name(code, lang) for code in dict.fromkeys(codes)]
    where = (", " if lang == "en" else "、").join(named)
    if not events:
        days = " in those days" if start or end else ""
        kind = f" of category {category}" if category else ""
        raise ValueError(f"no event{kind} is known of {where}{days}")
    several = len({(event["region_code"], event["region_name"]) for event in events}) > 1
    marks = [_mark(event, lang, with_place=several) for event in events]
    left_out = 0
    if start is None and end is None:
        kept = _together(marks)
        left_out, marks = len(marks) - len(kept), kept
    labelled = len(marks) <= LABELLED
    rows, hidden = _one_a_row(marks) if labelled else _packed(marks)

    first, last = min(mark["from"] for mark in marks), max(mark["to"] for mark in marks)
    middle = first + (last - first) / 2
    drawn = [
        {**mark, "from": str(mark["from"]), "to": str(mark["to"]), "until": str(mark["to"]), **_beside(mark, middle)}
        for mark in marks
        if mark["row"] is not None
    ]
    # A row is `order|label|n`: the axis shows the label on the first row of each category.
    y = alt.Y(
        "row:N",
        sort=rows,
        title=None,
        axis=alt.Axis(
            labelExpr="split(datum.value, '|')[2] == '0' ? split(datum.value, '|')[1] : ''",
            grid=False,
            ticks=False,
            domain=False,
            labelLimit=220,
        ),
        scale=alt.Scale(domain=rows, paddingInner=0.2),
    )
    edge = dt.timedelta(max(1, (last - first).days // 40))
    scale = alt.Scale(domain=[_moment(alt, first - edge), _moment(alt, last + edge)])
    x = alt.X("from:T", scale=scale, axis=style.day_axis(first, last, lang, width))
    words = list(COLOURS)
    colour = alt.Color(
        "category:N", scale=alt.Scale(domain=words, range=[COLOURS[word] for word in words]), legend=None
    )
    titles = {
        "headline": ("event", "事件"),
        "days": ("days", "日期"),
        "place": ("place", "地区"),
        "kind": ("category", "类别"),
        "status": ("status", "性质"),
        "id": ("id, for ct.quote", "编号（ct.quote）"),
    }
    tooltip = [alt.Tooltip(f"{field}:N", title=both[lang == "zh"]) for field, both in titles.items()]
    base = alt.Chart(alt.Data(values=drawn)).encode(x=x, y=y, color=colour, tooltip=tooltip)
    layers = [
        base.transform_filter("datum.from != datum.to").mark_rule(strokeWidth=4, opacity=0.35).encode(x2="until:T"),
        base.transform_filter(alt.datum.fact).mark_point(filled=True, size=55, opacity=1),
        base.transform_filter(~alt.datum.fact).mark_point(filled=False, size=50, strokeWidth=1.5),
    ]
    if labelled:
        for align, shift in (("right", -8), ("left", 8)):
            chosen = [mark for mark in drawn if (mark["side"] == "left") == (align == "right")]
            layers.append(
                alt.Chart(alt.Data(values=chosen))
                .mark_text(align=align, dx=shift, fontSize=10.5, color=style.INK, limit=width // 2 + 60)
                .encode(x=alt.X("anchor:T", scale=scale), y=y, text="label:N", tooltip=tooltip)
            )
    step = 17 if labelled else 9
    chart = alt.layer(*layers).properties(width=width, height={"step": step})
    title = f"What happened, {where}" if lang == "en" else f"{where}大事记"
    title += (", " if lang == "en" else "，") + style.period(first, last, lang)
    key = _key(marks, hidden, left_out, lang)
    docs = {event["doc_id"] for event in events}
    table = load_documents(path=path, backend="arrow", columns=["doc_id", "source"]).to_pylist()
    source = style.source_line([row for row in table if row["doc_id"] in docs], lang)
    return style.finish(chart, title, [*style.wrapped(key, lang, width + 80), source])  # type: ignore[no-any-return]


def headline(event: Row, lang: Lang) -> str:
    """One line for an event: the one made when it was read, else its clause or its category."""
    made = event["headline_en" if lang == "en" else "headline_zh"]
    if made:
        return str(made)
    return str(event["summary"] or style.label("categories", event["category"], lang))


def label(event: Row, lang: Lang, *, with_place: bool) -> str:
    """What stands beside a mark: the headline without what the axes and the title say.

    >>> event = {"headline_en": "Liaocheng 2020-03-01: 1 new recovery", "category": "case_report", "region_code": "371500"}
    >>> label(event, "en", with_place=False), label(event, "en", with_place=True)
    ('1 new recovery', 'Liaocheng: 1 new recovery')
    >>> event = {"headline_en": "Hubei 2020-02-13: Containment (schools) (planned)", "category": "containment"}
    >>> label(event, "en", with_place=False)
    'schools, planned'
    """
    what = headline(event, lang)
    if event["headline_en" if lang == "en" else "headline_zh"]:
        what = what.partition(": ")[2] or what  # its place and days come first
    kind = style.label("categories", event["category"], lang)
    if what.startswith(kind):  # the row is named so; what is left says what it is about, that it was planned, or denied
        what = what.removeprefix(kind).strip(" ()（）").replace(") (", ", ").replace("）（", "，") or (event.get("summary") if lang == "zh" else None) or ""
    place = _place(event, lang) if with_place else ""
    return (": " if lang == "en" else "：").join(filter(None, (place, what)))


def _place(event: Row, lang: Lang) -> str:
    return str(event["region_name"] or "") if lang == "zh" else style.place_name(event["region_code"], lang)


def _mark(event: Row, lang: Lang, *, with_place: bool) -> Row:
    start, end = event["date_start"], event["date_end"]
    clock = f" {event['time_start']}" if event["time_start"] else ""
    return {
        "from": end if end - start > LONG else start,
        "to": end,
        "days": style.period(start, end, lang) + clock,
        "headline": headline(event, lang),
        "label": label(event, lang, with_place=with_place),
        "place": _place(event, lang),
        "category": event["category"],
        "kind": style.label("categories", event["category"], lang),
        "status": style.label("statuses", event["status"], lang),
        "fact": event["status"] == "reported",
        "id": event["event_id"],
    }


def _beside(mark: Row, middle: dt.date) -> dict[str, str]:
    """Where a headline has room: after the mark, before it in the right half, on a bar that goes over the middle."""
    if mark["from"] > middle:
        return {"side": "left", "anchor": str(mark["from"])}
    return {"side": "right", "anchor": str(mark["to"] if mark["to"] <= middle else mark["from"])}


def _together(marks: Sequence[Row]) -> list[Row]:
    """Without what lies apart from the rest: a comparison with another year would leave the axis empty."""
    ordered = sorted(marks, key=lambda mark: mark["to"])
    middle = ordered[len(ordered) // 2]["to"]
    first, last = 0, len(ordered)
    for i in range(1, len(ordered)):
        if ordered[i]["to"] - ordered[i - 1]["to"] > dt.timedelta(31):
            if ordered[i]["to"] <= middle:
                first = i
            else:
                last = min(last, i)
    return ordered[first:last]


def _order(mark: Row) -> int:
    return list(VOCABULARIES["categories"]).index(mark["category"])


def _one_a_row(marks: Sequence[Row]) -> tuple[list[str], int]:
    counts: dict[int, int] = {}
    rows = []
    for mark in sorted(marks, key=lambda mark: (_order(mark), mark["from"], mark["to"], mark["id"])):
        order = _order(mark)
        mark["row"] = f"{order:02}|{mark['kind']}|{counts.get(order, 0)}"
        counts[order] = counts.get(order, 0) + 1
        rows.append(mark["row"])
    return rows, 0


def _packed(marks: Sequence[Row]) -> tuple[list[str], int]:
    """Each event in the first row of its category where it touches no other; what finds no row is counted."""
    ends: dict[int, list[dt.date]] = {}
    rows: dict[str, None] = {}
    hidden = 0
    for mark in sorted(marks, key=lambda mark: (_order(mark), mark["from"], mark["to"], mark["id"])):
        order = _order(mark)
        lanes = ends.setdefault(order, [])
        lane = next((i for i, end in enumerate(lanes) if end < mark["from"]), len(lanes))
        if lane >= LANES:
            mark["row"] = None
            hidden += 1
            continue
        if lane == len(lanes):
            lanes.append(mark["to"])
        lanes[lane] = mark["to"]
        mark["row"] = f"{order:02}|{mark['kind']}|{lane}"
        rows[mark["row"]] = None
        # A row is lower than a line of text: two for each category keep the names of the categories apart.
        rows[f"{order:02}|{mark['kind']}|1"] = None
    return sorted(rows, key=lambda row: (row[:2], int(row.rpartition("|")[2]))), hidden


def _moment(alt: Any, day: dt.date) -> Any:
    return alt.DateTime(year=day.year, month=day.month, date=day.day)


def _key(marks: Sequence[Row], hidden: int, left_out: int, lang: Lang) -> list[str]:
    n = len(marks)
    en, zh = [f"{n} event{'' if n == 1 else 's'}"], [f"{n}条事件"]
    if any(not mark["fact"] for mark in marks):
        en.append("open mark: not reported as a fact (planned, conditional, forecast or denied)")
        zh.append("空心点：计划、条件、预测或否认")
    if hidden:
        en.append(f"{hidden} more have no room on their day: choose fewer days or categories")
        zh.append(f"另有{hidden}条当日已排满，请缩小日期或类别")
    if left_out:
        en.append(f"{left_out} more lie over a month apart: name the days to see them")
        zh.append(f"另有{left_out}条相隔一个月以上，指定日期可见")
    return en if lang == "en" else zh
