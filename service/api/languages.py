"""The language of an answer, by the header Accept-Language."""

from service.api.content_negotiation import entries
from service.core.languages import Language


def language_of(header: str | None) -> Language:
    """The preferred of English and French (RFC 9110, 12.5.4): that of greater weight, else the first one, else en."""
    weights: dict[Language, float] = {"en": 0.0, "fr": 0.0}
    for entry in entries(header or ""):
        name, _, weight = entry.partition(";")
        language = name.strip().lower().partition("-")[0]
        if language in weights:
            weights[language] = max(weights[language], _weight(weight))
    first: Language = "fr" if (header or "").strip().lower().startswith("fr") else "en"
    return first if weights["en"] == weights["fr"] else max(weights, key=lambda each: weights[each])


def _weight(given: str) -> float:
    name, _, value = given.strip().partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
