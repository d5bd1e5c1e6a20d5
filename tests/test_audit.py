"""The self-audit: every check on figures that contradict one another, and on their neighbours that do not."""

from __future__ import annotations

import datetime as dt
import io
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covid_timeline.checks import contradictions
from covid_timeline.checks.command import CONTRADICTIONS, audit_tables, run_audit
from covid_timeline.checks.contradictions import Finding
from covid_timeline.model import DateRow, Facts, MetricRow
from covid_timeline.tables.build import to_table, to_tables
from covid_timeline.tables.schema import TABLES
from tests import fakes

ROOT = Path(__file__).parent.parent
SHANDONG, JINAN, QINGDAO, YANTAI = ("370000", "山东省"), ("370100", "济南市"), ("370200", "青岛市"), ("370600", "烟台市")
DAY = dt.date(2020, 2, 3)


def read(raw: str, *specs: tuple[str, str, dict[str, Any]], doc_id: str = "a", published: int = 4) -> Facts:
    """Facts of a text; each spec names the next occurrence of a figure, its indicator and what else differs from a
    count of cases in Shandong by the end of February 3."""
    rows: list[MetricRow] = []
    position = 0
    for quote, indicator, other in specs:
        start = raw.index(quote, position)
        position = start + (0 if other.pop("again", False) else 1)
        end = start + len(quote)
        row = {
            "metric_id": f"{doc_id}:m{start}" + (".2" if rows and rows[-1].value_char_start == start else ""),
            "doc_id": doc_id, "event_id": None, "value": float("".join(c for c in quote if c in "0123456789.")),
            "value_high": None, "unit": "percent" if "%" in quote else "case", "qualifier": "exact", "value_quote": quote,
            "value_char_start": start, "value_char_end": end, "indicator": indicator, "measure": "确诊病例", "part_of": None,
            "date_start": DAY if indicator.endswith(("_new", "_current")) else None, "date_end": DAY,
            "date_basis": "inferred_year", "time_end": "24:00", "region_code": SHANDONG[0], "region_name": SHANDONG[1],
            "region_level": "province", "region_basis": "named", "quote": raw, "char_start": 0, "char_end": len(raw),
            "rule": "case_count",
            "status": "reported", "indicator_basis": "stated", "repeat_of": None, "time_start": None, "date_char_start": None,
            "date_char_end": None, "region_char_start": None, "region_char_end": None, "is_correction": False, "trace": "",
        }  # fmt: skip
        if "place" in other:
            other["region_code"], other["region_name"] = other.pop("place")
        if "whole" in other:
            other["part_of"] = rows[other.pop("whole")].metric_id
        rows.append(MetricRow(**{**row, **other}))  # type: ignore[arg-type]
    article = fakes.article(doc_id, raw, day=published)
    return Facts(article, "hans", [], [], rows, [])


def between(*facts: Facts) -> list[Finding]:
    texts = {one.article.doc_id: one.article.raw for one in facts}
    return audit_tables(to_tables(facts, "always"), texts=texts)


def checks(findings: list[Finding]) -> list[str]:
    return [finding.check for finding in findings]


def cumulative(doc_id: str, value: int, day: int, *, indicator: str = "confirmed_cumulative", **other: Any) -> Facts:
    text = f"山东\n累计{value}例"
    when = {"date_end": dt.date(2020, 2, day), "date_start": dt.date(2020, 2, day) if "cumulative" not in indicator else None}
    return read(text, (f"{value}例", indicator, {**when, **other}), doc_id=doc_id, published=day + 1)


PART = {"place": JINAN, "whole": 0}

