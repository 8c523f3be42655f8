"""The findings of a diagnosis, by code: the sentences of the engine."""

_STEPS = "environ {needed} étapes suffiraient"
_ABOUT = {
    "an estimate": "estimation",
    "from the eigenvalues of the Hessian": "d’après les valeurs propres de la hessienne",
}
_END = {
    "and at step {end} it was no longer a finite number": "et n’était plus un nombre fini à l’étape {end}",
    "at step {end}": "à l’étape {end}",
}
_TOO_LARGE = {
    "above {bound} every step overshoots by more than it gains": (
        "au-dessus de {bound}, chaque pas dépasse le minimum et perd plus qu’il ne gagne"
    ),
    "its steps are so long that they go up instead of down": (
        "ses pas sont si longs qu’ils montent au lieu de descendre"
    ),
}
_ALSO = {
    "": "",
    " The columns' scales would make a smaller rate very slow, so they are standardised besides.": (
        " Les échelles des colonnes rendraient un taux plus petit très lent : elles sont aussi standardisées."
    ),
}
_PLACES = {
    "": "",
    " (at the bound {bound}: only rates below it converge)": (
        " (à la borne {bound} : seuls convergent les taux plus petits)"
    ),
    " (above the bound {bound}: only rates below it converge)": (
        " (au-dessus de la borne {bound} : seuls convergent les taux plus petits)"
    ),
    " (below, but near, the bound {bound}: only rates below it converge)": (
        " (juste au-dessous de la borne {bound} : seuls convergent les taux plus petits)"
    ),
}
_NO_SMALLER = {
    "": "",
    " No smaller rate that was tried leads to a minimum.": " Aucun taux plus petit essayé ne mène à un minimum.",
}
_CONDITION = {"": "", " (condition number {number})": " (conditionnement {number})"}
_STANDS = (
    "E stands still at {energy}, no better than the same prediction for every row ({constant})",
    "E ne bouge plus de {energy}, pas mieux que la même prédiction pour chaque ligne ({constant})",
)

