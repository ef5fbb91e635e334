"""The front half of the main path: text → repair → folding → shingles → signature → keys.

Depends on the article alone, never on what is known, so it can run anywhere and at once
for many articles.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version

import numpy as np
import xxhash
from numpy.typing import NDArray

from dedup.config import DedupConfig
from dedup.errors import (
    DedupError,
    EmptyTextError,
    InvalidFieldError,
    TooLargeError,
    UndecodableTextError,
)
from dedup.models import Article, TextFormat
from dedup.sketch.banding import Banding
from dedup.sketch.keys import KeyBatch, ListedKeys, Probe
from dedup.sketch.minhash import EMPTY_SLOT, MinHasher
from dedup.sketch.sampling import SCHEME as SAMPLING_SCHEME
from dedup.sketch.sampling import sample
from dedup.sketch.shingles import shingle_hashes
from dedup.sketch.similarity import ShingleSet
from dedup.text.damage.repair import RULES_VERSION
from dedup.text.folding import FoldedBatch, Folder
from dedup.text.normalization import (
    NormalizedBatch,
    NormalizedText,
    ReceivedText,
    extract_main,
    normalize,
)
from dedup.text.prose import prose_mask, teaser_mask

__all__ = ["PreparedArticle", "PreparedBatch", "Preparer", "text_to_keep"]

_MAX_ID_CHARS = 512
_NO_PIECES = np.empty(0, np.uint32)
_NOTHING = ReceivedText("")


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


@dataclass(frozen=True, slots=True)
class PreparedBatch:
    """Articles that were prepared together, in flat arrays.

    Attributes:
        articles: With their ids filled in; as received where refused.
        text_digests: As in `PreparedArticle`, like the others, one for each article.
        normalized: The texts; an empty one for an article that was refused.
        normalized_digests: Of these.
        signatures: uint32, shape (articles, num_perm).
        is_signed: Whether each is long enough to compare; bool, shape (articles,).
        keys: What they are listed under and looked up by.
        refused: Why an article was refused, by its place.
        shingle_length: Characters in a shingle.
    """

    articles: Sequence[Article]
    text_digests: Sequence[bytes]
    normalized: NormalizedBatch
    normalized_digests: Sequence[bytes]
    signatures: NDArray[np.uint32]
    is_signed: NDArray[np.bool_]
    keys: KeyBatch
    refused: Mapping[int, DedupError]
    shingle_length: int

    def __len__(self) -> int:
        """Return the number of articles, refused ones included."""
        return len(self.articles)

    def __iter__(self) -> Iterator[PreparedArticle | DedupError]:
        """Return each article prepared, or why it was refused; the arrays are views."""
        is_signed = self.is_signed.tolist()
        for place, (keys, probe) in enumerate(self.keys.each()):
            yield self.refused.get(place) or PreparedArticle(
                article=self.articles[place],
                text_digest=self.text_digests[place],
                normalized=self.normalized[place],
                normalized_digest=self.normalized_digests[place],
                signature=self.signatures[place] if is_signed[place] else None,
                keys=keys,
                probe=probe,
                shingle_length=self.shingle_length,
            )


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

    def prepare(self, article: Article, *, max_chars: int | None = None) -> PreparedArticle:
        """Run the front half of the main path for one article.

        Args:
            article: As received.
            max_chars: Refuse a text longer than this, of a page the main text.

        Raises:
            TooLargeError: The text is.
            UndecodableTextError: The text holds lone surrogates.
            EmptyTextError: Nothing to compare is left of the text.
            InvalidFieldError: The id is empty, too long or has control characters.
        """
        [outcome] = self.prepare_batch([article], max_chars=max_chars)
        if isinstance(outcome, DedupError):
            raise outcome
        return outcome

    def prepare_many(self, articles: Sequence[Article]) -> list[PreparedArticle | DedupError]:
        """Run the front half of the main path for many articles at once.

        Returns:
            For each article what `prepare` returns or raises.
        """
        return list(self.prepare_batch(articles))

    def prepare_batch(
        self, articles: Sequence[Article], *, max_chars: int | None = None
    ) -> PreparedBatch:
        """Do the same, and leave what comes out in flat arrays.

        The numeric steps go over these arrays, a call for all articles. What is taken out of
        the batch refers to them: batches of a hundred usual articles are large enough.
        """
        refused: dict[int, DedupError] = {}
        received: list[Article] = []
        text_digests: list[bytes] = []
        texts: list[ReceivedText] = []
        for place, article in enumerate(articles):
            outcome = _receive(article, max_chars)
            if isinstance(outcome, DedupError):
                refused[place] = outcome
                outcome = article, b"", _NOTHING
            received.append(outcome[0])
            text_digests.append(outcome[1])
            texts.append(outcome[2])
        batch = normalize(texts, self._folder)
        num_chars = batch.compared.count_chars()
        for place in np.flatnonzero(num_chars == 0).tolist():
            refused.setdefault(place, EmptyTextError("the text holds no letter and no digit"))
        digests = batch.folded.digests()
        slots, is_signed = self._sign(batch.compared, num_chars)
        is_listed = num_chars > 0
        return PreparedBatch(
            articles=received,
            text_digests=text_digests,
            normalized=batch,
            normalized_digests=digests,
            signatures=slots,
            is_signed=is_signed,
            keys=_key_batch(self._keys(slots, digests), batch.compared, is_listed, is_signed),
            refused=refused,
            shingle_length=self._config.sketch.shingle_length,
        )

    def normalize(self, text: str, text_format: TextFormat, title: str | None) -> NormalizedText:
        """Take the main text, repair it and fold it."""
        received = ReceivedText(text, extract_main(text, text_format), title)
        return normalize([received], self._folder)[0]

    def sign(self, normalized: NormalizedText) -> tuple[bytes, NDArray[np.uint32] | None]:
        """Return the digest of a normalized text, and its sketch if it is long enough.

        Returns:
            The digest, 16 bytes, and the slots of the MinHash signature with the sampled
            shingles behind them; uint32, shape (num_perm + samples,).
        """
        digest = xxhash.xxh3_128_digest(normalized.folded.codes.data)
        compared = normalized.compared.as_batch()
        slots, [is_signed] = self._sign(compared, compared.count_chars())
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

    def keys_of_block(
        self,
        sketches: NDArray[np.uint32],
        offsets: NDArray[np.intp],
        digests: Sequence[bytes],
    ) -> KeyBatch:
        """Return the keys of many known articles, as `keys_of` does; none is looked up.

        Args:
            sketches: As `sign` returns them, one behind the other; uint32, shape (total,).
            offsets: Article i has sketches[offsets[i]:offsets[i + 1]], nothing if it is too
                short to compare; intp, shape (n + 1,).
            digests: xxh3-128 of their folded characters, 16 bytes each.
        """
        num_perm = self._hasher.num_perm
        lengths = np.diff(offsets)
        is_signed = lengths > 0
        places = offsets[:-1][is_signed, np.newaxis] + np.arange(num_perm)
        slots = np.full((len(digests), num_perm), EMPTY_SLOT, np.uint32)
        slots[is_signed] = sketches[places]
        is_piece = np.ones(len(sketches), np.bool_)
        is_piece[places] = False
        wholes = self._keys(slots, digests)
        is_key = np.repeat(is_signed[:, np.newaxis], wholes.shape[1], axis=1)
        is_key[:, -1] = True  # that of the digest
        return KeyBatch(
            whole=wholes[is_key],
            whole_offsets=_offsets_of(is_key.sum(axis=1)),
            pieces=sketches[is_piece],
            piece_offsets=_offsets_of(np.where(is_signed, lengths - num_perm, 0)),
            probed=_NO_PIECES,
            probed_offsets=np.zeros(len(digests) + 1, np.intp),
        )

    def _sign(
        self, compared: FoldedBatch, num_chars: NDArray[np.intp]
    ) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
        """Return the slots of texts' signatures, and which texts are long enough for one."""
        length = self._config.sketch.shingle_length
        hashes, bounds = shingle_hashes(compared.codes, compared.offsets, length)
        # Breaks can leave a long text without a single shingle, and signatures of
        # nothing are all alike.
        is_signed = (num_chars >= self._config.min_chars) & (np.diff(bounds) > 0)
        return self._hasher.sign(hashes, bounds), is_signed

    def _keys(self, signatures: NDArray[np.uint32], digests: Sequence[bytes]) -> NDArray[np.uint64]:
        """Return the keys of signed articles; uint64, shape (n, bands + 1)."""
        bands = self._banding.bands
        keys = np.empty((len(digests), bands + 1), np.uint64)
        keys[:, :bands] = self._banding.band_keys(signatures)
        keys[:, bands] = _digest_keys(digests)
        return keys


