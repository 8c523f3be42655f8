"""The sentence of a run's convergence, in English and French, from the codes of its clauses and its numbers."""

from collections.abc import Mapping, Sequence

from service.core.run_record import Number

CLAUSES: dict[str, dict[str, str]] = {
    "en": {
        "converged": "The descent converged: at step {step} E is {loss}",
        "descending": "E was still falling at step {step}, where it is {loss}",
        "stalled": "E hardly moves any more: at step {step} it is {loss}",
        "hardly_moved": "E has hardly moved from its first value: at step {step} it is {loss}",
        "oscillating": "E goes up and down: at step {step} it is {loss}",
        "alternating": "θ jumps back and forth: at step {step} E is {loss}",
        "rising": "E rose: it was {first} at step 0 and is {loss} at step {step}",
        "rising_again": "E rose in the last half of the steps: its least was {least}, and at step {step} it is {loss}",
        "diverged": "The descent diverged: after step {step}, where E is {loss}, θ or E is not finite",
        "diverged_at_once": "E is not finite at step 0, so the descent could not begin",
        "minimum": "its minimum is {reference}",
        "local_minimum": "a local minimum is {reference}",
        "separable": "the classes can be separated, so E has no minimum and falls towards 0",
        "partly_separable": "some rows can be separated, so E has no minimum and falls towards {reference}",
        "unknown": "no minimum is known",
        "unbounded": "E has no minimum, since it falls without end in this direction",
        "mean": "predicting the mean for every row gives {constant}",
        "mean_better": "predicting the mean for every row is better, with {constant}",
        "median": "predicting the median for every row gives {constant}",
        "median_better": "predicting the median for every row is better, with {constant}",
        "shares": "predicting the shares of the classes for every row gives {constant}",
        "shares_better": "predicting the shares of the classes for every row is better, with {constant}",
        "zero": "predicting 0 for every row gives {constant}",
        "zero_better": "predicting 0 for every row is better, with {constant}",
    },
    "fr": {
        "converged": "La descente a convergé : à l’étape {step}, E vaut {loss}",
        "descending": "E baissait encore à l’étape {step}, où il vaut {loss}",
        "stalled": "E ne bouge presque plus : à l’étape {step}, il vaut {loss}",
        "hardly_moved": "E n’a presque pas changé depuis le début : à l’étape {step}, il vaut {loss}",
        "oscillating": "E monte et descend : à l’étape {step}, il vaut {loss}",
        "alternating": "θ saute d’un côté à l’autre : à l’étape {step}, E vaut {loss}",
        "rising": "E a augmenté : il valait {first} à l’étape 0 et vaut {loss} à l’étape {step}",
        "rising_again": "E a remonté dans la seconde moitié des étapes : il avait atteint {least} et vaut {loss} à "
        "l’étape {step}",
        "diverged": "La descente a divergé : après l’étape {step}, où E vaut {loss}, θ ou E n’est plus un nombre fini",
        "diverged_at_once": "E n’est pas un nombre fini à l’étape 0 : la descente n’a pas pu commencer",
        "minimum": "son minimum est {reference}",
        "local_minimum": "un minimum local vaut {reference}",
        "separable": "les classes sont séparables : E n’a pas de minimum et tend vers 0",
        "partly_separable": "une partie des lignes est séparable : E n’a pas de minimum et tend vers {reference}",
        "unknown": "aucun minimum n’est connu",
        "unbounded": "E n’a pas de minimum, car il diminue sans fin dans cette direction",
        "mean": "prédire la moyenne pour chaque ligne donne {constant}",
        "mean_better": "prédire la moyenne pour chaque ligne est préférable, avec {constant}",
        "median": "prédire la médiane pour chaque ligne donne {constant}",
        "median_better": "prédire la médiane pour chaque ligne est préférable, avec {constant}",
        "shares": "prédire la fréquence des classes pour chaque ligne donne {constant}",
        "shares_better": "prédire la fréquence des classes pour chaque ligne est préférable, avec {constant}",
        "zero": "prédire 0 pour chaque ligne donne {constant}",
        "zero_better": "prédire 0 pour chaque ligne est préférable, avec {constant}",
    },
}
"""The texts of each clause by language. French has a non-breaking space before a colon and a semicolon."""
JOINTS = {"en": "; ", "fr": "\N{NO-BREAK SPACE}; "}
DIGITS, MOST_DIGITS = 4, 12


def sentence(clauses: Sequence[str], values: Mapping[str, Number], language: str) -> str:
    """One sentence of the clauses, in a language of `CLAUSES`."""
    digits = _digits(clauses, values)
    shown = {name: _shown(name, value, language, digits) for name, value in values.items()}
    return JOINTS[language].join(CLAUSES[language][code].format(**shown) for code in clauses) + "."


def _digits(clauses: Sequence[str], values: Mapping[str, Number]) -> int:
    """The digits of the numbers: more where E of a descent that has not converged would look like its minimum."""
    loss, reference = values.get("loss"), values.get("reference")
    if loss is None or reference is None or clauses[0] == "converged" or loss == reference:
        return DIGITS
    apart = (count for count in range(DIGITS, MOST_DIGITS) if f"{loss:.{count}g}" != f"{reference:.{count}g}")
    return next(apart, MOST_DIGITS)


def _shown(name: str, value: Number, language: str, digits: int) -> str:
    if value is None:
        return "∞"
    if name == "step":
        return f"{value:.0f}"
    text = f"{value:.{digits}g}"
    return text.replace(".", ",") if language == "fr" else text
