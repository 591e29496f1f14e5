# `make learn` and `make test` do all their own set-up; a second run starts at once. `make help` lists the rest.
.DEFAULT_GOAL := help
.PHONY: help learn test test-all check bench fuzz lock notebooks site recorded shots clean
BIN := .venv/bin

help:  ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

learn:  ## Open the course in JupyterLab (PORT=9000, BROWSER=none)
	@tools/setup.sh learn
	@exec $(BIN)/unpickled learn

test:  ## Everything that must hold: style, types, layers, tests, notebooks
	@tools/setup.sh dev
	@tools/test.sh

test-all:  ## The same, and the long tests: the red team, kills at every stage, registries
	@tools/setup.sh dev
	@tools/test.sh --all

check:  ## The quick part of `make test`: style, types, layers, content
	@tools/setup.sh dev
	@tools/test.sh --quick

bench:  ## Speed, as ratios against a peer in the same run
	@tools/setup.sh dev
	@set -e; for bench in bench/*.py; do echo "== $$bench"; $(BIN)/python $$bench; done

fuzz:  ## Damaged weight files by the ten thousand, read in the sandbox (COUNT=20000)
	@tools/setup.sh dev
	@$(BIN)/python tests/weights/fuzz.py $(COUNT)

notebooks:  ## Make notebooks, slides, scripts and captions that are not up to date
	@tools/setup.sh dev
	@$(BIN)/unpickled author build

site:  ## The lesson for the browser alone, nothing to install: build/site
	@tools/setup.sh dev
	@$(BIN)/unpickled author site

recorded:  ## Run anew what no browser can run, for the site to show (two minutes)
	@tools/setup.sh dev
	@$(BIN)/python tools/record_site.py

shots:  ## A picture of every screen, light and dark, on one contact sheet: build/shots/sheet.png
	@tools/setup.sh dev
	@$(BIN)/python tools/shots.py

lock:  ## Resolve the pinned versions anew (locks/*.txt)
	@tools/setup.sh dev
	@tools/lock.sh

clean:  ## Remove the environment and everything that can be made again; progress stays
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
