"""API keys: what an entry means, and how they are exchanged."""

import os

import pytest

from app.keys import KeyRing, Scope, entry_of, new_key, parse_keys
from dedup.errors import ConfigError

KEY = "correct-horse"


@pytest.mark.parametrize(
    ("entry", "name", "scope"),
    [
        (KEY, "key1", Scope.WRITE),
        (f"read:{KEY}", "key1", Scope.READ),
        (f"crawler:write:{KEY}", "crawler", Scope.WRITE),
        (entry_of("desk", Scope.READ, KEY), "desk", Scope.READ),
        (entry_of("desk", Scope.READ, KEY).partition(":")[2], "key1", Scope.READ),
        (f"sha256:{entry_of('x', Scope.READ, KEY)[-64:].upper()}", "key1", Scope.WRITE),
    ],
)
def test_entries(entry, name, scope):
    """A key stands as itself or as its hash, with or without a scope and a name."""
    [known] = parse_keys(entry)

    assert (name, scope) == (known.name, known.scope)
    assert known == KeyRing(entry, None).find(KEY)
    assert KEY not in repr(known) + entry_of("x", Scope.READ, KEY)


def test_lists():
    """Entries are separated by commas, blanks or lines; `#` begins a comment."""
    keys = parse_keys("read:aaaaaaaa, b:write:bbbbbbbb\n# nobody\nc:read:cccccccc # the desk\n")

    assert ["key1", "b", "c"] == [key.name for key in keys]
    assert () == parse_keys(" \n# none\n")


@pytest.mark.parametrize(
    "text",
    [":", "read:", "ingest:write", "a:admin:aaaaaaaa", "a b:write", "x/y:read:aaaaaaaa",
     "a:read:aaaaaaaa,a:read:bbbbbbbb", "read:sha256:abcdef"],
)  # fmt: skip
def test_refuses(text):
    """What is not understood stops the start, and the message does not tell the key."""
    with pytest.raises(ConfigError) as error:
        parse_keys(text)
    assert "aaaaaaaa" not in str(error.value)


def test_a_short_key_is_warned_of(caplog):
    """It opens, and the log says which entry it is, and not the key."""
    assert KeyRing("desk:read:abc", None).find("abc")
    assert "entry 1" in caplog.text
    assert "abc" not in caplog.text


def test_new_keys_differ():
    """A new key is long, and no other is like it."""
    assert len({new_key() for _ in range(100)}) == 100
    assert len(new_key()) >= 43


class TestFile:
    @pytest.fixture
    def path(self, tmp_path, monkeypatch):
        monkeypatch.setattr("app.keys._LOOK_EVERY_S", 0)
        path = tmp_path / "keys"
        path.write_text(entry_of("old", Scope.WRITE, "old-key-1"))
        return path

    def test_keys_are_exchanged(self, path):
        """A file that changed is read again: a new key is let in, an old one no more."""
        ring = KeyRing("", path)
        assert ring.find("old-key-1")
        path.write_text(entry_of("new", Scope.READ, "new-key-1"))

        assert ring.find("old-key-1") is None
        assert Scope.READ is ring.find("new-key-1").scope

    @pytest.mark.parametrize("spoil", ["remove", "nonsense", "binary"])
    def test_spoilt_file(self, path, spoil, caplog):
        """A file that cannot be read changes nothing, and the log tells."""
        ring = KeyRing("", path)
        if spoil == "remove":
            path.unlink()
        else:
            path.write_bytes(b"no:such:entry" if spoil == "nonsense" else bytes(range(128, 256)))

        assert ring.find("old-key-1")
        assert "the keys stay as they were" in caplog.text

    def test_empty_file_lets_nobody_in(self, path):
        """A file without a key is not the same as no file."""
        path.write_text("")
        os.utime(path, (1, 1))
        ring = KeyRing("", path)

        assert not ring.is_open
        assert ring.find("old-key-1") is None

    def test_missing_at_start(self, tmp_path):
        """A file that is not there stops the start."""
        with pytest.raises(ConfigError, match="cannot read"):
            KeyRing("", tmp_path / "none")
