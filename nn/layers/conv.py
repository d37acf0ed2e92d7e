"""Convolutions over one, two and three axes, and their transposes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import Tensor, ops
from nn import functional, init
from nn.layers.spatial import Sizes, Spatial
from nn.module import Parameter

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _Conv(Spatial):
    """Weights and options that both directions share."""

    def _build(
        self,
        channels: tuple[int, int],
        kernel_size: Sizes,
        stride: Sizes,
        padding: Sizes | str,
        dilation: Sizes,
        groups: int,
        shape: tuple[int, int],
        bias: bool,
        rng: np.random.Generator | None,
    ) -> None:
        name = type(self).__name__
        self.in_channels, self.out_channels = channels
        self.groups = groups
        if self.groups < 1 or any(c % self.groups for c in channels):
            raise ValueError(f"{name}: {channels[0]} to {channels[1]} channels do not fall into {self.groups} groups")
        self.kernel_size = self._each(kernel_size, "kernel_size", 1)
        self.stride = self._each(stride, "stride", 1)
        self.dilation = self._each(dilation, "dilation", 1)
        self.padding = padding if isinstance(padding, str) else self._each(padding, "padding", 0)
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(f"{name}: padding is 'same', 'valid', an integer or one an axis, not {padding!r}")
        if padding == "same" and any(s != 1 for s in self.stride):
            raise ValueError(f"{name}: padding 'same' keeps the size only with stride 1, not {self.stride}")
        rng = init.default_rng(rng)
        self.weight = Parameter(np.zeros((*shape, *self.kernel_size)))
        init.kaiming_uniform_(self.weight, math.sqrt(5), rng=rng)
        bound = 1 / math.sqrt(max(1, init.fans(self.weight.shape)[0]))
        self.bias = Parameter(rng.uniform(-bound, bound, self.out_channels)) if bias else None

    def extra_repr(self) -> str:
        return (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"padding={self.padding!r}, dilation={self.dilation}, groups={self.groups}, bias={self.bias is not None}"
        )


class _ConvForward(_Conv):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes | str = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        if padding_mode not in PADDING_MODES:
            raise ValueError(
                f"{type(self).__name__}: padding_mode is one of {', '.join(PADDING_MODES)}, not {padding_mode!r}"
            )
        self.padding_mode = padding_mode
        shape = (out_channels, in_channels // max(1, groups))
        channels = (in_channels, out_channels)
        self._build(channels, kernel_size, stride, padding, dilation, groups, shape, bias, rng)

    def _borders(self) -> list[tuple[int, int]]:
        """Elements before and after each axis, where they are not zeros."""
        if self.padding == "same":
            total = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
            return [(n // 2, n - n // 2) for n in total]
        return [(0, 0)] * self.axes if self.padding == "valid" else [(int(p), int(p)) for p in self.padding]

    def forward(self, x: Tensor) -> Tensor:
        self._expect(x, self.in_channels)
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            around = [n for pair in reversed(self._borders()) for n in pair]
            x, padding = functional.pad(x if isinstance(x, Tensor) else Tensor(x), around, self.padding_mode), 0
        result: Tensor = ops.conv(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)
        return result


class _ConvTranspose(_Conv):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Sizes = 1,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        if isinstance(padding, str):
            raise ValueError(f"{type(self).__name__}: padding is an integer or one an axis, not {padding!r}")
        self.output_padding = self._each(output_padding, "output_padding", 0)
        shape = (in_channels, out_channels // max(1, groups))
        channels = (in_channels, out_channels)
        self._build(channels, kernel_size, stride, padding, dilation, groups, shape, bias, rng)

    def forward(self, x: Tensor) -> Tensor:
        self._expect(x, self.in_channels)
        result: Tensor = ops.conv_transpose(
            x, self.weight, self.bias, self.stride, self.padding, self.output_padding, self.groups, self.dilation
        )
        return result


class Conv1d(_ConvForward):
    """Cross-correlation over one axis: (N, in_channels, length) or (in_channels, length).

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, dilation : int or one an axis
    padding : int, one an axis, "valid" or "same"
        Elements on either side; "same" keeps the size, with stride 1.
    groups : int
        Channels fall into so many groups that do not see each other.
    bias : bool
    padding_mode : "zeros", "reflect", "replicate" or "circular"
    rng : numpy.random.Generator, optional
        For weight and bias: uniform within 1 / sqrt(in_channels / groups * kernel elements), PyTorch's default.

    Attributes
    ----------
    weight : Parameter of shape (out_channels, in_channels / groups, *kernel_size)
    bias : Parameter of shape (out_channels,), or None

    Examples
    --------
    >>> import numpy as np
    >>> Conv1d(2, 4, 3, padding="same", rng=np.random.default_rng(0))(np.zeros((5, 2, 7), np.float32)).shape
    (5, 4, 7)
    """

    axes = 1


class Conv2d(_ConvForward):
    """Cross-correlation over two axes: (N, in_channels, height, width) or without N. Arguments as `Conv1d`'s.

    Examples
    --------
    >>> import numpy as np
    >>> Conv2d(3, 8, 3, stride=2, rng=np.random.default_rng(0))(np.zeros((1, 3, 9, 9), np.float32)).shape
    (1, 8, 4, 4)
    """

    axes = 2


class Conv3d(_ConvForward):
    """Cross-correlation over three axes: (N, in_channels, depth, height, width) or without N. See `Conv1d`.

    Examples
    --------
    >>> import numpy as np
    >>> Conv3d(1, 2, 2, rng=np.random.default_rng(0))(np.zeros((1, 3, 3, 3), np.float32)).shape
    (2, 2, 2, 2)
    """

    axes = 3


class ConvTranspose1d(_ConvTranspose):
    """The transpose of `Conv1d`: each element adds the kernel, times itself, to a window of the result.

    Parameters
    ----------
    output_padding : int or one an axis
        So many elements more at the end; less than the stride or the dilation.

    Attributes
    ----------
    weight : Parameter of shape (in_channels, out_channels / groups, *kernel_size)
    bias : Parameter of shape (out_channels,), or None

    Examples
    --------
    >>> import numpy as np
    >>> ConvTranspose1d(2, 4, 2, stride=2, rng=np.random.default_rng(0))(np.zeros((5, 2, 7), np.float32)).shape
    (5, 4, 14)
    """

    axes = 1


class ConvTranspose2d(_ConvTranspose):
    """The transpose of `Conv2d`; arguments as `ConvTranspose1d`'s.

    Examples
    --------
    >>> import numpy as np
    >>> ConvTranspose2d(2, 1, 2, rng=np.random.default_rng(0))(np.zeros((2, 3, 3), np.float32)).shape
    (1, 4, 4)
    """

    axes = 2


class ConvTranspose3d(_ConvTranspose):
    """The transpose of `Conv3d`; arguments as `ConvTranspose1d`'s.

    Examples
    --------
    >>> import numpy as np
    >>> ConvTranspose3d(2, 1, 2, rng=np.random.default_rng(0))(np.zeros((2, 3, 3, 3), np.float32)).shape
    (1, 4, 4, 4)
    """

    axes = 3
