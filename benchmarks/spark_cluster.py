"""A standalone Spark cluster on this machine: a master and two workers, each a process."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil  # type: ignore[import-untyped]

__all__ = ["Cluster", "wait_until"]

_WAIT_S = 240  # on a machine that has much else to do


class Cluster:
    """A master and two workers of one core, which end with `close`.

    Attributes:
        url: What `--master` takes.
    """

    def __init__(self, folder: Path) -> None:
        """Start all three, with their logs and scratch files in a folder."""
        import pyspark

        self._folder = folder
        self._home = Path(pyspark.__file__).parent
        port = _free_port()
        self.url = f"spark://127.0.0.1:{port}"
        self._master = self._start("master.Master", "--port", port)
        self._workers = [self._start_worker() for _ in range(2)]
        wait_until(lambda: self.log().count("Registering worker") == 2, self.log)

    def log(self) -> str:
        """Return what the master wrote."""
        return (self._folder / "master.Master.log").read_text()

    def kill_worker(self) -> None:
        """Kill a worker with its executors, and start another one."""
        victim = self._workers.pop()
        _kill(victim)
        self._workers.append(self._start_worker())

    def processor_seconds(self) -> float:
        """Return the processor time of all that live, and of those that they waited for."""
        seconds = 0.0
        for root in (self._master, *self._workers):
            process = psutil.Process(root.pid)
            for one in (process, *process.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    seconds += sum(one.cpu_times()[:4])
        return seconds

    def close(self) -> None:
        """Kill all that is left."""
        for process in (*self._workers, self._master):
            _kill(process)

    def _start_worker(self) -> subprocess.Popen[bytes]:
        return self._start("worker.Worker", "--cores", 1, "--memory", "1g", self.url)

    def _start(self, name: str, *arguments: object) -> subprocess.Popen[bytes]:
        command = [
            self._home / "bin" / "spark-class", f"org.apache.spark.deploy.{name}",
            "--host", "127.0.0.1", "--webui-port", 0, *arguments,
        ]  # fmt: skip
        environment = {
            **os.environ,
            "SPARK_WORKER_DIR": str(self._folder / "work"),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_MEMORY": "256m",
        }
        with (self._folder / f"{name}.log").open("ab") as log:
            # A session of its own: its executors and their Python processes go with it.
            return subprocess.Popen(
                list(map(str, command)),
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=environment,
            )


def wait_until(
    is_true: Callable[[], object], explain: Callable[[], object], seconds: float = _WAIT_S
) -> None:
    """Wait for something to become true, but not forever."""
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            msg = f"waited in vain: {explain()}"
            raise TimeoutError(msg)
        time.sleep(0.1)


def _kill(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
