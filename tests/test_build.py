"""Rows to Arrow, sentences left out, and the store that gives many documents back in order."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import fakes
import pandas as pd
import pyarrow as pa
import pytest

from covid_timeline.tables import build, frames
from covid_timeline.tables.schema import TABLES, arrow_schema


class TestToTable:
    def test_rows_stand_in_schema_order(self) -> None:
        table = build.to_table("rejected", [("a", 1, 3, "7个", "no such unit")])
        assert table.schema.equals(arrow_schema("rejected"), check_metadata=True)
        assert table.to_pylist() == [
            {"doc_id": "a", "char_start": 1, "char_end": 3, "quote": "7个", "reason": "no such unit"}
        ]

    @pytest.mark.parametrize("name", TABLES)
    def test_no_rows(self, name: str) -> None:
        assert build.to_table(name, []).schema == arrow_schema(name)

    @pytest.mark.parametrize(
        ("row", "error"),
        [
            (("a", "1", 3, "7个", "x"), pa.ArrowTypeError),  # text where a number belongs
            (("a", 1, 3, "7个"), ValueError),  # a field short
            (("a", 1, 3, "\ud800", "x"), UnicodeEncodeError),  # half a surrogate pair
        ],
    )
    def test_what_fits_no_column(self, row: tuple[object, ...], error: type[Exception]) -> None:
        with pytest.raises((error, pa.ArrowInvalid)):
            build.to_table("rejected", [row])


class TestQuotes:
    FACTS = (fakes.extract(fakes.article("open")), fakes.extract(fakes.article("shut", may_republish=False)))

    @pytest.mark.parametrize(
        ("quotes", "with_words", "republished"),
        [("auto", {"open"}, {"open"}), ("always", {"open", "shut"}, {"open"}), ("never", set(), set())],
    )
    def test_whose_sentences_are_kept(self, quotes: str, with_words: set[str], republished: set[str]) -> None:
        tables = build.to_tables(self.FACTS, quotes)
        for name in ("dates", "events", "metrics", "rejected"):
            for column in TABLES[name].columns:
                if column.withheld:
                    kept = {row["doc_id"] for row in tables[name].to_pylist() if row[column.name] is not None}
                    assert kept == with_words, (name, column.name)
        assert {d["doc_id"] for d in tables["documents"].to_pylist() if d["may_republish"]} == republished

    def test_facts_stay_without_their_sentences(self) -> None:
        full, bare = (build.to_tables(self.FACTS, quotes)["metrics"] for quotes in ("always", "never"))
        kept = [column.name for column in TABLES["metrics"].columns if not column.withheld]
        assert full.select(kept).equals(bare.select(kept))
        assert bare.schema.equals(full.schema, check_metadata=True)

    def test_unknown_choice(self) -> None:
        with pytest.raises(ValueError, match="auto, always, never or facts, not 'some'"):
            build.to_tables(self.FACTS, "some")


class TestDocumentRow:
    def test_counts(self) -> None:
        row = build.to_tables([fakes.extract(fakes.article("a"))])["documents"].to_pylist()[0]
        assert (row["n_chars"], row["n_dates"], row["n_events"], row["n_metrics"]) == (
            len(fakes.TEXT),
            1,
            1,
            2,
        )
        assert row["published_at"] == dt.datetime(2020, 2, 4, 9, 30)  # noqa: DTZ001


class TestRowStore:
    # Ids whose order as text is not that of their numbers, a long run of one, and documents without rows.
    IDS = tuple(f"dxy-{n}" for n in range(1, 30))

    def facts(self) -> list[fakes.Facts]:
        texts = ["2月3日，确诊1例、2例。" * n + "7个" for n in range(4)]
        return [fakes.extract(fakes.article(doc, texts[i % 4])) for i, doc in enumerate(self.IDS)]

    @pytest.mark.parametrize("seed", [None, 1])
    @pytest.mark.parametrize("batch", [1, 7, 1000])
    @pytest.mark.parametrize("bucket", [1, 10, 50_000])
    def test_the_order_of_arrival_does_not_show(
        self, seed: int | None, batch: int, bucket: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(build, "BUCKET_ROWS", bucket)
        facts = self.facts()
        expected = build.to_tables(facts)
        if seed is not None:
            random.Random(seed).shuffle(facts)
        store = build.RowStore(tmp_path)
        for i in range(0, len(facts), batch):
            store.add(build.to_tables(facts[i : i + batch]))
        for name in build.EXTRACTED:
            assert store.count(name) == len(expected[name])
            assert store.table(name).equals(expected[name]), name
        narrow = store.table("metrics", ["value", "date_end"])
        assert narrow.equals(expected["metrics"].select(["value", "date_end"]))
        store.close()

    def test_a_bucket_holds_no_more_than_it_should(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(build, "BUCKET_ROWS", 20)
        store = build.RowStore(tmp_path)
        store.add(build.to_tables(self.facts()))
        sizes = [len(part) for part in store.rows("metrics")]
        assert max(sizes) <= 20 and len(sizes) > 2
        store.close()

    def test_nothing_came(self, tmp_path: Path) -> None:
        store = build.RowStore(tmp_path)
        assert store.count("metrics") == 0
        assert store.table("metrics").equals(build.to_table("metrics", []))
        assert store.table("metrics", ["value"]).column_names == ["value"]
        store.close()


class TestToFrame:
    def test_dtypes_a_person_expects(self) -> None:
        frame = frames.to_frame(build.to_tables([fakes.extract(fakes.article("a"))])["metrics"])
        assert frame["date_end"].dtype == "datetime64[us]"
        assert frame["date_end"].dt.day.tolist() == [3, 3]
        assert pd.api.types.is_string_dtype(frame["unit"].dtype) and frame["unit"].dtype != object
        assert frame["value"].dtype == "float64" and frame["char_start"].dtype == "int64"
        assert frame["part_of"].isna().all()

    def test_what_is_said_about_the_columns(self) -> None:
        attrs = frames.to_frame(build.to_table("metrics", [])).attrs
        assert attrs["table"] == "metrics" and attrs["schema_version"]
        assert attrs["columns"]["unit"]["vocabulary"] == "units"
        assert attrs["columns"]["char_start"]["unit"] == "characters"

    def test_whole_numbers_that_may_be_missing(self) -> None:
        made = frames.to_frame(build.to_table("metrics", []))
        assert str(made["date_char_start"].dtype) == "Int64" and str(made["char_start"].dtype) == "int64"


class TestRegionsTable:
    def test_rows(self) -> None:
        rows = build.regions_table().to_pylist()
        codes = [row["region_code"] for row in rows]
        assert codes == sorted(codes)
        city = next(row for row in rows if row["region_code"] == "371500")
        assert (city["name"], city["short_name"], city["level"], city["parent_code"]) == (
            "聊城市", "聊城", "prefecture", "370000",
        )  # fmt: skip
