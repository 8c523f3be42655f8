"""The platform of a worker, on which the last bits of a trajectory depend, and how it differs from that of a run."""

import platform
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import Any, cast

import numpy as np
from threadpoolctl import threadpool_info

from service.core.platforms import Environment, Platform, PlatformChange
from service.core.plurals import counted

PARTS = tuple(Platform.__annotations__)
MOST_ENVIRONMENTS = 20
"""The most platforms that a run records: of more, the last ones."""


@cache
def present() -> Platform:
    """The platform of this process: versions, the kernels of BLAS, the instructions that numpy found."""
    # numpy leaves out what it has none of.
    instructions = _config().get("SIMD Extensions", {}).get("found", [])
    return {
        "descent": version("descent-service"),
        "numpy": np.__version__,
        "autograd": version("autograd"),
        "blas": _blas(),
        "processor": " ".join([platform.machine(), *instructions]),
        "libc": " ".join(filter(None, platform.libc_ver())) or platform.system(),
    }


def _blas() -> str:
    """The BLAS of numpy, its kernels and its threads; the BLAS of numpy's build if it is of an unknown kind."""
    found = [library for library in threadpool_info() if library["user_api"] == "blas"]
    if found:
        library = next((each for each in found if "numpy" in each["filepath"]), found[0])  # SciPy has one of its own
        kernels = library.get("architecture", "unknown kernels")
        threads = counted(library["num_threads"], "thread")
        return f"{library['internal_api']} {library['version']} {kernels}, {threads}"
    built = _config().get("Build Dependencies", {}).get("blas", {})
    return f"{built.get('name', 'unknown')} {built.get('version', '')}".strip()


def _config() -> dict[str, dict[str, Any]]:
    return cast("dict[str, dict[str, Any]]", np.show_config(mode="dicts"))


def extended(environments: Sequence[Environment] | None, rows_done: int) -> list[Environment]:
    """The environments of a run that this process computes from the step `rows_done` on."""
    known = list(environments or ()) if rows_done else []
    if known and not changes(known[-1:]):
        return known
    return [*known, cast("Environment", {"from_step": rows_done, **present()})][-MOST_ENVIRONMENTS:]


def changes(environments: Sequence[Environment] | None) -> list[PlatformChange]:
    """The parts of the platforms of a run that differ from those of this process; none for an unknown platform."""
    own = cast("dict[str, str]", present())
    found = {
        (part, stored): PlatformChange(part=part, stored=stored, recomputed=own[part])
        for each in environments or ()
        for part in PARTS
        if (stored := cast("dict[str, str]", each)[part]) != own[part]
    }
    return list(found.values())
