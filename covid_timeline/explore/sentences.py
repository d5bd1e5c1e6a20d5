"""The sentence that a row was read from, cut where its number, its day and its place are written.

A cut sentence is a list of strings; the first character of each says what it is: `=` plain, `n` the number, `d` the
day, `p` the place, `…` words left out. The page joins them; it never counts characters, which Python and browsers
count differently.
"""

from __future__ import annotations

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


def cut(row: Row, raw: str | None) -> list[str] | None:
    """The sentence of a row of `metrics` or `events` in pieces; None where it is not at hand.

    >>> row = {"quote": "新增确诊2例", "char_start": 10, "char_end": 16, "value_char_start": 14, "value_char_end": 16}
    >>> cut(row, None)
    ['=新增确诊', 'n2例']
    """
    clause = (row["char_start"], row["char_end"])
    marks = _marks(row)
    if raw is not None:
        if not _fits(row, raw, [clause, *(span for _, span in marks)]):
            return None
        return _pieces(raw, 0, _shown(raw, clause, [span for _, span in marks]), marks)
    quote = row["quote"]
    if quote is None:
        return None
    inside = [one for one in marks if clause[0] <= one[1][0] and one[1][1] <= clause[1]]
    said = _pieces(quote, clause[0], [clause], inside)
    date = row.get("date_quote")
    if date and not any(kind == "d" for kind, _ in inside):  # the day stands in another sentence
        return [f"d{date}", "…", *said]
    return said


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


def _fits(row: Row, raw: str, spans: Sequence[Span]) -> bool:
    """Whether this can be the text: every span lies in it, and what the row quotes stands there."""
    if any(not 0 <= start < end <= len(raw) for start, end in spans):
        return False
    return row["quote"] is None or raw[row["char_start"] : row["char_end"]] == row["quote"]


def _shown(raw: str, clause: Span, marks: Sequence[Span]) -> list[Span]:
    """The stretches of the text to show: the sentence around the clause, and marks that stand elsewhere."""
    start, end = clause
    while start > max(0, clause[0] - CONTEXT) and raw[start - 1] not in _ENDS:
        start -= 1
    while end < min(len(raw), clause[1] + CONTEXT) and raw[end - 1] not in _ENDS:
        end += 1
    spans = []
    for first, last in marks:
        if first >= start - NEAR and last <= end + NEAR:
            start, end = min(start, first), max(end, last)
        else:
            spans.append((max(0, first - AROUND), min(len(raw), last + AROUND)))
    merged: list[Span] = []
    for span in sorted([*spans, (start, end)]):
        if merged and span[0] <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], span[1]))
        else:
            merged.append(span)
    return merged


def _pieces(text: str, offset: int, shown: Sequence[Span], marks: Sequence[tuple[str, Span]]) -> list[str]:
    """`text` begins at `offset` of the raw text; all spans count from there."""
    pieces: list[str] = []
    for i, (start, end) in enumerate(shown):
        if i:
            pieces.append("…")
        at = start
        for kind, (first, last) in marks:
            if start <= first and last <= end:
                pieces += [f"={text[at - offset : first - offset]}", f"{kind}{text[first - offset : last - offset]}"]
                at = last
        pieces.append(f"={text[at - offset : end - offset]}")
    return [piece for piece in pieces if piece != "="]
