"""Articles from records: JSON Lines, JSON lists, CSV and Parquet, one article a row.

`read_records` serves any file with a text column; the DXY export (`sources.dxy`) is a preset of it. Every source
yields `Article` and `Refused` values: what could not be read, or was left out on purpose, is named with file and
row, and the rest goes on. Articles come sorted by `doc_id` (plain string order), whatever the order of files and
rows, and memory does not grow with their texts: the first pass spools them to a temporary file, the second one
hands them out.

What is left out (kind `skipped`): an item without text, one that is not Chinese, and one that is there already: the
same text, white space aside, under the same id, or in another file at the same moment of publication. The same text
posted again under an id of its own is a document; the build marks it (`documents.duplicate_of`).
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import functools
import hashlib
import json
import math
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

from covid_timeline.mentions.places import gazetteer
from covid_timeline.model import Article, Refused
from covid_timeline.sources.header import ArticleError, parse_moment, read_article

MAX_ITEM_CHARS = 1_000_000
"""Longest item that is read; a longer one is no article, and is refused by name."""

SHANGHAI = dt.timezone(dt.timedelta(hours=8))
"""China has kept one time, UTC+8 without daylight saving, since 1991."""

FORMATS = ("csv", "json", "jsonl", "parquet")

_EARLIEST, _LATEST = dt.datetime(1990, 1, 1), dt.datetime(2100, 1, 1)  # noqa: DTZ001  local time without a zone
_CHUNK = 1 << 16


class Columns(NamedTuple):
    """Which column holds what. Only `text` is needed; a name that a file lacks is an error that lists its columns.

    What is not given is read from the text, as `sources.header.read_article` does for a plain file. `published` is a time in China, or with a zone of its own, or seconds or milliseconds since the epoch.
    `title` describes the article; spans count in the text column alone.
    """

    text: str
    published: str | None = None
    title: str | None = None
    region: str | None = None
    id: str | None = None
    url: str | None = None
    source: str | None = None


class Preset(NamedTuple):
    """What a known export fixes for all of its articles."""

    prefix: str  # of doc_id
    join_title: bool  # raw text is title + "\\n" + text
    fixed_region: bool  # an item without a region has none: it is not read from the text
    licence: str | None
    may_republish: bool


class Row(NamedTuple):
    """One record as its file has it: `fields` or, where it is damaged, `fault`."""

    place: str
    fields: dict[str, Any] | None
    fault: str = ""


class _Entry(NamedTuple):
    # All that the first pass keeps of an item; its text waits in the spool.
    from_csv: bool  # a CSV export may repeat its ids; those of the other formats go first
    published: str  # ISO, "~" where unknown: sorts after every date
    natural_id: tuple[tuple[int, str], ...]
    raw_digest: bytes
    file: str
    place: str
    doc_id: str
    own_id: bool  # whether the file states the id, rather than the text
    text_digest: bytes  # of the text without white space
    offset: int
    length: int


def read_records(
    paths: Path | str | Sequence[Path | str],
    columns: Columns,
    *,
    format: str | None = None,
    preset: Preset | None = None,
) -> Iterator[Article | Refused]:
    """Articles of record files.

    Args:
        paths: one file or several; a text that stands in two of them is one article.
        columns: which column holds what.
        format: csv, json, jsonl or parquet; told from the file's ending, then its first byte, where None.
        preset: what a known export fixes; ids get its prefix.

    Yields:
        `Refused` values of the first pass in file order, then articles by `doc_id`.

    Raises:
        ValueError: the format is unknown, a file lacks a column that `columns` names (the message lists those it
            has), or no file is given.
        OSError: a file cannot be opened.
    """
    if format is not None and format not in FORMATS:
        raise ValueError(f"format is {', '.join(FORMATS)}, not {format!r}")
    files = [Path(p) for p in ([paths] if isinstance(paths, (str, Path)) else paths)]
    if not files:
        raise ValueError("no file to read")
    preset = preset or Preset("", join_title=False, fixed_region=False, licence=None, may_republish=False)
    rows = ((path, row) for path in sorted(set(files)) for row in read_rows(path, columns, format))
    return articles_of_rows(rows, columns, preset)


def articles_of_rows(
    rows: Iterable[tuple[Path, Row]], columns: Columns, preset: Preset
) -> Iterator[Article | Refused]:
    """Articles of records, wherever they come from; see `read_records`.

    Nothing is read before the first value is asked for.
    """
    with tempfile.SpooledTemporaryFile(max_size=1 << 24) as spool:
        entries: list[_Entry] = []
        for path, row in rows:
            yield from _spool(path, row, columns, preset, spool, entries)
        kept, repeats = _settle(entries)
        yield from repeats
        for entry in kept:
            spool.seek(entry.offset)
            item = json.loads(spool.read(entry.length))
            try:
                article = _article(entry.doc_id, item, preset)
            except ArticleError as error:
                yield Refused(entry.file, entry.place, str(error))
            else:
                yield article


def read_rows(path: Path, columns: Columns, format: str | None = None) -> Iterator[Row]:
    """The records of one file, one after the other.

    Raises:
        ValueError: the file lacks a column that `columns` names.
        OSError: the file cannot be opened.
    """
    readers: dict[str, Callable[[Path, Columns], Iterator[Row]]] = {
        "csv": _csv_rows,
        "json": _json_rows,
        "jsonl": _jsonl_rows,
        "parquet": _parquet_rows,
    }
    return readers[format or sniff(path)](path, columns)


def sniff(path: Path) -> str:
    """The format of a record file, from its ending or else its first bytes.

    Raises:
        OSError: the file cannot be opened.
    """
    suffix = path.suffix.lower().lstrip(".")
    named = {"ndjson": "jsonl", "pq": "parquet", "tsv": "csv"}.get(suffix, suffix)
    if named in ("csv", "jsonl", "parquet"):
        return named
    with path.open("rb") as file:
        start = file.read(_CHUNK).removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"{"):
        # An object with a list inside is one export; objects line by line are JSON Lines.
        line = start.split(b"\n", 1)[0]
        try:
            first = json.loads(line)
        except ValueError:
            return "json"
        return "json" if any(isinstance(value, list) for value in first.values()) else "jsonl"
    return "json" if start.startswith(b"[") or named == "json" else "csv"


# --- one item -----------------------------------------------------------------------------------------------------

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_OTHER_WORD = re.compile(r"[A-Za-z\u00c0-\u024f\u0370-\u1fff]+")
_KANA_OR_HANGUL = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_UNDECODED = re.compile(r"[\udc80-\udcff]")
_ID_NOISE = re.compile(r"[^\w.\-]+")


def is_chinese(text: str) -> bool:
    """Whether a text has at least as many Chinese characters as words in letters, and hardly any kana or hangul.

    >>> is_chinese("COVID-19疫情"), is_chinese("3 new cases in Wuhan 武汉"), is_chinese("東京で新たに3人の感染を確認")
    (True, False, False)
    """
    han = len(_HAN.findall(text))
    return han > 0 and han >= len(_OTHER_WORD.findall(text)) and len(_KANA_OR_HANGUL.findall(text)) * 10 <= han


def parse_published(value: object) -> dt.datetime | None:
    """A publication time as records state it -> local time in China, without a zone; None where none is stated.

    Takes date-times and dates, text (`2020-02-05 16:19:40`, `2020/2/5 16:19`, `2020年2月5日下午4点19分`, ISO 8601 with or
    without a zone, `Wed, 05 Feb 2020 08:19:40 GMT`), and numbers, as numbers or as text: seconds since the epoch, or milliseconds from 10^11 on.

    >>> parse_published(1580890780000) == parse_published("1580890780") == parse_published("2020-02-05T08:19:40Z")
    True

    Raises:
        ValueError: it is stated but is no date and time of these years.
    """
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    stated = value
    if isinstance(value, str):
        value = value.strip()
        if not value:
            return None
        if re.fullmatch(r"-?[0-9]{1,20}(\.[0-9]{1,9})?", value):
            value = float(value) if "." in value else int(value)
    if isinstance(value, dict) and set(value) == {"$date"}:  # as MongoDB exports it
        return parse_published(value["$date"])
    found: dt.datetime | None = None
    if isinstance(value, dt.datetime):
        found = value
    elif isinstance(value, dt.date):
        found = dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = value / 1000 if abs(value) >= 1e11 else value
        try:
            found = dt.datetime.fromtimestamp(seconds, SHANGHAI)
        except (OverflowError, ValueError, OSError):
            found = None
    elif isinstance(value, str):
        found = parse_moment(value)
    if found is not None and found.tzinfo is not None:
        found = found.astimezone(SHANGHAI).replace(tzinfo=None)
    if found is None or not _EARLIEST <= found < _LATEST:
        raise ValueError(f"{str(stated)[:60]!r} is not a time of publication")
    return found


def text_digest(raw: str) -> bytes:
    """What two texts share that differ in white space only."""
    return hashlib.blake2b("".join(raw.split()).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _spool(
    path: Path, row: Row, columns: Columns, preset: Preset, spool: IO[bytes], entries: list[_Entry]
) -> Iterator[Refused]:
    """Write a sound item to the spool and its entry to `entries`; yield what is wrong with it."""
    if row.fields is None:
        yield Refused(str(path), row.place, row.fault)
        return
    value = {name: row.fields.get(column) for name, column in columns._asdict().items() if column}
    text, title = _plain(value.get("text")), _plain(value.get("title"))
    raw = f"{title}\n{text}" if preset.join_title else text
    fault = _fault(raw, value)
    if fault:
        yield Refused(str(path), row.place, *fault)
        return
    if _LONE_SURROGATE.search(raw):
        # Half of a surrogate pair, from a JSON text cut inside an emoji: one character for one.
        yield Refused(str(path), row.place, "half a character (a lone surrogate) read as U+FFFD", "note")
        raw, title = _LONE_SURROGATE.sub("\ufffd", raw), _LONE_SURROGATE.sub("\ufffd", title)
    try:
        published = parse_published(value.get("published"))
    except ValueError as error:
        yield Refused(str(path), row.place, f"{columns.published}: {error}")
        return
    region, unresolved = resolve_region(_plain(value.get("region")))
    if unresolved:
        reason = f"region {unresolved!r} is in no table: kept without a home region"
        yield Refused(str(path), row.place, reason, "note")
    encoded = raw.encode()
    digest = hashlib.sha256(encoded).hexdigest()
    given = _plain_id(value.get("id"))
    doc_id = preset.prefix + (given or f"{'' if preset.prefix else path.stem + '-'}{digest[:10]}")
    item = {
        "raw": raw,
        "title": title or None,
        "published": published.isoformat() if published else None,
        "region": region,
        "url": _plain(value.get("url")) or None,
        "source": _plain(value.get("source")) or None,
        "sha256": digest,
    }
    line = json.dumps(item).encode()
    entry = _Entry(
        from_csv=row.place.startswith("row") and path.suffix.lower() == ".csv",
        published=published.isoformat() if published else "~",
        natural_id=natural_key(doc_id),
        raw_digest=bytes.fromhex(digest[:32]),
        file=str(path),
        place=row.place,
        doc_id=doc_id,
        own_id=bool(given),
        text_digest=text_digest(raw),
        offset=spool.seek(0, 2),
        length=len(line),
    )
    spool.write(line)
    entries.append(entry)


def _fault(raw: str, value: dict[str, Any]) -> tuple[str, str] | None:
    if len(raw) > MAX_ITEM_CHARS:
        return f"{len(raw):,} characters; the longest item that is read has {MAX_ITEM_CHARS:,}", "refused"
    if "\x00" in raw:
        return f"NUL at character {raw.index(chr(0))}: damaged text", "refused"
    if _UNDECODED.search(raw):
        return "bytes that are not in the file's encoding", "refused"
    if not raw.strip():
        return "no text", "skipped"
    if not is_chinese(raw):
        return "not Chinese", "skipped"
    return None


@functools.lru_cache(maxsize=4096)
def resolve_region(name: str) -> tuple[str | None, str | None]:
    """The code of a region that a record names by name or code, and the name where it is in no table.

    >>> resolve_region("湖北省"), resolve_region("全国"), resolve_region(""), resolve_region("大西洋")
    (('420000', None), ('100000', None), (None, None), (None, '大西洋'))
    """
    name = re.sub(r"^([0-9]{6})\.0$", r"\1", name.strip())
    if not name:
        return None, None
    if name in ("全国", "中国"):
        return "100000", None
    try:
        return gazetteer().resolve(name), None
    except ValueError:
        return None, name


def _plain(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return value if isinstance(value, str) else str(value)


def _plain_id(value: object) -> str:
    if isinstance(value, dict) and set(value) == {"$oid"}:
        value = value["$oid"]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = re.sub(r"^([0-9]+)\.0$", r"\1", _plain(value).strip())
    return _ID_NOISE.sub("_", text)[:100].strip("_")


def natural_key(text: str) -> tuple[tuple[int, str], ...]:
    """A key that sorts dxy-9 before dxy-10, without comparing numbers to words."""
    return tuple(
        (int(run), "") if run.isdigit() and run.isascii() else (-1, run)
        for run in re.split(r"([0-9]{1,18})", text)
    )


def _settle(entries: list[_Entry]) -> tuple[list[_Entry], list[Refused]]:
    """Which items stay, sorted by `doc_id`, and what is said about the others."""
    entries.sort()
    told: list[Refused] = []
    read: dict[bytes, list[tuple[_Entry, str]]] = {}  # the entries of a text, with the ids they got
    taken: dict[str, int] = {}
    kept: list[_Entry] = []
    for entry in entries:
        same = read.setdefault(entry.text_digest, [])
        twin = next((one for one in same if _same_item(entry, one[0])), None)
        if twin is not None:
            other, known = twin
            where = other.place if other.file == entry.file else f"{other.file} {other.place}"
            reason = f"{entry.doc_id}: read already as {known} ({where})"
            told.append(Refused(entry.file, entry.place, reason, "skipped"))
            continue
        n = taken[entry.doc_id] = taken.get(entry.doc_id, 0) + 1
        doc_id = entry.doc_id if n == 1 else f"{entry.doc_id}.{n}"
        if n > 1:
            reason = f"id {entry.doc_id} stands for another item too: read as {doc_id}"
            told.append(Refused(entry.file, entry.place, reason, "note"))
        same.append((entry, doc_id))
        kept.append(entry._replace(doc_id=doc_id))
    kept.sort(key=lambda entry: entry.doc_id)
    return kept, told


def _same_item(one: _Entry, other: _Entry) -> bool:
    """Whether two entries of one text are one item that came twice, and not a text that was posted twice."""
    same_moment = one.published == other.published
    if one.doc_id == other.doc_id:
        return same_moment or one.own_id
    return same_moment and one.file != other.file


def _article(doc_id: str, item: dict[str, Any], preset: Preset) -> Article:
    published = dt.datetime.fromisoformat(item["published"]) if item["published"] else None
    title: str | None = item["title"] or ("" if preset.join_title else None)
    region: str | None = item["region"]
    if published is None or title is None or (region is None and not preset.fixed_region):
        article = read_article(
            item["raw"],
            doc_id=doc_id,
            title=title,
            source=item["source"],
            published=published,
            region=region or ("100000" if preset.fixed_region else None),
            url=item["url"],
            sha256=item["sha256"],
            licence=preset.licence,
            may_republish=preset.may_republish,
        )
        if preset.fixed_region and region is None:
            article = article._replace(region_code=None, region_basis="none")
        return article
    return Article(
        doc_id=doc_id,
        raw=item["raw"],
        title=title,
        source=item["source"],
        published_at=published,
        anchor_date=published.date(),
        anchor_basis="published",
        region_code=region,
        url=item["url"],
        sha256=item["sha256"],
        title_basis="sidecar",
        published_basis="sidecar",
        region_basis="sidecar" if region else "none",
        licence=preset.licence,
        may_republish=preset.may_republish,
    )


# --- formats ------------------------------------------------------------------------------------------------------


def _check_columns(path: Path, columns: Columns, available: Iterable[str]) -> None:
    has = list(available)
    missing = [name for name in columns if name is not None and name not in has]
    if missing:
        raise ValueError(
            f"{path}: no column {', '.join(map(repr, missing))}; the file has {', '.join(map(repr, has)) or 'none'}"
        )


def text_encoding(path: Path) -> str:
    """How a text file is encoded: by its byte order mark, else UTF-8, else GB18030 where only that fits.

    A file in neither is UTF-8 with damage; the damaged items are refused one by one.

    Raises:
        OSError: the file cannot be opened.
    """
    with path.open("rb") as file:
        mark = file.read(3)
    if mark.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    return "gb18030" if not _decodes(path, "utf-8") and _decodes(path, "gb18030") else "utf-8-sig"


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with path.open("rb") as file:
        try:
            while chunk := file.read(_CHUNK):
                text = decoder.decode(chunk)
                # A damaged UTF-8 file can pass for GB18030, as characters that no Chinese text uses.
                if encoding == "gb18030" and not _common(text):
                    return False
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _common(text: str) -> bool:
    # Bulletins cannot do without these; UTF-8 read as GB18030 hardly ever has them.
    wide = sum(1 for char in text if char > "\x7f")
    return wide < 200 or sum(map(text.count, "的，。日例人新")) * 50 > wide


def _csv_rows(path: Path, columns: Columns) -> Iterator[Row]:
    encoding = text_encoding(path)
    limit = csv.field_size_limit(MAX_ITEM_CHARS + 1)
    try:
        with path.open(encoding=encoding, errors="surrogateescape", newline="") as file:
            delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
            reader = csv.reader(file, delimiter=delimiter)
            try:
                header = next(reader, [])
            except csv.Error as error:
                raise ValueError(f"{path}: no table of comma-separated values: {error}") from None
            _check_columns(path, columns, header)
            number = 0
            while True:
                number += 1
                place = f"row {number}, line {reader.line_num + 1}"
                try:
                    cells = next(reader, None)
                except csv.Error as error:
                    fault = str(error)
                    if "field limit" in fault:
                        fault = f"longer than the {MAX_ITEM_CHARS:,} characters that are read"
                    yield Row(place, None, fault)
                    continue
                if cells is None:
                    return
                if not cells:
                    continue
                if len(cells) != len(header):
                    yield Row(place, None, f"{len(cells)} cells, the header has {len(header)}")
                    continue
                yield Row(place, dict(zip(header, cells, strict=True)))
    finally:
        csv.field_size_limit(limit)


def _jsonl_rows(path: Path, columns: Columns) -> Iterator[Row]:
    seen: set[str] = set()
    sound = False
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_MAX_ITEM_BYTES):
            number += 1
            place = f"line {number}"
            if len(line) == _MAX_ITEM_BYTES and not line.endswith(b"\n"):
                while (more := file.readline(_MAX_ITEM_BYTES)) and not more.endswith(b"\n"):
                    pass
                yield Row(place, None, f"longer than the {_MAX_ITEM_BYTES:,} bytes that are read")
                continue
            if number == 1:
                line = line.removeprefix(codecs.BOM_UTF8)
            if line.strip():
                row = _json_row(place, line, seen)
                sound = sound or row.fields is not None
                yield row
    if sound:
        _check_columns(path, columns, sorted(seen))


_MAX_ITEM_BYTES = 4 * MAX_ITEM_CHARS


def _json_row(place: str, data: bytes, seen: set[str]) -> Row:
    try:
        fields = json.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        return Row(place, None, f"bytes that are not UTF-8 ({error.reason} at byte {error.start} of it)")
    except ValueError as error:
        return Row(place, None, f"no JSON: {error}")
    except RecursionError:
        return Row(place, None, "no record: nested too deep")
    if not isinstance(fields, dict):
        return Row(place, None, f"no record but a {type(fields).__name__}")
    seen.update(fields)
    return Row(place, fields)


def _json_rows(path: Path, columns: Columns) -> Iterator[Row]:
    """The objects of a JSON list, or of the first list inside a JSON object, read a chunk at a time.

    A list cut in half gives the items before the cut, and a row that says where it was cut.
    """
    seen: set[str] = set()
    number = 0
    sound = False
    with path.open("rb") as file:
        try:
            for offset, data, fault in _json_items(file):
                number += 1
                place = f"item {number}, byte {offset}"
                row = Row(place, None, fault) if data is None else _json_row(place, data, seen)
                sound = sound or row.fields is not None
                yield row
        except _NoListError as error:
            raise ValueError(f"{path}: {error}") from None
    if sound:
        _check_columns(path, columns, sorted(seen))


_OUTSIDE_STRING = re.compile(rb'["{}\[\],]')
_INSIDE_STRING = re.compile(rb'["\\]')


class _NoListError(ValueError):
    pass


def _json_items(file: IO[bytes]) -> Iterator[tuple[int, bytes | None, str]]:
    """Byte offset and bytes of each item of the list; no bytes but a fault for one that is too long or cut off.

    Only brackets, commas, quotes and backslashes are looked at (they are never part of another UTF-8 character), and
    every byte once.

    Raises:
        _NoListError: there is no list.
    """
    depth = list_depth = 0  # list_depth: depth inside the list, once it has been found
    inside_string = skip = False
    base = 0  # offset of the chunk in the file
    item = _JsonItem()
    while chunk := file.read(_CHUNK):
        if base == 0 and chunk.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise _NoListError("UTF-16; JSON files are UTF-8")
        at = 1 if skip else 0
        skip = False
        gap = at = min(at, len(chunk))  # what stands between two items starts here
        item.chunk, item.begin = chunk, 0
        while at < len(chunk):
            if inside_string:
                match = _INSIDE_STRING.search(chunk, at)
                if not match:
                    break
                at = match.end()
                if match[0] == b'"':
                    inside_string = False
                else:
                    skip = at == len(chunk)
                    at += 1
                continue
            match = _OUTSIDE_STRING.search(chunk, at)
            if not match:
                break
            at, mark = match.end(), match[0]
            among_items = list_depth > 0 and depth == list_depth
            if among_items and item.start < 0:
                item.open(gap, match.start() if mark in b"],}" else at, base)
            if mark == b'"':
                inside_string = True
            elif mark in b"{[":
                depth += 1
                if mark == b"[" and not list_depth and depth <= 2:
                    list_depth = depth
                    gap = at
            elif mark == b"," and among_items:
                if item.start >= 0:
                    yield item.close(match.start())
                gap = at
            elif mark in b"}]":
                depth -= 1
                if list_depth and depth == list_depth and item.start >= 0:
                    yield item.close(at)
                    gap = at
                elif list_depth and depth < list_depth:
                    if item.start >= 0:
                        yield item.close(match.start())
                    return
        if list_depth and depth == list_depth and item.start < 0 and not inside_string:
            item.open(gap, len(chunk), base)
        item.hold()
        base += len(chunk)
    if not list_depth:
        raise _NoListError("no list of records" if base else "empty file")
    yield max(item.start, 0) or base, None, "the file was cut off here: its list does not end"


class _JsonItem:
    """The bytes of the item that is being read, across chunks."""

    def __init__(self) -> None:
        self.start = -1  # offset in the file; -1 between items
        self.chunk = b""
        self.begin = 0  # of the item in the chunk
        self.held = bytearray()
        self.length = 0

    def open(self, low: int, high: int, base: int) -> None:
        """Start an item at the first byte between two places in the chunk that is no white space, if there is one."""
        gap = self.chunk[low:high]
        if gap.strip():
            self.begin = low + len(gap) - len(gap.lstrip())
            self.start = base + self.begin
            self.held.clear()
            self.length = 0

    def hold(self) -> None:
        """Keep what the chunk has of the item."""
        if self.start >= 0:
            self.length += len(self.chunk) - self.begin
            if self.length <= _MAX_ITEM_BYTES:
                self.held += self.chunk[self.begin :]
            else:
                self.held.clear()

    def close(self, end: int) -> tuple[int, bytes | None, str]:
        """The item that ends before that place in the chunk."""
        start, self.start = self.start, -1
        if self.length + end - self.begin > _MAX_ITEM_BYTES:
            return start, None, f"longer than the {_MAX_ITEM_BYTES:,} bytes that are read"
        return start, bytes(self.held) + self.chunk[self.begin : end], ""


def _parquet_rows(path: Path, columns: Columns) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise ValueError(f"{path}: no Parquet file: {error}") from None
    with file:
        _check_columns(path, columns, file.schema_arrow.names)
        number = 0
        wanted = list(dict.fromkeys(name for name in columns if name is not None))
        for batch in file.iter_batches(batch_size=1000, columns=wanted):
            for fields in batch.to_pylist():
                number += 1
                yield Row(f"row {number}", fields)
