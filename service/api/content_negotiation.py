"""Quality values in the headers Accept and Accept-Encoding (RFC 9110, 12.4)."""

import re


def qualities(header: str) -> dict[str, float]:
    """The quality of each entry in the order of the header; 0 for refused and malformed entries."""
    found: dict[str, float] = {}
    for entry in header.split(","):
        name, *parameters = (part.strip().lower() for part in entry.split(";"))
        found.setdefault(name, _quality(parameters))
    return found


def _quality(parameters: list[str]) -> float:
    quality = next((each[2:] for each in parameters if each.startswith("q=")), "1")
    return float(quality) if re.fullmatch(r"[01](\.[0-9]{0,3})?", quality) else 0.0
