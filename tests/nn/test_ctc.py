"""CTC: every path counted, and PyTorch's values and gradients."""

import itertools

import numpy as np
import pytest

import nn
from autograd import Tensor
from autograd.testing import check_grads
from nn import losses


def by_paths(log_probs, labels, blank):
    """The probability of all paths whose repeats merge and whose blanks fall out to the labels."""
    total = 0.0
    for path in itertools.product(range(log_probs.shape[1]), repeat=len(log_probs)):
        merged = [c for i, c in enumerate(path) if i == 0 or c != path[i - 1]]
        if [c for c in merged if c != blank] == list(labels):
            total += np.exp(sum(log_probs[t, c] for t, c in enumerate(path)))
    return -np.log(total)


def log_softmax(x):
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


@pytest.mark.parametrize("labels", [[], [1], [1, 2], [1, 1], [2, 1, 2]])
@pytest.mark.parametrize("blank", [0, 3])
def test_all_paths_that_give_the_labels_count(labels, blank, rng):
    x, labels = log_softmax(rng.normal(size=(5, 4))), np.array(labels, int)
    assert losses.ctc_loss(x, labels, 5, len(labels), blank, "sum").item() == pytest.approx(by_paths(x, labels, blank))
    check_grads(lambda a: losses.ctc_loss(a, labels, 5, len(labels), blank, "sum"), x, order=1)


def test_labels_that_do_not_fit_cost_infinity_or_nothing(rng):
    x = Tensor(log_softmax(rng.normal(size=(2, 1, 4))), requires_grad=True)
    assert nn.CTCLoss()(x, [[1, 1]], [2], [2]).item() == np.inf  # a blank would have to stand between
    loss = nn.CTCLoss(zero_infinity=True)(x, [[1, 1]], [2], [2])
    loss.backward()
    assert loss.item() == 0 and not x.grad.data.any()


X = np.zeros((4, 2, 3))


@pytest.mark.parametrize(
    ("args", "error", "words"),
    [
        ((X[0, 0], [1], 1, 1), ValueError, r"input of shape \(3,\), wanted \(time, N, classes\)"),
        ((X, [[1], [0]], [4, 4], [1, 1]), ValueError, "classes from 0 to 2, without the blank 0"),
        ((X, [[1], [3]], [4, 4], [1, 1]), ValueError, "classes from 0 to 2"),
        ((X, [[1], [1]], [4, 5], [1, 1]), ValueError, "input_lengths run from 4 to 5, but there are 4 places"),
        ((X, [[1], [1]], [4, 4], [1, 2]), ValueError, "target_lengths run from 1 to 2, but there are 1 places"),
        ((X, [[1], [1]], [4], [1, 1]), ValueError, r"input_lengths are integers of shape \(2,\)"),
        ((X, [1, 1, 1], [4, 4], [1, 1]), ValueError, "their lengths add up to 2"),
        ((X, [[1.0], [1.0]], [4, 4], [1, 1]), TypeError, "integers, not float64"),
        ((X, [[1], [1]], [4, 4], [1, 1], 3), ValueError, "the blank 3 is none of 3 classes"),
    ],
)
def test_what_does_not_fit_is_named(args, error, words):
    with pytest.raises(error, match=words):
        losses.ctc_loss(*args)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-10)])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("flat", [False, True])
def test_values_and_gradients_are_pytorchs(flat, reduction, dtype, tolerance, rng):
    torch = pytest.importorskip("torch", reason="PyTorch is the peer")
    logits = rng.normal(size=(9, 4, 5)).astype(dtype)
    times, counts = np.array([9, 7, 9, 5]), np.array([3, 2, 0, 1])
    labels = rng.integers(1, 5, (4, 3))
    labels = labels[np.arange(3) < counts[:, None]] if flat else labels
    x, t = Tensor(logits, requires_grad=True), torch.tensor(logits, requires_grad=True)
    y = nn.CTCLoss(reduction=reduction)(nn.functional.log_softmax(x), labels, times, counts)
    peer = torch.nn.CTCLoss(reduction=reduction)
    expected = peer(t.log_softmax(-1), torch.tensor(labels), torch.tensor(times), torch.tensor(counts))
    y.sum().backward()
    expected.sum().backward()
    assert y.dtype == dtype and y.shape == expected.shape
    np.testing.assert_allclose(y.data, expected.detach().numpy(), rtol=tolerance)
    np.testing.assert_allclose(x.grad.data, t.grad.numpy(), rtol=tolerance, atol=tolerance)
