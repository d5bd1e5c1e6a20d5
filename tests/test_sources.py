"""Sources: the DXY export, records in four formats, web pages."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import itertools
import json
import random
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tools
from covid_timeline.model import Article, Refused
from covid_timeline.sources import html, records
from covid_timeline.sources.dxy import read_dxy
from covid_timeline.sources.records import (
    Columns,
    is_chinese,
    parse_published,
    read_records,
    resolve_region,
    sniff,
)

CORPORA = Path(__file__).parents[2] / "shared" / "corpora"


def item(n: int, **other: Any) -> dict[str, Any]:
    """A bulletin in the shape of the JSON export; each `n` has a text and a moment of its own."""
    made = {
        "id": n,
        "pubDate": 1580518800000 + n * 60_000,
        "title": f"湖北新增{n}例",
        "summary": f"2月{n % 28 + 1}日0—24时，湖北省新增确诊病例{n}例。\n全省现有疑似病例{n * 3}例。",
        "infoSource": "央视新闻",
        "sourceUrl": f"https://example.org/{n}",
        "provinceId": "42",
        "provinceName": "湖北省",
    }
    return made | other


def split(found: Iterable[Article | Refused]) -> tuple[list[Article], list[Refused]]:
    articles, refused = [], []
    for one in found:
        (articles if isinstance(one, Article) else refused).append(one)  # type: ignore[arg-type]
    return articles, refused


class Files:
    """Writes files of the test's folder, in every format that the sources read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def json(self, items: list[Any], name: str = "news.json", **options: Any) -> Path:
        return self.bytes(json.dumps(items, ensure_ascii=False, **options).encode(), name)

    def jsonl(self, items: list[Any], name: str = "news.jsonl") -> Path:
        return self.bytes("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in items).encode(), name)

    def csv(self, items: list[dict[str, Any]], name: str = "DXYNews.csv", encoding: str = "utf-8-sig") -> Path:
        path = self.folder / name
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(items[0]))
            writer.writeheader()
            writer.writerows(items)
        return path

    def parquet(self, items: list[dict[str, Any]], name: str = "news.parquet") -> Path:
        path = self.folder / name
        pq.write_table(pa.Table.from_pylist(items), path)
        return path

    def bytes(self, data: bytes, name: str) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


class TestDxy:
    def test_an_item(self, files: Files) -> None:
        (article,), refused = split(read_dxy(files.json([item(7)])))
        raw = "湖北新增7例\n2月8日0—24时，湖北省新增确诊病例7例。\n全省现有疑似病例21例。"
        assert refused == []
        assert article == Article(
            doc_id="dxy-7",
            raw=raw,
            title="湖北新增7例",
            source="央视新闻",
            published_at=dt.datetime(2020, 2, 1, 9, 7),  # noqa: DTZ001
            anchor_date=dt.date(2020, 2, 1),
            anchor_basis="published",
            region_code="420000",
            url="https://example.org/7",
            sha256=hashlib.sha256(raw.encode()).hexdigest(),
            title_basis="sidecar",
            published_basis="sidecar",
            region_basis="sidecar",
            licence=article.licence,
            may_republish=False,
            collection="bulletins",
        )
        assert "MIT" in (article.licence or "")

    def test_nothing_is_stripped(self, files: Files) -> None:
        (article,), _ = split(read_dxy(files.json([item(1, title=" 湖北 ", summary="新增1例。 \n\n")])))
        assert article.raw == " 湖北 \n新增1例。 \n\n"

    def test_the_day_is_that_of_china(self, files: Files) -> None:
        # 2020-02-01T16:30Z is past midnight in China.
        (article,), _ = split(read_dxy(files.json([item(1, pubDate=1580574600000)])))
        assert (str(article.published_at), article.anchor_date) == ("2020-02-02 00:30:00", dt.date(2020, 2, 2))

    @pytest.mark.parametrize(
        ("name", "code", "notes"),
        [
            ("湖北省", "420000", 0),
            ("全国", "100000", 0),
            ("香港", "810000", 0),
            ("内蒙古自治区", "150000", 0),
            ("", None, 0),
            (None, None, 0),
            ("亚特兰蒂斯", None, 1),
        ],
    )
    def test_home_region(self, files: Files, name: str | None, code: str | None, notes: int) -> None:
        (article,), refused = split(read_dxy(files.json([item(1, provinceName=name)])))
        assert (article.region_code, article.region_basis) == (code, "sidecar" if code else "none")
        assert [one.kind for one in refused] == ["note"] * notes
        assert all("亚特兰蒂斯" in one.reason for one in refused)

    def test_missing_texts(self, files: Files) -> None:
        items = [item(1, title=None), item(2, summary=None), item(3, title=None, summary=None), item(4, title="", summary=" \n")]
        articles, refused = split(read_dxy(files.json(items)))
        assert [(one.doc_id, one.raw[:5]) for one in articles] == [("dxy-1", "\n2月2日"), ("dxy-2", "湖北新增2")]
        assert articles[1].raw.endswith("\n")
        assert [(one.kind, one.reason) for one in refused] == [("skipped", "no text")] * 2

    def test_csv_is_the_same(self, files: Files) -> None:
        rows = [item(n) | {"pubDate": f"2020-02-01 09:{n:02d}:00"} for n in (1, 2, 3)]
        from_csv, _ = split(read_dxy(files.csv(rows)))
        from_json, _ = split(read_dxy(files.json([item(n) for n in (1, 2, 3)])))
        assert from_csv == from_json

    def test_sorted_as_text(self, files: Files) -> None:
        articles, _ = split(read_dxy(files.json([item(n) for n in (10, 2, 1)])))
        assert [one.doc_id for one in articles] == ["dxy-1", "dxy-10", "dxy-2"]

    def test_wrapped_list(self, files: Files) -> None:
        path = files.bytes(json.dumps({"success": True, "results": [item(1), item(2)]}).encode(), "news.json")
        assert len(split(read_dxy(path))[0]) == 2

    def test_nothing_is_read_before_it_is_asked_for(self, tmp_path: Path) -> None:
        found = read_dxy(tmp_path / "absent.json")
        with pytest.raises(FileNotFoundError):
            next(found)


