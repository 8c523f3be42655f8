"""The page docs/settings.md, made from `Settings`: `make docs` writes it, and a test compares it with the code."""

from pathlib import Path

from pydantic.fields import FieldInfo

from service.core.settings import Settings

PAGE = Path(__file__).parent.parent / "docs" / "settings.md"
HEAD = """<!-- `make docs` writes this page from service/core/settings.py. -->
# Settings

Every setting is an environment variable. `descent serve` has options for the most common settings: see
`descent serve --help`. An option has precedence over its variable. `GET /limits` returns the settings that limit a
client.

```sh
DESCENT_PORT=9000 DESCENT_WORKERS=1 make serve
```

| name | default | meaning |
| --- | --- | --- |
"""
FOOT = """
Sizes are in bytes, times in seconds. A setting with an invalid value stops the start; the message names the setting. An
unknown variable `DESCENT_…` gives a warning with the nearest name. An empty variable counts as not set.

`DESCENT_FAILPOINTS` is for tests only. It kills, stalls or fails a process at a named place
(`service/core/failpoints.py`).
"""
COMPUTED = {"workers": "number of cores"}
"""The defaults that the machine decides."""


def page() -> str:
    """The whole page as Markdown."""
    rows = [f"| `DESCENT_{name.upper()}` | {_default(name, field)} | {field.description} |" for name, field in FIELDS]
    return HEAD + "\n".join(rows) + "\n" + FOOT


FIELDS: list[tuple[str, FieldInfo]] = list(Settings.model_fields.items())


def _default(name: str, field: FieldInfo) -> str:
    if name in COMPUTED:
        return COMPUTED[name]
    return "" if field.default in {"", None} else f"`{field.default}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
