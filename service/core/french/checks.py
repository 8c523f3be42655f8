"""The usual mistakes of a descent, as a check names them, and the samples."""

MESSAGES = {
    "The sign of the step": "Le signe est inversé",
    "Every step adds the gradient: θ + η∇E(θ). A descent subtracts it: θ − η∇E(θ).": (
        "Le gradient montre la plus forte montée ; pour descendre, il faut le soustraire : θ = θ - eta * grad."
    ),
    "The factor 2 of the gradient": "Il manque un facteur 2",
    "Every step is half as long as expected: the derivative of (f(θ, x) − y)² is 2 (f(θ, x) − y) ∇f. "
    "Multiply your gradient by 2.": (
        "La dérivée d’un carré u² est 2u·u′ : multipliez votre gradient par 2, ou laissez autograd le calculer."
    ),
    "A sum instead of a mean": "Une somme au lieu d’une moyenne",
    "Every step is too long by a factor, the number of training rows: E is the mean of the squares here, "
    "not their sum. Divide your gradient by the number of training rows.": (
        "La fonction de coût demandée est une moyenne : divisez le gradient par le nombre de lignes (np.mean "
        "au lieu de np.sum), ou choisissez sse."
    ),
    "A mean instead of a sum": "Une moyenne au lieu d’une somme",
    "Every step is too short by a factor, the number of training rows: E is the sum of the squares here, "
    "not their mean. Multiply your gradient by the number of training rows.": (
        "La fonction de coût demandée est une somme : prenez np.sum au lieu de np.mean, ou choisissez mse."
    ),
    "The intercept is forgotten": "L’ordonnée à l’origine est oubliée",
    "The other parameters change as if the intercept kept its first value. The intercept is a parameter, "
    "too: in f(θ, x) = intercept + … its factor is 1. Update it in every step.": (
        "L’ordonnée à l’origine est un paramètre comme les autres : ajoutez une colonne de 1 aux données, et "
        "mettez-la à jour aussi."
    ),
    "One parameter after the other": "Les paramètres changent l’un après l’autre",
    "The derivative of the second parameter uses the new value of the first. Compute the whole gradient "
    "first, then change all parameters at once.": (
        "Le second gradient est calculé avec le premier paramètre déjà changé : calculez d’abord tout le "
        "gradient, puis changez tous les paramètres d’un coup."
    ),
    "Off by one step": "Une étape de trop ou de moins",
    "The values are correct but in the wrong rows: the first row is θ₀, before any update. One row for "
    "each step follows.": (
        "La trajectoire commence par θ₀, une seule fois, et a une ligne de plus que d’étapes : vérifiez où "
        "votre boucle range θ, avant ou après la mise à jour."
    ),
    "Test rows in the gradient": "Des lignes de test dans le gradient",
    "The gradient uses all rows. Use the training rows alone: the test rows measure the prediction error.": (
        "Le gradient est calculé sur toutes les lignes : ne gardez que celles d’entraînement, sinon l’erreur "
        "de test ne dit plus rien."
    ),
    "Half the learning rate": "Un taux d’apprentissage deux fois trop petit",
    "Every step has half the learning rate that the request asks for. Use the rate of the request.": (
        "Chaque pas a la moitié du taux demandé : prenez le taux demandé."
    ),
    "Twice the learning rate": "Un taux d’apprentissage deux fois trop grand",
    "Every step has twice the learning rate that the request asks for: the rate is doubled, or the factor"
    " 2 of the gradient counts twice. Use the rate of the request, and the factor 2 once.": (
        "Chaque pas a le double du taux demandé : le taux est doublé, ou le facteur 2 du gradient compte deux fois."
    ),
    "An array of n × n errors": "Un tableau de n × n erreurs",
    "Predictions of shape (n,) minus targets of shape (n, 1) give n × n errors, one for each pair of "
    "rows. Give both the same shape, for example y = y.ravel().": (
        "Des prédictions de forme (n,) moins des cibles de forme (n, 1) donnent n × n erreurs, une par paire "
        "de lignes : donnez-leur la même forme, par exemple y = y.ravel()."
    ),
    "The parameters in another order": "Les paramètres dans un autre ordre",
    "The values are correct, but in the wrong columns. Give them in the order of `parameters`.": (
        "Les valeurs sont justes, mais pas dans les bonnes colonnes : donnez-les dans l’ordre des paramètres du modèle."
    ),
    "Another standard deviation": "Un autre écart-type",
    "The columns are divided by the standard deviation with n − 1 (ddof=1, the default of pandas). Divide"
    " by that with n (ddof=0, the default of numpy).": (
        "Les colonnes sont divisées par l’écart-type à n − 1 (ddof=1, celui de pandas) : prenez celui à n "
        "(ddof=0, celui de numpy)."
    ),
    "Test rows in the standardisation": "Des lignes de test dans la standardisation",
    "Mean and standard deviation are those of all rows. Take them from the training rows alone, and apply"
    " them to the test rows.": (
        "La moyenne et l’écart-type sont ceux de toutes les lignes : prenez ceux des lignes d’entraînement, "
        "et appliquez-les aux lignes de test."
    ),
    "Ten times the learning rate": "Un taux d’apprentissage dix fois trop grand",
    "Every step has ten times the learning rate that the request asks for. Use the rate of the request.": (
        "Chaque pas a dix fois le taux demandé : prenez le taux demandé."
    ),
    "A tenth of the learning rate": "Un taux d’apprentissage dix fois trop petit",
    "Every step has a tenth of the learning rate that the request asks for. Use the rate of the request.": (
        "Chaque pas a un dixième du taux demandé : prenez le taux demandé."
    ),
    "Divided by n − 1 instead of n": "Une division par n − 1 au lieu de n",
    "Every step is too long by a factor n / (n − 1): E is the mean of the squares of the n training rows. "
    "Divide their sum by n.": (
        "Chaque pas est trop long d’un facteur n / (n − 1) : E est la moyenne des carrés des n lignes d’entraînement. "
        "Divisez leur somme par n."
    ),
    "The penalty is forgotten": "La pénalité est oubliée",
    "The steps are those of E without its penalty. Add the derivative of the penalty to your gradient.": (
        "Les pas sont ceux de E sans sa pénalité : ajoutez la dérivée de la pénalité à votre gradient."
    ),
    "Plain steps instead of those of the optimiser": "Des pas simples au lieu de ceux de l’optimiseur",
    "Every step is −η∇E(θ), as of plain gradient descent. The optimiser of the request remembers earlier "
    "gradients: follow its rule, or ask for the optimiser gd.": (
        "Chaque pas est −η∇E(θ), comme pour la descente de gradient simple. L’optimiseur demandé garde la mémoire des "
        "gradients précédents : suivez sa règle, ou demandez l’optimiseur gd."
    ),
    "Momentum instead of plain steps": "De l’inertie au lieu de pas simples",
    "Every step keeps a part of the step before, as momentum does. The request asks for plain gradient descent: "
    "subtract η∇E(θ) alone, or ask for the optimiser momentum.": (
        "Chaque pas garde une part du précédent, comme avec l’inertie (momentum). La requête demande la descente de "
        "gradient simple : soustrayez η∇E(θ) seul, ou demandez l’optimiseur momentum."
    ),
    "Another length of the steps": "Une autre longueur des pas",
    "Every step is {factor} times the expected one. Look for this factor in your learning rate and in your gradient.": (
        "Chaque pas vaut {factor} fois le pas attendu. Cherchez ce facteur dans votre taux d’apprentissage et dans "
        "votre gradient."
    ),
    "A parameter is missing": "Il manque un paramètre",
    "Each θ has one number fewer than the model has parameters. Give one for each of `parameters`, in their "
    "order, the intercept among them.": (
        "Chaque θ a un nombre de moins que le modèle n’a de paramètres : donnez-en un pour chacun, dans leur ordre, "
        "l’ordonnée à l’origine comprise."
    ),
    "Norris: calibration of ozone monitors": "Norris : étalonnage de mesureurs d’ozone",
    "36 rows, one feature. The straight line y = B0 + B1 x; certified B0 = {b0}, B1 = {b1}, residual sum "
    "of squares {rss}. Unscaled, a learning rate of 1 diverges.": (
        "36 lignes, une variable. La droite y = B0 + B1 x ; valeurs certifiées : B0 = {b0}, B1 = {b1}, somme "
        "des carrés des résidus {rss}. Sans mise à l’échelle, un taux d’apprentissage de 1 diverge."
    ),
    "Longley: employment in the United States, 1947 to 1962": "Longley : l’emploi aux États-Unis, de 1947 à 1962",
    "16 rows, six features that nearly depend on each other: a famously ill-conditioned regression, slow "
    "for plain gradient descent even when standardised. Certified: B0 = {b0}, B1 = {b1}, B2 = {b2}, B3 = "
    "{b3}, B4 = {b4}, B5 = {b5}, B6 = {b6}, residual sum of squares {rss}.": (
        "16 lignes, six variables qui dépendent presque les unes des autres : une régression connue pour son "
        "mauvais conditionnement, lente pour une simple descente de gradient, même standardisée. Valeurs "
        "certifiées : B0 = {b0}, B1 = {b1}, B2 = {b2}, B3 = {b3}, B4 = {b4}, B5 = {b5}, B6 = {b6}, somme des "
        "carrés des résidus {rss}."
    ),
    "Misra1a: monomolecular adsorption in dental research": (
        "Misra1a : adsorption monomoléculaire en recherche dentaire"
    ),
    "14 rows, one feature (pressure). The curve y = b1 (1 - exp(-b2 x)) is not linear in its parameters; "
    "certified b1 = {b1}, b2 = {b2}, residual sum of squares {rss}. A polynomial of degree 2, "
    "standardised, comes close.": (
        "14 lignes, une variable (la pression). La courbe y = b1 (1 - exp(-b2 x)) n’est pas linéaire en ses "
        "paramètres ; valeurs certifiées : b1 = {b1}, b2 = {b2}, somme des carrés des résidus {rss}. Un "
        "polynôme de degré 2, standardisé, s’en approche."
    ),
    "Chwirut2: ultrasonic calibration": "Chwirut2 : étalonnage par ultrasons",
    "54 rows, one feature (distance in metal). The curve y = exp(-b1 x) / (b2 + b3 x) is not linear in "
    "its parameters; certified b1 = {b1}, b2 = {b2}, b3 = {b3}, residual sum of squares {rss}. A "
    "polynomial shows how a model of the wrong form fails.": (
        "54 lignes, une variable (la distance dans le métal). La courbe y = exp(-b1 x) / (b2 + b3 x) n’est "
        "pas linéaire en ses paramètres ; valeurs certifiées : b1 = {b1}, b2 = {b2}, b3 = {b3}, somme des "
        "carrés des résidus {rss}. Un polynôme montre comment échoue un modèle de mauvaise forme."
    ),
    "Palmer penguins: female or male": "Manchots de Palmer : femelle ou mâle",
    "333 penguins of the Palmer Archipelago, four measurements, two classes that overlap a little: for "
    "`logistic`, with standardize: true.": (
        "333 manchots de l’archipel Palmer, quatre mesures, deux classes qui se recouvrent un peu : pour "
        "`logistic`, avec standardize: true."
    ),
    "NIST Statistical Reference Datasets (public domain)": (
        "NIST, jeux de données statistiques de référence (domaine public)"
    ),
}
