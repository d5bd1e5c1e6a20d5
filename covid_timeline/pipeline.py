"""Articles -> facts -> tables -> validated -> published, in one function: `build`."""

from __future__ import annotations

import bisect
import contextlib
import datetime as dt
import errno
import functools
import hashlib
import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from covid_timeline import __version__, batches, display, workers
from covid_timeline.checks.aside import set_aside, too_many
from covid_timeline.model import Article, Facts, Refused
from covid_timeline.reading.extract import extract as extract_article
from covid_timeline.sources.records import natural_key
from covid_timeline.tables.build import QUOTES, regions_table, sort, to_table
from covid_timeline.tables.cities import DOCUMENT_COLUMNS, METRIC_COLUMNS, build_city_tables
from covid_timeline.tables.nested import EXTRACTED, Read, nest, rows_of
from covid_timeline.tables.package import UNSAID, About
from covid_timeline.tables.publish import Publication, PublicationError, errors
from covid_timeline.tables.reading_guard import read_published
from covid_timeline.tables.schema import TABLES
from covid_timeline.tables.store import RowStore
from covid_timeline.workers import cores

CHUNK_DOCUMENTS, CHUNK_CHARACTERS = 256, 400_000
"""Documents, or characters of their texts, that are read together: what a process is given, and what is kept."""

SERIAL_CHUNKS = 8
"""A source that ends within so many chunks is read by this process: starting others takes longer."""

PARTS = ".parts"
"""Folder in the output folder for what an unfinished build has read; `build(resume=True)` goes on from it."""

WHOLE_ROWS = 200_000
"""Up to so many documents and metrics, what needs them all has them in memory at once. Beyond, the tables by place and
day are made some places at a time, and checks over whole tables see these only."""

ROUNDS = 3
"""Times that rows are set aside: what is left without them is checked again."""

SLICE_FIGURES = 50_000
"""Figures of which the tables by place and day are made at a time, unless one place has more."""

Extract = Callable[[Article], Facts]
Progress = Callable[[int, str], None]
Check = Callable[[Mapping[str, pa.Table], Mapping[str, str], tuple[str, ...]], Sequence[object]]
"""Called with tables, the raw texts of their documents (or none), and the stages to check; returns what failed."""


class BuildReport(NamedTuple):
    """What a build made of its source."""

    out: Path
    rows: dict[str, int]  # of each published table
    refused: list[Refused]  # damaged, left out on purpose, noted, or single rows set aside, as `Refused.kind` says
    violations: list[object]  # what validation found; where any is an error, nothing was published
    published: bool
    manifest: dict[str, Any]

    def count(self, kind: str) -> int:
        """How many entries of `refused` are of that kind."""
        return sum(entry.kind == kind for entry in self.refused)

    def exit_code(self, *, strict: bool = False) -> int:
        """0 where the tables were published; 1 where not, or where `strict` and a document was refused."""
        return int(not self.published or (strict and self.count("refused") + self.count("set_aside") > 0))

    def _repr_html_(self) -> str:
        return display.build_report_html(self)


class BuildStopped(Exception):
    """A build ended before its time; what it has read is kept. The message is one sentence that says what to do."""


