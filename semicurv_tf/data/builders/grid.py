"""Cutting an image into a grid of equal windows, as DRIVE128 and EM128 are made."""

from collections.abc import Iterator

from semicurv_tf.data.builders.examples import Example

GRID = 4  # windows per side
WINDOW_PX = 128


def grid_windows(example: Example) -> Iterator[Example]:
    """The 16 windows of 128x128 of a 512x512 example, row by row, named NAME-0 to NAME-15."""
    for index in range(GRID * GRID):
        row, column = divmod(index, GRID)
        yield example.window(f"{example.name}-{index}", row * WINDOW_PX, column * WINDOW_PX, WINDOW_PX, WINDOW_PX)
