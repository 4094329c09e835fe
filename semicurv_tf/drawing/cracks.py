"""Cracks: jagged, branching, of uneven width, broken; and the closed net of an old pavement."""

import numpy as np
from scipy.spatial import Voronoi

from semicurv_tf.drawing.look import Look
from semicurv_tf.drawing.span import Span, chance
from semicurv_tf.drawing.strokes import Stroke, direction, entry, inside, jagged, smooth_line

RADIUS_PX = Span(0.45, 2.8, log=True)  # a crack of 1 to 6 pixels, seen from a car or a hand
ROUGHNESS = Span(0.05, 0.2)  # of midpoint displacement: from a saw's cut to broken concrete
LENGTH = Span(0.4, 1.5)  # of the image's side
TRUNKS = (1, 1, 1, 2, 3)
BRANCHES = 1.1  # on average, of each crack that may branch
BRANCH_LENGTH = Span(0.1, 0.6)
BRANCH_RADIUS = Span(0.4, 0.9)  # of its parent's
UNEVEN = Span(0.1, 0.6)  # deviation of the logarithm of the width along a crack
GAPS = 0.25  # share of cracks with a bridge of whole material
NET_CELLS = Span(6, 40, log=True)
NET_RADIUS_PX = Span(0.45, 2.0, log=True)
NET_KEPT = Span(0.45, 1.0)  # share of the net that has opened

# People mark cracks in pavement wider than one sees them: the grain hides the edge.
LOOK = Look(
    dark=0.88, gritty=0.75, margin_px=Span(0.0, 1.4), least_px=Span(0.8, 2.9), contrast=Span(1.7, 7.0, log=True),
    reflex=0.0, rim=0.12, built=0.3, thinning=Span(0.5, 1.0),
)  # fmt: skip


def draw(random: np.random.Generator, size: int) -> list[Stroke]:
    """A few cracks with their branches."""
    strokes: list[Stroke] = []
    roughness, radius = ROUGHNESS.draw(random), RADIUS_PX.draw(random)
    for _ in range(random.choice(TRUNKS)):
        start, heading = entry(random, size)
        if chance(random, 0.25):
            start = inside(random, size)
        end = start + LENGTH.draw(random) * size * direction(heading)
        _crack(random, strokes, start, end, radius, roughness, int(random.integers(0, 3)), size)
    return strokes


def _crack(random, strokes, start, end, radius, roughness, depth, size):
    points = jagged(random, start, end, roughness)
    along = np.exp(UNEVEN.draw(random) * smooth_line(random, len(points), 4)) * np.linspace(
        1, random.uniform(0.4, 1.0), len(points)
    )
    widths, strength = radius * along, random.uniform(0.6, 1.0)
    if chance(random, GAPS) and len(points) > 24:
        gap = int(random.integers(8, len(points) - 8))
        strokes.append(Stroke(points[: gap - 2], widths[: gap - 2], strength))
        strokes.append(Stroke(points[gap + 2 :], widths[gap + 2 :], strength))
    else:
        strokes.append(Stroke(points, widths, strength))
    for _ in range(random.poisson(BRANCHES) if depth else 0):
        at = int(random.integers(len(points)))
        tip = points[at] + BRANCH_LENGTH.draw(random) * size * direction(random.uniform(0, 2 * np.pi))
        _crack(random, strokes, points[at], tip, widths[at] * BRANCH_RADIUS.draw(random), roughness, depth - 1, size)


def draw_net(random: np.random.Generator, size: int) -> list[Stroke]:
    """Alligator cracks: jagged edges of random cells, some of them closed."""
    cells = Voronoi(random.uniform(-0.25 * size, 1.25 * size, (int(NET_CELLS.draw(random)) + 4, 2)))
    radius, roughness, kept = NET_RADIUS_PX.draw(random), random.uniform(0.02, 0.15), NET_KEPT.draw(random)
    strokes = []
    for first, second in cells.ridge_vertices:
        ends = cells.vertices[[first, second]]
        if first < 0 or second < 0 or np.abs(ends - size / 2).max() > 1.2 * size or not chance(random, kept):
            continue
        points = jagged(random, ends[0], ends[1], roughness)
        strokes.append(Stroke(points, np.full(len(points), radius * random.uniform(0.6, 1.4)), random.uniform(0.5, 1)))
    return strokes
