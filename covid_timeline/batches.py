"""Documents and their facts as Arrow batches: one pure function for any engine that moves record batches.

`extract_batch` takes a batch of documents and gives a batch with one row for each of them, which holds the rows of
all extracted tables (`tables.nested` says why that shape). It reads nothing but its argument and the vocabulary of
the package, so it gives the same rows in any process, on any machine, and can be handed to Spark's `mapInArrow`,
Ray's `map_batches(batch_format="pyarrow")` or Dask. pandas is not needed.

    >>> import pyarrow as pa
    >>> documents = pa.RecordBatch.from_pylist(
    ...     [{"doc_id": "a", "text": "2月3日，聊城市新增确诊病例2例。", "published": "2020-02-04"}]
    ... )
    >>> [(row["value"], row["region_name"]) for row in rows_of(extract_batch(documents), "metrics").to_pylist()]
    [(2.0, '聊城市')]
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from covid_timeline.model import Article, Facts
from covid_timeline.reading.extract import extract
from covid_timeline.sources.records import (
    Preset,
    article_of,
    fault_of,
    parse_published,
    resolve_region,
    text_digest,
)
from covid_timeline.tables.build import QUOTES, to_tables
from covid_timeline.tables.nested import EXTRACTED, Read, nest, nested_schema, rows_of

__all__ = ["EXTRACTED", "document_schema", "extract_batch", "extracted_schema", "rows_of"]

Extract = Callable[[Article], Facts]


def document_schema() -> pa.Schema:
    """The columns that `extract_batch` reads. Only `doc_id` and `text` must be there; others are left alone.

    - `title`, `source` (medium), `url`: null where not known; a title that is null is read from the text.
    - `published`: text, a date, or a timestamp (with a zone it is turned to China's time); null: read from the text.
    - `region`: home region by name or code. **Null: read from the text. Empty: the document has none.**
    - `licence`; `may_republish`: whether its sentences may be published; null is false.
    - `collection`: null is `articles`.
    """
    return pa.schema(
        [
            pa.field("doc_id", pa.string(), nullable=False),
            pa.field("text", pa.string(), nullable=False),
            pa.field("title", pa.string()),
            pa.field("source", pa.string()),
            pa.field("url", pa.string()),
            pa.field("region", pa.string()),
            pa.field("published", pa.timestamp("us")),
            pa.field("licence", pa.string()),
            pa.field("may_republish", pa.bool_()),
            pa.field("collection", pa.string()),
        ]
    )


def extracted_schema() -> pa.Schema:
    """The schema of what `extract_batch` gives; see `tables.nested`."""
    return nested_schema()


def extract_batch(batch: pa.RecordBatch, quotes: str = "auto") -> pa.RecordBatch:
    """The facts of a batch of documents: one row for each, in their order, with the schema of `extracted_schema`.

    A document that cannot be read (no text, not Chinese, an impossible time, an id that came before in the batch) has
    the reason in `refused`, and no rows; the others are read. `rows_of` takes a table out of the result.

    Args:
        batch: documents, with the columns of `document_schema`.
        quotes: `auto` keeps the sentences of the documents that may be republished, `always` of all (for one's own
            use), `never` of none; `facts` no titles either.

    Raises:
        ValueError: there is no column `doc_id` or `text`, or `quotes` is none of these.
    """
    items = articles_of(batch)
    return read(items, quotes=quotes)[0]


def articles_of(batch: pa.RecordBatch) -> list[Article | tuple[str, str]]:
    """The article of each document, or its id with why it is none.

    Raises:
        ValueError: there is no column `doc_id` or `text`.
    """
    missing = [name for name in ("doc_id", "text") if name not in batch.schema.names]
    if missing:
        raise ValueError(f"no column {' and '.join(missing)}; the batch has {', '.join(batch.schema.names)}")
    known = [name for name in document_schema().names if name in batch.schema.names]
    columns = [batch.column(name).to_pylist() for name in known]
    return [
        _article(dict(zip(known, values, strict=True)), number)
        for number, values in enumerate(zip(*columns, strict=True))
    ]


def _article(row: Mapping[str, Any], number: int) -> Article | tuple[str, str]:
    doc_id = row["doc_id"]
    if doc_id is None or doc_id == "":
        return f"#{number}", "no doc_id"
    doc_id, raw, region = str(doc_id), row["text"] or "", row.get("region")
    fault = fault_of(raw, {})
    if fault:
        return doc_id, fault[0]
    try:
        published = parse_published(row.get("published"))
        code, unresolved = resolve_region(region) if region else (None, None)
        if unresolved:
            return doc_id, f"region {unresolved!r} is in no table; give a name or code, or nothing"
        item = {
            "raw": raw,
            "title": row.get("title") or None,
            "published": published.isoformat() if published else None,
            "region": code,
            "url": row.get("url") or None,
            "source": row.get("source") or None,
            "sha256": hashlib.sha256(raw.encode()).hexdigest(),
        }
        preset = Preset(
            prefix="",
            join_title=False,
            fixed_region=region is not None,
            licence=row.get("licence") or None,
            may_republish=bool(row.get("may_republish")),
        )
        article = article_of(doc_id, item, preset)
        return article._replace(collection=row.get("collection") or article.collection)
    except ValueError as error:
        return doc_id, str(error)


# --- reading ------------------------------------------------------------------------------------------------------


def read(
    items: Sequence[Article | tuple[str, str]], *, quotes: str, extract: Extract = extract
) -> tuple[pa.RecordBatch, dict[str, str]]:
    """The facts of articles as one batch, and the raw text of each document that was read.

    Args:
        items: articles, or the id of what could not be one, with the reason.
        quotes: see `extract_batch`.
        extract: reads one article.
    """
    if quotes not in QUOTES:
        raise ValueError(f"quotes is {', '.join(QUOTES[:-1])} or {QUOTES[-1]}, not {quotes!r}")
    documents: list[Read] = []
    facts: dict[str, Facts] = {}
    seen: set[str] = set()
    for item in items:
        doc_id = storable(item.doc_id if isinstance(item, Article) else item[0])
        refused = None
        if doc_id in seen:
            refused = "another document has the same doc_id"
        elif not isinstance(item, Article):
            refused = storable(item[1])
        else:
            try:
                found = extract(item)
                check_spans(found)
            except Exception as error:  # one document's fault must not stop the others; it is listed by name
                refused = storable(f"{type(error).__name__}: {error}")
            else:
                facts[doc_id] = found
        seen.add(doc_id)
        documents.append(Read(doc_id, refused, None))
    kept, tables, unfit = _fit(list(facts.values()), quotes)
    statements = {one.article.doc_id: statement_of(one) for one in kept}
    documents = [
        one if one.refused else Read(one.doc_id, unfit.get(one.doc_id), statements.get(one.doc_id))
        for one in documents
    ]
    return nest(documents, tables), {one.article.doc_id: one.article.raw for one in kept}


def storable(text: str) -> str:
    """Text that every column takes: half of a surrogate pair is shown as an escape."""
    return text.encode("utf-8", "backslashreplace").decode()


def _fit(batch: list[Facts], quotes: str) -> tuple[list[Facts], dict[str, pa.Table], dict[str, str]]:
    """Those whose values all fit their columns (half a surrogate pair does not), with their tables."""
    try:
        return batch, to_tables(batch, quotes), {}
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError, OverflowError) as error:
        if len(batch) == 1:
            unfit = {storable(batch[0].article.doc_id): storable(f"{type(error).__name__}: {error}")}
            return [], to_tables([], quotes), unfit
        middle = len(batch) // 2
        first, _, unfit = _fit(batch[:middle], quotes)
        second, _, more = _fit(batch[middle:], quotes)
        return [*first, *second], to_tables([*first, *second], quotes), unfit | more


def check_spans(facts: Facts) -> None:
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


def statement_of(facts: Facts) -> bytes:
    """The text without its white space, and the places and days of its figures that it states itself.

    今日我市无新增 of two cities, or of two days, is one text and two statements.
    """
    stated = [
        (row.region_code, row.date_start, row.date_end)
        for row in facts.metrics
        if row.date_basis != "publication"
    ]
    of = repr(stated or facts.article.region_code).encode()
    return text_digest(facts.article.raw) + hashlib.blake2b(of, digest_size=16).digest()


# --- articles between processes -----------------------------------------------------------------------------------

_TYPES: Final = {"published_at": pa.timestamp("us"), "anchor_date": pa.date32(), "may_republish": pa.bool_()}
"""The fields of an article that are no texts. (What the class says of its types is lost where it is compiled.)"""


def article_schema() -> pa.Schema:
    """Articles as they go to another process or engine. Texts are bytes: they may hold half a surrogate pair."""
    return pa.schema([(name, _TYPES.get(name, pa.binary())) for name in Article._fields])


def pack(articles: Sequence[Article]) -> pa.RecordBatch:
    """Articles as a batch, with the schema of `article_schema`."""
    columns: list[Sequence[Any]] = list(zip(*articles, strict=True)) or [()] * len(Article._fields)
    made = []
    for field, values in zip(article_schema(), columns, strict=True):
        if pa.types.is_binary(field.type):
            texts = [None if text is None else text.encode("utf-8", "surrogatepass") for text in values]
            made.append(pa.array(texts, field.type))
        else:
            made.append(pa.array(values, field.type))
    return pa.RecordBatch.from_arrays(made, schema=article_schema())


def unpack(batch: pa.RecordBatch) -> list[Article]:
    """The articles that `pack` was given."""
    columns: list[list[Any]] = []
    for field, column in zip(article_schema(), batch.columns, strict=True):
        values = column.to_pylist()
        if pa.types.is_binary(field.type):
            values = [None if text is None else text.decode("utf-8", "surrogatepass") for text in values]
        columns.append(values)
    return [Article(*values) for values in zip(*columns, strict=True)]


def to_bytes(batch: pa.RecordBatch, *, compress: bool = False) -> bytes:
    """A batch as an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd" if compress else None)
    with pa.ipc.new_stream(sink, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    made: bytes = sink.getvalue().to_pybytes()
    return made


def from_bytes(data: bytes) -> pa.RecordBatch:
    """The batch of an Arrow IPC stream that holds one.

    Raises:
        pyarrow.ArrowInvalid: it is no such stream.
    """
    with pa.ipc.open_stream(data) as reader:
        return reader.read_next_batch()


def slices(batch: pa.RecordBatch, rows: int) -> Iterator[pa.RecordBatch]:
    """A batch in pieces of at most so many rows; an empty one has none."""
    for start in range(0, len(batch), rows):
        yield batch.slice(start, rows)