def build(
    source: Iterable[Article | Refused],
    out: Path | str,
    *,
    quotes: str = "auto",
    jobs: int | None = 1,
    resume: bool = False,
    about: About = UNSAID,
    progress: Progress | None = None,
    extract: Extract | None = None,
    check: Check | None = None,
) -> BuildReport:
    """Read every article of a source and publish the tables.

    Documents stream through, and what must be known of all of them is kept on disk, so memory does not grow with
    their number. A document that cannot be read is listed and the rest goes on. The result does not depend on the
    order in which the source yields, nor on the number of processes.

    What has been read is kept in `<out>/.parts` until the build is done. A build that was killed is continued with
    `resume`: it reads the source again and takes over every part that was read from the same documents by the same
    code and is undamaged.

    Args:
        source: articles, and what could not be one.
        out: folder to publish to; its earlier tables stay as they were unless the whole build is fit to publish.
        quotes: which documents' own sentences are published; see `tables.build.to_tables`.
        about: title, licence and citation that the tables carry; none where it says none.
        jobs: processes that read; None takes one for each core. Where there are several, a script must guard what it
            does with `if __name__ == "__main__":`, and small sources are read by this process all the same.
        resume: whether to go on from what an earlier build of the same source left.
        progress: called for each document with the number done and its id.
        extract: reads one article; `reading.extract.extract` where None. With several jobs it must be importable.
        check: validates tables; `checks.run.check_tables` where None. With several jobs it must be importable.

    Raises:
        ValueError: an argument is none of those that can be given, the source itself is at fault (a checksum that is
            wrong, no such file), or `out` cannot be published to (another process does so, something else stands there).
        BuildStopped: a process that read was killed, or the disk is full.
    """
    if quotes not in QUOTES:
        raise ValueError(f"quotes is {', '.join(QUOTES[:-1])} or {QUOTES[-1]}, not {quotes!r}")
    jobs = cores() if jobs is None else jobs
    if jobs < 1:
        raise ValueError(f"jobs is at least 1, not {jobs}")
    if resume and extract is not None:
        raise ValueError("resume goes with the extractor of the package: what another one made cannot be recognised")
    out = Path(out)
    parts = Parts(out / PARTS) if extract is None else None
    reader = Reader(quotes, extract, check, parts)
    # The folder is claimed before anything is read: a second build of it is told so at once, and leaves the parts alone.
    with Publication(out, package_version=__version__, about=about) as publication, frugal_memory():
        if parts is not None and not resume:
            parts.remove()
        report = assemble(_read(source, reader, jobs, out), publication, check=check, progress=progress)
        if parts is not None:
            parts.remove()
    return report


@contextlib.contextmanager
def frugal_memory() -> Iterator[None]:
    """Arrow gives back at once what it no longer needs: its own allocator keeps a third more, for speed not seen here."""
    before = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(before)


class Part(NamedTuple):
    """What was read from some documents."""

    rows: pa.RecordBatch  # as `tables.nested` describes it
    violations: Sequence[object]
    aside: Sequence[Refused] = ()  # rows that broke a check, and are not among `rows`
    refused: Sequence[Refused] = ()  # by the source, before or among these documents


class _Chunk(NamedTuple):
    articles: list[Article]
    refused: list[Refused]


class Reader:
    """Reads chunks of articles, in this process or another one: extraction, tables, validation.

    Args:
        quotes: see `tables.build.to_tables`.
        extract: reads one article; that of the package where None.
        check: validates tables; that of the package where None.
        parts: where what was read is kept, and looked for.
    """

    def __init__(
        self, quotes: str, extract: Extract | None = None, check: Check | None = None, parts: Parts | None = None
    ) -> None:
        self._quotes = quotes
        self._extract = extract
        self._check = check
        self._parts = parts

    def __call__(self, packed: bytes) -> tuple[bytes, Sequence[object], Sequence[Refused]]:
        """For another process: articles and rows as Arrow IPC streams."""
        part = self.read(batches.unpack(batches.from_bytes(packed)), packed)
        return batches.to_bytes(part.rows), part.violations, part.aside

    def read(self, articles: Sequence[Article], packed: bytes | None = None) -> Part:
        """The facts of some articles, checked while their texts are at hand."""
        if self._parts is None:
            return self.check(*self._read(articles))
        packed = packed or batches.to_bytes(batches.pack(articles))
        key = self._parts.key(packed, self._quotes)
        rows = self._parts.find(key)
        if rows is None:
            rows, texts = self._read(articles)
            self._parts.keep(key, rows)
        else:
            texts = {article.doc_id: article.raw for article in articles}
        return self.check(rows, texts)

    def _read(self, articles: Sequence[Article]) -> tuple[pa.RecordBatch, dict[str, str]]:
        return batches.read(articles, quotes=self._quotes, extract=self._extract or extract_article)

    def check(self, rows: pa.RecordBatch, texts: Mapping[str, str]) -> Part:
        """The rows of some documents without those that break a check, and what else validation says of them.

        Keys resolve within a document, and here its text is still at hand.
        """
        tables = {name: sort(name, rows_of(rows, name)) for name in EXTRACTED}
        sound, found, aside = _sound(self._check or _checker(), tables, texts)
        if aside:
            read = [Read(*values) for values in zip(*(rows.column(i).to_pylist() for i in range(3)), strict=True)]
            rows = nest(read, sound)
        return Part(rows, list(found), aside)


