"""Agreement with PyTorch: values and gradients, in float64 and complex128, of every function that both have."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from autograd import Tensor, gradients, ops

torch = pytest.importorskip("torch")
torch.set_num_threads(1)

ANY, POSITIVE, UNIT, ABOVE_ONE, SQUARE = "any", "positive", "unit", "above one", "square"


def sample(kind, shape, dtype, rng):
    """No zeros, no ties, away from branch cuts and the ends of domains."""
    a = rng.permutation(np.linspace(0.15, 0.85, int(np.prod(shape)))).reshape(shape) + rng.uniform(0, 0.01)
    if kind == ANY:
        a = 3.1 * a - 1.43
    elif kind == ABOVE_ONE:
        a = a + 1.1
    elif kind == SQUARE:
        a = a + 2 * np.eye(*shape[-2:])
    if dtype is complex:
        a = a + 1j * rng.uniform(0.1, 0.4, shape)
    return a.astype(dtype)


def both(name, kinds, ours, theirs, shapes=None, real=False):
    """One line of the table; `kinds` are those of its arguments."""
    return pytest.param(kinds, ours, theirs, shapes or [(2, 3)] * len(kinds), real, id=name)


def unary(name, kind=ANY, peer=None, real=False):
    return both(name, [kind], getattr(np, name), peer or getattr(torch, name), real=real)


def binary(name, peer=None, kinds=(ANY, ANY), real=False):
    return both(name, list(kinds), getattr(np, name), peer or getattr(torch, name), [(2, 3), (3,)], real)


ELEMENTWISE = [
    *[
        unary(n)
        for n in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "expm1", "square", "negative", "reciprocal")
    ],
    *[unary(n, POSITIVE) for n in ("log", "log2", "log10", "log1p", "sqrt")],
    *[unary(n, UNIT) for n in ("arcsin", "arccos", "arctan", "arctanh", "arcsinh")],
    *[unary(n, real=True) for n in ("sinc", "exp2", "deg2rad", "rad2deg", "i0", "nan_to_num")],
    unary("cbrt", POSITIVE, lambda x: x ** (1 / 3), real=True),
    unary("arccosh", ABOVE_ONE),
    unary("abs"),
    unary("conj"),
    unary("real", peer=lambda x: torch.real(x) if x.is_complex() else x * 1.0),
    unary("imag", peer=lambda x: torch.imag(x) if x.is_complex() else x * 0.0),
    unary("angle"),
    binary("add"),
    binary("subtract"),
    binary("multiply"),
    binary("divide"),
    binary("power", kinds=(POSITIVE, ANY), peer=torch.pow),
    binary("float_power", kinds=(POSITIVE, ANY), real=True),
    *[
        binary(n, real=True)
        for n in ("maximum", "minimum", "fmax", "fmin", "arctan2", "hypot", "logaddexp", "logaddexp2")
    ],
    *[binary(n, real=True) for n in ("remainder", "fmod", "copysign")],
]
OURS = [
    both("relu", [ANY], ops.relu, torch.relu, real=True),
    both("sigmoid", [ANY], ops.sigmoid, torch.sigmoid, real=True),
    both("gelu", [ANY], ops.gelu, torch.nn.functional.gelu, real=True),
    both("softmax", [ANY], ops.softmax, lambda x: torch.softmax(x, -1), real=True),
    both("log_softmax", [ANY], ops.log_softmax, lambda x: torch.log_softmax(x, -1), real=True),
    both("logsumexp", [ANY], lambda x: ops.logsumexp(x, axis=1), lambda x: torch.logsumexp(x, 1), real=True),
    both("logcumsumexp", [ANY], lambda x: ops.logcumsumexp(x, axis=1), lambda x: torch.logcumsumexp(x, 1), real=True),
    both("layer_norm", [ANY], ops.layer_norm, lambda x: torch.nn.functional.layer_norm(x, (3,)), real=True),
    *[
        both(n, [kind], getattr(ops, n), getattr(torch.special, peer), real=True)
        for n, kind, peer in [
            ("erf", ANY, "erf"),
            ("erfc", ANY, "erfc"),
            ("erfinv", UNIT, "erfinv"),
            ("erfcx", ANY, "erfcx"),
            ("gammaln", POSITIVE, "gammaln"),
            ("digamma", POSITIVE, "digamma"),
            ("i0e", ANY, "i0e"),
            ("i1", ANY, "i1"),
            ("i1e", ANY, "i1e"),
            ("entr", POSITIVE, "entr"),
            ("ndtr", ANY, "ndtr"),
            ("ndtri", UNIT, "ndtri"),
            ("log_ndtr", ANY, "log_ndtr"),
            ("logit", UNIT, "logit"),
        ]
    ],
    both("xlogy", [ANY, POSITIVE], ops.xlogy, torch.special.xlogy, real=True),
    both("xlog1py", [ANY, POSITIVE], ops.xlog1py, torch.special.xlog1py, real=True),
]


def over(name, ours, theirs=None, kind=ANY, real=False):
    return both(name, [kind], ours, theirs, [(2, 3, 2)], real)


REDUCTIONS = [
    over("sum", lambda x: np.sum(x, axis=1), lambda x: x.sum(1)),
    over("mean", lambda x: np.mean(x, axis=(0, 2), keepdims=True), lambda x: x.mean((0, 2), keepdim=True)),
    over("prod", lambda x: np.prod(x, axis=1), lambda x: x.prod(1)),
    over("var", lambda x: np.var(x, axis=1, ddof=1), lambda x: x.var(1)),
    over("std", lambda x: np.std(x, axis=1), lambda x: x.std(1, correction=0)),
    over("cumsum", lambda x: np.cumsum(x, axis=1), lambda x: x.cumsum(1)),
    over("cumprod", lambda x: np.cumprod(x, axis=1), lambda x: x.cumprod(1)),
    over("diff", lambda x: np.diff(x, 1, axis=1), lambda x: torch.diff(x, 1, 1)),
    over("trapezoid", lambda x: np.trapezoid(x, axis=1), lambda x: torch.trapezoid(x, dim=1)),
    over("max", lambda x: np.max(x, axis=1), lambda x: x.amax(1), real=True),
    over("min", lambda x: np.min(x, axis=(0, 1)), lambda x: x.amin((0, 1)), real=True),
    over("sort", lambda x: np.sort(x, axis=1), lambda x: x.sort(1).values, real=True),
    over("median", lambda x: np.median(x, axis=1), lambda x: x.median(1).values, real=True),
    over("quantile", lambda x: np.quantile(x, 0.3, axis=1), lambda x: torch.quantile(x, 0.3, 1), real=True),
    over("norm", lambda x: np.linalg.norm(x, axis=1), lambda x: torch.linalg.vector_norm(x, dim=1)),
    over("norm of order 3", lambda x: np.linalg.norm(x, 3, 1), lambda x: torch.linalg.vector_norm(x, 3, 1)),
    over("norm of order 1", lambda x: np.linalg.norm(x, 1, 1), lambda x: torch.linalg.vector_norm(x, 1, 1)),
    over("cov", lambda x: np.cov(x[0]), lambda x: torch.cov(x[0])),
    over("corrcoef", lambda x: np.corrcoef(x[0]), lambda x: torch.corrcoef(x[0]), real=True),
]
SHAPES = [
    over("transpose", lambda x: np.transpose(x, (2, 0, 1)), lambda x: x.permute(2, 0, 1)),
    over("swapaxes", lambda x: np.swapaxes(x, 0, 1), lambda x: x.swapaxes(0, 1)),
    over("moveaxis", lambda x: np.moveaxis(x, 0, 2), lambda x: x.moveaxis(0, 2)),
    over("reshape", lambda x: np.reshape(x, (4, 3)), lambda x: x.reshape(4, 3)),
    over("flip", lambda x: np.flip(x, (0, 1)), lambda x: x.flip((0, 1))),
    over("roll", lambda x: np.roll(x, 2, 1), lambda x: x.roll(2, 1)),
    over("rot90", lambda x: np.rot90(x), lambda x: x.rot90()),
    over("tile", lambda x: np.tile(x, (2, 1, 3)), lambda x: x.tile(2, 1, 3)),
    over("repeat", lambda x: np.repeat(x, 2, axis=1), lambda x: x.repeat_interleave(2, 1)),
    over("diagonal", lambda x: np.diagonal(x, 1, 0, 1), lambda x: x.diagonal(1, 0, 1)),
    over("tril", lambda x: np.tril(x), torch.tril),
    over("triu", lambda x: np.triu(x, 1), lambda x: torch.triu(x, 1)),
    over("take", lambda x: np.take(x, [0, 2, 2], axis=1), lambda x: x.index_select(1, torch.tensor([0, 2, 2]))),
    over("items", lambda x: x[:, [0, 0, 2], 1:], lambda x: x[:, [0, 0, 2], 1:]),
    over("concatenate", lambda x: np.concatenate([x, x * 2], 1), lambda x: torch.cat([x, x * 2], 1)),
    over("stack", lambda x: np.stack([x, x * 2], 1), lambda x: torch.stack([x, x * 2], 1)),
    over(
        "where",
        lambda x: np.where([True, False], x, x * x),
        lambda x: torch.where(torch.tensor([True, False]), x, x * x),
    ),
    over("clip", lambda x: np.clip(x, -0.5, 0.6), lambda x: x.clip(-0.5, 0.6), real=True),
    over("pad", lambda x: np.pad(x, ((0, 0), (0, 0), (1, 2))), lambda x: torch.nn.functional.pad(x, (1, 2))),
]
PRODUCTS = [
    both("matmul", [ANY, ANY], np.matmul, torch.matmul, [(2, 2, 3), (3, 4)]),
    both("dot", [ANY, ANY], np.dot, torch.matmul, [(2, 3), (3, 4)]),
    both("vdot", [ANY, ANY], np.vdot, torch.vdot, [(3,), (3,)]),
    both("inner", [ANY, ANY], np.inner, torch.inner, [(2, 3), (4, 3)]),
    both("outer", [ANY, ANY], np.outer, torch.outer, [(2,), (3,)]),
    both("kron", [ANY, ANY], np.kron, torch.kron, [(2, 3), (2, 2)]),
    both("cross", [ANY, ANY], np.cross, lambda a, b: torch.linalg.cross(a, b), [(2, 3), (2, 3)]),
    both("tensordot", [ANY, ANY], lambda a, b: np.tensordot(a, b, ([1, 0], [0, 1])),
         lambda a, b: torch.tensordot(a, b, ([1, 0], [0, 1])), [(2, 3, 2), (3, 2, 4)]),
    both("einsum", [ANY, ANY], lambda a, b: np.einsum("ijk,kj->i", a, b),
         lambda a, b: torch.einsum("ijk,kj->i", a, b), [(2, 3, 4), (4, 3)]),
    both("inv", [SQUARE], np.linalg.inv, torch.linalg.inv, [(2, 3, 3)]),
    both("det", [SQUARE], np.linalg.det, torch.linalg.det, [(2, 3, 3)]),
    both("slogdet", [SQUARE], lambda x: np.linalg.slogdet(x)[1], lambda x: torch.linalg.slogdet(x)[1], [(3, 3)]),
    both("solve", [SQUARE, ANY], np.linalg.solve, torch.linalg.solve, [(3, 3), (3, 2)]),
    both("pinv", [ANY], np.linalg.pinv, torch.linalg.pinv, [(4, 3)]),
    both("matrix_power", [SQUARE], lambda x: np.linalg.matrix_power(x, 3),
         lambda x: torch.linalg.matrix_power(x, 3), [(3, 3)]),
    both("cholesky", [SQUARE], lambda x: np.linalg.cholesky(x @ np.conj(x.T)),
         lambda x: torch.linalg.cholesky(x @ x.T.conj()), [(3, 3)]),
    both("eigvalsh", [SQUARE], lambda x: np.linalg.eigvalsh(x + np.conj(x.T)),
         lambda x: torch.linalg.eigvalsh(x + x.T.conj()), [(3, 3)]),
    *[
        both(n, [ANY], getattr(np.fft, n), getattr(torch.fft, n), [(2, 4)], n in ("rfft", "rfft2", "rfftn", "ihfft"))
        for n in ("fft", "ifft", "fft2", "ifft2", "fftn", "ifftn", "rfft", "rfft2", "rfftn", "ihfft", "irfft", "hfft",
                  "fftshift")
    ],
]  # fmt: skip


F = torch.nn.functional


def windows(name, ours, theirs, *shapes):
    return both(name, [ANY] * len(shapes), ours, theirs, list(shapes), real=True)


WINDOWS = [
    windows("conv1d", ops.conv, F.conv1d, (2, 4, 7), (6, 4, 3), (6,)),
    windows("conv2d strides", lambda x, w: ops.conv(x, w, stride=2, padding=1, dilation=2, groups=2),
            lambda x, w: F.conv2d(x, w, stride=2, padding=1, dilation=2, groups=2), (2, 4, 7, 8), (6, 2, 3, 2)),
    windows("conv3d", ops.conv, F.conv3d, (1, 2, 4, 3, 3), (2, 2, 2, 2, 2)),
    windows("conv_transpose2d", lambda x, w: ops.conv_transpose(x, w, stride=2, padding=1, output_padding=1),
            lambda x, w: F.conv_transpose2d(x, w, stride=2, padding=1, output_padding=1), (2, 3, 4, 4), (3, 2, 3, 3)),
    windows("max_pool2d", lambda x: ops.max_pool(x, 2, padding=1), lambda x: F.max_pool2d(x, 2, padding=1),
            (2, 3, 5, 4)),
    windows("avg_pool2d", lambda x: ops.avg_pool(x, 3, stride=2, padding=1, count_include_pad=False),
            lambda x: F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False), (2, 3, 5, 6)),
    windows("lp_pool1d", lambda x: ops.lp_pool(x * x, 3, 2), lambda x: F.lp_pool1d(x * x, 3, 2), (2, 3, 6)),
    windows("unfold", lambda x: ops.unfold(x, 2, padding=1), lambda x: F.unfold(x, 2, padding=1), (2, 3, 4, 4)),
    windows("fold", lambda x: ops.fold(x, (4, 4), 2), lambda x: F.fold(x, (4, 4), 2), (2, 12, 9)),
]  # fmt: skip


DECOMPOSITIONS = [
    both("svdvals", [ANY], np.linalg.svdvals, torch.linalg.svdvals, [(2, 4, 3)]),
    both("svd u s vh", [ANY], lambda x: (lambda u, s, v: (u * s[..., None, :] ** 2) @ v)(*np.linalg.svd(x, False)),
         lambda x: (lambda u, s, v: (u * s[..., None, :] ** 2) @ v)(*torch.linalg.svd(x, False)), [(4, 3)]),
    both("eigh v", [SQUARE], lambda x: (lambda w, v: (v * w**3) @ np.conj(v.T))(*np.linalg.eigh(x + np.conj(x.T))),
         lambda x: (lambda w, v: (v * w**3) @ v.T.conj())(*torch.linalg.eigh(x + x.T.conj())), [(3, 3)]),
    both("qr", [ANY], lambda x: np.linalg.qr(x)[0] @ np.linalg.qr(x)[1] ** 2,
         lambda x: torch.linalg.qr(x)[0] @ torch.linalg.qr(x)[1] ** 2, [(4, 3)], real=True),
    both("eig", [SQUARE], lambda x: np.real(np.sum(np.linalg.eigvals(x) ** 3)),
         lambda x: (torch.linalg.eigvals(x) ** 3).sum().real, [(3, 3)]),
    both("lstsq", [ANY, ANY], lambda a, b: np.linalg.lstsq(a, b)[0], lambda a, b: torch.linalg.lstsq(a, b).solution,
         [(4, 2), (4, 3)]),
    *[both(f"norm {o}", [ANY], lambda x, o=o: np.linalg.norm(x, o), lambda x, o=o: torch.linalg.matrix_norm(x, o),
           [(4, 3)]) for o in ("fro", "nuc", 1, -1, 2, -2, np.inf)],
    both("cond", [SQUARE], np.linalg.cond, torch.linalg.cond, [(3, 3)]),
    both("tensorinv", [ANY], lambda x: np.linalg.tensorinv(x, 1), lambda x: torch.linalg.tensorinv(x, 1), [(4, 2, 2)]),
    both("multi_dot", [ANY] * 3, lambda *a: np.linalg.multi_dot(a), lambda *a: torch.linalg.multi_dot(a),
         [(2, 3), (3, 4), (4, 2)]),
]  # fmt: skip


@pytest.mark.parametrize("dtype", [float, complex], ids=["float64", "complex128"])
@pytest.mark.parametrize(
    ("kinds", "ours", "theirs", "shapes", "real"),
    [*ELEMENTWISE, *OURS, *REDUCTIONS, *SHAPES, *PRODUCTS, *WINDOWS, *DECOMPOSITIONS],
)
def test_agreement_with_torch(kinds, ours, theirs, shapes, real, dtype, rng):
    # PyTorch's trigamma, the derivative of digamma, has nine digits; ours agrees with its series to 1e-15
    tolerance = 1e-9 if ours is ops.digamma else 1e-10
    if real and dtype is complex:
        return
    arrays = [sample(k, s, dtype, rng) for k, s in zip(kinds, shapes, strict=True)]
    a = [Tensor(x, requires_grad=True) for x in arrays]
    b = [torch.tensor(x, requires_grad=True) for x in arrays]
    out = ours(*a)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = theirs(*b)
    np.testing.assert_allclose(out.data, expected.detach().resolve_conj().numpy(), rtol=1e-10, atol=1e-10)
    w = rng.normal(size=out.shape) + (1j * rng.normal(size=out.shape) if out.dtype.kind == "c" else 0)
    w = np.asarray(w).astype(out.dtype)
    found = gradients(out, a, gradient=w, retain_graph=True)
    wanted = torch.autograd.grad(expected, b, torch.tensor(w))
    for g, h in zip(found, wanted, strict=True):
        np.testing.assert_allclose(g.data, h.resolve_conj().numpy(), rtol=tolerance, atol=tolerance)
