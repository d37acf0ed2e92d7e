"""The points that the strategies draw: values are NumPy's, gradients what the kind of kink allows."""

from __future__ import annotations

import warnings

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from autograd import Tensor, gradients
from autograd.primitive import composites, table
from autograd.testing.opcheck import check_call
from autograd.testing.oracle import slope
from autograd.testing.strategies import kinked, op_calls, tensors
from autograd.testing.strategies.base import kink_call, refused, refused_call

NAMES = sorted({*table, *composites})
GENERIC = sorted(n for n in table if table[n].elementwise)
EXAMPLES = hypothesis.settings().max_examples
STEPS = 2.0 ** -np.arange(6, 16)


def gradient(call, k):
    """The gradient of output `k`, one array for each argument."""
    tensors = [Tensor(a, requires_grad=True) for a in call.arrays]
    out = call.apply(*tensors)
    w = np.zeros(out.shape)
    w.flat[k] = 1.0
    return [g.data for g in gradients(out, tensors, gradient=w)]


def one_sided(f, sign):
    """The slope of `f` at 0 on one side, extrapolated, and how far two extrapolations are apart."""
    values = np.array([(f(sign * t) - f(0.0)) / (sign * t) for t in STEPS])
    once = 2 * values[1:] - values[:-1]
    twice = (4 * once[1:] - once[:-1]) / 3
    apart = np.abs(np.diff(twice))
    best = int(np.argmin(apart)) if np.isfinite(apart).any() else 0
    return twice[best + 1], apart[best]


def nearby(call, k, steps, rng):
    """Slopes along `steps` at points around: whose hull holds every generalised gradient (Clarke, 1975)."""
    found = []
    for _ in range(60):
        at = [a + 1e-2 * r * rng.uniform(-1, 1, r.shape) for a, r in zip(call.arrays, call.reach, strict=True)]

        def value(t, at=at):
            return np.asarray(call.apply(*(a + t * s for a, s in zip(at, steps, strict=True)))).flat[k]

        found.append((value(1e-6) - value(-1e-6)) / 2e-6)
    return min(found), max(found)


def check_point(call, rng):
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = np.asarray(call.expect(*call.arrays))
        out = np.asarray(call.apply(*call.arrays))
        size = np.max(np.abs(expected), initial=0, where=np.isfinite(expected))
        np.testing.assert_allclose(out, expected, rtol=1e-9, atol=1e-9 * size + 1e-13)
        if out.dtype.kind == "c":
            return
        for k in rng.permutation(out.size)[:3]:
            g = gradient(call, k)
            if call.convention is not None:
                w = np.zeros(out.shape)
                w.flat[k] = 1.0
                for one, promised in zip(g, call.convention(w, *call.arrays), strict=True):
                    np.testing.assert_allclose(one, promised, rtol=1e-9, atol=1e-12, err_msg=repr(call))
            else:
                assert all(np.isfinite(one).all() for one in g), f"{call!r}: output {k} has the gradient {g}"
            if not np.isfinite(out.flat[k]):
                continue
            units = [(i, at) for i, a in enumerate(call.arrays) for at in np.ndindex(a.shape)]
            directions = [[r.copy() for r in call.reach], [r * rng.uniform(-1, 1, r.shape) for r in call.reach]]
            for n in rng.permutation(len(units))[:6]:
                i, at = units[n]
                steps = [np.zeros_like(r) for r in call.reach]
                steps[i][at] = call.reach[i][at]
                directions.append(steps)
            for number, steps in enumerate(directions):

                def value(t, steps=steps, k=k):
                    return np.asarray(call.apply(*(a + t * s for a, s in zip(call.arrays, steps, strict=True)))).flat[k]

                slope = sum(np.real(np.sum(one * s)) for one, s in zip(g, steps, strict=True))
                if call.kink == "jump":
                    continue
                (left, e1), (right, e2) = one_sided(value, -1), one_sided(value, 1)
                size = np.max([np.abs(left), np.abs(right), np.abs(out.flat[k]) * 1e-4])
                near = 10 * (e1 + e2) + 1e-6 * size + 1e-9
                if call.kink == "selection" and number != 0:
                    low, high = nearby(call, k, steps, rng)
                    near += 1e-3 * max(abs(low), abs(high)) + 0.2 * (high - low)  # the hull of a few points
                else:
                    low, high = min(left, right), max(left, right)
                text = f"{call!r}, kink {call.kink}: output {k} along {steps} has slope {slope}, not in [{low}, {high}]"
                assert low - near <= slope <= high + near, text
                if call.kink is None:
                    assert high - low <= 2 * near, text + ": it is no smooth point"


def run_points(strategy, examples):
    @hypothesis.settings(max_examples=examples, suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(strategy, st.integers(0, 3))
    def run(call, seed):
        check_point(call, np.random.default_rng(seed))

    run()


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(kinked))
def test_gradients_at_registered_points_at_length(name):
    run_points(st.one_of(kinked[name]), EXAMPLES)


