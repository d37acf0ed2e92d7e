"""Lines of ops that need no more than a template: `{holes}` are filled from the choices, the first is the operand.

Of several templates for an op a choice takes one; the first is the simplest.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np

from autograd.testing.programs.build import Builder, Dropped, maker
from autograd.testing.programs.lines.operands import (
    NUMBERS,
    at_least,
    clear,
    conditioned,
    of_axes,
    partner,
    real,
    separated,
    shaped,
)
from autograd.testing.programs.memory import Value
from autograd.testing.programs.program import literal

HOLE = re.compile(r"\{(\w+\??)\}")


def first(b: Builder) -> Value:
    if b.first is None:
        raise Dropped
    return b.first


def _axis(b: Builder) -> str:
    n = first(b).ndim
    if not n:
        raise Dropped
    return str(b.choice([*range(n), *range(-n, 0)]))


def _axes(b: Builder) -> str:
    """None, one axis or several."""
    n = first(b).ndim
    kind = b.pick(3)
    if kind == 0 or not n:
        return "None"
    if kind == 1 or n == 1:
        return _axis(b)
    one = b.pick(n)
    return str((one, (one + 1 + b.pick(n - 1)) % n - (n if b.pick(2) else 0)))


def _permutation(b: Builder) -> str:
    left = list(range(first(b).ndim))
    return str(tuple(left.pop(-1 - b.pick(len(left))) for _ in range(len(left))))


def _shape(b: Builder) -> str:
    """Another shape of as many elements."""
    n = math.prod(first(b).shape)
    return str(b.choice([(-1,), (1, n), (n, 1), *((k, -1) for k in (2, 3) if n % k == 0), (-1, 1, n)]))


def _mask(b: Builder) -> str:
    return mask_of(b, first(b).shape)


def mask_of(b: Builder, shape: tuple[int, ...]) -> str:
    bits = b.pick(256)
    taken = [bool((bits >> (i % 8)) & 1) for i in range(math.prod(shape))]
    return f"np.array({np.array(taken, bool).reshape(shape).tolist()}, bool)"


def _places(b: Builder) -> str:
    """Places along the first axis, some of them twice or counted from the end."""
    return places_of(b, first(b).shape[0])


def places_of(b: Builder, n: int) -> str:
    return str([b.pick(2 * n) - n if b.pick(2) else b.pick(n) for _ in range(1 + b.pick(3))])


def _constant_like(b: Builder) -> str:
    shape = first(b).shape
    return literal(np.array([b.choice(NUMBERS) for _ in range(math.prod(shape))], float).reshape(shape))


def _nonzero(b: Builder) -> str:
    v = b.value(real, at_least(0))
    if not clear(b.all(v)):
        return f"(1.5 + np.tanh({v}))"
    return str(v)


def _index(b: Builder) -> str:
    return basic_index(b, first(b).shape)


def basic_index(b: Builder, shape: tuple[int, ...]) -> str:
    """An index that gives a view."""
    parts = []
    for n in shape:
        kind = b.pick(6)
        if kind == 0:
            parts.append("1:" if n > 1 else ":")
        elif kind == 1 and n:
            parts.append(str(b.pick(2 * n) - n))
        elif kind == 2:
            parts.append("::-1")
        elif kind == 3:
            parts.append(b.choice(("::2", ":-1", "-2:", "None, ::-2")))
        elif kind == 4 and "..." not in parts:
            parts.append("...")
            break
        else:
            parts.append(":")
    return ", ".join(parts) or "..."


def advanced_index(b: Builder, shape: tuple[int, ...]) -> str:
    """An index that gives a copy."""
    kind = b.pick(6)
    if kind == 1 or not shape or 0 in shape:
        return mask_of(b, shape)
    if kind == 2:
        return mask_of(b, shape[:1])
    if len(shape) > 1:
        if kind == 3:
            k = 1 + b.pick(3)
            rows, columns = ([b.pick(2 * n) - n for _ in range(k)] for n in shape[:2])
            return f"{rows}, {columns}"
        if kind == 4:
            return f"np.ix_({places_of(b, shape[0])}, {places_of(b, shape[1])})"
        if kind == 5:
            return f"{basic_index(b, shape[:1]).removeprefix('None, ').replace('...', ':')}, {places_of(b, shape[1])}"
    return places_of(b, shape[0])


def _advanced(b: Builder) -> str:
    return advanced_index(b, first(b).shape)


HOLES: dict[str, Callable[[Builder], str]] = {
    "a": lambda b: str(b.value()),
    "v": lambda b: str(b.value(real)),
    "c": lambda b: str(b.value(lambda v: v.complex)),
    "w": lambda b: str(b.value(at_least(1))),  # an axis at least
    "r": lambda b: str(b.value(real, at_least(1))),
    "m": lambda b: str(b.value(at_least(2))),
    "rm": lambda b: str(b.value(real, at_least(2))),
    "vec": lambda b: str(b.value(of_axes(1))),
    "rvec": lambda b: str(b.value(real, of_axes(1))),
    "mat": lambda b: str(b.value(real, of_axes(2))),
    "square": lambda b: str(b.value(real, lambda v: of_axes(2)(v) and v.shape[0] == v.shape[1])),
    "good": lambda b: conditioned(b, b.value(real, lambda v: of_axes(2)(v) and v.shape[0] == v.shape[1] <= 4)),
    "sep": lambda b: separated(b, b.value(real, at_least(1))),
    "nonzero": _nonzero,
    "same": lambda b: str(b.value(shaped(first(b).shape))),
    "rsame": lambda b: str(b.value(real, shaped(first(b).shape))),
    "bc": lambda b: partner(b, first(b).shape),
    "rbc": lambda b: partner(b, first(b).shape, real),
    "like": _constant_like,
    "axis": _axis,
    "axes": _axes,
    "axis?": lambda b: "None" if b.pick(2) == 0 else _axis(b),
    "bool": lambda b: str(bool(b.pick(2))),
    "k": lambda b: str(b.pick(3)),
    "k1": lambda b: str(b.pick(2) + 1),
    "offset": lambda b: str(b.choice((0, 1, -1))),
    "number": lambda b: repr(b.choice(NUMBERS)),
    "q": lambda b: repr(b.choice((0.5, 0.3, 0.77))),
    "permutation": _permutation,
    "shape": _shape,
    "mask": _mask,
    "places": _places,
    "place": lambda b: str(b.pick(2 * first(b).shape[0]) - first(b).shape[0]),
    "index": _index,
    "advanced": _advanced,
    "norm": lambda b: b.choice(('"backward"', '"ortho"', '"forward"')),
}

TEMPLATES: dict[str, tuple[str, ...]] = {
    # reductions
    "sum": ("np.sum({a})", "np.sum({a}, axis={axes}, keepdims={bool})", "{w}.sum(axis={axis})"),
    "mean": ("np.mean({a})", "np.mean({a}, axis={axes}, keepdims={bool})"),
    "prod": ("np.prod({v}, axis={axes}, keepdims={bool})",),
    "var": ("np.var({v}, axis={axes}, ddof={k1} - 1, keepdims={bool})",),
    "std": ("np.std({sep}, axis={axes}, keepdims={bool})",),
    "max": ("np.max({sep}, axis={axes}, keepdims={bool})",),
    "min": ("np.min({sep}, axis={axes}, keepdims={bool})",),
    "nanmax": ("np.nanmax({sep}, axis={axes})",),
    "nanmin": ("np.nanmin({sep}, axis={axes})",),
    "ptp": ("np.ptp({sep}, axis={axes})",),
    "median": ("np.median({sep}, axis={axes}, keepdims={bool})",),
    "nanmedian": ("np.nanmedian({sep}, axis={axis?})",),
    "quantile": ("np.quantile({sep}, {q}, axis={axis?})",),
    "nanquantile": ("np.nanquantile({sep}, {q}, axis={axis?})",),
    "percentile": ("np.percentile({sep}, 100 * {q}, axis={axis?})",),
    "logsumexp": ("np.logsumexp({v}, axis={axes}, keepdims={bool})",),
    "nansum": ("np.nansum({v}, axis={axes})",),
    "nanmean": ("np.nanmean({v}, axis={axes})",),
    "nanvar": ("np.nanvar({v}, axis={axes})",),
    "nanstd": ("np.nanstd({sep}, axis={axes})",),
    "nanprod": ("np.nanprod({v}, axis={axes})",),
    "average": ("np.average({v}, axis={axis?})", "np.average({v}, weights=1.5 + np.tanh({rsame}))"),
    "trace": ("np.trace({m}, {offset})",),
    "norm": ("np.linalg.norm({nonzero})", "np.linalg.norm({nonzero}, axis={axis})"),
    "vector_norm": ("np.linalg.vector_norm({nonzero}, ord={k1} + 1)",),
    "matrix_norm": ("np.linalg.matrix_norm(1.5 + np.tanh({rm}))",),
    # shapes
    "reshape": ("np.reshape({w}, {shape})", "{w}.reshape({shape})"),
    "ravel": ("np.ravel({a})", "np.ravel({m}.T)"),
    "transpose": ("np.transpose({m})", "np.transpose({m}, {permutation})", "{m}.T"),
    "swapaxes": ("np.swapaxes({m}, {axis}, {axis})",),
    "moveaxis": ("np.moveaxis({m}, {axis}, {axis})",),
    "rollaxis": ("np.rollaxis({m}, {axis}, {k})",),
    "matrix_transpose": ("np.matrix_transpose({m})",),
    "expand_dims": ("np.expand_dims({a}, 0)", "np.expand_dims({w}, {axis})"),
    "squeeze": ("np.squeeze({a})",),
    "broadcast_to": ("np.broadcast_to({w}, (2, *np.shape({0})))",),
    "flip": ("np.flip({w})", "np.flip({w}, {axis})"),
    "fliplr": ("np.fliplr({m})",),
    "flipud": ("np.flipud({w})",),
    "rot90": ("np.rot90({m}, {k})",),
    "roll": ("np.roll({w}, {k} - 1)", "np.roll({w}, {k}, axis={axis})"),
    "tile": ("np.tile({a}, {k1})", "np.tile({w}, (2, 1))"),
    "repeat": ("np.repeat({w}, {k1}, axis={axis?})",),
    "diagonal": ("np.diagonal({m}, {offset})",),
    "diag": ("np.diag({vec}, {offset})", "np.diag({m}, {offset})"),
    "diagflat": ("np.diagflat({w}, {offset})",),
    "tril": ("np.tril({m}, {offset})",),
    "triu": ("np.triu({m}, {offset})",),
    "atleast_1d": ("np.atleast_1d({a})",),
    "atleast_2d": ("np.atleast_2d({a})",),
    "atleast_3d": ("np.atleast_3d({a})",),
    "split": ("np.split({w}, [1])[0]", "np.split({w}, [1], axis={axis})[1]"),
    "array_split": ("np.array_split({w}, 2, axis={axis})[0]",),
    "unstack": ("np.unstack({w})[0]",),
    "resize": ("np.resize({w}, (2, 2))",),
    "copy": ("np.copy({a})",),
    "sliding_window_view": ("np.sliding_window_view({w}, 2, axis={axis})",),
    "astype": ("np.astype({v}, complex)",),
    "ascontiguousarray": ("np.ascontiguousarray({w})", "np.ascontiguousarray({m}.T)"),
    "asfortranarray": ("np.asfortranarray({m})",),
    "full_like": ("np.full_like({w}, np.sum({v}))",),
    # joins
    "concatenate": ("np.concatenate([{w}, {same}], axis={axis})", "np.concatenate([np.ravel({a}), np.ravel({a})])"),
    "stack": ("np.stack([{a}, {same}])", "np.stack([{w}, {same}, {same}], axis={axis})"),
    "hstack": ("np.hstack([{a}, {same}])",),
    "vstack": ("np.vstack([{a}, {same}])",),
    "dstack": ("np.dstack([{a}, {same}])",),
    "column_stack": ("np.column_stack([{a}, {same}])",),
    "append": ("np.append({a}, {a})", "np.append({w}, {same}, axis={axis})"),
    "insert": ("np.insert({w}, {k1} - 1, {number}, axis={axis})", "np.insert({vec}, {places}, np.sum({v}))"),
    "delete": ("np.delete({w}, {place}, axis=0)", "np.delete({vec}, {places})"),
    "block": ("np.block([[{m}, {same}], [{same}, {same}]])",),
    "broadcast_arrays": ("np.broadcast_arrays({a}, {bc})[0]", "np.broadcast_arrays({a}, {bc})[1]"),
    "meshgrid": ("np.meshgrid({vec}, {vec})[{k1} - 1]",),
    "kron": ("np.kron({w}, {same})",),
    "outer": ("np.outer({a}, {a})",),
    # indices
    "getitem": ("{w}[{index}]", "{w}[{advanced}]", "{w}[{index}][...]", "{w}[{places}]"),
    "take": ("np.take({w}, {places})", "np.take({w}, {places}, axis=0)"),
    "take_along_axis": ("np.take_along_axis({m}, np.zeros(np.shape({0}), int), axis=-1)",),
    "compress": ("np.compress([True, False, True][: len({w})], {0}, axis=0)",),
    "extract": ("np.extract({mask}, {a})", "np.extract({w} == {0}, {0})"),
    "choose": ("np.choose([0, 1, 1, 0][: len({rvec})], [{0}, {rsame}])",),
    "where": ("np.where({mask}, {a}, {bc})", "np.where({a} == {0}, {0}, {bc})"),
    "select": ("np.select(choicelist=[{v}, {rsame}], condlist=[{mask}, {mask}], default={number})",),
    "piecewise": ("np.piecewise({r}, [{mask}], [lambda t: t * t, lambda t: np.sin(t)])",),
    "embedding": ("np.embedding({mat}, np.array({places}))",),
    # order
    "sort": ("np.sort({sep})", "np.sort({sep}, axis={axis?})"),
    "partition": ("np.partition({sep}, 0, axis={axis})",),
    "cummax": ("np.cummax({sep}, axis={axis})",),
    "cummin": ("np.cummin({sep}, axis={axis})",),
    "unique": ("np.unique({sep})",),
    "union1d": ("np.union1d({sep}, np.array([0.013, 7.7]))",),
    # running
    "cumsum": ("np.cumsum({a})", "np.cumsum({w}, axis={axis})"),
    "cumprod": ("np.cumprod({v}, axis={axis?})",),
    "nancumsum": ("np.nancumsum({v})",),
    "nancumprod": ("np.nancumprod({v})",),
    "cumulative_sum": ("np.cumulative_sum({w}, axis={axis}, include_initial={bool})",),
    "cumulative_prod": ("np.cumulative_prod({r}, axis={axis}, include_initial={bool})",),
    "logcumsumexp": ("np.logcumsumexp({r}, axis={axis})",),
    "diff": ("np.diff({w})", "np.diff({w}, {k}, axis={axis})", "np.diff({vec}, prepend={number}, append=np.sum({v}))"),
    "ediff1d": ("np.ediff1d({a})", "np.ediff1d({a}, to_end=np.sum({v}))"),
    "gradient": ("np.gradient({rvec})", "np.gradient({r}, 0.5, axis={axis})"),
    "trapezoid": ("np.trapezoid({w}, axis={axis})", "np.trapezoid({rvec}, {rsame})", "np.trapezoid({w}, dx=0.5)"),
    # products
    "dot": ("np.dot({vec}, {same})", "np.dot({a}, {number})"),
    "inner": ("np.inner({w}, {same})",),
    "vdot": ("np.vdot({a}, {same})",),
    "vecdot": ("np.vecdot({w}, {same})", "np.vecdot({w}, {same}, axis={axis})"),
    "matmul": ("{m} @ np.swapaxes({same}, -1, -2)", "np.matmul(np.matrix_transpose({m}), {same})", "{vec} @ {same}"),
    "matvec": ("np.matvec({mat}, {0}[0])",),
    "vecmat": ("np.vecmat({mat}[:, 0], {0})",),
    "tensordot": (
        "np.tensordot({w}, {same}, axes=[[{axis}], [{axis}]])",
        "np.tensordot({w}, {w}, 0)",
        "np.tensordot({m}, {same}, axes=[[0, -1], [0, -1]])",
    ),
    "einsum": (
        'np.einsum("ij,kj->ik", {mat}, {rsame})',
        'np.einsum("i,i->", {vec}, {same})',
        'np.einsum("...i,...i->...", {w}, {same})',
        'np.einsum("ij,ij,ij->j", {mat}, {rsame}, {rsame})',
        'np.einsum("ii->i", {square})',
        'np.einsum("ij->ji", {mat})',
        'np.einsum("ii,jk->jk", {square}, {rsame})',
        'np.einsum("i,j->ij", {vec}, {vec})',
    ),
    "cross": ("np.cross({vec}[:3], {same}[:3])", "np.cross(np.resize({a}, 3), np.resize({a}, 3))"),
    "multi_dot": ("np.linalg.multi_dot([{mat}, {rsame}.T, {rsame}])",),
    "matrix_power": ("np.linalg.matrix_power(0.5 * np.tanh({square}), {k})", "np.linalg.matrix_power({good}, -1)"),
    "convolve": (
        "np.convolve({vec}, {vec})",
        'np.convolve({vec}, {vec}, "same")',
        'np.convolve({vec}, {vec}, "valid")',
    ),
    "correlate": ("np.correlate({rvec}, {rvec})", 'np.correlate({rvec}, {rvec}, "full")'),
    # linear algebra
    "inv": ("np.linalg.inv({good})",),
    "det": ("np.linalg.det({good})", "np.linalg.det({square})"),
    "slogdet": ("np.linalg.slogdet({good})[1]",),
    "pinv": ("np.linalg.pinv({good})",),
    "solve": ("np.linalg.solve({good}, {rsame})", "np.linalg.solve({good}, {rsame}[0])"),
    "lstsq": ("np.linalg.lstsq({good}, {rsame}, rcond=None)[0]",),
    "cond": ("np.linalg.cond({good})",),
    "tensorinv": ("np.linalg.tensorinv({good}, 1)",),
    "tensorsolve": ("np.linalg.tensorsolve({good}, {rsame}[:, 0])",),
    "svdvals": ("np.linalg.svdvals({good})",),
    "svd": ("np.linalg.svd({good})[1]", "np.linalg.svd({good})[0] ** 2"),
    "eigvals": ("np.real(np.sum(np.linalg.eigvals({good}) ** 3))",),
    "linalg_trace": ("np.linalg.trace({m}, offset={offset})",),
    "linalg_diagonal": ("np.linalg.diagonal({m}, offset={offset})",),
    "linalg_outer": ("np.linalg.outer({vec}, {vec})",),
    # Fourier
    "fft": ("np.fft.fft({w})", "np.fft.fft({w}, axis={axis}, norm={norm})", "np.fft.fft({w}, {k} + 2)"),
    "ifft": ("np.fft.ifft({w})", "np.fft.ifft({w}, axis={axis}, norm={norm})"),
    "rfft": ("np.fft.rfft({r})", "np.fft.rfft({r}, axis={axis}, norm={norm})"),
    "irfft": ("np.fft.irfft({w}, {k} + 2)", "np.fft.irfft({w}, {k} + 2, axis={axis}, norm={norm})"),
    "hfft": ("np.fft.hfft({w}, {k} + 2)",),
    "ihfft": ("np.fft.ihfft({r})",),
    "fft2": ("np.fft.fft2({m})",),
    "ifft2": ("np.fft.ifft2({m})",),
    "rfft2": ("np.fft.rfft2({rm})",),
    "irfft2": ("np.fft.irfft2({m}, (2, 2))",),
    "fftn": ("np.fft.fftn({w})",),
    "ifftn": ("np.fft.ifftn({w})",),
    "rfftn": ("np.fft.rfftn({r})",),
    "fftshift": ("np.fft.fftshift({w})", "np.fft.fftshift({w}, {axis})"),
    "ifftshift": ("np.fft.ifftshift({w})", "np.fft.ifftshift({w}, {axis})"),
    "real": ("np.real({c})", "{c}.real"),
    "imag": ("np.imag({c})", "{c}.imag"),
    "angle": ("np.angle({v} + 1.7j)", "np.angle(np.exp(1j * 0.5 * np.tanh({v})))"),
    # networks
    "softmax": ("np.softmax({r}, {axis})",),
    "log_softmax": ("np.log_softmax({r}, {axis})",),
    "gelu": ("np.gelu({v})", 'np.gelu({v}, "tanh")'),
    "linear": (
        "np.linear({mat}, {rsame})",
        "np.linear({rvec}, np.stack([{rsame}, {rsame}]), np.stack([{v}.sum(), {v}.sum()]))",
    ),
    "layer_norm": ("np.layer_norm({r}, eps=0.1)", "np.layer_norm({rvec}, {rsame}, {rsame}, eps=0.5)"),
    "rms_norm": ("np.rms_norm({r}, eps=0.1)", "np.rms_norm({rvec}, {rsame}, eps=0.5)"),
    "cross_entropy": ("np.cross_entropy({mat}, np.zeros(len({0}), int))", "np.cross_entropy({rvec}, np.array(0))"),
    "conv": (
        "np.conv(np.resize({v}, (1, 1, 4)), np.resize({v}, (1, 1, 2)))",
        "np.conv(np.resize({v}, (1, 2, 5)), np.resize({v}, (2, 2, 2)), stride=({k1},), padding=({k},))",
        "np.conv(np.resize({v}, (1, 1, 3, 3)), np.resize({v}, (1, 1, 2, 2)), np.resize({v}, 1))",
    ),
    "conv_transpose": ("np.conv_transpose(np.resize({v}, (1, 1, 3)), np.resize({v}, (1, 1, 2)), stride=({k1},))",),
    "unfold": ("np.unfold(np.resize({v}, (1, 1, 3, 3)), (2, 2))",),
    "avg_pool": ("np.avg_pool(np.resize({v}, (1, 1, 4)), (2,))",),
    "sum_pool": ("np.sum_pool(np.resize({v}, (1, 1, 4)), (2,))",),
    "max_pool": (
        "np.max_pool({sep}.reshape(1, 1, -1), (1,))",
        "np.max_pool({sep}.reshape(1, 1, -1), (2,), stride=(1,))",
    ),
    # the rest
    "pad": (
        "np.pad({w}, 1)",
        'np.pad({w}, 1, mode="reflect")',
        'np.pad({w}, 2, mode="wrap")',
        'np.pad({w}, 1, mode="edge")',
        "np.pad({w}, ({k}, 1), constant_values={number})",
        'np.pad({w}, 1, mode="linear_ramp")',
        'np.pad({w}, 1, mode="mean")',
        'np.pad({w}, 1, mode="symmetric")',
    ),
    "interp": ("np.interp(0.613, np.arange({r}.size * 1.0), np.ravel({0}))",),
    "linspace": ("np.linspace({v}, {number}, {k} + 2)", "np.linspace({v}, {rsame}, 3, axis=-1)"),
    "logspace": ("np.logspace(np.tanh({v}), {number}, {k} + 2)",),
    "geomspace": ("np.geomspace(1.5 + np.tanh({v}), 3.0, {k} + 2)",),
    "polyval": ("np.polyval({rvec}, {v})",),
    "polyadd": ("np.polyadd({rvec}, {rvec})",),
    "polysub": ("np.polysub({rvec}, {rvec})",),
    "polymul": ("np.polymul({rvec}, {rvec})",),
    "polyder": ("np.polyder({rvec})",),
    "polyint": ("np.polyint({rvec})",),
    "vander": ("np.vander({rvec}, 3)",),
    "poly": ("np.poly({rvec})",),
    "polyfit": ("np.polyfit({sep}.ravel(), np.ravel({0}) ** 2 * 0.5, 1)",),
    "cov": ("np.cov({mat})", "np.cov({rvec}, {rsame})"),
    "corrcoef": ("np.corrcoef({sep}, np.sin({0}))",),
    "bincount": ("np.bincount([0, 2, 2, 1][: len({rvec})], weights={0})",),
    "nan_to_num": ("np.nan_to_num({v})",),
    "fold": ("np.fold(np.resize({v}, (1, 4, 4)), (3, 3), (2, 2))",),
    "multiply_outer": ("numpy.multiply.outer({v}, {v})",),
    "apply_along_axis": ("np.apply_along_axis(lambda t: t * t[0], {k} - 1, {r})",),
    "apply_over_axes": ("np.apply_over_axes(np.sum, {w}, [0])",),
    "modf": ("np.modf(1.5 + 0.4 * np.tanh({v}))[0]",),
    "divmod": ("np.divmod(1.5 + 0.4 * np.tanh({v}), 1.0)[1]",),
    "frexp": ("np.frexp(0.75 + 0.2 * np.tanh({v}))[0]",),
    "histogram": ("np.histogram([0.5, 1.5, 1.7], bins=2, range=(0, 2), weights=np.resize({v}, 3))[0]",),
    "unwrap": ("np.unwrap({r} * 0.1)",),
    "trim_zeros": ("np.trim_zeros({nonzero}.ravel())",),
    "setdiff1d": ("np.setdiff1d({sep}, np.array([0.013]))",),
    "emath_sqrt": ("np.emath.sqrt(1.5 + np.tanh({v}))", "np.emath.sqrt(-1.5 - np.tanh({v}))"),
    "emath_log": ("np.emath.log(1.5 + np.tanh({v}))", "np.emath.log(-1.5 - np.tanh({v}))"),
    "emath_log2": ("np.emath.log2(1.5 + np.tanh({v}))",),
    "emath_log10": ("np.emath.log10(1.5 + np.tanh({v}))",),
    "emath_logn": ("np.emath.logn(2.0, 1.5 + np.tanh({v}))",),
    "emath_power": ("np.emath.power(1.5 + np.tanh({v}), 1.5)",),
    "emath_arccos": ("np.emath.arccos(0.5 * np.tanh({v}))",),
    "emath_arcsin": ("np.emath.arcsin(0.5 * np.tanh({v}))",),
    "emath_arctanh": ("np.emath.arctanh(0.5 * np.tanh({v}))",),
    "hsplit": ("np.hsplit({m}, [1])[0]",),
    "vsplit": ("np.vsplit({m}, [1])[1]",),
    "dsplit": ("np.dsplit(np.atleast_3d({w}), [1])[0]",),
    "irfftn": ("np.fft.irfftn({w}, (2,), axes=({axis},))",),
    "nanpercentile": ("np.nanpercentile({sep}, 100 * {q}, axis={axis?})",),
    "setxor1d": ("np.setxor1d({sep}, np.array([0.013]))",),
    "unique_values": ("np.unique_values({sep})",),
    "unique_counts": ("np.unique_counts({sep})[0]",),
    "unique_inverse": ("np.unique_inverse({sep})[0]",),
    "unique_all": ("np.unique_all({sep})[0]",),
    "polydiv": ("np.polydiv(np.concatenate([{rvec}, {0}]), np.array([1.5, 0.3]))[0]",),
    "lp_pool": ("np.lp_pool(1.5 + np.tanh(np.resize({v}, (1, 1, 4))), 2.0, (2,))",),
    "linalg_cross": ("np.linalg.cross(np.resize({v}, 3), np.resize({v}, 3))",),
    "block_diag": ("linalg.block_diag({mat}, {mat})",),
    "roots": ("np.real(np.sum(np.roots(np.array([1.0, -3.0, 2.0]) + 0.1 * np.resize(np.tanh({v}), 3)) ** 3))",),
    "nextafter": ("np.nextafter({v}, 1e9)",),
    "complex_sign": ("np.sign(1.5 + np.tanh(np.real({c})) + 1j * np.imag({0}))",),
}


def fill(b: Builder, template: str) -> str:
    """The template with its holes filled; `{0}` says again what the first of them holds."""
    seen: list[str] = []

    def hole(match: re.Match[str]) -> str:
        text = seen[0] if match.group(1) == "0" else HOLES[match.group(1)](b)
        seen.append(text)
        alone = template[match.start() - 1 : match.start()] in ("(", "[", " ") and template[
            match.end() : match.end() + 1
        ] in (",", ")", "]")
        return f"({text})" if " " in text and "[" not in text[:1] and not alone else text

    return HOLE.sub(hole, template)


@maker(*TEMPLATES)
def _templated(b: Builder, name: str) -> None:
    b.line(fill(b, b.choice(TEMPLATES[name])))
