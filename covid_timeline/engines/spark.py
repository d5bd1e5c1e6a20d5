"""A build on Spark: documents are read by its executors, the tables are published by its driver.

Executors run what the processes of a local build run (extraction, tables, validation), on record batches
(`mapInArrow`), and hand back the same parts; the driver stores, chooses and publishes them with the same code as a
local build. So the published files are those of a local build, byte for byte, and one machine holds no more than a
local build does.

For tables that stay in Spark, map `covid_timeline.extract_batch` over the documents; its result has one column per
table (`SELECT inline(metrics) FROM …`). What Spark writes, folders of part files, can be loaded and validated.

Needs PySpark 4 (`pip install 'covid-timeline[spark]'`) and Java 17 or newer on the driver and every executor, and this
package in the Python of every executor.
"""

from __future__ import annotations

import os
import pickle
import re
import shutil
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from covid_timeline import __version__, batches
from covid_timeline.model import Article, Refused
from covid_timeline.pipeline import (
    CHUNK_DOCUMENTS,
    BuildReport,
    BuildStopped,
    Part,
    Progress,
    Reader,
    assemble,
    code_digest,
    frugal_memory,
)
from covid_timeline.tables.package import UNSAID, About
from covid_timeline.tables.publish import Publication

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

OLDEST = 4
"""The first major version of Spark that this works with."""

ARTICLES = "articles-in-transit"
"""Folder in the build's folder of temporary files for articles on their way to executors."""

FILE_ARTICLES = 1024
"""Articles in one file of that folder, which is what one task reads."""


class SparkUnfitError(ValueError):
    """Java, Spark or the cluster is not fit for a build; the message is one sentence that says what to do."""


def session(master: str = "local[*]") -> SparkSession:
    """A Spark session for a build; a local one talks to this machine alone.

    Args:
        master: address of a cluster (`spark://host:7077`, `yarn`, …) or `local[N]` for N cores of this machine.

    Raises:
        SparkUnfitError: PySpark or Java is missing, or too old.
    """
    try:
        from pyspark.sql import SparkSession
    except ModuleNotFoundError:
        raise SparkUnfitError("PySpark is missing: pip install 'covid-timeline[spark]'") from None
    _check_version(_pyspark_version())
    java = os.environ.get("JAVA_HOME")
    if shutil.which("java") is None and not (java and (Path(java) / "bin" / "java").exists()):
        raise SparkUnfitError(
            "Java is missing, and Spark runs on it: install Java 17 or newer (Debian: apt-get install "
            "openjdk-17-jre-headless), or name it with JAVA_HOME"
        )
    settings = {"spark.ui.enabled": "false", "spark.sql.session.timeZone": "Asia/Shanghai"}
    if master.startswith("local"):
        settings |= {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
        }
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master(master).appName("covid-timeline")
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except Exception as error:
        raise SparkUnfitError(f"Spark does not start at {master}: {_first_line(error)}") from error


def build(
    spark: SparkSession,
    documents: DataFrame,
    out: Path | str,
    *,
    quotes: str = "auto",
    about: About = UNSAID,
    progress: Progress | None = None,
) -> BuildReport:
    """Read every document of a frame on the executors of Spark, and publish the tables from here.

    Args:
        spark: the session that the frame belongs to.
        documents: with the columns of `batches.document_schema`; others are left alone. Of documents with one
            `doc_id` one is read.
        out: folder to publish to, on the machine of the driver.
        quotes, about: see `pipeline.build`.
        progress: called for each document with the number done and its id.

    Raises:
        ValueError: the frame has no column `doc_id` or `text`.
        SparkUnfitError: Spark is too old, or its executors lack this package, or have another version of it.
        BuildStopped: the job failed.
    """
    missing = [name for name in ("doc_id", "text") if name not in documents.columns]
    if missing:
        raise ValueError(f"no column {' and '.join(missing)}; the frame has {', '.join(documents.columns)}")
    known = [name for name in batches.document_schema().names if name in documents.columns]
    # Documents in order come back in order, which is what the store merges fastest.
    chosen = documents.select(*known).orderBy("doc_id", "text")
    with Publication(Path(out), package_version=__version__, about=about) as publication:
        return _build(spark, chosen, publication, quotes, progress, [])


