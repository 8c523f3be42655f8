"""Lists of modules for the browser to load ahead: all that the page, and each of its views, imports."""

import re
from pathlib import Path

PLACES = {"index.html": "<!-- modulepreload -->", "preload.js": "/* modules of each view */"}
"""Files with a list, and where in them it belongs."""
_IMPORT = re.compile(r'^(?:import|export)[^;"]*"/static/([^"]+)\.js"', re.MULTILINE)
_VIEW = re.compile(r'^ *\[(/.+?/), .*import\("/static/([^"]+)\.js"\)', re.MULTILINE)
"""A line of main.js: the pattern of a view's address, and its module."""


def filled(name: str, folder: Path) -> bytes:
    """One of the files of `PLACES` with its list."""
    imports = _Imports(folder)
    frame = imports.of("main")
    if name == "index.html":
        words = "\n  ".join(f'<link rel="modulepreload" href="static/{module}.js">' for module in frame)
    else:
        views = _VIEW.findall((folder / "main.js").read_text(encoding="utf-8"))
        words = ",".join(f"[{address},{_array(imports.of(view), frame)}]" for address, view in views)
    return (folder / name).read_text(encoding="utf-8").replace(PLACES[name], words).encode()


def _array(modules: list[str], known: list[str]) -> str:
    return "[" + ",".join(f'"{module}"' for module in modules if module not in known) + "]"


class _Imports:
    """The imports of a folder's modules; each file is read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._direct: dict[str, list[str]] = {}

    def of(self, module: str) -> list[str]:
        """A module and all that is loaded with it, in the order of the imports. What is imported on demand is not."""
        found, waiting = [module], [module]
        while waiting:
            new = [name for name in dict.fromkeys(self._of_file(waiting.pop())) if name not in found]
            found += new
            waiting += new
        return found

    def _of_file(self, module: str) -> list[str]:
        if module not in self._direct:
            path = self._folder / f"{module}.js"
            self._direct[module] = _IMPORT.findall(path.read_text(encoding="utf-8")) if path.is_file() else []
        return self._direct[module]
