"""The data dictionary in the forms that other tools read, and what a change of it means for readers.

`write_schemas` writes schemas/ (for each table a Frictionless Table Schema, a JSON Schema of one row and an Arrow
listing; the vocabularies as CSV) and the data-dictionary page; `datapackage` and `croissant` describe published
files. Everything is a function of `covid_timeline.tables.schema`; a test fails when the committed copies differ.

`compare_versions` holds a dictionary against an earlier one and says which part of the version must rise.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from covid_timeline.tables.schema import (
    SCHEMA_VERSION,
    TABLES,
    VOCABULARIES,
    VOCABULARY_TITLES,
    Column,
    Table,
    Word,
)

NAME = "covid-timeline"
TITLE = "How Chinese cities met COVID-19 in early 2020"
DESCRIPTION = (
    "Dated, placed, typed facts read from Chinese news articles and bulletins of early 2020; "
    "each row says which characters of which document it was read from, and by which rule."
)
LICENCE = ("MIT", "https://opensource.org/license/mit")
KEYWORDS = ["COVID-19", "China", "timeline", "non-pharmaceutical interventions", "information extraction"]

Bump = Literal["major", "minor", "patch"]
_BUMPS: tuple[Bump, ...] = ("patch", "minor", "major")

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
_CROISSANT = {
    "string": "sc:Text",
    "bool": "sc:Boolean",
    "int64": "sc:Integer",
    "float64": "sc:Float",
    "date32": "sc:Date",
    "timestamp[us]": "sc:DateTime",
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


# --- published files --------------------------------------------------------------------------------------------


def datapackage(files: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The Data Package (v2) descriptor of published files.

    Args:
        files: `bytes` and `sha256` of each, by file name, as the manifest has them.
    """
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": NAME,
        "title": TITLE,
        "description": DESCRIPTION,
        "version": SCHEMA_VERSION,
        "licenses": [{"name": LICENCE[0], "path": LICENCE[1]}],
        "keywords": KEYWORDS,
        "resources": [
            {
                "name": table.name,
                "type": "table",
                "title": table.label_zh,
                "description": table.description,
                "path": f"{table.name}.parquet",
                "format": "parquet",
                "mediatype": "application/vnd.apache.parquet",
                "bytes": files[f"{table.name}.parquet"]["bytes"],
                "hash": f"sha256:{files[f'{table.name}.parquet']['sha256']}",
                "schema": frictionless(table),
            }
            for table in TABLES.values()
        ],
    }


