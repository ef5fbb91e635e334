"""Jammers: what is dropped into a text to spoil copies of it, or was left by a tool.

    - r/ n! u8 z( a5 a8 {一、过去一年        <kbd id="s7isi"></kbd>        记者 蒋涛_x000D_

Random strings of printable ASCII between and inside paragraphs, tags and escapes of
spreadsheets as text, emoji inside words. Chinese prose has English words, names,
numbers, addresses and model codes too: what is random has hardly a word in it and
changes between letters, digits and signs all the time. An emoji inside a word stands
between two characters that make up a listed phrase; at the end of a sentence it is
meant to be there.
"""

import re
from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel, kernel_part
from dedup.text.code_points import code_points
from dedup.text.damage.random_tokens import (
    could_be_inside_words,
    find_between_paragraphs,
    find_inside_words,
    introduced_lines,
    is_token,
    stand_inside_words,
)
from dedup.text.marks import Mark, joined, widened_to_lines
from dedup.text.words import is_han, is_listed_pair

__all__ = ["could_be_jammed", "find_jammers"]

_SPREADSHEET = re.compile(r"_x00[01][0-9A-Fa-f]_")

_ELEMENTS = (
    "p|br|b|i|u|s|a|em|th|td|tr|tt|li|ul|ol|dl|dt|dd|kbd|del|ins|sub|sup|big|small|strong|strike|font|span"
    "|div|pre|code|form|style|script|center|acronym|abbr|optgroup|option|select|fieldset|label|legend|nav"
    "|noframes|noscript|blockquote|address|table|tbody|thead|tfoot|button|input|img|dfn|bdo|cite|var|samp"
    "|section|article|video|object|param|meter|h[1-6]"
)
_TAG = re.compile(rf"</?(?:{_ELEMENTS})(?:\s+[\w-]+=(?:\"[^\"<>\n]*\"|'[^'<>\n]*'))*\s*/?>")
_BRACKET_TAG = re.compile(
    r"\[/?(?:b|i|u|url|img|size|color|font|quote|attach|align|hide)(?:=[^\[\]\n]{1,80})?\]"
)
_COMMENT = re.compile(r"<!--[^<>\n]{0,80}-->")
_EMPTY_ELEMENT = re.compile(r"<([a-z]+) id=\"\w{3,12}\">\s*</\1>")
# Elements that no browser shows, with what they hold.
_HIDDEN_ELEMENT = re.compile(
    r"<([a-z]+)\s[^<>\n]{0,200}?(?:display:\s*none|font-size:\s*0(?:px)?\b|visibility:\s*hidden)"
    r"[^<>\n]{0,200}>[^<>\n]{0,200}</\1>"
)
# Who writes of markup shows some.
_ABOUT_MARKUP = re.compile(
    r"HTML|html|标签|標籤|代码|代碼|网页|網頁|</?(?:html|body|head)\b|<!DOCTYPE"
)

# Letters as the trigger counts them: beside a digit or an odd sign.
_NOISY = re.compile(
    r"(?<=[0-9!#-&)*+,;-?\[-`{-~])[A-Za-z]|(?<=[a-z])[A-Z]|[A-Za-z](?=[0-9#$%&*+<=>\[\\^`{|}~])"
)
_FEWEST_NOISY = 6

