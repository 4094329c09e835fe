"""Models from strangers: a graph that does more than compute is refused before anything of it is loaded."""

import io
import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from semicurv_tf.errors import UserError
from semicurv_tf.export.card import card_path, read_card
from semicurv_tf.export.graph_guard import ALLOWED, SAVER, require_harmless
from semicurv_tf.export.load import load_signature
from semicurv_tf.models.keras_file import load_network


class Hostile(tf.Module):
    """Answers as an export does, and does something else beside."""

    def __init__(self, deed):
        super().__init__()
        self.weight = tf.Variable(1.0)
        self.deed = deed

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8, "image")])
    def serve(self, image):
        with tf.control_dependencies([self.deed()]):
            probability = self.weight * tf.cast(image[..., :1], tf.float32) / 255
        return {"probability": probability, "mask": tf.cast(image[..., :1], tf.uint8)}


def hostile(folder, exported, deed):
    module = Hostile(deed)
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.serve})
    (folder / "assets.extra").mkdir()
    shutil.copy(card_path(exported), card_path(folder))
    shutil.copy(exported / "assets.extra" / "model.keras", folder / "assets.extra")
    return folder


def test_our_exports_are_harmless(exported, exported_grey):
    require_harmless(exported)
    require_harmless(exported_grey)
    assert not ALLOWED & SAVER and not any("File" in name or "Py" in name for name in ALLOWED)


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_allowed_operations_exist(name):
    from tensorflow.python.framework import op_def_registry

    assert op_def_registry.get(name) is not None


@pytest.mark.parametrize(
    ("deed", "named"),
    [
        (lambda: tf.io.write_file("/nonexistent/a", "x"), "WriteFile"),
        (lambda: tf.io.read_file("/etc/hostname"), "ReadFile"),
        (lambda: tf.py_function(lambda: 1.0, [], tf.float32), "EagerPyFunc"),
        (
            lambda: tf.raw_ops.SaveV2(prefix="x", tensor_names=["a"], shape_and_slices=[""], tensors=[tf.zeros(1)]),
            "SaveV2",
        ),
        (
            lambda: tf.map_fn(lambda i: tf.io.matching_files("/*")[0], tf.range(2), fn_output_signature=tf.string),
            "MatchingFiles",
        ),
        (lambda: tf.print("x"), "PrintV2"),
    ],
)  # fmt: skip
def test_operations_that_do_more_are_named(tmp_path, exported, deed, named):
    version = hostile(tmp_path / "1", exported, deed)
    with pytest.raises(
        UserError, match=rf"saved_model.pb: expected operations that only compute, found .*{named}.*--trust"
    ):
        load_signature(version)


def test_the_saver_may_write_only_where_nothing_else_calls_it(exported, tmp_path):
    from tensorflow.core.protobuf import saved_model_pb2

    shutil.copytree(exported, tmp_path / "1")
    file = tmp_path / "1" / "saved_model.pb"
    model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    graph = model.meta_graphs[0]
    save = graph.saver_def.save_tensor_name.split(":")[0]
    graph.collection_def["saved_model_main_op"].node_list.value[:] = [save]  # run when the model is loaded
    file.write_bytes(model.SerializeToString())
    with pytest.raises(UserError, match="MergeV2Checkpoints"):
        require_harmless(tmp_path / "1")


def changed_graph(exported, folder, change):
    """A copy of an export, its graph changed by `change(meta_graph)`."""
    from tensorflow.core.protobuf import saved_model_pb2

    shutil.copytree(exported, folder)
    model = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    change(model.meta_graphs[0])
    (folder / "saved_model.pb").write_bytes(model.SerializeToString())
    return folder


def called_by(graph, name):
    (node,) = (node for node in graph.graph_def.node if node.name == name.split(":")[0])
    return next(each for each in graph.graph_def.library.function if each.signature.name == node.attr["f"].func.name)


