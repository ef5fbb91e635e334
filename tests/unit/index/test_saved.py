"""A saved index: the next to open the store finds the same, sooner."""

from contextlib import suppress
from dataclasses import replace
from random import Random
from threading import Event, Thread
from types import SimpleNamespace

import pytest

from dedup import Article, DedupConfig, Deduplicator, NotFoundError
from dedup.index import originals, postings
from dedup.index.originals import KnownOriginals

FILE = "index.saved"


@pytest.fixture(autouse=True)
def every_change_is_worth_saving(monkeypatch):
    """Stores of tests are small, and so are their tables."""
    monkeypatch.setattr(postings, "_FIRST_HOMES", 1 << 10)
    monkeypatch.setattr(postings, "_OVERFLOW", 1 << 8)
    monkeypatch.setattr(originals, "_LEAST_WORTH_SAVING", 1)
    monkeypatch.setattr(originals, "_SHARE_WORTH_SAVING", 0.0)


def prose(seed, length=300):
    """Return text that no other seed gives."""
    characters = Random(seed)
    return "".join(chr(characters.randrange(0x4E00, 0x9000)) for _ in range(length))


def fill(location, seeds, config=None):
    with Deduplicator.open(location, config) as dedup:
        for seed in seeds:
            dedup.add(Article(text=prose(seed), id=str(seed)))


def originals_of(location, seeds, config=None):
    """Return which article answers for a copy of each of these."""
    with Deduplicator.open(location, config) as dedup:
        found = (
            dedup.check(Article(text=f"转载：{prose(seed)}"), remember=False) for seed in seeds
        )
        return [result.original and result.original.id for result in found]


def never_make_anew(monkeypatch):
    """Fail where an index is not read from its file."""
    monkeypatch.setattr(KnownOriginals, "_read_block", lambda *_: pytest.fail("made anew"))


def test_the_next_to_open_reads_it(tmp_path, monkeypatch):
    """What one had listed, the next finds without looking through the store."""
    fill(tmp_path, range(20))
    never_make_anew(monkeypatch)

    assert [*map(str, range(20)), None] == originals_of(tmp_path, range(21))


def test_what_came_since_is_followed(tmp_path, monkeypatch):
    """Articles that came and went behind the saved state are where they should be."""
    fill(tmp_path, range(10))
    monkeypatch.setattr(originals, "_LEAST_WORTH_SAVING", 1_000)
    with Deduplicator.open(tmp_path) as dedup:
        dedup.remove("3")
        dedup.add(Article(text=prose(10), id="10"))
        dedup.add(Article(text=prose(4) + prose(99, 30), id="longer"))
        dedup.pin(dedup.check(Article(text=prose(4)), remember=False).cluster_id, "longer")
    never_make_anew(monkeypatch)

    found = originals_of(tmp_path, [2, 3, 4, 10])

    assert ["2", None, "longer", "10"] == found


def test_any_history(tmp_path):
    """Whatever happens, an index that was saved time and again finds what a new one finds."""
    chance = Random(7)
    for _ in range(8):
        with Deduplicator.open(tmp_path) as dedup:
            for _ in range(12):
                seed = chance.randrange(12)
                text = prose(seed) + prose(100 + seed, chance.choice([0, 40, 250]))
                article = Article(text=text, id=f"{seed}-{chance.randrange(3)}")
                if chance.random() < 0.3:
                    with suppress(NotFoundError):
                        dedup.remove(article.id)
                else:
                    dedup.remember([dedup.survey(dedup.prepare(article), replaces=True)])
                if chance.random() < 0.2:
                    dedup.save_index()
        saved = originals_of(tmp_path, [*range(12), *range(100, 112)])
        (tmp_path / FILE).unlink()

        assert saved == originals_of(tmp_path, [*range(12), *range(100, 112)])


@pytest.mark.parametrize("size", [0, 10, 20_000, -1])
def test_cut_off(tmp_path, size):
    """A file that is not whole is passed over."""
    fill(tmp_path, range(5))
    whole = (tmp_path / FILE).read_bytes()

    (tmp_path / FILE).write_bytes(whole[:size])

    assert [*map(str, range(5)), None] == originals_of(tmp_path, range(6))


