# Doors of the course. Each makes .venv if it is missing and installs the locked set into it.
PYTHON ?= python3
# On Linux without a GPU, this saves several GB of CUDA packages:
#   make book TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
READY := $(VENV)/.ready
# What the doors below take from the command line goes through the environment, not through the
# shell's grammar: a folder may be called "제출 1" or "Kim's [2026]".
export FOLDER CHAPTER
export PYTHONPATH := $(CURDIR)
export OMP_NUM_THREADS := 1

.DEFAULT_GOAL := help
# A LANG in the environment is a locale (ko_KR.UTF-8); only one on the command line is a language.
LANGUAGE := $(if $(findstring command,$(origin LANG)),$(LANG),ko)

.PHONY: help book watch test notebooks assignment grade report translation lint timings audit serve clean

help:  ## list the doors
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## */\1|/' | \
	  awk -F'|' '{printf "  make %-11s %s\n", $$1, $$2}'

$(READY): requirements.txt requirements-dev.txt requirements-grading.txt constraints.txt pyproject.toml
	@command -v "$(PYTHON)" >/dev/null 2>&1 || \
	  { echo "make: no '$(PYTHON)' found; install Python 3.11 or newer, or say make PYTHON=/path/to/python3.11"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "make: Python 3.11 or newer is needed, '$(PYTHON)' is $$("$(PYTHON)" -V 2>&1); say make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || { echo "make: creating $(VENV)"; "$(PYTHON)" -m venv $(VENV); }
	@echo "make: installing the tested packages into $(VENV) (minutes, the first time)"
	@$(PIP) $(if $(TORCH_INDEX),--extra-index-url "$(TORCH_INDEX)") torch
	@$(PIP) $(if $(TORCH_INDEX),--extra-index-url "$(TORCH_INDEX)") -r requirements-dev.txt
	@$(PIP) --no-deps --editable .
	@touch $@

book: $(READY)  ## build both books into _build/html/ (open index.html, or make serve)
	@$(BIN)/python -m book.build

watch: $(READY)  ## show one language while you write it: make watch LANG=en
	@PYTHONUTF8=1 $(BIN)/python -m book.watch --lang "$(LANGUAGE)" $(if $(PORT),--port "$(PORT)")

test: $(READY)  ## run every test: units, notebooks, both languages, the site
	@$(BIN)/python -m pytest

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

report: $(READY)  ## write a page for each student from the grades: make report FOLDER=submissions
	@test -n "$$FOLDER" || \
	  { echo "make: name the folder with the grades: make report FOLDER=submissions"; exit 1; }
	@PYTHONUTF8=1 $(BIN)/python -m classroom report "$$FOLDER" --lang "$(LANGUAGE)"

translation: $(READY)  ## list what one language has that the other has not been told
	@$(BIN)/python -m book.translation $(if $(CHAPTER),"$$CHAPTER")

lint: $(READY)  ## check style with ruff
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

timings: $(READY)  ## measure build and test times and write them into CONTRIBUTING
	@$(BIN)/python -m book.timings --write

audit: book  ## measure accessibility and speed in Chromium (needs npm) for CONTRIBUTING
	@$(BIN)/python -m audit --write

serve: $(READY)  ## serve the built site at http://localhost:8000
	@$(BIN)/python -m http.server 8000 --directory _build/html

clean:  ## remove what was built (not .venv)
	rm -rf _build build dist *.egg-info .pytest_cache .ruff_cache
