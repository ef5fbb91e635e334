"""Full and failing disks, damaged files, locks and clocks: the error, and life after it."""

import random
import resource
import shutil
import subprocess
import sys
import threading
from datetime import datetime, timedelta

import apsw
import pytest
from articles import make_edition, make_story
from disk import no_fault
from invariants import known_articles, violations
from service import DEDUP, Client, Service
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from dedup import (
    Article,
    DedupError,
    Deduplicator,
    StorageFullError,
    StoreCorruptError,
    StoreUnavailableError,
    Verdict,
    deduplicator,
)
from dedup.store import sql, sqlite
from dedup.store.sqlite import DATABASE_NAME

LOG_NAME = f"{DATABASE_NAME}-wal"


def story(name):
    return make_story(random.Random(name))


def edition(name):
    return make_edition(story(name), random.Random(name))


def check(dedup, name, text=None, **options):
    return dedup.check(Article(text=text or story(name), id=name), **options)


def fail(*operations, error=apsw.IOError, after=0):
    """Return a fault that lets some of these operations pass, then none."""
    left = after

    def fault(operation, path):
        nonlocal left
        if operation in operations:
            left -= 1
            if left < 0:
                raise error("a fault that was asked for")

    return fault


class TestDiskFull:
    @pytest.mark.parametrize("room", [0, 1, 24, 100, 8_216, 8_300, 20_000])
    def test_nothing_is_remembered_and_reads_go_on(self, disk, store, room):
        """However little room there is: the error, then life goes on once there is more."""
        with Deduplicator.open(store) as dedup:
            check(dedup, "known")
            disk.room = room
            with pytest.raises(StorageFullError):
                check(dedup, "refused")
            assert check(dedup, "copy", edition("known"), remember=False).verdict.is_copy
            disk.room = None

            assert check(dedup, "copy", edition("refused")).verdict is Verdict.NEW
            assert check(dedup, "refused").verdict.is_copy
        assert violations(store) == []

    def test_a_group_is_refused_as_a_whole(self, disk, store):
        """Nobody is taken for a copy of one whose commit failed, or for who got its number."""
        texts = {"a": story("a"), "copy of a": edition("a"), "b": story("b")}
        with Deduplicator.open(store) as dedup:
            surveys = [
                dedup.survey(dedup.prepare(Article(text=text, id=name)))
                for name, text in texts.items()
            ]
            disk.room = 5_000
            with pytest.raises(StorageFullError):
                dedup.remember(surveys)
            disk.room = None

            assert check(dedup, "x").verdict is Verdict.NEW  # gets the number of "a"
            assert check(dedup, "y", edition("x")).original.id == "x"
            assert check(dedup, "copy of a", edition("a")).verdict is Verdict.NEW
            assert check(dedup, "b").verdict is Verdict.NEW
        assert violations(store) == []

    def test_over_http(self, disk, store):
        """507 `storage_full`; what is known is shown; the next article is taken."""
        with TestClient(create_app(Settings(store=str(store)))) as client:
            client.post("/check", json={"text": story("known"), "id": "known"})
            disk.room = 0
            refused = client.post("/check", json={"text": story("refused"), "id": "refused"})
            assert (507, "storage_full") == (refused.status_code, refused.json()["code"])
            assert client.get("/articles/known").json()["text"] == story("known")
            assert client.get("/health/ready").status_code == 200
            disk.room = None

            again = client.post("/check", json={"text": story("refused"), "id": "refused"})
            assert (200, "new") == (again.status_code, again.json()["verdict"])

    def test_opens_for_reading(self, disk, store):
        """A service that is started anew on a full disk still answers."""
        with Deduplicator.open(store) as dedup:
            check(dedup, "known")
        disk.room = 0

        with Deduplicator.open(store) as dedup:
            assert check(dedup, "copy", edition("known"), remember=False).verdict.is_copy
            with pytest.raises(StorageFullError):
                check(dedup, "refused")
            disk.room = None
            assert check(dedup, "refused").verdict is Verdict.NEW


