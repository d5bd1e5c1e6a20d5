"""Checking tables, in memory or in files, and reporting what was found.

Stages run in this order: `file` (present, readable, size, checksum), `schema` (columns, types, nulls, words), `keys`
(unique, resolving), `rows` (spans, quotes, values, dates) and `tables` (series, breakdowns, totals). What a damaged file
or a bug can cause is an **error**, what an article itself may state against reason (a part larger than its whole, a
falling series, 170%) is a **warning**, so that publication goes on. Every check carries rows that it must fail and rows
that it must pass; `self_test` runs them all.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from covid_timeline.tables import reports
from covid_timeline.tables.checks import CHECKS, SPANS, Check, Context, Found, number_text
from covid_timeline.tables.manifest import MANIFEST, STAGING, ChecksumError, read_manifest
from covid_timeline.tables.reports import (
    FORMATS,
    MAX_FINGERPRINTS,
    MAX_SAMPLES,
    STAGES,
    Outcome,
    Place,
    Report,
    Sample,
    fingerprint,
    printable,
)
from covid_timeline.tables.samples import World, write_world
from covid_timeline.tables.schema import SCHEMA_VERSION, TABLES

_ORDER = tuple(TABLES)


class WrongUseError(ValueError):
    """An argument is none of those that can be given."""


class UnreadableError(ValueError):
    """A table could not be read at all; the message is one sentence that names the file."""


# --- running ------------------------------------------------------------------------------------------------------


def _run(ctx: Context, check: Check, files: Mapping[str, str]) -> Outcome:
    def outcome(status: str, **more: Any) -> Outcome:
        return Outcome(
            check.id, check.table, check.stage, check.severity, check.expects, check.expects_zh, check.fix, status,
            file=files.get(check.table), **more,
        )  # fmt: skip

    if lacking := ctx.lacks([(check.table, ""), *check.needs]):
        return outcome("skipped", reason=lacking)
    assert check.run is not None
    founds = check.run(ctx, check.table)
    if not founds:
        return outcome("skipped", reason="its columns are not at hand")
    n = max(f.n for f in founds)
    samples: list[Sample] = []
    prints: list[str] = []
    failing: set[int] = set()
    n_items = 0
    for found in founds:
        failing.update(found.rows.tolist())
        n_items += len(found.items)
        for name, value, what in found.items:
            samples.append(Sample(name, found.column, value, what, None, None))
            prints.append(fingerprint(check.id, check.table, name, found.column))
        rows = found.rows[: max(0, MAX_FINGERPRINTS - len(prints))].tolist()
        for ident in _row_ids(ctx, check.table, rows):
            prints.append(fingerprint(check.id, check.table, ident, found.column))
        samples += _samples(ctx, check.table, found)
    n_failed = len(failing) + n_items
    if not n_failed:
        return outcome("passed", n=n)
    # One sample of each column before the second of any.
    return outcome(
        "failed",
        n=n,
        n_failed=n_failed,
        samples=tuple(samples[:MAX_SAMPLES]),
        fingerprints=tuple(sorted(set(prints))),
    )


def _row_ids(ctx: Context, table: str, rows: Sequence[int]) -> list[str]:
    """What a person finds a row by: its key, or its number where it has none."""
    key = TABLES[table].primary_key
    if ctx.lacks([(table, k) for k in key]):
        return [f"row {i + 1}" for i in rows]
    at = pa.array(rows, pa.int64())
    columns = [ctx.col(table, k).take(at).to_pylist() for k in key]
    out = []
    for i, values in zip(rows, zip(*columns, strict=True), strict=True):
        if values[0] is None:
            out.append(f"row {i + 1}")
        elif key[:3] == ("doc_id", "char_start", "char_end"):
            out.append(f"{values[0]}[{values[1]}:{values[2]}]" + "".join(f" {v}" for v in values[3:]))
        else:
            out.append(" ".join(str(v) for v in values if v is not None))
    return out


def _samples(ctx: Context, table: str, found: Found) -> list[Sample]:
    rows = found.rows[:MAX_SAMPLES].tolist()
    out = []
    for i, ident in zip(rows, _row_ids(ctx, table, rows), strict=True):
        raw = ctx.value(table, found.column, i)
        value = None if raw is None else number_text(raw) if isinstance(raw, float) else str(raw)
        sentence, place = _where_read(ctx, table, i, found.column)
        out.append(
            Sample(ident, found.column, value, found.detail(i) if found.detail else "", sentence, place)
        )
    return out


_AROUND = 60


def _where_read(ctx: Context, table: str, row: int, column: str) -> tuple[str | None, Place | None]:
    """The quoted sentence with the span marked, and the place in the document."""
    if table != "metrics" and not ctx.lacks([("metrics", "metric_id"), (table, "metric_id")]):
        metric = ctx.value(table, "metric_id", row)
        at = -1 if metric is None else pc.index(ctx.col("metrics", "metric_id"), metric).as_py()
        return _where_read(ctx, "metrics", at, "value") if at >= 0 else (None, None)
    doc = ctx.value(table, "doc_id", row)
    if doc is None:
        return None, None
    spans = SPANS.get(table, ())
    if not spans:
        return None, _place(ctx, doc, None, None)
    quote, start_column, end_column = spans[0]
    # The figure, or the date of an event when it is the date that is wrong; else the sentence itself.
    if (table == "metrics" and not column.startswith(("quote", "char_"))) or (
        table == "events" and "date" in column
    ):
        quote, start_column, end_column = spans[1]
    start, end = ctx.value(table, start_column, row), ctx.value(table, end_column, row)
    raw = (ctx.texts or {}).get(doc)
    if raw is not None and start is not None and end is not None and 0 <= start < end <= len(raw):
        return _marked(raw, start, end), _place(ctx, doc, start, end)
    words = ctx.value(table, quote, row)
    around = ctx.value(table, "quote", row)
    if words is None or around is None:
        return words or around, _place(ctx, doc, start, end)
    offset = (start or 0) - (ctx.value(table, "char_start", row) or 0)
    if quote != "quote" and around[max(0, offset) : max(0, offset) + len(words)] == words:
        return _marked(around, offset, offset + len(words)), _place(ctx, doc, start, end)
    return (f"【{words}】" if quote == "quote" else f"【{words}】 {around}"), _place(ctx, doc, start, end)


def _marked(text: str, start: int, end: int) -> str:
    """The sentence around a span, the span marked 【】, cut where it is long.

    >>> _marked("一。新增3例,治愈2例。二", 4, 6)
    '新增【3例】,治愈2例。'
    """
    borders = "。！？!?\n"
    left = max((text.rfind(b, max(0, start - _AROUND), start) for b in borders), default=-1) + 1
    left = left if left else max(0, start - _AROUND)
    stops = [at for b in borders if (at := text.find(b, end, end + _AROUND)) >= 0]
    right = min(stops) + 1 if stops else min(len(text), end + _AROUND)
    return f"{text[left:start]}【{text[start:end]}】{text[end:right]}".strip()


def _place(ctx: Context, doc: str, start: int | None, end: int | None) -> Place:
    title = url = None
    if not ctx.lacks([("documents", "doc_id")]):
        at = pc.index(ctx.col("documents", "doc_id"), doc).as_py()
        if at >= 0:
            title, url = ctx.value("documents", "title", at), ctx.value("documents", "url", at)
    place = Place(doc, title, url, ctx.text_files.get(doc), start, end)
    raw = (ctx.texts or {}).get(doc)
    if raw is None or start is None or end is None or not 0 <= start <= end <= len(raw):
        return place
    first, last = raw.rfind("\n", 0, start), raw.rfind("\n", 0, end)
    return place._replace(
        line=raw.count("\n", 0, start) + 1,
        column=start - first,
        end_line=raw.count("\n", 0, end) + 1,
        end_column=end - last,
    )


def _chosen(stages: Iterable[str] | None) -> list[Check]:
    wanted = set(STAGES if stages is None else stages)
    if unknown := wanted - set(STAGES):
        raise WrongUseError(f"no such stage: {', '.join(sorted(unknown))} (there are {', '.join(STAGES)})")
    return [c for stage in STAGES if stage in wanted for c in CHECKS.values() if c.stage == stage]


def _report(
    ctx: Context,
    *,
    stages: Iterable[str] | None,
    fail_on: str,
    baseline: Mapping[str, Any] | None,
    max_failures: int | None,
    files: Mapping[str, str] | None = None,
    file_outcomes: Sequence[Outcome] = (),
) -> Report:
    outcomes: list[Outcome] = list(file_outcomes)
    report = Report((), ctx.row_counts, files or {}, SCHEMA_VERSION, fail_on=fail_on)

    def settle() -> Report:
        made = replace(report, outcomes=tuple(outcomes))
        return made.against(baseline) if baseline is not None else made

    for check in _chosen(stages):
        if max_failures is not None and sum(o.n_new for o in settle().failures) >= max_failures:
            return replace(settle(), complete=False)
        if check.run is not None and check.table in ctx.tables:
            with np.errstate(all="ignore"):  # a damaged number may be as large as numbers get
                outcomes.append(_run(ctx, check, files or {}))
    return settle()


def check_tables(
    tables: Mapping[str, Any],
    texts: Mapping[str, str] | None = None,
    *,
    stages: Iterable[str] | None = None,
    fail_on: str = "error",
    baseline: Mapping[str, Any] | None = None,
    max_failures: int | None = None,
) -> Report:
    """Check tables that are in memory.

    Args:
        tables: Arrow tables (or pandas frames) by the names of docs/data-dictionary.md; some may be missing.
        texts: raw text of each document by doc_id; without it, quotes are only compared with each other.
        stages: those of `STAGES` to run; all of them by default.
        fail_on: `error`, `warning` or `never`: what makes the verdict `invalid`.
        baseline: an earlier report as `reports.to_dict` gives it; its failures do not count again.
        max_failures: stop once so many rows have failed; the report then says that it is not complete.

    Raises:
        WrongUseError: a name is no table of the schema, or an argument is none of those listed.
    """
    if fail_on not in ("error", "warning", "never"):
        raise WrongUseError(f"fail_on is error, warning or never, not {fail_on!r}")
    if unknown := [name for name in tables if name not in TABLES]:
        raise WrongUseError(f"no such table in the schema: {', '.join(unknown)}")
    frames = [name for name, table in tables.items() if not isinstance(table, pa.Table)]
    arrow = {
        name: pa.Table.from_pandas(table, preserve_index=False) if name in frames else table
        for name, table in sorted(tables.items(), key=lambda item: _ORDER.index(item[0]))
    }
    start = time.perf_counter()
    ctx = Context(arrow, texts, lenient=frames)
    ctx.digests = {}
    report = _report(ctx, stages=stages, fail_on=fail_on, baseline=baseline, max_failures=max_failures)
    if not arrow:
        report = replace(report, trouble="nothing_checked", message="no table was given")
    return replace(report, seconds=time.perf_counter() - start)


# --- reading files ------------------------------------------------------------------------------------------------

_SUFFIXES = (".parquet", ".csv")


class _FileFacts(NamedTuple):
    table: str
    path: Path
    content: pa.Table | None
    faults: dict[str, str]  # by the name of a file check: what was found
    skipped: dict[str, str]


def _find_files(paths: Sequence[Path]) -> tuple[list[Path], Path | None]:
    """The files to read, and the folder whose manifest speaks of them.

    Raises:
        UnreadableError: a path does not exist.
    """
    files: list[Path] = []
    folder = None
    for path in paths:
        if path.is_dir():
            folder = path
            inside = sorted(p for p in path.iterdir() if p.suffix.lower() in _SUFFIXES and p.is_file())
            staged = path / STAGING
            if (staged / MANIFEST).exists():  # decided, and interrupted before it moved up
                newer = {p.name: p for p in inside} | {
                    p.name: p for p in staged.iterdir() if p.suffix in _SUFFIXES
                }
                inside = [newer[name] for name in sorted(newer)]
            files += inside
        elif path.exists():
            files.append(path)
        else:
            raise UnreadableError(f"{path} does not exist")
    return files, folder


def _read_parquet(path: Path) -> pa.Table:
    """A Parquet file, whole and verified.

    Raises:
        UnreadableError: in one sentence, what is wrong with it.
    """
    import pyarrow.parquet as pq

    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(max(0, size - 8))
        tail = file.read()
    if head != b"PAR1":
        shown = printable(head.decode("latin-1")) if head else "nothing: it is empty"
        raise UnreadableError(f"{path.name} is not a Parquet file (it starts with {shown!r})")
    if size < 12 or tail[4:] != b"PAR1":
        raise UnreadableError(f"{path.name} is a cut-off Parquet file (it does not end with PAR1)")
    if int.from_bytes(tail[:4], "little") > size - 12:
        raise UnreadableError(
            f"{path.name} is damaged: its footer claims more bytes than the file has ({size:,})"
        )
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as parquet:
            _check_footer(path, parquet.metadata, size)
            table = parquet.read()
        table.validate(full=True)
        if len(table) != parquet.metadata.num_rows:
            raise UnreadableError(
                f"{path.name} is damaged: its footer claims {parquet.metadata.num_rows:,} rows, it has {len(table):,}"
            )
    except UnreadableError:
        raise
    except (OSError, ValueError, MemoryError, OverflowError, KeyError, TypeError, pa.ArrowException) as error:
        reason = printable(str(error).split("\n")[0] or type(error).__name__, 160)
        raise UnreadableError(f"{path.name} is a damaged Parquet file ({reason})") from error
    return table


def _check_footer(path: Path, footer: Any, size: int) -> None:
    rows = total = 0
    for g in range(footer.num_row_groups):
        group = footer.row_group(g)
        rows += group.num_rows
        for c in range(group.num_columns):
            chunk = group.column(c)
            if not group.num_rows:
                continue  # an empty group has no pages, and says so in odd ways
            starts = [o for o in (chunk.dictionary_page_offset, chunk.data_page_offset) if o is not None]
            end = min(starts) + chunk.total_compressed_size
            total += chunk.total_uncompressed_size
            if (
                min(starts) < 4
                or chunk.total_compressed_size < 0
                or end > size
                or chunk.num_values != group.num_rows
            ):
                raise UnreadableError(
                    f"{path.name} is damaged: its footer places column {printable(chunk.path_in_schema)} outside the file or miscounts it"
                )
    if rows != footer.num_rows:
        raise UnreadableError(
            f"{path.name} is damaged: its footer claims {footer.num_rows:,} rows, its row groups {rows:,}"
        )
    if total > max(4 << 30, 200 * size):
        raise UnreadableError(
            f"{path.name} claims {total:,} bytes when unpacked, {total // size} times its size; it is not read"
        )


def _read_csv(path: Path) -> pa.Table:
    """A CSV file, every column as text; an empty cell is null, a quoted empty one an empty text.

    Raises:
        UnreadableError: in one sentence, what is wrong with it.
    """
    from pyarrow import csv

    data = path.read_bytes()
    if not data.strip():
        raise UnreadableError(f"{path.name} is empty")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableError(
            f"{path.name} is not UTF-8 (byte 0x{data[error.start]:02x} at position {error.start:,}); save it as CSV UTF-8"
        ) from error
    if b"\0" in data:
        raise UnreadableError(f"{path.name} holds NUL bytes (at position {data.index(0):,}); it is no text")
    try:
        header = csv.read_csv(
            io.BytesIO(data), csv.ReadOptions(block_size=max(len(data), 1)), csv.ParseOptions(newlines_in_values=True),
            csv.ConvertOptions(strings_can_be_null=True, column_types={}),
        ).schema.names  # fmt: skip
        return csv.read_csv(
            io.BytesIO(data), csv.ReadOptions(), csv.ParseOptions(newlines_in_values=True),
            csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=True,
                quoted_strings_can_be_null=False, null_values=[""],
            ),
        )  # fmt: skip
    except pa.ArrowException as error:
        reason = printable(str(error).split("\n")[0], 160)
        raise UnreadableError(f"{path.name} does not read as CSV ({reason})") from error


def _table_of(path: Path, table: pa.Table) -> str | None:
    """Which table of the schema a file holds: by its name, by what it says itself, or by its columns."""
    if path.stem in TABLES:
        return path.stem
    told: str = (table.schema.metadata or {}).get(b"table", b"").decode("utf-8", "replace")
    if told in TABLES:
        return told
    names = set(table.schema.names)
    shared = {
        name: len(names & set(t.names)) / len(t.names)
        for name, t in TABLES.items()
        if t.primary_key[0] in names
    }
    best = max(shared, key=lambda name: shared[name], default=None)
    return best if best and shared[best] >= 0.7 else None


def _version(table: pa.Table) -> str:
    return str((table.schema.metadata or {}).get(b"schema_version", b"").decode("utf-8", "replace"))


def _version_fault(version: str) -> str:
    """Why a schema version cannot be read; empty where it can, or where none is stated."""
    if not version:
        return ""
    try:
        theirs = tuple(int(p) for p in version.split("."))
    except ValueError:
        return f"{printable(version, 40)!r} is no schema version"
    ours = tuple(int(p) for p in SCHEMA_VERSION.split("."))
    if theirs[0] != ours[0] or theirs[:2] > ours[:2]:
        word = "newer" if theirs > ours else "older"
        return f"has schema version {printable(version, 40)}, {word} than {SCHEMA_VERSION}, which this package knows"
    return ""


def _read_file(path: Path, manifest: Mapping[str, Any], *, named: bool) -> _FileFacts | None:
    """One file and what its manifest has against it; None for a file that is no table of ours and was not asked for."""
    faults: dict[str, str] = {}
    skipped: dict[str, str] = {}
    entry = manifest.get(path.name)
    if entry is None:
        skipped |= dict.fromkeys(
            ("file_present", "file_size", "file_checksum", "file_rows"), "there is no manifest for it"
        )
    else:
        size = path.stat().st_size
        if size != entry.get("bytes"):
            faults["file_size"] = f"{size:,} bytes, the manifest says {entry.get('bytes')}"
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != entry.get("sha256"):
            faults["file_checksum"] = (
                f"SHA-256 {digest[:16]}..., the manifest says {str(entry.get('sha256'))[:16]}..."
            )
    content = None
    table: str | None = path.stem
    try:
        content = _read_parquet(path) if path.suffix.lower() != ".csv" else _read_csv(path)
        table = _table_of(path, content)
        if table is None:
            if not named:
                return None
            raise UnreadableError(
                f"{path.name} has the columns of no table of the schema ({', '.join(TABLES)})"
            )
        if entry is not None and "rows" in entry and len(content) != entry["rows"]:
            faults["file_rows"] = f"{len(content):,} rows, the manifest says {entry['rows']}"
        if path.suffix.lower() == ".csv":
            skipped["schema_version"] = "a CSV states none"
        elif fault := _version_fault(_version(content)):
            faults["schema_version"] = fault
            content = None
    except OSError as error:
        faults["file_readable"] = f"{path.name} could not be opened ({error.strerror or error})"
    except UnreadableError as error:
        faults["file_readable"], content = str(error), None
    if "file_readable" in faults:
        skipped |= dict.fromkeys(("file_rows", "schema_version"), "the file could not be read")
        if table not in TABLES and not named:
            return None
    return _FileFacts(table or path.stem, path, content, faults, skipped)


_UNREADABLE = ("file_readable", "schema_version")


def _file_outcomes(facts: _FileFacts) -> Iterator[Outcome]:
    for what in (
        "file_present",
        "file_readable",
        "schema_version",
        "file_size",
        "file_checksum",
        "file_rows",
    ):
        ident = f"{facts.table}.{what}"
        model = CHECKS.get(ident) or replace(CHECKS[f"metrics.{what}"], id=ident, table=facts.table)
        found = facts.faults.get(what)
        status = "failed" if found else "skipped" if what in facts.skipped else "passed"
        sample = Sample(facts.path.name, "", None, found or "", None, None)
        yield Outcome(
            model.id, model.table, "file", model.severity, model.expects, model.expects_zh, model.fix, status,
            n=1, n_failed=int(bool(found)), samples=(sample,) if found else (), reason=facts.skipped.get(what, ""),
            fingerprints=(fingerprint(ident, facts.table, facts.path.name, ""),) if found else (),
            unreadable=bool(found) and what in _UNREADABLE, file=str(facts.path),
        )  # fmt: skip


def _decode(data: bytes) -> str:
    """Raw bytes as the build decodes them: strictly, byte-order marks obeyed, newlines untouched.

    Raises:
        ValueError: they are no text.
    """
    try:
        from covid_timeline.sources import header as article

        decode: Callable[[bytes], Any] | None = getattr(article, "decode", None)
    except ImportError:
        decode = None
    if decode is not None:
        decoded = decode(data)
        return str(decoded[0] if isinstance(decoded, tuple) else decoded)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")


class Texts(NamedTuple):
    """Raw texts of a folder, by document."""

    texts: dict[str, str]
    files: dict[str, str]
    digests: dict[str, str]  # of the file that carries the name of a document


def read_texts(folder: Path, documents: pa.Table | None) -> Texts:
    """The raw texts of the documents, found in a folder by their SHA-256, or else by their name.

    Args:
        folder: text files as `build` reads them; or one `.jsonl` file with `doc_id` and `text` on each line.
        documents: the table of that name; without it the name of a file is taken for its doc_id.

    Raises:
        UnreadableError: there is no such folder, or a line of the file is not as described.
    """
    if folder.is_file():
        return Texts(_jsonl_texts(folder), {}, {})
    if not folder.is_dir():
        raise UnreadableError(f"{folder}: there are no raw texts here")
    by_digest: dict[str, list[str]] = {}
    ids: set[str] = set()
    if documents is not None and {"doc_id", "sha256"} <= set(documents.schema.names):
        pairs = zip(
            documents.column("doc_id").to_pylist(), documents.column("sha256").to_pylist(), strict=True
        )
        for doc, digest in pairs:
            ids.add(doc)
            by_digest.setdefault(digest, []).append(doc)
    found = Texts({}, {}, {})
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        docs = by_digest.get(digest, [])
        if documents is None and path.suffix == ".txt":
            docs = [path.stem]
        if not docs and path.stem in ids and path.suffix == ".txt":
            found.digests.setdefault(path.stem, digest)  # the file was changed: `sha256_matches` says so
            continue
        try:
            text = _decode(data) if docs else ""
        except ValueError:
            continue
        for doc in docs:
            found.texts[doc], found.files[doc], found.digests[doc] = text, path.as_posix(), digest
    return found


def _jsonl_texts(path: Path) -> dict[str, str]:
    texts = {}
    with path.open("rb") as file:
        for n, line in enumerate(file, 1):
            try:
                if line.strip():
                    row = json.loads(line)
                    texts[str(row["doc_id"])] = str(row["text"])
            except (ValueError, KeyError, TypeError) as error:
                raise UnreadableError(
                    f"{path.name}: line {n} is no JSON object with doc_id and text"
                ) from error
    return texts


def default_tables() -> Path:
    """The tables that ship with the package, or those of the checkout."""
    package = Path(__file__).resolve().parents[1]
    shipped = package / "data"
    return shipped if shipped.is_dir() else package.parent / "data" / "processed"


def validate(
    tables: str | Path | Sequence[str | Path] | Mapping[str, Any],
    *,
    texts: Mapping[str, str] | str | Path | None = None,
    stages: Iterable[str] | None = None,
    fail_on: str = "error",
    baseline: Mapping[str, Any] | None = None,
    max_failures: int | None = None,
) -> Report:
    """Check published tables, or one's own in this schema.

    Args:
        tables: a folder, one or more Parquet or CSV files, or tables in memory as `check_tables` takes them.
        texts: raw text by doc_id, or where to find it (`read_texts`). By default a folder `raw` beside the tables.
        stages, fail_on, baseline, max_failures: as in `check_tables`.

    Returns:
        The report. Files that cannot be read do not raise; `report.verdict` is `unreadable` then, and
        `report.message` says why in one sentence.

    Raises:
        WrongUseError: an argument is none of those listed.
    """
    if isinstance(tables, Mapping):
        if isinstance(texts, str | Path):
            texts = read_texts(Path(texts), tables.get("documents")).texts
        return check_tables(
            tables, texts, stages=stages, fail_on=fail_on, baseline=baseline, max_failures=max_failures
        )
    if fail_on not in ("error", "warning", "never"):
        raise WrongUseError(f"fail_on is error, warning or never, not {fail_on!r}")
    wanted = set(STAGES if stages is None else stages)
    _chosen(wanted)
    start = time.perf_counter()
    paths = [Path(tables)] if isinstance(tables, str | Path) else [Path(p) for p in tables]
    empty = Report((), {}, {}, SCHEMA_VERSION, fail_on=fail_on)
    try:
        files, folder = _find_files(paths)
        facts, absent = _read_files(files, folder, named={p for p in paths if not p.is_dir()})
        if not facts and not absent:
            looked = ", ".join(f"{name}.parquet" for name in list(TABLES)[:3])
            where = ", ".join(map(str, paths)) or "no path was given, which"
            message = f"{where} holds no table of the schema (looked for {looked} ... as .parquet or .csv)"
            return replace(empty, trouble="nothing_checked", message=message)
        raw = _texts_for(texts, folder, next((f.content for f in facts if f.table == "documents"), None))
    except (UnreadableError, ChecksumError) as error:
        return replace(empty, trouble="unreadable", message=str(error))
    except OSError as error:
        return replace(empty, trouble="unreadable", message=f"{error.filename}: {error.strerror or error}")
    readable = sorted((f for f in facts if f.content is not None), key=lambda f: _ORDER.index(f.table))
    ctx = Context(
        {f.table: f.content for f in readable},
        raw.texts,
        from_text=[f.table for f in readable if f.path.suffix.lower() == ".csv"],
    )
    ctx.text_files, ctx.digests = raw.files, raw.digests
    report = _report(
        ctx, stages=wanted, fail_on=fail_on, baseline=baseline, max_failures=max_failures,
        files={f.table: f.path.name for f in facts},
        file_outcomes=[*absent, *(o for f in facts for o in _file_outcomes(f))] if "file" in wanted else (),
    )  # fmt: skip
    faults = [(f.path.name, what, f.faults[what]) for f in facts for what in _UNREADABLE if what in f.faults]
    if faults:
        sentences = [said if what == "file_readable" else f"{name} {said}" for name, what, said in faults]
        more = f" (and {len(sentences) - 1} more files)" if len(sentences) > 1 else ""
        report = replace(report, trouble="unreadable", message=sentences[0] + more)
    elif not any(report.rows.values()) and not report.errors:
        report = replace(report, trouble="nothing_checked", message="the tables hold no rows")
    return replace(report, seconds=time.perf_counter() - start)


def _read_files(
    files: Sequence[Path], folder: Path | None, named: set[Path]
) -> tuple[list[_FileFacts], list[Outcome]]:
    manifest = read_manifest(folder).get("files", {}) if folder is not None else {}
    facts: dict[str, _FileFacts] = {}
    for path in files:
        if path.suffix.lower() not in _SUFFIXES:
            raise UnreadableError(f"{path.name} is neither .parquet nor .csv")
        fact = _read_file(path, manifest, named=path in named)
        if fact is None:
            continue
        if fact.table in facts:
            if fact.path.suffix != facts[fact.table].path.suffix and path not in named:
                continue  # a folder with an exported CSV beside the Parquet file
            raise UnreadableError(
                f"{facts[fact.table].path.name} and {path.name} both hold the table {fact.table}"
            )
        facts[fact.table] = fact
    present = {f.path.name for f in facts.values()} | {p.name for p in files}
    absent = []
    for name in manifest:
        table, _, suffix = name.rpartition(".")
        if suffix == "parquet" and table in TABLES and name not in present:
            gone = _FileFacts(
                table, Path(name), None, {"file_present": "the manifest names it, and it is not there"}, {}
            )
            absent.append(next(_file_outcomes(gone)))
    return [
        facts[t] for t in sorted(facts, key=lambda t: (_ORDER.index(t) if t in TABLES else len(_ORDER), t))
    ], absent


def _texts_for(
    texts: Mapping[str, str] | str | Path | None, folder: Path | None, documents: pa.Table | None
) -> Texts:
    if isinstance(texts, Mapping):
        return Texts(dict(texts), {}, {})
    if texts is not None:
        return read_texts(Path(texts), documents)
    beside = folder.resolve().parent / "raw" if folder is not None else None
    if beside is not None and beside.is_dir():
        try:
            # As the reader wrote the path, so that an annotation points at a file of the repository.
            assert folder is not None
            short = (
                Path(os.path.normpath(folder / ".." / "raw"))
                if folder.name not in ("", ".", "..")
                else beside
            )
            return read_texts(short if short.is_dir() else beside, documents)
        except OSError:
            pass
    return Texts({}, {}, {})


# --- proving the checks -------------------------------------------------------------------------------------------


def self_test() -> list[str]:
    """Run every check on rows that it must fail and on rows that it must pass.

    Returns:
        What went wrong, one sentence each; empty when every check can both fail and pass.
    """
    wrong = []
    sound = World()
    report = check_tables(sound.build(), sound.texts)
    wrong += [f"{o.check} fails on sound tables" for o in report.outcomes if o.n_failed]
    for check in CHECKS.values():
        for steps, expected in ((check.bad, "failed"), (check.good, "passed")):
            world = World()
            for step in steps:
                step(world)
            status = _try_on_disk(check, world) if check.run is None else _try(check, world)
            if status != expected:
                sample = "bad" if expected == "failed" else "good"
                wrong.append(f"{check.id} {status} on its {sample} rows, where it should have {expected}")
    return wrong


def _try(check: Check, world: World) -> str:
    ctx = Context(world.build(), world.texts)
    texts = world.reference_texts or world.texts
    ctx.digests = {doc: hashlib.sha256(text.encode()).hexdigest() for doc, text in texts.items()}
    return _run(ctx, check, {}).status


def _try_on_disk(check: Check, world: World) -> str:
    with tempfile.TemporaryDirectory() as folder:
        write_world(world, Path(folder))
        report = validate(folder, texts={}, stages=["file"])
    return next((o.status for o in report.outcomes if o.check == check.id), "missing")


def describe_checks() -> str:
    """docs/validation.md: every check, by stage, with what it expects and how to put a failure right."""
    families: dict[tuple[str, str, str, str, str], list[Check]] = {}
    for check in CHECKS.values():
        what = check.id.partition(".")[2]
        generic = (
            check.expects
            if not what.endswith("_resolves")
            else "Every reference is the key of a row in the table it points to, or null where that is allowed."
        )
        zh = (
            check.expects_zh
            if not what.endswith("_resolves")
            else "每个引用都应是所指表中某行的键（允许为空者除外）。"
        )
        name = what if not what.endswith("_resolves") else "<column>_resolves"
        families.setdefault((check.stage, name, check.severity, generic, zh), []).append(check)
    lines = [
        "# What validation checks",
        "",
        "Generated from `covid_timeline.tables.validate`; do not edit. `covid-timeline validate --self-test` runs each",
        "check on rows that it must fail and on rows that it must pass.",
        "",
        "An **error** is what a damaged file or a bug can cause; publication stops on it. A **warning** is what an article",
        "itself may state against reason, such as a part larger than its whole; it is kept as stated and flagged.",
        "The id of a check is the table, a dot and the name below: `metrics.value_rereads`. Checks whose columns, tables",
        "or raw texts are not at hand are reported as skipped, with the reason.",
    ]
    titles = {
        "file": "Files", "schema": "Schema", "keys": "Keys", "rows": "Rows", "tables": "Whole tables",
    }  # fmt: skip
    for stage in STAGES:
        lines += [
            "",
            f"## {titles[stage]}",
            "",
            "| check | tables | severity | expected | 应为 | how to fix |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for (at, name, severity, expects, zh), checks in families.items():
            if at == stage:
                tables = (
                    "all"
                    if {c.table for c in checks} == set(TABLES)
                    else ", ".join(dict.fromkeys(c.table for c in checks))
                )
                cells = (f"`{name}`", tables, severity, expects, zh, checks[0].fix)
                lines.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    return "\n".join(lines) + "\n"


# --- the command --------------------------------------------------------------------------------------------------


def run_validate(
    paths: Sequence[str | Path] = (),
    *,
    format: str = "text",
    outputs: Sequence[str] = (),
    texts: Mapping[str, str] | str | Path | None = None,
    stages: Sequence[str] = (),
    fail_on: str = "error",
    baseline: str | Path | None = None,
    max_failures: int | None = None,
    prove: bool = False,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
    environ: Mapping[str, str] | None = None,
) -> int:
    """`covid-timeline validate`: check, write the reports, return the exit code.

    Args:
        paths: folder or files; the packaged tables by default.
        format: what goes to standard output (`reports.FORMATS`).
        outputs: further reports as `FORMAT=PATH`; `-` is standard output.
        texts, fail_on, max_failures: as in `validate`. stages: those to run; all by default.
        baseline: JSON report of an earlier run; only new failures count.
        prove: run `self_test` instead.

    Returns:
        0 valid, 1 data failed, 2 wrong use, 3 could not read, 4 nothing was checked.
    """
    out, err = stdout or sys.stdout, stderr or sys.stderr
    env = os.environ if environ is None else environ

    def wrong_use(message: str) -> int:
        err.write(f"error: {printable(message)}\n")
        return 2

    if prove:
        faults = self_test()
        for fault in faults:
            out.write(f"{fault}\n")
        out.write(f"{len(CHECKS)} checks, {len(faults)} that do not fail or pass as they should\n")
        return 1 if faults else 0
    wanted = [(format, "-")] if format else []
    for output in outputs:
        name, equals, path = output.partition("=")
        if not equals or not path:
            return wrong_use(f"--output takes FORMAT=PATH, not {output!r}")
        wanted.append((name, path))
    for name, _ in wanted:
        if name not in FORMATS:
            return wrong_use(f"no such format: {name!r} (there are {', '.join(FORMATS)})")
    if max_failures is not None and max_failures < 1:
        return wrong_use("--max-failures takes a whole number above 0")
    known = None
    if baseline is not None:
        try:
            known = json.loads(Path(baseline).read_text(encoding="utf-8"))
            reports.read_baseline(known)
        except OSError as error:
            return wrong_use(f"the baseline {baseline} could not be read ({error.strerror or error})")
        except ValueError:
            return wrong_use(f"the baseline {baseline} is no JSON report of covid-timeline validate")
    try:
        report = validate(
            [Path(p) for p in paths] or [default_tables()], texts=texts, stages=stages or None, fail_on=fail_on,
            baseline=known, max_failures=max_failures,
        )  # fmt: skip
    except WrongUseError as error:
        return wrong_use(str(error))
    for name, path in wanted:
        text = FORMATS[name](report)
        if path == "-":
            _print(out, text)
            continue
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
        except OSError as error:
            return wrong_use(f"{path} could not be written ({error.strerror or error})")
    summary = env.get("GITHUB_STEP_SUMMARY")
    if summary and any(name == "github" for name, _ in wanted):
        with Path(summary).open("a", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(reports.to_markdown(report))
    return report.exit_code


def _print(out: TextIO, text: str) -> None:
    """Write, whatever characters the terminal can show."""
    encoding = getattr(out, "encoding", None) or "utf-8"
    out.write(text.encode(encoding, "backslashreplace").decode(encoding))


if __name__ == "__main__":
    sys.stdout.write(describe_checks())
