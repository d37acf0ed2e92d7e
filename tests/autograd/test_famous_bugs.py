"""Gradients that other engines have got wrong, each under its tracker's number. None of them may come back here."""

from __future__ import annotations

import threading
import warnings

import numpy as np
import pytest

import autograd as ag
import autograd.numpy as anp
from autograd import Tensor, grad, gradients, ops


def slopes(f, *values, weights=1.0):
    """The gradients of sum(weights * f(*values)) as lists; the backward pass may not warn."""
    tensors = [Tensor(v, requires_grad=True, dtype=float) for v in values]
    with np.errstate(all="ignore"):
        out = (f(*tensors) * weights).sum()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = [None if g is None else g.data.tolist() for g in gradients(out, tensors)]
    return found if len(found) > 1 else found[0]


def second(f, *values, along=1.0):
    """The gradients of sum(along * gradient of sum(f)) with respect to the first argument."""
    tensors = [Tensor(v, requires_grad=True, dtype=float) for v in values]
    with np.errstate(all="ignore"):
        (first,) = gradients(f(*tensors).sum(), tensors[:1], create_graph=True)
        (found,) = gradients((first * along).sum(), tensors[:1])
    return np.zeros(np.shape(values[0])).tolist() if found is None else found.data.tolist()


# ---------------------------------------------------------------------- products
@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ([2.0, 3.0, 4.0], [12.0, 8.0, 6.0]),
        ([0.0, 3.0, 4.0], [12.0, 0.0, 0.0]),
        ([2.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
        ([0.0], [1.0]),
        ([], []),
    ],
)
def test_prod_at_zero(x, expected):
    """HIPS #378, tinygrad #17404: dividing the product by the element gives NaN."""
    assert slopes(anp.prod, x) == expected


def test_prod_at_zero_in_second_order():
    """pytorch #106789: the mixed derivative of two zeros is the product of the others."""
    x = Tensor([0.0, 5.0, 0.0], requires_grad=True)
    (first,) = gradients(anp.prod(x), [x], create_graph=True)
    for i, expected in enumerate([[0.0, 0.0, 5.0], [0.0, 0.0, 0.0], [5.0, 0.0, 0.0]]):
        assert gradients(first[i], [x], retain_graph=True)[0].data.tolist() == expected


def test_prod_of_rows_with_and_without_zeros():
    """HIPS #378, along an axis: each row has its own zeros."""
    x = [[2.0, 3.0], [0.0, 7.0], [0.0, 0.0]]
    assert slopes(lambda x: anp.prod(x, axis=-1), x) == [[3.0, 2.0], [7.0, 0.0], [0.0, 0.0]]


def test_cumprod_with_zeros():
    """tensorflow #119430, pytensor #1911; HIPS #257 has none at all."""
    # x0 + x0 x1 + x0 x1 x2 + x0 x1 x2 x3
    assert slopes(anp.cumprod, [2.0, 0.0, 3.0, 5.0]) == [1.0, 2.0 + 6.0 + 30.0, 0.0, 0.0]
    assert slopes(anp.cumprod, [0.0, 2.0, 0.0, 4.0]) == [1.0 + 2.0, 0.0, 0.0, 0.0]
    # d2/dx0 dx1 of x0 x1 + x0 x1 x2
    assert second(anp.cumprod, [0.0, 0.0, 3.0], along=[1.0, 0.0, 0.0]) == [0.0, 4.0, 0.0]


# ---------------------------------------------------------------------- kinks and ties
def test_norm_at_zero():
    """HIPS #151, #268, #586, #617, pytorch #2421: 0/0."""
    assert slopes(anp.linalg.norm, [0.0, 0.0]) == [0.0, 0.0]
    rows = slopes(lambda x: anp.linalg.norm(x, axis=1), [[0.0, 0.0], [3.0, 4.0]])
    assert rows[0] == [0.0, 0.0] and rows[1] == pytest.approx([0.6, 0.8])
    for order in (1, 2, 3, np.inf):
        assert slopes(lambda x, order=order: anp.linalg.norm(x, order), [0.0, 0.0]) == [0.0, 0.0]
    assert slopes(anp.hypot, 0.0, 0.0) == [0.0, 0.0]
    assert slopes(anp.abs, [0.0, -0.0]) == [0.0, 0.0]


def test_ties_of_max_share():
    """mxnet #18563, pytorch #56734: all ones add up to more than the slope along (1, 1, ...)."""
    assert slopes(anp.max, [1.0, 3.0, 3.0]) == [0.0, 0.5, 0.5]
    assert slopes(lambda x: anp.min(x, axis=0), [[1.0, 2.0], [1.0, 3.0]]) == [[0.5, 1.0], [0.5, 0.0]]
    assert slopes(anp.maximum, [2.0], [2.0]) == [[0.5], [0.5]]
    assert slopes(lambda x: anp.maximum(x, x), [2.0]) == [1.0]


