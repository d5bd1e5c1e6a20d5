"""Published folders as one dataset: which files it is made of, conditions on rows, and rows in the form asked for.

A dataset is one folder or several, each the output of a build with its own manifest. What comes with the package is
two: the articles with their sentences, and the national collections, facts without their sentences. A table of a
dataset is the rows of its folders, one folder after the other; the tables by place and day have one row a key however
many folders speak of it, so over several folders they are made anew from the figures of all.
"""

from __future__ import annotations

import bisect
import contextlib
import datetime as dt
import difflib
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from covid_timeline.parquet import open_regular
from covid_timeline.tables.manifest import Published, data_paths
from covid_timeline.tables.schema import TABLES, VOCABULARIES

if TYPE_CHECKING:
    import duckdb
    import polars as pl
    import pyarrow as pa

    from covid_timeline.parquet import GuardedFile

Folders = str | Path | Sequence[str | Path]
OneOrMore = str | Iterable[str]
Day = str | dt.date
BACKENDS = ("pandas", "polars", "polars-lazy", "arrow", "duckdb")
BY_PLACE_AND_DAY = ("city_by_date", "city_intraday", "coverage")


# --- conditions -----------------------------------------------------------------------------------------------------


class In(NamedTuple):
    """The column holds one of these values."""

    column: str
    values: Sequence[str]

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.column,)

    def possible(self, low: Any, high: Any, _nulls: bool) -> bool:
        i = bisect.bisect_left(self.values, low)
        return i < len(self.values) and bool(self.values[i] <= high)

    def mask(self, table: pa.Table) -> pa.ChunkedArray:
        import pyarrow as pa
        import pyarrow.compute as pc

        return pc.is_in(table.column(self.column), value_set=pa.array(self.values, pa.string()))

    def polars(self) -> pl.Expr:
        import polars as pl

        return pl.col(self.column).is_in(list(self.values))

    def sql(self) -> str:
        words = ", ".join("'" + value.replace("'", "''") + "'" for value in self.values)
        return f"{self.column} IN ({words})" if words else "FALSE"


class Between(NamedTuple):
    """The day in the column is not before `low` and not after `high`."""

    column: str
    low: dt.date | None
    high: dt.date | None
    nulls: bool = False  # whether null passes
    instead: str | None = None  # the column that stands in where this one is null

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.column, self.instead) if self.instead else (self.column,)

    def possible(self, low: Any, high: Any, nulls: bool) -> bool:
        if nulls and (self.nulls or self.instead):
            return True
        return not ((self.low and high < self.low) or (self.high and low > self.high))

    def mask(self, table: pa.Table) -> pa.ChunkedArray:
        import pyarrow as pa
        import pyarrow.compute as pc

        days = table.column(self.column)
        if self.instead:
            days = pc.coalesce(days, table.column(self.instead))
        bounds = []
        if self.low:
            bounds.append(pc.greater_equal(days, pa.scalar(self.low, pa.date32())))
        if self.high:
            bounds.append(pc.less_equal(days, pa.scalar(self.high, pa.date32())))
        passes = bounds[0] if len(bounds) == 1 else pc.and_kleene(*bounds)
        return pc.fill_null(passes, self.nulls)

    def polars(self) -> pl.Expr:
        import polars as pl

        days = pl.coalesce(*self.reads)
        passes = pl.lit(True)
        if self.low:
            passes = passes & (days >= self.low)
        if self.high:
            passes = passes & (days <= self.high)
        return passes.fill_null(self.nulls)

    def sql(self) -> str:
        days = f"coalesce({', '.join(self.reads)})"
        bounds = [f"{days} >= DATE '{self.low}'"] * bool(self.low) + [f"{days} <= DATE '{self.high}'"] * bool(self.high)
        return f"coalesce({' AND '.join(bounds)}, {str(self.nulls).upper()})"


class IsNull(NamedTuple):
    """The column holds nothing."""

    column: str

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.column,)

    def possible(self, _low: Any, _high: Any, nulls: bool) -> bool:
        return nulls

    def mask(self, table: pa.Table) -> pa.ChunkedArray:
        import pyarrow.compute as pc

        return pc.is_null(table.column(self.column))

    def polars(self) -> pl.Expr:
        import polars as pl

        return pl.col(self.column).is_null()

    def sql(self) -> str:
        return f"{self.column} IS NULL"


