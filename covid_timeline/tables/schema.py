"""The one data dictionary: every field, every table, every vocabulary of the published data.

`FIELDS` says what a column means, once; a `Table` is an ordered list of fields with a key. Arrow schemas, pandera
models, `schemas/`, `datapackage.json`, `croissant.json` and docs/data-dictionary.md are derived from here (the
last four by `covid_timeline.tables.describe`), and tests fail when any of them has drifted. Fields and
vocabularies are CSV files in `vocab/`, one row each, so that a linguist can edit them without reading Python. What the words
mean is law in docs/contract.md.

Nothing heavy is imported here: pyarrow only inside the function that needs it.

>>> [column.name for column in TABLES["rejected"].columns]
['doc_id', 'char_start', 'char_end', 'quote', 'reason']
>>> VOCABULARIES["units"]["CNY"].label_zh
'元人民币'
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA_VERSION = "2.0.0"
"""Semantic version of the tables: major breaks a reader, minor adds a column or a word, patch rewords a text."""

TYPES = ("string", "bool", "int64", "float64", "date32", "timestamp[us]")
"""The column types that every reader takes (docs/contract.md, section 1)."""


# --- vocabularies -----------------------------------------------------------------------------------------------


class Word(NamedTuple):
    """One word of a vocabulary, as its CSV file states it."""

    word: str
    label_en: str
    label_zh: str
    definition: str
    group: str = ""  # indicators: cases, tracing, care, ...
    kind: str = ""  # of an indicator: new, cumulative, ...; of a unit: count, money, share, duration, amount
    units: tuple[str, ...] = ()  # of an indicator: the units that fit; empty means any
    oxcgrt: tuple[str, ...] = ()  # of a category: nearest codes of the Oxford government response tracker


def _read_csv(name: str) -> list[dict[str, str]]:
    with (Path(__file__).parent / "vocab" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _split(words: str | None) -> tuple[str, ...]:
    return tuple(words.split("|")) if words else ()


def _read_vocabularies() -> dict[str, dict[str, Word]]:
    found: dict[str, dict[str, Word]] = {}
    for name in ("categories", "indicators", "units", "codes"):
        for row in _read_csv(name):
            word = Word(
                word=row["word"],
                label_en=row["label_en"],
                label_zh=row["label_zh"],
                definition=row["definition"],
                group=row.get("group", ""),
                kind=row.get("kind", ""),
                units=_split(row.get("units")),
                oxcgrt=_split(row.get("oxcgrt")),
            )
            words = found.setdefault(row.get("vocabulary", name), {})
            if word.word in words:
                raise ValueError(f"vocab/{name}.csv: {word.word!r} is stated twice")
            words[word.word] = word
    # A figure takes its date on any basis that a date has, or on publication alone.
    found["date_bases"] = found["bases"] | found["date_bases"]
    return found


VOCABULARIES: Mapping[str, Mapping[str, Word]] = _read_vocabularies()
"""Every closed list of words, by name: `VOCABULARIES["indicators"]["deaths_new"].units`."""

VOCABULARY_TITLES: Mapping[str, str] = {
    "categories": "What kind of event it is, with the nearest OxCGRT codes",
    "indicators": "What a figure counts, with the units that fit",
    "units": "The unit that a value is in",
    "qualifiers": "How exact a figure is",
    "precisions": "How fine a date is",
    "bases": "How a date was read",
    "date_bases": "How the date of a figure was read",
    "anchor_bases": "What the anchor date of a document is",
    "choices": "Why a figure was chosen for a day",
    "region_levels": "Level of a place",
    "region_bases": "How the place of a fact was read",
    "indicator_bases": "How it was read what a figure counts",
    "statuses": "Whether the text says that it is so",
    "scripts": "Script of a document",
    "title_bases": "Where a document's title comes from",
    "published_bases": "Where a document's publication time comes from",
    "home_bases": "Where a document's home region comes from",
}


# --- fields -----------------------------------------------------------------------------------------------------


class Field(NamedTuple):
    """What a column means, wherever it stands."""

    name: str
    type: str  # one of TYPES
    description: str
    label_zh: str
    unit: str | None = None  # of the number itself, where it has one: characters, rows
    vocabulary: str | None = None  # name in VOCABULARIES
    minimum: int | None = None
    pattern: str | None = None  # regular expression that the whole string matches


class Column(NamedTuple):
    """A field at its place in one table."""

    field: Field
    nullable: bool  # null has a meaning of its own here
    withheld: bool  # the article's words: null where the document may not be republished, else never
    foreign_key: tuple[str, str] | None  # (table, column) that the value must be found in

    @property
    def name(self) -> str:
        return self.field.name

    @property
    def type(self) -> str:
        return self.field.type

    @property
    def may_be_null(self) -> bool:
        """Whether a reader must be ready for null."""
        return self.nullable or self.withheld


class Table(NamedTuple):
    """One published table: an ordered list of columns, a key, and the order of its rows."""

    name: str
    description: str
    label_zh: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    sort_key: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def column(self, name: str) -> Column:
        """The column of that name.

        Raises:
            KeyError: the table has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"table {self.name} has no column {name!r}")


