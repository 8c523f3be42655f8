"""Compressed answers: the same content, a separate ETag, and neither delay nor work without benefit."""

import gzip
import zlib
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from service.api.app import STATIC, create_app
from service.api.middleware.compression import LEAST_BYTES, takes_gzip
from service.api.readers import PIECE_BYTES
from service.core.settings import Settings
from service.storage.database import Database
from tests.service.helpers import fit_body, served, stored_run
from tests.waiting import LONGEST

PLAIN, GZIP = {"Accept-Encoding": "identity"}, {"Accept-Encoding": "gzip"}
FORMATS = ("json", "ndjson", "csv")
LONG = 20_000
"""Steps that are sent in several pieces."""


def rows(count: int) -> Any:
    return np.random.default_rng(0).normal(size=(count, 7))


def raw(client: Any, path: str, headers: dict[str, str]) -> tuple[Any, list[bytes]]:
    """An answer, and the pieces of its body without decoding."""
    with client.stream("GET", path, headers=headers) as answer:
        return answer, list(answer.iter_raw())


@pytest.fixture
def paths(database: Database) -> list[str]:
    """Answers of every kind: complete ones and streamed ones."""
    short = stored_run(database, fit_body(descent={"steps": 100}), rows(101))
    long = stored_run(database, fit_body(descent={"steps": LONG}), rows(LONG + 1))
    trajectories = [f"/runs/{run}/trajectory?format={kind}" for run in (short, long) for kind in FORMATS]
    return [
        "/",
        "/static/style.css",
        "/static/main.js",
        "/openapi.json",
        "/runs",
        f"/runs/{short}",
        *trajectories,
    ]


def test_the_content_is_the_same_and_shorter(api: TestClient, paths: list[str]) -> None:
    for path in paths:
        plain, [*whole] = raw(api, path, PLAIN)
        answer, pieces = raw(api, path, GZIP)
        assert answer.status_code == 200
        assert "Content-Encoding" not in plain.headers
        if len(b"".join(whole)) < LEAST_BYTES:
            assert "Content-Encoding" not in answer.headers
            assert pieces == whole
            continue
        assert answer.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(b"".join(pieces)) == b"".join(whole)
        assert sum(map(len, pieces)) < 0.6 * sum(map(len, whole)), path
        for name in ("Content-Type", "Content-Security-Policy", "Vary"):
            assert answer.headers[name] == plain.headers[name]
        assert "accept-encoding" in answer.headers["Vary"].lower()
        length = answer.headers.get("Content-Length")
        assert length is None or int(length) == sum(map(len, pieces))


def test_each_encoding_has_a_strong_etag_and_both_match(api: TestClient, paths: list[str]) -> None:
    tagged = [path for path in paths if "ETag" in api.get(path).headers]
    assert len(tagged) >= 9
    assert "/openapi.json" in tagged
    for path in tagged:
        tags = [api.get(path, headers=accepted).headers["ETag"] for accepted in (PLAIN, GZIP)]
        assert len(set(tags)) == 2, path
        for tag in tags:
            assert tag.startswith('"')
            for accepted in (PLAIN, GZIP):
                same = api.get(path, headers=accepted | {"If-None-Match": f'"other", {tag}'})
                assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
                assert "accept-encoding" in same.headers["Vary"].lower()
        other = api.get(path, headers=GZIP | {"If-None-Match": '"other-gzip"'})
        assert other.status_code == 200


def test_a_changed_file_has_another_etag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings, database: Database
) -> None:
    (tmp_path / "index.html").write_text("<p>old")
    monkeypatch.setattr("service.api.app.STATIC", tmp_path)
    api = TestClient(create_app(settings, database))
    old = api.get("/")
    (tmp_path / "index.html").write_text("<p>newer")
    new = api.get("/", headers={"If-None-Match": old.headers["ETag"]})
    assert (new.status_code, new.text) == (200, "<p>newer")


def test_head_has_the_headers_of_get(api: TestClient) -> None:
    for path in ("/", "/docs", "/static/style.css", "/openapi.json"):
        for accepted in (PLAIN, GZIP):
            head, get = api.head(path, headers=accepted), api.get(path, headers=accepted)
            assert head.content == b""
            names = ("ETag", "Content-Encoding", "Content-Length", "Vary")
            assert [head.headers.get(name) for name in names] == [get.headers.get(name) for name in names]


def test_short_answers_and_errors_are_not_compressed(api: TestClient) -> None:
    for path in ("/livez", "/nothing", "/static/favicon.svg"):
        answer, pieces = raw(api, path, GZIP)
        assert "Content-Encoding" not in answer.headers
        assert len(b"".join(pieces)) < LEAST_BYTES
    assert api.get("/static/favicon.svg", headers=GZIP).content == (STATIC / "favicon.svg").read_bytes()


def test_events_are_not_compressed(api: TestClient, database: Database) -> None:
    run_id = stored_run(database, fit_body(descent={"steps": 500}), rows(501))
    answer, pieces = raw(api, f"/runs/{run_id}/events", GZIP)
    assert "Content-Encoding" not in answer.headers
    assert b"event: finished" in b"".join(pieces)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_long_trajectory_is_compressed_piece_by_piece(kind: str, api: TestClient, database: Database) -> None:
    run_id = stored_run(database, fit_body(descent={"steps": LONG}), rows(LONG + 1))
    answer, pieces = raw(api, f"/runs/{run_id}/trajectory?format={kind}", GZIP)
    assert "Content-Length" not in answer.headers
    decompressor = zlib.decompressobj(16 + zlib.MAX_WBITS)
    first = decompressor.decompress(pieces[0])
    assert len(first) >= PIECE_BYTES, "the first piece can be read before the others are there"
    assert len(pieces) > 3


@pytest.mark.parametrize("kind", FORMATS)
def test_on_loopback_a_long_trajectory_is_not_compressed_and_a_short_one_is(
    kind: str, settings: Settings, database: Database
) -> None:
    long = stored_run(database, fit_body(descent={"steps": LONG}), rows(LONG + 1))
    short = stored_run(database, fit_body(descent={"steps": 100}), rows(101))
    with served(create_app(settings, database)) as url:
        found = [
            httpx2.get(f"{url}/runs/{run}/trajectory?format={kind}", headers=GZIP, timeout=LONGEST)
            for run in (long, short)
        ]
    assert [answer.headers.get("Content-Encoding") for answer in found] == [None, "gzip"]
    assert len(found[0].content) > 10 * PIECE_BYTES


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("gzip, deflate, br, zstd", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("*;q=0", False),
        ("br, zstd", False),
        ("identity", False),
        ("identity, gzip;q=0.5", False),
        ("identity;q=0.5, gzip", True),
        ("gzip;q=nan", False),
        ("notgzip", False),
        (", ,;", False),
    ],
)
def test_accept_encoding(accepted: str, takes: bool) -> None:
    assert takes_gzip(accepted) is takes
