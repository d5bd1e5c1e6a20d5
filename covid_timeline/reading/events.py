"""Events: what happened, or came into force, at each stated date."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import reduce
from itertools import islice
from operator import add, or_
from typing import Final, NamedTuple

from covid_timeline.lexicon.rules import load_rules
from covid_timeline.mentions.places import gazetteer
from covid_timeline.model import DateMention, Place
from covid_timeline.reading.context import CHINA, Context, Region, region_of
from covid_timeline.reading.period import Passage
from covid_timeline.reading.region import Subjects
from covid_timeline.reading.statement import Statement
from covid_timeline.text.normalize import WHITE_SPACE
from covid_timeline.text.tree import Sentence

__all__ = ["EventDraft", "categorise", "find_events"]


class EventDraft(NamedTuple):
    """An event before it gets its id and raw offsets."""

    date: int  # index of the date mention
    category: str
    region: Region
    start: int  # the clause or sentence, offsets into the normalised text
    end: int
    rule: str


_DIGITS: Final = "0123456789"


def _openings(pattern: str) -> set[str]:
    """The pairs of characters with which a match can begin: "x*" where any may come second, "*" where any may come first.

    >>> sorted(_openings("复[工产]|吨|(?:派|增派)人|[^，]"))
    ['*', '吨*', '增派', '复产', '复工', '派人']
    """
    return {opening if len(opening) != 1 or opening == "*" else opening + "*" for opening in _branches(pattern, 0)[0]}


def _branches(pattern: str, at: int) -> tuple[set[str], int]:
    done: set[str] = set()
    current = {""}
    while at < len(pattern) and pattern[at] != ")":
        if pattern[at] == "|":
            done |= current
            current = {""}
            at += 1
            continue
        atom, at = _atom(pattern, at)
        if pattern[at : at + 1] in ("?", "*") or pattern.startswith("{0,", at):
            atom = atom | {""}
        elif pattern[at : at + 1] in ("+", "{"):
            atom = {(one + "*")[:2] for one in atom}
        if pattern[at : at + 1] == "{":
            at = pattern.index("}", at) + 1
        while pattern[at : at + 1] in ("?", "*", "+") and pattern[at : at + 1]:
            at += 1
        current = {
            before if len(before) == 2 or before == "*" else (before + after)[:2] if before + after[:1] != "*" else "*"
            for before in current
            for after in atom
        }
    return done | current, at


def _atom(pattern: str, at: int) -> tuple[set[str], int]:
    sign = pattern[at]
    if sign == "(":
        looks = pattern.startswith(("(?=", "(?!", "(?<"), at)
        inside, end = _branches(pattern, pattern.index(":", at) + 1 if pattern.startswith("(?:", at) else at + 4 - (pattern[at + 2] != "<"))
        return ({""} if looks else inside), end + 1
    if sign == "[":
        end = pattern.index("]", at + 1)
        members = pattern[at + 1 : end].replace("\\d", _DIGITS)
        return ({"*"} if members.startswith("^") else set(members)), end + 1
    if sign == "\\":
        return (set(_DIGITS) if pattern[at + 1] == "d" else {pattern[at + 1]}), at + 2
    return ({"*"} if sign == "." else {sign}), at + 1


class _Cue:
    """A pattern that speaks for a category."""

    __slots__ = ("_pattern", "category", "search", "weight")

    def __init__(self, category: int, pattern: str, weight: float) -> None:
        self.category = category  # index into _CATEGORIES
        self.weight = weight
        self._pattern = pattern
        self.search: Callable[[str], re.Match[str] | None] = self._compile

    def _compile(self, words: str) -> re.Match[str] | None:
        """The first search compiles the pattern: most texts have the openings of few."""
        self.search = re.compile(self._pattern).search
        return self.search(words)


def _load() -> tuple[list[str], list[_Cue], dict[str, int], int]:
    """Names and cues; for each opening the set of cues (a bit each) that may match where it occurs; the others."""
    names: list[str] = []
    cues: list[_Cue] = []
    by_opening: dict[str, int] = {}
    anywhere = 0
    for rule in load_rules("categories"):
        for pattern, weight in rule.data["cues"]:
            bit = 1 << len(cues)
            cues.append(_Cue(len(names), pattern, float(weight)))
            for opening in _openings(pattern):
                if len(opening) < 2 or opening[0] == "*":
                    anywhere |= bit
                else:
                    key = opening.rstrip("*")
                    by_opening[key] = by_opening.get(key, 0) | bit
        names.append(rule.name)
    return names, cues, by_opening, anywhere


_CATEGORIES, _CUES, _BY_OPENING, _ANYWHERE = _load()


_HAN: Final = re.compile("[\u4e00-\u9fff]")
_FOUR_HAN: Final = re.compile("(?:[^\u4e00-\u9fff]*[\u4e00-\u9fff]){4}")
_FIVE_HAN: Final = re.compile("(?:[^\u4e00-\u9fff]*[\u4e00-\u9fff]){5}")
_LEVEL: Final = "[一二三四ⅠⅡⅢⅣIVΙ]+ ?级"
_RESPONSE: Final = re.compile(
    "(?:启动|宣布启动|进入|调整为|下调[至为]|上调[至为]|提升[至为]|提高到|降[至为]|解除|终止)[^。；，]{0,30}" + _LEVEL + "[^。；，]{0,8}响应"
    "|响应[^。；，]{0,14}由" + _LEVEL + "[^。；，]{0,6}(?:调|降|升|提)[^。；，]{0,3}" + _LEVEL
)
# A document about one of these is that thing (CONTRACT: policy only where no row fits better), from this score on.
_CONTENT_OF_POLICY: Final = {
    "work_resumption": 4.0, "containment": 4.0, "reopening": 4.0, "investment": 4.0, "response_level": 4.0, "economy": 6.5,
}  # fmt: skip
_ALWAYS_VAGUE: Final = re.compile("当前|当下|眼下|如今|近期|现在|目前|现|至今|迄今")
_SPLIT: Final = re.compile("[，,。；;：:！!？?]")
# A date inside a noun phrase or a title fixes a name, not an event: 2020年第一批, 《…》, 2月份纳税.
_IN_NAME_AFTER: Final = re.compile(
    "(?:第[一二三四五六七八九十\\d]|度|年度|版|级|款|毕业|春季|届|期《|新型冠状|(?:重点|重大|招商|产业)[^，。；]{0,6}项目)"
)
_TOPIC: Final = 2.0  # what the category of the title adds
_TOPIC_SCORE: Final = 5.0  # from which on the title is about something
_EDGES: Final = WHITE_SPACE + "，,、：:；;（）()"
# Whose word it is tells nothing about what was done: 据韩联社报道, 记者从指挥部获悉, 市指挥部发布1号令：.
_REPORTED: Final = re.compile(
    "(?:据|记者从|记者在)[^，。；：]{0,24}?(?:报道|消息|介绍|透露|统计|获悉|了解|通报|发布|称)[，,：:]?|(?:日报|晚报|电视台)[^，。；：]{0,6}(?:报道|消息)"
)
_SAYS: Final = re.compile(
    "(?P<who>[^，。；：]{0,40}?)(?:发布|通报|公布|宣布|表示|介绍|发出|印发|出台|下发|制定|推出|召开[^，。；：]{0,16}发布会|举行[^，。；：]{0,16}发布会|(?<![名号简职尊])称|说)"
)
_BODY: Final = re.compile(
    "[^，。；：]{0,12}(?:指挥部|领导小组|联防联控机制|专班|工作组)(?:办公室)?|宣传部|专家组|疾控中心|防疫对策本部|[^，。；：]{0,8}(?:日报|晚报|报社|通讯社)|联席会议"
)
_SAID_AT_END: Final = re.compile(
    "(?:通报|表示|宣布|证实|确认|公布|介绍|透露|指出|获悉|报道|发布消息|消息|了解到|提示|称|说)[，,：: ]*(?:自|从|截[至止]|至|到|于)?(?:当地时间)?$"
    "|[：:] ?(?:自|从|截[至止]|至|到|于)?$"
)
# 时针拨回到1月23日: the narrator turns back the clock
_FRAME: Final = re.compile("(?:时针|时钟|时间|镜头|记忆|日历|指针)[^，。；]{0,6}(?:回|定格|翻|倒|转|指向|拉)[^，。；]{0,3}")
_STORY: Final = re.compile("患者|病人|病例|[男女](?:性|，|,)|\\d岁|发热|发烧|症状|就诊|入院|确诊|隔离治疗|乘坐|密切接触|自驾|驾车|航班|列车|入境|回到|返回|抵达|到达|旅行")


def categorise(words: str, prior: str = "", topic: str = "") -> tuple[str, float]:
    """The category of the words a date governs, and its score (0 where no cue occurs: `other`).

    `prior` is the category of the statement before it, where the two belong together; `topic` that of the title.

    >>> categorise("我省启动重大突发公共卫生事件I级响应")[0]
    'response_level'
    """
    words = _without_source(words)
    # Cues count in full in the first two clauses, less in the next two, little up to the eighth.
    bounds: list[int] = []
    position = 0
    for match in _SPLIT.finditer(words):
        if words[position : match.start()].strip():
            bounds.append(match.start())
            if len(bounds) == 8:
                break
        position = match.end()
    if len(bounds) == 8:
        words = words[: bounds[7]]
    head = bounds[1] if len(bounds) > 1 else len(words)
    middle = bounds[3] if len(bounds) > 3 else len(words)

    # All of this runs in C: the cues whose opening, of two characters or of one, stands in the words.
    candidates = reduce(or_, filter(None, map(_BY_OPENING.get, map(add, words, islice(words, 1, None)))), _ANYWHERE)
    candidates = reduce(or_, filter(None, map(_BY_OPENING.get, words)), candidates)
    scores = [0.0] * len(_CATEGORIES)
    if prior in _CATEGORIES:
        scores[_CATEGORIES.index(prior)] = 2.5
    floor = 1.5 if not prior else 2.6
    if topic in _CATEGORIES:
        scores[_CATEGORIES.index(topic)] += _TOPIC
        floor = max(floor, _TOPIC + 0.1)
    while candidates:
        lowest = candidates & -candidates
        candidates ^= lowest
        cue = _CUES[lowest.bit_length() - 1]
        found = cue.search(words)
        if found:
            start = found.start()
            scores[cue.category] += cue.weight * (1.0 if start < head else 0.6 if start < middle else 0.3)
    best_score = max(scores)
    best = _CATEGORIES[scores.index(best_score)]  # the first listed wins a tie
    if best == "policy":
        contents = {name: scores[_CATEGORIES.index(name)] for name in _CONTENT_OF_POLICY}
        content = max(contents, key=contents.__getitem__)
        if contents[content] >= _CONTENT_OF_POLICY[content]:
            best, best_score = content, contents[content]
    if best_score < floor:
        return "other", best_score
    return best, best_score


def _without_source(words: str) -> str:
    """The words without who reported, and without the body that speaks: its name is not its deed."""
    words = words.lstrip(_EDGES)
    if "据" in words or "记者" in words or "报" in words or "电视台" in words:
        words = _REPORTED.sub("", words, count=1)
    words = _FRAME.sub("", words)
    said = _SAYS.match(words)
    if said and said.group("who") and len(words) - said.end() >= 4:
        words = _BODY.sub("", said.group("who")) + words[said.end("who") :]
    return words


def find_events(
    context: Context, subjects: Subjects, passage: Passage, statements: Sequence[Statement]
) -> list[EventDraft]:
    """One event for each date that heads a statement, in the order of the text.

    A vague date (当前, 近期) makes an event only where it governs a figure.
    """
    events: list[EventDraft] = []
    dates = context.dates
    subjects.take_title()
    counted = {one.date for one in statements if one.date is not None}
    counts = _first_counts(statements)
    topic: str | None = None  # of the title, looked at where there is an event
    responds = "响应" in context.text
    heads = [
        _heads_event(context, number) or (number in counted and _is_caption(context, passage, number)) for number in range(len(dates))
    ]
    for number, date in enumerate(dates):
        if not heads[number]:
            continue
        if date.vague and (
            (number not in counted and _ALWAYS_VAGUE.match(context.text, date.start)) or not _opens_clause(context, date)
        ):
            continue
        start, end = _governed(context, number, heads)
        body = _without_dates(context, start, end)
        related = bool(events) and _goes_on(context, dates[events[-1].date], date, events[-1].category)
        prior = events[-1].category if related else ""
        if _is_caption(context, passage, number) and (number in counts or passage.reach[number] == "header"):
            region = counts[number].region if number in counts else subjects.home
            events.append(EventDraft(number, "case_report", region, start, end, "event:case_report"))
            continue
        if _says_nothing(body):
            stop = context.tree.sentences[context.tree.sentence_at(date.start)].end
            end = max(end, min(stop, date.end + _FAR_BACK))  # 1月30日，西藏由此前1月27日的…
            body = _without_dates(context, start, end)
        if _says_nothing(body):
            continue  # too short to say anything, unless the word itself does: 2月3日复工
        if topic is None:
            topic = _topic(context)
        category, _ = categorise(body, prior, topic)
        if category == "other":
            counted_here = number in counts and counts[number].quantity.start < end
            category = prior or ("case_report" if counted_here or _is_journey(context, date, body) else "other")
        if category == "other" and (
            date.vague or date.basis == "festival" or date.precision == "year" or _is_period(context, date)
        ):
            continue  # scenery: 4月，满城樱花盛放
        same = bool(events) and dates[events[-1].date].start >= context.tree.sentences[context.tree.sentence_at(date.start)].start
        region = _event_region(context, subjects, date, start, end, category, events[-1].region if same else None)
        if category == "case_report" and number in counts and counts[number].quantity.start < end:
            region = counts[number].region  # where the first count that it dates was made
        events.append(EventDraft(number, category, region, start, end, f"event:{category}"))
        if category != "response_level" and responds and not date.vague:
            stated = _RESPONSE.search(context.text, date.end, _reach(context, number))
            if stated:
                clause = context.tree.phrase_at(stated.start())
                events.append(
                    EventDraft(number, "response_level", _event_region(context, subjects, date, *clause, "response_level"), *clause, "event:response_level")
                )
    return events


def _is_caption(context: Context, passage: Passage, number: int) -> bool:
    """Whether a date stands in a header line, or in the bracket of a line without a sentence, and dates what is below it."""
    if passage.reach[number] == "header":
        return True
    date = context.dates[number]
    block = context.tree.blocks[context.tree.block_at(date.start)]
    return date.role == "as_of" and block.kind in ("head", "text") and context.text[block.end - 1 : block.end] in ("）", ")") and (
        block.end - block.start <= _CAPTION
    )


_CAPTION: Final = 40  # characters


def _says_nothing(body: str) -> bool:
    return len(body) < 40 and _FOUR_HAN.match(_FRAME.sub("", body)) is None and categorise(body)[0] == "other"


def _first_counts(statements: Sequence[Statement]) -> dict[int, Statement]:
    """For each date the first count of cases that it dates, and that is no part of another."""
    found: dict[int, Statement] = {}
    for one in statements:
        if one.date is not None and one.noun and one.part_of is None and not one.part and one.trace.get("period", "").startswith(
            ("own", "clause", "sentence", "header")
        ):
            found.setdefault(one.date, one)
    return found


def _topic(context: Context) -> str:
    """The category of the title, where it says clearly what the text is about."""
    if not context.title_end:
        return ""
    category, score = categorise(context.text[: context.title_end])
    return category if score >= _TOPIC_SCORE else ""


def _goes_on(context: Context, earlier: DateMention, later: DateMention, category: str) -> bool:
    """Whether the statement continues the one before: in the same sentence, or as the next step of a patient's story."""
    index = context.tree.sentence_at(later.start)
    if earlier.start >= context.tree.sentences[index].start:
        return True
    if category != "case_report" or later.start - earlier.end > _FAR_BACK or "\n" in context.text[earlier.end : later.start]:
        return False
    return bool(_STORY.search(context.text, earlier.start, min(context.tree.sentences[index].end, later.end + 80)))


