"""Padding over the last one, two or three axes, and windows as columns."""

from __future__ import annotations

from collections.abc import Sequence

from autograd import Tensor
from nn import functional
from nn.functional.conv import Sizes
from nn.layers.spatial import Spatial
from nn.module import Module


class _Pad(Spatial):
    mode = "constant"
    value = 0.0

    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__()
        each = (padding,) * (2 * self.axes) if isinstance(padding, int) else tuple(padding)
        if len(each) != 2 * self.axes:
            raise ValueError(
                f"{type(self).__name__}: padding is an integer or {2 * self.axes} of them, not {padding!r}"
            )
        self.padding = each

    def forward(self, x: Tensor) -> Tensor:
        self._expect(x)
        return functional.pad(x if isinstance(x, Tensor) else Tensor(x), self.padding, self.mode, self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}"


class _ConstantPad(_Pad):
    def __init__(self, padding: int | Sequence[int], value: float) -> None:
        super().__init__(padding)
        self.value = value

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, value={self.value}"


class _ReflectionPad(_Pad):
    mode = "reflect"


class _ReplicationPad(_Pad):
    mode = "replicate"


class _CircularPad(_Pad):
    mode = "circular"


class ConstantPad1d(_ConstantPad):
    """`value` around the length of (N, C, length) or (C, length).

    Parameters
    ----------
    padding : int or (before, after)
        How many elements; less than zero cuts off.

    Examples
    --------
    >>> ConstantPad1d(2, 7.0)(Tensor([[1.0, 2.0, 3.0]])).data.tolist()
    [[7.0, 7.0, 1.0, 2.0, 3.0, 7.0, 7.0]]
    """

    axes = 1


class ConstantPad2d(_ConstantPad):
    """`ConstantPad1d` over two axes: one number for all sides, or (left, right, top, bottom).

    Examples
    --------
    >>> import numpy as np
    >>> ConstantPad2d(1, 0.0)(Tensor(np.zeros((3, 4, 4)))).shape
    (3, 6, 6)
    """

    axes = 2


class ConstantPad3d(_ConstantPad):
    """`ConstantPad1d` over three axes: one number for all sides, or (left, right, top, bottom, front, back).

    Examples
    --------
    >>> import numpy as np
    >>> ConstantPad3d(1, 0.0)(Tensor(np.zeros((1, 4, 4, 4)))).shape
    (1, 6, 6, 6)
    """

    axes = 3


class ZeroPad1d(_Pad):
    """Zeros around the length of (N, C, length) or (C, length).

    Examples
    --------
    >>> ZeroPad1d((1, 0))(Tensor([[1.0, 2.0, 3.0]])).data.tolist()
    [[0.0, 1.0, 2.0, 3.0]]
    """

    axes = 1


class ZeroPad2d(_Pad):
    """`ZeroPad1d` over two axes: one number for all sides, or (left, right, top, bottom).

    Examples
    --------
    >>> import numpy as np
    >>> ZeroPad2d(1)(Tensor(np.zeros((3, 4, 4)))).shape
    (3, 6, 6)
    """

    axes = 2


class ZeroPad3d(_Pad):
    """`ZeroPad1d` over three axes: one number for all sides, or (left, right, top, bottom, front, back).

    Examples
    --------
    >>> import numpy as np
    >>> ZeroPad3d(1)(Tensor(np.zeros((1, 4, 4, 4)))).shape
    (1, 6, 6, 6)
    """

    axes = 3


class ReflectionPad1d(_ReflectionPad):
    """The elements mirrored at the outermost ones, which are not repeated.

    Examples
    --------
    >>> ReflectionPad1d(2)(Tensor([[1.0, 2.0, 3.0]])).data.tolist()
    [[3.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0]]
    """

    axes = 1


class ReflectionPad2d(_ReflectionPad):
    """`ReflectionPad1d` over two axes: one number for all sides, or (left, right, top, bottom).

    Examples
    --------
    >>> import numpy as np
    >>> ReflectionPad2d(1)(Tensor(np.zeros((3, 4, 4)))).shape
    (3, 6, 6)
    """

    axes = 2