def _offsets_of(lengths: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.intp)


def _digest_keys(digests: Sequence[bytes]) -> NDArray[np.uint64]:
    """Return the first half of each digest of 16 bytes; uint64, shape (n,)."""
    return np.frombuffer(b"".join(digests), np.uint64)[::2]


def _key_batch(
    keys: NDArray[np.uint64],
    compared: FoldedBatch,
    is_listed: NDArray[np.bool_],
    is_signed: NDArray[np.bool_],
) -> KeyBatch:
    """Return the keys of articles in flat arrays.

    Args:
        keys: Of bands, and in the last column of digests; uint64, shape (n, bands + 1).
        compared: The texts.
        is_listed: False for an article that has no keys; bool, shape (n,).
        is_signed: False for one that is known by its digest alone.
    """
    has = np.repeat(is_signed[:, None], keys.shape[1], axis=1)
    has[:, -1] = is_listed
    samples = sample(compared.codes, compared.offsets)
    return KeyBatch(
        keys[has],
        _offsets(has.sum(axis=1)),
        *_of_signed(samples.listed, samples.listed_offsets, is_signed),
        *_of_signed(samples.probed, samples.probed_offsets, is_signed),
    )


def _of_signed(
    pieces: NDArray[np.uint32], offsets: NDArray[np.intp], is_signed: NDArray[np.bool_]
) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    """Return the pieces of signed texts, and where those of each text are."""
    if is_signed.all():
        return pieces, offsets
    lengths = np.diff(offsets)
    return pieces[np.repeat(is_signed, lengths)], _offsets(lengths * is_signed)


