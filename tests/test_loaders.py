"""The loaders: filters, backends, wide forms, the sentence behind a row, and errors that help."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fakes
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import covid_timeline as ct
from covid_timeline import loaders, pipeline
from covid_timeline.tables import manifest
from covid_timeline.tables.manifest import ChecksumError
from covid_timeline.tables.schema import TABLES

TEXTS = {
    "b1": ("371500", 4, "2月3日，聊城新增2例，累计15例。另有7个。"),
    "b2": ("371500", 5, "2月4日，聊城新增1例，累计16例。"),
    "b3": ("370000", 5, "2月4日，山东新增30例，累计300例。"),
    "b4": ("420100", 9, "2月8日，武汉新增1000例，累计14982例。"),
    "shut": ("371500", 6, "2月5日，聊城新增0例，累计16例。"),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("built")
    articles = [
        fakes.article(doc, text, region=region, day=day, may_republish=doc != "shut")
        for doc, (region, day, text) in TEXTS.items()
    ]
    report = pipeline.build(articles, out, extract=fakes.extract, check=lambda *_: [])
    assert report.published
    return out


def docs(table: pa.Table) -> list[str]:
    return sorted(set(table.column("doc_id").to_pylist()))


class TestFilters:
    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            ({}, ["b1", "b2", "b3", "b4", "shut"]),
            ({"region": "聊城"}, ["b1", "b2", "shut"]),
            ({"region": "聊城市"}, ["b1", "b2", "shut"]),
            ({"region": "Liaocheng"}, ["b1", "b2", "shut"]),
            ({"region": "371500"}, ["b1", "b2", "shut"]),
            ({"region": "山东"}, ["b3"]),
            ({"region": "山东省", "inside": True}, ["b1", "b2", "b3", "shut"]),
            ({"region": ["山东", "武汉"]}, ["b3", "b4"]),
            ({"region": "100000", "inside": True}, ["b1", "b2", "b3", "b4", "shut"]),
            ({"region": "北京"}, []),
            ({"doc": "b2"}, ["b2"]),
            ({"doc": ["b2", "b4"], "region": "武汉"}, ["b4"]),
            ({"start": "2020-02-04", "end": "2020-02-05"}, ["b2", "b3", "shut"]),
            ({"start": dt.date(2020, 2, 8)}, ["b4"]),
            ({"end": dt.datetime(2020, 2, 3, 12)}, ["b1"]),  # noqa: DTZ001
            ({"start": "2020-03-01"}, []),
            ({"as_of": "2020-02-05"}, ["b1", "b2", "b3"]),
            ({"as_of": "2020-02-05T09:00"}, ["b1"]),
            ({"as_of": "2019-12-31"}, []),
        ],
    )
    def test_rows(self, filters: dict[str, object], expected: list[str], built: Path) -> None:
        for one in (ct.load_events, ct.load_metrics):
            assert docs(one(path=built, backend="arrow", **filters)) == expected  # type: ignore[operator]

    def test_words(self, built: Path) -> None:
        metrics = ct.load_metrics(path=built, indicator="confirmed_new", backend="arrow")
        assert set(metrics.column("indicator").to_pylist()) == {"confirmed_new"} and len(metrics) == 5
        assert len(ct.load_events(path=built, category=["containment", "case_report"])) == 5
        assert len(ct.load_events(path=built, category="containment")) == 0

    def test_columns(self, built: Path) -> None:
        frame = ct.load_metrics(path=built, region="武汉", columns=["value", "date_end"])
        assert list(frame.columns) == ["value", "date_end"] and len(frame) == 2

    def test_other_tables(self, built: Path) -> None:
        assert docs(ct.load_documents("聊城", path=built, backend="arrow")) == ["b1", "b2", "shut"]
        assert docs(ct.load_documents(path=built, start="2020-02-09", backend="arrow")) == ["b4"]
        assert docs(ct.load_dates(path=built, end="2020-02-03", backend="arrow")) == ["b1"]
        assert docs(ct.load_rejected(path=built, backend="arrow")) == ["b1"]

    def test_regions(self, built: Path) -> None:
        inside = ct.load_regions("聊城", inside=True, path=built, backend="arrow").to_pylist()
        assert {"371500", "371502", "371521"} <= {row["region_code"] for row in inside}
        assert all(row["region_code"].startswith("3715") for row in inside)
        cities = ct.load_regions("山东", inside=True, level="prefecture", on="2020-03-31", path=built)
        assert "济南市" in cities["name"].tolist() and "莱芜市" not in cities["name"].tolist()

    def test_pruned_row_groups_give_the_same_rows(self, built: Path, tmp_path: Path) -> None:
        """One row a group: statistics decide which groups are read."""
        import pyarrow.parquet as pq

        for name in ("metrics", "documents", "regions"):
            table = pq.ParquetFile(built / f"{name}.parquet").read()
            pq.write_table(
                table, tmp_path / f"{name}.parquet", row_group_size=1 if name == "metrics" else 9999
            )
        for filters in (
            {"doc": "b2"},
            {"region": "聊城", "start": "2020-02-04"},
            {"end": "2020-02-03"},
            {"doc": ()},
        ):
            one, many = (ct.load_metrics(path=path, backend="arrow", **filters) for path in (built, tmp_path))
            assert one.to_pylist() == many.to_pylist()

    def test_a_figure_without_a_start_counts_for_its_last_day(self, built: Path) -> None:
        rows = ct.load_metrics(
            path=built, indicator="confirmed_cumulative", end="2020-02-04", backend="arrow"
        )
        assert docs(rows) == ["b1", "b2", "b3"]


class TestErrors:
    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda p: ct.load_events("聊成市", path=p), "聊成市.*聊城市"),
            (
                lambda p: ct.load_metrics(indicator="confirmd_new", path=p),
                "indicator 'confirmd_new'.*confirmed_new",
            ),
            (lambda p: ct.load_metrics(indicator="新增确诊", path=p), "did you mean confirmed_new"),
            (
                lambda p: ct.load_events(category="xyz", path=p),
                "category 'xyz'; the words are response_level",
            ),
            (lambda p: ct.load_events(doc="b22", path=p), "document 'b22'; did you mean b2"),
            (lambda p: ct.load_events(start="2020-13-01", path=p), "start='2020-13-01' is not a date"),
            (
                lambda p: ct.load_events(start="2020-02-02", end="2020-02-01", path=p),
                "start 2020-02-02 is after end",
            ),
            (lambda p: ct.load_events(path=p, backend="panda"), "backend 'panda'; did you mean pandas"),
            (
                lambda p: ct.load_events(path=p, columns=["categry"]),
                "events has no column 'categry'.*category",
            ),
            (lambda p: ct.load_city_by_date(level="city", path=p), "region_level 'city'"),
            (lambda p: ct.load_city_by_date(path=p, wide="regions"), "exactly one indicator"),
            (lambda p: ct.quote("b1:m99", path=p), "no row has the id 'b1:m99'; did you mean b1:m"),
            (lambda p: ct.quote("nonsense", path=p), "ids look like"),
        ],
    )
    def test_near_matches_are_named(self, call: object, message: str, built: Path) -> None:
        with pytest.raises(ValueError, match=message):
            call(built)  # type: ignore[operator]

    def test_no_tables_there(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match="the output of a build"):
            ct.load_events(path=tmp_path)

    def test_a_damaged_file(self, built: Path, tmp_path: Path) -> None:
        for path in built.iterdir():
            (tmp_path / path.name).write_bytes(path.read_bytes())
        data = bytearray((tmp_path / "events.parquet").read_bytes())
        data[50] ^= 1
        (tmp_path / "events.parquet").write_bytes(data)
        with pytest.raises(ChecksumError, match="SHA-256"):
            ct.load_events(path=tmp_path)


class TestBackends:
    def test_pandas(self, built: Path) -> None:
        frame = ct.load_metrics(path=built)
        assert isinstance(frame, pd.DataFrame)
        assert frame["date_end"].dtype == "datetime64[us]" and frame["value"].dtype == "float64"
        assert ct.load_documents(path=built)["published_at"].dt.hour.tolist() == [9] * 5
        assert frame.attrs["columns"]["value"]["description"].startswith("The figure")
        assert frame.attrs["schema_version"] == ct.SCHEMA_VERSION

    def test_polars(self, built: Path) -> None:
        frame = ct.load_metrics(path=built, backend="polars")
        assert frame.schema["date_end"] == pl.Date and frame.schema["unit"] == pl.String
        assert frame.height == 10

    def test_arrow(self, built: Path) -> None:
        assert ct.load_metrics(path=built, backend="arrow").schema.names == TABLES["metrics"].names

    def test_all_agree(self, built: Path) -> None:
        arrow = ct.load_metrics(path=built, backend="arrow").to_pylist()
        assert ct.load_metrics(path=built, backend="polars").to_dicts() == arrow
        frame = ct.load_metrics(path=built)
        assert frame["value"].tolist() == [row["value"] for row in arrow]
        assert [day.date() for day in frame["date_end"]] == [row["date_end"] for row in arrow]


BREAK = (
    ("hubei_before", "420000", 11, "2月10日，湖北累计100例。"),
    ("hubei_after", "420000", 14, "2月13日，湖北累计200例。"),
    ("wuhan_before", "420100", 11, "2月10日，武汉累计80例。"),
    ("wuhan_after", "420100", 14, "2月13日，武汉累计180例。"),
    ("elsewhere", "371500", 14, "2月13日，聊城累计16例。"),
)


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Series of Hubei that go over 2020-02-12, when it began to count clinically diagnosed cases."""
    out = tmp_path_factory.mktemp("broken")
    source = [fakes.article(doc, text, region=region, day=day) for doc, region, day, text in BREAK]
    pipeline.build(source, out, extract=fakes.extract, check=lambda *_: [])
    return out


