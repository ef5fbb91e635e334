"""Which stretches of a text are prose: sentences, and not lists, labels or keywords.

A page around an article brings navigation, lists of headlines, keywords and a footer; a
digest brings sentences. Prose is told by what only sentences have: an end, clauses of
some length, and the small words that hold them together.
"""

import re

import numpy as np
from numpy.typing import NDArray

__all__ = ["prose_mask"]

# What separates the items of menus and lists from one another.
_SEGMENT = re.compile(r"[^\n\r\t|｜>»•·◆■□★]+")
_SENTENCE = re.compile(r"[^。！？!?；;…]*[。！？!?；;…]+[”’」』）)]*|[^。！？!?；;…]+")
_ENDS = re.compile(r"[。！？!?；;…][”’」』）)]*$")
_LETTER = re.compile(r"\w")
_BLANK = re.compile(r"\s+")
_FUNCTION_WORDS = frozenset(
    "的了在是和与與对對为為有不将將也就都而及被从從以并並由于於其这這我他她它们們但还還"
    "让讓把向给給着著过過到上中下里裡可能会會要说說表示等个個没沒因所使则則"
)

_LEAST_LETTERS = 12  # of a sentence
_LEAST_UNENDED = 40  # of one whose end is missing: headlines have none and are shorter
_LETTERS_A_BLANK = 8  # fewer between blanks, and it is a list of words
_LETTERS_A_FUNCTION_WORD = 18  # a sentence of so many has one at least


def prose_mask(text: str) -> NDArray[np.bool_]:
    """Return for each character whether it is part of a sentence; bool, shape (len(text),)."""
    mask = np.zeros(len(text), np.bool_)
    for segment in _SEGMENT.finditer(text):
        for sentence in _SENTENCE.finditer(text, segment.start(), segment.end()):
            if _is_prose(sentence.group()):
                mask[sentence.start() : sentence.end()] = True
    return mask


def _is_prose(sentence: str) -> bool:
    letters = len(_LETTER.findall(sentence))
    if letters < (_LEAST_LETTERS if _ENDS.search(sentence) else _LEAST_UNENDED):
        return False
    words = len(_BLANK.findall(sentence.strip())) + 1
    small = sum(character in _FUNCTION_WORDS for character in sentence)
    return letters >= words * _LETTERS_A_BLANK and small * _LETTERS_A_FUNCTION_WORD >= letters
