"""The data dictionary: complete, consistent, the same in every form derived from it, and versioned."""

from __future__ import annotations

import copy
import csv
import io
import json
import re
from pathlib import Path

import fakes
import jsonschema
import pandas as pd
import pyarrow as pa
import pytest

from covid_timeline import model
from covid_timeline.lexicon.rules import load_rules
from covid_timeline.tables import describe, versions
from covid_timeline.tables.build import regions_table, to_table, to_tables
from covid_timeline.tables.frames import to_frame
from covid_timeline.tables.schema import (
    FIELDS,
    SCHEMA_VERSION,
    TABLES,
    TYPES,
    VOCABULARIES,
    VOCABULARY_TITLES,
    arrow_schema,
)

ROOT = Path(__file__).parent.parent
SCHEMAS = ROOT / "schemas"
PAGE = ROOT / "docs" / "data-dictionary.md"
CONTRACT = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")

ROWS = {
    "dates": model.DateRow,
    "events": model.EventRow,
    "metrics": model.MetricRow,
    "rejected": model.RejectedRow,
}


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    made = to_tables(
        [fakes.extract(fakes.article("a")), fakes.extract(fakes.article("b", may_republish=False))]
    )
    made["regions"] = regions_table()
    return {name: made[name] if name in made else to_table(name, []) for name in TABLES}


class TestDictionary:
    def test_every_field_is_used(self) -> None:
        used = {column.field for table in TABLES.values() for column in table.columns}
        assert [name for name, field in FIELDS.items() if field not in used] == []

    def test_every_vocabulary_is_used_and_titled(self) -> None:
        used = {field.vocabulary for field in FIELDS.values() if field.vocabulary}
        assert used == set(VOCABULARIES) == set(VOCABULARY_TITLES)

    def test_every_word_is_explained_in_both_languages(self) -> None:
        for name, words in VOCABULARIES.items():
            for word in words.values():
                assert word.label_en and word.definition.endswith("."), (name, word)
                assert re.search(r"[\u4e00-\u9fff]", word.label_zh), (name, word)

    def test_every_field_is_explained_in_both_languages(self) -> None:
        for name, field in FIELDS.items():
            assert field.type in TYPES
            assert field.description.rstrip(".") and re.search(r"[\u4e00-\u9fff]", field.label_zh), name

    def test_a_vocabulary_constrains_text_and_a_minimum_numbers(self) -> None:
        for name, field in FIELDS.items():
            assert not (field.vocabulary or field.pattern) or field.type == "string", name
            assert field.minimum is None or field.type in ("int64", "float64"), name

    @pytest.mark.parametrize("name", TABLES)
    def test_keys_and_references_exist(self, name: str) -> None:
        table = TABLES[name]
        assert set(table.primary_key) | set(table.sort_key) <= set(table.names)
        assert len(set(table.names)) == len(table.names)
        for column in table.columns:
            if column.foreign_key:
                other, key = column.foreign_key
                assert TABLES[other].column(key).type == column.type

    @pytest.mark.parametrize("name", ROWS)
    def test_rows_of_the_model_have_its_columns(self, name: str) -> None:
        assert list(ROWS[name]._fields) == TABLES[name].names

    def test_documents_hold_what_an_article_says(self) -> None:
        assert set(model.Article._fields) - {"raw"} <= set(TABLES["documents"].names)

    def test_unknown_column(self) -> None:
        with pytest.raises(KeyError, match="table dates has no column 'date'"):
            TABLES["dates"].column("date")


