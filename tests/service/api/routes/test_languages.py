"""Answers in the language of Accept-Language: problems, findings, reports; and caches keep them apart."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.service.helpers import fit_body

FRENCH, ENGLISH = {"Accept-Language": "fr-CH, en;q=0.5"}, {"Accept-Language": "en"}
CSV = {"Content-Type": "text/csv"}
GAPS = "x;y\n1,5;2\nNA;3\n2,5;4\n3,5;NA\n"


def french_problem(api: TestClient, method: str, path: str, **given: Any) -> dict[str, Any]:
    """The French problem, which has the type, the status and the places of the English one."""
    headers = given.pop("headers", {})
    english = api.request(method, path, headers=headers | ENGLISH, **given)
    french = api.request(method, path, headers=headers | FRENCH, **given)
    assert (english.headers["Content-Language"], french.headers["Content-Language"]) == ("en", "fr")
    assert "Accept-Language" in english.headers["Vary"]
    assert "Accept-Language" in french.headers["Vary"]
    assert int(french.headers["Content-Length"]) == len(french.content)
    ours: dict[str, Any] = french.json()
    theirs: dict[str, Any] = english.json()
    assert (ours["type"], ours["status"]) == (theirs["type"], theirs["status"])
    texts = {"message", "hint"}
    places = [
        [{k: v for k, v in e.items() if k not in texts} for e in each.get("errors", [])] for each in (ours, theirs)
    ]
    assert places[0] == places[1]
    for english_entry, french_entry in zip(theirs.get("errors", []), ours.get("errors", []), strict=True):
        assert all(english_entry[name] != french_entry[name] for name in texts & english_entry.keys())
    return ours


def test_a_problem_is_french_for_a_french_client(api: TestClient) -> None:
    found = french_problem(api, "POST", "/fit", json=fit_body(descent={"steps": 0.5, "rate": 1}))
    assert found["title"] == "Requête invalide"
    assert {entry["message"] for entry in found["errors"]} == {"Ce n’est pas un nombre entier.", "Champ inconnu."}
    assert found["detail"].endswith("(1 de plus dans `errors`)")
    assert found["detail"].startswith(
        f"{found['errors'][0]['pointer']}\N{NO-BREAK SPACE}: {found['errors'][0]['message']}"
    )


@pytest.mark.parametrize(
    ("method", "path", "given", "detail"),
    [
        (
            "GET",
            "/runs/nothing",
            {},
            "Aucune descente n’a l’identifiant nothing. GET /runs donne la liste des descentes.",
        ),
        ("GET", "/nowhere", {}, "Aucune ressource n’a ce chemin. /docs donne la liste des opérations."),
        ("PUT", "/runs", {}, "Le chemin admet GET, HEAD, DELETE, OPTIONS."),
        ("GET", "/runs?limit=0", {}, "paramètre limit\N{NO-BREAK SPACE}: La valeur doit être au moins 1."),
        ("GET", "/runs?limit=x", {}, "paramètre limit\N{NO-BREAK SPACE}: Ce n’est pas un nombre entier."),
        (
            "POST",
            "/fit",
            {"content": b"{", "headers": {"Content-Type": "application/json"}},
            "Le corps n’est pas du JSON",
        ),
        ("POST", "/fit", {"content": b"{}"}, "Le Content-Type du corps est manquant"),
    ],
)
def test_every_kind_of_problem_is_french(method: str, path: str, given: Any, detail: str, api: TestClient) -> None:
    assert french_problem(api, method, path, **given)["detail"].startswith(detail)


def test_the_faults_of_a_file_are_french(api: TestClient) -> None:
    found = french_problem(api, "POST", "/datasets", content=GAPS.encode(), headers=CSV)
    first, second = found["errors"]
    assert first["message"] == "Il manque 1 valeur (ligne 3 du fichier), notée 'NA'."
    assert first["hint"].startswith("Ajoutez ?missing=drop pour écarter ces lignes")
    assert (first["column"], second["column"]) == ("x", "y")


def test_the_report_of_a_file_is_french_at_once_and_later(api: TestClient) -> None:
    answer = api.post("/datasets?missing=drop", content=GAPS.encode(), headers=CSV | FRENCH)
    messages = [entry["message"] for entry in answer.json()["report"]]
    assert messages == [
        "Colonne 'x'\N{NO-BREAK SPACE}: la virgule est lue comme signe décimal.",
        "Colonnes 'x', 'y'\N{NO-BREAK SPACE}: les valeurs manquantes sont notées 'NA'.",
        "2 lignes sur 4 sont écartées, car une valeur y manque.",
    ]
    assert answer.headers["Content-Language"] == "fr"
    path = answer.headers["Location"]
    assert [entry["message"] for entry in api.get(path, headers=FRENCH).json()["report"]] == messages
    [listed] = api.get("/datasets", headers=FRENCH).json()["data"]
    assert [entry["message"] for entry in listed["report"]] == messages
    assert api.get(path).json()["report"][-1]["message"] == "2 of 4 rows are left out, because a value is missing."


def test_findings_and_convergence_are_in_the_language_of_the_reader(api: TestClient, work: Callable[[], None]) -> None:
    body = {"preset": "course", "dataset": {"sample": "norris"}}
    path = api.post("/fit", json=body).headers["Location"]
    work()
    french, english = (api.get(path, headers=headers) for headers in (FRENCH, ENGLISH))
    [ours], [theirs] = french.json()["diagnosis"], english.json()["diagnosis"]
    assert ours["evidence"] == theirs["evidence"]
    assert ours["sentence"].startswith("Le taux d’apprentissage 1 est trop grand")
    assert theirs["sentence"].startswith("The learning rate 1 is too large")
    assert french.json()["convergence"]["sentence"].startswith("La descente a divergé")
    [listed] = api.get("/runs", headers=FRENCH).json()["data"]
    assert listed["diagnosis"] == [ours]


def test_the_etag_of_a_run_differs_by_language(api: TestClient, work: Callable[[], None]) -> None:
    path = api.post("/fit", json=fit_body()).headers["Location"]
    work()
    french, english = (api.get(path, headers=headers) for headers in (FRENCH, ENGLISH))
    assert french.headers["ETag"] != english.headers["ETag"]
    for answer, headers, others in ((french, FRENCH, ENGLISH), (english, ENGLISH, FRENCH)):
        known = {"If-None-Match": answer.headers["ETag"]}
        again = api.get(path, headers=headers | known)
        assert again.status_code == 304
        assert again.headers["Content-Language"] == answer.headers["Content-Language"]
        assert "Accept-Language" in again.headers["Vary"]
        assert api.get(path, headers=others | known).status_code == 200


def test_samples_and_mistakes_are_french(api: TestClient) -> None:
    samples = api.get("/samples", headers=FRENCH).json()["data"]
    assert {each["name"]: each["title"] for each in samples}["norris"].startswith(
        "Norris\N{NO-BREAK SPACE}: étalonnage"
    )
    assert "-0,262323073774029" in samples[0]["description"]
    english = {each["name"]: each for each in api.get("/samples").json()["data"]}
    assert all(english[each["name"]][part] != each[part] for each in samples for part in ("title", "description"))
    data = {"x": [[1.0], [2.0]], "y": [1.0, 2.0]}
    wrong = {"descent": {"steps": 1, "learning_rate": 0.1}, "split": {"test_fraction": 0}, "dataset": data}
    body = {**wrong, "trajectory": {"theta": [[0.0, 0.0], [-0.3, -0.5]]}}
    [mistake] = api.post("/check", json=body, headers=FRENCH).json()["mistakes"]
    assert mistake == {
        "code": "sign",
        "title": "Le signe est inversé",
        "detail": mistake["detail"],
    }
    assert mistake["detail"].startswith("Le gradient montre la plus forte montée")


def test_an_answer_without_sentences_has_no_language(api: TestClient) -> None:
    for path in ("/livez", "/static/main.js"):
        assert "Content-Language" not in api.get(path, headers=FRENCH).headers


def test_the_last_event_of_a_run_is_french(api: TestClient, work: Callable[[], None]) -> None:
    path = api.post("/fit", json=fit_body()).headers["Location"]
    work()
    text = api.get(f"{path}/events", headers=FRENCH).text
    last = text.strip().split("\n\n")[-1]
    run = json.loads(next(line for line in last.splitlines() if line.startswith("data: ")).removeprefix("data: "))
    assert run["convergence"]["sentence"].startswith("E baissait encore à l’étape 5")
