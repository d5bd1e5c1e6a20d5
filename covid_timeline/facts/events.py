"""Events: what happened, or came into force, at each stated date."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from covid_timeline.facts.scope import Region, Scope, region_of
from covid_timeline.facts.words import load_words
from covid_timeline.model import DateMention, Place

__all__ = ["EventDraft", "categorise", "find_events"]


class EventDraft(NamedTuple):
    """An event before it gets its id and raw offsets."""

    date: int  # index of the date mention
    category: str
    region: Region
    start: int  # the clause or sentence, offsets into the normalised text
    end: int
    rule: str


class _Category(NamedTuple):
    name: str
    any_cue: re.Pattern[str]
    cues: list[tuple[re.Pattern[str], float]]


def _load() -> list[_Category]:
    return [
        _Category(
            entry["id"],
            re.compile("|".join(pattern for pattern, _ in entry["cues"])),
            [(re.compile(pattern), float(weight)) for pattern, weight in entry["cues"]],
        )
        for entry in load_words("categories")["category"]
    ]


_CATEGORIES = _load()
_HAN = re.compile("[\u4e00-\u9fff]")
_RESPONSE = re.compile(
    "(?:启动|宣布启动|进入|调整为|下调[至为]|上调[至为]|提升[至为]|提高到|降[至为])[^。；，]{0,30}[一二三四ⅠⅡⅢⅣIVΙ]+ ?级[^。；，]{0,8}响应"
)
_CONTENT_OF_POLICY = ("work_resumption", "containment", "reopening", "investment", "response_level")
_ALWAYS_VAGUE = re.compile("当前|当下|眼下|如今|近期|现在|目前|现")
_SPLIT = re.compile("[，,。；;：:！!？?]")
# A date inside a noun phrase or a title fixes a name, not an event: 2020年第一批, 《…》, 2月份纳税.
_IN_NAME_AFTER = re.compile("(?:第[一二三四五六七八九十\\d]|度|年度|版|级|款|毕业|春季|届|期《|新型冠状|重点项目集中)")
_CONTENT_MIN = 4
_RELATIVE_CLAUSE = re.compile("[^，。；]{1,24}的[^，。；]{2,}")
_NOT_SUBJECT = re.compile("(?:赴|往|到达|抵达|驰援|支援|援助|飞赴|运抵|驶往|送往|发往|从|自|来自|由|在)$")


def categorise(words: str, prior: str = "") -> tuple[str, float]:
    """The category of the words a date governs, and its score (0 where no cue occurs: `other`).

    >>> categorise("我省启动重大突发公共卫生事件I级响应")[0]
    'response_level'
    """
    clauses = _SPLIT.split(words)
    weights: list[tuple[str, float]] = []
    used = 0
    for clause in clauses:
        if not clause.strip():
            continue
        weights.append((clause, 1.0 if used < 2 else 0.6 if used < 4 else 0.3))
        used += 1
        if used >= 8:
            break
    head = "，".join(clause for clause, weight in weights if weight == 1.0)
    middle = "，".join(clause for clause, weight in weights if weight == 0.6)
    tail = "，".join(clause for clause, weight in weights if weight == 0.3)
    scores: dict[str, float] = {}
    for name, any_cue, cues in _CATEGORIES:
        score = 2.5 if name == prior else 0.0
        if any_cue.search(words) is None:
            scores[name] = score
            continue
        for pattern, weight in cues:
            if pattern.search(head):
                score += weight
            elif middle and pattern.search(middle):
                score += weight * 0.6
            elif tail and pattern.search(tail):
                score += weight * 0.3
        scores[name] = score
    best = max(scores, key=scores.__getitem__)  # the first listed wins a tie
    if best == "policy":  # a document about something is that thing (CONTRACT: policy only when no row fits better)
        content = max(_CONTENT_OF_POLICY, key=scores.__getitem__)
        if scores[content] >= 4:
            best = content
    best_score = scores[best]
    if best_score < (1.5 if not prior else 2.6):
        return "other", best_score
    return best, best_score


def find_events(scope: Scope, counted: set[int]) -> list[EventDraft]:
    """One event for each date that heads a statement, in the order of the text.

    `counted` holds the indices of dates that govern a figure: a vague one (当前, 近期) makes an event only then.
    """
    events: list[EventDraft] = []
    dates = scope.dates
    for number, date in enumerate(dates):
        if not _heads_event(scope, number):
            continue
        start, end = _governed(scope, number)
        words = scope.text[max(start, 0) : end]
        body = _without_dates(scope, start, end)
        if len(_HAN.findall(body)) < _CONTENT_MIN:
            continue
        previous = dates[events[-1].date] if events else None
        prior = ""
        if previous is not None and (
            previous.start >= scope.sentences[scope.sentence_at(date.start)].start
            or (events[-1].category == "case_report" and _same_paragraph(scope, previous, date))
        ):
            prior = events[-1].category  # the same sentence, or a patient's story, goes on
        category, score = categorise(body, prior)
        if category == "other" and events and _same_paragraph(scope, dates[events[-1].date], date):
            category = events[-1].category  # a story goes on: 患者…，19日入境，25日入住医院
        if category == "other" and date.basis == "festival":
            continue
        if date.vague and (
            category == "other" or not _opens_clause(scope, date) or (number not in counted and _ALWAYS_VAGUE.match(scope.text, date.start))
        ):
            continue
        region = _event_region(scope, date, start, end, category)
        events.append(EventDraft(number, category, region, start, end, f"event:{category}"))
        if category != "response_level":
            stated = _RESPONSE.search(scope.text, date.end, _reach(scope, number))
            if stated and not date.vague:
                clause = scope.clause_at(stated.start())
                events.append(
                    EventDraft(number, "response_level", _event_region(scope, date, *clause, "response_level"), *clause, "event:response_level")
                )
    return events


def _heads_event(scope: Scope, number: int) -> bool:
    date, text = scope.dates[number], scope.text
    if date.header:
        return False
    if date.precision == "year" and (date.basis == "explicit" or _IN_NAME_AFTER.match(text, date.end)):
        return False
    if date.precision in ("month", "quarter") and _IN_NAME_AFTER.match(text, date.end):
        return False
    if text[date.end - 2 : date.end] == "同期" or text[max(0, date.start - 1) : date.start] in ("比", "较"):
        return False
    if number and not scope.dates[number - 1].header:
        before = scope.dates[number - 1]
        between = text[before.end : date.start]
        # 1月25日，大年初一: the second names the same day
        if date.basis == "festival" and len(between) <= 2 and before.date_start == date.date_start:
            return False
        # 4月30日，一季度数据出炉: the day is when it happened
        if date.precision in _PERIODS and len(between) <= 2 and before.precision not in _PERIODS:
            return False
        # 从2月17日延长至2月24日: the bounds of a change are not events of their own
        if re.fullmatch("(?:[^，。；]{0,6}(?:延长|推迟|调整|顺延|延迟|延期|改)(?:到|至|为))", between):
            return False
    if text[max(0, date.start - 1) : date.start] in ("从", "由") and re.match("[^，。；]{0,8}(?:延长|推迟|调整|顺延|延迟|延期|改)[到至为]", text[date.end : date.end + 14]):
        return False
    if date.precision in ("month", "quarter", "ten_days") and not _opens_clause(scope, date):
        return False
    if date.basis == "festival" and date.precision == "range" and not _opens_clause(scope, date):
        return False
    if text.rfind("《", max(0, date.start - 60), date.start) > text.rfind("》", max(0, date.start - 60), date.start):
        return False
    if date.basis == "festival" and date.precision == "day" and not date.time_start:
        after = text[date.end : date.end + 2]
        before2 = text[max(0, date.start - 1) : date.start]
        # 惊蛰至, 春节上班后: the season as scenery
        if after.startswith(("至", "过", "上班", "前", "后", "时节", "已", "，水", "将")) or before2 in "对的过在年每":
            return False
    return True


def _without_dates(scope: Scope, start: int, end: int) -> str:
    parts, position = [], start
    for date in scope.dates_in(start, min(end, start + 600)):
        if date.start >= position:
            parts.append(scope.text[position : date.start])
            position = date.end
    if position < end:
        parts.append(scope.text[position:end])
    return "".join(parts)


_PERIODS = frozenset({"month", "quarter", "year"})


def _opens_clause(scope: Scope, date: DateMention) -> bool:
    """Whether the date stands at the head of its clause, so that the clause tells what happened then."""
    start = scope.clause_at(date.start)[0]
    return not _HAN.search(re.sub("截[至止]到?|自|从|到|在|就在|而|但|据统计|记者|——|至", "", scope.text[start : date.start]))


def _same_paragraph(scope: Scope, earlier: DateMention, later: DateMention) -> bool:
    return "\n" not in scope.text[earlier.end : later.start]


def _is_cut(date: DateMention) -> bool:
    return date.precision == "year" and date.basis == "explicit"


def _reach(scope: Scope, number: int) -> int:
    """Where the next date that heads a statement begins, at most two sentences on."""
    date = scope.dates[number]
    index = scope.sentence_at(date.start)
    limit = scope.sentences[min(index + 1, len(scope.sentences) - 1)].end if scope.sentences else len(scope.text)
    newline = scope.text.find("\n", date.end, limit)
    if newline >= 0:
        limit = newline
    for later in scope.dates_in(date.end, limit):
        if not later.vague and later.basis != "festival":
            return later.start
    return limit


def _governed(scope: Scope, number: int) -> tuple[int, int]:
    """The words a date governs: from its clause to the end of the sentence, or to the next date's clause."""
    date = scope.dates[number]
    if not scope.sentences:
        return (0, len(scope.text))
    index = scope.sentence_at(date.start)
    sentence = scope.sentences[index]
    clause = scope.clause_at(date.start)
    start, end = clause[0], sentence.end
    if number and clause[0] <= scope.dates[number - 1].end <= date.start and scope.text[scope.dates[number - 1].end : date.start].strip("，,、 "):
        start = date.start  # 除夕夜筹集测温仪、大年初一早9点布设检测点
    for later in scope.dates_in(date.end, end):
        if later.basis in ("festival", "carried") and later.start - date.end <= 2:
            continue
        if later.vague or _is_cut(later) or (later.precision in _PERIODS and later.start - date.end <= 2):
            continue
        if scope.text[later.end - 2 : later.end] == "同期":
            continue
        later_clause = scope.clause_at(later.start)
        if later_clause[0] > clause[0]:
            end = max(later_clause[0], clause[1])
            break
        if later.start - date.end > 8:
            end = later.start
            break
    own = len(_HAN.findall(scope.text[date.end : end]))
    previous = scope.dates[number - 1] if number else None
    if own < 5 and start == clause[0] and clause[0] > sentence.start and (previous is None or previous.start < sentence.start or previous.end <= clause[0]):
        # the date closes its clause: what happened stands before it
        start = max(sentence.start, previous.end if previous is not None and previous.end > sentence.start else sentence.start)
    elif own < 5 and end == sentence.end and index + 1 < len(scope.sentences):
        following = scope.sentences[index + 1]
        if "\n" not in scope.text[sentence.end : following.start] and not (
            scope.dates[number + 1 : number + 2] and scope.dates[number + 1].start < following.end and scope.dates[number + 1].start - following.start < 6
        ):
            end = following.end
    return start, end


