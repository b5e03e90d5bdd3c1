# `make help` lists the targets. ARGS goes to the program: make demo ARGS='--incident canary-slow'
ARGS ?=
CARGO ?= cargo

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-stack check test bench docs static release-checks

help: ## list the targets
	@sed -n 's/^\([a-z-]*\): .*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 24

setup: ## install what the tests need and this machine lacks
	@scripts/setup

# Compiles and starts the demo's drift job, while the demo serves.
DRIFT_JOB = nice $(CARGO) run --quiet --profile demo --config profile.demo.package.modelwatch-drift.opt-level=1 \
  -p quickstart --no-default-features --features drift-job --bin quickstart-drift

demo: ## serve two versions of a model and replay two weeks of real traffic (ARGS='--help' for its flags)
	$(CARGO) run --profile demo -p quickstart -- --drift-job '$(DRIFT_JOB)' $(ARGS)

demo-stack: ## the demo under a real Prometheus and Alertmanager, from a break to its culprit (ARGS='--incident canary-slow')
	@scripts/demo-stack $(ARGS)

# Whose tests `make check` runs; empty, what scripts/crates-to-check names.
CRATES ?=

check: ## while you work: format, lints, and tests that ask no tool but cargo (CRATES='modelwatch-drift' or CRATES=all says whose)
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --all-features -- -D warnings
	crates=$$(scripts/crates-to-check $(CRATES)) && \
	MODELWATCH_TOOLS=none $(CARGO) test $$crates --all-features -- --skip judged_

# What `cargo doc` documents. With one example it needs what tests need, so that no dependency is checked for it once more.
DOCUMENTED := --lib --example picture --bin benches --bin drift-exporter --bin example-actix --bin example-axum

# Suites that keep every core busy for minutes, and so run beside those that wait for servers, and give way to them.
LONG := generated drill

# Many tests wait for a real server, so there are more of them at a time than cores.
test: export RUST_TEST_THREADS ?= 4
# promtool takes a quarter less of the processor where it collects garbage less often.
test: export GOGC ?= 800
test: ## everything CI checks: format, lints, each feature alone, tests, instruction counts, documentation
	# What is installed is waited for on the network, and nothing that compiles needs it.
	scripts/setup & setup=$$!; \
	{ $(CARGO) fmt --all --check && \
	$(CARGO) clippy --workspace --all-targets --all-features -- -D warnings && \
	$(CARGO) check -p modelwatch --no-default-features --all-targets && \
	$(CARGO) check -p modelwatch-tower --no-default-features && \
	$(CARGO) check -p modelwatch-tower --no-default-features --features axum && \
	$(CARGO) check -p modelwatch-tower --no-default-features --features tonic && \
	$(CARGO) check -p modelwatch-tower --no-default-features --features tokio && \
	$(CARGO) check -p modelwatch-drift-job --no-default-features && \
	$(CARGO) check -p modelwatch-drift-job --no-default-features --features texts && \
	$(CARGO) check -p modelwatch-cli --no-default-features && \
	$(CARGO) check -p modelwatch-cli --no-default-features --features triage && \
	$(CARGO) check -p modelwatch-cli && \
	$(CARGO) check -p quickstart && \
	$(CARGO) check -p quickstart --no-default-features --features drift-job; }; checked=$$?; \
	wait $$setup && exit $$checked
	# What compiles into folders of its own fills the cores when the tests' build leaves one idle, and afterwards those that tests wait
	# on; the documentation waits for that build. The tests run in five processes at a time: each waits where another works.
	scripts/packages & packages=$$!; \
	{ nice $(CARGO) bench --profile instructions -p modelwatch --bench instructions && \
	nice $(CARGO) bench --profile instructions -p modelwatch-tower --bench instructions && \
	RUSTFLAGS='--cfg modelwatch_loom' nice $(CARGO) test -p modelwatch --lib --target-dir target/loom models && \
	RUSTDOCFLAGS='-D warnings' nice $(CARGO) doc --workspace --all-features --no-deps $(DOCUMENTED); } & counts=$$!; \
	{ .venv/bin/hadolint Containerfile && $(CARGO) test --workspace --all-features --no-run; }; built=$$?; \
	wait $$packages && [ $$built = 0 ] || { wait $$counts; exit 1; }; \
	nice $(CARGO) test --workspace --all-features --test generated & generated=$$!; \
	nice $(CARGO) test --workspace --all-features --test drill & drill=$$!; \
	scripts/first-alert $${CARGO_TARGET_DIR:-target}/debug & alert=$$!; \
	$(CARGO) test --workspace --all-features --no-fail-fast \
	  --config 'target."cfg(all())".runner = ["scripts/all-but", $(LONG:%="%",) "--"]'; failed=$$?; \
	for other in $$generated $$drill $$alert $$counts; do wait $$other || failed=$$?; done; exit $$failed

bench: ## run the benchmarks and print their tables (ARGS='scrape' runs those whose name has "scrape")
	$(CARGO) bench -p benches --bench record --bench middleware --bench scrape -- $(ARGS)
	$(CARGO) bench -p benches --bench threads
	$(CARGO) bench -p benches --bench pause
	$(CARGO) bench -p modelwatch-log --bench record -- $(ARGS)
	$(CARGO) run --release -p benches

docs: ## build the API documentation into target/doc
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --workspace --all-features --no-deps $(DOCUMENTED)

static: ## build `modelwatch` as one static file (ARGS='--no-default-features' builds `modelwatch stack` alone)
	@scripts/static-binary $(ARGS)

release-checks: ## what a release needs beside `make test`: licences, advisories, public items against the last tag
	@scripts/release-checks $(ARGS)
