# Kizuna: `make demo` shows it, `make test` proves it. The first run installs everything into .venv.

export KIZUNA_DATA := $(abspath $(or $(KIZUNA_DATA),../shared/data))
# Threads that spin while they wait make LightGBM nine times slower on busy cores.
export OMP_WAIT_POLICY ?= PASSIVE

PYTHON ?= python3
UV := $(or $(shell command -v uv),.uv/bin/uv)
BIN := .venv/bin
INSTALLED := .venv/.installed
PEERS := .venv-peers
# A process for each core; the tests of a file share what they set up.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist loadfile
SOURCES := benchmarks core features insights kizuna models notebooks serving simulation tables tests tools training

.DEFAULT_GOAL := help
.PHONY: help demo test check lint fast bench bench-recommenders bench-peers install lock lock-peers clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /make \1\t/p' Makefile

demo: install  ## makes a shop, learns from it, serves it and prints real answers; ARGS=--once stops then
	$(BIN)/kizuna demo $(ARGS)

test: install  ## all tests; ARGS="-k ledger" picks
	$(PYTEST) $(ARGS)

# Where `test` runs in the same call, it runs the fast tests too.
check: lint $(if $(filter test,$(MAKECMDGOALS)),,fast)  ## format, ruff, types, floors, licences, fast tests

lint: install
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(BIN)/python tools/licences.py

fast: install  ## the tests that take no more than a few seconds each
	$(PYTEST) -m "not slow"

bench: install  ## the figures of docs/results.md, from KIZUNA_DATA
	$(BIN)/python -m benchmarks $(ARGS)

bench-recommenders: install  ## of these figures, those of recommenders: an hour and more
	$(BIN)/python -m benchmarks recommenders

bench-peers: install $(PEERS)/.installed  ## our recommenders beside RecTools and implicit, in .venv-peers
	$(BIN)/python -m benchmarks online_retail.peers

$(PEERS)/.installed: requirements-peers.lock | $(UV)
	test -x $(PEERS)/bin/python || $(UV) venv --quiet --python '>=3.11' $(PEERS)
	$(UV) pip sync --python $(PEERS)/bin/python --require-hashes requirements-peers.lock
	touch $@

install: $(INSTALLED)  ## what the other targets need

$(INSTALLED): requirements.lock pyproject.toml | $(UV)
	test -x $(BIN)/python || $(UV) venv --quiet --python '>=3.11' .venv
	$(UV) pip sync --python $(BIN)/python --require-hashes requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

.uv/bin/uv:
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target .uv uv

lock: | $(UV)  ## requirements.lock, anew from pyproject.toml
	$(UV) pip compile --quiet --universal --generate-hashes --group dev pyproject.toml -o requirements.lock

lock-peers: | $(UV)  ## requirements-peers.lock, anew from requirements-peers.in
	$(UV) pip compile --quiet --universal --generate-hashes requirements-peers.in -o requirements-peers.lock

clean:  ## what was installed and cached goes; var/ (models, releases, the ledger) stays
	rm -rf .venv .venv-peers .uv .pytest_cache .ruff_cache .hypothesis .import_linter_cache
