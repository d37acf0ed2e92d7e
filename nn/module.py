"""Module: a part of a network that owns parameters and other modules."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from autograd import Tensor, no_grad, scope
from nn import points


class Parameter(Tensor):
    """A tensor that a module owns and an optimiser moves: it requires a gradient and registers itself.

    Parameters
    ----------
    data : array_like
        Copied.
    dtype : dtype, optional
        float32 unless given.

    >>> Parameter([1.0, 2.0]).dtype
    dtype('float32')
    """

    __slots__ = ()

    def __init__(
        self,
        data: ArrayLike,
        requires_grad: bool = True,
        dtype: DTypeLike | None = np.float32,
        name: str | None = None,
    ) -> None:
        super().__init__(data, requires_grad=requires_grad, dtype=dtype, name=name)


class Module:
    """Base of all layers and models; write `__init__` and `forward`.

    Parameters and modules that are set as attributes register themselves under the attribute's name, and arrays can
    with `register_buffer`. Names and their order are PyTorch's, so state dicts match.

    Examples
    --------
    >>> import numpy as np
    >>> from nn import Module, Linear
    >>> class Twice(Module):
    ...     def __init__(self, rng):
    ...         super().__init__()
    ...         self.a = Linear(2, 3, rng=rng)
    ...         self.b = Linear(3, 1, rng=rng)
    ...     def forward(self, x):
    ...         return self.b(self.a(x))
    >>> model = Twice(np.random.default_rng(0))
    >>> list(model.state_dict())
    ['a.weight', 'a.bias', 'b.weight', 'b.bias']
    >>> model(np.ones((5, 2), np.float32)).shape
    (5, 1)
    """

    training: bool
    hook_points: tuple[str, ...] = ()  # the activations that `forward` reports with `point`
    hook_names: Mapping[str, str] = {}  # what children are called in the names of activations, where not as here

    def __init__(self) -> None:
        put = super().__setattr__
        put("_parameters", {})
        put("_buffers", {})
        put("_modules", {})
        put("_label", type(self).__name__)
        put("training", True)

    _parameters: dict[str, Tensor]
    _buffers: dict[str, np.ndarray[Any, Any]]
    _modules: dict[str, Module]
    _label: str

    # ------------------------------------------------------------------ attributes
    def __setattr__(self, name: str, value: Any) -> None:
        if "_modules" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__}: call super().__init__() before setting '{name}'")
        home: dict[str, Any] | None = None
        if isinstance(value, Parameter):
            home = self._parameters
        elif isinstance(value, Module):
            self._refuse_cycle(name, value)
            home = self._modules
        elif name in self._parameters and value is not None:
            raise TypeError(
                f"{type(self).__name__}: '{name}' is a parameter; set a Parameter or None, not {type(value).__name__}, "
                "or delete it first; new values go into its .data"
            )
        elif name in self._buffers and value is not None:
            self.register_buffer(name, value)
            return
        for register in (self._parameters, self._buffers, self._modules):
            if register is not home:
                register.pop(name, None)
        if home is not None:
            home[name] = value  # one that is already there keeps its place
        object.__setattr__(self, name, value)
        if isinstance(value, Module):
            value._named(self._name_inside(name))

    def __delattr__(self, name: str) -> None:
        for register in (self._parameters, self._buffers, self._modules):
            register.pop(name, None)
        object.__delattr__(self, name)

    def _refuse_cycle(self, name: str, value: Module) -> None:
        # only a module that already stands in another one can be inside `value`: the usual case costs nothing
        held = self._label != type(self).__name__
        if value is self or (held and any(module is self for module in value.modules())):
            raise ValueError(f"{self._label}: '{name}' would put the module inside itself")

    def _name_inside(self, key: str) -> str:
        """The name, for pictures, of a module that this one holds under `key`."""
        return key

    def _named(self, name: str) -> None:
        """Take the name under which a parent holds this module: the label of its calls in pictures."""
        object.__setattr__(self, "_label", f"{name}: {type(self).__name__}")

    def register_buffer(self, name: str, value: ArrayLike) -> None:
        """Keep a copy of an array in the state dict that is not learned; setting its attribute replaces it.

        Raises
        ------
        TypeError
            If `value` is no array of numbers.
        """
        array = np.array(_array(value))
        if array.dtype.kind not in "biufc":
            raise TypeError(f"{self._label}: the buffer '{name}' must hold numbers, not {array.dtype}")
        self._parameters.pop(name, None)
        self._modules.pop(name, None)
        self._buffers[name] = array
        object.__setattr__(self, name, array)

    # ------------------------------------------------------------------ calling
    def forward(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with scope(self._label):
            return self.forward(*args, **kwargs)

    def point(self, name: str, value: Tensor) -> Tensor:
        """Report an activation, one of `hook_points`; gives it back, or what a hook replaces it with.

        See `nn.hooks`.

        Examples
        --------
        >>> import numpy as np
        >>> import nn
        >>> class Half(nn.Module):
        ...     hook_points = ("hook_out",)
        ...     def forward(self, x):
        ...         return self.point("hook_out", x * 0.5)
        >>> model = Half()
        >>> with nn.hooks(model, {"hook_out": lambda value, name: value + 10}):
        ...     print(model(nn.Parameter([1.0])).data)
        [10.5]
        """
        return points.report(self, name, value)

    def listened(self, *names: str) -> bool:
        """Whether anybody hears one of these points: only then need a value be made that is not there anyway."""
        return points.listened(self, names)

    def _shape_of(self, x: Any) -> tuple[int, ...]:
        """The shape of what comes in; raise if it has none."""
        shape = getattr(x, "shape", None)
        if shape is None:
            raise TypeError(f"{self._label}: the input is a {type(x).__name__}, wanted a Tensor or an array")
        return tuple(shape)

    def _expect_width(self, x: Any, *width: int) -> None:
        """Raise unless the last axis of `x` has `width` elements; with several, the last axes."""
        shape = self._shape_of(x)
        if shape[-len(width) :] != width:
            wanted = f"axis must be {width[0]}" if len(width) == 1 else f"axes must be {width}"
            raise ValueError(f"{self._label}: input of shape {shape}, but its last {wanted}")

    # ------------------------------------------------------------------ walking
    def children(self) -> Iterator[Module]:
        """The modules directly inside."""
        return iter(self._modules.values())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Names and modules directly inside."""
        return iter(self._modules.items())

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """Name and module of this one and of all inside it, parents first, each once."""
        seen: set[int] = set()
        stack: list[tuple[str, Module]] = [(prefix, self)]
        while stack:
            name, module = stack.pop()
            if id(module) in seen:
                continue
            seen.add(id(module))
            yield name, module
            inner = [(f"{name}.{key}" if name else key, child) for key, child in module._modules.items()]
            stack.extend(reversed(inner))

    def modules(self) -> Iterator[Module]:
        return (module for _, module in self.named_modules())

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """Names and parameters; one that stands in two places (tied) comes once, under its first name."""
        seen: set[int] = set()
        for prefix, module in self.named_modules():
            for key, parameter in module._parameters.items():
                if id(parameter) not in seen:
                    seen.add(id(parameter))
                    yield f"{prefix}.{key}" if prefix else key, parameter

    def parameters(self) -> Iterator[Tensor]:
        return (parameter for _, parameter in self.named_parameters())

    def num_parameters(self) -> int:
        """How many numbers are learned, tied ones counted once."""
        return sum(p.size for p in self.parameters())

    # ------------------------------------------------------------------ state
    def _entries(self) -> dict[str, Tensor | np.ndarray[Any, Any]]:
        """Every name, tied ones under each of their names, with its parameter or buffer."""
        entries: dict[str, Tensor | np.ndarray[Any, Any]] = {}
        stack: list[tuple[str, Module]] = [("", self)]
        while stack:
            prefix, module = stack.pop()
            entries.update({prefix + key: value for key, value in module._parameters.items()})
            entries.update({prefix + key: value for key, value in module._buffers.items()})
            stack.extend(reversed([(f"{prefix}{key}.", child) for key, child in module._modules.items()]))
        return entries

    def state_dict(self) -> dict[str, np.ndarray[Any, Any]]:
        """A copy of all parameters and buffers by name, in PyTorch's order and under its names."""
        return {
            name: np.array(entry.data if isinstance(entry, Tensor) else entry)
            for name, entry in self._entries().items()
        }

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> None:
        """Take parameters and buffers from `state`: arrays, Tensors or PyTorch's tensors by name.

        Raises
        ------
        ValueError
            If names are missing or unknown (unless not `strict`), a shape differs, a dtype does not convert, or tied
            names come with different values. All of them are listed, and nothing has been changed.
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"{type(self).__name__}: a state dict maps names to arrays; got a {type(state).__name__}")
        entries = self._entries()
        arrays = {name: _array(value) for name, value in state.items()}
        wrong = [f"missing: {name} {list(np.shape(_array(e)))}" for name, e in entries.items() if name not in arrays]
        wrong += [f"unknown: {name} {list(a.shape)}" for name, a in arrays.items() if name not in entries]
        wrong = wrong if strict else []
        wrong += [
            f"shape of {name}: {list(arrays[name].shape)} given, {list(_array(e).shape)} wanted"
            for name, e in entries.items()
            if name in arrays and arrays[name].shape != _array(e).shape
        ]
        wrong += [
            f"dtype of {name}: {arrays[name].dtype} given, which does not convert to {e.dtype}"
            for name, e in entries.items()
            if name in arrays and not np.can_cast(arrays[name].dtype, e.dtype, "same_kind")
        ]
        wrong = wrong or _untied(entries, arrays)
        if wrong:
            raise ValueError(f"the state dict does not fit {type(self).__name__}:\n  " + "\n  ".join(wrong))
        for name, entry in entries.items():
            if name in arrays:
                if isinstance(entry, Tensor):
                    entry.data = np.array(arrays[name])
                else:
                    entry[...] = arrays[name]

    # ------------------------------------------------------------------ modes
    def train(self, mode: bool = True) -> Self:
        """Training mode on (or off) here and in all modules inside: dropout is active."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Training mode off."""
        return self.train(False)

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self.parameters():
            parameter.grad = None

    def requires_grad_(self, flag: bool = True) -> Self:
        """Learn (or freeze) all parameters."""
        for parameter in self.parameters():
            parameter.requires_grad_(flag)
        return self

    def astype(self, dtype: DTypeLike) -> Self:
        """Convert all parameters and floating buffers to a floating dtype, in place; gradients are forgotten."""
        if np.dtype(dtype).kind not in "fc":
            raise TypeError(f"{self._label}: parameters must be floating to learn, not {np.dtype(dtype)}")
        for module in self.modules():
            for key, buffer in list(module._buffers.items()):
                if buffer.dtype.kind in "fc":
                    setattr(module, key, buffer.astype(dtype))
        for parameter in self.parameters():
            # made anew in place: ties and optimisers go on holding the same object
            values, learned = parameter.data.astype(dtype), parameter.requires_grad
            Tensor.__init__(parameter, values, requires_grad=learned, name=parameter.name)
        return self

    def double(self) -> Self:
        """`astype(np.float64)`."""
        return self.astype(np.float64)

    def float(self) -> Self:
        """`astype(np.float32)`."""
        return self.astype(np.float32)

    def half(self) -> Self:
        """`astype(np.float16)`."""
        return self.astype(np.float16)

    def apply(self, function: Callable[[Module], object]) -> Self:
        """Call `function` on every module, children before parents."""
        for module in reversed(list(self.modules())):
            function(module)
        return self

    # ------------------------------------------------------------------ text
    def extra_repr(self) -> str:
        """What stands between the parentheses of the repr."""
        return ""

    def __repr__(self) -> str:
        lines: list[str] = []
        stack: list[tuple[int, str, Module | None]] = [(0, "", self)]
        while stack:
            depth, key, module = stack.pop()
            pad = "  " * depth
            if module is None:
                lines.append(f"{pad})")
                continue
            head = f"{pad}({key}): " if key else pad
            if not module._modules:
                lines.append(f"{head}{type(module).__name__}({module.extra_repr()})")
                continue
            lines.append(f"{head}{type(module).__name__}(")
            lines += [f"{pad}  {extra}"] if (extra := module.extra_repr()) else []
            stack.append((depth, "", None))
            stack.extend(reversed([(depth + 1, k, m) for k, m in module._modules.items()]))
        return "\n".join(lines)

    def summary(self, *inputs: Any) -> str:
        """A table of all modules with their own parameters, and the total.

        With example `inputs` also the shape of each module's output, from one call in evaluation mode.

        Examples
        --------
        >>> import numpy as np
        >>> from nn import Linear, ReLU, Sequential
        >>> print(Sequential(Linear(2, 3), ReLU()).summary(np.ones((5, 2), np.float32)))
        name    module      shapes                output  parameters
        (root)  Sequential                        [5, 3]           0
        0       Linear      weight[3, 2] bias[3]  [5, 3]           9
        1       ReLU                              [5, 3]           0
        total                                                      9
        """
        outputs = self._output_shapes(inputs) if inputs else {}
        rows = [("name", "module", "shapes", "output", "parameters")]
        counted: set[int] = set()
        for name, module in self.named_modules():
            own = module._parameters
            shapes = " ".join(f"{key}{list(p.shape)}" for key, p in own.items())
            count = sum(p.size for p in own.values() if id(p) not in counted)
            tied = bool(own) and all(id(p) in counted for p in own.values())
            counted.update(id(p) for p in own.values())
            size = "tied" if tied else f"{count:,}"
            rows.append((name or "(root)", type(module).__name__, shapes, outputs.get(module, ""), size))
        rows.append(("total", "", "", "", f"{self.num_parameters():,}"))
        shown = [0, 1, 2, 3, 4] if inputs else [0, 1, 2, 4]
        widths = {i: max(len(row[i]) for row in rows) for i in shown}
        return "\n".join("  ".join(f"{row[i]:{'>' if i == 4 else '<'}{widths[i]}}" for i in shown) for row in rows)

    def _output_shapes(self, inputs: tuple[Any, ...]) -> dict[Module, str]:
        """The shape of every module's output in one call without gradients; the modules are left as they were."""
        shapes: dict[Module, str] = {}
        before = {module: (module.training, module.__dict__.get("forward")) for module in self.modules()}

        def watched(module: Module, forward: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **kwargs: Any) -> Any:
                result = forward(*args, **kwargs)
                shapes[module] = str(list(result.shape)) if hasattr(result, "shape") else type(result).__name__
                return result

            return call

        try:
            for module in before:
                object.__setattr__(module, "forward", watched(module, module.forward))
            with no_grad():
                self.eval()(*inputs)
        finally:
            for module, (training, forward) in before.items():
                module.training = training
                module.__dict__.pop("forward", None)
                if forward is not None:
                    object.__setattr__(module, "forward", forward)
        return shapes


def _untied(entries: Mapping[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]]) -> list[str]:
    """Names that stand for one parameter but come with different values."""
    first: dict[int, str] = {}
    wrong = []
    for name, entry in entries.items():
        if name in arrays:
            other = first.setdefault(id(entry), name)
            if other != name and not np.array_equal(arrays[name], arrays[other], equal_nan=True):
                wrong.append(f"values of {name} and {other} differ, but the two are one (tied) weight")
    return wrong


def _array(value: Any) -> np.ndarray[Any, Any]:
    """A state dict's entry as an array; PyTorch's tensors come through `numpy()`."""
    if isinstance(value, Tensor):
        return value.data
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy()  # NumPy has no bfloat16
    return np.asarray(value)


@contextlib.contextmanager
def evaluating(model: Module) -> Iterator[None]:
    """Inside, the model is in evaluation mode: no dropout; every module's own mode is put back."""
    training = [module for module in model.modules() if module.training]
    for module in training:
        module.training = False
    try:
        yield
    finally:
        for module in training:
            module.training = True
