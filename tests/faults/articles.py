"""Made-up articles, and the ways in which sites damage and edit them."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

from opencc import OpenCC

SEEDS = Path(__file__).parents[2] / "seeds"

Edit = Callable[[str, Random], str]

_READINGS = ("wǎng", "zhōng", "guó", "de", "shì", "rén", "lǜ", "nián")
_ZERO_WIDTH = "\u200b\u200c\u2060\ufeff"


@cache
def _sound_prose() -> str:
    """The Chinese characters of the seeds that are not damaged, in order."""
    texts = (path.read_text() for path in sorted(SEEDS.glob("00[1-4]*")))
    return "".join(c for text in texts for c in text if "\u4e00" <= c <= "\u9fff")


@cache
def _converter() -> OpenCC:
    return OpenCC("s2t")


def make_story(random: Random) -> str:
    """Return an article of some 400 to 800 characters that is like no other.

    It is put together from two to four characters at a time, fewer than a shingle has.
    """
    prose = _sound_prose()
    sentences = []
    length = random.randint(380, 760)
    while sum(map(len, sentences)) < length:
        starts = (random.randrange(len(prose) - 4) for _ in range(random.randint(4, 9)))
        pieces = [prose[start : start + random.randint(2, 4)] for start in starts]
        middle = len(pieces) // 2
        sentences.append(f"{''.join(pieces[:middle])}，{''.join(pieces[middle:])}。")
    return "".join(sentences)


def make_prose(random: Random) -> str:
    """Return ten sentences like no others, far quicker to make than a story."""
    characters = "".join(random.choices(_sound_prose(), k=400))
    return "".join(f"{characters[start : start + 40]}。" for start in range(0, 400, 40))


def make_edition(story: str, random: Random) -> str:
    """Return the article as one more site would print it, damaged or edited."""
    for edit in random.sample(_EDITS, random.randint(1, 2)):
        story = edit(story, random)
    return story


def make_editions(story: str, count: int, random: Random) -> list[str]:
    """Return that many editions, no two of them equal."""
    editions: dict[str, None] = {}
    while len(editions) < count:
        editions[make_edition(story, random)] = None
    return list(editions)


def _insert(text: str, pieces: list[str], random: Random) -> str:
    """Put each piece behind some Chinese character of its own."""
    places = [at for at, c in enumerate(text) if "\u4e00" <= c <= "\u9fff"]
    for at, piece in zip(sorted(random.sample(places, len(pieces)))[::-1], pieces, strict=True):
        text = text[: at + 1] + piece + text[at + 1 :]
    return text


def _annotate(text: str, random: Random) -> str:
    readings = [f"({random.choice(_READINGS)})" for _ in range(random.randint(5, 10))]
    return _insert(_converter().convert(text), readings, random)


def _add_zero_width(text: str, random: Random) -> str:
    return _insert(text, random.choices(_ZERO_WIDTH, k=random.randint(10, 40)), random)


def _substitute(text: str, random: Random) -> str:
    characters = list(text)
    for at in random.sample(range(len(text)), random.randint(1, 4)):
        characters[at] = random.choice(_sound_prose())
    return "".join(characters)


def _add_lines(text: str, random: Random) -> str:
    title = "".join(random.choices(_sound_prose(), k=random.randint(8, 16)))
    source = "".join(random.choices(_sound_prose(), k=4))
    return f"{title}\n来源：{source}网\n\n{text}"


def _escape(text: str, random: Random) -> str:
    characters = list(text)
    for at in random.sample(range(len(text)), random.randint(5, 20)):
        characters[at] = f"&#{ord(characters[at])};"
    return "".join(characters)


def _drop_a_sentence(text: str, random: Random) -> str:
    sentences = text.split("。")
    del sentences[random.randrange(len(sentences))]
    return "。".join(sentences)


_EDITS: list[Edit] = [
    _annotate,
    _add_zero_width,
    _substitute,
    _add_lines,
    _escape,
    _drop_a_sentence,
]
