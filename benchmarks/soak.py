"""Race, kill and unplug the service for as long as you like; stop at the first violation.

    python benchmarks/soak.py [--races 2000] [--kills 200] [--minutes 60] [--seed 0]

The long version of tests/faults, by the same functions: first races of simultaneous first
copies over two workers; then changes of every kind, ten for each race; then kills -9 under
load, of the whole service with one worker and with two, and of one worker of two; then,
until the minutes are over, power cuts. Prints how much passed; ends with a traceback and
status 1 at the first violation.
"""

import argparse
import signal
import sys
import time
from importlib import import_module
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "faults"))
races, churn, kills, power_cuts = map(import_module, ("races", "churn", "kills", "power_cuts"))

CUTS_AT_LEAST = 1_000
REPORT_EVERY = 100


def hold_races(folder: Path, num_races: int, seed: int) -> None:
    """Hold races over two workers."""
    for done in races.run_races(folder / "races", count=num_races, seed=seed):
        if done % REPORT_EVERY == 0 or done == num_races:
            print(f"{done} of {num_races} races, one original each", flush=True)


def change_everything(folder: Path, num_requests: int, seed: int) -> None:
    """Send changes of every kind to two workers at once."""
    done = churn.run_churn(folder / "churn", requests=num_requests, seed=seed)
    print(f"{done} requests of every kind, the store is whole", flush=True)


def kill_services(folder: Path, num_kills: int, seed: int) -> None:
    """Kill under load: half of the kills take two workers, a quarter one, a quarter one of two."""
    service, worker = kills.Victim.SERVICE, kills.Victim.WORKER
    quarter = num_kills // 4
    shares = ((2, service, num_kills - 2 * quarter), (1, service, quarter), (2, worker, quarter))
    for workers, victim, share in shares:
        name = f"{workers}-{victim.value}"
        loads = kills.run_kills(
            folder / name, count=share, workers=workers, victim=victim, seed=seed
        )
        num_acknowledged = num_interrupted = 0
        for done, load in enumerate(loads, start=1):
            num_acknowledged += len(load.acknowledged)
            num_interrupted += len(load.interruptions)
            if done % 10 == 0 or done == share:
                print(
                    f"{done} of {share} kills of the {victim.value}, {workers} workers: "
                    f"{num_acknowledged} acknowledged articles kept, "
                    f"{num_interrupted} requests interrupted",
                    flush=True,
                )


def cut_power(folder: Path, deadline: float, seed: int) -> None:
    """Cut the power at random moments until the deadline, but often enough in any case."""
    num_known = 0
    for done in count():
        if done >= CUTS_AT_LEAST and time.monotonic() > deadline:
            break
        with TemporaryDirectory(dir=folder) as place:
            work = power_cuts.cut_power(Path(place), seed=seed + done)
        num_known += len(work.known)
        if (done + 1) % REPORT_EVERY == 0:
            print(f"{done + 1} power cuts: {num_known} acknowledged articles kept", flush=True)


def main() -> None:
    """Read the options and run everything."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--races", type=int, default=2_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=60, help="in all, with power cuts last")
    parser.add_argument("--seed", type=int, default=0, help="picks other articles and moments")
    options = parser.parse_args()
    # Asked to stop, it ends the services that it started and removes its files, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    start = time.monotonic()
    with TemporaryDirectory(prefix="dedup-soak-") as name:
        folder = Path(name)
        hold_races(folder, options.races, options.seed)
        change_everything(folder, 10 * options.races, options.seed)
        kill_services(folder, options.kills, options.seed)
        cut_power(folder, start + 60 * options.minutes, options.seed)
    print(f"no violation in {(time.monotonic() - start) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
