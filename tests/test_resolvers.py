"""What each resolver of reading/ settles, slot by slot: tables of cases, the sentences invented.

A case names the figure by its quote (the first of that quote is meant) and says what the slot must hold. Home is 聊城市, the
text is of 2020-02-04 in the evening, unless the case says otherwise.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from articles import bulletin

from covid_timeline.model import EventRow, MetricRow
from covid_timeline.reading.extract import extract

CASES = Path(__file__).parent / "cases"
LONG = "疫情防控工作" + "，各级各部门认真落实各项措施" * 130 + "。"
"""In front of a text: it is an article that looks back then, not a bulletin of the day."""


def table(name: str) -> list[dict[str, str]]:
    """The rows of a table of cases. In a text {long} stands for LONG, and a backslash with n for a line break."""
    lines = (CASES / name).read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [row | {"text": row["text"].replace("\\n", "\n").replace("{long}", LONG)} for row in rows]


def metrics(text: str, **about: str | None) -> list[MetricRow]:
    return extract(bulletin(text, **about)).metrics  # type: ignore[arg-type]


def events(text: str, **about: str | None) -> list[EventRow]:
    return extract(bulletin(text, **about)).events  # type: ignore[arg-type]


def the(text: str, quote: str, **about: str | None) -> MetricRow:
    """The first row of a figure."""
    found = [row for row in metrics(text, **about) if row.value_quote == quote]
    assert found, f"no {quote} in {[row.value_quote for row in metrics(text, **about)]}"
    return found[0]


def slots(row: MetricRow, quotes: dict[str, str]) -> dict[str, str]:
    """What a row says, by the names that the table of figures uses; by_SLOT is the relation of the evidence that settled it."""
    relations = (part.partition("=") for part in row.trace.split("; "))
    return {
        "indicator": row.indicator,
        "basis_indicator": row.indicator_basis,
        "region": str(row.region_code),
        "name": str(row.region_name),
        "days": f"{row.date_start}..{row.date_end}",
        "time": f"{row.time_start}..{row.time_end}",
        "basis": row.date_basis,
        "status": row.status,
        "value": f"{row.value:g}",
        "part": quotes.get(row.part_of or "", "None"),
    } | {f"by_{slot}": relation.partition(":")[0] for slot, _, relation in relations}


class TestFigures:
    """cases/figures.tsv: the slot that a case is about, a text, a figure (12例#2 is the second 12例), and what it says."""

    @pytest.mark.parametrize("case", [pytest.param(row, id=f"{row['slot']}: {row['reason']}") for row in table("figures.tsv")])
    def test_what_a_figure_says(self, case: dict[str, str]) -> None:
        found = metrics(case["text"], **({"published": case["published"]} if case["published"] else {}))
        quote, _, number = case["quote"].partition("#")
        rows = [row for row in found if row.value_quote == quote][int(number or 1) - 1 :]
        assert rows, f"no {case['quote']} in {[row.value_quote for row in found]}"
        said = slots(rows[0], {row.metric_id: row.value_quote for row in found})
        expected = dict(slot.split("=", 1) for slot in case["expected"].split())
        assert {name: said.get(name) for name in expected} == expected


class TestSubject:
    """Who or what is counted."""

    @pytest.mark.parametrize(
        ("reason", "text", "quote", "indicator"),
        [
            ("a label names all figures of its line", "密切接触者：累计追踪416人，尚在观察120人。", "416人", "contacts_traced_cumulative"),
            ("the second figure of a label's line", "密切接触者：累计追踪416人，尚在观察120人。", "120人", "contacts_observed_current"),
            ("a label above places", "新增确诊病例：阳谷县2例，莘县3例。", "3例", "confirmed_new"),
            ("a label with two measures", "疑似病例：新增2例，现有5例。", "5例", "suspected_current"),
            ("a label of outcomes", "出院病例：新增2例，累计15例。", "15例", "recovered_cumulative"),
            ("a label of deaths", "死亡病例：新增1例，累计3例。", "3例", "deaths_cumulative"),
            ("staff who set out", "2月3日，聊城市医疗队135名队员出征。", "135名", "medical_staff_dispatched"),
            ("those who go after the first", "2月2日，首批35名医护人员启程赴鄂。2月4日又派出24人。", "24人", "medical_staff_dispatched"),
            ("a topic said in a sentence of its own", "无症状感染者近来备受关注。2月3日新增5例。", "5例", "asymptomatic_new"),
            ("leaving the hospital", "2月3日，聊城市3名患者走出医院。", "3名", "recovered_new"),
            ("an outcome told in a later clause", "2月3日，1名患者，经抢救无效，不幸去世。", "1名", "deaths_new"),
            ("what may come is no outcome", "2月3日，新增确诊病例2例，有望近期出院。", "2例", "confirmed_new"),
            ("nouns in the order of the figures", "2月3日，新增确诊、疑似病例分别为3例、5例。", "5例", "suspected_new"),
            ("the first of them", "2月3日，新增确诊、疑似病例分别为3例、5例。", "3例", "confirmed_new"),
            ("a place and a noun of its own", "2月3日，新增确诊病例3例，阳谷县疑似病例2例。", "2例", "suspected_new"),
            ("treated in hospital", "截至2月3日24时，在院隔离治疗20例。", "20例", "confirmed_current"),
            ("light cases have no word", "截至2月3日24时，轻症病例4例。", "4例", "other"),
            ("contacts under observation", "截至2月3日24时，密切接触者120人正在接受医学观察。", "120人", "contacts_observed_current"),
            ("contacts released so far", "截至2月3日24时，追踪密切接触者200人，已解除医学观察80人。", "80人", "contacts_released_cumulative"),
            ("contacts released on the day", "2月3日0—24时，当日解除医学观察的密切接触者12人。", "12人", "contacts_released_new"),
            ("cases noted by a place", "香港累计通报病例1033例。", "1033例", "confirmed_cumulative"),
            ("who fell ill among few", "2月3日，聊城市1人核酸检测呈阳性，被确诊。", "1人", "confirmed_new"),
            ("the same number again", "2月3日，新增确诊病例58例。新增的58例病例中，阳谷县37例。", "37例", "confirmed_new"),
            ("a part by place keeps the indicator", "2月3日，新增治愈出院5人，其中阳谷县2人、莘县3人。", "2人", "recovered_new"),
            ("a part by place of those observed", "尚有密切接触者50人接受医学观察，其中莘县20人。", "20人", "contacts_observed_current"),
            ("a part by place of all suspected", "截至2月3日24时，现有疑似病例5例，其中莘县2例。", "2例", "suspected_current"),
            ("a change of a noun", "截至2月3日24时，新增死亡1例，累计12例。", "12例", "deaths_cumulative"),
            ("a bracket behind a place", "累计确诊病例20例：阳谷县12例（死亡1例）。", "1例", "deaths_cumulative"),
            ("severe and critical", "截至2月3日24时，现有重症5例、危重症2例。", "2例", "critical_current"),
            ("cleared", "截至2月3日24时，全市疑似病例清零。", "清零", "suspected_current"),
            ("a noun after a topic mark", "截至2月3日24时，累计确诊20例。出院病例中，阳谷县3例。", "3例", "recovered_cumulative"),
            ("positive of a test", "2月3日，核酸检测阳性3例。", "3例", "other"),
            ("inland cases", "2月3日，内地新增确诊病例30例。", "30例", "confirmed_new"),
        ],
    )
    def test_what_is_counted(self, reason: str, text: str, quote: str, indicator: str) -> None:
        assert the(text, quote).indicator == indicator, reason

    @pytest.mark.parametrize(
        ("reason", "text", "quote"),
        [
            ("the patients of a medical team", "聊城市医疗队累计治愈患者32名。", "32名"),
            ("the patients that a team manages", "聊城市医疗队管理重症患者12例。", "12例"),
            ("the contacts of one patient", "2月3日，阳谷县确诊1例，该患者的密切接触者25人已全部隔离。", "25人"),
            ("an age in front of the count", "2月3日，新增确诊病例5例，其中60岁以上3例。", "3例"),
            ("children", "2月3日，新增确诊病例5例，其中儿童2例。", "2例"),
            ("a stock that grew", "截至2月3日24时，现有重症5例，较前一日增加2例。", "2例"),
            ("a fall", "2月3日，现有确诊病例减少3例。", "3例"),
            ("an age above a number", "2月3日，新增确诊病例50例，60岁以上的39例。", "39例"),
            ("an age below a number", "2月3日，18岁以下病例3例。", "3例"),
            ("the crew of a ship", "2月3日，邮轮上新增确诊病例3例。", "3例"),
            ("residence", "2月3日，新增确诊病例5例，其中外地来聊人员2例。", "2例"),
            ("a condition", "2月3日，新增死亡病例3例，其中有基础疾病2例。", "2例"),
            ("those who had been without symptoms", "2月3日，新增确诊病例5例，其中无症状感染者转为确诊病例2例。", "2例"),
            ("contacts who fell ill", "密切接触者中，已有2人确诊。", "2人"),
            ("prisoners", "2月3日，某看守所在押人员确诊3例。", "3例"),
            ("a clinic", "截至2月3日24时，某医院累计收治确诊病例30例。", "30例"),
            ("those brought along", "2月3日，新增确诊病例5例，其中输入性病例3例。", "3例"),
            ("those with no known source", "2月3日，新增确诊病例5例，其中源头不明2例。", "2例"),
        ],
    )
    def test_a_part_is_other(self, reason: str, text: str, quote: str) -> None:
        assert the(text, quote).indicator == "other", reason

    @pytest.mark.parametrize(
        ("reason", "text"),
        [
            ("a time before any case", "在聊城市还没有出现确诊病例的时候，社区已开始排查。"),
        ],
    )
    def test_no_figure(self, reason: str, text: str) -> None:
        assert metrics(text) == [], reason

    @pytest.mark.parametrize(
        ("reason", "text", "expected"),
        [
            ("the days say the zero", "阳谷县已连续12天无新增确诊病例。", [(12, "days_without_new_cases", "371521")]),
            ("a zero beside the days", "截至2月3日24时，全市连续14天零新增。", [(14, "days_without_new_cases", "371500")]),
            ("an age is a figure of its own", "2月3日，新增死亡1例，为72岁男性。", [(1, "deaths_new", "371500"), (72, "other", "371500")]),
            (
                "days of a list",
                "阳谷县连续7天、莘县连续12天零新增。",
                [(7, "days_without_new_cases", "371521"), (12, "days_without_new_cases", "371522")],
            ),
        ],
    )
    def test_days_and_ages(self, reason: str, text: str, expected: list[tuple[float, str, str]]) -> None:
        assert sorted((row.value, row.indicator, row.region_code) for row in metrics(text)) == sorted(expected), reason


class TestMeasure:
    """New, cumulative, current, a change or a rate."""

    @pytest.mark.parametrize(
        ("reason", "text", "quote", "indicator"),
        [
            ("found on the day", "2月3日，聊城市检出无症状感染者3例。", "3例", "asymptomatic_new"),
            ("found out", "2月3日，聊城市查出确诊病例3例。", "3例", "confirmed_new"),
            ("an outcome after a stock", "截至2月3日24时，现有确诊病例5例，治愈2例。", "2例", "recovered_cumulative"),
            ("an outcome after those treated", "截至2月3日24时，累计报告确诊病例12例，在院7例，出院5例。", "5例", "recovered_cumulative"),
            ("deaths after a stock", "截至2月3日24时，现有确诊病例5例，死亡2例。", "2例", "deaths_cumulative"),
            ("new by the title", "聊城市治愈出院3例\n今天上午，患者走出病房。", "3例", "recovered_new"),
            ("the measure of the head for the places", "2月3日，新增治愈出院5例（阳谷县2例、莘县3例）。", "3例", "recovered_new"),
            ("a total after a list", "2月3日，新增确诊病例5例，其中阳谷县2例、莘县3例；累计12例。", "12例", "confirmed_cumulative"),
            ("a measure behind the figure", "截至2月3日24时，确诊病例12例（累计）。", "12例", "confirmed_cumulative"),
            ("severe of the day", "2月3日，新增重症病例2例。", "2例", "severe_new"),
            ("severe of the moment", "截至2月3日24时，累计确诊13例，其中危重2例。", "2例", "critical_current"),
            ("suspected of the moment", "截至2月3日24时，疑似病例5例。", "5例", "suspected_current"),
            ("suspected of the day", "2月3日，新增疑似5例。", "5例", "suspected_new"),
            ("a stock after a new count", "2月3日，新增确诊病例3例，现有确诊病例12例。", "12例", "confirmed_current"),
            ("a new count after a total", "截至2月3日24时，累计确诊病例12例，当日新增3例。", "3例", "confirmed_new"),
            ("up to now", "目前，聊城市确诊病例12例。", "12例", "confirmed_cumulative"),
            ("a rate of recovery", "截至2月3日24时，全市治愈率89.7%。", "89.7%", "recovery_rate"),
            ("zero of an outcome as of a day", "截至2月3日24时，无死亡病例。", "无", "deaths_cumulative"),
            ("zero of an outcome on a day", "2月3日，无新增死亡病例。", "无新增", "deaths_new"),
            ("a total that 累计 and ； carry on", "截至2月3日24时，累计确诊124例；治愈出院21例。", "21例", "recovered_cumulative"),
            ("asymptomatic of the moment", "截至2月3日24时，尚在医学观察的无症状感染者8例。", "8例", "asymptomatic_current"),
            ("asymptomatic so far has no word", "截至2月3日24时，累计报告无症状感染者8例。", "8例", "other"),
            ("all of them recovered", "截至2月3日24时，13例确诊病例全部治愈出院。", "13例", "recovered_cumulative"),
            ("corrected", "累计确诊病例数由12例订正为13例。", "12例", "confirmed_cumulative"),
        ],
    )
    def test_new_cumulative_current(self, reason: str, text: str, quote: str, indicator: str) -> None:
        assert the(text, quote).indicator == indicator, reason

    @pytest.mark.parametrize(
        ("reason", "text", "quote", "value"),
        [
            ("a fall is negative", "截至2月3日24时，现有重症减少3例。", "3例", -3),
            ("a fall against a day", "截至2月3日24时，现有重症病例较前一日减少3例。", "3例", -3),
            ("a rise is not", "截至2月3日24时，现有重症较前一日增加3例。", "3例", 3),
        ],
    )
    def test_changes(self, reason: str, text: str, quote: str, value: int) -> None:
        row = the(text, quote)
        assert (row.value, row.indicator) == (value, "other"), reason

    @pytest.mark.parametrize(
        ("text", "quote", "basis"),
        [
            ("2月3日，新增确诊病例3例。", "3例", "stated"),
            ("2月3日，新增确诊病例5例，其中阳谷县2例。", "2例", "inherited"),
            ("聊城市确诊病例13例。", "13例", "assumed"),
        ],
    )
    def test_basis(self, text: str, quote: str, basis: str) -> None:
        assert the(text, quote).indicator_basis == basis


class TestOrigin:
    """Imported, local, or nothing said."""

    @pytest.mark.parametrize(
        ("reason", "text", "quote", "indicator"),
        [
            ("a heading", "疫情通报\n● 境外输入\n新增确诊病例3例。\n累计确诊病例9例。", "9例", "confirmed_imported_cumulative"),
            ("the opening of an item", "● 境外输入现有确诊病例92例，现有疑似病例2例。", "2例", "suspected_imported_current"),
            ("the item itself", "● 境外输入现有确诊病例92例，现有疑似病例2例。", "92例", "confirmed_imported_current"),
            ("the next item is of its own", "● 境外输入现有确诊病例92例。\n● 本土现有确诊病例5例。", "5例", "confirmed_local_current"),
            ("all of them, in words behind", "3月20日，新增治愈出院3例，均为境外输入病例。", "3例", "recovered_new"),
            ("a part by origin", "3月20日，新增确诊病例3例，其中境外输入2例。", "2例", "confirmed_imported_new"),
            ("a part that is local", "3月20日，新增确诊病例3例，其中本土1例。", "1例", "confirmed_local_new"),
            ("asymptomatic and imported has no word", "3月20日，新增无症状感染者3例，其中境外输入2例。", "2例", "other"),
            ("severe and imported has no word", "截至3月20日24时，境外输入确诊病例30例，其中重症2例。", "2例", "other"),
            ("suspected and imported", "3月20日，新增境外输入疑似病例3例。", "3例", "suspected_imported_new"),
            ("a sentence that goes on", "3月20日，新增境外输入确诊病例3例。累计境外输入确诊病例9例。", "9例", "confirmed_imported_cumulative"),
            ("the subject comes back to all", "3月20日，新增境外输入确诊病例3例。全市累计确诊病例40例。", "40例", "confirmed_cumulative"),
            ("local at the head of all", "截至3月20日24时，山东省本地无新增确诊病例，累计报告确诊病例759例。", "759例", "confirmed_local_cumulative"),
            ("local deaths have no word", "截至3月20日24时，累计本土确诊病例50例，死亡1例。", "1例", "other"),
            ("abroad is where they came from", "3月20日，新增境外输入3例：英国2例、美国1例。", "2例", "other"),
        ],
    )
    def test_imported_and_local(self, reason: str, text: str, quote: str, indicator: str) -> None:
        assert the(text, quote, published="2020-03-21 18:00").indicator == indicator, reason

    def test_a_rate_of_the_imported_has_no_word(self) -> None:
        text = "截至3月20日24时，累计境外输入确诊病例30例，治愈率60%。"
        assert the(text, "60%", published="2020-03-21 18:00").indicator == "other"


class TestRegion:
    """Whose figure it is."""

    @pytest.mark.parametrize(
        ("reason", "text", "quote", "code"),
        [
            ("内地 is the country", "2月3日，内地新增确诊病例30例。", "30例", "100000"),
            ("the place stands behind", "2月3日，新增确诊病例5例，2例在阳谷县，3例在莘县。", "2例", "371521"),
            ("the second place behind", "2月3日，新增确诊病例5例，2例在阳谷县，3例在莘县。", "3例", "371522"),
            ("one in a bracket behind", "2月3日，新增确诊病例1例（阳谷县）。", "1例", "371500"),
            ("of a list without words", "阳谷县2例、莘县3例、冠县4例，均为确诊病例。", "4例", "371525"),
            ("the list ends with the sentence", "2月3日，新增5例，其中阳谷县2例、莘县3例。累计确诊20例。", "20例", "371500"),
            ("a county speaks on", "2月3日，阳谷县新增确诊病例3例。累计确诊20例。", "20例", "371521"),
            ("全市 is home again", "2月3日，阳谷县新增确诊病例3例。全市累计确诊20例。", "20例", "371500"),
            ("该县 is the one just spoken of", "阳谷县出现疫情。该县新增确诊病例3例。", "3例", "371521"),
            ("a new paragraph comes back", "2月3日，阳谷县新增确诊病例3例。\n全市累计治愈5例。", "5例", "371500"),
            ("a province elsewhere", "2月3日，湖北省新增确诊病例300例。", "300例", "420000"),
            ("a city elsewhere inside it", "2月3日，湖北省新增确诊病例300例，其中武汉市200例。", "200例", "420100"),
            ("the province after its city", "2月3日，武汉市新增确诊200例，湖北省新增确诊300例。", "300例", "420000"),
            ("an origin", "2月3日，一名从武汉返回人员确诊，新增确诊病例1例。", "1例", "371500"),
            ("who received", "2月3日，聊城市向武汉市捐赠口罩2万只。", "2万只", "371500"),
            ("beds where they stand", "2月3日，阳谷县设置床位200张。", "200张", "371521"),
            ("a share of what was counted", "阳谷县累计确诊5例，占全市的25%。", "25%", "371521"),
            ("a parallel sentence", "2月3日，阳谷县新增确诊病例3例；莘县2例。", "2例", "371522"),
            ("a parallel sum", "阳谷县生产总值421.7亿元；莘县136.8亿元。", "136.8亿元", "371522"),
            ("the country in a national text", "2月3日，31个省（区、市）报告新增确诊病例300例。", "300例", "100000"),
            ("a city that shares a name with nobody", "德州市新增确诊病例3例。", "3例", "371400"),
            ("a town takes its county", "2月3日，阳谷县新增确诊病例5例，其中阿城镇2例。", "2例", "371521"),
        ],
    )
    def test_where(self, reason: str, text: str, quote: str, code: str) -> None:
        assert the(text, quote).region_code == code, reason

    @pytest.mark.parametrize(
        ("reason", "text", "expected"),
        [
            ("each", "2月3日，阳谷县、莘县、冠县各新增确诊病例1例。", [("371521", 1), ("371522", 1), ("371525", 1)]),
            ("each, behind the list", "新增确诊病例2例，阳谷县、莘县各1例。", [("371500", 2), ("371521", 1), ("371522", 1)]),
            ("in their order", "阳谷县、莘县、冠县分别新增确诊1例、2例、3例。", [("371521", 1), ("371522", 2), ("371525", 3)]),
            ("a zero for two", "2月3日，阳谷县、莘县两县均无新增确诊病例。", [("371521", 0), ("371522", 0)]),
            ("two cities", "2月3日，德州、聊城两市新增确诊病例均为零。", [("371400", 0), ("371500", 0)]),
        ],
    )
    def test_lists_of_places(self, reason: str, text: str, expected: list[tuple[str, float]]) -> None:
        assert [(row.region_code, row.value) for row in metrics(text)] == expected, reason

    @pytest.mark.parametrize(
        ("text", "quote", "basis"),
        [
            ("2月3日，阳谷县新增确诊病例3例。", "3例", "named"),
            ("全市新增确诊病例3例。", "3例", "home"),
            ("2月3日，阳谷县新增确诊病例3例，死亡1例。", "1例", "inherited"),
        ],
    )
    def test_basis(self, text: str, quote: str, basis: str) -> None:
        assert the(text, quote).region_basis == basis


class TestPeriod:
    """Which days a figure is of."""

    @pytest.mark.parametrize(
        ("reason", "text", "quote", "days"),
        [
            ("the 24 hours before a moment", "截至2月3日12时，过去24小时新增确诊病例3例。", "3例", "2020-02-02 2020-02-03"),
            ("the 24 hours before publication", "聊城市过去24小时新增确诊病例3例。", "3例", "2020-02-03 2020-02-04"),
            ("a day in apposition", "昨天（2月3日），新增确诊病例3例。", "3例", "2020-02-03 2020-02-03"),
            ("an opening day in brackets", "复工首日（2月3日），新增确诊病例3例。", "3例", "2020-02-03 2020-02-03"),
            ("a day that is compared with", "2月3日，新增确诊病例2例，比高峰时的1月28日减少8例。", "8例", "2020-02-03 2020-02-03"),
            ("a day compared with, at the head", "较1月28日，2月3日新增确诊病例减少8例。", "8例", "2020-02-03 2020-02-03"),
            ("the day of the text carried on", "2月3日，阳谷县新增确诊病例1例。本日治愈出院2例。", "2例", "2020-02-03 2020-02-03"),
            ("months of a paragraph", "2月3日，全市复工。1至2月，进出口总额98.7亿元；出口81.5亿元。", "81.5亿元", "2020-01-01 2020-02-29"),
            ("a new count with no start", "截至2月3日24时，新增确诊病例3例。", "3例", "None 2020-02-03"),
            ("a period of a day", "2月3日0—24时，新增确诊病例3例。", "3例", "2020-02-03 2020-02-03"),
            ("a period over midnight", "2月2日12时至2月3日12时，新增确诊病例3例。", "3例", "2020-02-02 2020-02-03"),
            ("a total has no start", "截至2月3日24时，累计确诊病例13例。", "13例", "None 2020-02-03"),
            ("a stock is of its day", "截至2月3日24时，现有确诊病例13例。", "13例", "2020-02-03 2020-02-03"),
            ("a total since a day is new", "1月25日以来，累计报告确诊病例13例。", "13例", "2020-01-25 2020-02-04"),
            ("yesterday", "昨日，聊城市新增确诊病例3例。", "3例", "2020-02-03 2020-02-03"),
            ("a heading dates what is below", "2月2日疫情\n新增确诊病例3例。\n累计确诊20例。", "20例", "None 2020-02-02"),
            ("a bracket under the title", "聊城市疫情通报\n（截至2月2日24时）\n累计确诊病例20例。", "20例", "None 2020-02-02"),
            ("the next stated day takes over", "截至2月1日24时，累计确诊病例9例。截至2月2日24时，累计确诊病例10例。现有疑似3例。", "3例", "2020-02-02 2020-02-02"),
            ("a journey dates nothing", "截至2月3日24时，累计确诊病例9例。患者1月20日自驾返聊。现有疑似3例。", "3例", "2020-02-03 2020-02-03"),
            ("since, in its clause", "2月3日，新增确诊病例3例，为1月25日以来最少。", "3例", "2020-02-03 2020-02-03"),
            ("a deed's own day", "截至2月3日24时，累计确诊病例9例，其中2例已于1月31日出院。", "9例", "None 2020-02-03"),
            ("a day behind the figure", "13名队员2月1日飞抵武汉。", "13名", "2020-02-01 2020-02-01"),
            ("a year's sum so far", "今年累计投资3亿元。", "3亿元", "2020-01-01 2020-02-04"),
            ("in a row of its own", "疫情通报\n时间: 2020-02-01\n累计确诊: 20例", "20例", "None 2020-02-01"),
            ("a caption over a table", "截至2月2日24时\n地区 累计确诊 治愈\n阳谷县 12 3\n莘县 7 2", "12", "None 2020-02-02"),
        ],
    )
    def test_when(self, reason: str, text: str, quote: str, days: str) -> None:
        row = the(text, quote)
        assert f"{row.date_start} {row.date_end}" == days, reason

    @pytest.mark.parametrize(
        ("reason", "text", "basis"),
        [
            ("stated", "2020年2月3日，新增确诊病例3例。", "explicit"),
            ("the year is the text's", "2月3日，新增确诊病例3例。", "inferred_year"),
            ("relative", "昨日，聊城市新增确诊病例3例。", "relative"),
            ("nothing says", "聊城市新增确诊病例3例。", "publication"),
            ("a stamp under the title is none", "聊城市疫情通报\n2020-02-04 12:10 大众网\n聊城市新增确诊病例3例。", "publication"),
            ("a dateline is none", "聊城市疫情通报\n大众网2月4日讯 聊城市新增确诊病例3例。", "publication"),
        ],
    )
    def test_basis(self, reason: str, text: str, basis: str) -> None:
        assert the(text, "3例").date_basis == basis, reason

    def test_clock_times(self) -> None:
        row = the("2月3日12—24时，新增确诊病例3例。", "3例")
        assert (row.time_start, row.time_end) == ("12:00", "24:00")

    def test_a_term_of_days_is_no_date(self) -> None:
        assert [row.quote for row in extract(bulletin("2月3日，王某被行政拘留5日。")).dates] == ["2月3日"]


class TestWhole:
    """Which figure a figure is a part of."""

    @pytest.mark.parametrize(
        ("reason", "text", "parts"),
        [
            ("a list of places", "累计确诊7例，阳谷县4例、莘县3例。", {"4例": "7例", "3例": "7例"}),
            ("what goes on with 其中 after a list", "累计确诊7例，阳谷县4例、莘县3例。其中死亡2例。", {"4例": "7例", "3例": "7例", "2例": "7例"}),
            ("a bracket", "阳谷县累计确诊4例（死亡1例）。", {"1例": "4例"}),
            ("other measures are no parts", "累计确诊7例，累计死亡1例，现有疑似3例。", {}),
            ("after the list has closed", "新增确诊5例，其中阳谷县2例、莘县3例。现有疑似8例。", {"2例": "5例", "3例": "5例"}),
            ("severe among the treated", "现有确诊7例，其中重症2例、危重1例。", {"2例": "7例", "1例": "7例"}),
            ("a part that is other", "新增确诊5例，其中男性3例。", {"3例": "5例"}),
            ("goods", "捐赠口罩500只，其中N95口罩200只。", {"200只": "500只"}),
            ("of all that came before", "确诊病例中，阳谷县4例。", {}),
            ("the topic before 中", "累计确诊7例。确诊病例中，阳谷县4例、莘县3例。", {"4例": "7例", "3例": "7例"}),
            ("a city and its province", "湖北省累计确诊30例，其中武汉市20例。", {"20例": "30例"}),
        ],
    )
    def test_part_of(self, reason: str, text: str, parts: dict[str, str]) -> None:
        found = metrics(text)
        quotes = {row.metric_id: row.value_quote for row in found}
        assert {row.value_quote: quotes[row.part_of] for row in found if row.part_of} == parts, reason

    def test_what_follows_a_list_is_of_the_whole_region(self) -> None:
        text = "截至2月3日24时，累计确诊病例7例，阳谷县4例、莘县3例。其中治愈2例。"
        assert the(text, "2例").region_code == "371500"


class TestStatus:
    """Whether the text says that it is so."""

    @pytest.mark.parametrize(
        ("reason", "text", "quote", "status"),
        [
            ("a rumour behind", "聊城市新增确诊100例的消息为谣言。", "100例", "denied"),
            ("a rumour in another sentence", "警方辟谣。聊城市新增确诊病例3例。", "3例", "reported"),
            ("a condition", "一旦出现确诊病例3例，封闭小区。", "3例", "conditional"),
            ("a condition in an earlier clause", "如有疫情，及时上报，聊城市新增确诊病例3例。", "3例", "reported"),
            ("a plan", "聊城市拟投入资金3亿元。", "3亿元", "planned"),
            ("a plan behind the figure", "资金3亿元将到位。", "3亿元", "reported"),
            ("a forecast", "有望突破3亿元。", "突破3亿元", "forecast"),
            ("a denied plan is denied", "网传聊城市将投入3亿元。", "3亿元", "denied"),
            ("a general", "将军3人捐款。", "3人", "reported"),
        ],
    )
    def test_status(self, reason: str, text: str, quote: str, status: str) -> None:
        assert the(text, quote).status == status, reason


class TestTables:
    """Rows and columns of plain text."""

    TEXT = "隔离点情况\n截至2月3日24时\n地区 宾馆（家） 房间（间） 医护(人)\n阳谷县 12 240 5\n莘县 8 160 7"

    def test_the_counter_of_a_column(self) -> None:
        rows = {(row.region_code, row.unit): row.value for row in metrics(self.TEXT)}
        assert rows == {
            ("371521", "organization"): 12,
            ("371521", "item"): 240,
            ("371521", "person"): 5,
            ("371522", "organization"): 8,
            ("371522", "item"): 160,
            ("371522", "person"): 7,
        }


class TestEvents:
    """What happened at a stated date."""

    @pytest.mark.parametrize(
        ("reason", "text", "expected"),
        [
            ("a dated count", "2月3日，全市疑似病例2例。", [("2020-02-03", "case_report", "371500")]),
            ("a vague day heads nothing", "至今，小区仍封闭管理。", []),
            ("a count and a deed", "2月3日，新增确诊病例1例。2月4日，阳谷县小区全部封闭管理。", [("2020-02-03", "case_report", "371500"), ("2020-02-04", "containment", "371521")]),
            ("a day alone on its line", "2月3日，\n我市无新增确诊病例。", [("2020-02-03", "case_report", "371500")]),
            ("a caption in brackets", "聊城市疫情通报\n（截至2月2日24时）\n累计确诊病例20例。", [("2020-02-02", "case_report", "371500")]),
            ("a stamp is no event", "聊城市疫情通报\n2020-02-04 12:10 大众网\n聊城市新增确诊病例3例。", []),
            ("what was planned and is not", "原定2月3日的考试取消。", []),
            ("the two ends of a change", "开学由2月17日推迟到2月24日。", []),
            ("a step of a journey", "患者常住武汉，1月20日乘火车返聊。", [("2020-01-20", "case_report", "371500")]),
            ("the response is its own event", "1月24日，召开会议，山东省启动一级响应。", [("2020-01-24", "response_level", "370000")]),
            ("in a bracket of its own", "治愈出院3例（2月3日）、5例（2月4日）。", []),
            ("two deeds of a sentence", "2月3日封闭管理小区，2月5日设置检查点。", [("2020-02-03", "containment", "371500"), ("2020-02-05", "containment", "371500")]),
            ("in a title of a document", "依据《2月3日通知》，小区封闭管理。", []),
            ("work resumes", "2月10日，聊城市企业复工复产。", [("2020-02-10", "work_resumption", "371500")]),
            ("a loan", "2月10日，聊城市银行发放贷款3亿元支持企业。", [("2020-02-10", "economy", "371500")]),
            ("the volunteers", "2月10日，阳谷县党员志愿者下沉社区值守。", [("2020-02-10", "community", "371521")]),
            ("the secretary", "2月3日，市委书记主持召开会议部署工作。", [("2020-02-03", "leadership", "371500")]),
            ("the province's organ", "2月3日，省委召开会议部署工作。", [("2020-02-03", "leadership", "370000")]),
            ("the state's organ", "2月3日，国务院召开会议部署工作。", [("2020-02-03", "leadership", "100000")]),
            ("projects", "2月28日，全市重点项目集中签约。", [("2020-02-28", "investment", "371500")]),
            ("a document", "2月3日，聊城市印发实施方案。", [("2020-02-03", "policy", "371500")]),
            ("a team leaves for elsewhere", "2月3日，聊城市医疗队驰援湖北黄冈。", [("2020-02-03", "medical", "371500")]),
            ("goods for elsewhere", "2月3日，聊城市向武汉市捐赠蔬菜。", [("2020-02-03", "supplies", "371500")]),
            ("the list's first count", "2月3日，新增确诊病例5例，其中阳谷县2例。", [("2020-02-03", "case_report", "371500")]),
        ],
    )
    def test_events(self, reason: str, text: str, expected: list[tuple[str, str, str]]) -> None:
        published = "2020-03-05 18:00"
        found = events(text, published=published)
        assert [(str(one.date_end), one.category, one.region_code) for one in found] == expected, reason

    @pytest.mark.parametrize("case", [pytest.param(row, id=row["reason"]) for row in table("events.tsv")])
    def test_more_events(self, case: dict[str, str]) -> None:
        """cases/events.tsv: a text of 2020-03-05, and its events: last day, category, region, and the words that they are read
        from; ? where these are not settled."""
        found = events(case["text"], published="2020-03-05 18:00")
        assert "; ".join(f"{one.date_end} {one.category} {one.region_code}" for one in found) == (case["expected"] or "")
        assert [one.rule for one in found] == [f"event:{one.category}" for one in found]
        quotes = " / ".join(one.quote.replace("\n", "\\n") for one in found)
        assert case["quotes"] in ("?", quotes)
