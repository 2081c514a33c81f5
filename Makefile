# Every target sets up what it needs: a new machine has to have only python3, make and a package index.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help venv demo test extras lint bench faults fuzz growth architectures audit docs clean

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

venv: $(INSTALLED) ## make .venv with chiasm, every extra and the tools of development

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv --upgrade-deps .venv
	$(BIN)/pip install --no-compile --constraint constraints.txt --editable ".[all]" --group dev
	# Once, on all cores: where no bytecode may be written, each command would compile all anew.
	-$(BIN)/python -m compileall -q -j 0 .venv/lib > .venv/compiled.log 2>&1
	touch $@

demo: $(INSTALLED) ## from data to a judged model: generated reviews, or your own with DATA=path
	$(BIN)/python examples/demo.py $(if $(DATA),"$(DATA)")

test: $(INSTALLED) ## run the tests
	$(BIN)/pytest --numprocesses 2

extras: $(INSTALLED) ## install each extra alone, and the lowest versions; EXTRAS=names for some
	$(BIN)/python benchmarks/extras.py $(EXTRAS)

lint: $(INSTALLED) ## check style, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(INSTALLED) ## measure speed beside a naive loop and other engines into docs/performance.md
	$(BIN)/pip install --quiet --constraint constraints.txt --group bench
	$(BIN)/python benchmarks/speed.py

faults: $(INSTALLED) ## kill commands at random moments, fill disks, damage files: nothing may be lost
	$(BIN)/python benchmarks/faults.py

fuzz: $(INSTALLED) ## feed nearly right files to everything that reads files
	$(BIN)/python benchmarks/fuzz.py

growth: $(INSTALLED) ## time, memory and disk of 1,000, 10,000 and 100,000 rows
	$(BIN)/python benchmarks/growth.py

architectures: $(INSTALLED) ## try a tiny model of each architecture of transformers into docs/architectures.md
	$(BIN)/python benchmarks/architectures.py

audit: $(INSTALLED) ## known vulnerabilities and licences of all that constraints.txt names
	$(BIN)/pip install --quiet --constraint constraints.txt --group audit
	$(BIN)/python benchmarks/audit.py

docs: $(INSTALLED) ## build the documentation into site/
	$(BIN)/mkdocs build --strict

clean: ## remove everything that the other targets made
	rm -rf .venv demo site build dist .*_cache .cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
