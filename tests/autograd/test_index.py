"""Indexing: what comes back where an index names a place more than once."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import Tensor, gradients, ops


@pytest.mark.parametrize(
    "index",
    [
        lambda r: r.integers(-20, 20, 500),
        lambda r: (r.integers(-20, 20, 500), r.integers(-30, 30, 500)),
        lambda r: (slice(None), r.integers(-30, 30, 40)),
        lambda r: (Ellipsis, None, r.integers(-30, 30, (4, 10))),
        lambda r: r.random((20, 30)) < 0.5,
    ],
)
def test_large_indices_add_every_time_that_a_place_is_named(rng, index):
    x = Tensor(np.zeros((20, 30)), requires_grad=True)
    at = index(rng)
    w = rng.standard_normal(x.data[at].shape)
    expected = np.zeros(x.shape)
    np.add.at(expected, at, w)
    (found,) = gradients(x[at], [x], gradient=w)
    np.testing.assert_allclose(found.data, expected, atol=1e-12)
    assert ops.scatter_add(w.astype(np.float32), at, x.shape).dtype == np.float32
