"""One's own text: scanners that survive any string, parsers that say what is wrong, spans that are exact."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import covid_timeline as ct
from covid_timeline.reading.extract import read, rows_of
from covid_timeline.sources.header import read_article
from covid_timeline.tables.schema import TABLES

BULLETIN = "2月3日0—24时，聊城市新增确诊病例2例，累计报告15例。"
TRADITIONAL = "2月3日，聊城市新增確診病例２例，累計(jì)報(bào)告15例。"
ANY = st.text() | st.text(
    alphabet="0123456789一二三十百千万亿例人元年月日时至—、，。（）()聊城市全截今昨多余约近新增确诊\n \ud800\u200b"
)


class TestExtract:
    def test_the_two_given_examples(self) -> None:
        """Of the project's first page, as sentences of their own; the articles themselves are tested elsewhere."""
        found = ct.extract("2月28日，聊城市65个项目集中签约，总投资506.8亿元。", published="2020-03-05")
        values = {
            metric.value_quote: (metric.value, metric.unit, str(metric.date_end)) for metric in found.metrics
        }
        assert values["506.8亿元"] == (50_680_000_000, "CNY", "2020-02-28")
        assert values["65个"][:2] == (65, "project")

    @pytest.mark.parametrize("published", ["2020-02-04", dt.date(2020, 2, 4), dt.datetime(2020, 2, 4, 9)])  # noqa: DTZ001
    def test_rows(self, published: object) -> None:
        found = ct.extract(BULLETIN, published=published, region="聊城")  # type: ignore[arg-type]
        assert [(m.value, m.indicator) for m in found.metrics] == [
            (2, "confirmed_new"),
            (15, "confirmed_cumulative"),
        ]
        assert {m.region_code for m in found.metrics} == {"371500"}
        assert str(found.events[0].date_start) == "2020-02-03"
        assert repr(found).startswith("2 metrics, 1 events, 1 dates, 0 rejected; read against 2020-02-04 (published)")

    @pytest.mark.parametrize("kind", ["dates", "events", "metrics", "rejected"])
    def test_frames(self, kind: str) -> None:
        frame = ct.extract(BULLETIN, published="2020-02-04").to_frame(kind)
        assert isinstance(frame, pd.DataFrame) and list(frame.columns) == TABLES[kind].names

    def test_no_such_frame(self) -> None:
        with pytest.raises(ValueError, match="dates, events, metrics or rejected, not 'metric'"):
            ct.extract("").to_frame("metric")

    @pytest.mark.parametrize("text", ["", " \n", "2020年2月30日 09:00 某市新增3例", "🦠", "\ud800"])
    def test_what_is_no_article(self, text: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ct.AssumedDateWarning)
            assert ct.extract(text).article.raw == text

    def test_bad_arguments(self) -> None:
        with pytest.raises(ValueError, match="聊城巿"):
            ct.extract("新增3例", region="聊城巿")
        with pytest.raises(ValueError, match="2020-02-31"):
            ct.extract("新增3例", published="2020-02-31")

    @given(ANY)
    @example(TRADITIONAL)
    def test_any_string_and_exact_spans(self, text: str) -> None:
        found = ct.extract(text, published="2020-02-04", region="371500")
        for row in (*found.dates, *found.rejected):
            assert text[row.char_start : row.char_end] == row.quote
        for event in found.events:
            assert text[event.char_start : event.char_end] == event.quote
            assert text[event.date_char_start : event.date_char_end] == event.date_quote
        for metric in found.metrics:
            assert text[metric.char_start : metric.char_end] == metric.quote
            assert text[metric.value_char_start : metric.value_char_end] == metric.value_quote


