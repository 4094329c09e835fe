"""Cracks: jagged, branching, of uneven width, broken; and the closed net of an old pavement."""

from typing import NamedTuple

import numpy as np
from scipy.spatial import Voronoi

from semicurv_tf.drawing.look import Look
from semicurv_tf.drawing.span import Span, chance
from semicurv_tf.drawing.strokes import Stroke, direction, entry, inside, jagged, smooth_line

RADIUS_PX = Span(0.45, 2.8, log=True)  # a crack of 1 to 6 pixels, seen from a car or a hand
ROUGHNESS = Span(0.05, 0.2)  # of midpoint displacement: from a saw's cut to broken concrete
LENGTH = Span(0.4, 1.5)  # of the image's side
TRUNKS = (1, 1, 1, 2, 3)
INSIDE = 0.25  # share of cracks that begin within the image
MOST_BRANCHED = 2  # branches of branches at most
BRANCHES = 1.1  # on average, of each crack that may branch
BRANCH_LENGTH = Span(0.1, 0.6)
BRANCH_RADIUS = Span(0.4, 0.9)  # of its parent's
UNEVEN = Span(0.1, 0.6)  # deviation of the logarithm of the width along a crack
UNEVEN_POINTS = 4  # over which the width changes: 10 px, a few grains
TIP_RADIUS = Span(0.4, 1.0)  # of the radius at the beginning
STRENGTH = Span(0.6, 1.0)
GAPS = 0.25  # share of cracks with a bridge of whole material, of four points,
GAP_FROM_END = 8  # and of so many at least on both sides, or it were a dot
NET_CELLS = Span(6, 40, log=True)
NET_AROUND, NET_FARTHEST = Span(-0.25, 1.25), 1.2  # of the side: where cells lie; where, from the middle, edges end
NET_RADIUS_PX = Span(0.45, 2.0, log=True)
NET_RADIUS_SHARE = Span(0.6, 1.4)  # of each edge, of the net's radius
NET_STRENGTH = Span(0.5, 1.0)
NET_ROUGHNESS = Span(0.02, 0.15)  # less than a crack's: each edge is short
NET_KEPT = Span(0.45, 1.0)  # share of the net that has opened

# People mark cracks in pavement wider than one sees them: the grain hides the edge.
LOOK = Look(
    dark=0.88, gritty=0.75, margin_px=Span(0.0, 1.4), least_px=Span(0.8, 2.9), contrast=Span(1.7, 7.0, log=True),
    reflex=0.0, rim=0.12, built=0.3, thinning=Span(0.5, 1.0),
)  # fmt: skip


class _Habit(NamedTuple):
    """What the cracks of one image have alike: size of the image in pixels, roughness of their course."""

    size: int
    roughness: float


def draw(random: np.random.Generator, size: int) -> list[Stroke]:
    """A few cracks with their branches."""
    strokes: list[Stroke] = []
    habit, radius = _Habit(size, ROUGHNESS.draw(random)), RADIUS_PX.draw(random)
    for _ in range(random.choice(TRUNKS)):
        start, heading = entry(random, size)
        if chance(random, INSIDE):
            start = inside(random, size)
        end = start + LENGTH.draw(random) * size * direction(heading)
        _crack(random, strokes, habit, start, end, radius, int(random.integers(0, MOST_BRANCHED + 1)))
    return strokes


def _crack(random, strokes, habit, start, end, radius, depth):
    """Appends a crack and, `depth` times over, branches of branches."""
    points = jagged(random, start, end, habit.roughness)
    along = np.exp(UNEVEN.draw(random) * smooth_line(random, len(points), UNEVEN_POINTS)) * np.linspace(
        1, TIP_RADIUS.draw(random), len(points)
    )
    widths, strength = radius * along, STRENGTH.draw(random)
    if chance(random, GAPS) and len(points) > 3 * GAP_FROM_END:
        gap = int(random.integers(GAP_FROM_END, len(points) - GAP_FROM_END))
        strokes.append(Stroke(points[: gap - 2], widths[: gap - 2], strength))
        strokes.append(Stroke(points[gap + 2 :], widths[gap + 2 :], strength))
    else:
        strokes.append(Stroke(points, widths, strength))
    for _ in range(random.poisson(BRANCHES) if depth else 0):
        at = int(random.integers(len(points)))
        tip = points[at] + BRANCH_LENGTH.draw(random) * habit.size * direction(random.uniform(0, 2 * np.pi))
        _crack(random, strokes, habit, points[at], tip, widths[at] * BRANCH_RADIUS.draw(random), depth - 1)


def draw_net(random: np.random.Generator, size: int) -> list[Stroke]:
    """Alligator cracks: jagged edges of random cells, some of them closed."""
    cells = Voronoi(random.uniform(NET_AROUND.low * size, NET_AROUND.high * size, (int(NET_CELLS.draw(random)) + 4, 2)))
    radius, roughness, kept = NET_RADIUS_PX.draw(random), NET_ROUGHNESS.draw(random), NET_KEPT.draw(random)
    strokes = []
    for first, second in cells.ridge_vertices:
        ends = cells.vertices[[first, second]]
        if first < 0 or second < 0 or np.abs(ends - size / 2).max() > NET_FARTHEST * size or not chance(random, kept):
            continue
        points = jagged(random, ends[0], ends[1], roughness)
        width = np.full(len(points), radius * NET_RADIUS_SHARE.draw(random))
        strokes.append(Stroke(points, width, NET_STRENGTH.draw(random)))
    return strokes