def test_powers_at_base_zero():
    """pytorch #27134, HIPS #116: n x^(n-1) at n = 0, and x^y log(x) for y."""
    assert slopes(lambda x: x**0, 0.0) == 0.0
    assert slopes(lambda x: x**1, 0.0) == 1.0
    assert slopes(lambda x: x**2.0, [0.0, -2.0]) == [0.0, -4.0]
    assert slopes(anp.power, 0.0, 2.0) == [0.0, 0.0]
    assert slopes(anp.power, 0.0, 0.0) == [0.0, 0.0]
    assert slopes(anp.power, -2.0, 2.0)[0] == -4.0
    assert second(lambda x: x**2, 0.0) == 2.0
    assert second(lambda x: x**3, 0.0) == 0.0


def test_the_spread_of_a_constant_and_of_one_element():
    """pytorch #4320: std at variance 0."""
    assert slopes(anp.std, [3.0]) == [0.0]
    assert slopes(anp.std, [3.0, 3.0]) == [0.0, 0.0]
    assert slopes(anp.var, [3.0]) == [0.0]
    assert slopes(lambda x: anp.std(x, axis=1), [[1.0, 1.0], [1.0, 3.0]]) == [[0.0, 0.0], [-0.5, 0.5]]


# ---------------------------------------------------------------------- infinities and branches not taken
def test_logsumexp_of_minus_infinities():
    """pytorch #31829, jax #6811: -inf - -inf."""
    assert slopes(ops.logsumexp, [-np.inf, -np.inf]) == [0.0, 0.0]
    assert slopes(ops.logsumexp, [-np.inf, 0.0]) == [0.0, 1.0]
    assert slopes(ops.logsumexp, [np.inf, 0.0]) == [1.0, 0.0]
    assert slopes(anp.logaddexp, -np.inf, -np.inf) == [0.0, 0.0]


def test_a_fully_masked_row_of_softmax():
    """pytorch #131060: a row of -inf only, as in attention where a query may look at nothing."""
    x = [[-np.inf, -np.inf], [-np.inf, 0.0]]
    assert ops.softmax(np.array(x)).tolist() == [[0.0, 0.0], [0.0, 1.0]]
    assert slopes(ops.softmax, x, weights=np.array([1.0, 2.0])) == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize(
    "f",
    [
        lambda x: anp.where(x > 0, anp.log(x), 0.0),
        lambda x: anp.where(x > 0, anp.sqrt(x), 0.0),
        lambda x: anp.where(x > 0, 1.0 / x, x),
        lambda x: anp.where(x > 0, x**-0.5, 0.0),
        lambda x: anp.where(x == 0, 1.0, anp.sin(x) / x),
        lambda x: anp.where(x > 0, anp.exp(1.0 / x), 0.0),
    ],
)
def test_a_branch_that_was_not_taken(f):
    """HIPS #802, tinygrad #12409, pytorch #68425 and #23395, jax #1052 and #347: 0 * inf is NaN."""
    first = slopes(f, 0.0)
    assert np.isfinite(first) and first in (0.0, 1.0)
    assert second(f, 0.0) == 0.0


def test_large_numbers_do_not_overflow():
    """pytorch #188467, tinygrad #12296."""
    assert slopes(ops.sigmoid, [1000.0, -1000.0]) == [0.0, 0.0]
    assert slopes(lambda x: anp.logaddexp(x, 0.0), [1000.0, -1000.0]) == [1.0, 0.0]
    assert slopes(anp.tanh, [1000.0, -1000.0]) == [0.0, 0.0]
    assert slopes(anp.hypot, 3e200, 4e200) == pytest.approx([0.6, 0.8])
    assert slopes(ops.logsumexp, [1000.0, 1000.0]) == pytest.approx([0.5, 0.5])


def test_sinc_at_zero_to_second_order():
    """pytorch #56760, #196703: the second derivative at 0 is -pi^2 / 3."""
    assert slopes(anp.sinc, [0.0]) == [0.0]
    assert second(anp.sinc, [0.0]) == pytest.approx([-(np.pi**2) / 3])
    for x in (1e-9, 1e-5, 1e-3, 0.02):
        assert slopes(anp.sinc, x) == pytest.approx(-(np.pi**2) * x / 3 + np.pi**4 * x**3 / 30, rel=1e-6)
        assert second(anp.sinc, x) == pytest.approx(-(np.pi**2) / 3 + np.pi**4 * x**2 / 10, rel=1e-4)


