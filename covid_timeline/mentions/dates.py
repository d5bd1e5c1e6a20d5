"""Date expressions in normalised text: found as partial dates, resolved against an anchor.

Finding reads what the text states and no more: `2月3日` is a month and a day, `25日17时` a day and a clock time, `当晚`
a pronoun. Resolving (`_Reader._pick_*`) completes it, and `basis` keeps what the text had left open. Nothing reads a clock:
the anchor is an argument.

    point    = [year] [month] day [time] | word [time]        2020年2月3日17时, 3日晚, 昨天下午, 当晚, 除夕夜
    period   = year | month | third of a month | quarter      2020年, 2月份, 12月下旬, 一季度
    range    = point TO point | period TO period | point TO clock     1月28日0时至1月29日10时, 1—2月, 2月3日0-24时
    TO       = 至 | 到 | - | — | ～

The rules, their words, examples and counter-examples are data: words/dates.toml.
One regex looks for places where an expression may begin; a second one, chosen by the first character, reads it there.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Callable
from functools import lru_cache
from importlib.resources import files
from typing import Any

from covid_timeline.mentions import lunar
from covid_timeline.model import DateMention, Unclaimed

__all__ = ["find_dates", "load_rules", "parse_date"]

_DAY = dt.timedelta(days=1)

# --- figures ------------------------------------------------------------------------------------------------------

_CN = "〇○零一二三四五六七八九"
_CN_DIGIT = {"〇": 0, "○": 0, "零": 0, "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "两": 2, "几": 5}


@lru_cache(maxsize=512)
def _figure(s: str) -> int:
    """Number of one or two Arabic figures or a Chinese numeral below 100 (二十五, 廿九, 十, 元 for the first month)."""
    if s[0] in "0123456789":
        return int(s)
    if s == "元":
        return 1
    if s[0] in "廿卅":
        return (20 if s[0] == "廿" else 30) + (_CN_DIGIT.get(s[1], 0) if len(s) > 1 else 0)
    if "十" in s:
        tens, _, ones = s.partition("十")
        return 10 * (_CN_DIGIT.get(tens, 1) if tens else 1) + (_CN_DIGIT.get(ones, 0) if ones else 0)
    return int("".join(str(_CN_DIGIT[c]) for c in s))


@lru_cache(maxsize=64)
def _year(s: str) -> int:
    n = _figure(s) if s[0] in "0123456789" else int("".join(str(_CN_DIGIT[c]) for c in s))
    return n + 2000 if n < 100 else n


@lru_cache(maxsize=4096)
def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=4096)
def _nearest(near: dt.date, month: int, day: int) -> dt.date | None:
    """The date with this month and day that lies nearest to `near` (29 February: in the nearest leap year)."""
    reach = 1 if (month, day) != (2, 29) else 4
    best: dt.date | None = None
    for year in range(near.year - reach, near.year + reach + 1):
        d = _date(year, month, day)
        if d is not None and (best is None or abs(d - near) < abs(best - near)):
            best = d
    return best


def _add_months(year: int, month: int, n: int) -> tuple[int, int]:
    index = year * 12 + month - 1 + n
    return index // 12, index % 12 + 1


@lru_cache(maxsize=1024)
def _month(year: int, month: int, part: str = "") -> tuple[dt.date, dt.date]:
    """First and last day of a month or of its part (初, 中, 底, 上旬…)."""
    after = _add_months(year, month, 1)
    last = (dt.date(*after, 1) - _DAY).day
    first, last = {
        "": (1, last), "初": (1, 10), "上": (1, 10), "中": (11, 20), "下": (21, last), "底": (21, last), "末": (21, last),
        "中下": (11, last), "上中": (1, 20),
    }[part]  # fmt: skip
    return dt.date(year, month, first), dt.date(year, month, last)


# --- patterns -----------------------------------------------------------------------------------------------------
# Every repeat is bounded and no two neighbouring parts can match the same text, so each attempt takes constant time.

_ONES = "[一二三四五六七八九]"
_CN_N = f"(?:[二三四五六]?十{_ONES}?|[廿卅]{_ONES}?|{_ONES})"  # 1 to 69 in Chinese figures
_N = f"(?:[0-9]{{1,2}}|{_CN_N})"
_Y = f"(?:(?:19|20)[0-9]{{2}}|[12][0-9](?=[ ]?年[ ]?[0-9]{{1,2}}[ ]?月)|[一二][〇○零九][{_CN}]{{2}})"
_TO = "[-—～~至到]{1,2}"

# Year, month and day, each optional. A figure may lack its sign where a list or range gives it later (2、3日, 1—2月).
# 目 and 曰 for 日 are misprints.
_CORE = re.compile(
    rf"""(?:({_Y})(?:\ {{0,2}}年(?:度(?!假))?\ {{0,2}}|(?=\ ?(?:{_TO}|[、和])\ ?{_Y}\ ?年)))?
    (?:({_N}|元)(?:\ {{0,2}}月(?![龄薪租饼嫂球亮余大]|的?婴|男婴|女婴|幼|宝)份?\ {{0,2}}|(?=\ ?{_TO}\ ?{_N}\ ?月(?![龄薪]))))?
    (?:({_N})(?:\ {{0,2}}([两三四五]?日|号|[目曰](?![标录前的光睹击]))|(?=[凌清早上中下傍晚][晨上午晚间，,])|(?=\ ?(?:{_TO}|[、和及])\ ?{_N}(?:[、和及]{_N}){{0,5}}\ ?[日号](?!内))))?""",
    re.VERBOSE,
)
_MONTH_PART = re.compile(
    "(上中|中下|[上中下])旬|初(?![步级中诊次筛始期查评审赛])|底|末|中(?=[，,。、；）)]|旬|以?前|之?后|以后|期(?!间)|至|到|起|开|$)"
)
_YEAR_PART = re.compile(
    f"前({_CN_N}|两|[1-9])个月|(上|下)半年|(前)?第?([一二三四1-4])季度|(首)季度?|年?(初)(?![步级中诊次筛始期查评审赛一二三四五六七八九十])|年?(底|末)"
)
_PART = (
    "凌晨|清晨|清早|早晨|早上|早间|一大早|一早|上午|中午|正午|午间|午后|下午|傍晚|晚间|晚上|夜间|夜里|夜晚|深夜|午夜|半夜|当晚|当夜"
    "|晚(?!报|些|于|期|会|辈|到达)|早(?!前|已|就|日|期|在|些|报|于|早)|夜(?!以)|晨(?!报)"
)
# A clock time may lack its 时 where a range gives it later (0-24时). 点 must not be the counter of advice or places.
_CLOCK = rf"""(零|两|{_N})(?:\ ?[:：]\ ?([0-9]{{2}})(?![0-9])(?:[:：][0-9]{{2}}(?![0-9]))?(?:\ ?[时分])?
    |\ ?(?:时(?![间代候期段评])|点(?![赞评名位对的建意要措希体启倡]))(?:\ ?({_N})\ ?分(?![之钟])|(半|整|一刻|三刻|钟|[0-5][0-9](?=[，,。；许左至到—抵出离起-])))?
    |(?=\ ?{_TO}\ ?[0-9]{{1,2}}(?:\ ?[时点](?![间代])|[:：][0-9]{{2}})))(?:\ ?(?:多(?![个名例人家])|许|左右|前后|钟))?"""
_TIME = re.compile(
    rf"""\ ?(?:(?:(?:当地|北京)时间|[（(](?:(?:周|星期|礼拜)[一二三四五六日天]|农历[^（()）]{{1,7}}|(?:大年|正月|腊月|年|除)[^（()）]{{1,4}}|[0-9]{{1,2}}日|[^（()）]{{1,4}}[节间])[)）](?=\ ?(?:{_PART}|[0-9]{{1,2}}\ ?[时点:：]))|(?:周|星期)[一二三四五六日天]\ ?(?={_PART})|(?:当[天日]|[这那]一?天)(?!起))\ ?)?
    (?:({_PART}))?(?:\ ?{_CLOCK})?""",
    re.VERBOSE,
)
_PART_WORD = re.compile("(?:凌晨|清晨|早上|上午|中午|下午|傍晚|晚间|晚上)|晚(?=[，,])")
_TIME_FIRST = frozenset("0123456789零一二三四五六七八九十 （(当北周这那" + "凌清早上中正午下傍晚夜深半晨")
_RANGE = re.compile(rf" ?起? ?{_TO} ?(?:于)?(?!病|位|访|会|场|岗|账|院|[京]|达|来|底)")
_NOWISH = re.compile("今(?:[天日]|(?=[，,。、；：） \n]|$))|目前|现在|当前|如今")
_TO_NOW = re.compile("(?:至|到)(?:今(?![年天日早晚晨])|目前|现在)")
_ISO = re.compile(
    r"((?:19|20)[0-9]{2}) ?([-/.]) ?([0-9]{1,2}) ?\2 ?([0-9]{1,2})(?![0-9.]*[0-9])(?:(?:[T ]| {2})?([0-9]{1,2}):([0-9]{2})(?::[0-9]{2})?)?(?![0-9A-Za-z-])"
)
_SHORT = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})(?![0-9])(日| [0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?")
_NOT_A_SHORT_DATE = re.compile(r"[万亿千百十%‰倍元例人名个℃度公吨米家次项件小多余.\-/~～0-9A-Za-z]| ?[万亿%元例人名个℃]")
_LATER = re.compile(
    f"({_N}|两|半)个?(天|日|周|星期|礼拜|月)(?:之|以)?(后|前)(?![往来])"
)
_THEN_DAYS = re.compile(f"(?:此|其|之|随)?后的?([几数两]|{_N})[天日](?!后|前)")
_RECENT = re.compile("(?:(近|最近|过去)|未来|今后)的?([一二两三四五六七1-7])(天|日|周|个星期)(?!前|后)")
_WEEKDAY = re.compile(
    "(上上|上|本|这|下|同)?个?(?:周|星期|礼拜)([一二三四五六日天])(?!次|片|福|围|岁|年|边|均|生|刊|杰|行|平)"
    "(?:(?:至|到|-)(?:周|星期)?([一二三四五六日天]))?"
)
_QUARTER = re.compile("(前)?第?([一二三四1-4])季度|首季度?")
_LUNAR_DAY = f"初[一二三四五六七八九十]|(?:二十|廿){_ONES}?|十{_ONES}|三十"
_LUNAR = re.compile(
    f"(?:大年|正月|年|农历正月)(?:(初[一二三四五六七八九十])(?!年级|[几多余])|(十{_ONES}|二十{_ONES}?|廿{_ONES}|三十)(?![多余几]))"
    f"|(?:农历)?(腊月)({_LUNAR_DAY})|(农历)(十[一二]|[一二三四五六七八九十冬])月({_LUNAR_DAY})"
)
_LUNAR_TAIL = re.compile("(初[一二三四五六七八九十]|十[一二三四五])(?!年级|学生|毕业|班)")
_NOW_SHORT = re.compile("(?<![出体发表呈实再显涌兑浮展重闪隐])现(?=(?:已|正在|仍|尚|均已))(?!已知)")
_LOST_SIGN = re.compile(r" ?([0-9]{1,2})(?![0-9.:：个例名人家万亿多余%次项天周年月日时点号批类级种辆套])")
_NEXT_FIGURE = re.compile(rf" ?(?:{_TO}|[、和及]) ?({_N})")
_EFFORT = re.compile("的?(?:救治|治疗|努力|时间|奋战|隔离|观察)")
_SINCE_GAP = 12  # characters that may stand between a date and its 以来

_AS_OF = ("截至", "截止", "止到", "至到", "止至")
_AS_OF_LEAD = re.compile("截[至止][到至]? {0,2}$")
_FROM_AFTER = re.compile("起(?![点伏草飞诉])|开始(?=[，,。；、 \n]|$)|始(?=[，,])")
_BY_AFTER = re.compile("(?:[（(]不?含[^（()）]{0,4}[)）])?以?之?前(?![后往来线方期沿台一二两三四五六七八九十几0-9])")
_CLAUSE_STARTS = frozenset("，,。；;：:！!？?\n 、（(“")
_HELD_THEN = re.compile("召开|举行|的|发布|公布")  # 从5日召开的发布会上获悉: no point in time that anything starts from
_WIRE = re.compile("(?:讯|电)(?![话视子梯力影商网器问息])")
_STAMP_LEAD = re.compile(
    r"[ \[【(（]{0,8}(?:[^ ，。:：]{0,6}[ |｜])?(?:发布时间|发表时间|更新时间|发稿时间|时间|日期|发布于|发表于|发布日期|更新于)?[:： ]{0,4}$"
)
_STAMP_TAIL = re.compile(r"[ \])】）]{0,8}(?:\n|$|来源|作者|编辑|责编|责任编辑|字号|[|｜]|【|记者|浏览|阅读|点击|[A-Za-z])")
# What makes a line without a full sentence the head of a page: 浦东时报讯 记者 严静雯 2020年3月24日
_MEDIUM = re.compile(
    "日报|晚报|时报|晨报|早报|商报|都市报|新闻网|电视台|新华社|新华网|人民网|客户端|融媒体|记者|通讯员|来源|作者|编辑|责编|点击|浏览|阅读|字号|发布时间|发布日期"
    "|(?<![通简快预汇播申上填])报 |讯 |第 ?[0-9A-Z]{1,3} ?版|(?:星期|周)[一二三四五六日天](?: |$)"
)
_NEWSPAPER_HEAD = re.compile("第 ?[0-9A-Z]{1,3} ?版|星期[一二三四五六日天]")
_SENTENCE_SIGNS = re.compile("[，。；！？!?,;]")
_BESIDE_A_STAMP = frozenset(" \t\u3000[]【】()（）:：|｜\n")
_HEAD_MAX = 90  # characters of a line that may be the head of a page
_SENTENCE_ENDS = frozenset("。！？!?\n")
# A period that says which project, tax or ceremony is meant, and not when something happened.
_OF_NOUN = re.compile(
    "(?:份|度)?的?(?:第[一二三四五六七八九十0-9]{1,3}[批届期次号]|首批|纳税|税款|税费|房租|租金|工资|薪酬|社保|社会保险|养老保险|医疗保险|电费|水费|气费"
    "|保费|高考|中考|考试|(?:春季|秋季)?学期|招生|应届|毕业生|高校毕业生|国民经济|政府工作报告|工作要点|目标任务)"
)
_OF_CEREMONY = re.compile(
    "(?:(?!召开|举行|举办|组织|开展|印发|出台|发布|下发|制定|启动|参加)[^，。；：！？、\n0-9]){2,16}?(?:仪式|签约会|推介会|启动会|开工活动|签约活动|动员会)"
)
_HELD_BEFORE = re.compile(
    "(?:举行|举办|组织|召开|参加|出席|启动|延长|减免|免收|减收|免除|免缴|缓缴|缴纳|收取|推进|开展|部署|研究|安排|迎来|印发|下达|关于)了?(?:我|全|本)?[市省区县州]?$"
)
_HELD_NOUN = re.compile("(?![末初底中内以来前后起至到的期上下今])[\u4e00-\u9fff]")
_EVERY = ("每天", "每日", "每晚", "每周")
_NOT_AFTER_PART = frozenset("班课茶餐饭霞场好会安宴市")
# 隔离14日, 为期20日: so many days
_SO_MANY_DAYS = ("为期", "历时", "检疫", "长达", "期满", "共计", "持续")
_OF_WEEKS = ("隔离", "观察")
_ROUTINE = re.compile("(?:每[天日晚周]|营业|开放|工作|时间(?:为|是|[:：])|平均)[^，,。；\n]{0,6}$")

_PM = frozenset(["下午", "午后", "傍晚"])
_NIGHT = frozenset(["晚", "晚间", "晚上", "夜间", "夜里", "夜晚", "夜", "深夜", "当晚", "当夜", "半夜", "午夜"])

_NOT_DAY_BEFORE = frozenset("第每近满共前后数达逾超余约隔期首来去这几整足仅.-/％%〔[#+*")
_NOT_DAY_AFTER = re.compile(
    "[内均龄游元圆系]|以[上下内]|之内|(?:左右|多)|[的]?(?:居家|集中|医学|隔离|健康|自我)?(?:隔离期|观察期|医学观察期|潜伏期)|(?:之|以)?后(?!勤|备|续)|本(?:人|籍|国|政府|首相)"
)
_HAO_AFTER = re.compile("[，,、。；止至到\\-—起晚早上下中凌前乘就的]|开始|[0-9]{1,2}[时点:]")
_HAO_BEFORE = frozenset("，,。；：:、（(\n从自到至于在就是截 ")

# --- rules as data ------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def load_rules() -> tuple[dict[str, Any], ...]:
    """The rules of words/dates.toml, each with `id`, `about`, `examples`, `counter` and, where it has words, `words`."""
    text = files("covid_timeline.mentions").joinpath("words/dates.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["rule"])


_DIGITS = "0123456789"
_CN_START = "一二三四五六七八九十元廿"


def _compile_words() -> tuple[dict[str, re.Pattern[str]], dict[str, tuple[str, str, Any]], str, str]:
    """Per first character one regex of its words, longest first; the words' meanings; first and second characters."""
    meanings: dict[str, tuple[str, str, Any]] = {}
    sources: dict[str, list[tuple[str, str]]] = {}
    seconds = set()
    for rule in load_rules():
        for word, value in rule.get("words", {}).items():
            if word in meanings:
                raise ValueError(f"words/dates.toml: {word} stands under {meanings[word][0]} and {rule['id']}")
            meanings[word] = (rule["id"], rule["kind"], value)
            after = rule.get("not_after", {})
            before = rule.get("not_before", {})
            behind = after.get(word, after.get("*", ""))
            ahead = before.get(word, before.get("*", ""))
            source = (f"(?<![{behind}])" if behind else "") + word + (f"(?!{ahead})" if ahead else "")
            if len(word) == 1:
                source += f"(?={_PART}|起)"
                seconds |= {p[0] for p in _PART.split("|")} | {"起"}
            else:
                seconds.add(word[1])
            sources.setdefault(word[0], []).append((word, source))
    patterns = {
        first: re.compile("|".join(source for _, source in sorted(words, key=lambda w: (-len(w[0]), w[0]))))
        for first, words in sources.items()
    }
    return patterns, meanings, "".join(sorted(patterns)), "".join(sorted(seconds))


