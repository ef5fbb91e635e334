"""Fixtures for all tests, and the rule that nothing skips where everything is installed."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from opencc import OpenCC

from dedup import Deduplicator

SEEDS = Path(__file__).parent.parent / "seeds"

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=500, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Fail a test that skips where the environment promises every outside part.

    Only data that the project may not carry is never promised.
    """
    report = yield
    is_skip = report.skipped and not hasattr(report, "wasxfail")
    is_promised = "needs_data" not in item.keywords
    if is_skip and is_promised and os.environ.get("DEDUP_REQUIRE_ALL_TESTS"):
        report.outcome = "failed"
    return report


@pytest.fixture(scope="session")
def seeds() -> dict[str, str]:
    """The five articles by the first three digits of their names."""
    return {path.name[:3]: path.read_text(encoding="utf-8") for path in SEEDS.glob("*.txt")}


@pytest.fixture
def dedup(tmp_path: Path) -> Iterator[Deduplicator]:
    """A deduplicator over an empty store."""
    with Deduplicator.open(tmp_path / "store") as dedup:
        yield dedup


@pytest.fixture(scope="session")
def to_traditional() -> Callable[[str], str]:
    """Converts simplified to traditional characters, as sites do."""
    return OpenCC("s2t").convert
