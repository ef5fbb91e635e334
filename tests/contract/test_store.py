"""What every store keeps to, run for every store and every store opened again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from dedup import ArticleRecord, Damage, DamageKind, Scores, TextFormat, Verdict
from dedup.errors import StoreCorruptError, StoreUnavailableError, StoreVersionError
from dedup.store.base import Finding, LogOperation, NewArticle, RecordedMatch
from dedup.store.opening import open_for_upkeep, open_store
from dedup.store.sqlite import DATABASE_NAME

SCHEME = "test-scheme"
SEEN = datetime(2026, 3, 11, 9, 55, 0, 123456, tzinfo=UTC)
SIGNATURE = np.arange(128, dtype=np.uint32)


def open_at(location):
    return open_store(location, scheme=SCHEME)


class ReopenedStore:
    """Closes and opens the store around every transaction and question."""

    def __init__(self, location):
        self._location = location
        self._store = open_at(location)

    def _reopened(self):
        self._store.close()
        self._store = open_at(self._location)
        return self._store

    def read(self):
        return self._reopened().read()

    def write(self):
        return self._reopened().write()

    def close(self):
        self._store.close()


@pytest.fixture(params=["directory", "database"])
def location(request, tmp_path):
    if request.param == "database":
        return request.getfixturevalue("database")
    return tmp_path / "store"


@pytest.fixture(params=[open_at, ReopenedStore], ids=["kept open", "reopened"])
def store(request, location):
    store = request.param(location)
    yield store
    store.close()


def record(article_id, *, title="标题", first_seen=SEEN):
    return ArticleRecord(
        id=article_id,
        title=title,
        url="https://example.org/1",
        published_at=datetime(2020, 3, 11, tzinfo=UTC),
        first_seen=first_seen,
    )


def new_article(article_id="a1", *, cluster_id="c1", text="复工就能快一点", **changes):
    values = {
        "record": record(article_id),
        "format": TextFormat.AUTO,
        "text": text,
        "text_digest": b"t" * 16,
        "normalized": None,
        "normalized_digest": b"n" * 16,
        "signature": SIGNATURE,
        "finding": Finding(
            verdict=Verdict.REPRINT,
            matches=(RecordedMatch(7, Verdict.REPRINT, Scores(3, 4, 5)),),
            damage=Damage(True, 0.25, {DamageKind.GBK_SHIFT: 2}),
            too_short=False,
            replaces="a0",
        ),
        "cluster_id": cluster_id,
    }
    return NewArticle(**{**values, **changes})


def add(store, *articles):
    with store.write() as writer:
        return [writer.add(article) for article in articles]


class TestCounts:
    """How many articles and clusters there are is kept with every change."""

    def counts(self, reader):
        stats = reader.stats()
        return stats.articles, stats.clusters

    def test_with_every_change(self, store):
        """Founding, joining, leaving and removing count, within the transaction too."""
        [founder, member, _] = add(
            store,
            new_article("a1"),
            new_article("a2"),
            new_article("a3", cluster_id="c3"),
        )
        assert (3, 2) == self.counts(store.read())
        with store.write() as writer:
            writer.leave(member, "c2", new_article().finding)
            assert (3, 3) == self.counts(writer)
            writer.remove(founder)
            assert (2, 2) == self.counts(writer)
        assert (2, 2) == self.counts(store.read())

    def test_not_of_what_was_rolled_back(self, store):
        """What was not committed is not counted, then or later."""
        with pytest.raises(ZeroDivisionError), store.write() as writer:
            writer.add(new_article("a1"))
            raise ZeroDivisionError
        assert (0, 0) == self.counts(store.read())
        add(store, new_article("a2"))
        assert (1, 1) == self.counts(store.read())


class TestArticles:
    def test_comes_back_as_written(self, store):
        """Every field of an article survives."""
        article = new_article(text="正文\0\n\N{ZERO WIDTH SPACE}")
        [number] = add(store, article)

        stored = store.read().find("a1")

        assert (number, article.record, article.format) == (
            stored.number, stored.record, stored.format,
        )  # fmt: skip
        assert article.finding == stored.finding
        assert b"t" * 16 == stored.text_digest
        assert b"n" * 16 == store.read().originals([number])[0].normalized_digest
        assert "c1" == stored.cluster_id
        assert article.text == store.read().text(number)

    def test_unknown_articles(self, store):
        """What is not there is told as missing, never as an error."""
        reader = store.read()

        assert reader.find("nobody") is None
        assert reader.text(5) is None
        assert {} == reader.articles([5])
        assert {} == reader.comparable_texts([5])
        assert reader.cluster("c9") is None

    def test_comparable_text(self, store):
        """The normalized text stands in where there is one."""
        first, second = add(
            store,
            new_article("a1", text="原文"),
            new_article("a2", text="原(yuán)文", normalized="原\0文"),
        )

        texts = store.read().comparable_texts([first, second])

        assert ("原文", False) == texts[first]
        assert ("原\0文", True) == texts[second]

    def test_titles(self, store):
        """Any part of a title finds it, page by page; no sign in it has a meaning of its own."""
        titles = ["复工100%不停", "Back_to Work", None, "复工1000", "back to work"]
        numbers = add(
            store,
            *(
                new_article(f"a{i}", record=record(f"a{i}", title=title))
                for i, title in enumerate(titles)
            ),
        )
        reader = store.read()

        def found(part, after=0, limit=9):
            return [stored.number for stored in reader.titled(part, after=after, limit=limit)]

        assert [numbers[0], numbers[3]] == found("复工")
        assert [numbers[0]] == found("复工", limit=1)
        assert [numbers[3]] == found("复工", after=numbers[0])
        assert [numbers[0]] == found("100%")
        assert [numbers[1]] == found("k_t")
        assert [numbers[4]] == found("BACK TO")
        assert [] == found("!")

    def test_numbers_are_never_used_twice(self, store):
        """A removed article's number stays unused: matches refer to it."""
        [first] = add(store, new_article())
        with store.write() as writer:
            writer.remove(first)
        [second] = add(store, new_article())

        assert second > first


