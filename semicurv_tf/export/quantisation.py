"""int8 after training, by NNCF (the extra `openvino`), and what it costs."""

import contextlib
import logging
import sys
from pathlib import Path

import numpy as np

from semicurv_tf.inference.openvino_engine import unreported
from semicurv_tf.metrics.overlap import count_overlap, summarise


def quantise(file: Path, images) -> None:
    """Quantises weights and features of an OpenVINO model in place.

    Args:
        file: its `.xml`, with its `.bin` beside it.
        images: uint8 `(height, width, channels)`, from which the ranges of the features are measured.
    """
    with unreported(), contextlib.redirect_stdout(sys.stderr):  # standard output is for results, not for its bars
        import nncf
        import openvino

        nncf.set_log_level(logging.ERROR)
        model = openvino.Core().read_model(str(file))
        quantised = nncf.quantize(model, nncf.Dataset([image[None] for image in images]), subset_size=len(images))
    del model  # its weights are the file that is written over
    beside = file.with_name("int8.xml")
    openvino.save_model(quantised, str(beside), compress_to_fp16=False)
    for suffix in (".bin", ".xml"):
        beside.with_suffix(suffix).replace(file.with_suffix(suffix))


def iou_percent(answers, images, threshold: float) -> float:
    """The mean IoU in percent over `images.compared`, see `conversion.RealImages`.

    Args:
        answers: from uint8 images `(1, height, width, channels)` to probabilities.
        images: with masks.
        threshold: foreground is above it.
    """
    counts = [
        count_overlap(each["mask"], np.asarray(answers(each["image"][None]))[0], each["valid"], threshold)
        for each in images.compared
    ]
    return 100 * summarise(counts)["mean"]["iou"]
