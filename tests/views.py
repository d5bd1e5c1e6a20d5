"""A small set of tables for plots and the explorer page: a few bulletins in our own words, built as a user would."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from typer.testing import CliRunner

from covid_timeline.cli import app

BULLETINS: list[dict[str, str]] = [
    {"id": f"b{day}", "body": f"2月{day}日0—24时，聊城市新增确诊病例{new}例，累计确诊病例{total}例。"}
    for day, new, total in ((2, 3, 10), (3, 2, 12), (4, 1, 13), (7, 4, 20), (8, 1, 21))
] + [
    # Another source gives another total for the 3rd; a figure of noon; the county; an order of another kind.
    {"id": "other", "body": "截至2月3日24时，聊城市累计确诊病例14例。"},
    {"id": "noon", "body": "截至2月5日12时，聊城市累计确诊病例15例。"},
    {"id": "county", "body": "截至2月4日24时，阳谷县累计确诊病例3例。"},
    {"id": "closed", "body": "2月6日起，聊城市关闭全部高速公路收费站，学校推迟开学。"},
]


def build_tables(folder: Path, bulletins: Sequence[dict[str, str]] = BULLETINS, quotes: str = "always") -> Path:
    """Tables in `folder/tables`, from `folder/news.jsonl`."""
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "news.jsonl"
    filled = [
        {"time": "2020-02-20 10:00:00", "place": "聊城市", "medium": "聊城日报", "url": "", "title": f"通报 {row['id']}", **row}
        for row in bulletins
    ]
    source.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in filled), encoding="utf-8")
    columns = {"text": "body", "published": "time", "region": "place", "id": "id", "source": "medium", "url": "url", "title": "title"}
    options = [part for name, column in columns.items() for part in (f"--{name}", column)]
    out = folder / "tables"
    result = CliRunner().invoke(
        app, ["build", str(source), "--from", "jsonl", *options, "--quotes", quotes, "-o", str(out)]
    )
    assert (out / "metrics.parquet").exists(), result.output
    return out
