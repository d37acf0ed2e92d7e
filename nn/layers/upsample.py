"""Images of another size: Upsample, PixelShuffle, PixelUnshuffle; and ChannelShuffle."""

from __future__ import annotations

from collections.abc import Sequence

from autograd import Tensor
from nn import functional
from nn.module import Module


class Upsample(Module):
    """Images (N, C, *size) of another size, by interpolation: see `nn.functional.interpolate`.

    Parameters
    ----------
    size, scale_factor : number or one an axis
        The new size, or by what to multiply the old one: one of the two.
    mode : "nearest", "linear", "bilinear", "bicubic" or "trilinear"
    align_corners : bool
        Whether the outermost elements keep their places.

    Examples
    --------
    >>> import numpy as np
    >>> Upsample(scale_factor=2)(np.array([[[1.0, 2.0]]], np.float32)).data.tolist()
    [[[1.0, 1.0, 2.0, 2.0]]]
    """

    def __init__(
        self,
        size: int | Sequence[int] | None = None,
        scale_factor: float | Sequence[float] | None = None,
        mode: str = "nearest",
        align_corners: bool = False,
    ) -> None:
        super().__init__()
        self.size, self.scale_factor, self.mode, self.align_corners = size, scale_factor, mode, align_corners

    def forward(self, x: Tensor) -> Tensor:
        shape, rank = self._shape_of(x), functional.resize.RANKS.get(self.mode)
        if not 3 <= len(shape) <= 5 or len(shape) != (rank or len(shape)):
            axes = f"{rank} axes" if rank else "3 to 5 axes"
            raise ValueError(f"{self._label}: input of shape {shape}, wanted (N, C, *size) of {axes} for {self.mode!r}")
        x = x if isinstance(x, Tensor) else Tensor(x)
        return functional.interpolate(x, self.size, self.scale_factor, self.mode, self.align_corners)

    def extra_repr(self) -> str:
        size = f"size={self.size}" if self.scale_factor is None else f"scale_factor={self.scale_factor}"
        return f"{size}, mode={self.mode!r}"


class PixelShuffle(Module):
    """(..., C r^2, H, W) to (..., C, H r, W r): channels become places. Shi et al., 2016, equation 4.

    Examples
    --------
    >>> import numpy as np
    >>> PixelShuffle(2)(np.zeros((1, 8, 3, 3), np.float32)).shape
    (1, 2, 6, 6)
    """

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, x: Tensor) -> Tensor:
        shape, r = self._shape_of(x), self.upscale_factor
        if len(shape) < 3 or shape[-3] % (r * r):
            raise ValueError(f"{self._label}: input of shape {shape}, wanted (..., C {r}^2, height, width)")
        return functional.pixel_shuffle(x if isinstance(x, Tensor) else Tensor(x), r)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """(..., C, H r, W r) to (..., C r^2, H, W): the inverse of `PixelShuffle`.

    Examples
    --------
    >>> import numpy as np
    >>> PixelUnshuffle(2)(np.zeros((1, 2, 6, 6), np.float32)).shape
    (1, 8, 3, 3)
    """

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, x: Tensor) -> Tensor:
        shape, r = self._shape_of(x), self.downscale_factor
        if len(shape) < 3 or shape[-2] % r or shape[-1] % r:
            raise ValueError(f"{self._label}: input of shape {shape}, wanted (..., C, height {r}, width {r})")
        return functional.pixel_unshuffle(x if isinstance(x, Tensor) else Tensor(x), r)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """Channels of (N, C, ...) dealt out: the first of each of `groups`, then the second. Zhang et al., 2018, figure 1.

    Examples
    --------
    >>> ChannelShuffle(2)(Tensor([[[1.0], [2.0], [3.0], [4.0]]])).data.ravel().tolist()
    [1.0, 3.0, 2.0, 4.0]
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, x: Tensor) -> Tensor:
        shape = self._shape_of(x)
        if len(shape) < 3 or shape[1] % self.groups:
            wanted = f"(N, C, ...) with C in {self.groups} groups"
            raise ValueError(f"{self._label}: input of shape {shape}, wanted {wanted}")
        return functional.channel_shuffle(x if isinstance(x, Tensor) else Tensor(x), self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"
