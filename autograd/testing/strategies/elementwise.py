"""Calls of elementwise ops, from their declarations alone; and of the few that need more."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd import ops
from autograd.primitive import NONZERO, Domain, table
from autograd.testing.strategies.base import (
    GRID,
    HUGE,
    SMALL,
    STEP,
    TIES,
    Array,
    Call,
    Draw,
    filled,
    inside,
    kink_call,
    plain_call,
    reach_of,
    register,
    register_kinks,
    shapes,
)
from autograd.testing.strategies.reference import normal, sinc_slope, tanh_slope


def elementwise_call(draw: Draw, name: str) -> Call:
    op = table[name]
    pools = [inside(op.domain[n]) for n in op.names]
    most = 0.1
    domains = [op.domain[n] for n in op.names]
    if op.kink != "smooth":  # keep away from kinks: an argument from its zeros, two from each other
        if len(op.names) == 1:
            domains = [domains[0]._replace(avoid=(*domains[0].avoid, 0.0))]
            pools = [inside(domains[0])]
        elif op.kink == "jump":  # x / y is no integer, nor near one
            pools, most = [tuple(k / 4 + 0.1 for k in range(-12, 13)), (1.0, -1.0, 0.5, -0.5, 2.0, -2.0)], 0.002
        else:
            pools, most = [GRID, tuple(v + 0.2 for v in GRID)], 0.04

    def reach(arrays: Sequence[Array]) -> tuple[Array, ...]:
        return tuple(reach_of(a, d, most) for a, d in zip(arrays, domains, strict=True))

    return _drawn(draw, name, pools, reach)


def _drawn(
    draw: Draw,
    name: str,
    pools: Sequence[Sequence[float]],
    reach: Callable[[Sequence[Array]], tuple[Array, ...]],
    kink: str | None = None,
    side: int = 0,
) -> Call:
    """A call of one or two arrays, which broadcast in both directions, or of an array and a number."""
    op = table[name]
    if len(op.names) == 1:
        given = [draw(shapes(0, 3, side))]
    else:
        given = list(draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=side, max_side=3))[0])
    arrays = tuple(filled(draw, s, p) for s, p in zip(given, pools, strict=True))
    room = reach(arrays)
    reference = getattr(np, name, None) or references[name]
    number = draw(st.sampled_from((None, None, None, 0, 1))) if len(arrays) == 2 else None
    if number is None:
        return Call(name, arrays, op.function, reference, room, kink=kink)
    c = draw(st.sampled_from(pools[number]))  # one argument a Python number
    if float(c).is_integer() and draw(st.booleans()):
        c = int(c)
    i = 1 - number
    return Call(
        name,
        (arrays[i],),
        (lambda x: op.function(x, c)) if i == 0 else (lambda y: op.function(c, y)),
        (lambda x: reference(x, c)) if i == 0 else (lambda y: reference(c, y)),
        (room[i],),
        f"argument {number} is {c!r}",
        kink,
    )


def elementwise_kinks(draw: Draw, name: str) -> Call:
    """At zeros and ties where the declaration says that there are kinks; else at large values, and next to bounds."""
    op = table[name]
    if op.kink == "smooth":
        return _drawn(draw, name, _wide_pools(name), lambda arrays: _room(name, arrays))
    pools = [tuple(v for v in (*TIES, 2.0, -12.0) if v or 0.0 not in op.domain[n].avoid) for n in op.names]
    return _drawn(draw, name, pools, lambda arrays: tuple(np.full(a.shape, STEP) for a in arrays), op.kink, 1)


def _room(name: str, arrays: Sequence[Array]) -> tuple[Array, ...]:
    return tuple(reach_of(a, d) for a, d in zip(arrays, table[name].domain.values(), strict=True))


@functools.cache
def _wide_pools(name: str) -> tuple[tuple[float, ...], ...]:
    """Values inside the op's domain, large ones too where the result stays finite."""
    op = table[name]
    reference = getattr(np, name, None) or references[name]
    plain = [inside(op.domain[n], SMALL) for n in op.names]
    pools = []
    for i, n in enumerate(op.names):
        others = [np.array(p) for p in plain if p is not plain[i]]
        pool = []
        for v in (*plain[i], *(h for h in HUGE if h in inside(op.domain[n], HUGE))):
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                values = reference(*(others[:i] + [np.full(others[0].shape if others else (1,), v)] + others[i:]))
            if np.isfinite(values).all():
                pool.append(v)
        pools.append(tuple(pool))
    return tuple(pools)


