"""From the fields of a record, be it JSON, CSV or Parquet, to an article.

The names of fields differ from one collection to the next. `ALIASES` lists those that are
understood, the first that a record has counting; case does not matter.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from dedup.errors import DedupError, InvalidFieldError
from dedup.models import Article, TextFormat
from dedup.text.decode import decode

__all__ = [
    "ALIASES",
    "Record",
    "Source",
    "SourceArticle",
    "UnreadableSource",
    "article_from_fields",
    "fields_by_name",
    "source_of",
]

ALIASES: dict[str, tuple[str, ...]] = {
    "text": ("text", "content", "body", "正文", "内容", "內容"),
    "id": ("id", "doc_id", "article_id", "编号", "編號"),
    "title": ("title", "headline", "标题", "標題"),
    "url": ("url", "link", "source_url", "网址", "網址", "链接", "連結"),
    "published_at": ("published_at", "publish_time", "pub_time", "date", "发布时间", "發布時間"),
    "format": ("format",),
}
"""What a field may be called, by what it is."""


@dataclass(frozen=True, slots=True)
class SourceArticle:
    """An article and the file that it came from, relative to the folder."""

    path: str
    article: Article


@dataclass(frozen=True, slots=True)
class UnreadableSource:
    """A folder, file or record that gives no article, and why."""

    path: str
    reason: str


class Source(NamedTuple):
    """Where an article is from: its file, and what its record says besides the text."""

    path: str
    title: str | None
    url: str | None
    published_at: datetime | None


class Record(NamedTuple):
    """An article, and where the bytes that it was made of are among others."""

    source: SourceArticle
    start: int
    stop: int


# 2020-03-25, 2020/3/25 and 2020年3月25日, with or without a time behind.
_DATE = re.compile(r"\s*(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[ T]*(.*?)\s*")


def fields_by_name(names: Iterable[str]) -> dict[str, str]:
    """Return which of some column names stands for each field; the others are left out.

    >>> fields_by_name(["ID", "正文", "author"])
    {'text': '正文', 'id': 'ID'}
    """
    known = {name.strip().lower(): name for name in names}
    matches = ((field, next(filter(known.__contains__, ALIASES[field]), None)) for field in ALIASES)
    return {field: known[alias] for field, alias in matches if alias is not None}


# The records of a collection mostly have the same names.
_known_fields = lru_cache(maxsize=64)(fields_by_name)


def source_of(
    name: str, place: str, fields: Mapping[str, Any] | DedupError
) -> SourceArticle | UnreadableSource:
    """Return the article of one record of a file, or why there is none."""
    if isinstance(fields, DedupError):
        return UnreadableSource(place, str(fields))
    try:
        return SourceArticle(name, article_from_fields(fields, default_id=place))
    except DedupError as error:
        return UnreadableSource(place, str(error))


def article_from_fields(record: Mapping[str, Any], *, default_id: str | None) -> Article:
    """Return the article that a record describes; unknown fields are passed over.

    Args:
        record: Values by the names that the collection gives them.
        default_id: The id of an article without one; None to make it from the text.

    Raises:
        InvalidFieldError: The text is missing, or a field has the wrong type.
    """
    fields = {field: record[name] for field, name in _known_fields(tuple(record)).items()}
    text = _string(fields, "text")
    if text is None:
        raise InvalidFieldError("the field 'text' is missing")
    return Article(
        text=text,
        id=_string(fields, "id") or default_id,
        title=_string(fields, "title"),
        url=_string(fields, "url"),
        published_at=_time(fields),
        format=_format(fields),
    )


def _string(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if value is None or isinstance(value, str):
        return value
    if name == "id" and isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):  # a binary column of Parquet
        return decode(value)
    raise InvalidFieldError(f"the field {name!r} must be a string")


def _format(fields: Mapping[str, Any]) -> TextFormat:
    value = _string(fields, "format") or TextFormat.AUTO
    try:
        return TextFormat(value)
    except ValueError as error:
        allowed = ", ".join(TextFormat)
        raise InvalidFieldError(
            f"the field 'format' must be one of {allowed}: {value!r}"
        ) from error


def _time(fields: Mapping[str, Any]) -> datetime | None:
    """Return when an article was published; a time without a zone is taken for UTC."""
    value = fields.get("published_at")
    if value is None or value == "":
        return None
    moment = _moment(value)
    if moment is None:
        raise InvalidFieldError(
            f"the field 'published_at' must be a date or an RFC 3339 time: {value!r}"
        )
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    parts = _DATE.fullmatch(value) if isinstance(value, str) else None
    if parts is None:
        return None
    year, month, day, time = parts.groups()
    try:
        return datetime.fromisoformat(f"{year}-{month:0>2}-{day:0>2}T{time or '00:00'}")
    except ValueError:
        return None
