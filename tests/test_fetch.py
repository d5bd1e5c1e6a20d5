"""Fetching: from a server on the loopback that sends the files as they are, cut off, changed, elsewhere, or not at all."""

from __future__ import annotations

import errno
import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

import covid_timeline as ct
import tools
from covid_timeline import fetch as fetching
from covid_timeline.fetch import FetchError, RemoteFile, fetch, remote_files
from covid_timeline.sources import national

tools.module("pooch", tools.extra("fetch"))

REPORT = "地址: http://example.org/t20200126_1.html\n时间: 2020-01-25\n省: 山东省\n确诊: 39例\n治愈: 1例\n确诊详情: 青岛市6例、聊城市2例"
BULLETINS = [
    {
        "id": n, "pubDate": 1580693400000 + n * 1000, "title": f"聊城市新增确诊{n}例", "infoSource": "聊城卫健委",
        "summary": f"2月2日0—24时，聊城市新增确诊病例{n}例，累计确诊{10 + n}例。", "provinceName": "山东省", "sourceUrl": "",
    }
    for n in range(1, 400)
]  # fmt: skip
CONTENT = {
    "json/DXYNews-TimeSeries.json": json.dumps(BULLETINS, ensure_ascii=False).encode(),
    "Report/2020年1月25日山东省.yaml": REPORT.encode(),
}
FILES = tuple(
    RemoteFile(collection, "owner/name", "c0ffee", path, len(data), hashlib.sha256(data).hexdigest())
    for collection, (path, data) in zip(("bulletins", "commission_reports"), CONTENT.items(), strict=True)
)


class Server(http.server.BaseHTTPRequestHandler):
    """Serves CONTENT; `mode` says what is wrong with it."""

    mode: ClassVar[str] = "fine"
    asked: ClassVar[list[tuple[str, str | None]]] = []

    def do_GET(self) -> None:
        from urllib.parse import unquote

        path = unquote(self.path).removeprefix("/owner/name/c0ffee/")
        self.asked.append((path, self.headers["Range"]))
        data = CONTENT[path]
        if self.mode == "missing":
            self.send_error(404)
            return
        if self.mode == "moved":
            self.send_response(302)
            self.send_header("Location", "http://elsewhere.example/")
            self.end_headers()
            return
        if self.mode == "changed":
            data = data[:-1] + b"!"
        if self.mode == "longer":
            data += b"!"
        status, sent = 200, data
        if self.headers["Range"] and self.mode != "no ranges":
            status, sent = 206, data[int(self.headers["Range"].removeprefix("bytes=").rstrip("-")) :]
        self.send_response(status)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent[:50_000] if self.mode == "cut off" else sent)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(fetching, "remote_files", lambda: FILES)
    monkeypatch.setattr(Server, "mode", "fine")
    monkeypatch.setattr(Server, "asked", [])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


WHOLE = {"DXYNews-TimeSeries.json": CONTENT["json/DXYNews-TimeSeries.json"], "Report/2020年1月25日山东省.yaml": REPORT.encode()}


