"""What the command line calls: `covid-timeline validate` and its view for contradictions, `covid-timeline audit`."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from covid_timeline.checks.contradictions import Finding, Passage, findings
from covid_timeline.checks.files import read_for_audit, strangers, validate
from covid_timeline.checks.frames import Tables
from covid_timeline.checks.models import MissingPanderaError
from covid_timeline.checks.registry import CHECKS, Check
from covid_timeline.checks.run import WrongUseError, check_one, prepare
from covid_timeline.parquet import UnreadableError
from covid_timeline.tables import reports
from covid_timeline.tables.manifest import ChecksumError, data_path, unfinished
from covid_timeline.tables.reading_guard import probe
from covid_timeline.tables.reports import FORMATS, STAGES, Report
from covid_timeline.tables.schema import TABLES
from covid_timeline.text.shown import neutralise, printable

CONTRADICTIONS: Mapping[str, str] = {c.what: c.expects for c in CHECKS.values() if c.group == "contradiction"}
"""Every check of `covid-timeline audit`, with what must hold."""


def describe_checks() -> str:
    """docs/validation.md: every check, by stage, with what it expects and how to put a failure right."""
    families: dict[tuple[str, str, str, str, str], list[Check]] = {}
    for check in CHECKS.values():
        told = check.what, check.expects, check.expects_zh
        if check.what.endswith("_resolves"):
            expects = "Every reference is the key of a row in the table it points to, or null where that is allowed."
            told = "<column>_resolves", expects, "每个引用都应是所指表中某行的键（允许为空者除外）。"
        families.setdefault((check.stage, check.severity, *told), []).append(check)
    lines = [
        "# What validation checks",
        "",
        "Generated from `covid_timeline.checks`; do not edit. pandera runs each check; tests/test_checks.py runs each on rows",
        "that it must fail and on rows that it must pass.",
        "",
        "An **error** is what a damaged file or a bug can cause: a build sets the row aside, and stops where the tables as a",
        "whole are at fault (docs/design.md). A **warning** is what an article itself may state against reason, such as a part",
        "larger than its whole; it is kept as stated and flagged. `covid-timeline audit` shows the checks marked † in full.",
        "The id of a check is the table, a dot and the name below: `metrics.value_rereads`. Checks whose columns, tables",
        "or raw texts are not at hand are reported as skipped, with the reason.",
    ]
    titles = {"file": "Files", "schema": "Schema", "keys": "Keys", "rows": "Rows", "tables": "Whole tables"}
    for stage in STAGES:
        lines += ["", f"## {titles[stage]}", "", "| check | tables | severity | expected | 应为 | how to fix |", "| --- | --- | --- | --- | --- | --- |"]
        for (at, severity, name, expects, zh), checks in families.items():
            if at == stage:
                names = dict.fromkeys(check.table for check in checks)
                tables = "all" if set(names) == set(TABLES) else ", ".join(names)
                mark = " †" if checks[0].group == "contradiction" else ""
                cells = (f"`{name}`{mark}", tables, severity, expects, zh, checks[0].fix)
                lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def run_validate(
    paths: Sequence[str | Path] = (),
    *,
    format: str = "text",
    outputs: Sequence[str] = (),
    texts: Mapping[str, str] | str | Path | None = None,
    stages: Sequence[str] = (),
    fail_on: str = "error",
    baseline: str | Path | None = None,
    max_failures: int | None = None,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
    environ: Mapping[str, str] | None = None,
) -> int:
    """`covid-timeline validate`: check, write the reports, return the exit code.

    Args:
        paths: folder or files; the packaged tables by default.
        format: what goes to standard output (`reports.FORMATS`).
        outputs: further reports as `FORMAT=PATH`; `-` is standard output. `failures=PATH` writes every failing row as
            Parquet or CSV.
        texts, fail_on, max_failures: as in `validate`. stages: those to run; all by default.
        baseline: JSON report of an earlier run; only new failures count.

    Returns:
        0 valid, 1 data failed, 2 wrong use, 3 could not read, 4 nothing was checked.
    """
    out, err = stdout or sys.stdout, stderr or sys.stderr
    env = os.environ if environ is None else environ

    def wrong_use(message: str) -> int:
        err.write(f"error: {printable(message)}\n")
        return 2

    wanted = [(format, "-")] if format else []
    for output in outputs:
        name, equals, path = output.partition("=")
        if not equals or not path:
            return wrong_use(f"--output takes FORMAT=PATH, not {output!r}")
        wanted.append((name, path))
    for name, _ in wanted:
        if name not in FORMATS and (name != "failures" or Path(path).suffix not in (".parquet", ".csv")):
            more = "failures=FILE.parquet or .csv"
            return wrong_use(f"no such format: {printable(name, 40)!r} (there are {', '.join(FORMATS)}, and {more} for every failing row)")
    if max_failures is not None and max_failures < 1:
        return wrong_use("--max-failures takes a whole number above 0")
    known = None
    if baseline is not None:
        try:
            known = json.loads(Path(baseline).read_text(encoding="utf-8"))
            reports.read_baseline(known)
        except OSError as error:
            return wrong_use(f"the baseline {baseline} could not be read ({error.strerror or error})")
        except RecursionError:
            return wrong_use(f"the baseline {baseline} is nested too deeply to be a report")
        except json.JSONDecodeError:
            return wrong_use(f"the baseline {baseline} is no JSON report of covid-timeline validate")
        except ValueError as error:
            return wrong_use(f"{baseline}: {error}")
    for folder in map(Path, paths):
        if folder.is_dir() and (told := unfinished(folder)):
            err.write(f"note: {printable(told)}\n")
    if fault := probe(strangers(paths)):
        err.write(f"UNREADABLE: {fault}\n")
        return 3
    try:
        report = validate(
            [Path(p) for p in paths] or [data_path()], texts=texts, stages=stages or None, fail_on=fail_on,
            baseline=known, max_failures=max_failures,
        )  # fmt: skip
    except WrongUseError as error:
        return wrong_use(str(error))
    except MissingPanderaError as error:
        err.write(f"error: {printable(str(error))}\n")
        return 3
    for name, path in wanted:
        if name == "failures":
            try:
                _write_failures(report, Path(path))
            except OSError as error:
                return wrong_use(f"{path} could not be written ({error.strerror or error})")
            continue
        text = FORMATS[name](report)
        if path == "-":
            _print(out, text)
            continue
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
        except OSError as error:
            return wrong_use(f"{path} could not be written ({error.strerror or error})")
    summary = env.get("GITHUB_STEP_SUMMARY")
    if summary and any(name == "github" for name, _ in wanted):
        with Path(summary).open("a", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(reports.to_markdown(report))
    return report.exit_code


def _write_failures(report: Report, path: Path) -> None:
    """Every failing row as a table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cases = report.failure_cases
    if path.suffix == ".parquet":
        cases.to_parquet(path, index=False)
        return
    for column in ("row", "value", "found"):
        cases[column] = [neutralise(str(one)) if isinstance(one, str) else None for one in cases[column].astype(object)]
    cases.to_csv(path, index=False, encoding="utf-8", errors="backslashreplace", lineterminator="\n")


