"""Write a report of a large scan, open it in Chromium, and measure both.

    python benchmarks/time_report.py [--articles 100000] [--copies 0.1] [--keep FOLDER]

Articles are made up (tests/faults/articles.py), some 1,150 characters each; copies are
damaged or edited editions of those before them, on a hundred sites, some sites and stories
far oftener than others. Measured are the scan, the file, and in a page at 1280 pixels: until
the summary is drawn, until the list of articles answers (a row is there), a filter, the last
row, the largest cluster, and a pair side by side.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, sync_playwright

sys.path[:0] = [str(Path(__file__).parents[1] / "tests" / name) for name in ("faults", "browser")]
articles, chromium = map(import_module, ("articles", "chromium"))

DEDUP = Path(sys.executable).with_name("dedup")
SEED = 20
NEWEST = 2_000  # articles that copies are made of
OPEN_FOR_S = 300


def write_collection(folder: Path, count: int, share: float) -> None:
    """Write made-up articles as JSON lines."""
    generator = random.Random(SEED)
    stories: list[str] = []
    with (folder / "articles.jsonl").open("w", encoding="utf-8") as lines:
        for number in range(count):
            if stories and generator.random() < share:
                text = articles.make_edition(_copied(stories, generator), generator)
            else:
                text = f"{articles.make_story(generator)}\n{articles.make_story(generator)}"
                stories.append(text)
            site = int(100 * generator.random() ** 3)
            article = {
                "id": f"a{number}",
                "title": text[:20],
                "url": f"https://site{site}.example.com/2026/{number}.html",
                "date": f"2026-{number * 12 // count + 1:02}-{number % 28 + 1:02}",
                "text": text,
            }
            lines.write(json.dumps(article, ensure_ascii=False) + "\n")


def _copied(stories: list[str], generator: random.Random) -> str:
    """Return a story to copy: one in ten is the very first, others are of late."""
    return stories[0] if generator.random() < 0.1 else generator.choice(stories[-NEWEST:])


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long a block took."""
    start = time.perf_counter()
    yield
    print(f"{what:34}{time.perf_counter() - start:9.2f} s", flush=True)


def look_at(page: Page, report: Path) -> None:
    """Do what a reader does, and print how long each step takes."""
    with timed("open, until the summary is drawn"):
        page.goto(report.as_uri(), wait_until="commit")
        page.locator(".totals dd").first.wait_for()
    with timed("then until the list answers"):
        page.locator(".rows .virtual").first.wait_for()
    status = page.locator(".list-head [role=status]")
    with timed("filter by verdict"):
        page.get_by_label("Verdict").select_option("garbled_mirror")
        page.locator(".rows .virtual .badge.garbled_mirror").first.wait_for()
    print("garbled mirrors:", status.inner_text())
    with timed("a pair side by side"):
        page.locator(".rows .virtual a").nth(3).click()
        page.locator(".panes .block").first.wait_for()
    page.get_by_role("button", name="Close").click()
    with timed("the largest cluster"):
        page.locator(".ranking button").first.click()
        page.locator(".rows .virtual").first.wait_for()
    print("its articles:", status.inner_text())
    with timed("the last pair of it"):
        page.locator(".rows").last.evaluate("node => (node.scrollTop = node.scrollHeight)")
        page.locator(".rows .virtual a").last.click()
        page.locator(".panes .block").first.wait_for()
    page.get_by_role("button", name="Close").click()
    with timed("search by address"):
        page.get_by_label("Filter by path, title, address").fill("/2026/777.html")
        page.wait_for_function("document.querySelectorAll('.rows .virtual').length === 1")
    heap = page.evaluate("performance.memory.usedJSHeapSize")
    print(f"{'memory of the page (JavaScript)':34}{heap / 1e6:9.0f} MB")


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--copies", type=float, default=0.1, help="share of all articles")
    parser.add_argument("--keep", type=Path, help="a folder that keeps collection and report")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="dedup-report-") as name:
        folder = options.keep or Path(name)
        collection, report = folder / "collection", folder / "report.html"
        if not report.exists():
            collection.mkdir(parents=True)
            write_collection(collection, options.articles, options.copies)
            with timed("scan, report included"):
                command = [DEDUP, "scan", "--quiet", collection, "--html", report]
                subprocess.run(command, check=True)
        print(f"{'size of the report':34}{report.stat().st_size / 1e6:9.1f} MB")
        with sync_playwright() as driver:
            path = chromium.find_chromium()
            browser = driver.chromium.launch(**chromium.launch_options(path))
            page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="en-GB")
            page.set_default_timeout(OPEN_FOR_S * 1000)
            look_at(page, report)
            browser.close()


if __name__ == "__main__":
    main()
