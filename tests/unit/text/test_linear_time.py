"""Texts that are made to be hard take time in proportion to their length."""

import time

import pytest

from dedup.text.damage.repair import repair

_LENGTH = 8_000


def seconds(text: str) -> float:
    """Return the least processor time of a few repairs."""
    times = []
    for _ in range(4):
        begun = time.process_time()
        repair(text)
        times.append(time.process_time() - begun)
    return min(times)


@pytest.mark.parametrize(
    "piece",
    [
        *["吕梁市|", "张💰北", "_x000D_中", "aB3", "a.b@", "<p ", '<b id="abc"> ', "! ", "💰 "],
        "".join(map(chr, range(0x4E00, 0x9FA6, 41))),
        "吕," * 13 + "啊" * 12,
        *["國(guo)", "?shu)(shu)", "暎╯heng）", "？", "（）", "！敝靻⒊f", "？！鞭D", "国國", "“！"],
        "！敝靻⒊f啊？" * 3,
        *["首页\n", "\n ", "张北县两手抓复工\n", "企业陆续恢复生产，工人分批返岗。"],
    ],
)
def test_repeated_pieces(piece: str) -> None:
    """Eight times the text takes no more than some twenty times as long."""
    short = piece * (_LENGTH // len(piece))

    assert seconds(short * 8) <= 20 * max(seconds(short), 0.002)
