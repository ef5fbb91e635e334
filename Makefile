# `make run` and `make test` need Python 3.11 or newer and nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STORE ?= dedup-data
HOST ?= 127.0.0.1
PORT ?= 8000

.PHONY: run test bounds lint bench bench-quality soak wheel lock clean help

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(VENV)/.run: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is %s; set PYTHON=" % sys.version.split()[0])'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

run: $(VENV)/.run ## Scan seeds/, print the verdicts, then serve on 127.0.0.1:8000
	$(BIN)/dedup scan seeds --store $(STORE)
	$(BIN)/dedup serve --store $(STORE) --host $(HOST) --port $(PORT)

test: $(VENV)/.dev ## Run the tests, on all cores
	$(BIN)/python -m pytest $(IN_PARALLEL)

bounds: $(VENV)/.dev ## Run the kernels' tests with every index checked
	NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=$(VENV)/bounds \
		$(BIN)/python -m pytest $(IN_PARALLEL) tests/unit/text tests/unit/sketch tests/unit/index

# A file's tests stay together: they share a service, a database or a cluster.
IN_PARALLEL := --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.dev ## Check style, types and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(VENV)/.dev ## Measure speed, as ratios within one run: CORPUS=directory if there is one
	$(BIN)/python benchmarks/time_kernels.py
	$(BIN)/python benchmarks/time_index.py
	$(BIN)/python benchmarks/bench_speed.py $(if $(CORPUS),--corpus $(CORPUS)) --readme README.md

bench-quality: $(VENV)/.dev ## Measure detection, repair and matching: CORPUS=directory
	$(BIN)/python benchmarks/bench_quality.py $(CORPUS) $(OPTIONS)

soak: $(VENV)/.dev ## Races, kills, churn and texts that nobody wrote, for two hours or more
	$(BIN)/python benchmarks/fuzz_repair.py --minutes 60
	$(BIN)/python benchmarks/soak.py

wheel: $(VENV)/.dev ## Build the wheel
	$(BIN)/python -m build --wheel --no-isolation

lock: ## Pin the newest versions of all dependencies, for every Python from 3.11 on
	$(PYTHON) -m venv $(VENV)/lock
	$(VENV)/lock/bin/python -m pip install --quiet uv
	$(VENV)/lock/bin/uv pip compile $(LOCK_OPTIONS) --output-file requirements.lock pyproject.toml
	$(VENV)/lock/bin/uv pip compile $(LOCK_OPTIONS) --extra dev --output-file requirements-dev.lock pyproject.toml

LOCK_OPTIONS := --quiet --universal --python-version 3.11 --upgrade --generate-hashes --no-header \
	--extra build --extra postgres

clean: ## Remove what the commands above made, but no store
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
