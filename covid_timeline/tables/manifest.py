"""What a published folder holds: its manifest, and the one version of it that a reader sees. No pyarrow, no pandas.

A manifest comes with the files, so it is a stranger's word until it is checked: it names only files that a build
makes (`PUBLISHED`), each with its size and SHA-256, and one that says anything else is refused as a whole.

`Published` opens one version in one go. A publication may replace the files at any moment (`publish` says how); the
handles that were opened stay with the version they were opened from.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import tempfile
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from covid_timeline.parquet import open_regular
from covid_timeline.tables.schema import SCHEMA_VERSION, TABLES
from covid_timeline.tables.workspace import WORK

MANIFEST = "manifest.json"
DESCRIPTIONS = ("datapackage.json", "croissant.json")
PUBLISHED = (*(f"{name}.parquet" for name in TABLES), *DESCRIPTIONS)
"""The files that a manifest may name."""

VERSIONS = ".versions"
"""Folder of the versions between which a publication switches; there only while it runs, or after it was killed."""
POINTER = ".current"
"""Names the version that is published, as long as there is more than one: a link, or a text where there are no links."""
OLD = "old"
"""The version that stood before the publication that is running."""


def data_paths() -> list[Path]:
    """The folders of the tables that come with the package: inside it when installed, data/ in a checkout."""
    here = Path(__file__).resolve().parents[1]
    installed = here / "data"
    folders = (
        [installed, installed / "national"]
        if installed.exists()
        else [here.parent / "data" / "processed", here.parent / "data" / "national"]
    )
    return [folder for folder in folders if folder.exists()] or folders[:1]


def data_path() -> Path:
    """The folder of the articles, the first of `data_paths`."""
    return data_paths()[0]

_VERSION = re.compile(r"[0-9a-f]{16}|old")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MAX_MANIFEST_BYTES = 1 << 20
_TRIES = 200

_verified: set[tuple[Any, ...]] = set()


class ChecksumError(ValueError):
    """A file is not the one that was published, or the manifest is none."""


# --- the manifest -----------------------------------------------------------------------------------------------------


def parse_manifest(data: bytes, path: Path) -> dict[str, Any]:
    """The manifest in these bytes.

    Args:
        data: the file's content.
        path: what a refusal calls it.

    Raises:
        ChecksumError: it is none, in one sentence.
    """
    if len(data) > _MAX_MANIFEST_BYTES:
        raise ChecksumError(f"{path}: not a manifest ({len(data):,} bytes)")
    try:
        manifest = json.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ChecksumError(f"{path}: not a manifest (not UTF-8, byte {error.start})") from None
    except RecursionError:
        raise ChecksumError(f"{path}: not a manifest (nested too deep)") from None
    except ValueError as error:
        raise ChecksumError(f"{path}: not a manifest ({error})") from None
    files = manifest.get("files") if isinstance(manifest, dict) else None
    if not isinstance(files, dict) or not files:
        raise ChecksumError(f"{path}: not a manifest (no files in it)")
    for file, entry in files.items():
        if file not in PUBLISHED:
            written = manifest.get("schema_version")
            since = f"; it was written with schema {str(written)[:20]}" if written != SCHEMA_VERSION else ""
            raise ChecksumError(
                f"{path}: not a manifest (it names {file[:80]!r}, which is no file of schema {SCHEMA_VERSION}{since})"
            )
        if fault := _entry_fault(entry):
            raise ChecksumError(f"{path}: not a manifest (its entry for {file} {fault})")
    return dict(manifest)


def _entry_fault(entry: object) -> str:
    if not isinstance(entry, dict):
        return f"is a {type(entry).__name__}, not an object"
    for name in ("bytes", "rows"):
        value = entry.get(name)
        if value is None and name == "rows":
            continue
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 62:
            return f"has no size in bytes ({str(value)[:40]!r})" if name == "bytes" else "counts no rows"
    if not isinstance(entry.get("sha256"), str) or not _DIGEST.fullmatch(entry["sha256"]):
        return "has no SHA-256"
    return ""


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a published folder; empty where it has none.

    Raises:
        ChecksumError: there is one and it is refused.
    """
    path = current(folder) / MANIFEST
    data = _manifest_bytes(path)
    return {} if data is None else parse_manifest(data, path)


