"""Reading tables from files: whole, of one piece or of parts, and what a manifest has against them.

What a file is worth is said before its rows are looked at: each fault is an outcome of the `file` stage with the name
of the file, and a file that cannot be read costs one sentence.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from covid_timeline.checks.frames import Context, Tables, from_arrow, from_text
from covid_timeline.checks.models import pandera
from covid_timeline.checks.registry import CHECKS
from covid_timeline.checks.run import ORDER, check_tables, note_nan, run, settle
from covid_timeline.parquet import GuardedFile, UnreadableError, open_regular, part_files
from covid_timeline.tables.manifest import (
    MANIFEST,
    ChecksumError,
    Published,
    current,
    data_path,
    read_manifest,
)
from covid_timeline.tables.reading_guard import read_table
from covid_timeline.tables.reports import STAGES, Outcome, Report, Sample
from covid_timeline.tables.schema import SCHEMA_VERSION, TABLES
from covid_timeline.text.shown import printable

_SUFFIXES = (".parquet", ".csv")


PROBE_FROM = 1 << 20
"""Strangers' files of so many bytes together are first read in a process of limited memory."""


# --- files --------------------------------------------------------------------------------------------------------


class _File(NamedTuple):
    table: str
    path: Path
    content: pa.Table | None
    faults: dict[str, str]  # by the name of a file check: what was found
    skipped: dict[str, str]
    is_part: bool  # one of several files of its table


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
            root = current(path)
            files += sorted(p for p in root.iterdir() if p.suffix.lower() in _SUFFIXES and p.is_file())
            files += itertools.chain.from_iterable(part_files(root, name, _SUFFIXES) for name in TABLES)
        elif path.exists():
            files.append(path)
        else:
            raise UnreadableError(f"{path} does not exist")
    return files, folder


def strangers(paths: Sequence[str | Path]) -> list[Path]:
    """Parquet files that are not the package's own, where there is enough of them to do harm."""
    try:
        files, _ = _find_files([Path(p) for p in paths])
        found = [path for path in files if path.suffix.lower() == ".parquet" and path.parent != data_path()]
        return found if sum(path.stat().st_size for path in found) >= PROBE_FROM else []
    except (OSError, ValueError):  # `validate` says what is wrong with them
        return []


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
    told: str = (table.schema.metadata or {}).get(b"table", b"").decode("utf-8", "replace")
    for name in (path.stem, told, path.parent.name.removesuffix(".parquet")):
        if name in TABLES:
            return name
    best = _nearest(table.schema.names)
    names = set(table.schema.names)
    keyed = TABLES[best].primary_key[0] in names
    return best if keyed and len(names & set(TABLES[best].names)) / len(TABLES[best].names) >= 0.6 else None


def _nearest(names: Sequence[str]) -> str:
    """The table that shares most columns with these, of those the one that lacks fewest."""
    return max(TABLES, key=lambda name: (len(set(names) & set(TABLES[name].names)), -len(TABLES[name].names)))


def _unlike(names: Sequence[str]) -> str:
    nearest = _nearest(names)
    shared = [name for name in TABLES[nearest].names if name in names]
    if not shared:
        return f"has no column of any table ({', '.join(TABLES)}); it has {printable(', '.join(map(str, names)), 120)}"
    missing = [name for name in TABLES[nearest].names if name not in names]
    return (
        f"has the columns of no table; the nearest is {nearest}, of which it has {', '.join(shared)} and lacks {', '.join(missing)}"
    )


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


def _entry(path: Path, manifests: dict[Path, Mapping[str, Any]]) -> Any:
    """What the manifest beside a file says of it; None where there is none.

    Raises:
        ChecksumError: the manifest is refused.
    """
    folder = path.parent
    if folder not in manifests:
        manifests[folder] = read_manifest(folder).get("files", {})
    return manifests[folder].get(path.name)


def _against_manifest(path: Path, entry: Any) -> dict[str, str]:
    faults: dict[str, str] = {}
    size = path.stat().st_size
    if size != entry.get("bytes"):
        faults["file_size"] = f"{size:,} bytes, the manifest says {printable(str(entry.get('bytes')), 40)}"
    with open_regular(path) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != entry.get("sha256"):
        faults["file_checksum"] = f"SHA-256 {digest[:16]}..., the manifest says {printable(str(entry.get('sha256')), 16)}..."
    return faults


