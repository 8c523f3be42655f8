"""The house's rules, held by a test: which room may import which, and that the documents speak of what there is."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted([*ROOT.glob("gd_engine/**/*.py"), *ROOT.glob("service/**/*.py")])

# A room, and what of ours it may import; longer names win.
ALLOWED = {
    "gd_engine": {"gd_engine"},
    "service.core.run_status": set(),
    "service.core.settings": set(),
    "service.plotting": {"service.plotting"},
    "service.datasets.csv_reader": {"service.datasets.csv_reader"},
    "service.core.exceptions": set(),
    "service.core.failpoints": set(),
    "service.storage": {"service.core.failpoints", "service.core.run_status", "service.storage"},
    "service.schemas": {"service.core.exceptions", "service.core.run_status", "service.schemas"},
    "service.engine_adapter.factory": {"gd_engine"},
    "service.jobs.hyperparameter_rules": {"service.core.exceptions", "service.engine_adapter.factory"},
    "service.jobs.validation": {
        "gd_engine",
        "service.jobs.hyperparameter_rules",
        "service.core.exceptions",
        "service.engine_adapter.factory",
        "service.core.settings",
    },
    "service.worker.history_sampler": {"gd_engine"},
    "service.worker.lease": {
        "service.worker.wakeup",
        "service.core.run_status",
        "service.core.settings",
        "service.storage",
    },
    "service.worker.problem_cache": {"gd_engine"},
    "service.engine_adapter.problems": {
        "gd_engine",
        "service.engine_adapter.factory",
        "service.worker.problem_cache",
        "service.storage",
    },
    "service.worker.batching": {
        "gd_engine",
        "service.engine_adapter.factory",
        "service.engine_adapter.problems",
        "service.worker.problem_cache",
        "service.storage",
    },
    "service.worker.training": {
        "gd_engine",
        "service.worker.batching",
        "service.worker.lease",
        "service.core.run_status",
        "service.worker.history_sampler",
        "service.engine_adapter.factory",
        "service.engine_adapter.problems",
        "service.core.settings",
        "service.worker.problem_cache",
        "service.storage",
    },
    "service.core.process_limits": set(),
    "service.analysis": {
        "gd_engine",
        "service.core.process_limits",
        "service.plotting",
        "service.core.exceptions",
        "service.analysis",
        "service.engine_adapter.factory",
        "service.engine_adapter.problems",
        "service.core.settings",
        "service.storage",
        "service.trajectories.export",
    },
    "service.worker.verification": {
        "gd_engine",
        "service.worker.lease",
        "service.core.run_status",
        "service.storage",
        "service.worker.training",
    },
    "service": {"service"},
}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports by a relative name"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] in {"gd_engine", "service"}}


def within(name: str, rooms: set[str]) -> bool:
    return any(name == room or name.startswith(room + ".") for room in rooms)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_arrows_point_one_way(path: Path) -> None:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    room = max((room for room in ALLOWED if within(module, {room})), key=len)
    wrong = {name for name in imports(path) if not within(name, ALLOWED[room])}
    assert not wrong, f"{module} must not import {wrong}"


def test_the_engine_knows_no_web_no_database_and_no_clock() -> None:
    used = set()
    for path in ROOT.glob("gd_engine/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = node.names if isinstance(node, ast.Import) else []
            used |= {alias.name.split(".")[0] for alias in names}
            used |= {str(node.module).split(".")[0]} if isinstance(node, ast.ImportFrom) else set()
    language = {"ast", "difflib", "keyword", "re", "unicodedata"}  # for formulas
    mathematics = {"autograd", "collections", "functools", "itertools", "math", "numpy", "operator", "typing"}
    assert used <= {"gd_engine"} | mathematics | language
