"""The build: everything that can go wrong with one document leaves the others alone, and the order does not show."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import fakes
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from covid_timeline import loaders, pipeline
from covid_timeline.checks.files import validate
from covid_timeline.model import Article, Facts, Refused
from covid_timeline.pipeline import BuildReport, build, compare_build
from covid_timeline.sources.folder import read_folder
from covid_timeline.tables.manifest import MANIFEST
from covid_timeline.tables.reports import Outcome
from covid_timeline.tables.schema import TABLES


def Failure(check: str, table: str, severity: str, n: int = 1) -> Outcome:
    """An outcome of validation that is about no single row."""
    return Outcome(check, table, "rows", severity, "It holds.", "应成立。", "Mend it.", "failed", n=n, n_failed=n)


def fine(*_: object) -> list[object]:
    return []


def run(source: object, out: Path, **options: object) -> BuildReport:
    return build(source, out, extract=fakes.extract, **{"check": fine, **options})  # type: ignore[arg-type]


def articles(*docs: str) -> list[Article | Refused]:
    return [fakes.article(doc) for doc in docs]


class TestBuild:
    def test_counts(self, tmp_path: Path) -> None:
        report = run(articles("a", "b", "c"), tmp_path)
        assert report.published and report.exit_code(strict=True) == 0
        wanted = {"documents": 3, "dates": 3, "events": 3, "metrics": 6, "rejected": 3}
        assert {name: report.rows[name] for name in wanted} == wanted
        assert report.rows["city_by_date"] == 2 and report.rows["regions"] > 3000
        assert report.manifest == json.loads((tmp_path / MANIFEST).read_text(encoding="utf-8"))
        assert set(report.rows) == set(TABLES)

    def test_what_the_fake_makes_is_valid(self, tmp_path: Path) -> None:
        """With the validation that a real build runs."""
        report = build(articles("a", "b"), tmp_path, extract=fakes.extract)
        assert report.published, report.violations

    def test_the_order_of_documents_does_not_show(self, tmp_path: Path) -> None:
        docs = [f"dxy-{i}" for i in range(1, 30)]
        one = run(articles(*docs), tmp_path / "one")
        two = run(articles(*reversed(docs)), tmp_path / "two")
        assert one.manifest == two.manifest

    def test_the_size_of_batches_does_not_show(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        docs = [f"dxy-{i}" for i in range(1, 30)]
        one = run(articles(*docs), tmp_path / "one")
        monkeypatch.setattr(pipeline, "BATCH_ROWS", 10)
        monkeypatch.setattr("covid_timeline.tables.build.BUCKET_ROWS", 7)
        assert run(articles(*docs), tmp_path / "two").manifest == one.manifest

    def test_a_province_at_a_time_makes_the_same_tables(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        places = ["371500", "370000", "420100", "100000", "110000", "996503", None]
        texts = ["2月3日，新增2例，累计15例。", "2月3日，新增1例，累计14例。", "无。"]
        source = [
            fakes.article(f"d{i}", texts[i % 3], region=places[i % len(places)], day=4 + i % 2)
            for i in range(40)
        ]

        def extract(article: Article) -> Facts:
            facts = fakes.extract(article)
            corrected = article.region_code == "371500"
            return facts._replace(metrics=[row._replace(is_correction=corrected) for row in facts.metrics])

        one = build(source, tmp_path / "one", extract=extract, check=fine)
        monkeypatch.setattr(pipeline, "WHOLE_ROWS", 0)
        two = build(source, tmp_path / "two", extract=extract, check=fine)
        assert one.rows["city_by_date"] > 5 and one.rows["coverage"] > 5
        assert one.manifest == two.manifest

    def test_a_repeat_stays_and_adds_no_source(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Marked whatever the order and the batches; the first is the one that was published first."""
        source = [
            fakes.article("x-9", day=6),
            fakes.article("x-10", fakes.TEXT.replace("。", "。\n"), day=5),
            fakes.article("x-2", day=6),
            fakes.article("other", "另一篇。2月3日，累计15例。"),
        ]
        reports = [run(source, tmp_path / "one", check=None)]
        monkeypatch.setattr(pipeline, "BATCH_ROWS", 1)
        monkeypatch.setattr(pipeline, "WHOLE_ROWS", 0)
        reports.append(run(source[::-1], tmp_path / "two", check=None))
        for report in reports:
            assert report.published, report.violations
            rows = loaders.load_documents(path=report.out, backend="arrow").to_pylist()
            marks = {row["doc_id"]: row["duplicate_of"] for row in rows}
            assert marks == {"other": None, "x-2": "x-10", "x-9": "x-10", "x-10": None}
            notes = [(one.file, one.reason, one.kind) for one in report.refused]
            assert notes == [("x-2", "repeats x-10", "note"), ("x-9", "repeats x-10", "note")]
            assert report.rows["metrics"] == 7
            days = loaders.load_city_by_date("confirmed_cumulative", path=report.out, backend="arrow").to_pylist()
            assert [row["n_sources"] for row in days] == [2]
        assert reports[0].manifest == reports[1].manifest

    def test_one_text_of_two_places_or_days_is_no_repeat(self, tmp_path: Path) -> None:
        def extract(article: Article) -> Facts:
            facts = fakes.extract(article)
            day = article.anchor_date
            return facts._replace(metrics=[row._replace(date_start=None, date_end=day) for row in facts.metrics])

        source = [fakes.article("a"), fakes.article("b", region="370100"), fakes.article("c", day=5), fakes.article("d")]
        build(source, tmp_path, extract=extract)
        rows = loaders.load_documents(path=tmp_path, backend="arrow").to_pylist()
        assert [row["duplicate_of"] for row in rows] == [None, None, None, "a"]

    def test_the_next_takes_the_place_of_a_first_that_fails(self, tmp_path: Path) -> None:
        def extract(article: Article) -> Facts:
            return fakes.extract(article if article.doc_id != "a" else article._replace(raw="BOOM"))

        source = [fakes.article("a"), fakes.article("b", day=5), fakes.article("c", day=6)]
        report = build(source, tmp_path, extract=extract)
        rows = loaders.load_documents(path=tmp_path, backend="arrow").to_pylist()
        assert [(row["doc_id"], row["duplicate_of"]) for row in rows] == [("b", None), ("c", "b")]
        assert report.count("refused") == 1

    def test_progress(self, tmp_path: Path) -> None:
        told: list[tuple[int, str]] = []
        run(articles("a", "b"), tmp_path, progress=lambda done, doc: told.append((done, doc)))
        assert told == [(1, "a"), (2, "b")]

    def test_quotes(self, tmp_path: Path) -> None:
        source = [fakes.article("open"), fakes.article("shut", may_republish=False)]
        for quotes, kept in (("auto", ["open"]), ("always", ["open", "shut"]), ("never", [])):
            run(source, tmp_path, quotes=quotes)
            rows = loaders.load_events(path=tmp_path, backend="arrow").to_pylist()
            assert [row["doc_id"] for row in rows if row["quote"] is not None] == kept
        with pytest.raises(ValueError, match="auto, always, never or facts"):
            run(source, tmp_path, quotes="some")

    def test_memory_does_not_grow_with_the_documents(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pipeline, "BATCH_ROWS", 200)
        monkeypatch.setattr("covid_timeline.tables.build.BUCKET_ROWS", 500)
        peaks = []
        run(articles("warm"), tmp_path)
        for n in (100, 500):
            source = (fakes.article(f"{i:05}", fakes.TEXT + "。" * 4000) for i in range(n))
            tracemalloc.start()
            run(source, tmp_path)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        # Five times the documents; their texts alone are 8 MB more.
        assert peaks[1] < peaks[0] + 2_000_000, peaks


