"""Plots of the tables, as Altair charts: `plot_cases`, `plot_timeline`, `plot_coverage`, `plot_map`, and `save` for files.

They need the extra `plot`: altair, and vl-convert-python for PNG and SVG without a browser.
"""

from __future__ import annotations

from covid_timeline.plots.cases import plot_cases
from covid_timeline.plots.coverage import plot_coverage
from covid_timeline.plots.map import plot_map
from covid_timeline.plots.style import MissingFontWarning, save
from covid_timeline.plots.timeline import plot_timeline

__all__ = ["MissingFontWarning", "plot_cases", "plot_coverage", "plot_map", "plot_timeline", "save"]
