"""The model of a run as Python, C and a workbook computes what the service predicts."""

import ctypes
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from openpyxl.formula.translate import Translator

from gd_engine.formula.compiler import FUNCTIONS, TWO_ARGUMENTS
from service.analysis.model_code.program import REPEATED
from service.analysis.model_code.workbook import CALLS as CALLS_OF_SHEETS
from service.core.settings import Settings
from service.worker.process import Worker
from tests.required_programs import required
from tests.service.analysis.test_bundle import MODELS, NUMBERS, X, finished
from tests.service.worker.test_batching import worker_with
from tests.waiting import LONGEST

CALLS = [f"{name}({'0.1*a, q' if name in TWO_ARGUMENTS else '0.1*abs(sin(a)) + q'})" for name in FUNCTIONS]
OF_DATA = (
    {name: body for name, body in MODELS.items() if "dataset" in body}
    | {
        f"functions {part}": {
            "dataset": NUMBERS,
            "model": {"kind": "formula", "formula": " + p*".join(["a", *CALLS[part::2]])},
            "descent": {"theta0": {"p": 0.5, "q": 0.25}},
        }
        for part in (0, 1)
    }
    | {
        "signs": {
            "dataset": NUMBERS,
            "model": {"kind": "formula", "formula": "-(-a - (b - p)) / (2 - q / (a - 9) * -b)**2 - (+p)**-2**2"},
            "descent": {"theta0": {"p": 0.9, "q": 0.5}},
        },
        "precedence": {
            "dataset": NUMBERS,
            "model": {
                "kind": "formula",
                "formula": "p*sigmoid(a)**2 + a/sigmoid(b) - q**softplus(a/9) - abs(b)**log1p(abs(a))",
            },
            "descent": {"theta0": {"p": 0.9, "q": 0.5}},
        },
        "far from 0": {
            "dataset": NUMBERS,
            "model": {
                "kind": "formula",
                "formula": "p*log1p(1e10*a**2) + q*log1p(1e-9*a**2) + expm1(-400*a**2)",
            },
        },
        "infinite constants": {
            "dataset": NUMBERS,
            "model": {"kind": "formula", "formula": "p*a + maximum(-1/0, 2)*b + exp(-10**400) + --q*minimum(1/0, 3)"},
        },
        "deep": {
            "dataset": NUMBERS,
            "model": {"kind": "formula", "formula": "sigmoid(" * 28 + "-" * 41 + "p*a" + ")" * 28 + "+ q*b"},
        },
        "a quotient of parameters": {
            "dataset": NUMBERS,
            "model": {"kind": "formula", "formula": "arctan(p/q)*a + b"},
            "descent": {"theta0": {"p": 1.0, "q": 1e-300}},
        },
        "rectified": {
            "dataset": NUMBERS,
            "model": {"kind": "mlp", "hidden": [4], "activation": "relu"},
            "standardize": True,
        },
    }
)
ROWS = [*X[:9].tolist(), [0.0, 0.0], [-7.5, 2.25]]
TOLERANCE = 1e-12
IN_C = ctypes.c_double * 2
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with larger models than the default."""
    return Settings(database_url=f"sqlite:///{tmp_path}/descent.db", max_parameters=20_000)


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    with worker_with(settings) as worker:
        yield worker


def trained(body: dict[str, Any], api: TestClient, worker: Worker) -> str:
    descent = {"learning_rate": 0.001, "steps": 20, **body.get("descent", {})}
    return finished({**body, "descent": descent}, api, worker)


def predicted(run_id: str, api: TestClient, step: str | int = "last") -> tuple[list[Any], list[list[float]] | None]:
    """What the service predicts for ROWS: the predictions, and for classes their probabilities."""
    answer = api.post(f"/runs/{run_id}/predict", json={"x": ROWS, "step": step})
    assert answer.status_code == 200, answer.text
    return answer.json()["y"], answer.json().get("probabilities")


def model(run_id: str, api: TestClient, form: str, **query: str | int) -> bytes:
    answer = api.get(f"/runs/{run_id}/model", params={"format": form, **query})
    assert answer.status_code == 200, answer.text
    return answer.content


def agree(found: Any, expected: Any, kind: str = "") -> None:
    wanted = np.array(expected, dtype=float)
    scale = max(1.0, float(np.nanmax(np.abs(wanted))))
    np.testing.assert_allclose(found, wanted, rtol=TOLERANCE, atol=TOLERANCE * scale, err_msg=kind)


def test_the_python_model_takes_its_columns_by_name_and_no_other_shape(api: TestClient, worker: Worker) -> None:
    names: dict[str, Any] = {}
    exec(model(trained(MODELS["linear"], api, worker), api, "python"), names)
    frame = pd.DataFrame(ROWS, columns=["a", "b"])
    turned = frame[["b", "a"]].assign(more=1.0)
    np.testing.assert_array_equal(names["predict"](turned), names["predict"](ROWS))
    with pytest.raises(KeyError, match="b"):
        names["predict"](frame[["a"]])
    for wrong in ([1.0, 2.0], [[1.0, 2.0, 3.0]], [[1.0]]):
        with pytest.raises(ValueError, match=r"not \(n, 2\): a column for each of \['a', 'b'\]"):
            names["predict"](wrong)


def test_what_a_cell_repeats_is_a_cell_of_its_own() -> None:
    assert {name for name, text in CALLS_OF_SHEETS.items() if text.count("{0}") > 1} == REPEATED


def test_the_python_model_needs_numpy_alone(api: TestClient, worker: Worker, tmp_path: Path) -> None:
    (tmp_path / "model.py").write_bytes(model(trained(MODELS["perceptron"], api, worker), api, "python"))
    code = "import sys, model; model.predict([[1, 2]]); print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "numpy" in done.stdout.split()
    assert not {"autograd", "scipy", "service", "gd_engine"} & set(done.stdout.split())


def labels_in(library: ctypes.CDLL, count: int) -> list[str]:
    """The classes that a library names."""
    return [(each or b"").decode() for each in (ctypes.c_char_p * count).in_dll(library, "classes")]


def compiled(source: bytes, folder: Path, name: str = "model") -> ctypes.CDLL:
    (folder / "model.c").write_bytes(source)
    command = [required("cc"), "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O2", "-shared", "-fPIC"]
    subprocess.run([*command, "model.c", "-o", f"{name}.so", "-lm"], cwd=folder, check=True)
    return ctypes.CDLL(str(folder / f"{name}.so"))


def calculated(books: dict[str, bytes], folder: Path) -> dict[str, list[list[Any]]]:
    """The values of the first sheet of each workbook, as LibreOffice computes them."""
    files = {name: folder / f"{i}.xlsx" for i, name in enumerate(books)}
    for name, file in files.items():
        file.write_bytes(books[name])
    command = [
        required("soffice"),
        f"-env:UserInstallation=file://{folder}/profile",
        "--headless",
        "--convert-to",
        "ods",
    ]
    subprocess.run([*command, "--outdir", folder, *files.values()], check=True, capture_output=True, timeout=LONGEST)
    return {name: _first_sheet(file.with_suffix(".ods")) for name, file in files.items()}


def _first_sheet(file: Path) -> list[list[Any]]:
    with zipfile.ZipFile(file) as archive:
        root = ElementTree.fromstring(archive.read("content.xml"))
    rows = next(root.iter(f"{TABLE}table")).iter(f"{TABLE}table-row")
    return [[each for cell in row.iter(f"{TABLE}table-cell") for each in _values(cell)] for row in rows]


def _values(cell: ElementTree.Element) -> list[Any]:
    """The value of a cell, as often as it is repeated; the columns that nobody filled are thousands."""
    number = cell.get(f"{OFFICE}value")
    value = "".join(cell.itertext()) if number is None else float(number)
    return [value] * min(int(cell.get(f"{TABLE}number-columns-repeated", 1)), 20)


def with_rows(content: bytes) -> bytes:
    """The workbook with ROWS as its features, and its formulas filled down as a person would."""
    book = load_workbook(BytesIO(content))
    sheet = book["model"]
    for i, row in enumerate(ROWS, start=2):
        for j in range(1, sheet.max_column + 1):
            formula = sheet.cell(2, j).value
            if j <= len(row):
                sheet.cell(i, j, row[j - 1])
            elif isinstance(formula, str):
                sheet.cell(i, j, Translator(formula, origin=f"A{2}").translate_formula(f"A{i}"))
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def test_python_c_and_workbook_predict_as_the_service(api: TestClient, worker: Worker, tmp_path: Path) -> None:
    runs = {kind: trained(body, api, worker) for kind, body in OF_DATA.items()}
    books = {kind: with_rows(model(run_id, api, "sheet")) for kind, run_id in runs.items()}
    sheets = calculated(books, tmp_path)
    for kind, run_id in runs.items():
        y, probabilities = predicted(run_id, api)
        names: dict[str, Any] = {}
        exec(model(run_id, api, "python"), names)
        library = compiled(model(run_id, api, "c"), tmp_path, kind)
        header, *rows = sheets[kind]
        cells = [dict(zip(header, row, strict=False)) for row in rows[: len(ROWS)]]
        if probabilities is None:
            library.predict.restype = ctypes.c_double
            agree(names["predict"](ROWS), y, kind)
            agree([library.predict(IN_C(*row)) for row in ROWS], y, kind)
            agree([row["y"] for row in cells], y, kind)
            continue
        classes = api.get(f"/runs/{run_id}").json()["classes"]
        agree(names["probabilities"](ROWS), probabilities, kind)
        assert names["predict"](ROWS).tolist() == y
        agree([[row[f"P({label})"] for label in classes] for row in cells], probabilities, kind)
        assert [row["y"] for row in cells] == [str(label) for label in y]
        p = (ctypes.c_double * len(classes))()
        assert labels_in(library, len(classes)) == [str(label) for label in classes]
        for row, label, expected in zip(ROWS, y, probabilities, strict=True):
            assert classes[library.predict(IN_C(*row), p)] == label
            agree(list(p), expected, kind)


def test_the_workbook_begins_with_the_means_and_has_each_parameter(api: TestClient, worker: Worker) -> None:
    run_id = trained(MODELS["perceptron"], api, worker)
    book = load_workbook(BytesIO(model(run_id, api, "sheet")))
    assert [book["model"].cell(2, j).value for j in (1, 2)] == pytest.approx(X.mean(axis=0).tolist(), rel=1e-14)
    run = api.get(f"/runs/{run_id}").json()
    names, values = zip(*[[cell.value for cell in row] for row in book["theta"].iter_rows(min_row=2)], strict=True)
    assert list(names) == run["parameters"]
    assert values == pytest.approx(run["final"]["theta"], rel=1e-15, abs=0)  # a workbook keeps 16 digits


def test_the_numbers_are_those_of_the_run(api: TestClient, worker: Worker) -> None:
    run_id = trained(MODELS["polynomial"], api, worker)
    answer = api.get(f"/runs/{run_id}/model").json()
    run = api.get(f"/runs/{run_id}").json()
    assert answer["theta"] == run["final"]["theta"]
    assert answer["coefficients"] == run["final"]["coefficients"]
    assert [each["name"] for each in answer["scaling"]["features"]] == ["a", "b"]
    assert [each["name"] for each in answer["scaling"]["columns"]] == run["parameters"][1:]
    assert answer["scaling"]["target"] is None
    assert answer["formula"][0].startswith("z0 = (a - ")
    assert answer["formula"][-1].startswith("y = ")


def test_a_model_is_that_of_the_asked_step(api: TestClient, worker: Worker) -> None:
    run_id = trained(MODELS["linear"], api, worker)
    steps = api.get(f"/runs/{run_id}/trajectory").json()
    best = api.get(f"/runs/{run_id}").json()["best"]["step"]
    for step, number in ((0, 0), (7, 7), ("best", best), ("last", 20)):
        answer = api.get(f"/runs/{run_id}/model", params={"step": step}).json()
        assert (answer["step"], answer["theta"]) == (number, steps["theta"][number])
        names: dict[str, Any] = {}
        exec(model(run_id, api, "python", step=step), names)
        agree(names["predict"](ROWS), predicted(run_id, api, step)[0])
    assert api.get(f"/runs/{run_id}/model", params={"step": 21}).status_code == 422


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "application/json"),
        ("text/x-python", "text/x-python"),
        ("text/x-c;q=0.5, text/x-python;q=0.2", "text/x-c"),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/vnd.openxml"),
    ],
)
def test_accept_chooses_the_form(accept: str, media_type: str, api: TestClient, worker: Worker) -> None:
    run_id = trained(MODELS["linear"], api, worker)
    answer = api.get(f"/runs/{run_id}/model", headers={"Accept": accept})
    assert answer.headers["Content-Type"].startswith(media_type)
    assert "Accept" in answer.headers["Vary"].split(", ")
    again = api.get(f"/runs/{run_id}/model", headers={"Accept": accept, "If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert api.get(f"/runs/{run_id}/model", headers={"Accept": "image/png"}).status_code == 406


HOSTILE = ["=1+1", 'a"b\\', "*/ int x; /*", "$s %d {}", "θ'" + '"""', "??/", "=cmd|' /C calc'!A0"]


