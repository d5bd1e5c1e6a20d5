"""What a validation found, and the seven forms it is told in.

`Report` is plain values, with every failing cell in a frame (`failure_cases`): no clock but `seconds`, which only the
text form, the page for people and JUnit show, so that the JSON and SARIF of the same tables are the same bytes. Every form treats what comes from an article as
hostile: control characters are made visible, and each form's own escapes apply (`printable`, `github_data`, ...).
"""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from covid_timeline import display
from covid_timeline.text.shown import printable

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 5
"""Failing rows of each check that the forms for people show."""

MAX_CASES = 1_000
"""Failing rows of each check that JSON and SARIF hold; all of them are in `Report.failure_cases`."""

MAX_FINGERPRINTS = 10_000
"""Failing rows of one check that a baseline remembers one by one; beyond that it knows them all together or not at all."""

SUMMARY_LIMIT = 1_000_000
"""Bytes of a job summary, under GitHub's limit of 1 MiB."""

REPORT_VERSION = 2
"""Version of the JSON form; it changes when a reader, or a baseline, would break."""

ANNOTATION_LIMIT = 10
"""Annotations of one level that GitHub shows for a step."""

STAGES = ("file", "schema", "keys", "rows", "tables")
SEVERITIES = ("error", "warning")
EXIT_CODES: Mapping[str, int] = {"valid": 0, "invalid": 1, "unreadable": 3, "nothing_checked": 4}
"""Exit code of a verdict; 2 is a wrong use of the command."""


class Place(NamedTuple):
    """Where in a source document a value was read; lines and columns count from 1, offsets from 0 in code points."""

    doc_id: str
    title: str | None
    url: str | None
    file: str | None  # the raw text file, where it is at hand
    char_start: int | None
    char_end: int | None
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None


class Sample(NamedTuple):
    """One failing row."""

    row: str  # id of the row, or "row N" (counted from 1) where it has none
    column: str
    value: str | None
    found: str  # what was found instead, in words
    sentence: str | None  # the quoted sentence, the span marked 【】
    place: Place | None


@dataclass(frozen=True)
class Outcome:
    """One check on one table."""

    check: str
    table: str
    stage: str  # one of STAGES
    severity: str  # error, warning
    expects: str
    expects_zh: str
    fix: str
    status: str  # passed, failed, skipped
    n: int = 0  # rows looked at (1 for a check on a whole file)
    n_failed: int = 0
    n_known: int = 0  # of n_failed, those that the baseline knows
    samples: tuple[Sample, ...] = ()  # the first `MAX_CASES` failing rows, told in full
    reason: str = ""  # why it was skipped
    unreadable: bool = False  # the failure means that the data could not be read at all
    file: str | None = None  # path of the table, as it was given
    known: tuple[str, ...] = ()  # the failing rows that the baseline hides, by id
    seconds: float = 0.0  # how long it took, where that was measured; for display only
    cases: Any = field(default=None, compare=False, repr=False)  # every failing cell, a pandas frame

    @cached_property
    def fingerprints(self) -> tuple[str, ...]:
        """One for each failing cell, of check, row, column and value; none for a file, which no baseline covers."""
        if self.cases is None or self.stage == "file":
            return ()
        cells = zip(*(self.cases[c].tolist() for c in ("row", "column", "value")), strict=True)
        return tuple(fingerprint(self.check, self.table, *(str(one) for one in cell)) for cell in cells)

    @property
    def digest(self) -> str:
        """One fingerprint of all failing cells together."""
        return fingerprint(*sorted(self.fingerprints)) if self.fingerprints else ""

    def plus(self, other: Outcome) -> Outcome:
        """The same check on two parts of one table."""
        import pandas as pd

        cases = [one.cases for one in (self, other) if one.cases is not None]
        return replace(
            self, n=self.n + other.n, n_failed=self.n_failed + other.n_failed, samples=(*self.samples, *other.samples)[:MAX_CASES],
            cases=pd.concat(cases, ignore_index=True) if cases else None,
        )  # fmt: skip

    def against(self, n_failed: int, known: Mapping[str, int], digest: str) -> Outcome:
        """The same outcome with the failures that a baseline knows marked as such."""
        prints = self.fingerprints
        if len(prints) > MAX_FINGERPRINTS:
            known = dict(Counter(prints)) if digest and digest == self.digest and n_failed == self.n_failed else {}
        if not known or not prints:
            return self
        left = Counter(known)
        seen = []
        for one in prints:
            seen.append(left[one] > 0)
            left[one] -= 1
        cases = self.cases.assign(seen=seen)
        by_row = cases.groupby([cases["index"].fillna(-1), "row"], sort=False)["seen"].all()
        hidden = frozenset(one for one, is_known in zip(prints, seen, strict=True) if is_known)
        return replace(
            self, n_known=int(by_row.sum()), known=tuple(dict.fromkeys(row for (_, row), is_known in by_row.items() if is_known)),
            # New failures are what a reader is after, so samples that the baseline knows go.
            samples=tuple(s for s in self.samples if fingerprint(self.check, self.table, s.row, s.column, str(s.value)) not in hidden),
        )  # fmt: skip


    @property
    def n_new(self) -> int:
        """Failing rows that the baseline does not know."""
        return self.n_failed - self.n_known

    def __str__(self) -> str:
        """One line: severity, check, the first failing row, and how many there are."""
        first = f": {printable(sample_text(self.samples[0]))}" if self.samples else ""
        return f"{self.severity} {self.check}{first} ({self.n_new:,} of {_plural(self.n, 'row')}). {self.expects}"


