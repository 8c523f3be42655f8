"""The policy for a program or service that a test needs and the machine lacks."""

import os
import shutil
from typing import NoReturn

import pytest


def missing(name: str) -> NoReturn:
    """Skips the test on a user's machine; fails it in CI, where a skip would hide the gap."""
    if os.environ.get("CI"):
        pytest.fail(f"{name} is missing in CI")
    pytest.skip(f"{name} is missing here")


def required(program: str) -> str:
    """The path of a program; the test ends as by `missing` where there is none."""
    found = shutil.which(program)
    return missing(program) if found is None else found
