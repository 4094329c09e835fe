#!/usr/bin/env bash
# All benchmarks, one after another in one call, on a machine that does nothing else.
#
#   bash scripts/benchmark_all.sh [--before EARLIER_CHECKOUT] [--photos FOLDER]
#
# Options go to benchmark_speed.py, whose page is results/speed/README.md. An hour or so; a benchmark that cannot run
# (PyTorch is not installed) is named at the end, and the others still run.
set -u
cd "$(dirname "$0")/.."
failed=()
run() { echo "== $*"; "$@" || failed+=("$*"); }
run python scripts/benchmark_speed.py --rounds 5 --write results/speed "$@"
run python scripts/benchmark_metrics.py
run python scripts/benchmark_step.py
run python scripts/benchmark_step.py --step recipe
run python scripts/benchmark_serving.py
run python scripts/profile_serving.py
run python scripts/benchmark_large.py
for each in "${failed[@]:-}"; do [ -z "$each" ] || echo "failed: $each" >&2; done
[ "${#failed[@]}" -eq 0 ]