class Says(NamedTuple):
    """Some of these columns hold one of these words, capital letters or not; null holds nothing."""

    columns: Sequence[str]
    words: Sequence[str]
    instead: Sequence[str] = ()  # one of these is enough where the last column, the sentence, is withheld

    @property
    def column(self) -> str:
        return self.columns[0]

    @property
    def reads(self) -> tuple[str, ...]:
        return tuple(self.columns)

    def possible(self, _low: Any, _high: Any, _nulls: bool) -> bool:
        return True

    def mask(self, table: pa.Table) -> pa.ChunkedArray:
        import pyarrow as pa
        import pyarrow.compute as pc

        nowhere = pa.chunked_array([pa.array([False] * table.num_rows)])

        def said(words: Sequence[str]) -> pa.ChunkedArray:
            found = nowhere
            for column in self.columns:
                for word in words:
                    here = pc.match_substring(table.column(column), word, ignore_case=True)
                    found = pc.or_(found, pc.fill_null(here, False))
            return found

        withheld = pc.is_null(table.column(self.columns[-1]))
        return pc.or_(said(self.words), pc.and_(withheld, said(self.instead)))

    def polars(self) -> pl.Expr:
        import polars as pl

        def said(words: Sequence[str]) -> pl.Expr:
            lowered = [pl.col(column).fill_null("").str.to_lowercase() for column in self.columns]
            found = [text.str.contains(word.lower(), literal=True) for text in lowered for word in words]
            return pl.any_horizontal(pl.lit(False), *found)

        return said(self.words) | (pl.col(self.columns[-1]).is_null() & said(self.instead))

    def sql(self) -> str:
        def said(words: Sequence[str]) -> str:
            quoted = ["'" + word.lower().replace("'", "''") + "'" for word in words]
            found = [f"contains(lower(coalesce({column}, '')), {word})" for column in self.columns for word in quoted]
            return f"({' OR '.join(found) or 'FALSE'})"

        return f"({said(self.words)} OR ({self.columns[-1]} IS NULL AND {said(self.instead)}))"


Condition = In | Between | IsNull | Says


def listed(value: OneOrMore | None) -> list[str] | None:
    """One word or several as a list; None stays None."""
    return None if value is None else [value] if isinstance(value, str) else list(value)


def near(word: object, known: Iterable[str]) -> str:
    """`; did you mean …?` where some known word is close."""
    found = difflib.get_close_matches(str(word), sorted(known), n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(found)}?" if found else ""


_FEW = 15
"""Words of a vocabulary that a message lists as a whole."""


def says(columns: Sequence[str], search: OneOrMore | None, topics: Callable[[str], Sequence[str]] | None = None) -> list[Condition]:
    """One of the columns holds one of the words that are searched for.

    Where the last of the columns is null, because the sentence is withheld, the topics of the words are enough.

    Raises:
        ValueError: there is no word, or a word is blank.
    """
    wanted = listed(search)
    if wanted is None:
        return []
    if not wanted or not all(isinstance(word, str) and word.strip() for word in wanted):
        raise ValueError(f"search={search!r}: a word to look for, or several, none of them blank")
    told = [topic for word in wanted for topic in topics(word)] if topics else []
    return [Says(tuple(columns), tuple(word.strip() for word in wanted), tuple(told))]


def words(column: str, value: OneOrMore | None, vocabulary: str) -> list[Condition]:
    """The column holds one of these words of its vocabulary.

    Raises:
        ValueError: a word is not in the vocabulary.
    """
    wanted = listed(value)
    if wanted is None:
        return []
    known = VOCABULARIES[vocabulary]
    for word in wanted:
        if word in known:
            continue
        labels = {label: w.word for w in known.values() for label in (w.label_en, w.label_zh, w.word)}
        close = difflib.get_close_matches(str(word), sorted(labels), n=3, cutoff=0.5)
        meant = list(dict.fromkeys(labels[label] for label in close))
        some = list(known) if len(known) <= _FEW else [*list(known)[:5], "..."]
        hint = f"did you mean {' or '.join(meant)}?" if close else f"the words are {', '.join(some)}"
        if column == "category":
            hint += f"; for a word in headlines and sentences ask with search={word!r}"
        raise ValueError(f"unknown {column} {word!r}; {hint}")
    return [In(column, sorted(wanted))]


def parse_day(name: str, value: object) -> dt.date:
    """A day as people write it: an ISO string, what pandas takes (2020/2/1, Timestamp), a date or a date-time.

    Raises:
        ValueError: it is no date.
    """
    return parse_moment(name, value).date()


