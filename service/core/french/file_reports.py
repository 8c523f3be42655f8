"""The report of an upload."""

_LEFT_OUT = (
    (
        "has the numbers or names of the rows and is left out.",
        "have the numbers or names of the rows and are left out.",
        "porte les numéros ou les noms des lignes : elle est écartée.",
        "portent les numéros ou les noms des lignes : elles sont écartées.",
    ),
    (
        "has no values and is left out.",
        "have no values and are left out.",
        "n’a aucune valeur : elle est écartée.",
        "n’ont aucune valeur : elles sont écartées.",
    ),
    (
        "has no value in more than half of the rows and is left out.",
        "have no value in more than half of the rows and are left out.",
        "n’a pas de valeur dans plus de la moitié des lignes : elle est écartée.",
        "n’ont pas de valeur dans plus de la moitié des lignes : elles sont écartées.",
    ),
    (
        "has dates and is left out; ?dates=days reads dates as days since 1970-01-01.",
        "have dates and are left out; ?dates=days reads dates as days since 1970-01-01.",
        "contient des dates : elle est écartée ; ?dates=days lit les dates en jours depuis le 1970-01-01.",
        "contiennent des dates : elles sont écartées ; ?dates=days lit les dates en jours depuis le 1970-01-01.",
    ),
    (
        "has texts beside numbers and is left out: {list_cells}.",
        "have texts beside numbers and are left out: {list_cells}.",
        "mêle des textes à des nombres : elle est écartée ({list_cells}).",
        "mêlent des textes à des nombres : elles sont écartées ({list_cells}).",
    ),
    (
        "has numbers with a unit and is left out: {list_cells}. Write the numbers alone.",
        "have numbers with a unit and are left out: {list_cells}. Write the numbers alone.",
        "contient des nombres avec une unité : elle est écartée ({list_cells}). Écrivez les nombres seuls.",
        "contiennent des nombres avec une unité : elles sont écartées ({list_cells}). Écrivez les nombres seuls.",
    ),
    (
        "is not among the features, has a fault and is left out: {list_cells}.",
        "are not among the features, have a fault and are left out: {list_cells}.",
        "n’est pas parmi les variables et a un défaut : elle est écartée ({list_cells}).",
        "ne sont pas parmi les variables et ont un défaut : elles sont écartées ({list_cells}).",
    ),
    (
        "is not among the features, has missing values and is left out.",
        "are not among the features, have missing values and are left out.",
        "n’est pas parmi les variables et a des valeurs manquantes : elle est écartée.",
        "ne sont pas parmi les variables et ont des valeurs manquantes : elles sont écartées.",
    ),
    (
        "has more than 20 different texts, or another text in every row, and is left out.",
        "have more than 20 different texts, or another text in every row, and are left out.",
        "a plus de 20 textes différents, ou un autre texte à chaque ligne : elle est écartée.",
        "ont plus de 20 textes différents, ou un autre texte à chaque ligne : elles sont écartées.",
    ),
    (
        "has texts and is left out, as ?categories=ignore asks.",
        "have texts and are left out, as ?categories=ignore asks.",
        "contient des textes : elle est écartée, comme le demande ?categories=ignore.",
        "contiennent des textes : elles sont écartées, comme le demande ?categories=ignore.",
    ),
    (
        "has a text whose feature would have the name of another column, so it is left out.",
        "have a text whose feature would have the name of another column, so they are left out.",
        "a un texte dont la variable aurait le nom d’une autre colonne : elle est écartée.",
        "ont un texte dont la variable aurait le nom d’une autre colonne : elles sont écartées.",
    ),
    (
        "has the same value in every row and is left out.",
        "have the same value in every row and are left out.",
        "a la même valeur à chaque ligne : elle est écartée.",
        "ont la même valeur à chaque ligne : elles sont écartées.",
    ),
    (
        "has the same value in every row.",
        "have the same value in every row.",
        "a la même valeur à chaque ligne.",
        "ont la même valeur à chaque ligne.",
    ),
    (
        "had no name.",
        "had no name.",
        "n’avait pas de nom.",
        "n’avaient pas de nom.",
    ),
)
"""The clause about one column and about several, in English, then in French."""
_NOTES = {
    "TRUE, yes and T are read as 1, FALSE, no and F as 0.": "TRUE, yes et T sont lus 1 ; FALSE, no et F sont lus 0.",
    "dates are read as days since 1970-01-01.": "les dates sont lues en jours depuis le 1970-01-01.",
    "the comma is read as the decimal mark.": "la virgule est lue comme signe décimal.",
    "the comma is read as the mark between thousands.": "la virgule est lue comme séparateur de milliers.",
    "the dot is read as the mark between thousands.": "le point est lu comme séparateur de milliers.",
    "spaces or apostrophes between thousands are left out.": (
        "les espaces ou apostrophes entre les milliers sont enlevés."
    ),
    "signs of currencies are left out.": "les signes de monnaie sont enlevés.",
    "numbers are in per cent, 5% is read as 5.": "les nombres sont des pourcentages, 5% est lu 5.",
    "numbers are in per cent, 5% is read as 0.05.": "les nombres sont des pourcentages, 5% est lu 0,05.",
    "whole numbers above 2**53 are rounded to 53 bits, so different ones may be equal.": (
        "les nombres entiers au-delà de 2**53 sont arrondis à 53 bits : des nombres différents peuvent être égaux."
    ),
    "Excel keeps 15 digits of a number, so longer whole numbers may have lost the last ones. Store them as text.": (
        "Excel garde 15 chiffres d’un nombre : de plus longs nombres entiers ont pu perdre les derniers. Écrivez-les "
        "comme texte."
    ),
    "the minus sign of Unicode is read as minus.": "le signe moins d’Unicode est lu comme un moins.",
    "numbers in parentheses, or with a minus at the end, are read as negative.": (
        "les nombres entre parenthèses, ou suivis d’un moins, sont lus comme négatifs."
    ),
    "zeros at the start of numbers are left out. Write a letter before them if they are codes.": (
        "les zéros au début des nombres sont enlevés. Mettez une lettre devant si ce sont des codes."
    ),
    "texts with digits are read as classes. Write plain numbers if they are numbers.": (
        "les textes avec des chiffres sont lus comme des classes. Écrivez des nombres simples si ce sont des nombres."
    ),
    "exponents with D are read, as of Fortran.": "les exposants en D, comme en Fortran, sont lus.",
    "missing values are written {list_texts}.": "les valeurs manquantes sont notées {list_texts}.",
    "each text is a feature of 0 and 1, but the first: {list_names}.": (
        "chaque texte est une variable de 0 et de 1, sauf le premier : {list_names}."
    ),
}
MESSAGES = {
    **{f"Column {{name}} {one}": f"La colonne {{name}} {french}" for one, _, french, _ in _LEFT_OUT},
    **{f"The column {one}": f"La colonne {french}" for one, _, french, _ in _LEFT_OUT},
    **{
        f"Columns {{list_names}} {several}": f"Les colonnes {{list_names}} {french}"
        for _, several, _, french in _LEFT_OUT
    },
    **{f"Column {{name}}: {english}": f"Colonne {{name}} : {french}" for english, french in _NOTES.items()},
    **{
        f"Columns {{list_columns}}: {english}": f"Colonnes {{list_columns}} : {french}"
        for english, french in _NOTES.items()
    },
    "Lines above the table are left out: {places}.": "Les lignes au-dessus du tableau sont écartées : {places}.",
    "The comment line above the data has the names of the columns.": (
        "La ligne de commentaire au-dessus des données donne les noms des colonnes."
    ),
    "The first row has data, so the columns are called x1, x2, … and y.": (
        "La première ligne contient des données : les colonnes s’appellent x1, x2, … et y."
    ),
    "The first row, {list_names}, has the names of the columns; ?header=false reads it as data.": (
        "La première ligne, {list_names}, donne les noms des colonnes ; ?header=false la lit comme des données."
    ),
    "Row {row} of the file looks like a total or a mean, and is read as data: remove it if it is one.": (
        "La ligne {row} du fichier ressemble à un total ou à une moyenne, et elle est lue comme des données : "
        "supprimez-la si c’en est un."
    ),
    "Column {name} has texts that differ in case or blanks: {list_names}.": (
        "La colonne {name} a des textes qui ne diffèrent que par la casse ou les blancs : {list_names}."
    ),
    "Names that occur twice are numbered: {list_names}.": "Les noms en double sont numérotés : {list_names}.",
    "Rows of empty cells are left out: {places}.": "Les lignes de cellules vides sont écartées : {places}.",
    "Comments and notes between or below the rows are left out: {places}.": (
        "Les commentaires et notes entre les lignes ou au-dessous sont écartés : {places}."
    ),
    "Empty cells at the end of rows are left out: {places}.": (
        "Les cellules vides en fin de ligne sont écartées : {places}."
    ),
    "The comment lines at the start are left out: {places}.": "Les commentaires du début sont écartés : {places}.",
    "The line sep={sign} states the separator.": "La ligne sep={sign} donne le séparateur.",
    "The cells are separated by {sign}.": "Les cellules sont séparées par {sign}.",
    "a vertical bar": "une barre verticale",
    "a run of spaces": "des espaces",
    "The text is {encoding}.": "Le texte est en {encoding}.",
    "The text is not UTF-8; it is read as Windows-1252 (Latin-1). Check letters with accents.": (
        "Le texte n’est pas en UTF-8 ; il est lu en Windows-1252 (Latin-1). Vérifiez les lettres accentuées."
    ),
    "The file is compressed by gzip.": "Le fichier est compressé par gzip.",
    "The sheet {name} of the Excel workbook is read.": "La feuille {name} du classeur Excel est lue.",
    "The sheet {name} of the Excel workbook is read. The workbook also has {list_names}.": (
        "La feuille {name} du classeur Excel est lue. Le classeur a aussi {list_names}."
    ),
    "The target is {new}, because {old} cannot be one.": "La cible est {new}, car {old} ne peut pas en être une.",
    "The numbers of the rows are the feature, because the file has no other.": (
        "Les numéros des lignes sont la variable, car le fichier n’en a pas d’autre."
    ),
    "Columns without name and content are left out.": "Les colonnes sans nom ni contenu sont écartées.",
    "1 of {rows} rows is left out, because a value is missing.": (
        "1 ligne sur {rows} est écartée, car une valeur y manque."
    ),
    "{n} of {rows} rows are left out, because a value is missing.": (
        "{n} lignes sur {rows} sont écartées, car une valeur y manque."
    ),
    "1 missing number is filled with the mean of its column: {list_counts}.": (
        "1 nombre manquant est remplacé par la moyenne de sa colonne : {list_counts}."
    ),
    "{n} missing numbers are filled with the mean of their column: {list_counts}.": (
        "{n} nombres manquants sont remplacés par la moyenne de leur colonne : {list_counts}."
    ),
    "{name}: {counted_values} filled with the mean, {mean}.": (
        "{name} : la moyenne, {mean}, remplace {counted_values}."
    ),
    "{counted_rows} of {rows} with missing values left out.": (
        "Sans {counted_rows} sur {rows}, où il manque des valeurs."
    ),
}
