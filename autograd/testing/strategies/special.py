"""Calls of the ops in `autograd.ops.special`: most from their declarations alone, compared with SciPy's values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd import ops
from autograd.ops.scipys import ours
from autograd.ops.special import NO_POLE
from autograd.primitive import NONZERO, POSITIVE, Domain, table
from autograd.testing.strategies.base import (
    GRID,
    SMALL,
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
from autograd.testing.strategies.elementwise import references
from autograd.testing.strategies.reference import erfcx_slope, exp_moment, sinc_slope


def scipys(name: str) -> Callable[..., Any]:
    """SciPy's function, looked up at its first call: the other ops are tested where SciPy is not installed."""

    def call(*args: Any) -> Any:
        from scipy import special

        return getattr(special, name)(*args)

    return call


references.update({name: scipys(name) for name in ours if name in table})


@register("polygamma")
def _polygamma(draw: Draw, name: str) -> Call:
    n = draw(st.integers(0, 3))
    x = filled(draw, draw(shapes()), tuple(v for v in inside(NO_POLE) if abs(v) > 0.1))
    return Call(
        name,
        (x,),
        lambda x: ops.polygamma(n, x),
        lambda x: np.asarray(scipys("polygamma")(n, x)),
        (reach_of(x, NO_POLE),),
        f"n = {n}",
    )


@register("multigammaln")
def _multigammaln(draw: Draw, name: str) -> Call:
    d = draw(st.integers(1, 3))
    domain = Domain(low=0.5 * (d - 1))
    x = filled(draw, draw(shapes()), inside(domain))
    reference = scipys("multigammaln")
    return Call(
        name, (x,), lambda x: ops.multigammaln(x, d), lambda x: reference(x, d), (reach_of(x, domain),), f"d = {d}"
    )


@register("erfi", "erfcx")
def _steep(draw: Draw, name: str) -> Call:
    """Of arguments whose exponential of the square a float32 holds."""
    return plain_call(name, [filled(draw, draw(shapes()))], table[name].function, references[name])


@register("erfcx_slope")
def _erfcx_slope(draw: Draw, name: str) -> Call:
    n = draw(st.integers(1, 3))
    x = filled(draw, draw(shapes()), (*SMALL, 6.7, 7.3))
    return plain_call(name, [x], lambda x: ops.erfcx_slope(x, n), lambda x: erfcx_slope(x, n), n)


@register("exprel_slope")
def _exprel_slope(draw: Draw, name: str) -> Call:
    n = draw(st.integers(1, 3))
    x = filled(draw, draw(shapes()), (*SMALL, -12.0, 1e-9, 1.9, 2.1, -3.9, -4.1))
    return plain_call(name, [x], lambda x: ops.exprel_slope(x, n), lambda x: exp_moment(x, n), n)


@register("lambertw")
def _lambertw(draw: Draw, name: str) -> Call:
    """Its real and imaginary parts added: of real numbers it is complex left of -1/e, and on the other branches."""
    k = draw(st.sampled_from((0, -1, 1)))
    x = filled(draw, draw(shapes()), (0.5, -0.25, 2.0, 12.0, -2.0, 0.1))
    f, g = ops.lambertw, scipys("lambertw")

    def parts(w: Any) -> Any:
        return ops.real(w) + 2 * ops.imag(w)

    return plain_call(
        name, [x], lambda x: parts(f(x, k)), lambda x: parts(g(x, k)), f"k = {k}, an array of float64", most=0.02
    )


ORDERS = (0, 1, 2, 3, 0.5, 1.7, -1, -0.4)


@register("jv", "yv", "iv", "kv", "ive", "kve")
def _bessel(draw: Draw, name: str) -> Call:
    """Of an order that is a number, or an array that broadcasts."""
    given, _ = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=3))
    order: Any = draw(st.sampled_from(ORDERS))
    if draw(st.integers(0, 3)) == 0:
        order = filled(draw, given[0], ORDERS)
    domain = POSITIVE if name in ("yv", "kv", "kve") or np.any(order != np.floor(order)) else NONZERO
    pool = tuple(v for v in inside(domain) if abs(v) > 0.01)  # its powers are in the range of float32
    return _one_of_two(name, order, filled(draw, given[1], pool), domain)


