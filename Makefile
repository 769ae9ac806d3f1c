# Two commands do everything: `make run` and `make test`. `make` alone lists the rest.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:

# Words for the program behind a target: make run ARGS="--port 8000", make test ARGS="-k prices".
ARGS ?=
# Python 3.11 or newer; the first that is found unless one is named here.
PYTHON ?=
# Test processes side by side: while some wait, others have the cores. Files are taken as they are listed, browsers early.
WORKERS ?= 3

# Compiled modules are kept, whatever the surroundings say: every test that starts a program would compile them anew.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
SOURCES := playground tests
PIN = UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/python -m uv pip compile pyproject.toml --quiet \
	--universal --python-version 3.11 --extra oauth --generate-hashes $(ARGS)

.PHONY: help run test test-sdk lint fmt bench campaign lock

help: ## this list
	@echo "make <target>:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1	\2/p' Makefile

run: $(VENV)/run.stamp ## serve the playground on http://localhost:7860
	@exec $(BIN)/python -m playground $(ARGS)

test: $(VENV)/dev.stamp ## everything: lint, types, import rules and all tests, the browser included
	@$(find_browser); \
	$(MAKE) --no-print-directory lint && \
	export PLAYGROUND_CHROMIUM="$$browser" && \
	exec $(BIN)/python -m pytest -n $(WORKERS) --no-loadscope-reorder $(ARGS)

test-sdk: $(VENV)/dev.stamp ## the official libraries against the emulator; fetches them
	@exec $(BIN)/python -m tests.sdk $(ARGS)

lint: $(VENV)/dev.stamp ## style, format, types and import rules
	@$(BIN)/python -m ruff check --quiet $(SOURCES)
	@$(BIN)/python -m ruff format --quiet --check $(SOURCES)
	@$(BIN)/python -m basedpyright
	@$(BIN)/python -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'

fmt: $(VENV)/dev.stamp ## put the code into its format and mend what can be mended
	@$(BIN)/python -m ruff check --fix $(SOURCES)
	@$(BIN)/python -m ruff format $(SOURCES)

bench: $(VENV)/dev.stamp ## measure it
	@$(find_browser); \
	exec $(BIN)/python -m tests.bench $(ARGS)

campaign: $(VENV)/dev.stamp ## kill it over and over, and compare the providers' books with what is left
	@exec $(BIN)/python -m tests.campaign $(ARGS)

lock: $(VENV)/dev.stamp ## make the lock files anew from pyproject.toml (newest versions: ARGS=--upgrade)
	@$(PIN) -o requirements.lock && $(PIN) --group dev -c requirements.lock -o requirements-dev.lock

# ---- The environment: one, with a stamp for what it holds ----

# An environment whose Python is gone is no environment, whatever its stamps say.
ifneq ($(shell test -x $(BIN)/python || echo gone),)
.PHONY: $(VENV)/run.stamp $(VENV)/dev.stamp
endif

$(VENV)/run.stamp: requirements.lock
	@$(call install,requirements.lock,what the playground needs: about a minute)
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock
	@$(call install,requirements-dev.lock,what developing needs: a minute or two)
	@touch $(VENV)/run.stamp $@

# Installs the packages that the lock file $(1) pins, saying $(2). What an interrupted run left half made is made anew;
# a run that is still at it is waited for.
define install
mark=$(VENV)/half-made; \
if [ -e $$mark ] && kill -0 "$$(cat $$mark)" 2>/dev/null; then \
	echo "Another make is installing into $(VENV); waiting for it"; \
	while [ -e $$mark ] && kill -0 "$$(cat $$mark)" 2>/dev/null; do sleep 1; done; \
fi; \
$(find_python); \
if [ -e $$mark ] || ! $(BIN)/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	rm -rf $(VENV); \
fi; \
mkdir -p $(VENV) && echo $$$$ > $$mark; \
echo "Installing $(2), once"; \
{ [ -x $(BIN)/python ] || "$$python" -m venv $(VENV); } && \
$(BIN)/python -m pip install -qq --disable-pip-version-check --requirement $(1) && \
rm $$mark
endef

define find_python
python=; \
for name in $(or $(PYTHON),python3.11 python3 python3.12 python3.13 python3.14); do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && python=$$name && break; \
done; \
if [ -z "$$python" ]; then \
	echo "Python 3.11 or newer is needed and was not found; name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; \
	exit 1; \
elif ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	echo "$$python cannot make environments; on Debian: apt-get install python3-venv" >&2; \
	exit 1; \
fi
endef

# Sets `browser` to the one that the tests drive; on Debian, installs what they need and do not find. Chromium's shell
# without windows opens a page with a third of the work, so it is the first choice.
define find_browser
look() { \
	if [ -n "$$PLAYGROUND_CHROMIUM" ]; then command -v "$$PLAYGROUND_CHROMIUM"; return; fi; \
	for name in chromium-headless-shell $$1; do command -v $$name && return; done; \
	return 1; \
}; \
others="chromium chromium-browser google-chrome"; \
wanted=; \
for tool in curl jq; do command -v $$tool >/dev/null || wanted="$$wanted $$tool"; done; \
browser=$$(look) || [ -n "$$PLAYGROUND_CHROMIUM" ] || wanted="$$wanted chromium-headless-shell fonts-dejavu-core"; \
if [ -n "$$wanted" ] && command -v apt-get >/dev/null; then \
	if [ "$$(id -u)" = 0 ]; then root=; else root="sudo -n"; fi; \
	if $$root true 2>/dev/null; then \
		echo "Installing Debian's$$wanted for the tests: about a minute, once"; \
		export DEBIAN_FRONTEND=noninteractive; \
		$$root apt-get -qq update >/dev/null && \
		for package in $$wanted; do $$root apt-get -qq install -y --no-install-recommends $$package >/dev/null; done; \
	fi; \
fi; \
browser=$$(look "$$others"); \
if [ -z "$$browser" ]; then \
	echo "The browser tests need Chromium: install it (apt-get install chromium-headless-shell) or name it in PLAYGROUND_CHROMIUM" >&2; \
	exit 1; \
fi; \
for tool in curl jq; do \
	command -v $$tool >/dev/null || { echo "The tests run printed code with $$tool: install it" >&2; exit 1; }; \
done
endef
