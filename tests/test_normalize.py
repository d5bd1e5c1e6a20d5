"""text/normalize.py: what changes, what stays, and the way back to the raw text."""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
import tomllib
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import opencc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covid_timeline.text import normalize as normalizer
from covid_timeline.text.normalize import normalize, strip_noise

RAW = Path(__file__).parents[1] / "data" / "raw"
ARTICLES = sorted(RAW.glob("*.txt"))
DAMAGED = "堅(jiān)持領(lǐng)導(dǎo)，"  # enough glosses to show a damaged page


def read(path: Path) -> str:
    return path.read_bytes().decode("utf-8")


@pytest.fixture(scope="module")
def library():
    return opencc.OpenCC("t2s")


def dictionary(name: str) -> dict[str, str]:
    source = Path(opencc.__file__).with_name("dictionary") / name
    rows = (line.split("\t") for line in source.read_text(encoding="utf-8").splitlines())
    return {key: values.split(" ")[0] for key, values in rows}


def exceptions() -> list[dict]:
    text = files("covid_timeline.text").joinpath("conversion.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["exception"]


def place_names() -> list[str]:
    """Every Simplified name in the gazetteer and the list of other places."""
    words = files("covid_timeline.mentions").joinpath("words")
    names = set()
    for name in ("regions.csv", "place_names.csv"):
        rows = csv.DictReader(words.joinpath(name).read_text(encoding="utf-8").splitlines())
        rows = [row for row in rows if row.get("kind") not in ("not_a_place", "guard")]
        names |= {row[column] for row in rows for column in ("name", "short_name") if row.get(column)}
    return sorted(names)


class TestConversion:
    def test_nothing_is_converted_without_the_library(self, monkeypatch):
        normalizer._folds.cache_clear()
        monkeypatch.setitem(sys.modules, "opencc", None)
        try:
            assert normalize("123\tabc").text == "123 abc"
            with pytest.raises(ModuleNotFoundError):
                normalize("新增確診")
        finally:
            normalizer._folds.cache_clear()

    def test_another_package_of_that_name_is_told_apart(self, monkeypatch, tmp_path):
        (tmp_path / "opencc").mkdir()
        (tmp_path / "opencc" / "__init__.py").write_text("")
        monkeypatch.delitem(sys.modules, "opencc")
        monkeypatch.syspath_prepend(str(tmp_path))
        normalizer._folds.cache_clear()
        try:
            with pytest.raises(ModuleNotFoundError, match="opencc-python-reimplemented"):
                normalize("新增確診")
        finally:
            normalizer._folds.cache_clear()

    def test_dictionaries_are_read_at_first_use(self):
        script = (
            "from covid_timeline.text import normalize as n; print(n._folds.cache_info().currsize); "
            "n.normalize('確診'); print(n._folds.cache_info().currsize)"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["0", "1"]

    def test_characters_are_those_of_the_library(self):
        # those that a phrase ends in or begins with are judged by the phrases
        theirs = {key: value for key, value in dictionary("TSCharacters.txt").items() if key != value}
        assert {key: normalize(key).text for key in theirs} == theirs

    def test_phrases_are_those_of_the_library(self, library):
        phrases = dictionary("TSPhrases.txt")
        assert {key: normalize(f"，{key}。").text for key in phrases} == {
            key: f"，{library.convert(key)}。" for key in phrases
        }

    def test_one_character_for_one(self):
        folds = normalizer._folds()
        assert all(len(value) == 1 for value in folds.one.values())
        assert all(len(key) == len(value) for key, value in folds.phrases.items())

    @pytest.mark.parametrize("row", exceptions(), ids=lambda row: row["word"])
    def test_exceptions(self, row, library):
        raw, _, text = row["example"].partition(" = ")
        assert normalize(raw).text == text
        assert row["reason"]
        assert any(spelling in raw for spelling in row["spellings"])
        assert all(normalize(spelling).text == row["word"] for spelling in row["spellings"])
        # an exception that the library's own dictionaries make is none
        assert any(library.convert(spelling) != row["word"] for spelling in row["spellings"])

    def test_no_simplified_place_name_is_changed(self):
        names = place_names()
        assert len(names) > 5000
        assert [name for name in names if normalize(name).text != name] == []

    @pytest.mark.parametrize("script", ["s2t", "s2hk", "s2tw"])
    def test_every_place_name_in_traditional_characters_is_read(self, script):
        write = opencc.OpenCC(script).convert
        assert [name for name in place_names() if normalize(write(name)).text != name] == []

    @pytest.mark.parametrize("path", ARTICLES, ids=lambda p: p.stem)
    def test_articles_convert_as_the_library_does(self, library, path):
        raw = strip_noise(read(path)).replace("\u00a0", " ").replace("﹔", "；")
        assert normalize(raw).text == library.convert(raw)

    @pytest.mark.parametrize(
        ("raw", "text"),
        [
            ("乾隆年間的乾糧", "乾隆年间的干粮"),
            ("扭轉乾坤", "扭转乾坤"),
            ("據瞭解，站在瞭望塔上", "据了解，站在瞭望塔上"),
            ("反覆發燒", "反复发烧"),
            ("著名的顯著", "著名的显著"),  # 著 stays, as in OpenCC
            ("實施計畫", "实施计划"),
            ("皇后在後面", "皇后在后面"),
            ("﨑㊙樂⽇⻓", "﨑㊙乐日长"),  # compatibility ideograph, Kangxi radical, radical of PDF text
        ],
    )
    def test_cases(self, raw, text):
        assert normalize(raw).text == text

    @pytest.mark.parametrize(
        "path", [p for p in ARTICLES if p.stem in {"liaocheng", "longquanyi"}], ids=lambda p: p.stem
    )
    def test_simplified_text_is_left_alone(self, path):
        raw = read(path)
        assert normalize(raw).text is raw

    @pytest.mark.parametrize(
        ("raw", "script"),
        [
            ("山東新增確診3例", "hant"),
            ("山东新增确诊3例", "hans"),
            ("", "hans"),
            ("123", "hans"),
            ("山东省卫健委通报新增确诊病例3例，其中一人姓張，均为输入性病例", "hans"),
            *((read(p), "hant" if p.stem in {"shandong", "shangqiu"} else "hans") for p in ARTICLES),
        ],
    )
    def test_script(self, raw, script):
        assert normalize(raw).script == script


class TestGlosses:
    @pytest.mark.parametrize(
        ("raw", "text"),
        [
            ("累計(jì)報(bào)告", "累计报告"),
            ("3小時(shí)后", "3小时后"),
            ("計（jì）劃", "计划"),
            ("計(ji\u0300)劃", "计划"),  # decomposed
            ("𠅤(yù)?(jì)￼(bào)\ue000(dào)到", "𠅤?￼\ue000到"),  # after damaged characters
            (DAMAGED + "的(de)了(le)嗎(ma)", "坚持领导，的了吗"),
            (DAMAGED + "防控?cái)?shù)字版", "坚持领导，防控字版"),
            (DAMAGED + "變?yōu)?ldquo;兩全", "坚持领导，变“两全"),
            (DAMAGED + "長(m)3里(km)2斤(kg)(xyz)", "坚持领导，长(m)3里(km)2斤(kg)(xyz)"),
            (DAMAGED + "社區(qū)(村)動(dòng)員(河南)", "坚持领导，社区(村)动员(河南)"),
            (DAMAGED + "為(wéi此", "坚持领导，为此"),
        ],
    )
    def test_removed(self, raw, text):
        assert normalize(raw).text == text

    @pytest.mark.parametrize(
        "raw",
        [
            "长(m)宽(km)重(kg)高(mm)",
            "口罩(de)的(le)",  # no tone mark, and no page of glosses
            "体温 (é)",
            "a(é)",
            "确诊3例(其中)",
            "第一(a)第二(b)",
            "咖啡(café)",  # two syllables
            "为什么?防控",
        ],
    )
    def test_kept(self, raw):
        assert normalize(raw).text == raw

    def test_shangqiu_reads_clean(self):
        text = normalize(read(RAW / "shangqiu.txt")).text
        assert "截至2020年3月8日,商丘累计确诊病例91例,除有基础病的死亡3例外,其中88例已于2月29日" in text
        assert not any(c in text for c in "āáǎàēéěèīíǐìōóǒòūúǔù")
        assert "&" not in text


class TestSigns:
    @pytest.mark.parametrize(
        ("raw", "text"),
        [
            ("１２３例Ａｂ９．５％", "123例Ab9.5%"),
            ("确诊12，345人出院", "确诊12，345人出院"),  # NFKC would make a number of it
            ("（1）：；！？、。～￥", "（1）：；！？、。～￥"),
            ("1\u00a0327\u3000人\u2009次\t3", "1 327 人 次 3"),
            ("3\u200b例\ufeff\u00ad\u2060", "3例"),
            ("3\ufe0f例\u202e", "3例"),
            ("&ldquo;3&nbsp;例&rdquo;&hellip;", "“3 例”…"),
            ("&#x4e00;&#19968;&#8203;&amp;&lt;", "一一&<"),
            ("&amp;ldquo;", "“"),
            ("&#35745;(jì)", "计"),
            ("&unknown; &#0; &#xd800; A&B; R&D", "&unknown; &#0; &#xd800; A&B; R&D"),
            ("甲\r\n乙\r丙\u2028丁", "甲\n乙\n丙\n丁"),
            ("商丘﹔聊城﹐3–5日", "商丘；聊城，3—5日"),
        ],
    )
    def test_folded(self, raw, text):
        assert normalize(raw).text == text

    @pytest.mark.parametrize(
        ("raw", "text"),
        [
            ("2020\n\n/ 04/29\n来源", "2020/04/29\n来源"),
            ("2020-\r\n04-29", "2020-04-29"),
            ("2020年\n2月\n3日", "2020年2月3日"),
            ("2月\n3日,", "2月3日,"),
            ("增至3\n日前,记者", "增至3\n日前,记者"),
            ("2020 / 04 / 29", "2020 / 04 / 29"),  # no break: nothing to close
            ("共2020\n3月5日", "共2020\n3月5日"),
        ],
    )
    def test_breaks_inside_dates(self, raw, text):
        assert normalize(raw).text == text


class TestWayBack:
    def test_documented_examples(self):
        n = normalize("3小時(shí)后")
        assert n.raw_span(0, 3) == (0, 3)  # the gloss after the last character is outside
        assert n.raw_span(2, 4) == (2, 9)  # and inside when the slice goes on
        n = normalize("&ldquo;甲(jiǎ)&rdquo;")
        assert n.text == "“甲”"
        assert [n.raw_span(i, i + 1) for i in range(3)] == [(0, 7), (7, 8), (13, 20)]

    @pytest.mark.parametrize(("start", "end"), [(1, 1), (2, 1), (-1, 1), (0, 4)])
    def test_no_slice(self, start, end):
        with pytest.raises(ValueError, match="no slice"):
            normalize("三个字").raw_span(start, end)

    @pytest.mark.parametrize("path", ARTICLES, ids=lambda p: p.stem)
    def test_articles(self, path):
        n = normalize(read(path))
        spans = [n.raw_span(i, i + 1) for i in range(len(n.text))]
        assert all(a[1] <= b[0] for a, b in pairwise(spans))
        for i, (start, end) in enumerate(spans):
            assert end == start + 1 or n.raw[start] in "&?"
            assert normalize(n.raw[start:end]).text in {n.text[i], n.raw[start:end]}

    PARTS = (
        *(
            ("字", "字"),
            ("時(shí)", "时"),
            ("3", "3"),
            ("９", "9"),
            ("&ldquo;", "“"),
            ("\u200b", ""),
            ("\u00a0", " "),
        ),
        *(
            ("計(jì)", "计"),
            ("&#x4e00;", "一"),
            ("，", "，"),
            ("\r\n", "\n"),
            ("𠅤(yù)", "𠅤"),
            ("領", "领"),
            ("。", "。"),
        ),
    )

    @given(st.lists(st.sampled_from(PARTS), max_size=30))
    def test_every_slice(self, parts):
        """The raw slice of each normalised slice, freed of its noise, is the normalised slice."""
        n = normalize("".join(raw for raw, _ in parts))
        assert n.text == "".join(text for _, text in parts)
        rng = random.Random(len(n.text))
        for _ in range(20):
            if not n.text:
                break
            start = rng.randrange(len(n.text))
            end = rng.randrange(start, len(n.text)) + 1
            raw_start, raw_end = n.raw_span(start, end)
            assert normalize(n.raw[raw_start:raw_end]).text == n.text[start:end]

    @given(
        st.text(alphabet=st.characters(), max_size=60)
        | st.text("計(jì)&#x4e0;?\r\n2月3日/-\u200b\ud800１", max_size=60)
    )
    def test_any_string(self, raw):
        n = normalize(raw)
        last = 0
        for i in range(len(n.text)):
            start, end = n.raw_span(i, i + 1)
            assert last <= start < end <= len(raw)
            last = end
        if n.text:
            assert n.raw_span(0, len(n.text))[1] == last


@pytest.mark.parametrize(
    "unit",
    [
        "(",
        "(jì",
        "計(jì)",
        "&",
        "&#",
        "?",
        "2020\n",
        "1月\n",
        "\u200b",
        "é",
        "（",
        "&amp;",
        "ā)",
        "a",
        "\r",
        "乾",
        " \n",
        "9",
    ],
)
def test_long_repeats_end(unit):
    """Linear time: 200,000 characters of anything come back at once (a quadratic pattern would take minutes)."""
    n = normalize(unit * (200_000 // len(unit)))
    assert len(n.text) <= 200_000


@pytest.mark.parametrize("stem", ["liaocheng", "shandong", "shangqiu"])
def test_every_span_of_the_gold_can_be_reached(stem):
    """Each span that a reader marked in the raw text starts and ends where some normalised slice does."""
    path = Path(__file__).parents[2] / "shared" / "gold" / f"{stem}.jsonl"
    if not path.exists():
        pytest.skip("the hand annotations are not beside this checkout")
    n = normalize(read(RAW / f"{stem}.txt"))
    starts, ends = zip(*(n.raw_span(i, i + 1) for i in range(len(n.text))), strict=True)
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert {row["start"] for row in rows} <= set(starts)
    assert {row["end"] for row in rows} <= set(ends)
