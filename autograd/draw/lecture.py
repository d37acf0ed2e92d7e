"""Each op's formula, its local slopes and what its rule does with a gradient, in words: what `replay` says.

In a formula `{0}`, `{1}` stand for the arguments and `{out}` for the result.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Words(NamedTuple):
    """What is said of an op.

    Attributes
    ----------
    formula : str
        How the result comes about.
    slopes : tuple of str
        The derivative of the result by each argument; empty where only the numbers say it.
    rule : str
        What happens to the gradient, as the end of a sentence that begins with "the gradient".
    back : tuple of str
        What goes to each argument as a formula of `{g}`, the gradient that came in, where no slope alone says it.
    """

    formula: str
    slopes: tuple[str, ...]
    rule: str
    back: tuple[str, ...] = ()


_COPY = "goes on unchanged"
_SHAPE = "takes the way back: the elements only change places, none changes its value"

WORDS: dict[str, Words] = {
    # arithmetic
    "add": Words("{0} + {1}", ("1", "1"), "goes on to both unchanged: a sum moves as much as each of its terms"),
    "subtract": Words("{0} − {1}", ("1", "−1"), "goes on to the first as it is, to the second with its sign turned"),
    "multiply": Words("{0} × {1}", ("{1}", "{0}"), "goes to each factor, times the other factor"),
    "divide": Words("{0} ÷ {1}", ("1 ÷ {1}", "−{out} ÷ {1}"), "is divided by the denominator; the denominator gets "
                    "it times minus the quotient over the denominator"),
    "negative": Words("−{0}", ("−1",), "turns its sign"),
    "positive": Words("{0}", ("1",), _COPY),
    "power": Words("{0}^{1}", ("{1} · {0}^({1} − 1)", "{out} · ln {0}"), "is multiplied by the slope of the power"),
    "square": Words("{0}²", ("2 · {0}",), "is multiplied by twice the value"),
    "reciprocal": Words("1 ÷ {0}", ("−{out}²",), "is multiplied by minus the square of the result"),
    "sqrt": Words("√{0}", ("1 ÷ (2 · {out})",), "is divided by twice the root: steep near 0"),
    # smooth curves
    "exp": Words("exp {0}", ("{out}",), "is multiplied by the result: the exponential is its own slope"),
    "expm1": Words("exp {0} − 1", ("{out} + 1",), "is multiplied by the exponential, which is its own slope"),
    "log": Words("ln {0}", ("1 ÷ {0}",), "is divided by the value: steep near 0, flat far out"),
    "log1p": Words("ln(1 + {0})", ("1 ÷ (1 + {0})",), "is divided by one plus the value"),
    "log2": Words("log₂ {0}", ("1 ÷ ({0} · ln 2)",), "is divided by the value times ln 2"),
    "log10": Words("log₁₀ {0}", ("1 ÷ ({0} · ln 10)",), "is divided by the value times ln 10"),
    "sin": Words("sin {0}", ("cos {0}",), "is multiplied by the cosine"),
    "cos": Words("cos {0}", ("−sin {0}",), "is multiplied by minus the sine"),
    "tan": Words("tan {0}", ("1 + {out}²",), "is multiplied by 1 + tan²"),
    "arctan": Words("arctan {0}", ("1 ÷ (1 + {0}²)",), "is divided by one plus the square of the value"),
    "sinh": Words("sinh {0}", ("cosh {0}",), "is multiplied by the hyperbolic cosine"),
    "cosh": Words("cosh {0}", ("sinh {0}",), "is multiplied by the hyperbolic sine"),
    "tanh": Words("tanh {0}", ("1 − {out}²",), "is multiplied by 1 − tanh²: all of it passes at 0, almost none where "
                  "tanh is flat"),
    "sigmoid": Words("σ({0})", ("{out} · (1 − {out})",), "is multiplied by σ (1 − σ): a quarter passes at best, almost "
                     "none where the curve is flat"),
    # kinks and choices
    "relu": Words("relu({0})", ("1 if {0} > 0, else 0",),
                  "passes where the value was positive, and is stopped elsewhere"),
    "absolute": Words("|{0}|", ("sign of {0}",), "is multiplied by the sign of the value"),
    "maximum": Words("max({0}, {1})", ("1 if {0} won, else 0", "1 if {1} won, else 0"),
                     "goes to the larger of the two; a tie shares it"),
    "minimum": Words("min({0}, {1})", ("1 if {0} won, else 0", "1 if {1} won, else 0"),
                     "goes to the smaller of the two; a tie shares it"),
    "where": Words("where(condition, {0}, {1})", (), "goes to the value that was taken; the other one gets zero"),
    "clip": Words("clip({0})", (), "passes where the value lay between the bounds; beyond one it goes to that bound"),
    # reductions
    "sum": Words("Σ {0}", (), "is copied to every element that was summed"),
    "prod": Words("Π {0}", (), "goes to each factor, times the product of all the others"),
    "mean": Words("mean({0})", (), "is shared equally: each element gets it divided by their number"),
    "max": Words("max({0})", (), "goes to the largest element alone; a tie shares it"),
    "min": Words("min({0})", (), "goes to the smallest element alone; a tie shares it"),
    "var": Words("var({0})", (), "goes to each element, times twice its distance from the mean over their number"),
    "logsumexp": Words("log Σ exp {0}", (), "is shared as the softmax: the largest element gets the most"),
    "vector_norm": Words("‖{0}‖", (), "goes to each element in proportion to it"),
    # matrices
    "matmul": Words("{0} @ {1}", (), "goes to each side through the other one, transposed",
                    ("{g} @ {1}ᵀ", "{0}ᵀ @ {g}")),
    "linear": Words("linear({0})", (), "goes to the input through the weight, to the weight through the input, and to "
                    "the bias as it is"),
    "einsum": Words("einsum({0}, …)", (),
                    "goes to each factor as the same sum with the gradient in that factor's place"),
    # neural networks
    "softmax": Words("softmax({0})", (), "is compared with its mean under the softmax: only what differs from the "
                     "mean passes, because the results always add up to 1", ("{out} · ({g} − Σ {g} · {out})",)),
    "log_softmax": Words("log softmax({0})", (), "loses its sum, shared out as the softmax: raising one logit lowers "
                         "all the others", ("{g} − softmax({0}) · Σ {g}",)),
    "cross_entropy": Words("−mean log softmax({0})[target]", (), "becomes softmax minus one-hot, over the number of "
                           "examples: what was believed minus what is true",
                           ("{g} · (softmax({0}) − one-hot) ÷ examples",)),
    "layer_norm": Words("layer_norm({0})", (), "is scaled by the spread, less its mean and its part along the result"),
    "rms_norm": Words("rms_norm({0})", (), "is scaled by the size, less its part along the result"),
    "embedding": Words("{0}[indices]", (), "is added to the rows that were looked up; all other rows get zero"),
    "conv": Words("conv({0}, {1})", (), "slides back over the input with the kernel; the kernel sums what it met"),
    "max_pool": Words("max_pool({0})", (), "goes to the largest element of each window alone"),
    # indices and shapes
    "getitem": Words("{0}[index]", (), "returns to the places that were read; all others get zero"),
    "scatter_add": Words("scatter_add({0})", (), "is read at the places where the values were added"),
    "setitem": Words("{0} with [index] set to {1}", (), "at the places written goes to what was written; what "
                     "was there before gets zero, because it is gone"),
    "concatenate": Words("joined", (), "is cut where the parts were joined"),
    "stack": Words("stacked", (), "is cut where the parts were stacked"),
    "broadcast_to": Words("{0} repeated", (), "is summed over the copies"),
    "reshape": Words("{0} reshaped", (), _SHAPE),
    "transpose": Words("{0}ᵀ", (), _SHAPE),
    "swapaxes": Words("{0}, axes swapped", (), _SHAPE),
    "moveaxis": Words("{0}, axes moved", (), _SHAPE),
    "squeeze": Words("{0} squeezed", (), _SHAPE),
    "expand_dims": Words("{0} with one more axis", (), _SHAPE),
    "flip": Words("{0} flipped", (), _SHAPE),
    "copy": Words("copy of {0}", ("1",), _COPY),
    "astype": Words("{0} in another dtype", ("1",), "goes on in the argument's dtype"),
    # complex numbers
    "conjugate": Words("conj({0})", (), "is conjugated too"),
    "real": Words("Re {0}", (), "goes to the real part; the imaginary part gets zero"),
    "imag": Words("Im {0}", (), "goes to the imaginary part; the real part gets zero"),
}  # fmt: skip


def words(op: Any, arguments: int) -> Words:
    """What is said of `op`; for one that the table lacks, what its declaration tells."""
    known = WORDS.get(op.name)
    if known is not None:
        return known
    listed = ", ".join(f"{{{i}}}" for i in range(min(arguments, 3))) + (", …" if arguments > 3 else "")
    formula = f"{op.name.replace('{', '{{').replace('}', '}}')}({listed})"
    if getattr(op, "elementwise", False):
        return Words(formula, (), "is multiplied, element by element, by the slope of the curve there")
    if getattr(op, "linear", ""):
        return Words(formula, (), "goes back through the transpose: each element collects from all that it went into")
    return Words(formula, (), "goes through the op's own rule, its Jacobian transposed")