class TestBadInput:
    def test_a_document_that_breaks_the_extractor(self, tmp_path: Path) -> None:
        report = run([fakes.article("a"), fakes.article("bad", "BOOM"), fakes.article("c")], tmp_path)
        assert report.refused[0] == Refused("bad", "", "RuntimeError: boom") and report.count("refused") == 1
        assert report.published and report.rows["documents"] == 2
        assert (report.exit_code(), report.exit_code(strict=True)) == (0, 1)

    def test_what_a_source_refuses_is_listed(self, tmp_path: Path) -> None:
        told = [Refused("x.txt", "byte 3", "not UTF-8"), Refused("y.txt", "", "same text", "skipped")]
        report = run([told[0], *articles("a"), told[1]], tmp_path)
        assert report.refused == told and report.published
        assert (report.count("refused"), report.count("skipped"), report.count("note")) == (1, 1, 0)

    def test_only_what_is_refused_counts_under_strict(self, tmp_path: Path) -> None:
        report = run([Refused("y.txt", "", "same text", "skipped"), *articles("a")], tmp_path)
        assert report.exit_code(strict=True) == 0

    def test_an_id_used_twice(self, tmp_path: Path) -> None:
        report = run(articles("a", "a"), tmp_path)
        assert report.rows["documents"] == 1
        assert report.refused[0].reason == "another document has the same doc_id"

    def test_a_quote_that_is_not_the_text(self, tmp_path: Path) -> None:
        def wrong(article: Article) -> Facts:
            facts = fakes.extract(article)
            return facts._replace(
                metrics=[facts.metrics[0]._replace(value_char_end=facts.metrics[0].value_char_end + 1)]
            )

        report = build(articles("a"), tmp_path, extract=wrong, check=fine)
        assert not report.published and "the row quotes '2例'" in report.refused[0].reason

    def test_half_a_surrogate_pair(self, tmp_path: Path) -> None:
        report = run(
            [fakes.article("a"), fakes.article("bad", "2月3日，\ud800新增3例。"), fakes.article("c")],
            tmp_path,
        )
        assert [entry.file for entry in report.refused if entry.kind == "refused"] == ["bad"]
        assert report.rows["documents"] == 2

    @pytest.mark.parametrize(
        "source", [[], [Refused("x.txt", "", "empty")]], ids=["nothing", "nothing readable"]
    )
    def test_nothing_to_build(self, source: list[Refused], tmp_path: Path) -> None:
        run(articles("a"), tmp_path)
        before = (tmp_path / MANIFEST).read_bytes()
        report = run(source, tmp_path)
        assert not report.published and report.exit_code() == 1
        assert (tmp_path / MANIFEST).read_bytes() == before

    def test_a_fault_of_the_source_stops(self, tmp_path: Path) -> None:
        def source() -> Iterator[Article]:
            yield fakes.article("a")
            raise ValueError("a.txt: SHA-256 is not that of the sidecar")

        with pytest.raises(ValueError, match="sidecar"):
            run(source(), tmp_path)
        assert not (tmp_path / MANIFEST).exists()


