"""What a figure counts, where and when: quantities bound to indicator, region, date and whole, sentence by sentence."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from decimal import Decimal

from covid_timeline.facts import cases
from covid_timeline.facts.cases import BREAK, CLOSE, LABELS, OPEN, Cue, Frame, Words
from covid_timeline.facts.dating import Dating
from covid_timeline.facts.draft import Draft
from covid_timeline.facts.figures import indicator_of
from covid_timeline.facts.scope import CHINA, Region, Scope, clause_of, is_inside, is_zone, region_of
from covid_timeline.facts.words import load_words, one_of
from covid_timeline.mentions.places import gazetteer
from covid_timeline.model import Place, Quantity
from covid_timeline.text.clauses import Sentence

__all__ = ["bind"]

_CONTINUES = ("其中", "具体", "分别", "包括", "上述", "它们")
_LATER = ("此后", "疫情期间", "疫情防控期间", "后来")
_ORIGIN_GOES_ON = ("累计", "现有", "其中", "治愈", "无")
_PROVINCES = re.compile("\\d+ ?个?省(?:份|级行政区|（区|\\(区|区市|、自治区|、区|、市|和)")
_OUTSIDE = re.compile("(?:湖北|武汉)[省市]?(?:以外|之外)(?:其他)?(?:地区|省份)?")
_NO_WORDS_FOLLOW = frozenset("，,、；;。：:（()）\n#【】[]")
_NOTHING_FOLLOWS = frozenset("、。；;\n")
_BETWEEN_ITEMS = frozenset("、，,")
_AFTER_ITEM = frozenset("、，,。；;")
_REMARK_HEADS = frozenset("均全都目现正已仍尚为系")
_REMARK_LENGTH = 7
_REMARK = re.compile("[）)]?[，,]?现?(?:均|都|全部|全)?(?:为|是|系|在)$")
_ANAPHORA = re.compile("(?:以上|上述|这|此前|之前|原有|原)$")
_CORRECTED = re.compile("(?:订正|更正|修正|调整|更新)为$")
_FOUND_ILL = re.compile("[^。；]{0,40}?(?:呈阳性|为阳性|被确诊|确诊感染|确诊为新|确诊患)")
_OUTCOME = re.compile("(?:死亡|去世|病亡|离世|病逝|不幸身亡)|(?:治愈|痊愈|康复)?出院|痊愈|治愈")
_NOT_YET = re.compile("标准|指南|要求|有望|即将|将于|可以|条件|风险")
_OTHER_FIGURE = re.compile("新增|累计|其中|现有")
_ALL_OBSERVED = re.compile(
    "[，,](?:目前|现|均|全部|都|也|已|正|仍|尚|在){0,5}(?:接受|进行|实施|落实)?(?:隔离|集中)?医学观察(?![^，。；]{0,6}\\d)"
)
_ALL_RECOVERED = re.compile(
    "[^，,。；、（(\\d]{0,24}(?:全部|均|都|已)[^，,。；、\\d]{0,6}(?:治愈|出院|痊愈|康复)(?![^，,。；、\\d]{0,3}\\d)"
)
_ALL_IMPORTED = re.compile("(?:病例)?[，,]?(?:均|全部|都|全)(?:为|系|是)境外输入")
_ALL_IN = re.compile("(?:[^，,。；、（(\\d]{0,8})[，,]?(?:均|全部|都|全)?(?:为|系|是|在)$")
_BRACKET = re.compile(" ?[（(]([^（()）]{1,30})[）)]")
_NUMERAL = re.compile("[\\d一二三四五六七八九两]")
_RECOVERED_WORD = re.compile("治愈|出院|痊愈|康复")
_START_BEFORE = re.compile("(?:自|从|由)$")
_OUTCOME_CUES = frozenset({"n:recovered", "n:deaths", "n:severe", "n:critical", "n:suspected"})
_INSTITUTION = re.compile("[\u4e00-\u9fff]{2,16}?(?:医院|医疗中心|监狱)")
_NEAR_OUTCOME = 10  # up to so many people a later clause may tell what became of them
_ZERO_NOUNS = one_of(
    word
    for name in ("confirmed", "suspected", "severe", "critical", "deaths", "recovered", "asymptomatic")
    for word in load_words("case_cues")["noun"][name]["words"]
)
_ZERO_NOUN = re.compile(_ZERO_NOUNS)
_ZERO_LIST = re.compile(f"[^，。；\\d]{{0,12}}?{_ZERO_NOUNS}(?:(?:、|和|及|以及|或|与|或者){_ZERO_NOUNS})+")


def bind(scope: Scope, quantities: Sequence[Quantity], title_end: int) -> list[Draft]:
    """One draft for each statement that a figure makes, in the order of the text (a figure may carry two).

    `title_end` is where the title line ends (0 where the text has none): its figures take from the body what they do
    not say themselves.
    """
    return _Binder(scope, quantities, title_end).run()


class _Binder:
    """The state that lasts from sentence to sentence."""

    def __init__(self, scope: Scope, quantities: Sequence[Quantity], title_end: int) -> None:
        self.scope = scope
        self.quantities = quantities
        self.title_end = title_end
        self.dating = Dating(scope)
        self.drafts: list[Draft] = []
        self.by_indicator: dict[str, list[Draft]] = {}
        self.subject: Region | None = None  # of the paragraph
        self.frame = Frame()  # of the sentence before
        self.stop = "\n"  # the sign that closed it
        self.last: Draft | None = None  # its last figure
        self.outside: Region | None = None  # 湖北以外地区, once the text has spoken of it

    def run(self) -> list[Draft]:
        scope, quantities, text = self.scope, self.quantities, self.scope.text
        index, total, previous_end = 0, len(quantities), 0
        for number, sentence in enumerate(scope.sentences):
            if number == 1 and self.title_end and sentence.start >= self.title_end and scope.short:
                self._take_subject_of_title()
            if number == 0 or "\n" in text[previous_end : sentence.start]:
                if not scope.short or previous_end <= self.title_end:
                    self.dating.forget()
                self.subject, self.frame = None, Frame()
            previous_end = sentence.end
            if text.startswith(_LATER, sentence.start):
                self.dating.forget()  # 此后: no longer the day before, and no day of its own
            first = index
            while index < total and quantities[index].start < sentence.end:
                index += 1
            if index > first:
                _SentenceReader(self, sentence, quantities[first:index]).read()
            else:
                self._note_subject(sentence)
            self.dating.advance(sentence.end, first=sentence.start, figures_before=index > first)
            self.stop = sentence.stop or "\n"
        if self.title_end:
            self.dating.date_title(self.drafts, self.title_end)
        return self.drafts

    def _take_subject_of_title(self) -> None:
        """Where the title names one place inside the home region, the text below it speaks of that place."""
        scope = self.scope
        places = [place for place in scope.givers(0, self.title_end) if place.kind != "home"]
        if places and len({place.code for place in places}) == 1 and places[0].code:
            region = region_of(places[0])
            if scope.home is None or is_inside(region, scope.home_region):
                scope.home_region = region.carried()

    def _note_subject(self, sentence: Sentence) -> None:
        """A sentence without figures may still say of whom the next ones speak."""
        places = self.scope.givers(sentence.start, sentence.clauses[0][1])
        if not places or len(self.scope.listed(places)) > 1:
            return  # 廊坊市、邢台市为报告首例确诊病例: a list is nobody's subject
        first = places[0]
        for place in places[1:2]:  # 山东省港口集团青岛港 is in 青岛
            if 0 < place.start - first.end <= 6 and is_inside(region_of(place), region_of(first)):
                first = place
        self.subject = region_of(first)

    def inherited(self, subject: Region | None) -> Region:
        """The subject carried on: from the sentence, else from the paragraph where it is near home, else home."""
        region = subject or self.subject
        home = self.scope.home_region
        if region is None:
            return home
        near = region.code is None or home.code is None or region.code == home.code or is_inside(region, home)
        near = near or region.name == (self.outside.name if self.outside else None)
        if subject is None and not near:
            return home  # 患者长期居住武汉, 全国…: a place of the story, not the subject of what follows
        return region.carried()

    def add(self, draft: Draft, clause: tuple[int, int]) -> None:
        draft.clause = clause
        self.drafts.append(draft)
        self.by_indicator.setdefault(draft.indicator, []).append(draft)

    # -- wholes

    def whole_of(self, part: Draft, whole: Draft | None) -> Draft | None:
        """The whole of a part: the latest figure of the same indicator for a region that contains it, else `whole`."""
        if part.region.code is not None:
            smaller: Draft | None = None
            for other in reversed(self.by_indicator.get(part.indicator, [])[-60:]):
                if other.group != part.group or not is_inside(part.region, other.region) or is_zone(other.region):
                    continue  # (a part is not inside its own region, so it is never its own whole)
                if other.quantity.value >= part.quantity.value:
                    return other
                smaller = smaller or other
            if smaller is not None and (whole is None or whole is smaller):
                return smaller  # the text contradicts itself: kept as stated, and flagged by validation
        if whole is None or whole.quantity is part.quantity:
            return None
        if whole.quantity.value < part.quantity.value:  # 除死亡3例外，其中88例: look further back for what holds it
            for other in reversed(self.drafts[-6:]):
                if (
                    other is not part
                    and other.part_of is not part
                    and other.group
                    and other.quantity.unit == part.quantity.unit
                    and other.quantity.value >= part.quantity.value
                ):
                    return other
        return whole

    def latest_whole(self, noun: str, least: Decimal) -> Draft | None:
        """确诊病例中，昆明市48例: the latest whole of that noun which the list adds up to, else one large enough."""
        group = "confirmed" if noun == "case" else noun
        large: Draft | None = None
        for draft in reversed(self.drafts[-80:]):
            if draft.group != group or draft.part_of is not None or not draft.kind:
                continue
            if draft.quantity.value == least:
                return draft
            if large is None and draft.quantity.value > least:
                large = draft
        return large

    def same_people(self, figure: Quantity) -> Draft | None:
        """这7名患者: the seven of whom the text has spoken."""
        for draft in reversed(self.drafts[-20:]):
            if draft.quantity.value == figure.value and draft.group in ("recovered", "deaths", "confirmed") and draft.kind:
                return draft
        return None


class _SentenceReader:
    """Reads the figures of one sentence from left to right."""

    def __init__(self, binder: _Binder, sentence: Sentence, figures: Sequence[Quantity]) -> None:
        self.binder = binder
        self.scope = binder.scope
        self.dating = binder.dating
        self.sentence = sentence
        self.figures = figures
        text, start, end = self.scope.text, sentence.start, sentence.end
        self.cues = cases.find_cues(text, start, end)
        self.cue = 0  # the next cue
        self.left = start  # where the words that belong to the next figure begin
        self.stack: list[Frame] = []
        self.pending_regions: list[Region] = []
        self.pending_nouns: list[str] = []
        self.subject: Region | None = None
        self.last: Draft | None = None
        self.outside: Region | None = None  # 湖北以外地区
        self.speaks_of_outside = text.find("外", start, end) >= 0
        before = binder.frame
        self.continues = text.startswith(_CONTINUES, start) or (before.listing and binder.stop in "；;")
        if self.continues:
            self.frame = before.copy()
            self.frame.listing = True
            self.last = binder.last
            if self.last is not None and self.last.quantity.value > 0 and self.frame.whole is None:
                self.frame.whole = self.last
            whole = self.frame.whole
            if self.frame.item is None and whole is not None and whole.group:
                self.frame.item = (whole.group, whole.kind)
        else:
            self.frame = Frame()
            if binder.stop in "；;" and before.mode == "cumulative":
                self.frame.mode = before.mode  # 累计确诊124例；治愈出院21例
            if before.origin_rules and text.startswith(_ORIGIN_GOES_ON, start):
                self.frame.origin, self.frame.origin_rules = before.origin, True
        provinces = _PROVINCES.search(text, start, end)
        if provinces and not self.scope.givers(start, provinces.start()):
            self.subject = CHINA  # 29个省（区、市）累计报告
            if self.scope.short:  # whoever it is filed under, such a bulletin speaks of the country
                self.scope.home_region = CHINA.carried()

    def read(self) -> None:
        scope, end = self.scope, self.sentence.end
        for number, figure in enumerate(self.figures):
            next_start = self.figures[number + 1].start if number + 1 < len(self.figures) else end
            self.left = min(self.left, figure.start)
            if self.frame.in_list and self._read_next_item(figure):
                continue
            if self.dating.is_before(figure.start):
                self.dating.advance(figure.start, first=self.sentence.start, figures_before=number > 0)
            words = self._words_before(figure)
            self._words_after(words, figure, next_start)
            words.places = [
                place
                for place in scope.places_in(max(self.left, words.closed), figure.start)  # not: 1例（小店区），疑似64例
                if place.end <= figure.start
                and not scope.is_origin(place)
                and not scope.is_town(place)
                and (place.start - self.left > _REMARK_LENGTH or not _REMARK.fullmatch(scope.text, self.left, place.start))
            ]
            clause = clause_of(self.sentence, figure.start)
            if cases.is_case_count(scope, figure, words, self.frame, self.left, first=number == 0):
                self._read_case(number, figure, words, clause, next_start)
                self.left = words.right
            else:
                self.left = max(self.left, words.closed)
                self._read_figure(number, figure, clause, next_start)
                self.left = figure.end
            self.cue = max(self.cue, bisect_left(self.cues, (self.left,)))
        binder = self.binder
        binder.last = self.last
        binder.frame = self.stack[0] if self.stack else self.frame
        binder.outside = self.outside or binder.outside
        if self.outside is not None:
            binder.subject = self.outside
        elif self.subject is not None:
            binder.subject = self.subject
        elif binder.frame.region is not None and not self.continues:
            binder.subject = binder.frame.region

    def _read_next_item(self, figure: Quantity) -> bool:
        """、衡阳市30例: nothing but a place since the item before. Half of all figures in bulletins are such items.

        Reads what `_read_case` would, at a tenth of the cost; False where there is anything else to look at.
        """
        scope, text, frame, last = self.scope, self.scope.text, self.frame, self.last
        left = self.left
        if last is None or figure.unit != "case" or self.pending_regions or text[left] not in _BETWEEN_ITEMS:
            return False
        after = text[figure.end : figure.end + 2]
        if after[:1] not in _AFTER_ITEM or (after[:1] in "，," and after[1:] in _REMARK_HEADS):
            return False
        index = bisect_left(scope.place_starts, left + 1)
        if index == len(scope.places):
            return False
        place = scope.places[index]
        if place.start != left + 1 or place.end != figure.start or place.kind != "named" or self.dating.is_before(figure.start):
            return False
        region, whole = region_of(place), frame.whole
        if (
            whole is None
            or last.part_of is not whole
            or last.quantity.unit != "case"
            or whole.quantity.value < figure.value
            or not is_inside(region, whole.region)
            or scope.is_origin(place)
            or scope.is_town(place)
        ):
            return False
        draft = last.next_item(figure, region)
        self.binder.add(draft, last.clause if figure.end <= last.clause[1] else clause_of(self.sentence, figure.start))
        self.last = draft
        self.left = figure.end
        self.cue = bisect_left(self.cues, (figure.end,), self.cue)
        return True

    # -- the words around a figure

    def _words_before(self, figure: Quantity) -> Words:
        text, words = self.scope.text, Words(self.left)
        while self.cue < len(self.cues) and self.cues[self.cue][0] < figure.start:
            start, end, code = self.cues[self.cue]
            self.cue += 1
            if start < self.left:
                continue
            family, _, name = code.partition(":")
            if family == "n":
                words.nouns.append(name)
                words.last_noun_end = end
            elif family == "m":
                if not (name == "new" and words.mode == "cumulative" and not words.nouns):
                    words.mode = name
            elif family == "o":
                words.origin = name
                if not words.nouns and not words.mode and self.last is None:
                    self.frame.origin_rules = True  # 境外输入现有确诊616例…: it opens the sentence
            elif code is BREAK:
                if words.nouns or words.mode:
                    words.end_clause(end)
                else:
                    words.clause_left = end
            elif code is OPEN:
                self._open(words, start, end)
            elif code is CLOSE:
                if self.stack:
                    self.frame = self.stack.pop()
                words.forget(end)
            elif name == "out":
                if not self.stack:
                    self.frame.close_list()
            elif name == "part":
                if text[start] == "含" and text[start - 1] not in "（(，,、：":
                    continue  # 饱含
                words.part = True
                self.frame.listing = True
                self.frame.in_list = False
                if self.last is not None and self.last.quantity.value > 0:
                    self.frame.open_list(self.last)
                words.clause_left = end
            elif name == "each":
                words.each = True
            elif name == "respectively":
                words.respectively = True
        if words.nouns and words.last_noun_end < figure.start and text[words.last_noun_end] == "中":
            words.make_topic(words.last_noun_end + 1)
        if words.mode is None and text[figure.start - 1] in "共达":
            words.mode = "cumulative"
        if words.nouns and text[figure.start - 1] == "为" and _CORRECTED.search(text, max(self.left, figure.start - 4), figure.start):
            words.mode = words.mode or "cumulative"
        return words

    def _open(self, words: Words, start: int, end: int) -> None:
        if words.nouns or words.mode:
            words.end_clause(end)
        words.clause_left = end
        words.opened = True
        self.stack.append(self.frame)
        self.frame = self.frame.copy()
        self.frame.listing = True
        self.frame.in_list = False
        if words.origin:
            self.frame.origin = words.origin
        if self.last is not None and start <= self.left + 1:
            self.frame.open_list(self.last)  # 香港519例（出院111例，死亡4例）
            self.frame.region = self.last.region
            self.frame.mode = self.last.kind or self.frame.mode

    def _words_after(self, words: Words, figure: Quantity, next_start: int) -> None:
        text, cues = self.scope.text, self.cues
        words.right = figure.end
        if text[figure.end : figure.end + 1] in _NO_WORDS_FOLLOW:
            return
        match = cases.POST_BREAK.search(text, figure.end, next_start)
        stop = match.start() if match else next_start
        runs_on = match is None and next_start < self.sentence.end
        look = self.cue
        if runs_on and (words.nouns or (look < len(cues) and cues[look][0] < stop and cues[look][2][:2] == "m:")):
            return  # 新增19例累计确诊120例: the words belong to the next figure
        found: list[Cue] = []
        while look < len(cues) and cues[look][0] < stop:
            found.append(cues[look])
            look += 1
        if runs_on and len(found) > 1 and found[-1][2] in _OUTCOME_CUES and next_start - found[-1][1] <= 2:
            stop = found.pop()[0]  # 23例确诊病例治愈22例
        words.right = stop
        for _, _, code in found:
            family, _, name = code.partition(":")
            if family == "n":
                words.post_nouns.append(name)
            elif family == "m":
                words.post_mode = words.post_mode or name
            elif family == "o":
                words.origin = name

    # -- case counts

    def _read_case(
        self, number: int, figure: Quantity, words: Words, clause: tuple[int, int], next_start: int
    ) -> None:
        scope, text, frame, binder = self.scope, self.scope.text, self.frame, self.binder
        regions = self._case_regions(words)
        if words.respectively and len(words.nouns) > 1:
            self.pending_nouns, words.nouns = words.nouns[1:], words.nouns[:1]
        elif self.pending_nouns and not words.own:
            words.nouns = [self.pending_nouns.pop(0)]

        # what is counted
        chosen = cases.choose_nouns(words, text, figure)
        topic = bool(words.topic_nouns) and not chosen
        bare = bool(regions) and not chosen and not topic  # 武汉市3例: an item of a list
        inherited = False
        if bare and not frame.in_list and not (words.opened and frame.item is not None):
            whole = self._list_whole(number, regions[-1])
            if whole is not None:
                frame.open_list(whole)
        if bare and frame.listing and frame.item is not None:
            chosen, inherited = [frame.item[0]], True
            words.mode = words.mode or frame.item[1]
            frame.in_list = True
        else:
            frame.in_list = False
            if topic:
                chosen = words.topic_nouns
            elif not chosen and (frame.nouns or (binder.frame.nouns and (words.places or self.continues))):
                chosen, inherited = list(frame.nouns or binder.frame.nouns), True
        noun = cases.ranked(chosen)
        mode = words.mode or words.post_mode
        if mode is None and words.topic_mode and not (words.own and words.nouns):
            mode = words.topic_mode
        leaves = frame.listing and words.nouns and words.mode and not words.part and not self.stack
        if leaves and (not words.places or (mode == "cumulative" and frame.whole is not None and frame.whole.kind == "new")):
            frame.close_list()  # 其中…。现有疑似病例58例: no part of what was listed
        whole = frame.whole
        explained, town = self._explain(words, figure, chosen, topic=topic)
        noun, mode = self._refine(noun, mode, words, figure, chosen)
        if topic and mode is None:
            twin = binder.latest_whole(noun, self._list_sum(number)[0] if words.places else figure.value)
            if twin is not None:
                mode, whole = twin.kind or None, twin
        kind = cases.kind_for(
            noun, mode, frame, figure, text, self.dating.role, in_title=figure.start < binder.title_end
        )
        if noun == "released" and kind == "cumulative" and "累计" not in text[words.clause_left : figure.start] and (
            self.dating.is_day_of_clause(words.clause_left)
        ):
            kind = "new"  # 2月11日已解除观察4618人
        noun, kind, explained = self._by_later_words(noun, kind, mode, explained, words, figure, chosen, next_start)
        group = "confirmed" if noun == "case" else noun

        # where, and from where
        part = frame.listing and bare and inherited and bool(words.places) and not words.each
        if part and whole is not None and whole.region.code and self._is_part_by_residence(words.places[-1], whole):
            explained, regions = False, [whole.region]
        if town and whole is not None:
            regions = [whole.region._replace(name=town, basis="named")]
        outside = _OUTSIDE.search(text, self.left, figure.start) if self.speaks_of_outside else None
        if outside:
            self.outside = CHINA._replace(name=outside.group())  # a scope of its own: no count of the country
        elif words.places:
            self.outside = None
        if self.outside is not None:
            regions = [self.outside]
        origin = self._origin(words, inherited=inherited)
        indicator = cases.indicator_for(group, kind, origin) if explained else "other"
        if not regions:
            regions = [self._outer_region(figure)]

        if topic and words.places:
            frame.listing, frame.in_list, frame.item = True, True, (noun, kind or mode)
        elif topic and not explained:
            frame.listing = True
        if bare and inherited and whole is not None:
            measure = whole.measure
        else:
            measure = cases.measure_for(scope, words, chosen, figure)
        made: list[Draft] = []
        for region in regions:
            draft = self._draft(figure, indicator, measure, region, "case_count", group, kind, clause)
            if frame.listing or (inherited and words.places):
                draft.part_of = binder.whole_of(draft, whole)
                held = draft.part_of
                if held is not None and held.quantity.value < figure.value and not (
                    words.part or words.opened or words.places
                ):
                    draft.part_of = None
            made.append(draft)
        if topic and words.places and made[0].part_of is not None:
            frame.whole = made[0].part_of
        self._second_statements(made, figure, words, clause, origin)
        self.last = made[0]
        self._remember(number, words, noun, mode, kind, origin, regions, topic=topic, inherited=inherited)
        if text[words.right - 1 : words.right + 1] in ("中，", "中,", "中：") and words.right > figure.end:
            frame.open_list(made[0])  # 13例确诊病例中，输入性10例
        if not frame.listing and figure.value > 0:
            frame.whole = made[0]

    def _draft(
        self, figure: Quantity, indicator: str, measure: str, region: Region, rule: str, group: str, kind: str,
        clause: tuple[int, int],
    ) -> Draft:  # fmt: skip
        draft = Draft(figure, indicator, measure, region, rule)
        draft.group, draft.kind = group, kind
        self.dating.give(draft, figure, clause, self.sentence.start, self.sentence.end)
        self.binder.add(draft, clause)
        return draft

    def _case_regions(self, words: Words) -> list[Region]:
        """The regions that the words name for this figure: one, or several with 各; none where they are silent."""
        places = words.places
        if not places:
            return [self.pending_regions.pop(0)] if self.pending_regions and not words.own else []
        if len(places) > 1 and (words.each or words.respectively):
            listed = [region_of(place) for place in self.scope.listed(places)]
            if words.each:
                return listed
            self.pending_regions = listed[1:]
            return listed[:1]
        place = places[-1]
        if place.kind == "institution":  # a hospital's patients are not the city's: it keeps its own name
            name = _INSTITUTION.match(self.scope.text, place.start)
            if name:
                return [region_of(place)._replace(name=name.group())]
        return [region_of(place)]

    def _outer_region(self, figure: Quantity) -> Region:
        """The region of a figure whose own words name none."""
        scope, frame = self.scope, self.frame
        if frame.region is not None:
            return frame.region.carried()
        if self.subject is not None:
            return self.subject.carried()
        if not frame.listing:
            for place in scope.places_in(self.sentence.start, self.figures[0].start):
                if not scope.is_origin(place) and not scope.is_destination(place):
                    return region_of(place)
        elif frame.whole is not None:
            return frame.whole.region.carried()
        return self.binder.inherited(None)

    def _list_sum(self, number: int) -> tuple[Decimal, int]:
        """Sum and count of the figures from `number` on that are listed without words of their own between them."""
        figures, cues, look = self.figures, self.cues, self.cue
        total, count = figures[number].value, 1
        for index in range(number, min(number + 60, len(figures) - 1)):
            before, after = figures[index], figures[index + 1]
            if after.start - before.end > 14 or after.unit != before.unit:
                break
            look = bisect_left(cues, (before.end,), look)
            depth = 0
            while look < len(cues) and cues[look][0] < after.start and depth >= 0:
                code = cues[look][2]
                if code is OPEN:
                    depth += 1
                elif code is CLOSE:
                    depth -= 1
                elif depth == 0 and code[:2] in ("n:", "m:"):
                    depth = -1
                look += 1
            if depth:  # words of another count, or a bracket with figures of its own
                break
            total += after.value
            count += 1
        return total, count

    def _list_whole(self, number: int, region: Region) -> Draft | None:
        """The figure that a list of places breaks down (…50例，死亡1例。东城区2例、西城区7例): the one the list adds up to,
        else the latest one of a region around these places that is large enough."""
        total, count = self._list_sum(number)
        large: Draft | None = None
        for draft in reversed(self.binder.drafts[-14:]):
            if not draft.group or not draft.kind or draft.indicator == "other" or draft.quantity.value == 0:
                continue
            if not is_inside(region, draft.region) or (draft.part_of is not None and count == 1):
                continue
            if draft.quantity.value == total:
                return draft
            if large is None and draft.part_of is None and draft.quantity.value > total:
                large = draft
        return large

    def _explain(
        self, words: Words, figure: Quantity, chosen: Sequence[str], *, topic: bool
    ) -> tuple[bool, str | None]:
        """Whether the words name no subject of their own (外地来沪人员, 男性), and the town they name instead, if any."""
        scope = self.scope
        weak = set(chosen) <= {"case", "confirmed"}
        if words.own and not (self.frame.listing and weak and not words.places):
            return True, None
        if words.places and words.right == figure.end:
            place = words.places[-1]
            if figure.start == place.end and place.start - words.clause_left <= 1:
                return True, None  # 、衡阳市30例: nothing but the place
        residue = cases.unexplained(scope, words.clause_left, figure.start, words.places)
        tail = cases.unexplained(scope, figure.end, words.right, ())
        if not cases.has_subject(residue) and not cases.has_subject(tail):
            return True, None
        if not words.own and not words.places and not tail:
            town = cases.TOWN.search(scope.text[words.clause_left : figure.start].strip("、，, 　“”"))
            if town:
                return True, town.group(1)
        return False, None

    def _refine(
        self, noun: str, mode: str | None, words: Words, figure: Quantity, chosen: Sequence[str]
    ) -> tuple[str, str | None]:
        text, frame = self.scope.text, self.frame
        if text[figure.start - 2 : figure.start] in ("减少", "核减", "核增", "增长"):
            return "changed", mode  # 重症病例减少113例: a change, no count of the day
        if noun == "recovered_so_far":
            return "recovered", mode or "cumulative"
        silent = "asymptomatic" in frame.nouns or (frame.item is not None and frame.item[0] == "asymptomatic")
        in_cases = figure.unit == "case" and "密切接触" not in text[max(0, figure.start - 80) : words.right]
        if noun in ("observed", "released") and "contacts" not in chosen and (silent or in_cases):
            # 无症状感染者14例（已解除医学观察5例，尚在医学观察8例）
            return ("asymptomatic", "current") if noun == "observed" and silent else ("changed", mode)
        if mode is None and text[words.right - 1] == "中" and words.right > figure.end:
            twin = self.binder.latest_whole(noun, figure.value)
            if twin is not None and twin.quantity.value == figure.value:
                return noun, twin.kind  # 已确诊59例病例中: the fifty-nine of before
        if noun == "recovered" and mode is None and _ALL_RECOVERED.match(text, figure.end) and (
            "confirmed" in chosen or "全部" in text[figure.end : words.right]
        ):
            return noun, "cumulative"  # 38例确诊病例全部治愈出院
        if (
            mode is None and frame.mode == "new" and words.nouns and not words.places and not frame.listing
            and frame.nouns and {noun, frame.nouns[0]} <= {"confirmed", "case"}
            and frame.whole is not None and figure.value > frame.whole.quantity.value
        ):  # fmt: skip
            return noun, "cumulative"  # 新增病例180例，肺炎病例729例: the larger second figure is the total
        if mode is None and frame.mode is None and words.nouns and not words.places and noun in ("confirmed", "case"):
            new = self.binder.by_indicator.get("confirmed_new")
            if new and not frame.listing and new[-1].quantity.value < figure.value and new[-1].date == self.dating.last:
                return noun, "cumulative"  # 18时至21时新增5例。确诊病例68例: the same in the next sentence
        if figure.rule.startswith("zero") and text[figure.end - 2 : figure.end] in ("清零", "归零"):
            return noun, "cumulative" if noun in ("deaths", "recovered") else "current"
        return noun, mode

    def _by_later_words(
        self, noun: str, kind: str, mode: str | None, explained: bool, words: Words, figure: Quantity,
        chosen: Sequence[str], next_start: int,
    ) -> tuple[str, str, bool]:  # fmt: skip
        """一名患者…抢救无效死亡; 这7名患者: what a later clause, or an earlier figure, says of the same people."""
        text, frame = self.scope.text, self.frame
        weak = set(chosen) <= {"case"}
        if figure.rule.startswith("zero") or words.nouns or frame.listing or noun not in (
            "confirmed", "case", "severe", "critical", "suspected"
        ):
            return noun, kind, explained
        people = figure.unit == "person" or bool(words.post_nouns)
        if people and mode in (None, "new") and (weak or (mode is None and figure.value <= _NEAR_OUTCOME)):
            stop = next_start if next_start < self.sentence.end else self.sentence.end
            outcome = self._later_outcome(figure.end, stop)
            if outcome:
                return outcome, "new", explained
        if (mode is None and weak and figure.unit == "person") or (
            mode is None and _ANAPHORA.search(text, max(0, figure.start - 3), figure.start)
        ):
            twin = self.binder.same_people(figure)
            if twin is not None:
                return twin.group, twin.kind, explained
            if _ANAPHORA.search(text, max(0, figure.start - 3), figure.start):
                return noun, kind, False
        return noun, kind, explained

    def _later_outcome(self, start: int, stop: int) -> str | None:
        text = self.scope.text
        for match in _OUTCOME.finditer(text, start, stop):
            if _OTHER_FIGURE.search(text, start, match.start()):
                return None
            comma = max(text.rfind("，", start, match.start()), text.rfind(",", start, match.start()))
            if not _NOT_YET.search(text, max(start, match.start() - 4, comma), min(stop, match.end() + 3)):
                return "deaths" if match.group()[0] in "死去病离不" else "recovered"
        return None

    def _is_part_by_residence(self, place: Place, whole: Draft) -> bool:
        """按居住地分布，本市9例，武汉3例: where they live, not whose figure it is."""
        region = region_of(place)
        if is_zone(region) or is_inside(region, whole.region):
            return False
        if region.code == whole.region.code:
            return place.kind == "home"
        return not is_inside(region, self.scope.home_region)

    def _origin(self, words: Words, *, inherited: bool) -> str | None:
        frame = self.frame
        if words.origin:
            return words.origin
        goes_on = frame.origin_rules or inherited or frame.listing or (words.mode is None and frame.mode != "new")
        if frame.origin and goes_on and not (words.places and not frame.listing):
            return frame.origin
        return None

    def _remember(
        self, number: int, words: Words, noun: str, mode: str | None, kind: str, origin: str | None,
        regions: Sequence[Region], *, topic: bool, inherited: bool,
    ) -> None:  # fmt: skip
        """What the next figure may inherit."""
        frame = self.frame
        if not frame.listing or words.own:
            if words.own or topic or not frame.nouns:
                frame.nouns = (noun,)
            if mode:
                frame.mode = mode
            elif words.own and noun in ("treated", "observed"):
                frame.mode = None
            elif words.own and not inherited and frame.mode is None and kind in ("new", "cumulative"):
                frame.mode = kind
            frame.origin = origin
        elif topic and words.places:
            frame.origin = origin
        if words.topic_mode and not words.own:
            frame.mode, frame.nouns = words.topic_mode, (noun,)
        if words.places and not frame.listing:
            if words.own:
                if self.subject is None or not is_inside(regions[-1], self.subject):
                    frame.region = regions[-1]  # not: 全省累计23例，长春市治愈1例，在院22例
                if self.subject is None:
                    self.subject = regions[-1]
            elif frame.region is None and number == 0 and words.mode:
                frame.region = regions[-1]  # 湖北新增…: a place at the head is the subject of all that follows

    def _second_statements(
        self, made: list[Draft], figure: Quantity, words: Words, clause: tuple[int, int], origin: str | None
    ) -> None:
        """One figure, two statements: 38例确诊病例全部治愈出院; 52人，均在接受医学观察; 1例（已治愈）; 1例（昆明）; 15例，全为武汉市病例."""
        scope, text, first = self.scope, self.scope.text, made[0]

        def also(group: str, kind: str, region: Region, rule: str = "second_statement") -> Draft:
            indicator = cases.indicator_for(group, kind, origin)
            return self._draft(figure, indicator, LABELS.get(group, first.measure), region, rule, group, kind, clause)

        if figure.rule.startswith("zero"):
            listed = _ZERO_LIST.match(text, figure.end)
            if listed:
                groups = [cases.CODE[word][2:] for word in _ZERO_NOUN.findall(listed.group())]
                for draft in list(made):
                    draft.group = groups[0]
                    draft.indicator = cases.indicator_for(groups[0], draft.kind, origin)
                    self.dating.apply(draft, draft.date, clause)
                    for group in groups[1:]:
                        settled = first.kind == "current" and group in ("deaths", "recovered")
                        also(group, "cumulative" if settled else first.kind, draft.region, first.rule)
            return
        if first.indicator == "other" or text[figure.end : figure.end + 1] in _NOTHING_FOLLOWS:
            return
        named = {*words.nouns, *words.post_nouns}
        if first.group == "contacts" and _ALL_OBSERVED.match(text, figure.end):
            also("observed", "current", first.region)
        if first.group == "recovered" and "confirmed" in named and _ALL_RECOVERED.match(text, figure.end):
            also("confirmed", "cumulative", first.region)
        elif first.group == "confirmed" and _ALL_RECOVERED.match(text, figure.end):
            also("recovered", "cumulative", first.region)
        if origin is None and _ALL_IMPORTED.match(text, figure.end):
            imported = cases.indicator_for(first.group, first.kind, "imported")
            if imported != first.indicator:
                self._draft(
                    figure, imported, first.measure, first.region, "second_statement", first.group, first.kind, clause
                )
        bracket = _BRACKET.match(text, figure.end)
        if bracket:
            inside = bracket.group(1)
            places = scope.places_in(bracket.start(1), bracket.end(1))
            if len(places) == 1 and places[0].kind == "named" and (
                len(inside) - (places[0].end - places[0].start) <= 1
            ):
                self._same_elsewhere(first, places[0], clause)
            elif first.group == "confirmed" and not _NUMERAL.search(inside):
                if _RECOVERED_WORD.search(inside):
                    also("recovered", "cumulative", first.region)
                elif "死亡" in inside:
                    also("deaths", "cumulative", first.region)
            return
        for place in scope.places_in(figure.end, min(figure.end + 14, self.sentence.end))[:1]:
            said = text[figure.end : place.start]
            of_all = first.quantity.value == 1 or any(word in said for word in "均全都")
            after = text[place.end : place.end + 8]
            if (
                of_all
                and _ALL_IN.fullmatch(said)
                and not scope.is_origin(place)
                and not after.startswith(("输入", "市输入"))
                and not _NUMERAL.search(after)
            ):
                self._same_elsewhere(first, place, clause)

    def _same_elsewhere(self, first: Draft, place: Place, clause: tuple[int, int]) -> None:
        region = region_of(place)
        if first.region.code is None or is_inside(region, first.region):
            draft = self._draft(
                first.quantity, first.indicator, first.measure, region, "second_statement", first.group, first.kind, clause
            )
            draft.part_of = first

    # -- figures outside the case counts

    def _read_figure(self, number: int, figure: Quantity, clause: tuple[int, int], next_start: int) -> None:
        scope, text, frame, figures = self.scope, self.scope.text, self.frame, self.figures
        if number + 1 < len(figures) and figures[number + 1].rule.startswith("zero"):  # 连续22天无新增: one statement
            next_start = figures[number + 2].start if number + 2 < len(figures) else self.sentence.end
        indicator, measure = indicator_of(scope, self.sentence, clause, figure, self.left, next_start)
        region = self._figure_region(clause, figure)
        rule, group, kind = (indicator if indicator != "other" else "figure"), "", ""
        if indicator == "other" and figure.unit == "person" and figure.value <= _NEAR_OUTCOME and not frame.listing:
            ill = _FOUND_ILL.search(text, figure.end, min(self.sentence.end, figure.end + 60))
            if ill and not _NOT_YET.search(ill.group()):
                indicator, rule, group, kind = "confirmed_new", "case_count", "confirmed", "new"
        draft = self._draft(figure, indicator, measure, region, rule, group, kind, clause)
        if frame.listing and frame.whole is not None and frame.whole.quantity.unit == figure.unit:
            draft.part_of = frame.whole
        first_home = self.subject is None and region.basis == "home" and region is not scope.home_region
        if not frame.listing and (region.basis == "named" or first_home):
            self.subject = region
        self.last = draft
        if not frame.listing:
            frame.whole = draft

    def _figure_region(self, clause: tuple[int, int], figure: Quantity) -> Region:
        """Aid belongs to the giver, capacity to its place; a list of places to the region that holds them all."""
        scope, left = self.scope, self.left
        if figure.unit == "bed":  # capacity belongs to the place where it is, also where it is a gift
            near = scope.places_in(clause[0], figure.start) or scope.places_in(self.sentence.start, figure.start)
            if near:
                return region_of(near[-1])
        places = scope.givers(max(left, clause[0]), figure.start)
        if not places:
            places = [
                place
                for place in scope.givers(figure.end, clause[1])[:1]
                if place.start - figure.end <= 1 or _START_BEFORE.search(scope.text[place.start - 1 : place.start])
            ]
        if not places:
            places = scope.givers(left, figure.start)
        whole = self.frame.whole if self.frame.listing else None
        if whole is not None and whole.region.code:
            code = places[-1].code if places else None
            if code is None or not gazetteer().contains(whole.region.code, code):
                return whole.region  # 其中武汉21245人: where they came from, not whose figure it is
        if not places and self.subject is None:
            places = scope.givers(figure.end, clause[1])[:1]
        if not places and self.subject is None and self.figures[0].start > self.sentence.start:
            places = scope.givers(self.sentence.start, self.figures[0].start)
        if places:
            return self._nearest(places)
        organ = scope.organ(clause[0], figure.start)
        if organ is not None and organ[1] is not CHINA:
            return organ[1]
        return self.binder.inherited(self.subject)

    def _nearest(self, places: Sequence[Place]) -> Region:
        run = self.scope.listed(places)
        if len(run) > 1:
            return self.scope.joint(run)
        last = len(places) - 1
        while last and places[last - 1].end == places[last].start:
            last -= 1  # 郑州市商丘商会 is in 郑州
        return region_of(places[last])
