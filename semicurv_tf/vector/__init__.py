"""Masks to centrelines, graphs, lengths, widths, GeoJSON.

mask --skeleton--> pixels --graph--> nodes and paths --prune--> branches --lines, widths--> segments
segments --geojson, table--> files
"""

from semicurv_tf.images.grid import Grid
from semicurv_tf.vector.segments import Measures, Segment, Vectors
from semicurv_tf.vector.vectorize import VectorSettings, vectorize_mask

__all__ = ["Grid", "Measures", "Segment", "VectorSettings", "Vectors", "vectorize_mask"]
