"""Feeds mutated files and mutated answers of servers to everything that reads them: seeded, in processes that may die.

    python scripts/fuzz.py --files 500 --answers 100 --write results/fuzz/figures.json
    python scripts/fuzz.py --target image --case 17    one case, with its traceback; its file stays here

A case is good when the reader returns, or raises `UserError` with short, printable lines. Counted are tracebacks (any
other exception), crashes (the process died), hangs (no answer within --hang-seconds of processor time, or thirty times
as long by the clock) and the peak of memory. Case N of a target is the same file on every machine, whatever else runs.
"""

import argparse
import base64
import contextlib
import copy
import io
import json
import os
import random
import re
import selectors
import struct
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))
HANG_SECONDS = 10.0  # of processor time, which other work on the machine does not prolong
PATIENCE = 30  # times as long by the clock: what waits for ever uses no processor
MEMORY_MB = 2000  # --memory of the commands by default
BIG = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
ODD_VALUES = (
    None,
    True,
    -1,
    0,
    1e308,
    float("nan"),
    2**70,
    "",
    "x" * 300,
    "=1",
    [],
    [[]],
    {},
    {"a": {}},
    [1, "a", None],
    "\x00",
)


# ---- seeds: small files as people have them --------------------------------------------------------------------------


def pictures() -> list[tuple[str, bytes]]:
    """(suffix, bytes) of images of several formats, kinds and depths."""
    import tifffile
    from PIL import Image

    grey = (np.add.outer(np.arange(48), np.arange(40)) * 3 % 256).astype(np.uint8)
    colour = np.stack([grey, grey.T.copy().reshape(48, 40), 255 - grey], -1)
    found = []

    def save(suffix, image, **options):
        buffer = io.BytesIO()
        image.save(buffer, {"jpg": "JPEG", "tif": "TIFF"}.get(suffix, suffix.upper()), **options)
        found.append((suffix, buffer.getvalue()))

    for image in (Image.fromarray(colour), Image.fromarray(grey)):
        for suffix in ("png", "jpg", "tif", "bmp", "webp", "gif"):
            save(suffix, image)
    save("png", Image.fromarray(grey.astype(np.uint16) * 257))
    save("png", Image.fromarray(colour).convert("P"), transparency=3)
    save("png", Image.fromarray(grey > 100))
    exif = Image.Exif()
    exif[0x0112] = 6
    save("jpg", Image.fromarray(colour), exif=exif, progressive=True)
    save("tif", Image.fromarray(colour), compression="tiff_lzw")
    save("gif", Image.fromarray(grey), save_all=True, append_images=[Image.fromarray(255 - grey)])
    for options in (
        {"photometric": "minisblack"},
        {"photometric": "minisblack", "bigtiff": True, "compression": "zlib"},
    ):
        buffer = io.BytesIO()
        stack = np.stack([grey, 255 - grey])
        tifffile.imwrite(buffer, stack if "bigtiff" in options else grey, **options)
        found.append(("tif", buffer.getvalue()))
    return found + geotiffs(colour)


def geotiffs(colour) -> list[tuple[str, bytes]]:
    try:
        import rasterio
        from rasterio.transform import from_origin
    except ImportError:
        return []
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        path = Path(folder, "a.tif")
        profile = {"driver": "GTiff", "height": 48, "width": 40, "count": 3, "dtype": "uint8", "nodata": 7}
        profile |= {"crs": "EPSG:32633", "transform": from_origin(3e5, 5e6, 0.5, 0.5), "tiled": True, "blockxsize": 16}
        with rasterio.open(path, "w", **profile, blockysize=16) as file:
            file.write(np.moveaxis(colour, -1, 0))
        return [("tif", path.read_bytes())]


def masks() -> list[tuple[str, bytes]]:
    from PIL import Image

    mask = np.zeros((48, 40), np.uint8)
    mask[20:23, 4:36] = 255
    mask[4:44, 18:20] = 255
    found = []
    for suffix, format in (("png", "PNG"), ("tif", "TIFF"), ("gif", "GIF"), ("bmp", "BMP")):
        buffer = io.BytesIO()
        Image.fromarray(mask).save(buffer, format)
        found.append((suffix, buffer.getvalue()))
    return found + [("tif", geo) for _, geo in geotiffs(np.stack([mask] * 3, -1))]


