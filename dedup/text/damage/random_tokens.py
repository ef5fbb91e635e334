"""Random letters and digits without blanks: jammers, or numbers of something.

    市场监k4txsu管部门        提8afccuiueyih供        7c9e6a1f-0b2d-4c3e-9f10-2a5b7c8d9e0f

A commit, a serial number, a password and an address of a coin look the same; what differs
is where they stand. They are introduced, `密码：`, or listed with signs or blanks between
them. A jammer stands where no token belongs, glued between the characters of a word or in
a line of its own between two paragraphs; and all of an article are of one make: as long as
each other, of the same letters, and all different.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel
from dedup.text.marks import Mark
from dedup.text.words import is_han, is_listed_pair

__all__ = [
    "could_be_inside_words",
    "find_between_paragraphs",
    "find_inside_words",
    "introduced_lines",
    "is_token",
    "stand_inside_words",
]

_TOKEN = re.compile(r"[A-Za-z0-9]{5,64}")
_LONE_TOKEN = re.compile(r"[\[({<\"'`]*(?:\w+[=:])?[A-Za-z0-9][A-Za-z0-9_-]{6,}[\])}>\"'`]*")
_LINE = re.compile(r"[^\n]+")
_LINE_TOKEN = re.compile(r"(?=[0-9-]*[A-Za-z])[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
_SHORTEST_LINE = 8
_FEWEST_LINES = 3
_FEWEST_IN_PROSE = 4
_FEWEST_INSIDE_WORDS = 2
_LEAST_SHARE_INSIDE_WORDS = 0.15
_LEAST_SHARE_OUT_OF_PLACE = 0.5
_LEAST_SHARE_JUMBLED = 0.5
_LEAST_SHARE_BEHIND_PROSE = 0.5
_MOST_SHARE_OF_VOWELS = 0.3
_VOWELS = re.compile(r"[aeiouAEIOU]")
_CONSONANTS = re.compile(r"[b-df-hj-np-tv-xzB-DF-HJ-NP-TV-XZ]{4}")
_LONGEST_INTRODUCTION = 24
_LETTER_OR_DIGIT = re.compile(r"[A-Za-z0-9]")
_MANY = 6
_LEAST_SHARE_OF_MANY = 0.9
_RARE = re.compile(r"[jqxzJQXZ]|[b-df-hj-np-tv-xz]{3}")
_NAME_AND_NUMBER = re.compile(r"[A-Za-z]+\d+|\d+[A-Za-z]+")
_CLASSES = (re.compile(r"[a-z]"), re.compile(r"[A-Z]"), re.compile(r"[0-9]"))
_ENDS_OF_SENTENCES = "。！？!?”」』…；)）】"
# What stands in front of a list of them, or in the line above.
_INTRODUCTION = re.compile(
    r"[：:]\s*$|编号|編號|序列号|單號|单号|号码|號碼|密码|密碼|密钥|密鑰|地址|哈希|校验|提交|激活码|标识"
    r"|标识符|日志|代码|代碼|如下|账号|帐号|賬號|帳號|钱包|錢包|型号|型號|优惠码|验证码|口令|编码"
)


class _Token(NamedTuple):
    mark: Mark
    chars: str
    is_glued: bool  # between two Han characters
    is_inside: bool  # of a word


def is_token(run: str) -> bool:
    """Whether a run of ASCII is one number or name of something, a key in front included."""
    return _LONE_TOKEN.fullmatch(run.strip()) is not None


def stand_inside_words(text: str, marks: list[Mark]) -> bool:
    """Whether tokens in prose stand where none belongs: most of them, some inside words."""
    out_of_place = inside = 0
    for mark in marks:
        before, behind = text[mark.start - 1 : mark.start], text[mark.end : mark.end + 1]
        is_glued = is_han(before or " ") and is_han(behind or " ")
        is_dangling = before in set(_ENDS_OF_SENTENCES) and (behind in ("", "\n") or is_han(behind))
        out_of_place += is_glued or is_dangling
        inside += is_dangling or (is_glued and is_listed_pair(before, behind))
    if len(marks) >= _MANY and out_of_place >= _LEAST_SHARE_OF_MANY * len(marks):
        return True
    is_most = out_of_place >= _LEAST_SHARE_OUT_OF_PLACE * len(marks)
    return is_most and inside >= max(1, _LEAST_SHARE_INSIDE_WORDS * len(marks))


def introduced_lines(text: str) -> set[int]:
    """Return where the lines of one token start that a line above them introduces."""
    starts = set()
    is_introduced = False
    for match in _LINE.finditer(text):
        line = match[0].strip()
        if line and not _is_lone(line):
            is_introduced = _INTRODUCTION.search(line[-_LONGEST_INTRODUCTION:]) is not None
        elif is_introduced:
            starts.add(match.start() + match[0].find(line))
    return starts


def _is_lone(line: str) -> bool:
    return len(line) >= _SHORTEST_LINE and _LINE_TOKEN.fullmatch(line) is not None


def find_inside_words(text: str) -> Iterator[Mark]:
    """Yield random tokens of one make in prose, if enough are inside words."""
    tokens = [_token_at(text, match) for match in _TOKEN.finditer(text)]
    sizes = Counter(len(token.chars) for token in tokens if token.is_glued)
    if sizes.total() < _FEWEST_IN_PROSE:
        return
    [(size, _)] = sizes.most_common(1)
    make = {token.chars: token for token in tokens if token.is_glued and len(token.chars) == size}
    num_alike = sum(len(token.chars) == size for token in tokens)
    if not (_are_out_of_place(make, num_alike) and _are_jumbled([*make])):
        return
    classes = set().union(*map(_classes, make))
    for token in tokens:
        piece = _piece_of(token, size)
        if piece is None or not _classes(text[piece.start : piece.end]) <= classes:
            continue
        if token.is_inside or _could_be_random(text[slice(*piece)]):
            yield piece


def _are_out_of_place(make: dict[str, _Token], num_alike: int) -> bool:
    """Whether different tokens between Han characters are inside words, or many and no others."""
    if len(make) >= max(_MANY, _LEAST_SHARE_OF_MANY * num_alike):
        return True
    inside = sum(token.is_inside for token in make.values())
    fewest_inside = max(_FEWEST_INSIDE_WORDS, _LEAST_SHARE_INSIDE_WORDS * len(make))
    return len(make) >= _FEWEST_IN_PROSE and inside >= fewest_inside


def _could_be_random(token: str) -> bool:
    """Whether a token is one among random ones, unless it could be a word."""
    has_letter = any(map(str.isalpha, token))
    return has_letter and (not token.isalpha() or _is_jumbled(token) or bool(_RARE.search(token)))


def _token_at(text: str, match: re.Match[str]) -> _Token:
    before, behind = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    is_glued = is_han(before or " ") and is_han(behind or " ")
    return _Token(
        Mark(*match.span()), match[0], is_glued, is_glued and is_listed_pair(before, behind)
    )


def _piece_of(token: _Token, size: int) -> Mark | None:
    """Return what of a token is as long as a jammer, a number beside it left out."""
    start, end = token.mark
    if end - start == size:
        return token.mark
    if end - start > size and token.chars[:-size].isdecimal():
        return Mark(end - size, end)
    if end - start > size and token.chars[size:].isdecimal():
        return Mark(start, start + size)
    return None


def find_between_paragraphs(text: str) -> Iterator[Mark]:
    """Yield lines of one random token, if there are some of the same shape behind prose."""
    makes: dict[str, dict[str, Mark]] = {}
    num_lines: Counter[str] = Counter()
    num_behind_prose: Counter[str] = Counter()
    introduced = introduced_lines(text)
    is_behind_prose = True
    for match in _LINE.finditer(text):
        line = match[0].strip()
        if not line:
            continue
        if not _is_lone(line):
            is_behind_prose = line[-1] in _ENDS_OF_SENTENCES
            continue
        start = match.start() + match[0].find(line)
        shape = _LETTER_OR_DIGIT.sub("x", line)
        makes.setdefault(shape, {})[line] = Mark(start, start + len(line))
        num_lines[shape] += 1
        num_behind_prose[shape] += is_behind_prose and start not in introduced
    for shape, make in makes.items():
        are_different = len(make) == num_lines[shape] >= _FEWEST_LINES
        are_behind_prose = num_behind_prose[shape] >= _LEAST_SHARE_BEHIND_PROSE * len(make)
        if are_different and are_behind_prose and _are_jumbled([*make]):
            yield from make.values()


def _classes(chars: str) -> set[int]:
    return {place for place, pattern in enumerate(_CLASSES) if pattern.search(chars)}


def _are_jumbled(tokens: list[str]) -> bool:
    return sum(map(_is_jumbled, tokens)) >= _LEAST_SHARE_JUMBLED * len(tokens)


def _is_jumbled(token: str) -> bool:
    """Whether letters and digits are mixed, or letters cannot be spoken."""
    letters = sum(char.isalpha() for char in token)
    if not letters:
        return False
    if letters < len(token.replace("-", "")):
        return _NAME_AND_NUMBER.fullmatch(token) is None
    few_vowels = len(_VOWELS.findall(token)) <= _MOST_SHARE_OF_VOWELS * letters
    return few_vowels or _CONSONANTS.search(token) is not None


_SHORTEST = 5  # of `_TOKEN`
_FEWEST_WITH_LETTERS = 2  # jumbled, of as many as there must be


@kernel
def could_be_inside_words(codes: NDArray[np.uint32]) -> bool:
    """Whether tokens with a letter stand between Han characters, as `find_inside_words` asks."""
    count = 0
    start = -1
    has_letter = False
    for at in range(codes.size):
        code = codes[at]
        is_letter = 0x61 <= code | 0x20 <= 0x7A
        if is_letter or 0x30 <= code <= 0x39:
            if start < 0:
                start, has_letter = at, False
            has_letter |= is_letter
            continue
        if start > 0 and has_letter and at - start >= _SHORTEST:
            before = codes[start - 1]
            if 0x4E00 <= before <= 0x9FFF and 0x4E00 <= code <= 0x9FFF:
                count += 1
                if count >= _FEWEST_WITH_LETTERS:
                    return True
        start = -1
    return False
