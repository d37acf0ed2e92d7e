"""A picture as plain values: what `Drawing.json` holds and the page draws from. The schema is in docs/pictures.md."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.draw.capture import SMALL, constants, detail, format_number
from autograd.draw.dot import SYMBOLS
from autograd.draw.fold import View, share_of
from autograd.draw.sheet import wrong
from autograd.draw.stats import Part as Noted
from autograd.draw.stats import Statistics, added
from autograd.draw.tree import Part, Tree

FORMAT = "glassgrad graph"
VERSION = 1


def number(x: Any, digits: int = 6) -> float | int | str | None:
    """`x` as JSON has it, so many digits of it: NaN, infinities and complex numbers become words."""
    if isinstance(x, (bool, np.bool_, int, np.integer)):
        return int(x)
    if isinstance(x, (complex, np.complexfloating)):
        return format(complex(x), f".{digits}g")
    x = float(x)
    if math.isfinite(x):
        short = float(f"{x:.{digits}g}")
        return int(short) if short.is_integer() and abs(short) < 1e15 else short
    return wrong(x)


def statistics(told: Statistics, numbers: Any = None) -> dict[str, Any]:
    """RMS, and of an array what else is not plain; the numbers of a small one."""
    found: dict[str, Any] = {"rms": number(told.rms, 4)}
    if told.size > 1:
        found["max"] = number(told.max, 4)
        found |= {"zeros": number(told.zeros, 4)} if told.zeros else {}
        found |= {"sampled": True} if told.sampled else {}
    found |= {"nan": told.nans} if told.nans else {}
    found |= {"infinite": told.infinities} if told.infinities else {}
    if numbers is not None and 0 < np.size(numbers) <= SMALL:
        found["numbers"] = [number(x) for x in np.ravel(numbers).tolist()]
    return found


def build(view: View, caption: str) -> dict[str, Any]:
    """The whole graph, with the parts that can be opened and closed, as dicts, lists, numbers and strings."""
    return _Builder(view).told(caption)


def as_json(told: dict[str, Any]) -> str:
    """The same bytes from run to run: keys in order, ASCII."""
    return json.dumps(told, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n"


class _Builder:
    def __init__(self, view: View) -> None:
        self.view = view
        self.record = view.record
        self.tree = Tree(view)
        self.nodes = [*view.record.nodes, *view.record.missing]
        self.number = {node: i for i, node in enumerate(self.nodes)}
        self.places: dict[Any, list[tuple[Any, int]]] = {}  # by node, where its value goes in
        for node in view.record.nodes:
            for place, parent in enumerate(node.parents):
                if parent is not None:
                    self.places.setdefault(parent, []).append((node, place))

    def told(self, caption: str) -> dict[str, Any]:
        view, record = self.view, self.record
        names = {self._op(node) for node in record.nodes if node.op is not None}
        self.shares = self._flows()
        return {
            "format": FORMAT,
            "version": VERSION,
            "caption": caption,
            "show": view.show,
            "seed": number(record.seed),
            "top": number(view.top),
            "adopt": view.folding.inner,
            "constants": any(box.kind == "constant" for box in view.boxes),
            "symbols": {name: SYMBOLS[name] for name in sorted(names) if name in SYMBOLS},
            "nodes": [self._node(node) for node in self.nodes],
            "parts": self._parts(),
            "notes": list(record.notes),
            "troubles": [
                {
                    "kind": found.kind,
                    "name": found.name,
                    "node": self.number[found.node],
                    "said": found.said,
                    "word": found.word,
                }
                for found in record.troubles
            ],
        }

    @staticmethod
    def _op(node: Any) -> str:
        return str(getattr(node.op, "label", None) or node.op.name)

    def _node(self, node: Any) -> dict[str, Any]:
        record = self.record
        told: dict[str, Any] = {"shape": list(node.shape), "dtype": str(node.dtype)}
        if node.op is None:
            told["name"] = record.names.get(node, "")
            told["kind"] = "parameter" if node in record.parameters else "leaf"
            if node not in record.members:
                told["reached"] = False
                return told
        else:
            told |= self._made(node)
        if (noted := record.noted.get(node)) is not None:
            told["value"] = statistics(noted.statistics(), noted.sample if noted.whole else None)
        elif (value := record.values.get(node)) is not None:
            told["value"] = statistics(Noted(value, None, value.size).statistics(), value)
        if parts := record.into.get(node):
            whole = added(parts)
            sample = np.conj(whole.sample) if node.dtype.kind == "c" else whole.sample
            told["gradient"] = statistics(record.statistics(node), sample if whole.whole else None)
        return told

    def _made(self, node: Any) -> dict[str, Any]:
        """What is known of an op alone."""
        record, flow = self.record, self.record.flow
        told: dict[str, Any] = {
            "op": self._op(node),
            "part": self.tree.home[node],
            "in": [self.number[parent] if parent is not None else None for parent in node.parents],
        }
        if said := detail(node):
            told["detail"] = said
        fixed = constants(node)
        scalars = [c for c in fixed if getattr(c, "shape", ()) == ()]
        numbers = [c for c in scalars if isinstance(c, (int, float, complex, np.generic, np.ndarray))]
        if numbers:
            told["given"] = [format_number(c[()] if isinstance(c, np.ndarray) else c) for c in numbers]
        arrays = [c for c in fixed if getattr(c, "shape", ()) != ()]
        if arrays:
            told["constants"] = [{"shape": list(c.shape), "dtype": str(c.dtype)} for c in arrays]
        if flow is not None:
            flows = [self.shares.get((node, place)) for place in range(len(node.parents))]
            told |= {"flows": flows} if any(flows) else {}
            if node in flow.lines:
                told["line"] = flow.lines[node]
            if node in flow.seconds:
                told["seconds"] = number(flow.seconds[node], 3)
        if record.kept.get(node):
            told["memory"] = record.kept[node]
        return told

    # ---- what flows along the edges

    def _flows(self) -> dict[tuple[Any, int], list[Any]]:
        """By (op's node, place): the RMS of what flows back, and its share of all that reaches the argument."""
        flow = self.record.flow
        if flow is None:
            return {}
        told = {}
        for node, places in self.places.items():
            parts = [flow.parts[place] for place in places if place in flow.parts]
            whole = added(self.record.into[node]).sample if len(parts) > 1 else None
            for place in places:
                if (part := flow.parts.get(place)) is not None:
                    told[place] = self._part(part, whole)
        return told

    @staticmethod
    def _part(part: Noted, whole: Any) -> list[Any]:
        share = 1.0 if whole is None else share_of(part.sample, whole)
        return [number(part.statistics().rms, 4), None if share is None else number(share)]

    def _parts(self) -> list[dict[str, Any]]:
        takes, gives = self._borders()
        return [self._told(part, takes.get(i), gives.get(i)) for i, part in enumerate(self.tree.parts)]

    @staticmethod
    def _told(part: Part, takes: Any, gives: Any) -> dict[str, Any]:
        told: dict[str, Any] = {"kind": part.kind, "label": part.label, "outer": part.outer, "open": part.open}
        told |= {"name": part.name} if part.name else {}
        told |= {"count": part.count, "shared": part.shared} if part.count > 1 else {}
        told |= {"takes": takes} if takes else {}
        told |= {"gives": gives} if gives else {}
        return told

    def _borders(self) -> tuple[dict[int, list[Any]], dict[int, list[Any]]]:
        """What crosses a part's border where several edges, but not all of a value's, go the same way.

        By part: [value, RMS, share] of what goes in, and of what comes out.
        """
        takes: dict[int, list[Any]] = {}
        gives: dict[int, list[Any]] = {}
        flow = self.record.flow
        if flow is None:
            return takes, gives
        for node, places in self.places.items():
            known = [place for place in places if place in flow.parts]
            if len(known) < 3:
                continue
            home = set(self._chain(self.tree.home[node])) if node.op is not None else {0}
            inside: dict[int, list[Any]] = {}
            for place in known:
                for part in self._chain(self.tree.home[place[0]]):
                    inside.setdefault(part, []).append(place)
            whole = added(self.record.into[node]).sample
            for part, within in inside.items():
                if part not in home and 1 < len(within) < len(known):
                    takes.setdefault(part, []).append([self.number[node], *self._sum(within, whole)])
            for part in home - {0}:
                within = inside.get(part, [])
                outside = [place for place in known if place not in within]
                if 1 < len(outside) < len(known):
                    gives.setdefault(part, []).append([self.number[node], *self._sum(outside, whole)])
        return takes, gives

    def _sum(self, places: Sequence[tuple[Any, int]], whole: Any) -> list[Any]:
        return self._part(added([self.record.flow.parts[place] for place in places]), whole)  # type: ignore[union-attr]

    def _chain(self, part: int) -> list[int]:
        """The part and those around it, the graph itself left out."""
        chain = []
        while part > 0:
            chain.append(part)
            part = self.tree.parts[part].outer
        return chain