def _read_file(path: Path, entry: Any, *, named: bool, listed: bool) -> _File | None:
    """One file and what its manifest has against it; None for a file that is no table of ours and was not asked for."""
    skipped: dict[str, str] = {}
    content = None
    table: str | None = path.stem
    if entry is not None:
        faults = _against_manifest(path, entry)
    elif listed and path.stem in TABLES and path.suffix == ".parquet":
        faults = {"file_checksum": "the manifest beside it does not name it"}
    else:
        faults = {}
        skipped |= dict.fromkeys(("file_present", "file_size", "file_checksum", "file_rows"), "there is no manifest for it")
    try:
        if path.suffix.lower() == ".csv":
            content = _read_csv(path)
        else:
            with GuardedFile(path) as parquet:
                content = parquet.read()
        table = _table_of(path, content)
        if table is None:
            if not named:
                return None
            faults["table_known"], content = _unlike(list(content.schema.names)), None
        elif isinstance(entry, Mapping) and "rows" in entry and len(content) != entry["rows"]:
            faults["file_rows"] = f"{len(content):,} rows, the manifest says {printable(str(entry['rows']), 40)}"
        if path.suffix.lower() == ".csv":
            skipped["schema_version"] = "a CSV states none"
        elif content is not None and (fault := _version_fault(_version(content))):
            faults["schema_version"], content = fault, None
    except OSError as error:
        faults["file_readable"] = f"{path.name} could not be opened ({error.strerror or error})"
    except UnreadableError as error:
        faults["file_readable"], content = str(error), None
    if "file_readable" in faults:
        skipped |= dict.fromkeys(("file_rows", "schema_version", "table_known"), "the file could not be read")
        if table not in TABLES and not named:
            return None
    return _File(table or path.stem, path, content, faults, skipped, path.stem not in TABLES)


_UNREADABLE = ("file_readable", "table_known", "schema_version")
_FILE_CHECKS = tuple(check.what for check in CHECKS.values() if check.stage == "file" and check.table == "metrics")


def _outcomes_of(file: _File) -> Iterator[Outcome]:
    for what in _FILE_CHECKS:
        model = CHECKS[f"metrics.{what}"]
        found = file.faults.get(what)
        status = "failed" if found else "skipped" if what in file.skipped else "passed"
        yield Outcome(
            f"{file.table}.{what}", file.table, "file", model.severity, model.expects, model.expects_zh, model.fix, status, n=1,
            n_failed=int(bool(found)), samples=(Sample(file.path.name, "", None, found, None, None),) if found else (),
            reason=file.skipped.get(what, "") if not found else "", unreadable=bool(found) and what in _UNREADABLE, file=str(file.path),
        )  # fmt: skip


# --- raw texts ----------------------------------------------------------------------------------------------------


def read_texts(folder: Path, documents: pa.Table | None) -> Context:
    """The raw texts of the documents, found in a folder by their SHA-256, or else by their name.

    Args:
        folder: text files as `build` reads them; or one `.jsonl` file with `doc_id` and `text` on each line.
        documents: the table of that name; without it the name of a file is taken for its doc_id.

    Raises:
        UnreadableError: there is no such folder, or a line of the file is not as described.
    """
    from covid_timeline.sources.header import decode

    if folder.is_file():
        return Context(_jsonl_texts(folder))
    if not folder.is_dir():
        raise UnreadableError(f"{folder}: there are no raw texts here")
    by_digest: dict[str, list[str]] = {}
    ids: set[str] = set()
    if documents is not None and {"doc_id", "sha256"} <= set(documents.schema.names):
        for row in documents.select(["doc_id", "sha256"]).to_pylist():
            ids.add(row["doc_id"])
            by_digest.setdefault(row["sha256"], []).append(row["doc_id"])
    texts: dict[str, str] = {}
    files: dict[str, str] = {}
    digests: dict[str, str] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        try:
            data = path.read_bytes()
        except OSError as error:
            raise UnreadableError(f"{path}: the raw text could not be read ({error.strerror or error})") from error
        digest = hashlib.sha256(data).hexdigest()
        docs = by_digest.get(digest, [])
        if documents is None and path.suffix == ".txt":
            docs = [path.stem]
        if not docs and path.stem in ids and path.suffix == ".txt":
            digests.setdefault(path.stem, digest)  # the file was changed: `sha256_matches` says so
            continue
        try:
            text = decode(data)[0] if docs else ""  # as the build decodes them
        except ValueError:
            continue
        for doc in docs:
            texts[doc], files[doc], digests[doc] = text, path.as_posix(), digest
    return Context(texts, files, digests)


