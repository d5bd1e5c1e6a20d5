"""The national collections as they are shipped: small, without sentences, and what the code builds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import covid_timeline as ct
from covid_timeline.model import Article
from covid_timeline.pipeline import compare_build
from covid_timeline.sources.national import read_national
from covid_timeline.tables.build import LONGEST_RUN
from covid_timeline.tables.schema import TABLES

ROOT = Path(__file__).parent.parent
NATIONAL = ROOT / "data" / "national"
CORPORA = ROOT.parent / "shared" / "corpora"
HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]{21,}")
TEXT_FILES = {".csv", ".json", ".txt", ".md", ".toml", ".py", ".tsv", ".html", ".ipynb", ".svg"}

pytestmark = pytest.mark.skipif(not NATIONAL.exists(), reason="the national collections are not built")


@pytest.fixture(scope="module")
def corpora() -> list[Article]:
    if not CORPORA.exists():
        pytest.skip(f"no {CORPORA}")
    return [one for one in read_national(CORPORA) if isinstance(one, Article)]


class TestShipped:
    def test_small(self) -> None:
        assert sum(path.stat().st_size for path in NATIONAL.iterdir()) <= 5_000_000

    def test_both_folders_are_loaded(self) -> None:
        counts = ct.load_documents()["collection"].value_counts()
        assert set(counts.index) == {"articles", "bulletins", "commission_reports"}
        assert counts["articles"] == 5 and counts["commission_reports"] == 519

    def test_no_quotes(self) -> None:
        for name, spec in TABLES.items():
            table = ct.load(name, path=NATIONAL, backend="arrow")
            for column in spec.columns:
                if column.withheld:
                    assert table[column.name].null_count == len(table), f"{name}.{column.name}"

    def test_ids_do_not_depend_on_the_file(self, tmp_path: Path) -> None:
        """The same bulletin under another id, in another export and another company."""
        item = {
            "id": 1, "pubDate": 1580693400000, "title": "聊城市新增确诊1例", "summary": "聊城市新增确诊病例1例。", "infoSource": "聊城卫健委",
            "provinceName": "山东省", "sourceUrl": "",
        }  # fmt: skip
        other = item | {"id": 77, "title": "山东省新增确诊2例"}
        ids = []
        for n, items in enumerate(([item], [other, item | {"id": 5}])):
            folder = tmp_path / str(n)
            folder.mkdir()
            (folder / "dxy_news.json").write_text(json.dumps(items), encoding="utf-8")
            ids.append({one.title: one.doc_id for one in read_national(folder) if isinstance(one, Article)})
        assert ids[0]["聊城市新增确诊1例"] == ids[1]["聊城市新增确诊1例"]
        assert len(set(ids[1].values())) == 2


def shipped_texts() -> Iterator[tuple[str, str]]:
    """Every text of the package and its data, and every cell of a table."""
    for folder in (ROOT / "covid_timeline", ROOT / "data" / "national", ROOT / "docs", ROOT / "schemas"):
        for path in sorted(folder.rglob("*")):
            if path.suffix in TEXT_FILES:
                yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    for name, spec in TABLES.items():
        table = ct.load(name, path=NATIONAL, backend="arrow")
        for column in spec.columns:
            if column.type == "string":
                for value in table[column.name].unique().to_pylist():
                    if value is not None:
                        yield f"{name}.{column.name}", value


class TestNoSentences:
    def test_no_run_of_the_corpora(self, corpora: list[Article]) -> None:
        """Runs of more than twenty Chinese characters, whole or in part, of a text that is not ours to publish."""
        runs = {run[i : i + LONGEST_RUN + 1] for one in corpora for run in HAN.findall(one.raw) for i in range(len(run) - LONGEST_RUN)}
        assert len(runs) > 1_000
        found = [
            (where, window)
            for where, text in shipped_texts()
            for run in HAN.findall(text)
            for window in (run[i : i + LONGEST_RUN + 1] for i in range(len(run) - LONGEST_RUN))
            if window in runs
        ]
        assert found == []

    def test_measures_and_titles_are_short(self) -> None:
        metrics, documents = ct.load_metrics(path=NATIONAL), ct.load_documents(path=NATIONAL)
        assert metrics["measure"].str.len().max() <= LONGEST_RUN
        assert documents["title"].str.fullmatch(r".{1,20} \d{4}-\d{2}-\d{2}").all()


@pytest.mark.drift
class TestDrift:
    def test_they_are_what_the_code_builds(self, corpora: list[Article]) -> None:
        """When this fails: make national, and say in the commit which rows moved and why."""
        assert compare_build(read_national(CORPORA), NATIONAL, quotes="facts")[:20] == []


class TestWhatIsThere:
    def rows(self, **filters: Any) -> Any:
        return ct.load_city_by_date("confirmed_cumulative", **filters)

    def test_prefectures_and_days(self) -> None:
        cases = self.rows(level="prefecture")
        assert cases["region_code"].nunique() >= 300 and len(cases) >= 4_200

    def test_wuhan(self) -> None:
        wuhan = self.rows(region="Wuhan", end="2020-02-06").set_index("date")["value"]
        assert (wuhan["2020-01-25"], wuhan["2020-02-06"]) == (618, 11618)

    def test_a_value_says_where_and_when_it_was_published(self) -> None:
        cases = self.rows()
        assert set(cases["collection"]) <= {"articles", "bulletins", "commission_reports"}
        dated = cases.dropna(subset=["stated_at"])
        assert len(dated) > 0.99 * len(cases) and (dated["stated_at"] >= dated["date"]).all()

    def test_as_of_goes_across_collections(self) -> None:
        then = self.rows(region="Wuhan", as_of="2020-01-26")
        assert then["date"].max().date().isoformat() in ("2020-01-25", "2020-01-26")
        assert (then["stated_at"].dt.date.astype(str) <= "2020-01-26").all()
