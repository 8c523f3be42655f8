"""How many examples hypothesis draws: few on every change, `THOROUGH=10 make test` ten times as many."""

import os

THOROUGH = int(os.environ.get("THOROUGH", "1"))


def examples(count: int) -> int:
    """So many, times THOROUGH."""
    return count * THOROUGH
