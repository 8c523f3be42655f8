"""Faults of a user's formula."""

_REFUSED = {
    "The sign ^": "Le signe ^",
    "A dot outside of a number": "Un point hors d’un nombre",
    "An ellipsis": "Une suite de points",
    "A division that rounds": "Une division qui arrondit",
    "A remainder": "Un reste de division",
    "A matrix product": "Un produit de matrices",
    "A colon": "Un deux-points",
    "A semicolon": "Un point-virgule",
    "A comment": "Un commentaire",
    "A backslash": "Une barre oblique inverse",
    "Text in quotes": "Un texte entre guillemets",
    "A square bracket": "Un crochet",
    "A curly bracket": "Une accolade",
    "An assignment": "Une affectation",
    "A comparison": "Une comparaison",
    "A logical operator": "Un opérateur logique",
    "A vertical bar": "Une barre verticale",
    "The micro sign": "Le signe micro",
    "A condition": "Une condition",
    "A truth value": "Une valeur logique",
    "An empty value": "Une valeur vide",
    "A loop": "Une boucle",
    "This dash": "Ce tiret",
    "This sign for a product": "Ce signe de produit",
    "This sign for a division": "Ce signe de division",
    "A raised number": "Un exposant",
    "A root sign": "Un signe de racine",
    "The sign {sign}": "Le signe {sign}",
    "The word {word}": "Le mot {word}",
    "A {node}": "Un élément {node}",
}

_FAULTS = {
    **{
        f"{english} cannot stand in a formula": f"{french} n’a pas sa place dans une formule"
        for english, french in _REFUSED.items()
    },
    "The formula has no parameter, so there is nothing to fit": (
        "La formule n’a aucun paramètre : il n’y a rien à ajuster"
    ),
    "The formula has no parameter, so there is nothing to descend": (
        "La formule n’a aucun paramètre : il n’y a rien à descendre"
    ),
    "The formula has more than {most} parameters": "La formule a plus de {most} paramètres",
    "The name {name} looks like {twin}, but has other letters": (
        "Le nom {name} ressemble à {twin}, mais a d’autres lettres"
    ),
    "The formula cannot be read": "La formule ne peut pas être lue",
    "The formula is longer than {most} characters": "La formule a plus de {most} caractères",
    "The formula is empty": "La formule est vide",
    "The formula has more than {most} numbers, names and operators": (
        "La formule a plus de {most} nombres, noms et opérateurs"
    ),
    "The character {character} cannot be seen": "Le caractère {character} est invisible",
    "The character {character} is not in its plain form": "Le caractère {character} n’est pas sous sa forme ordinaire",
    "The character {character} cannot stand here": "Le caractère {character} n’a pas sa place ici",
    "The number {number} is larger than 1.797e308, the largest there is": (
        "Le nombre {number} dépasse 1,797e308, le plus grand possible"
    ),
    "The number {number} begins with a zero": "Le nombre {number} commence par un zéro",
    "The name {name} is longer than {most} characters": "Le nom {name} a plus de {most} caractères",
    "The name {name} has two underscores side by side": "Le nom {name} a deux tirets bas de suite",
    "There is no function {name}": "Il n’y a pas de fonction {name}",
    "The function {name} has no argument": "La fonction {name} n’a pas d’argument",
    "There is no operator between {left} and {right}": "Il manque un opérateur entre {left} et {right}",
    "Nothing follows the last {sign}": "Rien ne suit le dernier {sign}",
    "A number, a name or a bracket is missing before the {sign}": (
        "Il manque un nombre, un nom ou une parenthèse avant {sign}"
    ),
    "More than {most} brackets lie within each other": "Plus de {most} parenthèses sont emboîtées",
    "This ) closes no bracket": "Cette ) ne ferme aucune parenthèse",
    "This ( is never closed": "Cette ( n’est jamais fermée",
    "The function {name} takes one argument, not {given}": "La fonction {name} prend un argument, pas {given}",
    "The function {name} takes two arguments, not {given}": "La fonction {name} prend deux arguments, pas {given}",
    "A comma stands outside of a function's brackets": "Une virgule est hors des parenthèses d’une fonction",
    "There is no feature whose name can be written in a formula": (
        "Aucune variable n’a un nom qui puisse s’écrire dans une formule"
    ),
    "The formula uses none of the features {list_names}": "La formule n’utilise aucune des variables {list_names}",
}

