"""Whether the pieces of a title could be all over its body: asked before they are looked at.

Most titles have a word that comes again in the article, and hardly any have all. One pass of a
kernel over the body counts how often each piece stands in it without what is beside it in the
title, found by its first four characters, for pieces of all sizes, in the forms of the title
that `title_chunks` knows: as it is written, without blanks, without signs, and its
ideographs alone.
"""

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel, kernel_part

__all__ = [
    "LONGEST_TITLE",
    "SIZES",
    "could_have_pieces_of",
    "could_have_title_chunks",
    "forms_and_sizes",
    "most_counted",
]

SIZES = tuple(range(4, 13))
"""Characters of a piece; the smallest one first."""

LONGEST_TITLE = 80
FEWEST_CHUNKS = 2
LEAST_SHARE_FOUND = 0.66
"""Of the pieces of a title."""

FEWEST_PLACES = 4
"""In the body, of all pieces; none counts too often."""


def could_have_title_chunks(codes: NDArray[np.uint32]) -> bool:
    """Whether most pieces of the title, the first line, stand in the body, and often enough.

    `find_title_chunks` marks nothing in other texts.

    Args:
        codes: Code points of the text; uint32, shape (n,).
    """
    ends = np.flatnonzero(codes[: LONGEST_TITLE + 1] == _LINE_END)
    return ends.size > 0 and bool(_find_groups(codes[: ends[0]], codes[ends[0] + 1 :]))


def could_have_pieces_of(title: NDArray[np.uint32], codes: NDArray[np.uint32]) -> bool:
    """Whether the same is so of a title that came apart from its text.

    Args:
        title: Code points of the title; uint32, shape (m,).
        codes: Code points of the text; uint32, shape (n,).
    """
    return title.size <= LONGEST_TITLE and bool(_find_groups(title, codes))


