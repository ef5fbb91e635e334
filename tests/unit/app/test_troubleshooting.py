"""docs/operations.md says of every error code what causes it and what to do."""

import re
from pathlib import Path

from app.problems import PROBLEMS

OPERATIONS = Path(__file__).parents[3] / "docs" / "operations.md"


def test_every_code_has_cause_and_remedy():
    """Each code is there once, with its status, and no other is."""
    rows = re.findall(
        r"^\| `(\w+)` \| (\d{3}) \| (.+?) \| (.+?) \|$", OPERATIONS.read_text("utf-8"), re.MULTILINE
    )

    documented = [(code, int(status)) for code, status, _, _ in rows]
    assert sorted((one.code, one.status.value) for one in PROBLEMS) == sorted(documented)
    assert all(len(cause) > 4 and len(remedy) > 10 for _, _, cause, remedy in rows)


def test_every_setting_it_names_exists():
    """A remedy names settings that there are."""
    from app.settings import Settings

    names = set(re.findall(r"\bDEDUP_[A-Z_]+\b", OPERATIONS.read_text("utf-8")))
    known = {f"DEDUP_{name.upper()}" for name in Settings.model_fields}
    assert names <= known | {"DEDUP_BIND"}
