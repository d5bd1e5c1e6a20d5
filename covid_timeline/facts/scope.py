"""What stands where in one text: the lookups by position that binding and events share."""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from covid_timeline.mentions.places import gazetteer
from covid_timeline.model import DateMention, Place
from covid_timeline.text.clauses import Sentence

__all__ = ["Region", "Scope", "clause_of", "is_inside", "is_zone", "region_of"]


class Region(NamedTuple):
    """Where a fact belongs. `code` is None abroad or where nothing says."""

    code: str | None
    name: str | None
    level: str | None
    basis: str  # named, home, inherited

    def carried(self) -> Region:
        """The same region, taken over from earlier text."""
        return self._replace(basis="inherited") if self.basis == "named" else self


CHINA = Region("100000", "中国", "country", "named")
_MUNICIPALITIES = ("11", "12", "31", "50")
_FAR = 1 << 60


def region_of(place: Place) -> Region:
    """The region that a place names."""
    basis = "home" if place.kind == "home" else "named"
    return Region(place.code, place.name, None if place.level == "abroad" else place.level, basis)


def is_inside(inner: Region, outer: Region) -> bool:
    """Whether one coded region lies inside another one (not: is the same)."""
    return bool(
        inner.code and outer.code and inner.code != outer.code and gazetteer().contains(outer.code, inner.code)
    )


def is_zone(region: Region) -> bool:
    """A part of a coded unit that has no code of its own (高新区): it carries the unit's code but holds nothing else."""
    unit = gazetteer().get(region.code) if region.code else None
    return unit is not None and region.name != unit.name


def clause_of(sentence: Sentence, position: int) -> tuple[int, int]:
    """The clause that holds the position, else the next one."""
    clauses = sentence.clauses
    index = bisect_right(clauses, (position, _FAR))
    if index and position < clauses[index - 1][1]:
        return clauses[index - 1]
    return clauses[min(index, len(clauses) - 1)]


# 来自武汉, 原籍湖北: where somebody came from. With 自/从/由 goods may leave a place too: that place gives them.
_ORIGIN_BEFORE = re.compile("(?:来自|原籍|籍贯|除|离开|途经|经|曾到|曾在|返回|接到|[，、与和同]与)$")
_START_BEFORE = re.compile("(?:自|从|由)$")
_ORIGIN_AFTER = re.compile(
    "市?省?(?:返|籍|来|回|输入|归|旅居|居住史|旅行史|旅游史|接触史|某|务工|出差|就读|打工|工作(?![组会部])|以外|之外|疫区|等地(?:接|返|招|引)|(?:确诊)?病例有?接触|人员有?接触|有接触|接壤|相邻|毗邻|交界)"
)
# The signs that the patterns above end and begin with: most places stand beside none of them.
_ORIGIN_LAST = frozenset("自籍贯除开经到在回与以从由")
_ORIGIN_FIRST = frozenset("市省返籍来回输归旅居接以之疫等确病人有相毗交某务出就打工")
_DESTINATION = re.compile(
    "(?:赴|驰援|支援|奔赴|援助|飞赴|前往|援|运抵|驶往|送往|送到|到达|支持|抵达|发往|运往|飞往|向|给|进驻|对口支援|对口|寄往|抵|开往"
    "|捐赠|捐|支援的|馈赠|返回|返|来自|接到|安排在|分配到|派往|派驻|分赴|正在|对)(?:[^，。；]{0,14}(?:、|和|与|及|以及))?$"
)
_FETCHED = re.compile("[^，,。；]{0,14}?(?:接回|返岗|返回|招聘|引进|招引)")
_COMPANY = re.compile("[^，。；、：的市省区县]{2,10}?(?:集团|公司|银行|药业|实业)")
_ORGANS = re.compile(
    "(?P<country>党中央|国务院|中央|习近平|总书记|国家卫健委|国家卫生健康委|全国人大|交通运输部|财政部|公安部|工信部|商务部|教育部|民政部)"
    "|(?P<province>省委|省政府|省长|省领导|省卫健委|省卫生健康委|省直|省级|省疾控|自治区党委|自治区政府|省人民政府|省指挥部|省里|省上"
    "|省[\u4e00-\u9fff]{2,6}?[厅局])"
    "|(?P<prefecture>市委|市政府|市长|市领导|市卫健委|市卫生健康委|市直|市级|市疾控|市人民政府|市指挥部|市里|州委|州政府|盟委"
    "|[市州][\u4e00-\u9fff]{2,6}?局)"
    "|(?P<county>区委|县委|区政府|县政府|区长|县长|区领导|县领导|县里|区里|旗委)"
)
_AT_CLAUSE_HEAD = "日时午晚晨起天由后前"


