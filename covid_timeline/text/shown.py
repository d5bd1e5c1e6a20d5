"""Text from elsewhere made fit to be shown: on a terminal, in a job's log, in a spreadsheet. One place for each rule."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_UNSEEN: Final = frozenset(["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"])
"""Controls, directions, surrogates, private use, unassigned, line separators."""

# `::name ...::` is obeyed at the start of a line of a job's log, blanks before it aside, and a long line may be broken
# anywhere; `##[name]` and `##vso[name]` are obeyed wherever they stand.
_COMMAND: Final = re.compile(r":(?=:\s*[A-Za-z])|#(?=#)")


def printable(text: str, limit: int | None = 400) -> str:
    r"""`text` on one line, with every control, direction and surrogate character made visible, and nothing in it that
    a runner would take for a command.

    Args:
        text: any text.
        limit: it is cut after so many characters, with an ellipsis; None leaves it whole.

    >>> printable("a\x1b[31m\n\u202eb"), printable("::error::x"), printable("##[group]x")
    ('a\\x1b[31m⏎\\u202eb', '\\x3a:error\\x3a:x', '\\x23#[group]x')
    """
    cut = text if limit is None else text[:limit]
    if not cut.isprintable():
        cut = "".join(map(_visible, cut))
    cut = _COMMAND.sub(lambda mark: f"\\x{ord(mark[0]):02x}", cut)
    return cut + ("…" if limit is not None and len(text) > limit else "")


def _visible(char: str) -> str:
    if char == "\n":
        return "⏎"
    if unicodedata.category(char) in _UNSEEN:
        code = ord(char)
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return char


# --- spreadsheets -----------------------------------------------------------------------------------------------------

_BLANK: Final = (  # what a spreadsheet may skip before it looks at a cell: white space, and characters without a shape
    "\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u2800\u3164\u115f\u1160\uffa0"
    "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
)
_BREAK: Final = r"\x00-\x1f\x7f-\x9f" + "\u2028\u2029"
_SIGN: Final = "=+@\u207a\u207b\u208a\u208b\u208c\u207c\u2212\ufb29\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20-"

RUNNABLE: Final = f"^'*([{_BLANK}]*[{_SIGN}]|[{_BLANK}]*[{_BREAK}])"
"""What a spreadsheet may take for a formula, for `re` and for RE2. Leading apostrophes count, so that `neutralise` can
be undone."""

_RUNNABLE: Final = re.compile(RUNNABLE)


def neutralise(text: str) -> str:
    """`text` so that no spreadsheet runs it.

    >>> neutralise("=1+1"), neutralise("新增3例"), neutralise("'=1"), neutralise("\u2003＝1")
    ("'=1+1", '新增3例', "''=1", "'\u2003＝1")
    """
    return "'" + text if _RUNNABLE.match(text) else text


def restore(text: str) -> str:
    """The text that `neutralise` was given.

    >>> restore(neutralise("=1+1")), restore("'quoted'")
    ('=1+1', "'quoted'")
    """
    return text[1:] if text.startswith("'") and _RUNNABLE.match(text) else text
