"""The report of a scan: one HTML file that opens without a network.

It is made of the console's own files, written into the page. The articles are in it as
compressed blocks, which the page unpacks when they are looked at; the writer holds one
block at a time. Articles are hostile: the page's policy runs its own script alone.
"""

import base64
import gzip
import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import orjson

from dedup import Article, CheckResult, Deduplicator, Verdict
from dedup.batch.records import Source
from dedup.batch.scanning import ProgressReport
from dedup.errors import ConfigError
from dedup.models import Damage, Match, Scores
from dedup.preparation import PreparedArticle
from dedup.serialization import check_result_to_dict

__all__ = ["Report"]

MOST_PAIRS = 20_000
"""Copies whose texts are in the report, beside their originals: some 60 MB."""

_ROWS_AT_ONCE = 5_000
_BLOCK_CHARS = 150_000  # of texts; a block is unpacked as a whole to show one pair
_HISTOGRAM_BINS = 20
_MOST_LISTED = 50  # clusters and sites

_STYLES = ("tokens.css", "page.css", "parts.css", "viewer.css", "report.css")
_IMPORT = re.compile(r'^import\s[^;]*?from "\./([\w-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const|let|function|async|class)", re.MULTILINE)

_PAGE = """<!doctype html>
<html lang="en" data-theme="auto">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main id="main"></main>
<div id="announcer" class="visually-hidden" role="status" aria-live="polite"></div>
"""


@dataclass(frozen=True, slots=True)
class _Source:
    """Where an article is from."""

    path: str
    title: str | None
    url: str | None
    published: str | None

    @property
    def site(self) -> str:
        """The host of its address, or its topmost folder or file."""
        try:
            host = urlsplit(self.url or "").hostname
        except ValueError:  # no address at all
            host = None
        return (host or self.path.partition("/")[0]).removeprefix("www.")


@dataclass(frozen=True, slots=True)
class _Row:
    """An article of the scan and what it is, without its text."""

    source: _Source
    id: str
    verdict: Verdict
    original: str | None
    jaccard: float
    containment: float
    coverage: float
    damage: Damage


class Report:
    """Collects what a scan finds, then writes it."""

    def __init__(self, destination: Path, *, folder: str) -> None:
        """Begin a report, if it can be written at all: a scan may take long.

        Args:
            destination: The file, which is replaced as a whole or not at all.
            folder: What is scanned.

        Raises:
            ConfigError: The file cannot be written where it is to be.
        """
        place = destination.absolute().parent
        if not place.is_dir():
            raise ConfigError(f"the report cannot be written: there is no folder {str(place)!r}")
        if not os.access(place, os.W_OK):
            raise ConfigError(f"the report cannot be written: no permission in {str(place)!r}")
        self._destination = destination
        self._folder = folder
        self._rows: list[_Row] = []

    def add(self, source: Source, result: CheckResult) -> None:
        """Take in what the next article is."""
        scores = result.scores
        published = source.published_at.date().isoformat() if source.published_at else None
        self._rows.append(
            _Row(
                _Source(source.path, source.title, source.url, published),
                result.id,
                result.verdict,
                result.original.id if result.original else None,
                round(scores.jaccard, 4),
                round(scores.containment, 4),
                round(scores.coverage, 4),
                result.damage,
            )
        )

    def write(self, dedup: Deduplicator, *, skipped: int, progress: ProgressReport) -> None:
        """Write the report.

        Args:
            dedup: Knows the texts of all copies and their originals.
            skipped: How many files could not be read.
            progress: Called with a stage, how much of it is done, and of how much.

        Raises:
            ConfigError: The file cannot be written.
        """
        partial = self._destination.with_name(f".{self._destination.name}.partial")
        try:
            with partial.open("wb") as file:
                self._write(file, dedup, skipped, progress)
            partial.replace(self._destination)
        except OSError as error:
            raise ConfigError(f"the report cannot be written: {error.strerror}") from error
        finally:
            partial.unlink(missing_ok=True)

    def _write(
        self, file: BinaryIO, dedup: Deduplicator, skipped: int, progress: ProgressReport
    ) -> None:
        style = "\n".join(_asset(name) for name in _STYLES)
        script = _bundle("report.js")
        policy = (
            f"default-src 'none'; style-src {_hash_of(style)}; script-src {_hash_of(script)};"
            " base-uri 'none'; form-action 'none'"
        )
        title = escape(f"dedup: {self._folder}")
        file.write(_PAGE.format(policy=escape(policy), title=title, style=style).encode())
        rows = self._rows
        numbers = {row.id: number for number, row in enumerate(rows)}
        blocks: dict[int, int] = {}
        for block, (content, members) in enumerate(_pair_blocks(rows, numbers, dedup, progress)):
            _write_block(file, f"pairs-{block}", content)
            blocks |= dict.fromkeys(members, block)
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            values = [
                _row_values(row, numbers, blocks.get(start + place, -1))
                for place, row in enumerate(rows[start : start + _ROWS_AT_ONCE])
            ]
            _write_block(file, f"rows-{start // _ROWS_AT_ONCE}", values)
        summary = _summary(rows, numbers) | {"folder": self._folder, "skipped": skipped}
        _write_block(file, "summary", summary)
        file.write(b'<script type="module">' + script.encode() + b"</script>\n</body>\n</html>\n")


def _asset(name: str) -> str:
    return files("app").joinpath("console", name).read_text(encoding="utf-8")


def _bundle(entry: str) -> str:
    """Return a module and those that it imports as one script.

    The modules name what they import as it is named where it comes from, and no two of
    them give one name to different things; so leaving out imports and exports is enough.
    """
    parts: dict[str, str] = {}

    def take(name: str) -> None:
        source = _asset(name)
        for imported in _IMPORT.findall(source):
            if imported not in parts:
                take(imported)
        parts[name] = _EXPORT.sub("", _IMPORT.sub("", source))

    take(entry)
    return "\n".join(parts.values())


def _hash_of(content: str) -> str:
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _write_block(file: BinaryIO, name: str, value: object) -> None:
    packed = base64.b64encode(gzip.compress(orjson.dumps(value), 6, mtime=0))
    file.write(b'<script type="application/gzip" id="%b">%b</script>\n' % (name.encode(), packed))


def _pair_blocks(
    rows: Sequence[_Row],
    numbers: Mapping[str, int],
    dedup: Deduplicator,
    progress: ProgressReport,
) -> Iterator[tuple[dict[str, Any], list[int]]]:
    """Yield blocks of texts and evidence, and the numbers of the copies in each.

    Copies of one original follow one another, so that its text is in few blocks.
    """
    pairs = [
        (original, number)
        for number, row in enumerate(rows)
        if (original := _number_of(row.original, numbers)) >= 0
    ][:MOST_PAIRS]
    texts: dict[str, Any] = {}
    evidence: dict[str, Any] = {}
    members: list[int] = []
    size = 0
    for done, (original, number) in enumerate(sorted(pairs), start=1):
        if str(original) not in texts:
            texts[str(original)] = _reading_of(_prepared(rows[original].id, dedup))
        prepared = _prepared(rows[number].id, dedup)
        texts[str(number)] = _reading_of(prepared)
        evidence[str(number)] = _evidence(rows[number], rows[original].id, prepared, dedup)
        members.append(number)
        size += len(texts[str(number)]["text"]) + len(texts[str(original)]["text"])
        progress("writing the report", done, len(pairs))
        if size > _BLOCK_CHARS or done == len(pairs):
            yield {"texts": texts, "pairs": evidence}, members
            texts, evidence, members, size = {}, {}, [], 0


def _prepared(article_id: str, dedup: Deduplicator) -> PreparedArticle:
    known = dedup.catalogue.article(article_id)
    return dedup.prepare(Article(id=article_id, text=known.text, format=known.format))


def _reading_of(prepared: PreparedArticle) -> dict[str, Any]:
    """Return an article's text as the viewer shows it."""
    received, normalized = prepared.article.text, prepared.normalized
    reading: dict[str, Any] = {"text": normalized.main_text(received)}
    if normalized.extracted is not None:
        reading["stretches"] = [stretch._asdict() for stretch in normalized.stretches()]
    if normalized.repaired.damage.damaged:
        reading["marks"] = [mark._asdict() for mark in normalized.damage_marks(received)]
        reading["repaired"] = normalized.repaired.text
        repaired_stretches = normalized.repaired_stretches(received)
        reading["repaired_stretches"] = [stretch._asdict() for stretch in repaired_stretches]
    return reading


def _evidence(
    row: _Row, original: str, prepared: PreparedArticle, dedup: Deduplicator
) -> dict[str, Any]:
    """Return what a copy shares with its original."""
    bare = CheckResult(
        id=row.id,
        verdict=row.verdict,
        cluster_id=None,
        original=None,
        scores=Scores(),
        matches=(Match(id=original, verdict=row.verdict, scores=Scores()),),
        damage=Damage(),
        too_short=False,
    )
    [match] = check_result_to_dict(dedup.with_evidence(bare, prepared))["matches"]
    return {"passages": match.get("passages", []), "anchors": match.get("anchors", [])}


def _row_values(row: _Row, numbers: Mapping[str, int], block: int) -> list[Any]:
    """Return what the list shows of an article; `report.js` names the places."""
    return [
        row.id,
        row.source.path,
        row.source.title,
        row.source.url,
        row.source.published,
        row.verdict,
        _number_of(row.original, numbers),
        row.jaccard,
        row.containment,
        row.coverage,
        row.damage.damaged,
        {kind.value: count for kind, count in row.damage.kinds.items() if count},
        block,
    ]


def _summary(rows: Sequence[_Row], numbers: Mapping[str, int]) -> dict[str, Any]:
    copies = [row for row in rows if row.original is not None]
    histogram = [0] * _HISTOGRAM_BINS
    for row in copies:
        histogram[min(_HISTOGRAM_BINS - 1, int(row.jaccard * _HISTOGRAM_BINS))] += 1
    sizes = Counter(_number_of(row.original, numbers) for row in copies)
    sizes.pop(-1, None)  # of originals that the store knew before
    verdicts = Counter(row.verdict for row in rows)
    damages = [row.damage for row in rows if row.damage.damaged]
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "articles": len(rows),
        "rows_at_once": _ROWS_AT_ONCE,
        "most_pairs": MOST_PAIRS,
        "copies": len(copies),
        "damaged": len(damages),
        "verdicts": {verdict.value: verdicts[verdict] for verdict in Verdict if verdicts[verdict]},
        "damage": _most(
            kind.value for damage in damages for kind, count in damage.kinds.items() if count
        ),
        "histogram": histogram,
        "clusters": [
            {"original": number, "title": _name(rows[number]), "size": size + 1}
            for number, size in sizes.most_common(_MOST_LISTED)
        ],
        "sites": _most(row.source.site for row in copies),
    }


def _name(row: _Row) -> str:
    return row.source.title or row.id


def _number_of(article_id: str | None, numbers: Mapping[str, int]) -> int:
    return -1 if article_id is None else numbers.get(article_id, -1)


def _most(names: Iterable[str]) -> list[tuple[str, int]]:
    return Counter(names).most_common(_MOST_LISTED)
