# `make demo` and `make test` set up everything they need; nothing has to be installed before.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest
# a core each, but no more: tests hold whole desks, up to 1 GB a process
TWO := -n logical --maxprocesses 2
LOCK := --universal --generate-hashes --no-emit-index-url --python-version 3.11

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo demo-check demo-data test unit check lint format lock bundle picture docs clean

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

.stamps/run: requirements/run.txt pyproject.toml
	@mkdir -p .stamps
	$(PYTHON) -c "import sys; sys.exit('Python 3.11 or newer is needed, this is ' + sys.version) if sys.version_info < (3, 11) else None"
	$(PYTHON) -m venv .venv
	$(PIP) install --quiet --require-hashes -r requirements/run.txt
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.stamps/warm: .stamps/run
	$(BIN)/dispatcher warm
	@touch $@

.stamps/dev: .stamps/run requirements/dev.txt
	$(PIP) install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

setup: .stamps/warm ## .venv with the command `dispatcher`

setup-dev: .stamps/warm .stamps/dev ## setup plus what tests, checks and benchmarks need

demo: .stamps/warm ## a working day in Reykjavik on the live map
	$(BIN)/dispatcher demo

demo-check: .stamps/warm ## the same day, a minute without a screen; exit 0 when all of it worked
	$(BIN)/dispatcher demo --check

demo-data: .stamps/warm .stamps/dev ## build the shipped city anew from its pinned source
	$(BIN)/python scripts/demo_data.py

test: .stamps/warm .stamps/dev ## all tests, in two processes, then those that must be alone
	$(PYTEST) $(TWO) -m "not alone"
	$(PYTEST) -m alone

unit: .stamps/warm .stamps/dev ## the quick tests
	$(PYTEST) $(TWO) -m "not alone and not slow and not browser and not process and not postgres"

lint: .stamps/dev ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test ## everything CI asks for

format: .stamps/dev ## put the code in form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## pin all packages anew, with hashes, for all platforms (needs uv)
	uv pip compile $(LOCK) --custom-compile-command "make lock" --extra postgres --extra order \
		pyproject.toml requirements/build.in -o requirements/run.txt
	uv pip compile $(LOCK) --custom-compile-command "make lock" --all-extras -c requirements/run.txt \
		pyproject.toml requirements/build.in -o requirements/dev.txt

bundle: ## build the map component anew (needs node and npm)
	cd dashboard/livemap && npm ci --no-audit --no-fund --silent && npm run --silent build

picture: .stamps/warm .stamps/dev ## take the README's picture anew (needs Chromium)
	DISPATCHER_PICTURE=docs/images/live-map.png $(BIN)/python -m pytest -q tests/dashboard/test_story.py -k picture

clean: ## remove what setup and runs have made
	rm -rf .venv .stamps var artefacts .pytest_cache .mypy_cache .ruff_cache
