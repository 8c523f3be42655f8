"""The settings of a command: messages about invalid values, options and variables."""

from pathlib import Path

import pytest
import typer

from service.cli.options import settings_of
from service.core.settings import Settings


def refusal(capsys: pytest.CaptureFixture[str], **options: object) -> str:
    """The message of refused settings."""
    with pytest.raises(typer.Exit) as refused:
        settings_of(**options)
    assert refused.value.exit_code == 1
    return capsys.readouterr().err


@pytest.mark.parametrize("path", ["/tmp/x.db", "foo"])
def test_a_path_instead_of_a_database_url_is_refused_with_the_url(
    path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{Path(path).absolute()}"
    assert refusal(capsys, database_url=path) == f"--database: Write the URL of the file: {url}\n"
    database_file = settings_of(database_url=url).database_file
    assert database_file == Path(path).absolute()


@pytest.mark.parametrize(
    "url",
    [
        *("postgresql://me:secret@host/runs", "postgresql://me:secret@host:port/runs", "mysql://me:secret@host/runs"),
        *("sqlite://", "sqlite:///:memory:", "sqlite:///file:runs.db?mode=ro&uri=true"),
        *("sqlite://host/x.db", "sqlite://me:secret@host/x.db", "sqlite:///.", "sqlite:////"),
    ],
)
def test_another_database_than_a_file_is_refused_without_its_password(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    message = refusal(capsys, database_url=url)
    assert f"sqlite:///{Path('descent.db').absolute()}" in message
    assert "secret" not in message


@pytest.mark.parametrize("url", ["sqlite+pysqlite:///runs.db", "sqlite:///runs.db?timeout=5"])
def test_a_url_with_a_driver_or_parameters_is_refused_with_the_one_to_write(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = f"--database: Write the URL without a driver and parameters: sqlite:///{Path('runs.db').absolute()}\n"
    assert refusal(capsys, database_url=url) == expected


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESCENT_KEEP_DAYS", "")
    monkeypatch.setenv("DESCENT_PORT", "")
    settings = settings_of()
    assert (settings.keep_days, settings.port) == (None, 8000)


def test_the_message_names_the_option_or_the_variable(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refusal(capsys, port=99_999).startswith("--port: This must be at most 65535.")
    monkeypatch.setenv("DESCENT_PORT", "99999")
    assert refusal(capsys, workers=1).startswith("DESCENT_PORT: This must be at most 65535.")
    monkeypatch.setenv("DESCENT_PORT", "abc")
    assert refusal(capsys, workers=1) == "DESCENT_PORT: This is not a whole number.\n"
    assert refusal(capsys, port=-1).startswith("--port: ")


FLOATS = [name for name, field in Settings.model_fields.items() if "float" in str(field.annotation)]


@pytest.mark.parametrize("value", ["inf", "nan", "1e999"])
@pytest.mark.parametrize("name", FLOATS)
def test_every_number_is_finite(
    name: str, value: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = f"DESCENT_{name.upper()}"
    monkeypatch.setenv(variable, value)
    assert refusal(capsys) == f"{variable}: The number is not finite.\n"


@pytest.mark.parametrize(
    ("variable", "advice"),
    [
        ("DESCENT_PROT", "Did you mean DESCENT_PORT?"),
        ("descent_block_second", "Did you mean DESCENT_BLOCK_SECONDS?"),
        ("DESCENT_XYZZY", "docs/settings.md lists the settings."),
    ],
)
def test_an_unknown_variable_gives_a_warning(
    variable: str, advice: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "9000")
    settings_of()
    assert capsys.readouterr().err == f"{variable} is no setting and has no effect. {advice}\n"


@pytest.mark.parametrize("variable", ["DESCENT_PORT", "descent_port", "DESCENT_FAILPOINTS", "DESCENT_KEY"])
def test_a_known_variable_gives_no_warning(
    variable: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "9000")
    settings_of()
    assert capsys.readouterr().err == ""