def _event_region(scope: Scope, date: DateMention, start: int, end: int, category: str) -> Region:
    text = scope.text
    people = category == "case_report"
    clause = scope.clause_at(date.start)

    def usable(begin: int, stop: int) -> list[Place]:
        return [
            place
            for place in scope.places_in(begin, stop)
            if (people or not scope.is_destination(place))  # a patient's journey happens where it leads
            and not scope.is_origin(place, people=people)
            and not scope.is_company(place)
        ]

    # 斯里兰卡卫生部27日宣布: the subject stands before the date
    head = max(clause[0], text.rfind("：", clause[0], date.start) + 1, text.rfind(":", clause[0], date.start) + 1)
    subject = usable(head, date.start)
    organ = scope.organ(head, date.start)
    if organ is not None and (not subject or organ[0] <= subject[0].start):
        return organ[1]
    if subject:
        return _first_of(scope, subject)
    places = usable(date.end, end)
    organ = scope.organ(date.end, min(end, date.end + 24))
    if places:
        place = places[0]
        if organ is not None and organ[0] < place.start and (
            (organ[1].code == "100000" and not people) or place.start > organ[0] + 12
        ):
            return organ[1]
        if place.start - date.end <= 60:
            return _first_of(scope, places)
    if organ is not None:
        return organ[1]
    index = scope.sentence_at(date.start)
    if scope.sentences:
        sentence = scope.sentences[index]
        before = usable(sentence.start, date.start)
        if before:
            return region_of(before[-1])
        organ = scope.organ(sentence.start, date.start)
        if organ is not None:
            return organ[1]
    if places:
        return region_of(places[0])
    # the subject of the nearest sentence before, in the same paragraph
    paragraph = text.rfind("\n", 0, date.start) + 1
    while index > 0 and scope.sentences[index - 1].start >= paragraph:
        index -= 1
        earlier = usable(scope.sentences[index].start, scope.sentences[index].end)
        if earlier:
            region = region_of(earlier[0])
            return region._replace(basis="inherited") if region.basis == "named" else region
    return scope.home_region


def _first_of(scope: Scope, places: Sequence[Place]) -> Region:
    """The first place; where it heads a list (聊城、日照、泰安等市), the region that holds the list."""
    run = [places[0]]
    for place in places[1:]:
        if scope.text[run[-1].end : place.start] in ("、", "和", "及"):
            run.append(place)
        else:
            break
    return scope.joint(run) if len(run) > 1 else region_of(places[0])


