"""The main text of a page, and where in the markup each of its characters stands.

Which part of a page is the article is a library's judgement: resiliparse keeps real
articles whole and costs a third of a millisecond (docs/decisions/0002-html-extraction.md).
It does not say where its text comes from. So there are two readings of a page: the
library's, and a walk over the markup that keeps every visible character with its offset.
The library's lines are looked up in the walk, in order; what is found is the main text.
What is returned is therefore the page's own characters, and offsets never guess.

The walk knows just enough of HTML to tell text from markup and needs no tree. It takes
linear time on any string. The library does not, so that pages of a depth that only an
attacker or a broken program writes are read by the walk alone.
"""

import html
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from resiliparse.extract.html2text import extract_plain_text

__all__ = ["ExtractedText", "extract", "looks_like_html"]


class ExtractedText(NamedTuple):
    """The main text of a page.

    Attributes:
        text: Paragraphs are lines; blanks of the markup are collapsed.
        offsets: Where each character stands in the markup, and the length of the markup
            for the end; all characters of an entity stand at its start. int32, never
            decreasing, shape (len(text) + 1,).
    """

    text: str
    offsets: NDArray[np.int32]


# Elements that begin a new line. Cells are among them: in pages laid out with tables a
# cell is a column of the page, not a word of a sentence.
_BLOCKS = frozenset(
    """address article aside blockquote body br caption center dd details dialog dir div dl dt
    fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li
    main menu nav ol p pre search section summary table tbody td tfoot th thead tr ul""".split()  # noqa: SIM905 - fifty lines of one word each read no better
)
# Elements whose content is no text of the page. `title` goes with the metadata.
_HIDDEN = "script|style|template|title|textarea|select|noscript|noframes|noembed|iframe|object|svg"
# Elements that never hold others, or that end by themselves where the next one begins.
_SHALLOW = frozenset(
    """area base br col dd dt embed hr img input li link meta option p param source td th tr
    track wbr""".split()  # noqa: SIM905
)