class TestRepeats:
    def test_a_text_posted_again_stays(self, files: Files) -> None:
        text = {"title": "湖北新增5例", "summary": "新增 5 例。"}
        items = [item(3, **text), item(1, **text, pubDate=1580600000000), item(2, title="湖北新增 5 例", summary="新增5例。\n")]
        articles, refused = split(read_dxy(files.json(items)))
        assert ([one.doc_id for one in articles], refused) == (["dxy-1", "dxy-2", "dxy-3"], [])

    @pytest.mark.parametrize(
        ("twin", "place", "why"),
        [
            ({"id": 1}, "a.json", "the same id"),
            ({"id": 1, "pubDate": 1580600000000}, "a.json", "the same id, its time put right"),
            ({"id": 7}, "b.json", "numbered anew in another export, of the same moment"),
            ({"id": 7, "summary": "武汉新增1例。\n"}, "b.json", "as above, with other white space"),
        ],
    )
    def test_an_item_that_comes_twice(self, files: Files, twin: dict[str, Any], place: str, why: str) -> None:
        one = item(1, summary="武汉新增1例。")
        paths = [files.json([one, one | twin])] if place == "a.json" else [files.json([one], "a.json"), files.json([one | twin], place)]
        articles, refused = split(read_dxy(paths))
        assert [one.doc_id for one in articles] == ["dxy-1"], why
        assert [(one.kind, "read already as dxy-1 (" in one.reason) for one in refused] == [("skipped", True)]

    def test_without_ids_another_moment_is_another_post(self, files: Files) -> None:
        columns = Columns(text="text", published="at")
        rows = [{"text": "武汉新增1例。", "at": f"2020-02-0{day}"} for day in (1, 1, 2)]
        articles, refused = split(read_records(files.json(rows), columns))
        assert [one.doc_id.partition(".")[2] for one in articles] == ["", "2"]
        assert [one.kind for one in refused] == ["skipped", "note"]

    def test_a_corrected_text_under_a_taken_id_comes_twice(self, files: Files) -> None:
        items = [item(5), item(5, summary="更正：新增6例。", pubDate=1580600000000)]
        articles, refused = split(read_dxy(files.json([*items, items[1]])))
        assert [one.doc_id for one in articles] == ["dxy-5", "dxy-5.2"]
        assert any("read already as dxy-5.2" in one.reason for one in refused)

    def test_another_title_is_another_text(self, files: Files) -> None:
        articles, _ = split(read_dxy(files.json([item(1, summary="同文。"), item(2, summary="同文。")])))
        assert len(articles) == 2

    def test_an_id_with_two_texts(self, files: Files) -> None:
        articles, refused = split(read_dxy(files.json([item(5), item(5, summary="更正：新增6例。", pubDate=1580600000000)])))
        assert [(one.doc_id, "更正" in one.raw) for one in articles] == [("dxy-5", False), ("dxy-5.2", True)]
        assert [(one.kind, "dxy-5.2" in one.reason) for one in refused] == [("note", True)]

    def test_json_ids_stand_where_both_are_given(self, files: Files) -> None:
        one = files.csv([item(1, pubDate="2020-01-30 10:00:00", summary="先发的另一篇。")])
        two = files.json([item(1)])
        articles, _ = split(read_dxy([one, two]))
        assert [(a.doc_id, "先发" in a.raw) for a in articles] == [("dxy-1", False), ("dxy-1.2", True)]

    def test_the_order_of_items_and_files_does_not_show(self, files: Files) -> None:
        items = [item(n) for n in range(30)] + [item(n % 5, summary=f"更正{n}例") for n in range(9)] + [item(99, **{k: item(3)[k] for k in ("title", "summary")})]
        expected = None
        for seed in range(4):
            random.Random(seed).shuffle(items)
            paths = [files.json(items[:20], "a.json"), files.json(items[20:], "b.json")]
            random.Random(seed).shuffle(paths)
            articles, refused = split(read_dxy(paths))
            found = [(a.doc_id, a.sha256) for a in articles], len(refused)
            assert found == (expected or found)
            expected = found


