"""One's own text: what `import covid_timeline as ct` offers beside the published tables.

The scanners (`find_*`, `extract`, `explain`) take any string and never raise for what is in it; the strict parsers
(`parse_*`) take one date or one figure and raise a `ValueError` that quotes the input with the fault in 【】. Every span
counts code points of the string as given, and `text[start:end] == quote`.
"""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from covid_timeline import display
from covid_timeline.mentions import places, quantities, resolve
from covid_timeline.model import (
    Article,
    DateMention,
    DateRow,
    EventRow,
    MetricRow,
    Place,
    Quantity,
    Refused,
    RejectedRow,
)
from covid_timeline.reading.explain import Explanation, RowExplanation, explain_published, explain_reading
from covid_timeline.reading.extract import extract as extract_facts
from covid_timeline.reading.extract import read as read_facts
from covid_timeline.reading.extract import rows_of
from covid_timeline.sources.header import ArticleError, infer_anchor, read_article
from covid_timeline.text.normalize import NormalizedText, normalize

if TYPE_CHECKING:
    import pandas as pd

Day = str | dt.date


class AssumedDateWarning(UserWarning):
    """No day of publication is known, and figures without a date of their own were given an assumed day."""


class FoundDate(NamedTuple):
    """One date expression of a text, resolved."""

    char_start: int
    char_end: int
    quote: str
    date_start: dt.date
    date_end: dt.date
    time_start: str | None  # HH:MM; 24:00 is the end of the day
    time_end: str | None
    precision: str
    basis: str
    rule: str


class FoundQuantity(NamedTuple):
    """One figure of a text: an exact value, in the unit named."""

    char_start: int
    char_end: int
    quote: str
    value: Decimal
    value_high: Decimal | None  # upper end of a stated range
    unit: str
    qualifier: str
    rule: str


class FoundPlace(NamedTuple):
    """One place named in a text; `region_code` is None abroad."""

    char_start: int
    char_end: int
    quote: str
    region_name: str
    region_code: str | None
    region_level: str
    kind: str  # named, home, institution
    rule: str


class Extraction(NamedTuple):
    """The facts of one text; the rows are those of the published tables."""

    article: Article
    dates: list[DateRow]
    events: list[EventRow]
    metrics: list[MetricRow]
    rejected: list[RejectedRow]

    def to_frame(self, kind: str = "metrics") -> pd.DataFrame:
        """One of `dates`, `events`, `metrics`, `rejected` as a pandas frame, with the columns of the published table.

        Raises:
            ValueError: `kind` is none of these.
        """
        if kind not in ("dates", "events", "metrics", "rejected"):
            raise ValueError(f"kind is dates, events, metrics or rejected, not {kind!r}")
        from covid_timeline.tables.build import to_table
        from covid_timeline.tables.frames import to_frame

        return to_frame(to_table(kind, getattr(self, kind)))

    def __repr__(self) -> str:
        return display.extraction_text(self)

    def _repr_html_(self) -> str:
        return display.extraction_html(self)


def extract(text: str, published: Day | None = None, region: str | None = None) -> Extraction:
    """Everything that a text states: dates, events, metrics, and what no rule claimed.

    Args:
        text: any string, in Simplified or Traditional script.
        published: day or time of publication, which dates without a year are resolved against; read from the text
            where None (header, dateline, latest full date).
        region: home region by name or code, the 我市 of the text; read from the text where None.

    Warns:
        AssumedDateWarning: nothing says when the text was published, and figures were given an assumed day.

    Raises:
        TypeError: an argument is of another type than it names: a text that is a number, a missing cell, bytes.
        ValueError: `published` is no date, or `region` no known place.

    >>> found = extract("2月3日0—24时，聊城市新增确诊病例2例。", published="2020-02-04")
    >>> [(m.value, m.unit, m.indicator, str(m.date_end), m.region_code) for m in found.metrics]
    [(2.0, 'case', 'confirmed_new', '2020-02-03', '371500')]
    """
    facts = extract_facts(_article(text, published, region))
    if facts.article.anchor_basis != "published" and any(row.date_basis == "assumed" for row in facts.metrics):
        warnings.warn(
            "the text does not say when it was published, so the days of some figures are assumed: "
            "give published=, or look at date_basis",
            AssumedDateWarning,
            stacklevel=2,
        )
    return Extraction(facts.article, facts.dates, facts.events, facts.metrics, facts.rejected)


