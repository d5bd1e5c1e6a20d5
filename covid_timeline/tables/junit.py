"""A validation report as JUnit XML, in the dialect that Jenkins, GitLab and pytest's schema (junit-10.xsd) agree on."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from covid_timeline.tables.reports import Outcome, Report, describe_failure, headline
from covid_timeline.text.shown import printable

_CELL = 2000  # characters of one line of a failure


def to_junit(report: Report) -> str:
    """One suite per table, one case per check, passes included; a warning is a passed case that says so.

    Times are seconds: of the whole run, and of each check where it was measured.
    """
    root = ET.Element("testsuites", name="covid-timeline validate", time=f"{report.seconds:.3f}")
    by_table: dict[str, list[Outcome]] = {}
    for outcome in report.outcomes:
        by_table.setdefault(outcome.table, []).append(outcome)
    for table, outcomes in by_table.items():
        suite = ET.SubElement(root, "testsuite", name=printable(table))
        for outcome in outcomes:
            _add_case(suite, outcome, fails=counts_as_failure(report, outcome))
        _count(suite, sum(outcome.seconds for outcome in outcomes))
    if not by_table:  # a run that checked nothing must not look like a pass
        suite = ET.SubElement(root, "testsuite", name="files")
        case = ET.SubElement(suite, "testcase", classname="files", name="readable", time="0.000")
        ET.SubElement(case, "error", type=report.verdict, message=printable(headline(report)))
        _count(suite, 0.0)
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, 0)) for suite in root)))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def counts_as_failure(report: Report, outcome: Outcome) -> bool:
    """Whether a check's failures fail the run: errors, and warnings where the run was told to."""
    return bool(outcome.n_new) and (outcome.severity == "error" or report.fail_on == "warning")


def _add_case(suite: ET.Element, outcome: Outcome, *, fails: bool) -> None:
    case = ET.SubElement(
        suite, "testcase", classname=printable(outcome.table), name=printable(outcome.check), time=f"{outcome.seconds:.3f}"
    )
    if outcome.status == "skipped":
        ET.SubElement(case, "skipped", message=printable(outcome.reason))
    elif outcome.n_new:
        detail = "\n".join(printable(line, _CELL) for line in describe_failure(outcome))
        if fails:
            kind = "error" if outcome.unreadable else "failure"
            message = printable(f"{outcome.n_new} of {outcome.n}: {outcome.expects}")
            ET.SubElement(case, kind, type=outcome.severity, message=message).text = detail
        else:
            ET.SubElement(case, "system-out").text = f"{outcome.severity}: {detail}"


def _count(suite: ET.Element, seconds: float) -> None:
    found = {"tests": "testcase", "failures": "testcase/failure", "errors": "testcase/error", "skipped": "testcase/skipped"}
    for name, path in found.items():
        suite.set(name, str(len(suite.findall(path))))
    suite.set("time", f"{seconds:.3f}")