class TestSettingAside:
    """One bad row stops nobody."""

    def damaged(self, docs: str, **changes: object) -> Callable[[Article], Facts]:
        def extract(article: Article) -> Facts:
            facts = fakes.extract(article)
            if article.doc_id in docs:
                facts = facts._replace(metrics=[facts.metrics[0]._replace(**changes), *facts.metrics[1:]])  # type: ignore[arg-type]
            return facts

        return extract

    def test_a_row_is_set_aside_by_name_and_the_rest_is_published(self, tmp_path: Path) -> None:
        report = build(articles("a", "b"), tmp_path, extract=self.damaged("b", value=2.15))
        assert report.published and report.exit_code(strict=True) == 1
        (entry,) = [one for one in report.refused if one.kind == "set_aside"]
        assert entry.file == "b" and "metrics.count_is_whole" in entry.reason and "2.15" in entry.reason
        sound = build(articles("a", "b"), tmp_path / "sound", extract=fakes.extract)
        assert report.rows["metrics"] == sound.rows["metrics"] - 1
        rejected = pq.read_table(tmp_path / "rejected.parquet").to_pylist()
        assert [row["doc_id"] for row in rejected if row["reason"].startswith("set aside: metrics.")] == ["b"]
        assert validate(tmp_path).verdict == "valid"

    def test_a_bad_document_goes_whole(self, tmp_path: Path) -> None:
        source = [*articles("a"), fakes.article("b")._replace(title_basis="no such word")]
        report = build(source, tmp_path, extract=fakes.extract)
        assert report.published and report.rows["documents"] == 1
        assert any(e.kind == "set_aside" and "documents.vocabulary" in e.reason for e in report.refused)
        assert set(pq.read_table(tmp_path / "metrics.parquet")["doc_id"].to_pylist()) == {"a"}

    def test_too_many_rows_stop_it(self, tmp_path: Path) -> None:
        docs = [f"d{i}" for i in range(30)]
        report = build(articles(*docs), tmp_path, extract=self.damaged(" ".join(docs), value=2.15))
        assert not report.published
        assert any("more than 2% were to be set aside" in str(one) for one in report.violations)


