"""The PostgreSQL store's schema as named steps, each applied once and in order.

Steps are appended, never edited, as in `dedup.store.migrations`; the tables are the same.
"""

from dedup.store.migrations import Migration

__all__ = ["MIGRATIONS"]

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "0001_articles_clusters_log",
        """
        -- Numbers are never used twice: indexes and recorded matches refer to them.
        CREATE TABLE articles (
            number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            id TEXT COLLATE "C" NOT NULL UNIQUE,
            cluster BIGINT NOT NULL,
            text_digest BYTEA NOT NULL,
            title TEXT,
            url TEXT COLLATE "C",
            published_at TEXT,
            first_seen BIGINT NOT NULL,
            format TEXT NOT NULL,
            finding BYTEA NOT NULL,
            text BYTEA NOT NULL
        );
        -- A frame is compressed already.
        ALTER TABLE articles ALTER COLUMN text SET STORAGE EXTERNAL;
        CREATE INDEX articles_by_cluster ON articles (cluster, number);
        -- By hash: a URL may be longer than a b-tree's entry.
        CREATE INDEX articles_by_url ON articles USING hash (url) WHERE url IS NOT NULL;

        CREATE TABLE clusters (
            number BIGINT PRIMARY KEY,
            cluster_id TEXT COLLATE "C" NOT NULL UNIQUE,
            original BIGINT NOT NULL,
            size BIGINT NOT NULL,
            pinned SMALLINT NOT NULL DEFAULT 0
        );
        CREATE INDEX clusters_by_size ON clusters (size, number);

        CREATE TABLE no_copies (
            normalized_digest BYTEA NOT NULL,
            cluster_id TEXT COLLATE "C" NOT NULL,
            PRIMARY KEY (normalized_digest, cluster_id)
        );

        CREATE TABLE signatures (
            number BIGINT PRIMARY KEY,
            is_original SMALLINT NOT NULL,
            normalized_digest BYTEA NOT NULL,
            signature BYTEA
        );
        ALTER TABLE signatures ALTER COLUMN signature SET STORAGE EXTERNAL;
        CREATE TABLE normalized_texts (
            number BIGINT PRIMARY KEY,
            text BYTEA NOT NULL
        );
        ALTER TABLE normalized_texts ALTER COLUMN text SET STORAGE EXTERNAL;

        CREATE TABLE log (
            sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            operation TEXT NOT NULL,
            number BIGINT NOT NULL,
            former BIGINT,
            cluster_id TEXT COLLATE "C" NOT NULL,
            at BIGINT NOT NULL,
            article_id TEXT COLLATE "C",
            former_id TEXT COLLATE "C"
        );
        CREATE INDEX changes ON log (sequence) WHERE operation <> 'add';
        """,
    ),
    Migration(
        "0002_titles",
        """
        -- Searching for a part of a title reads all titles, but nothing else. Lowering them
        -- by the rules of a language would cost more than reading them.
        ALTER TABLE articles ALTER COLUMN title TYPE TEXT COLLATE "C";
        -- Not the longest: an index has no place for them.
        CREATE INDEX articles_by_title ON articles (number) INCLUDE (title)
            WHERE octet_length(title) < 2000;
        CREATE INDEX articles_by_long_title ON articles (number)
            WHERE octet_length(title) >= 2000;
        """,
    ),
    Migration(
        "0003_seen_again",
        """
        CREATE TABLE seen_again (
            number BIGINT PRIMARY KEY,
            at BIGINT NOT NULL
        );
        CREATE INDEX seen_again_by_time ON seen_again (at, number);
        """,
    ),
    Migration(
        "0004_counts",
        """
        CREATE TABLE counts (
            articles BIGINT NOT NULL,
            clusters BIGINT NOT NULL
        );
        INSERT INTO counts
            SELECT (SELECT count(*) FROM articles), (SELECT count(*) FROM clusters);
        """,
    ),
    Migration(
        "0005_postings",
        """
        -- An index for those who do not keep it in memory (DEDUP_INDEX); see
        -- dedup.store.postings. Keys are as they are in memory, with a sign.
        CREATE TABLE listings (
            number BIGINT PRIMARY KEY,
            bands BIGINT[] NOT NULL,
            samples INTEGER[] NOT NULL
        );
        -- The number of pieces takes the room that alignment would leave empty.
        CREATE TABLE bands (
            key BIGINT NOT NULL,
            number BIGINT NOT NULL
        ) PARTITION BY HASH (key);
        CREATE TABLE samples (
            key INTEGER NOT NULL,
            num_pieces INTEGER NOT NULL,
            number BIGINT NOT NULL
        ) PARTITION BY HASH (key);
        DO $$ BEGIN
            FOR remainder IN 0..15 LOOP
                EXECUTE format('CREATE TABLE bands_%1$s PARTITION OF bands'
                    ' FOR VALUES WITH (MODULUS 16, REMAINDER %1$s)', remainder);
                EXECUTE format('CREATE TABLE samples_%1$s PARTITION OF samples'
                    ' FOR VALUES WITH (MODULUS 16, REMAINDER %1$s)', remainder);
            END LOOP;
        END $$;
        CREATE INDEX bands_by_key ON bands (key, number);
        CREATE INDEX samples_by_key ON samples (key, num_pieces, number);
        """,
    ),
)
