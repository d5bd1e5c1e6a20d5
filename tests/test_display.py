"""Notebook views and the printed summary: what they say, and that nothing in a text is markup or moves a cursor."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import covid_timeline as ct
from covid_timeline import display
from covid_timeline.checks.files import validate
from covid_timeline.model import Refused
from covid_timeline.pipeline import BuildReport

TAGS = {"p", "b", "br", "small", "table", "caption", "thead", "tbody", "tr", "th", "td", "blockquote", "mark", "a"}


class Tags(HTMLParser):
    """The tags of a piece of HTML, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert {name for name, _ in attrs} <= {"href", "rel"}

    def handle_data(self, data: str) -> None:
        self.text += data


class TestExtraction:
    TEXT = "截至2月3日24时，聊城市累计确诊15例，其中阳谷县3例。"

    def test_printed(self) -> None:
        found = ct.extract(self.TEXT, published="2020-02-04")
        lines = str(found).splitlines()
        assert lines[0].startswith("2 metrics, 1 events, 1 dates, 0 rejected; read against 2020-02-04 (published)")
        assert any("15例" in line and "15 case" in line and "聊城市" in line for line in lines)
        assert repr(found) == str(found)

    def test_what_is_not_reported_says_so(self) -> None:
        assert "conditional" in str(ct.extract("聊城市如出现新增确诊病例10例以上，将启动一级响应。", published="2020-02-04"))

    def test_columns_stand_under_one_another(self) -> None:
        lines = str(ct.extract(self.TEXT, published="2020-02-04")).splitlines()
        at = [display._width(line[: line.index("confirmed_cumulative")]) for line in lines if "confirmed_cumulative" in line]
        assert len(at) == 2 and len(set(at)) == 1

    def test_many_rows_are_counted(self) -> None:
        text = "".join(f"2月{day}日，聊城市新增确诊病例{day}例。" for day in range(1, 29))
        found = ct.extract(text, published="2020-03-04")
        assert "... and 8 more" in str(found) and "metrics: 28 (the first 20)" in Tags(found._repr_html_()).text

    @settings(max_examples=settings.default.max_examples // 4)  # type: ignore[union-attr]
    @given(st.text(max_size=40), st.sampled_from(["<script>alert(1)</script>", "<img src=x>", "\x1b[31m", "\u202e", "&"]))
    def test_any_text(self, text: str, hostile: str) -> None:
        found = ct.extract(f"2月3日，聊城市{hostile}新增{text}2例。{hostile}", published="2020-02-04")
        assert Tags(found._repr_html_()).tags <= TAGS
        assert all(line.isprintable() for line in str(found).split("\n"))


class TestReports:
    def test_a_build(self) -> None:
        refused = [Refused("a.txt", "line 1", "not <b>Chinese</b>", "skipped")]
        seen = Tags(BuildReport(Path("out"), {"documents": 3}, refused, [], True, {})._repr_html_())
        assert seen.tags <= TAGS and "Published in out" in seen.text and "not <b>Chinese</b>" in seen.text

    def test_a_validation(self) -> None:
        seen = Tags(validate(Path(__file__).parent / "nowhere")._repr_html_())
        assert seen.tags <= TAGS and "unreadable" in seen.text

    def test_why(self) -> None:
        text = "截至2月3日24时，聊城市累计确诊15例，其中阳谷县<b>3例。"
        found = ct.explain(text, published="2020-02-04")
        row = found.rows[1]
        seen = Tags(row._repr_html_())
        assert seen.tags <= TAGS
        assert "3例" in seen.text and "阳谷县 (371521)" in seen.text
        assert all(slot.name in seen.text and slot.value in seen.text for slot in row.slots)
        assert repr(row) == str(row) and repr(row).startswith("metric ")
        whole = Tags(found._repr_html_())
        assert whole.tags <= TAGS | {"details", "summary", "ul", "li"}
        assert all(one.row_id in whole.text for one in found.rows) and f"mentions: {len(found.mentions)}" in whole.text

    def test_why_of_a_row_whose_text_is_not_at_hand(self) -> None:
        row = ct.why(ct.load_city_by_date("confirmed_cumulative", region="Wenzhou", end="2020-01-31")["metric_id"].iloc[0])
        assert row.remarks and all(remark in Tags(row._repr_html_()).text for remark in row.remarks)

    @pytest.mark.parametrize("url", ["https://example.org/<b>", "javascript:alert(1)"])
    def test_a_quote(self, url: str) -> None:
        quote = ct.Quote(
            id="x", sentence="a", marked="<script>【1例】", fact="<i>", doc_id="x", title="<u>", source=None, published_at=None,
            url=url, char_start=0, char_end=1, rule="r",
        )  # fmt: skip
        html = quote._repr_html_()
        assert Tags(html).tags <= TAGS and "<mark>1例</mark>" in html and "href=\"javascript" not in html
