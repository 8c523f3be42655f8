"""The number of hypothesis examples: few and constant; THOROUGH=10 draws ten times as many, at random."""

import os

THOROUGH = int(os.environ.get("THOROUGH", "1"))


def examples(count: int) -> int:
    """The number of examples times THOROUGH."""
    return count * THOROUGH
