"""The embedded store's schema as named steps, each applied once and in order.

Steps are appended, never edited: a store of any release is brought up to date by those
that it lacks, each in the transaction that records it.
"""

from typing import NamedTuple

__all__ = ["MIGRATIONS", "Migration"]


class Migration(NamedTuple):
    """A named change of the schema."""

    name: str
    sql: str


MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "0001_articles_clusters_log",
        """
        CREATE TABLE store (
            key TEXT PRIMARY KEY,
            value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        -- Numbers are never used twice: indexes and recorded matches refer to them.
        CREATE TABLE articles (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            cluster INTEGER NOT NULL,
            text_digest BLOB NOT NULL,
            title TEXT,
            url TEXT,
            published_at TEXT,
            first_seen INTEGER NOT NULL,
            format TEXT NOT NULL,
            finding BLOB NOT NULL,
            text BLOB NOT NULL
        ) STRICT;
        CREATE INDEX articles_by_cluster ON articles (cluster, number);
        CREATE INDEX articles_by_url ON articles (url, number) WHERE url IS NOT NULL;

        CREATE TABLE clusters (
            number INTEGER PRIMARY KEY,
            cluster_id TEXT NOT NULL UNIQUE,
            original INTEGER NOT NULL,
            size INTEGER NOT NULL,
            pinned INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX clusters_by_size ON clusters (size, number);

        -- An editor's "not a copy of this", for whoever brings the same text again.
        CREATE TABLE no_copies (
            normalized_digest BLOB NOT NULL,
            cluster_id TEXT NOT NULL,
            PRIMARY KEY (normalized_digest, cluster_id)
        ) STRICT, WITHOUT ROWID;

        -- All that the scheme determines is in two tables of its own (and the digests of
        -- no_copies), so that an upgrade can build others beside them and exchange them
        -- at once. A start reads signatures and no text.
        CREATE TABLE signatures (
            number INTEGER PRIMARY KEY,
            is_original INTEGER NOT NULL,
            normalized_digest BLOB NOT NULL,
            signature BLOB
        ) STRICT;
        CREATE TABLE normalized_texts (
            number INTEGER PRIMARY KEY,
            text BLOB NOT NULL
        ) STRICT;

        CREATE TABLE log (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            operation TEXT NOT NULL,
            number INTEGER NOT NULL,
            former INTEGER,
            cluster_id TEXT NOT NULL,
            at INTEGER NOT NULL,
            article_id TEXT,
            former_id TEXT
        ) STRICT;
        CREATE INDEX changes ON log (sequence) WHERE operation <> 'add';
        """,
    ),
    Migration(
        "0002_titles",
        """
        -- Searching for a part of a title reads all titles, but nothing else. In order of
        -- arrival, so that an addition goes to the end.
        CREATE INDEX articles_by_title ON articles (number, title) WHERE title IS NOT NULL;
        """,
    ),
    Migration(
        "0003_seen_again",
        """
        -- When articles that came again, themselves or as copies, did so last. A table of
        -- its own: in `articles` every such change would write the text anew.
        CREATE TABLE seen_again (
            number INTEGER PRIMARY KEY,
            at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX seen_again_by_time ON seen_again (at, number);
        """,
    ),
    Migration(
        "0004_counts",
        """
        -- How many there are, kept with every change: counting reads everything.
        CREATE TABLE counts (
            articles INTEGER NOT NULL,
            clusters INTEGER NOT NULL
        ) STRICT;
        INSERT INTO counts
            SELECT (SELECT count(*) FROM articles), (SELECT count(*) FROM clusters);
        """,
    ),
)
