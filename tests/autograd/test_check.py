"""check_grads and its kin: right rules pass at any dtype, structure and kink; wrong ones are told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import Tensor, ops
from autograd.primitive import primitive
from autograd.testing import Verdict, check_grads, check_jvp, check_vjp
from autograd.testing.libraries.plain import Plain

X = np.array([[0.5, -1.0, 2.0], [0.3, 1.7, -0.4]])
V = np.array([0.7, -0.3, 1.9])
REALS = (np.float16, np.float32, np.float64, np.longdouble)
COMPLEX = (np.complex64, np.complex128, np.clongdouble)


def right(report, least=1):
    assert report.verdict is Verdict.RIGHT, report
    assert report.elements >= least and not report.findings
    return report


def wrong(report, guess="", argument=None):
    assert report.verdict is Verdict.WRONG and not report, report
    assert report.findings and guess in report.findings[0].guess, report
    assert argument is None or report.findings[0].argument == argument, report
    return report


# ---------------------------------------------------------------------- right rules
@pytest.mark.parametrize("dtype", REALS + COMPLEX, ids=lambda d: d.__name__)
@pytest.mark.parametrize(
    "f", [anp.sin, anp.sum, lambda x: x @ x.T, lambda x: (x * x).mean(), lambda x: anp.cumprod(x.ravel())]
)
def test_right_at_every_dtype(f, dtype):
    right(check_grads(f, X.astype(dtype)))


@pytest.mark.parametrize("dtype", REALS + COMPLEX, ids=lambda d: d.__name__)
def test_right_where_precisions_mix(dtype):
    right(check_grads(anp.multiply, X.astype(dtype), V))


@pytest.mark.parametrize(
    "f",
    [
        anp.abs,
        anp.conj,
        lambda z: z.real * z.imag,
        lambda z: anp.exp(z * 1j),
        lambda z: (z * anp.conj(z)).real,
        anp.fft.fft,
    ],
)
def test_right_at_complex_numbers(f):
    right(check_grads(f, X + 1j * X[::-1]))


def test_a_complex_result_of_real_arguments():
    right(check_grads(lambda x: anp.exp(1j * x), X))
    right(check_grads(lambda x, z: x * z, X, X + 2j))


class Pair(NamedTuple):
    w: object
    b: object


@dataclass
class Layer:
    w: object
    b: object


@pytest.mark.parametrize("kind", [Pair, Layer, lambda w, b: {"w": w, "b": b}, lambda w, b: [w, (b, None)]])
def test_structures_go_in_and_come_out(kind):
    def f(p, *, scale):
        w, b = (p.w, p.b) if isinstance(p, (Pair, Layer)) else p.values() if isinstance(p, dict) else (p[0], p[1][0])
        return {"y": (w @ b * scale, anp.sin(b)), "count": 3}

    right(check_grads(f, kind(X, V), scale=3.0), least=100)


def test_names_lead_to_the_place_in_a_structure():
    @primitive(x=lambda g, x: g * x)
    def careless_square(x):
        return x * x

    report = wrong(check_grads(lambda p: careless_square(p["layers"][1]), {"layers": [X, V]}), "1/2")
    assert report.findings[0].argument == "p['layers'][1]"


def test_several_results_are_told_apart():
    report = check_vjp(lambda x: (x, x * x), lambda g, x: g[0] + g[1] * x, V)
    assert {f.result for f in wrong(report).findings} == {"out1"}


def test_wrt_chooses():
    def vjp(g, x, y):
        return g * y, g * y  # right for x alone

    right(check_vjp(np.multiply, vjp, V, V + 1, wrt=0))
    wrong(check_vjp(np.multiply, vjp, V, V + 1, wrt=[0, 1]), "swapped", "x2")
    wrong(check_vjp(np.multiply, vjp, V, V + 1, wrt=-1), "")
    with pytest.raises(ValueError, match="wrt=2: there are 2 arguments"):
        check_vjp(np.multiply, vjp, V, V, wrt=2)


@pytest.mark.parametrize("x", [np.array(0.5), 0.5, np.float32(0.5), [0.5, 2.0], Tensor(X, requires_grad=True)], ids=str)
def test_numbers_and_tensors(x):
    right(check_grads(lambda x: anp.sin(x) if not isinstance(x, list) else x[0] * x[1] ** 3, x))


@pytest.mark.parametrize("x", [np.zeros((0, 3)), np.zeros(0)])
def test_nothing_in_an_array_is_right(x):
    assert check_grads(anp.sin, x).verdict is Verdict.RIGHT
    assert check_grads(anp.sum, x).verdict is Verdict.RIGHT
    right(check_grads(lambda x, y: anp.concatenate([x.ravel(), y]), x, V))


@pytest.mark.parametrize(
    "x",
    [np.asfortranarray(X), X[::-1, ::-1], np.repeat(X, 2, 1)[:, ::2], np.broadcast_to(V, (2, 3))],
    ids=["Fortran", "reversed", "strided", "broadcast"],
)
def test_right_at_every_layout_and_the_argument_stays(x):
    before = x.copy()
    right(check_grads(lambda x: anp.sin(x) * x, x))
    np.testing.assert_array_equal(x, before)


def test_read_only_arguments():
    x = X.copy()
    x.flags.writeable = False
    right(check_grads(anp.exp, x))


@pytest.mark.parametrize(("a", "b"), [((2, 1, 3), (4, 1)), ((), (2, 2)), ((1,), (3,)), ((0,), (1,)), ((2, 3), (3,))])
def test_right_where_shapes_broadcast(a, b, rng):
    report = check_grads(lambda x, y: x * anp.sin(y), rng.normal(size=a), rng.normal(size=b))
    assert report.verdict is Verdict.RIGHT, report


def test_large_arrays_are_sampled(rng):
    x, w = rng.normal(size=(30, 20)), rng.normal(size=(20, 10))
    assert check_grads(lambda x, w: anp.tanh(x @ w), x, w, order=1)
    report = check_vjp(np.matmul, lambda g, x, w: (g @ w.T, x.T @ g * 1.001), x, w)
    wrong(report, "")
    assert check_grads(lambda x: (x**2).sum(), rng.normal(size=(300, 200))).ok


def test_one_wrong_element_among_many_is_found(rng):
    def vjp(g, x):
        out = g * np.cos(x)
        out[77, 11] *= 1.01
        return out

    assert not check_vjp(np.sin, vjp, rng.normal(size=(90, 90)))


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_right_to_any_order(order):
    right(check_grads(lambda x: anp.exp(x) * anp.sin(x), V, order=order))


def test_a_wrong_second_derivative_behind_a_right_first():
    @primitive(x=lambda g, x: g * np.asarray(np.cos(getattr(x, "data", x))))  # the tracked value is dropped
    def sine(x):
        return np.sin(x)

    right(check_grads(sine, V, order=1))
    report = wrong(check_grads(sine, V, order=2))
    assert report.findings[0].what.startswith("second") and report.findings[0].result == "(d out / d x)"


@pytest.mark.parametrize("seed", range(5))
def test_a_fast_look_passes_the_right_and_finds_the_wrong(seed):
    right(check_grads(lambda x, y: anp.exp(x) * anp.sin(y), V, V, fast=True, seed=seed))
    report = check_vjp(np.sin, lambda g, x: g * np.cos(x) * [1, 1, 1.001], V, fast=True, seed=seed)
    assert report.findings[0].at == (2,), "a mismatch is looked into in full"


def test_a_check_is_the_same_every_time():
    first, again = (str(check_vjp(np.sin, lambda g, x: g * 0.9, V, seed=3)) for _ in range(2))
    assert first == again


def test_analytic_functions_take_the_complex_step():
    report = right(check_grads(lambda x: anp.exp(x) / (1 + x * x), V, analytic=True))
    assert report.evaluations < 60
    wrong(check_vjp(np.exp, lambda g, x: g * np.exp(x) * (1 + 1e-8), V, analytic=True))
    # one that is not analytic after all is judged by differences
    assert check_grads(anp.arctan2, V, V[::-1].copy(), analytic=True).ok


def test_a_mode_that_is_not_there_is_left_out():
    class Halved(Plain):
        def jvp(self, f, arrays, tangents):
            raise NotImplementedError("no forward mode for this function")

    library = Halved(vjp=lambda g, x: g * np.cos(x), jvp=lambda t, x: t)
    assert right(check_grads(np.sin, V, library=library, order=1)).modes == ("reverse",)
    assert check_grads(np.sin, V, library=library, modes="forward").verdict is Verdict.RAISES


# ---------------------------------------------------------------------- kinks and edges
KINKS = [
    (anp.abs, "elementwise", [0.0, 1.0, -1.0]),
    (ops.relu, "elementwise", [0.0, 1.0, -0.0]),
    (lambda x: anp.maximum(x, [0.0, 2.0, 1.0]), "elementwise", [0.0, 1.0, 1.0]),
    (lambda x: anp.clip(x, -1, 1), "elementwise", [1.0, -1.0, 0.3]),
    (anp.max, "convex", [2.0, 2.0, -1.0]),
    (anp.linalg.norm, "convex", [0.0, 0.0, 0.0]),
    (anp.min, "concave", [-1.0, 2.0, -1.0]),
    (anp.sort, "selection", [2.0, 2.0, -1.0]),
    (anp.median, "selection", [2.0, 2.0, -1.0, 2.0]),
]


@pytest.mark.parametrize(("f", "kind", "x"), KINKS)
def test_right_at_declared_kinks(f, kind, x):
    report = right(check_grads(f, np.array(x), kink=kind))
    assert kind == "selection" or not report.kinks


@pytest.mark.parametrize(("f", "kind", "x"), KINKS)
def test_at_kinks_of_unknown_kind_nothing_is_judged(f, kind, x):
    report = check_grads(f, np.array(x))
    assert report.ok and report.kinks, report
    assert f"{report.kinks} more lie at a kink" in str(report)


WRONG_AT_KINKS = [
    (np.abs, lambda g, x: g * np.where(x == 0, 1.5, np.sign(x)), "elementwise", [0.0, 1.0], ""),
    (np.abs, lambda g, x: g * np.where(x > 0, 1.0, -2.0), "elementwise", [0.0, 1.0], "at 0"),
    (np.max, lambda g, x: g * (x == x.max()), "convex", [1.0, 2.0, 2.0], "ties"),
    (np.max, lambda g, x: g * (x == x.max()), None, [1.0, 2.0, 2.0], "ties"),
    (np.sort, lambda g, x: g * [1.0, 1.0, 0.0], "selection", [1.0, 2.0, 2.0], "ties"),
    (np.linalg.norm, lambda g, x: g * x / np.linalg.norm(x), "convex", [0.0, 0.0], "no guard at 0"),
    (np.linalg.norm, lambda g, x: g * x / np.linalg.norm(x), None, [0.0, 0.0], "no guard at 0"),
    (np.prod, lambda g, x: g * np.prod(x) / x, None, [0.0, 2.0, 3.0], "no guard at 0"),
    (np.abs, lambda g, x: g * x / np.sqrt(x * x), None, [0.0, 2.0, 3.0], "no guard at 0"),
]


@pytest.mark.parametrize(("f", "vjp", "kind", "x", "guess"), WRONG_AT_KINKS)
def test_wrong_at_kinks(f, vjp, kind, x, guess):
    with np.errstate(all="ignore"):
        wrong(check_vjp(f, vjp, np.array(x), kink=kind), guess)


def test_edges_are_no_failures():
    assert check_grads(anp.sqrt, np.array([0.0, 1.0]))
    assert check_grads(lambda x: x**1.5, np.array([0.0, 1.0]))
    assert check_grads(anp.arccos, np.array([1.0, 0.1, -1.0]))
    assert check_grads(anp.cbrt, np.array([0.0, 0.1, -1.0]))
    assert check_grads(anp.floor, np.array([0.0, 0.1]))
    assert check_grads(anp.exp, np.array([1520.0, 1.0])), "what overflows has no slope to compare"
    assert check_grads(lambda x: 1 / x, np.array([1e-8, 3e-9]))
    assert check_grads(anp.linalg.solve, np.array([[1, 1], [1, 1 + 1e-7]]), np.array([1.0, 2.0]))
    assert check_grads(anp.linalg.inv, 1 / (1 + np.arange(5)[:, None] + np.arange(5.0)), order=1), (
        "an ill-conditioned matrix"
    )


def test_infinite_arguments_stay_where_they_are():
    right(check_grads(anp.logaddexp, np.array([-np.inf, 1.0]), np.array([-np.inf, -np.inf])))
    right(check_grads(ops.softmax, np.array([[-np.inf, -np.inf], [0.0, -np.inf]])))
    assert check_grads(anp.sin, np.array([np.nan, 1.0]))


def test_what_computes_in_single_precision_is_no_bug():
    assert check_grads(lambda x: anp.sin(x.astype(np.float32)).astype(float), V)
    rule = check_vjp(lambda x: np.sin(x.astype("f")).astype(float), lambda g, x: g * np.cos(x), V)
    assert rule.ok, rule


def test_noise_is_no_bug():
    def noisy(x):
        return np.sin(x) + 1e-8 * np.sin(1e13 * x)

    assert check_vjp(noisy, lambda g, x: g * np.cos(x), V).ok


def test_too_much_noise_is_inconclusive_and_says_so():
    def noisy(x):
        return np.sin(x) + np.sin(1e13 * x)

    report = check_vjp(noisy, lambda g, x: g * np.cos(x), V)
    assert report.verdict is Verdict.INCONCLUSIVE and report.ok
    assert "cannot be told accurately enough" in str(report)


def test_a_rule_that_loses_single_precision_is_told():
    report = check_vjp(
        lambda x: np.logaddexp(0, x), lambda g, x: g * np.exp(x) / (1 + np.exp(x)), np.array([60.0, 100.0], "f")
    )
    assert "gradient in float32" in str(report) and "overflow" in str(report)


# ---------------------------------------------------------------------- what kind of mistake it is
A, B = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.5, 0.2], [0.3, -1.0]])
MISTAKES = {
    "missing unbroadcast": (lambda x, b: x + b, lambda g, x, b: (g, g), (X, V)),
    "the wrong axis": (lambda x, b: x + b, lambda g, x, b: (g, g.sum(1)), (np.ones((3, 3)), V)),
    "missing broadcast": (np.sum, lambda g, x: g, (V,)),
    "1/2 times": (lambda x: (x**2).sum(), lambda g, x: g * x, (V,)),
    "6 times the derivative (6 is the number of elements": (np.mean, lambda g, x: g * np.ones_like(x), (X,)),
    "minus the derivative": (np.cos, lambda g, x: g * np.sin(x), (V,)),
    "transposed": (lambda a, b: a @ b, lambda g, a, b: (g @ b, a.T @ g), (A, B)),
    "transposed: axes 0 and 1": (lambda a: (a * A).sum(), lambda g, a: g * A.T, (B,)),
    "reversed": (np.cumsum, lambda g, x: np.cumsum(g[::-1]), (V,)),
    "swapped": (np.multiply, lambda g, a, b: (g * a, g * b), (V, V[::-1].copy())),
    "no gradient at all": (np.sin, lambda g, x: 0 * g, (V,)),
    "no gradient": (np.sin, lambda g, x: None, (V,)),
    "the cotangent itself": (np.sin, lambda g, x: g, (V,)),
    "1 in every element of the diagonal": (lambda x: x**2, lambda g, x: g * (2 * x + 1), (V,)),
    "0.1 in every element": (lambda x: (x**2).sum(), lambda g, x: g * (2 * x + 0.1), (V,)),
    "gives x times": (np.exp, lambda g, x: g * x * np.exp(x), (V,)),
    "gives 1/x times": (np.exp, lambda g, x: g / x * np.exp(x), (V,)),
    "terms are missing": (lambda x: x[[0, 0, 1]], lambda g, x: np.array([g[0], g[2], 0]), (V,)),
    "terms too many": (lambda x: x * [2, 0, 3], lambda g, x: g * [2, 1, 3], (V,)),
    "only where the argument is 0": (np.exp, lambda g, x: g * np.where(x, np.exp(x), 0), (np.array([0.0, 1, 2]),)),
    "only where the argument is negative": (np.exp, lambda g, x: g * np.exp(abs(x)), (np.array([-1.0, 1, -2]),)),
}


@pytest.mark.parametrize("guess", MISTAKES)
def test_the_guess_names_the_mistake(guess):
    f, vjp, args = MISTAKES[guess]
    report = wrong(check_vjp(f, vjp, *args), guess)
    assert f"looks like: {report.findings[0].guess}" in str(report)


@pytest.mark.parametrize(
    ("f", "vjp"),
    [(lambda z: z * z, lambda g, z: g * 2 * z), (np.abs, lambda g, z: g * np.conj(z) / np.abs(z))],
)
def test_a_forgotten_conjugate(f, vjp):
    wrong(check_vjp(f, vjp, V + 1j), "the complex conjugate", "Im z" if f is not np.abs else "Im x")
    assert check_vjp(f, lambda g, z: np.conj(vjp(np.conj(g), z)), V + 1j)


def test_the_worst_element_comes_first_and_the_report_can_be_read():
    report = check_vjp(np.sin, lambda g, x: g * np.cos(x) * [1, 1.0001, 1.5], V, name="my sine")
    assert [f.at for f in report.findings] == [(2,), (1,)]
    assert str(report).splitlines()[0] == "my sine (plain): wrong"
    assert "gradient: d out[2] / d x[2] is -0.48" in str(report).splitlines()[1]
    assert str(report).splitlines()[-1] == "  at x = [0.7, -0.3, 1.9]"
    assert report.to_dict()["findings"][0]["at"] == (2,)
    assert repr(report) == str(report)


def test_a_report_of_many_findings_stays_short(rng):
    report = check_vjp(np.sin, lambda g, x: g, rng.normal(size=(7, 9)))
    assert len(report.findings) == 63 and len(str(report)) < 1500 and "and 58 more" in str(report)
    assert check_vjp(np.sin, lambda g, x: g, rng.normal(size=500)).point.endswith("of shape (500,)")


# ---------------------------------------------------------------------- promises
def spoilt_argument(g, x):
    x += 1
    return g


def spoilt_cotangent(g, x):
    g *= np.cos(x)
    return g


def by_memory(g, x):
    return np.frombuffer(np.asarray(g, order="K").ravel("K").tobytes()).reshape(x.shape) * np.cos(x)


def makes_random():
    rng = np.random.default_rng(0)
    return lambda g, x: g * rng.normal()


BROKEN = {
    "shape of the gradient of x: (1, 2, 3)": lambda g, x: (g * np.cos(x))[None],
    "dtype of the gradient of x: float32": lambda g, x: (g * np.cos(x)).astype("f"),
    "mutation of x": spoilt_argument,
    "mutation of the cotangent": spoilt_cotangent,
    "layout of x: a cotangent that is in Fortran order": by_memory,
    "linearity of x": lambda g, x: g * g * np.cos(x),
    "determinism of x": makes_random(),
}


@pytest.mark.parametrize("promise", BROKEN)
def test_broken_promises(promise):
    x = X.copy()
    assert promise in str(wrong(check_vjp(np.sin, BROKEN[promise], x)))


def test_gradients_that_share_memory():
    @primitive(lambda g: (g, g), arrays=("x", "y"))
    def plus(x, y):
        return x + y

    assert check_grads(plus, X, X).ok, "the engine copies what rules hand on twice"


def test_a_tangent_of_another_shape():
    report = wrong(check_jvp(np.sum, lambda t, x: t, V))
    assert "shape of the tangent" in str(report)
    right(check_jvp(np.sum, lambda t, x: t.sum(), V))


def test_values_that_differ_when_recorded():
    def f(x):
        return x * (2.0 if isinstance(x, Tensor) and x.requires_grad else 3.0)

    assert "value: the function's result is another" in str(check_grads(f, V))


# ---------------------------------------------------------------------- what cannot be checked
def writes(x):
    x += 1
    return x


def growing():
    calls = []
    return lambda x: calls.append(0) or x * len(calls)


def missing(x):
    return x.no_such_method()


REFUSED = {
    "nondeterministic": (growing(), "two calls with the same arguments gave different results"),
    "not differentiable": (lambda x: np.argmax(x), "returns int64; only floats"),
    "mutates": (writes, "writes into its argument x: let it work on a copy"),
    "not finite": (lambda x: np.log(-abs(x)), "is NaN at this point"),
    "raises": (missing, "AttributeError"),
}


@pytest.mark.parametrize("verdict", REFUSED)
def test_functions_that_cannot_be_checked(verdict):
    f, sentence = REFUSED[verdict]
    x = V.copy()
    report = check_vjp(f, lambda g, x: g, x)
    assert report.verdict == verdict and not report.ok
    assert sentence in report.reason and sentence in str(report)
    np.testing.assert_array_equal(x, V)


@pytest.mark.parametrize("f", [lambda x: None, lambda x: "text", lambda x: x > 0, lambda x: (), lambda x: object()])
def test_results_without_floats(f):
    assert check_vjp(f, lambda g, x: g, V).verdict is Verdict.NOT_DIFFERENTIABLE


@pytest.mark.parametrize("x", [np.arange(3), np.array([True]), "abc", 3, None])
def test_arguments_without_floats(x):
    report = check_grads(lambda x: x, x)
    assert report.verdict is Verdict.NOTHING_TO_CHECK
    assert "no argument holds floats" in report.reason
    assert not isinstance(x, np.ndarray) or f"x is {x.dtype}: give floats" in report.reason


def test_errors_of_the_derivative_are_reported_with_it():
    def broken(g, x):
        raise KeyError("lost")

    report = check_vjp(np.sin, broken, V)
    assert report.verdict is Verdict.RAISES and isinstance(report.error, KeyError)
    assert "the derivative raised KeyError: 'lost'" in str(report)


@pytest.mark.parametrize(
    ("vjp", "sentence"),
    [
        (lambda g, x, y: g, "the vjp returned 1 gradient for 2 arguments: return a tuple"),
        (lambda g, x, y: (g, g, g), "the vjp returned 3 gradients for 2 arguments"),
        (lambda g: g, "takes 1 positional argument"),
    ],
)
def test_the_wrong_number_of_gradients(vjp, sentence):
    report = check_vjp(np.add, vjp, V, V)
    assert report.verdict is Verdict.RAISES and sentence in str(report)


def test_requests_that_make_no_sense():
    with pytest.raises(ValueError, match="the kinds are smooth, elementwise"):
        check_grads(anp.sin, V, kink="pointwise")
    with pytest.raises(ValueError, match="modes are 'reverse' and 'forward'"):
        check_grads(anp.sin, V, modes=["backward"])
    with pytest.raises(ValueError, match="reach holds 1 arrays; one is needed for each of x, y"):
        check_vjp(lambda x, y: x * y, lambda g, x, y: (g * y, g * x), V, V, reach=[V])
    with pytest.raises(ValueError, match="order is at least 1"):
        check_grads(anp.sin, V, order=0)
    with pytest.raises(ValueError, match="no adapter is called 'pytorch'"):
        check_grads(anp.sin, V, library="pytorch")
    assert check_grads(anp.sin, V, modes="forward").modes == ("forward",)
    assert check_grads(np.sin, V, library=Plain(), modes="forward").verdict is Verdict.NOTHING_TO_CHECK


def test_no_warning_escapes():
    check_grads(lambda x: 1 / x, np.zeros(2))
    check_grads(anp.log, V)
    check_grads(anp.exp, V * 800)


# ---------------------------------------------------------------------- rules written by hand
def test_a_rule_gets_all_arguments_and_gives_none_for_those_without_gradient():
    right(check_vjp(lambda x, n: x**n, lambda g, x, n: (g * n * x ** (n - 1), None), V, 3))
    right(check_vjp(lambda x, n: x**n, lambda g, x, n: g * n * x ** (n - 1), V, 3))
    right(check_jvp(lambda x, n: x**n, lambda t, x, n: t * n * x ** (n - 1), V, 3))


def test_a_rule_gets_the_keywords_that_it_has():
    def vjp(g, x, axis):
        return np.repeat(np.expand_dims(g, axis), x.shape[axis], axis)

    right(check_vjp(np.sum, vjp, X, axis=1))
    right(check_vjp(np.sum, lambda g, x: np.ones_like(x) * g, X, axis=0))


def test_cotangents_come_in_the_structure_of_the_results():
    right(check_vjp(lambda x: {"a": x, "b": (2 * x, 5)}, lambda g, x: g["a"] + 2 * g["b"][0], V))
    right(check_vjp(lambda p: p["w"] * p["b"], lambda g, p: {"w": g * p["b"], "b": g * p["w"]}, {"w": V, "b": V + 1}))
    right(check_vjp(lambda p: p[0] * p[1], lambda g, p: [g * p[1], g * p[0]], [V, V + 1]))
