"""When: which date governs a figure, and what that makes of the figure's own days.

Each date has a **reach**, settled once from where it stands:

| reach | which dates | dates what |
|---|---|---|
| `none` | publication stamps, datelines, attributive periods, what is compared with (较2月3日, 同比) | nothing |
| `bracket` | a date inside a bracket | the rest of its bracket; alone in it, the figure in front of it |
| `clause` | 自…以来, a step of a journey, a date behind 于 or 在 that only tells of its own deed | its own clauses, up to the next date |
| `sentence` | any other date in a sentence | the rest of its sentence, then as below |

A day that dates a count, or says up to when counts go (截至, 0—24时, a header line, a table's caption), then governs the
**passage**: in a bulletin until the next such day, across line breaks, items and paragraphs; in a long article to the
end of its paragraph. The order of the relations is `ORDER["period"]`.
"""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_left
from functools import cache
from typing import Final

from covid_timeline.model import DateMention
from covid_timeline.reading.context import Context
from covid_timeline.reading.statement import Statement
from covid_timeline.reading.words import Figure
from covid_timeline.text.tree import Sentence

__all__ = ["Passage", "apply_period", "kind_of_indicator"]

_TOTALLY: Final = re.compile("累计|已|共|先后|总计|合计|至今")
_TIED: Final = re.compile("(?:[^，,。；]{0,12}[，,])?(?:已|均|并|全部|将|也|都)?[于在]")
_OF_PROJECTS: Final = re.compile("[^，,。；]{0,12}(?:项目|集中开工|集中签约|开工仪式|签约仪式)")
_COMPARED_BEFORE: Final = re.compile("(?:比|较|与|同|和|相比|相较|较之|低于|高于|超过|多于|少于|从|由)$")
_COMPARED_WITH: Final = re.compile("[比较][^，。；：\\d]{1,12}的$")
_OF_TIME: Final = frozenset("日天晚夜末节期间情")
_COMPARED_AFTER: Final = re.compile(" ?(?:同期|相比|相较|的?[^，。；]{0,8}(?:下降|上升|增长|减少|增加|提高|回落|收窄|持平|末[增下上]))")
_CHANGE_AFTER: Final = re.compile("[^，。；]{0,14}(?:下降|上升|增长|减少|增加|提高|回落|收窄|扩大|延长|推迟|调整)")
_JOURNEY: Final = re.compile("(?=[病某男女\\d发咳就乘自航列返抵旅入])(?:病例\\d|某[，,某]|[男女][，,性]|\\d+岁|发热|咳嗽|就诊|乘坐|自驾|航班|列车|返回|抵达|旅行|入院)")
_HAN: Final = re.compile("[\u4e00-\u9fff]")
_DAY_OF_PATIENTS: Final = re.compile("(?:发病|就诊|入院|出院|采样|入境)(?:日期?|时间)(?:介于|分布在|集中在|为|是|在|均在)?$")
_START_VALUE: Final = re.compile("的 ?\\d")
_IN_TURN: Final = re.compile("[^。；，\\d]{0,6}(?:先后|分别|相继|依次)")
_VALUE_OF_DAY: Final = re.compile("(?:则|仅)?[为是] ?\\d")
_TRAVELLED: Final = re.compile("[^，,。；]{0,12}(?:乘|搭|航班|包机|抵达|到达|飞抵|入境|返回|转到|转运)")
_LABEL_OF_DAY: Final = re.compile("(?:统计|数据|通报|截[至止])?(?:时间|日期|时点)$")
_NEAR_ANCHOR_DAYS: Final = 3
_LOOK_AHEAD: Final = 8
_SINCE_LENGTH: Final = 3  # characters of 以来, 起 behind the day
_LOOK_BACK: Final = 24  # dates of the sentence that are looked at before a figure
_CLAUSE: Final = 120  # characters of a clause that are looked at before a figure
_HEADING: Final = 30  # characters; a line as short as this with a date heads what follows
_LONG: Final = 20  # days; 1至2月, 一季度
_NOON: Final = 12


@cache
def kind_of_indicator(indicator: str) -> str:
    """new, cumulative or current, as the indicator's name says; "" where it says nothing."""
    for kind in ("new", "cumulative", "current"):
        if indicator.endswith("_" + kind):
            return kind
    if indicator.endswith("_rate") or indicator == "days_without_new_cases":
        return "current"
    return ""