SENTENCES: dict[str, dict[str, str]] = {
    "learning_rate_too_large": {
        f"The learning rate {{rate}} is too large: {why}. E went from {{first}} to {{last}} {end}.{also}": (
            f"Le taux d’apprentissage {{rate}} est trop grand : {_TOO_LARGE[why]}. E est passé de {{first}} à {{last}} "
            f"{_END[end]}.{_ALSO[also]}"
        )
        for why in _TOO_LARGE
        for end in _END
        for also in _ALSO
    },
    "oscillation": {
        **{
            f"With the learning rate {{rate}}{place} the steps overshoot: each goes back most of the way of the one "
            "before. Half-way between the last two, E is {between}; where they ended it is {energy}.": (
                f"Avec le taux d’apprentissage {{rate}}{_PLACES[place]}, les pas vont trop loin : chacun revient "
                "presque sur le précédent. À mi-chemin des deux derniers, E vaut {between} ; là où ils finissent, E "
                "vaut {energy}."
            )
            for place in _PLACES
        },
        "The momentum {momentum} makes θ swing to and fro: a step takes only {share} off each swing, and at step "
        "{step} E is still {gap} above its least. A momentum of {better} comes to rest sooner.": (
            "L’inertie {momentum} fait osciller θ : un pas n’enlève que {share} à chaque oscillation, et à l’étape "
            "{step} E est encore à {gap} au-dessus de son minimum. Une inertie de {better} s’apaise plus tôt."
        ),
    },
    "too_few_steps": {
        "The learning rate {rate} is too small: at step {step} E is still {gap} above its least. A rate of 1/λmax = "
        "{better} gets there in about {steps} steps.": (
            "Le taux d’apprentissage {rate} est trop petit : à l’étape {step}, E est encore à {gap} au-dessus de son "
            "minimum. Un taux de 1/λmax = {better} y arrive en {steps} étapes environ."
        ),
        "The learning rate {rate} (on average) is too small: at step {step} E is still {gap} above its least. A rate "
        "of 1/λmax = {better} gets there in about {steps} steps.": (
            "Le taux d’apprentissage {rate} (en moyenne) est trop petit : à l’étape {step}, E est encore à {gap} "
            "au-dessus de son minimum. Un taux de 1/λmax = {better} y arrive en {steps} étapes environ."
        ),
        "E was still falling at step {step}, {gap} above its least; about {needed} steps would do (an estimate).": (
            "E baissait encore à l’étape {step}, à {gap} au-dessus de son minimum ; " + _STEPS + " (estimation)."
        ),
        "E was still falling at step {step}, {gap} above its least; about {needed} steps would do (from the "
        "eigenvalues of the Hessian).": (
            "E baissait encore à l’étape {step}, à {gap} au-dessus de son minimum ; "
            + _STEPS
            + " (d’après les valeurs propres de la hessienne)."
        ),
        **{
            f"At step {{step}} E is {{gap}} above its least; about {{needed}} steps would do ({about}).": (
                "À l’étape {step}, E est à {gap} au-dessus de son minimum ; " + _STEPS + f" ({french})."
            )
            for about, french in _ABOUT.items()
        },
        "E was still falling at step {step}: the last half of the steps brought it from {half} to {last}. About "
        "{needed} steps would do (an estimate).": (
            "E baissait encore à l’étape {step} : la seconde moitié des étapes l’a fait passer de {half} à {last}. "
            "Environ {needed} étapes suffiraient (estimation)."
        ),
        "E was still falling at step {step}: the last half of the steps brought it from {half} to {last}. It takes "
        "many more steps; how many, this fall does not tell.": (
            "E baissait encore à l’étape {step} : la seconde moitié des étapes l’a fait passer de {half} à {last}. "
            "Il en faut bien plus ; combien, cette baisse ne le dit pas."
        ),
        "The learning rate {rate} is too small: at step {step} E is {energy}. One step with the rate {better} "
        "would lower it by about {gain}.": (
            "Le taux d’apprentissage {rate} est trop petit : à l’étape {step}, E vaut {energy}. Un seul "
            "pas avec le taux {better} le diminuerait de {gain} environ."
        ),
        "The learning rate {rate} is too small: at step {step} E is {energy}. One step with the rate 1/λmax = "
        "{better} would lower it by about {gain}.": (
            "Le taux d’apprentissage {rate} est trop petit : à l’étape {step}, E vaut {energy}. Un seul "
            "pas avec le taux 1/λmax = {better} le diminuerait de {gain} environ."
        ),
        "clip_norm = {clip} shortens {share} of the last half of the steps: at step {step} E is {energy} and the "
        "gradient is {slope} long. Without it the next step would be about {times} times as long.": (
            "clip_norm = {clip} raccourcit {share} des pas de la seconde moitié : à l’étape {step}, E vaut {energy} et "
            "la norme du gradient est {slope}. Sans cela, le pas suivant serait environ {times} fois plus long."
        ),
        "The steps of {optimizer} are about as long as the learning rate, {rate}, and in {steps} of them {name} has "
        "gone {moved} of the {distance} to where E is least. A rate of {better} gets there in {needed} steps.": (
            "Les pas de {optimizer} ont à peu près la longueur du taux d’apprentissage, {rate}, et en {steps} pas "
            "{name} a parcouru {moved} des {distance} qui mènent au minimum de E. Un taux de {better} y arrive en "
            "{needed} étapes."
        ),
    },
    "ill_conditioned": {
        **{
            "The columns are on different scales, or far from 0: {largest} is of the size of {large}, {smallest} of "
            f"{{small}}. E is a long narrow valley{number}, along whose floor the descent creeps: at step {{step}} it "
            "has not arrived. Standardised columns make it round.": (
                "Les colonnes ont des échelles différentes, ou sont loin de 0 : {largest} est de l’ordre de {large}, "
                f"{{smallest}} de {{small}}. E est une vallée longue et étroite{_CONDITION[number]}, au fond de "
                "laquelle la descente se traîne : à l’étape {step}, elle n’est pas arrivée. Des colonnes standardisées "
                "l’arrondissent."
            )
            for number in _CONDITION
        },
        "{list_names} nearly depend on each other, so E is a long narrow valley (condition number {number}) along "
        "which the descent creeps: at step {step} E is still {gap} above its least; about {needed} steps would do.": (
            "{list_names} dépendent presque les unes des autres : E est une vallée longue et étroite (conditionnement "
            "{number}) où la descente se traîne ; à l’étape {step}, E est encore à {gap} au-dessus de son minimum, et "
            + _STEPS
            + "."
        ),
        "{list_names} nearly depend on each other, so E is a long narrow valley (condition number {number}) along "
        "which the descent creeps: at step {step} E is still {gap} above its least; a ridge penalty l2 = {l2} makes it "
        "wider.": (
            "{list_names} dépendent presque les unes des autres : E est une vallée longue et étroite (conditionnement "
            "{number}) où la descente se traîne ; à l’étape {step}, E est encore à {gap} au-dessus de son minimum ; "
            "une pénalité ridge l2 = {l2} l’élargit."
        ),
        "{list_names} nearly depend on each other, so E is a long narrow valley (condition number {number}) along "
        "which the descent creeps: at step {step} E is still {gap} above its least; standardised columns make it "
        "wider.": (
            "{list_names} dépendent presque les unes des autres : E est une vallée longue et étroite (conditionnement "
            "{number}) où la descente se traîne ; à l’étape {step}, E est encore à {gap} au-dessus de son minimum ; "
            "des colonnes standardisées l’élargissent."
        ),
    },
    "left_domain": {
        "At step {step} E is {energy}, but its gradient is not a finite number at {list_theta}, so there is no next "
        "step. No learning rate helps there.": (
            "À l’étape {step}, E vaut {energy}, mais son gradient n’est pas un nombre fini en {list_theta} : il n’y a "
            "pas d’étape suivante. Aucun taux d’apprentissage n’y aide."
        ),
        **{
            "The descent left the domain of the formula: at step {step}, at {list_theta}, E is {energy}; the next step "
            f"leads to about {{list_ahead}}, where the formula has no finite value.{more}": (
                "La descente a quitté le domaine de la formule : à l’étape {step}, en {list_theta}, E vaut {energy} ; "
                "l’étape suivante mène à peu près à {list_ahead}, où la formule n’a pas de valeur "
                f"finie.{_NO_SMALLER[more]}"
            )
            for more in _NO_SMALLER
        },
    },
    "penalty_kink": {
        "At 0 the penalty l1 has a kink, and with the learning rate {rate} the steps of {optimizer} jump over it: the "
        "sign of {list_names} changes again and again. E is about {energy}; with 0 instead it is {zeroed}. {method} "
        "makes such parameters exactly 0.": (
            "En 0, la pénalité l1 a un point anguleux, et avec le taux d’apprentissage {rate} les pas de {optimizer} "
            "sautent par-dessus : le signe de {list_names} change sans cesse. E vaut environ {energy} ; avec 0 à la "
            "place, E vaut {zeroed}. {method} met de tels paramètres exactement à 0."
        ),
    },
    "unbounded": {
        "E falls without end: from {first} to {last} at step {step}. The function has no lowest point in this "
        "direction, so no learning rate and no number of steps leads to one.": (
            "E diminue sans fin : de {first} à {last} à l’étape {step}. La fonction n’a pas de point le plus bas dans "
            "cette direction : aucun taux d’apprentissage et aucun nombre d’étapes n’y mène."
        ),
    },
    "saddle_point": {
        "At step {step} the gradient is almost 0 ({slope}), but this is no minimum: along one direction E bends "
        "downwards (curvature {curvature}). It is a saddle or a top, where a descent stops or loses many steps. Begin "
        "a little beside it.": (
            "À l’étape {step}, le gradient est presque nul ({slope}), mais ce n’est pas un minimum : dans une "
            "direction, E se courbe vers le bas (courbure {curvature}). C’est un col ou un sommet, où une descente "
            "s’arrête ou perd beaucoup d’étapes. Partez un peu à côté."
        ),
    },
    "plateau": {
        f"{_STANDS[0]}, though a straight line explains {{share}} of the variance: {{why}}.": (
            f"{_STANDS[1]}, alors qu’une droite explique {{share}} de la variance : {{why}}."
        ),
        f"{_STANDS[0]}: from this θ₀ the formula saturates and the gradient says nothing. From {{list_start}}, E "
        "begins at {start}.": (
            f"{_STANDS[1]} : depuis ce θ₀, la formule sature et le gradient ne dit rien. Depuis {{list_start}}, E part "
            "de {start}."
        ),
        "The {units} units of hidden layer 1 began with the same weights, so their gradients are the same and they are "
        "still alike at step {step}: the layer does no more than one unit would. A random θ₀ tells them apart.": (
            "Les {units} neurones de la couche cachée 1 ont commencé avec les mêmes poids : leurs gradients sont les "
            "mêmes, et à l’étape {step} ils sont encore pareils. La couche ne fait pas plus qu’un seul neurone. Un θ₀ "
            "aléatoire les distingue."
        ),
    },
    "overfitting": {
        "Overfitting: from step {best} on the test error rises, from {before} to {after}, while the training error "
        "falls from {first} to {last}. Stop at step {best} (or by stop.patience on rows held out by "
        "split.validation_fraction), or give l2 (say {l2}), or more data.": (
            "Surapprentissage : à partir de l’étape {best}, l’erreur de test augmente, de {before} à {after}, alors "
            "que l’erreur d’entraînement baisse de {first} à {last}. Arrêtez-vous à l’étape {best} (ou par "
            "stop.patience, sur des lignes mises de côté par split.validation_fraction), ou donnez l2 (par exemple "
            "{l2}), ou plus de données."
        ),
        **{
            f"Overfitting: from step {{best}} on the {part} error rises, from {{before}} to {{after}}, while the "
            "training error falls from {first} to {last}. Stopping earlier, a penalty l2 or more data keep it low; "
            "split.validation_fraction holds out rows that tell how early, and how much.": (
                f"Surapprentissage : à partir de l’étape {{best}}, l’erreur de {part} augmente, de {{before}} à "
                "{after}, alors que l’erreur d’entraînement baisse de {first} à {last}. S’arrêter plus tôt, une "
                "pénalité l2 ou plus de données la gardent petite ; split.validation_fraction met de côté des lignes "
                "qui disent quand, et combien."
            )
            for part in ("test", "validation")
        },
    },
    "constant_column": {
        "{name} is the same number in every training row, so nothing can be learned from it: E does not change along "
        "the weight, or along its exchange with the intercept; {cure}.": (
            "{name} est le même nombre à chaque ligne d’entraînement, et on ne peut rien en apprendre : E ne change "
            "pas le long de son poids, ou de son échange avec l’ordonnée à l’origine ; {cure}."
        ),
        "{list_names} are each the same number in every training row, so nothing can be learned from them: E does not "
        "change along the weight, or along its exchange with the intercept; {cure}.": (
            "{list_names} sont chacune le même nombre à chaque ligne d’entraînement, et on ne peut rien en apprendre : "
            "E ne change pas le long de leur poids, ou de son échange avec l’ordonnée à l’origine ; {cure}."
        ),
    },
    "duplicate_columns": {
        "{second} says the same as {first}, up to scale{more}: E has a valley along which one weight grows as the "
        "other shrinks, and where θ ends in it depends on θ₀ alone; a small l2 gives E one lowest point.": (
            "{second} dit la même chose que {first}, à l’échelle près{more} : E a une vallée où un poids grandit quand "
            "l’autre diminue, et l’endroit où θ y finit ne dépend que de θ₀ ; une petite pénalité l2 donne à E un seul "
            "point le plus bas."
        ),
    },
    "separable_classes": {
        "The classes can be separated: every training row is right, and the longer θ is, the less E. So ‖θ‖ grows "
        "without end ({half} at step {half_step}, {last} at step {step}) and E falls towards 0; l2 = {l2} gives it a "
        "lowest point.": (
            "Les classes sont séparables : chaque ligne d’entraînement est juste, et E diminue quand θ s’allonge. ‖θ‖ "
            "grandit donc sans fin ({half} à l’étape {half_step}, {last} à l’étape {step}) et E tend vers 0 ; l2 = "
            "{l2} lui donne un point le plus bas."
        ),
    },
    "dead_units": {
        "{n} of the {total} {activation} units of hidden layer {layer} are each 0 in every training row, so their "
        "gradient is 0 and they learn nothing; {why}.": (
            "{n} des {total} neurones {activation} de la couche cachée {layer} valent 0 à chaque ligne d’entraînement "
            ": leur gradient est nul et ils n’apprennent rien ; {why}."
        ),
        "{n} of the {total} {activation} units of hidden layer {layer} are each at one end of its range in every "
        "training row, so their gradient is almost 0 and they learn nothing; {why}.": (
            "{n} des {total} neurones {activation} de la couche cachée {layer} sont à un bout de leur intervalle à "
            "chaque ligne d’entraînement : leur gradient est presque nul et ils n’apprennent rien ; {why}."
        ),
    },
    "weight_decay": {
        "The weight decay {decay} of adamw keeps every parameter within ±{bound}, and {name} = {lowest} where E is "
        "least. More steps do not lead there; a smaller weight decay does, or a target in a larger unit.": (
            "La décroissance des poids {decay} d’adamw garde chaque paramètre entre ±{bound}, et {name} = {lowest} au "
            "minimum de E. Plus d’étapes n’y mènent pas ; une décroissance plus petite y mène, ou une cible dans une "
            "unité plus grande."
        ),
    },
    "infinite_start": {
        "{fault}. {cure}.": "{fault}. {cure}.",
        "{fault}. No learning rate helps: leave this row out, or write the formula in another way.": (
            "{fault}. Aucun taux d’apprentissage n’y aide : écartez cette ligne, ou écrivez la formule autrement."
        ),
    },
}
"""The templates of each code."""
SENTENCES["learning_rate_too_large"] |= SENTENCES["oscillation"]