def croissant(files: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The Croissant 1.0 description (JSON-LD) of published files; arguments as for `datapackage`."""
    return {
        "@context": _CROISSANT_CONTEXT,
        "@type": "sc:Dataset",
        "name": NAME,
        "description": DESCRIPTION,
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "license": LICENCE[1],
        "version": SCHEMA_VERSION,
        "citeAs": f"covid-timeline contributors: {TITLE}, schema {SCHEMA_VERSION}",
        "keywords": KEYWORDS,
        "inLanguage": ["zh", "en"],
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": f"{name}.parquet",
                "name": f"{name}.parquet",
                "description": table.description,
                "contentUrl": f"{name}.parquet",
                "contentSize": f"{files[f'{name}.parquet']['bytes']} B",
                "encodingFormat": "application/x-parquet",
                "sha256": files[f"{name}.parquet"]["sha256"],
            }
            for name, table in TABLES.items()
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": table.name,
                "name": table.name,
                "description": table.description,
                "key": [{"@id": f"{table.name}/{key}"} for key in table.primary_key],
                "field": [_croissant_field(table, column) for column in table.columns],
            }
            for table in TABLES.values()
        ],
    }


def _croissant_field(table: Table, column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{table.name}/{column.name}",
        "name": column.name,
        "description": column.field.description,
        "dataType": _CROISSANT[column.type],
        "source": {"fileObject": {"@id": f"{table.name}.parquet"}, "extract": {"column": column.name}},
    }
    if column.foreign_key:
        field["references"] = {"field": {"@id": "/".join(column.foreign_key)}}
    return field


_CROISSANT_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


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


# --- versions ---------------------------------------------------------------------------------------------------


class Change(NamedTuple):
    """One difference between two dictionaries, and which part of the version it must raise."""

    bump: Bump
    what: str


def snapshot() -> dict[str, Any]:
    """The dictionary as plain JSON values: what schemas/released/<version>.json keeps of a release."""
    return {
        "version": SCHEMA_VERSION,
        "tables": {
            table.name: {
                "description": table.description,
                "label_zh": table.label_zh,
                "primary_key": list(table.primary_key),
                "sort_key": list(table.sort_key),
                "columns": [
                    {
                        **column.field._asdict(),
                        "nullable": column.nullable,
                        "withheld": column.withheld,
                        "foreign_key": list(column.foreign_key) if column.foreign_key else None,
                    }
                    for column in table.columns
                ],
            }
            for table in TABLES.values()
        },
        "vocabularies": {
            name: {
                word.word: {key: list(v) if isinstance(v, tuple) else v for key, v in word._asdict().items()}
                for word in words.values()
            }
            for name, words in VOCABULARIES.items()
        },
    }


def release(folder: Path) -> Path:
    """Keep the dictionary of this version in `folder`/released; a released version is never written over.

    Raises:
        FileExistsError: this version was released with another dictionary.
    """
    path = folder / "released" / f"{SCHEMA_VERSION}.json"
    content = _json(snapshot())
    if path.exists() and path.read_text(encoding="utf-8") != content:
        raise FileExistsError(
            f"{path}: schema {SCHEMA_VERSION} was released and has changed since; raise the version"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode())
    return path


def last_release(folder: Path) -> dict[str, Any] | None:
    """The snapshot of the highest released version; None where nothing was released."""
    paths = sorted((folder / "released").glob("*.json"), key=lambda path: _version(path.stem))
    return json.loads(paths[-1].read_text(encoding="utf-8")) if paths else None


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def compare_versions(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """What changed between two snapshots, in the order of the new one.

    Major, because a reader breaks: a table, column or word gone; a column renamed, retyped, moved, or given another
    vocabulary or unit; null where there was none; a new key; another order of rows. Minor: a table, a column after
    the others, a word, null no longer found, a unit that now fits an indicator. Patch: wording.
    """
    changes: list[Change] = []
    for name in old["tables"]:
        if name not in new["tables"]:
            changes.append(Change("major", f"{name}: table removed"))
    for name, table in new["tables"].items():
        before = old["tables"].get(name)
        if before is None:
            changes.append(Change("minor", f"{name}: table added"))
        else:
            changes += _compare_table(name, before, table)
    for name in old["vocabularies"]:
        if name not in new["vocabularies"]:
            changes.append(Change("major", f"{name}: vocabulary removed"))
    for name, words in new["vocabularies"].items():
        before = old["vocabularies"].get(name)
        if before is None:
            changes.append(Change("minor", f"{name}: vocabulary added"))
        else:
            changes += _compare_words(name, before, words)
    return changes


def _compare_table(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    before = {column["name"]: column for column in old["columns"]}
    after = {column["name"]: column for column in new["columns"]}
    for column in before:
        if column not in after:
            yield Change("major", f"{name}.{column}: column removed")
    kept = [column for column in after if column in before]
    if kept != [column for column in before if column in after]:
        yield Change("major", f"{name}: columns reordered")
    added = [column for column in after if column not in before]
    if added:
        at_end = list(after)[-len(added) :] == added
        for column in added:
            bump: Bump = "minor" if at_end else "major"
            yield Change(bump, f"{name}.{column}: column added" + ("" if at_end else " before others"))
    for column in kept:
        a, b = before[column], after[column]
        for part in ("type", "vocabulary", "unit"):
            if a[part] != b[part]:
                yield Change("major", f"{name}.{column}: {part} was {a[part]}, is {b[part]}")
        null_before, null_after = (c["nullable"] or c["withheld"] for c in (a, b))
        if null_after and not null_before:
            yield Change("major", f"{name}.{column}: may be null now")
        elif null_before and not null_after:
            yield Change("minor", f"{name}.{column}: is never null now")
        elif (a["nullable"], a["withheld"]) != (b["nullable"], b["withheld"]):
            yield Change("minor", f"{name}.{column}: null has another meaning")
        for part in ("pattern", "minimum", "foreign_key"):
            if a[part] != b[part]:
                # A promise taken back can break a reader; a promise added cannot.
                yield Change("minor" if a[part] is None else "major", f"{name}.{column}: {part} changed")
        for part in ("description", "label_zh"):
            if a[part] != b[part]:
                yield Change("patch", f"{name}.{column}: {part} reworded")
    for part in ("primary_key", "sort_key"):
        if old[part] != new[part]:
            yield Change("major", f"{name}: {part} was {old[part]}, is {new[part]}")
    for part in ("description", "label_zh"):
        if old[part] != new[part]:
            yield Change("patch", f"{name}: {part} reworded")


def _compare_words(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for word in old:
        if word not in new:
            yield Change("major", f"{name}.{word}: word removed")
    for word, b in new.items():
        a = old.get(word)
        if a is None:
            yield Change("minor", f"{name}.{word}: word added")
            continue
        for part in ("group", "kind", "oxcgrt"):
            if a[part] != b[part]:
                yield Change("minor", f"{name}.{word}: {part} was {a[part]}, is {b[part]}")
        if a["units"] != b["units"]:
            # An empty list lets any unit fit.
            lost = bool(a["units"]) and bool(b["units"]) and not set(a["units"]) <= set(b["units"])
            narrowed = lost or (not a["units"] and bool(b["units"]))
            yield Change("major" if narrowed else "minor", f"{name}.{word}: units that fit changed")
        for part in ("label_en", "label_zh", "definition"):
            if a[part] != b[part]:
                yield Change("patch", f"{name}.{word}: {part} reworded")


def required_bump(changes: list[Change]) -> Bump | None:
    """The part of the version that the changes together must raise; None where there are none."""
    return max((change.bump for change in changes), key=_BUMPS.index, default=None)


def is_enough(old: str, new: str, bump: Bump | None) -> bool:
    """Whether going from version `old` to `new` raises that part.

    >>> is_enough("1.2.3", "1.3.0", "minor"), is_enough("1.2.3", "1.2.4", "minor"), is_enough("1.2.3", "2.0.0", "patch")
    (True, False, True)
    """
    a, b = _version(old), _version(new)
    if bump is None:
        return b >= a
    part = {"major": 1, "minor": 2, "patch": 3}[bump]
    return b[:part] > a[:part]
