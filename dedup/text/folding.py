"""Folding: from text to the characters that are compared.

What is left of a text are the letters and digits of any script, each replaced by
one form for all its variants, as Unicode code points:

- compatibility forms (NFKC): width, enclosed and squared characters, ligatures,
  Kangxi and CJK radicals, compatibility ideographs; several pieces where needed;
- case (Unicode case folding), and accents and every other combining mark, so that
  é, e + U+0301 and e are one, as are が, か + U+3099 and か;
- Hangul composed from its jamo, so that both normalization forms are one;
- Han characters: simplified, traditional, regional and old forms in one class
  (`dedup.text.variants`).

Punctuation, symbols, emoji, blanks, marks, format and control characters, private
use, unassigned code points and lone surrogates are dropped. Nothing raises.

Everything but the Han classes comes from a table that is shipped as data, made by
tools/build_fold_table.py for the Unicode version it names: a newer Python must not
change signatures.
"""

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import accumulate, chain, pairwise
from typing import TypeVar

import numpy as np
import xxhash
from numpy.typing import NDArray

from dedup.kernels import kernel, kernel_part
from dedup.text.code_points import code_points
from dedup.text.variants import chinese_pairs, japanese_pairs, variant_classes

__all__ = ["BREAK", "FoldedBatch", "FoldedText", "Folder"]

BREAK = 0
"""The code that stands for a lost or excluded stretch; no shingle may hold it."""

T = TypeVar("T", bound=np.generic)

_NO_CODES = np.empty(0, np.uint32)
_NO_SPANS = np.empty((0, 2), np.intp)
_LOST = 0xFFFD
_TABLE_SIZE = 0x40000  # planes 0 to 3; the planes above hold no letters

# Entries of the table: 0 drops the character, a code point is written as it is, and
# from _SPECIAL on the upper bits say what to do with the lower ones.
_SPECIAL = 1 << 28
_JAMO = 1 << 28  # | code point of a vowel or final, which joins what stands before it
_GAP = 1 << 29  # writes a BREAK
_EXPANSION = 1 << 30  # | start in the expansions << 5 | number of pieces, below 32
_PIECES_BITS = 5
_PIECES_MASK = (1 << _PIECES_BITS) - 1
_CODE_MASK = 0x1FFFFF

# Conjoining jamo, The Unicode Standard 3.12: only these compose.
_LEADING, _VOWEL, _TRAILING, _SYLLABLE = 0x1100, 0x1161, 0x11A7, 0xAC00
_NUM_LEADING, _NUM_VOWELS, _NUM_TRAILING = 19, 21, 28
_NUM_SYLLABLES = _NUM_LEADING * _NUM_VOWELS * _NUM_TRAILING


@dataclass(frozen=True, slots=True, eq=False)
class FoldedText:
    """The folded characters of one text.

    Attributes:
        codes: Code points, or BREAK; uint32, shape (n,), read-only.
        origins: Offset of each in the text that was folded; int32, shape (n,),
            never falling (the pieces of one character share its offset), read-only.
    """

    codes: NDArray[np.uint32]
    origins: NDArray[np.int32]

    def __len__(self) -> int:
        """Return the number of codes, breaks included."""
        return self.codes.size

    def __str__(self) -> str:
        """Return the codes as text, with U+FFFD for a break; folding it changes nothing."""
        return self.codes.tobytes().decode("utf-32-le").replace(chr(BREAK), chr(_LOST))

    def as_batch(self) -> "FoldedBatch":
        """Return a batch of this text alone, over the same arrays."""
        return FoldedBatch(self.codes, self.origins, np.array([0, len(self)], np.intp))


