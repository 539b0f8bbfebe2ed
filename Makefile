# make audit   set everything up and audit this machine        make test   lint, types, tests
# make live    end-to-end tests on lab hosts under QEMU        make bench  measurements, as ratios to a peer
# make live-slow   those that take an hour: more remedies, OpenSCAP and Lynis beside hardcheck
PY := .venv/bin/python
export PYTHONWARNINGS :=

.PHONY: help setup audit test lint types unit live live-slow lab docs bench lock clean

help:
	@sed -n '1,3p' Makefile

setup:
	@sh tools/setup.sh

audit: setup
	@$(PY) -m hardcheck audit local -o out; code=$$?; \
	case $$code in 0|1|3) ;; *) exit $$code ;; esac  # findings and unknowns are an answer, not an error

test: lint types unit

lint: setup
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: setup
	$(PY) -m mypy

unit: setup
	@sh tools/setup.sh --test-tools
	$(PY) -m pytest -q -rs -n auto --dist worksteal -m "not live and not slow"

live: setup
	$(PY) -m pytest -q -rs --durations 15 -m "live and not slow" tests/live

live-slow: setup
	$(PY) -m pytest -v -rs --durations 15 -m "live and slow" tests/live

lab: setup
	$(PY) tests/live/lab.py up

# What is generated: the schemas and, from the folder that HARDCHECK_CONTROLS names, the profiles and coverage.
docs: setup
	$(PY) tools/build_schema.py
	@if [ -f "$(HARDCHECK_CONTROLS)/mappings.csv" ]; then \
	  $(PY) -m tools.build_profiles "$(HARDCHECK_CONTROLS)" && $(PY) -m tools.build_coverage "$(HARDCHECK_CONTROLS)"; \
	fi

bench: setup
	$(PY) -m benchmarks.policy.run
	$(PY) -m benchmarks.profiles
	$(PY) -m benchmarks.denials
	$(PY) -m benchmarks.exposure.run
	$(PY) -m benchmarks.rules
	$(PY) -m benchmarks.collect.bench

# The lock holds hashes and no addresses; uv resolves for every Python and platform at once.
lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url -o requirements.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache out dist build
