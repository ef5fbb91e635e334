"""API keys: who may read, who may write. Nothing here keeps a key itself.

An entry is `KEY`, `SCOPE:KEY` or `NAME:SCOPE:KEY`, where SCOPE is `read` or `write` (a key
alone may write) and KEY is either the key or `sha256:` and the 64 hexadecimal digits of its
SHA-256. Entries are separated by commas or white space; in a file, `#` begins a comment.
"""

import hashlib
import hmac
import logging
import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from dedup.errors import ConfigError

__all__ = ["ApiKey", "KeyRing", "Scope", "entry_of", "new_key", "parse_keys"]

_LOG = logging.getLogger(__name__)

_HASH = re.compile(r"(?:(.*):)?sha256:([0-9a-fA-F]{64})")
_NAME = re.compile(r"[\w.@-]{1,64}")
_SAFE_CHARS = 16
_LOOK_EVERY_S = 1.0
_KEY_BYTES = 32


class Scope(StrEnum):
    """What a key is good for; who may write may read."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key that is let in.

    Attributes:
        name: For the log, the metrics and the rate limit; unique.
        scope: What it may do.
        digest: SHA-256 of the key, 32 bytes.
    """

    name: str
    scope: Scope
    digest: bytes = field(repr=False)


def new_key() -> str:
    """Return a key that nobody guesses."""
    return secrets.token_urlsafe(_KEY_BYTES)


def entry_of(name: str, scope: Scope, key: str) -> str:
    """Return the entry that lets a key in without telling it."""
    return f"{name}:{scope}:sha256:{_digest(key).hex()}"


def parse_keys(text: str) -> tuple[ApiKey, ...]:
    """Return the keys of a setting or of a file.

    Raises:
        ConfigError: An entry is not understood; the message does not repeat it.
    """
    lines = (line.partition("#")[0] for line in text.splitlines())
    entries = [entry for line in lines for entry in re.split(r"[,\s]+", line) if entry]
    keys = tuple(_parse(entry, place) for place, entry in enumerate(entries, start=1))
    names = [key.name for key in keys]
    if twice := {name for name in names if names.count(name) > 1}:
        msg = f"API keys: the name {min(twice)!r} is given twice"
        raise ConfigError(msg)
    return keys


class KeyRing:
    """The keys that are let in now: those of the setting and those of a file.

    The file is read again when it changes, so that keys can be exchanged while the service
    runs. A file that cannot be read or understood changes nothing: the keys that were known
    stay, and the log tells.
    """

    def __init__(self, setting: str, path: Path | None) -> None:
        """Read both.

        Raises:
            ConfigError: One of them is not understood, or the file cannot be read.
        """
        self._fixed = parse_keys(setting)
        self._path = path
        self._state: tuple[int, ...] = ()
        self._looked_at = 0.0
        self._keys = self._fixed
        if path is not None:
            try:
                self._state = _state_of(path)
                self._keys = self._combined(path)
            except OSError as error:
                msg = f"API keys: cannot read {path}: {error.strerror}"
                raise ConfigError(msg) from error

    @property
    def is_open(self) -> bool:
        """Whether everyone is let in, because no key was ever given."""
        return self._path is None and not self._fixed

    def find(self, key: str) -> ApiKey | None:
        """Return the entry of a key; takes the same time for every wrong one."""
        self._look_again()
        digest = _digest(key)
        found = None
        for known in self._keys:
            if hmac.compare_digest(digest, known.digest):
                found = known
        return found

    def _look_again(self) -> None:
        now = time.monotonic()
        if self._path is None or now - self._looked_at < _LOOK_EVERY_S:
            return
        self._looked_at = now
        try:
            state = _state_of(self._path)
            if state == self._state:
                return
            self._state = state
            self._keys = self._combined(self._path)
        except (OSError, ConfigError) as error:
            _LOG.error("the keys stay as they were: %s", error)
        else:
            _LOG.info("%d API keys are known now", len(self._keys))

    def _combined(self, path: Path) -> tuple[ApiKey, ...]:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            msg = f"API keys: {path} is not text"
            raise ConfigError(msg) from error
        return _unlike((*self._fixed, *parse_keys(text)))


def _unlike(keys: Iterable[ApiKey]) -> tuple[ApiKey, ...]:
    """Return keys by name, the file's entry in place of the setting's."""
    return tuple({key.name: key for key in keys}.values())


def _parse(entry: str, place: int) -> ApiKey:
    if hashed := _HASH.fullmatch(entry):
        before, digest = hashed[1] or "", bytes.fromhex(hashed[2])
    else:
        before, _, key = entry.rpartition(":")
        if not key or key in {*Scope}:
            msg = f"API keys: entry {place} has no key"
            raise ConfigError(msg)
        if len(key) < _SAFE_CHARS:
            _LOG.warning("API keys: that of entry %d is short enough to be guessed", place)
        digest = _digest(key)
    name, _, scope = before.rpartition(":")
    name = name or f"key{place}"
    scope = scope or Scope.WRITE
    if scope not in {*Scope} or not _NAME.fullmatch(name):
        msg = f"API keys: entry {place} is not KEY, SCOPE:KEY or NAME:SCOPE:KEY"
        raise ConfigError(msg)
    return ApiKey(name, Scope(scope), digest)


def _digest(key: str) -> bytes:
    # A key is long and random: a slow hash would protect nothing more.
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def _state_of(path: Path) -> tuple[int, ...]:
    state = path.stat()
    return state.st_mtime_ns, state.st_size, state.st_ino
