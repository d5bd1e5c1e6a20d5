"""The gazetteer, and the finder of places in running text.

Two jobs, one vocabulary (``words/regions.csv`` and ``words/place_names.csv``):

* :func:`gazetteer` answers what a code or a name stands for, on a date: GB/T 2260 as it stood in early 2020.
* :func:`find_places` scans normalised (Simplified) text and returns every place that it names, with its code.

**Levels.** The contract knows ``country``, ``province``, ``prefecture`` and ``county``. The county-level units that
stand directly under a province (仙桃市 429004, 济源市 419001, 五指山市 469001, 石河子市 659001 ...) are ``prefecture``
here: they report like one, and tables of cities list them beside the prefectures. The districts and counties of the
four municipalities are ``county`` with the municipality as parent; the filler codes 110100, 500200 ... are left out.

**Codes of our own.** Groups that bulletins count beside the places of GB/T 2260 have codes that begin with ``99``, which
the standard does not use, followed by the two digits of the province: ``99xx00`` 境外输入, ``99xx01`` 待明确地区,
``99xx02`` 外地来人, ``990000`` 境外输入 of the country, and ``996503`` 新疆生产建设兵团. The finder itself gives out only
``99xx01`` and ``996503``: 境外输入 is an indicator, and 外地来京人员 are counted in Beijing.

**Kinds.** A place inside the proper name of an organisation (阳谷县人民医院, 青岛港, 山东大学) is `institution`. The health
authorities of a place (黄冈市卫健委, 天津市疾控中心) speak for the whole of it, so there the place is `named`.

**Places without a code** (a new area, a development zone, a division of the corps) take the code of the smallest coded
unit that contains them and keep their own name, so that ``place.name != gazetteer().get(place.code).name`` tells a
part from the whole.
"""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from covid_timeline.lexicon.lexer import opening
from covid_timeline.model import Place

__all__ = ["REFERENCE_DATE", "Gazetteer", "Region", "find_places", "gazetteer", "region_table"]

REFERENCE_DATE: Final = dt.date(2020, 3, 31)
"""The day for which a question without a date is answered."""

WORDS: Final = Path(__file__).parent / "words"
COUNTRY: Final = "100000"
CORPS: Final = "996503"
AUTONOMOUS: Final = frozenset({"150000", "450000", "540000", "640000", "650000"})
MUNICIPALITIES: Final = frozenset({"110000", "120000", "310000", "500000"})
_RANK: Final = {"country": 0, "province": 1, "prefecture": 2, "county": 3}


