"""What is constant by nature: NumPy's values, no gradient, every keyword."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import Tensor
from autograd.primitive import numpy_functions

X = np.array([[1.5, -2.5, 0.0], [2.5, np.inf, np.nan]])
Y = np.array([[1.5, 2.5, -0.0], [1.0, np.inf, np.nan]])
Z = np.array([3.0, 1.0, 2.0, 1.0])

CALLS = [
    np.floor, np.ceil, np.rint, np.trunc, np.fix, np.round, np.around, np.sign, np.spacing, np.signbit,
    np.isfinite, np.isnan, np.isinf, np.isneginf, np.isposinf, np.isreal, np.iscomplex, np.logical_not,
    np.argmax, np.argmin, np.argsort, np.argwhere, np.flatnonzero, np.nonzero, np.count_nonzero, np.any, np.all,
    np.zeros_like, np.ones_like,
    lambda x: np.argmax(x, axis=1, keepdims=True), lambda x: np.argsort(x, axis=0, kind="stable"),
    lambda x: np.any(x, axis=0, where=[[True], [False]]), lambda x: np.all(x, axis=(0, 1), keepdims=True),
    lambda x: np.count_nonzero(x, axis=0), lambda x: np.round(x, 1), lambda x: np.round(x, decimals=-1),
    lambda x: np.around(x, 1), lambda x: np.nanargmax(x[:, :2], axis=0), lambda x: np.nanargmin(x[:, :2], 0),
    lambda x: np.floor_divide(x, 2.0), lambda x: x // 0.5, lambda x: 3.0 // x[0, :2], lambda x: np.equal(x, x),
    lambda x: x < 1, lambda x: np.greater_equal(1.5, x), lambda x: np.isclose(x, x, equal_nan=True),
    lambda x: np.isclose(x, 1.5, atol=1.0), lambda x: np.isin(x, [1.5, 2.5], invert=True),
    lambda x: np.argpartition(x, 1, axis=0), lambda x: np.lexsort((x[0], x[0])), lambda x: np.lexsort(x),
    lambda x: np.digitize(x, [0.0, 2.0], right=True), lambda x: np.searchsorted([0.0, 2.0], x, side="right"),
    lambda x: np.ones_like(x, shape=(2,)), lambda x: np.zeros_like(x, dtype=np.float32),
    lambda x: np.packbits(x > 0, axis=-1), lambda x: np.unpackbits(np.packbits(x > 0)),
    lambda x: np.bitwise_count(x > 0), lambda x: np.logical_xor(x, x > 1), lambda x: np.invert(x > 0),
    lambda x: np.tril_indices_from(x), lambda x: np.triu_indices_from(x, k=1),
    lambda x: np.diag_indices_from(x[:, :2]), lambda x: np.ix_(x[0] > 0, x[0] > 1),
    lambda x: np.unravel_index(np.argmax(x[0]), (2, 3)), lambda x: np.ravel_multi_index(np.nonzero(x > 1), x.shape),
]  # fmt: skip


def untracked(found, expected):
    if isinstance(expected, (tuple, list)):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            untracked(one, other)
        return
    assert isinstance(found, Tensor) == isinstance(expected, (np.ndarray, np.generic))
    assert not getattr(found, "requires_grad", False)
    data = getattr(found, "data", found)
    np.testing.assert_array_equal(data, expected)
    assert np.asarray(data).dtype == np.asarray(expected).dtype


@pytest.mark.parametrize("f", CALLS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_numpys_values_without_a_gradient(f):
    untracked(f(Tensor(X, requires_grad=True)), f(X))


@pytest.mark.parametrize(
    "f",
    [
        np.gcd, np.lcm, np.left_shift, np.right_shift, np.bitwise_and, np.bitwise_or, np.bitwise_xor,
        lambda a, b: np.bitwise_and.reduce(a + b), lambda a, b: np.unravel_index(a, (7, 9)),
    ],
)  # fmt: skip
def test_integers_stay_integers(f):
    a, b = np.array([4, 6, 0]), np.array([6, 4, 3])
    untracked(f(Tensor(a), Tensor(b)), f(a, b))
    untracked(f(Tensor(a), b), f(a, b))


def test_answers_that_are_no_arrays_are_numpys():
    x = Tensor(X, requires_grad=True)
    assert np.shape(x) == (2, 3) and np.ndim(x) == 2 and np.size(x) == 6 and np.size(x, 1) == 3
    assert np.allclose(x, x, equal_nan=True) is True and np.array_equal(x, x) is False
    assert np.array_equal(x, Tensor(X), equal_nan=True) is True and np.array_equiv(x[0], x[:1]) is True
    assert np.iscomplexobj(x) is False and np.isrealobj(x) is True
    assert np.can_cast(x.dtype, np.float32) is False and np.result_type(x, np.float32) == np.float64
    assert np.common_type(x) is np.float64 and np.min_scalar_type(Tensor(3)) == np.uint8
    assert np.may_share_memory(x, x) is True and np.shares_memory(x, Tensor(X)) is False
    assert np.array_str(x) == np.array_str(X) and np.array2string(x, precision=1) == np.array2string(X, precision=1)
    assert np.einsum_path("ij,ij->i", x, x)[0] == ["einsum_path", (0, 1)]
    assert np.linalg.matrix_rank(Tensor(np.ones((2, 2)), requires_grad=True)).item() == 1


def test_results_go_to_where_out_says():
    x = Tensor(Z, requires_grad=True)
    for f in (np.floor, np.isfinite, np.sign, np.logical_not):
        for out in (Tensor(np.zeros(4)), np.zeros(4)):
            assert f(x, out=out) is out
            np.testing.assert_array_equal(np.asarray(getattr(out, "data", out)), f(Z))
    assert np.argmax(x, out=np.zeros((), int)) == 0
    assert np.floor(x, dtype=np.float32).dtype == np.float32


def test_on_plain_arrays_they_are_numpys_own():
    import autograd.numpy as anp

    assert type(anp.floor(X)) is np.ndarray and type(anp.argmax(X)) is np.int64 and anp.shape([1, 2]) == (2,)


def test_files_hold_the_values(tmp_path):
    x = Tensor(X, requires_grad=True)
    np.save(tmp_path / "x.npy", x)
    np.savez(tmp_path / "x.npz", first=x)
    np.savetxt(tmp_path / "x.txt", x)
    for found in (np.load(tmp_path / "x.npy"), np.load(tmp_path / "x.npz")["first"], np.loadtxt(tmp_path / "x.txt")):
        np.testing.assert_array_equal(found, X)


def test_every_predicate_and_index_function_of_numpy_is_known():
    """The names that say that they answer a question: is*, arg*, *_indices_from."""
    asked = [n for n in dir(np) if n.startswith(("is", "arg", "logical", "bitwise")) or n.endswith("_from")]
    dispatched = [
        n for n in asked if hasattr(getattr(np, n), "_implementation") or isinstance(getattr(np, n), np.ufunc)
    ]
    assert len(dispatched) > 20
    missing = {n for n in dispatched if getattr(np, n) not in numpy_functions}
    assert missing <= {"is_busday"}, "dates are no numbers"


def test_what_is_filled_with_a_tracked_number_lies_in_memory_as_its_pattern():
    """Which decides whether its reshaped transpose is a view."""
    pattern = Tensor(np.ones((2, 3))).T
    filled = np.full_like(pattern, Tensor(-0.0, requires_grad=True))
    assert filled.data.strides == np.full_like(pattern.data, -0.0).strides and np.signbit(filled.data).all()
    flat = np.ravel(filled.T)
    filled += 5.0
    assert flat.data.tolist() == [5.0] * 6
