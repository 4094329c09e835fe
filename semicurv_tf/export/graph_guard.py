"""Refuses a SavedModel whose graph does more than compute: it is parsed, and nothing of it is loaded before.

A SavedModel is a program. TensorFlow's operations read and write files, open connections and call Python, and a graph
that holds one of them runs it in the name of whoever loads the model. Allowed are the operations of networks, of
decoding images, and of control flow; a list of what is forbidden would age with each release of TensorFlow.
"""

from collections.abc import Iterator
from pathlib import Path

from semicurv_tf.errors import UserError
from semicurv_tf.regular_files import read_regular, require_regular

_ARRAYS = """
    BroadcastArgs BroadcastTo Cast Concat ConcatV2 Const DepthToSpace EnsureShape ExpandDims Fill Gather GatherNd
    GatherV2 Identity IdentityN InvertPermutation LinSpace MirrorPad OneHot OnesLike Pack Pad PadV2 Placeholder
    PlaceholderWithDefault PreventGradient Range Rank Reshape ResourceGather ReverseV2 Roll ScatterNd Select
    SelectV2 Shape ShapeN Size Slice Snapshot SpaceToDepth Split SplitV Squeeze StopGradient StridedSlice
    TensorScatterAdd TensorScatterUpdate Tile Transpose Unpack Where ZerosLike BatchToSpaceND SpaceToBatchND
"""
_NUMBERS = """
    Abs Add AddN AddV2 All Any ArgMax ArgMin Asin Atan Atan2 BatchMatMul BatchMatMulV2 BatchMatMulV3 BiasAdd
    Bincount Ceil ClipByValue Cos Cosh Cumprod Cumsum DenseBincount Div DivNoNan Einsum Elu Equal Erf Erfc Exp Expm1
    Floor FloorDiv FloorMod Greater GreaterEqual IsFinite IsInf IsNan LeakyRelu Less LessEqual Log Log1p LogSoftmax
    LogicalAnd LogicalNot LogicalOr MatMul Max Maximum Mean Min Minimum Mod Mul MulNoNan Neg NotEqual Pow Prod
    RealDiv Reciprocal Relu Relu6 Rint Round Rsqrt Selu Sigmoid Sign Sin Sinh Softmax Softplus Softsign Sqrt Square
    SquaredDifference Sub Sum Tan Tanh TopKV2 TruncateDiv TruncateMod UnsortedSegmentSum Xdivy Xlogy
"""
_LAYERS = """
    AvgPool Conv2D Conv2DBackpropInput DepthwiseConv2dNative FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3
    MaxPool MaxPoolV2 ImageProjectiveTransformV2 ImageProjectiveTransformV3 ResizeArea ResizeBicubic ResizeBilinear
    ResizeNearestNeighbor CropAndResize
"""
_PICTURES_AND_TEXTS = """
    DecodeAndCropJpeg DecodeImage DecodeJpeg DecodePng DecodeRaw EncodeJpeg EncodePng ExtractJpegShape
    RegexFullMatch StaticRegexFullMatch StringJoin StringLength StringSplit StringSplitV2 Substr AsString
    DecodeBase64 EncodeBase64
"""
# ReduceDataset stands in older exports.
_CONTROL_FLOW_AND_DATA = """
    Assert AssignVariableOp Case ConcatenateDataset DatasetToSingleElement DisableCopyOnRead Enter Exit If
    IgnoreErrorsDataset LoopCond MapDataset Merge NextIteration NoOp PartitionedCall ReadVariableOp ReduceDataset
    StatefulPartitionedCall StatelessCase StatelessIf StatelessWhile Switch TakeDataset TensorDataset
    TensorListFromTensor TensorListGetItem TensorListLength TensorListReserve TensorListSetItem TensorListStack
    TensorSliceDataset VarHandleOp VarIsInitializedOp While
"""
ALLOWED = frozenset(" ".join((_ARRAYS, _NUMBERS, _LAYERS, _PICTURES_AND_TEXTS, _CONTROL_FLOW_AND_DATA)).split())
# What TensorFlow itself puts beside a graph to save and restore its variables. These touch files, so they may stand
# only in the two functions that the saver names, which nothing else calls. Loading runs the second: it only reads.
SAVING = frozenset(("SaveV2", "MergeV2Checkpoints", "ShardedFilename", "Save"))
RESTORING = frozenset(("RestoreV2", "RestoreSlice", "Restore"))
SAVER = SAVING | RESTORING
MOST_BYTES = 500_000_000


