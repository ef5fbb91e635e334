"""`dedup store` over stores that are at rest, being served, killed half-way, or damaged."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import urllib.error
from datetime import timedelta
from unittest.mock import patch

import apsw
import pytest
from server import DEDUP, Server

from dedup import (
    Article,
    DamageKind,
    DedupConfig,
    Deduplicator,
    InvalidInputError,
    SketchConfig,
    StoreVersionError,
    upgrading,
)
from dedup.preparation import Preparer
from dedup.store.migrations import MIGRATIONS
from dedup.store.opening import create_for_upkeep, open_for_upkeep
from dedup.store.sqlite import DATABASE_NAME
from dedup.transfer import export_lines, import_lines
from dedup.upgrading import upgrade
from dedup.upkeep import require_scheme, signer

OTHER = DedupConfig(sketch=SketchConfig(seed=2))


def dedup(*arguments, status=0, **options):
    done = subprocess.run(
        [DEDUP, *map(str, arguments)], capture_output=True, check=False, **options
    )
    assert status == done.returncode, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    return done


def prose(seed):
    """Return sixty characters that no other seed gives."""
    characters = random.Random(seed)
    return "".join(chr(characters.randrange(0x4E00, 0x9000)) for _ in range(60))


TITLE = "关于推动企业尽快恢复生产的若干问题"


def sprinkled(text):
    """Return a text with pieces of the title all over it."""
    chunks = [TITLE[at : at + 4] for at in range(0, len(TITLE) - 3, 4)]
    chance = random.Random(1)
    for _ in range(6):
        for chunk in chunks:
            at = chance.randrange(len(text))
            text = text[:at] + chunk + text[at:]
    return text


def fill(location, seeds):
    """Make a store in which everything happened that can happen to articles."""
    with Deduplicator.open(location) as store:
        store.check(Article(text=seeds["000"], id="mirror", title="乱码", url="https://e.cn/1"))
        store.check(Article(text=seeds["004"], id="sound"))  # takes the mirror's place
        for name in ("002", "001", "003"):
            store.check(Article(text=seeds[name], id=name))
        for name in ("copy", "pinned", "other"):
            store.check(Article(text=seeds["002"] + prose(name), id=name))
        store.pin(store.catalogue.article("002").cluster_id, "pinned")
        store.separate(store.catalogue.article("other").cluster_id, "other")
        titled = store.check(Article(text=sprinkled(seeds["002"]), id="sprinkled", title=TITLE))
        assert DamageKind.TITLE_CHUNKS in titled.damage.kinds
        store.check(Article(text=seeds["001"][:400], id="excerpt"))
        store.remove("001")  # the excerpt's finding names an article that is gone
        store.check(Article(text="太短", id="short"))
        with patch("dedup.remembering._SEEN_AGAIN_AFTER", timedelta()):
            store.check(Article(text="太短", id="short"))


@pytest.fixture
def location(tmp_path, seeds):
    fill(tmp_path / "store", seeds)
    return tmp_path / "store"


def exported(location):
    store = open_for_upkeep(location)
    try:
        return list(export_lines(store))
    finally:
        store.close()


def violations(location, config=None):
    store = open_for_upkeep(location)
    preparer = Preparer(config or DedupConfig())
    try:
        require_scheme(store, preparer)
        with store.snapshot() as reader:
            return [*reader.violations(signer(preparer))]
    finally:
        store.close()


def change(location, sql):
    connection = apsw.Connection(str(location / DATABASE_NAME))
    connection.execute(sql)
    connection.close()


class TestStats:
    def test_as_json(self, location):
        """Programs get every number by its name."""
        figures = json.loads(dedup("store", "stats", "--json", "--store", location).stdout)

        assert (11 - 1, 6, 6) == (figures["articles"], figures["originals"], figures["clusters"])
        assert figures["bytes_on_disk"] // figures["articles"] in {
            figures["bytes_an_article"], figures["bytes_an_article"] - 1,
        }  # fmt: skip
        assert figures["oldest_first_seen"] < figures["newest_first_seen"]
        assert len(MIGRATIONS) == figures["schema_version"]
        assert figures["scheme"].startswith("affine32")

    def test_as_a_table(self, location):
        """A person reads the same."""
        assert b"oldest first seen" in dedup("store", "stats", "--store", location).stdout

    def test_no_store(self, tmp_path):
        """A mistyped location is told, and nothing is made there."""
        done = dedup("store", "stats", "--store", tmp_path / "typo", status=1)

        assert b"there is no store" in done.stderr
        assert not (tmp_path / "typo").exists()


class TestVerify:
    def test_sound_store(self, location):
        """A store that kept its rules passes, signatures included."""
        assert b"" == dedup("store", "verify", "--deep", "--store", location).stdout

    @pytest.mark.parametrize(
        ("sql", "rule"),
        [
            ("DELETE FROM signatures WHERE number = 1", "an article has its signature"),
            ("DELETE FROM articles WHERE id = 'copy'", "a signature belongs to an article"),
            ("DELETE FROM clusters WHERE pinned", "an article is in a cluster"),
            ("UPDATE counts SET articles = 99", "articles and clusters are counted"),
            ("UPDATE clusters SET size = 9", "a cluster's size is the number of its members"),
            ("UPDATE clusters SET original = 99", "a cluster's original is one of its members"),
            ("UPDATE signatures SET is_original = 1", "is marked as one"),
            ("UPDATE articles SET text_digest = x'00'", "a text is the one that was received"),
            ("UPDATE articles SET text = x'00'", "a text can be read"),
            ("UPDATE articles SET finding = x'7b7d'", "a finding can be read"),
            ("UPDATE normalized_texts SET text = x'00'", "a normalized text can be read"),
            ("UPDATE normalized_texts SET number = 99 + number", "a normalized text belongs to"),
            ("DELETE FROM log WHERE number = 2", "an article's addition is in the log"),
            (("INSERT INTO log SELECT 999, 'add', number, NULL, cluster_id, at, NULL, NULL FROM log"
             " WHERE sequence = 1"), "an article was added once"),
            ("DELETE FROM articles WHERE id = 'copy'", "an added article is known or was removed"),
            ("DELETE FROM log WHERE operation = 'remove'", "an added article is known or was"),
            ("UPDATE log SET cluster_id = 'c0' WHERE operation = 'leave'", "or left for"),
            ("UPDATE clusters SET original = 1 WHERE original = 2", "last took the original's"),
            ("UPDATE signatures SET normalized_digest = x'00'", "a normalized text follows"),
            ("UPDATE signatures SET signature = zeroblob(512) WHERE signature IS NOT NULL",
             "a signature follows"),
        ],
    )  # fmt: skip
    def test_every_rule(self, location, sql, rule):
        """Whatever is wrong is named."""
        change(location, sql)

        assert any(rule in violation.rule for violation in violations(location))

    def test_tells_where_and_fails(self, location):
        """Each violation is a line; the status is 1."""
        change(location, "UPDATE articles SET text_digest = x'00' WHERE id = 'copy'")

        done = dedup("store", "verify", "--store", location, status=1)

        assert "copy: not so: a text is the one that was received\n" == done.stdout.decode()

    def test_damaged_page(self, location):
        """A file that SQLite cannot read to its end is told as such."""
        file = location / DATABASE_NAME
        data = bytearray(file.read_bytes())
        data[3 * 8192 : 9 * 8192] = os.urandom(6 * 8192)
        file.write_bytes(data)

        assert dedup("store", "verify", "--store", location, status=1).stderr


class TestBackup:
    def test_of_a_store_being_written(self, tmp_path):
        """A backup of a served store is sound and has all that was acknowledged before."""
        location, copy = tmp_path / "store", tmp_path / "backups" / "copy"
        with Server(location) as server:
            acknowledged = [remember(server, prose(number)) for number in range(50)]
            with _Writing(server):
                dedup("store", "backup", "--store", location, copy)
                assert not violations(location)

        assert [DATABASE_NAME] == [path.name for path in copy.iterdir()]
        assert not violations(copy)
        with Deduplicator.open(copy) as store:
            for article_id in acknowledged:
                store.catalogue.article(article_id)

    def test_never_overwrites(self, location, tmp_path):
        """Where there is a store, or a rest of one, nothing is written."""
        before = (location / DATABASE_NAME).read_bytes()
        (tmp_path / "rest").mkdir()
        (tmp_path / "rest" / f"{DATABASE_NAME}-wal").touch()

        for destination in (location, tmp_path / "rest"):
            done = dedup("store", "backup", "--store", location, destination, status=1)
            assert b"never overwrites" in done.stderr
        assert before == (location / DATABASE_NAME).read_bytes()


class TestTransfer:
    @pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
    def test_there_and_back(self, location, tmp_path, suffix):
        """What was imported exports to the same bytes, compressed or not."""
        first, second = tmp_path / f"first{suffix}", tmp_path / f"second{suffix}"
        dedup("store", "export", "--store", location, first)
        dedup("store", "import", "--store", tmp_path / "new", first)
        dedup("store", "export", "--store", tmp_path / "new", second)

        assert first.read_bytes() == second.read_bytes()
        assert not violations(tmp_path / "new")
        assert exported(location) == exported(tmp_path / "new")

    def test_reader_that_has_enough(self, location):
        """An export whose reader goes away ends quietly."""
        with Deduplicator.open(location) as store:
            for number in range(40):  # more than a pipe holds
                store.check(Article(text=prose(number) * 100, id=str(number)))
        command = f"{DEDUP} store export --store {location} | head -c 10"
        done = subprocess.run(["bash", "-c", command], capture_output=True, check=True)

        assert (b'{"format":', b"") == (done.stdout, done.stderr)

    def test_answers_are_the_same(self, location, tmp_path, seeds):
        """The imported store says of every article what the exported one says."""
        lines = b"".join(exported(location))
        dedup("store", "import", "--store", tmp_path / "new", "-", input=lines)

        with Deduplicator.open(location) as old, Deduplicator.open(tmp_path / "new") as new:
            for summary in old.catalogue.articles().items:
                article_id = summary.article.id
                assert old.catalogue.article(article_id) == new.catalogue.article(article_id)
            assert [c.cluster_id for c in old.catalogue.clusters().items] == [
                c.cluster_id for c in new.catalogue.clusters().items
            ]
            again = Article(text=seeds["002"] + prose("other"), id="again")
            assert old.check(again, remember=False) == new.check(again, remember=False)

    def test_under_another_scheme(self, location, tmp_path):
        """Signatures are made anew, so an export outlives its scheme."""
        store = create_for_upkeep(tmp_path / "new", scheme="none yet")
        import_lines(store, exported(location), Preparer(OTHER))
        store.close()

        assert not violations(tmp_path / "new", OTHER)
        assert exported(location)[1:] == exported(tmp_path / "new")[1:]

    def test_store_with_articles(self, location):
        """Nothing is imported into a store that is in use."""
        before = exported(location)

        done = dedup("store", "import", "--store", location, "-", status=1, input=b"".join(before))

        assert b"holds articles" in done.stderr
        assert before == exported(location)

    @pytest.mark.parametrize(
        ("spoil", "told"),
        [
            (lambda lines: [], "line 1"),
            (lambda lines: [lines[0].replace(b'"version":2', b'"version":3')], "version 3"),
            (lambda lines: [lines[0], lines[1][:50], *lines[2:]], "line 2"),
            (lambda lines: [*lines[:3], b"[]\n", *lines[3:]], "line 4: not a JSON object"),
            (lambda lines: [*lines[:3], *lines[2:]], "line 4: the id '.*' was there before"),
            (lambda lines: [lines[0], *lines[2:]], "line 2: no line before it has the id"),
            (lambda lines: lines[:-1], "cut off"),
            (lambda lines: [*lines[:5], lines[5].replace(b'"text":"', b'"text":5,"txt":"')],
             "line 6: the field 'text'"),
            (lambda lines: [*lines[:5], lines[5].replace(b"{", b'{"new":1,', 1)], "6: unknown"),
            (lambda lines: [*lines[:5], lines[5].replace(b"+00:00", b"")], "line 6: the time"),
            (lambda lines: [line.replace(b'"is_original":true', b'"is_original":false')
                            for line in lines], "has no original"),
        ],
    )  # fmt: skip
    def test_damaged_export(self, location, tmp_path, spoil, told):
        """The line is named, and the store is left as empty as it was."""
        store = create_for_upkeep(tmp_path / "new", scheme=Preparer(DedupConfig()).scheme)

        with pytest.raises(InvalidInputError, match=told):
            import_lines(store, spoil(exported(location)), Preparer(DedupConfig()))

        store.close()
        with Deduplicator.open(tmp_path / "new") as dedup:
            assert 0 == dedup.stats().articles

    def test_damaged_compression(self, location, tmp_path):
        """A compressed file that was cut off is told as damaged."""
        file = tmp_path / "export.gz"
        dedup("store", "export", "--store", location, file)
        file.write_bytes(file.read_bytes()[:-20])

        done = dedup("store", "import", "--store", tmp_path / "new", file, status=1)

        assert b"damaged" in done.stderr

    def test_killed_import(self, tmp_path):
        """A half import says so to everyone, and the next import starts anew."""
        with Deduplicator.open(tmp_path / "store") as source:
            for number in range(600):
                source.check(Article(text=prose(number), id=str(number)))
        lines = exported(tmp_path / "store")
        new = tmp_path / "new"
        process = subprocess.Popen(
            [DEDUP, "store", "import", "--store", new, "-"], stdin=subprocess.PIPE
        )
        process.stdin.writelines(lines[:590])
        process.stdin.flush()
        wait_for_articles(new)
        process.kill()
        process.communicate()

        told = dedup("store", "export", "--store", new, status=1).stderr
        assert b"import that is not finished" in told
        pytest.raises(StoreVersionError, Deduplicator.open, new)
        dedup("store", "import", "--store", new, "-", input=b"".join(lines))
        assert lines == exported(new)


class TestUpgrade:
    def test_everything_goes_on(self, location, seeds):
        """The new release knows all that the old one knew, an editor's word included."""
        before = exported(location)
        store = open_for_upkeep(location)
        assert upgrade(store, Preparer(OTHER))
        assert not upgrade(store, Preparer(OTHER))
        store.close()

        assert not violations(location, OTHER)
        assert before[1:] == exported(location)[1:]
        pytest.raises(StoreVersionError, Deduplicator.open, location)
        with Deduplicator.open(location, OTHER) as dedup:
            answer = dedup.check(Article(text=seeds["003"], id="again"))
            assert "003" == answer.original.id

    def test_rules_of_normalizing_change(self, location, monkeypatch):
        """Normalized texts and an editor's word follow rules that change every text."""
        from dedup.text.folding import Folder

        fold = Folder.fold
        monkeypatch.setattr("dedup.preparation.RULES_VERSION", "changed")
        monkeypatch.setattr(Folder, "fold", lambda self, text, *_: fold(self, text + "变"))
        store = open_for_upkeep(location)
        upgrade(store, Preparer(DedupConfig()))
        with store.snapshot() as reader:
            digests = {no_copy.normalized_digest for no_copy in reader.no_copies()}
            [other] = [w for w in reader.whole_articles() if w.article.record.id == "other"]
        store.close()

        assert other.normalized_digest in digests
        assert not violations(location)

    def test_while_served(self, tmp_path, monkeypatch):
        """The old release serves until the exchange, then answers 503 and writes no more."""
        monkeypatch.setattr(upgrading, "_SIGNED_AT_ONCE", 16)
        location = tmp_path / "store"
        with Server(location) as server:
            acknowledged = [remember(server, prose(number)) for number in range(100)]
            store = open_for_upkeep(location)
            during = []

            def meanwhile(stage, done, total):
                during.append(remember(server, prose(f"during {done}")))
                server.send("DELETE", f"/articles/{acknowledged.pop(0 if done else -1)}")

            upgrade(store, Preparer(OTHER), progress=meanwhile)
            store.close()
            with pytest.raises(urllib.error.HTTPError) as refused:
                remember(server, prose("after"))

            assert 503 == refused.value.code
            assert "store_unavailable" == json.load(refused.value)["code"]
        assert len(during) > 5
        assert not violations(location, OTHER)
        with Deduplicator.open(location, OTHER) as dedup:
            assert len(acknowledged) + len(during) == dedup.stats().articles
            for article_id in [*acknowledged, *during]:
                dedup.catalogue.article(article_id)

    def test_open_process_is_refused(self, location, seeds):
        """Whoever holds the store under the old scheme can neither write nor follow."""
        with Deduplicator.open(location) as old:
            store = open_for_upkeep(location)
            upgrade(store, Preparer(OTHER))
            store.close()
            with pytest.raises(StoreVersionError):
                old.check(Article(text=prose("late"), id="late"))
            with pytest.raises(StoreVersionError):
                old.check(Article(text=seeds["003"]), remember=False)
            with Deduplicator.open(location, OTHER) as new:
                new.check(Article(text=prose("new"), id="new"))
            with pytest.raises(StoreVersionError):
                old.check(Article(text=seeds["003"]), remember=False)
        assert not violations(location, OTHER)

    def test_goes_on_after_a_kill(self, tmp_path):
        """What was signed before a kill is not signed again, and the store serves meanwhile."""
        location = tmp_path / "store"
        with Deduplicator.open(location) as source:
            for number in range(300):
                source.check(Article(text=prose(number), id=str(number)))
        killed = subprocess.run([sys.executable, "-c", _KILLED_UPGRADE, location], check=False)
        assert -signal.SIGKILL == killed.returncode

        with Deduplicator.open(location) as old:
            old.check(Article(text=prose("meanwhile"), id="meanwhile"))
            old.remove("3")
        reported = []
        store = open_for_upkeep(location)
        upgrade(store, Preparer(OTHER), progress=lambda *report: reported.append(report))
        store.close()
        assert 128 == reported[0][1]
        assert not violations(location, OTHER)

    def test_given_up_for_another(self, location):
        """A half upgrade to one scheme is no hindrance to an upgrade to another."""
        store = open_for_upkeep(location)
        with store.write() as writer:
            writer.begin_upgrade("another")
            rows = writer.texts_to_sign(limit=1)
            writer.put_signed({rows[0].number: signer(Preparer(DedupConfig()))(*rows[0][1:])})

        assert upgrade(store, Preparer(OTHER))
        store.close()

        assert not violations(location, OTHER)

    def test_given_up(self, location):
        """An upgrade that is given up leaves nothing behind."""
        store = open_for_upkeep(location)
        tables = table_names(location)
        with store.write() as writer:
            writer.begin_upgrade("another")
        assert tables != table_names(location)

        assert not upgrade(store, Preparer(DedupConfig()))
        store.close()

        assert tables == table_names(location)

    def test_command(self, location):
        """The command tells that there is nothing to do."""
        done = dedup("store", "upgrade", "--store", location)

        assert b"nothing to do" in done.stderr


