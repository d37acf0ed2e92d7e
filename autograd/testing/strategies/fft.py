"""Calls of the ops in `autograd.ops.fft`."""

from __future__ import annotations
