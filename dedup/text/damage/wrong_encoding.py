"""Text read in another encoding than it was written in, whole or in part.

    UTF-8 as GBK or GB18030    中国新闻   涓浗鏂伴椈
    UTF-8 as Windows-1252      中国      ä¸­å›½
    GBK as Latin-1             中国新闻   ÖÐ¹úÐÂÎÅ
    Big5 as Latin-1            中國新聞   ¤¤°ê·s»D
    Big5 as GBK                中國新聞   い瓣穝籇
    GBK as Big5                中国新闻   笢弊陔恓

The characters that stand there tell the bytes; read in the right encoding they are
Chinese again, and that is the evidence (`dedup.text.damage.misreading`). Text that went the
wrong way several times comes back a turn at a time. GBK read as UTF-8 leaves nothing
but marks of loss, and is no business of this module.
"""

import re
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel
from dedup.models import Edit
from dedup.text.byte_tables import bytes_of, chars_of
from dedup.text.code_points import code_points
from dedup.text.damage.half_known import restore
from dedup.text.damage.misreading import Stretch, misread_stretches
from dedup.text.marks import LOST, Mark
from dedup.text.plausibility import odds_of_chars
from dedup.text.words import USUAL_SIGNS, is_han, sum_of_pair_odds

__all__ = ["find_misread", "is_implausible", "read_anew"]


class _Confusion(NamedTuple):
    """A way of misreading.

    Attributes:
        read: The table of bytes of the encoding that the text was read in.
        written: The encoding that it was written in.
    """

    read: str
    written: str


# What is valid UTF-8 is so by no chance, and hardly anything else needs to be tried then.
_FROM_UTF8 = tuple(
    _Confusion(read, "utf-8") for read in ("gb18030", "gbk", "latin", "shift_jis", "big5")
)
_FROM_PAIRS = (
    _Confusion("latin_or_utf8", "gbk"),
    _Confusion("latin_or_utf8", "big5"),
    _Confusion("gb18030", "big5"),
    _Confusion("big5", "gbk"),
)
# What only these encodings leave behind; without it there is no need to look.
_TELLTALES = {
    "gbk": re.compile("€"),
    "latin": re.compile("[\u0080-\u00ff][^\u4e00-\u9fff]{0,9}[\u0080-\u00ff]"),
    "latin_or_utf8": re.compile("[\u0080-\u00ff][^\u4e00-\u9fff]{0,9}[\u0080-\u00ff]"),
    "shift_jis": re.compile("[\uff61-\uff9f]"),
    "big5": re.compile("[\u4e00-\u9fff]"),
    "gb18030": re.compile("[\u3040-\u30ff\u4e00-\u9fff]"),
}

_PAIRS = ("gb18030", "gbk")
_BEYOND_ASCII = re.compile("[^\\x00-\\x7f]+")
_EAST_ASIAN = "\u2e80"
_SINGLE_BYTES = ("latin", "latin_or_utf8")
# The characters of a line in Windows-1252 or Latin-1, and their bytes.
_BYTE_OF = {chr(byte): byte for byte in range(0x100) if byte != ord("\n")} | {
    char: byte for byte in range(0x80, 0xA0) if (char := bytes([byte]).decode("cp1252", "ignore"))
}

# A stretch is believed from here on; a change to it and back costs as much already. What
# was read as pairs and written in pairs has no other evidence than plausibility: then
# the pairs of neighbours count as well, in a sample.
_ENOUGH_GAIN = 14.0
_ENOUGH_GAIN_OF_PAIRS = 24.0
_ENOUGH_GAIN_BESIDE_LOSS = 20.0
_FEWEST_DIFFERENT = 3
_FEWEST_DIFFERENT_OF_PAIRS = 5
_LEAST_MEAN_ODDS = 0.3
_SAMPLE = 400
_MOST_LOST = 0.5
# Of UTF-8 read as Big5 little is left; that it was is all there is to say.
_UTF8_AS_BIG5 = _Confusion("big5", "utf-8")
_ENOUGH_GAIN_OF_WRECK = 40.0
# The codecs that lose most; those of all that a confusion may have been made with.
_STRICTEST = {"gb18030": "gbk", "latin_or_utf8": "latin-1"}
_PAIRS_AS_PAIRS = frozenset({_Confusion("gb18030", "big5"), _Confusion("big5", "gbk")})

# Japanese, which else reads like Big5's commonest characters.
_KANA_PAIR = re.compile("[\u3041-\u3096](?=[\u3041-\u3096])|[\u30a1-\u30fa](?=[\u30a1-\u30fa])")
_ODDS_OF_KANA_PAIR = 3.0

# What no text with a misread line stays below; one in fifty clean articles does not.
_LEAST_IMPLAUSIBLE = 10.0
_LEAST_IMPLAUSIBLE_REST = 5.0  # beside what is certain
# Of random characters, too, some stretches are Chinese in another encoding by chance; only
# of misread text, most of what is implausible is.
_MOST_UNEXPLAINED = 0.75
_MOST_STRETCHES = 1_000  # an article has one a line at most; random characters, thousands
_MARGIN = 30  # characters on either side of what is implausible: misread ones gain much more
_MOST_NEAR = 0.5  # of a text
_LAST_CODE = 0xFFFF  # of the table; no character, so that it stands for all beyond
_BLANK = ord(" ")  # stands for what is read already