class TestFind:
    def test_traditional_text_with_glosses(self) -> None:
        assert [(q.quote, q.value, q.unit) for q in ct.find_quantities(TRADITIONAL)] == [
            ("２例", Decimal(2), "case"),
            ("15例", Decimal(15), "case"),
        ]
        assert [p.quote for p in ct.find_places(TRADITIONAL)] == ["聊城市"]

    @pytest.mark.parametrize(
        ("text", "anchor", "day"),
        [
            ("1月25日", "2020-03-05", "2020-01-25"),
            ("12月31日", dt.date(2020, 1, 5), "2019-12-31"),
            ("今天", dt.datetime(2020, 2, 4, 23, 59), "2020-02-04"),  # noqa: DTZ001
            ("1月25日", None, "2020-01-25"),
            ("2019年12月8日，随后12月31日", None, "2019-12-08"),
        ],
    )
    def test_dates(self, text: str, anchor: ct.api.Day | None, day: str) -> None:  # type: ignore[name-defined]
        assert str(ct.find_dates(text, anchor=anchor)[0].date_start) == day

    def test_places_at_home(self) -> None:
        assert [p.region_code for p in ct.find_places("全市", home="聊城")] == ["371500"]

    def test_bad_arguments(self) -> None:
        with pytest.raises(ValueError, match="anchor '2020-2-30' is not a date"):
            ct.find_dates("今天", anchor="2020-2-30")
        with pytest.raises(ValueError, match="亚特兰蒂斯"):
            ct.find_places("全市", home="亚特兰蒂斯")

    @given(ANY)
    def test_any_string_and_exact_spans(self, text: str) -> None:
        for found in (*ct.find_dates(text), *ct.find_quantities(text), *ct.find_places(text, home="371500")):
            assert text[found.char_start : found.char_end] == found.quote != ""


class TestParse:
    @pytest.mark.parametrize(
        ("text", "anchor", "day"),
        [
            ("2020年1月25日", None, "2020-01-25"),
            (" 2020年1月25日\n", None, "2020-01-25"),
            ("1月25日", "2020-03-05", "2020-01-25"),
            ("大年初一", "2020-03-05", "2020-01-25"),
            ("２０２０年１月25日", None, "2020-01-25"),
        ],
    )
    def test_dates(self, text: str, anchor: str | None, day: str) -> None:
        found = ct.parse_date(text, anchor=anchor)
        assert str(found.date_start) == day and found.quote == text.strip()

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("2020年2月30日", "【2020年2月30日】"),
            ("1月25日", "needs an anchor.*【1月25日】"),
            ("2020年1月25日和26日", "2020年1月25日【和26日】"),
            ("新增3例", "【新增3例】"),
            ("", "【】"),
            ("２月30日", "【2月30日】.*read from '２月30日'"),
        ],
    )
    def test_what_is_no_date(self, text: str, why: str) -> None:
        with pytest.raises(ValueError, match=why):
            ct.parse_date(text)

    @pytest.mark.parametrize(
        ("text", "value", "unit", "qualifier"),
        [
            ("506.8亿元", 50_680_000_000, "CNY", "exact"),
            ("500多亿元", 50_000_000_000, "CNY", "more_than"),
            ("近400家次", 400, "time", "nearly"),
            ("１２例", 12, "case", "exact"),
        ],
    )
    def test_quantities(self, text: str, value: int, unit: str, qualifier: str) -> None:
        found = ct.parse_quantity(text)
        assert (found.value, found.unit, found.qualifier, found.quote) == (value, unit, qualifier, text)

    @pytest.mark.parametrize("text", ["", "506.8亿", "新增3例", "3例、5例", "增3例"])
    def test_what_is_no_quantity(self, text: str) -> None:
        with pytest.raises(ValueError, match="【"):
            ct.parse_quantity(text)


class TestTypes:
    @pytest.mark.parametrize("given", [5, None, float("nan"), b"2\xe6\x9c\x88", ["2月3日"]])
    @pytest.mark.parametrize(
        "ask", [ct.extract, ct.explain, ct.find_dates, ct.find_quantities, ct.find_places, ct.parse_date, ct.parse_quantity]
    )
    def test_what_is_no_text_is_named(self, ask: Callable[[object], object], given: object) -> None:
        with pytest.raises(TypeError, match=rf"text is a str, not {type(given).__name__}"):
            ask(given)

    @pytest.mark.parametrize("name", ["published", "region"])
    def test_other_arguments_are_named(self, name: str) -> None:
        with pytest.raises(TypeError, match=rf"{name} is .*a str.*, not int: 5"):
            ct.extract(BULLETIN, **{name: 5})  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="anchor is a date"):
            ct.find_dates("昨日", anchor=5)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="home is the name"):
            ct.find_places("我市", home=371500)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="row_id is a str"):
            ct.why(5)  # type: ignore[arg-type]


