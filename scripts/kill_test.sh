#!/usr/bin/env bash
# Twenty kills -9 across one run, resumed each time; the final weights must be those of a run left alone, bit for bit.
#   bash scripts/kill_test.sh                       20 kills, about ten minutes; the outcome goes to results/kill_test/
#   bash scripts/kill_test.sh --kills 4 --steps 80  shorter
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python scripts/kill_test.py --folder "$folder/runs" --results results/kill_test "$@"