class TestContract:
    """docs/contract.md is law: its words are the vocabularies."""

    @pytest.mark.parametrize(
        "name", ["categories", "indicators", "units", "qualifiers", "precisions", "bases", "region_levels"]
    )
    def test_every_word_stands_in_the_contract(self, name: str) -> None:
        said = set(re.findall(r"`([a-zA-Z0-9_]+)`", CONTRACT))
        assert set(VOCABULARIES[name]) <= said

    def test_categories_and_their_codes(self) -> None:
        rows = re.findall(r"^\| `(\w+)` \| .* \| (.+) \|$", CONTRACT, re.M)
        assert [row[0] for row in rows] == list(VOCABULARIES["categories"])
        for word, codes in rows:
            oxcgrt = VOCABULARIES["categories"][word].oxcgrt
            assert (f"{oxcgrt[0]}-{oxcgrt[-1]}" if len(oxcgrt) > 2 else ", ".join(oxcgrt) or "-") == codes

    def test_indicators_and_their_groups(self) -> None:
        rows = re.findall(r"^\| (\w+) \| (`\w+`(?:, `\w+`)*) \|$", CONTRACT, re.M)
        stated = {word: group for group, words in rows for word in re.findall(r"`(\w+)`", words)}
        assert {w.word: w.group for w in VOCABULARIES["indicators"].values() if w.word != "other"} == stated

    def test_units(self) -> None:
        line = re.search(r"^- `unit`: (.*?)\. Values are", CONTRACT, re.M)
        assert line
        assert set(VOCABULARIES["units"]) == set(re.findall(r"`(\w+)`", line[1]))

    def test_columns_come_in_the_order_of_the_contract(self) -> None:
        for name in ("dates", "events", "metrics", "regions", "rejected"):
            section = re.search(rf"^### {name}:.*?\n(`.*?)(?=\n\n|\n###|\n- |\n\|)", CONTRACT, re.M | re.S)
            assert section
            said = [word for word in re.findall(r"`(\w+)`", section[1]) if word in TABLES[name].names]
            ours = [column for column in TABLES[name].names if column in said]
            assert list(dict.fromkeys(said)) == ours, name

    def test_indicators_name_units_and_kinds_that_exist(self) -> None:
        for word in VOCABULARIES["indicators"].values():
            assert set(word.units) <= set(VOCABULARIES["units"]), word
            assert word.kind in ("new", "cumulative", "current", "rate", "amount"), word
            for kind in ("new", "cumulative", "current"):
                if word.word.endswith(f"_{kind}"):
                    assert word.kind == kind, word


class TestArrowSchema:
    @pytest.mark.parametrize("name", TABLES)
    def test_types_nulls_and_what_is_said(self, name: str) -> None:
        schema = arrow_schema(name)
        assert schema.names == TABLES[name].names
        for field, column in zip(schema, TABLES[name].columns, strict=True):
            assert (
                str(field.type).replace("date32[day]", "date32").replace("double", "float64") == column.type
            )
            assert field.nullable == column.may_be_null
            assert field.metadata[b"description"].decode() == column.field.description
        assert schema.metadata[b"schema_version"].decode() == SCHEMA_VERSION

    def test_unknown_table(self) -> None:
        with pytest.raises(KeyError):
            arrow_schema("cities")


