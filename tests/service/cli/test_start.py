"""The start of a command: it imports no library that the command does not use."""

import subprocess
import sys


def test_a_command_imports_only_what_it_needs() -> None:
    program = (
        "import sys\n"
        "import service.cli.main\n"
        "assert 'pydantic' not in sys.modules, 'half of the time of --help, with what it imports'\n"
        "assert 'sqlalchemy' not in sys.modules, 'as much again'\n"
        "import service.server.workers_alone\n"
        "assert 'fastapi' not in sys.modules, 'half of the start of `descent worker`'\n"
        "assert 'sqlalchemy.dialects.postgresql' not in sys.modules\n"
        "import service.server.run\n"
        "assert 'openpyxl' not in sys.modules, 'a tenth of the start of `descent serve`'\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
