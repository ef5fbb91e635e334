"""GBK as bytes: encode to pairs, match at any offset, decode as careless tools do.

Characters outside GBK (emoji, rare ones) stand between stretches of bytes untouched.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache

__all__ = ["decode_careless", "encode_pair", "half_characters", "on_gbk_stretches"]


@cache
def _chars() -> dict[bytes, str]:
    """Return the character of every pair of bytes; user-defined rows as private use."""
    return {
        bytes((lead, trail)): bytes((lead, trail)).decode("gb18030")
        for lead in range(0x81, 0xFF)
        for trail in (*range(0x40, 0x7F), *range(0x80, 0xFF))
    }


@cache
def _pairs() -> dict[str, bytes]:
    return {char: pair for pair, char in _chars().items()}


def encode_pair(char: str) -> bytes | None:
    """Return the one or two bytes of a character, None if GBK has none for it."""
    if char < "\x80":
        return char.encode("ascii")
    return _pairs().get(char)


def _stretches(text: str) -> Iterator[tuple[str, bytes]]:
    """Yield the text as (foreign characters, bytes behind them) in turn."""
    foreign: list[str] = []
    packed = bytearray()
    for char in text:
        pair = encode_pair(char)
        if pair is None:
            if packed:
                yield "".join(foreign), bytes(packed)
                foreign, packed = [], bytearray()
            foreign.append(char)
        else:
            packed += pair
    yield "".join(foreign), bytes(packed)


def on_gbk_stretches(text: str, change: Callable[[bytes], str]) -> str:
    """Return the text with `change` made to each stretch that GBK can write."""
    return "".join(foreign + change(packed) for foreign, packed in _stretches(text))


_PAIR_OR_BYTE = re.compile(rb"[\x00-\x80\xff]|[\x81-\xfe].?", re.DOTALL)


def decode_careless(packed: bytes, *, dangling: str = "?", euro: bool = False) -> str:
    """Decode as the mirrors' tools do.

    With `?` for `dangling`, a lead byte with one that cannot follow it becomes one `?` for
    both; otherwise it is left out, and the other byte stays. A lead byte at the end becomes
    `dangling`; a byte 0x80 too, or the euro sign as in code page 936. Pairs of the
    user-defined rows become private-use characters.
    """
    chars = _chars()
    pieces = []
    for unit in _PAIR_OR_BYTE.findall(packed):
        if len(unit) == 2:
            pieces.append(chars.get(unit) or dangling or unit[1:].decode("ascii", "ignore"))
        elif unit < b"\x80":
            pieces.append(unit.decode("ascii"))
        else:
            pieces.append("€" if euro and unit == b"\x80" else dangling)
    return "".join(pieces)


def half_characters(packed: bytes) -> int:
    """Return how many bytes `decode_careless` cannot pair: halves whose other half is gone."""
    chars = _chars()
    return sum(
        unit >= b"\x80" and not (len(unit) == 2 and unit in chars)
        for unit in _PAIR_OR_BYTE.findall(packed)
    )
