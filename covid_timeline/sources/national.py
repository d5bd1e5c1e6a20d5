"""The national collections: the DXY bulletins and the reports of the health commissions, from one folder.

The folder holds what `covid-timeline fetch` brings, or the same texts under the names of a working copy:

    bulletins             DXYNews-TimeSeries.json, or dxy_news.json and dxy_news_later.json
    commission_reports    the folder Report with its .yaml files, or ncov_reports.jsonl

Document ids do not depend on which of them a document came from.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from covid_timeline.model import Article, Refused
from covid_timeline.sources.dxy import read_dxy
from covid_timeline.sources.reports import read_reports

BULLETINS = ("DXYNews-TimeSeries.json", "dxy_news.json", "dxy_news_later.json")
REPORTS = ("Report", "ncov_reports.jsonl")


def read_national(folder: Path | str) -> Iterator[Article | Refused]:
    """The bulletins, then the reports, of a folder; either may be missing.

    Raises:
        ValueError: at once, when the folder holds neither.
    """
    folder = Path(folder)
    bulletins, reports = ([folder / name for name in names if (folder / name).exists()] for names in (BULLETINS, REPORTS))
    if not bulletins and not reports:
        raise ValueError(f"{folder}: neither bulletins ({', '.join(BULLETINS)}) nor reports ({', '.join(REPORTS)})")
    return _read(bulletins, reports)


def _read(bulletins: list[Path], reports: list[Path]) -> Iterator[Article | Refused]:
    if bulletins:
        yield from read_dxy(bulletins, digest_ids=True)
    if reports:
        yield from read_reports(reports)
