"""What stands beside published tables: `datapackage.json` (Data Package v2) and `croissant.json` (Croissant 1.0).

The columns come from the data dictionary. Title, licence and citation are those of whoever publishes (`About`): the
flags of `build`, or a file `about.toml` beside the articles. Where nothing is said, nothing is written; in particular
tables that a user builds carry no licence of ours.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from covid_timeline.tables.describe import frictionless
from covid_timeline.tables.schema import SCHEMA_VERSION, TABLES, Column, Table

ABOUT_FILE = "about.toml"
"""File beside the articles of a folder that says what the tables made from them are called, and under which licence."""

DESCRIPTION = (
    "Dated, placed, typed facts read from Chinese texts by covid_timeline; each row says which characters of which "
    "document it was read from, and by which rule."
)

_SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")
_CREATIVE_COMMONS = re.compile(r"CC-(BY(?:-NC)?(?:-SA|-ND)?)-([1-9]\.[0-9])")


class About(NamedTuple):
    """What a publisher says of the tables as a whole; empty where nothing is said."""

    title: str = ""
    licence: str = ""  # an SPDX identifier (CC-BY-4.0) or an address
    cite: str = ""  # how to cite them
    name: str = ""  # a short name: small letters, digits, hyphens
    description: str = ""  # in place of `DESCRIPTION`
    keywords: tuple[str, ...] = ()

    def checked(self) -> About:
        """The same, once it can be written into both descriptions.

        Raises:
            ValueError: the licence is neither an SPDX identifier nor an address, or the name has other characters.

        >>> About(licence="CC-BY-4.0").checked().licence_url
        'https://creativecommons.org/licenses/by/4.0/'
        >>> About(licence="ask me").checked()
        Traceback (most recent call last):
        ValueError: the licence is an SPDX identifier (CC-BY-4.0, MIT) or an address (https://...), not 'ask me'
        """
        if self.licence and not _is_address(self.licence) and not _SPDX.fullmatch(self.licence):
            raise ValueError(
                f"the licence is an SPDX identifier (CC-BY-4.0, MIT) or an address (https://...), not {self.licence!r}"
            )
        if self.name and not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", self.name):
            raise ValueError(f"the name is made of small letters, digits, '.', '_' and '-', not {self.name!r}")
        return self

    @property
    def licence_url(self) -> str:
        """Where the licence is to be read; empty where there is none."""
        if not self.licence or _is_address(self.licence):
            return self.licence
        if match := _CREATIVE_COMMONS.fullmatch(self.licence):
            return f"https://creativecommons.org/licenses/{match[1].lower()}/{match[2]}/"
        return f"https://spdx.org/licenses/{self.licence}"


UNSAID = About()
"""Tables of which their publisher says nothing."""


def _is_address(text: str) -> bool:
    return re.fullmatch(r"https?://\S+", text) is not None


def read_about(path: Path) -> About:
    """What an `about.toml` says: `title`, `licence`, `cite`, `name`, `description`, `keywords`.

    Raises:
        ValueError: the file is no TOML, or a key or its value is none of these; the message names it.
        OSError: the file cannot be read.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not TOML ({error})") from None
    for key, value in found.items():
        if key not in About._fields:
            raise ValueError(f"{path}: there is no key {key!r}; there are {', '.join(About._fields)}")
        wanted = list if key == "keywords" else str
        if not isinstance(value, wanted) or (wanted is list and not all(isinstance(word, str) for word in value)):
            raise ValueError(f"{path}: {key} is to be {'a list of texts' if wanted is list else 'a text'}")
    try:
        return About(**found | {"keywords": tuple(found.get("keywords", ()))}).checked()
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def datapackage(files: Mapping[str, Mapping[str, Any]], about: About = UNSAID) -> dict[str, Any]:
    """The Data Package (v2) descriptor of published files.

    Sizes and checksums are in the manifest: frictionless compares `bytes` with what it has streamed, and it streams
    no bytes of a Parquet file.

    Args:
        files: `bytes` and `sha256` of each, by file name, as the manifest has them.
        about: what the publisher says of them.
    """
    licence: dict[str, str] = {}
    if about.licence:
        licence = {"path": about.licence_url}
        if about.licence != about.licence_url:
            licence = {"name": about.licence} | licence
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        **({"name": about.name} if about.name else {}),
        **({"title": about.title} if about.title else {}),
        "description": about.description or DESCRIPTION,
        "version": SCHEMA_VERSION,
        **({"licenses": [licence]} if licence else {}),
        **({"citation": about.cite} if about.cite else {}),
        **({"keywords": list(about.keywords)} if about.keywords else {}),
        "resources": [
            {
                "name": table.name,
                "type": "table",
                "title": table.label_zh,
                "description": table.description,
                "path": f"{table.name}.parquet",
                "format": "parquet",
                "mediatype": "application/vnd.apache.parquet",
                "schema": frictionless(table),
            }
            for table in TABLES.values()
            if f"{table.name}.parquet" in files
        ],
    }


def croissant(files: Mapping[str, Mapping[str, Any]], about: About = UNSAID) -> dict[str, Any]:
    """The Croissant 1.0 description (JSON-LD) of published files; arguments as for `datapackage`."""
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": about.name or about.title or "tables",
        **({"alternateName": about.title} if about.name and about.title else {}),
        "description": about.description or DESCRIPTION,
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        **({"license": about.licence_url} if about.licence else {}),
        "version": SCHEMA_VERSION,
        **({"citeAs": about.cite} if about.cite else {}),
        **({"keywords": list(about.keywords)} if about.keywords else {}),
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
                "field": [_field(table, column) for column in table.columns],
            }
            for table in TABLES.values()
        ],
    }


_TYPES = {
    "string": "sc:Text",
    "bool": "sc:Boolean",
    "int64": "sc:Integer",
    "float64": "sc:Float",
    "date32": "sc:Date",
    "timestamp[us]": "sc:DateTime",
}


def _field(table: Table, column: Column) -> dict[str, Any]:
    # No `references`: a reader that follows them joins tables (mlcroissant: once per record set, and not at all where a
    # set refers to itself or to one with references of its own). The keys between tables are in datapackage.json.
    key = f" Found in {'.'.join(column.foreign_key)}." if column.foreign_key else ""
    return {
        "@type": "cr:Field",
        "@id": f"{table.name}/{column.name}",
        "name": column.name,
        "description": column.field.description + key,
        "dataType": _TYPES[column.type],
        "source": {"fileObject": {"@id": f"{table.name}.parquet"}, "extract": {"column": column.name}},
    }


_WORDS = """citeAs column conformsTo:dct equivalentProperty extract field fileProperty fileObject fileSet format includes
isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace samplingRate separator source
subField transform"""

_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{word.partition(":")[0]: f"{word.partition(':')[2] or 'cr'}:{word.partition(':')[0]}" for word in _WORDS.split()},
}
"""The @context of Croissant 1.0."""