_JOURNEY: Final = re.compile("轨迹|就餐|购物|回家|在家|上班|上课|学习|逛|聚餐|前往|步行|开车|自驾|驾车|乘|航班|列车|返回|回到|抵达|到达|入境|探亲|旅游|旅行|离开")
_PATIENT: Final = re.compile("患者|病人|病例|感染者|确诊者|轨迹")


def _is_journey(context: Context, date: DateMention, words: str) -> bool:
    """常住武汉，1月15日乘火车返回四川: the first step of a patient's story."""
    if not _JOURNEY.search(words):
        return False
    start = context.tree.blocks[context.tree.block_at(date.start)].start
    return bool(_PATIENT.search(context.text, max(start, date.start - _FAR_BACK), date.start))


_PERIODS: Final = frozenset({"month", "quarter", "year"})
_FAR_BACK: Final = 400  # characters; keeps every look around a date bounded
_IN_BEFORE: Final = ("在", "于", "从", "到", "至")
_MOVED: Final = "[^，。；]{0,8}(?:延长|推迟|调整|顺延|延迟|延期|改)[到至为]"


def _is_period(context: Context, date: DateMention) -> bool:
    """A month, a quarter, or months (2至4月): a span that more often belongs to a noun than heads a statement."""
    return date.precision in ("month", "quarter") or (
        date.precision == "range" and context.text[date.end - 1 : date.end] in ("月", "份") and date.role == "range"
    )