def parse_moment(name: str, value: object, *, end_of_day: bool = False) -> dt.datetime:
    """A moment in China, without a zone; `end_of_day`: a day without a clock time means all of it.

    Raises:
        ValueError: it is no date.
    """
    if isinstance(value, str):
        try:
            day = dt.date.fromisoformat(value) if len(value) == len("2020-01-25") else None
        except ValueError:
            day = None
        if day is not None:
            return dt.datetime.combine(day, dt.time.max if end_of_day else dt.time.min)
    elif isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return dt.datetime.combine(value, dt.time.max if end_of_day else dt.time.min)
    import pandas as pd

    stamp = pd.to_datetime(value, errors="coerce") if not isinstance(value, (int, float)) else None  # type: ignore[call-overload]
    if not isinstance(stamp, pd.Timestamp):
        raise ValueError(f"{name}={value!r} is not a date; write it as 2020-01-25")
    if stamp.tzinfo is not None:
        stamp = stamp.tz_convert("Asia/Shanghai").tz_localize(None)
    moment = stamp.to_pydatetime(warn=False)
    bare = moment.time() == dt.time.min and not (isinstance(value, str) and ":" in value)
    return dt.datetime.combine(moment.date(), dt.time.max) if end_of_day and bare and isinstance(value, str) else moment


# --- places ---------------------------------------------------------------------------------------------------------

_KINDS_EN = (
    "province", "city", "municipality", "prefecture", "autonomous prefecture", "autonomous region", "county", "district",
    "special administrative region", "sar",
)  # fmt: skip


def place_code(name: str) -> str:
    """The code of a place as people write it: 371500, 聊城, 聊城市, Liaocheng, Liaocheng City, Xi’an, Shandong Province.

    Raises:
        ValueError: the place is unknown, or several places of one level have the name.
    """
    from covid_timeline.mentions.places import gazetteer

    atlas = gazetteer()
    asked = " ".join(str(name).replace("\u2019", "'").replace("\u2018", "'").replace("`", "'").split())
    try:
        return atlas.resolve(asked)
    except ValueError as error:
        folded = asked.casefold()
        for kind in sorted(_KINDS_EN, key=len, reverse=True):
            if folded.endswith(" " + kind):
                shorter = asked[: -len(kind)].split()
                # Guangxi Zhuang Autonomous Region: the peoples stand between the name and the kind.
                for n in range(len(shorter), 0 if kind.startswith("autonomous") else len(shorter) - 1, -1):
                    with contextlib.suppress(ValueError):
                        return atlas.resolve(" ".join(shorter[:n]))
                break
        raise error


def namesakes(name: str) -> list[str]:
    """The codes of the other places that a name could mean: 吉林 is 吉林省 and 吉林市."""
    from covid_timeline.mentions.places import gazetteer

    chosen = place_code(name)
    asked = name.strip().casefold()
    shared = [row for row in gazetteer() if asked in (row.name, row.short_name, row.name_en.casefold())]
    return sorted({row.region_code for row in shared} - {chosen})


def region_conditions(region: OneOrMore | None, inside: bool) -> list[Condition]:
    """The rows of these places, and with `inside` of every place in them.

    Raises:
        ValueError: a place is unknown or ambiguous.
    """
    names = listed(region)
    if names is None:
        return []
    codes = {place_code(name) for name in names}
    if inside:
        from covid_timeline.mentions.places import gazetteer

        atlas = gazetteer()
        codes |= {row.region_code for row in atlas if any(atlas.contains(c, row.region_code) for c in codes)}
    return [In("region_code", sorted(codes))]


# --- the dataset ----------------------------------------------------------------------------------------------------


def check_columns(name: str, columns: Sequence[str]) -> None:
    """Raise a ValueError where the table has no such column."""
    for column in columns:
        if column not in TABLES[name].names:
            raise ValueError(f"{name} has no column {column!r}{near(column, TABLES[name].names)}")


