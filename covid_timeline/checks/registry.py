"""What a check is, and the one list of them all.

A check has one table and the id `<table>.<what>`. Its function says which rows fail; `covid_timeline.checks.models`
makes a pandera check of it. What pandera itself does (types, nulls, keys, order) and what is seen while a file is read
is listed here too, without a function, so that every report and docs/validation.md name the same things.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from covid_timeline.checks.frames import Mask, Rows
from covid_timeline.tables.schema import TABLES

Fails = Callable[[Rows], Mask]
Told = Callable[[Rows, int], str]


@dataclass(frozen=True)
class Check:
    """One thing that must hold of one table."""

    id: str  # <table>.<what>
    table: str
    stage: str  # file, schema, keys, rows, tables
    severity: str  # error: a damaged file or a bug; warning: what an article itself may state against reason
    group: str  # `contradiction` for what `covid-timeline audit` shows, else ""
    expects: str
    expects_zh: str
    fix: str
    on: tuple[str, ...]  # the columns that may be wrong, each looked at by itself
    needs: tuple[tuple[str, str], ...]  # (table, column) without which it is skipped; ("texts", "") the raw texts
    fails: Fails | None  # True for each row that fails; None: pandera or the reader of files does it
    found: Told  # what was found instead, for a failing row

    @property
    def what(self) -> str:
        return self.id.partition(".")[2]

    @property
    def stands_alone(self) -> bool:
        """Whether a row can be judged by its own columns, so that the check is part of the public model."""
        return self.fails is not None and self.stage == "rows" and self.severity == "error" and all(
            table == self.table for table, _ in self.needs
        )  # fmt: skip


CHECKS: dict[str, Check] = {}
"""Every check by id, in the order in which they run."""

_On = str | Mapping[str, Iterable[str]] | Callable[[str], Iterable[str]]


def check(
    tables: str | Iterable[str],
    what: str,
    *,
    stage: str,
    expects: str,
    zh: str,
    fix: str,
    on: _On = "",
    needs: str = "",
    severity: str = "error",
    group: str = "",
    found: str | Told = "",
) -> Callable[[Fails], Fails]:
    """Register a function as one check on each of these tables.

    Args:
        on: the columns that may be wrong, each of which the function is called for (`rows.column`); by table where
            they differ.
        needs: further columns of its own table, `table.column` of another, or `texts`, separated by spaces.
        found: what was found instead, or what tells it of a failing row.
    """

    def told(rows: Rows, row: int) -> str:
        return str(found)

    def register(fails: Fails | None) -> Any:
        for table in [tables] if isinstance(tables, str) else tables:
            columns = on.split() if isinstance(on, str) else on[table] if isinstance(on, Mapping) else on(table)
            wanted = []
            for word in needs.split():
                other, _, column = word.rpartition(".")
                wanted.append(("texts", "") if word == "texts" else (other or table, column))
            one = Check(
                f"{table}.{what}", table, stage, severity, group, expects, zh, fix, tuple(columns), tuple(wanted), fails,
                told if isinstance(found, str) else found,
            )  # fmt: skip
            if one.id in CHECKS:
                raise ValueError(f"two checks are called {one.id}")
            CHECKS[one.id] = one
        return fails

    return register


def elsewhere(what: str, tables: Iterable[str] = tuple(TABLES), **about: str) -> None:
    """List a check that pandera's own columns and keys, or the reader of files, carry out."""
    check(tables, what, **about)(None)  # type: ignore[arg-type]


