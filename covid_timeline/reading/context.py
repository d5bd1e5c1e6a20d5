"""What stands where in one text: the tree, the cues, the dates, places and quantities, and the article's own region.

A `Context` is built once for each article and never changed; every resolver asks it by position.
"""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final, NamedTuple

from covid_timeline.lexicon.lexer import Cue, lex
from covid_timeline.lexicon.rules import load_rules
from covid_timeline.mentions.places import gazetteer
from covid_timeline.model import Article, DateMention, Place, Quantity
from covid_timeline.text.tree import Tree

__all__ = ["CHINA", "Context", "Region", "is_inside", "is_zone", "region_of", "role_of"]


class Region(NamedTuple):
    """Where a statement belongs. `code` is None abroad or where nothing says."""

    code: str | None
    name: str | None
    level: str | None
    basis: str  # named, home, inherited, assumed
    start: int = -1  # where the place is written; -1 where nothing in the text says it
    end: int = -1

    def carried(self) -> Region:
        """The same region, taken over from earlier text."""
        if self.basis != "named":
            return self
        return Region(self.code, self.name, self.level, "inherited", self.start, self.end)


CHINA: Final = Region("100000", "中国", "country", "named")
_ABROAD_FROM: Final = dt.date(2020, 3, 1)  # before, cases that were brought to a place came from Hubei
_JOINS: Final = frozenset("、和及与 ，市")
_UNKNOWN_NAME: Final = 6
_DENSE: Final = 60  # characters to a count of cases: what is denser is a bulletin, whatever its length
_LONG: Final = 1500  # characters from which on a text is an article that looks back, not a bulletin of the day
_MUNICIPALITIES: Final = ("11", "12", "31", "50")


def region_of(place: Place) -> Region:
    """The region that a place names."""
    basis = "home" if place.kind == "home" else "named"
    level = None if place.level == "abroad" else place.level
    return Region(place.code, place.name, level, basis, place.start, place.end)


def is_inside(inner: Region, outer: Region) -> bool:
    """Whether one coded region lies inside another one (not: is the same)."""
    return bool(
        inner.code and outer.code and inner.code != outer.code and gazetteer().contains(outer.code, inner.code)
    )


def is_zone(region: Region) -> bool:
    """A part of a coded unit that has no code of its own (高新区): it carries the unit's code but holds nothing else."""
    unit = gazetteer().get(region.code) if region.code else None
    return unit is not None and region.name != unit.name


class _RoleRule(NamedTuple):
    name: str
    before: re.Pattern[str] | None
    after: re.Pattern[str] | None
    last: frozenset[str]  # characters that a match of `before` can end with; empty: any
    aid: bool
    people: bool


class _RoleRules(NamedTuple):
    rules: tuple[_RoleRule, ...]
    last: frozenset[str]  # what stands before a place that a rule with `before` can match
    after: re.Pattern[str]  # what stands behind a place that a rule without `before` matches


@cache
def _role_rules() -> _RoleRules:
    found = []
    for rule in load_rules("roles"):
        before, after = rule.data.get("before"), rule.data.get("after")
        last = frozenset("、和与及") if before and before.endswith(")?$") else frozenset()
        if before:
            inner = before[before.index("(?:") + 3 :]
            words = inner[: inner.index(")")].split("|")
            last |= frozenset(word.rstrip("?")[-1] for word in words if not word.endswith("]")) | frozenset("临邻靠接连了")
        found.append(
            _RoleRule(
                rule.id,
                re.compile(before) if before else None,
                re.compile(after) if after else None,
                last,
                bool(rule.data.get("aid")),
                bool(rule.data.get("people")),
            )
        )
    last = frozenset[str]().union(*(rule.last for rule in found))
    after = "|".join(f"(?:{rule.after.pattern})" for rule in found if rule.before is None and rule.after is not None)
    return _RoleRules(tuple(found), last, re.compile(after))


