"""Every check fails rows that it must fail and passes rows that it must pass; without the check, the failure is gone."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

import covid_timeline as ct
from covid_timeline.checks import run as running
from covid_timeline.checks.command import describe_checks
from covid_timeline.checks.files import validate
from covid_timeline.checks.frames import Context, Tables
from covid_timeline.checks.registry import CHECKS, Check
from covid_timeline.checks.rules import EXTRACTED
from covid_timeline.checks.run import check_tables
from covid_timeline.tables.build import to_table
from covid_timeline.tables.reports import STAGES
from covid_timeline.tables.schema import TABLES
from tests.world import (
    TEXT_B,
    Step,
    World,
    add,
    drop,
    flip_quietly,
    newer,
    on_disk,
    rename_all,
    retype,
    rewrite_fewer_rows,
    set_,
    swap_columns,
    truncate,
    withhold,
    write_world,
)

Steps = Sequence[Step]
D = dt.date


def first(table: str, has: str) -> str:
    return next(c.name for c in TABLES[table].columns if getattr(c.field, has) is not None)


def shift(table: str, by: int, *columns: str) -> Step:
    return lambda world: world.rows[table][0].update({c: world.rows[table][0][c] + by for c in columns})


def generic(check: Check) -> tuple[Steps, Steps]:
    """Damage and lawful change for the checks that every table has, or many."""
    t, what = check.table, check.what
    orphan = {"region_code": "999999"}
    if what.endswith("_resolves"):
        column = what.removesuffix("_resolves")
        target = TABLES[t].column(column).foreign_key
        assert target is not None
        good = [set_(t, 0, **{column: None})] if TABLES[t].column(column).nullable else []
        return [set_(t, 0, **{column: orphan.get(target[1], "no such id")})], good
    withheld = [c.name for c in TABLES[t].columns if c.withheld]
    open_ = [set_("documents", n, may_republish=False) for n in (0, 1)]
    number = next((c.name for c in TABLES[t].columns if c.type == "float64"), "")
    table: dict[str, tuple[Steps, Steps]] = {
        "columns": ([drop(t, TABLES[t].names[-1])], []),
        "column_order": ([swap_columns(t)], []),
        "types": ([retype(t, TABLES[t].names[0], pa.binary())], []),
        "nulls": ([set_(t, 0, **{TABLES[t].names[0]: None})], [set_(t, 0, **{c.name: None}) for c in TABLES[t].columns if c.nullable]),
        "key_unique": ([add(t, 0)], []),
        "words_withheld_only_where_told": ([set_(t, 0, quote=None)], [set_(t, 0, **dict.fromkeys(withheld)), *open_]),
        "span_order": ([set_(t, 0, char_start=9, char_end=9)], []),
        "span_in_document": ([set_(t, 0, char_end=10_000)], []),
        "quote_length": ([shift(t, 1, "char_end")], [set_(t, 0, quote=None)]),
        "quote_in_document": ([shift(t, 1, "char_start", "char_end")], [set_(t, 0, quote=None)]),
        "date_order": ([set_(t, 0, date_start=D(2020, 2, 9))], [set_(t, 0, date_start=D(2020, 2, 1))]),
        "reversed_period": ([set_("dates", 0, date_start=D(2020, 2, 9), precision="range"), set_(t, 0, date_start=D(2020, 2, 9))], [set_(t, 0, date_start=D(2020, 2, 1))]),
        "place_complete": ([set_(t, 0, region_name=None)], [set_(t, 0, region_code=None, region_level=None)]),
        "value_within_bounds": ([set_(t, 0, value_max=30.0)], [set_(t, 0, value_max=39.0)]),
        "sources_counted": ([set_(t, 0, n_sources=0)], [set_(t, 0, n_sources=2)]),
        "conflict_has_spread": ([set_(t, 0, conflict=True)], [set_(t, 0, conflict=True, n_sources=2, value_max=39.0)]),
        "equals_its_metric": ([set_(t, 0, value=380.0)], [set_(t, 0, metric_id=None)]),
        "file_present": ([on_disk(t, lambda path: path.unlink())], []),
        "file_readable": ([on_disk(t, truncate)], []),
        "table_known": ([on_disk(t, rename_all)], []),
        "schema_version": ([on_disk(t, newer)], []),
        "file_size": ([on_disk(t, truncate)], []),
        "file_checksum": ([on_disk(t, flip_quietly)], []),
        "file_rows": ([on_disk(t, rewrite_fewer_rows)], []),
    }  # fmt: skip
    if what == "vocabulary":
        return [set_(t, 0, **{first(t, "vocabulary"): "no such word"})], []
    if what == "pattern":
        return [set_(t, 0, **{first(t, "pattern"): "371500\n"})], []
    if what == "minimum":
        return [set_(t, 0, **{first(t, "minimum"): -1})], []
    if what == "finite":
        return [set_(t, 0, **{number: float("inf")})], []
    return table[what]


M = "metrics"
LATER = set_("documents", 1, published_at=dt.datetime.fromisoformat("2020-02-05T09:00"), anchor_date=D(2020, 2, 5))
"""The second document came out when its day was over."""


def severe(row: int, value: float, day: int) -> Step:
    date = D(2020, 2, day)
    return set_(M, row, indicator="severe_current", value=value, date_start=date, date_end=date, part_of=None)


JUMP = [LATER, severe(7, 3.0, 2), severe(8, 3.0, 4), set_(M, 9, part_of=None)]
SPECIAL: dict[str, tuple[Steps, Steps]] = {
    "documents.words_kept_back": ([set_("documents", 0, may_republish=False)], [*map(withhold, EXTRACTED), set_("documents", 0, may_republish=False), set_("documents", 1, may_republish=False)]),
    "metrics.whole_is_another": ([set_(M, 0, part_of="a:new")], [set_(M, 3, part_of="a:new")]),
    "documents.repeats_a_first": ([set_("documents", 0, duplicate_of="a")], [set_("documents", 1, duplicate_of="a")]),
    "metrics.repeats_a_first": ([set_(M, 1, repeat_of="a:part1")], [set_(M, 1, repeat_of="a:new")]),
    "metrics.event_of_same_document": ([set_(M, 0, event_id=f"b:e{TEXT_B.index('2月4日')}")], [set_(M, 0, event_id=None)]),
    "metrics.value_quote_in_quote": ([set_(M, 0, value_quote="4例")], [set_(M, 0, value_quote=None, quote=None)]),
    "metrics.value_rereads": ([set_(M, 3, value=380.0)], [set_(M, 3, value_quote=None)]),  # and TestUnitOverList
    "metrics.count_is_whole": ([set_(M, 3, value=38.5)], [set_(M, 6, value=52.65)]),
    "metrics.count_stated_with_fraction": ([set_(M, 3, value=1.5, value_quote="1.5例")], [set_(M, 3, value=15000.0, value_quote="1.5万例")]),
    "metrics.not_negative": ([set_(M, 3, value=-38.0)], [set_(M, 6, value=-4.6, indicator="gdp_growth"), set_(M, 3, value=-38.0, indicator="other", measure="重症病例减少", part_of=None)]),
    "metrics.percent_in_range": ([set_(M, 6, value=170.0)], [set_(M, 6, value=170.0, indicator="gdp_growth")]),
    "metrics.percent_stated_out_of_range": ([set_(M, 6, value=170.0, value_quote="170%")], [set_(M, 6, value=170.0, value_quote="170%", indicator="other", measure="同比增长", quote=None)]),
    "metrics.unit_fits_indicator": ([set_(M, 0, unit="CNY")], [set_(M, 0, unit="person")]),
    "metrics.reversed_range": ([set_(M, 0, value_high=2.0)], [set_(M, 0, value_high=5.0)]),
    "metrics.cumulative_has_no_start": ([set_(M, 3, date_start=D(2020, 2, 3))], [set_(M, 3, date_start=D(2020, 1, 1))]),
    "metrics.current_on_one_day": ([set_(M, 0, indicator="confirmed_current", date_start=D(2020, 2, 1))], [set_(M, 0, indicator="confirmed_current")]),
    "documents.n_chars_matches": ([set_("documents", 0, n_chars=7)], []),
    "documents.sha256_matches": ([lambda world: setattr(world, "reference_texts", {**world.texts, "a": "另一篇文章"})], []),
    "documents.anchor_is_publication": ([set_("documents", 0, anchor_date=D(2020, 2, 9))], [set_("documents", 0, anchor_date=D(2020, 2, 9), anchor_basis="inferred")]),
    "documents.rows_counted": ([set_("documents", 0, n_metrics=9)], []),
    "events.rows_counted": ([set_("events", 0, n_metrics=99)], []),
    "regions.validity_order": ([set_("regions", 0, valid_from=D(2020, 1, 1), valid_to=D(2019, 1, 1))], [set_("regions", 0, valid_from=D(2018, 1, 1), valid_to=D(2019, 1, 1))]),
    "city_by_date.cumulative_falls": ([set_("city_by_date", 3, value=30.0)], [set_("city_by_date", 3, value=30.0, is_correction=True)]),
    "city_by_date.outcomes_exceed_confirmed": ([set_("city_by_date", 1, value=38.0)], [set_("city_by_date", 1, value=37.0)]),
    # Contradictions; tests/test_audit.py has them in every variety.
    "metrics.part_exceeds_whole": ([set_(M, 1, value=4.0)], [set_(M, 1, value=2.0)]),
    "metrics.parts_exceed_whole": ([set_(M, 0, value=2.0)], [set_(M, 0, value=5.0)]),
    "metrics.parts_short_of_whole": ([set_(M, 8, value=20.0)], [set_(M, 8, value=20.0, measure="患者")]),
    "metrics.rate_against_counts": ([set_(M, 6, value=62.6)], [set_(M, 6, value=52.63)]),
    "metrics.outcomes_exceed_confirmed": ([set_(M, 4, value=38.0)], [set_(M, 4, value=37.0)]),
    "metrics.part_of_series_exceeds_total": ([set_(M, 0, value=39.0)], [set_(M, 0, value=38.0)]),
    "metrics.totals_do_not_add_up": ([set_(M, 0, indicator="confirmed_current", value=16.0)], [set_(M, 0, indicator="confirmed_current", value=17.0)]),
    "metrics.contacts_do_not_add_up": (
        [set_(M, 3, indicator="contacts_traced_cumulative", value=100.0), set_(M, 4, indicator="contacts_released_cumulative"), set_(M, 5, indicator="contacts_observed_current", value=90.0)],
        [set_(M, 3, indicator="contacts_traced_cumulative", value=100.0), set_(M, 4, indicator="contacts_released_cumulative"), set_(M, 5, indicator="contacts_observed_current", value=80.0)],
    ),
    "metrics.said_twice": ([set_(M, 4, indicator="confirmed_cumulative")], [set_(M, 4, indicator="confirmed_cumulative", value=38.0)]),
    "metrics.title_against_body": (
        [set_("documents", 0, title="聊城日报2020年2月4日讯 2月3日0-24时,全市新增确诊病例3例"), set_(M, 1, region_code="371500", region_name="聊城市", region_level="prefecture", part_of=None)],
        [set_("documents", 0, title="聊城日报2020年2月4日讯 2月3日0-24时,全市新增确诊病例3例"), set_(M, 1, region_code="371500", region_name="聊城市", region_level="prefecture", part_of=None, value=3.0)],
    ),
    "metrics.new_against_cumulative": ([LATER, set_(M, 8, indicator="confirmed_new", value=3.0, part_of=None, date_start=D(2020, 2, 4))], [LATER, set_(M, 8, indicator="confirmed_new", value=2.0, part_of=None, date_start=D(2020, 2, 4))]),
    "metrics.cumulative_falls": ([set_(M, 7, value=30.0)], [set_(M, 7, value=30.0, is_correction=True)]),
    "metrics.tenfold_jump": ([*JUMP, severe(3, 50.0, 3)], [*JUMP, severe(3, 20.0, 3)]),
    "metrics.documents_disagree": ([set_(M, 7, date_end=D(2020, 2, 3))], [set_(M, 7, date_end=D(2020, 2, 3), value=38.0)]),
}  # fmt: skip


def samples(check: Check) -> tuple[Steps, Steps]:
    return SPECIAL[check.id] if check.id in SPECIAL else generic(check)


def damaged(steps: Steps) -> World:
    world = World()
    for step in steps:
        step(world)
    return world


def prepared(world: World) -> Tables:
    texts = world.reference_texts or world.texts
    context = Context(world.texts, {}, {doc: hashlib.sha256(text.encode()).hexdigest() for doc, text in texts.items()})
    return running.prepare(world.build(), context)


@cache
def sound() -> Tables:
    """Tables in which nothing is wrong, their columns decoded once for all checks."""
    return prepared(World())


def status(check: Check, steps: Steps, folder: Path) -> str:
    world = damaged(steps)
    if check.stage == "file":
        write_world(world, folder)
        strange = folder / "mine.parquet"
        outcomes = validate(strange if strange.exists() else folder, texts={}, stages=["file"]).outcomes
        return next((o.status for o in outcomes if o.check.partition(".")[2] == check.what and o.table in (check.table, "mine")), "missing")
    return running.check_one(prepared(world) if steps else sound(), check).status


@pytest.mark.parametrize("check", CHECKS.values(), ids=list(CHECKS))
class TestEveryCheck:
    def test_fails_what_it_must_fail(self, check: Check, tmp_path: Path) -> None:
        assert status(check, samples(check)[0], tmp_path) == "failed"

    def test_passes_what_it_must_pass(self, check: Check, tmp_path: Path) -> None:
        assert status(check, [], tmp_path) == "passed"
        assert status(check, samples(check)[1], tmp_path) == "passed"

    def test_says_what_is_expected_in_both_languages(self, check: Check) -> None:
        assert check.stage in STAGES and check.severity in ("error", "warning") and check.table in TABLES
        assert check.expects.endswith(".") and check.fix.endswith(".")
        assert check.expects_zh.endswith("。")


def test_a_rule_taken_out_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    check = CHECKS["metrics.unit_fits_indicator"]
    tables = prepared(damaged(samples(check)[0]))
    assert check.id in {one.check for one in running.run(tables, stages=[check.stage]).failures}
    monkeypatch.setattr(running, "CHECKS", {k: one for k, one in CHECKS.items() if k != check.id})
    assert check.id not in {one.check for one in running.run(tables, stages=[check.stage]).outcomes}


@pytest.mark.drift
def test_page_is_what_the_checks_say() -> None:
    """When this fails: python -m covid_timeline.checks.command > docs/validation.md"""
    page = Path(__file__).parents[1] / "docs" / "validation.md"
    assert page.read_text(encoding="utf-8") == describe_checks()


class TestUnitOverList:
    """（单位：万元）：阳谷县29: the quote is the bare number, and the text says by what it is multiplied."""

    TEXT = "2020年2月28日，聊城市各县捐款（单位：万元）：阳谷县29、莘县3—5，东阿县近8.5。"

    def tables(self) -> dict[str, pa.Table]:
        found = ct.extract(self.TEXT, published="2020-03-05", region="聊城")
        assert {m.value_quote: (m.value, m.value_high) for m in found.metrics}["3—5"] == (30_000, 50_000)
        return {"metrics": to_table("metrics", found.metrics)}

    @pytest.mark.parametrize("texts", [{"text": TEXT}, {}])
    @pytest.mark.parametrize("factor", [1, 10, 100])
    def test_the_scale_is_that_of_the_text(self, texts: dict[str, str], factor: int) -> None:
        tables = self.tables()
        for column in ("value", "value_high"):
            at = tables["metrics"].schema.get_field_index(column)
            tables["metrics"] = tables["metrics"].set_column(at, column, pc.multiply(tables["metrics"][column], float(factor)))
        failed = {outcome.check: outcome.n_failed for outcome in check_tables(tables, texts=texts).failures}
        right = factor == 1 or (factor == 100 and not texts)  # 百万元, as far as anybody can tell without the text
        assert failed.get("metrics.value_rereads", 0) == (0 if right else 3)
