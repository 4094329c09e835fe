"""Cell borders: closed cells of unequal sizes, round or stretched, the borders uneven and thick where cells meet."""

import numpy as np
from scipy.spatial import Voronoi

from semicurv_tf.drawing.look import Look
from semicurv_tf.drawing.noise import clouds
from semicurv_tf.drawing.span import Span, chance
from semicurv_tf.drawing.strokes import STEP_PX, Stroke, smooth_line

CELLS = Span(8, 90, log=True)
RADIUS_PX = Span(0.7, 2.6, log=True)
AROUND = 0.35  # of the image's side, so far outside lie cells, too
CLUMPS, CLUMP = 3, 0.12  # their number; their deviation, of the image's side
CLUSTER = Span(0.0, 0.6)  # share of seeds that lie in clumps: small cells beside large ones
MERGED = Span(0.0, 0.22)  # share of borders taken away: cells that are no convex polygons
STRETCH = Span(1.0, 3.0, log=True)
WARP_PX = Span(1.5, 12.0)  # by which straight borders bend
WARP_KNOTS = (4, 6, 8, 10)
UNEVEN = Span(0.05, 0.45)  # deviation of the logarithm of the width
UNEVEN_POINTS = 5  # over which the width changes
STRENGTH, KNOT_STRENGTH = Span(0.6, 1.0), Span(0.5, 1.0)
KNOT_SHARE = 0.12  # of corners filled with stain
KNOT_RADIUS_PX = Span(2.0, 10.0, log=True)

# The stain spreads: people mark the membrane about twice as wide as its dark middle.
LOOK = Look(
    dark=0.8, gritty=0.55, margin_px=Span(0.2, 1.8), least_px=Span(1.2, 3.0), contrast=Span(1.8, 6.0, log=True),
    reflex=0.08, rim=0.05, view=0.02, cells=0.8, built=0.0, thinning=Span(0.8, 1.0),
)  # fmt: skip


def draw(random: np.random.Generator, size: int) -> list[Stroke]:
    """The borders of cells that fill the image."""
    vertices, borders = _cells(random, size)
    bend, knots = WARP_PX.draw(random), int(random.choice(WARP_KNOTS))
    warp = [bend * clouds(random, 2 * size, 2 * knots) for _ in range(2)]
    radius, uneven, merged = RADIUS_PX.draw(random), UNEVEN.draw(random), MERGED.draw(random)
    strokes = []
    for first, second in borders:
        ends = vertices[[first, second]]
        # A border to infinity, far outside, or taken away.
        if first < 0 or second < 0 or np.abs(ends - size / 2).max() > size or chance(random, merged):
            continue
        points = _bent(ends, warp, size)
        radii = radius * np.exp(uneven * smooth_line(random, len(points), UNEVEN_POINTS) + random.normal(0, uneven / 2))
        strokes.append(Stroke(points, radii, STRENGTH.draw(random)))
        if chance(random, KNOT_SHARE):
            strokes.append(Stroke(points[:2], np.full(2, KNOT_RADIUS_PX.draw(random)), KNOT_STRENGTH.draw(random)))
    return strokes


def _cells(random, size):
    """Corners of cells (n, 2), [x, y] in pixels, and the pairs of them that are borders; -1 is infinity."""
    span = (-AROUND * size, (1 + AROUND) * size)
    seeds = random.uniform(*span, (int(CELLS.draw(random)) + 4, 2))
    clumped = random.random(len(seeds)) < CLUSTER.draw(random)
    centres = random.uniform(*span, (CLUMPS, 2))
    clump = random.integers(0, CLUMPS, clumped.sum())
    seeds[clumped] = centres[clump] + random.normal(0, CLUMP * size, (clumped.sum(), 2))
    ratio, turn = STRETCH.draw(random), random.uniform(0, np.pi)
    cos, sin = np.cos(turn), np.sin(turn)
    stretch = (
        np.array([[cos, -sin], [sin, cos]]) @ np.diag([ratio, 1 / ratio**0.5]) @ np.array([[cos, sin], [-sin, cos]])
    )
    # Seeds are squeezed in one direction and the cells stretched again, so that they still fill the image.
    diagram = Voronoi((seeds - size / 2) @ np.linalg.inv(stretch).T)
    return diagram.vertices @ stretch.T + size / 2, diagram.ridge_vertices


def _bent(ends, warp, size):
    """Points (n, 2) from one end of a border to the other, moved by a field that is twice as large as the image."""
    count = max(3, int(np.hypot(*(ends[1] - ends[0])) / STEP_PX))
    points = ends[0] + np.linspace(0, 1, count)[:, None] * (ends[1] - ends[0])
    at = (points + size / 2).clip(0, 2 * size - 1).astype(int)
    return points + np.stack([field[at[:, 1], at[:, 0]] for field in warp], 1)