@pytest.mark.parametrize("name", sorted(refused))
def test_where_there_is_no_derivative_it_is_refused(name):
    @hypothesis.settings(max_examples=20, suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(st.one_of(refused[name]))
    def run(call):
        assert call.refused and check_call(call)

    run()


def test_a_gradient_where_none_is_to_be_is_a_finding():
    x = np.array([2.0, 0.0])
    report = check_call(refused_call("square", [x], np.square))
    assert [f.what for f in report.findings] == ["gradient", "gradient with create_graph", "forward derivative"]


@pytest.mark.slow
@pytest.mark.parametrize("name", GENERIC)
def test_gradients_of_elementwise_ops_at_kinks_and_large_values_at_length(name):
    run_points(op_calls(name), EXAMPLES)


# A few of each kind: an op of every family that has points of its own.
QUICK = (
    "absolute", "arctan2", "cummax", "clip", "copysign", "cumprod", "det", "hypot", "logaddexp", "logsumexp", "lp_pool",
    "max", "max_pool", "median", "norm", "pad", "poly", "power", "prod", "relu", "sinc", "softmax", "sort", "std",
    "vector_norm", "where", "xlogy",
)  # fmt: skip


@pytest.mark.parametrize("name", QUICK)
def test_gradients_at_kinks_are_what_the_declaration_says(name):
    run_points(op_calls(name), min(4, EXAMPLES))


def test_points_of_elementwise_ops_come_from_their_declarations():
    for name, kink in (("absolute", "convex"), ("minimum", "concave"), ("i0e", "elementwise"), ("remainder", "jump")):
        call = hypothesis.find(op_calls(name), lambda c: c.kink is not None and any(0.0 in a for a in c.arrays))
        assert call.kink == kink
    large = hypothesis.find(op_calls("tanh"), lambda c: 800.0 in c.arrays[0])
    assert large.kink is None
    with pytest.raises(hypothesis.errors.NoSuchExample):  # exp(800) overflows
        hypothesis.find(op_calls("exp"), lambda c: 800.0 in c.arrays[0], settings=hypothesis.settings(max_examples=60))


def test_without_kinks_all_points_are_smooth():
    @hypothesis.given(op_calls("max", kinks=False))
    def run(call):
        assert call.kink is None and len(np.unique(call.arrays[0])) == call.arrays[0].size

    run()


@pytest.mark.parametrize("name", ["exp", "multiply", "matmul", "sinc", "power", "getitem", "tanh"])
def test_a_complex_step_gives_the_slope_where_a_call_says_so(name):
    seen = []

    @hypothesis.settings(max_examples=6)
    @hypothesis.given(op_calls(name))
    def run(call):
        if call.analytic:
            seen.append(call)
            steps = [0.5 * r for r in call.reach]
            moved = call.apply(*(a + 1e-20j * s for a, s in zip(call.arrays, steps, strict=True)))
            found = slope(
                lambda t: np.asarray(call.apply(*(a + t * s for a, s in zip(call.arrays, steps, strict=True))))
            )
            within = 30 * found.error + 1e-9 * np.abs(found.value) + 1e-11
            assert np.all(np.abs(np.imag(moved) / 1e-20 - found.value) <= within)

    run()
    assert seen


@pytest.mark.parametrize(
    "name", ["absolute", "conjugate", "real", "fft", "angle", "relu", "logaddexp", "max", "nextafter"]
)
def test_what_is_not_analytic_does_not_say_so(name):
    @hypothesis.settings(max_examples=6)
    @hypothesis.given(op_calls(name))
    def run(call):
        assert not call.analytic

    run()


@hypothesis.settings(max_examples=30)
@hypothesis.given(tensors(dtypes=[np.float32, np.float64, np.int64, complex]))
def test_tensors_have_a_gradient_where_they_can(x):
    assert isinstance(x, Tensor) and x.dtype in (np.float32, np.float64, np.int64, complex)
    assert not x.requires_grad or x.dtype.kind in "fc"


def test_tensors_are_like_an_example():
    like = Tensor(np.zeros((2, 3), np.float32))
    x = hypothesis.find(tensors(like, requires_grad=True), lambda x: not x.data.flags.c_contiguous)
    assert (x.shape, x.dtype, x.requires_grad) == ((2, 3), np.float32, True)
    assert hypothesis.find(tensors(requires_grad=None), lambda x: x.requires_grad).requires_grad
    assert hypothesis.find(tensors(), lambda x: x.size == 0).size == 0
    assert hypothesis.find(tensors((3,), low=0.0, high=1.0), lambda x: True).data.max() < 1


def test_a_gradient_that_is_not_the_promised_one_is_a_finding():
    x = np.array([0.0, 2.0])
    half, whole = (
        kink_call("absolute", [x], np.abs, np.abs, "convex", convention=rule)
        for rule in (lambda w, x: [w * (np.sign(x) + 0.5 * (x == 0))], lambda w, x: [w * np.sign(x)])
    )
    assert check_call(whole)
    assert {f.what for f in check_call(half).findings} == {"gradient by convention"}


def test_where_no_element_may_move_the_promise_alone_is_looked_at():
    x = np.array([-1.0, 4.0])
    right, wrong = (
        kink_call("sqrt", [x], np.sqrt, np.sqrt, "jump", most=0.0, convention=lambda w, x, at=at: [w * [at, 0.25]])
        for at in (np.nan, 0.0)
    )
    assert check_call(right)
    assert not check_call(wrong)
