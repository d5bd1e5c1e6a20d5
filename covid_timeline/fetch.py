"""Bring the public texts of the national collections to this machine: `covid-timeline fetch`.

The tables carry facts and no sentences. The texts lie in two public repositories; they are fetched at a pinned commit,
each file of a known size and SHA-256 (sources/remote_files.csv), into a cache folder, by pooch. A file that is there already is
checked and not fetched again; one that is cut off, changed or redirected elsewhere is never used. `build --from
national FOLDER` then makes the same facts from them, and `quote` shows the sentences.
"""

from __future__ import annotations

import csv
import errno
import functools
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple
from urllib.parse import quote as percent_encoded

from covid_timeline.sources.national import cache_folder

BASE_URL = "https://raw.githubusercontent.com"
"""The host that serves a file of a commit as BASE_URL/OWNER/NAME/COMMIT/PATH; COVID_TIMELINE_BASE_URL is another."""

COLLECTIONS = ("bulletins", "commission_reports")
PARTS = ".parts"
"""Folder of what was cut off, so that the next call goes on from there."""

CHUNK = 1 << 14
"""Bytes that are written at a time: what a lost connection costs at most."""

TIMEOUT = 30
"""Seconds without an answer after which a fetch is given up."""


class FetchError(OSError):
    """A file that could not be fetched; the message is one sentence that says which and why."""


class RemoteFile(NamedTuple):
    """One file to fetch, and how it must be."""

    collection: str
    repository: str  # owner/name
    commit: str
    path: str  # inside the repository
    size: int
    sha256: str

    def url(self, base: str) -> str:
        """Its address under a host."""
        return f"{base.rstrip('/')}/{self.repository}/{self.commit}/{percent_encoded(self.path)}"

    @property
    def name(self) -> str:
        """Where it lies in the cache folder."""
        return self.path if self.path.startswith("Report/") else self.path.rpartition("/")[2]


@functools.lru_cache(maxsize=1)
def remote_files() -> tuple[RemoteFile, ...]:
    """Every file that can be fetched."""
    with (Path(__file__).parent / "sources" / "remote_files.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            RemoteFile(
                row["collection"], row["repository"], row["commit"], row["path"], int(row["bytes"]), row["sha256"]
            )
            for row in csv.DictReader(file)
        )


Progress = Callable[[int, int, str], None]


def fetch(
    collections: Sequence[str] = COLLECTIONS,
    *,
    folder: Path | str | None = None,
    base_url: str | None = None,
    progress: Progress | None = None,
) -> Path:
    """Fetch the files of some collections that are not here yet.

    Args:
        collections: one or both of `COLLECTIONS`.
        folder: where to; the cache folder (COVID_TIMELINE_CACHE, else the user's own) where None.
        base_url: another host than `BASE_URL`: a mirror.
        progress: called after each file with the number done, the number of all, and its name.

    Returns:
        The folder, fit for `build --from national`.

    Raises:
        ValueError: there is no such collection.
        FetchError: a file could not be fetched; those that were stay, and the next call goes on from there.
    """
    for name in collections:
        if name not in COLLECTIONS:
            raise ValueError(f"there is no collection {name!r}; there are {', '.join(COLLECTIONS)}")
    folder = cache_folder() if folder is None else Path(folder)
    base = base_url or os.environ.get("COVID_TIMELINE_BASE_URL") or BASE_URL
    wanted = [file for file in remote_files() if file.collection in collections]
    for done, file in enumerate(wanted, 1):
        _fetch(file, folder, base)
        if progress:
            progress(done, len(wanted), file.name)
    for stale in _stale(folder, wanted):
        stale.unlink(missing_ok=True)
    return folder


def _stale(folder: Path, wanted: Sequence[RemoteFile]) -> Iterator[Path]:
    """Reports of an older cache that are no longer among those to fetch: a build would read them."""
    reports = {folder / file.name for file in wanted if file.name.startswith("Report/")}
    if reports:
        yield from (path for path in (folder / "Report").glob("*.yaml") if path not in reports)


def _fetch(file: RemoteFile, folder: Path, base: str) -> None:
    target = folder / file.name
    try:
        if target.exists():
            if _is_right(target, file):
                return
            target.unlink()  # of an older version, or damaged
        pooch = _pooch()

        def download(url: str, output_file: str, _pooch: object) -> None:
            _download(url, file, folder / PARTS / file.sha256)
            os.replace(folder / PARTS / file.sha256, output_file)

        target.parent.mkdir(parents=True, exist_ok=True)
        # pooch writes to a temporary file beside it and moves it there once the SHA-256 is right.
        pooch.retrieve(
            file.url(base), f"sha256:{file.sha256}", fname=target.name, path=target.parent, downloader=download
        )
    except FetchError:
        raise
    except OSError as error:
        if isinstance(error, FileExistsError | NotADirectoryError):
            raise FetchError(f"{folder} is no folder that can be written to") from error
        raise FetchError(f"{file.name}: {_reason(error, file.url(base), folder)}") from error
    except ValueError as error:  # pooch: the SHA-256 is another
        raise FetchError(f"{file.name}: its SHA-256 is not the one that is known; it was changed") from error


def _download(url: str, file: RemoteFile, part: Path) -> None:
    """The whole file at `part`, going on from what an earlier call has left there."""
    import requests

    part.parent.mkdir(parents=True, exist_ok=True)
    have = part.stat().st_size if part.exists() else 0
    if have >= file.size:
        have = 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    with requests.get(url, stream=True, timeout=TIMEOUT, headers=headers, allow_redirects=False) as answer:
        if answer.is_redirect or answer.is_permanent_redirect:
            raise FetchError(f"{file.name}: {url} leads elsewhere, to {answer.headers['Location']}; it was not followed")
        answer.raise_for_status()
        going_on = answer.status_code == requests.codes.partial_content
        have = have if going_on else 0
        with part.open("ab" if going_on else "wb") as out:
            for chunk in answer.iter_content(CHUNK):
                have += len(chunk)
                if have > file.size:  # whoever sends more sends something else
                    part.unlink()
                    raise FetchError(f"{file.name}: more than the {file.size:,} bytes that are known; it was changed")
                out.write(chunk)
    if have < file.size:
        raise FetchError(f"{file.name}: cut off after {have:,} of {file.size:,} bytes; fetch again to go on")


def _is_right(path: Path, file: RemoteFile) -> bool:
    if path.stat().st_size != file.size:
        return False
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest() == file.sha256


def _reason(error: OSError, url: str, folder: Path) -> str:
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        status = error.response.status_code
        return f"{url} is not there (HTTP {status})" if status in (404, 410) else f"{url} answers HTTP {status}"
    if isinstance(error, requests.TooManyRedirects):
        return f"{url} leads in a circle"
    if isinstance(error, requests.Timeout):
        return f"no answer from {url} for {TIMEOUT} seconds"
    if isinstance(error, (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError)):
        return "cut off on the way; fetch again to go on"
    if isinstance(error, requests.ConnectionError):
        return f"no connection to {url.split('/')[2]}; is there a network?"
    if error.errno == errno.ENOSPC:
        return f"the disk of {folder} is full"
    if isinstance(error, PermissionError):
        return f"{folder} may not be written to"
    return f"{error.strerror or error}"


def _pooch() -> ModuleType:
    try:
        import pooch
    except ModuleNotFoundError:
        raise FetchError("fetch needs pooch: pip install pooch (the extra `fetch` of covid-timeline names it)") from None
    pooch.get_logger().setLevel("WARNING")
    found: ModuleType = pooch
    return found
