r"""Characters left as entities or escapes: `&#20013;`, `&ldquo;`, `&amp;nbsp;`, `\u4e2d`, `%u4e2d`.

A page that was escaped once too often shows the entities of its markup; twice,
and the `&` of each is an entity as well. Only what is next to Chinese text or to
another such escape, or stands for a character outside ASCII, counts: `&amp;` in
a piece of code is code.
"""

import re
from functools import lru_cache
from html import unescape
from itertools import accumulate

from dedup.models import Edit
from dedup.text.marks import Mark

__all__ = ["could_open_escape", "find_escapes", "unescape_entities"]

# An entity, its `&` escaped any number of times; names are bounded, and a digit
# count above eight is no code point. Numbers and the commonest names are understood
# without the semicolon too.
_ENTITY = re.compile(
    r"(?:[&＆]|\\+u0026|\\+x26)(?:(?:amp|#38|#x26);)*(?:#[0-9]{1,8};|#[xX][0-9a-fA-F]{1,6};|[a-zA-Z][a-zA-Z0-9]{1,10};"
    r"|#(?:122[89][0-9]|199[6-9][0-9]|[23][0-9]{4}|40[0-8][0-9]{2}|65[23][0-9]{2})(?!;)"  # Chinese
    r"|#(?:82(?:1[126-9]|2[016]|30)|183)(?!;)"  # quotation marks, dashes and dots
    r"|#[0-9]{4,6}(?![0-9;])"
    r"|#[xX][0-9a-fA-F]{4,5}(?![0-9a-fA-F;])"
    r"|(?:nbsp|[lr][ds]quo|[mn]dash|hellip|middot|quot)(?![a-z;]))"
)
# The escapes of JSON, JavaScript and Java, their backslash escaped any number of times,
# and those of JavaScript's escape(); the halves of a pair of surrogates belong together.
_UNICODE_ESCAPE = re.compile(
    r"(?:\\+u[dD][89abAB][0-9a-fA-F]{2}\\+u[dD][c-fC-F][0-9a-fA-F]{2}|\\+u[0-9a-fA-F]{4}"
    r"|%u[dD][89abAB][0-9a-fA-F]{2}%u[dD][c-fC-F][0-9a-fA-F]{2}|%u[0-9a-fA-F]{4}"
    r"|\\+[ux]\{0{0,4}[0-9a-fA-F]{1,6}\}|\\+U000[01][0-9a-fA-F]{4}"
    r"|\\+[nrt/\"'])"
)
_SHORTEST_UNICODE_ESCAPE = 6
_OPENINGS_OF_FOUR = ("\\u", "%u")  # digits, and nothing else if it is as short as that
_LETTERS_OF_LAYOUT = {"n": "\n", "r": "\r", "t": "\t"}
_ESCAPED_AMPERSANDS = re.compile(r"(?<=&)(?:(?:amp|#38|#x26);)+(?=[#a-zA-Z])")
_AMPERSAND = re.compile(r"＆|\\+[ux](?:00)?26(?=[#a-zA-Z])")
_HEX = re.compile("[0-9a-fA-F]{4}")
_ONE_NUMBER = re.compile(r"\\+(?:[ux]\{([0-9a-fA-F]+)\}|U([0-9a-fA-F]{8}))")
# What escape() leaves of Latin-1, in a text that it wrote.
_LATIN_ESCAPE = re.compile("%[0-9A-F]{2}")
_CHINESE = re.compile("[\u2018-\u201d\u2026\u3000-\u303f\u4e00-\u9fff\uff01-\uff60]")

# Beside one of these an unescaped ASCII letter, digit or sign could complete
# another escape, and repairing twice would not be the same as once.
_UNFINISHED = re.compile(r"(?:&[#0-9A-Za-z]{0,16}|[\\%]u?[0-9a-fA-F]{0,3}|\\x[0-9a-fA-F]?)\Z")
_OPENER = re.compile(
    r"&[#0-9A-Za-z]{1,16};|%(?:25)*[0-9a-fA-F]{2}|%u[0-9a-fA-F]|\\+[ux][0-9a-fA-F]"
)
_OPENING_SIGNS = "&%\\"
_LONGEST_ESCAPE = 24

_LAST_CODE_POINT = 0x10FFFF

# So many escapes that all of the text was escaped.
_MANY = 10


