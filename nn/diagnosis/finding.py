"""A finding: what is wrong with a network, where, and what would help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from autograd.draw import marks

# kind: what would help; the order is that of severity
REMEDIES = {
    "no graph": "Compute the loss from the model's outputs outside no_grad(), and make no array of them on the way.",
    "not a scalar": "Reduce it to one number with .mean() or .sum() before backward().",
    "not finite forward": "Keep the op's argument where it is defined: add a small number inside a logarithm, a root "
    "or a denominator, use log_softmax or cross_entropy in place of log(softmax), or lower the learning rate.",
    "not finite backward": "The slope is infinite there: move the argument away from that point (sqrt(x + 1e-12)), or "
    "leave the branch out with where() on the argument, not on the result.",
    "exploded loss": "Lower the learning rate, clip the gradient, and look at the scale of the inputs and targets.",
    "exploding gradient": "Make the weights smaller (init.kaiming_normal_, init.xavier_uniform_), put a norm between "
    "the layers, or clip the gradient (clip_grad_norm_).",
    "disconnected": "Take out the detach(), .data, .numpy() or no_grad() between this module and the loss, or call the "
    "module in forward; if it is meant to be frozen, set requires_grad=False.",
    "unused parameter": "Use it in forward, or take it out of the model.",
    "zero gradient": "Something on the way has slope zero for every example: start the weights after it from small "
    "random numbers, and put no round(), sign() or argmax() on the way.",
    "dead ReLU": "Lower the learning rate, start biases at zero and weights with init.kaiming_normal_, or use GELU.",
    "vanishing gradient": "Use ReLU or GELU with init.kaiming_normal_, add residual connections, or put a norm between "
    "the layers.",
    "saturated": "Make the inputs of the activation smaller: smaller weights or learning rate, a norm before it, "
    "inputs scaled to mean 0 and deviation 1.",
    "symmetric weights": "Start weights from random numbers (init.kaiming_normal_): equal units stay equal for ever.",
    "learning rate too high": "Divide the learning rate by ten or more, or warm it up.",
    "learning rate too low": "Multiply the learning rate by ten, and again, until update / weight is near 1e-3.",
    "suspicious labels": "Number the classes from 0 and leave out examples without a label, or mask them in the loss.",
}


@dataclass(frozen=True)
class Finding:
    """Something that keeps a network from learning.

    Attributes
    ----------
    kind : str
        A key of `REMEDIES`, whose order is that of severity.
    module : str
        Its name in the model; "" is the model itself.
    parameter : str
        The parameter's full name, or "" where none is concerned.
    where : str
        File and line of the op in the module's forward, or of the forward or class where the op cannot be told.
    sentence : str
        What was found, with numbers.
    numbers : mapping of str to float
    """

    kind: str
    module: str
    parameter: str
    where: str
    sentence: str
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def remedy(self) -> str:
        """What would help, in plain words."""
        return REMEDIES[self.kind]

    def __str__(self) -> str:
        place = self.module or "the model"
        place += f" ({self.parameter})" if self.parameter and self.parameter != self.module else ""
        where = f"\n    at {self.where}" if self.where else ""
        return f"{self.kind}: {place}\n    {self.sentence}{where}\n    {self.remedy}"


class Findings(list[Finding]):
    """A list of findings, the gravest first, that reads well when printed."""

    def __str__(self) -> str:
        return "\n".join(f"{i}. {finding}" for i, finding in enumerate(self, 1)) or "no findings"

    def _repr_html_(self) -> str:
        return f"<pre>{marks.lines(str(self))}</pre>"

    def ordered(self) -> Findings:
        """The gravest kind first; within a kind as they were found."""
        order = list(REMEDIES)
        return Findings(sorted(self, key=lambda finding: order.index(finding.kind)))
