"""One figure, two statements: 38例确诊病例全部治愈出院; 52人，均在接受医学观察; 1例（昆明）; 15例，全为武汉市病例."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from covid_timeline.lexicon.lexer import Cue
from covid_timeline.reading.context import Context, is_inside, region_of
from covid_timeline.reading.statement import Statement
from covid_timeline.reading.subject import indicator_for
from covid_timeline.reading.words import Figure, noun_in

__all__ = ["add_implied"]

_NOTHING_FOLLOWS: Final = frozenset("、。；;\n")
_ALL_OBSERVED: Final = re.compile(
    "(?:[^，,。；\\d]{0,8}并|[，,])(?:目前|现|均|全部|都|也|已|正|仍|尚|在){0,5}(?:接受|进行|实施|落实)?(?:隔离|集中)?医学观察(?![^，。；]{0,6}\\d)"
)
_ALL_RECOVERED: Final = re.compile(
    "[^，,。；、（(\\d]{0,24}(?:全部|均|都|已)[^，,。；、\\d]{0,6}(?:治愈|出院|痊愈|康复)(?![^，,。；、\\d]{0,3}\\d)"
)
_ALL_IMPORTED: Final = re.compile("[^，,。；、（(\\d]{0,10}[，,]?(?:均|全部|都|全)(?:为|系|是)[^，。；、\\d]{0,16}境外输入")
_ALL_IN: Final = re.compile("(?:[^，,。；、（(\\d]{0,8})[，,]?(?:均|全部|都|全)?(?:为|系|是|在)$")
_BRACKET: Final = re.compile(" ?[（(]([^（()）]{1,30})[）)]")
_NUMERAL: Final = re.compile("[\\d一二三四五六七八九两]")
_RECOVERED_WORD: Final = re.compile("治愈|出院|痊愈|康复")
_ZERO_NOUNS: Final = ("confirmed", "suspected", "severe", "critical", "deaths", "recovered", "asymptomatic")
_JOINS: Final = frozenset("、和及或与")

Add = Callable[..., Statement]


def add_implied(context: Context, figure: Figure, made: list[Statement], add: Add) -> None:
    """Add the further statements of a figure; `add(noun, kind, region, origin)` makes one like the first."""
    text, quantity, first = context.text, figure.quantity, made[0]
    if quantity.rule == "zero.none":
        for noun in dict.fromkeys(cue.name for cue in figure.nouns if cue.name in _ZERO_NOUNS and cue.name != first.noun):
            add(noun, "cumulative" if noun in ("deaths", "recovered") else first.kind, first.region, first.origin)  # 治愈、死亡病例均为零
        return
    if quantity.rule.startswith("zero") and text[quantity.start - 1 : quantity.start] in ("均", "都"):
        for noun in dict.fromkeys(cue.name for cue in figure.nouns if cue.name in _ZERO_NOUNS and cue.name != first.noun):
            add(noun, first.kind, first.region, first.origin)  # 确诊、疑似均无新增
    if quantity.rule.startswith("zero"):
        for noun in _zero_list(context, figure)[1:]:
            for one in made[:]:
                origin = one.origin if noun == "confirmed" or one.origin != "local" else ""  # 无新增本土确诊病例、疑似病例
                settled = first.kind == "current" and noun in ("deaths", "recovered")
                add(noun, "cumulative" if settled else one.kind, one.region, origin)
        return
    if first.part or not first.kind or text[quantity.end : quantity.end + 1] in _NOTHING_FOLLOWS:
        return
    if first.noun == "contacts" and _ALL_OBSERVED.match(text, quantity.end):
        add("observed", "current", first.region, "")
    if first.noun == "recovered" and {cue.name for cue in (*figure.nouns, *figure.nouns_after)} & {"confirmed", "case"} and _ALL_RECOVERED.match(text, quantity.end):
        add("confirmed", "cumulative", first.region, first.origin)
    elif first.noun == "confirmed" and _ALL_RECOVERED.match(text, quantity.end):
        add("recovered", "cumulative", first.region, first.origin)
    if not first.origin and first.part_of is None and _ALL_IMPORTED.match(text, quantity.end) and indicator_for(first.noun, first.kind, "imported") != "other":
        add(first.noun, first.kind, first.region, "imported")
    bracket = _BRACKET.match(text, quantity.end)
    if bracket:
        inside = bracket.group(1)
        places = context.places_in(bracket.start(1), bracket.end(1))
        if len(places) == 1 and places[0].kind == "named" and len(inside) - (places[0].end - places[0].start) <= 1:
            _same_elsewhere(first, region_of(places[0]), add)
        elif first.noun == "confirmed" and not _NUMERAL.search(inside):
            if _RECOVERED_WORD.search(inside):
                add("recovered", "cumulative", first.region, first.origin)
            elif "死亡" in inside:
                add("deaths", "cumulative", first.region, first.origin)
        return
    end = context.tree.sentences[figure.sentence].end
    for place in context.places_in(quantity.end, min(quantity.end + 14, end))[:1]:
        said = text[quantity.end : place.start]
        of_all = first.quantity.value == 1 or any(word in said for word in "均全都")
        after = text[place.end : place.end + 8]
        if (
            of_all
            and _ALL_IN.fullmatch(said)
            and not context.is_origin(place)
            and not after.startswith(("输入", "市输入"))
            and not _NUMERAL.search(after)
        ):
            _same_elsewhere(first, region_of(place), add)


def _same_elsewhere(first: Statement, region: object, add: Add) -> None:
    from covid_timeline.reading.context import Region

    assert isinstance(region, Region)
    if first.region.code is None or is_inside(region, first.region):
        add(first.noun, first.kind, region, first.origin).part_of = first


def zero_nouns(context: Context, figure: Figure) -> list[str]:
    """The nouns that a zero denies: 无危重病例和死亡病例 is one zero for each."""
    return _zero_list(context, figure)


def _zero_list(context: Context, figure: Figure) -> list[str]:
    clause = context.tree.clauses[figure.clause]
    found: list[str] = []
    position = figure.quantity.end
    limit = clause.end
    cues: Sequence[Cue] = context.cues_in(position, context.tree.sentences[figure.sentence].end)
    for cue in cues:
        between = context.text[position : cue.start]
        name = cue.name
        if cue.category == "origin" and noun_in(context, cue) is not None:
            name = "confirmed"  # 无新增本土病例和疑似病例
        elif cue.category in ("mode", "list", "origin"):
            continue
        elif cue.category != "noun":
            break
        if cue.start >= limit and not found:
            break
        if found and not (between.strip() and set(between.strip()) <= _JOINS | set("新增或者以及")):
            break
        if not found and len(between) > 12:
            break
        for one in ("severe", "critical") if name == "severe_and_critical" else (name,):
            if one in _ZERO_NOUNS and one not in found:
                found.append(one)
        position = cue.end
    return found