class TestDerivedFiles:
    @pytest.mark.parametrize("name", TABLES)
    def test_json_schema_takes_our_rows_and_no_others(self, name: str, tables: dict[str, pa.Table]) -> None:
        schema = describe.json_schema(TABLES[name])
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        rows = [
            json.loads(json.dumps(row, default=lambda day: day.isoformat()))
            for row in tables[name].to_pylist()[:50]
        ]
        for row in rows:
            validator.validate(row)
            assert not validator.is_valid({**row, "more": 1})
            assert not validator.is_valid(
                {key: value for key, value in row.items() if key != TABLES[name].names[0]}
            )

    @pytest.mark.parametrize("name", TABLES)
    def test_frictionless(self, name: str) -> None:
        schema = describe.frictionless(TABLES[name])
        assert [field["name"] for field in schema["fields"]] == TABLES[name].names
        for field in schema["fields"]:
            assert field["type"] in ("string", "boolean", "integer", "number", "date", "datetime")

    @pytest.mark.parametrize("name", VOCABULARIES)
    def test_vocabulary_csv_reads_back(self, name: str) -> None:
        rows = list(csv.DictReader(io.StringIO(describe.vocabulary_csv(name))))
        assert [row["word"] for row in rows] == list(VOCABULARIES[name])
        assert all(row["definition"] and row["label_zh"] and row["label_en"] for row in rows)
        if name == "categories":
            assert rows[3]["oxcgrt"] == "C1|C2|C3|C4|C5|C6|C7|C8"

    @pytest.mark.drift
    def test_schemas_and_page_have_not_drifted(self) -> None:
        """When this fails: python -m covid_timeline schemas"""
        assert describe.drift(SCHEMAS, PAGE) == []

    def test_writing_is_deterministic_and_tidies_up(self, tmp_path: Path) -> None:
        page = tmp_path / "docs" / "data-dictionary.md"
        first = describe.write_schemas(tmp_path / "schemas", page)
        assert describe.drift(tmp_path / "schemas", page) == []
        assert page in first and describe.write_schemas(tmp_path / "schemas", page) == []
        stale = tmp_path / "schemas" / "vocabularies" / "moods.csv"
        stale.write_text("word\n", encoding="utf-8")
        kept = tmp_path / "schemas" / "report.schema.json"
        kept.write_text("{}", encoding="utf-8")
        page.write_text("old", encoding="utf-8")
        assert describe.drift(tmp_path / "schemas", page) != []
        assert set(describe.write_schemas(tmp_path / "schemas", page)) == {stale, page}
        assert kept.exists() and not stale.exists()

    def test_the_page_tells_every_column_and_word(self) -> None:
        page = describe.data_dictionary()
        for table in TABLES.values():
            assert f"\n## {table.name}\n" in page
            assert all(f"| `{name}` |" in page for name in table.names)
        for name, words in VOCABULARIES.items():
            assert f"\n## {name}\n" in page
            assert all(f"| `{word}` |" in page for word in words)


