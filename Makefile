# make run     set up .venv and run the whole pipeline
# make test    set up .venv and run the tests
# make test-long   the tests that are left out there, about ten minutes more
# make check   formatting, imports, types and the fast tests
# make bench   speed of the engine on this computer
# make clean   delete scratch and caches; results/ and .venv stay
#
# PyTorch's default wheel for Linux is the large CUDA build. For the small CPU build,
# take the address of the CPU index from PyTorch's install page:
#   make run TORCH="torch==2.13.0 --index-url ADDRESS"

PYTHON ?= python3
VENV ?= .venv
TORCH ?= torch==2.13.0
# More options for every pip install, such as --index-url.
PIP_OPTIONS ?=
CORES ?= all
PYTEST_OPTIONS ?=

BIN := $(abspath $(VENV))/bin
INSTALLED := $(VENV)/.installed
export PATH := $(BIN):$(PATH)

.DEFAULT_GOAL := run
.PHONY: run test test-long check bench clean .venv

run: $(INSTALLED)
	snakemake --cores $(CORES)

test: $(INSTALLED)
	python -m pytest -q -n auto --dist loadfile -m "not long" $(PYTEST_OPTIONS)

test-long: $(INSTALLED)
	python -m pytest -q -n auto --dist loadfile -m long $(PYTEST_OPTIONS)

check: $(INSTALLED)
	ruff check .
	ruff format --check --quiet .
	snakefmt --check Snakefile rules
	lint-imports --no-logo
	mypy
	python -m pytest -q -n auto --dist loadfile -m "not slow" $(PYTEST_OPTIONS)

bench: $(INSTALLED)
	exoflow bench engine

.venv: $(INSTALLED)

# Made again only when pyproject.toml changed. PyTorch comes first, so that the
# build chosen with TORCH stays.
$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "exoflow needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install $(PIP_OPTIONS) $(TORCH)
	@echo "Installing the other packages: a few minutes."
	$(BIN)/python -m pip install --quiet $(PIP_OPTIONS) --editable '.[test]'
	@touch $@

clean:
	rm -rf .exoflow .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
