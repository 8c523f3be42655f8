"""A function recorded once and replayed: the numpy calls it made, one after the other, and nothing else.

autograd builds a new graph at every call, which for small data costs several times what the numbers do. Where a
function makes the same calls whatever the values of its arguments (no `if` on a value), one recording serves for all
arguments of these shapes. On the way, what is computed twice is shared, what nobody uses is dropped, and what is
multiplied by one is not (Aho, Lam, Sethi & Ullman, Compilers, 8.5). autograd has already computed what is constant.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from autograd.numpy.numpy_boxes import ArrayBox
from autograd.tracer import Node, isbox, new_box, trace_stack

from gd_engine.autodiff.tape_rules import MUTATING, REPLACEMENTS, without_uniform_arrays

Program = Callable[..., tuple[Any, ...]]

# The derivative of the greater of two numbers asks which it is, and autograd has boxes for arrays of answers only.
ArrayBox.register(np.bool_)


def record(function: Callable[..., Sequence[Any]], *arguments: Any) -> Program:
    """The program of what `function` computes, traced at these arguments; it returns a tuple.

    `function` is written with autograd.numpy and may differentiate. The program takes arguments of the same shapes.
    Raises NotImplementedError where autograd adds to a gradient that is constant so far: it does so in place, and what
    the constant was is lost.
    """
    return written(recorded(function, *arguments))


class _Call(Node):  # type: ignore[misc]
    """A call made while recording. Its arguments are constants or, in their place, the calls that computed them."""

    __slots__ = ["arguments", "function", "keywords", "tape", "value"]
    tape: list["_Call"]

    def __init__(
        self, value: Any, fun: Any, args: Any, kwargs: Any, parent_argnums: Sequence[int], parents: Sequence["_Call"]
    ) -> None:
        if fun.fun in MUTATING and args[1] is not None and 1 not in parent_argnums:
            raise NotImplementedError("A gradient that is partly constant cannot be recorded.")
        self.value = value
        self.function = fun.fun
        self.keywords = {name: given for name, given in kwargs.items() if name != "called_by_autograd_dispatcher"}
        self.arguments = list(args)
        for place, parent in zip(parent_argnums, parents, strict=True):
            self.arguments[place] = parent
        self.tape = parents[0].tape
        self.tape.append(self)

    def initialize_root(self, tape: list["_Call"], value: Any) -> None:
        self.tape, self.value = tape, value


class Slot(NamedTuple):
    """Where the program keeps an argument, or the result of a step."""

    number: int


class Step(NamedTuple):
    """A call of numpy, and where its result is kept."""

    slot: Slot
    function: Callable[..., Any]
    operands: tuple[Any, ...]
    keywords: dict[str, Any]


class StraightLineProgram(NamedTuple):
    """Steps in order; the slots or constants that the program returns. The first slots are its arguments."""

    arguments: int
    steps: list[Step]
    results: list[Any]


def recorded(function: Callable[..., Sequence[Any]], *arguments: Any) -> StraightLineProgram:
    """The steps of that program. Raises as `record` does."""
    tape: list[_Call] = []
    with trace_stack.new_trace() as trace:
        roots = [_Call.new_root(tape, argument) for argument in arguments]
        boxes = [new_box(argument, trace, root) for argument, root in zip(arguments, roots, strict=True)]
        results = [_operand(result) for result in function(*boxes)]
    steps, places = _shared(tape, roots)
    return _used(steps, StraightLineProgram(len(roots), [], [_place(result, places) for result in results]))


def _operand(value: Any) -> Any:
    return value._node if isbox(value) else value


def _place(operand: Any, places: dict[_Call, Any]) -> Any:
    return places[operand] if isinstance(operand, _Call) else operand


def _shared(tape: Sequence[_Call], roots: Sequence[_Call]) -> tuple[list[Step], dict[_Call, Any]]:
    """The steps that compute the tape, the same one never twice, and where each call's value is."""
    places: dict[_Call, Any] = {root: Slot(number) for number, root in enumerate(roots)}
    steps: list[Step] = []
    known: dict[Any, Slot] = {}
    for call in tape:
        function, operands, keywords = call.function, tuple(call.arguments), call.keywords
        if function in REPLACEMENTS:
            function, operands = REPLACEMENTS[function](*operands, **keywords)
            keywords = {}
        operands, alone = without_uniform_arrays(function, operands, call.value)
        operands = tuple(_place(operand, places) for operand in operands)
        if alone:
            places[call] = operands[0]
            continue
        key = (function, *map(_key, operands), *((name, _key(given)) for name, given in keywords.items()))
        if key not in known:
            known[key] = Slot(len(roots) + len(steps))
            steps.append(Step(known[key], function, operands, keywords))
        places[call] = known[key]
    return steps, places


def _key(operand: Any) -> Any:
    """Equal for operands that are the same slot or the same constant; -0.0 is not 0.0."""
    if isinstance(operand, Slot):
        return operand
    return (type(operand), repr(operand)) if isinstance(operand, int | float | tuple | str) else id(operand)


def _used(steps: Sequence[Step], program: StraightLineProgram) -> StraightLineProgram:
    """The program, with those of the steps that its results need."""
    needed = _slots(program.results)
    kept = []
    for step in reversed(steps):
        if step.slot in needed:
            needed |= _slots(step.operands)
            kept.append(step)
    return program._replace(steps=kept[::-1])


def written(straight: StraightLineProgram) -> Program:
    """The steps as one Python function. Its text holds nothing but numbered names: the rest is bound to them."""
    bound: dict[str, Any] = {}
    names = {Slot(number): f"a{number}" for number in range(straight.arguments)}
    last = {operand: at for at, step in enumerate(straight.steps) for operand in _slots(step.operands)}
    last |= dict.fromkeys(_slots(straight.results), len(straight.steps))
    free: list[str] = []

    def name(operand: Any) -> str:
        if isinstance(operand, Slot):
            return names[operand]
        bound[f"c{len(bound)}"] = operand
        return f"c{len(bound) - 1}"

    lines = [f"def program({', '.join(names.values())}):"]
    for at, step in enumerate(straight.steps):
        given = [name(operand) for operand in step.operands] + [f"{k}={name(v)}" for k, v in step.keywords.items()]
        # A name whose value nobody needs any more is taken again, which frees memory while it is in the cache.
        free += [names[slot] for slot in _slots(step.operands) if last[slot] == at]
        names[step.slot] = free.pop() if free else f"v{at}"
        lines.append(f"    {names[step.slot]} = {name(step.function)}({', '.join(given)})")
    lines.append(f"    return ({''.join(f'{name(result)}, ' for result in straight.results)})")
    exec("\n".join(lines), bound)  # noqa: S102
    program: Program = bound["program"]
    return program


def _slots(operands: Sequence[Any]) -> set[Slot]:
    return {operand for operand in operands if isinstance(operand, Slot)}
