"""What of NumPy is done is counted at run time, and nothing is passed over in silence."""

import subprocess
import sys
import warnings

import numpy as np
import pytest

from autograd import Tensor, coverage
from autograd.__main__ import main
from autograd.primitive import numpy_functions

ROWS = coverage.entries()


def kind(name):
    return next(row.kind for row in ROWS if row.name == name)


def test_every_public_function_is_accounted_for():
    """Where this fails, NumPy has a function that nobody here has looked at: give it a rule, or say why it has none."""
    assert [row.name for row in ROWS if row.kind == coverage.UNKNOWN] == []


def test_more_is_differentiable_than_anywhere_else():
    """HIPS autograd has 153 rules; MyGrad takes 37 functions."""
    assert len({id(row.function) for row in ROWS if row.kind == coverage.DIFFERENTIABLE}) >= 250


def test_kinds():
    assert kind("numpy.sum") == kind("numpy.fft.fft") == kind("numpy.linalg.inv") == coverage.DIFFERENTIABLE
    assert kind("numpy.argmax") == kind("numpy.floor") == coverage.CONSTANT
    assert kind("numpy.vectorize") == coverage.NOT_DONE
    assert kind("numpy.zeros") == kind("numpy.dtype") == coverage.OTHER
    assert not any(row.name in ("numpy.pi", "numpy.float64", "numpy.linalg") for row in ROWS)


def test_what_is_declared_here_is_nowhere_else():
    """A reason for what has got a rule since is stale, and a name that NumPy never had is a slip of the pen."""
    rows = {row.name: row for row in ROWS}
    for name, entry in coverage.declared().items():
        if name in rows:  # another version of NumPy may lack it
            assert rows[name].kind == entry.kind, f"{name} is {rows[name].kind}"
    assert len(coverage.declared().keys() - rows.keys()) <= 5


def test_a_function_that_numpy_adds_is_noticed(monkeypatch):
    def gyre(x):
        """A function of a NumPy to come."""

    monkeypatch.setattr(np, "gyre", gyre, raising=False)
    monkeypatch.setattr(np, "__all__", [*np.__all__, "gyre"])
    assert {row.name: row.kind for row in coverage.entries()}["numpy.gyre"] == coverage.UNKNOWN
    monkeypatch.setitem(numpy_functions, gyre, lambda x: x)
    assert {row.name: row.kind for row in coverage.entries()}["numpy.gyre"] == coverage.DIFFERENTIABLE


@pytest.mark.parametrize(
    "name", [n for n, e in coverage.declared().items() if e.note.startswith("makes a bare array") and "dlpack" not in n]
)
def test_no_gradient_is_lost_where_a_bare_array_is_made(name):
    function = getattr(np, name.removeprefix("numpy."))
    with pytest.raises(TypeError, match="gradient would be lost"):
        function(Tensor([[1.0, 2.0]], requires_grad=True))


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("fft.fftfreq", lambda x: np.fft.fftfreq(4, 1 / x)),
        ("fft.rfftfreq", lambda x: np.fft.rfftfreq(4, 1 / x)),
        ("fromfunction", lambda x: np.fromfunction(lambda i: i * x, (3,))),
        ("poly1d", lambda x: np.poly1d(x * [1.0, 2.0])(3.0)),
        ("row_stack", lambda x: getattr(np, "row_stack", np.vstack)([x, x])),
    ],
)
def test_what_calls_differentiable_functions_is_differentiable(name, call):
    assert coverage.declared()[f"numpy.{name}"].note.startswith("is differentiable by")
    x = Tensor(2.0, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        out = call(x)
    out.sum().backward()
    np.testing.assert_allclose(x.grad.item(), out.data.sum() / 2)  # each is linear in x


# ---------------------------------------------------------------------- the command
def test_the_command_ends_with_the_counts(capsys):
    assert main(["coverage"]) == 0
    printed = capsys.readouterr().out
    assert printed.rstrip().endswith(coverage.counts(ROWS))
    n = sum(row.kind == coverage.DIFFERENTIABLE for row in ROWS)
    assert f"differentiable ({n})" in printed and f"{len(ROWS)}  names in all" in printed
    names = printed.replace(",", " ").split()
    assert all(row.name.removeprefix("numpy.") in names for row in ROWS)


def test_what_is_missing_comes_with_a_reason_each(capsys):
    assert main(["coverage", "--missing"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == sum(row.kind in (coverage.NOT_DONE, coverage.UNKNOWN) for row in ROWS)
    assert any(line.startswith("numpy.vectorize") and "write it with ops" in line for line in lines)


def test_a_table_in_markdown(capsys):
    assert main(["coverage", "--markdown"]) == 0
    lines = capsys.readouterr().out.splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert table[1] == "| --- | --- | --- |" and {line.count("|") for line in table} == {4}
    assert "| `numpy.fft.rfft` | differentiable | one op |" in table
    assert sum(row.kind != coverage.OTHER for row in ROWS) == len(table) - 2


def test_wrong_arguments_are_told(capsys):
    with pytest.raises(SystemExit) as told:
        main(["coverage", "--missing", "--markdown"])
    assert told.value.code == 2 and "not allowed with" in capsys.readouterr().err


def test_as_a_program():
    """Its reader may stop early, as `head` does."""
    command = f"'{sys.executable}' -m autograd coverage | head -n 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("differentiable (") and done.stderr == ""
