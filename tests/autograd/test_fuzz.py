"""fuzz_op and fuzz_gradients: wrong rules are found and shrunk, other troubles told; each case can be run again."""

import contextlib
import importlib.util
import io
import sys
import warnings
from typing import Annotated

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import autograd.testing
from autograd import Tensor, ops
from autograd.primitive import composites, table
from autograd.testing import Verdict, arrays_like, fuzz_gradients, fuzz_op
from autograd.testing.fuzz import Search
from autograd.testing.fuzz.inputs import Inputs
from autograd.testing.fuzz.script import body, expression, literal
from autograd.testing.strategies import op_calls


def times(factor):
    def change(rules):
        return tuple(lambda g, out, args, *i, r=r: factor * r(g, out, args, *i) for r in rules)

    return change


def last_is(rule):
    return lambda rules: (*rules[:-1], rule)


RNG = np.random.default_rng(0)

# an op, what is wrong with its rule, and how many elements the smallest case may have
MISTAKES = {
    "the sign": ("sin", times(-1)),
    "a factor": ("matmul", times(2)),
    "another argument forgotten": ("multiply", last_is(lambda g, out, args: g)),
    "the slope forgotten": ("tanh", last_is(lambda g, out, args: g)),
    "everywhere as at the largest": ("max", last_is(lambda g, out, args: np.full(args[0].shape, 1.0))),
    "a sum over axes": ("sum", times(-1)),
    "a running sum that runs the wrong way": (
        "cumsum",
        last_is(lambda g, out, args: np.cumsum(g).reshape(args[0].shape)),
    ),
}


@pytest.fixture
def changed(monkeypatch):
    def change(name, how):
        monkeypatch.setattr(table[name], "rules", how(table[name].rules))

    return change


