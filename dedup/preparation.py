"""The front half of the main path: text → repair → folding → shingles → signature → keys.

Depends on the article alone, never on what is known, so it can run anywhere and at once
for many articles.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from itertools import pairwise

import numpy as np
import xxhash
from numpy.typing import NDArray

from dedup.config import DedupConfig
from dedup.errors import DedupError, EmptyTextError, InvalidFieldError, UndecodableTextError
from dedup.models import Article, TextFormat
from dedup.sketch.banding import Banding
from dedup.sketch.keys import ListedKeys, Probe
from dedup.sketch.minhash import EMPTY_SLOT, MinHasher
from dedup.sketch.sampling import SCHEME as SAMPLING_SCHEME
from dedup.sketch.sampling import sample
from dedup.sketch.shingles import shingle_hashes
from dedup.sketch.similarity import ShingleSet
from dedup.text.folding import FoldedBatch, Folder
from dedup.text.normalization import NormalizedText, normalize
from dedup.text.prose import prose_mask, teaser_mask
from dedup.text.repair import RULES_VERSION

__all__ = ["PreparedArticle", "Preparer", "text_to_keep"]

_MAX_ID_CHARS = 512
_NO_PIECES = np.empty(0, np.uint32)


@dataclass(frozen=True)
class PreparedArticle:
    """An article with all that can be known of it without the known articles.

    Attributes:
        article: As received, with its id filled in.
        text_digest: xxh3-128 of the text's UTF-8, 16 bytes.
        normalized: The repaired and folded text.
        normalized_digest: xxh3-128 of the folded characters, 16 bytes.
        signature: uint32, shape (num_perm,); None if too short to compare.
        keys: What the candidate index lists it under.
        probe: What known articles are looked for by.
        shingle_length: Characters in a shingle.
    """

    article: Article
    text_digest: bytes
    normalized: NormalizedText
    normalized_digest: bytes
    signature: NDArray[np.uint32] | None
    keys: ListedKeys
    probe: Probe
    shingle_length: int

    @property
    def id(self) -> str:
        """The article's id."""
        assert self.article.id is not None  # filled in by the preparer
        return self.article.id

    @cached_property
    def shingles(self) -> ShingleSet:
        """The shingles of what is compared; built when a known article comes near."""
        return ShingleSet(self.normalized.codes, self.shingle_length)

    @cached_property
    def prose(self) -> NDArray[np.bool_]:
        """Whether each character to compare is part of a sentence; bool, shape (n,)."""
        return self._of_compared(self._prose_mask)

    @cached_property
    def teasers(self) -> NDArray[np.bool_]:
        """Whether each character to compare may be a teaser's; bool, shape (n,)."""
        return self._of_compared(teaser_mask(self.normalized.repaired.text, self._prose_mask))

    @cached_property
    def _prose_mask(self) -> NDArray[np.bool_]:
        return prose_mask(self.normalized.repaired.text)

    def _of_compared(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return what a mask of the repaired text says of the characters to compare."""
        compared = self.normalized.compared
        return mask[compared.origins[: len(compared.codes)]]

    @property
    def sketch(self) -> NDArray[np.uint32] | None:
        """What the store keeps to list the article; as `Preparer.sign` returns it."""
        if self.signature is None:
            return None
        return np.concatenate([self.signature, self.keys.pieces])

    @property
    def too_short(self) -> bool:
        """Whether only equal normalized text is looked for."""
        return self.signature is None

    @property
    def damaged(self) -> bool:
        """Whether the text as received is damaged."""
        return self.normalized.repaired.damage.damaged


class Preparer:
    """Prepares articles under one configuration. Safe to share between threads."""

    def __init__(self, config: DedupConfig) -> None:
        """Load the tables and permutations."""
        sketch = config.sketch
        self._config = config
        self._folder = Folder.load()
        self._hasher = MinHasher(num_perm=sketch.num_perm, seed=sketch.seed)
        self._banding = Banding(bands=sketch.bands, rows=sketch.rows)

    @property
    def scheme(self) -> str:
        """All that determines signature bits, as one readable string.

        Signatures of different schemes must never meet: nothing in their bits tells
        them apart, and comparing them silently finds nothing.
        """
        sketch = self._config.sketch
        return (
            f"affine32-xxh32/k{sketch.shingle_length}/p{sketch.num_perm}/s{sketch.seed}"
            f"/{SAMPLING_SCHEME}/extract-{version('resiliparse')}/repair{RULES_VERSION}/fold-{self._folder.digest}"
        )

    def prepare(self, article: Article) -> PreparedArticle:
        """Run the front half of the main path for one article.

        Raises:
            UndecodableTextError: The text holds lone surrogates.
            EmptyTextError: Nothing to compare is left of the text.
            InvalidFieldError: The id is empty, too long or has control characters.
        """
        [outcome] = self.prepare_many([article])
        if isinstance(outcome, DedupError):
            raise outcome
        return outcome

    def prepare_many(self, articles: Sequence[Article]) -> list[PreparedArticle | DedupError]:
        """Run the front half of the main path for many articles at once.

        The numeric steps go over flat arrays, a call for all articles. What is returned
        refers to these arrays: batches of a hundred usual articles are large enough.

        Returns:
            For each article what `prepare` returns or raises.
        """
        received = [_receive(article) for article in articles]
        sound = [one for one in received if not isinstance(one, DedupError)]
        prepared = iter(self._prepare_sound(sound))
        return [one if isinstance(one, DedupError) else next(prepared) for one in received]

    def normalize(self, text: str, text_format: TextFormat) -> NormalizedText:
        """Take the main text, repair it and fold it."""
        return normalize([(text, text_format)], self._folder)[0]

    def sign(self, normalized: NormalizedText) -> tuple[bytes, NDArray[np.uint32] | None]:
        """Return the digest of a normalized text, and its sketch if it is long enough.

        Returns:
            The digest, 16 bytes, and the slots of the MinHash signature with the sampled
            shingles behind them; uint32, shape (num_perm + samples,).
        """
        digest = xxhash.xxh3_128_digest(normalized.folded.codes.data)
        compared = normalized.compared.as_batch()
        slots, [is_signed] = self._sign(compared, [normalized.num_chars])
        pieces = sample(compared.codes, compared.offsets).listed
        return digest, np.concatenate([slots[0], pieces]) if is_signed else None

    def shingles_of(self, text: str, *, is_normalized: bool) -> ShingleSet:
        """Return the shingles of a known text.

        Args:
            text: As received, or normalized with NUL for a break or an exclusion.
            is_normalized: Which of the two.
        """
        if is_normalized:
            codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
        else:
            codes = self._folder.fold(text).codes
        return ShingleSet(codes, self._config.sketch.shingle_length)

    def keys_of(
        self, sketches: Sequence[NDArray[np.uint32] | None], digests: Sequence[bytes]
    ) -> list[ListedKeys]:
        """Return the keys of known articles from what is stored of them.

        Args:
            sketches: As `sign` returns them; None where too short to compare.
            digests: xxh3-128 of their folded characters, 16 bytes each.

        Returns:
            Of each whole, the keys of the bands, if there is a signature, and of the
            digest; of its pieces, the sampled shingles.
        """
        num_perm = self._hasher.num_perm
        slots = np.full((len(sketches), num_perm), EMPTY_SLOT, np.uint32)
        for place, sketch in enumerate(sketches):
            if sketch is not None:
                slots[place] = sketch[:num_perm]
        wholes = self._keys(slots, digests)
        return [
            ListedKeys(whole[-1:], _NO_PIECES)
            if sketch is None
            else ListedKeys(whole, sketch[num_perm:])
            for whole, sketch in zip(wholes, sketches, strict=True)
        ]

    def _prepare_sound(
        self, received: Sequence[tuple[Article, bytes]]
    ) -> Iterator[PreparedArticle | DedupError]:
        texts = ((article.text, article.format) for article, _ in received)
        batch = normalize(texts, self._folder)
        normalized = [batch[place] for place in range(len(batch))]
        digests = [xxhash.xxh3_128_digest(one.folded.codes.data) for one in normalized]
        num_chars = [one.num_chars for one in normalized]
        slots, is_signed = self._sign(batch.compared, num_chars)
        keys = self._keys(slots, digests)
        samples = sample(batch.compared.codes, batch.compared.offsets)
        for place, (article, text_digest) in enumerate(received):
            if num_chars[place] == 0:
                yield EmptyTextError("the text holds no letter and no digit")
                continue
            if is_signed[place]:
                whole, pieces, probed = keys[place], *samples.of(place)
                signature = slots[place]
            else:
                whole, pieces, probed = keys[place, -1:], _NO_PIECES, _NO_PIECES
                signature = None
            yield PreparedArticle(
                article=article,
                text_digest=text_digest,
                normalized=normalized[place],
                normalized_digest=digests[place],
                signature=signature,
                keys=ListedKeys(whole, pieces),
                probe=Probe(whole, probed, len(pieces)),
                shingle_length=self._config.sketch.shingle_length,
            )

    def _sign(
        self, compared: FoldedBatch, num_chars: Sequence[int]
    ) -> tuple[NDArray[np.uint32], list[bool]]:
        """Return the slots of texts' signatures, and which texts are long enough for one."""
        length = self._config.sketch.shingle_length
        hashes, bounds = shingle_hashes(compared.codes, compared.offsets, length)
        # Breaks can leave a long text without a single shingle, and signatures of
        # nothing are all alike.
        is_signed = [
            chars >= self._config.min_chars and start < stop
            for chars, (start, stop) in zip(num_chars, pairwise(bounds.tolist()), strict=True)
        ]
        return self._hasher.sign(hashes, bounds), is_signed

    def _keys(self, signatures: NDArray[np.uint32], digests: Sequence[bytes]) -> NDArray[np.uint64]:
        """Return the keys of signed articles; uint64, shape (n, bands + 1)."""
        bands = self._banding.bands
        keys = np.empty((len(digests), bands + 1), np.uint64)
        keys[:, :bands] = self._banding.band_keys(signatures)
        keys[:, bands] = _digest_keys(digests)
        return keys


def _digest_keys(digests: Sequence[bytes]) -> NDArray[np.uint64]:
    """Return the first half of each digest of 16 bytes; uint64, shape (n,)."""
    return np.frombuffer(b"".join(digests), np.uint64)[::2]


def text_to_keep(normalized: NormalizedText) -> str | None:
    """Return what is compared of a text where folding it as received does not give that."""
    return None if normalized.is_folding_alone else normalized.as_text()


def _receive(article: Article) -> tuple[Article, bytes] | DedupError:
    """Return an article with its id and the digest of its text, or why it is refused."""
    try:
        data = article.text.encode()
    except UnicodeEncodeError as error:
        return UndecodableTextError(f"the text holds a lone surrogate at offset {error.start}")
    digest = xxhash.xxh3_128_digest(data)
    if article.id is None:
        return replace(article, id=f"x{digest.hex()}"), digest
    if not 0 < len(article.id) <= _MAX_ID_CHARS or not article.id.isprintable():
        return InvalidFieldError(f"an id must be 1 to {_MAX_ID_CHARS} printable characters")
    return article, digest
