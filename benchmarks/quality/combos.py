"""Several kinds at once, as they come in the wild."""

from random import Random

from dedup import DamageKind, Verdict
from quality.bytewise import annotate, shift
from quality.edits import swap
from quality.kinds import (
    ANY_RELATION,
    COPIES,
    GARBLED,
    KINDS,
    Damaged,
    Severity,
    Subject,
    kind,
    levels,
)
from quality.pieces import is_han, pick_places, sentences
from quality.script import HALF_WIDTH, convert, is_converted
from quality.shares import cut
from quality.surroundings import stuffing_list, wrap

_SLIPS = levels(GARBLED | COPIES, GARBLED, extreme=True)
_READINGS = {
    Severity.LIGHT: 0.3,
    Severity.USUAL: 0.7,
    Severity.HEAVY: 1.0,
    Severity.EXTREME: 1.0,
}
_WORDS = {Severity.LIGHT: 100, Severity.USUAL: 200, Severity.HEAVY: 400, Severity.EXTREME: 400}


def _annotated(text: str, severity: Severity, rng: Random) -> str:
    base = convert(text, "s2t")
    candidates = sorted({char for char in base if is_han(char) and is_converted(char)})
    chosen = rng.sample(candidates, round(len(candidates) * _READINGS[severity]))
    return annotate(base, "".join(chosen), "({0})")[0]


def _page_severity(severity: Severity) -> Severity:
    return Severity.HEAVY if severity is Severity.EXTREME else severity


@kind(
    "as_seed_000",
    levels(GARBLED),
    DamageKind.PINYIN_ANNOTATION,
    DamageKind.KEYWORD_STUFFING,
)
def as_seed_000(subject: Subject, severity: Severity, rng: Random) -> Damaged:
    """Traditional, annotated, shifted, half-width, a header around, stuffed."""
    noted = _annotated(subject.text, severity, rng)
    # Signs that are set at straddling pairs may stay full-width, as some did in the seed.
    width = noted.translate(HALF_WIDTH) if rng.random() < 0.5 else noted
    copy, _ = shift(width, rng, share=0.66, keep_private=rng.random() < 0.5)
    copy = copy.translate(str.maketrans("！？，", "!?,")) if rng.random() < 0.5 else copy
    head = "• 中國臺灣網移動版\n\n" + subject.title + "\n\n2020-03-11 09:55:00\n字號\n\n"
    words = stuffing_list(_WORDS[severity] // 4, rng, subject.tables)
    return Damaged(f"{head}{copy}\n\n[責任編輯:劉川]\n{words}", unrecoverable=None)


@kind("traditional_lossy_page", _SLIPS, DamageKind.TRADITIONAL_SCRIPT)
def traditional_lossy_page(subject: Subject, severity: Severity, rng: Random) -> Damaged:
    """Traditional, single characters replaced and dropped, a page around."""
    copy, count = swap(convert(subject.text, "s2t"), severity, rng, subject.tables)
    return Damaged(wrap(subject, copy, _page_severity(severity), rng), unrecoverable=count)


@kind("swapped_invisible_shuffled", levels(GARBLED, extreme=True), DamageKind.INVISIBLE_CHARACTERS)
def swapped_invisible_shuffled(subject: Subject, severity: Severity, rng: Random) -> Damaged:
    """Characters replaced, invisible ones set in, sentences in another order."""
    copy, count = swap(subject.text, severity, rng, subject.tables)
    parts = [part.strip() for part in sentences(copy) if part.strip()]
    rng.shuffle(parts)
    return Damaged(_hidden("".join(parts), 0.1, rng), unrecoverable=count)


def _hidden(text: str, share: float, rng: Random) -> str:
    chars = list(text)
    inside = [at for at in range(len(text) - 1) if is_han(text[at]) and is_han(text[at + 1])]
    for place in pick_places(inside, share, rng, least=10):
        chars[place] += "\u200b"
    return "".join(chars)


_GARBLED_EXCERPT = levels(frozenset({Verdict.EXCERPT}), extreme=True)


@kind(
    "excerpt_swapped_annotated_stuffed",
    _GARBLED_EXCERPT,
    DamageKind.PINYIN_ANNOTATION,
    DamageKind.KEYWORD_STUFFING,
)
def excerpt_swapped_annotated_stuffed(
    subject: Subject, severity: Severity, rng: Random
) -> Damaged | None:
    """Four tenths of the article, characters replaced, annotated, keywords behind."""
    size = sum(char.isalnum() for char in subject.text)
    if size < 400:
        return None
    copy, count = swap(cut(subject.text, round(0.4 * size), rng), severity, rng, subject.tables)
    words = stuffing_list(_WORDS[severity], rng, subject.tables)
    return Damaged(f"{_annotated(copy, severity, rng)}\n{words}", unrecoverable=count)


_MIXABLE = (
    "annotations",
    "escapes_decimal",
    "invisible",
    "jammer_lines",
    "lookalike",
    "lost_fffd",
    "doubled_punctuation",
    "replaced_mixed",
    "stuffing",
    "repeated_body",
    "sentences_shuffled",
    "traditional_s2tw",
)


def five_at_once(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """Five kinds, drawn by lot and applied one after the other."""
    text = subject.text
    shows: frozenset[DamageKind] = frozenset()
    for name in rng.sample(_MIXABLE, 5):
        layer = KINDS[name].make(
            Subject(text, subject.title, subject.companions, subject.prose, subject.tables),
            Severity.USUAL,
            rng,
        )
        if layer:
            text = layer.text
            shows |= KINDS[name].shows
    del severity
    return Damaged(text, unrecoverable=None, shows=shows) if shows else None


kind("five_at_once", {Severity.EXTREME: ANY_RELATION})(five_at_once)