_PATTERNS = {
    "clock": r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$",
    # Places outside GB/T 2260 (境外输入, 兵团, 待明确地区) have codes that start with 99.
    "region_code": r"^[0-9]{6}$",
    "sha256": r"^[0-9a-f]{64}$",
}


def _read_fields() -> dict[str, Field]:
    found: dict[str, Field] = {}
    for row in _read_csv("fields"):
        key = row["name"]
        if key in found or row["type"] not in TYPES:
            raise ValueError(f"vocab/fields.csv: {key!r} is stated twice or has no known type")
        found[key] = Field(
            name=key.rpartition(".")[2],
            type=row["type"],
            description=row["description"],
            label_zh=row["label_zh"],
            unit=row["unit"] or None,
            vocabulary=row["vocabulary"] or None,
            minimum=int(row["minimum"]) if row["minimum"] else None,
            pattern=_PATTERNS[row["pattern"]] if row["pattern"] else None,
        )
    return found


FIELDS: Mapping[str, Field] = _read_fields()
"""Every field by name; `table.name` overrides `name` in that table."""


# --- tables -----------------------------------------------------------------------------------------------------

_FOREIGN_KEYS: Mapping[str, tuple[str, str]] = {
    "dates.doc_id": ("documents", "doc_id"),
    "events.doc_id": ("documents", "doc_id"),
    "metrics.doc_id": ("documents", "doc_id"),
    "rejected.doc_id": ("documents", "doc_id"),
    "metrics.event_id": ("events", "event_id"),
    "metrics.part_of": ("metrics", "metric_id"),
    "metrics.repeat_of": ("metrics", "metric_id"),
    "city_by_date.metric_id": ("metrics", "metric_id"),
    "city_intraday.metric_id": ("metrics", "metric_id"),
    "city_intraday.region_code": ("regions", "region_code"),
    "coverage.region_code": ("regions", "region_code"),
    "documents.region_code": ("regions", "region_code"),
    "documents.duplicate_of": ("documents", "doc_id"),
    "events.region_code": ("regions", "region_code"),
    "metrics.region_code": ("regions", "region_code"),
    "city_by_date.region_code": ("regions", "region_code"),
    "regions.parent_code": ("regions", "region_code"),
    "regions.successor_code": ("regions", "region_code"),
}


def _table(
    name: str, label_zh: str, description: str, columns: str, *, key: str, sort: str | None = None
) -> Table:
    """`columns` names the fields in order: `?` marks a nullable one, `~` the article's words (see `Column`)."""
    made = tuple(
        Column(
            field=FIELDS.get(f"{name}.{bare}") or FIELDS[bare],
            nullable=entry.endswith("?"),
            withheld=entry.endswith("~"),
            foreign_key=_FOREIGN_KEYS.get(f"{name}.{bare}"),
        )
        for entry in columns.split()
        for bare in [entry.rstrip("?~")]
    )
    return Table(name, description, label_zh, made, tuple(key.split()), tuple((sort or key).split()))