def build_articles(
    spark: SparkSession,
    source: Iterable[Article | Refused],
    out: Path | str,
    *,
    quotes: str = "auto",
    about: About = UNSAID,
    progress: Progress | None = None,
) -> BuildReport:
    """`pipeline.build` with its articles read on the executors of Spark.

    The articles pass through a folder in `out`, which the executors of a cluster must see under the same path.

    Args:
        spark: a session.
        source, out, quotes, about, progress: see `pipeline.build`.

    Raises:
        SparkUnfitError, BuildStopped: see `build`.
        ValueError: the source itself is at fault.
    """
    with Publication(Path(out), package_version=__version__, about=about) as publication:
        folder = publication.work / ARTICLES
        folder.mkdir()
        refused: list[Refused] = []

        def articles() -> Iterator[Article]:
            for item in source:
                if isinstance(item, Article):
                    yield item
                else:
                    refused.append(item)

        number, waiting = 0, articles()
        while some := list(islice(waiting, FILE_ARTICLES)):
            (folder / f"{number:06d}.arrow").write_bytes(batches.to_bytes(batches.pack(some), compress=True))
            number += 1
        if not number:
            return assemble([], publication)._replace(refused=refused)
        files = spark.range(0, number, 1, numPartitions=number)
        return _build(spark, files, publication, quotes, progress, refused, folder.resolve())


def _build(
    spark: SparkSession,
    frame: DataFrame,
    publication: Publication,
    quotes: str,
    progress: Progress | None,
    refused: list[Refused],
    folder: Path | None = None,
) -> BuildReport:
    from pyspark import StorageLevel

    _check_version(spark.version)
    with warnings.catch_warnings():
        # PySpark warns of pandas 3 wherever it looks for pandas; nothing here converts to or from pandas.
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
        mapped = frame.mapInArrow(_Task(quotes, folder), "part binary")
    read = mapped.persist(StorageLevel.DISK_ONLY)
    try:
        read.count()  # all partitions at once; they come back one after another
        with frugal_memory():
            return assemble(_parts(read, refused), publication, progress=progress)
    except (SparkUnfitError, ValueError):
        raise
    except Exception as error:
        raise _explained(error) from error
    finally:
        read.unpersist()


def _parts(read: DataFrame, refused: list[Refused]) -> Iterator[Part]:
    for row in read.toLocalIterator():
        code, rows, violations, aside = pickle.loads(bytes(row[0]))
        if code != code_digest():
            raise SparkUnfitError(
                "the executors have another version of covid-timeline (or of Python, or of pyarrow) than the driver: "
                "install the same one in the Python of each"
            )
        yield Part(batches.from_bytes(rows), violations, aside, tuple(refused))
        refused.clear()


class _Task:
    """What an executor does with the batches of a partition: documents, or numbers of files of articles."""

    def __init__(self, quotes: str, folder: Path | None) -> None:
        self._quotes = quotes
        self._folder = folder

    def __call__(self, found: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        reader = Reader(self._quotes)
        for items in self._items(found):
            part = reader.check(*batches.read(items, quotes=self._quotes))
            content = pickle.dumps((code_digest(), batches.to_bytes(part.rows, compress=True), part.violations, part.aside))
            yield pa.RecordBatch.from_arrays([pa.array([content], pa.binary())], names=["part"])

    def _items(self, found: Iterator[pa.RecordBatch]) -> Iterator[Sequence[Article | tuple[str, str]]]:
        for whole in found:
            if self._folder is None:
                for batch in batches.slices(whole, CHUNK_DOCUMENTS):
                    yield batches.articles_of(batch)
            else:
                for number in whole.column(0).to_pylist():
                    packed = batches.from_bytes((self._folder / f"{number:06d}.arrow").read_bytes())
                    for batch in batches.slices(packed, CHUNK_DOCUMENTS):
                        yield batches.unpack(batch)


def _pyspark_version() -> str:
    import pyspark

    return str(pyspark.__version__)


def _check_version(version: str) -> None:
    if int(version.partition(".")[0]) < OLDEST:
        raise SparkUnfitError(
            f"Spark {version} is too old: the build needs Spark {OLDEST} or newer (pip install 'pyspark>={OLDEST}')"
        )


def _explained(error: Exception) -> Exception:
    absent = re.search(r"No module named '?([\w.]+)", str(error))
    if absent:
        return SparkUnfitError(
            f"the Python of Spark's executors lacks {absent[1]}: install covid-timeline there, in the driver's version, "
            "or name a Python that has it with PYSPARK_PYTHON"
        )
    return BuildStopped(f"Spark stopped: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
