.DEFAULT_GOAL := help
SHELL := /bin/bash
PY := .venv/bin/python
export PATH := $(CURDIR)/.venv/bin:$(PATH)
STAMPS := .venv/stamps

.PHONY: help run test lint fmt setup setup-dev build messages bench ci clean audit

help: ## Show what can be done
	@grep -hE '^[a-z%-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(PY):
	@echo "[1/5] Python environment"
	@python3 -m venv .venv 2>/dev/null || { rm -rf .venv; python3 -m pip --version >/dev/null 2>&1 \
	  && python3 -m pip install --quiet --user --break-system-packages virtualenv && python3 -m virtualenv --quiet .venv; } \
	  || { echo "Python 3.11 or newer with venv is needed: apt-get install python3-venv"; exit 1; }
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed."; exit 1; }

$(STAMPS)/python: requirements.txt | $(PY)
	@echo "[2/5] Python packages"
	@mkdir -p $(STAMPS)
	@$(PY) -m pip install --quiet --disable-pip-version-check uv==0.13.9
	@$(PY) -m uv pip install --quiet --python $(PY) --require-hashes -r requirements.txt
	@$(PY) -m config.node
	@touch $@

$(STAMPS)/python-dev: tests/requirements.txt $(STAMPS)/python
	@echo "[2/5] Python packages for tests"
	@$(PY) -m uv pip install --quiet --python $(PY) --require-hashes -r tests/requirements.txt
	@touch $@

$(STAMPS)/npm: package.json package-lock.json $(STAMPS)/python
	@echo "[3/5] Front-end packages"
	@npm ci --omit=dev --include=optional --no-audit --no-fund --loglevel=error
	@npm install --no-save --no-audit --no-fund --loglevel=error vite >/dev/null
	@touch $@
