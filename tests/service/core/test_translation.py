"""French of the sentences: every sentence of the code has one, with the same numbers and names."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.core.french import finding_clauses, findings
from service.core.languages import asked_language, asking
from service.core.translation import FINDINGS, MESSAGES, PHRASES, Template, finding_sentence, translated

ROOT = Path(__file__).parents[3]
FOLDERS = (
    "service/api",
    "service/jobs",
    "service/schemas",
    "service/datasets",
    "service/analysis",
    "gd_engine/formula",
)
FILES = ("service/core/concurrency_limit.py", "service/worker/process.py", "gd_engine/autodiff/curvature.py")
MODULES = sorted(
    [*(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")), *(ROOT / each for each in FILES)]
)
FOR_OTHERS = {"Field", "Query", "Path", "Header", "described", "paged", "json_body", "ValueError", "Example"}
"""Calls whose texts are for programmers: descriptions of the OpenAPI, and errors that never reach a client."""
FOR_PROGRAMMERS = {"app.py", "openapi.py", "openapi_examples.py", "openapi_responses.py", "stack.py", "recompute.py"}


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yields the line and the text of each string of a module that a client may see, with samples for its values."""
    tree = ast.parse(path.read_text())
    skipped = for_programmers(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and node not in skipped:
            text = text_of(node)
            if text is not None:
                yield node.lineno, text


def for_programmers(tree: ast.AST) -> set[ast.AST]:
    """The parts of a module that no client sees: docstrings, logs, descriptions; and the parts of its f-strings."""
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(node.value)  # a docstring
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in FOR_OTHERS or ast.unparse(node.func).startswith(("log.", "router.")):
                skipped |= {*ast.walk(node)}
        if isinstance(node, ast.JoinedStr):
            skipped |= {part for value in node.values for part in ast.walk(value)}
    return skipped


def text_of(node: ast.Constant | ast.JoinedStr) -> str | None:
    if isinstance(node, ast.Constant):
        return re.sub(r"\{\w*(:g)?\}", "7", node.value) if isinstance(node.value, str) else None
    parts = (value.value if isinstance(value, ast.Constant) else _sample(value) for value in node.values)
    return "".join(map(str, parts))


def _sample(value: ast.AST) -> str:
    return "7 rows" if "counted" in ast.unparse(value) else "7"


SENTENCE = re.compile(r"[A-Z7θ“`].* .*[.?]")
CLAUSE = re.compile(r"(?!a |an )[A-Za-z].* .* .*[^.?:,]")
COMPOSED = {
    "7 (column 7).",
    "7 Try again in 7 s.",
    "This API key has reached its limit of requests per minute.",
    "This address has sent too many wrong API keys.",
    "A run that is 7 cannot be 7.",
    "This 7 has its share of the 7. Wait for one to end, or try again in a second.",
    "7: 7.",
    "There is no column 7; 7.",
    "Name the features too; 7.",
    "θ₀ has 7 rows, the 7 7 rows.",
    "7 7.",
    "The 7 has 7 parameters, at most 7 are allowed.",
    "7 holds 7; 7 needs 7 two.",
    "7; the minimum is 7.",
    "The function 7 takes 7 rows, not 7",
    "The gradient of the formula",
    "UTF-16 (little endian)",
    "UTF-16 (big endian)",
    "the row has 7, the 7 has 7",
    "unknown 7 7; the columns are 7",
    "Rows of empty cells are left out",
    "Comments and notes between or below the rows are left out",
    "Empty cells at the end of rows are left out",
    "header or first row",
    "without a name",
    "Did you mean 7?7",
    "The sheet 7 of the Excel workbook is read.7",
    "The answer.",
    "One event.",
    "JSON: the run, the columns of the new steps, or a problem.",
    "A self-contained SVG document.",
}
"""Sentences of several parts, which WHOLE has as the client sees them, and descriptions of the OpenAPI."""
WHOLE = [
    "The sign ^ cannot stand in a formula (column 2).",
    "A comparison cannot stand in a formula (column 2).",
    "This API key has reached its limit of requests per minute. Try again in 7 s.",
    "This address has sent too many wrong API keys. Try again in 7 s.",
    *(f"A run that is finished cannot be {done}." for done in ("cancelled", "paused", "resumed")),
    *(
        f"This {user} has its share of the {work}. Wait for one to end, or try again in a second."
        for user in ("API key", "address")
        for work in ("lists being read", "running analyses")
    ),
    "Rows of empty cells are left out: rows 2, 3 and 7 more.",
    "There is no column 'q'; the columns are 'a', 'b'.",
    "Name the features too; the columns are 'a', 'b'.",
    "θ₀ has 1 number, the model 2 parameters.",
    "θ₀ has 3 numbers, the function 1 parameter.",
    "b1 is missing.",
    "b1 is not a parameter.",
    "The model has 7 parameters, at most 5 are allowed.",
    "The function has 7 parameters, at most 5 are allowed.",
    "y holds 3 classes; logistic needs exactly two.",
    "y holds numbers that are no classes; softmax needs at least two.",
    "1 entry; the minimum is 2.",
    "The function exp takes one argument, not 2 (column 3).",
    "The row has 3 cells, the header or first row has 2.",
    "The row has 1 cell, the header or first row has 2.",
    "Unknown target 'q'; the columns are 'a', 'b'.",
    "Unknown feature 'q'; the columns are 'a', 'b'.",
    "Comments and notes between or below the rows are left out: row 3.",
    "Empty cells at the end of rows are left out: rows 3, 4.",
    "The sheet 'a' of the Excel workbook is read.",
    "The sheet 'a' of the Excel workbook is read. The workbook also has 'b', 'c'.",
    "The text is UTF-16 (little endian).",
    "1 value is missing (row 3), such as 'NA'.",
    "3 values are missing (rows 3, 4, 5), such as 'NA'.",
    "1 value is missing: empty cell in row 3.",
    "3 values are missing: empty cell in rows 3, 4, 5.",
    "Column 'q' has texts beside numbers and is left out: 'a' in row 3, 'b' in row 4.",
    "Columns 'q', 'r' have no values and are left out.",
    "The body is not JSON: expected value at line 1 column 2.",
]


def shapes(path: Path, text: str) -> list[str]:
    """The sentences that a text of the code may become."""
    if path.parent.name == "formula" and not text.endswith((".", "?")):
        return [f"{text} (column 7).", f"{text} cannot stand in a formula (column 7)."]
    if "file_reader" in path.parts:
        sentence = text if text.endswith(".") else f"{text[:1].upper()}{text[1:]}."
        return [sentence, f"Column 'q'{sentence.removeprefix('7')}", f"Columns 'q', 'r'{sentence.removeprefix('7')}"]
    return [text]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_sentence_of_the_code_has_a_french_one(path: Path) -> None:
    pattern = CLAUSE if "file_reader" in path.parts or path.parent.name == "formula" else SENTENCE
    for line, text in [] if path.name in FOR_PROGRAMMERS else texts(path):
        if (SENTENCE.fullmatch(text) or pattern.fullmatch(text)) and text not in COMPOSED:
            found = [translated(each, "fr") for each in shapes(path, text)]
            assert found != shapes(path, text), f"{path.name}:{line}: {text!r} has no French"


@pytest.mark.parametrize("sentence", WHOLE)
def test_a_sentence_of_several_parts_is_translated_whole(sentence: str) -> None:
    assert translated(sentence, "fr") != sentence
    assert translated(sentence, "en") == sentence


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("This must be at least 0.5.", "La valeur doit être au moins 0,5."),
        (
            "The file has more than 1,000,000 rows of data.",
            "Le fichier a plus de 1\u202f000\u202f000 lignes de données.",
        ),
        (
            "The feature x reaches 1.5e+200, whose power 2 is not finite.",
            "La variable x atteint 1,5e+200, dont la puissance 2 n’est pas finie.",
        ),
        (
            "3 values are missing (rows 2, 3 and 1 more), such as 'NA'.",
            "Il manque 3 valeurs (lignes 2, 3 et 1 autre), notées par exemple 'NA'.",
        ),
        (
            "Values are missing: x in rows 1, 2; y in row 3.",
            "Il manque des valeurs\u00a0: x aux lignes 1, 2; y à la ligne 3.",
        ),
        ("This must be mse, sse or mae.", "La valeur doit être mse, sse ou mae."),
        ("Write x**2 for x^2.", "Écrivez x**2 au lieu de x^2."),
    ],
)
def test_numbers_lists_and_punctuation_are_french(english: str, french: str) -> None:
    assert translated(english, "fr") == french