def require_harmless(directory: str | Path) -> None:
    """Refuses a SavedModel with operations beyond `ALLOWED`.

    Args:
        directory: of the SavedModel.

    Raises:
        UserError: naming the operations; or a file is missing, damaged, no regular one or far too large.
    """
    path = Path(directory) / "saved_model.pb"
    require_files(directory)
    for graph in _graphs(path):
        found = sorted(_forbidden(graph))
        if found:
            some = ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
            raise UserError(
                f"{path}: expected operations that only compute, found {some}. "
                "Fix: a model from a source that you trust; if this is one, add --trust"
            )


def require_files(directory: str | Path) -> None:
    """Refuses a SavedModel with a pipe or device among what TensorFlow would open, and wait for.

    Raises:
        UserError: naming it.
    """
    for path in (
        *Path(directory).glob("*.pb"),
        *Path(directory).glob("variables/*"),
        *Path(directory).glob("assets/*"),
    ):
        if not path.is_dir() and path.exists():
            require_regular(path, "export again")


def _graphs(path: Path):
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel()
    try:
        model.ParseFromString(read_regular(path, MOST_BYTES, "export again"))
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}). Fix: name an exported version folder") from None
    except DecodeError:
        raise UserError(f"{path}: damaged. Fix: export again") from None
    if not model.meta_graphs:
        raise UserError(f"{path}: holds no graph. Fix: export again")
    return model.meta_graphs


def _forbidden(graph) -> Iterator[str]:
    import tensorflow as tf

    definition = graph.graph_def
    functions = {function.signature.name: function for function in definition.library.function}
    own = _saver_functions(graph, functions)
    for nodes, allowed in [(definition.node, ALLOWED)] + [
        (function.node_def, ALLOWED | own.get(name, frozenset())) for name, function in functions.items()
    ]:
        yield from {node.op for node in nodes if node.op not in allowed and node.op not in functions}
    # A function named as an operation would hide that operation from the above.
    yield from (name for name in functions if name not in ALLOWED and hasattr(tf.raw_ops, name))


def _saver_functions(graph, functions) -> dict[str, frozenset[str]]:
    """Functions that only the saver's own nodes call, and what they may hold beyond `ALLOWED`.

    Where loading or a signature could run one of these nodes otherwise, none.
    """
    save, restore = (name.split(":")[0] for name in (graph.saver_def.save_tensor_name, graph.saver_def.restore_op_name))
    saver = {save, restore}
    nodes = graph.graph_def.node
    taken = {name.lstrip("^").split(":")[0] for node in nodes for name in node.input}
    outputs = {info.name.split(":")[0] for each in graph.signature_def.values() for info in each.outputs.values()}
    run_at_loading = {
        name.split(":")[0] for collection in graph.collection_def.values() for name in collection.node_list.value
    }
    written = b"".join(each for collection in graph.collection_def.values() for each in collection.bytes_list.value)
    if saver & (taken | outputs | run_at_loading) or any(name and name.encode() in written for name in saver):
        return {}
    of_save = {name for node in nodes if node.name == save for name in _called(node)}
    of_restore = {name for node in nodes if node.name == restore for name in _called(node)}
    others = {name for node in nodes if node.name not in saver for name in _called(node)}
    others |= {name for function in functions.values() for node in function.node_def for name in _called(node)}
    # An object that is loaded may run a function by its name.
    others |= set(graph.object_graph_def.concrete_functions)
    return dict.fromkeys(of_save - of_restore - others, SAVING) | dict.fromkeys(
        of_restore - of_save - others, RESTORING
    )


def _called(node) -> Iterator[str]:
    yield node.op
    for attribute in node.attr.values():
        yield from filter(None, [attribute.func.name, *(function.name for function in attribute.list.func)])
