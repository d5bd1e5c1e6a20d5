"""How fast is it on this machine, how much memory does it take, and how does both grow? It reports and never judges.

    python bench/bench.py [--json] [--rounds N] [--documents 1600 100000] [--jobs 1 2] [--compiled PYTHON]

Extraction: the bulletins of ../shared/corpora where they are at hand, and the articles of data/raw, in thousand
characters of raw text for each second of processor time on one core, the best of N rounds, next to one compiled regex
that finds numbers and to the normaliser alone. `--compiled` names the Python of an environment with the compiled wheel,
which is asked in turn with this one. JioNLP and Recognizers-Text are measured on the same texts where they are
installed. Builds: the bulletins over and over, each with a tag of its own, from a file of JSON lines, each build in an
interpreter of its own; memory is the peak of the resident set of the process that publishes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from covid_timeline.batches import pack, to_bytes
from covid_timeline.model import Article
from covid_timeline.pipeline import build
from covid_timeline.reading.extract import extract
from covid_timeline.sources.dxy import read_dxy
from covid_timeline.sources.folder import read_folder
from covid_timeline.text.normalize import normalize

ROOT = Path(__file__).resolve().parents[1]
BULLETINS = ROOT.parent / "shared" / "corpora" / "dxy_news.json"
NUMBER = re.compile(r"[0-9０-９]+(?:[.,，．][0-9０-９]+)*|[零〇一二两三四五六七八九十百千万亿]+")


SPEED = """
import json, sys, time
from covid_timeline.batches import from_bytes, unpack
from covid_timeline.reading.extract import extract
articles = unpack(from_bytes(open(sys.argv[1], "rb").read()))
took = []
for _ in range(int(sys.argv[2]) + 1):  # the first pass reads and compiles the vocabulary
    start = time.process_time()
    for article in articles:
        extract(article)
    took.append(time.process_time() - start)
print(sum(len(article.raw) for article in articles) / min(took[1:]) / 1000)
"""

BUILD = """
import json, resource, sys, time
from covid_timeline.pipeline import build
from covid_timeline.sources.records import Columns, read_records
if __name__ == "__main__":
    start = time.perf_counter()
    columns = Columns(text="text", id="id", title="title", published="published", region="region", source="source")
    report = build(read_records(sys.argv[1], columns), sys.argv[2], jobs=int(sys.argv[3]))
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10  # bytes there, kilobytes here
    print(json.dumps({
        "seconds": round(time.perf_counter() - start, 1),
        "processor seconds": round(sum(one.ru_utime + one.ru_stime for one in (own, children)), 1),
        "peak MB": own.ru_maxrss // unit,
        "figures": report.rows["metrics"],
        "manifest": report.manifest["files"]["metrics.parquet"]["sha256"][:12],
    }))
