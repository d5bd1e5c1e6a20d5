"""The explorer page in a real browser: Chromium, driven by Selenium. Skipped, and said so, where there is none."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from views import build_tables

import tools
from covid_timeline.explore import write_page

tools.module("selenium", tools.extra("test"))
CHROMIUM, DRIVER = tools.chromium()
pytestmark = pytest.mark.xdist_group("browser")

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--lang=en-US", "--window-size=1280,900"]

HOSTILE = [
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "<svg onload=\"document.title='owned'\">",
    "\"><script>document.title='owned'</script>",
    "'><img src=x onerror=document.title='owned'>",
    "</script><script>document.title='owned'</script>",
    "<!--<script>document.title='owned'</script>-->",
    "]]><script>document.title='owned'</script>",
    "<iframe src=\"javascript:parent.document.title='owned'\"></iframe>",
    "<a href=\"javascript:document.title='owned'\">go</a>",
    "<style>body{display:none}</style>",
    "<link rel=stylesheet href=https://example.org/x.css>",
    "<meta http-equiv=refresh content=\"0;url=https://example.org\">",
    "<base href=https://example.org/>",
    "<form action=https://example.org><button>go</button></form>",
    "<object data=https://example.org/x></object>",
    "<img src=https://example.org/pixel.png>",
    "<video src=https://example.org/x autoplay></video>",
    "${document.title='owned'}",
    "{{constructor.constructor('document.title=1')()}}",
    "\\u003cscript\\u003edocument.title='owned'\\u003c/script\\u003e",
    "&lt;script&gt;document.title='owned'&lt;/script&gt;",
    "&#60;script&#62;document.title='owned'&#60;/script&#62;",
    "\u202e<b>reversed</b>\u202c",
    "\u2028document.title='owned'\u2029",
    "`;document.title='owned';`",
    "\");document.title='owned';(\"",
    "CT.put(\"index\",{})",
    "__proto__ constructor toString",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=document.title='owned'>",
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.binary_location = CHROMIUM
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = Service(DRIVER)
    driver = webdriver.Chrome(options=options, service=service)
    driver.set_script_timeout(20)
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    return write_page(build_tables(folder), folder / "page").file


class Reader:
    """What a person does with the page, and what the browser says of it."""

    def __init__(self, browser: Any, address: str) -> None:
        self.browser, self.home = browser, address
        browser.get("about:blank")
        self.complaints()
        self.requests()

    def open(self, state: str = "") -> None:
        self.browser.get("about:blank")
        self.browser.get(self.home + state)
        self.until("document.body.dataset.ready")

    def run(self, script: str, *given: object) -> Any:
        return self.browser.execute_script(script, *given)

    def until(self, condition: str) -> Any:
        """Wait for a condition in JavaScript; its value."""
        from selenium.webdriver.support.wait import WebDriverWait

        return WebDriverWait(self.browser, 20, 0.05).until(lambda _: self.run(f"return {condition}"), condition)

    def see(self, selector: str, text: str = "") -> Any:
        """Wait until an element shows, with that text in it."""
        found = f"[...document.querySelectorAll({json.dumps(selector)})].find((one) => one.getClientRects().length && one.textContent.includes({json.dumps(text)}))"
        return self.until(found)

    def type(self, *keys: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.browser).send_keys(*keys).perform()

    def back(self) -> None:
        self.browser.back()

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.browser.get_log("browser")]

    def requests(self) -> set[str]:
        """Every address that the browser asked for since the last time."""
        found = set()
        for entry in self.browser.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.add(message["params"]["request"]["url"])
        return found

    def stays_at_home(self) -> None:
        base = self.home.removesuffix("index.html")
        away = {url for url in self.requests() if not url.startswith((base, "data:", "about:"))}
        assert not away and self.complaints() == []


@pytest.fixture
def reader(browser: Any) -> Callable[[str], Reader]:
    return partial(Reader, browser)


@pytest.fixture(scope="module")
def server(page: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(page.parent))) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}/index.html"
        running.shutdown()
        thread.join()


@pytest.mark.parametrize("where", ["file", "server"])
def test_from_a_place_to_the_sentence_and_back(
    page: Path, reader: Callable[[str], Reader], where: str, request: pytest.FixtureRequest
) -> None:
    r = reader(page.as_uri() if where == "file" else request.getfixturevalue("server"))
    r.open("#lang=en")
    r.see("#place").click()
    r.type("聊城")
    r.see("#places [role=option]", "Liaocheng")
    r.type("\ue015", "\ue007")  # arrow down, Enter
    r.see("h2", "Liaocheng")
    assert r.run("return location.hash").startswith("#place=371500")
    r.see(".tile", "new confirmed cases").click()
    r.see("h4", "new confirmed cases, Liaocheng")
    point = r.see(".point[aria-label^='2020-02-07']")
    r.run("arguments[0].scrollIntoView({block: 'center'})", point)
    point.click()
    assert "4 cases" in r.see("aside h2").text
    assert r.see("aside mark.n").text.endswith("4例")
    words = "[...document.querySelector('.sentence').childNodes].map((one) => one.lastChild ? one.lastChild.data : one.data).join('')"
    assert r.run(f"return {words}").startswith("2月7日0—24时，聊城市新增确诊病例4例")
    assert r.see("aside dd", "通报 b7") and r.see("aside dd", "聊城日报")
    assert r.run("return /[0-9a-f]{64}/.test(document.querySelector('aside').textContent)")
    r.back()
    r.until("document.querySelector('aside').hidden")
    r.see("h4", "new confirmed cases")
    r.back()
    r.see("h4", "cumulative confirmed cases")
    r.back()
    r.see(".about")
    r.stays_at_home()


def test_the_address_restores_the_page(page: Path, reader: Callable[[str], Reader]) -> None:
    r = reader(page.as_uri())
    r.open("#place=371500&lang=zh&cat=containment&q=高速")
    r.see("h2", "聊城市")
    assert r.see(".chip[aria-pressed=true]", "防控措施")
    assert r.run("return document.querySelectorAll('.events .entry').length") == 1
    assert r.see("#q").get_property("value") == "高速"
    r.see(".events .entry").click()
    r.see("aside .sentence", "高速公路收费站")
    r.open(r.run("return location.hash"))
    r.see("aside .sentence", "高速公路收费站")
    r.stays_at_home()


def test_filters(page: Path, reader: Callable[[str], Reader]) -> None:
    r = reader(page.as_uri())
    r.open("#place=371500&lang=en")
    every = r.run("return document.querySelectorAll('.events .entry').length")
    r.see("#q").click()
    r.type("nothing of the kind")
    r.see(".events .none", "Nothing fits")
    r.see(".clear").click()
    r.until(f"document.querySelectorAll('.events .entry').length === {every}")
    r.see(".cell[aria-label^='2020-02-06 Containment']")
    r.run("document.querySelector(\".cell[aria-label^='2020-02-06 Containment']\").dispatchEvent(new MouseEvent('click'))")
    r.until("document.querySelectorAll('.events .entry').length === 1")
    r.back()
    r.until(f"document.querySelectorAll('.events .entry').length === {every}")
    r.see("button", "Show all figures").click()
    r.see(".figures .entry", "cumulative confirmed cases")
    r.stays_at_home()


def test_events_of_all_places(page: Path, reader: Callable[[str], Reader]) -> None:
    r = reader(page.as_uri())
    r.open("#lang=en")
    r.see("button", "Search the events of all places").click()
    r.see("h2", "Events of all places")
    assert r.see(".events .entry", "Yanggu")
    r.see("#q").click()
    r.type("schools")
    r.until("document.querySelectorAll('.events .entry').length === 1")
    r.see(".events .entry", "Liaocheng").click()
    r.see("aside .sentence", "学校推迟开学")
    r.open(r.run("return location.hash"))
    r.see("aside .sentence", "学校推迟开学")
    r.see("aside a", "All that is known of Liaocheng").click()
    r.see("h2", "Liaocheng")
    r.back()
    r.see("h2", "Events of all places")
    r.stays_at_home()


def test_a_word_of_a_topic_finds_what_is_withheld(tmp_path: Path, reader: Callable[[str], Reader]) -> None:
    r = reader(write_page(build_tables(tmp_path, quotes="facts"), tmp_path / "page").file.as_uri())
    for word, n in (("开学", 1), ("schools", 1), ("收费站", 1), ("火车", 0)):
        r.open(f"#all=1&lang=en&cat=containment&q={word}")
        r.until(f"document.querySelectorAll('.events .entry').length === {n}")
    r.stays_at_home()


def test_events_of_places_inside(page: Path, reader: Callable[[str], Reader]) -> None:
    r = reader(page.as_uri())
    r.open("#place=371500&lang=en")
    own = r.run("return document.querySelectorAll('.events .entry').length")
    r.see(".widen button", "places inside").click()
    r.until(f"document.querySelectorAll('.events .entry').length > {own}")
    r.see(".events .entry", "Yanggu").click()
    r.see("aside .sentence", "阳谷县")
    r.see(".widen button", "Only the events of this place").click()
    r.until(f"document.querySelectorAll('.events .entry').length === {own}")
    assert r.run("return document.querySelector('aside').hidden")
    r.stays_at_home()


def test_what_is_folded_is_printed(page: Path, reader: Callable[[str], Reader]) -> None:
    r = reader(page.as_uri())
    r.open("#place=371500&lang=en")
    shut = "document.querySelectorAll('main details:not([open])').length"
    assert r.run(f"return {shut}") == 2  # the places inside, the values as a table
    r.run(
        "window.addEventListener('afterprint', () => { window.printed = true; });"
        "window.addEventListener('beforeprint', () => {"
        f" window.onPaper = [{shut}, document.querySelectorAll('main table tbody tr').length]; }});"
    )
    r.browser.print_page()
    r.until("window.printed")
    assert r.run("return window.onPaper") == [0, 6]
    r.until(f"{shut} === 2")
    r.stays_at_home()


def test_the_dark_has_colours_of_its_own(page: Path, reader: Callable[[str], Reader]) -> None:
    r = reader(page.as_uri())
    told = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    r.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", told)
    try:
        r.open("#place=371500&lang=en&row=b7:m0")
        faint = r.run(CONTRAST)
    finally:
        r.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert faint == []
    r.open("#place=371500&lang=en&row=b7:m0")
    assert r.run(CONTRAST) == []


CONTRAST = """
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = numbers(colour).slice(0, 3).map((n) => n / 255).map((n) => n <= 0.03928 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if ((numbers(colour)[3] ?? 1) === 1) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  return [...document.querySelectorAll('body *')].filter((one) => one.getClientRects().length
    && [...one.childNodes].some((child) => child.nodeType === 3 && child.data.trim())).map((one) => {
    const style = getComputedStyle(one);
    const [a, b] = [light(one.ownerSVGElement ? style.fill : style.color), light(behind(one))].sort((x, y) => y - x);
    return [(a + 0.05) / (b + 0.05), one.tagName, one.textContent.slice(0, 40)];
  }).filter(([ratio]) => ratio < 4.5);
"""
"""Texts that stand out less than WCAG asks for, 4.5 to 1."""


def test_with_the_keyboard_alone(page: Path, reader: Callable[[str], Reader]) -> None:
    r = reader(page.as_uri())
    r.open("#place=371500&lang=en")
    r.run("document.querySelector('.point[tabindex=\"0\"]').focus()")
    r.type("\ue014")  # arrow right
    assert r.run("return document.activeElement.getAttribute('aria-label')").startswith("2020-02-03")
    assert "sources disagree" in r.run("return document.activeElement.getAttribute('aria-label')").lower()
    r.type("\ue007")
    r.see("aside .sentence", "2月3日")
    assert r.run("return document.activeElement.id") == "detail-title"
    r.type("\ue00c")  # Escape
    r.until("document.querySelector('aside').hidden")
    r.stays_at_home()


def test_every_control_has_a_name(page: Path, reader: Callable[[str], Reader]) -> None:
    r = reader(page.as_uri())
    r.open("#place=371500&lang=en&row=b7:m0")
    nameless = r.run(
        """return [...document.querySelectorAll('button, input, select, a[href], [role=button], [role=group], svg')]
          .filter((one) => one.getClientRects().length && one.getAttribute('aria-hidden') !== 'true')
          .filter((one) => !(one.textContent.trim() || one.getAttribute('aria-label') || (one.labels && one.labels.length)))
          .map((one) => one.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    r.stays_at_home()


def test_a_phone_is_wide_enough(page: Path, reader: Callable[[str], Reader]) -> None:
    r = reader(page.as_uri())
    size = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    r.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        for state in ("#lang=en", "#place=371500&lang=en", "#place=371500&lang=zh"):
            r.open(state)
            assert r.run("return document.documentElement.scrollWidth <= window.innerWidth"), state
        r.see(".events .entry").click()
        r.see("aside h2")
        assert r.run("return document.documentElement.scrollWidth <= window.innerWidth")
    finally:
        r.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    r.stays_at_home()


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("#place=371500&row=nothing&lang=en", "No row of this place has the id nothing"),
        ("#place=123456&lang=en", "No place here has the code 123456"),
        ("#place=<script>&lang=en", "No place here has the code <script>"),
        ("#place=__proto__&lang=en", "No place here has the code __proto__"),
    ],
)
def test_what_is_not_there_is_said(page: Path, reader: Callable[[str], Reader], state: str, sentence: str) -> None:
    r = reader(page.as_uri())
    r.open(state)
    r.see(".none", sentence)
    r.stays_at_home()