class TestExplain:
    def test_what_it_shows(self) -> None:
        shown = str(ct.explain(TRADITIONAL, published="2020-02-04"))
        for part in ("anchor   2020-02-04 (published)", "371500", "２例 [14:16]: 2 case exact | rule", "confirmed_cumulative"):
            assert part in shown, shown

    def test_the_slots_of_a_row(self) -> None:
        found = ct.explain("2月3日，聊城市新增确诊3例，治愈2例。", published="2020-02-04")
        slots = {slot.name: slot for slot in found.rows[1].slots}
        assert (slots["subject"].value, slots["subject"].relation) == ("recovered", "own")
        assert (slots["measure"].value, slots["measure"].relation, slots["measure"].rule) == ("new", "sentence", "mode.new")
        assert slots["subject"].other == "confirmed (sentence)"
        assert slots["period"].quote == "2月3日"
        with pytest.raises(KeyError, match="no row"):
            found.row("text:m99")

    def test_nothing_of_a_text_moves_the_cursor(self) -> None:
        shown = str(ct.explain("2月3日\x1b[31m新增3例\u202e"))
        assert "\x1b" not in shown and "\u202e" not in shown

    def test_a_notebook_shows_text_as_text(self) -> None:
        assert "<b>" not in ct.explain("<b>新增3例</b>", published="2020-02-04")._repr_html_()

    @given(ANY)
    @settings(max_examples=settings.default.max_examples // 4)
    def test_any_string(self, text: str) -> None:
        assert str(ct.explain(text)).startswith("anchor")


class TestWhy:
    def test_a_published_row(self) -> None:
        row = ct.load_metrics("聊城", indicator="investment_signed").iloc[0]
        found = ct.why(row.metric_id)
        assert found.quote == row.value_quote
        assert {slot.name for slot in found.slots} >= {"subject", "region", "period"}

    @pytest.mark.parametrize(("row_id", "said"), [("nonsense", "no id of a row"), ("nobody:m3", "no row has the id")])
    def test_errors(self, row_id: str, said: str) -> None:
        with pytest.raises(ValueError, match=said):
            ct.why(row_id)


    def test_a_text_that_is_not_among_those_given(self) -> None:
        with pytest.raises(ValueError, match="'nobody' is not among the texts"):
            ct.why("nobody:m3", texts=())

    @pytest.mark.parametrize("table", ["metrics", "events"])
    def test_a_row_without_its_text(self, table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of a collection that may not be republished: what the row itself knows, and how to see more."""
        monkeypatch.setenv("COVID_TIMELINE_CACHE", str(tmp_path))
        row = ct.load(table, collection="bulletins").dropna(subset="trace").iloc[0]
        document = ct.load_documents(collection="bulletins").set_index("doc_id").loc[row.doc_id]
        found = ct.why(row["metric_id" if table == "metrics" else "event_id"])
        assert [slot.name for slot in found.slots] == [part.partition("=")[0] for part in row.trace.split("; ")]
        assert f"{document.url}, SHA-256 {document.sha256}, characters {row.char_start} to {row.char_end}" in str(found)
        assert "may not be republished: `covid-timeline fetch`" in str(found)

    def test_a_row_whose_text_was_fetched(self, monkeypatch: pytest.MonkeyPatch) -> None:
        row = ct.load_metrics(collection="bulletins").iloc[0]
        article = read_article("2020年1月30日，湛江市新增3例。", doc_id=row.doc_id)
        monkeypatch.setattr("covid_timeline.sources.national.fetched_article", lambda *_: article)
        metric = rows_of(read(article)).metrics[0]
        monkeypatch.setattr("covid_timeline.loaders.published_row", lambda *_: ("metrics", {}, {"sha256": ""}))
        assert ct.why(metric.metric_id).quote == "3例"


class TestAssumed:
    def test_no_day_of_publication(self) -> None:
        with pytest.warns(ct.AssumedDateWarning, match="does not say when"):
            found = ct.extract("聊城市新增确诊3例")
        assert found.metrics[0].date_basis == "assumed"

    def test_a_day_that_is_stated_needs_none(self) -> None:
        found = ct.extract("2020年2月3日，聊城市新增确诊3例")
        assert found.metrics[0].date_basis == "explicit"