class Dataset:
    """The tables of one folder or several.

    Args:
        path: the folders; those that come with the package where None.
        verify: whether the SHA-256 of each file is compared with the manifest's.
    """

    def __init__(self, path: Folders | None = None, *, verify: bool = True) -> None:
        if path is None:
            self.folders = data_paths()
        else:
            self.folders = [Path(p) for p in ([path] if isinstance(path, (str, Path)) else path)]
        if not self.folders:
            raise ValueError("path names no folder")
        self._verify = verify
        self._published: dict[Path, Published] = {}
        self._held = contextlib.ExitStack()
        weakref.finalize(self, self._held.close)
        self._shipped = data_paths()

    def files(self, name: str) -> list[GuardedFile]:
        """The files of a table, open: all of one published version of their folder, each checked against its manifest.

        Raises:
            FileNotFoundError: a folder has no such table.
            ValueError: a file is not the published one, or no table at all.
        """
        from covid_timeline.parquet import GuardedFile

        found: list[GuardedFile] = []
        for folder in self.folders[:1] if name == "regions" else self.folders:
            whole = f"{name}.parquet"
            published = self._version(folder)
            parts = sorted((folder / name).glob("*.parquet")) if whole not in published and (folder / name).is_dir() else []
            for part in parts:  # part files of one table, as Spark writes them
                found.append(GuardedFile(self._held.enter_context(open_regular(part)), f"{name}/{part.name}"))
            if not parts:
                # The package's own tables are as trustworthy as its code.
                ours = published.manifest != {} and folder in self._shipped
                found.append(GuardedFile(published.open(whole), whole, trusted=ours))
        return found

    def _version(self, folder: Path) -> Published:
        """The version of a folder that this dataset reads, the same for all tables."""
        if folder not in self._published:
            if folder.is_file():
                raise ValueError(f"{folder} is a file; path names the folder that a build wrote")
            self._published[folder] = Published(folder, verify=self._verify)
        return self._published[folder]

    def n_rows(self, name: str) -> int:
        """The number of rows of a table."""
        if name in BY_PLACE_AND_DAY and len(self.folders) > 1:
            return int(self.by_place_and_day(name).num_rows)
        return sum(file.metadata.num_rows for file in self.files(name))

    def table(
        self, name: str, where: Sequence[Condition] = (), columns: Sequence[str] | None = None
    ) -> pa.Table:
        """The rows that meet every condition. Row groups whose statistics rule a condition out are not read."""

        if columns is not None:
            check_columns(name, columns)
        if name in BY_PLACE_AND_DAY and len(self.folders) > 1:
            table = self.by_place_and_day(name)
            table = table.filter(row_mask(table, where)) if where else table
            return table if columns is None else table.select(list(columns))
        parts = [_read(file, name, where, columns) for file in self.files(name)]
        return parts[0] if len(parts) == 1 else _as_one(parts)

    def documents(
        self,
        doc: OneOrMore | None = None,
        as_of: object = None,
        collection: OneOrMore | None = None,
    ) -> list[Condition]:
        """The rows of these documents, of these collections, published by then.

        A document that does not say when it was published counts from the day after its anchor date.

        Raises:
            ValueError: there is no such document or collection.
        """
        ids, names = listed(doc), listed(collection)
        if ids is None and as_of is None and names is None:
            return []
        columns = ["doc_id", "collection", "published_at", "anchor_date"]
        rows = self.table("documents", columns=columns).to_pylist()
        known = {row["doc_id"] for row in rows}
        for one in ids or ():
            if one not in known:
                raise ValueError(f"unknown document {one!r}{near(one, known)}")
        there = {row["collection"] for row in rows}
        for one in names or ():
            if one not in there:
                raise ValueError(f"unknown collection {one!r}; there are {', '.join(sorted(there))}")
        if names is not None:
            rows = [row for row in rows if row["collection"] in names]
        if as_of is not None:
            moment = parse_moment("as_of", as_of, end_of_day=True)
            rows = [row for row in rows if _published(row) <= moment]
        known = {row["doc_id"] for row in rows}
        return [In("doc_id", sorted(known & set(ids) if ids is not None else known))]

    def by_place_and_day(self, name: str, of_documents: Sequence[Condition] = ()) -> pa.Table:
        """A table by place and day, made from the figures of all folders, or of these documents only."""
        from covid_timeline.tables import cities

        read = {table: self.files(table) for table in ("metrics", "documents", "regions")}
        key = tuple(file.stamp for files in read.values() for file in files)
        if not of_documents and key in _made:
            return _made[key][name]
        metrics = [_read(file, "metrics", of_documents, cities.METRIC_COLUMNS) for file in read["metrics"]]
        documents = [_read(file, "documents", of_documents, cities.DOCUMENT_COLUMNS) for file in read["documents"]]
        (regions,) = (_read(file, "regions", (), None) for file in read["regions"])
        made = cities.build_city_tables(_as_one(metrics), _as_one(documents), regions)
        if not of_documents:
            while len(_made) >= _KEPT:
                del _made[next(iter(_made))]
            _made[key] = made
        return made[name]

    def scan(self, name: str, where: Sequence[Condition], columns: Sequence[str] | None, backend: str) -> Any:
        """The rows as a Polars LazyFrame or a DuckDB relation over the files themselves."""
        if columns is not None:
            check_columns(name, columns)
        wanted = list(columns or TABLES[name].names)
        if name in BY_PLACE_AND_DAY and len(self.folders) > 1:
            return convert(self.table(name, where, wanted), backend)
        from covid_timeline.tables.reading_guard import conform

        files = []
        for file in self.files(name):
            file.require(wanted)
            conform(file.schema.empty_table().select(wanted), name, file.shown)
            files.append(file.path)
        if backend == "polars-lazy":
            frame: pl.LazyFrame = _library("polars", backend).scan_parquet(files)
            for condition in where:
                frame = frame.filter(condition.polars())
            return frame.select(wanted)
        relation: duckdb.DuckDBPyRelation = _library("duckdb", backend).read_parquet(files)
        for condition in where:
            relation = relation.filter(condition.sql())
        return relation.select(", ".join(wanted))


