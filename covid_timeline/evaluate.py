"""How good are the tables? Scores against hand annotations, and what a change moved.

Gold is JSON lines: `kind` (date, metric, event), `doc`, `start`, `end` (code points into the raw text), the fields of
the data contract (`region` is the region code), and `optional` (borderline: neither rewarded nor punished).

The three levels:

- **found**: the spans overlap, whatever the row says;
- **value**: found, and the normalised value is right (date: both ends; metric: value, value_high, unit, qualifier;
  event: category);
- **full**: value, and the rest is right too (metric: indicator, region and the date where gold states one;
  event: category, both dates, region).

No pandas here: reading three Parquet files and counting does not need it.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

Row = dict[str, Any]
"""One row of a table, or one gold annotation."""

KINDS = ("date", "metric", "event")
LEVELS = ("found", "value", "full")

SPAN_COLUMNS = {
    "date": ("char_start", "char_end"),
    "metric": ("value_char_start", "value_char_end"),
    "event": ("date_char_start", "date_char_end"),
}

_BREAKDOWN = {"date": "precision", "metric": "indicator", "event": "category"}


class Rate(NamedTuple):
    """Precision, recall and F1, each 0 to 1 and rounded to four places."""

    precision: float
    recall: float
    f1: float

    @classmethod
    def of(cls, right: int, predicted: int, gold: int) -> Rate:
        """The rates of `right` answers among `predicted` rows and `gold` annotations; 0 where a total is 0."""
        precision = right / predicted if predicted else 0.0
        recall = right / gold if gold else 0.0
        both = precision + recall
        return cls(round(precision, 4), round(recall, 4), round(2 * precision * recall / both, 4) if both else 0.0)


class Tally(NamedTuple):
    """Counts from which rates follow: annotations, rows, and rows right at each level."""

    gold: int = 0
    predicted: int = 0
    found: int = 0
    value: int = 0
    full: int = 0

    def rate(self, level: str) -> Rate:
        """Precision, recall and F1 at `found`, `value` or `full`."""
        return Rate.of(getattr(self, level), self.predicted, self.gold)

    def plus(self, **counts: int) -> Tally:
        """A new tally with the counts added."""
        return self._replace(**{name: getattr(self, name) + n for name, n in counts.items()})


class Mistake(NamedTuple):
    """One disagreement: `what` is `missed`, `spurious` or `wrong FIELD,FIELD`."""

    kind: str
    what: str
    gold: Row | None
    row: Row | None


class KindScore(NamedTuple):
    """The score of one table. `fields` counts (right, seen) over the found rows."""

    tally: Tally
    fields: dict[str, tuple[int, int]]
    by_rule: dict[str, Tally]  # rows only: a missed annotation has no rule, so recall by rule has no meaning
    by_class: dict[str, Tally]  # by precision (dates), indicator (metrics) or category (events) of the annotation
    confusions: Counter[tuple[str, str, str]]  # (field, gold, row) -> how often
    mistakes: list[Mistake]


def read_gold(paths: Iterable[Path]) -> list[Row]:
    """Gold annotations from JSON lines files.

    Raises:
        OSError: a file cannot be read.
        ValueError: a line is no annotation; the message names file and line.
    """
    rows: list[Row] = []
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise ValueError(f"{path}, line {number}: not JSON ({str(error)[:200]})") from None
            if not isinstance(row, dict) or not {"kind", "doc", "start", "end"} <= row.keys():
                raise ValueError(f"{path}, line {number}: an annotation needs kind, doc, start and end")
            row.setdefault("optional", False)
            rows.append(row)
    return rows


UNNAMED = "Gold"
"""The set of annotations that were given without a name."""

GoldSets = Mapping[str, Sequence[Row]]
"""Annotations by the name of their set, in the order in which they are reported."""


def read_gold_sets(named: Iterable[tuple[str, Path]], held_out: Collection[str] = ()) -> dict[str, list[Row]]:
    """Gold in named sets; files of one name are one set.

    Args:
        named: name and file, or folder of `.jsonl` files, of each.
        held_out: documents that nobody read while writing rules; what a set holds of them is a set of its own after it.

    Raises:
        OSError: a file cannot be read.
        ValueError: a line is no annotation, a folder holds none, or two sets annotate one document.
    """
    sets: dict[str, list[Row]] = {}
    of: dict[str, str] = {}
    for name, path in named:
        files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
        if not files:
            raise ValueError(f"{path}: no .jsonl file in this folder")
        for note in read_gold(files):
            if of.setdefault(note["doc"], name) != name:
                raise ValueError(f"{path}: {note['doc']} is annotated in {of[note['doc']]} already")
            apart = f"{name}, held out"
            sets.setdefault(name, [])
            sets.setdefault(apart, [])
            sets[apart if note["doc"] in held_out else name].append(note)
    return {name: notes for name, notes in sets.items() if notes}


def read_ids(path: Path) -> frozenset[str]:
    """Document ids from a file, one a line; lines that begin with # are comments."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return frozenset(line for line in lines if line and not line.startswith("#"))


