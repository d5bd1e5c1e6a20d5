"""text/clauses.py: where sentences and clauses end."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covid_timeline.text.clauses import split
from covid_timeline.text.normalize import normalize

ARTICLES = sorted((Path(__file__).parents[1] / "data" / "raw").glob("*.txt"))


def sentences(text: str) -> list[str]:
    return [text[s.start : s.end] for s in split(text)]


def clauses(text: str) -> list[list[str]]:
    return [[text[start:end] for start, end in s.clauses] for s in split(text)]


class TestSentences:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("新增3例。治愈2例。", ["新增3例。", "治愈2例。"]),
            ("新增3例!治愈2例?是的！？好", ["新增3例!", "治愈2例?", "是的！？", "好"]),
            ("“绝不轻言成功。”市长说。", ["“绝不轻言成功。”", "市长说。"]),
            ("（本报记者摄。）下文", ["（本报记者摄。）", "下文"]),
            ("甲；乙;丙", ["甲；", "乙;", "丙"]),
            ("湖北（武汉3例；黄石2例），河南1例。", ["湖北（武汉3例；黄石2例），河南1例。"]),
            ("甲(乙(丙;丁);戊);己", ["甲(乙(丙;丁);戊);", "己"]),
            ("甲（乙；丙", ["甲（乙；", "丙"]),  # never closed
            ("甲）乙；丙", ["甲）乙；", "丙"]),  # never opened
            ("甲（乙。丙）；丁", ["甲（乙。", "丙）；", "丁"]),
            ("甲（乙\n丙）；丁", ["甲（乙", "丙）；", "丁"]),
            ("  标题 \n\n　正文，\n", ["标题", "正文，"]),
            ("3.5万人.他说", ["3.5万人.他说"]),
            ("疫情好转.\n共3例. 其中", ["疫情好转.", "共3例.", "其中"]),
            ("www.x.cn/a?b=1,好", ["www.x.cn/a?b=1,好"]),
            ("正因榇?,商丘", ["正因榇?,商丘"]),  # a broken character
            ("", []),
            (" \n，。\n", []),
        ],
    )
    def test_ends(self, text, expected):
        assert sentences(text) == expected

    @pytest.mark.parametrize(
        ("text", "stops"),
        [
            ("甲。乙；丙;丁！戊\n己", ["。", "；", ";", "！", "\n", ""]),
            ("“好。”\n", ["。"]),
            ("真的？！", ["！"]),
            ("甲。。。乙", ["。", ""]),
            ("甲.\n乙", [".", ""]),
        ],
    )
    def test_stop(self, text, stops):
        assert [s.stop for s in split(text)] == stops


class TestClauses:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("截至3日，确诊1,327例,治愈5例。", [["截至3日", "确诊1,327例", "治愈5例"]]),
            ("12，345人出院", [["12", "345人出院"]]),  # the full-width comma is never part of a number
            ("1,2,3例", [["1", "2", "3例"]]),
            ("1,2345例", [["1", "2345例"]]),
            ("1,234,567元", [["1,234,567元"]]),
            ("长沙、衡阳：各3例", [["长沙、衡阳：各3例"]]),
            ("甲（乙；丙，丁）", [["甲（乙", "丙", "丁）"]]),
            ("大考……在这场战疫", [["大考", "在这场战疫"]]),
            ("，，甲 ， 乙 。，丙", [["甲", "乙"], ["丙"]]),
        ],
    )
    def test_ends(self, text, expected):
        assert clauses(text) == expected


@given(st.text() | st.text('甲1,，。；;（）()”"\n .!?…', max_size=60))
def test_sentences_stand_in_order_and_hold_all_words(text):
    found = split(text)
    assert all(a.end <= b.start for a, b in pairwise(found))
    covered = set()
    for sentence in found:
        assert sentence.clauses
        assert sentence.start == sentence.clauses[0][0]
        assert sentence.clauses[-1][1] <= sentence.end <= len(text)
        assert all(a[1] <= b[0] for a, b in pairwise(sentence.clauses))
        assert all(start < end for start, end in sentence.clauses)
        assert not text[sentence.start].isspace() or text[sentence.start] not in " \n\t\u3000"
        for start, end in sentence.clauses:
            covered.update(range(start, end))
    assert all(i in covered for i, c in enumerate(text) if c.isalnum())


@pytest.mark.parametrize("path", ARTICLES, ids=lambda p: p.stem)
def test_articles(path):
    text = normalize(path.read_bytes().decode("utf-8")).text
    found = split(text)
    assert len(found) > 40
    assert max(s.end - s.start for s in found) < 700


@pytest.mark.parametrize(
    "text",
    [
        "(;" * 100_000,
        "(" * 70_000 + ";" * 70_000 + ")" * 70_000,
        "。”" * 100_000,
        "1," * 100_000,
        " " * 200_000,
        '!"' * 100_000,
        "…" * 200_000,
        "." * 200_000,
    ],
)
def test_long_repeats_end(text):
    split(text)
