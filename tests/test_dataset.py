"""Several folders as one dataset, conditions in every backend, and places and days as people write them."""

from __future__ import annotations

import datetime as dt
import shutil
import warnings
from pathlib import Path
from typing import Any

import duckdb
import fakes
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import covid_timeline as ct
from covid_timeline import pipeline
from covid_timeline.dataset import (
    Between,
    Dataset,
    In,
    IsNull,
    namesakes,
    one_folder,
    parse_day,
    parse_moment,
    place_code,
)
from covid_timeline.model import Article, Facts
from covid_timeline.reading.repeats import mark_repeats
from covid_timeline.tables.schema import TABLES

HERE = {
    "a1": ("371500", 4, "2月3日，聊城新增2例，累计15例。另有7个。"),
    "a2": ("370000", 5, "2月4日，山东新增30例，累计300例。"),
}
THERE = {
    "b1": ("371500", 5, "2月3日，聊城新增3例，累计16例。"),
    "b2": ("220200", 6, "2月5日，吉林市新增1例，累计4例。又新增1例。"),
}


def extract(article: Article) -> Facts:
    facts = fakes.extract(article)
    facts = facts._replace(metrics=mark_repeats(facts.metrics))
    if article.doc_id != "b2":
        return facts
    planned = [row._replace(status="planned") if i == 0 else row for i, row in enumerate(facts.metrics)]
    return facts._replace(metrics=planned)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    out = []
    for name, texts in (("here", HERE), ("there", THERE)):
        folder = tmp_path_factory.mktemp(name)
        source = [
            fakes.article(doc, text, region=region, day=day)._replace(collection=name)
            for doc, (region, day, text) in texts.items()
        ]
        assert pipeline.build(source, folder, extract=extract, check=lambda *_: []).published
        out.append(folder)
    return out


class TestSeveralFolders:
    def test_rows_of_all(self, folders: list[Path]) -> None:
        for name in ("documents", "events", "metrics", "dates", "rejected"):
            rows = [len(ct.load(name, path=path, backend="arrow")) for path in (folders[0], folders[1], folders)]
            assert rows[2] == rows[0] + rows[1]
        assert len(ct.load_regions(path=folders)) == len(ct.load_regions(path=folders[0]))

    def test_one_row_for_each_place_and_day(self, folders: list[Path]) -> None:
        rows = ct.load_city_by_date("confirmed_cumulative", region="聊城", path=folders, backend="arrow").to_pylist()
        assert [(str(row["date"]), row["value"], row["n_sources"], row["collection"]) for row in rows] == [("2020-02-03", 16, 2, "there")]
        (here,) = ct.load_city_by_date("confirmed_cumulative", region="聊城", path=folders[0], backend="arrow").to_pylist()
        assert (here["value"], here["n_sources"]) == (15, 1)

    def test_coverage(self, folders: list[Path]) -> None:
        rows = ct.load_coverage("聊城", end="2020-02-03", path=folders, backend="arrow").to_pylist()
        assert [(row["n_documents"], row["n_metrics"]) for row in rows] == [(2, 4)]

    def test_a_collection_alone(self, folders: list[Path]) -> None:
        assert set(ct.load_metrics(path=folders, collection="here")["doc_id"]) == {"a1", "a2"}
        (row,) = ct.load_city_by_date("confirmed_cumulative", region="聊城", path=folders, collection="here", backend="arrow").to_pylist()
        assert (row["value"], row["n_sources"], row["stated_at"]) == (15, 1, dt.datetime(2020, 2, 4, 9, 30))  # noqa: DTZ001
        with pytest.raises(ValueError, match="unknown collection 'hre'; there are here, there"):
            ct.load_events(path=folders, collection="hre")

    def test_as_of(self, folders: list[Path]) -> None:
        for as_of, value in (("2020-02-04", 15), ("2020-02-05", 16)):
            (row,) = ct.load_city_by_date("confirmed_cumulative", region="聊城", path=folders, as_of=as_of, backend="arrow").to_pylist()
            assert row["value"] == value

    def test_without_a_time_of_publication(self, tmp_path: Path) -> None:
        """It counts from the day after its anchor date: what is of the day's end cannot have been out before."""
        source = [fakes.article("a1", HERE["a1"][2])._replace(published_at=None, published_basis="none")]
        pipeline.build(source, tmp_path, extract=fakes.extract, check=lambda *_: [])
        assert [len(ct.load_metrics(path=tmp_path, as_of=day)) for day in ("2020-02-04", "2020-02-05")] == [0, 2]

    def test_as_one_folder(self, folders: list[Path]) -> None:
        with one_folder(folders) as folder:
            for name in TABLES:
                one, many = (ct.load(name, path=path, backend="arrow") for path in (folder, folders))
                key = [(column, "ascending") for column in TABLES[name].sort_key]
                assert one.equals(many.sort_by(key)), name
        assert not folder.exists()
        with one_folder(folders[0]) as folder:
            assert folder == folders[0]

    def test_quote(self, folders: list[Path]) -> None:
        metric = ct.load_metrics(doc="b1", path=folders)["metric_id"].iloc[0]
        assert "【3例】" in ct.quote(metric, path=folders).marked

    def test_list(self, folders: list[Path]) -> None:
        listed = ct.list_tables(folders)
        assert list(listed.index) == list(TABLES)
        for name, row in listed.iterrows():
            assert row["n_rows"] == len(ct.load(str(name), path=folders)) and hasattr(ct, row["loader"])
        with pytest.raises(ValueError, match="no table 'metric'; did you mean metrics"):
            ct.load("metric")

    def test_part_files_of_one_table(self, folders: list[Path], tmp_path: Path) -> None:
        for name in TABLES:
            (tmp_path / name).mkdir()
            shutil.copy(folders[0] / f"{name}.parquet", tmp_path / name / "part-0.parquet")
        shutil.copy(folders[1] / "events.parquet", tmp_path / "events" / "part-1.parquet")
        assert len(ct.load_events(path=tmp_path)) == len(ct.load_events(path=folders))

    def test_a_file_is_no_folder(self, folders: list[Path]) -> None:
        with pytest.raises(ValueError, match="is a file; path names the folder"):
            ct.load_metrics(path=folders[0] / "metrics.parquet")
        with pytest.raises(ValueError, match="names no folder"):
            ct.load_metrics(path=[])


