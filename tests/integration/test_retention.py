"""Endless streams: the oldest articles are forgotten, and what they took is free again."""

import random
import time
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from dedup import Article, Deduplicator
from dedup.store.opening import open_for_upkeep

TEXT = "县里的工作人员来到企业，了解复工复产遇到的困难，帮助解决口罩和用工的问题。" * 3


def prose(seed):
    """Return three hundred characters that no other seed gives."""
    characters = random.Random(seed)
    return "".join(chr(characters.randrange(0x4E00, 0x9000)) for _ in range(300))


def assert_sound(location):
    store = open_for_upkeep(location)
    with store.snapshot() as reader:
        assert [] == list(reader.violations())
    store.close()


@pytest.mark.slow
def test_a_stream_through_a_small_store(tmp_path, monkeypatch):
    """However many articles pass, file, log and index stay as large as the limit makes them."""
    monkeypatch.setattr("dedup.deduplicator._KEPT_LOG", 500)
    location = tmp_path / "store"
    sizes = []
    with Deduplicator.open(location, durable=False) as dedup:
        for start in range(0, 6000, 200):
            articles = [
                Article(text=prose(seed), id=str(seed)) for seed in range(start, start + 200)
            ]
            dedup.remember([dedup.survey(dedup.prepare(article)) for article in articles])
            while dedup.expire(keep=1000):
                pass
            sizes.append((dedup.stats().bytes_on_disk, dedup.index_nbytes))
        assert 1000 == dedup.stats().articles == dedup.index_size
        assert "new" == dedup.check(Article(text=prose(10)), remember=False).verdict
        assert "exact" == dedup.check(Article(text=prose(5990)), remember=False).verdict
        log = dedup._store.read().log(after=0, limit=10_000)
        assert len(log) < 3500, len(log)
    for figures in zip(*sizes, strict=True):
        # The index is twice as large for a moment whenever it is built anew.
        assert median(figures[15:]) <= 1.25 * median(figures[8:15])
    assert_sound(location)


def test_a_cluster_outlives_its_original(dedup, tmp_path):
    """Copies that are younger stay, and the best of them answers for the cluster."""
    assert_hands_over(dedup)
    assert_sound(tmp_path / "store")


def test_a_cluster_outlives_its_original_in_postgres(database):
    """The same in a store that replicas share."""
    with Deduplicator.open(database) as dedup:
        assert_hands_over(dedup)
    assert_sound(database)


def test_who_is_seen_again_stays(dedup, tmp_path, monkeypatch):
    """An article that came again, or of which a copy came, is younger than others."""
    assert_stays(dedup, monkeypatch)
    assert_sound(tmp_path / "store")


def test_who_is_seen_again_stays_in_postgres(database, monkeypatch):
    """The same in a store that replicas share."""
    with Deduplicator.open(database) as dedup:
        assert_stays(dedup, monkeypatch)
    assert_sound(database)


def assert_stays(dedup, monkeypatch):
    """Let an article's copy and another article itself come again, and forget the others."""
    monkeypatch.setattr("dedup.remembering._SEEN_AGAIN_AFTER", timedelta())
    for seed in range(5):
        dedup.check(Article(text=prose(seed), id=str(seed)))
    dedup.check(Article(text=f"{prose(1)}（完）", id="copy"))
    dedup.check(Article(text=prose(3), id="looked at", title="x"), remember=False)
    dedup.check(Article(text=prose(0), id="0"))
    between = datetime.now(UTC)
    dedup.check(Article(text=f"{prose(1)}（又完）", id="younger copy"))

    assert 3 == dedup.expire(keep=4)
    assert 0 == dedup.expire(keep=4)
    assert {"0", "1", "copy", "younger copy"} == known_ids(dedup)
    assert 2 == dedup.expire(before=between)
    assert {"1", "younger copy"} == known_ids(dedup)
    assert "1" == dedup.check(Article(text=prose(1)), remember=False).original.id
    assert 2 == dedup.expire(before=datetime.now(UTC))
    assert 0 == dedup.stats().articles


def known_ids(dedup):
    return {known.article.id for known in dedup.catalogue.articles().items}


def test_a_number_is_kept_in_postgres(database):
    """The oldest articles beyond the limit are forgotten, and only they."""
    with Deduplicator.open(database) as dedup:
        for seed in range(8):
            dedup.check(Article(text=prose(seed), id=str(seed)))
        assert 5 == dedup.expire(keep=3)
        assert 0 == dedup.expire(keep=3)
        assert 3 == dedup.stats().articles == dedup.index_size
        assert dedup.check(Article(text=prose(4)), remember=False).original is None
        assert "5" == dedup.check(Article(text=prose(5)), remember=False).original.id
    assert_sound(database)


def assert_hands_over(dedup):
    """Forget the original of a cluster and find it led by the copy that stayed."""
    first = dedup.check(Article(text=TEXT, id="old"))
    dedup.check(Article(text=TEXT + "（完）", id="old-copy"))
    between = datetime.now(UTC)
    dedup.check(Article(text=TEXT + "（全文完）", id="young"))

    assert 2 == dedup.expire(before=between)
    assert 0 == dedup.expire(before=between)
    cluster = dedup.catalogue.cluster(first.cluster_id)
    assert ("young", 1) == (cluster.original.id, cluster.size)
    assert "young" == dedup.check(Article(text=TEXT, id="again")).original.id
    operations = [change.operation for change in dedup.catalogue.changes(since=0, limit=10)]
    assert ["remove", "hand_over", "remove"] == operations


def test_while_served(tmp_path):
    """The service keeps its limit by itself, and goes on answering."""
    settings = Settings(store=str(tmp_path / "store"), max_articles=5)
    with TestClient(create_app(settings)) as client:
        for seed in range(20):
            assert 200 == client.post("/check", json={"text": prose(seed)}).status_code
        deadline = time.monotonic() + 30
        while client.app.state.service.dedup.stats().articles > 5:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        answer = client.post("/check", json={"text": prose(19), "id": "b"}).json()
        assert answer["original"] is not None and 1.0 == answer["jaccard"]
        assert "dedup_expired_articles_total" in client.get("/metrics").text
