"""Sparse gradients: the rows that an embedding read, equal to the dense gradient, and never as large."""

import copy
import pickle
import tracemalloc

import numpy as np
import pytest

import nn
from autograd import AnomalyError, RowSparse, Tensor, checkpoint, detect_anomaly, grad, gradients, hessian, jvp, ops
from nn.layers import Embedding
from nn.optim import SGD, Adam, AdamW, Muon, clip_grad_norm_, clip_grad_value_

WORDS = np.array([[3, 1, 3], [0, 3, 1]])


@pytest.fixture
def table(rng):
    return Tensor(rng.normal(size=(6, 2)), requires_grad=True)


def both(table, loss, steps=1):
    """`.grad` after `steps` backward passes of loss(weight, sparse): sparse, and dense."""
    found = []
    for sparse in (True, False):
        w = Tensor(table.data, requires_grad=True)
        for _ in range(steps):
            loss(w, sparse).backward()
        found.append(w.grad)
    return found


def weighted(w, sparse):
    return (ops.embedding(w, WORDS, sparse=sparse) ** 3).sum()


# ------------------------------------------------------------------ the class
def test_dense_sums_the_values_of_a_repeated_row(rng):
    rows, values = rng.integers(0, 5, 40), rng.normal(size=(40, 3, 2))
    expected = np.zeros((5, 3, 2))
    for row, value in zip(rows, values, strict=True):
        expected[row] += value
    g = RowSparse(rows, values, (5, 3, 2))
    np.testing.assert_allclose(g.dense(), expected)
    np.testing.assert_allclose(np.asarray(g), expected)
    once = g.coalesce()
    assert once.rows.tolist() == sorted(set(rows.tolist()))
    np.testing.assert_allclose(once.values, expected[once.rows])
    assert once.coalesce() is once
    assert (g.shape, g.dtype, g.ndim, g.size, g.nbytes) == ((5, 3, 2), np.float64, 3, 30, 40 * 8 + 40 * 6 * 8)


def test_arithmetic_is_that_of_the_dense_array(rng):
    a = RowSparse([1, 1, 3], rng.normal(size=(3, 2)), (4, 2))
    b = RowSparse([3, 0], rng.normal(size=(2, 2)), (4, 2))
    d = rng.normal(size=(4, 2))
    for kept, expected in [
        (a + b, a.dense() + b.dense()),
        (2 * a, 2 * a.dense()),
        (a * np.float64(0.5), 0.5 * a.dense()),
        (np.float64(0.5) * a, 0.5 * a.dense()),
        (a / 3, a.dense() / 3),
        (-a, -a.dense()),
        (a.astype("f4"), a.dense().astype("f4")),
    ]:
        assert isinstance(kept, RowSparse)
        np.testing.assert_allclose(kept.dense(), expected, rtol=1e-6)
    for full, expected in [(a + d, a.dense() + d), (d + a, a.dense() + d), (np.exp(a), np.exp(a.dense()))]:
        assert type(full) is np.ndarray
        np.testing.assert_allclose(full, expected)
    target = d.copy()
    same = target
    target += a
    assert target is same
    np.testing.assert_allclose(target, d + a.dense())
    assert np.sum(a) == pytest.approx(a.dense().sum())


def test_a_long_sum_does_not_grow_past_the_dense_array():
    total = step = RowSparse([0, 1, 2], np.ones((3, 2)), (3, 2))
    for _ in range(99):
        total = total + step
    assert total.rows.size <= 3
    np.testing.assert_array_equal(total.dense(), np.full((3, 2), 100.0))


def test_no_rows():
    g = RowSparse([], np.zeros((0, 2), "f4"), (3, 2))
    assert g.dense().tolist() == [[0, 0]] * 3
    assert g.dtype == np.float32
    assert g.coalesce().rows.dtype.kind == "i"
    assert (g + g).rows.size == 0