class TestVersions:
    NOW = versions.snapshot()

    def change(self, edit: str) -> dict[str, object]:
        """The dictionary after one edit."""
        new = copy.deepcopy(self.NOW)
        metrics, units = new["tables"]["metrics"]["columns"], new["vocabularies"]["units"]
        column = {c["name"]: c for c in metrics}
        match edit:
            case "column removed":
                del metrics[5]
            case "column renamed":
                metrics[5]["name"] = "units"
            case "columns swapped":
                metrics[3], metrics[4] = metrics[4], metrics[3]
            case "column retyped":
                column["value"]["type"] = "int64"
            case "column added in the middle":
                metrics.insert(3, {**metrics[3], "name": "value_low"})
            case "column added at the end":
                metrics.append({**metrics[3], "name": "value_low"})
            case "null allowed":
                column["unit"]["nullable"] = True
            case "null forbidden":
                column["part_of"]["nullable"] = False
            case "pattern taken away":
                column["time_end"]["pattern"] = None
            case "pattern given":
                column["metric_id"]["pattern"] = "^.+$"
            case "word removed":
                del units["mu"]
            case "word added":
                units["gram"] = {**units["kg"], "word": "gram"}
            case "unit no longer fits":
                new["vocabularies"]["indicators"]["beds"]["units"] = ["bed"]
            case "another unit fits":
                new["vocabularies"]["indicators"]["recovery_rate"]["units"].append("percentage_point")
            case "table removed":
                del new["tables"]["rejected"]
            case "table added":
                new["tables"]["more"] = new["tables"]["rejected"]
            case "vocabulary removed":
                del new["vocabularies"]["scripts"]
            case "another order of rows":
                new["tables"]["metrics"]["sort_key"] = ["metric_id"]
            case "column reworded":
                column["value"]["description"] = "Another text."
            case "word reworded":
                units["mu"]["definition"] = "Another text."
            case _:
                raise AssertionError(edit)
        return new

    @pytest.mark.parametrize(
        ("edit", "bump"),
        [
            ("column removed", "major"),
            ("column renamed", "major"),
            ("columns swapped", "major"),
            ("column retyped", "major"),
            ("column added in the middle", "major"),
            ("null allowed", "major"),
            ("pattern given", "minor"),
            ("pattern taken away", "major"),
            ("word removed", "major"),
            ("unit no longer fits", "major"),
            ("table removed", "major"),
            ("vocabulary removed", "major"),
            ("another order of rows", "major"),
            ("column added at the end", "minor"),
            ("null forbidden", "minor"),
            ("word added", "minor"),
            ("another unit fits", "minor"),
            ("table added", "minor"),
            ("column reworded", "patch"),
            ("word reworded", "patch"),
        ],
    )
    def test_what_a_change_asks_for(self, edit: str, bump: str) -> None:
        changes = versions.compare_versions(self.NOW, self.change(edit))
        assert versions.required_bump(changes) == bump, changes

    def test_no_change_asks_for_nothing(self) -> None:
        assert versions.compare_versions(self.NOW, copy.deepcopy(self.NOW)) == []
        assert versions.required_bump([]) is None

    @pytest.mark.parametrize(
        ("old", "new", "bump", "enough"),
        [
            ("1.0.0", "1.0.0", None, True),
            ("1.0.0", "1.0.0", "patch", False),
            ("1.0.0", "1.0.1", "patch", True),
            ("1.0.9", "1.0.10", "patch", True),
            ("1.0.0", "1.0.1", "minor", False),
            ("1.0.5", "1.1.0", "minor", True),
            ("1.9.0", "1.10.0", "minor", True),
            ("1.1.0", "1.9.0", "major", False),
            ("1.9.0", "2.0.0", "major", True),
            ("2.0.0", "1.9.0", None, False),
        ],
    )
    def test_is_enough(self, old: str, new: str, bump: versions.Bump | None, enough: bool) -> None:
        assert versions.is_enough(old, new, bump) is enough

    def test_a_release_is_never_written_over(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert versions.last_release(tmp_path) is None
        path = versions.release(tmp_path)
        assert versions.release(tmp_path) == path
        assert versions.last_release(tmp_path) == self.NOW
        monkeypatch.setattr(versions, "snapshot", lambda: self.change("word added"))
        with pytest.raises(FileExistsError, match="raise the version"):
            versions.release(tmp_path)

    @pytest.mark.drift
    def test_the_last_release_stands(self) -> None:
        """The dictionary may differ from the last release only with the right version and a CHANGELOG entry.

        When this fails: raise SCHEMA_VERSION as the message says, write what changed into CHANGELOG.md, and run
        `python -m covid_timeline schemas`.
        """
        old = versions.last_release(SCHEMAS)
        assert old is not None, "schemas/released is empty"
        changes = versions.compare_versions(old, self.NOW)
        bump = versions.required_bump(changes)
        assert versions.is_enough(old["version"], SCHEMA_VERSION, bump), (
            f"{bump} version change needed for {changes}"
        )
        changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
        assert re.search(rf"schema {re.escape(SCHEMA_VERSION)}\b", changelog, re.IGNORECASE)


def test_frames_of_this_test_are_pandas(tables: dict[str, pa.Table]) -> None:
    frame = to_frame(tables["metrics"])
    assert isinstance(frame, pd.DataFrame)
    assert frame.attrs["columns"]["value"]["description"] == FIELDS["value"].description


def test_rules_claim_units_that_their_indicators_allow() -> None:
    """Else one odd sentence would stop a whole build: validation refuses a unit that does not fit."""
    for rule in load_rules("indicators"):
        word = VOCABULARIES["indicators"].get(rule.data.get("indicator", rule.name.partition(".")[0]))
        assert word is None or not word.units or set(rule.data["units"]) <= set(word.units), rule.id