def shown(script):
    """What a script says, run here, and its status."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), pytest.raises(SystemExit) as status:
        exec(compile(script, "script", "exec"), {"__name__": "__main__"})
    return said.getvalue(), status.value.code


@pytest.mark.parametrize("name", ["sin", "max", "conv", "where", "einsum"])
def test_right_rules_pass(name):
    outcome = fuzz_op(name, examples=5)
    assert outcome and outcome.report is None
    assert outcome.checked == outcome.tally[Verdict.RIGHT] + outcome.tally[Verdict.INCONCLUSIVE] == 5


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_rule_is_found_shrunk_and_shown_again(changed, mistake):
    name, how = MISTAKES[mistake]
    changed(name, how)
    outcome = fuzz_op(name, order=1)
    assert not outcome
    assert outcome.report.verdict is Verdict.WRONG
    assert sum(a.size for a in outcome.case.arrays) <= 4
    said, status = shown(outcome.script)
    assert status == 1 and "wrong" in said
    again = fuzz_op(name, order=1, blob=outcome.blob)
    assert again.checked == 1 and str(again.report) == str(outcome.report)
    assert again.script == outcome.script


def test_the_same_seed_gives_the_same_run(changed):
    changed("sin", times(1.5))
    one, two = fuzz_op("sin", seed=3), fuzz_op("sin", seed=3)
    assert one.blob == two.blob and one.script == two.script and one.tally == two.tally


def test_first_ends_at_the_first_wrong_call(changed):
    changed("conv", times(-1))
    outcome = fuzz_op("conv", first=True)
    assert not outcome and outcome.checked == outcome.tally[Verdict.WRONG] + outcome.tally[Verdict.RIGHT] <= 5
    assert outcome.script == ""


def test_once_it_is_mended_the_case_passes(changed, monkeypatch):
    with monkeypatch.context() as only_here:
        only_here.setattr(table["sin"], "rules", times(-1)(table["sin"].rules))
        blob = fuzz_op("sin").blob
    again = fuzz_op("sin", blob=blob)
    assert again and again.tally == {Verdict.RIGHT: 1}
    assert fuzz_op("sin", examples=5, blob=("0.0", "of another Hypothesis")).checked == 5  # a search instead


def test_what_a_rule_raises_is_a_finding(changed):
    changed("exp", last_is(lambda g, out, args: 1 / 0))
    outcome = fuzz_op("exp")
    assert outcome.report.verdict is Verdict.RAISES and "ZeroDivisionError" in outcome.report.reason


def test_a_deadline_ends_a_run():
    outcome = fuzz_op("sin", examples=10_000, deadline=0.2)
    assert outcome.ok and outcome.ended and 0 < outcome.checked < 10_000


def test_interrupted_it_tells_what_it_found():
    def check(case):
        if case == 7:
            raise KeyboardInterrupt
        return autograd.testing.Report("f", verdict=Verdict.RIGHT)

    search = Search(st.sampled_from(range(10)), check, examples=100)
    with pytest.raises(KeyboardInterrupt) as stop:
        search.run(autograd.testing.Outcome("f"))
    assert stop.value.outcome.tally[Verdict.RIGHT] > 0


@pytest.mark.parametrize("wrong", [{"examples": 0}, {"order": 0}])
def test_arguments_that_make_no_sense(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} is at least 1, got 0"):
        fuzz_op("sin", **wrong)


def test_an_unknown_op_names_its_neighbours():
    with pytest.raises(LookupError, match=r"no op called 'sine'; did you mean sin"):
        fuzz_op("sine")


def test_without_hypothesis_the_extra_is_named(monkeypatch):
    for name in [n for n in sys.modules if n.startswith(("hypothesis", "autograd.testing.fuzz"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_NoHypothesis(), *sys.meta_path])
    with pytest.raises(ImportError, match=r'pip install "glassgrad\[fuzz\]"'):
        autograd.testing.fuzz_op  # noqa: B018


class _NoHypothesis:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "hypothesis":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


# ---------------------------------------------------------------------- scripts
@pytest.mark.parametrize("dtype", [float, np.float32, complex, int, bool])
@pytest.mark.parametrize("layout", ["C", "F", "reversed", "strided", "turned"])
@pytest.mark.parametrize("shape", [(), (2,), (2, 3), (0, 2)])
def test_a_literal_is_the_array(shape, layout, dtype):
    from autograd.testing.strategies import laid_out

    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype) - (dtype is float) * 0.5
    array = np.asarray(array[::-1] if layout == "turned" and shape else laid_out(array, layout.replace("turned", "C")))
    found = eval(literal(array), {"np": np})
    np.testing.assert_array_equal(found, array)
    assert found.dtype == array.dtype and found.shape == array.shape
    if array.size > 1:
        assert found.strides == array.strides


@given(
    st.sampled_from(["sum", "matmul", "getitem", "concatenate", "svd", "conv", "where", "clip", "power"]).flatmap(
        op_calls
    )
)
@settings(max_examples=40)
def test_a_call_is_told_as_lines(call):
    names = [f"x{i}" for i in range(len(call.arrays))]
    scope = {"np": np, "ops": ops, "table": table, "composites": composites}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        lines = body(call.apply, call.arrays, names)
        exec("from numpy import inf, nan\n" + lines, scope)
        assert all(name in lines.partition("\n")[2] for name in names)
        np.testing.assert_array_equal(np.asarray(scope["f"](*call.arrays)), np.asarray(call.apply(*call.arrays)))


def test_values_as_python():
    for value in (slice(1, None, -1), (1,), [None, ...], {"a": (True, 2.5)}, np.float32, np.dtype("int8"), float):
        assert eval(expression(value), {"np": np}) == value
    with pytest.raises(Exception, match="lambda"):
        expression(lambda: 0)


# ---------------------------------------------------------------------- fuzz_gradients
def half(rule):
    """A function whose derivative is made up."""
    from autograd.primitive import primitive

    made = primitive(x=rule, name="of a test")(lambda x: x * np.abs(x))
    del table["of a test"]
    return made


wrong_above_two = half(lambda g, x: g * 2 * np.abs(x) * np.where(x > 2, 1.5, 1))


@fuzz_gradients(examples=15)
def test_collected_by_pytest(x: Tensor):
    return np.sin(x)


class TestMethods:
    scale = 3.0

    @fuzz_gradients(examples=5)
    def test_collected_too(self, x: np.ndarray, y: np.ndarray):
        return np.tanh(x) * y * self.scale


@fuzz_gradients(x=arrays_like((2, 3)), w=(3, 2), examples=5)
def test_strategies_by_name(x, w, *, k: float, flag: bool = False):
    return x @ w * k


def test_a_wrong_derivative_is_shrunk_and_told():
    @fuzz_gradients(order=1)
    def f(x: np.ndarray):
        return wrong_above_two(x) + 1

    with pytest.raises(AssertionError) as error:
        f()
    told = str(error.value)
    assert told.startswith("f (glassgrad): wrong")
    assert "the smallest such case: f(x=array(" in told and "f.check(again=(" in told
    outcome = f.check()
    (x,) = outcome.case.values
    assert x.size == 1 and 2 < x < 6
    assert f.check(again=outcome.blob).checked == 1
    assert f.check(examples=3, seed=9).examples == 3
    assert f(np.array(2.0)) == 5.0 and f(x=np.array(-1.0)) == 0.0  # with arguments it is the function
    assert f.function(np.array(1.0)) == 2.0


MODULE = """
import numpy as np
from autograd.testing import fuzz_gradients