def read_rows(directories: Iterable[Path], table: str) -> list[Row]:
    """The rows of `table` from one or more builds, with NaN read as null.

    Raises:
        FileNotFoundError: a directory has no such table.
        ValueError: the file is not Parquet.
    """
    from covid_timeline.tables.reading_guard import GuardedFile

    rows: list[Row] = []
    for directory in directories:
        path = Path(directory) / f"{table}.parquet"
        if not path.is_file():
            raise FileNotFoundError(f"{path}: no such table; `covid-timeline build` makes it")
        with GuardedFile(path, str(path)) as file:
            found: list[Row] = file.read().to_pylist()
        for row in found:
            for name, value in row.items():
                if isinstance(value, float) and math.isnan(value):
                    row[name] = None
        rows += found
    return rows


def _day(value: Any) -> str | None:
    return None if value is None else str(value)[:10]


def _close(a: Any, b: Any) -> bool:
    if a is None or b is None:
        return a is b
    return math.isclose(float(a), float(b), rel_tol=1e-6, abs_tol=1e-9)


def _value_right(kind: str, gold: Row, row: Row) -> bool:
    if kind == "metric":
        return (
            _close(gold["value"], row["value"])
            and _close(gold.get("value_high"), row.get("value_high"))
            and gold["unit"] == row["unit"]
            and gold["qualifier"] == row["qualifier"]
        )
    if kind == "date":
        return _dates_right(gold, row)
    return bool(gold["category"] == row["category"])


def _dates_right(gold: Row, row: Row) -> bool:
    return bool(_day(row["date_start"]) == gold["date_start"] and _day(row["date_end"]) == gold["date_end"])


def _fields_right(kind: str, gold: Row, row: Row) -> dict[str, bool]:
    if kind == "date":
        right = {"dates": _dates_right(gold, row)}
        return right | {name: gold[name] == row[name] for name in ("precision", "basis")}
    code = row.get("region_code")
    right = {"region": gold.get("region") == (None if code is None else str(code))}
    if kind == "event":
        return right | {"category": gold["category"] == row["category"], "dates": _dates_right(gold, row)}
    right["value"] = _close(gold["value"], row["value"])
    right |= {name: gold[name] == row[name] for name in ("unit", "qualifier", "indicator")}
    if gold.get("date_end"):  # a figure that gold leaves undated may carry any date
        ranged = gold.get("date_start") not in (None, gold["date_end"])
        same_end = gold["date_end"] == _day(row["date_end"])
        right["date"] = same_end and (not ranged or gold["date_start"] == _day(row["date_start"]))
    return right


_OUTSIDE_FULL = frozenset({"precision", "basis"})
_COLUMN_OF_FIELD = {"region": "region_code", "date": "date_end", "dates": "date_start"}


def _pairs(kind: str, gold: Sequence[Row], rows: Sequence[Row]) -> list[tuple[int, int]]:
    """One-to-one pairs (annotation, row): the best first, by category (events), overlap, then agreement."""
    start, end = SPAN_COLUMNS[kind]
    by_doc: defaultdict[str, list[int]] = defaultdict(list)
    for j, row in enumerate(rows):
        if row.get(start) is not None:
            by_doc[row["doc_id"]].append(j)
    candidates = []
    for i, note in enumerate(gold):
        for j in by_doc[note["doc"]]:
            row = rows[j]
            shared = min(note["end"], row[end]) - max(note["start"], row[start])
            if shared <= 0:
                continue
            union = max(note["end"], row[end]) - min(note["start"], row[start])
            same_category = kind == "event" and note["category"] == row["category"]
            agreement = sum(_fields_right(kind, note, row).values())
            candidates.append((same_category, shared / union, agreement, not note["optional"], -i, -j))
    taken_gold: set[int] = set()
    taken_rows: set[int] = set()
    pairs: list[tuple[int, int]] = []
    for *_, minus_i, minus_j in sorted(candidates, reverse=True):
        i, j = -minus_i, -minus_j
        if i not in taken_gold and j not in taken_rows:
            taken_gold.add(i)
            taken_rows.add(j)
            pairs.append((i, j))
    return pairs


