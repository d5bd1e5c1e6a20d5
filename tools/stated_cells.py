"""Which cells that the commission reports state are in city_by_date: stated_cells.py TABLES REPORTS.

The reports are read a second time here, by one regular expression over their label lines and without the reader of the
package: `确诊详情: 武汉市618例、…` states a count for each place on the report's day. Prints how many of these cells the
table has with that value, with another, and not at all; and the first of each.
"""

from __future__ import annotations

import collections
import datetime as dt
import json
import re
import sys
import warnings
from pathlib import Path

import covid_timeline as ct
from covid_timeline.mentions.places import gazetteer

LABELS = {"确诊": "confirmed_cumulative", "治愈": "recovered_cumulative", "死亡": "deaths_cumulative", "疑似": "suspected_current"}
ITEM = re.compile(r"([^0-9、，,；;：:]+?)\s*([0-9]+)\s*例")
Cell = tuple[str, dt.date, str]
Tally = collections.Counter[tuple[str, str, str]]


def stated(path: Path) -> dict[Cell, tuple[int, str]]:
    """The cells that the reports state, with the count and the report."""
    atlas = gazetteer()
    found: dict[Cell, tuple[int, str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        report = json.loads(line)
        day = dt.date.fromisoformat(report["date"])
        province = re.sub(r"^[0-9]+年[0-9]+月[0-9]+日", "", report["id"])
        home = atlas.resolve(province) if province else "100000"
        for label, value in re.findall(r"^([^:\n]+): *(.*)$", report["text"], re.M):
            count = re.match(r"([0-9]+)例", value)
            if label in LABELS and count:
                found.setdefault((home, day, LABELS[label]), (int(count[1]), report["id"]))
            if label.removesuffix("详情") not in LABELS or not label.endswith("详情"):
                continue
            for name, n in ITEM.findall(value):
                try:
                    code = atlas.resolve(name.strip(), home=home)
                except ValueError:
                    continue
                if code != home and (home == "100000" or atlas.contains(home, code)):
                    own = home != "100000"
                    key = (code, day, LABELS[label.removesuffix("详情")])
                    if own or key not in found:
                        found[key] = (int(n), report["id"])
    return found


def compare(reports: Path, tables: str | Path | None = None) -> tuple[Tally, dict[tuple[str, str, str], list[str]]]:
    """How many stated cells of each indicator and level the table has, has otherwise, or lacks; with examples."""
    table = ct.load_city_by_date(path=tables, backend="arrow").to_pylist()
    have = {(row["region_code"], row["date"], row["indicator"]): row for row in table}
    atlas = gazetteer()
    tally: Tally = collections.Counter()
    examples: dict[tuple[str, str, str], list[str]] = {}
    for cell, (value, report) in sorted(stated(reports).items()):
        region = atlas.get(cell[0])
        row = have.get(cell)
        what = "missing" if row is None else "same" if row["value"] == value else "other"
        key = (cell[2], region.level if region else "", what)
        tally[key] += 1
        if what != "same":
            told = f"{cell[0]} {region.name if region else ''} {cell[1]} {value} ({report})"
            examples.setdefault(key, []).append(told + (f" table {row['value']:.0f} {row['metric_id']}" if row else ""))
    return tally, examples


def main(tables: str, reports: str) -> None:
    warnings.simplefilter("ignore")
    tally, examples = compare(Path(reports), tables)
    for key in sorted({k[:2] for k in tally}):
        counts = {what: tally[*key, what] for what in ("same", "other", "missing")}
        print(*key, *(f"{what} {n}" for what, n in counts.items()), f"= {counts['same'] / sum(counts.values()):.3f}")
    for example, told in sorted(examples.items()):
        print("--", *example)
        for line in told[:: max(1, len(told) // 12)]:
            print("  ", line)


if __name__ == "__main__":
    main(*sys.argv[1:])
