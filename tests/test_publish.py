"""Publication: all or nothing, the same bytes for the same rows, and nobody else's files touched."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import fakes
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from covid_timeline.tables import publish
from covid_timeline.tables.build import regions_table, to_table, to_tables
from covid_timeline.tables.manifest import MANIFEST, STAGING, ChecksumError, locate, read_manifest
from covid_timeline.tables.publish import Publication, PublicationError, settle, write_parquet
from covid_timeline.tables.schema import SCHEMA_VERSION, TABLES, arrow_schema


class Warned(NamedTuple):
    severity: str = "warning"


def tables(*docs: str) -> dict[str, pa.Table]:
    made = to_tables([fakes.extract(fakes.article(doc)) for doc in docs])
    made["regions"] = regions_table().slice(0, 5)
    return {name: made[name] if name in made else to_table(name, []) for name in TABLES}


def put(out: Path, made: dict[str, pa.Table], violations: list[object] | None = None) -> dict[str, object]:
    with Publication(out, package_version="0.0.0") as publication:
        for name, table in made.items():
            publication.write(name, table)
        return publication.finish(violations or [])


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class TestFiles:
    def test_what_is_published(self, tmp_path: Path) -> None:
        manifest = put(tmp_path / "out", tables("a", "b"))
        names = {f"{name}.parquet" for name in TABLES} | {"datapackage.json", "croissant.json", MANIFEST}
        assert {path.name for path in (tmp_path / "out").iterdir()} == names
        assert manifest == json.loads((tmp_path / "out" / MANIFEST).read_text(encoding="utf-8"))
        assert manifest["schema_version"] == SCHEMA_VERSION
        for file, facts in manifest["files"].items():  # type: ignore[attr-defined]
            data = (tmp_path / "out" / file).read_bytes()
            assert facts["bytes"] == len(data) and facts["sha256"] == hashlib.sha256(data).hexdigest()
        assert manifest["files"]["metrics.parquet"]["rows"] == 4  # type: ignore[index]

    def test_every_file_says_what_it_holds(self, tmp_path: Path) -> None:
        put(tmp_path, tables("a"))
        for name in TABLES:
            schema = pq.ParquetFile(tmp_path / f"{name}.parquet").schema_arrow
            assert schema.equals(arrow_schema(name), check_metadata=True)
            assert b"pandas" not in (schema.metadata or {})
        column = pq.ParquetFile(tmp_path / "metrics.parquet").metadata.row_group(0).column(0)
        assert column.compression == "ZSTD" and column.statistics.has_min_max

    def test_rows_come_back(self, tmp_path: Path) -> None:
        made = tables("a", "b")
        put(tmp_path, made)
        for name, table in made.items():
            assert pq.ParquetFile(tmp_path / f"{name}.parquet").read().equals(table)

    def test_descriptions(self, tmp_path: Path) -> None:
        """That other programs read them is the matter of test_conformance."""
        manifest = put(tmp_path, tables("a"))
        package, croissant = (
            json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8")) for name in ("datapackage", "croissant")
        )
        assert [resource["path"] for resource in package["resources"]] == [f"{name}.parquet" for name in TABLES]
        for part in croissant["distribution"]:
            assert part["sha256"] == manifest["files"][part["contentUrl"]]["sha256"]  # type: ignore[index]


class TestWriteParquet:
    def test_how_the_rows_come_in_does_not_show(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(publish, "ROW_GROUP_ROWS", 5)
        table = tables(*"abcdefgh")["metrics"]
        for size in (1, 3, 5, 7, 100):
            parts = [table.slice(i, size) for i in range(0, len(table), size)]
            assert write_parquet(tmp_path / f"{size}", "metrics", parts) == len(table)
        assert len({(tmp_path / f"{size}").read_bytes() for size in (1, 3, 5, 7, 100)}) == 1
        assert pq.ParquetFile(tmp_path / "1").metadata.num_row_groups == 4

    @pytest.mark.parametrize(
        "parts", [[], [arrow_schema("dates").empty_table()]], ids=["no parts", "a part without rows"]
    )
    def test_no_rows(self, tmp_path: Path, parts: list[pa.Table]) -> None:
        assert write_parquet(tmp_path / "x", "dates", parts) == 0
        assert pq.ParquetFile(tmp_path / "x").read().schema == arrow_schema("dates")

    def test_a_null_where_none_may_be(self, tmp_path: Path) -> None:
        table = to_table("rejected", [("a", 0, 1, "7", None)])
        with pytest.raises(ValueError, match="reason"):
            write_parquet(tmp_path / "x", "rejected", [table])

    def test_other_columns(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="the columns of dates are"):
            write_parquet(tmp_path / "x", "dates", [pa.table({"doc_id": ["a"]})])


class TestAllOrNothing:
    def test_a_violation_publishes_nothing(self, tmp_path: Path) -> None:
        put(tmp_path, tables("a"))
        before = contents(tmp_path)
        with pytest.raises(PublicationError, match="nothing was published: 1 violations") as caught:
            put(tmp_path, tables("a", "b"), ["metrics a:m3: unit: 'cases'", Warned()])
        assert caught.value.violations == ["metrics a:m3: unit: 'cases'"]
        assert contents(tmp_path) == before

    def test_a_warning_stops_nothing(self, tmp_path: Path) -> None:
        put(tmp_path, tables("a"), [Warned()])
        assert read_manifest(tmp_path)

    def test_a_missing_table_publishes_nothing(self, tmp_path: Path) -> None:
        made = tables("a")
        del made["regions"]
        with pytest.raises(ValueError, match="tables missing from the publication: regions"):
            put(tmp_path, made)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("crash_at", range(len(TABLES) + 5))
    def test_a_crash_leaves_a_whole_state(
        self, crash_at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Stop at each renaming: what can be located is all of the old state or all of the new one."""
        out, reference = tmp_path / "out", tmp_path / "reference"
        old = put(out, tables("a"))
        new = put(reference, tables("a", "b"))
        replace, calls = os.replace, 0

        def dying(source: Path, target: Path) -> None:
            nonlocal calls
            calls += 1
            if calls > crash_at:
                raise KeyboardInterrupt
            replace(source, target)

        monkeypatch.setattr(publish.os, "replace", dying)
        try:
            put(out, tables("a", "b"))
        except KeyboardInterrupt:
            pass
        else:
            assert calls == len(TABLES) + 4  # the staged manifest, the tables, two descriptions, the manifest
        monkeypatch.undo()
        manifest = read_manifest(out)
        assert manifest == (old if crash_at == 0 else new)
        for file in manifest["files"]:
            locate(out, file)
        settle(out)
        assert contents(out) == (contents(reference) if crash_at else contents(out))
        assert not (out / STAGING).exists()
        for file in manifest["files"]:
            locate(out, file)

    def test_killed_while_staging(self, tmp_path: Path) -> None:
        put(tmp_path, tables("a"))
        before = contents(tmp_path)
        (tmp_path / STAGING).mkdir()
        (tmp_path / STAGING / "metrics.parquet").write_bytes(b"PAR1 half")
        locate(tmp_path, "metrics.parquet")
        put(tmp_path, tables("a"))
        assert contents(tmp_path) == before

    def test_files_that_the_earlier_manifest_named_go_and_others_stay(self, tmp_path: Path) -> None:
        put(tmp_path, tables("a"))
        (tmp_path / "old.parquet").write_bytes(b"old")
        (tmp_path / "README.md").write_text("mine", encoding="utf-8")
        manifest = read_manifest(tmp_path)
        manifest["files"]["old.parquet"] = {"bytes": 3, "sha256": "0"}
        (tmp_path / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
        put(tmp_path, tables("a"))
        assert not (tmp_path / "old.parquet").exists()
        assert (tmp_path / "README.md").read_text(encoding="utf-8") == "mine"

    def test_over_a_damaged_manifest(self, tmp_path: Path) -> None:
        (tmp_path / MANIFEST).write_text("{", encoding="utf-8")
        put(tmp_path, tables("a"))
        assert read_manifest(tmp_path)["files"]


class TestLocate:
    @pytest.fixture
    def out(self, tmp_path: Path) -> Path:
        put(tmp_path, tables("a"))
        return tmp_path

    def test_a_flipped_byte(self, out: Path) -> None:
        path = out / "metrics.parquet"
        data = bytearray(path.read_bytes())
        data[100] ^= 1
        path.write_bytes(data)
        with pytest.raises(ChecksumError, match=r"metrics\.parquet: SHA-256"):
            locate(out, "metrics.parquet")
        assert locate(out, "metrics.parquet", verify=False) == path

    def test_a_truncated_file(self, out: Path) -> None:
        path = out / "metrics.parquet"
        path.write_bytes(path.read_bytes()[:-7])
        with pytest.raises(ChecksumError, match="bytes, the manifest says"):
            locate(out, "metrics.parquet", verify=False)

    def test_no_such_table(self, out: Path) -> None:
        with pytest.raises(FileNotFoundError, match="the output of a build"):
            locate(out, "cities.parquet")

    def test_a_stranger_among_the_files(self, out: Path) -> None:
        (out / "more.parquet").write_bytes(b"")
        with pytest.raises(ChecksumError, match="does not name this file"):
            locate(out, "more.parquet")

    def test_a_folder_without_a_manifest_is_a_users_own(self, out: Path) -> None:
        (out / MANIFEST).unlink()
        assert locate(out, "metrics.parquet") == out / "metrics.parquet"

    @pytest.mark.parametrize("text", ["{", "[]", "{}", '{"files": 3}'])
    def test_a_damaged_manifest(self, out: Path, text: str) -> None:
        (out / MANIFEST).write_text(text, encoding="utf-8")
        with pytest.raises(ChecksumError, match="not a manifest"):
            locate(out, "metrics.parquet")


SCRIPT = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
import pathlib, test_publish
test_publish.put(pathlib.Path({out!r}), test_publish.tables("b", "a", "10", "9"))
"""


def test_the_machine_does_not_show(tmp_path: Path) -> None:
    """Same rows, same bytes: whatever hash seed, time zone, locale and working directory."""
    here = Path(__file__).parent
    seen = set()
    for i, (seed, zone, locale) in enumerate([("0", "UTC", "C"), ("7", "America/New_York", "zh_CN.UTF-8")]):
        out, cwd = tmp_path / f"out{i}", tmp_path / f"cwd{i}"
        cwd.mkdir()
        script = SCRIPT.format(root=str(here.parent), tests=str(here), out=str(out))
        env = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "TZ": zone,
            "LC_ALL": locale,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        subprocess.run([sys.executable, "-c", script], env=env, cwd=cwd, check=True)
        seen.add(tuple(contents(out).items()))
        shutil.rmtree(cwd)
    assert len(seen) == 1
