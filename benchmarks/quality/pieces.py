"""Cutting text into paragraphs and sentences, and choosing places in it."""

import re
from random import Random

__all__ = ["choose", "is_han", "join_paragraphs", "pick_places", "sentences", "split_paragraphs"]

_SENTENCE = re.compile(r"[^。！？!?\n]*[。！？!?]+[”’」』）)]*|[^。！？!?\n]+\n?|\n")


def is_han(char: str) -> bool:
    """Whether a character is a usual Chinese one."""
    return "\u4e00" <= char <= "\u9fff"


def split_paragraphs(text: str) -> list[str]:
    """Return the lines of a text that are not blank, without their ends."""
    return [line for line in text.splitlines() if line.strip()]


def join_paragraphs(paragraphs: list[str]) -> str:
    """Return paragraphs as a text."""
    return "\n".join(paragraphs)


def sentences(text: str) -> list[str]:
    """Return the sentences of a text; joined they are the text."""
    return _SENTENCE.findall(text)


def pick_places(places: list[int], share: float, rng: Random, *, least: int = 1) -> list[int]:
    """Return a random share of places, at least `least` of them, ascending."""
    wanted = max(round(len(places) * share), min(least, len(places)))
    return sorted(rng.sample(places, min(wanted, len(places))))


def choose(options: str, rng: Random, default: str = "") -> str:
    """Return a random character of a string, `default` if it is empty."""
    return rng.choice(options) if options else default
