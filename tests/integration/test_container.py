"""The container's files: what they refer to exists, and what they set is a setting."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from app.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def test_everything_mounted_exists(compose):
    """Files are in the repository, volumes are declared."""
    for service in compose["services"].values():
        for mount in service.get("volumes", []):
            source = mount.partition(":")[0]
            exists = (ROOT / source).exists() if source.startswith(".") else False
            assert exists or source in compose["volumes"], source


def test_every_variable_is_a_setting(compose):
    """The service is given nothing that it does not read."""
    names = {f"DEDUP_{name}".upper() for name in Settings.model_fields}

    assert set(compose["services"]["dedup"]["environment"]) <= names


def test_service_is_confined(compose):
    """Its root is read-only, it has no capabilities, and memory has a limit."""
    service = compose["services"]["dedup"]

    assert service["read_only"]
    assert ["ALL"] == service["cap_drop"]
    assert service["deploy"]["resources"]["limits"]["memory"]
    assert all(port.startswith(("127.", "${DEDUP_BIND:-127.")) for port in service["ports"])


def test_logs_have_an_end(compose):
    """No service may fill the disk with what it says."""
    for service in compose["services"].values():
        assert service["logging"]["options"]["max-size"], service


def test_dockerfile_has_no_faults():
    """A linter of Dockerfiles, and of the shell in them, finds nothing."""
    run_tool("hadolint", ROOT / "Dockerfile")


def test_compose_file_fits_the_specification():
    """The file is what the Compose Specification's own schema says."""
    run_tool(
        "check-jsonschema", "--builtin-schema", "vendor.compose-spec", ROOT / "docker-compose.yml"
    )


def test_the_image_gets_what_its_databases_need():
    """The image installs the lock file, and that holds the driver of PostgreSQL."""
    assert "\npsycopg==" in (ROOT / "requirements.lock").read_text()
    assert "-r requirements.lock" in (ROOT / "Dockerfile").read_text()


def test_the_image_gets_every_package_of_the_wheel():
    """What the project's wheel is built from is copied into the image first."""
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"][
        "targets"
    ]["wheel"]["packages"]
    copied = (ROOT / "Dockerfile").read_text()
    sent = (ROOT / ".dockerignore").read_text().splitlines()
    assert [name for name in packages if f"COPY {name} {name}\n" not in copied] == []
    assert [name for name in packages if f"!{name}" not in sent] == []


def run_tool(name, *arguments):
    """Run a tool that stands beside Python, and show what it finds."""
    tool = shutil.which(name, path=Path(sys.executable).parent)
    if tool is None:
        pytest.skip(f"{name} is not installed")
    done = subprocess.run([tool, *arguments], capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr
