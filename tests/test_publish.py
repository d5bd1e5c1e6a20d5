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
from covid_timeline.tables.manifest import (
    MANIFEST,
    ChecksumError,
    Published,
    locate,
    read_manifest,
    snapshot,
)
from covid_timeline.tables.publish import Publication, PublicationError, TargetError, write_parquet
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
            put(tmp_path / "out", made)
        assert list(tmp_path.iterdir()) == []

    def test_files_of_others_stay(self, tmp_path: Path) -> None:
        put(tmp_path, tables("a"))
        (tmp_path / "README.md").write_text("mine", encoding="utf-8")
        (tmp_path / "mine.parquet").write_bytes(b"mine")
        put(tmp_path, tables("a", "b"))
        assert (tmp_path / "README.md").read_text(encoding="utf-8") == "mine"
        assert (tmp_path / "mine.parquet").read_bytes() == b"mine"

    def test_a_link_is_replaced_and_what_it_leads_to_stays(self, tmp_path: Path) -> None:
        (tmp_path / "mine").write_bytes(b"mine")
        out = tmp_path / "out"
        out.mkdir()
        (out / "documents.parquet").symlink_to("../mine")
        put(out, tables("a"))
        assert (tmp_path / "mine").read_bytes() == b"mine"
        assert not (out / "documents.parquet").is_symlink()

    @pytest.mark.parametrize("name", ["documents.parquet", MANIFEST, "croissant.json"])
    def test_a_folder_in_the_place_of_a_file(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name / "inside").mkdir(parents=True)
        with pytest.raises(TargetError, match=f"{name}: is a folder"):
            put(tmp_path, tables("a"))
        assert [path.name for path in tmp_path.iterdir()] == [name]

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

    @pytest.mark.parametrize("file", ["croissant.json", "datapackage.json"])
    def test_a_changed_description(self, out: Path, file: str) -> None:
        text = (out / file).read_text(encoding="utf-8")
        (out / file).write_text(text.replace("regions", "Regions", 1), encoding="utf-8")
        with pytest.raises(ChecksumError, match=f"{file}: SHA-256"):
            locate(out, "metrics.parquet")
        (out / file).unlink()  # whoever copies the tables need not take the descriptions along
        locate(out, "metrics.parquet")

    def test_a_change_that_keeps_size_and_time(self, out: Path) -> None:
        path = locate(out, "metrics.parquet")
        status = path.stat()
        data = bytearray(path.read_bytes())
        data[100] ^= 1
        path.write_bytes(data)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        with pytest.raises(ChecksumError, match="SHA-256"):
            locate(out, "metrics.parquet")

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
    def test_a_pipe_does_not_block(self, out: Path) -> None:
        (out / "metrics.parquet").unlink()
        os.mkfifo(out / "metrics.parquet")
        with pytest.raises(OSError, match="not a regular file"):
            locate(out, "metrics.parquet")
        locate(out, "events.parquet")


def entry(**changes: object) -> dict[str, object]:
    return {"bytes": 3, "sha256": "0" * 64, "rows": 1, **changes}


BAD_MANIFESTS = {
    "cut off": "{",
    "a list": "[]",
    "empty": "{}",
    "files a number": '{"files": 3}',
    "no file": '{"files": {}}',
    "deep": "[" * 100_000,
    "deep inside": '{"files": ' + '{"a":' * 100_000,
    "not UTF-8": "\udcff",
    "an entry that is a text": json.dumps({"files": {"metrics.parquet": "x"}}),
    "without bytes": json.dumps({"files": {"metrics.parquet": {"sha256": "0" * 64}}}),
    "without sha256": json.dumps({"files": {"metrics.parquet": {"bytes": 3}}}),
    "bytes a text": json.dumps({"files": {"metrics.parquet": entry(bytes="3")}}),
    "bytes below 0": json.dumps({"files": {"metrics.parquet": entry(bytes=-3)}}),
    "rows a float": json.dumps({"files": {"metrics.parquet": entry(rows=1.5)}}),
    "sha256 short": json.dumps({"files": {"metrics.parquet": entry(sha256="00")}}),
    "huge number": '{"files": {"metrics.parquet": {"bytes": ' + "9" * 5000 + "}}}",
    **{
        f"names {name!r}": json.dumps({"files": {name: entry()}})
        for name in ("../keep.txt", "/etc/passwd", "a/metrics.parquet", "..", "", "keep.txt", "metrics.parquet\n", "x.parquet")
    },
}


