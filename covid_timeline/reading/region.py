"""Where: the resolvers of a figure's region. One for counts of cases, one for every other figure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from covid_timeline.mentions.places import gazetteer
from covid_timeline.model import Place
from covid_timeline.reading.context import CHINA, Context, Region, is_inside, is_zone, region_of
from covid_timeline.reading.statement import Frame
from covid_timeline.reading.words import Figure

__all__ = ["Subjects", "case_regions", "figure_region", "outer_region"]

_INSTITUTION: Final = re.compile("[\u4e00-\u9fff]{2,16}?(?:医院|医疗中心|监狱)")
_TOWN: Final = re.compile("([\u4e00-\u9fff]{2,6}?(?:街道|镇|乡|社区|村|园区|开发区|新区|农场|团场|苏木))(?:办事处)?$")
_HOUSE: Final = re.compile("[\u4e00-\u9fff]{0,10}(?:医院|医疗中心|学校|大学|学院|公司|企业|酒店|实验室|中心)等?")
_TOGETHER: Final = re.compile("[两二三四五六七八九十\\d]{0,2}(?:市|县|区|地|州|省|个(?:市|县|区|省))(?:均|都|在|新|无|没|疑|确|病|零)")
_EXCEPT: Final = re.compile("(?:除)?(?:湖北|武汉)[省市]?(?:以外|之外|外)(?:的?其他|其余)?(?:地区|省份|省市)?|除(?:湖北|武汉)[省市]?(?:、[\u4e00-\u9fff]{2,3}[省市]?)?(?:以外|之外|外)")
_PROVINCES: Final = re.compile("\\d+ ?个?省(?:份|级行政区|（区|\\(区|区市|、自治区|、区|、市|和|区)")
_OPENING: Final = 12  # characters within which the subject of a sentence stands
_SHARE: Final = re.compile("占")
_AND_OTHERS: Final = re.compile("等(?=\\d|[一二三四五六七八九十])")
_START_BEFORE: Final = re.compile("(?:自|从|由)$")
_ORGANS: Final = re.compile(
    "(?=[党国中习总全交财公工商教民省自市州盟区县旗])(?:"  # nearly every place in a text is none of these
    "(?P<country>党中央|国务院|中央|习近平|总书记|国家卫健委|国家卫生健康委|全国人大|交通运输部|财政部|公安部|工信部|商务部|教育部|民政部)"
    "|(?P<province>省委|省政府|省长|省领导|省卫健委|省卫生健康委|省直|省级|省疾控|自治区党委|自治区政府|省人民政府|省指挥部|省里|省上"
    "|省[\u4e00-\u9fff]{2,6}?[厅局])"
    "|(?P<prefecture>市委|市政府|市长|市领导|市卫健委|市卫生健康委|市直|市级|市疾控|市人民政府|市指挥部|市里|州委|州政府|盟委"
    "|[市州][\u4e00-\u9fff]{2,6}?局)"
    "|(?P<county>区委|县委|区政府|县政府|区长|县长|区领导|县领导|县里|区里|旗委))"
)
_AT_CLAUSE_HEAD: Final = "日时午晚晨起天由后前"


@lru_cache(maxsize=2)
def _organs(text: str) -> list[tuple[int, str]]:
    """Where the organs of a text act, and of which level they are."""
    found: list[tuple[int, str]] = []
    for match in _ORGANS.finditer(text):
        before = text[match.start() - 1 : match.start()]
        # 根据中央要求, 传达省委精神: whose word it is, not who acts
        if not "\u4e00" <= before <= "\u9fff" or before in _AT_CLAUSE_HEAD:
            found.append((match.start(), match.lastgroup or ""))
    return found


class Subjects:
    """The place that sentences and paragraphs speak of, as the text goes on, and the organs that act in it."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.paragraph: Region | None = None
        self._opened: Region | None = None  # the first place that the paragraph spoke of
        self.home = context.home_region
        self._block = -1

    def enter_sentence(self, number: int) -> None:
        """At the start of a sentence: a new paragraph forgets whom the last one spoke of."""
        block = self.context.tree.sentences[number].block
        if block != self._block:
            if self.paragraph is not None and self.home.code:
                if self._opened is not None and is_inside(self.paragraph, self._opened):
                    self.paragraph = self._opened  # 全市累计97例。城步县没有病例。 The next paragraph is of the city again
                if self._is_elsewhere(self.paragraph) or self.home.level == "country":
                    self.paragraph = None  # in a text of the country each paragraph starts from the country
            self._opened = None
            if not self.context.tree.goes_on(self._block, block, bulletin=self.context.short):
                self.paragraph = None
            if self._block == 0:
                self.take_title()
            self._block = block
            self._take_head(block)

    def _take_head(self, block: int) -> None:
        """锦州　仍为12例；治愈4例: a place that stands apart at the head of a paragraph is its subject."""
        start = self.context.tree.blocks[block].start
        place = self.context.place_at(start)
        if place is not None and place.code and place.kind == "named" and self.context.text[place.end : place.end + 1] in (" ", "：", "｜"):
            self.paragraph = self._opened = region_of(place)

    def _is_elsewhere(self, region: Region) -> bool:
        """Whether a new paragraph forgets the region: abroad, or beside home; what lies in it, or holds it, may go on."""
        return region.code is None or not (is_inside(region, self.home) or is_inside(self.home, region))

    def take_title(self) -> None:
        """Where the title of a short text names one place inside the home region, the text below it speaks of that place.

        So it does where the region that came with the text is named nowhere in it, and the title's is of the same level.
        """
        context = self.context
        if not (context.title_end and context.short):
            return
        places = [place for place in context.subjects_in(0, context.title_end) if place.kind != "home"]
        if places and len({place.code for place in places}) == 1 and places[0].code:
            region = region_of(places[0])
            inside = is_inside(region, context.home_region) and context.home_region.level != "country"
            if context.home is None or inside or (region.level == self.home.level == "province" and not self._names_home()):
                self.home = region.carried()

    def _names_home(self) -> bool:
        """Whether the text names the home region, or a place in it."""
        home = self.context.home_region
        return any(place.code == home.code or is_inside(region_of(place), home) for place in self.context.places if place.kind != "home")

    def speaks_of_provinces(self, start: int, end: int) -> bool:
        """31个省（区、市）: a bulletin of the country, whoever it is filed under."""
        text = self.context.text
        found = _PROVINCES.search(text, start, end) if text.find("省", start, end) >= 0 else None
        return found is not None and not self.context.subjects_in(start, found.start())

    def note(self, sentence: int) -> None:
        """A sentence without figures may still say of whom the next ones speak."""
        context = self.context
        node = context.tree.sentences[sentence]
        first_clause = context.tree.clauses[node.clauses[0]]
        places = context.subjects_in(node.start, first_clause.end)
        if not places:
            places = context.subjects_in(first_clause.end, node.end)
            if len({place.code for place in places}) > 1:
                return
        if not places or len(context.listed(places)) > 1:
            return  # 廊坊市、邢台市为报告首例确诊病例: a list is nobody's subject
        first = places[0]
        if first.level == "abroad" and first.start - node.start > _OPENING:
            return  # a place of the story
        for place in places[1:2]:  # 山东省港口集团青岛港 is in 青岛
            if 0 < place.start - first.end <= 6 and is_inside(region_of(place), region_of(first)):
                first = place
        self.speak_of(region_of(first))

    def speak_of(self, region: Region) -> None:
        """The text goes on about this place."""
        self.paragraph = region
        self._opened = self._opened or region

    def inherited(self, subject: Region | None) -> tuple[Region, str]:
        """The subject carried on, with its relation: of the sentence, of the paragraph where it is near home, else home."""
        region = subject or self.paragraph
        home = self.home
        if region is None:
            return home, "document"
        near = region.code is None or home.code is None or region.code in (home.code, self.context.home) or is_inside(region, home)
        opened = region.basis == "home" or (self._opened is not None and self._opened.code == region.code)
        near = near or (opened and region.level == "province" and is_inside(home, region))  # 全省, or the province that it opened with
        if subject is None and not near and region.basis != "inherited":
            return home, "document"  # 患者长期居住武汉, 全国…: a place of the story, not the subject of what follows
        return region.carried(), "sentence" if subject is not None else "paragraph"

    def organ(self, start: int, end: int) -> tuple[int, Region] | None:
        """Where the first organ acts in the stretch, and its region: 省委 -> the home province."""
        for position, level in _organs(self.context.text):
            if position >= end:
                return None
            if position >= start:
                region = CHINA if level == "country" else self.context.home_at(level)
                return None if region is None else (position, region)
        return None


