"""The command line, `covid-timeline`: thin commands over functions that are there for Python too.

Everything heavy is imported inside the command that needs it, so that `--help` comes quickly. What comes from a text
is never printed raw: control characters, direction marks and half characters are shown as escapes, and rich reads
no markup in it. Expected faults end in one sentence on stderr and an exit code, without a traceback
(COVID_TIMELINE_DEBUG=1 shows it).

Exit codes: 0 done; 1 failed (for `build`: nothing could be built, or something was refused under --strict; for
`validate`: the data failed); 2 wrong use of the command; `validate` adds 3 (could not read) and 4 (nothing to check).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import re
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from covid_timeline import cli_views
from covid_timeline.text.shown import printable

if TYPE_CHECKING:
    from rich.console import Console

    from covid_timeline.evaluate import Change, KindScore
    from covid_timeline.model import Article, Refused
    from covid_timeline.pipeline import BuildReport, Progress
    from covid_timeline.tables.package import About

RAW = Path("data/raw")
"""What `build` reads where nothing is named."""

LISTED = 20
"""Entries of a long list that are shown without --list."""

PROGRESS_EVERY = 500
"""Documents between two lines of progress where the output is no terminal."""


def _is_plain() -> bool:
    """Whether the help goes into a file or a pipe: drawing it with rich takes as long as all else.

    Not where that takes no UTF-8, which only rich heeds.
    """
    stream = sys.stdout
    return stream is not None and not stream.isatty() and (stream.encoding or "").lower().startswith("utf")


app = typer.Typer(
    name="covid-timeline",
    help=(
        "How Chinese cities met COVID-19 in early 2020: dated, placed, typed facts read from Chinese news, "
        "each with the characters it was read from."
    ),
    epilog="Start with: covid-timeline show 聊城",
    pretty_exceptions_enable=False,
    rich_markup_mode=None if _is_plain() else "rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        version()
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    *,
    _version: Annotated[
        bool, typer.Option("--version", help="Show the versions and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Without a command: the help."""
    cli_views.help_alone(context)


class SourceKind(StrEnum):
    """Where articles come from: `build --from`."""

    folder = "folder"
    dxy = "dxy"
    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"
    html = "html"
    bulletins = "bulletins"
    commission_reports = "commission_reports"
    national = "national"


class Engine(StrEnum):
    """Who reads the articles: `build --engine`."""

    local = "local"
    spark = "spark"


class Quotes(StrEnum):
    """Which sentences are published: `build --quotes`."""

    auto = "auto"
    always = "always"
    never = "never"
    facts = "facts"


class Form(StrEnum):
    """How rows are printed."""

    table = "table"
    jsonl = "jsonl"


# Output ---------------------------------------------------------------------------------------------------------


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    console = Console(stderr=stderr, highlight=False, emoji=False, markup=False)
    if not console.is_terminal:
        console.width = 200  # a file or a pipe has no width; wrapping lines there only harms
    return console


def _safe(value: object, limit: int = 400) -> str:
    """Text from an article, fit to be shown: on one line, nothing in it that a terminal would obey."""
    return "" if value is None else printable(str(value), limit)


def _fail(message: str, code: int = 1) -> NoReturn:
    print(f"covid-timeline: {_safe(message, 2000)}", file=sys.stderr)
    raise typer.Exit(code)


def _wrong_use(message: str) -> NoReturn:
    _fail(f"{message} (--help says more)", 2)


def _print_json(rows: Iterable[Mapping[str, Any]]) -> None:
    """JSON lines; pure ASCII where the output cannot hold Chinese."""
    from covid_timeline.evaluate import jsonable

    ascii_only = not (sys.stdout.encoding or "").lower().startswith("utf")
    for row in rows:
        line = json.dumps(jsonable(dict(row)), ensure_ascii=False)
        try:
            line.encode("ascii" if ascii_only else "utf-8")
        except UnicodeEncodeError:  # Chinese in an ASCII terminal, or half a surrogate pair anywhere
            line = json.dumps(jsonable(dict(row)))
        print(line)


def _print_table(
    title: str,
    names: Sequence[str],
    rows: Iterable[Sequence[object]],
    right: Iterable[str] = (),
    *,
    wide: bool = False,
) -> None:
    """Print a table with as many of its columns, from the left, as the terminal holds without breaking a word.

    Chinese text may be broken anywhere, words in letters and numbers nowhere. `wide` prints all columns, unbroken.
    """
    from rich import box
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    console = _console()
    cells = [[_safe(cell) for cell in row] for row in rows]
    columns = list(zip(names, *cells, strict=True))
    least = [max(map(_unbreakable, column)) for column in columns]
    full = [max(map(cell_len, column)) for column in columns]
    shown = len(names)
    if not wide:
        while shown > 1 and sum(least[:shown]) + _GAP * (shown - 1) > console.width:
            shown -= 1
    spare = _UNLIMITED if wide else console.width - sum(least[:shown]) - _GAP * (shown - 1)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for place in range(shown):
        wish = full[place] - least[place]
        wishes = sum(full[place:shown]) - sum(least[place:shown])
        given = wish if wishes <= spare else wish * spare // wishes
        spare -= given
        table.add_column(
            names[place],
            justify="right" if names[place] in right else "left",
            overflow="fold",
            width=least[place] + max(given, 0),
        )
    for row in cells:
        table.add_row(*map(Text, row[:shown]))
    console.print(Text(_safe(title)))
    console.print(table, soft_wrap=wide, width=None if not wide else _UNLIMITED)
    if shown < len(names):
        console.print(Text(f"({', '.join(names[shown:])}: --wide or --format jsonl)"), soft_wrap=True)


_GAP = 2
"""Columns of a terminal between two columns of a table."""

_UNLIMITED = 10_000