# ---- mutations -------------------------------------------------------------------------------------------------------


def mutated(content: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    """One to four changes of bytes; half of the PNGs get right checksums, so that these are not all that is met."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(data)) if data else 0
        # Headers decide most, and are short.
        place = min(place, chance.choice((len(data), 64, 200)))
        kind = chance.randrange(8)
        if kind == 0 and data:
            data[min(place, len(data) - 1)] ^= 1 << chance.randrange(8)
        elif kind == 1:
            data[place : place + 1] = bytes([chance.choice((0, 255, chance.randrange(256)))])
        elif kind == 2:
            data[place : place + 4] = struct.pack(chance.choice("<>") + "I", chance.choice(BIG))
        elif kind == 3:
            data[place : place + 2] = struct.pack(chance.choice("<>") + "H", chance.choice(BIG) & 0xFFFF)
        elif kind == 4:
            del data[place : len(data) if chance.random() < 0.3 else place + chance.randint(1, 32)]
        elif kind == 5:
            data[place:place] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 32)))
        elif kind == 6:
            data[place:place] = data[place : place + chance.randint(1, 64)] * chance.choice((1, 2, 50))
        else:
            other = chance.choice(others)
            data[place:] = other[min(place, len(other)) :]
    return _checksums_right(bytes(data)) if chance.random() < 0.5 else bytes(data)


def _checksums_right(data: bytes) -> bytes:
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    out, at = bytearray(data), 8
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        if at + 12 + length > len(data):
            break
        out[at + 8 + length : at + 12 + length] = struct.pack(">I", zlib.crc32(data[at + 4 : at + 8 + length]))
        at += 12 + length
    return bytes(out)


def odd_object(content, chance: random.Random):
    """A JSON value with one to three of its parts replaced, removed or wrapped."""
    content = json.loads(json.dumps(content))
    for _ in range(chance.randint(1, 3)):
        holder, key = None, None
        part = content
        while isinstance(part, dict | list) and part and (holder is None or chance.random() < 0.7):
            holder, key = part, chance.choice(list(part) if isinstance(part, dict) else range(len(part)))
            part = holder[key]
        if holder is None:
            return copy.deepcopy(chance.choice(ODD_VALUES))
        if chance.random() < 0.2:
            del holder[key]
        else:
            # Copied: what a case does to a value is not to be met by the next one.
            holder[key] = copy.deepcopy(chance.choice((*ODD_VALUES, [part], {"a": part}, str(part)[:50])))
    return content


def mutated_json(content, chance: random.Random) -> bytes:
    if chance.random() < 0.05:
        return b"[" * chance.choice((10, 5000, 200_000))
    text = json.dumps(odd_object(content, chance) if chance.random() < 0.8 else content).encode()
    return mutated(text, chance, [text, b"\x00" * 50, b"\xff\xfe{}"]) if chance.random() < 0.3 else text


# ---- targets: what reads ---------------------------------------------------------------------------------------------


class Targets:
    """Each method reads a mutated file of one kind as the commands do; made once per process.

    `CASES` tells how many of a hundred cases go to each.
    """

    CASES = {"image": 30, "mask": 14, "training_image": 12, "run_json": 8, "config": 8, "checkpoint": 8, "records": 8,
             "card": 4, "graph": 4, "keras_file": 4}  # fmt: skip

    def __init__(self):
        self.images, self.masks = pictures(), masks()

    def image(self, chance, folder):
        """`predict`: the plan, the header, the pixels, by windows too, and the results."""
        from semicurv_tf.inference.memory import Memory
        from semicurv_tf.inference.predictor import Predictor
        from semicurv_tf.predict.plan_files import Outputs, plan_jobs
        from semicurv_tf.predict.predict_files import predict_jobs

        path = _write(folder, self.images, chance)
        tile = chance.choice((None, 32))
        memory = Memory(MEMORY_MB * 10**6)
        thresholded = lambda image: image[..., :1].astype(np.float32) / 255
        reader = Predictor(thresholded, 3, tile=tile, memory=memory)
        jobs = plan_jobs(path, folder / "out", Outputs(overlay=chance.random() < 0.3))
        for outcome in predict_jobs(reader, jobs):
            yield from outcome.faults

    def mask(self, chance, folder):
        """`vectorize`, the whole command."""
        from semicurv_tf.cli.vectorize import vectorize

        path = _write(folder, self.masks, chance)
        vectorize(["--input", str(path), "--output", str(folder / "a.geojson")], standalone_mode=False)

    def training_image(self, chance, folder):
        """`datasets verify` and `train`: images and masks of an own folder."""
        from semicurv_tf.data import verify

        for part, seeds in (("images", self.images), ("masks", self.masks)):
            (folder / part).mkdir()
            suffix, content = chance.choice(seeds)
            (folder / part / f"good.{suffix}").write_bytes(content)
        wrong = _write(folder / chance.choice(("images", "masks")), self.images + self.masks, chance)
        other = folder / ("masks" if wrong.parent.name == "images" else "images") / "a.png"
        other.write_bytes(self.masks[0][1])
        yield from verify.verify("folder", folder).errors

    def run_json(self, chance, folder):
        from semicurv_tf.training import run_folder

        (folder / "config.yaml").write_text(self._config())
        facts = {"channels": 3, "mean": [1.0] * 3, "standard_deviation": [1.0] * 3, "labelled": ["a"], "steps": 9,
                 "dataset": "synthetic", "method": "semicurv", "precision": {"name": "float32", "reason": ""},
                 "training_images": 4, "seed": 0, "versions": {}}  # fmt: skip
        (folder / "run.json").write_bytes(mutated_json(facts, chance))
        (folder / "threshold.json").write_bytes(mutated_json({"threshold": 0.4, "step": 3}, chance))
        for read in (run_folder.read_facts, run_folder.chosen_threshold):
            yield from _lines(lambda read=read: read(folder))

    def config(self, chance, folder):
        import yaml

        from semicurv_tf.config import Config, load_config

        values = odd_object(Config().model_dump(mode="json"), chance)
        with contextlib.suppress(yaml.YAMLError):
            text = yaml.safe_dump(values, allow_unicode=True).encode(errors="surrogateescape")
            text = mutated(text, chance, [text]) if chance.random() < 0.4 else text
            (folder / "config.yaml").write_bytes(text)
            load_config(folder / "config.yaml")

    def checkpoint(self, chance, folder):
        from semicurv_tf.training import checkpoints

        network = self._network()
        arrays = {f"student/{index:03d}": weight.numpy() for index, weight in enumerate(network.weights)}
        buffer = io.BytesIO()
        (np.savez_compressed if chance.random() < 0.5 else np.savez)(buffer, step=np.int64(7), **arrays)
        content = buffer.getvalue()
        if chance.random() < 0.5:
            content = _inside_zip(content, chance)
        checkpoint = folder / "step-000007"
        checkpoint.mkdir()
        (checkpoint / checkpoints.STATE).write_bytes(
            mutated(content, chance, [content]) if chance.random() < 0.6 else content
        )
        checkpoints.restore_deployed(checkpoint, network)

    def records(self, chance, folder):
        """What commands keep beside: predictions.json, rows.json, results, lists of files, heartbeats."""
        from semicurv_tf.data import prepare
        from semicurv_tf.predict import plan_files as plan
        from semicurv_tf.training.heartbeat import read_heartbeat

        (folder / plan.RECORD).write_bytes(mutated_json({"model": "a", "threshold": 0.5, "tile": None}, chance))
        yield from _lines(lambda: plan.open_output(folder, {"model": "a", "threshold": 0.5, "tile": None}, False))
        row = {
            "name": "a",
            "source": "a",
            "shape": [3, 4, 1],
            "labelled": True,
            "valid": 3,
            "sum": [1],
            "square_sum": [1],
        }
        (folder / "rows.json").write_bytes(mutated_json({"rows": {"train": [row]}, "notes": []}, chance))
        read = lambda: prepare._checked_rows(prepare.read_object(folder / "rows.json", "x"), folder / "rows.json", "x")
        yield from _lines(read)
        (folder / "list.txt").write_bytes(mutated(b"a.png\nb.png\n", chance, [b"\xff\x00"]))
        yield from _lines(lambda: plan.plan_jobs(folder / "list.txt", folder / "out", plan.Outputs()))
        (folder / "heartbeat.json").write_bytes(mutated_json({"state": "running", "time": 3}, chance))
        read_heartbeat(folder / "heartbeat.json")

    def card(self, chance, folder):
        from semicurv_tf.export.card import card_path, read_card

        card_path(folder).parent.mkdir()
        good = {"channels": 3, "threshold": 0.5, "max_pixels": 9, "max_batch": 2, "size": None, "precision": "float32"}
        card_path(folder).write_bytes(mutated_json(good, chance))
        read_card(folder)

    def graph(self, chance, folder):
        from semicurv_tf.export.graph_guard import require_harmless

        content = self._saved_model()
        (folder / "saved_model.pb").write_bytes(mutated(content, chance, [content]))
        require_harmless(folder)

    def keras_file(self, chance, folder):
        from semicurv_tf.models.keras_file import load_network

        if not hasattr(self, "_keras"):
            network = self._network()
            network.save(folder / "good.keras")
            self._keras = (folder / "good.keras").read_bytes()
        content = _inside_zip(self._keras, chance) if chance.random() < 0.7 else self._keras
        (folder / "a.keras").write_bytes(mutated(content, chance, [content]) if chance.random() < 0.5 else content)
        load_network(folder / "a.keras")

    def answer(self, chance, folder):
        """The client, by REST: state, metadata and masks; the server's JSON, its bytes or its end is changed."""
        from PIL import Image

        from semicurv_tf.serving_client.client import connect
        from tests.serving.hostile_server import listening

        buffer = io.BytesIO()
        Image.new("L", (30, 20), 255).save(buffer, "PNG")
        image = buffer.getvalue()
        dims = [{"size": str(size)} for size in (-1, -1, -1, 3)]
        shape = {"inputs": {"image": {"tensor_shape": {"dim": dims}}}}
        status = {"model_version_status": [{"version": "4", "state": "AVAILABLE"}]}
        metadata = {"metadata": {"signature_def": {"signature_def": {"serving_default": shape}}}}
        mask = mutated(image, chance, [image]) if chance.random() < 0.5 else image
        row = {"mask_bytes": {"b64": base64.b64encode(mask).decode()}, "foreground_fraction": 1.0}

        def answer(connection, request, number):
            good = (
                {"predictions": [row]}
                if request.startswith(b"POST")
                else metadata
                if b"/metadata " in request
                else status
            )
            body = mutated_json(good, chance) if chance.random() < 0.6 else json.dumps(good).encode()
            content = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            connection.sendall(mutated(content, chance, [content]) if chance.random() < 0.4 else content)

        with listening(answer) as url:
            client = connect(url, deadline_s=0.5, max_message_mb=8)
            yield from _lines(client.describe)
            for result in _results(lambda: client.masks([image])):
                if isinstance(result, Exception):
                    yield str(result)

    def _config(self):
        from semicurv_tf.config import Config, dump_config

        return dump_config(Config())

    def _network(self):
        from semicurv_tf.models import ResidualUNet

        if not hasattr(self, "_tiny"):
            self._tiny = ResidualUNet(widths=(4, 8), mean=[1.0] * 3, standard_deviation=[1.0] * 3)
            self._tiny.build((None, None, None, 3))
        return self._tiny

    def _saved_model(self) -> bytes:
        import tensorflow as tf

        if not hasattr(self, "_graph"):
            with tempfile.TemporaryDirectory() as folder:
                module = tf.Module()
                module.f = tf.function(lambda x: {"y": tf.sigmoid(x)}, input_signature=[tf.TensorSpec((None,))])
                tf.saved_model.save(module, folder, signatures=module.f)
                self._graph = Path(folder, "saved_model.pb").read_bytes()
        return self._graph


def _results(call):
    from semicurv_tf.errors import UserError

    try:
        return call()
    except UserError as error:
        return [error]


def _lines(call):
    """The lines of what a call raises; a case may hold several calls."""
    from semicurv_tf.errors import UserError

    try:
        call()
        return ()
    except UserError as error:
        return error.lines


def _write(folder: Path, seeds, chance) -> Path:
    suffix, content = chance.choice(seeds)
    path = folder / f"a.{suffix if chance.random() < 0.8 else chance.choice(('png', 'tif', 'jpg', 'gif'))}"
    path.write_bytes(mutated(content, chance, [other for _, other in seeds]))
    return path


def _inside_zip(content: bytes, chance) -> bytes:
    """The archive packed anew, one member of it changed: its checksum is right then."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(buffer, "w") as target:
        names = source.namelist()
        chosen = chance.choice(names)
        for name in names:
            member = source.read(name)
            target.writestr(name, mutated(member, chance, [member]) if name == chosen else member)
    return buffer.getvalue()


# ---- one process -----------------------------------------------------------------------------------------------------


def run_case(targets: Targets, target: str, number: int, seed: int) -> list[str]:
    """Runs one case in a new folder; the lines that the user would see.

    Raises:
        Exception: whatever is no `UserError`: a fault of the reader.
    """
    from semicurv_tf.errors import UserError

    chance = random.Random(f"{seed} {target} {number}")
    with tempfile.TemporaryDirectory() as folder:
        try:
            return list(getattr(targets, target)(chance, Path(folder)) or ())
        except UserError as error:
            return list(error.lines)


def work(target: str, numbers: range, seed: int):
    """The child's part: a line of JSON before and after each case."""
    warnings.simplefilter("ignore")
    said = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    targets, run = Targets(), run_case
    with contextlib.suppress(Exception):  # what is imported or made at the first case is no case's time
        run(targets, target, -1, seed)
    for number in numbers:
        print(json.dumps({"begun": number}), file=said, flush=True)
        _forget_peak()
        begun, result = time.process_time(), {}
        try:
            lines = run(targets, target, number, seed)
            wrong = [line for line in lines if len(line) > 2000 or "\n" in line or "Traceback" in line]
            result = {"refused": len(lines), "line": wrong[0][:300] if wrong else None}
        except BaseException as error:  # SystemExit too
            result = {"traceback": _where(error)}
        result |= {"done": number, "seconds": time.process_time() - begun, "peak_mb": _peak_mb()}
        print(json.dumps(result), file=said, flush=True)


def _where(error: BaseException) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "semicurv_tf" in frame.filename]
    frame = frames[-1] if frames else traceback.extract_tb(error.__traceback__)[-1]
    reason = re.sub(r"/tmp/\S+|0x[0-9a-f]+", "...", str(error))[:160]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno} ({frame.name}): {reason}"


