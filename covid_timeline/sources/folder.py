"""A folder of text files, one article each, with an optional sidecar that says what the texts do not.

The sidecar is `sidecar.csv` or `sidecar.toml` in the folder (or the path given). One row, or one `[[article]]` table,
per file; `file` is required, every other cell may be empty or its column missing:

    doc_id         key of the document; else the file's name without .txt
    file           name of the file in the folder
    title, source, published, url, licence
    region_code    home region, code or name (`region` is taken too)
    may_republish  true or false; true where nothing is said
    sha256         of the file's bytes; a file that differs stops the build
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from covid_timeline.model import Article, Refused
from covid_timeline.sources.header import ArticleError, UnreadableError, decode, read_article
from covid_timeline.sources.records import is_chinese

__all__ = ["ChecksumError", "SourceError", "read_folder"]

MAX_FILE_BYTES = 100_000_000
"""Largest text file that is read; a larger one is no article, and is refused by name."""

MAX_DOTS = 200
_NOT_IN_A_KEY = re.compile(r"""[^\w.\-"' \t]+""")
_SIDECARS = ("sidecar.csv", "sidecar.toml")
_COLUMNS = frozenset(
    [
        "doc_id",
        "file",
        "title",
        "source",
        "published",
        "region_code",
        "region",
        "url",
        "licence",
        "may_republish",
        "sha256",
    ]
)
_TRUTH = {"": True, "true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class SourceError(ValueError):
    """A source that cannot be read at all: no such folder, no text file in it, a sidecar that is no table."""


class ChecksumError(ValueError):
    """A raw file that is not the one its sidecar describes."""


class _Row(NamedTuple):
    place: str
    cells: dict[str, str]


def read_folder(folder: Path | str, sidecar: Path | str | None = None) -> Iterator[Article | Refused]:
    """The articles of a folder, in the order of their file names; one is in memory at a time.

    Reads every `.txt` file directly in `folder`. What cannot be read comes as `Refused` and the rest goes on.

    Raises:
        SourceError: at once, when there is no such folder, no text file in it, or the sidecar is no table.
        ChecksumError: while reading, at a file whose SHA-256 differs from its sidecar row.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise SourceError(f"{folder}: no such folder")
    names = sorted(entry.name for entry in os.scandir(folder) if entry.is_symlink() or entry.is_file())
    texts = [name for name in names if name.lower().endswith(".txt")]
    if not texts:
        raise SourceError(f"{folder}: no .txt file in this folder ({len(names)} other files)")
    if sidecar is None:
        beside = [folder / name for name in _SIDECARS if name in names]
        path = beside[0] if beside else None
        if path is not None and (fault := link_fault(path, folder)):
            raise SourceError(f"{path}: the sidecar is {fault}")
    else:
        path = Path(sidecar)
    rows = _read_sidecar(path) if path is not None else []
    others = [
        name
        for name in names
        if name not in (*texts, "about.toml") and not name.startswith(".") and (path is None or name != path.name)
    ]
    return _read(folder, texts, others, path, rows)


def _read(
    folder: Path, texts: list[str], others: list[str], sidecar: Path | None, rows: list[_Row]
) -> Iterator[Article | Refused]:
    by_file: dict[str, _Row] = {}
    present = set(texts)
    for row in rows:
        name = row.cells.get("file", "")
        if not name:
            yield Refused(str(sidecar), row.place, "the row names no file")
        elif name not in present:
            yield Refused(str(sidecar), row.place, f"there is no text file {name!r} in {folder}")
        elif name in by_file:
            yield Refused(str(sidecar), row.place, f"{name!r} has a row already ({by_file[name].place})")
        else:
            by_file[name] = row
    if others:
        shown = ", ".join(others[:5]) + (", …" if len(others) > 5 else "")
        yield Refused(str(folder), "", f"files without .txt, left alone: {len(others)} ({shown})", "skipped")
    for name in texts:
        if fault := link_fault(folder / name, folder):
            yield Refused(str(folder / name), "", fault)
        else:
            yield _read_file(folder / name, by_file.get(name), sidecar)


def link_fault(path: Path, folder: Path) -> str:
    """Why a file of a folder is not read, where it is a link: one that leads out of the folder, or nowhere.

    Raises nothing, whatever the link is.
    """
    if not path.is_symlink():
        return ""
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(folder.resolve()):
            return "a link that leads out of the folder; it is not followed"
        return "" if real.is_file() else "a link to what is no file"
    except (OSError, RuntimeError):  # 3.12 and earlier raise RuntimeError for a loop
        return "a link that leads nowhere"


def _read_file(path: Path, row: _Row | None, sidecar: Path | None) -> Article | Refused:
    cells = row.cells if row is not None else {}
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            return Refused(
                str(path), "", f"{path.stat().st_size:,} bytes; the largest text that is read has {MAX_FILE_BYTES:,}"
            )
        data = path.read_bytes()
    except OSError as error:
        return Refused(str(path), "", f"cannot be read: {error.strerror or error}")
    digest = hashlib.sha256(data).hexdigest()
    expected = cells.get("sha256", "").lower()
    if row is not None and expected and expected != digest:
        raise ChecksumError(
            f"{path}: SHA-256 {digest}, but {sidecar} ({row.place}) says {expected}; raw files are never edited"
        )
    republish = _TRUTH.get(cells.get("may_republish", "").lower())
    if row is not None and republish is None:
        return Refused(
            str(sidecar), row.place, f"may_republish is neither true nor false: {cells['may_republish']!r}"
        )
    try:
        raw, _ = decode(data, path.name)
        if raw.strip() and not is_chinese(raw):
            return Refused(str(path), "", "not Chinese", "skipped")
        return read_article(
            raw,
            doc_id=cells.get("doc_id") or path.stem,
            title=cells.get("title") or None,
            source=cells.get("source") or None,
            published=cells.get("published") or None,
            region=cells.get("region_code") or cells.get("region") or None,
            url=cells.get("url") or None,
            sha256=digest,
            licence=cells.get("licence") or None,
            may_republish=republish is not False,
        )
    except UnreadableError as error:
        return Refused(str(path), error.place, str(error))
    except ArticleError as error:
        return Refused(str(path), "", str(error))
    except (ValueError, OverflowError, RecursionError) as error:  # the region or the date of the sidecar
        return Refused(str(sidecar or path), row.place if row is not None else "", str(error))


def _read_sidecar(path: Path) -> list[_Row]:
    try:
        text, _ = decode(path.read_bytes(), path.name)
    except OSError as error:
        raise SourceError(f"{path}: the sidecar cannot be read: {error.strerror or error}") from error
    except UnreadableError as error:
        raise SourceError(f"{path}: the sidecar cannot be read: {error}") from error
    rows = list(_toml_rows(path, text) if path.suffix.lower() == ".toml" else _csv_rows(path, text))
    for row in rows:
        unknown = sorted(set(row.cells) - _COLUMNS)
        if unknown:
            raise SourceError(
                f"{path}: {row.place}: unknown column {unknown[0]!r}; known are {', '.join(sorted(_COLUMNS))}"
            )
    return rows


def _csv_rows(path: Path, text: str) -> Iterator[_Row]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            place = f"row {reader.line_num}"
            if not header:
                header = [cell.strip() for cell in cells]
                if "file" not in header:
                    raise SourceError(
                        f"{path}: the sidecar has no column 'file' (it has {', '.join(header)})"
                    )
            elif len(cells) != len(header):
                raise SourceError(f"{path}: {place}: {len(cells)} cells under {len(header)} columns")
            else:
                yield _Row(place, {key: cell.strip() for key, cell in zip(header, cells, strict=True)})
    except csv.Error as error:
        raise SourceError(f"{path}: row {reader.line_num}: {error}") from error


def _toml_rows(path: Path, text: str) -> Iterator[_Row]:
    try:
        # Long dotted keys take tomllib time that grows with the square of their number; no sidecar needs any.
        if any(part.count(".") > MAX_DOTS for part in _NOT_IN_A_KEY.split(text)):
            raise SourceError(f"{path}: a key of more than {MAX_DOTS} parts; the sidecar is a list of [[article]] tables")
        tables = tomllib.loads(text).get("article", [])
    except RecursionError:
        raise SourceError(f"{path}: nested too deep; the sidecar is a list of [[article]] tables") from None
    except (ValueError, OverflowError) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{path}: {error}") from error
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise SourceError(f"{path}: the sidecar is to be a list of [[article]] tables")
    for number, table in enumerate(tables, 1):
        place = f"article {number}"
        for key, value in table.items():
            if isinstance(value, (list, dict)):
                raise SourceError(f"{path}: {place}: {str(key)[:60]!r} is no single value")
        yield _Row(place, {str(key): _toml_cell(value) for key, value in table.items()})


def _toml_cell(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 256:
        return "a number of many digits"
    return str(value).lower() if isinstance(value, bool) else str(value)
