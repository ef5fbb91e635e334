"""Time the embedded stores considered for the article store, side by side.

    python benchmarks/time_stores.py --articles 200000

Every option gets the same rows: number, string id, 16-byte digest, address and title, a
zstd-compressed text, a 512-byte signature, and a log entry an article.  The rounds are
interleaved and shuffled, so that a busy machine disturbs all options alike; the tables show
medians over the rounds and, in brackets, the smallest and the largest.  Compare within one
run only.  An option whose package is not installed is skipped, and the output says so.

The options need: apsw, lmdb, rocksdict.  The rest needs: numpy, zstandard.
"""

from __future__ import annotations

import argparse
import datetime
import gzip
import hashlib
import importlib
import importlib.metadata
import itertools
import json
import multiprocessing
import os
import platform
import random
import shutil
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import zstandard

SEEDS = Path(__file__).resolve().parent.parent / "seeds"
SIGNATURE_BYTES = 512
POOL_SIZE = 4096  # distinct texts; rows take them in turn
MEAN_CHARACTERS = 1250
GROUP_SIZES = (1, 16)
LOAD_BATCH = 2000
WAL_BYTES = 16 << 20  # SQLite checkpoints when the log has grown to this
CACHE_BYTES = 64 << 20
FLOOR = "append and fdatasync"  # what any durable commit costs at least
MAP_BYTES = 1 << 36  # LMDB's map: the most the store may ever grow to


# --- the workload -------------------------------------------------------------------------


class Row(NamedTuple):
    number: int
    id: str
    digest: bytes
    url: str
    title: str
    signature: bytes
    text: bytes


def id_of(number: int) -> str:
    """Random-looking like the service's default ids, so that the id index is hit all over."""
    return "x" + hashlib.blake2b(number.to_bytes(8, "big"), digest_size=16).hexdigest()


def make_rows(first: int, count: int, pool: list[bytes]) -> list[Row]:
    rows = []
    for number in range(first, first + count):
        key = id_of(number)
        rows.append(
            Row(
                number,
                key,
                bytes.fromhex(key[1:]),
                f"https://news.example/{number % 97}/2026/{number}.html",
                "复工复产第" + str(number) + "号消息",
                hashlib.shake_128(key.encode()).digest(SIGNATURE_BYTES),
                pool[number % len(pool)],
            )
        )
    return rows


def make_texts(count: int, seed: int = 1) -> list[str]:
    """Texts with Zipf-distributed pieces of the seeds.

    Single characters drawn independently would compress worse than prose, so words are imitated
    by pieces of one to six characters; zstd then gets a little under 2:1 on UTF-8, as on real news.
    """
    source = "".join(path.read_text("utf-8") for path in sorted(SEEDS.glob("*.txt")))
    characters = "".join(c for c in source if c.isalpha() and not c.isascii())
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, len(characters) - 6, 20_000)
    pieces = [characters[s : s + 1 + i % 6] for i, s in enumerate(starts)]
    weights = (np.arange(len(pieces)) + 10.0) ** -1.2
    cumulative = np.cumsum(weights / weights.sum())
    texts = []
    lengths = rng.lognormal(np.log(MEAN_CHARACTERS) - 0.18, 0.6, count).clip(min=40).astype(int)
    for length in lengths:
        chosen = np.searchsorted(cumulative, rng.random(length)).clip(max=len(pieces) - 1)
        texts.append("".join(pieces[i] for i in chosen)[:length])
    return texts