def test_hostile_texts_stay_text(tmp_path: Path, reader: Callable[[str], Reader]) -> None:
    assert len(HOSTILE) == 30
    rows = [
        {
            "id": f"h{i}",
            "body": f"{text}\n2月{1 + i % 28}日，聊城市关闭{text}检查站，新增确诊病例{i + 1}例，{text}。" + "全市各级各部门认真落实疫情防控措施，群众生活平稳有序。" * 12,
            "title": text,
            "medium": text,
            "url": ("javascript:document.title='owned'", "https://example.org/\"><script>", text)[i % 3],
        }
        for i, text in enumerate(HOSTILE)
    ]
    r = reader(write_page(build_tables(tmp_path, rows), tmp_path / "page").file.as_uri())
    r.open("#place=371500&lang=en&figures=all")
    r.see(".figures .entry")
    ids = r.run("return [...document.querySelectorAll('.entry')].map((one) => one.dataset.id)")
    shown = set()
    for i in range(len(HOSTILE)):
        mine = [one for one in ids if one.startswith(f"h{i}:")]
        assert mine, f"nothing was read from text {i}"
        r.run("location.hash = arguments[0]", f"#place=371500&lang=en&figures=all&row={mine[0]}")
        r.until(f"[...document.querySelectorAll('aside dd')].some((one) => one.textContent === 'h{i}')")
        title = r.run("return document.querySelector('.document dd').textContent")
        assert title.strip() == HOSTILE[i].strip()
        shown.add(title)
    assert len(shown) == len(HOSTILE)
    assert r.run("return document.title").startswith("Liaocheng")
    made = r.run("return [...document.querySelectorAll('script:not([src]), iframe, img, object, video, form[action], base, style, a[href^=javascript]')].length")
    assert made == 0
    r.stays_at_home()
