#!/usr/bin/env bash
# Starts N workers of one training on this machine, joined over loopback, and ends with them.
#   bash scripts/launch_workers.sh 2 -- train --dataset synthetic --run runs/two
#   bash scripts/launch_workers.sh 3 -- train --resume runs/two
# Each worker's messages carry its number. Ctrl-C stops them all at the same step, with a checkpoint written. When one
# fails, the others stop within a minute. The exit code is that of the first worker to fail, else 0.
set -uo pipefail

if [ $# -lt 4 ] || ! [[ "$1" =~ ^[1-9][0-9]*$ ]] || [ "$2" != "--" ] || [ "$3" != "train" ]; then
    echo "error: expected a number of workers, --, train and its options. Fix: bash $0 2 -- train --dataset synthetic --run runs/two" >&2
    exit 2
fi
workers="$1"
shift 2
# A worker that was told so by the others has stopped long before.
patience_seconds=60

addresses="$(python -c '
import json, socket, sys
sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
for each in sockets:
    each.bind(("127.0.0.1", 0))
print(json.dumps(["127.0.0.1:%d" % each.getsockname()[1] for each in sockets]))
' "$workers")" || exit 2

processes=()
for ((index = 0; index < workers; index++)); do
    export TF_CONFIG="{\"cluster\": {\"worker\": $addresses}, \"task\": {\"type\": \"worker\", \"index\": $index}}"
    # Ctrl-C reaches all of the terminal's processes; who carries the messages must outlive it.
    semicurv-tf "$@" > >(trap '' INT && exec sed -u "s/^/[worker $index] /") 2> >(trap '' INT && exec sed -u "s/^/[worker $index] /" >&2) &
    processes[index]=$!
done
# They agree on a step to stop at, so one signal to each is enough, whether it came from a terminal or a scheduler.
trap 'kill -TERM "${processes[@]}" 2>/dev/null' INT TERM

code=0
while [ ${#processes[@]} -gt 0 ]; do
    wait -n -p ended "${processes[@]}" 2>/dev/null  # without bash's own note of a kill
    last=$?
    [ -n "${ended:-}" ] || continue
    for index in "${!processes[@]}"; do
        [ "${processes[index]}" != "$ended" ] || break
    done
    unset "processes[index]"
    [ "$last" -ne 0 ] || continue
    echo "worker $index ended with exit code $last" >&2
    if [ "$code" -eq 0 ]; then
        code=$last
        (sleep "$patience_seconds" && kill -KILL "${processes[@]}") >/dev/null 2>&1 &
        guard=$!
    fi
done
if [ -n "${guard:-}" ]; then
    kill "$guard" 2>/dev/null
    wait "$guard" 2>/dev/null
fi
exit "$code"
