"""Losses of margins and likelihoods: closed forms, gradients by differences, and what they refuse."""

import numpy as np
import pytest

from autograd import Tensor, vmap
from autograd.testing import check_grads
from nn import losses

SIGNS = np.array([1, -1, 1, -1])


def test_every_loss_by_hand(rng):
    a, b, x = rng.normal(size=(3, 4))
    margins = [max(0, 0.5 - s * (p - q)) for s, p, q in zip(SIGNS, a, b, strict=True)]
    assert losses.margin_ranking_loss(a, b, SIGNS, 0.5).item() == pytest.approx(np.mean(margins))
    hinges = [v if s > 0 else max(0, 1 - v) for s, v in zip(SIGNS, x, strict=True)]
    assert losses.hinge_embedding_loss(x, SIGNS).item() == pytest.approx(np.mean(hinges))
    assert losses.soft_margin_loss(x, SIGNS).item() == pytest.approx(np.log1p(np.exp(-SIGNS * x)).mean())
    cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    assert losses.cosine_embedding_loss(a, b, 1).item() == pytest.approx(1 - cosine)
    assert losses.cosine_embedding_loss(a, b, -1, margin=-1.0).item() == pytest.approx(cosine + 1)
    apart = np.linalg.norm(a - b) - min(np.linalg.norm(a - x), np.linalg.norm(b - x)) + 9
    assert losses.triplet_margin_loss(a, b, x, 9.0, swap=True, eps=0.0).item() == pytest.approx(apart)
    classes = sum(max(0, 1 - x[2] + x[i]) ** 2 for i in (0, 1, 3)) / 4
    assert losses.multi_margin_loss(x, 2, p=2).item() == pytest.approx(classes)
    labels = sum(max(0, 1 - x[y] + x[i]) for y in (3, 1) for i in (0, 2)) / 4
    assert losses.multilabel_margin_loss(x, [3, 1, -1, 0]).item() == pytest.approx(labels)
    v = np.exp(b)
    normal = -np.log(np.exp(-((a - x) ** 2) / (2 * v)) / np.sqrt(2 * np.pi * v))
    assert losses.gaussian_nll_loss(a, x, v, full=True).item() == pytest.approx(normal.mean())
    assert losses.poisson_nll_loss(v, [0.0, 1.0, 2.0, 3.0], False).item() == pytest.approx(
        (v - np.arange(4) * b).mean()
    )


def test_gradients_are_those_of_differences(rng):
    a, b, c = rng.normal(size=(3, 5, 4))
    check_grads(lambda x, y: losses.cosine_embedding_loss(x, y, [1, -1, 1, -1, 1]), (a, b))
    check_grads(lambda x, y, z: losses.triplet_margin_loss(x, y, z, 5.0), (a, b, c))
    check_grads(lambda x: losses.multi_margin_loss(x, [0, 1, 2, 3, 0], margin=9.0), (a,))
    check_grads(lambda x, v: losses.gaussian_nll_loss(x, b, v), (a, c**2 + 0.1))
    check_grads(lambda x: losses.poisson_nll_loss(x, b**2, full=True), (a,))


def test_losses_of_a_batch_at_once(rng):
    """vmap gives each example's loss, where the numbers cannot be looked at."""
    a, b, c = rng.uniform(0.1, 0.9, (3, 6, 4))
    for loss in (
        losses.binary_cross_entropy, losses.huber_loss, losses.kl_div, losses.poisson_nll_loss,
        losses.triplet_margin_loss, losses.gaussian_nll_loss,
    ):  # fmt: skip
        arrays = (a, b, c)[: 3 if loss in (losses.triplet_margin_loss, losses.gaussian_nll_loss) else 2]
        together = vmap(loss)(*(Tensor(x) for x in arrays))
        np.testing.assert_allclose(together.data, [loss(*(x[i] for x in arrays)).item() for i in range(6)], rtol=1e-12)


X = np.zeros((2, 3))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda: losses.soft_margin_loss(X, np.zeros((2, 3))),
            ValueError,
            "soft_margin_loss: the target holds 1 and",
        ),
        (lambda: losses.margin_ranking_loss(X, X, [1, 1]), ValueError, r"target has shape \(2,\), wanted \(2, 3\)"),
        (lambda: losses.multi_margin_loss(X, [0, 3]), ValueError, "class numbers from 0 to 3, but there are 3"),
        (lambda: losses.multi_margin_loss(X, [0.0, 1.0]), TypeError, "integers, not float64"),
        (lambda: losses.multi_margin_loss(X, [0, 1], p=3), ValueError, "p is 1 or 2, not 3"),
        (lambda: losses.multilabel_margin_loss(X, [0, 1]), ValueError, r"shape \(2,\), wanted \(2, 3\)"),
        (lambda: losses.multilabel_margin_loss(X[None], X), ValueError, r"wanted \(N, classes\) or \(classes,\)"),
        (lambda: losses.triplet_margin_loss(X, X, X, margin=0.0), ValueError, "margin must be above 0"),
        (lambda: losses.gaussian_nll_loss(X, X, X - 1), ValueError, "a variance is negative"),
        (lambda: losses.gaussian_nll_loss(X, X, np.ones(4)), ValueError, r"variances of shape \(4,\)"),
        (lambda: losses.cosine_embedding_loss(X[None], X[None], 1), ValueError, r"wanted \(N, width\)"),
        (lambda: losses.poisson_nll_loss(X, X[:1]), ValueError, r"\(2, 3\).*\(1, 3\)"),
    ],
)
def test_what_losses_refuse(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_counts_of_zero_and_one_need_no_stirling():
    plain, full = (losses.poisson_nll_loss(Tensor([0.5] * 2), [0.0, 1.0], full=f, reduction="none") for f in (0, 1))
    assert np.array_equal(plain.data, full.data)
