"""The document tree: blocks, sentences, clauses and brackets of a normalised text, built once and immutable.

Every later stage asks the tree; none of them looks for the end of a sentence, a bracket or a line again.

* A **block** is a line of the text. Its `kind` says what the line is: `title` (the first line, where more follow),
  `label` (确诊: 1052例), `row` (a row of a plain-text table), `head` (the header of such a table, or a short line
  without figures that ends in no full stop), `item` (a bullet or a numbered line), `text`.
* A **cell** of a table, in a row or alone in a line that begins with |, has a column, the words of its header, and a row,
  the words that open it. Of a header in two levels (确诊病例 above 累计 and 新增) the cells below belong to the first above.
* A **sentence** ends with 。！？； or with its block. A sign inside a bracket that closes in the same block ends nothing.
* A **clause** ends with ，：； or at the edge of a bracket, so a clause lies in one bracket, or in none.
* A **bracket** is （…）, (…), 【…】 or […]; brackets nest.

The nodes are numbered in the order of the text, and each names its parent by number. Building is linear in the length.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final, NamedTuple

__all__ = ["Block", "Bracket", "Cell", "Clause", "Sentence", "Tree", "build_tree"]


class Block(NamedTuple):
    """One line."""

    start: int
    end: int
    kind: str
    sentences: tuple[int, int]  # first, and one past the last
    cells: tuple[tuple[int, int], ...] = ()  # of a row of a table, or of its header
    header: int = -1  # block that holds the header of this row


class Sentence(NamedTuple):
    """One sentence, with its closing sign."""

    start: int
    end: int
    block: int
    clauses: tuple[int, int]
    stop: str  # the sign that ends it; "\n" at the end of a block


class Clause(NamedTuple):
    """One clause, without the sign that ends it."""

    start: int
    end: int
    sentence: int
    bracket: int  # the innermost bracket that holds it, or -1
    stop: str  # the sign that ends it


class Bracket(NamedTuple):
    """One bracket, from its opening sign to past its closing one."""

    start: int
    end: int
    parent: int  # or -1


_OPEN: Final = {"（": "）", "(": ")", "【": "】", "[": "]"}
_CLOSE: Final = frozenset(_OPEN.values())
_FULL: Final = frozenset("。！？!?；;")
# Begins with one class, so that the regex engine passes over everything else: a dash needs a second one, a run of
# spaces a Han character behind it (and one before, which `_read_block` looks at).
_SIGNS: Final = re.compile("[，,；;：:｜。！!？?（）()【】\\[\\].…— ](?:(?<=—)—|(?<= ) *(?=[\u4e00-\u9fff])|(?<![— ]))")
_SPACE: Final = " \t\u3000\r\n"
_LABEL: Final = re.compile("[ \t\u3000]*[-·•*●■▪◆△▲☆★◇□○]?[ \t\u3000]*[\u4e00-\u9fffA-Za-z（）()]{2,16}[:：]")
_ITEM: Final = re.compile("[ \t\u3000]*(?:[-·•*●■▪◆△▲☆★◇□○]|[(（]?[\\d一二三四五六七八九十]{1,2}[)）.、])")
_CELLS: Final = re.compile("[^ \t\u3000|]+(?: (?=[^ \t\u3000|]))?")
_NUMBER_CELL: Final = re.compile("[+-]?\\d[\\d,]*(?:\\.\\d+)?[%例人名]?|[-—]")
_MAX_BRACKET: Final = 600
_TITLE: Final = 80  # characters; a longer first line is text
_CLOSING_QUOTES: Final = "”’」』》〉\""
# An ASCII ? or ! before one of these is a broken character or part of an address, not the end of a sentence.
_NOT_AFTER_MARK: Final = frozenset(",，、=&%_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


class Cell(NamedTuple):
    """A cell of a table with a number in it."""

    start: int
    end: int
    column: tuple[tuple[int, int], ...]  # the words of its header
    row: tuple[int, int]  # the words that open its row


class Tree:
    """The nodes of one text, and questions by position. Made by `build_tree`."""

    __slots__ = ("_block_starts", "_breaks", "_clause_starts", "_opens", "_sentence_starts", "blocks", "brackets", "cells", "clauses", "sentences", "text")

    def __init__(
        self, text: str, blocks: list[Block], sentences: list[Sentence], clauses: list[Clause], brackets: list[Bracket],
        breaks: list[int], cells: dict[int, Cell],
    ) -> None:  # fmt: skip
        self.text = text
        self.cells = cells  # by where they start
        self.blocks = tuple(blocks)
        self.sentences = tuple(sentences)
        self.clauses = tuple(clauses)
        self.brackets = tuple(brackets)
        self._breaks = breaks
        self._opens = {bracket.start: number for number, bracket in enumerate(brackets)}
        self._block_starts = [block.start for block in blocks]
        self._sentence_starts = [sentence.start for sentence in sentences]
        self._clause_starts = [clause.start for clause in clauses]

    def goes_on(self, before: int, block: int, *, bulletin: bool) -> bool:
        """Whether a block continues the text of the one before it, so that what was said there still holds.

        In a bulletin a line break between two lines of text says no more than a space; a title, and in a long article
        each paragraph, stands for itself.
        """
        return bulletin and before >= 0 and self.blocks[before].kind == self.blocks[block].kind == "text"

    def block_at(self, position: int) -> int:
        """Number of the block that holds the position, or of the last one before it; 0 where there is none."""
        return max(bisect_right(self._block_starts, position) - 1, 0)

    def sentence_at(self, position: int) -> int:
        """Number of the sentence that holds the position, or of the last one before it; 0 where there is none."""
        return max(bisect_right(self._sentence_starts, position) - 1, 0)

    def clause_at(self, position: int) -> int:
        """Number of the clause that holds the position, or of the last one before it; 0 where there is none."""
        return max(bisect_right(self._clause_starts, position) - 1, 0)

    def bracket_opening_at(self, position: int) -> int:
        """Number of the bracket whose opening sign stands at the position, or -1."""
        return self._opens.get(position, -1)

    def phrase_at(self, position: int) -> tuple[int, int]:
        """From comma to comma around the position, brackets and colons inside; the whole text where there is no sentence.

        This is what a row quotes.
        """
        if not self.sentences:
            return 0, len(self.text)
        sentence = self.sentences[self.sentence_at(position)]
        index = bisect_right(self._breaks, position)
        start = max(self._breaks[index - 1] + 1 if index else 0, sentence.start)
        end = min(self._breaks[index] if index < len(self._breaks) else sentence.end, sentence.end)
        while start < end and self.text[start] in _SPACE:
            start += 1
        while end > start and self.text[end - 1] in _SPACE:
            end -= 1
        return (start, end) if start < end else (sentence.start, sentence.end)


def build_tree(text: str) -> Tree:
    """The tree of a normalised text. It never raises; a text without signs is one clause.

    >>> tree = build_tree("聊城通报\\n2月3日，新增2例（均在临清市）。")
    >>> [block.kind for block in tree.blocks]
    ['title', 'text']
    >>> [tree.text[clause.start : clause.end] for clause in tree.clauses]
    ['聊城通报', '2月3日', '新增2例', '均在临清市']
    """
    lines = _lines(text)
    kinds = _kinds(text, lines)
    closers = _closers(text, lines)
    blocks: list[Block] = []
    sentences: list[Sentence] = []
    clauses: list[Clause] = []
    brackets: list[Bracket] = []
    breaks: list[int] = []
    for number, (start, end) in enumerate(lines):
        first = len(sentences)
        _read_block(text, start, end, number, closers, sentences, clauses, brackets, breaks)
        kind, cells, header = kinds[number]
        blocks.append(Block(start, end, kind, (first, len(sentences)), cells, header))
    return Tree(text, blocks, sentences, clauses, brackets, breaks, _cells_of_tables(text, blocks))


def _cells_of_tables(text: str, blocks: list[Block]) -> dict[int, Cell]:
    found: dict[int, Cell] = {}
    for block in blocks:
        if block.kind != "row" or block.header < 0:
            continue
        header, cells = blocks[block.header].cells, block.cells
        shift = len(cells) - len(header)
        opens = _NUMBER_CELL.fullmatch(text, *cells[0]) is None
        for number, (start, end) in enumerate(cells):
            column = number - shift
            if 0 <= column < len(header) and not (opens and number == 0):
                found[start] = Cell(start, end, (header[column],), cells[0] if opens else (block.start, block.start))
    lines = [block for block in blocks if text[block.start] == "|"]
    if len(lines) >= _MIN_CELLS:
        found.update(_cells_of_lines(text, blocks))
    return found


def _cells_of_lines(text: str, blocks: list[Block]) -> dict[int, Cell]:
    """A table with a line for each cell: rows are a name and k numbers, again and again; the lines before are its header."""
    texts: list[tuple[int, int, bool]] = []  # start, end, whether it is a number
    for block in blocks:
        start = block.start
        while start < block.end and text[start] in "| \t":
            start += 1
        if start == block.end:
            continue
        begins = text[block.start] == "|"
        number = _NUMBER_CELL.fullmatch(text, start, block.end) is not None
        if not begins and texts and not number and texts[-1][2] is False and begins is False:
            texts[-1] = (texts[-1][0], block.end, False)  # a cell that runs on over several lines
            continue
        texts.append((start, block.end, number))
    rows: list[tuple[int, int]] = []  # index of the name, count of numbers
    for index, (_, _, number) in enumerate(texts):
        if number or index + 1 >= len(texts) or not texts[index + 1][2]:
            continue
        count = 1
        while index + count + 1 < len(texts) and texts[index + count + 1][2]:
            count += 1
        rows.append((index, count))
    if len(rows) < _MIN_ROWS:
        return {}
    width = max({count for _, count in rows}, key=[count for _, count in rows].count)
    rows = [row for row in rows if row[1] == width]
    if len(rows) < _MIN_ROWS:
        return {}
    header = [cell[:2] for cell in texts[max(0, rows[0][0] - 2 * width - 2) : rows[0][0]] if not cell[2]]
    columns = _columns(text, header, width)
    found: dict[int, Cell] = {}
    for index, _ in rows:
        for offset in range(width):
            start, end, _ = texts[index + 1 + offset]
            found[start] = Cell(start, end, columns[offset] if columns else (), texts[index][:2])
    return found


def _columns(text: str, header: list[tuple[int, int]], width: int) -> list[tuple[tuple[int, int], ...]]:
    """The header of each of `width` columns: the last cells, or those of a second level below the first of the level above."""
    below = 0
    while below < len(header) and below < width and text[header[-1 - below][0] : header[-1 - below][1]].startswith(_LEVEL):
        below += 1
    above = width - below + 1 if 0 < below < width else 0
    if above and len(header) >= above + below:
        upper, lower = header[-below - above : -below], header[-below:]
        return [(upper[0], cell) for cell in lower] + [(cell,) for cell in upper[1:]]
    if len(header) < width:
        return []
    return [(cell,) for cell in header[-width:]]


_MIN_CELLS: Final = 8  # lines that begin with | and make a table
_MIN_ROWS: Final = 3
_LEVEL: Final = ("累计", "新增", "现有", "当日", "昨日", "较昨日")  # what stands on the second level of a header


def _lines(text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    start = 0
    size = len(text)
    while start < size:
        stop = text.find("\n", start)
        stop = size if stop < 0 else stop
        first, last = start, stop
        while first < last and text[first] in _SPACE:
            first += 1
        while last > first and text[last - 1] in _SPACE:
            last -= 1
        if first < last:
            found.append((first, last))
        start = stop + 1
    return found


_Kind = tuple[str, tuple[tuple[int, int], ...], int]


def _kinds(text: str, lines: list[tuple[int, int]]) -> list[_Kind]:
    kinds: list[_Kind] = []
    cells_before: tuple[tuple[int, int], ...] = ()
    header = -1
    for number, (start, end) in enumerate(lines):
        cells = _cells(text, start, end)
        numbers = sum(_NUMBER_CELL.fullmatch(text, *cell) is not None for cell in cells)
        if len(cells) >= 2 and numbers >= 2 and numbers >= len(cells) - 1:
            if header < 0 and number and len(cells_before) in (len(cells), len(cells) - 1, numbers):
                header = number - 1
                kinds[header] = ("head", cells_before, -1)
            kinds.append(("row", cells, header))
            continue
        header = -1
        cells_before = cells if len(cells) >= 2 and not numbers else ()
        if number == 0 and len(lines) > 1 and end - start <= _TITLE and text[end - 1] not in "。；;":
            kind = "title"
        elif _LABEL.match(text, start, end):
            kind = "label"
        elif _ITEM.match(text, start, end):
            kind = "item"
        elif end - start <= 40 and text[end - 1] not in "。；;，,、：:！？" and not any(c.isdigit() for c in text[start:end]):
            kind = "head"
        else:
            kind = "text"
        kinds.append((kind, (), -1))
    return kinds


def _cells(text: str, start: int, end: int) -> tuple[tuple[int, int], ...]:
    if end - start > 200:
        return ()
    found: list[tuple[int, int]] = []
    for match in _CELLS.finditer(text, start, end):
        first, last = match.span()
        found.append((first, last - 1 if text[last - 1] == " " else last))
    return tuple(found)


def _closers(text: str, lines: list[tuple[int, int]]) -> dict[int, int]:
    """Where the bracket that opens at a position closes; one that does not close in its block is none."""
    found: dict[int, int] = {}
    for start, end in lines:
        stack: list[int] = []
        for match in _BRACKETS.finditer(text, start, end):
            at = match.start()
            if text[at] in _OPEN:
                stack.append(at)
            elif stack and _OPEN[text[stack[-1]]] in _MATES[text[at]]:
                opened = stack.pop()
                if at - opened <= _MAX_BRACKET:
                    found[opened] = at
    return found


_BRACKETS: Final = re.compile("[（）()【】\\[\\]]")
_MATES: Final = {"）": "）)", ")": "）)", "】": "】]", "]": "】]"}


def _read_block(
    text: str, start: int, end: int, block: int, closers: dict[int, int],
    sentences: list[Sentence], clauses: list[Clause], brackets: list[Bracket],
    breaks: list[int],
) -> None:  # fmt: skip
    open_brackets: list[int] = []  # numbers
    first_clause, sentence_start, clause_start = len(clauses), start, start

    def end_clause(at: int, after: int, stop: str) -> None:
        nonlocal clause_start
        first, last = clause_start, at
        while first < last and text[first] in _SPACE:
            first += 1
        while last > first and text[last - 1] in _SPACE:
            last -= 1
        if first < last:
            clauses.append(Clause(first, last, len(sentences), open_brackets[-1] if open_brackets else -1, stop))
        clause_start = after

    def end_sentence(after: int, stop: str) -> None:
        nonlocal first_clause, sentence_start
        if len(clauses) > first_clause:
            last = after
            while text[last - 1] in _SPACE:
                last -= 1
            sentences.append(Sentence(clauses[first_clause].start, last, block, (first_clause, len(clauses)), stop))
            first_clause = len(clauses)
        sentence_start = after

    for match in _SIGNS.finditer(text, start, end):
        at, after = match.span()
        sign = text[at]
        if sign in _OPEN:
            if at in closers:
                end_clause(at, after, sign)
                open_brackets.append(len(brackets))
                brackets.append(Bracket(at, closers[at] + 1, open_brackets[-2] if len(open_brackets) > 1 else -1))
        elif sign in _CLOSE:
            if open_brackets and brackets[open_brackets[-1]].end == after:
                end_clause(at, after, sign)
                open_brackets.pop()
        elif sign in "，,…":
            if sign in "，…" or not _is_in_number(text, at):
                end_clause(at, after, sign)
                breaks.append(at)
        elif sign in "：:":
            if not (text[at - 1 : at].isdigit() and text[after : after + 1].isdigit()) and not text.startswith("//", after):
                end_clause(at, after, sign)
        elif sign == ".":
            if not _is_full_stop(text, at):
                continue
            end_clause(at, after, sign)
            breaks.append(at)
            if not open_brackets:
                end_sentence(after, "。")
        elif sign in _FULL:
            if sign in "?!" and text[after : after + 1] in _NOT_AFTER_MARK:
                continue  # a broken character, or part of an address
            end_clause(at, after, sign)
            breaks.append(at)
            if not open_brackets:
                if sign in "；;":
                    end_sentence(after, "；")
                    continue
                while after < end and text[after] in _CLOSING_QUOTES:
                    after += 1
                clause_start = after
                end_sentence(after, sign)
        elif sign != " " or (at > start and "\u4e00" <= text[at - 1] <= "\u9fff"):
            end_clause(at, after, sign)
    end_clause(end, end, "\n")
    end_sentence(end, "\n")


def _is_in_number(text: str, comma: int) -> bool:
    """Whether the comma stands between a digit and exactly three more, as in 1,327."""
    after = text[comma + 1 : comma + 5]
    return (
        text[comma - 1 : comma].isdigit() and len(after) >= 3 and after[:3].isdigit() and not after[3:].isdigit()
    )


def _is_full_stop(text: str, dot: int) -> bool:
    before, after = text[dot - 1 : dot], text[dot + 1 : dot + 2]
    return ("\u3400" <= before <= "\u9fff" or before in ")）”\"") and (not after or after.isspace())
