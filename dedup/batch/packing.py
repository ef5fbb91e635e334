"""Answers and damage as plain tuples, which are pickled in a tenth of the time."""

import pickle
from collections.abc import Mapping
from datetime import datetime

from dedup.errors import DedupError
from dedup.models import (
    ArticleRecord,
    CheckResult,
    Damage,
    DamageKind,
    Match,
    Scores,
    Verdict,
)

__all__ = ["PackedDamage", "pack_answer", "pack_damage", "unpack_answer", "unpack_damage"]

PackedDamage = tuple[bool, float, Mapping[str, int]]

_NO_DAMAGE = Damage()
_KINDS = {kind.value: kind for kind in DamageKind}


def pack_damage(damage: Damage) -> PackedDamage | None:
    """Return what a text's damage consists of, None if there is nothing to tell."""
    if not damage.kinds:
        return None
    kinds = {kind.value: count for kind, count in damage.kinds.items()}
    return damage.damaged, damage.score, kinds


def unpack_damage(packed: PackedDamage | None) -> Damage:
    """Undo `pack_damage`."""
    if packed is None:
        return _NO_DAMAGE
    damaged, score, kinds = packed
    return Damage(damaged, score, {_KINDS[name]: count for name, count in kinds.items()})


def pack_answer(answer: CheckResult | DedupError) -> bytes:
    """Return the answer to an article, or why it was refused, as bytes.

    The answers of a scan have no evidence and no repaired text.
    """
    if isinstance(answer, DedupError):
        return pickle.dumps(answer)
    original = answer.original
    fields = (
        answer.id,
        answer.verdict.value,
        answer.cluster_id,
        original
        and (
            original.id,
            original.title,
            original.url,
            original.published_at,
            original.first_seen,
        ),
        _pack_scores(answer.scores),
        [(match.id, match.verdict.value, _pack_scores(match.scores)) for match in answer.matches],
        pack_damage(answer.damage),
        answer.too_short,
        answer.promoted,
        answer.replaces,
    )
    return pickle.dumps(fields, protocol=pickle.HIGHEST_PROTOCOL)


def unpack_answer(data: bytes) -> CheckResult | DedupError:
    """Undo `pack_answer` for bytes of this process, or of one that it started."""
    fields = pickle.loads(data)  # noqa: S301
    if isinstance(fields, DedupError):
        return fields
    (article_id, verdict, cluster_id, original, scores, matches, damage,
     too_short, promoted, replaces) = fields  # fmt: skip
    return CheckResult(
        id=article_id,
        verdict=Verdict(verdict),
        cluster_id=cluster_id,
        original=original and _unpack_record(*original),
        scores=Scores(*scores),
        matches=tuple(
            Match(id=matched, verdict=Verdict(match_verdict), scores=Scores(*match_scores))
            for matched, match_verdict, match_scores in matches
        ),
        damage=unpack_damage(damage),
        too_short=too_short,
        promoted=promoted,
        replaces=replaces,
    )


def _pack_scores(scores: Scores) -> tuple[int, int, int]:
    return scores.shared, scores.size, scores.original_size


def _unpack_record(
    article_id: str,
    title: str | None,
    url: str | None,
    published_at: datetime | None,
    first_seen: datetime,
) -> ArticleRecord:
    return ArticleRecord(
        id=article_id, title=title, url=url, published_at=published_at, first_seen=first_seen
    )