# What one article says: (why, text, figures, the checks that find something)
CASES = [
    ("parts make the whole", "累计5例（济南2例、青岛3例）。", [("5例", 0, {}), ("2例", 0, PART), ("3例", 0, {**PART, "place": QINGDAO})], []),
    ("parts exceed", "累计4例（济南2例、青岛3例）。", [("4例", 0, {}), ("2例", 0, PART), ("3例", 0, {**PART, "place": QINGDAO})], ["parts_exceed_whole"]),
    ("all are listed and one is missing", "累计6例（济南2例、青岛3例）。", [("6例", 0, {}), ("2例", 0, PART), ("3例", 0, {**PART, "place": QINGDAO})], ["parts_short_of_whole"]),
    ("only some are listed", "累计6例，其中济南2例、青岛3例。", [("6例", 0, {}), ("2例", 0, PART), ("3例", 0, {**PART, "place": QINGDAO})], []),
    ("others are not listed", "累计6例（济南2例、青岛3例等）。", [("6例", 0, {}), ("2例", 0, PART), ("3例", 0, {**PART, "place": QINGDAO})], []),
    ("broken down twice", "累计5例（济南5例），" + "病情平稳，" * 8 + "其中青岛2例、烟台3例。", [("5例", 0, {}), ("5例", 0, PART), ("2例", 0, {**PART, "place": QINGDAO}), ("3例", 0, {**PART, "place": YANTAI})], []),
    ("one part is larger", "累计4例，其中济南5例。", [("4例", 0, {}), ("5例", 0, PART)], ["part_exceeds_whole"]),
    ("a hedged part", "累计4例，其中济南5例。", [("4例", 0, {}), ("5例", 0, {**PART, "qualifier": "about"})], []),
    ("a county beside its prefecture", "累计4例（济南2例，章丘2例）。", [("4例", 0, {}), ("2例", 0, PART), ("2例", 0, {**PART, "place": ("370114", "章丘区")})], []),
    ("a county within its prefecture", "累计2例（济南2例，章丘2例）。", [("2例", 0, {}), ("2例", 0, PART), ("2例", 0, {**PART, "place": ("370114", "章丘区")})], []),
    ("both sexes fall short", "确诊10例，男6例，女3例。", [("10例", 0, {}), ("6例", "other", {"whole": 0, "measure": "男"}), ("3例", "other", {"whole": 0, "measure": "女"})], ["parts_short_of_whole"]),
    ("the rate of its counts", "确诊91例，出院88例，治愈率96.7%。", [("91例", 0, {}), ("88例", "recovered_cumulative", {}), ("96.7%", "recovery_rate", {})], []),
    ("a rate cut off, not rounded", "确诊91例，出院79例，治愈率86.8%。", [("91例", 0, {}), ("79例", "recovered_cumulative", {}), ("86.8%", "recovery_rate", {})], []),
    ("another rate", "确诊91例，出院88例，治愈率69.7%。", [("91例", 0, {}), ("88例", "recovered_cumulative", {}), ("69.7%", "recovery_rate", {})], ["rate_against_counts"]),
    ("a rate that exceeds a bound", "确诊91例，出院88例，治愈率超过90%。", [("91例", 0, {}), ("88例", "recovered_cumulative", {}), ("90%", "recovery_rate", {"qualifier": "more_than"})], []),
    ("another day's counts far off", "确诊91例，出院80例。" + "。" * 300 + "治愈率96.7%。", [("91例", 0, {"date_end": dt.date(2020, 2, 1)}), ("80例", "recovered_cumulative", {"date_end": dt.date(2020, 2, 1)}), ("96.7%", "recovery_rate", {})], []),
    ("a share in its sentence", "1000家企业中900家复工，复工率98%。", [("1000家", "other", {"unit": "organization"}), ("900家", "firms_resumed", {"unit": "organization"}), ("98%", "firms_resumption_rate", {"quote": "复工率98%"})], ["rate_against_counts"]),
    ("a share of something else", "1000家企业中900家复工，占全省的3%。", [("1000家", "other", {"unit": "organization"}), ("900家", "firms_resumed", {"unit": "organization"}), ("3%", "other", {"quote": "占全省的3%"})], []),
    ("a share of no firm at all", "0家企业中0家复工，复工率98%。", [("0家", "other", {"unit": "organization"}), ("0家", "firms_resumed", {"unit": "organization"}), ("98%", "firms_resumption_rate", {"quote": "复工率98%"})], []),
    ("more outcomes than cases", "确诊10例，出院9例，死亡2例。", [("10例", 0, {}), ("9例", "recovered_cumulative", {}), ("2例", "deaths_cumulative", {})], ["outcomes_exceed_confirmed"]),
    ("as many outcomes as cases", "确诊11例，出院9例，死亡2例。", [("11例", 0, {}), ("9例", "recovered_cumulative", {}), ("2例", "deaths_cumulative", {})], []),
    ("of another place", "确诊10例，出院9例，死亡2例。", [("10例", 0, {}), ("9例", "recovered_cumulative", {}), ("2例", "deaths_cumulative", {"place": JINAN})], []),
    ("still ill, recovered, dead", "确诊11例，现有3例，出院9例，死亡2例。", [("11例", 0, {}), ("3例", "confirmed_current", {}), ("9例", "recovered_cumulative", {}), ("2例", "deaths_cumulative", {})], ["totals_do_not_add_up"]),
    ("imported and local", "新增11例，境外输入3例，本土8例。", [("11例", "confirmed_new", {}), ("3例", "confirmed_imported_new", {}), ("8例", "confirmed_local_new", {})], []),
    ("imported and local fall short", "新增11例，境外输入3例，本土7例。", [("11例", "confirmed_new", {}), ("3例", "confirmed_imported_new", {}), ("7例", "confirmed_local_new", {})], ["totals_do_not_add_up"]),
    ("more new than ever", "新增11例，累计3例。", [("11例", "confirmed_new", {}), ("3例", 0, {})], ["part_of_series_exceeds_total"]),
    ("contacts", "追踪30人，解除10人，观察20人。", [("30人", "contacts_traced_cumulative", {}), ("10人", "contacts_released_cumulative", {}), ("20人", "contacts_observed_current", {})], []),
    ("more contacts than traced", "追踪30人，解除10人，观察21人。", [("30人", "contacts_traced_cumulative", {}), ("10人", "contacts_released_cumulative", {}), ("21人", "contacts_observed_current", {})], ["contacts_do_not_add_up"]),
    ("a few contacts fell ill", "追踪100人，解除10人，观察88人。", [("100人", "contacts_traced_cumulative", {}), ("10人", "contacts_released_cumulative", {}), ("88人", "contacts_observed_current", {})], []),
    ("the others are named", "追踪100人，解除10人，转为疑似20人，观察70人。", [("100人", "contacts_traced_cumulative", {}), ("10人", "contacts_released_cumulative", {}), ("20人", "other", {}), ("70人", "contacts_observed_current", {})], []),
    ("the others are still sought", "追踪100人，解除10人，观察70人，其余正在追踪。", [("100人", "contacts_traced_cumulative", {}), ("10人", "contacts_released_cumulative", {}), ("70人", "contacts_observed_current", {})], []),
    ("many contacts lost", "追踪100人，解除10人，观察70人。", [("100人", "contacts_traced_cumulative", {}), ("10人", "contacts_released_cumulative", {}), ("70人", "contacts_observed_current", {})], ["contacts_do_not_add_up"]),
    ("said twice alike", "累计15例。全省15例。", [("15例", 0, {}), ("15例", 0, {})], []),
    ("said twice", "累计15例。全省16例。", [("15例", 0, {}), ("16例", 0, {})], ["said_twice"]),
    ("of two hours", "累计15例。全省16例。", [("15例", 0, {"time_end": "12:00"}), ("16例", 0, {})], []),
    ("a hedge that agrees", "累计300例。全省340例。", [("300例", 0, {"qualifier": "more_than"}), ("340例", 0, {})], []),
    ("two patients are no counts", "1例咳嗽。2例发热。", [("1例", "other", {}), ("2例", "other", {})], []),
    ("a corrected figure", "累计15例。订正为16例。", [("15例", 0, {}), ("16例", 0, {"is_correction": True})], []),
    ("the title says the same", "山东累计16例\n截至3日，累计16例。", [("16例", 0, {}), ("16例", 0, {})], []),
    ("the title says otherwise", "山东累计61例\n截至3日，累计16例。", [("61例", 0, {}), ("16例", 0, {})], ["title_against_body"]),
    ("the title adds up", "山东2例出院\n今日1例出院，后来1例出院。", [("2例", "recovered_new", {}), ("1例", "recovered_new", {}), ("1例", "recovered_new", {})], []),
    ("a period backwards", "2月9日至3日5例。", [("5例", "confirmed_new", {"date_start": dt.date(2020, 2, 9)})], ["date_order"]),
    ("a range backwards", "确诊5例。", [("5例", "other", {"value_high": 3.0})], ["reversed_range"]),
]  # fmt: skip


