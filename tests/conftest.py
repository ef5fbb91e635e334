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


REQUIRE_ALL = bool(os.environ.get("DEDUP_REQUIRE_ALL_TESTS"))


def pytest_collection_modifyitems(config, items):
    """Leave out what needs data that the project may not carry, where nothing may skip."""
    if not REQUIRE_ALL or os.environ.get("DEDUP_TEST_TABLES"):
        return
    left_out = [item for item in items if "needs_data" in item.keywords]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Fail a test that skips where the environment promises every outside part."""
    report = yield
    is_skip = report.skipped and not hasattr(report, "wasxfail")
    if is_skip and REQUIRE_ALL:
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
