"""The typed values that cross the package's borders: articles in, results out.

Nothing here computes; the module imports nothing else of the package.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

__all__ = [
    "Anchor",
    "Article",
    "ArticleRecord",
    "ArticleSummary",
    "Change",
    "CheckResult",
    "Cluster",
    "ClusterMember",
    "ClusterSummary",
    "Damage",
    "DamageKind",
    "DamageMark",
    "Differences",
    "Edit",
    "KnownArticle",
    "Match",
    "Page",
    "Passage",
    "RepairedText",
    "Scores",
    "Step",
    "TextFormat",
    "Verdict",
]


_Item = TypeVar("_Item")


class Verdict(StrEnum):
    """What an article is to the known articles; the first that fits, in this order."""

    GARBLED_MIRROR = "garbled_mirror"
    EXACT = "exact"
    REPRINT = "reprint"
    EXCERPT = "excerpt"
    COMPILATION = "compilation"
    PARTIAL = "partial"
    NEW = "new"

    @property
    def is_copy(self) -> bool:
        """Whether an article with this verdict is remembered as a copy."""
        return self in _COPY_VERDICTS


_COPY_VERDICTS = frozenset(
    {Verdict.GARBLED_MIRROR, Verdict.EXACT, Verdict.REPRINT, Verdict.EXCERPT}
)


class TextFormat(StrEnum):
    """How the text of an article is to be read."""

    AUTO = "auto"
    TEXT = "text"
    HTML = "html"


class DamageKind(StrEnum):
    """What can be wrong with a text; the last two are reported but are no damage."""

    PINYIN_ANNOTATION = "pinyin_annotation"
    GBK_SHIFT = "gbk_shift"
    WRONG_ENCODING = "wrong_encoding"
    ESCAPED_TEXT = "escaped_text"
    LOST_CHARACTERS = "lost_characters"
    INVISIBLE_CHARACTERS = "invisible_characters"
    SPACED_CHARACTERS = "spaced_characters"
    LOOKALIKE_CHARACTERS = "lookalike_characters"
    DOUBLED_PUNCTUATION = "doubled_punctuation"
    JAMMER = "jammer"
    TITLE_CHUNKS = "title_chunks"
    REPEATED_BODY = "repeated_body"
    KEYWORD_STUFFING = "keyword_stuffing"
    BOILERPLATE = "boilerplate"
    TRADITIONAL_SCRIPT = "traditional_script"

    @property
    def is_damage(self) -> bool:
        """Whether more than an isolated mark of this kind makes a text damaged."""
        return self not in (DamageKind.BOILERPLATE, DamageKind.TRADITIONAL_SCRIPT)


class Edit(NamedTuple):
    """Replace `text[start:end]`, counted in code points, by `replacement`."""

    start: int
    end: int
    replacement: str


@dataclass(frozen=True, slots=True)
class Step:
    """One named repair as it was applied to one text.

    Attributes:
        repair: The repair's name, for example `strip_annotations`.
        kind: The damage that it undoes.
        edits: Ascending and disjoint; offsets count in the text that the
            step before this one left, so that steps replay in order.
    """

    repair: str
    kind: DamageKind
    edits: Sequence[Edit]


@dataclass(frozen=True, slots=True)
class Damage:
    """How broken a text is.

    Attributes:
        damaged: Whether any kind of damage goes beyond isolated marks.
        score: Share of the text that damage touches, 0 to 1.
        kinds: Number of marks of each kind that was seen.
    """

    damaged: bool = False
    score: float = 0.0
    kinds: Mapping[DamageKind, int] = field(default_factory=dict)


class DamageMark(NamedTuple):
    """A damaged stretch of a text as received, and what a repair puts in its place."""

    kind: DamageKind
    start: int
    end: int
    replacement: str


@dataclass(frozen=True, slots=True)
class RepairedText:
    """A text after repair, and how it came about.

    Attributes:
        text: The repaired text; identical to the input when that is undamaged.
        damage: What was wrong with the input.
        steps: The repairs in the order applied; `replay(input, steps) == text`.
        boilerplate: Where `text` is navigation, footers and the like, as (start, end),
            ascending and disjoint: kept for people, left out when texts are compared.
    """

    text: str
    damage: Damage
    steps: tuple[Step, ...] = ()
    boilerplate: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article as a crawler hands it in.

    Attributes:
        text: The text as received, decoded and otherwise untouched.
        id: Chosen by the caller; None means `x` and the xxh3-128 of the text.
        title: For display only.
        url: Where it was found.
        published_at: Aware; decides which of two like articles is the original.
        format: Whether the text is markup.
    """

    text: str
    id: str | None = None
    title: str | None = None
    url: str | None = None
    published_at: datetime | None = None
    format: TextFormat = TextFormat.AUTO


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRecord:
    """What is known of a remembered article, without its text."""

    id: str
    title: str | None
    url: str | None
    published_at: datetime | None
    first_seen: datetime