MESSAGES = {
    **{f"{english} (column {{column}}).": f"{french} (colonne {{column}})." for english, french in _FAULTS.items()},
    "Write {power} for {wrong}.": "Écrivez {power} au lieu de {wrong}.",
    "Write ** for a power, as in x**2.": "Écrivez ** pour une puissance, comme dans x**2.",
    "Write a function by its name alone, as in exp(x).": "Écrivez une fonction par son seul nom, comme dans exp(x).",
    "Write / for a division.": "Écrivez / pour une division.",
    "Write * for a product.": "Écrivez * pour un produit.",
    "Write one formula.": "Écrivez une seule formule.",
    "Leave it out.": "Enlevez-le.",
    "Write names without quotes.": "Écrivez les noms sans guillemets.",
    "Write ( and ), and a feature by its name.": "Écrivez ( et ), et une variable par son nom.",
    "Write ( and ).": "Écrivez ( et ).",
    "Write only what stands to the right of it.": "Écrivez seulement ce qui est à sa droite.",
    "Perhaps maximum or minimum will do.": "Peut-être maximum ou minimum suffit-il.",
    "Write 1 or 0.": "Écrivez 1 ou 0.",
    "Write - for minus.": "Écrivez - pour moins.",
    "Write *.": "Écrivez *.",
    "Write /.": "Écrivez /.",
    "Write sqrt(x).": "Écrivez sqrt(x).",
    "Write abs(x) for |x|.": "Écrivez abs(x) au lieu de |x|.",
    "Write mu, or the Greek letter μ.": "Écrivez mu, ou la lettre grecque μ.",
    "Choose another name, such as {name}.": "Choisissez un autre nom, comme {name}.",
    "Did you mean {name}? The letter {letter} is another than it looks.": (
        "Vouliez-vous dire {name} ? La lettre {letter} n’est pas celle qu’elle paraît."
    ),
    "A name that is no feature and no function, nor pi or e, is a parameter, as in {example}.": (
        "Un nom qui n’est ni une variable, ni une fonction, ni pi, ni e est un paramètre, comme dans {example}."
    ),
    "A name that is no function, nor pi or e, is a parameter, as in {example}.": (
        "Un nom qui n’est ni une fonction, ni pi, ni e est un paramètre, comme dans {example}."
    ),
    "Write it in a simpler way.": "Écrivez-la plus simplement.",
    "Write a model, such as {example}.": "Écrivez un modèle, comme {example}.",
    "Write a function, such as {example}.": "Écrivez une fonction, comme {example}.",
    "Write a model such as {example}.": "Écrivez un modèle comme {example}.",
    "Write the formula on one line, with plain spaces.": (
        "Écrivez la formule sur une ligne, avec des espaces ordinaires."
    ),
    "Write {letter} as one types it.": "Écrivez {letter} comme on le tape.",
    "Write one.": "Écrivez-en un seul.",
    "For a product write {product}. The functions are {list_names}.": (
        "Pour un produit, écrivez {product}. Les fonctions sont {list_names}."
    ),
    "For a product write {product}.": "Pour un produit, écrivez {product}.",
    "Write {name}, or choose another name.": "Écrivez {name}, ou choisissez un autre nom.",
    "Write decimals with a point, as in 1.5.": "Écrivez les décimales avec un point, comme dans 1.5.",
    "Name the features with letters, digits and _.": "Nommez les variables avec des lettres, des chiffres et _.",
    "The name {name} cannot be written in a formula: use letters, digits and _.": (
        "Le nom {name} ne peut pas s’écrire dans une formule : prenez des lettres, des chiffres et _."
    ),
    "{fault} The name {name} cannot be written in a formula: use letters, digits and _.": (
        "{fault} Le nom {name} ne peut pas s’écrire dans une formule : prenez des lettres, des chiffres et _."
    ),
}