def _offsets(lengths: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return where stretches of these lengths begin, and the end; intp, shape (n + 1,)."""
    return np.concatenate(([0], np.cumsum(lengths, dtype=np.intp)))


def text_to_keep(normalized: NormalizedText) -> str | None:
    """Return what is compared of a text where folding it as received does not give that."""
    return None if normalized.is_folding_alone else normalized.as_text()


_Received = tuple[Article, bytes, ReceivedText]


def _receive(article: Article, max_chars: int | None) -> _Received | DedupError:
    """Return an article with its id, its text's digest and main text, or why it is refused."""
    try:
        data = article.text.encode()
    except UnicodeEncodeError as error:
        return UndecodableTextError(f"the text holds a lone surrogate at offset {error.start}")
    if article.id is not None and not _is_id(article.id):
        return InvalidFieldError(f"an id must be 1 to {_MAX_ID_CHARS} printable characters")
    page = extract_main(article.text, article.format)
    num_chars = len(article.text if page is None else page.text)
    if max_chars is not None and num_chars > max_chars:
        return TooLargeError(f"the text has {num_chars} characters, the limit is {max_chars}")
    digest = xxhash.xxh3_128_digest(data)
    if article.id is None:
        article = replace(article, id=f"x{digest.hex()}")
    return article, digest, ReceivedText(article.text, page, article.title)


def _is_id(given: str) -> bool:
    return 0 < len(given) <= _MAX_ID_CHARS and given.isprintable()
