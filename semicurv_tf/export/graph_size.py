"""How many nodes a SavedModel holds: what folding makes smaller."""

from pathlib import Path


def count_nodes(directory: str | Path, signature: str | None = None) -> int:
    """Nodes of the served graphs with all their functions.

    Args:
        directory: of a SavedModel.
        signature: of this one only (its own function and those it calls); None counts everything.
    """
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel()
    model.ParseFromString((Path(directory) / "saved_model.pb").read_bytes())
    graph = model.meta_graphs[0].graph_def
    functions = {function.signature.name: function for function in graph.library.function}
    if signature is None:
        return len(graph.node) + sum(len(function.node_def) for function in functions.values())
    output = next(iter(model.meta_graphs[0].signature_def[signature].outputs.values())).name.split(":")[0]
    node = next(node for node in graph.node if node.name == output)
    return _called(node, functions, set())


def _called(node, functions, seen) -> int:
    total = 0
    for attribute in node.attr.values():
        for name in [attribute.func.name] + [function.name for function in attribute.list.func]:
            if name in functions and name not in seen:
                seen.add(name)
                total += len(functions[name].node_def)
                total += sum(_called(inner, functions, seen) for inner in functions[name].node_def)
    return total
