#!/usr/bin/env bash
# Clients that others wrote, against `tieline simulate`: they agree with it, or it is wrong.
#
# Usage: run.sh BINARY WORK, where WORK is a folder for the Python environment and the ready line.
set -euo pipefail
cd "$(dirname "$0")"
binary=$1
work=$2
mkdir -p "$work"

if [ ! -x "$work/python/bin/python" ]; then
    python3 -m venv "$work/python"
fi
"$work/python/bin/pip" install --quiet --disable-pip-version-check -r requirements.txt
npm ci --ignore-scripts --no-audit --no-fund --silent

"$binary" simulate --seed 3 --contacts 4500 --leads 100 --orgs production,sandbox --json \
    --tls-port 0 --public-url https://acme.my.salesforce.com --pubsub-port 0 --proxy-port 0 >"$work/ready.json" &
simulator=$!
trap 'kill "$simulator" 2>/dev/null || true' EXIT
for _ in $(seq 200); do
    [ -s "$work/ready.json" ] && break
    kill -0 "$simulator" || exit 1
    sleep 0.1
done
TIELINE_SIMULATOR=$(cat "$work/ready.json")
export TIELINE_SIMULATOR

"$work/python/bin/python" -m unittest discover --pattern '*_test.py'
# The Pub/Sub client leaves its streams open when it is closed.
node --test --test-force-exit .
