"""Gradient bugs that other libraries have had, planted into this engine: each is found in few examples and shrunk.

The numbers are those of the libraries' own trackers.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, settings

import autograd.numpy as anp
import autograd.op
import autograd.ops.index
import autograd.ops.product
import autograd.transforms
from autograd.ops.axes import keep
from autograd.primitive import table
from autograd.testing import Report, Verdict
from autograd.testing.fuzz import fuzz_op
from autograd.testing.fuzz.gradients import fuzz_gradients
from autograd.testing.programs import check_program, programs

PATIENCE = 60.0  # seconds: how many examples a bug needs is tested, not how fast a busy machine is
EXAMPLES = 150
MANY = 4  # elements of an argument in the smallest case
Install = Callable[[pytest.MonkeyPatch], None]


def rules(name: str, **wrong: Callable[..., object]) -> Install:
    """Put rules in the place of those of an op, as its declaration would."""

    def install(patch: pytest.MonkeyPatch) -> None:
        op = table[name]
        made = {op.names.index(argument): op._compile(rule) for argument, rule in wrong.items()}
        old = list(zip(op.rules, op._needs, strict=True))
        new = [made.get(position, pair) for position, pair in zip(op.positions, old, strict=True)]
        patch.setattr(op, "rules", tuple(rule for rule, _ in new))
        patch.setattr(op, "_needs", tuple(needs for _, needs in new))
        patch.setattr(op, "_plans", {})

    return install


def around(name: str, change: Callable[..., object]) -> Install:
    """What the rules of an op give is changed: change(r, g, out, args, i)."""

    def install(patch: pytest.MonkeyPatch) -> None:
        op = table[name]
        if op.variadic:
            right = op.rules[0]
            wrong = (lambda g, out, args, i: change(right(g, out, args, i), g, out, args, i),)
        else:
            wrong = tuple(
                lambda g, out, args, rule=rule, i=i: change(rule(g, out, args), g, out, args, i)
                for i, rule in enumerate(op.rules)
            )
        patch.setattr(op, "rules", wrong)
        patch.setattr(op, "_plans", {})
        patch.setattr(op, "_needs", (frozenset({*op.names, "out"}),) * len(op._needs))

    return install


def instead(module: object, name: str, wrong: object) -> Install:
    return lambda patch: patch.setattr(module, name, wrong)


def constant(x):
    return np.asarray(getattr(x, "_data", x))


def first_of_each(r, shape):
    """A cotangent of the shape of an argument that was broadcast: its first part, where the sum is due."""
    r = r[(0,) * (r.ndim - len(shape))]
    return r[tuple(slice(0, 1) if n == 1 else slice(None) for n in shape)]


def scatter_once(g, index, shape):
    out = np.zeros(shape, g.dtype)
    out[index] = constant(g)
    return out


def traced(r, g, out, args, i):
    """einsum: a trace's cotangent on the whole matrix, not on its diagonal alone."""
    operands, subscripts = args
    term = str(subscripts).split("->")[0].split(",")[i]
    return r + r.sum() if len(set(term)) < len(term) else r


def unsummed(r, g, out, args, i):
    """einsum: of an axis of size one that is broadcast, one part of the sum."""
    return r / 2 if 1 in r.shape and max(np.shape(out), default=1) > 1 else r


def in_memory(r, g, out, args, i):
    """What a kernel reads that takes every cotangent for contiguous."""
    flat = np.asarray(constant(g)).ravel("K").reshape(np.shape(r))
    return flat * np.exp(args[0])