_WORDS, _MEANINGS, _WORD_FIRST, _WORD_SECOND = _compile_words()

# Pattern rules by first character: (regex, name of the _Reader method that reads the match).
_PATTERNS: dict[str, tuple[tuple[re.Pattern[str], str], ...]] = {}


def _add_patterns(firsts: str, *entries: tuple[re.Pattern[str], str]) -> None:
    for first in firsts:
        _PATTERNS[first] = _PATTERNS.get(first, ()) + entries


_add_patterns("上本这下同周星礼", (_WEEKDAY, "_read_weekday"))
_add_patterns("一二三四首第前1234", (_QUARTER, "_read_quarter"))
_add_patterns("大正年腊农", (_LUNAR, "_read_lunar"))
_add_patterns("现", (_NOW_SHORT, "_read_now"))
_add_patterns("初十", (_LUNAR_TAIL, "_read_lunar_tail"))
_add_patterns("近最过未今", (_RECENT, "_read_recent"))
_add_patterns("此其之随后", (_THEN_DAYS, "_read_then_days"))
_add_patterns("一二两三四五六七八九十半" + _DIGITS, (_LATER, "_read_later"))
_PART_FIRST = "凌清早上中正午下傍晚夜深零"
_PATTERN_SECOND = "个周星礼上期拜一二三四五六日天第季1234首年月历初十廿近去来后的几数两七八九今" + _DIGITS + "腊正已仍尚均"
_PART_SECOND = "晨早午间后晚上夜时点" + _DIGITS

