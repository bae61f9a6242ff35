# The commands of this project; `make help` lists them.
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest

.PHONY: help run test check lint format tour bench requirements clean

help: ## list these commands
	@echo "Commands:"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: ## set up what is missing and start everything on loopback; Ctrl-C ends it
	@scripts/environment run
	@$(PYTHON) -m testbed run

test: ## install what the tests need and run all of them
	@scripts/environment test
	@$(MAKE) --no-print-directory check
	$(PYTEST) -q -n 2 tests/conformance tests/protocol tests/attacks
	$(PYTEST) -v tests/journeys -p no:randomly

check: ## format, lint, types, floors, unit tests: offline, under a minute
	@test -x .venv/bin/ruff || { echo "The test environment is missing; run: scripts/environment test"; exit 1; }
	@.venv/bin/ruff format --check --quiet . || { echo "Run: make format"; exit 1; }
	@.venv/bin/ruff check --quiet .
	@.venv/bin/mypy --no-error-summary
	@.venv/bin/lint-imports > var/lint-imports.log 2>&1 || { cat var/lint-imports.log; exit 1; }
	$(PYTEST) -q -n 2 tests/unit tests/architecture

lint: ## the floors of the house alone
	@.venv/bin/lint-imports

format: ## format and mend what can be mended
	@.venv/bin/ruff format --quiet .
	@.venv/bin/ruff check --fix .

tour: ## do the whole journey in a browser, with a picture of every page in tour/
	@scripts/environment test
	@$(PYTHON) -m tests.journeys.tour

bench: ## figures, as ratios against the crypto floor of the same run
	@scripts/environment test
	@$(PYTHON) -m benchmarks

requirements: ## pin the newest versions, with hashes
	@.venv/bin/uv pip compile --quiet --upgrade --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --no-emit-find-links --python-version 3.11 --output-file requirements.txt requirements.in
	@.venv/bin/uv pip compile --quiet --upgrade --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --no-emit-find-links --python-version 3.11 --output-file requirements-dev.txt requirements-dev.in

clean: ## remove everything that these commands made, sample cards included
	@rm -rf var tour .venv
