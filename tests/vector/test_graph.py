import numpy as np
import pytest
from skimage.measure import euler_number

from semicurv_tf.vector.graph import build_graph, junctions, oriented, path_length
from semicurv_tf.vector.prune import clean, join_lines, merge_junctions, prune_spurs
from semicurv_tf.vector.skeleton import find_skeleton
from tests.vector.conftest import band, ring


def drawn(*rows):
    return np.array([[mark == "#" for mark in row] for row in rows])


def graph_of(mask):
    return build_graph(find_skeleton(np.pad(mask, 2)))


def degrees(graph):
    return sorted(degree for _, degree in graph.degree())


@pytest.mark.parametrize(
    "rows, expected, edges",
    [
        (["#"], [0], 0),
        (["##"], [1, 1], 1),
        (["#####"], [1, 1], 1),
        (["#...", ".#..", "..#.", "...#"], [1, 1], 1),
        (["..#..", "..#..", "#####", "..#..", "..#.."], [1, 1, 1, 1, 4], 4),
        (["#######", "...#...", "...#...", "...#..."], [1, 1, 1, 3], 3),
        (["#...#", ".#.#.", "..#..", "..#..", "..#.."], [1, 1, 1, 3], 3),
        (["####", "#..#", "#..#", "####"], [2], 1),
        (["####...", "#..####", "#..#...", "####..."], [1, 3], 2),
        (["###.###"], [1, 1, 1, 1], 2),
        ([], None, 0),
    ],
)
def test_small_shapes(rows, expected, edges):
    mask = drawn(*rows) if rows else np.zeros((3, 3), bool)
    graph = graph_of(mask)
    assert graph.number_of_edges() == edges
    assert degrees(graph) == (expected or [])


def test_euler_number_is_nodes_less_edges(tangle):
    """Components less holes, counted by scikit-image on the mask, and nodes less edges of its graph, are one number."""
    for mask in (tangle, ~tangle, ring(30, 4), band(30, 5) | band(110, 7)):
        graph = build_graph(find_skeleton(mask))
        assert graph.number_of_nodes() - graph.number_of_edges() == euler_number(mask, connectivity=2)


def test_cleaning_keeps_holes_and_components(tangle):
    graph = build_graph(find_skeleton(tangle))
    clean(graph, 5.0)
    assert graph.number_of_nodes() - graph.number_of_edges() == euler_number(tangle, connectivity=2)
    assert 2 not in [degree for node, degree in graph.degree() if not graph.has_edge(node, node)]


def test_paths_are_neighbouring_pixels_from_node_to_node(tangle):
    graph = build_graph(find_skeleton(tangle))
    for one, other, edge in graph.edges(data=True):
        path, _ = oriented(edge, one)
        np.testing.assert_array_equal(path[0], graph.nodes[one]["position"])
        np.testing.assert_array_equal(path[-1], graph.nodes[other]["position"])
        if len(path) > 4:
            assert np.hypot(*np.diff(path[1:-1], axis=0).T).max() <= np.sqrt(2)


def test_spur_is_pruned_by_how_far_it_sticks_out_and_the_line_joined():
    mask = np.zeros((30, 60), bool)
    mask[18:21, 5:55] = True
    mask[12:18, 30] = True  # sticks out of the line's edge by 6
    short, long = graph_of(mask), graph_of(mask)
    prune_spurs(short, 7.0)
    assert degrees(short) == [1, 1] and short.number_of_edges() == 1
    ((_, _, edge),) = short.edges(data=True)
    assert path_length(edge["path"]) > 44
    prune_spurs(long, 4.0)
    assert degrees(long) == [1, 1, 1, 3]
    none = graph_of(mask)
    prune_spurs(none, 0.0)
    assert len(junctions(none)) >= 1


@pytest.mark.parametrize("angle", [0, 17, 45, 80, 90])
def test_square_ends_of_wide_lines_do_not_fork(angle):
    graph = build_graph(find_skeleton(band(angle, 20)))
    clean(graph, 5.0)
    assert degrees(graph) == [1, 1]


@pytest.mark.parametrize("angle", [60, 75, 90])
@pytest.mark.parametrize("width", [1.5, 3, 8, 15])
def test_crossing_lines_have_one_junction(angle, width):
    mask = band(10, width, 140) | band(10 + angle, width, 140)
    graph = build_graph(find_skeleton(mask, fill_px=10))
    clean(graph, 5.0)
    assert degrees(graph) == [1, 1, 1, 1, 4]
    (crossing,) = junctions(graph)
    assert np.hypot(*(graph.nodes[crossing]["position"] - 80)) < 1 + width / 4


def test_junctions_far_apart_stay_two():
    mask = band(0, 3, 140) | band(90, 3, 60, centre=(60, 50)) | band(90, 3, 60, centre=(100, 110))
    graph = build_graph(find_skeleton(mask))
    merge_junctions(graph)
    join_lines(graph)
    assert degrees(graph) == [1, 1, 1, 1, 3, 3]
