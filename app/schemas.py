"""Request and response bodies. Requests are checked by these; responses are described."""

from contextlib import suppress
from datetime import datetime
from typing import Annotated, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from dedup.models import Article, DamageKind, TextFormat, Verdict

__all__ = [
    "ArticlesAnswer",
    "ChangesAnswer",
    "CheckAnswer",
    "CheckOptions",
    "CheckRequest",
    "ClusterAnswer",
    "ClusterDecision",
    "ClustersAnswer",
    "KnownArticleAnswer",
    "ProblemAnswer",
    "Readings",
    "RepairAnswer",
    "RepairRequest",
    "ReplaceRequest",
    "StatusAnswer",
    "VersionAnswer",
]

ArticleId = Annotated[str, Field(min_length=1, max_length=512, examples=["a17"])]
ShortText = Annotated[str, Field(max_length=4096)]
Format = Annotated[TextFormat, Field(strict=False)]
_TIME = TypeAdapter[datetime](AwareDatetime)


def _read_time(value: object) -> object:
    """Read a time whichever parser read the JSON; what is none is refused by its field."""
    if isinstance(value, str):
        with suppress(ValidationError):
            return _TIME.validate_python(value)
    return value


Time = Annotated[AwareDatetime, BeforeValidator(_read_time)]
Score = Annotated[float, Field(ge=0, le=1, examples=[0.97])]


class _Request(BaseModel):
    """A body whose fields are all known: a misspelt option is an error, not a default."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Readings(_Request):
    """What an answer tells of the text itself, when asked."""

    repaired: Annotated[bool, Field(strict=False)] = False
    main_text: Annotated[bool, Field(strict=False)] = False
    damage_marks: Annotated[bool, Field(strict=False)] = False

    @property
    def are_wanted(self) -> bool:
        """Whether any of them is asked for."""
        return self.repaired or self.main_text or self.damage_marks


class CheckOptions(_Request):
    """All of a check but its text; the query parameters of a raw body."""

    id: ArticleId | None = None
    title: ShortText | None = None
    url: ShortText | None = None
    published_at: Time | None = None
    format: Format = TextFormat.AUTO
    remember: bool = True
    passages: bool = False
    repaired: bool = False
    main_text: bool = False
    damage_marks: bool = False

    def article(self, text: str) -> Article:
        """Return the article that these options and a text describe."""
        return Article(
            text=text,
            id=self.id,
            title=self.title,
            url=self.url,
            published_at=self.published_at,
            format=self.format,
        )


class CheckRequest(CheckOptions):
    """An article to check."""

    text: str = Field(examples=["　　核心阅读\n　　为有序落实分区分级精准防控策略……"])


class ReplaceRequest(_Request):
    """A new text for an id, known or not."""

    text: str
    title: ShortText | None = None
    url: ShortText | None = None
    published_at: Time | None = None
    format: Format = TextFormat.AUTO


class ClusterDecision(_Request):
    """An editor's word on a cluster: exactly one of the two."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["pin"]}, {"required": ["not_a_copy"]}]}
    )

    pin: ArticleId | None = Field(None, description="Member that is the original from now on.")
    not_a_copy: ArticleId | None = Field(None, description="Member that is no copy of this.")

    @model_validator(mode="after")
    def _one_decision(self) -> Self:
        if (self.pin is None) is (self.not_a_copy is None):
            raise ValueError("give either pin or not_a_copy")
        return self


class RepairRequest(_Request):
    """A text to repair."""

    text: str = Field(examples=["中國(guó)臺(tái)灣網(wǎng)"])
    title: ShortText | None = None
    format: Format = TextFormat.AUTO


class RecordAnswer(BaseModel):
    """A known article."""

    id: ArticleId
    title: str | None
    url: str | None
    published_at: str | None
    first_seen: str


class DamageMarkAnswer(BaseModel):
    """A damaged stretch of the text as received, and what a repair puts in its place."""

    kind: DamageKind
    start: int
    end: int
    replacement: str


class DamageAnswer(BaseModel):
    """What is wrong with a text."""

    damaged: bool
    score: Score
    kinds: dict[DamageKind, int]
    marks: list[DamageMarkAnswer] | None = None


