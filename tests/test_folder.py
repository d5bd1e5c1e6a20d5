"""sources/folder.py: a folder of articles, its sidecar, and everything that can be wrong with either."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from covid_timeline.model import Article, Refused
from covid_timeline.sources.folder import ChecksumError, SourceError, read_folder

RAW = Path(__file__).parents[1] / "data" / "raw"
TEXT = "聊城市通报\n2020-02-03 10:20 来源：聊城日报\n2月3日，聊城市新增确诊病例3例。\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "b.txt").write_bytes(TEXT.encode())
    (tmp_path / "a.txt").write_bytes(TEXT.encode("gb18030"))
    return tmp_path


def read(folder: Path, sidecar: Path | None = None) -> tuple[dict[str, Article], list[Refused]]:
    items = list(read_folder(folder, sidecar))
    articles = {item.doc_id: item for item in items if isinstance(item, Article)}
    return articles, [item for item in items if isinstance(item, Refused)]


class TestArticles:
    def test_the_five(self):
        articles, refused = read(RAW)
        assert list(articles) == ["jinan-xianxingqu", "liaocheng", "longquanyi", "shandong", "shangqiu"]
        assert refused == []
        assert {a.doc_id: (a.region_code, a.region_basis) for a in articles.values()} == {
            "jinan-xianxingqu": ("370100", "sidecar"),
            "liaocheng": ("371500", "sidecar"),
            "longquanyi": ("510112", "sidecar"),
            "shandong": ("370000", "sidecar"),
            "shangqiu": ("411400", "sidecar"),
        }
        for stem, article in articles.items():
            assert article.raw == (RAW / f"{stem}.txt").read_bytes().decode("utf-8")
        assert articles["shangqiu"].anchor_basis == "inferred"
        assert articles["shandong"].title_basis == "header"

    def test_without_a_sidecar(self, folder):
        articles, refused = read(folder)
        assert list(articles) == ["a", "b"]
        assert refused == []
        assert articles["a"].raw == articles["b"].raw == TEXT
        assert articles["a"].region_code == "371500"
        assert articles["a"].sha256 == hashlib.sha256(TEXT.encode("gb18030")).hexdigest()

    def test_crlf_is_untouched(self, folder):
        (folder / "b.txt").write_bytes(TEXT.replace("\n", "\r\n").encode("utf-8-sig"))
        assert read(folder)[0]["b"].raw == TEXT.replace("\n", "\r\n")

    def test_order_is_that_of_names(self, tmp_path):
        for name in ("c", "a", "B", "聊", "b"):
            (tmp_path / f"{name}.txt").write_bytes(TEXT.encode())
        assert list(read(tmp_path)[0]) == ["B", "a", "b", "c", "聊"]

    def test_streams(self, folder):
        source = read_folder(folder)
        assert isinstance(next(source), Article)
        (folder / "b.txt").unlink()  # not read yet
        item = next(source)
        assert isinstance(item, Refused)
        assert "cannot be read" in item.reason


class TestSidecar:
    def test_csv(self, folder):
        (folder / "sidecar.csv").write_bytes(
            "\ufefffile,doc_id,title,source,published,region_code,url,licence,may_republish\r\n"
            "a.txt,x,题,报,2020-02-04,济南,http://u,CC0,false\r\n\r\n"
            "b.txt,,,,,,,,\r\n".encode()
        )
        articles, refused = read(folder)
        assert refused == []
        a, b = articles["x"], articles["b"]
        assert (a.title, a.source, a.region_code, a.url, a.licence, a.may_republish) == (
            "题",
            "报",
            "370100",
            "http://u",
            "CC0",
            False,
        )
        assert a.published_at is not None
        assert a.published_at.isoformat() == "2020-02-04T00:00:00"
        assert (b.title, b.source, b.may_republish, b.title_basis) == (
            "聊城市通报",
            "聊城日报",
            True,
            "header",
        )

    def test_toml(self, folder):
        (folder / "sidecar.toml").write_text(
            '[[article]]\nfile = "a.txt"\ntitle = "题"\nregion = "371500"\nmay_republish = false\npublished = 2020-02-04T10:00:00\n',
            encoding="utf-8",
        )
        a = read(folder)[0]["a"]
        assert (a.title, a.region_code, a.may_republish) == ("题", "371500", False)
        assert a.published_at is not None
        assert a.published_at.hour == 10

    def test_elsewhere(self, folder, tmp_path_factory):
        path = tmp_path_factory.mktemp("other") / "rows.csv"
        path.write_text("file,title\na.txt,题\n", encoding="utf-8")
        assert read(folder, path)[0]["a"].title == "题"

    def test_checksum_stops_the_build(self, tmp_path):
        target = tmp_path / "raw"
        shutil.copytree(RAW, target)
        with (target / "liaocheng.txt").open("ab") as file:
            file.write(b"\n")
        with pytest.raises(
            ChecksumError, match=r"liaocheng\.txt: SHA-256 .*sidecar\.csv \(row 3\) says d175d6e3"
        ):
            list(read_folder(target))

    @pytest.mark.parametrize(
        ("rows", "place", "reason"),
        [
            ("file\nmissing.txt\n", "row 2", "there is no text file 'missing.txt'"),
            ("file,title\n,题\n", "row 2", "the row names no file"),
            ("file\na.txt\na.txt\n", "row 3", "'a.txt' has a row already (row 2)"),
            ("file,region_code\na.txt,999999\n", "row 2", "【999999】"),
            ("file,region_code\na.txt,亚特兰蒂斯\n", "row 2", "【亚特兰蒂斯】"),
            ("file,may_republish\na.txt,perhaps\n", "row 2", "neither true nor false: 'perhaps'"),
        ],
    )
    def test_a_bad_row_is_refused_and_the_rest_goes_on(self, folder, rows, place, reason):
        (folder / "sidecar.csv").write_text(rows, encoding="utf-8")
        articles, refused = read(folder)
        assert "b" in articles
        assert [(r.file, r.place, r.kind) for r in refused] == [
            (str(folder / "sidecar.csv"), place, "refused")
        ]
        assert reason in refused[0].reason

    @pytest.mark.parametrize(
        ("name", "content", "message"),
        [
            ("sidecar.csv", b"doc_id,title\na,b\n", "no column 'file'"),
            ("sidecar.csv", b"file,colour\na.txt,red\n", "unknown column 'colour'"),
            ("sidecar.csv", b"file,title\na.txt\n", "row 2: 1 cells under 2 columns"),
            ("sidecar.csv", b'file,title\na.txt,"x\n', "row 2: unexpected end of data"),
            ("sidecar.csv", b"file\n\xff\xff\n", "sidecar cannot be read"),
            ("sidecar.toml", b"[[article\n", "sidecar.toml: "),
            ("sidecar.toml", b"article = 3\n", "a list of"),
        ],
    )
    def test_no_table(self, folder, name, content, message):
        (folder / name).write_bytes(content)
        with pytest.raises(SourceError) as caught:
            read_folder(folder)
        assert message in str(caught.value)

    def test_missing_sidecar(self, folder):
        with pytest.raises(SourceError, match="cannot be read: No such file"):
            read_folder(folder, folder / "no.csv")


class TestBadFiles:
    @pytest.mark.parametrize(
        ("data", "place", "reason"),
        [
            (b"", "", "the text is empty"),
            (b" \n\n", "", "the text is empty"),
            (b"\x89PNG\r\n\x1a\n\0\0", "byte 8", "NUL at byte 8"),
            (TEXT.encode()[:-3], "byte 97", "not UTF-8: byte 97"),
            ("题目在这里\n2020-02-30 12:30\n".encode(), "", "a date that does not exist"),
        ],
    )
    def test_refused_and_the_rest_goes_on(self, folder, data, place, reason):
        (folder / "a.txt").write_bytes(data)
        articles, refused = read(folder)
        assert list(articles) == ["b"]
        assert [(r.file, r.place, r.kind) for r in refused] == [(str(folder / "a.txt"), place, "refused")]
        assert reason in refused[0].reason

    def test_other_files_are_counted(self, folder):
        for name in ("x.pdf", "y.docx", ".hidden"):
            (folder / name).write_bytes(b"")
        (folder / "sub").mkdir()
        articles, refused = read(folder)
        assert list(articles) == ["a", "b"]
        assert [(r.kind, r.reason) for r in refused] == [
            ("skipped", "files without .txt, left alone: 2 (x.pdf, y.docx)")
        ]

    def test_empty_folder(self, tmp_path):
        with pytest.raises(SourceError, match=r"no \.txt file in this folder"):
            read_folder(tmp_path)

    def test_no_folder(self, tmp_path):
        with pytest.raises(SourceError, match="no such folder"):
            read_folder(tmp_path / "none")
