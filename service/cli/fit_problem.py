"""The service's refusal of `descent fit` in the words of the command: its options, not the fields of JSON or HTTP."""

import re
from typing import Any

from service.cli.fit_request import OPTIONS

_WORDS = (
    (re.compile(r"\?(target|missing)="), r"--\1 "),
    (re.compile(r"\?(\w+)="), r"--reading \1="),
    (re.compile(r'(?:the model )?\{"kind": "(\w+)"\}'), r"--model \1"),
    (re.compile(r"Send `Authorization: Bearer descent_…`"), "Write it into DESCENT_KEY"),
    (re.compile(r"DELETE some at /datasets/\{id\}, or runs at /runs/\{id\}"), "Delete runs on the page"),
    (re.compile(r"DELETE (some|runs) at /runs/\{id\}"), r"Delete \1 on the page"),
    (re.compile(r"(?:set|Set) standardize to true"), "give --standardize"),
    (re.compile(r"\bGive another theta0\b"), "Give another --theta0"),
    (re.compile(r"(?:the )?learning rate as a number"), "--learning-rate as a number"),
    (re.compile(r"[Ss]et (?:it|batch_size) to null"), "leave it out"),
    (re.compile(r"; null takes all rows"), "; without it a batch has all rows"),
    (re.compile(r"\bJSON number, without quotes; no null, true or false"), "number"),
    (re.compile(r"\bJSON number"), "number"),
)


def in_words_of_the_command(problem: dict[str, Any]) -> str:
    """The faults that the answer names, one a line, with the option or the place in the file of each."""
    faults = [
        " ".join(filter(None, (_place(error), words(error["message"]), words(error.get("hint") or ""))))
        for error in problem.get("errors", ())
    ]
    return "\n".join(faults or [words(problem["detail"])])


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
    return f"--{name}" if name in ("target", "missing") else f"--reading {name}"


def words(text: str) -> str:
    """A sentence with options in place of fields."""
    for pattern, replacement in _WORDS:
        text = pattern.sub(replacement, text)
    return text