class Region(NamedTuple):
    """One row of the contract's `regions` table. A period is inclusive at both ends; None is open."""

    region_code: str
    name: str
    short_name: str
    name_en: str
    level: str
    parent_code: str | None
    valid_from: dt.date | None
    valid_to: dt.date | None
    successor_code: str | None

    def valid_on(self, day: dt.date) -> bool:
        """Whether the row holds on that calendar day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )


@lru_cache(maxsize=1)
def region_table() -> list[Region]:
    """Every row of ``words/regions.csv``, sorted by code and then by the start of validity."""
    with open(WORDS / "regions.csv", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        day = dt.date.fromisoformat
        return [
            Region(c, n, s, e, lv, p or None, day(f) if f else None, day(t) if t else None, succ or None)
            for c, n, s, e, lv, p, f, t, succ in rows
        ]


class NameRule(NamedTuple):
    """One row of ``words/place_names.csv``; see the kinds in docs/regions.md."""

    kind: str
    name: str
    region_code: str
    not_after: str  # characters that must not stand before the name
    not_before: str  # characters that must not follow it
    after: str  # abbreviations: the verbs that must stand before it (援 + 鄂)
    examples: str  # texts in which the rule must match, separated by |
    counter_examples: str


@lru_cache(maxsize=1)
def name_rules() -> list[NameRule]:
    """Every row of ``words/place_names.csv``."""
    with open(WORDS / "place_names.csv", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        return [NameRule(*row) for row in rows]


class Gazetteer:
    """Codes and names of places, and which contains which. Get it from :func:`gazetteer`."""

    def __init__(self, rows: Sequence[Region]) -> None:
        self._rows = tuple(rows)
        self._by_code: dict[str, Region] = {}
        self._history: dict[str, list[Region]] = {}
        for row in rows:
            known = self._by_code.get(row.region_code)
            if known is None:
                self._by_code[row.region_code] = row
            else:
                self._history.setdefault(row.region_code, [known]).append(row)
                if row.valid_on(REFERENCE_DATE):
                    self._by_code[row.region_code] = row
        self._ancestors: dict[str, tuple[str, ...]] = {}
        parents = {code: row.parent_code for code, row in self._by_code.items()}
        for code in self._by_code:
            chain = []
            parent = parents[code]
            while parent is not None:
                chain.append(parent)
                parent = parents[parent]
            self._ancestors[code] = tuple(chain)
        self._names: dict[str, list[Region]] | None = None

    def __iter__(self) -> Iterator[Region]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def get(self, code: str, on: dt.date | None = None) -> Region | None:
        """The row of a code: the one valid `on` that day, or without a day the one of early 2020 (else the latest).

        >>> gazetteer().get("371500").name
        '聊城市'
        >>> gazetteer().get("371200", on=dt.date(2020, 3, 31)) is None
        True
        """
        if on is None:
            return self._by_code.get(code)
        row = self._by_code.get(code)
        for candidate in self._history.get(code, (row,) if row else ()):
            if candidate.valid_on(on):
                return candidate
        return None

    def ancestors(self, code: str) -> tuple[str, ...]:
        """The codes above, nearest first. Raises KeyError for a code that is not in the table.

        >>> gazetteer().ancestors("371521")
        ('371500', '370000', '100000')
        """
        return self._ancestors[code]

    def contains(self, outer: str, inner: str) -> bool:
        """Whether `inner` is `outer` or lies inside it; False where a code is unknown."""
        return outer == inner or outer in self._ancestors.get(inner, ())

    def province_of(self, code: str) -> str | None:
        """The code of the province that a place is in (itself for a province); None for the country or unknown."""
        row = self._by_code.get(code)
        if row is None or row.level == "country":
            return None
        if row.level == "province":
            return code
        return self._ancestors[code][-2]

    def successor(self, code: str) -> str:
        """The code that stands for a place in early 2020: the code itself, or what an abolished one became."""
        for _ in range(5):
            row = self._by_code[code]
            if row.valid_on(REFERENCE_DATE) or row.successor_code is None:
                return code
            if row.valid_from is not None and row.valid_from > REFERENCE_DATE:
                return code
            code = row.successor_code
        return code

    def full_name(self, code: str) -> str:
        """The name with those above it: 山东省聊城市阳谷县."""
        chain = [c for c in reversed((code, *self._ancestors[code])) if c != COUNTRY] or [code]
        return "".join(self._by_code[c].name for c in chain)

    def _index(self) -> dict[str, list[Region]]:
        if self._names is None:
            names: dict[str, list[Region]] = {}
            for row in self._rows:
                aliases = {row.name, row.short_name, row.name_en.casefold(), *_suffixed(row)}
                for alias in aliases:
                    names.setdefault(alias, []).append(row)
            for rule in name_rules():
                if rule.kind == "name":
                    names.setdefault(rule.name, []).append(self._by_code[rule.region_code])
            self._names = names
        return self._names

    def resolve(self, name: str, on: dt.date | None = None, home: str | None = None) -> str:
        """The code of a place that a person names: code, full or short name, English name, or a run of names.

        `on` is the day asked about (default: early 2020); `home` settles names that several places share. A name that
        a larger and a smaller place share means the larger one (吉林 is the province, 恩施 the prefecture).

        Raises ValueError when the name is unknown, not in force on that day, or shared by places of one level.

        >>> gazetteer().resolve("聊城"), gazetteer().resolve("Liaocheng"), gazetteer().resolve("湖北黄冈")
        ('371500', '371500', '421100')
        >>> gazetteer().resolve("朝阳区", home="110000")
        '110105'
        >>> gazetteer().resolve("朝阳区")
        Traceback (most recent call last):
        ...
        ValueError: place 【朝阳区】 is ambiguous: 110105 北京市朝阳区, 220104 吉林省长春市朝阳区
        """
        day = on or REFERENCE_DATE
        asked = name.strip()
        if asked in self._by_code:
            if self.get(asked, day) is None:
                raise ValueError(self._not_in_force(asked, self._by_code[asked], day))
            return asked
        rows = self._index().get(asked) or self._index().get(asked.casefold(), [])
        current = [row for row in rows if row.valid_on(day)]
        if rows and not current:
            raise ValueError(self._not_in_force(asked, rows[0], day))
        codes = sorted({row.region_code for row in current})
        if len(codes) > 1:
            codes = self._narrow(codes, home)
        if len(codes) == 1:
            return codes[0]
        if codes:
            options = ", ".join(f"{code} {self.full_name(code)}" for code in codes)
            raise ValueError(f"place 【{asked}】 is ambiguous: {options}")
        if len(asked) <= 40:
            found = find_places(asked, home)
            if len(found) == 1 and found[0].code and (found[0].start, found[0].end) == (0, len(asked)):
                return found[0].code
        near = difflib.get_close_matches(asked, self._index(), n=4, cutoff=0.5) if len(asked) <= 40 else []
        hint = f"; near names: {', '.join(near)}" if near else ""
        raise ValueError(f"place 【{asked[:40]}】 is not known{hint}")

    def _narrow(self, codes: list[str], home: str | None) -> list[str]:
        if home in self._by_code:
            for scope in (home, *self._ancestors[home]):
                inside = [code for code in codes if self.contains(scope, code)]
                if inside:
                    codes = inside
                    break
        top = min(_RANK[self._by_code[code].level] for code in codes)
        return [code for code in codes if _RANK[self._by_code[code].level] == top]

    def _not_in_force(self, asked: str, row: Region, day: dt.date) -> str:
        text = f"place 【{asked}】 ({row.region_code} {row.name}) was not in force on {day}"
        if row.valid_to is not None and row.valid_to < day:
            text += f": abolished after {row.valid_to}"
            if row.successor_code:
                text += f", successor {row.successor_code} {self._by_code[row.successor_code].name}"
        elif row.valid_from is not None:
            text += f": set up on {row.valid_from}"
        return text


def _suffixed(row: Region) -> list[str]:
    """Shorter ways to write a full name with its kind: 德宏州 and 德宏自治州 for 德宏傣族景颇族自治州."""
    name, short = row.name, row.short_name
    if len(short) < 2:
        return []
    if name.endswith("自治州"):
        return [short + "州", short + "自治州"]
    if name.endswith("自治县"):
        return [short + "县", short + "自治县"]
    if name.endswith("自治旗"):
        return [short + "旗"]
    if name.endswith("自治区"):
        return [short + "自治区"]
    if name.endswith("族区"):
        return [short + "区"]
    return []


@lru_cache(maxsize=1)
def gazetteer() -> Gazetteer:
    """The gazetteer of ``words/regions.csv``, read once."""
    return Gazetteer(region_table())


# -- the finder -------------------------------------------------------------------------------------------------

# What a name of the lexicon stands for.
_CODED: Final = 0  # one place, written so that nothing else can be meant: 聊城市, 聊城
_SHARED: Final = 1  # a full name that several places share: 朝阳区
_SHORT: Final = 2  # a county's name without its 县, 市, 区: needs a context
_MIXED: Final = 3  # a short name of places on several levels: 吉林, 朝阳, 恩施
_STEM: Final = 4  # a full name of two characters (和县): needs a border before it and a place of its own around it
_NOUN: Final = 5  # a full name that is a common noun as well: 城区, 解放区
_HOME: Final = 6  # 我市, 全省, 国内
_THAT: Final = 7  # 该市
_ABROAD: Final = 8
_PART: Final = 9  # a named place outside the table: 两江新区
_INSTITUTION: Final = 10  # 火神山医院
_ZONE: Final = 11  # 高新区, alone
_CORPS: Final = 12
_ABBREVIATION: Final = 13  # 援鄂
_UNDETERMINED: Final = 14  # 待明确地区
_STOP: Final = 15  # a word that only looks like a place
_LOCAL_INSTITUTION: Final = 16  # 同济医院: in that place only for the articles of its province

_HOME_WORDS: Final = {
    "city": ["我市", "全市", "本市", "市内", "市域", "市本级"],
    "province": ["我省", "全省", "本省", "省内", "省域"],
    "district": ["我区", "全区", "本区", "区内", "自治区"],
    "county": ["我县", "全县", "本县", "县内", "我旗", "全旗", "县域"],
    "prefecture": ["我州", "全州", "本州", "州内", "自治州", "我盟", "全盟", "本盟"],
    "country": ["我国", "全国", "本国", "国内"],
}
_UNDETERMINED_WORDS: Final = [
    "待明确地区",
    "地区待明确",
    "待确认地区",
    "属地待确认",
    "所属地待确认",
    "地区待确认",
    "归属地待明确",
]
_THAT_WORDS: Final = {
    "city": "该市",
    "province": "该省",
    "district": "该区",
    "county": "该县",
    "prefecture": "该州",
}
# Characters that make another word of a pronoun: 安全区, 食品安全国家标准, 基本市场, 小区内.
_HOME_NOT_AFTER: Final = {
    "全": "安健完保齐成周双十两",
    "本": "基成资根样版文",
    "我": "自",
    "市": "城超都夜股楼菜",
    "省": "各外跨本",
    "区": "小园社辖地院病山校厂库景城郊营片湖矿灾疫",
    "县": "各外",
    "州": "各",
    "国": "各",
    "自": "",
}
_HOME_NOT_BEFORE: Final = {
    "市": "场值面",
    "区": "域别间块划分",
    "省": "",
    "县": "",
    "国": "产",
    "内": "外部容在",
    "州": "县",
    "级": "",
    "域": "",
    "盟": "",
    "旗": "",
}

_BORDERS: Final = frozenset(
    "在于住含的赴到从至往由市州省区县和及与是为对经向给离返回来抵，,、;；:：。.（(）)《》“”\"' \u3000\n\t*·—-　【】[]"
    + "0123456789"
)
# Words that a name of two characters may follow where a count comes next: 其中歙县2例, 新增沙县1例.
_BEFORE_A_COUNTED_NAME: Final = (
    "其中", "另有", "还有", "分别", "包括", "涉及", "新增", "累计", "确诊", "报告", "通报", "又有", "已有", "均系", "即", "系",
)  # fmt: skip
_LIST_NEXT: Final = frozenset(
    "0123456789、,，（(）)；;。和及与两各一二三四五六七八九十首新累确有现报无:：\n "
)
_COUNT_NEXT: Final = frozenset("0123456789各")
_FITS: Final = {"city": "市", "province": "省", "district": "区", "county": "县旗", "prefecture": "州盟"}
_PROVINCES_BEFORE_CORPS: Final = ("市", "省", "区", "份", "市）", "市)", "区）", "区)")
# The last character of a name that belongs to the next word: 河北区域, 吉林市场, 和县级.
_CUT: Final = {"区": "域间块划位", "市": "场值面", "县": "级"}
# Characters that do not stand inside the proper name of a zone or an organisation.
_FUNCTION: Final = (
    "的在至到从被由为和与及等后前入往赴是累共送转确例这那将已并也均可于对向把给让使其又再称说报告派支援驰返来去或但而且"
    "了着过者们各每名位户家次起止含除即请需要召某定点所抵读接收成"
)
_NAME_CHAR: Final = rf"[^\W\d_a-zA-Z{_FUNCTION}]"
_TAIL: Final = re.compile(
    rf"""(?P<road>[东南西北中环一二三四]{{0,2}}(?:路(?![线段过上口径况由])|大道|大街|街(?![道头上边])|巷|胡同|号线))
    |{_NAME_CHAR}{{0,10}}?
     (?:(?P<organisation>医院|大学|学院|中学|(?<!中)小学|幼儿园|公司|集团|银行|商会|协会|学会|研究所|研究院|日报|晚报
         |电视台|机场|火车站|高铁站|海关|监狱|红十字会|慈善总会|公安局|酒店|南站|北站|西站|东站|港(?![澳币元区]))
       |(?P<zone>新区|港区|开发区|高新区|经开区|示范区|先行区|产业园|工业园|管理区|度假区|保税区|试验区|实验区|合作区|园区
         |管委会))
    """,
    re.VERBOSE,
)
# After these no tail begins; it saves the tail pattern most of its calls.
_NO_TAIL: Final = frozenset(
    "0123456789、，。；：（）()! ,.;:\n\t \u3000“”\"'《》【】-—~～" + _FUNCTION + "有无现出患通发疫"
)

_Entry = tuple[int, tuple[str, ...], str, str, "tuple[str, str] | None"]


class _Lexicon(NamedTuple):
    opening: re.Pattern[str]  # where a name may start
    starts: dict[str, tuple[int, ...]]  # first two characters -> lengths of the names, longest first
    names: dict[str, _Entry]  # name -> kind, codes, own name or word, level, guard
    # 公安, 资源: a county only with its 县, or where a count follows in a list of its like
    suffix_only: frozenset[str]
    # 赤壁, 石首: also where the name of a place that contains it is joined before
    careful: frozenset[str]
    info: dict[str, tuple[str, str]]  # code -> canonical name, level
    ancestors: dict[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def _lexicon() -> _Lexicon:
    places = gazetteer()
    rules = name_rules()
    info = {row.region_code: (row.name, row.level) for row in places if row.valid_on(REFERENCE_DATE)}
    ancestors = {code: places.ancestors(code) for code in info}
    noun_like = {rule.name for rule in rules if rule.kind == "noun_like"}
    full: dict[str, set[str]] = {}
    short: dict[str, set[str]] = {}
    old: dict[str, set[str]] = {}
    for row in places:
        code = row.region_code
        if code.startswith("99"):
            continue
        if code not in info:
            if row.valid_to is not None and row.valid_to < REFERENCE_DATE:
                old.setdefault(row.name, set()).add(places.successor(code))
            continue
        for name in (row.name, *_suffixed(row)):
            full.setdefault(name, set()).add(code)
        if row.short_name != row.name:
            short.setdefault(row.short_name, set()).add(code)
    for name, some in old.items():
        full.setdefault(name, some)
    names: dict[str, tuple[int, tuple[str, ...], str, str]] = {}
    for name, some in short.items():
        codes = tuple(sorted(some))
        if {info[code][1] for code in codes} == {"county"}:
            names[name] = (_SHORT, codes, name, "county")
        elif len(codes) == 1:
            names[name] = (_CODED, codes, *info[codes[0]])
        else:
            names[name] = (_MIXED, codes, name, "")
    for name, some in full.items():
        codes = tuple(sorted(some))
        canonical, level = info[codes[0]]
        if name in noun_like:
            names[name] = (_NOUN, codes, name, level)
        elif len(name) == 2 and level == "county":
            names[name] = (_STEM, codes, name, level)
        elif name in short and short[name] != some:
            names[name] = (_MIXED, tuple(sorted(some | short[name])), name, "")
        elif len(codes) == 1:
            names[name] = (_CODED, codes, canonical, level)
        else:
            names[name] = (_SHARED, codes, name, level)
    for word, forms in _HOME_WORDS.items():
        names.update((name, (_HOME, (), word, "")) for name in forms)
    for word, name in _THAT_WORDS.items():
        names[name] = (_THAT, (), word, "")
    corps = info[CORPS]
    for name in (corps[0], "生产建设兵团", "兵团"):
        names[name] = (_CORPS, (CORPS,), *corps)
    for number in (*"一二三四五六七八九十", "十一", "十二", "十三", "十四"):
        names[f"第{number}师"] = (_CORPS, (CORPS,), f"兵团第{number}师", corps[1])
    for name in _UNDETERMINED_WORDS:
        names[name] = (_UNDETERMINED, (), "待明确地区", "prefecture")
    kinds = {
        "part": _PART,
        "institution": _INSTITUTION,
        "local_institution": _LOCAL_INSTITUTION,
        "abroad": _ABROAD,
        "zone": _ZONE,
        "not_a_place": _STOP,
    }
    for rule in rules:
        code = rule.region_code
        if rule.kind == "name":
            names[rule.name] = (_CODED, (code,), *info[code])
        elif rule.kind == "abbreviation":
            names.update((verb + rule.name, (_ABBREVIATION, (code,), *info[code])) for verb in rule.after)
        elif rule.kind in kinds:
            codes = (code,) if code else ()
            names[rule.name] = (kinds[rule.kind], codes, rule.name, info[code][1] if code else "abroad")
    guards = {
        rule.name: (rule.not_after, rule.not_before) for rule in rules if rule.not_after or rule.not_before
    }
    lengths: dict[str, set[int]] = {}
    for name in names:
        lengths.setdefault(name[:2], set()).add(len(name))
    starts = {pair: tuple(sorted(some, reverse=True)) for pair, some in lengths.items()}
    guarded: dict[str, _Entry] = {name: (*entry, guards.get(name)) for name, entry in names.items()}
    suffix_only = frozenset(rule.name for rule in rules if rule.kind == "suffix_only")
    careful = frozenset(rule.name for rule in rules if rule.kind == "careful")
    return _Lexicon(re.compile(opening(starts)), starts, guarded, suffix_only, careful, info, ancestors)


class _Home(NamedTuple):
    """What 我市, 全省, 全区 ... mean in an article of one home region; None where it has no such level."""

    code: str | None
    within: str | None  # the province-level unit that home is in, municipalities included
    city: str | None
    province: str | None
    district: str | None
    county: str | None
    prefecture: str | None
    country: str | None = COUNTRY


@lru_cache(maxsize=1024)
def _home(code: str | None) -> _Home:
    places = gazetteer()
    row = places.get(code) if code else None
    if row is None or code is None or row.level == "country" or code.startswith("99"):
        return _Home(None, None, None, None, None, None, None)
    within = places.province_of(code)
    above = (code, *places.ancestors(code))
    prefecture = next(
        (c for c in above if (r := places.get(c)) is not None and r.level == "prefecture"), None
    )
    city = within if within in MUNICIPALITIES else prefecture
    if row.level == "county" and row.name.endswith("市"):
        city = code
    district = within if within in AUTONOMOUS else None
    if row.level == "county" and row.name.endswith("区"):
        district = code
    county = code if row.level == "county" and row.name[-1] in "县旗" else None
    return _Home(
        code, within, city, None if within in MUNICIPALITIES else within, district, county, prefecture
    )


def find_places(text: str, home: str | None) -> list[Place]:
    """Every place named in normalised text, left to right, without overlaps.

    `home` is the code of the region whose article this is: it settles names that several places share, and what 我市,
    全省, 全区 stand for. A run of names (山东省聊城市阳谷县) is one place, the innermost. Never raises, whatever the text;
    an unknown `home` counts as none.

    >>> [(p.name, p.code) for p in find_places("北京市累计41例,其中西城区4例、朝阳区6例", "110000")]
    [('北京市', '110000'), ('西城区', '110102'), ('朝阳区', '110105')]
    >>> [(p.name, p.code, p.kind) for p in find_places("全市无新增,阳谷县人民医院收治1例", "371500")]
    [('聊城市', '371500', 'home'), ('阳谷县', '371521', 'institution')]
    """
    kept = _kept(text)
    if kept.places is None:
        lexicon = _lexicon()
        if kept.starts is None:
            starts = lexicon.starts
            kept.starts = [at for match in lexicon.opening.finditer(text) if text[(at := match.start()) : at + 2] in starts]
        scan = _Scan(text, _home(home), lexicon)
        found = scan.run(kept.starts)
        if scan.asked_home:
            return found
        kept.places = tuple(found)
    return list(kept.places)


class _Kept:
    """What is the same whatever the home of a text is: where names may start, and its places where home settles none."""

    __slots__ = ("places", "starts")

    def __init__(self) -> None:
        self.places: tuple[Place, ...] | None = None
        self.starts: list[int] | None = None


@lru_cache(maxsize=8)
def _kept(_text: str) -> _Kept:
    return _Kept()


class _Scan:
    """One pass over one text.

    Every ``read_*`` method looks at one name of the lexicon where it stands, adds to `out` the place that it stands for,
    and returns the offset at which reading goes on; 0 where the name stands for nothing there, so that a shorter name
    is tried.
    """

    __slots__ = ("_base", "ancestors", "asked_home", "info", "lexicon", "out", "text")

    def __init__(self, text: str, base: _Home, lexicon: _Lexicon) -> None:
        self.text = text
        self._base = base
        self.asked_home = False
        self.lexicon = lexicon
        self.info = lexicon.info
        self.ancestors = lexicon.ancestors
        self.out: list[Place] = []

    @property
    def base(self) -> _Home:
        """The home region; who asks for it makes the places of the text depend on it."""
        self.asked_home = True
        return self._base

    def run(self, offsets: Iterable[int]) -> list[Place]:
        """The places; `offsets` are those at which some name's first two characters stand."""
        text, out = self.text, self.out
        starts, names = self.lexicon.starts, self.lexicon.names
        size = len(text)
        position = 0
        for start in offsets:
            if start < position:
                continue
            for length in starts[text[start : start + 2]]:
                end = start + length
                entry = names.get(text[start:end])
                if entry is None or end > size:
                    continue
                guard = entry[4]
                if guard is not None and (
                    (start and text[start - 1] in guard[0] and not (out and out[-1].end == start))
                    or text[end : end + 1] in (guard[1] or "\0")
                ):
                    continue
                cut = _CUT.get(text[end - 1])
                if cut is not None and end < size and text[end] in cut:
                    continue
                kind = entry[0]
                if kind == _STOP:
                    position = end
                    break
                if kind == _CODED:
                    if (end == size or text[end] in _NO_TAIL) and not (out and out[-1].end == start):
                        # By far the most frequent case, kept short: add() would come to the same.
                        values = (start, end, entry[2], entry[1][0], entry[3], "named", "place.name")
                        out.append(tuple.__new__(Place, values))
                        position = end
                        break
                    reached = self.add(start, end, entry[1][0], "place.name")
                else:
                    reached = _READERS[kind](self, start, end, entry)
                if reached:
                    position = reached
                    break
        return out

    def add(self, start: int, end: int, code: str, rule: str, *, name: str | None = None) -> int:
        """A place that is settled: joins it to the run before it, and reads what hangs on it (a zone, an organisation)."""
        text, out, lexicon = self.text, self.out, self.lexicon
        following = text[end : end + 1]
        last = text[end - 1]
        first = start
        if out:
            before = out[-1]
            if before.end == start and before.kind != "institution":
                if before.code is not None:
                    if before.rule != "place.part" and (
                        before.code == code or before.code in self.ancestors[code]
                    ):
                        first = before.start
                elif before.level == "abroad":  # 美国德州
                    out[-1] = Place(
                        before.start, end, text[before.start : end], None, "abroad", "named", "place.abroad"
                    )
                    return end
        kind = "named"
        reached = end
        if following and following not in _NO_TAIL:
            if last == "市" and text[end + 1 : end + 2] == "区" and following in "中南北":
                # 济宁市中区 is 济宁 + 市中区
                district = lexicon.names.get(text[end - 1 : end + 2])
                inside = [c for c in district[1] if code in self.ancestors[c]] if district else []
                if inside:
                    end = reached = end + 2
                    code = inside[0]
            elif text[end : end + 2] not in lexicon.starts:
                tail = _TAIL.match(text, end)
                if tail is not None:
                    if tail["organisation"]:
                        kind = "institution"
                    elif tail["zone"]:
                        end = reached = tail.end()
                        name, rule = text[first:end], "place.part"
                    elif last not in "省市区县州盟旗":
                        return tail.end()
        canonical, level = self.info[code]
        place = Place(first, end, name or canonical, code, level, kind, rule)
        if first != start:
            out[-1] = place
        else:
            out.append(place)
        return reached

    def joined(self, start: int) -> Place | None:
        """The place that ends where this name begins."""
        return self.out[-1] if self.out and self.out[-1].end == start else None

    def inside(self, before: Place | None, codes: Sequence[str]) -> list[str]:
        """The candidates that lie in a place."""
        if before is None or before.code is None:
            return []
        return [c for c in codes if before.code in self.ancestors[c]]

    def related(self, before: Place, codes: Sequence[str]) -> list[str]:
        """The candidates that are a place, lie in it, or stand beside it under one prefecture."""
        code = before.code
        if code is None or code == COUNTRY:
            return []
        above = self.ancestors[code][0] if before.level == "county" else None
        return [c for c in codes if c == code or code in self.ancestors[c] or self.ancestors[c][0] == above]

    def narrow(self, start: int, codes: Sequence[str]) -> list[str]:
        """Narrows the places that share a name: by the name joined before, by home, by the places named before."""
        codes = self.inside(self.joined(start), codes) or list(codes)
        if len(codes) > 1 and (base := self.base).code is not None:
            for scope in (base.code, base.prefecture, base.within):
                inside = [c for c in codes if c == scope or scope in self.ancestors[c]]
                if inside:
                    codes = inside
                    break
        if len(codes) > 1:
            for before in reversed(self.out[-12:]):
                codes = self.related(before, codes) or codes
                if len(codes) == 1:
                    break
        return codes

    def read_shared(self, start: int, end: int, entry: _Entry) -> int:
        codes = self.narrow(start, entry[1])
        if len(codes) == 1:
            return self.add(start, end, codes[0], "place.shared")
        common = [c for c in self.ancestors[codes[0]] if all(c in self.ancestors[other] for other in codes)]
        if common and common[0] != COUNTRY:
            return self.add(start, end, common[0], "place.unsettled", name=entry[2])
        return end

    def listed_with(self, end: int, codes: Sequence[str]) -> list[str]:
        """The candidates that share a prefecture with the next names of the list: 团风、浠水、蕲春、武穴."""
        names = self.lexicon.names
        for item in self.text[end + 1 : end + 30].split("、")[:5]:
            for length in (4, 3, 2):
                entry = names.get(item[:length])
                if entry is not None and len(item) >= length and entry[0] in (_CODED, _SHARED, _SHORT):
                    near = {self.ancestors[c][0] for c in entry[1] if self.info[c][1] == "county"}
                    related = [c for c in codes if self.ancestors[c][0] in near]
                    if related:
                        return related
        return []

    def read_short(self, start: int, end: int, entry: _Entry) -> int:
        text = self.text
        codes = list(entry[1])
        following = text[end : end + 1]
        listed = not following or following in _LIST_NEXT
        hard = entry[2] in self.lexicon.suffix_only
        generic = hard or entry[2] in self.lexicon.careful
        accepted = False
        if self.out:
            before = self.out[-1]
            gap = start - before.end
            if gap == 0:
                inside = self.inside(before, codes)
                if inside:
                    codes, accepted = inside, not hard or listed
            elif gap <= 12 and before.level != "province":
                related = self.related(before, codes)
                if related:
                    codes = related
                    accepted = following in _COUNT_NEXT or (listed and not generic)
                    accepted = accepted or (listed and not hard and gap == 1 and text[start - 1] == "、")
        if not accepted and not generic and (base := self.base).code is not None:
            for scope in (base.prefecture, base.city, base.within):
                inside = [c for c in codes if scope in self.ancestors[c]]
                if inside:
                    codes = inside
                    accepted = scope != base.within or listed or (start > 0 and text[start - 1] in _BORDERS)
                    break
        if not accepted and following == "、":
            related = self.listed_with(end, codes)
            if hard:  # 东城、朝阳各1例 at home in Beijing
                related = [c for c in related if self.base.city in self.ancestors[c] or self.base.prefecture in self.ancestors[c]]
            if related:
                codes, accepted = related, True
        if not accepted and (listed or text[start - 1 : start] in ("在", "、")):
            said = [c for c in codes if any(place.code == c for place in self.out)]
            if said:  # 吉林市丰满区…。2例在舒兰、1例在丰满: its full name stands before
                codes, accepted = said, True
        if not accepted and not generic and len(codes) == 1 and self.info[codes[0]][0].endswith("市"):
            # 义乌, 昆山; but 龙泉 in an article of 龙泉驿区 is not 龙泉市
            city = self.base.city
            nearby = city is not None and any(
                name.startswith(entry[2]) and city in self.ancestors[c]
                for c, (name, _) in self.info.items()
            )
            accepted = not nearby and (start == 0 or text[start - 1] in _BORDERS)
        if not accepted:
            return 0
        codes = self.narrow(start, codes)
        if len(codes) > 1:  # 伊宁: the city, not the county around it
            codes = [c for c in codes if self.info[c][0].endswith("市")]
        return self.add(start, end, codes[0], "place.short") if len(codes) == 1 else 0

    def read_mixed(self, start: int, end: int, entry: _Entry) -> int:
        codes = list(entry[1])
        rank = {c: _RANK[self.info[c][1]] for c in codes}
        inside = self.inside(self.joined(start), codes)
        if inside:
            codes = inside
        elif (
            self.base.code in codes
            and not self.text.startswith(("大学", "全省", "省", "各地"), end)
            and not self.among_provinces(start, end)
            and not self.leads_to_another(end, codes)
        ):
            codes = [self.base.code]  # 吉林站 in an article of the city of 吉林
        else:
            city = self.base.city
            top = min(rank.values())
            following = self.text[end : end + 1]
            near = [c for c in codes if rank[c] == _RANK["county"] and city in self.ancestors[c]]
            # 朝阳6例、海淀8例 at home in Beijing are its districts
            if (
                top == _RANK["prefecture"]
                and len(near) == 1
                and city not in codes
                and (not following or following in _LIST_NEXT)
            ):
                codes = near
        top = min(rank[c] for c in codes)
        codes = self.narrow(start, [c for c in codes if rank[c] == top])
        return self.add(start, end, codes[0], "place.short") if len(codes) == 1 else 0

    def leads_to_another(self, end: int, codes: Sequence[str]) -> bool:
        """Whether the next name lies in one of the candidates, but not at home: 吉林松原 in an article of 吉林市."""
        for length in (5, 4, 3, 2):
            entry = self.lexicon.names.get(self.text[end : end + length])
            if entry is not None and entry[1]:
                above = {scope for code in entry[1] for scope in (code, *self.ancestors[code])}
                return self.base.code not in above and not above.isdisjoint(codes)
        return False

    def among_provinces(self, start: int, end: int) -> bool:
        """Whether a name stands in a list with a province: 吉林、辽宁."""
        text = self.text
        if self.out and start - self.out[-1].end == 1 and text[start - 1] in "、和及与":
            return self.out[-1].level == "province"
        if text[end : end + 1] not in ("、", "和", "及", "与"):
            return False
        entries = (self.lexicon.names.get(text[end + 1 : end + 1 + length]) for length in (4, 3, 2))
        return any(
            entry is not None and "province" in {self.info[c][1] for c in entry[1]} for entry in entries
        )

    def read_stem(self, start: int, end: int, entry: _Entry) -> int:
        codes = list(entry[1])
        if not self.inside(self.joined(start), codes):
            if (
                start
                and self.text[start - 1] not in _BORDERS
                and not (
                    self.text[end : end + 1] in _COUNT_NEXT
                    and self.text.endswith(_BEFORE_A_COUNTED_NAME, 0, start)
                )
            ):
                return 0
            named = [
                p.code for p in self.out[-8:] if p.code is not None and p.level in ("prefecture", "county")
            ]
            scopes = {self.base.within, *(self.ancestors[code][-2] for code in named)}
            codes = [c for c in codes if self.ancestors[c][-2] in scopes]
            if not codes:
                return 0
        codes = self.narrow(start, codes)
        return self.add(start, end, codes[0], "place.name") if len(codes) == 1 else 0

    def read_noun(self, start: int, end: int, entry: _Entry) -> int:
        before = self.joined(start)
        bracketed = (
            start > 0
            and self.text[start - 1] in "（(、"
            and self.text[end : end + 1] in ("、", "）", ")", "，")
        )
        if before is not None:
            codes = self.inside(before, entry[1])
        elif bracketed and self.out and start - self.out[-1].end <= 12:
            codes = self.related(self.out[-1], entry[1])
        elif self.text[end : end + 1] in _COUNT_NEXT:
            codes = [c for c in entry[1] if self.base.city in self.ancestors[c]]
            if not codes and self.out and start - self.out[-1].end <= 12:
                codes = self.related(self.out[-1], entry[1])
        else:
            return 0
        return self.add(start, end, codes[0], "place.name") if len(codes) == 1 else 0

    def is_part_of_word(self, start: int, end: int) -> bool:
        """Whether a pronoun belongs to other words: 安全区, 小区内, 全市场."""
        text = self.text
        if start and text[start - 1] in _HOME_NOT_AFTER.get(text[start], ""):
            return True
        following = text[end : end + 1]
        return bool(following) and following in _HOME_NOT_BEFORE.get(text[end - 1], "")

    def last_named(self, word: str) -> str | None:
        """The last place named before that 该市, 全省, ... can mean: one of the home province where that is known.

        It looks back over forty places: farther away, nobody would say 该市.
        """
        within = self.base.within
        for before in islice(reversed(self.out), 40):
            if before.code is None or before.code == COUNTRY:
                continue
            if within is not None and before.code != within and within not in self.ancestors[before.code]:
                continue
            for code in (before.code, *self.ancestors[before.code][:-1]):
                if self.info[code][0][-1] in _FITS[word]:
                    return code
        return None

    def pronoun(self, start: int, end: int, code: str | None, rule: str) -> int:
        if code is not None:
            name, level = self.info[code]
            self.out.append(Place(start, end, name, code, level, "home", rule))
        return end

    def read_home(self, start: int, end: int, entry: _Entry) -> int:
        if self.is_part_of_word(start, end):
            return 0
        text, word = self.text, entry[2]
        before = self.joined(start)
        if before is not None and before.level == "abroad":  # 日本国内, 澳大利亚全国
            self.out[-1] = Place(before.start, end, before.name, None, "abroad", "named", "place.abroad")
            return end
        if word == "country":
            if text[start] != "我" and self.is_abroad(start) and self.base.code is None:
                return end
            return self.pronoun(start, end, COUNTRY, "place.home")
        bare = text[start:end] in ("自治区", "自治州")
        if bare and (text[end : end + 1] in ("、", "和", "/") or (start and text[start - 1] in "、和各族个")):
            return end  # As a bare noun it is one of many: 各省（自治区、直辖市）.
        base = self.base
        code: str | None = getattr(base, word)
        if bare:
            if word == "district":
                code = base.within if base.within in AUTONOMOUS else None
            return self.pronoun(start, end, code, "place.home")
        code = code or self.last_named(word)
        if code is None and word == "district" and base.prefecture == base.code:
            code = base.code  # the article of a new area, which has no code: its home is the city around it
        return self.pronoun(start, end, code, "place.home")

    def is_abroad(self, start: int) -> bool:
        """Whether the sentence speaks of a foreign country: the last place before, with no full stop between."""
        before = self.out[-1] if self.out else None
        return before is not None and before.level == "abroad" and "。" not in self.text[before.end : start]

    def read_that(self, start: int, end: int, entry: _Entry) -> int:
        if (start and self.text[start - 1] == "应") or self.is_part_of_word(start, end):
            return 0
        if self.is_abroad(start):
            return end
        word = entry[2]
        return self.pronoun(start, end, self.last_named(word) or getattr(self.base, word), "place.that")

    def read_abroad(self, start: int, end: int, entry: _Entry) -> int:
        first = start
        before = self.joined(start)
        if before is not None and before.level == "abroad":
            first = self.out.pop().start
        self.out.append(Place(first, end, self.text[first:end], None, "abroad", "named", "place.abroad"))
        return end

    def read_part(self, start: int, end: int, entry: _Entry) -> int:
        text, code = self.text, entry[1][0]
        first = start
        before = self.joined(start)
        if before is not None and (before.code == code or before.code in self.ancestors[code]):
            first = self.out.pop().start
        kind = "named"
        if text[end : end + 1] not in _NO_TAIL and text[end : end + 2] not in self.lexicon.starts:
            tail = _TAIL.match(text, end)
            if tail is not None and tail["organisation"]:
                kind = "institution"
        self.out.append(Place(first, end, text[first:end], code, entry[3], kind, "place.part"))
        return end

    def read_institution(self, start: int, end: int, entry: _Entry) -> int:
        code = entry[1][0]
        before = self.joined(start)
        if before is not None and (before.code == code or before.code in self.ancestors[code]):
            self.out[-1] = before._replace(kind="institution")  # 武汉火神山医院: the place is 武汉
            return end
        name, level = self.info[code]
        self.out.append(Place(start, end, name, code, level, "institution", "place.institution"))
        return end

    def read_local_institution(self, start: int, end: int, entry: _Entry) -> int:
        code = entry[1][0]
        before = self.out[-1] if self.out else None
        if (
            before is not None
            and before.kind == "institution"
            and start - before.end <= 6
            and self.text[start - 1] in "学院"
        ):
            return end  # 山东大学齐鲁医院: named already
        within = self.base.within
        if within is not None and (within == code or within in self.ancestors[code]):
            return self.read_institution(start, end, entry)
        if before is not None and before.end == start and before.code is not None:
            self.out[-1] = before._replace(kind="institution")
        return end

    def read_zone(self, start: int, end: int, entry: _Entry) -> int:
        text, out = self.text, self.out
        before = self.joined(start)
        code: str | None = None
        first = start
        if before is not None and before.code is not None:
            code, first = before.code, before.start
            out.pop()
        else:
            following = text[end : end + 1]
            listed = (
                start > 0
                and text[start - 1] in "、，,（(和及:：；"
                and (not following or following in "、，,）)和及；。新")
            )
            if not listed and following not in _COUNT_NEXT and following not in ("为", "无"):
                return 0
            if out and out[-1].code is not None and start - out[-1].end <= 15:
                chain = (out[-1].code, *self.ancestors[out[-1].code])
                code = next(
                    (c for c in chain if self.info[c][1] == "prefecture" or c in MUNICIPALITIES), None
                )
            code = code or self.base.city
            if code is None:
                return 0
        out.append(Place(first, end, text[first:end], code, self.info[code][1], "named", "place.part"))
        return end

    def read_corps(self, start: int, end: int, entry: _Entry) -> int:
        text, out = self.text, self.out
        before = self.joined(start)
        run = before is not None and before.code in ("650000", CORPS)
        if text[start] != "第":
            if text[start - 1 : start] in ("和", "及", "与") and text.endswith(
                _PROVINCES_BEFORE_CORPS, 0, start - 1
            ):
                # 31个省（自治区、直辖市）和新疆生产建设兵团 is the whole country
                return self.pronoun(start, end, COUNTRY, "place.home")
            if end - start == 2 and not run and self.base.within not in ("650000", None):
                return 0
        elif not run and self.base.within != "650000":
            return 0
        if before is not None and run:
            start = before.start
            out.pop()
        rule = "place.part" if text[end - 1] == "师" else "place.name"
        out.append(Place(start, end, entry[2], CORPS, entry[3], "named", rule))
        return end

    def read_abbreviation(self, start: int, end: int, entry: _Entry) -> int:
        if self.text[start + 1 : start + 3] in self.lexicon.names:  # 在京东: a longer word begins here
            return 0
        self.out.append(Place(start + 1, end, entry[2], entry[1][0], entry[3], "named", "place.abbreviation"))
        return end

    def read_undetermined(self, start: int, end: int, entry: _Entry) -> int:
        within = self.base.within
        code = f"99{within[:2]}01" if within is not None else ""
        if code in self.info:
            name, level = self.info[code]
            self.out.append(Place(start, end, name, code, level, "named", "place.undetermined"))
        return end


_READERS: Final[dict[int, Callable[[_Scan, int, int, _Entry], int]]] = {
    _SHARED: _Scan.read_shared,
    _SHORT: _Scan.read_short,
    _MIXED: _Scan.read_mixed,
    _STEM: _Scan.read_stem,
    _NOUN: _Scan.read_noun,
    _HOME: _Scan.read_home,
    _THAT: _Scan.read_that,
    _ABROAD: _Scan.read_abroad,
    _PART: _Scan.read_part,
    _INSTITUTION: _Scan.read_institution,
    _LOCAL_INSTITUTION: _Scan.read_local_institution,
    _ZONE: _Scan.read_zone,
    _CORPS: _Scan.read_corps,
    _ABBREVIATION: _Scan.read_abbreviation,
    _UNDETERMINED: _Scan.read_undetermined,
}