_SEASON_AFTER: Final = ("至", "过", "上班", "前", "后", "时节", "已", "，水", "将")


def _heads_event(context: Context, number: int) -> bool:
    date, text = context.dates[number], context.text
    if date.header or date.role == "attributive":
        return False
    if date.precision == "year" and (date.basis == "explicit" or _IN_NAME_AFTER.match(text, date.end)):
        return False
    before_one = text[max(0, date.start - 1) : date.start]
    if before_one in ("（", "(") and text[date.end : date.end + 1] in ("）", ")"):
        return False  # 731例(4日)、707例(5日); 昨天（2月14日）
    if text[date.end - 2 : date.end] == "同期" or before_one in ("比", "较"):
        return False
    if before_one in ("与", "和", "同") and text.startswith(("相比", "相较", "相对"), date.end):
        return False
    if number and not context.dates[number - 1].header:
        before = context.dates[number - 1]
        gap = date.start - before.end
        # 1月25日，大年初一; 3月2日当天: the second names the same day
        if date.basis in ("festival", "carried") and gap <= 2 and before.date_start == date.date_start:
            return False
        # 4月30日，一季度数据出炉: the day is when it happened
        if date.precision in _PERIODS and gap <= 2 and before.precision not in _PERIODS:
            return False
        # 从2月17日延长至2月24日: the bounds of a change are not events of their own
        if 0 < gap <= 12 and re.fullmatch(_MOVED, text[before.end : date.start]):
            return False
    if (before_one in ("从", "由") or date.basis == "festival") and re.match(_MOVED, text[date.end : date.end + 14]):
        return False
    if text[max(0, date.start - 4) : date.start].rstrip("于在").endswith(("原定", "原计划", "原拟")):
        return False  # what was to be and is not
    period = _is_period(context, date)
    if period and _IN_NAME_AFTER.match(text, date.end):
        return False
    if period and not _opens_clause(context, date):
        return False
    if date.precision == "ten_days" and not _opens_clause(context, date) and (
        before_one not in _IN_BEFORE or date.role == "by" or text.startswith(("前", "之前"), date.end)
    ):
        return False  # but 外企也在3月初满产
    if date.basis == "festival" and date.precision == "range" and not _opens_clause(context, date):
        return False
    if text.rfind("《", max(0, date.start - 60), date.start) > text.rfind("》", max(0, date.start - 60), date.start):
        return False
    # 惊蛰至, 春节上班后: the season as scenery
    return not (
        date.basis == "festival" and date.precision == "day" and not date.time_start
        and (text.startswith(_SEASON_AFTER, date.end) or before_one in ("对", "的", "过", "在", "年", "每"))
    )  # fmt: skip