def _unbreakable(cell: str) -> int:
    """Least width for a cell: its longest word in letters or numbers, and something to read of what is Chinese."""
    from rich.cells import cell_len

    return max([0 if cell.isascii() else min(cell_len(cell), 16), *map(len, re.findall(r"[!-~]+", cell))])


# build ----------------------------------------------------------------------------------------------------------


@app.command(
    epilog=cli_views.examples(
        "covid-timeline build articles -o tables",
        "covid-timeline build news.jsonl --from jsonl --text body -o tables",
    )
)
def build(
    raw: Annotated[
        list[Path] | None,
        typer.Argument(help="Folder of articles, or files of them. Without it: data/raw.", metavar="RAW"),
    ] = None,
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder to publish to. Without it: a folder `processed` beside RAW."),
    ] = None,
    source: Annotated[SourceKind, typer.Option("--from", help="What RAW is.")] = SourceKind.folder,
    text: Annotated[str | None, typer.Option(help="Column of the text (jsonl, csv, parquet).")] = None,
    published: Annotated[str | None, typer.Option(help="Column of the publication time.")] = None,
    title: Annotated[str | None, typer.Option(help="Column of the title.")] = None,
    region: Annotated[str | None, typer.Option(help="Column of the home region, by name or code.")] = None,
    doc_id: Annotated[str | None, typer.Option("--id", help="Column of the document id.")] = None,
    medium: Annotated[str | None, typer.Option("--source", help="Column of the medium.")] = None,
    url: Annotated[str | None, typer.Option(help="Column of the address.")] = None,
    sidecar: Annotated[
        Path | None,
        typer.Option(help="What a folder's texts do not say (CSV or TOML). Without it: sidecar.csv or .toml in RAW."),
    ] = None,
    collection: Annotated[
        str | None, typer.Option(help="Name of the collection that the documents belong to, in documents.collection.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 where any document was refused.")] = False,
    quotes: Annotated[
        Quotes, typer.Option(
            help="Publish sentences: where the texts may be republished, always, or never; facts: no titles either."
        ),
    ] = Quotes.auto,
    dataset_title: Annotated[str | None, typer.Option(help="Title that the tables carry.")] = None,
    licence: Annotated[
        str | None, typer.Option(help="Licence that the tables carry: CC-BY-4.0 or another SPDX identifier, or an address.")
    ] = None,
    cite: Annotated[str | None, typer.Option(help="How the tables are to be cited.")] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", help="Processes that read. Without it: the cores at hand.", min=1)
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from what an interrupted build of the same source has read.")
    ] = False,
    engine: Annotated[
        Engine, typer.Option(help="Who reads: processes of this machine, or Spark (needs the extra `spark` and Java).")
    ] = Engine.local,
    master: Annotated[
        str | None, typer.Option(help="Spark's address: local[2], spark://host:7077, yarn. Without it: local[*].")
    ] = None,
    full_list: Annotated[bool, typer.Option("--list", help="List everything left out, however much.")] = False,
) -> None:
    """Read articles and publish the tables.

    A document that cannot be read is listed and the rest goes on. Nothing is published unless validation passes.
    What an interrupted build has read is kept beside its output, and --resume goes on from it.
    Title, licence and citation may also stand in a file about.toml in RAW; without either the tables carry none.
    """
    named = {
        "text": text,
        "published": published,
        "title": title,
        "region": region,
        "id": doc_id,
        "source": medium,
        "url": url,
    }
    columns = {name: column for name, column in named.items() if column is not None}
    if columns and source not in (SourceKind.jsonl, SourceKind.csv, SourceKind.parquet):
        _wrong_use(f"--{next(iter(columns))} names a column; it goes with --from jsonl, csv or parquet")
    if sidecar is not None and source is not SourceKind.folder:
        _wrong_use("--sidecar goes with a folder of texts")
    if master is not None and engine is not Engine.spark:
        _wrong_use("--master names a Spark cluster; it goes with --engine spark")
    if engine is Engine.spark and (resume or jobs is not None):
        _wrong_use("--jobs and --resume go with --engine local; Spark shares out and repeats its tasks itself")
    paths = raw or [RAW]
    for path in paths:
        if not path.exists():
            hint = "; name the folder of your articles" if not raw else ""
            _fail(f"{path}: no such file or folder{hint}", 1)
    target = out or paths[0].parent / "processed"

    from covid_timeline.pipeline import PARTS, BuildStopped
    from covid_timeline.pipeline import build as run

    about = _about(paths[0], {"title": dataset_title, "licence": licence, "cite": cite})
    articles = _articles(source, paths, columns, sidecar)
    if collection is not None:
        articles = _in_collection(articles, collection)
    done = 0

    def count(n: int, doc_id: str) -> None:
        nonlocal done
        done = n
        progress(n, doc_id)

    try:
        with _Progress() as progress:
            if engine is Engine.spark:
                from covid_timeline.engines import spark

                with spark.session(master or "local[*]") as cluster:
                    report = spark.build_articles(cluster, articles, target, quotes=quotes.value, about=about, progress=count)
            else:
                report = run(articles, target, quotes=quotes.value, about=about, jobs=jobs, resume=resume, progress=count)
    except (BuildStopped, ImportError) as error:  # pandera, which does the checking, may be missing
        _fail(str(error))
    except (KeyboardInterrupt, SystemExit) as error:  # `main` answers SIGTERM with the latter
        kept = f"; {done:,} documents are done and kept in {target / PARTS}: --resume goes on" if done else ""
        _fail(f"interrupted{kept}", error.code if isinstance(error, SystemExit) and isinstance(error.code, int) else 130)
    _show_build(report, full_list)
    raise typer.Exit(report.exit_code(strict=strict))


def _in_collection(articles: Iterable[Article | Refused], name: str) -> Iterable[Article | Refused]:
    from covid_timeline.model import Article

    return (item._replace(collection=name) if isinstance(item, Article) else item for item in articles)


