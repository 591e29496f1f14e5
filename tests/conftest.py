"""What every test shares: the checkout, the hypothesis profile, and a browser that CI may not lack."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]

settings.register_profile(
    "unpickled",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),  # in CI the same examples each time; elsewhere new ones
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("unpickled")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout that is under test."""
    return ROOT


@pytest.fixture(scope="session")
def chromium() -> str:
    """The system's Chromium. Without one a browser test is skipped by name; in CI it fails."""
    found = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    if found:
        return found
    reason = "no Chromium on PATH: sudo apt-get install chromium, or name it in CHROMIUM"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
