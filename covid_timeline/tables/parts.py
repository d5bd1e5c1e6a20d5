"""The files of a table: one file, or a folder of part files as Spark, Dask and others write them.

A table `metrics` is `metrics.parquet`, a folder `metrics.parquet/` or `metrics/` of part files, or, in a folder that
holds one table alone, the part files themselves (`part-00000-….parquet`). What a writer leaves beside them
(`_SUCCESS`, `_metadata`, `.part-….crc`) is no part.
"""

from __future__ import annotations

from pathlib import Path

SUFFIXES = (".parquet", ".csv")
"""What a file of rows ends with."""


def is_part(path: Path) -> bool:
    """Whether a file holds rows, rather than what a writer notes beside them.

    >>> [is_part(Path(name)) for name in ("part-00000-a.snappy.parquet", "_SUCCESS", "_metadata", ".part-0.parquet.crc")]
    [True, False, False, False]
    """
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(("_", "."))


def part_files(path: Path) -> list[Path]:
    """The files of a table, in the order of their names: the file itself, or those of a folder of part files.

    Folders inside (`date=2020-02-03/`) are no parts: their names would hold values.

    Raises:
        FileNotFoundError: there is no such file or folder.
        ValueError: the folder holds no part file.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise FileNotFoundError(f"{path}: no such table")
    found = sorted(entry for entry in path.iterdir() if entry.is_file() and is_part(entry))
    if not found:
        inside = [entry.name for entry in path.iterdir() if entry.is_dir() and "=" in entry.name]
        hint = f"; it is partitioned ({sorted(inside)[0]}), write it without partitions" if inside else ""
        raise ValueError(f"{path}: no part files of a table in this folder{hint}")
    return found


def table_parts(folder: Path, name: str) -> list[Path]:
    """The files of one table in a folder of tables; empty where it has none.

    `metrics.parquet` goes before `metrics/`.

    Raises:
        ValueError: the table is a folder without part files.
    """
    for path in (folder / f"{name}.parquet", folder / name):
        if path.is_file() or path.is_dir():
            return part_files(path)
    return []