class TestFailingDisk:
    @pytest.mark.parametrize("operation", ["write", "sync"])
    def test_at_every_operation_of_a_commit(self, disk, store, operation):
        """Whichever fails: the error, nothing remembered, and the same store goes on."""
        with Deduplicator.open(store) as dedup:
            check(dedup, "known")
            refusals = 0
            while True:
                disk.fault = fail(operation, after=refusals)
                try:
                    check(dedup, f"refused{refusals}")
                except StoreUnavailableError:
                    refusals += 1
                else:
                    break
                disk.fault = no_fault
                copy = check(dedup, f"copy{refusals}", edition(f"refused{refusals - 1}"))
                assert copy.verdict is Verdict.NEW
                assert check(dedup, f"again{refusals}", edition("known")).original.id == "known"
            disk.fault = no_fault
        assert refusals >= {"write": 10, "sync": 1}[operation]
        assert violations(store) == []

    def test_a_failed_sync_is_not_trusted(self, disk, store, tmp_path):
        """What a failed sync lost for good is written again before anything is acknowledged."""
        acknowledged = {}
        with Deduplicator.open(store) as dedup:
            for number in range(30):
                disk.fault = fail("sync") if number % 3 == 1 else no_fault
                try:
                    acknowledged[f"{number}"] = check(dedup, f"{number}").cluster_id
                except StoreUnavailableError:
                    disk.forget_unsynced()
            disk.fault = no_fault
            left = tmp_path / "left"
            left.mkdir()
            disk.leave(left, random=None)

        assert len(acknowledged) == 20
        known = known_articles(left)
        assert {name: known[name].cluster_id for name in acknowledged} == acknowledged
        assert violations(left) == []

    def test_while_reading(self, disk, store):
        """A page that cannot be read is the error; the next try succeeds."""
        with Deduplicator.open(store) as dedup:
            check(dedup, "known")
        with Deduplicator.open(store) as dedup:
            disk.fault = fail("read")
            with pytest.raises(StoreUnavailableError):
                check(dedup, "copy", edition("known"))
            disk.fault = no_fault

            assert check(dedup, "copy", edition("known")).original.id == "known"

    # APSW warns of a fault that comes while SQLite deals with the one before.
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    @pytest.mark.parametrize("operation", ["read", "write", "sync"])
    def test_while_opening(self, disk, store, operation):
        """A store that cannot be created is the error; the next try succeeds."""
        for after in range(4):
            disk.fault = fail(operation, after=after)
            with pytest.raises(StoreUnavailableError):
                Deduplicator.open(store / str(after))
            disk.fault = no_fault
            with Deduplicator.open(store / str(after)) as dedup:
                assert check(dedup, "first").verdict is Verdict.NEW
            assert violations(store / str(after)) == []

    def test_of_a_running_service(self, store):
        """503 and life goes on, in a process whose files may not grow for a while."""
        with Service(store) as service, Client(service) as client:
            client.check("known", story("known"))
            size = (store / LOG_NAME).stat().st_size
            _, most = resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (size, most))
            status, problem = client.check("refused", story("refused"))
            assert (status, problem["code"]) == (503, "store_unavailable")
            assert client.get("articles", "known")[0] == 200
            resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (most, most))

            status, answer = client.check("copy", edition("refused"))
            assert (status, answer["verdict"]) == (200, "new")


class TestReadOnlyDirectory:
    @pytest.mark.parametrize("is_new", [True, False])
    def test_is_explained(self, store, is_new):
        """A store that cannot be written is one line of explanation."""
        store.mkdir()
        if not is_new:
            Deduplicator.open(store).close()
        article = store.parent / "article.txt"
        article.write_text(story("a"))
        for path in (store, *store.iterdir()):
            path.chmod(0o555)
        # Root may write anywhere, unless it gives up that right.
        as_anyone = ["setpriv", "--bounding-set=-dac_override", "--"]
        command = [*as_anyone, DEDUP, "check", article, "--store", store, "--remember"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)

        assert done.returncode == 1
        assert "the store cannot be" in done.stderr
        assert "Traceback" not in done.stderr