_FIRST = "".join(sorted(set(_WORD_FIRST + "".join(_PATTERNS) + _PART_FIRST + _CN_START) - set(_DIGITS)))
_TRIGGER = re.compile(
    f"[{_DIGITS}{_FIRST}](?:(?<=[0-9])(?<![0-9A-Za-z_][0-9])(?<![0-9][.,][0-9])"
    rf"(?:[0-9]{{0,3}} {{0,2}}[年月日号时点:：目曰]|[0-9]{{0,3}} ?[-—～~至到、和及/.] ?[0-9]|[0-9]?(?:天|日|周)[之以]?[后前]|季度|[0-9]?个[星月]|[0-9]?[两三四五]日|[0-9][凌清早上中下傍晚][晨上午晚间，,])"
    f"|(?<=[{_CN_START}])[一二三四五六七八九十{_CN}]{{0,3}} ?[年月日时点季天周个]"
    f"|(?<![0-9])[{''.join(sorted(set(_WORD_SECOND + _PATTERN_SECOND + _PART_SECOND)))}])"
)

# --- reading ------------------------------------------------------------------------------------------------------

_Time = tuple[str | None, str | None, str | None]  # start, end, precision; all None where no time is stated
_NO_TIME: _Time = (None, None, None)


@lru_cache(maxsize=4096)
def _clock(part: str | None, hour: str, minutes: str | None) -> str | None:
    """Clock time as "HH:MM", or None for an impossible one. 晚12时 is 24:00, 下午3点 15:00, 凌晨12点 00:00."""
    h = _figure(hour)
    m = 0
    if minutes:
        m = {"半": 30, "一刻": 15, "三刻": 45, "整": 0, "钟": 0}.get(minutes, -1)
        if m < 0:
            m = _figure(minutes)
    if part:
        if part in _PM:
            if 1 <= h < 12:
                h += 12
        elif part in _NIGHT:
            if 5 <= h <= 12:
                h += 12
        elif part == "中午" and h <= 3:
            h += 12
        elif part == "凌晨" and h == 12:
            h = 0
    if h > 24 or m > 59 or (h == 24 and m):
        return None
    return f"{h:02d}:{m:02d}"


