"""Damage done to GBK bytes: annotations and signs set at byte matches of any offset."""

import re
from random import Random

from dedup import DamageKind
from quality.kinds import GARBLED, Damaged, Recovery, Severity, Subject, kind, levels
from quality.pairs import (
    decode_careless,
    encode_pair,
    half_characters,
    on_gbk_stretches,
)
from quality.pieces import is_han, join_paragraphs, split_paragraphs
from quality.script import HALF_WIDTH, convert, is_converted, reading

__all__ = ["SIGNS", "annotate", "shift"]

SIGNS = "！？，；。"

# Share of the characters that script conversion changed which a site annotates.
_ANNOTATED = {Severity.LIGHT: 0.1, Severity.USUAL: 0.5, Severity.HEAVY: 1.0, Severity.EXTREME: 1.0}
_STYLES = (
    "({0})",
    "({0} )",
    "（{0}）",
    "({0})({0})",
)


def annotate(text: str, characters: str, style: str, *, tone: bool = True) -> tuple[str, int]:
    """Return text with the reading set behind each such pair of bytes, and the halves.

    Pairs are matched at every offset, as byte-wise replacement does: where a match straddles
    two characters it splits them, and the half in front of the bracket swallows it.

    Args:
        text: Traditional text as a rule.
        characters: Those that get a reading; replaced one after the other.
        style: What is set behind, `{0}` for the reading.
        tone: Whether the reading has its tone mark.

    Returns:
        The copy, and how many half characters it has lost: one or two where one was split.
    """
    halves = 0

    def change(packed: bytes) -> str:
        nonlocal halves
        for char in characters:
            pair = encode_pair(char)
            note = style.format(reading(char, tone=tone))
            if pair is not None and len(pair) == 2:
                packed = packed.replace(pair, pair + _packed(note))
        halves += half_characters(packed)
        return decode_careless(packed)

    copy = on_gbk_stretches(text, change)
    return copy, halves


def _packed(text: str) -> bytes:
    return b"".join(encode_pair(char) or b"" for char in text)


def _chosen(text: str, severity: Severity, rng: Random) -> str:
    """Return the characters of a traditional text that are annotated, in random order."""
    candidates = sorted({char for char in text if is_han(char) and is_converted(char)})
    least = min(len(candidates), 8)
    return "".join(
        rng.sample(candidates, max(least, round(len(candidates) * _ANNOTATED[severity])))
    )