class TestCityByDate:
    def test_long(self, built: Path) -> None:
        rows = ct.load_city_by_date("confirmed_cumulative", path=built, backend="arrow").to_pylist()
        got = {(row["region_code"], str(row["date"])): row["value"] for row in rows}
        assert got == {
            ("370000", "2020-02-04"): 300,
            ("371500", "2020-02-03"): 15,
            ("371500", "2020-02-04"): 16,
            ("371500", "2020-02-05"): 16,
            ("420100", "2020-02-08"): 14982,
        }

    def test_wide(self, built: Path) -> None:
        frame = ct.load_city_by_date(path=built, region="聊城", wide=True)
        assert list(frame.columns)[-2:] == ["confirmed_new", "confirmed_cumulative"]
        assert frame["confirmed_new"].tolist() == [2, 1, 0] and frame["region_code"].nunique() == 1

    def test_wide_has_the_columns_that_were_asked_for(self, built: Path) -> None:
        frame = ct.load_city_by_date(["deaths_new", "confirmed_new"], path=built, level="province", wide=True)
        assert list(frame.columns)[2:] == ["region_name", "region_level", "deaths_new", "confirmed_new"]
        assert frame["deaths_new"].isna().all()

    def test_a_column_for_each_place(self, built: Path) -> None:
        frame = ct.load_city_by_date("confirmed_cumulative", level="prefecture", path=built, wide="regions")
        assert list(frame.columns) == ["date", "371500", "420100"]
        assert frame["371500"].tolist()[:3] == [15, 16, 16]

    def test_filters(self, built: Path) -> None:
        table = ct.load_city_by_date(
            "confirmed_new", region="山东", inside=True, start="2020-02-04", path=built, backend="arrow"
        )
        assert table.column("value").to_pylist() == [30, 1, 0]

    def test_coverage_and_intraday(self, built: Path) -> None:
        rows = ct.load_coverage("聊城", path=built, start="2020-02-04", backend="arrow").to_pylist()
        # The 4th: one bulletin states figures of the day, another was published on it.
        assert [(str(row["date"]), row["n_documents"]) for row in rows][:2] == [
            ("2020-02-04", 2),
            ("2020-02-05", 2),
        ]
        assert len(ct.load_city_intraday("confirmed_new", path=built, region="聊城", level="prefecture")) == 0

    @pytest.mark.parametrize(
        ("filters", "series"),
        [
            ({"region": "420000"}, ["420000"]),
            ({"region": "武汉"}, ["420100"]),  # a city of the province
            ({}, ["420000", "420100"]),
            ({"region": "聊城"}, []),
            ({"start": "2020-02-12"}, []),
            ({"end": "2020-02-11"}, []),
            ({"indicator": "confirmed_new"}, []),
        ],
    )
    def test_a_break_of_definition_is_told(self, filters: dict[str, Any], series: list[str], broken: Path) -> None:
        where = {"indicator": "confirmed_cumulative", "path": broken} | filters
        told = ct.load_city_by_date(**where).attrs["breaks"]
        assert [(one["region_code"], one["date"]) for one in told] == [("420000", "2020-02-12")] * bool(series)
        assert [code for one in told for code, _ in one["series"]] == series
        json.dumps(told)
        for wide in (True, "regions"):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                ct.load_city_by_date(**where, wide=wide)
            assert [one.category for one in caught] == [ct.DefinitionBreakWarning] * bool(series)
            assert all(one.filename == __file__ and "临床诊断" in str(one.message) for one in caught)

    def test_what_is_no_plot_is_not_warned_of(self, broken: Path) -> None:
        """An error here would be the suite's own: it turns warnings into errors."""
        assert ct.load_city_by_date(path=broken, wide=True).attrs["breaks"]
        assert ct.load_city_by_date("confirmed_cumulative", path=broken, backend="arrow").num_rows == 5

    def test_as_of(self, built: Path) -> None:
        table = ct.load_city_by_date("confirmed_new", as_of="2020-02-05", path=built, backend="arrow")
        assert {str(day) for day in table.column("date").to_pylist()} == {"2020-02-03", "2020-02-04"}


