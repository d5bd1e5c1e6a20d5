"""Articles -> facts -> tables -> validated -> published, in one function: `build`."""

from __future__ import annotations

import hashlib
import importlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from covid_timeline import __version__, display
from covid_timeline.model import Article, Facts, Refused
from covid_timeline.sources.records import natural_key, text_digest
from covid_timeline.tables.build import EXTRACTED, RowStore, regions_table, to_table, to_tables
from covid_timeline.tables.cities import DOCUMENT_COLUMNS, METRIC_COLUMNS, build_city_tables
from covid_timeline.tables.manifest import locate
from covid_timeline.tables.package import UNSAID, About
from covid_timeline.tables.publish import Publication, PublicationError, errors
from covid_timeline.tables.schema import TABLES

BATCH_ROWS = 20_000
"""Rows (of all tables) after which a batch goes to disk."""

WHOLE_ROWS = 200_000
"""Up to so many metrics, what needs them all has them in memory at once. Beyond, the tables by place and day are made
a province at a time, and checks over whole tables see these only."""

COUNTRY = "10"
"""First digits of the country's code."""

Extract = Callable[[Article], Facts]
Progress = Callable[[int, str], None]
Check = Callable[[Mapping[str, pa.Table], Mapping[str, str], tuple[str, ...]], Sequence[object]]
"""Called with tables, the raw texts of their documents (or none), and the stages to check; returns what failed."""


class BuildReport(NamedTuple):
    """What a build made of its source."""

    out: Path
    rows: dict[str, int]  # of each published table
    refused: list[Refused]  # damaged, left out on purpose, or noted, as `Refused.kind` says
    violations: list[object]  # what validation found; where any is an error, nothing was published
    published: bool
    manifest: dict[str, Any]

    def count(self, kind: str) -> int:
        """How many entries of `refused` are of that kind."""
        return sum(entry.kind == kind for entry in self.refused)

    def exit_code(self, *, strict: bool = False) -> int:
        """0 where the tables were published; 1 where not, or where `strict` and a document was refused."""
        return int(not self.published or (strict and self.count("refused") > 0))

    def _repr_html_(self) -> str:
        return display.build_report_html(self)


def build(
    source: Iterable[Article | Refused],
    out: Path | str,
    *,
    quotes: str = "auto",
    about: About = UNSAID,
    progress: Progress | None = None,
    extract: Extract | None = None,
    check: Check | None = None,
) -> BuildReport:
    """Read every article of a source and publish the tables.

    Documents stream through in batches, so memory does not grow with their number. A document that cannot be read
    is listed and the rest goes on. The result does not depend on the order in which the source yields.

    Args:
        source: articles, and what could not be one.
        out: folder to publish to; its earlier tables stay as they were unless the whole build is fit to publish.
        quotes: which documents' own sentences are published; see `tables.build.to_tables`.
        about: title, licence and citation that the tables carry; none where it says none.
        progress: called after each document with the number done and the id of the last.
        extract: reads one article; `reading.extract.extract` where None.
        check: validates tables; `tables.validate.check_tables` where None.

    Raises:
        ValueError: `quotes` is unknown, or the source itself is at fault (a checksum that is wrong, no such file).
    """
    out = Path(out)
    extract = extract or _extractor()
    check = check or _checker()
    refused: list[Refused] = []
    violations: list[object] = []
    regions = regions_table()
    posts = _Posts()
    with tempfile.TemporaryDirectory(prefix="covid-timeline-") as folder:
        store = RowStore(Path(folder))
        try:
            for batch in _batches(_read(source, extract, refused, progress)):
                for tables in _tables(batch, quotes, refused):
                    posts.add(batch, tables["documents"])
                    # Keys resolve within a document, and here its text is still at hand.
                    texts = {facts.article.doc_id: facts.article.raw for facts in batch}
                    violations += check({**tables, "regions": regions}, texts, ("schema", "keys", "rows"))
                    store.add(tables)
            if not store.count("documents") or errors(violations):
                return BuildReport(
                    out, dict.fromkeys(TABLES, 0), refused, merge_outcomes(violations), False, {}
                )
            repeats = posts.repeats()
            refused += [Refused(doc_id, "", f"repeats {first}", "note") for doc_id, first in repeats.items()]
            with Publication(out, package_version=__version__, about=about) as publication:
                documents = _mark_repeats(store.table("documents", DOCUMENT_COLUMNS), repeats)
                made = {"regions": regions, **_city_tables(store, documents, regions, Path(folder))}
                for name in TABLES:
                    publication.write(name, made[name] if name in made else _rows(store, name, repeats))
                violations += _check_whole(check, publication)
                violations = merge_outcomes(violations)
                manifest = publication.finish(violations)
        except PublicationError:
            return BuildReport(out, dict.fromkeys(TABLES, 0), refused, violations, False, {})
        finally:
            store.close()
    return BuildReport(out, publication.rows, refused, violations, True, manifest)


