"""A run as one page of HTML without scripts and without addresses: to send, to print, to keep."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from string import Template
from typing import Any, NamedTuple, cast

from service.core.languages import Language
from service.core.run_status import RunStatus
from service.schemas.responses.runs import ListedRun

MOST_PARAMETERS = 200
CRITERIA = ("train_loss", "train_mse", "validation_mse", "test_mse", "train_accuracy", "test_accuracy")
NAMES = {
    "train_loss": "E(θ)",
    "train_mse": "train MSE",
    "validation_mse": "validation MSE",
    "test_mse": "test MSE",
    "train_accuracy": "train accuracy",
    "test_accuracy": "test accuracy",
}
FRENCH = {
    "train MSE": "MSE d’entraînement",
    "validation MSE": "MSE de validation",
    "test MSE": "MSE de test",
    "train accuracy": "exactitude d’entraînement",
    "test accuracy": "exactitude de test",
    "Run": "Descente",
    "step": "étape",
    "steps": "étapes",
    "last": "dernière",
    "best": "meilleure",
    "Both criteria": "Les deux critères",
    "Parameters": "Paramètres",
    "in the units of the data": "dans les unités des données",
    "and others": "et d’autres",
    "Findings": "Constats",
    "Curves": "Courbes",
    "Loss landscape": "Paysage de E",
    "Request": "Requête",
    "Both criteria over the steps": "Les deux critères au fil des étapes",
    "E around the path of the descent": "E autour du chemin de la descente",
    "finished": "terminée",
    "diverged": "divergée",
    "failed": "en échec",
    "cancelled": "annulée",
    "running": "en cours",
    "queued": "en attente",
    "paused": "en pause",
    "cancelling": "en cours d’annulation",
}
PAGE = Template("""<!doctype html>
<html lang="$language">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif }
body { color: #1a1a1a; background: #fff }
h1 { line-height: 1.2; overflow-wrap: anywhere }
h2 { margin-top: 2rem }
img { max-width: 100% }
pre { white-space: pre-wrap; background: #f4f4f4; padding: 1rem }
table { border-collapse: collapse }
th, td { padding: .2rem .8rem; border-bottom: 1px solid #ddd; text-align: right }
th:first-child, td:first-child { text-align: left }
footer { margin-top: 3rem; color: #595959 }
</style>
<main>
<h1>$title</h1>
$body
</main>
<footer>Descent · $id · $created</footer>
</html>
""")


class Picture(NamedTuple):
    """A picture as SVG, the title above it, and its description."""

    title: str
    description: str
    svg: bytes


def run_page(run: ListedRun, pictures: Sequence[Picture], language: Language) -> bytes:
    """The page. Sentences of the run are in the language already."""
    text = _Text(language)
    title = run["name"] or f"{text.word('Run')} {run['id']}"
    sections = [
        *_state(run, text),
        *_ends(run, text),
        *(part for picture in pictures for part in _picture(picture, text)),
        *_parameters(run, text),
        *_findings(run, text),
        *_request(run, text),
    ]
    told = {"title": escape(title), "id": run["id"], "created": run["created_at"], "language": language}
    return PAGE.substitute(told, body="\n".join(sections)).encode()


class _Text(NamedTuple):
    """Words and numbers in a language."""

    language: Language

    def word(self, text: str) -> str:
        """The word, escaped."""
        return escape(FRENCH.get(text, text) if self.language == "fr" else text)

    def number(self, value: float | None) -> str:
        """Six digits; nothing for null."""
        text = "" if value is None else f"{value:.6g}"
        return text.replace(".", ",") if self.language == "fr" else text


def _state(run: ListedRun, text: _Text) -> Iterator[str]:
    steps = text.word("step" if run["steps_done"] == 1 else "steps")
    yield f"<p>{text.word(RunStatus(run['status']).words)}, {run['steps_done']} {steps}</p>"
    if (convergence := run["convergence"]) is not None:
        yield f"<p>{escape(convergence['sentence'])}</p>"


def _ends(run: ListedRun, text: _Text) -> Iterator[str]:
    """The criteria of the last step, and of the one with the least test error."""
    final = run["final"]
    if final is None:
        return
    known = [name for name in CRITERIA if final.get(name) is not None]
    yield f"<h2>{text.word('Both criteria')}</h2>"
    yield f"<table>{_row('th', ['', text.word('step'), *(text.word(NAMES[name]) for name in known)])}"
    ends: dict[str, Mapping[str, Any] | None] = {"last": cast("Mapping[str, Any]", final), "best": run["best"]}
    for name, end in ends.items():
        if end is not None:
            yield _row("td", [text.word(name), str(end["step"]), *(text.number(end.get(each)) for each in known)])
    yield "</table>"


def _picture(picture: Picture, text: _Text) -> Iterator[str]:
    source = base64.b64encode(picture.svg).decode()
    yield f"<h2>{text.word(picture.title)}</h2>"
    yield f'<img alt="{text.word(picture.description)}" src="data:image/svg+xml;base64,{source}">'


def _parameters(run: ListedRun, text: _Text) -> Iterator[str]:
    """θ of the last step; of very many parameters the first ones."""
    if run["final"] is None:
        return
    found = run["final"]["coefficients"]
    yield f"<h2>{text.word('Parameters')}</h2><p>{text.word('in the units of the data')}</p>"
    shown = list(found.items())[:MOST_PARAMETERS]
    yield f"<table>{''.join(_row('td', [escape(name), text.number(value)]) for name, value in shown)}</table>"
    if len(found) > MOST_PARAMETERS:
        yield f"<p>… {text.word('and others')}: {len(found) - MOST_PARAMETERS}</p>"


def _findings(run: ListedRun, text: _Text) -> Iterator[str]:
    if run["diagnosis"]:
        found = "".join(f"<li>{escape(each['sentence'])}</li>" for each in run["diagnosis"])
        yield f"<h2>{text.word('Findings')}</h2><ul>{found}</ul>"


def _request(run: ListedRun, text: _Text) -> Iterator[str]:
    request = json.dumps(run["request"], indent=2, ensure_ascii=False)
    yield f"<h2>{text.word('Request')}</h2><pre>{escape(request)}</pre>"


def _row(tag: str, cells: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{cell}</{tag}>' for cell in cells)}</tr>"