def case_regions(context: Context, figure: Figure, pending: list[Region]) -> tuple[list[Region], list[Region]]:
    """The regions that its own words name for a count: one, several with 各, none where they are silent.

    The second value is what a list with 分别 keeps for the figures that follow.
    """
    places = figure.places
    if not places:
        if pending and not figure.nouns and figure.mode is None:
            return pending[:1], pending[1:]
        return [], []
    zero = len(places) > 1 and figure.quantity.value == 0
    shared = zero and (_TOGETHER.match(context.text, places[-1].end) or _nothing_but_a_day(context, places[-1].end, figure.quantity.start))
    if shared:
        return [region_of(place) for place in context.listed(places, gaps=True)] or [region_of(places[-1])], []
    if len(places) > 1 and ("each" in figure.lists or "respectively" in figure.lists):
        run = [region_of(place) for place in context.listed(places, gaps=True)]
        if len(run) > 1:
            return (run, []) if "each" in figure.lists else (run[:1], run[1:])
    place = places[-1]
    if place.kind == "institution":  # a hospital's patients are not the city's: it keeps its own name
        name = _INSTITUTION.match(context.text, place.start)
        if name:
            return [region_of(place)._replace(name=name.group())], []
    return [region_of(place)], []


def _nothing_but_a_day(context: Context, start: int, end: int) -> bool:
    """Whether at most a day stands between the last place of a list and a zero: 鹤壁市、濮阳市当日无新增."""
    dates = context.dates_in(start, end)
    said = context.text[start : dates[0].start] + context.text[dates[-1].end : end] if dates else context.text[start:end]
    return not said.strip("均都皆，, ")


