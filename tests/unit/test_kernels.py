"""Facts about the cache of compiled kernels, which processes share."""

import os
import subprocess
import sys
from pathlib import Path

# Each process waits, between choosing a file and writing it, for the other to choose too.
MODULE = """
import sys, time
from pathlib import Path
import numpy as np
from numba.core.caching import IndexDataCacheFile
from dedup.kernels import kernel

dtype, meeting = sys.argv[1], Path(sys.argv[2])
save_index = IndexDataCacheFile._save_index

def save_index_late(self, overloads):
    (meeting / dtype).touch()
    end = time.monotonic() + 3
    while len(list(meeting.iterdir())) < 2 and time.monotonic() < end:
        time.sleep(0.01)
    save_index(self, overloads)

@kernel
def double(values):
    return values + values

IndexDataCacheFile._save_index = save_index_late
doubled = double(np.array([1, 2, 3], dtype))
assert (doubled.dtype, doubled.tolist()) == (dtype, [2, 4, 6]), (dtype, doubled)
"""
DTYPES = ("int64", "float64")


def test_processes_that_compile_at_once_do_not_mix_up_their_code(tmp_path: Path) -> None:
    module, cache = tmp_path / "doubled.py", tmp_path / "cache"
    module.write_text(MODULE, encoding="utf-8")
    env = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    for source in ("compiled", "from the cache"):
        meeting = tmp_path / source
        meeting.mkdir()
        children = [
            subprocess.Popen([sys.executable, module, dtype, meeting], env=env) for dtype in DTYPES
        ]
        assert [child.wait(60) for child in children] == [0] * len(DTYPES), source
        assert len(list(cache.rglob("doubled.*.nbc"))) == len(DTYPES), source
