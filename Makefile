# `make help` lists what there is. Each target installs what it needs.

.DEFAULT_GOAL := help
.PHONY: help run build release test lint format documents bench fuzz python clean

help: ## List the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: ## Build and start the server on http://127.0.0.1:5000, data under ./ferroflow-data
	cargo run --bin ferroflow -- serve

build: ## Build the debug binary, target/debug/ferroflow
	cargo build --bin ferroflow

release: ## Build the release binary, target/release/ferroflow
	cargo build --release --bin ferroflow

test: python ## Run all tests: Rust and black-box, on SQLite and PostgreSQL
	scripts/with-postgres scripts/test

lint: python ## Check formatting, clippy and ruff; changes nothing
	cargo fmt --all -- --check
	cargo clippy --workspace --all-targets -- -D warnings
	.venv/bin/ruff check tests bench
	.venv/bin/ruff format --check tests bench

format: python ## Format the Rust and Python code
	cargo fmt --all
	.venv/bin/ruff format tests bench
	.venv/bin/ruff check --fix tests bench

documents: python build ## Make the pages and the example file that are made from the code
	FERROFLOW_UPDATE_DOCUMENTS=1 cargo test -p ferroflow-testkit --test all up_to_date
	FERROFLOW_UPDATE_DOCUMENTS=1 .venv/bin/pytest tests/blackbox -k up_to_date

bench: python release ## Measure Ferroflow beside mlflow server (ARGUMENTS=--help tells more)
	.venv/bin/python bench/run.py $(ARGUMENTS)

fuzz: ## Look for filters that break the grammar (needs nightly Rust and cargo-fuzz; SECONDS=60)
	cargo +nightly fuzz run filters --sanitizer none -- \
		-dict=fuzz/filters.dict -max_len=400 -timeout=1 -max_total_time=$(or $(SECONDS),60)

python: ## Make .venv with the Python clients that tests and benchmarks use
	@scripts/python-environment

clean: ## Remove what was built, and .venv
	cargo clean
	rm -rf .venv