def named_scope(context: Context, figure: Figure) -> Region | None:
    """湖北以外地区, 除武汉外: a scope of its own, which is no count of the country or the province."""
    text = context.text
    if "外" not in text[figure.left : figure.quantity.start]:
        return None
    found = _EXCEPT.search(text, figure.left, figure.quantity.start)
    if found is None:
        return None
    whole = CHINA
    before = context.subjects_in(context.tree.sentences[figure.sentence].start, found.start())
    if before and before[-1].code:
        whole = region_of(before[-1])
    elif "武汉" in found.group():
        whole = context.home_at("province") or CHINA
    return whole._replace(name=found.group(), basis="named", start=found.start(), end=found.end())


def town_of(context: Context, figure: Figure) -> str:
    """The town, street or village that stands alone in front of a figure; "" where none does."""
    if figure.has_noun or figure.places or figure.right > figure.quantity.end:
        return ""
    found = _TOWN.search(context.text[figure.own : figure.quantity.start].strip("、，, 　“”"))
    return found.group(1) if found else ""


def outer_region(context: Context, subjects: Subjects, figure: Figure, frame: Frame, subject: Region | None, first: int) -> tuple[Region, str]:
    """The region of a count whose own words name none, with its relation; `first` is where the first figure stands."""
    if frame.listing and frame.head is not None and figure.bracket >= 0:
        return frame.head.region.carried(), "list"
    if frame.region is not None:
        return frame.region.carried(), "sentence"
    if subject is not None:
        return subject.carried(), "sentence"
    sentence = context.tree.sentences[figure.sentence]
    if not frame.listing:
        for place in context.places_in(sentence.start, first):
            if not context.role(place):
                return region_of(place), "sentence"
    elif frame.head is not None:
        return frame.head.region.carried(), "list"
    return subjects.inherited(None)


