"""Every op of the table against differences, in every shape, layout and keyword; and its conventions at kinks."""

from __future__ import annotations

import warnings

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import autograd.numpy as anp
from autograd import GradError, Tensor, grad, gradients, ops, vmap
from autograd.graph import push
from autograd.primitive import composites, table
from autograd.testing.oracle import slope
from autograd.testing.strategies import LAYOUTS, Call, calls, laid_out, registered

NAMES = sorted({*table, *composites})
# What orders, counts or decides by values, which inside vmap there are none of: a derivative there says so.
LOOKS_AT_VALUES = {
    "average", "cov", "cummax", "cummin", "distinct", "emath_arccos", "emath_arcsin", "emath_arctanh", "emath_log",
    "emath_log10", "emath_log2", "emath_logn", "emath_power", "emath_sqrt", "gradient", "histogram",
    "histogram2d", "histogram_bin_edges", "histogramdd", "interp", "intersect1d", "logspace", "lp_pool", "lstsq",
    "median", "nanmedian", "nanpercentile", "nanquantile", "pad", "partition", "percentile", "polydiv",
    "polyfit", "polymul",
    "quantile", "real_if_close", "roots", "select", "setdiff1d", "setxor1d", "sort", "sort_complex",
    "trim_zeros", "union1d", "unique", "unique_all", "unique_counts", "unique_inverse", "unique_values",
}  # fmt: skip
EXAMPLES = hypothesis.settings().max_examples


def leaf(array):
    """A leaf that keeps the array's own order in memory, which Tensor(array) need not."""
    tensor = Tensor(array, requires_grad=True)
    tensor.data = array
    return tensor


def size(array):
    return np.max(np.abs(array), initial=0.0)


def close(found, expected, tolerance, what):
    assert np.shape(found) == np.shape(expected), f"{what}: shape {np.shape(found)} is not {np.shape(expected)}"
    off = np.abs(np.asarray(found) - expected)
    bad = ~(off <= tolerance)
    if bad.any():
        at = tuple(int(i[0]) for i in np.nonzero(np.atleast_1d(bad)))
        first = [np.atleast_1d(a)[at] for a in (found, expected, np.broadcast_to(tolerance, np.shape(found)))]
        raise AssertionError(f"{what} at {at}: {first[0]!r} is not {first[1]!r} within {first[2]:.2g}")


def bound(found):
    """How far a gradient may be from the differences `found`."""
    return 30 * found.error + 1e-9 * (np.abs(found.value) + size(found.value)) + 1e-11


def moved(arrays, steps, t):
    return [a + t * s for a, s in zip(arrays, steps, strict=True)]


def reverse(call, arrays, w):
    """The gradients of <w, f(arrays)> as bare arrays."""
    tensors = [leaf(a) for a in arrays]
    return [g.data for g in gradients(call.apply(*tensors), tensors, gradient=w)]


def forward(out, tensors, steps):
    """The derivative of `out` along `steps`, by forward mode."""
    node = out._node
    pushed = push({t._node: s for t, s in zip(tensors, steps, strict=True)}, [node])[node]
    assert pushed.shape == out.shape and pushed.dtype == out.dtype
    return pushed


