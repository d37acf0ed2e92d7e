"""Calls of the ops in `autograd.ops.special`."""

from __future__ import annotations
