"""A small sound set of tables, and the damage that proves each check."""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from covid_timeline.tables.manifest import MANIFEST
from covid_timeline.tables.schema import SCHEMA_VERSION, TABLES, VOCABULARIES, Table, arrow_schema


class World:
    """A small sound set of tables with its texts, which the samples of a check then damage."""

    def __init__(self) -> None:
        self.rows, self.texts = _sound()
        self.later: list[Callable[[dict[str, pa.Table]], None]] = []  # on the Arrow tables
        self.on_disk: list[Callable[[Path], None]] = []  # on the folder they are written to
        self.reference_texts: dict[str, str] | None = None

    def build(self) -> dict[str, pa.Table]:
        """The tables, damaged."""
        tables = {name: pa.Table.from_pylist(rows, schema=relaxed(name)) for name, rows in self.rows.items()}
        for step in self.later:
            step(tables)
        return tables


@cache
def relaxed(name: str) -> pa.Schema:
    """The schema of a table, nulls allowed everywhere, so that a sample can break the rule."""
    schema = arrow_schema(name)
    return pa.schema([f.with_nullable(True) for f in schema], metadata=schema.metadata)


Step = Callable[[World], None]


def set_(table: str, row: int, /, **changes: Any) -> Step:
    return lambda world: world.rows[table][row].update(changes)


def add(table: str, like: int, /, **changes: Any) -> Step:
    return lambda world: world.rows[table].append({**world.rows[table][like], **changes})


def withhold(table: str) -> Step:
    """Take the article's words out of every row."""
    words = {c.name: None for c in TABLES[table].columns if c.withheld}

    def damage(world: World) -> None:
        for row in world.rows[table]:
            row.update(words)

    return damage


def drop(table: str, column: str) -> Step:
    def damage(tables: dict[str, pa.Table]) -> None:
        tables[table] = tables[table].drop_columns([column])

    return lambda world: world.later.append(damage)


def retype(table: str, column: str, kind: pa.DataType) -> Step:
    def damage(tables: dict[str, pa.Table]) -> None:
        at = tables[table].schema.get_field_index(column)
        cast = tables[table].column(column).cast(kind, safe=False)
        tables[table] = tables[table].set_column(at, column, cast)

    return lambda world: world.later.append(damage)


def append_column(table: str, name: str) -> Step:
    def damage(tables: dict[str, pa.Table]) -> None:
        tables[table] = tables[table].append_column(name, pa.nulls(len(tables[table]), pa.string()))

    return lambda world: world.later.append(damage)


def swap_columns(table: str) -> Step:
    """The first two columns in each other's place."""

    def damage(tables: dict[str, pa.Table]) -> None:
        first, second, *others = tables[table].schema.names
        tables[table] = tables[table].select([second, first, *others])

    return lambda world: world.later.append(damage)


def on_disk(table: str, damage: Callable[[Path], None]) -> Step:
    return lambda world: world.on_disk.append(lambda folder: damage(folder / f"{table}.parquet"))


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-6] ^= 0xFF  # in the length of the footer or beside it: wherever it is, the checksum must say so
    path.write_bytes(data)


def flip_quietly(path: Path) -> None:
    """One flipped byte that leaves the file readable: the version name at the end of the footer."""
    data = bytearray(path.read_bytes())
    at = data.rindex(b"parquet-cpp-arrow")
    data[at] ^= 0x20
    path.write_bytes(data)


