"""Case counts, read as a bulletin is read.

The words between two figures say what the next one is; what they leave open is taken from the frame that the sentence
has built up so far: 新增确诊3例、治愈2例 (the mode), 长沙市112例、衡阳市30例 (noun and mode of the whole),
香港519例（出院111例，死亡4例） (the place).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from covid_timeline.facts.draft import Draft
from covid_timeline.facts.figures import strip_measure
from covid_timeline.facts.scope import Region, Scope
from covid_timeline.facts.words import load_words, one_of
from covid_timeline.model import Place, Quantity

__all__ = ["BREAK", "CLOSE", "OPEN", "Cue", "Frame", "Words", "find_cues", "indicator_for", "is_case_count", "measure_for"]

Cue = tuple[int, int, str]  # start, end, code: "n:deaths", "m:new", "o:imported", "s:part", or a sign

BREAK, OPEN, CLOSE = "break", "open", "close"


def _load_cues() -> tuple[re.Pattern[str], dict[str, str]]:
    data = load_words("case_cues")
    codes = {
        word: f"{letter}:{name}"
        for family, letter in (("mode", "m"), ("noun", "n"), ("modifier", "o"), ("struct", "s"))
        for name, entry in data[family].items()
        for word in entry["words"]
    }
    pattern = one_of(codes)
    signs = dict.fromkeys("（(", OPEN) | dict.fromkeys("）)", CLOSE) | dict.fromkeys("，,；;：:。\n#【】[]", BREAK)
    codes |= signs | {"——": BREAK, " ": BREAK}
    return re.compile(pattern + "|[（()），,；;：:。\n#【】\\[\\]]|——|(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])"), codes


_CUE, CODE = _load_cues()
POST_BREAK = re.compile("[，,、；;。：:（()）\n#【】\\[\\]]|——|(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")

# Which noun names the figure where several stand together: 确诊病例治愈出院 counts recoveries.
_RANK = {
    "changed": 14, "staff_infected": 13, "asymptomatic": 12, "released": 11, "observed": 10, "contacts": 9, "deaths": 8,
    "recovered": 7, "recovered_so_far": 7, "critical": 6, "severe": 5, "mild": 4, "treated": 3, "suspected": 2,
    "confirmed": 1, "case": 0,
}  # fmt: skip

INDICATORS = {
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
_IMPORTED = frozenset({
    "confirmed_new", "confirmed_cumulative", "confirmed_current", "suspected_new", "suspected_current",
    "recovered_new", "recovered_cumulative",
})  # fmt: skip
_LOCAL = frozenset({"confirmed_new", "confirmed_cumulative", "confirmed_current"})

LABELS = {
    "confirmed": "确诊病例", "case": "病例", "suspected": "疑似病例", "severe": "重症病例", "critical": "危重病例",
    "deaths": "死亡病例", "recovered": "治愈出院病例", "contacts": "密切接触者", "observed": "正在接受医学观察的密切接触者",
    "released": "解除医学观察的密切接触者", "treated": "在院治疗病例", "asymptomatic": "无症状感染者", "mild": "轻症病例",
    "staff_infected": "医务人员感染", "changed": "转归病例",
}  # fmt: skip

# Words that explain nothing by themselves: what is left after them in front of a figure is a subject of its own.
_FILLER = re.compile(
    "其中|其余|包括|包含|含|分别|另外|此外|以及|同时|目前|截至|截止|报告|发现|通报|确诊|病例|患者|全市|全省|全区|地区|本市|我市|我省"
    "|[\\s\\d为有的各是均和及与共则出也还已达到中内尚现约近新在市县区州盟省旗里个名人例位、，,：:；;。（()）“”\"'—-]|累计|上述|这些|该"
)
_HAN2 = re.compile("[\u4e00-\u9fff]{2}")
_HAN4 = re.compile("[\u4e00-\u9fff].*[\u4e00-\u9fff].*[\u4e00-\u9fff].*[\u4e00-\u9fff]")
TOWN = re.compile("([\u4e00-\u9fff]{2,6}?(?:街道|镇|乡|社区|村|园区|开发区|新区|农场|团场|苏木))(?:办事处)?$")
_NOT_CASES = re.compile(
    "医护|医务|医生|护士|民警|志愿|党员|干部|职工|队员|专家|床|检测|采样|样本|口罩|隔离点|工作人员|物资|捐|返乡|网格|驰援|支援|排查"
)
_TESTED = re.compile("检测|采样|排查|筛查")
_CAPACITY = re.compile("通量|能力|每日可|每天可|可达|可容纳|可收治|可提供")
_COUNTED_UNITS = frozenset({"person", "case", "person_time"})
_OF_CONTACTS = frozenset({"contacts", "released", "deaths", "staff_infected"})
_OF_CASES = frozenset({"confirmed", "recovered", "recovered_so_far", "severe", "critical"})
_WHOLE_REGION = re.compile("(?:全[省市区县州国]|其余|剩余)的?$")


def find_cues(text: str, start: int, end: int) -> list[Cue]:
    """The cue words and signs of a stretch, in order."""
    return [(match.start(), match.end(), CODE[match[0]]) for match in _CUE.finditer(text, start, end)]


class Frame:
    """What the sentence has said so far and the next figure may leave out."""

    __slots__ = ("in_list", "item", "listing", "mode", "nouns", "origin", "origin_rules", "region", "whole")

    def __init__(self) -> None:
        self.mode: str | None = None
        self.nouns: tuple[str, ...] = ()
        self.region: Region | None = None
        self.origin: str | None = None  # imported, local
        self.origin_rules = False  # 境外输入 at the head: it holds for all that follows
        self.whole: Draft | None = None
        self.item: tuple[str, str | None] | None = None  # noun and mode of the whole whose parts are listed by place
        self.listing = False  # after 其中, inside brackets: a place names a part, not a new subject
        self.in_list = False  # the last figure was a bare item of the list

    def copy(self) -> Frame:
        other = Frame()
        other.mode, other.nouns, other.region, other.origin = self.mode, self.nouns, self.region, self.origin
        other.origin_rules, other.whole, other.item = self.origin_rules, self.whole, self.item
        other.listing, other.in_list = self.listing, self.in_list
        return other

    def open_list(self, whole: Draft) -> None:
        """The figures that follow are parts of `whole`."""
        self.listing = True
        self.whole = whole
        self.item = (whole.group, whole.kind) if whole.group else None
        self.in_list = False

    def close_list(self) -> None:
        self.listing, self.item, self.in_list = False, None, False


class Words:
    """What stands around one figure: the cues since the last figure, and those that follow it."""

    __slots__ = (
        "clause_left", "closed", "each", "last_noun_end", "mode", "nouns", "opened", "origin", "part", "places", "post_mode",
        "post_nouns", "respectively", "right", "topic_mode", "topic_nouns",
    )  # fmt: skip

    def __init__(self, left: int) -> None:
        self.nouns: list[str] = []  # of the clause of the figure
        self.mode: str | None = None
        self.topic_nouns: list[str] = []  # of the clauses before it: 确诊病例中，…
        self.topic_mode: str | None = None
        self.post_nouns: list[str] = []
        self.post_mode: str | None = None
        self.origin: str | None = None
        self.each = self.respectively = self.part = self.opened = False
        self.clause_left = left
        self.closed = left  # where the last bracket before the figure closes
        self.last_noun_end = left
        self.right = left  # where the words that belong to this figure end
        self.places: list[Place] = []

    @property
    def own(self) -> bool:
        return bool(self.nouns or self.post_nouns)

    def end_clause(self, at: int) -> None:
        self.topic_nouns = self.nouns or self.topic_nouns
        self.topic_mode = self.mode or self.topic_mode
        self.nouns, self.mode = [], None
        self.clause_left = at

    def make_topic(self, at: int) -> None:
        """患者中男性4例: the noun before 中 is what the figure is a part of."""
        self.topic_nouns, self.nouns = self.nouns, []
        self.topic_mode, self.mode = self.mode or self.topic_mode, None
        self.clause_left = at

    def forget(self, at: int) -> None:
        self.nouns, self.mode, self.topic_nouns, self.topic_mode = [], None, [], None
        self.clause_left = self.closed = at


def ranked(nouns: Sequence[str]) -> str:
    """The noun that names the figure; `case` where there is none."""
    best = max(nouns, key=_RANK.__getitem__, default="case")
    return "confirmed" if best == "case" and "confirmed" in nouns else best


def unexplained(scope: Scope, start: int, end: int, places: Sequence[Place]) -> str:
    """What is left of a stretch without places, dates, cue words and fillers."""
    return _FILLER.sub("", _CUE.sub("", scope.without(start, end, places)))


def has_subject(residue: str) -> bool:
    """Whether what is left names something: 外地来沪人员, 男性."""
    return _HAN2.search(residue) is not None


def choose_nouns(words: Words, text: str, figure: Quantity) -> list[str]:
    """The nouns that say what the figure is: those before it, else those after it."""
    nouns, post = words.nouns, words.post_nouns
    if not (nouns and post):
        return nouns or post
    if words.last_noun_end < figure.start - 8:
        return post  # …病例会诊专家组对广东5例危重症患者: the noun at the figure names it
    if text[figure.end] in "为是系属" and set(nouns) <= {"confirmed", "case", "treated", "suspected"}:
        return post  # 确诊病例有18例为普通病例
    if ranked(nouns) == "case":
        return nouns + post
    if set(nouns) == {"contacts"}:
        return post if "changed" in post else [*post, "contacts"]
    return nouns


def is_case_count(scope: Scope, figure: Quantity, words: Words, frame: Frame, left: int, *, first: bool) -> bool:
    """Whether a figure counts cases, patients or contacts, rather than staff, goods or anything else."""
    if figure.unit == "case":
        return True
    if figure.unit not in _COUNTED_UNITS:
        return False
    text = scope.text
    before = text[max(words.clause_left, figure.start - 24) : figure.start]
    window = before + text[figure.end : words.right]
    nouns = {*words.nouns, *words.post_nouns}
    if nouns:
        strong = nouns - {"case"}
        if _CAPACITY.search(window) or (strong == {"suspected"} and _TESTED.search(window)):
            return False
        if _NOT_CASES.search(window) and not (nouns & _OF_CONTACTS) and not (strong & _OF_CASES):
            return False
        if strong <= {"observed", "released"} and strong and "医学观察" not in window and "正在观察" not in window:
            near = text[max(0, figure.start - 200) : figure.start]
            return (
                "contacts" in frame.nouns
                or "contacts" in words.topic_nouns
                or "密切接触" in near[near.rfind("\n") + 1 :]
            )
        return bool(strong) or bool(frame.nouns) or any(word in window for word in ("肺炎", "患者", "病例"))
    if frame.nouns and (frame.listing or not first) and figure.unit == "person" and not _NOT_CASES.search(window):
        return len(unexplained(scope, max(left, figure.start - 24), figure.start, words.places)) <= 3
    return False


def indicator_for(noun: str, kind: str, origin: str | None) -> str:
    """The indicator of a noun and a kind, with the origin where the vocabulary has one; `other` where none fits."""
    indicator = INDICATORS.get((noun, kind), "other")
    if origin and indicator in (_IMPORTED if origin == "imported" else _LOCAL):
        head, tail = indicator.split("_", 1)
        return f"{head}_{origin}_{tail}"
    return indicator


def kind_for(noun: str, mode: str | None, frame: Frame, figure: Quantity, text: str, role: str, *, in_title: bool) -> str:
    """new, cumulative or current: as the words say, as the frame has it, else as noun and date suggest."""
    if noun in ("treated", "observed"):
        return "current"
    if noun == "contacts":
        # 确诊128例，其中密切接触者37例: cases who had been contacts
        return "" if mode == "new" or (figure.unit == "case" and frame.listing) else "cumulative"
    before = text[max(0, figure.start - 8) : figure.start]
    if noun == "released":
        if mode in ("new", "cumulative"):
            return mode
        return "new" if "已" not in before and (frame.mode == "new" or role == "range") else "cumulative"
    if noun == "mild":
        return "new" if mode == "new" else "current"
    if noun in ("changed", "staff_infected"):
        return mode or frame.mode or ""
    if noun in ("deaths", "recovered") and (mode or frame.mode) == "current":
        return "cumulative"
    if noun == "asymptomatic" and mode == "cumulative":
        return "current"
    if mode:
        return mode
    if _WHOLE_REGION.search(before):
        return "cumulative" if noun in ("confirmed", "case", "deaths", "recovered") else "current"
    if figure.rule.startswith("zero") and noun in ("deaths", "recovered") and role in ("as_of", "now"):
        return "cumulative"  # 截至…，无新增确诊病例，无死亡病例
    if frame.mode:
        if noun in ("severe", "critical", "suspected", "asymptomatic") and frame.mode == "cumulative":
            return "current"
        return frame.mode
    if noun in ("severe", "critical", "suspected", "asymptomatic"):
        return "current"
    if role == "none" and noun in ("recovered", "deaths") and in_title:
        return "new"
    if role in ("as_of", "now", "none"):
        one = figure.value == 1 and (figure.unit == "person" or text[figure.start] == "一")
        return "new" if one and role == "none" else "cumulative"
    return "new"


def measure_for(scope: Scope, words: Words, chosen: Sequence[str], figure: Quantity) -> str:
    """The counted noun in the article's words, else the plain name of what is counted."""
    text = scope.text
    start, end = words.clause_left, figure.start
    for date in scope.dates_in(start, end):
        start = max(start, min(date.end, end))
    for place in words.places:
        if start <= place.start:
            start = place.end
    after = text[figure.end : words.right].strip(" 的”“\n")
    before = strip_measure(text[start:end])
    joined = after if after and not before else (before + after)
    if _HAN2.search(joined):
        return joined[:40]
    return LABELS.get(chosen[0], "病例") if chosen else "病例"
