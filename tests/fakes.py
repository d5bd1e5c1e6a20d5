"""Articles and a small extractor for tests of what comes after extraction."""

from __future__ import annotations

import datetime as dt
import hashlib
import re

from covid_timeline.mentions.places import gazetteer
from covid_timeline.model import Article, DateRow, EventRow, Facts, MetricRow, RejectedRow

TEXT = "聊城市通报\n2月3日0—24时，聊城市新增确诊病例2例，累计确诊15例。\n另有某物7个。"


def article(
    doc_id: str, raw: str = TEXT, *, may_republish: bool = True, region: str = "371500", day: int = 4
) -> Article:
    published = dt.datetime(2020, 2, day, 9, 30)  # noqa: DTZ001  Shanghai local time without a zone
    return Article(
        doc_id=doc_id,
        raw=raw,
        title=raw.partition("\n")[0],
        source="聊城日报",
        published_at=published,
        anchor_date=published.date(),
        anchor_basis="published",
        region_code=region,
        url=f"https://example.org/{doc_id}",
        sha256=hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest(),
        title_basis="first_line",
        published_basis="sidecar",
        region_basis="sidecar",
        licence=None,
        may_republish=may_republish,
    )


def extract(one: Article) -> Facts:
    """`2月3日…` heads an event; each `N例` is a figure of it; `N个` is rejected."""
    raw, doc = one.raw, one.doc_id
    if "BOOM" in raw:
        raise RuntimeError("boom")
    date = re.search(r"(\d+)月(\d+)日", raw)
    if date is None:
        return Facts(one, "hans", [], [], [], [])
    day = dt.date(2020, int(date[1]), int(date[2]))
    end = raw.find("。", date.end()) + 1 or len(raw)
    clause = raw[date.start() : end]
    event_id = f"{doc}:e{date.start()}"
    region = gazetteer().get(one.region_code or "")
    place = (one.region_code, region.name if region else None, region.level if region else None, "home")
    metrics = []
    for figure in re.finditer(r"(\d+)例", raw):
        new = "新增" in raw[max(0, figure.start() - 6) : figure.start()]
        metrics.append(
            MetricRow(
                f"{doc}:m{figure.start()}", doc, event_id, float(figure[1]), None, "case", "exact", figure[0],
                figure.start(), figure.end(), "reported", "confirmed_new" if new else "confirmed_cumulative", "stated",
                "确诊病例", None, None, day if new else None, day, None, "24:00", "inferred_year", date.start(), date.end(),
                *place, None, None, clause, date.start(), end, False, "fake.case", "subject=own:fake.case",
            )
        )  # fmt: skip
    dates = [
        DateRow(
            doc, date.start(), date.end(), date[0], day, day, None, None, "day", "inferred_year", "fake.date"
        )
    ]
    events = [
        EventRow(
            event_id, doc, day, day, None, "day", "inferred_year", date[0], date.start(), date.end(), *place,
            "reported", "case_report", clause, "聊城市: 新增2例", "Liaocheng: 2 new cases", clause, date.start(), end,
            len(metrics), "fake.event", "category=own:fake.event",
        )
    ]  # fmt: skip
    rejected = [
        RejectedRow(doc, m.start(), m.end(), m[0], "no such unit") for m in re.finditer(r"\d+个", raw)
    ]
    return Facts(one, "hans", dates, events, metrics, rejected)
