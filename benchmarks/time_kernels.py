"""Time the numeric path of one clean article, next to the packages as they come.

    python benchmarks/time_kernels.py [--rounds 15]

The text is `seeds/004`, cut to 2,700 characters: simplified for our stages, and OpenCC's
s2t of it for both sides of the comparison. Stages take turns in every round, so that a
busy machine disturbs all alike; the table shows medians over the rounds and, in
brackets, the smallest and the largest, in microseconds on one core. Compare within one
run only.

Before anything is timed, signatures are checked to be those of datasketch over the same
folded text.
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import datasketch
import numpy as np
import xxhash
from numpy.typing import NDArray
from opencc import OpenCC

from dedup.sketch.banding import Banding
from dedup.sketch.minhash import MinHasher
from dedup.sketch.shingles import shingle_hashes
from dedup.text.code_points import code_points
from dedup.text.damage.repair import repair
from dedup.text.damage.suspicion import look_for_damage
from dedup.text.folding import Folder

SEED = next((Path(__file__).parents[1] / "seeds").glob("004_*.txt"))
NUM_CHARS = 2_700
K = 5
OURS_PER_ROUND = 500  # runs of a stage in a round: long enough for the clock
REQUIRED_US = 60.0  # fold + shingle + sign

Stage = Callable[[], object]


def reference_signature(text: str) -> datasketch.MinHash:
    """Return datasketch's MinHash of a text's shingles."""
    minhash = datasketch.MinHash(
        num_perm=128, seed=1, scheme="affine32", hashfunc=xxhash.xxh32_intdigest
    )
    shingles = [text[i : i + K].encode("utf-32-le") for i in range(len(text) - K + 1)]
    minhash.update_batch(shingles)
    return minhash


def stages(simplified: str, traditional: str) -> dict[str, tuple[Stage, int]]:
    """Return what is timed: a call and how often it runs in a round, by name."""
    folder, hasher, banding = Folder.load(), MinHasher(), Banding()
    converter = OpenCC("t2s")
    codes = folder.fold(simplified).codes
    offsets = np.array([0, codes.size], np.intp)
    hashes, hash_offsets = shingle_hashes(codes, offsets, K)
    signatures = hasher.sign(hashes, hash_offsets)
    expected = reference_signature(str(folder.fold(simplified))).hashvalues
    if not np.array_equal(signatures[0], expected):
        msg = "signatures differ from those of datasketch"
        raise SystemExit(msg)

    def path(text: str) -> NDArray[np.uint64]:
        codes = folder.fold(text).codes
        offsets = np.array([0, codes.size], np.intp)
        return banding.band_keys(hasher.sign(*shingle_hashes(codes, offsets, K)))

    source = code_points(simplified)
    return {
        "encode": (lambda: code_points(simplified), OURS_PER_ROUND),
        "look for damage": (lambda: look_for_damage(source), OURS_PER_ROUND),
        "repair (clean)": (lambda: repair(simplified, source), OURS_PER_ROUND),
        "fold": (lambda: folder.fold(simplified), OURS_PER_ROUND),
        "shingle": (lambda: shingle_hashes(codes, offsets, K), OURS_PER_ROUND),
        "sign": (lambda: hasher.sign(hashes, hash_offsets), OURS_PER_ROUND),
        "band keys": (lambda: banding.band_keys(signatures), OURS_PER_ROUND),
        "ours, all four": (lambda: path(simplified), OURS_PER_ROUND),
        "ours, traditional": (lambda: path(traditional), OURS_PER_ROUND),
        "OpenCC t2s": (lambda: converter.convert(traditional), 2),
        "datasketch": (lambda: reference_signature(simplified), 10),
        "packages, both": (lambda: reference_signature(converter.convert(traditional)), 2),
    }


def timed(timed_stages: dict[str, tuple[Stage, int]], rounds: int) -> dict[str, list[float]]:
    """Return the microseconds of one run of each stage, one value for each round."""
    for stage, _ in timed_stages.values():
        stage()
    times: dict[str, list[float]] = {name: [] for name in timed_stages}
    for _ in range(rounds):
        for name, (stage, repeats) in timed_stages.items():
            begun = time.perf_counter()
            for _ in range(repeats):
                stage()
            times[name].append((time.perf_counter() - begun) / repeats * 1e6)
    return times


def main() -> None:
    """Print the table; exit with 1 if the path is slower than required."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=15)
    rounds: int = parser.parse_args().rounds
    simplified = SEED.read_text(encoding="utf-8")[:NUM_CHARS]
    traditional = OpenCC("s2t").convert(simplified)
    times = timed(stages(simplified, traditional), rounds)
    medians = {name: statistics.median(values) for name, values in times.items()}
    whole = medians["ours, traditional"]
    print(f"{len(simplified)} characters, {rounds} rounds, {time.strftime('%Y-%m-%d')}")
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores\n")
    print(f"{'stage':<20}{'µs':>10}   {'spread':<22}{'× ours':>8}")
    for name, values in times.items():
        spread = f"[{min(values):.1f}, {max(values):.1f}]"
        print(f"{name:<20}{medians[name]:>10.1f}   {spread:<22}{medians[name] / whole:>8.2f}")
    path_us = sum(medians[name] for name in ("fold", "shingle", "sign"))
    print(f"\nfold + shingle + sign: {path_us:.1f} µs (required: at most {REQUIRED_US:.0f})")
    raise SystemExit(path_us > REQUIRED_US)


if __name__ == "__main__":
    main()
