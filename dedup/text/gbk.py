"""GBK as a table of byte pairs: which two bytes a character stands for, and back.

Repairs of text that was cut or read at the wrong byte think in lead and trail
bytes. Every pair has a character here, the unassigned ones too: decoders give
the user-defined rows AAA1-AFFE, F8A1-FEFE and A140-A7A0 as private-use
characters from U+E000 on, and such a character still tells its two bytes.
Python's `gbk` codec refuses these rows; its `gb18030` codec knows them all.

ASCII is one byte and has no pair.
"""

from functools import cache

__all__ = ["LEADS", "TRAILS", "char_of", "chars_ended_by", "chars_led_by", "is_lead", "pair_of"]

LEADS = range(0x81, 0xFF)
TRAILS = (*range(0x40, 0x7F), *range(0x80, 0xFF))


@cache
def _char_table() -> tuple[str, ...]:
    """Return the character of every pair, indexed by `lead << 8 | trail`; `""` for no pair."""
    table = [""] * 0x10000
    for lead in LEADS:
        for trail in TRAILS:
            table[lead << 8 | trail] = bytes((lead, trail)).decode("gb18030")
    return tuple(table)


@cache
def _pair_table() -> dict[str, int]:
    """Return the pair of every character that has one."""
    return {char: pair for pair, char in enumerate(_char_table()) if char}


def is_lead(byte: int) -> bool:
    """Whether `byte` can open a pair; 0x80 and 0xFF cannot, and end any shifted reading."""
    return byte in LEADS


def char_of(lead: int, trail: int) -> str:
    """Return the character of a pair of bytes, or `""` if they are no pair.

    >>> char_of(0xA1, 0xA3), char_of(0xB2, 0x20)
    ('。', '')
    """
    return _char_table()[lead << 8 | trail]


def pair_of(char: str) -> int | None:
    """Return `lead << 8 | trail` of a character, or None if it is not two bytes in GBK.

    >>> hex(pair_of("啟")), pair_of("f")
    ('0x86a2', None)
    """
    return _pair_table().get(char)


@cache
def chars_led_by(lead: int) -> str:
    """Return all characters whose pair opens with `lead`, in the order of their trails."""
    return "".join(char_of(lead, trail) for trail in TRAILS if is_lead(lead))


@cache
def chars_ended_by(trail: int) -> str:
    """Return all characters whose pair ends with `trail`, in the order of their leads."""
    return "".join(char_of(lead, trail) for lead in LEADS)
