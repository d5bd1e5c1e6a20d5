"""Spark: the bytes of a local build, and one sentence for whatever is missing. Loopback only."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import tools
from covid_timeline.batches import extract_batch, extracted_schema
from covid_timeline.engines import spark as engine
from covid_timeline.engines.spark import SparkUnfitError
from covid_timeline.model import Article, Refused
from covid_timeline.pipeline import BuildStopped, build
from covid_timeline.sources.records import Columns, read_records
from covid_timeline.tables.manifest import MANIFEST
from covid_timeline.tables.schema import TABLES

tools.module("pyspark", tools.extra("spark"))
if shutil.which("java") is None:
    tools.absent("Java", "on Debian: apt-get install openjdk-17-jre-headless")

pytestmark = [
    pytest.mark.xdist_group("spark"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::ResourceWarning", "ignore::DeprecationWarning"),
]

PLACES = ("聊城市", "湖北省武汉市", "全国", "济南市")


def rows() -> list[dict[str, Any]]:
    """Documents of several places and days, repeats, one without a time, and some that cannot be read."""
    found = [
        {
            "doc_id": f"d{i:03}",
            "text": f"2月{1 + i % 7}日，{PLACES[i % 4]}新增确诊病例{i % 9 + 1}例，累计确诊{100 + i // 4}例。",
            "title": f"通报{i}" if i % 3 else None,
            "published": f"2020-02-{2 + i % 7:02}T09:30:00" if i % 10 else None,
            "source": "某报",
        }
        for i in range(120)
    ]
    again = found[:5]
    return found + [row | {"doc_id": f"x{i}"} for i, row in enumerate(again)] + [{"doc_id": "y", "text": "English only"}]


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    session = engine.session("local[2]")
    yield session
    session.stop()


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same documents, built here."""
    folder = tmp_path_factory.mktemp("local")
    report = build(source(folder), folder / "out")
    assert report.published
    return folder / "out"


def source(folder: Path) -> Iterator[Article | Refused]:
    file = folder / "in.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows()), encoding="utf-8")
    return read_records(file, Columns(text="text", id="doc_id", title="title", published="published", source="source"))


def same(one: Path, two: Path) -> None:
    for name in (MANIFEST, *(f"{name}.parquet" for name in TABLES)):
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


class TestBuild:
    def test_a_frame_gives_the_bytes_of_a_local_build(self, spark: Any, local: Path, tmp_path: Path) -> None:
        frame = spark.createDataFrame(
            [tuple(row.get(name) for name in ("doc_id", "text", "title", "published", "source")) for row in rows()],
            "doc_id string, text string, title string, published string, source string",
        ).repartition(3)
        told: list[int] = []
        report = engine.build(spark, frame, tmp_path, progress=lambda n, _: told.append(n))
        same(local, tmp_path)
        assert told == list(range(1, 127))
        assert [(one.file, one.reason) for one in report.refused if one.kind == "refused"] == [("y", "not Chinese")]

    def test_articles_give_the_bytes_of_a_local_build(
        self, spark: Any, local: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(engine, "FILE_ARTICLES", 50)
        report = engine.build_articles(spark, source(tmp_path), tmp_path / "out")
        same(local, tmp_path / "out")
        assert not (tmp_path / "out" / engine.ARTICLES).exists() and report.count("skipped") == 1

    def test_nothing_to_build(self, spark: Any, tmp_path: Path) -> None:
        report = engine.build_articles(spark, [Refused("x.txt", "", "empty")], tmp_path)
        assert not report.published and report.count("refused") == 1

    def test_columns_that_must_be_there(self, spark: Any, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="no column text; the frame has doc_id"):
            engine.build(spark, spark.createDataFrame([("a",)], "doc_id string"), tmp_path)

    def test_the_executors_have_another_version(
        self, spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(engine, "code_digest", lambda: "another")
        with pytest.raises(SparkUnfitError, match="another version of covid-timeline"):
            engine.build_articles(spark, source(tmp_path), tmp_path / "out")


class TestExtractBatch:
    def test_rows_in_spark(self, spark: Any) -> None:
        from pyspark.sql.pandas.types import from_arrow_schema

        frame = spark.createDataFrame([(row["doc_id"], row["text"]) for row in rows()], "doc_id string, text string")
        schema = from_arrow_schema(extracted_schema(), prefer_timestamp_ntz=True)
        found = frame.mapInArrow(lambda batches: map(extract_batch, batches), schema)
        found.createOrReplaceTempView("found")
        metrics = spark.sql("SELECT inline(metrics) FROM found WHERE refused IS NULL")
        assert metrics.count() == 250 and {"value", "quote", "region_code"} <= set(metrics.columns)


class TestFaults:
    def test_java_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(engine.shutil, "which", lambda _: None)
        monkeypatch.delenv("JAVA_HOME", raising=False)
        with pytest.raises(SparkUnfitError, match=r"Java is missing.*openjdk-17-jre-headless"):
            engine.session("local[1]")

    def test_pyspark_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(engine.sys.modules, "pyspark.sql", None)
        with pytest.raises(SparkUnfitError, match=r"pip install 'covid-timeline\[spark\]'"):
            engine.session("local[1]")

    def test_spark_is_too_old(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(engine, "_pyspark_version", lambda: "3.5.1")
        with pytest.raises(SparkUnfitError, match=r"Spark 3\.5\.1 is too old.*pyspark>=4"):
            engine.session("local[1]")

    def test_executors_without_the_package(
        self, spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Elsewhere(engine._Task):
            def __reduce__(self) -> Any:
                return __import__, ("covid_timeline_is_not_there",)

        monkeypatch.setattr(engine, "_Task", Elsewhere)
        with pytest.raises(SparkUnfitError, match="lacks covid_timeline_is_not_there: install covid-timeline there"):
            engine.build_articles(spark, source(tmp_path), tmp_path / "out")

    def test_a_job_that_fails(self, spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(found: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            raise RuntimeError("boom")

        monkeypatch.setattr(engine, "_Task", lambda *_: broken)
        with pytest.raises(BuildStopped, match="Spark stopped: "):
            engine.build_articles(spark, source(tmp_path), tmp_path / "out")