@pytest.mark.parametrize(
    ("rows", "values", "shape", "error", "words"),
    [
        ([0.5], [[1.0]], (2, 1), TypeError, "integers"),
        ([0], [["a"]], (2, 1), TypeError, "numbers"),
        ([0, 1], [[1.0]], (2, 1), ValueError, r"\(n,\)"),
        ([[0]], [[[1.0]]], (2, 1), ValueError, r"\(n,\)"),
        ([0], [1.0], (), ValueError, r"\(n,\)"),
        ([2], [[1.0]], (2, 1), IndexError, "2 to 2"),
        ([-1], [[1.0]], (2, 1), IndexError, "-1"),
    ],
)
def test_what_does_not_fit_is_refused(rows, values, shape, error, words):
    with pytest.raises(error, match=words):
        RowSparse(rows, values, shape)


def test_sums_of_other_shapes_and_uncopied_arrays_are_refused():
    a, b = RowSparse([0], [[1.0]], (2, 1)), RowSparse([0], [[1.0]], (3, 1))
    with pytest.raises(ValueError, match="cannot be added"):
        a + b
    with pytest.raises(TypeError):
        a + "x"
    with pytest.raises(ValueError, match="copy"):
        np.array(a, copy=False)


# ------------------------------------------------------------------ the backward pass
@pytest.mark.parametrize("steps", [1, 3])
def test_the_gradient_of_a_leaf_is_sparse_and_that_of_the_dense_pass(table, steps):
    sparse, dense = both(table, weighted, steps)
    assert isinstance(sparse, RowSparse)
    assert sparse.rows.size <= table.shape[0]
    np.testing.assert_allclose(sparse.dense(), dense.data)


def test_two_uses_are_concatenated(table):
    def twice(w, sparse):
        return weighted(w, sparse) + ops.embedding(w, np.uint8([5]), sparse=sparse).sum() * 2

    sparse, dense = both(table, twice)
    assert isinstance(sparse, RowSparse)
    np.testing.assert_allclose(sparse.dense(), dense.data)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("uses", [1, 2])
def test_a_dense_use_makes_the_sum_dense(table, order, uses):
    def mixed(w, sparse):
        terms = [weighted(w, sparse), *[(w * w).sum() for _ in range(uses)]][::order]
        return sum(terms[1:], terms[0])

    sparse, dense = both(table, mixed)
    assert isinstance(sparse, Tensor)
    np.testing.assert_allclose(sparse.data, dense.data)


@pytest.mark.parametrize("first", [True, False])
def test_sparse_and_dense_passes_add_up(table, first):
    for sparse in (first, not first):
        weighted(table, sparse).backward()
    assert isinstance(table.grad, Tensor)
    np.testing.assert_allclose(table.grad.data, 2 * both(table, weighted)[1].data)


def test_a_computed_weight_has_a_dense_gradient(table):
    sparse, dense = both(table, lambda w, sparse: weighted(w * 2, sparse))
    assert isinstance(sparse, Tensor)
    np.testing.assert_allclose(sparse.data, dense.data)


def test_transforms_and_hooks_give_dense_arrays(table):
    expected = both(table, weighted)[1].data
    np.testing.assert_allclose(gradients(weighted(table, True), [table])[0].data, expected)
    np.testing.assert_allclose(grad(weighted)(table.data, True), expected)
    seen = []
    loss = weighted(table, True)
    rows = ops.embedding(table, WORDS, sparse=True)
    rows._node.register_hook(lambda parts, g: seen.append(parts[0]))
    rows.sum().backward()
    assert type(seen[0]) is np.ndarray
    table.grad = None
    table.register_hook(lambda g: g * 2)
    loss.backward()
    assert isinstance(table.grad, Tensor)
    np.testing.assert_allclose(table.grad.data, 2 * expected)


def test_higher_orders_and_forward_mode(table):
    first = gradients(weighted(table, True), [table], create_graph=True)[0]
    expected = gradients(first.sum(), [table])[0].data
    plain = gradients(weighted(table, False), [table], create_graph=True)[0]
    np.testing.assert_allclose(expected, gradients(plain.sum(), [table])[0].data)
    assert expected.any()
    np.testing.assert_allclose(hessian(weighted)(table.data, True), hessian(weighted)(table.data, False), atol=1e-12)
    direction = np.ones(table.shape)
    for sparse in (True, False):
        slope = jvp(lambda w, sparse=sparse: weighted(w, sparse), (table.data,), (direction,))[1]
        assert slope == pytest.approx((both(table, weighted)[1].data * direction).sum())
    weighted(table, True).backward()
    weighted(table, True).backward(create_graph=True)
    assert isinstance(table.grad, Tensor)
    assert table.grad.requires_grad