class _Reader:
    """One pass over one text. Keeps the last day named, which pronouns and partial dates go back to."""

    __slots__ = (
        "anchor", "as_of", "as_of_at", "day", "day_at", "explicit", "explicit_at", "found", "line_end", "line_start",
        "lunar_at", "month", "month_at", "period", "period_at", "strict", "text", "unclaimed",
    )  # fmt: skip

    def __init__(self, text: str, anchor: dt.date, *, strict: bool = False) -> None:
        self.text = text
        self.anchor = anchor
        self.strict = strict  # the whole text is one expression: 上午 or 3号 needs nothing beside it
        self.found: list[DateMention] = []
        self.unclaimed: list[Unclaimed] = []
        self.line_start = 0
        self.line_end = -1
        never = -(10**9)
        self.day = anchor  # last day named, and where its mention ended
        self.day_at = 0 if strict else never
        self.as_of = anchor
        self.as_of_at = never
        self.explicit = anchor  # last day with a stated year
        self.explicit_at = never
        self.period = (anchor, anchor, "day")
        self.period_at = never
        self.lunar_at = never
        self.month = anchor  # last month named without a day
        self.month_at = never

    def run(self) -> None:
        text = self.text
        search = _TRIGGER.search
        position = 0
        match = search(text)
        while match is not None:
            start = match.start()
            end = self._read(start)
            position = end if end > start else start + 1
            match = search(text, position)

    def _read(self, start: int) -> int:
        """Read the expression at `start`; its end, or 0 where there is none."""
        first = self.text[start]
        if first in _DIGITS:
            end = self._read_figures(start) or self._read_patterns(start, first)
            return end or self._read_clock(start)
        end = 0
        if first in _CN_START:
            end = self._read_figures(start)
        if not end:
            words = _WORDS.get(first)
            if words is not None:
                match = words.match(self.text, start)
                if match is not None:
                    rule, kind, value = _MEANINGS[match[0]]
                    end = _KINDS[kind](self, start, match.end(), rule, value)
        if not end:
            end = self._read_patterns(start, first)
        if not end and first in _PART_FIRST:
            end = self._read_clock(start)
        return end

    def _read_patterns(self, start: int, first: str) -> int:
        for pattern, reader in _PATTERNS.get(first, ()):
            match = pattern.match(self.text, start)
            if match is not None:
                end: int = getattr(self, reader)(start, match)
                if end:
                    return end
        return 0

    # -- where we are --

    def _line(self, at: int) -> int:
        """Start of the line that holds `at`; calls must not go back."""
        while self.line_end < at:
            if self.line_end >= 0:
                self.line_start = self.line_end + 1
            end = self.text.find("\n", self.line_start)
            self.line_end = len(self.text) if end < 0 else end
        return self.line_start

    def _near_day(self, start: int) -> bool:
        """Whether a day was named in this sentence or the one before."""
        if self.strict:
            return True
        gap = start - self.day_at
        if gap > 150:
            return False
        between = self.text[self.day_at : start]
        return sum(between.count(sign) for sign in _SENTENCE_ENDS) <= 1

    # -- resolving: what the text left open --

    def _pick_year(self, start: int, month: int, day: int, end: int) -> dt.date | None:
        """The year of a month and day: nearest to an explicit date of the same line, else to the anchor."""
        near = self.explicit if self.explicit_at >= self._line(start) else self.anchor
        found = _nearest(near, month, day)
        if found is not None and (near - found).days > 60 and self._looks_ahead(start, end):
            found = _date(found.year + 1, month, day) or found
        return found

    def _looks_ahead(self, start: int, end: int) -> bool:
        before = self.text[max(0, start - 3) : start]
        if before.endswith(_AS_OF):
            return False
        return bool(_BY_AFTER.match(self.text, end)) or before.endswith(("延至", "长至", "推至", "迟至", "长到", "迟到"))

    def _pick_month(self, start: int, day: int, end: int) -> dt.date | None:
        """The month of a day alone: nearest to the last day named, but rather before the anchor than after it."""
        if self.month_at > self.day_at and start - self.month_at <= 15:
            found = _date(self.month.year, self.month.month, day)
            if found is not None:
                return found
        near = self.day if start - self.day_at < 400 else self.anchor
        ahead = _FROM_AFTER.match(self.text, end) or _BY_AFTER.match(self.text, end)
        best: dt.date | None = None
        best_cost = 1000
        for shift in (0, -1, 1, -2):
            found = _date(*_add_months(near.year, near.month, shift), day)
            if found is None:
                continue
            cost = abs((found - near).days)
            if found > self.anchor and found > near and not ahead:
                cost += 25
            if cost < best_cost:
                best, best_cost = found, cost
        return best

    def _pick_month_year(self, start: int, month: int, end: int) -> int:
        """The year of a month alone."""
        near = self.explicit if self.explicit_at >= self._line(start) else self.anchor
        middle = _nearest(near, month, 15)
        year = near.year if middle is None else middle.year
        if middle is not None and (near - middle).days > 60 and self._looks_ahead(start, end):
            year += 1
        return year

    # -- writing down --

    def _emit(
        self, start: int, end: int, first: dt.date, last: dt.date, time: _Time, precision: str, basis: str, rule: str,
        vague: bool = False, header: bool = False,
    ) -> int:  # fmt: skip
        text = self.text
        role = "at"
        if precision == "range" and (first != last or time[0] != time[1]):
            role = "range"
        lead_end = start
        while lead_end and start - lead_end < 3 and text[lead_end - 1] == " ":
            lead_end -= 1
        before = text[lead_end - 1] if lead_end else "\n"
        after = text[end] if end < len(text) else "\n"
        if before in "至止到":
            lead = text[max(0, lead_end - 2) : lead_end]
            if lead in _AS_OF or ((len(lead) < 2 or lead[0] in _CLAUSE_STARTS) and last <= self.anchor):
                role = "as_of"
        elif before in "自从" and precision != "range" and not _HELD_THEN.match(text, end):
            role = "from"
        if role == "at":
            if after in "起开始" and _FROM_AFTER.match(text, end):
                role = "from"
            elif after in "以之前（(" and _BY_AFTER.match(text, end):
                role = "by"
        if role in ("at", "range") and precision in _LONG and rule not in _NOT_ATTRIBUTIVE and self._is_attributive(start, end):
            role = "attributive"
        if after in "讯电" and _WIRE.match(text, end):
            header = True
        self.found.append(
            DateMention(start, end, first, last, time[0], time[1], precision, basis, role, vague, header, rule)
        )
        if vague:
            return end
        if precision in _OF_A_DAY:
            self.day = last
            self.day_at = end
            if role == "as_of" or (precision == "range" and time[0] is not None):
                self.as_of = last
                self.as_of_at = start
            if basis == "explicit":
                self.explicit = last
                self.explicit_at = start
        elif precision == "month":
            self.month = first
            self.month_at = end
        if first != last:
            self.period = (first, last, precision)
            self.period_at = start
        return end

    def _is_attributive(self, start: int, end: int) -> bool:
        """Whether a month, quarter or year only qualifies the noun behind it: 举行一季度重大项目开工仪式, 2月份房租."""
        text = self.text
        if _OF_NOUN.match(text, end) or _OF_CEREMONY.match(text, end):
            return True
        held = _HELD_BEFORE.search(text, max(0, start - 8), start)
        return held is not None and _HELD_NOUN.match(text, end) is not None

    def _refuse(self, start: int, end: int, reason: str) -> int:
        if not self.unclaimed or self.unclaimed[-1].end <= start:  # the same figures may be tried from two starts
            self.unclaimed.append(Unclaimed(start, end, reason))
        return end

    # -- points --

    def _time(self, at: int) -> tuple[int, _Time, bool]:
        """Clock time or part of day at `at`: where it ends, what it says, and whether it waits for a range's end."""
        match = _TIME.match(self.text, at)
        if match is None or match.end() == at:
            return at, _NO_TIME, False
        part, hour, colon, minute, word = match.groups()
        if hour is None:
            end = _strip_end(self.text, match.end())
            if end <= at:
                return at, _NO_TIME, False
            return end, ((None, None, "part_of_day") if part else _NO_TIME), False
        if hour[0] not in _DIGITS and not part and hour != "零" and not self.strict and at == match.start(2):
            return at, _NO_TIME, False  # 一时, 三点: words, unless a part of day or a space stands before
        end = match.end()
        stated = _clock(part, hour, colon or minute or word)
        if stated is None:
            cut = match.end(1) if part else at
            self._refuse(match.start(2), end, "impossible time")
            return max(cut, at), ((None, None, "part_of_day") if part else _NO_TIME), False
        precise = "minute" if colon or minute or (word and word not in "整钟") else "hour"
        return end, (stated, stated, precise), end == match.end(2)

    def _point(self, start: int, end: int, day: dt.date, basis: str, rule: str) -> int:
        """Complete a day read up to `end` with its time and, where one follows, the other end of a range."""
        text = self.text
        time = _NO_TIME
        waits = False
        size = len(text)
        if end < size and text[end] in _TIME_FIRST:
            end, time, waits = self._time(end)
        if end < size and text[end] in "-—～~至到起 ":
            match = _RANGE.match(text, end)
            if match is not None:
                done = self._range(start, end, match.end(), day, time, basis, rule, waits)
                if done:
                    return done
        if waits:  # a bare figure after the day is no clock time after all
            end = self._before_bare_figure(end)
            time = _NO_TIME
        return self._emit(start, end, day, day, time, time[2] or "day", basis, rule)

    def _before_bare_figure(self, end: int) -> int:
        while self.text[end - 1] in _DIGITS or self.text[end - 1] == " ":
            end -= 1
        return end

    def _range(
        self, start: int, end: int, at: int, day: dt.date, time: _Time, basis: str, rule: str, waits: bool
    ) -> int:
        """A range from `day`: its other end stands at `at`. 0 where nothing there can be one."""
        text = self.text
        now = _TO_NOW.match(text, end) or (_NOWISH.match(text, at) if text[at - 1] in "至到" else None)
        if now is not None:
            return self._emit(start, now.end(), day, max(day, self.anchor), (time[0], None, None), "range", basis, rule)
        if at < len(text) and text[at] in _RANGE_WORDS:
            return self._range_to_word(start, at, day, time, basis, rule)
        match = _CORE.match(text, at)
        year, month, dom, _ = match.groups() if match is not None else (None, None, None, None)
        if match is not None and (dom or month):
            core_end = _strip_end(text, match.end())
            m = _figure(month) if month else day.month
            y = _year(year) if year else day.year
            if dom is None:  # 1月28日至2月底
                if not 1 <= m <= 12:
                    return 0
                part = _MONTH_PART.match(text, core_end)
                last = _month(y, m, _part_of(part))[1]
                core_end = part.end() if part else core_end
            else:
                if not month and match.group(4) is None:
                    return 0
                found = _date(y, m, _figure(dom))
                if found is None or (found < day and not year):
                    if not month:
                        found = _date(*_add_months(day.year, day.month, 1), _figure(dom)) if _figure(dom) < day.day else None
                    elif found is not None:
                        found = _date(y + 1, m, _figure(dom))
                if found is None:
                    return 0
                last = found
            if last < day or (last - day).days > 400 or (not year and (last - day).days > 250):
                return 0
            stop, last_time, _ = self._time(core_end)
            return self._emit(start, stop, day, last, (time[0], last_time[1], None), "range", basis, rule)
        if time[0] is None and time[2] is None:
            return 0
        stop, last_time, _ = self._time(at)
        if last_time[2] is None or stop == at:
            return 0
        if time[0] is not None and last_time[1] is not None and last_time[1] < time[0]:
            return 0
        first_time = time[0]
        return self._emit(start, stop, day, day, (first_time, last_time[1], None), "range", basis, rule)

    def _range_to_word(self, start: int, at: int, day: dt.date, time: _Time, basis: str, rule: str) -> int:
        """2月3日至今晚, 除夕到正月十五, 1月28日至本月底."""
        held = self.day, self.day_at, self.period, self.period_at, self.lunar_at
        count = len(self.found), len(self.unclaimed)
        end = self._read(at)
        new = self.found[count[0] :]
        del self.found[count[0] :], self.unclaimed[count[1] :]
        if len(new) == 1 and new[0].start == at and new[0].rule in _RANGE_END_RULES and day < new[0].date_end:
            last = new[0]
            return self._emit(start, end, day, last.date_end, (time[0], last.time_end, None), "range", basis, rule)
        self.day, self.day_at, self.period, self.period_at, self.lunar_at = held
        return 0

    # -- figures --

    def _read_figures(self, start: int) -> int:
        text = self.text
        match = _CORE.match(text, start)
        if match is None or match.end() == start:
            return self._read_iso(start)
        year, month, dom, sign = match.groups()
        end = _strip_end(text, match.end())
        if dom is not None:
            d = _figure(dom)
            if month is None:
                if year is None:
                    return self._read_day(start, end, dom, sign)
                return self._read_year(start, text.index("年", match.end(1)) + 1, _year(year))
            m = _figure(month)
            if year is not None:
                found = _date(_year(year), m, d)
                rule, basis = "year_month_day", "explicit"
            else:
                found = self._pick_year(start, m, d, end) if 1 <= m <= 12 else None
                rule, basis = "month_day", "inferred_year"
            if found is None:
                return self._refuse(start, self._time(end)[0], "impossible date")
            done = self._point(start, end, found, basis, rule)
            self._maybe_stamp()
            return done
        if month is not None:
            tail = _LOST_SIGN.match(text, end)
            if tail is not None and text[end - 1] == "月" and text[start] in _DIGITS:
                m, d = _figure(month), _figure(tail[1])  # 截至3月19，: the sign 日 is lost
                found = _date(_year(year), m, d) if year else (self._pick_year(start, m, d, tail.end()) if 1 <= m <= 12 else None)
                if found is not None:
                    rule = "year_month_day" if year else "month_day"
                    return self._point(start, tail.end(), found, "explicit" if year else "inferred_year", rule)
            if year is None and start and (text[start - 1] in "个第每近整满足前头数.-/"):
                return 0
            if year is None and start > 1 and text[start - 2 : start] == "每年":
                return 0
            if year is None and text[start] not in _DIGITS and not self._chinese_month(start, end):
                return 0
            return self._read_month(start, end, _year(year) if year else None, _figure(month), "explicit" if year else "inferred_year")
        if year is None or (start and text[start - 1] in "近第-."):
            return 0
        return self._read_year(start, end, _year(year))

    def _chinese_month(self, start: int, end: int) -> bool:
        """一月 and 三月 as months, not 一月有余, 近一月, 三月后."""
        after = self.text[end : end + 2]
        if after[:1] == "三" and self.text[end - 2 : end] == "三月":
            return False  # the festival 三月三
        return not after.startswith(("有", "内", "之", "后", "余", "前", "多")) and not (start and self.text[start - 1] in "近每这不隔半第")

    def _read_day(self, start: int, end: int, dom: str, sign: str | None) -> int:
        """A day without its month: 25日17时."""
        text = self.text
        before = text[start - 1] if start else "\n"
        if not self.strict:
            if before == "月" and text[start - 2] == "每":
                return 0
            if before in _NOT_DAY_BEFORE or (before.isascii() and before.isalpha()):
                return 0
            if before == "为" and dom in ("7", "14", "21", "28"):
                return 0  # 潜伏期为14日
            lead = text[max(0, start - 2) : start]
            if lead in _SO_MANY_DAYS or (lead in _OF_WEEKS and _figure(dom) % 7 == 0):
                return 0
            if before in "续未" or text[start - 2 : start] in ("最近", "过去", "平均"):
                return 0
            if text[start] not in _DIGITS and (len(dom) < 2 or dom == "十"):
                return 0
            if _NOT_DAY_AFTER.match(text, end) and sign != "号":
                return 0
            if sign == "号" and not (before in _HAO_BEFORE and _HAO_AFTER.match(text, end)):
                return 0
            if sign == "号" and start == 0:
                return 0
            if sign is None and not self._day_before_part(start, end, dom) and not self._list_of_days(start, end):
                return 0
        d = _figure(dom)
        found = self._pick_month(start, d, end) if 1 <= d <= 31 else None
        if found is None:
            return self._refuse(start, end, "impossible date") if sign else 0
        return self._point(start, end, found, "partial", "day")

    def _day_before_part(self, start: int, end: int, dom: str) -> bool:
        """13上午发布: the sign 日 is lost before a part of day; not 住了3晚."""
        return len(dom) == 2 and dom[0] in "123" and _PART_WORD.match(self.text, end) is not None

    def _list_of_days(self, start: int, end: int) -> bool:
        """2、3日 and 3至5日 without a month: days only after another day, or after a word that a date follows."""
        text = self.text
        follows = _NEXT_FIGURE.match(text, end)
        if follows is None or _figure(follows[1]) <= _figure(text[start:end]):
            return False
        if text[start - 1 : start] in ("于", "在", "从", "自", "、", "和", "至", "月", "，", "："):
            return start - self.day_at < 60 or text[start - 1] in "于从自月"
        return start - self.day_at < 3

    def _read_month(self, start: int, end: int, year: int | None, month: int, basis: str) -> int:
        text = self.text
        if not 1 <= month <= 12:
            return self._refuse(start, end, "impossible date")
        rule = "relative_year" if basis == "relative" else "month_only"
        part = _MONTH_PART.match(text, end)
        if part is not None:
            end = part.end()
        y = year if year is not None else self._pick_month_year(start, month, end)
        first, last = _month(y, month, _part_of(part))
        match = _RANGE.match(text, end) if end < len(text) and text[end] in "-—～~至到 " else None
        if match is not None:
            other = _CORE.match(text, match.end())
            year2, month2, dom2, _ = other.groups() if other is not None else (None, None, None, None)
            if other is not None and month2 is not None and 1 <= _figure(month2) <= 12:
                stop = _strip_end(text, other.end())
                m2 = _figure(month2)
                y2 = _year(year2) if year2 else (y if m2 >= month else y + 1)
                if dom2 is not None:
                    last2 = _date(y2, m2, _figure(dom2)) or first
                else:
                    part2 = _MONTH_PART.match(text, stop)
                    last2 = _month(y2, m2, _part_of(part2))[1]
                    stop = part2.end() if part2 else stop
                if last2 > first:
                    return self._emit(start, stop, first, last2, _NO_TIME, "range", basis, rule)
            now = _TO_NOW.match(text, end)
            if now is not None:
                return self._emit(start, now.end(), first, max(first, self.anchor), _NO_TIME, "range", basis, rule)
        if end > 0 and text[end - 1] not in "月份旬初底末中" and not part:
            return 0
        precision = "ten_days" if part is not None else "month"
        return self._emit(start, end, first, last, _NO_TIME, precision, basis, rule)

    def _read_year(self, start: int, end: int, year: int, basis: str = "explicit", rule: str = "year_only") -> int:
        """A year read up to `end`, with a quarter, half, end or festival that follows it."""
        text = self.text
        part = _YEAR_PART.match(text, end)
        if part is not None:
            months, half, up_to, quarter, first_quarter, early, _ = part.groups()
            if months and _figure(months) <= 12:
                return self._emit_months(start, part.end(), year, 1, _figure(months), "range", basis, rule)
            if half:
                return self._emit_months(start, part.end(), year, *((1, 6) if half == "上" else (7, 12)), "range", basis, rule)
            if quarter or first_quarter:
                q = _figure(quarter) if quarter else 1
                if up_to:
                    return self._emit_months(start, part.end(), year, 1, 3 * q, "range", basis, rule)
                return self._emit_months(start, part.end(), year, 3 * q - 2, 3 * q, "quarter", basis, rule)
            m = 1 if early else 12
            return self._emit_months(start, part.end(), year, m, m, "month", basis, rule)
        if end < len(text):
            words = _WORDS.get(text[end])
            match = words.match(text, end) if words is not None else None
            if match is not None:
                rule2, kind, value = _MEANINGS[match[0]]
                if kind in ("festival", "period"):
                    done = _KINDS[kind](self, start, match.end(), rule2, value, year)
                    if done:
                        return done
            lunar_match = _LUNAR.match(text, end)
            if lunar_match is not None:
                return self._read_lunar(start, lunar_match, year)
            match = _RANGE.match(text, end) if text[end] in "-—～~至到 " else None
            other = _CORE.match(text, match.end()) if match is not None else None
            if other is not None and other[1] and not other[2] and not other[3] and _year(other[1]) > year:
                last = _year(other[1])
                return self._emit(
                    start, _strip_end(text, other.end()), dt.date(year, 1, 1), dt.date(last, 12, 31), _NO_TIME, "range", basis, rule
                )
        if text[end - 1] in _DIGITS and not (end < len(text) and text[end] in "、和 "):
            return 0  # 2020-: no year after all
        return self._emit(start, end, dt.date(year, 1, 1), dt.date(year, 12, 31), _NO_TIME, "year", basis, rule)

    def _emit_months(self, start: int, end: int, year: int, first: int, last: int, precision: str, basis: str, rule: str) -> int:
        return self._emit(start, end, _month(year, first)[0], _month(year, last)[1], _NO_TIME, precision, basis, rule)

    def _read_iso(self, start: int) -> int:
        text = self.text
        match = _ISO.match(text, start)
        before = text[start - 1] if start else "\n"
        if match is not None:
            if (before.isalnum() and before.isascii()) or before in "-/._〔":
                return 0
            year, _, month, dom, hour, minute = match.groups()
            found = _date(int(year), int(month), int(dom))
            if found is None:
                return self._refuse(start, match.end(), "impossible date")
            stated = _clock(None, hour, minute) if hour else None
            end = match.end() if stated or not hour else match.end(4)
            time: _Time = (stated, stated, "minute" if stated else None)
            done = self._emit(start, end, found, found, time, "minute" if stated else "day", "explicit", "iso_date")
            self._maybe_stamp()
            return done
        match = _SHORT.match(text, start)
        if match is None or (before.isascii() and (before.isalnum() or before in "./-")):
            return 0
        month, sign, dom, tail = match.groups()
        m, d = int(month), int(dom)
        if not (1 <= m <= 12 and 1 <= d <= 31):
            return 0
        if tail is None:
            lead = text[max(0, start - 2) : start]
            if sign != "." or not (lead in _AS_OF or lead.endswith("自")) or _NOT_A_SHORT_DATE.match(text, match.end()):
                return 0
        elif tail == "日":
            if sign != "." or (before and before in "约近满达均") or _NOT_DAY_AFTER.match(text, match.end()):
                return 0
        elif sign == "." or len(month) + len(dom) < 4:
            return 0
        end = match.end()
        found = self._pick_year(start, m, d, end)
        if found is None:
            return 0
        if tail is not None and tail != "日":
            stated = _clock(None, tail[1:3], tail[4:6])
            if stated is not None:
                done = self._emit(start, end, found, found, (stated, stated, "minute"), "minute", "inferred_year", "short_figures")
                self._maybe_stamp()
                return done
        return self._point(start, end, found, "inferred_year", "short_figures")

    def _in_page_head(self, mention: DateMention, line: int) -> bool:
        """Whether the mention stands free in a short line that names a medium and tells nothing."""
        text = self.text
        if self.line_end - line > _HEAD_MAX or mention.end > self.line_end:
            return False
        if (mention.start > line and text[mention.start - 1] not in _BESIDE_A_STAMP) or (
            mention.end < self.line_end and text[mention.end] not in _BESIDE_A_STAMP
        ):
            return False
        around = text[line : mention.start] + "  " + text[mention.end : self.line_end]
        cue = _NEWSPAPER_HEAD if mention.rule == "month_day" else _MEDIUM
        return cue.search(around) is not None and _SENTENCE_SIGNS.search(around) is None

    def _maybe_stamp(self) -> None:
        """Mark the last mention as a publication stamp: alone on its line, behind a label, before 来源, or in a page's head."""
        mention = self.found[-1]
        text = self.text
        if self.strict or mention.precision not in ("day", "minute") or mention.rule == "day":
            return
        line = self._line(mention.start)
        if self._in_page_head(mention, line):
            self.found[-1] = mention._replace(header=True)
            return
        if mention.rule == "month_day":
            return
        if mention.end - mention.start == len(text) or mention.start - line > 40 or not _STAMP_TAIL.match(text, mention.end):
            return
        lead = text[line : mention.start]
        label = _STAMP_LEAD.match(lead)
        bare = lead.strip() == ""
        labelled = label is not None and (not bare or mention.precision == "minute" or "\n" in text)
        # 来源：湖北日报 2020-02-03 08:30: no label, but a clock time and no sentence before it
        if labelled or (mention.precision == "minute" and not _SINCE_BREAK.search(lead.replace(":", "").replace("：", ""))):
            self.found[-1] = mention._replace(header=True)

    # -- clock times apart from their day --

    def _read_clock(self, start: int) -> int:
        text = self.text
        before = text[start - 1] if start else "\n"
        if before.isascii() and (before.isalnum() or before in "./-*:+"):
            return 0
        refused = len(self.unclaimed)
        if refused and self.unclaimed[-1].end > start:
            return self.unclaimed[-1].end  # the impossible clock time of the date before
        end, time, waits = self._time(start)
        if len(self.unclaimed) > refused and not self.strict:
            # 25时 apart from any day may be anything: say so only near one
            if not self._near_day(start):
                del self.unclaimed[refused:]
                return 0
            if end == start:
                return self.unclaimed[-1].end
        if end == start or (time[2] is None and not waits):
            return 0
        if not self.strict and not self._stands_apart(start, end, time, before):
            return 0
        match = _RANGE.match(text, end)
        if match is not None:
            done = self._range(start, end, match.end(), self.day, time, "partial", "clock", waits)
            if done:
                return done
        if waits:
            return 0
        return self._emit(start, end, self.day, self.day, time, time[2] or "part_of_day", "partial", "clock")

    def _stands_apart(self, start: int, end: int, time: _Time, before: str) -> bool:
        """Whether a clock time or part of day belongs to a day named before: 上午，…; not 每天上午, 上午班, 1:10."""
        text = self.text
        clocked = time[0] is not None
        # 截至12时 goes back to any day; 中午12时，… may open a sentence well after the day it belongs to.
        sure = clocked and (
            _AS_OF_LEAD.search(text[max(0, start - 5) : start]) is not None
            or (text[start] not in _DIGITS and before in _CLAUSE_STARTS and start - self.day_at < 400)
        )
        if not (sure or self._near_day(start)):
            return False
        if before in "每整一全个" or text[max(0, start - 2) : start] in _EVERY:
            return False
        if before in "至到-—～" and start > 1 and text[start - 2] in "0123456789时点分":
            return False  # the end of hours whose beginning was no date
        if _ROUTINE.search(text[max(0, start - 12) : start]):
            return False
        led = before in _CLAUSE_STARTS
        if not clocked:
            return (led or before in "于在自从至到截日天") and text[end : end + 1] not in _NOT_AFTER_PART
        if text[start] in _DIGITS and not sure and not led and before not in "于在自从至到截时间":
            return time[2] == "minute" and before not in "比按为率分是第约近每" and not before.isascii()
        return True

    # -- words --

    def _kind_day(self, start: int, end: int, rule: str, days: int) -> int:
        return self._point(start, end, self.anchor + days * _DAY, "relative", rule)

    def _kind_days(self, start: int, end: int, rule: str, days: list[int]) -> int:
        first, last = days
        return self._emit(start, end, self.anchor + first * _DAY, self.anchor + last * _DAY, _NO_TIME, "range", "relative", rule)

    def _kind_month(self, start: int, end: int, rule: str, months: int) -> int:
        text = self.text
        year, month = _add_months(self.anchor.year, self.anchor.month, months)
        match = _CORE.match(text, end + text.startswith(" ", end))
        if match is not None and match[3] and not match[1] and not match[2]:
            found = _date(year, month, _figure(match[3]))
            if found is None:
                return self._refuse(start, match.end(), "impossible date")
            return self._point(start, match.end(), found, "relative", rule)
        part = _MONTH_PART.match(text, end)
        first, last = _month(year, month, _part_of(part))
        return self._emit(start, part.end() if part else end, first, last, _NO_TIME, "ten_days" if part else "month", "relative", rule)

    def _kind_year(self, start: int, end: int, rule: str, years: int) -> int:
        text = self.text
        year = self.anchor.year + years
        if text.startswith("同期", end):
            return self._same_period(start, end + 2, years)
        match = _CORE.match(text, end + text.startswith(" ", end))
        if match is not None and match[2] and not match[1]:
            m = _figure(match[2])
            stop = _strip_end(text, match.end())
            if match[3]:
                found = _date(year, m, _figure(match[3]))
                if found is None:
                    return self._refuse(start, stop, "impossible date")
                return self._point(start, stop, found, "relative", rule)
            if 1 <= m <= 12:
                done = self._read_month(start, stop, year, m, "relative")
                if done:
                    return done
        return self._read_year(start, end, year, "relative", rule)

    def _same_period(self, start: int, end: int, years: int) -> int:
        if self.period_at >= self._line(start):
            first, last, precision = self.period
            back = years or -1
            first2 = _date(first.year + back, first.month, first.day) or first.replace(year=first.year + back, day=28)
            last2 = _date(last.year + back, last.month, last.day)
            if last2 is None or (last + _DAY).day == 1:
                last2 = _month(last.year + back, last.month)[1]
            return self._emit(start, end, first2, last2, _NO_TIME, precision, "relative", "same_period")
        year = self.anchor.year + (years or -1)
        return self._emit(start, end, dt.date(year, 1, 1), dt.date(year, 12, 31), _NO_TIME, "year", "relative", "same_period")

    def _kind_carried(self, start: int, end: int, rule: str, part: str) -> int:
        day = self.day if start - self.day_at < 10**8 else self.anchor
        if self.as_of_at >= self._line(start) and self.found[-1].rule == "now" and self._same_sentence(self.found[-1].end, start):
            day = self.as_of  # 截至X…目前…，当日解除
        if not part:
            return self._point(start, end, day, "carried", rule)
        # 当晚 is its own part of day: read it as one, so that 当晚8时 gets its clock time.
        stop, time, _ = self._time(start)
        if stop < end:
            stop, time = end, (None, None, "part_of_day")
        return self._emit(start, stop, day, day, time, time[2] or "part_of_day", "carried", rule)

    def _same_sentence(self, before: int, start: int) -> bool:
        if start - before > 150:
            return False
        between = self.text[before:start]
        return not any(sign in between for sign in _SENTENCE_ENDS)

    def _kind_step(self, start: int, end: int, rule: str, days: int) -> int:
        if start - self.day_at > 120:
            return 0
        named = self.day
        done = self._point(start, end, named + days * _DAY, "relative", rule)
        if days < 0:
            self.day = named  # 比前一天: the text goes on about the day itself
        return done

    def _kind_now(self, start: int, end: int, rule: str, loose: int) -> int:
        day = self.anchor
        if not loose and self.as_of_at >= self._line(start):
            day = self.as_of
        return self._emit(start, end, day, day, _NO_TIME, "day", "relative", rule, True)

    def _read_now(self, start: int, match: re.Match[str]) -> int:
        return self._kind_now(start, match.end(), "now", 0)

    def _kind_vague(self, start: int, end: int, rule: str, _: int) -> int:
        return self._emit(start, end, self.anchor, self.anchor, _NO_TIME, "day", "relative", rule, True)

    def _kind_week(self, start: int, end: int, rule: str, weeks: int) -> int:
        match = _WEEKDAY.match(self.text, start)
        if match is not None:
            return 0
        monday = self.anchor - self.anchor.weekday() * _DAY + 7 * weeks * _DAY
        if self.text.startswith("末", end):
            return self._emit(start, end + 1, monday + 5 * _DAY, monday + 6 * _DAY, _NO_TIME, "range", "relative", rule)
        return self._emit(start, end, monday, monday + 6 * _DAY, _NO_TIME, "range", "relative", rule)

    def _kind_part(self, start: int, end: int, rule: str, part: str) -> int:
        if part[0] == "年":
            m = 1 if part == "年初" else 12
            return self._emit_months(start, end, self.anchor.year, m, m, "month", "relative", rule)
        first, last = _month(self.anchor.year, self.anchor.month, part)
        return self._emit(start, end, first, last, _NO_TIME, "ten_days", "relative", rule)

    def _kind_half(self, start: int, end: int, rule: str, half: int) -> int:
        months = (1, 6) if half == 1 else (7, 12)
        return self._emit_months(start, end, self.anchor.year, *months, "range", "inferred_year", rule)

    def _festival_year(self, name: str) -> dt.date | None:
        best: dt.date | None = None
        for year in (self.anchor.year - 1, self.anchor.year, self.anchor.year + 1):
            try:
                day = lunar.FESTIVALS[name](year)
            except ValueError:
                continue
            if best is None or abs(day - self.anchor) < abs(best - self.anchor):
                best = day
        return best

    def _kind_festival(self, start: int, end: int, rule: str, name: str, year: int | None = None) -> int:
        text = self.text
        if year is None and not self.strict and name in ("春节", "元旦", "清明节", "端午节", "中秋节") and not text[start:end].endswith("节日"):
            after = text[end : end + 2]
            if not (after[:1] in _TIMELY or after in ("来临", "将至", "临近", "刚过") or _DAYS_BEFORE.match(text, end) or end == len(text)):
                return 0
        if year is not None:
            try:
                day: dt.date | None = lunar.FESTIVALS[name](year)
            except ValueError:
                day = None
        else:
            day = self._festival_year(name)
        if day is None:
            return self._refuse(start, end, "lunar date outside the tables")
        eve = _DAYS_BEFORE.match(text, end)
        if eve is not None:  # 除夕前一天
            return self._point(start, eve.end(), day - _figure(eve[1]) * _DAY, "festival", rule)
        return self._second_name(start, end, day) or self._point(start, end, day, "festival", rule)

    def _second_name(self, start: int, end: int, day: dt.date) -> int:
        """3月8日妇女节, 正月十五元宵节: the festival belongs to the date that it touches. 0 where there is none."""
        if not self.found or start - self.found[-1].end > 6:
            return 0
        named = self.found[-1]
        if named.precision != "day" or named.vague or named.role == "range" or (named.date_start, named.date_end) != (day, day):
            return 0
        if self.text[named.end : start] not in _BEFORE_A_FESTIVAL:
            return 0
        self.found.pop()
        return self._point(named.start, end, day, named.basis, named.rule)

    def _kind_period(self, start: int, end: int, rule: str, what: str, year: int | None = None) -> int:
        name, _, how = what.partition(" ")
        try:
            if name == "春运":
                first, last = lunar.travel_season(year or self.anchor.year)
            else:
                day = lunar.FESTIVALS[name](year) if year else self._festival_year(name)
                if day is None:
                    return 0
                first, last = lunar.holiday(day.year, name, extended=how != "plan")
        except (KeyError, ValueError):
            return self._refuse(start, end, "holiday outside the tables")
        if how == "after":
            first, last = last + _DAY, max(last + _DAY, self.anchor)
        return self._emit(start, end, first, last, _NO_TIME, "range", "festival", rule)

    def _kind_term(self, start: int, end: int, rule: str, plain: int) -> int:
        text = self.text
        if not plain and not self.strict and not text.startswith(("节气", "时节", "当天", "当日"), end):
            return 0
        best: dt.date | None = None
        for year in (self.anchor.year - 1, self.anchor.year, self.anchor.year + 1):
            try:
                day = lunar.solar_term(year, text[start:end])
            except ValueError:
                continue
            if best is None or abs(day - self.anchor) < abs(best - self.anchor):
                best = day
        if best is None:
            return self._refuse(start, end, "solar term outside the tables")
        return self._point(start, end, best, "festival", rule)

    # -- patterns --

    def _read_weekday(self, start: int, match: re.Match[str]) -> int:
        text = self.text
        week, first, last = match.groups()
        before = text[start - 1] if start else "\n"
        if not self.strict and (before in ("每", "一", "两", "三", "个", "第", "隔", "同") or week == "同"):
            return 0
        if before in "至到-—" and start > 1 and text[start - 2] in "一二三四五六日":
            return 0  # the end of 周一至周五
        number = "一二三四五六日".find(first.replace("天", "日"))
        end = match.end()
        if week is None:
            if last is not None:
                return 0  # 周一至周五: every week
            gap = start - self.day_at
            if self.day_at > 0 and gap <= 2 and text[self.day_at : start].strip(" （(") == "":
                return end  # 3月12日 星期四, 2月3日（星期一）: no second date
            if self.day_at >= 0 and gap <= 2 and self.day.weekday() == number:
                day = self.day
            else:
                day = self.anchor - ((self.anchor.weekday() - number) % 7) * _DAY
        else:
            shift = {"上上": -2, "上": -1, "下": 1}.get(week, 0)
            day = self.anchor + (7 * shift + number - self.anchor.weekday()) * _DAY
        if last is not None:
            other = day + (("一二三四五六日".find(last.replace("天", "日")) - number) % 7) * _DAY
            return self._emit(start, end, day, other, _NO_TIME, "range", "relative", "weekday")
        return self._point(start, end, day, "relative", "weekday")

    def _read_quarter(self, start: int, match: re.Match[str]) -> int:
        up_to, number = match.groups()
        before = self.text[start - 1] if start else "\n"
        if before in ("每", "十", "二", "三") or (before and before in _DIGITS):
            return 0
        q = _figure(number) if number else 1
        near = self.explicit if self.explicit_at >= self._line(start) else self.anchor
        middle = _nearest(near, 3 * q - 1, 15)
        year = near.year if middle is None else middle.year
        if up_to:
            return self._emit_months(start, match.end(), year, 1, 3 * q, "range", "inferred_year", "quarter")
        return self._emit_months(start, match.end(), year, 3 * q - 2, 3 * q, "quarter", "inferred_year", "quarter")

    def _read_lunar(self, start: int, match: re.Match[str], year: int | None = None) -> int:
        day1, day2, twelfth, day12, other, month, day_other = match.groups()
        text = self.text
        if not self.strict and year is None and text[start] == "年" and text[start - 1 : start] in ("大", "每", "今", "去", "明", "年", "新"):
            return 0
        dom = (day1 or day2 or day12 or day_other or "").removeprefix("初")
        number = _figure(dom)
        if twelfth:
            lunar_month = 12
        elif other:
            lunar_month = 11 if month == "冬" else _figure(month)
        else:
            lunar_month = 1
        if lunar_month == 1 and number == 30 and text[start] in "大年":
            lunar_month = 0
        best = None
        years = (year,) if year is not None else (self.anchor.year - 1, self.anchor.year, self.anchor.year + 1)
        for y in years:
            try:
                if lunar_month == 0:
                    day = lunar.lunar_day(y, 1, 0)
                else:
                    day = lunar.lunar_day(y, lunar_month, number)
            except ValueError:
                continue
            if best is None or abs(day - self.anchor) < abs(best - self.anchor):
                best = day
        if best is None:
            return self._refuse(start, match.end(), "lunar date outside the tables")
        end = match.end()
        if lunar_month == 1 and text[end : end + 1] and text[end] in "至到-—":
            tail = _LUNAR_TAIL.match(text, end + 1)
            if tail is not None:
                last = best + (_figure(tail[1].removeprefix("初")) - number) * _DAY
                if last > best:
                    self.lunar_at = tail.end()
                    return self._emit(start, tail.end(), best, last, _NO_TIME, "range", "festival", "lunar_day")
        self.lunar_at = end
        return self._second_name(start, end, best) or self._point(start, end, best, "festival", "lunar_day")

    def _read_lunar_tail(self, start: int, match: re.Match[str]) -> int:
        """初三 next to 大年初二."""
        bracketed = self.text[start - 1] in "（(" and self.text[match.end() : match.end() + 1] in ("）", ")") and start - self.day_at == 1
        listed = start - self.lunar_at <= 3 and self.text[start - 1] in "、和至到-—"
        # 大年初一，…。初三，…: later in the line, when it opens a clause of its own
        opens = self.lunar_at >= self._line(start) and self.text[start - 1] in _CLAUSE_STARTS and self.text[match.end() : match.end() + 1] in ("，", ",")
        if not (bracketed or listed or opens):
            return 0
        number = _figure(match[1].removeprefix("初"))
        for year in (self.anchor.year, self.day.year):
            try:
                day = lunar.lunar_day(year, 1, number)
            except ValueError:
                continue
            if abs((day - self.day).days) < 30:
                self.lunar_at = match.end()
                return self._point(start, match.end(), day, "festival", "lunar_day")
        return 0

    def _read_recent(self, start: int, match: re.Match[str]) -> int:
        past, number, unit = match.groups()
        n = (_figure(number) if number != "两" else 2) * (1 if unit in "天日" else 7)
        if self.text[start - 1 : start] in ("将", "最", "附", "接", "超", "邻") and match[0][0] != "最":
            return 0
        if past:
            if _EFFORT.match(self.text, match.end()):
                return 0
            return self._emit(start, match.end(), self.anchor - (n - 1) * _DAY, self.anchor, _NO_TIME, "range", "relative", "recent_days")
        return self._emit(start, match.end(), self.anchor + _DAY, self.anchor + n * _DAY, _NO_TIME, "range", "relative", "recent_days")

    def _read_then_days(self, start: int, match: re.Match[str]) -> int:
        if start - self.day_at > 400 or match[0][0] == "后":
            return 0
        number = match[1]
        n = 5 if number in "几数" else _figure(number.replace("两", "二"))
        if not 0 < n <= 31:
            return 0
        return self._emit(start, match.end(), self.day + _DAY, self.day + n * _DAY, _NO_TIME, "range", "relative", "days_later")

    def _read_later(self, start: int, match: re.Match[str]) -> int:
        number, unit, way = match.groups()
        text = self.text
        before = text[start - 1] if start else "\n"
        base = self.day
        if not self.strict:
            if before not in _CLAUSE_STARTS and before not in "于在到就仅从":
                return 0
            if way == "前" and not self._same_sentence(self.day_at, start):
                base = self.anchor  # told from the day of writing
            elif start - self.day_at > 120:
                return 0
        if number == "半":
            n = 15 if unit == "月" else 0
            if n == 0:
                return 0
        else:
            n = _figure(number.replace("两", "二"))
            if unit == "月":
                if "个" not in match[0] or n > 12:
                    return 0
                year, month = _add_months(base.year, base.month, n if way == "后" else -n)
                day = _date(year, month, min(base.day, 28 if month == 2 else 30))
                return self._point(start, match.end(), day, "relative", "days_later") if day is not None else 0
            n *= 1 if unit in "天日" else 7
        if n > 60:
            return 0
        day = base + (n if way == "后" else -n) * _DAY
        return self._point(start, match.end(), day, "relative", "days_later")

    # -- after the pass --

    def close(self) -> None:
        """以来 after a date, up to a few characters later, makes it a period that ends on the anchor."""
        text = self.text
        at = text.find("以来")
        index = 0
        found = self.found
        while at >= 0:
            while index < len(found) and found[index].end <= at:
                index += 1
            if index:
                mention = found[index - 1]
                gap = text[mention.end : at]
                started = mention.start and text[mention.start - 1] in "自从"
                if (
                    len(gap) <= (2 * _SINCE_GAP if started else _SINCE_GAP)
                    and not mention.vague
                    and mention.role not in ("range", "as_of")
                    and mention.date_start <= self.anchor
                    and not _SINCE_BREAK.search(gap)
                ):
                    found[index - 1] = mention._replace(
                        date_end=max(self.anchor, mention.date_start), time_end=None, precision="range", role="since"
                    )
            at = text.find("以来", at + 2)


