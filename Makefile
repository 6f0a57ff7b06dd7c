# Two commands do everything on a fresh machine with Python 3.11 and make: `make demo` and `make test`.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test bank-test lint audit audit-code dist examples screenshots constraints clean

demo: $(VENV)/.installed
	$(BIN)/evaluator demo

test: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest --cov --cov-report=term:skip-covered

bank-test: $(VENV)/.installed  ## every statement of the shipped bank, judged as an answer
	$(BIN)/evaluator bank test --fail-under 0.95

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

audit: $(VENV)/.installed-dev  ## code and pinned dependencies; needs a network, exit code 3 where the advisories could not be asked
	$(BIN)/python tools/security.py

audit-code: $(VENV)/.installed-dev  ## the code only, without a network
	$(BIN)/python tools/security.py --code-only

dist: export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 1580601600)
dist: $(VENV)/.installed-dev  ## wheel and sdist, the same bytes from the same commit
	rm -rf dist
	$(BIN)/python -m hatchling build -d dist
	cd dist && sha256sum *

examples: $(VENV)/.installed  ## regenerates reports/examples
	$(BIN)/evaluator demo -o reports/examples
	$(BIN)/evaluator compare reports/examples/results.jsonl -q rude-customer --candidates C-101,C-102,C-103 -o reports/examples/compare.html
	$(BIN)/evaluator check -q rude-customer --format html -o reports/examples/self-check.html < evaluator/samples/self-check.txt

screenshots: $(VENV)/.installed-dev  ## renews docs/images, with the chromium of the system
	$(BIN)/python docs/images/screenshots.py

constraints:  ## renews constraints.txt: newest versions that pass the tests
	rm -rf $(VENV) && $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q torch==2.13.0 && $(BIN)/pip install -q -e ".[dev,pdf,ray]"
	$(BIN)/pip freeze --exclude-editable | sed 's/+cpu//' > constraints.txt
	$(MAKE) audit-code test

clean:
	rm -rf $(VENV) build dist .coverage .pytest_cache .mypy_cache .ruff_cache

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt torch -e .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt -e ".[dev]"
	touch $@
