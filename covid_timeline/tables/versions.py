"""What a change of the data dictionary means for readers: released dictionaries, and the version that must follow.

`compare_versions` holds a dictionary against an earlier one and says which part of the version must rise.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from covid_timeline.tables.schema import SCHEMA_VERSION, TABLES, VOCABULARIES

Bump = Literal["major", "minor", "patch"]
_BUMPS: tuple[Bump, ...] = ("patch", "minor", "major")



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
    content = json.dumps(snapshot(), ensure_ascii=False, indent=2) + "\n"
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
    for key, what, compare in (("tables", "table", _compare_table), ("vocabularies", "vocabulary", _compare_words)):
        before, after = old[key], new[key]
        changes += [Change("major", f"{name}: {what} removed") for name in before if name not in after]
        for name, found in after.items():
            if name in before:
                changes += compare(name, before[name], found)
            else:
                changes.append(Change("minor", f"{name}: {what} added"))
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
