import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from semicurv_tf.export.containing import or_otherwise
from semicurv_tf.images.encoded import encode_png

PIXELS = np.arange(5 * 4 * 3, dtype=np.uint8).reshape(5, 4, 3)
NONE = np.zeros((0, 0, 3), np.uint8)


def decode(encoded):
    return tf.io.decode_png(encoded, channels=3)


@pytest.mark.parametrize(
    ("encoded", "expected"),
    [(encode_png(PIXELS), PIXELS), (encode_png(PIXELS)[:40], NONE), (b"no picture", NONE), (b"", NONE)],
    ids=["whole", "cut off", "text", "empty"],
)
def test_what_fails_gives_the_other(encoded, expected):
    graph = tf.function(lambda bytes_: or_otherwise(decode, bytes_, tf.constant(NONE)))
    np.testing.assert_array_equal(graph(tf.constant(encoded)), expected)


def test_one_that_fails_leaves_the_others():
    heights = tf.function(
        lambda batch: tf.map_fn(
            lambda one: tf.shape(or_otherwise(decode, one, tf.constant(NONE)))[0], batch, fn_output_signature=tf.int32
        )
    )
    whole = encode_png(PIXELS)
    assert heights(tf.constant([whole, whole[:40], b"", whole])).numpy().tolist() == [5, 0, 0, 5]


def test_the_served_graph_prepares_no_dataset_anew(exported):
    # ReduceDataset rewrites the graph of its dataset at each call: a second per image, whatever the network.
    model = saved_model_pb2.SavedModel.FromString((exported / "saved_model.pb").read_bytes())
    (graph,) = model.meta_graphs
    used = {node.op for function in graph.graph_def.library.function for node in function.node_def}
    assert "DatasetToSingleElement" in used and "ReduceDataset" not in used