# ---------------------------------------------------------------------- indices and axes
def test_an_index_that_comes_twice_counts_twice():
    """pytorch #1528, #57006, HIPS #39: a gradient that is assigned, not added."""
    assert slopes(lambda x: x[[0, 0, -2]], [1.0, 2.0]) == [3.0, 0.0]
    assert slopes(lambda x: anp.take(x, [1, 1, -1]), [1.0, 2.0]) == [0.0, 3.0]
    assert slopes(lambda x: anp.take_along_axis(x, np.array([[1, 1]]), 1), [[1.0, 2.0]]) == [[0.0, 2.0]]
    y = Tensor(np.zeros(2))
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    np.add.at(y, [0, 0, 1], x)
    assert y.data.tolist() == [3.0, 3.0]
    assert gradients((y * [10.0, 1.0]).sum(), [x])[0].data.tolist() == [10.0, 10.0, 1.0]


def test_einsum_traces_and_axes_of_size_one():
    """HIPS #115, #376."""
    w = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert slopes(lambda x: anp.einsum("ii", x), w) == [[1.0, 0.0], [0.0, 1.0]]
    assert slopes(lambda x: anp.einsum("ii->i", x), w, weights=np.array([5.0, 7.0])) == [[5.0, 0.0], [0.0, 7.0]]
    assert slopes(lambda x, y: anp.einsum("ij,ij->i", x, y), [[2.0]] * 2, w) == [[[3.0], [7.0]], [[2.0, 2.0]] * 2]
    assert slopes(lambda x: anp.einsum("ij,ij,ij->", x, x, x), [[2.0]]) == [[12.0]]


def test_tensordot_with_negative_axes():
    """HIPS #98, #473."""
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(4, 3)
    expected = slopes(lambda a, b: a @ b.T, a, b)
    assert slopes(lambda a, b: anp.tensordot(a, b, axes=([-1], [-1])), a, b) == expected
    assert slopes(lambda a, b: anp.tensordot(a, b, axes=(-1, 1)), a, b) == expected
    assert slopes(lambda a: anp.tensordot(a, a, axes=([-1, -2], [1, 0])), a) == (2 * a).tolist()


def test_a_broadcast_argument_gets_the_sum():
    """pytorch #13669."""
    assert slopes(lambda x, y: x * y, [[1.0], [2.0]], [3.0, 4.0, 5.0]) == [[[12.0], [12.0]], [3.0, 3.0, 3.0]]
    assert slopes(lambda x, y: anp.where([True, False], x, y), 2.0, [[3.0, 4.0]]) == [1.0, [[0.0, 1.0]]]


@pytest.mark.parametrize("order", ["C", "F", "reversed", "strided"])
def test_a_cotangent_in_any_order_of_memory(order):
    """pytorch #708."""
    w = np.arange(6.0).reshape(2, 3)
    wide = np.zeros((2, 6))
    wide[:, ::2] = w
    laid = {"C": w, "F": np.asfortranarray(w), "reversed": w[::-1, ::-1].copy()[::-1, ::-1], "strided": wide[:, ::2]}
    x = Tensor(np.ones((3, 2)), requires_grad=True)
    assert gradients(x.T * 1.0, [x], gradient=laid[order])[0].data.tolist() == w.T.tolist()
    assert gradients(anp.sort(x.T, axis=0), [x], gradient=laid[order])[0].data.sum() == w.sum()


