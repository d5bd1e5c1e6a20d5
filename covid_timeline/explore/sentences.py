"""The sentence that a row was read from, cut where its number, its day and its place are written.

A cut sentence is a list of strings; the first character of each says what it is: `=` plain, `n` the number, `d` the
day, `p` the place, `…` words left out. The page joins them; it never counts characters, which Python and browsers
count differently.
"""

from __future__ import annotations

import bisect
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from covid_timeline.model import Article

Row = Mapping[str, Any]
Span = tuple[int, int]

NEAR = 160
"""Characters between the clause and a mark that are shown in full; a mark farther away stands alone."""

AROUND = 12
"""Characters shown on either side of a mark that stands alone."""

CONTEXT = 60
"""Characters that are added on either side of a clause to reach the ends of its sentence."""

_ENDS = "。！？!?\n\r"


def read_texts(paths: Iterable[Path], documents: Mapping[str, str]) -> dict[str, str]:
    """Raw texts by doc_id: those that are, by their SHA-256, what the tables were read from.

    Args:
        paths: folders of articles, exports of the bulletins (.json, .csv), or .jsonl files with `doc_id` and `text`
            on each line (these have no checksum: a text counts where the quotes and spans of its rows agree).
        documents: the SHA-256 of each document by doc_id.

    Raises:
        ValueError: a path is none of these.
        OSError: it cannot be read.
    """
    found: dict[str, str] = {}
    for path in paths:
        if path.is_dir():
            from covid_timeline.sources.folder import read_folder

            items: Iterable[object] = read_folder(path)
        elif path.suffix.lower() == ".jsonl":
            found |= _lines(path, documents)
            continue
        elif path.suffix.lower() in (".json", ".csv"):
            from covid_timeline.sources.dxy import read_dxy

            items = read_dxy(path)
        elif path.exists():
            raise ValueError(f"{path}: texts are a folder of articles, an export (.json, .csv) or lines (.jsonl)")
        else:
            raise ValueError(f"{path}: no such file or folder of texts")
        for item in items:
            if isinstance(item, Article) and documents.get(item.doc_id) == item.sha256:
                found[item.doc_id] = item.raw
    return found


def _lines(path: Path, documents: Mapping[str, str]) -> dict[str, str]:
    found = {}
    with path.open(encoding="utf-8") as file:
        for n, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                doc_id, text = row["doc_id"], row["text"]
            except (ValueError, KeyError, TypeError):
                raise ValueError(f"{path}: line {n} is no object with doc_id and text") from None
            if isinstance(doc_id, str) and isinstance(text, str) and doc_id in documents:
                found[doc_id] = text
    return found


Known = Sequence[tuple[int, str]]
"""What is known of a text: stretches that do not touch, each with the place in the text where it starts."""


def known_stretches(quotes: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """Quotes of one text, put together where they touch or overlap.

    >>> known_stretches([(0, "截至2月3日"), (2, "2月3日24时，"), (20, "2例")])
    [(0, '截至2月3日24时，'), (20, '2例')]
    """
    found: list[tuple[int, str]] = []
    for start, text in sorted(quotes):
        if found and start <= found[-1][0] + len(found[-1][1]):
            first, before = found[-1]
            found[-1] = (first, before + text[max(0, first + len(before) - start) :])
        else:
            found.append((start, text))
    return found


def cut(row: Row, known: Known) -> list[str] | None:
    """The sentence of a row of `metrics` or `events` in pieces; None where it is not known.

    >>> row = {"quote": "新增确诊2例", "char_start": 10, "char_end": 16, "value_char_start": 14, "value_char_end": 16}
    >>> cut(row, [(10, "新增确诊2例")])
    ['=新增确诊', 'n2例']
    """
    clause = (int(row["char_start"]), int(row["char_end"]))
    home = _stretch(known, clause)
    if home is None or (row["quote"] is not None and _slice(home, clause) != row["quote"]):
        return None
    marks = [(kind, span) for kind, span in _marks(row) if _stretch(known, span) is not None]
    pieces: list[str] = []
    for i, (stretch, span) in enumerate(_shown(known, home, clause, [span for _, span in marks])):
        if i:
            pieces.append("…")
        at = span[0]
        for kind, mark in marks:
            if span[0] <= mark[0] and mark[1] <= span[1]:
                pieces += [f"={_slice(stretch, (at, mark[0]))}", f"{kind}{_slice(stretch, mark)}"]
                at = mark[1]
        pieces.append(f"={_slice(stretch, (at, span[1]))}")
    return [piece for piece in pieces if piece != "="]


def _marks(row: Row) -> list[tuple[str, Span]]:
    """The spans of number, day and place, none inside another, in the order of the text."""
    found = []
    for kind, name in (("n", "value"), ("d", "date"), ("p", "region")):
        start, end = row.get(f"{name}_char_start"), row.get(f"{name}_char_end")
        if start is not None and end is not None and start < end:
            found.append((kind, (int(start), int(end))))
    kept: list[tuple[str, Span]] = []
    for kind, span in sorted(found, key=lambda one: one[1]):
        if not kept or span[0] >= kept[-1][1][1]:
            kept.append((kind, span))
    return kept


def _stretch(known: Known, span: Span) -> tuple[int, str] | None:
    """The stretch that holds the span, which has at least one character."""
    if span[0] >= span[1]:
        return None
    at = bisect.bisect_right(known, span[0], key=lambda one: one[0]) - 1
    return known[at] if at >= 0 and span[1] <= known[at][0] + len(known[at][1]) else None


def _slice(stretch: tuple[int, str], span: Span) -> str:
    return stretch[1][span[0] - stretch[0] : span[1] - stretch[0]]


def _shown(
    known: Known, home: tuple[int, str], clause: Span, marks: Sequence[Span]
) -> list[tuple[tuple[int, str], Span]]:
    """The parts of the text to show: the sentence around the clause, and marks that stand elsewhere."""
    (offset, text), (start, end) = home, clause
    last = offset + len(text)
    while start > max(offset, clause[0] - CONTEXT) and text[start - 1 - offset] not in _ENDS:
        start -= 1
    while end < min(last, clause[1] + CONTEXT) and text[end - 1 - offset] not in _ENDS:
        end += 1
    spans = []
    for mark in marks:
        if offset <= mark[0] and mark[1] <= last and start - NEAR <= mark[0] and mark[1] <= end + NEAR:
            start, end = min(start, mark[0]), max(end, mark[1])
        elif stretch := _stretch(known, mark):
            low, high = stretch[0], stretch[0] + len(stretch[1])
            spans.append((stretch, (max(low, mark[0] - AROUND), min(high, mark[1] + AROUND))))
    merged: list[tuple[tuple[int, str], Span]] = []
    for stretch, span in sorted([*spans, (home, (start, end))], key=lambda one: one[1]):
        if merged and merged[-1][0][0] == stretch[0] and span[0] <= merged[-1][1][1]:
            merged[-1] = (stretch, (merged[-1][1][0], max(merged[-1][1][1], span[1])))
        else:
            merged.append((stretch, span))
    return merged
