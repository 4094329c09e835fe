#!/usr/bin/env bash
# All tests, on a fresh machine: environment, install, pytest. Arguments go to pytest:
#   bash scripts/test.sh                 everything, fast tests first
#   bash scripts/test.sh tests/geometry  one folder
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh

# The tests of HTML pages open them in a browser. It is got where that takes no question; without one they skip and say so.
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

exec python -m pytest "$@"
