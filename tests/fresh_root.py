"""Builds the image's stages without an engine, and runs what they make as a container does.

A stage's root is a folder of its own. The system's programs and libraries and the interpreter
that runs the tests are shown in it, read-only, in place of the base image; everything else is
what the Dockerfile's steps put there. Each command runs as the first process of namespaces of
its own, with that folder for its root.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

TOOLS = ("unshare", "nsenter", "setpriv", "chroot", "mount", "useradd")

_PROGRAMS = ("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo")
_LINKS = ("/bin", "/sbin", "/lib", "/lib64")
_SETTINGS = (
    "/etc/passwd", "/etc/group", "/etc/login.defs", "/etc/nsswitch.conf", "/etc/hosts",
    "/etc/resolv.conf", "/etc/ld.so.cache", "/etc/ssl", "/etc/pip.conf", "/etc/alternatives",
)  # fmt: skip
_DEVICES = ("null", "zero", "full", "random", "urandom")
_PATH = f"{sys.base_prefix}/bin:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin"
_LOOPBACK_UP = (
    "import fcntl, socket, struct;"
    "fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh22x', b'lo', 1))"
)


def can_run() -> bool:
    """Whether namespaces can be made here, and a root changed."""
    if os.geteuid() != 0 or any(shutil.which(tool) is None for tool in TOOLS):
        return False
    command = ["unshare", "--mount", "--pid", "--net", "--fork", "true"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@dataclass
class Stage:
    """A stage of the image, or the image: its root, and how what runs in it is started."""

    root: Path
    folder: str = "/"
    user: str = "0"
    variables: dict[str, str] = field(default_factory=lambda: {"PATH": _PATH})
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Lay out what a base image has."""
        for name in ("dev/shm", "etc", "proc", "tmp", "usr/local/bin", "root", "opt"):
            (self.root / name).mkdir(parents=True)
        (self.root / "tmp").chmod(0o1777)
        for name in _DEVICES:
            (self.root / "dev" / name).touch()
        for link in map(Path, _LINKS):
            if link.is_symlink():
                _inside(self.root, link).symlink_to(link.readlink())
        for source in self._shown():
            _inside(self.root, source).mkdir(parents=True, exist_ok=True)
        for source in filter(Path.exists, map(Path, _SETTINGS)):
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(
                source,
                _inside(self.root, source),
                **({"symlinks": True} if source.is_dir() else {}),
            )
        python = Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}")
        if not python.with_name("python").exists():
            (self.root / "usr/local/bin/python").symlink_to(python)

    def run(self, command: Sequence[str], variables: Mapping[str, str] | None = None) -> None:
        """Run a step of the build: as its user, with the network, in a root that it may write."""
        script = self._entry(command, is_network=True, variables=variables or {})
        done = subprocess.run(script, capture_output=True, text=True, check=False)
        assert 0 == done.returncode, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"

    def start(self, volume: Path, log: Path) -> subprocess.Popen:
        """Start what the image starts: read-only, without rights, on a loopback of its own."""
        script = self._entry(self.command, is_network=False, volume=volume)
        with log.open("wb") as output:
            return subprocess.Popen(script, stdout=output, stderr=output)

    def run_beside(self, process_id: int, command: Sequence[str]) -> subprocess.CompletedProcess:
        """Run a command in the container of a process, as its health check runs."""
        target = ["nsenter", f"--target={process_id}", "--mount", "--net", "--pid", "--root"]
        return subprocess.run(
            [*target, *self._as_user(command, {}, is_confined=True)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def _entry(
        self,
        command: Sequence[str],
        *,
        is_network: bool,
        volume: Path | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> list[str]:
        """Return the command that enters the root, and then is `command` itself."""
        root = shlex.quote(str(self.root))
        lines = ["mount --make-rprivate /", f"mount --bind {root} {root}"]
        for source in self._shown():
            place = shlex.quote(str(_inside(self.root, source)))
            lines += [f"mount --bind {shlex.quote(str(source))} {place}"]
            lines += [f"mount -o remount,bind,ro {place}"]
        lines += [f"mount --bind /dev/{name} {root}/dev/{name}" for name in _DEVICES]
        lines += [f"mount -t proc proc {root}/proc", _memory(root, "dev/shm")]
        if volume is not None:
            [place] = self.volumes
            lines += [f"mount --bind {shlex.quote(str(volume))} {root}{place}"]
            lines += [_memory(root, "tmp"), f"mount -o remount,bind,ro {root}"]
        if not is_network:
            lines += [f"{shlex.quote(sys.executable)} -c {shlex.quote(_LOOPBACK_UP)}"]
        entered = self._as_user(command, variables or {}, is_confined=volume is not None)
        lines += [shlex.join(["exec", "chroot", str(self.root), *entered])]
        spaces = ["--mount", "--pid", "--fork", "--kill-child", *([] if is_network else ["--net"])]
        return ["unshare", *spaces, "sh", "-ec", "\n".join(lines)]

    def _as_user(
        self, command: Sequence[str], variables: Mapping[str, str], *, is_confined: bool
    ) -> list[str]:
        given = [f"{name}={value}" for name, value in (self.variables | variables).items()]
        ids = [f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups"]
        rights = ["--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"] if is_confined else []
        search = ["env", "-i", f"--chdir={self.folder}", *given]
        return ["setpriv", *ids, *rights, *search, *command]

    def _shown(self) -> list[Path]:
        """Return the folders of the system that stand for the base image."""
        found = [Path(name) for name in _PROGRAMS if Path(name).is_dir()]
        found += [link for link in map(Path, _LINKS) if link.is_dir() and not link.is_symlink()]
        prefix = Path(sys.base_prefix)
        return found if prefix == Path("/usr") else [*found, prefix]


def build(dockerfile: Path, folder: Path) -> Stage:
    """Follow a Dockerfile step by step; the last stage is the image.

    Raises:
        AssertionError: A step failed, or is of a sort that is not known here.
    """
    context = dockerfile.parent
    stages: list[Stage] = []
    names: dict[str, Stage] = {}
    for word, rest in _steps(dockerfile.read_text("utf-8")):
        if word == "FROM":
            stages.append(Stage(folder / f"stage-{len(stages)}"))
            *_, name = rest.split()
            names[name] = stages[-1]
            continue
        _do(word, rest, stages[-1], context, names)
    return stages[-1]


def _steps(text: str) -> Iterator[tuple[str, str]]:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    for step in "\n".join(lines).replace("\\\n", "").splitlines():
        word, rest = step.split(maxsplit=1)
        yield word, rest


def _do(word: str, rest: str, stage: Stage, context: Path, names: Mapping[str, Stage]) -> None:
    match word:
        case "WORKDIR":
            stage.folder = rest
            _inside(stage.root, Path(rest)).mkdir(parents=True, exist_ok=True)
        case "COPY":
            _copy(rest.split(), stage, context, names)
        case "RUN":
            reached = {
                name: value
                for name, value in os.environ.items()
                if name.startswith("PIP_") or name.lower().endswith("_proxy")
            }
            stage.run(["/bin/sh", "-c", rest], reached)
        case "ENV":
            for pair in shlex.split(rest.replace("$PATH", stage.variables["PATH"])):
                name, value = pair.split("=", 1)
                stage.variables[name] = value
        case "USER":
            stage.user = rest
        case "VOLUME":
            stage.volumes.append(rest)
        case "CMD":
            stage.command = json.loads(rest)
        case "HEALTHCHECK":
            stage.health = json.loads(rest[rest.index("CMD") + len("CMD") :])
        case _:
            assert word in {"LABEL", "EXPOSE", "STOPSIGNAL"}, f"{word} is not known here"


def _copy(words: Sequence[str], stage: Stage, context: Path, names: Mapping[str, Stage]) -> None:
    *sources, place = [word for word in words if not word.startswith("--")]
    target = _inside(stage.root, Path(stage.folder, place))
    is_image = words[0].startswith("--from=")
    root = names[words[0].removeprefix("--from=")].root if is_image else context
    for source in sources:
        found = root / source.lstrip("/")
        if found.is_dir():
            ignored = None if is_image else shutil.ignore_patterns("__pycache__")
            copy = os.link if is_image else shutil.copy2  # nothing changes the former stage
            shutil.copytree(found, target, symlinks=True, ignore=ignored, copy_function=copy)
        else:
            shutil.copy2(found, target)


def _memory(root: str, place: str) -> str:
    """Return the command that mounts a file system in memory."""
    return f"mount -t tmpfs tmpfs {root}/{place}"


def _inside(root: Path, path: Path) -> Path:
    """Return where a path of the container is on the disk."""
    return root / path.relative_to("/")