class TestQuote:
    def metric(self, built: Path, doc: str) -> str:
        return ct.load_metrics(path=built, doc=doc, backend="arrow").column("metric_id").to_pylist()[0]

    def test_a_figure(self, built: Path) -> None:
        found = ct.quote(self.metric(built, "b1"), path=built)
        assert found.marked == "2月3日，聊城新增【2例】，累计15例。"
        assert found.sentence == "2月3日，聊城新增2例，累计15例。"
        assert found.url == "https://example.org/b1" and found.rule == "fake.case"
        shown = str(found)
        for part in (
            "【2例】",
            "confirmed_new",
            "2 case",
            "2020-02-03",
            "聊城日报",
            "https://example.org/b1",
            "fake.case",
        ):
            assert part in shown
        assert repr(found) == shown

    def test_an_event(self, built: Path) -> None:
        row = ct.load_events(path=built, doc="b1", backend="arrow").to_pylist()[0]
        assert ct.quote(row["event_id"], path=built).marked.startswith("【2月3日】，聊城")

    def test_a_sentence_that_may_not_be_republished(self, built: Path) -> None:
        found = ct.quote(self.metric(built, "shut"), path=built)
        assert found.sentence is None and "may not be republished" in found.marked
        assert found._repr_html_()

    def test_text_from_an_article_is_escaped(self) -> None:
        hostile = loaders.Quote(
            id="x", sentence="<script>", marked="<script>【1例】\x1b[31m\u202e\n", fact="<b>", doc_id="x", title="<i>",
            source='"', published_at=None, url="javascript:alert(1)", char_start=0, char_end=1, rule="r",
        )  # fmt: skip
        html = hostile._repr_html_()
        assert "<script>" not in html and "javascript" not in html and "<mark>1例</mark>" in html
        assert "\x1b" not in str(hostile) and "\u202e" not in str(hostile)


