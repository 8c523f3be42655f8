"""The documents and the code agree: settings, models, bars, commands and paths, in both directions."""

import re
from collections.abc import Callable, Iterator
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from benchmarks.__main__ import BENCHMARKS
from benchmarks.bars import BARS
from gd_engine import BENCHMARK_FUNCTIONS, LOSSES, MODELS, OPTIMIZERS, SCHEDULES
from gd_engine.formula.compiler import FUNCTIONS
from service.cli.main import app
from service.core.run_status import TRANSITIONS, RunStatus
from service.core.settings import Settings
from service.datasets.samples import SAMPLES
from tests import hyperparameters_page
from tests.settings_page import PAGE, page
from tests.test_architecture import ALLOWED

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
TEXTS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in DOCUMENTS}
CURRENT = {name: text for name, text in TEXTS.items() if name != "CHANGELOG.md"}
README, ARCHITECTURE = TEXTS["README.md"], TEXTS["docs/architecture.md"]
GUIDE, ENGINE, RESULTS = TEXTS["docs/api-guide.md"], TEXTS["docs/engine.md"], TEXTS["docs/benchmarks.md"]
CHOICES = [*MODELS, *LOSSES, *OPTIMIZERS, *SCHEDULES]
FOLDERS = [ROOT, ROOT / "service", ROOT / "gd_engine", ROOT / "service" / "web", ROOT / "tests"]


def test_the_readme_is_short_and_has_five_recipes() -> None:
    assert README.count("\n") <= 150
    assert re.findall(r"^\*\*(\d)\. ", README, flags=re.MULTILINE) == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("name", TEXTS)
def test_a_document_has_no_marks_of_a_merge(name: str) -> None:
    assert not re.search(r"^(<{7}|>{7}|={7}$)", TEXTS[name], flags=re.MULTILINE)


def test_the_settings_page_agrees_with_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: make docs"


def test_the_page_of_hyperparameters_agrees_with_the_code() -> None:
    assert hyperparameters_page.PAGE.read_text(encoding="utf-8") == hyperparameters_page.page(), "run: make docs"


@pytest.mark.parametrize("name", CHOICES)
def test_the_page_of_hyperparameters_has_the_source_of_every_choice(name: str) -> None:
    rows = re.findall(rf"^\| `{name}` \| ([^`].*) \| (.*) \|$", TEXTS["docs/hyperparameters.md"], flags=re.MULTILINE)
    assert any(re.search(r"[A-Z]\w+, \d{4}", source) for _, source in rows) or name == "formula"


@pytest.mark.parametrize("table", [MODELS, OPTIMIZERS, SCHEDULES], ids=["models", "optimizers", "schedules"])
def test_the_defaults_of_a_request_are_those_of_the_engine(table: dict[str, Callable[..., Any]]) -> None:
    kinds = hyperparameters_page.KINDS
    for kind, function in table.items():
        fields = {name: field for name, field in kinds[kind].items() if name != "kind"}
        options = {name: each for name, each in signature(function).parameters.items() if name in fields}
        assert set(options) == set(fields), kind
        for name, option in options.items():
            default = tuple(each) if isinstance(each := fields[name].get("default", option.empty), list) else each
            assert default == option.default, f"{kind}.{name}"


def test_every_setting_that_a_document_names_exists() -> None:
    others = {"DESCENT_FAILPOINTS", "DESCENT_URL", "DESCENT_KEY"}  # of the tests and of the notebook
    for name, text in CURRENT.items():
        named = set(re.findall(r"DESCENT_[A-Z_]*[A-Z]", text)) - others
        assert {each.removeprefix("DESCENT_").lower() for each in named} <= set(Settings.model_fields), name


@pytest.mark.parametrize("name", CHOICES)
def test_the_guide_names_every_choice(name: str) -> None:
    assert f"`{name}`" in GUIDE


@pytest.mark.parametrize("name", list(BENCHMARK_FUNCTIONS))
def test_the_guide_names_every_function(name: str) -> None:
    assert f"`{name}`" in GUIDE


