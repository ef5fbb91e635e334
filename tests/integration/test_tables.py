"""An index in tables of the store beside one in memory: the same answers, whatever happens."""

import random
import subprocess

import pytest
from server import DEDUP
from test_store_commands import OTHER, prose, violations

from dedup import (
    Article,
    ConfigError,
    Deduplicator,
    IdConflictError,
    IndexPlace,
    NotFoundError,
)
from dedup.index.postings import BUCKET_CAPACITY
from dedup.preparation import Preparer
from dedup.serialization import check_result_to_dict
from dedup.store.opening import open_for_upkeep
from dedup.store.postgres import PostgresReader
from dedup.upgrading import upgrade

pytestmark = pytest.mark.slow


def open_tables(location, config=None):
    return Deduplicator.open(location, config, index=IndexPlace.TABLES)


def answer_of(result):
    """Return an answer without the times at which articles were seen."""
    answer = check_result_to_dict(result)
    (answer["original"] or {}).pop("first_seen", None)
    return answer


def sentences(seed):
    """Return sixty characters that no other seed gives, in what looks like sentences."""
    characters = prose(seed)
    halves = [characters[start : start + 10] for start in range(0, 60, 10)]
    return "".join(f"{one}的{two}。" for one, two in zip(halves[::2], halves[1::2], strict=True))


