"""Large images: peak memory, pixels a second and cost a pixel of `semicurv-tf predict`, at several sizes.

    python scripts/benchmark_large.py --sizes 2000 8000 30000                  # about an hour on two cores
    python scripts/benchmark_large.py --sizes 2000 8000 --run RUN --keep FOLDER

Makes a georeferenced image of each size by windows (the built-in drawn images, mosaicked), predicts it by the
command in a process of its own, `image.tif` in and `mask.tif` out, and takes that process' wall time and peak memory
from the operating system. The cost a pixel leaves out the start, which a run on a 64 px image measures. Without --run,
a network of half the paper's widths is trained for 150 steps first. Writes results/large_images/benchmark.json and
README.md; sizes measured before stay in the table as long as machine and settings are the same.
Needs rasterio (pip install 'semicurv-tf[geo]') and 3 bytes of disk a pixel.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import rasterio
from benchmark.machine import describe_machine
from rasterio.transform import from_origin
from rasterio.windows import Window

from semicurv_tf.data.drawing import SIDE_PX, draw_example

PROGRAM = Path(sys.executable).with_name("semicurv-tf")
BLOCK_PX = 512
EXAMPLES = 64  # drawn images that the mosaic is made of
START_PX = 64
TRANSFORM = from_origin(500_000, 4_600_000, 0.5, 0.5)


def main():
    arguments = parse()
    folder = Path(arguments.keep or tempfile.mkdtemp(prefix="large-"))
    folder.mkdir(parents=True, exist_ok=True)
    run = Path(arguments.run) if arguments.run else train(folder / "run")
    options = ["--memory", arguments.memory, "--precision", arguments.precision]
    if arguments.tile:
        options += ["--tile", str(arguments.tile)]
    settings = {"machine": machine(), "network": widths(run), "options": " ".join(options)}

    record = Path(arguments.output) / "benchmark.json"
    earlier = json.loads(record.read_text()) if record.is_file() else {}
    rows = earlier.get("sizes", {}) if earlier.get("settings") == settings else {}
    start = measure(run, make(folder, START_PX), options)["seconds"]
    for side in arguments.sizes:
        image = make(folder, side)
        row = measure(run, image, options)
        row["microseconds_per_pixel"] = (row["seconds"] - start) / side**2 * 1e6
        row["start_seconds"] = start
        rows[str(side)] = row
        print(f"{side}: {row}", flush=True)
        rows = dict(sorted(rows.items(), key=lambda item: int(item[0])))
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps({"settings": settings, "sizes": rows}, indent=2) + "\n")
        if not arguments.keep:
            image.unlink()
    text = table(settings, rows)
    (record.parent / "README.md").write_text(text)
    print(text)


def make(folder: Path, side: int) -> Path:
    """A georeferenced RGB image of drawn curves, written block row by block row; kept where it exists."""
    path = folder / f"image_{side}.tif"
    if path.is_file():
        return path
    examples = np.stack([draw_example([9, number])[0] for number in range(EXAMPLES)])
    generator = np.random.default_rng(0)
    part = path.with_name(f".{path.name}.part")
    with rasterio.open(
        part, "w", driver="GTiff", height=side, width=side, count=3, dtype="uint8",
        crs="EPSG:32633", transform=TRANSFORM,
        tiled=True, blockxsize=BLOCK_PX, blockysize=BLOCK_PX, bigtiff="IF_SAFER", photometric="rgb", interleave="pixel",
    ) as file:  # fmt: skip
        across = -(-side // SIDE_PX)
        for top in range(0, side, BLOCK_PX):
            chosen = generator.integers(0, EXAMPLES, (BLOCK_PX // SIDE_PX, across))
            block = examples[chosen].swapaxes(1, 2).reshape(BLOCK_PX, across * SIDE_PX, 3)
            height = min(BLOCK_PX, side - top)
            file.write(np.moveaxis(block[:height, :side], -1, 0), window=Window(0, top, side, height))
    part.rename(path)
    return path


def measure(run: Path, image: Path, options: list[str]) -> dict:
    """Wall seconds, peak memory and throughput of the command, and what its mask is."""
    mask = image.with_name(f"mask_{image.stem}.tif")
    command = [PROGRAM, "predict", "--run", run, "--input", image, "--output", mask, "--overwrite", *options]
    load = os.getloadavg()[0]
    begun = time.monotonic()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)  # so that Popen does not wait for it again
    seconds = time.monotonic() - begun
    if process.returncode:
        sys.exit(f"error: the command failed:\n{said}")
    with rasterio.open(image) as before, rasterio.open(mask) as after:
        same = (before.crs, before.transform, before.shape) == (after.crs, after.transform, after.shape)
        strip = after.read(1, window=Window(0, 0, after.width, min(BLOCK_PX, after.height)))
    pixels = before.width * before.height
    return {
        "pixels": pixels,
        "seconds": seconds,
        "load_before": load,
        "pixels_per_second": pixels / seconds,
        "peak_memory_mb": usage.ru_maxrss / 1e6 * 1024,
        "tile": next((word.split()[3] for word in said.split("  ") if word.startswith("by tiles of")), None),
        "georeference_kept": same,
        "mask_mb": mask.stat().st_size / 1e6,
        "foreground_of_the_first_rows": float((strip > 0).mean()),
    }


def train(run: Path) -> Path:
    """A network of half the paper's widths, trained for 150 steps on the built-in images."""
    if not (run / "deployed.keras").is_file():
        command = [
            PROGRAM, "train", "--dataset", "synthetic", "--labels", "all", "--method", "supervised", "--steps", "150",
            "--set", "model.widths=[16,32,64,128,256]", "--run", run,
        ]  # fmt: skip
        subprocess.run([str(word) for word in command], check=True)
    return run