def find_dates(text: str, anchor: Day | None = None) -> list[FoundDate]:
    """The date expressions of a text, in order.

    Args:
        text: any string.
        anchor: the day that relative and year-less expressions are resolved against; where None, the latest full date
            in the text, else the middle of the period that the project covers (2020-03-01). The clock is never read.

    Raises:
        ValueError: `anchor` is no date.

    >>> [(d.quote, str(d.date_start)) for d in find_dates("1月25日，大年初一", anchor="2020-03-05")]
    [('1月25日', '2020-01-25'), ('大年初一', '2020-01-25')]
    """
    norm = _normal(text)
    return [
        _found_date(text, norm, mention) for mention in resolve.read_dates(norm.text, _anchor(norm, anchor))[0]
    ]


def find_quantities(text: str) -> list[FoundQuantity]:
    """The figures of a text, in order; dates, names with numbers and the like are none.

    >>> [(q.quote, str(q.value), q.unit, q.qualifier) for q in find_quantities("2月5日，投入500多亿元，近400家次")]
    [('500多亿元', '50000000000', 'CNY', 'more_than'), ('近400家次', '400', 'time', 'nearly')]
    """
    norm = _normal(text)
    found, _ = quantities.find_quantities(norm.text, _taken(norm.text, _anchor(norm, None), None))
    return [_found_quantity(text, norm, quantity) for quantity in found]


def find_places(text: str, home: str | None = None) -> list[FoundPlace]:
    """The places that a text names, in order.

    Args:
        text: any string.
        home: name or code of the region whose text it is: settles 我市, 全区, and names that several places share.

    Raises:
        ValueError: `home` is no known place.

    >>> [(p.quote, p.region_name, p.region_code) for p in find_places("聊城市阳谷县，武汉")]
    [('聊城市阳谷县', '阳谷县', '371521'), ('武汉', '武汉市', '420100')]
    """
    norm = _normal(text)
    _check_type("home", home, (str, type(None)), _PLACE)
    code = places.gazetteer().resolve(home) if home is not None else None
    found = []
    for place in places.find_places(norm.text, code):
        start, end = norm.raw_span(place.start, place.end)
        found.append(
            FoundPlace(
                start, end, text[start:end], place.name, place.code, place.level, place.kind, place.rule
            )
        )
    return found


def parse_date(text: str, anchor: Day | None = None) -> FoundDate:
    """The one date that `text` is, from its first character to its last.

    Args:
        text: a date expression: 2020年1月25日, 1月25日, 大年初一, 2月3日0—24时.
        anchor: the day that it is resolved against; only an expression that states its year needs none.

    Raises:
        ValueError: `text` is no date, more than one, has something beside it, or needs an anchor; the message quotes
            it with the fault in 【】.

    >>> str(parse_date("1月25日", anchor="2020-03-05").date_start)
    '2020-01-25'
    >>> parse_date("2020年2月30日")
    Traceback (most recent call last):
    ...
    ValueError: impossible date: 【2020年2月30日】
    """
    norm = _normal(text)
    lead = len(norm.text) - len(norm.text.lstrip())
    try:
        one = resolve.parse_date(norm.text, None if anchor is None else _anchor(norm, anchor))
    except ValueError as error:
        raise _as_given(error, norm) from None
    return _found_date(text, norm, one._replace(start=one.start + lead, end=one.end + lead))


def parse_quantity(text: str) -> FoundQuantity:
    """The one figure that `text` is, from its first character to its last: number, unit and hedges.

    Raises:
        ValueError: `text` is no figure, more than one, or has something beside it; the message quotes it with the fault
            in 【】.

    >>> quantity = parse_quantity("506.8亿元")
    >>> str(quantity.value), quantity.unit, quantity.qualifier
    ('50680000000', 'CNY', 'exact')
    """
    norm = _normal(text)
    try:
        return _found_quantity(text, norm, quantities.parse_quantity(norm.text))
    except ValueError as error:
        raise _as_given(error, norm) from None


def explain(text: str, published: Day | None = None, region: str | None = None) -> Explanation:
    """What each rule saw in a text, and for every row why it says what it says.

    Returns:
        An object to print or to show in a notebook: the mentions (dates, places, figures, cues) and, for every row, each
        slot with the candidate chosen, its relation to the figure, its rule, and the best candidate not chosen.

    Raises:
        ValueError: as for `extract`.

    >>> print(explain("2月3日，聊城市新增2例。", published="2020-02-04", region="聊城").rows[0].slots[1].rule)
    mode.new
    """
    reading = read_facts(_article(text, published, region))
    return explain_reading(reading, rows_of(reading))


