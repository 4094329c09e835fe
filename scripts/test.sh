#!/usr/bin/env bash
# All checks, on a fresh machine: environment, install, formatting, lint, types, tests. Arguments go to pytest alone:
#   bash scripts/test.sh                 everything, fast tests first, two processes
#   bash scripts/test.sh tests/geometry  one folder, nothing else
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh

# The tests of HTML pages open them in a browser. It is installed where that takes no question; without one they skip
# and say why.
install_browser() {
    local name
    for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do
        if command -v "$name" >/dev/null; then return; fi
    done
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then return; fi
    echo "installing Chromium for the tests of pages"
    (
        export DEBIAN_FRONTEND=noninteractive
        timeout 60 apt-get update && timeout 240 apt-get install -y --no-install-recommends chromium
    ) >/dev/null 2>&1 </dev/null || echo "note: Chromium could not be installed; the tests that need it skip"
}
if [ $# = 0 ] || [[ "$*" == *report* ]]; then install_browser; fi

if [ $# -gt 0 ]; then exec python -m pytest "$@"; fi
ruff format --check .
ruff check .
mypy
# Two processes: most of a test's time is TensorFlow's start and the building of graphs, which use one core. In the
# order of tests/conftest.py: xdist's own leaves the files of the fewest tests to the end, and those are the longest.
exec python -m pytest --numprocesses 2 --dist loadscope --no-loadscope-reorder
