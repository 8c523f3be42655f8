"""Dates in cells: ISO 8601, three numbers with slashes, dots or hyphens, and names of months in English."""

import re
from datetime import UTC, date, datetime, timedelta

ISO, NAMED, DAY_FIRST, MONTH_FIRST, UNCLEAR = 1, 2, 4, 8, 16
"""Marks: the order of day and month is certain, or UNCLEAR as in 01/02/2020."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_SHORT_MONTHS = [name[:3] for name in _MONTHS]
_TIME = (
    r"(?:[T ](?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:\.\d{1,9})?))?(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
_ISO = re.compile(r"(?P<year>\d{4})([-/])(?P<month>\d{1,2})(?:\2(?P<day>\d{1,2})" + _TIME + ")?", re.ASCII)
_NUMBERS = re.compile(r"(?P<a>\d{1,2})([/.-])(?P<b>\d{1,2})\2(?P<year>\d{4})" + _TIME, re.ASCII)
_NAME = r"(?P<name>[A-Za-z]{3,9})\.?"
_NAMED = (
    re.compile(rf"(?:(?P<day>\d{{1,2}})[ -])?{_NAME}[ -](?P<year>\d{{4}})", re.ASCII),
    re.compile(rf"{_NAME}[ -](?P<day>\d{{1,2}})(?:, |[ -])(?P<year>\d{{4}})", re.ASCII),
)


def recognise(text: str) -> int:
    """The marks of a date; 0 for other text."""
    if not text[:1].isalnum() or not any(c.isdigit() for c in text[-4:]):
        return 0
    if match := _NUMBERS.fullmatch(text):
        a, b = int(match["a"]), int(match["b"])
        marks = DAY_FIRST if match[2] == "." or a > 12 else MONTH_FIRST if b > 12 else UNCLEAR
    else:
        marks = ISO if _ISO.fullmatch(text) else NAMED
    return 0 if days(text, day_first=marks != MONTH_FIRST) is None else marks


def days(text: str, *, day_first: bool) -> float | None:
    """The days since 1970-01-01 00:00 UTC; a month alone is its first day. None for text that is no date."""
    for pattern in (_ISO, _NUMBERS, *_NAMED):
        if match := pattern.fullmatch(text):
            try:
                return _days(match.groupdict(), day_first=day_first)
            except ValueError:
                return None
    return None


def _days(parts: dict[str, str | None], *, day_first: bool) -> float:
    day: str | None = parts.get("day") or "1"
    month = parts.get("month")
    if "a" in parts:
        day, month = (parts["a"], parts["b"]) if day_first else (parts["b"], parts["a"])
    if name := parts.get("name"):
        month = _month(name)
    whole = date(int(parts["year"] or 0), int(month or 0), int(day or 0))
    if parts.get("hour") is None:
        return float((whole - _EPOCH.date()).days)
    return ((datetime(whole.year, whole.month, whole.day, tzinfo=UTC) - _EPOCH) + _time(parts)) / timedelta(days=1)


def _month(name: str) -> str:
    """The number of a month by its English name, or its first three letters. Raises ValueError."""
    given = name.lower()
    place = _SHORT_MONTHS.index(given[:3])
    if given not in {_SHORT_MONTHS[place], _MONTHS[place], "sept"}:
        raise ValueError(name)
    return str(place + 1)


def _time(parts: dict[str, str | None]) -> timedelta:
    """The time of the day in UTC. Raises ValueError."""
    hours, minutes = int(parts["hour"] or 0), int(parts["minute"] or 0)
    seconds = float(parts["second"] or 0)
    if hours > 24 or minutes > 59 or seconds >= 61 or (hours == 24 and minutes + seconds > 0):
        raise ValueError(hours)
    zone = (parts["zone"] or "Z").replace(":", "")
    offset = timedelta()
    if zone != "Z":
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5]))
        if offset > timedelta(hours=14) or int(zone[3:5]) > 59:
            raise ValueError(zone)
    return timedelta(hours=hours, minutes=minutes, seconds=seconds) - (-offset if zone[0] == "-" else offset)