def test_what_restores_may_not_save(exported, tmp_path):
    """Without its object graph a SavedModel is loaded as by TensorFlow 1: its function that restores is run then."""

    def change(graph):
        function = called_by(graph, graph.saver_def.restore_op_name)
        constants = {"path": str(tmp_path / "touched"), "names": ["a"], "slices": [""], "values": [1.0]}
        for name, value in constants.items():
            tensor = tf.make_tensor_proto(value)
            node = function.node_def.add(name=name, op="Const")
            node.attr["value"].tensor.CopyFrom(tensor)
            node.attr["dtype"].type = tensor.dtype
        inputs = [f"{name}:output:0" for name in constants]
        function.node_def.add(name="deed", op="SaveV2", input=inputs).attr["dtypes"].list.type.append(1)
        function.control_ret["deed"] = "deed"
        function.signature.control_output.append("deed")
        graph.ClearField("object_graph_def")

    version = changed_graph(exported, tmp_path / "1", change)
    with pytest.raises(UserError, match="found SaveV2"):
        load_signature(version)
    tf.saved_model.load(str(version))  # the attack is one: it writes where nothing looks before
    assert list(tmp_path.glob("touched*"))


def _as_restore(graph):
    graph.saver_def.restore_op_name = graph.saver_def.save_tensor_name.split(":")[0]


def _before_a_signature(graph):
    save = graph.saver_def.save_tensor_name.split(":")[0]
    next(node for node in graph.graph_def.node if node.op == "NoOp").input.append(f"^{save}")


def _in_a_collection(graph):
    graph.collection_def["x"].bytes_list.value.append(graph.saver_def.save_tensor_name.encode())


@pytest.mark.parametrize("change", [_as_restore, _before_a_signature, _in_a_collection])
def test_what_saves_is_run_by_nothing_else(exported, tmp_path, change):
    with pytest.raises(UserError, match="MergeV2Checkpoints"):
        require_harmless(changed_graph(exported, tmp_path / "1", change))


def test_a_function_cannot_take_the_name_of_an_operation(exported, tmp_path):
    hide = lambda graph: graph.graph_def.library.function.add().signature.__setattr__("name", "WriteFile")
    with pytest.raises(UserError, match="found WriteFile"):
        require_harmless(changed_graph(exported, tmp_path / "1", hide))


def test_the_commands_write_nothing_for_a_stranger(tmp_path, exported):
    touched = tmp_path / "touched"
    version = hostile(tmp_path / "1", exported, lambda: tf.io.write_file(str(touched), "x"))
    Image.fromarray(np.zeros((32, 32, 3), np.uint8)).save(tmp_path / "a.png")
    predict = ["predict", "--saved-model", version, "--input", tmp_path / "a.png", "--output", tmp_path / "out"]
    for arguments in (predict, ["export", "--check", version]):
        done = subprocess.run(["semicurv-tf", *map(str, arguments)], capture_output=True, text=True)
        assert done.returncode == 2 and "WriteFile" in done.stderr and "--trust" in done.stderr, done
        assert done.stderr.count("\n") == 1 and not touched.exists()
    trusted = subprocess.run(["semicurv-tf", *map(str, predict), "--trust"], capture_output=True, text=True)
    assert trusted.returncode == 0 and touched.exists(), trusted.stderr


