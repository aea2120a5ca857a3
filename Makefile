.DEFAULT_GOAL := help
SHELL := /bin/bash
.DELETE_ON_ERROR:
PY := .venv/bin/python
STAMPS := .venv/stamps
export PATH := $(CURDIR)/.venv/bin:$(PATH)
PORT ?= 8000
export PORT
# Every start imports some thousand files; where an environment forbids to keep them compiled (as images of
# containers do), each of the platform's processes would compile them anew: twice the time of a start.
export PYTHONDONTWRITEBYTECODE :=

FRONT := $(wildcard */static_src/*/* */static_src/* */*/static_src/*/* */*/static_src/*)

.PHONY: help run test test-front lint fmt setup setup-dev messages ci clean audit

# Said where a download fails, below the words of the tool itself. What was fetched is kept.
OFFLINE := { echo; echo "The packages could not be fetched; the lines above say why. With a network (or a mirror set"; \
  echo "for pip and npm: PIP_INDEX_URL, UV_DEFAULT_INDEX, npm_config_registry) run the same command again."; exit 1; }
# npm tells of its own new versions and counts what it added: nothing that anyone has to do.
export npm_config_update_notifier := false
# Without a network its own patience is over two minutes before it says so.
export npm_config_fetch_retry_maxtimeout := 10000
NPM_CI := npm ci --no-audit --no-fund --loglevel=error

help: ## Show what can be done
	@grep -hE '^[a-z%-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

run: setup ## Set everything up, fill in the demo, start web, worker and scheduler
	@$(PY) manage.py serve --demo --port $(PORT)

test: setup-dev lint test-front ## Set everything up, run the linters and all tests on both databases
	@$(PY) -m tests.matrix

lint: setup-dev ## All checks of style, types, structure and words
	@$(PY) -m tests.house

fmt: setup-dev ## Put code and templates into shape
	@$(PY) -m ruff check --fix --quiet . ; $(PY) -m ruff format --quiet .

test-front: setup-dev ## Types and unit tests of the front end
	@npm run --silent check
	@npm run --silent test

bench-%: setup-dev ## Print the figures of one benchmark: loop, media, slides, heartbeat, storage, pages
	@$(PY) manage.py bench_$*

messages: setup-dev ## Gather the words of every room into its catalogue
	@$(PY) -m tests.house.words --write

audit: setup-dev ## Ask the public services for known holes in what we depend on
	@$(PY) -m uv tool run pip-audit -r requirements.txt --require-hashes ; npm audit --omit=dev

ci: test ## What continuous integration runs

clean: ## Remove what was set up; data in var/ stays
	@rm -rf .venv node_modules var/build var/static

# Setting up: each step leaves a stamp and is done again only when what it reads has changed.

setup: $(STAMPS)/static $(STAMPS)/words
setup-dev: $(STAMPS)/python-dev $(STAMPS)/npm-dev setup

$(PY):
	@echo "[1/5] Python environment"
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed."; exit 1; }
	@python3 -m venv .venv >/dev/null 2>&1 || { rm -rf .venv; \
	  python3 -m pip install --quiet --user --break-system-packages virtualenv 2>/dev/null \
	  && python3 -m virtualenv --quiet .venv; } \
	  || { rm -rf .venv; echo "Python's venv module is missing: apt-get install python3-venv"; exit 1; }

$(STAMPS)/python: requirements.txt config/programs.py | $(PY)
	@echo "[2/5] Python packages"
	@mkdir -p $(STAMPS)
	@{ $(PY) -m pip install --quiet --disable-pip-version-check uv==0.13.9 \
	  && $(PY) -m uv pip install --quiet --python $(PY) --require-hashes -r requirements.txt; } || $(OFFLINE)
	@$(PY) -m config.programs
	@touch $@

$(STAMPS)/python-dev: tests/requirements.txt $(STAMPS)/python
	@echo "[2/5] Python packages for tests"
	@$(PY) -m uv pip install --quiet --python $(PY) --require-hashes -r tests/requirements.txt || $(OFFLINE)
	@touch $@

$(STAMPS)/npm: package.json package-lock.json $(STAMPS)/python
	@echo "[3/5] Front-end packages"
	@$(NPM_CI) --omit=dev >/dev/null || $(OFFLINE)
	@rm -f $(STAMPS)/npm-dev
	@touch $@

$(STAMPS)/npm-dev: $(STAMPS)/npm
	@echo "[3/5] Front-end packages for tests"
	@$(NPM_CI) >/dev/null || $(OFFLINE)
	@touch $@

$(STAMPS)/build: $(STAMPS)/npm vite.config.ts $(FRONT)
	@echo "[4/5] Scripts and styles"
	@npm run --silent build -- --logLevel warn
	@touch $@

$(STAMPS)/static: $(STAMPS)/build
	@echo "[5/5] Static files"
	@$(PY) manage.py collectstatic --noinput --clear --verbosity 0
	@touch $@

$(STAMPS)/words: $(STAMPS)/python $(wildcard */locale/*/LC_MESSAGES/*.po */*/locale/*/LC_MESSAGES/*.po)
	@$(PY) -m config.words
	@touch $@