# ---------------------------------------------------------------------- memory
def test_two_tensors_never_share_a_gradient_buffer():
    """MyGrad 407b2764: x + y hands the same array to both, and += on one changes the other."""
    x, y = (Tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    seed = np.array([5.0, 6.0])
    (x + y).backward(seed)
    (x * 2.0).backward(seed)
    assert x.grad.data.tolist() == [15.0, 18.0]
    assert y.grad.data.tolist() == [5.0, 6.0] and seed.tolist() == [5.0, 6.0]


def test_a_captured_array_that_is_mutated_later():
    """HIPS gives 100 where the truth is 1, without a word."""
    c = np.array([1.0, 2.0])
    x = Tensor([3.0, 4.0], requires_grad=True)
    index = np.array([0, 0])
    loss = (x * c).sum() + (x[index] * c).sum()
    c[:] = 100.0
    index[:] = 1
    assert gradients(loss, [x])[0].data.tolist() == [4.0, 2.0]


def test_a_tensor_that_is_mutated_after_its_use():
    """pytorch #197887 (an alias that lost its version check), #188084 (an expanded view)."""
    x = Tensor([3.0, 4.0], requires_grad=True)
    y = x * 1.0
    alias = y[:]
    loss = (y * y).sum() + (anp.broadcast_to(y, (2, 2)) ** 2).sum()
    alias[0] = 100.0
    assert y.data.tolist() == [100.0, 4.0]
    assert gradients(loss, [x])[0].data.tolist() == [18.0, 24.0]
    with pytest.raises(ValueError, match="read-only"):
        anp.broadcast_to(y, (2, 2))[0] = 1.0


def test_assigned_items():
    """HIPS #58, #177, #375, #515, #559, tinygrad #4574: x[i] = v has no gradient there."""
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 1.0
    y[0] = y[1] * y[2]
    assert gradients(y.sum(), [x])[0].data.tolist() == [0.0, 4.0, 3.0]


# ---------------------------------------------------------------------- graphs
def test_y_plus_y_a_thousand_times():
    """A walk over every path instead of every node takes 2^1000 steps; one that recurses stops at 1,000."""
    x = Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(1000):
        y = y + y
    assert gradients(y, [x])[0].item() == 2.0**1000


def test_a_chain_that_is_deeper_than_python_recurses():
    """micrograd PR 90, tinygrad #8457, #8617; pytorch #5534 crashed on freeing one."""
    x = Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(20_000):
        y = y + 1.0
    assert gradients(y, [x], create_graph=True)[0].item() == 1.0
    del y


def test_nested_gradients_in_two_threads():
    """HIPS gives 1.0 where the truth is 6.0 (HIPS PR 659): one stack of traces for all threads."""
    found, start = {}, threading.Barrier(2)

    def work(scale):
        start.wait()
        found[scale] = {grad(grad(lambda x: scale * x**3))(1.0) for _ in range(50)}

    threads = [threading.Thread(target=work, args=(s,)) for s in (1.0, 2.0)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert found == {1.0: {6.0}, 2.0: {12.0}}


def test_no_grad_in_one_thread_does_not_reach_another():
    """MyGrad loses 504 of 600 gradients."""
    inside, done = threading.Event(), threading.Event()

    def quiet():
        with ag.no_grad():
            inside.set()
            done.wait(10)

    thread = threading.Thread(target=quiet)
    thread.start()
    inside.wait(10)
    x = Tensor(3.0, requires_grad=True)
    y = x * x
    done.set()
    thread.join()
    assert gradients(y, [x])[0].item() == 6.0


def test_a_derivative_inside_a_derivative_keeps_them_apart():
    """The perturbation confusion of Siskind and Pearlmutter: d/dx (x * d/dy (x + y)) is 1, not 2."""
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1.0


def test_backward_twice_adds_and_says_when_it_cannot():
    """micrograd PR 102, #25, #32: a second pass that counts the first one again."""
    x = Tensor(3.0, requires_grad=True)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 12.0
    with pytest.raises(ag.GradError, match="retain_graph"):
        y.backward()


# ---------------------------------------------------------------------- dtypes
def test_float32_stays_float32():
    """HIPS #163, tinygrad #3186: a Python number does not widen."""
    x = Tensor([1.0, 2.0], requires_grad=True, dtype=np.float32)
    y = ((x * 2.0 + 1.0) ** 2).mean() / 3
    assert y.dtype == np.float32
    assert gradients(y, [x])[0].dtype == np.float32


def test_integers_are_constants():
    """HIPS #3, #482."""
    with pytest.raises(TypeError, match="constants"):
        Tensor([1, 2], requires_grad=True)
    with pytest.raises(TypeError, match="pass floats"):
        grad(lambda x: (x * x).sum())(np.array([1, 2]))
    assert grad(lambda x: x**2)(3) == 6.0
    assert slopes(lambda x: x * np.array([2, 3]), [1.0, 1.0]) == [2.0, 3.0]


def test_keyword_arguments_carry_their_gradient():
    """HIPS #336."""
    x, y = Tensor(2.0, requires_grad=True), Tensor(3.0, requires_grad=True)
    out = anp.prod(a=x) * anp.sum(a=y) + anp.einsum("->", x) + anp.mean(axis=None, a=y)
    assert [g.item() for g in gradients(out, [x, y])] == [4.0, 3.0]
    with pytest.raises(TypeError, match="layer_norm has no derivative with respect to 'eps'"):
        ops.layer_norm(anp.stack([x, x]), eps=y)


def test_a_function_without_a_derivative_says_so():
    """HIPS #788: 239 functions of NumPy are wrapped without a gradient."""
    x = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(TypeError, match="busday_count"):
        np.busday_count(x, x)