@register_kinks("power", "float_power")
def _powers_of_zero(draw: Draw, name: str) -> Call:
    """Whole powers of zero, which are smooth; and zero to the power of what moves."""
    f, g = table[name].function, getattr(np, name)
    note = "an array of float64 whatever the argument" if name == "float_power" else ""
    if draw(st.integers(0, 3)) == 0:
        y = filled(draw, draw(shapes()), (0.5, 1.0, 2.0, 3.7))
        base: Any = draw(st.sampled_from((0, 0.0, np.array(0.0), np.zeros(y.shape))))
        return plain_call(name, [y], lambda y: f(base, y), lambda y: g(base, y), (repr(base), note))
    x = filled(draw, draw(shapes()), TIES)
    n: Any = draw(st.sampled_from((0, 1, 2, 3, 1.0, 2.0, 3.0, 0.0)))
    if draw(st.booleans()):
        n = filled(draw, draw(st.sampled_from(((), x.shape, (1,)))), (0.0, 1.0, 2.0, 3.0))
    whole = float(n) if isinstance(n, int) else n
    return plain_call(name, [x], lambda x: f(x, n), lambda x: g(x, whole), (repr(n), note))


@register_kinks("arctan2")
def _along_axes(draw: Draw, name: str) -> Call:
    """On the positive half of one axis, and on the other one."""
    shape, flat = draw(shapes()), draw(st.booleans())
    y = filled(draw, shape, (0.0, -0.0) if flat else (1.0, -2.0, 800.0))
    x = filled(draw, draw(st.sampled_from((shape, ()))), (1.0, 0.5, 800.0) if flat else (0.0, -0.0))
    return plain_call(name, [y, x], ops.arctan2, np.arctan2)


@register_kinks("xlogy", "xlog1py")
def _nothing_times_a_logarithm(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes()), (0.0, -0.0, 1.0, 0.0))
    y = filled(draw, draw(st.sampled_from((x.shape, ()))), (1.0, 0.5, 800.0))
    return plain_call(name, [x, y], table[name].function, references[name])


@register_kinks("logaddexp", "logaddexp2")
def _of_infinities(draw: Draw, name: str) -> Call:
    """Equal arguments, arguments far apart, and infinities, which do not move; two of -inf share nothing."""
    pool = (0.0, 1.0, 1.0, 800.0, -800.0, -np.inf, np.inf, -np.inf)
    x, y = filled(draw, draw(shapes()), pool), filled(draw, draw(shapes(0, 0)), pool)

    def promised(w: Array, x: Array, y: Array) -> list[Any]:
        ahead = (y - x) * (np.log(2) if name.endswith("2") else 1)
        share = np.where(x == y, 0.5 * (x > -np.inf), 1 / (1 + np.exp(ahead)))
        return [w * share, np.sum(w * np.where(x == y, share, 1 - share))]

    return kink_call(name, [x, y], table[name].function, getattr(np, name), None, convention=promised)


@register_kinks("copysign")
def _size_of_zero(draw: Draw, name: str) -> Call:
    given, _ = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=3))
    arrays = [filled(draw, given[0], TIES), filled(draw, given[1], (1.0, -1.0, 2.0))]
    return kink_call(name, arrays, ops.copysign, np.copysign, "elementwise")


@register_kinks("angle")
def _angle_on_an_axis(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes()), (1.0, -1.0, 0.5))
    return kink_call(name, [x], lambda x: ops.angle(x), lambda x: np.angle(x), None, "of real numbers")