class TestFetch:
    def test_files_progress_and_cache(self, base: str, tmp_path: Path) -> None:
        told: list[tuple[int, int, str]] = []
        assert fetch(folder=tmp_path, base_url=base, progress=lambda *step: told.append(step)) == tmp_path
        assert contents(tmp_path) == WHOLE
        assert told == [(1, 2, "DXYNews-TimeSeries.json"), (2, 2, "Report/2020年1月25日山东省.yaml")]
        fetch(folder=tmp_path, base_url=base)
        assert len(Server.asked) == 2

    def test_one_collection(self, base: str, tmp_path: Path) -> None:
        fetch(["commission_reports"], folder=tmp_path, base_url=base)
        assert list(contents(tmp_path)) == ["Report/2020年1月25日山东省.yaml"]
        with pytest.raises(ValueError, match="no collection 'news'; there are bulletins, commission_reports"):
            fetch(["news"], folder=tmp_path, base_url=base)

    @pytest.mark.parametrize(
        ("mode", "message"),
        [
            ("missing", r"DXYNews-TimeSeries.json: http.* is not there \(HTTP 404\)"),
            ("moved", "leads elsewhere, to http://elsewhere.example/; it was not followed"),
            ("changed", "its SHA-256 is not the one that is known; it was changed"),
            ("longer", "more than the .* bytes that are known; it was changed"),
            ("cut off", "cut off .*fetch again to go on"),
        ],
    )
    def test_what_is_wrong_is_not_kept(
        self, mode: str, message: str, base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Server, "mode", mode)
        with pytest.raises(FetchError, match=message) as told:
            fetch(folder=tmp_path, base_url=base)
        assert "\n" not in str(told.value)
        assert not (tmp_path / "DXYNews-TimeSeries.json").exists()
        monkeypatch.setattr(Server, "mode", "fine")
        fetch(folder=tmp_path, base_url=base)
        assert contents(tmp_path) == WHOLE

    @pytest.mark.parametrize("ranges", [True, False])
    def test_it_goes_on_where_it_was_cut_off(
        self, ranges: bool, base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Server, "mode", "cut off")
        with pytest.raises(FetchError, match="cut off"):
            fetch(["bulletins"], folder=tmp_path, base_url=base)
        monkeypatch.setattr(Server, "mode", "fine" if ranges else "no ranges")
        fetch(["bulletins"], folder=tmp_path, base_url=base)
        assert Server.asked[-1][1] == f"bytes={50_000 // fetching.CHUNK * fetching.CHUNK}-"
        assert (tmp_path / "DXYNews-TimeSeries.json").read_bytes() == CONTENT["json/DXYNews-TimeSeries.json"]

    def test_an_older_cache(self, base: str, tmp_path: Path) -> None:
        (tmp_path / "Report").mkdir()
        (tmp_path / "DXYNews-TimeSeries.json").write_bytes(b"[]")
        (tmp_path / "Report" / "2020年1月24日山东省.yaml").write_bytes(b"old")
        fetch(folder=tmp_path, base_url=base)
        assert contents(tmp_path) == WHOLE

    def test_no_network(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(fetching, "remote_files", lambda: FILES)
        with pytest.raises(FetchError, match=r"no connection to 127.0.0.1:9; is there a network\?"):
            fetch(folder=tmp_path, base_url="http://127.0.0.1:9")
        assert contents(tmp_path) == {}

    def test_a_full_disk(self, base: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(fetching, "_download", full)
        with pytest.raises(FetchError, match=r"the disk of .* is full"):
            fetch(folder=tmp_path, base_url=base)
        assert contents(tmp_path) == {}

    def test_no_folder(self, base: str, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("x")
        with pytest.raises(FetchError, match="is no folder that can be written to"):
            fetch(folder=tmp_path / "file", base_url=base)

    def test_without_pooch(self, base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "pooch", None)
        with pytest.raises(FetchError, match="fetch needs pooch: pip install pooch"):
            fetch(folder=tmp_path, base_url=base)


class TestWhatIsFetched:
    def test_the_list(self) -> None:
        files = remote_files()
        assert len(files) == 520 and len({file.name for file in files}) == 520
        for file in files:
            assert len(file.sha256) == 64 and len(file.commit) == 40 and file.size > 0
        address = next(file for file in files if file.path.endswith("1月19日广东省.yaml")).url(fetching.BASE_URL)
        assert address.startswith("https://raw.githubusercontent.com/canghailan/Wuhan-2019-nCoV/") and address.isascii()

    def test_it_builds_and_the_sentence_is_at_hand(self, base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        cache = fetch(folder=tmp_path / "cache", base_url=base)
        monkeypatch.setenv("COVID_TIMELINE_CACHE", str(tmp_path / "elsewhere"))
        report = ct.build(national.read_national(cache), tmp_path / "out", quotes="facts")
        assert report.published, report.violations
        rows = ct.load_metrics("聊城", indicator="confirmed_cumulative", path=tmp_path / "out", backend="arrow").to_pylist()
        assert {row["quote"] for row in rows} == {None}
        row = next(row for row in rows if row["doc_id"].startswith("dxy-"))
        assert "may not be republished" in ct.quote(row["metric_id"], path=tmp_path / "out").marked
        monkeypatch.setenv("COVID_TIMELINE_CACHE", str(cache))
        assert f"【{row['value']:.0f}例】" in ct.quote(row["metric_id"], path=tmp_path / "out").marked
        documents = ct.load_documents(path=tmp_path / "out")
        assert set(documents["collection"]) == {"bulletins", "commission_reports"}
        assert not documents["may_republish"].any()
