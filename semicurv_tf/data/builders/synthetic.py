"""Synthetic curves: drawn by this project, so that everything runs without a download."""

from collections.abc import Iterator
from pathlib import Path

from semicurv_tf.data.builders.base import CurvilinearBuilder
from semicurv_tf.data.builders.examples import Example, Source, make_example
from semicurv_tf.data.drawing import draw_example


class Synthetic(CurvilinearBuilder):
    """TFDS builder of drawn images.

    Options: `train`, `validation`, `test` are counts of images; `seed` draws another set.
    """

    NEEDS_FILES = False
    OPTIONS = {"train": 160, "validation": 40, "test": 80, "seed": 0}

    def sources(self, folder: Path | None) -> dict[str, list[Source]]:
        return {
            split: [Source(f"{split}-{number:04d}", None) for number in range(self.options[split])]
            for split in ("train", "validation", "test")
            if self.options[split] > 0
        }

    def examples(self, source: Source) -> Iterator[Example]:
        split, number = source.name.split("-")
        stream = ("train", "validation", "test").index(split)
        yield make_example(source.name, *draw_example([self.options["seed"], stream, int(number)]))
