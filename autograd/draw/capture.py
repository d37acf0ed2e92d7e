"""What a graph knows: its nodes, the values that are still kept, and the gradient that flows along every edge.

Recorded values come first. Those that no rule needed are computed again from their parents, and checked wherever a
recorded value follows from them: a leaf may have been given new data since.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd import graph
from autograd.draw.stats import TELLING, Fact, Flow, Part, Statistics, added, fact_of, note, recording
from autograd.state import GradError

SMALL = 6  # elements: up to this many are printed one by one
RECOMPUTE = 1 << 16  # elements: larger arrays are not worth computing again for a picture


@dataclass(slots=True)
class Record:
    """A graph in the order it was made, and what could be measured of it.

    Attributes
    ----------
    nodes : list
        Every node that the root depends on, oldest first; the root is the last.
    names : dict
        Leaves' names; `parameters` says which leaves belong to the model, `missing` which of the model's are not here.
    values, gradients : dict
        Arrays by node, of the nodes that are shown. A gradient is the whole of what arrives at the node; of one with
        more than `stats.SAMPLE` elements it is a sample without axes.
    into : dict
        By node, what was noted of the gradient's parts that arrive at it: see `statistics`.
    flow : Flow or None
        What the backward pass sent along each edge.
    contributions : dict
        By (consumer, place among its arguments), of edges shown: the RMS of the gradient's part that goes this way.
    noted : dict
        By node, what was noted of its value where that was kept; `kept` has the bytes that the graph keeps, by node
        (nothing if it was freed).
    facts : dict
        By node, what its values say about dead units and flat elements.
    troubles : list of Trouble
        What is wrong, the gravest first; `marks` has the first of every node.
    seed : float
        RMS of the gradient at the root: all other sizes are relative to it.
    notes : list of str
        What the picture cannot show, and why.
    """

    nodes: list[Any]
    names: dict[Any, str] = field(default_factory=dict)
    parameters: set[Any] = field(default_factory=set)
    missing: list[Any] = field(default_factory=list)
    values: dict[Any, Any] = field(default_factory=dict)
    gradients: dict[Any, Any] = field(default_factory=dict)
    into: dict[Any, list[Part]] = field(default_factory=dict)
    flow: Flow | None = None
    contributions: dict[tuple[Any, int], float] = field(default_factory=dict)
    noted: dict[Any, Part] = field(default_factory=dict)
    kept: dict[Any, int] = field(default_factory=dict)
    facts: dict[Any, Fact] = field(default_factory=dict)
    troubles: list[Any] = field(default_factory=list)
    marks: dict[Any, Any] = field(default_factory=dict)
    seed: float = 1.0
    notes: list[str] = field(default_factory=list)
    members: set[Any] = field(default_factory=set)
    _statistics: dict[Any, Statistics] = field(default_factory=dict)

    @property
    def root(self) -> Any:
        return self.nodes[-1]

    def statistics(self, node: Any) -> Statistics:
        """Of the whole gradient that arrives at `node`; all zero where none does."""
        found = self._statistics.get(node)
        if found is None:
            parts = self.into.get(node)
            found = added(parts).statistics() if parts else Statistics(0.0, 0.0, 1.0, 0, 0, node.size, False)
            self._statistics[node] = found
        return found


def record(root: Any, model: Any = None) -> Record:
    """The structure under `root`, with the leaves' names: the model's where it has one, else their own."""
    found = Record(graph.topological([root])[::-1])
    found.members = set(found.nodes)
    for node in found.nodes:
        if node.op is None and node.name is not None:
            found.names[node] = str(node.name)
    if model is not None:
        for name, tensor in model.named_parameters():
            node = getattr(tensor, "_node", None)
            if node is not None and node not in found.parameters:  # tied weights: the first name is the one to show
                found.parameters.add(node)
                found.names[node] = str(name)
                if node not in found.members:
                    found.missing.append(node)
    return found


def measure_gradients(found: Record, gradient: Any = None, flow: Flow | None = None, timed: bool = False) -> None:
    """Note what flows along every edge: from `flow`, which watched a backward pass, else by running the chain rule."""
    root = found.root
    seed = np.ones(root.shape, root.dtype) if gradient is None else _seed(gradient, root)
    if flow is None:
        flow = _run(found, seed, gradient is not None, timed)
    elif not flow.parts and flow.lines:  # it saw the forward pass alone
        seen = flow
        flow = _run(found, seed, gradient is not None, timed)
        if flow is not None:
            flow.lines = seen.lines
    elif root.op is not None and not any((root, place) in flow.parts for place in range(len(root.parents))):
        found.notes.append("no gradients: the flow that was given was recorded in another backward pass")
        flow = None
    if flow is None:
        return
    found.flow = flow
    with np.errstate(all="ignore"):
        found.seed = rms(seed) or 1.0
        found.into[root] = [note(seed)]
    for (node, place), part in flow.parts.items():
        if node in found.members:
            found.into.setdefault(node.parents[place], []).append(part)
    found.facts = {node: fact for node, fact in flow.facts.items() if node in found.members}


def look(found: Record) -> None:
    """Note what the values that are still kept say about dead units and flat elements."""
    for node in found.nodes:
        if node.op is not None and node not in found.facts and node.op.name in TELLING and node.args is not None:
            fact = fact_of(node)
            if fact is not None:
                found.facts[node] = fact


def kept_bytes(found: Record) -> dict[Any, int]:
    """By node, the bytes that the graph keeps for its backward pass.

    Memory that several share counts where it is met first, and that of leaves not at all.
    """
    counted = {id(graph.storage(v)) for node in found.nodes if isinstance(v := _leaf_value(node), np.ndarray)}
    result = {}
    for node in found.nodes:
        result[node] = 0
        for array in (*_arrays(node), node.out) if node.op is not None else ():
            if isinstance(array, np.ndarray) and id(base := graph.storage(array)) not in counted:
                counted.add(id(base))
                result[node] += base.nbytes
    return result


def _leaf_value(node: Any) -> Any:
    return node.value() if node.op is None else None


def _arrays(node: Any) -> list[Any]:
    """Everything that was kept of the arguments."""
    return [a for arg in node.args or () for a in (arg if isinstance(arg, (tuple, list)) else (arg,))]


def _run(found: Record, seed: Any, seeded: bool, timed: bool) -> Flow | None:
    """A backward pass that leaves the graph as it is; None, with a note, where there can be none."""
    root = found.root
    if any(node.op is not None and node.args is None for node in found.nodes):
        found.notes.append(
            "no gradients: this graph was freed by backward(); draw first, pass retain_graph=True, or run backward "
            "inside autograd.draw.recording() and pass its flow"
        )
        return None
    if not seeded and root.shape != () and root.size != 1:
        shape = format_shape(root.shape)
        found.notes.append(f"no gradients: the root has shape {shape}, not one element; pass gradient= to seed it")
        return None
    if root.dtype.kind not in "fc":
        found.notes.append(f"no gradients: the root has dtype {root.dtype}")
        return None
    try:
        with np.errstate(all="ignore"), recording(timed=timed) as flow:
            graph.propagate({root: seed if seed.ndim else seed[()]}, retain_graph=True)
    except GradError as error:
        found.notes.append(f"no gradients: {error}")
        return None
    return flow


def _seed(gradient: Any, root: Any) -> Any:
    seed = np.asarray(getattr(gradient, "data", gradient) if hasattr(gradient, "_node") else gradient, root.dtype)
    if seed.shape != root.shape:
        raise ValueError(f"draw: gradient has shape {seed.shape}, but the tensor has {root.shape}; they must be equal")
    return np.conj(seed) if seed.dtype.kind == "c" else seed


def show_gradients(found: Record, shown: Collection[Any]) -> None:
    """Keep the gradients of the nodes `shown` as arrays, as users see them: of complex numbers the conjugate."""
    for node in shown:
        parts = found.into.get(node)
        if parts:
            whole = added(parts)
            array = np.conj(whole.sample) if node.dtype.kind == "c" else np.asarray(whole.sample)
            found.gradients[node] = array.reshape(node.shape) if whole.whole else array


def measure_values(found: Record, shown: Collection[Any], root_value: Any) -> None:
    """The values of the nodes `shown`: those recorded, then those that follow from them; of all others, a note."""
    known = recorded(found.nodes)
    known[found.root] = root_value
    derived: dict[Any, Any] = {}
    stale = False
    for node in found.nodes:
        if node.op is None or node.args is None:
            continue
        checks = node in known and any(parent in derived for parent in node.parents)
        if (node in known and not checks) or (node not in known and node not in shown):
            continue
        value = again(node, {**{p: derived[p] for p in node.parents if p in derived}, **_of(node.parents, known)})
        if value is None:
            continue
        if checks:
            stale = stale or not np.allclose(value, known[node], rtol=1e-3, atol=1e-6, equal_nan=True)
        else:
            derived[node] = value
    if stale:
        found.notes.append(
            "a leaf was given new data after this graph was made: values that were not kept are left out"
        )
        derived = {}
    for node in shown:
        value = known.get(node, derived.get(node))
        if value is not None:
            found.values[node] = np.asarray(value)
    with np.errstate(all="ignore"):
        for node, value in {**known, **derived}.items():
            if isinstance(value, (np.ndarray, np.generic)):
                found.noted[node] = note(value)
    if not any(node.op is not None and node.args is None for node in found.nodes):
        found.kept = kept_bytes(found)


def recorded(nodes: Iterable[Any]) -> dict[Any, Any]:
    """Values that the graph holds: as a node's own result, or as an argument kept by a consumer."""
    known: dict[Any, Any] = {}
    for node in nodes:
        if node.op is None:
            continue
        value = node.value()
        if value is not None:
            known[node] = value
        for parent, arg in zip(node.parents, _arguments(node), strict=False):
            if parent is not None and isinstance(arg, (np.ndarray, np.generic)) and arg.shape == parent.shape:
                known[parent] = arg
    for node in nodes:
        if node.op is None and node not in known:
            value = node.value()
            if value is not None:
                known[node] = value
    return known