def score_kind(kind: str, gold: Sequence[Row], rows: Sequence[Row]) -> KindScore:
    """Score the rows of one table (`kind`: date, metric, event) against its annotations."""
    pairs = _pairs(kind, gold, rows)
    row_of, gold_of = dict(pairs), {j: i for i, j in pairs}
    total = Tally()
    by_rule: defaultdict[str, Tally] = defaultdict(Tally)
    by_class: defaultdict[str, Tally] = defaultdict(Tally)
    right: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    confusions: Counter[tuple[str, str, str]] = Counter()
    wrong: list[Mistake] = []
    field = _BREAKDOWN[kind]

    for i, j in pairs:
        note, row = gold[i], rows[j]
        if note["optional"]:
            continue
        flags = _fields_right(kind, note, row)
        seen.update(list(flags))
        right.update(name for name, ok in flags.items() if ok)
        value = _value_right(kind, note, row)
        full = value and all(ok for name, ok in flags.items() if name not in _OUTSIDE_FULL)
        counts = {"found": 1, "value": int(value), "full": int(full)}
        total = total.plus(**counts)
        rule, label = str(row.get("rule")), str(note.get(field))
        by_rule[rule] = by_rule[rule].plus(**counts)
        by_class[label] = by_class[label].plus(**counts)
        bad = [name for name, ok in flags.items() if not ok]
        for name in bad:
            said, read = note.get(name), row.get(_COLUMN_OF_FIELD.get(name, name))
            if name in ("dates", "date"):
                said, read = (f"{_day(x.get('date_start'))}..{_day(x.get('date_end'))}" for x in (note, row))
            confusions[name, str(said), str(read)] += 1
        if bad:
            wrong.append(Mistake(kind, "wrong " + ",".join(bad), note, row))

    missed, spurious = [], []
    for i, note in enumerate(gold):
        if not note["optional"]:
            total = total.plus(gold=1)
            label = str(note.get(field))
            by_class[label] = by_class[label].plus(gold=1)
            if i not in row_of:
                missed.append(Mistake(kind, "missed", note, None))
    for j, row in enumerate(rows):
        partner = gold_of.get(j)
        if partner is not None and gold[partner]["optional"]:
            continue
        total = total.plus(predicted=1)
        rule = str(row.get("rule"))
        by_rule[rule] = by_rule[rule].plus(predicted=1)
        label = str(row.get(field) if partner is None else gold[partner].get(field))
        by_class[label] = by_class[label].plus(predicted=1)
        if partner is None:
            spurious.append(Mistake(kind, "spurious", None, row))
    fields = {name: (right[name], seen[name]) for name in sorted(seen)}
    return KindScore(total, fields, dict(by_rule), dict(by_class), confusions, wrong + missed + spurious)


def score(tables: Mapping[str, Sequence[Row]], gold: Sequence[Row]) -> dict[str, KindScore]:
    """Score tables (`date`, `metric`, `event` -> rows) on the documents that the gold names."""
    docs = {note["doc"] for note in gold}
    return {
        kind: score_kind(
            kind,
            [note for note in gold if note["kind"] == kind],
            [row for row in tables[kind] if row["doc_id"] in docs],
        )
        for kind in KINDS
    }


def read_tables(directories: Iterable[Path]) -> dict[str, list[Row]]:
    """The three scored tables of one or more builds.

    Raises:
        ValueError: two builds hold a document of the same id; and as `read_rows` does.
    """
    directories = list(directories)
    of: dict[str, Path] = {}
    for directory in directories:
        for row in read_rows([directory], "documents"):
            if of.setdefault(row["doc_id"], directory) != directory:
                raise ValueError(f"{directory}: {of[row['doc_id']]} holds a document {row['doc_id']} too")
    return {kind: read_rows(directories, f"{kind}s") for kind in KINDS}


def absent_documents(directories: Iterable[Path], gold: Iterable[Row]) -> list[str]:
    """Annotated documents that the builds do not hold, sorted; what they state counts as missed."""
    known = {row["doc_id"] for row in read_rows(directories, "documents")}
    return sorted({note["doc"] for note in gold} - known)


def report(scores: Mapping[str, KindScore]) -> dict[str, Any]:
    """The figures as plain data, rounded to four places: what `evaluate --format json` prints."""
    return {
        kind: {
            "gold": one.tally.gold,
            "predicted": one.tally.predicted,
            **{level: one.tally.rate(level)._asdict() for level in LEVELS},
            "fields": {name: round(right / seen, 4) for name, (right, seen) in one.fields.items()},
        }
        for kind, one in scores.items()
    }


# What a change moved -------------------------------------------------------------------------------------------

_KEYS = {
    "documents": ("doc_id",),
    "dates": ("doc_id", "char_start", "char_end"),
    "events": ("event_id",),
    "metrics": ("metric_id",),
    "rejected": ("doc_id", "char_start", "char_end"),
}


