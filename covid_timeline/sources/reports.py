"""Reports of the health commissions, as canghailan/Wuhan-2019-nCoV wrote them down: label lines, one report a file.

    时间: 2020-01-25
    省: 湖北省
    确诊: 1052例
    确诊详情: 武汉市618例、黄石市31例、…

The text goes to the reader as it stands. What the source says beside it: the file's name (`2020年1月25日湖北省`) names
the day that the counts are of and the commission, whose region is the home region. `doc_id` is made from that name:
`ncov-20200125-420000`. The day of publication is the one in the page's address where that has one (…/t20200126_…),
else the day after the counts; the anchor is the day of the counts.

The collection is under the MIT License, copyright 2020 胡昊; the reports are the commissions'. Tables made from them
carry values, spans, addresses and checksums, and no text.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from covid_timeline.mentions.places import gazetteer
from covid_timeline.model import Article, Refused

COLLECTION = "commission_reports"
LICENCE = "report as written down by canghailan/Wuhan-2019-nCoV: MIT, copyright 2020 胡昊"

MAX_BYTES = 1_000_000
"""Longest report that is read: the longest of the source has some two thousand bytes."""

_NAME = re.compile(r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日(.*)")
_LABEL = re.compile(r"([^:：]{1,12})[:：]\s*(.*)")
_LABELS = frozenset({"地址", "时间", "省", "确诊", "疑似", "治愈", "死亡"})
_LISTS = frozenset({"确诊详情", "疑似详情", "治愈详情", "死亡详情", "国外确诊详情", "国外治愈详情"})
_ITEM = re.compile(r"([^0-9、，,；;：:]+?)\s*([0-9]+)\s*例")
_COUNT = re.compile(r"([0-9]+)\s*例")
_DAY_IN_ADDRESS = re.compile(r"(?<![0-9])(2020)[-/]?([0-9]{1,2})[-/]?([0-9]{2}|[0-9](?=[/_]))(?![0-9])")


class _Report(NamedTuple):
    file: str
    place: str
    name: str  # of the source's file: 2020年1月25日湖北省
    text: str


def read_reports(paths: Path | str | Sequence[Path | str]) -> Iterator[Article | Refused]:
    """The reports of one or several sources, sorted by `doc_id`.

    Args:
        paths: a folder of the source's .yaml files, or a file of JSON lines with `id` (the file's name) and `text`.

    Yields:
        `Refused` values first (kind `note` for what is kept as stated: a label or a place that is not known, two
        totals that disagree), then the articles.

    Raises:
        ValueError: no path is given, or a folder has no report in it.
        OSError: a file cannot be opened.
    """
    files = [Path(p) for p in ([paths] if isinstance(paths, (str, Path)) else paths)]
    if not files:
        raise ValueError("no file to read")
    articles: dict[str, Article] = {}
    for path in sorted(set(files)):
        for report in _in_folder(path) if path.is_dir() else _in_lines(path):
            if isinstance(report, Refused):
                yield report
                continue
            made = _article(report)
            if isinstance(made, Refused):
                yield made
            elif made.doc_id in articles:
                same = articles[made.doc_id].sha256 == made.sha256
                reason = f"{made.doc_id}: read already" if same else f"another report has the id {made.doc_id}"
                yield Refused(report.file, report.place, reason, "skipped" if same else "refused")
            else:
                articles[made.doc_id] = made
                for reason in _notes(report.text, made.region_code):
                    yield Refused(report.file, report.place, f"{made.doc_id}: {reason}; kept as stated", "note")
    yield from (articles[doc_id] for doc_id in sorted(articles))


def _in_folder(folder: Path) -> Iterator[_Report | Refused]:
    found = sorted(path for path in folder.rglob("*.yaml") if path.is_file())
    if not found:
        raise ValueError(f"{folder}: no report (*.yaml) in this folder")
    for path in found:
        data = path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
        yield _decoded(str(path), "", path.stem, data)


def _in_lines(path: Path) -> Iterator[_Report | Refused]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            place = f"line {number}"
            if not line.strip():
                continue
            try:
                fields: Any = json.loads(line)
            except (ValueError, RecursionError) as error:
                yield Refused(str(path), place, f"no JSON: {str(error)[:200]}")
                continue
            if not isinstance(fields, dict) or not all(isinstance(fields.get(k), str) for k in ("id", "text")):
                yield Refused(str(path), place, "no report: a report has the texts `id` and `text`")
                continue
            yield _decoded(str(path), place, fields["id"], fields["text"].encode("utf-8", "surrogatepass"))


def _decoded(file: str, place: str, name: str, data: bytes | None) -> _Report | Refused:
    if data is None or len(data) > MAX_BYTES:
        return Refused(file, place, f"longer than the {MAX_BYTES:,} bytes that are read")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return Refused(file, place, f"not UTF-8 (byte {error.start})")
    if "\x00" in text or not text.strip():
        return Refused(file, place, "NUL in it: damaged text" if text.strip() else "no text")
    return _Report(file, place, name, text)


def _article(report: _Report) -> Article | Refused:
    match = _NAME.fullmatch(report.name.strip())
    if match is None:
        reason = f"{report.name[:60]!r} is no name of a report; they look like 2020年1月25日湖北省"
        return Refused(report.file, report.place, reason)
    year, month, day, place = match.groups()
    try:
        counted = dt.date(int(year), int(month), int(day))
        code = gazetteer().resolve(place, counted) if place else "100000"
    except ValueError as error:
        return Refused(report.file, report.place, f"{report.name[:60]}: {error}")
    region = gazetteer().get(code)
    name = region.name if region is not None and place else "国家"
    url = next((value for label, value in _lines(report.text) if label == "地址"), "") or None
    published = _published(url or "", counted)
    return Article(
        doc_id=f"ncov-{counted:%Y%m%d}-{code}",
        raw=report.text,
        title=f"{name}卫生健康委员会 {counted}",
        source=f"{name}卫生健康委员会",
        published_at=dt.datetime.combine(published, dt.time.min),
        anchor_date=counted,  # what the 时间 line says, and what nothing else in the text does
        anchor_basis="stated" if published != counted else "published",
        region_code=code,
        url=url,
        sha256=hashlib.sha256(report.text.encode()).hexdigest(),
        title_basis="sidecar",
        published_basis="sidecar",
        region_basis="sidecar",
        licence=LICENCE,
        may_republish=False,
        collection=COLLECTION,
    )


def _published(url: str, counted: dt.date) -> dt.date:
    """The day in the address where it can be that of the report; else the day after the counts."""
    for year, month, day in _DAY_IN_ADDRESS.findall(url):
        try:
            found = dt.date(int(year), int(month), int(day))
        except ValueError:
            continue
        if counted <= found <= counted + dt.timedelta(days=2):
            return found
    return counted + dt.timedelta(days=1)


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Each label with what it holds, the source's own remarks (# …) left out."""
    for line in text.splitlines():
        match = _LABEL.fullmatch(line.strip())
        if match:
            # An address has a # of its own, with no space before it.
            yield match[1].strip(), re.split(r"\s#", match[2])[0].strip()
        elif line.strip() and not line.lstrip().startswith("#"):
            yield line.strip()[:20], ""


def _notes(text: str, home: str | None) -> Iterator[str]:
    """What a reader of the tables should know of a report: what of it is not understood, or contradicts itself."""
    totals: dict[str, int] = {}
    for label, value in _lines(text):
        count = _COUNT.match(value)
        if label in _LABELS and count:
            totals[label] = int(count[1])
        if label not in _LABELS and label not in _LISTS:
            yield f"the label {label!r} is not known"
        if label not in _LISTS or label.startswith("国外"):
            continue
        items = _ITEM.findall(value)
        unknown = [place.strip() for place, _ in items if not _is_place(place.strip(), home)]
        if unknown:
            yield f"{label}: {', '.join(unknown[:5])} {'is' if len(unknown) == 1 else 'are'} in no table of places"
        whole, made = totals.get(label.removesuffix("详情")), sum(int(count) for _, count in items)
        if whole is not None and items and made != whole:
            yield f"{label.removesuffix('详情')} is {whole}, and the places of {label} make {made}"


def _is_place(name: str, home: str | None) -> bool:
    try:
        gazetteer().resolve(name, home=home)
    except ValueError:
        return False
    return True
