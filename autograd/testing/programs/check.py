"""What judges the engine by a program: NumPy, forward mode, the recorded pass, differences, a rewrite."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd.numpy
from autograd import GradError, Tensor, gradients
from autograd.graph import push
from autograd.testing.contracts import largest
from autograd.testing.oracle import slopes
from autograd.testing.programs.program import NUMPY, PROTOCOL, Program

ROUNDING = 1e-9
REFUSALS = ("a plain array", "does not turn into an array by itself")
WIDE = 1e-3  # a bound wider than this part of the value says nothing


@dataclass(frozen=True)
class Judgement:
    """What a check found.

    Attributes
    ----------
    verdict : str
        "right", "wrong", "inconclusive" (no oracle could tell), "refused" (the engine said that it cannot, and why),
        "raises" or "nothing to check".
    oracle : str
        The first that disagreed, or that could not tell.
    detail : str
    program : Program
    protocol : bool
        NumPy's own functions were called on Tensors.
    """

    verdict: str
    oracle: str
    detail: str
    program: Program
    protocol: bool = False

    @property
    def ok(self) -> bool:
        """Nothing wrong was found."""
        return self.verdict not in ("wrong", "raises")

    def script(self) -> str:
        """A script that shows it."""
        what = f"{self.oracle}: {self.detail}"
        return self.program.script(what, second="second" in self.oracle, protocol=self.protocol)

    def __str__(self) -> str:
        return f"{self.verdict} ({self.oracle}): {self.detail}\n{self.script()}" if not self.ok else self.verdict


class _Disagreement(Exception):
    def __init__(self, oracle: str, detail: str) -> None:
        super().__init__(detail)
        self.oracle, self.detail = oracle, detail


class _CannotTell(_Disagreement):
    pass


def _close(found: Any, expected: Any, within: Any, oracle: str, what: str) -> None:
    found, expected = _plain(found), np.asarray(expected)
    if found.shape != expected.shape:
        raise _Disagreement(oracle, f"{what} has shape {found.shape}, not {expected.shape}")
    off = np.abs(found - expected)
    bad = ~(off <= within)
    if bad.any():
        at = tuple(int(i) for i in np.argwhere(np.atleast_1d(bad))[0])
        one, two, bound = (np.atleast_1d(np.broadcast_to(a, np.shape(found)))[at] for a in (found, expected, within))
        raise _Disagreement(
            oracle, f"{what} at {at if found.ndim else ()} is {one:.12g}, not {two:.12g} (within {bound:.2g})"
        )


def _plain(value: Any) -> Any:
    return value.data if isinstance(value, Tensor) else np.asarray(value)


class _Check:
    def __init__(self, program: Program, seed: int) -> None:
        self.program = program
        self.seed = seed
        # The engine's own names, or NumPy's, which reach it by its protocols.
        self.namespace: Any = PROTOCOL if seed % 2 else autograd.numpy
        self.kept = program.kept()
        self.unsure = ""

    # ------------------------------------------------------------------ runs
    def reverse(self, arrays: Sequence[Any], kept: Any = None, **options: Any) -> tuple[Any, list[Tensor], list[Any]]:
        tensors = [Tensor(a, requires_grad=True) for a in arrays]
        scope = self.program.trace(self.namespace, tensors, kept)
        loss = scope["loss"]
        if not isinstance(loss, Tensor) or not loss.requires_grad:
            return scope, tensors, [None] * len(tensors)
        return scope, tensors, list(gradients(loss, tensors, retain_graph=True, **options))

    def along(self, i: int, t: float) -> list[Any]:
        return [np.array(x + t * s) for x, s in zip(self.program.inputs, self.program.steps[i], strict=True)]

    # ------------------------------------------------------------------ oracles
    def run(self) -> None:
        self.values()
        if not self.tracked:
            raise _CannotTell("nothing to check", "the loss does not depend on the inputs")
        self.modes()
        self.recorded()
        self.rewrite()
        self.differences()
        if self.seed % 5 == 0:
            self.second()
        if self.unsure:
            raise _CannotTell("differences", self.unsure)

    def values(self) -> None:
        program = self.program
        expected = program.trace(NUMPY, [x.copy() for x in program.inputs])
        self.scope, self.tensors, found = self.reverse(program.inputs)
        self.tracked = isinstance(self.scope["loss"], Tensor) and self.scope["loss"].requires_grad
        for name in [*(line.makes for line in program.lines if line.makes), *program.outputs]:
            a, b = _plain(self.scope[name]), np.asarray(_plain(expected[name]))
            if a.dtype != b.dtype:
                raise _Disagreement("NumPy's values", f"{name} has dtype {a.dtype}, not {b.dtype}")
            _close(a, b, ROUNDING * (1 + largest(b)), "NumPy's values", name)
        for i, (tensor, x) in enumerate(zip(self.tensors, program.inputs, strict=True)):
            _close(tensor, x, 0.0, "NumPy's values", f"input {i}, which nothing writes,")
        self.gradient = []
        for i, (g, x) in enumerate(zip(found, program.inputs, strict=True)):
            if g is not None and (g.shape != x.shape or g.dtype != x.dtype):
                raise _Disagreement(
                    "shape", f"the gradient of argument {i} is {g.dtype}{g.shape}, not {x.dtype}{x.shape}"
                )
            self.gradient.append(np.zeros(x.shape) if g is None else _plain(g))
        self.scale = 1 + largest(*self.gradient)

    def modes(self) -> None:
        names = [n for n in (*self.program.outputs, "loss") if getattr(self.scope[n], "_node", None) is not None]
        self.pushed = []
        for steps in self.program.steps:
            seeds: dict[Any, Any] = {t._node: s for t, s in zip(self.tensors, steps, strict=True)}
            nodes = {n: self.scope[n]._node for n in names}
            found = push(seeds, list(dict.fromkeys(nodes.values())))
            tangents = {n: found.get(node) for n, node in nodes.items()}
            self.pushed.append(tangents)
            product = sum(np.sum(g * s) for g, s in zip(self.gradient, steps, strict=True))
            size = sum(np.sum(np.abs(g * s)) for g, s in zip(self.gradient, steps, strict=True))
            pushed = tangents.get("loss")
            within = ROUNDING * (size + self.scale)
            _close(
                0.0 if pushed is None else pushed,
                product,
                within,
                "reverse against forward",
                "the derivative along a direction",
            )

    def recorded(self) -> None:
        _, _, found = self.reverse(self.program.inputs, create_graph=True)
        self._same(found, "the recorded pass", self.gradient)

    def _same(self, found: Sequence[Any], oracle: str, expected: Sequence[Any]) -> None:
        for i, (g, h) in enumerate(zip(found, expected, strict=True)):
            g = np.zeros(h.shape) if g is None else _plain(g)
            _close(h, g, ROUNDING * self.scale, oracle, f"the gradient of argument {i}")

    def rewrite(self) -> None:
        """The same program without views and writes, through the engine."""
        tensors = [Tensor(a, requires_grad=True) for a in self.program.inputs]
        scope = self.program.functional(autograd.numpy, tensors)
        loss = scope["loss"]
        _close(
            _plain(self.scope["loss"]),
            _plain(loss),
            ROUNDING * (1 + self.program.size),
            "the functional rewrite",
            "the loss",
        )
        found = gradients(loss, tensors) if isinstance(loss, Tensor) and loss.requires_grad else [None] * len(tensors)
        self._same(found, "the functional rewrite", self.gradient)

    def _slope(self, f: Callable[[float], Any], expected: Any, floor: float, oracle: str, what: str) -> None:
        """Compare `expected` with differences of `f`: a few first, and more where these do not decide."""
        base = f(0.0)
        found: Any = None
        for fast in (True, False):
            found = slopes(lambda _, t: f(t), 1, base, fast=fast)
            value, error = found.value[0], found.error[0]
            within = 30 * error + 1e-9 * (np.abs(value) + largest(value)) + floor
            wide = within > WIDE * (np.abs(value) + 0.05 * self.scale)
            if not wide.any() and np.all(np.abs(expected - value) <= within):
                return
        if found.kink.any():
            raise _CannotTell("differences", "a kink at the point")
        _close(expected, value, within, oracle, what)
        self.unsure = f"{oracle}: the bound is too wide"

    def differences(self) -> None:
        i = self.seed // 2 % 2
        names = (*self.program.outputs, "loss")
        parts = []
        for name in names:
            here, pushed = _plain(self.scope[name]), self.pushed[i].get(name)
            parts.append(np.zeros(here.shape, here.dtype) if pushed is None else pushed)
        product = sum(np.sum(g * s) for g, s in zip(self.gradient, self.program.steps[i], strict=True))
        expected = _flat([*parts, product])
        what = f"the derivative of {', '.join(names)} and, by reverse mode, of the loss along a direction"

        def f(t: float) -> Any:
            scope = self.program.trace(NUMPY, self.along(i, t), self.kept)
            return _flat([_plain(scope[name]) for name in (*names, "loss")])

        self._slope(f, expected, 1e-10 * (1 + self.program.size), "differences", what)

    def second(self) -> None:
        i = self.seed // 2 % 2
        _, tensors, found = self.reverse(self.program.inputs, create_graph=True)
        terms = [(g * s).sum() for g, s in zip(found, self.program.steps[i], strict=True) if g is not None]
        product: Any = sum(terms)
        curved = isinstance(product, Tensor) and product.requires_grad
        pulled = gradients(product, tensors) if curved else [None] * len(tensors)
        rows = [np.zeros(x.shape) if h is None else _plain(h) for h, x in zip(pulled, self.program.inputs, strict=True)]
        floor = 1e-8 * self.scale + 1e-10 * self.program.size
        what = "the Hessian times a direction, flattened,"
        self._slope(lambda t: self._moved_gradient(i, t), _flat(rows), floor, "second derivative", what)

    def _moved_gradient(self, i: int, t: float) -> Any:
        _, _, found = self.reverse(self.along(i, t), self.kept)
        return _flat(
            [np.zeros(x.shape) if g is None else _plain(g) for g, x in zip(found, self.program.inputs, strict=True)]
        )


def _flat(parts: Sequence[Any]) -> Any:
    """All parts in one real array; complex numbers as their two."""
    rows: list[Any] = []
    for part in parts:
        part = np.ravel(part)
        rows += [part.real, part.imag] if part.dtype.kind == "c" else [part]
    return np.concatenate(rows) if rows else np.zeros(0)


def check_program(program: Program, seed: int = 0, *, peers: bool = False) -> Judgement:
    """Run `program` through every oracle, until one disagrees.

    In this order: NumPy's values, reverse against forward mode, the recorded pass, a rewrite without views and writes,
    differences with an error bound, second derivatives (for every fifth seed), and with `peers` PyTorch and JAX where
    they are installed and know every line. Odd seeds call NumPy's own functions on Tensors.

    Returns
    -------
    Judgement
        Never raises for a wrong gradient.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.testing.programs import build, check_program
    >>> check_program(build([np.array([[0.5, 2.0]])], [("multiply", ""), ("sort", "")])).ok
    True
    """
    program = program.live()
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check = _Check(program, seed)
            check.run()
            if peers:
                from autograd.testing.programs.peers import compare

                detail = compare(program, check.gradient)
                if detail:
                    raise _Disagreement("another engine", detail)
    except _CannotTell as found:
        verdict = "nothing to check" if found.oracle == "nothing to check" else "inconclusive"
        oracle, detail = found.oracle, found.detail
    except _Disagreement as found:
        verdict, oracle, detail = "wrong", found.oracle, found.detail
    except GradError as error:
        verdict, oracle, detail = "refused", "the engine", str(error)
    except Exception as error:
        # A constant cannot take in what is tracked, and says so.
        said = isinstance(error, TypeError) and any(words in str(error) for words in REFUSALS)
        verdict, oracle, detail = "refused" if said else "raises", type(error).__name__, str(error)
    else:
        verdict, oracle, detail = "right", "", ""
    return Judgement(verdict, oracle, detail, program, protocol=bool(seed % 2))