def test_a_changed_byte(tmp_path):
    """Nor is one believed that a disk has changed, wherever that is."""
    fill(tmp_path, range(5))
    whole = (tmp_path / FILE).read_bytes()
    for place in Random(1).sample(range(len(whole)), 20):
        changed = bytearray(whole)
        changed[place] ^= 1
        (tmp_path / FILE).write_bytes(changed)

        assert [*map(str, range(5)), None] == originals_of(tmp_path, range(6))


def test_of_another_store(tmp_path):
    """The file of another store, of the same size and age, is passed over."""
    fill(tmp_path / "one", range(5))
    fill(tmp_path / "other", range(10, 15))

    (tmp_path / "other" / FILE).write_bytes((tmp_path / "one" / FILE).read_bytes())

    found = originals_of(tmp_path / "other", range(10, 15))
    assert [str(seed) for seed in range(10, 15)] == found


def test_of_another_configuration(tmp_path, monkeypatch):
    """What is listed depends on the configuration: with another one, the index is made anew."""
    made_anew = []
    read_block = KnownOriginals._read_block
    monkeypatch.setattr(
        KnownOriginals, "_read_block", lambda *args: made_anew.append(1) or read_block(*args)
    )
    fill(tmp_path, range(5))
    made_anew.clear()

    assert ["4"] == originals_of(tmp_path, [4], replace(DedupConfig(), min_chars=60))
    assert made_anew


def test_saved_while_articles_come(tmp_path):
    """Saving stops nobody, and what it saves is whole."""
    done = Event()

    def save():
        while not done.is_set():
            dedup.save_index()

    with Deduplicator.open(tmp_path) as dedup:
        saving = Thread(target=save)
        saving.start()
        for seed in range(0, 200, 20):
            articles = [Article(text=prose(one), id=str(one)) for one in range(seed, seed + 20)]
            dedup.remember([dedup.survey(dedup.prepare(article)) for article in articles])
        done.set()
        saving.join()

    assert [str(seed) for seed in range(200)] == originals_of(tmp_path, range(200))


def test_what_was_rolled_back_is_not_saved(tmp_path, monkeypatch):
    """Nor is an article whose transaction has just failed in the way of the next one."""

    def fail(*args):
        settle(*args)
        raise ZeroDivisionError

    settle = KnownOriginals.settle
    with Deduplicator.open(tmp_path) as dedup:
        dedup.add(Article(text=prose(1), id="1"))
        with monkeypatch.context() as failing:
            failing.setattr(KnownOriginals, "settle", fail)
            failing.setattr(KnownOriginals, "unstage", lambda *_: None)  # not yet
            with pytest.raises(ZeroDivisionError):
                dedup.add(Article(text=prose(2), id="2"))
            assert dedup.save_index()
    monkeypatch.setattr(originals, "_LEAST_WORTH_SAVING", 1_000)
    with Deduplicator.open(tmp_path) as dedup:
        assert 1 == dedup.index_size
        dedup.add(Article(text=prose(3), id="3"))

    assert ["1", None, "3"] == originals_of(tmp_path, [1, 2, 3])


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    """A disk that takes no file costs time at the next start and nothing else."""
    monkeypatch.setattr("os.open", lambda *_: (_ for _ in ()).throw(OSError("no room")))

    fill(tmp_path, range(3))

    monkeypatch.undo()
    assert ["0", "1", "2"] == originals_of(tmp_path, range(3))


def test_the_last_of_a_disk_is_for_articles(tmp_path, monkeypatch):
    """A file that takes half of what is free is not written."""
    with Deduplicator.open(tmp_path) as dedup:
        dedup.add(Article(text=prose(0)))
        size = dedup.index_nbytes
        monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=2 * size - 1))
        with pytest.raises(OSError, match="No space left"):
            dedup.save_index()

    assert not list(tmp_path.glob("index.*"))


def test_a_table_that_begins_to_move_is_not_saved(tmp_path, monkeypatch):
    """Entries go from one table to another while half of them are saved: none of it counts."""

    def chunks(array):
        yield array[:100]
        articles = [Article(text=prose(one)) for one in range(200)]
        dedup.remember([dedup.survey(dedup.prepare(article)) for article in articles])
        yield array[100:]

    with Deduplicator.open(tmp_path) as dedup:
        dedup.add(Article(text=prose(0)))
        with monkeypatch.context() as interrupting:
            interrupting.setattr(originals, "chunks", chunks)
            assert not dedup.save_index()
        assert dedup.save_index()

    assert None not in originals_of(tmp_path, range(200))