"""


def texts() -> dict[str, list[Article]]:
    """The articles to read, by what they are."""
    found = {"articles": [a for a in read_folder(ROOT / "data" / "raw") if isinstance(a, Article)]}
    if BULLETINS.is_file():
        found["bulletins"] = [a for a in read_dxy(BULLETINS) if isinstance(a, Article)]
    return found


def others(raws: list[str], rounds: int) -> dict[str, float]:
    """Processor seconds of other programs that read dates or numbers, of those that are installed."""
    took: dict[str, float] = {}
    try:
        import jionlp

        took["JioNLP, dates"] = best(lambda: [jionlp.ner.extract_time(raw) for raw in raws], rounds)
    except ImportError:
        pass
    try:
        from recognizers_number import Culture, recognize_number

        took["Recognizers-Text, numbers"] = best(lambda: [recognize_number(raw, Culture.Chinese) for raw in raws], rounds)
    except ImportError:
        pass
    return took


def repeat(articles: list[Article], count: int, file: Path) -> None:
    """A file of `count` documents, the articles over and over, each with a tag so that no text repeats."""
    with file.open("w", encoding="utf-8") as out:
        for n in range(count):
            one = articles[n % len(articles)]
            row = {
                "id": f"d{n:07d}",
                "text": f"{one.raw}\n编号{n:07d}号文",
                "title": one.title,
                "published": str(one.published_at or one.anchor_date),
                "region": one.region_code,
                "source": one.source,
            }
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def builds(articles: list[Article], counts: Sequence[int], jobs: Sequence[int]) -> dict[str, object]:
    """What each build takes, and whether the number of processes shows in the tables."""
    found: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        (folder / "build.py").write_text(BUILD, encoding="utf-8")
        for count in counts:
            repeat(articles, count, folder / "in.jsonl")
            for n in jobs:
                command = [sys.executable, str(folder / "build.py"), str(folder / "in.jsonl"), str(folder / "out"), str(n)]
                made = subprocess.check_output(command, cwd=ROOT, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
                found[f"build of {count:,} documents, {n} job(s)"] = json.loads(made.splitlines()[-1])
    return found


def best(work: Callable[[], object], rounds: int) -> float:
    """Least processor time of `rounds` runs, in seconds."""
    took = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        took.append(time.process_time() - start)
    return min(took)


def fresh(code: str, rounds: int) -> float:
    """Median processor time of `python -c code` in a fresh interpreter, in seconds."""
    took = []
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(took)


def measure(rounds: int, counts: Sequence[int], jobs: Sequence[int], compiled: str | None) -> dict[str, object]:
    """Every figure of the report."""
    found: dict[str, object] = {"machine": f"{platform.machine()}, {platform.python_build()}, Python {platform.python_version()}"}
    corpora = texts()
    for what, articles in corpora.items():
        raws = [article.raw for article in articles]
        chars = sum(map(len, raws))
        extract(articles[0])  # vocabulary is read and compiled once, at the first use
        work = {
            "normalise alone": lambda raws=raws: [normalize(raw) for raw in raws],
            "one regex for numbers": lambda raws=raws: [sum(1 for _ in NUMBER.finditer(raw)) for raw in raws],
        }
        took = {name: best(one, rounds) for name, one in work.items()} | others(raws, rounds)
        with tempfile.NamedTemporaryFile(suffix=".arrow") as file:
            file.write(to_bytes(pack(articles)))
            file.flush()
            pythons = {"extract": sys.executable} | ({"extract, compiled": compiled} if compiled else {})
            for name, python in pythons.items():
                env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
                env |= {"PYTHONPATH": str(ROOT)} if python == sys.executable else {}
                command = [python, "-c", SPEED, file.name, str(rounds)]
                took[name] = chars / 1000 / float(subprocess.check_output(command, text=True, env=env, cwd=tempfile.gettempdir()))
        for name, seconds in took.items():
            found[f"{what} ({len(raws)}, {chars} characters): {name}, thousand characters/s"] = round(chars / seconds / 1000)
        found[f"{what}: extract / one regex for numbers"] = round(took["one regex for numbers"] / took["extract"], 4)
    bare = fresh("pass", 2 * rounds + 1)
    for what, code in (
        ("import covid_timeline", "import covid_timeline"),
        ("first extract", "import covid_timeline as ct; ct.extract('2月3日，聊城市新增确诊病例2例。', published='2020-02-04')"),
        ("--help", "import sys; sys.argv = ['x', '--help']; from covid_timeline.cli import main; main()"),
    ):
        found[f"{what} over bare python, processor ms"] = round(1000 * (fresh(code, 2 * rounds + 1) - bare), 1)
    with tempfile.TemporaryDirectory() as folder:
        build(read_folder(ROOT / "data" / "raw"), folder)
        loads = [load_times(folder) for _ in range(rounds)]
        found["load_events, first in a process, ms"] = round(1000 * statistics.median(first for first, _ in loads), 1)
        found["load_events, again, ms"] = round(1000 * statistics.median(again for _, again in loads), 1)
        alone = fresh(f"import pyarrow.parquet as pq; pq.ParquetFile({folder + '/events.parquet'!r}).read().to_pandas()", rounds)
        found["the same file with pyarrow alone, processor ms"] = round(1000 * (alone - bare), 1)
        checked = fresh(f"from covid_timeline.tables.validate import validate; validate({folder!r})", rounds)
        found["validate, processor ms"] = round(1000 * (checked - bare), 1)
    return found | builds(corpora.get("bulletins") or corpora["articles"], counts, jobs)


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
    parser.add_argument("--documents", type=int, nargs="*", default=[1600, 100_000], help="sizes of the builds")
    parser.add_argument("--jobs", type=int, nargs="*", default=[1, 2], help="processes of the builds")
    parser.add_argument("--compiled", metavar="PYTHON", help="of an environment with the compiled wheel")
    arguments = parser.parse_args(argv)
    figures = measure(arguments.rounds, arguments.documents, arguments.jobs, arguments.compiled)
    if arguments.json:
        print(json.dumps(figures, ensure_ascii=False))
        return
    width = max(map(len, figures))
    for name, value in figures.items():
        print(f"{name:{width}}  {value}")


if __name__ == "__main__":
    main()
