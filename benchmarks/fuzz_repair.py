"""Repair texts that nobody wrote, for as long as you like; stop at the first broken law.

    python benchmarks/fuzz_repair.py [--minutes 60] [--seed 0] [--texts seeds]

Texts are cut from the articles in a folder and from pieces that damage is made of, and
mutated: characters dropped, moved, printed again, bytes lost or read in another encoding.
A text that makes the repairs run a line that none before it did, or finds more of a kind of
damage, is kept and mutated further. (Kernels are compiled, and their lines not seen.)
What must hold for every one: no exception, time in proportion to length, steps that replay,
a repaired text that comes back identical, and an undamaged one that was not touched. A text
that breaks a law is cut down while it still does, printed, and the status is 1.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from types import CodeType, FrameType
from typing import Any

from dedup.models import DamageKind
from dedup.text.damage import repair as repairing
from dedup.text.damage.repair import repair, replay

LONGEST = 4_000
REPORT_EVERY = 1_000
# Far above what any text takes: the worst of tests/unit/text/test_linear_time.py takes 60
# microseconds a character.
MOST_SECONDS_A_CHARACTER, MOST_SECONDS_AT_ALL = 400e-6, 0.2
ENCODINGS = ("utf-8", "gb18030", "gbk", "big5", "cp1252", "latin-1", "utf-16-le")

PIECES = [
    *["(guó)", "(guo)(guo)", "（huì ）", "?qǐng)", "?shu)(shu)", "╯heng）", "(lv)", "F(xiàn)"],
    *[
        "！",
        "？",
        "，",
        "；",
        "。",
        "!",
        "?",
        "？！",
        "！敝靻⒊\ue0f0f",
        "?！薄案沸侣方值婪e",
        "”",
        "“",
    ],
    *["上！V州", "，F將", "！埂该总", "「", "」", "』", "？傊,"],
    *["&amp;", "&#20013;", "&lt;", "\\u4e2d", "%E4%B8%AD", "\\xe4\\xb8\\xad", "=E4=B8=AD", "&#38;"],
    *["\u200b", "\xad", "\u202e", "\x00", "\ud800", "\ufffd", "\ue5d2", "\ufeff", "□", "锟斤拷"],
    *[
        "吕梁市| ",
        "育儿,",
        "|",
        "\n",
        " ",
        "\u3000",
        "_x000D_",
        '<kbd id="s7isi"></kbd>',
        "[b]",
        "💰",
    ],
    *[
        "x7Kq2$ ]n0{Zp#4 w",
        "首页\n",
        "责任编辑：张三\n",
        "銆傗€",
        "ä¸­å›½",
        "ÖÐ¹ú",
        "⽂",
        "，,",
        "。。",
    ],
]


class Reached:
    """What the texts so far have reached: lines of the repairs, and how much of which damage."""

    def __init__(self) -> None:
        self._lines: set[tuple[CodeType, int]] = set()
        self._findings: set[tuple[DamageKind, int]] = set()
        self._passed: Counter[CodeType] = Counter()

    def __len__(self) -> int:
        return len(self._lines) + len(self._findings)

    def is_widened_by(self, text: str) -> bool:
        """Whether a text reaches anything new; remembers it."""
        before = len(self)
        self._passed.clear()
        sys.settrace(self._enter)
        try:
            damage = repair(text).damage
        finally:
            sys.settrace(None)
        # By powers of two: one reading more is no news.
        self._findings.update((kind, count.bit_length()) for kind, count in damage.kinds.items())
        return len(self) > before

    def _enter(self, frame: FrameType, _event: str, _arg: object) -> Any:
        code = frame.f_code
        is_watched = FOLDER in code.co_filename and self._passed[code] < MOST_LINES_WATCHED
        return self._pass_line if is_watched else None

    def _pass_line(self, frame: FrameType, _event: str, _arg: object) -> Any:
        code = frame.f_code
        self._lines.add((code, frame.f_lineno))
        self._passed[code] += 1
        return self._pass_line if self._passed[code] < MOST_LINES_WATCHED else None


MOST_LINES_WATCHED = 400  # of a function in one text; a loop would be slowed down tenfold
FOLDER = str(Path(repairing.__file__).parent)


def make_text(rng: Random, articles: list[str], kept: list[str]) -> str:
    """Return a text out of articles, pieces and earlier texts, mutated."""
    source = rng.choice(articles)
    start = rng.randrange(len(source))
    text = source[start : start + rng.randrange(1, LONGEST)]
    origin = rng.random()
    if origin < 0.2:
        text = "".join(rng.choices(PIECES, k=rng.randrange(1, 60)))
    elif origin < 0.6 and kept:
        text = rng.choice(kept)
    for _ in range(rng.randrange(1, 12)):
        text = rng.choice(MUTATIONS)(text, rng)[:LONGEST]
    return text


def insert(text: str, rng: Random) -> str:
    """Set one piece in some places."""
    piece = rng.choice(PIECES)
    for _ in range(rng.choice((1, 3, 20))):
        at = rng.randrange(len(text) + 1)
        text = text[:at] + piece + text[at:]
    return text


def drop(text: str, rng: Random) -> str:
    """Leave out a stretch."""
    start = rng.randrange(len(text) + 1)
    return text[:start] + text[start + rng.choice((1, 2, 9, 200)) :]


def print_again(text: str, rng: Random) -> str:
    """Set a stretch somewhere once more, or many times."""
    start, at = rng.randrange(len(text) + 1), rng.randrange(len(text) + 1)
    stretch = text[start : start + rng.choice((1, 4, 30, 1000))]
    return text[:at] + stretch * rng.choice((1, 1, 2, 40)) + text[at:]


def lose_bytes(text: str, rng: Random) -> str:
    """Drop or set bytes of GBK anywhere, and read what is left."""
    packed = bytearray(text, "gb18030", "replace")
    for _ in range(rng.choice((1, 5))):
        at = rng.randrange(len(packed) + 1)
        packed[at : at + rng.randrange(2)] = rng.choice((b"", b"\xa3", b"?", b"(de)", b"\xa1\xa3"))
    return packed.decode("gb18030", "replace")


def misread(text: str, rng: Random) -> str:
    """Read a stretch in another encoding than it was written in."""
    start = rng.randrange(len(text) + 1)
    end = start + rng.choice((5, 100, LONGEST))
    written, read = rng.sample(ENCODINGS, 2)
    stretch = text[start:end].encode(written, "replace").decode(read, "replace")
    return text[:start] + stretch + text[end:]


MUTATIONS: list[Callable[[str, Random], str]] = [insert, drop, print_again, lose_bytes, misread]


def broken_law(text: str) -> str:
    """Return which law `text` breaks, `""` for none."""
    begun = time.process_time()
    try:
        repaired = repair(text)
        seconds = time.process_time() - begun
        again = repair(repaired.text)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        return f"{type(error).__name__}: {error}"
    if replay(text, repaired.steps) != repaired.text:
        return "the steps do not replay"
    if repaired.steps and again.text != repaired.text:
        return "repairing again changes it"
    if not repaired.damage.damaged and repaired.text != text:
        return "undamaged, and changed"
    most = MOST_SECONDS_AT_ALL + MOST_SECONDS_A_CHARACTER * len(text)
    # A second look, since a kernel may have been compiled in the first one.
    if seconds > most and _seconds_to_repair(text) > most:
        return "slow"
    return ""


def _seconds_to_repair(text: str) -> float:
    begun = time.process_time()
    repair(text)
    return time.process_time() - begun


def cut_down(text: str, law: str) -> str:
    """Return a shorter text that breaks the same law."""
    size = len(text) // 2
    while size:
        at = 0
        while at < len(text):
            shorter = text[:at] + text[at + size :]
            if broken_law(shorter) == law:
                text = shorter
            else:
                at += size
        size //= 2
    return text


def main() -> int:
    """Fuzz until the minutes are over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--texts", type=Path, default=Path(__file__).parents[1] / "seeds")
    options = parser.parse_args()
    paths = sorted(path for path in options.texts.iterdir() if path.is_file())
    articles = [path.read_text(encoding="utf-8") for path in paths]
    repair(articles[0])  # compiles
    rng = Random(options.seed)
    end = time.monotonic() + 60 * options.minutes
    done = 0
    reached, kept = Reached(), list[str]()
    while time.monotonic() < end:
        text = make_text(rng, articles, kept)
        if law := broken_law(text):
            print(f"{law}, in a text of {len(text)} characters", flush=True)
            print(ascii(cut_down(text, law)))
            return 1
        if reached.is_widened_by(text):
            kept.append(text)
        done += 1
        if done % REPORT_EVERY == 0:
            print(f"{done:,} texts repaired, {len(kept)} kept", flush=True)
    print(f"{done:,} texts repaired, {len(kept)} kept, no law broken")
    return 0


if __name__ == "__main__":
    sys.exit(main())
