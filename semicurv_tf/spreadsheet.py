"""Cells of CSV files that people open with a spreadsheet."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell(value):
    """A cell that a spreadsheet shows and does not run: a text that begins like a formula gets an apostrophe.

    Names of images become cells, and `=HYPERLINK(...).png` is a name. Numbers stay as they are, negative ones too.

    Example:
        >>> cell("=1+1.png"), cell("-3.5"), cell(-3.5), cell("a.png")
        ("'=1+1.png", '-3.5', -3.5, 'a.png')
    """
    if not isinstance(value, str) or not value.startswith(_FORMULA):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value if value[0] in "+-" else f"'{value}"
