"""Articles made of a sentence, for tests of the reading stage."""

from __future__ import annotations

import datetime as dt
import hashlib

from covid_timeline.model import Article


def bulletin(
    raw: str, *, published: str = "2020-02-04 18:00", region: str | None = "371500", region_basis: str = "sidecar"
) -> Article:
    """A text of one place and day."""
    moment = dt.datetime.fromisoformat(published)
    return Article(
        doc_id="text", raw=raw, title=raw.partition("\n")[0], source=None, published_at=moment, anchor_date=moment.date(),
        anchor_basis="published", region_code=region, url=None, sha256=hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest(),
        title_basis="first_line", published_basis="sidecar", region_basis=region_basis, licence=None, may_republish=True,
    )  # fmt: skip
