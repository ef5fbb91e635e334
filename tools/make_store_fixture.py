"""Write a store and an export of this release's formats for tests/data.

    python tools/make_store_fixture.py tests/data

For each change of the schema or of the export format, before the release that brings it;
files that are there are kept as they are, they are what older releases wrote.
"""

import sys
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import sleep

import zstandard

from dedup import Article, Deduplicator
from dedup.export_format import FORMAT_VERSION
from dedup.store.migrations import MIGRATIONS
from dedup.store.opening import open_for_upkeep
from dedup.store.sqlite import DATABASE_NAME
from dedup.transfer import export_lines

_WORDS = "县里工作人员来到企业了解复工复产遇到困难帮助解决口罩用工问题记者"


def story(seed: int) -> str:
    """Return some hundred characters that are nobody's."""
    random = Random(seed)  # noqa: S311  no secret
    return "。".join("".join(random.sample(_WORDS, 18)) for _ in range(12)) + "。"


def fill(location: Path) -> None:
    """Let everything happen that can happen to articles."""
    with Deduplicator.open(location) as dedup:
        sound = story(1)
        garbled = "".join(f"{c}(wǎng)" if at % 9 == 0 else c for at, c in enumerate(sound))
        dedup.check(Article(text=garbled, id="garbled", title="乱码", url="https://e.cn/1"))
        dedup.check(Article(text=sound, id="sound"))
        for name in ("copy", "pinned", "other"):
            dedup.check(Article(text=story(2) + name, id=name))
        dedup.pin(dedup.catalogue.article("copy").cluster_id, "pinned")
        dedup.separate(dedup.catalogue.article("other").cluster_id, "other")
        dedup.check(Article(text=f"<div><p>{story(3)}</p></div>", id="page"))
        dedup.check(Article(text=story(4), id="gone"))
        dedup.remove("gone")
        dedup.check(Article(text="太短", id="short"))
        sleep(1.5)  # what comes again within a second is not noted
        dedup.check(Article(text="太短", id="short"))


def main() -> None:
    """Write what is not there yet."""
    folder = Path(sys.argv[1])
    compress = zstandard.ZstdCompressor(level=19).compress
    with TemporaryDirectory() as place:
        location = Path(place) / "store"
        fill(location)
        database = (location / DATABASE_NAME).read_bytes()
        store = open_for_upkeep(location)
        export = b"".join(export_lines(store))
        store.close()
    for name, data in {
        f"store-{len(MIGRATIONS)}.sqlite3.zst": compress(database),
        f"export-{FORMAT_VERSION}.jsonl.zst": compress(export),
    }.items():
        if not (folder / name).exists():
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
