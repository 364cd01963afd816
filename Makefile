# Everything runs in .venv, which the first target that needs it makes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: test coverage lint demo docs bench clean
test: $(STAMP)
	$(BIN)/python -m pytest -n auto $(PYTEST_ARGS)

coverage: $(STAMP)
	$(BIN)/python -m pytest -n auto --cov --cov-report=term:skip-covered $(PYTEST_ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

demo: $(STAMP)
	$(BIN)/python fixtures/demo.py

docs: $(STAMP)
	$(BIN)/python docs/generate_cli.py
	$(BIN)/python docs/generate_api.py

# Installs each backend by itself: one that cannot be installed here is shown as absent. ARGS=--quick: under three minutes.
bench:
	$(PYTHON) -m venv .venv-bench
	echo '*' > .venv-bench/.gitignore
	.venv-bench/bin/pip install --quiet --editable .
	grep -v '^#' benchmarks/requirements.txt | while read name; do .venv-bench/bin/pip install --quiet "$$name" || true; done
	.venv-bench/bin/python -m benchmarks $(ARGS)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage* .venv-bench .bench

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@
