# Every target makes its own set-up on a fresh machine: see infra/setup.sh. `make` alone explains them.

.DEFAULT_GOAL := help
.PHONY: help demo test image-check lint bench realtime chaos soak fuzz lock clean redis

BIN := .venv/bin
# A worker a core, but not many: each of them imports every SDK.
WORKERS ?= auto

help:  ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/.demo  ## place a call to the agent, here and now: no keys, no network, no Redis
	@$(BIN)/phoneagent demo $(ARGS)

test: .venv/.dev redis image-check lint  ## everything that must hold before a change goes in
	@echo "» tests"
	@$(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 4 --dist worksteal $(ARGS)

image-check: .venv/.image  ## ask the package index whether infra/Dockerfile can be built (no Docker needed)

lint: .venv/.dev  ## format, lint, types, layers
	@echo "» format" && $(BIN)/ruff format --check
	@echo "» lint" && $(BIN)/ruff check
	@echo "» types" && $(BIN)/mypy --num-workers auto
	@echo "» layers" && $(BIN)/lint-imports --no-logo

bench: .venv/.dev  ## calls a core and latencies, with simulated providers (ARGS='--calls 20 --floor')
	@$(BIN)/phoneagent bench $(ARGS)

realtime: .venv/.dev  ## the tests that take as long as a call takes
	@$(BIN)/python -m pytest -m realtime $(ARGS)

chaos: .venv/.dev redis  ## kill, stop and starve it in the middle of calls, and count what callers lost (ARGS='kills --calls 10')
	@$(BIN)/python -m tests.chaos $(ARGS)

soak: .venv/.dev redis  ## half an hour of calls that come and go: nothing may be left of them
	@$(BIN)/python -m tests.chaos soak $(ARGS)

fuzz: .venv/.dev  ## a million broken messages for the media stream's codec
	@$(BIN)/python -m tests.chaos fuzz $(ARGS)

lock: .venv/.dev  ## pin what pyproject.toml asks for, with hashes (UPGRADE=1: the newest versions)
	@$(call compile,dev,pyproject.toml --extra embedded --extra mcp --group dev $(if $(UPGRADE),--upgrade))
	@$(call compile,demo,pyproject.toml --extra embedded --constraints requirements/dev.txt)
	@$(call compile,runtime,pyproject.toml --extra mcp --constraints requirements/dev.txt)
	@$(call compile,build,--group build --constraints requirements/dev.txt)

clean:  ## remove caches and what the demo left (rm -r .venv for a fresh start)
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist demo-call
	@find phoneagent tests -name __pycache__ -type d -prune -exec rm -rf {} +

redis:
	@infra/setup.sh redis

# Stamps: set-up runs again only when one of these files has changed.
.venv/.demo: requirements/build.txt requirements/demo.txt pyproject.toml infra/setup.sh
	@infra/setup.sh demo
	@touch $@

.venv/.dev: requirements/build.txt requirements/dev.txt pyproject.toml infra/setup.sh
	@infra/setup.sh dev
	@touch $@ .venv/.demo

# It takes some seconds, once for each Dockerfile and lock.
.venv/.image: infra/Dockerfile infra/installable.py requirements/build.txt requirements/runtime.txt | .venv/.dev
	@echo "» image: can its packages be installed?"
	@$(BIN)/python infra/installable.py
	@touch $@

# One lock for every Python from 3.11 and every platform; without the address of an index, so that any mirror will do.
compile = echo "» requirements/$(1).txt" && $(BIN)/uv pip compile $(2) --quiet \
	--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock" --output-file requirements/$(1).txt