# A run of ASCII with at least so many characters that are no blanks.
_FEWEST_CHARS = 8
_ASCII_RUN = re.compile(rf"[!-~][ -~]{{{_FEWEST_CHARS - 2},}}[!-~]")
_ADDRESS = re.compile(
    r"(?:https?|ftp)://[!-~]+|www\.[!-~]+"
    r"|(?<![\w.+-])[\w.+-]{2,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,4}\.[a-z]{2,4}\b"
    r"|(?<![\w-])[\w-]{1,63}(?:\.[\w-]{1,63}){0,4}\.(?:com|cn|net|org|hk|tw|gov)\b[!-~]*"
    r"|(?<![\w-])[\w-]{1,63}\.(?:jpg|jpeg|png|gif|mp[34]|pdf|docx?|xlsx?|html?|php|js)\b"
)
# `53%vol500ml`, `12GB+256GB`, `IP68+IP69`: sizes, strengths and grades.
_QUANTITY = re.compile(
    r"(?<![A-Za-z])\d[\d.]*"
    r"(?:%(?:vol)?|vol|[KMGT]B|[kMG]bps|[kMG]?Hz|[kMG]W|kWh|mAh|[mcknu]m|[mk]?g|m[lL]|dB|fps|GE|ms)"
    r"(?:/[a-z]{1,3})?(?![A-Za-z])"
    r"|(?<![A-Za-z0-9])\d{2,}[KMGTLWVmghs](?![A-Za-z0-9])"
    r"|(?<![A-Za-z0-9])[A-Z]{2,4}\d{2,3}(?![A-Za-z0-9])"
)
_WORD = re.compile(
    r"(?<![^\s(\"'/.,:_-])(?:[A-Z]?[a-z]{3,}|[a-z]{2}|[A-Z]{2,5})(?![^\s)\"'/.,;:!?_-])"
)
# `$f^{\prime}(x)=2x$`, and what is only in lines of code: calls, definitions, loops.
_FORMULA = re.compile(
    r"\$(?=[^$\n]*[=^_\\+-])[^\s$!?#@~;\"](?:[^$\n!?#@~;\"]{0,300}[^\s$!?#@~;\"])?\$"
)
_CODE = re.compile(
    r"\b(?:def|class|import|from|return|print|lambda|for|while|if|elif|else|echo|sudo|SELECT|UPDATE"
    r"|INSERT|WHERE|function|var|let|const|int|void|public|static)\b(?=[\s(:])[^\n]*[(){}\[\]=;:]"
    r"|\b[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\(|^\s*[A-Za-z_]\w{2,}(?:\[\w+\])?\s=\s|\b[a-z_]{3,}\(.*\)$"
)
_PART_OF_NAME = re.compile(r"[A-Z]?[a-z]{2,}")  # `iPhone15ProMax`
_VOWEL = re.compile(r"[aeiouyAEIOUY]")
_CHANGE = re.compile(
    r"(?=[A-Za-z][0-9]|[0-9][A-Za-z]|[a-z][A-Z]|[!#$%&*+;<=>?@^_`{|}~\]\\][A-Za-z0-9]"
    r"|[A-Za-z0-9][#$%&*+<=>@^_`{|}~\[\\\"]|[^\w\s][^\w\s])"
)
_LEAST_SHARE_OF_CHANGES = 0.2
_MOST_SHARE_OF_WORDS = 0.35
_FEWEST_LETTERS = 3
_NUMBER_IN_FRONT = re.compile(r"\d[\d.,:/-]*%?\s+")
_NUMBER_BEHIND = re.compile(r"\s\d[\d.,]*%?$")
_LONGEST_NUMBER = 12
# A run without blanks and signs: `k3x9b2m7q1`, or letters alone that no language has.
_ONE_TOKEN = re.compile(r"[A-Za-z0-9]{8,}")
_LETTER_BESIDE_DIGIT = re.compile(r"(?=[A-Za-z][0-9]|[0-9][A-Za-z])")
_FEWEST_DIFFERENT = 6
_FEWEST_CHANGES = 3
_LEAST_SHARE_OF_JUMBLE = 0.3
_LONG_RUN = re.compile(r"[A-Za-z0-9]{16}")
_LONGEST_WORD = 16
_CONSONANTS = re.compile(r"[b-df-hj-np-tv-xzB-DF-HJ-NP-TV-XZ]{5}")
_MOST_SHARE_OF_VOWELS = 0.3
_ALL_SIGNS = 2
# Of small letters, capitals, digits and odd signs, each with two characters or more: units,
# model numbers and names of products have two or three of them.
_CLASSES = (re.compile(r"[a-z]"), re.compile(r"[A-Z]"), re.compile(r"[0-9]"))
_ODD_SIGN = re.compile(r"[!#$%&+;<=>?@^`{|}~\[\]\\\"]")
_FEWEST_CERTAIN = 10
# `7 v9 ~2 l; ]2 n, U`
_FEWEST_TOKENS = 6
_SHORT_TOKEN = 2
_LEAST_SHARE_SHORT = 0.8
_FEWEST_OF_CLASS = 2
# Where so many runs are random without doubt, others are on half the evidence.
_MANY = 3
_MOST_SHORTER_LINE = 5  # times, lines being of any length

