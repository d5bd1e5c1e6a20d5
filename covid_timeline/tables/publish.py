"""Publication: Parquet files that are sorted, validated, checksummed, and replaced all at once or not at all.

At rest a published folder holds plain files. How a reader never meets a mix of two publications, by whatever names it
opens the files:

1. everything is written to `<out>/.work/`, and validated there; a failure removes it and publishes nothing;
2. the new version is moved to `<out>/.versions/<digest>/`; `.versions/old/` gets a hard link to each file that stands;
   `<out>/.current` points to `old`, and each plain file is replaced by a link through it, `metrics.parquet ->
   .current/metrics.parquet`: the same file by another way;
3. **`.current` is replaced by one that points to the new version.** This one renaming changes all names at once;
4. each link is replaced by the plain file it leads to, `.current` and `.versions` go away.

Whatever is killed wherever, all names lead to the old files before step 3 and to the new ones after it. `settle`, which
the next publication begins with, does step 4 for whatever version `.current` points to; it trusts no manifest. A
lock (`workspace`) keeps a second publication out. Where a file system has no symbolic links, `.current` is a text and
the loaders (`manifest.Published`) obey it; tools that open the files by name may then meet a mix while step 4 runs.

No clock is read and nothing depends on the machine: the same rows and the same versions of the libraries give the
same bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from covid_timeline.tables.manifest import MANIFEST, OLD, POINTER, PUBLISHED, VERSIONS, ChecksumError, current
from covid_timeline.tables.package import UNSAID, About, croissant, datapackage
from covid_timeline.tables.schema import SCHEMA_VERSION, TABLES, arrow_schema
from covid_timeline.tables.workspace import claimed, remove

ROW_GROUP_ROWS = 65_536

_NAMES = (*PUBLISHED, MANIFEST)
_STAGED = "staged"


class PublicationError(ValueError):
    """The tables are not fit to publish; nothing was changed. `violations` says why."""

    def __init__(self, violations: Sequence[object]) -> None:
        self.violations = list(violations)
        shown = "\n".join(f"  {violation}" for violation in self.violations[:20])
        more = f"\n  ... and {len(self.violations) - 20} more" if len(self.violations) > 20 else ""
        super().__init__(f"nothing was published: {len(self.violations)} violations\n{shown}{more}")


def errors(violations: Sequence[object]) -> list[object]:
    """The violations that stop a publication: all but those whose `severity` is `warning`."""
    return [entry for entry in violations if getattr(entry, "severity", "error") != "warning"]


def write_parquet(path: Path, name: str, parts: Iterable[pa.Table]) -> int:
    """Write one table, in row groups whose size does not depend on how the rows come in.

    Returns:
        The number of rows.

    Raises:
        ValueError: the columns are not those of the table, or one that may not be null holds a null.
    """
    schema = arrow_schema(name)
    rows = 0
    with pq.ParquetWriter(
        path,
        schema,
        version="2.6",
        compression="zstd",
        compression_level=5,
        use_dictionary=True,
        write_statistics=True,
        data_page_version="1.0",
        write_page_checksum=True,
    ) as writer:
        waiting: list[pa.Table] = []
        n_waiting = 0
        for part in parts:
            if part.schema != schema:
                raise ValueError(
                    f"the columns of {name} are {part.schema.names}, not {schema.names} of those types"
                )
            # The metadata of a part may be older than the dictionary; the file has the dictionary's.
            waiting.append(part.replace_schema_metadata(None).cast(schema))
            n_waiting += len(part)
            rows += len(part)
            while n_waiting >= ROW_GROUP_ROWS:
                whole = pa.concat_tables(waiting)
                writer.write_table(whole.slice(0, ROW_GROUP_ROWS), row_group_size=ROW_GROUP_ROWS)
                waiting, n_waiting = [whole.slice(ROW_GROUP_ROWS)], n_waiting - ROW_GROUP_ROWS
        if n_waiting or not rows:
            writer.write_table(pa.concat_tables(waiting) if waiting else schema.empty_table())
    return rows


class TargetError(ValueError):
    """The folder cannot be published to; nothing was changed. The message is one sentence."""


class Publication:
    """One publication on its way: `write` each table, then `finish`. Leaving the `with` block otherwise undoes it.

    The folder is locked from the beginning of the block to its end; `work` is a folder for temporary files, which goes
    away with it.

    Args:
        out: the folder to publish to; made where it does not exist. Files in it that no publication makes are left
            alone.
        package_version: written into the manifest.
        about: title, licence and citation of the tables, where the publisher gives them.

    Raises:
        workspace.InUseError: another process publishes to the folder.
        TargetError: something in the folder stands in the way.
        OSError: the folder cannot be made or written.
    """

    def __init__(self, out: Path, *, package_version: str, about: About = UNSAID) -> None:
        self.out = out
        self.rows: dict[str, int] = {}
        self._package_version = package_version
        self._about = about
        self._held = contextlib.ExitStack()

    def __enter__(self) -> Publication:
        with contextlib.ExitStack() as held:
            self.work = held.enter_context(claimed(self.out))
            settle(self.out)
            _check_target(self.out)
            self.staging = self.work / _STAGED
            self.staging.mkdir()
            self._held = held.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with self._held:
            settle(self.out)

    def write(self, name: str, parts: pa.Table | Iterable[pa.Table]) -> int:
        """Stage one table, whole or in parts that come in sort order; returns its number of rows."""
        whole = [parts] if isinstance(parts, pa.Table) else parts
        self.rows[name] = write_parquet(self.staging / f"{name}.parquet", name, whole)
        return self.rows[name]

    def read(self, name: str) -> pa.Table:
        """A staged table, read back from its file."""
        with pq.ParquetFile(self.staging / f"{name}.parquet") as file:
            return file.read()

    def finish(self, violations: Sequence[object] = ()) -> dict[str, Any]:
        """Describe and publish what was staged; returns the manifest.

        Args:
            violations: what validation found; only `errors` of it stop the publication.

        Raises:
            PublicationError: there are violations that are no warnings; nothing was published.
            ValueError: a table is missing.
        """
        missing = [name for name in TABLES if name not in self.rows]
        if missing:
            raise ValueError(f"tables missing from the publication: {', '.join(missing)}")
        if errors(violations):
            raise PublicationError(errors(violations))
        files = {f"{name}.parquet": _facts(self.staging / f"{name}.parquet") for name in TABLES}
        for name in TABLES:
            files[f"{name}.parquet"]["rows"] = self.rows[name]
        for file, document in (
            ("datapackage.json", datapackage(files, self._about)),
            ("croissant.json", croissant(files, self._about)),
        ):
            _write_json(self.staging / file, document)
            files[file] = _facts(self.staging / file)
        manifest = {
            "schema_version": SCHEMA_VERSION,
            "package_version": self._package_version,
            "files": dict(sorted(files.items())),
        }
        _write_json(self.staging / MANIFEST, manifest)
        digest = _facts(self.staging / MANIFEST)["sha256"]
        _switch(self.out, self.staging, digest[:16])
        return manifest


# --- switching from one version to the next ---------------------------------------------------------------------------


def _check_target(out: Path) -> None:
    for name in _NAMES:
        path = out / name
        if os.path.lexists(path) and not path.is_symlink() and not stat.S_ISREG(path.lstat().st_mode):
            kind = "a folder" if path.is_dir() else "no regular file"
            raise TargetError(f"{path}: is {kind}, and a table is to be published there; move it away")


def _switch(out: Path, staged: Path, version: str) -> None:
    new, old = out / VERSIONS / version, out / VERSIONS / OLD
    old.mkdir(parents=True)
    _sync(staged)
    os.rename(staged, new)
    for name in _NAMES:
        if os.path.lexists(out / name):
            _keep(out / name, old / name)
    _sync(old)
    _sync(out / VERSIONS)
    if _point(out, OLD):
        for name in _NAMES:
            if os.path.lexists(old / name) or os.path.lexists(new / name):
                _replace_by_link(out, name)
        _sync(out)
    _point(out, version)
    _sync(out)
    settle(out)


def settle(out: Path) -> None:
    """Bring what an interrupted publication has left to rest: plain files of the version that stands, and no other.

    Raises:
        TargetError: the folder keeps something else where a publication keeps its versions.
        OSError: a file cannot be replaced; what stands, stands.
    """
    versions = out / VERSIONS
    if not os.path.lexists(versions) and not os.path.lexists(out / POINTER):
        return
    try:
        root = current(out)
    except ChecksumError as error:
        raise TargetError(f"{error}; move it away") from None
    if root != out:
        by_links = (out / POINTER).is_symlink()
        for name in _NAMES:
            place = out / name
            if os.path.lexists(root / name):
                _bring_up(root / name, place, versions)
            elif os.path.lexists(place) and (place.is_symlink() or not by_links):
                place.unlink()
        _sync(out)
        (out / POINTER).unlink()
        _sync(out)
    remove(versions)


def _point(out: Path, version: str) -> bool:
    """Let `.current` point to a version, by one renaming; whether by a link."""
    waiting = out / VERSIONS / POINTER
    waiting.unlink(missing_ok=True)
    target = f"{VERSIONS}/{version}"
    try:
        os.symlink(target, waiting)
        linked = True
    except (OSError, NotImplementedError):
        waiting.write_text(target, encoding="ascii")
        linked = False
    os.replace(waiting, out / POINTER)
    return linked


def _replace_by_link(out: Path, name: str) -> None:
    waiting = out / VERSIONS / name
    waiting.unlink(missing_ok=True)
    os.symlink(f"{POINTER}/{name}", waiting)
    os.replace(waiting, out / name)


def _keep(path: Path, copy: Path) -> None:
    """The same file under another name, so that the first one can be replaced."""
    if path.is_symlink():  # a user's own: only the link is replaced, never what it leads to
        os.symlink(os.path.realpath(path), copy)
        return
    try:
        os.link(path, copy)
    except (OSError, NotImplementedError):  # no hard links here
        shutil.copyfile(path, copy)
        _facts(copy)


def _bring_up(path: Path, place: Path, versions: Path) -> None:
    if os.path.lexists(place) and os.path.samestat(path.lstat(), place.lstat()):
        return
    waiting = versions / path.name
    waiting.unlink(missing_ok=True)
    # `path` stays where it is: a reader may be on its way through the link that is replaced now.
    _keep(path, waiting)
    os.replace(waiting, place)


def _sync(folder: Path) -> None:
    """Have the names in a folder written to the disk."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _facts(path: Path) -> dict[str, Any]:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "sha256": digest}


def _write_json(path: Path, document: object) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        json.dump(document, file, ensure_ascii=False, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
