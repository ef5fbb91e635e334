"""The lines of an export: what is in them, written and read. docs/operations.md is the contract.

Reading trusts nothing: a field that is missing, unknown or of another type is an error that
names the line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import orjson

from dedup.errors import InvalidInputError
from dedup.models import ArticleRecord, Damage, DamageKind, Scores, TextFormat, Verdict
from dedup.store.base import Finding
from dedup.store.maintenance import ClusterPlace, NoCopy, WholeArticle

__all__ = [
    "FORMAT_VERSION",
    "ExportedArticle",
    "ExportedMatch",
    "ExportedNoCopy",
    "Header",
    "article_line",
    "damaged",
    "header_line",
    "no_copy_line",
    "parse_header",
    "parse_line",
]

FORMAT_VERSION = 2
"""Raised with every change of the format; an import reads this and all before it."""

_FORMAT = "dedup-export"

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Header:
    """The first line: how many others follow, and the scheme that the store had."""

    scheme: str
    articles: int
    no_copies: int


@dataclass(frozen=True, slots=True)
class ExportedMatch:
    """A recorded match; without an id its article is no longer known."""

    article_id: str | None
    verdict: Verdict
    scores: Scores


@dataclass(frozen=True, slots=True)
class ExportedArticle:
    """An article's line. Its finding has no matches: those get numbers in the new store."""

    record: ArticleRecord
    format: TextFormat
    text: str
    cluster_id: str
    place: ClusterPlace
    seen_again: datetime | None
    finding: Finding
    matches: tuple[ExportedMatch, ...]


@dataclass(frozen=True, slots=True)
class ExportedNoCopy:
    """An editor's word, and the ids of known articles with the text that it is about."""

    no_copy: NoCopy
    ids: tuple[str, ...]


def header_line(header: Header) -> bytes:
    """Return the first line."""
    return _line(
        {
            "format": _FORMAT,
            "version": FORMAT_VERSION,
            "scheme": header.scheme,
            "articles": header.articles,
            "no_copies": header.no_copies,
        }
    )


def article_line(whole: WholeArticle, ids: Mapping[int, str]) -> bytes:
    """Return an article's line.

    Args:
        whole: The article.
        ids: Of the articles that it matched, by number, as far as they are known.
    """
    article, place = whole.article, whole.place
    record, finding = article.record, article.finding
    # Most articles come once only, and need not say so; version 1 did not know of it.
    seen_again = {"seen_again": whole.seen_again.isoformat()} if whole.seen_again else {}
    return _line(
        {
            "id": record.id,
            "text": whole.text,
            "title": record.title,
            "url": record.url,
            "published_at": record.published_at and record.published_at.isoformat(),
            "first_seen": record.first_seen.isoformat(),
            **seen_again,
            "format": article.format,
            "cluster_id": article.cluster_id,
            "cluster_number": place.number,
            "is_original": place.is_original,
            "pinned": place.pinned,
            "verdict": finding.verdict,
            "matches": [
                {
                    "id": ids.get(match.number),
                    "verdict": match.verdict,
                    "shared": match.scores.shared,
                    "size": match.scores.size,
                    "original_size": match.scores.original_size,
                }
                for match in finding.matches
            ],
            "damage": {
                "damaged": finding.damage.damaged,
                "score": finding.damage.score,
                "kinds": {kind.value: count for kind, count in finding.damage.kinds.items()},
            },
            "too_short": finding.too_short,
            "replaces": finding.replaces,
        }
    )


def no_copy_line(exported: ExportedNoCopy) -> bytes:
    """Return the line of an editor's word."""
    digest, cluster_id = exported.no_copy
    return _line({"no_copy_of": cluster_id, "normalized_digest": digest.hex(), "ids": exported.ids})


def parse_header(line: bytes) -> Header:
    """Return the header of an export.

    Raises:
        InvalidInputError: It is none, or of another format version.
    """
    try:
        fields = _Fields.parse(line)
        _require_known_format(fields)
        header = Header(
            fields.take("scheme", str), fields.take("articles", int), fields.take("no_copies", int)
        )
        fields.require_all_taken()
    except ValueError as error:
        raise damaged(1, f"no export that this release reads: {error}") from error
    return header


def parse_line(number: int, line: bytes) -> ExportedArticle | ExportedNoCopy:
    """Return what a line behind the header says.

    Raises:
        InvalidInputError: The line is damaged.
    """
    try:
        fields = _Fields.parse(line)
        if "no_copy_of" in fields.values:
            exported: ExportedArticle | ExportedNoCopy = _parse_no_copy(fields)
        else:
            exported = _parse_article(fields)
        fields.require_all_taken()
    except ValueError as error:
        raise damaged(number, str(error)) from error
    return exported


