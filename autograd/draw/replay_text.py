"""What a step of a replay says: sentences and arithmetic, for the page and as plain text alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.draw.capture import format_number, format_shape

if TYPE_CHECKING:
    from autograd.draw.replay import Argument, Replay, Seen, Step


MANY = 8  # gradients that add: so many are listed one by one


class Number(NamedTuple):
    """A number in a line: its text and whether it is above (1) or below (-1) zero; None of one without a sign."""

    text: str
    sign: int | None


Line = list[str | Number]


def number(x: Any, factor: bool = False) -> Number:
    """`x` in six digits; in brackets where it is a negative (or complex) factor or term."""
    x = complex(x.real + 0.0, x.imag + 0.0) if isinstance(x, complex) else x + 0.0  # no minus before a zero
    text = format_number(x)
    if isinstance(x, complex):
        return Number(f"({text})" if factor else text, None)
    sign = 0 if x == 0 or math.isnan(x) else 1 if x > 0 else -1
    return Number(f"({text})" if factor and text.startswith("−") else text, sign)


def _first(x: Any) -> Number:
    """The first factor of a product: only a complex one needs brackets."""
    return number(x, factor=isinstance(x, complex))


def several(seen: Seen) -> Line:
    """An array: each number of a small one, else its size."""
    if seen.scalar:
        return [number(seen.numbers[0])]
    if seen.numbers:
        return _nested(seen)
    if seen.constant and seen.low is not None:
        return [f"{format_shape(seen.shape)}, ", number(_short(seen.low)), " everywhere"]
    size: Line = [f"{format_shape(seen.shape)}, RMS {format_number(float(f'{seen.rms:.4g}'))}"]
    if seen.low is not None and seen.high is not None:
        size += [", from ", number(_short(seen.low)), " to ", number(_short(seen.high))]
    return size


def _short(x: float) -> float:
    return float(f"{x:.4g}")


def _nested(seen: Seen) -> Line:
    """The numbers with brackets as in NumPy."""
    opens = [math.prod(seen.shape[i:]) for i in range(len(seen.shape))]
    line: Line = []
    for k, x in enumerate(seen.numbers):
        line += [", "] if k else []
        line += ["[" * sum(k % n == 0 for n in opens), number(x), "]" * sum((k + 1) % n == 0 for n in opens)]
    return line or ["[]"]


def plain(line: Sequence[str | Number]) -> str:
    """A line as text."""
    return "".join(piece if isinstance(piece, str) else piece.text for piece in line)


def total(top: str, name: str) -> str:
    """The sign of a gradient: straight d's, since all ways to the top count; a local slope has round ones."""
    return f"d{top}/d{name}"


def value(step: Step) -> Line:
    """The forward line: how the value came about, with numbers where all are single."""
    line: Line = [step.name, " = "]
    if step.op:
        reached = "" if step.value is None else plain(several(step.value))
        line += [step.formula, " = ", *_equal("", step.filled, reached)]
    return [*line, *several(step.value)] if step.value is not None else [*line, "(not kept)"]


def came_in(step: Step, top: str) -> list[Line]:
    """Where the gradient came from; several are added, each with its source."""
    slope = total(top, step.name)
    first = step.arrived[0]
    if len(step.arrived) == 1:
        if first.step == 0:
            start = "the start" if top == step.name else "the weights given"
            return [[slope, " = ", *several(first.gradient), f"   ({start})"]]
        return [[slope, " = ", *several(step.gradient), f"   (from {first.source})"]]
    count = _COUNTS.get(len(step.arrived), str(len(step.arrived)))
    if all(a.gradient.scalar for a in step.arrived) and len(step.arrived) <= MANY:
        terms: Line = []
        for k, arrival in enumerate(step.arrived):
            terms += [" + "] if k else []
            x = arrival.gradient.numbers[0]
            terms.append(number(x, factor=True) if k else _first(x))
        lines: list[Line] = [[f"{count} gradients add: ", *terms, " = ", *several(step.gradient)]]
    else:
        lines = [[f"{count} gradients add up to ", *several(step.gradient)]]
    for arrival in step.arrived[:MANY]:
        so_far = ["; the sum so far: ", *several(arrival.total)] if arrival.total.scalar else []
        lines.append([f"from {arrival.source}: ", *several(arrival.gradient), *so_far])
    if len(step.arrived) > MANY:
        lines.append([f"and {len(step.arrived) - MANY} more"])
    return lines


_COUNTS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