def _print(out: TextIO, text: str) -> None:
    """Write, whatever characters the terminal can show."""
    encoding = getattr(out, "encoding", None) or "utf-8"
    out.write(text.encode(encoding, "backslashreplace").decode(encoding))


# --- contradictions -----------------------------------------------------------------------------------------------


def audit_tables(tables: Mapping[str, Any], *, texts: Mapping[str, str] | None = None, checks: Iterable[str] = ()) -> list[Finding]:
    """What the rows of a build, within and between its documents, say that cannot all be true.

    Args:
        tables: those of a build, of which `documents` and `metrics` must be there.
        texts: raw texts by doc_id: whole sentences instead of clauses, and words that the tables withhold.
        checks: only these; all where empty.

    Returns:
        The findings, those with the largest share of difference first, then by difference, check and row.

    Raises:
        ValueError: a check or a column does not exist.
    """
    from covid_timeline.checks.frames import Context

    return _audit(prepare(tables, Context(texts or {})), checks)


def _audit(tables: Tables, checks: Iterable[str]) -> list[Finding]:
    wanted = _wanted(checks)
    if lacking := tables.lacks([("documents", "doc_id"), ("metrics", "metric_id"), *CHECKS["metrics.said_twice"].needs]):
        raise ValueError(lacking)
    found = [one for one in findings(tables) if one.check in wanted]
    for check in CHECKS.values():  # what is wrong with a row by itself has no finding of its own making
        if check.group == "contradiction" and check.what in wanted and (check.stage == "rows" or check.table != "metrics"):
            found += _rows_as_findings(tables, check)
    return sorted(found, key=lambda one: (-one.size, -one.difference, one.check, one.rows))


