"""`dedup serve` as a process of its own."""

import json
import os
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

DEDUP = Path(sys.executable).with_name("dedup")


class Server:
    """Serves a store on a port of its own choice until the block ends."""

    def __init__(self, location, *options, workers=1, **environment):
        options = ["--workers", str(workers), *options]
        self.process = subprocess.Popen(
            [DEDUP, "serve", "--store", location, "--port", "0", *options],
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )
        self.address = None
        started = 0
        for line in self.process.stderr:
            started += "ready to check articles" in line
            if "running on" in line:
                self.address = line.split("running on ")[1].split()[0]
            if self.address and started == workers:
                # A pipe that nobody reads fills up, and the service would wait for it.
                self._lines = []
                self._log = threading.Thread(
                    target=self._lines.extend, args=(self.process.stderr,), daemon=True
                )
                self._log.start()
                return
        raise AssertionError("the service did not start")

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.process.kill()
        self.process.wait()
        self._log.join()
        self.process.stderr.close()

    def log(self):
        """What it said until it ended."""
        self._log.join()
        return "".join(self._lines)

    def get(self, path):
        return json.loads(self.send("GET", path))

    def post(self, path, body):
        return json.loads(self.send("POST", path, json.dumps(body).encode()))

    def send(self, method, path, body=None):
        request = urllib.request.Request(
            self.address + path, body, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request) as response:
            return response.read()
