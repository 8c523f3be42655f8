"""How many examples hypothesis draws: few, the same every time; with THOROUGH=10 ten times as many others."""

import os

THOROUGH = int(os.environ.get("THOROUGH", "1"))


def examples(count: int) -> int:
    """So many, times THOROUGH."""
    return count * THOROUGH