class Change(NamedTuple):
    """One row that differs between two builds. `what` is `gained`, `lost` or `changed`."""

    table: str
    what: str
    key: str
    before: Row | None
    after: Row | None

    def fields(self) -> dict[str, tuple[Any, Any]]:
        """The columns that changed, with the value before and after."""
        if self.before is None or self.after is None:
            return {}
        names = self.before.keys() | self.after.keys()
        pairs = {name: (self.before.get(name), self.after.get(name)) for name in sorted(names)}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def compare_builds(before: Path, after: Path) -> list[Change]:
    """Every row gained, lost or changed from build `before` to build `after`, by id, in table and key order.

    Raises as `read_rows` does.
    """
    changes: list[Change] = []
    for table, key in _KEYS.items():
        old, new = (_keyed(read_rows([directory], table), key) for directory in (before, after))
        for name in sorted(old.keys() | new.keys()):
            was, now = old.get(name), new.get(name)
            if was == now:
                continue
            what = "gained" if was is None else "lost" if now is None else "changed"
            changes.append(Change(table, what, "/".join(str(part) for part in name), was, now))
    return changes


def _keyed(rows: Iterable[Row], key: Sequence[str]) -> dict[tuple[Any, ...], Row]:
    found: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        base = tuple(row[name] for name in key)
        n = 0
        while (*base, n) in found:  # two rejected strings may stand on one span
            n += 1
        found[(*base, n)] = row
    return found


# docs/accuracy.md ----------------------------------------------------------------------------------------------

def accuracy_page(
    tables: Mapping[str, Sequence[Row]], sets: GoldSets, absent: Sequence[str] = ()
) -> str:
    """docs/accuracy.md as text: measured figures only, by set, table, field and rule.

    `absent` names annotated documents that the tables do not hold.
    """
    scored = {name: score(tables, notes) for name, notes in sets.items()}
    lines = [
        "# Accuracy",
        "",
        "Generated by `covid-timeline evaluate --write-docs`; do not edit. Every figure is measured on hand",
        "annotations that were read twice, by the same arithmetic as the annotators' own scorer.",
        "",
        "**found**: the spans overlap. **value**: and the normalised value is right. **full**: and so is the rest",
        "(metrics: indicator, region, date; events: category, dates, region). Borderline annotations count neither way.",
        "",
        "| set | documents | table | annotations | rows | found P / R / F1 | value P / R / F1 | full P / R / F1 |",
        "|---|---:|---|---:|---:|---|---|---|",
    ]
    for name, scores in scored.items():
        documents = len({note["doc"] for note in sets[name]})
        for kind, one in scores.items():
            cells = [_cell(one.tally.rate(level)) for level in LEVELS]
            counts = f"{one.tally.gold} | {one.tally.predicted}"
            lines.append(f"| {name} | {documents} | {kind}s | {counts} | {' | '.join(cells)} |")
    lines += [
        "",
        "Sets differ in what they prove. Texts that were read while the rules were written (the articles, the bulletins,",
        "the fresh texts) give an upper bound. Texts that were annotated by somebody else and not read until they were",
        "scored (the blind ones, and what is held out of a set) come nearest to what to expect of texts of one's own.",
        *([f"Not in the tables, so all missed: {', '.join(absent)}."] if absent else []),
        "",
        "## By field",
        "",
        "How often each field is right among the rows that were found.",
        "",
        "| set | table | " + "field | right | of | share |",
        "|---|---|---|---:|---:|---:|",
    ]
    for name, scores in scored.items():
        for kind, one in scores.items():
            for field, (right, seen) in one.fields.items():
                lines.append(f"| {name} | {kind}s | {field} | {right} | {seen} | {right / seen:.3f} |")
    lines += [
        "",
        "## By rule",
        "",
        "All annotated documents together: rows that each rule made (borderline ones aside), and the share of them",
        "that is found, right in value and right in full. A missed annotation has no rule, so there is no recall here.",
        "",
        "| table | rule | rows | found | value | full |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for kind, one in score(tables, [note for notes in sets.values() for note in notes]).items():
        for rule, tally in ranked(one.by_rule):
            if tally.predicted:
                shares = " | ".join(f"{getattr(tally, level) / tally.predicted:.3f}" for level in LEVELS)
                lines.append(f"| {kind}s | `{rule}` | {tally.predicted} | {shares} |")
    return "\n".join(lines) + "\n"


def ranked(tallies: Mapping[str, Tally]) -> list[tuple[str, Tally]]:
    """Tallies by weight, the most rows or annotations first, ties by name."""
    return sorted(tallies.items(), key=lambda item: (-max(item[1].predicted, item[1].gold), item[0]))


def _cell(rate: Rate) -> str:
    return f"{rate.precision:.3f} / {rate.recall:.3f} / {rate.f1:.3f}"


def jsonable(value: Any) -> Any:
    """`value` with dates as ISO text, for JSON."""
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: jsonable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(one) for one in value]
    return value
