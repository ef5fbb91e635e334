"""Every setting of the service. The only place that reads the environment."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from dedup.config import DedupConfig, Thresholds

__all__ = ["Settings"]


class Settings(BaseSettings):
    """Settings, each an environment variable prefixed `DEDUP_`; docs/operations.md lists them."""

    model_config = SettingsConfigDict(env_prefix="DEDUP_", extra="ignore")

    store: str = Field("dedup-data", description="Directory of the store, or postgresql://…")
    min_chars: int = Field(
        DedupConfig().min_chars, description="Normalized characters needed to compare at all."
    )
    max_body_bytes: int = Field(16 << 20, ge=1024, description="Largest request body, in bytes.")
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

    def as_environment(self) -> dict[str, str]:
        """Return the variables from which these settings would be read again."""
        prefix = self.model_config["env_prefix"]
        return {f"{prefix}{name}".upper(): str(value) for name, value in self}

    def dedup_config(self) -> DedupConfig:
        """Return the library's configuration.

        Raises:
            ConfigError: A value is out of range.
        """
        return DedupConfig(
            min_chars=self.min_chars,
            thresholds=Thresholds(
                copy=self.copy_threshold,
                partial=self.partial_threshold,
                partial_chars=self.partial_chars,
                garbled_rate=self.garbled_rate,
            ),
        )
