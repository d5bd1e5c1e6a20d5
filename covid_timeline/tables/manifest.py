"""The manifest of a published folder: which files belong to it, with size and SHA-256. No pyarrow, no pandas."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
STAGING = ".next"
"""Folder of a publication that is being written, or was decided and not yet moved up (see `publish`)."""

_verified: set[tuple[Path, int, int]] = set()


class ChecksumError(ValueError):
    """A file is not the one that was published."""


def read_manifest(folder: Path, *, overlay: bool = True) -> dict[str, Any]:
    """The manifest of a published folder; empty where it has none.

    Args:
        folder: the published folder.
        overlay: whether a publication that was decided but interrupted counts as the published state.

    Raises:
        ChecksumError: the manifest is not readable.
    """
    for path in (folder / STAGING / MANIFEST, folder / MANIFEST) if overlay else (folder / MANIFEST,):
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            raise ChecksumError(f"{path}: not a readable manifest ({error})") from error
        try:
            manifest = json.loads(text)
        except json.JSONDecodeError as error:
            raise ChecksumError(f"{path}: not a manifest ({error})") from error
        if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
            raise ChecksumError(f"{path}: not a manifest (no files in it)")
        return manifest
    return {}


def locate(folder: Path, file: str, *, verify: bool = True) -> Path:
    """Where a published file stands, once its size (and, the first time in a process, its SHA-256) is right.

    A folder without a manifest is a user's own; its files are taken as they are.

    Args:
        folder: the published folder.
        file: name of the file: `metrics.parquet`.
        verify: whether the SHA-256 is compared; the size always is.

    Raises:
        FileNotFoundError: there is no such file.
        ChecksumError: the file is not the one in the manifest.
    """
    manifest = read_manifest(folder)
    staged = folder / STAGING / file
    path = staged if (folder / STAGING / MANIFEST).exists() and staged.exists() else folder / file
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such table; is {folder} the output of a build?")
    expected = manifest.get("files", {}).get(file)
    if expected is None:
        if manifest:
            raise ChecksumError(f"{path}: the manifest does not name this file")
        return path
    status = path.stat()
    if status.st_size != expected["bytes"]:
        raise ChecksumError(f"{path}: {status.st_size} bytes, the manifest says {expected['bytes']}")
    key = (path.resolve(), status.st_size, status.st_mtime_ns)
    if verify and key not in _verified:
        with path.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        if digest != expected["sha256"]:
            raise ChecksumError(f"{path}: SHA-256 {digest}, the manifest says {expected['sha256']}")
        _verified.add(key)
    return path