class Scope:
    """One normalised text with its sentences, dates and places, and the home region of its article."""

    def __init__(
        self,
        text: str,
        sentences: Sequence[Sentence],
        dates: Sequence[DateMention],
        places: Sequence[Place],
        home: str | None,
        anchor: dt.date,
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
        self._organs: list[tuple[int, str]] | None = None
        self.short = len(text) < 1500  # a bulletin: what its first lines say holds to the end
        region = gazetteer().get(home) if home else None
        self.home_region = (
            Region(region.region_code, region.name, region.level, "home") if region else Region(None, None, None, "home")
        )

    # -- by position

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
        return clause_of(self.sentences[self.sentence_at(position)], position)

    def without(self, start: int, end: int, places: Sequence[Place]) -> str:
        """The stretch without these places and without the dates in it."""
        text = self.text
        spans = [(place.start, place.end) for place in places if start <= place.start < end]
        spans += [(date.start, date.end) for date in self.dates_in(start, end)]
        if not spans:
            return text[start:end]
        parts, position = [], start
        for first, last in sorted(spans):
            if first >= position:
                parts.append(text[position:first])
                position = last
        if position < end:
            parts.append(text[position:end])
        return "".join(parts)

    # -- what a place does in the sentence

    def is_origin(self, place: Place, *, people: bool = True) -> bool:
        """来自武汉, 武汉返济人员, 武汉输入: where somebody came from, not where the fact is.

        With `people`, 从武汉 is an origin too; goods that leave 从民权 are a deed of 民权.
        """
        text = self.text
        before = text[max(0, place.start - 3) : place.start]
        if before[-1:] not in _ORIGIN_LAST and text[place.end : place.end + 1] not in _ORIGIN_FIRST:
            return False
        return bool(
            _ORIGIN_BEFORE.search(before)
            or (people and _START_BEFORE.search(before))
            or _ORIGIN_AFTER.match(text, place.end, place.end + 8)
            or (_START_BEFORE.search(before) and _FETCHED.match(text, place.end))  # 从阜阳、六安等地接回员工
            or (before.endswith("以") and text.startswith("为", place.end))  # 以舒兰为源头
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

    def is_town(self, place: Place) -> bool:
        """九江镇 in an article of 佛山: the short name of a city heads the name of a town."""
        text = self.text
        return text.startswith(("镇", "乡", "街道", "村", "路"), place.end) and text[place.end - 1] not in "市省县区州盟旗"

    def givers(self, start: int, end: int) -> list[Place]:
        """Places in the stretch that can own a deed: no origin of people, no destination, no name of a firm."""
        return [
            place
            for place in self.places_in(start, end)
            if not self.is_destination(place)
            and not self.is_origin(place, people=False)
            and not self.is_company(place)
        ]

    def listed(self, places: Sequence[Place]) -> list[Place]:
        """The run of places joined by 、和及 that ends the sequence."""
        run = [places[-1]]
        for place in reversed(places[:-1]):
            between = self.text[place.end : run[0].start]
            if 0 < len(between) <= 2 and set(between) <= set("、和及与 ，市"):
                run.insert(0, place)
            else:
                break
        return run

    # -- regions

    def organ(self, start: int, end: int) -> tuple[int, Region] | None:
        """Where the first organ acts in the stretch, and its region: 省委 -> the home province."""
        if self._organs is None:
            self._organs = self._find_organs()
        index = bisect_left(self._organs, (start, ""))
        if index == len(self._organs) or self._organs[index][0] >= end:
            return None
        position, level = self._organs[index]
        region = CHINA if level == "country" else self.home_at(level)
        return None if region is None else (position, region)

    def _find_organs(self) -> list[tuple[int, str]]:
        organs = []
        for match in _ORGANS.finditer(self.text):
            before = self.text[match.start() - 1 : match.start()]
            # 根据中央要求, 传达省委精神: whose word it is, not who acts
            if not "\u4e00" <= before <= "\u9fff" or before in _AT_CLAUSE_HEAD:
                organs.append((match.start(), match.lastgroup or ""))
        return organs

    def home_at(self, level: str) -> Region | None:
        """The home region, or what contains it, at a level; None where the home has none."""
        if not self.home:
            return None
        if level == "prefecture" and self.home_region.level == "county" and (self.home_region.name or "").endswith("市"):
            return self.home_region  # 市里 of a county-level city is its own
        book = gazetteer()
        for code in (self.home, *book.ancestors(self.home)):
            region = book.get(code)
            if region is not None and region.level == level:
                return Region(code, region.name, region.level, "home")
        if level == "prefecture" and self.home_region.level == "province" and self.home[:2] in _MUNICIPALITIES:
            return self.home_region
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