def _without_dates(context: Context, start: int, end: int) -> str:
    parts, position = [], start
    for date in context.dates_in(start, end):
        if date.start >= position:
            parts.append(context.text[position : date.start])
            position = date.end
    if position < end:
        parts.append(context.text[position:end])
    return "".join(parts)


_LEADING: Final = re.compile("同时|此外|另外|其中|虽然|随着|据悉|截[至止]到?|自|从|到|在|就在|而|但|据统计|记者|——|至")


def _opens_clause(context: Context, date: DateMention) -> bool:
    """Whether the date stands at the head of its clause, so that the clause tells what happened then."""
    start = context.tree.phrase_at(date.start)[0]
    return date.start - start <= 24 and not _HAN.search(_LEADING.sub("", context.text[start : date.start]))


def _is_cut(date: DateMention) -> bool:
    return date.precision == "year" and date.basis == "explicit"


def _reach(context: Context, number: int) -> int:
    """Where the next date that heads a statement begins, at most two sentences on."""
    date = context.dates[number]
    index = context.tree.sentence_at(date.start)
    limit = context.tree.sentences[min(index + 1, len(context.tree.sentences) - 1)].end if context.tree.sentences else len(context.text)
    limit = min(limit, date.end + _FAR_BACK)
    newline = context.text.find("\n", date.end, limit)
    if newline >= 0:
        limit = newline
    for later in islice(context.dates_in(date.end, limit), _MANY):
        if not later.vague and later.basis != "festival":
            return later.start
    return limit


