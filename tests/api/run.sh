#!/usr/bin/env bash
# schemathesis against a running demo: whatever fits or does not fit the description of the API is
# answered as the description says, and never with a server error.
#
# Usage: run.sh BINARY WORK, where WORK is a folder for the Python environment and the demo's data.
set -euo pipefail
cd "$(dirname "$0")"
binary=$1
mkdir -p "$2"
work=$(cd "$2" && pwd)

if [ ! -x "$work/python/bin/python" ]; then
    python3 -m venv "$work/python"
fi
"$work/python/bin/pip" install --quiet --disable-pip-version-check -r requirements.txt

rm -rf "$work/data" "$work/cookies" "$work/told"
"$binary" demo --port 0 --contacts 20 --leads 5 --data "$work/data" >"$work/told" &
demo=$!
trap 'kill "$demo" 2>/dev/null || true' EXIT
for _ in $(seq 300); do
    grep -q Ctrl-C "$work/told" && break
    kill -0 "$demo" || exit 1
    sleep 0.1
done
link=$(sed -n 's/^ *Sign in *//p' "$work/told")
hub=${link%/sign-in/*}
for method in POST GET; do
    curl --silent --output "$work/answer" --cookie-jar "$work/cookies" --request "$method" "$link"
    ! grep -q tieline "$work/cookies" || break
done
session=$(awk '$6 ~ /tieline$/ { print $6 "=" $7 }' "$work/cookies")
[ -n "$session" ] || { echo "the sign-in link of the demo gave no session"; exit 1; }

# Whoever names another user is refused whatever they ask: it is named right, so that the rest is tried.
user=$(curl --silent --cookie "$session" "$hub/api/v1/me" | sed -n 's/.*"staff":{"id":"\(st_[0-9a-f]*\)".*/\1/p')
[ -n "$user" ] || { echo "/api/v1/me names nobody"; exit 1; }

# Python before 3.11.8 fails in what two threads parse at once, and a second worker saves no time.
# The live stream has no end, and signing out would end the session that everything else is sent with.
cd "$work"
python/bin/schemathesis run "$hub/api/openapi.json" \
    --header "Cookie: $session" --header "Signed-In-As: $user" --request-timeout 20 --workers 1 \
    --phases examples,coverage,fuzzing --max-examples "${EXAMPLES:-40}" --seed 1 --no-color --continue-on-failure \
    --suppress-health-check all --warnings off --generation-database none \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
    --exclude-path /api/v1/live --exclude-operation-id delete_session
