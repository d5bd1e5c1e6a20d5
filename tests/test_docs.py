"""The README and the pages under docs/: what they show runs, what they point at is there."""

from __future__ import annotations

import doctest
import importlib.util
import json
import re
import shlex
import subprocess
import tomllib
import warnings
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import typer.main

import tools
from covid_timeline import cli, evaluate

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
README = ROOT / "README.md"

BLOCK = re.compile(r"(?:^<!-- (?P<mark>[a-z ]+) -->\n)?^```(?P<language>\w+)\n(?P<code>.*?)^```$", re.M | re.S)


def blocks(page: Path, language: str) -> list[tuple[str, str]]:
    """(mark, code) of the fenced blocks of a page, in order."""
    found = BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [(match["mark"] or "", match["code"]) for match in found if match["language"] == language]


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "python")], ids=lambda p: p.name)
def test_python_runs_and_prints_what_the_page_says(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One namespace a page, block after block, in a folder that has the tables and nothing else."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.setenv("COLUMNS", "200")
    names: dict[str, object] = {"__name__": page.stem}
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    shown: list[str] = []
    for mark, code in blocks(page, "python"):
        if mark in ("not run", "spark") or (mark == "plot" and not importlib.util.find_spec("altair")):
            continue
        if mark == "conformance" and not importlib.util.find_spec("mlcroissant"):
            continue
        if ">>>" not in code:
            exec(compile(code, str(page), "exec"), names)
            continue
        test = doctest.DocTestParser().get_doctest(code, names, page.name, str(page), 0)
        with warnings.catch_warnings():
            if mark == "conformance":  # what other people's code warns of is not ours
                warnings.simplefilter("ignore")
            runner.run(test, out=shown.append, clear_globs=False)
        names.update(test.globs)
    assert runner.summarize(verbose=False).failed == 0, "".join(shown)


class TestOtherPrograms:
    """The examples of docs/use-elsewhere.md that are not Python of ours, and one that needs a session of Spark."""

    PAGE = ROOT / "docs" / "use-elsewhere.md"

    def test_sql(self, monkeypatch: pytest.MonkeyPatch) -> None:
        duckdb = tools.module("duckdb")
        monkeypatch.chdir(ROOT)
        codes = [code for _, code in blocks(self.PAGE, "sql")]
        assert codes and all(duckdb.sql(code).fetchall() for code in codes)

    def test_spark(self) -> None:
        (code,) = (code for mark, code in blocks(self.PAGE, "python") if mark == "spark")
        session = (
            'from pyspark.sql import SparkSession\nspark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", '
            '"false").config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1").getOrCreate()\n'
        )
        done = subprocess.run(
            [tools.spark_python(), "-c", session + code], cwd=ROOT, capture_output=True, encoding="utf-8", check=False, timeout=300
        )
        assert done.returncode == 0, done.stderr[-2000:]
        assert "聊城市" in done.stdout

    def test_node(self) -> None:
        ((_, code),) = blocks(self.PAGE, "js")
        script = tools.node_modules().parent / ".covid-timeline-example.mjs"
        script.write_text(code, encoding="utf-8")
        try:
            done = subprocess.run(
                [tools.command("node"), str(script)], cwd=ROOT, capture_output=True, encoding="utf-8", check=False, timeout=60
            )
        finally:
            script.unlink()
        assert done.returncode == 0, done.stderr[-2000:]
        rows = json.loads(done.stdout)
        expected = [row for row in pq.read_table(ROOT / "data/processed/city_by_date.parquet").to_pylist() if row["indicator"] == "confirmed_cumulative"]
        assert [(row["region_name"], row["value"], row["n_sources"]) for row in rows] == [
            (row["region_name"], row["value"], row["n_sources"]) for row in expected
        ]


def test_the_workflow_is_whole_and_gives_the_action_what_it_takes() -> None:
    yaml = tools.module("yaml", "python -m pip install pyyaml")
    (code,) = (code for mark, code in blocks(ROOT / "docs" / "ci.md", "yaml") if mark == "workflow")
    workflow = yaml.safe_load(code)
    assert workflow[True] == ["push", "pull_request"]  # YAML 1.1 reads `on` so
    (job,) = workflow["jobs"].values()
    assert job["runs-on"]
    (step,) = (step for step in job["steps"] if "covid-timeline" in step.get("uses", ""))
    assert step["with"].keys() <= yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"].keys()


LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_resolve(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = page.parent / name if name else page
        assert path.exists(), f"{page.name} points at {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.M)
            slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in slugs, f"{page.name} points at {target}"


def commands(page: Path) -> list[str]:
    """Every `covid-timeline ...` of a page, in fenced and in running text."""
    text = page.read_text(encoding="utf-8")
    fenced = [line for _, code in blocks(page, "bash") for line in code.splitlines()]
    spoken = re.findall(r"`(covid-timeline [^`]*)`", text)
    found = [*spoken, *(line for line in fenced if "covid-timeline " in line)]
    return [command[command.index("covid-timeline ") :].split(" | ")[0] for command in found]


@pytest.mark.parametrize("page", [p for p in PAGES if commands(p)], ids=lambda p: p.name)
def test_commands_and_their_options_exist(page: Path) -> None:
    group = typer.main.get_command(cli.app)
    for line in commands(page):
        words = shlex.split(line, comments=True)[1:]
        if not words or words[0].startswith("-"):
            continue
        command, depth = group, 0
        while hasattr(command, "commands") and depth < len(words):  # plot cases: a command of a group
            command, depth = command.commands.get(words[depth]), depth + 1
        assert command is not None, f"{page.name}: {line}"
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        for word in words[depth:]:
            if re.match(r"--?[a-z]", word):
                assert word.partition("=")[0] in known, f"{page.name}: {line}"


class TestSetUp:
    """What the README, .ci/run and the constraints say about installing is one thing."""

    def test_the_two_commands(self) -> None:
        marks = dict(blocks(README, "bash"))
        assert marks["build command"].startswith("python -m pip install -c constraints.txt -e .")
        assert marks["test command"].count("\n") == marks["build command"].count("\n") == 1

    def test_ci_runs_the_test_command_of_the_readme(self) -> None:
        script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
        assert "<!-- test command -->" in script
        assert script.rstrip().endswith('eval "$command"')

    def test_constraints_are_names_and_versions_of_everything_required(self) -> None:
        lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        pinned = {}
        for line in lines:
            if not line.startswith("#"):
                match = re.fullmatch(r"([A-Za-z0-9._-]+)==([0-9][\w.+!-]*)", line)
                assert match, f"not a name and a version: {line!r}"
                pinned[re.sub(r"[-_.]+", "-", match[1]).lower()] = match[2]
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        extras = project["optional-dependencies"]
        wanted = [*project["dependencies"], *(need for needs in extras.values() for need in needs)]
        names = {re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", need)[0]).lower() for need in wanted}
        assert names <= pinned.keys(), f"not pinned: {sorted(names - pinned.keys())}"


class TestAccuracyPage:
    @pytest.mark.drift
    @pytest.mark.skipif(not (SHARED / "gold").is_dir(), reason="no ../shared: the annotations and bulletins are not here")
    def test_its_articles_are_measured_anew(self) -> None:
        """The rest of the page takes builds of all texts: `make accuracy`."""
        named = [("Articles", SHARED / "gold" / f"{name}.jsonl") for name in ("liaocheng", "shandong", "shangqiu")]
        sets = evaluate.read_gold_sets(named)
        made = evaluate.accuracy_page(evaluate.read_tables([ROOT / "data" / "processed"]), sets)
        page = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8").splitlines()
        for line in made.splitlines():
            if line.startswith("| Articles |"):
                assert line in page, "run `make accuracy`"