def read_texts(path: Path) -> list[str]:
    """The `text` field of every line of a .jsonl or .jsonl.gz file."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        return [text for line in lines if (text := json.loads(line)["text"])]


# --- the options --------------------------------------------------------------------------


class Store(Protocol):
    """What each option does: `commit` returns only when the rows survive a power cut."""

    def load(self, rows: list[Row]) -> None: ...
    def commit(self, rows: list[Row]) -> None: ...
    def text(self, number: int) -> bytes | None: ...
    def number_of(self, key: str) -> int | None: ...
    def scan(self) -> int: ...
    def logged(self) -> int: ...
    def refresh(self) -> None: ...
    def settle(self) -> None: ...
    def backup(self, target: Path) -> None: ...
    def check(self) -> bool | None: ...
    def close(self) -> None: ...


class SqliteStore:
    """SQLite in WAL mode with synchronous=FULL, through either binding."""

    def __init__(
        self, path: Path, writer: bool, *, binding: str, split: bool, page_size: int, mmap: int = 0
    ) -> None:
        module: Any = importlib.import_module(binding)
        file = str(path / "store.db")
        self._module = module
        self._split = split
        if binding == "apsw":
            self._db: Any = module.Connection(file)
        else:
            self._db = module.connect(file, isolation_level=None)
        for pragma in (
            f"page_size={page_size}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "busy_timeout=5000",
            f"cache_size=-{CACHE_BYTES >> 10}",
            f"mmap_size={mmap}",
            f"wal_autocheckpoint={WAL_BYTES // page_size}",
            f"query_only={int(not writer)}",
        ):
            self._db.execute("PRAGMA " + pragma).fetchall()
        if writer:
            self._create()

    def _create(self) -> None:
        own = "" if self._split else "signature BLOB, "
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS articles (number INTEGER PRIMARY KEY, id TEXT NOT NULL"
            f" UNIQUE, digest BLOB, url TEXT, title TEXT, {own}text BLOB)"
        )
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS signatures (number INTEGER PRIMARY KEY, signature BLOB)"
        )
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS log (sequence INTEGER PRIMARY KEY, operation INTEGER,"
            " number INTEGER)"
        )

    def load(self, rows: list[Row]) -> None:
        self._db.execute("PRAGMA synchronous=OFF").fetchall()
        self.commit(rows)
        self._db.execute("PRAGMA synchronous=FULL").fetchall()

    def commit(self, rows: list[Row]) -> None:
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        if self._split:
            db.executemany(
                "INSERT INTO articles VALUES (?,?,?,?,?,?)", [(*row[:5], row.text) for row in rows]
            )
            db.executemany(
                "INSERT INTO signatures VALUES (?,?)", [(row.number, row.signature) for row in rows]
            )
        else:
            db.executemany("INSERT INTO articles VALUES (?,?,?,?,?,?,?)", rows)
        db.executemany(
            "INSERT INTO log (operation, number) VALUES (1,?)", [(row.number,) for row in rows]
        )
        db.execute("COMMIT")

    def _value(self, sql: str, *arguments: object) -> Any:
        row = self._db.execute(sql, arguments).fetchone()
        return None if row is None else row[0]

    def text(self, number: int) -> bytes | None:
        value: bytes | None = self._value("SELECT text FROM articles WHERE number=?", number)
        return value

    def number_of(self, key: str) -> int | None:
        value: int | None = self._value("SELECT number FROM articles WHERE id=?", key)
        return value

    def scan(self) -> int:
        table = "signatures" if self._split else "articles"
        collected = bytearray()
        for _, signature in self._db.execute(f"SELECT number, signature FROM {table} ORDER BY 1"):
            collected += signature
        return len(collected) // SIGNATURE_BYTES

    def logged(self) -> int:
        return int(self._value("SELECT max(sequence) FROM log") or 0)

    def refresh(self) -> None:
        """Nothing to do: each statement sees the last commit."""

    def settle(self) -> None:
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def backup(self, target: Path) -> None:
        target.mkdir()
        if self._module.__name__ == "apsw":
            copy = self._module.Connection(str(target / "store.db"))
            with copy.backup("main", self._db, "main") as steps:
                while not steps.done:
                    steps.step(2000)
        else:
            copy = self._module.connect(str(target / "store.db"))
            self._db.backup(copy, pages=2000)
        copy.close()

    def check(self) -> bool | None:
        return bool(self._value("PRAGMA integrity_check") == "ok")

    def close(self) -> None:
        self._db.close()


def _pack(row: Row, with_signature: bool) -> bytes:
    head = f"{row.id}\0{row.url}\0{row.title}".encode()
    signature = row.signature if with_signature else b""
    return struct.pack("<HH", len(head), len(signature)) + head + row.digest + signature + row.text


def _text_of(packed: bytes | None) -> bytes | None:
    if packed is None:
        return None
    head, signature = struct.unpack_from("<HH", packed)
    return packed[4 + head + 16 + signature :]


def _signature_of(packed: bytes) -> bytes:
    head, signature = struct.unpack_from("<HH", packed)
    return packed[20 + head : 20 + head + signature]


class LmdbStore:
    """LMDB, one named database a table; durable by default (sync and metasync)."""

    def __init__(self, path: Path, writer: bool, *, split: bool) -> None:
        lmdb: Any = importlib.import_module("lmdb")
        self._split = split
        self._env = lmdb.open(str(path), map_size=MAP_BYTES, max_dbs=4, readonly=not writer)
        names = (b"articles", b"ids", b"signatures", b"log")
        self._articles, self._ids, self._signatures, self._log = (
            self._env.open_db(name, create=writer) for name in names
        )

    def load(self, rows: list[Row]) -> None:
        self.commit(rows)

    def commit(self, rows: list[Row]) -> None:
        with self._env.begin(write=True) as txn:
            for row in rows:
                key = row.number.to_bytes(8, "big")
                txn.put(key, _pack(row, not self._split), db=self._articles, append=True)
                if self._split:
                    txn.put(key, row.signature, db=self._signatures, append=True)
                txn.put(row.id.encode(), key, db=self._ids)
                txn.put(key, b"\1" + key, db=self._log, append=True)

    def text(self, number: int) -> bytes | None:
        with self._env.begin(db=self._articles) as txn:
            return _text_of(txn.get(number.to_bytes(8, "big")))

    def number_of(self, key: str) -> int | None:
        with self._env.begin(db=self._ids) as txn:
            found = txn.get(key.encode())
        return None if found is None else int.from_bytes(found, "big")

    def scan(self) -> int:
        collected = bytearray()
        with self._env.begin(db=self._signatures if self._split else self._articles) as txn:
            for _, value in txn.cursor():
                collected += value if self._split else _signature_of(value)
        return len(collected) // SIGNATURE_BYTES

    def logged(self) -> int:
        with self._env.begin(db=self._log) as txn, txn.cursor() as cursor:
            return int.from_bytes(cursor.key(), "big") if cursor.last() else 0

    def refresh(self) -> None:
        """Nothing to do: each transaction sees the last commit."""

    def settle(self) -> None:
        self._env.sync(True)

    def backup(self, target: Path) -> None:
        target.mkdir()
        self._env.copy(str(target))

    def check(self) -> bool | None:
        return None

    def close(self) -> None:
        self._env.close()


class RocksStore:
    """RocksDB, one column family a table; texts are compressed already, so blocks are not."""

    def __init__(self, path: Path, writer: bool, *, split: bool) -> None:
        rocks: Any = importlib.import_module("rocksdict")
        self._rocks = rocks
        self._split = split
        options = rocks.Options(raw_mode=True)
        options.create_if_missing(True)
        options.create_missing_column_families(True)
        options.set_compression_type(rocks.DBCompressionType.none())
        names = ("articles", "ids", "signatures", "log")
        access = rocks.AccessType.read_write()
        if not writer:
            self._scratch = tempfile.TemporaryDirectory()
            access = rocks.AccessType.secondary(self._scratch.name)
            options.set_max_open_files(-1)
        self._db = rocks.Rdict(str(path), options, dict.fromkeys(names, options), access)
        self._tables = [self._db.get_column_family(name) for name in names]
        self._handles: list[Any] = []
        if writer:
            self._handles = [self._db.get_column_family_handle(name) for name in names]
            self._durable = rocks.WriteOptions()
            self._durable.sync = True

    def _write(self, rows: list[Row], options: Any) -> None:
        batch = self._rocks.WriteBatch(raw_mode=True)
        articles, ids, signatures, log = self._handles
        for row in rows:
            key = row.number.to_bytes(8, "big")
            batch.put(key, _pack(row, not self._split), articles)
            if self._split:
                batch.put(key, row.signature, signatures)
            batch.put(row.id.encode(), key, ids)
            batch.put(key, b"\1" + key, log)
        self._db.write(batch, options)

    def load(self, rows: list[Row]) -> None:
        self._write(rows, self._rocks.WriteOptions())

    def commit(self, rows: list[Row]) -> None:
        self._write(rows, self._durable)

    def text(self, number: int) -> bytes | None:
        return _text_of(self._tables[0].get(number.to_bytes(8, "big")))

    def number_of(self, key: str) -> int | None:
        found = self._tables[1].get(key.encode())
        return None if found is None else int.from_bytes(found, "big")

    def scan(self) -> int:
        collected = bytearray()
        for value in self._tables[2 if self._split else 0].values():
            collected += value if self._split else _signature_of(value)
        return len(collected) // SIGNATURE_BYTES

    def logged(self) -> int:
        cursor = self._tables[3].iter()
        cursor.seek_to_last()
        return int.from_bytes(cursor.key(), "big") if cursor.valid() else 0

    def refresh(self) -> None:
        self._db.try_catch_up_with_primary()

    def settle(self) -> None:
        for table in self._tables:
            table.flush()
            table.compact_range(None, None)

    def backup(self, target: Path) -> None:
        self._rocks.Checkpoint(self._db).create_checkpoint(str(target))

    def check(self) -> bool | None:
        return None

    def close(self) -> None:
        for table in self._tables:
            table.close()
        self._tables.clear()
        self._handles.clear()  # RocksDB stays open while a handle lives
        self._db.close()


@dataclass(frozen=True)
class Option:
    name: str
    package: str
    make: Callable[..., Store]
    settings: dict[str, Any]

    def open(self, path: Path, writer: bool = True) -> Store:
        return self.make(path, writer, **self.settings)

    def version(self) -> str:
        if self.package == "sqlite3":
            module: Any = importlib.import_module("sqlite3")
            return f"SQLite {module.sqlite_version}"
        version = importlib.metadata.version(self.package)
        if self.package == "apsw":
            return f"{version}, SQLite {importlib.import_module('apsw').sqlite_lib_version()}"
        return version


def _sqlite(name: str, binding: str, split: bool, page_size: int, mmap: int = 0) -> Option:
    settings = {"binding": binding, "split": split, "page_size": page_size, "mmap": mmap}
    return Option(name, binding, SqliteStore, settings)


OPTIONS = (
    _sqlite("apsw, one table, 4k pages", "apsw", False, 4096),
    _sqlite("apsw, one table, 8k", "apsw", False, 8192),
    _sqlite("apsw, two tables, 4k", "apsw", True, 4096),
    _sqlite("apsw, two tables, 8k", "apsw", True, 8192),
    _sqlite("apsw, two tables, 8k, mmap", "apsw", True, 8192, 1 << 40),
    _sqlite("apsw, two tables, 16k", "apsw", True, 16384),
    _sqlite("sqlite3, two tables, 8k", "sqlite3", True, 8192),
    Option("LMDB, one table", "lmdb", LmdbStore, {"split": False}),
    Option("LMDB, two tables", "lmdb", LmdbStore, {"split": True}),
    Option("RocksDB, one table", "rocksdict", RocksStore, {"split": False}),
    Option("RocksDB, two tables", "rocksdict", RocksStore, {"split": True}),
)


# --- measuring ----------------------------------------------------------------------------


class Samples:
    """Repeated measurements by option and quantity."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], list[float]] = {}

    def add(self, option: str, quantity: str, value: float) -> None:
        self._values.setdefault((option, quantity), []).append(value)

    def show(self, option: str, quantity: str, digits: int = 0) -> str:
        values = self._values.get((option, quantity))
        if not values:
            return "-"
        middle = f"{statistics.median(values):,.{digits}f}"
        if len(values) == 1:
            return middle
        return f"{middle} [{min(values):,.{digits}f}-{max(values):,.{digits}f}]"