def _of(parents: Iterable[Any], known: dict[Any, Any]) -> dict[Any, Any]:
    return {parent: known[parent] for parent in parents if parent in known}


def _arguments(node: Any) -> tuple[Any, ...]:
    """What was kept of the array arguments, one entry per parent."""
    if node.args is None or node.op is None:
        return ()
    if getattr(node.op, "variadic", False):
        kept = node.args[node.op.positions[0]]
        return tuple(kept) if isinstance(kept, (tuple, list)) else ()
    positions = getattr(node.op, "positions", range(len(node.parents)))
    return tuple(node.args[i] if i < len(node.args) else None for i in positions)


def again(node: Any, values: dict[Any, Any]) -> Any:
    """The node's value computed again from its parents', or None where something is missing or it would cost much."""
    arrays: list[Any] = []
    for parent, arg in zip(node.parents, _arguments(node), strict=False):
        value = arg if parent is None else values.get(parent)
        if value is None or not isinstance(value, (np.ndarray, np.generic, int, float, complex)):
            return None
        arrays.append(value)
    if len(arrays) != len(node.parents) or sum(np.size(a) for a in arrays) + node.size > RECOMPUTE:
        return None
    args = list(node.args)
    if getattr(node.op, "variadic", False):
        args[node.op.positions[0]] = tuple(arrays)
    else:
        for i, value in zip(node.op.positions, arrays, strict=True):
            args[i] = value
    try:
        with np.errstate(all="ignore"):
            value = np.asarray(node.op.forward(*args))
    except Exception:  # a picture without this value is better than none
        return None
    return value if value.shape == node.shape else None


