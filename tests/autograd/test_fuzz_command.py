"""glassgrad fuzz: what it finds, writes and replays; its exit codes; every mistake in one line."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from autograd.primitive import table
from autograd.testing import Report, Verdict
from autograd.testing.command import FORMAT, families, jobs, seconds
from autograd.testing.command.screen import screen
from autograd.testing.fuzz import Outcome
from nn.cli import main

ROOT = Path(__file__).resolve().parents[2]
MODULE = """
import os
import time
import numpy as np
from autograd.primitive import primitive, table
from autograd.testing import fuzz_gradients

@primitive(x=lambda g, x: g * np.where(x > 2, 2 * x, 3 * x), name="square of a test")
def square(x):
    return x * x
del table["square of a test"]

@fuzz_gradients(examples=7)
def decorated(x, y: float):
    return np.sin(x) * y

def right(x: np.ndarray):
    return np.tanh(x)

def dies(x):
    os._exit(3)

def slow(x):
    time.sleep(0.1)
    return np.tanh(x)

def needs_a_number(x, n: str):
    return x

number = 3
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    (tmp_path / "module_for_fuzz.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("module_for_fuzz", None)


@pytest.fixture
def wrong_sine(monkeypatch):
    rule = table["sin"].rules[0]
    monkeypatch.setattr(table["sin"], "rules", (lambda g, out, args: -rule(g, out, args),))


def run(capsys, *arguments):
    status = main(["fuzz", *map(str, arguments)])
    out, err = capsys.readouterr()
    return status, out, err


def mistake(capsys, *arguments):
    """The one line that a wrong command prints; nothing else is printed, and the status is 2."""
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.endswith("\n") and err.count("\n") == 1, err
    assert err.startswith("glassgrad fuzz: ")
    return err


# ---------------------------------------------------------------------- what it finds
def test_right_ops_give_status_0(capsys):
    status, out, _ = run(capsys, "--ops", "sin,exp", "--examples", 6, "--order", 1)
    assert status == 0
    assert "2 checked, nothing wrong" in out and "12 cases: 12 right" in out


def test_a_wrong_op_gives_status_1_and_files(capsys, here, wrong_sine):
    out = here / "deep" / "found"
    status, told, _ = run(
        capsys, "--ops", "sin,sqrt", "--examples", 5, "--out", out, "--junit", "j.xml", "--json", "all.json"
    )
    assert status == 1
    assert "sin(1.0 of shape ()" in told and "wrong" in told and "1 failed" in told
    held = json.loads((out / "sin.json").read_text())
    assert held["format"] == FORMAT and held["report"]["verdict"] == "wrong" and held["job"]["name"] == "sin"
    assert not (out / "sqrt.json").exists()

    suite = ElementTree.parse("j.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    (failure,) = suite.findall(".//testcase[@name='sin']/failure")
    assert "looks like" in failure.text and "ops.sin" in failure.text and failure.get("type") == "wrong"
    assert suite.find(".//testcase[@name='sqrt']/failure") is None

    whole = json.loads((here / "all.json").read_text())
    assert [r["name"] for r in whole["results"] if not r["ok"]] == ["sin"]
    assert whole["interrupted"] is False

    status, told, _ = run(capsys, "--replay", out / "sin.json")
    assert status == 1 and "1 cases: 1 wrong" in told
    with pytest.raises(SystemExit) as stop:
        exec(compile((out / "sin.py").read_text(), "sin.py", "exec"), {})
    assert stop.value.code == 1


def test_a_mended_op_replays_with_status_0(capsys, here, monkeypatch):
    with monkeypatch.context() as only_here:
        rule = table["sin"].rules[0]
        only_here.setattr(table["sin"], "rules", (lambda g, out, args: 2 * rule(g, out, args),))
        assert run(capsys, "--ops", "sin", "--out", here)[0] == 1
    status, told, _ = run(capsys, "--replay", "sin.json")
    assert status == 0 and "nothing wrong" in told


def test_targets_in_processes(capsys, here):
    names = ["square", "decorated", "dies"]
    targets = [word for name in names for word in ("--target", f"module_for_fuzz:{name}")]
    status, told, _ = run(capsys, *targets, "--jobs", 2, "--out", "found", "--examples", 9)
    assert status == 1
    assert "module_for_fuzz:square (glassgrad): wrong" in told
    assert "module_for_fuzz:dies: raises: the process ended with code 3" in told
    assert "3 checked, 2 failed" in told
    script = (here / "found" / "module_for_fuzz_square.py").read_text()
    assert "from module_for_fuzz import square" in script
    with pytest.raises(SystemExit) as stop:
        exec(compile(script, "square.py", "exec"), {})
    assert stop.value.code == 1
    assert run(capsys, "--replay", here / "found" / "module_for_fuzz_square.json")[0] == 1


@pytest.mark.parametrize(
    "library, functions",
    [
        ("torch", ["torch.nn.functional.softplus", "torch.special.erf", "torch.logaddexp"]),
        ("mygrad", ["mygrad.tanh"]),
        ("glassgrad", ["autograd.numpy.sum", "autograd.numpy.logaddexp"]),
    ],
)
def test_functions_of_libraries(capsys, library, functions):
    if library != "glassgrad" and importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    status, told, _ = run(capsys, "--library", library, *functions, "--examples", 4, "--order", 1)
    assert status == 0 and f"{len(functions)} checked, nothing wrong" in told


def test_programs(capsys):
    status, told, _ = run(capsys, "--programs", 6, "--json", "-")
    held = json.loads(told)
    assert status == 0
    assert [r["kind"] for r in held["results"]] == ["programs"]
    assert sum(held["results"][0]["tally"].values()) == 6


def test_a_budget_runs_new_inputs_until_it_is_over(capsys):
    started = time.monotonic()
    status, told, _ = run(capsys, "--ops", "sin,cos", "--examples", 3, "--order", 1, "--budget", "1.5s", "--json", "-")
    assert status == 0 and time.monotonic() - started > 1.4
    assert all(sum(r["tally"].values()) > 3 for r in json.loads(told)["results"])


def test_list(capsys):
    status, told, _ = run(capsys, "--list")
    assert status == 0
    listed = dict(line.split(": ") for line in told.splitlines())
    assert "sin" in listed["elementwise"].split(", ") and "svd" in told
    assert run(capsys, "--list", "--ops", "elementwise")[1] == f"elementwise: {listed['elementwise']}\n"


def test_every_op_is_in_one_family():
    names = [name for family in families().values() for name in family]
    assert len(names) == len(set(names)) and set(table) <= set(names)


@pytest.mark.parametrize("text, value", [("90", 90), ("60s", 60), ("1.5m", 90), (" 1h ", 3600)])
def test_times(text, value):
    assert seconds(text) == value


def test_help_documents_the_exit_codes(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["fuzz", "--help"])
    told = capsys.readouterr().out
    assert stop.value.code == 0
    assert all(word in told for word in ("exit codes:", "  0  ", "  1  ", "  2  ", "  130  ", "--replay"))


# ---------------------------------------------------------------------- interrupted
def test_interrupted_it_tells_what_was_found(capsys, here, monkeypatch):
    def stops(job):
        if job.name == "cos":
            raise KeyboardInterrupt
        return Outcome(job.name, report=Report(job.name, verdict=Verdict.WRONG))

    monkeypatch.setattr(jobs, "_run", stops)
    status, told, _ = run(capsys, "--ops", "sin,cos,exp", "--out", here, "--json", "all.json")
    assert status == 130
    assert "sin: wrong" in told and "interrupted: 1 checked, 2 not reached, 1 failed" in told
    assert json.loads((here / "all.json").read_text())["interrupted"] is True
    assert (here / "sin.json").exists()


@pytest.mark.slow
def test_ctrl_c_ends_the_processes(here):
    heeded = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # in the background it is not
    words = ["-c", f"{heeded}; import sys; from nn.cli import main; sys.exit(main())", "fuzz"]
    targets = ["--target", "module_for_fuzz:square", "--target", "module_for_fuzz:slow", "--examples", "5000"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(here)])}
    process = subprocess.Popen(
        [sys.executable, *words, *targets, "--jobs", "2", "--out", "found"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    deadline = time.monotonic() + 120
    while not (here / "found" / "module_for_fuzz_square.json").exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "interrupted: 1 checked, 1 not reached, 1 failed" in out
    assert "Traceback" not in err


# ---------------------------------------------------------------------- mistakes
@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--ops", "sine"], "no op or family called 'sine'; did you mean sin"),
        (["--ops", ""], "no op or family called ''"),
        (["--library", "tensorflow", "tf.sin"], "no library called 'tensorflow'; there are glassgrad, torch, jax"),
        (["--library", "torchh", "torch.sin"], "did you mean torch?"),
        (["--library", "torch"], "--library torch needs names of functions"),
        (["torch.sin"], "whose function is torch.sin? Say --library"),
        (["--budget", "10x"], "a time such as 90, 60s, 10m or 1h, got '10x'"),
        (["--budget", "0s"], "got '0s'"),
        (["--examples", "0"], "--examples is at least 1, got 0"),
        (["--jobs", "0"], "--jobs is at least 1, got 0"),
        (["--order", "-1"], "--order is at least 1, got -1"),
        (["--programs", "0"], "--programs is at least 1, got 0"),
        (["--seed", "x"], "argument --seed: invalid int value: 'x'"),
        (["--frobnicate"], "unrecognized arguments: --frobnicate"),
        (["--target", "module_for_fuzz"], "a target is written package.module:function, got 'module_for_fuzz'"),
        (["--target", "module_for_fuzz:rihgt"], "no function in module_for_fuzz called 'rihgt'; did you mean right?"),
        (["--target", "module_for_fuzz:number"], "module_for_fuzz:number is no function"),
        (["--target", "no_such_module:f"], "there is no module 'no_such_module'"),
        (["--target", "module_for_fuzz:needs_a_number"], "how to draw 'n', of type str"),
        (
            ["--library", "glassgrad", "autograd.numpy.sine"],
            "no function in autograd.numpy called 'sine'; did you mean",
        ),
        (["--library", "glassgrad", "sin"], "there is no module 'sin': name a function as in torch.special.erf"),
        (["--out", "module_for_fuzz.py"], "--out module_for_fuzz.py: File exists"),
        (["--out", "/proc/found"], "--out /proc/found: "),
        (["--json", "no/such/folder.json"], "--json no/such/folder.json: no file can be written there"),
        (["--junit", "."], "--junit .: no file can be written there"),
        (["--replay", "no.json"], "--replay no.json: No such file or directory"),
        (["--replay", "module_for_fuzz.py"], "a script runs by itself"),
        (["--replay", "x.json", "--ops", "sin"], "--replay runs what its file names, and nothing else"),
    ],
)
def test_a_mistake_is_told_in_one_line(capsys, arguments, said):
    assert said in mistake(capsys, *arguments)


