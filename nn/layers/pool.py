"""Pooling over one, two and three axes: the largest element of each window, the mean, or a norm."""

from __future__ import annotations

from autograd import Tensor, ops
from nn.layers.spatial import Sizes, Spatial


class _Pool(Spatial):
    def _windows(self, kernel_size: Sizes, stride: Sizes | None, padding: Sizes) -> None:
        """Windows lie side by side unless a stride is given."""
        self.kernel_size = self._each(kernel_size, "kernel_size", 1)
        self.stride = self.kernel_size if stride is None else self._each(stride, "stride", 1)
        self.padding = self._each(padding, "padding", 0)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _MaxPool(_Pool):
    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        *,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self._windows(kernel_size, stride, padding)
        self.dilation = self._each(dilation, "dilation", 1)
        self.ceil_mode = ceil_mode

    def forward(self, x: Tensor) -> Tensor:
        self._expect(x)
        result: Tensor = ops.max_pool(x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)
        return result

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, dilation={self.dilation}, ceil_mode={self.ceil_mode}"


class _AvgPool(_Pool):
    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self._windows(kernel_size, stride, padding)
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad
        self.divisor_override = divisor_override

    def forward(self, x: Tensor) -> Tensor:
        self._expect(x)
        result: Tensor = ops.avg_pool(
            x,
            self.kernel_size,
            self.stride,
            self.padding,
            ceil_mode=self.ceil_mode,
            count_include_pad=self.count_include_pad,
            divisor_override=self.divisor_override,
        )
        return result


class _LPPool(_Pool):
    def __init__(
        self, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        self._windows(kernel_size, stride, 0)
        self.norm_type, self.ceil_mode = norm_type, ceil_mode

    def forward(self, x: Tensor) -> Tensor:
        self._expect(x)
        result: Tensor = ops.lp_pool(x, self.norm_type, self.kernel_size, self.stride, self.ceil_mode)
        return result

    def extra_repr(self) -> str:
        return f"norm_type={self.norm_type}, {super().extra_repr()}, ceil_mode={self.ceil_mode}"


class MaxPool1d(_MaxPool):
    """The largest element of each window over the last one axis.

    Windows lie side by side unless `stride` is given. Ties share the gradient equally.

    Examples
    --------
    >>> import numpy as np
    >>> MaxPool1d(2)(np.zeros((2, 3, 4), np.float32)).shape
    (2, 3, 2)
    """

    axes = 1


class MaxPool2d(_MaxPool):
    """The largest element of each window over the last two axes.

    Arguments as `MaxPool1d`'s.

    Examples
    --------
    >>> import numpy as np
    >>> MaxPool2d(2)(np.zeros((2, 3, 4, 4), np.float32)).shape
    (2, 3, 2, 2)
    """

    axes = 2


class MaxPool3d(_MaxPool):
    """The largest element of each window over the last three axes.

    Arguments as `MaxPool1d`'s.

    Examples
    --------
    >>> import numpy as np
    >>> MaxPool3d(2)(np.zeros((2, 3, 4, 4, 4), np.float32)).shape
    (2, 3, 2, 2, 2)
    """

    axes = 3


class AvgPool1d(_AvgPool):
    """The mean of each window over the last one axis.

    Windows lie side by side unless `stride` is given. Zeros of the padding count with `count_include_pad`.

    Examples
    --------
    >>> import numpy as np
    >>> AvgPool1d(2)(np.zeros((2, 3, 4), np.float32)).shape
    (2, 3, 2)
    """

    axes = 1


class AvgPool2d(_AvgPool):
    """The mean of each window over the last two axes.

    Arguments as `AvgPool1d`'s.

    Examples
    --------
    >>> import numpy as np
    >>> AvgPool2d(2)(np.zeros((2, 3, 4, 4), np.float32)).shape
    (2, 3, 2, 2)
    """

    axes = 2


class AvgPool3d(_AvgPool):
    """The mean of each window over the last three axes.

    Arguments as `AvgPool1d`'s.

    Examples
    --------
    >>> import numpy as np
    >>> AvgPool3d(2)(np.zeros((2, 3, 4, 4, 4), np.float32)).shape
    (2, 3, 2, 2, 2)
    """

    axes = 3


class LPPool1d(_LPPool):
    """(sum of x^p)^(1/p) over each window of the last axis, p the `norm_type`, infinity too.

    As in PyTorch x itself is raised, not its absolute value.

    Examples
    --------
    >>> import numpy as np
    >>> LPPool1d(2, 2)(np.zeros((2, 3, 4), np.float32)).shape
    (2, 3, 2)
    """

    axes = 1


class LPPool2d(_LPPool):
    """`LPPool1d` over the last two axes.

    Examples
    --------
    >>> import numpy as np
    >>> LPPool2d(2, 2)(np.zeros((2, 3, 4, 4), np.float32)).shape
    (2, 3, 2, 2)
    """

    axes = 2


class LPPool3d(_LPPool):
    """`LPPool1d` over the last three axes.

    Examples
    --------
    >>> import numpy as np
    >>> LPPool3d(2, 2)(np.zeros((2, 3, 4, 4, 4), np.float32)).shape
    (2, 3, 2, 2, 2)
    """

    axes = 3