_EMOJI_RUN = re.compile(
    "[\u203b\u25b2-\u25c9\u25ce-\u25cf\u2600-\u2775\u2794-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff\ufe0f\u200d]+"
)
_FEWEST_BETWEEN = 4
_LEAST_SHARE_BETWEEN = 0.5
_MOST_BETWEEN = 0.8
_LEAST_SHARE_INSIDE_WORDS = 0.15
_FEWEST_INSIDE_WORDS = 2  # where others stand beside signs
# People end clauses with emoji: where so many stand inside clauses, one inside a word will do.
_MANY_BETWEEN = 8
_LEAST_SHARE_OF_MANY = 0.95


def find_jammers(text: str) -> list[Mark]:
    """Return the jammers of `text`, ascending and disjoint."""
    codes = code_points(text)
    escapes = [Mark(*match.span()) for match in _SPREADSHEET.finditer(text)]
    whole = joined([*escapes, *_find_tags(text)])
    blotted = _blotted(text, whole)
    noise = _find_noise(blotted) if _has_noise(codes) else []
    if could_be_inside_words(codes):
        noise += find_inside_words(_ADDRESS.sub(_blank, blotted))
    emoji = _find_emoji(text) if _has_emoji(codes) else []
    marks = widened_to_lines(text, [*whole, *noise, *emoji])
    return _with_empty_lines(text, escapes, marks)


def _with_empty_lines(text: str, escapes: list[Mark], marks: list[Mark]) -> list[Mark]:
    """Return marks that leave the lines that only a `_x000D_` fills, if it ends others as well.

    Where each line of a spreadsheet ends so, they were empty.
    """
    alone = {mark for mark in escapes if _fills_line(text, mark)}
    ends = (mark for mark in escapes if mark not in alone)
    if not alone or not any(text[mark.end : mark.end + 1] in ("", "\n") for mark in ends):
        return marks
    kept = {mark.end for mark in alone}
    return [
        Mark(mark.start + 1, mark.end) if mark.end in kept and text[mark.start] == "\n" else mark
        for mark in marks
    ]


def could_be_jammed(codes: NDArray[np.uint32]) -> bool:
    """Whether a text has what may be a tag, enough noise in runs of ASCII, or enough emoji.

    `find_jammers` marks nothing in others: most texts that are called suspicious have names
    and grades of a few letters, `5G`, each alone.

    Args:
        codes: Code points of the text; uint32, shape (n,).
    """
    return _has_tag(codes) or _has_noise(codes) or could_be_inside_words(codes) or _has_emoji(codes)


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _blotted(text: str, marks: list[Mark]) -> str:
    """Return a text of the same length with line ends in place of what is marked."""
    pieces: list[str] = []
    done = 0
    for start, end in marks:
        pieces += (text[done:start], "\n" * (end - start))
        done = end
    return "".join([*pieces, text[done:]])


def _find_tags(text: str) -> Iterator[Mark]:
    """Yield tags that stand in a text that is neither markup nor about markup."""
    for pattern in (_EMPTY_ELEMENT, _HIDDEN_ELEMENT):
        for match in pattern.finditer(text):
            yield Mark(*match.span())
    tags = [
        Mark(*match.span())
        for pattern in (_TAG, _BRACKET_TAG, _COMMENT)
        for match in pattern.finditer(text)
    ]
    if tags and not _ABOUT_MARKUP.search(text):
        yield from tags


