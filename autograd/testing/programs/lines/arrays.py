"""Lines of ops whose arguments are made in steps: decompositions, matrix functions, triangular systems."""

from __future__ import annotations

from autograd.testing.programs.build import Builder, maker
from autograd.testing.programs.lines.operands import conditioned, of_axes, real, shaped
from autograd.testing.programs.memory import Value


def _square(b: Builder) -> Value:
    return b.value(real, lambda v: of_axes(2)(v) and v.shape[0] == v.shape[1] <= 4)


@maker("cholesky", "eigvalsh", "eigh", "qr", "expm", "sqrtm", "solve_triangular", "solve_sylvester", "eig")
def _decomposition(b: Builder, name: str) -> None:
    v = _square(b)
    m = b.line(conditioned(b, v))
    symmetric = f"{m} @ {m}.T"
    if name == "cholesky":
        b.line(f"np.linalg.cholesky({symmetric})")
    elif name == "eigvalsh":
        b.line(f"np.linalg.eigvalsh({symmetric})")
    elif name == "eigh":  # vectors have no sign of their own, nor an order
        b.line(f"np.linalg.eigh({symmetric})[{'1] ** 2' if b.pick(2) else '0]'}")
    elif name == "eig":
        b.line(f"np.real(np.sum(np.linalg.eig({m})[1] ** 2 * np.linalg.eig({m})[0], axis=-1))")
    elif name == "qr":
        b.line(f"np.linalg.qr({m} + 0.3)[{b.pick(2)}] ** 2")
    elif name == "expm":
        b.line(f"linalg.expm(0.5 * {m})")
    elif name == "sqrtm":
        b.line(f"linalg.sqrtm({symmetric})")
    elif name == "solve_triangular":
        right = b.value(real, shaped(m.shape))
        b.line(f"linalg.solve_triangular({m}, {right}, lower={bool(b.pick(2))})")
    else:
        right = b.value(real, shaped(m.shape))
        b.line(f"linalg.solve_sylvester({m}, {m}.T, {right})")
