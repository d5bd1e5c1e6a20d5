"""Tables of strangers, held to the data dictionary: `conform`, for whoever goes on to use their rows.

`parquet.GuardedFile` reads a file so that nothing in it can exhaust the memory. `probe` reads files in a process of its
own whose memory is limited: what makes the Parquet library itself fail, fails there.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from covid_timeline.parquet import GuardedFile, UnreadableError, is_text
from covid_timeline.tables.manifest import Published
from covid_timeline.tables.schema import TABLES
from covid_timeline.text.shown import printable

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["GuardedFile", "UnreadableError", "conform", "probe", "read_published", "read_table"]

PROBE_BYTES = 4 << 30
"""Memory of the process that `probe` reads in, the libraries' own included."""
PROBE_SECONDS = 300


# --- holding a table to the data dictionary -----------------------------------------------------------------------------


def conform(table: pa.Table, name: str, shown: str) -> pa.Table:
    """Rows of a table in the types of the data dictionary, fit to be worked with.

    Args:
        table: what was read; columns that the dictionary does not know stay as they are.
        name: a table of the schema.
        shown: what messages call the file.

    Raises:
        UnreadableError: a column has another type, a null where none may be, or a number that is none.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from covid_timeline.tables.schema import arrow_schema

    known = {field.name: field for field in arrow_schema(name)}
    for i, column_name in enumerate(table.schema.names):
        wanted = known.get(column_name)
        if wanted is None:
            continue
        if table.schema.names.count(column_name) > 1:
            raise UnreadableError(f"{shown} has the column {column_name} more than once")
        column = table.column(i)
        if column.type != wanted.type:
            text = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
            if not pa.types.is_string(wanted.type) or not (is_text(text) or pa.types.is_string_view(text)):
                raise UnreadableError(
                    f"{shown}: column {column_name} is {printable(str(column.type), 80)}, where {wanted.type} is expected"
                )
            table = table.set_column(i, wanted, column.cast(pa.string()))
        if not wanted.nullable and column.null_count:
            row = pc.index(column.is_null(), True).as_py() + 1
            raise UnreadableError(f"{shown}: row {row} has no {column_name}, which every row has")
        if pa.types.is_floating(wanted.type) and pc.all(pc.is_finite(column)).as_py() not in (True, None):
            row = pc.index(pc.fill_null(pc.is_finite(column), True), False).as_py() + 1
            raise UnreadableError(f"{shown}: row {row}: {column_name} is no finite number")
    return table


def read_table(source: Path | io.BufferedReader, name: str, columns: Sequence[str] | None = None, *, shown: str | None = None) -> pa.Table:
    """A table of the schema from its file, whole, verified, and held to the data dictionary (`conform`).

    Raises:
        UnreadableError: in one sentence, what is wrong with it.
        OSError: it cannot be opened.
    """
    with GuardedFile(source, shown) as file:
        wanted = TABLES[name].names if columns is None else list(columns)
        extra = [n for n in file.schema.names if n not in TABLES[name].names] if columns is None else []
        return conform(file.read([*wanted, *extra]), name, file.shown)


def read_published(folder: Path, names: Sequence[str], *, verify: bool = True) -> dict[str, pa.Table]:
    """Tables of one published version, each as `read_table` reads it.

    Raises:
        UnreadableError: a table is damaged, or not as the data dictionary says.
        manifest.ChecksumError: a file is not the one that was published.
        FileNotFoundError: there is no such table.
    """
    with Published(folder, verify=verify) as published:
        return {
            name: read_table(published.open(f"{name}.parquet"), name, shown=f"{name}.parquet") for name in names
        }


# --- a process of its own -----------------------------------------------------------------------------------------------

_PROBE = """
import sys
sys.path[:] = {path!r}
from covid_timeline.tables.reading_guard import _probe
sys.exit(_probe(sys.argv[1:]))
"""


def probe(paths: Sequence[Path]) -> str:
    """Read files in a process of its own, whose memory and time are limited.

    Returns:
        An empty text where all could be read, or were refused there as they would be here; else one sentence that names
        the file at which the process ended.
    """
    if not paths:
        return ""
    command = [sys.executable, "-c", _PROBE.format(path=sys.path), *map(str, paths)]
    try:
        done = subprocess.run(
            command, env={**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "2"}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=PROBE_SECONDS, check=False
        )
        reached, ended = len(done.stdout), done.returncode
    except subprocess.TimeoutExpired as late:
        reached, ended = len(late.stdout or b""), -1
    if not ended:
        return ""
    at = paths[min(max(reached, 1), len(paths)) - 1]
    return f"{printable(at.name, 200)} takes more memory or time than a table may ({PROBE_BYTES >> 30} GiB); it is not read"


def _probe(paths: Sequence[str]) -> int:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (PROBE_BYTES, PROBE_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for path in paths:
        sys.stdout.write(".")  # one for each file begun
        sys.stdout.flush()
        with contextlib.suppress(UnreadableError, OSError), GuardedFile(Path(path)) as file:
            for group in range(file.metadata.num_row_groups):
                file.read_row_group(group)
    return 0
