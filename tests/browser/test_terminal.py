"""A picture of the command for the documentation."""

import os
import subprocess
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text
from server import DEDUP

SEEDS = Path(__file__).parents[2] / "seeds"
MIRROR, ORIGINAL = next(SEEDS.glob("000*")), next(SEEDS.glob("004*"))
STYLE = """<style>body { background: #16191d; margin: 0; padding: 18px 22px; color: #d7dae0; }
pre { font: 14px/1.6 "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace !important;
      margin: 0; overflow: hidden; white-space: pre; }</style>"""


def test_colours_and_picture(chromium, picture):
    """On a terminal verdicts and damage are coloured."""
    page = chromium.new_page(viewport={"width": 1180, "height": 560})
    commands = [["scan", "seeds"], ["check", f"seeds/{ORIGINAL.name}", f"seeds/{MIRROR.name}"]]
    console = Console(record=True, width=300, file=StringIO())
    environment = {**os.environ, "FORCE_COLOR": "1", "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    for arguments in commands:
        done = subprocess.run(
            [DEDUP, *arguments],
            cwd=SEEDS.parent,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "\x1b[31mgarbled_mirror" in done.stdout
        console.print(Text(f"$ dedup {' '.join(arguments)}", "bold"))
        console.print(Text.from_ansi(done.stdout), no_wrap=True, overflow="ellipsis")
    page.set_content(STYLE + console.export_html(inline_styles=True))
    picture(page, "terminal", at="pre")
    page.close()
