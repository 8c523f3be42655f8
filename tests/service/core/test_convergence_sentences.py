"""The sentence of a convergence: the same clauses and numbers in English and French."""

from string import Formatter

import pytest

from service.core.convergence_sentences import CLAUSES, sentence

VALUES = {"step": 100.0, "loss": 0.1246, "reference": 0.12422, "constant": 69749823075.6, "first": 1.0}


def test_the_languages_have_the_same_clauses_with_the_same_values() -> None:
    assert CLAUSES["en"].keys() == CLAUSES["fr"].keys()
    for code, text in CLAUSES["en"].items():
        assert _names(text) == _names(CLAUSES["fr"][code]), code


def _names(text: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(text)} - {None}


EXPECTED = {
    "en": "The descent converged: at step 100 E is 0.1246; its minimum is 0.1242; predicting the mean for every row "
    "gives 6.975e+10.",
    "fr": "La descente a convergé\N{NO-BREAK SPACE}: à l’étape 100, E vaut 0,1246\N{NO-BREAK SPACE}; son minimum est "
    "0,1242\N{NO-BREAK SPACE}; prédire la moyenne pour chaque ligne donne 6,975e+10.",
}


@pytest.mark.parametrize("language", EXPECTED)
def test_a_sentence_has_the_numbers_of_its_language(language: str) -> None:
    assert sentence(["converged", "minimum", "mean"], VALUES, language) == EXPECTED[language]


def test_a_number_that_is_not_finite_is_told() -> None:
    assert "∞" in sentence(["diverged"], {"step": 3.0, "loss": None}, "en")


@pytest.mark.parametrize("clause", [code for code in CLAUSES["fr"] if code.endswith("_better")])
def test_an_infinitive_is_preferable_in_french_not_better(clause: str) -> None:
    assert "pour chaque ligne est préférable, avec" in CLAUSES["fr"][clause]
