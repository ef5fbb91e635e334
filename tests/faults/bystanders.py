"""Who sends something hostile to a service, and who is served beside it meanwhile."""

import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
from service import CONNECTION_ERRORS, Client, Service

ARTICLE = "县里的工作人员来到企业，了解复工复产遇到的困难，帮助解决口罩和用工的问题。" * 8


class Bystander:
    """A client with ordinary articles, who remembers how long the longest answer took."""

    def __init__(self, service: Service) -> None:
        self._client = Client(service)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self.longest = 0.0
        self.statuses: set[int] = set()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc_info):
        self._done.set()
        self._thread.join()
        self._client.close()

    def _ask(self) -> None:
        while not self._done.wait(0.02):
            start = time.monotonic()
            status, _ = self._client.send(
                "POST", "check", body={"text": ARTICLE, "remember": False}
            )
            self.longest = max(self.longest, time.monotonic() - start)
            self.statuses.add(status)


class Cost:
    """What a service takes within a block: CPU seconds, and bytes at the worst moment."""

    def __init__(self, service: Service) -> None:
        self._process = psutil.Process(service.process.pid)
        self.cpu_s = 0.0
        self.peak = 0

    def __enter__(self):
        Path(f"/proc/{self._process.pid}/clear_refs").write_text("5")  # forgets the peak
        self._resident = self._process.memory_info().rss
        self._cpu_s = self._spent()
        return self

    def __exit__(self, *exc_info):
        self.cpu_s = self._spent() - self._cpu_s
        self.peak = self._peak() - self._resident

    def _spent(self) -> float:
        times = self._process.cpu_times()
        return times.user + times.system

    def _peak(self) -> int:
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) << 10


def raw(service: Service, request: bytes) -> bytes:
    """Return the answer to some bytes, as far as it comes: not all of them may be read."""
    answer = b""
    with socket.create_connection(("127.0.0.1", service.port), timeout=100) as connection:
        with suppress(*CONNECTION_ERRORS):
            connection.sendall(request)
        with suppress(*CONNECTION_ERRORS):
            while chunk := connection.recv(1 << 16):
                answer += chunk
    return answer
