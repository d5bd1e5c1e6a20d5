"""Which days partial dates are: what is kept of the text before, years, ranges, pronouns; and what finding alone gives."""

from __future__ import annotations

import datetime as dt

import pytest

from covid_timeline.mentions.dates import find_dates, load_rules
from covid_timeline.mentions.resolve import nearest_year, parse_date, read_dates, resolve_dates
from covid_timeline.model import Unclaimed

ANCHOR = dt.date(2020, 2, 25)


def read(text: str, anchor: dt.date | str = ANCHOR) -> list[tuple[str, str]]:
    day = anchor if isinstance(anchor, dt.date) else dt.date.fromisoformat(anchor)
    return [
        (text[m.start : m.end], f"{m.date_start}" + (f"..{m.date_end}" if m.date_end != m.date_start else ""))
        for m in read_dates(text, day)[0]
    ]


class TestFinding:
    def test_a_partial_states_what_the_text_states(self) -> None:
        (one,), _ = find_dates("截至2月3日24时")
        point = one.first
        assert (point.year, point.month, point.day, point.clock, one.last, one.lead) == (None, 2, 3, "24:00", None, "as_of")

    def test_the_other_end_lacks_what_the_first_states(self) -> None:
        (one,), _ = find_dates("2020年1月25日17:00-26日7:00")
        assert one.last is not None
        assert (one.last.year, one.last.month, one.last.day, one.last.clock) == (None, None, 26, "07:00")

    @pytest.mark.parametrize("text", ["2月23日、24日。当晚8时，次日，目前，去年同期", "大年初二、初三，上午9时"])
    def test_no_memory(self, text: str) -> None:
        """What stands in front of an expression, a sentence away, does not change what is found."""
        alone = find_dates(text)[0]
        moved = find_dates("截至3月9日24时，累计9例。\n" + text)[0]
        shift = len("截至3月9日24时，累计9例。\n")
        assert [(p.start + shift, p.end + shift, p.first.kind, p.needs) for p in alone] == [
            (p.start, p.end, p.first.kind, p.needs) for p in moved if p.start >= shift
        ]

    def test_what_a_clock_time_needs(self) -> None:
        needs = {"上午9时召开": "day_400", "，20:30到达": "day", "截至12时，": ""}
        assert {text: find_dates(text)[0][0].needs for text in needs} == needs


class TestComposition:
    """A part of a month, a part of the day and a clock time stand wherever a month, a day or an end of a range can."""

    @pytest.mark.parametrize("month", ["2月", "2020年2月", "今年2月", "本月"])
    @pytest.mark.parametrize(
        ("part", "days"),
        [("上旬", "01..2020-02-10"), ("底", "21..2020-02-29"), ("第二周", "08..2020-02-14"), ("中上旬", "01..2020-02-20")],
    )
    def test_parts_of_months(self, month: str, part: str, days: str) -> None:
        assert read(f"{month}{part}，") == [(month + part, f"2020-02-{days}")]

    @pytest.mark.parametrize("day", ["2月24日", "24日", "2020年2月24日", "2020-02-24", "昨天", "本月24日", "今年2月24日", "周一", "二月二", "大年三十"])
    @pytest.mark.parametrize(
        ("time", "start", "end"),
        [("下午3点至5点", "15:00", "17:00"), ("晚11点30", "23:30", "23:30"), ("上午9点到下午5点", "09:00", "17:00")],
    )
    def test_times(self, day: str, time: str, start: str, end: str) -> None:
        text = f"截至{day}{time}，"
        (mention,) = read_dates(text, ANCHOR)[0]
        assert (text[mention.start : mention.end], mention.time_start, mention.time_end) == (day + time, start, end)

    @pytest.mark.parametrize("first", ["2月3日", "2020年2月3日", "3日", "本月3日"])
    @pytest.mark.parametrize(("to", "last"), [("至5日", "5"), ("—2月5日", "5"), ("到本月5日", "5"), ("起至2020年2月5日", "5")])
    def test_ranges_of_days(self, first: str, to: str, last: str) -> None:
        assert read(f"{first}{to}，") == [(first + to, f"2020-02-03..2020-02-0{last}")]


