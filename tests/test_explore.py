"""The explorer page as files: what is written, what is never written, and what is refused in one sentence."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner
from views import BULLETINS, build_tables

from covid_timeline.cli import app
from covid_timeline.explore import page as page_module
from covid_timeline.explore import write_page
from covid_timeline.explore.sentences import cut


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tables(tmp_path_factory.mktemp("explore"))


def read(page: Path, name: str) -> Any:
    """The value that a data file hands over."""
    text = (page / "data" / f"{name}.js").read_text(encoding="utf-8")
    match = re.fullmatch(r'CT\.put\("([^"]+)",(.*)\);\n', text, re.S)
    assert match and match[1] == name
    return json.loads(match[2])


def objects(page: Path, name: str) -> list[dict[str, Any]]:
    value = read(page, name)
    return [dict(zip(value["columns"], row, strict=True)) for row in value["rows"]]


class TestFiles:
    def test_every_figure_and_event_is_there(self, tables: Path, tmp_path: Path) -> None:
        import covid_timeline as ct

        page = write_page(tables, tmp_path / "page").file.parent
        places = [row[0] for row in read(page, "index")["places"]]
        figures = [row["metric_id"] for code in places for row in objects(page, f"{code}.m0")]
        assert sorted(figures) == sorted(ct.load_metrics(path=tables)["metric_id"])
        events = [row["event_id"] for path in page.glob("data/*.e0.js") for row in objects(page, path.stem)]
        assert sorted(events) == sorted(ct.load_events(path=tables)["event_id"])
        documents = [row["doc_id"] for row in objects(page, "d0")]
        assert {documents[row["doc_id"]] for row in objects(page, "371500.m0")} <= {row["id"] for row in BULLETINS}

    def test_a_value_knows_where_its_figure_is(
        self, tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(page_module, "PART", 3)
        page = write_page(tables, tmp_path / "page").file.parent
        place = read(page, "371500")
        assert place["parts"]["m"] > 1
        for rows in place["days"].values():
            for row in rows:
                value = dict(zip(place["columns"], row, strict=True))
                part = objects(page, f"371500.m{value['part']}")
                figure = next(one for one in part if one["metric_id"] == value["metric_id"])
                assert figure["value"] == value["value"] and figure["says"]

    def test_the_same_tables_give_the_same_bytes(self, tables: Path, tmp_path: Path) -> None:
        pages = [write_page(tables, tmp_path / name).file.parent for name in ("a", "b")]
        one, other = ({p.relative_to(page): p.read_bytes() for p in page.rglob("*") if p.is_file()} for page in pages)
        assert one == other

    def test_a_page_replaces_a_page(self, tables: Path, tmp_path: Path) -> None:
        out = tmp_path / "page"
        write_page(tables, out)
        (out / "data" / "999999.js").write_text("", encoding="utf-8")
        write_page(tables, out)
        assert not (out / "data" / "999999.js").exists() and [p.name for p in tmp_path.iterdir()] == ["page"]

    def test_several_builds_are_one_page(self, tables: Path, tmp_path: Path) -> None:
        later = build_tables(tmp_path / "later", [{"id": "later", "body": "截至2月9日24时，聊城市累计确诊病例22例。"}])
        page = write_page([tables, later], tmp_path / "page").file.parent
        days = [row[0] for row in read(page, "371500")["days"]["confirmed_cumulative"]]
        assert "2020-02-08" in days and "2020-02-09" in days

    def test_no_text_can_end_the_script(self, tmp_path: Path) -> None:
        text = "</script><script>alert(1)</script>\u2028<!-- 2月3日，聊城市新增确诊病例2例。"
        built = build_tables(tmp_path, [{"id": "x", "body": text, "title": text}])
        page = write_page(built, tmp_path / "page").file.parent
        for path in page.glob("data/*.js"):
            assert "<" not in path.read_text(encoding="utf-8") and "\u2028" not in path.read_text(encoding="utf-8")
        assert objects(page, "d0")[0]["title"] == text.replace("\u2028", "\u2028")

    def test_the_program_loads_nothing_from_elsewhere(self) -> None:
        folder = Path(page_module.__file__).parent / "assets"
        for path in folder.iterdir():
            found = set(re.findall(r"https?://[^\"' )]+", path.read_text(encoding="utf-8")))
            assert found <= {"http://www.w3.org/2000/svg"}, path.name
            assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function", path.read_text(encoding="utf-8"))


class TestTexts:
    def test_withheld_sentences_come_from_the_texts(self, tmp_path: Path) -> None:
        built = build_tables(tmp_path, quotes="never")
        page = write_page(built, tmp_path / "bare").file.parent
        assert all(row["says"] is None for row in objects(page, "371500.m0"))
        texts = tmp_path / "texts.jsonl"
        rows = [{"doc_id": row["id"], "text": row["body"]} for row in BULLETINS]
        texts.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        page = write_page(built, tmp_path / "full", texts=texts).file.parent
        said = {row["metric_id"]: row["says"] for row in objects(page, "371500.m0")}
        assert said and all(any(piece[0] == "n" for piece in pieces) for pieces in said.values())

    def test_another_text_is_not_shown(self, tmp_path: Path) -> None:
        built = build_tables(tmp_path)
        texts = tmp_path / "texts.jsonl"
        texts.write_text(json.dumps({"doc_id": "b2", "text": "短"}) + "\n", encoding="utf-8")
        page = write_page(built, tmp_path / "page", texts=texts)
        assert page.remarks == [f"1 of {len(BULLETINS)} documents have their text in what was given"]
        documents = [row["doc_id"] for row in objects(page.file.parent, "d0")]
        rows = [row for row in objects(page.file.parent, "371500.m0") if documents[row["doc_id"]] == "b2"]
        assert rows and all(row["says"] is None for row in rows)


class TestCut:
    def row(self, **given: Any) -> dict[str, Any]:
        return {"quote": None, "char_start": 0, "char_end": 1, **given}

    def test_number_day_and_place(self) -> None:
        raw = "截至2月3日24时，聊城市累计确诊15例。次日无新增。"
        row = self.row(char_start=raw.index("聊城"), char_end=raw.index("。"))
        for name, words in (("value", "15例"), ("date", "2月3日24时"), ("region", "聊城市")):
            row[f"{name}_char_start"] = raw.index(words)
            row[f"{name}_char_end"] = raw.index(words) + len(words)
        assert cut(row, [(0, raw)]) == ["=截至", "d2月3日24时", "=，", "p聊城市", "=累计确诊", "n15例", "=。"]

    def test_a_day_far_away_stands_alone(self) -> None:
        raw = "2月3日通报。" + "空" * 500 + "。新增2例。"
        at = raw.index("新增")
        row = self.row(
            char_start=at, char_end=at + 4, value_char_start=at + 2, value_char_end=at + 4, date_char_start=0, date_char_end=4
        )
        assert cut(row, [(0, raw)]) == ["d2月3日", "=通报。" + "空" * 9, "…", "=新增", "n2例", "=。"]

    def test_what_the_tables_quote_is_put_together(self) -> None:
        row = self.row(quote="新增2例", char_start=20, char_end=24, value_char_start=22, value_char_end=24, date_char_start=2, date_char_end=6)
        assert cut(row, [(0, "截至2月3日，"), (20, "新增2例")]) == ["=截至", "d2月3日", "=，", "…", "=新增", "n2例"]
        assert cut(row, [(20, "新增2例")]) == ["=新增", "n2例"]
        assert cut(row, [(20, "新增3例")]) is None
        assert cut(row, []) is None

    @given(st.text(max_size=200), st.data())
    def test_pieces_are_the_text(self, raw: str, data: st.DataObject) -> None:
        """Whatever is marked, the pieces between two omissions stand in the text, and each mark is its span."""
        span = st.tuples(st.integers(0, 220), st.integers(0, 220)).map(sorted)
        clause, value, day, place = (data.draw(span) for _ in range(4))
        row = self.row(char_start=clause[0], char_end=clause[1])
        for name, (start, end) in (("value", value), ("date", day), ("region", place)):
            row |= {f"{name}_char_start": start, f"{name}_char_end": end}
        pieces = cut(row, [(0, raw)])
        if pieces is None:
            return
        stretches = "\x00".join("\x00" if piece == "…" else piece[1:] for piece in pieces)
        for stretch in stretches.replace("\x00\x00\x00", "\x01").split("\x01"):
            assert stretch.replace("\x00", "") in raw
        marked = {piece[0]: piece[1:] for piece in pieces if piece[0] in "ndp"}
        spans = {"n": value, "d": day, "p": place}
        assert all(raw[slice(*spans[kind])] == text for kind, text in marked.items())


class TestRefusals:
    def refused(self, *words: str) -> str:
        result = CliRunner().invoke(app, ["explore", *words])
        assert result.exception is not None and not isinstance(result.exception, SystemExit)
        return str(result.exception)

    def test_in_one_sentence(self, tables: Path, tmp_path: Path) -> None:
        full = tmp_path / "full"
        full.mkdir()
        (full / "thesis.txt").write_text("", encoding="utf-8")
        assert "holds other files" in self.refused(str(tables), "-o", str(full))
        assert (full / "thesis.txt").exists()
        assert "is a file" in self.refused(str(tables), "-o", str(full / "thesis.txt"))
        assert "no such folder of tables" in self.refused(str(tmp_path / "nowhere"), "-o", str(tmp_path / "page"))
        assert "is in" in self.refused(str(tables), str(tables), "-o", str(tmp_path / "page"))
        assert "no such file or folder of texts" in self.refused(
            str(tables), "-o", str(tmp_path / "page"), "--texts", str(tmp_path / "nowhere")
        )
        assert not (tmp_path / "page").exists()

    def test_tables_of_another_version(self, tables: Path, tmp_path: Path) -> None:
        import pyarrow.parquet as pq

        for path in tables.glob("*.parquet"):
            table = pq.ParquetFile(path).read()
            pq.write_table(table.drop_columns(["status"]) if path.stem == "events" else table, tmp_path / path.name)
        with pytest.raises(ValueError, match="no column status; the tables are of another version"):
            write_page(tmp_path, tmp_path / "page")

    def test_empty_tables_are_a_page(self, tables: Path, tmp_path: Path) -> None:
        import pyarrow.parquet as pq

        for path in tables.glob("*.parquet"):
            table = pq.ParquetFile(path).read()
            pq.write_table(table if path.stem == "regions" else table.slice(0, 0), tmp_path / path.name)
        page = write_page(tmp_path, tmp_path / "page")
        assert page.places == 0 and page.remarks == ["the tables hold no event and no figure: the page is empty"]
        assert read(page.file.parent, "index")["places"] == []
