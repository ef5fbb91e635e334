"""The main path: prepare → find → compare → decide → remember.

`check` runs it for one article. A service that groups commits calls its parts: `survey`
needs no lock and may run anywhere; `remember` takes the store's write lock once for many
articles, looks again only at what was committed since each survey, and writes. Exactly
one of any number of simultaneous first copies thus becomes the original.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Self

from dedup.answers import Answers, best_first
from dedup.catalogue import Catalogue, found
from dedup.clusters import heir_of, is_original, member_of, new_cluster_id, remove_article
from dedup.comparison import Comparer
from dedup.config import DedupConfig, IndexPlace
from dedup.errors import DedupError, StoreError
from dedup.index.base import Candidates, OriginalIndex
from dedup.index.originals import MOST_BEHIND, KnownOriginals
from dedup.index.saved import SavedIndex
from dedup.index.tables import TabledOriginals
from dedup.models import Article, CheckResult, Verdict
from dedup.observation import Observer, Stage
from dedup.own_prose import OwnProse
from dedup.preparation import PreparedArticle, Preparer
from dedup.remembering import Remembering, Survey
from dedup.store.base import ArticleStore, LogOperation, StoreReader, StoreStats, StoreWriter
from dedup.store.opening import open_store

__all__ = ["Deduplicator", "Survey"]

_EVIDENCE_CHARS = 100_000
_EXPIRED_AT_ONCE = 200
_KEPT_LOG = MOST_BEHIND  # entries; clients of the changes may still ask for them, too
_LOOKED_AT = 8  # log entries for each removal, of which two become useless


class Deduplicator:
    """Says of each article whether it is new or a copy, and of which known one.

    Safe to share between threads; several processes may work over one store.

    >>> with Deduplicator.open("/tmp/articles") as dedup:            # doctest: +SKIP
    ...     dedup.check(Article(text="…")).verdict
    """

    def __init__(
        self,
        store: ArticleStore,
        preparer: Preparer,
        config: DedupConfig,
        observer: Observer | None = None,
        index: IndexPlace = IndexPlace.MEMORY,
    ) -> None:
        """Index a store; most callers want `open`."""
        self.config = config
        self._observer = observer or Observer()
        self._store = store
        self._preparer = preparer
        self._comparer = Comparer(preparer, config)
        self._answers = Answers(preparer, self._comparer)
        self.catalogue = Catalogue(store, self._answers)
        self._own_prose = OwnProse(preparer, config)
        self._known = self._make_index(index)
        self._known.load(store.read())
        self._remembering = Remembering(
            preparer,
            self._comparer,
            self._answers,
            self._own_prose,
            self._known,
            config,
            writing=self._writing,
            forget_log=self._forget_log,
        )
        self._seen_again_upto = 0  # whoever is not gone up to this number was seen again
        self._log_forgotten_upto = 0
        self._is_closed = False

    @classmethod
    def open(
        cls,
        location: str | Path,
        config: DedupConfig | None = None,
        *,
        durable: bool = True,
        observer: Observer | None = None,
        index: IndexPlace = IndexPlace.MEMORY,
    ) -> Self:
        """Open a store, creating it where there is none.

        Args:
            location: A directory, or `postgresql://…`.
            config: Choices other than the defaults.
            durable: False for a store that need not survive a crash, and is faster.
            observer: Told how long each stage takes.
            index: Where candidates are looked up. With tables, the first to open a store
                that has articles fills them.

        Raises:
            ConfigError: Tables are asked for, and the store has no place for them.
            StoreUnavailableError: It cannot be created, read or written.
            StoreCorruptError: It is damaged, or not a store.
            StoreVersionError: Another release or scheme wrote it.
        """
        config = config or DedupConfig()
        preparer = Preparer(config)
        store = open_store(location, scheme=preparer.scheme, durable=durable)
        try:
            return cls(store, preparer, config, observer, index)
        except BaseException:
            store.close()
            raise

    @property
    def scheme(self) -> str:
        """All that determines signature bits."""
        return self._preparer.scheme

    def check(
        self,
        article: Article,
        *,
        remember: bool = True,
        passages: bool = False,
        repaired: bool = False,
    ) -> CheckResult:
        """Say what an article is to the known ones.

        Args:
            article: The article as received.
            remember: Whether it is known from now on; when this returns, it is durable.
            passages: Whether to tell shared passages and differences.
            repaired: Whether to return the repaired text.

        Raises:
            InvalidInputError: The text is empty or no text, or a field is not valid.
            IdConflictError: The id is known with another text.
            StoreError: The store cannot be read or written; nothing was remembered.
        """
        survey = self.survey(self.prepare(article))
        if remember:
            [result] = self.remember([survey])
            if isinstance(result, DedupError):
                raise result
        else:
            result = self.answer(survey)
        if passages:
            result = self.with_evidence(result, survey.prepared)
        if repaired:
            result = replace(result, repaired=survey.prepared.normalized.repaired.text)
        return result

    def add(self, article: Article) -> CheckResult:
        """Remember an article, and say what it is: a `check` that is there to remember.

        Raises:
            InvalidInputError: The text is empty or no text, or a field is not valid.
            IdConflictError: The id is known with another text.
            StoreError: The store cannot be read or written; nothing was remembered.
        """
        return self.check(article, remember=True)

    def prepare(self, article: Article) -> PreparedArticle:
        """Repair, fold, shingle and sign an article; touches neither store nor index."""
        begun = perf_counter()
        prepared = self._preparer.prepare(article, max_chars=self.config.max_chars)
        self._observer.took(Stage.PREPARE, perf_counter() - begun)
        return prepared

    def prepare_many(self, articles: Sequence[Article]) -> list[PreparedArticle | DedupError]:
        """Prepare articles at once: for each what `prepare` returns or raises."""
        return list(self._preparer.prepare_batch(articles, max_chars=self.config.max_chars))

    def survey(self, prepared: PreparedArticle, *, replaces: bool = False) -> Survey:
        """Compare an article with the originals that are committed now.

        Args:
            prepared: The article.
            replaces: Whether it takes the place of a known one with its id and another
                text, which is a conflict otherwise.
        """
        begun = perf_counter()
        reader = self._store.read()
        candidates = self._known.find(prepared.probe, reader)
        found = perf_counter()
        survey = self._compare(prepared, candidates, reader, replaces=replaces)
        self._observer.took(Stage.FIND, found - begun)
        self._observer.took(Stage.COMPARE, perf_counter() - found)
        return survey

    def survey_many(self, articles: Sequence[Article]) -> list[Survey | DedupError]:
        """Prepare articles and compare them, none of them known to the others.

        Returns:
            For each article what `survey` returns for it, or why it was refused. Together
            they take much less than one by one.
        """
        begun = perf_counter()
        batch = self._preparer.prepare_batch(articles, max_chars=self.config.max_chars)
        prepared = perf_counter()
        reader = self._store.read()
        candidates = self._known.find_many(batch.keys, reader)
        found = perf_counter()
        surveys = [
            self._compare(outcome, near, reader)
            if isinstance(outcome, PreparedArticle)
            else outcome
            for outcome, near in zip(batch, candidates, strict=True)
        ]
        self._observer.took(Stage.PREPARE, prepared - begun)
        self._observer.took(Stage.FIND, found - prepared)
        self._observer.took(Stage.COMPARE, perf_counter() - found)
        return surveys

    def answer(self, survey: Survey) -> CheckResult:
        """Answer a survey without remembering its article."""
        prepared = survey.prepared
        reader = self._store.read()
        if not survey.comparisons and reader.find(prepared.id) is None:
            return self._answers.fresh(prepared, [])
        with reader.snapshot():
            stored = reader.find(prepared.id)
            if stored is not None and stored.text_digest == prepared.text_digest:
                return self._answers.recorded(stored, reader)
            own = stored.number if stored else None
            others = [found for found in survey.comparisons if found.number != own]
            return self._answers.fresh(prepared, self._answers.relate(prepared, others, reader))

    def remember(self, surveys: Sequence[Survey]) -> list[CheckResult | DedupError]:
        """Remember articles in one transaction, each seeing those before it.

        Returns:
            For each survey its answer, durable by now, or why the article was refused;
            a refusal leaves the others alone.

        Raises:
            StoreError: The transaction failed as a whole; nothing was remembered.
        """
        begun = perf_counter()
        results = self._remembering.remember(surveys)
        self._observer.took(Stage.COMMIT, perf_counter() - begun)
        return results

    def with_evidence(self, result: CheckResult, prepared: PreparedArticle) -> CheckResult:
        """Add to each match the passages shared with it and how the texts differ.

        Known texts are repaired again for it; those behind the first `_EVIDENCE_CHARS`
        characters, of some thirty usual articles, go without.
        """
        reader = self._store.read()
        matches = list(result.matches)
        num_chars = 0
        for place, match in enumerate(result.matches):
            known = reader.find(match.id)
            evidence = known and self._comparer.evidence(prepared, known.number, reader)
            if not evidence:
                continue
            matches[place] = replace(
                match,
                differences=evidence.differences,
                passages=evidence.passages,
                anchors=evidence.anchors,
            )
            num_chars += evidence.num_chars
            if num_chars > _EVIDENCE_CHARS:
                break
        return replace(result, matches=tuple(matches))

    def remove(self, article_id: str) -> None:
        """Forget an article; a cluster that loses its original goes on with its best copy.

        Raises:
            NotFoundError: No article has this id.
            StoreError: The store cannot be written; nothing was removed.
        """
        with self._writing() as writer:
            remove_article(found(writer.find(article_id), "article", article_id), writer)
            self._forget_log(1, writer)

    def expire(
        self,
        *,
        before: datetime | None = None,
        keep: int | None = None,
        limit: int = _EXPIRED_AT_ONCE,
    ) -> int:
        """Forget the articles not seen for longest, in one small transaction.

        An article is seen when it comes, and again when it or a copy of it is remembered.
        A cluster whose original goes, goes on with the best copy that stays.

        Args:
            before: Forget articles last seen before this.
            keep: Forget articles beyond this number.
            limit: Most articles to forget at once.

        Returns:
            How many were forgotten; 0 says that nothing more is to be done.

        Raises:
            StoreError: The store cannot be written; nothing was forgotten.
        """
        with self._writing() as writer:
            excess = 0 if keep is None else writer.stats().articles - keep
            sightings = writer.longest_unseen(after=self._seen_again_upto, limit=limit)
            leaving = [
                sighting.article
                for place, sighting in enumerate(sightings)
                if place < excess or (before is not None and sighting.at < before)
            ]
            # Copies go first: who goes as well is then nobody's heir.
            for stored in sorted(leaving, key=lambda stored: is_original(stored, writer)):
                remove_article(stored, writer)
            self._forget_log(len(leaving), writer)
        first = next((one.article.number for one in sightings if not one.again), 0)
        self._seen_again_upto = max(self._seen_again_upto, first - 1)
        return len(leaving)

    def pin(self, cluster_id: str, article_id: str) -> None:
        """Make a member the original of its cluster, on an editor's word.

        It stays the original whatever arrives later, until it is removed or another is
        pinned.

        Raises:
            NotFoundError: There is no such cluster, or no such article in it.
        """
        with self._writing() as writer:
            member = member_of(cluster_id, article_id, writer)
            writer.set_original(cluster_id, member.number, LogOperation.PIN)

    def separate(self, cluster_id: str, article_id: str) -> None:
        """Say, as an editor, that an article is no copy of a cluster.

        The article founds a cluster of its own, and its text never matches the one that
        it left, whoever brings it again. Said of the original, its best copy answers for
        the others.

        Raises:
            NotFoundError: There is no such cluster, or no such article in it.
        """
        with self._writing() as writer:
            member = member_of(cluster_id, article_id, writer)
            heir = heir_of(member, writer)
            if heir is not None:
                writer.set_original(cluster_id, heir.number, LogOperation.HAND_OVER)
            elif found(writer.cluster(cluster_id), "cluster", cluster_id).size == 1:
                return  # alone in its cluster, it is no copy of anything
            finding = replace(member.finding, verdict=Verdict.NEW, matches=(), replaces=None)
            writer.leave(member.number, new_cluster_id(article_id, writer), finding)

    @property
    def index_size(self) -> int:
        """Originals that can be found."""
        return len(self._known)

    @property
    def index_nbytes(self) -> int:
        """Memory of the index, in bytes."""
        return self._known.nbytes

    def sequence(self) -> int:
        """Return the sequence of the newest log entry: the cheapest look into the store."""
        return self._store.read().sequence()

    def stats(self) -> StoreStats:
        """Return counts and sizes of the store, which it keeps with every change."""
        return self._store.read().stats()

    def save_index(self) -> bool:
        """Save the index beside an embedded store, if enough has changed since it was.

        The next to open the store reads it, which takes seconds where making one of a
        million originals takes half a minute. Closing does so, too.

        Returns:
            Whether it was saved.

        Raises:
            OSError: The file cannot be written; only time is lost.
            StoreError: The store cannot be used.
        """
        return self._known.save()

    def close(self) -> None:
        """Release the store; may be called twice."""
        if not self._is_closed:
            self._is_closed = True
            with suppress(OSError, StoreError):
                self.save_index()
        self._store.close()

    def __enter__(self) -> Self:
        """Use as a context manager that closes at the end."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def _compare(
        self,
        prepared: PreparedArticle,
        candidates: Candidates,
        reader: StoreReader,
        *,
        replaces: bool = False,
    ) -> Survey:
        self._observer.met(len(candidates.numbers))
        if not candidates.numbers:  # as most new articles have none
            return Survey(prepared, candidates, (), replaces)
        comparisons = self._comparer.compare(prepared, candidates.numbers, reader)
        return Survey(prepared, candidates, best_first(comparisons), replaces)

    def _make_index(self, place: IndexPlace) -> OriginalIndex:
        keys_of, own_keys_of = self._preparer.keys_of, self._own_prose.keys_of_stored
        limit = self.config.max_candidates
        if place is IndexPlace.TABLES:
            return TabledOriginals(self._store, keys_of, own_keys_of, limit=limit)
        folder = self._store.folder
        made_with = f"{self.scheme} {self.config}"
        return KnownOriginals(
            self._store,
            keys_of,
            self._preparer.keys_of_block,
            own_keys_of,
            limit=limit,
            least_own=self.config.min_chars,
            saved=None if folder is None else SavedIndex(folder, made_with),
        )

    @contextmanager
    def _writing(self) -> Iterator[StoreWriter]:
        """Begin a transaction that the index takes part in."""
        with self._store.write() as writer:
            self._known.begin(writer)
            yield writer
            self._known.settle(writer)
        self._known.follow(self._store.read())

    def _forget_log(self, num_removed: int, writer: StoreWriter) -> None:
        """Go round the log, far enough for what is useless in it to stay a third of the rest."""
        if num_removed:
            self._log_forgotten_upto = writer.forget_log(
                after=self._log_forgotten_upto, keep=_KEPT_LOG, limit=_LOOKED_AT * num_removed
            )
