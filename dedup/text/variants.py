"""Classes of Han characters that are written for one another, read from OpenCC.

OpenCC's dictionaries say which character a converter may put for which. For
comparing texts the direction does not matter: a copy made by any converter must
meet its original. So every pair that the dictionaries join falls into one class,
and `dedup.text.folding` replaces a character by the representative of its class.

Not for converting text: 乾 and 幹 are one class with 干 although they are two
words. Words that differ by region (資訊, 信息) are no variants and stay apart.
"""

from collections.abc import Iterable, Mapping
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CHINESE_DICTIONARIES",
    "JAPANESE_DICTIONARY",
    "chinese_pairs",
    "dictionary_pairs",
    "japanese_pairs",
    "read_dictionary",
    "variant_classes",
]

# TWPhrases and TWPhrasesRev are left out: they exchange words, not characters.
CHINESE_DICTIONARIES = (
    "TSCharacters",
    "STCharacters",
    "TWVariants",
    "TWVariantsRev",
    "HKVariants",
    "HKVariantsRev",
    "STPhrases",
    "TSPhrases",
    "HKVariantsPhrases",
    "HKVariantsRevPhrases",
    "TWVariantsRevPhrases",
)
JAPANESE_DICTIONARY = "JPVariants"

_NEWLINE, _SPACE = 0x0A, 0x20


def read_dictionary(name: str) -> str:
    """Return a dictionary of the installed `opencc` package, as its file has it.

    Each line is a key, a tab and the values, separated by spaces; it ends in a
    newline, the last one too.

    Raises:
        FileNotFoundError: The package has no such dictionary.
    """
    content = (files("opencc") / "dictionary" / f"{name}.txt").read_text(encoding="utf-8")
    return content if content.endswith("\n") else content + "\n"


def dictionary_pairs(content: str) -> NDArray[np.uint32]:
    r"""Return the pairs of different characters that stand at the same place.

    A value of another length than its key pairs nothing. The parse is one pass
    of array operations because the phrases (1 MB) are read at every start.

    Args:
        content: A dictionary as `read_dictionary` returns it.

    Returns:
        uint32, shape (n_pairs, 2), code points of key and value; distinct,
        ascending.

    >>> dictionary_pairs("干\t乾 幹\n乾坤\t乾坤\n").tolist() == [
    ...     [ord("干"), ord("乾")], [ord("干"), ord("幹")]]
    True
    """
    codes = np.frombuffer(content.encode("utf-32-le"), dtype=np.uint32)
    ends = np.flatnonzero(codes <= _SPACE)  # tabs, newlines and spaces; nothing else is below
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts
    is_key = np.concatenate(([True], codes[ends[:-1]] == _NEWLINE))
    key_of = np.maximum.accumulate(np.where(is_key, np.arange(ends.size), 0))
    values = np.flatnonzero(~is_key & (lengths == lengths[key_of]))
    counts = lengths[values]
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    keys = codes[np.repeat(starts[key_of[values]], counts) + within]
    others = codes[np.repeat(starts[values], counts) + within]
    differ = keys != others
    packed = np.unique(keys[differ].astype(np.uint64) << 32 | others[differ])
    return np.stack([packed >> 32, packed & 0xFFFFFFFF], axis=1).astype(np.uint32)


def chinese_pairs() -> NDArray[np.uint32]:
    """Return the pairs of all Chinese dictionaries; uint32, shape (n_pairs, 2)."""
    return dictionary_pairs("".join(map(read_dictionary, CHINESE_DICTIONARIES)))


def japanese_pairs() -> NDArray[np.uint32]:
    """Return traditional and Japanese forms; uint32, shape (n_pairs, 2)."""
    return dictionary_pairs(read_dictionary(JAPANESE_DICTIONARY))


class _DisjointSets:
    """Union-find over code points (Tarjan 1975), with path halving."""

    def __init__(self) -> None:
        self._parents: dict[int, int] = {}

    def __contains__(self, code: int) -> bool:
        """Whether a code was ever joined to another."""
        return code in self._parents

    def find(self, code: int) -> int:
        """Return the root of the set that the code is in, a set of its own at first."""
        parents = self._parents
        parent = parents.setdefault(code, code)
        while parent != code:
            parents[code] = code = parents[parent]
            parent = parents[code]
        return code

    def union(self, one: int, other: int) -> None:
        """Join the sets of two codes."""
        self._parents[self.find(one)] = self.find(other)

    def sets(self) -> dict[int, list[int]]:
        """Return all sets by their roots, members ascending."""
        members: dict[int, list[int]] = {}
        for code in sorted(self._parents):
            members.setdefault(self.find(code), []).append(code)
        return members


def _common_characters() -> frozenset[int]:
    """Return the 6,763 characters of GB 2312-1980, rows 16 to 87 of its table."""
    rows, cells = range(0xB0, 0xF8), range(0xA1, 0xFF)
    table = bytes(byte for row in rows for cell in cells for byte in (row, cell))
    return frozenset(map(ord, table.decode("gb2312", "ignore")))


def _join_japanese(
    classes: _DisjointSets, pairs: Iterable[tuple[int, int]], common: frozenset[int]
) -> None:
    """Add Japanese forms, unless that would join two characters of Chinese use.

    Japanese simplified some characters into others that Chinese writes for
    something else: 濾 → 沪, 缺 → 欠, 豫 → 予, 藝 → 芸, 辨辯瓣 → 弁. Such a pair would
    fold 沪 (Shanghai) with 滤 (to filter) in Chinese news, for the sake of
    Japanese text that is not compared with Chinese.
    """
    common_roots = {classes.find(code) if code in classes else code for code in common}
    for traditional, japanese in pairs:
        one, other = classes.find(traditional), classes.find(japanese)
        if one in common_roots and other in common_roots:
            continue
        classes.union(one, other)
        if one in common_roots or other in common_roots:
            common_roots.add(classes.find(one))


def _simplified_ranks(pairs: NDArray[np.uint32]) -> Mapping[int, int]:
    """Return how many traditional characters are simplified to each character."""
    targets, counts = np.unique(pairs[:, 1], return_counts=True)
    return dict(zip(targets.tolist(), counts.tolist(), strict=True))


def variant_classes(
    chinese: NDArray[np.uint32], japanese: NDArray[np.uint32]
) -> dict[int, tuple[int, ...]]:
    """Return the classes of variants, each under its representative.

    The representative is a form of GB 2312 if there is one, of several the one that
    most traditional characters are simplified to, then the smallest code point: 干
    for 干乾幹榦. It only matters to a reader; any member would compare alike.

    Args:
        chinese: Pairs that are joined always; uint32, shape (n, 2).
        japanese: Pairs of a traditional and a Japanese form, joined where they
            keep Chinese characters apart; uint32, shape (n, 2).

    Returns:
        Code points; members ascending, the representative among them; classes
        of two members at least.
    """
    classes = _DisjointSets()
    for one, other in chinese.tolist():
        classes.union(one, other)
    common = _common_characters()
    _join_japanese(classes, japanese.tolist(), common)
    ranks = _simplified_ranks(dictionary_pairs(read_dictionary("TSCharacters")))

    def order(code: int) -> tuple[bool, int, int]:
        return code not in common, -ranks.get(code, 0), code

    return {
        min(members, key=order): tuple(members)
        for members in classes.sets().values()
        if len(members) > 1
    }
