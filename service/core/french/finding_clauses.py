"""The clauses of the sentences of findings, and the general sentence of each code."""

CLAUSES = {
    "they were not at the start: the learning rate drove them there": (
        "ils ne l’étaient pas au départ : le taux d’apprentissage les y a menés"
    ),
    "they were so from the start: θ₀ put them there": "ils l’étaient dès le départ : θ₀ les y a mis",
    "the features are large numbers, and so are the sums that the units take of them": (
        "les variables sont de grands nombres, et les sommes qu’en font les neurones aussi"
    ),
    "they were so from the start; tanh has no flat half": (
        "ils l’étaient dès le départ ; tanh n’a pas de moitié plate"
    ),
    "they were so from the start": "ils l’étaient dès le départ",
    "θ₀ lies where E is flat": "θ₀ est là où E est plat",
    "the features are large numbers, which saturate the model": (
        "les variables sont de grands nombres, qui saturent le modèle"
    ),
    "the steps are too short to leave it": "les pas sont trop courts pour en sortir",
    "leave the intercept to it": "laissez-lui le rôle de l’ordonnée à l’origine",
    "a small l2 settles its weight at 0": "une petite pénalité l2 fixe son poids à 0",
    " ({n} such pairs in all)": " ({n} paires en tout)",
    "E(θ₀) is not a finite number: it overflows, or the model has no value there": (
        "E(θ₀) n’est pas un nombre fini : le calcul déborde, ou le modèle n’y a pas de valeur"
    ),
    "E(θ₀) is not a finite number: it overflows, or the formula has no value there": (
        "E(θ₀) n’est pas un nombre fini : le calcul déborde, ou la formule n’y a pas de valeur"
    ),
    "The formula is not a finite number at θ₀ in row {row} ({list_values}): {part}": (
        "La formule n’est pas un nombre fini en θ₀ à la ligne {row} ({list_values}) : {part}"
    ),
    "The gradient of the formula is not a finite number at θ₀ in row {row} ({list_values}): {part}": (
        "Le gradient de la formule n’est pas un nombre fini en θ₀ à la ligne {row} ({list_values}) : {part}"
    ),
    "Give a theta0 nearer to 0": "Donnez un theta0 plus proche de 0",
    "Give a theta0 nearer to 0, or features and targets of smaller size": (
        "Donnez un theta0 plus proche de 0, ou des variables et des cibles plus petites"
    ),
    "Leave this row out, or write the formula so that it has a value there": (
        "Écartez cette ligne, ou écrivez la formule de sorte qu’elle y ait une valeur"
    ),
    "From the default θ₀ it is finite": "Depuis le θ₀ par défaut, il est fini",
    "With standardised columns it is finite": "Avec des colonnes standardisées, il est fini",
    "From {list_start}, E begins at {energy}": "Depuis {list_start}, E part de {energy}",
}
"""The clauses that are values of these sentences."""

GENERAL = {
    "learning_rate_too_large": (
        "Chaque étape va plus loin que le point le plus bas et remonte de l’autre côté : elle perd au moins ce qu’elle "
        "gagne, et E ne diminue pas."
    ),
    "infinite_start": (
        "E(θ₀) n’est pas un nombre fini : la descente ne peut pas commencer. Il faut un autre θ₀, des colonnes "
        "standardisées, ou une autre formule."
    ),
    "oscillation": (
        "Chaque étape revient presque sur la précédente : θ oscille au lieu de s’arrêter au point le plus bas."
    ),
    "too_few_steps": (
        "E baissait encore à la dernière étape : il faut plus d’étapes, ou un taux d’apprentissage plus grand."
    ),
    "ill_conditioned": (
        "Les colonnes ont des échelles très différentes, ou dépendent presque les unes des autres : la pente est forte "
        "dans une direction et presque nulle dans une autre."
    ),
    "left_domain": (
        "La formule, ou son gradient, n’a pas de valeur là où mène l’étape suivante : la descente s’arrête au bord du "
        "domaine."
    ),
    "penalty_kink": (
        "En 0, la pénalité l1 a un coin : un pas de longueur fixe saute d’un côté à l’autre et n’y arrive jamais. ista "
        "et fista mettent ces paramètres exactement à 0."
    ),
    "unbounded": "E diminue sans fin : la fonction n’a pas de point le plus bas dans cette direction.",
    "weight_decay": (
        "La décroissance des poids d’adamw retient un paramètre : plus d’étapes ne mènent pas au minimum de E."
    ),
    "saddle_point": (
        "Le gradient est presque nul, mais ce n’est pas un minimum : dans une direction, E se courbe vers le bas."
    ),
    "plateau": "Le gradient est presque nul loin de tout bon ajustement : la descente n’avance plus.",
    "overfitting": (
        "À partir d’une certaine étape, l’erreur de test augmente alors que E baisse encore : le modèle apprend le "
        "bruit des données d’entraînement."
    ),
    "constant_column": "Une colonne a la même valeur à chaque ligne d’entraînement : on ne peut rien en apprendre.",
    "duplicate_columns": (
        "Des colonnes se déduisent l’une de l’autre : leurs paramètres ne peuvent pas être distingués."
    ),
    "separable_classes": (
        "Les classes sont séparables : E baisse toujours quand θ grandit, et la descente ne s’arrête jamais."
    ),
    "dead_units": (
        "Des neurones donnent la même valeur pour chaque ligne : leur gradient est nul et ils n’apprennent rien."
    ),
}
"""The sentence of a code for a text without a template."""