def is_implausible(codes: NDArray[np.uint32]) -> bool:
    """Whether any stretch is so hard to believe that another encoding may explain it.

    `find_misread` marks nothing in other texts.

    Args:
        codes: Code points of the text; uint32, shape (n,).
    """
    highest, _ = _implausibility(codes, odds_of_chars())
    return bool(highest >= _LEAST_IMPLAUSIBLE)


def find_misread(text: str) -> list[Mark]:
    """Return the stretches of `text` that were read in a wrong encoding."""
    return [Mark(stretch.start, stretch.end) for stretch in _read_all(text)]


def read_anew(text: str, _marks: list[Mark]) -> list[Edit]:
    """Read the bytes of each stretch in the encoding that it was written in."""
    return [Edit(stretch.start, stretch.end, stretch.text) for stretch in _read_all(text)]


# A repair is asked twice, what it finds and how to undo it; the texts are few and short.
@lru_cache(maxsize=4)
def _read_all(text: str) -> tuple[Stretch, ...]:
    """Return the misread stretches, each in its likeliest reading."""
    codes = code_points(text)
    if not (is_implausible(codes) and _could_be_misread(text, codes)):
        return ()
    _, total = _implausibility(codes, odds_of_chars())
    readings = _read_as(text, codes, _FROM_UTF8)
    chosen = _choose(text, readings)
    highest, rest = _implausibility(_without(codes, chosen), odds_of_chars())
    if highest >= _LEAST_IMPLAUSIBLE_REST:
        chosen = _choose(text, readings + _read_as(text, codes, _FROM_PAIRS))
        _, rest = _implausibility(_without(codes, chosen), odds_of_chars())
    return tuple(chosen) if rest <= _MOST_UNEXPLAINED * total else ()


def _could_be_misread(text: str, codes: NDArray[np.uint32]) -> bool:
    """Whether anything gains by being read anew where a text is implausible.

    Else whatever gains elsewhere leaves what is implausible unexplained. Where that is a small
    part of a text, as in clean ones with rare names, it is read first, with what is beside it.
    """
    is_near = np.zeros(codes.size, np.bool_)
    _find_implausible(codes, odds_of_chars(), is_near)
    if np.count_nonzero(is_near) > _MOST_NEAR * codes.size:
        return True
    near = codes[is_near]
    return bool(_read_as(text, near, _FROM_UTF8) or _read_as(text, near, _FROM_PAIRS))


def _without(codes: NDArray[np.uint32], stretches: list[Stretch]) -> NDArray[np.uint32]:
    """Return the code points with blanks in place of some stretches."""
    left = codes.copy()
    for stretch in stretches:
        left[stretch.start : stretch.end] = _BLANK
    return left


def _read_as(
    text: str, codes: NDArray[np.uint32], confusions: tuple[_Confusion, ...]
) -> list[tuple[Stretch, _Confusion]]:
    """Return every stretch that gains by undoing one of the confusions, of a text or a part."""
    return [
        (stretch, confusion)
        for confusion in confusions
        if _TELLTALES[confusion.read].search(text)
        for stretch in misread_stretches(
            codes, bytes_of(confusion.read), chars_of(confusion.written), odds_of_chars()
        )
    ]


def _choose(text: str, readings: list[tuple[Stretch, _Confusion]]) -> list[Stretch]:
    """Return the believable readings that gain most where several overlap, in order."""
    free = np.ones(len(text), np.bool_)
    chosen: list[Stretch] = []
    by_gain = sorted(readings, key=lambda reading: -reading[0].gain)
    for stretch, confusion in by_gain[:_MOST_STRETCHES]:
        is_free = free[stretch.start : stretch.end].all()
        if is_free and _is_believable(text, stretch, confusion):
            chosen.append(_widened(text, _with_restored(stretch, confusion), confusion, free))
            free[chosen[-1].start : chosen[-1].end] = False
    return sorted(chosen, key=lambda stretch: stretch.start)


def _with_restored(stretch: Stretch, confusion: _Confusion) -> Stretch:
    """Put in the characters of which a byte is left that says enough."""
    if confusion.written == "utf-8" or not stretch.left.any():
        return stretch
    read = _STRICTEST.get(confusion.read, confusion.read)
    return stretch._replace(text=restore(stretch.text, stretch.left, confusion.written, read))


