"""Lines as GraphML, for networkx and other programs of graphs: what `edges` and `nodes` are as layers.

A node has `x` and `y` and what is there; an edge its measures, and its way as WKT. Lines that join the same two nodes
are edges of their own, and a closed line joins a node with itself.
"""

from pathlib import Path

import networkx as nx

from semicurv_tf.vector.layers import Layer
from semicurv_tf.whole_files import written_whole


def write_graphml(path: Path, edges: Layer, nodes: Layer, coordinates: str) -> None:
    """Writes a network, whole or not at all.

    Args:
        path: the file.
        edges, nodes: the layers of these names, see `make_layers`.
        coordinates: what x and y are: a reference system, or pixels in words.

    Raises:
        UserError: the file cannot be written.
    """
    graph = nx.MultiGraph(coordinates=coordinates)
    for node in nodes.features:
        graph.add_node(node.properties["node"], x=node.geometry.x, y=node.geometry.y, **_told(node.properties))
    for edge in edges.features:
        told = _told(edge.properties)
        graph.add_edge(told.pop("from_node"), told.pop("to_node"), wkt=edge.geometry.wkt, **told)
    with written_whole(path) as part:
        nx.write_graphml_xml(graph, part)


def _told(properties: dict) -> dict:
    """Attributes without what is not known: GraphML has no null."""
    return {key: value for key, value in properties.items() if value is not None and key != "node"}
