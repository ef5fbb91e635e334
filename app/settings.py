"""Every setting of the service. The only place that reads the environment."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from dedup.config import DedupConfig, IndexPlace, Thresholds
from dedup.errors import ConfigError
from dedup.store.opening import is_shared

__all__ = ["Settings"]


class Settings(BaseSettings):
    """Settings, each an environment variable prefixed `DEDUP_`; docs/operations.md lists them."""

    model_config = SettingsConfigDict(env_prefix="DEDUP_", extra="ignore")

    store: str = Field("dedup-data", description="Directory of the store, or postgresql://…")
    min_chars: int = Field(
        DedupConfig().min_chars, description="Normalized characters needed to compare at all."
    )
    index: IndexPlace = Field(
        IndexPlace.MEMORY,
        description="Where candidates are looked up: in each worker's memory, or in tables.",
    )
    api_keys: str = Field(
        "", repr=False, description="Who may read or write; without any, everyone who can connect."
    )
    api_keys_file: Path | None = Field(None, description="More keys, read again when it changes.")
    retention_days: float = Field(
        0.0, ge=0, le=36_500, description="Days unseen after which articles go; 0 for never."
    )
    max_articles: int = Field(
        0, ge=0, description="Articles beyond which those unseen for longest go; 0 for no limit."
    )
    max_body_bytes: int = Field(16 << 20, ge=1024, description="Largest request body, in bytes.")
    max_text_chars: int = Field(
        100_000, ge=100, description="Longest text, in characters; of a page its main text."
    )
    max_page_chars: int = Field(
        2_000_000, ge=100, description="Longest page, in characters, markup included."
    )
    max_batch_lines: int = Field(1_000_000, ge=1, description="Most lines of one batch.")
    max_pending: int = Field(512, ge=1, description="Most requests under way in a worker.")
    rate_limit: float = Field(
        0.0, ge=0, description="Requests and batch lines a second of one client; 0 for no limit."
    )
    body_timeout: float = Field(30.0, gt=0, description="Seconds for a body to come.")
    keep_alive: int = Field(30, ge=1, description="Seconds that an idle connection is kept.")
    log_format: Literal["auto", "json", "text"] = Field(
        "auto", description="Log lines; auto is text on a terminal and JSON elsewhere."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least that is logged."
    )
    access_log: bool = Field(default=False, description="A log line for each request.")
    drain_seconds: float = Field(
        0.0, ge=0, description="Seconds between a request to stop and the last connection taken."
    )
    stop_timeout: int = Field(25, ge=1, description="Seconds for requests under way at a stop.")
    copy_threshold: float = Field(
        Thresholds().copy, description="Containment and coverage of a copy."
    )
    partial_threshold: float = Field(
        Thresholds().partial, description="Containment or coverage of a partial overlap."
    )
    partial_chars: int = Field(
        Thresholds().partial_chars, description="Shared characters of a partial overlap."
    )
    garbled_rate: float = Field(
        Thresholds().garbled_rate,
        description="Single wrong characters in each character of a garbled copy.",
    )

    @property
    def max_received_chars(self) -> int:
        """Longest of what may come, whether it turns out to be a page or not."""
        return max(self.max_page_chars, self.max_text_chars)

    @classmethod
    def load(cls, **given: str) -> Self:
        """Return what is given, and the rest from the environment.

        Raises:
            ConfigError: A value is not of its kind or out of range.
        """
        try:
            return cls(**given)  # type: ignore[arg-type]
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            name = f"{cls.model_config['env_prefix']}{first['loc'][0]}".upper()
            msg = f"{name}: {first['msg']}"
            raise ConfigError(msg) from None

    def as_environment(self) -> dict[str, str]:
        """Return the variables from which these settings would be read again."""
        prefix = self.model_config["env_prefix"]
        return {f"{prefix}{name}".upper(): str(value) for name, value in self if value is not None}

    def require_place_for_index(self) -> None:
        """Refuse an index in tables where the store has none.

        Raises:
            ConfigError: It is asked for, and the store is no database.
        """
        if self.index is IndexPlace.TABLES and not is_shared(self.store):
            msg = "DEDUP_INDEX=tables needs a store in PostgreSQL: postgresql://…"
            raise ConfigError(msg)

    def dedup_config(self) -> DedupConfig:
        """Return the library's configuration.

        Raises:
            ConfigError: A value is out of range.
        """
        return DedupConfig(
            min_chars=self.min_chars,
            max_chars=self.max_text_chars,
            thresholds=Thresholds(
                copy=self.copy_threshold,
                partial=self.partial_threshold,
                partial_chars=self.partial_chars,
                garbled_rate=self.garbled_rate,
            ),
        )
