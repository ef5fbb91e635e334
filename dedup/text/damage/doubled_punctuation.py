"""Doubled punctuation: a comma set in front of every sign, or a sign set twice.

    口罩,、檢測試劑盒,、呼吸機,。     走出醫(yī)院,。當(dāng)日,,隨著

Writers double signs too: `！！！` and `？？` for emphasis, `。。。` and `，，，` for
a pause. So only pairs count, and neither marks of exclamation nor of question that
stand twice.
"""

import re

from dedup.models import Edit
from dedup.text.marks import Mark

__all__ = ["find_doubled", "keep_one_sign"]

_COMMAS = ",，"
_SIGNS = ",，、。;；:："
# A comma in front of any sign; a sign twice; a sign with a comma behind it.
_PAIR = re.compile(
    rf"(?<![{_SIGNS}.!?！？…])"
    rf"(?:[{_COMMAS}](?=[{_SIGNS}!?！？])[{_SIGNS}!?！？]|([、。;；:：])\1|[、。;；:：！？][{_COMMAS}])"
    rf"(?![{_SIGNS}.!?！？…])"
)
# The stronger a sign, the likelier it is the one that was written.
_STRENGTH = {
    sign: rank
    for rank, signs in enumerate((_COMMAS, "、", ":：", ";；", "。!！?？"))
    for sign in signs
}


def find_doubled(text: str) -> list[Mark]:
    """Return each pair of signs of which one is too many."""
    return [Mark(*match.span()) for match in _PAIR.finditer(text)]


def keep_one_sign(text: str, marks: list[Mark]) -> list[Edit]:
    """Keep the stronger sign of each pair, the second of two equal ones."""
    return [
        Edit(mark.start, mark.end, _stronger(text[mark.start], text[mark.start + 1]))
        for mark in marks
    ]


def _stronger(first: str, second: str) -> str:
    return first if _STRENGTH[first] > _STRENGTH[second] else second
