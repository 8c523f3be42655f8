"""The service's refusal of `descent fit`, with the option of each fault.

The sentences are the service's own. Its JSON is the value of an option, as in `--set model.kind=linear`.
"""

import re
from typing import Any

from service.cli.fit_request import OPTIONS

PARAMETERS = frozenset(
    {"target", "features", "header", "missing", "categories", "decimal", "thousands", "dates", "sheet"}
)
"""The query parameters of an upload, which `--reading` sets."""
OWN = frozenset({"target", "missing"})
"""Those with an option of their own."""
_PARAMETER = re.compile(rf"\?({'|'.join(sorted(PARAMETERS))})=")


def faults(problem: dict[str, Any]) -> str:
    """The faults that the answer names, one a line, with the option or the place in the file of each."""
    errors = [
        " ".join(filter(None, (_place(error), as_option(error["message"]), as_option(error.get("hint") or ""))))
        for error in problem.get("errors", ())
    ]
    return "\n".join(errors or [problem["detail"]])


def _place(error: dict[str, Any]) -> str:
    """The option of a field or of a parameter, or a row and a column of the file, with a colon."""
    if "pointer" in error:
        place = _option(error["pointer"])
    elif "parameter" in error:
        place = _option_of_upload(error["parameter"])
    else:
        place = ", ".join(f"{name} {error[name]}" for name in ("row", "column") if name in error)
    return place and f"{place}:"


def _option(pointer: str) -> str:
    """The option of a field of the request; none for the data, which are the argument."""
    path = tuple(pointer.strip("/").split("/"))
    if path[0] == "dataset":
        return ""
    for length in range(len(path), 0, -1):
        if path[:length] in OPTIONS:
            return OPTIONS[path[:length]]
    return f"--set {'.'.join(path)}"


def _option_of_upload(name: str) -> str:
    return f"--{name}" if name in OWN else f"--reading {name}"


def as_option(sentence: str) -> str:
    """The sentence with `--missing drop` for `?missing=drop`, and `--reading dates=days` for `?dates=days`."""
    return _PARAMETER.sub(lambda found: _option_of_upload(found[1]) + (" " if found[1] in OWN else "="), sentence)