def machine() -> str:
    found = describe_machine()
    instructions, system = ", ".join(found["instructions"]), found["system"].split("-")[0]
    return f"{found['processor']}, {found['cores']} cores ({instructions}), {system}"


def widths(run: Path) -> str:
    import yaml

    model = yaml.safe_load((run / "config.yaml").read_text())["model"]
    return f"{model['name']} {model['widths']}, encoding {model['encoding']}"


def table(settings: dict, rows: dict) -> str:
    lines = [
        "# Large images",
        "",
        f"`semicurv-tf predict --input image.tif --output mask.tif {settings['options']}`, {settings['network']}, on "
        f"{settings['machine']}.",
        "Made by `python scripts/benchmark_large.py`; the whole process is measured, start included, except in the "
        "last column.",
        "",
        "The load is that of the machine before the command began: figures of time count where it is near 0.",
        "",
        "| image | tile | seconds | pixels per second | peak memory | µs per pixel, without the start | load |",
        "|---|---|---|---|---|---|---|",
    ]
    for side, row in rows.items():
        lines.append(
            f"| {side} x {side} x 3 | {row['tile'] or 'whole'} | {row['seconds']:.0f} | "
            f"{row['pixels_per_second']:,.0f} | "
            f"{row['peak_memory_mb'] / 1000:.2f} GB | {row['microseconds_per_pixel']:.2f} | {row['load_before']:.1f} |"
        )
    lines += ["", "[seams.md](seams.md): how much tiling changes the answer."]
    return "\n".join(lines) + "\n"


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[2000, 8000, 30000], help="sides of the images in pixels"
    )
    parser.add_argument("--run", help="a run folder; default: one is trained")
    parser.add_argument("--memory", default="2GB")
    parser.add_argument("--tile", type=int)
    parser.add_argument("--precision", default="auto", choices=["float32", "bfloat16", "auto"])
    parser.add_argument("--keep", help="folder for the images, the masks and the run; default: a temporary one")
    parser.add_argument("--output", default="results/large_images", help="folder of the figures")
    return parser.parse_args()


if __name__ == "__main__":
    main()
