"""Sentences and clauses: the scopes in which a date or a place governs a figure.

>>> text = "截至2月3日24时，确诊1,327例（湖北1,000例；其他327例）；治愈20例。“好！”他说"
>>> for sentence in split(text):
...     print(sentence.stop or "end", [text[start:end] for start, end in sentence.clauses])
； ['截至2月3日24时', '确诊1,327例（湖北1,000例', '其他327例）']
。 ['治愈20例']
！ ['“好']
end ['他说']
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Sentence", "split"]


class Sentence(NamedTuple):
    """One sentence, as offsets into the text that was split.

    `start`/`end` cover it without white space around it, with the sign that closes it and closing quotes after that.
    `clauses` are its parts between commas, without the comma or closing sign, never empty.
    `stop` is the sign that closed it (of several, the last): 。！？!?.；; or "\\n" at a line end, "" at the end of the text.
    """

    start: int
    end: int
    clauses: tuple[tuple[int, int], ...]
    stop: str


_SIGN = re.compile("[。！？!?.\n；;，,…（(）)]")
_STOP_TAIL = re.compile('[。！？!?]*(?:[”’」』》〉）)\\]]+|"(?=[\\s”]|\\Z))?')
_CLOSERS = '”’」』》〉）)]"'
_SPACE = " \n\t\u3000"
# An ASCII ? or ! before one of these is a broken character or part of an address, not the end of a sentence.
_NOT_AFTER_MARK = frozenset(",，、=&%_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_DIGITS = frozenset("0123456789")
_FULL_STOP_AFTER = frozenset("”）)》")


def split(text: str) -> list[Sentence]:
    """Sentences of `text` in order; white space and empty stretches belong to none. Never raises; linear time.

    A sentence ends at 。！？!? (with closing quotes and brackets after it), at ；; outside brackets, at a line end, and
    at an ASCII full stop between Chinese and white space (not 3.5, www.x.cn, 2020.2.3).
    A clause ends at ，, (not inside 1,327), at …, and at ； inside brackets; 、 and ： end nothing.
    A bracket that is never closed, or closed without being opened, changes nothing.
    """
    # One entry for each sign: (end of clause, start of the next, stop sign or ""). A ； starts as a sentence end
    # and becomes a clause end when the bracket around it turns out to close.
    cuts: list[tuple[int, int, str]] = []
    opened: list[int] = []  # for each open bracket, how many cuts stood before it
    pending: list[int] = []  # cuts made by a ； since the first open bracket
    done = 0
    for match in _SIGN.finditer(text):
        start = match.start()
        if start < done:  # a closing sign that the sentence before has taken
            continue
        sign = text[start]
        if sign in "，…":
            cuts.append((start, start + 1, ""))
        elif sign == ",":
            if not _is_in_number(text, start):
                cuts.append((start, start + 1, ""))
        elif sign in "（(":
            opened.append(len(cuts))
        elif sign in "）)":
            if opened:
                first = opened.pop()
                while pending and pending[-1] >= first:
                    index = pending.pop()
                    cuts[index] = (*cuts[index][:2], "")
        elif sign in "；;":
            if opened:
                pending.append(len(cuts))
            cuts.append((start, start + 1, sign))
        else:
            if sign == "\n":
                done = start + 1
            elif (sign == "." and not _is_full_stop(text, start)) or (
                sign in "!?" and text[start + 1 : start + 2] in _NOT_AFTER_MARK
            ):
                continue
            else:
                tail = _STOP_TAIL.match(text, start + 1)
                done = tail.end() if tail else start + 1
                sign = text[start:done].rstrip(_CLOSERS)[-1:]
            opened.clear()
            pending.clear()
            cuts.append((start, done, sign))
    cuts.append((len(text), len(text), _END))
    return _collect(text, cuts)


_END = "\0"


def _is_in_number(text: str, comma: int) -> bool:
    """Whether the comma stands between a digit and exactly three more, as in 1,327; a full-width one never does."""
    after = text[comma + 1 : comma + 5]
    return (
        text[comma - 1 : comma] in _DIGITS
        and len(after) >= 3
        and _DIGITS.issuperset(after[:3])
        and after[3:] not in _DIGITS
    )


def _is_full_stop(text: str, dot: int) -> bool:
    before, after = text[dot - 1 : dot], text[dot + 1 : dot + 2]
    return ("\u3400" <= before <= "\u9fff" or before in _FULL_STOP_AFTER) and (not after or after.isspace())


def _collect(text: str, cuts: list[tuple[int, int, str]]) -> list[Sentence]:
    sentences: list[Sentence] = []
    clauses: list[tuple[int, int]] = []
    begin = 0
    for cut, after, sign in cuts:
        start, end = begin, cut
        while start < end and text[start] in _SPACE:
            start += 1
        if start < end:
            while text[end - 1] in _SPACE:
                end -= 1
            clauses.append((start, end))
        if sign and clauses:
            stop, after_text = sign, after
            if sign in "\n\0":
                stop, after_text = sign.strip(_END), cut
                while text[after_text - 1] in _SPACE:
                    after_text -= 1
            sentences.append(Sentence(clauses[0][0], after_text, tuple(clauses), stop))
            clauses = []
        begin = after
    return sentences
