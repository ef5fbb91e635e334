"""Every error this package raises on purpose.

    DedupError
    ├─ InvalidInputError (ValueError)
    │  ├─ UndecodableTextError
    │  ├─ EmptyTextError
    │  ├─ InvalidFieldError
    │  └─ TooLargeError
    ├─ ConfigError (ValueError)
    ├─ NotFoundError (LookupError)
    ├─ IdConflictError
    └─ StoreError
       ├─ StoreUnavailableError
       ├─ StorageFullError
       ├─ StoreExistsError
       ├─ StoreCorruptError
       └─ StoreVersionError

`code` is stable and safe to match on; messages are for people and may change.
"""

from typing import ClassVar

__all__ = [
    "ConfigError",
    "DedupError",
    "EmptyTextError",
    "IdConflictError",
    "InvalidFieldError",
    "InvalidInputError",
    "NotFoundError",
    "StorageFullError",
    "StoreConflictError",
    "StoreCorruptError",
    "StoreError",
    "StoreExistsError",
    "StoreUnavailableError",
    "StoreVersionError",
    "TooLargeError",
    "UndecodableTextError",
]


class DedupError(Exception):
    """Base class of every error this package raises on purpose."""

    code: ClassVar[str] = "dedup_error"
    retryable: ClassVar[bool] = False


class InvalidInputError(DedupError, ValueError):
    """The article or request itself is at fault; sending it again will not help."""

    code = "invalid_input"


class UndecodableTextError(InvalidInputError):
    """The bytes or characters are not text in any encoding that is understood."""

    code = "undecodable_text"


class EmptyTextError(InvalidInputError):
    """The text holds no letter and no digit."""

    code = "empty_text"


class InvalidFieldError(InvalidInputError):
    """A field other than the text is missing, unknown, too long or malformed."""

    code = "invalid_field"


class TooLargeError(InvalidInputError):
    """The input is larger than the configured limit."""

    code = "too_large"


class ConfigError(DedupError, ValueError):
    """A setting is outside its allowed range."""

    code = "config_error"


class NotFoundError(DedupError, LookupError):
    """No article or cluster has this id."""

    code = "not_found"


class IdConflictError(DedupError):
    """The id is known with another text."""

    code = "id_conflict"


class StoreError(DedupError):
    """Base class of the errors of a store."""

    code = "store_error"


class StoreUnavailableError(StoreError):
    """The store cannot be reached or written just now; trying again may help."""

    code = "store_unavailable"
    retryable = True


class StoreConflictError(StoreUnavailableError):
    """The store undid a transaction that stood in another's way; again, it should go through."""


class StorageFullError(StoreError):
    """The disk is full: nothing was written, reads go on."""

    code = "storage_full"


class StoreExistsError(StoreError):
    """A store is there already where a new one was to be written."""

    code = "store_exists"


class StoreCorruptError(StoreError):
    """The store's files are damaged."""

    code = "store_corrupt"


class StoreVersionError(StoreError):
    """The store was written by a release or scheme that this one cannot use as it is."""

    code = "store_version"