class ReflectionPad3d(_ReflectionPad):
    """`ReflectionPad1d` over three axes: one number for all sides, or (left, right, top, bottom, front, back).

    Examples
    --------
    >>> import numpy as np
    >>> ReflectionPad3d(1)(Tensor(np.zeros((1, 4, 4, 4)))).shape
    (1, 6, 6, 6)
    """

    axes = 3


class ReplicationPad1d(_ReplicationPad):
    """The outermost elements again and again.

    Examples
    --------
    >>> ReplicationPad1d(1)(Tensor([[1.0, 2.0, 3.0]])).data.tolist()
    [[1.0, 1.0, 2.0, 3.0, 3.0]]
    """

    axes = 1


class ReplicationPad2d(_ReplicationPad):
    """`ReplicationPad1d` over two axes: one number for all sides, or (left, right, top, bottom).

    Examples
    --------
    >>> import numpy as np
    >>> ReplicationPad2d(1)(Tensor(np.zeros((3, 4, 4)))).shape
    (3, 6, 6)
    """

    axes = 2


class ReplicationPad3d(_ReplicationPad):
    """`ReplicationPad1d` over three axes: one number for all sides, or (left, right, top, bottom, front, back).

    Examples
    --------
    >>> import numpy as np
    >>> ReplicationPad3d(1)(Tensor(np.zeros((1, 4, 4, 4)))).shape
    (1, 6, 6, 6)
    """

    axes = 3


class CircularPad1d(_CircularPad):
    """The elements of the other end.

    Examples
    --------
    >>> CircularPad1d(1)(Tensor([[1.0, 2.0, 3.0]])).data.tolist()
    [[3.0, 1.0, 2.0, 3.0, 1.0]]
    """

    axes = 1


class CircularPad2d(_CircularPad):
    """`CircularPad1d` over two axes: one number for all sides, or (left, right, top, bottom).

    Examples
    --------
    >>> import numpy as np
    >>> CircularPad2d(1)(Tensor(np.zeros((3, 4, 4)))).shape
    (3, 6, 6)
    """

    axes = 2


class CircularPad3d(_CircularPad):
    """`CircularPad1d` over three axes: one number for all sides, or (left, right, top, bottom, front, back).

    Examples
    --------
    >>> import numpy as np
    >>> CircularPad3d(1)(Tensor(np.zeros((1, 4, 4, 4)))).shape
    (1, 6, 6, 6)
    """

    axes = 3


class Unfold(Module):
    """Every window of images (N, C, height, width) as a column: (N, C times the elements of a window, windows).

    Examples
    --------
    >>> import numpy as np
    >>> Unfold(2)(np.zeros((1, 3, 4, 4), np.float32)).shape
    (1, 12, 9)
    """

    def __init__(self, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> None:
        super().__init__()
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride

    def forward(self, x: Tensor) -> Tensor:
        shape = self._shape_of(x)
        if len(shape) != 4:
            raise ValueError(f"{self._label}: input of shape {shape}, wanted (N, C, height, width)")
        return functional.unfold(x, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"


class Fold(Unfold):
    """Columns added up where their windows overlap: the transpose of `Unfold`, (N, C, *output_size).

    Examples
    --------
    >>> import numpy as np
    >>> Fold((4, 4), 2)(np.zeros((1, 12, 9), np.float32)).shape
    (1, 3, 4, 4)
    """

    def __init__(
        self,
        output_size: tuple[int, int],
        kernel_size: Sizes,
        dilation: Sizes = 1,
        padding: Sizes = 0,
        stride: Sizes = 1,
    ) -> None:
        super().__init__(kernel_size, dilation, padding, stride)
        self.output_size = tuple(output_size)

    def forward(self, x: Tensor) -> Tensor:
        shape = self._shape_of(x)
        if len(shape) != 3:
            raise ValueError(f"{self._label}: input of shape {shape}, wanted (N, C times a window, windows)")
        options = (self.kernel_size, self.dilation, self.padding, self.stride)
        return functional.fold(x, self.output_size, *options)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}, {super().extra_repr()}"
