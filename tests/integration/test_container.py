"""The container's files: what they refer to exists, and what they set is a setting."""

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
