"""Faults of the fields and parameters of a request."""

MESSAGES = {
    "The name has the character NUL.": "Le nom contient le caractère NUL.",
    "The name has no visible character.": "Le nom n’a pas de caractère visible.",
    "Write a name, or leave it out.": "Écrivez un nom, ou omettez-le.",
    "The resource has changed since the response with this ETag.": (
        "La ressource a changé depuis la réponse avec cet ETag."
    ),
    "Get it again, and send its ETag.": "Demandez-la de nouveau, et envoyez son ETag.",
    "The body is not JSON: {fault}.": "Le corps n’est pas du JSON : {fault}.",
    "Send one JSON object in UTF-8.": "Envoyez un objet JSON en UTF-8.",
    "An object has {n} fields; the limit is {most}.": "Un objet a {n} champs ; la limite est {most}.",
    "Send fewer fields.": "Envoyez moins de champs.",
    "Duplicate field.": "Champ en double.",
    "Remove one of the two.": "Supprimez l’un des deux.",
    "Unknown field.": "Champ inconnu.",
    "Remove it, or look up its name at /docs.": "Supprimez-le, ou cherchez son nom dans /docs.",
    "It belongs to another kind of {what}. Remove it, or choose that kind.": (
        "Il appartient à une autre sorte de « {what} ». Supprimez-le, ou choisissez cette sorte."
    ),
    "Did you mean {name}?": "Vouliez-vous dire {name} ?",
    "Missing field.": "Champ manquant.",
    "Add it.": "Ajoutez-le.",
    "Add it, or a function without data.": "Ajoutez-le, ou une fonction sans données.",
    "The number is not finite.": "Le nombre n’est pas fini.",
    "Give a finite number, not NaN, Infinity or 1e999.": "Donnez un nombre fini, pas NaN, Infinity ni 1e999.",
    "This is not a number.": "Ce n’est pas un nombre.",
    "Write a JSON number, without quotes; no null, true or false.": (
        "Écrivez un nombre JSON, sans guillemets ; ni null, ni true, ni false."
    ),
    "This is not a whole number.": "Ce n’est pas un nombre entier.",
    "Write a whole JSON number, without quotes.": "Écrivez un nombre entier JSON, sans guillemets.",
    "Write a whole JSON number.": "Écrivez un nombre entier JSON.",
    "This is neither true nor false.": "Ce n’est ni true ni false.",
    "Write true or false, without quotes.": "Écrivez true ou false, sans guillemets.",
    "The text does not match {pattern}.": "Le texte ne suit pas le motif {pattern}.",
    "Remove the colons.": "Supprimez les deux-points.",
    "This is not a string.": "Ce n’est pas un texte.",
    "Write it in double quotes.": "Écrivez-le entre guillemets droits.",
    "This is not a list.": "Ce n’est pas une liste.",
    "Each row is a list: [[1], [2], …].": "Chaque ligne est une liste : [[1], [2], …].",
    'Write {"{field}": "{name}"}.': 'Écrivez {"{field}": "{name}"}.',
    "Write a JSON list, [...].": "Écrivez une liste JSON, [...].",
    "This is not an object.": "Ce n’est pas un objet.",
    "Write a JSON object, {...}.": "Écrivez un objet JSON, {...}.",
    "This is neither a number nor 'auto'.": "Ce n’est ni un nombre ni 'auto'.",
    "Write a number above 0, or 'auto'.": "Écrivez un nombre plus grand que 0, ou 'auto'.",
    "This is neither 'zeros' nor a list nor an object.": "Ce n’est ni 'zeros', ni une liste, ni un objet.",
    "Write 'zeros', a list of numbers, an object of numbers by name, or an object of kind normal.": (
        "Écrivez 'zeros', une liste de nombres, un objet de nombres par nom, ou un objet de kind normal."
    ),
    "This is neither true nor false nor an object.": "Ce n’est ni true, ni false, ni un objet.",
    'Write true, false, or an object such as {"features": true, "target": true}.': (
        'Écrivez true, false, ou un objet comme {"features": true, "target": true}.'
    ),
    "This is neither a number nor 'last' nor 'best'.": "Ce n’est ni un nombre, ni 'last', ni 'best'.",
    "Write the number of a stored step, 'last' or 'best'.": "Écrivez le numéro d’une étape gardée, 'last' ou 'best'.",
    "This is neither a list nor a range.": "Ce n’est ni une liste ni un intervalle.",
    "Write a list of values, or a range by from, to and count.": (
        "Écrivez une liste de valeurs, ou un intervalle par from, to et count."
    ),
    "Only null is supported.": "Seul null est accepté.",
    "Remove the field or set it to null.": "Supprimez le champ ou mettez-le à null.",
    "This must be {words_expected}.": "La valeur doit être {words_expected}.",
    "This must be greater than {least}.": "La valeur doit être plus grande que {least}.",
    "This must be at least {least}.": "La valeur doit être au moins {least}.",
    "This must be less than {most}.": "La valeur doit être plus petite que {most}.",
    "This must be at most {most}.": "La valeur doit être au plus {most}.",
    "{counted_entries}; the minimum is {least}.": "{counted_entries} ; il en faut au moins {least}.",
    "The maximum is {most} entries.": "Il en faut au plus {most}.",
    "This must not be empty.": "La valeur ne peut pas être vide.",
    "The maximum is {most} characters.": "Au plus {most} caractères.",
    # data of a request
    "Remove it, or give a dataset instead of the function.": (
        "Supprimez-le, ou donnez un jeu de données au lieu de la fonction."
    ),
    "This row has {counted_values}, row 0 has {width}.": "Cette ligne a {counted_values}, la ligne 0 en a {width}.",
    "Make them equally long.": "Donnez-leur la même longueur.",
    "y has {counted_entries}, x has {rows} rows.": "y a {counted_entries}, x a {rows} lignes.",
    "Give one y for each row of x.": "Donnez un y pour chaque ligne de x.",
    "{counted_names} for {counted_features}.": "{counted_names} pour {counted_features}.",
    "Give one name for each feature.": "Donnez un nom à chaque variable.",
    "Duplicate name.": "Nom en double.",
    "Give each feature and the target different names.": "Donnez des noms différents aux variables et à la cible.",
    "Values are missing: {list_places}.": "Il manque des valeurs : {list_places}.",
    "Fill them in. ?missing=drop leaves these rows out, ?missing=mean writes the mean of the column.": (
        "Complétez-les. ?missing=drop écarte ces lignes, ?missing=mean y met la moyenne de la colonne."
    ),
    "{counted_rows} without missing values.": "{counted_rows} sans valeur manquante.",
    "Give 2 rows or more.": "Donnez au moins 2 lignes.",
    "{name} has no value, so it has no mean.": "{name} n’a aucune valeur, donc pas de moyenne.",
    "Leave this feature out.": "Écartez cette variable.",
    "The mean of {name} is not finite.": "La moyenne de {name} n’est pas finie.",
    "Fill in the values, or drop these rows.": "Complétez les valeurs, ou écartez ces lignes.",
    # the chosen columns
    "The upload filled {counted_values} of {name} with the mean: no observations.": (
        "L’envoi a rempli {counted_values} de {name} par la moyenne : ce ne sont pas des observations."
    ),
    "Upload the data again with {name} as target, which leaves these rows out, or with ?missing=drop.": (
        "Envoyez à nouveau les données avec {name} comme cible, ce qui écarte ces lignes, ou avec ?missing=drop."
    ),
    "Rows are numbered from 0, as in x and y.": "Les lignes sont numérotées à partir de 0, comme dans x et y.",
    "{hint} Rows are numbered from 0, as in x and y.": (
        "{hint} Les lignes sont numérotées à partir de 0, comme dans x et y."
    ),
    "The upload chose no feature besides {name}.": "Le fichier envoyé n’a choisi aucune variable à part {name}.",
    "Name the features too; the columns are {list_names}.": (
        "Nommez aussi les variables ; les colonnes sont {list_names}."
    ),
    "{name} is the target, so it cannot be a feature.": "{name} est la cible et ne peut pas être une variable.",
    "The feature {name} is named twice.": "La variable {name} est nommée deux fois.",
    "These are more than {most} features.": "Il y a plus de {most} variables.",
    "Leave out features.": "Écartez des variables.",
    "{column} has no text {text}; it has {list_names}.": (
        "{column} n’a pas de texte {text} ; ses textes sont {list_names}."
    ),
    "Choose one of them.": "Choisissez l’un d’eux.",
    "There is no column {name}; the columns are {list_names}.": (
        "Il n’y a pas de colonne {name} ; les colonnes sont {list_names}."
    ),
    "GET /datasets/{id} describes the columns.": "GET /datasets/{id} décrit les colonnes.",
    "There is no dataset {id}.": "Il n’y a pas de jeu de données {id}.",
    "GET /datasets lists the datasets.": "GET /datasets donne la liste des jeux de données.",
    "There is no sample {name}.": "Il n’y a pas de jeu de données fourni {name}.",
    "There are {words_names}.": "Il y a {words_names}.",
    "{rows} rows, at most {most} are allowed.": "{rows} lignes ; au plus {most} sont admises.",
    "Send fewer rows.": "Envoyez moins de lignes.",
    "{features} features, at most {most} are allowed.": "{features} variables ; au plus {most} sont admises.",
    # functions without data
    "A function has no data, and so no {what}.": "Une fonction n’a pas de données, donc pas de {what}.",
    "There is no function {name}.": "Il n’y a pas de fonction {name}.",
    "E is the value of the function, and has no loss.": (
        "E est la valeur de la fonction : il n’y a pas de fonction de coût à choisir."
    ),
    "Remove it.": "Supprimez-le.",
    "A function has no loss, and so no delta.": "Une fonction n’a pas de fonction de coût, donc pas de delta.",
    "A function has no rows to take batches from.": "Une fonction n’a pas de lignes dont tirer des lots.",
    "Set it to null.": "Mettez-le à null.",
    "Patience watches validation rows, and a function has none.": (
        "La patience surveille les lignes de validation, et une fonction n’en a pas."
    ),
    "Set it to null, or stop by gradient_norm or loss_change.": (
        "Mettez-la à null, ou arrêtez par gradient_norm ou loss_change."
    ),
    # hyperparameters
    "Patience watches validation rows, and there are none.": (
        "La patience surveille les lignes de validation, et il n’y en a pas."
    ),
    "Set split.validation_fraction, to 0.2 say: the test rows are for judging the result alone.": (
        "Donnez split.validation_fraction, par exemple 0.2 : les lignes de test ne servent qu’à juger le résultat."
    ),
    "backtracking searches along the gradient, and {optimizer} does not go along it.": (
        "backtracking cherche le long du gradient, et {optimizer} ne le suit pas."
    ),
    "Choose the optimizer gd, or another schedule.": "Choisissez l’optimiseur gd, ou une autre évolution du taux.",
    "backtracking needs the gradient of all rows.": "backtracking a besoin du gradient de toutes les lignes.",
    "Set batch_size to null, or choose another schedule.": (
        "Mettez batch_size à null, ou choisissez une autre évolution du taux."
    ),
    "auto is 1/λmax of the Hessian of E, and mae has a Hessian of 0.": (
        "auto vaut 1/λmax de la hessienne de E, et celle de mae est nulle."
    ),
    "Give the learning rate as a number, or choose the loss huber.": (
        "Donnez le taux d’apprentissage en nombre, ou choisissez le coût huber."
    ),
    "A batch of {batch} rows is more than the {rows} training rows.": (
        "Un lot de {batch} lignes est plus grand que les {rows} lignes d’entraînement."
    ),
    "Lower it; null takes all rows.": "Diminuez-le ; null prend toutes les lignes.",
    "θ₀ has {counted_numbers}, the model {counted_parameters}.": (
        "θ₀ a {counted_numbers}, le modèle a {counted_parameters}."
    ),
    "θ₀ has {counted_numbers}, the function {counted_parameters}.": (
        "θ₀ a {counted_numbers}, la fonction a {counted_parameters}."
    ),
    "Give one each for {list_names}.": "Donnez-en un pour chacun de {list_names}.",
    "{name} is missing.": "{name} manque.",
    "{name} is not a parameter.": "{name} n’est pas un paramètre.",
    "Give one number each for {list_names}.": "Donnez un nombre pour chacun de {list_names}.",
    "A stratified split is by classes, and {model} predicts numbers.": (
        "Un partage stratifié suit les classes, et {model} prédit des nombres."
    ),
    "The test rows are named and no validation rows are drawn, so there is nothing to stratify.": (
        "Les lignes de test sont nommées et aucune ligne de validation n’est tirée : il n’y a rien à stratifier."
    ),
    "Leave it out, or give test_fraction instead of test_rows, or a validation_fraction.": (
        "Laissez-le de côté, ou donnez test_fraction au lieu de test_rows, ou une validation_fraction."
    ),
    "A formula is of the features in their own units.": (
        "Une formule porte sur les variables dans leurs propres unités."
    ),
    "Set it to false, and write the scale into the formula: exp(-b2*x/1000).": (
        "Mettez-le à false, et écrivez l’échelle dans la formule : exp(-b2*x/1000)."
    ),
    "Leave it out, or choose a model for classes.": "Laissez-le de côté, ou choisissez un modèle pour des classes.",
    "Only the target of an mlp for numbers or of a formula is standardised, not that of {model}.": (
        "Seule la cible d’un mlp pour des nombres ou d’une formule est standardisée, pas celle de {model}."
    ),
    "Set it to false.": "Mettez-le à false.",
    "{loss} does not suit {model}.": "{loss} ne convient pas à {model}.",
    "Choose {words_names}.": "Choisissez {words_names}.",
    "{loss} has no delta.": "{loss} n’a pas de delta.",
    "Remove it, or choose the loss huber.": "Supprimez-le, ou choisissez le coût huber.",
    "The formula has {n} characters, at most {most} are allowed.": (
        "La formule a {n} caractères ; au plus {most} sont admis."
    ),
    "Write it shorter.": "Raccourcissez-la.",
    "Lower the degree or leave out features.": "Diminuez le degré ou écartez des variables.",
    "Take fewer hidden units.": "Prenez moins de neurones cachés.",
    "Write it with fewer names.": "Écrivez-la avec moins de noms.",
    "The model has {n} parameters, at most {most} are allowed.": (
        "Le modèle a {n} paramètres ; au plus {most} sont admis."
    ),
    "The function has {n} parameters, at most {most} are allowed.": (
        "La fonction a {n} paramètres ; au plus {most} sont admis."
    ),
    "{target} holds class labels, and {model} predicts numbers.": (
        "{target} contient des classes, et {model} prédit des nombres."
    ),
    'Choose the model {"kind": "logistic"} for two classes or {"kind": "softmax"}, or give numbers.': (
        'Choisissez le modèle {"kind": "logistic"} pour deux classes ou {"kind": "softmax"}, ou donnez des nombres.'
    ),
    "{target} holds {found}; {model} needs exactly two.": (
        "{target} contient {found} ; il en faut exactement deux à {model}."
    ),
    "{target} holds {found}; {model} needs at least two.": (
        "{target} contient {found} ; il en faut au moins deux à {model}."
    ),
    'For more classes choose the model {"kind": "softmax"}.': (
        'Pour plus de classes, choisissez le modèle {"kind": "softmax"}.'
    ),
    "Give labels of two kinds or more, strings or whole numbers.": (
        "Donnez au moins deux sortes d’étiquettes, des textes ou des nombres entiers."
    ),
    "The names of the parameters would have {n} characters, at most {most} may be.": (
        "Les noms des paramètres auraient {n} caractères ; au plus {most} sont admis."
    ),
    "Give the features shorter names.": "Donnez aux variables des noms plus courts.",
    "A feature is called {name}, as a parameter of the model is.": (
        "Une variable s’appelle {name}, comme un paramètre du modèle."
    ),
    "Rename the feature.": "Renommez la variable.",
    "The feature {name} reaches {value}, whose power {power} is not finite.": (
        "La variable {name} atteint {value}, dont la puissance {power} n’est pas finie."
    ),
    "Give the feature in a larger unit.": "Donnez la variable dans une unité plus grande.",
    "The feature {name} varies so little that its standard deviation is 0.": (
        "La variable {name} varie si peu que son écart type est 0."
    ),
    "Give the feature in a smaller unit.": "Donnez la variable dans une unité plus petite.",
    "a {split} fraction of {share} leaves no training row among {rows}.": (
        "Une part de {split} de {share} ne laisse aucune ligne d’entraînement sur {rows}."
    ),
    "Lower it, or give more rows.": "Diminuez-la, ou donnez plus de lignes.",
    "There is no row {row}.": "Il n’y a pas de ligne {row}.",
    "Rows go from 0 to {last}.": "Les lignes vont de 0 à {last}.",
    "A row is named twice.": "Une ligne est nommée deux fois.",
    "Name each test row once.": "Nommez chaque ligne de test une seule fois.",
    "No row is left for training.": "Il ne reste aucune ligne d’entraînement.",
    "Name fewer test rows.": "Nommez moins de lignes de test.",
    "A run may compute for {seconds} seconds.": "Une descente peut calculer pendant {seconds} secondes.",
    "Give at most as much.": "Donnez au plus cette durée.",
    "At most {most} steps are allowed.": "Au plus {most} étapes sont admises.",
    "Ask for fewer steps.": "Demandez moins d’étapes.",
    "The trajectory would take {bytes} bytes, {most} are allowed.": (
        "La trajectoire prendrait {bytes} octets ; {most} sont admis."
    ),
    "Ask for fewer steps, or use fewer parameters.": "Demandez moins d’étapes, ou prenez moins de paramètres.",
}
