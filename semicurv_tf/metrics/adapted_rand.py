"""Adapted Rand error of the cells that membranes enclose (Arganda-Carreras et al. 2015, "Crowdsourcing the creation of
image segmentation algorithms for connectomics", Front. Neuroanat. 9:142).

The cells are the pieces of background, joined over edges. One minus the F-measure of pairs of pixels that lie in one
cell; foreground-restricted as in ISBI 2012 and SNEMI3D: pixels of the target's membrane count nowhere. A predicted
membrane inside a true cell is no cell: each of its pixels stands alone, as in SNEMI3D's script. Differs from ISBI's
V_Rand after border thinning: no border is thinned here.
"""

import numpy as np

from semicurv_tf.metrics.ratio import ratio


def count_pairs(target, predicted, valid):
    """Pairs of distinct pixels that share a cell.

    Args:
        target, predicted: (height, width) bool, foreground is membrane.
        valid: (height, width) bool; pixels that are not valid separate cells and count nowhere.

    Returns:
        (3,) float64: pairs in one cell of both, in one of the prediction, in one of the target. Ordered pairs:
        whole numbers, exact below 2**53.
    """
    from scipy.ndimage import label

    true_cells, _ = label(~target & valid)
    cells, count = label(~predicted & valid)
    counted = true_cells > 0
    true_cells, cells = true_cells[counted].astype(np.int64), cells[counted]
    inside = cells > 0
    _, both = np.unique(true_cells[inside] * (count + 1) + cells[inside], return_counts=True)
    return np.array([_pairs(both), _pairs(np.bincount(cells[inside])), _pairs(np.bincount(true_cells))])


def adapted_rand_error(pairs):
    """1 - 2 both / (prediction + target).

    Args:
        pairs: (..., 3) of `count_pairs`, of one image or summed over several: pairs never span images.

    Returns:
        (...) in [0, 1], 0 is best; 0 where no two pixels share a cell in either.
    """
    both, predicted, target = np.moveaxis(np.asarray(pairs, np.float64), -1, 0)
    return 1 - ratio(2 * both, predicted + target, 1.0)


def _pairs(sizes):
    sizes = sizes.astype(np.float64)
    return np.sum(sizes * (sizes - 1))
