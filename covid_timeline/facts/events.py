"""Events: what happened, or came into force, at each stated date."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import NamedTuple

from covid_timeline.facts.binding import Region, Scope, region_of
from covid_timeline.facts.words import load_words
from covid_timeline.model import DateMention

__all__ = ["EventDraft", "categorise", "find_events"]


class EventDraft(NamedTuple):
    """An event before it gets its id and raw offsets."""

    date: int  # index of the date mention
    category: str
    region: Region
    start: int  # the clause or sentence, offsets into the normalised text
    end: int
    rule: str


def _load() -> list[tuple[str, list[tuple[re.Pattern[str], float]]]]:
    return [
        (entry["id"], [(re.compile(pattern), float(weight)) for pattern, weight in entry["cues"]])
        for entry in load_words("categories")["category"]
    ]


_CATEGORIES = _load()
_HAN = re.compile("[\u4e00-\u9fff]")
_RESPONSE = re.compile(
    "(?:启动|宣布启动|进入|调整为|下调[至为]|上调[至为]|提升[至为]|提高到|降[至为])[^。；，]{0,30}[一二三四ⅠⅡⅢⅣIVΙ]+级[^。；，]{0,8}响应"
)
_SPLIT = re.compile("[，,。；;：:！!？?]")
# A date inside a noun phrase or a title fixes a name, not an event: 2020年第一批, 《…》, 2月份纳税.
_IN_NAME_AFTER = re.compile("(?:第[一二三四五六七八九十\\d]|度|年度|版|级|款|毕业|春季|届|期《|新型冠状|重点项目集中)")
_CONTENT_MIN = 4
_RELATIVE_CLAUSE = re.compile("[^，。；]{1,24}的[^，。；]{2,}")
_NOT_SUBJECT = re.compile("(?:赴|往|到达|抵达|驰援|支援|援助|飞赴|运抵|驶往|送往|发往|从|自|来自|由|在)$")


def categorise(words: str) -> tuple[str, float]:
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
    best, best_score = "other", 0.0
    for name, cues in _CATEGORIES:
        score = 0.0
        for pattern, weight in cues:
            if pattern.search(head):
                score += weight
            elif middle and pattern.search(middle):
                score += weight * 0.6
            elif tail and pattern.search(tail):
                score += weight * 0.3
        if score > best_score:
            best, best_score = name, score
    if best_score < 1.5:
        return "other", best_score
    return best, best_score


def find_events(scope: Scope, title_end: int) -> list[EventDraft]:
    """One event for each date that heads a statement, in the order of the text."""
    events: list[EventDraft] = []
    dates = scope.dates
    for number, date in enumerate(dates):
        if not _heads_event(scope, number):
            continue
        start, end = _governed(scope, number)
        words = scope.text[max(start, 0) : end]
        body = words.replace(scope.text[date.start : date.end], "", 1)
        if len(_HAN.findall(body)) < _CONTENT_MIN:
            continue
        category, score = categorise(body)
        if date.vague and category == "other":
            continue
        region = _event_region(scope, date, start, end)
        events.append(EventDraft(number, category, region, start, end, f"event:{category}"))
        if category != "response_level":
            stated = _RESPONSE.search(scope.text, date.end, _reach(scope, number))
            if stated and not date.vague:
                clause = scope.clause_at(stated.start())
                events.append(
                    EventDraft(number, "response_level", _event_region(scope, date, *clause), *clause, "event:response_level")
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
    if number and not scope.dates[number - 1].header:
        before = scope.dates[number - 1]
        between = text[before.end : date.start]
        # 1月25日，大年初一: the second names the same day
        if date.basis == "festival" and len(between) <= 2 and before.date_start == date.date_start:
            return False
        # 从2月17日延长至2月24日: the bounds of a change are not events of their own
        if re.fullmatch("(?:[^，。；]{0,6}(?:延长|推迟|调整|顺延|延迟|延期|改)(?:到|至|为))", between):
            return False
    if text[max(0, date.start - 1) : date.start] in ("从", "由") and re.match("[^，。；]{0,8}(?:延长|推迟|调整|顺延|延迟|延期|改)[到至为]", text[date.end : date.end + 14]):
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


def _reach(scope: Scope, number: int) -> int:
    """Where the next date that heads a statement begins, at most two sentences on."""
    date = scope.dates[number]
    index = scope.sentence_at(date.start)
    limit = scope.sentences[min(index + 1, len(scope.sentences) - 1)].end if scope.sentences else len(scope.text)
    newline = scope.text.find("\n", date.end, limit)
    if newline >= 0:
        limit = newline
    for later in scope.dates[number + 1 :]:
        if later.start >= limit:
            break
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
    for later in scope.dates[number + 1 :]:
        if later.start >= end:
            break
        if later.basis in ("festival", "carried") and later.start - date.end <= 2:
            continue
        if later.vague:
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
    if own < 5 and end == sentence.end and index + 1 < len(scope.sentences):
        following = scope.sentences[index + 1]
        if "\n" not in scope.text[sentence.end : following.start] and not (
            scope.dates[number + 1 : number + 2] and scope.dates[number + 1].start < following.end and scope.dates[number + 1].start - following.start < 6
        ):
            end = following.end
    return start, end


def _event_region(scope: Scope, date: DateMention, start: int, end: int) -> Region:
    text = scope.text
    index = scope.sentence_at(date.start)
    sentence = scope.sentences[index] if scope.sentences else None
    first_clauses_end = end
    places = [
        place
        for place in scope.places_in(date.end, first_clauses_end)
        if not scope.is_destination(place) and not scope.is_origin(place)
    ]
    organ = scope.organ_region(date.end, min(end, date.end + 24))
    organ_at = _position(scope, date.end, min(end, date.end + 24))
    if places:
        place = places[0]
        if organ is not None and organ_at is not None and organ_at < place.start and (organ.code == "100000" or place.start > organ_at + 12):
            return organ
        if place.start - date.end <= 60:
            return region_of(place)
    if organ is not None:
        return organ
    if sentence is not None:
        before = [
            place
            for place in scope.places_in(sentence.start, date.start)
            if not scope.is_destination(place) and not scope.is_origin(place)
        ]
        if before:
            return region_of(before[-1])
        organ = scope.organ_region(sentence.start, date.start)
        if organ is not None:
            return organ
    if places:
        return region_of(places[0])
    # the subject of the paragraph so far
    paragraph = text.rfind("\n", 0, date.start) + 1
    earlier = scope.places[bisect_left(scope.place_starts, paragraph) : bisect_left(scope.place_starts, start)]
    for place in earlier:
        if not scope.is_destination(place) and not scope.is_origin(place):
            region = region_of(place)
            return region._replace(basis="inherited") if region.basis == "named" else region
    return scope.home_region


def _position(scope: Scope, start: int, end: int) -> int | None:
    from covid_timeline.facts.binding import _ORGANS  # noqa: PLC0415

    match = _ORGANS.search(scope.text, start, end)
    return match.start() if match else None
