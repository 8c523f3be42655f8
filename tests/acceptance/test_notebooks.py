"""The lab's notebooks (docs/td) run unchanged against a real service; both languages have the same code."""

import ast
import json
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from service.server.live_server import Service

FOLDER = Path(__file__).parent.parent.parent / "docs" / "td"
FRENCH, ENGLISH = FOLDER / "descente-de-gradient.ipynb", FOLDER / "gradient-descent.ipynb"
CELL_SECONDS = 120
PROBE = """
print(json.dumps({
    "difference": difference, "right": verdict["right"], "mistakes": [mistake["code"] for mistake in wrong["mistakes"]],
    "limit": limit, "predicted": predicted, "unit_rate": unit_rate["status"], "diverged_at": unit_rate["diverged_at"],
    "mended": mended["learning_rate"], "best": best, "final": final,
    "sentence": unit_rate["diagnosis"][0]["sentence"],
}))
"""

both = pytest.mark.parametrize("path", [FRENCH, ENGLISH], ids=["french", "english"])


@both
def test_it_runs_as_it_stands_and_finds_what_it_is_about(
    path: Path, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESCENT_URL", service.url)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook = read(path)
    notebook.cells.append(nbformat.v4.new_code_cell(PROBE))  # type: ignore[no-untyped-call]
    NotebookClient(notebook, timeout=CELL_SECONDS).execute()
    assert all(output["output_type"] != "stream" or output["name"] == "stdout" for output in outputs(notebook))
    found = json.loads(notebook.cells[-1].outputs[0]["text"])
    assert found["difference"] <= 1e-9
    assert found["right"]
    assert found["mistakes"] == ["missing_factor_2", "halved_rate"]
    assert found["limit"] == pytest.approx(found["predicted"], rel=1e-3)
    assert found["mended"] == pytest.approx(found["predicted"] / 2, rel=1e-6)
    assert found["unit_rate"] == "diverged"
    assert found["diverged_at"] <= 100
    assert 0 < found["best"]["step"] < found["final"]["step"]
    assert found["best"]["test_mse"] < found["final"]["test_mse"] / 2
    assert found["sentence"].startswith("Le taux d’apprentissage 1" if path == FRENCH else "The learning rate 1")


@both
def test_it_is_kept_as_a_student_first_meets_it(path: Path) -> None:
    """The notebook has no outputs, which would answer its questions, and imports only the students' packages."""
    notebook = read(path)
    nbformat.validate(notebook)
    assert outputs(notebook) == []
    assert {cell.get("execution_count") for cell in notebook.cells} == {None}
    imported = {
        name.partition(".")[0]
        for tree in code(notebook).values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    assert imported - sys.stdlib_module_names == {"autograd", "matplotlib"}


def test_both_languages_have_the_same_cells_and_the_same_code() -> None:
    french, english = read(FRENCH), read(ENGLISH)
    assert [(cell.id, cell.cell_type) for cell in french.cells] == [(cell.id, cell.cell_type) for cell in english.cells]
    texts = code(english)
    for name, tree in code(french).items():
        assert without_words(tree) == without_words(texts[name]), name


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def code(notebook: Any) -> dict[str, ast.Module]:
    """The syntax tree of each code cell by the cell's id."""
    return {cell.id: ast.parse(cell.source) for cell in notebook.cells if cell.cell_type == "code"}


def without_words(tree: ast.Module) -> str:
    """The code without the asked language, and without printed and plotted text, which differ between the languages."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and is_shown(node.func):
            for words in [*node.args, *(keyword.value for keyword in node.keywords)]:
                for part in words.values if isinstance(words, ast.JoinedStr) else [words]:
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        part.value = ""
        if isinstance(node, ast.Constant) and node.value in ("en", "fr"):
            node.value = ""
    return ast.dump(tree, indent=1)


def is_shown(function: ast.expr) -> bool:
    """True for print(…) and for methods of a plot."""
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return function.value.id in {"plt", "left", "right"}
    return isinstance(function, ast.Name) and function.id == "print"