class TestFilters:
    def test_unit_status_and_repeats(self, folders: list[Path]) -> None:
        def ids(**filters: Any) -> list[str]:
            return ct.load_metrics(path=folders, doc="b2", **filters)["metric_id"].tolist()

        assert len(ids()) == 3
        assert len(ids(status="planned")) == 1 and len(ids(status=["reported", "planned"])) == 3
        assert ids(unit="CNY") == [] and len(ids(unit="case")) == 3
        with pytest.raises(ValueError, match="unknown status 'said'; the words are reported"):
            ids(status="said")
        with pytest.raises(ValueError, match="unknown unit 'yuan'"):
            ids(unit="yuan")

    @pytest.mark.parametrize("backend", ["pandas", "polars", "polars-lazy", "arrow", "duckdb"])
    def test_search(self, folders: list[Path], backend: Any) -> None:
        def docs(**filters: Any) -> set[str]:
            found = ct.load_events(path=folders, backend=backend, columns=["doc_id"], **filters)
            if backend == "duckdb":
                return {row[0] for row in found.fetchall()}
            column = (found.collect() if backend == "polars-lazy" else found)["doc_id"]
            return set(column.to_pylist() if backend == "arrow" else column)

        every = docs()
        assert docs(search="吉林市新增") == {"b2"}
        assert docs(search=["吉林市新增", "山东"]) == {"a2", "b2"}
        assert every > docs(search="NEW Confirmed") == {"a1", "a2", "b1"}
        assert docs(search="it's 100% not there") == set()

    @pytest.mark.parametrize("backend", ["pandas", "polars", "duckdb"])
    def test_a_word_of_a_topic_finds_headlines_without_their_sentence(self, tmp_path: Path, backend: Any) -> None:
        def extract(article: Article) -> Facts:
            facts = fakes.extract(article)
            return facts._replace(events=[row._replace(category="reopening") for row in facts.events], metrics=[])

        texts = {"a": "2月3日，全市中小学开学。", "b": "2月3日，公交恢复运营。", "c": "2月3日，地铁恢复运营，不是公交。"}
        source = [fakes.article(doc, text, may_republish=doc != "a") for doc, text in texts.items()]
        pipeline.build(source, tmp_path, extract=extract, check=lambda *_: [])

        def found(search: str) -> int:
            return len(ct.load_events(path=tmp_path, search=search, backend=backend))

        assert [found(word) for word in ("schools", "学校", "开学", "复课", "公交", "地铁", "火车")] == [1, 1, 1, 1, 2, 1, 0]

    @pytest.mark.parametrize("search", ["", " ", [], ["聊城", ""]])
    def test_a_search_for_nothing(self, folders: list[Path], search: Any) -> None:
        with pytest.raises(ValueError, match="none of them blank"):
            ct.load_events(path=folders, search=search)

    def test_search_in_figures(self, folders: list[Path]) -> None:
        assert set(ct.load_metrics(path=folders, search="山东新增")["doc_id"]) == {"a2"}

    def test_repeats(self, tmp_path: Path) -> None:
        source = [fakes.article("a", "2月3日，聊城市新增确诊病例2例。2月3日，聊城市新增确诊病例2例。")]
        pipeline.build(source, tmp_path, check=lambda *_: [])
        assert [len(ct.load_metrics(path=tmp_path, repeats=asked)) for asked in (True, False)] == [2, 1]

    def test_an_unknown_filter(self, folders: list[Path]) -> None:
        with pytest.raises(TypeError, match=r"load_events\(\) takes no 'regoin'; did you mean region"):
            ct.load_events(regoin="聊城")  # type: ignore[call-overload]

    def test_the_signature_lists_them(self) -> None:
        import inspect

        names = set(inspect.signature(ct.load_metrics).parameters)
        assert {"region", "indicator", "unit", "status", "search", "repeats", "inside", "start", "end", "doc", "as_of", "collection", "columns", "path", "backend", "verify", "names"} == names

    @pytest.mark.parametrize(
        ("names", "place", "what"), [("zh", "聊城市", "新增确诊病例"), ("en", "Liaocheng", "new confirmed cases")]
    )
    def test_labels(self, names: Any, place: str, what: str, folders: list[Path]) -> None:
        row = ct.load_metrics("聊城", indicator="confirmed_new", path=folders, names=names).iloc[0]
        assert (row["region_label"], row["indicator_label"]) == (place, what)
        frame = ct.load_metrics(path=folders, names=names, columns=["value"])
        assert list(frame.columns) == ["value", "region_label", "indicator_label"]
        wide = ct.load_city_by_date("confirmed_new", region="聊城", wide="regions", names=names, path=folders)
        assert list(wide.columns) == ["date", place]
        with pytest.raises(ValueError, match="names is 'zh' or 'en'"):
            ct.load_events(path=folders, names="fr")  # type: ignore[call-overload]