def case(text: str, figures: list[tuple[str, Any, dict[str, Any]]], doc_id: str = "a") -> Facts:
    return read(text, *((quote, indicator or "confirmed_cumulative", dict(other)) for quote, indicator, other in figures), doc_id=doc_id)


class TestOneArticle:
    @pytest.mark.parametrize(("text", "figures", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
    def test_checks(self, text: str, figures: Any, expected: list[str]) -> None:
        facts = case(text, figures)
        before = list(facts.metrics)
        assert checks(between(facts)) == expected
        assert facts.metrics == before  # flagged, never repaired

    def test_every_check_of_one_article_has_a_case(self) -> None:
        between_documents = {"new_against_cumulative", "cumulative_falls", "tenfold_jump", "documents_disagree", "reversed_period"}
        assert {check for one in CASES for check in one[3]} == set(CONTRADICTIONS) - between_documents

    def test_a_stated_range_of_days_backwards(self) -> None:
        row = DateRow("a", 0, 4, "9至3日", dt.date(2020, 2, 9), DAY, None, None, "range", "partial", "x")
        facts = read("9至3日")._replace(dates=[row])
        (found,) = between(facts)
        assert (found.check, found.rows, found.passages[0].marked) == ("reversed_period", ("a[0:4]",), "【9至3日】")

    def test_marks_are_ours(self) -> None:
        (found,) = between(case("【通报】累计15例。全省16例。", [("15例", 0, {}), ("16例", 0, {})]))
        assert [passage.marked for passage in found.passages] == ["[通报]累计【15例】。", "全省【16例】。"]
        assert found.rows == ("a:m6", "a:m12")

    def test_one_sentence_is_shown_once(self) -> None:
        (found,) = between(case("累计4例，其中济南5例。", [("4例", 0, {}), ("5例", 0, PART)]))
        assert [passage.marked for passage in found.passages] == ["累计【4例】，其中济南【5例】。"]

    def test_a_long_sentence_is_cut_between_its_spans(self) -> None:
        text = f"{'山' * 900}累计15例，{'水' * 900}全省16例{'林' * 900}"
        (found,) = between(case(text, [("15例", 0, {}), ("16例", 0, {})]))
        assert all("【15例】" in p.marked or "【16例】" in p.marked for p in found.passages)
        assert all(len(p.marked) < 500 for p in found.passages)


class TestWhichReading:
    def test_two_statements_against_one(self) -> None:
        (found,) = between(case("山东累计61例\n累计16例，又说16例。", [("61例", 0, {}), ("16例", 0, {}), ("16例", 0, {})]))
        assert found.doubts == ("a:m4",)
        assert "stated 2 times, the other once" in found.why
        assert "two digits are swapped" in found.why

    def test_the_body_over_the_title(self) -> None:
        (found,) = between(case("山东累计15例\n截至3日，累计27例。", [("15例", 0, {}), ("27例", 0, {})]))
        assert found.favours == ("a:m15",)
        assert "the body" in found.why

    def test_the_sum_of_parts_that_is_stated_elsewhere(self) -> None:
        figures = [("15例", 0, {}), ("16例", 0, {"again": True}), ("5例", 0, {"place": JINAN, "whole": 1}), ("10例", 0, {"place": QINGDAO, "whole": 1})]
        (found,) = [f for f in between(case("共15例。累计16例（济南5例、青岛10例）。", figures)) if f.check == "parts_short_of_whole"]
        assert "the sum 15 is stated as the whole elsewhere" in found.why
        assert found.doubts == ("a:m7",)

    def test_the_figure_that_a_list_adds_up_to(self) -> None:
        figures: Any = [("15例", 0, {}), ("1例", "deaths_cumulative", {}), ("5例", 0, {"place": JINAN, "whole": 1}), ("10例", 0, {"place": QINGDAO, "whole": 1})]
        (found,) = between(case("累计15例，死亡1例。济南5例、青岛10例。", figures))
        assert found.check == "part_exceeds_whole"
        assert found.favours == ("a:m2",)
        assert "it is their whole" in found.why

    def test_a_link_across_sentences_is_doubted(self) -> None:
        figures: Any = [("3例", "deaths_cumulative", {}), ("1030874人", "other", {"unit": "person", "whole": 0})]
        (found,) = between(case("除死亡3例外。已外出1030874人。", figures))
        assert found.doubts == ("a:m10",)
        assert "our link is doubted" in found.why

    def test_counts_over_the_rate_made_of_them(self) -> None:
        figures: Any = [("91例", 0, {}), ("88例", "recovered_cumulative", {}), ("69.7%", "recovery_rate", {})]
        (found,) = between(case("确诊91例，出院88例，治愈率69.7%。", figures))
        assert found.doubts == ("a:m15",)
        assert found.size == pytest.approx(1 - 69.7 / (8800 / 91), abs=1e-4)

    def test_what_is_stated_over_what_is_taken_over(self) -> None:
        figures: Any = [("15例", 0, {}), ("27例", 0, {"region_basis": "inherited", "date_basis": "publication"})]
        (found,) = between(case("累计15例。又27例。", figures))
        assert found.favours == ("a:m2",)
        assert "taken over" in found.why

    def test_other_documents_decide(self) -> None:
        one = case("累计150例。又2例。", [("150例", 0, {}), ("2例", 0, {})])
        (found,) = [f for f in between(one, cumulative("b", 148, 2), cumulative("c", 152, 4)) if f.check == "said_twice"]
        assert found.favours == ("a:m2",)
        assert "other documents say about" in found.why

    def test_undecided_is_said(self) -> None:
        (found,) = between(case("累计15例。全省27例。", [("15例", 0, {}), ("27例", 0, {})]))
        assert (found.favours, found.doubts, found.why) == ((), (), "nothing decides")


class TestBetweenDocuments:
    def test_a_series_that_falls(self) -> None:
        (found,) = between(*(cumulative(f"d{day}", value, day) for day, value in ((1, 10), (2, 14), (3, 12), (4, 16))))
        assert found.check == "cumulative_falls"
        # 10 14 16 and 10 12 16 are equally long: the figure stated first stands.
        assert found.doubts == ("d3:m5",)

    def test_a_stated_correction_may_fall(self) -> None:
        facts = [cumulative("d1", 10, 1), cumulative("d2", 14, 2), cumulative("d4", 16, 4)]
        fall = read("山东\n累计12例，核减2例", ("12例", "confirmed_cumulative", {}), ("2例", "other", {"is_correction": True}), doc_id="d3")
        assert between(*facts, fall) == []

    def test_hours_of_one_day_have_an_order_only_with_clock_times(self) -> None:
        untimed = read("山东\n累计9例", ("9例", "confirmed_cumulative", {"time_end": None}), doc_id="b", published=3)
        assert between(cumulative("a", 10, 3, time_end="09:00"), untimed) == []
        stated = between(cumulative("a", 10, 3, time_end="09:00"), cumulative("b", 9, 3, time_end="12:00"))
        assert checks(stated) == ["cumulative_falls"]

    def test_new_is_the_difference(self) -> None:
        two = cumulative("a", 10, 2)
        assert between(two, cumulative("b", 14, 3), cumulative("c", 4, 3, indicator="confirmed_new")) == []
        found = between(two, cumulative("b", 14, 3), cumulative("c", 5, 3, indicator="confirmed_new"))
        assert checks(found) == ["new_against_cumulative"]
        assert found[0].statement == "confirmed_new 山东省 2020-02-03 = 5, but 14 - 10 = 4"

    def test_the_days_around_decide(self) -> None:
        more = [cumulative("d", 20, 4), cumulative("e", 6, 4, indicator="confirmed_new"), cumulative("f", 8, 1), cumulative("g", 2, 2, indicator="confirmed_new")]
        found = between(cumulative("a", 10, 2), cumulative("b", 14, 3), cumulative("c", 5, 3, indicator="confirmed_new"), *more)
        assert [(f.check, f.doubts) for f in found] == [("new_against_cumulative", ("c:m5",))]

    def test_a_correction_in_a_part_excuses_the_whole(self) -> None:
        now = read("山东\n累计14例（济南核减1例）", ("14例", "confirmed_cumulative", {}), ("1例", "other", {"place": JINAN, "is_correction": True}), doc_id="b")
        assert between(cumulative("a", 10, 2), now, cumulative("c", 5, 3, indicator="confirmed_new")) == []

    def test_a_tenfold_jump(self) -> None:
        found = between(*(cumulative(f"d{day}", value, day, indicator="suspected_current") for day, value in ((1, 30), (2, 400), (3, 34))))
        assert [(f.check, f.doubts) for f in found] == [("tenfold_jump", ("d2:m5",))]

    def test_growth_is_no_jump(self) -> None:
        assert between(*(cumulative(f"d{day}", value, day) for day, value in ((1, 2), (4, 40), (5, 500)))) == []

    def test_documents_of_one_closed_day(self) -> None:
        found = between(*(cumulative(name, value, 3) for name, value in (("a", 10), ("b", 12), ("c", 12))))
        assert [(f.check, f.doubts, f.why) for f in found] == [("documents_disagree", ("a:m5",), "2 documents against 1")]

    def test_the_running_day_may_differ(self) -> None:
        texts = [read(f"山东\n累计{n}例", (f"{n}例", "suspected_current", {"time_end": None}), doc_id=str(n), published=3) for n in (10, 12)]
        assert between(*texts) == []

    def test_every_check_between_documents_is_here(self) -> None:
        source = Path(__file__).read_text(encoding="utf-8")
        assert all(f'"{check}"' in source for check in CONTRADICTIONS)


class TestOrder:
    def test_by_size_and_independent_of_the_order_of_documents(self) -> None:
        facts = [case(text, figures, f"d{i:02}") for i, (_, text, figures, _) in enumerate(CASES)]
        texts = {one.article.doc_id: one.article.raw for one in facts}
        tables = to_tables(facts, "always")
        found = audit_tables(tables, texts=texts)
        assert [f.size for f in found] == sorted((f.size for f in found), reverse=True)
        random.Random(1).shuffle(facts)
        assert audit_tables(to_tables(facts, "always"), texts=texts) == found
        documents = tables["documents"]
        backwards = documents.take(list(range(len(documents)))[::-1])
        assert audit_tables({**tables, "documents": backwards}, texts=texts) == found

    def test_longest_rise_is_the_longest(self) -> None:
        rng = random.Random(7)
        for _ in range(200):
            values = [(float(rng.randrange(6)), 1) for _ in range(rng.randrange(1, 9))]
            kept = sorted(contradictions._longest_rise(values))
            chosen = [values[i][0] for i in kept]
            assert chosen == sorted(chosen)
            best = max(
                bin(mask).count("1")
                for mask in range(1 << len(values))
                if (line := [values[i][0] for i in range(len(values)) if mask >> i & 1]) == sorted(line)
            )
            assert len(kept) == best


class TestAnyText:
    @settings(max_examples=settings.default.max_examples // 4)
    @given(st.text(max_size=60), st.integers(0, 50), st.integers(0, 50))
    def test_hostile_sentences(self, words: str, a: int, b: int) -> None:
        facts = case(f"{words}累计{a}例。{words}又{b}例。", [(f"{a}例", 0, {}), (f"又{b}例", 0, {"value": float(b)})])
        for finding in between(facts):
            text = finding.to_text()
            assert not any(ord(char) < 32 and char != "\n" for char in text)
            json.dumps(finding.to_json()).encode("ascii")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    facts = [case("累计15例。全省16例。", [("15例", 0, {}), ("16例", 0, {})]), cumulative("b", 15, 3)]
    return write(tmp_path / "processed", facts, "always")


def write(folder: Path, facts: list[Facts], quotes: str) -> Path:
    import pyarrow.parquet as pq

    folder.mkdir()
    for name, table in to_tables(facts, quotes).items():
        pq.write_table(table, folder / f"{name}.parquet")
    return folder


class TestCommand:
    def run(self, folder: Path, **options: Any) -> tuple[int, str]:
        out = io.StringIO()
        return run_audit(folder, out=out, **options), out.getvalue()

    def test_text(self, folder: Path) -> None:
        code, out = self.run(folder, texts={"a": "累计15例。全省16例。"})
        assert code == 0  # findings are no failures
        assert out.splitlines()[:2] == ["said_twice  confirmed_cumulative 山东省 2020-02-03 = 15, then 16", "    累计【15例】。"]
        assert "favours a:m2, doubts a:m8" in out
        assert "https://example.org/a" in out
        assert out.endswith("findings in 2 documents\n")

    def test_without_texts_the_clause_is_shown(self, folder: Path) -> None:
        assert "    累计【15例】。全省【16例】。" in self.run(folder)[1]

    def test_withheld_words(self, tmp_path: Path) -> None:
        bare = write(tmp_path / "processed", [case("累计15例。全省16例。", [("15例", 0, {}), ("16例", 0, {})])], "never")
        assert contradictions.WITHHELD in self.run(bare)[1]
        assert "累计【15例】。" in self.run(bare, texts={"a": "累计15例。全省16例。"})[1]

    def test_json_lines(self, folder: Path) -> None:
        code, out = self.run(folder, form="jsonl")
        rows = [json.loads(line) for line in out.splitlines()]
        assert code == 0
        assert [(row["check"], row["expects"], row["doubts"]) for row in rows] == [("said_twice", CONTRADICTIONS["said_twice"], ["a:m8"])]
        assert rows[0]["passages"][0]["doc_id"] == "a"

    def test_limit_and_checks(self, folder: Path) -> None:
        assert self.run(folder, limit=0)[1].splitlines() == [f"     1  said_twice: {CONTRADICTIONS['said_twice']}", "     1  findings in 2 documents"]
        assert self.run(folder, checks=["cumulative_falls"])[1] == "     0  findings in 2 documents\n"

    @pytest.mark.parametrize(("options", "hint"), [({"checks": ["nothing"]}, "said_twice"), ({"form": "fax"}, "jsonl")])
    def test_wrong_use(self, folder: Path, options: Any, hint: str) -> None:
        with pytest.raises(ValueError, match=hint):
            run_audit(folder, **options)

    def test_tables_that_cannot_be_read(self, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.run(tmp_path / "nothing")[0] == 3
        (folder / "metrics.parquet").write_bytes(b"PAR1")
        assert self.run(folder)[0] == 3
        assert "covid-timeline: " in capsys.readouterr().err

    def test_a_table_without_a_column(self, folder: Path) -> None:
        import pyarrow.parquet as pq

        path = folder / "metrics.parquet"
        pq.write_table(pq.read_table(path).drop_columns(["part_of"]), path)
        assert self.run(folder)[0] == 3

    def test_no_rows(self, tmp_path: Path) -> None:
        tables = {name: to_table(name, []) for name in TABLES if name in ("documents", "metrics", "dates")}
        assert audit_tables(tables) == []

    def test_texts_beside_the_tables(self, folder: Path) -> None:
        raw = folder.parent / "raw"
        raw.mkdir()
        (raw / "a.txt").write_text("累计15例。全省16例。", encoding="utf-8")
        assert "    累计【15例】。\n" in self.run(folder)[1]


class TestPage:
    def test_every_check_is_explained(self) -> None:
        page = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
        for check, expects in CONTRADICTIONS.items():
            assert f"| `{check}` | {expects} |" in page
