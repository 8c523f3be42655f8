"""Rules of the layout: imports between folders, use of the web libraries, lengths of files and functions."""

import ast
import statistics
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted([*ROOT.glob("gd_engine/**/*.py"), *ROOT.glob("service/**/*.py")])
LONGEST_FILE, MEDIAN_FILE, LONGEST_FUNCTION = 350, 130, 60
MOST_FOLDERS, MOST_ARROWS = 30, 80

# Each folder, and the project's other folders that it may import.
ALLOWED = {
    "gd_engine": set(),
    "service.client": set(),
    "service.core": set(),
    "service.plotting": set(),
    "service.trajectories": set(),
    "service.schemas": {"service.core"},
    "service.storage": {"service.core"},
    "service.auth": {"service.core", "service.storage"},
    "service.maintenance": {"service.core", "service.storage"},
    "service.datasets": {"service.core", "service.storage"},
    "service.engine_adapter": {"gd_engine", "service.core", "service.storage"},
    "service.jobs": {
        *("gd_engine", "service.core", "service.datasets", "service.engine_adapter"),
        *("service.schemas", "service.storage"),
    },
    "service.analysis": {
        *("gd_engine", "service.core", "service.engine_adapter"),
        *("service.plotting", "service.schemas", "service.storage", "service.trajectories"),
    },
    "service.worker": {"gd_engine", "service.core", "service.engine_adapter", "service.jobs", "service.storage"},
    "service.api": {
        *("service.analysis", "service.auth", "service.core", "service.datasets", "service.jobs"),
        *("service.schemas", "service.storage", "service.trajectories"),
    },
    "service.server": {
        *("service.api", "service.core", "service.maintenance", "service.storage", "service.worker"),
    },
    "service.cli": {
        *("service.client", "service.core", "service.plotting", "service.server", "service.storage"),
    },
}
WEB = {"fastapi", "starlette", "uvicorn"}
MAY_USE_THE_WEB = ("service.api", "service.server")


def name_of(path: Path) -> str:
    """The module's dotted name."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def folder_of(module: str) -> str:
    """The folder of a module in the rules: the engine as a whole, or a folder of the service."""
    return "gd_engine" if module.startswith("gd_engine") else ".".join(module.split(".")[:2])


@cache
def imported(path: Path) -> frozenset[str]:
    """The dotted names of a module's imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports by a relative name"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def arrows(path: Path) -> set[str]:
    """The project's modules that a module imports."""
    known = {name_of(each) for each in MODULES}
    ours = {name for name in imported(path) if name.split(".")[0] in {"gd_engine", "service"}}
    return {name if name in known else name.rpartition(".")[0] for name in ours} - {name_of(path)}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_folder_imports_only_what_it_may(path: Path) -> None:
    folder = folder_of(name_of(path))
    if folder == "service":
        assert path.name == "__init__.py", f"{path.name} has no folder"
        return
    wrong = {name for name in arrows(path) if folder_of(name) not in ALLOWED[folder] | {folder}}
    assert not wrong, f"{name_of(path)} must not import {wrong}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_api_and_the_server_import_web_libraries(path: Path) -> None:
    if folder_of(name_of(path)) not in MAY_USE_THE_WEB:
        assert not {name.split(".")[0] for name in imported(path)} & WEB


def test_imports_have_no_cycle() -> None:
    graph = {name_of(path): arrows(path) for path in MODULES}
    done: set[str] = set()

    def visit(module: str, chain: tuple[str, ...]) -> None:
        assert module not in chain, f"a cycle of imports: {' -> '.join([*chain, module])}"
        if module not in done:
            for other in graph[module]:
                visit(other, (*chain, module))
            done.add(module)

    for module in graph:
        visit(module, ())


def test_the_table_of_folders_is_complete_and_has_no_cycle() -> None:
    existing = {folder_of(name_of(path)) for path in MODULES} - {"service"}
    assert existing == set(ALLOWED)
    folders = dict(ALLOWED)
    while folders:
        lowest = {folder for folder, below in folders.items() if not below & set(folders)}
        assert lowest, f"a cycle among {sorted(folders)}"
        folders = {folder: below for folder, below in folders.items() if folder not in lowest}


def test_there_are_few_folders_and_few_arrows_between_them() -> None:
    packages = {name_of(path) for path in MODULES if path.name == "__init__.py"}

    def folder(module: str) -> str:
        package = module if module in packages else module.rpartition(".")[0]
        return ".".join(package.split(".")[:2])

    between = {(folder(name_of(path)), folder(other)) for path in MODULES for other in arrows(path)}
    between = {(a, b) for a, b in between if a != b}
    assert len({each for arrow in between for each in arrow}) <= MOST_FOLDERS
    assert len(between) <= MOST_ARROWS


def python_files() -> list[Path]:
    return [*MODULES, *ROOT.glob("tests/**/*.py"), *ROOT.glob("benchmarks/**/*.py")]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """The functions of a file and their lengths in lines."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_files_and_functions_are_short() -> None:
    lengths = {path: path.read_text().count("\n") for path in python_files()}
    assert not {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > LONGEST_FILE}
    assert statistics.median(n for n in lengths.values() if n > 1) <= MEDIAN_FILE
    long = {
        f"{path.relative_to(ROOT)}:{name}": n for path in lengths for name, n in functions(path) if n > LONGEST_FUNCTION
    }
    assert not long


def test_the_engine_imports_no_web_database_or_clock() -> None:
    used = {name.split(".")[0] for path in ROOT.glob("gd_engine/**/*.py") for name in imported(path)}
    language = {"ast", "dataclasses", "difflib", "keyword", "re", "unicodedata", "warnings"}
    mathematics = {"autograd", "collections", "functools", "itertools", "math", "numpy", "operator", "scipy", "typing"}
    assert used <= {"gd_engine"} | mathematics | language
