"""Conventions of linear algebra where a derivative does not exist."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import GradError, Tensor, gradients


@pytest.mark.parametrize("turn", [0.0, 0.7])
def test_vectors_of_equal_eigenvalues_have_no_derivative(turn):
    q = np.array([[np.cos(turn), -np.sin(turn), 0.0], [np.sin(turn), np.cos(turn), 0.0], [0.0, 0.0, 1.0]])
    a = Tensor(q @ np.diag([1.0, 2.0, 2.0]) @ q.T, requires_grad=True)
    with pytest.raises(GradError, match="eigvalsh"):
        np.linalg.eigh(a)
    (g,) = gradients(np.linalg.eigvalsh(a).sum(), [a])
    np.testing.assert_allclose(g.data, np.eye(3), atol=1e-12)


@pytest.mark.parametrize("order", [None, 1, 2, 3.5, np.inf])
def test_norm_at_zero_is_flat(order):
    """HIPS #151, #268, #586, #617: NaN."""
    x = Tensor(np.zeros(3), requires_grad=True)
    (g,) = gradients(np.linalg.norm(x, order), [x])
    assert np.isfinite(g.data).all()
