"""Compare main-text extractors on Chinese news pages: what they keep, and how fast.

    python benchmarks/time_html.py ARTICLES.jsonl.gz... [--articles 60]

Articles (`text` and perhaps `title`, one JSON object a line) are put into the skeletons of
html_pages.py, as they are and with damage: readings in brackets behind every third
character (annotated), a list of keywords before every paragraph (stuffed), cut to 120
characters (short). For every extractor and page:

kept   share of the article's 5-character shingles that are in the output
clean  share of the output's shingles that are the article's or its title's
lost   share of pages of which less than 90 % is kept

An extractor that is not installed is left out. All take turns on every page, so that a busy
machine disturbs all alike; compare times within one run only.
"""

import argparse
import gzip
import importlib
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from html_pages import SKELETONS

from dedup.text.html import extract

Extractor = Callable[[str], str]
K = 5
LOST_BELOW = 0.9
OPEN, CLOSE = "\ue000", "\ue001"
PUNCTUATION = str.maketrans("", "", " \t\n\r\u3000\xa0，。、：；！？“”‘’（）《》()[]【】…—-|•*")


class Page(NamedTuple):
    """A page with an article in it."""

    skeleton: str
    damage: str
    title: str
    text: str
    markup: str


class Result(NamedTuple):
    """What an extractor made of a page."""

    page: Page
    kept: float
    clean: float
    seconds: float


def shingles(text: str) -> set[str]:
    """Return the shingles of a text without blanks and punctuation."""
    bare = text.translate(PUNCTUATION)
    return {bare[i : i + K] for i in range(len(bare) - K + 1)}


def annotated(text: str) -> str:
    """Return a text with a reading behind every third character beyond ASCII."""
    readings = ("guó", "shì", "yī", "rén", "zhōng", "xīn")
    return "".join(
        f"{char}({readings[i % 6]})" if i % 3 == 0 and char >= "一" else char
        for i, char in enumerate(text)
    )


def stuffed(text: str) -> str:
    """Return a text with a list of keywords before every paragraph."""
    return "\n".join(f"北京代孕|上海代孕|广州代孕|{line}" for line in text.splitlines())


def emphasized(text: str) -> str:
    """Return a text with every tenth character between marks that become `<b>` and `</b>`."""
    return "".join(
        f"{OPEN}{char}{CLOSE}" if i % 10 == 3 and char >= "一" else char
        for i, char in enumerate(text)
    )


DAMAGES: dict[str, Callable[[str], str]] = {
    "none": str,
    "annotated": annotated,
    "stuffed": stuffed,
    "emphasized": emphasized,
    "short": lambda text: text[:120],
}


def articles(paths: list[Path], count: int) -> Iterator[tuple[str, str]]:
    """Yield titles and texts, the same number from each file, chosen at random."""
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        for row in random.Random(7).sample(rows, min(count, len(rows))):
            text = str(row["text"])
            if len(text) >= 200:
                yield str(row.get("title") or text[:20]), text


def pages(paths: list[Path], count: int) -> Iterator[Page]:
    """Yield every article in every skeleton with every damage."""
    for title, text in articles(paths, count):
        for skeleton, fill in SKELETONS.items():
            for damage, broken in DAMAGES.items():
                markup = fill(title, broken(text)).replace(OPEN, "<b>").replace(CLOSE, "</b>")
                wanted = broken(text).replace(OPEN, "").replace(CLOSE, "")
                yield Page(skeleton, damage, title, wanted, markup)


def extractors() -> dict[str, Extractor]:
    """Return the extractors that are installed, by name."""
    found: dict[str, Extractor] = {"ours": lambda markup: extract(markup).text}
    for name, module, adapt in (
        ("resiliparse", "resiliparse.extract.html2text", _resiliparse),
        ("resiliparse, all text", "resiliparse.extract.html2text", _resiliparse_all),
        ("trafilatura", "trafilatura", _trafilatura),
        ("trafilatura, fast", "trafilatura", _trafilatura_fast),
        ("readability-lxml", "readability", _readability),
        ("jusText", "justext", _justext),
        ("selectolax, all text", "selectolax.lexbor", _selectolax),
    ):
        try:
            found[name] = adapt(importlib.import_module(module))
        except ImportError:
            print(f"{name} is not installed: left out")
    return found


