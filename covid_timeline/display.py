"""How results look in a notebook and a terminal. What comes from a text is escaped; nothing in it is markup or moves a cursor.

Each class calls a function here from its `_repr_html_` or `__str__`; the functions ask only for what they show.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

SHOWN = 20
"""Rows of a table that are shown; the rest are counted."""

WHOLE = 1_000_000
"""Characters of what is shown as a whole, a sentence above all."""

_SIGNS = {"about": "~", "nearly": "<~", "more_than": ">", "at_least": ">=", "less_than": "<", "at_most": "<="}
_WIDE = ((0x1100, 0x115F), (0x2E80, 0xA4CF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE30, 0xFE6F), (0xFF00, 0xFF60))


def one_line(text: object, limit: int = 300) -> str:
    r"""Text on one line, with what would move a cursor written as an escape.

    >>> one_line("a\x1b[31m\nb")
    'a\\x1b[31m b'
    """
    made = "".join(
        c if c.isprintable() else " " if c in "\n\r\t\u3000\xa0" else c.encode("unicode_escape", "surrogatepass").decode()
        for c in str("" if text is None else text)[: limit + 1]
    )
    return made if len(made) <= limit else made[:limit] + "…"


def period(start: dt.date | None, end: dt.date | None) -> str:
    """2020-02-03, or both ends."""
    if start is None or start == end:
        return str(end) if end else ""
    return f"{start} to {end}"


def amount(row: Any) -> str:
    """A figure with its hedge and unit: `>500 person`."""
    values = [row.value] if row.value_high is None else [row.value, row.value_high]
    said = "-".join(f"{float(value):,.12g}" for value in values)
    return f"{_SIGNS.get(row.qualifier, '')}{said} {row.unit}"


# --- an extraction --------------------------------------------------------------------------------------------------------

_Table = tuple[str, Sequence[str], list[Sequence[str]]]


def _extraction_tables(found: Any) -> list[_Table]:
    """Name, headings and cells of each table of an extraction, the columns a reader looks at first."""
    metrics = [
        (m.value_quote, amount(m), m.indicator, m.measure, period(m.date_start, m.date_end), m.region_name, _status(m))
        for m in found.metrics
    ]
    events = [(period(e.date_start, e.date_end), e.region_name, e.category, e.summary, _status(e)) for e in found.events]
    dates = [(d.quote, period(d.date_start, d.date_end), d.precision, d.basis) for d in found.dates]
    rejected = [(r.quote, r.reason) for r in found.rejected]
    tables: list[_Table] = [
        ("metrics", ("text", "value", "indicator", "counted", "day", "place", ""), [tuple(map(one_line, r)) for r in metrics]),
        ("events", ("day", "place", "category", "what", ""), [tuple(map(one_line, r)) for r in events]),
        ("dates", ("text", "day", "precision", "basis"), [tuple(map(one_line, r)) for r in dates]),
        ("rejected", ("text", "reason"), [tuple(map(one_line, r)) for r in rejected]),
    ]
    return tables


def _status(row: Any) -> str:
    return "" if row.status == "reported" else str(row.status)


def _extraction_head(found: Any) -> str:
    article = found.article
    counts = ", ".join(f"{len(getattr(found, kind))} {kind}" for kind in ("metrics", "events", "dates", "rejected"))
    home = article.region_code or "no home region"
    return f"{counts}; read against {article.anchor_date} ({article.anchor_basis}), {home}"


def extraction_text(found: Any) -> str:
    """An extraction as a person reads it in a terminal: counts, then one line for each figure and event."""
    lines = [_extraction_head(found)]
    for name, _, rows in _extraction_tables(found)[:2]:
        if not rows:
            continue
        lines += ["", name]
        shown = rows[:SHOWN]
        widths = [min(34, max(_width(row[i]) for row in shown)) for i in range(len(shown[0]))]
        for row in shown:
            cells = [_padded(_cut(cell, width), width) for cell, width in zip(row, widths, strict=True)]
            lines.append("  " + "  ".join(cells).rstrip())
        if len(rows) > SHOWN:
            lines.append(f"  ... and {len(rows) - SHOWN} more")
    return "\n".join(lines)


def extraction_html(found: Any) -> str:
    """An extraction in a notebook: a table each for figures, events, dates, and numerals without a rule."""
    parts = [f"<p>{escape(_extraction_head(found))}</p>"]
    for name, head, rows in _extraction_tables(found):
        if rows:
            more = f" (the first {SHOWN})" if len(rows) > SHOWN else ""
            parts.append(_table(f"{name}: {len(rows)}{more}", head, rows[:SHOWN]))
    return "".join(parts)


# --- a quote ----------------------------------------------------------------------------------------------------------------


def quote_text(quote: Any) -> str:
    """The sentence with the span in 【】, the row in one line, and the document."""
    said = ", ".join(str(part) for part in (quote.source, quote.published_at) if part)
    lines = [quote.marked, quote.fact, quote.title + (f" ({said})" if said else ""), quote.url or ""]
    lines.append(f"{quote.doc_id} [{quote.char_start}:{quote.char_end}], rule {quote.rule}")
    return "\n".join(one_line(line, WHOLE) for line in lines if line)


def quote_html(quote: Any) -> str:
    """The same for a notebook, the span marked."""
    sentence = escape(one_line(quote.marked, WHOLE)).replace("【", "<mark>").replace("】", "</mark>")
    title = escape(one_line(quote.title))
    if quote.url and quote.url.startswith(("http://", "https://")):
        title = f'<a href="{escape(quote.url)}" rel="noopener noreferrer">{title}</a>'
    said = escape(one_line(", ".join(str(part) for part in (quote.source, quote.published_at) if part)))
    where = escape(one_line(f"{quote.doc_id} [{quote.char_start}:{quote.char_end}], rule {quote.rule}"))
    return (
        f"<blockquote>{sentence}</blockquote><p>{escape(one_line(quote.fact))}<br>{title} {said}<br>"
        f"<small>{where}</small></p>"
    )


# --- reports --------------------------------------------------------------------------------------------------------------------


def build_report_html(report: Any) -> str:
    """What a build made: where, rows by table, and what was refused."""
    where = f"Published in {report.out}" if report.published else "Nothing was published"
    counts = [(name, f"{n:,}") for name, n in report.rows.items()]
    counts += [(kind, str(report.count(kind))) for kind in ("refused", "skipped", "note")]
    counts.append(("violations", str(len(report.violations))))
    parts = [_table(where, ("what", "count"), counts)]
    refused = [(entry.kind, entry.file, entry.place, one_line(entry.reason)) for entry in report.refused]
    if refused:
        parts.append(_table("Left out, or kept with a note", ("", "file", "place", "reason"), refused[:SHOWN], len(refused)))
    if report.violations:
        found = [(one_line(violation, 400),) for violation in report.violations]
        parts.append(_table("Violations", ("",), found[:SHOWN], len(found)))
    return "".join(parts)


def report_html(report: Any) -> str:
    """A validation: the verdict, the counts, and each check that failed with its first row."""
    counts = report.counts
    said = f"{report.verdict}: {counts['rows']:,} rows of {counts['tables']} tables, {counts['checks']} checks, "
    said += f"{counts['errors']} errors, {counts['warnings']} warnings, {counts['skipped']} skipped"
    parts = [f"<p><b>{escape(said)}</b></p>"]
    if report.message:
        parts.append(f"<p>{escape(one_line(report.message, 1000))}</p>")
    rows = [(o.severity, o.check, o.table, f"{o.n_new:,} of {o.n:,}", one_line(o, 500)) for o in report.failures]
    if rows:
        parts.append(_table("Failed", ("", "check", "table", "rows", "first"), rows[:SHOWN], len(rows)))
    return "".join(parts)


# --- helpers ----------------------------------------------------------------------------------------------------------------------


def _table(caption: str, head: Iterable[str], rows: Sequence[Sequence[str]], total: int | None = None) -> str:
    more = f" ({len(rows)} of {total})" if total is not None and total > len(rows) else ""
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f"<table><caption>{escape(one_line(caption))}{more}</caption><thead><tr>{cells}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def _width(text: str) -> int:
    """Columns on a terminal, where a Chinese character takes two."""
    return sum(2 if any(low <= ord(c) <= high for low, high in _WIDE) else 1 for c in text)


def _cut(text: str, width: int) -> str:
    if _width(text) <= width:
        return text
    kept = ""
    for c in text:
        if _width(kept + c) > width - 1:
            break
        kept += c
    return kept + "…"


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
