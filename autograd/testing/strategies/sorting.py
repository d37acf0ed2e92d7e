"""Calls of the ops in `autograd.ops.sorting`."""

from __future__ import annotations
