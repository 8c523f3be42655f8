"""Functions E(θ) with known minima, on which methods of optimisation are compared.

A stored run refers to a function by its name, so a formula never changes.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import NamedTuple


class Minimum(NamedTuple):
    """A local minimum: θ by name, and E there."""

    theta: Mapping[str, float]
    value: float


class BenchmarkFunction(NamedTuple):
    """A function with all its minima inside a window.

    `theta0` is the default start. `window` has the range of each parameter that shows the function well. `title` and
    `description` (what a descent shows on it) are by language, "en" and "fr".
    """

    name: str
    formula: str
    theta0: Mapping[str, float]
    window: Mapping[str, tuple[float, float]]
    minima: Sequence[Minimum]
    title: Mapping[str, str]
    description: Mapping[str, str]


def _separable(*minima: tuple[float, float]) -> list[Minimum]:
    """The minima of g(a) + g(b) from those of g, pairs of a place and a value."""
    return [Minimum({"a": a, "b": b}, at_a + at_b) for (a, at_a), (b, at_b) in product(minima, repeat=2)]


def _square(side: float) -> dict[str, tuple[float, float]]:
    return {"a": (-side, side), "b": (-side, side)}


_FUNCTIONS = (
    BenchmarkFunction(
        "hill",
        "a**2/2 + a**4/16",
        {"a": 3.0},
        {"a": (-4.0, 4.0)},
        [Minimum({"a": 0.0}, 0.0)],
        {"en": "A hill, in one dimension", "fr": "Une colline, en une dimension"},
        {
            "en": "Down a hill, step by step. The steps are long where the slope is steep, and become shorter by "
            "themselves towards the bottom, although the learning rate stays the same.",
            "fr": "On descend une colline, étape par étape. Les étapes sont longues là où la pente est forte, et "
            "raccourcissent d'elles-mêmes vers le bas, alors que le taux d'apprentissage reste le même.",
        },
    ),
    BenchmarkFunction(
        "double_well",
        "(a**2 - 1)**2 + 0.3*a",
        {"a": 1.8},
        {"a": (-2.0, 2.0)},
        [
            Minimum({"a": -1.0355787140888537}, -0.30542848374391596),
            Minimum({"a": 0.9601495555191055}, 0.29414648102826285),
        ],
        {"en": "Two wells, in one dimension", "fr": "Deux puits, en une dimension"},
        {
            "en": "Two minima, and the left one is lower. Gradient descent goes down from where it begins, so the "
            "start decides in which well it ends. From 1.8 it ends in the higher one; from -1.8 in the lower one.",
            "fr": "Deux minima, dont celui de gauche est le plus bas. La descente de gradient part de son point de "
            "départ et descend\u00a0: c'est donc lui qui décide du puits d'arrivée. Depuis 1,8 on finit dans le plus "
            "haut\u00a0; depuis -1,8 dans le plus bas.",
        },
    ),
    BenchmarkFunction(
        "bowl",
        "a**2 + a*b + b**2",
        {"a": 4.0, "b": 1.0},
        _square(5.0),
        [Minimum({"a": 0.0, "b": 0.0}, 0.0)],
        {"en": "A bowl", "fr": "Un bol"},
        {
            "en": "A bowl, slightly longer than wide: the easiest case. The gradient is at a right angle to the "
            "contour lines, so the path bends towards the longer axis before it arrives at the bottom.",
            "fr": "Un bol un peu plus long que large\u00a0: le cas le plus facile. Le gradient est perpendiculaire aux "
            "lignes de niveau, et le chemin s'incurve donc vers le grand axe avant d'arriver au fond.",
        },
    ),
    BenchmarkFunction(
        "ravine",
        "a**2/2 + 50*b**2",
        {"a": -8.0, "b": 1.0},
        {"a": (-10.0, 10.0), "b": (-2.0, 2.0)},
        [Minimum({"a": 0.0, "b": 0.0}, 0.0)],
        {"en": "A ravine", "fr": "Un ravin"},
        {
            "en": "A hundred times steeper across than along. A rate that suits the walls (at most 0.02) is far too "
            "small for the floor: just below 0.02 the path zigzags between the walls, and at 0.01 it creeps. Momentum "
            "0.9 arrives much sooner.",
            "fr": "Cent fois plus raide en travers qu'en long. Un taux qui convient aux parois (au plus 0,02) est bien "
            "trop petit pour le fond\u00a0: juste sous 0,02 le chemin zigzague entre les parois, et à 0,01 il rampe. "
            "Avec l'inertie (momentum) 0,9, on arrive bien plus tôt.",
        },
    ),
    BenchmarkFunction(
        "saddle",
        "(a**4 + 2*a**2 + b**4 - 2*b**2)/4",
        {"a": 1.5, "b": 0.001},
        _square(2.0),
        [Minimum({"a": 0.0, "b": -1.0}, -0.25), Minimum({"a": 0.0, "b": 1.0}, -0.25)],
        {"en": "A saddle between two minima", "fr": "Un col entre deux minima"},
        {
            "en": "At (0, 0) the gradient is 0, but it is no minimum: E falls along b. The descent begins beside the "
            "ridge, slows down at the saddle, and leaves it later. From b = 0 exactly it never does.",
            "fr": "En (0, 0) le gradient est nul, mais ce n'est pas un minimum\u00a0: E descend selon b. La descente "
            "part à côté de la crête, ralentit au col, et ne le quitte que plus tard. Depuis b = 0 exactement, elle y "
            "reste.",
        },
    ),
    BenchmarkFunction(
        "rosenbrock",
        "(1 - a)**2 + 100*(b - a**2)**2",
        {"a": -1.2, "b": 1.0},
        {"a": (-2.0, 2.0), "b": (-1.0, 3.0)},
        [Minimum({"a": 1.0, "b": 1.0}, 0.0)],
        {"en": "Rosenbrock's valley", "fr": "La vallée de Rosenbrock"},
        {
            "en": "A narrow, bent valley (Rosenbrock, 1960). The descent reaches its floor within a few steps; along "
            "the floor to (1, 1) it takes tens of thousands. Compare with momentum and adam.",
            "fr": "Une vallée étroite et courbe (Rosenbrock, 1960). La descente en atteint le fond en quelques "
            "étapes\u00a0; le long du fond, jusqu'à (1, 1), il lui en faut des dizaines de milliers. Comparer avec "
            "momentum et adam.",
        },
    ),
    BenchmarkFunction(
        "himmelblau",
        "(a**2 + b - 11)**2 + (a + b**2 - 7)**2",
        {"a": 0.0, "b": 4.0},
        _square(5.0),
        [
            Minimum({"a": 3.0, "b": 2.0}, 0.0),
            Minimum({"a": -2.805118086952745, "b": 3.131312518250573}, 0.0),
            Minimum({"a": -3.779310253377747, "b": -3.2831859912861696}, 0.0),
            Minimum({"a": 3.5844283403304917, "b": -1.8481265269644036}, 0.0),
        ],
        {"en": "Himmelblau's function", "fr": "La fonction de Himmelblau"},
        {
            "en": "Four minima of equal depth (Himmelblau, 1972). Change the start a little, and the descent may end "
            "in another one.",
            "fr": "Quatre minima de même profondeur (Himmelblau, 1972). Un point de départ à peine différent, et la "
            "descente peut finir dans un autre.",
        },
    ),
    BenchmarkFunction(
        "beale",
        "(1.5 - a + a*b)**2 + (2.25 - a + a*b**2)**2 + (2.625 - a + a*b**3)**2",
        {"a": 1.0, "b": 1.0},
        _square(4.5),
        [Minimum({"a": 3.0, "b": 0.5}, 0.0)],
        {"en": "Beale's function", "fr": "La fonction de Beale"},
        {
            "en": "A nearly flat basin between steep walls (Beale, 1958). One rate cannot suit both: on the walls it "
            "is too large, in the basin too small. Methods that adapt the rate help.",
            "fr": "Un bassin presque plat entre des parois raides (Beale, 1958). Un seul taux ne peut convenir aux "
            "deux\u00a0: trop grand sur les parois, trop petit dans le bassin. Les méthodes à taux adaptatif aident.",
        },
    ),
    BenchmarkFunction(
        "styblinski_tang",
        "(a**4 - 16*a**2 + 5*a + b**4 - 16*b**2 + 5*b)/2",
        {"a": 4.0, "b": -4.0},
        _square(5.0),
        _separable((-2.903534027771177, -39.16616570377141), (2.746802770990837, -25.02944665528394)),
        {"en": "The function of Styblinski and Tang", "fr": "La fonction de Styblinski et Tang"},
        {
            "en": "Four minima, one in each quadrant, of three depths (Styblinski & Tang, 1990). From (4, -4) the "
            "descent ends in one that is not the lowest: the lowest is near (-2.9, -2.9).",
            "fr": "Quatre minima, un par quadrant, de trois profondeurs (Styblinski & Tang, 1990). Depuis (4, -4), la "
            "descente finit dans un minimum qui n'est pas le plus bas\u00a0: celui-ci est près de (-2,9\u00a0; -2,9).",
        },
    ),
    BenchmarkFunction(
        "rastrigin",
        "20 + a**2 - 10*cos(2*pi*a) + b**2 - 10*cos(2*pi*b)",
        {"a": 2.1, "b": -1.1},
        _square(2.5),
        _separable(
            (0.0, 0.0),
            (0.9949586376523348, 0.9949590570932914),
            (-0.9949586376523348, 0.9949590570932914),
            (1.9899122337085495, 3.9798311905540875),
            (-1.9899122337085495, 3.9798311905540875),
        ),
        {"en": "Rastrigin's function", "fr": "La fonction de Rastrigin"},
        {
            "en": "A bowl full of dents (Rastrigin, 1974). The descent ends in the dent where it begins, and sees "
            "nothing of the lowest point at (0, 0). Draw several random starts, or take larger steps.",
            "fr": "Un bol plein de creux (Rastrigin, 1974). La descente finit dans le creux d'où elle part, et ne voit "
            "rien du point le plus bas, en (0, 0). Tirer plusieurs départs au hasard, ou faire de plus grands pas.",
        },
    ),
)
BENCHMARK_FUNCTIONS: dict[str, BenchmarkFunction] = {function.name: function for function in _FUNCTIONS}
