"""A program as a script that stands by itself."""

from __future__ import annotations

import re

from autograd.testing.programs.program import NAMES, TRANSFORMS, Program, literal

DETACHED = """
detach, kept, calls = stop_gradient, [], None


def stop_gradient(v):  # what is constant stays as it was when the differences move
    if calls is None:
        kept.append(np.array(v.data if isinstance(v, Tensor) else v))
        return detach(v)
    value = next(calls).copy()
    return Tensor(value) if isinstance(v, Tensor) else value

"""

FIRST = """
inputs = [{inputs}]
tensors = [Tensor(x, requires_grad=True) for x in inputs]
value = loss(*tensors)
found = gradients(value, tensors, retain_graph=True)


def moved(t, i, at):
    given = [np.array(x) for x in inputs]
    given[i][at] += t{again1}
    return loss(*given)


print(f"loss: {{value.item():.12g}} on Tensors, {{moved(0.0, 0, ...):.12g}} on arrays")
for i, (x, g) in enumerate(zip(inputs, found)):
    for at in np.ndindex(x.shape):
        unit = [np.zeros(z.shape) for z in inputs]
        unit[i][at] = 1.0{again2}
        forward = jvp(loss, tuple(Tensor(z) for z in inputs), tuple(Tensor(u) for u in unit))[1].item()
        near, far = (moved(h, i, at) - moved(-h, i, at) for h in (1e-3, 2e-3))
        quotient = (8 * near - far) / 12e-3
        reverse = 0.0 if g is None else g.data[at]
        print(f"d loss / d {{names[i]}}{{list(at)}}: ", end="")
        print(f"reverse {{reverse:.9g}}, forward {{forward:.9g}}, difference quotient {{quotient:.9g}}")
"""

SECOND = """

def slope(*given):{again1}
    return sum(g.sum() for g in gradients(loss(*given), given, create_graph=True) if g is not None)


curves = gradients(slope(*tensors), tensors)
for i, (x, curve) in enumerate(zip(inputs, curves)):
    for at in np.ndindex(x.shape):
        ends = []
        for t in (1e-3, -1e-3):
            given = [np.array(z) for z in inputs]
            given[i][at] += t
            ends.append(slope(*(Tensor(z, requires_grad=True) for z in given)).item())
        second = 0.0 if curve is None else curve.data[at]
        print(f"d sum(gradient) / d {{names[i]}}{{list(at)}}: {{second:.9g}}, ", end="")
        print(f"difference quotient {{(ends[0] - ends[1]) / 2e-3:.9g}}")
"""


def script(program: Program, what: str, second: bool, protocol: bool) -> str:
    """See `Program.script`."""
    body = "\n".join(line.text for line in program.lines)
    mentioned = set(NAMES.findall(body + program.loss))
    used = [name for i in range(len(program.inputs)) if (name := f"x{i}") in mentioned]
    called = [name for name in (*TRANSFORMS, "stop_gradient") if re.search(rf"\b{name}\(", body)]
    names = sorted({"Tensor", "gradients", "jvp", *called})
    text = [f"# {row}" for row in what.splitlines()]
    text += ["import numpy"] if re.search(r"\bnumpy\.", body) else []
    if protocol:
        text += ["from autograd.testing.programs.program import PROTOCOL as np  # NumPy's functions, called on Tensors"]
    else:
        text += ["import autograd.numpy as np"]
    text += [f"from autograd import {', '.join(names)}"]
    text += ["from autograd.scipy import linalg"] if re.search(r"(?<!\.)\blinalg\.", body) else []
    text += ["", *(f"{name} = {literal(program.inputs[int(name[1:])])}" for name in used)]
    text += [f"names = {used}", DETACHED if "stop_gradient" in called else "\n"]
    text += [f"def loss({', '.join(used)}):", *("    " + row for row in body.splitlines())]
    text += [f"    return {program.loss}", ""]
    again = "{pad}global calls{pad}calls = iter(kept)" if "stop_gradient" in called else ""
    terms = {
        "inputs": ", ".join(used),
        "again1": again.format(pad="\n    "),
        "again2": "\n        calls = iter(kept)" if again else "",
    }
    text += [FIRST.format(**terms) + (SECOND.format(**terms) if second else "")]
    if program.again:
        text += [f"# again: {program.again}"]
    return "\n".join(text) + "\n"