@dataclass(frozen=True)
class Report:
    """The outcome of a validation; `str(report)` is the text form."""

    outcomes: tuple[Outcome, ...]
    rows: Mapping[str, int]  # rows of each table that was read
    files: Mapping[str, str]  # file name of each table, where it came from a file
    schema_version: str
    trouble: str = ""  # unreadable, nothing_checked: why there is no verdict on the data
    message: str = ""  # the trouble in one sentence
    fail_on: str = "error"  # error, warning, never
    complete: bool = True  # False when max_failures stopped it
    seconds: float = field(default=0.0, compare=False)  # for display only

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """Checks that failed on rows which the baseline does not know, errors first."""
        failed = [o for o in self.outcomes if o.status == "failed" and o.n_new]
        return tuple(sorted(failed, key=lambda o: SEVERITIES.index(o.severity)))

    @property
    def errors(self) -> int:
        """Failed checks of severity error."""
        return sum(o.severity == "error" for o in self.failures)

    @property
    def warnings(self) -> int:
        """Failed checks of severity warning."""
        return sum(o.severity == "warning" for o in self.failures)

    @property
    def verdict(self) -> str:
        """`valid`, `invalid`, `unreadable` or `nothing_checked`."""
        if self.trouble:
            return self.trouble
        if not any(self.rows.values()) and not self.errors:
            return "nothing_checked"
        return "invalid" if self.errors or (self.fail_on == "warning" and self.warnings) else "valid"

    @property
    def exit_code(self) -> int:
        """0 valid, 1 data failed, 3 could not read, 4 nothing was checked."""
        code = EXIT_CODES[self.verdict]
        return 0 if code == 1 and self.fail_on == "never" else code

    @property
    def counts(self) -> dict[str, int]:
        """Checks by outcome, failing rows and rows read."""
        by = [o.status for o in self.outcomes]
        return {
            "tables": len(self.rows),
            "rows": sum(self.rows.values()),
            "checks": len(by),
            "passed": by.count("passed"),
            "failed": by.count("failed"),
            "skipped": by.count("skipped"),
            "errors": self.errors,
            "warnings": self.warnings,
            "failing_rows": sum(o.n_new for o in self.failures),
            "known_failing_rows": sum(o.n_known for o in self.outcomes),
        }

    def __str__(self) -> str:
        return to_text(self)

    def _repr_html_(self) -> str:
        return display.report_html(self)

    def against(self, baseline: Mapping[str, Any]) -> Report:
        """The same report with the failures of an earlier one (its JSON, decoded) counted as known.

        Raises:
            ValueError: `baseline` is no report of this package.
        """
        known = read_baseline(baseline)
        nothing: tuple[int, dict[str, int], str] = (0, {}, "")
        return replace(
            self, outcomes=tuple(o.against(*known.get((o.check, o.table), nothing)) if o.n_failed else o for o in self.outcomes)
        )

    @property
    def failure_cases(self) -> pd.DataFrame:
        """Every failing cell: check, severity, stage, table, row (its key), index, column, value, what was found, and where."""
        import pandas as pd

        parts = []
        for o in self.outcomes:
            if o.n_failed:
                told = o.cases if o.cases is not None else pd.DataFrame([s._asdict() for s in o.samples])[["row", "column", "value", "found"]]
                about = {"check": o.check, "severity": o.severity, "stage": o.stage, "table": o.table}
                parts.append(told.assign(**about))
        columns = [
            "check", "severity", "stage", "table", "row", "index", "column", "value", "found", "doc_id", "char_start", "char_end",
        ]  # fmt: skip
        if not parts:
            return pd.DataFrame(columns=columns)
        made = pd.concat([part.reindex(columns=columns).astype(object) for part in parts], ignore_index=True)
        whole = dict.fromkeys(("index", "char_start", "char_end"), "Int64")
        cases: pd.DataFrame = made.astype(whole).astype({c: "string" for c in columns if c not in whole})
        return cases