TABLES: Mapping[str, Table] = {
    table.name: table
    for table in [
        _table(
            "documents",
            "文档",
            "One row per article.",
            "doc_id collection title source? published_at? anchor_date anchor_basis region_code? script url? sha256 n_chars n_title_chars "
            "n_dates n_events n_metrics title_basis published_basis region_basis licence? may_republish duplicate_of?",
            key="doc_id",
        ),
        _table(
            "dates",
            "日期",
            "One row per date expression, whether or not it carries an event.",
            "doc_id char_start char_end quote~ date_start date_end time_start? time_end? precision basis rule",
            key="doc_id char_start char_end",
        ),
        _table(
            "events",
            "事件",
            "One row per thing that happened, or came into force, at a stated date.",
            "event_id doc_id date_start date_end time_start? precision basis date_quote~ date_char_start "
            "date_char_end region_code? region_name? region_level? region_basis status category summary~ headline_zh "
            "headline_en quote~ char_start char_end n_metrics rule trace",
            key="event_id",
            sort="doc_id date_char_start event_id",
        ),
        _table(
            "metrics",
            "数字",
            "One row per stated figure.",
            "metric_id doc_id event_id? value value_high? unit qualifier value_quote~ value_char_start "
            "value_char_end status indicator indicator_basis measure part_of? repeat_of? date_start? date_end? time_start? "
            "time_end? date_basis date_char_start? date_char_end? region_code? region_name? region_level? region_basis "
            "region_char_start? region_char_end? quote~ char_start char_end is_correction rule trace",
            key="metric_id",
            sort="doc_id value_char_start metric_id",
        ),
        _table(
            "city_by_date",
            "城市逐日数据",
            "One value per place, day and indicator, chosen among all figures that state it.",
            "region_code date indicator region_name region_level value unit qualifier metric_id n_sources "
            "collection stated_at? value_min value_max conflict as_of_time? chosen_by is_correction is_fall",
            key="region_code date indicator",
        ),
        _table(
            "city_intraday",
            "城市日内数据",
            "Figures of a moment within a day, or of a part of it, kept apart from the day's closing figures.",
            "region_code date time_start as_of_time indicator region_name region_level value unit qualifier metric_id "
            "n_sources collection stated_at? value_min value_max conflict chosen_by",
            key="region_code date time_start as_of_time indicator",
        ),
        _table(
            "coverage",
            "覆盖情况",
            "How many documents speak of a place on a day, so that a gap in the data is not read as a day without cases.",
            "region_code date n_documents n_metrics",
            key="region_code date",
        ),
        _table(
            "regions",
            "地区",
            "One row per place code and period of validity (GB/T 2260, 2020 edition).",
            "region_code name short_name name_en level parent_code? valid_from? valid_to? successor_code?",
            key="region_code valid_from",
        ),
        _table(
            "rejected",
            "未采用",
            "One row per numeral or date-like string that no rule claimed.",
            "doc_id char_start char_end quote~ reason",
            key="doc_id char_start char_end reason",
        ),
    ]
}
"""Every published table by name, in the order of publication."""


# --- derived schemas --------------------------------------------------------------------------------------------


def arrow_schema(table: str) -> pa.Schema:
    """The Arrow schema of a table, with descriptions, units and vocabularies in the metadata of each field.

    Raises:
        KeyError: there is no such table.
    """
    import pyarrow as pa

    types = {
        "string": pa.string(),
        "bool": pa.bool_(),
        "int64": pa.int64(),
        "float64": pa.float64(),
        "date32": pa.date32(),
        "timestamp[us]": pa.timestamp("us"),
    }
    spec = TABLES[table]
    fields = []
    for column in spec.columns:
        about = {"description": column.field.description, "label_zh": column.field.label_zh}
        if column.field.unit:
            about["unit"] = column.field.unit
        if column.field.vocabulary:
            about["vocabulary"] = column.field.vocabulary
        fields.append(pa.field(column.name, types[column.type], nullable=column.may_be_null, metadata=about))
    return pa.schema(
        fields,
        metadata={
            "table": spec.name,
            "title": spec.label_zh,
            "description": spec.description,
            "primary_key": " ".join(spec.primary_key),
            "sort_key": " ".join(spec.sort_key),
            "schema_version": SCHEMA_VERSION,
        },
    )
