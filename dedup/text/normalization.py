"""From the text as received to the characters that are compared.

extract → repair → fold. Of a page the main text is taken; repaired text keeps script and
layout for people; folded text keeps letters and digits alone, every variant of a
character as one. Of these, boilerplate is left out of what is compared.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.models import Article, DamageKind, DamageMark, Edit, RepairedText, Step, TextFormat
from dedup.text.code_points import code_points
from dedup.text.damage.damage_marks import damage_marks
from dedup.text.damage.repair import origins, repair
from dedup.text.folding import FoldedBatch, FoldedText, Folder
from dedup.text.html import ExtractedText, extract, looks_like_html

__all__ = [
    "NormalizedBatch",
    "NormalizedText",
    "ReceivedText",
    "Stretch",
    "extract_main",
    "normalize",
    "repair_article",
]


class Stretch(NamedTuple):
    """Characters in a row: where they begin in the main text, and in the text as received."""

    start: int
    received_start: int


@dataclass(frozen=True, slots=True)
class NormalizedText:
    """A text ready to compare, and the way back to the text as received.

    Attributes:
        extracted: The main text of a page; None where the text is no markup.
        repaired: The text that was folded.
        folded: The whole normalized text: two texts are the same if this is.
        compared: What shingles are made of: the same with a break in place of each
            stretch of boilerplate, and the same object where there is none.
    """

    extracted: ExtractedText | None
    repaired: RepairedText
    folded: FoldedText
    compared: FoldedText

    @property
    def codes(self) -> NDArray[np.uint32]:
        """Characters to compare; 0 is a break that no shingle crosses; uint32, shape (n,)."""
        return self.compared.codes

    @property
    def num_chars(self) -> int:
        """Number of characters to compare, breaks not counted."""
        return int(np.count_nonzero(self.compared.codes))

    @property
    def is_folding_alone(self) -> bool:
        """Whether folding the text as received gives what is compared."""
        is_whole = self.compared is self.folded
        return self.extracted is None and not self.repaired.steps and is_whole

    def as_text(self) -> str:
        """Return the characters to compare as a string, NUL for a break."""
        return self.compared.codes.tobytes().decode("utf-32-le")

    def main_text(self, received: str) -> str:
        """Return the text that was repaired: of a page the main text, else all of it."""
        return received if self.extracted is None else self.extracted.text

    def stretches(self) -> list[Stretch]:
        """Return where the main text stands in the text as received, in order.

        A stretch goes on to the next one; characters that stand for a reference or for a
        break of the markup are stretches of their own.
        """
        return [Stretch(0, 0)] if self.extracted is None else _stretches(self.extracted.offsets)

    def repaired_stretches(self, received: str) -> list[Stretch]:
        """Return the same of the repaired text."""
        if not self.repaired.steps:
            return self.stretches()
        offsets = origins(len(self.main_text(received)), self.repaired.steps)
        return _stretches(offsets if self.extracted is None else self.extracted.offsets[offsets])

    def damage_marks(self, received: str) -> list[DamageMark]:
        """Return where the damage is, in offsets of the text as received."""
        marks = damage_marks(len(self.main_text(received)), self.repaired.steps)
        if self.extracted is None:
            return marks
        offsets = self.extracted.offsets
        return [
            mark._replace(start=int(offsets[mark.start]), end=int(offsets[mark.end - 1]) + 1)
            for mark in marks
        ]

    def received_offsets(self, length: int) -> NDArray[np.int32]:
        """Return where each character to compare stood in the text as received.

        Args:
            length: Code points of that text.

        Returns:
            int32, shape (n,), not decreasing.
        """
        offsets = self.compared.origins
        if self.repaired.steps:
            before = length if self.extracted is None else len(self.extracted.text)
            offsets = origins(before, self.repaired.steps)[offsets]
        return offsets if self.extracted is None else self.extracted.offsets[offsets]


@dataclass(frozen=True, slots=True)
class NormalizedBatch:
    """Texts ready to compare, their characters in flat arrays.

    Attributes:
        extracted: As in `NormalizedText`, like the others, one for each text.
        repaired: What was folded.
        folded: The whole normalized texts.
        compared: What shingles are made of; the same object where no text has boilerplate.
    """

    extracted: Sequence[ExtractedText | None]
    repaired: Sequence[RepairedText]
    folded: FoldedBatch
    compared: FoldedBatch

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self.folded)

    def __getitem__(self, index: int) -> NormalizedText:
        """Return one text; its arrays are views into those of the batch.

        Raises:
            IndexError: The index is not in [0, number of texts).
        """
        folded, repaired = self.folded[index], self.repaired[index]
        compared = self.compared[index] if repaired.boilerplate else folded
        return NormalizedText(self.extracted[index], repaired, folded, compared)


def _stretches(offsets: NDArray[np.int32]) -> list[Stretch]:
    """Return where characters in a row begin; the last offset is that of the end."""
    starts = np.flatnonzero(np.diff(offsets[:-1], prepend=-2) != 1)
    return list(map(Stretch, starts.tolist(), offsets[starts].tolist()))


def extract_main(text: str, text_format: TextFormat) -> ExtractedText | None:
    """Return the main text of a page; None for a text that is no markup."""
    is_html = text_format is TextFormat.HTML or (
        text_format is TextFormat.AUTO and looks_like_html(text)
    )
    return extract(text) if is_html else None


def repair_article(article: Article) -> RepairedText:
    """Repair a text, of a page the main text.

    Returns:
        What `repair` returns. Of a page the first step is `extract_main_text`, so that the
        steps replay on the markup.
    """
    page = extract_main(article.text, article.format)
    if page is None:
        return repair(article.text, title=article.title)
    repaired = repair(page.text, title=article.title)
    edits = tuple(_edits_of_markup(article.text, page))
    extraction = Step("extract_main_text", DamageKind.BOILERPLATE, edits)
    return replace(repaired, steps=(extraction, *repaired.steps))


def _edits_of_markup(markup: str, page: ExtractedText) -> Iterator[Edit]:
    """Yield what leaves the main text of the markup; references and breaks are replaced."""
    end, replacement = 0, ""
    behind_all = Stretch(len(page.text), len(markup))
    for (start, place), (stop, _) in pairwise([*_stretches(page.offsets), behind_all]):
        piece = page.text[start:stop]
        if place < end or not markup.startswith(piece, place):
            replacement += piece
            continue
        if end < place or replacement:
            yield Edit(end, place, replacement)
        end, replacement = place + len(piece), ""
    if end < len(markup) or replacement:
        yield Edit(end, len(markup), replacement)


class ReceivedText(NamedTuple):
    """What there is to normalize of an article.

    Attributes:
        text: As received.
        page: What `extract_main` returns for it.
        title: Where it came apart from the text.
    """

    text: str
    page: ExtractedText | None = None
    title: str | None = None


def normalize(texts: Iterable[ReceivedText], folder: Folder) -> NormalizedBatch:
    """Repair texts, of pages their main texts, and fold them.

    Args:
        texts: As received.
        folder: Says which characters are equal.
    """
    extracted: list[ExtractedText | None] = []
    repaired: list[RepairedText] = []
    to_fold: list[NDArray[np.uint32]] = []
    for text, page, title in texts:
        received = text if page is None else page.text
        codes = code_points(received)
        result = repair(received, codes, title=title)
        extracted.append(page)
        repaired.append(result)
        to_fold.append(code_points(result.text) if result.steps else codes)
    folded = folder.fold_batch(to_fold)
    compared = _without_boilerplate(to_fold, repaired, folder) or folded
    return NormalizedBatch(extracted, repaired, folded, compared)


def _without_boilerplate(
    codes: Sequence[NDArray[np.uint32]], repaired: Sequence[RepairedText], folder: Folder
) -> FoldedBatch | None:
    """Return what is compared of texts: all of one that is boilerplate throughout.

    None if no text has any.
    """
    excluded = [one.boilerplate for one in repaired]
    if not any(excluded):
        return None
    compared = folder.fold_batch(codes, excluded)
    bare = [place for place in np.flatnonzero(compared.count_chars() == 0) if excluded[place]]
    if not bare:
        return compared
    for place in bare:
        excluded[place] = ()
    return folder.fold_batch(codes, excluded)