def fingerprint(*parts: str) -> str:
    """A short name for one failure, stable between machines: what a baseline remembers."""
    import hashlib

    return hashlib.blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def read_baseline(report: Mapping[str, Any]) -> dict[tuple[str, str], tuple[int, dict[str, int], str]]:
    """What failed in an earlier report, by check and table: how many rows, their fingerprints, and that of them all.

    Raises:
        ValueError: it is no report of this package, or one of a form that did not know the values of rows.
    """
    try:
        if report["report_version"] != REPORT_VERSION:
            raise ValueError(f"the baseline is of form {report['report_version']}, not {REPORT_VERSION}; make it anew")
        return {
            (str(r["check"]), str(r["table"])): (int(r["n_failed"]), dict(Counter(map(str, r["fingerprints"]))), str(r["digest"]))
            for r in report["results"]
            if r["status"] == "failed" and r["stage"] != "file"
        }
    except (KeyError, TypeError) as error:
        raise ValueError("the baseline is no JSON report of covid-timeline validate") from error


# --- making text harmless -----------------------------------------------------------------------------------------


def github_data(text: str) -> str:
    r"""`text` as the message of a workflow command.

    >>> github_data("100%\n::error::x")
    '100%25%0A::error::x'
    """
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def github_property(text: str) -> str:
    """`text` as a property of a workflow command.

    >>> github_property("a:b,c")
    'a%3Ab%2Cc'
    """
    return github_data(text).replace(":", "%3A").replace(",", "%2C")


def markdown_text(text: str) -> str:
    """`text` as plain words of a Markdown table cell: no markup, no HTML, no mention of a user.

    >>> markdown_text("<b>|*@x")
    '&lt;b&gt;&#124;\\\\*&#64;x'
    """
    escaped = html.escape(printable(text), quote=False)
    escaped = re.sub(r"([\\`*_\[\]#~!])", r"\\\1", escaped)
    return escaped.replace("|", "&#124;").replace("@", "&#64;").replace("://", ":&#47;/")


def _safe_url(url: str | None) -> str | None:
    return url if url and re.match(r"https?://[^\s<>\"']+\Z", url) else None


# --- text ---------------------------------------------------------------------------------------------------------


def _plural(n: int, word: str) -> str:
    return f"{n:,} {word}{'' if n == 1 else 's'}"


def headline(report: Report) -> str:
    """The verdict in one line, with counts and, where it was measured, the time."""
    verdict = report.verdict
    if verdict in {"unreadable", "nothing_checked"}:
        word = "UNREADABLE" if verdict == "unreadable" else "NOTHING CHECKED"
        return f"{word}: {printable(report.message or 'the tables hold no rows')}"
    c = report.counts
    found = [_plural(c[k], w) for k, w in (("errors", "error"), ("warnings", "warning")) if c[k]]
    known = f", {_plural(c['known_failing_rows'], 'known failing row')} in the baseline" if c["known_failing_rows"] else ""
    rows = f" ({_plural(c['failing_rows'], 'failing row')})" if c["failing_rows"] else ""
    skipped = f", {c['skipped']} skipped" if c["skipped"] else ""
    took = f" in {report.seconds:.1f} s" if report.seconds else ""
    stopped = "" if report.complete else "; stopped early by --max-failures"
    return (
        f"{verdict.upper()}: {' and '.join(found) or 'no failure'}{rows}{known}; "
        f"{_plural(c['checks'] - c['skipped'], 'check')} on {_plural(c['rows'], 'row')} of "
        f"{_plural(c['tables'], 'table')}{took}{skipped}{stopped}"
    )


