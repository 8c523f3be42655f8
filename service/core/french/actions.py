"""Faults of forks, sweeps, checks, inquiries and parameters of a path or a query."""

MESSAGES = {
    # forks
    "The run has no step {step} stored.": "L’étape {step} de la descente n’est pas gardée.",
    "Give a step from 0 to {last}.": "Donnez une étape de 0 à {last}.",
    "Wait for the first.": "Attendez la première.",
    "A fork begins at the θ of its step.": "Une descente qui repart d’une étape part du θ de cette étape.",
    "Leave theta0 out.": "Laissez theta0 de côté.",
    "The run was deleted just now.": "La descente vient d’être supprimée.",
    "The run was deleted just now, and its data with it.": "La descente vient d’être supprimée, avec ses données.",
    "The dataset was deleted just now.": "Le jeu de données vient d’être supprimé.",
    "The dataset {id} was deleted just now.": "Le jeu de données {id} vient d’être supprimé.",
    "This Idempotency-Key was used for another request.": "Cette Idempotency-Key a servi à une autre requête.",
    "Use a new key.": "Prenez une nouvelle clé.",
    # sweeps
    "A log scale has positive ends.": "Une échelle log a des bornes positives.",
    "Give a positive number, or the scale linear.": "Donnez un nombre positif, ou l’échelle linear.",
    "A sweep needs a request or a run.": "Un balayage a besoin d’une requête ou d’une descente.",
    "Give either base or run.": "Donnez soit base, soit run.",
    "A sweep needs a grid or a list.": "Un balayage a besoin d’une grille ou d’une liste.",
    "Give either grid or list.": "Donnez soit grid, soit list.",
    "The members of a sweep do not differ in this.": "Les descentes d’un balayage ne diffèrent pas par ce champ.",
    "They may differ in {list_names}.": "Elles peuvent différer par {list_names}.",
    "A key of the grid is a JSON pointer into the request, which starts with /.": (
        "Une clé de la grille est un pointeur JSON dans la requête, qui commence par /."
    ),
    "The request has no such field.": "La requête n’a pas de tel champ.",
    "Another pointer of the grid is inside this one.": "Un autre pointeur de la grille est à l’intérieur de celui-ci.",
    "Remove one of them.": "Supprimez l’un d’eux.",
    "There is no run {id}.": "Il n’y a pas de descente {id}.",
    "GET /runs lists the runs.": "GET /runs donne la liste des descentes.",
    "Member {number} has no {criterion}.": "La descente {number} n’a pas de {criterion}.",
    "Choose another criterion, or a split with such rows.": (
        "Choisissez un autre critère, ou un partage qui a de telles lignes."
    ),
    "The sweep would create {count} runs; the limit is {most}.": (
        "Le balayage créerait {count} descentes ; la limite est {most}."
    ),
    "Give fewer values, or several sweeps.": "Donnez moins de valeurs, ou faites plusieurs balayages.",
    "The requests of all runs together exceed {most} bytes.": (
        "Les requêtes de toutes les descentes dépassent ensemble {most} octets."
    ),
    "Give fewer values, or a shorter request.": "Donnez moins de valeurs, ou une requête plus courte.",
    "The trajectories of all runs together would exceed {most} bytes.": (
        "Les trajectoires de toutes les descentes dépasseraient ensemble {most} octets."
    ),
    "Give fewer values, or fewer steps.": "Donnez moins de valeurs, ou moins d’étapes.",
    "All runs of the sweep are finished; none can be cancelled.": (
        "Toutes les descentes du balayage sont terminées ; aucune ne peut être annulée."
    ),
    "No sweep has the id {id}. GET /sweeps lists the sweeps.": (
        "Aucun balayage n’a l’identifiant {id}. GET /sweeps donne la liste des balayages."
    ),
    # runs
    "No run has the id {id}. GET /runs lists the runs.": (
        "Aucune descente n’a l’identifiant {id}. GET /runs donne la liste des descentes."
    ),
    "No dataset has the id {id}. GET /datasets lists the datasets.": (
        "Aucun jeu de données n’a l’identifiant {id}. GET /datasets donne la liste des jeux de données."
    ),
    "{n} run(s) use the dataset. Delete them first.": (
        "{n} descente(s) utilisent le jeu de données. Supprimez-les d’abord."
    ),
    "A run that is {status} cannot be cancelled.": "Une descente {status} ne peut pas être annulée.",
    "A run that is {status} cannot be paused.": "Une descente {status} ne peut pas être mise en pause.",
    "A run that is {status} cannot be resumed.": "Une descente {status} ne peut pas être reprise.",
    "The run is {status}; only a finished run can be verified.": (
        "La descente est {status} ; seule une descente terminée peut être vérifiée."
    ),
    "The run is {status}; only a finished run has a bundle.": (
        "La descente est {status} ; seule une descente terminée a un paquet."
    ),
    "The run has no steps, so there is nothing to recompute.": (
        "La descente n’a pas d’étape : il n’y a rien à recalculer."
    ),
    "The run would have {n} tags; the limit is {most}.": (
        "La descente aurait {n} étiquettes ; la limite est de {most}."
    ),
    "Set some to null.": "Donnez null à certaines.",
    "The body changes nothing.": "Le corps ne change rien.",
    "Give name.": "Donnez name.",
    "Give name or tags.": "Donnez name ou tags.",
    "An id is empty.": "Un identifiant est vide.",
    "Give the ids with one comma between two.": "Donnez les identifiants avec une virgule entre deux.",
    "The request names {n} runs; the limit is {most}.": "La requête nomme {n} descentes ; la limite est de {most}.",
    "Send the others in another request.": "Envoyez les autres dans une autre requête.",
    "This is not a time.": "Ce n’est pas une date.",
    "Write it as {time}.": "Écrivez-la sous la forme {time}.",
    "The run of the cursor is deleted, so its place in this order is unknown.": (
        "La descente du curseur est supprimée : sa place dans cet ordre est inconnue."
    ),
    "Begin with the first page.": "Commencez par la première page.",
    "This is not a tag.": "Ce n’est pas une étiquette.",
    "Write it as key:value.": "Écrivez-la sous la forme clé:valeur.",
    "This is not a cursor.": "Ce n’est pas un curseur.",
    "Use `next` of the previous page.": "Prenez le `next` de la page précédente.",
    "The limit is {most} entries per page.": "La limite est de {most} éléments par page.",
    "Follow `next` for more.": "Suivez `next` pour en avoir plus.",
    "Unknown parameter.": "Paramètre inconnu.",
    "The parameter is given more than once.": "Le paramètre est donné plusieurs fois.",
    "Give it once.": "Donnez-le une seule fois.",
    "The operation has no query parameters.": "L’opération n’a pas de paramètre de requête.",
    "The parameters are {list_names}.": "Les paramètres sont {list_names}.",
    "`latest` is for reading only: it may change before the request arrives.": (
        "`latest` ne sert qu’à la lecture : il peut changer avant l’arrivée de la requête."
    ),
    "Use {path}, the latest at this moment.": "Prenez {path}, le dernier en ce moment.",
    # trajectories, landscapes, predictions
    "Give an earlier step.": "Donnez une étape antérieure.",
    "The path ends at step {last}.": "Le chemin se termine à l’étape {last}.",
    "Name fewer.": "Nommez-en moins.",
    "beside names {n} runs; the limit is {most}.": "beside nomme {n} descentes ; la limite est {most}.",
    "Name runs with the same model.": "Nommez des descentes du même modèle.",
    "The run {id} has other parameters.": "La descente {id} a d’autres paramètres.",
    "Give a smaller number.": "Donnez un nombre plus petit.",
    "The limit for two features is {most} points.": "La limite pour deux variables est de {most} points.",
    "The run descends a function without data, so it has no model that predicts.": (
        "La descente porte sur une fonction sans données : elle n’a pas de modèle qui prédit."
    ),
    "Ask for its trajectory or its landscape, or fit a model to data.": (
        "Demandez sa trajectoire ou son relief, ou ajustez un modèle à des données."
    ),
    "The run is {status} and has no stored step yet.": "La descente est {status} et n’a encore aucune étape gardée.",
    "Step {step} is not stored.": "L’étape {step} n’est pas gardée.",
    "x and y are the same parameter.": "x et y sont le même paramètre.",
    "Name two different parameters.": "Nommez deux paramètres différents.",
    "The plane of kind pca has no parameter axes.": "Le plan de kind pca n’a pas d’axes de paramètres.",
    "Remove the parameter, or use kind=pair.": "Supprimez le paramètre, ou prenez kind=pair.",
    "A run has no field {name}.": "Une descente n’a pas de champ {name}.",
    "The fields are {list_names}.": "Les champs sont {list_names}.",
    "The run has no parameter {name}.": "La descente n’a pas de paramètre {name}.",
    "The run has no test MSE and so no best step.": "La descente n’a pas de MSE de test, donc pas de meilleure étape.",
    "Use last.": "Prenez last.",
    "{counted_rows}; the limit is {most}.": "{counted_rows} ; la limite est {most}.",
    "This row has {counted_values}; the run has {counted_features}.": (
        "Cette ligne a {counted_values} ; la descente a {counted_features}."
    ),
    "Give one value for each feature.": "Donnez une valeur pour chaque variable.",
    "Request fewer rows.": "Demandez moins de lignes.",
    "The limit for this dataset is {most} rows per request.": (
        "La limite pour ce jeu de données est de {most} lignes par requête."
    ),
    "This is not a step number.": "Ce n’est pas un numéro d’étape.",
    "Send the `id` of the last received event.": "Envoyez l’`id` du dernier événement reçu.",
    "Accept is {accept}. The answer is available as {list_names}.": (
        "Accept est {accept}. La réponse existe en {list_names}."
    ),
    "A prediction needs either rows or a dataset.": "Une prédiction a besoin soit de lignes, soit d’un jeu de données.",
    "Give either x or dataset.": "Donnez soit x, soit dataset.",
    "The answer or its rows would have {values} numbers; as JSON the limit is {most}.": (
        "La réponse ou ses lignes auraient {values} nombres ; en JSON, la limite est {most}."
    ),
    "Send Accept: text/csv.": "Envoyez Accept: text/csv.",
    "The run has not seen {list_texts} in {name}; it has seen {list_seen}.": (
        "La descente n’a pas vu {list_texts} dans {name} ; elle a vu {list_seen}."
    ),
    "Leave these rows out.": "Laissez ces lignes de côté.",
    "The dataset has no column of numbers {name}; the columns are {list_names}.": (
        "Le jeu de données n’a pas de colonne de nombres {name} ; les colonnes sont {list_names}."
    ),
    "Name the columns like the features of the run.": "Nommez les colonnes comme les variables de la descente.",
    "Its column has texts, which the run has not.": "Sa colonne a des textes, que la descente n’a pas.",
    "Is it {name}? Rename it.": "Est-ce {name} ? Renommez-la.",
    "The file is no NPZ, or damaged.": "Le fichier n’est pas un NPZ, ou il est abîmé.",
    "Write it by numpy.savez(file, x=x, y=y), with feature_names and target_name if you like.": (
        "Écrivez-le par numpy.savez(file, x=x, y=y), avec feature_names et target_name si vous voulez."
    ),
    "The file has no arrays x and y; it has {list_names}.": (
        "Le fichier n’a pas de tableaux x et y ; il a {list_names}."
    ),
    "The file has no array x; it has {list_names}.": "Le fichier n’a pas de tableau x ; il a {list_names}.",
    "Write it by numpy.savez(file, x=x).": "Écrivez-le par numpy.savez(file, x=x).",
    "The array x has the type {dtype}, not numbers.": "Le tableau x est de type {dtype}, pas des nombres.",
    "Convert it: x.astype(float).": "Convertissez-le : x.astype(float).",
    "The array x has {n} dimensions.": "Le tableau x a {n} dimensions.",
    "Give a row of features for each prediction.": "Donnez une ligne de variables pour chaque prédiction.",
    "The array x has no finite number at [{place}].": "Le tableau x n’a pas de nombre fini en [{place}].",
    "Leave this row out, or give a number.": "Enlevez cette ligne, ou donnez un nombre.",
    "The array x has {counted_columns}; the run has {counted_features}.": (
        "Le tableau x a {counted_columns} ; la descente a {counted_features}."
    ),
    "Give one column for each feature.": "Donnez une colonne par variable.",
    "The array {name} has the type {dtype}, not numbers or texts.": (
        "Le tableau {name} est de type {dtype}, ni nombres ni textes."
    ),
    "Convert it: array.astype(float).": "Convertissez-le : array.astype(float).",
    "The array {name} has {size} bytes; the limit is {most}.": (
        "Le tableau {name} a {size} octets ; la limite est {most}."
    ),
    "The array {name} is empty.": "Le tableau {name} est vide.",
    "A name or a label of the file is no text in Unicode.": (
        "Un nom ou une étiquette du fichier n’est pas un texte Unicode."
    ),
    "The array {name} is infinite at [{place}].": "Le tableau {name} est infini en [{place}].",
    "Give finite numbers; NaN is a missing value.": "Donnez des nombres finis ; NaN est une valeur manquante.",
    "A sheet has at most {most} columns; the model needs {columns}. Ask for json.": (
        "Une feuille a au plus {most} colonnes ; il en faut {columns} au modèle. Demandez json."
    ),
    "The run has more columns than the {most} of Parquet.": (
        "La descente a plus de colonnes que les {most} de Parquet."
    ),
    "Ask for npz, or for fields without theta.": "Demandez npz, ou des champs sans theta.",
    "Parquet is not available: pyarrow is not installed.": (
        "Parquet n’est pas disponible : pyarrow n’est pas installé."
    ),
    "Ask for npz, or install descent-service[parquet] where the service runs.": (
        "Demandez npz, ou installez descent-service[parquet] là où tourne le service."
    ),
    "from_step is after to_step.": "from_step est après to_step.",
    "Give a from_step of at most to_step.": "Donnez un from_step d’au plus to_step.",
    "The run has no column {name}.": "La descente n’a pas de colonne {name}.",
    "The columns are {list_names}.": "Les colonnes sont {list_names}.",
    "The path is too long to draw: its coordinates are not finite. Set a smaller to_step.": (
        "Le chemin est trop long pour être dessiné : ses coordonnées ne sont pas finies. Donnez un to_step plus petit."
    ),
    # check
    "A descent by mini-batches cannot be checked.": "Une descente par lots ne peut pas être vérifiée.",
    "Use all rows in every step.": "Prenez toutes les lignes à chaque étape.",
    "A line search cannot be checked: its learning rates follow from the path.": (
        "Une recherche linéaire ne peut pas être vérifiée : ses taux dépendent du chemin."
    ),
    "Choose a constant learning rate.": "Choisissez un taux d’apprentissage constant.",
    "This step has {counted_numbers}; θ has {n}.": "Cette étape a {counted_numbers} ; θ en a {n}.",
    "Give one number for each of {list_names}.": "Donnez un nombre pour chacun de {list_names}.",
    # parameters of a path or a query, by the validator
    "String should have at most {most} characters.": "Au plus {most} caractères.",
    "String should have at least {least} characters.": "Au moins {least} caractères.",
    "String should match pattern {pattern}.": "Le texte doit suivre le motif {pattern}.",
    "Field required.": "Ce paramètre manque.",
    "Write {words_what}.": "Écrivez {words_what}.",
}