def _about(raw: Path, given: Mapping[str, str | None]) -> About:
    from covid_timeline.tables.package import ABOUT_FILE, About, read_about

    beside = raw / ABOUT_FILE
    try:
        about = read_about(beside) if beside.is_file() else About()
        said: dict[str, Any] = {name: text for name, text in given.items() if text is not None}
        return about._replace(**said).checked()
    except (ValueError, OSError) as error:
        _wrong_use(str(error))


def _articles(
    kind: SourceKind, paths: Sequence[Path], columns: Mapping[str, str], sidecar: Path | None
) -> Iterable[Article | Refused]:
    if kind in (SourceKind.folder, SourceKind.html):
        if len(paths) > 1:
            _wrong_use(f"--from {kind.value} reads one folder at a time")
        if paths[0].is_file():
            _wrong_use(f"{paths[0]} is a file: name the folder it is in, or say with --from what it is")
        if kind is SourceKind.html:
            from covid_timeline.sources.html import read_html

            return read_html(paths[0])
        from covid_timeline.sources.folder import read_folder

        return read_folder(paths[0], sidecar)
    if kind is SourceKind.dxy:
        from covid_timeline.sources.dxy import read_dxy

        return read_dxy(paths)
    if kind is SourceKind.bulletins:
        from covid_timeline.sources.dxy import read_dxy

        return read_dxy(paths, digest_ids=True)
    if kind is SourceKind.commission_reports:
        from covid_timeline.sources.reports import read_reports

        return read_reports(paths)
    if kind is SourceKind.national:
        from covid_timeline.sources.national import read_national

        return read_national(paths[0])
    from covid_timeline.sources.records import Columns, read_records

    if "text" not in columns:
        _wrong_use(f"--from {kind.value} needs --text COLUMN, the column that holds the text")
    # What is called .json may be a list or lines; the reader tells them apart.
    return read_records(paths, Columns(**columns), format=None if kind is SourceKind.jsonl else kind.value)


class _Progress:
    """Documents read so far: a moving line on a terminal, a plain line now and then elsewhere; on stderr."""

    def __init__(self) -> None:
        self._console = _console(stderr=True)
        self._status: Any = None

    def __enter__(self) -> Progress:
        if self._console.is_terminal:
            self._status = self._console.status("reading", spinner="line")
            self._status.start()
        return self.step

    def __exit__(self, *_: object) -> None:
        if self._status:
            self._status.stop()

    def step(self, done: int, doc_id: str) -> None:
        """Called after each document."""
        if self._status:
            from rich.text import Text

            self._status.update(Text(f"{done} documents read, last {_safe(doc_id, 60)}"))
        elif done % PROGRESS_EVERY == 0:
            print(f"{done} documents read", file=sys.stderr, flush=True)


def _show_build(report: BuildReport, full_list: bool) -> None:
    counts: list[tuple[str, int]] = [
        (name, report.rows.get(name, 0))
        for name in ("documents", "dates", "events", "metrics", "city_by_date", "rejected")
    ]
    counts += [
        ("refused", report.count("refused")),
        ("skipped", report.count("skipped")),
        ("notes", report.count("note")),
        ("set aside", report.count("set_aside")),
        ("violations", len(report.violations)),
    ]
    where = f"Published in {report.out}" if report.published else "Nothing was published"
    for kind, heading in (
        ("refused", "Refused"),
        ("skipped", "Left out on purpose"),
        ("note", "Kept, with a note"),
        ("set_aside", "Rows set aside"),
    ):
        entries = [entry for entry in report.refused if entry.kind == kind]
        lines = [": ".join(filter(None, (e.file, e.place, e.reason))) for e in entries]
        _print_list(heading, lines, full=full_list or kind == "refused")
    _print_list("Violations", [str(violation) for violation in report.violations], full=full_list)
    _print_table(where, ("what", "count"), counts, right=("count",))
    if not report.rows.get("documents") and not report.violations:
        print("covid-timeline: there was no article to build from", file=sys.stderr)


def _print_list(heading: str, lines: Sequence[str], *, full: bool = True) -> None:
    if not lines:
        return
    print(f"{heading} ({len(lines)}):")
    shown = lines if full else lines[:LISTED]
    for line in shown:
        print(f"  {_safe(line)}")
    if len(shown) < len(lines):
        print(f"  ... and {len(lines) - len(shown)} more (--list shows all)")


# fetch ----------------------------------------------------------------------------------------------------------


@app.command(
    epilog=cli_views.examples(
        "covid-timeline fetch commission_reports -o texts",
    )
)
def fetch(
    collections: Annotated[
        list[str] | None, typer.Argument(help="bulletins, commission_reports, or both (without it).", metavar="COLLECTION")
    ] = None,
    *,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder to fetch to. Without it: the user's cache folder.")
    ] = None,
    base_url: Annotated[str | None, typer.Option(help="A mirror of the host that the files are fetched from.")] = None,
) -> None:
    """Fetch the public texts behind the national collections.

    With them `quote` shows the sentences, and `build --from national FOLDER` makes the facts anew.
    """
    from covid_timeline.fetch import COLLECTIONS, FetchError
    from covid_timeline.fetch import fetch as run

    def step(done: int, n: int, name: str) -> None:
        if done == n or done % 50 == 0:
            print(f"{done} of {n} files, last {_safe(name)}", file=sys.stderr, flush=True)

    try:
        folder = run(collections or COLLECTIONS, folder=out, base_url=base_url, progress=step)
    except ValueError as error:
        _wrong_use(str(error))
    except FetchError as error:
        _fail(str(error))
    print(folder)


# reading the tables ---------------------------------------------------------------------------------------------


