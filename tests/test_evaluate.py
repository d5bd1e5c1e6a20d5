"""Scores against gold, and what a change moved."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from covid_timeline import evaluate

SHARED = Path(__file__).resolve().parents[2] / "shared"
needs_shared = pytest.mark.skipif(
    not (SHARED / "eval" / "score.py").is_file(), reason="no ../shared: the annotators' own scorer and gold are not here"
)


def note(kind: str, start: int, end: int, **more: Any) -> evaluate.Row:
    base = {"kind": kind, "doc": "d", "start": start, "end": end, "optional": False}
    dated = {"date_start": "2020-02-03", "date_end": "2020-02-03"}
    fields: dict[str, dict[str, Any]] = {
        "date": {"precision": "day", "basis": "inferred_year", **dated},
        "metric": {"value": 3, "value_high": None, "unit": "case", "qualifier": "exact", "indicator": "confirmed_new",
                   "region": "371500", **dated},
        "event": {"category": "medical", "region": "371500", **dated},
    }  # fmt: skip
    return base | fields[kind] | more


def row_for(gold: evaluate.Row, **more: Any) -> evaluate.Row:
    """The row that agrees with an annotation in everything."""
    start, end = evaluate.SPAN_COLUMNS[gold["kind"]]
    taken = {"kind", "doc", "start", "end", "optional", "region", "gist", "quote"}
    row = {name: value for name, value in gold.items() if name not in taken}
    for name in ("date_start", "date_end"):
        row[name] = None if row.get(name) is None else dt.date.fromisoformat(row[name])
    row |= {"doc_id": gold["doc"], start: gold["start"], end: gold["end"], "rule": "r"}
    if gold["kind"] != "date":
        row["region_code"] = gold.get("region")
    return row | more


class TestScore:
    @pytest.mark.parametrize(
        ("kind", "fault", "levels"),
        [
            ("date", {}, (1, 1, 1)),
            ("date", {"date_end": dt.date(2020, 2, 4)}, (1, 0, 0)),
            ("date", {"precision": "range"}, (1, 1, 1)),  # precision and basis are told apart, not part of full
            ("metric", {"value": 3.0000000001}, (1, 1, 1)),
            ("metric", {"value": 4}, (1, 0, 0)),
            ("metric", {"value_high": 5}, (1, 0, 0)),
            ("metric", {"qualifier": "about"}, (1, 0, 0)),
            ("metric", {"indicator": "other"}, (1, 1, 0)),
            ("metric", {"region_code": None}, (1, 1, 0)),
            ("metric", {"date_start": None}, (1, 1, 1)),  # one day in gold: only the end is compared
            ("event", {"category": "supplies"}, (1, 0, 0)),
            ("event", {"date_end": dt.date(2020, 2, 4)}, (1, 1, 0)),
        ],
    )
    def test_levels(self, kind: str, fault: evaluate.Row, levels: tuple[int, int, int]) -> None:
        gold = note(kind, 0, 4)
        one = evaluate.score_kind(kind, [gold], [row_for(gold, **fault)])
        assert (one.tally.found, one.tally.value, one.tally.full) == levels

    def test_missed_spurious_and_optional(self) -> None:
        gold = [note("date", 0, 4), note("date", 10, 14, optional=True), note("date", 20, 24)]
        rows = [row_for(gold[0]), row_for(gold[1]), row_for(note("date", 50, 54), rule="other")]
        one = evaluate.score_kind("date", gold, rows)
        assert one.tally == evaluate.Tally(gold=2, predicted=2, found=1, value=1, full=1)
        assert [mistake.what for mistake in one.mistakes] == ["missed", "spurious"]
        assert one.by_rule["other"] == evaluate.Tally(predicted=1)

    def test_a_row_matches_the_annotation_it_overlaps_most(self) -> None:
        gold = [note("metric", 0, 4, value=3), note("metric", 3, 9, value=5)]
        one = evaluate.score_kind("metric", gold, [row_for(gold[1], value_char_start=2)])
        assert (one.tally.found, one.tally.value) == (1, 1)

    def test_nothing_is_zero_not_an_error(self) -> None:
        scores = evaluate.score({"date": [], "metric": [], "event": []}, [])
        assert evaluate.report(scores)["date"]["found"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0}

    def test_held_out_is_reported_apart(self, tmp_path: Path) -> None:
        for doc in ("liaocheng", "dxy-183", "dxy-5"):
            line = json.dumps(note("date", 0, 4, doc=doc))
            (tmp_path / f"{doc}.jsonl").write_text(line + "\n", encoding="utf-8")
        (tmp_path / "bulletins").mkdir()
        for doc in ("dxy-183", "dxy-5"):
            (tmp_path / f"{doc}.jsonl").rename(tmp_path / "bulletins" / f"{doc}.jsonl")
        named = [("Articles", tmp_path / "liaocheng.jsonl"), ("Bulletins", tmp_path / "bulletins")]
        sets = evaluate.read_gold_sets(named, {"dxy-183"})
        assert {name: [n["doc"] for n in notes] for name, notes in sets.items()} == {
            "Articles": ["liaocheng"], "Bulletins": ["dxy-5"], "Bulletins, held out": ["dxy-183"],
        }  # fmt: skip
        rows = [row_for(n) for notes in sets.values() for n in notes]
        page = evaluate.accuracy_page({"date": rows, "metric": [], "event": []}, sets)
        for name in sets:
            assert f"| {name} | 1 | dates | 1 | 1 | 1.000 / 1.000 / 1.000 |" in page
        with pytest.raises(ValueError, match="liaocheng is annotated in Articles already"):
            evaluate.read_gold_sets([*named, ("More", tmp_path / "liaocheng.jsonl")])
        (tmp_path / "empty").mkdir()
        with pytest.raises(ValueError, match=r"no .jsonl file"):
            evaluate.read_gold_sets([("Empty", tmp_path / "empty")])

    def test_two_builds_with_one_document(self, tmp_path: Path) -> None:
        for name in ("a", "b"):
            write(tmp_path / name, {"documents": [{"doc_id": "d"}]})
        with pytest.raises(ValueError, match="holds a document d too"):
            evaluate.read_tables([tmp_path / "a", tmp_path / "b"])


class TestGoldFiles:
    @pytest.mark.parametrize(
        ("line", "why"),
        [("{", "line 2: not JSON"), ("[1]", "line 2: an annotation needs"), ('{"kind": "date"}', "line 2: an annotation needs")],
    )
    def test_a_bad_line_is_named(self, tmp_path: Path, line: str, why: str) -> None:
        path = tmp_path / "gold.jsonl"
        path.write_text(json.dumps(note("date", 0, 1)) + "\n" + line + "\n", encoding="utf-8")
        with pytest.raises(ValueError, match=why):
            evaluate.read_gold([path])

    def test_missing_and_broken_tables(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match="no such table"):
            evaluate.read_rows([tmp_path], "dates")
        (tmp_path / "dates.parquet").write_text("not parquet")
        with pytest.raises(ValueError, match="not a Parquet file"):
            evaluate.read_rows([tmp_path], "dates")


def write(directory: Path, tables: dict[str, list[evaluate.Row]]) -> Path:
    directory.mkdir(exist_ok=True)
    for name, rows in tables.items():
        pq.write_table(pa.Table.from_pylist(rows), directory / f"{name}.parquet")
    return directory


class TestCompareBuilds:
    def test_gained_lost_changed(self, tmp_path: Path) -> None:
        empty: dict[str, list[evaluate.Row]] = {name: [] for name in ("documents", "dates", "events", "rejected")}
        before = write(tmp_path / "a", empty | {"metrics": [{"metric_id": "d:m1", "value": 1.0}, {"metric_id": "d:m2", "value": 2.0}]})
        after = write(tmp_path / "b", empty | {"metrics": [{"metric_id": "d:m2", "value": 20.0}, {"metric_id": "d:m3", "value": 3.0}]})
        changes = evaluate.compare_builds(before, after)
        assert [(c.what, c.key) for c in changes] == [("lost", "d:m1/0"), ("changed", "d:m2/0"), ("gained", "d:m3/0")]
        assert changes[1].fields() == {"value": (2.0, 20.0)}
        assert evaluate.compare_builds(after, after) == []


@needs_shared
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_figures_are_those_of_the_annotators_scorer(tmp_path: Path, seed: int) -> None:
    spec = importlib.util.spec_from_file_location("score", SHARED / "eval" / "score.py")
    assert spec is not None and spec.loader is not None
    theirs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(theirs)
    gold = evaluate.read_gold(sorted((SHARED / "gold").glob("*.jsonl")))
    tables: dict[str, list[evaluate.Row]] = {"documents": []}
    tables |= {f"{kind}s": damaged([n for n in gold if n["kind"] == kind], random.Random(seed)) for kind in evaluate.KINDS}
    write(tmp_path, tables)
    expected, shown = theirs.score(tmp_path, gold, -1)
    scores = evaluate.score(evaluate.read_tables([tmp_path]), gold)
    assert evaluate.report(scores) == expected
    mine = [(m.kind, m.what, m.gold, m.row and (m.row["doc_id"], m.row["rule"])) for s in scores.values() for m in s.mistakes]
    assert mine == [(kind, what, g, p and (p["doc_id"], p["rule"])) for kind, what, g, p in shown]


def damaged(gold: list[evaluate.Row], random: random.Random) -> list[evaluate.Row]:
    """Rows made from annotations: some left out, moved, doubled, or wrong in one field."""
    rows = []
    for n, one in enumerate(gold):
        row = row_for(one, rule=f"r{n}")
        start, end = evaluate.SPAN_COLUMNS[one["kind"]]
        fate = random.random()
        if fate < 0.1:
            continue
        if fate < 0.3:
            row[start] += random.randint(-2, 2)
            row[end] += random.randint(0, 3)
        elif fate < 0.5:
            name = random.choice(sorted(row.keys() - {"doc_id", "rule", start, end}))
            text = {"date_start": dt.date(2020, 1, 1), "date_end": dt.date(2020, 1, 1), "value": 7, "value_high": 9}
            row[name] = text.get(name, "999999")
        rows.append(row)
        if fate > 0.9:
            rows.append(row | {end: row[end] + 1})
    for row in rows:
        for name in ("value", "value_high"):
            if name in row and row[name] is not None:
                row[name] = float(row[name])
    return rows
