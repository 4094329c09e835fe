"""The warp against the operator's own linear map, exact permutations, and the way there and back."""

import numpy as np
import pytest
import tensorflow as tf

from semicurv_tf.geometry import affine, warp

SIZE = 12

TRANSFORMS = {
    "rotation": affine.rotation([30.0]),
    "shear": affine.shear([20.0], [0.0]),
    "shrink": affine.compose(affine.rotation([25.0]), affine.scaling([0.7], [0.7])),
    "enlarge": affine.compose(affine.rotation([-50.0]), affine.scaling([1.5], [1.5])),
    "translation": affine.translation([2.3], [-4.6]),
    "far translation": affine.translation([-31.4], [40.7]),
    "everything": affine.compose(
        affine.flip([True], [False]),
        affine.shear([10.0], [5.0]),
        affine.scaling([1.2], [0.8]),
        affine.rotation([200.0]),
        affine.translation([3.1], [1.7]),
    ),
}


def linear_map(function, height, width):
    """The matrix of a linear operator on images, column by column from unit images."""
    units = tf.reshape(tf.eye(height * width), [height * width, height, width, 1])
    columns = tf.reshape(function(units), [height * width, height * width])
    return columns.numpy().T


@pytest.mark.parametrize("fill_mode", ["REFLECT", "CONSTANT"])
@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("operator", [warp.warp, warp.unwarp])
@pytest.mark.parametrize("height, width", [(SIZE, SIZE), (9, 14)])
def test_gradient_is_the_adjoint_of_the_operator(name, fill_mode, operator, height, width):
    transform = affine.about_centre(TRANSFORMS[name], height, width)
    matrix = linear_map(lambda units: operator(units, transform, fill_mode), height, width)
    upstream = np.random.default_rng(3).normal(size=(1, height, width, 1)).astype("float32")
    image = tf.Variable(np.zeros((1, height, width, 1), "float32"))
    with tf.GradientTape() as tape:
        output = tf.reduce_sum(operator(image, transform, fill_mode) * upstream)
    gradient = tape.gradient(output, image).numpy().ravel()
    expected = matrix.T @ upstream.ravel()
    error = np.linalg.norm(gradient - expected) / max(np.linalg.norm(expected), 1e-12)
    assert error < 1e-5


def test_registered_gradient_of_the_raw_op_is_not_the_adjoint():
    """Why the custom gradient exists; should a later TensorFlow mend its own, this test will say so."""
    transform = affine.about_centre(affine.rotation([30.0]), SIZE, SIZE)
    rows = tf.reshape(affine.invert(transform), [1, 9])[:, :8]
    upstream = np.random.default_rng(3).normal(size=(1, SIZE, SIZE, 1)).astype("float32")
    image = tf.Variable(np.zeros((1, SIZE, SIZE, 1), "float32"))

    def raw(images):
        return tf.raw_ops.ImageProjectiveTransformV3(
            images=images,
            transforms=rows,
            output_shape=[SIZE, SIZE],
            fill_value=0.0,
            interpolation="BILINEAR",
            fill_mode="REFLECT",
        )

    with tf.GradientTape() as tape:
        output = tf.reduce_sum(raw(image) * upstream)
    gradient = tape.gradient(output, image).numpy().ravel()
    expected = linear_map(raw, SIZE, SIZE).T @ upstream.ravel()
    assert np.linalg.norm(gradient - expected) / np.linalg.norm(expected) > 0.05


@pytest.mark.parametrize("dtype, tolerance", [("float32", 1e-6), ("float64", 1e-6), ("bfloat16", 2e-2)])
def test_dtypes_keep_value_gradient_and_inner_product(dtype, tolerance):
    """<A x, g> equals <x, A^T g> in each dtype, and output and gradient keep the dtype."""
    rng = np.random.default_rng(5)
    image = tf.cast(rng.normal(size=(2, 17, 23, 3)), dtype)
    upstream = tf.cast(rng.normal(size=(2, 17, 23, 3)), dtype)
    transform = affine.about_centre(
        affine.compose(affine.rotation([33.0, -71.0]), affine.translation([3.0, -9.5], [4.0, 2.25])), 17, 23
    )
    with tf.GradientTape() as tape:
        tape.watch(image)
        output = warp.warp(image, transform)
    gradient = tape.gradient(output, image, upstream)
    assert output.dtype == image.dtype and gradient.dtype == image.dtype
    wide = lambda tensor: tf.cast(tensor, "float64").numpy()
    left, right = np.sum(wide(output) * wide(upstream)), np.sum(wide(image) * wide(gradient))
    scale = np.linalg.norm(wide(output)) * np.linalg.norm(wide(upstream))
    assert abs(left - right) / scale < tolerance


