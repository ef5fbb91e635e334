"""Collections of any size out of a few real articles, with copies that are known."""

import json
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from random import Random
from typing import NamedTuple

from quality.corpus import read_articles
from quality.script import convert

from dedup.text.pinyin import reading_of
from dedup.text.words import is_han

__all__ = [
    "Made",
    "Mixture",
    "line_of",
    "make_articles",
    "mirror",
    "mixed",
    "read_texts",
    "with_copies",
    "write_collection",
]

_SHARE_OF_COPIES = 0.05
_SHORTEST, _LONGEST = 150, 6_000
_MANY = 1_000  # texts
_NUM_COMMON = 1_500  # nine in ten characters of news are among these
_ABOUT_AS_COMMON = 300
_CLAUSE = re.compile(r"[^，。！？；\n]{4,}[，。！？；]")


class Made(NamedTuple):
    """An article that was made.

    Attributes:
        id: Its number.
        text: Its text.
        copied: The id of the article that it is a copy of.
    """

    id: str
    text: str
    copied: str | None


def read_texts(corpus: Path | None) -> list[str]:
    """Return the texts of a directory of `*.jsonl.gz`, or the seeds."""
    if corpus is None:
        seeds = sorted((Path(__file__).parents[2] / "seeds").glob("*.txt"))
        return [path.read_text("utf-8") for path in seeds if path.name[:3] in ("002", "004")]
    return [one.text for path in sorted(corpus.glob("news_*")) for one in read_articles(path)]


def make_articles(texts: Sequence[str], count: int, *, length: int | None, seed: int) -> list[Made]:
    """Return articles put together from real ones; one in twenty is a copy (`with_copies`).

    Of many texts they are `mixed`. Of few, any two would share clauses: so sentences are put
    together, and in each article the commonest Han characters stand for others about as common.

    Args:
        texts: Real articles.
        count: Articles wanted.
        length: Characters of each; None for the lengths of the real ones.
        seed: Makes two calls give the same.
    """
    generator = Random(seed)
    make = mixed if len(texts) >= _MANY else _exchanged
    return list(islice(with_copies(make(texts, generator, length), generator), count))


def mixed(texts: Sequence[str], generator: Random, length: int | None = None) -> Iterator[str]:
    """Return articles of clauses of others, of the lengths of these or of so many characters.

    They are made in no time, and as many of 10,000 share sampled shingles with a new one as of
    real articles.
    """
    return Mixture(texts).articles(generator, length)


class Mixture:
    """What `mixed` makes articles of."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Take texts apart."""
        self._clauses = [clause for text in texts for clause in _CLAUSE.findall(text)]
        self._lengths = [max(_SHORTEST, min(len(text), _LONGEST)) for text in texts]

    def articles(self, generator: Random, length: int | None = None) -> Iterator[str]:
        """Yield what `mixed` yields."""
        while True:
            wanted = length or 1.25 * generator.choice(self._lengths)
            pieces: list[str] = []
            num_chars = 0
            while num_chars < wanted:
                pieces.append(generator.choice(self._clauses))
                num_chars += len(pieces[-1])
            yield "".join(pieces)[:length]


def with_copies(originals: Iterable[str], generator: Random) -> Iterator[Made]:
    """Yield articles, after some of them a copy of one of the latest thousand.

    One in twenty of what is yielded is: lightly edited, in the other script, or a mirror with
    readings behind its characters.
    """
    latest: deque[Made] = deque(maxlen=1_000)
    # Of equal articles the one with the smaller id is the original.
    ids = (f"{number:08}" for number in count())
    for text in originals:
        while latest and generator.random() < _SHARE_OF_COPIES:
            original = generator.choice(latest)
            change = generator.choice((_edited, _traditional, mirror))
            yield Made(next(ids), change(original.text, generator), original.id)
        latest.append(Made(next(ids), text, None))
        yield latest[-1]


def _exchanged(texts: Sequence[str], generator: Random, length: int | None) -> Iterator[str]:
    sentences = [f"{one}。" for text in texts for one in text.split("。") if len(one) > 15]
    counts = Counter(char for text in texts[:2_000] for char in text if is_han(char))
    commonest = [char for char, _ in counts.most_common(_NUM_COMMON)]
    while True:
        wanted = length or max(_SHORTEST, min(len(generator.choice(texts)), _LONGEST))
        text = ""
        # None twice: a repeated body is damage.
        for sentence in generator.sample(sentences, min(len(sentences), 1 + wanted // 16)):
            text += sentence
            if len(text) >= wanted:
                break
        yield text.translate(_exchange(commonest, generator))[:length]


def _exchange(commonest: Sequence[str], generator: Random) -> dict[int, str]:
    """Return a table that puts for each character another one near it in the list."""
    others: list[str] = []
    for start in range(0, len(commonest), _ABOUT_AS_COMMON):
        near = commonest[start : start + _ABOUT_AS_COMMON]
        others += generator.sample(near, len(near))
    return {ord(char): other for char, other in zip(commonest, others, strict=True)}


def _edited(text: str, generator: Random) -> str:
    chars = list(text)
    for _ in range(1 + len(chars) // 100):
        chars[generator.randrange(len(chars))] = "的"
    return "".join(chars)


def _traditional(text: str, _generator: Random) -> str:
    return convert(text, "s2t")


def mirror(text: str, generator: Random) -> str:
    """Return a text in the other script with a reading behind one in four characters."""
    return "".join(
        f"{char}({reading})"
        if is_han(char) and generator.random() < 0.25 and (reading := reading_of(char))
        else char
        for char in convert(text, "s2t")
    )


def write_collection(articles: Iterable[Made], folder: Path) -> Path:
    """Write articles as JSON lines and return the file."""
    path = folder / "articles.jsonl"
    with path.open("w", encoding="utf-8") as lines:
        lines.writelines(map(line_of, articles))
    return path


def line_of(article: Made) -> str:
    """Return an article as a line of JSON."""
    return json.dumps({"id": article.id, "text": article.text}, ensure_ascii=False) + "\n"
