"""Results as plain values for JSON, the same for HTTP and the command line."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dedup.models import (
    ArticleRecord,
    ArticleSummary,
    Change,
    CheckResult,
    Cluster,
    ClusterSummary,
    Damage,
    KnownArticle,
    Match,
    Page,
    RepairedText,
    Scores,
)

__all__ = [
    "articles_to_dict",
    "changes_to_dict",
    "check_result_to_dict",
    "cluster_to_dict",
    "clusters_to_dict",
    "damage_to_dict",
    "known_article_to_dict",
    "repaired_text_to_dict",
    "scan_result_to_dict",
]


def check_result_to_dict(result: CheckResult) -> dict[str, Any]:
    """Return the answer to a check."""
    answer = {
        "id": result.id,
        "verdict": result.verdict,
        "cluster_id": result.cluster_id,
        "too_short": result.too_short,
        "promoted": result.promoted,
        "replaces": result.replaces,
        "original": result.original and _record_to_dict(result.original),
        **_scores_to_dict(result.scores),
        "matches": [_match_to_dict(match) for match in result.matches],
        "damage": damage_to_dict(result.damage),
    }
    if result.repaired is not None:
        answer["repaired"] = result.repaired
    return answer


def scan_result_to_dict(path: str, result: CheckResult) -> dict[str, Any]:
    """Return one article of a scanned folder."""
    return {
        "path": path,
        "id": result.id,
        "verdict": result.verdict,
        "original": result.original and result.original.id,
        "cluster_id": result.cluster_id,
        **_scores_to_dict(result.scores),
        "damage": damage_to_dict(result.damage),
    }


def known_article_to_dict(known: KnownArticle) -> dict[str, Any]:
    """Return a remembered article with its text."""
    return {
        **_record_to_dict(known.article),
        "format": known.format,
        "verdict": known.verdict,
        "cluster_id": known.cluster_id,
        "original": known.original and _record_to_dict(known.original),
        **_scores_to_dict(known.scores),
        "too_short": known.too_short,
        "damage": damage_to_dict(known.damage),
        "text": known.text,
    }


def cluster_to_dict(cluster: Cluster) -> dict[str, Any]:
    """Return a cluster with a page of its copies."""
    return {
        "cluster_id": cluster.cluster_id,
        "size": cluster.size,
        "original": _record_to_dict(cluster.original),
        "pinned": cluster.pinned,
        "copies": [
            {
                **_record_to_dict(copy.article),
                "verdict": copy.verdict,
                **_scores_to_dict(copy.scores),
            }
            for copy in cluster.copies.items
        ],
        "next_cursor": cluster.copies.next_cursor,
    }


def clusters_to_dict(page: Page[ClusterSummary]) -> dict[str, Any]:
    """Return a page of clusters."""
    return {
        "clusters": [
            {
                "cluster_id": summary.cluster_id,
                "size": summary.size,
                "pinned": summary.pinned,
                "original": _record_to_dict(summary.original),
            }
            for summary in page.items
        ],
        "next_cursor": page.next_cursor,
    }


def articles_to_dict(page: Page[ArticleSummary]) -> dict[str, Any]:
    """Return a page of articles, without their texts."""
    return {
        "articles": [
            {
                **_record_to_dict(summary.article),
                "verdict": summary.verdict,
                "cluster_id": summary.cluster_id,
                "original": summary.original,
            }
            for summary in page.items
        ],
        "next_cursor": page.next_cursor,
    }


def changes_to_dict(changes: Sequence[Change], *, since: int) -> dict[str, Any]:
    """Return changes, and the sequence from which to ask on."""
    return {
        "changes": [
            {
                "sequence": change.sequence,
                "operation": change.operation,
                "cluster_id": change.cluster_id,
                "article_id": change.article_id,
                "former_id": change.former_id,
                "at": _time_to_text(change.at),
            }
            for change in changes
        ],
        "next_since": changes[-1].sequence if changes else since,
    }


def repaired_text_to_dict(repaired: RepairedText) -> dict[str, Any]:
    """Return a repaired text with its damage and steps."""
    return {
        "text": repaired.text,
        "damage": damage_to_dict(repaired.damage),
        "steps": [
            {
                "repair": step.repair,
                "kind": step.kind,
                "edits": [
                    {"start": edit.start, "end": edit.end, "replacement": edit.replacement}
                    for edit in step.edits
                ],
            }
            for step in repaired.steps
        ],
    }


def damage_to_dict(damage: Damage) -> dict[str, Any]:
    """Return what is wrong with a text."""
    return {
        "damaged": damage.damaged,
        "score": round(damage.score, 4),
        "kinds": {kind.value: count for kind, count in damage.kinds.items() if count},
    }


def _match_to_dict(match: Match) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "id": match.id,
        "verdict": match.verdict,
        **_scores_to_dict(match.scores),
    }
    if match.differences is not None:
        answer["differences"] = {
            "substituted": match.differences.substituted,
            "dropped": match.differences.dropped,
            "inserted": match.differences.inserted,
            "moved": match.differences.moved,
        }
    if match.passages is not None:
        answer["passages"] = [passage._asdict() for passage in match.passages]
    if match.anchors is not None:
        answer["anchors"] = [anchor._asdict() for anchor in match.anchors]
    return answer


def _record_to_dict(record: ArticleRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "title": record.title,
        "url": record.url,
        "published_at": _time_to_text(record.published_at),
        "first_seen": _time_to_text(record.first_seen),
    }


def _scores_to_dict(scores: Scores) -> dict[str, float]:
    return {
        "jaccard": scores.jaccard,
        "containment": scores.containment,
        "coverage": scores.coverage,
    }


def _time_to_text(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
