"""Drawn images of curvilinear structures with their masks, for pre-training: no photograph is in them."""

from semicurv_tf.drawing.scene import KINDS, PARTS, VERSION, draw_image
from semicurv_tf.drawing.shards import draw_shard

__all__ = ["KINDS", "PARTS", "VERSION", "draw_image", "draw_shard"]
