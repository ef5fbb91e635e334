r"""Characters left as entities or escapes: `&#20013;`, `&ldquo;`, `&amp;nbsp;`, `\u4e2d`.

A page that was escaped once too often shows the entities of its markup; twice,
and the `&` of each is an entity as well. Only what is next to Chinese text, or
stands for a character outside ASCII, counts: `&amp;` in a piece of code is code.
"""

import re
from html import unescape

from dedup.models import Edit
from dedup.text.marks import Mark

__all__ = ["find_escapes", "unescape_entities"]

# An entity, its `&` escaped any number of times; names are bounded, and a digit
# count above eight is no code point.
_ENTITY = re.compile(
    r"&(?:(?:amp|#38|#x26);)*(?:#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,10});"
)
_UNICODE_ESCAPE = re.compile(r"\\u[0-9a-fA-F]{4}")
_ESCAPED_AMPERSANDS = re.compile(r"(?<=&)(?:(?:amp|#38|#x26);)+")
_CHINESE = re.compile("[\u2018-\u201d\u2026\u3000-\u303f\u4e00-\u9fff\uff01-\uff60]")

# Beside one of these an unescaped ASCII letter, digit or sign could complete
# another escape, and repairing twice would not be the same as once.
_UNFINISHED = re.compile(r"(?:&[#0-9A-Za-z]{0,16}|\\u?[0-9a-fA-F]{0,4})\Z")


def find_escapes(text: str) -> list[Mark]:
    """Return the entities and escapes of `text` that stand for what a reader should see."""
    patterns = [
        pattern for sign, pattern in (("&", _ENTITY), ("\\u", _UNICODE_ESCAPE)) if sign in text
    ]
    marks = [
        Mark(*match.span())
        for pattern in patterns
        for match in pattern.finditer(text)
        if _is_visible_text(text, match)
    ]
    return sorted(marks)


def unescape_entities(text: str, marks: list[Mark]) -> list[Edit]:
    """Replace each entity or escape by the character that it stands for."""
    return [Edit(mark.start, mark.end, _meaning(text[mark.start : mark.end])) for mark in marks]


def _meaning(escape: str) -> str:
    """Return the character of an entity or escape; itself if it has none.

    >>> _meaning("&amp;amp;#20013;"), _meaning("&nosuch;")
    ('中', '&nosuch;')
    """
    if escape.startswith("\\"):
        return chr(int(escape.removeprefix("\\u"), base=16))
    entity = _ESCAPED_AMPERSANDS.sub("", escape)
    meaning = unescape(entity)
    return escape if meaning == entity and entity == escape else meaning


def _is_visible_text(text: str, match: re.Match[str]) -> bool:
    """Whether an entity or escape was meant to be read, rather than to be code."""
    meaning = _meaning(match[0])
    if meaning == match[0] or not meaning or "\ud800" <= meaning <= "\udfff":
        return False
    if not meaning.isascii():
        return match[0].startswith("&") or bool(_CHINESE.match(meaning))
    if _UNFINISHED.search(text, max(0, match.start() - 24), match.start()) or meaning in "&\\":
        return False
    beside = text[max(0, match.start() - 1) : match.start()] + text[match.end() : match.end() + 1]
    return bool(_CHINESE.search(beside))
