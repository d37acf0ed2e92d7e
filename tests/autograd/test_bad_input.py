"""Bad input: what NumPy refuses is refused in NumPy's own exception class, by a message that names the function."""

from __future__ import annotations

import inspect
import re
import warnings

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from autograd import GradError, Tensor
from autograd.primitive import composites, table
from autograd.testing.strategies import calls

NAMES = sorted({*table, *composites})
EXAMPLES = hypothesis.settings().max_examples
CLEAR = (TypeError, ValueError, IndexError, GradError, OverflowError, MemoryError, ZeroDivisionError)


# ---------------------------------------------------------------------- arrays that fit nothing
def longer(a, axis):
    """One element more along `axis`."""
    if not a.ndim:
        return np.ones(3)
    axis %= a.ndim
    return np.ones((*a.shape[:axis], a.shape[axis] + 1, *a.shape[axis + 1 :]))


DAMAGE = {
    "another axis": lambda a: a[None],
    "two more axes": lambda a: a[..., None, None],
    "flat": lambda a: a.reshape(-1),
    "a number": lambda a: np.asarray(0.5),
    "longer": lambda a: longer(a, 0),
    "wider": lambda a: longer(a, -1),
    "empty": lambda a: np.zeros((0,)),
    "empty rows": lambda a: np.zeros((2, 0)),
    "nothing but its rank": lambda a: np.zeros((0,) * a.ndim),
    "booleans": lambda a: a > 0,
    "integers": lambda a: a.astype(int),
    "complex": lambda a: a + 1j,
}
STRANGE = {
    "objects": lambda a: np.full(a.shape, None, object),
    "words": lambda a: np.full(a.shape, "word"),
    "dates": lambda a: np.full(a.shape, np.datetime64("2020-01-01")),
    "None": lambda a: None,
    "a function": lambda a: len,
    "ragged": lambda a: [[1.0], [1.0, 2.0]],
}


def attempt(f, *args):
    """What comes out, and the error if one does."""
    try:
        return f(*args), None
    except Exception as error:
        return None, error


def as_tensor(a):
    floats = isinstance(a, np.ndarray) and a.dtype.kind in "fc"
    return Tensor(a, requires_grad=floats) if isinstance(a, np.ndarray) and a.dtype.kind in "biufc" else a


def judge(name, ours, theirs, what):
    """`ours` may be `theirs`, one of its kind, or a TypeError that says what the function does not do."""
    if ours is None or in_strategies(ours):
        return
    detail = f"{what}: {type(ours).__name__}: {ours}; NumPy: {type(theirs).__name__}: {theirs}"
    assert isinstance(ours, CLEAR) or type(ours) is type(theirs) is RuntimeError, f"no error for users: {detail}"
    assert names_it(name, str(ours)), f"the message does not name '{name}': {detail}"
    if (table.get(name) or composites[name]).numpy is not None and isinstance(theirs, (ValueError, TypeError)):
        kind = ValueError if isinstance(theirs, np.exceptions.AxisError) else type(theirs)
        alike = isinstance(ours, (TypeError, GradError, kind))  # NumPy's bare IndexError is an accident inside
        assert alike, f"another class: {detail}"


def in_strategies(error):
    """Whether what was drawn around the function, not the function, met the damage first."""
    frame = error.__traceback__
    while frame.tb_next:
        frame = frame.tb_next
    return "strategies" in frame.tb_frame.f_code.co_filename


def names_it(name, message):
    """The function, or the one inside the call that was drawn that met the array first."""
    declared = table.get(name) or composites[name]
    first = re.match(r"(\w+)", message)
    return getattr(declared.numpy, "__name__", name) in message or first is not None and first[1] in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_damaged_arrays(name):
    @hypothesis.settings(max_examples=min(10, EXAMPLES), suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(calls(name), st.integers(0, 3), st.sampled_from([*DAMAGE, *STRANGE]))
    def run(call, which, damage):
        bad = list(call.arrays)
        which %= len(bad)
        bad[which] = {**DAMAGE, **STRANGE}[damage](bad[which])
        if not any(isinstance(as_tensor(a), Tensor) for a in bad):
            return
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _, theirs = attempt(call.expect, *bad)
            out, ours = attempt(call.apply, *[as_tensor(a) for a in bad])
            judge(name, ours, theirs, f"{call!r} with {damage} at {which}")
            if ours is None and isinstance(out, Tensor) and out.requires_grad:  # then the gradient is there too
                _, failed = attempt(out.backward, np.ones(out.shape))
                judge(name, failed, failed, f"the gradient of {call!r} with {damage} at {which}")

    run()


BAD_AXES = (99, -99, (0, 0), (0, 99), 1.5, "x", [], np.array([0.5]))


def functions_with(parameter):
    return [n for n in NAMES if parameter in (table.get(n) or composites[n]).names]


@pytest.mark.parametrize("axis", BAD_AXES, ids=repr)
@pytest.mark.parametrize("name", functions_with("axis"))
def test_bad_axes(name, axis):
    declared = table.get(name) or composites[name]
    if declared.numpy is None:
        return
    a = np.arange(6.0).reshape(2, 3) + 0.5
    needed = [n for n in inspect.signature(declared.numpy).parameters.values() if n.default is n.empty and n.kind < 2]
    if len(needed) > 2 or needed[0].name in ("arrays", "tup"):
        return
    rest = [np.array([0, 1])] * (len(needed) - 1)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, theirs = attempt(lambda a: declared.numpy(a, *rest, axis=axis), a)
        out, ours = attempt(lambda a: declared.numpy(a, *rest, axis=axis), as_tensor(a))
    assert ours is not None or theirs is None, f"{name} takes axis={axis!r}, NumPy does not: {theirs!r}; {out!r}"
    judge(name, ours, None if rest else theirs, f"{name} with axis={axis!r}")  # two arguments, two faults at once
