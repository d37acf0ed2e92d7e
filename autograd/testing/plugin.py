"""pytest: a `gradcheck` fixture, reports of failed checks, and which derivatives a run of tests exercised.

It is there where glassgrad is installed; else with ``pytest -p autograd.testing.plugin``.

====================================  ================================================================================
``gradcheck(f, *args)``               a fixture: asserts that the derivatives are right; options as in `check_grads`
``@pytest.mark.gradients(order=1)``   options of every `gradcheck` in a test, class or module
``assert check_grads(f, x)``          the whole report is shown where it fails
``--grad-seed``, ``--grad-examples``  for everything decorated with `fuzz_gradients`, whatever it says itself
``--grad-coverage[=NAMES]``           a table at the end: of which ops which rules, keywords and branches were run
``--grad-coverage-fail-under=PCT``    the run fails below
====================================  ================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import pytest

from autograd.testing.report import Report

if TYPE_CHECKING:
    from autograd.testing.branches import Seen

_COVERAGE = pytest.StashKey["_Coverage"]()
SHOWN = 20  # gaps that are printed


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("gradients", "checks of derivatives")
    group.addoption("--grad-seed", type=int, metavar="N", help="seed of all that fuzz_gradients draws")
    group.addoption("--grad-examples", type=_positive, metavar="N", help="how many cases fuzz_gradients draws")
    group.addoption(
        "--grad-coverage",
        nargs="?",
        const="all",
        metavar="NAMES",
        help="tell which derivatives of the ops the tests exercise: of 'all', of those 'touched', or of these names "
        "with commas between; it slows the run down",
    )
    group.addoption(
        "--grad-coverage-fail-under",
        type=float,
        metavar="PCT",
        help="fail where they are less; implies --grad-coverage",
    )


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise pytest.UsageError(f"--grad-examples is a whole number of at least 1, got {text!r}")
    return int(text)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "gradients(**options): options of check_grads for the fixture gradcheck")
    wanted, least = config.getoption("--grad-coverage"), config.getoption("--grad-coverage-fail-under")
    if wanted is not None or least is not None:
        config.stash[_COVERAGE] = _Coverage(wanted or "all", least)
    given = {"seed": config.getoption("--grad-seed"), "examples": config.getoption("--grad-examples")}
    given = {key: value for key, value in given.items() if value is not None}
    if given:
        from autograd.testing.fuzz import gradients

        gradients.overrides.update(given)
        config.add_cleanup(gradients.overrides.clear)


def pytest_report_header(config: pytest.Config) -> str:
    seed, examples = (config.getoption(f"--grad-{name}") for name in ("seed", "examples"))
    told = [f"seed {seed}"] if seed is not None else []
    told += [f"{examples} examples"] if examples is not None else []
    told += ["coverage of rules"] if _COVERAGE in config.stash else []
    from autograd import __version__

    return f"glassgrad {__version__}" + (f": {', '.join(told)}" if told else "")


@pytest.fixture
def gradcheck(request: pytest.FixtureRequest) -> Callable[..., Report]:
    """``gradcheck(f, *args, **options)`` asserts that derivatives are right, and returns the report."""
    from autograd.testing.check import check_grads

    marked: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers("gradients"))):  # the nearest comes last, and wins
        marked |= mark.kwargs

    def check(f: Callable[..., Any], *args: Any, **options: Any) -> Report:
        __tracebackhide__ = True
        report = check_grads(f, *args, **{**marked, **options})
        if not report:
            raise AssertionError(str(report))
        return report

    return check


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Beside ``assert check_grads(...)``, whose value pytest shortens, the whole report."""
    made = yield
    if call.excinfo is not None and call.excinfo.errisinstance(AssertionError):
        text = str(call.excinfo.value)
        for value in call.excinfo.traceback[-1].frame.f_locals.values():
            told = str(value) if isinstance(value, Report) and not value else ""
            if told and told not in text and ("gradients", told) not in made.sections:
                made.sections.append(("gradients", told))
    return made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    coverage = item.config.stash.get(_COVERAGE, None)
    if coverage is not None:
        coverage.begin()
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    coverage = session.config.stash.get(_COVERAGE, None)
    if coverage is not None and coverage.end() and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    coverage = config.stash.get(_COVERAGE, None)
    if coverage is not None:
        terminalreporter.section("derivatives exercised")
        for line in coverage.lines():
            terminalreporter.write_line(line)


class _Coverage:
    """What the tests of a session exercise."""

    def __init__(self, wanted: str, least: float | None) -> None:
        self.wanted, self.least = wanted, least
        self._open: Any = None
        self._seen: Seen | None = None
        if wanted not in ("all", "touched"):
            from autograd.testing.fuzz.names import unknown

            known = _every()
            for name in wanted.split(","):
                if name not in known:
                    raise pytest.UsageError(f"--grad-coverage: {unknown('op', name, known)}")

    def begin(self) -> None:
        """Before the first test, and not before: rules that tests declare come later anyway."""
        if self._open is None:
            from autograd.testing.branches import recording

            self._open = recording()
            self._seen = self._open.__enter__()

    def end(self) -> bool:
        """After the last test; whether the run is to fail."""
        if self._open is not None:
            self._open.__exit__(None, None, None)
            self._open = None
        return self.least is not None and self.percent < self.least

    @property
    def names(self) -> list[str]:
        """The ops that count."""
        if self.wanted == "all" or self._seen is None:
            return _every()
        if self.wanted == "touched":
            touched = {name for name, _ in self._seen.rules} | {name for name, *_ in self._seen.branches}
            return sorted(touched & set(_every()))
        return self.wanted.split(",")

    @property
    def percent(self) -> float:
        """How much of it was exercised."""
        return self._seen.percent(self.names) if self._seen is not None else 0.0

    def lines(self) -> list[str]:
        """The table, the first gaps, and the verdict."""
        if self._seen is None:
            return ["no test ran"]
        lines = self._seen.table(self.names).splitlines()
        gaps = self._seen.gaps(self.names)
        lines += ["", *(f"never: {gap}" for gap in gaps[:SHOWN])] if gaps else []
        lines += [f"and {len(gaps) - SHOWN} more"] if len(gaps) > SHOWN else []
        if self.least is not None and self.percent < self.least:
            lines.append(f"{self.percent:.1f} % are less than the {self.least:g} % of --grad-coverage-fail-under")
        return lines


def _every() -> list[str]:
    from autograd import ops  # noqa: F401  which loads them all
    from autograd.primitive import composites, table

    return sorted({*table, *composites})
