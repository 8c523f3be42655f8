"""What to do about a service or a program that a test needs and the machine lacks."""

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Skips on a user's machine; fails in CI, where its absence would hide everything."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing in CI")
    pytest.skip(f"{what} is missing here")
