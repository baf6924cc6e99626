#!/usr/bin/env bash
# Proofs in a real browser against a binary of the service.
#
#   browser-test.sh [test|screenshots] [BINARY]     default: test target/release/disk2iso
set -euo pipefail
cd "$(dirname "$0")/.."

what=${1:-test}
DISK2ISO=$(realpath "${2:-target/release/disk2iso}")
export DISK2ISO
cd tests/browser
# The packages are fetched once; their own scripts are not run.
if ! cmp --silent package-lock.json node_modules/.lock; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  cp package-lock.json node_modules/.lock
fi
exec npm run --silent "$what"
