"""Calls of the ops in `autograd.ops.statistics`."""

from __future__ import annotations
