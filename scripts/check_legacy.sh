#!/usr/bin/env bash
# Shows that old pipelines take an export: TensorFlow 2.15.1 with Keras 2 on Python 3.11 answers as this
# project does; and that the warp equals tfa.image.transform (tensorflow-addons 0.23) bit for bit.
#
#   bash scripts/check_legacy.sh                    # a small random network, exported for the purpose
#   bash scripts/check_legacy.sh MODELS/semicurv/1  # an export of yours (any size)
#
# Makes build/legacy (about 1.5 GB) once. PYTHON311=/path/to/python3.11 names the interpreter.
set -euo pipefail
version="${1:+$(realpath "$1")}"
cd "$(dirname "$0")/.."
source scripts/environment.sh

python311="${PYTHON311:-python3.11}"
if ! "$python311" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
    echo "error: $python311: expected Python 3.11, the newest that tensorflow-addons was built for. Fix: PYTHON311=/path/to/python3.11" >&2
    exit 2
fi
legacy="${LEGACY_ENVIRONMENT:-build/legacy}"
if [ ! -e "$legacy/installed" ]; then
    echo "setting up $legacy"
    rm -rf "$legacy"
    "$python311" -m venv "$legacy"
    "$legacy/bin/python" -m pip install --quiet --disable-pip-version-check \
        "tensorflow-cpu==2.15.1" "tensorflow-addons==0.23.0" "numpy<2"
    touch "$legacy/installed"
fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
export TF_CPP_MIN_LOG_LEVEL=3
python scripts/legacy_expect.py "$work" ${version:+"$version"}
"$legacy/bin/python" scripts/legacy_answer.py "$work"
