"""Remembering surveyed articles, many in one transaction, each seeing those before it.

A survey was made without a lock. So within the transaction it is looked again, only at what
was committed since and at what came before in the same transaction. Exactly one of any number
of simultaneous first copies thus becomes the original.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from dedup.answers import Answers, Relation, best_first
from dedup.clusters import is_pinned, new_cluster_id, remove_article
from dedup.comparison import Comparer, Comparison
from dedup.config import DedupConfig
from dedup.errors import DedupError, IdConflictError, StoreConflictError
from dedup.index.base import Candidates, OriginalIndex
from dedup.index.candidates import earlier_candidates
from dedup.models import ArticleRecord, CheckResult
from dedup.own_prose import OwnProse
from dedup.preparation import PreparedArticle, Preparer, text_to_keep
from dedup.sketch.keys import KeyBatch
from dedup.store.base import (
    Finding,
    LogOperation,
    NewArticle,
    RecordedMatch,
    StoredArticle,
    StoreWriter,
)

__all__ = ["Remembering", "Survey"]

_SEEN_AGAIN_AFTER = timedelta(seconds=1)  # an article that comes oftener costs no more


@dataclass(frozen=True, slots=True)
class Survey:
    """What an article is to the articles known at one moment.

    Attributes:
        prepared: The article.
        candidates: What was looked at.
        comparisons: Those that share enough to be told, best first.
        replaces: Whether the article takes the place of one with its id.
    """

    prepared: PreparedArticle
    candidates: Candidates
    comparisons: tuple[Comparison, ...]
    replaces: bool = False


class Remembering:
    """Writes articles and keeps the index of originals in step."""

    def __init__(
        self,
        preparer: Preparer,
        comparer: Comparer,
        answers: Answers,
        own_prose: OwnProse,
        known: OriginalIndex,
        config: DedupConfig,
        writing: Callable[[], AbstractContextManager[StoreWriter]],
        forget_log: Callable[[int, StoreWriter], None],
    ) -> None:
        """Write with the parts of a `Deduplicator`.

        Args:
            preparer: Gives the keys of heirs.
            comparer: Compares with what came since a survey.
            answers: Builds the answers.
            own_prose: Tells what a copy has besides its original.
            known: The index of originals.
            config: Choices other than the defaults.
            writing: Begins a transaction that the index takes part in.
            forget_log: Told how many articles were removed in a transaction.
        """
        self._preparer = preparer
        self._comparer = comparer
        self._answers = answers
        self._own_prose = own_prose
        self._known = known
        self._config = config
        self._writing = writing
        self._forget_log = forget_log

    def remember(self, surveys: Sequence[Survey]) -> list[CheckResult | DedupError]:
        """Remember articles in one transaction; see `Deduplicator.remember`.

        Raises:
            StoreError: The transaction failed as a whole; nothing was remembered.
        """
        if not surveys:
            return []
        prepared = [survey.prepared for survey in surveys]
        keys = KeyBatch.joined([(article.keys, article.probe) for article in prepared])
        earlier = self._earlier(keys)
        try:
            return self._remember_all(surveys, keys, _Group(earlier))
        except StoreConflictError:
            return self._remember_all(surveys, keys, _Group(earlier))

    def _remember_all(
        self, surveys: Sequence[Survey], keys: KeyBatch, group: "_Group"
    ) -> list[CheckResult | DedupError]:
        formers = [survey.candidates for survey in surveys]
        try:
            with self._writing() as writer:
                group.since = self._known.find_again_many(keys, formers, writer)
                return [
                    self._remember_one(survey, place, writer, group)
                    for place, survey in enumerate(surveys)
                ]
        except BaseException:
            self._known.unstage(group.staged)
            self._comparer.forget(group.staged)
            raise

    def _earlier(self, keys: KeyBatch) -> Sequence[Sequence[int]]:
        """Return for each article the places of those before it that come near."""
        if keys.num_articles == 1:
            return [()]
        return earlier_candidates(keys, limit=self._config.max_candidates)

    def _remember_one(
        self, survey: Survey, place: int, writer: StoreWriter, group: "_Group"
    ) -> CheckResult | DedupError:
        prepared = survey.prepared
        stored = writer.find(prepared.id)
        if stored is not None:
            if stored.text_digest == prepared.text_digest:
                _see_again(stored, writer)
                return self._answers.recorded(stored, writer)
            if not survey.replaces:
                return IdConflictError(f"article {prepared.id!r} is known with another text")
            self._make_room(stored, writer, group)
        comparisons = self._look_again(survey, place, writer, group)
        return self._write(prepared, comparisons, place, writer, group)

    def _make_room(self, stored: StoredArticle, writer: StoreWriter, group: "_Group") -> None:
        """Remove an article in the middle of a transaction, and let its heir be found."""
        heir = remove_article(stored, writer)
        self._forget_log(1, writer)
        group.superseded.add(stored.number)
        if heir is not None:
            [keys] = self._preparer.keys_of([heir.signature], [heir.normalized_digest])
            self._known.stage(heir.number, keys, writer, is_heir=True)
            group.staged.append(heir.number)
            group.since = None

    def _look_again(
        self, survey: Survey, place: int, writer: StoreWriter, group: "_Group"
    ) -> tuple[Comparison, ...]:
        """Bring a survey up to date: drop who is no original any more, add who came since."""
        prepared, former = survey.prepared, survey.candidates
        listed = self._known.still_listed(former, writer)
        since = (
            self._known.find_again(prepared.probe, former, writer)
            if group.since is None
            else group.since[place]
        )
        since = [*group.before(place), *since]
        fresh = [number for number in dict.fromkeys(since) if number not in former.numbers]
        comparisons = [
            *(found for found in survey.comparisons if found.number in listed),
            *(self._comparer.compare(prepared, fresh, writer) if fresh else ()),
        ]
        return best_first(found for found in comparisons if found.number not in group.superseded)

    def _stage_own_prose(
        self,
        number: int,
        copy: PreparedArticle,
        relation: Relation,
        writer: StoreWriter,
    ) -> bool:
        """Let what a copy has besides its original be found; return whether it has anything."""
        keys = None
        if relation.scores.size - relation.scores.shared > self._config.min_chars:
            original = self._comparer.shingles_of(relation.original.number, writer)
            keys = self._own_prose.keys_of(copy, original) if original else None
        self._known.stage_copy(number, keys, writer)
        return keys is not None

    def _write(
        self,
        prepared: PreparedArticle,
        comparisons: Sequence[Comparison],
        place: int,
        writer: StoreWriter,
        group: "_Group",
    ) -> CheckResult:
        """Decide what an unknown article is, and write it."""
        relations = self._answers.relate(prepared, comparisons, writer)
        original = relations[0] if relations and relations[0].verdict.is_copy else None
        promoted = (
            original is not None
            and original.yields_to(prepared)
            and not is_pinned(original.known, writer)
        )
        cluster_id = original.known.cluster_id if original else new_cluster_id(prepared.id, writer)
        result = self._answers.fresh(prepared, relations, cluster_id=cluster_id, promoted=promoted)
        number = writer.add(_new_article(prepared, relations, result, cluster_id))
        if original is not None and promoted:
            writer.set_original(cluster_id, number, LogOperation.PROMOTE)
            group.superseded.add(original.known.number)
        if original is None or promoted:
            self._known.stage(number, prepared.keys, writer)
            group.added[place] = number
        else:
            _see_article_again(original.known.number, writer)
            if self._stage_own_prose(number, prepared, original, writer):
                group.added[place] = number
        group.staged.append(number)
        return result


@dataclass(slots=True)
class _Group:
    """What one transaction changed so far, and nobody else may see yet.

    Attributes:
        earlier: For each of its articles the places of those before it that come near.
        since: For each of them the originals that came near since its survey; None once an
            heir did, which any of them may be near.
        added: Numbers, by place, of articles that those behind them may be copies of.
        staged: Numbers of all that were added, and of heirs.
        superseded: Originals that no longer are.
    """

    earlier: Sequence[Sequence[int]]
    since: Sequence[Sequence[int]] | None = None
    added: dict[int, int] = field(default_factory=dict)
    staged: list[int] = field(default_factory=list)
    superseded: set[int] = field(default_factory=set)

    def before(self, place: int) -> list[int]:
        """Return the numbers of those before an article that come near."""
        return [self.added[other] for other in self.earlier[place] if other in self.added]


def _new_article(
    prepared: PreparedArticle,
    relations: Sequence[Relation],
    result: CheckResult,
    cluster_id: str,
) -> NewArticle:
    article = prepared.article
    return NewArticle(
        record=ArticleRecord(
            id=prepared.id,
            title=article.title,
            url=article.url,
            published_at=article.published_at,
            first_seen=datetime.now(UTC),
        ),
        format=article.format,
        text=article.text,
        text_digest=prepared.text_digest,
        normalized=text_to_keep(prepared.normalized),
        normalized_digest=prepared.normalized_digest,
        signature=prepared.sketch,
        finding=Finding(
            verdict=result.verdict,
            matches=tuple(
                RecordedMatch(relation.known.number, relation.verdict, relation.scores)
                for relation in relations
            ),
            damage=result.damage,
            too_short=result.too_short,
            replaces=result.replaces,
        ),
        cluster_id=cluster_id,
    )


def _see_again(stored: StoredArticle, writer: StoreWriter) -> None:
    """Note that an article came again, and its original with it."""
    cluster = writer.cluster(stored.cluster_id)
    for number in {stored.number, cluster.original if cluster else stored.number}:
        _see_article_again(number, writer)


def _see_article_again(number: int, writer: StoreWriter) -> None:
    now = datetime.now(UTC)
    writer.see_again(number, now, unless_since=now - _SEEN_AGAIN_AFTER)
