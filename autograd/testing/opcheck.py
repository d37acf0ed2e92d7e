"""One call of an op of our own table, checked in every way: what `fuzz_op` runs on each call that it draws."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograd.graph import Variable
from autograd.sparse import RowSparse
from autograd.state import GradError
from autograd.tensor import Tensor
from autograd.testing.check import check_grads
from autograd.testing.contracts import WEIGHTS, close, drawn, lost
from autograd.testing.libraries import library_of
from autograd.testing.libraries.base import several
from autograd.testing.oracle import Array
from autograd.testing.report import Finding, Report, Verdict
from autograd.testing.strategies import Call

VALUES = 1e-12


def check_call(call: Call, *, order: int = 2, fast: bool = False, seed: int = 0) -> Report:
    """Check a call of an op: NumPy's values, derivatives in every mode and order, contracts, single precision.

    >>> import numpy as np
    >>> from autograd.testing.opcheck import check_call
    >>> from autograd.testing.strategies import Call
    >>> x = np.array([0.5, -1.0])
    >>> check_call(Call("sin", (x,), np.sin, np.sin, (np.full(2, 0.1),))).ok
    True
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if call.refused:
            return _refusals(call, seed)
        findings = _values(call)
        if call.convention is not None and not any(np.any(r) for r in call.reach):  # differences have nothing to say
            report = Report(repr(call), "glassgrad", seed=seed, modes=("reverse",))
        else:
            report = check_grads(
                call.apply,
                *call.arrays,
                order=order,
                kink=call.kink,
                analytic=call.analytic,
                reach=call.reach,
                fast=fast,
                seed=seed,
                name=repr(call),
            )
        if report.verdict in (Verdict.RIGHT, Verdict.INCONCLUSIVE):
            findings += _partly_tracked(call, seed) + _recorded(call, seed) + _kept(call)
            if not fast:
                findings += _single(call, seed)
        if call.convention is not None and report.verdict in (Verdict.RIGHT, Verdict.INCONCLUSIVE, Verdict.NOT_FINITE):
            findings += _promised(call, call.convention, seed)
            report.verdict, report.reason = Verdict.RIGHT, ""
    if findings and report.verdict in (Verdict.RIGHT, Verdict.INCONCLUSIVE, Verdict.WRONG):
        report.findings = findings + report.findings
        report.verdict, report.reason = Verdict.WRONG, ""
    return report


def _values(call: Call) -> list[Finding]:
    """The values are those of the op's definition, plain arrays in, plain arrays out."""
    library = library_of((), "glassgrad")
    expected = [np.asarray(v) for v in several(call.expect(*call.arrays))]
    found = []
    plain = several(call.apply(*call.arrays))
    if any(isinstance(v, Variable) for v in plain):
        found.append(Finding("value", detail="plain arrays gave a Tensor"))
    tracked = several(call.apply(*map(library.constant, call.arrays)))
    for kind, got in (("plain arrays", plain), ("Tensors", tracked)):
        for v, e in zip(map(library.numpy, got), expected, strict=True):
            size = np.max(np.abs(e), initial=0.0, where=np.isfinite(e)) if e.dtype.kind in "fc" else 0.0
            with np.errstate(all="ignore"):
                same = v.shape == e.shape and np.all(
                    (np.abs(v - e) <= VALUES * (1 + size)) | (v == e) | (np.isnan(v) & np.isnan(e))
                    if e.dtype.kind in "fc"
                    else v == e
                )
            if not same:
                found.append(Finding("value", detail=f"{v.tolist()} of {kind}, the definition gives {e.tolist()}"))
            elif kind == "Tensors" and v.dtype != e.dtype:
                found.append(Finding("dtype of the result", detail=f"{v.dtype}, the definition gives {e.dtype}"))
    return found


def _weights(outputs: Any, seed: int) -> list[Array]:
    rng = np.random.default_rng(seed)
    return [np.where(np.isfinite(out), rng.choice([-2.0, 0.5, 1.0], out.shape), 0).astype(out.dtype) for out in outputs]


def _pulled(f: Callable[..., Any], arrays: Any, seed: int) -> list[Any]:
    outputs, pull = library_of((), "glassgrad").vjp(f, arrays)
    return pull(_weights(outputs, seed))


def _partly_tracked(call: Call, seed: int) -> list[Finding]:
    """One argument at a time: the others are constants, whose values the graph may have let go."""
    if len(call.arrays) < 2:
        return []
    together = _pulled(call.apply, call.arrays, seed)
    found = []
    for i, a in enumerate(call.arrays):

        def alone(x: Any, i: int = i) -> Any:
            return call.apply(*(x if j == i else b for j, b in enumerate(call.arrays)))

        (one,) = _pulled(alone, [a], seed)
        if not _same(one, together[i]):
            detail = "with the others constant the gradient is another"
            found.append(Finding("gradient with one argument tracked", f"argument {i}", detail=detail))
    return found


def _both(call: Call, weigh: Callable[[Any], list[Array]]) -> tuple[list[Array], list[Any], list[Array]]:
    """Cotangents for the outputs, and the gradients for them: of a plain pass, and of one that is itself recorded."""
    library = library_of((), "glassgrad")
    outputs, pull = library.vjp(call.apply, call.arrays)
    w = weigh(outputs)
    given = [library.constant(v) for v in (*call.arrays, *w)]
    recorded = library.gradient(call.apply, len(call.arrays))(*given)
    return w, pull(w), [library.numpy(g) for g in recorded]