# name: (op, how the mistake gets in)
PLANTED: dict[str, tuple[str, Install]] = {
    "a broadcast is not reduced (torch 13669)": ("add", instead(autograd.op, "unbroadcast", first_of_each)),
    "prod divides by zero (HIPS 378, tinygrad 17404)": (
        "prod",
        rules("prod", x=lambda g, out, x, axis, keepdims: keep(g * out, x, axis, keepdims) / x),
    ),
    "prod has no second order (torch 106789)": ("prod", around("prod", lambda r, g, out, args, i: constant(r) + 0 * r)),
    "cumprod divides by zero (TensorFlow 119430, PyTensor 1911)": (
        "cumprod",
        rules(
            "cumprod",
            x=lambda g, out, x, axis: (
                np.flip(np.cumsum(np.flip(g * out, axis), axis or 0), axis).reshape(x.shape) / x
                if axis is not None
                else (np.flip(np.cumsum(np.flip(g * out))) / x.ravel()).reshape(x.shape)
            ),
        ),
    ),
    "each tie gets all (MXNet 18563, torch 56734)": (
        "max",
        rules(
            "max", x=lambda g, out, x, axis, keepdims: keep(g, x, axis, keepdims) * (x == keep(out, x, axis, keepdims))
        ),
    ),
    "a norm at 0 is NaN (torch 2421, HIPS 151)": (
        "norm",
        rules(
            "vector_norm",
            x=lambda g, out, x, axis, keepdims: keep(g, x, axis, keepdims) * x / keep(out, x, axis, keepdims),
        ),
    ),
    "a power at base 0, by the base (torch 27134)": ("power", rules("power", x=lambda g, out, x, y: g * out * y / x)),
    "a power at base 0, by the exponent (HIPS 116)": ("power", rules("power", y=lambda g, out, x: g * out * np.log(x))),
    "std of a constant is NaN (torch 4320)": (
        "std",
        rules(
            "std",
            x=lambda g, out, x, axis, ddof, keepdims: (
                keep(g, x, axis, keepdims)
                * (x - x.mean(axis=axis, keepdims=True))
                / (keep(out, x, axis, keepdims) * (x.size / max(out.size, 1) - ddof))
            ),
        ),
    ),
    "logsumexp of -inf is NaN (torch 31829, JAX 6811)": (
        "logsumexp",
        rules(
            "logsumexp",
            x=lambda g, out, x, axis, keepdims: keep(g, x, axis, keepdims) * np.exp(x - keep(out, x, axis, keepdims)),
        ),
    ),
    "a fully masked row of softmax is NaN (torch 131060)": (
        "softmax",
        rules(
            "softmax",
            x=lambda g, out, x, axis: (
                (s := np.exp(x - x.max(axis=axis, keepdims=True)))
                / s.sum(axis=axis, keepdims=True)
                * (g - (g * out).sum(axis=axis, keepdims=True))
            ),
        ),
    ),
    "an index that comes twice counts once (torch 1528, HIPS 39, torch 57006)": (
        "getitem",
        rules("getitem", x=lambda g, x_like, index: scatter_once(g, index, x_like.shape)),
    ),
    "einsum of a trace (HIPS 115)": ("einsum", around("einsum", traced)),
    "einsum along a size of one (HIPS 376)": ("einsum", around("einsum", unsummed)),
    "negative axes (HIPS 98, HIPS 473)": (
        "transpose",
        rules("transpose", x=lambda g, axes: np.transpose(g, None if axes is None else np.argsort(axes))),
    ),
    "a cotangent that is not contiguous (torch 708)": ("exp", around("exp", in_memory)),
    "two arguments share one gradient's memory (MyGrad 407b2764)": (
        "add",
        instead(autograd.transforms, "owned", lambda g: g),
    ),
    "the sign, in what no test ran (HIPS 412)": (
        "arctan2",
        around("arctan2", lambda r, g, out, args, i: -r if i else r),
    ),
    "sinc at 0 is NaN (torch 56760)": (
        "sinc",
        rules("sinc", x=lambda g, out, x: g * (np.cos(np.pi * x) - out) / x),
    ),
    "sinc at 0 in second order (torch 196703)": (
        "sinc",
        rules("sinc", x=lambda g, out, x: g * np.where(x == 0, 0, (np.cos(np.pi * x) - out) / np.where(x == 0, 1, x))),
    ),
    "an exponential overflows (torch 188467, tinygrad 12296)": (
        "logaddexp",
        rules("logaddexp", x=lambda g, x, y: g * np.exp(x) / (np.exp(x) + np.exp(y))),
    ),
}


def small(report: Report | None, arrays: tuple[np.ndarray, ...]) -> None:
    assert report is not None, "not found"
    assert report.verdict in (Verdict.WRONG, Verdict.RAISES), report
    assert max(np.size(a) for a in arrays) <= MANY, report


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug, monkeypatch):
    name, install = PLANTED[bug]
    install(monkeypatch)
    outcome = fuzz_op(name, examples=EXAMPLES, deadline=PATIENCE)
    small(outcome.report, outcome.case.arrays if outcome.case else ())


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({name for name, _ in PLANTED.values()}))
def test_nothing_is_found_where_nothing_is_planted(name):
    assert fuzz_op(name, examples=10)


def test_nan_through_a_branch_that_is_not_taken(monkeypatch):
    """JAX 347, torch 23395."""

    def f(x: float):
        return anp.where(x > 0, anp.sqrt(x), 0.0)

    assert fuzz_gradients(f, examples=10, order=1).check()
    monkeypatch.setattr(autograd.op, "_zero_stays_zero", lambda g, r: r)
    outcome = fuzz_gradients(f, examples=EXAMPLES, order=1).check()
    small(outcome.report, tuple(map(np.asarray, np.atleast_1d(outcome.case)))[:1])


# ---------------------------------------------------------------------- in programs
def write_is_no_write(patch: pytest.MonkeyPatch) -> None:
    """What was overwritten keeps its gradient."""
    op = table["setitem"]
    patch.setattr(op, "rules", (lambda g, out, args: g, op.rules[1]))


PROGRAMS: dict[str, tuple[list[str], Install]] = {
    "an alias whose version is lost (torch 197887)": (
        ["copy", "transpose", "assign", "whole", "multiply"],
        lambda patch: patch.setattr(table["transpose"], "view", False),
    ),
    "an expanded view (torch 188084)": (
        ["copy", "broadcast_to", "assign", "whole"],
        lambda patch: patch.setattr(table["broadcast_to"], "view", False),
    ),
    "a write that keeps the old value's gradient": (["sin", "multiply", "assign", "whole"], write_is_no_write),
}


@pytest.mark.slow
@pytest.mark.parametrize("bug", PROGRAMS)
def test_a_planted_bug_is_found_by_a_program(bug, monkeypatch):
    ops, install = PROGRAMS[bug]
    install(monkeypatch)
    once = settings(
        max_examples=2000,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    program = find(programs(ops, lines=4), lambda p: not check_program(p, 1).ok, settings=once, random=random.Random(0))
    assert len(program.live().lines) <= 3, program.script()
    assert all(x.size <= MANY for x in program.live().inputs), program.script()
