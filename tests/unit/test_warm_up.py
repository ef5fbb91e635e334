"""Facts about warming up."""

import subprocess
import sys
from pathlib import Path

CASES = Path(__file__).parents[1] / "cases"

SCRIPT = """
import json, sys
from contextlib import suppress
from inspect import signature
from pathlib import Path
from tempfile import TemporaryDirectory

from numba.core.dispatcher import Dispatcher

from dedup import Article, DedupError, Deduplicator
from dedup.warm_up import warm_up


def loaded():
    found = set()
    for module in [one for name, one in sys.modules.items() if name.startswith("dedup.")]:
        for name, value in vars(module).items():
            if isinstance(value, Dispatcher):
                found |= {(name, str(types)) for types in value.signatures}
            elif hasattr(value, "cache_info") and not signature(value).parameters:
                found |= {name} if value.cache_info().currsize else set()
    return found


warm_up()
before = loaded()
cases = [case for path in sys.argv[1:] for case in json.loads(Path(path).read_text("utf-8"))]
articles = [Article(text=2 * case["original"]) for case in cases]
with TemporaryDirectory() as folder, Deduplicator.open(folder) as dedup:
    for article in articles:
        with suppress(DedupError):  # nothing is left of some
            dedup.check(article, remember=True, passages=True)
    dedup.survey_many(articles)
print(*sorted(map(str, loaded() - before)), sep="\\n", end="")
"""


def test_all_kernels_and_tables_are_loaded() -> None:
    """Texts with all sorts of damage need nothing more."""
    script = [sys.executable, "-c", SCRIPT, *map(str, sorted(CASES.glob("*.json")))]
    assert subprocess.run(script, capture_output=True, text=True, check=True).stdout == ""
