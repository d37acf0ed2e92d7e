"""How many mistakes planted in our own rules do gradient checkers find? All mutants of the table, each checker alike.

Our checker draws calls of each op. The others (PyTorch's `gradcheck`, JAX's `check_vjp`, and central differences with a
fixed step and tolerance, as in many a notebook) are given the pullback of our op as one of theirs, at one typical call
with normal numbers, and again at the calls that ours draws. What a checker says of a right rule is an alarm, no find.

    python benchmarks/mutation.py                    # our checker, the whole table
    python benchmarks/mutation.py --peers            # the others too, on a sample of the mutants
    python benchmarks/mutation.py --ops max divide   # of these ops alone
"""

from __future__ import annotations

import os

# threads are set before NumPy loads
os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import contextlib
import random
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _common import header

from autograd import Tensor, gradients
from autograd.testing.mutation import explanations, mutants, score
from autograd.testing.mutation.checks import CallsCheck, Look, Looks, drawn
from autograd.testing.strategies import Call

EXPLAINED = Path(__file__).with_name("equivalent_mutants.json")
SEEDS = 20  # draws until a call is found that a user might write


def pull(call: Call, arrays: list[Any], w: Any) -> list[Any]:
    """Our gradients of <w, op(arrays)>."""
    tensors = [Tensor(a, requires_grad=True) for a in arrays]
    return [g.data for g in gradients(call.apply(*tensors), tensors, gradient=w)]


# ---------------------------------------------------------------------- the others: each says what is wrong, or None
def by_torch(call: Call) -> str | None:
    """`torch.autograd.gradcheck` with its defaults: every element of the Jacobian, steps of 1e-6."""
    import torch

    class Ours(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *inputs: Any) -> Any:
            ctx.arrays = [x.detach().numpy().copy() for x in inputs]
            return torch.from_numpy(np.array(call.apply(*ctx.arrays), float))

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            got = pull(call, ctx.arrays, g.numpy())
            return tuple(torch.from_numpy(np.array(x)) for x in got)

    inputs = [torch.from_numpy(np.array(a)).requires_grad_() for a in call.arrays]
    right = torch.autograd.gradcheck(Ours.apply, inputs, raise_exception=False, check_undefined_grad=False)
    return None if right else "gradcheck fails"


def by_jax(call: Call) -> str | None:
    """`jax.test_util.check_vjp` with its defaults: a random direction, steps of 1e-4."""
    from jax.test_util import check_vjp

    def backward(*arrays: Any) -> Any:
        out = np.asarray(call.apply(*arrays))
        return out, lambda w: tuple(pull(call, list(arrays), np.asarray(w)))

    try:
        check_vjp(lambda *arrays: np.asarray(call.apply(*arrays)), backward, tuple(call.arrays))
    except AssertionError as error:
        return str(error).strip().split("\n")[0] or "check_vjp fails"
    return None


def by_differences(call: Call, step: float = 1e-6, tolerance: float = 1e-4) -> str | None:
    """The gradient of the sum of the results, an element at a time."""
    arrays = [np.array(a, float) for a in call.arrays]
    got = pull(call, arrays, np.ones(np.shape(call.apply(*arrays))))
    for i, g in enumerate(got):
        for at in np.ndindex(g.shape):
            ends = []
            for h in (step, -step):
                moved = [a.copy() for a in arrays]
                moved[i][at] += h
                ends.append(np.sum(call.apply(*moved)))
            slope = (ends[0] - ends[1]) / (2 * step)
            if not np.isclose(g[at], slope, rtol=tolerance, atol=tolerance):
                return f"{g[at]} is not {slope}"
    return None


class Peer(Looks):
    """Another's way of checking one call, at one typical call or at all those drawn."""

    def __init__(self, check: Callable[[Call], str | None], generated: bool) -> None:
        super().__init__()
        self.check, self.generated = check, generated

    def looks(self, name: str, rng_seed: int, examples: int) -> list[Look]:
        calls = drawn(name, examples, rng_seed) if self.generated else [c for c in [typical(name, rng_seed)] if c]
        return [look for call in calls if self.sound(look := partial(self._look, call))]

    def _look(self, call: Call) -> str | None:
        with quiet():
            if np.asarray(call.apply(*call.arrays)).dtype.kind != "f":
                return None
            try:
                return self.check(call)
            except Exception as error:  # a user sees it: found
                return f"{type(error).__name__}: {error}"


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def typical(name: str, seed: int) -> Call | None:
    """A call with a few normal numbers where the op takes them, whatever its keywords."""
    rng = np.random.default_rng(seed)
    for call in drawn(name, SEEDS, seed):
        if call.kink or not all(a.size >= 2 for a in call.arrays):
            continue
        made = replace(call, arrays=tuple(rng.normal(size=a.shape) for a in call.arrays))
        with quiet():
            try:
                fair = np.isfinite(np.asarray(made.apply(*made.arrays))).all()
            except (ValueError, TypeError, IndexError, ArithmeticError, np.linalg.LinAlgError):
                fair = False
        return made if fair else call
    return None


PEERS = {"torch gradcheck": by_torch, "jax check_vjp": by_jax, "plain differences": by_differences}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ops", nargs="*", help="of these ops alone")
    parser.add_argument("--peers", action="store_true", help="the other checkers too")
    parser.add_argument("--sample", type=int, default=400, help="mutants for the comparison (default 400)")
    parser.add_argument("--budget", type=float, default=600, help="seconds for each checker")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--examples", type=int, default=60)
    parser.add_argument("--save", help="a JSON file for the result of our checker")
    options = parser.parse_args()
    header("mutation testing of the rules", "hypothesis", *(["torch", "jax"] if options.peers else []))
    explained = explanations(EXPLAINED)
    settings: dict[str, Any] = {
        "budget": options.budget, "jobs": options.jobs, "seed": options.seed, "examples": options.examples,
        "explained": explained, "progress": True,
    }  # fmt: skip
    if not options.peers:
        found = score(options.ops, **settings)
        print(found)
        if options.save:
            found.save(options.save)
        return
    among = [m for m in mutants(options.ops) if m.key not in explained]
    among = random.Random(options.seed).sample(among, min(options.sample, len(among)))
    print(f"{len(among)} mutants\n{'':<42}    found  of judged  alarms  seconds")
    checks: dict[str, Looks] = {"ours": CallsCheck()}
    for name, check in PEERS.items():
        module = {"t": "torch", "j": "jax"}.get(name[0], "")
        try:
            if module:
                __import__(module)
        except ImportError:
            print(f"{name:<36} {module} is not installed")
            continue
        checks[f"{name}, one typical call"] = Peer(check, generated=False)
        checks[f"{name}, the calls that we draw"] = Peer(check, generated=True)
    for name, peer in checks.items():
        found = score(check=peer, among=among, **settings)
        judged = len(found.outcomes) - found.left_out
        part = 100 * found.killed / max(1, judged)
        print(f"{name:<42} {part:7.1f} %  {judged:8}  {len(found.alarms):6}  {found.seconds:7.0f}", flush=True)


if __name__ == "__main__":
    main()
