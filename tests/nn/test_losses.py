"""Losses: closed forms, reductions, the ends of their ranges, and errors."""

import numpy as np
import pytest

import nn
from autograd import Tensor, ops
from nn import losses

PAIRS = [nn.MSELoss, nn.L1Loss, nn.HuberLoss, nn.SmoothL1Loss, nn.BCELoss, nn.BCEWithLogitsLoss, nn.KLDivLoss]


@pytest.mark.parametrize("loss", PAIRS)
def test_reductions_are_of_the_same_values(loss, rng):
    x, t = rng.random((3, 4)), rng.random((3, 4))
    values = loss(reduction="none")(x, t).data
    assert values.shape == x.shape and values.dtype == np.float64
    np.testing.assert_allclose(loss(reduction="sum")(x, t).data, values.sum())
    np.testing.assert_allclose(loss()(x, t).data, values.mean())


@pytest.mark.parametrize("loss", PAIRS)
def test_shapes_that_differ_are_refused(loss):
    with pytest.raises(ValueError, match=r"\(3,\).*\(3, 1\)"):
        loss()(np.full(3, 0.5), np.full((3, 1), 0.5))


@pytest.mark.parametrize("loss", [*PAIRS, nn.NLLLoss, nn.CrossEntropyLoss])
def test_reductions_that_do_not_exist_are_refused(loss):
    with pytest.raises(ValueError, match="median"):
        loss(reduction="median")


def test_the_plain_mean_is_the_fused_op_and_all_paths_agree(rng):
    x, t = rng.normal(size=(5, 3, 2)), rng.integers(0, 3, (5, 2))
    fused = ops.cross_entropy(np.moveaxis(x, 1, -1), t)
    assert losses.cross_entropy(x, t).item() == fused.item()
    for other in (
        losses.cross_entropy(x, t, weight=np.ones(3)),
        losses.cross_entropy(x, t, reduction="none").mean(),
        losses.cross_entropy(x, np.moveaxis(np.eye(3)[t], -1, 1)),
        losses.nll_loss(ops.log_softmax(Tensor(x), axis=1), t),
    ):
        np.testing.assert_allclose(other.data, fused.item())


def test_ignored_targets_cost_nothing_even_at_minus_infinity():
    x = Tensor([[-1.0, -np.inf], [-np.inf, -2.0]], requires_grad=True)
    loss = losses.nll_loss(x, [0, 7], ignore_index=7)
    loss.backward()
    assert loss.item() == 1.0
    assert x.grad.data.tolist() == [[-1.0, 0.0], [0.0, 0.0]]


def test_certain_and_wrong_costs_a_hundred_and_logits_do_not_overflow():
    p = Tensor([0.0, 1.0], requires_grad=True)
    values = losses.binary_cross_entropy(p, [1.0, 1.0], reduction="none")
    values.sum().backward()
    assert values.data.tolist() == [100.0, 0.0]
    assert np.isfinite(p.grad.data).all()
    far = losses.binary_cross_entropy_with_logits(Tensor([-1e4, 1e4]), [1.0, 1.0], reduction="none")
    assert far.data.tolist() == [1e4, 0.0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: losses.cross_entropy(np.zeros((2, 3)), [0, 3]), "class 3 .* 3 classes"),
        (lambda: losses.cross_entropy(np.zeros((2, 3)), [[0, 1]]), r"\(2, 3\) wants a target of shape \(2,\)"),
        (lambda: losses.cross_entropy(np.zeros((2, 3)), [0, 1], weight=[1.0]), "one weight a class"),
        (lambda: losses.cross_entropy(np.zeros((2, 3)), [0, 1], label_smoothing=2), "label_smoothing"),
        (lambda: losses.nll_loss(np.zeros(()), 0), r"shape \(\)"),
        (lambda: losses.binary_cross_entropy([1.5], [1.0]), "between 0 and 1"),
        (lambda: nn.HuberLoss(delta=0), "delta"),
        (lambda: nn.SmoothL1Loss(beta=-1), "beta"),
    ],
)
def test_what_is_wrong_is_said(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_class_numbers_are_integers():
    with pytest.raises(TypeError, match="integers"):
        losses.nll_loss(np.zeros((2, 3)), [0.0, 1.0])
