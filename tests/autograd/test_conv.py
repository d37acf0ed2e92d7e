"""Convolution: closed forms, PyTorch's results, NumPy's conventions, and the errors that say what fits."""

import numpy as np
import pytest

from autograd import Tensor, gradients, ops
from autograd.ops import windows as w

CASES = [  # images' shape, weight's shape, stride, padding, dilation, groups
    ((2, 3, 9), (4, 3, 3), 1, 0, 1, 1),
    ((2, 4, 9), (6, 2, 4), 2, 3, 2, 2),
    ((2, 3, 7, 6), (4, 3, 3, 2), 1, "same", 1, 1),
    ((2, 3, 7, 6), (4, 3, 2, 4), 1, "same", (2, 1), 1),
    ((2, 4, 8, 9), (8, 1, 3, 3), (2, 3), (1, 2), 1, 4),
    ((3, 4, 5), (2, 3, 3, 2), 2, 1, 1, 1),
    ((1, 2, 4, 5, 6), (3, 2, 2, 3, 2), (1, 2, 2), (0, 1, 1), (1, 1, 2), 1),
]


def leaves(*arrays):
    return [Tensor(a, requires_grad=True) for a in arrays]


@pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")  # PyTorch's own, of its speed
@pytest.mark.parametrize("case", CASES)
def test_as_in_pytorch(case, rng):
    torch = pytest.importorskip("torch")
    image, kernel, stride, padding, dilation, groups = case
    arrays = [rng.standard_normal(s) for s in (image, kernel, kernel[:1])]
    mine, theirs = leaves(*arrays), [torch.tensor(a, requires_grad=True) for a in arrays]
    f = getattr(torch.nn.functional, f"conv{len(kernel) - 2}d")
    out, expected = (g(*a, stride, padding, dilation, groups) for g, a in ((ops.conv, mine), (f, theirs)))
    np.testing.assert_allclose(out.data, expected.detach().numpy(), atol=1e-12)
    weight = rng.standard_normal(out.shape)
    got = gradients(out, mine, gradient=weight)
    for g, h in zip(got, torch.autograd.grad(expected, theirs, torch.tensor(weight)), strict=True):
        np.testing.assert_allclose(g.data, h.numpy(), atol=1e-12)


@pytest.mark.parametrize("case", [c for c in CASES if c[3] != "same"])
@pytest.mark.parametrize("extra", [0, 1])
def test_the_transpose_as_in_pytorch(case, extra, rng):
    torch = pytest.importorskip("torch")
    image, kernel, stride, padding, dilation, groups = case
    extra = extra if np.min(np.maximum(stride, dilation)) > 1 else 0
    size = np.ones(len(kernel) - 2, int) * 4
    x = rng.standard_normal((*([2] if len(image) == len(kernel) else []), kernel[0], *size))
    arrays = [x, rng.standard_normal(kernel), rng.standard_normal(kernel[1] * groups)]
    mine, theirs = leaves(*arrays), [torch.tensor(a, requires_grad=True) for a in arrays]
    f = getattr(torch.nn.functional, f"conv_transpose{len(kernel) - 2}d")
    settings = stride, padding, extra, groups, dilation
    out, expected = ops.conv_transpose(*mine, *settings), f(*theirs, *settings)
    np.testing.assert_allclose(out.data, expected.detach().numpy(), atol=1e-12)
    weight = rng.standard_normal(out.shape)
    got = gradients(out, mine, gradient=weight)
    for g, h in zip(got, torch.autograd.grad(expected, theirs, torch.tensor(weight)), strict=True):
        np.testing.assert_allclose(g.data, h.numpy(), atol=1e-12)


def test_a_kernel_of_ones_adds_up_its_window():
    x = np.arange(12.0).reshape(1, 1, 3, 4)
    out = ops.conv(x, np.ones((1, 1, 2, 2)))
    assert out.tolist() == [[[[10.0, 14.0, 18.0], [26.0, 30.0, 34.0]]]]
    (t,) = leaves(x)
    ops.conv(t, np.ones((1, 1, 2, 2))).sum().backward()
    assert t.grad.data[0, 0].tolist() == [[1.0, 2.0, 2.0, 1.0], [2.0, 4.0, 4.0, 2.0], [1.0, 2.0, 2.0, 1.0]]


