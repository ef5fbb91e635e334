r"""Escapes without what usually opens them: `。\n`, `ldquo;`, `U+4E2DU+56FD`, `\4e2d \56fd `.

Each may be natural alone: a path has `\n`, a lesson on Unicode `U+4E2D`. So they count only
where they stand as text does: line ends behind Chinese text, several of them, names of
entities beside it, code points without anything between them, CSS escapes in great number.
"""

import re
from collections.abc import Iterator
from html import unescape
from itertools import pairwise
from typing import NamedTuple

from dedup.models import Edit
from dedup.text.marks import Mark

__all__ = ["find_bare_escapes", "unescape_bare"]


class _Escape(NamedTuple):
    """An escape: its place and the character that it stands for."""

    mark: Mark
    char: str


_CHINESE = re.compile("[\u00b7\u2014-\u2026\u3000-\u303f\u4e00-\u9fff\uff01-\uff60]")

_LAYOUT = re.compile(r"(?:\\+[nrt])+")
_ONE_OF_LAYOUT = re.compile(r"\\+([nrt])")
_ESCAPED_SIGN = re.compile(r"\\+([\"/])")
_CHARS_OF_LAYOUT = {"n": "\n", "r": "\r", "t": "\t"}
# In front of these it is a path, or a string in code.
_NEVER_BEHIND_LAYOUT = re.compile("[a-z\"'%]")
_FEWEST_OF_LAYOUT = 4

_NAMED = re.compile(r"(?<![&a-zA-Z])(?:[lr][ds]quo|[mn]dash|hellip|middot|nbsp|quot);")

_CODE_POINT = re.compile(r"U\+([0-9A-Fa-f]{4})")
_FEWEST_TOUCHING = 5

_CSS = re.compile(r"\\(?:([0-9a-fA-F]{4})(?![0-9a-fA-F]) ?|([0-9a-fA-F]{2,6}) )")
# The digits of a path are seldom those of Han characters, with letters among them.
_CSS_OF_HAN = re.compile(r"\\(?=[0-9]{0,3}[a-f])[4-9][0-9a-f]{3}(?![0-9a-f])", re.IGNORECASE)
_FEWEST_OF_CSS = 5


def find_bare_escapes(text: str) -> list[Mark]:
    """Return the escapes of `text` that lack their usual opening."""
    return [escape.mark for escape in _read(text)]


def unescape_bare(text: str, _marks: list[Mark]) -> list[Edit]:
    """Replace each escape by the character that it stands for."""
    return [Edit(*escape.mark, escape.char) for escape in _read(text)]


def _read(text: str) -> list[_Escape]:
    found: list[_Escape] = []
    if "\\" in text:
        found += _css(text) or _layout(text)
    if "U+" in text:
        found += _code_points(text)
    if ";" in text:
        found += _named(text)
    return sorted(found)


def _layout(text: str) -> Iterator[_Escape]:
    """Yield line ends and tabs, if several are behind Chinese text; signs escaped with them."""
    runs = [
        run for run in _LAYOUT.finditer(text) if not _NEVER_BEHIND_LAYOUT.match(text, run.end())
    ]
    firm = sum(
        len(_ONE_OF_LAYOUT.findall(run[0]))
        for run in runs
        if run.start() and _CHINESE.match(text, run.start() - 1)
    )
    if firm < _FEWEST_OF_LAYOUT:
        return
    for run in runs:
        for match in _ONE_OF_LAYOUT.finditer(text, *run.span()):
            yield _Escape(Mark(*match.span()), _CHARS_OF_LAYOUT[match[1]])
    for match in _ESCAPED_SIGN.finditer(text):
        yield _Escape(Mark(*match.span()), match[1])


def _named(text: str) -> Iterator[_Escape]:
    """Yield the names of entities whose `&` is gone, beside Chinese text."""
    matches = list(_NAMED.finditer(text))
    if any(
        _CHINESE.search(
            text[max(0, match.start() - 1) : match.start()] + text[match.end() : match.end() + 1]
        )
        for match in matches
    ):
        for match in matches:
            yield _Escape(Mark(*match.span()), unescape("&" + match[0]))


def _code_points(text: str) -> Iterator[_Escape]:
    """Yield code points, if there are some without anything between them."""
    matches = list(_CODE_POINT.finditer(text))
    touching = sum(one.end() == other.start() for one, other in pairwise(matches))
    if touching >= _FEWEST_TOUCHING:
        for match in matches:
            if _is_char(char := chr(int(match[1], base=16))):
                yield _Escape(Mark(*match.span()), char)


def _css(text: str) -> list[_Escape]:
    """Return the escapes of style sheets, if there are many; a blank ends each."""
    if sum(1 for _ in _CSS_OF_HAN.finditer(text)) < _FEWEST_OF_CSS:
        return []
    return [
        _Escape(Mark(*match.span()), char)
        for match in _CSS.finditer(text)
        if _is_char(char := chr(min(int(match[1] or match[2], base=16), _LAST_CODE_POINT)))
    ]


_LAST_CODE_POINT = 0x10FFFF


def _is_char(char: str) -> bool:
    return char.isprintable() or char.isspace()
