"""Many clients at once on a server: latencies, wrong answers, its processor time, and whether its memory grows.

    python scripts/load_serving.py --seconds 60 --write results/load_serving.json
    python scripts/load_serving.py --url https://host:8443 --ca-file ca.pem --token-file token    one elsewhere

Without --url the stand-in of the tests is started (`tests/serving/loopback_server.py`: a SavedModel in a session behind
the server's interfaces), with a tiny network: what is measured then is the client, the protocols and the graph's
handling of bytes, not a network's speed. Each answer is compared with the one that the first client got before the
load.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from semicurv_tf.errors import UserError  # noqa: E402
from semicurv_tf.serving_client.client import connect  # noqa: E402
from semicurv_tf.serving_client.security import Security  # noqa: E402

SIZES = ((64, 64), (128, 96), (200, 150))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each load")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--url", action="append", help="of a server that runs; may be repeated")
    parser.add_argument("--ca-file")
    parser.add_argument("--token-file")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    if options.url:
        security = Security(token_file=options.token_file, ca_file=options.ca_file)
        found = (load(url, count, options.seconds, None, security) for url in options.url for count in options.clients)
    else:
        found = on_loopback(options.clients, options.seconds)
    rows = []
    for row in found:  # each is written when it is done: a load that fails loses none before it
        rows.append(row)
        if options.write:
            options.write.parent.mkdir(parents=True, exist_ok=True)
            options.write.write_text(json.dumps({"seconds": options.seconds, "loads": rows}, indent=2) + "\n")
    print(table(rows))
    sys.exit(1 if any(row["wrong"] or row["failed"] for row in rows) else 0)


def on_loopback(counts: list[int], seconds: float):
    from semicurv_tf.export.from_run import export_network
    from tests.export.conftest import CARD, random_network

    with tempfile.TemporaryDirectory() as folder:
        version = export_network(random_network(3), Path(folder, "semicurv"), {**CARD, "channels": 3}).version
        server = subprocess.Popen(
            [sys.executable, PROJECT / "tests" / "serving" / "loopback_server.py", version, "serve"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        try:
            _, grpc_port, rest_port = server.stdout.readline().split()
            urls = (f"http://127.0.0.1:{rest_port}", f"grpc://127.0.0.1:{grpc_port}")
            yield from (load(url, count, seconds, server.pid, Security()) for url in urls for count in counts)
        finally:
            server.stdin.close()
            server.kill()
            server.wait()


def load(url: str, clients: int, seconds: float, process: int | None, security: Security) -> dict:
    """Asks for masks by so many clients for so long."""
    from semicurv_tf.images.encoded import encode_png

    generator = np.random.default_rng(0)
    images = [encode_png(generator.integers(0, 256, (*size, 3), np.uint8)) for size in SIZES]
    first = connect(url, deadline_s=120, security=security)
    expected = [first.masks([image])[0] for image in images]
    for mask in expected:
        if isinstance(mask, UserError):
            raise mask
    latencies, wrong, failed, lock = [], 0, 0, threading.Lock()
    before, end = _memory_mb(process), time.monotonic() + seconds
    processor_before = _processor_s(process)

    def one(number: int):
        nonlocal wrong, failed
        client = connect(url, deadline_s=120, security=security)
        turn = number
        while time.monotonic() < end:
            turn += 1
            begun = time.perf_counter()
            try:
                (mask,) = client.masks([images[turn % len(images)]])
            except UserError as error:
                mask = error
            took = time.perf_counter() - begun
            with lock:
                latencies.append(took)
                if isinstance(mask, UserError):
                    failed += 1
                else:
                    wrong += not np.array_equal(mask, expected[turn % len(images)])

    threads = [threading.Thread(target=one, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    middle = None
    while any(thread.is_alive() for thread in threads):
        time.sleep(0.2)
        if middle is None and time.monotonic() > end - seconds / 2:
            middle = _memory_mb(process)
    p50, p99 = np.percentile(latencies, (50, 99)) * 1000
    spent = None if process is None else (_processor_s(process) - processor_before) / len(latencies) * 1000
    return {
        "protocol": url.partition(":")[0], "clients": clients, "requests": len(latencies),
        "per_second": round(len(latencies) / seconds, 1), "p50_ms": round(p50, 1), "p99_ms": round(p99, 1),
        "server_processor_ms": None if spent is None else round(spent, 1), "wrong": wrong, "failed": failed,
        "memory_mb_before_middle_after": [before, middle, _memory_mb(process)],
    }  # fmt: skip


def table(rows: list[dict]) -> str:
    head = list(rows[0])[:-1]  # the last one, memory, is three figures
    lines = ["| " + " | ".join([*head, "server's memory, MB"]) + " |", "|---|" + "---:|" * len(head)]
    for row in rows:
        memory = " / ".join("" if mb is None else f"{mb:.0f}" for mb in row["memory_mb_before_middle_after"])
        lines.append("| " + " | ".join([*(str(row[name]) for name in head), memory]) + " |")
    return "\n".join(lines)


def _memory_mb(process: int | None) -> float | None:
    if process is None:
        return None
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    return int(found[1]) / 1024


def _processor_s(process: int | None) -> float | None:
    """Processor time of a process since it started, in s: fields 14 and 15 of its `stat`, in ticks."""
    if process is None:
        return None
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