@app.command(
    epilog=cli_views.examples(
        "covid-timeline show 聊城 --date 2020-01-25",
        "covid-timeline show --category reopening --search schools",
        "covid-timeline show Wenzhou --category containment --format jsonl",
    )
)
def show(
    places: Annotated[
        list[str] | None,
        typer.Argument(help="Places by name or code: 聊城, 聊城市, Liaocheng, 371500. Without any: all.", metavar="PLACE"),
    ] = None,
    *,
    region: Annotated[list[str] | None, typer.Option(help="A place, as PLACE; may be repeated.", metavar="PLACE")] = None,
    inside: Annotated[bool, typer.Option("--inside", help="And every place inside them.")] = False,
    date: Annotated[str | None, typer.Option(help="Only this day, as 2020-01-25.")] = None,
    start: Annotated[str | None, typer.Option(help="First day, as 2020-01-25.")] = None,
    end: Annotated[str | None, typer.Option(help="Last day.")] = None,
    category: Annotated[list[str] | None, typer.Option(help="Only events of this category; may be repeated.")] = None,
    search: Annotated[
        list[str] | None,
        typer.Option(help="Only events with this word in headline or sentence; may be repeated, and one is enough."),
    ] = None,
    other: Annotated[bool, typer.Option("--other", help="Also figures whose indicator is `other`.")] = False,
    tables: Annotated[Path | None, typer.Option("--tables", help="A build. Without it: the published tables.")] = None,
    form: Annotated[Form, typer.Option("--format", help="A timeline to read, or JSON lines.")] = Form.table,
) -> None:
    """What happened when, with its figures: the timeline of a place, or of all."""
    import covid_timeline as ct

    if date and (start or end):
        _wrong_use("--date names one day; --start and --end go without it")
    asked = [*(places or ()), *(region or ())]
    if not (asked or date or start or end or category or search):
        _wrong_use("name a place, days, a category or a word to look for")
    days = {"start": _day(date or start, "--date" if date else "--start"), "end": _day(date or end, "--end")}
    where: dict[str, Any] = {"region": asked or None, "inside": inside, "path": tables, "backend": "arrow", **days}
    with _warnings_as_lines():
        events = ct.load_events(category=category, search=search, **where).to_pylist()
    if form is Form.jsonl:
        _print_json(events)
        return
    figures: dict[str, list[dict[str, Any]]] = {}
    if events:  # a figure of an event may belong to another place than the event
        docs = sorted({event["doc_id"] for event in events})
        for metric in ct.load_metrics(doc=docs, path=tables, backend="arrow").to_pylist():
            figures.setdefault(metric["event_id"], []).append(metric)
    alone = []
    if not category and not search:
        with _warnings_as_lines(silent=True):
            alone = [m for m in ct.load_metrics(**where).to_pylist() if m["event_id"] is None]
    hidden = 0
    if not other:
        keys = {event["event_id"] for event in events}
        mine = [*alone, *(metric for key in keys for metric in figures.get(key, ()))]
        hidden = sum(metric["indicator"] == "other" for metric in mine)
        alone = [metric for metric in alone if metric["indicator"] != "other"]
        figures = {key: [m for m in some if m["indicator"] != "other"] for key, some in figures.items()}
    if not events and not alone:
        print(f"Nothing{' of the kind' if category or search else ''} is known of {_safe(' and '.join(asked) or 'any place')}"
              + (" in those days." if any(days.values()) else "."))  # fmt: skip
        return
    _show_timeline(events, figures, [metric for metric in alone if metric["date_end"]])
    if hidden:
        print(f"{hidden} figure{'s' if hidden > 1 else ''} of no known indicator not shown (--other shows them).")


@contextlib.contextmanager
def _warnings_as_lines(*, silent: bool = False) -> Iterator[None]:
    """What a loader warns of is one sentence on stderr, without the place in the program."""
    import warnings

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in () if silent else caught:
        print(f"covid-timeline: {_safe(warning.message, 2000)}", file=sys.stderr)


@app.command(
    epilog=cli_views.examples(
        "covid-timeline curve Wenzhou --end 2020-02-29",
        "covid-timeline curve 武汉 北京 --indicator confirmed_new --format jsonl",
    )
)
def curve(
    places: Annotated[list[str], typer.Argument(help="Places by name or code: Wenzhou, 温州, 330300.", metavar="PLACE")],
    *,
    indicator: Annotated[
        list[str] | None, typer.Option(help="What is counted; may be repeated. Without it: confirmed_cumulative.")
    ] = None,
    start: Annotated[str | None, typer.Option(help="First day, as 2020-01-25.")] = None,
    end: Annotated[str | None, typer.Option(help="Last day.")] = None,
    tables: Annotated[Path | None, typer.Option("--tables", help="A build. Without it: the published tables.")] = None,
    form: Annotated[Form, typer.Option("--format", help="A table to read, or JSON lines.")] = Form.table,
    wide: Annotated[bool, typer.Option("--wide", help="All columns, however wide the terminal is.")] = False,
) -> None:
    """The figures of a place by day, from city_by_date: one value a day, and where it stands.

    A day that no text speaks of has no line, and is not a zero. `plot cases` draws the same.
    """
    import covid_timeline as ct

    days: dict[str, Any] = {"start": _day(start, "--start"), "end": _day(end, "--end")}
    with _warnings_as_lines():
        rows = ct.load_city_by_date(
            indicator or ["confirmed_cumulative"], region=places, path=tables, backend="arrow", **days
        ).to_pylist()
    if form is Form.jsonl:
        _print_json(rows)
        return
    if not rows:
        print(f"No value is known of {_safe(' and '.join(places))}" + (" in those days." if any(days.values()) else "."))
        return
    one = len({row["indicator"] for row in rows}) == 1
    agreed = not any(row["conflict"] for row in rows)
    rows.sort(key=lambda row: (row["region_code"], row["indicator"], row["date"]))
    names = ["day", "place", *([] if one else ["what"]), "value", *([] if agreed else ["sources say"]), "sources", "row"]
    cells: list[list[object]] = []
    for row in rows:
        cell: dict[str, object] = {
            "day": row["date"],
            "place": row["region_name"],
            "what": row["indicator"],
            "value": _SIGNS.get(row["qualifier"], "") + _number(row["value"]),
            "sources say": f"{_number(row['value_min'])} to {_number(row['value_max'])}" if row["conflict"] else "",
            "sources": row["n_sources"],
            "row": row["metric_id"],
        }
        cells.append([cell[name] for name in names])
    first, last = min(row["date"] for row in rows), max(row["date"] for row in rows)
    what = f"{rows[0]['indicator']}, " if one else ""
    title = f"{what}{' and '.join(places)}, {first}" + (f" to {last}" if first != last else "")
    _print_table(title, names, cells, right=("value", "sources"), wide=wide)
    print("A day without a line is one that no text speaks of.")
    print("`covid-timeline quote ROW` shows where a value was read.")


