"""Publication: Parquet files that are sorted, validated, checksummed, and replaced all at once or not at all.

How a reader never meets half a publication:

1. everything is written to `<out>/.next/`, and validated there; a failure removes it and publishes nothing;
2. `.next/manifest.json` is written last, by renaming. From that moment the new state is the published one;
3. the files move up to `<out>`, the manifest last, and `.next` goes away.

After a crash in step 1 the earlier state stands untouched; after one in step 3 `locate` (which the loaders use)
finds each file of the new state in `.next` or above it, and the next publication tidies up.

No clock is read and nothing depends on the machine: the same rows and the same versions of the libraries give the
same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from covid_timeline.tables.manifest import MANIFEST, STAGING, ChecksumError, read_manifest
from covid_timeline.tables.package import UNSAID, About, croissant, datapackage
from covid_timeline.tables.schema import SCHEMA_VERSION, TABLES, arrow_schema

ROW_GROUP_ROWS = 65_536


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


class Publication:
    """One publication on its way: `write` each table, then `finish`. Leaving the `with` block otherwise undoes it.

    Args:
        out: the folder to publish to; made where it does not exist. Files of its own that the earlier manifest
            does not name are left alone.
        package_version: written into the manifest.
        about: title, licence and citation of the tables, where the publisher gives them.
    """

    def __init__(self, out: Path, *, package_version: str, about: About = UNSAID) -> None:
        self.out = out
        self.staging = out / STAGING
        self.rows: dict[str, int] = {}
        self._package_version = package_version
        self._about = about

    def __enter__(self) -> Publication:
        self.out.mkdir(parents=True, exist_ok=True)
        settle(self.out)
        self.staging.mkdir()
        return self

    def __exit__(self, *_: object) -> None:
        if self.staging.exists() and not (self.staging / MANIFEST).exists():
            shutil.rmtree(self.staging)

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
        _write_json(self.staging / (MANIFEST + ".tmp"), manifest)
        os.replace(self.staging / (MANIFEST + ".tmp"), self.staging / MANIFEST)
        settle(self.out)
        return manifest


def settle(out: Path) -> None:
    """Bring a publication that was interrupted to its end: forward where it had been decided, else back."""
    staging = out / STAGING
    if not staging.exists():
        return
    if (staging / MANIFEST).exists():
        new = read_manifest(out)["files"]
        try:
            old = read_manifest(out, overlay=False).get("files", {})
        except ChecksumError:  # a damaged manifest names no files; the new one replaces it
            old = {}
        for file in new:
            if (staging / file).exists():
                os.replace(staging / file, out / file)
        for file in old:
            if file not in new:
                (out / file).unlink(missing_ok=True)
        os.replace(staging / MANIFEST, out / MANIFEST)
    shutil.rmtree(staging)


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
