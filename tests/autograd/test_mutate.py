"""Mistakes planted in rules by machine: each operator makes what it should, and all of it can be taken out again."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from autograd.op import Op
from autograd.ops.reduce import _extreme
from autograd.primitive import table
from autograd.testing import check_grads
from autograd.testing.mutation import explanations, mutants, score
from autograd.testing.mutation.checks import CallsCheck, drawn
from autograd.testing.mutation.mutants import origins, rule_of
from autograd.testing.mutation.operators import first_slice, negated, single
from autograd.testing.mutation.source import code_of, function_of, identity, tree_of
from autograd.testing.opcheck import check_call

EXPLAINED = Path(__file__).parents[2] / "benchmarks" / "equivalent_mutants.json"


def forward(x, y=None, axis=-1, mode="full"):
    return x * 2.0


@pytest.fixture
def made(monkeypatch):
    """Declare an op for the length of a test, and give the mutants of its rules."""

    def declare(forward=forward, joint=None, arrays=None, elementwise=False, **rules):
        op = Op("made", forward, rules, joint=joint, arrays=arrays, elementwise=elementwise, listed=False)
        monkeypatch.setitem(table, "made", op)
        return mutants(["made"])

    return declare


def texts(found, operator):
    return {m.after for m in found if m.operator == operator}


# ---------------------------------------------------------------------- the operators
@pytest.mark.parametrize(
    ("operator", "rule", "expected"),
    [
        ("term dropped", lambda g, x: 2 - x, {"2", "-x"}),
        ("term dropped", lambda g, x: 2 + x, {"2", "x"}),
        ("term dropped", lambda g, x: g.reshape(x.shape + (1,)), set()),  # no sum of numbers
        ("sign flipped", lambda g, x: -g + x, {"g + x", "-g - x"}),
        ("operands swapped", lambda g, x: g / x, {"x / g"}),
        ("operands swapped", lambda g, x: g @ x, {"x @ g"}),
        ("operands swapped", lambda g, x: g * x, set()),
        ("operands swapped", lambda g, x: np.where(x, g, 1), {"np.where(x, 1, g)"}),
        ("operands swapped", lambda g, x: g if x else x, {"x if x else g"}),
        ("factor dropped", lambda g, x: 2 * x, {"2", "x"}),
        ("factor dropped", lambda g, x: 2 / x, {"2", "1 / x"}),
        ("factor dropped", lambda g, x: 2 + x**3, {"2 + x"}),
        ("axis off by one", lambda g, x: g.sum(axis=0), {"g.sum(axis=1)"}),
        ("axis off by one", lambda g, x: g.sum(axis=(-1, 2)), {"g.sum(axis=(-2, 2))", "g.sum(axis=(-1, 1))"}),
        ("axis off by one", lambda g, x: np.swapaxes(g, -1, 0), {"np.swapaxes(g, -2, 0)", "np.swapaxes(g, -1, 1)"}),
        ("axis off by one", lambda g, x: g.swapaxes(1, 0), {"g.swapaxes(0, 0)", "g.swapaxes(1, 1)"}),
        ("guard dropped", lambda g, x: np.where(x > 1, x, 0), {"x", "0", "np.where(x >= 1, x, 0)"}),
        ("guard dropped", lambda g, x: np.maximum(x, 1), {"x"}),
        ("guard dropped", lambda g, x: x if g == 0 else 2, {"x", "2", "x if g != 0 else 2"}),
        ("guard dropped", lambda g, x: (g < x) & ~x, {"g < x", "~x", "(g <= x) & ~x", "(g < x) & x"}),
        ("guard dropped", lambda g, x: g or x or 1, {"x or 1", "g or 1", "g or x"}),
        ("conjugate dropped", lambda g, x: np.conj(g) * x.conj(), {"g * x.conj()", "np.conj(g) * x"}),
        ("transpose dropped", lambda g, x: g * x.swapaxes(0, 1), {"g * x"}),
        ("transpose dropped", lambda g, x: np.transpose(x.T), {"x.T", "np.transpose(x)"}),
        ("sibling function", lambda g, x: g * np.sin(x), {"g * np.cos(x)"}),
        ("constant off by one", lambda g, x: g.reshape((-1, *x.shape)) + x.reshape(-1), set()),  # -2 means it too
        ("constant off by one", lambda g, x: x**1 + 0.5, {"x ** 2 + 0.5", "x ** 1 + 1.0"}),
        ("the cotangent itself", lambda g, x: x, {"g"}),
        ("result negated", lambda g, x: x, {"-x"}),
        ("single precision", lambda g, x: x, {"single(x)"}),
        ("keyword ignored", lambda g, axis: g.sum(axis), {"g.sum(default_axis)"}),
        ("keyword ignored", lambda g, mode: g if mode == "full" else 0, {"g if default_mode == 'full' else 0"}),
    ],
)  # fmt: skip
def test_an_operator_changes_what_it_says_and_nothing_else(made, operator, rule, expected):
    assert texts(made(x=rule), operator) == expected


def test_only_an_op_that_broadcasts_has_its_sums_dropped(made):
    rules = {"x": lambda g, y: g * y, "y": lambda g, x: g * x}
    operator = "sum over broadcast axes dropped"
    assert texts(made(elementwise=True, **rules), operator) == {
        "first_slice(g * y)",
        "first_slice(g * x)",
    }
    assert texts(made(**rules), operator) == set()


def test_a_joint_rule_is_changed_in_all_its_results(made):
    found = made(joint=lambda g, x, y: (g * y, g * x), arrays=("x", "y"))
    assert texts(found, "the cotangent itself") == {"(g, g)"}
    assert texts(found, "result negated") == {"negated((g * y, g * x))"}
    assert {m.parameter for m in found} == {""}


def test_statements_are_changed_too(made):
    def rule(g, x):
        """Why -1 is not changed in here."""
        if x.ndim > 3:
            raise ValueError(f"{x.ndim - 1} axes")
        total = 0.0
        for s in x:
            total += s * 2
        if x.size:
            total = total * g
        return total

    found = made(x=rule)
    pairs = {(m.before, m.after) for m in found}
    assert ("total += s * 2", "pass") in pairs
    assert ("total += s * 2", "total -= s * 2") in pairs
    assert ("if x.size:", "if False:") in pairs
    assert ("total = total * g", "total = g") in pairs
    assert not [p for p in pairs if "raise" in p[0] or "Why" in p[0] or "> 3" in p[0]]


def test_what_cannot_be_seen_is_no_mutant(made):
    found = made(x=lambda g: g)  # the cotangent itself is no change
    assert {m.operator for m in found} == {"result negated", "single precision"}
    by_origin = {}
    for m in mutants(["divide", "max"]):
        by_origin.setdefault(id(m.origin), []).append(identity(m.code))
    assert len(by_origin) > 3 and all(len(codes) == len(set(codes)) for codes in by_origin.values())


def test_a_rule_that_only_refuses_has_no_mutants(made):
    def rule(g):
        raise TypeError("no derivative")

    assert made(x=rule) == []


# ---------------------------------------------------------------------- source and code
def test_lambdas_in_one_line_are_told_apart():
    first, second, third = (lambda g, x: g * x), (lambda g, x: g * x), (lambda g, x: g / x)
    found = [tree_of(f) for f in (first, second, third)]
    assert len({id(t) for t in found}) == 3
    assert [t.col_offset for t in found] == sorted(t.col_offset for t in found)
    outer, inner = (lambda g: lambda h: h), None
    inner = outer(1)
    assert tree_of(outer).args.args[0].arg == "g" and tree_of(inner).args.args[0].arg == "h"


def test_a_function_without_source_has_no_tree():
    assert tree_of(eval("lambda g: g")) is None


def test_code_keeps_the_closure():
    def around(n):
        return lambda g: g**n

    function = around(3)
    again = function_of(code_of(tree_of(function), function.__code__.co_freevars), function)
    assert again(2) == function(2) == 8


def test_two_rules_of_one_factory_are_changed_together():
    found = mutants(["nanmax"])
    one = next(m for m in found if m.operator == "result negated" and m.parameter == "x")
    assert set(one.ops) >= {"max", "min", "nanmax", "nanmin"}
    with one.installed():
        for name in ("max", "nanmin"):
            op = table[name]
            rule = rule_of(op, 0)
            assert rule.__closure__[0].cell_contents is (name == "nanmin")


# ---------------------------------------------------------------------- in and out again
def state(ops):
    found = [(op.name, op.rules, op._needs) for op in ops]
    code = [(f, f.__code__, f.__kwdefaults__) for o in origins() for f in o.functions]
    return found, code


@pytest.mark.parametrize("name", ["divide", "max", "logaddexp", "layer_norm", "concatenate", "solve"])
def test_taken_out_the_engine_is_as_it_was(name):
    before = state(table.values())
    for m in mutants([name]):
        with pytest.raises(KeyError), m.installed():
            raise KeyError
    assert state(table.values()) == before


def test_a_mistake_in_a_helper_is_one_in_its_callers():
    x = np.array([1.0, 3.0, 3.0])
    one = next(m for m in mutants(["max"]) if m.function == "_extreme" and m.operator == "factor dropped")
    code = _extreme.__code__
    assert check_grads(table["max"].function, x, kink="convex").ok
    with one.installed():
        assert _extreme.__code__ is not code
        assert not check_grads(table["max"].function, x, kink="convex").ok
    assert _extreme.__code__ is code


def test_a_mistake_is_what_a_check_sees():
    x = np.array([0.5, 1.0])
    wrong = {}
    for m in mutants(["sin"]):
        with m.installed():
            wrong[m.after] = not check_grads(np.sin, x)
    assert len(wrong) >= 5 and all(wrong.values())
    assert check_grads(np.sin, x)


def test_a_dropped_sum_gives_a_wrong_gradient_of_the_right_shape():
    one = next(m for m in mutants(["add"]) if m.operator == "sum over broadcast axes dropped" and m.parameter == "y")
    x, y = np.ones((3, 2)), np.ones(2)
    with one.installed():
        report = check_grads(np.add, x, y)
    assert report.findings and all(f.argument == "x2" and "shape" not in f.what for f in report.findings)


def test_what_mutants_call():
    r = np.arange(6.0).reshape(2, 3)
    assert first_slice(r, (3,)).tolist() == [0, 1, 2]
    assert first_slice(r, (2, 1)).tolist() == [[0], [3]]
    assert first_slice(r, ()) == 0
    assert first_slice(np.zeros((0, 3)), (3,)).shape == (0, 3)
    assert negated((r, None))[0].tolist() == (-r).tolist() and negated((r, None))[1] is None
    assert single(r).dtype == np.float32 and single([r + 0j])[0].dtype == np.complex64
    assert single(r.astype(np.float16)).dtype == np.float16


# ---------------------------------------------------------------------- the whole table
@pytest.mark.slow
def test_every_rule_of_the_table_that_returns_has_mutants():
    found = mutants()
    changed = {id(m.origin.first.__code__) for m in found}
    for op in table.values():
        for i, position in enumerate(op.positions):
            rule = rule_of(op, i)
            if "no_slope" not in rule.__qualname__:
                assert id(rule.__code__) in changed, f"{op.name} by {op.names[position]}"
    keys = [m.key for m in found]
    assert len(keys) == len(set(keys)) > 4000
    assert all(m.before != m.after for m in found)
    assert set(explanations(EXPLAINED)) <= set(keys)


def test_every_rule_has_its_tree():
    for o in origins():
        assert tree_of(o.first) is not None, o.first


def test_a_helper_of_forward_functions_is_left_alone():
    names = {f.__name__ for o in origins() if not o.uses for f in o.functions}
    assert {"_extreme", "_cosine", "_recurrence"} <= names
    assert not names & {"exp_moment", "in_double", "axes_of", "count"}


# ---------------------------------------------------------------------- the check and the run
@pytest.mark.parametrize("name", ["divide", "max", "matmul", "gelu"])
def test_the_check_finds_nothing_in_the_table_as_it_is(name):
    check = CallsCheck()
    assert check(name, 0, 12, None) is None
    assert check.alarms == [] and check.used > 12


def test_what_is_remembered_changes_no_verdict():
    check = CallsCheck()
    calls = drawn("hypot", 12)
    for m in mutants(["hypot"])[::3]:
        check.prepare("hypot", 0, 12)
        with m.installed():
            found = check("hypot", 0, 12, None)
            alone = any(not check_call(call, order=2).ok for call in calls)
        assert alone == (found is not None), m


class Planted:
    """A check that knows one op at one point, and what it is asked."""

    def __init__(self):
        self.used = 0
        self.prepared = []

    def prepare(self, name, rng_seed, examples):
        self.prepared.append(name)

    def __call__(self, name, rng_seed, examples, deadline):
        self.used = 1
        report = check_grads(table[name].function, np.array([0.3, 2.0]), order=1)
        return None if report.ok else str(report.findings[0])


@pytest.mark.parametrize("jobs", [0, 1, 2])
def test_any_check_can_be_asked(jobs):
    check = Planted()
    found = score(["exp", "log"], jobs=jobs, check=check)
    assert found.killed == len(found.outcomes) and found.rate == 1
    assert set(found.examples_to_kill) == {1}
    assert found.by("family")["elementwise"]["open"] == 0
    assert check.prepared == ([] if jobs else [m.ops[0] for m, _ in found.outcomes])


def test_survivors_are_told_with_their_places_and_reasons(tmp_path):
    blind = score(["exp"], jobs=0, check=lambda *_: None)
    assert blind.killed == 0 and len(blind.open) == blind.survived > 3
    first, *rest = blind.open
    assert f"elementwise.py:{first.line} exp by x: {first.operator}" in str(blind)
    explained = score(["exp"], jobs=0, check=lambda *_: None, explained={first.key: "because"})
    assert explained.equivalent[0].key == first.key and len(explained.open) == len(rest)
    seen = score(["exp"], jobs=0, check=Planted(), explained={first.key: "because"})
    assert seen.stale == [first.key] and seen.rate == 1
    seen.save(tmp_path / "score.json")
    assert explanations(tmp_path / "score.json")["found"] == seen.killed


def test_what_does_not_end_is_found():
    def spin(name, rng_seed, examples, deadline):
        while True:
            pass

    found = score(jobs=1, check=spin, limit=0.05, among=mutants(["exp"])[:2])
    assert [o.status for _, o in found.outcomes] == ["hang", "hang"]


def test_what_ends_its_process_is_found_and_the_rest_goes_on():
    given = mutants(["exp"])[:4]

    def fall(name, rng_seed, examples, deadline):
        if rule_of(table["exp"], 0).__code__ is given[1].code:
            os._exit(3)
        return "wrong"

    found = score(jobs=1, check=fall, among=given)
    assert [o.status for _, o in found.outcomes] == ["killed", "hang", "killed", "killed"]


def test_a_worker_that_waits_for_ever_is_ended(monkeypatch):
    monkeypatch.setattr("autograd.testing.mutation.run.STUCK", 4)

    def sleep(name, rng_seed, examples, deadline):
        time.sleep(3600)

    found = score(jobs=1, check=sleep, limit=0.1, among=mutants(["exp"])[:1])
    assert [o.status for _, o in found.outcomes] == ["hang"]


def spin_once(tmp_path, last):
    """A check that does not end the first time, in any process, and then does `last`."""

    def check(name, rng_seed, examples, deadline):
        with open(tmp_path / "processes", "a") as file:
            file.write(f"{os.getpid()}\n")
        if len((tmp_path / "processes").read_text().split()) == 1:
            try:
                while True:
                    pass
            except BaseException:  # as a callback of the interpreter's swallows what is raised in it
                return last()
        return "wrong"

    return check


def raise_another():
    raise SystemError("returned NULL without setting an exception")


@pytest.mark.parametrize("last", [lambda: None, lambda: "wrong", raise_another])
def test_an_alarm_that_is_swallowed_is_a_hang_and_the_process_is_replaced(tmp_path, last):
    found = score(jobs=1, check=spin_once(tmp_path, last), limit=0.02, among=mutants(["exp"])[:3])
    assert [o.status for _, o in found.outcomes] == ["hang", "killed", "killed"]
    first, *others = (tmp_path / "processes").read_text().split()
    assert len(others) == 2 and first not in others and len(set(others)) == 1


def test_an_alarm_that_is_swallowed_rings_again():
    def deaf(name, rng_seed, examples, deadline):
        heard = 0
        while heard < 2:
            try:
                while True:
                    pass
            except BaseException:
                heard += 1
        return None

    before = signal.getsignal(signal.SIGPROF)
    found = score(jobs=0, check=deaf, limit=0.02, among=mutants(["exp"])[:1])
    assert [o.status for _, o in found.outcomes] == ["hang"]
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0) and signal.getsignal(signal.SIGPROF) is before


def test_a_process_that_fails_without_the_mistake_is_replaced(tmp_path):
    class Exhausted:
        """Cannot be asked again once it has found something."""

        used, asked = 1, 0

        def __call__(self, name, rng_seed, examples, deadline):
            self.asked += 1
            return f"wrong, asked {self.asked} times"

        def confirmed(self):
            raise MemoryError

    found = score(jobs=1, check=Exhausted(), among=mutants(["exp"])[:2])
    assert [(o.status, o.found) for _, o in found.outcomes] == [("killed", "wrong, asked 1 times")] * 2


def test_what_ends_its_process_before_there_is_a_mistake_is_left_out():
    class Falls:
        used = 1

        def prepare(self, name, rng_seed, examples):
            os._exit(3)

    found = score(jobs=1, check=Falls(), among=mutants(["exp"])[:2])
    assert found.left_out == 2 and found.killed == 0


def test_no_worker_outlives_the_budget_by_much(monkeypatch):
    monkeypatch.setattr("autograd.testing.mutation.run.GRACE", 1)

    def sleep(name, rng_seed, examples, deadline):
        time.sleep(3600)

    found = score(jobs=2, check=sleep, limit=0.2, budget=0.2, among=mutants(["exp"]))
    assert found.left_out == len(found.outcomes) > 3


def test_when_the_time_is_up_the_rest_is_left_out():
    found = score(["exp"], jobs=2, check=lambda *_: "wrong", budget=-1)
    assert found.left_out == len(found.outcomes) and found.killed == 0
    assert f"{found.left_out} were not run" in str(found)


def test_a_finding_that_stays_without_the_mistake_is_not_counted():
    class Nervous:
        """Says first what is no mistake's fault, then what is."""

        used, asked, real = 1, 0, False

        def __call__(self, name, rng_seed, examples, deadline):
            self.asked += 1
            return "wrong" if self.asked == 1 or self.real else None

        def confirmed(self):
            return self.real

    check = Nervous()
    assert score(jobs=0, check=check, among=mutants(["exp"])[:1]).killed == 0 and check.asked == 2
    check.real = True
    assert score(jobs=0, check=check, among=mutants(["exp"])[:1]).killed == 1


def test_a_process_that_a_mistake_has_spoiled_is_replaced(tmp_path):
    class Stained:
        """Remembers the first mistake that it saw, as a cache would."""

        used, spoiled, stained = 1, False, False

        def __call__(self, name, rng_seed, examples, deadline):
            with open(tmp_path / "processes", "a") as file:
                file.write(f"{os.getpid()}\n")
            self.stained = True
            return "wrong"

        def confirmed(self):
            self.spoiled = self.stained
            return True

    found = score(jobs=1, check=Stained(), among=mutants(["exp"])[:3])
    assert [o.status for _, o in found.outcomes] == ["killed"] * 3
    assert len(set((tmp_path / "processes").read_text().split())) == 3


def test_a_check_that_raises_has_found_something():
    def broken(name, rng_seed, examples, deadline):
        raise ValueError("of its own")

    found = score(jobs=0, check=broken, among=mutants(["exp"])[:1])
    assert found.outcomes[0][1].found == "the check raised ValueError: of its own"