def figure_region(context: Context, subjects: Subjects, figure: Figure, frame: Frame, subject: Region | None, first: int) -> tuple[Region, str]:
    """The region of a figure that counts no cases: aid belongs to the giver, capacity to its place."""
    clause = context.tree.clauses[figure.clause]
    sentence = context.tree.sentences[figure.sentence]
    quantity, left = figure.quantity, figure.left
    if quantity.unit == "bed":  # capacity belongs to the place where it is, also where it is a gift
        near = context.places_in(clause.start, quantity.start) or context.places_in(sentence.start, quantity.start)
        if near:
            return region_of(near[-1]), "clause"
    if quantity.unit == "percent" and frame.last is not None and _SHARE.search(context.text, left, quantity.start):
        return frame.last.region, "pair"  # 黑龙江127例，占全国的11.5%: the share of what was just counted
    givers = _givers(context, max(left, clause.start), quantity.start)
    relation = "own"
    if givers and givers[-1].code and _AND_OTHERS.match(context.text, givers[-1].end, quantity.start + 1):
        return _container(context, givers[-1]), "own"  # 新疆等12个省份
    if not givers:
        givers = [
            place
            for place in _givers(context, quantity.end, clause.end)[:1]
            if place.start - quantity.end <= 1 or _START_BEFORE.search(context.text[place.start - 1 : place.start])
        ]
        relation = "after"
    if not givers:
        givers, relation = _givers(context, left, quantity.start), "clause"
    whole = frame.head if frame.listing else None
    if whole is not None and whole.region.code:
        code = givers[-1].code if givers else None
        if code is None or not gazetteer().contains(whole.region.code, code):
            return whole.region, "list"  # 其中武汉21245人: where they came from, not whose figure it is
    if not givers and subject is None:
        givers, relation = _givers(context, quantity.end, clause.end)[:1], "after"
    if not givers and subject is None and first > sentence.start:
        givers, relation = _givers(context, sentence.start, first), "sentence"
    if givers:
        return _nearest(context, givers), relation
    organ = subjects.organ(clause.start, quantity.start)
    if organ is not None and organ[1] is not CHINA:
        return organ[1], "clause"
    return subjects.inherited(subject)


def _container(context: Context, place: Place) -> Region:
    home = context.home_region
    if home.code and place.code and gazetteer().contains(home.code, place.code):
        return home
    parents = gazetteer().ancestors(place.code) if place.code else ()
    parent = gazetteer().get(parents[0]) if parents else None
    return Region(parent.region_code, parent.name, parent.level, "named", place.start, place.end) if parent else CHINA


def _givers(context: Context, start: int, end: int) -> list[Place]:
    """Places in the stretch that can own a deed: goods that leave 从民权 are a deed of 民权."""
    return [
        place
        for place in context.places_in(start, end)
        if place.end <= end and not _names_listed(context, place, end) and (not (role := context.role(place)) or (role == "origin.from" and place.level != "abroad"))
    ]


def _names_listed(context: Context, place: Place, end: int) -> bool:
    """市中心医院、射洪市人民医院两家医院: a place that only begins the name of the last of several houses that are counted."""
    return bool(place.start and context.text[place.start - 1] in "、和与及" and _HOUSE.fullmatch(context.text, place.end, end))


def _nearest(context: Context, places: Sequence[Place]) -> Region:
    run = context.listed(places)
    if len(run) > 1:
        return context.joint(run)
    last = len(places) - 1
    while last and places[last - 1].end == places[last].start:
        last -= 1  # 郑州市商丘商会 is in 郑州
    return region_of(places[last])


def is_part_by_residence(context: Context, place: Place, whole: Region) -> bool:
    """按居住地分布，本市9例，武汉3例: where they live, not whose figure it is."""
    region = region_of(place)
    if is_zone(region) or is_inside(region, whole):
        return False
    if region.code == whole.code:
        return place.kind == "home"
    return not is_inside(region, context.home_region)
