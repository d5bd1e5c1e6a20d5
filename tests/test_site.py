"""The documentation site, where `make site` has built it: nothing from elsewhere, its search, every page in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tools

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "build" / "site"
PAGES = sorted(page.relative_to(SITE).as_posix() for page in SITE.rglob("*.html") if not {"_modules", "_static"} & set(page.parts))

pytestmark = pytest.mark.skipif(not PAGES, reason="no build/site: run `make site` first")

LOADED = re.compile(r"<(?:script|img|iframe|source|video|audio)\b[^>]*\bsrc=[\"']([^\"']+)|<link\b[^>]*\bhref=[\"']([^\"']+)")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_loads_nothing_from_elsewhere(page: str) -> None:
    for found in LOADED.findall((SITE / page).read_text(encoding="utf-8")):
        target = "".join(found)
        assert not re.match(r"(https?:)?//", target), target
        if not target.startswith(("data:", "#")):
            assert (SITE / page).parent.joinpath(target.split("?")[0].split("#")[0]).exists(), target


def test_styles_load_nothing_from_elsewhere() -> None:
    for style in SITE.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", style.read_text(encoding="utf-8")), style.name


def test_every_page_of_docs_is_in_it() -> None:
    written = {page.relative_to(ROOT / "docs").with_suffix(".html").as_posix() for page in (ROOT / "docs").rglob("*.md")}
    assert written <= set(PAGES)


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    selenium = tools.module("selenium.webdriver", tools.extra("test"))
    browser, chromedriver = tools.chromium()
    options = selenium.ChromeOptions()
    options.binary_location = browser
    room = tmp_path_factory.mktemp("chromium")
    for argument in (
        "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
        "disable-component-update", "disable-sync", "allow-file-access-from-files", f"user-data-dir={room}",
    ):  # fmt: skip
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    started = selenium.Chrome(options=options, service=selenium.ChromeService(chromedriver))
    yield started
    started.quit()


class TestBrowser:
    def test_search(self, driver: Any) -> None:
        from selenium.webdriver.support.ui import WebDriverWait

        driver.get((SITE / "search.html").as_uri() + "?q=Wenzhou")
        WebDriverWait(driver, 20).until(lambda d: d.find_elements("css selector", "#search-results ul.search li a"))
        found = {link.text for link in driver.find_elements("css selector", "#search-results ul.search li a")}
        assert "A case curve with a break" in found

    @pytest.mark.parametrize("page", ["index.html", "gallery/case-curve.html", "api.html", "data-dictionary.html"])
    @pytest.mark.parametrize("width", [390, 1300])
    def test_a_page_fits_and_says_no_error(self, driver: Any, page: str, width: int) -> None:
        driver.set_window_size(width, 900)
        driver.get((SITE / page).as_uri())
        assert not [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
        overflow = driver.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 1, f"{page} is {overflow} px too wide"
