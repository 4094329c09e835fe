"""From a mask to lines: skeleton, graph, spurs off, smoothed, measured, simplified."""

import dataclasses
from collections.abc import Callable, Iterator

import networkx as nx
import numpy as np

from semicurv_tf.errors import UserError
from semicurv_tf.images.grid import Grid
from semicurv_tf.vector.bridge import bridge_gaps
from semicurv_tf.vector.graph import build_graph
from semicurv_tf.vector.lines import lead_to_edge, sample, simplify, smooth, tangents
from semicurv_tf.vector.prune import clean
from semicurv_tf.vector.segments import LeftOut, Node, Segment, Vectors, measure
from semicurv_tf.vector.skeleton import find_skeleton
from semicurv_tf.vector.widths import widths_along

BASE_BYTES = 400_000_000  # Python, NumPy, SciPy, and one block of the mask with its distances
SKELETON_BYTES = 200  # per pixel of the skeleton: graph, lines and measures


@dataclasses.dataclass(frozen=True)
class VectorSettings:
    """What is left out and how fine lines are drawn.

    Attributes:
        prune_px: branches that stick out of their line by less are no branches.
        simplify_px: lines are drawn with as few points as keep them this near; measures do not depend on it.
        min_length_px: connected structures of less length in all are left out; above 0, dots are too.
        fill_px: holes of at most this many pixels are filled before the skeleton is sought.
        bridge_px: gaps of at most this many pixels between ends, or between an end and a line ahead, are bridged.
    """

    prune_px: float = 5.0
    simplify_px: float = 0.5
    min_length_px: float = 10.0
    fill_px: int = 10
    bridge_px: float = 0.0


def vectorize_mask(
    mask: np.ndarray,
    settings: VectorSettings = VectorSettings(),
    grid: Grid = Grid(),
    valid: int | None = None,
    advance: Callable[[float], None] | None = None,
    memory_bytes: int | None = None,
) -> Vectors:
    """The lines of a mask with their measures.

    Needs 400 MB, two bytes for each pixel, the mask's own among them, and 0.2 KB for each of the skeleton.

    Args:
        mask: `(height, width)` bool, or any numbers, foreground where not 0 (these are copied, a byte for each pixel);
            may be empty or full.
        settings: what is left out.
        grid: where the pixels lie.
        valid: number of pixels that count for the density; None counts all.
        advance: called with the share of the work that was just done; 1.0 in all.
        memory_bytes: of the process; None: any.

    Returns:
        The lines. An empty mask has none; a full one has a line or a dot in its middle.

    Raises:
        UserError: too little memory, or a grid that is nowhere on the earth; the file is not named.

    Example:
        >>> mask = np.zeros((20, 100), np.uint8)
        >>> mask[8:12, 10:90] = 255
        >>> vectorize_mask(mask).segments[0].pixels
        Measures(length=80.0, mean_width=4.0, max_width=4.0, orientation_deg=0.0)
    """
    if mask.ndim != 2:
        raise ValueError(f"Expected a mask (height, width). Received: {mask.shape}")
    grid.expect_on_earth(mask.shape)
    mask = mask if mask.dtype == bool else mask != 0
    report = advance or (lambda share: None)
    skeleton = find_skeleton(mask, settings.fill_px, advance=lambda share: report(0.5 * share))
    needed = BASE_BYTES + 2 * mask.size + SKELETON_BYTES * len(skeleton.rows)
    if memory_bytes is not None and needed > memory_bytes:
        raise UserError(
            f"--memory {memory_bytes / 1e9:.2g}GB: too little for lines of {len(skeleton.rows) / 1e6:.1f} million "
            f"pixels, which take {needed / 1e9:.2g} GB. "
            f"Fix: --memory {needed / 1e9 + 0.1:.1f}GB, or cut the mask into tiles"
        )
    graph = build_graph(skeleton)
    twigs = clean(graph, settings.prune_px)
    bridges = bridge_gaps(graph, settings.bridge_px)
    cracks = [sorted(nodes) for nodes in nx.connected_components(graph)]
    cracks.sort(key=lambda nodes: tuple(graph.nodes[nodes[0]]["position"][::-1]))
    segments: list[Segment] = []
    kept: list[Node] = []
    crack = dots = pieces = 0
    for nodes in cracks:
        part = graph.subgraph(nodes)
        numbers = {node: len(kept) + place for place, node in enumerate(nodes, 1)}
        found = _segments(part, numbers, mask, settings, grid, crack + 1, len(segments) + 1)
        if sum(segment.pixels.length for segment in found) >= settings.min_length_px:
            crack += 1
            segments += found
            kept += _nodes(part, numbers, found, crack)
        elif found[0].start == "dot":
            dots += 1
        else:
            pieces += 1
        report(0.5 / len(cracks))
    if not cracks:
        report(0.5)
    return Vectors(
        mask.shape, grid, tuple(segments), tuple(kept), int(np.count_nonzero(mask)),
        mask.size if valid is None else valid, LeftOut(dots, pieces, twigs, bridges, settings.min_length_px),
    )  # fmt: skip