@pytest.mark.parametrize("quarters", [0, 1, 2, 3, -1, 4])
@pytest.mark.parametrize("size", [7, 8, 128])
def test_quarter_turns_are_exact_permutations(quarters, size):
    image = np.random.default_rng(0).normal(size=(1, size, size, 2)).astype("float32")
    transform = affine.about_centre(affine.rotation([90.0 * quarters]), size, size)
    # np.rot90 turns from y towards x on the screen (anticlockwise); ours turns from x towards y.
    expected = np.rot90(image, -quarters, axes=(1, 2))
    np.testing.assert_array_equal(warp.warp(image, transform), expected)
    np.testing.assert_array_equal(warp.unwarp(expected, transform), image)


@pytest.mark.parametrize("horizontal, vertical", [(True, False), (False, True), (True, True)])
def test_flips_are_exact_permutations_of_any_size(horizontal, vertical):
    image = np.random.default_rng(0).normal(size=(1, 9, 14, 1)).astype("float32")
    transform = affine.about_centre(affine.flip([horizontal], [vertical]), 9, 14)
    expected = image[:, :: -1 if vertical else 1, :: -1 if horizontal else 1]
    np.testing.assert_array_equal(warp.warp(image, transform), expected)


def test_whole_pixel_translation_by_hand():
    image = np.array([[1.0, 2.0, 3.0, 4.0]], "float32").reshape(1, 1, 4, 1)
    right = affine.translation([2.0], [0.0])
    np.testing.assert_array_equal(warp.warp(image, right, "CONSTANT").numpy().ravel(), [0, 0, 1, 2])
    # d c b a | a b c d: the edge pixel is repeated.
    np.testing.assert_array_equal(warp.warp(image, right, "REFLECT").numpy().ravel(), [2, 1, 1, 2])
    half = affine.translation([0.5], [0.0])
    np.testing.assert_allclose(warp.warp(image, half, "CONSTANT").numpy().ravel(), [0.5, 1.5, 2.5, 3.5])


@pytest.mark.parametrize("name", ["rotation", "shear", "enlarge", "translation"])
def test_there_and_back_keeps_a_smooth_image_where_it_was_seen(name):
    height, width = 60, 80
    y, x = np.mgrid[:height, :width].astype("float32")
    image = (np.sin(x / 12) * np.cos(y / 9))[None, ..., None].astype("float32")
    transform = affine.about_centre(TRANSFORMS[name], height, width)
    back = warp.unwarp(warp.warp(image, transform), transform).numpy()
    seen = warp.seen_by_view(transform, height, width).numpy().astype(bool)
    assert 0.3 < seen.mean() <= 1.0
    error = np.abs(back - image) * seen
    # Two bilinear samplings of a wave with period 57 px or more: curvature bounds the error by 0.5 %;
    # at the image's own border the mirror bends the wave, by its slope of 0.11 times half a pixel.
    assert error[:, 2:-2, 2:-2].max() < 0.01
    assert error.max() < 0.06


def test_seen_by_view_against_a_direct_count():
    transform = affine.translation([2.0, 0.0], [0.0, -3.0])
    seen = warp.seen_by_view(transform, 5, 6).numpy()[..., 0]
    expected = np.ones((2, 5, 6))
    expected[0, :, 4:] = 0  # moved right by 2: the last two columns leave the frame
    expected[1, :3, :] = 0  # moved up by 3: the first three rows leave the frame
    np.testing.assert_array_equal(seen, expected)


def test_unseen_pixels_are_what_constant_fill_leaves_empty():
    transform = affine.about_centre(TRANSFORMS["rotation"], 40, 30)
    back = warp.unwarp(tf.ones([1, 40, 30, 1]), transform, "CONSTANT").numpy()
    seen = warp.seen_by_view(transform, 40, 30).numpy()
    np.testing.assert_array_equal(seen, (back > 1 - 1e-3).astype("float32"))


def test_warp_traces_once_for_any_size():
    traces = []

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 1]), tf.TensorSpec([None, 3, 3])])
    def gradient(image, transform):
        traces.append(1)
        with tf.GradientTape() as tape:
            tape.watch(image)
            output = tf.reduce_sum(warp.warp(image, transform))
        return tape.gradient(output, image)

    for size in (8, 21):
        transform = affine.about_centre(affine.rotation([45.0]), size, size)
        assert gradient(tf.ones([1, size, size, 1]), transform).shape == (1, size, size, 1)
    assert len(traces) == 1


def test_faults_are_named():
    with pytest.raises(ValueError, match="fill_mode='WRAP'"):
        warp.warp(tf.ones([1, 4, 4, 1]), affine.rotation([0.0]), "WRAP")
    with pytest.raises(ValueError, match="uint8"):
        warp.warp(tf.ones([1, 4, 4, 1], tf.uint8), affine.rotation([0.0]))