@pytest.mark.parametrize("name", list(SAMPLES))
def test_the_guide_names_every_sample(name: str) -> None:
    assert f"`{name}`" in GUIDE


@pytest.mark.parametrize("name", [*CHOICES, *FUNCTIONS])
def test_the_engines_page_names_every_choice(name: str) -> None:
    aliases = {"asin", "acos", "atan", "constant"}  # aliases
    assert re.search(rf"\b{name}\b", ENGINE) or name in aliases


def test_the_engines_page_lists_the_functions() -> None:
    listed = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", ENGINE, flags=re.MULTILINE))
    assert {name: listed.get(name) for name in BENCHMARK_FUNCTIONS} == {
        name: function.formula for name, function in BENCHMARK_FUNCTIONS.items()
    }


def test_the_models_and_optimisers_of_the_engines_page_exist() -> None:
    for heading, table in (("Models", MODELS), ("Optimisers", OPTIMIZERS)):
        section = re.split(r"^## ", ENGINE, flags=re.MULTILINE)
        [text] = [part for part in section if part.startswith(f"{heading}\n")]
        assert set(re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE)) == set(table)


def test_the_example_of_the_engines_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    [example] = re.findall(r"```python\n(.*?)```", ENGINE, flags=re.DOTALL)
    exec(example, {})
    assert "All 200 steps are done." in capsys.readouterr().out


def test_the_page_lists_every_benchmark() -> None:
    assert dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", RESULTS, flags=re.MULTILINE)) == BENCHMARKS


def test_the_page_lists_every_bar() -> None:
    rows = [line.strip("| ").split(" | ") for line in RESULTS.splitlines() if line.startswith("| ")]
    listed = {(row[0], row[2], row[4]) for row in rows if len(row) == 7 and row[4][:1] in {"≥", "≤"}}
    assert len(listed) == len(BARS)
    for (measure, yardstick), bar in BARS.items():
        assert any(row[0] == measure and row[1].endswith(yardstick) and row[2] == str(bar) for row in listed), measure


@pytest.mark.parametrize("status", list(RunStatus))
def test_the_diagram_of_a_runs_life_has_every_status(status: RunStatus) -> None:
    assert re.search(rf"\b{status}\b", _block("The life of a run"))


def test_the_table_of_a_runs_life_has_every_transition() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", ARCHITECTURE, flags=re.MULTILINE)
    found = {status: set(re.findall(r"`(\w+)`", following)) for status, following in rows if status in set(RunStatus)}
    assert found == {str(status): set(map(str, following)) for status, following in TRANSITIONS.items()}


def test_the_drawn_arrows_are_the_allowed_imports() -> None:
    drawn = {}
    for line in _block("Two halves and one rule").splitlines():
        if match := re.fullmatch(r"(\w+) *→ *(.*)", line.strip()):
            drawn[match[1]] = set(match[2].split())
    for line in _block("Two halves and one rule").splitlines():
        if line.startswith("imports nothing:"):
            drawn |= {name: set() for name in line.removeprefix("imports nothing:").split()}

    def plain(name: str) -> str:
        return name.removeprefix("service.")

    assert drawn == {plain(folder): set(map(plain, below)) for folder, below in ALLOWED.items()}


def test_every_folder_is_in_the_architecture() -> None:
    for folder in [*ROOT.glob("service/*/__init__.py"), *ROOT.glob("gd_engine/*/__init__.py")]:
        assert f"`{folder.parent.name}/`" in ARCHITECTURE, folder


def test_make_targets_and_documents_agree() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = {
        each for text in CURRENT.values() for each in re.findall(r"(?:`|^)make ([a-z-]+)", text, flags=re.MULTILINE)
    }
    assert named == targets - {"help"}


@pytest.mark.parametrize("name", list(CURRENT))
def test_every_path_that_a_document_names_exists(name: str) -> None:
    missing = [path for path in _paths(CURRENT[name]) if not any((folder / path).exists() for folder in FOLDERS)]
    assert not missing


