"""einops on Tensors: a backend, which einops finds as a subclass of its own base class.

It can be defined only once einops is imported, and autograd does not import it: whichever comes first, the other is
waited for.

>>> from einops import rearrange
>>> from autograd import Tensor
>>> rearrange(Tensor([[1.0, 2.0], [3.0, 4.0]]), "h w -> (w h)")
Tensor([1., 3., 2., 4.])
"""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from autograd import ops
from autograd.graph import Variable

_MODULE = "einops._backends"


def define(module: ModuleType) -> None:
    """Give einops, whose module of backends this is, the one for Tensors."""

    class TensorBackend(module.AbstractBackend):  # type: ignore[misc, name-defined]
        framework_name = "autograd"

        def is_appropriate_type(self, tensor: Any) -> bool:
            return isinstance(tensor, Variable)

        def stack_on_zeroth_dimension(self, tensors: list[Any]) -> Any:
            return ops.stack(tensors)

        def tile(self, x: Any, repeats: Any) -> Any:
            return ops.tile(x, repeats)

        def concat(self, tensors: list[Any], axis: int) -> Any:
            return ops.concatenate(tensors, axis)

        def is_float_type(self, x: Any) -> bool:
            return x.dtype.kind in "fc"

        def add_axis(self, x: Any, new_position: int) -> Any:
            return ops.expand_dims(x, new_position)

        def einsum(self, pattern: str, *x: Any) -> Any:
            return ops.einsum(pattern, *x)

    module.TensorBackend = TensorBackend  # type: ignore[attr-defined]


class _Waiting:
    """Finds nothing itself: it sees the import of einops' backends and adds ours once they are there.

    A finder by its method alone: the base class for such would double the time that this import takes.
    """

    asking = False

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname != _MODULE or self.asking:
            return None
        self.asking = True  # another finder may ask all the others too
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self.asking = False
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            load(module)
            define(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


if _MODULE in sys.modules:
    define(sys.modules[_MODULE])
else:
    sys.meta_path.insert(0, _Waiting())
