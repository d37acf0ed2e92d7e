"""Calls of the ops in `autograd.ops.conv`."""

from __future__ import annotations
