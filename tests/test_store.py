"""The store that gives the rows of many documents back in order, knows their ids, and finds repeats."""

from __future__ import annotations

import random
from pathlib import Path

import fakes
import pyarrow as pa
import pytest

from covid_timeline import batches
from covid_timeline.model import Article
from covid_timeline.sources.records import natural_key
from covid_timeline.tables import build, store
from covid_timeline.tables.nested import EXTRACTED

# Ids whose order as text is not that of their numbers.
IDS = tuple(f"dxy-{n}" for n in range(1, 30))


def articles() -> list[Article]:
    """Some without rows, one with many."""
    texts = ["2月3日，确诊1例、2例。" * n + "7个" for n in range(4)]
    return [fakes.article(doc, texts[i % 4] + doc) for i, doc in enumerate(IDS)]


def nested(found: list[Article]) -> pa.RecordBatch:
    return batches.read(found, quotes="always", extract=fakes.extract)[0]


class TestRows:
    @pytest.mark.parametrize("seed", [None, 1])
    @pytest.mark.parametrize("size", [1, 7, 1000])
    @pytest.mark.parametrize(("run", "bucket"), [(1, 1), (10, 50_000), (50_000, 10)])
    def test_the_order_of_arrival_does_not_show(
        self, seed: int | None, size: int, run: int, bucket: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(store, "RUN_ROWS", run)
        monkeypatch.setattr(store, "BUCKET_ROWS", bucket)
        found = articles()
        expected = build.to_tables([fakes.extract(one) for one in found], "always")
        if seed is not None:
            random.Random(seed).shuffle(found)
        kept = store.RowStore(tmp_path)
        for i in range(0, len(found), size):
            assert kept.add(nested(found[i : i + size])) == []
        for name in EXTRACTED:
            assert kept.count(name) == len(expected[name])
            assert kept.table(name).equals(expected[name]), name
        narrow = kept.table("metrics", ["value", "date_end"])
        assert narrow.equals(expected["metrics"].select(["value", "date_end"]))
        kept.close()

    def test_a_bucket_holds_no_more_than_it_should(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(store, "BUCKET_ROWS", 20)
        kept = store.RowStore(tmp_path)
        kept.add(nested(articles()))
        sizes = [len(part) for part in kept.rows("metrics")]
        assert max(sizes) <= 20 and len(sizes) > 2
        kept.close()

    def test_nothing_came(self, tmp_path: Path) -> None:
        kept = store.RowStore(tmp_path)
        assert kept.count("metrics") == 0
        assert kept.table("metrics").equals(build.to_table("metrics", []))
        assert kept.table("metrics", ["value"]).column_names == ["value"]
        kept.close()


class TestIds:
    def test_an_id_that_came_before_is_named_and_not_kept(self, tmp_path: Path) -> None:
        kept = store.RowStore(tmp_path)
        first = fakes.article("a")
        assert kept.add(nested([first, fakes.article("bad", "BOOM")])) == []
        again = nested([fakes.article("b"), fakes.article("a", "2月3日，确诊9例。"), fakes.article("bad")])
        assert kept.add(again) == ["a", "bad"]
        expected = build.to_tables([fakes.extract(first), fakes.extract(fakes.article("b"))], "always")
        assert kept.table("metrics").equals(expected["metrics"])
        assert kept.count("documents") == 2
        kept.close()


class TestRepeats:
    def test_the_first_by_time_then_by_id(self, tmp_path: Path) -> None:
        kept = store.RowStore(tmp_path)
        found = [fakes.article("x-9", day=6), fakes.article("x-10", day=6), fakes.article("x-2", day=7)]
        found.append(fakes.article("undated")._replace(published_at=None))
        found.append(fakes.article("other", "另一篇。"))
        for one in found:
            kept.add(nested([one]))
        kept.mark_repeats(natural_key)
        assert list(kept.repeats()) == [("undated", "x-9"), ("x-10", "x-9"), ("x-2", "x-9")]
        marks = kept.table("documents", ["doc_id", "duplicate_of"]).to_pylist()
        assert {row["doc_id"]: row["duplicate_of"] for row in marks} == {
            "other": None, "undated": "x-9", "x-10": "x-9", "x-2": "x-9", "x-9": None,
        }  # fmt: skip
        kept.close()