def _where(place: Place | None) -> list[str]:
    """Document, title and link, as far as they are known."""
    if place is None:
        return []
    at = f":{place.line}:{place.column}" if place.line else ""
    parts = (place.doc_id, place.title, place.file and place.file + at, place.url)
    return [part for part in parts if part]


def sample_text(sample: Sample) -> str:
    """Row, column, value and what was found instead, in one line."""
    value = "" if sample.value is None else f" = {sample.value}"
    return f"{sample.row}: {sample.column}{value}" + (f" ({sample.found})" if sample.found else "")


def to_text(report: Report) -> str:
    """For a terminal and for the log of a job."""
    lines = [headline(report)]
    for o in report.failures:
        known = f", {o.n_known:,} known" if o.n_known else ""
        lines += [
            "",
            f"{o.severity} {o.check} ({o.stage} stage): {o.n_new:,} of {_plural(o.n, 'row' if o.stage != 'file' else 'file')}{known}",
            f"  expected: {o.expects}",
            f"  应为：{o.expects_zh}",
            f"  fix: {o.fix}",
        ]
        for sample in o.samples[:SHOWN]:
            lines.append(f"  - {printable(sample_text(sample))}")
            if sample.sentence:
                lines.append(f"    | {printable(sample.sentence)}")
            if where := _where(sample.place):
                lines.append(f"    | {printable('  '.join(where))}")
        if o.n_new > len(o.samples[:SHOWN]):
            lines.append(f"  - and {o.n_new - len(o.samples[:SHOWN]):,} more (all with --output failures=FILE.csv)")
    hidden = [o for o in report.outcomes if o.n_known]
    lines += ["", "hidden by the baseline:"] if hidden else []
    for o in hidden:
        ids = ", ".join(o.known[:SHOWN]) + (", ..." if len(o.known) > SHOWN else "")
        lines.append(f"  {o.severity} {o.check}: {_plural(o.n_known, 'row')} ({printable(ids)})")
    skipped: dict[str, list[str]] = {}
    for o in report.outcomes:
        if o.status == "skipped":
            skipped.setdefault(o.reason, []).append(o.check)
    lines += ["", "skipped:"] if skipped else []
    for reason, checks in skipped.items():
        lines.append(f"  {printable(reason)}: {', '.join(checks)}")
    return "\n".join(lines) + "\n"


# --- JSON ---------------------------------------------------------------------------------------------------------


def _place_dict(place: Place | None) -> dict[str, Any] | None:
    if place is None:
        return None
    return place._asdict() | {"file": _name(place.file)}


def _name(path: str | None) -> str | None:
    return path and path.replace("\\", "/").rpartition("/")[2]


def to_dict(report: Report) -> dict[str, Any]:
    """The report as JSON values (schemas/report.schema.json); no clock and no folder, so the same tables give the same."""
    return {
        "report_version": REPORT_VERSION,
        "schema_version": report.schema_version,
        "verdict": report.verdict,
        "message": report.message,
        "fail_on": report.fail_on,
        "complete": report.complete,
        "limits": {"samples": MAX_CASES, "fingerprints": MAX_FINGERPRINTS},
        "counts": report.counts,
        "tables": {
            name: {"rows": rows, "file": _name(report.files.get(name))} for name, rows in sorted(report.rows.items())
        },
        "results": [
            {
                "check": o.check,
                "table": o.table,
                "stage": o.stage,
                "severity": o.severity,
                "status": o.status,
                "expects": {"en": o.expects, "zh": o.expects_zh},
                "fix": o.fix,
                "n": o.n,
                "n_failed": o.n_failed,
                "n_known": o.n_known,
                "reason": o.reason,
                "samples": [s._asdict() | {"place": _place_dict(s.place)} for s in o.samples],
                "known": list(o.known[:MAX_CASES]),
                "fingerprints": sorted(o.fingerprints) if len(o.fingerprints) <= MAX_FINGERPRINTS else [],
                "digest": o.digest,
            }
            for o in report.outcomes
        ],
    }