def _sound(
    check: Check, tables: Mapping[str, pa.Table], texts: Mapping[str, str]
) -> tuple[dict[str, pa.Table], Sequence[object], list[Refused]]:
    """The tables without the rows that break a check, what else was found, and the rows that are gone."""
    made = dict(tables)
    gone: list[Refused] = []
    for _ in range(ROUNDS):
        found = check({**made, "regions": _regions()}, texts, ("schema", "keys", "rows"))
        made, aside = set_aside(made, found, texts)
        gone += aside
        if not aside:
            break
    return made, found, gone


def _read(source: Iterable[Article | Refused], reader: Reader, jobs: int, out: Path) -> Iterator[Part]:
    chunks = _chunks(source)
    if jobs > 1:
        first = list(itertools.islice(chunks, SERIAL_CHUNKS + 1))
        chunks = itertools.chain(first, chunks)
        jobs = jobs if len(first) > SERIAL_CHUNKS else 1
    n_done = 0
    try:
        if jobs == 1:
            for chunk in chunks:
                yield reader.read(chunk.articles)._replace(refused=chunk.refused)
                n_done += len(chunk.articles)
            return
        results = workers.run(reader, chunks, jobs, payload=lambda chunk: batches.to_bytes(batches.pack(chunk.articles)))
        with contextlib.closing(results):  # type: ignore[type-var]
            for chunk, (rows, violations, aside) in results:
                yield Part(batches.from_bytes(rows), violations, aside, chunk.refused)
                n_done += len(chunk.articles)
    except workers.WorkerDied as error:
        chunk = error.task
        where = f" while reading {_span(chunk)}" if chunk is not None else ""
        raise BuildStopped(
            f"{error}{where}; {n_done:,} documents are done and kept in {out / PARTS}: go on with --resume, with fewer "
            "--jobs or more memory, or leave out the document that takes its reader down"
        ) from error
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise BuildStopped(
            f"no space is left on the disk; {n_done:,} documents are done and kept in {out / PARTS}: free some space "
            "(TMPDIR names the folder for temporary files) and go on with --resume"
        ) from error


def _span(chunk: _Chunk) -> str:
    ids = [article.doc_id for article in chunk.articles]
    return ids[0] if len(ids) == 1 else f"the {len(ids)} documents from {ids[0]} to {ids[-1]}"


def _chunks(source: Iterable[Article | Refused]) -> Iterator[_Chunk]:
    articles: list[Article] = []
    refused: list[Refused] = []
    characters = 0
    for item in source:
        if isinstance(item, Refused):
            refused.append(item)
            continue
        articles.append(item)
        characters += len(item.raw)
        if len(articles) == CHUNK_DOCUMENTS or characters >= CHUNK_CHARACTERS:
            yield _Chunk(articles, refused)
            articles, refused, characters = [], [], 0
    if articles or refused:
        yield _Chunk(articles, refused)


def assemble(
    parts: Iterable[Part], publication: Publication, *, check: Check | None = None, progress: Progress | None = None
) -> BuildReport:
    """Publish what was read, by whatever engine: the second half of every build.

    Args:
        parts: what was read from all documents; of documents with one id the first counts.
        publication: of the folder to publish to, entered.
        check, progress: see `build`.
    """
    check = check or _checker()
    refused: list[Refused] = []
    violations: list[object] = []
    out, n_done = publication.out, 0
    with contextlib.closing(RowStore(publication.work)) as store:
        for part in parts:
            refused += part.refused
            violations = merge_outcomes([*violations, *part.violations])
            taken = store.add(part.rows)
            refused += [entry for entry in part.aside if entry.file not in taken]
            for doc_id, reason in zip(*(part.rows.column(i).to_pylist() for i in (0, 1)), strict=True):
                if doc_id in taken:
                    refused.append(Refused(doc_id, "", "another document has the same doc_id"))
                    continue
                if reason is not None:
                    refused.append(Refused(doc_id, "", reason))
                n_done += 1
                if progress:
                    progress(n_done, doc_id)
        n_aside = sum(entry.kind == "set_aside" for entry in refused)
        if why := too_many(n_aside, sum(store.count(name) for name in EXTRACTED)):
            violations.append(why)
        if not store.count("documents") or errors(violations):
            return BuildReport(out, dict.fromkeys(TABLES, 0), refused, violations, False, {})
        store.mark_repeats(natural_key)
        repeats = sorted(store.repeats(), key=lambda pair: natural_key(pair[0]))
        refused += [Refused(doc_id, "", f"repeats {first}", "note") for doc_id, first in repeats]
        cities, found, aside = _sound(check, _city_tables(store, _regions(), publication.work), {})
        refused += aside
        made = {"regions": _regions(), **cities}
        for name in TABLES:
            publication.write(name, made[name] if name in made else store.rows(name))
        violations = merge_outcomes([*violations, *errors(found), *_check_whole(check, publication)])
        try:
            manifest = publication.finish(violations)
        except PublicationError:
            return BuildReport(out, dict.fromkeys(TABLES, 0), refused, violations, False, {})
    return BuildReport(out, publication.rows, refused, violations, True, manifest)