@dataclass(frozen=True, slots=True, eq=False)
class FoldedBatch:
    """The folded characters of many texts in flat arrays.

    Attributes:
        codes: Of all texts one after another; uint32, shape (total,), read-only.
        origins: Offset of each in its own text; int32, shape (total,), read-only.
        offsets: Text i has codes[offsets[i]:offsets[i + 1]]; intp, shape
            (n_texts + 1,), read-only.
    """

    codes: NDArray[np.uint32]
    origins: NDArray[np.int32]
    offsets: NDArray[np.intp]

    def __len__(self) -> int:
        """Return the number of texts."""
        return self.offsets.size - 1

    def __getitem__(self, index: int) -> FoldedText:
        """Return one text as views into the flat arrays.

        Raises:
            IndexError: The index is not in [0, number of texts).
        """
        if not 0 <= index < len(self):
            msg = f"index must be in [0, {len(self)}), got {index}"
            raise IndexError(msg)
        stretch = slice(self.offsets[index], self.offsets[index + 1])
        return FoldedText(self.codes[stretch], self.origins[stretch])

    def count_chars(self) -> NDArray[np.intp]:
        """Return how many characters each text has, breaks not counted; intp, (n_texts,)."""
        return _count_chars(self.codes, self.offsets)

    def digests(self) -> list[bytes]:
        """Return the xxh3-128 of the codes of each text, 16 bytes each."""
        data = self.codes.data
        bounds = pairwise(self.offsets.tolist())
        return [xxhash.xxh3_128_digest(data[start:stop]) for start, stop in bounds]

    def as_texts(self) -> list[str]:
        """Return the characters of each text as a string, NUL for a break."""
        characters = self.codes.tobytes().decode("utf-32-le")
        return [characters[start:stop] for start, stop in pairwise(self.offsets.tolist())]


class Folder:
    """The table of all foldings. Immutable, so any number of threads may share it."""

    def __init__(self, table: NDArray[np.uint32], expansions: NDArray[np.uint32]) -> None:
        """Take over a table; `Folder.load` makes the usual one.

        Args:
            table: Entry of every code point of planes 0 to 3; uint32, shape
                (0x40000,). See the constants above for what an entry means.
            expansions: Pieces of the characters that fold to several; uint32.
        """
        self._table = _read_only(table)
        self._expansions = _read_only(expansions)
        self.digest = xxhash.xxh3_128_hexdigest(self._table.tobytes() + self._expansions.tobytes())
        """Hexadecimal xxh3-128 of the table: differs as soon as any character folds otherwise."""

    @staticmethod
    @cache
    def load() -> "Folder":
        """Return the folder with the shipped base table and OpenCC's variants.

        Built on the first call in a process and shared afterwards.
        """
        table, expansions = _base_table()
        chinese, japanese = (_folded_pairs(p, table) for p in (chinese_pairs(), japanese_pairs()))
        _join_variants(table, expansions, variant_classes(chinese, japanese))
        return Folder(table, expansions)

    def fold(
        self, text: str | NDArray[np.uint32], excluded: Sequence[tuple[int, int]] = ()
    ) -> FoldedText:
        """Fold one text.

        Args:
            text: Any text, or its code points where they are at hand; what is no letter
                or digit is dropped.
            excluded: Stretches to leave out, as (start, end) in code points of the
                text; clipped to it, in any order, overlapping or not. A BREAK
                stands for each, and for each U+FFFD; neighbouring ones are one.

        Returns:
            The characters to compare. Folding their text again changes nothing.
        """
        source = code_points(text) if isinstance(text, str) else text
        spans = _spans(excluded)
        bounds, span_bounds = (np.array([0, len(part)], np.intp) for part in (source, spans))
        codes, origins, _ = self._fold(source, bounds, spans, span_bounds)
        return FoldedText(codes, origins)

    def fold_batch(
        self,
        texts: Sequence[str | NDArray[np.uint32]],
        excluded: Sequence[Sequence[tuple[int, int]]] | None = None,
    ) -> FoldedBatch:
        """Fold many texts in one pass; each comes out as `fold` would leave it.

        Args:
            texts: Any texts, or their code points where they are at hand.
            excluded: For each text, its excluded stretches; None excludes nothing.

        Raises:
            ValueError: There are not as many lists of stretches as texts.
        """
        if excluded is None:
            excluded = [()] * len(texts)
        elif len(excluded) != len(texts):
            msg = (
                f"excluded must have one entry for each text, got {len(excluded)} for {len(texts)}"
            )
            raise ValueError(msg)
        spans = [_spans(one) for one in excluded]
        sources = [code_points(text) if isinstance(text, str) else text for text in texts]
        codes, origins, offsets = self._fold(
            sources[0] if len(sources) == 1 else _read_only(np.concatenate([_NO_CODES, *sources])),
            _bounds(sources),
            np.concatenate([_NO_SPANS, *spans]),
            _bounds(spans),
        )
        return FoldedBatch(codes, origins, offsets)

    def _fold(
        self,
        source: NDArray[np.uint32],
        bounds: NDArray[np.intp],
        spans: NDArray[np.intp],
        span_bounds: NDArray[np.intp],
    ) -> tuple[NDArray[np.uint32], NDArray[np.int32], NDArray[np.intp]]:
        """Return codes, origins and offsets of flat texts (see `_fold_texts`), read-only."""
        offsets = np.zeros(bounds.size, np.intp)
        capacity = source.size
        while True:
            codes = np.empty(capacity, np.uint32)
            origins = np.empty(capacity, np.int32)
            count = _fold_texts(
                source,
                bounds,
                spans,
                span_bounds,
                self._table,
                self._expansions,
                codes,
                origins,
                offsets,
            )
            if count >= 0:
                break
            # Texts with more pieces than dropped characters are too rare to count first.
            capacity = self._needed_capacity(source)
        return _read_only(codes[:count]), _read_only(origins[:count]), _read_only(offsets)

    def _needed_capacity(self, source: NDArray[np.uint32]) -> int:
        """Return an upper bound of the number of codes that a text folds to."""
        entries = self._table[source[source < _TABLE_SIZE]]
        pieces = entries[entries >= _EXPANSION] & _PIECES_MASK
        return source.size + int(pieces.sum())