class TestBackends:
    WHERE = (
        {},
        {"region": "山东", "inside": True},
        {"start": "2020-02-04"},
        {"end": "2020-02-03", "region": "聊城"},
        {"doc": "b1", "indicator": "confirmed_new"},
        {"repeats": False},
        {"region": "北京"},
    )

    @pytest.mark.parametrize("where", WHERE, ids=str)
    def test_all_give_the_same_rows(self, where: dict[str, Any], folders: list[Path]) -> None:
        expected = ct.load_metrics(path=folders, backend="arrow", **where).to_pylist()
        lazy = ct.load_metrics(path=folders, backend="polars-lazy", **where)
        relation = ct.load_metrics(path=folders, backend="duckdb", **where)
        assert isinstance(lazy, pl.LazyFrame) and isinstance(relation, duckdb.DuckDBPyRelation)
        assert lazy.collect().to_dicts() == expected
        relation = relation.order("doc_id, value_char_start")  # of several files, DuckDB keeps no order
        rows = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
        assert rows == sorted(expected, key=lambda row: (row["doc_id"], row["value_char_start"]))

    def test_of_the_tables_by_place_and_day(self, folders: list[Path]) -> None:
        for path in (folders, folders[0]):
            expected = ct.load_city_by_date(path=path, backend="arrow").to_pylist()
            assert ct.load_city_by_date(path=path, backend="polars-lazy").collect().to_dicts() == expected
            assert len(ct.load_city_by_date(path=path, backend="duckdb").fetchall()) == len(expected)

    def test_columns(self, folders: list[Path]) -> None:
        assert ct.load_metrics(path=folders, backend="polars-lazy", columns=["unit"]).collect_schema().names() == ["unit"]
        assert ct.load_metrics(path=folders, backend="duckdb", columns=["unit"]).columns == ["unit"]

    def test_a_library_that_is_not_there(self, folders: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "polars", None)
        with pytest.raises(ModuleNotFoundError, match="backend='polars' needs polars: pip install polars"):
            ct.load_metrics(path=folders, backend="polars")

    @pytest.mark.parametrize("condition", [In("a", ["x", "y'z"]), In("a", []), IsNull("a"), Between("d", None, dt.date(2020, 2, 3), nulls=True), Between("d", dt.date(2020, 2, 3), None), Between("d", dt.date(2020, 2, 3), dt.date(2020, 2, 4), instead="e")])
    def test_conditions(self, condition: Any) -> None:
        days = [None, dt.date(2020, 2, 2), dt.date(2020, 2, 3), dt.date(2020, 2, 9)]
        table = pa.table({"a": ["x", "y'z", None, "z"], "d": pa.array(days, pa.date32()), "e": pa.array(days[::-1], pa.date32())})
        expected = table.filter(condition.mask(table)).to_pylist()
        assert pl.from_arrow(table).filter(condition.polars()).to_dicts() == expected  # type: ignore[union-attr]
        relation = duckdb.from_arrow(table).filter(condition.sql())
        assert [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()] == expected


