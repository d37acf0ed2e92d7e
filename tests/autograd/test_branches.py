"""Coverage of derivatives: what it counts, and that the strategies leave nothing out."""

from __future__ import annotations

import sys
import threading
import warnings

import hypothesis
import numpy as np
import pytest

from autograd import Tensor, gradients, ops
from autograd.primitive import composites, table
from autograd.testing.branches import exercise, recording
from autograd.testing.branches.rulecode import described, edges_of, refuses, rule_codes
from autograd.testing.branches.universe import branch_of, branches_of
from autograd.testing.strategies import op_calls

NAMES = sorted({*table, *composites})


def backward(f, *arrays):
    tensors = [Tensor(a, requires_grad=True) for a in arrays]
    out = f(*tensors)
    return gradients(out, tensors, gradient=np.ones(out.shape))


def draw_calls(name, examples, seed):
    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        derandomize=False,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(op_calls(name))
    def run(call):
        exercise(call.apply, *call.arrays)

    run()


def drawn_until_seen(names, rounds):
    """What was exercised by 20 calls of each op, and by 20 more, again and again, of those that left something out."""
    with recording() as seen:
        left = names
        for seed in range(rounds):
            for name in left:
                draw_calls(name, 20, seed)
            left = sorted({gap.op for gap in seen.gaps(names)})
    return seen


def test_the_strategies_leave_nothing_of_a_family_out():
    names = ["sin", "maximum", "fmin", "softmax", "transpose", "where"]
    seen = drawn_until_seen(names, 6)
    assert seen.gaps(names) == []
    assert seen.percent(names) == 100.0
    assert seen.table(names).splitlines()[-1].endswith("100.0 %")


@pytest.mark.slow
def test_the_strategies_leave_nothing_out():
    seen = drawn_until_seen(NAMES, 20)
    assert not seen.gaps(), "\n".join(map(str, seen.gaps()))


def test_the_universe_follows_from_the_declarations():
    assert branches_of("max")["axis"] == ("None", ">= 0", "< 0", "several")
    assert branches_of("max")["where"] == ("True", "a mask")
    assert branches_of("sort")["axis"] == ("None", ">= 0", "< 0")  # a tuple is refused
    assert branches_of("fft")["norm"] == ("left out", "backward", "ortho", "forward")
    assert branches_of("gelu")["approximate"] == ("tanh", "none")
    assert branches_of("conv")["bias"] == ("left out", "given")
    assert "kind" not in branches_of("sort")  # which algorithm sorts
    assert branches_of("sin") == {}
    assert refuses("ldexp", 1) and not refuses("ldexp", 0)


@pytest.mark.parametrize(
    ("parameter", "value", "branch"),
    [
        ("axis", None, "None"), ("axis", 1, ">= 0"), ("axis", -1, "< 0"), ("axis", (0, 1), "several"),
        ("keepdims", 1, "True"), ("where", True, "True"), ("where", np.array([True]), "a mask"),
        ("initial", 3.0, "given"), ("initial", np._NoValue, "left out"), ("no such", 1, None),
    ],
)  # fmt: skip
def test_each_value_takes_a_branch(parameter, value, branch):
    assert branch_of("max", parameter, value) == branch


def test_only_what_ran_is_seen():
    with recording() as seen:
        backward(lambda x: ops.multiply(x, 2.0), np.ones(2))
        ops.max(Tensor([1.0, 2.0]), axis=0)  # no gradient is asked for
    assert seen.rules["multiply", "x"] == 1 and ("multiply", "y") not in seen.rules
    assert {str(gap) for gap in seen.gaps(["multiply"])} >= {"multiply: the rule of 'y' never ran"}
    assert not any(op == "max" for op, *_ in seen.branches)
    assert 0 < seen.percent(["multiply"]) < 100


def test_both_sides_of_a_condition_in_a_rule_count():
    (code,) = [c for c in rule_codes("power") if c.co_name == "_power_base"]
    with recording() as seen:
        backward(lambda x: x**2, np.ones(2))
    first = seen.edges[code]
    with recording() as seen:
        backward(lambda x: x**2, np.ones(2))
        backward(lambda x: x**0, np.ones(2))
        backward(lambda x: x**3, np.ones(2))
        backward(lambda x: ops.power(x, np.array([1.0, 2.0])), np.ones(2))
    assert first < seen.edges[code]
    assert set(edges_of(code)) <= {*seen.edges[code], *(e for e in edges_of(code) if "==" in described(code, e))}


def test_functions_of_ops_are_seen_with_their_keywords():
    with recording() as seen:
        backward(lambda x: ops.take(x, [0], axis=-1), np.ones((2, 2)))
    assert ("take", "axis", "< 0") in seen.branches and ("take", "mode", "raise") in seen.branches
    assert ("take", "axis", "None") not in seen.branches


def test_what_a_rule_calls_is_not_what_somebody_called():
    with recording() as seen:
        x = Tensor(np.ones((2, 2)), requires_grad=True)
        gradients(ops.prod(x, axis=0), [x], gradient=Tensor(np.ones(2), requires_grad=True), create_graph=True)
    assert not any(op == "take" for op, *_ in seen.branches)


def test_a_recording_leaves_no_trace():
    rules = {name: op.rules for name, op in table.items()}
    before = sys.gettrace()
    with pytest.raises(ValueError, match="no such"), recording():
        assert table["sin"].rules != rules["sin"]
        raise ValueError("no such")
    assert sys.gettrace() is before
    assert {name: op.rules for name, op in table.items()} == rules


def test_rules_in_other_threads_are_seen():
    with recording() as seen:
        thread = threading.Thread(target=backward, args=(ops.sin, np.ones(2)))
        thread.start()
        thread.join()
    assert seen.rules["sin", "x"] == 1


def test_exercise_takes_what_an_op_refuses():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exercise(ops.sort, np.array([2.0, 1.0]))  # no complex numbers
        exercise(ops.floor if hasattr(ops, "floor") else np.floor, np.array([2.0, 1.0]))  # no gradient
