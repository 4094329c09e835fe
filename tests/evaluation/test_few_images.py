"""What a handful of images says: Student's interval by the tables, and when it is said."""

import pytest

from semicurv_tf.evaluation.few_images import few_images_note, mean_interval


def test_student_by_the_table():
    # Mean 0.6, deviation 0.1, n = 3: t(0.975; 2) = 4.303, so 0.6 +- 4.303 x 0.1 / sqrt(3).
    assert mean_interval([0.5, 0.6, 0.7]) == pytest.approx((0.6 - 0.24843, 0.6 + 0.24843), abs=1e-4)
    # n = 5: t(0.975; 4) = 2.776, deviation sqrt(0.001 / 4) = 0.015811.
    assert mean_interval([0.48, 0.49, 0.5, 0.51, 0.52]) == pytest.approx((0.5 - 0.01963, 0.5 + 0.01963), abs=1e-4)
    assert mean_interval([0.0, 1.0]) == (0.0, 1.0)  # cut
    assert mean_interval([0.4]) is None and mean_interval([]) is None
    assert mean_interval([0.4, 0.4]) == (0.4, 0.4)


def test_said_below_ten_images_alone():
    assert few_images_note("test", [0.5] * 10) is None and few_images_note("test", []) is None
    note = few_images_note("test", [0.5, 0.6, 0.7])
    assert "3 test images with a mask, fewer than 10" in note and "35.2 to 84.8" in note
    assert "1 validation image with a mask" in few_images_note("validation", [0.5])
    assert "there is no interval" in few_images_note("validation", [0.5])