_MANY: Final = 24  # dates, or places, looked at around one


def _governed(context: Context, number: int, heads: Sequence[bool]) -> tuple[int, int]:
    """The words a date governs: from its clause to the end of the sentence, or to the next date's clause."""
    date, text = context.dates[number], context.text
    if not context.tree.sentences:
        return (max(0, date.start - _FAR_BACK), min(len(text), date.end + _FAR_BACK))
    index = context.tree.sentence_at(date.start)
    sentence = context.tree.sentences[index]
    clause = context.tree.phrase_at(date.start)
    start, end = clause[0], sentence.end
    if not _HAN.search(text, date.end, context.tree.blocks[sentence.block].end) and index + 1 < len(context.tree.sentences):
        end = context.tree.sentences[index + 1].end  # the day has a line of its own: 3月21日，⏎我市无新增确诊病例
    if end - date.end > _FAR_BACK:  # a text without full stops
        end = max(date.end, min(end, context.tree.phrase_at(date.end + _FAR_BACK)[1], date.end + 2 * _FAR_BACK))
    previous = context.dates[number - 1] if number else None
    if previous is not None and clause[0] <= previous.end <= date.start and text[previous.end : date.start].strip("，,、 "):
        start = date.start  # 除夕夜筹集测温仪、大年初一早9点布设检测点
    start = max(start, date.start - _FAR_BACK)
    sentence_end = end
    for after in range(number + 1, min(number + 1 + _MANY, len(context.dates))):
        later = context.dates[after]
        if later.start >= end:
            break
        if later.basis in ("festival", "carried") and later.start - date.end <= 2:
            continue
        if later.vague or _is_cut(later) or not heads[after]:
            continue  # what heads nothing ends nothing: 较前一天0时, 一季度重大项目
        later_clause = context.tree.phrase_at(later.start)
        if later_clause[0] > clause[0]:
            end = max(later_clause[0], clause[1])
            if later.start - end > 6 and not _HAN.search(text, date.end, end):
                end = later.start  # 1月23日晚，指挥部发布1号令：自1月24日12时起，…
            break
        if later.start - date.end > 8:
            end = later.start
            break
    own_words = text[date.end : end]
    if end < sentence_end and _SAID_AT_END.search(own_words[-24:]):
        end = sentence_end  # 3日表示，截至3日0时，…: what was said is what happened
        own_words = text[date.end : end]
    if _FIVE_HAN.match(own_words[:64]):
        return start, end
    speaks = categorise(own_words)[0] != "other"
    alone = previous is None or previous.start < sentence.start  # 经治疗，符合标准，于今日出院; but 2月3日复工，2月9日满产
    closes = start == clause[0] and clause[0] > sentence.start and date.role != "as_of"
    if closes and (alone or ((not speaks or text[date.start - 1] in "于在") and previous is not None and previous.end <= clause[0])):
        # the date closes its clause: what happened stands before it
        start = max(sentence.start, previous.end if previous is not None and previous.end > sentence.start else sentence.start)
        start = max(start, date.start - _FAR_BACK)
    elif not speaks and end == sentence.end and index + 1 < len(context.tree.sentences):
        # 1月24日，除夕。县委书记召开会议: the day stands alone, the next sentence tells
        following = context.tree.sentences[index + 1]
        opening = next(iter(context.dates_in(following.start, following.start + 6)), None)
        if opening is None and following.start - date.end <= _FAR_BACK and "\n" not in text[sentence.end : following.start]:
            end = min(following.end, following.start + _FAR_BACK)
    return start, end