def _jsonl_texts(path: Path) -> dict[str, str]:
    texts = {}
    with path.open("rb") as file:
        for n, line in enumerate(file, 1):
            try:
                if line.strip():
                    row = json.loads(line)
                    texts[str(row["doc_id"])] = str(row["text"])
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise UnreadableError(
                    f"{path.name}: line {n} is no JSON object with doc_id and text"
                ) from error
    return texts


# --- validating ---------------------------------------------------------------------------------------------------


def _texts_for(texts: Mapping[str, str] | str | Path | None, folder: Path | None, documents: pa.Table | None) -> Context:
    if isinstance(texts, Mapping):
        return Context(dict(texts))
    if texts is not None:
        return read_texts(Path(texts), documents)
    beside = folder.resolve().parent / "raw" if folder is not None else None
    if folder is None or beside is None or not beside.is_dir():
        return Context()
    # As the reader wrote the path, so that an annotation points at a file of the repository.
    short = Path(os.path.normpath(folder / ".." / "raw")) if folder.name not in ("", ".", "..") else beside
    try:
        return read_texts(short if short.is_dir() else beside, documents)
    except OSError:
        return Context()


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
        tables: a folder, one or more Parquet or CSV files, or tables in memory as `check_tables` takes them. Several
            files of one table (`part-00000.parquet`, ...) are one table.
        texts: raw text by doc_id, or where to find it (`read_texts`). By default a folder `raw` beside the tables.
        stages, fail_on, baseline, max_failures: as in `check_tables`.

    Returns:
        The report. Files that cannot be read do not raise; `report.verdict` is `unreadable` then, and
        `report.message` says why in one sentence.

    Raises:
        WrongUseError: an argument is none of those listed.
        MissingPanderaError: pandera cannot be imported.
    """
    pandera()
    if isinstance(tables, Mapping):
        known = read_texts(Path(texts), tables.get("documents")).texts if isinstance(texts, str | Path) else texts
        return check_tables(tables, known, stages=stages, fail_on=fail_on, baseline=baseline, max_failures=max_failures)
    start = time.perf_counter()
    wanted = set(STAGES if stages is None else stages)
    paths = [Path(tables)] if isinstance(tables, str | Path) else [Path(p) for p in tables]
    report = run(Tables({}), stages=wanted, fail_on=fail_on)  # says what is wrong with the arguments
    try:
        found, folder = _find_files(paths)
        files, about = _read_files(found, folder, named={p for p in paths if not p.is_dir()})
        if not files and not about:
            looked = ", ".join(f"{name}.parquet" for name in list(TABLES)[:3])
            where = ", ".join(map(str, paths)) or "no path was given, which"
            message = f"{where} holds no table of the schema (looked for {looked} ... as .parquet or .csv)"
            return replace(report, trouble="nothing_checked", message=message)
        documents = next((f.content for f in files if f.table == "documents" and f.content is not None), None)
        made, names = _as_tables(files, _texts_for(texts, folder, documents))
    except (UnreadableError, ChecksumError) as error:
        return replace(report, trouble="unreadable", message=str(error))
    except OSError as error:
        return replace(report, trouble="unreadable", message=f"{error.filename}: {error.strerror or error}")
    troubles = [(f.path.name, what, f.faults[what]) for f in files for what in _UNREADABLE if what in f.faults]
    before = [*about, *(o for f in files for o in _outcomes_of(f))] if "file" in wanted else []
    files.clear()  # the frames hold their columns
    report = run(made, stages=wanted, fail_on=fail_on, baseline=baseline, max_failures=max_failures, files=names, before=before)
    if troubles:
        sentences = [said if said.startswith(name) else f"{name} {said}" for name, _, said in troubles]
        more = f" (and {len(sentences) - 1} more files)" if len(sentences) > 1 else ""
        report = replace(report, trouble="unreadable", message=sentences[0] + more)
    elif not any(report.rows.values()) and not report.errors:
        report = replace(report, trouble="nothing_checked", message="the tables hold no rows")
    return replace(report, seconds=time.perf_counter() - start)


def _read_files(paths: Sequence[Path], folder: Path | None, named: set[Path]) -> tuple[list[_File], list[Outcome]]:
    """The tables that files hold, and what the manifest says of files that are not there or are no tables."""
    manifests: dict[Path, Mapping[str, Any]] = {}
    files: list[_File] = []
    for path in paths:
        if path.suffix.lower() not in _SUFFIXES:
            raise UnreadableError(f"{path.name} is neither .parquet nor .csv")
        entry = _entry(path, manifests)
        file = _read_file(path, entry, named=path in named, listed=bool((path.parent / MANIFEST).exists()))
        if file is None:
            continue
        other = next((f for f in files if f.table == file.table), None)
        if other is not None and other.path.suffix != path.suffix and path not in named:
            continue  # a folder with an exported CSV beside the Parquet file
        if other is not None and not (other.is_part and file.is_part):
            raise UnreadableError(f"{other.path.name} and {path.name} both hold the table {file.table}")
        files.append(file)
    about: list[Outcome] = []
    if folder is not None:
        root = current(folder)
        _entry(root / MANIFEST, manifests)
        present = {path.name for path in paths}
        for name, entry in manifests[root].items():
            beside = root / name
            if name in present:
                continue
            table = name.removesuffix(".parquet")
            faults = _against_manifest(beside, entry) if beside.is_file() else {"file_present": "the manifest names it, and it is not there"}
            told = _File(table if table in TABLES else name, beside, None, faults, {}, False)
            about += [outcome for outcome in _outcomes_of(told) if outcome.check.rpartition(".")[2] in ("file_present", "file_size", "file_checksum")]
    key = {name: i for i, name in enumerate(ORDER)}
    return sorted(files, key=lambda f: (key.get(f.table, len(key)), f.table, f.path.name)), about


def _as_tables(files: Sequence[_File], context: Context) -> tuple[Tables, dict[str, str]]:
    """The frames of what could be read, parts put together, and the path of each table."""
    made = Tables({}, context)
    names: dict[str, str] = {}
    for table in dict.fromkeys(f.table for f in files if f.content is not None):
        parts = [f for f in files if f.table == table and f.content is not None]
        names[table] = str(parts[0].path if len(parts) == 1 else parts[0].path.parent)
        try:
            whole = parts[0].content if len(parts) == 1 else pa.concat_tables([f.content for f in parts])
        except pa.ArrowInvalid as error:
            raise UnreadableError(f"the {len(parts)} parts of {table} do not have the same columns ({str(error).splitlines()[0]})") from error
        if parts[0].path.suffix.lower() == ".csv":
            made.frames[table], unread = from_text(table, whole)
            made.unread |= {(table, column): cells for column, cells in unread.items()}
        else:
            made.frames[table] = from_arrow(table, whole)
            note_nan(made, table, whole)
    settle(made)
    return made, names


def read_for_audit(folder: Path, texts: Mapping[str, str] | str | Path | None) -> Tables:
    """The tables of a folder that contradictions are looked for in, with the texts.

    Raises:
        UnreadableError, ChecksumError, OSError: one of them is not there or cannot be read.
    """
    with Published(folder) as published:
        wanted = ["documents", "metrics"]
        wanted += [name for name in ("dates", "events", "city_by_date") if f"{name}.parquet" in published]
        paths = {name: published.path(f"{name}.parquet") for name in wanted}
        files = [
            _File(name, path, read_table(published.open(path.name), name, shown=path.name), {}, {}, False)
            for name, path in paths.items()
        ]
    return _as_tables(files, _texts_for(texts, folder, files[0].content))[0]
