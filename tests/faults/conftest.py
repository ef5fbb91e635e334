"""Fixtures of the fault tests."""

import pytest

pytest.register_assert_rewrite(
    "backups",
    "churn",
    "invariants",
    "kills",
    "mixed",
    "overload",
    "power_cuts",
    "races",
    "streams",
)

from disk import FaultyDisk  # noqa: E402  after the line above, for all modules alike


@pytest.fixture
def disk():
    """The disk that every store of the test lies on."""
    with FaultyDisk() as disk:
        yield disk


@pytest.fixture
def store(tmp_path):
    """A directory for a store."""
    return tmp_path / "store"