def rename_all(path: Path) -> None:
    """A file whose columns are those of no table, under a name that is none."""
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    pq.write_table(table.rename_columns([f"my_{name}" for name in table.schema.names]).replace_schema_metadata(None), path.parent / "mine.parquet")
    path.unlink()


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def rewrite_fewer_rows(path: Path) -> None:
    """A sound file with a row less, and a manifest that follows it in size and checksum only."""
    import pyarrow.parquet as pq

    pq.write_table(pq.read_table(path).slice(1), path)
    manifest = json.loads((path.parent / MANIFEST).read_text(encoding="utf-8"))
    data = path.read_bytes()
    manifest["files"][path.name] |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (path.parent / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def newer(path: Path) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    meta = {**(table.schema.metadata or {}), b"schema_version": b"99.0.0"}
    pq.write_table(table.replace_schema_metadata(meta), path)


def write_world(world: World, folder: Path) -> None:
    """Write the tables with a manifest, then damage the folder."""
    import pyarrow.parquet as pq

    files = {}
    for name, table in world.build().items():
        path = folder / f"{name}.parquet"
        pq.write_table(table, path, write_page_checksum=True)
        data = path.read_bytes()
        files[path.name] = {
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "rows": len(table),
        }
    (folder / MANIFEST).write_text(
        json.dumps({"schema_version": SCHEMA_VERSION, "files": files}), encoding="utf-8"
    )
    for damage in world.on_disk:
        damage(folder)


TEXT_A = (
    "聊城日报2020年2月4日讯 2月3日0-24时,全市新增确诊病例3例,东昌府区2例、临清市1例。"
    "截至2月3日24时,全市累计确诊病例38例,治愈出院20例,死亡1例,治愈率52.6%。"
)
TEXT_B = "截至2月4日24时,聊城市累计确诊病例40例,男性22例,女性18例。市民可拨打12345。"

# Rows of `metrics` in the sample: (id, document, value as quoted, value, unit, indicator, measure, whole, region, clause)
_FIGURES: tuple[tuple[str, str, str, float, str, str, str, str | None, str, str], ...] = (
    ("a:new", "a", "3例", 3, "case", "confirmed_new", "确诊病例", None, "371500", "全市新增确诊病例3例"),
    ("a:part1", "a", "2例", 2, "case", "confirmed_new", "确诊病例", "a:new", "371502", "东昌府区2例"),
    ("a:part2", "a", "1例", 1, "case", "confirmed_new", "确诊病例", "a:new", "371581", "临清市1例"),
    (
        "a:cum",
        "a",
        "38例",
        38,
        "case",
        "confirmed_cumulative",
        "确诊病例",
        None,
        "371500",
        "全市累计确诊病例38例",
    ),
    ("a:rec", "a", "20例", 20, "case", "recovered_cumulative", "治愈出院", None, "371500", "治愈出院20例"),
    ("a:dead", "a", "1例", 1, "case", "deaths_cumulative", "死亡", None, "371500", "死亡1例"),
    ("a:rate", "a", "52.6%", 52.6, "percent", "recovery_rate", "治愈率", None, "371500", "治愈率52.6%"),
    (
        "b:cum",
        "b",
        "40例",
        40,
        "case",
        "confirmed_cumulative",
        "确诊病例",
        None,
        "371500",
        "聊城市累计确诊病例40例",
    ),
    ("b:men", "b", "22例", 22, "case", "other", "男性", "b:cum", "371500", "男性22例"),
    ("b:women", "b", "18例", 18, "case", "other", "女性", "b:cum", "371500", "女性18例"),
)
_NAMES = {
    "100000": ("中国", "country", None),
    "370000": ("山东省", "province", "100000"),
    "371500": ("聊城市", "prefecture", "370000"),
    "371502": ("东昌府区", "county", "371500"),
    "371581": ("临清市", "county", "371500"),
}


def template(table: Table) -> dict[str, Any]:
    """A row of a table in which every column that may not be null has some lawful value."""
    plain: dict[str, Any] = {
        "string": "x", "bool": False, "int64": 1, "float64": 1.0, "date32": dt.date(2020, 2, 3),
        "timestamp[us]": dt.datetime.fromisoformat("2020-02-03"),
    }  # fmt: skip
    row: dict[str, Any] = {}
    for column in table.columns:
        words, pattern = column.field.vocabulary, column.field.pattern
        if column.nullable:
            row[column.name] = None
        elif words:
            row[column.name] = next(iter(VOCABULARIES[words]))
        elif pattern and re.match(pattern, "12:00"):
            row[column.name] = "12:00"
        else:
            row[column.name] = plain[column.type]
    return row


def _sound() -> tuple[dict[str, list[dict[str, Any]]], dict[str, str]]:
    return copy.deepcopy(_sound_once()[0]), dict(_sound_once()[1])


@lru_cache(maxsize=1)
def _sound_once() -> tuple[dict[str, list[dict[str, Any]]], dict[str, str]]:
    """Tables without a fault, made of invented sentences, and the sentences."""
    texts = {"a": TEXT_A, "b": TEXT_B}
    days = {"a": dt.date(2020, 2, 3), "b": dt.date(2020, 2, 4)}
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}

    def put(table: str, **values: Any) -> None:
        rows[table].append(template(TABLES[table]) | values)

    def span(doc: str, quote: str, near: str = "") -> tuple[int, int]:
        start = texts[doc].index(quote, texts[doc].index(near or quote))
        return start, start + len(quote)

    for code, (name, level, parent) in _NAMES.items():
        put("regions", region_code=code, name=name, short_name=name[:-1], level=level, parent_code=parent)
    for doc, quote, event in (
        ("a", "2月3日0-24时", "全市新增确诊病例3例"),
        ("b", "2月4日24时", "聊城市累计确诊病例40例"),
    ):
        start, end = span(doc, quote)
        place = {
            "date_start": days[doc],
            "date_end": days[doc],
            "precision": "hour",
            "basis": "inferred_year",
        }
        put("dates", doc_id=doc, quote=quote, char_start=start, char_end=end, **place)
        from_, to = span(doc, event)
        put(
            "events", event_id=f"{doc}:e{start}", doc_id=doc, date_quote=quote, date_char_start=start, date_char_end=end,
            region_code="371500", region_name="聊城市", region_level="prefecture", region_basis="home",
            category="case_report", summary=event, quote=event, char_start=from_, char_end=to,
            n_metrics=sum(f[1] == doc for f in _FIGURES), **place,
        )  # fmt: skip
    events = {row["doc_id"]: row["event_id"] for row in rows["events"]}
    for ident, doc, quoted, value, unit, indicator, measure, whole, region, clause in _FIGURES:
        start, end = span(doc, clause)
        at, to = span(doc, quoted, clause)
        cumulative = indicator.endswith("_cumulative")
        put(
            "metrics", metric_id=ident, doc_id=doc, event_id=events[doc], value=float(value), unit=unit,
            qualifier="exact", value_quote=quoted, value_char_start=at, value_char_end=to, indicator=indicator,
            measure=measure, part_of=whole, date_start=None if cumulative else days[doc], date_end=days[doc],
            date_basis="inferred_year", region_code=region, region_name=_NAMES[region][0],
            region_level=_NAMES[region][1], region_basis="home", quote=clause, char_start=start, char_end=end,
        )  # fmt: skip
    for ident, doc in (("a:cum", "a"), ("a:rec", "a"), ("a:dead", "a"), ("b:cum", "b")):
        metric = next(row for row in rows["metrics"] if row["metric_id"] == ident)
        shared = {
            k: metric[k]
            for k in ("region_code", "region_name", "region_level", "indicator", "value", "unit", "qualifier")
        }
        put("city_by_date", date=days[doc], metric_id=ident, n_sources=1, value_min=metric["value"],
            value_max=metric["value"], conflict=False, **shared)  # fmt: skip
    # Other tables about places get one row with the values of the first of these.
    for name, table in TABLES.items():
        if not rows[name] and name not in ("documents", "rejected"):
            like = rows["city_by_date"][0]
            put(name, **{c: like[c] for c in table.names if like.get(c) is not None})
    start, end = span("b", "12345")
    put("rejected", doc_id="b", quote="12345", char_start=start, char_end=end, reason="phone number")
    for doc, text in texts.items():
        put(
            "documents", doc_id=doc, title=f"sample {doc}", published_at=dt.datetime.fromisoformat("2020-02-04T09:00"),
            anchor_date=dt.date(2020, 2, 4), anchor_basis="published", published_basis="dateline", region_code="371500",
            sha256=hashlib.sha256(text.encode()).hexdigest(), n_chars=len(text), n_title_chars=0,
            n_dates=1, n_events=1, n_metrics=sum(f[1] == doc for f in _FIGURES), may_republish=True,
        )  # fmt: skip
    return rows, texts
