"""Random programs over the whole table against every oracle; and what finds planted mistakes finds them, small.

GLASSGRAD_PROGRAMS says how many `test_a_long_run` judges (2,000), GLASSGRAD_SEED which.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, find, settings

from autograd import gradients
from autograd.graph import topological
from autograd.primitive import composites, table
from autograd.tensor import Tensor
from autograd.testing.programs import build, check_program, programs
from autograd.testing.programs.program import PROTOCOL
from autograd.testing.programs.strategy import BASIC, CHOICES, POOL, SHAPES, WRITES, weighted

PROGRAMS = int(os.environ.get("GLASSGRAD_PROGRAMS", "2000"))
SEED = int(os.environ.get("GLASSGRAD_SEED", "0"))
QUICK = settings(max_examples=2000, database=None, suppress_health_check=list(HealthCheck))
NAMES = weighted()


def drawn(seed, lines=12):
    """A program without Hypothesis, which a long run can do without."""
    rng = random.Random(seed)
    inputs = [
        np.array(rng.choices(POOL, k=int(np.prod(s)))).reshape(s) for s in rng.choices(SHAPES, k=rng.randint(1, 3))
    ]
    recipe = [(rng.choice(NAMES), rng.randbytes(CHOICES)) for _ in range(rng.randint(1, lines))]
    return build(inputs, recipe, rng.random() < 0.3)


def judged(seeds, **options):
    tally = Counter()
    for seed in seeds:
        judgement = check_program(drawn(seed), seed, **options)
        assert judgement.ok, f"program {seed}\n{judgement}"
        tally[judgement.verdict] += 1
    return tally


def test_programs():
    tally = judged(range(60))
    assert tally["right"] > 50, tally


@pytest.mark.slow
def test_a_long_run():
    tally = judged(range(SEED * 10**7, SEED * 10**7 + PROGRAMS))
    print(dict(tally))
    assert tally["right"] > 0.9 * PROGRAMS, tally


@pytest.mark.slow
def test_other_engines_agree():
    pytest.importorskip("torch")
    judged(range(10**6, 10**6 + 200), peers=True)


# ---------------------------------------------------------------------- what it finds, and how small
def smallest(strategy, seed=1):
    """The simplest program that Hypothesis finds to be wrong, and what is wrong with it."""
    program = find(strategy, lambda p: not check_program(p, seed).ok, settings=QUICK, random=random.Random(0))
    return program.live(), check_program(program, seed)


def check_small(program):
    assert len(program.lines) <= 3, program.script()
    assert all(x.size <= 4 for x in program.inputs), program.script()


def shown(judgement, plant):
    """What the script prints where the mistake is planted as well, number by number."""
    script = "from autograd.primitive import table\n" + plant + judgement.script()
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [row for row in done.stdout.splitlines() if row.startswith("d loss")]
    return [[float(part.split()[-1]) for part in row.split(": ")[1].split(", ")] for row in rows]


def find_planted(monkeypatch, name, factor, strategy):
    op = table[name]
    monkeypatch.setattr(op, "rules", tuple(lambda g, out, args, r=r: factor * r(g, out, args) for r in op.rules))
    program, judgement = smallest(strategy)
    assert judgement.verdict == "wrong"
    check_small(program)
    rule = f"lambda g, out, args, r=r: {factor} * r(g, out, args)"
    rows = shown(judgement, f"op = table[{name!r}]\nop.rules = tuple({rule} for r in op.rules)\n")
    assert any(abs(reverse - quotient) > 1e-6 for reverse, _, quotient in rows), rows


def test_a_wrong_rule_is_found_and_its_program_is_small(monkeypatch):
    find_planted(monkeypatch, "setitem", 0.5, programs([*BASIC, *WRITES[:4], "getitem", "copy"], lines=4))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["softmax", "transpose"])
def test_a_wrong_rule_of_an_op_among_many_is_found_by_seeds(name, monkeypatch):
    op = table[name]
    monkeypatch.setattr(op, "rules", tuple(lambda g, out, args, r=r: 1.01 * r(g, out, args) for r in op.rules))
    having = [seed for seed in range(400) if name in drawn(seed).live().ops]
    assert any(check_program(drawn(seed), seed).verdict == "wrong" for seed in having)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "factor"), [("sin", 1.001), ("multiply", 1.5), ("setitem", 0.5)])
def test_a_wrong_rule_is_found_among_all_ops(name, factor, monkeypatch):
    find_planted(monkeypatch, name, factor, programs())


def test_a_write_that_a_view_does_not_see_is_found(monkeypatch):
    lines = [("copy", ""), ("transpose", "0001"), ("assign", "")]
    program = build([np.array([[1.0, 0.5], [2.0, 3.0]])], lines, False)
    assert [line.target for line in program.lines] == ["", "", "v0"] and check_program(program).verdict == "right"
    monkeypatch.setattr(table["transpose"], "view", False)
    assert check_program(program).oracle == "NumPy's values"


@pytest.mark.slow
def test_a_view_that_is_none_is_found_and_its_program_is_small(monkeypatch):
    monkeypatch.setattr(table["transpose"], "view", False)
    program, judgement = smallest(programs(["copy", "transpose", "assign", "whole"], lines=5))
    assert judgement.verdict in ("wrong", "raises")
    check_small(program)
    assert any(line.target for line in program.lines) and "transpose" in program.ops


@pytest.mark.slow
def test_a_write_whose_old_value_keeps_its_gradient_is_found(monkeypatch):
    """A wrong one: what was overwritten no longer counts."""
    op = table["setitem"]
    into, value = op.rules
    monkeypatch.setattr(op, "rules", (lambda g, out, args: g, value))
    program, judgement = smallest(programs(["sin", "multiply", "assign", "whole"], lines=4))
    assert judgement.verdict == "wrong"
    check_small(program)


# ---------------------------------------------------------------------- programs
def test_programs_are_the_same_every_time():
    program, again = drawn(5), drawn(5)
    assert program.script() == again.script()
    first, second = (check_program(p) for p in (program, again))
    assert (first.verdict, first.detail) == (second.verdict, second.detail)


def test_a_program_is_given_again_by_its_draws():
    program = drawn(7)
    again = eval(program.again, {"autograd": sys.modules["autograd"], "np": np})
    assert again.lines == program.lines and again.loss == program.loss


def test_lines_may_be_deleted():
    rng = random.Random(0)
    recipe = [(rng.choice(NAMES), rng.randbytes(CHOICES)) for _ in range(12)]
    for i in range(0, 12, 3):
        assert check_program(build([np.array([1.0, 0.5])], recipe[:i] + recipe[i + 1 :], False)).ok


def test_what_is_not_used_is_not_printed():
    program = build([np.array([1.0, 0.5]), np.array([2.0])], [("cos", "00"), ("sin", "00"), ("exp", "02")])
    assert [line.text for line in program.live().lines] == ["v2 = np.exp(x1)"]
    assert "x0" not in program.script()


def test_the_rewrite_has_neither_views_nor_writes():
    lines = [("sin", ""), ("transpose", "0001"), ("assign", "")]
    program = build([np.array([[1.0, 0.5], [2.0, 3.0]])], lines, False)
    tensors = [Tensor(x, requires_grad=True) for x in program.inputs]
    loss = program.functional(PROTOCOL, tensors)["loss"]
    ops = {node.op.name for node in topological([loss._node]) if node.op is not None}
    assert any(line.target for line in program.lines)
    assert not ops & {"setitem", "transpose"} and gradients(loss, tensors)[0] is not None


def test_a_script_with_a_constant_shows_agreement():
    program = build([np.array([1.0, 0.5])], [("stop_gradient", ""), ("multiply", "0003"), ("sin", "01")], False)
    judgement = check_program(program)
    assert judgement.verdict == "right" and any("stop_gradient" in line.text for line in program.live().lines)
    for row in shown(judgement, ""):
        np.testing.assert_allclose(row, row[0], rtol=1e-7)


# ---------------------------------------------------------------------- how much of the table is within reach
# Parts of other ops and of their rules, which are reached through those, some in second derivatives alone; of
# attention a layer reads the first columns: the last are what its own rule needs.
PARTS = {
    "attention", "characteristic", "cofactor", "cofactor_along", "conv_weight", "detsign", "exprel_slope",
    "gelu_tanh_slope", "max_pool_pick", "max_pool_share", "normal_cdf", "overlap_add", "series_divide", "spread_pool",
    "weighted_logsumexp",
}  # fmt: skip


def reached(count):
    """The ops of the table that the graphs of `count` programs hold, and the composites that lines were drawn for."""
    found = set()
    for seed in range(count):
        program = drawn(seed)
        found |= {name for name in program.ops if name in composites}
        tensors = [Tensor(x, requires_grad=True) for x in program.inputs]
        try:
            loss = program.run(PROTOCOL, tensors)
        except TypeError:  # a constant cannot take in what is tracked
            continue
        if getattr(loss, "_node", None) is not None:
            found |= {node.op.name for node in topological([loss._node]) if node.op is not None}
    return found


def test_most_ops_are_within_reach():
    found = reached(150)
    assert len(set(table) & found) > 130 and len(set(composites) & found) > 50


@pytest.mark.slow
def test_all_ops_but_parts_of_others_are_reached():
    found = reached(4000)
    print(
        f"{len(set(table) & found)} of {len(table)} ops, {len(set(composites) & found)} of {len(composites)} composites"
    )
    print("composites without a line of their own:", *sorted(set(composites) - found))
    assert set(table) - found <= PARTS