class TestIsChinese:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("武汉新增3例", True),
            ("截至2月3日24時，確診病例", True),
            ("COVID-19疫情", True),
            ("", False),
            ("2020-02-03 15:00", False),
            ("Wuhan reported 3 new cases 武汉", False),
            ("東京都で新たに3人の感染を確認", False),
            ("대한민국 확진자 3명", False),
        ],
    )
    def test_cases(self, text: str, expected: bool) -> None:
        assert is_chinese(text) is expected

    def test_left_out_by_name(self, files: Files) -> None:
        articles, refused = split(read_dxy(files.json([item(1, title="Wuhan", summary="3 new cases"), item(2)])))
        assert [a.doc_id for a in articles] == ["dxy-2"]
        assert [(r.kind, r.reason, r.place) for r in refused] == [("skipped", "not Chinese", "item 1, byte 1")]


class TestParsePublished:
    WANTED = dt.datetime(2020, 2, 5, 16, 19, 40)  # noqa: DTZ001

    @pytest.mark.parametrize(
        "value",
        [
            1580890780000, 1580890780, 1580890780.0, "1580890780000", "1580890780", "1580890780.0", " 2020-02-05 16:19:40 ",
            "2020-02-05T16:19:40", "2020-02-05T08:19:40Z", "2020-02-05T16:19:40+08:00", "2020/2/5 16:19:40",
            "2020年2月5日16时19分40秒", "2020年02月05日16:19:40", "2020-02-05 16:19:40.123", {"$date": 1580890780000},
            {"$date": "2020-02-05T08:19:40Z"}, dt.datetime(2020, 2, 5, 16, 19, 40),  # noqa: DTZ001
            dt.datetime(2020, 2, 5, 8, 19, 40, tzinfo=dt.UTC),
        ],
    )  # fmt: skip
    def test_forms(self, value: object) -> None:
        found = parse_published(value)
        assert found is not None
        assert found.replace(microsecond=0) == self.WANTED

    @pytest.mark.parametrize("value", ["2020-02-05", "2020/2/5", "2020年2月5日", dt.date(2020, 2, 5)])
    def test_a_day_alone(self, value: object) -> None:
        assert parse_published(value) == dt.datetime(2020, 2, 5)  # noqa: DTZ001

    @pytest.mark.parametrize("value", [None, "", "  ", float("nan")])
    def test_not_stated(self, value: object) -> None:
        assert parse_published(value) is None

    @pytest.mark.parametrize(
        "value",
        [
            "昨天", "2020-02-30 10:00", "2020-13-01", 0, -5, 1e300, float("inf"), "9" * 30, True, [1], {"a": 1},
            "2020-02-05 25:00:00", "x" * 100_000, "1" * 100_000,
        ],
    )  # fmt: skip
    def test_no_time(self, value: object) -> None:
        with pytest.raises(ValueError, match="is not a time of publication"):
            parse_published(value)

    def test_refused_by_row(self, files: Files) -> None:
        articles, refused = split(read_dxy(files.json([item(1, pubDate="soon"), item(2)])))
        assert [a.doc_id for a in articles] == ["dxy-2"]
        assert [(r.kind, r.place, r.reason) for r in refused] == [
            ("refused", "item 1, byte 1", "pubDate: 'soon' is not a time of publication")
        ]

    def test_not_stated_is_read_from_the_text(self, files: Files) -> None:
        (article,), _ = split(read_dxy(files.json([item(1, pubDate=None, summary="2020年2月3日，新增5例。")])))
        assert article.anchor_date == dt.date(2020, 2, 3)
        assert article.published_basis != "sidecar"


