#!/usr/bin/env bash
# One worker of a training on several machines: builds TF_CONFIG, then begins the run, or goes on with it where there is one.
#   INDEX=0 HOSTS="host0 host1" PORT=12345 bash cluster/worker.sh RUN --dataset drive128 --data-dir DIR --labels 0.01
# INDEX   number of this worker, from 0: its place in HOSTS
# HOSTS   names or addresses of all workers' machines; the same everywhere
# PORT    free on all of them; default 12345
# DEVICES GPUs of this machine; default 1
# RUN is on a disk that all share. The options begin the run; one that exists goes on with its own.
set -euo pipefail

if [ $# -lt 1 ] || [ "${1#-}" != "$1" ]; then
    echo "error: expected a run folder, found '${1:-nothing}'. Fix: INDEX=0 HOSTS=\"host0 host1\" bash $0 RUN ..." >&2
    exit 2
fi
run="$1"
shift
read -ra hosts <<<"${HOSTS:?error: expected the names of all machines. Fix: HOSTS=\"host0 host1\"}"
index="${INDEX:?error: expected the number of this worker. Fix: INDEX=0}"
port="${PORT:-12345}"

addresses="$(printf ', "%s:'"$port"'"' "${hosts[@]}")"
export TF_CONFIG="{\"cluster\": {\"worker\": [${addresses:2}]}, \"task\": {\"type\": \"worker\", \"index\": $index}}"

# The chief makes the run's folder once all workers are there, so all of them decide alike.
if [ -f "$run/config.yaml" ]; then
    exec semicurv-tf train --resume "$run" --devices "${DEVICES:-1}"
fi
exec semicurv-tf train "$@" --run "$run" --devices "${DEVICES:-1}"
