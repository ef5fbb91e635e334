"""`dedup serve` as real processes, to be raced, killed and started again."""

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

DEDUP = Path(sys.executable).with_name("dedup")
CONNECTION_ERRORS = (OSError, http.client.HTTPException)

_ADDRESS = re.compile(r"running on http://127\.0\.0\.1:(\d+)")
_READY = "ready to check articles"  # a worker says so once its store is open
_START_S = 240  # beside sixteen clients, on a busy machine
_STOP_S = 30


class Service:
    """A running service."""

    def __init__(
        self,
        store: Path | str,
        *,
        workers: int = 1,
        log: Path | None = None,
        **environment: str,
    ) -> None:
        """Start it over a store.

        Args:
            store: A directory or database.
            workers: Processes.
            log: Where it may write; beside the directory if there is nothing said.
            environment: Settings of its own.
        """
        self.workers = workers
        self._log = log or Path(store).with_suffix(".log")
        command = [DEDUP, "serve", "--store", store, "--port", "0", "--workers", str(workers)]
        with self._log.open("wb") as output:
            # A session of its own: one signal reaches all of its processes and no other.
            self.process = subprocess.Popen(
                command, stderr=output, start_new_session=True, env=os.environ | environment
            )
        try:
            wait_until(self._is_up, _START_S, "the service starts", self.log)
        except BaseException:
            self.kill()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.kill()

    @property
    def port(self) -> int:
        return int(_ADDRESS.search(self.log())[1])

    def log(self) -> str:
        return self._log.read_text()

    def worker_pids(self) -> list[int]:
        """Return the processes that serve."""
        if self.workers == 1:
            return [self.process.pid]
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [pid for pid in map(int, children.read_text().split()) if _is_worker(pid)]

    def worker_of(self, client: "Client") -> int:
        """Return the process that holds the other end of a client's connection."""
        socket = f"socket:[{_inode_of(self.port, client.local_port)}]"
        holders: list[int] = []

        def is_found() -> bool:
            # The kernel's list of a process's children may leave some out for a moment.
            holders.extend(pid for pid in self.worker_pids() if socket in _descriptors(pid))
            return bool(holders)

        wait_until(is_found, _STOP_S, "a worker holds the connection", self.log)
        return holders[0]

    def kill_a_worker(self) -> None:
        """Kill one of several workers, and return once another has taken its place."""
        assert self.workers > 1
        victim = self.worker_pids()[0]
        ready = self.log().count(_READY)
        os.kill(victim, signal.SIGKILL)
        wait_until(
            lambda: self.log().count(_READY) > ready,
            _START_S,
            "a killed worker is replaced",
            self.log,
        )
        assert victim not in self.worker_pids()

    def kill(self) -> None:
        """Kill all processes at once; may be called twice."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(_STOP_S)

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self.process.terminate()
        self.process.wait(_STOP_S)

    def _is_up(self) -> bool:
        assert self.process.poll() is None, self.log()
        log = self.log()
        return log.count(_READY) == self.workers and bool(_ADDRESS.search(log))


class Client:
    """One connection, kept open between requests."""

    def __init__(self, service: Service) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()

    @property
    def local_port(self) -> int:
        return self._connection.sock.getsockname()[1]

    def check(self, article_id: str, text: str) -> tuple[int, dict]:
        """Return the status of a check and its answer."""
        return self.send("POST", "check", body={"id": article_id, "text": text})

    def get(self, *path: str) -> tuple[int, dict]:
        """Return the status of a page and what it says."""
        return self.send("GET", *path)

    def send(self, method: str, *path: str, body: dict | None = None) -> tuple[int, dict]:
        """Return the status of any request and the answer, empty where there is none."""
        target = "".join(f"/{quote(part, safe='')}" for part in path)
        data = None if body is None else json.dumps(body).encode()
        status, answer = self.send_raw(method, target, data, {"Content-Type": "application/json"})
        return status, json.loads(answer or "{}")

    def send_raw(
        self,
        method: str,
        target: str,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Return the status of any request and the answer, whatever it is."""
        self._connection.request(method, target, data, headers or {})
        response = self._connection.getresponse()
        return response.status, response.read()

    def close(self) -> None:
        self._connection.close()


def clients_on_all_workers(service: Service, count: int) -> list[Client]:
    """Return clients of whom each worker serves as many."""
    share = count // service.workers
    chosen = {pid: [] for pid in service.worker_pids()}
    for _ in range(100 * count):
        client = Client(service)
        client.get("health", "live")
        served_alike = chosen[service.worker_of(client)]
        if len(served_alike) < share:
            served_alike.append(client)
        else:
            client.close()
        if all(len(clients) == share for clients in chosen.values()):
            return [client for clients in chosen.values() for client in clients]
    raise AssertionError("some worker takes no connections")


def clients_of(services: Sequence[Service], count: int) -> list[Client]:
    """Return clients of whom each service, and each of its workers, serves as many."""
    share = count // len(services)
    return [client for service in services for client in clients_on_all_workers(service, share)]


def wait_until(
    is_true: Callable[[], bool], seconds: float, what: str, explain: Callable[[], str]
) -> None:
    """Wait for something to become true, but not forever."""
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, f"waited in vain until {what}: {explain()}"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Return whether a process runs; one that ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _is_worker(pid: int) -> bool:
    # A worker that was killed a moment ago is still listed, with an empty command.
    return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()


def _descriptors(pid: int) -> Iterator[str]:
    """Yield what a process holds open."""
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            yield str(descriptor.readlink())


def _inode_of(port: int, client_port: int) -> str:
    """Return the inode of the server's end of a connection from one port to another."""
    # A port may serve connections to several servers, and one that is closed lingers.
    ends = f":{port:04X}", f":{client_port:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, _, _, _, _, _, _, inode, *_ = line.split()
        if (local[-5:], remote[-5:]) == ends and inode != "0":
            return inode
    raise AssertionError("the connection is closed")
