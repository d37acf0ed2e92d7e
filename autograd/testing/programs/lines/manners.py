"""Lines that are no op: constants, what is detached, loops and branches whose bounds are constant."""

from __future__ import annotations

import math

import numpy as np

from autograd.testing.programs.build import Builder, maker
from autograd.testing.programs.lines.arithmetic import OPERATORS, unary
from autograd.testing.programs.lines.operands import NUMBERS, at_least, broadcasts_to, real
from autograd.testing.programs.program import literal

SMOOTH = ("sin", "tanh", "square", "cos", "arctan", "exp2", "sigmoid", "erf", "negative")


@maker("constant")
def _constant(b: Builder, name: str) -> None:
    shape = b.value().shape
    numbers = [b.choice(NUMBERS) for _ in range(min(math.prod(shape), 6))]
    b.line(literal(np.resize(np.array(numbers, float), shape)) + ("[()]" if not shape else ""))


@maker("stop_gradient")
def _detached(b: Builder, name: str) -> None:
    b.line(f"stop_gradient(np.copy({b.value()}))")


@maker("for")
def _loop(b: Builder, name: str) -> None:
    start = b.value(real)
    other = b.value(real, broadcasts_to(start.shape))
    f, sign = b.choice(SMOOTH), b.choice("*+-")
    step = f"{unary(b, f, '{new}')} {sign} {other}"
    b.line(f"{{new}} = {start}\nfor k in range({b.pick(4)}):\n    {{new}} = 0.5 * {step}")


@maker("if")
def _branch(b: Builder, name: str) -> None:
    v, w = b.value(real), b.value(real)
    f, g = b.choice(SMOOTH), b.choice(SMOOTH)
    test = b.choice((f"np.ndim({v}) == {b.pick(3)}", f"{v}.size > {b.pick(4)}", "True"))
    b.line(f"if {test}:\n    {{new}} = np.{f}({v})\nelse:\n    {{new}} = np.{g}({w})")


@maker("fill")
def _filled_in_a_loop(b: Builder, name: str) -> None:
    """Element by element along the first axis, each from the one before."""
    v = b.value(real, at_least(1))
    f = b.choice(SMOOTH)
    n = v.shape[0]
    text = (
        f"{{new}} = np.copy({v})\nfor k in range(1, {n}):\n    {{new}}[k] = np.{f}({{new}}[k - 1]) + 0.5 * {{new}}[k]"
    )
    pure = [f"rows = [{v}[0]]", f"for k in range(1, {n}):", f"    rows.append(np.{f}(rows[k - 1]) + 0.5 * {v}[k])"]
    b.line(text, "\n".join([*pure, "{new} = np.stack(rows)"]))


@maker("list")
def _collected(b: Builder, name: str) -> None:
    """A list of rows, each computed by itself, put together again."""
    v = b.value(real, at_least(1))
    operator = OPERATORS[b.choice(("add", "subtract", "multiply"))]
    b.line(f"np.stack([np.{b.choice(SMOOTH)}(row) {operator} row for row in {v}])")
