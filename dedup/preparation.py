"""The front half of the main path: text → repair → folding → shingles → signature → keys.

Depends on the article alone, never on what is known, so it can run anywhere and at once
for many articles.
"""

from dataclasses import dataclass, replace
from importlib.metadata import version

import numpy as np
import xxhash
from numpy.typing import NDArray

from dedup.config import DedupConfig
from dedup.errors import EmptyTextError, InvalidFieldError, UndecodableTextError
from dedup.models import Article, TextFormat
from dedup.sketch.banding import Banding
from dedup.sketch.minhash import MinHasher
from dedup.sketch.shingles import shingle_hashes
from dedup.sketch.similarity import ShingleSet
from dedup.text.folding import Folder
from dedup.text.normalization import NormalizedText, normalize
from dedup.text.repair import RULES_VERSION

__all__ = ["PreparedArticle", "Preparer", "text_to_keep"]

_MAX_ID_CHARS = 512


@dataclass(frozen=True, slots=True)
class PreparedArticle:
    """An article with all that can be known of it without the known articles.

    Attributes:
        article: As received, with its id filled in.
        text_digest: xxh3-128 of the text's UTF-8, 16 bytes.
        normalized: The repaired and folded text.
        normalized_digest: xxh3-128 of the folded characters, 16 bytes.
        shingles: Of the folded text, ready to compare.
        signature: uint32, shape (num_perm,); None if too short to compare.
        keys: What the candidate index lists it under; uint64, shape (n,).
    """

    article: Article
    text_digest: bytes
    normalized: NormalizedText
    normalized_digest: bytes
    shingles: ShingleSet
    signature: NDArray[np.uint32] | None
    keys: NDArray[np.uint64]

    @property
    def id(self) -> str:
        """The article's id."""
        assert self.article.id is not None  # filled in by the preparer
        return self.article.id

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
            f"/extract-{version('resiliparse')}/repair{RULES_VERSION}/fold-{self._folder.digest}"
        )

    def prepare(self, article: Article) -> PreparedArticle:
        """Run the front half of the main path.

        Raises:
            UndecodableTextError: The text holds lone surrogates.
            EmptyTextError: Nothing to compare is left of the text.
            InvalidFieldError: The id is empty, too long or has control characters.
        """
        data = _encoded(article.text)
        text_digest = xxhash.xxh3_128_digest(data)
        if article.id is None:
            article = replace(article, id=f"x{text_digest.hex()}")
        elif not 0 < len(article.id) <= _MAX_ID_CHARS or not article.id.isprintable():
            msg = f"an id must be 1 to {_MAX_ID_CHARS} printable characters"
            raise InvalidFieldError(msg)
        normalized = self.normalize(article.text, article.format)
        if normalized.num_chars == 0:
            msg = "the text holds no letter and no digit"
            raise EmptyTextError(msg)
        normalized_digest, signature = self.sign(normalized)
        return PreparedArticle(
            article=article,
            text_digest=text_digest,
            normalized=normalized,
            normalized_digest=normalized_digest,
            shingles=self._shingle_set(normalized.codes),
            signature=signature,
            keys=self.keys_of(signature, normalized_digest),
        )

    def normalize(self, text: str, text_format: TextFormat) -> NormalizedText:
        """Take the main text, repair it and fold it."""
        return normalize(text, text_format, self._folder)

    def sign(self, normalized: NormalizedText) -> tuple[bytes, NDArray[np.uint32] | None]:
        """Return the digest of a normalized text, and its signature if it is long enough."""
        digest = xxhash.xxh3_128_digest(normalized.codes.data)
        is_signed = normalized.num_chars >= self._config.min_chars
        return digest, self._sign(normalized.codes) if is_signed else None

    def shingles_of(self, text: str, *, is_normalized: bool) -> ShingleSet:
        """Return the shingles of a known text.

        Args:
            text: As received, or normalized with NUL for a break.
            is_normalized: Which of the two.
        """
        if is_normalized:
            return self._shingle_set(np.frombuffer(text.encode("utf-32-le"), np.uint32))
        return self._shingle_set(self._folder.fold(text).codes)

    def keys_of(
        self, signature: NDArray[np.uint32] | None, normalized_digest: bytes
    ) -> NDArray[np.uint64]:
        """Return the keys of a known article from what is stored of it.

        Args:
            signature: uint32, shape (num_perm,); None if too short to compare.
            normalized_digest: xxh3-128 of its folded characters, 16 bytes.

        Returns:
            uint64: the keys of the bands, if there is a signature, and of the digest.
        """
        digest_key = np.frombuffer(normalized_digest[:8], np.uint64)
        if signature is None:
            return digest_key
        return np.concatenate([self._banding.band_keys(signature[None])[0], digest_key])

    def _shingle_set(self, codes: NDArray[np.uint32]) -> ShingleSet:
        return ShingleSet(codes, self._config.sketch.shingle_length)

    def _sign(self, codes: NDArray[np.uint32]) -> NDArray[np.uint32] | None:
        offsets = np.array([0, len(codes)], np.intp)
        hashes, hash_offsets = shingle_hashes(codes, offsets, self._config.sketch.shingle_length)
        # Breaks can leave a long text without a single shingle, and signatures of
        # nothing are all alike.
        return self._hasher.sign(hashes, hash_offsets)[0] if len(hashes) else None


def text_to_keep(normalized: NormalizedText) -> str | None:
    """Return a normalized text where folding the text as received does not give it."""
    return None if normalized.is_folding_alone else normalized.as_text()


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        msg = f"the text holds a lone surrogate at offset {error.start}"
        raise UndecodableTextError(msg) from error
