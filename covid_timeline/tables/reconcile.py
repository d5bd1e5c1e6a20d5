"""Our closing counts against an independent table of counts by place and day: what agrees, and what differs.

The reference is a CSV in the shape of canghailan/Wuhan-2019-nCoV: `date, country, countryCode, province,
provinceCode, city, cityCode, confirmed, suspected, cured, dead`; cumulative counts, codes of GB/T 2260; an empty city
means the whole province. What makes the comparison fair is in `read_reference` and `OF_THE_REFERENCE`.

Two shares are given: over all cells, and over those where the reference moves within three days. A series that stands
still agrees with any day, so only the second share shows a figure that was put on the wrong day.

With the texts at hand the page also has the recall of an independent reader (`covid_timeline.tables.recall`), and what
people who read the sentences say of differences (a CSV of readings). A reading holds for one place, day, indicator and
pair of values, so it falls out by itself once the difference is gone. A page with places for the parts (`<!-- begin:
figures -->` … `<!-- end: figures -->`) is filled in, and its prose stays.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from covid_timeline.tables.cities import ABOUT
from covid_timeline.tables.reading_guard import read_published
from covid_timeline.tables.recall import Recall, measure_recall
from covid_timeline.text.shown import neutralise, printable

COLUMNS = {"confirmed": "confirmed_cumulative", "cured": "recovered_cumulative", "dead": "deaths_cumulative"}
"""Columns of the reference, and the indicator that each holds."""

CITIES_A_DAY_LATE = pd.Timestamp("2020-02-08")
"""From here on the rows of cities are of the day before: the reference changed its source on 02-07."""

_APART = ("710000", "810000", "820000")  # another hour of the day
_DAY = pd.Timedelta(days=1)
_CELL = ["region_code", "date", "indicator"]


class Slip(NamedTuple):
    """Cells of one place that the reference has otherwise than every bulletin of those days."""

    region_code: str
    indicator: str
    first: str
    last: str
    add: int | None  # what puts them right; None leaves them out
    why: str


OF_THE_REFERENCE = (
    Slip("420000", "confirmed_cumulative", "2020-02-19", "2020-02-23", None, "revised later, back to these days"),
    Slip("330000", "confirmed_cumulative", "2020-02-20", "2020-03-10", -12, "12 too many in every one of these days"),
)
"""Known slips of the reference."""

VERDICTS: Mapping[str, str] = {
    "another_hour": "another hour of the day",
    "another_definition": "another definition",
    "reference_error": "the reference's error",
    "misreading": "our misreading",
    "slip_of_text": "the text's own slip",
}
"""What a person can say of a difference."""


def read_reference(path: Path | str) -> pd.DataFrame:
    """One row for each place, day and indicator: `reference`, and whether it `moves` from the day before to the day after.

    Left out: rows of other countries and of the country (which counts Hong Kong, Macao and Taiwan), those three, rows
    with the name of a city and no code (外地来京, 未公布来源), and recoveries by city, which nobody kept up. Rows that
    cannot be read are named in `attrs["unread"]`.

    Raises:
        ValueError: a column is missing; the message names the file and the columns it has.
        OSError: the file cannot be opened.
    """
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig").astype(object)
    wanted = ["date", "countryCode", "provinceCode", "city", "cityCode", *COLUMNS]
    if missing := [name for name in wanted if name not in table]:
        raise ValueError(f"{path}: no column {', '.join(missing)}; the file has {', '.join(table.columns) or 'none'}")
    table = table[table["countryCode"].eq("CN")]
    table["date"] = pd.to_datetime(table["date"], format="%Y-%m-%d", errors="coerce")
    table[list(COLUMNS)] = table[list(COLUMNS)].apply(pd.to_numeric, errors="coerce")
    bad = table[["date", *COLUMNS]].isna().any(axis=1)
    unread = [f"{path}: line {row + 2}: no day, or a count that is no number" for row in table.index[bad]]

    nameless = table["city"].ne("") & table["cityCode"].eq("")
    table["region_code"] = table["cityCode"].where(table["city"].ne(""), table["provinceCode"])
    table = table[~bad & ~nameless & table["region_code"].ne("") & ~table["region_code"].isin(_APART)]
    is_city = ~table["region_code"].str.endswith("0000")
    late = is_city & table["date"].ge(CITIES_A_DAY_LATE)
    table["date"] = table["date"].where(~late, table["date"] - _DAY)

    long = table.rename(columns=COLUMNS).melt(["region_code", "date"], list(COLUMNS.values()), "indicator", "reference")
    long = long.drop_duplicates(_CELL, keep="last").sort_values(_CELL, ignore_index=True)
    counts = long.set_index(_CELL)["reference"]
    for name, days in (("before", -_DAY), ("after", _DAY)):
        there = pd.MultiIndex.from_frame(long.assign(date=long["date"] + days)[_CELL])
        long[name] = counts.reindex(there).to_numpy()
    around = long[["before", "reference", "after"]]
    long["moves"] = around.notna().all(axis=1) & around.nunique(axis=1).gt(1)

    kept = ~(long["indicator"].eq("recovered_cumulative") & ~long["region_code"].str.endswith("0000"))
    for slip in OF_THE_REFERENCE:
        here = long["region_code"].eq(slip.region_code) & long["indicator"].eq(slip.indicator)
        here &= long["date"].between(slip.first, slip.last)
        if slip.add is None:
            kept &= ~here
        else:
            long.loc[here, ["before", "reference", "after"]] += slip.add
    long = long[kept].reset_index(drop=True)
    long.attrs["unread"] = unread
    return long


def compare(city_by_date: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    """Our cells that the reference has too, with `reference`, `moves`, `agrees`, `level`, and `seen` of a difference.

    Hedged figures (300多例) are left out. `seen` is what can be seen without reading: `other day` (the reference has our
    value on a neighbouring day), `between` (ours lies between two days: another hour), `other source` (another figure of
    the same cell has the reference's value).
    """
    ours = city_by_date[city_by_date["qualifier"].eq("exact") & city_by_date["indicator"].isin(COLUMNS.values())]
    cells = ours.assign(date=pd.to_datetime(ours["date"])).merge(reference, on=_CELL, validate="one_to_one")
    value, of = cells["value"], cells["reference"]
    cells["agrees"] = value.eq(of)
    cells["level"] = np.where(cells["region_code"].str.endswith("0000"), "province", "city")
    cells["seen"] = np.select(
        [
            cells["agrees"],
            value.eq(cells["before"]) | value.eq(cells["after"]),
            value.between(cells["before"], of) | value.between(of, cells["after"]),
            of.eq(cells["value_min"]) | of.eq(cells["value_max"]),
        ],
        ["", "other day", "between", "other source"],
        "",
    )
    return cells


def agrees(value: float, qualifier: str, stated: float) -> bool:
    """Whether a figure with its qualifier does not contradict a value.

    >>> agrees(300, "more_than", 340), agrees(300, "exact", 340), agrees(300, "about", 320)
    (True, False, True)
    """
    slack = abs(value) * ABOUT
    return {
        "about": abs(value - stated) <= slack,
        "nearly": value - slack <= stated <= value,
        "more_than": stated >= value,
        "at_least": stated >= value,
        "less_than": stated <= value,
        "at_most": stated <= value,
    }.get(qualifier, value == stated)


def within_the_day(city_intraday: pd.DataFrame, reference: pd.DataFrame) -> tuple[int, int]:
    """How many figures of a moment have a reference, and how many lie between it and that of the day before."""
    ours = city_intraday[city_intraday["qualifier"].eq("exact")]
    cells = ours.assign(date=pd.to_datetime(ours["date"])).merge(reference.dropna(subset="before"), on=_CELL)
    return len(cells), int(cells["value"].between(cells["before"], cells["reference"]).sum())


# --- readings -----------------------------------------------------------------------------------------------------

_READING = [*_CELL, "value", "reference"]


def read_readings(path: Path | str) -> pd.DataFrame:
    """What people said of differences: `date, region_code, indicator, value, reference, verdict, why`.

    Raises:
        ValueError: a column is missing, or a row is no reading; the message names the line.
        OSError: the file cannot be opened.
    """
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig").astype(object)
    if missing := [name for name in [*_READING, "verdict", "why"] if name not in table]:
        raise ValueError(f"{path}: no column {', '.join(missing)}")
    table["date"] = pd.to_datetime(table["date"], format="%Y-%m-%d", errors="coerce")
    table[["value", "reference"]] = table[["value", "reference"]].apply(pd.to_numeric, errors="coerce")
    for row in table.index[table[["date", "value", "reference"]].isna().any(axis=1)]:
        raise ValueError(f"{path}: line {row + 2}: no day, or a value that is no number")
    for row in table.index[~table["verdict"].isin(list(VERDICTS))]:
        raise ValueError(f"{path}: line {row + 2}: the verdict is {', '.join(VERDICTS)}, not {table['verdict'][row]!r}")
    return table


# --- reports ------------------------------------------------------------------------------------------------------

_PLACE = re.compile(r"<!-- begin: ([a-z]+) -->\n(?:.*?)<!-- end: \1 -->", re.S)


@dataclass(frozen=True)
class Reconciliation:
    """What the comparison found."""

    cells: pd.DataFrame  # of `compare`, with the sentence of each difference
    within: tuple[int, int]
    n_absent: int  # our exact figures that the reference has not
    readings: pd.DataFrame | None = None
    recall: Recall | None = None

    @property
    def differences(self) -> pd.DataFrame:
        """The cells that differ, the largest difference first."""
        found = self.cells[~self.cells["agrees"]]
        size = (found["value"] - found["reference"]).abs()
        return found.assign(size=size).sort_values(["size", *_CELL], ascending=[False, True, True, True], ignore_index=True)

    def shares(self) -> pd.DataFrame:
        """Cells compared and agreeing by indicator and level, and all together; the same where the reference moves."""
        groups: list[tuple[str, str, pd.DataFrame]] = [
            (str(indicator), str(level), rows) for (indicator, level), rows in self.cells.groupby(["indicator", "level"])
        ]
        made: list[list[Any]] = []
        for indicator, level, rows in [*groups, ("all", "", self.cells)]:
            moving = rows[rows["moves"]]
            made.append([indicator, level, len(rows), rows["agrees"].sum(), len(moving), moving["agrees"].sum()])
        return pd.DataFrame(made, columns=["indicator", "level", "compared", "agree", "moving", "agree_moving"])

    def parts(self) -> dict[str, list[str]]:
        """The parts of a page by name, those of which there is something to say."""
        head = ["indicator", "level", "compared", "agree", "%", "where it moves", "agree", "%"]
        figures = [
            [row.indicator, row.level, row.compared, row.agree, _percent(row.agree, row.compared), row.moving, row.agree_moving, _percent(row.agree_moving, row.moving)]
            for row in self.shares().itertuples()
        ]  # fmt: skip
        seen = self.differences["seen"].replace("", "nothing: read the sentence").value_counts(sort=False)
        counted, inside = self.within
        parts = {
            "figures": _table(head, figures),
            "seen": _table(["seen of a difference", "cells"], [[what, n] for what, n in sorted(seen.items())]),
            "within": [
                f"- Within a day: {inside} of {counted} figures lie between the reference's values around them.",
                f"- Not in the reference: {self.n_absent} exact figures.",
            ],
        }
        if self.readings is not None:
            parts["readings"] = _readings(self.differences, self.readings)
        if self.recall is not None:
            parts["recall"] = _recalled(self.recall)
        return parts

    def to_text(self, limit: int = 20) -> str:
        """A report with the largest differences, in Markdown that reads well on a terminal too."""
        lines = ["# Reconciliation"]
        for part in self.parts().values():
            lines += ["", *part]
        rows = [
            [f"{row.date:%Y-%m-%d}", f"{row.region_name} {row.region_code}", row.indicator, f"{row.value:g}", f"{row.reference:g}", row.seen, row.quote, row.metric_id]
            for row in self.differences.head(limit).itertuples()
        ]  # fmt: skip
        lines += ["", f"{len(self.differences)} differences, the largest first:" if rows else "No difference."]
        lines += ["", *_table(["date", "place", "indicator", "ours", "reference", "seen", "sentence", "from"], rows)] if rows else []
        return "\n".join(lines) + "\n"

    def to_csv(self) -> str:
        """Every difference, one row each. Cells that a spreadsheet would run as a formula are neutralised."""
        columns = [*_CELL, "region_name", "value", "reference", "size", "moves", "seen", "metric_id", "doc_id", "url", "quote"]
        texts = self.differences[columns].map(lambda cell: neutralise(cell) if isinstance(cell, str) else cell)
        made: str = texts.to_csv(index=False, date_format="%Y-%m-%d", lineterminator="\n")
        return made

    def fill(self, page: str) -> str:
        """A page with its places filled.

        Raises:
            ValueError: a place has another name than the parts, or nothing was given to fill it with.
        """
        parts = self.parts()

        def put(match: re.Match[str]) -> str:
            if match[1] not in parts:
                raise ValueError(f"nothing to fill {match[1]!r} with; there is {', '.join(parts)}")
            return f"<!-- begin: {match[1]} -->\n" + "\n".join(parts[match[1]]) + f"\n<!-- end: {match[1]} -->"

        return _PLACE.sub(put, page)


def _readings(differences: pd.DataFrame, readings: pd.DataFrame) -> list[str]:
    both = differences.merge(readings[[*_READING, "verdict", "why"]], on=_READING, how="left", indicator=True)
    read, unread = both[both["_merge"].eq("both")], both[both["_merge"].eq("left_only")]
    counts = read["verdict"].value_counts()
    said = ", ".join(f"{words} {counts[name]}" for name, words in VERDICTS.items() if name in counts)
    lines = [f"Of {len(both)} differences {len(read)} were read by hand: {said or 'none'}."]
    if gone := len(readings) - len(read):
        lines.append(f"{gone} earlier readings are of differences that are gone.")
    shown = read.assign(said=read["verdict"].map(VERDICTS) + read["why"].where(read["why"].eq(""), ": " + read["why"]))
    shown = pd.concat([shown, unread.assign(said="not read")]).sort_values(["date", "region_code", "indicator"])
    rows = [
        [f"{row.date:%Y-%m-%d}", row.region_name, row.indicator, f"{row.value:g}", f"{row.reference:g}", row.said, row.doc_id]
        for row in shown.itertuples()
    ]
    return [*lines, "", *_table(["day", "place", "indicator", "ours", "reference", "read as", "in"], rows)]


def _recalled(recall: Recall) -> list[str]:
    lines = [
        f"Stated in the plainest form: {recall.stated}; in the tables with place, value and indicator right: "
        f"{recall.found} ({_percent(recall.found, recall.stated)}%)."
    ]
    missed = pd.DataFrame(recall.missed, columns=["doc_id", "start", "quote", "region_code", "value"])
    rows: list[list[Any]] = [
        [doc_id, len(group), f"{group['region_code'].iat[0]} {group['value'].iat[0]} at character {group['start'].iat[0]}"]
        for doc_id, group in missed.groupby("doc_id")
    ]
    rows.sort(key=lambda row: (-row[1], row[0]))
    return [*lines, "", *_table(["missed in", "counts", "the first of them"], rows)] if rows else lines


def _percent(part: Any, whole: Any) -> str:
    return f"{100 * part / whole:.1f}" if whole else "-"


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    return [f"| {' | '.join(map(_plain, row))} |" for row in (head, ["---"] * len(head), *rows)]


def _plain(cell: Any) -> str:
    """Text of an article as plain words of a Markdown table."""
    text = "" if pd.isna(cell) else str(cell)
    text = printable(text.replace("\n", " "), None)
    return re.sub(r"([\\|`*_>\[\]#])", r"\\\1", text).replace("<", "&lt;")


def reconcile(
    city_by_date: pd.DataFrame,
    city_intraday: pd.DataFrame,
    metrics: pd.DataFrame,
    documents: pd.DataFrame,
    reference: pd.DataFrame,
    *,
    texts: Mapping[str, str] | None = None,
    readings: pd.DataFrame | None = None,
    held_out: Collection[str] = (),
) -> Reconciliation:
    """Compare our tables with a reference; `metrics` and `documents` give the sentence and the address of a difference.

    Args:
        texts: raw texts by doc_id, for sentences that a publication withholds, and for the recall.
        readings: of `read_readings`.
        held_out: documents that the recall leaves out, for nobody may read what was missed in them.
    """
    cells = compare(city_by_date, reference)
    told = metrics[["metric_id", "doc_id", "quote", "char_start", "char_end"]]
    cells = cells.merge(told, on="metric_id", how="left").merge(documents[["doc_id", "url"]], on="doc_id", how="left")
    for row in cells.index[~cells["agrees"] & cells["quote"].isna() & cells["doc_id"].notna()]:
        doc_id, start, end = cells.loc[row, ["doc_id", "char_start", "char_end"]]
        raw = (texts or {}).get(doc_id)
        cells.loc[row, "quote"] = raw[int(start) : int(end)] if raw else f"(characters {start} to {end} of {doc_id})"
    exact = city_by_date["qualifier"].eq("exact") & city_by_date["indicator"].isin(COLUMNS.values())
    kept = {doc_id: raw for doc_id, raw in (texts or {}).items() if doc_id not in held_out}
    return Reconciliation(
        cells,
        within_the_day(city_intraday, reference),
        int(exact.sum()) - len(cells),
        readings,
        measure_recall(kept, metrics) if texts else None,
    )


def run_reconcile(
    tables: Path | str,
    reference: Path | str,
    out: Path | str | None = None,
    *,
    texts: Mapping[str, str] | None = None,
    limit: int = 20,
    readings: Path | str | None = None,
    held_out: Collection[str] = (),
) -> int:
    """Compare published tables with a reference and print or write the report; what the command line calls.

    Args:
        tables: folder with the published tables.
        reference: see the module's head.
        out: a file to write; `.csv` lists every difference, `.md` is a page (one that is there already and has places
            to fill is filled), anything else is plain text. Printed where None.
        texts, readings, held_out: see `reconcile`.
        limit: how many differences a report shows.

    Returns:
        Exit code: 0 compared, whatever was found; 4 nothing could be compared.

    Raises:
        ValueError, OSError: a table or the reference cannot be read.
    """
    names = ("city_by_date", "city_intraday", "metrics", "documents")
    frames = {name: table.to_pandas() for name, table in read_published(Path(tables), names).items()}
    stated = read_reference(reference)
    for line in stated.attrs["unread"]:
        print(f"left out: {line}", file=sys.stderr)
    said = read_readings(readings) if readings else None
    made = reconcile(**frames, reference=stated, texts=texts, readings=said, held_out=held_out)
    target = Path(out) if out else None
    page = target.read_text(encoding="utf-8") if target and target.suffix.lower() == ".md" and target.exists() else ""
    if target and target.suffix.lower() == ".csv":
        report = made.to_csv()
    else:
        report = made.fill(page) if _PLACE.search(page) else made.to_text(limit)
    if target:
        target.write_text(report, encoding="utf-8", newline="\n")
    else:
        print(report, end="")
    return 0 if len(made.cells) else 4