class Passage:
    """The dates of one text with their reach, and the day that governs as the text goes on."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._columns = {span for cell in context.tree.cells.values() for span in cell.column}
        self.reach = [self._reach(number) for number in range(len(context.dates))]
        self.day: int | None = None  # governs the passage
        self.heading: int | None = None  # of the last heading: what stands below it in a long article
        self.local: int | None = None  # the last date of the paragraph that dated something else
        self._block = -1
        self._dates_of: dict[int, tuple[int, int]] = {}

    # -- reach

    def _reach(self, number: int) -> str:
        context = self.context
        date, text, tree = context.dates[number], context.text, context.tree
        clause = tree.clauses[tree.clause_at(date.start)] if tree.clauses else None
        sentence = tree.sentences[clause.sentence] if clause else None
        block = tree.blocks[sentence.block] if sentence else None
        if block is not None and clause is not None and block.kind == "label" and not date.time_start:
            first = tree.clauses[tree.sentences[block.sentences[0]].clauses[0]]
            if _LABEL_OF_DAY.search(text, first.start, first.end):
                return "header"
        if date.header or date.role == "attributive":
            return "none"
        if any(start <= date.start < end for start, end in self._columns):
            return "none"  # the day of a column is its own
        before = text[max(0, date.start - 4) : date.start].rstrip()
        if text[date.end - 2 : date.end] == "同期" or (_COMPARED_AFTER.match(text, date.end) and before.endswith(("比", "较", "与", "同"))):
            return "none"
        if date.role == "at" and _CHANGE_AFTER.match(text, date.end) and _COMPARED_WITH.search(text, max(0, date.start - 16), date.start):
            return "none"  # 比高峰时的2月14日减少211例
        compared = _COMPARED_BEFORE.search(before)
        if compared and (before.endswith(("比", "较")) or (date.role == "at" and _CHANGE_AFTER.match(text, date.end) and before.endswith(("与", "同", "和")))):
            return "none"
        if date.precision == "year" and date.basis == "explicit":
            return "year"
        if clause is not None and clause.bracket >= 0:
            bracket = tree.brackets[clause.bracket]
            alone = block is not None and block.end == bracket.end and (
                block.start == bracket.start or (block.end - block.start <= _HEADING and date.role in ("as_of", "range"))
            )  # 【其他情况】（截至2月24日18时）
            labels = text[bracket.end : bracket.end + 1] in ("：", ":")  # 登记（1月10日至2月15日）：48267人
            only = bracket.start + 1 == date.start and date.end + 1 == bracket.end
            apposition = only and text[bracket.start - 1 : bracket.start] in _OF_TIME  # 开学首日（16日）, 本轮疫情（5月7日至16日）
            return "sentence" if alone or labels or apposition else "bracket"
        if date.role == "since":
            return "clause"
        if sentence is not None and date.role == "at" and not date.vague and _JOURNEY.search(text, sentence.start, min(sentence.end, sentence.start + 120)) and (
            not self._has_count(sentence.start, sentence.end)
        ):
            return "story"
        if _DAY_OF_PATIENTS.search(text, max(0, date.start - 12), date.start):
            return "clause"  # 发病日介于3月25日至4月1日
        if date.role == "at" and _VALUE_OF_DAY.match(text, date.end) and before.endswith("，"):
            return "clause"  # 全国治愈比例8.2%，1月27日为1.3%
        if date.role == "at" and clause is not None and _TRAVELLED.match(text, date.end) and self._period_before(number, sentence):
            return "clause"  # 3月7日20时至8日20时，3月5日乘包机到达兰州的311人中，新增4例
        return "sentence"

    def _period_before(self, number: int, sentence: Sentence | None) -> bool:
        """Whether the sentence has stated before this date up to when, or for which period, it counts."""
        if sentence is None:
            return False
        earlier = self.context.dates_in(sentence.start, self.context.dates[number].start)
        return any(date.role in ("as_of", "range") for date in earlier)

    def _has_count(self, start: int, end: int) -> bool:
        """Whether the sentence counts cases: it has a noun of cases with a measure word of its own."""
        return any(cue.category == "mode" for cue in self.context.cues_in(start, end))

    # -- the day that governs

    def enter_sentence(self, number: int) -> None:
        """At the start of a sentence: a new paragraph may end what governed."""
        context, tree = self.context, self.context.tree
        sentence = tree.sentences[number]
        if sentence.block != self._block:
            if self._block >= 0 and (not context.short or tree.blocks[self._block].kind == "title"):
                self.day = self.heading
            if not tree.goes_on(self._block, sentence.block, bulletin=context.short):
                self.local = None
            self._block = sentence.block

    def leave_sentence(self, number: int, used: set[int], first: int = -1) -> None:
        """At the end of a sentence: what it states goes on to govern.

        `used` are the dates that dated a count, `first` is where the first figure of the sentence stands.
        """
        low, high = self._numbers(number)
        taken = False
        sentence = self.context.tree.sentences[number]
        block = self.context.tree.blocks[sentence.block]
        alone = block.end - block.start <= _HEADING and block.kind in ("head", "text", "label") and sentence.stop != "。"
        for index in range(low, high):
            reach, date = self.reach[index], self.context.dates[index]
            one_day = date.date_start == date.date_end
            if alone and reach == "sentence" and one_day and not date.vague and date.basis not in ("festival", "carried"):
                self.heading = self.day = index
                self.local = None
                taken = True
                continue
            if reach == "header" or (reach == "sentence" and (date.role == "as_of" or (date.role == "range" and one_day) or index in used)):
                if date.basis == "carried" and date.role == "at" and self.day is not None and date.date_end == self.context.dates[self.day].date_end:
                    continue  # 当日 names the day that governs
                if date.role == "at" and (taken or 0 <= first < date.start):
                    continue  # a day further on in the sentence is of its own deed
                if block.kind == "row" or (block.kind == "item" and date.role in ("at", "from") and self._is_stated()):
                    continue  # a row of a table dates its own figures, an item of a list its own deed
                if date.role == "at" and reach != "header" and self.context.short and self._is_stated():
                    self.local = index
                    continue  # 截至…。3月13日，最后1例出院。 What follows is of the stated day again
                if not date.vague or self.day is None:
                    self.day = index
                    self.local = None
                    taken = True
            elif reach == "sentence" and not date.vague and not self._is_month_of_period(index):
                self.local = index

    def _is_month_of_period(self, index: int) -> bool:
        """一季度，进出口2002亿元。3月份，进出口752亿元。 A month within the period of the passage dates its own sentence."""
        date = self.context.dates[index]
        whole = self.local if self.local is not None else self.day
        if date.precision != "month" or whole is None:
            return False
        period = self.context.dates[whole]
        return period.date_start < date.date_start and date.date_end <= period.date_end

    def _is_stated(self) -> bool:
        """Whether a day up to which the text counts governs the passage."""
        if self.day is None:
            return False
        date = self.context.dates[self.day]
        return self.reach[self.day] == "header" or date.role in ("as_of", "range")

    def _numbers(self, sentence: int) -> tuple[int, int]:
        found = self._dates_of.get(sentence)
        if found is None:
            node, starts = self.context.tree.sentences[sentence], self.context.date_starts
            low = bisect_left(starts, node.start)
            found = self._dates_of[sentence] = (low, bisect_left(starts, node.end, low))
        return found

    def find(self, figure: Figure) -> tuple[int | None, str]:
        """The number of the date that governs a figure and its relation; (None, "document") where none does."""
        context, text, tree = self.context, self.context.text, self.context.tree
        dates, quantity = context.dates, figure.quantity
        low, high = self._numbers(figure.sentence)
        clause = tree.clauses[figure.clause]
        sentence = tree.sentences[figure.sentence]
        here: int | None = None
        relation = "sentence"
        if figure.header_date is not None:
            return context.dates.index(figure.header_date), "header"
        if low < high:
            after = bisect_left(context.date_starts, quantity.end, low, high)
            # a date alone in the bracket behind the figure: 890例(3日)、731例(4日)
            if after < high:
                date = dates[after]
                between = text[quantity.end : date.start].strip()
                if between in ("（", "(") and text[date.end : date.end + 1] in ("）", ")"):
                    return after, "bracket"
            nearest = bisect_left(context.date_starts, quantity.start, low, high) - 1
            for number in range(nearest, max(low, nearest - _LOOK_BACK) - 1, -1):
                date, reach = dates[number], self.reach[number]
                own = tree.clauses[tree.clause_at(date.start)]
                if reach == "none":
                    continue
                if reach == "year":
                    here = here if here is not None else number
                    continue
                if reach == "bracket":
                    if own.bracket == figure.bracket or (figure.bracket >= 0 and own.bracket >= 0 and self._inside(figure.bracket, own.bracket)):
                        return number, "own" if own.start >= figure.own else "clause"
                    continue
                if date.role == "at" and text[date.start - 1 : date.start] in ("由", "从") and _START_VALUE.match(text, date.end) and (
                    context.quantities_between(date.end, quantity.start)
                ):
                    continue  # 由2月10日的18.9%升到70.7%: the day of the first value
                if reach == "clause" and own.start < clause.start:
                    if figure.number and self._other_between(number, low, figure):
                        continue
                    if own.end - date.end > _SINCE_LENGTH:
                        continue  # 是自3月5日以来首次，: it dates its own clause
                spread = self._of_several(number, low, figure)
                if spread is not None:
                    return spread, "sentence"
                if _is_of_deed(context, date, figure) and self._as_of_before(number, low) is not None:
                    return self._as_of_before(number, low), "sentence"  # 截至…，88例已于2月29日治愈，治愈率…
                if date.precision in ("quarter", "month") and _OF_PROJECTS.match(text, date.end):
                    day = self._day_before(number, low)
                    if day is not None:
                        return day, "sentence"  # 3月6日，全市一季度重大项目集中开工: the day is when it happened
                here, relation = number, ("own" if date.start >= figure.own else "clause" if date.start >= figure.left else "sentence")
                break
            tied = self._tied(figure, after, high, clause.end, has_date=here is not None and self.reach[here] != "year")
            if tied is not None:
                return tied, "tied"
        if here is not None and self.reach[here] != "year":
            if dates[here].rule == "recent_days" and here > low and dates[here - 1].date_start == dates[here - 1].date_end and (
                _LAST_24_HOURS.match(text, dates[here].start)
            ):
                return here - 1, "sentence"  # 3月14日晚发布，过去一天新增17例: the day before that moment
            if dates[here].rule in ("now", "recent_days"):
                if self.day is not None and not dates[self.day].vague:
                    return self.day, "header"  # 目前 goes on with the day that the passage has stated
                if self.day is None and context.short and quantity.start >= context.title_end > 0:
                    titled = self._of_title()
                    if titled is not None and dates[titled].role in ("as_of", "range"):
                        return titled, "title"  # … or up to which the title counts
            return here, relation
        if tree.blocks[sentence.block].kind == "row" and self.day is None:
            return self._caption(sentence.block)
        if self.local is not None and (
            self.day is None
            or (
                figure.quantity.unit != "case" and not figure.has_noun
                and (self._is_nearer(sentence.block) or self._is_joined(figure.sentence))
            )
        ):
            return self.local, "paragraph"
        if self.day is not None:
            date = dates[self.day]
            passage = tree.block_at(date.start)
            return self.day, "header" if self.reach[self.day] == "header" else "paragraph" if passage == sentence.block else "header"
        if here is not None:
            return here, "sentence"
        if context.title_end and context.short and quantity.start >= context.title_end:
            titled = self._of_title()
            if titled is not None:
                return titled, "title"
        later = self._later(figure, high)
        return (later, "later") if later is not None else (None, "document")

    def _is_joined(self, sentence: int) -> bool:
        """自2月11日起，小区凭证出入；22个市场暂停交易: ； joins the sentence to the one that states the day."""
        assert self.local is not None
        sentences = self.context.tree.sentences
        first = sentence
        while first and sentences[first - 1].stop == "；":
            first -= 1
        return first < sentence and self.context.dates[self.local].start >= sentences[first].start

    def _is_nearer(self, block: int) -> bool:
        """1至2月，收入98.7亿元；外贸总额281.5亿元: a period of the same paragraph, stated after the day that governs."""
        assert self.local is not None and self.day is not None
        local = self.context.dates[self.local]
        return (
            local.start > self.context.dates[self.day].start
            and (local.date_end - local.date_start).days >= _LONG
            and self.context.tree.block_at(local.start) == block
        )

    def _of_several(self, number: int, low: int, figure: Figure) -> int | None:
        """2月4日、11日又先后派出24人和33人: each figure takes the day of its place in the list."""
        text, dates = self.context.text, self.context.dates
        first = number
        while first > low and text[dates[first - 1].end : dates[first].start] in ("、", "和", "及", "，"):
            first -= 1
        if first == number or not _IN_TURN.match(text, dates[number].end):
            return None
        starts = self.context.quantity_starts
        place = bisect_left(starts, figure.quantity.start) - bisect_left(starts, dates[number].end)
        return min(first + place, number)

    def _inside(self, inner: int, outer: int) -> bool:
        brackets = self.context.tree.brackets
        while inner >= 0 and inner != outer:
            inner = brackets[inner].parent
        return inner == outer

    def _other_between(self, number: int, low: int, figure: Figure) -> bool:
        """Whether an earlier date of the sentence can date the figure instead of a period with an open start."""
        return any(self.reach[other] == "sentence" for other in range(low, number)) or self.day is not None

    def _as_of_before(self, number: int, low: int) -> int | None:
        for other in range(number - 1, low - 1, -1):
            if self.reach[other] == "sentence" and self.context.dates[other].role == "as_of":
                return other
        return None

    def _day_before(self, number: int, low: int) -> int | None:
        for other in range(number - 1, low - 1, -1):
            date = self.context.dates[other]
            if self.reach[other] == "sentence" and date.date_start == date.date_end:
                return other
        return None

    def _tied(self, figure: Figure, after: int, high: int, clause_end: int, *, has_date: bool) -> int | None:
        """A date behind the figure that is tied to it: 88例已于2月29日全部治愈出院, 22名专家4月15日飞抵."""
        context, text = self.context, self.context.text
        for number in range(after, min(after + _LOOK_AHEAD, high)):
            date = context.dates[number]
            before = text[figure.quantity.end : date.start]
            if not before and date.role == "at" and not date.vague and self.reach[number] == "sentence" and _HAN.match(text, date.end):
                return number  # 余下487人31日傍晚平安抵达
            if self.reach[number] not in ("sentence", "story", "clause") or "（" in before or "(" in before:
                continue
            if len(before) <= 40 and _TIED.fullmatch(before[-16:]) and (date.start < clause_end or len(before) <= 16):
                return number
            if not has_date and date.start < clause_end and date.role == "at" and "，" not in before:
                return number
        return None

    def _later(self, figure: Figure, high: int) -> int | None:
        after = bisect_left(self.context.date_starts, figure.quantity.end)
        for number in range(after, min(high, after + _LOOK_AHEAD)):
            if self.reach[number] in ("sentence", "clause", "story") and not _VALUE_OF_DAY.match(self.context.text, self.context.dates[number].end):
                return number
        return None

    def _caption(self, block: int) -> tuple[int | None, str]:
        """The date of the line above a table."""
        header = self.context.tree.blocks[block].header
        for number in range(header, max(header - 3, -1), -1):
            node = self.context.tree.blocks[number]
            for date in self.context.dates_in(node.start, node.end):
                index = self.context.date_starts.index(date.start)
                if self.reach[index] != "none":
                    return index, "header"
        return None, "document"

    def _of_title(self) -> int | None:
        """The day that the title states, where the body states none."""
        for number in range(bisect_left(self.context.date_starts, self.context.title_end)):
            date = self.context.dates[number]
            stated = self.reach[number] == "sentence" or (self.reach[number] == "bracket" and date.role in ("as_of", "range"))
            if stated and not date.vague:
                return number
        return None

    def role(self, number: int | None) -> str:
        """What the governing date says of the count: as_of, range, at, since ...; "now" where it is vague, else "none"."""
        if number is None:
            return "none"
        date = self.context.dates[number]
        if self.reach[number] == "header" or (date.role == "at" and date.time_end == "24:00"):
            return "as_of"
        return "now" if date.vague else date.role

    def first_day_of_body(self) -> int | None:
        """The first date of the body that can be a bulletin's own: an as-of or period, or a day close to publication."""
        context = self.context
        for number in range(bisect_left(context.date_starts, context.title_end), len(context.dates)):
            date = context.dates[number]
            if self.reach[number] in ("none", "year", "bracket", "story") or date.vague:
                continue
            if date.role in ("as_of", "range") or self.reach[number] == "header" or (
                abs((context.anchor - date.date_end).days) <= _NEAR_ANCHOR_DAYS
            ):
                return number
            return None
        return None


