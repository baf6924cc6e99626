#!/usr/bin/env bash
# Every check, cheapest first; the tests' own summaries come last. `make test` sets up what this needs.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s (%s)\n' "$1" "$(date +%T)"; }

step "lint"
cargo fmt --check
cargo clippy --locked --all-targets --quiet -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --quiet
shellcheck deploy/*.sh web/*.sh benches/*.sh tests/vm/*.sh tests/fuzz/*.sh .ci/run

step "release build and tests"
cargo build --release --locked --quiet
cargo test --locked --no-run --quiet
tests=$(cargo test --locked --no-run --test it 2>&1 | sed -n 's/.*Executable .*(\(.*\))$/\1/p')

step "pages in a browser"
deploy/browser-test.sh test

step "real drives in a virtual machine"
tests/vm/run.sh target/release/disk2iso "$tests"

step "unit and integration tests on SQLite and PostgreSQL"
exec deploy/postgres-test.sh cargo test --locked