_KILLED_UPGRADE = """
import os, signal, sys
from dedup import DedupConfig, SketchConfig
from dedup.preparation import Preparer
from dedup.upgrading import upgrade
from dedup.store.opening import open_for_upkeep

def kill(stage, done, total):
    if done:
        os.kill(os.getpid(), signal.SIGKILL)

other = DedupConfig(sketch=SketchConfig(seed=2))
upgrade(open_for_upkeep(sys.argv[1]), Preparer(other), progress=kill)
"""


def table_names(location):
    connection = apsw.Connection(str(location / DATABASE_NAME))
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    connection.close()
    return names


def wait_for_articles(location):
    """Wait until another process has committed some articles."""
    for _ in range(1000):
        threading.Event().wait(0.02)
        if (location / DATABASE_NAME).exists():
            connection = apsw.Connection(str(location / DATABASE_NAME))
            connection.set_busy_timeout(1000)
            try:
                if connection.execute("SELECT count(*) FROM articles").fetchone()[0]:
                    return
            except apsw.SQLError:
                continue  # the tables are not there yet
            finally:
                connection.close()
    raise AssertionError("nothing was imported")


def remember(server, text):
    """Return the id of an article that is remembered from now on."""
    return server.post("/check", {"text": text})["id"]


class _Writing:
    """Keeps a service writing while the block runs."""

    def __init__(self, server):
        self._server = server
        self._stop = threading.Event()
        self._count = 0
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *exc_info):
        self._stop.set()
        self._thread.join()
        assert self._count > 1

    def _run(self):
        while not self._stop.is_set():
            remember(self._server, prose(f"written {self._count}"))
            self._count += 1