class Parts:
    """What an unfinished build has read, one file for each chunk of documents.

    A file is named by a digest of the documents as they were read, of the code and of `quotes`, and ends with its own
    checksum; so a part is taken over only where all of them agree. Nothing in it is executed.

    Args:
        folder: made when the first part is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._code = code_digest()

    def key(self, packed: bytes, quotes: str) -> str:
        """The name of the part of some articles, as `batches.pack` packs them."""
        return hashlib.blake2b(packed, key=f"{quotes}:{self._code}".encode()[:64], digest_size=24).hexdigest()

    def find(self, key: str) -> pa.RecordBatch | None:
        """The part of that name; None where there is none, or it is damaged."""
        try:
            data = (self.folder / key).read_bytes()
        except OSError:
            return None
        content, checksum = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
        if hashlib.blake2b(content, digest_size=_CHECKSUM_BYTES).digest() != checksum:
            return None
        return batches.from_bytes(content)

    def keep(self, key: str, rows: pa.RecordBatch) -> None:
        """Write a part, whole or not at all."""
        content = batches.to_bytes(rows, compress=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        passing = self.folder / f"{key}.{os.getpid()}"
        try:
            passing.write_bytes(content + hashlib.blake2b(content, digest_size=_CHECKSUM_BYTES).digest())
            os.replace(passing, self.folder / key)
        except OSError:
            passing.unlink(missing_ok=True)
            raise

    def remove(self) -> None:
        """Remove the folder and what is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)


_CHECKSUM_BYTES = 32