def _recorded(call: Call, seed: int) -> list[Finding]:
    """A pass that is itself recorded gives the same gradient."""
    _, plain, recorded = _both(call, partial(_weights, seed=seed))
    return [
        Finding("gradient with create_graph", f"argument {i}", detail="it is another when the pass is recorded")
        for i, (g, h) in enumerate(zip(plain, recorded, strict=True))
        if not _same(h, g)
    ]


def _kept(call: Call) -> list[Finding]:
    """`.grad` is the rows that were taken where the call says so, else an array."""
    if call.rows is None:
        return []
    leaves = [Tensor(a, requires_grad=True) for a in call.arrays]
    out = call.apply(*leaves)
    out.backward(gradient=np.ones(out.shape, out.dtype))
    wanted = RowSparse if call.rows else Tensor
    return [
        Finding("kind of the gradient", f"argument {i}", detail=f"{type(x.grad).__name__}, not {wanted.__name__}")
        for i, x in enumerate(leaves)
        if not isinstance(x.grad, wanted)
    ]


def _promised(call: Call, convention: Callable[..., Any], seed: int) -> list[Finding]:
    """At a kink, and of infinities and NaN, the gradient is the one that the convention promises."""
    w, plain, recorded = _both(call, partial(drawn, np.random.default_rng(seed), WEIGHTS))
    wanted = [np.asarray(h) for h in convention(*w, *call.arrays)]
    return [
        Finding("gradient by convention", f"argument {i}", detail=f"{g}, promised is {h.tolist()}")
        for i, (*found, h) in enumerate(zip(plain, recorded, wanted, strict=True))
        for g in found
        if not _same(g, h)
    ]


def _refusals(call: Call, seed: int) -> Report:
    """A gradient is refused with a GradError, and so is one that is itself recorded; forward derivatives are NaN."""
    library = library_of((), "glassgrad")
    outputs, pull = library.vjp(call.apply, call.arrays)
    rng = np.random.default_rng(seed)
    w, tangents = drawn(rng, WEIGHTS, outputs), drawn(rng, WEIGHTS, call.arrays)
    recorded = library.gradient(call.apply, len(call.arrays))
    report = Report(repr(call), library.name, seed=seed, modes=call.refused)
    given = [library.constant(v) for v in (*call.arrays, *w)]
    for how, run in ("", partial(pull, w)), (" with create_graph", partial(recorded, *given)):
        try:
            got = [None if g is None else library.numpy(g).tolist() for g in run()]
        except GradError:
            continue
        report.findings.append(Finding(f"gradient{how}", detail=f"{got}, where there is none: a GradError is due"))
    if "forward" in call.refused:
        moved = library.jvp(call.apply, call.arrays, tangents)[1]
        if not any(np.isnan(t).any() for t in moved):
            detail = f"{[t.tolist() for t in moved]}, where there is none: NaN is due"
            report.findings.append(Finding("forward derivative", detail=detail))
    report.verdict = Verdict.WRONG if report.findings else Verdict.RIGHT
    return report


def _single(call: Call, seed: int) -> list[Finding]:
    """float32 in, float32 out, and the gradient that doubles give at the same point."""
    library = library_of((), "glassgrad")
    small = [a.astype(np.complex64 if a.dtype.kind == "c" else np.float32, order="K") for a in call.arrays]
    if any(np.isfinite(a).all() != np.isfinite(s).all() for a, s in zip(call.arrays, small, strict=True)):
        return []  # numbers that it does not hold
    outputs, pull = library.vjp(call.apply, small)
    if any(out.dtype.itemsize > (8 if out.dtype.kind == "c" else 4) for out in outputs):
        if call.name == "astype" or "array" in call.note:  # it asks for double precision
            return []
        return [Finding("dtype of the result", detail=f"float32 became {', '.join(str(v.dtype) for v in outputs)}")]
    w = _weights(outputs, seed)
    exact = _pulled(call.apply, [a.astype(np.promote_types(a.dtype, float)) for a in small], seed)
    found = []
    for i, (g, h, a) in enumerate(zip(pull(w), exact, small, strict=True)):
        if g is None or h is None:
            continue
        off, scale = lost(g, h, w)
        off = np.where(np.abs(h) > 1e38, 0, off)
        if g.dtype != a.dtype or not np.all(off <= 300 * np.finfo(np.float32).eps * scale):
            detail = f"{g.tolist()} ({g.dtype}), in doubles {h.tolist()}"
            found.append(Finding("gradient in single precision", f"argument {i}", detail=detail))
    return found


def _same(a: Any, b: Any) -> bool:
    a, b = (np.zeros(()) if x is None else np.asarray(x) for x in (a, b))
    if a.ndim == 0 and b.ndim > 0:
        a = np.zeros_like(b) if not a.any() else a
    if b.ndim == 0 and a.ndim > 0 and not b.any():
        b = np.zeros_like(a)
    return np.array_equal(np.isinf(a), np.isinf(b)) and close(a, b, float(np.finfo(float).eps), 1.0)
