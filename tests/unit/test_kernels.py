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


# Nothing can be written, as in an image whose root is read-only.
READ_ONLY_MODULE = """
import sys
import numba.core.caching as caching

def refuse(self):
    raise PermissionError

if sys.argv[1] == "read-only":
    caching._CacheLocator.ensure_cache_path = refuse
    caching.IndexDataCacheFile._save_index = lambda self, overloads: refuse(self)

import numpy as np
from dedup.kernels import kernel

@kernel
def double(values):
    return values + values

assert double(np.array([1, 2, 3])).tolist() == [2, 4, 6]
print(sum(double.stats.cache_hits.values()))
"""


def test_code_that_was_shipped_is_used_where_nothing_can_be_written(tmp_path: Path) -> None:
    module = tmp_path / "doubled.py"
    module.write_text(READ_ONLY_MODULE, encoding="utf-8")
    env = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    hits = []
    for place in ("read-only", "writable", "read-only"):
        command = [sys.executable, module, place]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        hits.append(int(done.stdout))
    assert hits == [0, 0, 1]


LOADING_MODULE = """
import sys
import numpy as np
from dedup.kernels import kernel

@kernel
def sorted_twice(values):
    return np.sort(values), np.sort(values)[::-1].copy()

assert sorted_twice(np.array([2, 1]))[1].tolist() == [2, 1]
print("numba.np.linalg" in sys.modules)
assert sorted_twice(np.array([2.5, 1]))[0].tolist() == [1, 2.5]
"""


def test_code_that_was_kept_is_loaded_without_the_compiler(tmp_path: Path) -> None:
    """It takes a third of a second less; what there is no code for is compiled all the same."""
    module = tmp_path / "loaded.py"
    module.write_text(LOADING_MODULE, encoding="utf-8")
    env = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    is_compiler_loaded = []
    for _ in range(2):
        command = [sys.executable, module]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        is_compiler_loaded.append(done.stdout.strip())
    assert ["True", "False"] == is_compiler_loaded
