"""A validation report as SARIF 2.1.0, for code scanning and editors."""

from __future__ import annotations

import importlib.metadata
import json
from typing import Any
from urllib.parse import quote

from covid_timeline import __version__
from covid_timeline.tables.reports import Outcome, Place, Report, Sample, fingerprint, sample_text
from covid_timeline.text.shown import printable

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def to_sarif(report: Report) -> str:
    """One result for each failing row that the report tells of.

    A result lies in the raw text where that is at hand, its region the characters of the document (`columnKind` is code
    points); else in the file of the table. A check whose failing rows are not all told of says so in a notification.
    """
    first = {outcome.check: outcome for outcome in reversed(report.outcomes)}
    checks = list(dict.fromkeys(outcome.check for outcome in report.outcomes))
    index = {check: i for i, check in enumerate(checks)}
    results = [
        _result(outcome, sample, index[outcome.check]) for outcome in report.failures for sample in outcome.samples
    ]
    notes = [printable(report.message)] if report.message else []
    invocation: dict[str, Any] = {"executionSuccessful": report.verdict in {"valid", "invalid"}}
    told = [{"level": "error", "message": {"text": note}} for note in notes]
    told += [
        {
            "level": "note",
            "message": {"text": f"{len(o.samples):,} of {o.n_new:,} failing rows of {o.check} are in this file."},
            "associatedRule": {"id": o.check, "index": index[o.check]},
        }
        for o in report.failures
        if len(o.samples) < o.n_new
    ]
    if told:
        invocation["toolExecutionNotifications"] = told
    driver = {
        "name": "covid-timeline",
        "version": __version__,
        "semanticVersion": __version__,
        **_information(),
        "rules": [_rule(first[check]) for check in checks],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    text = json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=1)
    return text + "\n"


def _information() -> dict[str, str]:
    """The project's address, as the installed package states it; nothing where it states none."""
    try:
        stated = importlib.metadata.metadata("covid-timeline").get_all("Project-URL") or []
    except importlib.metadata.PackageNotFoundError:
        return {}
    addresses = {label.strip().lower(): url.strip() for label, _, url in (entry.partition(",") for entry in stated)}
    for label in ("documentation", "homepage", "repository", "source"):
        if label in addresses:
            return {"informationUri": addresses[label]}
    return {}


def _rule(outcome: Outcome) -> dict[str, Any]:
    return {
        "id": outcome.check,
        "name": "".join(part.capitalize() for part in outcome.check.replace(".", "_").split("_")),
        "shortDescription": {"text": outcome.expects},
        "fullDescription": {"text": f"{outcome.expects} {outcome.expects_zh}"},
        "help": {"text": outcome.fix},
        "defaultConfiguration": {"level": outcome.severity},
        "properties": {"stage": outcome.stage},
    }


def _result(outcome: Outcome, sample: Sample, index: int) -> dict[str, Any]:
    parts = (outcome.check, outcome.table, sample.row, sample.column, str(sample.value))
    return {
        "ruleId": outcome.check,
        "ruleIndex": index,
        "level": outcome.severity,
        "message": {"text": f"{outcome.expects} {printable(sample_text(sample))}"},
        "locations": [
            {
                "physicalLocation": _location(outcome, sample),
                "logicalLocations": [
                    {"fullyQualifiedName": printable(f"{outcome.table}/{sample.row}/{sample.column}"), "kind": "member"}
                ],
            }
        ],
        "partialFingerprints": {"failure/v2": fingerprint(*parts)},
    }


def _location(outcome: Outcome, sample: Sample) -> dict[str, Any]:
    place = sample.place
    if place and place.file:
        return {"artifactLocation": {"uri": _uri(place.file)}, "region": _region(place, sample.sentence)}
    # A table has no lines; viewers want a region all the same.
    return {"artifactLocation": {"uri": _uri(outcome.file or f"{outcome.table}.parquet")}, "region": {"startLine": 1}}


def _region(place: Place, sentence: str | None) -> dict[str, Any]:
    start, end = place.char_start, place.char_end
    if start is None or end is None or not 0 <= start < end:
        return {"startLine": 1}
    region: dict[str, Any] = {"charOffset": start, "charLength": end - start}
    if place.line:
        region |= {"startLine": place.line, "startColumn": place.column, "endLine": place.end_line, "endColumn": place.end_column}
    if sentence:
        region["message"] = {"text": printable(sentence)}
    return region


def _uri(path: str) -> str:
    r"""A path as a reference: relative as it is, absolute as an address of the file scheme.

    >>> _uri("raw/聊城.txt"), _uri("/data/a b.txt"), _uri("C:\\data\\a.txt")
    ('raw/%E8%81%8A%E5%9F%8E.txt', 'file:///data/a%20b.txt', 'file:///C:/data/a.txt')
    """
    drive, path = (path[:2], path[2:].replace("\\", "/")) if path[1:3] in (":\\", ":/") else ("", path)
    scheme = f"file:///{drive}" if drive else "file://" if path.startswith("/") else ""
    return scheme + quote(path.encode("utf-8", "surrogatepass"), safe="/-._~")
