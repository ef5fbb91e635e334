"""Which character it was, of which one byte is left."""

import numpy as np
import pytest

from dedup.text.damage.half_known import LEAD_LEFT, TRAIL_LEFT, restore
from dedup.text.marks import LOST

WRITTEN = "中新網3月30日電，在全國抗擊新冠病毒的同時，中小型企業也面臨物資短缺和資金上的壓力"


def half_known(text: str, lost: str, keep: int) -> tuple[str, np.ndarray]:
    """A text without some characters, and the first or second byte of each that is lost."""
    flag = TRAIL_LEFT if keep else LEAD_LEFT
    left = [flag | char.encode("big5")[keep] if char in lost else 0 for char in text]
    return "".join(LOST if char in lost else char for char in text), np.array(left, np.int32)


def restored(text: str, left: np.ndarray) -> str:
    return restore(text, left, "big5", "gbk")


@pytest.mark.parametrize("lost", ["毒業", "中小型", "短缺力全"])
def test_second_bytes_tell(lost: str) -> None:
    """Of most characters the second byte and the neighbours say which they were."""
    found = restored(*half_known(WRITTEN, lost, keep=1))
    wrong = [char for char, was in zip(found, WRITTEN, strict=True) if char not in (was, LOST)]

    assert [] == wrong
    assert 2 * found.count(LOST) <= sum(map(WRITTEN.count, lost))


def test_what_is_not_sure_stays_lost() -> None:
    """A first byte alone is one of 157 characters; whatever is put in is what stood there."""
    text, left = half_known(WRITTEN, "網", keep=0)

    assert restored(text, left) in (text, WRITTEN)


def test_nothing_is_left_of_others() -> None:
    """A character of which nothing is left stays lost, and all others as they are."""
    text = WRITTEN.replace("的", LOST) + "\U00020000"

    assert text == restored(text, np.zeros(len(text), np.int32))


def test_lost_at_both_ends() -> None:
    """A run may be all of a text."""
    text, left = half_known("我的", "我的", keep=1)

    assert len(text) == len(restored(text, left))
    assert "" == restored("", np.empty(0, np.int32))
