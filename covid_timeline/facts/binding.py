"""What a figure counts, where and when: quantities bound to indicator, region, date and whole.

Two readings share one pass over each sentence. Case counts (确诊, 疑似, 治愈, 密切接触者…) are read as a bulletin is
read: the words since the last figure say what the next one is, and what they leave open is taken from the frame that
the sentence has built up so far (新增确诊3例、治愈2例; 长沙市112例、衡阳市30例). Every other figure is matched against
the patterns of `mentions/words/indicators.toml`.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from covid_timeline.facts.words import load_words, one_of
from covid_timeline.mentions.places import gazetteer
from covid_timeline.model import DateMention, Place, Quantity
from covid_timeline.text.clauses import Sentence

__all__ = ["Draft", "Region", "Scope", "bind"]


class Region(NamedTuple):
    """Where a fact belongs. `code` is None abroad or where nothing says."""

    code: str | None
    name: str | None
    level: str | None
    basis: str  # named, home, inherited


class Draft:
    """A metric before it gets its ids and raw offsets."""

    __slots__ = (
        "basis", "clause", "date", "date_end", "date_start", "group", "indicator", "kind", "measure",
        "part_of", "quantity", "region", "rule", "time_end",
    )  # fmt: skip

    def __init__(self, quantity: Quantity, indicator: str, measure: str, region: Region, rule: str) -> None:
        self.quantity = quantity
        self.indicator = indicator
        self.measure = measure
        self.region = region
        self.rule = rule
        self.group = ""  # the noun of a case count; "" for other figures
        self.kind = ""  # new, cumulative, current; "" for other figures
        self.part_of: Draft | None = None
        self.date: int | None = None  # index of the governing date mention
        self.date_start = None
        self.date_end = None
        self.basis = "publication"
        self.time_end: str | None = None
        self.clause = (0, 0)


# ---------------------------------------------------------------------------------------------- vocabulary

_BREAK, _COMMA, _OPEN, _CLOSE = "break", "comma", "open", "close"


def _load_cues() -> tuple[re.Pattern[str], dict[str, str]]:
    codes: dict[str, str] = {}
    data = load_words("case_cues")
    for family in ("mode", "noun", "modifier", "struct"):
        for name, entry in data[family].items():
            for word in entry["words"]:
                codes[word] = f"{family[0]}:{name}"
    pattern = one_of(codes)
    codes |= {"（": _OPEN, "(": _OPEN, "）": _CLOSE, ")": _CLOSE, "，": _BREAK, ",": _BREAK, "；": _BREAK, ";": _BREAK}
    codes |= {"：": _BREAK, ":": _BREAK, "。": _BREAK, "、": _COMMA, "\n": _BREAK}
    return re.compile(pattern + "|[（()），,；;：:。、\n]"), codes


_CUE_RE, _CODE = _load_cues()

# Which noun names the figure where several stand together: 确诊病例治愈出院 counts recoveries.
_RANK = {
    "changed": 13, "staff_infected": 12, "released": 11, "observed": 10, "contacts": 9, "deaths": 8, "recovered": 7,
    "recovered_so_far": 7, "critical": 6, "severe": 5, "mild": 4, "asymptomatic": 3, "treated": 3, "suspected": 2,
    "confirmed": 1, "case": 0,
}  # fmt: skip

_INDICATOR = {
    ("confirmed", "new"): "confirmed_new",
    ("confirmed", "cumulative"): "confirmed_cumulative",
    ("confirmed", "current"): "confirmed_current",
    ("suspected", "new"): "suspected_new",
    ("suspected", "cumulative"): "suspected_current",
    ("suspected", "current"): "suspected_current",
    ("severe", "new"): "severe_new",
    ("severe", "cumulative"): "severe_cumulative",
    ("severe", "current"): "severe_current",
    ("critical", "new"): "critical_new",
    ("critical", "cumulative"): "critical_current",
    ("critical", "current"): "critical_current",
    ("asymptomatic", "new"): "asymptomatic_new",
    ("asymptomatic", "cumulative"): "asymptomatic_current",
    ("asymptomatic", "current"): "asymptomatic_current",
    ("deaths", "new"): "deaths_new",
    ("deaths", "cumulative"): "deaths_cumulative",
    ("deaths", "current"): "deaths_cumulative",
    ("recovered", "new"): "recovered_new",
    ("recovered", "cumulative"): "recovered_cumulative",
    ("recovered", "current"): "recovered_cumulative",
    ("treated", "current"): "confirmed_current",
    ("contacts", "cumulative"): "contacts_traced_cumulative",
    ("observed", "current"): "contacts_observed_current",
    ("released", "new"): "contacts_released_new",
    ("released", "cumulative"): "contacts_released_cumulative",
}
_WITH_ORIGIN = frozenset({
    "confirmed_new", "confirmed_cumulative", "confirmed_current", "suspected_new", "suspected_current",
    "recovered_new", "recovered_cumulative",
})  # fmt: skip
_NO_LOCAL = frozenset({"suspected_new", "suspected_current", "recovered_new", "recovered_cumulative"})
# Words that explain nothing by themselves: what is left after them in front of a figure is a subject of its own.
_FILLER = re.compile(
    "其中|其余|包括|包含|含|分别|另外|此外|以及|同时|目前|截至|截止|报告|发现|通报|确诊|病例|患者|全市|全省|全区|地区|本市|我市|我省"
    "|[\\s\\d为有的各是均和及与共则出也还已达到中内尚现约近新在市县区州盟省旗里个名人例位、，,：:；;。（()）“”\"'—-]|累计|上述|这些|该"
)
_HAN2 = re.compile("[\u4e00-\u9fff]{2}")
_ALL_OBSERVED = re.compile(
    "[，,](?:目前|现|均|全部|都|也|已|正|仍|尚|在){0,5}(?:接受|进行|实施|落实)?(?:隔离|集中)?医学观察(?![^，。；]{0,6}\\d)"
)
_PROVINCES = re.compile("\\d+ ?个?省(?:份|级|（|\\(|、|区|市)")
_ZERO_NOUN = re.compile(one_of(
    word for name in ("confirmed", "suspected", "severe", "critical", "deaths", "recovered", "asymptomatic")
    for word in load_words("case_cues")["noun"][name]["words"]
))  # fmt: skip
_ZERO_LIST = re.compile(
    f"[^，。；\\d]{{0,12}}?{_ZERO_NOUN.pattern}(?:(?:、|和|及|以及|或|与|或者){_ZERO_NOUN.pattern})+"
)
_ALL_RECOVERED = re.compile("[^，,。；、（(\\d]{0,24}(?:全部|均|都|已)[^，,。；、\\d]{0,6}(?:治愈|出院|痊愈|康复)")
_LATER_OUTCOME = re.compile("(?:死亡|去世|病亡|离世|病逝|不幸身亡)|(?:治愈|痊愈|康复)?出院|痊愈|治愈")
_FOUND_ILL = re.compile("[^。；]{0,40}?(?:呈阳性|为阳性|被确诊|确诊感染|确诊为新|确诊患)")
_NEGATED_OUTCOME = re.compile("标准|指南|要求|有望|即将|将于|可以|条件|风险")
_PAREN = re.compile(" ?[（(]([^（()）]{1,30})[）)]")
_PERIOD_NEW = frozenset({"range", "at", "from", "by", "since"})
_SOURCE_BEFORE = re.compile("(?:来自|原籍|籍贯|除|离开|途经|经|曾到|曾在|返回|接到)$")
_START_BEFORE = re.compile("(?:自|从|由)$")
_SOURCE_AFTER = re.compile("市?省?(?:返|籍|来|回|输入|归|旅居|居住史|旅行史|旅游史|接触史|以外|之外|疫区|等地|病例有?接触|确诊病例有?接触|人员有?接触|有接触)")
_DESTINATION = re.compile(
    "(?:赴|驰援|支援|奔赴|援助|飞赴|前往|援|运抵|驶往|送往|送到|到达|支持|抵达|发往|运往|飞往|向|给|进驻|对口支援|对口|寄往|抵|开往"
    "|捐赠|捐|支援的|馈赠|返回|返|来自|接到|安排在|分配到|派往|派驻|分赴|正在|对)(?:[^，。；]{0,14}(?:、|和|与|及|以及))?$"
)
_COMPANY = re.compile("[^，。；、：的市省区县]{2,10}?(?:集团|公司|银行|药业|实业)")
_ORGANS = re.compile(
    "(?P<country>党中央|国务院|中央|习近平|总书记|国家卫健委|国家卫生健康委|全国人大|交通运输部|财政部|公安部|工信部|商务部|教育部|民政部)"
    "|(?P<province>省委|省政府|省长|省领导|省卫健委|省卫生健康委|省直|省级|省疾控|自治区党委|自治区政府|省人民政府|省指挥部)"
    "|(?P<prefecture>市委|市政府|市长|市领导|市卫健委|市卫生健康委|市直|市级|市疾控|市人民政府|市指挥部)"
    "|(?P<county>区委|县委|区政府|县政府|区长|县长|区领导|县领导)"
)
_GENERAL_CASE_UNITS = frozenset({"person", "case", "person_time"})
_TOTALLY = re.compile("累计|已|共|先后|总计|合计")


_Rule = tuple[str, re.Pattern[str], re.Pattern[str] | None, re.Pattern[str] | None, re.Pattern[str] | None]


def _load_rules() -> dict[str, list[_Rule]]:
    by_unit: dict[str, list[_Rule]] = {}
    for rule in load_words("indicators")["indicator"]:
        compiled = (
            rule["id"],
            re.compile(rule["near"]),
            re.compile(rule["wide"]) if "wide" in rule else None,
            re.compile(rule["unless"]) if "unless" in rule else None,
            re.compile(rule["unless_counter"]) if "unless_counter" in rule else None,
        )
        for unit in rule["units"]:
            by_unit.setdefault(unit, []).append(compiled)
    return by_unit


_RULES = _load_rules()
_CASE_NEAR = re.compile("确诊|病例|患者|病人|治愈|出院|死亡|疑似|密切接触|密接|医学观察|感染|阳性|重症|危重|康复|在院|去世|病亡|追踪|个案|留观|住院")
_NOT_CASES = re.compile(
    "医护|医务|医生|护士|民警|志愿|党员|干部|职工|队员|专家|床|检测|采样|样本|口罩|隔离点|工作人员|物资|捐|返乡|网格|驰援|支援|排查"
)
_TESTED = re.compile("检测|采样|排查|筛查")
_DAILY_CAPACITY = re.compile("通量|能力|每日可|每天可|可达|可容纳|可收治|可提供")


# ---------------------------------------------------------------------------------------------- scope


class Scope:
    """What stands where in one text: lookups by position for binding and events."""

    def __init__(
        self,
        text: str,
        sentences: Sequence[Sentence],
        dates: Sequence[DateMention],
        places: Sequence[Place],
        home: str | None,
        anchor: object,
    ) -> None:
        self.text = text
        self.sentences = sentences
        self.dates = dates
        self.places = places
        self.home = home
        self.anchor = anchor
        self.place_starts = [place.start for place in places]
        self.date_starts = [date.start for date in dates]
        self.sentence_starts = [sentence.start for sentence in sentences]
        self.short = len(text) < 1500
        region = gazetteer().get(home) if home else None
        self.home_region = (
            Region(region.region_code, region.name, region.level, "home") if region else Region(None, None, None, "home")
        )

    def places_in(self, start: int, end: int) -> Sequence[Place]:
        """Places that start in `[start, end)`."""
        return self.places[bisect_left(self.place_starts, start) : bisect_left(self.place_starts, end)]

    def dates_in(self, start: int, end: int) -> Iterator[DateMention]:
        """Dates that start in `[start, end)`."""
        for number in range(bisect_left(self.date_starts, start), bisect_left(self.date_starts, end)):
            yield self.dates[number]

    def sentence_at(self, position: int) -> int:
        """Index of the sentence that holds, or precedes, `position`."""
        return max(bisect_right(self.sentence_starts, position) - 1, 0)

    def clause_at(self, position: int) -> tuple[int, int]:
        """The clause that holds `position`, without its commas."""
        if not self.sentences:
            return (0, len(self.text))
        return _clause_of(self.sentences[self.sentence_at(position)], position)

    def is_origin(self, place: Place, *, people: bool = True) -> bool:
        """来自武汉, 武汉返济人员, 武汉输入: where somebody came from, not where the fact is.

        With `people`, 从武汉 is an origin too; goods that leave 从民权 are a deed of 民权.
        """
        text = self.text
        before = text[max(0, place.start - 3) : place.start]
        return bool(
            _SOURCE_BEFORE.search(before)
            or (people and _START_BEFORE.search(before))
            or _SOURCE_AFTER.match(text, place.end, place.end + 6)
        )

    def is_destination(self, place: Place) -> bool:
        """驰援武汉, 向睢阳区捐赠: where help goes; it belongs to the region that gives it."""
        text = self.text
        return bool(
            _DESTINATION.search(text[max(0, place.start - 20) : place.start])
            or text.startswith(("返", "籍", "输入", "来"), place.end)
        )

    def is_company(self, place: Place) -> bool:
        """必康医药（河南）有限公司, 河南春华秋实集团 in an article of a city of 河南: a name, not a place."""
        if self.text.startswith(("）有限", ")有限", "）股份", "）集团", ")股份", ")集团"), place.end):
            return True
        return bool(
            place.code
            and self.home
            and place.code != self.home
            and _COMPANY.match(self.text, place.end)
            and gazetteer().contains(place.code, self.home)
        )

    def organ(self, start: int, end: int) -> tuple[int, Region] | None:
        """Where the first organ is named in the stretch, and its region: 省委 -> the home province."""
        for match in _ORGANS.finditer(self.text, start, end):
            before = self.text[match.start() - 1 : match.start()]
            if "\u4e00" <= before <= "\u9fff" and before not in "日时午晚晨起天由后前":
                continue  # 根据中央要求, 传达省委精神: whose word it is, not who acts
            level = match.lastgroup or ""
            region = Region("100000", "中国", "country", "named") if level == "country" else self.home_at(level)
            return None if region is None else (match.start(), region)
        return None

    def joint(self, run: Sequence[Place]) -> Region:
        """The smallest coded region that holds all places of a list; the first place where none does."""
        codes = [place.code for place in run if place.code]
        if len(codes) > 1:
            book = gazetteer()
            for code in (codes[0], *book.ancestors(codes[0])):
                if all(code == other or book.contains(code, other) for other in codes):
                    region = book.get(code)
                    if region is not None:
                        return Region(code, region.name, region.level, "named")
        return region_of(run[0])

    def home_at(self, level: str) -> Region | None:
        """The home region, or what contains it, at a level; None where the home has none."""
        if not self.home:
            return None
        book = gazetteer()
        for code in (self.home, *book.ancestors(self.home)):
            region = book.get(code)
            if region is not None and region.level == level:
                return Region(code, region.name, region.level, "home")
        if level == "prefecture" and self.home_region.level == "province" and (self.home or "")[:2] in ("11", "12", "31", "50"):
            return self.home_region
        return None


def _is_inside(inner: Region, outer: Region) -> bool:
    return bool(
        inner.code and outer.code and inner.code != outer.code and gazetteer().contains(outer.code, inner.code)
    )


def _is_zone(region: Region) -> bool:
    """A part of a coded unit that has no code of its own (高新区): it holds nothing but itself."""
    unit = gazetteer().get(region.code) if region.code else None
    return unit is not None and region.name != unit.name


_FAR = 1 << 60


def _clause_of(sentence: Sentence, position: int) -> tuple[int, int]:
    """The clause that holds the position, else the next one."""
    clauses = sentence.clauses
    index = bisect_right(clauses, (position, _FAR))
    if index and position < clauses[index - 1][1]:
        return clauses[index - 1]
    return clauses[min(index, len(clauses) - 1)]


def region_of(place: Place) -> Region:
    return Region(place.code, place.name, place.level if place.level != "abroad" else None, "home" if place.kind == "home" else "named")


# ---------------------------------------------------------------------------------------------- binding


class _Frame:
    """What the sentence has said so far and the next figure may leave out."""

    __slots__ = ("item", "listing", "mode", "nouns", "origin", "region", "whole")

    def __init__(self) -> None:
        self.mode: str | None = None
        self.nouns: tuple[str, ...] = ()
        self.region: Region | None = None
        self.whole: Draft | None = None
        self.origin: str | None = None
        self.item: tuple[str, str | None] | None = None  # noun and mode of the whole whose parts are listed by place
        self.listing = False  # after 其中, inside brackets: a place names a part, not a new subject

    def copy(self) -> _Frame:
        other = _Frame()
        other.mode, other.nouns, other.region = self.mode, self.nouns, self.region
        other.whole, other.origin, other.listing, other.item = self.whole, self.origin, self.listing, self.item
        return other


def bind(scope: Scope, quantities: Sequence[Quantity], title_end: int) -> list[Draft]:
    """One draft for each statement that a figure makes, in the order of the text (a figure may carry two).

    `title_end` is where the title line ends (0 where the text has none): its figures take from the body what they do
    not say themselves.
    """
    return _Binder(scope, quantities, title_end).run()


class _Binder:
    def __init__(self, scope: Scope, quantities: Sequence[Quantity], title_end: int) -> None:
        self.scope = scope
        self.quantities = quantities
        self.title_end = title_end
        self.drafts: list[Draft] = []
        self.paragraph_region: Region | None = None
        self.last_date: int | None = None
        self.previous: _Frame = _Frame()
        self.latest: dict[str, list[Draft]] = {}
        self.first_figure = 0
        self.previous_stop = "\n"
        self.last_draft: Draft | None = None

    def run(self) -> list[Draft]:
        scope, quantities, text = self.scope, self.quantities, self.scope.text
        index, total = 0, len(quantities)
        date_index, n_dates = 0, len(scope.dates)
        previous_end = 0
        for number, sentence in enumerate(scope.sentences):
            new_paragraph = "\n" in text[previous_end : sentence.start] or number == 0
            if number == 1 and self.title_end and sentence.start >= self.title_end and scope.short:
                self._take_subject_of_title()
            if new_paragraph:
                if not scope.short or previous_end <= self.title_end:
                    self.last_date = None
                self.paragraph_region = None
                self.previous = _Frame()
            previous_end = sentence.end
            first = index
            while index < total and quantities[index].start < sentence.end:
                index += 1
            first_date = date_index
            while date_index < n_dates and scope.dates[date_index].start < sentence.end:
                date_index += 1
            if index > first:
                self._bind_sentence(sentence, quantities[first:index], first_date, date_index)
            elif date_index > first_date:
                self._pass_dates(first_date, date_index)
            if index == first:
                self._note_subject(sentence)
            self.previous_stop = sentence.stop or "\n"
        if self.title_end:
            self._date_title()
        return self.drafts

    def _take_subject_of_title(self) -> None:
        """Where the title names one place inside the home region, the text below it speaks of that place."""
        scope = self.scope
        places = [place for place in self._givers(0, self.title_end) if place.kind != "home"]
        codes = {place.code for place in places}
        if len(codes) == 1 and places[0].code and places[0].level != "abroad" and (
            scope.home is None or _is_inside(region_of(places[0]), scope.home_region)
        ):
            scope.home_region = region_of(places[0])._replace(basis="inherited")

    # -- dates

    def _pass_dates(self, first: int, last: int) -> None:
        for number in range(last - 1, first - 1, -1):
            if self._governs(self.scope.dates[number]):
                self.last_date = number
                return

    def _governs(self, date: DateMention) -> bool:
        if date.header or (date.precision == "year" and date.basis == "explicit"):
            return False
        text = self.scope.text  # 比上年同期下降4.6%: what a figure is compared with is not when it holds
        return text[date.end - 2 : date.end] != "同期" and text[date.start - 1 : date.start] not in ("比", "较")

    def _note_subject(self, sentence: Sentence) -> None:
        places = self._givers(sentence.start, sentence.clauses[0][1])
        if places:
            first = places[0]
            for place in places[1:2]:  # 山东省港口集团青岛港 is in 青岛
                if 0 < place.start - first.end <= 6 and _is_inside(region_of(place), region_of(first)):
                    first = place
            self.paragraph_region = region_of(first)

    # -- one sentence

    def _bind_sentence(self, sentence: Sentence, figures: Sequence[Quantity], first_date: int, last_date: int) -> None:
        scope, text = self.scope, self.scope.text
        start, end = sentence.start, sentence.end
        self.first_figure = figures[0].start
        cues = [(m.start(), m.end(), _CODE[m.group()]) for m in _CUE_RE.finditer(text, start, end)]
        continues = text.startswith(("其中", "具体", "分别", "包括", "上述", "它们"), start)
        if not continues and self.previous.listing and self.previous_stop in "；;":
            continues = True  # 其中济南市2例；青岛市1例
        frame = self.previous.copy() if continues else _Frame()
        if not continues:
            frame.nouns = ()
        if continues:
            frame.listing = True
        stack: list[_Frame] = []
        cue_index, n_cues = 0, len(cues)
        left = start  # where the words that belong to the next figure begin
        pending_regions: list[Region] = []
        pending_nouns: list[str] = []
        in_list = False
        date_index = first_date
        subject: Region | None = None
        provinces = _PROVINCES.search(text, start, end)
        if provinces and not self._givers(start, provinces.start()):
            subject = Region("100000", "中国", "country", "named")  # 29个省（区、市）累计报告
        last_draft: Draft | None = self.last_draft if continues else None
        if continues and last_draft is not None:
            frame.whole = frame.whole or last_draft
            frame.item = frame.item or ((frame.whole.group, frame.whole.kind) if frame.whole.group else None)
        for number, figure in enumerate(figures):
            next_start = figures[number + 1].start if number + 1 < len(figures) else end
            if figure.start < left:
                left = figure.start
            # dates up to the figure
            while date_index < last_date and scope.dates[date_index].start < figure.start:
                date = scope.dates[date_index]
                tied = number > 0 and text[date.start - 1] in "于在" and self.last_date is not None
                if tied and scope.dates[self.last_date or 0].role == "as_of":
                    pass
                elif self._governs(date) or (self.last_date is None and not date.header):
                    self.last_date = date_index
                elif date.precision == "year" and not date.header and not any(
                    self._governs(scope.dates[k]) for k in range(first_date, date_index)
                ):
                    self.last_date = date_index
                date_index += 1
            # -- words before the figure
            nouns: list[str] = []
            mode: str | None = None
            topic_nouns: list[str] = []
            topic_mode: str | None = None
            each = respectively = part_here = opened = False
            clause_left = left
            last_noun_end = left
            origin: str | None = None
            while cue_index < n_cues and cues[cue_index][0] < figure.start:
                cue_start, cue_end, code = cues[cue_index]
                cue_index += 1
                if cue_start < left:
                    continue
                family, _, name = code.partition(":")
                if family == "n":
                    nouns.append(name)
                    last_noun_end = cue_end
                elif family == "m":
                    if name in ("imported", "local"):
                        origin = name
                    elif not (name == "new" and mode == "cumulative" and not nouns):
                        mode = name
                elif code is _BREAK:
                    if nouns:
                        topic_nouns = nouns
                    if mode:
                        topic_mode = mode
                    if nouns or mode:
                        nouns, mode = [], None
                    clause_left = cue_end
                elif code is _OPEN:
                    if nouns:
                        topic_nouns, nouns = nouns, []
                    if mode:
                        topic_mode, mode = mode, None
                    stack.append(frame)
                    frame = frame.copy()
                    frame.listing = True
                    if last_draft is not None and cue_start <= left + 1:
                        frame.whole = last_draft
                        frame.item = (last_draft.group, last_draft.kind) if last_draft.group else None
                    clause_left = cue_end
                    opened = True
                elif code is _CLOSE:
                    if stack:
                        frame = stack.pop()
                    nouns, mode, topic_nouns, topic_mode = [], None, [], None
                    clause_left = cue_end
                elif name == "out":
                    if not stack:
                        frame.listing, frame.item = False, None
                elif name == "part":
                    part_here = True
                    if text[cue_start] == "含" and text[cue_start - 1] not in "（(，,、：":
                        continue  # 饱含
                    frame.listing = True
                    if last_draft is not None:
                        frame.whole = last_draft
                        frame.item = (last_draft.group, last_draft.kind) if last_draft.group else None
                    clause_left = cue_end
                elif name == "each":
                    each = True
                elif name == "respectively":
                    respectively = True
            # -- words after the figure
            post_end, runs_on = self._post_end(figure.end, next_start, end)
            post_nouns: list[str] = []
            post_mode: str | None = None
            look = cue_index
            claims_post = not (runs_on and (nouns or self._starts_with_mode(cues, look, figure.end, post_end)))
            if claims_post:
                while look < n_cues and cues[look][0] < post_end:
                    _, _, code = cues[look]
                    family, _, name = code.partition(":")
                    if family == "n":
                        post_nouns.append(name)
                    elif family == "m" and name not in ("imported", "local"):
                        post_mode = post_mode or name
                    elif family == "m":
                        origin = name
                    look += 1
            right = post_end if claims_post else figure.end
            if text[figure.start - 1] in "共达" and mode is None:
                mode = "cumulative"

            # -- where
            places = [
                place
                for place in scope.places_in(left, figure.start)
                if place.end <= figure.start and not scope.is_origin(place)
            ]
            clause = _clause_of(sentence, figure.start)
            is_case = self._is_case(figure, nouns, post_nouns, topic_nouns, frame, text[max(clause_left, figure.start - 24) : figure.start], text[figure.end : right], number)
            if not is_case:
                cut = next_start
                if number + 1 < len(figures) and figures[number + 1].rule.startswith("zero"):
                    cut = figures[number + 2].start if number + 2 < len(figures) else end
                draft = self._bind_general(sentence, clause, figure, left, cut, subject, frame)
                if draft.indicator == "other" and figure.unit == "person" and figure.value <= 10 and not frame.listing:
                    outcome = _FOUND_ILL.search(text, figure.end, min(end, figure.end + 60))
                    if outcome and not _NEGATED_OUTCOME.search(outcome.group()):
                        draft.indicator, draft.group, draft.kind = "confirmed_new", "confirmed", "new"
                        draft.rule = "case_count"
                self._give_date(draft, figure, clause, first_date, last_date, date_index)
                self._add(draft, clause)
                if subject is None and not frame.listing and draft.region.basis != "inherited" and draft.region is not scope.home_region:
                    subject = draft.region
                if frame.listing and frame.whole is not None and frame.whole.quantity.unit == figure.unit:
                    draft.part_of = frame.whole
                last_draft = draft
                if not frame.listing:
                    frame.whole = draft
                left = figure.end
                cue_index = max(cue_index, bisect_left(cues, (figure.end,)))
                continue

            own = bool(nouns or post_nouns)
            regions: list[Region] = []
            if places:
                if (each or respectively) and len(places) > 1:
                    listed = self._listed(places)
                    if respectively and not each:
                        regions = [region_of(listed[0])]
                        pending_regions = [region_of(place) for place in listed[1:]]
                    else:
                        regions = [region_of(place) for place in listed]
                else:
                    regions = [region_of(places[-1])]
            elif pending_regions and not own:
                regions = [pending_regions.pop(0)]
            if respectively and len(nouns) > 1:
                pending_nouns = nouns[1:]
                nouns = nouns[:1]
            elif pending_nouns and not own:
                nouns = [pending_nouns.pop(0)]
                own = True

            # -- what
            inherited = False
            chosen = nouns or post_nouns
            if nouns and post_nouns and last_noun_end < figure.start - 8:
                chosen = post_nouns  # …病例会诊专家组对广东5例危重症患者: the noun at the figure names it
            if nouns and post_nouns and text[figure.end] in "为是系属":
                chosen = post_nouns  # 确诊病例有18例为普通病例
            if nouns and post_nouns and _RANK[max(nouns, key=_RANK.__getitem__)] == 0:
                chosen = nouns + post_nouns
            if nouns and {"contacts"} >= set(nouns) and post_nouns:
                chosen = post_nouns + (["contacts"] if "changed" not in post_nouns else [])
            if not chosen and places and not topic_nouns and regions:
                if not in_list and not (opened and frame.item is not None):
                    found = self._list_whole(figures, number, regions[-1], cues, cue_index)
                    if found is not None and (frame.listing or not frame.nouns):
                        frame.item, frame.whole, frame.listing = (found.group, found.kind), found, True
                in_list = frame.item is not None and frame.listing
            else:
                in_list = False
            if not chosen and places and frame.listing and frame.item is not None and not topic_nouns:
                chosen, inherited = [frame.item[0]], True
                mode = mode or frame.item[1]
            elif not chosen:
                if topic_nouns:
                    chosen = topic_nouns
                elif frame.nouns:
                    chosen, inherited = list(frame.nouns), True
                elif self.previous.nouns and (places or continues):
                    chosen, inherited = list(self.previous.nouns), True
            noun = max(chosen, key=_RANK.__getitem__) if chosen else "case"
            if noun == "case" and "confirmed" in chosen:
                noun = "confirmed"
            own_mode = mode or post_mode
            if own_mode is None and (topic_mode and (not own or not nouns)):
                own_mode = topic_mode
            if frame.listing and nouns and mode and not part_here and not stack and (
                not places or (mode == "cumulative" and frame.whole is not None and frame.whole.kind == "new")
            ):
                frame.listing, frame.item = False, None  # 其中…。现有疑似病例58例: no part of what was listed
            whole = frame.whole
            explained = True
            if frame.listing and own and not places and set(chosen) <= {"case", "confirmed"}:
                explained = not _HAN2.search(_FILLER.sub("", self._without(clause_left, figure.start, places)))
            if not own and not topic_nouns:
                residue = _FILLER.sub("", self._without(clause_left, figure.start, places))
                tail = _FILLER.sub("", self._without(figure.end, right, ()))
                explained = not _HAN2.search(residue) and not _HAN2.search(tail)
            if noun == "recovered_so_far":
                noun = "recovered"
                own_mode = own_mode or "cumulative"
            if noun == "recovered" and own_mode is None and "confirmed" in chosen and _ALL_RECOVERED.match(text, figure.end):
                own_mode = "cumulative"  # 38例确诊病例全部治愈出院
            if (own_mode is None and frame.mode == "new" and nouns and not places and not frame.listing
                    and frame.nouns and {noun, frame.nouns[0]} <= {"confirmed", "case"} and frame.whole is not None
                    and figure.value > frame.whole.quantity.value):
                own_mode = "cumulative"  # 新增病例180例，肺炎病例729例: the larger second figure is the total
            if figure.rule.startswith("zero") and text[figure.end - 2 : figure.end] in ("清零", "归零"):
                own_mode = "current" if noun not in ("deaths", "recovered") else "cumulative"
            if own_mode is None and topic_nouns and not own and topic_mode is None:
                twin = self._latest_whole(noun, figure)
                if twin is not None:
                    own_mode = twin.kind or None
            kind = self._kind(noun, own_mode, frame, figure, text[figure.start - 8 : figure.start])
            if (own_mode in (None, "new")
                    and (set(chosen) <= {"case"} or (own_mode is None and figure.value <= 10))
                    and noun in ("confirmed", "case", "severe", "critical")
                    and figure.unit in ("person", "case") and not nouns and not frame.listing):
                later = self._later_outcome(figure.end, next_start if next_start < end else end)
                if later:
                    noun, kind = later, "new"
            if own_mode is None and kind and set(chosen) <= {"case"} and figure.unit == "person" and not frame.listing:
                twin = self._same_people(figure)
                if twin is not None:  # 这7名患者中: the seven of whom the text has spoken
                    noun, kind = twin.group, twin.kind
            if noun == "case":
                noun_group = "confirmed"
            else:
                noun_group = noun
            indicator = _INDICATOR.get((noun_group, kind), "other")
            if frame.listing and places and inherited and whole is not None and whole.region.code and not each and not _is_zone(regions[-1]):
                if regions[-1].code == whole.region.code or not _is_inside(regions[-1], whole.region):
                    explained = False  # 按居住地分布，本市9例，武汉3例: where they live, not whose figure it is
                    regions = [whole.region]
            if not explained:
                indicator = "other"
            if origin is None and inherited:
                origin = frame.origin
            if origin and indicator in _WITH_ORIGIN and not (origin == "local" and indicator in _NO_LOCAL):
                head, tail = indicator.split("_", 1)
                imported = f"{head}_{origin}_{tail}"
                indicator = imported
            if not regions:
                regions = [self._outer_region(frame, subject, sentence, clause, left, figure)]
            measure = self._measure(chosen, text, clause_left, figure, right, frame, inherited)
            if topic_nouns and not own and places:
                frame.listing = True
                frame.item = (noun, own_mode)
            made: list[Draft] = []
            for region in regions:
                draft = Draft(figure, indicator, measure, region, "case_count")
                draft.group, draft.kind = noun_group, kind
                self._give_date(draft, figure, clause, first_date, last_date, date_index)
                if frame.listing or (inherited and places):
                    draft.part_of = self._whole_of(draft, whole)
                    held = draft.part_of
                    if held is not None and held.quantity.value < figure.value and not (part_here or opened or places):
                        draft.part_of = None
                self._add(draft, clause)
                made.append(draft)
            last_draft = made[0]
            self._second_statements(made, figure, nouns, post_nouns, right, clause, (first_date, last_date, date_index))
            # -- what the next figure may inherit
            if not frame.listing or own:
                if own or topic_nouns:
                    frame.nouns = (noun,)
                elif not frame.nouns:
                    frame.nouns = (noun,)
                if own_mode:
                    frame.mode = own_mode
                elif own and noun in ("treated", "observed"):
                    frame.mode = None
                elif own and not inherited and frame.mode is None and kind in ("new", "cumulative"):
                    frame.mode = kind
                frame.origin = origin
            if topic_mode and not own:
                frame.mode = topic_mode
                frame.nouns = (noun,)
            if places and own and not frame.listing:
                part = subject is not None and _is_inside(regions[-1], subject)
                if not part:  # 全省累计23例，长春市治愈1例，在院22例: the last figure is the province's again
                    frame.region = regions[-1]
                if subject is None:
                    subject = regions[-1]
            elif places and frame.region is None and not frame.listing and number == 0:
                # 湖北新增…: a place at the head is the subject of all that follows
                frame.region = regions[-1] if mode else None
            left = right
            cue_index = max(cue_index, bisect_left(cues, (right,)))
            if text[right - 1 : right + 1] in ("中，", "中,", "中：") and right > figure.end:
                frame.listing = True  # 13例确诊病例中，输入性10例
                frame.item = (last_draft.group, last_draft.kind)
                frame.whole = last_draft
            if not frame.listing:
                frame.whole = last_draft
        self.last_draft = last_draft
        while date_index < last_date:
            if self._governs(scope.dates[date_index]):
                self.last_date = date_index
            date_index += 1
        if stack:
            frame = stack[0]
        self.previous = frame
        if subject is not None:
            self.paragraph_region = subject
        elif frame.region is not None and not continues:
            self.paragraph_region = frame.region

    # -- helpers

    def _add(self, draft: Draft, clause: tuple[int, int]) -> None:
        draft.clause = clause
        self.drafts.append(draft)
        self.latest.setdefault(draft.indicator, []).append(draft)

    def _post_end(self, start: int, next_start: int, end: int) -> tuple[int, bool]:
        """End of the words that follow a figure, and whether they run into the next figure without a break."""
        match = _POST_BREAK.search(self.scope.text, start, next_start)
        if match:
            return match.start(), False
        return next_start, next_start < end

    def _starts_with_mode(self, cues: Sequence[tuple[int, int, str]], index: int, start: int, stop: int) -> bool:
        return index < len(cues) and cues[index][0] < stop and (
            cues[index][2].startswith("m:") or (cues[index][0] - start <= 1 and cues[index][2].startswith("n:") and False)
        )

    def _is_case(
        self, figure: Quantity, nouns: list[str], post_nouns: list[str], topic: list[str], frame: _Frame,
        before: str, after: str, number: int,
    ) -> bool:  # fmt: skip
        if figure.unit == "case":
            return True
        if figure.unit not in _GENERAL_CASE_UNITS:
            return False
        if nouns or post_nouns:
            strong = [noun for noun in nouns + post_nouns if noun != "case"]
            window = before + after
            if _DAILY_CAPACITY.search(window):
                return False
            if strong == ["suspected"] and _TESTED.search(window):
                return False
            if _NOT_CASES.search(window) and not any(
                noun in ("contacts", "released", "deaths", "staff_infected") for noun in nouns + post_nouns
            ) and not (set(strong) & {"confirmed", "recovered", "recovered_so_far", "severe", "critical", "suspected"}):
                return False
            if strong in (["observed"], ["released"]) and "医学观察" not in window and "正在观察" not in window:
                return "contacts" in frame.nouns or "contacts" in topic or "密切接触" in self._paragraph(figure.start)
            return bool(strong) or bool(frame.nouns) or "肺炎" in window or "患者" in window or "病例" in window
        if frame.nouns and (frame.listing or number) and not _NOT_CASES.search(before + after):
            residue = _FILLER.sub("", before)
            return figure.unit == "person" and bool(frame.nouns) and len(residue) <= 6
        return False

    def _paragraph(self, position: int) -> str:
        text = self.scope.text
        begin = max(0, position - 200)
        return text[max(begin, text.rfind("\n", begin, position) + 1) : position]

    def _listed(self, places: Sequence[Place]) -> list[Place]:
        """The run of places joined by 、和及 that ends the list."""
        run = [places[-1]]
        for place in reversed(places[:-1]):
            between = self.scope.text[place.end : run[0].start]
            if 0 < len(between) <= 2 and set(between) <= set("、和及与 ，市"):
                run.insert(0, place)
            else:
                break
        return run

    def _without(self, start: int, end: int, places: Sequence[Place]) -> str:
        text = self.scope.text
        out, position = [], start
        for place in places:
            if place.start >= position:
                out.append(text[position : place.start])
                position = place.end
        for date in self.scope.dates[bisect_left(self.scope.date_starts, start) : bisect_left(self.scope.date_starts, end)]:
            if date.start >= position:
                out.append(text[position : date.start])
                position = date.end
        if position < end:
            out.append(text[position:end])
        return _CUE_RE.sub("", "".join(out))

    def _kind(self, noun: str, mode: str | None, frame: _Frame, figure: Quantity, before: str) -> str:
        if noun in ("treated", "observed"):
            return "current"
        if noun == "contacts":
            return "" if mode == "new" or figure.unit == "case" else "cumulative"
        if noun == "released":
            if mode == "new" and "累计" not in before:
                return "new"
            if mode is None and "已" not in before and self._role() == "range":
                return "new"
            return "cumulative"
        if noun in ("changed", "mild", "staff_infected"):
            return mode or frame.mode or ""
        if noun in ("deaths", "recovered") and "current" in (mode, frame.mode) and mode in (None, "current"):
            return "cumulative"
        if mode:
            return mode
        if frame.mode:
            if noun in ("severe", "critical", "suspected", "asymptomatic") and frame.mode == "cumulative":
                return "current"
            return frame.mode
        if noun in ("severe", "critical", "suspected", "asymptomatic"):
            return "current"
        role = self._role()
        if role == "none" and noun in ("recovered", "deaths") and figure.start < self.title_end:
            return "new"
        if role in ("as_of", "now", "none"):
            one = figure.value == 1 and (figure.unit == "person" or self.scope.text[figure.start] == "一")
            return "new" if one and role == "none" else "cumulative"
        return "new"

    def _role(self) -> str:
        if self.last_date is None:
            return "none"
        date = self.scope.dates[self.last_date]
        if date.vague:
            return "now"
        return date.role

    def _later_outcome(self, start: int, stop: int) -> str | None:
        text = self.scope.text
        for match in _LATER_OUTCOME.finditer(text, start, stop):
            comma = max(text.rfind("，", start, match.start()), text.rfind(",", start, match.start()))
            if not _NEGATED_OUTCOME.search(text, max(start, match.start() - 4, comma), min(stop, match.end() + 3)):
                return "deaths" if match.group()[0] in "死去病离不" else "recovered"
        return None

    def _outer_region(
        self, frame: _Frame, subject: Region | None, sentence: Sentence, clause: tuple[int, int], left: int, figure: Quantity
    ) -> Region:
        if frame.region is not None:
            return frame.region._replace(basis="inherited") if frame.region.basis == "named" else frame.region
        if subject is not None:
            return subject._replace(basis="inherited") if subject.basis == "named" else subject
        if not frame.listing:
            for place in self.scope.places_in(sentence.start, self.first_figure):
                if not self.scope.is_origin(place) and not self.scope.is_destination(place):
                    return region_of(place)
        return self._inherited(None)

    def _inherited(self, subject: Region | None) -> Region:
        """The subject carried on: from the sentence, else from the paragraph where it is near home, else home."""
        region = subject or self.paragraph_region
        if region is None:
            return self.scope.home_region
        home = self.scope.home_region
        near = region.code is None or home.code is None or region.code == home.code
        if subject is None and not (near or _is_inside(region, home) or _is_inside(home, region)):
            return home  # 患者长期居住武汉: a place of the story, not the subject of what follows
        return region._replace(basis="inherited") if region.basis == "named" else region

    def _measure(
        self, chosen: Sequence[str], text: str, left: int, figure: Quantity, right: int, frame: _Frame, inherited: bool
    ) -> str:
        after = text[figure.end : right].strip(" 的”“\n")
        before = _strip_measure(self._without_dates(left, figure.start))
        if after and _HAN2.search(after) and not before:
            return after[:40]
        joined = (before + after)[:40]
        if joined and (_HAN2.search(joined)):
            return joined
        return _NOUN_LABEL.get(chosen[0], "病例") if chosen else "病例"

    def _without_dates(self, start: int, end: int) -> str:
        text = self.scope.text
        for date in self.scope.dates[bisect_left(self.scope.date_starts, start) : bisect_left(self.scope.date_starts, end)]:
            start = max(start, min(date.end, end))
        for place in self.scope.places_in(start, end):
            if place.end <= end:
                start = max(start, place.end)
        return text[start:end]

    def _list_whole(
        self, figures: Sequence[Quantity], number: int, region: Region, cues: Sequence[tuple[int, int, str]], cue_index: int
    ) -> Draft | None:
        """The figure that a list of places breaks down (…50例，死亡1例。东城区2例、西城区7例): the one the list adds up to,
        else the latest one of a region around these places that is large enough."""
        total = figures[number].value
        for index in range(number, min(number + 60, len(figures) - 1)):
            before, after = figures[index], figures[index + 1]
            if after.start - before.end > 14 or after.unit != before.unit:
                break
            cue_index = bisect_left(cues, (before.end,), cue_index)
            look = cue_index
            while look < len(cues) and cues[look][0] < after.start:
                code = cues[look][2]
                if code[:2] in ("n:", "m:") or code in (_OPEN, _CLOSE):
                    break
                look += 1
            if look < len(cues) and cues[look][0] < after.start:
                break
            total += after.value
        large: Draft | None = None
        for draft in reversed(self.drafts[-14:]):
            if draft.part_of is not None or not draft.group or not draft.kind or draft.indicator == "other":
                continue
            if draft.quantity.value == 0 or not _is_inside(region, draft.region):
                continue
            if draft.quantity.value == total:
                return draft
            if large is None and draft.quantity.value > total:
                large = draft
        return large

    def _same_people(self, figure: Quantity) -> Draft | None:
        for draft in reversed(self.drafts[-20:]):
            if draft.quantity.value == figure.value and draft.group in ("recovered", "deaths", "confirmed") and draft.kind:
                return draft
        return None

    def _latest_whole(self, noun: str, figure: Quantity) -> Draft | None:
        """确诊病例中，昆明市48例: the latest whole of that noun that is large enough to hold the part."""
        group = "confirmed" if noun == "case" else noun
        for draft in reversed(self.drafts[-80:]):
            if draft.group == group and draft.part_of is None and draft.quantity.value >= figure.value and draft.kind:
                return draft
        return None

    def _whole_of(self, part: Draft, whole: Draft | None) -> Draft | None:
        """The whole of a part: the latest figure of the same indicator for a region that contains it, else the frame's."""
        if part.region.code is not None:
            smaller: Draft | None = None
            for other in reversed(self.latest.get(part.indicator, [])[-60:]):
                if other.group != part.group or not _is_inside(part.region, other.region) or _is_zone(other.region):
                    continue
                if other.quantity.value >= part.quantity.value:
                    return other
                smaller = smaller or other
            if smaller is not None and (whole is None or whole is smaller):
                return smaller  # the text contradicts itself: kept as stated, and flagged by validation
        if whole is None or whole.quantity is part.quantity:
            return None
        if whole.quantity.value < part.quantity.value:  # 除死亡3例外，其中88例: look further back for what holds it
            for other in reversed(self.drafts[-6:]):
                if other.quantity.unit == part.quantity.unit and other.quantity.value >= part.quantity.value and other.group:
                    return other
        return whole

    def _second_statements(
        self, made: list[Draft], figure: Quantity, nouns: list[str], post_nouns: list[str], right: int,
        clause: tuple[int, int], dates: tuple[int, int, int],
    ) -> None:  # fmt: skip
        """One figure, two statements: 38例确诊病例全部治愈出院; 52人，均在接受医学观察; 1例（已治愈）; 1例（昆明）."""
        text, first = self.scope.text, made[0]
        if figure.rule.startswith("zero"):
            listed = _ZERO_LIST.match(text, figure.end)
            if listed:
                groups = [_CODE[word][2:] for word in _ZERO_NOUN.findall(listed.group())]
                for draft in made:
                    draft.group = groups[0]
                    draft.indicator = _INDICATOR.get((groups[0], draft.kind), "other")
                for group in groups[1:]:
                    kind = first.kind
                    if first.kind == "current" and group in ("deaths", "recovered"):
                        kind = "cumulative"
                    for draft in list(made):
                        also_zero = Draft(figure, _INDICATOR.get((group, kind), "other"), _NOUN_LABEL.get(group, "病例"), draft.region, draft.rule)
                        also_zero.group, also_zero.kind = group, kind
                        self._give_date(also_zero, figure, clause, *dates)
                        self._add(also_zero, clause)
                return

        def also(group: str, kind: str, region: Region) -> None:
            draft = Draft(figure, _INDICATOR[group, kind], _NOUN_LABEL.get(group, first.measure), region, "second_statement")
            draft.group, draft.kind = group, kind
            self._give_date(draft, figure, clause, *dates)
            self._add(draft, clause)

        if first.group == "contacts" and first.indicator != "other" and _ALL_OBSERVED.match(text, figure.end):
            also("observed", "current", first.region)
        if first.group == "recovered" and "confirmed" in nouns + post_nouns and _ALL_RECOVERED.match(text, figure.end):
            also("confirmed", "cumulative", first.region)
        elif first.group == "confirmed" and _ALL_RECOVERED.match(text, figure.end):
            also("recovered", "cumulative", first.region)
        paren = _PAREN.match(text, figure.end)
        if paren and first.indicator != "other":
            inside = paren.group(1)
            places = self.scope.places_in(paren.start(1), paren.end(1))
            if len(places) == 1 and len(inside) - (places[0].end - places[0].start) <= 1 and places[0].kind == "named":
                if first.region.code is None or places[0].code != first.region.code:
                    draft = Draft(figure, first.indicator, first.measure, region_of(places[0]), "second_statement")
                    draft.group, draft.kind = first.group, first.kind
                    self._give_date(draft, figure, clause, *dates)
                    draft.part_of = first
                    self._add(draft, clause)
            elif first.group == "confirmed" and re.search("治愈|出院|痊愈|康复", inside) and not re.search("\\d|[一二三四五六七八九两]", inside):
                also("recovered", "cumulative", first.region)
            elif first.group == "confirmed" and "死亡" in inside and not re.search("\\d|[一二三四五六七八九两]", inside):
                also("deaths", "cumulative", first.region)

    # -- figures outside the case counts

    def _bind_general(
        self, sentence: Sentence, clause: tuple[int, int], figure: Quantity, left: int, next_start: int,
        subject: Region | None, frame: _Frame,
    ) -> Draft:  # fmt: skip
        scope, text = self.scope, self.scope.text
        before = text[max(clause[0], left, figure.start - 24) : figure.start]
        after_end = max(min(clause[1], figure.end + 30), figure.end)
        if next_start < after_end and text[next_start - 1] not in "和与及、":
            after_end = next_start
        after = text[figure.end : after_end]
        indicator = self._indicator(figure, f"{before}▮{after}", clause, sentence)
        if indicator == "other" and clause[0] < left <= figure.start and "、" in text[left : left + 6]:
            # 劝返2284辆车、3838人: the verb before the list is understood
            longer = text[max(clause[0], figure.start - 24) : figure.start]
            indicator = self._indicator(figure, f"{longer}▮{after}", clause, sentence)
        after = after[: max(next_start - figure.end, 0)]
        measure = _general_measure(before, after)
        region = self._general_region(sentence, clause, figure, left, frame, subject)
        return Draft(figure, indicator, measure, region, indicator if indicator != "other" else "figure")

    def _indicator(self, figure: Quantity, window: str, clause: tuple[int, int], sentence: Sentence) -> str:
        wide_text: str | None = None
        for name, near, wide, unless, unless_counter in _RULES.get(figure.unit, ()):
            if near.search(window) is None:
                continue
            if unless is not None and unless.search(window):
                continue
            if unless_counter is not None and unless_counter.search(figure.counter):
                continue
            if wide is not None:
                if wide_text is None:
                    wide_text = self.scope.text[
                        max(sentence.start, clause[0] - 160) : min(sentence.end, clause[1] + 160)
                    ]
                if wide.search(wide_text) is None:
                    continue
            return name
        return "other"

    def _general_region(
        self, sentence: Sentence, clause: tuple[int, int], figure: Quantity, left: int, frame: _Frame, subject: Region | None
    ) -> Region:
        scope = self.scope
        if figure.unit == "bed":  # capacity belongs to the place where it is, also where it is a gift
            near = scope.places_in(clause[0], figure.start) or scope.places_in(sentence.start, figure.start)
            if near:
                return region_of(near[-1])
        places = self._givers(max(left, clause[0]), figure.start)
        if not places:
            places = [
                place
                for place in self._givers(figure.end, clause[1])[:1]
                if place.start - figure.end <= 1 or _START_BEFORE.search(scope.text[place.start - 1 : place.start])
            ]
        if not places:
            places = self._givers(left, figure.start)
        whole = frame.whole if frame.listing else None
        if whole is not None and whole.region.code and places:
            code = places[-1].code
            if code is None or not gazetteer().contains(whole.region.code, code):
                return whole.region  # 其中武汉21245人: where they came from, not whose figure it is
        elif whole is not None and not places:
            return whole.region
        if not places and subject is None:
            places = self._givers(figure.end, clause[1])[:1]
        if places:
            return self._joint(places)
        if subject is None and self.first_figure > sentence.start:
            places = self._givers(sentence.start, self.first_figure)
            if places:
                return self._joint(places)
        organ = scope.organ(clause[0], figure.start)
        if organ is not None and organ[1].code != "100000":
            return organ[1]
        return self._inherited(subject)

    def _givers(self, start: int, end: int) -> list[Place]:
        scope = self.scope
        return [
            place
            for place in scope.places_in(start, end)
            if not scope.is_destination(place) and not scope.is_origin(place, people=False) and not scope.is_company(place)
        ]

    def _joint(self, places: Sequence[Place]) -> Region:
        """The place nearest to the figure; of a list (济南、青岛、淄博等7市) the region that holds them all."""
        run = self._listed(places)
        text = self.scope.text
        if len(run) == 1:
            last = len(places) - 1
            while last and text[places[last - 1].end : places[last].start] == "":
                last -= 1  # 郑州市商丘商会 is in 郑州
            return region_of(places[last])
        return self.scope.joint(run)

    # -- dates of figures

    def _give_date(
        self, draft: Draft, figure: Quantity, clause: tuple[int, int], first: int, last: int, upto: int
    ) -> None:
        scope = self.scope
        index = self.last_date
        # 88例已于2月29日全部治愈出院: a date that follows in the same clause and is tied to it
        for number in range(upto, last):
            date = scope.dates[number]
            if date.start < figure.end:
                continue
            if date.start >= clause[1]:
                break
            if scope.text[date.start - 1] in "于在" and not date.header:
                index = number
                break
        if index is None:
            for number in range(upto, last):
                if self._governs(scope.dates[number]):
                    index = number
                    break
        self._apply_date(draft, index, clause)

    def _apply_date(self, draft: Draft, index: int | None, clause: tuple[int, int]) -> None:
        scope = self.scope
        indicator = draft.indicator
        kind = _kind_of_name(indicator) or draft.kind
        draft.date = index
        if index is None:
            anchor = scope.anchor
            draft.basis = "publication"
            draft.date_end = anchor  # type: ignore[assignment]
            draft.date_start = anchor if kind == "current" else None  # type: ignore[assignment]
            draft.time_end = None
            return
        date = scope.dates[index]
        start, end = date.date_start, date.date_end
        if date.precision == "year" and date.basis == "relative" and end > scope.anchor >= start:  # type: ignore[operator]
            end = scope.anchor  # type: ignore[assignment]
        draft.basis = date.basis
        draft.time_end = date.time_end or (date.time_start if date.role in ("as_of", "range") else None)
        draft.date_end = end  # type: ignore[assignment]
        if kind == "current":
            draft.date_start = end  # type: ignore[assignment]
        elif kind == "cumulative":
            since = date.role == "since" or (date.precision == "year" and date.basis == "relative")
            draft.date_start = start if since else None  # type: ignore[assignment]
        elif kind == "new":
            draft.date_start = None if date.role == "as_of" else start  # type: ignore[assignment]
        elif date.role == "as_of" or date.vague:
            counted = _TOTALLY.search(scope.text, clause[0], draft.quantity.start)
            draft.date_start = None if counted else end  # type: ignore[assignment]
        else:
            draft.date_start = start  # type: ignore[assignment]

    def _date_title(self) -> None:
        """Figures of the title take indicator and date from the same figure in the body, else the body's first date."""
        body = [draft for draft in self.drafts if draft.quantity.start >= self.title_end and draft.group]
        first_date = next(
            (
                number
                for number, date in enumerate(self.scope.dates)
                if date.start >= self.title_end and self._governs(date) and not date.vague
            ),
            None,
        )
        for draft in self.drafts:
            if draft.quantity.start >= self.title_end:
                break
            if not draft.group:
                if draft.date is None and self.scope.short and first_date is not None:
                    self._apply_date(draft, first_date, draft.clause)
                continue
            same = [
                other
                for other in body
                if other.quantity.value == draft.quantity.value and other.group == draft.group
            ]
            exact = [other for other in same if other.indicator == draft.indicator]
            twin = exact[0] if exact else same[0] if same else None
            stated = draft.date is not None and not self.scope.dates[draft.date].vague and self.scope.dates[draft.date].basis != "relative"
            if twin is not None and not stated:
                if not exact and "新增" not in draft.measure and "累计" not in draft.measure:
                    draft.indicator, draft.kind = twin.indicator, twin.kind
                self._apply_date(draft, twin.date, draft.clause)
            elif draft.date is None and first_date is not None:
                self._apply_date(draft, first_date, draft.clause)