for _what, _expects, _zh, _fix in (
    ("file_present", "Every file that the manifest names is there.", "清单中列出的文件都应存在。", "Build again, or copy the whole folder again."),
    ("file_readable", "The file is whole: footer, pages and text can be read, and are as large as the footer says.", "文件应完整：文件尾、数据页和文字均可读取，大小与文件尾一致。", "The file is damaged or is not what its name says; copy or build it again."),
    ("table_known", "The file has the columns of one of the tables.", "文件的各列应属于某个已知的表。", "Name the columns as docs/data-dictionary.md does, or leave the file out."),
    ("schema_version", "The file was written with a schema that this package knows: its own version or an older one of the same major.", "文件的模式版本应为本软件所知：同一主版本的当前或更早版本。", "Upgrade covid-timeline, or build the tables again with this version."),
    ("file_size", "The file has the size that the manifest states.", "文件大小应与清单一致。", "The file was changed or cut after publication; copy or build it again."),
    ("file_checksum", "The SHA-256 of the file is the one in the manifest.", "文件的 SHA-256 应与清单一致。", "The file was changed after publication; copy or build it again."),
    ("file_rows", "The file has as many rows as the manifest states.", "文件行数应与清单一致。", "The file was changed after publication; copy or build it again."),
):  # fmt: skip
    elsewhere(_what, stage="file", expects=_expects, zh=_zh, fix=_fix)


def _with(has: Callable[[Any], Any]) -> list[str]:
    return [name for name, table in TABLES.items() if any(has(column) for column in table.columns)]


# What pandera's own column and key checks say, under our ids (models.py maps them).
elsewhere(
    "columns", stage="schema", expects="Every column of the schema is there, once, and there are no others.",
    zh="模式规定的各列都应存在且只出现一次，没有多余的列。",
    fix="Add the column (docs/data-dictionary.md says what it holds; one without values is null); keep columns of your own in a table of their own.",
)  # fmt: skip
elsewhere(
    "column_order", stage="schema", expects="The columns stand in the order of the schema.", zh="各列应按模式规定的顺序排列。",
    fix="Select the columns in the order of docs/data-dictionary.md.",
)  # fmt: skip
elsewhere(
    "types", stage="schema",
    expects="Every column has the type of the schema; a day has no time of day and lies in the years 1 to 9999.",
    zh="各列类型应与模式一致；日期不带时刻，且在公元 1 至 9999 年之间。",
    fix="Cast the column; in a CSV write dates as 2020-02-03 and numbers without separators; in pandas days are datetime64.",
)  # fmt: skip
elsewhere(
    "nulls", stage="schema", expects="Columns that may not be null hold no null.", zh="不可为空的列中不应有空值。",
    fix="Fill the value, or leave the row out.",
)  # fmt: skip
elsewhere(
    "vocabulary", _with(lambda c: c.field.vocabulary), stage="schema", expects="Every word of a closed list is in its list.",
    zh="受控词表各列的取值应在词表之内。", fix="Use a word of the list (schemas/vocabularies); `other` is one wherever nothing fits.",
)  # fmt: skip
elsewhere(
    "pattern", _with(lambda c: c.field.pattern), stage="schema",
    expects="Region codes, clock times and checksums have their form (371500, 24:00, 64 hexadecimal digits).",
    zh="地区代码、时刻和校验和的写法应合规（371500、24:00、64 位十六进制）。",
    fix="Write the value in the form that docs/data-dictionary.md gives.",
)  # fmt: skip
elsewhere(
    "minimum", _with(lambda c: c.field.minimum is not None), stage="schema",
    expects="Positions and counts of rows are not below their least value.", zh="位置和行数不应小于最小值。",
    fix="Offsets count from 0, in code points of the raw text; counts of rows cannot be negative.",
)  # fmt: skip
elsewhere(
    "finite", _with(lambda c: c.type == "float64"), stage="schema", expects="Numbers are finite: neither NaN nor infinite.",
    zh="数值应为有限数，不得为 NaN 或无穷。", fix="Write a missing number as null.",
)  # fmt: skip
elsewhere(
    "key_unique", stage="keys", expects="The primary key of a row is its own.", zh="每行的主键应唯一。",
    fix="Take the doubled row out, or give it an id of its own.",
)  # fmt: skip
