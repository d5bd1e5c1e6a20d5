"""For the tests of those who build on these tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from covid_timeline.tables.reports import Report


def assert_valid(
    tables: str | Path | Sequence[str | Path] | Mapping[str, Any],
    *,
    texts: Mapping[str, str] | str | Path | None = None,
    stages: Sequence[str] | None = None,
    fail_on: str = "error",
) -> Report:
    """Assert that tables keep the contract, in a test of your own.

    Args:
        tables: folder or files of tables, or tables in memory, as `covid_timeline.checks.files.validate` takes them.
        texts: raw texts, to check that every quote stands in them.
        stages: those to check; all by default.
        fail_on: `error` or `warning`.

    Returns:
        The report, for further assertions.

    Raises:
        AssertionError: the tables are not valid, could not be read, or there were none; its message is the report.
    """
    __tracebackhide__ = True  # pytest shows the line of the caller
    from covid_timeline.checks.files import validate

    report = validate(tables, texts=texts, stages=stages, fail_on=fail_on)
    if report.verdict != "valid":
        raise AssertionError(str(report))
    return report
