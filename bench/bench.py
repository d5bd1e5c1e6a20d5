"""How fast is it on this machine? One command, one run; it reports and never judges.

    python bench/bench.py [--json] [--rounds N]

Texts: the bulletins of ../shared/corpora where they are at hand, else the articles of data/raw. Speed is counted in
characters of raw text for each second of processor time on one core, the best of N rounds (the others are disturbed
by something else), next to two scans of the same texts that nobody can beat: one compiled regex that finds numbers,
and the normaliser alone. Times of import and load are wall clock, medians over fresh interpreters.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from covid_timeline.model import Article
from covid_timeline.pipeline import build
from covid_timeline.reading.extract import extract
from covid_timeline.sources.dxy import read_dxy
from covid_timeline.sources.folder import read_folder
from covid_timeline.text.normalize import normalize

ROOT = Path(__file__).resolve().parents[1]
BULLETINS = ROOT.parent / "shared" / "corpora" / "dxy_news.json"
NUMBER = re.compile(r"[0-9０-９]+(?:[.,，．][0-9０-９]+)*|[零〇一二两三四五六七八九十百千万亿]+")


def texts() -> tuple[str, list[Article]]:
    """The articles to read, and what they are."""
    if BULLETINS.is_file():
        return "bulletins of ../shared/corpora", [a for a in read_dxy(BULLETINS) if isinstance(a, Article)]
    return "articles of data/raw", [a for a in read_folder(ROOT / "data" / "raw") if isinstance(a, Article)]


def best(work: Callable[[], object], rounds: int) -> float:
    """Least processor time of `rounds` runs, in seconds."""
    took = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        took.append(time.process_time() - start)
    return min(took)


def fresh(code: str, rounds: int) -> float:
    """Median wall time of `python -c code` in a fresh interpreter, in seconds."""
    took = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
        took.append(time.perf_counter() - start)
    return statistics.median(took)


def measure(rounds: int) -> dict[str, object]:
    """Every figure of the report."""
    what, articles = texts()
    raws = [article.raw for article in articles]
    chars = sum(map(len, raws))
    extract(articles[0])  # vocabulary is read and compiled once, at the first use
    took = {
        "extract": best(lambda: [extract(article) for article in articles], rounds),
        "normalise alone": best(lambda: [normalize(raw) for raw in raws], rounds),
        "one regex for numbers": best(lambda: [sum(1 for _ in NUMBER.finditer(raw)) for raw in raws], rounds),
    }
    speed = {name: chars / seconds / 1000 for name, seconds in took.items()}
    bare = fresh("pass", 2 * rounds + 1)
    imported = fresh("import covid_timeline", 2 * rounds + 1)
    with tempfile.TemporaryDirectory() as folder:
        build(read_folder(ROOT / "data" / "raw"), folder)
        loads = [load_times(folder) for _ in range(rounds)]
    return {
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "texts": f"{len(articles)} {what}, {chars} characters",
        "extract, thousand characters/s": round(speed["extract"]),
        "normalise alone, thousand characters/s": round(speed["normalise alone"]),
        "one regex for numbers, thousand characters/s": round(speed["one regex for numbers"]),
        "extract / one regex for numbers": round(speed["extract"] / speed["one regex for numbers"], 4),
        "extract / normalise alone": round(speed["extract"] / speed["normalise alone"], 4),
        "import covid_timeline over bare python, ms": round(1000 * (imported - bare), 1),
        "load_events, first in a process, ms": round(1000 * statistics.median(first for first, _ in loads), 1),
        "load_events, again, ms": round(1000 * statistics.median(again for _, again in loads), 1),
    }


def load_times(folder: str) -> tuple[float, float]:
    """Wall time of the first `load_events` in a fresh interpreter, and of the next one, in seconds."""
    code = (
        "import sys, time, covid_timeline as ct\n"
        "for _ in range(2):\n"
        "    start = time.perf_counter()\n"
        "    ct.load_events(path=sys.argv[1])\n"
        "    print(time.perf_counter() - start)"
    )
    first, again = subprocess.check_output([sys.executable, "-c", code, folder], cwd=ROOT, text=True).split()
    return float(first), float(again)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each measurement")
    arguments = parser.parse_args(argv)
    figures = measure(arguments.rounds)
    if arguments.json:
        print(json.dumps(figures, ensure_ascii=False))
        return
    width = max(map(len, figures))
    for name, value in figures.items():
        print(f"{name:{width}}  {value}")


if __name__ == "__main__":
    main()
