"""The faults of a file."""

_NUMBERS = {"{cell} is not a number": "{cell} n’est pas un nombre", "{cell} is too large": "{cell} est trop grand"}
_BUT = {"": "", ", but row {row} has the number {number}": ", mais la ligne {row} a le nombre {number}"}
_SUCH = {"": "", "; {n} such cells: {places}": " ; {n} cellules de ce genre : {places}"}

MESSAGES = {
    **{
        f"{fault}{but}{such}.": f"{_NUMBERS[fault]}{_BUT[but]}{_SUCH[such]}."
        for fault in _NUMBERS
        for but in _BUT
        for such in _SUCH
    },
    "The feature {name} would have the name of another column.": (
        "La variable {name} aurait le nom d’une autre colonne."
    ),
    "Rename one of the columns.": "Renommez l’une des colonnes.",
    "The file has {n} columns; the limit is {most}.": "Le fichier a {n} colonnes ; la limite est {most}.",
    "Upload fewer columns.": "Envoyez moins de colonnes.",
    "The file has no rows of data below the header.": "Le fichier n’a aucune ligne de données sous l’en-tête.",
    "The file has no rows of data.": "Le fichier n’a aucune ligne de données.",
    "The file is empty.": "Le fichier est vide.",
    "Upload at least 2 rows of data.": "Envoyez au moins 2 lignes de données.",
    "The file has only one row of data.": "Le fichier n’a qu’une ligne de données.",
    "The column has no values.": "La colonne n’a aucune valeur.",
    "Fill it in, or choose another column.": "Remplissez-la, ou choisissez une autre colonne.",
    "{cell} is a date, not a number.": "{cell} est une date, pas un nombre.",
    "Add ?dates=days, which reads dates as days since 1970-01-01.": (
        "Ajoutez ?dates=days, qui lit les dates en jours depuis le 1970-01-01."
    ),
    "{cell}: the order of day and month is unclear.": "{cell} : l’ordre du jour et du mois n’est pas clair.",
    "Write dates as 2020-12-31.": "Écrivez les dates comme 2020-12-31.",
    "The target has more than {most} different labels, or a label of more than 200 characters.": (
        "La cible a plus de {most} étiquettes différentes, ou une étiquette de plus de 200 caractères."
    ),
    "Choose another target, or write plain numbers such as 1234.5.": (
        "Choisissez une autre cible, ou écrivez des nombres simples comme 1234.5."
    ),
    "Save it as CSV UTF-8.": "Enregistrez-le en CSV UTF-8.",
    "The text is not valid UTF-16.": "Le texte n’est pas de l’UTF-16 valide.",
    "The text is not UTF-8.": "Le texte n’est pas en UTF-8.",
    "The file is not a text file: it is neither UTF-8 nor Windows-1252.": (
        "Le fichier n’est pas un fichier texte : ni UTF-8 ni Windows-1252."
    ),
    "The file is not a text file: it contains NUL.": "Le fichier n’est pas un fichier texte : il contient NUL.",
    "The file is not a text file: it looks like {kind}.": "Le fichier n’est pas un fichier texte : on dirait {kind}.",
    "The file is not a table: it looks like {kind}.": "Le fichier n’est pas un tableau : on dirait {kind}.",
    "an HTML page": "une page HTML",
    "an XML file": "un fichier XML",
    "JSON": "du JSON",
    "{cell} is in another currency than {other}.": "{cell} est dans une autre monnaie que {other}.",
    "Write the numbers in one currency.": "Écrivez les nombres dans une seule monnaie.",
    "a PNG image": "une image PNG",
    "a JPEG image": "une image JPEG",
    "a GIF image": "une image GIF",
    "a PDF document": "un document PDF",
    "a gzip file in a gzip file": "un fichier gzip dans un fichier gzip",
    "a zip file in a gzip file": "un fichier zip dans un fichier gzip",
    "an old Excel workbook (.xls)": "un ancien classeur Excel (.xls)",
    "a Parquet file": "un fichier Parquet",
    "The decompressed file exceeds {most} bytes.": "Le fichier décompressé dépasse {most} octets.",
    "The decompressed workbook exceeds {most} bytes.": "Le classeur décompressé dépasse {most} octets.",
    "Upload fewer rows.": "Envoyez moins de lignes.",
    "The gzip file is damaged or incomplete.": "Le fichier gzip est endommagé ou incomplet.",
    "Compress it again.": "Compressez-le à nouveau.",
    "The file has {n} more faults.": "Le fichier a {n} autres défauts.",
    "Mend these first.": "Corrigez d’abord ceux-ci.",
    "The row has {counted_cells}, the {reference} has {n}.": "La ligne a {counted_cells}, {reference} en a {n}.",
    "header or first row": "l’en-tête ou la première ligne",
    "The row has {counted_names}, the row below has {n} cells.": (
        "La ligne a {counted_names}, la ligne au-dessous a {n} cellules."
    ),
    'Name every column, and quote a cell that contains the separator, such as "1,5"; or delete a title.': (
        'Nommez chaque colonne, et mettez entre guillemets une cellule qui contient le séparateur, comme "1,5" ; ou '
        "supprimez un titre."
    ),
    "The header has {counted_names}, the rows have {n} cells.": (
        "L’en-tête a {counted_names}, les lignes ont {n} cellules."
    ),
    'Name the first column, and quote a cell that contains the separator, such as "1,5".': (
        'Nommez la première colonne, et mettez entre guillemets une cellule qui contient le séparateur, comme "1,5".'
    ),
    "Give every row as many cells as the first; quote a cell that contains the separator.": (
        "Donnez à chaque ligne autant de cellules qu’à la première ; mettez entre guillemets une cellule qui contient "
        "le séparateur."
    ),
    "Remove it from the features, or choose another target.": (
        "Enlevez-la des variables, ou choisissez une autre cible."
    ),
    "The target cannot be a feature.": "La cible ne peut pas être une variable.",
    "The feature is named twice.": "La variable est nommée deux fois.",
    "Name each feature once.": "Nommez chaque variable une seule fois.",
    "Unknown target {name}; the columns are {list_names}.": "Cible inconnue : {name} ; les colonnes sont {list_names}.",
    "Unknown feature {name}; the columns are {list_names}.": (
        "Variable inconnue : {name} ; les colonnes sont {list_names}."
    ),
    "Unknown feature {name}.": "Variable inconnue : {name}.",
    "Its features are {list_names}.": "Ses variables sont {list_names}.",
    "Write {what}, or choose another target.": "Écrivez {what}, ou choisissez une autre cible.",
    "Write {what}, or leave the column out: name the features.": (
        "Écrivez {what}, ou écartez la colonne : nommez les variables."
    ),
    "Write plain numbers such as 1234.5, or leave these rows out.": (
        "Écrivez des nombres simples comme 1234.5, ou laissez ces lignes de côté."
    ),
    "Fill it in, or leave these rows out.": "Remplissez-la, ou laissez ces lignes de côté.",
    "The file has no column {name}; the columns are {list_names}.": (
        "Le fichier n’a pas de colonne {name} ; les colonnes sont {list_names}."
    ),
    "The header has a name twice: {list_names} would be the name of the second column.": (
        "L’en-tête a deux fois un nom : {list_names} serait le nom de la deuxième colonne."
    ),
    "Give every column another name.": "Donnez à chaque colonne un autre nom.",
    "The run has not seen {list_texts}; it has seen {list_seen}.": (
        "La descente n’a pas vu {list_texts} ; elle a vu {list_seen}."
    ),
    "The column has more texts than the run has seen; it has seen {list_seen}.": (
        "La colonne a plus de textes que la descente n’en a vu ; elle a vu {list_seen}."
    ),
    "An empty line may be a row with a missing value.": ("Une ligne vide peut être une ligne dont la valeur manque."),
    "Remove the empty lines of the file.": "Enlevez les lignes vides du fichier.",
    "Add rows below the header.": "Ajoutez des lignes sous l’en-tête.",
    "The file has a row of empty cells.": "Le fichier a une ligne de cellules vides.",
    "The file has a comment or a note between or below its rows.": (
        "Le fichier a un commentaire ou une note entre ses lignes, ou au-dessous."
    ),
    "Remove it: each row gives a prediction.": "Enlevez-la : chaque ligne donne une prédiction.",
    "Write the numbers alone, and the unit into the name of the column: {name}.": (
        "Écrivez les nombres seuls, et l’unité dans le nom de la colonne : {name}."
    ),
    "Write the numbers alone, all in one unit.": "Écrivez les nombres seuls, tous dans la même unité.",
    "The Excel workbook has no sheet.": "Le classeur Excel n’a aucune feuille.",
    "{cell} is a number with a unit.": "{cell} est un nombre avec une unité.",
    "The column has dots with two meanings.": "Les points de la colonne ont deux sens.",
    "Add ?decimal=. or ?decimal=, to say which mark is the decimal mark.": (
        "Ajoutez ?decimal=. ou ?decimal=, pour dire lequel est le signe décimal."
    ),
    "{cell} is in per cent, other cells of the column are not.": (
        "{cell} est un pourcentage, d’autres cellules de la colonne ne le sont pas."
    ),
    "{cell} may be {list_readings}.": "{cell} peut être {list_readings}.",
    "{cell} has spaces between digits.": "{cell} a des espaces entre les chiffres.",
    "{cell} does not fit the decimal mark of the column.": "{cell} ne suit pas le signe décimal de la colonne.",
    "Write all cells in per cent, or none.": "Écrivez toutes les cellules en pourcentages, ou aucune.",
    "Add ?decimal={mark} if {sign} is the decimal mark, or ?thousands={mark} if it separates thousands.": (
        "Ajoutez ?decimal={mark} si {sign} est le signe décimal, ou ?thousands={mark} s’il sépare les milliers."
    ),
    "Add ?decimal={mark} if {sign} is the decimal mark of this column too, else write {number}.": (
        "Ajoutez ?decimal={mark} si {sign} est aussi le signe décimal de cette colonne, sinon écrivez {number}."
    ),
    "{cell} has the month first, {other} in row {row} the day.": (
        "{cell} commence par le mois, {other}, à la ligne {row}, par le jour."
    ),
    "Write one decimal mark in the whole file, which has both.": (
        "Écrivez un seul signe décimal dans tout le fichier, qui a les deux."
    ),
    "Write plain numbers such as 1234.5, or set ?decimal= and ?thousands=.": (
        "Écrivez des nombres simples comme 1234.5, ou donnez ?decimal= et ?thousands=."
    ),
    "Leave ?sheet= out.": "Laissez ?sheet= de côté.",
    "Leave ?header= out.": "Laissez ?header= de côté.",
    "A Parquet file has no sheets.": "Un fichier Parquet n’a pas de feuilles.",
    "A Parquet file has the names of its columns.": "Un fichier Parquet a les noms de ses colonnes.",
    "The Parquet file is damaged or incomplete.": "Le fichier Parquet est endommagé ou incomplet.",
    "Write it again.": "Écrivez-le à nouveau.",
    "Upload shorter texts.": "Envoyez des textes plus courts.",
    "Values of the type {kind} cannot be read.": "Les valeurs du type {kind} ne peuvent pas être lues.",
    "Write it as numbers or texts.": "Écrivez-la en nombres ou en textes.",
    "The file has no sheets: it is not an Excel workbook.": (
        "Le fichier n’a pas de feuilles : ce n’est pas un classeur Excel."
    ),
    "The file has more than {most} rows of data.": "Le fichier a plus de {most} lignes de données.",
    "1 value is missing ({places}), such as {cell}.": "Il manque 1 valeur ({places}), notée {cell}.",
    "{n} values are missing ({places}), such as {cell}.": (
        "Il manque {n} valeurs ({places}), notées par exemple {cell}."
    ),
    "1 value is missing: empty cell in {places}.": "Il manque 1 valeur : cellule vide, {places}.",
    "{n} values are missing: empty cell in {places}.": "Il manque {n} valeurs : cellules vides, {places}.",
    "Add ?missing=drop to leave such rows out, or ?missing=mean to fill numbers with the column's mean.": (
        "Ajoutez ?missing=drop pour écarter ces lignes, ou ?missing=mean pour mettre la moyenne de la colonne."
    ),
    "Add ?missing=drop to leave such rows out, or ?missing=mean to fill numbers with the column's mean; write another "
    "word if {cell} is a category.": (
        "Ajoutez ?missing=drop pour écarter ces lignes, ou ?missing=mean pour mettre la moyenne de la colonne ; "
        "écrivez un autre mot si {cell} est une catégorie."
    ),
    "Values are missing in {n} columns: {list_counts}.": "Il manque des valeurs dans {n} colonnes : {list_counts}.",
    "Add ?missing=mean to fill numbers with the column's mean, or fill the cells in: at most one row has a value in "
    "every column.": (
        "Ajoutez ?missing=mean pour mettre la moyenne de la colonne, ou remplissez les cellules : une ligne au plus a "
        "une valeur dans chaque colonne."
    ),
    "Add ?missing=mean to fill numbers with the column's mean, or fill the cells in: at most one row has a value in "
    "every column; write another word if {cell} is a category.": (
        "Ajoutez ?missing=mean pour mettre la moyenne de la colonne, ou remplissez les cellules : une ligne au plus a "
        "une valeur dans chaque colonne ; écrivez un autre mot si {cell} est une catégorie."
    ),
    "{cell} is not a date, most cells of the column are.": (
        "{cell} n’est pas une date, alors que la plupart des cellules de la colonne en sont."
    ),
    "Write dates as 2020-12-31, or leave ?dates= out.": ("Écrivez les dates comme 2020-12-31, ou retirez ?dates=."),
    "The column has dates such as {cell}.": "La colonne contient des dates, comme {cell}.",
    "Write its values as numbers.": "Écrivez ses valeurs en nombres.",
    "No feature columns: the file has {list_names}, the target is {target}.": (
        "Aucune colonne de variable : le fichier a {list_names}, la cible est {target}."
    ),
    "Add a column of numbers besides the target; separate columns by a comma, a semicolon or a tab.": (
        "Ajoutez une colonne de nombres à côté de la cible ; séparez les colonnes par une virgule, un point-virgule ou "
        "une tabulation."
    ),
    "Only 1 of {rows} rows have a value in every column.": (
        "Seule 1 ligne sur {rows} a une valeur dans chaque colonne."
    ),
    "Only {n} of {rows} rows have a value in every column.": (
        "Seules {n} lignes sur {rows} ont une valeur dans chaque colonne."
    ),
    "Name the features, so that columns with gaps are left out, or add ?missing=mean.": (
        "Nommez les variables, pour écarter les colonnes à trous, ou ajoutez ?missing=mean."
    ),
    "The file gives {n} features; the limit is {most}.": "Le fichier donne {n} variables ; la limite est {most}.",
    "Add ?categories=ignore, or name the features.": "Ajoutez ?categories=ignore, ou nommez les variables.",
    "The record cannot be read: {fault}.": "La ligne ne peut pas être lue : {fault}.",
    'Close every quote; write a quote inside a quoted cell twice: "5"" pipe".': (
        'Fermez chaque guillemet ; doublez un guillemet dans une cellule entre guillemets : "5"" tube".'
    ),
    "The record is longer than {most} characters.": "La ligne a plus de {most} caractères.",
    "Check that the file is a CSV, and that every quote is closed.": (
        "Vérifiez que le fichier est un CSV, et que chaque guillemet est fermé."
    ),
    "Save it again as an Excel workbook (.xlsx), or as CSV UTF-8.": (
        "Enregistrez-le à nouveau en classeur Excel (.xlsx), ou en CSV UTF-8."
    ),
    "The file is a zip file, not an Excel workbook.": "Le fichier est un zip, pas un classeur Excel.",
    "The Excel workbook is damaged.": "Le classeur Excel est endommagé.",
    "The Excel workbook has too much text or formatting.": "Le classeur Excel a trop de texte ou de mise en forme.",
    "The Excel workbook has a sheet with a row that is too long or out of order, too many rows, or a wrong "
    "structure.": (
        "Le classeur Excel a une feuille avec une ligne trop longue ou mal placée, trop de lignes, ou une structure "
        "fausse."
    ),
    "Unknown sheet {name}; the sheets are {list_names}.": "Feuille inconnue : {name} ; les feuilles sont {list_names}.",
    "Choose one of these.": "Choisissez l’une d’elles.",
    "The sheet {name} is empty.": "La feuille {name} est vide.",
    "Choose another one by ?sheet=: {list_names}.": "Choisissez-en une autre par ?sheet= : {list_names}.",
    "unexpected end of data": "fin inattendue des données",
}
