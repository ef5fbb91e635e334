"""Traditional script is counted, and is no damage."""

import pytest

from dedup.models import DamageKind
from dedup.text.code_points import code_points
from dedup.text.damage.repair import repair
from dedup.text.damage.script import count_traditional


@pytest.mark.parametrize(
    ("text", "count"), [("復工復產", 3), ("复工复产", 0), ("乾坤后里台", 0), ("", 0), ("カナ学", 0)]
)
def test_count(text: str, count: int) -> None:
    """Characters that simplified texts have too do not count."""
    assert count == count_traditional(code_points(text))


def test_it_is_no_damage() -> None:
    """A traditional text is undamaged and identical."""
    repaired = repair("復工復產，動起來。")

    assert {DamageKind.TRADITIONAL_SCRIPT: 5} == repaired.damage.kinds
    assert not repaired.damage.damaged


def test_of_what_the_text_says(seeds: dict[str, str]) -> None:
    """Simplified text that was misread has the look of any script, and is simplified."""
    misread = seeds["002"].encode().decode("gb18030", "replace")

    assert DamageKind.TRADITIONAL_SCRIPT not in repair(misread).damage.kinds