def test_a_folder_that_cannot_be_written_to(capsys, here, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)  # permissions do not hold for every user
    assert "--out found: this folder cannot be written to" in mistake(capsys, "--out", "found", "--ops", "sin")


@pytest.mark.parametrize("library, package", [("torch", "torch"), ("mygrad", "mygrad"), ("jax", "jax")])
def test_a_library_that_is_not_installed(capsys, monkeypatch, library, package):
    monkeypatch.setattr(jobs, "dotted", lambda name, library: np.sin)

    def missing(args, name=None):
        from autograd.testing.libraries.base import required

        return required(f"{name}_is_not_here", package)

    monkeypatch.setattr(jobs, "library_of", missing)
    assert f"pip install {package}" in mistake(capsys, "--library", library, f"{library}.sin")


GOOD = {
    "format": FORMAT,
    "job": {"kind": "op", "name": "sin", "library": "glassgrad", "examples": 3, "seed": 0, "order": 1, "fast": False,
            "blob": ["", ""]},
}  # fmt: skip


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "this is no failure that glassgrad fuzz has written"),
        ("[1, 2]", "this is no failure"),
        (b"\xff\xfe\x00", "this is no failure"),
        (json.dumps({**GOOD, "format": 99}), f"written in format 99, this version reads format {FORMAT}"),
        (json.dumps({"format": FORMAT}), "damaged"),
        (json.dumps({**GOOD, "job": 3}), "damaged"),
        (json.dumps({**GOOD, "job": {**GOOD["job"], "examples": "3"}}), "damaged"),
        (json.dumps({**GOOD, "job": {**GOOD["job"], "kind": "shell"}}), "damaged"),
        (json.dumps({**GOOD, "job": {**GOOD["job"], "blob": None}}), "damaged"),
        (json.dumps({**GOOD, "job": {**GOOD["job"], "more": 1}}), "damaged"),
        (json.dumps({**GOOD, "job": {**GOOD["job"], "name": "sine"}}), "no op or family called 'sine'"),
        (
            json.dumps({**GOOD, "job": {**GOOD["job"], "kind": "target", "name": "no_such:f"}}),
            "there is no module 'no_such'",
        ),
    ],
)
def test_a_broken_file_to_replay(capsys, here, text, said):
    (here / "x.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert said in mistake(capsys, "--replay", "x.json")


def test_a_file_of_another_hypothesis_is_searched_again(capsys, here):
    (here / "x.json").write_text(json.dumps(GOOD))
    status, told, _ = run(capsys, "--replay", "x.json")
    assert status == 0 and "3 cases: 3 right" in told
    broken = {**GOOD, "job": {**GOOD["job"], "blob": [__import__("hypothesis").__version__, "not of base64"]}}
    (here / "x.json").write_text(json.dumps(broken))
    assert run(capsys, "--replay", "x.json")[0] in (0, 1)


def test_progress_without_a_terminal_is_a_line_now_and_then(capsys, monkeypatch):
    monkeypatch.setattr("autograd.testing.command.screen.PAUSE", 0.0)
    with screen(3) as show:
        show(1, 50, 0, "sin")
    assert capsys.readouterr().err == "glassgrad fuzz: 1 of 3, 50 cases, 0 failed, sin\n"


def test_progress_on_a_terminal_is_a_bar(capsys, monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with screen(3) as show:
        show(1, 50, 0, "sin [x]")
    assert "1 of 3, 50 cases" in capsys.readouterr().err