_POST_BREAK = re.compile("[，,、；;。：:（()）\n#【】]")
_FROM = re.compile("(?:来自|除|离开|途经|返回|籍)$")
_NOUN_LABEL = {
    "confirmed": "确诊病例", "case": "病例", "suspected": "疑似病例", "severe": "重症病例", "critical": "危重病例",
    "deaths": "死亡病例", "recovered": "治愈出院病例", "contacts": "密切接触者", "observed": "正在接受医学观察的密切接触者",
    "released": "解除医学观察的密切接触者", "treated": "在院治疗病例", "asymptomatic": "无症状感染者", "mild": "轻症病例",
    "staff_infected": "医务人员感染", "changed": "转归病例",
}  # fmt: skip
_MEASURE_EDGE = re.compile("^[\\s，,、：:（(“的和及与其中共有为]+|[\\s，,、：:（(“为有达到共]+$")
_MEASURE_HEAD = re.compile("^(?:其中|目前|截至|我市|全市|全省|我省|全区|已|共|在|将|并|还|对|把|从|现场|先后|累计|组织|提出|制定|出台|印发)+")


def _strip_measure(words: str) -> str:
    return _MEASURE_EDGE.sub("", words)


def _general_measure(before: str, after: str) -> str:
    """The counted noun: what follows the figure up to the next stop, else what stands before it."""
    noun = re.split("[，,、；;。：:（()）”“《》]", after, maxsplit=1)[0].strip(" 的")
    if _HAN2.search(noun):
        return noun[:40]
    words = re.split("[，,；;。：:（()）”“《》]", before)[-1]
    return _MEASURE_HEAD.sub("", _strip_measure(words))[:40] or _strip_measure(words)[:40]


def _kind_of_name(indicator: str) -> str:
    for kind in ("new", "cumulative", "current"):
        if indicator.endswith("_" + kind):
            return kind
    if indicator.endswith("_rate") or indicator == "days_without_new_cases":
        return "current"
    return ""
