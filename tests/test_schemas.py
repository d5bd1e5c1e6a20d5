"""The public models: what is loaded keeps them, what is altered does not, and `validate` says the same."""

from __future__ import annotations

import builtins
import io
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest

import covid_timeline as ct
import tools
from covid_timeline import schemas
from covid_timeline.checks import models
from covid_timeline.checks.command import run_validate
from covid_timeline.checks.files import validate
from covid_timeline.checks.run import check_tables
from covid_timeline.pipeline import build
from covid_timeline.tables.frames import to_frame
from covid_timeline.tables.schema import TABLES
from tests import fakes
from tests.world import World

pa: Any = models.pandera()
from pandera.typing import DataFrame  # noqa: E402  (after the warnings that its import makes)


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return {name: to_frame(table) for name, table in World().build().items()}


def cell(column: str, value: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        out = frame.copy()
        out.loc[out.index[3], column] = value
        return out

    return change


ALTERED: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = {
    "infinite": (cell("value", np.inf), "finite"),
    "NaN": (cell("value", np.nan), "nulls"),
    "ten times": (cell("value", 380.0), "value_rereads"),
    "negative": (cell("value", -38.0), "not_negative"),
    "unknown unit": (cell("unit", "cases"), "vocabulary"),
    "unknown indicator": (cell("indicator", "confirmed"), "vocabulary"),
    "unit that does not fit": (cell("unit", "CNY"), "unit_fits_indicator"),
    "short code": (cell("region_code", "3715"), "pattern"),
    "line break in a code": (cell("region_code", "371500\n"), "pattern"),
    "no such time": (cell("time_end", "25:00"), "pattern"),
    "null where none may be": (cell("indicator", None), "nulls"),
    "key stated twice": (cell("metric_id", "a:new"), "key_unique"),
    "negative offset": (cell("char_start", -1), "minimum"),
    "span that ends before it starts": (cell("char_end", 1), "span_order"),
    "span off by one": (lambda f: f.assign(char_end=f["char_end"] + 1), "quote_length"),
    "days the wrong way round": (cell("date_start", pd.Timestamp("2020-02-09")), "date_order"),
    "a time of day": (cell("date_end", pd.Timestamp("2020-02-03 05:00")), "types"),
    "extra column": (lambda f: f.assign(note="x"), "columns"),
    "missing column": (lambda f: f.drop(columns="trace"), "columns"),
    "column order": (lambda f: f[f.columns[::-1]], "column_order"),
    "column twice": (lambda f: pd.concat([f, f[["rule"]]], axis=1), "columns"),
    "category": (lambda f: f.assign(unit=f["unit"].astype("category")), "types"),
    "Python dates": (lambda f: f.assign(date_end=f["date_end"].dt.date), "types"),
    "dates with a zone": (lambda f: f.assign(date_end=f["date_end"].dt.tz_localize("Asia/Shanghai")), "types"),
    "objects that are yes and no": (lambda f: f.assign(is_correction=f["is_correction"].astype(object)), "types"),
    "whole numbers for a value": (lambda f: f.assign(value=f["value"].astype("int64")), "types"),
    "days as text": (lambda f: f.assign(date_end="2020-02-03"), "types"),
    "numbers as text": (lambda f: f.assign(value=f["value"].astype(str)), "types"),
}


class TestModels:
    @pytest.mark.parametrize("name", TABLES)
    def test_sound_frames_keep_them(self, name: str, tables: dict[str, pd.DataFrame]) -> None:
        frame = tables[name]
        schemas.model(name).validate(frame, lazy=True)
        stored = io.BytesIO()
        frame.to_parquet(stored)
        schemas.model(name).validate(pd.read_parquet(stored), lazy=True)
        schemas.validate(World().build()[name], name)
        given = pl.from_arrow(World().build()[name])
        assert schemas.validate(given, name) is given

    @pytest.mark.parametrize("what", ALTERED)
    def test_altered_frames_do_not(self, what: str, tables: dict[str, pd.DataFrame]) -> None:
        alter, check = ALTERED[what]
        frame = alter(tables["metrics"].drop(columns=[]))
        with pytest.raises((pa.errors.SchemaErrors, pa.errors.SchemaError)):
            schemas.Metrics.validate(frame, lazy=True)
        report = check_tables({"metrics": frame}, stages=["schema", "keys", "rows"])
        told = [o for o in report.failures if o.check == f"metrics.{check}"]
        assert report.exit_code == 1 and told, str(report)
        assert told[0].samples[0].row and told[0].samples[0].found

    def test_an_empty_table_is_no_proof(self, tables: dict[str, pd.DataFrame]) -> None:
        assert check_tables({"metrics": tables["metrics"].head(0)}).exit_code == 4

    def test_every_failing_row_is_named(self, tables: dict[str, pd.DataFrame]) -> None:
        frame = cell("unit", "CNY")(cell("value", 1.5)(tables["metrics"]))
        with pytest.raises(pa.errors.SchemaErrors) as caught:
            schemas.Metrics.validate(frame, lazy=True)
        cases = caught.value.failure_cases
        assert {(row.column, row.failure_case, int(row.index)) for row in cases.itertuples(index=False)} >= {("unit", "CNY", 3)}
        assert set(cases["index"]) == {3}

    def test_check_types(self, tables: dict[str, pd.DataFrame]) -> None:
        def first(frame: DataFrame[schemas.Metrics]) -> DataFrame[schemas.Metrics]:
            return frame.head(1)

        checked = pa.check_types(first)
        assert len(checked(tables["metrics"])) == 1
        with pytest.raises(pa.errors.SchemaError):
            checked(cell("unit", "cases")(tables["metrics"]))

    def test_yaml_and_json_keep_types_and_rules(self, tables: dict[str, pd.DataFrame]) -> None:
        tools.module("yaml", "python -m pip install pyyaml")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = [schemas.Metrics.from_yaml(schemas.Metrics.to_yaml()), schemas.Metrics.from_json(schemas.Metrics.to_json())]
        for schema in made:
            kinds = {name: str(kind) for name, kind in schema.dtypes.items()}
            assert (kinds["value"], kinds["char_start"], kinds["date_end"][:10], kinds["is_correction"]) == ("float64", "int64", "datetime64", "bool")
            assert {"metrics_unit_fits_indicator", "metrics_value_rereads"} <= {check.name for check in schema.checks}
            assert {check.name for check in schema.columns["region_code"].checks} == {"full_match"}

    def test_unknown_names(self) -> None:
        with pytest.raises(AttributeError, match="there are Documents"):
            schemas.Cities  # noqa: B018
        with pytest.raises(KeyError):
            schemas.model("cities")
        with pytest.raises(ValueError, match="is a list; pandas, Polars and Arrow"):
            schemas.validate([1], "metrics")


class TestPublishedTables:
    @pytest.mark.parametrize("name", TABLES)
    def test_loaded_frames_keep_them(self, name: str) -> None:
        load = getattr(ct, f"load_{name}")
        frame = load()
        schemas.model(name).validate(frame, lazy=True)
        schemas.validate(load(backend="polars"), name)
        if len(frame) >= 3:
            assert len(schemas.model(name).validate(schemas.model(name).example(size=3))) == 3

    @pytest.mark.parametrize("form", ["pandas", "polars", "csv", "csv of polars"])
    def test_load_save_validate(self, tmp_path: Path, form: str) -> None:
        frame = ct.load_metrics("聊城", collection="articles", backend="polars" if "polars" in form else "pandas")
        path = tmp_path / f"metrics.{'csv' if 'csv' in form else 'parquet'}"
        match form:
            case "pandas":
                frame.to_parquet(path)
            case "csv":
                frame.to_csv(path, index=False)
            case "polars":
                frame.write_parquet(path)
            case _:
                frame.write_csv(path)
        report = validate(path)
        assert report.verdict == "valid", str(report)
        assert report.rows == {"metrics": len(frame)}


class TestWithoutPandera:
    """One clear sentence, never a verdict."""

    @pytest.fixture(autouse=True)
    def gone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = builtins.__import__

        def fails(name: str, *rest: Any, **more: Any) -> Any:
            if name.partition(".")[0] == "pandera":
                raise ImportError("No module named 'pandera'")
            return real(name, *rest, **more)

        for name in [name for name in sys.modules if name.partition(".")[0] == "pandera"]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setattr(builtins, "__import__", fails)
        models.pandera.cache_clear()
        models.model.cache_clear()

    def test_validate(self, tmp_path: Path) -> None:
        out, err = io.StringIO(), io.StringIO()
        pq.write_table(World().build()["metrics"], tmp_path / "metrics.parquet")
        assert run_validate([tmp_path], stdout=out, stderr=err, environ={}) == 3
        assert err.getvalue().startswith("error: tables are checked with pandera, which cannot be imported") and out.getvalue() == ""

    def test_build(self, tmp_path: Path) -> None:
        with pytest.raises(ImportError, match="install it: pip install pandera"):
            build([fakes.article("a")], tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_models(self) -> None:
        with pytest.raises(ImportError, match="pandera"):
            schemas.Metrics  # noqa: B018
