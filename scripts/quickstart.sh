#!/usr/bin/env bash
# From nothing to a served model on built-in data: environment, install, train, evaluate, predict, export.
# Everything it makes is in quickstart/ (or in the folder given as first argument).
set -euo pipefail
cd "$(dirname "$0")/.."

out="${1:-quickstart}"
if [ -e "$out" ]; then # before minutes go into the install
    echo "error: $out exists already. Fix: remove it, or bash scripts/quickstart.sh OTHER_FOLDER" >&2
    exit 2
fi
source scripts/environment.sh
mkdir -p "$out"
start=$SECONDS
step() { printf '\n== %s\n' "$*"; "$@"; }

step semicurv-tf train --recipe quickstart --run "$out/run"
step semicurv-tf evaluate --run "$out/run"
step python scripts/show_results.py --run "$out/run" --count 5 --output "$out/results.png"
step python scripts/draw_samples.py --split test --count 6 --output "$out/images"
step semicurv-tf predict --run "$out/run" --input "$out/images" --output "$out/masks" --overlay
step semicurv-tf export --run "$out/run" --output "$out/models/semicurv"
printf '\ndone in %d s: look at %s/results.png and masks/, serve %s/models/semicurv\n' "$((SECONDS - start))" "$out" "$out"
printf 'to type semicurv-tf yourself: source .venv/bin/activate\n'