@register("gammainc", "gammaincc")
def _incomplete_gamma(draw: Draw, name: str) -> Call:
    given, _ = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=3))
    exponents = (0.3, 1.0, 1.5, 2.0, 7.0)
    a = filled(draw, given[0], exponents) if draw(st.booleans()) else draw(st.sampled_from(exponents))
    return _one_of_two(name, a, filled(draw, given[1], inside(POSITIVE)), POSITIVE)


def _one_of_two(name: str, first: Any, x: Any, domain: Domain) -> Call:
    f, g = table[name].function, references[name]
    return Call(
        name,
        (x,),
        lambda x: f(first, x),
        lambda x: np.asarray(g(first, x)),
        (reach_of(x, domain),),
        f"first argument {'an array ' if np.ndim(first) else ''}{first!r}",
    )


@register("betainc")
def _betainc(draw: Draw, name: str) -> Call:
    given, _ = draw(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, min_side=0, max_side=3))
    a, b = (filled(draw, s, (0.5, 1.0, 2.0, 3.3)) for s in given[:2])
    domain = Domain(0.0, 1.0)
    x = filled(draw, given[2], inside(domain))
    f, g = ops.betainc, scipys("betainc")
    return Call(
        name,
        (x,),
        lambda x: f(a, b, x),
        lambda x: np.asarray(g(a, b, x)),
        (reach_of(x, domain),),
        f"exponents arrays {a.tolist()} and {b.tolist()}",
    )


@register("rgamma")
def _rgamma(draw: Draw, name: str) -> Call:
    return plain_call(name, [filled(draw, draw(shapes()), (*GRID, 0.1, 5.3))], ops.rgamma, references[name])


@register_kinks("jv", "iv", "ive")
def _bessel_at_zero(draw: Draw, name: str) -> Call:
    order = draw(st.sampled_from((0, 1, 2, 3, -1)))
    x = filled(draw, draw(shapes()), (0.0, -0.0, 1.0))
    f, g = table[name].function, references[name]
    kink = "elementwise" if name == "ive" else None
    return kink_call(name, [x], lambda x: f(order, x), lambda x: np.asarray(g(order, x)), kink, order)


@register_kinks("sinc_slope", "exprel_slope", "erfcx_slope")
def _removable(draw: Draw, name: str) -> Call:
    n = draw(st.integers(1, 3))
    x = filled(draw, draw(shapes()), (0.0, -0.0, 1e-9, 1e-3) if name != "erfcx_slope" else (0.0, -0.0, 6.9, 7.1))
    f = table[name].function
    g = {"sinc_slope": sinc_slope, "exprel_slope": exp_moment, "erfcx_slope": erfcx_slope}[name]
    return kink_call(name, [x], lambda x: f(x, n), lambda x: g(x, n), None, n)


@register_kinks("lambertw")
def _lambertw_at_zero(draw: Draw, name: str) -> Call:
    x = filled(draw, draw(shapes()), (0.0, -0.0, 1.0))
    g = scipys("lambertw")
    return plain_call(
        name, [x], lambda x: ops.real(ops.lambertw(x)), lambda x: np.real(g(x)), "k = 0, an array of float64", most=0.05
    )


@register_kinks("jv", "yv", "iv", "kv", "ive", "kve", "gammainc", "gammaincc")
def _many_orders(draw: Draw, name: str) -> Call:
    """Arguments that are broadcast against an array of orders, in an axis of their own and in one of size one."""
    orders = filled(draw, (draw(st.integers(2, 3)), 1), (0.5, 1.0, 2.0))
    x = filled(draw, draw(st.sampled_from(((), (1,), (2,), (1, 2)))), (0.5, 1.0, 2.0, 5.3))
    return _one_of_two(name, orders, x, POSITIVE)


@register_kinks("log_ndtr")
def _far_from_the_middle(draw: Draw, name: str) -> Call:
    """Where the distribution, or the way that is not taken, overflows or vanishes."""
    return plain_call(
        name, [filled(draw, draw(shapes()), (40.0, 40.0, -40.0, 12.0, 0.0, -300.0))], ops.log_ndtr, references[name]
    )
