"""docs/dataset.md and its picture, from the shipped tables: dataset_page.py CORPORA AGREEMENT > docs/dataset.md.

CORPORA holds ncov_reports.jsonl; AGREEMENT is a file with the lines that the fair comparison with the reference printed.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import pandas as pd
from stated_cells import compare

import covid_timeline as ct
from covid_timeline.tables.manifest import data_paths

PICTURE = Path(__file__).parent.parent / "docs" / "dataset-coverage.svg"
LEVELS = {"province": "provinces", "prefecture": "prefectures", "county": "counties"}
COLLECTIONS = {"articles": "data/processed", "bulletins": "data/national", "commission_reports": "data/national"}
FIRST, LAST = pd.Timestamp(2020, 1, 19), pd.Timestamp(2020, 3, 27)


def table(head: list[str], rows: list[list[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def number(value: float) -> str:
    return f"{value:,.0f}"


def contents() -> str:
    documents = ct.load_documents()
    rows = []
    for name, folder in COLLECTIONS.items():
        mine = documents[documents["collection"] == name]
        counts = [len(ct.load(table_, collection=name)) for table_ in ("events", "metrics", "city_by_date")]
        days = f"{mine['anchor_date'].min():%Y-%m-%d} to {mine['anchor_date'].max():%Y-%m-%d}"
        rows.append([f"`{name}`", f"`{folder}`", number(len(mine)), days, *map(number, counts)])
    whole = [len(ct.load(table_)) for table_ in ("events", "metrics", "city_by_date")]
    rows.append(["together", "", number(len(documents)), "", *map(number, whole)])
    return table(["collection", "folder", "documents", "days", "events", "metrics", "city_by_date"], rows)


def sizes() -> str:
    found = [(folder, sum(path.stat().st_size for path in folder.glob("*.*"))) for folder in data_paths()]
    return ", ".join(f"`data/{folder.name}` {size / 1e6:.2f} MB" for folder, size in found)


def confirmed() -> pd.DataFrame:
    cases = ct.load_city_by_date("confirmed_cumulative", start=FIRST, end=LAST)
    return cases[cases["region_level"].isin(list(LEVELS))]


def by_week(cases: pd.DataFrame) -> str:
    week = cases["date"] - pd.to_timedelta(cases["date"].dt.weekday, unit="D")
    places = cases.assign(week=week).pivot_table(
        index="week", columns="region_level", values="region_code", aggfunc=["nunique", "count"], fill_value=0
    )
    spoken = ct.load_documents()
    spoken_week = spoken["published_at"].dt.normalize()
    spoken_week = spoken_week - pd.to_timedelta(spoken_week.dt.weekday, unit="D")
    documents = spoken_week.value_counts()
    rows = []
    for monday, row in places.iterrows():
        cells = [f"{row['nunique', level]} ({number(row['count', level])})" for level in LEVELS]
        rows.append([f"{monday:%m-%d}", number(documents.get(monday, 0)), *cells])
    return table(["week from", "documents", *LEVELS.values()], rows)


def by_day(cases: pd.DataFrame) -> pd.DataFrame:
    days = pd.date_range(FIRST, LAST)
    counted = cases.groupby(["date", "region_level"])["region_code"].nunique().unstack(fill_value=0)
    return counted.reindex(days, fill_value=0)[list(LEVELS)]


def day_table(days: pd.DataFrame) -> str:
    told = [[f"{day:%m-%d}", row["prefecture"], row["province"]] for day, row in days.iterrows()]
    third = -(-len(told) // 3)
    blank = ["", "", ""]
    columns = [told[i : i + third] + [blank] * (third - len(told[i : i + third])) for i in (0, third, 2 * third)]
    rows = [[cell for part in parts for cell in part] for parts in zip(*columns, strict=True)]
    return table(["day", "prefectures", "provinces"] * 3, rows)


def picture(days: pd.DataFrame) -> str:
    """Prefectures (bars) and provinces (line) with a count of confirmed cases, by day."""
    width, height, left, bottom = 760, 260, 44, 30
    step = (width - left - 44) / len(days)
    top = 333

    def y(value: float, most: float) -> float:
        return height - bottom - (height - bottom - 16) * value / most

    bars = "".join(
        f'<rect x="{left + i * step:.1f}" y="{y(n, top):.1f}" width="{step * 0.8:.1f}" height="{height - bottom - y(n, top):.1f}"/>'
        for i, n in enumerate(days["prefecture"])
    )
    line = " ".join(f"{left + (i + 0.4) * step:.1f},{y(n, 34):.1f}" for i, n in enumerate(days["province"]))
    marks = "".join(
        f'<text x="{left + i * step:.1f}" y="{height - 10}">{day:%m-%d}</text>'
        for i, day in enumerate(days.index)
        if day.weekday() == 0
    )
    left_marks = "".join(f'<text x="{left - 6}" y="{y(n, top) + 4:.1f}" text-anchor="end">{n}</text>' for n in (0, 100, 200, 300))
    right_marks = "".join(f'<text x="{width - 38}" y="{y(n, 34) + 4:.1f}" fill="#b3261e">{n}</text>' for n in (0, 10, 20, 30))
    title = "Places with a count of confirmed cases, by day: prefectures (bars, left), provinces (line, right)"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11" '
        f'role="img"><title>{title}</title><rect width="{width}" height="{height}" fill="#fff"/>'
        f'<g fill="#7aa6c2">{bars}</g><polyline points="{line}" fill="none" stroke="#b3261e" stroke-width="2"/>'
        f'<g fill="#333">{marks}{left_marks}</g>{right_marks}</svg>\n'
    )


def stated(corpora: Path) -> str:
    tally, _ = compare(corpora / "ncov_reports.jsonl")
    rows: list[list[object]] = []
    for indicator in ("confirmed_cumulative", "recovered_cumulative", "deaths_cumulative", "suspected_current"):
        for level in LEVELS:
            same, other, missing = (tally[indicator, level, what] for what in ("same", "other", "missing"))
            whole = same + other + missing
            rows.append([f"`{indicator}`", level, number(whole), number(same), other, missing, f"{same / whole:.3f}"])
    return table(["indicator", "level", "stated", "in the table", "another value", "not there", "share"], rows)


def agreement(lines: list[str]) -> str:
    rows = []
    for line in lines:
        told, moving = line.split("; where the reference moves ")
        *what, share, _, n = told.split()
        moved, _, moved_n = moving.split()
        rows.append([" ".join(what), f"{float(share):.3f}", number(float(n)), f"{float(moved):.3f}", number(float(moved_n))])
    return table(["what", "equal", "of", "equal where it moves", "of"], rows)


def main(corpora: str, lines: str) -> None:
    warnings.simplefilter("ignore")
    cases = confirmed()
    days = by_day(cases)
    PICTURE.write_text(picture(days), encoding="utf-8")
    page = (Path(__file__).parent / "dataset_page.md").read_text(encoding="utf-8")
    best = days["prefecture"].idxmax()
    to_february = days.loc["2020-01-24":"2020-02-06", "prefecture"]
    made = {
        "contents": contents(),
        "sizes": sizes(),
        "n_prefectures": cases.loc[cases["region_level"] == "prefecture", "region_code"].nunique(),
        "n_cells": number((cases["region_level"] == "prefecture").sum()),
        "best_day": f"{best:%m-%d}",
        "best_n": days["prefecture"].max(),
        "least": to_february.min(),
        "march_least": days.loc["2020-03-01":, "province"].min(),
        "march_most": days.loc["2020-03-01":, "province"].max(),
        "week": by_week(cases),
        "day": day_table(days),
        "stated": stated(Path(corpora)),
        "agreement": agreement(Path(lines).read_text(encoding="utf-8").strip().splitlines()),
    }
    for name, text in made.items():
        page = page.replace("{{" + name + "}}", str(text))
    print(page, end="")


if __name__ == "__main__":
    main(*sys.argv[1:])
