"""Calls of the ops in `autograd.ops.decompositions`."""

from __future__ import annotations