class TestDamagedFiles:
    NAMES = tuple(f"article {number}" for number in range(40))

    @pytest.fixture
    def used(self, store):
        """A closed store with articles."""
        with Deduplicator.open(store) as dedup:
            for name in self.NAMES:
                check(dedup, name)
        return store

    @pytest.fixture
    def crashed(self, store, tmp_path):
        """A store as a crash leaves it, with all but the first article in the log only."""
        with Deduplicator.open(store) as dedup:
            check(dedup, self.NAMES[0])
        with Deduplicator.open(store) as dedup:
            for name in self.NAMES[1:]:
                check(dedup, name)
            crashed = tmp_path / "crashed"
            crashed.mkdir()
            for name in (DATABASE_NAME, LOG_NAME):
                shutil.copy(store / name, crashed)
        return crashed

    def test_flipped_bytes(self, used, tmp_path):
        """Wherever a byte is wrong, no wrong text is shown, and every error is one of ours."""
        content = (used / DATABASE_NAME).read_bytes()
        source = random.Random(1)
        errors = 0
        for number in range(200):
            flipped = bytearray(content)
            flipped[source.randrange(len(content))] ^= 1 << source.randrange(8)
            damaged = tmp_path / str(number)
            damaged.mkdir()
            (damaged / DATABASE_NAME).write_bytes(flipped)
            try:
                self._use(damaged)
            except DedupError:
                errors += 1
        assert errors > 0

    @pytest.mark.parametrize("tenths", range(1, 10))
    def test_truncated_database(self, used, tenths):
        """A file that ends early is damaged, and said to be."""
        content = (used / DATABASE_NAME).read_bytes()
        (used / DATABASE_NAME).write_bytes(content[: len(content) * tenths // 10])

        with pytest.raises(StoreCorruptError):
            self._use(used)

    @pytest.mark.parametrize("tenths", range(11))
    def test_truncated_log(self, crashed, tenths):
        """A log that ends early keeps all commits before its end, whole and in order."""
        log = (crashed / LOG_NAME).read_bytes()
        (crashed / LOG_NAME).write_bytes(log[: len(log) * tenths // 10])

        assert self._num_kept(crashed) >= max(1, len(self.NAMES) * tenths // 10 - 1)

    @pytest.mark.parametrize("tenths", range(10))
    def test_garbage_in_the_log(self, crashed, tenths):
        """A log that turns into garbage keeps all commits before it, whole and in order."""
        log = (crashed / LOG_NAME).read_bytes()
        sound = log[: len(log) * tenths // 10]
        garbage = random.Random(tenths).randbytes(len(log) - len(sound))
        (crashed / LOG_NAME).write_bytes(sound + garbage)

        kept = self._num_kept(crashed)
        assert max(1, len(self.NAMES) * tenths // 10 - 1) <= kept < len(self.NAMES)

    def _use(self, store):
        """Show and match every article."""
        with Deduplicator.open(store) as dedup:
            for name in self.NAMES:
                assert dedup.catalogue.article(name).text == story(name)
                check(dedup, "copy", edition(name), remember=False)

    def _num_kept(self, store):
        """Return how many articles are left; they are whole, and the first ones."""
        with Deduplicator.open(store) as dedup:
            known = known_articles(store)
            assert list(known) == list(self.NAMES[: len(known)])
            assert all(known[name].text == story(name) for name in known)
            assert check(dedup, "another").verdict is Verdict.NEW
        assert violations(store) == []
        return len(known)


class TestLockedStore:
    @pytest.fixture
    def lock(self, monkeypatch):
        """Starts a process that holds a store's write lock until its input is closed."""
        monkeypatch.setattr(sqlite, "_BUSY_TIMEOUT_MS", 300)
        code = (
            "import apsw, sys; connection = apsw.Connection(sys.argv[1]);"
            "connection.execute('BEGIN IMMEDIATE'); print('locked', flush=True); sys.stdin.read()"
        )
        processes = []

        def lock(store):
            command = [sys.executable, "-c", code, store / DATABASE_NAME]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            processes.append(process)
            assert process.stdout.readline() == b"locked\n"
            return process.communicate

        yield lock
        for process in processes:
            process.kill()
            process.communicate()

    def test_writes_wait_and_fail_and_reads_go_on(self, store, lock):
        """A lock held for too long is the error; nothing was remembered."""
        with Deduplicator.open(store) as dedup:
            check(dedup, "known")
            unlock = lock(store)
            with pytest.raises(StoreUnavailableError):
                check(dedup, "refused")
            assert check(dedup, "copy", edition("known"), remember=False).verdict.is_copy
            unlock()

            assert check(dedup, "copy", edition("refused")).verdict is Verdict.NEW

    def test_a_write_waits_for_a_short_lock(self, store, lock, monkeypatch):
        """A lock that is given up in time is no error."""
        monkeypatch.setattr(sqlite, "_BUSY_TIMEOUT_MS", 20_000)
        with Deduplicator.open(store) as dedup:
            unlock = lock(store)
            timer = threading.Timer(0.3, unlock)
            timer.start()

            assert check(dedup, "patient").verdict is Verdict.NEW
            timer.join()

    def test_a_known_store_opens_for_reading(self, store, lock):
        """Whoever only reads does not wait for whoever writes."""
        with Deduplicator.open(store) as dedup:
            check(dedup, "known")
        lock(store)

        with Deduplicator.open(store) as dedup:
            assert check(dedup, "copy", edition("known"), remember=False).verdict.is_copy

    def test_over_http(self, store, lock):
        """503 `store_unavailable` with Retry-After; the service lives and goes on."""
        with TestClient(create_app(Settings(store=str(store)))) as client:
            unlock = lock(store)
            body = {"text": story("refused"), "id": "refused"}
            refused = client.post("/check", json=body)
            assert (503, "store_unavailable") == (refused.status_code, refused.json()["code"])
            assert int(refused.headers["Retry-After"]) > 0
            assert client.get("/health/ready").status_code == 200
            unlock()

            assert client.post("/check", json=body).json()["verdict"] == "new"


class TestFailedCommit:
    def test_number_goes_to_another_process(self, disk, store):
        """What a failed commit had staged is not mistaken for what took its number."""
        with Deduplicator.open(store) as one, Deduplicator.open(store) as two:
            disk.room = 5_000
            with pytest.raises(StorageFullError):
                check(one, "refused")
            disk.room = None
            check(two, "other")

            assert check(one, "copy", edition("other")).original.id == "other"
            assert check(one, "again", edition("refused")).verdict is Verdict.NEW
        assert violations(store) == []

    def test_of_a_promotion(self, disk, store):
        """The damaged original keeps its place until the promotion is durable."""
        damaged = "".join(f"{c}(wǎng)" if at % 9 == 0 else c for at, c in enumerate(story("a")))
        with Deduplicator.open(store) as dedup:
            assert check(dedup, "damaged", damaged).damage.damaged
            disk.fault = fail("sync")
            with pytest.raises(StoreUnavailableError):
                check(dedup, "sound", story("a"))
            disk.fault = no_fault
            copy = check(dedup, "copy", story("a") + "完", remember=False)
            assert copy.original.id == "damaged"

            assert check(dedup, "sound", story("a")).replaces == "damaged"
        assert violations(store) == []


class LateClock(datetime):
    """A clock that was set back by a year."""

    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) - timedelta(days=365)


class TestClock:
    def test_going_back(self, store, monkeypatch):
        """Who came first is told by the order of commits, whatever the clock says."""
        with Deduplicator.open(store) as dedup:
            check(dedup, "first")
            for module in (deduplicator, sql):
                monkeypatch.setattr(module, "datetime", LateClock)

            second = check(dedup, "second", edition("first"))
            assert second.original.id == "first"
            dedup.remove("first")
            assert check(dedup, "third", edition("first") + "完").original.id == "second"
        with Deduplicator.open(store) as dedup:
            assert check(dedup, "fourth", edition("first")).original.id == "second"
        assert violations(store) == []
