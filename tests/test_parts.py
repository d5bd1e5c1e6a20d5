"""Folders of part files, as other engines write tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from covid_timeline.tables.parts import part_files, table_parts


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.mark.parametrize("named", ["metrics.parquet", "metrics"])
def test_what_spark_writes(tmp_path: Path, named: str) -> None:
    folder = tmp_path / named
    parts = [folder / f"part-0000{i}-4a1b.c000.snappy.parquet" for i in range(3)]
    touch(*reversed(parts), folder / "_SUCCESS", folder / "._SUCCESS.crc", folder / ".part-00000-4a1b.c000.snappy.parquet.crc")
    assert part_files(folder) == table_parts(tmp_path, "metrics") == parts


def test_one_file(tmp_path: Path) -> None:
    touch(tmp_path / "metrics.parquet", tmp_path / "metrics" / "part-0.parquet")
    assert table_parts(tmp_path, "metrics") == [tmp_path / "metrics.parquet"]
    assert table_parts(tmp_path, "events") == []


def test_no_parts(tmp_path: Path) -> None:
    touch(tmp_path / "metrics" / "date=2020-02-03" / "part-0.parquet")
    with pytest.raises(ValueError, match=r"partitioned .date=2020-02-03."):
        part_files(tmp_path / "metrics")
    with pytest.raises(FileNotFoundError, match="events"):
        part_files(tmp_path / "events")