def _show_timeline(
    events: Sequence[dict[str, Any]], figures: Mapping[str, Sequence[dict[str, Any]]], alone: Sequence[dict[str, Any]]
) -> None:
    from rich.text import Text

    console = _console()
    entries = [*((event, event["event_id"]) for event in events), *((metric, metric["metric_id"]) for metric in alone)]
    last = None
    for entry, key in sorted(entries, key=_moment):
        period = _period(entry["date_start"], entry["date_end"])
        if period != last:
            console.print(Text(period, style="bold"))
            last = period
        line = Text("  ")
        if "event_id" in entry and "metric_id" not in entry:
            clock = f"{entry['time_start']} " if entry["time_start"] else ""
            line.append(f"{clock}{entry['category']}", style="cyan")
            line.append(f"  {_safe(entry['region_name'])}  {_safe(_summary(entry), 120)}")
        else:
            line.append(_figure(entry))
        line.append(f"  [{_safe(key)}]", style="dim")
        console.print(line, soft_wrap=True)
        for metric in figures.get(key, ()):
            console.print(Text(f"      {_figure(metric)}"), soft_wrap=True)


def _summary(event: Mapping[str, Any]) -> str:
    """The clause; where it may not be republished, the headline without place and day, which stand beside it."""
    return event["summary"] or (event["headline_zh"] or "").partition(": ")[2]


def _moment(entry: tuple[dict[str, Any], str]) -> tuple[dt.date, dt.date, str, str]:
    row, key = entry
    return row["date_start"] or row["date_end"], row["date_end"], row.get("time_start") or "", key


def _period(start: dt.date | None, end: dt.date | None) -> str:
    if start == end or end is None:
        return str(start or "")
    return f"{start} .. {end}" if start else f".. {end}"


_SIGNS = {"about": "~", "nearly": "<~", "more_than": ">", "at_least": ">=", "less_than": "<", "at_most": "<="}


def _figure(metric: Mapping[str, Any]) -> str:
    high = metric["value_high"]
    value = _number(metric["value"]) + (f"-{_number(high)}" if high is not None else "")
    sign = _SIGNS.get(metric["qualifier"], "")
    place = _safe(metric["region_name"])
    return f"{place}  {sign}{value} {metric['unit']}  {_safe(metric['measure'], 60)}  ({metric['indicator']})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,}"


def _day(value: str | None, option: str) -> dt.date | None:
    if value is None:
        return None
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        _wrong_use(f"{option} takes a day like 2020-01-25, not {value!r}")


# one's own text -------------------------------------------------------------------------------------------------


@app.command(
    epilog=cli_views.examples(
        "covid-timeline extract article.txt",
        "echo 2月3日聊城市确诊15例 | covid-timeline extract - --published 2020-02-04",
    )
)
def extract(
    file: Annotated[Path, typer.Argument(help="A text file, or - for standard input.")] = Path("-"),
    published: Annotated[
        str | None, typer.Option(help="Day of publication, as 2020-02-03; else read from the text.")
    ] = None,
    region: Annotated[str | None, typer.Option(help="Home region, by name or code; else read from the text.")] = None,
    form: Annotated[Form, typer.Option("--format", help="Tables to read, or JSON lines.")] = Form.table,
    wide: Annotated[bool, typer.Option("--wide", help="All columns, however wide the terminal is.")] = False,
) -> None:
    """Dates, figures and events of one text."""
    import covid_timeline as ct
    from covid_timeline.sources.records import is_chinese

    text = _read_text(file)
    if text.strip() and not is_chinese(text):
        _fail(f"{'standard input' if str(file) == '-' else file}: not Chinese")
    found = ct.extract(text, published=_day(published, "--published"), region=region)
    tables = {
        name: [row._asdict() for row in getattr(found, name)] for name in ("dates", "events", "metrics", "rejected")
    }
    if form is Form.jsonl:
        _print_json({"table": name, **row} for name, rows in tables.items() for row in rows)
        return
    for name, columns in _SHOWN_COLUMNS.items():
        rows = [[_cell(row, column) for column in columns] for row in tables[name]]
        if not rows:
            print(f"{name} (0)\n")
            continue
        _print_table(f"{name} ({len(rows)})", columns, rows, right=("value",), wide=wide)
        print()


_SHOWN_COLUMNS = {
    "dates": ("quote", "date", "precision", "basis", "rule"),
    "events": ("date", "region", "category", "summary", "rule"),
    "metrics": ("value", "unit", "indicator", "region", "date", "value_quote", "measure", "qualifier", "rule"),
    "rejected": ("quote", "reason"),
}


def _cell(row: Mapping[str, Any], column: str) -> object:
    if column == "date":
        return _period(row["date_start"], row["date_end"])
    if column == "region":
        return row["region_name"]
    if column == "value":
        high = row["value_high"]
        return _number(row["value"]) + (f"-{_number(high)}" if high is not None else "")
    return row[column]


def _read_text(file: Path) -> str:
    from covid_timeline.sources.header import decode

    if str(file) == "-":
        return decode(sys.stdin.buffer.read(), "standard input")[0]
    return decode(file.read_bytes(), str(file))[0]


