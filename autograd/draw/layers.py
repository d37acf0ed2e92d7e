"""A layered layout, left to right: Sugiyama's four steps, small. No Graphviz needed.

Sugiyama, Tagawa and Toda, Methods for Visual Understanding of Hierarchical System Structures, 1981.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass

GAP = 96.0  # between columns: room for a number on each edge
SPACE = 22.0  # between boxes of a column
LANE = 16.0  # height of an edge that passes a column
LONGEST = 24  # columns: a longer edge is drawn over whatever stands between
SWEEPS = 16

Point = tuple[float, float]


@dataclass(slots=True)
class Layout:
    """Where everything stands: the boxes' centres, and for each edge the points that it passes."""

    centres: list[Point]
    routes: list[list[Point]]
    width: float
    height: float


def arrange(sizes: Sequence[Point], edges: Sequence[tuple[int, int]]) -> Layout:
    """Place boxes of `sizes` (width, height), every edge leading from a lower to a higher number.

    A box without inputs stands just before its first user. An edge passes the columns between its ends in a lane of
    its own; its route is a list of points, two for each such column, that smooth curves join.

    >>> arrange([(10.0, 10.0), (10.0, 10.0)], [(0, 1)]).centres
    [(5.0, 5.0), (111.0, 5.0)]
    """
    rank = _ranks(len(sizes), edges)
    boxes = list(sizes)
    links: list[tuple[int, int]] = []
    lanes: list[list[int]] = []
    for tail, head in edges:  # a lane is a box of no width in each column that the edge passes
        between = range(rank[tail] + 1, rank[head]) if rank[head] - rank[tail] <= LONGEST else ()
        lanes.append([])
        before = tail
        for column in between:
            rank.append(column)
            boxes.append((0.0, LANE))
            lanes[-1].append(len(boxes) - 1)
            links.append((before, len(boxes) - 1))
            before = len(boxes) - 1
        if rank[head] - rank[before] == 1:
            links.append((before, head))
    columns = _order(rank, links, len(sizes))
    y = _heights(columns, boxes, links, len(sizes))
    widths = [max((boxes[i][0] for i in column), default=0.0) for column in columns]
    x, left = [], 0.0
    for width in widths:
        x.append(left + width / 2)
        left += width + GAP
    routes = []
    for lane in lanes:
        route: list[Point] = []
        for i in lane:
            half = widths[rank[i]] / 2
            route += [(x[rank[i]] - half, y[i]), (x[rank[i]] + half, y[i])]
        routes.append(route)
    centres = [(x[rank[i]], y[i]) for i in range(len(sizes))]
    height = max((y[i] + boxes[i][1] / 2 for i in range(len(boxes))), default=0.0)
    return Layout(centres, routes, max(left - GAP, 0.0), height)


def _ranks(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """The longest way from a box without inputs; these themselves as far right as their users let them."""
    rank = [0] * count
    inputs = [False] * count
    for tail, head in sorted(edges, key=lambda edge: edge[1]):
        rank[head] = max(rank[head], rank[tail] + 1)
        inputs[head] = True
    nearest: dict[int, int] = {}
    for tail, head in edges:
        nearest[tail] = min(nearest.get(tail, rank[head]), rank[head])
    for i, column in nearest.items():
        if not inputs[i]:
            rank[i] = column - 1
    first = min(rank, default=0)
    return [column - first for column in rank]


def _order(rank: list[int], links: Sequence[tuple[int, int]], real: int) -> list[list[int]]:
    """Who stands above whom in each column: as a walk from the last box meets them, then with fewer crossings."""
    tails: list[list[int]] = [[] for _ in rank]
    heads: list[list[int]] = [[] for _ in rank]
    for tail, head in links:
        tails[head].append(tail)
        heads[tail].append(head)
    columns: list[list[int]] = [[] for _ in range(max(rank, default=-1) + 1)]
    seen: set[int] = set()
    for start in range(real - 1, -1, -1):
        stack = [start]
        while stack:
            box = stack.pop()
            if box in seen:
                continue
            seen.add(box)
            columns[rank[box]].append(box)
            stack += reversed(tails[box])
    best, fewest = [list(c) for c in columns], _crossings(columns, heads)
    for sweep in range(SWEEPS):
        if fewest == 0:
            break
        beside = tails if sweep % 2 == 0 else heads
        for k in range(len(columns)) if sweep % 2 == 0 else range(len(columns) - 1, -1, -1):
            column = columns[k]
            near = columns[max(k - 1, 0) : k + 2]
            place = {box: i for other in near for i, box in enumerate(other)}
            means = {
                box: sum(place[n] for n in beside[box]) / len(beside[box]) if beside[box] else place[box]
                for box in column
            }
            column.sort(key=means.__getitem__)
        count = _crossings(columns, heads)
        if count < fewest:
            best, fewest = [list(c) for c in columns], count
    return best


def _crossings(columns: list[list[int]], heads: list[list[int]]) -> int:
    """How many pairs of links cross."""
    total = 0
    for left, right in zip(columns, columns[1:], strict=False):
        place = {box: i for i, box in enumerate(right)}
        met: list[int] = []
        for box in left:
            ends = sorted(place[h] for h in heads[box] if h in place)
            total += sum(len(met) - bisect_right(met, end) for end in ends)
            for end in ends:
                insort(met, end)
    return total


def _heights(
    columns: list[list[int]], boxes: Sequence[Point], links: Sequence[tuple[int, int]], real: int
) -> list[float]:
    """Every box as near as its column allows to the mean of those it is linked with; lanes straight first."""
    beside: list[list[tuple[int, float]]] = [[] for _ in boxes]
    for tail, head in links:
        weight = 1.0 + 3.0 * (tail >= real) + 3.0 * (head >= real)
        beside[head].append((tail, weight))
        beside[tail].append((head, weight))
    y = [0.0] * len(boxes)
    apart: list[list[float]] = []
    for column in columns:
        gaps = [0.0]
        for above, below in zip(column, column[1:], strict=False):
            space = SPACE if above < real or below < real else 0.0
            gaps.append(gaps[-1] + (boxes[above][1] + boxes[below][1]) / 2 + space)
        apart.append(gaps)
        for box, gap in zip(column, gaps, strict=True):
            y[box] = gap - gaps[-1] / 2
    for sweep in range(SWEEPS):
        for k in range(len(columns)) if sweep % 2 else range(len(columns) - 1, -1, -1):
            column = columns[k]
            wanted, weights = [], []
            for box in column:
                weight = sum(w for _, w in beside[box])
                mean = sum(y[n] * w for n, w in beside[box]) / weight if weight else y[box]
                wanted.append(mean)
                weights.append(weight or 0.1)
            for box, place in zip(column, _spread(wanted, weights, apart[k]), strict=True):
                y[box] = place
    top = min((y[i] - boxes[i][1] / 2 for i in range(len(boxes))), default=0.0)
    return [value - top for value in y]


def _spread(wanted: Sequence[float], weights: Sequence[float], apart: Sequence[float]) -> list[float]:
    """The places nearest to those wanted, in weighted squares, that keep order and distance (pooled violators)."""
    pools: list[tuple[float, float, int]] = []
    for want, weight, gap in zip(wanted, weights, apart, strict=True):
        mean, total, count = want - gap, weight, 1
        while pools and pools[-1][0] > mean:
            m, w, n = pools.pop()
            mean, total, count = (mean * total + m * w) / (total + w), total + w, count + n
        pools.append((mean, total, count))
    flat = [mean for mean, _, count in pools for _ in range(count)]
    return [base + gap for base, gap in zip(flat, apart, strict=True)]