_RANGE_WORDS = frozenset("今明昨本下正腊大除元清五月年")
_RANGE_END_RULES = frozenset(["relative_day", "relative_month", "month_part", "festival", "lunar_day", "solar_term"])
_DAYS_BEFORE = re.compile("的?前([一二三])[天日]")
_BEFORE_A_FESTIVAL = frozenset(["", "国际", "三八国际", "“三八”国际", "五一国际", "“五一”国际", "传统佳节", "是", "农历"])
_LONG = frozenset(["month", "quarter", "year", "range"])
_NOT_ATTRIBUTIVE = frozenset(["month_day", "year_month_day", "day", "clock", "iso_date", "short_figures", "relative_day", "near_days", "recent_days", "weekday", "week", "carried", "festival", "lunar_day", "holiday", "solar_term", "days_later", "next_day"])
_OF_A_DAY = frozenset(["day", "hour", "minute", "part_of_day", "range"])
_SINCE_BREAK = re.compile("[，,。；;！？!?、：:\n0-9“”（）()]")
_TIMELY = frozenset("，。、,；）)前后以当这至到起夜晚")
_KINDS: dict[str, Callable[..., int]] = {
    "day": _Reader._kind_day, "days": _Reader._kind_days, "month": _Reader._kind_month, "year": _Reader._kind_year, "carried": _Reader._kind_carried,
    "step": _Reader._kind_step, "now": _Reader._kind_now, "vague": _Reader._kind_vague, "week": _Reader._kind_week,
    "part": _Reader._kind_part, "half": _Reader._kind_half, "festival": _Reader._kind_festival,
    "period": _Reader._kind_period, "term": _Reader._kind_term,
}  # fmt: skip