_COUNT: Final = "[\\d一二两三四五六七八九十][\\d,.]*万?余?多? ?(?:例|人|名|位|家|宗|户|个)"
_FIGURE_AFTER: Final = re.compile(f"(?:各|有|分别为)?{_COUNT}")
_EACH_AFTER: Final = re.compile(f"(?:[、和及与][^、，。；\\d和及与]{{2,10}}){{1,6}}(?:各|分别为?){_COUNT}")
_NEXT_ITEM: Final = re.compile("[、，,（(；;和及]")
_LIST_BEFORE: Final = re.compile("(?:[、：:（(，,；;]|其中|分别[为是]|包括|含|[和及与])$")
_RANKED_AFTER: Final = re.compile("第[一二三四五六七八九十\\d]+[位名]|前[列茅一二三四五六七八九十\\d]|首[个家例位批]|率先|最|之[首最冠]|领先|平均")
_RANKED_BEFORE: Final = re.compile("(?:居|占|列|较|高于|低于|比|排名)$")
_NEIGHBOUR: Final = re.compile("[^，。；]{0,8}(?:接壤|毗邻|相邻|交界|相接)")
_DEPARTS: Final = re.compile("[^，。；、]{0,10}(?:起飞|出发|启程|动身|登机|发车|发出|起运|赶回|赶赴|赶往|返回|返程|飞抵|飞赴|飞往|归来)")
_LIVES: Final = ("常住", "长居", "户籍", "祖籍", "籍贯")
_NATIVE: Final = re.compile("[人籍][，,。；、（(]")
_STATION: Final = re.compile("[^，。；、]{0,6}(?:机场|[东南西北]?站|港|码头)")
_MADE_OF: Final = re.compile("由[^，。；]{2,80}?组成")
_THAT_PLACE: Final = re.compile("该[市县区州镇乡村院]|当地")
_WHOLE_REGION: Final = re.compile("全[市区县州盟旗]|该[省市区县]|当地")
_WHOLE_COUNT: Final = re.compile("累计|追踪到|解除(?:隔离|集中)?(?:医学)?观察|全省|全区")
_BACK: Final = 8  # sentences looked at for a subject


