# The one task runner. `make try` and `make test` set up what they need by themselves.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
JOBS   ?= 2

.PHONY: try test lint types unit format score lab lab-score cluster-test screens index bench fuzz wheel clean help

help:             ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.ready: pyproject.toml hatch_build.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

try: $(VENV)/.ready  ## set up, explain a pull that failed in a real cluster, and walk faulty registries
	@$(BIN)/whypull explain examples/describe-unknown-ca.txt; test $$? -eq 1
	@$(BIN)/whypull demo

test: lint types unit lab cluster-test  ## set up, and run every check

lint: $(VENV)/.ready  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.ready  ## mypy --strict
	$(BIN)/mypy

unit: $(VENV)/.ready  ## pytest, but for lab and cluster: seconds to minutes, no root
	$(BIN)/pytest -n $(JOBS) -q -m "not lab and not cluster"

format: $(VENV)/.ready  ## put the code into its format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

score: $(VENV)/.ready  ## the table of verdicts on labelled failures, written anew
	$(BIN)/python tests/score.py --write >/dev/null

lab: $(VENV)/.ready  ## real runtimes, one fault at a time: named, walked, healed (root)
	$(BIN)/pytest -q -n0 -m lab tests/lab

lab-score: $(VENV)/.ready  ## the lab's table, written anew (root)
	PYTHONPATH=tests $(BIN)/python -m lab.score --write

cluster-test: $(VENV)/.ready  ## a real Kubernetes, built once, with everything broken in it (root)
	$(BIN)/pytest -q -n0 -m cluster tests/cluster

screens: $(VENV)/.ready  ## the outputs in tests/screens and README.md, written anew: read each one
	PYTHONPATH=. $(BIN)/python tests/test_screens.py
	PYTHONPATH=. $(BIN)/python tests/test_guide.py
	$(BIN)/python tests/test_examples.py

index: $(VENV)/.ready  ## the catalogue's index and the byte code, made anew: a start as quick as an installed one
	$(BIN)/python -m whypull.causes.build
	$(BIN)/python -m compileall -q src

bench: $(VENV)/.ready  ## all measurements, as ratios
	for b in bench/*.py; do $(BIN)/python $$b; done

fuzz: $(VENV)/.ready  ## 200,000 damaged inputs (half an hour)
	$(BIN)/python tests/fuzz.py --inputs 200000

wheel: $(VENV)/.ready  ## the wheel and the source archive, in dist/
	$(BIN)/pip install --quiet build && $(BIN)/python -m build

clean:            ## remove what was made
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis src/whypull/causes/_index.py
