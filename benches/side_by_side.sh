#!/usr/bin/env bash
# disk2iso beside the usual tools, measured in one run: the same file, by turns, median of several rounds. What counts are
# the ratios. Usage: benches/side_by_side.sh [engine|first_pass]   (no argument: everything)
# Settings: DISK2ISO (binary), ROUNDS (5), MIB (2048), WORK (folder on a real disk with 3 x MIB of room).
set -euo pipefail
cd "$(dirname "$0")/.."

DISK2ISO=${DISK2ISO:-target/release/disk2iso}
ROUNDS=${ROUNDS:-5}
MIB=${MIB:-2048}
WORK=${WORK:-target/side_by_side}

main() {
  mkdir -p "$WORK"
  trap 'rm -rf "$WORK"' EXIT
  echo "machine: $(nproc) cores, $(grep -m1 '^model name' /proc/cpuinfo | cut -d: -f2-), load $(cut -d' ' -f1-3 /proc/loadavg)"
  local section
  [ $# -gt 0 ] || set -- engine first_pass
  for section in "$@"; do
    "section_$section"
  done
}

# Image + MD5 + SHA-256 + sector map + fsync against dd, md5sum and sha256sum on the same file in the page cache.
section_engine() {
  [ -x /usr/bin/time ] || { echo "needs /usr/bin/time for memory figures: apt install time"; exit 1; }
  [ -x "$DISK2ISO" ] || { echo "no $DISK2ISO: cargo build --release"; exit 1; }
  local source=$WORK/source.iso
  head -c "$((MIB << 20))" /dev/urandom > "$source"
  sync "$source"
  for _ in $(seq "$ROUNDS"); do
    cat "$source" > /dev/null
    measure dd dd if="$source" of="$WORK/dd.iso" bs=1M conv=fsync
    rm -f "$WORK/dd.iso"
    measure md5sum md5sum "$source"
    measure sha256sum sha256sum "$source"
    measure openssl_md5 openssl md5 "$source"
    measure openssl_sha256 openssl sha256 "$source"
    mkdir -p "$WORK/out"
    measure disk2iso "$DISK2ISO" image "$source" --output "$WORK/out" --json
    cmp -s "$source" "$WORK"/out/*.iso || { echo "the image differs from its source"; exit 1; }
    rm -rf "$WORK/out"
  done
  echo
  echo "Engine: $MIB MiB, median of $ROUNDS rounds by turns"
  printf '%-16s %9s %9s %9s\n' tool 'wall s' 'CPU s' 'RSS MiB'
  local tool
  for tool in dd md5sum sha256sum openssl_md5 openssl_sha256 disk2iso; do
    printf '%-16s %9.2f %9.2f %9.1f\n' "$tool" "$(median "$tool" 1)" "$(median "$tool" 2)" "$(median "$tool" 3)"
  done
  local wall
  wall=$(median disk2iso 1)
  ratio 'wall / max(dd, md5sum)' "$wall" "$(max "$(median dd 1)" "$(median md5sum 1)")" 1.15
  ratio 'wall / (dd; md5sum; sha256sum)' "$wall" "$(sum "$(median dd 1)" "$(median md5sum 1)" "$(median sha256sum 1)")" 0.5
  # The fastest hashes: OpenSSL's, which use the processor's SHA instructions; md5sum and sha256sum of coreutils need not.
  ratio 'CPU / (dd + fastest hashes)' "$(median disk2iso 2)" \
    "$(sum "$(median dd 2)" "$(min "$(median md5sum 2)" "$(median openssl_md5 2)")" "$(min "$(median sha256sum 2)" "$(median openssl_sha256 2)")")" 1.2
  ratio 'peak RSS / MiB' "$(median disk2iso 3)" 1 48
}

# A damaged disc: until everything was tried once and the edges of the damage are known, ours against ddrescue -n. Both engines' requests
# are counted (ddrescue's by --log-reads, on simulated read errors) and go through one model of a drive: what it measures is the
# number, size and order of requests, which is what decides on a real drive, where each unreadable one costs seconds.
section_first_pass() {
  echo
  cargo test --quiet --test it everything_was_tried_once -- --nocapture | grep -E '^modelled|\)  '
}

# Runs a command and notes wall time, CPU time and peak memory under a name.
measure() {
  local name=$1 line
  shift
  line=$({ /usr/bin/time -f '@ %e %U %S %M' "$@" > /dev/null 2> "$WORK/stderr" || { cat "$WORK/stderr" >&2; exit 1; }; grep '^@' "$WORK/stderr"; })
  awk '{ printf "%s %.3f %.1f\n", $2, $3 + $4, $5 / 1024 }' <<< "$line" >> "$WORK/$name.times"
}

median() { sort -n -k"$2,$2" "$WORK/$1.times" | awk -v column="$2" '{ value[NR] = $column } END { print value[int((NR + 1) / 2)] }'; }
max() { printf '%s\n' "$@" | sort -g | tail -1; }
min() { printf '%s\n' "$@" | sort -g | head -1; }
sum() { printf '%s\n' "$@" | awk '{ total += $1 } END { print total }'; }
# Prints a ratio and whether it keeps the limit.
ratio() { awk -v n="$1" -v a="$2" -v b="$3" -v l="$4" 'BEGIN { r = a / b; printf "%-34s %6.2f   (limit %s) %s\n", n, r, l, r <= l ? "ok" : "MISSED" }'; }

main "$@"