def role_of(text: str, place: Place) -> str:
    """The first rule of `lexicon/roles.toml` that the words at the edges of the place match; "" where none does."""
    before_one = text[place.start - 1 : place.start] if place.start else ""
    rules = _role_rules()
    if before_one not in rules.last and rules.after.match(text, place.end) is None:
        return ""  # most places
    for rule in rules.rules:
        if rule.before is not None:
            if before_one in rule.last and before_one and rule.before.search(text, max(0, place.start - _BEFORE_PLACE), place.start) and (
                rule.after is None or rule.after.match(text, place.end)
            ):
                return rule.name
        elif rule.after is not None and rule.after.match(text, place.end):
            if rule.name == "name.after" and text[place.end - 1 : place.end] in "省市县区":
                continue  # 温州市路南: the full name of a unit is that unit
            return rule.name
    return ""


_BEFORE_PLACE: Final = 24  # the longest context that a rule of roles.toml reads before a place
_COMPANY: Final = re.compile("[^，。；、：的市省区县]{2,10}?(?:集团|公司|银行|药业|实业)")


class Context:
    """One text as every resolver sees it."""

    __slots__ = (
        "_roles",
        "anchor",
        "article",
        "counts_confirmed",
        "cue_starts",
        "cues",
        "date_starts",
        "dates",
        "home",
        "home_region",
        "observes_contacts",
        "place_starts",
        "places",
        "quantities",
        "quantity_starts",
        "short",
        "status_cues",
        "text",
        "title_end",
        "tree",
    )  # fmt: skip

    def __init__(
        self, article: Article, text: str, tree: Tree, dates: Sequence[DateMention], places: Sequence[Place], quantities: Sequence[Quantity]
    ) -> None:
        self.article = article
        self.text = text
        self.tree = tree
        self.dates = dates
        if (article.region_code or "").startswith("71"):  # 全国, 国内 of a paper of Taiwan
            places = [
                place._replace(code="710000", name="台湾省", level="province") if place.kind == "home" and place.code == "100000" else place
                for place in places
            ]
        self.places = places
        self.quantities = quantities
        self.quantity_starts = [quantity.start for quantity in quantities]
        self.anchor: dt.date = article.anchor_date
        self.home = article.region_code
        self.cues = lex(text)
        self.cue_starts = [cue.start for cue in self.cues]
        self.date_starts = [date.start for date in dates]
        self.place_starts = [place.start for place in places]
        counts = sum(quantity.unit == "case" for quantity in quantities)
        self.short = len(text) < _LONG or counts * _DENSE > len(text)
        blocks = tree.blocks
        self.title_end = blocks[0].end if len(blocks) > 1 and blocks[0].kind == "title" else 0
        self.home_region = _home_region(article)
        self._roles: dict[int, str] = {}
        self.status_cues = [cue for cue in self.cues if cue.category == "status"]
        self.counts_confirmed = any(cue.category == "noun" and cue.name == "confirmed" for cue in self.cues)
        self.observes_contacts = any(
            cue.name == "contacts" or (cue.name in ("observed", "released") and "医学" in text[cue.start : cue.end]) for cue in self.cues
        )

    # -- by position

    def cues_in(self, start: int, end: int) -> Sequence[Cue]:
        """Cues that start in `[start, end)`."""
        low = bisect_left(self.cue_starts, start)
        return self.cues[low : bisect_left(self.cue_starts, end, low)]

    def places_in(self, start: int, end: int) -> Sequence[Place]:
        """Places that start in `[start, end)`."""
        low = bisect_left(self.place_starts, start)
        return self.places[low : bisect_left(self.place_starts, end, low)]

    def dates_in(self, start: int, end: int) -> Sequence[DateMention]:
        """Dates that start in `[start, end)`."""
        low = bisect_left(self.date_starts, start)
        return self.dates[low : bisect_left(self.date_starts, end, low)]

    def quantities_between(self, start: int, end: int) -> bool:
        """Whether a quantity stands in `[start, end)`."""
        low = bisect_left(self.quantity_starts, start)
        return low < len(self.quantity_starts) and self.quantity_starts[low] < end

    def place_at(self, position: int) -> Place | None:
        """The place that starts at the position."""
        number = bisect_left(self.place_starts, position)
        return self.places[number] if number < len(self.places) and self.place_starts[number] == position else None

    def origin(self, cue: Cue) -> Cue | None:
        """The cue of an origin; 输入病例 alone means from abroad only where the text, its place or its day says so."""
        if cue.name != "input":
            return cue
        return cue._replace(name="imported") if self._input_is_from_abroad() else None

    def _input_is_from_abroad(self) -> bool:
        if self.anchor >= _ABROAD_FROM or (self.home or "")[:2] in ("71", "81", "82"):
            return True
        return any(cue.category == "origin" and cue.name == "imported" for cue in self.cues)

    # -- what a place does in the sentence

    def role(self, place: Place) -> str:
        """The role rule that the place plays (`origin.before`, `destination.before` …); "" where it is a plain place."""
        found = self._roles.get(place.start)
        if found is None:
            found = self._roles[place.start] = self._find_role(place)
        return found

    def _find_role(self, place: Place) -> str:
        role = role_of(self.text, place)
        return role or ("name.company" if self._is_company(place) else "")

    def _is_company(self, place: Place) -> bool:
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

    def is_origin(self, place: Place) -> bool:
        """来自武汉, 武汉返济人员, 除湖北外: where somebody came from, or what is left out; not where the fact is."""
        return self.role(place).startswith(("origin", "except", "neighbour", "name"))

    def is_destination(self, place: Place) -> bool:
        """驰援武汉, 向睢阳区捐赠: where help goes; it belongs to the region that gives it."""
        return self.role(place).startswith(("destination", "receiver"))

    def is_town(self, place: Place) -> bool:
        """九江镇 in an article of 佛山: the short name of a city heads the name of a town."""
        text = self.text
        return text.startswith(("镇", "乡", "街道", "村", "路"), place.end) and text[place.end - 1] not in "市省县区州盟旗"

    def subjects_in(self, start: int, end: int) -> list[Place]:
        """Places in the stretch that can own a fact: without a role."""
        return [place for place in self.places_in(start, end) if place.end <= end and not self.role(place)]

    def listed(self, places: Sequence[Place], *, gaps: bool = False) -> list[Place]:
        """The run of places joined by 、和及 that ends the sequence.

        With `gaps`, a name that the gazetteer does not know may stand between two of them (汨罗市、南湖新区).
        """
        run = [places[-1]]
        for place in reversed(places[:-1]):
            between = self.text[place.end : run[0].start]
            joined = 0 < len(between) <= 2 and set(between) <= _JOINS
            if joined or (gaps and 0 < len(between) <= _UNKNOWN_NAME and between[0] in _JOINS):
                run.insert(0, place)
            else:
                break
        return run

    # -- regions

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
                        return Region(code, region.name, region.level, "named", run[0].start, run[-1].end)
        return region_of(run[0])


def _home_region(article: Article) -> Region:
    region = gazetteer().get(article.region_code) if article.region_code else None
    if region is None:
        return Region(None, None, None, "assumed")
    basis = "home" if article.region_basis in ("sidecar", "title") else "assumed"
    return Region(region.region_code, region.name, region.level, basis)


def sentences_with(context: Context) -> Iterator[tuple[int, list[Quantity]]]:
    """Number of each sentence with the quantities in it."""
    quantities = context.quantities
    index, total = 0, len(quantities)
    for number, sentence in enumerate(context.tree.sentences):
        first = index
        while index < total and quantities[index].start < sentence.end:
            index += 1
        yield number, list(quantities[first:index])