def constants(node: Any) -> list[Any]:
    """The array arguments that are not part of the graph, where they were kept: arrays, numbers or stand-ins."""
    return [a for p, a in zip(node.parents, _arguments(node), strict=False) if p is None and a is not None]


def detail(node: Any) -> str:
    """What else the op was told and a reader wants to know: the index of getitem, the axis of a reduction."""
    names = getattr(node.op, "names", ())
    for name, value in zip(names, node.args or (), strict=False):
        if name == "axis" and value is not None:
            return f"axis {value}".replace("-", "−")
        if name == "index":
            entries = value if isinstance(value, tuple) else (value,)
            return f"[{', '.join(map(_index, entries))}]"
    return ""


def _index(entry: Any) -> str:
    if isinstance(entry, slice):
        ends = ["" if end is None else str(end) for end in (entry.start, entry.stop, entry.step)]
        return ":".join(ends if ends[2] else ends[:2])
    if entry is Ellipsis:
        return "…"
    return str(entry) if entry is None or np.ndim(entry) == 0 else f"array {format_shape(np.shape(entry))}"


def rms(x: Any) -> float:
    """Root of the mean square, without overflow; NaN and infinity stay what they are, nothing gives zero."""
    size = np.abs(np.asarray(x)).astype(np.float64)
    top = float(size.max()) if size.size else 0.0
    if top == 0.0 or not np.isfinite(top):
        return top
    return top * float(np.sqrt(np.mean((size / top) ** 2)))


def format_shape(shape: tuple[int, ...]) -> str:
    """`(2, 3)` as `2×3`, and a scalar's shape as `scalar`."""
    return "×".join(str(n) for n in shape) if shape else "scalar"


def format_number(x: Any, sign: bool = False) -> str:
    """Six digits at most, with a true minus sign."""
    return format(x, "+.6g" if sign else ".6g").replace("-", "−") if not isinstance(x, (bool, np.bool_)) else str(x)


def format_values(x: Any, sign: bool = False) -> str:
    """A scalar in full, up to `SMALL` elements with four digits, nothing for more."""
    array = np.asarray(x)
    if array.size == 1:
        return format_number(array.ravel()[0], sign)
    if array.size == 0 or array.size > SMALL:
        return ""
    text = np.array2string(array, separator=", ", formatter={"all": lambda v: format(v, ".4g")}, max_line_width=10**6)
    return text.replace("\n", "").replace("-", "−")


def format_dtype(dtype: Any) -> str:
    """`float32` as `f32`."""
    name = str(dtype)
    for long, short in (("float", "f"), ("complex", "c"), ("uint", "u"), ("int", "i")):
        if name.startswith(long):
            return short + name[len(long) :]
    return name
