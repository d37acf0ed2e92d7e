"""`fuzz_gradients`: any function checked at generated arguments, as a test or on its own."""

from __future__ import annotations

import functools
import importlib.util
import inspect
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograd.testing.check import check_grads
from autograd.testing.fuzz import FAILS, Outcome, Search
from autograd.testing.fuzz.inputs import Arguments, Inputs
from autograd.testing.fuzz.script import Untold, expression, written
from autograd.testing.libraries import Library, library_of
from autograd.testing.report import FINE, Report, Verdict

FAILS_ALWAYS = FAILS | {Verdict.NOT_DIFFERENTIABLE, Verdict.NOTHING_TO_CHECK}
SHARE = 0.5  # of inconclusive cases, above which a run warns
STEP = 0.01  # how far a point is moved away from a kink, at least; three times as far at most
# what pytest's options set for a whole session: they come before what a decorator says
overrides: dict[str, int] = {}


def fuzz_gradients(
    *strategies: Any,
    examples: int = 50,
    seed: int = 0,
    order: int = 2,
    modes: Sequence[str] = ("reverse", "forward"),
    kink: str | None = None,
    library: str | Library | None = None,
    analytic: bool = False,
    reach: Any = None,
    fast: bool = False,
    wrt: int | Sequence[int] | None = None,
    shapes: str = "broadcast",
    empty: bool = False,
    dtype: Any = float,
    move: bool = True,
    share: float = SHARE,
    **named: Any,
) -> Any:
    """Check the derivatives of the decorated function at generated arguments.

    The function returns what is to be differentiated. Its annotations say what it takes: `np.ndarray`, `float`,
    `complex`, `Tensor`, `torch.Tensor`, `jax.Array`, or `Annotated[np.ndarray, arrays_like(...)]`; without one it is an
    array. `int` and `bool` are drawn and not differentiated. What has a default keeps it.

    Called without arguments, as pytest does where its name begins with ``test_``, it runs the check and raises an
    AssertionError with the report of the smallest wrong case, and how to see it again. Called with arguments it is the
    function. ``f.check()`` returns an `Outcome` and raises nothing; ``f.fuzz_one_input(data)`` runs the case that the
    bytes `data` stand for, for fuzzers that are guided by coverage; ``f.function`` is the function itself.

    Parameters
    ----------
    *strategies, **named
        Strategies for arguments, by position or by name: `arrays_like`, any of Hypothesis, an array or a shape (arrays
        like it), another value (always that).
    examples, seed : int
        How many cases, and which: the same ones on every machine.
    order, modes, kink, library, analytic, reach, fast, wrt
        As in `check_grads`. HIPS autograd works on NumPy's arrays: ``library="hips"``.
    shapes : str
        "broadcast": the arrays' shapes broadcast to each other; "same": they are equal. Of arrays without a strategy.
    empty : bool
        Arrays without elements too.
    dtype : dtype
        Of arrays without a strategy.
    move : bool
        Where a derivative cannot be judged, at a kink for example, judge it a little beside: some hundredths upwards.
    share : float
        If of more than this share of the cases differences cannot tell, that is a warning; never a failure.

    Raises
    ------
    TypeError
        Where nothing is known of how to draw an argument.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd.testing import arrays_like, fuzz_gradients
    >>> @fuzz_gradients(examples=10)
    ... def test_softplus(x: np.ndarray):
    ...     return np.logaddexp(x, 0)
    >>> test_softplus()
    >>> fuzz_gradients(x=arrays_like(low=0), examples=10)(lambda x: np.log(x)).check().ok
    True
    """
    if len(strategies) == 1 and inspect.isroutine(strategies[0]) and not named:
        return _decorated(Fuzzed(strategies[0]))
    options = {
        "order": order,
        "modes": tuple(modes),
        "kink": kink,
        "analytic": analytic,
        "reach": reach,
        "fast": fast,
        "wrt": wrt,
    }

    def decorate(function: Callable[..., Any]) -> Any:
        inputs = Inputs(function, strategies, named, shapes, empty, dtype)
        return _decorated(Fuzzed(function, inputs, library, options, examples, seed, move, share))

    return decorate


