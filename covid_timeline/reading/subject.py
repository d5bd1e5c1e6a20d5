"""Who is counted, and how: the resolvers of subject, measure type and origin of a count of cases, and its indicator."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from covid_timeline.lexicon.lexer import Cue, one_of
from covid_timeline.lexicon.rules import load_rules
from covid_timeline.reading.context import Context
from covid_timeline.reading.statement import Choice, Frame
from covid_timeline.reading.words import Figure
from covid_timeline.text.normalize import WHITE_SPACE

__all__ = ["LABELS", "counts_cases", "indicator_for", "is_explained", "measure_of", "resolve_measure", "resolve_origin", "resolve_subject"]


@cache
def _ranks() -> dict[str, int]:
    return {rule.name: int(rule.data["rank"]) for rule in load_rules("counts") if rule.category == "noun"}


@cache
def _touching() -> dict[str, str]:
    return {word: rule.name for rule in load_rules("counts") for word in rule.data.get("touching", ())}


@cache
def _filler() -> tuple[re.Pattern[str], dict[int, None]]:
    rule = next(rule for rule in load_rules("counts") if rule.id == "filler.report")
    return re.compile(one_of(rule.all_words)), dict.fromkeys(map(ord, rule.data["characters"]))


def filler_words() -> frozenset[str]:
    """The words of a report that name nothing."""
    return frozenset(next(rule for rule in load_rules("counts") if rule.id == "filler.report").all_words)


INDICATORS: Final = {
    ("confirmed", "new"): "confirmed_new",
    ("confirmed", "cumulative"): "confirmed_cumulative",
    ("confirmed", "current"): "confirmed_current",
    ("suspected", "new"): "suspected_new",
    ("suspected", "current"): "suspected_current",
    ("severe", "new"): "severe_new",
    ("severe", "cumulative"): "severe_cumulative",
    ("severe", "current"): "severe_current",
    ("critical", "new"): "critical_new",
    ("critical", "cumulative"): "critical_current",
    ("critical", "current"): "critical_current",
    ("asymptomatic", "new"): "asymptomatic_new",
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
"""Noun and measure type to indicator; what is not here is `other`."""

_IMPORTED: Final = {
    f"{noun}_{kind}": f"{noun}_imported_{kind}"
    for noun, kinds in (("confirmed", ("new", "cumulative", "current")), ("suspected", ("new", "current")), ("recovered", ("new", "cumulative")))
    for kind in kinds
}
_LOCAL: Final = {f"confirmed_{kind}": f"confirmed_local_{kind}" for kind in ("new", "cumulative", "current")}

LABELS: Final = {
    "confirmed": "确诊病例", "case": "病例", "suspected": "疑似病例", "severe": "重症病例", "critical": "危重病例",
    "deaths": "死亡病例", "recovered": "治愈出院病例", "contacts": "密切接触者", "observed": "正在接受医学观察的密切接触者",
    "released": "解除医学观察的密切接触者", "treated": "在院治疗病例", "asymptomatic": "无症状感染者", "mild": "轻症病例",
    "positive": "阳性", "change": "转归病例", "severe_and_critical": "重症及危重症病例",
}  # fmt: skip

_COUNTED_UNITS: Final = frozenset({"person", "case", "person_time"})
_OUTCOMES: Final = frozenset({"observed", "released", "contacts", "recovered", "recovered_so_far", "deaths", "severe", "critical", "treated", "mild", "severe_and_critical"})
_SAID: Final = re.compile("宣布|公布|通报|发布|证实|表示|透露|指出|报道")  # who says it is not who is counted
_SETTLED: Final = frozenset({"recovered", "recovered_so_far", "deaths", "released"})
_REPORTS: Final = re.compile("报告|通报|发现|上报")
_HAN2: Final = re.compile("[\u4e00-\u9fff]{2}")
_LEFT_EDGE: Final = WHITE_SPACE + "，,、：:（）()“”的和及与其中共有为"
_RIGHT_EDGE: Final = WHITE_SPACE + "，,、：:（）()“”为有达到共的"


def ranked(nouns: Sequence[str]) -> str:
    """The noun that names the figure where several stand together; `case` where there is none."""
    if len(nouns) == 1:
        return nouns[0]
    ranks = _ranks()
    best = max(nouns, key=ranks.__getitem__, default="case")
    return "confirmed" if best == "case" and "confirmed" in nouns else best


def own_nouns(context: Context, figure: Figure) -> tuple[list[Cue], str]:
    """The nouns that name the figure among its own words, and their relation: own, column or after."""
    before, after = figure.nouns, figure.nouns_after
    if figure.column:
        return before, "column"
    if not (before and after):
        return (before, "own") if before else (after, "after")
    names = {cue.name for cue in before}
    if context.text[figure.quantity.end : figure.quantity.end + 1] in ("为", "是", "系", "属") and ranked([cue.name for cue in after]) != "case" and names <= {"confirmed", "case", "treated", "suspected"}:
        return after, "after"  # 确诊病例有18例为普通病例
    if ranked([cue.name for cue in before]) == "case":
        return before + after, "own"
    if names == {"contacts"}:
        return (after if any(cue.name == "change" for cue in after) else [*after, *before]), "after"
    if names <= {"confirmed", "case"} and ranked([cue.name for cue in after]) in ("recovered", "deaths", "recovered_so_far") and (
        figure.quantity.start - before[-1].end > 8
    ):
        return after, "after"
    return before, "own"


def counts_cases(context: Context, figure: Figure, frame: Frame) -> bool:
    """Whether a figure counts cases, patients or contacts, rather than staff, goods or anything else."""
    quantity = figure.quantity
    if quantity.unit == "case":
        return True
    if quantity.unit not in _COUNTED_UNITS:
        return quantity.unit == "item" and figure.has_noun and _bare_label(figure)
    names = {cue.name for cue in (*figure.nouns, *figure.nouns_after)}
    if names:
        groups = {cue.name for cue in figure.groups}
        strong = names - {"case", "positive"}
        if strong and strong <= {"observed", "released"}:
            # only of contacts: 隔离观察 of travellers is a quarantine
            return (
                "contacts" in frame.nouns
                or frame.nouns[:1] in (("observed",), ("released",))
                or any(cue.name == "contacts" for cue in figure.topic_nouns)
                or (strong == {"released"} and frame.last is not None and frame.last.trace.get("measure") == "topic:list.part")
                or _speaks_of_contacts(context, figure)
                or (context.short and context.observes_contacts and (frame.last is None or bool(frame.last.noun)))
            )
        if strong == {"suspected"} and figure.verbs and quantity.unit != "case":
            return False  # 检测各类疑似人员8216名
        if strong == {"change"}:
            return bool(frame.nouns) or "case" in names
        if "occupation" in groups and not strong & {"confirmed", "recovered", "deaths", "contacts", "suspected", "asymptomatic"}:
            return False
        return bool(strong) or bool(frame.nouns) or "case" in names or quantity.unit == "case"
    if figure.topic_nouns and (
        context.tree.blocks[context.tree.sentences[figure.sentence].block].kind in ("label", "item")
        or context.text.startswith(("方面，", "：", "方面："), figure.topic_nouns[-1].end)
    ):
        return not figure.groups and not {cue.name for cue in figure.topic_nouns} <= {"observed", "released"}  # 密切接触者：累计追踪416人
    if frame.nouns == ("contacts",) and frame.last is None and "追踪" in context.text[figure.own : quantity.start]:
        return not figure.groups  # 三、密接⏎追踪总数688人
    if frame.nouns and (frame.listing or frame.last is not None) and quantity.unit == "person":
        return not figure.groups and len(_residue(context, figure.own, quantity.start)) <= 2 and not _residue(
            context, quantity.end, figure.right
        )
    return False


def _bare_label(figure: Figure) -> bool:
    return figure.quantity.counter == ""


def _speaks_of_contacts(context: Context, figure: Figure) -> bool:
    sentence = context.tree.sentences[figure.sentence]
    block = context.tree.blocks[sentence.block]
    first = max(block.start, sentence.start - 200)
    return any(cue.category == "noun" and cue.name == "contacts" for cue in context.cues_in(first, figure.quantity.end + 12))


def resolve_subject(context: Context, figure: Figure, frame: Frame, *, item: bool, earlier: Frame) -> Choice:
    """What is counted, by the relations of ORDER["subject"].

    `item` says that the figure is a bare item of a list whose head is known; `earlier` is the frame of the sentence
    before.
    """
    nouns, relation = own_nouns(context, figure)
    if nouns:
        name = ranked([cue.name for cue in nouns])
        if name == "case" and figure.origin is not None and figure.mode is not None and figure.mode.name == "cumulative":
            return Choice("confirmed", relation, "noun.confirmed")  # 在院62例；境外输入病例累计385例
        if name == "observed" and frame.nouns[:1] == ("asymptomatic",) and figure.quantity.unit == "case":
            return Choice("asymptomatic", relation, "noun.asymptomatic")  # 无症状…解除观察51例；还在观察的984例
        outcome = bool(frame.nouns) and frame.nouns[0] in _OUTCOMES
        if name != "case" or not (frame.nouns or figure.topic_nouns) or (outcome and figure.mode is not None and not frame.listing):
            return Choice(name, relation, f"noun.{name}")
        weak = name
    else:
        weak = ""
    if item and frame.item_noun:
        return Choice(frame.item_noun, "list", f"noun.{frame.item_noun}")
    if figure.topic_nouns:
        name = ranked([cue.name for cue in figure.topic_nouns])
        return Choice(name, "topic", f"noun.{name}")
    if frame.nouns:
        name = ranked(list(frame.nouns))
        if name in _SETTLED and figure.mode is not None and not frame.listing and (
            figure.mode.name == "current" or _REPORTS.search(context.text, figure.own, figure.quantity.start)
        ):
            return Choice("confirmed", "sentence", "noun.confirmed")  # 死亡4637例，累计报告82830例; 无死亡，现有771例
        return Choice(name, "sentence", f"noun.{name}")
    if weak:
        return Choice(weak, relation, f"noun.{weak}")
    if figure.mode is not None and figure.places and _REPORTS.search(context.text, figure.own, figure.quantity.start):
        return Choice("confirmed", "own", figure.mode.rule)  # 香港累计通报1033例
    if earlier.nouns and (figure.places or figure.lists):
        name = ranked(list(earlier.nouns))
        persons = name in ("observed", "released", "contacts") and figure.quantity.unit == "case"
        if (name not in _OUTCOMES or figure.mode is None) and not persons:
            return Choice(name, "paragraph", f"noun.{name}")
    if (figure.mode is not None or figure.places) and figure.quantity.unit == "case" and context.counts_confirmed:
        return Choice("case", "document", figure.mode.rule if figure.mode is not None else "noun.confirmed")  # 福建新增4例, in a text that speaks of 确诊病例
    return Choice("case", "none", "")


def resolve_measure(
    context: Context, figure: Figure, frame: Frame, noun: str, *, item: bool, role: str, own_day: bool, in_title: bool
) -> Choice:
    """new, cumulative or current, by the relations of ORDER["measure"].

    `role` is what the governing date says (as_of, range, at ...; "none" where there is none); `own_day` says that it is a
    plain day among the figure's own words.
    """
    text, quantity = context.text, figure.quantity
    if noun in ("treated", "observed"):
        return Choice("current", "noun", f"noun.{noun}")
    if noun == "mild":
        return Choice("new" if figure.mode and figure.mode.name == "new" else "current", "noun", "noun.mild")
    own = figure.mode
    relation = "column" if figure.column else "own"
    if own is None and figure.mode_after is not None:
        own, relation = figure.mode_after, "after"
    mode = own.name if own else ""
    rule = own.rule if own else ""
    if not mode and quantity.rule.startswith("zero") and "新" in text[quantity.start : quantity.end]:
        mode, rule = "new", "mode.new"
    if not mode and quantity.rule.startswith("zero") and text[quantity.end - 2 : quantity.end] in ("清零", "归零"):
        return Choice("cumulative" if noun in ("deaths", "recovered") else "current", "own", "zero.cleared")
    if not mode and quantity.start > figure.own:
        touching = _touching().get(text[quantity.start - 1], "")
        mode, rule = touching, f"mode.{touching}" if touching else ""
    if not mode and "total" in figure.lists and not figure.nouns_after:
        total = "cumulative" if noun in ("confirmed", "case", "deaths", "recovered") else "current"
        if frame.mode != "new" or frame.last is None:
            mode, rule = total, "list.total"
    if noun == "recovered_so_far":
        return Choice(mode or "cumulative", "own", rule or "noun.recovered_so_far")
    if noun == "contacts":
        # 确诊128例，其中密切接触者37例: cases who had been contacts
        if mode == "new" or (quantity.unit == "case" and frame.listing):
            return Choice("", relation, rule or "noun.contacts")
        return Choice("cumulative", "noun", "noun.contacts")
    if noun == "released":
        if mode in ("new", "cumulative"):
            return Choice(mode, relation, rule)
        already = "已" in text[max(figure.left, quantity.start - 12) : quantity.start] or "已" in text[quantity.end : figure.right]
        of_traced = frame.last is not None and frame.last.noun == "contacts" and frame.last.kind == "cumulative"
        new = not already and (frame.mode == "new" or (role == "range" and not of_traced))
        return Choice("new" if new else "cumulative", "noun", "noun.released")
    if noun in ("deaths", "recovered") and (mode or frame.mode) == "current":
        return Choice("cumulative", relation if mode else "sentence", rule or "mode.current")
    if noun in ("severe", "critical", "severe_and_critical", "suspected") and mode == "cumulative" and not figure.mode:
        return Choice("current", relation, rule)
    if noun == "suspected" and mode == "cumulative" and own is not None and "累" not in text[own.start : own.end]:
        return Choice("current", relation, rule)  # 疑似病例增至132例
    if mode:
        return Choice(mode, relation, rule)
    if noun in ("change", "positive"):
        return Choice(frame.mode, "sentence" if frame.mode else "none", "")
    if figure.topic_mode is not None and not figure.nouns:
        return Choice(figure.topic_mode.name, "topic", figure.topic_mode.rule)
    if item and frame.item_kind:
        return Choice(frame.item_kind, "list", "list.part")
    if quantity.rule.startswith("zero") and noun in ("deaths", "recovered") and role in ("as_of", "now"):
        return Choice("cumulative", "period", f"date.{role}")  # 截至…，无新增确诊病例，无死亡病例
    standing = noun in ("severe", "critical", "severe_and_critical", "suspected", "asymptomatic")
    if quantity.rule.startswith("zero") and noun in ("deaths", "recovered") and frame.last is not None and (
        frame.last.kind in ("current", "cumulative") and frame.mode != "new"
    ):
        return Choice("cumulative", "noun", f"noun.{noun}")  # 重症16例、危重症8例，无死亡病例
    if quantity.rule.startswith("zero") and noun in ("severe", "critical", "severe_and_critical"):
        return Choice("current", "noun", f"noun.{noun}")  # 无新增确诊病例，无危重病例
    if own_day and noun in ("recovered", "deaths", "confirmed") and figure.has_noun and frame.mode != "new":
        return Choice("new", "period", "date.at")  # 累计治愈692例，今日出院35例: the day of its own makes it new
    if figure.topic_mode is not None and not frame.mode:
        topic = figure.topic_mode.name
        return Choice("current" if standing and topic == "cumulative" else topic, "topic", figure.topic_mode.rule)
    if frame.mode:
        if standing and frame.mode == "cumulative":
            return Choice("current", "noun", f"noun.{noun}")
        return Choice(frame.mode, "sentence", f"mode.{frame.mode}")
    if standing:
        return Choice("current", "noun", f"noun.{noun}")
    if role == "none":
        if noun in ("recovered", "deaths") and in_title:
            return Choice("new", "title", f"noun.{noun}")
        one = quantity.value == 1 and (quantity.unit == "person" or text[quantity.start] == "一")
        return Choice("new" if one else "cumulative", "none", "")
    if role in ("as_of", "now"):
        return Choice("cumulative", "period", f"date.{role}")
    return Choice("new", "period", f"date.{role}")


_NO_ORIGIN: Final = Choice("", "none", "")


def resolve_origin(figure: Figure, frame: Frame, noun: str, kind: str) -> Choice:
    """imported or local, by the relations of ORDER["origin"]; "" where nothing says."""
    own = figure.origin
    if own is not None:
        return Choice(own.name, "own", own.rule)
    if frame.local and noun in ("confirmed", "case") and kind in ("cumulative", "current") and not figure.places:
        return Choice("local", "sentence", "origin.local")  # 山东省本地无新增确诊病例，累计报告确诊病例759例
    if (not frame.origin and not frame.listing) or figure.lists.get("total") is not None:
        return _NO_ORIGIN
    if frame.listing and frame.head is not None:
        origin = frame.head.origin
        return Choice(origin, "list", f"origin.{origin}") if origin else _NO_ORIGIN
    if frame.last is not None and frame.last.quantity.value == 0 < figure.quantity.value and not frame.origin_rules:
        return _NO_ORIGIN  # 无新增境外输入确诊病例，治愈出院15例
    if frame.origin == "local" and noun in ("suspected", "asymptomatic") and figure.has_noun and not frame.listing:
        return _NO_ORIGIN  # 本地确诊病例27例、疑似病例2例
    goes_on = figure.mode is None or (frame.origin == "imported" and figure.mode.name == frame.mode)
    if noun in _OUTCOMES and goes_on and not figure.places:
        return Choice(frame.origin, "sentence", f"origin.{frame.origin}")
    if frame.origin_rules and not figure.places:
        return Choice(frame.origin, "sentence", f"origin.{frame.origin}")
    if figure.mode is None and not figure.places and frame.mode == kind:
        return Choice(frame.origin, "sentence", f"origin.{frame.origin}")
    return _NO_ORIGIN


def indicator_for(noun: str, kind: str, origin: str) -> str:
    """The indicator of a noun, a measure type and an origin; `other` where the vocabulary has no word for them.

    >>> indicator_for("confirmed", "new", "imported"), indicator_for("severe", "current", "imported")
    ('confirmed_imported_new', 'other')
    """
    indicator = INDICATORS.get((noun, kind), "other")
    if indicator == "other" or not origin:
        return indicator
    if noun in ("contacts", "observed", "released"):
        return "other"
    if origin == "imported":
        return _IMPORTED.get(indicator, "other")
    if origin == "local":
        return _LOCAL.get(indicator, "other")
    return "other"


def _residue(context: Context, start: int, end: int) -> str:
    """What is left of a stretch without places, dates, cue words and the fillers of a report."""
    if end - start <= 1:
        return ""  # a single character says nothing
    text = context.text
    spans = [(cue.start, cue.end) for cue in context.cues_in(start, end) if cue.category != "group"]
    mentions = [(place.start, place.end) for place in context.places_in(start, end)]
    mentions += [(date.start, date.end) for date in context.dates_in(start, end)]
    if mentions:
        spans += mentions
        spans.sort()
    parts, position = [], start
    for first, last in spans:
        if first >= position:
            if first - position > 1:
                parts.append(text[position:first])
            position = last
    if end - position > 1:
        parts.append(text[position:end])
    if not parts:
        return ""
    pattern, characters = _filler()
    left = [pattern.sub("", part).translate(characters) for part in parts]
    return "".join([one for one in left if len(one) > 1])


def is_explained(context: Context, figure: Figure, noun: str, relation: str) -> tuple[bool, str]:
    """Whether the figure is of everybody in its region, and how that was seen.

    A word of a group (监狱, 男性, 医务人员) among its words makes it a figure of a part. Words that no vocabulary knows
    leave open who is counted: the second value is then `unknown`.
    """
    text = context.text
    groups = figure.groups
    if groups:
        return False, groups[-1].rule
    if figure.quantity.counter in ("男", "女"):
        return False, "group.sex"  # 3男2女
    start = figure.own
    if figure.places and not _has_nothing_between(text, figure):
        start = min(start, figure.places[0].start)
    if figure.places and figure.right == figure.quantity.end and figure.places[-1].end == figure.quantity.start:
        return True, ""  # 、衡阳市30例: nothing but the place
    if len(figure.places) > 1 and ("each" in figure.lists or "respectively" in figure.lists):
        start = figure.places[-1].end  # between the places there may be names that no gazetteer has
    said = start
    for match in _SAID.finditer(text, start, figure.quantity.start):
        said = match.end()
    if _HAN2.search(_residue(context, said, figure.quantity.start)) or _HAN2.search(
        _residue(context, figure.quantity.end, figure.right)
    ):
        return relation in ("own", "column", "after") and noun not in ("case", "positive"), "unknown"
    return True, ""


def _has_nothing_between(text: str, figure: Figure) -> bool:
    return figure.places[-1].end == figure.quantity.start and figure.places[-1].start - figure.own <= 1


def measure_of(context: Context, figure: Figure, nouns: Sequence[str]) -> str:
    """The counted noun in the article's words, else the plain name of what is counted."""
    text = context.text
    start, end = figure.own, figure.quantity.start
    if figure.column:
        return LABELS.get(nouns[0], "病例") if nouns else "病例"
    for date in context.dates_in(start, end):
        start = max(start, min(date.end, end))
    for place in figure.places:
        if start <= place.start:
            start = place.end
    after = text[figure.quantity.end : figure.right].strip(" 的”“\n")
    before = text[start:end].lstrip(_LEFT_EDGE).rstrip(_RIGHT_EDGE)
    joined = after if after and not before else before + after
    if _HAN2.search(joined):
        return joined[:40]
    return LABELS.get(nouns[0], "病例") if nouns else "病例"
