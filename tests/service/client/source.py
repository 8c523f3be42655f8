"""Makes the synchronous client from the asynchronous one: `python -m tests.service.client.source`.

Both have the same methods; what awaits in one waits in the other.
"""

import re
import subprocess
import sys
from pathlib import Path

CLIENT = Path(__file__).parent.parent.parent.parent / "service" / "client"
SOURCE, TARGET = CLIENT / "asynchronous", CLIENT / "synchronous"
WORDS = {
    r"\basync (def|with|for)\b": r"\1",
    r"\bawait ": "",
    r"\bAsyncGenerator\[(\w+), None\]": r"Generator[\1, None, None]",
    r"\bAsync(?=[A-Z])": "",
    r"\basynccontextmanager\b": "contextmanager",
    r"\bimport asyncio\b": "import time",
    r"\basyncio\.sleep\b": "time.sleep",
    r"\bASYNC_(?=PROGRESS)": "",
    r"\ba(close|closing|read|iter_bytes|iter_lines)\b": r"\1",
    r"\b__a(enter|exit)__\b": r"__\1__",
    r"\bservice\.client\.asynchronous\b": "service.client.synchronous",
}
HEAD = "# Made from service/client/asynchronous/{name} by `python -m tests.service.client.source`.\n"


def synchronous(path: Path) -> str:
    """The text of the synchronous module."""
    text = path.read_text(encoding="utf-8")
    for pattern, word in WORDS.items():
        text = re.sub(pattern, word, text)
    return _formatted(HEAD.format(name=path.name) + text, TARGET / path.name)


def _formatted(text: str, path: Path) -> str:
    """The text with sorted imports, in the project's format."""
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["check", "--select", "I", "--fix", "--quiet"], ["format", "--quiet"]):
        options = ["--stdin-filename", str(path), "-"]
        done = subprocess.run([*ruff, *command, *options], input=text, capture_output=True, text=True, check=True)
        text = done.stdout
    return text


def made() -> dict[Path, str]:
    """Each synchronous module and its text."""
    return {TARGET / path.name: synchronous(path) for path in sorted(SOURCE.glob("[!_]*.py"))}


if __name__ == "__main__":
    for path in TARGET.glob("[!_]*.py"):
        path.unlink()
    for target, text in made().items():
        target.write_text(text, encoding="utf-8")
