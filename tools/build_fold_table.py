"""Write the base table of character folding, dedup/text/data/fold_base.npz.

The table is shipped as data so that folding, and with it every signature, does
not depend on the Unicode version of the Python that runs. Run this only to move
to a newer Unicode version: that changes the scheme, and stores must be upgraded.

    python tools/build_fold_table.py [--output FILE]

The file holds four plain arrays (no pickle): `unicode_version`; `letter_runs`,
int32 (n, 2), first and last code point of runs that fold to themselves;
`sources`, uint32 (m,), the code points that fold to something else; `lengths`,
uint8 (m,), of how many pieces; `pieces`, uint32, those pieces one after another.
Whatever is in none of them is dropped.
"""

import argparse
import unicodedata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DEFAULT_OUTPUT = Path(__file__).parents[1] / "dedup" / "text" / "data" / "fold_base.npz"
# Planes 0 to 3 hold all letters; above are tags, selectors and private use.
TABLE_SIZE = 0x40000

# Radicals that stand for a character when text was copied out of a PDF. Unicode
# decomposes only two of them; these are the ones with one plain equivalent, after
# EquivalentUnifiedIdeograph.txt of the Unicode Character Database.
RADICALS = (
    "⺁厂 ⺂乛 ⺃乚 ⺄乙 ⺅亻 ⺆冂 ⺈刀 ⺉刂 ⺊卜 ⺋㔾 ⺌小 ⺍小 "
    "⺎兀 ⺏尣 ⺐尢 ⺒巳 ⺓幺 ⺔彑 ⺖忄 ⺗㣺 ⺘扌 ⺙攵 ⺛旡 ⺜日 "
    "⺝月 ⺞歺 ⺠民 ⺡氵 ⺢氺 ⺣灬 ⺤爫 ⺥爫 ⺦丬 ⺧牛 ⺨犭 ⺩王 "
    "⺫目 ⺬示 ⺭礻 ⺮竹 ⺯糹 ⺰纟 ⺱罓 ⺲罒 ⺶羊 ⺹耂 ⺺肀 ⺻聿 "
    "⺼肉 ⺾艹 ⺿艹 ⻀艹 ⻁虎 ⻂衤 ⻃覀 ⻄西 ⻅见 ⻆角 ⻈讠 ⻉贝 "
    "⻋车 ⻌辶 ⻍辶 ⻎辶 ⻏阝 ⻐钅 ⻑長 ⻒镸 ⻓长 ⻔门 ⻖阝 ⻗雨 "
    "⻘青 ⻙韦 ⻚页 ⻛风 ⻜飞 ⻝食 ⻟飠 ⻠饣 ⻢马 ⻣骨 ⻤鬼 ⻥鱼 "
    "⻦鸟 ⻧卤 ⻨麦 ⻩黄 ⻪黾 ⻫斉 ⻬齐 ⻭歯 ⻮齿 ⻯竜 ⻰龙 ⻱龜 "
    "⻲亀 "
)
RADICAL_TABLE = {pair[0]: pair[1] for pair in RADICALS.split()}

# Signs of tone, stress and apostrophes that Unicode counts among the letters.
FIRST_SPACING_MODIFIER, LAST_SPACING_MODIFIER = 0x02B0, 0x02FF


def without_marks(text: str) -> str:
    """Return the compatibility decomposition of a text without combining marks."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.category(c).startswith("M"))


def circled_number(character: str) -> str:
    """Return the decimal digits of ❶, ⓫ and the like, which Unicode does not decompose."""
    if "CIRCLED" not in unicodedata.name(character, ""):
        return character
    value = unicodedata.numeric(character, -1.0)
    return str(int(value)) if value >= 0 else character


def is_kept(character: str) -> bool:
    """Whether a fully decomposed character is a letter or a number of some script."""
    if FIRST_SPACING_MODIFIER <= ord(character) <= LAST_SPACING_MODIFIER:
        return False
    return unicodedata.category(character)[0] in "LN"


def fold(character: str) -> str:
    """Return what a character folds to before variants of Han characters are joined.

    Marks go before the case is folded, because one of them (U+0345) has a
    letter as its case folding, and so é and e + U+0301 take the same way.
    """
    text = without_marks(RADICAL_TABLE.get(character, character))
    while (folded := without_marks(text.casefold())) != text:
        text = folded
    text = "".join(map(circled_number, text))
    return unicodedata.normalize("NFC", "".join(filter(is_kept, text)))


def build() -> dict[str, NDArray[np.generic]]:
    """Return the arrays of the file by their names (see the module's description)."""
    letters: list[int] = []
    sources: list[int] = []
    lengths: list[int] = []
    pieces: list[int] = []
    for code in range(TABLE_SIZE):
        if 0xD800 <= code < 0xE000:  # surrogates are no characters
            continue
        folded = fold(chr(code))
        if folded == chr(code):
            letters.append(code)
        elif folded:
            sources.append(code)
            lengths.append(len(folded))
            pieces.extend(map(ord, folded))
    kept = np.array(letters, dtype=np.int32)
    breaks = np.flatnonzero(np.diff(kept) != 1)
    firsts = kept[np.concatenate(([0], breaks + 1))]
    lasts = kept[np.concatenate((breaks, [kept.size - 1]))]
    return {
        "unicode_version": np.array(unicodedata.unidata_version),
        "letter_runs": np.stack([firsts, lasts], axis=1),
        "sources": np.array(sources, dtype=np.uint32),
        "lengths": np.array(lengths, dtype=np.uint8),
        "pieces": np.array(pieces, dtype=np.uint32),
    }


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT)
    output: Path = parser.parse_args().output
    output.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(output, allow_pickle=False, **build())
    print(f"{output}: {output.stat().st_size} bytes, Unicode {unicodedata.unidata_version}")


if __name__ == "__main__":
    main()
