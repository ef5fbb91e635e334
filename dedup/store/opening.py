"""Which store a location means: a directory, or a PostgreSQL database."""

from pathlib import Path

from dedup.errors import ConfigError
from dedup.store.base import ArticleStore
from dedup.store.maintenance import MaintainedStore

__all__ = ["create_for_upkeep", "is_shared", "open_for_upkeep", "open_store"]

_PREFIXES = ("postgresql://", "postgres://")


def is_shared(location: str | Path) -> bool:
    """Return whether a location is a database that several machines may share."""
    return str(location).startswith(_PREFIXES)


def open_store(location: str | Path, *, scheme: str, durable: bool = True) -> ArticleStore:
    """Open a store, creating it where there is none.

    Args:
        location: A directory, or `postgresql://…`.
        scheme: All that determines signatures; must be that of the stored ones.
        durable: False for a store that need not survive a crash, and is faster.

    Raises:
        ConfigError: A database is meant and its driver is not installed.
        StoreUnavailableError: It cannot be created, read or written.
        StoreCorruptError: It is damaged, or not a store.
        StoreVersionError: Another release or scheme wrote it.
    """
    if not is_shared(location):
        from dedup.store.sqlite import SqliteStore

        return SqliteStore(Path(location), scheme=scheme, durable=durable)
    _require_driver()
    from dedup.store.postgres import PostgresStore

    return PostgresStore(str(location), scheme=scheme, durable=durable)


def open_for_upkeep(location: str | Path) -> MaintainedStore:
    """Open a store that exists, whatever its scheme.

    Raises:
        ConfigError: A database is meant and its driver is not installed.
        StoreUnavailableError: There is none, or it cannot be read.
        StoreCorruptError: It is damaged, or not a store.
        StoreVersionError: A newer release wrote it.
    """
    if not is_shared(location):
        from dedup.store.sqlite_maintenance import SqliteMaintenance

        return SqliteMaintenance(Path(location))
    _require_driver()
    from dedup.store.postgres_maintenance import PostgresMaintenance

    return PostgresMaintenance(str(location))


def create_for_upkeep(location: str | Path, *, scheme: str) -> MaintainedStore:
    """Open a store for upkeep, making an empty one of this scheme where there is none."""
    if not is_shared(location):
        from dedup.store.sqlite_maintenance import SqliteMaintenance

        return SqliteMaintenance.create(Path(location), scheme=scheme)
    _require_driver()
    from dedup.store.postgres_maintenance import PostgresMaintenance

    return PostgresMaintenance.create(str(location), scheme=scheme)


def _require_driver() -> None:
    try:
        import psycopg_pool  # noqa: F401
    except ImportError as error:
        msg = "a PostgreSQL store needs the driver: pip install 'dedup-service[postgres]'"
        raise ConfigError(msg) from error
