"""`descent …` for tests of what a command prints and stores: each command in a process."""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess

from tests.acceptance.forks import FORKS
from tests.waiting import LONGEST


def descent(*words: str, **environment: str) -> "CompletedProcess[str]":
    """Runs a command on a terminal of 200 columns."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        variables = {**os.environ, "COLUMNS": "200", **environment}
        process = FORKS.Process(target=_run, args=(words, variables, Path.cwd(), home))
        process.start()
        process.join(LONGEST)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"`descent {' '.join(words)}` does not end")
        return CompletedProcess(words, process.exitcode, *((home / name).read_text() for name in ("out", "err")))


def _run(words: tuple[str, ...], environment: Mapping[str, str], folder: Path, home: Path) -> None:
    """The forked process. Its exit code is that of the command."""
    from service.cli.main import app  # noqa: PLC0415 - imported before the fork

    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, name in enumerate(("out", "err"), start=1):
        with (home / name).open("wb") as file:
            os.dup2(file.fileno(), number)
    sys.argv = ["descent", *words]
    app(words, prog_name="descent")