def test_no_kernel_is_turned_round():
    assert ops.conv(np.array([[[1.0, 0.0, 0.0]]]), np.array([[[5.0, 7.0]]])).tolist() == [[[5.0, 0.0]]]
    assert ops.conv_transpose(np.array([[[1.0, 0.0]]]), np.array([[[5.0, 7.0]]])).tolist() == [[[5.0, 7.0, 0.0]]]


def test_many_blocks_of_images_give_what_one_gives(rng, monkeypatch):
    x, weight = rng.standard_normal((5, 4, 6, 6)), rng.standard_normal((6, 2, 3, 3))
    y = rng.standard_normal((5, 6, 3, 3))
    settings = (2, 1, 1, 2)

    def all_three():
        small = ops.conv_transpose(y, weight, None, 2, 1, 1, 2, 1)
        return ops.conv(x, weight, None, *settings), ops.conv_weight(x, y, (3, 3), *settings), small

    whole = all_three()
    monkeypatch.setattr(w, "BLOCK", 2 * 4 * 9 * 9)  # two images a block, and one left
    for a, b in zip(all_three(), whole, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_the_product_rule_to_third_order(rng):
    """<g, conv(x, w)> is linear in each: its third derivative is the sum itself."""
    x, weight, g = leaves(*(rng.standard_normal(s) for s in ((2, 2, 5), (3, 2, 2), (2, 3, 2))))
    total = (ops.conv(x, weight, None, 2) * g).sum()
    (gx,) = gradients(total, [x], create_graph=True)
    (gw,) = gradients((gx * x).sum(), [weight], create_graph=True)
    (gg,) = gradients((gw * weight).sum(), [g])
    np.testing.assert_allclose((gg.data * g.data).sum(), total.item(), rtol=1e-12)


def test_dtypes():
    x, weight = np.ones((1, 1, 4), np.float32), np.ones((1, 1, 2), np.float32)
    assert ops.conv(x, weight).dtype == np.float32
    assert ops.conv(x, weight, np.ones(1)).dtype == np.float64
    assert ops.conv(x, weight.astype(float)).dtype == np.float64
    a, b = Tensor(x, requires_grad=True), Tensor(weight.astype(float), requires_grad=True)
    assert [g.dtype for g in gradients(ops.conv(a, b).sum(), [a, b])] == [np.float32, np.float64]
    assert ops.conv(np.ones((1, 1, 3), int), np.ones((1, 1, 2), int)).tolist() == [[[2, 2]]]


def test_no_images_and_no_channels():
    x, weight = leaves(np.ones((0, 2, 4)), np.ones((3, 2, 2)))
    out = ops.conv(x, weight)
    assert out.shape == (0, 3, 3)
    a, b = gradients(out.sum(), [x, weight])
    assert a.shape == x.shape and not b.data.any()
    assert not ops.conv(np.ones((1, 0, 4)), np.ones((3, 0, 2)), None).any()
    assert ops.conv(np.ones((1, 2, 4)), np.ones((0, 2, 2))).shape == (1, 0, 3)


def test_the_input_is_not_kept_where_only_the_input_needs_a_gradient():
    (x,) = leaves(np.ones((1, 1, 4)))
    node = ops.conv(x, np.ones((1, 1, 2)))._node
    assert not any(isinstance(a, np.ndarray) and a.shape == (1, 1, 4) for a in node.args)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x, k: ops.conv(x, k[:, :1]), "x has 2 channels, weight .* takes 1"),
        (lambda x, k: ops.conv(x, k, groups=2), "divides 3 channels"),
        (lambda x, k: ops.conv(x, k, groups=0), "divides 3 channels"),
        (lambda x, k: ops.conv(x, k[0]), "weight"),
        (lambda x, k: ops.conv(x[0, 0], k), r"\(N, C, \*size\)"),
        (lambda x, k: ops.conv(x, k, dilation=9), "window of 10 elements does not fit into 5"),
        (lambda x, k: ops.conv(x, k, stride=0), "stride must be at least 1"),
        (lambda x, k: ops.conv(x, k, padding=-1), "padding must be at least 0"),
        (lambda x, k: ops.conv(x, k, stride=(1, 1)), "stride has 2 integers for 1 axes"),
        (lambda x, k: ops.conv(x, k, padding="full"), "'same', 'valid'"),
        (lambda x, k: ops.conv(x, k, 2, padding="same"), r"bias needs the shape \(3,\)"),
        (lambda x, k: ops.conv(x, k, None, 2, "same"), "stride 1"),
        (lambda x, k: ops.conv(x, k, np.ones(2)), r"bias needs the shape \(3,\)"),
        (lambda x, k: ops.conv_transpose(x, k), "x has 2 channels, weight .* takes 3"),
        (lambda x, k: ops.conv_transpose(x, k[:2], output_padding=1), "less than the stride"),
        (lambda x, k: ops.conv_transpose(x, k[:2], padding=9), "size"),
        (lambda x, k: ops.unfold(x[0], 2), r"\(N, C, \*size\)"),
        (lambda x, k: ops.fold(x, (9,), 2), "x needs the shape"),
        (lambda x, k: np.convolve(x[0], k[0, 0]), "one axis"),
        (lambda x, k: np.correlate(x[0], k[0, 0]), "one axis"),
        (lambda x, k: np.convolve(x[0, 0], k[0, 0], "middle"), "middle|mode"),
        (lambda x, k: np.convolve(x[0, 0], k[0, 0, :0]), "empty"),
        (lambda x, k: np.correlate(x[0, 0, 0], k[0, 0]), "one axis"),
    ],
)
def test_what_does_not_fit_is_a_value_error_that_says_what_would(call, words):
    with pytest.raises(ValueError, match=words):
        call(*leaves(np.ones((1, 2, 5)), np.ones((3, 2, 2))))


