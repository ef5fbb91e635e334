"""Time texts that are made to be hard, over the whole path of an article.

    python benchmarks/time_hard_texts.py [--chars 200000] [--only NAME]

For every text, in microseconds of the processor a character: repairing it, preparing it (repair,
folding, shingles, signature and keys included), telling its prose, and aligning it with a known
article of the same text. The last line is how long the slowest whole one takes, and how many
characters would take a second.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from dedup.config import DedupConfig
from dedup.errors import DedupError
from dedup.models import Article, TextFormat
from dedup.preparation import PreparedArticle, Preparer
from dedup.sketch.alignment import align_sets
from dedup.text.damage.repair import repair

RNG = Random(7)
SEED = next((Path(__file__).parents[1] / "seeds").glob("004_*.txt")).read_text(encoding="utf-8")
HAN = "".join(map(chr, range(0x4E00, 0x9FA6)))
GB2312 = "".join(
    bytes((lead, trail)).decode("gb2312")
    for lead in range(0xB0, 0xD7)
    for trail in range(0xA1, 0xFE)
)
SENTENCE = "全县迅速行动起来，一手抓防控，一手抓复工。"


def _random(chars: str, length: int) -> str:
    return "".join(RNG.choices(chars, k=length))


def _every(text: str, piece: str, step: int) -> str:
    return piece.join(text[at : at + step] for at in range(0, len(text), step))


def _misread(text: str, written: str, read: str) -> str:
    return text.encode(written, "replace").decode(read, "replace")


def _printable(length: int) -> str:
    return _random("".join(map(chr, range(0x21, 0x7F))), length)


MADE: dict[str, Callable[[int], str]] = {
    "an article, again and again": lambda n: SEED * (n // len(SEED)),
    "one huge line": lambda n: SEED.replace("\n", "") * (n // len(SEED)),
    "equal shingles": lambda n: "啊" * n,
    "one sentence": lambda n: SENTENCE * (n // len(SENTENCE)),
    "nested brackets": lambda n: "（" * (n // 2) + "新闻" + "）" * (n // 2),
    "ASCII brackets": lambda n: "(" * (n // 2) + "新闻" + ")" * (n // 2),
    "unclosed annotations": lambda n: "啊(" * (n // 2),
    "alternating scripts": lambda n: "国國aあ" * (n // 4),
    "random Han": lambda n: _random(HAN, n),
    "random common Han": lambda n: _random(GB2312, n),
    "random Unicode": lambda n: "".join(
        chr(code) for code in RNG.choices(range(0x20, 0x30000), k=n) if not 0xD800 <= code < 0xE000
    ),
    "random ASCII": _printable,
    "random ASCII in lines": lambda n: _every(_printable(n), "\n", 40),
    "mojibake": lambda n: _misread(SEED * (n // len(SEED)), "utf-8", "gbk"),
    "mojibake of GB18030": lambda n: _misread(SEED * (n // len(SEED)), "utf-8", "gb18030"),
    "mojibake of Latin": lambda n: _misread(SEED * (n // len(SEED) // 2), "utf-8", "cp1252"),
    "mojibake of random Han": lambda n: _misread(_random(HAN, n), "utf-8", "gbk"),
    "GBK as Big5": lambda n: _misread(SEED * (n // len(SEED)), "gbk", "big5"),
    "GBK as UTF-8": lambda n: _misread(SEED * (n // len(SEED) // 2), "gbk", "utf-8"),
    "annotations": lambda n: "國(guó)" * (n // 6),
    "annotations without tones": lambda n: "國（guo）" * (n // 6),
    "split annotations": lambda n: "日?qǐng)?bào)" * (n // 12),
    "a shift behind every sign": lambda n: "！敝靻⒊f" * (n // 6),
    "half bytes": lambda n: "？！鞭D" * (n // 4),
    "half bytes among Han": lambda n: _random("?朱", n),
    "shifts among names": lambda n: "".join(RNG.choices(["？", "上海市", "\ue0f0"], k=n // 2)),
    "private use": lambda n: _random("龘！\ue5e5", n),
    "signs": lambda n: "！？，；。" * (n // 5),
    "bangs": lambda n: "！" * n,
    "full stops": lambda n: "。" * n,
    "questions": lambda n: "?" * n,
    "wide questions": lambda n: "？" * n,
    "questions between Han": lambda n: _every(_random(GB2312, n // 2), "?", 1),
    "lost characters": lambda n: "�" * n,
    "lost characters between": lambda n: _every(SEED * (n // len(SEED) // 2), "�", 1),
    "residue": lambda n: "锟斤拷" * (n // 3),
    "zero-width": lambda n: "\u200b" * n,
    "zero-width between": lambda n: _every(SEED * (n // len(SEED) // 2), "\u200b", 1),
    "blanks": lambda n: " " * n,
    "blanks between": lambda n: _every(SEED * (n // len(SEED) // 2), " ", 1),
    "blanks between random Han": lambda n: _every(_random(GB2312, n // 2), " ", 1),
    "line ends": lambda n: "\n" * n,
    "short lines": lambda n: _every(_random(GB2312, n), "\n", 6),
    "menu": lambda n: "首页\n" * (n // 3),
    "headlines with times": lambda n: "企业陆续复工(2小时前)\n" * (n // 14),
    "tags": lambda n: "<a" * (n // 2),
    "whole tags": lambda n: '<kbd id="s7isi"></kbd>' * (n // 22),
    "bracket tags": lambda n: "[b]" * (n // 3),
    "tags with attributes": lambda n: "<p " * (n // 3),
    "entities": lambda n: "&#20013;" * (n // 8),
    "double entities": lambda n: "&amp;" * (n // 5),
    "ampersands": lambda n: "&a" * (n // 2),
    "escapes": lambda n: "\\u4e2d" * (n // 6),
    "percent escapes": lambda n: "%E4%B8%AD" * (n // 9),
    "addresses": lambda n: "a.b@" * (n // 4),
    "jumble": lambda n: "aB3" * (n // 3),
    "spreadsheet": lambda n: "_x000D_中" * (n // 8),
    "emoji": lambda n: "张💰北" * (n // 3),
    "lookalikes": lambda n: "⼀人" * (n // 2),
    "stuffing": lambda n: "吕梁市|" * (n // 4),
    "stuffing of places": lambda n: "吕梁市、来宾市，" * (n // 8),
    "obscene": lambda n: "麻豆" * (n // 2),
    "doubled signs": lambda n: "，," * (n // 2),
    "open quotes": lambda n: "“！" * (n // 2),
    "title everywhere": lambda n: "张北县两手抓复工\n" + "张北县两手抓复工" * (n // 8),
    "pieces of the title": lambda n: "张北县两手抓复工\n" + "张北县两企业手抓复工" * (n // 10),
    "kana": lambda n: "すごい" * (n // 3),
    "Hangul jamo": lambda n: "\u1112\u1161\u11ab" * (n // 3),
}


def stages(text: str, preparer: Preparer) -> dict[str, float]:
    """Return the seconds of each stage."""
    seconds: dict[str, float] = {}

    def timed(name: str, stage: Callable[[], object]) -> None:
        begun = time.process_time()
        stage()
        seconds[name] = time.process_time() - begun

    article = Article(text=text, id="a", format=TextFormat.TEXT)
    timed("repair", lambda: repair(text))
    try:
        prepared, known = preparer.prepare(article), preparer.prepare(article)
    except DedupError:
        return seconds
    timed("prepare", lambda: preparer.prepare(article))

    def prose_of(one: PreparedArticle) -> None:
        assert one.prose.size == one.teasers.size

    timed("prose", lambda: prose_of(prepared))
    timed("align", lambda: align_sets(prepared.shingles, known.shingles))
    return seconds


def main() -> None:
    """Print the table, the slowest last."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--chars", type=int, default=200_000)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    preparer = Preparer(DedupConfig())
    rows = []
    for name, make in MADE.items():
        if options.only not in name:
            continue
        text = make(options.chars)
        stages(text[:2_000], preparer)  # compiles, and builds tables
        seconds = stages(text, preparer)
        whole = sum(seconds.values()) - (seconds["repair"] if "prepare" in seconds else 0.0)
        rows.append((whole / len(text), name, {k: v / len(text) for k, v in seconds.items()}))
    names = ("repair", "prepare", "prose", "align")
    print(f"{'µs a character':<30}" + "".join(f"{name:>9}" for name in names) + f"{'whole':>9}")
    for whole, name, parts in sorted(rows):
        cells = "".join(f"{parts.get(stage, 0.0) * 1e6:>9.3f}" for stage in names)
        print(f"{name:<30}{cells}{whole * 1e6:>9.3f}")
    slowest = max(rows)[0]
    print(f"a second for {1 / slowest:,.0f} characters of the slowest")


if __name__ == "__main__":
    main()
