"""Articles of an export as rows: numbers and clusters as they are in the store that takes them.

Lines are taken many at a time. What a line refers to is a line before it, which is in the
store by now or among those taken together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import xxhash

from dedup.export_format import ExportedArticle, ExportedMatch, damaged
from dedup.store.base import ClusterRow, NewArticle, RecordedMatch
from dedup.store.maintenance import MaintenanceWriter, RestoredArticle, Signed

__all__ = ["restore"]

_NOBODY = 0  # no article has this number: the one that is meant is not known, or not yet


def restore(
    articles: Mapping[int, ExportedArticle], signed: Sequence[Signed], writer: MaintenanceWriter
) -> None:
    """Write articles of an export.

    Args:
        articles: By the number of their line, in order.
        signed: What follows from their texts, in the same order.
        writer: Of the store; those of all lines before are written.

    Raises:
        InvalidInputError: A line contradicts one before it.
    """
    clusters = _Clusters(articles, writer)
    ids = {one.record.id for one in articles.values()}
    matched = {match.article_id for one in articles.values() for match in one.matches}
    numbers: dict[str | None, int] = {None: _NOBODY}
    numbers.update(writer.numbers_of(ids | {name for name in matched if name is not None}))
    rows = []
    lines = zip(articles.items(), signed, writer.new_numbers(len(articles)), strict=True)
    for (line, exported), parts, number in lines:
        if exported.record.id in numbers:
            raise damaged(line, f"the id {exported.record.id!r} was there before")
        clusters.add(line, exported, number)
        rows.append(
            RestoredArticle(
                number,
                _new_article(line, exported, parts, numbers),
                exported.place.number,
                exported.place.is_original,
                exported.seen_again,
            )
        )
        numbers[exported.record.id] = number
    founded, changed = clusters.rows()
    writer.restore(rows, founded=founded, changed=changed)


class _Clusters:
    """The clusters of some articles, as they are with those taken so far."""

    def __init__(self, articles: Mapping[int, ExportedArticle], writer: MaintenanceWriter) -> None:
        known = writer.clusters_of(
            {one.place.number for one in articles.values()},
            {one.cluster_id for one in articles.values()},
        )
        self._known = {row.number for row in known}
        self._rows = {row.number: row for row in known}
        self._numbers = {row.cluster_id: row.number for row in known}

    def add(self, line: int, exported: ExportedArticle, number: int) -> None:
        """Take an article in under its number.

        Raises:
            InvalidInputError: Its cluster is another than it says, or has an original.
        """
        place, cluster_id = exported.place, exported.cluster_id
        row = self._rows.get(place.number)
        if row is None:
            row = ClusterRow(place.number, cluster_id, _NOBODY, 0, False)
        if self._numbers.setdefault(cluster_id, place.number) != place.number or (
            row.cluster_id != cluster_id
        ):
            msg = f"the cluster {cluster_id!r} or its number {place.number} is another's"
            raise damaged(line, msg)
        row = replace(row, size=row.size + 1)
        if place.is_original:
            if row.original != _NOBODY:
                raise damaged(line, f"the cluster {cluster_id!r} has an original already")
            row = replace(row, original=number, pinned=place.pinned)
        self._rows[place.number] = row

    def rows(self) -> tuple[list[ClusterRow], list[ClusterRow]]:
        """Return the clusters that the store does not know, and those that it does."""
        founded = [row for number, row in self._rows.items() if number not in self._known]
        return founded, [self._rows[number] for number in self._known]


def _new_article(
    line: int, exported: ExportedArticle, signed: Signed, numbers: Mapping[str | None, int]
) -> NewArticle:
    matches = tuple(_recorded(line, match, numbers) for match in exported.matches)
    return NewArticle(
        record=exported.record,
        format=exported.format,
        text=exported.text,
        text_digest=xxhash.xxh3_128_digest(exported.text.encode()),
        normalized=signed.normalized,
        normalized_digest=signed.normalized_digest,
        signature=signed.signature,
        finding=replace(exported.finding, matches=matches),
        cluster_id=exported.cluster_id,
    )


def _recorded(line: int, match: ExportedMatch, numbers: Mapping[str | None, int]) -> RecordedMatch:
    number = numbers.get(match.article_id)
    if number is None:
        raise damaged(line, f"no line before it has the id {match.article_id!r}")
    return RecordedMatch(number, match.verdict, match.scores)
