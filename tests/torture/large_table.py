"""A large table of digits as CSV, and a request on it."""

from typing import Any

import httpx2
import numpy as np


def digits(rows: int, features: int) -> bytes:
    """Random digits: features x0, x1, … and a target y."""
    cells = np.empty((rows, 2 * (features + 1)), dtype=np.uint8)
    cells[:, 0::2] = np.random.default_rng(1).integers(ord("0"), ord("9") + 1, size=(rows, features + 1))
    cells[:, 1::2] = ord(",")
    cells[:, -1] = ord("\n")
    header = ",".join([*(f"x{number}" for number in range(features)), "y"]) + "\n"
    return header.encode() + cells.tobytes()


def upload(client: httpx2.Client, table: bytes) -> dict[str, Any]:
    """Uploads the table. Returns a request whose run keeps every row in memory, since each step needs all rows."""
    answer = client.post(
        "/datasets?name=large&target=y", content=table, headers={"Content-Type": "text/csv"}, timeout=300
    )
    assert answer.status_code == 201, answer.text
    return {
        "dataset": {"id": answer.json()["id"]},
        "objective": {"loss": "mae"},
        "descent": {"steps": 100_000, "learning_rate": 0.001},
    }
