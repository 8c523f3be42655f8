"""The documents speak of what there is: settings, models, losses and commands, in both directions."""

import re
from pathlib import Path

import pytest

from gd_engine import LOSSES, MODELS, OPTIMIZERS, SCHEDULES
from gd_engine.formula.compiler import FUNCTIONS
from service.core.run_status import RunStatus
from service.core.settings import Settings
from service.datasets.samples import SAMPLES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()


def test_the_readme_lists_the_settings_and_no_others() -> None:
    rows = dict(re.findall(r"^\| `DESCENT_(\w+)` \| (.*?) \|", README, flags=re.MULTILINE))
    assert {name.lower() for name in rows} == set(Settings.model_fields)
    for name, field in Settings.model_fields.items():
        if field.default_factory is None:
            assert rows[name.upper()].strip("`") == str(field.default), f"{name}'s default"


@pytest.mark.parametrize("name", [*MODELS, *LOSSES, *OPTIMIZERS, *SCHEDULES])
def test_the_readme_names_every_choice(name: str) -> None:
    assert f"`{name}`" in README


@pytest.mark.parametrize("name", list(SAMPLES))
def test_the_readme_names_every_sample(name: str) -> None:
    assert name.lower() in README.lower()


@pytest.mark.parametrize("status", list(RunStatus))
def test_the_lifes_diagram_has_every_status(status: RunStatus) -> None:
    assert status in ARCHITECTURE


def test_every_room_that_the_architecture_names_is_there() -> None:
    names = set(re.findall(r"`((?:\w+/)*\w+\.py)`", ARCHITECTURE))
    assert len(names) > 10
    for name in names:
        places = [ROOT / name, ROOT / "service" / name, ROOT / "gd_engine" / name]
        assert any(place.exists() for place in places), f"{name} is not there"


def test_every_make_target_of_the_readme_is_there() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"\bmake (\w+)", README)) - {"PYTHON"} <= targets


def test_the_engines_example_runs_as_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    [example] = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "engine.md").read_text(), flags=re.DOTALL)
    exec(example, {})
    assert "All 200 steps are done." in capsys.readouterr().out


@pytest.mark.parametrize("name", [*MODELS, *LOSSES, *OPTIMIZERS, *SCHEDULES, *FUNCTIONS])
def test_the_engines_page_names_every_choice(name: str) -> None:
    aliases = {"asin", "acos", "atan", "constant"}  # other names of what is there
    assert re.search(rf"\b{name}\b", (ROOT / "docs" / "engine.md").read_text()) or name in aliases


def test_every_test_that_the_security_page_names_is_there() -> None:
    named = set(re.findall(r"`([\w/]+\.py)::(\w+)`", (ROOT / "docs" / "security.md").read_text()))
    assert len(named) > 15
    for file, name in named:
        assert f"def {name}(" in (ROOT / "tests" / file).read_text(), f"{file} has no {name}"


def test_links_lead_somewhere() -> None:
    for document in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]:
        for link in re.findall(r"\]\((?!http)([^)#]+)\)", document.read_text()):
            assert (document.parent / link).exists(), f"{document.name} links to {link}"
