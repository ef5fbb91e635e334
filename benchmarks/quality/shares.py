"""Parts of an article, and articles as parts: excerpts, compilations, prose of one's own."""

from random import Random

from dedup import Verdict
from quality.kinds import Damaged, Severity, Subject, kind, levels
from quality.pieces import is_han

__all__ = ["cut"]

_EXCERPT = frozenset({Verdict.EXCERPT})
_COMPILATION = frozenset({Verdict.COMPILATION})


def cut(text: str, length: int, rng: Random) -> str:
    """Return `length` consecutive characters, blanks and signs not counted, from anywhere."""
    han = [place for place, char in enumerate(text) if is_han(char) or char.isalnum()]
    if len(han) <= length:
        return text
    first = rng.randrange(len(han) - length)
    return text[han[first] : han[first + length]]


def _size(text: str) -> int:
    return sum(char.isalnum() for char in text)


def _register_excerpt(name: str, share: float, least: int, *, extreme: bool) -> None:
    def make(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
        del severity
        size = _size(subject.text)
        length = max(least, round(size * share))
        # What is left out must be enough to make it an excerpt.
        return Damaged(cut(subject.text, length, rng)) if length <= 0.55 * size else None

    make.__doc__ = f"{share:.0%} of the article alone, at least {least} characters."
    severity = Severity.EXTREME if extreme else Severity.USUAL
    kind(name, {severity: _EXCERPT})(make)


for _name, _share, _least, _extreme in (
    ("excerpt_half", 0.5, 150, False),
    ("excerpt_quarter", 0.25, 100, False),
    ("excerpt_150", 0.0, 150, False),
    ("excerpt_tenth", 0.1, 50, True),
):
    _register_excerpt(_name, _share, _least, extreme=_extreme)


def _register_compilation(count: int) -> None:
    def make(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
        del severity
        size = _size(subject.text)
        # Parts of like length, or the longest one would make it a reprint of that.
        ratio = 0.85 if count == 2 else 0.5
        fitting = [
            number
            for number, text in enumerate(subject.companions)
            if ratio <= _size(text) / max(size, 1) <= 1 / ratio
        ]
        if len(fitting) < count - 1:
            return None
        sources = tuple(fitting[: count - 1])
        parts = [subject.text, *(subject.companions[number] for number in sources)]
        rng.shuffle(parts)
        return Damaged("\n".join(parts), sources=sources)

    make.__doc__ = f"{count} known articles, one behind the other."
    kind(f"compilation_{count}", {Severity.USUAL: _COMPILATION})(make)


for _count in (2, 3, 4, 6, 8):
    _register_compilation(_count)


@kind(
    "prose_added",
    levels(frozenset({Verdict.REPRINT}), _COMPILATION),
)
def prose_added(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """Prose of its own beside the article: a quarter as much, as much, three times as much."""
    wanted = {Severity.LIGHT: 0.25, Severity.USUAL: 1.1, Severity.HEAVY: 3.0}[severity]
    size = _size(subject.text)
    added = ""
    for text in rng.sample(subject.prose, len(subject.prose)):
        added += cut(text, max(20, round(wanted * size) - _size(added)), rng) + "\n"
        if _size(added) >= wanted * size - 1:
            break
    if _size(added) < wanted * size - 20:
        return None
    parts = [subject.text, added]
    if rng.random() < 0.5:
        parts.reverse()
    return Damaged("\n".join(parts))
