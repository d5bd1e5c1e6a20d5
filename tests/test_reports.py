"""The seven forms of a report, and text from an article that tries to break out of each."""

from __future__ import annotations

import email.message
import html.parser
import io
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covid_timeline import __version__
from covid_timeline.checks.command import run_validate
from covid_timeline.checks.run import check_tables
from covid_timeline.tables import reports
from covid_timeline.tables.reports import FORMATS, Outcome, Place, Report, Sample
from tests.world import World

SCHEMA = json.loads(
    (Path(__file__).parents[1] / "schemas" / "report.schema.json").read_text(encoding="utf-8")
)

HOSTILE = [
    "\n::error file=x::owned",
    "\r\n::set-output name=a::b",
    "##[error]owned ##vso[task.complete]",
    "####[error]owned",
    "%0A::warning::owned",
    "::stop-commands::x\n",
    "<script>alert(1)</script>",
    "]]><failure message='x'/>",
    '" onload="alert(1)',
    "| a | b |\n# heading [x](javascript:alert(1)) @everyone `code` <img src=x onerror=alert(1)>",
    "\x1b[2J\x1b]0;owned\x07",
    "\u202e\u2066\u200b\ufeff",
    "\x00\x0b\ufffe\ud800",
    "a,b:c",
]


def outcome(
    text: str = "38例",
    *,
    severity: str = "error",
    n_failed: int = 1,
    check: str = "metrics.value_rereads",
    url: str | None = None,
) -> Outcome:
    place = Place(
        "doc " + text,
        text,
        url if url is not None else "https://e.example/" + text,
        f"raw/{text}.txt",
        5,
        8,
        1,
        6,
        1,
        9,
    )
    sample = Sample(text, "value", text, text, f"确诊【{text}】例", place)
    return Outcome(
        check, "metrics", "rows", severity, "What is expected.", "应如此。", "Do this.", "failed",
        n=100, n_failed=n_failed, samples=(sample,) * min(n_failed, 5),
        cases=pd.DataFrame([{"row": f"row {i}", "index": i, "column": "value", "value": text, "found": text} for i in range(n_failed)], dtype=object),
    )  # fmt: skip


def passed(check: str = "metrics.nulls", table: str = "metrics", status: str = "passed") -> Outcome:
    reason = "there is no table x" if status == "skipped" else ""
    return Outcome(
        check, table, "schema", "error", "Expected.", "应如此。", "Fix it.", status, n=100, reason=reason
    )


def report(*outcomes: Outcome, **more: object) -> Report:
    tables = {o.table: 100 for o in outcomes}
    made = Report(outcomes, tables, {"metrics": "metrics.parquet"}, "1.0.0")
    return replace(made, **more)  # type: ignore[arg-type]


class TestHostileText:
    """Whatever an article says, it stays text."""

    @pytest.mark.parametrize("text", HOSTILE)
    @pytest.mark.parametrize("name", ["text", "github"])
    def test_no_line_is_a_command(self, name: str, text: str) -> None:
        shown = FORMATS[name](report(outcome(text), outcome(text, severity="warning")))
        for line in shown.splitlines():
            if line.lstrip().startswith("::"):
                assert name == "github" and re.match(
                    r"::(error|warning) file=[^:,]*,line=1,col=6,endColumn=9,title=metrics.value_rereads::",
                    line,
                ), line
            assert "##[" not in line and "##vso" not in line
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200b\ufeff]", shown)

    @pytest.mark.parametrize("text", HOSTILE)
    def test_xml_is_well_formed(self, text: str) -> None:
        root = ET.fromstring(FORMATS["junit"](report(outcome(text), passed())))
        assert [len(s) for s in root] == [2] and len(root.findall(".//failure")) == 1

    @pytest.mark.parametrize("text", HOSTILE)
    def test_html_has_only_our_tags(self, text: str) -> None:
        found: set[str] = set()

        class Tags(html.parser.HTMLParser):
            def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
                found.add(tag)
                assert not any(name.startswith("on") for name, _ in attrs)
                assert all((value or "").startswith("https://") for name, value in attrs if name == "href")

        Tags().feed(FORMATS["html"](report(outcome(text))))
        ours = {
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "h1",
            "h2",
            "p",
            "span",
            "br",
            "small",
            "table",
            "tr",
            "th",
            "td",
            "mark",
            "a",
        }
        assert found <= ours

    @pytest.mark.parametrize("text", HOSTILE)
    def test_markdown_has_no_markup_of_the_articles(self, text: str) -> None:
        shown = FORMATS["markdown"](report(outcome(text, url="javascript:alert(1)")))
        assert "<script" not in shown and "<img" not in shown and "javascript:alert(1)](" not in shown
        assert "@everyone" not in shown and "](<javascript" not in shown
        rows = [line for line in shown.splitlines() if line.startswith("| ") and "例" in line]
        assert all(len(re.findall(r"(?<!\\)\|", row)) == 7 for row in rows)

    @given(st.text())
    def test_any_text_in_any_form(self, text: str) -> None:
        made = report(outcome(text))
        for name, form in FORMATS.items():
            shown = form(made)
            shown.encode("utf-8")
            if name == "junit":
                ET.fromstring(shown)
            if name in ("json", "sarif"):
                json.loads(shown)
            if name == "github":
                assert len([line for line in shown.splitlines() if line.startswith("::")]) == 1


