"""Large bodies wait in a file, which a thread writes and not the event loop."""

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.api import request_body
from service.api.request_body import LARGE_BYTES
from service.core.settings import Settings
from tests.service.helpers import problem_of

LARGE_CSV = b"x,y\n" + b"1,2\n3,5\n" * (LARGE_BYTES // 4)
CSV_TYPE = {"Content-Type": "text/csv"}


@pytest.fixture
def writers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """A flag for each write to a body's file: True if its thread runs an event loop."""
    noted: list[bool] = []

    class Watched(io.BufferedRandom):
        def __init__(self) -> None:
            super().__init__(io.FileIO(tmp_path / "body", "w+"))

        def write(self, piece: Any) -> int:
            noted.append(asyncio._get_running_loop() is not None)
            return super().write(piece)

    monkeypatch.setattr(request_body, "tempfile", SimpleNamespace(TemporaryFile=Watched))
    return noted


def test_a_thread_writes_the_whole_large_body(api: TestClient, writers: list[bool]) -> None:
    answer = api.post("/datasets", content=LARGE_CSV, headers=CSV_TYPE)
    assert answer.status_code == 201
    assert answer.json()["rows"] == 2 * (LARGE_BYTES // 4)
    assert writers
    assert not any(writers)


def test_a_large_body_in_small_pieces_causes_few_writes(api: TestClient, writers: list[bool]) -> None:
    def pieces() -> Iterator[bytes]:
        for first in range(0, len(LARGE_CSV), 1000):
            yield LARGE_CSV[first : first + 1000]

    answer = api.post("/datasets", content=pieces(), headers=CSV_TYPE)
    assert answer.json()["rows"] == 2 * (LARGE_BYTES // 4)
    assert 0 < len(writers) <= len(LARGE_CSV) // LARGE_BYTES + 1


@pytest.mark.parametrize("most", [1000, LARGE_BYTES + 1000])
def test_a_body_without_a_length_is_refused_once_it_is_too_large(
    most: int, settings: Settings, api: TestClient
) -> None:
    api.app.state.descent.settings = settings.model_copy(update={"max_upload_bytes": most})  # type: ignore[attr-defined]

    def pieces() -> Iterator[bytes]:
        yield b"1,2\n" * (most // 4 + 1)

    assert problem_of(api.post("/datasets", content=pieces(), headers=CSV_TYPE), 413)["max_bytes"] == most
