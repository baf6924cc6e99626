#!/usr/bin/env bash
# Runs every fuzz target for MINUTES (default 1), two at a time, and prints one line for each: runs, coverage, crashes.
# Exit code 1 if one of them crashed; what crashed it is below target/fuzz/crashes.
# Usage: tests/fuzz/run.sh [MINUTES] [TARGET …]
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
fuzz=$root/tests/fuzz
built=$root/target/fuzz
minutes=${1:-1}
shift || true
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=(iso9660 udf hfs toc cd_text mapfile sheets worker_protocol)
mkdir -p "$built"
seconds=$(awk -v minutes="$minutes" 'BEGIN { printf "%d", minutes * 60 }')

# The stable toolchain is told to accept the coverage flags. Safe Rust needs no address sanitizer; overflows and asserts are checked.
RUSTC_BOOTSTRAP=1 cargo fuzz build --fuzz-dir "$fuzz" --target-dir "$built" -s none 2>"$built.log" ||
  { cat "$built.log" >&2; exit 1; }
programs=$(dirname "$(find "$built" -path '*/release/worker_protocol' -type f -perm -u+x | head -1)")
"$fuzz/seeds.sh" "$programs/seeds" "$built/seeds"

one() {
  local target=$1 log=$built/$1.log crashes=$built/crashes/$1 options=() status=0
  mkdir -p "$built/corpus/$target" "$crashes"
  [[ ! -f $fuzz/dictionaries/$target.dict ]] || options+=("-dict=$fuzz/dictionaries/$target.dict")
  "$programs/$target" "$built/corpus/$target" "$built/seeds/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
    -max_len=131072 -artifact_prefix="$crashes/" -print_final_stats=1 "${options[@]}" >"$log" 2>&1 || status=$?
  local runs coverage
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -1)
  coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
  if [[ $status -eq 0 ]]; then
    printf '%-16s %10s runs  %6s edges  no crash\n' "$target" "${runs:-0}" "${coverage:-0}"
  else
    printf '%-16s %10s runs  %6s edges  CRASH (see %s)\n' "$target" "${runs:-0}" "${coverage:-0}" "$log"
    return 1
  fi
}
export -f one
export fuzz built programs seconds
# shellcheck disable=SC2016  # it is the inner shell that knows $1
printf '%s\n' "${targets[@]}" | xargs -P 2 -I{} bash -c 'one "$1"' _ {} || exit 1
