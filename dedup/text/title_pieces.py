"""Whether the pieces of a title could be all over its body: asked before they are looked at.

Most titles have a word that comes again in the article, and hardly any have all. One pass of a
kernel over the body counts how often each piece stands in it, found by its first four
characters, for pieces of all sizes, in both forms of the title that `dedup.text.title_chunks`
knows: as it is written, and its ideographs alone.
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
    """Whether most pieces of a title stand in the body, and often enough.

    `find_title_chunks` marks nothing in other texts.

    Args:
        codes: Code points of the text; uint32, shape (n,).
    """
    return _has_pieces(codes)


_LINE_END = ord("\n")
_HEAD = SIZES[0]  # characters of a piece that are looked for
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
    codes: NDArray[np.uint32], length: int, forms: NDArray[np.uint32], lengths: NDArray[np.int64]
) -> None:
    """Write the title as it stands, without blanks around it, and its ideographs alone."""
    for at in range(length):
        code = codes[at]
        if lengths[0] or not _is_space(code):
            forms[0, lengths[0]] = code
            lengths[0] += 1
        if 0x4E00 <= code <= 0x9FFF:
            forms[1, lengths[1]] = code
            lengths[1] += 1
    while lengths[0] and _is_space(forms[0, lengths[0] - 1]):
        lengths[0] -= 1


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

    Of each where it starts, and its beginning as a number of 16 bits a character: those beyond
    the basic plane may be taken for others.
    """
    for start in range(0, length - size + 1, size):
        if _is_new(title, start, size):
            head = np.uint64(0)
            for at in range(start, start + _HEAD):
                head = head << _BITS_OF_CHAR | np.uint64(title[at] & _LOWER_HALF)
            heads[count] = head
            starts[count] = start
            count += 1
    return count


@kernel_part
def _goes_on(
    codes: NDArray[np.uint32], at: int, title: NDArray[np.uint32], start: int, stop: int
) -> bool:
    """Whether the characters of a title from `start` to `stop` stand in a text from `at` on."""
    if at + stop - start > codes.size:
        return False
    size = stop - start
    same = 0
    while same < size and codes[at + same] == title[start + same]:
        same += 1
    return same == size


@kernel_part
def _count_pieces(
    codes: NDArray[np.uint32],
    at: int,
    rolling: np.uint64,
    forms: NDArray[np.uint32],
    heads: NDArray[np.uint64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    places: NDArray[np.int64],
) -> None:
    """Count the pieces whose beginning ends here, if they go on behind it."""
    for group in range(ends.size - 1):
        rest = SIZES[group % _NUM_SIZES] - _HEAD
        for piece in range(ends[group], ends[group + 1]):
            if heads[piece] == rolling:
                start = starts[piece] + _HEAD
                title = forms[group // _NUM_SIZES]
                places[piece] += _goes_on(codes, at + 1, title, start, start + rest)


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
def _has_pieces(codes: NDArray[np.uint32]) -> bool:
    """See `could_have_title_chunks`."""
    length = 0
    while length < codes.size and codes[length] != _LINE_END:
        length += 1
    if length > LONGEST_TITLE or length == codes.size:
        return False
    forms = np.empty((2, LONGEST_TITLE), np.uint32)
    lengths = np.zeros(2, np.int64)
    _write_forms(codes, length, forms, lengths)
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
    for at in range(length + 1, codes.size):
        rolling = rolling << _BITS_OF_CHAR | np.uint64(codes[at] & _LOWER_HALF)
        if is_marked[rolling * _FACTOR >> _SHIFT_OF_MARK] and at >= length + _HEAD:
            _count_pieces(codes, at, rolling, forms, heads, starts, ends, places)
    are_enough = False
    for group in range(2 * _NUM_SIZES):
        are_enough |= _are_enough(places, ends[group], ends[group + 1])
    return are_enough