def forms_and_sizes(title: NDArray[np.uint32], codes: NDArray[np.uint32]) -> list[tuple[int, int]]:
    """Return of which form of a title pieces stand in its body, and of which size.

    Args:
        title: Code points of the title, at most `LONGEST_TITLE`; uint32, shape (m,).
        codes: Code points of the body; uint32, shape (n,).
    """
    groups = int(_find_groups(title, codes))
    return [
        (group // _NUM_SIZES, SIZES[group % _NUM_SIZES])
        for group in range(_NUM_FORMS * _NUM_SIZES)
        if groups >> group & 1
    ]


def most_counted(places: list[int]) -> int:
    """Return how often a piece counts at most: one that is a word is all over the article."""
    return 2 * max(1, sorted(places)[(len(places) - 1) // 2])


_LINE_END = ord("\n")
_HEAD = SIZES[0]  # characters of a piece that are looked for
_BESIDE = 2  # characters that tell that a piece is still part of the title
_NUM_SIZES = len(SIZES)
_NUM_FORMS = 4
_MOST_PIECES = _NUM_FORMS * _NUM_SIZES * (LONGEST_TITLE // _HEAD)
_NUM_SLOTS = 1 << 13
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_SHIFT_OF_SLOT = np.uint64(51)
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
def _is_word_char(code: int) -> bool:
    """Whether a character is an ideograph, an ASCII letter or a digit."""
    is_ascii = 0x30 <= code <= 0x39 or 0x61 <= code | 0x20 <= 0x7A
    return is_ascii or 0x4E00 <= code <= 0x9FFF


@kernel_part
def _write_forms(
    title: NDArray[np.uint32], forms: NDArray[np.uint32], lengths: NDArray[np.int64]
) -> None:
    """Write the title as it stands, without blanks, without signs, and its ideographs alone.

    A form is empty where it is an earlier one again.
    """
    for code in title:
        is_space = _is_space(code)
        is_kept = (
            lengths[0] > 0 or not is_space,
            not is_space,
            _is_word_char(code),
            0x4E00 <= code <= 0x9FFF,
        )
        for form in range(_NUM_FORMS):
            if is_kept[form]:
                forms[form, lengths[form]] = code
                lengths[form] += 1
    while lengths[0] and _is_space(forms[0, lengths[0] - 1]):
        lengths[0] -= 1
    for form in range(_NUM_FORMS - 1, 0, -1):
        if lengths[form] == lengths[form - 1]:
            lengths[form] = 0


@kernel_part
def _head_of(codes: NDArray[np.uint32], at: int) -> np.uint64:
    """Return four characters as a number of 16 bits each: some are taken for others."""
    head = np.uint64(0)
    for place in range(at, at + _HEAD):
        head = head << _BITS_OF_CHAR | np.uint64(codes[place] & _LOWER_HALF)
    return head


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
def _is_in(codes: NDArray[np.uint32], title: NDArray[np.uint32], start: int, size: int) -> bool:
    """Whether a piece stands anywhere in a text."""
    at = 0
    while at + size <= codes.size and not _agree(codes, at, title, start, size):
        at += 1
    return at + size <= codes.size


@kernel_part
def _is_alone(
    codes: NDArray[np.uint32],
    at: int,
    title: NDArray[np.uint32],
    length: int,
    start: int,
    size: int,
) -> bool:
    """Whether a piece stands here without what is beside it, where the title has it first.

    Or twice in a row.
    """
    if _agree(codes, at + size, title, start, size):
        return True
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
    title: NDArray[np.uint32],
    forms: NDArray[np.uint32],
    lengths: NDArray[np.int64],
    heads: NDArray[np.uint64],
    starts: NDArray[np.int64],
    groups: NDArray[np.int64],
    asked: int,
    first: int,
    following: NDArray[np.int16],
    places: NDArray[np.int64],
) -> None:
    """Count the pieces that begin here, and stand alone or run over a sign of the title.

    Those that may begin so are `first` and the ones that follow it, -1 at the end; only
    those of the forms and sizes in `asked` are counted.
    """
    piece = first
    while piece >= 0:
        form, size = groups[piece] // _NUM_SIZES, SIZES[groups[piece] % _NUM_SIZES]
        is_asked = asked >> groups[piece] & 1 and heads[piece] == rolling
        if is_asked and _agree(codes, at, forms[form], starts[piece], size):
            start = starts[piece]
            is_alone = _is_alone(codes, at, forms[form], lengths[form], start, size)
            places[piece] += is_alone or not _is_in(title, forms[form], start, size)
        piece = following[piece]


@kernel_part
def _most_counted(places: NDArray[np.int64], first: int, last: int) -> int:
    """Return twice the lower median, 2 at least: see `most_counted`."""
    rank = (last - first - 1) // 2
    for piece in range(first, last):
        fewer = same = 0
        for other in range(first, last):
            fewer += places[other] < places[piece]
            same += places[other] == places[piece]
        if fewer <= rank < fewer + same:
            return int(max(2, 2 * places[piece]))
    return 2


@kernel_part
def _are_enough(places: NDArray[np.int64], first: int, last: int) -> bool:
    """Whether most of some pieces stand in the body, given in how many places each does."""
    most = _most_counted(places, first, last)
    missing = total = 0
    for piece in range(first, last):
        missing += places[piece] == 0
        total += min(places[piece], most)
    size = last - first
    is_most = missing <= (1 - LEAST_SHARE_FOUND) * size
    return size >= FEWEST_CHUNKS and total >= FEWEST_PLACES and is_most


@kernel_part
def _mark_present(
    codes: NDArray[np.uint32],
    heads: NDArray[np.uint64],
    first_of: NDArray[np.int16],
    following: NDArray[np.int16],
    is_present: NDArray[np.bool_],
) -> None:
    """Say of which pieces the first four characters stand anywhere in a body."""
    rolling = np.uint64(0)
    for code in codes:
        rolling = rolling << _BITS_OF_CHAR | np.uint64(code & _LOWER_HALF)
        piece = first_of[rolling * _FACTOR >> _SHIFT_OF_SLOT]
        while piece >= 0:
            is_present[piece] |= heads[piece] == rolling
            piece = following[piece]


@kernel_part
def _groups_left(is_present: NDArray[np.bool_], ends: NDArray[np.int64]) -> int:
    """Return the forms and sizes of which most pieces may stand in a body, a bit for each.

    And of the form as well the first four characters or the second.
    """
    groups = 0
    for form in range(_NUM_FORMS):
        smallest = form * _NUM_SIZES
        opening = ends[smallest]
        end_of_opening = min(opening + FEWEST_CHUNKS, ends[smallest + 1])
        if not is_present[opening:end_of_opening].any():
            continue
        for group in range(smallest, smallest + _NUM_SIZES):
            size = ends[group + 1] - ends[group]
            found = is_present[ends[group] : ends[group + 1]].sum()
            is_most = size - found <= (1 - LEAST_SHARE_FOUND) * size
            groups |= int(size >= FEWEST_CHUNKS and is_most) << group
    return groups


@kernel
def _find_groups(title: NDArray[np.uint32], codes: NDArray[np.uint32]) -> int:
    """Return the forms and sizes of which most pieces are in a body, a bit for each.

    The title has at most `LONGEST_TITLE` characters. Most bodies have some of the pieces; a
    first pass looks at nothing but how many.
    """
    forms = np.empty((_NUM_FORMS, LONGEST_TITLE), np.uint32)
    lengths = np.zeros(_NUM_FORMS, np.int64)
    _write_forms(title, forms, lengths)
    heads = np.empty(_MOST_PIECES, np.uint64)
    starts = np.empty(_MOST_PIECES, np.int64)
    ends = np.zeros(_NUM_FORMS * _NUM_SIZES + 1, np.int64)  # of the pieces of one form and size
    num_heads = 0
    for group in range(_NUM_FORMS * _NUM_SIZES):
        form = group // _NUM_SIZES
        size = SIZES[group % _NUM_SIZES]
        if lengths[form] >= _HEAD * FEWEST_CHUNKS:
            num_heads = _list_pieces(forms[form], lengths[form], size, heads, starts, num_heads)
        ends[group + 1] = num_heads
    # Pieces by a hash of their beginning: the first of each slot, and of each piece the next one.
    # Slots are many, so that hardly a character of the body comes upon one that is taken.
    first_of = np.full(_NUM_SLOTS, -1, np.int16)
    following = np.empty(num_heads, np.int16)
    groups_of = np.empty(num_heads, np.int64)
    for group in range(_NUM_FORMS * _NUM_SIZES):
        for piece in range(ends[group], ends[group + 1]):
            slot = heads[piece] * _FACTOR >> _SHIFT_OF_SLOT
            groups_of[piece], following[piece] = group, first_of[slot]
            first_of[slot] = piece
    is_present = np.zeros(num_heads, np.bool_)
    _mark_present(codes, heads, first_of, following, is_present)
    groups = _groups_left(is_present, ends)
    if groups == 0:
        return 0
    places = np.zeros(num_heads, np.int64)
    rolling = np.uint64(0)
    for at in range(codes.size):
        rolling = rolling << _BITS_OF_CHAR | np.uint64(codes[at] & _LOWER_HALF)
        first = first_of[rolling * _FACTOR >> _SHIFT_OF_SLOT]
        if first >= 0 and at + 1 >= _HEAD:
            _count_pieces(
                codes, at + 1 - _HEAD, rolling, title, forms, lengths,
                heads, starts, groups_of, groups, first, following, places,
            )  # fmt: skip
    for group in range(_NUM_FORMS * _NUM_SIZES):
        if groups >> group & 1 and not _are_enough(places, ends[group], ends[group + 1]):
            groups ^= 1 << group
    return groups
