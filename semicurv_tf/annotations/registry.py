"""The tools whose files are read: the one list, behind `datasets import --from`."""

from semicurv_tf.annotations.coco import read_coco
from semicurv_tf.annotations.cvat import read_cvat
from semicurv_tf.annotations.geo import read_geo
from semicurv_tf.annotations.label_studio import read_label_studio
from semicurv_tf.annotations.labelme import read_labelme

READERS = {
    "labelme": read_labelme,
    "cvat": read_cvat,
    "coco": read_coco,
    "labelstudio": read_label_studio,
    "geojson": read_geo,
}
