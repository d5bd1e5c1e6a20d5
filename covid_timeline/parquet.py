"""Parquet files of strangers, read so that nothing in them can exhaust the memory or raise anything but one sentence.

Before a byte is unpacked, the footer and the head of every page say how much will come out: rows x columns, pages,
dictionaries. What claims too much for its size is refused (`limit`). Texts are decoded as indexes into their
dictionary first, so that what they take when written out is known before they are. Page checksums are compared where
the file has them.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from covid_timeline.text.shown import printable

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

LEAST = 1 << 30
"""Up to so many bytes, a file may claim to unpack to whatever it likes."""
TIMES = 200
"""Beyond, to so many times its size: tables of a build unpack to less than a fifth of that."""

_DELTA_BYTE_ARRAY = 7
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31, in days since 1970


class UnreadableError(ValueError):
    """A table could not be read at all; the message is one sentence that names the file."""


def limit(size: int) -> int:
    """How many bytes a file of that size may unpack to."""
    return max(LEAST, TIMES * size)


def open_regular(path: Path) -> io.BufferedReader:
    """Open a file for reading, and refuse what is none: a folder, a pipe or a device never blocks the reader.

    Raises:
        OSError: it cannot be opened, or is no regular file.
    """
    return open(path, "rb", opener=_open_regular)


def part_files(folder: Path, name: str, endings: Sequence[str] = (".parquet",)) -> list[Path]:
    """The part files of a table, as Spark and pyarrow write them: in a folder `metrics` or `metrics.parquet`, at any depth."""
    inside = (path for parts in (folder / name, folder / f"{name}.parquet") if parts.is_dir() for path in parts.rglob("*"))
    return sorted(path for path in inside if path.suffix.lower() in endings and path.is_file())


def _open_regular(path: str, flags: int) -> int:
    handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(21, "not a regular file", path)
    return handle


class GuardedFile:
    """One Parquet file, open for reading.

    Args:
        source: its path, or the file opened for reading; a file that was handed in stays open.
        shown: what messages call it; its file name where None.
        trusted: it is one of the package's own, held to its manifest: it is read without a look at what it claims.

    Raises:
        UnreadableError: it is no Parquet file, damaged, or would unpack to too much.
        OSError: it cannot be opened.
    """

    def __init__(self, source: Path | io.BufferedReader, shown: str | None = None, *, trusted: bool = False) -> None:
        self.path = str(source if isinstance(source, Path) else source.name)
        self.trusted = trusted
        self.shown = printable(shown or Path(self.path).name, 200)
        self._own = isinstance(source, Path)
        self._file = open_regular(source) if isinstance(source, Path) else source
        self._unpacked = 0
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        status = os.fstat(self._file.fileno())
        self._size = status.st_size
        self.stamp = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, self.path)
        """What tells this file from any other, and from itself once it is changed."""
        if self.trusted:
            with self._one_sentence():
                # A file of Python's is read with the interpreter locked, column by column; these are small.
                content = pa.allocate_buffer(self._size)
                self._file.readinto(memoryview(content))
                self._parquet = pq.ParquetFile(pa.BufferReader(content))
                self.metadata: pq.FileMetaData = self._parquet.metadata
                self.schema: pa.Schema = self._parquet.schema_arrow
            return
        self._check_ends()
        with self._one_sentence():
            self._file.seek(0)
            footer = pq.read_metadata(self._file)
            self.schema = footer.schema.to_arrow_schema()
        self.metadata = footer
        with self._one_sentence():
            self._check_footer()
            self._check_pages()
            self._file.seek(0)
            names = [field.name for field in self.schema if is_text(field.type)]
            self._parquet = pq.ParquetFile(
                self._file, page_checksum_verification=True, read_dictionary=names, memory_map=False
            )

    def __enter__(self) -> GuardedFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, where it was opened here."""
        if self._own:
            self._file.close()

    # --- reading

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        """The whole table, or these of its columns.

        Raises:
            UnreadableError: a column is not there, or the file is damaged, or unpacks to too much.
        """
        with self._one_sentence():
            return self._plain(self._parquet.read(columns=self._known(columns), use_threads=self.trusted))

    def read_row_group(self, group: int, columns: Sequence[str] | None = None, *, any_day: bool = False) -> pa.Table:
        """The rows of one row group; see `read`. `any_day` lets days through that Python's calendar has not."""
        with self._one_sentence():
            # A thread of Arrow's that lets go of a file of Python's while the interpreter ends would abort the process.
            rows = self._parquet.read_row_group(group, columns=self._known(columns), use_threads=self.trusted)
            return self._plain(rows, any_day)

    def batches(self, rows: int) -> Iterator[pa.RecordBatch]:
        """The table in parts of about so many rows."""
        for group in range(self.metadata.num_row_groups):
            self._unpacked = 0
            yield from self.read_row_group(group).to_batches(max_chunksize=rows)

    def bounds(self, group: int, column: str) -> tuple[Any, Any, bool] | None:
        """Least and largest value of a column in a row group, and whether nulls are among them; None if not stated."""
        index = self.schema.get_field_index(column)
        if index < 0:
            return None
        with contextlib.suppress(OverflowError, ValueError, TypeError, NotImplementedError, OSError):
            stated = self.metadata.row_group(group).column(index).statistics
            if stated is not None and stated.has_min_max:
                return stated.min, stated.max, not stated.has_null_count or stated.null_count > 0
        return None

    def require(self, columns: Sequence[str]) -> None:
        """Raise an `UnreadableError` where one of these columns is not there, or more than once."""
        self._known(columns)

    def _known(self, columns: Sequence[str] | None) -> list[str] | None:
        if columns is None:
            return None
        names = self.schema.names
        for column in columns:
            if names.count(column) != 1:
                raise UnreadableError(f"{self.shown} has no column {column!r}{_of_version(self.schema)}")
        return list(columns)

    def _plain(self, table: pa.Table, any_day: bool = False) -> pa.Table:
        """Texts written out, once it is known that they fit; times of day and days that a calendar has."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self.trusted:
            return table
        table.validate(full=True)
        allowed = limit(self._size)
        for i, field in enumerate(table.schema):
            column = table.column(i)
            if pa.types.is_dictionary(field.type) and is_text(field.type.value_type):
                for chunk in column.chunks:
                    if len(chunk.dictionary):
                        taken = pc.take(pc.binary_length(chunk.dictionary).cast(pa.int64()), chunk.indices)
                        self._unpacked += pc.sum(taken).as_py() or 0
                self._unpacked += 8 * len(column)
                self._check_claim(self._unpacked, allowed)
                # What the file itself calls a dictionary stays one.
                stated = self.schema.field(field.name).type if self.schema.names.count(field.name) == 1 else None
                if stated is not None and not pa.types.is_dictionary(stated):
                    table = table.set_column(i, self.schema.field(field.name), column.cast(stated))
            elif not any_day and (pa.types.is_date(field.type) or pa.types.is_timestamp(field.type)):
                self._check_days(field.name, column)
        return table

    def _check_days(self, name: str, column: pa.ChunkedArray) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        kind = column.type
        units = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
        if pa.types.is_timestamp(kind):
            day, numbers = 86_400 * units[kind.unit], pa.int64()
        else:
            day, numbers = (1, pa.int32()) if pa.types.is_date32(kind) else (86_400_000, pa.int64())
        found = pc.min_max(column.cast(numbers)).as_py()
        if found["min"] is None:
            return
        # A zone may move a moment over the edge of the calendar.
        margin = day if pa.types.is_timestamp(kind) and kind.tz else 0
        if found["min"] < _FIRST_DAY * day + margin or found["max"] >= (_LAST_DAY + 1) * day - margin:
            raise UnreadableError(f"{self.shown} holds days outside the years 1 to 9999 (column {printable(name, 80)})")

    # --- what is known before anything is unpacked

    def _check_ends(self) -> None:
        file, size = self._file, self._size
        try:
            file.seek(0)
            head = file.read(4)
            file.seek(max(0, size - 8))
            tail = file.read()
        except OSError as error:
            raise UnreadableError(f"{self.shown} could not be read ({error.strerror or error})") from error
        if head != b"PAR1":
            told = printable(head.decode("latin-1")) if head else "nothing: it is empty"
            raise UnreadableError(f"{self.shown} is not a Parquet file (it starts with {told!r})")
        if size < 12 or tail[4:] != b"PAR1":
            raise UnreadableError(f"{self.shown} is a cut-off Parquet file (it does not end with PAR1)")
        self._footer_at = size - 8 - int.from_bytes(tail[:4], "little")
        if self._footer_at < 4:
            raise UnreadableError(f"{self.shown} is damaged: its footer claims more bytes than the file has ({size:,})")

    def _check_claim(self, total: int, allowed: int) -> None:
        if total > allowed:
            raise UnreadableError(
                f"{self.shown} claims {total:,} bytes when unpacked, {total // self._size} times its size; it is not read"
            )

    def _check_footer(self) -> None:
        footer = self.metadata
        rows = total = fixed = 0
        for g in range(footer.num_row_groups):
            group = footer.row_group(g)
            rows += group.num_rows
            for c in range(group.num_columns):
                chunk = group.column(c)
                if not group.num_rows:
                    continue  # an empty group has no pages, and says so in odd ways
                flat = footer.schema.column(c).max_repetition_level == 0
                start = _start(chunk)
                if (
                    start < 4
                    or chunk.total_compressed_size < 0
                    or start + chunk.total_compressed_size > self._footer_at
                    or (flat and chunk.num_values != group.num_rows)
                ):
                    raise UnreadableError(
                        f"{self.shown} is damaged: its footer places column {printable(chunk.path_in_schema, 80)}"
                        " outside the file or miscounts it"
                    )
                total += max(0, chunk.total_uncompressed_size)
                fixed += _WIDTHS.get(chunk.physical_type, 8) * max(0, chunk.num_values)
        if rows != footer.num_rows:
            raise UnreadableError(
                f"{self.shown} is damaged: its footer claims {footer.num_rows:,} rows, its row groups {rows:,}"
            )
        self._check_claim(max(total, fixed), limit(self._size))

    def _check_pages(self) -> None:
        """Hold every page to what the footer says of its column: a page unpacks to what its own head says, no more."""
        footer = self.metadata
        for g in range(footer.num_row_groups):
            group = footer.row_group(g)
            for c in range(group.num_columns if group.num_rows else 0):
                chunk = group.column(c)
                at, stated = _start(chunk), chunk.total_uncompressed_size
                end = at + chunk.total_compressed_size
                unpacked = 0
                while at < end:
                    self._file.seek(at)
                    head, length = _page_head(self._file.read(min(end - at, _HEAD_BYTES)))
                    size, packed = head.get(2), head.get(3)
                    if not isinstance(size, int) or not isinstance(packed, int) or size < 0 or packed < 0 or at + length + packed > end:
                        raise UnreadableError(
                            f"{self.shown} is damaged: a page of column {printable(chunk.path_in_schema, 80)} has no size"
                        )
                    at += length + packed
                    unpacked += length + size
                    self._check_prefixes(head, size)
                if unpacked > stated:
                    raise UnreadableError(
                        f"{self.shown} is damaged: the pages of column {printable(chunk.path_in_schema, 80)} unpack to"
                        f" {unpacked:,} bytes, the footer says {stated:,}"
                    )

    def _check_prefixes(self, head: dict[int, Any], size: int) -> None:
        # Each value may repeat the whole value before it: nothing but their number limits what comes out.
        for field, encoding in ((5, 2), (8, 4)):
            data = head.get(field)
            if isinstance(data, dict) and data.get(encoding) == _DELTA_BYTE_ARRAY:
                self._check_claim(max(0, int(data.get(1) or 0)) * size, limit(self._size))

    @contextlib.contextmanager
    def _one_sentence(self) -> Iterator[None]:
        import pyarrow as pa

        try:
            yield
        except UnreadableError:
            raise
        except (OSError, ValueError, MemoryError, OverflowError, LookupError, TypeError, RecursionError, pa.ArrowException) as error:
            reason = printable(str(error).split("\n")[0] or type(error).__name__, 160)
            raise UnreadableError(f"{self.shown} is a damaged Parquet file ({reason})") from error


_WIDTHS = {"BOOLEAN": 0.125, "INT32": 4, "INT64": 8, "FLOAT": 4, "DOUBLE": 8, "INT96": 8, "BYTE_ARRAY": 4}
_HEAD_BYTES = 1 << 16


def _start(chunk: Any) -> int:
    starts = [o for o in (chunk.dictionary_page_offset, chunk.data_page_offset) if o is not None]
    return int(min(starts, default=0))


def is_text(kind: pa.DataType) -> bool:
    """Whether a column holds texts, written out and not as a dictionary."""
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _of_version(schema: pa.Schema) -> str:
    told = (schema.metadata or {}).get(b"schema_version", b"").decode("utf-8", "replace")
    return f" (it was written with schema {printable(told, 20)})" if told else ""


# --- the head of a page, in Thrift's compact form -----------------------------------------------------------------------


def _page_head(data: bytes) -> tuple[dict[int, Any], int]:
    """The fields of a page header by number, and its length.

    Raises:
        LookupError, ValueError: it is none.
    """
    return _struct(data, 0, 0)


def _struct(data: bytes, at: int, depth: int) -> tuple[dict[int, Any], int]:
    if depth > 8:
        raise ValueError("a page header is nested too deep")
    found: dict[int, Any] = {}
    number = 0
    while kind := data[at]:
        at += 1
        if kind >> 4:
            number += kind >> 4
        else:
            number, at = _varint(data, at)
            number = (number >> 1) ^ -(number & 1)
        found[number], at = _value(data, at, kind & 15, depth)
    return found, at + 1


def _value(data: bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    if kind in (1, 2):  # true, false
        return kind == 1, at
    if kind == 3:  # byte
        return data[at], at + 1
    if kind in (4, 5, 6):  # integers
        raw, at = _varint(data, at)
        return (raw >> 1) ^ -(raw & 1), at
    if kind == 7:  # double
        return None, at + 8
    if kind == 8:  # bytes
        length, at = _varint(data, at)
        if at + length > len(data):
            raise ValueError("a page header is cut off")
        return None, at + length
    if kind == 12:
        return _struct(data, at, depth + 1)
    raise ValueError("a page header holds what none holds")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at += 1
        if not byte & 128:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number in a page header does not end")