@app.command(
    epilog=cli_views.examples(
        "covid-timeline explain 2月28日，全市65个重点项目总投资506.8亿元 --region 聊城",
    )
)
def explain(
    text: Annotated[str, typer.Argument(help="A sentence, or - for standard input.")],
    published: Annotated[str | None, typer.Option(help="Day of publication, as 2020-02-03.")] = None,
    region: Annotated[str | None, typer.Option(help="Home region, by name or code.")] = None,
) -> None:
    """What each rule saw in a text, and for every row why it says what it says."""
    from covid_timeline.api import explain as explain_text

    if text == "-":
        text = _read_text(Path("-"))
    for line in explain_text(text, _day(published, "--published"), region).lines():
        print(_safe(line, len(line)))


@app.command(
    epilog=cli_views.examples(
        "covid-timeline why liaocheng:m210",
    )
)
def why(
    row_id: Annotated[str, typer.Argument(help="An event_id or a metric_id: liaocheng:m210.")],
    texts: Annotated[Path | None, typer.Option("--texts", help="Folder of the articles. Without it: data/raw, else what was fetched.")] = None,
) -> None:
    """Why a published row says what it says: each slot, the evidence for it, and what was not chosen."""
    from covid_timeline.api import why as why_row

    try:
        found = why_row(row_id, texts)
    except (KeyError, ValueError) as error:
        _fail(str(error.args[0]))
    for line in found.lines():
        print(_safe(line, len(line)))


@app.command(
    epilog=cli_views.examples(
        "covid-timeline quote liaocheng:m210",
    )
)
def quote(
    row_id: Annotated[str, typer.Argument(help="An event_id or a metric_id: liaocheng:m210.")],
    tables: Annotated[Path | None, typer.Option("--tables", help="A build. Without it: the published tables.")] = None,
) -> None:
    """The sentence that a row was read from, with its characters marked."""
    import covid_timeline as ct

    print(ct.quote(row_id, path=tables))


# checking -------------------------------------------------------------------------------------------------------