def _manifest_bytes(path: Path) -> bytes | None:
    try:
        with open_regular(path) as file:
            return file.read(_MAX_MANIFEST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ChecksumError(f"{path}: not a readable manifest ({error.strerror or error})") from None


# --- which version stands ---------------------------------------------------------------------------------------------


def current(folder: Path) -> Path:
    """Where the published files stand: the folder itself, or the version that an unfinished publication points to.

    Raises:
        ChecksumError: the pointer is none that a publication wrote.
    """
    pointer = folder / POINTER
    try:
        target = os.readlink(pointer)
    except (FileNotFoundError, NotADirectoryError):
        return folder
    except OSError:  # no link: the text that stands in where a file system has none
        try:
            with open_regular(pointer) as file:
                target = file.read(200).decode("ascii", "replace").strip()
        except FileNotFoundError:
            return folder
        except OSError as error:
            raise ChecksumError(f"{pointer}: not readable ({error.strerror or error})") from None
    parent, _, name = target.replace("\\", "/").rpartition("/")
    if parent != VERSIONS or not _VERSION.fullmatch(name):
        raise ChecksumError(f"{pointer}: points to {target[:80]!r}, which is no version of the tables")
    for inside in (folder / VERSIONS, folder / VERSIONS / name):
        if inside.is_symlink():
            raise ChecksumError(f"{inside}: a link, where a publication keeps a folder")
    return folder / VERSIONS / name


def unfinished(folder: Path) -> str:
    """What an interrupted (or running) publication has left in a folder, in one sentence; empty where none has."""
    left = [name for name in (POINTER, VERSIONS, WORK) if os.path.lexists(folder / name)]
    if not left:
        return ""
    return (
        f"{folder}: a build is running or was interrupted ({' and '.join(left)} are there); "
        "its tables are whole, and the next build of this folder tidies up"
    )


# --- one version, opened in one go ------------------------------------------------------------------------------------


class Published:
    """The files of one published version, all opened before any is read.

    A folder without a manifest is a user's own; its files are taken as they are.

    Args:
        folder: the published folder.
        verify: whether the SHA-256 of what is opened is compared (once in a process); the size always is.

    Raises:
        ChecksumError: the manifest is refused, or a description (datapackage.json, croissant.json) is another one.
    """

    def __init__(self, folder: Path, *, verify: bool = True) -> None:
        self.folder = folder
        self._verify = verify
        self._files: dict[str, tuple[Path, io.BufferedReader]] = {}
        self._unreadable: dict[str, OSError] = {}
        self._finalizer = weakref.finalize(self, _close_all, self._files)
        for attempt in range(_TRIES):
            if self._open_all():
                break
            _close_all(self._files)
            time.sleep(min(0.05, 0.001 * attempt))
        else:
            raise ChecksumError(f"{folder}: is being published again and again; no version could be read whole")
        for file in DESCRIPTIONS:
            if file in self._files:
                self.open(file)

    def _open_all(self) -> bool:
        """Open every file; whether all of them are of one version."""
        root = current(self.folder)
        data = _manifest_bytes(root / MANIFEST)
        self.manifest = {} if data is None else parse_manifest(data, root / MANIFEST)
        for file in self.manifest.get("files", PUBLISHED):
            try:
                self._files[file] = (root / file, open_regular(root / file))
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:  # told to whoever asks for this file
                self._unreadable[file] = error
        if data is None:
            return current(self.folder) == root
        # Nothing was switched meanwhile where the manifest is the same; a size that differs is settled by `open`.
        again = current(self.folder)
        return again == root and _manifest_bytes(again / MANIFEST) == data

    def __enter__(self) -> Published:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every file; what was read from them stays."""
        self._finalizer()

    def __contains__(self, file: str) -> bool:
        return file in self._files

    def path(self, file: str) -> Path:
        """What messages call a file of this version."""
        return self._files[file][0] if file in self._files else self.folder / file

    def open(self, file: str) -> io.BufferedReader:
        """A file of this version at its beginning, once its size and SHA-256 are right; it stays this object's own.

        Raises:
            FileNotFoundError: there is no such file.
            ChecksumError: the file is not the one in the manifest.
        """
        expected = self.manifest.get("files", {}).get(file)
        if self.manifest and expected is None and os.path.lexists(self.folder / file):
            raise ChecksumError(f"{self.folder / file}: the manifest does not name this file")
        if file in self._unreadable:
            raise self._unreadable[file]
        if file not in self._files:
            raise FileNotFoundError(
                2, f"no such table; is {self.folder} the output of a build?", str(self.folder / file)
            )
        path, opened = self._files[file]
        opened.seek(0)
        if expected is None:
            return opened
        status = os.fstat(opened.fileno())
        if status.st_size != expected["bytes"]:
            raise ChecksumError(f"{path}: {status.st_size} bytes, the manifest says {expected['bytes']}")
        key = (
            status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns,
            str(path), expected["sha256"],
        )  # fmt: skip
        if self._verify and key not in _verified:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
            if digest != expected["sha256"]:
                raise ChecksumError(f"{path}: SHA-256 {digest}, the manifest says {expected['sha256']}")
            _verified.add(key)
            opened.seek(0)
        return opened


def _close_all(files: dict[str, tuple[Path, io.BufferedReader]]) -> None:
    for _, opened in files.values():
        opened.close()
    files.clear()


def locate(folder: Path, file: str, *, verify: bool = True) -> Path:
    """Where a published file stands, once its size and SHA-256 are right; for tools that take a path.

    Raises:
        FileNotFoundError: there is no such file.
        ChecksumError: the file is not the one in the manifest.
    """
    with Published(folder, verify=verify) as published:
        published.open(file)
        return published.path(file)


@contextlib.contextmanager
def snapshot(path: str | Path) -> Iterator[Path]:
    """A copy of one version of published tables, which no later publication changes, for as long as the block runs.

    Each loader reads one version by itself; several calls that must agree with one another read a snapshot:

        with covid_timeline.snapshot("out") as tables:
            events = covid_timeline.load_events(path=tables)
            metrics = covid_timeline.load_metrics(path=tables)

    Raises:
        ChecksumError: the manifest or a file is not the published one.
        FileNotFoundError: there is no table.
    """
    folder = Path(path)
    with tempfile.TemporaryDirectory(prefix="covid-timeline-snapshot-") as copy, Published(folder) as published:
        found = [file for file in PUBLISHED if file in published]
        if not found:
            raise FileNotFoundError(2, "no published tables in this folder", str(folder))
        for file in found:
            with (Path(copy) / file).open("wb") as target:
                shutil.copyfileobj(published.open(file), target)
        if published.manifest:
            (Path(copy) / MANIFEST).write_text(json.dumps(published.manifest), encoding="utf-8")
        published.close()
        yield Path(copy)
