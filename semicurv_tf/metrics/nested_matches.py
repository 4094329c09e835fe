"""The most pairs of pixels of a target and of each of up to 64 masks, all masks at once.

A largest matching in a bipartite graph: pairs are taken greedily, the nearest first; then paths that exchange pairs and
end with one more are searched from all unpaired pixels at once (Berge 1957; Azad, Buluc and Pothen 2017, "Computing
maximum cardinality matchings in parallel on bipartite graphs via tree-grafting", Sect. 3). Where no path is left, no
larger matching exists.
"""

import numpy as np


def most_pairs(target, words, masks, tolerance_px):
    """Pairs of a target's pixel and one of a mask, each used once, no farther apart than the tolerance.

    Args:
        target: (height, width) bool.
        words: (height, width) uint64; bit k is the k-th mask.
        masks: how many bits count, 1 to 64; the others are 0.
        tolerance_px: largest distance of two pixel centres, inclusive, at least 0.

    Returns:
        (masks,) int64.

    Example:
        >>> most_pairs(np.array([[True, True, False, False]]), np.array([[0, 0, 2, 3]], np.uint64), 2, 2).tolist()
        [1, 2]
    """
    reach = int(tolerance_px)  # a rim as wide: no neighbour falls off the image
    row, column = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    distance = (row**2 + column**2).reshape(-1)
    near = distance.argsort(kind="stable")[: np.count_nonzero(distance <= tolerance_px**2)]
    offsets = (row * (target.shape[1] + 2 * reach) + column).reshape(-1)[near]
    places = np.pad(target, reach).reshape(-1).nonzero()[0]
    free = np.pad(words, reach).reshape(-1)
    # Node `number * masks + k` is a target's pixel as the k-th mask finds it; its partner is a place in the image.
    partner = np.full(places.size * masks, -1, np.int64)
    _pair_greedily(partner, free, places, offsets, masks)
    number = np.full(free.size, -1, np.int32)
    number[places] = np.arange(places.size)
    reached = np.zeros(free.size, bool)
    for offset in offsets:
        reached[places + offset] = True
    free[~reached] = 0
    left = free.nonzero()[0]
    index, mask = np.divmod(_set_bits(free[left], masks), masks)
    _improve(partner, left[index], mask, number, offsets, masks)
    return np.count_nonzero(partner.reshape(-1, masks) >= 0, axis=0)


def _pair_greedily(partner, free, places, offsets, masks):
    """Pairs what can be, one offset after the other; changes `partner`, and `free`, the masks' unpaired pixels."""
    unpaired = np.full(places.size, ~np.uint64(0))
    for offset in offsets:
        there = places + offset
        pairs = unpaired & free[there]
        unpaired ^= pairs
        free[there] ^= pairs
        node = _set_bits(pairs, masks)
        partner[node] = there[node // masks]


def _improve(partner, place, mask, number, offsets, masks):
    """Makes the matching a largest one.

    Args:
        partner: (nodes,) place of the paired pixel or -1; changed.
        place, mask: (roots,) of the masks' unpaired pixels.
        number: (places,) number of the target's pixel, or -1.
        offsets: from a pixel to what lies within the tolerance; symmetric.
        masks: nodes per target's pixel.
    """
    tree = np.full(len(partner), -1, np.int64)  # the tree that holds a node; trees of earlier searches count less
    before = np.empty(len(partner), np.int64)  # the node ahead of it on its path, or -1 - root
    first_tree = 0
    while place.size:
        end, touches = _search(partner, place, mask, number, offsets, masks, tree, before, first_tree)
        first_tree += place.size
        found = end >= 0
        # Along each path, from its end: a node takes the partner of the one ahead, the first one takes the root.
        node = end[found]
        while node.size:
            ahead = before[node]
            inner = ahead >= 0
            partner[node[~inner]] = place[-1 - ahead[~inner]]
            node, ahead = node[inner], ahead[inner]
            partner[node] = partner[ahead]
            node = ahead
        # A tree without a path may yet find one through a tree that found one; the others never will.
        hopeful = found.copy()
        ran, into = touches
        while True:
            others = ~hopeful[ran]
            ran, into = ran[others], into[others]
            reaching = hopeful[into]
            if not reaching.any():
                break
            hopeful[ran[reaching]] = True
        left = hopeful & ~found
        place, mask = place[left], mask[left]


def _search(partner, place, mask, number, offsets, masks, tree, before, first_tree):
    """Grows a tree from each root, all by one level at a time; a node belongs to one tree, so that no paths cross.

    Returns:
        (roots,) the node in which the root's path ends, or -1; and two arrays, a tree and one that it ran into.
    """
    end = np.full(place.size, -1, np.int64)
    roots = np.arange(place.size)
    at, origin, root = place, -1 - roots, roots
    ran, into = [roots[:0]], [roots[:0]]
    claim = np.empty_like(tree)
    while at.size:
        near = number[at[:, None] + offsets].reshape(-1)
        some = (near >= 0).nonzero()[0]
        parent = some // len(offsets)
        grower = root[parent]
        node = near[some] * np.int64(masks) + mask[grower]
        new = (tree[node] < first_tree).nonzero()[0]
        # Of several that reach a node at once, one gets it.
        claim[node[new]] = new
        new = new[claim[node[new]] == new]
        tree[node[new]] = first_tree + grower[new]
        owner = tree[node] - first_tree
        other = (owner != grower).nonzero()[0]
        ran.append(grower[other])
        into.append(owner[other])
        node, root = node[new], grower[new]
        before[node] = origin[parent[new]]
        at = partner[node]
        ends = at < 0
        end[root[ends]] = node[ends]
        growing = end[root] < 0
        at, origin, root = at[growing], node[growing], root[growing]
    return end, (np.concatenate(ran), np.concatenate(into))


def _set_bits(words, masks):
    """`index * masks + bit` of each of the first `masks` bits that is set, ascending."""
    # Little-endian whatever the machine: byte k holds bits 8k to 8k + 7.
    octets = np.ascontiguousarray(words, "<u8").view(np.uint8).reshape(-1, 8)
    return np.unpackbits(octets, axis=1, count=masks, bitorder="little").view(bool).reshape(-1).nonzero()[0]