def why(row_id: str, texts: Path | str | Iterable[Article | Refused] | None = None) -> RowExplanation:
    """Why a published row says what it says: the slots of one figure or event, read again from its article.

    Args:
        row_id: an event_id or a metric_id.
        texts: where the article is: a folder of texts, or what a source yields. Where None, data/raw of the checkout,
            else what `covid-timeline fetch` has brought; without either, the explanation is what the published row
            says of itself, and `remarks` tell where its document is.

    Raises:
        ValueError: the id has no document in it, no published row has it, or the document is not among the texts given.
        KeyError: the document has no such row today.
    """
    _check_type("row_id", row_id, str, "a str")
    doc_id, _, mark = row_id.rpartition(":")
    if not doc_id or not mark[:1].isalpha():
        raise ValueError(f"{row_id!r} is no id of a row; ids look like liaocheng:m210 or liaocheng:e93")
    published = texts is None
    if texts is None:
        folder = Path(__file__).parent.parent / "data" / "raw"
        texts = folder if folder.is_dir() else ()
    if isinstance(texts, str | Path):
        if not Path(texts).is_dir():
            raise ValueError(f"{texts}: no such folder; say where the texts are")
        from covid_timeline.sources.folder import read_folder

        texts = read_folder(Path(texts))
    article = next((one for one in texts if isinstance(one, Article) and one.doc_id == doc_id), None)
    if article is None and published:
        from covid_timeline.dataset import Dataset
        from covid_timeline.loaders import published_row
        from covid_timeline.sources.national import fetched_article

        _, row, document = published_row(row_id, Dataset())
        article = fetched_article(doc_id, document["sha256"])
        if article is None:
            return explain_published(row, document)
    if article is None:
        raise ValueError(f"the document {doc_id!r} is not among the texts")
    reading = read_facts(article)
    return explain_reading(reading, rows_of(reading)).row(row_id)


# --- helpers ------------------------------------------------------------------------------------------------------------


_DAY, _PLACE = "a date, or a str as 2020-01-25", "the name or code of a place, a str"


def _check_type(name: str, value: object, kinds: type | tuple[type, ...], said: str) -> None:
    if not isinstance(value, kinds):
        raise TypeError(f"{name} is {said}, not {type(value).__name__}: {value!r:.60}")


def _normal(text: str) -> NormalizedText:
    _check_type("text", text, str, "a str")
    return normalize(text)


def _article(text: str, published: Day | None, region: str | None) -> Article:
    _check_type("text", text, str, "a str")
    _check_type("published", published, (str, dt.date, type(None)), _DAY)
    _check_type("region", region, (str, type(None)), _PLACE)
    try:
        return read_article(text, doc_id="text", published=published, region=region)
    except ArticleError:
        # An empty text, or a header with an impossible date, is no article; as somebody's text it is still read.
        if published is not None and text.strip():
            raise
    stand_in = read_article(
        text if text.strip() else "。",
        doc_id="text",
        title="",
        published=published or infer_anchor(text),
        region=region,
    )
    if published is not None:
        return stand_in._replace(raw=text)
    return stand_in._replace(raw=text, published_at=None, anchor_basis="inferred", published_basis="none")


def _anchor(norm: NormalizedText, anchor: Day | None) -> dt.date:
    _check_type("anchor", anchor, (str, dt.date, type(None)), _DAY)
    if anchor is None:
        return infer_anchor(norm.text)
    if isinstance(anchor, dt.datetime):
        return anchor.date()
    if isinstance(anchor, dt.date):
        return anchor
    try:
        return dt.datetime.fromisoformat(anchor).date()
    except ValueError:
        raise ValueError(f"anchor {anchor!r} is not a date; write it as 2020-01-25") from None


def _as_given(error: ValueError, norm: NormalizedText) -> ValueError:
    """The error of a strict parser; where the text was changed before parsing, with the text as it was given too."""
    return error if norm.text == norm.raw else ValueError(f"{error} (read from {norm.raw!r})")


def _taken(text: str, anchor: dt.date, home: str | None) -> list[tuple[int, int]]:
    """Spans of dates and places, sorted: numerals in them are no figures."""
    found: list[DateMention | Place] = [*resolve.read_dates(text, anchor)[0], *places.find_places(text, home)]
    return sorted((mention.start, mention.end) for mention in found)


def _found_date(text: str, norm: NormalizedText, date: DateMention) -> FoundDate:
    start, end = norm.raw_span(date.start, date.end)
    return FoundDate(
        start,
        end,
        text[start:end],
        date.date_start,
        date.date_end,
        date.time_start,
        date.time_end,
        date.precision,
        date.basis,
        date.rule,
    )


def _found_quantity(text: str, norm: NormalizedText, quantity: Quantity) -> FoundQuantity:
    start, end = norm.raw_span(quantity.start, quantity.end)
    return FoundQuantity(
        start,
        end,
        text[start:end],
        quantity.value,
        quantity.value_high,
        quantity.unit,
        quantity.qualifier,
        quantity.rule,
    )