def _find_noise(text: str) -> list[Mark]:
    """Return runs of random ASCII."""
    spans = [_without_numbers(text, *match.span()) for match in _ASCII_RUN.finditer(text)]
    runs = [(mark, _judged(text[mark.start : mark.end])) for mark in spans]
    num_noisy = sum(len(_NOISY.findall(run)) for _, run in runs)
    if num_noisy < _FEWEST_NOISY and not any(_LONG_RUN.search(run) for _, run in runs):
        return []
    # What comes again is the name of something, unless it stands alone every time.
    in_prose = Counter(run.strip() for mark, run in runs if not _fills_line(text, mark))
    repeated = {run for run, count in Counter(run.strip() for _, run in runs).items() if count > 1}
    repeated &= in_prose.keys()
    certain = [mark for mark, run in runs if _is_certain(run, repeated, _fills_line(text, mark))]
    certain = _out_of_place(text, certain)
    if not certain:
        return list(find_between_paragraphs(text))  # nothing else is of the make of any
    likely = [
        mark
        for mark, run in runs
        if _is_random(run, 2)
        or (_fills_line(text, mark) and (_is_motley(run) or _is_odd(run)))
        or _is_scattered(run, 1 if _fills_line(text, mark) else _FEWEST_OF_CLASS)
        or _is_jumbled(run.strip(), repeated, 2)
    ]
    likely = _like(text, certain, _out_of_place(text, likely))
    lines = [mark for mark in likely if _fills_line(text, mark)]
    if len(certain) >= _MANY or len(lines) > _MANY:
        certain = sorted({*certain, *likely})
    return [*certain, *find_between_paragraphs(text)]


def _out_of_place(text: str, marks: list[Mark]) -> list[Mark]:
    """Return those of random runs that are not the number, password or address of something."""
    tokens = {mark for mark in marks if is_token(text[mark.start : mark.end])}
    in_lines = {mark for mark in tokens if _fills_line(text, mark)}
    in_prose = sorted(tokens - in_lines)
    introduced = introduced_lines(text) if in_lines else set()
    honest = {mark for mark in in_lines if mark.start in introduced}
    if in_prose and not stand_inside_words(text, in_prose):
        honest.update(in_prose)
    return [mark for mark in marks if mark not in honest]


def _like(text: str, certain: list[Mark], marks: list[Mark]) -> list[Mark]:
    """Return those of some runs that are of the make of what is random without doubt."""
    sizes: dict[bool, list[int]] = {True: [], False: []}
    for mark in certain:
        sizes[_fills_line(text, mark)].append(len(text[mark.start : mark.end].strip()))
    classes = set().union(*(_classes(text[mark.start : mark.end]) for mark in certain))
    alike = []
    for mark in marks:
        run = text[mark.start : mark.end].strip()
        fills_line = _fills_line(text, mark)
        others = sizes[fills_line]
        shorter = _MOST_SHORTER_LINE if fills_line and len(others) >= _MANY else 2
        if others and shorter * len(run) >= min(others) and len(run) <= 2 * max(others):
            alike += [mark] if _classes(run) <= classes else []
    return alike


def _classes(run: str) -> set[int]:
    """Return which kinds of characters a run has: small letters, capitals, digits, odd signs."""
    return {place for place, found in enumerate((*_CLASSES, _ODD_SIGN)) if found.search(run)}


def _fills_line(text: str, mark: Mark) -> bool:
    """Whether nothing else stands in the line of a run."""
    before = text[text.rfind("\n", 0, mark.start) + 1 : mark.start]
    behind = text[mark.end : mark.end + 2].partition("\n")[0]
    return before.isspace() or not (before or behind.strip())


def _is_certain(run: str, repeated: set[str], fills_line: bool) -> bool:
    """Whether a run of ASCII is random without another one beside it."""
    return (
        (_is_random(run, 1) and _is_motley(run))
        or _is_scattered(run)
        or _is_jumbled(run.strip(), repeated, 2 if fills_line else 1)
    )