def damaged(line: int, reason: str) -> InvalidInputError:
    """Return the error that names a line."""
    return InvalidInputError(f"line {line}: {reason}")


class _Fields:
    """A JSON object whose fields are taken one by one, each with its type."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values
        self._num_taken = 0

    @classmethod
    def parse(cls, line: bytes) -> "_Fields":
        values = orjson.loads(line)
        if not isinstance(values, dict):
            msg = "not a JSON object"
            raise ValueError(msg)  # noqa: TRY004  the value is at fault, no caller
        return cls(values)

    def take(self, name: str, kind: type[_Value]) -> _Value:
        """Return a field of exactly this type: a boolean is no number."""
        value = self.values.get(name)
        if type(value) is not kind:
            msg = f"the field {name!r} is missing or no {kind.__name__}"
            raise ValueError(msg)
        self._num_taken += 1
        return value

    def take_optional(self, name: str, kind: type[_Value]) -> _Value | None:
        """Return a field that must be there, and may be null."""
        if name in self.values and self.values[name] is None:
            self._num_taken += 1
            return None
        return self.take(name, kind)

    def take_object(self, name: str) -> "_Fields":
        return _Fields(self.take(name, dict))

    def require_all_taken(self) -> None:
        """Refuse fields that nobody asked for: they would be lost."""
        if self._num_taken != len(self.values):
            msg = f"unknown or missing fields among {', '.join(self.values)}"
            raise ValueError(msg)


def _require_known_format(fields: _Fields) -> None:
    found = fields.take("format", str), fields.take("version", int)
    if found[0] != _FORMAT or not 1 <= found[1] <= FORMAT_VERSION:
        msg = f"{found[0]} version {found[1]} is not {_FORMAT} version 1 to {FORMAT_VERSION}"
        raise ValueError(msg)


def _parse_article(fields: _Fields) -> ExportedArticle:
    published_at = fields.take_optional("published_at", str)
    seen_again = fields.take("seen_again", str) if "seen_again" in fields.values else None
    return ExportedArticle(
        record=ArticleRecord(
            id=fields.take("id", str),
            title=fields.take_optional("title", str),
            url=fields.take_optional("url", str),
            published_at=None if published_at is None else _moment(published_at),
            first_seen=_moment(fields.take("first_seen", str)),
        ),
        format=TextFormat(fields.take("format", str)),
        text=fields.take("text", str),
        cluster_id=fields.take("cluster_id", str),
        place=ClusterPlace(
            number=fields.take("cluster_number", int),
            is_original=fields.take("is_original", bool),
            pinned=fields.take("pinned", bool),
        ),
        seen_again=None if seen_again is None else _moment(seen_again),
        matches=tuple(map(_parse_match, fields.take("matches", list))),
        finding=Finding(
            verdict=Verdict(fields.take("verdict", str)),
            matches=(),
            damage=_parse_damage(fields.take_object("damage")),
            too_short=fields.take("too_short", bool),
            replaces=fields.take_optional("replaces", str),
        ),
    )


def _parse_match(value: object) -> ExportedMatch:
    if not isinstance(value, dict):
        msg = "a match is no object"
        raise ValueError(msg)  # noqa: TRY004  the value is at fault, no caller
    fields = _Fields(value)
    match = ExportedMatch(
        fields.take_optional("id", str),
        Verdict(fields.take("verdict", str)),
        Scores(*(fields.take(name, int) for name in ("shared", "size", "original_size"))),
    )
    fields.require_all_taken()
    return match


def _parse_damage(fields: _Fields) -> Damage:
    kinds = fields.take_object("kinds")
    damage = Damage(
        damaged=fields.take("damaged", bool),
        score=fields.take("score", float),
        kinds={DamageKind(kind): kinds.take(kind, int) for kind in kinds.values},
    )
    fields.require_all_taken()
    return damage


def _parse_no_copy(fields: _Fields) -> ExportedNoCopy:
    cluster_id = fields.take("no_copy_of", str)
    digest = bytes.fromhex(fields.take("normalized_digest", str))
    ids: Sequence[object] = fields.take("ids", list)
    if not all(isinstance(article_id, str) for article_id in ids):
        msg = "an id is no str"
        raise ValueError(msg)
    return ExportedNoCopy(NoCopy(digest, cluster_id), tuple(map(str, ids)))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        msg = f"the time {text!r} has no offset"
        raise ValueError(msg)
    return moment


def _line(fields: dict[str, Any]) -> bytes:
    return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)
