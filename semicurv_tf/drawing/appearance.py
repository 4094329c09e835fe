"""How curves look: profile across, reflex, rims, breaks, blur; and what of them people mark."""

import numpy as np
from scipy.ndimage import gaussian_filter

from semicurv_tf.drawing.look import Look
from semicurv_tf.drawing.noise import clouds, upsampled
from semicurv_tf.drawing.span import Span, chance
from semicurv_tf.drawing.strokes import Field

EDGE_PX = Span(0.6, 2.0)  # over which a flat profile falls off: from a drawn line to a soft one
ROUND, ROUND_PX = (
    0.45,
    0.5,
)  # share with a round profile: vessels, and cracks whose bottom lies deeper in the middle; its soft edge
FLAT_PX = 0.25  # added to a flat profile's radius: a line half a pixel wide is seen in full
BLUR_PX = Span(0.25, 1.6, log=True)  # of the optics
BROKEN = 0.75  # share of images whose curves change in strength along their course
BREAKS = Span(0.1, 1.0, log=True)  # by what deviation
BREAK_KNOTS = (5, 9, 16, 28)  # over how many parts of the image it changes
VANISHING = 0.35  # share of images whose curves vanish in places: marked all the same, as people do
FAINTEST, STRONGEST = 0.3, 1.5  # of the strength, elsewhere
RAGGED_PX = Span(0.2, 1.2)  # by which edges are displaced by grain
RAGGED = 0.4  # share of images
RAGGED_FROM_PX = 2.0  # radius up to which edges move less: grain would break thin curves
REFLEX_SHARE = Span(0.2, 1.2)  # of the contrast, taken away along the middle
REFLEX_WIDTH, REFLEX_PX = Span(0.2, 0.45), 0.3  # of the radius; added to it, or it fell between pixels
REFLEX_FROM_PX = 1.2  # radius from which a reflex is resolved
RIM_SHARE = Span(0.15, 0.7)  # of the contrast, with the other sign
RIM_AT_PX, RIM_WIDTH_PX = Span(0.8, 2.5), Span(0.6, 1.2)
TYPICAL = 0.8  # quantile of the strength within the curves that is scaled to 1
FAINTEST_CORE = 0.05  # what is scaled to 1 is at least this: specks are not blown up
MARK_SLOPPY_PX = Span(0.2, 1.0)  # by which a marked edge wanders
MARK_SLOPPY = 0.5  # share of images
SLOPPY_KNOTS_PX = 8  # over which it wanders: as far as a hand draws in one go
# Half the marked width up to which no edge wanders, and over which it wanders in full: a mask that is two pixels
# wide cannot wander by one without breaking.
STEADY_PX, STEADIER_PX = 0.7, 2.0


def profile(random: np.random.Generator, field: Field, look: Look, thinning: float):
    """How strongly each pixel differs from its ground, (size, size) float32: about 0 to 1, rims below 0.

    Args:
        field: of the curves.
        look: of their kind.
        thinning: the visible share of their radius.
    """
    size = len(field.edge)
    visible = field.radius * thinning
    edge = field.edge + (field.radius - visible)
    if chance(random, RAGGED):
        edge = edge + RAGGED_PX.draw(random) * clouds(random, size, size // 2) * np.minimum(
            visible / RAGGED_FROM_PX, 1.0
        )
    shape = _across(random, field, look, edge, visible) * field.strength
    if chance(random, BROKEN):
        knots = int(random.choice(BREAK_KNOTS))
        along = 1.0 + BREAKS.draw(random) * upsampled(random.standard_normal((knots, knots)), size)
        shape = shape * np.clip(along, 0.0 if chance(random, VANISHING) else FAINTEST, STRONGEST)
    shape = gaussian_filter(shape.astype(np.float32), BLUR_PX.draw(random))
    # Thin and blurred curves are as visible as wide ones, or masks would mark what nobody sees.
    core = shape[field.edge < 0]
    return shape / max(float(np.quantile(core, TYPICAL)), FAINTEST_CORE) if len(core) else shape


def _across(random, field, look, edge, visible):
    """The profile across a curve, (size, size): round or flat, with a reflex along the middle and rims beside it.

    Args:
        edge: distance to the visible edge in pixels, negative inside.
        visible: half the visible width in pixels.
    """
    middle = np.maximum(field.edge + field.radius, 0.0)
    if chance(random, ROUND):
        shape = np.exp(-((middle / (visible + ROUND_PX)) ** 2)) * np.minimum(2.0 * visible, 1.0)
    else:
        shape = np.clip(0.5 - edge / EDGE_PX.draw(random), 0.0, 1.0) * np.minimum(1.0, (visible + FLAT_PX) * 2)
    if chance(random, look.reflex):
        line = np.exp(-((middle / (REFLEX_WIDTH.draw(random) * visible + REFLEX_PX)) ** 2)) * (visible > REFLEX_FROM_PX)
        shape = shape - REFLEX_SHARE.draw(random) * line
    if chance(random, look.rim):
        rim = np.exp(-(((edge - RIM_AT_PX.draw(random)) / RIM_WIDTH_PX.draw(random)) ** 2))
        shape = shape - RIM_SHARE.draw(random) * rim
    return shape


def marked(random: np.random.Generator, field: Field, look: Look):
    """What people mark, (size, size) bool: the curve with a margin, and at least so wide."""
    margin = np.maximum(look.margin_px.draw(random), look.least_px.draw(random) - field.radius)
    edge = field.edge
    if chance(random, MARK_SLOPPY):
        size = len(edge)
        wander = MARK_SLOPPY_PX.draw(random) * clouds(random, size, max(size // SLOPPY_KNOTS_PX, 2))
        edge = edge + wander * np.clip((field.radius + margin - STEADY_PX) / STEADIER_PX, 0.0, 1.0)
    return edge < margin