@register_kinks("logaddexp", "logaddexp2")
def _of_equals(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes(0, 1, 1)), (0.0, 1.0, -12.0))
    return plain_call(name, [x, x.copy()], table[name].function, getattr(np, name))


CIRCLE = (0j, 1 + 0j, 1j, 0.6 - 0.8j, -2 + 1j, 0j)


def _complex(draw: Draw, pool: Sequence[complex]) -> Array:
    n = draw(st.integers(1, 4))
    return np.array(draw(st.lists(st.sampled_from(pool), min_size=n, max_size=n)))


@register_kinks("complex_sign", "angle")
def _on_the_circle(draw: Draw, name: str) -> Call:
    """Of length 1, and 0, where the slope is 0."""
    z = _complex(draw, CIRCLE)
    f, g = (ops.angle, np.angle) if name == "angle" else (table[name].function, np.sign)

    def promised(w: Array, z: Array) -> list[Any]:
        away = np.where(z == 0, np.inf, np.abs(z))
        if name == "angle":
            return [w * 1j * z / away**2]
        return [(w - np.conj(w) * (z / away) ** 2) / (2 * away)]

    return kink_call(name, [z], f, g, "jump" if np.any(z == 0) else None, convention=promised)


@register_kinks("nan_to_num")
def _replaced_part(draw: Draw, name: str) -> Call:
    """One part of a complex number is replaced, or both are."""
    parts = (np.nan, np.inf, 1.0, 0.0)
    z = _complex(draw, [complex(a, b) for a in parts for b in parts])

    def promised(w: Array, z: Array) -> list[Any]:
        return [np.where(np.isfinite(z.real), w.real, 0) + 1j * np.where(np.isfinite(z.imag), w.imag, 0)]

    return kink_call(name, [z], lambda z: ops.nan_to_num(z), lambda z: np.nan_to_num(z), None, convention=promised)


@register_kinks("arcsin", "arccos")
def _on_the_cut(draw: Draw, name: str) -> Call:
    """Real numbers beyond one, just above the cut and just below it."""
    z = _complex(draw, (complex(2, 0.0), complex(2, -0.0), complex(-3, 0.0), complex(-3, -0.0)))
    f, g = table[name].function, getattr(np, name)

    def promised(w: Array, z: Array) -> list[Any]:
        slope = 1 / np.cos(np.arcsin(z)) if name == "arcsin" else -1 / np.sin(np.arccos(z))
        return [w * np.conj(slope)]

    return kink_call(name, [z], f, g, "jump", convention=promised)


@register_kinks("arcsinh")
def _square_overflows(draw: Draw, name: str) -> Call:
    x = filled(draw, (draw(st.integers(1, 3)),), (1e200, -1e200))

    def promised(w: Array, x: Array) -> list[Any]:
        return [w * 1.0]

    return kink_call(
        name, [x], lambda x: ops.arcsinh(x) * 1e200, lambda x: np.arcsinh(x) * 1e200, "jump", convention=promised
    )


@register_kinks("power", "float_power")
def _powers_without_a_slope(draw: Draw, name: str) -> Call:
    """0 to the power of 0, where it jumps and the slope is 0; powers of a negative number have none, 0th ones are 1."""
    f, g = table[name].function, getattr(np, name)
    kind = draw(st.sampled_from(("zero", "negative", "infinite")))
    note = "an array of float64 whatever the argument"
    shape = draw(shapes(0, 2, 1))
    if kind == "infinite":
        x = filled(draw, shape, (np.inf, 0.0, 2.0))
        flat = np.zeros(draw(st.sampled_from(((), shape))))
        return kink_call(
            name, [x], lambda x: f(x, flat), lambda x: g(x, flat), None, note, convention=lambda w, x: [0 * w]
        )
    y = filled(draw, shape, (0.0, 1.0, 2.0) if kind == "zero" else (2.0, 3.0))
    base: Any = draw(st.sampled_from((0.0, 0, np.array(0.0)) if kind == "zero" else (-2.0, np.array(-2.0))))
    slope = 0.0 if kind == "zero" else np.nan
    return kink_call(
        name,
        [y],
        lambda y: f(base, y),
        lambda y: g(base, y),
        "jump",
        (repr(base), note),
        convention=lambda w, y: [np.where(w == 0, 0.0, w * slope)],
    )