class TestPlaces:
    @pytest.mark.parametrize(
        ("name", "code"),
        [
            ("Wuhan", "420100"), ("武汉", "420100"), ("武汉市", "420100"), ("wuhan city", "420100"), ("Xi’an", "610100"),
            ("Xi'an", "610100"), ("Shandong Province", "370000"), (" Liaocheng  City ", "371500"), ("371500", "371500"),
            ("Guangxi Zhuang Autonomous Region", "450000"), ("Jilin", "220000"), ("Xiangxi Tujia and Miao Autonomous Prefecture", "433100"), ("Hong Kong", "810000"),
        ],
    )  # fmt: skip
    def test_names(self, name: str, code: str) -> None:
        assert place_code(name) == code

    @pytest.mark.parametrize("name", ["Atlantis City", "朝阳区", "", "Province"])
    def test_no_such_place(self, name: str) -> None:
        with pytest.raises(ValueError, match="place"):
            place_code(name)

    def test_namesakes(self) -> None:
        assert "220200" in namesakes("吉林") and "220200" in namesakes("Jilin")
        assert namesakes("371500") == []


class TestDays:
    @pytest.mark.parametrize(
        "value",
        ["2020-02-01", "2020/2/1", "1 Feb 2020", "20200201", dt.date(2020, 2, 1), dt.datetime(2020, 2, 1, 9), pd.Timestamp(2020, 2, 1), np.datetime64("2020-02-01"), "2020-02-01T09:00", "2020-01-31T20:00:00Z"],  # noqa: DTZ001
        ids=str,
    )
    def test_as_pandas_takes_them(self, value: Any) -> None:
        assert parse_day("start", value) == dt.date(2020, 2, 1)

    @pytest.mark.parametrize("value", ["2020-13-01", "soon", "", 20200201, None, pd.NaT, float("nan"), [1]], ids=str)
    def test_no_day(self, value: Any) -> None:
        with pytest.raises(ValueError, match=r"start=.* is not a date; write it as 2020-01-25"):
            parse_day("start", value)

    @pytest.mark.parametrize(
        ("value", "hour"), [("2020-02-01", 23), ("2020/2/1", 23), (dt.date(2020, 2, 1), 23), ("2020-02-01 00:00", 0), ("2020-02-01T09:30", 9)]
    )
    def test_a_day_means_all_of_it(self, value: Any, hour: int) -> None:
        assert parse_moment("as_of", value, end_of_day=True).hour == hour


class TestNothingFound:
    def told(self, folders: list[Path], **filters: Any) -> list[str]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            load = filters.pop("load", ct.load_city_by_date)
            assert len(load(path=folders, **filters)) == 0
        assert all(one.category is ct.EmptyResultWarning and one.filename == __file__ for one in caught)
        return [str(one.message) for one in caught]

    def test_inside(self, folders: list[Path]) -> None:
        (told,) = self.told(folders, region="吉林", load=ct.load_events)
        assert "1 row of places in it: inside=True" in told and "1 row of 吉林省吉林市: region='220200'" in told

    def test_at_another_level(self, folders: list[Path]) -> None:
        (told,) = self.told(folders, region="聊城", level="county", indicator="confirmed_new")
        assert "1 row at another level than the one asked for" in told

    def test_of_a_moment(self, tmp_path: Path) -> None:
        def noon(article: Article) -> Facts:
            facts = fakes.extract(article)
            return facts._replace(metrics=[row._replace(time_end="12:00") for row in facts.metrics])

        pipeline.build([fakes.article("a")], tmp_path, extract=noon, check=lambda *_: [])
        (told,) = self.told([tmp_path], region="聊城", indicator="confirmed_cumulative")
        assert told == "nothing of 聊城 in city_by_date; there are 1 row of a moment before the day's end: load_city_intraday"

    def test_nowhere(self, folders: list[Path]) -> None:
        assert self.told(folders, region="北京") == []
        assert Dataset(folders).folders == folders
