"""Write the page: an index, and for each place small files that a browser loads when they are asked for.

A page opened from a folder may not fetch files, so the data are scripts that hand over one value each:
`CT.put("371500", {...})`. They hold JSON and nothing else.

    index.html  app/*.js  app/style.css     the program
    data/index.js                           places, words
    data/371500.js                          what is drawn at once: the values by day
    data/371500.e0.js, .m0.js               its events; its figures with their sentences, in parts
    data/d0.js                              documents, in parts
"""

from __future__ import annotations

import datetime as dt
import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from covid_timeline.explore.builds import NO_PLACE, by_place, quoted, read_builds, rows
from covid_timeline.explore.sentences import Known, cut, known_stretches, read_texts
from covid_timeline.lexicon.rules import load_rules
from covid_timeline.mentions.places import gazetteer
from covid_timeline.tables.cities import definition_breaks
from covid_timeline.tables.schema import SCHEMA_VERSION, VOCABULARIES

if TYPE_CHECKING:
    import pyarrow as pa

PART = 2000
"""Events, or figures, in one file."""

DOCUMENTS = 250
"""Documents in one file."""

MARK = '<meta name="generator" content="covid_timeline explore">'
"""How a folder says that it holds a page of ours, which may be written over."""

EVENT_COLUMNS = (
    "event_id", "doc_id", "date_start", "date_end", "time_start", "precision", "basis", "region_name", "region_basis",
    "status", "category", "summary", "headline_zh", "headline_en", "char_start", "char_end", "n_metrics", "rule", "trace",
)  # fmt: skip
FIGURE_COLUMNS = (
    "metric_id", "doc_id", "event_id", "value", "value_high", "unit", "qualifier", "status", "indicator",
    "indicator_basis", "measure", "part_of", "repeat_of", "date_start", "date_end", "date_basis", "time_start", "time_end",
    "region_name", "region_basis", "char_start", "char_end", "value_char_start", "value_char_end", "rule", "trace",
)  # fmt: skip
DOCUMENT_COLUMNS = (
    "doc_id", "collection", "title", "source", "published_at", "anchor_date", "anchor_basis", "url", "sha256", "n_chars",
    "licence", "duplicate_of",
)  # fmt: skip
SERIES_COLUMNS = (
    "date", "clock", "value", "unit", "qualifier", "metric_id", "n_sources", "value_min", "value_max", "conflict",
    "chosen_by", "is_correction", "is_fall", "part",
)  # fmt: skip
_WORDS = (
    "categories", "indicators", "units", "qualifiers", "statuses", "precisions", "choices", "date_bases",
    "region_bases", "indicator_bases", "region_levels",
)  # fmt: skip


class Page(NamedTuple):
    """A page that was written."""

    file: Path  # index.html, to be opened
    places: int
    files: int
    bytes: int
    remarks: list[str]  # what the reader should know, one sentence each


def write_page(tables: Iterable[str | Path] | str | Path = (), out: str | Path = "page", *, texts: Iterable[str | Path] | str | Path = ()) -> Page:
    """Write a page to look through tables: `index.html` in a folder, which needs no server and no network.

    Args:
        tables: output folders of builds; the tables that come with the package where there is none.
        out: folder to write to: new, empty, or an earlier page, which is replaced as a whole.
        texts: folders or files of the raw texts, for sentences that the tables withhold. They are copied into the page.

    Raises:
        ValueError: the folder holds other files; tables are of another version, or share a document; no such texts.
        FileNotFoundError: a folder is no build.
    """
    from covid_timeline.tables.manifest import data_paths

    out = Path(out)
    _check_target(out)
    builds = read_builds(_paths(tables) or data_paths())
    digests = dict(zip(builds["documents"]["doc_id"].to_pylist(), builds["documents"]["sha256"].to_pylist(), strict=True))
    given = _paths(texts)
    raw = read_texts(given, digests)
    remarks = []
    if given and len(raw) < len(digests):
        remarks.append(f"{len(raw)} of {len(digests)} documents have their text in what was given")
    if not builds["metrics"].num_rows and not builds["events"].num_rows:
        remarks.append("the tables hold no event and no figure: the page is empty")
    out.parent.mkdir(parents=True, exist_ok=True)
    # Whole or not at all: a reader never sees half a page.
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as folder:
        room = Path(folder) / "page"
        (room / "data").mkdir(parents=True)
        _copy_program(room)
        writer = _Writer(room / "data")
        known: dict[str, Known] = {doc_id: known_stretches(quotes) for doc_id, quotes in quoted(builds).items()}
        known |= {doc_id: [(0, text)] for doc_id, text in raw.items()}
        places = _write_data(writer, builds, known)
        written = [path for path in room.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in written)
        if out.exists():
            out.rename(Path(folder) / "before")
        room.rename(out)
    return Page(out / "index.html", places, len(written), size, remarks)