@kind(
    "annotations",
    levels(GARBLED),
    DamageKind.PINYIN_ANNOTATION,
    recovery=Recovery.MARKED,
)
def annotations(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """`網(wǎng)`, byte-wise, in traditional text as seeds/000 and 001."""
    return _annotated(subject.text, severity, rng, "({0})")


@kind(
    "annotations_styles",
    levels(GARBLED),
    DamageKind.PINYIN_ANNOTATION,
    recovery=Recovery.MARKED,
)
def annotations_styles(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """`會(huì )`, `網（wǎng）`, `國(guo)(guo)`, `產(chan)`: one style a text."""
    return _annotated(subject.text, severity, rng, rng.choice(_STYLES), tone=rng.random() < 0.5)


@kind(
    "annotations_whole",
    levels(GARBLED),
    DamageKind.PINYIN_ANNOTATION,
    recovery=Recovery.IDENTICAL,
)
def annotations_whole(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """Readings behind whole characters only, in any style."""
    base = convert(subject.text, "s2t")
    wanted = set(_chosen(base, severity, rng))
    if not wanted:
        return None
    style, tone = rng.choice(_STYLES), rng.random() < 0.7
    pieces = [
        char + (style.format(reading(char, tone=tone)) if char in wanted else "") for char in base
    ]
    return Damaged("".join(pieces), base)


def _annotated(
    text: str, severity: Severity, rng: Random, style: str, *, tone: bool = True
) -> Damaged | None:
    base = convert(text, "s2t")
    characters = _chosen(base, severity, rng)
    damaged, split = annotate(base, characters, style, tone=tone)
    return Damaged(damaged, base, split) if damaged != base else None


def shift(
    text: str,
    rng: Random,
    *,
    share: float,
    dangling: str = "",
    keep_private: bool = True,
    stop_at_signs: bool = True,
) -> tuple[str, int]:
    """Return text in which signs were found at odd offsets, and characters lost by that.

    One sign of `！？，；。` after the other is looked for, as byte-wise replacement does. At a
    pair of bytes that straddles two characters the sign is set; the half byte in front of it
    becomes `dangling`, and what follows is decoded from the next byte on.

    Args:
        text: Any text; stretches that GBK cannot write stay as they are.
        rng: Says which of the places are hit.
        share: Probability that a place is hit.
        dangling: What a half byte becomes: nothing or `?`.
        keep_private: Whether private-use characters survive the mirror's cleaner.
        stop_at_signs: Whether the next sign that is a whole character is found as well,
            and text is in step again behind it.

    Returns:
        The copy, and how many characters of it have lost a byte.
    """
    lost = 0

    def change(packed: bytes) -> str:
        nonlocal lost
        pieces: list[bytes | str] = [packed]
        starts = _true_starts(packed)
        for sign in SIGNS:
            split: list[bytes | str] = []
            position = 0
            for piece in pieces:
                if isinstance(piece, str):
                    split.append(piece)
                    position += 2
                    continue
                done = 0
                for match in re.finditer(re.escape(_BYTES_OF[sign]), piece):
                    whole = position + match.start() in starts
                    if (whole and stop_at_signs) or (not whole and rng.random() < share):
                        split += (piece[done : match.start()], sign)
                        done = match.end()
                split.append(piece[done:])
                position += len(piece)
            pieces = split
        lost += sum(half_characters(piece) for piece in pieces if isinstance(piece, bytes))
        return "".join(
            piece if isinstance(piece, str) else decode_careless(piece, dangling=dangling)
            for piece in pieces
        )

    damaged = on_gbk_stretches(text, change)
    if not keep_private:
        kept = "".join(char for char in damaged if not "\ue000" <= char <= "\uf8ff")
        # Each stood for the trail of one character and the lead of the next.
        lost += 2 * (len(damaged) - len(kept))
        damaged = kept
    return damaged, lost


_BYTES_OF = {sign: encode_pair(sign) or b"" for sign in SIGNS}


def _true_starts(packed: bytes) -> set[int]:
    """Return where characters begin in GBK bytes that are in step."""
    return {match.start() for match in re.finditer(rb"[\x00-\x80]|..", packed, re.DOTALL)}


@kind("gbk_shift", levels(GARBLED), DamageKind.GBK_SHIFT, recovery=Recovery.MARKED)
def gbk_shift(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """`！敝靻⒊f`: half bytes lost, private-use characters kept, traditional text."""
    return _shifted(convert(subject.text, "s2t"), severity, rng, dangling="", keep_private=True)


@kind("gbk_shift_marked", levels(GARBLED), DamageKind.GBK_SHIFT, recovery=Recovery.MARKED)
def gbk_shift_marked(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """`？！鞭D`: half bytes left as `?`, traditional text, some private-use ones dropped."""
    keep = rng.random() < 0.5
    return _shifted(convert(subject.text, "s2t"), severity, rng, dangling="?", keep_private=keep)


@kind("gbk_shift_simplified", levels(GARBLED), DamageKind.GBK_SHIFT, recovery=Recovery.MARKED)
def gbk_shift_simplified(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """The same in simplified text, where stretches run on to the next digit or letter."""
    return _shifted(
        subject.text,
        severity,
        rng,
        dangling=rng.choice(("", "?")),
        keep_private=True,
        stop_at_signs=rng.random() < 0.5,
    )


@kind("gbk_shift_dropped", levels(GARBLED), DamageKind.GBK_SHIFT, recovery=Recovery.MARKED)
def gbk_shift_dropped(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """Half bytes lost and private-use characters dropped, half-width punctuation."""
    base = convert(subject.text, "s2t").translate(HALF_WIDTH)
    return _shifted(base, severity, rng, dangling="", keep_private=False)


@kind("gbk_shift_tags", levels(GARBLED), DamageKind.GBK_SHIFT, recovery=Recovery.MARKED)
def gbk_shift_tags(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """`?！?/p>`: the tag behind a paragraph is cut, and the parser leaves its rest in the text."""
    base = join_paragraphs(split_paragraphs(convert(subject.text, "s2t")))
    tagged = base.replace("\n", "</p>\n") + "</p>"
    copy, lost = shift(tagged, rng, share=_HIT[severity], dangling="?")
    copy = copy.replace("</p>", "")
    return Damaged(copy, base, lost) if "/p>" in copy else None


_HIT = {Severity.LIGHT: 0.3, Severity.USUAL: 0.66, Severity.HEAVY: 1.0}


def _shifted(
    base: str,
    severity: Severity,
    rng: Random,
    *,
    dangling: str,
    keep_private: bool,
    stop_at_signs: bool = True,
) -> Damaged | None:
    damaged, lost = shift(
        base,
        rng,
        share=_HIT[severity],
        dangling=dangling,
        keep_private=keep_private,
        stop_at_signs=stop_at_signs,
    )
    # Of some places nothing but the sign is left, and nobody can see that.
    shows = set(damaged) - set(base) - set("？?！!，,；;。")
    return Damaged(damaged, base, lost) if shows else None
