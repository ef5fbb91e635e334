"""What the shared store asks its server, and how the server finds the answers."""

import re
from contextlib import nullcontext

import pytest

from dedup import Article, Deduplicator, IndexPlace
from dedup.store import postgres
from dedup.store.base import ClusterOrder, LogOperation

pytestmark = pytest.mark.slow

CHANGES = tuple(operation for operation in LogOperation if operation is not LogOperation.ADD)
LONG_TITLE = "很长的标题" * 800


ROWS = 20_000
FILLING = f"""
    CREATE TEMP TABLE filling AS
        SELECT number + 100 AS number, decode(md5(number::text), 'hex') AS digest
        FROM generate_series(1, {ROWS}) AS number;
    INSERT INTO articles (number, id, cluster, text_digest, title, url, first_seen, format,
        finding, text) OVERRIDING SYSTEM VALUE
        SELECT f.number, 'x' || f.number, f.number, digest, 'Title ' || f.number,
            'v/' || f.number, first_seen, format, finding, text
        FROM articles a, filling f WHERE a.id = '002';
    INSERT INTO clusters SELECT number, 'x' || number, number, 1 FROM filling;
    INSERT INTO signatures SELECT number, 1, digest, NULL FROM filling;
    INSERT INTO normalized_texts SELECT number, digest FROM filling;
    INSERT INTO seen_again SELECT number, number FROM filling WHERE number % 4 = 0;
    INSERT INTO no_copies SELECT digest, 'x' || number FROM filling;
    INSERT INTO log (operation, number, cluster_id, at)
        SELECT CASE number % 4 WHEN 0 THEN 'promote' ELSE 'add' END, number, 'x' || number, 0
        FROM filling;
    INSERT INTO listings SELECT number, ARRAY[number], '{{}}' FROM filling;
    INSERT INTO bands SELECT number * band, number FROM filling, generate_series(1, 8) band;
    INSERT INTO samples SELECT number % 99999 * piece, 8, number
        FROM filling, generate_series(1, 8) piece;
    UPDATE store SET value = (SELECT max(sequence) FROM log) WHERE key = 'posted_upto';
    VACUUM ANALYZE
"""


@pytest.fixture
def filled(database, seeds):
    """A database with so many rows that reading a whole table costs more than an index."""
    import psycopg

    with Deduplicator.open(database, index=IndexPlace.TABLES) as deduplicator:
        for name, text in seeds.items():
            deduplicator.check(Article(text=text, id=name, title=f"标题{name}", url=f"u/{name}"))
        deduplicator.check(Article(text=seeds["002"][:-90], id="long", title=LONG_TITLE))
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("SET search_path = dedup")
        for statement in FILLING.split(";"):
            connection.execute(statement)
    return database


@pytest.fixture
def deduplicator(filled):
    with Deduplicator.open(filled) as deduplicator:
        yield deduplicator


@pytest.fixture
def asked(monkeypatch):
    """The plans of what is asked, by statement, as the server makes them by itself."""
    import psycopg

    plans = {}

    def explain(connection, sql, values):
        if sql.startswith(("SELECT", "UPDATE", "DELETE", "INSERT")):
            rows = execute(connection, f"EXPLAIN {sql}", values).fetchall()
            plans[sql] = "\n".join(row for (row,) in rows)
        return execute(connection, sql, values)

    execute = postgres._execute
    monkeypatch.setattr(postgres, "_execute", explain)
    # One statement after the other: a pipeline has no place for a plan in between.
    monkeypatch.setattr(psycopg.Connection, "pipeline", lambda _: nullcontext())
    return plans


def whole_tables_read(plans):
    """What is read from end to end, by statement; a few lines of notes may be."""
    read = {
        sql: set(re.findall(r"Seq Scan on (\w+)", plan)) - {"store", "counts"}
        for sql, plan in plans.items()
    }
    return {sql: tables for sql, tables in read.items() if tables}


def test_indexes_only(deduplicator, asked, seeds):
    """No question of a check, a page of the console or a start reads a whole table."""
    deduplicator.check(Article(text=seeds["000"] + "又一段。" * 60, id="new"), passages=True)
    deduplicator.check(Article(text=seeds["000"], id="same"), remember=False)
    reader = deduplicator._store.read()
    [stored] = reader.articles_after(0, limit=1, url="u/000")
    reader.titled("标题", after=0, limit=50)
    for order in ClusterOrder:
        reader.clusters(order, below=(1, 3), limit=50)
    reader.members(stored.cluster_id, after=0, limit=50)
    reader.originals_after(0, limit=50)
    reader.signatures_after(0, limit=50)
    reader.unmatched([stored.number])
    reader.log(after=0, limit=50, operations=CHANGES)
    deduplicator.check(Article(text=seeds["000"] + "又一段。" * 60, id="new"))
    reader.longest_unseen(after=0, limit=50)
    deduplicator.pin(stored.cluster_id, stored.record.id)
    deduplicator.remove("new")

    assert len(asked) > 20
    assert {} == whole_tables_read(asked)


def test_postings(filled, asked, seeds):
    """A key is looked up in the index of its own partition, and nowhere else."""
    import psycopg

    with Deduplicator.open(filled, index=IndexPlace.TABLES) as deduplicator:
        answer = deduplicator.check(Article(text=seeds["000"] + "又一段。" * 60, id="new"))
        assert "004" == answer.original.id
        deduplicator.remove("004")
    [(statement, plan)] = [(sql, plan) for sql, plan in asked.items() if "array_agg(place)" in sql]

    assert {} == whole_tables_read(asked)
    assert 16 == plan.count("Index Only Scan using bands_")
    assert 16 == plan.count("Index Only Scan using samples_")
    with psycopg.connect(filled) as connection:
        connection.execute("SET search_path = dedup")
        sql = "EXPLAIN (ANALYZE) " + statement.replace("?", "%s")
        rows = connection.execute(sql, ([7], 64, 1, [], 64)).fetchall()
    scans = [row for (row,) in rows if "using bands_" in row]
    assert 15 == sum("never executed" in scan for scan in scans)


def test_titles(deduplicator):
    """A part of a title is found in short and in very long ones, whatever the case."""
    deduplicator.check(Article(text="一" * 50, id="latin", title="GDP增长É"))
    reader = deduplicator._store.read()

    def found(part):
        return [article.record.id for article in reader.titled(part, after=0, limit=50)]

    assert ["000", "001", "002", "003", "004"] == sorted(found("标题0"))
    assert ["long"] == found("很长的标题很长")
    assert ["latin"] == found("gdp")
    assert ["latin"] == found("É")
    assert [] == found("%")
