"""The data dictionary in the forms that other tools read.

`write_schemas` writes schemas/ (for each table a Frictionless Table Schema, a JSON Schema of one row and an Arrow
listing; the vocabularies as CSV) and the data-dictionary page. Everything is a function of
`covid_timeline.tables.schema`; a test fails when the committed copies differ. Published files are described by
`covid_timeline.tables.package`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from covid_timeline.tables.schema import (
    SCHEMA_VERSION,
    TABLES,
    VOCABULARIES,
    VOCABULARY_TITLES,
    Column,
    Table,
    Word,
)

_FRICTIONLESS = {
    "string": "string",
    "bool": "boolean",
    "int64": "integer",
    "float64": "number",
    "date32": "date",
    "timestamp[us]": "datetime",
}
_JSON: Mapping[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "bool": {"type": "boolean"},
    "int64": {"type": "integer"},
    "float64": {"type": "number"},
    "date32": {"type": "string", "format": "date"},
    # Local time without a zone: the JSON Schema format date-time would ask for one.
    "timestamp[us]": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?$"},
}


# --- one table --------------------------------------------------------------------------------------------------


def frictionless(table: Table) -> dict[str, Any]:
    """The Frictionless Table Schema (Data Package v2) of a table."""
    fields = []
    for column in table.columns:
        field: dict[str, Any] = {
            "name": column.name,
            "type": _FRICTIONLESS[column.type],
            "title": column.field.label_zh,
            "description": column.field.description,
        }
        if column.type == "timestamp[us]":
            field["format"] = "%Y-%m-%dT%H:%M:%S"
        if column.field.unit:
            field["unit"] = column.field.unit
        constraints: dict[str, Any] = {}
        if not column.may_be_null:
            constraints["required"] = True
        if table.primary_key == (column.name,):
            constraints["unique"] = True
        if column.field.vocabulary:
            constraints["enum"] = list(VOCABULARIES[column.field.vocabulary])
        if column.field.pattern:
            constraints["pattern"] = column.field.pattern
        if column.field.minimum is not None:
            constraints["minimum"] = column.field.minimum
        if constraints:
            field["constraints"] = constraints
        if column.type == "string" and not column.may_be_null:
            field["missingValues"] = []  # an empty text is a text
        elif column.type == "int64" and column.may_be_null:
            field["missingValues"] = ["", "nan"]  # by way of pandas a null of whole numbers comes as nan
        fields.append(field)
    keys = [
        {
            "fields": [column.name],
            "reference": {
                "resource": "" if column.foreign_key[0] == table.name else column.foreign_key[0],
                "fields": [column.foreign_key[1]],
            },
        }
        for column in table.columns
        if column.foreign_key
    ]
    schema: dict[str, Any] = {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "name": table.name,
        "title": table.label_zh,
        "description": table.description,
        "version": SCHEMA_VERSION,
        "fields": fields,
    }
    # A primary key of the standard has no nulls; the key of regions has (valid since before the data begin).
    if not any(table.column(key).may_be_null for key in table.primary_key):
        schema["primaryKey"] = list(table.primary_key)
    if keys:
        schema["foreignKeys"] = keys
    return schema


def json_schema(table: Table) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one row, as JSON lines give it: dates as ISO strings, nulls as null."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:covid-timeline:{table.name}:{SCHEMA_VERSION}",
        "title": table.name,
        "description": table.description,
        "type": "object",
        "properties": {column.name: _json_column(column) for column in table.columns},
        "required": table.names,
        "additionalProperties": False,
    }


def _json_column(column: Column) -> dict[str, Any]:
    made = dict(_JSON[column.type])
    if column.field.vocabulary:
        made["enum"] = [*VOCABULARIES[column.field.vocabulary], *([None] if column.may_be_null else [])]
    if column.field.pattern:
        made["pattern"] = column.field.pattern
    if column.field.minimum is not None:
        made["minimum"] = column.field.minimum
    if column.may_be_null:
        made["type"] = [made["type"], "null"]
    made["title"] = column.field.label_zh
    made["description"] = column.field.description
    return made


def arrow_listing(table: Table) -> str:
    """The Arrow schema of a table, one column a line: name, type, `not null` where null is never found."""
    lines = [f"# {table.name}, schema {SCHEMA_VERSION}"]
    lines += [
        f"{column.name}: {column.type}" + ("" if column.may_be_null else " not null")
        for column in table.columns
    ]
    return "\n".join(lines) + "\n"


def vocabulary_csv(name: str) -> str:
    """One vocabulary as CSV: word, labels, definition, and what else it states (group, kind, units, OxCGRT codes)."""
    words = VOCABULARIES[name].values()
    extras = [
        extra for extra in ("group", "kind", "units", "oxcgrt") if any(getattr(word, extra) for word in words)
    ]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["word", "label_en", "label_zh", *extras, "definition"])
    for word in words:
        writer.writerow(
            [
                word.word,
                word.label_en,
                word.label_zh,
                *(_joined(word, extra) for extra in extras),
                word.definition,
            ]
        )
    return buffer.getvalue()


def _joined(word: Word, extra: str) -> str:
    value: str | tuple[str, ...] = getattr(word, extra)
    return value if isinstance(value, str) else "|".join(value)


# --- the page ---------------------------------------------------------------------------------------------------


def data_dictionary() -> str:
    """docs/data-dictionary.md: every table, column and word, in Markdown."""
    lines = [
        "# Data dictionary",
        "",
        "<!-- Generated from covid_timeline/tables/vocab by `covid_timeline.tables.describe`; do not edit. -->",
        "",
        f"Schema version {SCHEMA_VERSION}. What the words mean and how the rows are made is law in "
        "[the data contract](contract.md); this page lists what the files hold.",
        "",
        "A column is never null unless its row says so: *nullable* where null has a meaning of its own, *withheld* "
        "where the column holds the article's words, which are left out for documents that may not be republished.",
        "",
        "| table | 名称 | rows | key |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| [{table.name}](#{table.name}) | {table.label_zh} | {table.description} "
        f"| {', '.join(f'`{key}`' for key in table.primary_key)} |"
        for table in TABLES.values()
    ]
    for table in TABLES.values():
        lines += [
            "",
            f"## {table.name}",
            "",
            f"{table.description} Sorted by {', '.join(f'`{key}`' for key in table.sort_key)}.",
            "",
            "| column | 名称 | type | null | meaning |",
            "|---|---|---|---|---|",
        ]
        for column in table.columns:
            meaning = [column.field.description]
            if column.field.unit:
                meaning.append(f"Unit: {column.field.unit}.")
            if column.field.vocabulary:
                meaning.append(f"One of [{column.field.vocabulary}](#{column.field.vocabulary}).")
            if column.foreign_key:
                meaning.append(f"Found in `{'.'.join(column.foreign_key)}`.")
            null = "nullable" if column.nullable else "withheld" if column.withheld else ""
            lines.append(
                f"| `{column.name}` | {column.field.label_zh} | {column.type} | {null} | {_cell(' '.join(meaning))} |"
            )
    for name, words in VOCABULARIES.items():
        rows = [(word, _notes(word)) for word in words.values()]
        noted = any(note for _, note in rows)
        lines += [
            "",
            f"## {name}",
            "",
            f"{VOCABULARY_TITLES[name]}.",
            "",
            "| word | English | 中文 | meaning |" + (" notes |" if noted else ""),
            "|---|---|---|---|" + ("---|" if noted else ""),
        ]
        lines += [
            f"| `{word.word}` | {word.label_en} | {word.label_zh} | {_cell(word.definition)} |"
            + (f" {note} |" if noted else "")
            for word, note in rows
        ]
    return "\n".join(lines) + "\n"


def _notes(word: Word) -> str:
    notes = [word.group, word.kind]
    if word.units:
        notes.append("in " + ", ".join(word.units))
    if word.oxcgrt:
        notes.append("OxCGRT " + ", ".join(word.oxcgrt))
    return "; ".join(note for note in notes if note)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


# --- writing ----------------------------------------------------------------------------------------------------


def schema_files() -> Iterator[tuple[str, str]]:
    """Path below schemas/ and content of every generated file."""
    for table in TABLES.values():
        yield f"{table.name}.tableschema.json", _json(frictionless(table))
        yield f"{table.name}.schema.json", _json(json_schema(table))
        yield f"{table.name}.arrow.txt", arrow_listing(table)
    for name in VOCABULARIES:
        yield f"vocabularies/{name}.csv", vocabulary_csv(name)


def write_schemas(folder: Path, page: Path | None = None) -> list[Path]:
    """Write schemas/ and, where `page` is given, the data-dictionary page; returns the files that changed.

    Files of tables and vocabularies that are gone are removed; `released/` is left alone.
    """
    wanted = {folder / name: content for name, content in schema_files()}
    if page:
        wanted[page] = data_dictionary()
    changed = []
    for old in [*folder.glob("*.*"), *(folder / "vocabularies").glob("*.csv")]:
        generated = old.name.endswith((".tableschema.json", ".schema.json", ".arrow.txt", ".csv"))
        if generated and old not in wanted and old.stem.split(".")[0] not in _OTHERS:
            old.unlink()
            changed.append(old)
    for path, content in wanted.items():
        data = content.encode()
        if not path.exists() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            changed.append(path)
    return changed


_OTHERS = ("report",)
"""Schemas beside ours that are not of a table: the validation report's."""


def drift(folder: Path, page: Path | None = None) -> list[str]:
    """The generated files that differ from what the dictionary says, each with the reason; empty where none does."""
    wanted = {folder / name: content for name, content in schema_files()}
    if page:
        wanted[page] = data_dictionary()
    found = []
    for path, content in wanted.items():
        if not path.exists():
            found.append(f"{path}: missing")
        elif path.read_bytes() != content.encode():
            found.append(f"{path}: not what covid_timeline/tables/schema.py says")
    return found


def _json(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
