"""The national collections: the DXY bulletins and the reports of the health commissions, from one folder.

The folder holds what `covid-timeline fetch` brings, or the same texts under the names of a working copy:

    bulletins             DXYNews-TimeSeries.json, or dxy_news.json and dxy_news_later.json
    commission_reports    the folder Report with its .yaml files, or ncov_reports.jsonl

Document ids do not depend on which of them a document came from.
"""

from __future__ import annotations

import functools
import os
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


def cache_folder() -> Path:
    """Where fetched texts lie: COVID_TIMELINE_CACHE where it is set, else the user's own cache folder."""
    given = os.environ.get("COVID_TIMELINE_CACHE")
    if given:
        return Path(given)
    try:
        import platformdirs
    except ModuleNotFoundError:  # without it nothing can have been fetched
        return Path.home() / ".cache" / "covid-timeline"
    return Path(platformdirs.user_cache_dir("covid-timeline"))


def fetched_article(doc_id: str, sha256: str) -> Article | None:
    """A document of the national collections, where it has been fetched and is the one that was read."""
    folder = cache_folder()
    present = [folder / name for name in (*BULLETINS, *REPORTS) if (folder / name).exists()]
    if not present:
        return None
    stamp = tuple((str(path), path.stat().st_mtime_ns) for path in present)
    found = _texts(folder, stamp).get(doc_id)
    return found if found is not None and found.sha256 == sha256 else None


@functools.lru_cache(maxsize=1)
def _texts(folder: Path, _stamp: tuple[tuple[str, int], ...]) -> dict[str, Article]:
    return {item.doc_id: item for item in read_national(folder) if isinstance(item, Article)}
