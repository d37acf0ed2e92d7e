"""Is a derivative right? `check_grads` asks it of any library, `check_vjp` and `check_jvp` of rules written by hand."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import tree
from autograd.testing.arguments import Arguments
from autograd.testing.contracts import broken, drawn, identical, lost
from autograd.testing.coordinates import Coordinates
from autograd.testing.first import FirstOrder
from autograd.testing.libraries import Library, library_of
from autograd.testing.libraries.base import several
from autograd.testing.libraries.plain import Plain
from autograd.testing.oracle import Array
from autograd.testing.report import Finding, Report, Verdict
from autograd.testing.rules import Rule

REACH = 0.1
KINDS = ("smooth", "elementwise", "convex", "concave", "selection", "jump")


def check_grads(
    f: Callable[..., Any],
    *args: Any,
    order: int = 2,
    modes: Sequence[str] = ("reverse", "forward"),
    wrt: int | Sequence[int] | None = None,
    library: str | Library | None = None,
    kink: str | None = None,
    analytic: bool = False,
    reach: Sequence[Any] | float | None = None,
    fast: bool = False,
    seed: int = 0,
    name: str | None = None,
    **kwargs: Any,
) -> Report:
    """Compare the derivatives that a library gives for `f` with differences whose error is known.

    Every element of every gradient is compared, at small sizes; above 64 numbers a sample of them and of random sums.
    A number that differences cannot tell accurately enough makes the check inconclusive, never a failure.

    Parameters
    ----------
    f : callable
        Any function of arrays of NumPy, this engine, PyTorch, JAX, HIPS autograd, MyGrad or a `Library` of your own; it
        may take and return nested structures of them.
    *args
        The point. Its arrays of floats or complex numbers are differentiated, Python's numbers where there is no array.
    order : int
        1, or 2 to check the derivatives of the gradient too; and so on.
    modes : sequence of str
        Of "reverse" and "forward"; what the library cannot do is left out.
    wrt : int or sequence of int, optional
        The arguments to differentiate; all by default.
    library : str or Library, optional
        Whose derivatives; found from the arguments' types by default.
    kink : str, optional
        What `f` is where it has no derivative. "elementwise": a derivative lies between the one-sided slopes.
        "convex", "concave": the same along every direction. "selection": results are means of some arguments.
        By default nothing is said about elements at a kink; they are counted in the report.
    analytic : bool
        `f` is analytic and takes complex numbers: the complex step, exact but for rounding, replaces differences.
    reach : float or sequence of arrays, optional
        How far each element may move; by default a tenth, or of a large number a tenth of its square root.
    fast : bool
        One random sum of all elements, some ten times quicker; a mismatch is then looked into in full.
    seed : int
        Of the random directions.
    name : str, optional
        What the report calls the function.
    **kwargs
        For `f`, not differentiated.

    Returns
    -------
    Report
        True in a condition where nothing is wrong: ``assert check_grads(f, x)``.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.primitive import primitive
    >>> from autograd.testing import check_grads
    >>> check_grads(np.tanh, np.array([0.5, -1.0])).verdict
    <Verdict.RIGHT: 'right'>
    >>> @primitive(x=lambda g, x: g * x**2)
    ... def third_power(x):
    ...     return x**3
    >>> print(check_grads(third_power, np.array([0.5, 2.0]), modes=["reverse"]))
    third_power (glassgrad): wrong
      looks like: a factor: the rule gives 1/3 times the derivative
      gradient: d out[1] / d x[1] is 4, differences say 12 within ...
      gradient: d out[0] / d x[0] is 0.25, differences say 0.75 within ...
      at x = [0.5, 2.0]
    """
    chosen = library_of(args, library)
    modes = (modes,) if isinstance(modes, str) else tuple(modes)
    if not set(modes) <= {"reverse", "forward"} or order < 1:
        raise ValueError(f"modes are 'reverse' and 'forward', order is at least 1; got {list(modes)} and {order}")
    if kink is not None and kink not in KINDS:
        raise ValueError(f"kink={kink!r}: the kinds are {', '.join(KINDS)}; None says nothing about kinks")
    arguments = Arguments(f, args, kwargs, wrt, chosen)
    called = name or str(getattr(f, "__name__", type(f).__name__))
    report = Report(called, chosen.name, seed=seed)
    check = _Check(arguments, chosen, report, kink, analytic, reach, fast)
    with np.errstate(all="ignore"):
        check.run(order, tuple(m for m in modes if m in chosen.modes))
    if not report.ok:
        report.point = _point(arguments)
    return report


def check_vjp(f: Callable[..., Any], vjp: Callable[..., Any], *args: Any, **options: Any) -> Report:
    """Check a vector-Jacobian product written by hand, of plain arrays: vjp(cotangent, *args).

    It returns the gradient, or a tuple of one for each argument (None: zero, or no gradient); where `f` returns a tuple
    or another structure, the cotangents come as one. `options` are those of `check_grads`; the rule gets those keyword
    arguments of `f` that its own signature has.

    >>> import numpy as np
    >>> from autograd.testing import check_vjp
    >>> report = check_vjp(np.multiply, lambda g, x, y: (g * y, g * y), np.array([1.0, 2.0]), np.array([3.0, 5.0]))
    >>> print(report.findings[0].argument, report.findings[0].guess)
    x2 swapped: it is the derivative by another argument
    """
    rule = _rule(f, vjp, args, options)
    return check_grads(f, *args, library=Plain(vjp=rule.vjp), **{"order": 1, **options})


def check_jvp(f: Callable[..., Any], jvp: Callable[..., Any], *args: Any, **options: Any) -> Report:
    """Check a Jacobian-vector product written by hand, of plain arrays: jvp(*tangents, *args).

    There is a tangent for each array of floats among the arguments. The rule returns the tangent of the output, or of
    each as a tuple. `options` are those of `check_grads`.

    >>> import numpy as np
    >>> from autograd.testing import check_jvp
    >>> bool(check_jvp(np.sin, lambda t, x: t * np.cos(x), np.array([0.3])))
    True
    """
    rule = _rule(f, jvp, args, options)
    return check_grads(f, *args, library=Plain(jvp=rule.jvp), **{"order": 1, **options})


OPTIONS = {p.name for p in inspect.signature(check_grads).parameters.values() if p.kind is p.KEYWORD_ONLY}


def _rule(f: Callable[..., Any], rule: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Rule:
    kwargs = {key: v for key, v in options.items() if key not in OPTIONS}
    return Rule(rule, f, args, kwargs, Arguments(f, args, kwargs, options.get("wrt"), Plain()))


def _cotangents(count: int) -> list[str]:
    return ["cotangent"] if count == 1 else [f"cotangent{i}" for i in range(count)]


def _point(arguments: Arguments) -> str:
    shown = []
    for name, a in zip(arguments.names, arguments.arrays, strict=True):
        text = str(a.tolist())
        if a.size > 20:
            text = np.array2string(a, 10**6, separator=", ", threshold=20, edgeitems=2).replace("\n", "")
            text = f"{' '.join(text.split())} of shape {a.shape}"
        shown.append(f"{name} = {text}" + ("" if a.dtype == float else f" ({a.dtype})"))
    return ", ".join(shown)


@functools.cache
def _leaf(kind: Any) -> bool:
    """Whether a result of this type is one array, no structure of several."""
    return not issubclass(kind, (tuple, list, dict)) and not dataclasses.is_dataclass(kind)


class _Check:
    """One check under way: what is found goes into its report."""

    def __init__(
        self,
        arguments: Arguments,
        library: Library,
        report: Report,
        kink: str | None,
        analytic: bool,
        reach: Any,
        fast: bool,
    ) -> None:
        self.arguments, self.library, self.report = arguments, library, report
        self.kink, self.analytic, self.reach, self.fast = kink, analytic, reach, fast
        self.rng = np.random.default_rng(report.seed)
        self.floats: list[int] = []
        self.outputs: list[Array] = []  # of floats, at the arguments

    def run(self, order: int, modes: tuple[str, ...]) -> None:
        report, arrays = self.report, self.arguments.arrays
        report.modes = modes
        if not arrays:
            self.end(Verdict.NOTHING_TO_CHECK, f"no argument holds floats or complex numbers{self.arguments.others}")
        elif not modes:
            self.end(Verdict.NOTHING_TO_CHECK, f"{self.library.name} has none of the modes that were asked for")
        elif self.sound():
            low = [a.dtype.itemsize < (16 if a.dtype.kind == "c" else 8) for a in arrays]
            point = self.widened() if any(low) else None
            whole = self.first(point or arrays, modes, order)
            if whole is not None and point is not None:
                self.narrow(whole, modes)
            self.settle()

    def end(self, verdict: Verdict, reason: str, error: BaseException | None = None) -> None:
        self.report.verdict, self.report.reason, self.report.error = verdict, reason, error

    def inner(self, *free: Any) -> Any:
        """The function as libraries take it: its result, or a tuple of those that hold floats."""
        result = self.arguments(*free)
        kind: Any = type(result)
        if _leaf(kind):
            return result
        flat = tree.leaves(result)
        return tuple(flat[i] for i in self.floats) if self.floats else tuple(flat)

    def values(self, arrays: Sequence[Array]) -> list[Array]:
        return [self.library.numpy(v) for v in several(self.inner(*map(self.library.constant, arrays)))]

    def sound(self) -> bool:
        """Whether the function itself can be worked with; else the verdict says why not."""
        arrays = self.arguments.arrays
        before = [a.copy() for a in arrays]
        try:
            first = self.values(arrays)
            mutated = [
                name for name, a, b in zip(self.arguments.names, arrays, before, strict=True) if not identical(a, b)
            ]
            first = [v.copy() for v in first]
            second = [] if mutated else self.values(arrays)
        except Exception as error:  # whatever a function raises is its own: it is reported, with the error
            self.end(Verdict.RAISES, f"{type(error).__name__}: {error}", error)
            return False
        if mutated:
            reason = f"the function writes into its argument {', '.join(mutated)}: let it work on a copy"
            self.end(Verdict.MUTATES, reason)
            for a, b in zip(arrays, before, strict=True):
                if a.flags.writeable:
                    a[...] = b
            return False
        self.floats = [i for i, v in enumerate(first) if v.dtype.kind in "fc"]
        same = len(first) == len(second) and all(map(identical, first, second))
        if self.floats and not same:
            reason = "two calls with the same arguments gave different results (random numbers? give them a fixed seed)"
            self.end(Verdict.NONDETERMINISTIC, reason)
            return False
        if not self.floats:
            kinds = sorted({str(v.dtype) if v.dtype != object else type(v.flat[0]).__name__ for v in first if v.size})
            reason = (
                f"the function returns {', '.join(kinds) or 'nothing'}; only floats and complex numbers have slopes"
            )
            self.end(Verdict.NOT_DIFFERENTIABLE, reason)
            return False
        self.outputs = values = [first[i] for i in self.floats]
        if any(v.size for v in values) and all(np.isnan(v).all() for v in values if v.size):
            self.end(Verdict.NOT_FINITE, "the function is NaN at this point, which has no derivative: choose another")
            return False
        return True

    def widened(self) -> list[Array] | None:
        """The point in double precision, where the function takes it."""
        wide = [a.astype(np.promote_types(a.dtype, float)) for a in self.arguments.arrays]
        try:
            got = self.values(wide)
        except Exception:  # a function may take its own precision alone: it is then judged in that
            return None
        return wide if all(v.dtype.itemsize >= (16 if v.dtype.kind == "c" else 8) for v in got) else None

    def reaches(self, arrays: Sequence[Array]) -> list[Array]:
        if self.reach is None:
            sizes = [np.where(np.isfinite(a), np.abs(a), 1) for a in arrays]
            return [np.where(np.isnan(a), 0, REACH * np.sqrt(np.maximum(1, s))) for a, s in zip(arrays, sizes)]
        if isinstance(self.reach, (int, float)):
            return [np.full(a.shape, float(self.reach)) for a in arrays]
        if len(self.reach) != len(arrays):
            wanted = ", ".join(self.arguments.names)
            raise ValueError(f"reach holds {len(self.reach)} arrays; one is needed for each of {wanted}")
        return [np.broadcast_to(np.asarray(r, float), a.shape) for r, a in zip(self.reach, arrays, strict=True)]

    def first(self, arrays: list[Array], modes: tuple[str, ...], order: int) -> FirstOrder | None:
        """Derivatives of order 1, and of the gradient in turn."""
        report, library = self.report, self.library
        names = self.arguments.names
        f: Callable[..., Any] = self.inner
        reach = self.reaches(arrays)
        found: FirstOrder | None = None
        results: list[str] | None = None
        for level in range(1, order + 1):
            label = ("", "second ", "third ")[level - 1] if level < 4 else f"{level}th "
            known = self.outputs if arrays is self.arguments.arrays else None
            function = Coordinates(library, f, arrays, reach, known)
            fast, analytic = self.fast or level > 1, self.analytic and level == 1
            here = FirstOrder(
                function, names, self.rng, kink=self.kink, fast=fast, analytic=analytic, label=label, results=results
            )
            try:
                pulled = library.vjp(f, arrays) if "reverse" in modes else None
                if level == 1 and pulled is not None:
                    outputs, pull = pulled
                    owned = library.name == "glassgrad"
                    report.findings += broken(pull, arrays, names, list(outputs), self.rng, owned, not self.fast)
                if not any("shape" in x.what for x in report.findings):
                    here.run(modes, pulled)
            except Exception as error:  # the rule's own: reported, with the error
                self.end(Verdict.RAISES, f"the {label}derivative raised {type(error).__name__}: {error}", error)
                return None
            if here.backward_only:
                modes = report.modes = ("reverse",)
            report.findings += here.findings
            report.elements += here.elements
            report.inconclusive += here.inconclusive
            report.kinks += here.kinks
            report.evaluations += function.evaluations
            found = found or here
            more = level < order and "second" in library.modes and "reverse" in modes
            if not more or report.findings or here.kinks or self.kink or not function.base.size or not function.count:
                break
            results = [f"(d {of} / d {x})" for of in ["out" if results is None else "gradient"] for x in names]
            f, names = library.gradient(f, len(arrays)), [*names, *_cotangents(len(function.outputs))]
            w = drawn(self.rng, (-0.7, 0.4, 1.3), function.outputs)
            w = [np.where(np.isfinite(out), c, 0).astype(c.dtype) for c, out in zip(w, function.outputs, strict=True)]
            arrays, reach = [*arrays, *w], [*reach, *(np.where(np.isfinite(out), 0.5, 0) for out in function.outputs)]
        return found

    def narrow(self, wide: FirstOrder, modes: tuple[str, ...]) -> None:
        """The same derivatives in the precision that was asked for: near those in double precision."""
        if "reverse" not in modes or self.report.findings:
            return
        arrays, report = self.arguments.arrays, self.report
        try:
            outputs, pull = self.library.vjp(self.inner, arrays)
            w = drawn(self.rng, (-2.0, 0.5, 1.0), outputs)
            w = [np.where(np.isfinite(out), c, 0).astype(c.dtype) for c, out in zip(w, outputs, strict=True)]
            got = pull(w)
            _, pull_wide = self.library.vjp(self.inner, wide.function.arrays)
            exact = pull_wide([c.astype(np.promote_types(c.dtype, float)) for c in w])
        except Exception as error:
            self.end(Verdict.RAISES, f"the derivative raised {type(error).__name__}: {error}", error)
            return
        findings = broken(pull, arrays, self.arguments.names, list(outputs), self.rng, False, not self.fast)
        report.findings += findings
        for name, a, g, h in zip(self.arguments.names, arrays, got, exact, strict=True):
            if g is None or h is None or g.shape != h.shape:
                continue
            eps = float(np.finfo(a.dtype).eps)
            off, scale = lost(g, h, w)
            at = np.unravel_index(int(np.argmax(np.where(np.isnan(off), np.inf, off))), off.shape) if off.size else None
            worst = off[at] if at is not None else 0.0
            if worst <= 300 * eps * scale:
                continue
            if worst <= 30 * eps**0.5 * scale or np.abs(h[at]) > np.finfo(a.dtype).max:
                report.inconclusive += 1
                continue
            place = tuple(map(int, at)) if at is not None else None
            report.findings.append(
                Finding(
                    f"gradient in {a.dtype}", name, place, None, float(np.real(g[at])), float(np.real(h[at])),
                    float(300 * eps * scale), float(np.real(h[at])), float(np.real(h[at])),
                    guess=f"{a.dtype}: right in double precision, lost or overflowed in this one",
                )
            )  # fmt: skip

    def settle(self) -> None:
        report = self.report
        report.findings.sort(key=lambda f: -f.size)
        if report.findings:
            report.verdict, report.reason = Verdict.WRONG, ""
        elif report.verdict is Verdict.RIGHT and report.inconclusive:
            reason = f"{report.inconclusive} derivatives cannot be told accurately enough by differences"
            self.end(Verdict.INCONCLUSIVE, f"{reason}; {report.elements} others are right")
        elif report.verdict is Verdict.RIGHT and report.kinks and not report.elements:
            self.end(Verdict.INCONCLUSIVE, "there is a kink at this point: move it, or say of which kind with kink=")