def _strip_end(text: str, end: int) -> int:
    while end and text[end - 1] == " ":
        end -= 1
    return end


def _part_of(match: re.Match[str] | None) -> str:
    if match is None:
        return ""
    return match[1] or match[0][0]


def find_dates(text: str, anchor: dt.date) -> tuple[list[DateMention], list[Unclaimed]]:
    """Every date expression of a normalised text, resolved against `anchor`, in order and without overlaps.

    What looks like a date and cannot be one (2月30日, 25时) is in the second list, with the reason. Survives any text;
    takes linear time.

    Raises:
        ValueError: the anchor is not of the years 1900 to 2100.

    >>> found, _ = find_dates("截至2月3日24时，目前", dt.date(2020, 2, 4))
    >>> [(m.date_end.isoformat(), m.time_end, m.basis, m.role) for m in found]
    [('2020-02-03', '24:00', 'inferred_year', 'as_of'), ('2020-02-03', None, 'relative', 'at')]
    """
    if not 1900 <= anchor.year <= 2100:
        raise ValueError(f"anchor {anchor} is outside 1900-2100")
    reader = _Reader(text, anchor)
    reader.run()
    reader.close()
    return reader.found, reader.unclaimed


def parse_date(text: str, anchor: dt.date | None = None) -> DateMention:
    """Read `text`, which must be one date expression and nothing else.

    Args:
        text: normalised text; white space around it is ignored.
        anchor: the date that 昨天, 2月3日 or 25日 are resolved against; also the day before 当晚 or 上午.

    Raises:
        ValueError: the text is no date, an impossible one, more than one, or needs an anchor; the message quotes the
            text with the fault in 【】.

    >>> parse_date("2020年2月3日24时").time_end
    '24:00'
    >>> parse_date("2月30日", dt.date(2020, 2, 1))
    Traceback (most recent call last):
    ...
    ValueError: impossible date: 【2月30日】
    """
    body = text.strip()
    if anchor is not None and not 1900 <= anchor.year <= 2100:
        raise ValueError(f"anchor {anchor} is outside 1900-2100: 【{text}】")
    if anchor is None:
        mention = _parse(body, dt.date(2019, 3, 1))
        if mention != _parse(body, dt.date(2020, 9, 15)):
            raise ValueError(f"needs an anchor date, the year or day is not stated: 【{body}】")
        return mention
    return _parse(body, anchor)


def _parse(body: str, anchor: dt.date) -> DateMention:
    reader = _Reader(body, anchor, strict=True)
    end = reader._read(0) if body else 0
    if reader.unclaimed:
        fault = reader.unclaimed[0]
        raise ValueError(f"{fault.reason}: {body[: fault.start]}【{body[fault.start : fault.end]}】{body[fault.end :]}")
    if not end or not reader.found:
        raise ValueError(f"not a date expression: 【{body}】")
    if end < len(body):
        raise ValueError(f"text after the date expression: {body[:end]}【{body[end:]}】")
    return reader.found[0]
