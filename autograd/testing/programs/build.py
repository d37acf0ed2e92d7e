"""From draws to a program: every line is tried on NumPy's arrays at the point and around it, and kept if all is well.

A recipe is input arrays and, for each line, the name of a maker and a few bytes; a maker reads its choices off the
bytes, one after another, and its operands by number modulo what there is. So any line may be deleted from a recipe, and
a line that makes no sense after that is dropped.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.testing.programs.memory import Value, located
from autograd.testing.programs.program import NAMES, NUMPY, Line, Program, bindings, exec_quietly, literal

LARGEST = 1e4  # beyond it the differences drown
MOVES = 2.0  # what moves more between the probes may turn faster than the differences see
MARGIN = 0.05  # how far from kinks and singularities
ELEMENTS = 64
REACH = 0.05
PROBES = (0.0, 0.9, -0.9, 0.45, -0.45)

Maker = Callable[["Builder", str], None]
makers: dict[str, Maker] = {}


class Dropped(Exception):
    """The line makes no sense here."""


def maker(*names: str) -> Callable[[Maker], Maker]:
    """Let the decorated function draw the lines of `names`."""

    def keep(make: Maker) -> Maker:
        for name in names:
            makers[name] = make
        return make

    return keep


def directions(inputs: Sequence[Any]) -> tuple[tuple[Any, ...], ...]:
    """Two directions, of no special angle, in which a program is probed and differentiated."""
    found = []
    for turn in (0.3, 2.1):
        found.append(
            tuple(REACH * np.cos(3.0 * np.arange(x.size) + turn + i).reshape(x.shape) for i, x in enumerate(inputs))
        )
    return tuple(found)


class Builder:
    """The program so far, run at the point and at some others, and the choices of the line that is being drawn."""

    def __init__(self, inputs: Sequence[Any]) -> None:
        self.inputs = tuple(np.asarray(x, float) for x in inputs)
        self.steps = directions(self.inputs)
        points = [[np.array(x + t * s) for x, s in zip(self.inputs, self.steps[0], strict=True)] for t in PROBES]
        points += [[np.array(x + t * s) for x, s in zip(self.inputs, self.steps[1], strict=True)] for t in PROBES[1:]]
        self.points = points
        self.owners: list[Any] = []
        self.lines: list[Line] = []
        self.values: dict[str, Value] = {}
        self.plain: set[str] = set()  # constants, which on Tensors are bare arrays all the same
        self.size = 0.0
        self._choices = iter(b"")
        self._start()
        for i in range(len(self.inputs)):
            name = f"x{i}"
            self.values[name] = located(name, self.scopes[0][name], self.owners)
        self.owned_by_inputs = len(self.owners)
        self.first: Value | None = None

    def _start(self) -> None:
        self.scopes = [bindings(NUMPY, [a.copy() for a in point], lambda v: v) for point in self.points]

    # ------------------------------------------------------------------ choices
    def pick(self, n: int) -> int:
        """The next choice, a number below `n`; the simplest is 0."""
        return next(self._choices, 0) % n if n > 1 else 0

    def choice(self, options: Sequence[Any]) -> Any:
        return options[self.pick(len(options))]

    def value(self, *conditions: Callable[[Value], Any]) -> Value:
        """An earlier value for which all conditions hold."""
        fair = [v for v in self.values.values() if all(c(v) for c in conditions)]
        if not fair:
            raise Dropped
        number = next(self._choices, 0)
        # Half of the choices count from the newest, so that long programs are deep as well as wide.
        found = fair[(number // 2) % len(fair)] if number % 2 == 0 else fair[-1 - (number // 2) % len(fair)]
        if self.first is None:
            self.first = found
        return found

    def all(self, value: Value | str) -> list[Any]:
        """The arrays of a value, or of an expression, at all probes."""
        if isinstance(value, Value):
            return [scope[value.name] for scope in self.scopes]
        with np.errstate(all="ignore"):
            try:
                return [np.asarray(eval(value, scope)) for scope in self.scopes]
            except Exception as error:
                raise Dropped from error

    # ------------------------------------------------------------------ lines
    def draw(self, name: str, choices: bytes) -> None:
        """Add the line that `choices` spell, if there is one."""
        if name not in makers:
            raise LookupError(f"no line is made for {name!r}; see autograd.testing.programs.makers")
        self._choices, self.first, self.op = iter(choices), None, name
        with contextlib.suppress(Dropped):  # it makes no sense here
            makers[name](self, name)

    def new_name(self) -> str:
        return f"v{len(self.values) - len(self.inputs)}"

    def line(self, text: str, pure: str = "") -> Value:
        """Add `{new} = text`, or a block that mentions {new}; the value that it makes."""
        new = self.new_name()
        text = text.replace("{new}", new) if "{new}" in text else f"{new} = {text}"
        pure = pure.replace("{new}", new)
        made = self._try(text, new)
        alike = all(self._fair(a) for a in made) and len({(a.shape, a.dtype) for a in made}) == 1
        if not alike or np.max(np.abs(np.stack(made) - made[0]), initial=0.0) > MOVES:
            for scope in self.scopes:
                scope.pop(new, None)
            raise Dropped
        self.lines.append(Line(self.op, text, makes=new, pure=pure))
        self.values[new] = value = located(new, made[0], self.owners)
        if self.lines[-1].reads <= self.plain:
            self.plain.add(new)
        return value

    def _try(self, text: str, new: str) -> list[Any]:
        code = compile(text, "<line>", "exec")
        try:
            for scope in self.scopes:
                exec_quietly(code, scope)
            made = [scope[new] for scope in self.scopes]
        except Exception as error:
            raise Dropped from error
        if any(not isinstance(a, (np.ndarray, np.generic)) for a in made):
            raise Dropped
        return made

    def _fair(self, a: Any) -> bool:
        if a.dtype.kind not in "fc" or a.dtype.itemsize < 8 or a.dtype.itemsize > 16 or a.size > ELEMENTS or a.ndim > 5:
            return False
        largest = np.max(np.abs(a), initial=0.0)
        self.size = max(self.size, float(largest)) if largest <= LARGEST else self.size
        return bool(largest <= LARGEST)

    def writable(self, value: Value) -> bool:
        """Whether a program may write into it: NumPy lets it, and an input's memory stays as it is."""
        if value.memory is None or value.memory < self.owned_by_inputs or value.name in self.plain or not value.ndim:
            return False
        whole = np.unique(value.at).size == value.at.size  # no element lies twice in the memory
        return bool(whole and value.array.flags.writeable)

    def target(self, *conditions: Callable[[Value], Any]) -> Value:
        """Something to write into; a new copy of a value where there is none."""
        fair = [v for v in self.values.values() if self.writable(v) and all(c(v) for c in conditions)]
        number = next(self._choices, 0)
        if not fair:
            self.first = None
            source = self.value(lambda v: v.ndim and v.name not in self.plain, *conditions)
            self.first = self.line(f"np.copy({source})")
        else:
            self.first = fair[number % len(fair)]
        return self.first

    def write(self, text: str, target: Value, places: str, written: str) -> None:
        """Add a line that writes into `target`."""
        before = [{n: v.copy() for n, v in self._arrays(scope).items()} for scope in self.scopes]
        code = compile(text, "<line>", "exec")
        try:
            for scope in self.scopes:
                bound = scope[target.name]
                exec_quietly(code, scope)
                if scope[target.name] is not bound:
                    raise Dropped
                if not all(self._fair(a) for a in self._arrays(scope).values()):
                    raise Dropped
            made = self.all(target)
            if np.max(np.abs(np.stack(made) - made[0]), initial=0.0) > MOVES:
                raise Dropped
        except Exception as error:
            for scope, saved in zip(self.scopes, before, strict=True):
                for name, array in saved.items():
                    if scope[name].flags.writeable:
                        scope[name][...] = array
            raise Dropped from error
        self.lines.append(Line(self.op, text, target=target.name, places=places, written=written))

    def _arrays(self, scope: dict[str, Any]) -> dict[str, Any]:
        return {n: scope[n] for n in self.values if isinstance(scope[n], np.ndarray)}

    # ------------------------------------------------------------------ the whole
    def program(self, only_last: bool, again: str) -> Program:
        """The program, whose loss weighs its last value, or all that no later line reads."""
        names = list(self.values)
        read = set().union(*(NAMES.findall(line.written or line.text.split("=", 1)[1]) for line in self.lines))
        made = [line.makes or line.target for line in self.lines]
        if only_last:
            outputs = made[-1:] or names[:1]
        else:
            outputs = [n for n in names if n not in read and n in made] or names[:1]
        # The last write counts: what it wrote into may have been read before.
        outputs = list(dict.fromkeys([*outputs, *(line.target for line in self.lines[-1:] if line.target)]))
        size = self.size
        return Program(
            self.inputs,
            tuple(self.lines),
            tuple(outputs),
            " + ".join(weighed(self.values[n]) for n in outputs),
            self.steps,
            dict(self.values),
            again,
            size,
        )