def _bounds(parts: Sequence[Sized]) -> NDArray[np.intp]:
    """Return where each part begins when they are joined, and the end; intp, (n + 1,)."""
    return np.array([0, *accumulate(map(len, parts))], np.intp)


def _spans(excluded: Sequence[tuple[int, int]]) -> NDArray[np.intp]:
    """Return excluded stretches by ascending start; intp, shape (n, 2)."""
    return np.array(sorted(excluded), np.intp) if excluded else _NO_SPANS


def _read_only(array: NDArray[T]) -> NDArray[T]:
    array.flags.writeable = False
    return array


def _base_table() -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return the shipped table, Han variants still apart, and its expansions.

    The format of the file is described in tools/build_fold_table.py.
    """
    resource = files("dedup.text") / "data" / "fold_base.npz"
    with resource.open("rb") as file, np.load(file, allow_pickle=False) as data:
        letter_runs, sources = data["letter_runs"], data["sources"]
        lengths, pieces = data["lengths"].astype(np.uint32), data["pieces"]
    table = np.zeros(_TABLE_SIZE, np.uint32)
    for first, last in letter_runs.tolist():
        table[first : last + 1] = np.arange(first, last + 1, dtype=np.uint32)
    starts = np.cumsum(lengths, dtype=np.uint32) - lengths
    table[sources] = np.where(
        lengths == 1, pieces[starts], _EXPANSION | starts << _PIECES_BITS | lengths
    )
    table[_is_joining(table)] |= _JAMO
    table[_LOST] = _GAP
    return table, pieces


def _is_joining(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Whether each code is a vowel or final that can join what stands before it."""
    is_vowel = (codes >= _VOWEL) & (codes < _VOWEL + _NUM_VOWELS)
    return is_vowel | ((codes > _TRAILING) & (codes < _TRAILING + _NUM_TRAILING))


