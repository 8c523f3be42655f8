"""Recording of a function's numpy calls as a straight-line program, and its replay without autograd.

autograd builds a new graph at every call, which on small data costs several times the arithmetic. A function without
branches on values makes the same calls for all arguments of the same shapes, so one recording serves them all. The
recorder shares common subexpressions, drops unused results and multiplications by one (Aho, Lam, Sethi & Ullman,
Compilers, 8.5); autograd has already folded constants.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from autograd.numpy.numpy_boxes import ArrayBox
from autograd.tracer import Node, isbox, new_box, trace_stack

from gd_engine.autodiff.tape_rules import MUTATING, REPLACEMENTS, without_uniform_arrays

Program = Callable[..., tuple[Any, ...]]

# The derivative of maximum compares two numbers, and autograd boxes arrays of bool but not single ones.
ArrayBox.register(np.bool_)


def record(function: Callable[..., Sequence[Any]], *arguments: Any) -> Program:
    """The program of `function`, traced at these arguments; it returns a tuple.

    `function` consists of autograd.numpy calls and may differentiate. The program accepts arguments of the same shapes.
    Raises NotImplementedError where autograd adds in place to a constant gradient, which overwrites the constant.
    """
    return written(recorded(function, *arguments))


class _Call(Node):  # type: ignore[misc]
    """A recorded call. Its arguments are constants, or the calls that computed them."""

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
    """The number of the variable for an argument or for the result of a step."""

    number: int


class Step(NamedTuple):
    """A numpy call and the slot of its result."""

    slot: Slot
    function: Callable[..., Any]
    operands: tuple[Any, ...]
    keywords: dict[str, Any]


class StraightLineProgram(NamedTuple):
    """Steps in order, and the slots or constants to return. The first slots are the arguments."""

    arguments: int
    steps: list[Step]
    results: list[Any]


def recorded(function: Callable[..., Sequence[Any]], *arguments: Any) -> StraightLineProgram:
    """The straight-line program of `function`, traced at these arguments. Raises NotImplementedError as `record`."""
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
    """The distinct steps of the tape (common subexpression elimination), and the slot of each call's value."""
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
    """A key that is equal for the same slot or the same constant; -0.0 differs from 0.0."""
    if isinstance(operand, Slot):
        return operand
    return (type(operand), repr(operand)) if isinstance(operand, int | float | tuple | str) else id(operand)


def _used(steps: Sequence[Step], program: StraightLineProgram) -> StraightLineProgram:
    """The program with the steps needed by its results (dead code elimination)."""
    needed = _slots(program.results)
    kept = []
    for step in reversed(steps):
        if step.slot in needed:
            needed |= _slots(step.operands)
            kept.append(step)
    return program._replace(steps=kept[::-1])


def written(straight: StraightLineProgram) -> Program:
    """The program as a Python function. Its source has numbered names only, bound to functions and constants."""
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
        # Names of dead values are reused, which frees memory while it is in the cache.
        free += [names[slot] for slot in _slots(step.operands) if last[slot] == at]
        names[step.slot] = free.pop() if free else f"v{at}"
        lines.append(f"    {names[step.slot]} = {name(step.function)}({', '.join(given)})")
    lines.append(f"    return ({''.join(f'{name(result)}, ' for result in straight.results)})")
    exec("\n".join(lines), bound)  # noqa: S102
    program: Program = bound["program"]
    return program


def _slots(operands: Sequence[Any]) -> set[Slot]:
    return {operand for operand in operands if isinstance(operand, Slot)}
