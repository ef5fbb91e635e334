"""The answers of the service, field by field, as its OpenAPI document describes them."""

from typing import Literal, NotRequired, TypedDict

__all__ = [
    "AnchorAnswer",
    "ArticleSummaryAnswer",
    "ArticlesAnswer",
    "ChangeAnswer",
    "ChangesAnswer",
    "CheckAnswer",
    "ClusterAnswer",
    "ClusterSummaryAnswer",
    "ClustersAnswer",
    "CopyAnswer",
    "DamageAnswer",
    "DamageMarkAnswer",
    "DifferencesAnswer",
    "EditAnswer",
    "KnownArticleAnswer",
    "MainTextAnswer",
    "MatchAnswer",
    "PassageAnswer",
    "ProblemAnswer",
    "RecordAnswer",
    "RepairAnswer",
    "StatusAnswer",
    "StepAnswer",
    "StretchAnswer",
    "Verdict",
    "VersionAnswer",
]

Verdict = Literal["garbled_mirror", "exact", "reprint", "excerpt", "compilation", "partial", "new"]


class RecordAnswer(TypedDict):
    """A known article."""

    id: str
    title: str | None
    url: str | None
    published_at: str | None
    first_seen: str


class DamageMarkAnswer(TypedDict):
    """A damaged stretch of the text as received, and what a repair puts in its place."""

    kind: str
    start: int
    end: int
    replacement: str


class DamageAnswer(TypedDict):
    """What is wrong with a text; `kinds` are counts."""

    damaged: bool
    score: float
    kinds: dict[str, int]
    marks: NotRequired[list[DamageMarkAnswer] | None]


class StretchAnswer(TypedDict):
    """Where characters in a row begin, in the main text and in the text as received."""

    start: int
    received_start: int


class MainTextAnswer(TypedDict):
    """What a page says, without its markup, and where each part of it was."""

    text: str
    stretches: list[StretchAnswer]
    repaired_stretches: NotRequired[list[StretchAnswer] | None]


class DifferencesAnswer(TypedDict):
    """How two texts differ, in characters."""

    substituted: int
    dropped: int
    inserted: int
    moved: int


class PassageAnswer(TypedDict):
    """A stretch that both texts carry; offsets in code points of the texts as received."""

    start: int
    end: int
    original_start: int
    original_end: int


class AnchorAnswer(TypedDict):
    """The same place in both texts as received, where a line of the original begins."""

    start: int
    original_start: int


class MatchAnswer(TypedDict):
    """A known article that shares enough."""

    id: str
    verdict: Verdict
    jaccard: float
    containment: float
    coverage: float
    differences: NotRequired[DifferencesAnswer | None]
    passages: NotRequired[list[PassageAnswer] | None]
    anchors: NotRequired[list[AnchorAnswer] | None]


class CheckAnswer(TypedDict):
    """The answer to a check."""

    id: str
    verdict: Verdict
    cluster_id: str | None
    too_short: bool
    promoted: bool
    replaces: str | None
    original: RecordAnswer | None
    jaccard: float
    containment: float
    coverage: float
    matches: list[MatchAnswer]
    damage: DamageAnswer
    repaired: NotRequired[str | None]
    main_text: NotRequired[MainTextAnswer | None]


class ProblemAnswer(TypedDict):
    """Problem details, in place of the answer to one line of a batch."""

    type: str
    title: str
    status: int
    code: str
    detail: str


class KnownArticleAnswer(RecordAnswer):
    """A remembered article and what it is today."""

    format: str
    verdict: Verdict
    cluster_id: str
    original: RecordAnswer | None
    jaccard: float
    containment: float
    coverage: float
    too_short: bool
    damage: DamageAnswer
    text: str
    repaired: NotRequired[str | None]
    main_text: NotRequired[MainTextAnswer | None]


class ArticleSummaryAnswer(RecordAnswer):
    """An article in a list; `original` is an id."""

    verdict: Verdict
    cluster_id: str
    original: str | None


class ArticlesAnswer(TypedDict):
    """A page of articles."""

    articles: list[ArticleSummaryAnswer]
    next_cursor: str | None


class CopyAnswer(RecordAnswer):
    """A copy within its cluster."""

    verdict: Verdict
    jaccard: float
    containment: float
    coverage: float


class ClusterAnswer(TypedDict):
    """An original and a page of its copies."""

    cluster_id: str
    size: int
    pinned: bool
    original: RecordAnswer
    copies: list[CopyAnswer]
    next_cursor: str | None


class ClusterSummaryAnswer(TypedDict):
    """A cluster in a list."""

    cluster_id: str
    size: int
    pinned: bool
    original: RecordAnswer


class ClustersAnswer(TypedDict):
    """A page of clusters."""

    clusters: list[ClusterSummaryAnswer]
    next_cursor: str | None


class ChangeAnswer(TypedDict):
    """Something to correct in what was told before."""

    sequence: int
    operation: str
    cluster_id: str
    article_id: str
    former_id: str | None
    at: str


class ChangesAnswer(TypedDict):
    """Changes in order."""

    changes: list[ChangeAnswer]
    next_since: int


class EditAnswer(TypedDict):
    """A replacement of `text[start:end]`."""

    start: int
    end: int
    replacement: str


class StepAnswer(TypedDict):
    """One repair; its edits count in the text that the step before left."""

    repair: str
    kind: str
    edits: list[EditAnswer]


class RepairAnswer(TypedDict):
    """A repaired text."""

    text: str
    damage: DamageAnswer
    steps: list[StepAnswer]


class StatusAnswer(TypedDict):
    """How the service is."""

    status: str


class VersionAnswer(TypedDict):
    """What is running, and with which numbers."""

    release: str
    scheme: str
    k: int
    min_chars: int
    thresholds: dict[str, float]
