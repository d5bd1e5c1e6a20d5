"""Our city_by_date against an independent table of counts: what agrees, what differs, and why where that can be seen.

The reference is a CSV in the shape of canghailan/Wuhan-2019-nCoV: `date, country, countryCode, province,
provinceCode, city, cityCode, confirmed, suspected, cured, dead`, counts cumulative, codes those of GB/T 2260; an
empty city means the whole province, an empty province the whole country. Its `suspected` is not compared: sources
differ on whether it is cumulative. Daily new counts are the differences of two neighbouring days.

A figure with a hedge agrees with every reference value that it does not contradict (300多例 agrees with 340).

Two things go with it. **Readings**: what somebody who read the sentence says of a difference, kept in a CSV
(docs/reconciliation-readings.csv); a reading holds for one place, day, indicator and pair of values, so it falls out by
itself once the difference is gone or another one. **Recall**: where the texts are at hand, a small reader that shares
nothing with the extractor looks for counts in the plainest form there is, and tells how many of them we have.

A page with places for it (`<!-- begin: figures -->` … `<!-- end: figures -->`) is filled in, and its prose stays.
"""

from __future__ import annotations

import bisect
import csv
import datetime as dt
import functools
import io
import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from covid_timeline.mentions.places import gazetteer
from covid_timeline.tables.cities import ABOUT, definition_breaks
from covid_timeline.tables.reading_guard import read_published
from covid_timeline.text.shown import neutralise, printable

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

VERDICTS: Mapping[str, str] = {
    "another_hour": "another hour of the day",
    "another_definition": "another definition",
    "reference_error": "the reference's error",
    "misreading": "our misreading",
    "slip_of_text": "the text's own slip",
}
"""What a person can say of a difference."""

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


class Reading(NamedTuple):
    """What a person who read the sentence says of one difference; a row of the CSV of readings."""

    date: dt.date
    region_code: str
    region_name: str
    indicator: str
    value: float
    reference: int
    verdict: str  # a key of VERDICTS
    why: str
    doc_id: str

    @property
    def key(self) -> tuple[object, ...]:
        """What it holds for: any change of these and it says nothing any more."""
        return self.date, self.region_code, self.indicator, self.value, self.reference


class Read(NamedTuple):
    """Differences in cumulative figures, sorted by whether somebody has read them."""

    read: list[Reading]
    unread: list[Difference]
    gone: list[Reading]  # of differences that are no longer there


class Missed(NamedTuple):
    """A count that a text states and that we do not have."""

    doc_id: str
    start: int
    quote: str
    region_code: str
    value: int


