"""Pictures laid out as a table with labels and titles."""

from PIL import Image, ImageDraw

GAP_PX = 4
TITLE_PX = 14


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
