"""The words that belong to each figure: what stands before it since the figure before, and what follows it.

`read_words` divides a sentence among its figures once; every resolver reads from the result, none looks at the text
around a figure again. 新增确诊3例，治愈2例 gives the first figure 新增确诊 and the second 治愈; 其中 and a bracket that
opens are kept as such. In a row of a table the words of a figure are those of its column's header.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from covid_timeline.lexicon.lexer import Cue
from covid_timeline.model import DateMention, Place, Quantity
from covid_timeline.reading.context import Context
from covid_timeline.text.tree import Tree

__all__ = ["Figure", "noun_in", "read_words", "unit_of_label"]

_STOPS_AFTER: Final = frozenset("，,、；;。：:（()）\n【】[] ")


class Figure:
    """One quantity with the words that are its own. Offsets into the normalised text."""

    __slots__ = (
        "after",
        "bracket",
        "brought",
        "clause",
        "closed",
        "column",
        "groups",
        "header_date",
        "item",
        "left",
        "lists",
        "mode",
        "mode_after",
        "nouns",
        "nouns_after",
        "number",
        "opened",
        "origin",
        "own",
        "places",
        "quantity",
        "right",
        "runs_on",
        "sentence",
        "stop",
        "topic_groups",
        "topic_mode",
        "topic_nouns",
        "verbs",
    )  # fmt: skip

    def __init__(self, quantity: Quantity, number: int, sentence: int, clause: int, bracket: int, left: int) -> None:
        self.quantity = quantity
        self.number = number  # within its sentence
        self.sentence = sentence
        self.clause = clause
        self.bracket = bracket
        self.left = left  # where the words since the figure before begin
        self.own = left  # where the words of its own clause begin
        self.right = quantity.end  # where the words that follow it end
        self.opened = False  # a bracket opens between the figure before and this one
        self.closed = False  # a bracket closes there
        self.runs_on = False  # no sign between this figure and the next
        self.stop = quantity.end  # where the words before the next sign end
        self.nouns: list[Cue] = []
        self.mode: Cue | None = None
        self.origin: Cue | None = None
        self.brought: Cue | None = None  # 输入性病例 of another Chinese place
        self.groups: list[Cue] = []
        self.verbs: list[Cue] = []  # what was done to whom is counted: 检测, 排查
        self.lists: dict[str, Cue] = {}  # part, each, respectively, all, other, total
        self.topic_groups: list[Cue] = []
        self.topic_nouns: list[Cue] = []  # of earlier clauses of the stretch
        self.topic_mode: Cue | None = None
        self.nouns_after: list[Cue] = []
        self.mode_after: Cue | None = None
        self.after: list[Cue] = []
        self.places: list[Place] = []  # that can own the figure
        self.header_date: DateMention | None = None  # the day that its column states
        self.item = False  # nothing but a place since the figure before
        self.column = False  # its words are a column's header

    @property
    def has_noun(self) -> bool:
        """Whether its own words say what is counted."""
        return bool(self.nouns or self.nouns_after)


def read_words(context: Context, sentence: int, quantities: Sequence[Quantity]) -> list[Figure]:
    """One `Figure` for each quantity of a sentence, in order."""
    tree = context.tree
    node = tree.sentences[sentence]
    block = tree.blocks[node.block]
    if block.kind == "row" or tree.text[block.start] == "|":
        return _read_row(context, sentence, quantities)
    figures: list[Figure] = []
    left = node.start
    before: Figure | None = None
    for number, quantity in enumerate(quantities):
        clause_number = tree.clause_at(quantity.start)
        clause = tree.clauses[clause_number]
        figure = Figure(quantity, number, sentence, clause_number, clause.bracket, min(left, quantity.start))
        if before is not None and before.bracket != clause.bracket:
            _cross_brackets(context, figure, before)
        figure.own = max(figure.left, min(_start_of_words(tree, clause_number, quantity.start), quantity.start))
        item = _item_place(context, figure, quantity) if before is not None else None
        if item is not None:
            figure.item, figure.places = True, [item]
            figures.append(figure)
            left = quantity.end
            before = figure
            continue
        next_start = quantities[number + 1].start if number + 1 < len(quantities) else node.end
        _words_before(context, figure)
        _words_after(context, figure, next_start, last=number + 1 == len(quantities))
        _places_before(context, figure, first=before is None)
        if before is not None:
            _place_behind(context, figure, next_start)
            _age_before(context, figure, before)
        figures.append(figure)
        said = quantity.unit in ("case", "person", "person_time") and figure.right != quantity.end and (
            figure.nouns_after or figure.mode_after or any(cue.category in ("group", "origin") for cue in figure.after)
        )
        left = _after_remark(context, figure.right if said else quantity.end, next_start)
        before = figure
    return figures


_TO_A_PLACE: Final = re.compile("在|走出|离开|转入|送往|送至|入住|收治于")
_CARED_FOR: Final = re.compile("(?:确诊|病)?(?:者|人|患者|病例)?(?:目前|现|仍|正|尚|均|都)?在")
_OF_SOME: Final = re.compile("(?:上述|这|该|前述)[\\d一二两三四五六七八九十]+(?:人|名|例|位)(?:患者|病例|病人|确诊病例)?的?$")
_OF_ONE: Final = re.compile("(?:某某?|[其他她]|该(?:名|例)?(?:患者|病例|病人)|夫妇|夫妻|二人|两人|病例\\d+)的?$")
_IN_A_PLACE: Final = re.compile("(?:分布|出现|发生|均|都)?在")
_AFTER_PLACE: Final = frozenset(("、", "，", ",", "。", "；", ";", "和", "）", ")", "\n", ""))
_BETWEEN_ITEMS: Final = frozenset("、，,；;")
_AFTER_ITEM: Final = frozenset("、，,。；;）)")
_REMARK_HEADS: Final = frozenset("均全都目现正已仍尚为系占较比")


def _start_of_words(tree: Tree, number: int, figure: int) -> int:
    """Where the own words of a figure may start: its clause, or the label before it (密切接触者累计：312人)."""
    clause = tree.clauses[number]
    if number and clause.start and tree.text[clause.start - 1] in "：:" and not tree.text[clause.start : figure].strip():
        label = tree.clauses[number - 1]
        if label.sentence == clause.sentence and label.bracket == clause.bracket:
            return label.start
    return clause.start


def _item_place(context: Context, figure: Figure, quantity: Quantity) -> Place | None:
    """The place of 、衡阳市30例: nothing but a sign and a place since the figure before, and nothing said behind it."""
    text, left = context.text, figure.left
    if text[left : left + 1] not in _BETWEEN_ITEMS:
        return None
    place = context.place_at(left + 1)
    if place is None or place.end != quantity.start or place.kind != "named":
        return None
    after = text[quantity.end : quantity.end + 2]
    if after[:1] not in _AFTER_ITEM or after[1:] in _REMARK_HEADS or context.role(place):
        return None
    return place


def _after_remark(context: Context, right: int, next_start: int) -> int:
    """Past a bracket without figures that stands behind a figure: 贵阳市1例（已治愈），遵义市1例."""
    position = right + 1 if context.text.startswith(" ", right) else right
    number = context.tree.bracket_opening_at(position)
    if number < 0:
        return right
    end = context.tree.brackets[number].end
    return end if end <= next_start else right


def _cross_brackets(context: Context, figure: Figure, before: Figure) -> None:
    """Whether a bracket opens or closes between two figures; the words in one that closes are none of the second."""
    brackets = context.tree.brackets
    number = before.bracket
    while number >= 0 and brackets[number].end <= figure.quantity.start:
        figure.left = max(figure.left, brackets[number].end)
        figure.closed = True
        number = brackets[number].parent
    figure.opened = figure.bracket >= 0 and brackets[figure.bracket].start >= before.quantity.end


def _words_before(context: Context, figure: Figure) -> None:
    quantity = figure.quantity
    for cue in context.cues_in(figure.left, quantity.start):
        if cue.end > quantity.start:
            break
        category = cue.category
        own = cue.start >= figure.own
        if category == "noun":
            (figure.nouns if own else figure.topic_nouns).append(cue)
        elif category == "mode":
            noun = noun_in(context, cue)
            if noun is not None:
                (figure.nouns if own else figure.topic_nouns).append(noun)
            if own:
                # 新增累计: the total of what was new is a total
                counted_up = figure.mode is not None and figure.mode.name == "cumulative" and "累" in context.text[figure.mode.start : figure.mode.end]
                if not (counted_up and cue.name == "new" and not figure.nouns):
                    figure.mode = cue
            else:
                figure.topic_mode = cue
        elif category == "origin":
            if own or figure.origin is None:
                figure.origin = context.origin(cue)
            if own and cue.name == "input" and figure.origin is None:
                figure.brought = cue
            noun = noun_in(context, cue)
            if noun is not None:
                (figure.nouns if own else figure.topic_nouns).append(noun)
        elif category == "verb":
            if own:
                figure.verbs.append(cue)
        elif category == "group":
            (figure.groups if own else figure.topic_groups).append(cue)
        elif category == "list" and (own or cue.name in ("part", "respectively", "other")):
            figure.lists[cue.name] = cue
            if cue.name == "all" and cue.end == quantity.start:
                figure.lists.setdefault("each", cue)  # 三台县和安州区都是2人
    nouns = figure.nouns
    contacts = bool(nouns) and nouns[-1].name == "contacts"
    if contacts and len(nouns) > 1 and nouns[-2].name in ("asymptomatic", "suspected", "positive") and (
        context.text[nouns[-2].end : nouns[-1].start] in ("", "的")
    ):
        # 无症状感染者的密切接触者: the contacts are counted; those of the asymptomatic alone are a part
        figure.groups.append(nouns[-2]._replace(category="group"))
        nouns[:] = nouns[-1:]
    elif contacts and (
        _OF_ONE.search(context.text, figure.left, nouns[-1].start)
        or _OF_SOME.search(context.text, max(context.tree.clauses[figure.clause].start, nouns[-1].start - 12), nouns[-1].start)
    ):
        figure.groups.append(nouns[-1]._replace(category="group", name="one_patient"))  # 陈某的密切接触者共38人
    if nouns and context.text[nouns[-1].end : nouns[-1].end + 1] == "中" and nouns[-1].end < quantity.start:
        # 患者中男性4例: the noun before 中 is what the figure is a part of
        figure.topic_nouns, figure.nouns = nouns, []
        figure.topic_mode, figure.mode = figure.mode or figure.topic_mode, None
        figure.own = nouns[-1].end + 1
        figure.lists.setdefault("part", nouns[-1])


def _words_after(context: Context, figure: Figure, next_start: int, *, last: bool) -> None:
    text, quantity = context.text, figure.quantity
    figure.right = quantity.end
    clause = context.tree.clauses[figure.clause]
    stop = min(clause.end, next_start)
    if stop <= quantity.end or text[quantity.end] in _STOPS_AFTER:
        figure.runs_on = not last and next_start <= clause.end and next_start == quantity.end
        figure.stop = quantity.end
        return
    comma = text.find("、", quantity.end, stop)
    also = min((at for at in (text.find("并", quantity.end, stop), text.find("及其", quantity.end, stop)) if at >= 0), default=-1)
    if also >= 0 and (comma < 0 or also < comma):
        comma = also  # 163名密切接触者并行医学观察: the second verb is a statement of its own
    runs_on = not last and comma < 0 and next_start <= clause.end
    figure.runs_on = runs_on
    if comma >= 0:
        stop = comma
    cues = [cue for cue in context.cues_in(quantity.end, stop) if cue.end <= stop]
    if runs_on and (figure.nouns or (cues and cues[0].category == "mode")):
        figure.stop = quantity.end
        return  # 新增19例累计确诊120例: the words belong to the next figure
    if runs_on:
        nouns = [cue for cue in cues if cue.category in ("noun", "mode")]
        if len(nouns) > 1 and next_start - nouns[-1].end <= 2 and nouns[-1].name not in ("case", "confirmed"):
            stop = nouns[-1].start  # 23例确诊病例治愈22例
            cues = [cue for cue in cues if cue.end <= stop]
        elif any(cue.category == "list" and cue.name == "part" for cue in cues):
            stop = next(cue.start for cue in cues if cue.category == "list" and cue.name == "part")
            cues = [cue for cue in cues if cue.end <= stop]
    if runs_on and _CARED_FOR.match(text, quantity.end) and not {cue.name for cue in cues if cue.category == "noun"} - {"case", "confirmed"}:
        # 109人在13间医院留医: what happens to them there stands behind the place
        cues = [cue for cue in context.cues_in(quantity.end, clause.end) if cue.category == "noun" and cue.end <= clause.end]
    figure.right = figure.stop = stop
    figure.after = cues
    everybody = False
    for cue in cues:
        everybody = everybody or (cue.category == "list" and cue.name == "all")
        if cue.category == "noun":
            figure.nouns_after.append(cue)
        elif cue.category == "mode":
            figure.mode_after = figure.mode_after or cue
        elif cue.category == "origin":
            figure.origin = figure.origin or context.origin(cue)
            noun = noun_in(context, cue)
            if noun is not None:
                figure.nouns_after.append(noun)
        elif cue.category == "group" and not everybody:  # 19例全部来自藁城区: of all of them
            if cue.name == "institution" and _TO_A_PLACE.search(text, quantity.end, cue.start):
                continue  # 10例在市中心医院治疗, 3例走出市胸科医院: where they are treated
            figure.groups.append(cue)


def noun_in(context: Context, cue: Cue) -> Cue | None:
    """输入病例, 新确诊: a word of origin or mode that says what is counted too."""
    word = context.text[cue.start : cue.end]
    if "确诊" in word:
        return cue._replace(category="noun", name="confirmed")
    if "治愈" in word or "出院" in word:
        return cue._replace(category="noun", name="recovered")
    if "病例" in word or "个案" in word:
        return cue._replace(category="noun", name="case")
    return None


def _places_before(context: Context, figure: Figure, *, first: bool) -> None:
    """Places between the figure before and this one that can own it; a remark on the figure before (均在武汉) cannot."""
    left, quantity = figure.left, figure.quantity
    figure.places = [
        place
        for place in context.places_in(left, quantity.start)
        if place.end <= quantity.start
        and not context.is_origin(place)
        and not context.is_town(place)
        and (first or place.start - left > 7 or place.end == quantity.start or not _is_remark(context, left, place))
    ]


def _place_behind(context: Context, figure: Figure, next_start: int) -> None:
    """2例在舒兰、1例在丰满: the place of an item of a list stands behind it."""
    text, end = context.text, figure.quantity.end
    if figure.places and not _is_remark(context, figure.left, figure.places[-1]):
        return
    found = _IN_A_PLACE.match(text, end, min(end + 8, next_start))
    place = context.place_at(found.end()) if found else None
    if place is None or place.end > next_start or place.kind == "institution" or text[place.end : place.end + 1] not in _AFTER_PLACE:
        return
    figure.places, figure.right = [place], place.end


def _age_before(context: Context, figure: Figure, before: Figure) -> None:
    """60岁以上的39例: the age in front says which part is counted."""
    between = context.text[before.quantity.end : figure.quantity.start]
    if before.quantity.unit == "year_of_age" and not between.strip("的者人群患病例占有为共，, "):
        figure.groups.append(Cue(before.quantity.start, before.quantity.end, "group", "age"))


def _is_remark(context: Context, left: int, place: Place) -> bool:
    said = context.text[left : place.start].lstrip("）)，,、现目前 ")
    return said in ("均在", "都在", "全在", "在", "均为", "都为", "为", "均系", "系", "是", "都是", "全部在", "均是", "全部为")


def _read_row(context: Context, sentence: int, quantities: Sequence[Quantity]) -> list[Figure]:
    """The figures of a row of a table: each with the words of its column, and the place that opens the row."""
    tree = context.tree
    figures: list[Figure] = []
    for number, quantity in enumerate(quantities):
        clause_number = tree.clause_at(quantity.start)
        figure = Figure(quantity, number, sentence, clause_number, tree.clauses[clause_number].bracket, quantity.start)
        cell = tree.cells.get(quantity.start)
        if cell is not None:
            figure.column = bool(cell.column)
            for start, end in cell.column:
                _words_of_column(context, figure, start, end)
            figure.places = context.subjects_in(*cell.row)[-1:]
        figures.append(figure)
    return figures


def _words_of_column(context: Context, figure: Figure, start: int, end: int) -> None:
    for cue in context.cues_in(start, end):
        if cue.category == "noun":
            figure.nouns.append(cue)
        elif cue.category == "mode":
            figure.mode = cue
        elif cue.category == "origin":
            figure.origin = context.origin(cue)
        elif cue.category == "group":
            figure.groups.append(cue)
        if cue.category in ("mode", "origin"):
            noun = noun_in(context, cue)
            if noun is not None:
                figure.nouns.append(noun)
    figure.header_date = next(iter(context.dates_in(start, end)), figure.header_date)


def unit_of_label(words: str) -> str:
    """The unit of a number that only its label or column names: 累计确诊人数 counts persons, 确诊病例 cases.

    >>> unit_of_label("累计确诊人数"), unit_of_label("累计确诊"), unit_of_label("治愈率")
    ('person', 'case', 'percent')
    """
    if words.endswith("率") or ("率" in words and "%" in words):
        return "percent"
    if any(word in words for word in ("人数", "人次", "者", "人员")):
        return "person"
    return "case"
