"""Race, kill and unplug the service for as long as you like; stop at the first violation.

    python benchmarks/soak.py [PART …] [--races 2000] [--kills 200] [--cuts 1000] [--minutes 60]
    python benchmarks/soak.py stream --articles 2000000 --keep 200000

The long version of tests/faults, by the same functions. Prints how much passed; ends with a
traceback and status 1 at the first violation. The parts, all of them unless some are named:

races     simultaneous first copies of one article over two workers
changes   changes of every kind at once, ten for each race
raw       20,000 requests of which most are wrong
overload  three times what the service can answer
backups   backups under load, and services that start from them
kills     kills -9 under load: of the service with one worker and with two, of one worker of two
cuts      power cuts at random moments
mixed     everything that clients do, right and wrong, at a moderate rate for so many minutes;
          memory, descriptors, the store and the cost of a request must stay flat
stream    so many articles through a service that keeps the last ones, and must stay flat
"""

import argparse
import signal
import statistics
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

TESTS = Path(__file__).parents[1] / "tests"
sys.path[:0] = [str(TESTS / name) for name in ("faults", "integration")]
races, churn, kills, power_cuts = map(import_module, ("races", "churn", "kills", "power_cuts"))
backups, mixed, overload, streams = map(import_module, ("backups", "mixed", "overload", "streams"))
raw_requests, service = map(import_module, ("raw_requests", "service"))

REPORT_EVERY = 100
RAW_REQUESTS = 20_000
OVERLOAD_S = 60
BACKUPS = 10
FLAT = 1.25  # a size may be this many times what it was when the store had just been filled


def hold_races(folder: Path, num_races: int, seed: int) -> None:
    """Hold races over two workers."""
    for done in races.run_races(folder / "races", count=num_races, seed=seed):
        if done % REPORT_EVERY == 0 or done == num_races:
            print(f"{done} of {num_races} races, one original each", flush=True)


def change_everything(folder: Path, num_requests: int, seed: int) -> None:
    """Send changes of every kind to two workers at once."""
    done = churn.run_churn(folder / "churn", requests=num_requests, seed=seed)
    print(f"{done} requests of every kind, the store is whole", flush=True)


def send_raw_requests(folder: Path, seed: int) -> None:
    """Send bytes that are requests, or nearly."""
    with service.Service(folder / "raw") as running:
        port, pid = running.port, running.process.pid
        for done in raw_requests.run_raw_requests(port, pid, count=RAW_REQUESTS, seed=seed):
            if done % 5_000 == 0:
                print(f"{done} of {RAW_REQUESTS} raw requests answered as documented", flush=True)


def overload_service(folder: Path, seed: int) -> None:
    """Offer a service three times what it can answer."""
    outcome = overload.run_overload(folder / "overload", seconds=OVERLOAD_S, seed=seed)
    usual, excessive = outcome.usual, outcome.excessive
    refused = percentiles(excessive.refused_s)
    print(
        f"overload: {usual.rate:.0f} acknowledged a second at capacity, {excessive.rate:.0f} at"
        f" three times that; {len(excessive.refused_s)} refused in {refused},"
        f" acknowledged in {percentiles(excessive.answered_s)}; nothing acknowledged is missing",
        flush=True,
    )


def percentiles(seconds: list[float]) -> str:
    """Return median and 99th percentile in milliseconds, as text."""
    if len(seconds) < 2:
        return "no time"
    cuts = statistics.quantiles(seconds, n=100)
    return f"{1000 * cuts[49]:.0f} ms (99 %: {1000 * cuts[98]:.0f} ms)"


def back_up_under_load(folder: Path, seed: int) -> None:
    """Take backups while articles arrive, and start from them."""
    place = folder / "backups"
    for num_known in backups.run_backups(folder / "backed", place, count=BACKUPS, seed=seed):
        print(f"a backup under load is whole: {num_known} acknowledged before it", flush=True)


def stream(folder: Path, articles: int, keep: int, seed: int) -> None:
    """Send a stream through a store that keeps the last of it, and watch the sizes."""
    readings = []
    every = max(500, articles // 20)
    run = streams.run_stream(
        folder / "stream", articles=articles, keep=keep, every=every, seed=seed
    )
    for reading in run:
        store, index, process = (size / 1e6 for size in reading[2:])
        print(
            f"{reading.sent} sent, {reading.known} known: store {store:.1f} MB,"
            f" index {index:.1f} MB, process {process:.0f} MB",
            flush=True,
        )
        if reading.sent >= 2 * keep:
            readings.append(reading)
    half = len(readings) // 2
    for name, sizes in zip(streams.Reading._fields, zip(*readings, strict=True), strict=True):
        if name != "sent":
            assert max(sizes[half:]) <= FLAT * max(sizes[:half]), f"{name} grows: {sizes}"


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


def cut_power(folder: Path, num_cuts: int, seed: int) -> None:
    """Cut the power at random moments."""
    num_known = 0
    for done in range(num_cuts):
        with TemporaryDirectory(dir=folder) as place:
            work = power_cuts.cut_power(Path(place), seed=seed + done)
        num_known += len(work.known)
        if (done + 1) % REPORT_EVERY == 0:
            print(f"{done + 1} power cuts: {num_known} acknowledged articles kept", flush=True)


def mix_everything(folder: Path, options: argparse.Namespace) -> None:
    """Send requests of every kind for a long time, and watch what the service takes."""
    readings: list[dict[str, float]] = []
    for reading in mixed.run_mixed(
        folder / "mixed",
        minutes=options.minutes,
        rate=options.rate,
        keep=options.keep,
        seed=options.seed,
    ):
        if not readings:
            print(*reading, sep=", ")
        print(*(f"{value:.4g}" for value in reading.values()), sep=", ", flush=True)
        readings.append(reading)
    if len(readings) >= 4:
        found = mixed.growing(readings)
        assert not found, f"larger in the last quarter than in the second: {found}"


def main() -> None:
    """Read the options and run what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART")
    parser.add_argument("--races", type=int, default=2_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--cuts", type=int, default=1_000)
    parser.add_argument("--minutes", type=float, default=60, help="of mixed requests")
    parser.add_argument("--rate", type=float, default=60, help="of mixed requests, a second")
    parser.add_argument("--articles", type=int, default=200_000, help="of a stream")
    parser.add_argument("--keep", type=int, default=20_000, help="articles of mix and stream")
    parser.add_argument("--seed", type=int, default=0, help="picks other articles and moments")
    options = parser.parse_args()
    # Asked to stop, it ends the services that it started and removes its files, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    start = time.monotonic()
    with TemporaryDirectory(prefix="dedup-soak-") as name:
        for part in options.parts or PARTS:
            PARTS[part](Path(name), options)
    print(f"no violation in {(time.monotonic() - start) / 60:.1f} minutes")


PARTS: dict[str, Callable[[Path, argparse.Namespace], None]] = {
    "races": lambda folder, options: hold_races(folder, options.races, options.seed),
    "changes": lambda folder, options: change_everything(folder, 10 * options.races, options.seed),
    "raw": lambda folder, options: send_raw_requests(folder, options.seed),
    "overload": lambda folder, options: overload_service(folder, options.seed),
    "backups": lambda folder, options: back_up_under_load(folder, options.seed),
    "kills": lambda folder, options: kill_services(folder, options.kills, options.seed),
    "cuts": lambda folder, options: cut_power(folder, options.cuts, options.seed),
    "mixed": mix_everything,
    "stream": lambda folder, options: stream(folder, options.articles, options.keep, options.seed),
}


if __name__ == "__main__":
    main()
