"""Takes off a skeleton's graph what thinning put there: spurs, junctions that are one, nodes that are none.

Graphs are changed in place; see `graph.py` for what they hold.
"""

import networkx as nx
import numpy as np

from semicurv_tf.vector.graph import oriented, path_length

# A wide line's square end forks into its corners, which stick out by 0.41 of the radius: what sticks out by less
# than this share of it is no branch, however wide the line.
_SHARE_OF_RADIUS = 0.75
_PIXEL = 1.0  # discs that touch except for a pixel's step
_CORNER_OF_RADIUS = 0.5  # what sticks out by less is a corner of the line's own end, not a twig


def clean(graph: nx.MultiGraph, prune_px: float) -> int:
    """Prunes spurs, makes junctions whose discs overlap one, and joins lines at nodes where only two meet.

    Args:
        graph: from `build_graph`.
        prune_px: branches that stick out of their line by less are taken off; 0 leaves all of them.

    Returns:
        How many twigs were taken off; the corners of a wide line's end are none.
    """
    join_lines(graph)
    twigs = prune_spurs(graph, prune_px)
    merge_junctions(graph)
    join_lines(graph)
    return twigs + prune_spurs(graph, prune_px)


def prune_spurs(graph: nx.MultiGraph, prune_px: float) -> int:
    """Takes off the branches that stick out of the disc at their junction by less than `prune_px`.

    What sticks out is how far the branch gets from the junction, and its radius at the end, less the junction's
    radius. Where all branches of a junction but one are such spurs, the line ends there. Of a junction with nothing
    but spurs the two longest stay, as one line.

    Returns:
        How many twigs were taken off, see `clean`.
    """
    if prune_px <= 0:
        return 0
    twigs = 0
    waiting = [node for node, degree in graph.degree() if degree >= 3]
    while waiting:
        node = waiting.pop()
        if node not in graph or graph.degree(node) < 3:
            continue
        spurs = sorted(_spurs(graph, node, prune_px))
        rest = graph.degree(node) - len(spurs)
        if rest == 0:
            spurs = spurs[:-2]
        elif rest == 1 and spurs and spurs[-1][0] > 2 * graph.nodes[node]["radius_px"]:
            spurs = spurs[:-1]  # longer than the line is wide: no corner, but how the line goes on
        for reach, end, key in spurs:
            sticks_out = reach + graph.nodes[end]["radius_px"] - graph.nodes[node]["radius_px"]
            twigs += sticks_out > max(_PIXEL, _CORNER_OF_RADIUS * graph.nodes[node]["radius_px"])
            graph.remove_edge(node, end, key)
            graph.remove_node(end)
        if spurs and graph.degree(node) == 2:
            waiting += _join(graph, node)
    return twigs


def merge_junctions(graph: nx.MultiGraph) -> None:
    """Makes one of two junctions whose discs touch: lines that cross at a slant give such pairs."""
    waiting = list(graph.edges(keys=True))
    while waiting:
        first, second, key = waiting.pop()
        if first != second and graph.has_edge(first, second, key) and _overlap(graph, first, second, key):
            waiting += _merge(graph, first, second, key)


def join_lines(graph: nx.MultiGraph) -> None:
    """Joins the two lines at every node where only two meet; closed lines keep the node where they close."""
    for node in [node for node, degree in graph.degree() if degree == 2]:
        if node in graph and graph.degree(node) == 2:
            _join(graph, node)


def _spurs(graph, node, prune_px):
    """(how far it gets, end, key) of the branches of a node that are spurs."""
    place, radius = graph.nodes[node]["position"], graph.nodes[node]["radius_px"]
    for _, end, key, edge in graph.edges(node, keys=True, data=True):
        if end == node or graph.degree(end) != 1:
            continue
        reach = float(np.hypot(*(edge["path"] - place).T).max())
        if reach + graph.nodes[end]["radius_px"] - radius < max(prune_px, _SHARE_OF_RADIUS * radius):
            yield reach, end, key


def _join(graph, node):
    """Joins the two edges at a node; returns the nodes at the ends of the new edge."""
    edges = list(graph.edges(node, keys=True, data=True))
    if len(edges) == 1:  # a closed line
        return []
    (_, first, _, first_edge), (_, second, _, second_edge) = edges
    before, radius_before = oriented(first_edge, first)
    after, radius_after = oriented(second_edge, node)
    # A junction that is none is a place beside the line, not of it: the line goes on without it.
    dropped = 1 if len(before) > 2 or len(after) > 2 else 0
    path = np.concatenate([before[: len(before) - dropped], after[1:]])
    radius = np.concatenate([radius_before[: len(before) - dropped], radius_after[1:]])
    graph.remove_node(node)
    graph.add_edge(first, second, start=first, path=path, radius_px=radius)
    return [first, second]


def _overlap(graph, first, second, key):
    if graph.degree(first) < 3 or graph.degree(second) < 3:
        return False
    radii = graph.nodes[first]["radius_px"] + graph.nodes[second]["radius_px"]
    return path_length(graph.edges[first, second, key]["path"]) <= radii + _PIXEL


def _merge(graph, kept, lost, key):
    """Makes `lost` part of `kept`, halfway; returns the edges of the new node."""
    place = (graph.nodes[kept]["position"] + graph.nodes[lost]["position"]) / 2
    radius = max(graph.nodes[kept]["radius_px"], graph.nodes[lost]["radius_px"])
    graph.remove_edge(kept, lost, key)
    moved = {}
    for node in (kept, lost):
        for _, other, other_key, edge in graph.edges(node, keys=True, data=True):
            moved[frozenset((node, other)), other_key] = (node, other, edge)
    edges = [(dict(edge), node, other) for node, other, edge in moved.values()]
    graph.remove_node(lost)
    graph.remove_edges_from(list(graph.edges(kept, keys=True)))
    graph.nodes[kept].update(position=place, radius_px=radius)
    for edge, node, other in edges:
        path, along = oriented(edge, node)
        path = path.copy()
        path[0] = place
        if other in (kept, lost):
            other = kept
            path[-1] = place
            if len(path) <= 3:
                continue  # a second way that encloses nothing
        graph.add_edge(kept, other, start=kept, path=path, radius_px=along)
    return list(graph.edges(kept, keys=True))
