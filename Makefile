# Everything runs in a virtual environment of its own, with the versions that constraints.txt pins.
#   make demo                      set up, then run the main job on a small simulated season
#   make test                      set up, then pass the tests
#   make coverage                  pass the tests of the rooms that read and write files, which run at least 95 % of their lines
#   make docs                      write the parts of the documentation that are made from code and checkpoints
#   make site                      build the site of the documentation into site/
#   make test TORCH_INDEX=https://download.pytorch.org/whl/cpu     take PyTorch's CPU wheels (much smaller)
PYTHON ?= python3
VENV ?= .venv
OUT ?= demo-season
TORCH_INDEX ?=
JOBS ?= 2
# rooms that bad input reaches, and their tests
COVERED := imagery fields chips checkpoint outputs
COVERING := $(addprefix tests/,$(COVERED) api)

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

.PHONY: demo test coverage browser lint lint-js types check docs site bench bench-accuracy audit clean

demo: $(VENV)/.runtime
	$(BIN)/cropdetect demo $(OUT) --overwrite
	@echo "Next: type  . $(BIN)/activate  and then  cropdetect --help.  Your own data: docs/data.md"

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(JOBS) -m "not slow and not browser"

coverage: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(JOBS) -m "not slow and not browser" --cov --cov-report= $(COVERING)
	set -e; for room in $(COVERED); do \
	  $(BIN)/coverage report --include="src/cropdetect/$$room/*" --fail-under=95; \
	done

# needs Chromium: apt-get install chromium chromium-driver
browser: $(VENV)/.dev
	$(BIN)/python -m pytest -m browser

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/python scripts/check_prose.py

types: $(VENV)/.dev
	$(BIN)/mypy

check: test lint types

# needs Node.js with npm: apt-get install nodejs npm
JS := scripts/js
ASSETS := src/cropdetect/outputs/report/assets

lint-js: $(JS)/node_modules
	$(JS)/node_modules/.bin/prettier --config $(JS)/package.json --check "$(ASSETS)/*.js" "$(ASSETS)/*.css" "$(JS)/*.js"
	$(JS)/node_modules/.bin/eslint --config $(JS)/eslint.config.js --max-warnings 0 $(ASSETS) $(JS)/eslint.config.js

$(JS)/node_modules: $(JS)/package.json $(JS)/package-lock.json
	npm ci --prefix $(JS) --no-audit --no-fund
	touch $@

# The parts of the documentation that are made from code and checkpoints; tests hold them up to date.
docs: $(VENV)/.dev
	set -e; for script in $(wildcard scripts/write_*.py scripts/draw_*.py); do $(BIN)/python $$script; done

# Every warning is an error, broken links and pages outside the navigation among them.
site: $(VENV)/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir site

# Measures speed and memory (25 minutes on two idle cores) and writes docs/performance.md; continues where it was stopped.
# BENCH: options of the script, e.g. BENCH="--season SEASON --weights cv4a.pt --rivals PYTHON --again"
bench: $(VENV)/.dev
	$(BIN)/python benchmarks/performance.py $(BENCH)

# Known weaknesses of the pinned versions, as PyPI tells them; it fails where they cannot be asked for.
audit: $(VENV)/.audit
	$(BIN)/python scripts/audit.py

# DATA: folder with france_s2 and flanders_s2
bench-accuracy: $(VENV)/.dev
	$(BIN)/python benchmarks/augmentation_cost.py
	$(BIN)/python benchmarks/france_to_flanders.py $(DATA) --seeds 3

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV): a minute or two without a word"
	$(PIP) -e .
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV), with PyTorch: some minutes without a word"
	$(PIP) -e '.[dev]'
	touch $@ $(VENV)/.runtime

$(VENV)/.audit: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[audit]'
	touch $@ $(VENV)/.runtime

clean:
	rm -rf $(VENV) $(JS)/node_modules build dist site $(OUT)
