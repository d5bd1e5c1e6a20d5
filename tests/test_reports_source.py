"""Reports of the health commissions: what is read beside the text, and what is noted, refused or left out."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest

from covid_timeline.model import Article, Refused
from covid_timeline.sources.national import read_national
from covid_timeline.sources.reports import read_reports

NAME = "2020年1月25日山东省"
TEXT = "地址: http://example.org/t20200126_1.html\n时间: 2020-01-25\n省: 山东省\n确诊: 8例\n确诊详情: 青岛市6例、聊城市2例"


def lines(path: Path, *reports: tuple[str, str]) -> Path:
    rows = [json.dumps({"id": name, "text": text}, ensure_ascii=False) for name, text in reports]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def read(path: Path) -> tuple[list[Article], list[Refused]]:
    found = list(read_reports(path))
    return [one for one in found if isinstance(one, Article)], [one for one in found if isinstance(one, Refused)]


class TestReport:
    def test_what_the_source_says(self, tmp_path: Path) -> None:
        (one,), told = read(lines(tmp_path / "r.jsonl", (NAME, TEXT)))
        assert told == []
        assert (one.doc_id, one.raw, one.collection) == ("ncov-20200125-370000", TEXT, "commission_reports")
        assert (one.region_code, one.source) == ("370000", "山东省卫生健康委员会")
        assert (one.anchor_date, one.anchor_basis) == (dt.date(2020, 1, 25), "stated")
        assert one.published_at is not None and one.published_at.date() == dt.date(2020, 1, 26)
        assert one.url == "http://example.org/t20200126_1.html" and not one.may_republish
        assert one.sha256 == hashlib.sha256(TEXT.encode()).hexdigest()

    def test_the_country(self, tmp_path: Path) -> None:
        (one,), _ = read(lines(tmp_path / "r.jsonl", ("2020年1月25日", "时间: 2020-01-25\n确诊: 8例")))
        assert (one.doc_id, one.region_code, one.url) == ("ncov-20200125-100000", "100000", None)
        assert one.source == "国家卫生健康委员会"

    @pytest.mark.parametrize(
        ("address", "day"),
        [
            ("http://a/202001/t20200126_1.html", 26),
            ("http://a/art/2020/1/26/art_1.html", 26),
            ("http://a/doc/2020/01/27/1.shtml", 27),
            ("http://a/2020/0125/68020.html", 25),
            ("http://a/content/post_2879203.html", 26),  # none in it: the day after
            ("http://a/2020/2/9/1.html", 26),  # another day than it can be
            ("http://a/t20209999_1.html", 26),
        ],
    )
    def test_day_of_publication(self, address: str, day: int, tmp_path: Path) -> None:
        (one,), _ = read(lines(tmp_path / "r.jsonl", (NAME, f"地址: {address}\n确诊: 8例")))
        assert one.published_at == dt.datetime(2020, 1, day)  # noqa: DTZ001

    def test_a_folder_of_files_gives_the_same(self, tmp_path: Path) -> None:
        folder = tmp_path / "Report"
        folder.mkdir()
        (folder / f"{NAME}.yaml").write_bytes(TEXT.encode())
        assert read(folder)[0] == read(lines(tmp_path / "r.jsonl", (NAME, TEXT)))[0]


class TestNotes:
    @pytest.mark.parametrize(
        ("line", "note"),
        [
            ("确诊详情: 青岛市6例、某某市2例", "确诊详情: 某某市 is in no table of places"),
            ("确诊详情: 青岛市6例、聊城市1例", "确诊 is 8, and the places of 确诊详情 make 7"),
            ("重症: 2例", "the label '重症' is not known"),
            ("昨日情况", "the label '昨日情况' is not known"),
        ],
    )
    def test_kept_as_stated(self, line: str, note: str, tmp_path: Path) -> None:
        (one,), (told,) = read(lines(tmp_path / "r.jsonl", (NAME, f"确诊: 8例\n{line}")))
        assert one.raw.endswith(line)
        assert (told.kind, told.reason) == ("note", f"ncov-20200125-370000: {note}; kept as stated")

    @pytest.mark.parametrize("line", ["治愈: 25例 # 其他来源", "国外确诊详情: 泰国4例", "# 备注", "死亡: 1例"])
    def test_nothing_to_note(self, line: str, tmp_path: Path) -> None:
        assert read(lines(tmp_path / "r.jsonl", (NAME, f"{TEXT}\n{line}")))[1] == []


class TestBadInput:
    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("{", "no JSON"),
            ("[1]", "no report: a report has the texts `id` and `text`"),
            ('{"id": 3, "text": "x"}', "no report"),
            ('{"id": "山东", "text": "x"}', "'山东' is no name of a report"),
            ('{"id": "2020年2月30日", "text": "x"}', "day is out of range|must be in range"),
            ('{"id": "2020年1月25日某某省", "text": "x"}', "is not known"),
            ('{"id": "2020年1月25日", "text": " "}', "no text"),
            ('{"id": "2020年1月25日", "text": "x\\u0000"}', "NUL in it"),
            ('{"id": "2020年1月25日", "text": "\\ud800"}', "not UTF-8"),
            ("[" * 100_000, "no JSON"),
        ],
    )
    def test_refused_by_line(self, line: str, reason: str, tmp_path: Path) -> None:
        path = lines(tmp_path / "r.jsonl", (NAME, TEXT))
        path.write_text(f"{line}\n\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
        articles, (told,) = read(path)
        assert len(articles) == 1 and (told.kind, told.place) == ("refused", "line 1")
        assert __import__("re").search(reason, told.reason), told.reason

    def test_the_same_report_twice(self, tmp_path: Path) -> None:
        articles, told = read(lines(tmp_path / "r.jsonl", (NAME, TEXT), (NAME, TEXT), (NAME, TEXT + "\n")))
        assert len(articles) == 1
        assert [(one.kind, one.place) for one in told] == [("skipped", "line 2"), ("refused", "line 3")]

    def test_no_report_at_all(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="no file"):
            list(read_reports([]))
        with pytest.raises(ValueError, match="no report"):
            list(read_reports(tmp_path))
        with pytest.raises(ValueError, match="neither bulletins"):
            read_national(tmp_path)


class TestCorpora:
    CORPORA = Path(__file__).parents[2] / "shared" / "corpora"

    def test_every_report_is_read(self) -> None:
        path = self.CORPORA / "ncov_reports.jsonl"
        if not path.exists():
            pytest.skip(f"no {path}")
        articles, told = read(path)
        sums = [json.loads(line)["sha256"] for line in path.read_text(encoding="utf-8").splitlines()]
        assert sorted(one.sha256 for one in articles) == sorted(sums)
        assert Counter(one.kind for one in told).keys() == {"note"}
