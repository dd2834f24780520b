#!/usr/bin/env bash
# Measures the first and the second sync beside a script on simple-salesforce, in turns.
#
# Usage: benches/run.sh, with CONTACTS and ROUNDS in the environment for other sizes.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${CARGO_TARGET_DIR:-target}/clients/python
if [ ! -x "$python/bin/python" ]; then
    python3 -m venv "$python"
fi
"$python/bin/pip" install --quiet --disable-pip-version-check -r tests/clients/requirements.txt
PYTHON=$(cd "$python/bin" && pwd)/python
export PYTHON
cargo bench --quiet -p tieline --bench first_load
