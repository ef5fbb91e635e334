"""Everything that clients do, right and wrong, at once and at a moderate rate for a long time."""

import gzip
import json
import socket
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import psutil
from articles import make_edition, make_prose, make_story
from invariants import violations
from service import Client, Service

Reading = dict[str, float]

_CLIENTS = 8
_WORKERS = 2
_NEWEST = 2_000  # articles that clients copy, look at, change and delete
_LINES = 20
_FEWEST_WAITS = 2  # that have quantiles
# Median of the last quarter, as a multiple of that of the second one.
_MOST_GROWTH = 1.1
_FEW = 8  # descriptors or threads
# How long answers take depends on who else uses the machine; what they cost does so less.
_NOT_COMPARED = {"minute", "requests", "p50 ms", "p99 ms"}
_MOST_GROWTH_OF_COST = 1.5


class _Known(NamedTuple):
    """An article that a client sent."""

    id: str
    text: str
    cluster_id: str


def run_mixed(
    store: Path, *, minutes: float, rate: float, keep: int, seed: int, every_s: float = 60.0
) -> Iterator[Reading]:
    """Send requests of every kind at a rate; yield what the service takes, once a minute.

    Raises:
        AssertionError: An answer was none of those expected, something was logged as
            unexpected, or the store is not whole in the end.
    """
    with (
        Service(store, workers=_WORKERS, DEDUP_MAX_ARTICLES=str(keep)) as service,
        ThreadPoolExecutor(_CLIENTS) as pool,
    ):
        crowd = _Crowd(service, rate, seed)
        runs = [pool.submit(crowd.run, lane) for lane in range(_CLIENTS)]
        start = time.monotonic()
        try:
            for number in count(1):
                due = start + number * every_s
                # A machine that is busy elsewhere may have answered nothing yet.
                while (time.monotonic() < due or crowd.num_waits < _FEWEST_WAITS) and not any(
                    run.done() for run in runs
                ):
                    time.sleep(0.1)
                if any(run.done() for run in runs) or due > start + 60 * minutes + 1:
                    break
                yield {"minute": number * every_s / 60, **crowd.taken(), **_measure(service, store)}
        finally:
            crowd.stopped.set()
        for run in runs:
            run.result()
        assert "an unexpected error" not in service.log()
    assert [] == violations(store)


def growing(readings: list[Reading]) -> dict[str, tuple[float, float]]:
    """Return what is larger in the last quarter than in the second one, and both values."""
    quarter = len(readings) // 4
    found = {}
    for name in readings[0].keys() - _NOT_COMPARED:
        values = [reading[name] for reading in readings]
        before = statistics.median(values[quarter : 2 * quarter])
        after = statistics.median(values[-quarter:])
        if name == "CPU ms":
            is_larger = after > before * _MOST_GROWTH_OF_COST
        else:
            is_larger = after > before * _MOST_GROWTH + _FEW
        if is_larger:
            found[name] = before, after
    return found


def _measure(service: Service, store: Path) -> Reading:
    processes = [psutil.Process(service.process.pid)]
    processes += [psutil.Process(pid) for pid in sorted(service.worker_pids())]
    with Client(service) as client:
        _, page = client.send_raw("GET", "/metrics")
    [known] = [line for line in page.decode().splitlines() if line.startswith("dedup_articles ")]
    memory = {
        f"process {number} MB": process.memory_info().rss / 1e6
        for number, process in enumerate(processes)
    }
    return {
        "known": float(known.split()[1]),
        "store MB": sum(file.stat().st_size for file in store.iterdir()) / 1e6,
        **memory,
        "descriptors": sum(process.num_fds() for process in processes),
        "threads": sum(process.num_threads() for process in processes),
    }


class _TimedClient(Client):
    """A client that notes how long each answer took."""

    def __init__(self, service: Service, seconds: deque[float]) -> None:
        super().__init__(service)
        self._seconds = seconds

    def send_raw(self, *request: Any, **more: Any) -> tuple[int, bytes]:
        """Return the status of any request and the answer, whatever it is."""
        start = time.monotonic()
        answer = super().send_raw(*request, **more)
        self._seconds.append(time.monotonic() - start)
        return answer