# Every alternative ends at the end of the page too, as it does in a browser. Without that,
# each of five million "<a" would be searched to the end for its ">". The repetitions are
# possessive for the same reason. A quotation mark counts only after "=": real pages are
# full of stray ones, `<a href=x">`, and nothing must swallow the text behind them.
_ATTRIBUTES = r"""(?:[^>=]++|=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z))?+)*+(?:>|\Z)"""
_MARKUP = re.compile(
    rf"""<(?=[a-z!?/])(?:
        !--(?:-?>|.*?(?:--!?>|\Z))
        | (?P<hidden>{_HIDDEN})(?=[\s/>]){_ATTRIBUTES}
          .*?(?:</(?P=hidden)(?=[\s/>])[^>]*+(?:>|\Z)|\Z)
        | (?P<close>/?)(?P<name>[a-z][^\s/>]*+){_ATTRIBUTES}
        | [!?/][^>]*+(?:>|\Z)
    )""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
# The library drops single characters that stand in an element of their own, as in
# `<b>国</b>务院`, and with them all of a page that sets off every one. So it is shown the
# page without such elements, and without readings, <ruby>国<rt>guó</rt></ruby>.
_FORMATTING = re.compile(
    rf"""</?(?:b|big|em|font|i|rb|ruby|s|small|span|strong|sub|sup|u)(?=[\s/>]){_ATTRIBUTES}
    |<r[pt](?=[\s/>]){_ATTRIBUTES}[^<]*+(?:</r[pt]\s*+>)?""",
    re.IGNORECASE | re.VERBOSE,
)
# Bounded, since the number of an endless reference would be too long for int().
_REFERENCE = re.compile(r"&(?:#(?:[0-9]{1,7}|x[0-9a-f]{1,6})|[a-z][a-z0-9]{1,31});?", re.IGNORECASE)

_WORD = re.compile(r"[^\W_]")

# Indexed by code point, the last entry standing for all beyond: blanks to Python, which
# the library changes at will, and the zero byte, which parsers drop.
_IS_BLANK = np.array([chr(code).isspace() or code == 0 for code in range(0x3002)])
_IS_COLLAPSIBLE = np.array([chr(code) in " \t\n\r\f" for code in range(0x3002)])
_NEWLINE, _SPACE = ord("\n"), ord(" ")

# The library's time grows with the square of the depth and of the attributes of an element.
# Within these limits it takes no second; real pages have a tenth of any of them.
_MOST_TAGS = 50_000
_MOST_DEPTH = 256
_MOST_ATTRIBUTES = 500
# What the walk does not have is searched for in vain to the end of the page.
_MOST_VAIN_SEARCHES = 64
_PIECE_CHARS = 6
_NEAR_CHARS = 2_000  # the other pieces of a line follow the first one within this
_LEAST_FOUND_SHARE = 0.25

_NAVIGATION_LINKS = 3
_LINK_LINE_SHARE = 0.8

_DOCUMENT_HEAD = re.compile(
    r"[\ufeff\s]*+(?:<\?xml[^>]*+>\s*+|<!--.*?-->\s*+)*(?:<!doctype\s+html|<(?:html|head|body)[\s>])",
    re.IGNORECASE | re.DOTALL,
)
_FRAGMENT_HEAD = re.compile(
    r"[\ufeff\s]*+(?:<!--.*?-->\s*+)*<(?:article|center|div|h[1-6]|main|meta|p|section|table|ul)[\s>]",
    re.IGNORECASE | re.DOTALL,
)
_FRAGMENT_TAIL = re.compile(
    r"</(?:article|center|div|h[1-6]|main|p|section|table|ul)\s*>\s*\Z", re.IGNORECASE
)
_HEAD_CHARS = 4096


def looks_like_html(text: str) -> bool:
    """Return whether a text is a page or a piece of one, and not prose that mentions tags.

    A page begins like a page. A piece begins and ends with an element that holds
    paragraphs.

    >>> looks_like_html("<!DOCTYPE html><title>新闻</title>")
    True
    >>> looks_like_html("<div><p>正文</p></div>")
    True
    >>> looks_like_html("用 <b> 标记粗体，用 <p> 分段。")
    False
    """
    head = text[:_HEAD_CHARS]
    if _DOCUMENT_HEAD.match(head):
        return True
    return bool(_FRAGMENT_HEAD.match(head) and _FRAGMENT_TAIL.search(text[-64:]))


def extract(markup: str) -> ExtractedText:
    """Return the main text of a page; all its visible text where no main text is found.

    Any string is fine; the time is linear in its length.
    """
    page = _walk(markup)
    everything = np.ones(len(page.codes), dtype=np.bool_)
    wanted = _main_part(markup, page) if page.is_sane else everything
    extracted = _selected(page, wanted & ~_navigation(page))
    return extracted if _WORD.search(extracted.text) else _selected(page, everything)


class _Page(NamedTuple):
    """The visible text of a page as the walk found it.

    Attributes:
        codes: Its characters, a newline wherever a block begins or ends; uint32.
        offsets: Where they stand in the markup, and its length for the end; int32,
            shape (len(codes) + 1,).
        links: Number of the link that each character is in, 0 for none; int32.
        is_sane: Whether it has elements, and the library can be trusted to read them in time.
    """

    codes: NDArray[np.uint32]
    offsets: NDArray[np.int32]
    links: NDArray[np.int32]
    is_sane: bool

    def words(self) -> NDArray[np.intp]:
        """Return the indices of the characters that are no blanks."""
        return np.flatnonzero(~_in_table(self.codes, _IS_BLANK))

    def line_of(self) -> NDArray[np.intp]:
        """Return the number of the line that each character is in."""
        return np.cumsum(self.codes == _NEWLINE)


def _walk(markup: str) -> _Page:
    """Read the markup once, from the beginning to the end."""
    walker = _Walker(markup)
    done = 0
    for tag in _MARKUP.finditer(markup):
        if tag.start() > done:
            walker.read_text(done, tag.start())
        walker.read_tag(tag)
        done = tag.end()
    walker.read_text(done, len(markup))
    return walker.page()


class _Walker:
    """What is known on the way through the markup.

    The visible text is kept in pieces: characters in a row that stand in the same link
    and are all written as they are (step 1) or all stand for one reference (step 0).
    """

    def __init__(self, markup: str) -> None:
        self._markup = markup
        self._texts: list[str] = []
        self._starts: list[int] = []
        self._steps: list[int] = []
        self._links: list[int] = []
        self._num_links = 0
        self._link = 0
        self._depth = 0
        self._in_pre = False
        self._in_reading = False
        self._num_tags = 0
        self._is_sane = True

    def read_text(self, start: int, end: int) -> None:
        """Add the text between two tags, its character references decoded."""
        if self._in_reading:
            return
        done = start
        for reference in _REFERENCE.finditer(self._markup, start, end):
            self._add_written(done, reference.start())
            self._add(html.unescape(reference[0]), reference.start(), step=0)
            done = reference.end()
        self._add_written(done, end)

    def read_tag(self, tag: re.Match[str]) -> None:
        """Note what a tag changes; comments and hidden elements change nothing."""
        name, closes = tag["name"], bool(tag["close"])
        if name is None:
            return
        name = name.lower()
        self._num_tags += 1
        # A reading, <ruby>国<rt>guó</rt></ruby>, is written beside the text, not in it.
        self._in_reading = name in {"rt", "rp"} and not closes
        if name in _BLOCKS:
            self._add("\n", tag.start(), step=0)
        if name == "a":
            self._num_links += not closes
            self._link = 0 if closes else self._num_links
        elif name == "pre":
            self._in_pre = not closes
        if name not in _SHALLOW:
            self._depth = max(0, self._depth + (-1 if closes else 1))
        if self._depth > _MOST_DEPTH or _has_many_attributes(tag):
            self._is_sane = False

    def page(self) -> _Page:
        """Return what was read."""
        lengths = np.array([len(text) for text in self._texts], dtype=np.int32)
        within = np.arange(lengths.sum(), dtype=np.int32)
        within -= np.repeat(np.cumsum(lengths, dtype=np.int32) - lengths, lengths)
        within *= np.repeat(np.array(self._steps, dtype=np.int32), lengths)
        within += np.repeat(np.array(self._starts, dtype=np.int32), lengths)
        return _Page(
            codes=np.frombuffer(
                "".join(self._texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32
            ),
            offsets=np.append(within, np.int32(len(self._markup))),
            links=np.repeat(np.array(self._links, dtype=np.int32), lengths),
            is_sane=self._is_sane and 0 < self._num_tags <= _MOST_TAGS,
        )

    def _add_written(self, start: int, end: int) -> None:
        text = self._markup[start:end]
        # A newline of the markup ends no paragraph, it only wraps the source.
        self._add(text if self._in_pre else text.replace("\n", " "), start, step=1)

    def _add(self, text: str, start: int, *, step: int) -> None:
        if text:
            self._texts.append(text)
            self._starts.append(start)
            self._steps.append(step)
            self._links.append(self._link)


def _has_many_attributes(tag: re.Match[str]) -> bool:
    if tag.end() - tag.start() < 2 * _MOST_ATTRIBUTES:  # nearly all tags, at no cost
        return False
    return len(tag[0].split(None, _MOST_ATTRIBUTES)) > _MOST_ATTRIBUTES


def _main_part(markup: str, page: _Page) -> NDArray[np.bool_]:
    """Return which characters of a page the library takes for its main text.

    Returns:
        bool, shape (len(page.codes),).
    """
    chosen = np.zeros(len(page.codes), dtype=np.bool_)
    try:
        output = extract_plain_text(
            _FORMATTING.sub("", markup), main_content=True, list_bullets=False, alt_texts=False
        )
    except TypeError:  # a lone surrogate: no text that the library takes
        return chosen
    words = page.words()
    squeezed = page.codes[words].tobytes().decode("utf-32-le")
    found = np.zeros(words.size, dtype=np.bool_)
    for start, end in _find_in_order(output.splitlines(), squeezed):
        found[start:end] = True
    return _whole_lines(page, words, found)


def _find_in_order(lines: list[str], text: str) -> Iterator[tuple[int, int]]:
    """Yield where each line stands in a text without blanks.

    Every search goes on where the last one ended. If a line is found too early, that is
    because the same words stand there, and no later line is missed for it. A line that
    the library dropped something from is found by its pieces.
    """
    done = num_vain = 0
    for line in lines:
        wanted = "".join(line.replace("\0", "").split())
        start = text.find(wanted, done)
        if start >= 0:
            done = start + len(wanted)
            yield start, done
            continue
        limit = len(text)
        for place in range(0, len(wanted) - _PIECE_CHARS + 1, _PIECE_CHARS):
            piece = wanted[place : place + _PIECE_CHARS]
            start = text.find(piece, done, limit)
            if start >= 0:
                done = start + len(piece)
                limit = done + _NEAR_CHARS
                yield start, done
            elif limit == len(text):
                num_vain += 1
                if num_vain > _MOST_VAIN_SEARCHES:
                    return


def _whole_lines(
    page: _Page, words: NDArray[np.intp], found: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return which characters are in lines of which enough was found.

    The library drops a few words inside of paragraphs, by the element that they are in:
    single characters of a link, dates, labels. Whoever wrote them there meant them to be
    read.

    Args:
        page: The page.
        words: Indices of its characters that are no blanks.
        found: Which of those were found.
    """
    line_of = page.line_of()
    num_lines = int(line_of[-1]) + 1 if line_of.size else 0
    num_words = np.bincount(line_of[words], minlength=num_lines)
    num_found = np.bincount(line_of[words[found]], minlength=num_lines)
    is_chosen = (num_found > 0) & (num_found >= _LEAST_FOUND_SHARE * num_words)
    chosen: NDArray[np.bool_] = is_chosen[line_of]
    chosen[words[found]] = True
    return chosen


def _navigation(page: _Page) -> NDArray[np.bool_]:
    """Return which characters of a page are lists of links.

    Three or more links in a row with hardly a word between them, on one line or each on
    its own, are there to be clicked; the links of prose stand among words.

    Returns:
        bool, shape (len(page.codes),).
    """
    line_of = page.line_of()
    num_lines = int(line_of[-1]) + 1 if line_of.size else 0
    words = page.words()
    in_link = words[page.links[words] > 0]
    begins_link = in_link[page.links[in_link] != _before(page.links[in_link])]
    num_words = np.bincount(line_of[words], minlength=num_lines)
    num_linked = np.bincount(line_of[in_link], minlength=num_lines)
    num_links = np.bincount(line_of[begins_link], minlength=num_lines)

    filled = np.flatnonzero(num_words)  # empty lines separate nothing
    is_list = num_linked[filled] >= _LINK_LINE_SHARE * num_words[filled]
    run_of = np.cumsum(is_list != _before(is_list))
    links_of_run = np.bincount(run_of, weights=num_links[filled])
    is_navigation = np.zeros(num_lines, dtype=np.bool_)
    is_navigation[filled] = is_list & (links_of_run[run_of] >= _NAVIGATION_LINKS)
    marks: NDArray[np.bool_] = is_navigation[line_of]
    return marks


def _in_table(codes: NDArray[np.uint32], table: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return what the table says of each character."""
    entries: NDArray[np.bool_] = table[np.minimum(codes, len(table) - 1)]
    return entries


def _before(values: NDArray[Any]) -> NDArray[Any]:
    """Return the value before each one, zero before the first."""
    shifted = np.zeros_like(values)
    shifted[1:] = values[:-1]
    return shifted


def _selected(page: _Page, wanted: NDArray[np.bool_]) -> ExtractedText:
    """Return the wanted characters of a page with the blanks between them collapsed."""
    blank = _in_table(page.codes, _IS_COLLAPSIBLE)
    kept = np.flatnonzero((wanted | blank) & (page.codes != 0))
    blank = blank[kept]
    # Of every run of blanks one is left: a newline, the least of them, if there is one.
    codes = np.where(blank & (page.codes[kept] != _NEWLINE), _SPACE, page.codes[kept])
    begins = np.flatnonzero(blank & ~_before(blank))
    if begins.size:
        codes[begins] = np.minimum.reduceat(np.where(blank, codes, _SPACE), begins)
    stays = ~blank
    words = np.flatnonzero(stays)
    if words.size:
        stays[begins] = True
        stays[: words[0]] = stays[words[-1] + 1 :] = False
    return ExtractedText(
        codes[stays].astype("<u4").tobytes().decode("utf-32-le", "surrogatepass"),
        np.append(page.offsets[kept[stays]], page.offsets[-1]),
    )
