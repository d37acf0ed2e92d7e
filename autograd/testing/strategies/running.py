"""Calls of the ops in `autograd.ops.running`."""

from __future__ import annotations