class TestText:
    def test_first_line(self) -> None:
        made = report(
            outcome(), outcome(severity="warning"), passed(), passed(status="skipped"), seconds=1.26
        )
        assert str(made).splitlines()[0] == (
            "INVALID: 1 error and 1 warning (2 failing rows); 3 checks on 100 rows of 1 table in 1.3 s, 1 skipped"
        )

    @pytest.mark.parametrize(
        ("outcomes", "more", "line", "code"),
        [
            ([passed()], {}, "VALID: no failure; 1 check on 100 rows of 1 table", 0),
            ([outcome(severity="warning")], {}, "VALID: 1 warning (1 failing row); 1 check on 100 rows of 1 table", 0),
            ([outcome(severity="warning")], {"fail_on": "warning"}, "INVALID: 1 warning (1 failing row); 1 check on 100 rows of 1 table", 1),
            ([outcome()], {"fail_on": "never"}, "INVALID: 1 error (1 failing row); 1 check on 100 rows of 1 table", 0),
            ([], {"trouble": "unreadable", "message": "x.parquet is damaged"}, "UNREADABLE: x.parquet is damaged", 3),
            ([], {"trouble": "nothing_checked", "message": "no table"}, "NOTHING CHECKED: no table", 4),
        ],
    )  # fmt: skip
    def test_verdicts(self, outcomes: list[Outcome], more: dict[str, object], line: str, code: int) -> None:
        made = report(*outcomes, **more)
        assert (str(made).splitlines()[0], made.exit_code) == (line, code)

    def test_a_failure(self) -> None:
        shown = str(report(outcome("38例", n_failed=7, url="https://e.example/1")))
        assert "error metrics.value_rereads (rows stage): 7 of 100 rows" in shown
        assert "    | 确诊【38例】例" in shown and "raw/38例.txt:1:6  https://e.example/1" in shown
        assert "  - and 2 more" in shown


class TestJson:
    def test_keeps_its_schema(self) -> None:
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        world = World()
        world.rows["metrics"][3]["value"] = 380.0
        world.rows["metrics"][0]["unit"] = "nonsense"
        for made in (
            check_tables(world.build(), world.texts),
            check_tables({"metrics": world.build()["metrics"].drop_columns(["unit"])}),
            report(trouble="unreadable", message="x"),
            report(outcome("\ud800")),
        ):
            jsonschema.validate(json.loads(FORMATS["json"](made)), SCHEMA)

    def test_holds_no_clock(self) -> None:
        made = report(outcome())
        assert FORMATS["json"](made) == FORMATS["json"](replace(made, seconds=99.0))
        for name in ("sarif", "markdown"):
            assert FORMATS[name](made) == FORMATS[name](replace(made, seconds=99.0))

    def test_a_baseline_of_many_knows_them_together(self) -> None:
        many = outcome(n_failed=30_000)
        known = reports.to_dict(report(many))
        assert known["results"][0]["fingerprints"] == []
        assert report(many).against(known).exit_code == 0
        for other in (outcome(n_failed=30_001), outcome("39例", n_failed=30_000)):
            more = report(other).against(known)
            assert more.exit_code == 1 and more.failures[0].n_new == other.n_failed

    def test_a_baseline_of_an_older_form_is_refused(self) -> None:
        with pytest.raises(ValueError, match="of form 1, not 2; make it anew"):
            report().against({"report_version": 1, "results": []})


class TestJunit:
    def test_one_suite_a_table_one_case_a_check(self) -> None:
        made = report(
            outcome(),
            passed(),
            passed("dates.nulls", "dates"),
            passed("dates.types", "dates", "skipped"),
            outcome(severity="warning", check="metrics.w"),
        )
        root = ET.fromstring(FORMATS["junit"](made))
        assert {s.get("name"): (s.get("tests"), s.get("failures"), s.get("skipped")) for s in root} == {
            "metrics": ("3", "1", "0"),
            "dates": ("2", "0", "1"),
        }
        assert [c.get("name") for c in root.iter("testcase")] == [
            "metrics.value_rereads", "metrics.nulls", "metrics.w", "dates.nulls", "dates.types",
        ]  # fmt: skip
        assert len(root.findall(".//system-out")) == 1  # a warning is no failure, but it is told

    def test_times(self) -> None:
        made = report(replace(outcome(), seconds=0.25), replace(passed(), seconds=1.0), seconds=2.5)
        root = ET.fromstring(FORMATS["junit"](made))
        assert [e.get("time") for e in root.iter() if e.get("time")] == ["2.500", "1.250", "0.250", "1.000"]

    def test_a_warning_fails_where_asked(self) -> None:
        root = ET.fromstring(FORMATS["junit"](report(outcome(severity="warning"), fail_on="warning")))
        assert root.get("failures") == "1"

    def test_what_could_not_be_read_is_an_error(self) -> None:
        assert (
            ET.fromstring(FORMATS["junit"](report(replace(outcome(), unreadable=True)))).get("errors") == "1"
        )
        assert (
            ET.fromstring(FORMATS["junit"](report(trouble="nothing_checked", message="x"))).get("errors")
            == "1"
        )


