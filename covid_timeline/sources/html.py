"""Articles from a folder of web pages, through trafilatura (the optional extra `html`).

A page's readable text becomes the raw text, so spans count in that text, and `sha256` is of its UTF-8 bytes. Which
characters a page's readable text has depends on the extractor's version; a build that must be repeatable saves the
text once and reads it with `--from folder`.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from covid_timeline.model import Article, Refused
from covid_timeline.sources.records import Columns, Preset, Row, articles_of_rows

ENDINGS = (".html", ".htm", ".xhtml")

MAX_PAGE_BYTES = 10_000_000
"""Largest page that is read; a larger one is no article, and is refused by name."""

_COLUMNS = Columns(text="text", published="date", title="title", id="id", url="url", source="sitename")


def read_html(folder: Path | str) -> Iterator[Article | Refused]:
    """The articles of the web pages in a folder and its subfolders, sorted by `doc_id` (the file's stem).

    Title, medium, address and day of publication come from the page's own metadata where it has them, else from the
    text, as `sources.header.read_article` reads a plain file.

    Yields:
        what `sources.records.read_records` yields; a page without readable text is skipped by name.

    Raises:
        ModuleNotFoundError: trafilatura is not installed; the message says how to get it.
        ValueError: there is no such folder, or no page in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder")
    pages = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS and path.is_file())
    if not pages:
        raise ValueError(f"{folder}: no file that ends in {', '.join(ENDINGS)}")
    trafilatura = _trafilatura()
    rows = ((path, _row(path, trafilatura)) for path in pages)
    preset = Preset(prefix="", join_title=False, fixed_region=False, licence=None, may_republish=False)
    return articles_of_rows(rows, _COLUMNS, preset)


def _trafilatura() -> Any:
    try:
        return importlib.import_module("trafilatura")
    except ModuleNotFoundError as error:
        if error.name != "trafilatura":
            raise
        raise ModuleNotFoundError(
            "reading web pages needs trafilatura: pip install 'covid-timeline[html]'", name="trafilatura"
        ) from None


def _row(path: Path, trafilatura: Any) -> Row:
    size = path.stat().st_size
    if size > MAX_PAGE_BYTES:
        return Row("", None, f"{size:,} bytes; the largest page that is read has {MAX_PAGE_BYTES:,}")
    try:
        found = trafilatura.extract(
            path.read_bytes(),
            output_format="json",
            with_metadata=True,
            include_comments=False,
            include_tables=True,
        )
    except Exception as error:  # whatever a parser makes of a damaged page, the other pages go on
        return Row("", None, f"{type(error).__name__}: {error}")
    fields = json.loads(found) if found else {"text": ""}
    return Row(
        "", {**fields, "id": path.stem, "sitename": fields.get("source-hostname") or fields.get("sitename")}
    )