def _segments(graph: nx.MultiGraph, numbers, mask, settings, grid, crack, first) -> list[Segment]:
    if graph.number_of_edges() == 0:
        (node,) = graph.nodes
        return [_dot(graph.nodes[node], numbers[node], mask, grid, crack, first)]
    return [
        _segment(graph, numbers, start, end, edge, mask, settings, grid, crack, first + index)
        for index, (start, end, edge) in enumerate(graph.edges(data=True))
    ]


def _nodes(graph: nx.MultiGraph, numbers, segments, crack) -> Iterator[Node]:
    """The nodes where they are drawn: an end lies at the edge of the mask."""
    drawn = {number: point for one in segments for number, point in _drawn_ends(one)}
    for node, number in numbers.items():
        place = drawn.get(number, graph.nodes[node]["position"])
        yield Node(crack, number, _kind(graph, node), graph.degree(node), place)


def _drawn_ends(segment: Segment) -> Iterator[tuple[int, np.ndarray]]:
    yield segment.start_node, segment.points[0]
    yield segment.end_node, segment.points[-1]


def _segment(graph, numbers, one, other, edge, mask, settings, grid, crack, number) -> Segment:
    start, end = edge["start"], other if edge["start"] == one else one
    kinds = (_kind(graph, start), _kind(graph, end))
    path, radius = edge["path"], edge["radius_px"]
    closed = kinds[0] == "closed"
    line = smooth(path, closed)
    tangent = tangents(line, closed)

    on_mask = radius > 0
    away = _away_from_junctions(
        path, [graph.nodes[node] for node, kind in zip((start, end), kinds) if kind == "junction"], on_mask
    )
    width = widths_along(mask, path[away], tangent[away], radius[away])

    drawn = line
    if kinds[1] == "end":
        drawn = lead_to_edge(drawn, mask, radius[-1])
    if kinds[0] == "end":
        drawn = lead_to_edge(drawn[::-1], mask, radius[0])[::-1]
    measures = [measure(drawn, width, path[away], tangent[away], each) for each in (Grid(), grid)]
    over_gap = ~(on_mask[1:] & on_mask[:-1]) & (sample(mask, (path[1:] + path[:-1]) / 2) <= 0.5)
    bridged = float(np.hypot(*np.diff(path, axis=0).T)[over_gap].sum())
    return Segment(
        crack, number, *kinds, numbers[start], numbers[end], simplify(drawn, settings.simplify_px), measures[0],
        measures[1] if grid.unit else None, bridged if settings.bridge_px > 0 else None,
    )  # fmt: skip


def _away_from_junctions(path, nodes, on_mask) -> np.ndarray:
    """Where a line's width is its own: a width away from junctions, or half of one on short lines, or anywhere.

    On bridges there is none.
    """
    for share in (2.0, 1.0):
        away = on_mask.copy()
        for node in nodes:
            away &= np.hypot(*(path - node["position"]).T) > share * node["radius_px"]
        if away.sum() >= 3:
            return away
    return on_mask if on_mask.any() else np.ones(len(path), bool)


def _dot(node, node_number, mask, grid, crack, number) -> Segment:
    """A structure without a direction: its width is the mean, and the larger, of across and down."""
    at = np.repeat(node["position"][None], 2, axis=0)
    tangent = np.eye(2)
    width = [widths_along(mask, at[i : i + 1], tangent[i : i + 1], np.array([node["radius_px"]]))[0] for i in (0, 1)]
    measures = [measure(at[:1], np.array(width), at, tangent, each) for each in (Grid(), grid)]
    return Segment(
        crack, number, "dot", "dot", node_number, node_number, at[:1], measures[0], measures[1] if grid.unit else None
    )


def _kind(graph, node) -> str:
    degree = graph.degree(node)
    if degree == 0:
        return "dot"
    return "end" if degree == 1 else "closed" if degree == 2 else "junction"
