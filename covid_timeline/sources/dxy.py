"""Bulletins of the DXY news export, in the two formats it comes in.

`DXYNews.csv`: UTF-8 with a byte order mark, `pubDate` as `YYYY-MM-DD HH:MM:SS` in China, summaries over several
lines. The JSON export: a list of objects (or `{"results": [...]}`), `pubDate` in milliseconds since the epoch. Both
name an item by `id`, and neither keeps ids apart: the CSV repeats an id where an item was corrected, and a dump may
number its items anew. So an item that comes twice, by id or by its moment in another export, is one document; a text
that was posted again under an id of its own is one more, which the build marks as a repeat; another text under a
taken id gets a suffix (`dxy-105.2`), in order of publication, and a note. Where both formats are read together, the
JSON ids stand.

The export is under the MIT License; the texts belong to the media that `infoSource` names, so `may_republish` is
false: tables made from them carry values, spans, URL and sha256, and no sentences.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from covid_timeline.model import Article, Refused
from covid_timeline.sources.records import Columns, Preset, read_records

COLUMNS = Columns(
    text="summary",
    published="pubDate",
    title="title",
    region="provinceName",
    id="id",
    url="sourceUrl",
    source="infoSource",
)

PRESET = Preset(
    prefix="dxy-",
    join_title=True,
    fixed_region=True,
    licence="DXY export: MIT, copyright 2020 Jiabao Lin; the text belongs to its medium",
    may_republish=False,
    collection="bulletins",
)


def read_dxy(
    paths: Path | str | Sequence[Path | str], *, digest_ids: bool = False
) -> Iterator[Article | Refused]:
    """The bulletins of one or several exports, CSV and JSON mixed, sorted by `doc_id`.

    `doc_id` is `dxy-<id>`, the export's own id. Exports number their items differently, so with `digest_ids` it is
    `dxy-` and ten hexadecimal digits made from title and moment: the same whichever file a bulletin came from. The raw text is `title + "\\n" + summary` exactly as exported; the anchor is the day of
    `pubDate` in China; the home region is `provinceName` (全国 is 100000; empty, as for news from abroad, is None; a
    name in no table is None too, with a note).

    Yields:
        what `sources.records.read_records` yields.

    Raises:
        ValueError: a file lacks one of the columns that the export has.
        OSError: a file cannot be opened.
    """
    return read_records(paths, COLUMNS, preset=PRESET._replace(digest_ids=digest_ids))
