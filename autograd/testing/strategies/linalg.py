"""Calls of the ops in `autograd.ops.linalg`."""

from __future__ import annotations