class TestSightings:
    def test_longest_unseen_first(self, store):
        """Articles are in the order in which they were last seen, again or at all."""
        numbers = add(store, *(seen(f"a{hour}", hour) for hour in range(5)))
        with store.write() as writer:
            writer.see_again(numbers[0], at(9), unless_since=at(8))
            writer.see_again(numbers[2], at(3.5), unless_since=at(3))

        reader = store.read()
        assert [(1, False), (3, False), (2, True), (4, False), (0, True)] == order(reader, numbers)
        assert [(1, False), (3, False)] == order(reader, numbers, limit=2)
        assert [(3, False), (2, True)] == order(reader, numbers, after=numbers[1], limit=2)

    def test_seen_a_moment_ago(self, store):
        """Who was seen since a moment is not noted again."""
        [number] = add(store, seen("a", 1))
        for hour, since in ((2, 1), (2, 2), (3, 2.5), (4, 3)):
            with store.write() as writer:
                writer.see_again(number, at(hour), unless_since=at(since))

        [sighting] = store.read().longest_unseen(after=0, limit=5)
        assert at(3) == sighting.at

    def test_nobody_sees_who_is_gone(self, store):
        """A removed article is not listed, and an unknown one is not noted."""
        [number] = add(store, seen("a", 1))
        with store.write() as writer:
            writer.see_again(number, at(3), unless_since=at(2))
            writer.see_again(number + 1, at(3), unless_since=at(2))
            writer.remove(number)

        assert [] == store.read().longest_unseen(after=0, limit=5)


def at(hour):
    return SEEN + timedelta(hours=hour)


def seen(article_id, hour):
    return new_article(
        article_id, cluster_id=f"c-{article_id}", record=record(article_id, first_seen=at(hour))
    )


def order(reader, numbers, *, after=0, limit=10):
    sightings = reader.longest_unseen(after=after, limit=limit)
    return [(numbers.index(one.article.number), one.again) for one in sightings]


class TestClusters:
    def test_founder_is_the_original(self, store):
        """The first article of a cluster answers for it, those that join are copies."""
        first, second = add(store, new_article("a1"), new_article("a2"))

        cluster = store.read().cluster("c1")

        assert (first, 2) == (cluster.original, cluster.size)
        assert [first] == [row.number for row in store.read().originals([first, second])]

    def test_another_original(self, store):
        """After a change of the original the index lists the other one."""
        first, second = add(store, new_article("a1"), new_article("a2"))
        with store.write() as writer:
            writer.set_original("c1", second, LogOperation.PROMOTE)

        assert second == store.read().cluster("c1").original
        assert [second] == [row.number for row in store.read().originals([first, second])]

    def test_members_are_paged(self, store):
        """Pages follow one another by number."""
        numbers = add(store, *(new_article(f"a{i}") for i in range(5)))

        page = store.read().members("c1", after=numbers[1], limit=2)

        assert numbers[2:4] == [member.number for member in page]

    def test_ends_with_its_last_member(self, store):
        """A cluster without members is gone."""
        [number] = add(store, new_article())
        with store.write() as writer:
            writer.remove(number)

        assert store.read().cluster("c1") is None
        assert 0 == store.read().stats().articles