def _leaves(context: Context, place: Place, *, people: bool) -> bool:
    """Whether the place is where somebody came from, a neighbour, or part of a name. Goods that leave 从民权 are a deed of 民权."""
    role = context.role(place)
    return role.startswith(("origin", "except", "neighbour", "name")) and (people or role != "origin.from")


def _usable(context: Context, begin: int, stop: int, category: str, *, last: bool = False) -> list[Place]:
    """Places that can be where the event is: no origin, no destination of help, no item of a list of parts.

    Of very many only the first, or with `last` the last, are looked at.
    """
    text = context.text
    people = category == "case_report"
    places = context.places_in(max(begin, stop - 2 * _FAR_BACK), stop)
    if not places:
        return []
    if len(places) > _MANY:
        places = places[-_MANY:] if last else places[:_MANY]
    made_of = [match.span() for match in _MADE_OF.finditer(text, begin, min(stop, begin + _FAR_BACK))] if category == "medical" else []
    found: list[Place] = []
    part_end = left = -9
    reached: list[Place] = []  # where help went: what lies inside is not its home either
    for index, place in enumerate(places):
        if not people and context.is_destination(place):
            reached.append(place)
            continue
        before = text[max(0, place.start - 3) : place.start]
        if people and before.endswith("返回"):
            found.append(place)  # a patient's step is where it leads
            continue
        if _leaves(context, place, people=people):
            continue
        if people and (before.endswith(_LIVES) or _NATIVE.match(text, place.end)):
            continue
        if place.start == left:
            left = place.end  # 从西安咸阳机场起飞
            continue
        if before.endswith(("从", "自", "由")) and (
            (category == "medical" and _DEPARTS.match(text, place.end, place.end + 16))
            or (category == "supplies" and _STATION.match(text, place.end, place.end + 10))
        ):
            left = place.end
            continue
        if any(start <= place.start < end for start, end in made_of):
            continue
        if before.endswith("以") and text.startswith("为", place.end):
            continue  # 以舒兰为源头
        if before.endswith(("与", "和", "同")) and _NEIGHBOUR.match(text, place.end, place.end + 14):
            continue
        if place.kind == "home" and (_RANKED_AFTER.match(text, place.end) or _RANKED_BEFORE.search(before)):
            continue  # 居全省第三位
        figure_end = _part_end(text, place, places[index + 1] if index + 1 < len(places) else None, part_end)
        if figure_end is not None:
            part_end = figure_end
            continue
        if any(_holds(other, place) for other in reached):
            continue
        found.append(place)
    return found


def _part_end(text: str, place: Place, following: Place | None, previous: int) -> int | None:
    """Where the figure ends if the place is an item of a list of places with figures: 其中郑州市9例、平顶山市5例.

    `previous` is where the item before it ended.
    """
    figure = _FIGURE_AFTER.match(text, place.end, place.end + 14) or _EACH_AFTER.match(text, place.end, place.end + 80)
    if figure is None:
        return None
    if place.start - previous > 2:
        if not _LIST_BEFORE.search(text[max(0, place.start - 3) : place.start]):
            return None
        alone = following is None or following.start - figure.end() > 2 or not _NEXT_ITEM.match(text, figure.end())
        if alone and text[place.start - 1 : place.start] in "，,；;":
            return None  # 4日，福州2例治愈出院
    return figure.end()