def _is_scattered(run: str, fewest: int = _FEWEST_OF_CLASS) -> bool:
    """Whether a run is single letters, digits and signs with blanks between them.

    Two of each tell; among others a letter and a sign do.
    """
    tokens = run.split()
    num_short = sum(len(token) <= _SHORT_TOKEN for token in tokens)
    if len(tokens) < _FEWEST_TOKENS or num_short < _LEAST_SHARE_SHORT * len(tokens):
        return False
    num_letters, num_digits = sum(map(str.isalpha, run)), sum(map(str.isdigit, run))
    num_signs = len("".join(tokens)) - num_letters - num_digits
    return min(num_letters, max(num_digits, 2 - fewest), num_signs) >= fewest


def _is_jumbled(run: str, repeated: set[str], leniency: int) -> bool:
    """Whether letters and digits of one token go to and fro, or its letters cannot be spoken."""
    if run in repeated or len(set(run)) < _FEWEST_DIFFERENT or not _ONE_TOKEN.fullmatch(run):
        return False
    num_changes = sum(1 for _ in _LETTER_BESIDE_DIGIT.finditer(run))
    if num_changes >= max(_FEWEST_CHANGES, _LEAST_SHARE_OF_JUMBLE / leniency * len(run)):
        return True
    has_few_vowels = len(_VOWEL.findall(run)) <= _MOST_SHARE_OF_VOWELS * len(run)
    signs = has_few_vowels + (_CONSONANTS.search(run) is not None)
    return leniency * len(run) >= _LONGEST_WORD and leniency * signs >= _ALL_SIGNS


def _judged(run: str) -> str:
    """Return what of a run of ASCII may be random."""
    if _CODE.search(run):
        return ""
    return _QUANTITY.sub(" ", _ADDRESS.sub(" ", _FORMULA.sub(" ", run)))


def _without_numbers(text: str, start: int, end: int) -> Mark:
    """Return a run without a number at either end that belongs to the prose beside it."""
    front = _NUMBER_IN_FRONT.match(text, start, end)
    behind = _NUMBER_BEHIND.search(text, max(start, end - _LONGEST_NUMBER), end)
    if front and is_han(text[start - 1 : start]):
        start = front.end()
    if behind and is_han(text[end : end + 1]):
        end = max(start, behind.start())
    return Mark(start, end)


def _is_random(run: str, leniency: int) -> bool:
    """Whether a run of ASCII is made of neither words, numbers nor addresses."""
    num_chars = sum(not char.isspace() for char in run)
    num_letters = sum(char.isalpha() for char in run)
    if num_chars < _FEWEST_CHARS or num_letters < _FEWEST_LETTERS:
        return False
    return (
        leniency * _num_changes(run) >= _LEAST_SHARE_OF_CHANGES * num_chars
        and _num_in_words(run) <= leniency * _MOST_SHARE_OF_WORDS * num_letters
    )


def _is_odd(line: str) -> bool:
    """Whether a line of ASCII is hardly made of words: random, if others are without doubt."""
    num_letters = sum(map(str.isalpha, line))
    has_changes = 3 * _num_changes(line) >= _LEAST_SHARE_OF_CHANGES * len(line)
    return has_changes and 2 * _num_in_words(line) <= num_letters


def _num_changes(run: str) -> int:
    return sum(1 for _ in _CHANGE.finditer(run))


def _num_in_words(run: str) -> int:
    """Return how many letters of a run are in words, or in parts of names."""
    words = _WORD if _ODD_SIGN.search(run) else _PART_OF_NAME
    return sum(len(word) for word in words.findall(run) if _VOWEL.search(word))


def _is_motley(run: str) -> bool:
    """Whether a run has three kinds of characters or more, and neither a unit nor a name."""
    if sum(not char.isspace() for char in run) < _FEWEST_CERTAIN:
        return False
    classes = sum(len(found.findall(run)) > 1 for found in _CLASSES)
    signs = set(_ODD_SIGN.findall(run))
    return classes + min(len(signs), 2) >= 3