def test_names_stay_text_in_every_language(api: TestClient, worker: Worker, tmp_path: Path) -> None:
    x = np.random.default_rng(3).normal(size=(20, len(HOSTILE)))
    labels = [HOSTILE[int(each)] for each in np.digitize(x[:, 0], [-0.3, 0.3])]
    dataset = {"x": x.tolist(), "y": labels, "feature_names": HOSTILE, "target_name": "=2+2"}
    run_id = trained({"dataset": dataset, "model": {"kind": "softmax"}}, api, worker)
    classes = api.get(f"/runs/{run_id}").json()["classes"]
    names: dict[str, Any] = {}
    exec(model(run_id, api, "python"), names)
    assert (names["FEATURES"], names["CLASSES"], names["TARGET"]) == (HOSTILE, classes, "=2+2")
    library = compiled(model(run_id, api, "c"), tmp_path)
    assert labels_in(library, 3) == classes
    header, values = calculated({"only": model(run_id, api, "sheet")}, tmp_path)["only"][:2]
    assert header[: len(HOSTILE)] == HOSTILE
    assert dict(zip(header, values, strict=False))["=2+2"] in classes


def test_a_model_too_large_for_a_sheet_has_its_numbers(api: TestClient, worker: Worker) -> None:
    x = np.random.default_rng(4).normal(size=(30, 44))
    dataset = {"x": x.tolist(), "y": x[:, 0].tolist()}
    standardize = {"features": "columns", "target": False}
    body = {"dataset": dataset, "model": {"kind": "polynomial", "degree": 3}, "standardize": standardize}
    run_id = trained({**body, "descent": {"learning_rate": 1e-6, "steps": 1}}, api, worker)
    answer = api.get(f"/runs/{run_id}/model", params={"format": "sheet"})
    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("A sheet has at most 16,384 columns; the model needs ")
    assert api.get(f"/runs/{run_id}/model").json()["formula"] is None
    names: dict[str, Any] = {}
    exec(model(run_id, api, "python"), names)
    agree(names["predict"](x), api.post(f"/runs/{run_id}/predict", json={"x": x.tolist()}).json()["y"])


def test_a_function_has_no_model(api: TestClient, worker: Worker) -> None:
    run_id = trained(MODELS["function"], api, worker)
    assert api.get(f"/runs/{run_id}/model").status_code == 422


def test_a_run_without_a_step_has_no_model(api: TestClient) -> None:
    run_id = api.post("/fit", json=MODELS["linear"]).json()["id"]
    assert api.get(f"/runs/{run_id}/model").status_code == 409
