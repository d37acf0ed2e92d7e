"""Errors that a user can mend: each message is one line that says what was wrong and what would work."""

from __future__ import annotations

import importlib
from typing import Any


class UserError(Exception):
    """A mistake in what was given, not in the program; the command line shows its message without a traceback."""


class DataError(UserError, ValueError):
    """A text or data set that cannot be used as asked."""


class CheckpointError(UserError, ValueError):
    """A checkpoint that cannot be read or does not fit."""


class TrainingError(UserError, ArithmeticError):
    """Training that has gone astray, such as a loss that is no longer a number."""


class MissingExtra(UserError, ImportError):
    """A package is missing that comes with one of the optional extras."""


def need(module: str, extra: str, purpose: str) -> Any:
    """Import `module`, or say which extra brings it.

    Raises
    ------
    MissingExtra
        If the module cannot be imported.

    Examples
    --------
    >>> need("json", "train", "metadata").dumps([1])
    '[1]'
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = {"sklearn": "scikit-learn"}.get(module.partition(".")[0], module.partition(".")[0])
        raise MissingExtra(
            f'{purpose} needs the package {package}, which is not here ({error}): pip install "glassgrad[{extra}]"'
        ) from error
