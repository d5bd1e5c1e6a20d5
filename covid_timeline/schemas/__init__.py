"""The tables as pandera models, for your own pandas code and tests.

    import covid_timeline as ct
    from covid_timeline.schemas import Metrics

    Metrics.validate(ct.load_metrics("聊城"), lazy=True)     # raises pandera.errors.SchemaErrors, with failure_cases
    Metrics.example(size=3)                                  # three published rows
    Metrics.to_yaml()                                        # columns, types, words, forms, bounds

`@pa.check_types` takes them as annotations (`DataFrame[Metrics]`). A model holds the columns in their order, the key,
and every rule by which a row can be judged alone; what takes other tables or the raw texts is `covid-timeline
validate`. `validate` also takes Polars and Arrow tables. pandera is imported with the first model that is asked for.

>>> sorted(MODEL_NAMES.values())[:3]
['city_by_date', 'city_intraday', 'coverage']
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

__all__ = [
    "MODEL_NAMES", "CityByDate", "CityIntraday", "Coverage", "Dates", "Documents", "Events", "Metrics", "Regions", "Rejected",
    "model", "validate",
]  # fmt: skip

MODEL_NAMES = {
    "Documents": "documents", "Dates": "dates", "Events": "events", "Metrics": "metrics", "CityByDate": "city_by_date",
    "CityIntraday": "city_intraday", "Coverage": "coverage", "Regions": "regions", "Rejected": "rejected",
}  # fmt: skip
"""The table of each model."""

_Frame = TypeVar("_Frame")

if TYPE_CHECKING:
    from pandera.pandas import DataFrameModel

    class Documents(DataFrameModel): ...

    class Dates(DataFrameModel): ...

    class Events(DataFrameModel): ...

    class Metrics(DataFrameModel): ...

    class CityByDate(DataFrameModel): ...

    class CityIntraday(DataFrameModel): ...

    class Coverage(DataFrameModel): ...

    class Regions(DataFrameModel): ...

    class Rejected(DataFrameModel): ...


def __getattr__(name: str) -> Any:
    if name in MODEL_NAMES:
        return model(MODEL_NAMES[name])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; there are {', '.join(MODEL_NAMES)}")


def model(table: str) -> Any:
    """The model of a table by the table's name: `model("metrics")` is `Metrics`.

    Raises:
        KeyError: there is no such table.
        ImportError: pandera cannot be imported.
    """
    from covid_timeline.checks import rules
    from covid_timeline.checks.models import model as made

    del rules  # it registers what the models hold
    return made(table)


def validate(frame: _Frame, table: str, *, lazy: bool = True) -> _Frame:
    """Check a table against its model, from whatever library it comes.

    Args:
        frame: a pandas, Polars or Arrow table.
        table: its name in docs/data-dictionary.md: `metrics`.
        lazy: whether all failures are gathered, or the first is raised.

    Returns:
        The frame as it was given.

    Raises:
        pandera.errors.SchemaErrors: rows or columns do not keep the model (`SchemaError` where not `lazy`).
        KeyError: there is no such table.
        ValueError: `frame` is no table.
    """
    checks = model(table)
    from covid_timeline.checks.run import to_frame

    checks.validate(to_frame(table, frame), lazy=lazy)
    return frame
