"""Parts of sentences: counts, lists and clauses that are values of other templates."""

_NOUNS = {
    "row": "ligne",
    "value": "valeur",
    "missing value": "valeur manquante",
    "name": "nom",
    "feature": "variable",
    "number": "nombre",
    "parameter": "paramètre",
    "class": "classe",
    "cell": "cellule",
    "entry": "élément",
}
_PLURALS = {"class": "classes", "entry": "entries"}

PHRASES = {
    **{f"1 {noun}": f"1 {french}" for noun, french in _NOUNS.items()},
    **{
        f"{{n}} {_PLURALS.get(noun, noun + 's')}": "{n} " + " ".join(f"{word}s" for word in french.split())
        for noun, french in _NOUNS.items()
    },
    "a plain number such as -1.5 or 2e3": "un nombre simple comme -1.5 ou 2e3",
    "1 for TRUE and 0 for FALSE": "1 pour TRUE et 0 pour FALSE",
    "row {row}": "ligne {row}",
    "rows {list_rows}": "lignes {list_rows}",
    "row {row} of the file": "ligne {row} du fichier",
    "rows {list_rows} of the file": "lignes {list_rows} du fichier",
    "numbers that are no classes": "des nombres qui ne sont pas des classes",
    "an object": "un objet",
    "a list": "une liste",
    # status of a run, and the change that it does not allow
    "queued": "en attente",
    "running": "en cours",
    "paused": "en pause",
    "cancelling": "en cours d’arrêt",
    "finished": "terminée",
    "diverged": "qui a divergé",
    "failed": "en échec",
    "cancelled": "annulée",
    "missing": "manquant",
    "test": "test",
    "validation": "validation",
    # JSON, by the parser
    "EOF while parsing a value at line {line} column {column}": (
        "le texte s’arrête là où une valeur est attendue, ligne {line}, colonne {column}"
    ),
    "EOF while parsing an object at line {line} column {column}": (
        "le texte s’arrête dans un objet, ligne {line}, colonne {column}"
    ),
    "EOF while parsing a list at line {line} column {column}": (
        "le texte s’arrête dans une liste, ligne {line}, colonne {column}"
    ),
    "EOF while parsing a string at line {line} column {column}": (
        "le texte s’arrête dans une chaîne, ligne {line}, colonne {column}"
    ),
    "expected value at line {line} column {column}": "une valeur est attendue, ligne {line}, colonne {column}",
    "expected ident at line {line} column {column}": "true, false ou null est attendu, ligne {line}, colonne {column}",
    "expected `:` at line {line} column {column}": "« : » est attendu, ligne {line}, colonne {column}",
    "expected `,` or `}` at line {line} column {column}": "« , » ou « } » est attendu, ligne {line}, colonne {column}",
    "expected `,` or `]` at line {line} column {column}": "« , » ou « ] » est attendu, ligne {line}, colonne {column}",
    "key must be a string at line {line} column {column}": (
        "une clé doit être une chaîne, ligne {line}, colonne {column}"
    ),
    "trailing comma at line {line} column {column}": "virgule de trop, ligne {line}, colonne {column}",
    "trailing characters at line {line} column {column}": "texte de trop, ligne {line}, colonne {column}",
    "invalid number at line {line} column {column}": "nombre invalide, ligne {line}, colonne {column}",
    "invalid escape at line {line} column {column}": "échappement invalide, ligne {line}, colonne {column}",
    "invalid unicode code point at line {line} column {column}": "caractère invalide, ligne {line}, colonne {column}",
    "control character (\\u0000-\\u001F) found while parsing a string at line {line} column {column}": (
        "caractère de contrôle dans une chaîne, ligne {line}, colonne {column}"
    ),
    "recursion limit exceeded at line {line} column {column}": "trop de niveaux, ligne {line}, colonne {column}",
}
"""A value that equals a template of these is translated too, and so is one that equals a template of the messages."""
