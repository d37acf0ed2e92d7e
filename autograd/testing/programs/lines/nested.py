"""Lines that hold a derivative or a batch of their own: grad, vjp, jvp, hvp, jacobian, vmap, checkpoint."""

from __future__ import annotations

from autograd.primitive import REAL, table
from autograd.testing.programs.build import Builder, maker
from autograd.testing.programs.lines.arithmetic import ONE
from autograd.testing.programs.lines.operands import at_least, broadcasts_to, guarded, real, shaped
from autograd.testing.programs.memory import Value

# those whose slope is smooth and has a rule of its own, so that a derivative of them has derivatives
INNER = [n for n in ONE if table[n].kink == "smooth"]
PLAIN = ("sin", "tanh", "square", "exp2", "arctan", "sigmoid")


def _inner(b: Builder, v: Value) -> str:
    """An expression of `t`, which stands for `v`, of v's shape."""
    name = b.choice(PLAIN) if b.pick(2) == 0 else b.choice(INNER)
    domain = table[name].domain["x"]
    argument = "t" if domain == REAL else guarded(b, v, domain).replace(str(v), "t")
    text = f"np.{name}({argument})"
    kind = b.pick(4)
    if kind == 1:
        return f"{text} * t"
    if kind == 2:
        return f"{text} * {b.value(real, broadcasts_to(v.shape))}"  # what the function closes over moves too
    if kind == 3:
        return f"np.cumsum(t).reshape({v.shape}) * {text}" if v.ndim else f"t ** 2 * {text}"
    return text


@maker("grad", "hvp", "checkpoint")
def _of_a_number(b: Builder, name: str) -> None:
    v = b.value(real)
    f = f"lambda t: np.sum({_inner(b, v)})"
    if name == "hvp":
        b.line(f"hvp({f})({v}, {b.value(real, shaped(v.shape))})")
    elif name == "checkpoint":
        b.line(f"checkpoint({f.replace('np.sum(', '(', 1)}, {v})")
    else:
        b.line(f"grad({f})({v})")


@maker("grad_of_grad")
def _twice(b: Builder, name: str) -> None:
    v = b.value(real)
    b.line(f"grad(lambda s: np.sum(grad(lambda t: np.sum({_inner(b, v)}))(s) ** 2))({v})")


@maker("jvp", "vjp", "linearize")
def _along(b: Builder, name: str) -> None:
    v = b.value(real)
    f = f"lambda t: {_inner(b, v)}"
    w = b.value(real, shaped(v.shape))
    if name == "jvp":
        b.line(f"jvp({f}, ({v},), ({w},))[1]")
    elif name == "vjp":
        b.line(f"vjp({f}, {v})[1]({w})[0]")
    else:
        b.line(f"linearize({f}, {v})[1]({w})")


@maker("jacobian")
def _jacobian(b: Builder, name: str) -> None:
    v = b.value(real, lambda v: at_least(1)(v) and v.array.size <= 4)
    mode = b.choice(("", ', mode="forward"', ', mode="reverse"'))
    b.line(f"jacobian(lambda t: {_inner(b, v)}{mode})({v})")


@maker("vmap")
def _batch(b: Builder, name: str) -> None:
    v = b.value(real, at_least(1))
    row = f"{b.choice(PLAIN)}"
    kind = b.pick(4)
    if kind == 0:
        b.line(f"vmap(lambda t: np.{row}(t) * t)({v})")
    elif kind == 1:
        b.line(f"vmap(lambda t: np.sum(np.{row}(t) * t))({v})")
    elif kind == 2:
        w = b.value(real, shaped(v.shape))
        b.line(f"vmap(lambda s, t: np.sum(s * np.{row}(t)))({v}, {w})")
    else:
        b.line(f"vmap(grad(lambda t: np.sum(np.{row}(t) * t)))({v})")
