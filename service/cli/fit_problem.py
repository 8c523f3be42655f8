"""The service's refusal of a command, with the option of each fault.

The sentences are the service's own. Its JSON is the value of an option, as in `--set model.kind=linear`.
"""

import re
from typing import Any

from service.cli.fit_request import OPTIONS

PARAMETERS = frozenset(
    {"target", "features", "header", "missing", "categories", "decimal", "thousands", "dates", "sheet"}
)
"""The query parameters of an upload, which `--reading` sets."""
OF_RUNS = frozenset({"status", "tag", "limit", "from_step", "to_step", "every", "fields", "format"})
"""Those of the lists of runs and of trajectories."""
OWN = frozenset({"target", "missing"}) | OF_RUNS
"""Those with an option of their own; another one was given by `--reading`."""
AROUND = frozenset({"base", "changes"})
"""The fields of a sweep and of a fork in which the request is."""
OWN_FIELDS = {"rank_by": "--rank-by", "from_step": "--from-step", "step": "--step"}
"""The options of the fields that belong to a sweep, a fork and a prediction."""
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
        place = _option_of_parameter(error["parameter"])
    else:
        place = ", ".join(f"{name} {error[name]}" for name in ("row", "column") if name in error)
    return place and f"{place}:"


def _option(pointer: str) -> str:
    """The option of a field of the request; none for the data, which are the argument."""
    path = tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.strip("/").split("/"))
    if path[0] == "grid" and len(path) > 1:
        return f"--vary {path[1].strip('/').replace('/', '.')}"
    if path[0] in AROUND and len(path) > 1:
        path = path[1:]
    if path[0] == "dataset":
        return ""
    for length in range(len(path), 0, -1):
        if path[:length] in OPTIONS:
            return OPTIONS[path[:length]]
    return OWN_FIELDS.get(path[0]) or f"--set {'.'.join(path)}"


def _option_of_parameter(name: str) -> str:
    return f"--{name.replace('_', '-')}" if name in OWN else f"--reading {name}"


def as_option(sentence: str) -> str:
    """The sentence with `--missing drop` for `?missing=drop`, and `--reading dates=days` for `?dates=days`."""
    return _PARAMETER.sub(lambda found: _option_of_parameter(found[1]) + (" " if found[1] in OWN else "="), sentence)