def _resiliparse(module: Any) -> Extractor:
    return lambda markup: str(module.extract_plain_text(markup, main_content=True))


def _resiliparse_all(module: Any) -> Extractor:
    return lambda markup: str(module.extract_plain_text(markup, main_content=False))


def _trafilatura(module: Any) -> Extractor:
    return lambda markup: module.extract(markup, include_comments=False) or ""


def _trafilatura_fast(module: Any) -> Extractor:
    return lambda markup: module.extract(markup, include_comments=False, fast=True) or ""


def _readability(module: Any) -> Extractor:
    lxml_html = importlib.import_module("lxml.html")
    return lambda markup: str(
        lxml_html.fromstring(module.Document(markup).summary()).text_content()
    )


def _justext(module: Any) -> Extractor:
    # Chinese has no blanks between words, and so no stop words and no lengths in words.
    return lambda markup: "\n".join(
        paragraph.text
        for paragraph in module.justext(markup, frozenset(), stopwords_low=0, stopwords_high=0)
        if not paragraph.is_boilerplate
    )


def _selectolax(module: Any) -> Extractor:
    def text_of(markup: str) -> str:
        tree = module.LexborHTMLParser(markup)
        tree.strip_tags(["script", "style", "template"])
        return str(tree.body.text(separator="\n")) if tree.body else ""

    return text_of


def measure(extractor: Extractor, page: Page) -> Result:
    """Return what an extractor keeps of a page."""
    begun = time.perf_counter()
    output = extractor(page.markup)
    seconds = time.perf_counter() - begun
    found, wanted = shingles(output), shingles(page.text)
    ours = len(found & (wanted | shingles(page.title + page.text)))
    return Result(
        page, len(found & wanted) / len(wanted), ours / len(found) if found else 1.0, seconds
    )


def print_table(results: dict[str, list[Result]]) -> None:
    """Print what is kept, by damage and by skeleton, and the time."""
    groups = [f"damage: {name}" for name in DAMAGES] + list(SKELETONS)
    print(f"\n{'kept / clean / lost, %':<24}" + "".join(f"{name:>18}" for name in groups))
    for name, rows in results.items():
        print(f"{name:<24}" + "".join(f"{_cell(rows, group):>18}" for group in groups))
    print(f"\n{'ms a page':<24}{'median':>10}{'p99':>10}{'mean':>10}")
    for name, rows in results.items():
        times = sorted(row.seconds * 1e3 for row in rows)
        print(
            f"{name:<24}{statistics.median(times):>10.2f}{times[len(times) * 99 // 100]:>10.2f}"
            f"{statistics.fmean(times):>10.2f}"
        )


def _cell(rows: list[Result], group: str) -> str:
    chosen = [row for row in rows if group in (f"damage: {row.page.damage}", row.page.skeleton)]
    kept = statistics.fmean(row.kept for row in chosen)
    clean = statistics.fmean(row.clean for row in chosen)
    lost = sum(row.kept < LOST_BELOW for row in chosen) / len(chosen)
    return f"{kept * 100:.1f} / {clean * 100:.0f} / {lost * 100:.1f}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("files", nargs="+", type=Path, metavar="ARTICLES.jsonl.gz")
    parser.add_argument("--articles", type=int, default=60, help="Number from each file.")
    arguments = parser.parse_args()
    found = extractors()
    results: dict[str, list[Result]] = {name: [] for name in found}
    for page in pages(arguments.files, arguments.articles):
        for name, extractor in found.items():
            results[name].append(measure(extractor, page))
    print(f"{len(next(iter(results.values())))} pages, {time.strftime('%Y-%m-%d')}")
    print_table(results)


if __name__ == "__main__":
    main()
