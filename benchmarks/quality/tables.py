"""Look-alikes, homophones, names and keywords, read from a directory at run time.

The directory is laid out as `similar/`, `names/` and so on; none of it is in the project.
Without it, homophones come from pypinyin and place names are made up.
"""

import gzip
import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pypinyin.constants import PINYIN_DICT

from quality.script import reading

__all__ = ["Tables", "read_tables"]

_SHAPES = ("contr4l_similar_shape.txt", "pycorrector_same_stroke.txt")
_PLACES = "pycorrector_place_name.txt.gz"
_USUAL = range(0x4E00, 0x9FA6)
_MADE_UP = (
    "安",
    "宁",
    "平",
    "和",
    "山",
    "江",
    "河",
    "阳",
    "州",
    "东",
    "西",
    "南",
    "北",
    "城",
    "海",
)


@dataclass(frozen=True)
class Tables:
    """Words and characters for making damage.

    Attributes:
        shapes: Characters that look like a character.
        sounds: Characters that sound like a character.
        places: Place names.
        common: Usual characters.
    """

    shapes: dict[str, str] = field(default_factory=dict)
    sounds: dict[str, str] = field(default_factory=dict)
    places: tuple[str, ...] = ()
    common: str = ""


@cache
def read_tables(folder: Path | None = None) -> Tables:
    """Return the tables in a directory, as far as they are there."""
    common = _common()
    return Tables(
        shapes=_shapes(folder) if folder else {},
        sounds=_sounds(common),
        places=_places(folder)
        or tuple(a + b + "市" for a, b in itertools.permutations(_MADE_UP, 2)),
        common=common,
    )


def _lines(path: Path) -> list[str]:
    if not path.exists():
        return []
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _common() -> str:
    """Return the simplified characters of GB 2312's first level: the usual ones."""
    pairs = (bytes((lead, trail)) for lead in range(0xB0, 0xD8) for trail in range(0xA1, 0xFF))
    return "".join(pair.decode("gb2312", "ignore") for pair in pairs)


def _sounds(common: str) -> dict[str, str]:
    by_reading: dict[str, str] = defaultdict(str)
    for char in common:
        by_reading[reading(char, tone=False)] += char
    every = map(chr, (code for code in PINYIN_DICT if code in _USUAL))
    return {char: by_reading.get(reading(char, tone=False), "").replace(char, "") for char in every}


def _shapes(folder: Path) -> dict[str, str]:
    found: dict[str, str] = defaultdict(str)
    for name in _SHAPES:
        for line in _lines(folder / "similar" / name):
            char, *alike = line.split()
            found[char] += "".join(alike)
    return dict(found)


def _places(folder: Path | None) -> tuple[str, ...]:
    if folder is None:
        return ()
    names = (line.split("\t")[0] for line in _lines(folder / "names" / _PLACES))
    return tuple(name for name in names if name[-1] in "市县区州省" and 3 <= len(name) <= 5)
