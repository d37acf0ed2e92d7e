"""Calls of the ops in `autograd.ops.joining`."""

from __future__ import annotations
