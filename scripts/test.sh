#!/usr/bin/env bash
# All tests, on a fresh machine: environment, install, pytest. Arguments go to pytest:
#   bash scripts/test.sh                 everything, fast tests first
#   bash scripts/test.sh tests/geometry  one folder
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh
exec python -m pytest "$@"
