"""A program: lines of plain Python on `np`, which run on any arrays, print as a script and do without writes."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy

import autograd
import autograd.numpy
from autograd.scipy import linalg
from autograd.testing.programs.memory import Memories, Value

NAMES = re.compile(r"\b[xv]\d+\b")
TRANSFORMS = ("grad", "vjp", "jvp", "hvp", "vmap", "jacobian", "checkpoint", "linearize")


class Names:
    """NumPy's names; those that only the engine has, on plain arrays."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(numpy, name, None)
        return getattr(autograd.numpy, name) if found is None else found


class _Protocol(Names):
    """NumPy's names to be called on Tensors, but for two that have no protocol."""

    ascontiguousarray = staticmethod(autograd.numpy.ascontiguousarray)
    asfortranarray = staticmethod(autograd.numpy.asfortranarray)


NUMPY: Any = Names()
PROTOCOL: Any = _Protocol()


@dataclass(frozen=True)
class Line:
    """One line of a program.

    Attributes
    ----------
    op : str
        What it was drawn for: an op's name, or a manner of writing.
    text : str
        Python, one statement or a short block.
    makes : str
        The name that it binds; empty where it writes into an array.
    pure : str
        Python that computes the same without writing; the text itself where that holds.
    target, places, written : str
        Of a write: the array, an expression for the places in `at` (the places of all its elements), and one for what
        is written there.
    """

    op: str
    text: str
    makes: str = ""
    pure: str = ""
    target: str = ""
    places: str = ""
    written: str = ""

    @property
    def reads(self) -> frozenset[str]:
        """The names that the text mentions, but for the one that it binds."""
        return frozenset(NAMES.findall(self.text)) - {self.makes}


@dataclass
class Program:
    """A straight-line program with one loss.

    Attributes
    ----------
    inputs : tuple of array
        The point at which it was drawn; x0, x1, ... in the text.
    lines : tuple of Line
    outputs : tuple of str
        What the loss weighs.
    loss : str
        An expression for it.
    steps : tuple of tuple of array
        Directions along which no line meets a kink within a unit.
    values : dict
        For each name its array at the point, and where it lies in memory.
    again : str
        The expression that builds the program anew.
    size : float
        The largest number that came up.
    """

    inputs: tuple[numpy.ndarray[Any, Any], ...]
    lines: tuple[Line, ...]
    outputs: tuple[str, ...]
    loss: str
    steps: tuple[tuple[numpy.ndarray[Any, Any], ...], ...]
    values: dict[str, Value]
    again: str = ""
    size: float = 0.0
    _code: Any = field(default=None, repr=False)

    @property
    def ops(self) -> frozenset[str]:
        """What its lines were drawn for."""
        return frozenset(line.op for line in self.lines)

    def trace(self, namespace: Any, arrays: Sequence[Any], kept: Sequence[Any] | None = None) -> dict[str, Any]:
        """All that the program binds, by name, `loss` included, when it runs on `arrays` with `np` as `namespace`.

        `kept` holds what `stop_gradient` gives, call by call: in differences a constant must stay as it was.
        """
        scope = self.scope(namespace, arrays, kept)
        if self._code is None:
            text = "\n".join([*(line.text for line in self.lines), f"loss = {self.loss}"])
            self._code = compile(text, "<program>", "exec")
        exec_quietly(self._code, scope)
        return scope

    def run(self, namespace: Any, arrays: Sequence[Any], kept: Sequence[Any] | None = None) -> Any:
        """The loss when the program runs on `arrays` with `np` as `namespace`."""
        return self.trace(namespace, arrays, kept)["loss"]

    def scope(self, namespace: Any, arrays: Sequence[Any], kept: Sequence[Any] | None = None) -> dict[str, Any]:
        """What the text may mention before its first line."""
        return bindings(namespace, arrays, detaching(kept))

    def kept(self) -> list[Any]:
        """What `stop_gradient` gives at the point."""
        found: list[Any] = []
        scope = self.scope(NUMPY, [x.copy() for x in self.inputs])

        def keep(v: Any) -> Any:
            found.append(numpy.array(v))
            return v

        scope["stop_gradient"] = keep
        exec_quietly("\n".join(line.text for line in self.lines), scope)
        return found

    def functional(self, namespace: Any, arrays: Sequence[Any]) -> dict[str, Any]:
        """The same, by a rewrite that has neither views nor writes: each memory is one flat array of real numbers.

        A view reads places of it, a write makes a new one in which some places come from what was written.
        """
        scope = self.scope(namespace, arrays)
        memories = Memories(namespace, self.values, {line.target for line in self.lines if line.target})
        with numpy.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for i, array in enumerate(arrays):
                memories.bind(f"x{i}", array)
            for line in self.lines:
                memories.read_into(scope, line.reads)
                if line.target:
                    written = eval(line.written, scope)
                    places = eval(line.places, {"np": numpy, "at": self.values[line.target].at})
                    memories.write(line.target, places, written)
                elif not memories.is_view(line.makes):
                    exec_quietly(line.pure or line.text, scope)
                    memories.bind(line.makes, scope[line.makes])
            memories.read_into(scope, self.outputs)
            scope["loss"] = eval(self.loss, scope)
        return scope

    def live(self) -> Program:
        """The program without the lines on which its loss does not depend."""
        needed, kept = set(self.outputs), []
        memory = {name: value.memory for name, value in self.values.items()}
        for line in reversed(self.lines):
            touched = {memory[n] for n in needed if memory.get(n) is not None}
            if line.makes in needed or (line.target and (line.target in needed or memory[line.target] in touched)):
                kept.append(line)
                needed |= line.reads
        lines = tuple(reversed(kept))
        return Program(
            self.inputs, lines, self.outputs, self.loss, self.steps, self.values, self.again, self.size
        )  # fmt: skip

    def script(self, what: str = "", second: bool = False, protocol: bool = False) -> str:
        """The program as a script that prints its gradient beside the forward derivative and the difference quotient.

        `what` is said at its head; `second` adds the second derivatives; with `protocol` it calls NumPy's own functions
        on Tensors.
        """
        from autograd.testing.programs.script import script

        return script(self.live(), what, second, protocol)


def bindings(namespace: Any, arrays: Sequence[Any], stop_gradient: Callable[[Any], Any]) -> dict[str, Any]:
    """What a line may mention beside the lines before it."""
    scope: dict[str, Any] = {"np": namespace, "numpy": numpy, "linalg": linalg, "stop_gradient": stop_gradient}
    scope.update({name: getattr(autograd, name) for name in TRANSFORMS})
    scope.update({f"x{i}": a for i, a in enumerate(arrays)})
    return scope


def detaching(kept: Sequence[Any] | None) -> Callable[[Any], Any]:
    """`stop_gradient`, or what gives the values of `kept` one after another."""
    if kept is None:
        return autograd.stop_gradient
    values = iter(kept)

    def give(v: Any) -> Any:
        value = numpy.array(next(values))  # the program may write into it
        return autograd.Tensor(value) if isinstance(v, autograd.Tensor) else value

    return give


def exec_quietly(code: Any, scope: dict[str, Any]) -> None:
    """Run `code` without NumPy's warnings."""
    with numpy.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(code, scope)  # noqa: S102  the text is the program's own


def literal(array: Any) -> str:
    """Python for a constant array."""
    array = numpy.asarray(array)
    text = repr(array.tolist())
    if not array.size:
        return f"np.zeros({array.shape})"
    return f"np.array({text})"
