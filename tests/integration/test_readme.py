"""The commands of the README, run as a newcomer runs them."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from urllib.request import urlopen

import pytest

from dedup import Verdict

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MIRROR, ORIGINAL = "seeds/000_0e045de3cfe3638e.txt", "seeds/004_52fef1ac75084d80.txt"
# What a reader puts in place of the words in capitals.
MEANT = {
    "FOLDER": "seeds",
    "DIRECTORY": "store",
    "DESTINATION": "backup",
    "FILE…": f"{ORIGINAL} {MIRROR}",
    "FILE": MIRROR,
}
TESTED_ELSEWHERE = ("make ", "curl ", "dedup serve ", "dedup spark ")

pytestmark = pytest.mark.slow


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands():
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    return [re.sub(r"\s+# .*", "", line) for line in lines]


def meant(command):
    return re.sub(
        "|".join(sorted(MEANT, key=len, reverse=True)), lambda word: MEANT[word[0]], command
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A copy of what the commands need, in which everything is installed already."""
    place = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "seeds", place / "seeds")
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, place)
    (place / ".venv").mkdir()
    for part in Path(sys.prefix).iterdir():
        if not part.name.startswith("."):
            (place / ".venv" / part.name).symlink_to(part)
    for name in (".run", ".dev"):
        (place / ".venv" / name).touch()
    return place


def run(command, place, **environment):
    """Run a command as a shell does, and return what it printed."""
    path = f"{place}/.venv/bin:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-ec", command], cwd=place, capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": path, **environment},
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr
    return done.stdout


class Serving:
    """A command that serves until it is told to end, on a port that was free."""

    def __init__(self, command, place):
        environment = {**os.environ, "PATH": f"{place}/.venv/bin:{os.environ['PATH']}", "PORT": "0"}
        self._process = subprocess.Popen(
            ["bash", "-ec", command], cwd=place, env=environment, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.said = ""
        for line in self._process.stdout:
            self.said += line
            if "running on" in self.said and "ready to check articles" in self.said:
                break
        else:
            self._process.wait()
            self._process.stdout.close()
            raise AssertionError(self.said)
        self.address = self.said.split("running on http://")[1].split()[0]
        # A pipe that nobody reads fills up, and the service would wait for it.
        self._log = threading.Thread(target=self._process.stdout.read, daemon=True)
        self._log.start()

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait()
        self._log.join()
        self._process.stdout.close()


@pytest.fixture(scope="module")
def service(place):
    with Serving("make run", place) as service:
        yield service


def test_make_run(service):
    """It scans the seeds, prints the README's table, and serves."""
    [table] = re.findall(r"^```\n(article .*?)^```$", README, re.MULTILINE | re.DOTALL)
    said = [line.rstrip() for line in service.said.splitlines()]
    assert set(table.splitlines()) <= set(said)


def test_make_test(place):
    """It runs what is in the folder of tests, in the environment that it set up."""
    (place / "tests").mkdir()
    (place / "tests" / "test_it.py").write_text("def test_it():\n    assert 2 == 1 + 1\n")
    assert "1 passed" in run("make test", place)


@pytest.mark.parametrize("command", [line for line in commands() if line.startswith("curl ")])
def test_over_http(command, service, place):
    """The service answers as the README says."""
    if shutil.which("curl") is None:
        pytest.skip("there is no curl here")
    [expected] = map(json.loads, blocks("json"))
    answer = json.loads(run(command.replace("localhost:8000", service.address), place))

    assert expected["verdict"] == answer["verdict"]
    assert expected["original"]["id"] == answer["original"]["id"]
    assert expected.keys() <= answer.keys()
    for name in ("jaccard", "containment", "coverage"):
        assert expected[name] == round(answer[name], 3)
    kinds = {name: count for name, count in expected["damage"]["kinds"].items() if name != "…"}
    assert kinds.items() <= answer["damage"]["kinds"].items()


def others():
    # Tests of their own: above, below, and of Spark on a cluster.
    return [line for line in commands() if not line.startswith(TESTED_ELSEWHERE)]


def test_command_line(place):
    """Every other command does what it is there for, one after the other."""
    printed = {command: run(meant(command), place) for command in others()}

    assert len(printed) >= 6
    told = "\n".join(printed.values())
    assert Verdict.GARBLED_MIRROR in told
    assert "我們多跑腿,復工就能快一點" in printed["dedup repair FILE"]
    assert (place / "backup" / "dedup.sqlite3").exists()


@pytest.mark.parametrize("command", [line for line in commands() if line.startswith("dedup serve")])
def test_serving(command, place):
    """A store of the reader's own is served, by as many processes as are asked for."""
    serving = Serving(f"{meant(command)} --port 0", place)
    with serving, urlopen(f"http://{serving.address}/version") as answer:
        assert "release" in json.loads(answer.read())


def test_from_python(place):
    """The library does what the README says, with the seeds as its texts."""
    [code] = blocks("python")
    known, text = (f"Path({name!r}).read_text()" for name in (ORIGINAL, MIRROR))
    lines = ["from pathlib import Path", f"known = {known}", f"text = {text}", code]
    (place / "example.py").write_text("\n".join(lines))

    printed = run("python example.py", place)
    assert printed.startswith(f"{Verdict.GARBLED_MIRROR} ")
    assert printed.endswith("中國臺灣網移動版，復工\n")
