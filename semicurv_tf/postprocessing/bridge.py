"""Bridges gaps: from the end of a line along the cheapest path, over -log probability, to another line.

An end looks about it, no further than the longest gap, for foreground that it is not connected to there: so a
ring with a gap is closed too. A path must leave near the end, go on in the line's direction (within 60 degrees), be no
longer than the longest gap, and be probable enough on its way. The cheapest bridges are built first, and one whose
two sides have been connected since is left out: two ends that face each other get one bridge.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np
from scipy import ndimage

from semicurv_tf.metrics.skeleton import skeleton

CORNERS = np.ones((3, 3), bool)
_SMALLEST_PROBABILITY = 1e-6  # its cost is finite
_STEP_COST = 1e-3  # of certain pixels, so that the shorter of two certain ways is taken
_DIRECTION_PX = 8  # an end's direction and width are those of so much of its line
_LEAST_COSINE = 0.5
_BEYOND_RADIUS_PX = 1.5  # a path leaves its line no further from the end than its radius and this


@dataclasses.dataclass(frozen=True)
class Bridge:
    """A path over a gap.

    Attributes:
        cost: sum of -log probability along it.
        end, target: (row, column) of the end it begins at, and of the foreground it leads to.
        path: `(points, 2)` int, rows and columns of the background pixels that it crosses.
        radius_px: of the line at its end; 0 of a line one pixel wide.
        window: rows and columns within which its sides are not connected.
    """

    cost: float
    end: tuple[int, int]
    target: tuple[int, int]
    path: np.ndarray
    radius_px: float
    window: tuple[slice, slice]


def bridge_gaps(
    mask: np.ndarray,
    probability: np.ndarray,
    longest_px: int,
    least_probability: float,
    valid: np.ndarray | None = None,
) -> np.ndarray:
    """The mask with bridges as wide as the lines that they begin at.

    Args:
        mask: `(height, width)` bool.
        probability: `(height, width)` in [0, 1].
        longest_px: longest path over background; n of a straight gap of n pixels.
        least_probability: of a path, the geometric mean over the pixels of the gap.
        valid: bool `(height, width)`; no bridge crosses where it is False. None: everywhere.

    Returns:
        bool `(height, width)`, nowhere less than `mask`.
    """
    line = skeleton(mask)
    # Background is half a pixel nearer than its pixel's centre, and so is the edge of what a radius of 0 paints.
    depth = np.maximum(ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1] - 1, 0)
    found = sorted(
        (
            bridge
            for end in end_points(line)
            if (bridge := _find(end, line, depth, mask, probability, longest_px, least_probability, valid))
        ),
        key=lambda bridge: (bridge.cost, bridge.end),
    )
    bridged = mask.copy()
    for bridge in found:
        local, _ = ndimage.label(bridged[bridge.window], CORNERS)
        corner = np.array([part.start for part in bridge.window])
        if local[tuple(bridge.end - corner)] != local[tuple(bridge.target - corner)]:
            _paint(bridged, bridge.path, bridge.radius_px, valid)
    return bridged


def end_points(line: np.ndarray) -> Iterator[tuple[int, int]]:
    """(row, column) of the pixels of a skeleton `(height, width)` with at most one neighbour, row by row."""
    neighbours = ndimage.convolve(line.astype(np.uint8), CORNERS.astype(np.uint8), mode="constant") - 1
    yield from ((int(row), int(column)) for row, column in np.argwhere(line & (neighbours <= 1)))


def _find(end, line, depth, mask, probability, longest_px, least_probability, valid) -> Bridge | None:
    from skimage.graph import MCP_Geometric  # here: it takes long to load

    own_line, radius = _line_at(end, line, depth)
    reach = longest_px + int(np.ceil(radius + _BEYOND_RADIUS_PX)) + 1
    rows_seen, columns_seen = (
        slice(max(0, at - reach), min(side, at + reach + 1)) for at, side in zip(end, mask.shape, strict=True)
    )
    window = (rows_seen, columns_seen)
    corner = np.array([part.start for part in window])
    here, near = np.array(end) - corner, mask[window]
    local, count = ndimage.label(near, CORNERS)
    if count < 2:
        return None
    own = local == local[tuple(here)]
    targets = near & ~own
    rows, columns = (np.arange(side) - at for side, at in zip(near.shape, here))
    away = np.hypot(rows[:, None], columns)
    # Where the line leads: from the middle of what is near its end to the end; nowhere from a dot.
    direction = end - own_line.mean(axis=0)
    ahead = rows[:, None] * direction[0] + columns * direction[1] >= _LEAST_COSINE * away * np.hypot(*direction)
    targets &= ahead & (away <= longest_px + radius + _BEYOND_RADIUS_PX + 1)
    if not targets.any():
        return None
    cost = -np.log(np.clip(probability[window], _SMALLEST_PROBABILITY, 1.0)).astype(np.float64) + _STEP_COST
    cost[near] = _STEP_COST
    cost[own & (away > radius + _BEYOND_RADIUS_PX)] = -1  # negative: no way
    if valid is not None:
        cost[~valid[window]] = -1
    ways = MCP_Geometric(cost)
    reached, _ = ways.find_costs([tuple(here)], np.argwhere(targets), find_all_ends=False)
    reached = np.where(targets, reached, np.inf)
    target = np.unravel_index(np.argmin(reached), reached.shape)
    if not np.isfinite(reached[target]):
        return None
    path = np.array(ways.traceback(target))
    last_own = np.flatnonzero(own[tuple(path.T)])[-1]
    over = path[last_own:]
    length = np.hypot(*np.diff(over, axis=0).T).sum() - 1
    gap = over[1:-1]
    if length > longest_px + 1e-9:
        return None
    likely = np.clip(probability[window][tuple(gap.T)], _SMALLEST_PROBABILITY, 1.0).astype(np.float64)
    if np.exp(np.log(likely).mean()) < least_probability:
        return None
    target_at = (int(target[0] + corner[0]), int(target[1] + corner[1]))
    return Bridge(float(reached[target]), end, target_at, gap + corner, radius, window)


def _line_at(end, line, depth) -> tuple[np.ndarray, float]:
    """Rows and columns `(n, 2)` of the skeleton near an end, of its own line alone, and the line's radius there."""
    part = tuple(slice(max(0, at - _DIRECTION_PX), at + _DIRECTION_PX + 1) for at in end)
    corner = np.array([each.start for each in part])
    labels, _ = ndimage.label(line[part], CORNERS)
    own = np.argwhere(labels == labels[tuple(np.array(end) - corner)]) + corner
    return own, float(np.median(depth[tuple(own.T)]))


def _paint(mask: np.ndarray, path: np.ndarray, radius_px: float, valid: np.ndarray | None) -> None:
    reach = int(radius_px)
    around = np.argwhere(np.ones((2 * reach + 1,) * 2)) - reach
    around = around[np.hypot(*around.T) <= radius_px]
    pixels = (path[:, None] + around).reshape(-1, 2)
    inside = ((pixels >= 0) & (pixels < mask.shape)).all(axis=1)
    rows, columns = pixels[inside].T
    mask[rows, columns] |= True if valid is None else valid[rows, columns]
