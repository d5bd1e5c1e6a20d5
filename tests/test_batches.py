"""Documents in, facts out, as Arrow batches: what Spark, Ray or Dask would call."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import fakes
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import covid_timeline as ct
from covid_timeline import batches
from covid_timeline.batches import EXTRACTED, document_schema, extract_batch, extracted_schema, rows_of
from covid_timeline.pipeline import build
from covid_timeline.sources.records import Columns, read_records
from covid_timeline.tables.schema import arrow_schema

BULLETIN = "2月3日0—24时，聊城市新增确诊病例2例，累计确诊15例。"


def documents(*rows: dict[str, Any]) -> pa.RecordBatch:
    names = dict.fromkeys(name for row in rows for name in row)
    empty: dict[str, Any] = dict.fromkeys(names)
    return pa.RecordBatch.from_pylist([empty | {"doc_id": f"d{i}", "text": BULLETIN} | row for i, row in enumerate(rows)])


class TestExtractBatch:
    def test_one_row_for_each_document_in_their_order(self) -> None:
        found = extract_batch(documents({"doc_id": "b"}, {"doc_id": "a", "text": "无。"}, {"doc_id": "c", "text": " "}))
        assert found.schema == extracted_schema()
        assert found.column("doc_id").to_pylist() == ["b", "a", "c"]
        assert found.column("refused").to_pylist() == [None, None, "no text"]
        assert [len(rows or []) for rows in found.column("metrics").to_pylist()] == [2, 0, 0]
        assert [len(rows or []) for rows in found.column("documents").to_pylist()] == [1, 1, 0]

    def test_rows_have_the_published_schemas(self) -> None:
        found = extract_batch(documents({}, {"doc_id": "x"}))
        for name in EXTRACTED:
            assert rows_of(found, name).schema.equals(arrow_schema(name), check_metadata=True)
            of_x = [row for row in rows_of(found, name).to_pylist() if row["doc_id"] == "x"]
            assert rows_of(found.slice(1), name).to_pylist() == of_x
            assert len(rows_of(found.slice(0, 0), name)) == 0

    def test_what_the_columns_say_is_honoured(self) -> None:
        told = {"title": "通报", "source": "某报", "url": "https://example.org", "region": "济南", "published": "2020-02-05 08:00",
                "licence": "CC0", "may_republish": True, "collection": "mine"}  # fmt: skip
        (row,) = rows_of(extract_batch(documents(told)), "documents").to_pylist()
        assert {key: row[key] for key in told if key not in ("region", "published")} | {"region": "济南", "published": "2020-02-05 08:00"} == told
        assert (row["region_code"], row["published_at"]) == ("370100", dt.datetime(2020, 2, 5, 8))  # noqa: DTZ001
        assert (row["region_basis"], row["published_basis"], row["title_basis"]) == ("sidecar",) * 3

    def test_no_region_is_not_guess_it(self) -> None:
        found = rows_of(extract_batch(documents({"region": None}, {"region": ""})), "documents").to_pylist()
        assert [(row["region_code"], row["region_basis"]) for row in found] == [("371500", "text"), (None, "none")]

    @pytest.mark.parametrize(
        "column",
        [
            pa.array(["2020-02-05T00:30:00Z"]),
            pa.array([dt.datetime(2020, 2, 5, 8, 30)]),  # noqa: DTZ001
            pa.array([dt.datetime(2020, 2, 5, 0, 30, tzinfo=dt.UTC)], pa.timestamp("us", "UTC")),
        ],
        ids=["text", "local", "zone"],
    )
    def test_times_of_publication(self, column: pa.Array) -> None:
        batch = documents({}).append_column("published", column)
        (row,) = rows_of(extract_batch(batch), "documents").to_pylist()
        assert row["published_at"] == dt.datetime(2020, 2, 5, 8, 30)  # noqa: DTZ001

    def test_what_cannot_be_read_leaves_the_others_alone(self) -> None:
        found = extract_batch(
            documents({"doc_id": "a"}, {"doc_id": "a"}, {"doc_id": None}, {"region": "大西洋"}, {"published": "yesterday"},
                      {"text": "no Chinese"}, {"text": None}, {"doc_id": "z"})
        )
        reasons = found.column("refused").to_pylist()
        assert [reason is None for reason in reasons] == [True, *[False] * 6, True]
        assert "same doc_id" in reasons[1] and "no doc_id" in reasons[2] and "大西洋" in reasons[3]
        assert len(rows_of(found, "metrics")) == 4

    def test_quotes(self) -> None:
        batch = documents({"may_republish": True}, {"may_republish": False})
        for quotes, kept in (("auto", [True, False]), ("always", [True, True]), ("never", [False, False])):
            rows = rows_of(extract_batch(batch, quotes=quotes), "metrics").to_pylist()
            assert [row["quote"] is not None for row in rows if row["value"] == 2] == kept
        with pytest.raises(ValueError, match="auto, always, never or facts"):
            extract_batch(batch, quotes="some")

    def test_columns_that_must_be_there(self) -> None:
        with pytest.raises(ValueError, match="no column text; the batch has doc_id"):
            extract_batch(pa.RecordBatch.from_pylist([{"doc_id": "a"}]))
        assert len(extract_batch(pa.RecordBatch.from_pylist([], schema=document_schema()))) == 0

    def test_the_rows_are_those_of_a_build(self, tmp_path: Path) -> None:
        texts = [BULLETIN, "湖北省武汉市2月4日新增确诊病例1967例。", "全国累计报告确诊病例24324例。", BULLETIN]
        rows = [{"doc_id": f"d{i}", "text": text, "published": f"2020-02-0{4 + i}T09:00:00"} for i, text in enumerate(texts)]
        (tmp_path / "in.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
        columns = Columns(text="text", id="doc_id", published="published")
        build(read_records(tmp_path / "in.jsonl", columns), tmp_path / "out")
        found = extract_batch(pa.RecordBatch.from_pylist(rows))
        for name in EXTRACTED:
            loaded = pq.read_table(tmp_path / "out" / f"{name}.parquet")
            if name == "documents":
                loaded = loaded.drop_columns("duplicate_of")
            assert rows_of(found, name).select(loaded.column_names).to_pylist() == loaded.to_pylist(), name

    def test_without_pandas(self) -> None:
        code = (
            "import sys\n"
            "class Absent:\n"
            "    def find_spec(self, name, *_):\n"
            "        if name.partition('.')[0] == 'pandas': raise ModuleNotFoundError(name)\n"
            "sys.meta_path.insert(0, Absent())\n"
            "import pyarrow as pa, covid_timeline as ct\n"
            "batch = pa.RecordBatch.from_pylist([{'doc_id': 'a', 'text': '2月3日，聊城市新增确诊病例2例。', 'published': '2020-02-04'}])\n"
            "print(len(ct.extract_batch(batch).column('metrics')[0]))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "1"

    def test_it_is_public(self) -> None:
        assert ct.extract_batch is extract_batch


class TestArticles:
    def test_any_text_survives(self) -> None:
        found = [
            fakes.article("a"),
            fakes.article("半", "\ud83d 半个\x00")._replace(source=None, published_at=None, region_code=None, title="\udc80"),
        ]
        assert batches.unpack(batches.from_bytes(batches.to_bytes(batches.pack(found)))) == found
        assert batches.unpack(batches.pack([])) == []
