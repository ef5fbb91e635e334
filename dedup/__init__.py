"""Near-duplicate detection for Chinese news, and repair of Chinese web damage.

`Deduplicator` is the way in: `check` an article, `scan` a collection. `repair` undoes
damage of a single text.
"""

from dedup.batch.scanning import Keep, scan
from dedup.config import DedupConfig, IndexPlace, SketchConfig, Thresholds
from dedup.deduplicator import Deduplicator
from dedup.errors import (
    ConfigError,
    DedupError,
    EmptyTextError,
    IdConflictError,
    InvalidFieldError,
    InvalidInputError,
    NotFoundError,
    StorageFullError,
    StoreCorruptError,
    StoreError,
    StoreExistsError,
    StoreUnavailableError,
    StoreVersionError,
    TooLargeError,
    UndecodableTextError,
)
from dedup.models import (
    Article,
    ArticleRecord,
    CheckResult,
    Cluster,
    ClusterMember,
    Damage,
    DamageKind,
    Differences,
    Edit,
    KnownArticle,
    Match,
    Passage,
    RepairedText,
    Scores,
    Step,
    TextFormat,
    Verdict,
)
from dedup.text.damage.repair import repair, replay
from dedup.text.normalization import repair_article

__all__ = [
    "Article",
    "ArticleRecord",
    "CheckResult",
    "Cluster",
    "ClusterMember",
    "ConfigError",
    "Damage",
    "DamageKind",
    "DedupConfig",
    "DedupError",
    "Deduplicator",
    "Differences",
    "Edit",
    "EmptyTextError",
    "IdConflictError",
    "IndexPlace",
    "InvalidFieldError",
    "InvalidInputError",
    "Keep",
    "KnownArticle",
    "Match",
    "NotFoundError",
    "Passage",
    "RepairedText",
    "Scores",
    "SketchConfig",
    "Step",
    "StorageFullError",
    "StoreCorruptError",
    "StoreError",
    "StoreExistsError",
    "StoreUnavailableError",
    "StoreVersionError",
    "TextFormat",
    "Thresholds",
    "TooLargeError",
    "UndecodableTextError",
    "Verdict",
    "repair",
    "repair_article",
    "replay",
    "scan",
]
