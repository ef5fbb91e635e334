"""The shared store beside the embedded one: the same answers, commands and exports."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack

import orjson
import pytest
from server import DEDUP
from test_store_commands import OTHER, dedup, exported, fill, violations

from dedup import Article, Deduplicator, IndexPlace, StoreUnavailableError, Verdict
from dedup.preparation import Preparer
from dedup.store import postgres
from dedup.store.opening import open_for_upkeep
from dedup.upgrading import upgrade

pytestmark = pytest.mark.slow


@pytest.fixture
def location(database, seeds):
    """A database in which everything happened that can happen to articles."""
    fill(database, seeds)
    return database


def timeless(lines):
    """Return the lines of an export without the times at which things happened."""
    return [_without_times(orjson.loads(line)) for line in lines]


def _without_times(value):
    if isinstance(value, dict):
        return {
            key: _without_times(item)
            for key, item in value.items()
            if key not in {"first_seen", "seen_again", "at", "exported_at"}
        }
    return [_without_times(item) for item in value] if isinstance(value, list) else value


class TestCongruence:
    def test_same_export(self, location, tmp_path, seeds):
        """What happened to an embedded store and to a shared one leaves the same."""
        fill(tmp_path / "store", seeds)

        assert timeless(exported(tmp_path / "store")) == timeless(exported(location))

    def test_there_and_back(self, location, tmp_path):
        """A store moves to a directory by export and import, and back, and stays the same."""
        before = exported(location)
        file = tmp_path / "export.jsonl.zst"
        dedup("store", "export", str(file), "--store", location)
        dedup("store", "import", str(file), "--store", str(tmp_path / "embedded"))

        assert before == exported(tmp_path / "embedded")
        assert [] == violations(location)

    def test_scan_gives_the_same(self, database, tmp_path, seeds):
        """`dedup scan` prints the same lines over either store."""
        for name, text in seeds.items():
            (tmp_path / f"{name}.txt").write_text(text)
        lines = [
            subprocess.run(
                [DEDUP, "scan", str(tmp_path), "--json", *store], capture_output=True, check=True
            ).stdout
            for store in ((), ("--store", database))
        ]
        first, second = (
            [(row["path"], row["verdict"], row["original"], row["jaccard"]) for row in rows]
            for rows in ([json.loads(line) for line in output.splitlines()] for output in lines)
        )
        assert sorted(first) == sorted(second)


class TestUpkeep:
    def test_stats(self, location):
        """The command tells the size of a shared store as of any other."""
        figures = json.loads(dedup("store", "stats", "--json", "--store", location).stdout)

        assert (10, 6) == (figures["articles"], figures["clusters"])
        assert figures["bytes_on_disk"] > 0

    def test_verify(self, location):
        """A store that kept its rules passes; one that does not is told."""
        import psycopg

        assert b"" == dedup("store", "verify", "--deep", "--store", location).stdout
        with psycopg.connect(location) as connection:
            connection.execute("UPDATE dedup.clusters SET size = 9")
        done = dedup("store", "verify", "--store", location, status=1)
        assert b"a cluster's size is the number of its members" in done.stdout

    def test_upgrade(self, location):
        """A store is signed anew under another scheme, and can be used under it alone."""
        store = open_for_upkeep(location)
        assert upgrade(store, Preparer(OTHER))
        store.close()

        assert [] == violations(location, OTHER)
        with Deduplicator.open(location, OTHER) as deduplicator:
            assert 10 == deduplicator.stats().articles

    def test_backup_is_an_export(self, location, tmp_path):
        """The backup of a shared store is a file that an import takes."""
        dedup("store", "backup", str(tmp_path / "backup"), "--store", location)
        [file] = (tmp_path / "backup").iterdir()
        dedup("store", "import", str(file), "--store", str(tmp_path / "restored"))

        assert exported(location) == exported(tmp_path / "restored")

    @pytest.mark.parametrize("index", IndexPlace)
    def test_dump_of_the_database(self, location, postgres_server, tmp_path, seeds, index):
        """What pg_dump wrote while the store was in use, pg_restore makes a store of again."""
        dump = str(tmp_path / "dump")
        with (
            Deduplicator.open(location, index=index) as deduplicator,
            postgres_server.empty_database() as restored,
        ):
            postgres_server.run("pg_dump", "--format=custom", f"--file={dump}", location)
            before = exported(location)
            copy = Article(text=seeds["000"])
            known = deduplicator.check(copy, remember=False).original
            deduplicator.check(Article(text=seeds["004"] * 2, id="later"))
            postgres_server.run("pg_restore", "--no-owner", f"--dbname={restored}", dump)

            assert b"" == dedup("store", "verify", "--deep", "--store", restored).stdout
            assert before == exported(restored)
            with Deduplicator.open(restored, index=index) as again:
                assert known == again.check(copy).original
            assert [] == violations(restored)


class TestServer:
    def test_away(self, database, postgres_server, seeds):
        """While the server is away questions fail with the documented error, and then go on."""
        with Deduplicator.open(database) as deduplicator:
            deduplicator.check(Article(text=seeds["004"], id="known"))
            postgres_server.crash()
            try:
                with pytest.raises(StoreUnavailableError):
                    deduplicator.check(Article(text=seeds["000"]))
            finally:
                postgres_server.start()

            assert "known" == deduplicator.check(Article(text=seeds["000"])).original.id

    def test_slow(self, database, postgres_server, seeds, monkeypatch):
        """A server that is too busy to take a connection is waited for, longer than for one."""
        monkeypatch.setattr(postgres, "_CONNECT_TIMEOUT_S", 0.5)
        with Deduplicator.open(database) as deduplicator, ExitStack() as stack:
            store = deduplicator._store
            for _ in range(postgres._MOST_CONNECTIONS // 2):
                reader = postgres.PostgresReader(store._pool, store.scheme)
                stack.enter_context(reader.snapshot())
            with ThreadPoolExecutor() as pool:
                with postgres_server.paused():
                    answers = [
                        pool.submit(deduplicator.check, Article(text=seeds["004"], id=str(number)))
                        for number in range(postgres._MOST_CONNECTIONS)
                    ]
                    wait(answers, timeout=2)
                assert 1 == [answer.result().verdict for answer in answers].count(Verdict.NEW)

    def test_slow_disk(self, database, postgres_server, seeds):
        """Replicas wait for each other's commits, though a disk may take long over one."""
        with (
            Deduplicator.open(database) as one,
            Deduplicator.open(database) as other,
            ThreadPoolExecutor() as pool,
        ):
            for replica in (one, other):
                replica.check(Article(text=seeds["002"]), remember=False)  # what loads once
            with postgres_server.commits_held():
                checks = [
                    pool.submit(replica.check, Article(text=seeds["004"], id=str(number)))
                    for number, replica in enumerate((one, other))
                ]
                assert set() == wait(checks, timeout=13).done
            verdicts = {check.result().verdict for check in checks}

        assert {Verdict.NEW, Verdict.EXACT} == verdicts

    def test_lost_machines_are_noticed(self, database):
        """Both ends ask after a while whether the other is still there, as the location says."""
        store = postgres.PostgresStore(f"{database}&keepalives_idle=7", scheme="any")
        with store.read().snapshot() as reader:
            parameters = reader._connection.info.get_parameters()
        store.close()

        assert ("7", "5") == (parameters["keepalives_idle"], parameters["keepalives_interval"])
        assert "tcp_user_timeout" in parameters
        assert "tcp_keepalives_idle" in store._pool._settings

    def test_deadlock(self, database, seeds):
        """A transaction that the server undid for the sake of another is done again."""
        import psycopg

        with psycopg.connect(database, autocommit=True) as other:
            # Whoever has waited so long looks for a deadlock, and ends it at its own cost.
            other.execute(f"ALTER DATABASE {other.info.dbname} SET deadlock_timeout = '3s'")
            other.execute("SET deadlock_timeout = '1h'")
            with Deduplicator.open(database) as deduplicator, ThreadPoolExecutor() as pool:
                with other.transaction():
                    other.execute("LOCK TABLE dedup.counts")
                    check = pool.submit(deduplicator.check, Article(text=seeds["004"], id="a"))
                    while not other.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
                        assert not check.done()
                    other.execute("SELECT value FROM dedup.store FOR UPDATE")
                assert Verdict.NEW is check.result().verdict
                [(deadlocks,)] = other.execute(
                    "SELECT pg_stat_get_db_deadlocks(oid) FROM pg_database"
                    " WHERE datname = current_database()"
                )
            assert 1 == deadlocks

    def test_unknown_server(self):
        """A server that is not there is told at once, without the password."""
        with pytest.raises(StoreUnavailableError) as error:
            Deduplicator.open("postgresql://user:secret@127.0.0.1:1/nowhere")

        assert "secret" not in str(error.value)

    def test_text_without_a_place_for_nul(self, database, seeds):
        """A title with a NUL, which the server cannot keep, is kept without it."""
        with Deduplicator.open(database) as deduplicator:
            deduplicator.check(Article(text=seeds["004"], id="a", title="题\0目", url="u" * 9000))
            [article] = deduplicator._store.read().articles_after(0, limit=1, url="u" * 9000)

            assert "题\N{REPLACEMENT CHARACTER}目" == article.record.title
