"""The package as a user has it: built as for a release, installed into a new environment, run from another folder."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from pathlib import Path
from tarfile import TarFile
from zipfile import ZipFile

import httpx2
import pytest

from service.server.live_server import Service, running_service
from tests.waiting import LONGEST

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
PARTS = (".ci", "CHANGELOG.md", "CITATION.cff", "LICENSE", "README.md", "gd_engine", "pyproject.toml", "service")
ADDRESS, TAG = "https://forge.example/owner/descent", "v0"
NOT_INSTALLED = ("service/web/types/", "service/storage/migrations/script.py.mako")
"""What only the checks and the author of a migration use."""
IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*["'](/static/[^"']+)["']""")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a wheel and of the sdist from which it was built, as the release makes them."""
    source = tmp_path_factory.mktemp("source")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, source)
    run(source, sys.executable, ".ci/published.py", ADDRESS, TAG)
    run(source, sys.executable, "-m", "build")
    return source / "dist"


@pytest.fixture(scope="module")
def environment(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a new environment that has the wheel and its dependencies alone."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    [wheel] = built.glob("*.whl")
    constraints = ("--constraint", str(ROOT / "constraints.txt"))
    run(
        folder, "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *constraints, str(wheel)
    )
    return folder / "bin"


@pytest.fixture(scope="module")
def installed_service(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """`descent serve` of the new environment."""
    folder = tmp_path_factory.mktemp("elsewhere")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "executable", str(environment / "python"))
        with (folder / "log").open("w") as log, running_service("--workers", "1", log=log) as running:
            yield running


def run(folder: Path, *words: str) -> str:
    """What a command writes. It sees no other environment. Raises CalledProcessError."""
    variables = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(words, cwd=folder, env=variables, capture_output=True, text=True, timeout=LONGEST, check=True)
    return done.stdout


def description(built: Path) -> Message:
    """The metadata of the wheel; the payload is the long description."""
    [wheel] = built.glob("*.whl")
    with ZipFile(wheel) as archive:
        [name] = [each for each in archive.namelist() if each.endswith(".dist-info/METADATA")]
        return Parser().parsestr(archive.read(name).decode())


def test_the_metadata_has_addresses_and_classifiers(built: Path) -> None:
    metadata = description(built)
    urls = dict(each.split(", ") for each in metadata.get_all("Project-URL", []))
    assert urls["Source"] == ADDRESS
    assert all(url.startswith(ADDRESS) for url in urls.values())
    assert metadata.get_all("Classifier") == PROJECT["classifiers"]
    assert metadata["License-Expression"] == "MIT"


def test_no_link_of_the_long_description_is_relative(built: Path) -> None:
    text = str(description(built).get_payload())
    targets = re.findall(r"\]\(([^)]+)\)", text)
    assert len(targets) == len(re.findall(r"\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8")))
    for target in targets:
        assert target.startswith(("https://", "http://127.0.0.1"))
        if target.startswith(ADDRESS):
            kind, tag, path = target.removeprefix(f"{ADDRESS}/").split("/", 2)
            assert tag == TAG
            assert kind in ("blob", "raw")
            assert (ROOT / path).is_file()
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", text)
    assert all(picture.startswith(f"{ADDRESS}/raw/{TAG}/docs/") for picture in pictures)
    assert len(pictures) == 5


def test_wheel_and_sdist_have_every_file_of_the_source(built: Path) -> None:
    packages = [path for name in ("gd_engine", "service") for path in (ROOT / name).rglob("*") if path.is_file()]
    source = {path.relative_to(ROOT).as_posix() for path in packages if "__pycache__" not in path.parts}
    expected = {name for name in source if not name.startswith(NOT_INSTALLED)}
    [wheel], [sdist] = built.glob("*.whl"), built.glob("*.tar.gz")
    with ZipFile(wheel) as archive:
        assert {name for name in archive.namelist() if ".dist-info/" not in name} == expected
    with TarFile.open(sdist) as archive:
        members = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    assert expected | {"LICENSE", "README.md", "pyproject.toml"} <= members


def test_the_demonstration_runs_in_another_folder(environment: Path, tmp_path: Path) -> None:
    answer = run(tmp_path, str(environment / "descent"), "demo")
    assert "diverged" in answer
    assert len(list((tmp_path / "demo").glob("*.csv"))) == 3
    assert (tmp_path / "demo" / "norris.svg").read_text(encoding="utf-8").startswith("<svg")
    assert run(tmp_path, str(environment / "descent"), "--version").split()[-1] == PROJECT["version"]


def test_the_page_has_all_its_modules(installed_service: Service) -> None:
    with httpx2.Client(base_url=installed_service.url, timeout=LONGEST) as client:
        page = client.get("/").raise_for_status().text
        waiting = {f"/{path}" for path in re.findall(r'(?:src|href)="(static/[^"]+)"', page)}
        read: set[str] = set()
        while waiting:
            path = waiting.pop()
            text = client.get(path).raise_for_status().text
            read.add(path)
            waiting |= set(IMPORT.findall(text)) - read
    web = ROOT / "service" / "web"
    modules = {f"/static/{path.relative_to(web).as_posix()}" for path in (web / "views").rglob("*.js")}
    assert modules <= read


def test_swagger_ui_and_the_description_are_there(installed_service: Service) -> None:
    with httpx2.Client(base_url=installed_service.url, timeout=LONGEST) as client:
        page = client.get("/docs").raise_for_status().text
        for path in re.findall(r'(?:src|href)="(static/[^"]+)"', page):
            client.get(f"/{path}").raise_for_status()
        assert client.get("/openapi.json").raise_for_status().json()["info"]["version"] == PROJECT["version"]
        body = {"dataset": {"sample": "norris"}, "standardize": True}
        answer = client.post("/fit", json=body, headers={"Prefer": "wait=60"}).raise_for_status()
        assert answer.json()["status"] == "succeeded"


def test_the_citation_has_the_version() -> None:
    cited = re.findall(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert cited == [PROJECT["version"]]