def test_every_module_that_a_document_names_exists() -> None:
    for name, text in CURRENT.items():
        for dotted in re.findall(r"`((?:gd_engine|service)(?:\.\w+)+)", text):
            parts = dotted.split(".")
            candidates = [ROOT.joinpath(*parts[:count]) for count in range(1, len(parts) + 1)]
            found = [each for each in candidates if each.is_dir() or each.with_suffix(".py").exists()]
            assert len(found) >= len(parts) - 1, f"{name}: {dotted}"
            if len(found) < len(parts):
                is_package = found[-1].is_dir()
                source = found[-1] / "__init__.py" if is_package else found[-1].with_suffix(".py")
                pattern = rf'"{parts[-1]}"' if is_package else rf"^(?:def|class) {parts[-1]}\b"
                assert re.search(pattern, source.read_text(), flags=re.MULTILINE), f"{name}: {dotted}"


def test_every_test_that_the_security_page_names_exists() -> None:
    named = set(re.findall(r"`([\w/]+\.py)::(\w+)`", TEXTS["docs/security.md"]))
    assert len(named) > 15
    for file, name in named:
        assert f"def {name}(" in (ROOT / "tests" / file).read_text(), f"{file} has no {name}"


RUN_BY = {
    "README.md": "acceptance/test_readme.py",
    "docs/api-guide.md": "acceptance/test_readme.py",
    "docs/command-line.md": "acceptance/test_readme.py",
    "docs/engine.md": "test_documents.py",
    "docs/operating.md": "acceptance/test_operating_page.py",
    "docs/python.md": "acceptance/test_python_page.py",
    "docs/settings.md": "acceptance/test_operating_page.py",
    "docs/teaching.md": "acceptance/test_operating_page.py",
}
"""The documents with blocks of code, and the test that runs them."""


def test_every_block_of_code_is_run_by_a_test() -> None:
    languages = {name: set(re.findall(r"^```(\w+)", text, flags=re.MULTILINE)) for name, text in TEXTS.items()}
    assert {name for name, found in languages.items() if found} == set(RUN_BY)
    assert set().union(*languages.values()) == {"python", "sh", "yaml"}
    for name, test in RUN_BY.items():
        assert Path(name).stem in (ROOT / "tests" / test).read_text(encoding="utf-8")


def test_the_commands_of_the_documents_run_in_this_folder() -> None:
    for name, text in CURRENT.items():
        for block in re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL):
            assert not re.findall(r"^descent .*", block, flags=re.MULTILINE), f"{name}: write .venv/bin/descent"


def test_the_page_on_the_command_line_lists_every_command() -> None:
    named = re.findall(r"^\| `descent (\w+)` \|", TEXTS["docs/command-line.md"], flags=re.MULTILINE)
    assert sorted(named) == sorted(get_command(app).commands)  # type: ignore[attr-defined]


def test_links_have_a_target() -> None:
    for document in DOCUMENTS:
        for link in re.findall(r"\]\((?!http)([^)#]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / link).exists(), f"{document.name} links to {link}"


def test_every_document_is_linked() -> None:
    linked = {
        (document.parent / link).resolve()
        for document in DOCUMENTS
        for link in re.findall(r"\]\((?!http)([^)#]+)\)", document.read_text(encoding="utf-8"))
    }
    for kind in ("*.md", "decisions/0*.md", "td/*.ipynb", "screenshots/*.png"):
        assert set(ROOT.glob(f"docs/{kind}")) <= linked, kind


def _block(heading: str) -> str:
    """The first fenced block under a heading of the architecture's page."""
    [section] = [part for part in re.split(r"^## ", ARCHITECTURE, flags=re.MULTILINE) if part.startswith(heading)]
    return section.split("```")[1]


def _paths(text: str) -> Iterator[str]:
    """The project's files and folders that a text names between backticks."""
    for name in re.findall(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:py|js|md|yml|toml))(?:::\w+)?`", text):
        if not name.startswith(("text/", "application/", "build/", "demo/", "data/", ".venv/")):
            yield name