def _read(
    source: Iterable[Article | Refused], extract: Extract, refused: list[Refused], progress: Progress | None
) -> Iterator[Facts]:
    seen: set[str] = set()
    for item in source:
        if isinstance(item, Refused):
            refused.append(item)
            continue
        if item.doc_id in seen:
            refused.append(Refused(item.doc_id, "", "another document has the same doc_id"))
            continue
        seen.add(item.doc_id)
        try:
            facts = extract(item)
            _check_spans(facts)
        except Exception as error:  # one document's fault must not stop the others; it is listed by name
            refused.append(Refused(item.doc_id, "", f"{type(error).__name__}: {error}"))
        else:
            yield facts
        if progress:
            progress(len(seen), item.doc_id)


def _check_spans(facts: Facts) -> None:
    """Raise where a quote is not what stands in the raw text: nobody can check it once the text is gone."""
    raw = facts.article.raw
    spans = [(row.char_start, row.char_end, row.quote) for row in facts.dates]
    spans += [(row.char_start, row.char_end, row.quote) for row in facts.rejected]
    for event in facts.events:
        spans.append((event.char_start, event.char_end, event.quote))
        spans.append((event.date_char_start, event.date_char_end, event.date_quote))
    for metric in facts.metrics:
        spans.append((metric.char_start, metric.char_end, metric.quote))
        spans.append((metric.value_char_start, metric.value_char_end, metric.value_quote))
    for start, end, quote in spans:
        if raw[start:end] != quote:
            raise ValueError(
                f"span {start}-{end} is {raw[start:end]!r} in the text, the row quotes {quote!r}"
            )


def _batches(facts: Iterable[Facts]) -> Iterator[list[Facts]]:
    batch: list[Facts] = []
    rows = 0
    for one in facts:
        batch.append(one)
        rows += 1 + len(one.dates) + len(one.events) + len(one.metrics) + len(one.rejected)
        if rows >= BATCH_ROWS:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch


class _Posts:
    """Which documents repeat one another: the same text, white space aside, read to the same facts.

    今日我市无新增 of two cities, or of two days, is one text and two statements.
    """

    def __init__(self) -> None:
        self._posts: dict[bytes, list[tuple[str, str]]] = {}

    def add(self, batch: Sequence[Facts], documents: pa.Table) -> None:
        kept = set(documents["doc_id"].to_pylist())
        for facts in batch:
            article = facts.article
            if article.doc_id in kept:
                # What does not say when it was published does not go before what does.
                moment = article.published_at.isoformat() if article.published_at else "~"
                self._posts.setdefault(_statement(facts), []).append((moment, article.doc_id))

    def repeats(self) -> dict[str, str]:
        """Each repeat, in the order of their ids, with the first document of its text to be published."""
        found: dict[str, str] = {}
        for posts in self._posts.values():
            (_, first), *others = sorted(posts, key=lambda post: (post[0], natural_key(post[1])))
            found |= {doc_id: first for _, doc_id in others}
        return dict(sorted(found.items(), key=lambda item: natural_key(item[0])))


def _statement(facts: Facts) -> bytes:
    """The text without its white space, and the places and days of its figures that it states itself."""
    stated = [
        (row.region_code, row.date_start, row.date_end)
        for row in facts.metrics
        if row.date_basis != "publication"
    ]
    of = repr(stated or facts.article.region_code).encode()
    return text_digest(facts.article.raw) + hashlib.blake2b(of, digest_size=16).digest()


def _mark_repeats(documents: pa.Table, repeats: Mapping[str, str]) -> pa.Table:
    """Documents, whole or in part, with `duplicate_of` filled in."""
    if not repeats:
        return documents
    column = pa.array([repeats.get(doc_id) for doc_id in documents["doc_id"].to_pylist()], pa.string())
    at = documents.schema.get_field_index("duplicate_of")
    return documents.set_column(at, documents.schema.field(at), column)


def _rows(store: RowStore, name: str, repeats: Mapping[str, str]) -> Iterator[pa.Table]:
    for part in store.rows(name):
        yield _mark_repeats(part, repeats) if name == "documents" else part


def _tables(batch: list[Facts], quotes: str, refused: list[Refused]) -> Iterator[dict[str, pa.Table]]:
    try:
        yield to_tables(batch, quotes)
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError, OverflowError) as error:
        # A value that fits no column (half a surrogate pair, say): find the document, keep the others.
        if len(batch) == 1:
            refused.append(Refused(batch[0].article.doc_id, "", f"{type(error).__name__}: {error}"))
            return
        middle = len(batch) // 2
        yield from _tables(batch[:middle], quotes, refused)
        yield from _tables(batch[middle:], quotes, refused)