def check(call: Call, rng: np.random.Generator) -> None:
    arrays = call.arrays
    before = [a.copy() for a in arrays]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = np.asarray(call.expect(*arrays))
        values = call.apply(*arrays)
        assert not isinstance(values, Tensor), "plain arrays must give plain arrays"
        close(values, expected, 1e-12 * (1 + size(expected)), "value on bare arrays")
        tensors = [leaf(a) for a in arrays]
        out = call.apply(*tensors)
    close(out.data, expected, 1e-12 * (1 + size(expected)), "value on Tensors")
    assert out.dtype == expected.dtype
    if out.dtype.kind == "c":
        return  # see test_complex

    # first order: contracts
    w = rng.choice([-2.0, -0.7, 0.0, 0.4, 1.0, 1.3], out.shape)
    w = laid_out(w, rng.choice(LAYOUTS))
    w_before = w.copy()
    got = gradients(out, tensors, gradient=w, retain_graph=True)
    for g, a in zip(got, arrays, strict=True):
        assert g is not None and g.shape == a.shape and g.dtype == a.dtype
    for one in got:
        for other in (*arrays, w, *(g.data for g in got if g is not one)):
            assert not np.shares_memory(one.data, other), "a gradient shares memory"
    for a, b in zip((*arrays, w), (*before, w_before), strict=True):
        np.testing.assert_array_equal(a, b, "an input was written")
    again = gradients(out, tensors, gradient=np.ascontiguousarray(w).reshape(w.shape), retain_graph=True)
    for g, h in zip(got, again, strict=True):
        close(g.data, h.data, 1e-13 * (1 + size(h.data)), "gradient for another layout of the cotangent")

    # first order: each element along a random direction, each element's slope for small ones
    def along(steps):
        return slope(lambda t: np.asarray(call.apply(*moved(arrays, steps, t))))

    directions = [[r * rng.choice([-1.0, -0.6, 0.3, 1.0], r.shape) for r in call.reach]]
    if sum(a.size for a in arrays) <= 4:
        for i, r in enumerate(call.reach):
            for at in np.ndindex(r.shape):
                steps = [np.zeros_like(q) for q in call.reach]
                steps[i][at] = r[at]
                directions.append(steps)
    for steps in directions:
        found = along(steps)
        product = sum(np.sum(g.data * s) for g, s in zip(got, steps, strict=True))
        scale = sum(np.sum(np.abs(g.data * s)) for g, s in zip(got, steps, strict=True))
        within = np.sum(np.abs(w) * bound(found)) + 1e-10 * scale
        close(product, np.sum(w * found.value), within, "gradient")
        close(forward(out, tensors, steps), found.value, bound(found) + 1e-10 * scale, "forward derivative")

    # one argument at a time: the others are constants, whose values the graph may have let go
    for i in range(len(arrays) if len(arrays) > 1 else 0):
        mixed = [leaf(a) if j == i else a for j, a in enumerate(arrays)]
        (one,) = gradients(call.apply(*mixed), [mixed[i]], gradient=w)
        close(one.data, got[i].data, 1e-13 * (1 + size(one.data)), f"gradient with only argument {i} tracked")

    # second order: the recorded pass gives the same gradient, its own derivative along the inputs, and linearity in w
    seed = leaf(w)
    recorded = gradients(out, tensors, gradient=seed, create_graph=True)
    for g, h in zip(got, recorded, strict=True):
        close(h.data, g.data, 1e-12 * (1 + size(g.data)), "gradient with create_graph")
        assert h.dtype == g.dtype
    steps = directions[0]
    product = sum((g * s).sum() for g, s in zip(recorded, steps, strict=True))
    pushed, *second = gradients(product, [seed, *tensors])
    found = along(steps)
    close(pushed.data, found.value, bound(found), "derivative along a direction, by reverse over reverse")
    curves = [slope(lambda t, i=i: reverse(call, moved(arrays, steps, t), w)[i]) for i in range(len(arrays))]
    for i, (h, curve) in enumerate(zip(second, curves, strict=True)):
        h = np.zeros(arrays[i].shape) if h is None else h.data
        close(h, curve.value, bound(curve) + 1e-9 * size(got[i].data), f"second derivative, argument {i}")


def check_batch(call: Call, rng: np.random.Generator) -> None:
    """vmap gives what a loop over the examples gives: values, gradients inside it and gradients through it."""
    two = [[a, a + 0.5 * r * rng.choice([-1.0, 0.6], r.shape)] for a, r in zip(call.arrays, call.reach, strict=True)]
    axes = tuple(None if len(two) > 1 and rng.integers(3) == 0 else 0 for _ in two)
    axes = axes if any(a == 0 for a in axes) else (0, *axes[1:])
    examples = [[pair[i if axis == 0 else 0] for pair, axis in zip(two, axes, strict=True)] for i in range(2)]
    batch = [np.stack(pair) if axis == 0 else pair[0] for pair, axis in zip(two, axes, strict=True)]
    outs = [np.asarray(call.apply(*example)) for example in examples]
    w = rng.choice([-2.0, 0.5, 1.0], outs[0].shape)

    def loss(*arrays):
        return anp.sum(anp.real(call.apply(*arrays) * w))

    numbers = tuple(range(len(batch)))
    found = vmap(lambda *arrays: call.apply(*(anp.copy(a) for a in arrays)), axes)(*batch)
    close(found, np.stack(outs), 1e-12 * (1 + size(outs)), "vmap")
    inside = vmap(grad(loss, numbers), axes)(*batch)
    alone = [grad(loss, numbers)(*example) for example in examples]
    for i, g in enumerate(inside):
        expected = np.stack([one[i] for one in alone])
        close(g, expected, 1e-11 * (1 + size(expected)), f"gradient inside vmap, argument {i}")
    through = grad(lambda *arrays: anp.sum(vmap(loss, axes)(*arrays)), numbers)(*batch)
    for i, g in enumerate(through):
        expected = np.stack([one[i] for one in alone])
        expected = expected if axes[i] == 0 else expected.sum(axis=0)
        close(g, expected, 1e-11 * (1 + size(expected)), f"gradient through vmap, argument {i}")


