"""Datasets from NPZ: the dataset of the same JSON, and for a wrong file what is wrong."""

import io
import zipfile
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.lib import format as npy

from tests.service.helpers import problem_of

X = np.array([[1.0, 0.1 + 0.2], [2.0, -1e300], [3.0, 5e-324]])
Y = np.array([1.5, 2.5, -0.0])
NAMES = {"feature_names": ["age", "size"], "target_name": "height"}
NPZ = {"Content-Type": "application/x-npz"}


def saved(*, compressed: bool = False, **arrays: Any) -> bytes:
    file = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(file, **arrays)
    return file.getvalue()


def posted(api: TestClient, content: bytes, query: str = "") -> Any:
    return api.post(f"/datasets{query}", content=content, headers=NPZ)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_is_the_dataset_of_the_same_json(compressed: bool, api: TestClient) -> None:
    answer = posted(api, saved(compressed=compressed, x=X, y=Y, **NAMES), "?name=people")
    assert answer.status_code == 201, answer.text
    same = api.post("/datasets", json={"x": X.tolist(), "y": Y.tolist(), **NAMES}).json()
    assert {**answer.json(), "name": None, "report": []} == {**same, "name": None, "report": []}
    rows = api.get(f"/datasets/{same['id']}/rows").json()
    assert (rows["x"], rows["y"]) == (X.tolist(), Y.tolist())


@pytest.mark.parametrize(
    ("x", "y", "expected_x", "expected_y"),
    [
        (np.array([1, 2, 3]), np.array([[4], [5], [6]], dtype=np.uint8), [[1], [2], [3]], [4, 5, 6]),
        (X[:, :1].astype(">f4"), np.array([True, False, True]), [[1.0], [2.0], [3.0]], [1, 0, 1]),
        (np.asfortranarray(X), np.array(["a", "b", "a"]), X.tolist(), ["a", "b", "a"]),
    ],
    ids=["whole numbers", "big-endian and truth values", "labels"],
)
def test_arrays_of_every_type(x: Any, y: Any, expected_x: Any, expected_y: Any, api: TestClient) -> None:
    answer = posted(api, saved(x=x, y=y))
    assert answer.status_code == 201, answer.text
    assert answer.json()["id"] == api.post("/datasets", json={"x": expected_x, "y": expected_y}).json()["id"]


def test_nan_is_a_missing_value(api: TestClient) -> None:
    x = X.copy()
    x[1, 0] = np.nan
    refused = problem_of(posted(api, saved(x=x, y=Y)), 422)
    assert "x1 in row 1" in str(refused["errors"])
    answer = posted(api, saved(x=x, y=Y), "?missing=drop")
    assert (answer.status_code, answer.json()["rows"]) == (201, 2)


def member(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("y.npy", npy_of(Y))
        archive.writestr(name, content)
    return file.getvalue()


def npy_of(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def claiming(shape: tuple[int, ...]) -> bytes:
    file = io.BytesIO()
    npy.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no zip", "The file is no NPZ, or damaged."),
        (saved(x=X, y=Y)[:-40], "The file is no NPZ, or damaged."),
        (saved(x=X), "The file has no arrays x and y; it has x."),
        (saved(x=X.astype(object), y=Y), "The array x has the type object, not numbers or texts."),
        (saved(x=X.astype(complex), y=Y), "The array x has the type complex128, not numbers or texts."),
        (saved(x=np.where(X > 2, np.inf, X), y=Y), "The array x is infinite at [2, 0]."),
        (member("x.npy", claiming((10**12, 3))), "The array x has 24,000,000,000,000 bytes; the limit is 16,777,216."),
        (member("x.npy", claiming((100, 3))), "The file is no NPZ, or damaged."),
        (member("x.npy", b"\x93NUMPY\x09\x00" + bytes(50)), "The file is no NPZ, or damaged."),
        (
            saved(x=np.zeros((3_000_000, 1)), y=Y, compressed=True),
            "The array x has 24,000,000 bytes; the limit is 16,777,216.",
        ),
        (saved(x=X, y=Y[:2]), "y has 2 entries, x has 3 rows."),
    ],
    ids=["no zip", "cut", "no y", "objects", "complex", "infinite", "claim", "short", "version", "bomb", "lengths"],
)
def test_a_wrong_file_says_what_is_wrong(content: bytes, message: str, api: TestClient) -> None:
    [entry] = problem_of(posted(api, content), 422)["errors"]
    assert entry["message"] == message
    assert entry["hint"]


def test_names_are_checked_as_in_json(api: TestClient) -> None:
    [entry] = problem_of(posted(api, saved(x=X, y=Y, feature_names=["a", "a"])), 422)["errors"]
    assert entry["pointer"].startswith("/feature_names")
    problem_of(posted(api, saved(x=X, y=Y), "?target=a"), 422)


def header(descr: str, shape: object) -> bytes:
    """A header alone, which claims this type and shape."""
    text = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode() + b"\n"
    return b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize(
    ("descr", "shape", "message"),
    [
        ("<f8", (10**18, 0), "is empty"),
        ("<U0", (10**9, 2), "is empty"),
        ("<f8", (0, 3), "is empty"),
        ("|b1", (10**8, 1), "the limit is"),
        ("|i1", (10**7, 10**7), "the limit is"),
        ("<f8", (True, True), "no NPZ, or damaged"),
        ("<f8", (-1, 2), "no NPZ, or damaged"),
    ],
)
def test_a_header_that_claims_any_size_costs_nothing(descr: str, shape: object, message: str, api: TestClient) -> None:
    assert message in problem_of(posted(api, member("x.npy", header(descr, shape))), 422)["errors"][0]["message"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED])
def test_damaged_compression_is_a_damaged_file(method: int, api: TestClient) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("x.npy", npy_of(np.arange(3000.0)))
        archive.writestr("y.npy", npy_of(np.arange(3000.0)))
    content = bytearray(file.getvalue())
    content[80:400] = bytes(320)
    assert "damaged" in problem_of(posted(api, bytes(content)), 422)["errors"][0]["message"]


def test_a_name_that_is_no_unicode_is_refused(api: TestClient) -> None:
    answer = posted(api, saved(x=X, y=Y, feature_names=np.array(["a\ud800", "b"])))
    assert "no text in Unicode" in problem_of(answer, 422)["errors"][0]["message"]


def test_a_number_beyond_the_range_is_infinite(api: TestClient) -> None:
    x = X.astype(np.longdouble)
    x[2, 1] = np.longdouble("1e4000")
    assert "is infinite at [2, 1]" in problem_of(posted(api, saved(x=x, y=Y)), 422)["errors"][0]["message"]