def to_json(report: Report) -> str:
    """`to_dict` as text; characters outside ASCII stand as they are, lone surrogates escaped."""
    text = json.dumps(to_dict(report), ensure_ascii=False, indent=1) + "\n"
    return re.sub("[\ud800-\udfff]", lambda m: f"\\u{ord(m[0]):04x}", text)


# --- JUnit and SARIF ----------------------------------------------------------------------------------------------


def describe_failure(outcome: Outcome) -> list[str]:
    """A failed check in plain lines, none of them made harmless yet: what is expected, the fix, the first rows."""
    lines = [f"{outcome.n_new} of {outcome.n}: {outcome.expects}", outcome.expects_zh, f"fix: {outcome.fix}"]
    for sample in outcome.samples[:SHOWN]:
        lines.append(sample_text(sample))
        lines += [sample.sentence] if sample.sentence else []
        lines += ["  ".join(_where(sample.place))] if sample.place else []
    return lines


def to_junit(report: Report) -> str:
    """See `covid_timeline.tables.junit`."""
    from covid_timeline.tables import junit

    return junit.to_junit(report)


def to_sarif(report: Report) -> str:
    """See `covid_timeline.tables.sarif`."""
    from covid_timeline.tables import sarif

    return sarif.to_sarif(report)


# --- GitHub -------------------------------------------------------------------------------------------------------


def _in_turn(outcomes: Sequence[Outcome]) -> Iterator[tuple[Outcome, Sample]]:
    """First one sample of every check, then the second of each, so that no check crowds out the others."""
    for i in range(ANNOTATION_LIMIT):
        for o in outcomes:
            if i < len(o.samples):
                yield o, o.samples[i]


def to_github(report: Report) -> str:
    """Workflow commands for GitHub Actions: at most ten errors and ten warnings, then a line that counts the rest.

    The first and last lines are plain text; they never start with `::`.
    """
    lines = [headline(report)]
    if report.message and not report.failures:
        lines.append(f"::error title=covid-timeline::{github_data(printable(report.message))}")
    for severity in SEVERITIES:
        failed = [o for o in report.failures if o.severity == severity]
        shown = 0
        for o, s in _in_turn(failed):
            if shown == ANNOTATION_LIMIT:
                break
            shown += 1
            file = (s.place.file if s.place else None) or o.file or ""
            properties = {"file": file} if file else {}
            if s.place and s.place.file and s.place.line:
                properties["line"] = str(s.place.line)
                if s.place.line == s.place.end_line:  # columns are only allowed within one line
                    properties |= {"col": str(s.place.column), "endColumn": str(s.place.end_column)}
            properties["title"] = o.check
            joined = ",".join(f"{k}={github_property(printable(v))}" for k, v in properties.items())
            message = "\n".join(
                [f"{o.expects} {printable(sample_text(s))}"] + ([printable(s.sentence)] if s.sentence else [])
            )
            lines.append(f"::{severity} {joined}::{github_data(message)}")
        rest = sum(o.n_new for o in failed) - shown
        if rest:
            lines.append(
                f"and {_plural(rest, 'more failing row')} of severity {severity} (JSON and SARIF hold {MAX_CASES:,} of each check, "
                "--output failures=FILE.csv all of them)"
            )
    return "\n".join(lines) + "\n"


# --- Markdown and HTML --------------------------------------------------------------------------------------------


def _cells(sample: Sample, plain: Callable[[str], str], marked: Callable[[str], str], link: Callable[[str, str], str]) -> list[str]:
    """Row, column, value, what was found, the sentence and the document, the latter linked where its address is safe."""
    where = plain("  ".join(part for part in _where(sample.place) if not part.startswith("http")))
    if sample.place and (url := _safe_url(sample.place.url)):
        where = link(where, url)
    return [*map(plain, (sample.row, sample.column, sample.value or "", sample.found)), marked(sample.sentence or ""), where]