class TestDamagedManifest:
    @pytest.mark.parametrize("text", BAD_MANIFESTS.values(), ids=BAD_MANIFESTS)
    def test_is_refused_in_one_sentence(self, tmp_path: Path, text: str) -> None:
        out, keep = tmp_path / "out", tmp_path / "keep.txt"
        put(out, tables("a"))
        keep.write_text("mine", encoding="utf-8")
        (out / "keep.txt").write_text("mine", encoding="utf-8")
        (out / MANIFEST).write_bytes(text.encode("utf-8", "surrogateescape"))
        with pytest.raises(ChecksumError, match="not a manifest") as caught:
            locate(out, "metrics.parquet")
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 600
        put(out, tables("a"))  # a manifest that is refused names no files; the new one replaces it
        assert read_manifest(out)["files"]
        assert keep.read_text(encoding="utf-8") == (out / "keep.txt").read_text(encoding="utf-8") == "mine"

    @pytest.mark.parametrize("target", ["..", "/etc", ".versions/../..", ".versions/x", "nowhere"])
    def test_a_pointer_to_elsewhere(self, tmp_path: Path, target: str) -> None:
        put(tmp_path / "out", tables("a"))
        (tmp_path / "out" / ".current").symlink_to(target)
        with pytest.raises(ChecksumError, match="no version of the tables"):
            locate(tmp_path / "out", "metrics.parquet")
        before = contents(tmp_path)
        with pytest.raises(TargetError, match="move it away"):
            put(tmp_path / "out", tables("a", "b"))
        assert contents(tmp_path) == before

    @pytest.mark.parametrize("name", [".versions", ".work"])
    def test_a_link_in_the_place_of_a_folder_of_ours(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "keep.txt").write_text("mine", encoding="utf-8")
        put(tmp_path / "out", tables("a"))
        (tmp_path / "out" / name).symlink_to("../mine")
        before = contents(tmp_path)
        with pytest.raises((TargetError, OSError), match=name):
            put(tmp_path / "out", tables("a", "b"))
        assert contents(tmp_path) == before


class TestOneVersion:
    def test_handles_stay_with_their_version(self, tmp_path: Path) -> None:
        put(tmp_path, tables("a"))
        old = (tmp_path / "events.parquet").read_bytes()
        with Published(tmp_path) as published:
            put(tmp_path, tables("a", "b"))
            assert published.open("events.parquet").read() == old
        with pytest.raises(FileNotFoundError):
            published.open("events.parquet")

    def test_a_snapshot_stays(self, tmp_path: Path) -> None:
        out = tmp_path / "out"
        put(out, tables("a"))
        before = contents(out)
        with snapshot(out) as copy:
            put(out, tables("a", "b"))
            assert {name: digest for name, digest in contents(copy).items() if name != MANIFEST} == {
                name: digest for name, digest in before.items() if name != MANIFEST
            }
            locate(copy, "metrics.parquet")
        assert not copy.exists()
        with pytest.raises(FileNotFoundError, match="no published tables"), snapshot(tmp_path / "none"):
            pass

    def test_a_snapshot_of_changed_tables(self, tmp_path: Path) -> None:
        put(tmp_path, tables("a"))
        (tmp_path / "dates.parquet").write_bytes(b"x")
        with pytest.raises(ChecksumError), snapshot(tmp_path):
            pass


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