@app.command()
def evaluate(
    *,
    gold: Annotated[
        list[str] | None,
        typer.Option(
            "--gold", metavar="[NAME=]FILE", help="Annotations, JSON lines or a folder of them; may be repeated. Those of one NAME are one set."
        ),
    ] = None,
    held_out: Annotated[
        Path | None, typer.Option(help="Ids of documents that are reported apart from the rest of their set, one a line.")
    ] = None,
    tables: Annotated[
        list[Path] | None,
        typer.Option("--tables", help="A build; may be repeated. Without it: the published tables."),
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="Break down by `rule`, or by `field` (with the confusions of each).")
    ] = None,
    errors: Annotated[int, typer.Option(help="List the first N mistakes; -1 lists all.")] = 0,
    against: Annotated[
        Path | None, typer.Option(help="Instead: rows gained, lost and changed since this earlier build.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="`text` or `json`.")] = "text",
    write_docs: Annotated[Path | None, typer.Option(help="Write the accuracy page to this file.")] = None,
) -> None:
    """Precision, recall and F1 against hand annotations; or what moved between two builds.

    Examples: covid-timeline evaluate --gold liaocheng.jsonl --by rule
    covid-timeline evaluate --tables build/a --tables build/b --gold Articles=articles.jsonl --gold Bulletins=gold/
    """
    from covid_timeline import evaluate as ev

    if by not in (None, "rule", "field"):
        _wrong_use(f"--by takes rule or field, not {by!r}")
    if form not in ("text", "json"):
        _wrong_use(f"--format takes text or json, not {form!r}")
    builds = tables or [_published()]
    if against is not None:
        if len(builds) != 1:
            _wrong_use("--against compares with one build: give --tables once")
        _show_changes(ev.compare_builds(against, builds[0]), form)
        return
    if not gold:
        _wrong_use("name annotations with --gold FILE, or an earlier build with --against DIR")
    sets = ev.read_gold_sets(map(_named, gold), ev.read_ids(held_out) if held_out else ())
    rows = ev.read_tables(builds)
    absent = ev.absent_documents(builds, (note for notes in sets.values() for note in notes))
    if absent:
        print(
            f"covid-timeline: {len(absent)} annotated documents are not in these tables and count as missed: "
            f"{_safe(', '.join(absent), 200)}",
            file=sys.stderr,
        )
    if write_docs is not None:
        write_docs.write_text(ev.accuracy_page(rows, sets, absent), encoding="utf-8", newline="\n")
        print(f"written: {write_docs}")
        return
    scores = {name: ev.score(rows, notes) for name, notes in sets.items()}
    if form == "json":
        print(json.dumps({name: ev.report(one) for name, one in scores.items()}, ensure_ascii=False))
        return
    for name, one in scores.items():
        print(_safe(f"{name} ({len({note['doc'] for note in sets[name]})} documents)"))
        _show_scores(one, by, errors)


def _named(gold: str) -> tuple[str, Path]:
    from covid_timeline.evaluate import UNNAMED

    name, equals, path = gold.rpartition("=")
    return (name, Path(path)) if equals and not Path(gold).exists() else (UNNAMED, Path(gold))


def _published() -> Path:
    from covid_timeline.tables.manifest import data_path

    return data_path()


@contextlib.contextmanager
def _as_one(paths: list[Path] | None, *, code: int = 1) -> Iterator[list[Path]]:
    """What to read where several folders, or the published ones, are one dataset; a file or one folder is itself."""
    if paths and (len(paths) == 1 or not all(path.is_dir() for path in paths)):
        yield paths
        return
    from covid_timeline.dataset import one_folder

    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(one_folder(paths or None))
        except (OSError, ValueError) as error:
            _fail(str(error), code)
        yield [folder]


def _show_scores(scores: Mapping[str, KindScore], by: str | None, errors: int) -> None:
    from covid_timeline.evaluate import LEVELS, ranked

    for kind, one in scores.items():
        rates = "   ".join(
            f"{level} P {rate.precision:.3f} R {rate.recall:.3f} F1 {rate.f1:.3f}"
            for level, rate in ((level, one.tally.rate(level)) for level in LEVELS)
        )
        print(f"{kind:7} gold {one.tally.gold:4}  predicted {one.tally.predicted:4}   {rates}")
        print("        " + "  ".join(f"{name} {right / seen:.3f}" for name, (right, seen) in one.fields.items()))
    for kind, one in scores.items():
        if by == "rule":
            rows = [
                (rule, tally.predicted, tally.found, tally.value, tally.full)
                for rule, tally in ranked(one.by_rule)
                if tally.predicted
            ]
            names = ("rule", "rows", "found", "value", "full")
            _print_table(f"{kind}s by rule", names, rows, right=names[1:])
        elif by == "field":
            _show_fields(kind, one)
    mistakes = [mistake for one in scores.values() for mistake in one.mistakes]
    for mistake in mistakes if errors < 0 else mistakes[:errors]:
        gold = None if mistake.gold is None else _brief(mistake.gold)
        row = None if mistake.row is None else _brief(mistake.row)
        print(_safe(f"{mistake.kind} {mistake.what} | gold {gold} | got {row}", 900))


def _show_fields(kind: str, one: KindScore) -> None:
    from covid_timeline.evaluate import ranked

    names = ("field", "right", "of", "share")
    rows = [(name, right, seen, f"{right / seen:.3f}") for name, (right, seen) in one.fields.items()]
    _print_table(f"{kind}s by field", names, rows, right=names[1:])
    counts = ("gold", "rows", "found", "value", "full")
    classes = [(name, t.gold, t.predicted, t.found, t.value, t.full) for name, t in ranked(one.by_class)]
    _print_table(f"{kind}s by class", ("annotated as", *counts), classes, right=counts)
    confusions = [(*what, n) for what, n in one.confusions.most_common(LISTED)]
    if confusions:
        _print_table(f"{kind}s: what was taken for what", ("field", "gold", "row", "times"), confusions, right=("times",))


_BRIEF = (
    "doc", "doc_id", "quote", "value_quote", "date_quote", "value", "value_high", "unit", "qualifier", "indicator",
    "category", "date_start", "date_end", "precision", "basis", "region", "region_code", "rule",
)  # fmt: skip


def _brief(row: Mapping[str, Any]) -> str:
    shown = {name: row[name] for name in _BRIEF if row.get(name) is not None}
    return ", ".join(f"{name} {_safe(value, 60)}" for name, value in shown.items())


def _show_changes(changes: Sequence[Change], form: str) -> None:
    if form == "json":
        _print_json(
            {"table": c.table, "what": c.what, "key": c.key, "before": c.before, "after": c.after} for c in changes
        )
        return
    counts: dict[tuple[str, str], int] = {}
    for change in changes:
        counts[change.table, change.what] = counts.get((change.table, change.what), 0) + 1
    for change in changes:
        fields = change.fields()
        if fields:
            detail = "; ".join(f"{name}: {_safe(was, 80)} -> {_safe(now, 80)}" for name, (was, now) in fields.items())
        else:
            detail = _brief(change.after or change.before or {})
        mark = {"gained": "+", "lost": "-", "changed": "~"}[change.what]
        print(f"{mark} {change.table} {_safe(change.key)}  {detail}")
    if not changes:
        print("The two builds hold the same rows.")
    for (table, what), count in sorted(counts.items()):
        print(f"{table}: {count} {what}")


@app.command(
    epilog=cli_views.examples(
        "covid-timeline validate tables --texts articles",
        "covid-timeline validate tables --output sarif=report.sarif --fail-on warning",
    )
)
def validate(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Folder of tables, or files (Parquet, CSV). Without it: the published tables.", metavar="DIR|FILE"),
    ] = None,
    *,
    form: Annotated[
        str, typer.Option("--format", help="text, json, junit, github, sarif, markdown or html, on standard output.")
    ] = "text",
    output: Annotated[
        list[str] | None, typer.Option(help="A further report, as FORMAT=PATH; failures=FILE.csv or .parquet for every failing row.", metavar="FORMAT=PATH")
    ] = None,
    texts: Annotated[
        Path | None,
        typer.Option(help="The raw texts (folder, JSON lines, or the bulletins' export), to check quotes against."),
    ] = None,
    stage: Annotated[
        list[str] | None, typer.Option(help="Only this stage: file, schema, keys, rows, tables; may be repeated.")
    ] = None,
    fail_on: Annotated[str, typer.Option(help="What makes the exit code 1: warning, error or never.")] = "error",
    baseline: Annotated[
        Path | None, typer.Option(help="JSON report of an earlier run: only new failures count.")
    ] = None,
    max_failures: Annotated[int | None, typer.Option(help="Stop once so many rows have failed.")] = None,
) -> None:
    """Check tables against the contract, ours or your own in our schema; a report for people or for CI.

    Exit codes: 0 valid, 1 data failed, 2 wrong use, 3 could not read, 4 nothing was checked.
    """
    from covid_timeline.checks.command import run_validate

    with _as_one(paths, code=3) as folders:
        code = run_validate(
            folders,
            format=form,
            outputs=output or [],
            texts=_exported_texts(texts) if texts and texts.suffix in (".json", ".csv") else texts,
            stages=stage or [],
            fail_on=fail_on,
            baseline=baseline,
            max_failures=max_failures,
        )
    raise typer.Exit(code)


