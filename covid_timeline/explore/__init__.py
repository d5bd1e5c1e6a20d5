"""A page to look through tables in a browser, from a place to the sentence: `write_page`.

The page is static, works from a folder without server or network, and loads the data of a place when it is chosen.
"""

from __future__ import annotations

from covid_timeline.explore.page import Page, write_page

__all__ = ["Page", "write_page"]
