"""How values become columns: findings as JSON, texts as Zstandard frames, times as numbers.

Nothing is pickled: a store can be read by any program and runs nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import zstandard

from dedup.errors import StoreCorruptError
from dedup.models import Damage, DamageKind, Scores, Verdict
from dedup.store.base import Finding, RecordedMatch

__all__ = [
    "TextCodec",
    "damage_reported",
    "decode_finding",
    "encode_finding",
    "from_microseconds",
    "to_microseconds",
    "unmatched_shingles",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COMPRESSION_LEVEL = 1


class TextCodec:
    """Compresses and restores texts; one for each thread, as Zstandard contexts demand."""

    def __init__(self) -> None:
        """Build the two contexts."""
        self._compressor = zstandard.ZstdCompressor(level=_COMPRESSION_LEVEL, write_checksum=True)
        self._decompressor = zstandard.ZstdDecompressor()

    def encode(self, text: str) -> bytes:
        """Return the text's UTF-8 as a Zstandard frame."""
        return self._compressor.compress(text.encode())

    def decode(self, frame: bytes) -> str:
        """Return the text of a frame.

        Raises:
            StoreCorruptError: The frame is damaged; its checksum tells.
        """
        with damage_reported():
            return self._decompressor.decompress(frame).decode()


@contextmanager
def damage_reported() -> Iterator[None]:
    """Turn what a damaged value leads to into the error that says so."""
    try:
        yield
    except (zstandard.ZstdError, ValueError, LookupError, TypeError, OverflowError) as error:
        raise StoreCorruptError(f"the store is damaged: {error!r}") from error


def to_microseconds(moment: datetime) -> int:
    """Return microseconds since 1970 of an aware time; exact, unlike `timestamp()`."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_microseconds(microseconds: int) -> datetime:
    """Return the time in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


def encode_finding(finding: Finding) -> bytes:
    """Return a finding as JSON."""
    return orjson.dumps(
        {
            "verdict": finding.verdict,
            "matches": [
                [match.number, match.verdict, *_scores_as_list(match.scores)]
                for match in finding.matches
            ],
            "damaged": finding.damage.damaged,
            "score": finding.damage.score,
            "kinds": {kind.value: count for kind, count in finding.damage.kinds.items()},
            "too_short": finding.too_short,
            "replaces": finding.replaces,
        }
    )


def decode_finding(data: bytes) -> Finding:
    """Return the finding that `encode_finding` wrote."""
    fields: dict[str, Any] = orjson.loads(data)
    return Finding(
        verdict=Verdict(fields["verdict"]),
        matches=tuple(
            RecordedMatch(number, Verdict(verdict), Scores(*scores))
            for number, verdict, *scores in fields["matches"]
        ),
        damage=Damage(
            damaged=fields["damaged"],
            score=fields["score"],
            kinds={DamageKind(kind): count for kind, count in fields["kinds"].items()},
        ),
        too_short=fields["too_short"],
        replaces=fields["replaces"],
    )


def unmatched_shingles(data: bytes) -> int | None:
    """Return how many shingles of a copy its best match lacked, as its finding tells.

    None for what is no copy, or took an original's place. A start asks it of every copy,
    which decoding all of the finding would make several times as long.
    """
    fields: dict[str, Any] = orjson.loads(data)
    if not Verdict(fields["verdict"]).is_copy or fields["replaces"] or not fields["matches"]:
        return None
    _, _, shared, size, _ = fields["matches"][0]
    return int(size - shared)


def _scores_as_list(scores: Scores) -> list[int]:
    return [scores.shared, scores.size, scores.original_size]
