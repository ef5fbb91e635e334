"""What the shared store asks its server, and how the server finds the answers."""

from contextlib import nullcontext

import pytest

from dedup import Article, Deduplicator, IndexPlace
from dedup.store import postgres
from dedup.store.base import ClusterOrder, LogOperation

pytestmark = pytest.mark.slow

CHANGES = tuple(operation for operation in LogOperation if operation is not LogOperation.ADD)
LONG_TITLE = "很长的标题" * 800


@pytest.fixture
def deduplicator(database, seeds):
    with Deduplicator.open(database) as deduplicator:
        for name, text in seeds.items():
            deduplicator.check(Article(text=text, id=name, title=f"标题{name}", url=f"u/{name}"))
        deduplicator.check(Article(text=seeds["002"][:-90], id="long", title=LONG_TITLE))
        yield deduplicator


@pytest.fixture
def asked(monkeypatch):
    """The plans of what is asked, by statement, with whole tables read at the last resort."""
    import psycopg

    plans = {}

    def explain(connection, sql, values):
        is_small = "value FROM store" in sql[:30] or sql.startswith("UPDATE counts")
        if sql.startswith(("SELECT", "UPDATE", "DELETE")) and not is_small:
            with connection.transaction():
                connection.execute("SET LOCAL enable_seqscan = off")
                rows = execute(connection, f"EXPLAIN {sql}", values).fetchall()
            plans[sql] = "\n".join(row for (row,) in rows)
        return execute(connection, sql, values)

    execute = postgres._execute
    monkeypatch.setattr(postgres, "_execute", explain)
    # One statement after the other: a pipeline has no place for a plan in between.
    monkeypatch.setattr(psycopg.Connection, "pipeline", lambda _: nullcontext())
    return plans


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
    assert {} == {sql: plan for sql, plan in asked.items() if "Seq Scan" in plan}


def test_postings(database, asked, seeds):
    """A key is looked up in the index of its own partition, and nowhere else."""
    import psycopg

    with Deduplicator.open(database, index=IndexPlace.TABLES) as deduplicator:
        for name in ("002", "004", "000"):
            deduplicator.check(Article(text=seeds[name], id=name))
        deduplicator.remove("002")
    [(statement, plan)] = [(sql, plan) for sql, plan in asked.items() if "array_agg(place)" in sql]

    assert {} == {sql: plan for sql, plan in asked.items() if "Seq Scan" in plan}
    assert 16 == plan.count("Index Only Scan using bands_")
    assert 16 == plan.count("Index Only Scan using samples_")
    with psycopg.connect(database) as connection:
        connection.execute("SET search_path = dedup")
        connection.execute("SET enable_seqscan = off")
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