class TestDamage:
    """The rest goes on, and what is wrong is named with file and row."""

    def only(self, path: Path) -> tuple[list[str], list[Refused]]:
        articles, refused = split(read_dxy(path))
        assert all(one.file == str(path) for one in refused)
        return [one.doc_id for one in articles], refused

    @pytest.mark.parametrize("indent", [None, 0, 2])
    def test_a_list_cut_anywhere(self, files: Files, indent: int | None) -> None:
        items = [item(n, title='引号"与\\反斜杠{[') for n in (1, 2, 3)]
        whole = json.dumps(items, ensure_ascii=False, indent=indent).encode()
        ends = [n for n in range(1, len(whole)) if whole[n : n + 1] == b"}"]
        for cut in [1, 2, 5, *ends, *[end + 1 for end in ends], *range(40, len(whole) - 1, 97)]:
            ids, refused = self.only(files.bytes(whole[:cut], "cut.json"))
            assert ids == [f"dxy-{n + 1}" for n in range(sum(end < cut for end in ends))]
            assert [(one.kind, "cut off" in one.reason) for one in refused] == [("refused", True)]

    def test_items_that_are_no_records(self, files: Files) -> None:
        ids, refused = self.only(files.bytes(b'[1, "a,b", null, [2], {"x": }, ' + json.dumps(item(4)).encode() + b"]", "n.json"))
        assert ids == ["dxy-4"]
        assert [one.place.split(",")[0] for one in refused] == ["item 1", "item 2", "item 3", "item 4", "item 5"]
        assert [one.reason.split(":")[0] for one in refused] == [
            "no record but a int", "no record but a str", "no record but a NoneType", "no record but a list", "no JSON",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"", "empty"),
            (b"{}", "no column 'summary'.*; the file has none"),
            (b'{"a": 1}', "no column 'summary'.*; the file has 'a'"),
            (b'{"a": {"b": [1]}}', "no list of records|no column"),
            (b'"x"', "no column|no list"),
            ('[{"title": "武汉"}]'.encode("utf-16"), "UTF-16"),
            (b'[{"title": "a"}]', "no column 'summary', 'pubDate'"),
        ],
    )
    def test_no_export(self, files: Files, data: bytes, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            self.only(files.bytes(data, "x.json"))

    def test_an_empty_list(self, files: Files) -> None:
        assert self.only(files.json([])) == ([], [])

    def test_nul(self, files: Files) -> None:
        for path in (files.json([item(1, summary="新增\x001例"), item(2)]), files.csv([item(1, summary="新增\x001例"), item(2)])):
            ids, refused = self.only(path)
            assert ids == ["dxy-2"]
            assert [(one.kind, "NUL at character" in one.reason) for one in refused] == [("refused", True)]

    def test_ten_megabytes(self, files: Files) -> None:
        long = "武汉" * 1_700_000
        for path in (
            files.json([item(1, summary=long), item(2)]),
            files.jsonl([item(1, summary=long), item(2)]),
            files.csv([item(1, summary=long), item(2)]),
            files.parquet([item(1, summary=long), item(2)]),
        ):
            ids, refused = self.only(path)
            assert ids == ["dxy-2"], path
            assert [(one.kind, "characters" in one.reason or "bytes" in one.reason) for one in refused] == [("refused", True)]

    def test_bytes_of_another_encoding(self, files: Files) -> None:
        rows = files.csv([item(n) for n in (1, 2, 3)]).read_bytes()
        at = rows.index("湖北省新增确诊病例2例".encode())
        ids, refused = self.only(files.bytes(rows[:at] + b"\xff" + rows[at:], "DXYNews.csv"))
        assert ids == ["dxy-1", "dxy-3"]
        assert [(one.kind, one.place[:5]) for one in refused] == [("refused", "row 2")]

    def test_half_an_emoji(self, files: Files) -> None:
        path = files.bytes(json.dumps([item(1, summary="武汉加油\ud83d")]).encode(), "x.json")
        articles, refused = split(read_dxy(path))
        assert articles[0].raw.endswith("武汉加油\ufffd")
        assert [one.kind for one in refused] == ["note"]

    def test_a_row_with_too_many_cells(self, files: Files) -> None:
        path = files.csv([item(1), item(2)])
        path.write_bytes(path.read_bytes() + "3,多,出\r\n".encode())
        ids, refused = self.only(path)
        assert ids == ["dxy-1", "dxy-2"]
        assert [one.reason for one in refused] == ["3 cells, the header has 8"]

    def test_a_quote_that_never_closes(self, files: Files) -> None:
        path = files.csv([item(1), item(2)])
        path.write_bytes(path.read_bytes() + b'4,"' + b"x,y\n" * 10)
        ids, refused = self.only(path)
        assert ids == ["dxy-1", "dxy-2"]
        assert len(refused) == 1

    def test_missing_columns(self, files: Files) -> None:
        with pytest.raises(ValueError, match=r"DXYNews\.csv: no column 'summary'; the file has 'id', 'title'"):
            self.only(files.csv([{"id": 1, "title": "x", "pubDate": 1, "provinceName": "", "sourceUrl": "", "infoSource": ""}]))

    def test_quotes_and_brackets_take_linear_time(self, files: Files) -> None:
        # Whatever stands in a cut list, each byte is looked at once.
        for filler in (b'\\"', b"[", b"{", b'"', b",", b"\\"):
            data = b'[{"title": "' + filler * 200_000
            path = files.bytes(data, "x.json")
            ids, refused = self.only(path)
            assert ids == []
            assert refused[-1].reason.startswith("the file was cut off here")

    @pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64])
    def test_chunks_do_not_show(self, files: Files, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
        items = [item(n, title='引"号\\"与\\\\{[武汉') for n in range(6)]
        path = files.json(items)
        expected = split(read_dxy(path))
        monkeypatch.setattr(records, "_CHUNK", chunk)
        assert split(read_dxy(path)) == expected


class TestRecords:
    COLUMNS = Columns(text="正文", published="时间", title="标题", region="地区", id="编号")
    ROWS = (
        {"编号": "b", "标题": "聊城通报", "正文": "2月3日，聊城市新增确诊病例2例。", "时间": "2020-02-04 09:00", "地区": "聊城市"},
        {"编号": "a", "标题": "商丘通报", "正文": "2月4日，商丘市新增确诊病例3例。", "时间": "2020-02-05 09:00", "地区": "411400"},
    )

    @pytest.mark.parametrize("kind", ["json", "jsonl", "csv", "parquet"])
    def test_formats_agree(self, files: Files, kind: str) -> None:
        path = getattr(files, kind)(list(self.ROWS), f"news.{kind}")
        assert sniff(path) == kind
        articles, refused = split(read_records(path, self.COLUMNS))
        assert refused == []
        assert [(a.doc_id, a.region_code, str(a.published_at)) for a in articles] == [
            ("a", "411400", "2020-02-05 09:00:00"),
            ("b", "371500", "2020-02-04 09:00:00"),
        ]
        assert [(a.raw, a.title) for a in articles] == [(row["正文"], row["标题"]) for row in reversed(self.ROWS)]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    def test_encodings(self, files: Files, encoding: str) -> None:
        articles, _ = split(read_records(files.csv(list(self.ROWS), "x.csv", encoding), self.COLUMNS))
        assert [a.raw for a in articles] == [row["正文"] for row in reversed(self.ROWS)]

    def test_text_alone(self, files: Files) -> None:
        path = files.jsonl([{"t": "聊城市通报\n2020年2月4日，聊城市新增确诊病例2例，聊城市累计15例。"}])
        (article,), _ = split(read_records(path, Columns(text="t")))
        assert article.doc_id.startswith("news-")
        assert (article.region_code, article.anchor_date) == ("371500", dt.date(2020, 2, 4))
        assert article.title_basis != "sidecar"

    @pytest.mark.parametrize("kind", ["json", "jsonl", "csv", "parquet"])
    def test_missing_column(self, files: Files, kind: str) -> None:
        path = getattr(files, kind)(list(self.ROWS), f"news.{kind}")
        with pytest.raises(ValueError, match=rf"news\.{kind}: no column 'body'; the file has .*'正文'"):
            split(read_records(path, Columns(text="body")))

    def test_a_column_that_some_records_lack(self, files: Files) -> None:
        path = files.jsonl([self.ROWS[0], {"正文": "武汉新增3例。", "编号": "c"}])
        articles, _ = split(read_records(path, self.COLUMNS))
        assert [a.doc_id for a in articles] == ["b", "c"]

    def test_damaged_lines(self, files: Files) -> None:
        good = json.dumps(self.ROWS[0]).encode()
        path = files.bytes(b"\n".join([good, b"{", b"", b"[]", b"\xff", good[:30]]), "x.jsonl")
        articles, refused = split(read_records(path, self.COLUMNS))
        assert len(articles) == 1
        assert [one.place for one in refused] == ["line 2", "line 4", "line 5", "line 6"]

    def test_no_parquet(self, files: Files) -> None:
        with pytest.raises(ValueError, match=r"x\.parquet: no Parquet file"):
            split(read_records(files.bytes(b"text", "x.parquet"), self.COLUMNS))

    def test_arguments(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="format is csv, json, jsonl, parquet, not 'xml'"):
            read_records(tmp_path / "x", Columns(text="t"), format="xml")
        with pytest.raises(ValueError, match="no file"):
            read_records([], Columns(text="t"))

    @pytest.mark.parametrize(
        ("given", "expected"), [("a b/c", "a_b_c"), ("../../x", ".._.._x"), (" 7 ", "7"), ("7.0", "7"), ("文章1", "文章1")]
    )
    def test_ids_are_made_safe(self, files: Files, given: str, expected: str) -> None:
        (article,), _ = split(read_records(files.jsonl([self.ROWS[0] | {"编号": given}]), self.COLUMNS))
        assert article.doc_id == expected

    def test_the_limit_of_csv_fields_is_put_back(self, files: Files) -> None:
        before = csv.field_size_limit()
        split(read_records(files.csv(list(self.ROWS), "x.csv"), self.COLUMNS))
        assert csv.field_size_limit() == before


def test_resolve_region_by_code() -> None:
    assert resolve_region("371500") == ("371500", None)
    assert resolve_region("371500.0") == ("371500", None)
    assert resolve_region("999990") == (None, "999990")


class TestHtml:
    def page(self, title: str, published: str = "2020-02-09") -> str:
        body = "".join(
            f"<p>2月{n}日0—24时，聊城市新增确诊病例{n}例，累计确诊病例{n * 7}例，均在定点医院隔离治疗，密切接触者正在接受医学观察。</p>"
            for n in range(3, 9)
        )
        return (
            f'<html><head><meta charset="utf-8"><title>{title}</title>'
            f'<meta property="article:published_time" content="{published}"></head>'
            f"<body><nav>首页 登录</nav><article><h1>{title}</h1>{body}</article><footer>版权所有</footer></body></html>"
        )

    def test_pages(self, tmp_path: Path) -> None:
        tools.module("trafilatura", tools.extra("html"))
        (tmp_path / "b").mkdir()
        (tmp_path / "b" / "two.htm").write_text(self.page("聊城市通报"), encoding="utf-8")
        (tmp_path / "one.html").write_text("<html><body></body></html>", encoding="utf-8")
        (tmp_path / "note.txt").write_text("no page", encoding="utf-8")
        articles, refused = split(html.read_html(tmp_path))
        assert [(a.doc_id, a.title, a.anchor_date, a.region_code) for a in articles] == [
            ("two", "聊城市通报", dt.date(2020, 2, 9), "371500")
        ]
        assert "累计确诊病例21例" in articles[0].raw
        assert "登录" not in articles[0].raw
        assert [(Path(one.file).name, one.kind) for one in refused] == [("one.html", "skipped")]

    def test_without_the_extra(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "one.html").write_text(self.page("x"), encoding="utf-8")
        monkeypatch.setitem(sys.modules, "trafilatura", None)
        with pytest.raises(ModuleNotFoundError, match="pip install trafilatura"):
            html.read_html(tmp_path)

    def test_no_pages(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="no file that ends in"):
            html.read_html(tmp_path)
        with pytest.raises(ValueError, match="no such folder"):
            html.read_html(tmp_path / "absent")

    def test_a_page_that_breaks_the_parser(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """One raises, one does not end, one takes all memory, one ends the process: the others are read."""
        (tmp_path / "broken_extractor.py").write_text(
            "import json, os\n"
            "def extract(page, **_):\n"
            "    if page == b'raise': raise RuntimeError('lost')\n"
            "    while page == b'loop': pass\n"
            "    if page == b'memory': return 'x' * (3 << 30)\n"
            "    if page == b'exit': os._exit(0)\n"
            "    return json.dumps({'text': page.decode()})\n",
            encoding="utf-8",
        )
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.setattr(html, "EXTRACTOR", "broken_extractor")
        monkeypatch.setattr(html, "PAGE_SECONDS", 1)
        monkeypatch.setattr(html.importlib.util, "find_spec", lambda _: object())
        for i, page in enumerate(["raise", "loop", "聊城市新增3例", "memory", "exit", "聊城市新增4例"]):
            (tmp_path / f"{i}.html").write_text(page, encoding="utf-8")
        (tmp_path / "loop.html").symlink_to("loop.html")
        (tmp_path / "out.html").symlink_to("/etc/passwd")
        articles, refused = split(html.read_html(tmp_path))
        assert [article.doc_id for article in articles] == ["2", "5"]
        reasons = {Path(one.file).stem: one.reason for one in refused}
        assert reasons["0"] == "RuntimeError: lost" and reasons["3"].startswith("MemoryError")
        assert "within 1 seconds" in reasons["1"] and "within 1 seconds" in reasons["4"]
        assert "leads nowhere" in reasons["loop"] and "leads out of the folder" in reasons["out"]

    def test_an_extractor_that_does_not_start(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "lame_extractor.py").write_text("import lxml_html_cleaner_that_is_missing\n", encoding="utf-8")
        (tmp_path / "one.html").write_text("x", encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.setattr(html, "EXTRACTOR", "lame_extractor")
        monkeypatch.setattr(html.importlib.util, "find_spec", lambda _: object())
        with pytest.raises(ModuleNotFoundError, match=r"does not start .*lxml_html_cleaner_that_is_missing"):
            split(html.read_html(tmp_path))


class TestCorpora:
    @pytest.fixture(autouse=True)
    def _present(self) -> None:
        if not CORPORA.exists():
            pytest.skip(f"no {CORPORA}")

    def test_json(self) -> None:
        items = {f"dxy-{one['id']}": one for one in json.loads((CORPORA / "dxy_news.json").read_text(encoding="utf-8"))}
        articles, refused = split(read_dxy(CORPORA / "dxy_news.json"))
        assert len(articles) + sum(one.kind == "skipped" for one in refused) == len(items) == 1589
        assert refused == []
        assert all(a.raw == f"{items[a.doc_id]['title']}\n{items[a.doc_id]['summary']}" for a in articles)

    def test_csv(self) -> None:
        articles, refused = split(read_dxy(CORPORA / "DXYNews.csv"))
        assert len(articles) + sum(one.kind == "skipped" for one in refused) == 1196
        assert not any(one.kind == "refused" for one in refused)
        assert len({a.doc_id for a in articles}) == len(articles)

    def test_both(self) -> None:
        paths = [CORPORA / "DXYNews.csv", CORPORA / "dxy_news.json"]
        found = [[a.doc_id for a in split(read_dxy(list(order)))[0]] for order in itertools.permutations(paths)]
        assert found[0] == found[1]
        alone = [a.doc_id for a in split(read_dxy(paths[1]))[0]]
        assert set(alone) <= set(found[0])


def test_no_network_and_no_pandas() -> None:
    script = "import sys, covid_timeline.sources.national; print({'requests', 'pandas', 'pooch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