def test_complex_gradients_are_conjugate(rng):
    w = Tensor(rng.normal(size=(4, 2)) + 1j * rng.normal(size=(4, 2)), requires_grad=True)

    def loss(w, sparse):
        return (ops.embedding(w, [1, 1, 2], sparse=sparse) ** 2).real.sum()

    sparse, dense = both(w, loss, 2)
    assert isinstance(sparse, RowSparse)
    np.testing.assert_allclose(sparse.dense(), dense.data)
    assert dense.data.imag.any()


@pytest.mark.parametrize("indices", [np.array(2), [], np.zeros((2, 0), int), [4, 4, 4]])
@pytest.mark.parametrize("shape", [(5,), (5, 3), (5, 3, 2), (5, 0)])
def test_indices_and_tables_of_every_rank(indices, shape, rng):
    w = Tensor(rng.normal(size=shape), requires_grad=True)
    indices = np.asarray(indices, int)
    sparse, dense = both(w, lambda w, sparse: (ops.embedding(w, indices, sparse=sparse) ** 2).sum())
    assert isinstance(sparse, RowSparse)
    np.testing.assert_allclose(sparse.dense(), dense.data)


def test_the_gradient_holds_memory_of_its_own(table):
    words, weights = np.array([1, 2]), np.ones((2, 2))
    ops.embedding(table, words, sparse=True).backward(weights, retain_graph=True)
    words[:], weights[:] = 0, 7
    expected = np.zeros((6, 2))
    expected[[1, 2]] = 1
    np.testing.assert_array_equal(table.grad.dense(), expected)


def test_checkpoint_anomaly_copies_and_assignment(table):
    sparse, dense = both(table, lambda w, sparse: checkpoint(lambda w: weighted(w, sparse), w))
    assert isinstance(sparse, RowSparse)
    np.testing.assert_allclose(sparse.dense(), dense.data)
    with detect_anomaly(), pytest.raises(AnomalyError, match="embedding"):
        ops.embedding(table, [0], sparse=True).backward(np.full((1, 2), np.inf))
    table.grad = sparse
    for twin in (copy.deepcopy(table), pickle.loads(pickle.dumps(table))):  # noqa: S301 - our own bytes
        np.testing.assert_array_equal(twin.grad.dense(), sparse.dense())
    with pytest.raises(ValueError, match="does not fit"):
        table.grad = RowSparse([0], [[1.0]], (6, 1))


# ------------------------------------------------------------------ layers and optimisers
def test_embedding_layer(rng):
    layer = Embedding(5, 3, rng=rng, sparse=True)
    layer([[0, 4], [4, 4]]).sum().backward()
    assert isinstance(layer.weight.grad, RowSparse)
    assert layer.weight.grad.dense()[:, 0].tolist() == [1, 0, 0, 0, 3]
    assert "sparse=True" in repr(layer)
    layer.zero_grad()
    assert layer.weight.grad is None
    layer.unembed(layer([1])).sum().backward()
    assert isinstance(layer.weight.grad, Tensor)


def trained(optimizer, sparse, seed=0, steps=6, **settings):
    rng = np.random.default_rng(seed)
    w = Tensor(rng.normal(size=(7, 3)), requires_grad=True)
    mover = optimizer([w], **settings)
    for _ in range(steps):
        mover.zero_grad()
        (ops.embedding(w, rng.integers(0, 7, 4), sparse=sparse) ** 2).sum().backward()
        mover.step()
    return w.data


@pytest.mark.parametrize(
    "settings", [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}], ids=["plain", "momentum", "nesterov"]
)
def test_sgd_takes_the_same_steps_as_with_dense_gradients(settings):
    moved = trained(SGD, True, lr=0.05, **settings)
    np.testing.assert_allclose(moved, trained(SGD, False, lr=0.05, **settings), rtol=1e-12)


