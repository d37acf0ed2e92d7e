"""The command `python -m autograd`: `coverage` says what of NumPy is differentiable."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
from collections.abc import Sequence

from autograd import coverage


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    top = argparse.ArgumentParser(prog="python -m autograd", description="What the engine knows about itself.")
    commands = top.add_subparsers(dest="command", metavar="command", required=True)
    cover = commands.add_parser(
        "coverage",
        help="NumPy's public functions: differentiable, constant by nature, or not done and why",
        description="NumPy's public functions: differentiable, constant by nature, or not done and why.",
    )
    how = cover.add_mutually_exclusive_group()
    how.add_argument("--markdown", action="store_true", help="a table for the documentation")
    how.add_argument("--missing", action="store_true", help="only what is not done, with the reasons")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 where it went well."""
    given = parser().parse_args(arguments)
    rows = coverage.entries()
    if given.markdown:
        print(coverage.markdown(rows))
    elif given.missing:
        print(coverage.missing(rows) or "nothing is missing")
    else:
        print(coverage.text(rows, min(shutil.get_terminal_size().columns, 120)))
    return 0


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):  # the reader, `head` for one, has seen enough
        code = main()
        sys.stdout.flush()
        sys.exit(code)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
