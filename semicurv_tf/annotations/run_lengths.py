"""The run-length codes of COCO, CVAT and Label Studio, decoded. A code of another length than its image is refused."""

from collections.abc import Sequence

import numpy as np

MOST_PIXELS = 400_000_000  # of one mask: a bound for what a damaged or hostile header may ask for


def decode_counts(counts: Sequence[int], height: int, width: int, order: str) -> np.ndarray:
    """Runs of 0 and 1 in turn, 0 first.

    Args:
        counts: lengths of the runs, in pixels.
        height, width: of the mask.
        order: "C", row by row (CVAT), or "F", column by column (COCO).

    Returns:
        bool (height, width).

    Raises:
        ValueError: the runs do not make up height * width pixels.
    """
    if height < 0 or width < 0 or height * width > MOST_PIXELS:
        raise ValueError(f"expected at most {MOST_PIXELS} pixels, found {width}x{height}")
    runs = np.asarray(counts)
    if runs.ndim != 1 or (len(runs) and runs.dtype.kind not in "iu") or (runs < 0).any():
        raise ValueError("expected runs as whole numbers from 0")
    if sum(map(int, runs)) != height * width:
        raise ValueError(f"expected runs of {width}x{height} pixels in all, found {sum(map(int, runs))}")
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs.astype(np.int64))
    return flat.reshape((height, width), order=order)


def coco_counts(text: str) -> list[int]:
    """The runs in COCO's compressed string: six bits a character from "0" on, five of them of the number, lowest first,
    one to go on; from the third run on the difference to the run before last (pycocotools, maskApi.c).

    Raises:
        ValueError: a character outside the code, or a number that breaks off.
    """
    counts, number, shift = [], 0, 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64 or shift > 60:
            raise ValueError("expected COCO's compressed runs")
        number |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:  # the sign
            number -= 1 << shift
        counts.append(number + (counts[-2] if len(counts) > 2 else 0))
        number, shift = 0, 0
    if shift:
        raise ValueError("expected COCO's compressed runs, found one that breaks off")
    return counts


def decode_label_studio(code: Sequence[int], height: int, width: int) -> np.ndarray:
    """Label Studio's brush: bytes of a bit stream with the image's red, green, blue and alpha, pixel by pixel.

    The stream: 32 bits how many values, 5 bits their width less 1, four times 4 bits the widths of run lengths less 1;
    then runs: 1 bit whether one value is repeated, 2 bits which width, the length less 1, and the value or the values
    (the format of @thi.ng/rle-pack).

    Args:
        code: bytes as numbers 0-255.
        height, width: of the image.

    Returns:
        bool (height, width), where the alpha value exceeds 127.

    Raises:
        ValueError: another number of values than 4 per pixel, or a stream that breaks off.
    """
    try:
        data = bytes(code)
    except (TypeError, ValueError):
        raise ValueError("expected bytes as numbers from 0 to 255") from None
    position = 0

    def read(bits: int) -> int:
        nonlocal position
        end = position + bits
        last = (end + 7) // 8
        if last > len(data):
            raise ValueError("expected Label Studio's runs, found a stream that breaks off")
        chunk = int.from_bytes(data[position // 8 : last], "big")
        position = end
        return chunk >> (8 * last - end) & ((1 << bits) - 1)

    count = read(32)
    if height * width > MOST_PIXELS or count != 4 * height * width:
        raise ValueError(f"expected {width}x{height} pixels of 4 values, found {count} values")
    value_bits, length_bits = read(5) + 1, [read(4) + 1 for _ in range(4)]
    values, filled = np.zeros(count, np.uint8), 0
    while filled < count:
        repeated = read(1)
        length = read(length_bits[read(2)]) + 1
        if filled + length > count:
            raise ValueError("expected Label Studio's runs, found more values than pixels")
        if repeated:
            values[filled : filled + length] = read(value_bits) & 255
        else:
            values[filled : filled + length] = [read(value_bits) & 255 for _ in range(length)]
        filled += length
    return values.reshape(height, width, 4)[..., 3] > 127
