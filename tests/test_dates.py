"""Date expressions: the rules' own examples both ways, and what resolving, lists, roles and refusals must do."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covid_timeline.mentions import lunar
from covid_timeline.mentions.dates import load_rules
from covid_timeline.mentions.resolve import parse_date, read_dates
from covid_timeline.model import DateMention

ANCHOR = dt.date(2020, 2, 25)
MARK = re.compile("⟦(.+?)⟧", re.DOTALL)


ROLES = ("at", "as_of", "since", "from", "by", "attributive")


def meaning(m: DateMention) -> str:
    days = m.date_start.isoformat()
    if m.date_end != m.date_start:
        days += f"..{m.date_end.isoformat()}"
    times = m.time_start or ""
    if m.time_end != m.time_start:
        times += f"..{m.time_end}"
    return " ".join(filter(None, [days, times, m.precision, m.basis]))


def read(text: str, anchor: dt.date = ANCHOR) -> list[tuple[str, str]]:
    return [(text[m.start : m.end], meaning(m)) for m in read_dates(text, anchor)[0]]


EXAMPLES = [(rule.get("of", rule["id"]), *example) for rule in load_rules() for example in rule["examples"]]
COUNTERS = [(rule["id"], text) for rule in load_rules() for text in rule["counter_examples"]]


class TestRules:
    @pytest.mark.parametrize(("rule", "marked", "expected"), EXAMPLES)
    def test_reads_its_examples(self, rule: str, marked: str, expected: str) -> None:
        expected, _, day = expected.partition(" @")
        expected, role = expected.rsplit(" ", 1) if expected.rsplit(" ", 1)[1] in ROLES else (expected, "")
        anchor = dt.date.fromisoformat(day) if day else ANCHOR
        match = MARK.search(marked)
        assert match is not None
        text = MARK.sub(r"\1", marked)
        found = {m.start: m for m in read_dates(text, anchor)[0]}
        mention = found.get(match.start())
        assert mention is not None, found
        assert (text[mention.start : mention.end], meaning(mention), mention.rule) == (match[1], expected, rule)
        assert not role or mention.role == role

    @pytest.mark.parametrize(("rule", "text"), COUNTERS)
    def test_leaves_its_counter_examples(self, rule: str, text: str) -> None:
        assert [text[m.start : m.end] for m in read_dates(text, ANCHOR)[0] if m.rule == rule] == []

    def test_ids_are_unique_and_every_rule_has_cases(self) -> None:
        ids = [rule["id"] for rule in load_rules()]
        assert len(set(ids)) == len(ids)
        assert all(rule["examples"] and rule["counter_examples"] and rule["about"] for rule in load_rules())


class TestLunar:
    @pytest.mark.parametrize(
        ("festival", "year", "day"),
        [
            ("春节", 2019, "2019-02-05"), ("春节", 2020, "2020-01-25"), ("春节", 2021, "2021-02-12"),
            ("除夕", 2020, "2020-01-24"), ("元宵节", 2020, "2020-02-08"), ("端午节", 2020, "2020-06-25"),
            ("中秋节", 2020, "2020-10-01"), ("重阳节", 2020, "2020-10-25"), ("腊八节", 2020, "2020-01-02"),
            ("小年", 2020, "2020-01-17"), ("清明节", 2020, "2020-04-04"), ("清明节", 2019, "2019-04-05"),
            ("七夕", 2020, "2020-08-25"), ("龙抬头", 2020, "2020-02-24"),
        ],
    )  # fmt: skip
    def test_festivals(self, festival: str, year: int, day: str) -> None:
        assert lunar.FESTIVALS[festival](year).isoformat() == day

    @pytest.mark.parametrize(
        ("name", "day"),
        [("立春", "2020-02-04"), ("雨水", "2020-02-19"), ("惊蛰", "2020-03-05"), ("春分", "2020-03-20"),
         ("谷雨", "2020-04-19"), ("立夏", "2020-05-05"), ("夏至", "2020-06-21"), ("冬至", "2019-12-22"),
         ("冬至", "2021-12-21"), ("小寒", "2019-01-05"), ("大寒", "2020-01-20")],
    )  # fmt: skip
    def test_solar_terms(self, name: str, day: str) -> None:
        assert lunar.solar_term(int(day[:4]), name).isoformat() == day

    def test_months_have_29_or_30_days(self) -> None:
        for year in range(lunar.FIRST_YEAR, lunar.LAST_YEAR + 1):
            for month in range(1, 13):
                assert lunar.lunar_month_length(year, month) in (29, 30)
                assert lunar.lunar_day(year, month, 29) - lunar.lunar_day(year, month, 1) == dt.timedelta(days=28)

    @pytest.mark.parametrize(("year", "month", "day"), [(2017, 1, 1), (2023, 1, 1), (2020, 13, 1), (2020, 1, 31), (2019, 12, 31)])
    def test_refuses(self, year: int, month: int, day: int) -> None:
        with pytest.raises(ValueError, match="lunar"):
            lunar.lunar_day(year, month, day)


class TestResolving:
    @pytest.mark.parametrize(
        ("anchor", "text", "expected"),
        [
            ("2020-01-05", "12月31日", "2019-12-31"),
            ("2020-01-05", "1月3日", "2020-01-03"),
            ("2020-02-09", "3月2日开学", "2020-03-02"),
            ("2020-12-20", "1月3日", "2021-01-03"),
            ("2020-03-05", "2月29日", "2020-02-29"),
            ("2020-02-20", "贷款于8月31日前归还", "2020-08-31"),
            ("2020-02-20", "延长至6月30日", "2020-06-30"),
        ],
    )
    def test_year(self, anchor: str, text: str, expected: str) -> None:
        (mention,) = read_dates(text, dt.date.fromisoformat(anchor))[0]
        assert mention.date_start.isoformat() == expected

    def test_year_of_the_line_before_the_anchor(self) -> None:
        text = "2019年3月1日入职，5月6日转正。\n5月6日"
        assert [d for _, d in read(text, dt.date(2020, 5, 10))] == [
            "2019-03-01 day explicit", "2019-05-06 day inferred_year", "2020-05-06 day inferred_year",
        ]  # fmt: skip

    def test_month_of_a_day(self) -> None:
        text = "患者1月10日从武汉返回，21日发热，30日确诊，2日转院"
        assert [d[:10] for _, d in read(text, dt.date(2020, 2, 4))] == ["2020-01-10", "2020-01-21", "2020-01-30", "2020-02-02"]

    def test_lists_and_ranges(self) -> None:
        text = "2月2、3日，2月5日、6日和8日，本月8日-11日、12日-16日"
        assert read(text) == [
            ("2月2", "2020-02-02 day inferred_year"), ("3日", "2020-02-03 day partial"),
            ("2月5日", "2020-02-05 day inferred_year"), ("6日", "2020-02-06 day partial"), ("8日", "2020-02-08 day partial"),
            ("本月8日-11日", "2020-02-08..2020-02-11 range relative"),
            ("12日-16日", "2020-02-12..2020-02-16 range partial"),
        ]  # fmt: skip

    def test_two_dates_that_are_no_range(self) -> None:
        assert [q for q, _ in read("期限从2月17日延长至2月24日")] == ["2月17日", "2月24日"]
        assert [q for q, _ in read("2月24日至2月17日")] == ["2月24日", "2月17日"]

    def test_now_follows_the_line(self) -> None:
        text = "截至2月2日12时，累计9例。目前在院8例。\n目前，各地"
        assert [d[:10] for _, d in read(text)] == ["2020-02-02", "2020-02-02", "2020-02-25"]


class TestRoles:
    @pytest.mark.parametrize(
        ("text", "role"),
        [
            ("截至2月3日24时", "as_of"), ("截止2月3日", "as_of"), ("截止到2月3日", "as_of"), ("累计，至2月3日", "as_of"),
            ("自2月3日起", "from"), ("从2月3日开始", "from"), ("2月3日起", "from"), ("2月3日前", "by"), ("2月3日之前", "by"),
            ("2月3日以来", "since"), ("2月3日至5日", "range"), ("2月3日前往武汉", "at"), ("2月3日前后", "at"), ("2月3日（含）前", "by"), ("从2月3日召开的会上", "at"), ("2月3日0—24时", "range"),
        ],
    )  # fmt: skip
    def test_roles(self, text: str, role: str) -> None:
        (mention,) = read_dates(text, ANCHOR)[0]
        assert mention.role == role

    @pytest.mark.parametrize(
        ("text", "quote", "attributive"),
        [
            ("3月24日，我市举行一季度重大项目集中开工仪式", "一季度", True),
            ("于都县2020年第一季度重大项目集中签约开工仪式举行", "2020年第一季度", True),
            ("延长2月份纳税申报期限", "2月份", True),
            ("2020年第一批重大项目", "2020年", True),
            ("减免2至4月房租", "2至4月", True),
            ("完成一季度目标任务", "一季度", True),
            ("一季度生产总值291.44亿元", "一季度", False),
            ("一季度重点项目开工102个", "一季度", False),
            ("2月份召开会议", "2月份", False),
            ("部署2月以来的工作", "2月", False),
            ("3月，全市重大项目开工仪式", "3月", False),
        ],
    )  # fmt: skip
    def test_a_period_that_qualifies_a_noun(self, text: str, quote: str, attributive: bool) -> None:
        (mention,) = [m for m in read_dates(text, ANCHOR)[0] if text[m.start : m.end] == quote]
        assert (mention.role == "attributive") is attributive

    @pytest.mark.parametrize(
        ("text", "header"),
        [
            ("来源:德宏团结报  发布时间:2020-02-20\n复工", True),
            ("标题\n2020-02-26 11:20  甘肃日报   点击: 1024 次\n正文", True),
            ("浦东时报讯 记者 严静雯 2020年3月24日\n正文", True),
            ("邢台日报 2020年3月12日 星期四 第1版\n正文", True),
            ("邢台日报 3月12日 星期四 第1版\n正文", True),
            ("2020年2月3日疫情通报\n正文", False),
            ("记者从会上获悉，2020年2月3日，开工\n正文", False),
            ("记者2020年2月3日获悉\n正文", False),
            ("日报 2月3日 开工\n正文", False),
        ],
    )  # fmt: skip
    def test_heads_of_pages(self, text: str, header: bool) -> None:
        (mention,) = read_dates(text, ANCHOR)[0]
        assert mention.header is header

    def test_a_second_name_is_no_second_date(self) -> None:
        assert [q for q, _ in read("2020年3月12日 星期四，2月25日(星期二)，1月25日大年初一，1月24日，除夕")] == [
            "2020年3月12日", "2月25日", "1月25日大年初一", "1月24日", "除夕",
        ]  # fmt: skip

    def test_vague_and_header(self) -> None:
        text = "题目\n2020-02-25 12:30:00 来源:日报\n  鲁网2月25日讯 2月24日，目前"
        found = read_dates(text, ANCHOR)[0]
        assert [(m.header, m.vague) for m in found] == [(True, False), (True, False), (False, False), (False, True)]
        assert [m.header for m in read_dates("题目\n2020年02月25日09:11  来源:大众日报", ANCHOR)[0]] == [True]
        assert [m.header for m in read_dates("新华社武汉2月3日电（记者）", ANCHOR)[0]] == [True]
        assert [m.header for m in read_dates("2月3日电话", ANCHOR)[0]] == [False]


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "quote", "reason"),
        [
            ("于2月30日，", "2月30日", "impossible date"),
            ("2020年13月1日", "2020年13月1日", "impossible date"),
            ("13月5日", "13月5日", "impossible date"),
            ("2020-02-30", "2020-02-30", "impossible date"),
            ("2019年2月29日", "2019年2月29日", "impossible date"),
            ("2月3日25时", "25时", "impossible time"),
        ],
    )
    def test_impossible(self, text: str, quote: str, reason: str) -> None:
        (refused,) = read_dates(text, ANCHOR)[1]
        assert (text[refused.start : refused.end], refused.reason) == (quote, reason)

    @pytest.mark.parametrize(
        "text",
        [
            "确诊1921例", "生产总值291.44亿元", "318国道", "1.2.3", "0531-12345678", "192.168.1.10", "1/3", "3:2", "24小时", "7*24小时",
            "12345热线", "鲁政发〔2020〕4号", "鲁政发(2020)4号", "新冠19", "COVID-19", "2019-nCoV", "2019新型冠状病毒", "两天时间", "14天",
            "一个月", "3个月", "40多天", "56岁", "第一时间", "N95", "G20", "三个多月来", "疫情发生以来", "随后", "宁夏", "长春", "一季", "四早",
            "10658000678", "1/3的患者", "1:10", "5至6人", "2020例", "3月龄婴儿", "每人2号", "第12号公告", "一时间", "同时", "及时",
        ],
    )  # fmt: skip
    def test_no_dates(self, text: str) -> None:
        assert read(text) == []


class TestParseDate:
    def test_whole_input(self) -> None:
        assert meaning(parse_date("2020年2月3日24时")) == "2020-02-03 24:00 hour explicit"
        assert meaning(parse_date("2020年春节")) == "2020-01-25 day festival"
        assert meaning(parse_date("当晚8点", ANCHOR)) == "2020-02-25 20:00 hour carried"
        assert meaning(parse_date("次日", ANCHOR)) == "2020-02-26 day relative"
        assert meaning(parse_date("三天后", ANCHOR)) == "2020-02-28 day relative"
        assert meaning(parse_date(" 3号 ", ANCHOR)) == "2020-02-03 day partial"
        assert meaning(parse_date("上午9时", ANCHOR)) == "2020-02-25 09:00 hour partial"

    @pytest.mark.parametrize(
        ("text", "anchor", "fault"),
        [
            ("2月30日", ANCHOR, "【2月30日】"),
            ("2020年13月1日", None, "【2020年13月1日】"),
            ("2月3日确诊", ANCHOR, "2月3日【确诊】"),
            ("确诊3例", ANCHOR, "【确诊3例】"),
            ("2月3日", None, "【2月3日】"),
            ("", ANCHOR, "【】"),
            ("2月3日25时", ANCHOR, "【25时】"),
            ("14天", ANCHOR, "【14天】"),
        ],
    )
    def test_refuses(self, text: str, anchor: dt.date | None, fault: str) -> None:
        with pytest.raises(ValueError, match=re.escape(fault)):
            parse_date(text, anchor)


PIECES = st.sampled_from(
    [
        *"0123年月日时分点号至到-—～、，。\n今昨当天晚前后起自周一十初上个近:./(（ x\ud800",
        *("12", "24", "25", "30", "2020", "上午", "下午", "目前", "以来", "截至", "正月", "大年", "春节", "同期", "天后", "季度", "去年", "本月"),
    ]
)


class TestAnyText:
    @given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=14).map("".join)), st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31)))
    def test_survives_and_keeps_order(self, text: str, anchor: dt.date) -> None:
        found, refused = read_dates(text, anchor)
        end = 0
        for m in found:
            assert end <= m.start < m.end <= len(text)
            assert m.date_start <= m.date_end
            assert text[m.start : m.end].strip() == text[m.start : m.end]
            end = m.end
        for u in refused:
            assert 0 <= u.start < u.end <= len(text)

    @pytest.mark.parametrize("unit", ["9", "一", "1月", "1月s", ",", "（", " ", "2日、", "目前", "当天", "0-", "至", "上午", "2020年", "周", "1 月 "])
    def test_long_repeats(self, unit: str) -> None:
        read_dates(unit * (200_000 // len(unit)), ANCHOR)