class TestMemory:
    @pytest.mark.parametrize(
        ("anchor", "text", "quote", "day", "why"),
        [
            ("2020-02-25", "24日晚间通报，他上周末确诊。截至当天，", "当天", "2020-02-24", "a week is no day"),
            ("2020-03-15", "3月14日通报，过去一天新增17例。当天，", "当天", "2020-03-14", "nor are the last few days"),
            ("2020-03-18", "17日宣布从18日起封城，暂定4月5日结束。当天，", "当天", "2020-03-17", "a start or a day to come is not what is told"),
            ("2020-03-07", "3月6日0-24时无新增。截至3月7日0时，539例。当日，", "当日", "2020-03-06", "midnight ends the day before"),
            ("2020-03-07", "截至3月7日12时，539例。当日，", "当日", "2020-03-07", "noon does not"),
            ("2020-02-25", "从2月18日起停运。当天，", "当天", "2020-02-18", "a start is taken where nothing else is named"),
            ("2020-02-25", "2月3日，比前一天增加。当日，", "当日", "2020-02-03", "a comparison does not move the day"),
            ("2020-02-16", "15日11时公布，较前日12时新增。", "前日12时", "2020-02-14", "compared with the day before"),
            ("2020-02-16", "2月15日公布。前日，他", "前日", "2020-02-14", "else two days before the day of writing"),
            ("2020-02-25", "1月3日返乡。当月下旬，", "当月下旬", "2020-01-21..2020-01-31", "the month of the day named"),
        ],
    )  # fmt: skip
    def test_pronouns(self, anchor: str, text: str, quote: str, day: str, why: str) -> None:
        assert (quote, day) in read(text, anchor), why

    @pytest.mark.parametrize(
        ("anchor", "text", "day"),
        [
            ("2020-03-09", "游轮将于8日靠岸", "2020-03-08"), ("2020-02-25", "将于5日开学", "2020-03-05"),
            ("2020-03-20", "将于周日商讨", "2020-03-22"), ("2020-03-20", "周日商讨了", "2020-03-15"),
            ("2020-12-20", "将于1月3日开学", "2021-01-03"),
        ],
    )  # fmt: skip
    def test_what_lies_ahead(self, anchor: str, text: str, day: str) -> None:
        assert [d for _, d in read(text, anchor)] == [day]

    def test_now_is_said_once(self) -> None:
        assert [q for q, _ in read("目前追踪到9人，现已解除3人。2人现已出院")] == ["目前", "现"]

    def test_a_word_in_a_title_is_no_date(self) -> None:
        assert read("印发《关于做好当前工作的通知》，当前") == [("当前", "2020-02-25")]
        assert read("印发《关于延长2020年春节假期的通知》") == [("2020年春节假期", "2020-01-24..2020-01-30")]

    def test_needs_that_are_not_met(self) -> None:
        assert read("次日，上午9时，初三，此后三天") == []
        assert read("大年初二，初三，") == [("大年初二", "2020-01-26"), ("初三", "2020-01-27")]


class TestRanges:
    @pytest.mark.parametrize(
        ("text", "parts"),
        [
            ("2月24日至2月17日", ["2020-02-24", "2020-02-17"]),
            ("2020年2月1日至2022年2月1日", ["2020-02-01", "2022-02-01"]),
        ],
    )
    def test_ends_that_do_not_follow_each_other_are_two_dates(self, text: str, parts: list[str]) -> None:
        assert [d for _, d in read(text)] == parts

    def test_over_midnight(self) -> None:
        assert read("2月3日晚10点至次日6时，") == [("2月3日晚10点至次日6时", "2020-02-03..2020-02-04")]
        assert read("2月3日晚10点至2点，") == [("2月3日晚10点至2点", "2020-02-03..2020-02-04")]

    def test_now_as_an_end(self) -> None:
        assert read("1月20日至今，除夕至目前") == [
            ("1月20日至今", "2020-01-20..2020-02-25"), ("除夕至目前", "2020-01-24..2020-02-25"),
        ]  # fmt: skip


