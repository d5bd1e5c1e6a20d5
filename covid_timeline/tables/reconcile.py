"""Our city_by_date against an independent table of counts: what agrees, what differs, and why where that can be seen.

The reference is a CSV in the shape of canghailan/Wuhan-2019-nCoV: `date, country, countryCode, province,
provinceCode, city, cityCode, confirmed, suspected, cured, dead`, counts cumulative, codes those of GB/T 2260; an
empty city means the whole province, an empty province the whole country. Its `suspected` is not compared: sources
differ on whether it is cumulative. Daily new counts are the differences of two neighbouring days.

A figure with a hedge agrees with every reference value that it does not contradict (300多例 agrees with 340).
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from covid_timeline.tables.cities import ABOUT, definition_breaks
from covid_timeline.tables.manifest import locate

COLUMNS = {"confirmed": "confirmed", "cured": "recovered", "dead": "deaths"}
"""Columns of the reference and the indicators they begin: `confirmed_cumulative`, `confirmed_new`, ..."""

LEVELS = ("country", "province", "prefecture", "county")

CAUSES: Mapping[str, str] = {
    "country_scope": "the reference counts Hong Kong, Macau and Taiwan with the country, national bulletins do not",
    "not_by_city": "the reference counts these for the province and leaves its cities at nought",
    "reference_parts": "the reference's own cities do not add up to its province: they are of another hour",
    "previous_day": "the reference has this value on the day before: another hour of the day",
    "next_day": "the reference has this value on the day after: another hour of the day",
    "between": "between the reference's values of two neighbouring days: another hour of the day",
    "other_bulletin": "another figure of the same day has the reference's value",
    "correction": "a correction is stated on the day or the day after",
    "definition": "a change of definition is stated on the day or the day before",
    "reference_fall": "the reference itself falls on the day or the day after, without saying why",
    "cumulative": "a new figure whose cumulative figure of the day, or of the day before, differs too",
    "unexplained": "none of these: read the sentence",
}
"""What a difference is put down to, in this order; the first that fits is named."""

_APART = ("710000", "810000", "820000")
_DAY = dt.timedelta(days=1)


class Difference(NamedTuple):
    """One value of ours that the reference contradicts."""

    region_code: str
    region_name: str
    region_level: str
    date: dt.date
    indicator: str
    value: float
    qualifier: str
    reference: int
    cause: str  # a key of CAUSES
    n_sources: int
    conflict: bool
    metric_id: str
    doc_id: str
    url: str
    value_quote: str
    quote: str  # the sentence, or where it stands for a reader who has the text

    @property
    def size(self) -> float:
        """How far apart the values are."""
        return abs(self.value - self.reference)


class Share(NamedTuple):
    """How many values were compared, and how many agree; `explained` are different for a cause that can be seen."""

    compared: int
    agree: int
    explained: int

    @property
    def agreement(self) -> float:
        """Share of values that agree; 1 where none was compared."""
        return self.agree / self.compared if self.compared else 1.0


class Reconciliation(NamedTuple):
    """What the comparison found."""

    shares: dict[tuple[str, str], Share]  # by indicator and level
    by_date: dict[tuple[str, dt.date], Share]  # by indicator and day
    differences: list[Difference]  # the largest first
    absent: Counter[str]  # our values without a counterpart, by reason
    intraday: Share  # figures within a day that lie between the reference's values of the day before and the day

    def to_text(self, limit: int = 20) -> str:
        """A report for a terminal, with the largest differences."""
        return "\n".join(_report(self, limit, markdown=False)) + "\n"

    def to_markdown(self, limit: int = 100) -> str:
        """A report as Markdown; text from articles is escaped."""
        return "\n".join(_report(self, limit, markdown=True)) + "\n"

    def to_csv(self) -> str:
        """Every difference, one row each. Cells that a spreadsheet would run as a formula are neutralised."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*Difference._fields, "size"])
        for one in self.differences:
            cells = [*one, one.size]
            writer.writerow([_inert(cell) if isinstance(cell, str) else cell for cell in cells])
        return out.getvalue()


class Reference(NamedTuple):
    """The independent counts: (region code, day) -> indicator -> value."""

    values: dict[tuple[str, dt.date], dict[str, int]]
    parts: dict[tuple[str, dt.date], dict[str, int]]  # sums of the rows below a province, those without a code too
    unread: list[str]  # rows that no count could be read from, named

    def adds_up(self, region: str, day: dt.date, subject: str) -> bool:
        """Whether the parts of a place's province add up to it on a day; true where that cannot be told."""
        key = region[:2] + "0000", day
        if key not in self.values or key not in self.parts:
            return True
        return self.values[key][subject] == self.parts[key][subject]

    def get(self, region: str, day: dt.date, indicator: str) -> int | None:
        """The value of one place, day and indicator; new counts by difference."""
        subject, _, kind = indicator.partition("_")
        here = self.values.get((region, day))
        if here is None or subject not in here:
            return None
        if kind == "cumulative":
            return here[subject]
        before = self.values.get((region, day - _DAY))
        return here[subject] - before[subject] if kind == "new" and before else None


