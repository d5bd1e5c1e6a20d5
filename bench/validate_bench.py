"""How long validation takes, and how much memory: a million metric rows made here, on one core.

    python bench/validate_bench.py [--rows 1000000] [--texts] [--keep DIR]

Writes the tables to a folder in one process and validates them in another, so that the peak is that of validation
alone. Goal: at most 10 seconds and 1.5 GB. `--texts` also hands over the raw texts, so that every quote is compared.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

CITIES = [
    ("371500", "聊城市"), ("370100", "济南市"), ("370200", "青岛市"), ("411400", "商丘市"), ("410100", "郑州市"),
    ("510100", "成都市"), ("420100", "武汉市"), ("430100", "长沙市"), ("330100", "杭州市"), ("440100", "广州市"),
]  # fmt: skip
FIGURES_PER_DOCUMENT = 20


def make(folder: Path, rows: int) -> None:
    """Write documents, dates, events, metrics, regions and texts.jsonl; nothing in them is damaged."""
    import json

    import pyarrow as pa
    import pyarrow.parquet as pq

    from covid_timeline.tables.schema import TABLES, arrow_schema
    from tests.world import template

    schemas = {name: arrow_schema(name) for name in TABLES}
    # Columns that no figure changes are made once for a document and repeated.
    templates = {name: template(table) for name, table in TABLES.items()}
    writers = {
        name: pq.ParquetWriter(folder / f"{name}.parquet", schemas[name], compression="zstd")
        for name in TABLES
    }
    batch: dict[str, list[dict[str, object]]] = {name: [] for name in TABLES}

    def flush() -> None:
        for name, made in batch.items():
            if made:
                writers[name].write_table(pa.Table.from_pylist(made, schema=schemas[name]))
                made.clear()

    def put(table: str, /, **values: object) -> None:
        batch[table].append(templates[table] | values)

    put("regions", region_code="100000", name="中国", short_name="中国", level="country")
    for code, name in CITIES:
        put(
            "regions",
            region_code=code,
            name=name,
            short_name=name[:-1],
            level="prefecture",
            parent_code="100000",
        )
    documents = rows // FIGURES_PER_DOCUMENT
    with (folder / "texts.jsonl").open("w", encoding="utf-8") as texts:
        for n in range(documents):
            doc = f"doc-{n:06}"
            code, city = CITIES[n % len(CITIES)]
            # Time passes within a city, so that its series rise.
            step = n // len(CITIES)
            day = dt.date(2020, 1, 20) + dt.timedelta(days=step * 80 // max(1, documents // len(CITIES)))
            clock = f"{day.month}月{day.day}日24时"
            text = f"{city}发布 截至{clock}"
            placed = {
                "region_code": code,
                "region_name": city,
                "region_level": "prefecture",
                "region_basis": "named",
            }
            dated = {"date_start": day, "date_end": day}
            start = text.index(clock)
            event = f"{doc}:e{start}"
            put(
                "dates",
                doc_id=doc,
                char_start=start,
                char_end=start + len(clock),
                quote=clock,
                precision="hour",
                basis="inferred_year",
                **dated,
            )
            put(
                "events", event_id=event, doc_id=doc, date_quote=clock, date_char_start=start, date_char_end=start + len(clock),
                category="case_report", summary=text, quote=text, char_start=0, char_end=len(text), precision="hour",
                basis="inferred_year", n_metrics=FIGURES_PER_DOCUMENT, **placed, **dated,
            )  # fmt: skip
            # Every document of a city and day says the same, and each day is three cases above the one before.
            confirmed, whole = 100 + (day - dt.date(2020, 1, 20)).days * 3, ""
            for k in range(FIGURES_PER_DOCUMENT):
                value: float
                match k % 5:
                    case 0:
                        value, quoted, indicator, unit, noun = (
                            confirmed,
                            f"{confirmed}例",
                            "confirmed_cumulative",
                            "case",
                            "累计报告新型冠状病毒肺炎确诊病例",
                        )
                    case 1:
                        value, quoted, indicator, unit, noun = (
                            confirmed // 2,
                            f"{confirmed // 2}例",
                            "recovered_cumulative",
                            "case",
                            "累计治愈出院",
                        )
                    case 2:  # a breakdown: the first of these is the whole, the other three its parts
                        value = 3 if k == 2 else 1
                        quoted, indicator, unit, noun = f"{value}例", "confirmed_new", "case", "新增确诊病例"
                    case 3:
                        value, quoted, indicator, unit, noun = (
                            50.0 + n % 50 + 0.5,
                            f"{50 + n % 50}.5%",
                            "other",
                            "percent",
                            "同比增长",
                        )
                    case _:
                        value, quoted, indicator, unit, noun = (
                            (n % 500 + 1) * 1e8,
                            f"{n % 500 + 1}亿元",
                            "loans_issued",
                            "CNY",
                            "发放贷款",
                        )
                part = k % 5 == 2 and k > 2
                other = CITIES[(n + k) % len(CITIES)] if part else (code, city)
                clause = f"{other[1]}{noun}{quoted}"
                text += "，"
                at = len(text)
                text += clause
                begin = at + len(clause) - len(quoted)
                put(
                    "metrics", metric_id=f"{doc}:m{begin}", doc_id=doc, part_of=whole if part else None, event_id=event, value=float(value), unit=unit,
                    qualifier="exact", value_quote=quoted, value_char_start=begin, value_char_end=at + len(clause),
                    indicator=indicator, measure=noun, date_start=None if "cumulative" in indicator else day, date_end=day,
                    date_basis="inferred_year", quote=clause, char_start=at, char_end=at + len(clause),
                    **(placed | {"region_code": other[0], "region_name": other[1]}),
                )  # fmt: skip
                if k == 2:
                    whole = f"{doc}:m{begin}"
            put(
                "documents", doc_id=doc, title=f"{city}第{step}号通报", sha256="0" * 64, n_chars=len(text), anchor_date=day,
                anchor_basis="inferred", n_dates=1, n_events=1, n_metrics=FIGURES_PER_DOCUMENT, may_republish=True,
            )  # fmt: skip
            texts.write(json.dumps({"doc_id": doc, "text": text}, ensure_ascii=False) + "\n")
            if n % 3000 == 2999:
                flush()
    flush()
    for name, writer in writers.items():
        if name in ("city_by_date", "city_intraday", "coverage", "rejected"):  # nothing in them here
            writer.close()
            (folder / f"{name}.parquet").unlink()
        else:
            writer.close()


def check(folder: Path, texts: bool) -> int:
    """Validate on one core and print what it took."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    import pyarrow as pa

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    from covid_timeline.checks.files import validate

    report = validate(folder, texts=folder / "texts.jsonl" if texts else {})
    print(str(report).splitlines()[0])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(
        f"{report.rows['metrics']:,} metrics: {report.seconds:.2f} s, peak {peak:.2f} GB, texts {'compared' if texts else 'absent'}"
    )
    for failure in report.failures:
        print(failure)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--texts", action="store_true")
    parser.add_argument("--keep", type=Path, help="make the tables here, or use those that are here already")
    parser.add_argument("--check", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.check:
        return check(args.check, args.texts)
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "metrics.parquet").exists():
            make(folder, args.rows)
        command = [sys.executable, __file__, "--check", str(folder), *(["--texts"] if args.texts else [])]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
