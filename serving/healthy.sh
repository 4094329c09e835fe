#!/bin/sh
# Healthy when the version that clients get as `stable` is AVAILABLE. The status code alone will not do: it
# is 200 also while a version is loading or has failed. A canary that loads beside it changes nothing.
set -eu
url="http://127.0.0.1:${REST_PORT:-8501}/v1/models/${MODEL_NAME:-semicurv}/labels/stable"
curl --silent --fail --max-time 4 "$url" | grep -q '"state": *"AVAILABLE"'
