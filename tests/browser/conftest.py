"""A real Chromium in front of a real service."""

import json
import os
from pathlib import Path

import pytest
from chromium import find_chromium, launch_options
from server import Server


# Not for the session: the driver's event loop runs in this thread until it ends, and no
# test in another module could run one of its own.
@pytest.fixture(scope="module")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api")
    path = find_chromium()
    if path is None:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(**launch_options(path))
        yield browser
        browser.close()


class Visitor:
    """A tab, and what it complained about."""

    def __init__(self, browser, address, **options):
        values = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", **options}
        self.context = browser.new_context(reduced_motion="reduce", **values)
        self.page = self.context.new_page()
        self.page.set_default_timeout(30_000)  # of a machine that does other things as well
        self.address = address
        self.complaints = []
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._watch)

    def open(self, place=""):
        self.page.goto(f"{self.address}/{place}")
        return self.page

    def close(self):
        self.context.close()

    def _listen(self, message):
        # An answer above 399 is reported too; what the page makes of it is for its tests.
        is_answer = message.text.startswith("Failed to load resource")
        if message.type in {"error", "warning"} and not is_answer:
            self.complaints.append(message.text)

    def _watch(self, request):
        if not request.url.startswith((self.address, "blob:", "data:")):
            self.complaints.append(f"reached for {request.url}")


@pytest.fixture(scope="session")
def service(tmp_path_factory, seeds):
    """A service that knows seed 004, a cluster with copies on several sites, and seed 002."""
    with Server(tmp_path_factory.mktemp("store")) as server:
        for body in known_articles(seeds):
            server.send("POST", "/check", json.dumps(body).encode())
        yield server


def known_articles(seeds):
    yield {
        "id": "a4",
        "text": seeds["004"],
        "title": "我们多跑腿，让企业少跑路",
        "url": "https://www.example.org/2020/0311/a4.html",
        "published_at": "2020-03-11T09:55:00+08:00",
    }
    yield {
        "id": "a2",
        "text": seeds["002"],
        "title": "复工复产“加速度”",
        "url": "https://news.example.net/2",
    }
    text = seeds["002"]
    for number in range(12):
        yield {
            "id": f"copy-{number}",
            "text": text[: len(text) - 40 * number],
            "title": f"转载：复工复产（{number}）",
            "url": f"https://mirror{number % 3}.example.com/{number}",
            "published_at": f"2020-03-{number + 1:02}T08:00:00+08:00",
        }


@pytest.fixture
def visit(chromium, service):
    """Opens tabs; at the end nothing may have been complained about."""
    visitors = []

    def visitor(address=None, **options):
        visitors.append(Visitor(chromium, address or service.address, **options))
        return visitors[-1]

    yield visitor
    complaints = [complaint for visitor in visitors for complaint in visitor.complaints]
    for visitor in visitors:
        visitor.close()
    assert [] == complaints


IMAGES = Path(__file__).parents[2] / "docs" / "images"


@pytest.fixture
def picture(request):
    """Takes a picture of a page for the documentation, when asked to renew them."""

    def take(page, name, at="body"):
        if os.environ.get("DEDUP_RENEW_IMAGES"):
            IMAGES.mkdir(exist_ok=True)
            page.mouse.move(0, 0)
            below_header = "node => scrollTo(0, node.getBoundingClientRect().top + scrollY - 70)"
            page.locator(at).first.evaluate(below_header)
            page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")

    return take