def sentence(step: Step, top: str) -> str:
    """The step in one sentence, as it is read aloud."""
    if step.arrived[0].step == 0 and top == step.name:
        start = f"Start: {top} changes by exactly as much as itself, so its gradient is 1. "
    elif step.arrived[0].step == 0:
        start = f"Start: {top} is the sum of {step.name} times the weights given, which are its gradient. "
    elif len(step.arrived) > 1:
        start = f"{step.name} was used {len(step.arrived)} times, so its gradients add. "
    else:
        start = ""
    if step.op:
        return f"{start}At {step.name} ({step.op}) the gradient {step.rule}."
    if step.gradient.scalar and not isinstance(step.gradient.numbers[0], complex):
        g = step.gradient.numbers[0]
        if g == 0:
            return f"{start}{step.name} is done: to move it a little does not change {top}."
        if math.isfinite(g):
            way = "up" if g > 0 else "down"
            return f"{start}{step.name} is done: push it up by a little, and {top} goes {way} by {_times(abs(g))}."
    return f"{start}{step.name} is done: this gradient says how {top} answers to each of its elements."


def _times(g: float) -> str:
    text = format_number(g)
    return "just as much" if text == "1" else f"{text} times as much"


def goes_out(argument: Argument, step: Step, top: str) -> list[Line]:
    """The chain rule for one argument, in letters and in numbers."""
    if argument.constant or argument.gradient is None:
        return []
    head = ("a part of " if argument.shared else "") + total(top, argument.name)
    slope = argument.slope
    lines: list[Line] = []
    if slope is not None and (slope.scalar or argument.formula):
        lines.append(
            [argument.local, " = ", *_equal(argument.formula, argument.filled, plain(several(slope))), *several(slope)]
        )
    if slope is not None and argument.product and slope.numbers and step.gradient.numbers:
        single = slope.scalar and step.gradient.scalar
        line: Line = [head, " = ", total(top, step.name), " · ", argument.local, " = "]
        line += [] if step.gradient.scalar else ["by element "]
        line += [_first(step.gradient.numbers[0])] if single else several(step.gradient)
        line += [" · ", *([number(slope.numbers[0], factor=True)] if single else several(slope))]
        summed = math.prod(argument.gradient.shape) < math.prod(step.gradient.shape)
        lines.append([*line, " = ", *several(argument.gradient), ", summed over the copies" if summed else ""])
    else:
        back = [argument.back, " = "] if argument.back else []
        lines.append([head, " = ", *back, *several(argument.gradient), _why(argument)])
    return lines


def _equal(formula: str, filled: str, result: str) -> Line:
    """The formula, and with numbers put in, where either says more than the result."""
    said: Line = []
    for text in (formula, filled):
        if text and text.strip("()") != result and f"{text} = " not in said:
            said.append(f"{text} = ")
    return said


def _why(argument: Argument) -> str:
    slope = argument.slope
    if slope is not None and not argument.product and not math.isfinite(slope.rms):
        return "   (a zero that came in stays zero, however steep the slope)"
    if argument.jacobian and argument.product:
        return "   (each row of the Jacobian times what came in at it, added)"
    return ""


def downhill(step: Step) -> Line:
    """What one small step of gradient descent makes of a leaf."""
    if step.updated is None or step.value is None:
        return []
    return [
        "a step of 0.1 downhill: ", step.name, " − 0.1 · gradient = ", *several(step.value), " − 0.1 · ",
        *([number(step.gradient.numbers[0], factor=True)] if step.gradient.scalar else several(step.gradient)),
        " = ", *several(step.updated),
    ]  # fmt: skip


def whole(told: Replay) -> str:
    """The replay as plain text."""
    first = told.steps[0]
    root = f"{first.name} = {plain(several(first.value))}" if first.value is not None else first.name
    lines = [f"{root}, and back from it in {len(told.steps):,} steps"]
    lines += [f"note: {note}" for note in told.notes]
    width = len(str(len(told.steps)))
    for step in told.steps:
        indent = " " * (width + 2)
        lines += ["", f"{step.number:>{width}}. {plain(value(step))}"]
        lines.append(indent + sentence(step, told.top))
        lines += [indent + plain(line) for line in came_in(step, told.top)]
        for argument in step.arguments:
            lines += [f"{indent}→ {plain(line)}" for line in goes_out(argument, step, told.top)]
            for row in argument.jacobian:
                lines.append(f"{indent}  | " + "  ".join(f"{number(x).text:>10}" for x in row))
        if step.updated is not None:
            lines.append(indent + plain(downhill(step)))
    return "\n".join(lines) + "\n"