class TestGithub:
    def test_limits(self) -> None:
        many = [outcome(n_failed=9, check=f"metrics.c{i}") for i in range(4)]
        many += [outcome(n_failed=9, check=f"metrics.w{i}", severity="warning") for i in range(4)]
        lines = FORMATS["github"](report(*many)).splitlines()
        assert sum(line.startswith("::error ") for line in lines) == 10
        assert sum(line.startswith("::warning ") for line in lines) == 10
        assert "and 26 more failing rows of severity error" in lines[11]
        # Every check is heard before any is heard twice.
        assert {re.search(r"title=([^:]*)", line)[1] for line in lines[1:5]} == {
            f"metrics.c{i}" for i in range(4)
        }  # type: ignore[index]

    def test_escapes(self) -> None:
        assert reports.github_data("a%\r\nb:,") == "a%25%0D%0Ab:,"
        assert reports.github_property("a%\r\nb:,") == "a%25%0D%0Ab%3A%2C"

    def test_summary_goes_where_github_says_and_stays_small(self, tmp_path: Path) -> None:
        big = report(*[outcome("长" * 350, n_failed=5, check=f"metrics.c{i}") for i in range(100)])
        assert len(FORMATS["markdown"](big).encode()) < 2**20
        assert "The rest does not fit here" in FORMATS["markdown"](big)
        summary = tmp_path / "summary.md"
        summary.write_text("before\n")
        environ = {"GITHUB_STEP_SUMMARY": str(summary)}
        assert run_validate([tmp_path / "none"], format="github", stdout=io.StringIO(), environ=environ) == 3
        assert summary.read_text(encoding="utf-8").startswith("before\n## ⚠️ UNREADABLE")


class TestSarif:
    def test_regions_are_characters_of_the_document(self) -> None:
        run = json.loads(FORMATS["sarif"](report(outcome())))["runs"][0]
        assert run["columnKind"] == "unicodeCodePoints"
        (result,) = run["results"]
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        assert unquote(place["artifactLocation"]["uri"]) == "raw/38例.txt"
        assert place["region"] == {
            "charOffset": 5, "charLength": 3, "startLine": 1, "startColumn": 6, "endLine": 1, "endColumn": 9,
            "message": {"text": "确诊【38例】例"},
        }  # fmt: skip

    def test_without_the_text_it_is_the_file_of_the_table(self) -> None:
        made = outcome()
        bare = replace(made, file="out/tables/metrics.parquet", samples=(made.samples[0]._replace(place=None),))
        (result,) = json.loads(FORMATS["sarif"](report(bare)))["runs"][0]["results"]
        place = result["locations"][0]["physicalLocation"]
        assert place == {"artifactLocation": {"uri": "out/tables/metrics.parquet"}, "region": {"startLine": 1}}

    def test_shape(self) -> None:
        """The parts of SARIF 2.1.0 that code scanning asks for."""
        run = json.loads(FORMATS["sarif"](report(outcome("a b#c?"), outcome(severity="warning"), passed())))[
            "runs"
        ][0]
        assert [r["level"] for r in run["results"]] == ["error", "warning"]
        assert run["tool"]["driver"]["version"] == __version__
        for result in run["results"]:
            assert result["message"]["text"] and result["partialFingerprints"]
            assert re.fullmatch(
                r"[\w%./~-]+", result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            )
        trouble = json.loads(FORMATS["sarif"](report(trouble="unreadable", message="x")))["runs"][0]
        assert trouble["invocations"][0]["executionSuccessful"] is False

    def test_what_is_left_out_is_counted(self) -> None:
        run = json.loads(FORMATS["sarif"](report(outcome(n_failed=7_613))))["runs"][0]
        (note,) = run["invocations"][0]["toolExecutionNotifications"]
        assert note["message"]["text"] == "5 of 7,613 failing rows of metrics.value_rereads are in this file."

    def test_the_value_is_part_of_the_fingerprint(self) -> None:
        made = outcome()
        other = replace(made, samples=(made.samples[0]._replace(value="39例"),))
        prints = {
            json.loads(FORMATS["sarif"](report(one)))["runs"][0]["results"][0]["partialFingerprints"]["failure/v2"]
            for one in (made, other)
        }
        assert len(prints) == 2

    def test_the_address_is_the_one_that_the_package_states(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stated = email.message.Message()
        stated["Project-URL"] = "Changelog, https://example.org/changes"
        monkeypatch.setattr("importlib.metadata.metadata", lambda name: stated)

        def driver() -> dict[str, object]:
            return json.loads(FORMATS["sarif"](report(passed())))["runs"][0]["tool"]["driver"]

        assert "informationUri" not in driver()
        stated["Project-URL"] = "Homepage, https://example.org/"
        assert driver()["informationUri"] == "https://example.org/"
