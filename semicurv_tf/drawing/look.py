"""What a kind of structure tends to look like: shares and ranges that the scene is drawn from."""

from typing import NamedTuple

from semicurv_tf.drawing.span import Span


class Look(NamedTuple):
    """Of one kind; each image draws its own values.

    Attributes:
        dark: share of images whose curves are darker than their ground.
        gritty: share of images on grain about as strong as the curves (asphalt, concrete, cytoplasm).
        margin_px: how much farther than the visible edge people mark it.
        least_px: half the width that people mark at least, where less is visible.
        contrast: of the curves, in deviations of the ground nearby (photographs of asphalt: 1.1 to 2.8).
        reflex: share with a pale line along the middle (vessels) or two edges only (roads).
        rim: share with a rim of the other sign beside the edge.
        view: share of images that a round field of view cuts.
        cells: share whose ground is filled with organelles, vesicles and nuclei.
        built: share of images with text, painted lines, joints or stains (pavement, walls).
        thinning: visible share of the drawn radius: what people mark is often wider than what one sees.
    """

    dark: float = 0.65
    gritty: float = 0.3
    margin_px: Span = Span(0.0, 0.8)
    least_px: Span = Span(0.6, 1.4)
    contrast: Span = Span(1.8, 8.0, log=True)
    reflex: float = 0.1
    rim: float = 0.1
    view: float = 0.07
    cells: float = 0.0
    built: float = 0.1
    thinning: Span = Span(0.85, 1.0)