def _paths(given: Iterable[str | Path] | str | Path) -> list[Path]:
    return [Path(given)] if isinstance(given, str | Path) else [Path(one) for one in given]


def _check_target(out: Path) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise ValueError(f"{out}: is a file; name a folder for the page")
    index = out / "index.html"
    if any(out.iterdir()) and not (index.is_file() and MARK in index.read_text(encoding="utf-8", errors="replace")):
        raise ValueError(f"{out}: holds other files; name a new or empty folder for the page")


def _copy_program(room: Path) -> None:
    (room / "app").mkdir()
    for file in sorted(resources.files("covid_timeline.explore").joinpath("assets").iterdir(), key=lambda one: one.name):
        target = room / file.name if file.name == "index.html" else room / "app" / file.name
        target.write_bytes(file.read_bytes())


# --- the data ---------------------------------------------------------------------------------------------------------


class _Writer:
    """Files of the data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, value: object) -> None:
        """One value as a script. `<` and the two line ends that JSON allows and old scripts do not are escaped."""
        if not re.fullmatch(r"index|[0-9]{6}(\.[em][0-9]+)?|d[0-9]+", name):
            raise ValueError(f"{name!r} cannot name a file of the page")
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)
        for character in "<\u2028\u2029":
            text = text.replace(character, f"\\u{ord(character):04x}")
        # Half a surrogate pair, which no file may hold, is an escape that a script may.
        data = f'CT.put("{name}",{text});\n'.encode("utf-8", "backslashreplace")
        (self._folder / f"{name}.js").write_bytes(data)


def _plain(value: object) -> str:
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} cannot be written")


def _write_data(writer: _Writer, builds: Mapping[str, pa.Table], known: Mapping[str, Known]) -> int:
    documents = _write_documents(writer, builds["documents"])
    events = dict(by_place(builds["events"], ("date_start", "date_end", "event_id")))
    figures = dict(by_place(builds["metrics"], ("indicator", "date_end", "metric_id")))
    days = dict(by_place(builds["city_by_date"], ("indicator", "date")))
    moments = dict(by_place(builds["city_intraday"], ("indicator", "date", "as_of_time", "time_start")))
    codes = sorted({*events, *figures, *days, *moments})
    places = []
    for code in codes:
        parts: dict[str, int] = {}
        n_figures = 0
        for n, part in enumerate(_parts(figures.get(code))):
            found = rows(part)
            parts |= {row["metric_id"]: n for row in found}
            n_figures += len(found)
            writer.put(f"{code}.m{n}", _part(found, FIGURE_COLUMNS, documents, known))
        n_events = 0
        for n, part in enumerate(_parts(events.get(code))):
            found = rows(part)
            n_events += len(found)
            writer.put(f"{code}.e{n}", _part(found, EVENT_COLUMNS, documents, known))
        closing, within = rows(days.get(code)), rows(moments.get(code))
        writer.put(
            code,
            {
                "columns": SERIES_COLUMNS,
                "days": _series(closing, parts),
                "moments": _series(within, parts),
                "breaks": _breaks(code, closing),
                "parts": {"e": -(-n_events // PART), "m": -(-n_figures // PART)},
            },
        )
        places.append([*_place(code), len(closing) + len(within), n_events, n_figures])
    writer.put("index", _index(places, builds))
    return len(places)


def _parts(table: pa.Table | None) -> Iterator[pa.Table]:
    for start in range(0, 0 if table is None else table.num_rows, PART):
        assert table is not None
        yield table.slice(start, PART)


def _part(
    found: Sequence[Mapping[str, Any]], columns: Sequence[str], documents: Mapping[str, int], known: Mapping[str, Known]
) -> dict[str, object]:
    """Rows as lists: the columns, the document's number instead of its id, and the sentence in pieces."""
    made = []
    for row in found:
        values = [documents[row["doc_id"]] if name == "doc_id" else row[name] for name in columns]
        made.append([*values, cut(row, known.get(row["doc_id"], ()))])
    return {"columns": [*columns, "says"], "rows": made}