@contextlib.contextmanager
def one_folder(path: Folders | None = None) -> Iterator[Path]:
    """A dataset as one published folder: itself, or of several a temporary one that goes away again.

    For what works on files: validation, audit, export.

    Raises:
        FileNotFoundError, ValueError: as `Dataset.files`.
    """
    dataset = Dataset(path)
    if len(dataset.folders) == 1:
        yield dataset.folders[0]
        return
    from covid_timeline import __version__
    from covid_timeline.tables.build import sort
    from covid_timeline.tables.publish import Publication

    with tempfile.TemporaryDirectory(prefix="covid-timeline-") as made:
        with Publication(Path(made), package_version=__version__) as publication:
            for name in TABLES:
                publication.write(name, sort(name, dataset.table(name)))
            publication.finish()
        yield Path(made)


def _published(row: Mapping[str, Any]) -> dt.datetime:
    moment: dt.datetime | None = row["published_at"]
    if moment is not None:
        return moment
    return dt.datetime.combine(row["anchor_date"] + dt.timedelta(days=1), dt.time.min)


_made: dict[tuple[object, ...], dict[str, pa.Table]] = {}
"""Tables by place and day of several folders, by the files they were made from."""
_KEPT = 4


def _as_one(parts: Sequence[pa.Table]) -> pa.Table:
    import pyarrow as pa

    # Columns that the data dictionary does not know may be in one folder only.
    return pa.concat_tables(parts, promote_options="default")


def _read(
    file: GuardedFile, name: str, where: Sequence[Condition], columns: Sequence[str] | None
) -> pa.Table:
    import pyarrow as pa

    wanted = list(columns) if columns is not None else None
    file.require(TABLES[name].names if wanted is None else wanted)
    if not where:
        return _conformed(file, file.read(wanted), name)
    reads = list(dict.fromkeys(column for condition in where for column in condition.reads))
    parts = []
    for i in range(file.metadata.num_row_groups):
        if not all(_possible(file, i, condition) for condition in where):
            continue
        mask = row_mask(_conformed(file, file.read_row_group(i, reads), name), where)
        if mask.true_count:
            parts.append(file.read_row_group(i, wanted).filter(mask))
    table = pa.concat_tables(parts) if parts else file.schema.empty_table()
    return _conformed(file, table.select(wanted) if wanted is not None else table, name)


def _conformed(file: GuardedFile, table: pa.Table, name: str) -> pa.Table:
    from covid_timeline.tables.reading_guard import conform

    return table if file.trusted else conform(table, name, file.shown)


def row_mask(table: pa.Table, where: Sequence[Condition]) -> Any:
    """Which rows meet every condition."""
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = where[0].mask(table)
    for condition in where[1:]:
        whole = pc.and_(whole, condition.mask(table))
    return whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole


def _possible(file: GuardedFile, group: int, condition: Condition) -> bool:
    bounds = file.bounds(group, condition.column)
    return bounds is None or condition.possible(*bounds)


# --- backends -------------------------------------------------------------------------------------------------------


def check_backend(backend: str) -> None:
    """Raise a ValueError where there is no such backend."""
    if backend not in BACKENDS:
        raise ValueError(f"unknown backend {backend!r}{near(backend, BACKENDS)}")


def convert(table: pa.Table, backend: str) -> Any:
    """A table in the form of a backend.

    Raises:
        ValueError: there is no such backend.
        ModuleNotFoundError: its library is not installed; the message names the extra that brings it.
    """
    check_backend(backend)
    if backend == "arrow":
        return table
    if backend == "pandas":
        from covid_timeline.tables.frames import to_frame

        return to_frame(table)
    plain = table.replace_schema_metadata(None)
    if backend == "duckdb":
        return _library("duckdb", backend).from_arrow(plain)
    frame = _library("polars", backend).from_arrow(plain)
    return frame.lazy() if backend == "polars-lazy" else frame


def _library(name: str, backend: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            f"backend={backend!r} needs {name}: pip install {name} (the extra `{name}` of covid-timeline names it)",
            name=name,
        ) from None
