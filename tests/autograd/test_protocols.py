"""What Python asks of an object: copies and pickles, words, numbers, items."""

from __future__ import annotations

import cmath
import copy
import math
import operator
import pickle

import numpy as np
import pytest

from autograd import GradError, Tensor, asarray, gradients, no_grad


def by_pickle(x, protocol=pickle.HIGHEST_PROTOCOL):
    return pickle.loads(pickle.dumps(x, protocol))  # noqa: S301


COPIES = [copy.copy, copy.deepcopy, by_pickle, lambda x: by_pickle(x, 2)]


# ---------------------------------------------------------------------- copies
@pytest.mark.parametrize("again", COPIES)
def test_a_leaf_comes_back_as_a_leaf_of_its_own(again):
    x = Tensor([1.0, 2.0], requires_grad=True, dtype=np.float32, name="w")
    (x * x).sum().backward()
    y = again(x)
    assert y.tolist() == [1.0, 2.0] and y.dtype == np.float32 and y.requires_grad and y.is_leaf and y.name == "w"
    assert y.grad.tolist() == [2.0, 4.0] and not np.shares_memory(y.grad.data, x.grad.data)
    assert not np.shares_memory(x.data, y.data)
    (y * 3).sum().backward()
    assert y.grad.tolist() == [5.0, 7.0] and x.grad.tolist() == [2.0, 4.0]


@pytest.mark.parametrize("again", COPIES)
@pytest.mark.parametrize(
    "data", [3, 2.5, 1 + 2j, True, np.float16(0.1), [], np.zeros((0, 3)), np.arange(6).reshape(2, 3).T, np.uint8([1])]
)
def test_constants_come_back(again, data):
    x = Tensor(data)
    y = again(x)
    assert type(y) is Tensor and not y.requires_grad and y.name is None and y.grad is None
    assert y.dtype == x.dtype and y.shape == x.shape and type(y._data) is type(x._data)
    np.testing.assert_array_equal(y.data, x.data)


@pytest.mark.parametrize("again", COPIES)
def test_a_copy_of_shared_memory_is_shared_no_longer(again):
    a = np.array([1.0, 2.0])
    y = again(asarray(a))
    a[0] = 9.0
    assert type(y) is Tensor and y.tolist() == [1.0, 2.0]
    x = Tensor([3.0, 4.0])
    y[0] = x[0]
    assert a.tolist() == [9.0, 2.0]


@pytest.mark.parametrize("again", COPIES)
def test_a_copy_of_a_view_or_its_base_stands_alone(again):
    base = Tensor(np.arange(4.0))
    view = base[1:3]
    new_view, new_base = again(view), again(base)
    base[1] = 9.0
    assert view.tolist() == [9.0, 2.0] and new_view.tolist() == [1.0, 2.0] and new_base.tolist() == [0.0, 1.0, 2.0, 3.0]
    new_view[0] = 7.0
    assert base.tolist() == [0.0, 9.0, 2.0, 3.0]


@pytest.mark.parametrize("again", COPIES)
def test_a_graph_is_not_copied(again):
    x = Tensor([1.0], requires_grad=True)
    with pytest.raises(GradError, match="detach"):
        again(x * 2)
    assert again((x * 2).detach()).tolist() == [2.0]


def test_a_structure_keeps_what_it_shares():
    x = Tensor([1.0], requires_grad=True)
    for again in (copy.deepcopy, by_pickle):
        one, two = again([x, {"same": x}])
        assert one is two["same"] and one is not x


class Kind(Tensor):
    __slots__ = ("note",)


def test_a_subclass_stays_one():
    assert all(type(again(Kind([1.0]))) is Kind for again in COPIES)


# ---------------------------------------------------------------------- words
def test_repr_says_what_matters():
    x = Tensor([1.0, 2.5], requires_grad=True)
    assert repr(x) == str(x) == "Tensor([1. , 2.5], requires_grad=True)"
    assert repr(x * 2) == "Tensor([2., 5.], op=multiply)"
    assert repr(Tensor(1)) == "Tensor(1)" and repr(Tensor(True)) == "Tensor(True)"
    assert repr(Tensor([1], dtype=np.int8)) == "Tensor([1], dtype=int8)"
    assert repr(Tensor(np.zeros((0, 3)))) == "Tensor([], shape=(0, 3))" and repr(Tensor([])) == "Tensor([])"
    assert repr(Tensor([[1, 2], [3, 4]])) == "Tensor([[1, 2],\n        [3, 4]])"


def test_repr_honours_numpys_print_options():
    x = Tensor([1 / 3, 1e-9])
    with np.printoptions(precision=2, suppress=True):
        assert repr(x) == "Tensor([0.33, 0.  ])"
    with np.printoptions(formatter={"float": lambda v: f"<{v:.1f}>"}):
        assert repr(x) == "Tensor([<0.3>, <0.0>])"
    with np.printoptions(linewidth=30):
        assert all(len(line) <= 30 for line in repr(Tensor(np.arange(20))).splitlines())


