"""Articles from a folder of web pages, through trafilatura (the optional extra `html`).

A page's readable text becomes the raw text, so spans count in that text, and `sha256` is of its UTF-8 bytes. Which
characters a page's readable text has depends on the extractor's version; a build that must be repeatable saves the
text once and reads it with `--from folder`.

Pages are strangers'. They are parsed in a process of its own, which is given so much memory, and so many seconds of
the processor for each page; a page that takes more is refused by name, and the next one has a new process.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from covid_timeline.model import Article, Refused
from covid_timeline.sources.folder import link_fault
from covid_timeline.sources.records import Columns, Preset, Row, articles_of_rows

ENDINGS = (".html", ".htm", ".xhtml")

MAX_PAGE_BYTES = 10_000_000
"""Largest page that is read; a larger one is no article, and is refused by name."""
PAGE_SECONDS = 10
"""Seconds of the processor that a page may take: news pages take a tenth of one."""
WALL_SECONDS = 120
"""Seconds after which a page is given up, on a machine however busy."""
PAGE_MEMORY = 2 << 30
EXTRACTOR = "trafilatura"
"""The module whose `extract` makes JSON of a page."""

_COLUMNS = Columns(text="text", published="date", title="title", id="id", url="url", source="sitename")


def read_html(folder: Path | str) -> Iterator[Article | Refused]:
    """The articles of the web pages in a folder and its subfolders, sorted by `doc_id` (the file's stem).

    Title, medium, address and day of publication come from the page's own metadata where it has them, else from the
    text, as `sources.header.read_article` reads a plain file. A link that leads out of the folder is not followed.

    Yields:
        what `sources.records.read_records` yields; a page without readable text is skipped by name.

    Raises:
        ModuleNotFoundError: trafilatura is not installed; the message says how to get it.
        ValueError: there is no such folder, or no page in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder")
    pages = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS and _is_page(path))
    if not pages:
        raise ValueError(f"{folder}: no file that ends in {', '.join(ENDINGS)}")
    if importlib.util.find_spec("trafilatura") is None:
        raise ModuleNotFoundError(
            "reading web pages needs trafilatura: pip install trafilatura", name="trafilatura"
        )
    preset = Preset(prefix="", join_title=False, fixed_region=False, licence=None, may_republish=False)
    return articles_of_rows(_rows(folder, pages), _COLUMNS, preset)


def _is_page(path: Path) -> bool:
    try:
        return path.is_symlink() or path.is_file()
    except OSError:
        return False


def _rows(folder: Path, pages: list[Path]) -> Iterator[tuple[Path, Row]]:
    with contextlib.closing(PageReader(PAGE_SECONDS)) as reader:
        for path in pages:
            yield path, _row(path, folder, reader)


def _row(path: Path, folder: Path, reader: PageReader) -> Row:
    if fault := link_fault(path, folder):
        return Row("", None, fault)
    try:
        size = path.stat().st_size
        if size > MAX_PAGE_BYTES:
            return Row("", None, f"{size:,} bytes; the largest page that is read has {MAX_PAGE_BYTES:,}")
        answer = reader.read(path.read_bytes())
    except OSError as error:
        return Row("", None, f"cannot be read: {error.strerror or error}")
    if "fault" in answer:
        return Row("", None, str(answer["fault"]))
    site = answer.get("source-hostname") or answer.get("sitename")
    return Row("", {**answer, "id": path.stem, "sitename": site})


# --- the process that parses ------------------------------------------------------------------------------------------

_COMMAND = """
import sys
sys.path[:] = {path!r}
from covid_timeline.sources.html import serve
serve({extractor!r}, {seconds!r})
"""


class PageReader:
    """Parses pages in a process of its own, started when it is needed.

    Args:
        seconds: of the processor, for each page.
    """

    def __init__(self, seconds: int) -> None:
        self._code = _COMMAND.format(path=sys.path, extractor=EXTRACTOR, seconds=seconds)
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, page: bytes) -> dict[str, Any]:
        """The fields that the page's readable text and metadata have; `fault` where it could not be parsed."""
        process = self._process or self._start()
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(len(page).to_bytes(8, "big") + page)
            process.stdin.flush()
            if sys.platform == "win32" or select.select([process.stdout], [], [], WALL_SECONDS)[0]:
                return _answer(process.stdout)
        except (EOFError, OSError, ValueError, RecursionError):
            pass
        self.close()
        return {"fault": f"no readable text within {self._seconds} seconds and {PAGE_MEMORY >> 30} GiB"}

    def _start(self) -> subprocess.Popen[bytes]:
        process = self._process = subprocess.Popen(
            [sys.executable, "-c", self._code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert process.stdout is not None
        try:
            fault = _answer(process.stdout).get("fault")
        except (EOFError, ValueError) as error:
            fault = str(error) or "it ended at once"
        if fault:
            self.close()
            raise ModuleNotFoundError(
                f"trafilatura does not start ({fault}): pip install trafilatura", name="trafilatura"
            )
        return process

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            with contextlib.suppress(OSError):  # what was not yet written to it
                process.communicate()


def serve(extractor: str, seconds: int) -> None:
    """Answer pages from standard input until it ends; what `PageReader` starts."""
    pages, answers = sys.stdin.buffer, sys.stdout.buffer
    try:
        extract = importlib.import_module(extractor).extract
    except Exception as error:  # the parent says it in one sentence
        _send(answers, {"fault": f"{type(error).__name__}: {error}"[:300]})
        return
    _send(answers, {})
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (PAGE_MEMORY, PAGE_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while head := pages.read(8):
        if sys.platform != "win32":
            used = resource.getrusage(resource.RUSAGE_SELF)
            until = int(used.ru_utime + used.ru_stime) + seconds + 1
            resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))
        page = _exactly(pages, int.from_bytes(head, "big"))
        try:
            found = extract(
                page, output_format="json", with_metadata=True, include_comments=False, include_tables=True
            )
            answer = json.loads(found) if found else {"text": ""}
        except Exception as error:  # whatever a parser makes of a damaged page, the other pages go on
            answer = {"fault": f"{type(error).__name__}: {error}"[:300]}
        _send(answers, answer)


def _send(answers: IO[bytes], answer: dict[str, Any]) -> None:
    data = json.dumps(answer).encode()
    answers.write(len(data).to_bytes(8, "big") + data)
    answers.flush()


def _answer(answers: IO[bytes]) -> dict[str, Any]:
    answer = json.loads(_exactly(answers, int.from_bytes(_exactly(answers, 8), "big")))
    if not isinstance(answer, dict):
        raise ValueError("no page")
    return answer


def _exactly(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise EOFError
    return data
