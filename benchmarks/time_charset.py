"""Compare charset detectors on Chinese text: how often they are right, and how fast.

    python benchmarks/time_charset.py --simplified A.jsonl.gz --traditional B.jsonl.gz

Passages of articles (`text`, one JSON object a line) are written in an encoding, whole or
cut to some characters, some with three bytes lost or changed; nothing is declared. A
detector is right if nine tenths of what its encoding reads are the same as in the true one.
Detectors that are not installed are left out; compare times within one run only.
"""

import argparse
import gzip
import importlib
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from dedup.errors import UndecodableTextError
from dedup.text.decode import encoding_of

Detector = Callable[[bytes], str | None]
NUM_TEXTS = 120
LENGTHS = (10, 20, 50, 200, 5_000)
LARGEST = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "cp950": "big5hkscs"}
RIGHT_FROM = 0.9


class Group(NamedTuple):
    """Passages of one kind: what they are called, their encoding and their bytes."""

    name: str
    encoding: str
    passages: list[bytes]


def texts(path: Path) -> list[str]:
    """Return some texts of a collection, chosen at random."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        found = [str(json.loads(line)["text"]) for line in lines]
    return random.Random(7).sample(found, min(NUM_TEXTS, len(found)))


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Return the data with three bytes lost or changed."""
    changed = bytearray(data)
    for _ in range(3):
        place = rng.randrange(len(changed))
        changed[place : place + 1] = rng.choice([b"", bytes([rng.randrange(128, 256)])])
    return bytes(changed)


def groups(simplified: list[str], traditional: list[str]) -> list[Group]:
    """Return passages of every script, encoding and length."""
    rng = random.Random(7)
    found = []
    for script, chosen, encodings in (
        ("simplified", simplified, ("gb18030", "utf-16-le", "utf-8")),
        ("traditional", traditional, ("gb18030", "big5hkscs", "utf-16-be")),
    ):
        for encoding in encodings:
            for length in LENGTHS:
                cut = [text[:length].encode(encoding, "ignore") for text in chosen]
                found.append(Group(f"{script} {encoding} {length}", encoding, cut))
                if length >= 200:
                    broken = [damaged(data, rng) for data in cut]
                    found.append(Group(f"{script} {encoding} {length} damaged", encoding, broken))
    return found


def detectors() -> dict[str, Detector]:
    """Return the detectors that are installed, by name."""
    found: dict[str, Detector] = {"ours": _ours}
    for name, module, adapt in (
        ("chardetng", "chardetng_py", lambda lib: lib.detect),
        ("charset-normalizer", "charset_normalizer", _charset_normalizer),
        ("chardet", "chardet", lambda lib: lambda data: lib.detect(data)["encoding"]),
        ("cchardet", "cchardet", lambda lib: lambda data: lib.detect(data)["encoding"]),
        ("resiliparse", "resiliparse.parse.encoding", lambda lib: lib.detect_encoding),
    ):
        try:
            found[name] = adapt(importlib.import_module(module))
        except ImportError:
            print(f"{name} is not installed: left out")
    return found


def _ours(data: bytes) -> str | None:
    try:
        return encoding_of(data)
    except UndecodableTextError:
        return None


def _charset_normalizer(module: Any) -> Detector:
    def encoding_of_best(data: bytes) -> str | None:
        best = module.from_bytes(data).best()
        return best.encoding if best else None

    return encoding_of_best


def is_right(data: bytes, detected: str | None, encoding: str) -> bool:
    """Return whether the data reads nearly the same in both encodings."""
    if detected is None:
        return False
    try:
        read = data.decode(LARGEST.get(detected.lower(), detected), "replace")
    except LookupError:
        return False
    wanted = data.decode(encoding, "replace")
    pairs, wanted_pairs = Counter(pairwise(read)), Counter(pairwise(wanted))
    return (pairs & wanted_pairs).total() >= RIGHT_FROM * wanted_pairs.total()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--simplified", type=Path, required=True)
    parser.add_argument("--traditional", type=Path, required=True)
    arguments = parser.parse_args()
    found = detectors()
    print(f"{'right, µs a passage':<36}" + "".join(f"{name:>20}" for name in found))
    for group in groups(texts(arguments.simplified), texts(arguments.traditional)):
        cells = []
        for detector in found.values():
            begun = time.perf_counter()
            answers = [detector(data) for data in group.passages]
            each = (time.perf_counter() - begun) / len(answers) * 1e6
            right = sum(
                is_right(data, answer, group.encoding)
                for data, answer in zip(group.passages, answers, strict=True)
            )
            cells.append(f"{right / len(answers):.0%} {each:.0f}")
        print(f"{group.name:<36}" + "".join(f"{cell:>20}" for cell in cells))


if __name__ == "__main__":
    main()
