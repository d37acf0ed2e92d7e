"""The distribution that tokens are drawn from, beyond what tests/nn/test_train.py asks of it."""

import numpy as np
import pytest

from nn.errors import DataError
from nn.sample import probabilities

Z = np.log([0.15, 0.5, 0.05, 0.3])


@pytest.mark.parametrize(("min_p", "kept"), [(0.0, [0, 1, 2, 3]), (0.2, [0, 1, 3]), (0.5, [1, 3]), (1.0, [1])])
def test_min_p_is_a_share_of_the_likeliest(min_p, kept):
    wanted = np.zeros(4)
    wanted[kept] = np.exp(Z)[kept] / np.exp(Z)[kept].sum()
    np.testing.assert_allclose(probabilities(Z, min_p=min_p), wanted)


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan")])
def test_a_min_p_that_cannot_be(wrong):
    with pytest.raises(DataError, match="min_p is from 0 to 1"):
        probabilities(Z, min_p=wrong)