def _city_tables(
    store: RowStore, documents: pa.Table, regions: pa.Table, folder: Path
) -> dict[str, pa.Table]:
    """The tables by place and day; from many figures, one province after another."""
    if store.count("metrics") <= WHOLE_ROWS:
        # The sentences are most of the bytes, and choosing a figure does not need them.
        return build_city_tables(store.table("metrics", METRIC_COLUMNS), documents, regions)
    paths, corrections = _split_by_province(store, folder)
    made: dict[str, list[pa.Table]] = {}
    for province in sorted(paths):
        with pq.ParquetFile(paths[province]) as file:
            figures = file.read()
        if province == COUNTRY:  # what is corrected for a place is corrected for the country too
            elsewhere = corrections.filter(pc.invert(pc.starts_with(corrections["region_code"], COUNTRY)))
            figures = pa.concat_tables([figures, elsewhere])
        for name, table in build_city_tables(figures, documents, regions).items():
            made.setdefault(name, []).append(table.filter(pc.starts_with(table["region_code"], province)))
    return {name: pa.concat_tables(tables) for name, tables in made.items()}


def _split_by_province(store: RowStore, folder: Path) -> tuple[dict[str, Path], pa.Table]:
    """Files of the figures by the first two digits of their place, and all figures that are corrections.

    A province that only documents name, and no figure, has a file without rows: it still has its coverage.
    """
    writers: dict[str, pq.ParquetWriter] = {}
    paths: dict[str, Path] = {}
    corrections = [to_table("metrics", []).select(METRIC_COLUMNS)]
    homes = store.table("documents", ["region_code"])["region_code"]

    def add(province: str, figures: pa.Table) -> None:
        if province not in writers:
            paths[province] = folder / f"province-{province}"
            writers[province] = pq.ParquetWriter(paths[province], figures.schema, compression="zstd")
        writers[province].write_table(figures)

    try:
        for figures in store.rows("metrics", METRIC_COLUMNS):
            placed = figures.filter(pc.is_valid(figures["region_code"]))
            corrections.append(placed.filter(placed["is_correction"]))
            provinces = pc.utf8_slice_codeunits(placed["region_code"], 0, 2)
            for province in pc.unique(provinces).to_pylist():
                add(province, placed.filter(pc.equal(provinces, province)))
        for province in pc.unique(pc.utf8_slice_codeunits(homes.drop_null(), 0, 2)).to_pylist():
            add(province, corrections[0])
    finally:
        for writer in writers.values():
            writer.close()
    return paths, pa.concat_tables(corrections)


def _extractor() -> Extract:
    found: Extract = importlib.import_module("covid_timeline.reading.extract").extract
    return found


def _checker() -> Check:
    from covid_timeline.tables.validate import check_tables

    def check(
        tables: Mapping[str, pa.Table], texts: Mapping[str, str], stages: tuple[str, ...]
    ) -> Sequence[object]:
        return check_tables(tables, texts or None, stages=stages).failures

    return check


def _check_whole(check: Check, publication: Publication) -> Sequence[object]:
    """What can only be seen over whole tables, read back from the files that would be published."""
    made = [name for name in TABLES if name not in EXTRACTED]
    names = list(TABLES) if publication.rows["metrics"] <= WHOLE_ROWS else made
    tables = {name: publication.read(name) for name in names}
    found = list(check(tables, {}, ("tables",)))
    # A repeat and its first may have come in two batches.
    documents = {name: publication.read(name) for name in ("documents", "regions")}
    found += check(documents, {}, ("keys",))
    return [*found, *check({name: tables[name] for name in made}, {}, ("schema", "keys", "rows"))]


def merge_outcomes(found: Sequence[Any]) -> list[Any]:
    """One entry for each check and table, where batches have found the same fault; numbers add up."""
    merged: dict[object, Any] = {}
    for i, one in enumerate(found):
        key = (one.check, one.table) if hasattr(one, "n_failed") else i
        if key not in merged:
            merged[key] = one
            continue
        before = merged[key]
        samples = (*before.samples, *one.samples)[:5]
        merged[key] = before._replace(
            n=before.n + one.n, n_failed=before.n_failed + one.n_failed, samples=samples
        )
    return list(merged.values())


def compare_build(
    source: Iterable[Article | Refused], processed: Path | str, *, extract: Extract | None = None
) -> list[str]:
    """How the committed tables differ from what the code builds from the source today; empty where they do not.

    Columns, metadata and rows are compared, not bytes: another version of the Parquet library writes other bytes.
    """
    processed = Path(processed)
    with tempfile.TemporaryDirectory(prefix="covid-timeline-") as folder:
        report = build(source, folder, extract=extract)
        if not report.published:
            return ["nothing was built", *map(str, report.violations)]
        found = []
        for name in TABLES:
            try:
                old = pq.ParquetFile(locate(processed, f"{name}.parquet")).read()
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