def find_escapes(text: str) -> list[Mark]:
    """Return the entities and escapes of `text` that stand for what a reader should see."""
    patterns = (
        (("&", "＆", "u0026#", "x26#"), _ENTITY),
        (("\\u", "\\x{", "\\U", "%u"), _UNICODE_ESCAPE),
    )
    matches = [
        match
        for signs, pattern in patterns
        if any(sign in text for sign in signs)
        for match in pattern.finditer(text)
    ]
    if text.count("%u") >= _MANY:
        matches += _LATIN_ESCAPE.finditer(text)
    # Of `\u0026#20013;` the ampersand alone is one, too.
    matches.sort(key=lambda match: (match.start(), -match.end()))
    ends = accumulate((match.end() for match in matches), max, initial=0)
    matches = [match for match, end in zip(matches, ends, strict=False) if match.start() >= end]
    visible = [_is_visible_text(text, match) for match in matches]
    if any(visible):
        _add_neighbours(text, matches, visible)
    return [Mark(*match.span()) for match, seen in zip(matches, visible, strict=True) if seen]


def _add_neighbours(text: str, matches: list[re.Match[str]], visible: list[bool]) -> None:
    """Set `visible` for escaped ASCII beside a visible escape, or in a text full of them.

    Where everything was escaped, a digit has other escapes beside it and no Chinese text.
    """
    for index in (*range(len(matches)), *range(len(matches) - 2, -1, -1)):
        visible[index] = visible[index] or (
            any(
                visible[other] and _touch(matches[index], matches[other])
                for other in (index - 1, index + 1)
                if 0 <= other < len(matches)
            )
            and _can_be_undone(text, matches[index])
        )
    if sum(visible) >= _MANY:
        visible[:] = [_can_be_undone(text, match) for match in matches]


def unescape_entities(text: str, marks: list[Mark]) -> list[Edit]:
    """Replace each entity or escape by the character that it stands for."""
    return [Edit(mark.start, mark.end, _meaning(text[mark.start : mark.end])) for mark in marks]


@lru_cache(maxsize=1 << 13)  # each is asked for four times
def _meaning(escape: str) -> str:
    r"""Return the character of an entity or escape; itself if it has none.

    >>> _meaning("&amp;amp;#20013;"), _meaning("&nosuch;"), _meaning(r"\ud83d\ude00")
    ('中', '&nosuch;', '😀')
    """
    opening, digits = escape[:2], escape[2:]
    if (
        len(escape) == _SHORTEST_UNICODE_ESCAPE
        and opening in _OPENINGS_OF_FOUR
        and digits[0] != "{"
    ):
        return chr(int(digits, base=16))
    if _LATIN_ESCAPE.fullmatch(escape):
        return chr(int(escape[1:], base=16))
    if escape[0] in "\\%" and "#" not in escape:
        if len(escape) < _SHORTEST_UNICODE_ESCAPE or escape[-2] == "\\":
            return _LETTERS_OF_LAYOUT.get(escape[-1], escape[-1])
        if number := _ONE_NUMBER.fullmatch(escape):
            code = int(number[1] or number[2], base=16)
            return chr(code) if code <= _LAST_CODE_POINT else escape
        units = [int(digits, base=16) for digits in _HEX.findall(escape)]
        data = b"".join(unit.to_bytes(2, "big") for unit in units)
        return data.decode("utf-16-be", "surrogatepass")
    entity = _ESCAPED_AMPERSANDS.sub("", _AMPERSAND.sub("&", escape))
    if not entity.endswith(";"):
        entity += ";"
    meaning = unescape(entity)
    return escape if meaning == entity else meaning


def could_open_escape(char: str, text: str, at: int) -> bool:
    """Whether a character in front of `text[at]` would make an escape of what follows.

    Repairing twice would then not be the same as once.
    """
    can_open = char in _OPENING_SIGNS
    return can_open and _OPENER.match(char + text[at : at + _LONGEST_ESCAPE]) is not None


def _touch(one: re.Match[str], other: re.Match[str]) -> bool:
    return one.end() == other.start() or other.end() == one.start()


def _can_be_undone(text: str, match: re.Match[str]) -> bool:
    """Whether an escape has a meaning, and none that could complete another escape."""
    meaning = _meaning(match[0])
    if meaning == match[0] or not meaning or "\ud800" <= meaning <= "\udfff":
        return False
    if not meaning.isascii():
        return True
    start = max(0, match.start() - _LONGEST_ESCAPE)
    return not (
        could_open_escape(meaning, text, match.end())
        or _UNFINISHED.search(text, start, match.start())
    )


def _is_visible_text(text: str, match: re.Match[str]) -> bool:
    """Whether an entity or escape was meant to be read, rather than to be code."""
    if not _can_be_undone(text, match):
        return False
    meaning = _meaning(match[0])
    if not meaning.isascii():
        return match[0][0] in "&＆" or meaning > "\uffff" or bool(_CHINESE.match(meaning))
    beside = text[max(0, match.start() - 1) : match.start()] + text[match.end() : match.end() + 1]
    return bool(_CHINESE.search(beside))
