"""The prefix below which a proxy serves this service, such as /descent. It begins every path in an answer."""

from contextvars import ContextVar

ROOT_PATH: ContextVar[str] = ContextVar("root_path", default="")
"""Empty without a proxy, and outside a request."""


def rooted(path: str) -> str:
    """A path of the service as its clients see it."""
    return ROOT_PATH.get() + path