def _find_emoji(text: str) -> list[Mark]:
    """Return emoji between Han characters, if most stand there and many inside words.

    People set them between words too, but more often at the end of a line or sentence.
    """
    runs = [Mark(*match.span()) for match in _EMOJI_RUN.finditer(text)]
    between = [
        mark
        for mark in runs
        if is_han(text[mark.start - 1 : mark.start]) and is_han(text[mark.end : mark.end + 1])
    ]
    if len(between) < max(_FEWEST_BETWEEN, _LEAST_SHARE_BETWEEN * len(runs)):
        return []
    inside = sum(is_listed_pair(text[mark.start - 1], text[mark.end]) for mark in between)
    if len(between) < _MOST_BETWEEN * len(runs):
        # Anywhere, beside signs too. Of 39,000 clean texts none has so many inside words.
        is_sprinkled = inside >= max(_FEWEST_INSIDE_WORDS, _LEAST_SHARE_INSIDE_WORDS * len(runs))
        return [mark for mark in runs if _is_inside_line(text, mark)] if is_sprinkled else []
    if len(between) >= max(_MANY_BETWEEN, _LEAST_SHARE_OF_MANY * len(runs)):
        return between if inside else []
    return between if inside >= _LEAST_SHARE_INSIDE_WORDS * len(between) else []


def _is_inside_line(text: str, mark: Mark) -> bool:
    """Whether no blank, line end or other emoji stands beside a stretch."""
    beside = text[max(0, mark.start - 1) : mark.start], text[mark.end : mark.end + 1]
    return all(char.isprintable() and not char.isspace() for char in beside if char) and all(beside)


_LESS, _SQUARE, _SLASH, _UNDERSCORE = ord("<"), ord("["), ord("/"), ord("_")
_BANG = ord("!")
_LAST_BLANK = 0x3000
_LOW_X, _ZERO = ord("x"), ord("0")


@kernel_part
def _is_alpha(code: int) -> bool:
    return 0x61 <= code | 0x20 <= 0x7A


@kernel_part
def _is_digit(code: int) -> bool:
    return 0x30 <= code <= 0x39


@kernel
def _has_tag(codes: NDArray[np.uint32]) -> bool:
    """Whether something opens like a tag or an escape of a spreadsheet."""
    for at in range(codes.size - 2):
        code = codes[at]
        following = codes[at + 1]
        if code in (_LESS, _SQUARE):
            if following in (_SLASH, _BANG) or 0x61 <= following <= 0x7A:
                return True
        elif code == _UNDERSCORE and following == _LOW_X and codes[at + 2] == _ZERO:
            return True
    return False


# What `_NOISY` has in front of a letter and behind it.
_ODD_IN_FRONT = tuple(map(ord, "!#$%&)*+,;<=>?[\\]^_`{|}~"))
_ODD_BEHIND = tuple(map(ord, "#$%&*+<=>[\\^`{|}~"))


@kernel_part
def _is_noisy(codes: NDArray[np.uint32], at: int) -> bool:
    """Whether a letter is one of `_NOISY`."""
    code = codes[at]
    before = codes[at - 1] if at else 0
    behind = codes[at + 1] if at + 1 < codes.size else 0
    if _is_digit(before) or _is_digit(behind) or before in _ODD_IN_FRONT or behind in _ODD_BEHIND:
        return True
    return 0x61 <= before <= 0x7A and code <= 0x5A


_VOWEL_CODES = tuple(map(ord, "aeiouy"))
_ODD_CODES = tuple(map(ord, '!#$%&+;<=>?@^`{|}~[]\\"'))  # those of `_ODD_SIGN`
_CONSONANTS_IN_A_ROW = 5  # as `_CONSONANTS` has it
_FEWEST_DIGITS = 2  # of a run whose letters and digits go to and fro
_FEWEST_SHORT = 5  # tokens of one that is scattered
_FEWEST_LINES = 3  # of random tokens between paragraphs


