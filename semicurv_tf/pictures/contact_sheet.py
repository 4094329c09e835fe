"""Pictures of predictions beside the truth, errors coloured: numbers alone do not show what is wrong."""

import numpy as np
from PIL import Image, ImageDraw

# What is right stays white; what is drawn too much is red, what is missed is blue: told apart by colour-blind eyes too.
TRUE_POSITIVE, FALSE_POSITIVE, FALSE_NEGATIVE = (255, 255, 255), (230, 60, 30), (40, 120, 255)

GAP_PX = 4
TITLE_PX = 14


def error_map(target, predicted, valid=None):
    """Colours each pixel: right foreground white, too much red, missed blue, background black, not valid grey.

    Args:
        target, predicted: `(height, width)` bool.
        valid: `(height, width)` bool, or None.

    Returns:
        `(height, width, 3)` uint8.
    """
    picture = np.zeros((*target.shape, 3), np.uint8)
    picture[target & predicted] = TRUE_POSITIVE
    picture[~target & predicted] = FALSE_POSITIVE
    picture[target & ~predicted] = FALSE_NEGATIVE
    if valid is not None:
        picture[~valid] = 60
    return picture


def contact_sheet(rows, titles, enlarge: int = 1):
    """Lays pictures out as a table.

    Args:
        rows: list of (label, pictures); each picture `(height, width)` or `(height, width, 3)` uint8, as
            many in each row as there are titles. Rows may differ in size.
        titles: one for each column.
        enlarge: whole factor by which pictures are shown larger.

    Returns:
        A `PIL.Image.Image`.
    """
    images = [(label, [Image.fromarray(picture).convert("RGB") for picture in pictures]) for label, pictures in rows]
    images = [
        (
            label,
            [image.resize((image.width * enlarge, image.height * enlarge), Image.Resampling.NEAREST) for image in row],
        )
        for label, row in images
    ]
    column_widths = [max(row[column].width for _, row in images) for column in range(len(titles))]
    width = sum(column_widths) + GAP_PX * (len(titles) + 1)
    height = TITLE_PX + sum(max(image.height for image in row) + TITLE_PX + GAP_PX for _, row in images) + GAP_PX
    sheet = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(sheet)
    lefts = [GAP_PX + sum(column_widths[:column]) + GAP_PX * column for column in range(len(titles))]
    for left, title in zip(lefts, titles):
        draw.text((left, 1), title, fill="black")
    top = TITLE_PX
    for label, row in images:
        draw.text((GAP_PX, top + 1), label, fill=(90, 90, 90))
        top += TITLE_PX
        for left, image in zip(lefts, row):
            sheet.paste(image, (left, top))
        top += max(image.height for image in row) + GAP_PX
    return sheet
