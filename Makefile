# Doors of the course. Each makes .venv if it is missing and installs the locked set into it.
PYTHON ?= python3
# On Linux without a GPU, this saves several GB of CUDA packages:
#   make book TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
READY := $(VENV)/.ready
# What the doors below take from the command line goes through the environment, not through the
# shell's grammar: a folder may be called "제출 1" or "Kim's [2026]".
export FOLDER CHAPTER SEED DUE TORCH TORCH_INDEX
export PYTHONPATH := $(CURDIR)
export OMP_NUM_THREADS := 1

.DEFAULT_GOAL := help
# A LANG in the environment is a locale (ko_KR.UTF-8); only one on the command line is a language.
LANGUAGE := $(if $(findstring command,$(origin LANG)),$(LANG),ko)

.PHONY: help book watch test fuzz notebooks assignment grade report contest translation lint timings audit \
  bench serve clean lock licences test-lowest test-newest

help:  ## list the doors
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */\1|/' | \
	  awk -F'|' '{printf "  make %-12s %s\n", $$1, $$2}'

$(READY): $(wildcard requirements*.txt) constraints.txt locked.txt pyproject.toml
	@command -v "$(PYTHON)" >/dev/null 2>&1 || \
	  { echo "make: no '$(PYTHON)' found; install Python 3.11 or newer, or say make PYTHON=/path/to/python3.11"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "make: Python 3.11 or newer is needed, '$(PYTHON)' is $$("$(PYTHON)" -V 2>&1); say make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || { echo "make: creating $(VENV)"; "$(PYTHON)" -m venv $(VENV); }
	@echo "make: installing the tested packages into $(VENV) (minutes, the first time)"
# Every file that is installed has one of the hashes in locked.txt; torch alone has not, since its
# right build depends on the machine. It comes last: all that it needs is there, with hashes.
	@$(PIP) --no-deps --require-hashes -r locked.txt
	@$(PIP) -c constraints.txt $(if $(TORCH_INDEX),--extra-index-url "$(TORCH_INDEX)") torch
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

book: $(READY)  ## build both books into _build/html/ (open index.html, or make serve)
	@$(BIN)/python -m book.build

watch: $(READY)  ## show one language while you write it: make watch LANG=en
	@PYTHONUTF8=1 $(BIN)/python -m book.watch --lang "$(LANGUAGE)" $(if $(PORT),--port "$(PORT)")

test: $(READY)  ## run every test: units, notebooks, both languages, the site
	@$(BIN)/python -m pytest

fuzz: $(READY)  ## look for inputs that break a property of utils: make fuzz MINUTES=20
	@$(BIN)/python tests/support/fuzz.py "$(or $(MINUTES),20)"

notebooks: $(READY)  ## write notebooks/{ko,en}/*.ipynb from the chapters
	@$(BIN)/python -m book.export.notebooks

assignment: $(READY)  ## build an assignment: make assignment CHAPTER=03 LANG=en
	@test -n "$$CHAPTER" || \
	  { echo "make: name a chapter: make assignment CHAPTER=03 LANG=en (or CHAPTER=all)"; exit 1; }
	@PYTHONUTF8=1 $(BIN)/python -m classroom "$$CHAPTER" --lang "$(LANGUAGE)" $(if $(PORT),--port "$(PORT)")

# TRUST=1 runs them without a sandbox, where there is none.
grade: $(READY)  ## grade a folder of submissions: make grade FOLDER=submissions
	@test -n "$$FOLDER" || \
	  { echo "make: name the folder with the submissions: make grade FOLDER=submissions"; exit 1; }
	@PYTHONUTF8=1 $(BIN)/python -m classroom grade "$$FOLDER" $(if $(filter-out 0,$(TRUST)),--trust-submissions)

report: $(READY)  ## write pages from the grades: make report FOLDER=submissions (DUE="2026-12-01 23:59")
	@test -n "$$FOLDER" || \
	  { echo "make: name the folder with the grades: make report FOLDER=submissions"; exit 1; }
	@PYTHONUTF8=1 $(BIN)/python -m classroom report "$$FOLDER" --lang "$(LANGUAGE)" $(if $(DUE),--due "$$DUE")

contest: $(READY)  ## train new hidden networks for the contest: make contest SEED=7
	@test -n "$$SEED" || \
	  { echo "make: choose a seed and tell nobody: make contest SEED=7"; exit 1; }
	@$(BIN)/python -m classroom.contest --seed "$$SEED"

translation: $(READY)  ## list what one language has that the other has not been told
	@$(BIN)/python -m book.translation $(if $(CHAPTER),"$$CHAPTER")

lint: $(READY)  ## check style with ruff
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

lock: $(READY)  ## choose versions: make lock, make lock UPGRADE=numpy, make lock UPGRADE=all
	@$(BIN)/python -m supply.lock $(if $(UPGRADE),--upgrade $(UPGRADE))

licences: $(READY)  ## write what the packages say of their licences into supply/licences.csv
	@$(BIN)/python -m supply.licences

test-lowest: $(READY)  ## run the tests with the lowest versions that requirements allow
	@$(BIN)/python -m supply.sets lowest

test-newest: $(READY)  ## run the tests with the newest versions that requirements allow
	@$(BIN)/python -m supply.sets newest

timings: $(READY)  ## measure build and test times and write them into CONTRIBUTING
	@$(BIN)/python -m book.timings --write

audit: book  ## measure accessibility and speed in Chromium (needs npm) for CONTRIBUTING
	@$(BIN)/python -m audit --write

bench: $(READY)  ## measure speed beside other libraries for CONTRIBUTING (QUICK=1: a minute)
	@$(BIN)/python -m bench $(if $(QUICK),--quick,--write)

serve: $(READY)  ## serve the built site at http://localhost:8000
	@$(BIN)/python -m http.server 8000 --directory _build/html

clean:  ## remove what was built (not .venv)
	rm -rf _build build dist *.egg-info .pytest_cache .ruff_cache
