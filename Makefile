# inv-widgets: `make` lists what there is. Needs Python >= 3.10, Node >= 20 and a POSIX shell; works with make 3.81 (macOS) and up.
# What is done is remembered in .setup/: a step runs again only when the files it depends on change.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?=
LAB ?= 1
# Half of what a test takes it waits for a browser, a kernel, another process: three keep two cores busy.
JOBS ?= 3
VOC ?=
NETWORK ?= torchvision:vgg16
ARGS ?=
VENV := .venv
PY := $(VENV)/bin/python
FRONT_ENDS := $(addprefix inv_widgets/static/,explorer.js state.js page.js reveal_game.js host_desk.js synonym_editor.js workspace.js global_chart.js comparison.js)
JS_SOURCES := $(shell find js/src -type f 2>/dev/null) $(wildcard js/*.mjs js/tsconfig.json inv_widgets/colour_maps.json inv_widgets/languages/*.json)

# More threads than free cores make torch and scikit-learn several times slower: one a test process.
# Where a test asks for more, those that wait sleep. Kernels and other processes load what the first one has compiled.
TEST_ENV := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 OMP_WAIT_POLICY=passive PYTHONDONTWRITEBYTECODE=

# A process has a whole file, in the order that the conftest.py there gives: the longest first, so that all end together.
PYTEST := $(TEST_ENV) $(PY) -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

# Steps beside each other, where make can keep their words apart (GNU make 4); after each other elsewhere.
BESIDE = $(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,$(if $(filter output-sync,$(.FEATURES)),-j3 --output-sync=line))
KEEP_GOING = $(findstring k,$(firstword -$(MAKEFLAGS)))

# A stamp whose product was deleted by hand is worth nothing.
ifeq ($(wildcard $(PY)),)
$(shell rm -f .setup/python)
endif
ifeq ($(wildcard js/node_modules/.package-lock.json),)
$(shell rm -f .setup/node)
endif
ifneq ($(words $(wildcard $(FRONT_ENDS))),$(words $(FRONT_ENDS)))
$(shell rm -f .setup/front-ends)
endif

.PHONY: help setup build demo test lint types contract test-python test-js test-browser bench bench-many bench-labels bench-workshop bench-methods bench-voc bench-browser screenshots format system clean

help: ## list these targets
	@echo "inv-widgets: explain image classifiers with people in the loop"
	@echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'
	@echo
	@echo "  PYTHON=/path/to/python chooses the interpreter, INV_CHROMIUM=/path the browser, JOBS=n the test processes (3)."

setup: ## create .venv with everything in it and build the front ends
	+@$(BESIDE) .setup/python

build: .setup/front-ends ## build the front ends (js/ -> inv_widgets/static/)

demo: setup ## explain the demo pictures, write demo/, open JupyterLab on the quickstart (LAB=0: stop before JupyterLab)
	@$(VENV)/bin/inv-widgets demo $(if $(filter 0 no false,$(LAB)),--no-lab)

# Setup and what is quick beside each other, then the two long parts, which have all cores; with -k all, whatever fails.
test: ## everything: linters, types, import contract, Python, JS and browser tests
	+@failed=; try() { "$$@" || { failed=yes; $(if $(KEEP_GOING),true,exit 1); }; }; \
	try $(BESIDE) .setup/python system test-js lint types contract; \
	[ -e .setup/python ] || exit 1; \
	try $(MAKE) --no-print-directory test-python; \
	try $(MAKE) --no-print-directory test-browser; \
	[ -z "$$failed" ]

lint: .setup/python ## ruff: rules and formatting
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: .setup/python ## mypy --strict
	$(PY) -m mypy

contract: .setup/python ## who may import whom
	$(VENV)/bin/lint-imports

test-python: .setup/python system ## pytest tests/python
	$(PYTEST) tests/python

test-js: .setup/node ## TypeScript, biome and vitest
	cd js && npm run --silent check
	cd js && npm run --silent lint
	cd js && npm run --silent test

test-browser: .setup/python system ## pytest tests/browser: real JupyterLab in real Chromium
	$(PYTEST) tests/browser

bench: setup ## analysis time against one forward + backward pass
	@set -e; for bench in $(filter-out bench_labels.py bench_workshop.py bench_voc.py bench_many.py bench_methods% bench_browser%,$(notdir $(wildcard tests/bench/bench_*.py))); do echo "== $$bench"; $(PY) "tests/bench/$$bench"; done

bench-many: setup ## explain_many: pictures a second beside its passes and its columns alone; memory (ARGS="--pictures 10000")
	OMP_WAIT_POLICY=passive $(PY) tests/bench/bench_many.py $(ARGS)

bench-labels: setup ## label analysis: accuracy on the gold set's held-out half, step by step; time for 10,000 rounds
	$(PY) tests/bench/bench_labels.py

bench-workshop: setup ## 300 simulated players on Solara, 50 on Voila: answer times, memory, rounds lost and doubled
	$(PY) tests/bench/bench_workshop.py

bench-methods: setup ## all methods: the controlled benchmark, speed beside grad-cam, torchcam and captum, faithfulness (ARGS=...)
	$(PY) tests/bench/bench_methods.py $(ARGS)

bench-voc: setup ## the published table of methods anew: make bench-voc VOC=/path/to/VOCdevkit NETWORK=torchvision:vgg16
	$(PY) tests/bench/bench_voc.py --voc "$(VOC)" --network "$(NETWORK)" $(ARGS)

bench-browser: setup system ## bytes, first paint and frame times of Explorer and GlobalChart in Chromium; each bench_browser*.py
	@set -e; for bench in $(notdir $(wildcard tests/bench/bench_browser*.py)); do echo "== $$bench"; $(PY) "tests/bench/$$bench"; done

screenshots: setup system ## take the pictures that the README shows
	$(PY) tests/tools/screenshots.py

format: setup ## let ruff and biome rewrite what they can
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	cd js && npm run --silent format

system: # what only the system's package manager has: Chromium, PostgreSQL, the whole of Fashion-MNIST
	@bash .ci/system-packages

clean: ## remove what was built (.venv and node_modules too)
	rm -rf .setup .venv js/node_modules inv_widgets/static demo dist build artifacts .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# --- the steps behind `setup`

.setup/node: js/package.json js/package-lock.json
	@mkdir -p .setup
	@command -v node >/dev/null || { echo "[inv-widgets] node was not found. Install Node.js >= 20 (nodejs.org), then run make again." >&2; exit 1; }
	@node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' || { echo "[inv-widgets] Node.js $$(node --version) is too old. Install version 20 or newer, then run make again." >&2; exit 1; }
	@command -v npm >/dev/null || { echo "[inv-widgets] npm was not found beside $$(command -v node). Install it, then run make again." >&2; exit 1; }
	cd js && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.setup/front-ends: .setup/node $(JS_SOURCES)
	cd js && npm run --silent build
	@for file in $(FRONT_ENDS); do test -s "$$file" || { echo "[inv-widgets] npm run build did not write $$file." >&2; exit 1; }; done
	@touch $@

# After the front ends: to know what the package needs, pip runs its build hook, which would build them a second time.
.setup/python: pyproject.toml constraints.txt js/build_hook.py | .setup/front-ends
	@mkdir -p .setup
	@python=; for candidate in $(if $(PYTHON),"$(PYTHON)",python3 python python3.13 python3.12 python3.11 python3.10); do \
		if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then python="$$candidate"; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "[inv-widgets] No Python >= 3.10 was found (tried: $(if $(PYTHON),$(PYTHON),python3 python python3.13 ... python3.10)). Install one, or name it: make PYTHON=/path/to/python" >&2; exit 1; \
	fi; \
	if [ ! -x $(PY) ] || ! $(PY) -m pip --version >/dev/null 2>&1; then \
		echo "$$python -m venv $(VENV)"; \
		"$$python" -m venv $(VENV) || { rm -rf $(VENV); echo "[inv-widgets] $$python cannot make environments. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }; \
	fi
	$(PY) -m pip install -qq --disable-pip-version-check --upgrade -c constraints.txt pip
	@echo "installing the Python packages (the first time this takes some minutes)"
	PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt $(PY) -m pip install -qq --disable-pip-version-check -e ".[dev]"
	@touch $@