def read_reference(path: Path | str) -> Reference:
    """Read the reference table.

    Raises:
        ValueError: a column is missing; the message names the file and the columns it has.
        OSError: the file cannot be opened.
    """
    path = Path(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        wanted = ["date", "countryCode", "province", "provinceCode", "city", "cityCode", *COLUMNS]
        if missing := [name for name in wanted if name not in (reader.fieldnames or [])]:
            raise ValueError(
                f"{path}: no column {', '.join(missing)}; the file has {', '.join(reader.fieldnames or []) or 'none'}"
            )
        values: dict[tuple[str, dt.date], dict[str, int]] = {}
        parts: dict[tuple[str, dt.date], dict[str, int]] = {}
        unread = []
        for number, row in enumerate(reader, 2):
            if row["countryCode"] != "CN":
                continue
            try:
                day = dt.date.fromisoformat(row["date"])
                counts = {subject: int(row[column]) for column, subject in COLUMNS.items()}
            except (TypeError, ValueError) as error:
                unread.append(f"{path}: line {number}: {error}")
                continue
            if row["city"]:
                sums = parts.setdefault((row["provinceCode"], day), dict.fromkeys(COLUMNS.values(), 0))
                for subject, count in counts.items():
                    sums[subject] += count
            # A row without a code of its own (外地来京, 未公布来源) is a part that no bulletin names.
            code = row["cityCode"] if row["city"] else row["provinceCode"] if row["province"] else "100000"
            if code:
                values[code, day] = counts
    return Reference(values, parts, unread)


def reconcile(
    city_by_date: pa.Table,
    reference_csv: Path | str,
    *,
    metrics: pa.Table | None = None,
    documents: pa.Table | None = None,
    city_intraday: pa.Table | None = None,
    texts: Mapping[str, str] | None = None,
) -> Reconciliation:
    """Compare our table with an independent one.

    Args:
        city_by_date: ours.
        reference_csv: see the module's head.
        metrics, documents: give the sentence and the address of each difference.
        city_intraday: figures within a day, checked against the values that stand around them.
        texts: raw texts by doc_id, for the sentences that a publication withholds.

    Raises:
        ValueError: the reference lacks a column.
        OSError: the reference cannot be opened.
    """
    reference = read_reference(reference_csv)
    indicators = {f"{subject}_{kind}" for subject in COLUMNS.values() for kind in ("cumulative", "new")}
    rows = [row for row in city_by_date.to_pylist() if row["indicator"] in indicators]
    corrections = {(row["region_code"], row["date"]) for row in rows if row["is_correction"]}
    ours = {
        (row["region_code"], row["date"], row["indicator"]): row["value"] for row in rows if row["qualifier"] == "exact"
    }
    counts: Counter[tuple[str, str, dt.date, str]] = Counter()
    absent: Counter[str] = Counter()
    found: list[tuple[dict[str, Any], int, str]] = []
    regions = {code for code, _ in reference.values}
    for row in rows:
        stated = reference.get(row["region_code"], row["date"], row["indicator"])
        if stated is None:
            known = row["region_code"] in regions
            absent["no such day in the reference" if known else "no such place in the reference"] += 1
            continue
        if agrees(row["value"], row["qualifier"], stated):
            verdict = "agree"
        else:
            cause = _cause(row, stated, reference, corrections, ours)
            found.append((row, stated, cause))
            verdict = "explained" if cause != "unexplained" else "differ"
        counts[row["indicator"], row["region_level"], row["date"], verdict] += 1
    return Reconciliation(
        shares=_shares(counts, lambda key: (key[0], key[1])),
        by_date=_shares(counts, lambda key: (key[0], key[2])),
        differences=_differences(found, metrics, documents, texts or {}),
        absent=absent,
        intraday=_intraday(city_intraday, reference),
    )


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


def run_reconcile(
    tables: Path | str,
    reference: Path | str,
    out: Path | str | None = None,
    *,
    texts: Mapping[str, str] | None = None,
    limit: int = 20,
) -> int:
    """Compare published tables with a reference and print or write the report; what the command line calls.

    Args:
        tables: folder with the published tables.
        reference: see the module's head.
        out: a file to write; `.csv` lists every difference, `.md` is a page, anything else is plain text. Printed
            where None.
        texts: raw texts by doc_id, for sentences that the publication withholds.
        limit: how many differences a text report shows; a page shows five times as many.

    Returns:
        Exit code: 0 compared, whatever was found; 4 nothing could be compared.

    Raises:
        ValueError, OSError: a table or the reference cannot be read.
    """
    folder = Path(tables)
    names = ("city_by_date", "metrics", "documents", "city_intraday")
    read = {name: pq.ParquetFile(locate(folder, f"{name}.parquet")).read() for name in names}
    made = reconcile(
        read["city_by_date"],
        reference,
        metrics=read["metrics"],
        documents=read["documents"],
        city_intraday=read["city_intraday"],
        texts=texts,
    )
    suffix = Path(out).suffix.lower() if out else ""
    if suffix == ".csv":
        report = made.to_csv()
    else:
        report = made.to_markdown(5 * limit) if suffix == ".md" else made.to_text(limit)
    if out:
        Path(out).write_text(report, encoding="utf-8", newline="\n")
    else:
        print(report, end="")
    return 0 if made.shares else 4


# --- causes -------------------------------------------------------------------------------------------------------


def _cause(
    row: Mapping[str, Any],
    stated: int,
    reference: Reference,
    corrections: set[tuple[str, dt.date]],
    ours: Mapping[tuple[str, dt.date, str], float],
) -> str:
    region, day, indicator, value = row["region_code"], row["date"], row["indicator"], row["value"]
    subject = indicator.partition("_")[0]

    def at(shift: int) -> int | None:
        return reference.get(region, day + shift * _DAY, indicator)

    is_part = not region.endswith("0000")
    if region == "100000":
        elsewhere = [reference.get(code, day, indicator) or 0 for code in _APART]
        if value == stated - sum(elsewhere):
            return "country_scope"
    whole = reference.get(region[:2] + "0000", day, f"{subject}_cumulative")
    if is_part and whole and reference.get(region, day, f"{subject}_cumulative") == 0:
        return "not_by_city"
    # A small number is soon the same as that of a neighbouring day; what the reference says of itself is stronger.
    days = (day, day - _DAY)
    if is_part and indicator.endswith("_new") and not all(reference.adds_up(region, one, subject) for one in days):
        return "reference_parts"
    before, after = at(-1), at(1)
    if before is not None and agrees(value, row["qualifier"], before):
        return "previous_day"
    if after is not None and agrees(value, row["qualifier"], after):
        return "next_day"
    if indicator.endswith("_cumulative"):
        if before is not None and before <= value <= stated:
            return "between"
        if after is not None and stated <= value <= after:
            return "between"
    if is_part and not reference.adds_up(region, day, subject):
        return "reference_parts"
    if stated in (row["value_min"], row["value_max"]):
        return "other_bulletin"
    if any((region, day + shift * _DAY) in corrections for shift in (0, 1)):
        return "correction"
    for one in definition_breaks():
        inside = one.region_code == region or _contains(one.region_code, region)
        if inside and indicator in one.indicators and one.date <= day <= one.date + _DAY:
            return "definition"
    total = f"{subject}_cumulative"
    line = [reference.get(region, day + shift * _DAY, total) for shift in (-1, 0, 1)]
    if any(a is not None and b is not None and b < a for a, b in itertools.pairwise(line)):
        return "reference_fall"
    if indicator.endswith("_new"):
        for shift in (0, -1):
            theirs, here = reference.get(region, day + shift * _DAY, total), ours.get((region, day + shift * _DAY, total))
            if theirs is not None and here is not None and theirs != here:
                return "cumulative"
    return "unexplained"


def _contains(outer: str, inner: str) -> bool:
    stem = outer[:2] if outer.endswith("0000") else outer[:4] if outer.endswith("00") else outer
    return inner.startswith(stem) and outer != "100000"


def _intraday(table: pa.Table | None, reference: Reference) -> Share:
    compared = agree = 0
    for row in table.to_pylist() if table is not None else ():
        if not row["indicator"].endswith("_cumulative"):
            continue
        before = reference.get(row["region_code"], row["date"] - _DAY, row["indicator"])
        after = reference.get(row["region_code"], row["date"], row["indicator"])
        if before is None or after is None:
            continue
        compared += 1
        low, high = sorted((before, after))
        agree += low <= row["value"] <= high or agrees(row["value"], row["qualifier"], high)
    return Share(compared, agree, 0)


# --- reports ------------------------------------------------------------------------------------------------------


def _shares(counts: Counter[tuple[str, str, dt.date, str]], key: Any) -> dict[Any, Share]:
    found: dict[Any, Counter[str]] = {}
    for one, count in counts.items():
        found.setdefault(key(one), Counter())[one[3]] += count
    return {
        name: Share(sum(verdicts.values()), verdicts["agree"], verdicts["explained"])
        for name, verdicts in sorted(found.items())
    }


def _differences(
    found: Iterable[tuple[dict[str, Any], int, str]],
    metrics: pa.Table | None,
    documents: pa.Table | None,
    texts: Mapping[str, str],
) -> list[Difference]:
    found = list(found)
    wanted = {row["metric_id"] for row, _, _ in found}
    told: dict[str, dict[str, Any]] = {}
    if metrics is not None:
        columns = ["metric_id", "doc_id", "value_quote", "value_char_start", "value_char_end", "quote", "char_start", "char_end"]
        mask = pa.array([one in wanted for one in metrics["metric_id"].to_pylist()], pa.bool_())
        told = {row["metric_id"]: row for row in metrics.select(columns).filter(mask).to_pylist()}
    urls = {}
    if documents is not None:
        urls = dict(zip(documents["doc_id"].to_pylist(), documents["url"].to_pylist(), strict=True))
    made = []
    for row, stated, cause in found:
        figure = told.get(row["metric_id"], {})
        doc_id = figure.get("doc_id") or row["metric_id"].rpartition(":")[0]
        made.append(
            Difference(
                **{name: row[name] for name in ("region_code", "region_name", "region_level", "date", "indicator")},
                **{name: row[name] for name in ("value", "qualifier", "n_sources", "conflict", "metric_id")},
                reference=stated,
                cause=cause,
                doc_id=doc_id,
                url=urls.get(doc_id) or "",
                value_quote=figure.get("value_quote") or _slice(texts, doc_id, figure, "value_char"),
                quote=figure.get("quote") or _slice(texts, doc_id, figure, "char"),
            )
        )
    made.sort(key=lambda one: (-one.size, one.indicator, one.region_code, one.date))
    return made


def _slice(texts: Mapping[str, str], doc_id: str, figure: Mapping[str, Any], span: str) -> str:
    if not figure:
        return ""
    start, end = figure[f"{span}_start"], figure[f"{span}_end"]
    return texts[doc_id][start:end] if doc_id in texts else f"(characters {start} to {end} of {doc_id})"


def _report(made: Reconciliation, limit: int, *, markdown: bool) -> list[str]:
    head = ["indicator", "level", "compared", "agree", "%", "differ, cause seen", "unexplained"]
    rows = [
        [indicator, level, *_numbers(share)]
        for (indicator, level), share in sorted(made.shares.items(), key=lambda item: (item[0][0], LEVELS.index(item[0][1])))
    ]
    lines = ["# Reconciliation" if markdown else "Reconciliation", "", *_table(head, rows, markdown), ""]
    causes = Counter(one.cause for one in made.differences)
    head = ["cause", "differences", "meaning"]
    lines += _table(head, [[name, str(causes[name]), CAUSES[name]] for name in CAUSES if causes[name]], markdown)
    lines += ["", f"Within a day: {made.intraday.agree} of {made.intraday.compared} cumulative figures lie between the reference's values around them."]
    lines += [f"Not compared: {count} ({reason})." for reason, count in sorted(made.absent.items())]
    by_date = [[str(day), indicator, *_numbers(share)[:3]] for (indicator, day), share in made.by_date.items() if share.agree < share.compared]
    lines += ["", f"{len(made.differences)} differences, the largest first:" if made.differences else "No difference.", ""]
    head = ["date", "place", "indicator", "ours", "reference", "cause", "sentence", "from"]
    shown = [
        [str(one.date), f"{one.region_name} {one.region_code}", one.indicator, f"{one.value:g}{'' if one.qualifier == 'exact' else ' ' + one.qualifier}",
         str(one.reference), one.cause, one.quote, one.metric_id]
        for one in made.differences[:limit]
    ]  # fmt: skip
    lines += _table(head, shown, markdown)
    if markdown and by_date:
        lines += ["", "Days with differences:", "", *_table(["date", "indicator", "compared", "agree", "%"], by_date, markdown)]
    return lines


def _numbers(share: Share) -> list[str]:
    unexplained = share.compared - share.agree - share.explained
    return [*map(str, (share.compared, share.agree)), f"{100 * share.agreement:.1f}", str(share.explained), str(unexplained)]


def _table(head: list[str], rows: list[list[str]], markdown: bool) -> list[str]:
    clean = [[_plain(cell, markdown) for cell in row] for row in rows]
    if markdown:
        return [f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *clean]]
    widths = [max(len(row[i]) for row in [head, *clean]) for i in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in [head, *clean]]


def _plain(cell: str, markdown: bool) -> str:
    cell = "".join(char if char.isprintable() else " " for char in cell)
    if markdown:
        for char in "\\|`*_<>[]#":
            cell = cell.replace(char, "\\" + char) if char != "<" else cell.replace("<", "&lt;")
    return cell


def _inert(cell: str) -> str:
    return "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
