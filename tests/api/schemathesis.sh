#!/usr/bin/env bash
# Holds the running service against its own OpenAPI document: schemathesis asks every operation for what the document allows and for
# what it does not, and looks for server errors, undocumented answers, other types and shapes than the document says, refusals of what
# it allows and acceptance of what it forbids.
#
#   tests/api/schemathesis.sh [PROGRAM]      default: target/release/disk2iso
#
# Runs twice, with access control off and with an API token, each on a state of its own that is thrown away. The seed is fixed.
# DOCUMENT=FILE holds the service against another document, to see that this can fail. EXAMPLES=N asks each operation N times (default 12).
set -euo pipefail
cd "$(dirname "$0")/../.."

program=$(realpath "${1:-target/release/disk2iso}")
version=$(sed -n 's/^schemathesis_version=//p' deploy/bootstrap.sh)
st=${DISK2ISO_TOOLS:-/var/tmp/disk2iso-tools}/schemathesis-$version/bin/st
[[ -x $st ]] || { echo "schemathesis.sh: $st is missing; deploy/bootstrap.sh test installs it" >&2; exit 1; }

config=$PWD/tests/api/schemathesis.toml
folder=$(mktemp -d)
service=
finish() {
  [[ -z $service ]] || kill -9 "$service" 2>/dev/null || true
  rm -rf "$folder"
}
trap finish EXIT

run() { # name, what is not looked for, then settings
  local name=$1 excluded=$2 home=$folder/$1 port secret=()
  shift 2
  mkdir -p "$home/drive0" "$home/drive1"
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  env DISK2ISO_LISTEN="127.0.0.1:$port" DISK2ISO_STATE_DIR="$home/state" DISK2ISO_OUTPUT_DIR="$home/images" \
    DISK2ISO_VIRTUAL_DRIVES="$home/drive0,$home/drive1" DISK2ISO_REAL_DRIVES=0 DISK2ISO_LOG_LEVEL=warn \
    DISK2ISO_REQUESTS_PER_MINUTE=0 DISK2ISO_HEAVY_REQUESTS_PER_MINUTE=0 "$@" "$program" serve >"$home/log" 2>&1 &
  service=$!
  if ! python3 tests/api/prepare.py "http://127.0.0.1:$port" "$home" "$name" "${DOCUMENT-}"; then
    cat "$home/log" >&2
    exit 1
  fi
  [[ ! -s $home/token ]] || secret=(--header "Authorization: Bearer $(cat "$home/token")")
  echo "schemathesis: $name"
  # Live channels never end, so nobody can wait for their answer; tests/it/http holds them against their description.
  # From its folder: it leaves notes where it runs.
  if ! (cd "$home" && "$st" --config-file "$config" run "$home/openapi.json" --url "http://127.0.0.1:$port" "${secret[@]}" \
    --exclude-path-regex '/(ws|events/system|events/jobs/\{uuid\})$' \
    ${excluded:+--exclude-checks "$excluded"} --phases examples,coverage,fuzzing --max-examples "${EXAMPLES:-12}" --seed 20261120 --workers 2 --request-timeout 30 \
    --generation-database none --no-color) >"$home/report" 2>&1; then
    cat "$home/report"
    echo "schemathesis: the service and its document differ ($name)" >&2
    exit 1
  fi
  sed -n '/Test cases:/,$p' "$home/report"
  kill -0 "$service" || { cat "$home/log" >&2; exit 1; }
  kill "$service"
  wait "$service" || true
  service=
}

# Without access control nothing is asked of whoever comes from this machine. With it, the token goes with every request, so that a made-up
# cookie beside it tells nothing: tests/it/http/permissions.rs asks every address with wrong tokens and cookies.
run open ignored_auth DISK2ISO_AUTH=off
run token ignored_auth DISK2ISO_AUTH=on
