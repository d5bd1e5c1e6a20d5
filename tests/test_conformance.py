"""What other people's programs say of our files: descriptions, schemas, reports, the wheel.

The programs are those of the extra `conformance`; `tools.absent` says what happens where one is missing. The standards
that no package carries are in tests/standards.
"""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys
import tomllib
import warnings
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import fakes
import jsonschema
import pyarrow as pa
import pytest
from test_reports import HOSTILE, outcome, passed, report

import tools
from covid_timeline.tables.build import regions_table, to_table, to_tables
from covid_timeline.tables.manifest import read_manifest
from covid_timeline.tables.package import UNSAID, About, read_about
from covid_timeline.tables.publish import Publication
from covid_timeline.tables.reports import FORMATS, Report
from covid_timeline.tables.schema import TABLES

ROOT = Path(__file__).resolve().parents[1]
STANDARDS = Path(__file__).parent / "standards"
PUBLISHED = ROOT / "data" / "processed"


def publish(out: Path, about: About) -> Path:
    """A small build of a user's own, one sentence withheld, one measure empty."""
    facts = [fakes.extract(fakes.article(doc)) for doc in ("a", "b")]
    facts.append(fakes.extract(fakes.article("c", may_republish=False)))
    regions = regions_table()
    known = pa.array([code in ("100000", "370000", "371500") for code in regions["region_code"].to_pylist()])
    made: dict[str, pa.Table] = {"regions": regions.filter(known), **to_tables(facts)}
    measures = made["metrics"]["measure"].to_pylist()
    at = made["metrics"].schema.get_field_index("measure")
    field = made["metrics"].schema.field(at)
    made["metrics"] = made["metrics"].set_column(at, field, pa.array(["", *measures[1:]], pa.string()))
    with Publication(out, package_version="0.0.0", about=about) as publication:
        for name in TABLES:
            publication.write(name, made[name] if name in made else to_table(name, []))
        publication.finish()
    return out


@pytest.fixture(scope="module", params=["published", "a user's own"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return PUBLISHED if request.param == "published" else publish(tmp_path_factory.mktemp("own"), UNSAID)


@pytest.fixture(scope="module")
def dataset(folder: Path) -> Any:
    mlcroissant = tools.module("mlcroissant")
    with warnings.catch_warnings(action="ignore"):
        return mlcroissant.Dataset(jsonld=folder / "croissant.json")


@pytest.mark.filterwarnings("ignore")
class TestCroissant:
    def test_nothing_is_wrong_with_it(self, dataset: Any) -> None:
        assert dataset.metadata.ctx.issues.errors == set()
        # What is recommended and not known is left out; nothing else is remarked on.
        about = re.compile('datePublished|license|http://mlcommons.org/croissant/citeAs')
        assert [w for w in dataset.metadata.ctx.issues.warnings if not about.search(w)] == []

    @pytest.mark.parametrize("name", TABLES)
    def test_every_record_set_yields_its_rows(self, folder: Path, dataset: Any, name: str) -> None:
        rows = list(dataset.records(name))
        assert len(rows) == read_manifest(folder)["files"][f"{name}.parquet"]["rows"]
        assert not rows or list(rows[0]) == [f"{name}/{column}" for column in TABLES[name].names]


@pytest.mark.filterwarnings("ignore")
class TestDataPackage:
    def test_frictionless_calls_it_valid(self, folder: Path) -> None:
        frictionless = tools.module("frictionless")
        package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
        if folder == PUBLISHED:  # following the keys into thousands of regions takes frictionless most of a minute
            for resource in package["resources"]:
                resource["schema"].pop("foreignKeys", None)
        found = frictionless.Package(package, basepath=str(folder)).validate()
        assert found.valid, [*(e.message for e in found.errors), *(e.message for t in found.tasks for e in t.errors)][:20]
        assert [task.name for task in found.tasks] == list(TABLES)
        files = read_manifest(folder)["files"]
        for name, task in zip(TABLES, found.tasks, strict=True):
            assert task.stats.get("rows", 0) == files[f"{name}.parquet"]["rows"]

    def test_it_finds_what_is_wrong(self, tmp_path: Path) -> None:
        frictionless = tools.module("frictionless")
        out = publish(tmp_path / "out", UNSAID)
        package = json.loads((out / "datapackage.json").read_text(encoding="utf-8"))
        fields = package["resources"][list(TABLES).index("metrics")]["schema"]["fields"]
        next(field for field in fields if field["name"] == "unit")["constraints"]["enum"] = ["km"]
        (out / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
        assert not frictionless.validate(str(out / "datapackage.json")).valid

    @pytest.mark.parametrize("name", TABLES)
    def test_table_schemas_load(self, name: str) -> None:
        schema = tools.module("frictionless").Schema(str(ROOT / "schemas" / f"{name}.tableschema.json"))
        assert schema.field_names == TABLES[name].names


class TestAbout:
    """Licence, title and citation are the publisher's, or none."""

    def described(self, out: Path) -> list[dict[str, Any]]:
        return [json.loads((out / f"{name}.json").read_text(encoding="utf-8")) for name in ("datapackage", "croissant")]

    def test_nothing_said(self, tmp_path: Path) -> None:
        package, croissant = self.described(publish(tmp_path, UNSAID))
        assert not {"licenses", "title", "citation", "name"} & package.keys()
        assert not {"license", "citeAs", "alternateName"} & croissant.keys()

    def test_something_said(self, tmp_path: Path) -> None:
        package, croissant = self.described(publish(tmp_path, About("My city", "ODbL-1.0", "Me (2026): My city")))
        url = "https://spdx.org/licenses/ODbL-1.0"
        assert package["licenses"] == [{"name": "ODbL-1.0", "path": url}] and croissant["license"] == url
        assert package["title"] == croissant["name"] == "My city"
        assert package["citation"] == croissant["citeAs"] == "Me (2026): My city"

    def test_ours(self) -> None:
        package, croissant = self.described(PUBLISHED)
        assert [licence["name"] for licence in package["licenses"]] == ["CC-BY-4.0"]
        assert croissant["license"] == "https://creativecommons.org/licenses/by/4.0/"
        assert "belong to the media" in package["description"] == croissant["description"]

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("title = ", "not TOML"),
            ('titel = "x"', "there is no key 'titel'"),
            ("title = 3", "title is to be a text"),
            ("keywords = [1]", "keywords is to be a list of texts"),
            ('licence = "ask me"', "an SPDX identifier"),
            ('licence = "javascript:alert(1)"', "an SPDX identifier"),
            ('name = "My city"', "small letters"),
        ],
    )
    def test_what_cannot_be_said(self, tmp_path: Path, text: str, fault: str) -> None:
        (tmp_path / "about.toml").write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=f"about.toml: .*{fault}"):
            read_about(tmp_path / "about.toml")


