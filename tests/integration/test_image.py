"""The image's steps run in a root of their own, and what they make runs as compose runs it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest
from fresh_root import Stage, build, can_run

ROOT = Path(__file__).parents[2]
ARTICLE = next((ROOT / "seeds").glob("002*")).read_text("utf-8")[:800]
_STOP_S = 60  # on a busy machine; compose allows 30

pytestmark = [
    pytest.mark.slow,
    pytest.mark.needs_namespaces,
    pytest.mark.timeout(1_200),  # two minutes to install it all
]

_CHECK = """
import json, sys, urllib.request
body = json.dumps({"id": sys.argv[1], "text": sys.argv[2]}).encode()
request = urllib.request.Request("http://127.0.0.1:8000/check", body)
request.add_header("Content-Type", "application/json")
print(urllib.request.urlopen(request, timeout=50).read().decode())
"""


@pytest.fixture(scope="module")
def image() -> Iterator[Stage]:
    """The image, built from the Dockerfile, while the tests run: it is large."""
    if not can_run():
        pytest.skip("needs root, and the namespaces of Linux")
    # Not in pytest's folder, which other users cannot reach.
    with TemporaryDirectory(prefix="dedup-image-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        _require_index(folder)
        yield build(ROOT / "Dockerfile", folder)


def _require_index(folder: Path) -> None:
    lock = (ROOT / "requirements.lock").read_text()
    [small] = [line.split()[0] for line in lock.splitlines() if line.startswith("xxhash==")]
    download = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir"]
    found = subprocess.run([*download, "--dest", folder, small], capture_output=True, check=False)
    if found.returncode != 0:
        pytest.skip("the index of packages cannot be reached")


class Container:
    """What the image starts, over a volume."""

    def __init__(self, image: Stage, volume: Path, log: Path) -> None:
        self._image = image
        self._log = log
        self._unshare = image.start(volume, log)

    def __enter__(self):
        while not self.is_healthy():
            assert self._unshare.poll() is None, self.log()
        return self

    def __exit__(self, *exc_info):
        self._unshare.kill()  # and with it the first process, and with that all others
        self._unshare.wait(_STOP_S)

    def is_healthy(self) -> bool:
        """Whether the image's own health check says so."""
        running = self._process()
        return running is not None and self.run(self._image.health).returncode == 0

    def run(self, command):
        return self._image.run_beside(self._process().pid, command)

    def check(self, article_id, text):
        done = self.run(["python", "-c", _CHECK, article_id, text])
        assert 0 == done.returncode, done.stderr + self.log()
        return json.loads(done.stdout)

    def stop(self):
        """Stop as an engine does, and return the status."""
        self._process().send_signal(signal.SIGTERM)
        return self._unshare.wait(_STOP_S)

    def log(self):
        return self._log.read_text()

    def _process(self):
        """Return the first process of the container."""
        return next(iter(psutil.Process(self._unshare.pid).children()), None)


def test_the_image_serves_and_keeps(image, tmp_path):
    """It starts without rights over a read-only root, is healthy, stops and starts again."""
    volume = tmp_path / "volume"
    # A new volume is a copy of what the image has there, owner and all.
    subprocess.run(["cp", "--archive", image.root / "data", volume], check=True)
    user = int(image.user)

    with Container(image, volume, tmp_path / "first.log") as container:
        assert "new" == container.check("a1", ARTICLE)["verdict"]
        facts = container.run(["python", "-c", "import os; print(os.getuid(), os.getppid())"])
        assert f"{user} 0" == facts.stdout.strip()
        for place in ("/opt/dedup/x", "/usr/local/x", "/x", "/etc/x"):
            assert 0 != container.run(["touch", place]).returncode, place
        status = Path(f"/proc/{container._process().pid}/status").read_text()
        assert "CapEff:\t0000000000000000" in status
        assert "CapBnd:\t0000000000000000" in status
        assert 0 == container.stop(), container.log()

    with Container(image, volume, tmp_path / "second.log") as container:
        copy = container.check("a2", f"本报讯 {ARTICLE}")
        assert ("reprint", "a1") == (copy["verdict"], copy["original"]["id"])


def test_kernels_are_compiled_inside(image):
    """The machine code of the kernels is in the image, where nothing could write it later."""
    compiled = list((image.root / "opt/dedup").rglob("dedup/**/*.nbc"))
    assert len(compiled) > 10
