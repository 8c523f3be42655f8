"""Findings that several codes have: how far a descent ended from what was attainable, and what held it."""

_HOW = {
    "E rose": "E a augmenté",
    "E goes up and down": "E monte et descend",
    "E is still falling": "E baisse encore",
    "E hardly falls any more": "E ne baisse presque plus",
    "The descent came to rest at a poor minimum": "la descente s’est arrêtée à un mauvais minimum",
}
_WHAT = {
    "its minimum is {attainable}": "son minimum est {attainable}",
    "a local minimum is {attainable}": "un minimum local vaut {attainable}",
    "it can fall towards {attainable}": "il peut tendre vers {attainable}",
    "a straight line gives {attainable}": "une droite donne {attainable}",
    "the same prediction for every row gives {attainable}": "la même prédiction pour chaque ligne donne {attainable}",
    "the same prediction for every row gives {attainable}, though a straight line explains {share} of the variance": (
        "la même prédiction pour chaque ligne donne {attainable}, alors qu’une droite explique {share} de la variance"
    ),
}
_RUNS_AWAY = {
    "The classes of the training rows": "Les classes des lignes d’entraînement sont séparables",
    "Some training rows": "Une partie des lignes d’entraînement est séparable",
}

MESSAGES = {
    **{
        f"At step {{step}} E is {{energy}}, and {what}. {how}: the learning rate {{rate}} and {{steps}} steps do not "
        "lead there.": (
            f"À l’étape {{step}}, E vaut {{energy}}, et {_WHAT[what]} ; {_HOW[how]} : le taux d’apprentissage {{rate}} "
            "et {steps} étapes n’y mènent pas."
        )
        for what in _WHAT
        for how in _HOW
    },
    **{
        f"At step {{step}} E is {{energy}}, and {what}. The predictions hardly depend on {{list_names}} there, so the "
        "gradient says nothing.": (
            f"À l’étape {{step}}, E vaut {{energy}}, et {_WHAT[what]}. Les prédictions n’y dépendent presque pas de "
            "{list_names}, et le gradient ne dit rien."
        )
        for what in _WHAT
    },
    **{
        f"{which} can be separated: the longer θ is in its direction, the less E, which falls towards {{infimum}} and "
        "has no minimum. ‖θ‖ is {length} at step {step}; a penalty l2 gives E a minimum.": (
            f"{french} : plus θ est long dans sa direction, plus E est petit ; E tend vers {{infimum}} et n’a pas de "
            "minimum. ‖θ‖ vaut {length} à l’étape {step} ; une pénalité l2 donne à E un minimum."
        )
        for which, french in _RUNS_AWAY.items()
    },
    "With the learning rate {rate} the steps are short: in {steps} of them {name} has gone {moved} of the {distance} "
    "to a fit of least squares, where E is {fitted} instead of {energy}. A rate of {better} gets there in {needed} "
    "steps.": (
        "Avec le taux d’apprentissage {rate}, les pas sont courts : en {steps} pas, {name} a parcouru {moved} des "
        "{distance} qui mènent à un ajustement des moindres carrés, où E vaut {fitted} au lieu de {energy}. Un taux de "
        "{better} y arrive en {needed} étapes."
    ),
    "{list_names} depend on each other: each is a sum of multiples of the others and of a constant, as the columns of "
    "all categories are beside an intercept. E has a valley along which their weights move together, and where θ ends "
    "in it depends on θ₀ alone; leave one of them out.": (
        "{list_names} dépendent les unes des autres : chacune est une somme de multiples des autres et d’une "
        "constante, comme les colonnes de toutes les catégories à côté d’une ordonnée à l’origine. E a une vallée où "
        "leurs poids bougent ensemble, et l’endroit où θ y finit ne dépend que de θ₀ ; écartez l’une d’elles."
    ),
}
