"""Calls of the ops in `autograd.ops.polynomial`."""

from __future__ import annotations