_SINCE_YESTERDAY: Final = 12  # characters
_THAN_YESTERDAY: Final = re.compile("[较比](?:前一?[日天]|上一?日|昨[日天])[^，。；\\d]{0,6}$")


def _is_of_deed(context: Context, date: DateMention, figure: Figure) -> bool:
    """已于2月29日治愈出院: the day of that deed, not of the figures after it."""
    return figure.number > 0 and date.role == "at" and context.text[date.start - 1 : date.start] in ("于", "在") and date.start < figure.own


_LAST_24_HOURS: Final = re.compile(
    "(?:过去|最近|近|此前|之前)的?(?:24 ?个?小时|二十四小时|1天|一天|一昼夜|一日)|(?:24|二十四) ?个?小时(?:之?内|里)"
)


def _hours_before(context: Context, statement: Statement) -> bool:
    """Whether the sentence counts what the 24 hours before the stated moment brought: 过去24小时新增949例."""
    said = context.text[max(0, statement.quantity.start - 80) : statement.quantity.start]
    return _LAST_24_HOURS.search(said[max(said.rfind("。"), said.rfind("\n")) + 1 :]) is not None


def apply_period(context: Context, statement: Statement, index: int | None, relation: str) -> None:
    """Give a statement the days of a date mention, as its indicator takes them (contract: new, cumulative, current).

    Without a mention the day of publication stands in: for a count of cases in a bulletin that was published before noon,
    the day before; `assumed` where the day of publication is unknown too.
    """
    kind = kind_of_indicator(statement.indicator) or statement.kind
    statement.date = index
    if index is None:
        article = context.article
        day = context.anchor
        statement.date_basis = "publication" if article.anchor_basis == "published" else "assumed"
        moment = article.published_at
        counted = statement.noun or kind
        if moment is not None and counted and context.short and 0 < moment.hour * 60 + moment.minute < _NOON * 60:
            day = day - dt.timedelta(days=1)
        statement.date_end = day
        statement.date_start = day if kind == "current" else None
        if kind == "new" and _hours_before(context, statement):
            statement.date_start = day - dt.timedelta(days=1)
        statement.note("period", "document" if statement.date_basis == "publication" else "none", "date.publication")
        return
    date = context.dates[index]
    start, end = date.date_start, date.date_end
    this_year = date.precision == "year" and date.basis == "relative"
    if this_year and end > context.anchor >= start:
        end = context.anchor
    statement.date_basis = date.basis
    statement.time_end = date.time_end or (date.time_start if date.role in ("as_of", "range") else None)
    statement.time_start = date.time_start if statement.time_end else None
    statement.date_end = end
    if kind == "current":
        statement.date_start = end
    elif kind == "cumulative":
        statement.date_start = start if this_year else None  # 今年累计 starts on January 1
    elif kind == "new":
        said = context.text[max(0, statement.quantity.start - _SINCE_YESTERDAY) : statement.quantity.start]
        statement.date_start = None if date.role == "as_of" and not _THAN_YESTERDAY.search(said) else start  # 较前一日增加4例
        if date.role in ("as_of", "at", "now") and start == end and statement.time_end != "24:00" and _hours_before(context, statement):
            statement.date_start = start - dt.timedelta(days=1)
    elif date.role == "as_of" or date.vague:
        counted_up = _TOTALLY.search(context.text, max(statement.clause[0], statement.quantity.start - _CLAUSE), statement.quantity.start)
        statement.date_start = None if counted_up else end
    elif date.role == "from" and "累计" in context.text[max(statement.clause[0], statement.quantity.start - _CLAUSE) : statement.quantity.start] and start < context.anchor:
        statement.date_start, statement.date_end = start, context.anchor  # 1月26日起，累计检查车辆32.6万辆
    else:
        statement.date_start = start
    statement.note("period", relation, date.rule)