def _folded_pairs(pairs: NDArray[np.uint32], table: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the pairs of variants as the base table folds them; uint32, shape (n, 2).

    A dictionary may name a compatibility form; only what it folds to can be met.
    """
    folded = table[pairs]
    is_plain = (folded > 0) & (folded < _SPECIAL)
    return folded[is_plain[:, 0] & is_plain[:, 1]]


def _join_variants(
    table: NDArray[np.uint32],
    expansions: NDArray[np.uint32],
    classes: Mapping[int, Sequence[int]],
) -> None:
    """Replace every member of a class by its representative, in table and expansions."""
    representatives = np.arange(_TABLE_SIZE, dtype=np.uint32)
    sizes = [len(members) for members in classes.values()]
    members = np.fromiter(chain.from_iterable(classes.values()), np.intp, sum(sizes))
    representatives[members] = np.repeat(np.fromiter(classes, np.uint32, len(classes)), sizes)
    is_plain = table < _SPECIAL
    table[is_plain] = representatives[table[is_plain]]
    expansions[:] = representatives[expansions]


@kernel
def _count_chars(codes: NDArray[np.uint32], offsets: NDArray[np.intp]) -> NDArray[np.intp]:
    """Count the codes of each text that are no BREAK."""
    counts = np.zeros(offsets.size - 1, np.intp)
    for text in range(counts.size):
        for at in range(offsets[text], offsets[text + 1]):
            counts[text] += codes[at] != BREAK
    return counts


@kernel_part
def _composed(before: np.int64, code: np.int64) -> np.int64:
    """Return the Hangul syllable that a vowel or final makes with what is before, or 0.

    The arithmetic is that of The Unicode Standard 3.12, "Hangul Syllable Composition".
    """
    leading = before - _LEADING
    vowel = code - _VOWEL
    if 0 <= leading < _NUM_LEADING and 0 <= vowel < _NUM_VOWELS:
        return _SYLLABLE + (leading * _NUM_VOWELS + vowel) * _NUM_TRAILING
    syllable = before - _SYLLABLE
    trailing = code - _TRAILING
    is_open = 0 <= syllable < _NUM_SYLLABLES and syllable % _NUM_TRAILING == 0
    if is_open and 0 < trailing < _NUM_TRAILING:
        return before + trailing
    return np.int64(0)


@kernel_part
def _fold_stretch(
    source: NDArray[np.uint32],
    start: int,
    stop: int,
    text_start: int,
    table: NDArray[np.uint32],
    expansions: NDArray[np.uint32],
    codes: NDArray[np.uint32],
    origins: NDArray[np.int32],
    first: int,
    count: int,
) -> int:
    """Fold source[start:stop] behind the first `count` codes; return the new count.

    `first` is where the codes of this text begin. Returns -1 where an expansion
    leaves too little room; everything else writes one code at most for each
    character read, so that only expansions need to be checked.
    """
    for i in range(start, stop):
        entry = np.int64(table[source[i]] if source[i] < _TABLE_SIZE else 0)
        if entry < _SPECIAL:
            # Written always and kept if it is a letter: cheaper than a branch,
            # which punctuation makes unpredictable.
            codes[count] = entry
            origins[count] = i - text_start
            count += entry != 0
        elif entry < _GAP:
            code = entry & _CODE_MASK
            before = np.int64(codes[count - 1] if count > first else 0)
            syllable = _composed(before, code)
            if syllable != 0:
                codes[count - 1] = syllable
            else:
                codes[count] = code
                origins[count] = i - text_start
                count += 1
        elif entry < _EXPANSION:
            count = _write_break(codes, origins, first, count, i - text_start)
        else:
            num_pieces = entry & _PIECES_MASK
            piece = (entry & (_EXPANSION - 1)) >> _PIECES_BITS
            if count + num_pieces + (source.size - i - 1) > codes.size:
                return -1
            for offset in range(num_pieces):
                codes[count] = expansions[piece + offset]
                origins[count] = i - text_start
                count += 1
    return count


@kernel_part
def _write_break(
    codes: NDArray[np.uint32], origins: NDArray[np.int32], first: int, count: int, origin: int
) -> int:
    """Write a BREAK unless one stands there already; return the new count."""
    if count > first and codes[count - 1] == BREAK:
        return count
    codes[count] = BREAK
    origins[count] = origin
    return count + 1


@kernel
def _fold_texts(
    source: NDArray[np.uint32],
    bounds: NDArray[np.intp],
    spans: NDArray[np.intp],
    span_bounds: NDArray[np.intp],
    table: NDArray[np.uint32],
    expansions: NDArray[np.uint32],
    codes: NDArray[np.uint32],
    origins: NDArray[np.int32],
    offsets: NDArray[np.intp],
) -> int:
    """Fold all texts into `codes` and `origins`, and their bounds into `offsets`.

    Returns the number of codes, or -1 if they do not fit. The excluded spans of a
    text must ascend; they may overlap and reach beyond it.
    """
    count = 0
    for text in range(bounds.size - 1):
        start, stop, first = bounds[text], bounds[text + 1], count
        position = start
        for span in range(span_bounds[text], span_bounds[text + 1]):
            span_start = max(start + spans[span, 0], position)
            span_stop = min(start + spans[span, 1], stop)
            if span_start >= span_stop:
                continue
            count = _fold_stretch(
                source,
                position,
                span_start,
                start,
                table,
                expansions,
                codes,
                origins,
                first,
                count,
            )
            if count < 0:
                return count
            count = _write_break(codes, origins, first, count, span_start - start)
            position = span_stop
        count = _fold_stretch(
            source, position, stop, start, table, expansions, codes, origins, first, count
        )
        if count < 0:
            return count
        offsets[text + 1] = count
    return count
