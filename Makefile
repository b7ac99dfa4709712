# `make help` lists the targets. The first run installs everything into .venv.

export KIZUNA_DATA := $(abspath $(or $(KIZUNA_DATA),../shared/data))
# With actively waiting OpenMP threads, LightGBM is nine times slower on busy cores.
export OMP_WAIT_POLICY ?= PASSIVE

PYTHON ?= python3
UV := $(or $(shell command -v uv),.uv/bin/uv)
BIN := .venv/bin
INSTALLED := .venv/.installed
PEERS := .venv-peers
# One process per core, so one thread in each: two would take a sixth more CPU. The tests of a file run in one process,
# because they share fixtures.
PYTEST := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist loadfile --durations 20
SOURCES := benchmarks clients core features insights kizuna models notebooks serving simulation tables tests tools training

.DEFAULT_GOAL := help
.PHONY: help demo test check lint fast bench bench-recommenders bench-serving bench-peers install client-typescript lock lock-peers clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /make \1\t/p' Makefile

demo: install  ## simulate a shop, train, serve it and print responses; ARGS=--once stops after that
	$(BIN)/kizuna demo $(ARGS)

test: install  ## run all tests, or some: ARGS="-k ledger"
	$(PYTEST) $(ARGS)

# `make check test` runs the fast tests only once, as a part of `test`.
check: lint $(if $(filter test,$(MAKECMDGOALS)),,fast)  ## check format, lint, types, imports, licences, wording and links; run the fast tests

lint: install
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(BIN)/python tools/licences.py
	$(BIN)/python tools/plain_words.py
	$(BIN)/python tools/check_links.py

fast: install  ## run the tests that are not marked slow
	$(PYTEST) -m "not slow"

bench: install  ## measure all figures of docs/results.md, with the data in KIZUNA_DATA
	$(BIN)/python -m benchmarks $(ARGS)

bench-recommenders: install  ## measure the figures of recommenders only (more than an hour)
	$(BIN)/python -m benchmarks recommenders

bench-serving: install  ## measure the figures of the service only
	$(BIN)/python -m benchmarks serving

bench-peers: install $(PEERS)/.installed  ## compare ours with RecTools, implicit and EconML, which it installs into .venv-peers
	$(BIN)/python -m benchmarks online_retail.peers uplift.peers

$(PEERS)/.installed: requirements-peers.lock | $(UV)
	test -x $(PEERS)/bin/python || $(UV) venv --quiet --python '>=3.11' $(PEERS)
	$(UV) pip sync --python $(PEERS)/bin/python --require-hashes requirements-peers.lock
	touch $@

install: $(INSTALLED)  ## install everything into .venv

# Bytecode is compiled here, once. Otherwise the first run compiles it, and where PYTHONDONTWRITEBYTECODE is set every
# run does: 20 s of CPU for each training, most of it for MLflow.
$(INSTALLED): requirements.lock pyproject.toml | $(UV)
	test -x $(BIN)/python || $(UV) venv --quiet --python '>=3.11' .venv
	$(UV) pip sync --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q $(SOURCES)
	touch $@

.uv/bin/uv:
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target .uv uv

client-typescript: install  ## install the tools of clients/typescript (needs Node 20 and npm), generate its types from the API and build it
	npm --prefix clients/typescript ci --no-audit --no-fund
	$(BIN)/python -m tools.openapi_document --without-examples | npm --prefix clients/typescript run --silent generate
	npm --prefix clients/typescript run build

lock: | $(UV)  ## update requirements.lock and requirements-serving.lock from pyproject.toml
	$(UV) pip compile --quiet --universal --generate-hashes --extra s3 --group dev pyproject.toml -o requirements.lock
	$(UV) pip compile --quiet --universal --generate-hashes --group serving -c requirements.lock -o requirements-serving.lock

lock-peers: | $(UV)  ## update requirements-peers.lock from requirements-peers.in
	$(UV) pip compile --quiet --universal --generate-hashes requirements-peers.in -o requirements-peers.lock

clean:  ## remove environments and caches; keeps var/ (models, releases, the ledger)
	rm -rf clients/typescript/node_modules clients/typescript/dist .venv .venv-peers .uv .pytest_cache .ruff_cache .hypothesis .import_linter_cache