def print_table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    titles = list(head)
    print("\n| " + " | ".join(titles) + " |\n|" + " --- |" * len(titles))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    sys.stdout.flush()


def micros_each(action: Callable[[Any], object], arguments: list[Any]) -> float:
    begun = time.perf_counter()
    for argument in arguments:
        action(argument)
    return (time.perf_counter() - begun) / len(arguments) * 1e6


def time_fsync(folder: Path, size: int, count: int) -> float:
    """Articles-free floor of a durable commit: append `size` bytes and wait for the disk."""
    handle = os.open(folder / "fsync.tmp", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    block = os.urandom(size)

    def append(_: object) -> None:
        os.write(handle, block)
        os.fdatasync(handle)

    try:
        return micros_each(append, list(range(count)))
    finally:
        os.close(handle)


def bytes_on_disk(folder: Path) -> int:
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file())


def drop_from_cache(folder: Path) -> None:
    for file in (f for f in folder.rglob("*") if f.is_file()):
        handle = os.open(file, os.O_RDONLY)
        os.fsync(handle)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)


@dataclass
class Bench:
    """The options under test, each with an open store in a folder of its own."""

    options: list[Option]
    folder: Path
    pool: list[bytes]
    articles: int
    samples: Samples

    def __post_init__(self) -> None:
        self.stores: dict[str, Store] = {}
        self.next_number = {option.name: self.articles + 1 for option in self.options}
        self._random = random.Random(7)

    def path(self, option: Option) -> Path:
        return self.folder / str(self.options.index(option))

    def shuffled(self) -> list[Option]:
        return self._random.sample(self.options, len(self.options))

    def fresh(self, option: Option, count: int) -> list[Row]:
        rows = make_rows(self.next_number[option.name], count, self.pool)
        self.next_number[option.name] += count
        return rows

    def load(self) -> None:
        for option in self.options:
            self.path(option).mkdir()
            store = self.stores[option.name] = option.open(self.path(option))
            spent = 0.0
            for first in range(1, self.articles + 1, LOAD_BATCH):
                rows = make_rows(first, min(LOAD_BATCH, self.articles - first + 1), self.pool)
                begun = time.perf_counter()
                store.load(rows)
                spent += time.perf_counter() - begun
            store.settle()
            size = bytes_on_disk(self.path(option))
            self.samples.add(option.name, "bulk", self.articles / spent)
            self.samples.add(option.name, "bytes", size / self.articles)
            print(f"loaded {option.name}", file=sys.stderr)

    def round(self, reads: int, commits: int) -> None:
        for group in GROUP_SIZES:
            cost = time_fsync(self.folder, 4096 * group, commits)
            self.samples.add(FLOOR, f"commit {group}", group / cost * 1e6)
        for option in self.shuffled():
            store = self.stores[option.name]
            numbers = self._random.choices(range(1, self.articles + 1), k=reads)
            store.scan()
            store.text(numbers[0])
            cost = micros_each(store.text, numbers)
            self.samples.add(option.name, "by number", cost)
            cost = micros_each(store.number_of, [id_of(number) for number in numbers])
            self.samples.add(option.name, "by id", cost)
            begun = time.perf_counter()
            scanned = store.scan()
            self.samples.add(option.name, "scan", (time.perf_counter() - begun) / scanned * 1e6)
            for group in GROUP_SIZES:
                repeats = max(1, commits // (1 if group == 1 else 4))
                groups = [self.fresh(option, group) for _ in range(repeats)]
                cost = micros_each(store.commit, groups)
                self.samples.add(option.name, f"commit {group}", group / cost * 1e6)

    def reopen(self, rounds: int) -> None:
        """Open time, warm; and the scan a fresh machine starts with, cold."""
        for _, option in itertools.product(range(rounds), self.shuffled()):
            self.stores[option.name].close()
            begun = time.perf_counter()
            store = option.open(self.path(option))
            store.text(1)
            self.samples.add(option.name, "open", (time.perf_counter() - begun) * 1e3)
            store.close()
            drop_from_cache(self.path(option))
            store = self.stores[option.name] = option.open(self.path(option))
            begun = time.perf_counter()
            scanned = store.scan()
            self.samples.add(option.name, "cold", (time.perf_counter() - begun) / scanned * 1e6)

    def concurrent(self, seconds: float) -> None:
        """Two reader processes beside the writer: what each of them gets done."""
        for option in self.shuffled():
            store = self.stores[option.name]
            pipes = []
            for seed in range(2):
                here, there = multiprocessing.Pipe()
                arguments = (option, self.path(option), self.articles, seed, there)
                process = multiprocessing.get_context("spawn").Process(
                    target=read_until_told, args=arguments
                )
                process.start()
                there.close()
                pipes.append((here, process))
            try:
                for here, _ in pipes:
                    here.recv()
                groups = 0
                end = time.perf_counter() + seconds
                while time.perf_counter() < end:
                    store.commit(self.fresh(option, 16))
                    groups += 1
                self.samples.add(option.name, "writing", groups * 16 / seconds)
                for here, _ in pipes:
                    here.send(self.next_number[option.name] - 1)
                    self.samples.add(option.name, "reading", here.recv())
            except (EOFError, BrokenPipeError):
                print(f"{option.name}: a reader FAILED beside the writer")
            for here, process in pipes:
                here.close()
                process.join(10)

    def kill(self, times: int) -> None:
        """Kill a writing process with SIGKILL and count what it had acknowledged and lost."""
        for _, option in itertools.product(range(times), self.shuffled()):
            self.stores[option.name].close()
            here, there = multiprocessing.Pipe(duplex=False)
            first = self.next_number[option.name]
            process = multiprocessing.get_context("spawn").Process(
                target=write_until_killed, args=(option, self.path(option), first, there)
            )
            process.start()
            there.close()
            acknowledged = [here.recv()]
            time.sleep(random.uniform(0.1, 0.3))
            process.kill()
            process.join()
            try:
                while True:
                    acknowledged.append(here.recv())
            except EOFError:
                pass
            store = self.stores[option.name] = option.open(self.path(option))
            numbers = range(first, acknowledged[-1] + 1)
            lost = sum(
                store.text(number) is None or store.number_of(id_of(number)) != number
                for number in numbers
            )
            lost += max(0, acknowledged[-1] - store.logged())
            self.samples.add(option.name, "acknowledged", len(numbers))
            self.samples.add(option.name, "lost", lost)
            self.next_number[option.name] = store.logged() + 1

    def maintain(self) -> None:
        for option in self.shuffled():
            store = self.stores[option.name]
            target = self.folder / "backup"
            begun = time.perf_counter()
            store.backup(target)
            self.samples.add(option.name, "backup", time.perf_counter() - begun)
            shutil.rmtree(target)
            begun = time.perf_counter()
            sound = store.check()
            if sound is not None:
                self.samples.add(option.name, "check", time.perf_counter() - begun)
                if not sound:
                    print(f"{option.name}: the integrity check FAILED")

    def close(self) -> None:
        for store in self.stores.values():
            store.close()


def read_until_told(option: Option, path: Path, articles: int, seed: int, pipe: Connection) -> None:
    """Read at random until the parent names its last row; then that row must be there."""
    store = option.open(path, writer=False)
    source = random.Random(seed)
    pipe.send("ready")
    costs = []
    while not pipe.poll():
        store.refresh()
        numbers = source.choices(range(1, articles + 1), k=100)
        costs.append(micros_each(store.text, numbers))
        if store.number_of(id_of(numbers[0])) != numbers[0]:
            raise LookupError(f"number {numbers[0]} is not found by its id")
    last = pipe.recv()
    store.refresh()
    if store.number_of(id_of(last)) != last or store.text(last) is None:
        raise LookupError(f"the writer's last row, {last}, is not visible")
    pipe.send(statistics.median(costs))
    store.close()


def write_until_killed(option: Option, path: Path, first: int, pipe: Connection) -> None:
    store = option.open(path)
    for number in itertools.count(first, 4):
        store.commit(make_rows(number, 4, [b"text" * 500]))
        pipe.send(number + 3)


# --- compression --------------------------------------------------------------------------


def compressors(samples: Sequence[bytes]) -> Iterator[tuple[str, Any, Any]]:
    trained = zstandard.train_dictionary(112_640, list(samples)).as_bytes()
    for level in (1, 3, 6):
        yield (
            f"level {level}",
            zstandard.ZstdCompressor(level=level),
            zstandard.ZstdDecompressor(),
        )
        dictionary = zstandard.ZstdCompressionDict(trained)  # precomputed for one level only
        dictionary.precompute_compress(level=level)
        yield (
            f"level {level}, dictionary",
            zstandard.ZstdCompressor(level=level, dict_data=dictionary),
            zstandard.ZstdDecompressor(dict_data=dictionary),
        )


def compare_compression(texts: list[str], rounds: int) -> None:
    """The dictionary is trained on every other text and used on the rest."""
    raw = [text.encode() for text in texts]
    trained, raw = raw[1::2], raw[::2]
    samples = Samples()
    contenders = list(compressors(trained))
    for _, (name, compressor, decompressor) in itertools.product(range(rounds), contenders):
        packed = [compressor.compress(text) for text in raw]
        samples.add(name, "ratio", sum(map(len, raw)) / sum(map(len, packed)))
        samples.add(name, "bytes", sum(map(len, packed)) / len(packed))
        samples.add(name, "compress", micros_each(compressor.compress, raw))
        samples.add(name, "decompress", micros_each(decompressor.decompress, packed))
    mean = sum(map(len, texts)) / len(texts)
    print(f"\n{len(raw):,} texts, {mean:,.0f} characters on average")
    rows = []
    for name, _, _ in contenders:
        ratio, size = samples.show(name, "ratio", 2), samples.show(name, "bytes")
        times = [samples.show(name, quantity, 1) for quantity in ("compress", "decompress")]
        rows.append([name, ratio.split()[0], size.split()[0], *times])
    print_table(["zstd", "ratio", "bytes an article", "compress, µs", "decompress, µs"], rows)


# --- the command --------------------------------------------------------------------------


def installed(options: Iterable[Option]) -> list[Option]:
    found = []
    for option in options:
        try:
            importlib.import_module(option.package)
        except ImportError:
            print(f"SKIPPED {option.name}: package {option.package} is not installed")
        else:
            found.append(option)
    return found


def report(bench: Bench) -> None:
    show = bench.samples.show
    names = [option.name for option in bench.options]
    columns = (
        {"articles/s, commits of 1": ("commit 1", 0), "commits of 16": ("commit 16", 0)}
        | {"bulk load": ("bulk", 0), "bytes an article": ("bytes", 0)},
        {"by number, µs": ("by number", 1), "by id, µs": ("by id", 1)}
        | {"scan, µs an article": ("scan", 2), "cold scan": ("cold", 2), "open, ms": ("open", 2)},
        {"articles/s beside 2 readers": ("writing", 0), "reader, µs": ("reading", 1)}
        | {"kill -9: acknowledged": ("acknowledged", 0), "lost": ("lost", 0)}
        | {"backup, s": ("backup", 2), "integrity check, s": ("check", 2)},
    )
    for position, table in enumerate(columns):
        rows = names if position else [FLOOR, *names]
        print_table(
            ["", *table],
            [[name, *(show(name, *column) for column in table.values())] for name in rows],
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--articles", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--reads", type=int, default=20_000, help="a round, of each kind")
    parser.add_argument("--commits", type=int, default=400, help="single commits a round")
    parser.add_argument("--only", default="", help="options whose name contains this")
    parser.add_argument("--texts", type=Path, help="real texts (jsonl, .gz) for compression")
    parser.add_argument("--folder", type=Path, help="where to work: the disk to be measured")
    arguments = parser.parse_args()
    if arguments.articles < 1000:
        parser.error("--articles must be at least 1000")

    moment = datetime.datetime.now(datetime.UTC).isoformat(timespec="minutes")
    print(f"{moment}, {platform.machine()}, {os.cpu_count()} cores, {platform.system()}")
    print(f"Python {platform.python_version()}, {arguments.articles:,} articles", end=", ")
    print(f"{arguments.rounds} rounds of {arguments.commits} commits and {arguments.reads:,} reads")
    options = installed(option for option in OPTIONS if arguments.only in option.name)
    if not options:
        parser.error("nothing to measure")
    for package, group in itertools.groupby(options, key=lambda option: option.package):
        print(f"{package}: {next(group).version()}")
    texts = make_texts(POOL_SIZE)
    compressor = zstandard.ZstdCompressor(level=3)
    pool = [compressor.compress(text.encode()) for text in texts]
    mean = sum(map(len, pool)) / len(pool)
    ratio = sum(len(text.encode()) for text in texts) / sum(map(len, pool))
    print(f"texts: {mean:,.0f} bytes compressed on average, {ratio:.2f}:1")

    with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="time-stores-") as folder:
        bench = Bench(options, Path(folder), pool, arguments.articles, Samples())
        bench.load()
        for number in range(arguments.rounds):
            bench.round(arguments.reads, arguments.commits)
            print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr)
        bench.reopen(3)
        bench.concurrent(1.0)
        bench.kill(3)
        bench.maintain()
        report(bench)
        bench.close()
    compare_compression(read_texts(arguments.texts) if arguments.texts else texts, 3)


if __name__ == "__main__":
    main()