class TestSignatures:
    def test_originals_in_order(self, store):
        """The signatures of all originals come page by page."""
        numbers = add(
            store,
            new_article("a1", cluster_id="c1"),
            new_article("a2", cluster_id="c2", signature=None),
            new_article("a3", cluster_id="c1"),
            new_article("a4", cluster_id="c3", signature=SIGNATURE + 1),
        )

        first, second = store.read().originals_after(0, limit=2)
        [third] = store.read().originals_after(second.number, limit=2)

        assert numbers[0] == first.number
        assert SIGNATURE.tolist() == first.signature.tolist()
        assert (numbers[1], None) == (second.number, second.signature)
        assert numbers[3] == third.number

    def test_blocks_in_order(self, store):
        """A start reads the signatures of all originals, page by page."""
        numbers = add(
            store,
            new_article("a1", cluster_id="c1"),
            new_article("a2", cluster_id="c2", signature=None),
            new_article("a3", cluster_id="c1"),
            new_article("a4", cluster_id="c3", signature=SIGNATURE + 1),
        )

        first = store.read().signatures_after(0, limit=2)
        second = store.read().signatures_after(first.last, limit=2)
        end = store.read().signatures_after(second.last, limit=2)

        assert numbers[:2] == first.originals.tolist()
        assert [b"n" * 16] * 2 == first.digests
        assert [0, 128, 128] == first.offsets.tolist()
        assert SIGNATURE.tolist() == first.sketches.tolist()
        assert [numbers[2]] == second.copies
        assert [numbers[3]] == second.originals.tolist()
        assert (SIGNATURE + 1).tolist() == second.sketches.tolist()
        assert (0, [], []) == (end.last, end.originals.tolist(), end.copies)

    def test_what_copies_lack(self, store):
        """A copy's finding tells what its best match lacked; that of an original nothing."""
        new = replace(new_article().finding, verdict=Verdict.NEW, replaces=None)
        copy = replace(new_article().finding, replaces=None)
        numbers = add(
            store,
            new_article("a1", finding=new),
            new_article("a2", finding=copy),
            new_article("a3"),  # took an original's place
        )

        unmatched = store.read().unmatched([*numbers, 99])

        assert dict(zip(numbers, (None, 1, None), strict=True)) == unmatched


class TestLog:
    def test_tells_every_change_in_order(self, store):
        """Followers learn of additions, changes of the original and removals."""
        first, second = add(store, new_article("a1"), new_article("a2"))
        with store.write() as writer:
            writer.set_original("c1", second, LogOperation.PROMOTE)
            writer.remove(first)

        entries = store.read().log(after=0, limit=10)

        assert [
            (LogOperation.ADD, first, None),
            (LogOperation.ADD, second, None),
            (LogOperation.PROMOTE, second, first),
            (LogOperation.REMOVE, first, None),
        ] == [(entry.operation, entry.number, entry.former) for entry in entries]
        assert entries[-1].sequence == store.read().sequence()
        assert entries[2:] == store.read().log(after=entries[1].sequence, limit=10)
        assert all(datetime.now(UTC) - entry.at < timedelta(minutes=1) for entry in entries)


class TestTransactions:
    def test_rolled_back_as_a_whole(self, store):
        """An error inside leaves no trace of any write."""

        def fail():
            with store.write() as writer:
                writer.add(new_article())
                raise ZeroDivisionError

        pytest.raises(ZeroDivisionError, fail)

        assert store.read().find("a1") is None
        assert 0 == store.read().sequence()
        assert 1 == len(add(store, new_article()))

    def test_reads_its_own_writes_and_nobody_else_does(self, location):
        """What is not committed is seen by its transaction alone."""
        store = open_at(location)
        with store.write() as writer:
            writer.add(new_article())
            assert writer.find("a1") is not None
            assert store.read().find("a1") is None
        assert store.read().find("a1") is not None
        store.close()


class TestOpening:
    def test_close_twice(self, location):
        """Closing is safe to repeat."""
        store = open_at(location)
        store.close()
        store.close()

    def test_other_scheme(self, location):
        """Signatures of different schemes never meet."""
        open_at(location).close()

        with pytest.raises(StoreVersionError, match="dedup store upgrade"):
            open_store(location, scheme="another")

    def test_scheme_changed_meanwhile(self, location):
        """A process that held the store open during an upgrade writes and follows no more."""
        store, upgraded = open_at(location), open_for_upkeep(location)
        with upgraded.switch("another") as writer:
            writer.add(new_article())

        with pytest.raises(StoreVersionError, match="another"):
            add(store, new_article("a2"))
        with pytest.raises(StoreVersionError, match="another"):
            store.read().log(after=0, limit=10)
        assert store.read().find("a2") is None
        store.close()
        upgraded.close()

    def test_newer_release(self, tmp_path):
        """A store of a newer release is left alone."""
        store = open_at(tmp_path)
        store._writer._connection.pragma("user_version", 99)
        store.close()

        with pytest.raises(StoreVersionError, match="newer release"):
            open_at(tmp_path)

    def test_no_database(self, tmp_path):
        """A file that is no database is told as damaged."""
        (tmp_path / DATABASE_NAME).write_bytes(b"not a database at all" * 1000)

        with pytest.raises(StoreCorruptError):
            open_at(tmp_path)

    def test_impossible_directory(self, tmp_path):
        """A directory that cannot be made is told as unavailable."""
        (tmp_path / "file").write_text("")

        with pytest.raises(StoreUnavailableError):
            open_at(tmp_path / "file" / "store")
