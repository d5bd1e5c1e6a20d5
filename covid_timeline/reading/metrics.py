"""Figures to statements: goes through the sentences and lets one resolver settle each slot of each figure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from covid_timeline.model import Quantity
from covid_timeline.reading.context import CHINA, Context, Region, is_inside, region_of, sentences_with
from covid_timeline.reading.implied import add_implied, zero_nouns
from covid_timeline.reading.other import ELIDED, STOCKS, TRACING, is_bare, resolve_indicator
from covid_timeline.reading.period import Passage, apply_period
from covid_timeline.reading.region import (
    Subjects,
    case_regions,
    figure_region,
    is_part_by_residence,
    named_scope,
    outer_region,
    town_of,
)
from covid_timeline.reading.statement import NOTHING_SAID, Choice, Frame, Statement, basis_of
from covid_timeline.reading.status import resolve_status
from covid_timeline.reading.subject import (
    LABELS,
    counts_cases,
    indicator_for,
    is_explained,
    measure_of,
    ranked,
    resolve_measure,
    resolve_origin,
    resolve_subject,
)
from covid_timeline.reading.whole import Statements, list_sum
from covid_timeline.reading.words import Figure, read_words

__all__ = ["read_metrics"]

_CONTINUES: Final = ("其中", "具体", "分别", "包括", "上述", "它们")
_SPREAD: Final = re.compile(
    "[^。；，：\\d]{0,10}(?:分布(?:情况)?|分(?:县|区|市|地|州)[^，：。\\d]{0,8}看|按(?:地区|区县|县区|县市区|区域)[^，：。\\d]{0,4})(?:是|为|如下)?[：:，,]"
)
_DOES: Final = ("无", "新增", "现有", "累计", "报告")
_ORIGIN_GOES_ON: Final = ("累计", "现有", "其中", "治愈", "无")
_AMONG: Final = re.compile("(?:确诊|出院|治愈)?(?:病例|病人|患者|感染者|人员)?(?:里|当中|之中|中)(?:面|有|还有|[，,：:])")
_OF_TEAMS: Final = re.compile("医疗队|援鄂|援湖北|援汉|医护")
_SENT: Final = re.compile("派出|派遣|选派|出征|启程|出发|驰援|增派|奔赴|赶赴|飞赴|随队")
_HAN2: Final = re.compile("[\u4e00-\u9fff]{2}")
_STANDING: Final = frozenset({"severe", "critical", "severe_and_critical", "treated", "observed", "contacts"})
_INCREASE: Final = re.compile("[较比](?:前一?[日天]|上一?日|昨[日天])?(?:净)?(?:增加|增)$")
_TOPICS: Final = frozenset({"asymptomatic", "contacts", "suspected", "deaths", "recovered", "severe"})
_CLAUSE_SIGN: Final = re.compile("[，,。；;]")
_ANAPHORA: Final = re.compile("(?:以上|上述|这|此前|之前|原有|原)$")
_CHANGES: Final = ("减少", "核减", "核增", "增长", "下降")
_FOUND_ILL: Final = re.compile("[^。；]{0,40}?(?:呈阳性|为阳性|被确诊|确诊感染|确诊为新|确诊患)")
_OUTCOME: Final = re.compile("走出[^，。；]{0,10}(?:医院|病房|病区)|(?:死亡|去世|病亡|离世|病逝|不幸身亡)|(?:治愈|痊愈|康复)?出院|痊愈|治愈")
_NOT_YET: Final = re.compile("标准|指南|要求|有望|即将|将于|可以|条件|风险")
_OTHER_FIGURE: Final = re.compile("新增|累计|其中|现有")
_HEADING: Final = 40  # characters
_OPENING: Final = 12  # characters
_SHARED: Final = 40  # statements that are looked at for the places of one sentence
_ELIDED_LENGTH: Final = 6  # characters in front of a figure that leave no room for a verb of their own
_NEAR_OUTCOME: Final = 10  # up to so many people a later clause may tell what became of them


def read_metrics(context: Context) -> tuple[list[Statement], Passage]:
    """One statement for each thing that a figure says, in the order of the text (a figure may say two)."""
    reader = _Reader(context)
    for number, quantities in sentences_with(context):
        reader.read_sentence(number, quantities)
    reader.date_title()
    for one in reader.statements.all:
        whole = one.part_of
        if one.date_start is None and one.kind == "new" and whole is not None and whole.kind == "new" and whole.date_end == one.date_end:
            one.date_start = whole.date_start  # 30日当天新增82例。新增病例中，广州市27例
    return reader.statements.all, reader.passage


def _of_sector(figure: Figure) -> bool:
    return any(cue.name == "sector" for cue in (*figure.groups, *figure.topic_groups))


class _Reader:
    """Goes from sentence to sentence; what a figure leaves open is asked from the statements made before it."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.passage = Passage(context)
        self.subjects = Subjects(context)
        self.statements = Statements()
        self.frame = NOTHING_SAID  # at the end of the sentence before
        self.opening: Statement | None = None  # the first statement of the sentence before
        self.spread: Statement | None = None  # what a sentence says that it breaks down by place
        self.topic = ""  # the noun with which a sentence without figures opens
        self.stop = "\n"  # the sign that closed it
        self.block = -1
        self.heading: Frame | None = None  # of the lines below a heading
        # of the sentence being read
        self.figures: list[Figure] = []
        self.subject: Region | None = None
        self.scope: Region | None = None  # 湖北以外地区
        self.used: set[int] = set()
        self.pending: list[Region] = []
        self.pending_nouns: list[str] = []

    def read_sentence(self, number: int, quantities: Sequence[Quantity]) -> None:
        context, passage = self.context, self.passage
        passage.enter_sentence(number)
        block = context.tree.sentences[number].block
        if self.block != block:
            listed = context.tree.blocks[block].kind in ("label", "item", "row")
            if not listed and not context.tree.goes_on(self.block, block, bulletin=context.short):
                self.frame = NOTHING_SAID
            self.block = block
        self.subjects.enter_sentence(number)
        if not quantities:
            self._note_heading(number)
            self._note_topic(number)
            self.subjects.note(number)
            passage.leave_sentence(number, set())
        else:
            self._read(number, quantities)
            passage.leave_sentence(number, self.used, quantities[0].start)
        self.stop = context.tree.sentences[number].stop

    def _note_heading(self, number: int) -> None:
        """分布（累计确诊） above lines of places: what a heading says is counted holds for the lines below it."""
        context = self.context
        sentence = context.tree.sentences[number]
        block = context.tree.blocks[sentence.block]
        if block.kind not in ("head", "item") or block.end - block.start > _HEADING:
            return
        cues = context.cues_in(block.start, block.end)
        nouns = [cue.name for cue in cues if cue.category == "noun"]
        modes = [cue.name for cue in cues if cue.category == "mode"]
        origin = next((found.name for cue in cues if cue.category == "origin" and (found := context.origin(cue)) is not None), "")
        if nouns or origin:
            self.heading = Frame(
                nouns=(ranked(nouns),) if nouns else (), mode=modes[-1] if modes else "", origin=origin, origin_rules=bool(origin)
            )
        else:
            self.heading = None

    def _origin_at_head(self, start: int, end: int) -> str:
        """The origin that opens an item of a list, and holds for all of it."""
        for cue in self.context.cues_in(start, min(end, start + 8)):
            found = self.context.origin(cue) if cue.category == "origin" else None
            if found is not None:
                return found.name
        return ""

    def _note_topic(self, number: int) -> None:
        """无症状感染者的数字近来备受关注。 A sentence that opens with what is counted, and counts nothing, says it for the next."""
        context = self.context
        sentence = context.tree.sentences[number]
        cues = [cue for cue in context.cues_in(sentence.start, sentence.end) if cue.category == "noun"]
        named = {cue.name for cue in cues}
        self.topic = cues[0].name if len(named) == 1 and cues[0].start == sentence.start and named <= _TOPICS else ""

    def _lists_countries(self, before: Frame) -> bool:
        """Whether the sentence before divided imported cases by the countries that they came from."""
        last = before.last
        if last is None or not last.part or not last.figure.places or last.figure.places[-1].level != "abroad":
            return False
        return any(one.origin == "imported" for one in self.statements.all[-_SHARED:] if not one.part)

    def _opens_elsewhere(self, number: int) -> bool:
        """Whether the sentence opens with a place, or names an origin."""
        sentence = self.context.tree.sentences[number]
        opening = self.context.cues_in(sentence.start, min(sentence.end, sentence.start + _OPENING))
        return any(cue.category == "origin" for cue in opening) or bool(self.context.places_in(sentence.start, sentence.start + _OPENING))

    # -- one sentence

    def _first_frame(self, number: int) -> Frame:
        text, start = self.context.text, self.context.tree.sentences[number].start
        before = self.frame
        spread = _SPREAD.match(text, start)
        self.continues = text.startswith(_CONTINUES, start) or (before.listing and self.stop == "；") or spread is not None
        if spread is not None and self.opening is not None and self.opening.noun == "confirmed":
            before = before._replace(head=self.opening, item_noun="", item_kind="")  # 累计确诊274例，死亡2例。分县区看：固始县58例
            self.spread = self.opening
        else:
            self.spread = None
        if self.continues:
            head = before.head
            if before.last is not None and before.last.quantity.value > 0 and head is None:
                head = before.last
            noun, kind = before.item_noun, before.item_kind
            if not noun and head is not None:
                noun, kind = head.noun, head.kind
            return before._replace(listing=True, head=head, item_noun=noun, item_kind=kind)
        frame = NOTHING_SAID
        block = self.context.tree.blocks[self.context.tree.sentences[number].block]
        if self.heading is not None and block.kind in ("label", "item"):
            return self.heading
        if self.heading is not None and self.heading.origin:
            frame = frame._replace(origin=self.heading.origin, origin_rules=True)
        elif block.kind == "item":
            origin = self._origin_at_head(block.start, block.end)
            frame = frame._replace(origin=origin, origin_rules=bool(origin))  # ● 境外输入现有确诊病例92例，现有疑似病例2例。
        if self.stop == "；" and before.mode == "cumulative":
            frame = frame._replace(mode=before.mode)  # 累计确诊124例；治愈出院21例
        if self.stop == "；" and before.part:
            frame = frame._replace(part=True)
        if self._lists_countries(before) and not self._opens_elsewhere(number) and text.startswith(("累计出院", "累计治愈", "现有", "治愈", "出院"), start):
            frame = frame._replace(origin="imported", origin_rules=True)  # 按输入国别，俄罗斯58例。累计出院23例
        if before.origin_rules and text.startswith(_ORIGIN_GOES_ON, start):
            frame = frame._replace(origin=before.origin, origin_rules=True)
        return frame

    def _start_sentence(self) -> None:
        self.subject = None
        self.scope = None
        self.used = set()
        self.pending = []
        self.pending_nouns = []

    def _read(self, number: int, quantities: Sequence[Quantity]) -> None:
        context = self.context
        sentence = context.tree.sentences[number]
        self._start_sentence()
        self.figures = figures = read_words(context, number, quantities)
        frame = self._first_frame(number)
        added_up = self._adds_up_to() if self.continues and figures[0].places and not figures[0].has_noun else None
        if self.topic:
            frame, self.topic = frame._replace(nouns=(self.topic,)), ""
        opening, made_before = self.opening, len(self.statements.all)
        if self.stop == "；" and opening is not None and opening.noun and figures[0].places and not figures[0].has_noun:
            self.frame = Frame(nouns=(opening.noun,))  # 香港累计1033例，死亡4例；澳门45例
        if self.subjects.speaks_of_provinces(sentence.start, sentence.end):
            self.subject = CHINA
            if context.short:
                self.subjects.home = CHINA.carried()
        saved: dict[int, Frame] = {}  # the frame outside of each open bracket
        before: Figure | None = None
        for index, figure in enumerate(figures):
            if figure.item and frame.in_list and before is not None and figure.bracket == before.bracket:
                following = self._next_item(figure, frame)
                if following is not None:
                    frame, before = following, figure
                    continue
            frame = self._cross_brackets(figure, before, frame, saved)
            frame = self._open_lists(figure, frame)
            if index == 0 and added_up is not None:
                frame = frame.open_list(added_up)  # 累计46例，较前一日增加4例。其中：鄂尔多斯市11例，…: of the 46
            next_start = figures[index + 1].quantity.start if index + 1 < len(figures) else sentence.end
            if before is not None and before.quantity.unit == "day" and figure.quantity.rule.startswith("zero") and not _CLAUSE_SIGN.search(
                context.text, before.quantity.end, figure.quantity.start
            ):
                continue  # 连续14天没有新增: the days say it
            if counts_cases(context, figure, frame):
                frame = self._read_count(index, figure, frame, next_start)
            else:
                frame = self._read_other(index, figure, frame, next_start)
            before = figure
        if saved:
            frame = saved[min(saved)]
        self.frame = frame
        made = self.statements.all[made_before:]
        self.opening = made[0] if made else None
        if self.scope is not None:
            self.subjects.speak_of(self.scope)
        elif self.subject is not None:
            if not self._is_of_list(number):
                self.subjects.speak_of(self.subject)
        elif frame.region is not None and not self.continues:
            self.subjects.speak_of(frame.region)

    def _is_of_list(self, number: int) -> bool:
        """安远县560吨，寻乌县438吨，信丰县390吨: the last of several places that share a sentence is not its subject.

        Nor is it where the places stand in sentences that ； joins.
        """
        assert self.subject is not None
        last = self.statements.all[-1] if self.statements.all else None
        if last is None or last.region.code != self.subject.code:
            return False
        first = number
        while first and self.context.tree.sentences[first - 1].stop == "；":
            first -= 1
        named = {one.region.code for one in self.statements.all[-_SHARED:] if one.figure.sentence >= first and one.region.basis == "named"}
        return len(named) > 2

    def _adds_up_to(self) -> Statement | None:
        """The count before the sentence to which its list of places adds up; None where the list is one item or none fits."""
        total, count = list_sum(self.figures, 0)
        region = region_of(self.figures[0].places[-1])
        if count < 2:
            return None
        return next(
            (
                one
                for one in reversed(self.statements.all[-_SHARED:])
                if one.quantity.value == total and one.noun and one.kind and one.part_of is None and is_inside(region, one.region)
            ),
            None,
        )

    def _cross_brackets(self, figure: Figure, before: Figure | None, frame: Frame, saved: dict[int, Frame]) -> Frame:
        brackets = self.context.tree.brackets
        if saved:
            for number in sorted(saved, reverse=True):
                if brackets[number].end <= figure.quantity.start:
                    frame = saved.pop(number)
        if figure.bracket >= 0 and figure.bracket not in saved and (before is None or before.bracket != figure.bracket):
            saved[figure.bracket] = frame
            start = brackets[figure.bracket].start
            frame = frame._replace(listing=True, in_list=False)
            if frame.last is not None and before is not None and start <= before.right + 1:
                frame = frame.open_list(frame.last)  # 香港519例（出院111例，死亡4例）
                head = frame.head
                assert head is not None
                frame = frame._replace(region=head.region, mode=head.kind or frame.mode)
        return frame

    def _open_lists(self, figure: Figure, frame: Frame) -> Frame:
        lists = figure.lists
        if "other" in lists and figure.bracket < 0:
            frame = frame.close_list()
        if "part" in lists or ("respectively" in lists and not figure.places and frame.last is not None and figure.number):
            last = frame.last
            if last is not None and last.part_of is not None and frame.in_list and self.continues and figure.number == 0:
                last = last.part_of  # …乌海市2例，兴安盟1例。其中治愈70例: of what the list added up to
            frame = frame._replace(listing=True, in_list=False)
            if last is not None and last.quantity.value > 0:
                frame = frame.open_list(last)
        return frame

    def _next_item(self, figure: Figure, frame: Frame) -> Frame | None:
        """、衡阳市30例 in a list of places whose items are known: it shares all but figure and place with the one before."""
        last, head = frame.last, frame.head
        region = region_of(figure.places[0])
        if (
            last is None
            or head is None
            or last.part_of is not head
            or frame.by_residence
            or not last.figure.item
            or last.quantity.unit != figure.quantity.unit
            or figure.quantity.rule.startswith("zero")
            or head.quantity.value < figure.quantity.value
            or not is_inside(region, head.region)
        ):
            return None
        one = last.next_item(figure, region)
        clause = self.context.tree.clauses[figure.clause]
        one.clause = (min(clause.start, figure.quantity.start), max(clause.end, figure.quantity.end))
        self.statements.add(one)
        return frame._replace(last=one)

    # -- counts of cases

    def _read_count(self, index: int, figure: Figure, frame: Frame, next_start: int) -> Frame:
        context, statements, quantity = self.context, self.statements, figure.quantity
        text, before_frame = context.text, frame
        regions, self.pending = case_regions(context, figure, self.pending)
        self._share_nouns(figure)
        date, date_relation = self.passage.find(figure)
        role = self.passage.role(date)

        if regions and not figure.has_noun and figure.mode is None and not frame.in_list:
            self._take_total_behind(index)
        # the list it stands in
        topic = bool(figure.topic_nouns) and not figure.has_noun
        bare = bool(regions) and not figure.has_noun and not topic  # 武汉市3例: an item of a list
        if bare and not frame.in_list and frame is not self.heading and not ((figure.opened or "part" in figure.lists) and frame.item_noun):
            head = self._before_colon(figure, frame, regions[-1]) or statements.list_head(
                self.figures, index, regions[-1], len(regions), self.spread
            )
            if head is not None and (figure.mode is None or figure.mode.name == head.kind):
                frame = frame.open_list(head)  # but 香港累计通报1033例 is no item of 8429人尚在观察
        item = bare and frame.listing and bool(frame.item_noun)

        # what is counted
        subject = resolve_subject(context, figure, frame, item=item, earlier=self.frame)
        if subject.relation == "sentence" and figure.opened and figure.bracket >= 0 and not figure.places and figure.mode is None and (
            quantity.start == context.tree.brackets[figure.bracket].start + 1
        ):
            subject = Choice(subject.value, "none", "")  # 汉川市37例（26例）: a bare figure in a bracket says nothing of itself
        again = None
        if {cue.name for cue in (*figure.nouns, *figure.nouns_after)} <= {"case", "recovered"} and not figure.nouns and not topic and quantity.value > 1 and (
            _AMONG.match(text, quantity.end)
        ):
            again = statements.same_figure(quantity.value)
            if again is not None:
                subject = Choice(again.noun, "topic", "figure.again")
                figure.groups, regions = [], [again.region.carried()]
        noun = subject.value
        own_mode = figure.mode
        other_mode = own_mode is not None and frame.head is not None and own_mode.name != frame.head.kind and not figure.places
        if frame.listing and (figure.nouns or other_mode) and own_mode is not None and "part" not in figure.lists and figure.bracket < 0:
            cumulative = own_mode.name == "cumulative" and frame.head is not None and frame.head.kind == "new"
            if not figure.places or cumulative:
                frame = frame.close_list()  # 其中…。现有疑似病例58例: no part of what was listed
        if frame.listing and own_mode is not None and regions and frame.head is not None and is_inside(frame.head.region, regions[-1]):
            frame = frame.close_list()  # 全市9例：本旗4例，东胜区3例；自治区累计46例
        head = frame.head
        noun, forced = self._refine(noun, figure, frame, subject)
        if again is not None:
            forced = Choice(again.kind, "topic", "figure.again")
        measure = forced or resolve_measure(
            context, figure, frame, noun, item=item, role=role, own_day=role == "at" and date_relation == "own",
            in_title=quantity.start < context.title_end,
        )
        within = "part" in figure.lists and figure.lists["part"].category == "noun" and figure.has_noun
        if within and figure.mode is None and figure.topic_mode is None:
            twin = statements.latest_whole(ranked([cue.name for cue in figure.topic_nouns]), quantity.value)
            if twin is not None and noun in ("deaths", "recovered", "recovered_so_far") and twin.kind:
                measure = Choice("cumulative" if twin.kind == "current" else twin.kind, "topic", "list.part")
        if topic and figure.topic_mode is None:
            total = list_sum(self.figures, index)[0] if figure.places else quantity.value
            twin = statements.latest_whole(noun, total)
            if twin is not None and figure.mode is None:
                measure, head = Choice(twin.kind, "topic", "list.part"), twin
        kind = measure.value
        if noun == "recovered_so_far":
            noun = "recovered"
        own_next = self.figures[index + 1] if index + 1 < len(self.figures) else None
        limit = own_next.own if own_next is not None and own_next.nouns else next_start
        noun, kind, silenced = self._by_later_words(noun, kind, figure, frame, limit)
        if noun == "case":
            noun = "confirmed"
        if noun == "released" and kind == "cumulative" and "累计" not in text[figure.own : quantity.start] and (
            date is not None and date_relation == "own" and role == "at" and context.dates[date].precision == "day"
        ):
            kind = "new"  # 2月11日已解除观察4618人

        # of whom
        explained, why = is_explained(context, figure, subject.value, subject.relation) if again is None else (True, "")
        part = bool(figure.groups) or silenced
        if figure.topic_groups and not figure.places and noun not in ("contacts", "observed", "released") and any(
            "中" in text[cue.end - 1 : cue.end + 1] for cue in figure.topic_groups
        ):
            part = True  # 聚会的密切接触者中，已有3人确诊
        if noun in ("confirmed", "positive", "suspected") and not figure.places and any(cue.name == "contacts" for cue in figure.topic_nouns):
            part = True  # 密切接触者中，已有25人确诊
        if figure.brought is not None and frame.listing and not figure.places:
            part = True  # 其中输入性病例105例: by where they came from
        fresh = figure.has_noun and figure.mode is not None  # a statement of its own
        if frame.part and not figure.places and "total" not in figure.lists and not fresh:
            part = True
        if figure.topic_groups and figure.topic_groups[-1].name == "residence" and figure.places and not figure.has_noun:
            frame = frame._replace(by_residence=True)  # 按住址分布：黑龙江41例、吉林36例
        abroad = bool(figure.places) and figure.places[-1].level == "abroad" and not figure.has_noun
        whole = frame.last or (statements.all[-1] if statements.all else None)
        if abroad and whole is not None and whole.region.code and (frame.last is not None or whole.origin == "imported"):
            while whole.part_of is not None and (whole.part or whole.region.code == whole.part_of.region.code):
                whole = whole.part_of  # past the other countries, to the place that reports them
            inside = is_inside(whole.region, self.subjects.home) and frame.last is None
            part, regions = True, [self.subjects.home if inside else whole.region]  # 从俄罗斯输入26例、加拿大1例: where they came from
        if frame.by_residence and figure.places and head is not None:
            part, regions = True, [head.region]
        by_place = frame.listing and item and bool(figure.places) and "each" not in figure.lists
        if by_place and head is not None and head.region.code and is_part_by_residence(context, figure.places[-1], head.region):
            part, regions = True, [head.region]
        town = town_of(context, figure) if not explained else ""
        if town and head is not None:
            regions, explained, part = [head.region._replace(name=town, basis="named")], True, False
        scope = named_scope(context, figure)
        if scope is not None:
            self.scope = scope
        elif figure.places:
            self.scope = None
        if self.scope is not None:
            regions = [self.scope]
        if head is not None and head.part and frame.listing:
            part = True

        # from where
        origin = resolve_origin(figure, frame, noun, kind)
        if again is not None and again.origin:
            origin = Choice(again.origin, "list", "figure.again")
        period_of = self._since(date, date_relation, kind)
        kind = period_of or kind
        indicator = "other" if part or not explained else indicator_for(noun, kind, origin.value)

        # where
        region_relation = "own" if figure.places and regions else "pair"
        if not regions:
            first = self.figures[0].quantity.start
            region, region_relation = outer_region(context, self.subjects, figure, frame, self.subject, first)
            regions = [region]
        if topic and figure.places:
            frame = frame._replace(listing=True, in_list=True, item_noun=noun, item_kind=kind, head=head)
        elif topic and not explained:
            frame = frame._replace(listing=True)

        basis = basis_of(subject.relation, measure.relation)
        if why == "unknown" and explained:
            basis = "assumed"
        if figure.topic_groups and not part and not figure.places and "total" not in figure.lists and any(
            cue.name in ("institution", "vessel", "occupation") for cue in figure.topic_groups
        ):
            basis = "assumed"  # 医疗队累计管理病人429人: whose patients they are stands before
        said = head.measure if item and head is not None else measure_of(context, figure, [noun])
        made: list[Statement] = []
        for region in regions:
            one = self._state(figure, indicator, basis, said, region, subject.rule or "noun.case", noun, kind)
            one.origin, one.part, one.frame = origin.value, part or not explained, before_frame
            one.note("subject", subject.relation, subject.rule)
            one.note("measure", measure.relation, measure.rule)
            if origin.value:
                one.note("origin", origin.relation, origin.rule)
            if part or why:
                one.note("group", "own" if figure.groups else "none", why or "frame")
            one.note("region", region_relation, region.basis)
            apply_period(context, one, date, date_relation)
            if date is not None:
                self.used.add(date)
            if frame.listing or (subject.relation in ("sentence", "paragraph") and figure.places):
                one.part_of = statements.whole_of(one, head)
                held = one.part_of
                if held is not None and held.quantity.value < quantity.value and not (
                    "part" in figure.lists or figure.opened or figure.places
                ):
                    one.part_of = None
                if one.part_of is not None:
                    one.note("whole", "list" if frame.listing else "region", "list.part")
            made.append(one)
        if topic and figure.places and made[0].part_of is not None:
            frame = frame._replace(head=made[0].part_of)
        self._add_implied(figure, made, date, date_relation)
        frame = self._remember(frame, figure, made, noun, kind, origin, regions, subject, item=item, topic=topic, part=part)
        if text[figure.right - 1 : figure.right + 1] in ("中，", "中,", "中：") and figure.right > quantity.end:
            frame = frame.open_list(made[0])  # 13例确诊病例中，输入性10例
        return frame

    def _before_colon(self, figure: Figure, frame: Frame, region: Region) -> Statement | None:
        """现有疑似病例7例：巴彦淖尔市4例: the count that the colon breaks down."""
        last = frame.last
        if last is None or not last.kind or last.quantity.value < figure.quantity.value or not is_inside(region, last.region):
            return None
        return last if self.context.text[last.figure.right : figure.places[0].start].strip() == "：" else None

    def _take_total_behind(self, index: int) -> None:
        """晋中2例、太原1例、晋城1例，共4例患者治愈出院: the total behind a list says what its items count."""
        total, count = list_sum(self.figures, index)
        behind = self.figures[index + count] if index + count < len(self.figures) else None
        if count < 2 or behind is None or behind.quantity.value != total or not (behind.nouns or behind.nouns_after):
            return
        if "total" not in behind.lists and not self.context.text[behind.own : behind.quantity.start].startswith(("共", "合计", "总计")):
            return
        for one in self.figures[index : index + count]:
            one.nouns_after, one.mode_after = list(behind.nouns or behind.nouns_after), behind.mode or behind.mode_after

    def _share_nouns(self, figure: Figure) -> None:
        """确诊、疑似分别为3例、5例: the nouns in front go to the figures in their order."""
        if "respectively" in figure.lists and len(figure.nouns) > 1:
            self.pending_nouns = [cue.name for cue in figure.nouns[1:]]
            figure.nouns = figure.nouns[:1]
        elif self.pending_nouns and not figure.has_noun:
            name = self.pending_nouns.pop(0)
            first = self.figures[0]
            cue = next((cue for cue in self.context.cues_in(first.left, figure.quantity.start) if cue.name == name), None)
            if cue is not None:
                figure.nouns = [cue]

    def _since(self, date: int | None, relation: str, kind: str) -> str:
        """自6月11日以来累计227例: a count since a stated day is new over that period."""
        if date is None or kind != "cumulative" or relation not in ("own", "clause", "sentence"):
            return ""
        mention = self.context.dates[date]
        days = (mention.date_end - mention.date_start).days
        if mention.role == "since" or (mention.role == "range" and days > 1 and relation != "sentence"):
            return "new"
        return ""

    def _refine(self, noun: str, figure: Figure, frame: Frame, subject: Choice) -> tuple[str, Choice | None]:
        """Nouns and measure types that the words around them change."""
        text, quantity = self.context.text, figure.quantity
        if "corrected" in figure.lists and frame.nouns:
            return ranked(list(frame.nouns)), Choice(frame.mode, "sentence", "list.corrected")  # 由411例订正为631例
        if text[quantity.start - 2 : quantity.start] in _CHANGES or (
            text[quantity.start - 2 : quantity.start] == "净增" and frame.last is not None and frame.last.noun == "change"
        ) or (
            noun in _STANDING and _INCREASE.search(text, figure.own, quantity.start)
        ):
            return "change", None  # 重症病例减少113例: a change, no count of the day
        if noun == "released" and "医学观察" not in text[figure.own : figure.right] and "观察" not in text[figure.own : figure.right] and (
            frame.last is not None and frame.last.noun in ("deaths", "recovered") and frame.last.trace.get("measure") == "topic:list.part"
        ):
            return "recovered", Choice(frame.last.kind, "list", "noun.released")  # 確診個案中…236人解除隔離
        if quantity.unit == "case" and not figure.nouns and text.startswith("通报", quantity.end):
            return "change", None  # 国内累计36,182例通报: reports of suspicion, not cases
        silent = "asymptomatic" in frame.nouns or frame.item_noun == "asymptomatic"
        contacts = noun in ("observed", "released") and (
            frame.item_noun == "contacts" or "contacts" in frame.nouns or any(cue.name == "contacts" for cue in (*figure.nouns, *figure.nouns_after, *figure.topic_nouns))
        )
        if noun in ("observed", "released") and not contacts and (silent or quantity.unit == "case"):
            # 无症状感染者14例（已解除医学观察5例，尚在医学观察8例）
            return ("asymptomatic", Choice("current", "noun", "noun.observed")) if noun == "observed" and silent else ("change", None)
        if noun == "asymptomatic" and figure.mode is not None and figure.mode.name == "cumulative":
            return noun, Choice("cumulative", "own", "mode.cumulative")
        if figure.mode is None and figure.mode_after is None:
            if text[figure.right - 1] == "中" and figure.right > quantity.end:
                twin = self.statements.latest_whole(noun, quantity.value)
                if twin is not None and twin.quantity.value == quantity.value:
                    return noun, Choice(twin.kind, "topic", "list.part")  # 已确诊59例病例中: the fifty-nine of before
            if noun == "recovered" and "all" in {cue.name for cue in figure.after} and "confirmed" in {cue.name for cue in figure.nouns_after + figure.nouns}:
                return noun, Choice("cumulative", "after", "list.all")  # 38例确诊病例全部治愈出院
            if (
                frame.mode == "new" and figure.nouns and not figure.places and not frame.listing
                and frame.nouns and {noun, frame.nouns[0]} <= {"confirmed", "case"}
                and frame.head is not None and quantity.value > frame.head.quantity.value
            ):  # fmt: skip
                return noun, Choice("cumulative", "sentence", "mode.cumulative")  # 新增病例180例，肺炎病例729例
            if not frame.mode and figure.nouns and not figure.places and noun in ("confirmed", "case") and not frame.listing:
                new = self.statements.by_indicator.get("confirmed_new")
                if new and new[-1].quantity.value < quantity.value and new[-1].date == self.passage.day:
                    return noun, Choice("cumulative", "paragraph", "mode.cumulative")
        if quantity.rule.startswith("zero"):
            denied = zero_nouns(self.context, figure)
            if denied:
                return denied[0], None
        return noun, None

    def _by_later_words(self, noun: str, kind: str, figure: Figure, frame: Frame, next_start: int) -> tuple[str, str, bool]:
        """一名患者…抢救无效死亡; 这7名患者: what a later clause, or an earlier figure, says of the same people."""
        text, quantity = self.context.text, figure.quantity
        if quantity.rule.startswith("zero") or figure.nouns or frame.listing or noun not in (
            "confirmed", "case", "severe", "critical", "suspected"
        ):
            return noun, kind, False
        weak = {cue.name for cue in figure.nouns_after} <= {"case"}
        mode = figure.mode or figure.mode_after
        people = quantity.unit == "person" or bool(figure.nouns_after)
        if people and (mode is None or mode.name == "new") and (weak or (mode is None and quantity.value <= _NEAR_OUTCOME)):
            sentence = self.context.tree.sentences[figure.sentence]
            outcome = self._later_outcome(quantity.end, min(next_start, sentence.end))
            if outcome:
                return outcome, "new", False
        anaphora = _ANAPHORA.search(text, max(0, quantity.start - 3), quantity.start)
        if mode is None and ((weak and quantity.unit == "person") or anaphora):
            twin = self.statements.same_people(quantity.value)
            if twin is not None:
                return twin.noun, twin.kind, False
            if anaphora:
                return noun, kind, True
        return noun, kind, False

    def _later_outcome(self, start: int, stop: int) -> str:
        text = self.context.text
        for match in _OUTCOME.finditer(text, start, stop):
            if _OTHER_FIGURE.search(text, start, match.start()):
                return ""
            comma = max(text.rfind("，", start, match.start()), text.rfind(",", start, match.start()))
            if not _NOT_YET.search(text, max(start, match.start() - 4, comma), min(stop, match.end() + 3)):
                return "deaths" if match.group()[0] in "死去病离不" else "recovered"
        return ""

    def _add_implied(self, figure: Figure, made: list[Statement], date: int | None, relation: str) -> None:
        first = made[0]

        def add(noun: str, kind: str, region: Region, origin: str) -> Statement:
            indicator = "other" if first.part else indicator_for(noun, kind, origin)
            same = noun == first.noun
            one = self._state(figure, indicator, first.basis, first.measure if same else LABELS.get(noun, first.measure), region, f"noun.{noun}", noun, kind)
            one.origin, one.part = origin, first.part
            one.note("subject", "after", f"noun.{noun}")
            one.note("region", "after" if region is not first.region else "own", region.basis)
            apply_period(self.context, one, date, relation)
            return one

        add_implied(self.context, figure, made, add)

    def _remember(
        self, frame: Frame, figure: Figure, made: list[Statement], noun: str, kind: str, origin: Choice,
        regions: Sequence[Region], subject: Choice, *, item: bool, topic: bool, part: bool,
    ) -> Frame:  # fmt: skip
        """What the next figure may leave out."""
        own = figure.has_noun
        mode = figure.mode or figure.mode_after
        inherited = subject.relation in ("list", "sentence", "paragraph")
        nouns, said, region, where_from, rules, local, of_part = (
            frame.nouns, frame.mode, frame.region, frame.origin, frame.origin_rules, frame.local, frame.part
        )  # fmt: skip
        if not frame.listing or own:
            if (own or topic or not frame.nouns) and not (noun == "change" and frame.nouns):
                nouns = (noun,)
            named = [cue.name for cue in figure.nouns if cue.name != "change"] if noun == "change" else []
            if named:
                nouns = (ranked(named),)  # 累计确诊病例数核增366例，订正后为50329例
            if mode is not None and not (noun == "change" and frame.nouns):
                said = mode.name
            elif own and noun in ("treated", "observed") and not frame.listing:
                said = ""
            elif own and not inherited and not frame.mode and kind in ("new", "cumulative"):
                said = kind
            if origin.value or figure.nouns or figure.places:
                where_from = origin.value
            if origin.relation == "own" and figure.origin is not None and figure.number == 0 and not figure.has_noun and figure.mode is None:
                rules = True
            if origin.relation == "own" and figure.origin is not None and "：" in self.context.text[figure.origin.end : figure.own + 1]:
                rules = True  # 境外输入要单算：累计1629例，出院858例，现有771例
            if origin.relation == "own" and figure.number == 0 and figure.origin is not None and figure.origin.start == figure.own and (
                self.context.text.startswith(_DOES, figure.origin.end)
            ):
                rules = True  # 境外输入现有确诊病例570例，现有疑似病例166例
            if origin.relation == "own" and self._local_leads(figure):
                local = True
        elif topic and figure.places:
            where_from = origin.value
        if figure.topic_mode is not None and not own:
            said, nouns = figure.topic_mode.name, (noun,)
        if not frame.listing:
            of_part = part and (frame.part or bool(figure.groups))
        if figure.places and not frame.listing:
            if own:
                if self.subject is None or not is_inside(regions[-1], self.subject):
                    region = regions[-1]  # not: 全省累计23例，长春市治愈1例，在院22例
                if self.subject is None or is_inside(self.subject, regions[-1]):
                    self.subject = regions[-1]  # 海北州2名患者出院，青海省累计22例全部治愈，治愈率100%
            elif frame.region is None and figure.number == 0 and mode is not None:
                region = regions[-1]  # 湖北新增…: a place at the head is the subject of all that follows
        in_list = item or (topic and bool(figure.places))
        head = frame.head if frame.listing or figure.quantity.value <= 0 else made[0]
        return frame.after(made[0], nouns, said, region, where_from, rules, local, of_part, head, in_list=in_list)

    def _local_leads(self, figure: Figure) -> bool:
        """天津市本地无新增确诊病例: the word is said of the place, not of the cases."""
        cue, text = figure.origin, self.context.text
        if cue is None or cue.name != "local" or not figure.places or figure.places[-1].end != cue.start:
            return False
        return cue.end == figure.quantity.start or text.startswith(_DOES, cue.end)

    def _state(
        self, figure: Figure, indicator: str, basis: str, measure: str, region: Region, rule: str, noun: str, kind: str
    ) -> Statement:
        one = Statement(figure, indicator, basis, measure, region, rule)
        one.noun, one.kind = noun, kind
        clause = self.context.tree.clauses[figure.clause]
        one.clause = (min(clause.start, figure.quantity.start), max(clause.end, figure.quantity.end))
        status = resolve_status(self.context, figure.quantity.start, figure.quantity.end)
        one.status = status.value
        if status.value != "reported":
            one.note("status", status.relation, status.rule)
        self.statements.add(one)
        return one

    # -- every other figure

    def _read_other(self, index: int, figure: Figure, frame: Frame, next_start: int) -> Frame:
        context, quantity, figures = self.context, figure.quantity, self.figures
        text = context.text
        sentence = context.tree.sentences[figure.sentence]
        if index + 1 < len(figures) and figures[index + 1].quantity.rule.startswith("zero"):  # 连续22天无新增: one statement
            next_start = figures[index + 2].quantity.start if index + 2 < len(figures) else sentence.end
        indicator, rule, measure = resolve_indicator(context, figure, next_start)
        first = figures[0].quantity.start
        region, relation = figure_region(context, self.subjects, figure, frame, self.subject, first)
        if relation == "after" and indicator.startswith("medical_"):
            region, relation = self.subjects.inherited(self.subject)  # 138名队员已在咸宁工作: of those who sent them
        if indicator in ("other", "personnel_mobilised") and quantity.unit == "person" and self._goes_with_team(figure):
            indicator, rule = "medical_staff_dispatched", "indicator.medical_staff_dispatched.elided"
        bare = is_bare(context, figure)
        if bare and indicator == "other" and frame.last is not None and frame.last.quantity.unit == quantity.unit and frame.last.indicator != "other":
            indicator, rule, measure = frame.last.indicator, f"{frame.last.rule}.item", frame.last.measure  # 平江县10815人，岳阳县10465人
        if indicator == "other":
            twin = self._parallel(figure, frame)
            if twin is not None:
                indicator, rule, measure = twin.indicator, f"{twin.rule}.elided", twin.measure
                if not figure.places and not self.pending and twin.figure.sentence == figure.sentence:
                    region, relation = twin.region.carried(), "sentence"
        regions = self._shared_regions(figure, region, indicator)
        if len(regions) > 1 or self.pending:
            relation = "own"
        noun = kind = ""
        if indicator == "other" and quantity.unit == "person" and quantity.value <= _NEAR_OUTCOME and not frame.listing:
            ill = _FOUND_ILL.search(text, quantity.end, min(sentence.end, quantity.end + 60))
            if ill and not _NOT_YET.search(ill.group()) and not figure.groups:
                indicator, rule, noun, kind = "confirmed_new", "noun.confirmed", "confirmed", "new"
        if indicator in ("recovery_rate", "fatality_rate") and frame.origin:
            indicator = "other"  # of the local, or of the imported cases alone
        date, date_relation = self.passage.find(figure)
        if indicator == "days_without_new_cases" and self.passage.role(date) in ("from", "since") and self.passage.day is not None:
            date, date_relation = self.passage.day, "header"  # 自2月27日起，已连续32天无新增
        indicator, rule = self._of_part(figure, frame, indicator, rule, region)
        if indicator == "tests_cumulative" and figure.mode is None and self.passage.role(date) in ("at", "range"):
            indicator, rule = "other", f"{rule}.of_a_day"  # 2月20日核酸检测58份
        if indicator == "other" and frame.last is not None and quantity.start - figure.own <= _ELIDED_LENGTH:
            elided = ELIDED.get((frame.last.indicator, quantity.unit))
            if elided:
                indicator, rule = elided, f"{frame.last.rule}.elided"  # 检查车辆6692辆，乘客13670人次
        if indicator == "days_without_new_cases":
            self._share_days(figure)
        made: list[Statement] = []
        for where in regions:
            one = self._state(figure, indicator, "stated", measure, where, rule or "figure", noun, kind)
            one.note("subject", "list" if rule.endswith(".item") else "own" if rule else "none", rule)
            one.note("region", relation, where.basis)
            apply_period(context, one, date, date_relation)
            if frame.listing and frame.head is not None and frame.head.quantity.unit == quantity.unit:
                one.part_of = frame.head
                one.note("whole", "list", "list.part")
            made.append(one)
        one, region = made[0], regions[0]
        first_home = self.subject is None and region.basis == "home" and region is not context.home_region
        if not frame.listing and (region.basis == "named" or first_home) and not (quantity.unit == "percent" and "占" in text[figure.left : quantity.start]):
            self.subject = region
        frame = frame._replace(last=one)
        if not frame.listing:
            frame = frame._replace(head=one)
        return frame

    def _goes_with_team(self, figure: Figure) -> bool:
        """首批35名医护启程，2月4日又派出24人: who is sent stands with an earlier figure of the paragraph."""
        text, block = self.context.text, self.context.tree.sentences[figure.sentence].block
        last = self.statements.all[-1] if self.statements.all else None
        if last is not None and last.indicator == "medical_staff_dispatched" and text[last.quantity.end : figure.quantity.start] in ("和", "、", "及"):
            return True  # 先后派出24人和33人
        sent_on = _SENT.match(text, figure.quantity.end)
        if sent_on and _OF_TEAMS.search(text, 0, self.context.title_end):
            return True  # under a title that tells of medical teams: 1月25日147人出征
        sent = _SENT.search(text, figure.own, figure.quantity.start) and not _HAN2.search(text[figure.quantity.end : figure.right])
        if figure.groups or not (sent or sent_on):
            return False
        sentences = self.context.tree.sentences
        return any(
            one.indicator == "medical_staff_dispatched" and sentences[one.figure.sentence].block == block for one in self.statements.all[-6:]
        )

    def _share_days(self, figure: Figure) -> None:
        """鄂城区连续7天、华容区连续12天零新增: what the last days of a list say holds for those before."""
        text, position = self.context.text, figure.quantity.start
        for one in reversed(self.statements.all[-12:]):
            between = text[one.quantity.end : position]
            if one.figure.sentence != figure.sentence or one.quantity.unit != "day" or "连续" not in between or _CLAUSE_SIGN.search(between):
                return
            one.indicator = "days_without_new_cases"
            one.note("subject", "list", "indicator.days_without_new_cases")
            apply_period(self.context, one, one.date, "sentence")
            position = one.quantity.start

    def _parallel(self, figure: Figure, frame: Frame) -> Statement | None:
        """The figure before that says what this one is: 分别为88.6%、94.7%; 银川市生产总值421.7亿元；吴忠市136.8亿元."""
        context, quantity = self.context, figure.quantity
        own = figure.places[-1].end if figure.places and figure.places[0].start - figure.own <= 1 else figure.own
        said = context.text[own : quantity.start].strip("、和与及 ，,")
        last = frame.last
        if figure.places and said in ("分别为", "分别是", "则为", "均为") and last is not None and last.quantity.unit == quantity.unit and not last.noun:
            return last if last.indicator != "other" else None  # 新北区99.2%，天宁区、钟楼区分别为98.4%和97.9%
        said = context.text[figure.own : quantity.start].strip("、和与及 ，,")
        dates = context.dates_in(figure.own, quantity.start)
        if dates and not figure.places and last is not None and last.quantity.unit == quantity.unit and last.indicator != "other" and (
            context.text[dates[-1].end : quantity.start] in ("为", "是", "则为", "仅为") and not last.noun
        ):
            return last  # 全国治愈比例8.2%，1月27日为1.3%
        if not said and last is not None and last.quantity.unit == quantity.unit and figure.right == quantity.end:
            return last if last.indicator != "other" and not last.noun else None
        if self.stop != "；" or figure.right > quantity.end or figure.has_noun:
            return None
        place = figure.places[-1] if figure.places else None
        bare = place is not None and place.end == quantity.start
        moves = said in ("增长", "下降", "同比增长", "同比下降", "降", "增")
        if not bare and not (moves and figure.number > 0 and self.figures[0].places):
            return None
        for one in reversed(self.statements.all[-8:]):
            if one.figure.sentence == figure.sentence - 1 and one.quantity.unit == quantity.unit and one.indicator != "other" and not one.noun:
                return one
        return None

    def _shared_regions(self, figure: Figure, region: Region, indicator: str) -> list[Region]:
        """One region for each place of a list that shares a rate, or that 各 and 分别 divide; else the one region."""
        if self.pending and not figure.places and not figure.nouns:
            region, self.pending = self.pending[0], self.pending[1:]
            return [region]
        places = [place for place in figure.places if place.code]
        if len(places) < 2:
            return [region]
        run = [region_of(place) for place in self.context.listed(places, gaps=True)]
        if len(run) < 2:
            return [region]
        if "respectively" in figure.lists:
            self.pending = run[1:]
            return run[:1]
        shares = figure.quantity.unit == "percent" and indicator != "other"
        return run if shares or "each" in figure.lists else [region]

    def _of_part(self, figure: Figure, frame: Frame, indicator: str, rule: str, region: Region) -> tuple[str, str]:
        """`other` for a figure of a part: of a list whose head counts the same, or of a group within the region."""
        if indicator in STOCKS and figure.mode is not None and figure.mode.name == "new":
            return "other", f"{rule}.increase"  # 日增复工企业52家
        head = frame.head if frame.listing else None
        if head is not None and head.indicator == indicator != "other" and head.region.code == region.code and (
            figure.quantity.value < head.quantity.value
        ):
            return "other", f"{rule}.part"  # 139名医疗队员，其中医生41名
        if indicator.startswith("firms_") and _of_sector(figure) and any(
            one.indicator == indicator and one.region.code == region.code and not _of_sector(one.figure)
            and one.quantity.unit == figure.quantity.unit and one.quantity.value >= figure.quantity.value
            for one in self.statements.all[-40:]
        ):
            return "other", f"{rule}.part"  # 工业企业复工8214家 of 复工企业5.3万家
        if indicator in TRACING and any(cue.name in ("institution", "vessel", "occupation") for cue in figure.groups):
            return "other", f"{rule}.part"
        return indicator, rule

    # -- the title

    def _is_day_of_report(self, one: Statement, body: list[Statement]) -> bool:
        """广西3月27日通报：无新增: the day of the title is when it was said, where the body states up to when it counts."""
        assert one.date is not None
        day = self.context.dates[one.date].date_end
        for other in body:
            if other.quantity.value == one.quantity.value and other.indicator == one.indicator and other.date is not None:
                until = self.context.dates[other.date]
                return until.role in ("as_of", "range") and 0 < (day - until.date_end).days <= 1
        return False

    def date_title(self) -> None:
        """Figures of the title take indicator and date from the same figure in the body, else the body's first day."""
        context = self.context
        if not context.title_end:
            return
        body = [one for one in self.statements.all if one.quantity.start >= context.title_end and one.noun]
        day = self.passage.first_day_of_body()
        for one in self.statements.all:
            if one.quantity.start >= context.title_end:
                break
            stated = None if one.date is None else context.dates[one.date]
            if stated is not None and not stated.vague and stated.basis != "relative" and not self._is_day_of_report(one, body):
                continue  # the title states its date
            if not one.noun:
                if one.date is None and context.short and day is not None:
                    apply_period(context, one, day, "title")
                continue
            same = [other for other in body if other.quantity.value == one.quantity.value and other.noun == one.noun]
            exact = [other for other in same if other.indicator == one.indicator]
            if exact or same:
                twin = (exact or same)[0]
                if not exact and "新增" not in one.measure and "累计" not in one.measure and not one.part:
                    one.indicator, one.kind, one.basis = twin.indicator, twin.kind, "inherited"
                    one.note("measure", "title", twin.rule)
                apply_period(context, one, twin.date, "title")
                if one.indicator == twin.indicator:
                    one.date_start, one.date_end = twin.date_start, twin.date_end
            elif one.date is None and day is not None:
                apply_period(context, one, day, "title")
