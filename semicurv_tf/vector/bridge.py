"""Makes one network of broken lines: gaps between ends are bridged, ends short of a line are led on to it.

An end looks ahead: to another end that looks back at it, or to a line that crosses its way. The shortest bridges are
built first, those that bend count as longer; every end takes part in one at most. Loops stay as they are, and a bridge
may close one; it does not cut a corner of the line that it comes from.

Graphs are changed in place; see `graph.py` for what they hold. Points of a bridge have the radius 0: there is no mask.
"""

import networkx as nx
import numpy as np
from scipy.spatial import cKDTree

from semicurv_tf.vector.graph import oriented, path_length
from semicurv_tf.vector.prune import join_lines

_DIRECTION_PX = 10.0  # an end looks where so much of its line points to
_SPECK_PX = 8.0  # lines that are shorter, their round ends included, point nowhere
_WIDEST_TURN = np.cos(np.radians(50.0))  # of an end towards what it reaches, for both ends
_TURN_COSTS = 1.0  # a bridge at the widest turn counts as if it were longer by so much of its length, about
# Back to its own line only over a way that is so many times as long: the rest is a bend, or a ragged end.
_WAY_ROUND = 4.0


def bridge_gaps(graph: nx.MultiGraph, bridge_px: float) -> int:
    """Bridges the gaps of a cleaned graph.

    Args:
        graph: after `prune.clean`.
        bridge_px: largest gap between the edges of the mask on either side; 0 bridges none.

    Returns:
        How many bridges were built.
    """
    built = 0
    while bridge_px > 0 and (now := _bridge_once(graph, bridge_px)):
        built += now
    return built


def _bridge_once(graph, bridge_px) -> int:
    """One bridge at most onto each line, which is cut by it."""
    ends = [node for node, degree in graph.degree() if degree == 1]
    if not ends:
        return 0
    onto_ends = ((cost, end, (other,)) for cost, end, other in _between_ends(graph, ends, bridge_px))
    free, built = set(ends), 0
    for _, end, onto in sorted([*onto_ends, *_onto_lines(graph, ends, bridge_px)]):
        if end not in free or (len(onto) == 1 and onto[0] not in free):
            continue
        target = onto[0] if len(onto) == 1 else _node_on_line(graph, *onto)
        if target is None or target == end or _cuts_corner(graph, end, target):
            continue
        _build(graph, end, target)
        free -= {end, target}
        built += 1
    join_lines(graph)
    return built


def _cuts_corner(graph, one, other) -> bool:
    distance = np.hypot(*(graph.nodes[one]["position"] - graph.nodes[other]["position"]))
    ways = [path_length(edge["path"]) for edge in graph[one].get(other, {}).values()]
    return min(ways, default=np.inf) < _WAY_ROUND * distance


def _looks(graph, end) -> np.ndarray | None:
    """The unit direction in which a line leaves its end; None where it is a speck."""
    ((_, _, edge),) = graph.edges(end, data=True)
    path, radius = oriented(edge, end)
    if path_length(path) + radius[0] + radius[-1] < _SPECK_PX:
        return None
    away = np.hypot(*(path - path[0]).T)
    far = np.flatnonzero(away >= _DIRECTION_PX)
    step = path[0] - path[far[0] if len(far) else int(np.argmax(away))]
    size = np.hypot(*step)
    return step / size if size > 0 else None


def _between_ends(graph, ends, bridge_px):
    """(cost, end, other end) of the pairs of ends that look at one another."""
    places = np.array([graph.nodes[end]["position"] for end in ends])
    radii = np.array([graph.nodes[end]["radius_px"] for end in ends])
    looks = [_looks(graph, end) for end in ends]
    for one, other in cKDTree(places).query_pairs(bridge_px + 2 * radii.max()):
        step = places[other] - places[one]
        distance = np.hypot(*step)
        gap = distance - radii[one] - radii[other]
        if gap > bridge_px or distance == 0 or looks[one] is None or looks[other] is None:
            continue
        ahead = min(looks[one] @ step, -looks[other] @ step) / distance
        # Ends that all but touch may lie side by side: where they look to does not count there.
        if ahead < _WIDEST_TURN and distance > 2.5:
            continue
        if not _cuts_corner(graph, ends[one], ends[other]):  # the two ends of one line may close a ring
            yield float(_cost(gap, ahead)), ends[one], ends[other]


def _onto_lines(graph, ends, bridge_px):
    """(cost, end, (from, to, key, index of its point) of a line) where an end has a line ahead."""
    edges = list(graph.edges(keys=True))
    counts = [len(graph.edges[edge]["path"]) for edge in edges]
    of = np.repeat(np.arange(len(edges)), counts)
    at = np.concatenate([np.arange(count) for count in counts])
    points = np.concatenate([graph.edges[edge]["path"] for edge in edges])
    radii = np.concatenate([graph.edges[edge]["radius_px"] for edge in edges])
    tree, widest = cKDTree(points), float(radii.max())
    for end in ends:
        place, radius, looks = graph.nodes[end]["position"], graph.nodes[end]["radius_px"], _looks(graph, end)
        near = np.array(tree.query_ball_point(place, bridge_px + radius + widest), int)
        if looks is None or not len(near):
            continue
        step = points[near] - place
        distance = np.maximum(np.hypot(*step.T), 1e-9)
        gap, ahead = distance - radius - radii[near], step @ looks / distance
        fits = (gap <= bridge_px) & (ahead >= _WIDEST_TURN) & (distance > 1)
        for index in np.flatnonzero(fits):
            edge = edges[of[near[index]]]
            if end in edge[:2]:
                path, _ = oriented(graph.edges[edge], end)
                along = at[near[index]] if graph.edges[edge]["start"] == end else len(path) - 1 - at[near[index]]
                if path_length(path[: along + 1]) < _WAY_ROUND * distance[index]:
                    fits[index] = False
        if not fits.any():
            continue
        costs = np.where(fits, _cost(gap, ahead), np.inf)
        best = int(np.argmin(costs))
        yield float(costs[best]), end, (*edges[of[near[best]]], int(at[near[best]]))


def _cost(gap, ahead):
    return np.maximum(gap, 0.5) * (1 + _TURN_COSTS * (1 - ahead) / (1 - _WIDEST_TURN))


def _node_on_line(graph, first, second, key, place: int) -> int | None:
    """A node at a point of a line, which is cut there; its own node near its ends. None where the line is no more."""
    if not graph.has_edge(first, second, key):
        return None  # cut by a bridge before
    edge = graph.edges[first, second, key]
    path, radius, start = edge["path"], edge["radius_px"], edge["start"]
    end = second if start == first else first
    if place <= 1 or place >= len(path) - 2:
        return start if place <= 1 else end
    node = max(graph.nodes) + 1
    graph.add_node(node, position=path[place], radius_px=float(radius[place]))
    graph.remove_edge(first, second, key)
    graph.add_edge(start, node, start=start, path=path[: place + 1], radius_px=radius[: place + 1])
    graph.add_edge(node, end, start=node, path=path[place:], radius_px=radius[place:])
    return node


def _build(graph, end, target) -> None:
    start, stop = graph.nodes[end]["position"], graph.nodes[target]["position"]
    count = max(2, round(float(np.hypot(*(stop - start)))) + 1)
    path = start + np.linspace(0, 1, count)[:, None] * (stop - start)
    path[-1] = stop
    graph.add_edge(end, target, start=end, path=path, radius_px=np.zeros(count))