@fuzz_gradients(order=1)
def f(x, *, y):
    return np.argsort(x * y)
"""


def test_a_script_imports_the_function(tmp_path, monkeypatch):
    (tmp_path / "module_of_a_test.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    import module_of_a_test

    outcome = module_of_a_test.f.check()
    assert "from module_of_a_test import f" in outcome.script
    said, status = shown(outcome.script)
    assert status == 1 and "not differentiable" in said
    del sys.modules["module_of_a_test"]
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p != str(tmp_path)])
    importlib.invalidate_caches()
    outcome = module_of_a_test.f.check()
    assert "runpy" in outcome.script and shown(outcome.script)[1] == 1


@pytest.mark.parametrize(
    "f, verdict, said",
    [
        (lambda x: x * RNG.random(), Verdict.NONDETERMINISTIC, "different results"),
        (lambda x: np.argmax(x), Verdict.NOT_DIFFERENTIABLE, "int64"),
        (lambda x: x * 0 / 0, Verdict.NOT_FINITE, "NaN"),
        (lambda x: [][1], Verdict.RAISES, "IndexError"),
        (lambda x: None, Verdict.RAISES, "returns None: it has to return what is to be differentiated"),
        (lambda x: x.data.fill(3) or x, Verdict.RAISES, ""),
        (lambda x, y: np.concatenate([x, y]), Verdict.RAISES, "concatenate"),
    ],
)
def test_every_trouble_has_its_words(f, verdict, said):
    with np.errstate(all="ignore"):
        report = fuzz_gradients(f).check().report
    assert report.verdict is verdict
    assert said in report.reason
    assert "at " in report.point or report.point.startswith("x = 1.0")


def test_mutation_has_its_words():
    from autograd.testing.libraries import Library

    class Bare(Library):
        name, modes = "bare", frozenset({"reverse"})

        def vjp(self, f, arrays):
            return (f(*arrays),), lambda g: list(g)

    report = fuzz_gradients(library=Bare())(lambda x: np.add(x, 1, out=x)).check().report
    assert report.verdict is Verdict.MUTATES and "writes into its argument x" in report.reason


def test_shapes_that_do_not_fit_get_a_hint():
    joined = fuzz_gradients(lambda x, y: np.concatenate([x, y]))
    with pytest.raises(AssertionError, match="shapes='same'"):
        joined()
    assert fuzz_gradients(shapes="same", examples=5)(lambda x, y: x + y).check()


def test_a_case_may_be_refused():
    @fuzz_gradients(examples=10)
    def f(x: np.ndarray):
        assume(np.all(np.abs(np.asarray(getattr(x, "data", x))) < 2))
        return np.arctanh(x / 4)

    outcome = f.check()
    assert outcome and outcome.checked == 10


def test_other_fuzzers_can_drive_it():
    @fuzz_gradients(order=1)
    def f(x: np.ndarray):
        return wrong_above_two(x)

    assert f.hypothesis.fuzz_one_input(b"") is None  # too short for a case
    found = 0
    rng = np.random.default_rng(0)
    for _ in range(30):
        try:
            f.fuzz_one_input(rng.bytes(400))
        except AssertionError as error:
            found += "wrong" in str(error)
    assert found


def test_a_kink_is_judged_beside_it():
    beside = half(lambda g, x: g * 2 * np.abs(x))

    def kinked(x):
        return np.maximum(x, 0) * 3 - np.maximum(-x, 0) + beside(x) * 0

    assert fuzz_gradients(x=st.just(np.array(0.0)), examples=1)(kinked).check().tally == {Verdict.RIGHT: 1}
    wrong = half(lambda g, x: g * np.where(x > 0, 1.0, 0) * 9)
    off = fuzz_gradients(x=st.just(np.array(0.0)), examples=1, order=1)
    assert off(lambda x: np.abs(x) + wrong(x)).check().report.verdict is Verdict.WRONG
    still = fuzz_gradients(x=st.just(np.array(0.0)), examples=1, order=1, move=False, share=1)
    assert still(lambda x: np.abs(x) + wrong(x)).check().ok


def test_what_cannot_be_told_is_a_warning_not_a_failure(monkeypatch):
    from autograd.testing.fuzz import gradients

    def unsure(*args, **options):
        return autograd.testing.Report("f", verdict=Verdict.INCONCLUSIVE, inconclusive=1)

    monkeypatch.setattr(gradients, "check_grads", unsure)
    f = fuzz_gradients(examples=10)(lambda x: x)
    with pytest.warns(UserWarning, match="of 10 of 10 cases differences cannot tell"):
        assert f.check()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fuzz_gradients(examples=10, share=1)(lambda x: x).check()


# ---------------------------------------------------------------------- what is drawn
def drawn(f, count=30, **options):
    found = []

    @given(Inputs(f, **options).strategy)
    @settings(max_examples=count)
    def run(case):
        found.append(case.values)

    run()
    return found


def test_annotations_say_what_is_drawn():
    def f(
        a: np.ndarray,
        b: Tensor,
        c: float,
        d: int,
        e: bool,
        g: complex,
        h: Annotated[np.ndarray, arrays_like((2,), low=0)],
    ):
        pass

    for a, b, c, d, e, g, h in drawn(f):
        np.broadcast_shapes(a.shape, b.shape)
        assert isinstance(c, np.float64) and type(d) is int and type(e) is bool and isinstance(g, np.complex128)
        assert h.shape == (2,) and np.all(h > 0)
    assert Inputs(f).library == "glassgrad"
    assert not any(np.asarray(v).size == 0 for case in drawn(f) for v in case)
    assert any(np.asarray(v).size == 0 for case in drawn(lambda x: x, empty=True, count=100) for v in case)


def test_annotations_that_cannot_be_evaluated_are_read():
    def f(x: "torch.Tensor", y: "torch.Tensor | None"):  # noqa: F821
        pass

    assert Inputs(f).library == "torch"


@pytest.mark.parametrize(
    "low, high, avoid", [(0, np.inf, ()), (-1, 1, (0.0,)), (-np.inf, -3, ()), (1000.0, 1000.5, ()), (3, 1e6, ())]
)
def test_bounds_hold(low, high, avoid):
    for (x,) in drawn(lambda x: x, named={"x": arrays_like((3,), low=low, high=high, avoid=avoid)}):
        assert np.all((low < x) & (x < high)) and not np.isin(x, avoid).any()


def test_like_an_array():
    for (x,) in drawn(lambda x: x, named={"x": np.zeros((2, 2), np.float32)}):
        assert x.shape == (2, 2) and x.dtype == np.float32


@pytest.mark.parametrize(
    "f, options, said",
    [
        (lambda: 0, {}, "has no arguments to draw"),
        (lambda x: 0, {"named": {"y": 1}}, "no argument 'y'; it has x"),
        (lambda x: 0, {"positional": [1, 2]}, "takes 1 positional arguments, 2 strategies"),
        (lambda x: 0, {"shapes": "equal"}, "'broadcast' or 'same', got 'equal'"),
    ],
)
def test_mistakes_in_a_decorator(f, options, said):
    with pytest.raises((TypeError, ValueError), match=said):
        Inputs(f, **options)


def test_an_annotation_that_says_nothing():
    def f(x: io.StringIO):
        pass

    with pytest.raises(TypeError, match=r"how to draw 'x', of type StringIO; give a strategy: fuzz_gradients\(x="):
        fuzz_gradients(f)


@pytest.mark.parametrize("name", ["torch", pytest.param("jax", marks=pytest.mark.slow), "mygrad"])
def test_functions_of_other_libraries(name):
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    space = importlib.import_module("jax.numpy" if name == "jax" else name)
    kind = {"torch": "Tensor", "jax": "ndarray", "mygrad": "Tensor"}[name]

    def f(x, y):
        return space.exp(-x * x) * y

    f.__annotations__ = dict.fromkeys("xy", getattr(space, kind))
    outcome = fuzz_gradients(examples=4, order=1)(f).check()
    assert outcome and outcome.library == name