@functools.lru_cache(maxsize=1)
def code_digest() -> str:
    """A digest of everything that decides what is read from a text: the package's files and the interpreter."""
    found = hashlib.blake2b(f"{sys.version}\n{pa.__version__}".encode(), digest_size=16)
    root = Path(__file__).parent
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root).parts
        if path.is_file() and "__pycache__" not in inside and inside[0] != "data":
            found.update(repr(inside).encode() + hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


@functools.lru_cache(maxsize=1)
def _regions() -> pa.Table:
    return regions_table()


def _city_tables(store: RowStore, regions: pa.Table, folder: Path) -> dict[str, pa.Table]:
    """The tables by place and day; from many figures, some places at a time."""
    if max(store.count("metrics"), store.count("documents")) <= WHOLE_ROWS:
        # The sentences are most of the bytes, and choosing a figure does not need them.
        documents = store.table("documents", DOCUMENT_COLUMNS)
        return build_city_tables(store.table("metrics", METRIC_COLUMNS), documents, regions)
    made: dict[str, list[pa.Table]] = {}
    for first, last, metrics, documents in _by_place(store, folder):
        for name, table in build_city_tables(metrics, documents, regions).items():
            code = table["region_code"]
            here = pc.and_(pc.greater_equal(code, first), pc.less_equal(code, last))
            made.setdefault(name, []).append(table.filter(here))
    return {name: pa.concat_tables(tables) for name, tables in made.items()}


def _by_place(store: RowStore, folder: Path) -> Iterator[tuple[str, str, pa.Table, pa.Table]]:
    """The figures of some places at a time (those from one code to another), and the documents that state them or are
    at home there.

    Places that only documents name, and no figure, are among them: they still have their coverage. What a document
    says it corrects elsewhere is there too: it is corrected for the places that contain it.
    """
    groups = _groups(_places(store))
    starts = [first for first, _ in groups]
    spill = _Spill(folder)
    corrections = [to_table("metrics", []).select(METRIC_COLUMNS)]
    try:
        for low, high in store.buckets("documents", "metrics"):
            documents = store.between("documents", low, high, DOCUMENT_COLUMNS)
            figures = store.between("metrics", low, high, METRIC_COLUMNS)
            figures = figures.filter(pc.is_valid(figures["region_code"]))
            corrections.append(figures.filter(figures["is_correction"]))
            of_figures = _group_numbers(figures["region_code"], starts)
            of_homes = _group_numbers(documents["region_code"], starts)
            for number in sorted({*pc.unique(of_figures).to_pylist(), *pc.unique(of_homes).to_pylist()} - {None}):
                here = figures.filter(pc.equal(of_figures, number))
                spill.add(f"{number}-metrics", here)
                told = pc.or_(pc.is_in(documents["doc_id"], pc.unique(here["doc_id"])), _is(of_homes, number))
                spill.add(f"{number}-documents", documents.filter(told))
    finally:
        spill.close()
    corrected = pa.concat_tables(corrections)
    for number, (first, last) in enumerate(groups):
        metrics, documents = spill.read(f"{number}-metrics"), spill.read(f"{number}-documents")
        code = corrected["region_code"]
        elsewhere = pc.or_(pc.less(code, first), pc.greater(code, last))
        theirs = pc.is_in(corrected["doc_id"], documents["doc_id"].combine_chunks())
        metrics = pa.concat_tables([metrics, corrected.filter(pc.and_(elsewhere, theirs))])
        yield first, last, metrics, _with_firsts(documents, store)


def _places(store: RowStore) -> dict[str, int]:
    """Every place that a figure or a document names, with its number of figures."""
    counts: dict[str, int] = {}
    for name in ("documents", "metrics"):
        for part in store.rows(name, ["region_code"]):
            for one in pc.value_counts(part["region_code"].drop_null()).to_pylist():
                counts[one["values"]] = counts.get(one["values"], 0) + (one["counts"] if name == "metrics" else 0)
    return counts


def _groups(places: Mapping[str, int]) -> list[tuple[str, str]]:
    """First and last code of groups of places, each with at most `SLICE_FIGURES` figures or of one place."""
    groups: list[tuple[str, str]] = []
    total = 0
    for code in sorted(places):
        total += places[code]
        if groups and total <= SLICE_FIGURES:
            groups[-1] = groups[-1][0], code
        else:
            groups.append((code, code))
            total = places[code]
    return groups


def _group_numbers(codes: pa.ChunkedArray, starts: Sequence[str]) -> pa.Array:
    """For each place code the number of its group; null for null."""
    return pa.array([None if code is None else bisect.bisect(starts, code) - 1 for code in codes.to_pylist()], pa.int32())


def _is(numbers: pa.Array, number: int) -> pa.Array:
    return pc.fill_null(pc.equal(numbers, number), False)


def _with_firsts(documents: pa.Table, store: RowStore) -> pa.Table:
    """And the documents that these repeat: a repeat states nothing a second time, wherever its first is at home."""
    firsts = pc.unique(documents["duplicate_of"].drop_null())
    absent = firsts.filter(pc.invert(pc.is_in(firsts, documents["doc_id"].combine_chunks()))).to_pylist()
    if not absent:
        return documents
    columns: dict[str, list[Any]] = {name: [None] * len(absent) for name in DOCUMENT_COLUMNS}
    moments = store.moments(absent)
    columns["doc_id"] = absent
    columns["published_at"] = [
        dt.datetime.fromisoformat(moment) if (moment := moments[doc_id]) else None for doc_id in absent
    ]
    columns["n_chars"] = columns["n_title_chars"] = [0] * len(absent)
    open_schema = pa.schema([pa.field(field.name, field.type) for field in documents.schema])
    added = pa.table(columns, schema=open_schema)
    return pa.concat_tables([documents.cast(open_schema), added]).sort_by("doc_id")


class _Spill:
    """Tables that grow on disk, each in a file of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[str, pa.ipc.RecordBatchStreamWriter] = {}

    @property
    def names(self) -> list[str]:
        return list(self._writers)

    def add(self, name: str, table: pa.Table) -> None:
        """Append rows."""
        if name not in self._writers:
            options = pa.ipc.IpcWriteOptions(compression="zstd")
            self._writers[name] = pa.ipc.new_stream(self._folder / f"{name}.arrow", table.schema, options=options)
        self._writers[name].write_table(table.combine_chunks())

    def read(self, name: str) -> pa.Table:
        """All rows of a table; nothing can be added after this."""
        with pa.OSFile(str(self._folder / f"{name}.arrow")) as file, pa.ipc.open_stream(file) as reader:
            return reader.read_all().combine_chunks()

    def close(self) -> None:
        """End the files."""
        for writer in self._writers.values():
            writer.close()


def _checker() -> Check:
    from covid_timeline.checks.models import pandera
    from covid_timeline.checks.run import check_tables

    pandera()  # a build without it would end at its first batch

    def check(
        tables: Mapping[str, pa.Table], texts: Mapping[str, str], stages: tuple[str, ...]
    ) -> Sequence[object]:
        return check_tables(tables, texts or None, stages=stages).failures

    return check


def _check_whole(check: Check, publication: Publication) -> Sequence[object]:
    """What can only be seen over whole tables, read back from the files that would be published."""
    made = [name for name in TABLES if name not in EXTRACTED]
    small = max(publication.rows[name] for name in EXTRACTED) <= WHOLE_ROWS
    tables = {name: publication.read(name) for name in (TABLES if small else made)}
    found = list(check(tables, {}, ("tables",)))
    if small:  # beyond, the store sees to it that an id stands once and a repeat names a first
        found += check({name: tables[name] for name in ("documents", "regions")}, {}, ("keys",))
    return [*found, *check({name: tables[name] for name in made}, {}, ("schema", "keys", "rows"))]


def merge_outcomes(found: Sequence[Any]) -> list[Any]:
    """One entry for each check and table, where batches have found the same fault; numbers add up."""
    merged: dict[object, Any] = {}
    for i, one in enumerate(found):
        key = (one.check, one.table) if hasattr(one, "plus") else i
        merged[key] = merged[key].plus(one) if key in merged else one
    return list(merged.values())


def compare_build(
    source: Iterable[Article | Refused],
    processed: Path | str,
    *,
    quotes: str = "auto",
    extract: Extract | None = None,
) -> list[str]:
    """How the committed tables differ from what the code builds from the source today; empty where they do not.

    Columns, metadata and rows are compared, not bytes: another version of the Parquet library writes other bytes.
    """
    processed = Path(processed)
    with tempfile.TemporaryDirectory(prefix="covid-timeline-") as folder:
        report = build(source, folder, quotes=quotes, extract=extract)
        if not report.published:
            return ["nothing was built", *map(str, report.violations)]
        found = []
        for name in TABLES:
            try:
                old = read_published(processed, [name])[name]
            except (OSError, ValueError) as error:
                found.append(f"{name}: {error}")
                continue
            found += _differences(name, old, pq.ParquetFile(Path(folder) / f"{name}.parquet").read())
    return found


def _differences(name: str, old: pa.Table, new: pa.Table) -> list[str]:
    if not old.schema.equals(new.schema, check_metadata=True):
        return [f"{name}: the columns, or what is said about them, differ"]
    key = TABLES[name].primary_key
    before = {tuple(row[k] for k in key): row for row in old.to_pylist()}
    after = {tuple(row[k] for k in key): row for row in new.to_pylist()}
    found = [f"{name} {_shown(k)}: only in the committed tables" for k in before if k not in after]
    found += [f"{name} {_shown(k)}: not in the committed tables" for k in after if k not in before]
    for k, row in before.items():
        for column, value in row.items():
            if k in after and after[k][column] != value:
                found.append(f"{name} {_shown(k)}: {column} is {value!r}, builds as {after[k][column]!r}")
    if not found and not old.equals(new):
        found.append(f"{name}: the rows stand in another order")
    return found


def _shown(key: tuple[Any, ...]) -> str:
    return " ".join(str(part) for part in key)