def to_markdown(report: Report, limit: int = SUMMARY_LIMIT) -> str:
    """Markdown for a job summary or a comment, at most `limit` bytes of UTF-8."""
    icon = {"valid": "✅", "invalid": "❌"}.get(report.verdict, "⚠️")
    pieces = [f"## {icon} {markdown_text(headline(replace(report, seconds=0.0)))}\n"]
    if report.rows:
        pieces.append("\n| table | rows | checks passed | failed | skipped |\n| --- | ---: | ---: | ---: | ---: |\n")
        for table, rows in report.rows.items():
            by = [o.status for o in report.outcomes if o.table == table]
            pieces.append(
                f"| {markdown_text(table)} | {rows:,} | {by.count('passed')} | {by.count('failed')} | {by.count('skipped')} |\n"
            )
    for o in report.failures:
        pieces.append(
            f"\n### {o.severity}: {markdown_text(o.check)}\n\n{o.n_new:,} of {o.n:,}. {markdown_text(o.expects)} "
            f"{markdown_text(o.expects_zh)}\n\n*Fix:* {markdown_text(o.fix)}\n\n"
            "| row | column | value | found | sentence | document |\n| --- | --- | --- | --- | --- | --- |\n"
        )
        for s in o.samples[:SHOWN]:
            cells = _cells(s, markdown_text, markdown_text, lambda text, url: f"[{text}](<{url}>)")
            pieces.append(f"| {' | '.join(cells)} |\n")
    return _fit(pieces, limit, "\n*The rest does not fit here; see the JSON report.*\n")


def _fit(pieces: Sequence[str], limit: int, ending: str) -> str:
    """As many whole pieces as fit into `limit` bytes, with `ending` when some had to go."""
    room = limit - len(ending.encode())
    out = []
    for piece in pieces:
        room -= len(piece.encode("utf-8", "replace"))
        if room < 0:
            out.append(ending)
            break
        out.append(piece)
    return "".join(out)


_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}td,th{border:1px solid #ccc;padding:.3rem .5rem;"
    "text-align:left;vertical-align:top;overflow-wrap:anywhere}h1{font-size:1.2rem}h2{font-size:1.05rem;margin:1.5rem 0 .2rem}"
    ".error{color:#a40000}.warning{color:#8a5300}mark{background:#ffe08a}small{color:#555}"
)


def _mark_html(text: str) -> str:
    safe = html.escape(printable(text))
    return re.sub("【([^【】]*)】", r"<mark>\1</mark>", safe, count=1)


def _link_html(text: str, url: str) -> str:
    return f'<a rel="noreferrer" href="{html.escape(url)}">{text}</a>'


def _html(text: str) -> str:
    return html.escape(printable(text))


def to_html(report: Report) -> str:
    """One page without scripts; everything from the tables is escaped."""
    e = _html
    out = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>covid-timeline validate</title>'
        f"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<style>{_STYLE}</style></head><body>\n<h1>{e(headline(report))}</h1>\n"
    ]
    for o in report.failures:
        out.append(
            f'<h2 class="{o.severity}">{o.severity}: {e(o.check)}</h2>\n<p>{o.n_new:,} of {o.n:,}. {e(o.expects)} '
            f'<span lang="zh">{e(o.expects_zh)}</span><br><small>Fix: {e(o.fix)}</small></p>\n'
            "<table><tr><th>row<th>column<th>value<th>found<th>sentence<th>document</tr>\n"
        )
        for s in o.samples[:SHOWN]:
            row, column, value, found, sentence, where = _cells(s, e, _mark_html, _link_html)
            out.append(f'<tr><td>{row}<td>{column}<td>{value}<td>{found}<td lang="zh">{sentence}<td>{where}</tr>\n')
        out.append("</table>\n")
    out.append(
        "<h2>All checks</h2>\n<table><tr><th>table<th>check<th>stage<th>outcome<th>rows<th>expected</tr>\n"
    )
    for o in report.outcomes:
        status = o.status + (f": {o.reason}" if o.reason else "")
        out.append(
            f"<tr><td>{e(o.table)}<td>{e(o.check)}<td>{o.stage}<td>{e(status)}<td>{o.n:,}<td>{e(o.expects)}</tr>\n"
        )
    return "".join(out) + "</table></body></html>\n"


FORMATS: Mapping[str, Callable[[Report], str]] = {
    "text": to_text,
    "json": to_json,
    "junit": to_junit,
    "github": to_github,
    "sarif": to_sarif,
    "markdown": to_markdown,
    "html": to_html,
}
"""Every form by the name that `--format` takes."""