def _widened(
    text: str, stretch: Stretch, confusion: _Confusion, free: NDArray[np.bool_]
) -> Stretch:
    """Return a stretch with what stands beside it in its line, if that was misread as well.

    A rare character or two at either end, 匈 `ÐÙ`, are less plausible than letters.
    """
    if confusion.read not in _SINGLE_BYTES:
        return stretch
    first, last = start, end = stretch.start, stretch.end
    while first > 0 and free[first - 1] and text[first - 1] in _BYTE_OF:
        first -= 1
    while last < len(text) and free[last] and text[last] in _BYTE_OF:
        last += 1
    in_front = _read_bytes(text[first:start], confusion.written)
    behind = _read_bytes(text[end:last], confusion.written)
    return stretch._replace(
        start=first if in_front else start,
        end=last if behind else end,
        text=in_front + stretch.text + behind,
    )


def _read_bytes(text: str, written: str) -> str:
    """Return a few characters of single bytes read anew; nothing if they are not Chinese."""
    if text.isascii():
        return ""
    packed = bytes(_BYTE_OF[char] for char in text)
    try:
        read = packed.decode("gb18030" if written == "gbk" else written)
    except UnicodeDecodeError:
        return ""
    is_chinese = all(char.isascii() or is_han(char) or char in USUAL_SIGNS for char in read)
    return read if is_chinese else ""


def _is_believable(text: str, stretch: Stretch, confusion: _Confusion) -> bool:
    """Whether the reading gains enough, and not by the same characters again and again."""
    if stretch.gain < _ENOUGH_GAIN and confusion not in _PAIRS_AS_PAIRS:
        return False
    beyond_ascii = "".join(_BEYOND_ASCII.findall(stretch.text))
    num_different = len(set(beyond_ascii) - {LOST})
    if num_different < _FEWEST_DIFFERENT:
        return False
    if confusion == _UTF8_AS_BIG5:
        # What is left of GBK read as UTF-8, `����ʡ��ί`, does not become Chinese.
        return stretch.gain >= _ENOUGH_GAIN_OF_WRECK and _mean_odds(stretch.text) > 0.0
    if beyond_ascii.count(LOST) > _MOST_LOST * len(beyond_ascii):
        return False
    if confusion not in _PAIRS_AS_PAIRS:
        return confusion.read not in _PAIRS or _is_east_asian(beyond_ascii)
    stands = text[stretch.start : min(stretch.end, stretch.start + _SAMPLE)]
    gain = stretch.gain + _neighbour_odds(stretch.text[:_SAMPLE]) - _neighbour_odds(stands)
    enough = _ENOUGH_GAIN_BESIDE_LOSS if LOST in stands else _ENOUGH_GAIN_OF_PAIRS
    is_chinese = _mean_odds(stretch.text[:_SAMPLE]) >= _LEAST_MEAN_ODDS
    return num_different >= _FEWEST_DIFFERENT_OF_PAIRS and gain >= enough and is_chinese


def _is_east_asian(chars: str) -> bool:
    """Whether half of these are, or Latin-1 that was misread before.

    Pairs of GBK are a few other letters in UTF-8 by chance: `ṩȫ`.
    """
    known = chars.replace(LOST, "")
    expected = (char >= _EAST_ASIAN or char in _BYTE_OF or char in USUAL_SIGNS for char in known)
    return 2 * sum(expected) >= len(known)


def _mean_odds(text: str) -> float:
    """Return the mean plausibility of the characters beyond ASCII that are not lost."""
    codes = code_points("".join(_BEYOND_ASCII.findall(text)).replace(LOST, ""))
    return float(odds_of_chars()[np.minimum(codes, _LAST_CODE)].mean()) if codes.size else 0.0


def _neighbour_odds(text: str) -> float:
    """Return how strongly neighbours speak for a text: listed pairs, and kana beside kana."""
    num_kana = len(_KANA_PAIR.findall(text))
    return num_kana * _ODDS_OF_KANA_PAIR + sum_of_pair_odds(text)


@kernel
def _implausibility(codes: NDArray[np.uint32], odds: NDArray[np.float32]) -> tuple[float, float]:
    """Return the highest sum of odds against Chinese that any stretch of the text has, and all.

    All is the sum over the stretches that no text with a misread line stays below.
    """
    highest = total = peak = current = 0.0
    for code in codes:
        current -= float(odds[min(code, _LAST_CODE)])
        peak = max(peak, current)
        if current <= 0.0:
            highest = max(highest, peak)
            total += peak if peak >= _LEAST_IMPLAUSIBLE_REST else 0.0
            peak = current = 0.0
    total += peak if peak >= _LEAST_IMPLAUSIBLE_REST else 0.0
    return max(highest, peak), total


@kernel
def _find_implausible(
    codes: NDArray[np.uint32], odds: NDArray[np.float32], is_near: NDArray[np.bool_]
) -> None:
    """Set what is near one of the stretches that no text with a misread line stays below."""
    peak = current = 0.0
    start = last = 0
    for at in range(codes.size + 1):
        if at < codes.size:
            current -= float(odds[min(codes[at], _LAST_CODE)])
            if current > peak:
                peak, last = current, at
        if current <= 0.0 or at == codes.size:
            if peak >= _LEAST_IMPLAUSIBLE_REST:
                is_near[max(0, start - _MARGIN) : last + 1 + _MARGIN] = True
            peak = current = 0.0
            start = at + 1
