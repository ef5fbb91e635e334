"""Whether the pieces of a title could be all over its body: asked before they are looked at.

Most titles have a word that comes again in the article, and hardly any have all. One pass of a
kernel over the body counts how often each piece stands in it without what is beside it in the
title, found by its first four characters, for pieces of all sizes, in both forms of the title
that `dedup.text.title_chunks` knows: as it is written, and its ideographs alone.
"""

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel, kernel_part

__all__ = [
    "FEWEST_CHUNKS",
    "FEWEST_PLACES",
    "LEAST_SHARE_FOUND",
    "LONGEST_TITLE",
    "SIZES",
    "could_have_pieces_of",
    "could_have_title_chunks",
]

SIZES = tuple(range(4, 13))
"""Characters of a piece; the smallest one first."""

LONGEST_TITLE = 80
FEWEST_CHUNKS = 2
LEAST_SHARE_FOUND = 0.8
"""Of the pieces of a title."""

FEWEST_PLACES = 6
"""In the body, of all pieces."""


def could_have_title_chunks(codes: NDArray[np.uint32]) -> bool:
    """Whether most pieces of the title, the first line, stand in the body, and often enough.

    `find_title_chunks` marks nothing in other texts.

    Args:
        codes: Code points of the text; uint32, shape (n,).
    """
    ends = np.flatnonzero(codes[: LONGEST_TITLE + 1] == _LINE_END)
    return ends.size > 0 and _has_pieces(codes[: ends[0]], codes[ends[0] + 1 :])


def could_have_pieces_of(title: NDArray[np.uint32], codes: NDArray[np.uint32]) -> bool:
    """Whether the same is so of a title that came apart from its text.

    Args:
        title: Code points of the title; uint32, shape (m,).
        codes: Code points of the text; uint32, shape (n,).
    """
    return title.size <= LONGEST_TITLE and _has_pieces(title, codes)