def test_adam_moves_only_the_rows_of_the_gradient_and_adamw_decays_all():
    w = Tensor(np.ones((4, 2)), requires_grad=True)
    adam = Adam([w], lr=0.1)
    for rows in ([0], [1, 1]):
        w.grad = None
        ops.embedding(w, rows, sparse=True).sum().backward()
        adam.step()
    after = w.data
    assert after[0, 0] == pytest.approx(0.9)  # not moved by its moment in the second step
    assert after[1, 0] < 1
    assert (after[2:] == 1).all()
    w = Tensor(np.ones((4, 2)), requires_grad=True)
    ops.embedding(w, [0], sparse=True).sum().backward()
    AdamW([w], lr=0.1, weight_decay=0.5).step()
    np.testing.assert_allclose(w.data[:, 0], [0.85, 0.95, 0.95, 0.95])


@pytest.mark.parametrize(
    ("ours", "theirs", "settings"),
    [
        (SGD, "SGD", {"lr": 0.05}),
        (SGD, "SGD", {"lr": 0.05, "momentum": 0.9}),
        (Adam, "SparseAdam", {"lr": 0.05}),
        (Adam, "SparseAdam", {"lr": 0.05, "betas": (0.5, 0.8), "eps": 0.1}),
    ],
)
def test_same_steps_as_pytorch(ours, theirs, settings, rng):
    torch = pytest.importorskip("torch")
    start = rng.normal(size=(7, 3))
    w, v = Tensor(start, requires_grad=True), torch.nn.Parameter(torch.tensor(start))
    mine, other = ours([w], **settings), getattr(torch.optim, theirs)([v], **settings)
    for _ in range(6):
        words = rng.integers(0, 7, (2, 3))
        mine.zero_grad()
        other.zero_grad()
        (ops.embedding(w, words, sparse=True) ** 2).sum().backward()
        (torch.nn.functional.embedding(torch.tensor(words), v, sparse=True) ** 2).sum().backward()
        assert v.grad.is_sparse
        np.testing.assert_allclose(w.grad.dense(), v.grad.to_dense().numpy())
        mine.step()
        other.step()
        np.testing.assert_allclose(w.data, v.detach().numpy(), rtol=1e-10)


@pytest.mark.parametrize(
    ("optimizer", "settings"), [(SGD, {"weight_decay": 0.1}), (Adam, {"weight_decay": 0.1}), (Muon, {})]
)
def test_optimisers_that_cannot_use_it_say_what_can(optimizer, settings, table):
    before = table.data.copy()
    weighted(table, True).backward()
    with pytest.raises(TypeError, match="sparse=False"):
        optimizer([table], lr=0.1, **settings).step()
    np.testing.assert_array_equal(table.data, before)


def test_clipping_is_that_of_the_dense_gradient(table):
    other = Tensor([1.0, 2.0], requires_grad=True)
    for clip in (
        lambda p: clip_grad_norm_(p, 0.7),
        lambda p: clip_grad_value_(p, 0.3),
        lambda p: clip_grad_norm_(p, 9e9),
    ):
        results = []
        for sparse in (True, False):
            table.grad = other.grad = None
            (weighted(table, sparse) + (other * other).sum()).backward()
            returned = clip([table, other])
            assert isinstance(table.grad, RowSparse) is sparse
            results.append((returned, np.asarray(table.grad), other.grad.data))
        assert results[0][0] == (None if results[1][0] is None else pytest.approx(results[1][0]))
        np.testing.assert_allclose(results[0][1], results[1][1])
        np.testing.assert_allclose(results[0][2], results[1][2])
    table.grad = RowSparse([1], [[np.nan, 0.0]], (6, 2))
    with pytest.raises(nn.errors.TrainingError, match="not finite"):
        clip_grad_norm_([table], 1.0)


@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_a_large_table_is_updated_without_a_gradient_of_its_size(optimizer, rng):
    w = Tensor(np.zeros((1_000_000, 64), np.float32), requires_grad=True)
    mover = optimizer([w], lr=0.1)
    words = rng.integers(0, len(w), 32)

    def step():
        mover.zero_grad()
        (ops.embedding(w, words, sparse=True) + 1).sum().backward()
        clip_grad_norm_([w], 1.0)
        mover.step()

    step()  # Adam makes its moments, as large as the table, at its first step
    tracemalloc.start()
    try:
        step()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000 < w.nbytes
    assert w.data[words].all()
    assert np.count_nonzero(w.data[:, 0]) == len(set(words.tolist()))
