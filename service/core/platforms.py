"""Platforms: what the last bits of a trajectory depend on beside the request."""

from typing_extensions import TypedDict


class Platform(TypedDict):
    """What the last bits of a trajectory depend on beside the request: versions, kernels, instructions."""

    descent: str
    numpy: str
    autograd: str
    blas: str
    processor: str
    libc: str


class Environment(Platform):
    """The platform that computed a run from a step on."""

    from_step: int


class PlatformChange(TypedDict):
    """A part of the platform that computed a run, and the same part of the one that recomputed it."""

    part: str
    stored: str
    recomputed: str