class TestValidation:
    def test_an_error_publishes_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pipeline, "BATCH_ROWS", 3)
        run(articles("old"), tmp_path)
        before = (tmp_path / MANIFEST).read_bytes()

        def check(tables: dict[str, pa.Table], texts: object, stages: tuple[str, ...]) -> list[Failure]:
            return (
                [Failure("metrics.x", "metrics", "error")] if "rows" in stages and "metrics" in tables else []
            )

        report = run(articles("a", "b", "c"), tmp_path, check=check)
        assert not report.published and report.exit_code() == 1
        # Three batches found the same fault: one entry, with the numbers added up.
        assert report.violations == [Failure("metrics.x", "metrics", "error", 3)]
        assert (tmp_path / MANIFEST).read_bytes() == before

    def test_an_error_over_whole_tables_publishes_nothing(self, tmp_path: Path) -> None:
        def check(tables: object, texts: object, stages: tuple[str, ...]) -> list[Failure]:
            return [Failure("metrics.x", "metrics", "error")] if stages == ("tables",) else []

        report = run(articles("a"), tmp_path, check=check)
        assert not report.published and list(tmp_path.iterdir()) == []

    def test_a_warning_is_told(self, tmp_path: Path) -> None:
        report = run(articles("a"), tmp_path, check=lambda *_: [Failure("x", "metrics", "warning")])
        assert report.published and len(report.violations) == 1

    def test_texts_are_at_hand(self, tmp_path: Path) -> None:
        seen: dict[str, str] = {}
        run(articles("a", "b"), tmp_path, check=lambda _, texts, __: seen.update(texts) or [])
        assert seen == {"a": fakes.TEXT, "b": fakes.TEXT}


class TestCompareBuild:
    def test_no_difference(self, tmp_path: Path) -> None:
        build(articles("a", "b"), tmp_path, extract=fakes.extract)
        assert compare_build(articles("b", "a"), tmp_path, extract=fakes.extract) == []

    def test_differences_are_named(self, tmp_path: Path) -> None:
        build([fakes.article("a"), fakes.article("b")], tmp_path, extract=fakes.extract)
        changed = fakes.article("b", fakes.TEXT.replace("2例", "3例"))
        found = compare_build([fakes.article("a"), changed], tmp_path, extract=fakes.extract)
        assert any("value is 2.0, builds as 3.0" in line for line in found)
        found = compare_build([fakes.article("a")], tmp_path, extract=fakes.extract)
        assert "documents b: only in the committed tables" in found

    def test_nothing_committed(self, tmp_path: Path) -> None:
        found = compare_build([fakes.article("a")], tmp_path, extract=fakes.extract)
        assert len(found) == len(TABLES) and "no such table" in found[0]

    def test_nothing_built(self, tmp_path: Path) -> None:
        assert compare_build([], tmp_path) == ["nothing was built"]


@pytest.mark.drift
class TestCommittedTables:
    def test_they_are_what_the_code_builds(self) -> None:
        """When this fails: make data, and say in the commit which rows moved and why."""
        root = Path(__file__).parent.parent
        if not (root / "data" / "processed" / MANIFEST).exists():
            pytest.skip("no tables are committed yet")
        assert compare_build(read_folder(root / "data" / "raw"), root / "data" / "processed") == []