class Recall(NamedTuple):
    """How many of the counts that stand in the texts in the plainest form we have, with place, value and indicator."""

    stated: int
    found: int
    missed: list[Missed]


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
    hand: Read | None = None
    recall: Recall | None = None

    def to_text(self, limit: int = 20) -> str:
        """A report for a terminal, with the largest differences."""
        return "\n".join(_report(self, limit, markdown=False)) + "\n"

    def to_markdown(self, limit: int = 100) -> str:
        """A report as Markdown; text from articles is escaped."""
        return "\n".join(_report(self, limit, markdown=True)) + "\n"

    def fill(self, page: str) -> str:
        """A page with its places filled: figures, causes, within, readings, recall.

        Raises:
            ValueError: a place has another name than these, or nothing was given to fill it with.
        """
        parts = _parts(self)

        def put(match: re.Match[str]) -> str:
            if match[1] not in parts:
                raise ValueError(f"nothing to fill {match[1]!r} with; there is {', '.join(parts)}")
            return f"<!-- begin: {match[1]} -->\n" + "\n".join(parts[match[1]]) + f"\n<!-- end: {match[1]} -->"

        return _PLACE.sub(put, page)

    def to_csv(self) -> str:
        """Every difference, one row each. Cells that a spreadsheet would run as a formula are neutralised."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*Difference._fields, "size"])
        for one in self.differences:
            cells = [*one, one.size]
            writer.writerow([neutralise(cell) if isinstance(cell, str) else cell for cell in cells])
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
    readings: Path | str | None = None,
    held_out: Collection[str] = (),
) -> int:
    """Compare published tables with a reference and print or write the report; what the command line calls.

    Args:
        tables: folder with the published tables.
        reference: see the module's head.
        out: a file to write; `.csv` lists every difference, `.md` is a page (one that is there already and has places
            to fill is filled), anything else is plain text. Printed where None.
        texts: raw texts by doc_id, for sentences that the publication withholds, and for the recall.
        limit: how many differences a text report shows; a page shows five times as many.
        readings: the CSV of what people said of differences.
        held_out: documents that the recall leaves out, for nobody may read what was missed in them.

    Returns:
        Exit code: 0 compared, whatever was found; 4 nothing could be compared.

    Raises:
        ValueError, OSError: a table or the reference cannot be read.
    """
    folder = Path(tables)
    names = ("city_by_date", "metrics", "documents", "city_intraday")
    read = read_published(folder, names)
    made = reconcile(
        read["city_by_date"],
        reference,
        metrics=read["metrics"],
        documents=read["documents"],
        city_intraday=read["city_intraday"],
        texts=texts,
    )
    if readings:
        made = made._replace(hand=sort_readings(made.differences, read_readings(readings)))
    if texts:
        kept = {doc_id: text for doc_id, text in texts.items() if doc_id not in held_out}
        made = made._replace(recall=measure_recall(kept, read["metrics"]))
    suffix = Path(out).suffix.lower() if out else ""
    page = Path(out).read_text(encoding="utf-8") if out and suffix == ".md" and Path(out).exists() else ""
    if suffix == ".csv":
        report = made.to_csv()
    elif _PLACE.search(page):
        report = made.fill(page)
    else:
        report = made.to_markdown(5 * limit) if suffix == ".md" else made.to_text(limit)
    if out:
        Path(out).write_text(report, encoding="utf-8", newline="\n")
    else:
        print(report, end="")
    return 0 if made.shares else 4


# --- readings -----------------------------------------------------------------------------------------------------


def read_readings(path: Path | str) -> list[Reading]:
    """The readings of a CSV with the columns of `Reading`.

    Raises:
        ValueError: a column is missing, or a row is no reading; the message names the line.
        OSError: the file cannot be opened.
    """
    path = Path(path)
    found = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if missing := [name for name in Reading._fields if name not in (reader.fieldnames or [])]:
            raise ValueError(f"{path}: no column {', '.join(missing)}")
        for number, row in enumerate(reader, 2):
            try:
                day, value, stated = dt.date.fromisoformat(row["date"]), float(row["value"]), int(row["reference"])
            except (TypeError, ValueError) as error:
                raise ValueError(f"{path}: line {number}: {error}") from None
            if row["verdict"] not in VERDICTS:
                raise ValueError(f"{path}: line {number}: the verdict is {', '.join(VERDICTS)}, not {row['verdict']!r}")
            words = {name: row[name] for name in Reading._fields}
            found.append(Reading(**words | {"date": day, "value": value, "reference": stated}))  # type: ignore[arg-type]
    return found


def sort_readings(differences: Sequence[Difference], readings: Sequence[Reading]) -> Read:
    """Which differences in cumulative figures somebody has read, which not, and which readings are of none."""
    known = {one.key: one for one in readings}
    read, unread = [], []
    for one in sorted(differences, key=lambda one: (one.date, one.doc_id, one.region_code, one.indicator)):
        if one.indicator.endswith("_cumulative"):
            reading = known.pop((one.date, one.region_code, one.indicator, one.value, one.reference), None)
            if reading is None:
                unread.append(one)
            else:
                read.append(reading)
    return Read(read, unread, list(known.values()))


# --- recall -------------------------------------------------------------------------------------------------------

_CUE = re.compile(
    "累计(?!追踪|排除|治愈|出院|死亡|解除|病亡|密切)|新增|现有|治愈|出院|死亡|病亡|疑似|重症|危重|追踪|转入"
)
_BRACKETS = re.compile(r"[（(][^（()）]{0,500}[)）]")
_HEAD_CHARS = 300  # the noun of a list stands at its head
_CLOCK = re.compile(r"([0-9]{1,2})\s?[时点]")


@functools.lru_cache(maxsize=1)
def _plain_count() -> tuple[re.Pattern[str], Mapping[str, str]]:
    names: dict[str, str] = {}
    for row in gazetteer():
        if row.level == "prefecture" and row.valid_to is None:
            names[row.name] = names[row.short_name] = row.region_code
            for ending in ("市", "州"):
                names.setdefault(row.short_name + ending, row.region_code)
    longest_first = "|".join(sorted(map(re.escape, names), key=lambda name: (-len(name), name)))
    return re.compile(f"({longest_first})\\s?(?:累计)?(?:确诊)?(?:病例)?\\s?([0-9]{{1,7}})\\s?例"), names


def stated_counts(raw: str) -> list[tuple[str, int, int, int]]:
    """Cumulative confirmed counts of prefectures in the plainest form: a place, N例, the last cue before it 累计.

    Nothing of the extractor is used. Texts that name an hour, and never 24时, state no counts of a day's end.

    Returns:
        Code, value, and where the number stands in the raw text.

    >>> stated_counts("截至2月3日24时，累计确诊病例38例，其中聊城市15例、济南12例；新增病例中，青岛2例。")
    [('371500', 15, 25, 27), ('370100', 12, 31, 33)]
    """
    clocks = {match[1] for match in _CLOCK.finditer(raw)}
    if clocks and "24" not in clocks:
        return []
    pattern, names = _plain_count()
    brackets = [match.span() for match in _BRACKETS.finditer(raw)]
    ends = [end for _, end in brackets]
    cues = [match.span() for match in _CUE.finditer(raw)]
    cue_ends = [end for _, end in cues]

    def closed(at: int, before: int) -> bool:
        """Whether a place in the text stands in brackets that are closed before another."""
        i = bisect.bisect_right(ends, at)
        return i < len(brackets) and brackets[i][0] <= at and ends[i] <= before

    found = []
    for match in pattern.finditer(raw):
        here = match.start()
        last = bisect.bisect_right(cue_ends, here) - 1
        while last >= 0 and closed(cues[last][0], here):
            last -= 1
        if last < 0 or not raw.startswith("累计", cues[last][0]):
            continue
        cue = cues[last][0]
        between = _BRACKETS.sub("", raw[cue : min(here, cue + _HEAD_CHARS)])
        if "确诊" in between or "病例" in between:
            found.append((names[match[1]], int(match[2]), *match.span(2)))
    return found


def measure_recall(texts: Mapping[str, str], metrics: pa.Table) -> Recall:
    """How many of the `stated_counts` of the texts are in metrics, with place, value and indicator right."""
    columns = ["doc_id", "indicator", "value", "region_code", "value_char_start", "value_char_end"]
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in metrics.select(columns).to_pylist():
        if row["indicator"] == "confirmed_cumulative":
            rows.setdefault(row["doc_id"], []).append(row)
    stated, missed = 0, []
    for doc_id, raw in sorted(texts.items()):
        for code, value, start, end in stated_counts(raw):
            stated += 1
            if not any(
                row["value_char_start"] <= start < row["value_char_end"] and (row["region_code"], row["value"]) == (code, value)
                for row in rows.get(doc_id, ())
            ):
                missed.append(Missed(doc_id, start, raw[max(0, start - 20) : end + 1], code, value))
    return Recall(stated, stated - len(missed), missed)


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


_PLACE = re.compile(r"<!-- begin: ([a-z]+) -->\n.*?<!-- end: \1 -->", re.S)
_SHOWN_PLACES = 3


def _parts(made: Reconciliation, *, markdown: bool = True) -> dict[str, list[str]]:
    """The parts of a report by name, those of which there is something to say."""
    head = ["indicator", "level", "compared", "agree", "%", "differ, cause seen", "unexplained", "agree or cause seen, %"]
    rows = [
        [indicator, level, *_numbers(share), f"{100 * (share.agree + share.explained) / share.compared:.1f}"]
        for (indicator, level), share in sorted(made.shares.items(), key=lambda item: (item[0][0], LEVELS.index(item[0][1])))
    ]
    causes = Counter(one.cause for one in made.differences)
    told = [[name, str(causes[name]), CAUSES[name]] for name in CAUSES if causes[name]]
    parts = {
        "figures": _table(head, rows, markdown),
        "causes": _table(["cause", "differences", "meaning"], told, markdown),
        "within": [
            f"Within a day: {made.intraday.agree} of {made.intraday.compared} cumulative figures lie between the reference's values around them.",
            *(f"Not compared: {count} ({reason})." for reason, count in sorted(made.absent.items())),
        ],
    }
    if markdown:
        parts["within"] = [f"- {line}" for line in parts["within"]]
    if made.hand:
        parts["readings"] = _hand(made.hand, markdown)
    if made.recall:
        parts["recall"] = _recalled(made.recall, markdown)
    return parts


def _hand(hand: Read, markdown: bool) -> list[str]:
    counts = Counter(one.verdict for one in hand.read)
    by_cause = ", ".join(f"{VERDICTS[name]} {counts[name]}" for name in VERDICTS if counts[name])
    lines = [f"Of {len(hand.read) + len(hand.unread)} differences in cumulative figures {len(hand.read)} were read by hand: {by_cause or 'none'}."]
    if hand.unread:
        shown = [f"{one.date} {one.region_name} {one.indicator} ({one.doc_id})" for one in hand.unread[:20]]
        more = f" and {len(hand.unread) - len(shown)} more" if len(hand.unread) > len(shown) else ""
        lines.append(f"Not read: {_plain('; '.join(shown), markdown)}{more}.")
    if hand.gone:
        lines.append(f"{len(hand.gone)} earlier readings are of differences that are gone.")
    rows = []
    for (day, doc_id, verdict, why, indicator), group in itertools.groupby(
        sorted(hand.read, key=lambda one: (one.date, one.doc_id, one.verdict, one.why, one.indicator, -one.value)),
        key=lambda one: (one.date, one.doc_id, one.verdict, one.why, one.indicator),
    ):
        all_ = list(group)
        some = all_[:_SHOWN_PLACES]
        names = ", ".join(one.region_name for one in some)
        names += f" and {len(all_) - len(some)} more" if len(all_) > len(some) else ""
        subject = indicator.removesuffix("_cumulative")
        values = (", ".join(f"{number:,.12g}" for number in numbers) for numbers in ([one.value for one in some], [one.reference for one in some]))
        rows.append([str(day), names, subject, *values, VERDICTS[verdict] + (f": {why}" if why else ""), doc_id])
    head = ["day", "place", "count", "ours", "reference", "read as", "in"]
    return [*lines, "", *_table(head, rows, markdown)] if rows else lines


def _recalled(recall: Recall, markdown: bool) -> list[str]:
    share = f" ({100 * recall.found / recall.stated:.1f}%)" if recall.stated else ""
    lines = [f"Stated in the plainest form: {recall.stated}; in the tables with place, value and indicator right: {recall.found}{share}."]
    if recall.missed:
        counts = Counter(one.doc_id for one in recall.missed)
        first = {one.doc_id: one for one in reversed(recall.missed)}
        rows = [[doc_id, str(count), f"{first[doc_id].region_code} {first[doc_id].value} at character {first[doc_id].start}"] for doc_id, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
        lines += ["", *_table(["missed in", "counts", "the first of them"], rows, markdown)]
    return lines


def _report(made: Reconciliation, limit: int, *, markdown: bool) -> list[str]:
    lines = ["# Reconciliation" if markdown else "Reconciliation", ""]
    lines += [line for part in _parts(made, markdown=markdown).values() for line in (*part, "")][:-1]
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
    cell = printable(cell, None)
    if markdown:
        for char in "\\|`*_<>[]#":
            cell = cell.replace(char, "\\" + char) if char != "<" else cell.replace("<", "&lt;")
    return cell


