"""Lines as GeoJSON (RFC 7946): in WGS 84, longitude before latitude, where the mask lies on the earth; else in pixels.

Pixels are what RFC 7946 calls a prior arrangement: x right, y down, pixel centres at integers. The member `semicurv_tf`
says which it is, and holds the sums over the image and the settings.
"""

import json
from pathlib import Path

import numpy as np
import shapely

from semicurv_tf.vector.layers import Layer
from semicurv_tf.whole_files import written_whole

PIXELS = "pixels: x right, y down, pixel centres at integers, (0, 0) is the first pixel's centre"
WGS84 = ("EPSG:4326", "OGC:CRS84")  # here longitude comes first in either
DECIMALS_PIXELS, DECIMALS_DEGREES = 2, 8  # about 0.01 pixel, and a millimetre


def write_geojson(path: Path, layers: list[Layer], about: dict, decimals: int) -> None:
    """Writes layers as one collection of features, whole or not at all.

    Args:
        path: the file.
        layers: in the coordinates of the file; of several, each feature says its layer.
        about: the member `semicurv_tf`.
        decimals: of coordinates.

    Raises:
        UserError: the file cannot be written.
    """
    head = {"type": "FeatureCollection", "semicurv_tf": about}
    with written_whole(path) as part, part.open("w", encoding="utf-8") as file:
        # A feature a line: files of a hundred thousand lines are compared and searched by line.
        file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "features": [')
        before = "\n"
        for layer in layers:
            named = {"layer": layer.name} if len(layers) > 1 else {}
            for feature in layer.features:
                geometry = shapely.transform(feature.geometry, lambda points: np.round(points, decimals))
                content = {"type": "Feature", "geometry": shapely.geometry.mapping(geometry)}
                file.write(before + json.dumps(content | {"properties": named | feature.properties}))
                before = ",\n"
        file.write("\n]}\n")
