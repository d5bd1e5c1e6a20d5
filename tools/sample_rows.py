"""Random rows of city_by_date with their sentences, to be read by hand: sample_rows.py CORPORA OUT.csv [N] [SEED].

CORPORA is a folder that `build --from national` takes; OUT lies outside the project, for it holds sentences of texts
that may not be republished. The columns `right` and `cause` are for the reader: y or n, and why not.
"""

from __future__ import annotations

import csv
import random
import sys
import warnings
from pathlib import Path

import covid_timeline as ct
from covid_timeline.model import Article
from covid_timeline.sources.folder import read_folder
from covid_timeline.sources.national import read_national

COLUMNS = (
    "metric_id", "region_code", "region_name", "date", "indicator", "value", "unit", "qualifier", "as_of_time",
    "chosen_by", "collection", "published_at", "title", "sentence", "before", "right", "cause",
)  # fmt: skip
PROJECT = Path(__file__).resolve().parent.parent


def main(corpora: str, out: str, n: int = 300, seed: int = 20200206) -> None:
    warnings.simplefilter("ignore")
    if Path(out).resolve().is_relative_to(PROJECT):
        sys.exit(f"{out} lies inside the project: sentences do not go there")
    sources = [*read_national(corpora), *read_folder(PROJECT / "data" / "raw")]
    texts = {one.doc_id: one for one in sources if isinstance(one, Article)}
    rows = ct.load_city_by_date(backend="arrow").to_pylist()
    metrics = {row["metric_id"]: row for row in ct.load_metrics(backend="arrow").to_pylist()}
    with open(out, "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
        writer.writeheader()
        for row in random.Random(seed).sample(rows, min(n, len(rows))):
            metric = metrics[row["metric_id"]]
            article = texts.get(metric["doc_id"])
            told = {}
            if article is not None:
                raw, (first, last) = article.raw, (metric["value_char_start"], metric["value_char_end"])
                start, end = min(metric["char_start"], first), max(metric["char_end"], last)
                told = {
                    "title": article.title,
                    "published_at": article.published_at,
                    "sentence": f"{raw[start:first]}【{raw[first:last]}】{raw[last:end]}",
                    "before": raw[max(0, start - 300) : start],
                }
            writer.writerow(row | told)
    print(f"{out}: {min(n, len(rows))} of {len(rows)} rows, seed {seed}")


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:]))
