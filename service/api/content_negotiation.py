"""What a client likes best, by the headers Accept and Accept-Encoding (RFC 9110, 12.4)."""

import re


def qualities(header: str) -> dict[str, float]:
    """Each entry's quality, in the order of the header; 0 for what is not wanted, or cannot be read."""
    found: dict[str, float] = {}
    for entry in header.split(","):
        name, *parameters = (part.strip().lower() for part in entry.split(";"))
        found.setdefault(name, _quality(parameters))
    return found


def _quality(parameters: list[str]) -> float:
    told = next((each[2:] for each in parameters if each.startswith("q=")), "1")
    return float(told) if re.fullmatch(r"[01](\.[0-9]{0,3})?", told) else 0.0