def rewritten(path, target, change):
    """A copy of a `.keras` file, its members changed by `change(name, content)`."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            archive.writestr(name, change(name, source.read(name)))
    return target


def lambda_file(tmp_path):
    network = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Lambda(lambda x: x[..., :1])])
    network.save(tmp_path / "deployed.keras")
    return tmp_path / "deployed.keras"


def test_a_lambda_is_one_line(tmp_path):
    with pytest.raises(
        UserError, match=r"deployed.keras: expected layers of Keras and semicurv_tf, found Lambda"
    ) as raised:
        load_network(lambda_file(tmp_path))
    assert len(raised.value.lines) == 1


def test_a_function_of_another_module_is_one_line(tmp_path, exported):
    foreign = {"module": "os", "class_name": "system", "config": {"command": "id"}, "registered_name": "system"}

    def change(name, content):
        return json.dumps({**json.loads(content), "extra": [foreign]}) if name == "config.json" else content

    file = rewritten(exported / "assets.extra" / "model.keras", tmp_path / "a.keras", change)
    with pytest.raises(UserError, match="found system of os"):
        load_network(file)


@pytest.mark.parametrize(
    ("part", "named"),
    [
        ({"module": "os", "class_name": "Popen", "registered_name": "semicurv_tf>Nothing"}, "Popen of os"),
        ({"module": "keras.layers", "class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}}, "StringL"),
    ],
)
def test_a_name_of_ours_does_not_vouch_for_a_module_and_no_vocabulary_is_read(tmp_path, exported, part, named):
    def change(name, content):
        return json.dumps({**json.loads(content), "extra": part}) if name == "config.json" else content

    file = rewritten(exported / "assets.extra" / "model.keras", tmp_path / "a.keras", change)
    with pytest.raises(UserError, match=f"found {named}"):
        load_network(file)


def test_a_message_does_not_quote_the_file(tmp_path, exported):
    """zipfile tells both names of a member where they differ, of thousands of bytes each."""
    rewritten(exported / "assets.extra" / "model.keras", tmp_path / "a.keras", lambda name, content: content)
    content = (tmp_path / "a.keras").read_bytes()
    (tmp_path / "a.keras").write_bytes(content.replace(b"config.json", b"\x1bonfig\njson", 1))
    with pytest.raises(UserError) as raised:
        load_network(tmp_path / "a.keras")
    (line,) = raised.value.lines
    assert "found a damaged one" in line and len(line) < 400 + len(str(tmp_path)) and "\x1b" not in line


def test_weights_that_claim_more_than_the_file_holds_are_refused(tmp_path, exported):
    def change(name, content):
        if name != "model.weights.h5":
            return content
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as file:
            file.create_dataset(
                "layers/bomb", shape=(30_000, 30_000), dtype="f4", chunks=(1000, 1000), compression="gzip"
            )
        return buffer.getvalue()

    file = rewritten(exported / "assets.extra" / "model.keras", tmp_path / "a.keras", change)
    with pytest.raises(UserError, match="bytes of weights, found 3600000000"):
        load_network(file)


def test_weights_in_another_file_are_refused(tmp_path, exported):
    def change(name, content):
        if name != "model.weights.h5":
            return content
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as file:
            file["layers"] = h5py.ExternalLink("/etc/other.h5", "/")
        return buffer.getvalue()

    file = rewritten(exported / "assets.extra" / "model.keras", tmp_path / "a.keras", change)
    with pytest.raises(UserError, match="link to another"):
        load_network(file)


@pytest.mark.parametrize("content", [b"", b"PK\3\4 nothing", b"\0" * 100])
def test_other_files_are_one_line(tmp_path, content):
    (tmp_path / "a.keras").write_bytes(content)
    with pytest.raises(UserError, match="a.keras: expected a file written by Keras"):
        load_network(tmp_path / "a.keras")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("channels", "3"), ("threshold", None), ("max_pixels", 1e9), ("size", [3]), ("precision", "int4"),
        ("max_pixels", 10**400), ("max_batch", 10**6), ("stride", 10**12), ("size", [10**9, 10**9]),
        ("size", [1000, 101]), ("value_range", 5), ("value_range", [1, 2]), ("value_range", "x"), ("nodes", "many"),
    ],
)  # fmt: skip
def test_a_card_of_wrong_types_names_the_key(tmp_path, exported, key, value):
    version = tmp_path / "1"
    card_path(version).parent.mkdir(parents=True)
    card_path(version).write_text(json.dumps({**read_card(exported), key: value}))
    with pytest.raises(UserError, match=rf"model_card.json: {key}: expected .* Fix"):
        read_card(version)
    card_path(version).write_text("[" * 100_000)
    with pytest.raises(UserError, match="damaged"):
        read_card(version)


@pytest.mark.parametrize("edit", [{"channels": 1}, {"size": [32, 48]}])
def test_a_card_that_disagrees_with_its_graph_is_refused(tmp_path, exported, edit):
    shutil.copytree(exported, tmp_path / "1")
    card_path(tmp_path / "1").write_text(json.dumps({**read_card(exported), **edit}))
    with pytest.raises(UserError, match=r"expected what the graph takes \(height any, width any, channels 3\).*Fix"):
        load_signature(tmp_path / "1")


def test_a_damaged_graph_is_one_line(tmp_path, exported):
    shutil.copytree(exported, tmp_path / "1")
    file = Path(tmp_path / "1" / "saved_model.pb")
    for content in (b"", b"\xff" * 50, file.read_bytes()[:-500]):
        file.write_bytes(content)
        with pytest.raises(UserError, match="Fix: export again"):
            load_signature(tmp_path / "1")
