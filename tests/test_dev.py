"""`dev` on machines that lack something: one clear line each, and never a half-made .venv taken for good."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ("sh", "dirname", "cat", "cksum", "rm", "mkdir", "grep", "tail", "chmod")

# A Python whose venvs hold a stand-in: it notes how it was called and treats `-m pip` as $FAKE_PIP says.
STUB_PYTHON = """\
#!/bin/sh
[ "$1 $2" = "-m venv" ] || exec "{python}" "$@"
mkdir -p "$3/bin"
cat >"$3/bin/python" <<'END'
#!/bin/sh
echo "$*" >>"{calls}"
[ "$1 $2" = "-m pytest" ] && exit "${{FAKE_PYTEST:-0}}"
case ${{FAKE_PIP:-ok}} in
killed) kill -TERM $PPID; exit 1 ;;
broken) echo 'ERROR: No matching distribution found for numpy>=2'; exit 1 ;;
offline) echo 'WARNING: Retrying after connection broken by NewConnectionError'; echo 'ERROR: none found'; exit 1 ;;
esac
END
chmod +x "$3/bin/python"
"""

# A Python that runs `-c CODE` after PRELUDE has spoiled something.
SPOILT_PYTHON = """\
#!/bin/sh
exec "{python}" -c 'import sys; code = sys.argv[2]; {prelude}; exec(code)' "$@"
"""
TOO_OLD = 'sys.version_info = (3, 8, 10, "final", 0)'
NO_VENV = 'sys.modules["ensurepip"] = None'


class Machine:
    """A copy of what `dev` needs, with a PATH that holds only the tools named here and the Pythons put there."""

    def __init__(self, folder: Path) -> None:
        self.tree = folder / "tree with a space"
        self.bin = folder / "bin"
        self.calls_file = folder / "calls"
        self.tree.mkdir()
        self.bin.mkdir()
        for name in ("dev", "setup.cfg", "pyproject.toml"):
            shutil.copy(ROOT / name, self.tree)
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool) or pytest.fail(f"no {tool} on this machine"))

    def put(self, name: str, script: str, **values: object) -> None:
        path = self.bin / name
        path.write_text(script.format(python=sys.executable, calls=self.calls_file, **values))
        path.chmod(0o755)

    def dev(self, *args: str, tree: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "dev", *args],
            cwd=tree or self.tree,
            env={"PATH": str(self.bin), "HOME": str(self.tree), **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def calls(self) -> list[str]:
        """How the stand-in in .venv was called since the last look: its first two arguments."""
        lines = self.calls_file.read_text().splitlines() if self.calls_file.exists() else []
        self.calls_file.unlink(missing_ok=True)
        return [" ".join(line.split()[:2]) for line in lines]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def ready(machine: Machine) -> Machine:
    """A machine with a good Python, on which `./dev test` was called once."""
    machine.put("python3", STUB_PYTHON)
    assert machine.dev("test").returncode == 0
    assert machine.calls() == ["-m pip", "-m pytest"]
    return machine


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    """The one line with which `dev` gave up."""
    assert result.returncode == 1, result
    lines = [line for line in result.stderr.splitlines() if not line.startswith("dev: installing")]
    assert len(lines) == 1, result.stderr
    return lines[0]


@pytest.mark.parametrize("shell", ["sh", "dash", "bash", "busybox"])
def test_every_shell_can_read_it(shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"no {shell} on this machine")
    command = [shell, "sh", "-n", "dev"] if shell == "busybox" else [shell, "-n", "dev"]
    subprocess.run(command, cwd=ROOT, check=True)


def test_ci_script_can_be_read() -> None:
    subprocess.run(["bash", "-n", ".ci/run"], cwd=ROOT, check=True)


def test_help_and_unknown_command(machine: Machine) -> None:
    assert "./dev demo" in machine.dev().stdout
    assert "./dev test" in machine.dev("help").stdout
    unknown = machine.dev("tset")
    assert unknown.returncode == 1
    assert unknown.stderr.endswith("dev: no command called 'tset'\n")


def test_no_python(machine: Machine) -> None:
    assert "needs Python 3.11 or newer, found none" in one_line(machine.dev("test"))


def test_python_too_old(machine: Machine) -> None:
    machine.put("python3", SPOILT_PYTHON, prelude=TOO_OLD)
    assert "needs Python 3.11 or newer, found only 3.8 as python3" in one_line(machine.dev("test"))
    assert not (machine.tree / ".venv").exists()


def test_venv_module_missing(machine: Machine) -> None:
    machine.put("python3", SPOILT_PYTHON, prelude=NO_VENV)
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert f"Python {version} has no venv module: install it" in one_line(machine.dev("demo"))
    assert not (machine.tree / ".venv").exists()


def test_looks_past_pythons_that_do_not_serve(machine: Machine) -> None:
    machine.put("python3", SPOILT_PYTHON, prelude=TOO_OLD)
    machine.put("python3.13", "#!/bin/sh\necho 'shim: command not found' >&2\nexit 127\n")
    machine.put("python3.12", SPOILT_PYTHON, prelude=NO_VENV)
    machine.put("python3.11", STUB_PYTHON)
    result = machine.dev("test")
    assert (result.returncode, machine.calls()) == (0, ["-m pip", "-m pytest"])
    assert result.stderr.startswith("dev: installing")
    assert len(result.stderr.splitlines()) == 1


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port on which nobody listens, kept so by holding it bound."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_no_network(machine: Machine, closed_port: int) -> None:
    machine.put("python3", '#!/bin/sh\nexec "{python}" "$@"\n')
    index = f"http://127.0.0.1:{closed_port}/simple"
    env = {"PIP_INDEX_URL": index, "PIP_RETRIES": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1"}
    assert "no network: pip cannot reach its package index" in one_line(machine.dev("test", **env))


def test_second_call_runs_no_pip(ready: Machine) -> None:
    result = ready.dev("test", "-k", "two words")
    assert (result.returncode, result.stderr) == (0, "")
    assert ready.calls_file.read_text() == "-m pytest -k two words\n"


@pytest.mark.parametrize(
    "args, workers",
    [
        ((), "-n 2 --dist worksteal "),
        (("-W", "error", "--maxfail=1"), "-n 2 --dist worksteal "),
        (("-m", "slow"), "-n 2 --dist worksteal "),
        (("-k", "linear"), ""),
        (("-n0",), ""),
        (("--pdb",), ""),
        (("setup.cfg::name",), ""),
    ],
)
def test_a_run_of_all_tests_is_shared_and_one_of_a_few_is_not(
    ready: Machine, args: tuple[str, ...], workers: str
) -> None:
    assert ready.dev("test", *args).returncode == 0
    assert ready.calls_file.read_text().strip() == f"-m pytest {workers}{' '.join(args)}".strip()


def test_status_of_the_job_comes_through(ready: Machine) -> None:
    assert ready.dev("test", FAKE_PYTEST="5").returncode == 5


def test_changed_requirements_are_installed(ready: Machine) -> None:
    with (ready.tree / "setup.cfg").open("a") as file:
        file.write("\n")
    ready.dev("test")
    assert ready.calls() == ["-m pip", "-m pytest"]


def test_copied_tree_installs_its_own_code(ready: Machine, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(ready.tree, copy, symlinks=True)
    ready.dev("test", tree=copy)
    assert ready.calls() == ["-m pip", "-m pytest"]


def test_interrupted_install_is_made_anew(machine: Machine) -> None:
    machine.put("python3", STUB_PYTHON)
    assert machine.dev("test", FAKE_PIP="killed").returncode == 128 + signal.SIGTERM
    half_done = machine.tree / ".venv" / "half-done"
    half_done.touch()
    machine.calls()
    assert machine.dev("test").returncode == 0
    assert machine.calls() == ["-m pip", "-m pytest"]
    assert not half_done.exists()


def test_failed_install_says_why_and_is_made_anew(machine: Machine) -> None:
    machine.put("python3", STUB_PYTHON)
    line = one_line(machine.dev("test", FAKE_PIP="broken"))
    assert "pip failed: ERROR: No matching distribution found for numpy>=2" in line
    half_done = machine.tree / ".venv" / "half-done"
    half_done.touch()
    assert machine.dev("test").returncode == 0
    assert not half_done.exists()


def test_no_network_for_one_command_keeps_the_others(ready: Machine) -> None:
    assert "no network" in one_line(ready.dev("bench", FAKE_PIP="offline"))
    ready.calls()
    assert ready.dev("test", FAKE_PIP="offline").returncode == 0
    assert ready.calls() == ["-m pytest"]


def test_broken_python_in_venv_is_made_anew(ready: Machine) -> None:
    (ready.tree / ".venv/bin/python").unlink()
    assert ready.dev("test").returncode == 0
    assert ready.calls() == ["-m pip", "-m pytest"]


def test_venv_of_somebody_else_is_left_alone(machine: Machine) -> None:
    machine.put("python3", STUB_PYTHON)
    theirs = machine.tree / ".venv" / "theirs"
    theirs.parent.mkdir()
    theirs.touch()
    assert ".venv that ./dev did not make" in one_line(machine.dev("test"))
    assert theirs.exists()


def test_second_dev_waits_for_the_first(ready: Machine) -> None:
    (ready.tree / ".venv/.dev/busy").write_text(f"{os.getpid()}\n")
    assert f"another ./dev (process {os.getpid()}) is making .venv" in one_line(ready.dev("test"))
    assert ready.calls() == []
