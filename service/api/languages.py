"""The language of an answer, by the header Accept-Language."""

from service.api.content_negotiation import qualities
from service.core.languages import LANGUAGES, Language


def language_of(header: str | None) -> Language:
    """The preferred of English and French (RFC 9110, 12.5.4): that of greater quality, else the first one, else en."""
    wanted = sorted(qualities(header or "").items(), key=lambda each: -each[1])
    names = (name.partition("-")[0] for name, quality in wanted if quality > 0)
    return next((language for name in names for language in LANGUAGES if name == language), "en")