def test_names_of_a_client_stay_as_they_are() -> None:
    names = "'salt and pepper', 'row', '1.5'"
    found = translated(f"There is no column 'the column'; the columns are {names}.", "fr")
    assert names in found
    assert "'the column'" in found


def test_an_unknown_sentence_stays_english() -> None:
    for text in ("A sentence of a later version.", "", "x" * 100_000, "{n} rows"):
        assert translated(text, "fr") == text


@pytest.mark.parametrize("template", [*MESSAGES, *PHRASES, *(each for found in FINDINGS.values() for each in found)])
def test_a_french_text_has_the_values_of_its_english_one(template: Template) -> None:
    assert set(re.findall(r"\{(\w+)\}", template.french)) == set(template.names)
    assert not re.search(r"(?<=\S) [:;?!»](\s|$)", template.french), "a space that breaks"


def test_the_language_is_that_of_the_request_and_english_outside_of_one() -> None:
    assert asked_language() == "en"
    with asking("fr") as asked:
        assert not asked.is_used
        assert asked_language() == "fr"
        assert asked.is_used
    assert asked_language() == "en"


def test_every_code_has_a_general_sentence_for_texts_of_earlier_versions() -> None:
    assert findings.SENTENCES.keys() == finding_clauses.GENERAL.keys()
    for code in findings.SENTENCES:
        assert finding_sentence(code, "A sentence of an earlier version.", "fr")[-1] == "."
        assert finding_sentence(code, "A sentence of an earlier version.", "fr") != "A sentence of an earlier version."
        assert finding_sentence(code, "A sentence of an earlier version.", "en") == "A sentence of an earlier version."
    assert finding_sentence("a_later_code", "A sentence.", "fr") == "A sentence."