@register_kinks("heaviside")
def _step_at_zero(draw: Draw, name: str) -> Call:
    """The value at zero has a slope where the other argument is zero, which does not move."""
    x = filled(draw, draw(shapes()), TIES)
    y = filled(draw, draw(st.sampled_from((x.shape, ()))))
    return plain_call(name, [y], lambda y: ops.heaviside(x, y), lambda y: np.heaviside(x, y), ("array", x.tolist()))


@register("power")
def _power(draw: Draw, name: str) -> Call:
    if draw(st.integers(0, 3)):
        return elementwise_call(draw, name)
    exponent = draw(st.sampled_from((2, 3, -1, -2, 1, 0, 2.0, -3.0)))  # with whole exponents the base may be negative
    x = filled(draw, draw(shapes()), inside(Domain(avoid=(0.0,))))
    if draw(st.booleans()):
        exponent = np.full(draw(st.sampled_from(((), x.shape))), float(exponent))
    return Call(
        name,
        (x,),
        lambda x: ops.power(x, exponent),
        lambda x: np.power(x, float(exponent) if isinstance(exponent, int) else exponent),
        (reach_of(x, Domain(avoid=(0.0,))),),
        f"exponent {exponent!r}",
    )


@register("sinc_slope")
def _sinc_slope(draw: Draw, name: str) -> Call:
    n = draw(st.integers(1, 3))
    x = filled(draw, draw(shapes()), (*SMALL, 1e-9, 0.63, 0.64, 1.27))  # where series and recurrence meet too
    return plain_call(name, [x], lambda x: ops.sinc_slope(x, n), lambda x: sinc_slope(x, n), n)


@register("angle", "real_if_close")
def _turned(draw: Draw, name: str) -> Call:
    """Of complex numbers with a fixed imaginary part."""
    options: dict[str, Any] = {"deg": draw(st.booleans())} if name == "angle" else {}
    if name == "real_if_close":
        options = draw(st.sampled_from(({}, {"tol": 1000})))
    imaginary = draw(st.sampled_from((0.7, -0.3)))
    x = filled(draw, draw(shapes()))
    f, g = getattr(ops, name), getattr(np, name)
    return plain_call(
        name,
        [x],
        lambda x: ops.real(f(x + 1j * imaginary, **options)),
        lambda x: np.real(g(x + 1j * imaginary, **options)),
        (options, imaginary),
    )


@register("copysign")
def _copysign(draw: Draw, name: str) -> Call:
    given, _ = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=3))
    arrays = [filled(draw, s, inside(NONZERO)) for s in given]
    return Call(name, tuple(arrays), ops.copysign, np.copysign, tuple(reach_of(a, NONZERO) for a in arrays))


@register("float_power")
def _float_power(draw: Draw, name: str) -> Call:
    return replace(elementwise_call(draw, name), note="an array of float64 whatever the argument")


@register("emath_power")
def _emath_power(draw: Draw, name: str) -> Call:
    call = elementwise_call(draw, "power")
    f = np.emath.power
    if len(call.arrays) == 2:
        return replace(call, name=name, apply=f, expect=f)
    y = draw(st.sampled_from((2, 0.5, -1.5)))
    return replace(call, name=name, apply=lambda x: f(x, y), expect=lambda x: f(x, y), note=f"an array to the {y!r}")


@register("divmod", "modf", "frexp")
def _in_two(draw: Draw, name: str) -> Call:
    """Both parts added: the derivative is that of one of them, as the other one is constant by nature."""
    f, g = getattr(ops, name), getattr(np, name)
    x = filled(draw, draw(shapes()), (0.6, -0.6, 2.7, -3.3, 1.2, 6.1, 12.4, -1.4))
    y = draw(st.sampled_from((1.0, -0.5, 2))) if name == "divmod" else None
    more = () if y is None else (y,)
    return plain_call(name, [x], lambda x: sum(f(x, *more)), lambda x: sum(g(x, *more)), f"array, {y}", most=0.05)