def operations(seeds, *, count, seed):
    """Yield random operations: a name, an article's id, and a text for some."""
    chosen = random.Random(seed)
    stories = [prose(f"{seed}-{number}") * 6 for number in range(8)] + list(seeds.values())
    stories = ["".join(chosen.sample(story, len(story))) for story in stories[:8]] + stories[8:]
    for _ in range(count):
        story = chosen.choice(stories)
        start = chosen.randrange(len(story) // 3)
        text = story[start : start + chosen.randint(60, len(story))]
        if chosen.random() < 0.4:
            text += sentences(chosen.randrange(6)) * chosen.randint(1, 4)
        if chosen.random() < 0.2:
            text = text.replace("。", "\u200b。").replace("的", "的(de)")
        name = chosen.choices(
            ("check", "look", "replace", "remove", "pin", "separate", "group"),
            (8, 3, 2, 2, 1, 1, 2),
        )[0]
        yield name, f"a{chosen.randrange(60)}", text


def perform(deduplicator, name, article_id, text):
    """Perform an operation and return all there is to see of it."""
    article = Article(text=text, id=article_id)
    try:
        if name in {"check", "look"}:
            return answer_of(deduplicator.check(article, remember=name == "check"))
        if name == "replace":
            survey = deduplicator.survey(deduplicator.prepare(article), replaces=True)
            return [answer_of(one) for one in deduplicator.remember([survey])]
        if name == "group":
            articles = [Article(text=f"{text}{n}{prose(n)}", id=f"{article_id}-{n}") for n in "abc"]
            surveys = [deduplicator.survey(deduplicator.prepare(one)) for one in articles]
            results = deduplicator.remember(surveys)
            return [str(one) if isinstance(one, Exception) else answer_of(one) for one in results]
        if name == "remove":
            return deduplicator.remove(article_id)
        cluster_id = deduplicator.catalogue.article(article_id).cluster_id
        getattr(deduplicator, name)(cluster_id, article_id)
        return deduplicator.catalogue.article(article_id).cluster_id
    except (NotFoundError, IdConflictError) as error:
        return type(error).__name__, str(error)


class TestCongruence:
    @pytest.mark.parametrize("seed", [1, 2])
    def test_same_answers(self, database, tmp_path, seeds, seed):
        """A stream of additions, removals and editors' decisions is answered the same."""
        with (
            Deduplicator.open(tmp_path / "store") as in_memory,
            open_tables(database) as in_tables,
        ):
            verdicts = set()
            for number, operation in enumerate(operations(seeds, count=150, seed=seed)):
                expected = perform(in_memory, *operation)
                assert expected == perform(in_tables, *operation), (number, operation)
                if isinstance(expected, dict):
                    verdicts.add(expected["verdict"])
        assert {"new", "reprint", "excerpt", "garbled_mirror", "partial"} <= verdicts
        assert [] == violations(database)

    def test_hot_keys(self, database, tmp_path):
        """Of a paragraph that very many articles have, as many are kept as in memory."""
        furniture = prose("furniture") * 3
        texts = [prose(f"hot-{n}") * 2 + furniture + prose(f"h{n}") * 2 for n in range(90)]
        with (
            Deduplicator.open(tmp_path / "store") as in_memory,
            open_tables(database) as in_tables,
        ):
            for number, text in enumerate(texts):
                one = Article(text=text, id=str(number))
                assert answer_of(in_memory.check(one)) == answer_of(in_tables.check(one))
        assert BUCKET_CAPACITY == largest_bucket(database)

    def test_switched(self, database, seeds):
        """The first to ask for tables fills them; from then on the answers are the same."""
        texts = [text for _, _, text in operations(seeds, count=80, seed=3)]
        furniture = prose("furniture") * 3
        texts += [prose(f"hot-{n}") * 2 + furniture + prose(f"h{n}") * 2 for n in range(90)]
        with Deduplicator.open(database) as in_memory:
            for number, text in enumerate(texts):
                in_memory.check(Article(text=text, id=str(number)))
            with open_tables(database) as in_tables:
                for number, text in enumerate(texts):
                    probe = Article(text=text + prose(number), id="probe")
                    expected = answer_of(in_memory.check(probe, remember=False))
                    assert expected == answer_of(in_tables.check(probe, remember=False))
        assert BUCKET_CAPACITY == largest_bucket(database)
        assert [] == violations(database)

    def test_beside_memory(self, database, seeds):
        """Replicas of either sort over one store see what the other one does."""
        with Deduplicator.open(database) as in_memory, open_tables(database) as in_tables:
            replicas = (in_memory, in_tables)
            for number, operation in enumerate(operations(seeds, count=60, seed=4)):
                perform(replicas[number % 2], *operation)
                probe = ("look", "probe", operation[2])
                assert perform(in_memory, *probe) == perform(in_tables, *probe), number
        assert [] == violations(database)


class TestHeir:
    @pytest.mark.parametrize("index", IndexPlace)
    def test_found_as_a_whole(self, database, index):
        """A copy that had been listed for its own prose is found like any original later."""
        story, own = ("".join(sentences(f"{part}{n}") for n in range(5)) for part in "ab")
        with Deduplicator.open(database, index=index) as deduplicator:
            deduplicator.check(Article(text=story, id="original"))
            deduplicator.check(Article(text=story + own, id="heir"))
            deduplicator.remove("original")

            result = deduplicator.check(Article(text=story), remember=False)
            assert "heir" == result.original.id


class TestStore:
    def test_starts_at_once(self, database, seeds, monkeypatch):
        """Where the tables are filled, a start reads no signature."""
        with open_tables(database) as deduplicator:
            deduplicator.check(Article(text=seeds["004"], id="known"))
        monkeypatch.setattr(PostgresReader, "originals_after", None)

        with open_tables(database) as deduplicator:
            assert "known" == deduplicator.check(Article(text=seeds["000"])).original.id

    def test_filled_while_others_write(self, database, monkeypatch):
        """An original that becomes a copy while the tables are filled is listed once."""
        story, *own = ("".join(sentences(f"{part}{n}") for n in range(5)) for part in "abc")
        read = PostgresReader.originals_after
        with Deduplicator.open(database) as in_memory:
            for name, text in zip(("former", "later"), own, strict=True):
                in_memory.check(Article(text=story + text[:150], id=name))
            cluster_id = in_memory.catalogue.article("former").cluster_id

            def read_and_pin(reader, number, *, limit):
                rows = read(reader, number, limit=limit)
                if not rows:
                    in_memory.pin(cluster_id, "later")
                return rows

            with monkeypatch.context() as patched:
                patched.setattr(PostgresReader, "originals_after", read_and_pin)
                in_tables = open_tables(database)
            with in_tables:
                for text in (story, *own):
                    probe = Article(text=text, id="probe")
                    expected = answer_of(in_memory.check(probe, remember=False))
                    assert expected == answer_of(in_tables.check(probe, remember=False))
        assert [] == violations(database)

    def test_rolled_back(self, database, seeds, monkeypatch):
        """Of a transaction that failed the tables know nothing."""
        import psycopg

        with open_tables(database) as deduplicator:
            with monkeypatch.context() as patched:
                patched.setattr(deduplicator._known, "settle", lambda _: 1 / 0)
                with pytest.raises(ZeroDivisionError):
                    deduplicator.check(Article(text=seeds["004"], id="lost"))

            assert deduplicator.check(Article(text=seeds["000"])).original is None
        with psycopg.connect(database) as connection:
            assert (1,) == connection.execute("SELECT count(*) FROM dedup.listings").fetchone()

    def test_verify(self, database, seeds):
        """The command knows the rules of the tables."""
        import psycopg

        with open_tables(database) as deduplicator:
            for name, text in seeds.items():
                deduplicator.check(Article(text=text, id=name))
        assert [] == violations(database)
        with psycopg.connect(database) as connection:
            connection.execute("SET search_path = dedup")
            rows = connection.execute("SELECT number FROM listings ORDER BY number").fetchall()
            first, second, third, fourth = (number for (number,) in rows)
            connection.execute("DELETE FROM bands WHERE number = %s", (first,))
            connection.execute("UPDATE samples SET number = %s WHERE number = %s", (second, third))
            connection.execute("DELETE FROM listings WHERE number = %s", (fourth,))
            connection.execute("INSERT INTO listings VALUES (77, '{}', '{1}')")

        assert {
            "a listing belongs to an article",
            "an original is listed as a whole, and no copy",
            "an original that is listed can be found",
            "an entry of bands is in its article's listing",
            "an entry of samples is in its article's listing",
        } == {violation.rule for violation in violations(database)}

    def test_upgrade(self, database, seeds):
        """Keys of another scheme never meet: an upgrade empties the tables, a start fills them."""
        with open_tables(database) as deduplicator:
            deduplicator.check(Article(text=seeds["004"], id="known"))
        store = open_for_upkeep(database)
        assert upgrade(store, Preparer(OTHER))
        store.close()

        with open_tables(database, OTHER) as deduplicator:
            assert "known" == deduplicator.check(Article(text=seeds["000"])).original.id
        assert [] == violations(database, OTHER)

    def test_no_tables(self, tmp_path, monkeypatch):
        """A directory has none, which is said at once."""
        with pytest.raises(ConfigError, match="PostgreSQL"):
            open_tables(tmp_path / "store")
        monkeypatch.setenv("DEDUP_INDEX", "tables")
        done = subprocess.run(
            [DEDUP, "serve", "--port", "0", "--store", tmp_path / "store"],
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert 2 == done.returncode
        assert b"DEDUP_INDEX=tables needs a store in PostgreSQL" in done.stderr


def largest_bucket(location):
    import psycopg

    with psycopg.connect(location) as connection:
        [largest] = connection.execute(
            "SELECT max(count) FROM (SELECT count(*) FROM dedup.samples GROUP BY key) AS buckets"
        ).fetchone()
    return largest
