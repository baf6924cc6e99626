#!/usr/bin/env bash
# Lighthouse (mobile profile) on dashboard, jobs and library of a service with virtual drives; fails below the promised scores.
#
#   benches/lighthouse.sh [BINARY]     default: target/release/disk2iso; ROUNDS (3): the median counts
set -euo pipefail
cd "$(dirname "$0")/.."

DISK2ISO=$(realpath "${1:-target/release/disk2iso}")
export DISK2ISO
echo "machine: $(nproc) cores, $(grep -m1 '^model name' /proc/cpuinfo | cut -d: -f2-), load $(cut -d' ' -f1-3 /proc/loadavg)"
cd benches/lighthouse
if ! cmp --silent package-lock.json node_modules/.lock; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  cp package-lock.json node_modules/.lock
fi
exec node run.mjs
