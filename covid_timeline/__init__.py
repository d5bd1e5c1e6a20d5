"""How Chinese cities met COVID-19 in early 2020: dated, placed, typed facts, each with the characters it was read from.

>>> import covid_timeline as ct
>>> found = ct.extract("2月28日,聊城市65个项目集中签约,总投资506.8亿元。", published="2020-03-05")
>>> [(metric.value, metric.unit) for metric in found.metrics if metric.value_quote == "506.8亿元"]
[(50680000000.0, 'CNY')]

Published tables: `list_tables` names them, `load` takes one by its name, or `load_events`, `load_metrics`, `load_dates`,
`load_documents`, `load_regions`, `load_city_by_date`, `load_city_intraday`, `load_coverage`, `load_rejected`; `quote` gives
the sentence behind a row; `snapshot` one version of them while builds go on. One's own text: `extract`,
`find_dates`, `find_quantities`, `find_places`, the strict `parse_date` and `parse_quantity`, and `explain`. One's own articles: `build`,
and `extract_batch` for Arrow batches of them, in whatever engine moves these.
To look at: `plot_cases`, `plot_timeline`, `plot_coverage`, `plot_map`, and `write_page` for a page to explore the tables.

Nothing heavy is imported until one of these is used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from covid_timeline.api import (
        AssumedDateWarning,
        Extraction,
        explain,
        extract,
        find_dates,
        find_places,
        find_quantities,
        parse_date,
        parse_quantity,
        why,
    )
    from covid_timeline.batches import extract_batch
    from covid_timeline.explore import write_page
    from covid_timeline.loaders import (
        DefinitionBreakWarning,
        EmptyResultWarning,
        Quote,
        list_tables,
        load,
        load_city_by_date,
        load_city_intraday,
        load_coverage,
        load_dates,
        load_documents,
        load_events,
        load_metrics,
        load_regions,
        load_rejected,
        quote,
    )
    from covid_timeline.pipeline import build
    from covid_timeline.plots import plot_cases, plot_coverage, plot_map, plot_timeline
    from covid_timeline.tables.manifest import snapshot
    from covid_timeline.tables.schema import SCHEMA_VERSION

__version__ = "0.1.0"

__all__ = [
    "SCHEMA_VERSION",
    "AssumedDateWarning",
    "DefinitionBreakWarning",
    "EmptyResultWarning",
    "Extraction",
    "Quote",
    "__version__",
    "build",
    "explain",
    "extract",
    "extract_batch",
    "find_dates",
    "find_places",
    "find_quantities",
    "list_tables",
    "load",
    "load_city_by_date",
    "load_city_intraday",
    "load_coverage",
    "load_dates",
    "load_documents",
    "load_events",
    "load_metrics",
    "load_regions",
    "load_rejected",
    "parse_date",
    "parse_quantity",
    "plot_cases",
    "plot_coverage",
    "plot_map",
    "plot_timeline",
    "quote",
    "snapshot",
    "why",
    "write_page",
]

_HOMES = {
    "SCHEMA_VERSION": "tables.schema",
    "DefinitionBreakWarning": "loaders",
    "EmptyResultWarning": "loaders",
    "Extraction": "api",
    "Quote": "loaders",
    "build": "pipeline",
    "explain": "api",
    "why": "api",
    "AssumedDateWarning": "api",
    "extract": "api",
    "extract_batch": "batches",
    "find_dates": "api",
    "find_places": "api",
    "find_quantities": "api",
    "list_tables": "loaders",
    "load": "loaders",
    "load_city_by_date": "loaders",
    "load_city_intraday": "loaders",
    "load_coverage": "loaders",
    "load_dates": "loaders",
    "load_documents": "loaders",
    "load_events": "loaders",
    "load_metrics": "loaders",
    "load_regions": "loaders",
    "load_rejected": "loaders",
    "parse_date": "api",
    "parse_quantity": "api",
    "plot_cases": "plots",
    "plot_coverage": "plots",
    "plot_map": "plots",
    "plot_timeline": "plots",
    "quote": "loaders",
    "snapshot": "tables.manifest",
    "write_page": "explore",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
