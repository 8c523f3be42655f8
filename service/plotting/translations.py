"""The words on plots, in English and French."""

WORDS = {
    "en": {
        "curves": "{run}: the two criteria",
        "curves_described": "E(θ), train and test error at each step, on a logarithmic scale.",
        "best": "lowest test MSE: step {step}",
        "diverged": "diverged at step {step}",
        "step": "step",
        "nothing": "nothing to draw",
        "train_loss": "loss E(θ)",
        "train_mse": "train MSE",
        "test_mse": "test MSE",
        "landscape": "{run}: the landscape",
        "exact": "E over {x} and {y}, the only parameters.",
        "pair": "E over {x} and {y}; all other parameters keep their last value.",
        "pca": "E over the plane closest to the path, with {share} of the variance of the path.",
        "line": "E over {x}, the only parameter.",
        "range": "E ranges from {low} to {high}; {levels} contours, each {ratio} times as high as the one before.",
        "axis": "{name} ({share} of the variance of the path)",
        "start": "θ₀",
        "end": "end",
        "best_mark": "lowest test MSE",
        "minimum": "minimum",
        "function": "{run}: E(θ)",
        "function_described": "E(θ) at each step.",
    },
    "fr": {
        "curves": "{run} : les deux critères",
        "curves_described": "E(θ), erreurs d'entraînement et de test à chaque étape, sur une échelle logarithmique.",
        "best": "MSE de test minimale : étape {step}",
        "diverged": "a divergé à l'étape {step}",
        "step": "étape",
        "nothing": "rien à dessiner",
        "train_loss": "coût E(θ)",
        "train_mse": "MSE d'entraînement",
        "test_mse": "MSE de test",
        "landscape": "{run} : le relief",
        "exact": "E selon {x} et {y}, les seuls paramètres.",
        "pair": "E selon {x} et {y} ; tous les autres paramètres gardent leur dernière valeur.",
        "pca": "E sur le plan le plus proche du chemin, qui porte {share} de la variance du chemin.",
        "line": "E selon {x}, le seul paramètre.",
        "range": "E va de {low} à {high} ; {levels} courbes de niveau, en progression de {ratio} en {ratio}.",
        "axis": "{name} ({share} de la variance du chemin)",
        "start": "θ₀",
        "end": "fin",
        "best_mark": "MSE de test minimale",
        "minimum": "minimum",
        "function": "{run} : E(θ)",
        "function_described": "E(θ) à chaque étape.",
    },
}


def share(part: float, language: str) -> str:
    """A fraction in percent."""
    digits = f"{100 * part:.1f}".removesuffix(".0")
    return f"{digits.replace('.', ',')} %" if language == "fr" else f"{digits}%"