def _holds(outer: Place, inner: Place) -> bool:
    return bool(outer.code and inner.code) and (
        outer.code == inner.code or gazetteer().contains(str(outer.code), str(inner.code))
    )


def _event_region(
    context: Context, subjects: Subjects, date: DateMention, start: int, end: int, category: str, earlier_region: Region | None = None
) -> Region:
    """Where the event is; `earlier_region` is where the event before it in the same sentence was."""
    text = context.text
    people = category == "case_report"
    clause = context.tree.phrase_at(date.start)

    def usable(begin: int, stop: int) -> list[Place]:
        return _usable(context, begin, stop, category)

    # 斯里兰卡卫生部27日宣布: the subject stands before the date
    head = max(clause[0], date.start - _FAR_BACK)
    for stamp in context.dates_in(head, date.start):
        if stamp.header:
            head = max(head, stamp.end)  # 新华网福州3月23日电: where it was reported from
    head = max(head, text.rfind("：", head, date.start) + 1, text.rfind(":", head, date.start) + 1)
    subject = usable(head, date.start)
    if not subject and subjects.speaks_of_provinces(date.end, end):
        return CHINA
    organ = subjects.organ(head, date.start)
    if organ is not None and (not subject or organ[0] <= subject[0].start):
        return organ[1]
    if subject:
        return _first_of(context, subject)
    places = usable(date.end, end)
    organ = subjects.organ(date.end, min(end, date.end + 24))
    if places:
        place = places[0]
        if organ is not None and organ[0] < place.start and (
            (organ[1].code == "100000" and not people) or place.start > organ[0] + 12
        ):
            return organ[1]
        if place.start - date.end <= 60:
            return _first_of(context, places)
    if organ is not None:
        return organ[1]
    index = context.tree.sentence_at(date.start)
    if context.tree.sentences:
        sentence = context.tree.sentences[index]
        opening = max(sentence.start, date.start - _FAR_BACK)
        before = _usable(context, opening, date.start, category, last=True)
        if before:
            return region_of(before[-1])
        organ = subjects.organ(opening, date.start)
        if organ is not None:
            return organ[1]
    if places:
        return region_of(places[0])
    if earlier_region is not None:
        return earlier_region._replace(basis="inherited") if earlier_region.basis == "named" else earlier_region
    # a new count is the article's own, unless the sentence before is about one place: 岳阳市设立检疫站。截至3月15日，…
    own_count = (
        (date.role == "as_of" or (people and _WHOLE_COUNT.search(text, date.end, min(end, date.end + 40))))
        and context.home not in (None, "100000")
        and not _WHOLE_REGION.search(text, date.end, min(end, date.end + 80))
    )
    if own_count and context.places_in(date.end, end):
        return subjects.home  # its places are parts and origins
    # the subject of the nearest sentence before, in the same paragraph
    for _ in range(_BACK):
        if index == 0 or "\n" in text[context.tree.sentences[index - 1].end : context.tree.sentences[index].start]:
            break
        index -= 1
        sentence = context.tree.sentences[index]
        earlier = usable(sentence.start, sentence.end)
        if own_count:
            subject_before = earlier and earlier[0].kind == "named" and _opens(context, sentence, earlier[0]) and len(_run(context, earlier)) == 1
            if not subject_before and not _THAT_PLACE.search(text, sentence.start, min(sentence.end, sentence.start + 80)):
                break
        if earlier:
            region = region_of(earlier[0])
            return region._replace(basis="inherited") if region.basis == "named" else region
    return subjects.home


def _first_of(context: Context, places: Sequence[Place]) -> Region:
    """The first place; where it heads a list (聊城、日照、泰安等市), the region that holds the list."""
    run = _run(context, places)
    if len(run) < 2:
        return region_of(places[0])
    whole = context.joint(run)
    return whole if whole.code != CHINA.code else region_of(run[0])  # 浙江、广东、湖南: the first stands for the others


def _run(context: Context, places: Sequence[Place]) -> list[Place]:
    run = [places[0]]
    for place in places[1:]:
        if context.text[run[-1].end : place.start] not in ("、", "和", "及"):
            break
        run.append(place)
    return run


def _opens(context: Context, sentence: Sentence, place: Place) -> bool:
    """Whether the place is the subject of the sentence: nothing but dates and a few characters before it."""
    return place.start - sentence.start <= 40 and len(_without_dates(context, sentence.start, place.start)) <= 2