def check_jsonschema(*arguments: str | Path) -> None:
    tools.module("check_jsonschema")
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *map(str, arguments)], capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


class TestJsonSchemas:
    def test_they_are_schemas(self) -> None:
        check_jsonschema("--check-metaschema", *sorted((ROOT / "schemas").glob("*.schema.json")))

    def test_files_for_other_services(self, tmp_path: Path) -> None:
        check_jsonschema("--builtin-schema", "vendor.citation-file-format", ROOT / "CITATION.cff")
        check_jsonschema("--builtin-schema", "vendor.github-actions", ROOT / "action.yml")
        page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
        github, steps, gitlab = re.findall(r"```yaml\n(.*?)```", page, re.S)[:3]
        plain = "on: push\njobs:\n  validate:\n    runs-on: ubuntu-latest\n    steps:\n" + steps
        for service, text in (("github-workflows", github), ("github-workflows", plain), ("gitlab-ci", gitlab)):
            (tmp_path / service).with_suffix(".yml").write_text(text, encoding="utf-8")
            check_jsonschema("--builtin-schema", f"vendor.{service}", (tmp_path / service).with_suffix(".yml"))


REPORTS: dict[str, Report] = {
    "passes": report(passed()),
    "every kind": report(
        outcome(), outcome(severity="warning", check="metrics.w"), passed(), passed("dates.types", "dates", "skipped"), seconds=1.5
    ),
    "hostile": report(*(outcome(text, check=f"metrics.c{i}") for i, text in enumerate(HOSTILE))),
    "more than are told of": report(outcome(n_failed=7_613)),
    "unreadable": report(replace(outcome(check="metrics.file_readable"), unreadable=True)),
    "trouble": report(trouble="nothing_checked", message="there is no table here"),
}


@pytest.mark.parametrize("made", REPORTS.values(), ids=REPORTS)
class TestReports:
    def test_sarif(self, made: Report) -> None:
        jsonschema.Draft202012Validator(_sarif()).validate(json.loads(FORMATS["sarif"](made)))

    def test_json(self, made: Report) -> None:
        schema = json.loads((ROOT / "schemas" / "report.schema.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator(schema).validate(json.loads(FORMATS["json"](made)))

    def test_junit(self, made: Report) -> None:
        _junit().validate(ET.fromstring(FORMATS["junit"](made)))

    def test_junit_is_read(self, made: Report) -> None:
        junitparser = tools.module("junitparser")
        read = junitparser.JUnitXml.fromstring(FORMATS["junit"](made).encode())
        suites = list(read)
        assert read.time == made.seconds and read.tests == sum(suite.tests for suite in suites) > 0
        assert read.tests == sum(len(list(suite)) for suite in suites)
        failed = sum(bool(outcome.n_new) and outcome.severity == "error" for outcome in made.outcomes)
        assert read.failures + read.errors == (failed or bool(made.trouble))


@functools.cache
def _sarif() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((STANDARDS / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    return found


@functools.cache
def _junit() -> Any:
    return tools.module("xmlschema").XMLSchema((STANDARDS / "junit-10.xsd").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    for name in ("build", "hatchling"):
        tools.module(name)
    out = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)],
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return sorted(out.iterdir())


class TestDistribution:
    def test_the_index_would_take_them(self, files: list[Path]) -> None:
        tools.module("twine")
        done = subprocess.run(
            [sys.executable, "-m", "twine", "check", "--strict", *map(str, files)],
            capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def test_the_wheel_holds_nothing_twice(self, files: list[Path]) -> None:
        tools.module("check_wheel_contents")
        (wheel,) = (path for path in files if path.suffix == ".whl")
        done = subprocess.run(
            [sys.executable, "-m", "check_wheel_contents", "--no-config", "--ignore", "W002", str(wheel)],
            capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        contents: dict[bytes, list[str]] = {}
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
            for name in names:
                contents.setdefault(archive.read(name), []).append(name)
        assert "covid_timeline/data/manifest.json" in names
        # each folder of tables is complete by itself, so both have the regions; packages may be empty
        twice = {Path(name).name for body, same in contents.items() if body and len(same) > 1 for name in same}
        assert twice <= {"regions.parquet", "__init__.py"}


def test_every_tool_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = {line.partition("==")[0].lower() for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()}
    wanted = {re.split(r"[\[><=~]", one)[0].lower() for one in project["optional-dependencies"]["conformance"]}
    assert wanted <= pinned
