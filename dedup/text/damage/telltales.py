"""Pairs of characters without which a line is no obscene header.

Each obscene keyword of `dedup.text.damage.stuffing` holds one of these pairs, in either script;
hardly a title holds two. So the one look at a text tells which first lines have to be
read. A new keyword needs its rarest pair here, unless one is listed.
"""

from collections import defaultdict
from itertools import product

import numpy as np
from numpy.typing import NDArray

from dedup.text.words import simplify

__all__ = ["OBSCENE", "pair_slots"]

OBSCENE = (
    "1a 1A 线路 婷婷 情五 月天 国产 无码 久久 区一 区二 区三 字幕 午夜 利在 成人 黄色 黄片 "
    "品9 内精 美日 洲欧 洲美 韩欧 麻豆 在线 费观 不卡 色综 色情 人妻 熟女 少妇 丝袜 约炮 "
    "本道 香蕉 偷拍 毛片 级片 巨乳 做爱 裸体"
)
"""Pairs of obscene keywords, simplified."""

_NUM_SLOTS = 1 << 12
_HAN = "".join(map(chr, range(0x3400, 0xA000)))


def pair_slots(pairs: str) -> NDArray[np.uint32]:
    """Return a hash table of pairs in either script: their codes side by side, 0 for none.

    A pair is in the slot that `(code * 0x9E3779B1) >> 20` of 32 bits names, or behind it
    without a free slot between.
    """
    written: defaultdict[str, str] = defaultdict(str)
    for char, simplified in zip(_HAN, simplify(_HAN), strict=True):
        written[simplified] += char
    slots = np.zeros(_NUM_SLOTS, np.uint32)
    for pair in pairs.split():
        ways = (written[char] or char for char in pair)
        for first, second in product(*ways):
            key = ord(first) << 16 | ord(second)
            slot = (key * 0x9E3779B1 & 0xFFFFFFFF) >> 20
            while slots[slot]:
                slot = (slot + 1) % _NUM_SLOTS
            slots[slot] = key
    return slots
