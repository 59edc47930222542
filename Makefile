# emon: what a newcomer, a developer and CI call. Everything is made inside the checkout, without root.
SHELL := /bin/sh
PYTHON ?= python3
ARGS ?=
BIN := $(CURDIR)/.venv/bin
# Tools of the environment (npm where the machine has none) are found by the scripts below.
export PATH := $(PATH):$(BIN)

.DEFAULT_GOAL := help
# The steps share one environment, so their order counts even under make -j.
.NOTPARALLEL:
.PHONY: help demo test soak bounds bench lint env env-dev parts assets lock docs clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

demo: env assets ## the whole story on embedded broker and database; ARGS="--for 60 --json" passes arguments
	@exec $(BIN)/emon demo $(ARGS)

# A file's tests stay together, since they share servers; four workers are enough for any machine. A worker that
# dies (a test hung, say) ends the run: what replaces it now and then gets nothing to do, and all wait for it.
test: env-dev assets parts ## style, types, imports and all tests; ARGS="tests/cli -x" narrows
	@exec $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder \
	  --max-worker-restart 0 $(ARGS)

soak: env-dev ## what chance tests, twenty times as long as in make test; EMON_SOAK=100 for longer
	@EMON_SOAK=$${EMON_SOAK:-20} EMON_GEOFENCE_ROUNDS=$${EMON_SOAK:-20} $(BIN)/python -m pytest tests/oracle \
	  tests/engine/test_determinism.py tests/geofence/test_same_answers.py tests/geofence/test_country.py \
	  tests/explanation/test_any_story.py tests/explanation/test_any_contact.py $(ARGS)

bounds: env-dev ## tests of all kernels and scanners with every index checked; minutes of compiling
	@NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=$(CURDIR)/.cache/numba-bounds $(BIN)/python -m pytest \
	  tests/geofence/test_exact_relation.py tests/geofence/test_exact_crossing.py tests/geofence/test_watch.py tests/geofence/test_near_blocks.py \
	  tests/geofence/test_watch_boxes.py tests/geofence/test_fields.py tests/geofence/test_country.py tests/geofence/test_relation.py \
	  tests/geofence/test_probability.py tests/geofence/test_same_answers.py tests/geofence/test_bad_input.py \
	  tests/ingest/test_frames.py tests/ingest/test_frame_take.py tests/ingest/test_plain.py tests/ingest/test_fixb.py tests/store/test_fix_rows.py \
	  tests/engine/test_quiet_path.py tests/engine/test_quiet_runs.py tests/audit/test_quick_rows.py tests/audit/test_marks.py \
	  $(ARGS)

bench: env-dev ## rivals and us in one run; writes benchmarks/REPORT.md
	@exec $(BIN)/python -m benchmarks $(ARGS)

lint: env-dev ## ruff, mypy and import-linter alone
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports

env:
	@$(PYTHON) scripts/bootstrap.py demo

env-dev:
	@$(PYTHON) scripts/bootstrap.py dev

assets: env
	@$(BIN)/python scripts/assets.py >&2  # standard output is the demo's summary

# What is fetched is waited for, what is compiled keeps two cores busy: side by side, and none outlives the others' end.
parts: env-dev
	@$(BIN)/python scripts/compile_kernels.py geofence & geofence=$$!; \
	$(BIN)/python scripts/compile_kernels.py others & others=$$!; \
	trap "kill $$geofence $$others 2>/dev/null" EXIT; trap "exit 130" INT TERM; \
	for part in mosquitto postgres chromium webhooks; do $(BIN)/python scripts/get_$$part.py || exit; done; \
	wait $$geofence && wait $$others

lock: env-dev ## write requirements/*.txt again from pyproject.toml; ARGS=--upgrade for newer versions
	@$(BIN)/python scripts/lock.py $(ARGS)

docs: env-dev ## write the generated pages of docs/ again
	@$(BIN)/python -m scripts.docs

clean: ## remove the environment, everything fetched or built, and the data of demo runs
	rm -rf .venv .cache .data build dist emon/web/static/vendor .pytest_cache .mypy_cache .ruff_cache \
	  .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
