"""Lines of elementwise ops, from their declarations: domains and kinks decide what they may be given."""

from __future__ import annotations

import numpy as np

from autograd import numpy as names
from autograd.primitive import REAL, table
from autograd.testing.programs.build import Builder, Dropped, maker
from autograd.testing.programs.lines.operands import (
    broadcasts_with,
    clear,
    guarded,
    partner,
    real,
    shifted,
)

# ops whose name is not what one calls, which refuse a second order or whose constants want a line of their own
APART = {"complex_sign", "angle", "fraction", "ldexp", "nextafter", "iv", "ive", "jv", "yv", "kv", "kve",
         "gammainc", "gammaincc", "rgamma"}  # fmt: skip
HOLOMORPHIC = {"exp", "sin", "cos", "sinh", "cosh", "square", "negative", "positive", "conjugate", "expm1"}
OPERATORS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}
CALLABLE = {n: op for n, op in table.items() if op.elementwise and hasattr(names, n) and n not in APART}
ONE = sorted(n for n, op in CALLABLE.items() if op.names == ("x",))
TWO = sorted(n for n, op in CALLABLE.items() if op.names == ("x", "y"))


def unary(b: Builder, name: str, v: object) -> str:
    """`name` of `v`, where it is defined and smooth."""
    op = table[name]
    if op.kink != "smooth":
        return f"np.{name}({shifted(b, v)})"  # type: ignore[arg-type]
    return f"np.{name}({v if op.domain['x'] == REAL else guarded(b, v, op.domain['x'])})"  # type: ignore[arg-type]


@maker(*ONE)
def _one(b: Builder, name: str) -> None:
    v = b.value() if name in HOLOMORPHIC else b.value(real)
    if name == "absolute" and b.pick(3) == 1:
        v = b.value(lambda v: v.complex)
        if not clear([np.abs(a) for a in b.all(v)]):
            raise Dropped
        b.line(f"np.absolute({v})")
    else:
        b.line(unary(b, name, v))


@maker(*(n for n in TWO if n not in OPERATORS))
def _two(b: Builder, name: str) -> None:
    op = table[name]
    x = b.value(real)
    y = partner(b, x.shape, real)
    if op.kink == "jump":  # no quotient is a whole number
        y = repr(b.choice((1.0, -0.7, 2.0, 1.3)))
        quotients = b.all(f"{x} / {y}")
        if not clear([q - np.round(quotients[0]) for q in quotients]):
            raise Dropped
        b.line(f"np.{name}({x}, {y})")
        return
    if name == "hypot":
        if not clear(b.all(f"np.hypot({x}, {y})")):
            raise Dropped
    elif op.kink in ("convex", "concave"):
        y = _beside(b, str(x), y)
    elif op.kink != "smooth" or op.domain["x"].avoid or op.domain["y"].avoid:
        x, y = (shifted(b, v) if op.domain[n].avoid else str(v) for n, v in (("x", x), ("y", y)))  # type: ignore[assignment]
    else:
        x, y = guarded(b, x, op.domain["x"]), guarded(b, y, op.domain["y"])  # type: ignore[assignment]
    first, second = (y, x) if op.kink in ("convex", "concave") and b.pick(2) else (x, y)
    b.line(f"np.{name}({first}, {second})")


def _beside(b: Builder, x: str, y: str) -> str:
    """`y`, moved where it would meet `x`."""
    for c in (0.0, 0.31, -0.53, 1.1):
        text = f"{y} + {c}" if c else y
        if clear(b.all(f"{x} - ({text})")):
            return text
    raise Dropped


@maker(*OPERATORS)
def _operator(b: Builder, name: str) -> None:
    x = b.value()
    y = partner(b, x.shape)
    if name == "divide" and not np.all(np.abs(np.stack(b.all(y))) > 0.1):
        y = f"(1.5 + np.tanh({b.value(real, broadcasts_with(x.shape))}))"
    swap = b.pick(2)
    if name == "divide" or not swap:
        b.line(f"{x} {OPERATORS[name]} {y}")
    else:
        b.line(f"{y} {OPERATORS[name]} {x}")


@maker("clip")
def _clip(b: Builder, name: str) -> None:
    v = b.value(real)
    low, high = b.choice(((-0.9, 0.6), (-0.45, 1.4), (0.2, 0.7)))
    kind = b.pick(3)
    if not (clear(b.all(v), low) and clear(b.all(v), high)):
        raise Dropped
    b.line(f"np.clip({v}, {('None' if kind == 1 else low)}, {('None' if kind == 2 else high)})")


# ---------------------------------------------------------------------- one of the arguments a constant
ORDERS = {"iv": (0.5, 1, 2), "ive": (1, 0.5), "jv": (1, 0.5, 2), "yv": (1, 0.5), "kv": (0, 1.5), "kve": (1, 0.5)}


@maker(*ORDERS, "gammainc", "gammaincc", "betainc", "polygamma", "ldexp", "multigammaln", "lambertw", "rgamma")
def _with_constant(b: Builder, name: str) -> None:
    v = b.value(real)
    positive = f"1.5 + np.tanh({v})"
    if name in ORDERS:
        b.line(f"np.{name}({b.choice(ORDERS[name])}, {positive})")
    elif name in ("gammainc", "gammaincc"):
        b.line(f"np.{name}({b.choice((1.5, 0.7, 3.0))}, {positive})")
    elif name == "betainc":
        b.line(f"np.betainc({b.choice((1.5, 0.7))}, {b.choice((2.0, 0.8))}, 0.5 + 0.4 * np.tanh({v}))")
    elif name == "polygamma":
        b.line(f"np.polygamma({b.pick(3)}, {positive})")
    elif name == "multigammaln":
        b.line(f"np.multigammaln({positive} + 1.0, {b.pick(2) + 1})")
    elif name == "ldexp":
        b.line(f"np.ldexp({v}, {b.pick(3) - 1})")
    elif name == "lambertw":
        b.line(f"np.real(np.lambertw({positive}))")
    else:
        b.line(f"np.rgamma({v})")