def _decorated(fuzzed: Fuzzed) -> Any:
    function = fuzzed.function
    bound = 1 if next(iter(_parameters(function)), None) == "self" else 0

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        if len(args) > bound or kwargs:
            return function(*args, **kwargs)
        outcome = fuzzed.check(owner=args)
        if not outcome:
            raise AssertionError(fuzzed.story(outcome))
        return None

    own: Any = run
    del own.__wrapped__  # pytest would ask for fixtures of the names of its arguments
    own.__signature__ = inspect.Signature([inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)] * bound)
    own.__annotations__ = {}
    own.function, own.check = function, fuzzed.check
    property = fuzzed.search().property()
    own.hypothesis, own.fuzz_one_input = property.hypothesis, property.hypothesis.fuzz_one_input
    fuzzed.decorated = True
    return run


def _parameters(function: Any) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []


class Fuzzed:
    """A function and how it is fuzzed: what `fuzz_gradients` makes, and the command for a function that it is given."""

    def __init__(
        self,
        function: Callable[..., Any],
        inputs: Inputs | None = None,
        library: str | Library | None = None,
        options: dict[str, Any] | None = None,
        examples: int = 50,
        seed: int = 0,
        move: bool = True,
        share: float = SHARE,
    ) -> None:
        self.function = function
        self.inputs = inputs or Inputs(function)
        self.library = library or self.inputs.library or None
        self.options = dict(options or {})
        self.examples, self.seed, self.move, self.share = examples, seed, move, share
        self.name = str(
            getattr(function, "__qualname__", None) or getattr(function, "__name__", type(function).__name__)
        )
        self.name = self.name.rpartition("<locals>.")[2]
        self.decorated = False
        self.origin: tuple[str, str] | None = None  # a line that imports the function, and what it is called then
        self._owner: tuple[Any, ...] = ()

    def search(self, **options: Any) -> Search:
        """A run that has not begun."""
        given = {"examples": self.examples, "seed": self.seed, **overrides, **options}
        return Search(self.inputs.strategy, self.report, fails=FAILS_ALWAYS, **given)

    def check(
        self,
        *,
        owner: tuple[Any, ...] = (),
        again: tuple[str, str] | None = None,
        deadline: float | None = None,
        **options: Any,
    ) -> Outcome:
        """Run the check; `examples`, `seed` and `first` may differ from those that were said.

        `again` is the `blob` of an earlier `Outcome`: that case alone.
        """
        self._owner = owner
        if deadline is not None:
            options["until"] = time.monotonic() + deadline
        search = self.search(**options)
        outcome = Outcome(self.name, self.adapter.name)
        search.run(outcome, self.script) if again is None else search.again(outcome, again, self.script)
        if outcome.ok and search.idle is not None and not any(outcome.tally[verdict] for verdict in FINE):
            outcome.case, outcome.report = search.idle  # NaN everywhere: nothing was checked at all
            outcome.script = self.script(*search.idle)
        if outcome.ok and outcome.inconclusive > self.share:
            warnings.warn(
                f"{self.name}: of {outcome.tally[Verdict.INCONCLUSIVE]} of {outcome.checked} cases differences cannot "
                "tell; arguments that are less extreme, reach= or analytic=True may help",
                stacklevel=3,
            )
        return outcome

    @functools.cached_property
    def adapter(self) -> Library:
        """Whose derivatives are checked."""
        return library_of((), self.library or "glassgrad")

    def values(self, arguments: Arguments) -> list[Any]:
        """The arguments as the function takes them: what is not differentiated is the library's own."""
        return [
            self.adapter.constant(v) if isinstance(v, np.ndarray) and v.dtype.kind not in "fc" else v
            for v in arguments.values
        ]

    def called(self, names: Sequence[str]) -> Callable[..., Any]:
        """The function of positional arguments."""
        named = self.inputs.keyword_only

        def f(*values: Any) -> Any:
            given = dict(zip(names, values, strict=True))
            later = {n: given.pop(n) for n in names if n in named}
            result = self.function(*self._owner, *given.values(), **later)
            if result is None:
                raise TypeError(f"{self.name} returns None: it has to return what is to be differentiated")
            return result

        places = [inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in names]
        f.__signature__ = inspect.Signature(places)  # type: ignore[attr-defined]
        return f

    def report(self, arguments: Arguments) -> Report:
        """Check at one point; where that cannot be judged, a little beside it."""
        report = self._at(arguments)
        if not self.move or report.verdict not in FINE or not (report.kinks or report.inconclusive):
            return report
        beside = self._at(moved(arguments))
        better = beside.verdict is Verdict.RIGHT and beside.kinks < max(1, report.kinks)
        return beside if better or beside.verdict is Verdict.WRONG else report

    def _at(self, arguments: Arguments) -> Report:
        f = self.called(arguments.names)
        return check_grads(
            f, *self.values(arguments), library=self.adapter, seed=self.seed, name=self.name, **self.options
        )

    def story(self, outcome: Outcome) -> str:
        """What is wrong, where, and how to see it again."""
        lines = [str(outcome.report)]
        if outcome.report is not None and outcome.report.verdict is Verdict.RAISES:
            arrays = sum(isinstance(v, np.ndarray) for v in outcome.case.values)
            if arrays > 1 and self.inputs.shapes == "broadcast":
                lines.append("  the shapes drawn broadcast to each other: shapes='same', or strategies, give others")
        if outcome.case is not None:
            lines.append(f"the smallest such case: {self.name}({outcome.case})")
        lines.append(f"found by seed={outcome.seed}, examples={outcome.examples}")
        if outcome.blob[0]:
            lines.append(f"to see it again: {self.name}.check(again={outcome.blob})")
        if outcome.script:
            lines += [f"{'or' if outcome.blob[0] else 'to see it again'}:", "", outcome.script]
        return "\n".join(lines)

    def script(self, arguments: Arguments, report: Report) -> str:
        """Python that shows a case again."""
        if self._at(arguments).verdict != report.verdict:
            arguments = moved(arguments)
        options = {k: v for k, v in self.options.items() if k != "modes" or v != ("reverse", "forward")}
        if self.library:
            options["library"] = self.adapter.name
        values = list(arguments.values)
        try:
            for v in values:
                expression(v)
        except Untold:  # the case by its seed is all that can be told
            return ""
        names = [n if n.isidentifier() and n not in ("f", "np", "report") else f"{n}_" for n in arguments.names]
        lines, imports = self._imported(names)
        if not lines:
            return ""
        return written(lines, values, names, {**options, "seed": self.seed}, imports)

    def _imported(self, names: Sequence[str]) -> tuple[str, list[str]]:
        """Lines that make the function `f`, and the imports that these need."""
        function: Any = self.function
        own = ".function" if self.decorated else ""
        name, module = str(getattr(function, "__qualname__", "")), str(getattr(function, "__module__", None) or "")
        where = inspect.getsourcefile(function) if inspect.isfunction(function) else None
        if self.origin is not None:
            return f"f = {self.origin[1]}", [self.origin[0]]
        if "<" in name or not name or self._owner:
            return "", []  # a lambda or a function inside another: nobody else can import it
        first = name.partition(".")[0]
        lines, imports = f"f = {name}{own}", [f"from {module} import {first}"]
        if not module or module == "__main__" or not _importable(module, where):
            lines, imports = f"{first} = runpy.run_path({where!r})[{first!r}]\n{lines}", ["import runpy"]
        later = [n for n in names if n in self.inputs.keyword_only]
        if later:
            given = ", ".join([n for n in names if n not in later] + [f"{n}={n}" for n in later])
            lines = f"{lines}\ng = f\n\n\ndef f({', '.join(names)}):\n    return g({given})\n\n"
        return lines, imports


def _importable(module: str, where: str | None) -> bool:
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return False
    if spec is None:
        return False
    return where is None or spec.origin is None or Path(spec.origin).resolve() == Path(where).resolve()


def moved(arguments: Arguments) -> Arguments:
    """The arguments a little beside: every number by another step."""
    made, count = [], 0
    for v in arguments.values:
        array = np.asarray(v)
        if array.dtype.kind in "fc":
            steps = STEP * (1 + 2 * ((count + np.arange(1, array.size + 1)) * 0.6180339887498949 % 1))
            count += array.size
            array = (array + steps.reshape(array.shape)).astype(array.dtype)
            made.append(array if isinstance(v, np.ndarray) else array[()])
        else:
            made.append(v)
    return Arguments(arguments.names, tuple(made))
