# For a newcomer: `make run` finds a first bug, `make test` passes the tests. Both install what is
# missing and may be repeated at will.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.NOTPARALLEL:

BIN := .venv/bin
SEARCH_TIME := 55s
TEST_TIME_MAX := 50m
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
TOOLS := build/.tools
POSTGRESQL := build/.postgresql
REQUIREMENTS := .venv/.requirements
INSTALLED := .venv/.installed
SOURCES := $(shell find fuzzverse native targets templates corpora -type f \
	-not -path '*/__pycache__/*' 2>/dev/null) README.md LICENSE

.PHONY: run test check format install tools clean

run: install
	@status=0; \
	$(BIN)/fuzzverse run dungeon --time $(SEARCH_TIME) || status=$$?; \
	case $$status in \
		77) echo "A bug was found, as it should be." ;; \
		0) echo "No bug was found within $(SEARCH_TIME)." >&2; exit 1 ;; \
		*) exit $$status ;; \
	esac

test: install $(POSTGRESQL)
	@PATH="$(CURDIR)/$(BIN):$$PATH" timeout --kill-after=30s $(TEST_TIME_MAX) $(BIN)/pytest -n 2

CHECKS := check-format check-lint check-types check-imports check-dead-code check-spelling \
	check-c check-rules

.PHONY: $(CHECKS)
check: $(CHECKS)
$(CHECKS): install

check-format:
	$(BIN)/ruff format --check --quiet .
check-lint:
	$(BIN)/ruff check --quiet .
check-types:
	$(BIN)/mypy fuzzverse tests tools
check-imports:
	$(BIN)/lint-imports --no-logo --cache-dir build/import-linter
check-dead-code:
	$(BIN)/vulture
check-spelling:
	$(BIN)/codespell
check-c:
	$(BIN)/python tools/lint_c.py
check-rules:
	$(BIN)/pytest -q tests/repo

format: install
	$(BIN)/ruff format --quiet .
	$(BIN)/ruff check --quiet --fix .
	$(BIN)/python tools/lint_c.py --format

install: $(INSTALLED)

tools: $(TOOLS)

$(TOOLS): tools/install.sh tools/python.sh
	@tools/install.sh
	@mkdir -p $(@D)
	@touch $@

$(POSTGRESQL): tools/install.sh
	@tools/install.sh postgresql
	@mkdir -p $(@D)
	@touch $@

.venv/bin/python: | $(TOOLS)
	@"$$(tools/python.sh)" -m venv --clear .venv

# Build requirements and development tools first, so that a changed source rebuilds fuzzverse alone.
$(REQUIREMENTS): pyproject.toml | .venv/bin/python
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install --group build
	@touch $@

$(INSTALLED): $(REQUIREMENTS) $(SOURCES) | $(TOOLS)
	@$(PIP) install --no-build-isolation '.[dev]'
	@touch $@

clean:
	rm -rf build dist .venv fuzzverse-out .hypothesis .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
