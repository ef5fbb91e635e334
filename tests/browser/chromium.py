"""Where Chromium is, and how it is started for tests and measurements."""

import os
import shutil

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_PLACES = (
    "/usr/lib/chromium/chromium",
    "/snap/bin/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
# Chromium looks for its maker's hosts otherwise, and a test must reach the service alone.
_FLAGS = [
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
    "--hide-scrollbars",
    "--font-render-hinting=none",
]


def find_chromium():
    """Its path, or None."""
    named = filter(None, map(shutil.which, _NAMES))
    return next(named, None) or next(filter(os.path.exists, _PLACES), None)


def launch_options(path):
    """What Playwright's `launch` wants to know; root needs Chromium without its sandbox."""
    return {
        "executable_path": path,
        "args": [*_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])],
    }
