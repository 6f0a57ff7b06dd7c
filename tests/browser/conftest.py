"""Drives the real server and the real reports with the chromium of the system."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from threading import Thread

import fakes
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, expect, sync_playwright

from evaluator.web.server import address, create_server, open_socket

NAMES = ("chromium", "chromium-browser", "google-chrome")

WIDTHS = (1280, 640, 320)
"""CSS pixels: a window of 1280 as it is, the same at 200% zoom, and at 400% (reflow, WCAG 1.4.10)."""

TIMEOUT = 60_000
"""Milliseconds: a busy machine is slow, and a wait that is met ends at once."""
expect.set_options(timeout=TIMEOUT)

WIDER_THAN_THE_WINDOW = """() => document.documentElement.scrollWidth > document.documentElement.clientWidth
  ? [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1
      && !e.parentElement.closest(".scroll")).slice(0, 5).map(e => e.outerHTML.slice(0, 120))
  : []"""

CUT = """() => [...document.querySelectorAll("body *")].filter(e => {
  const style = getComputedStyle(e);
  return style.overflowX === "hidden" && style.clipPath === "none" && e.scrollWidth > e.clientWidth + 1
    && !e.querySelector(".tip");
}).slice(0, 5).map(e => e.outerHTML.slice(0, 120))"""
"""What hides a part of its own text; passages with tips do, for a tip is out of sight until it is asked for."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker("browser")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The address of a running server that judges by word overlap."""
    opened = open_socket("127.0.0.1", 0)
    server = create_server(fakes.engine(fakes.small_bank()), opened, name="127.0.0.1", started=lambda: None)
    thread = Thread(target=server.run, kwargs={"sockets": [opened]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield address(opened)
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that fails the test where it complains on its console or asks anybody else for anything."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, **getattr(request, "param", {}))
    opened = context.new_page()
    opened.set_default_timeout(TIMEOUT)
    troubles: list[str] = []
    opened.on("console", lambda message: troubles.append(message.text) if is_trouble(message) else None)
    opened.on("response", lambda response: troubles.append(response.url) if is_missing(response) else None)
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("request", lambda asked: troubles.append(asked.url) if not is_own(asked.url) else None)
    yield opened
    context.close()
    assert not troubles


def is_trouble(message: ConsoleMessage) -> bool:
    # Refused forms and pages that are not there are meant to be; what else is not there, is_missing finds.
    return message.type in ("error", "warning") and not message.text.startswith("Failed to load resource: the server")


def is_missing(response: Response) -> bool:
    return response.status >= 400 and response.request.resource_type not in ("document", "fetch")


def is_own(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "file://", "data:", "about:", "blob:"))


@pytest.fixture
def inspect() -> Callable[[Page, str], list[str]]:
    """Return a function that lists what is wrong with a page: axe in light and dark, and what is cut at any width."""

    def axe(page: Page, name: str, **more: object) -> list[str]:
        options = json.dumps({"resultTypes": ["violations"], "iframes": False, **more})
        found = page.evaluate(f"axe.run(document, {options})")["violations"]
        return [f"{name}: {fault['id']}: {[node['html'][:160] for node in fault['nodes'][:3]]}" for fault in found]

    def look(page: Page, name: str) -> list[str]:
        page.wait_for_load_state("load")  # with its style: without, everything is smaller than a finger
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        page.evaluate(AXE_SCRIPT)
        page.emulate_media(color_scheme="light")
        faults = axe(page, f"{name}, light", rules={"target-size": {"enabled": True}})
        page.emulate_media(color_scheme="dark")
        # Of all rules this one alone looks at colours.
        faults += axe(page, f"{name}, dark", runOnly=["color-contrast"])
        page.emulate_media(color_scheme="light")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            faults += [f"{name}, {width} px wide: {wide}" for wide in page.evaluate(WIDER_THAN_THE_WINDOW)]
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                faults.append(f"{name}, {width} px wide: the page scrolls sideways")
        page.set_viewport_size({"width": 1280, "height": 800})
        # Letters alone at 200%, as a browser's setting for the size of text makes them (WCAG 1.4.4).
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        faults += [f"{name}, large letters: {cut}" for cut in page.evaluate(WIDER_THAN_THE_WINDOW) + page.evaluate(CUT)]
        page.evaluate("document.documentElement.style.fontSize = ''")
        return faults

    return look
