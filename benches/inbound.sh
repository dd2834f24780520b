#!/usr/bin/env bash
# Measures how many signed texts a second are taken in durably, beside a short receiver in Node, in turns.
#
# Usage: benches/inbound.sh, with ROUNDS and SECONDS in the environment for other sizes. Needs Node 20 with npm.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${CARGO_TARGET_DIR:-target}/receiver
mkdir -p "$folder"
cp benches/inbound/{package.json,receiver.mjs} "$folder/"
if [ ! -d "$folder/node_modules/better-sqlite3/build" ]; then
    # Where Node's own headers are installed, nothing else is fetched for the build.
    npm_config_nodedir=${npm_config_nodedir:-$(dirname "$(dirname "$(command -v node)")")} \
        npm install --prefix "$folder" --silent --no-audit --no-fund
fi
RECEIVER=$(cd "$folder" && pwd)/receiver.mjs
export RECEIVER
# As it is shipped.
cargo bench --quiet --profile dist -p tieline --bench inbound
