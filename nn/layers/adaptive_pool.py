"""Pooling to a size: as many windows as the result has elements."""

from __future__ import annotations

from collections.abc import Callable

from autograd import Tensor
from nn import functional
from nn.functional.pool import OutputSizes
from nn.layers.spatial import Spatial


class _AdaptivePool(Spatial):
    _function: Callable[..., Tensor]

    def __init__(self, output_size: OutputSizes) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, x: Tensor) -> Tensor:
        self._expect(x)
        return self._function(x if isinstance(x, Tensor) else Tensor(x), self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptivePool):
    """The means of `output_size` windows that cover the axis of (N, C, length) or (C, length).

    Window i of n elements goes from floor(i n / output_size) to ceil((i + 1) n / output_size).

    Examples
    --------
    >>> import numpy as np
    >>> AdaptiveAvgPool1d(2)(np.zeros((2, 3, 5), np.float32)).shape
    (2, 3, 2)
    """

    axes = 1
    _function = staticmethod(functional.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptivePool):
    """`AdaptiveAvgPool1d` over the last two axes; one size for all, or one an axis, None to keep it.

    Examples
    --------
    >>> import numpy as np
    >>> AdaptiveAvgPool2d((2, None))(np.zeros((2, 3, 5, 7), np.float32)).shape
    (2, 3, 2, 7)
    """

    axes = 2
    _function = staticmethod(functional.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptivePool):
    """`AdaptiveAvgPool1d` over the last three axes; one size for all, or one an axis, None to keep it.

    Examples
    --------
    >>> import numpy as np
    >>> AdaptiveAvgPool3d(1)(np.zeros((2, 3, 5, 7, 4), np.float32)).shape
    (2, 3, 1, 1, 1)
    """

    axes = 3
    _function = staticmethod(functional.adaptive_avg_pool3d)


class AdaptiveMaxPool1d(_AdaptivePool):
    """The largest elements of `output_size` windows that cover the axis of (N, C, length) or (C, length).

    Window i of n elements goes from floor(i n / output_size) to ceil((i + 1) n / output_size); ties share the gradient
    equally.

    Examples
    --------
    >>> import numpy as np
    >>> AdaptiveMaxPool1d(2)(np.zeros((2, 3, 5), np.float32)).shape
    (2, 3, 2)
    """

    axes = 1
    _function = staticmethod(functional.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptivePool):
    """`AdaptiveMaxPool1d` over the last two axes; one size for all, or one an axis, None to keep it.

    Examples
    --------
    >>> import numpy as np
    >>> AdaptiveMaxPool2d((2, None))(np.zeros((2, 3, 5, 7), np.float32)).shape
    (2, 3, 2, 7)
    """

    axes = 2
    _function = staticmethod(functional.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptivePool):
    """`AdaptiveMaxPool1d` over the last three axes; one size for all, or one an axis, None to keep it.

    Examples
    --------
    >>> import numpy as np
    >>> AdaptiveMaxPool3d(1)(np.zeros((2, 3, 5, 7, 4), np.float32)).shape
    (2, 3, 1, 1, 1)
    """

    axes = 3
    _function = staticmethod(functional.adaptive_max_pool3d)