@app.command(
    epilog=cli_views.examples(
        "covid-timeline audit tables --texts articles --limit 5",
    )
)
def audit(
    tables: Annotated[
        Path | None, typer.Argument(help="A build. Without it: the published tables.", metavar="DIR")
    ] = None,
    *,
    texts: Annotated[
        Path | None, typer.Option(help="The raw texts, a folder or the bulletins' export, for titles and sentences.")
    ] = None,
    check: Annotated[list[str] | None, typer.Option(help="Only this check; may be repeated.")] = None,
    form: Annotated[str, typer.Option("--format", help="text or jsonl.")] = "text",
    limit: Annotated[int | None, typer.Option(help="Print so many findings; the counts are of all.")] = None,
) -> None:
    """Slips of the articles and misreadings, found without annotations: parts and wholes, rates, repeats, titles.

    Lists each with the sentences it rests on, and says which reading it favours.
    """
    from covid_timeline.checks.command import run_audit

    known = _exported_texts(texts) if texts and texts.is_file() else texts
    with _as_one([tables] if tables else None) as folders:
        raise typer.Exit(run_audit(folders[0], texts=known, form=form, checks=check or (), limit=limit))


@app.command(
    epilog=cli_views.examples(
        "covid-timeline reconcile tables --reference counts.csv",
    )
)
def reconcile(
    tables: Annotated[Path, typer.Argument(help="A build.")],
    *,
    reference: Annotated[Path, typer.Option(help="An independent table of counts by city and day, CSV.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Write here: .csv lists every difference, .md is a page, filled in where it has places. Else printed."),
    ] = None,
    texts: Annotated[
        Path | None,
        typer.Option(help="The bulletins' export, for sentences that the tables withhold, and for the recall."),
    ] = None,
    readings: Annotated[
        Path | None, typer.Option(help="What people who read the sentences say of differences, CSV.")
    ] = None,
    held_out: Annotated[
        Path | None, typer.Option(help="Ids of documents that the recall leaves out, one a line.")
    ] = None,
    limit: Annotated[int, typer.Option(help="Differences that a printed report shows, the largest first.")] = 20,
) -> None:
    """Compare city_by_date with independent counts: agreement, and every difference with its sentence."""
    from covid_timeline.evaluate import read_ids
    from covid_timeline.tables.reconcile import run_reconcile

    known = None if texts is None else _exported_texts(texts)
    raise typer.Exit(
        run_reconcile(
            tables, reference, out, texts=known, limit=limit, readings=readings, held_out=read_ids(held_out) if held_out else ()
        )
    )


def _exported_texts(file: Path) -> dict[str, str]:
    from covid_timeline.model import Article
    from covid_timeline.sources.dxy import read_dxy

    return {item.doc_id: item.raw for item in read_dxy(file) if isinstance(item, Article)}


# the rest -------------------------------------------------------------------------------------------------------


@app.command(
    epilog=cli_views.examples(
        "covid-timeline export --to xlsx",
        "covid-timeline export --to csv --bom -o csv",
    )
)
def export(
    *,
    to: Annotated[str, typer.Option(help="csv, xlsx, duckdb or sqlite.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File to write, for csv a folder. Without it: covid-timeline.<format> here."),
    ] = None,
    tables: Annotated[Path | None, typer.Option("--tables", help="A build. Without it: the published tables.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Only this table; may be repeated.", metavar="TABLE")] = None,
    bom: Annotated[bool, typer.Option("--bom", help="Mark each CSV as UTF-8, for Excel.")] = False,
) -> None:
    """Write the tables for a spreadsheet or a database. Cells that a spreadsheet would run are made harmless."""
    from covid_timeline.tables.export import export as write

    target = out or Path("covid-timeline-csv" if to == "csv" else f"covid-timeline.{to}")
    with _as_one([tables] if tables else None) as folders:
        for path in write(folders[0], to, target, names=only or (), bom=bom):
            print(f"written: {path}")


@app.command(hidden=True)
def schemas(
    folder: Annotated[Path, typer.Argument(help="Where the schemas go.")] = Path("schemas"),
    docs: Annotated[Path, typer.Option(help="Where the data dictionary and the list of checks go.")] = Path("docs"),
) -> None:
    """Write schemas/ and the generated pages of docs/ from the data dictionary and the checks."""
    from covid_timeline.checks.command import describe_checks
    from covid_timeline.tables.describe import write_schemas

    changed = write_schemas(folder, docs / "data-dictionary.md")
    page, checks = docs / "validation.md", describe_checks()
    if not page.exists() or page.read_text(encoding="utf-8") != checks:
        page.write_text(checks, encoding="utf-8", newline="\n")
        changed.append(page)
    for path in changed:
        print(f"written: {path}")
    if not changed:
        print("nothing has changed")


cli_views.add_to(app)


@app.command()
def version() -> None:
    """Version of the package, of the schema of its tables, and whether its hot modules are compiled."""
    import covid_timeline as ct
    from covid_timeline.mentions import quantities
    from covid_timeline.tables.schema import SCHEMA_VERSION

    form = "pure Python" if (quantities.__file__ or "").endswith(".py") else "compiled"
    print(f"covid-timeline {ct.__version__}, schema {SCHEMA_VERSION}, {form}")


def main() -> None:
    """Run the command line; the entry point of `covid-timeline`."""
    for stream in (sys.stdout, sys.stderr):
        # What an ASCII terminal cannot show is escaped rather than fatal.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")
    for name in ("SIGTERM", "SIGHUP"):  # a build that is ended tidies up before it goes
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is signal.SIG_DFL:
            signal.signal(getattr(signal, name), lambda number, _: sys.exit(128 + number))
    try:
        app()
    except BrokenPipeError:
        # `| head` has read enough; the interpreter must not complain while it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except (OSError, ValueError, ModuleNotFoundError, MemoryError, RecursionError) as error:
        if os.environ.get("COVID_TIMELINE_DEBUG"):
            raise
        print(f"covid-timeline: {_safe(_sentence(error), 2000)}", file=sys.stderr)
        sys.exit(1)


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__