class TestImport:
    SCRIPT = "import sys, covid_timeline; print(sorted(m for m in sys.modules if m.partition('.')[0] in {'pandas', 'pyarrow', 'numpy', 'polars', 'pandera', 'dateparser', 'opencc'}))"

    def test_nothing_heavy(self) -> None:
        done = subprocess.run(
            [sys.executable, "-c", self.SCRIPT],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parent.parent,
        )
        assert done.stdout.strip() == "[]"

    def test_every_public_name_is_there(self) -> None:
        assert set(ct.__all__) <= set(dir(ct))
        for name in ct.__all__:
            assert getattr(ct, name) is not None

    def test_no_other_name(self) -> None:
        with pytest.raises(AttributeError, match="no attribute 'load_cities'"):
            ct.load_cities  # noqa: B018


class TestDataPath:
    @pytest.fixture
    def committed(self) -> Iterator[Path]:
        path = manifest.data_path()
        if not (path / "manifest.json").exists():
            pytest.skip("no tables are committed yet")
        yield path

    def test_the_committed_tables_load(self, committed: Path) -> None:
        manifests = [json.loads((one / "manifest.json").read_text(encoding="utf-8")) for one in manifest.data_paths()]
        assert len(ct.load_events()) == sum(one["files"]["events.parquet"]["rows"] for one in manifests)
        assert len(manifests) == 2 and committed in manifest.data_paths()
        assert len(ct.load_city_by_date(wide=True)) > 0

    def test_from_an_installed_package(self, built: Path, tmp_path: Path) -> None:
        """As in a wheel: the tables lie inside the package, and nothing of the checkout is near."""
        import shutil

        package = Path(ct.__file__).parent
        shutil.copytree(
            package, tmp_path / "covid_timeline", ignore=shutil.ignore_patterns("__pycache__", "data")
        )
        shutil.copytree(built, tmp_path / "covid_timeline" / "data")
        script = "import covid_timeline as ct; print(ct.__file__, len(ct.load_metrics(backend='arrow')))"
        env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path, env=env
        )
        assert done.stdout.split() == [str(tmp_path / "covid_timeline" / "__init__.py"), "10"]