@kernel_part
def _may_be_random(codes: NDArray[np.uint32], start: int, end: int) -> bool:
    """Whether a run has anything of what `_is_certain` asks: names in many languages have not."""
    digits = short_tokens = 0
    letters = vowels = consonants = 0  # of a stretch of letters and digits; consonants in a row
    token_start = start
    for at in range(start, end + 1):
        code = codes[at] if at < end else 0x20
        if code == 0x20:
            short_tokens += token_start < at <= token_start + _SHORT_TOKEN
            token_start = at + 1
        if _is_alpha(code) or _is_digit(code):
            is_vowel = code | 0x20 in _VOWEL_CODES
            digits += _is_digit(code)
            letters += 1
            vowels += is_vowel
            consonants = consonants + 1 if _is_alpha(code) and not is_vowel else 0
            if consonants == _CONSONANTS_IN_A_ROW:
                return True
            continue
        if letters >= _FEWEST_CHARS and vowels <= _MOST_SHARE_OF_VOWELS * letters:
            return True
        if code in _ODD_CODES:
            return True
        letters = vowels = consonants = 0
    return digits >= _FEWEST_DIGITS or short_tokens >= _FEWEST_SHORT


@kernel_part
def _may_fill_line(codes: NDArray[np.uint32], start: int, end: int) -> bool:
    """Whether no more than blanks, or what is between blanks and ideographs, is beside a run."""
    before = codes[start - 1] if start > 0 else 0
    behind = codes[end] if end < codes.size else 0
    return before <= _LAST_BLANK and behind <= _LAST_BLANK


@kernel
def _has_noise(codes: NDArray[np.uint32]) -> bool:
    """Whether runs of ASCII are as noisy as `_find_noise` asks; addresses are not looked for."""
    noisy = total = letters = lines = 0  # noisy letters of this run, of all; letters in a row
    is_long = may_be_random = False
    start = end = 0  # of the run, without blanks
    for at in range(codes.size + 1):
        code = codes[at] if at < codes.size else 0
        if 0x20 < code < 0x7F:
            start = at if end == 0 else start
            end = at + 1
            is_letter = _is_alpha(code)
            noisy += is_letter and _is_noisy(codes, at)
            letters = letters + 1 if is_letter or _is_digit(code) else 0
            is_long |= letters == _LONGEST_WORD
            continue
        letters = 0
        if code != 0x20:
            if end - start >= _FEWEST_CHARS:
                total += noisy
                lines += _may_fill_line(codes, start, end)
                may_be_random = may_be_random or _may_be_random(codes, start, end)
            noisy = start = end = 0
            if (total >= _FEWEST_NOISY or is_long) and (may_be_random or lines >= _FEWEST_LINES):
                return True
    return False


@kernel_part
def _is_emoji(code: int) -> bool:
    """Whether a character is of `_EMOJI_RUN`."""
    if code < 0x2600:
        is_shape = 0x25B2 <= code <= 0x25C9 or 0x25CE <= code <= 0x25CF
        return is_shape or code in (0x200D, 0x203B)
    if code < 0x10000:
        return (
            code <= 0x2775 or 0x2794 <= code <= 0x27BF or 0x2B00 <= code <= 0x2BFF or code == 0xFE0F
        )
    return 0x1F000 <= code <= 0x1FAFF


@kernel
def _has_emoji(codes: NDArray[np.uint32]) -> bool:
    """Whether as many runs of emoji stand between Han characters as `_find_emoji` asks."""
    runs = between = 0
    at = 0
    while at < codes.size:
        start = at
        while at < codes.size and _is_emoji(codes[at]):
            at += 1
        if at == start:
            at += 1
            continue
        runs += 1
        has_both = start > 0 and at < codes.size
        if has_both and 0x4E00 <= codes[start - 1] <= 0x9FFF and 0x4E00 <= codes[at] <= 0x9FFF:
            between += 1
    return between >= max(_FEWEST_BETWEEN, _LEAST_SHARE_BETWEEN * runs)