def test_a_large_tensor_is_summarised_and_tells_its_shape():
    x = Tensor(np.arange(10_000_000.0).reshape(1000, -1), requires_grad=True)
    assert "..." in repr(x) and len(repr(x)) < 1000 and repr(x).endswith("shape=(1000, 10000), requires_grad=True)")
    with np.printoptions(threshold=3, edgeitems=1):
        assert repr(Tensor(np.arange(4))) == "Tensor([0, ..., 3], shape=(4,))"


def test_formats():
    x = Tensor(2 / 3, requires_grad=True)
    assert f"{x:.3f}" == "0.667" and f"{x * 3:6.1e}" == "2.0e+00" and f"{Tensor(5):04d}" == "0005"
    assert f"{Tensor([0.5]):.0%}" == "50%" and f"{Tensor(1 + 2j):.1f}" == "1.0+2.0j"
    assert f"{x}" == str(x) and f"{Tensor([1, 2])}" == "Tensor([1, 2])"
    with pytest.raises(TypeError, match=r"shape \(2,\) takes no format '\.2f'.*printoptions"):
        format(Tensor([1.0, 2.0]), ".2f")


# ---------------------------------------------------------------------- numbers
def test_numbers_of_one_element():
    x = Tensor(2.5, requires_grad=True)
    assert (float(x), int(x), complex(x), bool(x)) == (2.5, 2, 2.5 + 0j, True)
    assert all(type(f(x)) is f for f in (float, int, complex, bool))
    assert math.sqrt(x * x) == 2.5 and math.sin(x) == math.sin(2.5) and math.isclose(x, 2.5)
    assert (math.floor(x), math.ceil(x), math.trunc(-x)) == (2, 3, -2)
    assert round(x) == 2 and type(round(x)) is int and round(Tensor(2.468), 2) == 2.47
    assert cmath.phase(Tensor(-1 + 0j)) == math.pi and complex(Tensor(1j)) == 1j
    assert Tensor([[7]]).item() == 7 and Tensor([1.0, 2.0]).item(1) == 2.0
    assert sum([x, x, 1]).item() == 6.0


@pytest.mark.parametrize("f", [float, int, complex, math.sqrt, math.floor, round, lambda x: x.item()])
def test_several_elements_are_no_number(f):
    with pytest.raises((ValueError, TypeError), match="one element|shape"):
        f(Tensor([1.0, 2.0]))


def test_a_complex_number_is_no_float():
    for f in (float, int):
        with pytest.raises(TypeError):
            f(Tensor(1 + 2j))


def test_truth():
    assert Tensor([[3.0]]) and not Tensor(0) and not Tensor([False])
    for several in (Tensor([1, 2]), Tensor([])):
        with pytest.raises(ValueError, match="ambiguous|empty"):
            bool(several)


# ---------------------------------------------------------------------- items
def test_an_integer_is_an_index():
    i = Tensor(1)
    assert [10, 20, 30][i] == 20 and "abc"[i] == "b" and list(range(i)) == [0] and [1, 2, 3][i:] == [2, 3]
    assert operator.index(Tensor(np.uint8(200))) == 200 and bin(i) == "0b1" and np.arange(3)[i] == 1
    for bad in (Tensor(1.0), Tensor([1]), Tensor(True)):
        with pytest.raises(TypeError, match="index"):
            operator.index(bad)


def test_length_and_iteration():
    x = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    first, second = x
    assert len(x) == 2 and isinstance(first, Tensor) and first.requires_grad
    (g,) = gradients((first * second).sum(), [x])
    assert g.tolist() == [[3.0, 4.0], [1.0, 2.0]]
    assert list(Tensor([])) == [] and [v.item() for v in reversed(Tensor([1, 2]))] == [2, 1]
    assert dict(zip("ab", Tensor([1, 2]), strict=True))["b"].item() == 2
    for f in (len, iter):
        with pytest.raises(TypeError, match="no axes"):
            f(Tensor(1.0))


def test_membership():
    x = Tensor([[1.0, 2.0], [np.nan, 4.0]], requires_grad=True)
    assert 2 in x and 3 not in x and float("nan") not in x and 1 not in Tensor([])


def test_identity_is_the_hash():
    x, y = Tensor([1.0]), Tensor([1.0])
    assert hash(x) != hash(y) and len({x, y, x}) == 2 and {x: 1}[x] == 1
    before = hash(x)
    with no_grad():
        x[0] = 5.0
    assert hash(x) == before
    assert (x == y).tolist() == [False] and (x != None).tolist() == [True]  # noqa: E711