def test_strides_are_integers():
    x, k = leaves(np.ones((1, 2, 5)), np.ones((3, 2, 2)))
    with pytest.raises(TypeError, match="conv.*stride is an integer"):
        ops.conv(x, k, None, 1.5)
    with pytest.raises(TypeError, match="no derivative with respect to 'stride'"):
        ops.conv(x, k, None, Tensor(1.0, requires_grad=True))


# ---------------------------------------------------------------------- NumPy's
@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize(("n", "m"), [(1, 1), (5, 3), (5, 4), (3, 5), (4, 5), (2, 5), (4, 4)])
def test_vectors_as_matrices(n, m, mode, rng):
    """Of a linear map the gradient is the transposed matrix; NumPy puts the longer one first and takes conjugates."""
    a, v = (rng.standard_normal(k) + 1j * rng.standard_normal(k) for k in (n, m))
    for f in (np.convolve, np.correlate):
        s, t = leaves(a, v)
        out = f(s, t, mode)
        np.testing.assert_allclose(out.data, f(a, v, mode), rtol=1e-13)
        weight = rng.standard_normal(out.shape) + 1j * rng.standard_normal(out.shape)
        gs, gt = gradients(out, [s, t], gradient=weight)
        by_a = [np.vdot(f(e, v, mode), weight) for e in np.eye(n)]
        by_v = [np.vdot(f(a, e, mode), weight) for e in np.eye(m)]
        np.testing.assert_allclose(gs.data, by_a, rtol=1e-12, atol=1e-13)
        # correlate is linear in the conjugate of v: so is its gradient
        np.testing.assert_allclose(gt.data, np.conj(by_v) if f is np.correlate else by_v, rtol=1e-12, atol=1e-13)


def test_a_number_is_a_vector_of_one():
    x, y = leaves(2.0, [1.0, 3.0])
    a, b = gradients((np.convolve(x, y) * [1.0, 10.0]).sum(), [x, y])
    assert a.data.shape == () and a.item() == 31.0 and b.data.tolist() == [2.0, 20.0]
