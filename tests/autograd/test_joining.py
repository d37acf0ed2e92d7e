"""Joining and taking apart: conventions and edges."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import Tensor, gradients


def test_what_is_deleted_gets_no_gradient():
    x = Tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    for obj, expected in ((1, [1, 0, 1, 1]), ([-1, 0, 0], [0, 1, 1, 0]), (slice(1, 3), [1, 0, 0, 1])):
        assert gradients(np.delete(x, obj).sum(), [x])[0].data.tolist() == expected


def test_deleting_beyond_the_end_is_an_error():
    with pytest.raises(IndexError, match="delete"):
        np.delete(Tensor([1.0, 2.0], requires_grad=True), 2)


def test_diagflat_places_every_element_once():
    x = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = np.diagflat(x, -1)
    np.testing.assert_array_equal(y.data, np.diagflat(x.data, -1))
    w = np.arange(25.0).reshape(5, 5)
    assert gradients(y, [x], gradient=w)[0].data.tolist() == [[5.0, 11.0], [17.0, 23.0]]
