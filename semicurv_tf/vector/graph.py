"""From a skeleton to a graph: end points and junctions are nodes, the lines between them are edges.

A graph is a `networkx.MultiGraph`: two junctions may be joined twice, and a closed line joins a node with itself.

    node: position `(2,)` x, y; radius_px; kind is its degree: 1 an end point, 3 and more a junction,
          2 the place where a closed line was cut open, 0 a dot
    edge: path float64 `(points, 2)` x, y in pixels, from the node `start` to the other one, both included;
          radius_px `(points,)`

Coordinates are in pixels, x right, y down, pixel centres at integers.
"""

from array import array

import networkx as nx
import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from semicurv_tf.vector.skeleton import Skeleton

# Half of a pixel's eight neighbours; the other half are those that have it as theirs.
_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))


def build_graph(skeleton: Skeleton) -> nx.MultiGraph:
    """The graph of a skeleton, see the module. Empty where the skeleton is."""
    graph = nx.MultiGraph()
    count = len(skeleton.rows)
    if count == 0:
        return graph
    pairs = _neighbours(skeleton)
    degree = np.bincount(pairs.ravel(), minlength=count)
    node_of = _label_nodes(skeleton, pairs, degree)
    positions = np.stack([skeleton.columns, skeleton.rows], axis=1).astype(np.float64)
    members = np.flatnonzero(node_of >= 0)
    weight = np.bincount(node_of[members])
    centre = np.stack([np.bincount(node_of[members], positions[members, axis]) / weight for axis in (0, 1)], axis=1)
    largest = np.zeros(len(weight))
    np.maximum.at(largest, node_of[members], skeleton.radius_px[members])
    for node, (place, radius) in enumerate(zip(centre, largest)):
        graph.add_node(node, position=place, radius_px=float(radius))

    adjacency = _Adjacency(pairs, count)
    on_path = node_of < 0
    free, visited = bytearray(on_path.tobytes()), bytearray(count)
    for pixel in members.tolist():
        for neighbour in adjacency[pixel]:
            if not free[neighbour]:
                # Two nodes side by side: an edge without pixels between. Each is seen from both sides.
                if node_of[neighbour] != node_of[pixel] and pixel < neighbour:
                    _add_edge(graph, node_of[pixel], node_of[neighbour], [], positions, skeleton.radius_px)
            elif not visited[neighbour]:
                pixels, last = _follow(pixel, neighbour, adjacency, free, visited)
                _add_edge(graph, node_of[pixel], node_of[last], pixels, positions, skeleton.radius_px)
    for pixel in np.flatnonzero(on_path & ~np.frombuffer(visited, bool)).tolist():
        if not visited[pixel]:  # a ring without any node: cut open here
            visited[pixel] = True
            pixels, _ = _follow(pixel, adjacency[pixel][0], adjacency, free, visited, until=pixel)
            node = graph.number_of_nodes()
            graph.add_node(node, position=positions[pixel], radius_px=float(skeleton.radius_px[pixel]))
            _add_edge(graph, node, node, pixels, positions, skeleton.radius_px)
    return graph


def junctions(graph: nx.MultiGraph) -> list[int]:
    """Nodes where three or more lines meet."""
    return [node for node, degree in graph.degree() if degree >= 3]


def oriented(edge: dict, node: int) -> tuple[np.ndarray, np.ndarray]:
    """The path and radius of an edge, beginning at `node`."""
    if edge["start"] == node:
        return edge["path"], edge["radius_px"]
    return edge["path"][::-1], edge["radius_px"][::-1]


def path_length(path: np.ndarray) -> float:
    """Sum of the steps of `(points, 2)`, in its unit."""
    return float(np.hypot(*np.diff(path, axis=0).T).sum())


def _neighbours(skeleton: Skeleton) -> np.ndarray:
    """Pairs of neighbouring pixels, int64 `(pairs, 2)`; no diagonal step where two straight ones lead there too."""
    stride = skeleton.shape[1] + 2  # a column more on each side, so that no step leads round the edge
    place = skeleton.rows * stride + skeleton.columns + 1
    found = []
    for down, right in _STEPS:
        has = _find(place, place + down * stride + right)
        first = np.flatnonzero(has >= 0)
        if down and right:
            around = (_find(place, place[first] + right) >= 0) | (_find(place, place[first] + down * stride) >= 0)
            first = first[~around]
        found.append(np.stack([first, has[first]], axis=1))
    return np.concatenate(found)


def _find(place: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Positions of `wanted` in the sorted `place`, -1 where it is not there."""
    index = np.minimum(np.searchsorted(place, wanted), len(place) - 1)
    return np.where(place[index] == wanted, index, -1)


def _label_nodes(skeleton: Skeleton, pairs: np.ndarray, degree: np.ndarray) -> np.ndarray:
    """The node that each pixel belongs to, -1 on paths: ends and dots alone, junction pixels side by side together."""
    count = len(degree)
    stride = skeleton.shape[1] + 2
    place = skeleton.rows * stride + skeleton.columns + 1
    square = [_find(place, place + step) for step in (0, 1, stride, stride + 1)]
    full = np.logical_and.reduce([index >= 0 for index in square])
    joint = degree >= 3
    for index in square:  # four pixels in a square are a ring of one pixel's size, no closed line
        joint[index[full]] = True
    inner = pairs[joint[pairs[:, 0]] & joint[pairs[:, 1]]]
    links = sparse.coo_matrix((np.ones(len(inner), bool), (inner[:, 0], inner[:, 1])), shape=(count, count))
    _, label = connected_components(links, directed=False)
    node_of = np.full(count, -1)
    is_node = joint | (degree <= 1)
    _, node_of[is_node] = np.unique(label[is_node], return_inverse=True)
    return node_of


class _Adjacency:
    """The neighbours of each pixel, in two flat arrays: a list for each would take ten times the memory."""

    def __init__(self, pairs: np.ndarray, count: int):
        both = np.concatenate([pairs, pairs[:, ::-1]])
        both = both[np.argsort(both[:, 0], kind="stable")]
        # `array` gives Python numbers, several times faster one by one than NumPy does.
        self._first = array("q", np.searchsorted(both[:, 0], np.arange(count + 1)).astype(np.int64).tobytes())
        self._neighbours = array("q", np.ascontiguousarray(both[:, 1]).tobytes())

    def __getitem__(self, pixel: int) -> array:
        return self._neighbours[self._first[pixel] : self._first[pixel + 1]]


def _follow(origin, pixel, adjacency, free, visited, until=None):
    """Walks from a node's pixel along a path; the pixels passed, and the pixel of the node at its end."""
    pixels = []
    while free[pixel] and pixel != until:
        visited[pixel] = True
        pixels.append(pixel)
        one, other = adjacency[pixel]
        origin, pixel = pixel, (other if one == origin else one)
    return pixels, pixel


def _add_edge(graph, start, end, pixels, positions, radius_px):
    start, end = int(start), int(end)
    at_start, at_end = graph.nodes[start], graph.nodes[end]
    path = np.concatenate([at_start["position"][None], positions[pixels].reshape(-1, 2), at_end["position"][None]])
    radius = np.concatenate([[at_start["radius_px"]], radius_px[pixels], [at_end["radius_px"]]])
    graph.add_edge(start, end, start=start, path=path, radius_px=radius)