def weighed(value: Value) -> str:
    """A real number that depends on every element of `value` with another weight."""
    if not value.ndim and not value.complex:
        return value.name
    size = int(np.prod(value.shape))
    weight = f"np.cos(np.arange({size}.0))" + (f".reshape({value.shape})" if value.ndim != 1 else "")
    if not value.complex:
        return f"np.sum({weight} * {value})"
    return f"np.sum({weight} * np.real({value})) + np.sum(({weight} - 0.5) * np.imag({value}))"


def build(inputs: Sequence[Any], lines: Sequence[tuple[str, str | bytes]], only_last: bool = True) -> Program:
    """The program of a recipe.

    Parameters
    ----------
    inputs : sequence of array
        The point; in the text x0, x1, ...
    lines : sequence of (str, bytes or str)
        The name of one of `makers`, and the choices that it reads, bytes or their hexadecimal. Choices that run out are
        zeros. A line that makes no sense where it stands is dropped.
    only_last : bool
        Whether the loss weighs the last value alone, or all that nothing reads.

    Raises
    ------
    LookupError
        For a name that no maker has.

    Examples
    --------
    >>> import numpy as np
    >>> program = build([np.array([0.5, 2.0])], [("sin", ""), ("sum", "0001")])
    >>> print(*(line.text for line in program.lines), sep="; ")
    v0 = np.sin(x0); v1 = np.sum(v0)
    """
    builder = Builder(inputs)
    drawn = [(name, bytes.fromhex(c) if isinstance(c, str) else c) for name, c in lines]
    for name, choices in drawn:
        builder.draw(name, choices)
    given = ", ".join(literal(x) for x in builder.inputs)
    recipe = ", ".join(f"({name!r}, {choices.rstrip(bytes(1)).hex()!r})" for name, choices in drawn)
    return builder.program(only_last, f"autograd.testing.programs.build([{given}], [{recipe}], {only_last})")