EMATH = {"sqrt": 0, "log": 0, "log2": 0, "log10": 0, "arcsin": 1, "arccos": 1, "arctanh": 1}


@register("emath_logn", *("emath_" + name for name in EMATH))
def _emath(draw: Draw, name: str) -> Call:
    """Real and imaginary parts of functions that leave the real line."""
    short = name.removeprefix("emath_")
    end = EMATH.get(short, 0)
    domain = Domain(avoid=(0.0, float(end), -float(end)))
    x = filled(draw, draw(shapes()), inside(domain))
    f = getattr(np.emath, short) if short != "logn" else lambda x: np.emath.logn(2.5, x)
    return Call(
        name,
        (x,),
        lambda x: ops.real(f(x)) + 2 * ops.imag(f(x)),
        lambda x: np.real(f(x)) + 2 * np.imag(f(x)),
        (reach_of(x, domain),),
        "the base an array of float64" if short == "logn" else "",
    )


@register("ldexp")
def _ldexp(draw: Draw, name: str) -> Call:
    given, _ = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=3))
    y = filled(draw, given[1], (-3.0, 0.0, 1.0, 4.0)).astype(np.int32)
    return plain_call(
        name, [filled(draw, given[0])], lambda x: ops.ldexp(x, y), lambda x: np.ldexp(x, y), f"exponents {y.tolist()}"
    )


@register("nan_to_num")
def _nan_to_num(draw: Draw, name: str) -> Call:
    options = draw(st.sampled_from(({}, {"nan": 3.0}, {"posinf": 1.0, "neginf": -2.0})))
    x = filled(draw, draw(shapes()), (*SMALL, np.nan, np.inf, -np.inf) if "neginf" in options else (*SMALL, np.nan))
    return plain_call(name, [x], lambda x: ops.nan_to_num(x, **options), lambda x: np.nan_to_num(x, **options), options)


# What the elementwise ops stand for that NumPy does not have.
references: dict[str, Callable[..., Any]] = {
    "relu": lambda x: np.where(x > 0, x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "normal_cdf": normal,
    "gelu_tanh_slope": tanh_slope,
    "complex_sign": np.sign,
}


@register("fraction")
def _fraction(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes()), (0.6, -0.6, 2.7, -3.3, 1.2))
    return plain_call(name, [x], table[name].function, lambda x: np.modf(x)[0])


@register("normal_cdf", "gelu_tanh_slope", "real", "imag")
def _one(draw: Draw, name: str) -> Call:
    reference = references.get(name) or getattr(np, name)
    return plain_call(name, [filled(draw, draw(shapes()))], table[name].function, reference)


@register_kinks("xlogy", "xlog1py")
def _zero_whatever_the_logarithm(draw: Draw, name: str) -> Call:
    """Nothing times a logarithm is flat in its argument, where this has no logarithm too."""
    end = -1.0 if name == "xlog1py" else 0.0
    y = filled(draw, draw(shapes(0, 2, 1)), (end, 1.0, 0.5))
    x: Any = draw(st.sampled_from((0, 0.0, np.zeros(y.shape), -0.0)))
    f, g = table[name].function, references[name]
    if draw(st.booleans()):  # both: as if the logarithm were 0; where only it is infinite, so are the slopes
        x = filled(draw, y.shape, (0.0, 1.0, 2.0))

        def promised(w: Array, x: Array, y: Array) -> list[Any]:
            size = np.where((x == 0) & (y == end), 1.0, y - end)
            return [np.where(w == 0, 0.0, w * slope) for slope in (np.log(size), x / size)]

        return kink_call(name, [x, y], f, g, "jump", convention=promised)
    return kink_call(name, [y], lambda y: f(x, y), lambda y: g(x, y), None, f"first argument an array of {x!r}")