class _Crowd:
    """Clients, what they know, and how long they waited."""

    def __init__(self, service: Service, rate: float, seed: int) -> None:
        self.stopped = threading.Event()
        self._service = service
        self._interval = _CLIENTS / rate
        self._seed = seed
        self._lock = threading.Lock()
        self._newest: deque[_Known] = deque(maxlen=_NEWEST)
        self._seconds: deque[float] = deque()
        self._spent = 0.0

    def run(self, lane: int) -> None:
        """Be one client, who sends when it is time, whether the last answer was quick or not."""
        random = Random(f"{self._seed}-{lane}")
        due = time.monotonic() + self._interval * lane / _CLIENTS
        names = (f"{lane}-{number}" for number in count())
        with _TimedClient(self._service, self._seconds) as client:
            try:
                while not self.stopped.wait(max(0.0, due - time.monotonic())):
                    [act] = random.choices(list(_ACTS), list(_ACTS.values()))
                    act(self, client, random, next(names))
                    due += self._interval
            finally:
                self.stopped.set()

    @property
    def num_waits(self) -> int:
        """Requests that were answered since `taken` was asked last."""
        return len(self._seconds)

    def taken(self) -> Reading:
        """Return how many requests were answered since this was asked last, and at what cost."""
        seconds = [self._seconds.popleft() for _ in range(len(self._seconds))]
        cuts = statistics.quantiles(seconds, n=100)
        processes = map(psutil.Process, self._service.worker_pids())
        spent = sum(sum(process.cpu_times()[:2]) for process in processes)
        spent, self._spent = spent - self._spent, spent
        return {
            "requests": len(seconds),
            "CPU ms": 1e3 * spent / len(seconds),
            "p50 ms": 1e3 * cuts[49],
            "p99 ms": 1e3 * cuts[98],
        }

    def _pick(self, random: Random) -> _Known:
        with self._lock:
            return (
                random.choice(self._newest)
                if self._newest
                else _Known("none", make_prose(random), "none")
            )

    def _note(self, article_id: str, text: str, answer: dict) -> None:
        with self._lock:
            self._newest.append(_Known(article_id, text, answer["cluster_id"]))

    def _check_new(self, client: Client, random: Random, name: str) -> None:
        text = make_prose(random)
        self._note(name, text, _expect(client.check(name, text), 200))

    def _check_copy(self, client: Client, random: Random, name: str) -> None:
        text = make_edition(self._pick(random).text, random)
        self._note(name, text, _expect(client.check(name, text), 200))

    def _check_again(self, client: Client, random: Random, _name: str) -> None:
        known = self._pick(random)  # which somebody may have replaced, or deleted
        _expect(client.check(known.id, known.text), 200, 409, 422)

    def _look(self, client: Client, random: Random, _name: str) -> None:
        text = make_edition(self._pick(random).text, random)
        fields = {"remember": False, "passages": random.random() < 0.2, "repaired": True}
        _expect(client.send("POST", "check", body={"text": text, **fields}), 200)

    def _check_page(self, client: Client, random: Random, name: str) -> None:
        text = make_story(random)
        page = f"<html><body><nav><a href=/>首页</a></nav><article><p>{text}</p></article></body>"
        headers = {"Content-Type": "text/html; charset=gb18030", "Content-Encoding": "gzip"}
        data = gzip.compress(page.encode("gb18030"))
        status, answer = client.send_raw("POST", f"/check?id=page-{name}", data, headers)
        _expect((status, json.loads(answer)), 200)

    def _check_batch(self, client: Client, random: Random, name: str) -> None:
        lines = [{"id": f"line-{name}-{n}", "text": make_prose(random)} for n in range(_LINES)]
        data = b"".join(json.dumps(line).encode() + b"\n" for line in lines) + b"{no line}\n"
        headers = {"Content-Type": "application/x-ndjson"}
        status, answer = client.send_raw("POST", "/check/batch", data, headers)
        answers = [json.loads(line) for line in answer.splitlines()]
        assert (200, _LINES + 1) == (status, len(answers)), (status, answer[-500:])
        assert all("verdict" in line for line in answers[:-1]), answers
        assert "malformed_request" == answers[-1]["code"], answers[-1]

    def _replace(self, client: Client, random: Random, _name: str) -> None:
        text = make_prose(random)
        answer = client.send("PUT", "articles", self._pick(random).id, body={"text": text})
        _expect(answer, 200, 201)

    def _delete(self, client: Client, random: Random, _name: str) -> None:
        _expect(client.send("DELETE", "articles", self._pick(random).id), 204, 404)

    def _read(self, client: Client, random: Random, _name: str) -> None:
        known = self._pick(random)
        _expect(client.get("articles", known.id), 200, 404)
        _expect(client.get("clusters", known.cluster_id), 200, 404)

    def _browse(self, client: Client, random: Random, _name: str) -> None:
        target = random.choice(("/clusters?order=size", "/articles?limit=20", "/changes?since=0"))
        status, _ = client.send_raw("GET", target)
        assert 200 == status, (target, status)

    def _decide(self, client: Client, random: Random, _name: str) -> None:
        known = self._pick(random)
        decision = {random.choice(["pin", "not_a_copy"]): known.id}
        answer = client.send("PATCH", "clusters", known.cluster_id, body=decision)
        _expect(answer, 200, 404)

    def _repair(self, client: Client, random: Random, _name: str) -> None:
        text = make_edition(make_story(random), random)
        _expect(client.send("POST", "repair", body={"text": text}), 200)

    def _watch(self, client: Client, random: Random, _name: str) -> None:
        target = random.choice(("/metrics", "/health/ready", "/version", "/", "/openapi.json"))
        status, _ = client.send_raw("GET", target)
        assert 200 == status, (target, status)

    def _err(self, client: Client, random: Random, _name: str) -> None:
        json_type = {"Content-Type": "application/json"}
        data, headers, expected = random.choice(
            (
                (b'{"text": ', json_type, 400),
                (b'{"text": "\\ud800"}', json_type, 400),
                (b'{"text": "' + b"x" * 60, {**json_type, "Content-Encoding": "gzip"}, 400),
                (b'{"text": "a", "no such field": 1}', json_type, 422),
                (b'{"text": " "}', json_type, 422),
                (b"text", {"Content-Type": "image/png"}, 415),
            )
        )
        status, answer = client.send_raw("POST", "/check", data, headers)
        _expect((status, json.loads(answer)), expected)

    def _go_away(self, _client: Client, random: Random, _name: str) -> None:
        """Leave in the middle of a request, or send what is none."""
        head = b"POST /check HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
        half = head + b"Content-Length: 1000\r\n\r\nhalf"
        request = random.choice((half, head, b"\x16\x03\x01\x02\x00\x01\x00", b"GET /no\r\n\r\n"))
        with socket.create_connection(("127.0.0.1", self._service.port), timeout=60) as connection:
            connection.sendall(request)


_Act = Callable[[_Crowd, Client, Random, str], None]
_ACTS: dict[_Act, float] = {
    _Crowd._check_new: 26,
    _Crowd._check_copy: 15,
    _Crowd._check_again: 4,
    _Crowd._look: 18,
    _Crowd._check_page: 4,
    _Crowd._check_batch: 3,
    _Crowd._replace: 4,
    _Crowd._delete: 4,
    _Crowd._read: 8,
    _Crowd._browse: 3,
    _Crowd._decide: 2,
    _Crowd._repair: 2,
    _Crowd._watch: 3,
    _Crowd._err: 2,
    _Crowd._go_away: 2,
}


def _expect(answered: tuple[int, dict], *statuses: int) -> dict:
    """Return an answer that has one of some statuses."""
    status, answer = answered
    assert status in statuses, (status, answer)
    return answer
