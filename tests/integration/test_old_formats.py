"""A store of every format that was ever released opens, or says what to do; nothing is lost."""

from pathlib import Path

import pytest
import zstandard

from dedup import DedupConfig, Deduplicator, StoreVersionError
from dedup.export_files import read_lines
from dedup.preparation import Preparer
from dedup.store.opening import create_for_upkeep, open_for_upkeep
from dedup.store.sqlite import DATABASE_NAME
from dedup.transfer import import_lines
from dedup.upgrading import upgrade
from dedup.upkeep import signer

DATA = Path(__file__).parents[1] / "data"
ARTICLES = {"garbled", "sound", "copy", "pinned", "other", "page", "short"}


@pytest.fixture
def preparer():
    return Preparer(DedupConfig())


@pytest.mark.parametrize("path", sorted(DATA.glob("store-*.zst")), ids=lambda path: path.name)
def test_store(path, tmp_path, preparer):
    """A store opens under its scheme, and after the upgrade that an error asks for."""
    location = tmp_path / "store"
    location.mkdir()
    (location / DATABASE_NAME).write_bytes(zstandard.decompress(path.read_bytes()))

    store = open_for_upkeep(location)
    if store.scheme != preparer.scheme:
        with pytest.raises(StoreVersionError, match="dedup store upgrade"):
            Deduplicator.open(location)
    upgrade(store, preparer)
    store.close()

    check_store(location, preparer)


@pytest.mark.parametrize("path", sorted(DATA.glob("export-*.zst")), ids=lambda path: path.name)
def test_export(path, tmp_path, preparer):
    """An export can be imported."""
    location = tmp_path / "store"
    store = create_for_upkeep(location, scheme=preparer.scheme)
    import_lines(store, read_lines(path), preparer)
    store.close()

    check_store(location, preparer)


def check_store(location, preparer):
    store = open_for_upkeep(location)
    with store.snapshot() as reader:
        assert [] == list(reader.violations(signer(preparer)))
    store.close()
    with Deduplicator.open(location) as dedup:
        known = {name: dedup.catalogue.article(name) for name in ARTICLES}
        assert len(ARTICLES) == dedup.stats().articles
        assert "sound" == known["garbled"].original.id
        assert known["sound"].original is None
        assert "pinned" == known["copy"].original.id
        assert known["other"].original is None
        assert "太短" == known["short"].text
        assert "(wǎng)" in known["garbled"].text