def _forget_peak():
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak_mb() -> float:
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


# ---- all of them -----------------------------------------------------------------------------------------------------


def fuzz(target: str, count: int, seed: int, hang_seconds: float = HANG_SECONDS) -> dict:
    """Runs the cases of a target, with a new process after each hang and crash."""
    found = {"cases": 0, "refused": 0, "tracebacks": 0, "crashes": 0, "hangs": 0, "unfit_lines": 0, "peak_mb": 0.0,
             "slowest_s": 0.0, "seconds": 0.0, "faults": {}}  # fmt: skip
    begun, following = time.monotonic(), 0
    while following < count:
        following = _one_process(target, range(following, count), seed, hang_seconds, found)
    found["seconds"] = round(time.monotonic() - begun, 1)
    return found


def _one_process(target: str, numbers: range, seed: int, hang_seconds: float, found: dict) -> int:
    """Runs cases until the process ends; the number of the first that was not run."""
    arguments = ["--target", target, "--work", f"{numbers.start}:{numbers.stop}", "--seed", str(seed)]
    child = subprocess.Popen(
        [sys.executable, __file__, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip
    case, following, at_begin = None, numbers.start, (0.0, 0.0)
    with child, selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        rest = b""
        while True:
            # Loading TensorFlow is no case.
            if not selector.select(300.0 if case is None else hang_seconds):
                if case is not None and not _hangs(child.pid, at_begin, hang_seconds):
                    continue
                child.kill()
                if case is None:
                    raise SystemExit(f"{target}: its process does not begin")
                _count(found, "hangs", f"no answer within {hang_seconds:g} s", case)
                return case + 1
            part = os.read(child.stdout.fileno(), 1 << 16)
            if not part:
                break
            *lines, rest = (rest + part).split(b"\n")
            for line in map(json.loads, lines):
                if "begun" in line:
                    case, at_begin = line["begun"], _times(child.pid)
                    continue
                following = case + 1
                _note(found, line, case)
    if following == numbers.stop and child.returncode == 0:
        return following
    _count(found, "crashes", f"the process ended with {child.returncode}", numbers.start if case is None else case)
    return following if case is None else case + 1


def _hangs(process: int, at_begin: tuple[float, float], hang_seconds: float) -> bool:
    used, waited = (now - then for now, then in zip(_times(process), at_begin))
    return used >= hang_seconds or waited >= PATIENCE * hang_seconds


def _times(process: int) -> tuple[float, float]:
    """Processor time of a process, and the time of day; the second twice where the system does not tell the first."""
    now = time.monotonic()
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), now
    except (OSError, ValueError):
        return now, now


def _note(found: dict, line: dict, case: int):
    found["cases"] += 1
    found["peak_mb"] = max(found["peak_mb"], round(line["peak_mb"]))
    found["slowest_s"] = max(found["slowest_s"], round(line["seconds"], 2))
    if "traceback" in line:
        _count(found, "tracebacks", line["traceback"], case, counted=True)
        return
    found["refused"] += bool(line["refused"])
    if line["line"]:
        _count(found, "unfit_lines", line["line"], case, counted=True)


def _count(found: dict, kind: str, what: str, case: int, counted: bool = False):
    found[kind] += 1
    found["cases"] += not counted
    found["faults"].setdefault(what, []).append(case)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--answers", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--target", choices=[*Targets.CASES, "answer"], help="only this one")
    parser.add_argument("--case", type=int, help="with --target: this case, with its traceback")
    parser.add_argument("--hang-seconds", type=float, default=HANG_SECONDS, help="of processor time for one case")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--write", type=Path, help="write the figures to this JSON file")
    options = parser.parse_args()
    if options.work:
        start, stop = map(int, options.work.split(":"))
        work(options.target, range(start, stop), options.seed)
        return
    if options.case is not None:
        print("\n".join(run_case(Targets(), options.target, options.case, options.seed)) or "nothing to say")
        return
    counts = {name: max(1, options.files * share // 100) for name, share in Targets.CASES.items()}
    counts["answer"] = options.answers
    chosen = [options.target] if options.target else [name for name in counts if counts[name]]
    figures = {}
    for name in chosen:
        figures[name] = fuzz(name, counts[name], options.seed, options.hang_seconds)
        shown = ", ".join(f"{key} {value}" for key, value in figures[name].items() if key != "faults")
        print(f"{name}: {shown}", flush=True)
        for what, cases in figures[name]["faults"].items():
            print(f"    {len(cases)} x {what}; --case {cases[0]}")
    bad = sum(each[kind] for each in figures.values() for kind in ("tracebacks", "crashes", "hangs", "unfit_lines"))
    bad += sum(each["peak_mb"] > MEMORY_MB for each in figures.values())
    if options.write:
        options.write.parent.mkdir(parents=True, exist_ok=True)
        record = {
            "seed": options.seed,
            "hang_seconds": options.hang_seconds,
            "memory_mb": MEMORY_MB,
            "targets": figures,
        }
        options.write.write_text(json.dumps(record, indent=2) + "\n")
    print(f"{sum(each['cases'] for each in figures.values())} cases, {bad} faults")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