def _write_documents(writer: _Writer, table: pa.Table) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for n, start in enumerate(range(0, table.num_rows, DOCUMENTS)):
        found = rows(table.slice(start, DOCUMENTS))
        numbers |= {row["doc_id"]: start + i for i, row in enumerate(found)}
        writer.put(f"d{n}", {"columns": DOCUMENT_COLUMNS, "rows": [[row[name] for name in DOCUMENT_COLUMNS] for row in found]})
    return numbers


def _series(found: Sequence[Mapping[str, Any]], parts: Mapping[str, int]) -> dict[str, list[list[object]]]:
    """Values by indicator, as lists in the order of SERIES_COLUMNS."""
    made: dict[str, list[list[object]]] = {}
    for row in found:
        extra = {"clock": row["as_of_time"] if "time_start" in row else None, "part": parts.get(row["metric_id"])}
        values = [extra[name] if name in extra else row.get(name) for name in SERIES_COLUMNS]
        made.setdefault(row["indicator"], []).append(values)
    return made


def _breaks(code: str, closing: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The days on which a count of this place changes its meaning: its own, its province's, the country's."""
    atlas = gazetteer()
    there = {row["indicator"] for row in closing}
    found = []
    for one in definition_breaks():
        shared = there & set(one.indicators)
        # What the country counts anew, each province does in its own time, so that break is not theirs.
        above = code in atlas and one.region_code != "100000" and atlas.contains(one.region_code, code)
        if shared and (one.region_code == code or above):
            found.append(
                {"date": str(one.date), "place": one.region_code, "kind": one.kind, "what": one.what, "indicators": sorted(shared)}
            )
    return found


def _place(code: str) -> list[object]:
    """code, name, short name, English name, level, the code of what contains it."""
    if code == NO_PLACE:
        return [code, "没有写明地点", "", "No place stated", "", None]
    row = gazetteer().get(code)
    if row is None:
        return [code, code, "", code, "", None]
    return [code, row.name, row.short_name, row.name_en, row.level, row.parent_code]


def _index(places: Sequence[Sequence[object]], builds: Mapping[str, pa.Table]) -> dict[str, object]:
    import covid_timeline as ct

    known = {row[0] for row in places}
    # What contains a place is named above it, even where nothing is known of it.
    atlas = gazetteer()
    above = {code for row in places if row[0] in atlas for code in atlas.ancestors(str(row[0]))}
    outer = {code: _place(code) for code in above - known}
    return {
        "version": ct.__version__,
        "schema": SCHEMA_VERSION,
        "counts": {name: builds[name].num_rows for name in ("documents", "events", "metrics")},
        "documents": DOCUMENTS,
        "part": PART,
        # What a word is about, for headlines whose sentence is withheld: 开学 finds （学校）.
        "topics": [[rule.data["pattern"], rule.data["label_zh"]] for rule in load_rules("topics")],
        "places": places,
        "outer": [outer[code] for code in sorted(outer)],
        "words": {
            name: {word.word: [word.label_en, word.label_zh] for word in VOCABULARIES[name].values()} for name in _WORDS
        },
    }