@dataclass(frozen=True, slots=True)
class Scores:
    """Exact similarity of an incoming article A and a known one B, as shingle sets.

    Attributes:
        shared: Number of shingles in both.
        size: Number of shingles of A.
        original_size: Number of shingles of B.
    """

    shared: int = 0
    size: int = 0
    original_size: int = 0

    @property
    def jaccard(self) -> float:
        """|A∩B| / |A∪B|; 0 when both are empty."""
        union = self.size + self.original_size - self.shared
        return self.shared / union if union else 0.0

    @property
    def containment(self) -> float:
        """|A∩B| / |A|: how much of the incoming article is in the known one."""
        return self.shared / self.size if self.size else 0.0

    @property
    def coverage(self) -> float:
        """|A∩B| / |B|: how much of the known article the incoming one carries."""
        return self.shared / self.original_size if self.original_size else 0.0


@dataclass(frozen=True, slots=True)
class Differences:
    """How two matched texts differ, in characters of normalized text."""

    substituted: int = 0
    dropped: int = 0
    inserted: int = 0
    moved: int = 0


class Passage(NamedTuple):
    """A stretch that both articles carry; offsets into both texts as received."""

    start: int
    end: int
    original_start: int
    original_end: int


class Anchor(NamedTuple):
    """The same place in both articles, where a line of the original begins."""

    start: int
    original_start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A known article that shares enough with the incoming one."""

    id: str
    verdict: Verdict
    scores: Scores
    differences: Differences | None = None
    passages: tuple[Passage, ...] | None = None
    anchors: tuple[Anchor, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """The answer to one check.

    Attributes:
        id: Of the article that was checked.
        verdict: Against the best match.
        cluster_id: The cluster that the article is or would be a member of;
            None for an original that was not remembered.
        original: What the article is a copy of, None when it is none.
        scores: Those of the best match, zero without one.
        matches: Every known article that shares enough, best first.
        damage: Of the incoming text, whatever the verdict.
        too_short: Whether only equal normalized text was looked for.
        promoted: Whether the article took the place of a damaged original.
        replaces: The id of that former original.
        repaired: The repaired text.
    """

    id: str
    verdict: Verdict
    cluster_id: str | None
    original: ArticleRecord | None
    scores: Scores
    matches: tuple[Match, ...]
    damage: Damage
    too_short: bool
    promoted: bool = False
    replaces: str | None = None
    repaired: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownArticle:
    """A remembered article and what it is today.

    Attributes:
        article: Its record.
        format: As it was declared.
        text: As received.
        verdict: Against the cluster's original; for that one, against other clusters.
        cluster_id: The cluster that it is a member of.
        original: The cluster's original, None if that is this article.
        scores: Belong to the verdict.
        damage: Of its text.
        too_short: Whether it matches by equal normalized text only.
    """

    article: ArticleRecord
    format: TextFormat
    text: str
    verdict: Verdict
    cluster_id: str
    original: ArticleRecord | None
    scores: Scores
    damage: Damage
    too_short: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterMember:
    """A copy within its cluster, with its scores against the cluster's original."""

    article: ArticleRecord
    verdict: Verdict
    scores: Scores


@dataclass(frozen=True, slots=True)
class Page(Generic[_Item]):
    """A part of a long list.

    Attributes:
        items: In the order of the list.
        next_cursor: Gets the next page; None on the last one.
    """

    items: tuple[_Item, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """An original and a page of its copies.

    Attributes:
        cluster_id: Never changes, whichever member is the original.
        original: The member that answers for the cluster.
        size: Number of members, the original included.
        pinned: Whether an editor chose the original.
        copies: In order of arrival.
    """

    cluster_id: str
    original: ArticleRecord
    size: int
    pinned: bool
    copies: Page[ClusterMember]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSummary:
    """A cluster in a list of clusters."""

    cluster_id: str
    size: int
    pinned: bool
    original: ArticleRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleSummary:
    """An article in a list of articles; `original` is an id, None for an original."""

    article: ArticleRecord
    verdict: Verdict
    cluster_id: str
    original: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that a client may have to correct in what it was told.

    Attributes:
        sequence: Increasing; where to go on.
        operation: `promote`, `hand_over`, `pin`: `article_id` is the original now;
            `leave`: it left and founded `cluster_id`; `remove`: it is gone.
        cluster_id: The cluster concerned.
        article_id: The article concerned.
        former_id: The original before.
        at: When.
    """

    sequence: int
    operation: str
    cluster_id: str
    article_id: str
    former_id: str | None
    at: datetime
