# Targets are a few lines; the work is in scripts and cargo.
.PHONY: help demo run test build web api lint vm bench fuzz clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## image a sample disc in a virtual drive, then serve the dashboard (ONCE=1: end there)
	@deploy/bootstrap.sh demo
	@web/build.sh
	@cargo build --release --locked --quiet
	@deploy/demo.py $(if $(ONCE),--once)

run: build ## start the service on this machine's drives, data in ./data
	@DISK2ISO_STATE_DIR=$${DISK2ISO_STATE_DIR:-$(CURDIR)/data} target/release/disk2iso serve

test: ## set up what is missing and run every test and lint
	@deploy/bootstrap.sh test
	@web/build.sh
	@deploy/test.sh

build: ## the release binary
	@deploy/bootstrap.sh build
	@web/build.sh
	@cargo build --release --locked

web: ## the front end's bundle
	@web/build.sh

api: ## renew web/openapi.json, from which the front end's types are made
	@cargo run --locked --quiet -- openapi > web/openapi.json.new
	@mv web/openapi.json.new web/openapi.json

screenshots: build ## every page in every form, as pictures in target/screenshots
	@deploy/bootstrap.sh test
	@deploy/browser-test.sh screenshots

lint: ## formatting and clippy
	@cargo fmt --check
	@cargo clippy --locked --all-targets --quiet -- -D warnings

vm: build ## the proofs on real /dev/sr drives in a virtual machine
	@tests/vm/run.sh

bench: build ## criterion benches and the side-by-side table
	@cargo bench --locked
	@benches/side_by_side.sh

fuzz: ## fuzz every parser for MINUTES=10 each, two at a time
	@deploy/bootstrap.sh fuzz
	@tests/fuzz/run.sh $(or $(MINUTES),10)

clean: ## everything that was built
	@cargo clean
	@rm -rf web/dist web/node_modules data