def check_single(call: Call, rng: np.random.Generator) -> None:
    """float32 in, float32 out, and the gradient that float64 gives at the same point."""
    small = [a.astype(np.float32, order="K") for a in call.arrays]
    tensors = [leaf(a) for a in small]
    out = call.apply(*tensors)
    if out.dtype != np.float32:
        assert call.name == "astype" or "array" in call.note, f"float32 became {out.dtype}"
        return
    w = rng.choice([-2.0, 0.5, 1.0], out.shape).astype(np.float32)
    got = gradients(out, tensors, gradient=w)
    exact = reverse(call, [a.astype(float) for a in small], w.astype(float))
    for g, h in zip(got, exact, strict=True):
        assert g.dtype == np.float32
        close(g.data, h, 300 * np.finfo(np.float32).eps * (size(h) + size(w)), "gradient in float32")


def check_many(name: str, examples: int) -> None:
    @hypothesis.settings(max_examples=examples, suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(calls(name), st.integers(0, 3))
    def run(call, seed):
        with np.errstate(all="ignore"):
            check(call, np.random.default_rng(seed))
            check_single(call, np.random.default_rng(seed))

    run()


@pytest.mark.parametrize("name", NAMES)
def test_op_against_differences(name):
    check_many(name, min(12, EXAMPLES))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_op_against_differences_at_length(name):
    check_many(name, 2 * EXAMPLES)


def check_batches(name: str, examples: int) -> None:
    @hypothesis.settings(max_examples=examples, suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(calls(name), st.integers(0, 3))
    def run(call, seed):
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            by_memory = call.name in ("ravel", "reshape") and any(word in call.note for word in "AK")
            hypothesis.assume(not by_memory)  # a batch does not say how one example would lie in memory
            try:
                check_batch(call, np.random.default_rng(seed))
            except GradError:  # no values, or results of different shapes
                assert call.name in LOOKS_AT_VALUES, "needs its argument's values, and vmap has none"

    run()


@pytest.mark.parametrize("name", NAMES)
def test_op_inside_vmap(name):
    check_batches(name, 3)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_op_inside_vmap_at_length(name):
    check_batches(name, EXAMPLES)


@pytest.mark.parametrize("name", NAMES)
def test_complex_numbers_are_right_or_refused(name):
    @hypothesis.settings(max_examples=8, suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(calls(name), st.integers(0, 3))
    def run(call, seed):
        rng = np.random.default_rng(seed)
        arrays = [a + 1j * rng.uniform(0.2, 0.6, a.shape) for a in call.arrays]
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tensors = [leaf(np.asarray(a)) for a in arrays]
            try:
                out = call.apply(*tensors)
            except TypeError:
                return
            w = rng.choice([1.0, -0.5, 0.7j, 1 - 1j], out.shape)
            w = w if out.dtype.kind == "c" else w.real
            got = gradients(out, tensors, gradient=w, retain_graph=True)
            recorded = gradients(out, tensors, gradient=w, create_graph=True)
            for unit in (1, 1j, 0.6 - 0.8j):
                steps = [0.5 * unit * r * rng.choice([-1.0, 0.6, 1.0], r.shape) for r in call.reach]
                found = slope(lambda t, steps=steps: np.asarray(call.apply(*moved(arrays, steps, t))))
                pairs = [np.conj(g.data) * s for g, s in zip(got, steps, strict=True)]
                within = np.sum(np.abs(w) * bound(found)) + 1e-10 * sum(np.sum(np.abs(p)) for p in pairs)
                product = sum(np.sum(p) for p in pairs).real
                close(product, np.sum(np.conj(w) * found.value).real, within, "complex gradient")
                near = bound(found) + 1e-10 * sum(np.sum(np.abs(p)) for p in pairs)
                close(forward(out, tensors, steps), found.value, near, "complex forward derivative")
        for g, h in zip(got, recorded, strict=True):
            close(h.data, g.data, 1e-12 * (1 + size(g.data)), "complex gradient with create_graph")

    run()


def test_every_registered_strategy_belongs_to_an_op():
    assert set(registered) <= set(NAMES)


def test_an_op_without_a_strategy_fails():
    with pytest.raises(LookupError, match="'no_such_op' has no test"):
        calls("no_such_op")


def test_the_differences_know_their_error():
    for f, exact in ((np.sin, np.cos), (np.exp, np.exp), (np.arctan, lambda x: 1 / (1 + x * x))):
        for x in (-3.1, -0.4, 0.0, 1e-3, 0.77, 6.0):
            found = slope(lambda t, f=f, x=x: f(x + 0.1 * t))
            assert abs(found.value - 0.1 * exact(x)) <= found.error + 1e-15
            assert found.error < 1e-9


@pytest.mark.parametrize("at", [0.5, 0.05, 1e-3, 1e-4, 2e-5, 1e-6, 1e-9, 0.0])
def test_differences_across_a_kink_claim_no_accuracy(at):
    found = slope(lambda t: np.abs(t - at))
    assert found.error > 1e-3 or abs(found.value + 1) <= 30 * found.error


@pytest.mark.parametrize("wrong", [lambda g, x: g * np.cos(x) * 1.0001, lambda g, x: -g * np.cos(x), lambda g, x: g])
def test_a_wrong_rule_is_found(wrong, monkeypatch):
    op = table["sin"]
    monkeypatch.setattr(op, "rules", (lambda g, out, args: wrong(g, args[0]),))
    call = Call("sin", (np.array([0.5, 1.0]),), op.function, np.sin, (np.full(2, 0.1),))
    with pytest.raises(AssertionError, match="gradient"):
        check(call, np.random.default_rng(0))


# ---------------------------------------------------------------------- conventions where there is no derivative
def grads(f, *values):
    """Gradients of sum(f(*values)); no NumPy warning may come out of the backward pass."""
    tensors = [Tensor(v, requires_grad=True, dtype=float) for v in values]
    with np.errstate(all="ignore"):
        out = f(*tensors).sum()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        out.backward()
    found = [t.grad.data.tolist() for t in tensors]
    return found if len(found) > 1 else found[0]


@pytest.mark.parametrize("f", [anp.maximum, anp.minimum, anp.fmax, anp.fmin])
def test_two_equal_arguments_share(f):
    assert grads(f, [1.0, 2.0], [1.0, 2.0]) == [[0.5, 0.5], [0.5, 0.5]]


@pytest.mark.parametrize("f", [ops.max, ops.min])
def test_tied_extremes_share(f):
    assert grads(f, [[2.0, 2.0], [2.0, 2.0]]) == [[0.25, 0.25], [0.25, 0.25]]
    assert grads(lambda x: f(x, axis=0), [[1.0, 2.0], [1.0, 2.0]]) == [[0.5, 0.5], [0.5, 0.5]]
    assert grads(f, -np.inf * np.ones(2)) == [0.5, 0.5]


@pytest.mark.parametrize("f", [ops.relu, anp.abs, anp.fabs])
def test_kinks_at_zero_are_flat(f):
    assert grads(f, [0.0, -0.0]) == [0.0, 0.0]


def test_hypot_at_the_origin_is_flat():
    assert grads(anp.hypot, 0.0, 0.0) == [0.0, 0.0]


def test_clip_on_a_bound_flows():
    assert grads(lambda x: anp.clip(x, 0.0, 1.0), [-1.0, 0.0, 0.5, 1.0, 2.0]) == [0.0, 1.0, 1.0, 1.0, 0.0]


def test_clip_between_equal_bounds_is_flat():
    assert grads(lambda x: anp.clip(x, 1.0, 1.0), [0.0, 1.0, 2.0]) == [0.0, 0.0, 0.0]
    assert grads(anp.clip, [0.0, 1.0, 2.0], 1.0, 1.0) == [[0.0, 0.0, 0.0], 1.0, 2.0]
    assert grads(anp.clip, 1.0, [1.0, 0.0], [1.0, 1.0]) == [1.0, [0.0, 0.0], [1.0, 0.0]]


def test_products_with_zeros():
    assert grads(anp.prod, [0.0, 2.0, 3.0]) == [6.0, 0.0, 0.0]
    assert grads(anp.prod, [0.0, 0.0, 3.0]) == [0.0, 0.0, 0.0]
    assert grads(anp.cumprod, [2.0, 0.0, 3.0]) == [1.0, 8.0, 0.0]
    x = Tensor([0.0, 2.0, 0.0], requires_grad=True)
    (first,) = gradients(anp.prod(x), [x], create_graph=True)
    (second,) = gradients(first, [x], gradient=[1.0, 0.0, 0.0])
    assert second.data.tolist() == [0.0, 0.0, 2.0]  # d2/dx0 dx2 = x1


@pytest.mark.parametrize("value", [0.1, 3.0, 1e-300, 0.0, 1e8 + 0.1])
@pytest.mark.parametrize("n", [1, 3, 7])
def test_the_spread_of_a_constant_is_flat(value, n):
    np.testing.assert_allclose(grads(anp.std, [value] * n), 0, atol=1e-6)
    np.testing.assert_allclose(grads(anp.var, [value] * n), 0, atol=1e-6)


def test_logsumexp_and_logaddexp_of_nothing():
    assert ops.logsumexp(np.full(3, -np.inf)) == -np.inf
    assert grads(ops.logsumexp, np.full(3, -np.inf)) == [0.0, 0.0, 0.0]
    assert grads(ops.logsumexp, [-np.inf, 1.0]) == [0.0, 1.0]
    assert grads(anp.logaddexp, -np.inf, -np.inf) == [0.0, 0.0]
    assert grads(anp.logaddexp, -np.inf, 2.0) == [0.0, 1.0]


def test_a_fully_masked_row_of_softmax_is_zero():
    x = np.array([[-np.inf, -np.inf], [0.0, -np.inf]])
    assert ops.softmax(x).tolist() == [[0.0, 0.0], [1.0, 0.0]]
    assert grads(lambda x: ops.softmax(x) * [1.0, 2.0], x) == [[0.0, 0.0], [0.0, 0.0]]
    assert np.isfinite(grads(lambda x: ops.log_softmax(x)[1, :1], x)).all()


@pytest.mark.parametrize(
    "f",
    [
        lambda x: anp.where(x > 0, anp.log(x), 0.0),
        lambda x: anp.where(x > 0, anp.sqrt(x), 0.0),
        lambda x: anp.where(x > 0, 1 / x, 0.0),
        lambda x: anp.where(x > 0, x**0.5, 0.0),
        lambda x: anp.where(x > 0, x**-1, 0.0),
        lambda x: anp.where(x > 0, anp.log(x) * anp.sqrt(x), x * 0),
        lambda x: anp.where(x > 0, anp.arctanh(x + 3.0), 0.0),
        lambda x: anp.maximum(anp.where(x > 0, anp.log(x), -1.0), -1.0),
        lambda x: anp.log(x)[anp.flatnonzero(x.data > 0)],
    ],
)
def test_an_untaken_singular_branch_leaves_no_trace(f):
    found = grads(f, [-1.0, 0.0, 2.0])
    assert found[:2] == [0.0, 0.0]
    assert np.isfinite(found[2]) or "arctanh" in str(f)


def test_an_untaken_branch_is_clean_in_second_order_too():
    x = Tensor([-1.0, 0.0, 2.0], requires_grad=True)
    with np.errstate(all="ignore"):
        y = anp.where(x > 0, anp.log(x), 0.0).sum()
    (first,) = gradients(y, [x], create_graph=True)
    (second,) = gradients(first.sum(), [x])
    assert first.data.tolist() == [0.0, 0.0, 0.5]
    assert second.data.tolist() == [0.0, 0.0, -0.25]


def test_infinities_of_both_signs_give_nan_not_an_error():
    with np.errstate(all="ignore"):
        assert np.isnan(grads(lambda x: anp.sqrt(x) - anp.sqrt(x), 0.0))
        assert np.isnan(grads(lambda x: anp.sqrt(x) - anp.sqrt(x) + anp.sqrt(x), [0.0, 1.0])[0])
        assert np.isnan(grads(lambda x: anp.sqrt(anp.broadcast_to(x, (2,))) * [1.0, -1.0], 0.0))
        assert np.isnan(grads(lambda x: (x + [0.0, 0.0]) ** 0.5 * [1.0, -1.0], 0.0))


def test_powers_at_base_zero():
    for n, expected in ((0, 0.0), (1, 1.0), (2, 0.0), (3, 0.0), (2.0, 0.0), (0.0, 0.0)):
        assert grads(lambda x, n=n: x**n, 0.0) == expected
        assert grads(lambda x, n=n: x ** np.array(n), 0.0) == expected
    assert grads(anp.power, 0.0, 2.0) == [0.0, 0.0]
    assert grads(anp.power, 0.0, 0.0) == [0.0, 0.0]
    assert grads(lambda x: x**2, -3.0) == -6.0
    x = Tensor(0.0, requires_grad=True)
    (first,) = gradients(x**3, [x], create_graph=True)
    assert gradients(first, [x])[0].item() == 0.0


def test_indices_that_come_twice_add_twice():
    assert grads(lambda x: x[[0, 0, -3, 1]] * [1.0, 10.0, 100.0, 1000.0], [1.0, 2.0, 3.0]) == [111.0, 1000.0, 0.0]
    assert grads(lambda x: x[np.array([0, -1, 1])], [[1.0], [2.0]]) == [[1.0], [2.0]]
    assert grads(lambda w: ops.embedding(w, np.array([[1, 1], [1, 0]])), [[1.0], [2.0], [3.0]]) == [[1.0], [3.0], [0.0]]


def test_einsum_traces_and_axes_of_size_one():
    assert grads(lambda x: anp.einsum("ii->", x), np.ones((2, 2))) == [[1.0, 0.0], [0.0, 1.0]]
    a, b = grads(lambda x, y: anp.einsum("ij,ij->ij", x, y), np.ones((1, 3)), 2 * np.ones((2, 3)))
    assert a == [[4.0, 4.0, 4.0]] and b == [[1.0] * 3] * 2


def test_axes_that_do_not_exist_are_errors():
    x = Tensor(np.ones((2, 3)), requires_grad=True)
    for call in (
        lambda: anp.tensordot(x, x, axes=((2,), (0,))),
        lambda: anp.tensordot(x, x, axes=((0, -2), (0, 1))),
        lambda: anp.tensordot(x, x, axes=3),
        lambda: anp.take(x, [0], axis=2),
        lambda: x.sum(axis=2),
        lambda: anp.stack([x, x], axis=4),
        lambda: x @ 2.0,
        lambda: anp.take_along_axis(x, np.zeros((1, 1), int), axis=2),
        lambda: anp.split(x, 2, axis=5),
    ):
        with pytest.raises((ValueError, IndexError)):
            call()


@pytest.mark.parametrize("f", [ops.sigmoid, ops.softmax, ops.log_softmax, ops.logsumexp, anp.tanh, ops.gelu])
def test_large_arguments_do_not_overflow(f):
    assert np.isfinite(grads(lambda x: f(x).sum(), [800.0, -800.0, 0.0])).all()
    assert np.isfinite(grads(lambda x: ops.gelu(x, "tanh"), [800.0, -800.0])).all()
    assert grads(anp.logaddexp, 800.0, -800.0) == [1.0, 0.0]


@pytest.mark.parametrize("f", [anp.add, anp.multiply, anp.divide, anp.power, anp.maximum, anp.arctan2, anp.hypot])
def test_dtypes_mix_as_in_numpy_and_each_gradient_keeps_its_own(f):
    x = Tensor([1.5, 2.0], requires_grad=True, dtype=np.float32)
    y = Tensor([0.5], requires_grad=True, dtype=np.float64)
    out = f(x, y)
    assert out.dtype == np.float64
    a, b = gradients(out.sum(), [x, y])
    assert (a.dtype, b.dtype) == (np.float32, np.float64)


def test_layers_take_mixed_dtypes():
    x = Tensor(np.ones((2, 3)), requires_grad=True, dtype=np.float32)
    w = Tensor(np.ones(3), requires_grad=True)
    for out in (ops.layer_norm(x, w), ops.layer_norm(x, None, w), ops.rms_norm(x, w), ops.linear(x, np.eye(3), w)):
        assert out.dtype == np.float64
        assert [g.dtype for g in gradients(out.sum(), [x, w])] == [np.float32, np.float64]


def test_functions_of_a_number_along_its_axis():
    x = Tensor(2.0, requires_grad=True)
    for f in (anp.cumsum, anp.cumprod):
        assert gradients(f(x, 0).sum(), [x])[0].item() == 1.0


def test_a_triangle_of_a_vector():
    assert grads(anp.tril, [1.0, 2.0, 3.0]) == [3.0, 2.0, 1.0]
