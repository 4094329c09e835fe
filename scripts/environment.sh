# Sourced by the other scripts: makes .venv with the exact versions of constraints.txt and puts it first on PATH.
# Needs a Python 3.11, 3.12 or 3.13 (name one with PYTHON=...). Done again only when the requirements change.

project="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3.12 python3.13 python3.11 python3 python; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "error: no Python 3.11, 3.12 or 3.13 with the venv module found. Fix: install one, or PYTHON=/path/to/python3.12 bash $0" >&2
    return 2
}

make_environment() {
    local python wanted
    wanted="$(cat "$project/pyproject.toml" "$project/constraints.txt" | cksum)"
    if [ "$(cat "$project/.venv/installed" 2>/dev/null)" != "$wanted" ]; then
        python="$(find_python)" || return 2
        echo "setting up $project/.venv with $("$python" --version)"
        rm -rf "$project/.venv"
        "$python" -m venv "$project/.venv" || return 2
        "$project/.venv/bin/python" -m pip install --quiet --disable-pip-version-check \
            --constraint "$project/constraints.txt" --editable "$project[test,docs,serving,geo,gis,beam]" || return 2
        echo "$wanted" >"$project/.venv/installed"
    fi
    export PATH="$project/.venv/bin:$PATH"
}

make_environment || exit 2
