"""How long do the bulletins take, and how much memory? One command; it reports and never judges.

    python bench/bulletins_bench.py [--documents 100000] [--json]

Two builds, each in an interpreter of its own, start to finish (import, read, extract, validate, publish): the
bulletins of ../shared/corpora as they are, and a folder of N text files with a sidecar, made by repeating them. Where
the corpora are not at hand, the articles of data/raw are repeated instead. Memory is the peak of the resident set.
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from covid_timeline.model import Article
from covid_timeline.sources.dxy import read_dxy
from covid_timeline.sources.folder import read_folder

ROOT = Path(__file__).resolve().parents[1]
BULLETINS = ROOT.parent / "shared" / "corpora" / "dxy_news.json"
CHILD = """
import json, resource, sys, time
start = time.perf_counter()
from covid_timeline.pipeline import build
from covid_timeline.sources.{module} import {reader}
report = build({reader}({source!r}), {out!r})
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({{
    "seconds": time.perf_counter() - start,
    "processor_seconds": usage.ru_utime + usage.ru_stime,
    "peak_mb": usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10),  # bytes there, kilobytes here
    "published": report.published,
    "rows": report.rows,
    "refused": report.count("refused"),
    "skipped": report.count("skipped"),
}}))
"""


def measure(module: str, reader: str, source: Path, folder: Path) -> dict[str, Any]:
    """Build a source in a fresh interpreter; times in seconds, memory in MB."""
    code = CHILD.format(module=module, reader=reader, source=str(source), out=str(folder / f"out-{module}"))
    done = subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def repeat(articles: list[Article], count: int, folder: Path) -> Path:
    """A folder of `count` text files with a sidecar, the articles over and over."""
    folder.mkdir()
    with (folder / "sidecar.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "doc_id", "title", "source", "published", "region_code", "url", "may_republish"])
        for n in range(count):
            one = articles[n % len(articles)]
            name = f"{n:07d}.txt"
            (folder / name).write_bytes(one.raw.encode())
            published = str(one.published_at or one.anchor_date)
            writer.writerow([name, f"d{n:07d}", one.title, one.source, published, one.region_code, one.url, "false"])
    return folder


def main() -> None:
    """Run both builds and print what they took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--documents", type=int, default=100_000, help="files of the repeated folder; 0 leaves it out")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    options = parser.parse_args()
    source = BULLETINS if BULLETINS.is_file() else ROOT / "data" / "raw"
    found = read_dxy(source) if source == BULLETINS else read_folder(source)
    articles = [one for one in found if isinstance(one, Article)]
    results: dict[str, Any] = {"machine": f"{platform.machine()}, Python {platform.python_version()}"}
    with tempfile.TemporaryDirectory(prefix="bulletins-bench-") as name:
        folder = Path(name)
        if source == BULLETINS:
            results["bulletins"] = measure("dxy", "read_dxy", source, folder)
        if options.documents:
            repeated = repeat(articles, options.documents, folder / "repeated")
            results["repeated folder"] = measure("folder", "read_folder", repeated, folder)
    if options.json:
        print(json.dumps(results, ensure_ascii=False, indent=2))
        return
    print(results.pop("machine"))
    for what, one in results.items():
        rows = one["rows"]
        print(
            f"{what}: {rows['documents']:,} documents, {rows['metrics']:,} figures; {one['seconds']:.1f} s "
            f"({one['processor_seconds']:.1f} s of processor), peak {one['peak_mb']:.0f} MB"
            + ("" if one["published"] else "; NOT published, validation found errors")
        )


if __name__ == "__main__":
    main()