class StretchAnswer(BaseModel):
    """Where characters in a row begin, in the main text and in the text as received."""

    start: int
    received_start: int


class MainTextAnswer(BaseModel):
    """The text that was compared: the main text of a page, or else all of it, decoded."""

    text: str
    stretches: list[StretchAnswer]
    repaired_stretches: list[StretchAnswer] | None = None


class DifferencesAnswer(BaseModel):
    """How two texts differ, in characters."""

    substituted: int
    dropped: int
    inserted: int
    moved: int


class PassageAnswer(BaseModel):
    """A stretch that both texts carry; offsets in code points of the texts as received."""

    start: int
    end: int
    original_start: int
    original_end: int


class AnchorAnswer(BaseModel):
    """The same place in both texts as received, where a line of the original begins."""

    start: int
    original_start: int


class MatchAnswer(BaseModel):
    """A known article that shares enough."""

    id: ArticleId
    verdict: Verdict
    jaccard: Score
    containment: Score
    coverage: Score
    differences: DifferencesAnswer | None = None
    passages: list[PassageAnswer] | None = None
    anchors: list[AnchorAnswer] | None = None


class CheckAnswer(BaseModel):
    """The answer to a check."""

    id: ArticleId
    verdict: Verdict
    cluster_id: str | None
    too_short: bool
    promoted: bool
    replaces: ArticleId | None
    original: RecordAnswer | None
    jaccard: Score
    containment: Score
    coverage: Score
    matches: list[MatchAnswer]
    damage: DamageAnswer
    repaired: str | None = None
    main_text: MainTextAnswer | None = None


class KnownArticleAnswer(RecordAnswer):
    """A remembered article and what it is today."""

    format: TextFormat
    verdict: Verdict
    cluster_id: str
    original: RecordAnswer | None
    jaccard: Score
    containment: Score
    coverage: Score
    too_short: bool
    damage: DamageAnswer
    text: str
    repaired: str | None = None
    main_text: MainTextAnswer | None = None


class CopyAnswer(RecordAnswer):
    """A copy within its cluster."""

    verdict: Verdict
    jaccard: Score
    containment: Score
    coverage: Score


class ClusterAnswer(BaseModel):
    """An original and a page of its copies."""

    cluster_id: str
    size: int
    pinned: bool
    original: RecordAnswer
    copies: list[CopyAnswer]
    next_cursor: str | None


class ClusterSummaryAnswer(BaseModel):
    """A cluster in a list."""

    cluster_id: str
    size: int
    pinned: bool
    original: RecordAnswer


class ClustersAnswer(BaseModel):
    """A page of clusters."""

    clusters: list[ClusterSummaryAnswer]
    next_cursor: str | None


class ArticleSummaryAnswer(RecordAnswer):
    """An article in a list; `original` is an id."""

    verdict: Verdict
    cluster_id: str
    original: ArticleId | None


class ArticlesAnswer(BaseModel):
    """A page of articles."""

    articles: list[ArticleSummaryAnswer]
    next_cursor: str | None


class ChangeAnswer(BaseModel):
    """Something to correct in what was told before."""

    sequence: int
    operation: str
    cluster_id: str
    article_id: ArticleId
    former_id: ArticleId | None
    at: str


class ChangesAnswer(BaseModel):
    """Changes in order."""

    changes: list[ChangeAnswer]
    next_since: int


class EditAnswer(BaseModel):
    """A replacement of `text[start:end]`."""

    start: int
    end: int
    replacement: str


class StepAnswer(BaseModel):
    """One repair; its edits count in the text that the step before left."""

    repair: str
    kind: DamageKind
    edits: list[EditAnswer]


class RepairAnswer(BaseModel):
    """A repaired text."""

    text: str
    damage: DamageAnswer
    steps: list[StepAnswer]


class StatusAnswer(BaseModel):
    """How the service is."""

    status: str


class VersionAnswer(BaseModel):
    """What is running, and with which numbers."""

    release: str
    scheme: str
    k: int
    min_chars: int
    thresholds: dict[str, float]


class ProblemAnswer(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    code: str
    detail: str