def _wanted(checks: Iterable[str]) -> set[str]:
    wanted = set(checks) or set(CONTRADICTIONS)
    if unknown := sorted(wanted - set(CONTRADICTIONS)):
        raise ValueError(f"no check is called {', '.join(unknown)}; there are {', '.join(CONTRADICTIONS)}")
    return wanted


def _rows_as_findings(tables: Tables, check: Check) -> Iterator[Finding]:
    outcome = check_one(tables, check)
    for sample in outcome.samples:
        place = sample.place
        passages: tuple[Passage, ...] = ()
        if place is not None:
            where = place.char_start or 0, place.char_end or 0
            passages = (Passage(place.doc_id, place.title or "", place.url, *where, sample.sentence or "(withheld)", (sample.row,)),)
        doubts = (sample.row,) if check.severity == "error" else ()
        why = "no date of the text runs backwards" if doubts else "kept as stated"
        statement = f"{check.table} {sample.row}: {sample.column} {sample.value}, {sample.found}"
        yield Finding(check.what, 0.0, 0.0, "", statement, (), doubts, why, (sample.row,), passages)


def run_audit(
    tables: Path | str,
    *,
    texts: Mapping[str, str] | Path | str | None = None,
    form: str = "text",
    checks: Iterable[str] = (),
    limit: int | None = None,
    out: TextIO | None = None,
) -> int:
    """Print the contradictions of published tables; what `covid-timeline audit` calls.

    Args:
        tables: folder with the published tables.
        texts: raw texts by doc_id, or a folder of them (by default the folder `raw` beside the tables, if there is one).
        form: `text` or `jsonl`.
        checks: only these checks; all where empty.
        limit: print so many findings; all where None. The counts are of all.
        out: where to print; standard output where None.

    Returns:
        Exit code: 0, whatever was found (findings are no failures); 3 where the tables cannot be read.

    Raises:
        ValueError: a check or a form does not exist.
    """
    if form not in ("text", "jsonl"):
        raise ValueError(f"the form is text or jsonl, not {form!r}")
    _wanted(checks)
    out = out or sys.stdout
    try:
        read = read_for_audit(Path(tables), texts)
        found = _audit(read, checks)
    except (OSError, ValueError, UnreadableError, ChecksumError, MissingPanderaError) as error:
        print(f"covid-timeline: {printable(str(error), 2000)}", file=sys.stderr)
        return 3
    shown = found if limit is None else found[:limit]
    if form == "jsonl":
        for finding in shown:
            line = json.dumps(finding.to_json(), ensure_ascii=False)
            _print(out, line.encode("utf-8", "backslashreplace").decode() + "\n")
        return 0
    for finding in shown:
        _print(out, f"{finding.to_text()}\n\n")
    counts = Counter(finding.check for finding in found)
    for check, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        print(f"{count:6}  {check}: {CONTRADICTIONS[check]}", file=out)
    print(f"{len(found):6}  findings in {len(read.frames['documents'])} documents", file=out)
    return 0


if __name__ == "__main__":
    sys.stdout.write(describe_checks())
