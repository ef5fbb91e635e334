"""Write the table of Chinese words, dedup/text/data/words.npz.

The words and how often they occur are those of jieba's dictionary (MIT licence,
Copyright (c) 2013 Sun Junyi; https://github.com/fxsjy/jieba), and OpenCC's phrases
(Apache-2.0) as words seen once or twice. Both packages are needed to run this, and only
to run this:

    python tools/build_word_table.py [--output FILE]

Everything is simplified, character by character as OpenCC does it, so that the table
serves both scripts. Only words of one to four Han characters are kept.

The file holds plain arrays (no pickle): `chars`, uint16 (n,), every character that occurs
in a word or is simplified to one that does, ascending; `ids`, uint16 (n,), the number of
what it is simplified to, from 1 on; `scripts`, uint8 (n,), 1 for characters of traditional
text alone, 2 for those of simplified text alone, else 0; `words`, uint16 (m, 4), the words
as such numbers, 0 behind the last one, ascending; `log_counts`, uint8 (m,), eight times the
natural logarithm of how often each occurs.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import numpy as np

DEFAULT_OUTPUT = Path(__file__).parents[1] / "dedup" / "text" / "data" / "words.npz"
LONGEST = 4
FEWEST = 3  # rarer ones are mostly names that were seen in one text
COUNT_OF_PHRASE = 3


def opencc_entries(dictionary: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the key and the values of each line of one of OpenCC's dictionaries."""
    source = files("opencc") / "dictionary" / f"{dictionary}.txt"
    for line in source.read_text(encoding="utf-8").splitlines():
        key, _, values = line.partition("\t")
        yield key, values.split(" ")


def is_word(text: str) -> bool:
    """Whether a text is one to four Han characters of the basic plane."""
    return 0 < len(text) <= LONGEST and all("\u4e00" <= char <= "\u9fff" for char in text)


def counted_words(simplified: dict[int, str]) -> Counter[str]:
    """Return how often each word occurs; words that are the same once simplified are one."""
    counts: Counter[str] = Counter()
    source = files("jieba") / "dict.txt"
    for line in source.read_text(encoding="utf-8").splitlines():
        word, count, _ = line.split(" ")
        if is_word(word) and (int(count) >= FEWEST or len(word) == 1):
            counts[word.translate(simplified)] += int(count)
    phrases = {key for key, _ in opencc_entries("STPhrases")}
    phrases |= {value for _, values in opencc_entries("TSPhrases") for value in values}
    for phrase in phrases:
        word = phrase.translate(simplified)
        if is_word(word) and word not in counts:
            counts[word] = COUNT_OF_PHRASE
    return counts


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT)
    output: Path = parser.parse_args().output
    simplified = {
        ord(key): values[0]
        for key, values in opencc_entries("TSCharacters")
        if max(key + values[0]) <= "\uffff"
    }
    counts = counted_words(simplified)
    known = sorted({char for word in counts for char in word})
    numbers = {char: number for number, char in enumerate(known, start=1)}
    variants = {
        chr(code): numbers[char]
        for code, char in simplified.items()
        if char in numbers and chr(code) != char
    }
    of_char = dict(sorted({**numbers, **variants}.items()))
    converted = {key for key, values in opencc_entries("STCharacters") if key not in values}
    words = np.zeros((len(counts), LONGEST), np.uint16)
    for row, word in enumerate(sorted(counts)):
        words[row, : len(word)] = [numbers[char] for char in word]
    logs = [8 * np.log(max(counts[word], 1)) for word in sorted(counts)]
    # Columns of sorted words compress several times as well as rows.
    np.savez_compressed(
        output,
        chars=np.array([ord(char) for char in of_char], np.uint16),
        ids=np.array(list(of_char.values()), np.uint16),
        scripts=np.array([1 if c in variants else 2 * (c in converted) for c in of_char], np.uint8),
        words=np.asfortranarray(words),
        log_counts=np.array(logs).round().astype(np.uint8),
    )
    print(f"{len(counts):,} words of {len(known):,} characters, {output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
