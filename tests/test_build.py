"""Rows to Arrow, and sentences left out."""

from __future__ import annotations

import datetime as dt

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