_LINE_END = ord("\n")
_HEAD = SIZES[0]  # characters of a piece that are looked for
_BESIDE = 2  # characters that tell that a piece is still part of the title
_NUM_SIZES = len(SIZES)
_MOST_PIECES = 2 * _NUM_SIZES * (LONGEST_TITLE // _HEAD)
_NUM_MARKED = 1 << 12
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_SHIFT_OF_MARK = np.uint64(52)
_BITS_OF_CHAR = np.uint64(16)
_LOWER_HALF = np.uint32(0xFFFF)


@kernel_part
def _is_space(code: int) -> bool:
    """Whether `str.strip` takes a character away."""
    if code <= 0x20:
        return 0x09 <= code <= 0x0D or code >= 0x1C
    if code < 0x1680:
        return code in (0x85, 0xA0)
    return 0x2000 <= code <= 0x200A or code in (0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)


@kernel_part
def _write_forms(
    title: NDArray[np.uint32], forms: NDArray[np.uint32], lengths: NDArray[np.int64]
) -> None:
    """Write the title as it stands, without blanks around it, and its ideographs alone.

    The second form is empty where it is the first one again.
    """
    for code in title:
        if lengths[0] or not _is_space(code):
            forms[0, lengths[0]] = code
            lengths[0] += 1
        if 0x4E00 <= code <= 0x9FFF:
            forms[1, lengths[1]] = code
            lengths[1] += 1
    while lengths[0] and _is_space(forms[0, lengths[0] - 1]):
        lengths[0] -= 1
    if lengths[1] == lengths[0]:
        lengths[1] = 0


@kernel_part
def _head_of(codes: NDArray[np.uint32], at: int) -> np.uint64:
    """Return four characters as a number of 16 bits each: some are taken for others."""
    head = np.uint64(0)
    for place in range(at, at + _HEAD):
        head = head << _BITS_OF_CHAR | np.uint64(codes[place] & _LOWER_HALF)
    return head


@kernel_part
def _leave_absent(
    codes: NDArray[np.uint32], forms: NDArray[np.uint32], lengths: NDArray[np.int64]
) -> None:
    """Empty the forms whose first characters, and so no piece of any size, are in the body."""
    first = _head_of(forms[0], 0) if lengths[0] >= _HEAD else np.uint64(0)
    second = _head_of(forms[1], 0) if lengths[1] >= _HEAD else np.uint64(0)
    has_first = has_second = False
    rolling = np.uint64(0)
    for code in codes:
        rolling = rolling << _BITS_OF_CHAR | np.uint64(code & _LOWER_HALF)
        has_first |= rolling == first
        has_second |= rolling == second
    if not has_first or lengths[0] < _HEAD:
        lengths[0] = 0
    if not has_second or lengths[1] < _HEAD:
        lengths[1] = 0


@kernel_part
def _is_new(title: NDArray[np.uint32], start: int, size: int) -> bool:
    """Whether none of the pieces in front of one is the same."""
    for other in range(0, start, size):
        same = 0
        while same < size and title[other + same] == title[start + same]:
            same += 1
        if same == size:
            return False
    return True


@kernel_part
def _list_pieces(
    title: NDArray[np.uint32],
    length: int,
    size: int,
    heads: NDArray[np.uint64],
    starts: NDArray[np.int64],
    count: int,
) -> int:
    """Write all pieces of one size behind `count` others; return the number.

    Of each where it starts, and its beginning as a number.
    """
    for start in range(0, length - size + 1, size):
        if _is_new(title, start, size):
            heads[count] = _head_of(title, start)
            starts[count] = start
            count += 1
    return count


@kernel_part
def _agree(
    codes: NDArray[np.uint32], at: int, title: NDArray[np.uint32], start: int, size: int
) -> bool:
    """Whether so many characters of a title stand in a text from `at` on."""
    if at < 0 or at + size > codes.size:
        return False
    same = 0
    while same < size and codes[at + same] == title[start + same]:
        same += 1
    return same == size


@kernel_part
def _is_alone(
    codes: NDArray[np.uint32],
    at: int,
    title: NDArray[np.uint32],
    length: int,
    start: int,
    size: int,
) -> bool:
    """Whether a piece stands here without what is beside it, where the title has it first."""
    first = 0
    while not _agree(title, first, title, start, size):
        first += 1
    before = min(_BESIDE, first)
    if before and _agree(codes, at - before, title, first - before, before):
        return False
    behind = min(_BESIDE, length - first - size)
    return behind == 0 or not _agree(codes, at + size, title, first + size, behind)


@kernel_part
def _count_pieces(
    codes: NDArray[np.uint32],
    at: int,
    rolling: np.uint64,
    forms: NDArray[np.uint32],
    lengths: NDArray[np.int64],
    heads: NDArray[np.uint64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    places: NDArray[np.int64],
) -> None:
    """Count the pieces that begin here, and stand alone."""
    for group in range(ends.size - 1):
        size = SIZES[group % _NUM_SIZES]
        form = group // _NUM_SIZES
        for piece in range(ends[group], ends[group + 1]):
            if heads[piece] == rolling and _agree(codes, at, forms[form], starts[piece], size):
                places[piece] += _is_alone(
                    codes, at, forms[form], lengths[form], starts[piece], size
                )


@kernel_part
def _are_enough(places: NDArray[np.int64], first: int, last: int) -> bool:
    """Whether most of some pieces stand in the body, given in how many places each does."""
    missing = total = 0
    for piece in range(first, last):
        missing += places[piece] == 0
        total += places[piece]
    size = last - first
    is_most = missing <= (1 - LEAST_SHARE_FOUND) * size
    return size >= FEWEST_CHUNKS and total >= FEWEST_PLACES and is_most


@kernel
def _has_pieces(title: NDArray[np.uint32], codes: NDArray[np.uint32]) -> bool:
    """Whether most pieces of a title of at most `LONGEST_TITLE` characters are in a body."""
    forms = np.empty((2, LONGEST_TITLE), np.uint32)
    lengths = np.zeros(2, np.int64)
    _write_forms(title, forms, lengths)
    _leave_absent(codes, forms, lengths)
    if lengths[0] == 0 and lengths[1] == 0:
        return False
    heads = np.empty(_MOST_PIECES, np.uint64)
    starts = np.empty(_MOST_PIECES, np.int64)
    ends = np.zeros(2 * _NUM_SIZES + 1, np.int64)  # of the pieces of one form and size
    num_heads = 0
    for group in range(2 * _NUM_SIZES):
        form = group // _NUM_SIZES
        size = SIZES[group % _NUM_SIZES]
        num_heads = _list_pieces(forms[form], lengths[form], size, heads, starts, num_heads)
        ends[group + 1] = num_heads
    is_marked = np.zeros(_NUM_MARKED, np.bool_)
    for head in heads[:num_heads]:
        is_marked[head * _FACTOR >> _SHIFT_OF_MARK] = True
    places = np.zeros(num_heads, np.int64)
    rolling = np.uint64(0)
    for at in range(codes.size):
        rolling = rolling << _BITS_OF_CHAR | np.uint64(codes[at] & _LOWER_HALF)
        if is_marked[rolling * _FACTOR >> _SHIFT_OF_MARK] and at + 1 >= _HEAD:
            start = at + 1 - _HEAD
            _count_pieces(codes, start, rolling, forms, lengths, heads, starts, ends, places)
    are_enough = False
    for group in range(2 * _NUM_SIZES):
        are_enough |= _are_enough(places, ends[group], ends[group + 1])
    return are_enough
