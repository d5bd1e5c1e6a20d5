"""Rewritings that must not change a reading, applied to whole corpora; the facts that are kept are counted.

`python tests/rewritings.py [--all]` prints the share of facts that each rewriting keeps; `make rewritings` runs it over
every text at hand. The suite holds a floor on a fixed sample (test_rewritings.py).
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))
from articles import bulletin

from covid_timeline.model import Article
from covid_timeline.reading.extract import extract

SHARED = Path(__file__).parents[2] / "shared"
FOLDED = str.maketrans("0123456789", "０１２３４５６７８９")
ITEM = re.compile("([\u4e00-\u9fff]{2,6}(?:市|州|县|区))(\\d+例)")
LIST = re.compile("(?:[\u4e00-\u9fff]{2,6}(?:市|州|县|区)\\d+例、){2,}[\u4e00-\u9fff]{2,6}(?:市|州|县|区)\\d+例")
DAY = re.compile("(\\d{1,2})月(\\d{1,2})日")
Fact = tuple[object, ...]


def _outside_brackets(text: str, sign: str, other: str) -> str:
    depth, parts = 0, []
    for character in text:
        depth += (character in "（(") - (character in "）)")
        parts.append(other if character == sign and depth <= 0 else character)
    return "".join(parts)


def _reverse_lists(text: str) -> str:
    def turned(found: re.Match[str]) -> str:
        lead = re.match("(?:其中|包括|分别为|为|含)?", found[0])
        head = lead[0] if lead else ""
        return head + "、".join(reversed(found[0][len(head) :].split("、")))

    return LIST.sub(turned, text)


def _traditional(text: str) -> str:
    made: str = _converter().convert(text)
    return made if len(made) == len(text) else text


@functools.cache
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("s2t")


def _body(text: str, change: Callable[[str], str]) -> str:
    title, newline, body = text.partition("\n")
    return title + newline + change(body)


REWRITINGS: dict[str, Callable[[str], str]] = {
    "a paragraph after each sentence": lambda text: _body(text, lambda body: re.sub("。(?!\n|$)", "。\n", body)),
    "a full stop for a semicolon": lambda text: _outside_brackets(text, "；", "。"),
    "a semicolon's half-width form": lambda text: text.replace("；", ";"),
    "a space after a counter": lambda text: re.sub("(\\d[例人名])(?=[、，。；])", "\\1 ", text),
    "spaces around numbers": lambda text: re.sub("(?<=[\u4e00-\u9fff])(\\d+)(?=例)", " \\1 ", text),
    "other brackets": lambda text: text.replace("（", "(").replace("）", ")"),
    "full-width digits": lambda text: text.translate(FOLDED),
    "half-width commas": lambda text: re.sub("，(?!\\d)", ",", text),
    "Traditional script": _traditional,
    "the places of a list in reverse": _reverse_lists,
    "zero-width spaces": lambda text: re.sub("(?<=[\u4e00-\u9fff])(?=[\u4e00-\u9fff])", "\u200b", text),
    "an unrelated sentence at the end": lambda text: text.rstrip() + "请市民做好个人防护。",
    "an unrelated sentence after the title": lambda text: _body(text, lambda body: "请市民做好个人防护。" + body),
    "Windows line ends": lambda text: text.replace("\n", "\r\n"),
    "blank lines": lambda text: text.replace("\n", "\n\n"),
}  # fmt: skip
"""Each keeps the meaning of any text."""


def later(text: str, days: int = 3) -> str:
    """Every day of the text some days later; the text itself where a day is no day of 2020."""

    def shifted(found: re.Match[str]) -> str:
        day = dt.date(2020, int(found[1]), int(found[2])) + dt.timedelta(days)
        return f"{day.month}月{day.day}日"

    try:
        return DAY.sub(shifted, text)
    except ValueError:
        return text


def facts_of(article: Article, shift: int = 0) -> Counter[Fact]:
    """What an article states, without where it stands."""

    def day(value: dt.date | None) -> dt.date | None:
        return None if value is None else value - dt.timedelta(shift)

    return Counter(
        (row.value, row.unit, row.indicator, row.region_code, day(row.date_start), day(row.date_end), row.status)
        for row in extract(article).metrics
    )


class Kept(NamedTuple):
    """How much a rewriting keeps."""

    facts: int
    kept: int
    lost: list[tuple[str, str]]  # some texts that lost facts, with what was lost

    @property
    def share(self) -> float:
        return self.kept / self.facts if self.facts else 1.0


def measure(articles: list[Article], rewriting: Callable[[str], str], shift: int = 0) -> Kept:
    """Facts of the articles, and of those the ones that the rewritten articles state too."""
    facts = kept = 0
    lost: list[tuple[str, str]] = []
    for article in articles:
        changed = rewriting(article.raw)
        if changed == article.raw:
            continue
        other = article._replace(raw=changed)
        if shift:
            moment = (article.published_at or dt.datetime(2020, 3, 1)) + dt.timedelta(shift)  # noqa: DTZ001
            other = other._replace(published_at=moment, anchor_date=moment.date())
        before, after = facts_of(article), facts_of(other, shift)
        facts += before.total()
        kept += (before & after).total()
        missing = before - after
        if missing and len(lost) < 5:
            lost.append((article.doc_id, str(next(iter(missing)))))
    return Kept(facts, kept, lost)


def articles(every: int = 1) -> Iterator[Article]:
    """Bulletins, fresh texts and the five articles at hand; each `every`-th bulletin."""
    for name in ("dxy_news", "dxy_news_later"):
        path = SHARED / "corpora" / f"{name}.json"
        if path.exists():
            from covid_timeline.sources.dxy import read_dxy

            found = [one for one in read_dxy(path) if isinstance(one, Article)]
            yield from found[::every]
    for path in sorted((SHARED / "fresh" / "texts").glob("*.txt")):
        yield bulletin(path.read_text(encoding="utf-8"), published="2020-03-05 18:00", region=None)


def report(every: int = 1) -> dict[str, Kept]:
    """Every rewriting over the texts at hand."""
    texts = list(articles(every))
    found = {name: measure(texts, rewriting) for name, rewriting in REWRITINGS.items()}
    dated = [one for one in texts if not re.search("[昨今前明]|\\d日?(?:晚|[0０])|2月2[6-9]日|(?<![月\\d])\\d+日", one.raw)]
    found["every day three later"] = measure(dated, later, 3)
    return found


if __name__ == "__main__":
    for title, kept in report(1 if "--all" in sys.argv else 10).items():
        print(f"{kept.share:.4f}  {kept.kept:6} of {kept.facts:6}  {title}")
        if "--lost" in sys.argv:
            print(json.dumps(kept.lost, ensure_ascii=False))
