"""The release that is running."""

from importlib.metadata import version

__all__ = ["RELEASE"]

RELEASE = version("dedup-service")