class TestEdges:
    def test_lunar_dates_outside_the_tables_are_refused(self) -> None:
        text = "正月初三"
        refused: list[Unclaimed] = []
        assert resolve_dates(find_dates(text)[0], text, dt.date(1950, 2, 1), refused) == []
        assert refused == [Unclaimed(0, 4, "lunar date outside the tables")]

    @pytest.mark.parametrize("anchor", [dt.date(1899, 12, 31), dt.date(2101, 1, 1)])
    def test_anchors(self, anchor: dt.date) -> None:
        with pytest.raises(ValueError, match="outside 1900-2100"):
            resolve_dates([], "", anchor)

    def test_nearest_year(self) -> None:
        assert nearest_year(dt.date(2020, 7, 1), 1, 1) == dt.date(2020, 1, 1)
        assert nearest_year(dt.date(2101, 1, 1), 2, 29) == dt.date(2104, 2, 29)

    @pytest.mark.parametrize("text", ["2020年", "2020年2月", "2020年2月3日至5日", "2020年元宵节"])
    def test_a_stated_year_needs_no_anchor(self, text: str) -> None:
        assert parse_date(text).date_start.year == 2020

    @pytest.mark.parametrize("text", ["2月", "今年", "2020年1月20日至今", "元宵节", "上午"])
    def test_what_needs_an_anchor(self, text: str) -> None:
        with pytest.raises(ValueError, match="needs an anchor"):
            parse_date(text)


RULES = load_rules()


class TestVocabulary:
    @pytest.mark.parametrize(("rule", "word"), [(rule, word) for rule in RULES for key in ("words", "parts") for word in rule.get(key, {})], ids=lambda x: x if isinstance(x, str) else x["id"])
    def test_every_word_stands_in_an_example(self, rule: dict[str, object], word: str) -> None:
        quotes = [marked[marked.index("⟦") + 1 : marked.index("⟧")] for marked, _ in rule["examples"]]  # type: ignore[attr-defined]
        longer = [other for key in ("words", "parts") for other in rule.get(key, {}) if word in other and other != word]  # type: ignore[attr-defined]
        assert any(word in quote and not any(other in quote for other in longer) for quote in quotes)

    @pytest.mark.parametrize(
        ("rule", "synonym", "word"),
        [(rule, synonym, word) for rule in RULES for synonym, word in rule.get("synonyms", {}).items()],
        ids=lambda x: x if isinstance(x, str) else x["id"],
    )
    def test_a_synonym_can_replace_its_word(self, rule: dict[str, list[list[str]]], synonym: str, word: str) -> None:
        longer = [other for other in rule.get("words", {}) if word in other and other != word]
        same = 0
        for marked, expected in rule["examples"]:
            start, end = marked.index("⟦"), marked.index("⟧") - 1
            plain = marked.replace("⟦", "").replace("⟧", "")
            if word not in plain[start:end] or any(other in plain[start:end] for other in longer):
                continue
            anchor = dt.date.fromisoformat(expected.partition(" @")[2] or "2020-02-25")
            at = plain.index(word, start)
            other = plain[:at] + synonym + plain[at + len(word) :]
            one = {m.start: m for m in read_dates(plain, anchor)[0]}[start]
            two = {m.start: m for m in read_dates(other, anchor)[0]}.get(start)
            same += two is not None and (one.date_start, one.date_end, one.rule, one.basis) == (two.date_start, two.date_end, two.rule, two.basis)
        assert same, "in none of the examples"
