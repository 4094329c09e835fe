"""The tools whose files are read: the one list, behind `datasets import --from`."""

from semicurv_tf.annotations.coco import read_coco
from semicurv_tf.annotations.cvat import read_cvat
from semicurv_tf.annotations.geo import read_geo
from semicurv_tf.annotations.label_studio import read_label_studio
from semicurv_tf.annotations.labelme import read_labelme
from semicurv_tf.annotations.supervisely import read_supervisely
from semicurv_tf.annotations.via import read_via
from semicurv_tf.annotations.yolo import read_yolo

READERS = {
    "labelme": read_labelme,
    "cvat": read_cvat,
    "coco": read_coco,
    "labelstudio": read_label_studio,
    "yolo": read_yolo,
    "via": read_via,
    "supervisely": read_supervisely,
    "geojson": read_geo,
}
