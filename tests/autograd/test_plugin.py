"""The pytest plugin, by pytest runs inside a test."""

import pytest

import autograd.testing.branches
import autograd.testing.fuzz.gradients
import autograd.testing.plugin  # noqa: F401  what a run inside a test imports first would be imported in each anew

pytest_plugins = "pytester"

WRONG = """
import numpy as np
import pytest
from autograd.primitive import primitive, table
from autograd.testing import check_grads, fuzz_gradients

@primitive(x=lambda g, x: g * x, name="square of a test")
def square(x):
    return x * x

square.__name__ = "square"
del table["square of a test"]  # the run is part of this process, whose table is tested elsewhere
"""


@pytest.fixture
def run(pytester, monkeypatch):
    """A pytest run of one file, with nothing of this project's own settings."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makeini("[pytest]\n")

    def go(text, *options):
        pytester.makepyfile(text)
        return pytester.runpytest_inprocess(
            "-p", "no:glassgrad", "-p", "autograd.testing.plugin", "-p", "no:cov", *options
        )

    return go


def test_gradcheck_asserts_and_shows_the_report(run):
    result = run(
        WRONG
        + """
def test_right(gradcheck):
    assert gradcheck(np.sin, np.array([0.5, 1.0])).elements > 0

def test_wrong(gradcheck):
    gradcheck(square, np.array([0.5, 2.0]))
"""
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["E * AssertionError: square (glassgrad): wrong", "*looks like: a factor*", "*at x = *0.5*"]
    )


def test_a_mark_gives_options_and_the_nearest_wins(run):
    result = run(
        WRONG
        + """
pytestmark = pytest.mark.gradients(wrt=5, name="far")

@pytest.mark.gradients(wrt=1, order=1)
def test_marked(gradcheck):
    report = gradcheck(lambda x, y: square(x) * y, np.array(3.0), np.array(2.0))
    assert report.name == "far" and report.elements > 0

@pytest.mark.gradients(wrt=1)
def test_said_at_the_call(gradcheck):
    gradcheck(lambda x, y: square(x) * y, np.array(3.0), np.array(2.0), wrt=0)
""",
        "--strict-markers",
    )
    result.assert_outcomes(passed=1, failed=1)


def test_an_assert_shows_the_whole_report(run):
    result = run(
        WRONG
        + """
def test_wrong():
    assert check_grads(square, np.array([0.5, 2.0]))

def test_named():
    report = check_grads(square, np.array([0.5, 2.0]))
    assert report.ok, "by name"

def test_other():
    report = check_grads(np.sin, np.array([0.5, 2.0]))
    assert 1 == 2
"""
    )
    result.assert_outcomes(failed=3)
    text = result.stdout.str()
    assert text.count("- gradients -") == 2
    assert text.count("\nsquare (glassgrad): wrong\n") == 2
    result.stdout.fnmatch_lines(["*d out[[]1] / d x[[]1] is 2, differences say 4 within*"])


def test_fuzz_gradients_is_collected_and_fails_with_its_report(run):
    result = run(
        WRONG
        + """
@fuzz_gradients
def test_square(x: np.ndarray):
    return square(x)

@fuzz_gradients(examples=5)
def test_sine(x: np.ndarray):
    return np.sin(x)

class TestClass:
    @fuzz_gradients(examples=5)
    def test_method(self, x: np.ndarray):
        return np.cos(x) * self.two
    two = 2
"""
    )
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        ["*test_square (glassgrad): wrong*", "*the smallest such case: test_square(x=array(1.))*"]
    )


def test_seed_and_examples_come_from_the_command_line(run):
    text = """
import numpy as np
from autograd.testing import fuzz_gradients

@fuzz_gradients(seed=1, examples=30)
def f(x: np.ndarray):
    return np.sin(x)

def test_f():
    outcome = f.check()
    assert (outcome.seed, outcome.examples) == (7, 4)
    assert outcome.checked == 4
"""
    result = run(text, "--grad-seed=7", "--grad-examples=4")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["glassgrad *: seed 7, 4 examples"])
    run(text).assert_outcomes(failed=1)  # a run leaves nothing behind


def test_coverage_tells_what_was_exercised(run):
    text = """
from autograd import Tensor, ops
def test_sin():
    ops.sin(Tensor(1.0, requires_grad=True)).backward()
"""
    result = run(text, "--grad-coverage=sin,cos")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["*derivatives exercised*", "sin *100.0 %", "cos * 0.0 %", "never: cos: *"], consecutive=False
    )
    result = run(text, "--grad-coverage=touched", "--grad-coverage-fail-under=100")
    assert result.ret == 0
    result = run(text, "--grad-coverage=cos", "--grad-coverage-fail-under=0.5")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["0.0 % are less than the 0.5 % of --grad-coverage-fail-under"])


@pytest.mark.parametrize(
    "option, said",
    [
        ("--grad-coverage=sine", "*no op called 'sine'; did you mean sin*"),
        ("--grad-examples=0", "*at least 1, got '0'*"),
        ("--grad-seed=x", "*invalid int value*"),
    ],
)
def test_mistakes_are_told_in_a_line(run, option, said):
    result = run("def test_nothing(): pass", option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([said])
    assert "Traceback" not in result.stderr.str()
