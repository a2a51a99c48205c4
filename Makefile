# The only door to the project: `make help` lists what there is.
# A fresh Debian with Python 3.11 and make is enough; the rest is fetched here.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
UV_VERSION := 0.13.9
export UV_PYTHON_DOWNLOADS := never
# Without its cache, pytest rewrites every module at every start, which Python 3.11 sometimes fails at.
unexport PYTHONDONTWRITEBYTECODE

UV := build/uv/bin/uv
BIN := .venv/bin
PROJECTS := pyproject.toml $(wildcard shared/pyproject.toml services/*/pyproject.toml deploy/*/pyproject.toml)
UV_READY := build/uv/ready-$(UV_VERSION)
VENV_READY := .venv/ready

PYTEST := $(if $(EXAMPLES),AKSU_EXAMPLES=$(EXAMPLES) )$(BIN)/pytest -n 2 --dist loadfile

MUTANTS_READY := .venv/mutants-ready

OIDC := tests/security/oidc
OIDC_READY := $(OIDC)/node_modules/ready

CLIENT := docs/examples/client
CLIENT_READY := $(CLIENT)/node_modules/ready
SERVICES := registry licensing monitoring reporting

# As root a missing system package is installed, and no server of it started; otherwise one line says which.
define need
	@command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] || { echo "Missing: $(1). Install with: sudo apt-get install -y $(2)" >&2; exit 1; }; \
	echo "installing $(2)"; \
	{ apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(2); } >/dev/null
endef

.PHONY: help
help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(VENV_READY) ## Fetch uv and all dependencies into build/uv and .venv

.PHONY: run
run: $(VENV_READY) $(if $(filter kafka,$(BUS)),java) ## Start everything with sample data, until Ctrl-C (FRESH=1 starts over, BUS=kafka)
	@exec $(BIN)/aksu-local run $(if $(BUS),--bus $(BUS)) $(if $(filter 1,$(FRESH)),--fresh)

.PHONY: demo
demo: $(VENV_READY) $(if $(filter kafka,$(BUS)),java) ## Play the main job against a fresh platform, every step checked (BUS=kafka, ACT=main)
	@$(BIN)/aksu-local demo $(if $(BUS),--bus $(BUS)) $(if $(ACT),--act $(ACT))

.PHONY: test
test: $(VENV_READY) java nginx ## Run every test, those against a real Kafka broker included (EXAMPLES=wide for more of each property)
	@# Whatever starts and kills processes runs afterwards: it neither slows the others nor is slowed by them.
	@status=0; \
	$(PYTEST) -m "not processes" || status=$$?; \
	$(PYTEST) -m processes || status=$$?; \
	exit $$status

.PHONY: security
security: $(VENV_READY) java nginx $(OIDC_READY) ## Attack it: access matrix, tokens, limits, fuzzing, canaries; figures on the last line (ONLY=path)
	@$(BIN)/python tests/security/run.py $(ONLY)

.PHONY: bench
bench: $(VENV_READY) java ## Measure, each figure beside a floor of the same run, one JSON object a line (ONLY="lists writes", ROUNDS=5)
	@$(BIN)/aksu-local bench $(ONLY) $(if $(ROUNDS),--rounds $(ROUNDS))

TORTURE := PYTHONPATH=tests $(BIN)/python -m torture

.PHONY: torture
torture: $(VENV_READY) java ## Load, kill and check I1 to I9 on both buses; figures on the last line (TIER=short|full|long, DRIVER=, SEED=)
	@$(TORTURE) --tier $(or $(TIER),full) $(if $(DRIVER),--driver $(DRIVER)) $(if $(SEED),--seed $(SEED))

.PHONY: torture-selftest
torture-selftest: $(VENV_READY) ## Plant six bugs, one at a time: the torture rig's checker must catch each
	@$(TORTURE).selftest $(if $(SEED),--seed $(SEED))

.PHONY: mutants
mutants: $(MUTANTS_READY) ## Change the code of scope, tokens and inbox bit by bit: tests must notice; half an hour (ONLY="aksu_shared.events.scope*")
	@$(BIN)/python tests/mutation/run.py $(ONLY)

.PHONY: check
check: $(VENV_READY) ## Format, lint, types, imports, dependencies, lock file, migrations, contracts
	@# Types take as long as all the rest: one beside the other. What was written comes out whole, job by job.
	@$(MAKE) --jobs=2 --output-sync=target check-types check-rest check-client

.PHONY: check-fast
check-fast: $(VENV_READY) ## The seconds of `make check`: format, lint, imports
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/lint-imports --no-logo

.PHONY: check-types
check-types: $(VENV_READY)
	$(BIN)/mypy shared/src services/*/src deploy/local/src conftest.py
	@# folder by folder: each has a conftest, and modules beside its tests that they import by name
	@for tests in shared/tests services/*/tests deploy/local/tests tests/contract tests/e2e tests/security; do MYPYPATH=$$tests:services/registry/tests:services/licensing/tests:services/monitoring/tests:services/reporting/tests $(BIN)/mypy $$tests; done
	MYPYPATH=tests $(BIN)/mypy -p torture
	MYPYPATH=tests/mutation:tests/mutation/workspace $(BIN)/mypy tests/mutation

.PHONY: check-rest
check-rest: check-fast
	@for package in shared services/* deploy/local; do (cd $$package && $(CURDIR)/$(BIN)/deptry --no-ansi src); done
	$(UV) lock --check --quiet
	$(BIN)/aksu-local migrations check
	$(BIN)/aksu-local contracts --check

.PHONY: check-client
check-client: client
	@cd $(CLIENT) && node_modules/.bin/tsc -p .
	@cd $(CLIENT) && node_modules/.bin/redocly lint --format=stylish $(SERVICES:%=../../../services/%/openapi.json) >../../../build/client/lint.log 2>&1 || { cat ../../../build/client/lint.log; exit 1; }
	@cd $(CLIENT) && node_modules/.bin/spectral lint --quiet --fail-severity=error --display-only-failures $(SERVICES:%=../../../services/%/openapi.json)
	@cd $(CLIENT) && node asyncapi.mjs ../../asyncapi.yaml

.PHONY: client
client: $(CLIENT_READY) ## Write a typed TypeScript client of each service to build/client
	@mkdir -p build/client
	@for service in $(SERVICES); do $(CLIENT)/node_modules/.bin/openapi-typescript services/$$service/openapi.json -o build/client/$$service.ts >/dev/null; done

.PHONY: contracts
contracts: $(VENV_READY) ## Write openapi.json, config_schema.json, asyncapi.yaml and the event schemas anew
	@$(BIN)/python -m aksu_local.declarations
	@$(BIN)/aksu-local contracts

.PHONY: token
token: $(VENV_READY) ## Print an access token of 8 hours (ROLE=inspector BODY=AKSU)
	@$(BIN)/aksu-local token --role "$(or $(ROLE),inspector)" $(if $(BODY),--body "$(BODY)")

.PHONY: clock
clock: $(VENV_READY) ## Show legal time, or move it (ADVANCE=57mo, 3d, 2h; RESET=1)
	@$(BIN)/aksu-local clock $(if $(ADVANCE),--advance "$(ADVANCE)") $(if $(filter 1,$(RESET)),--reset)

.PHONY: migrate
migrate: $(VENV_READY) ## Bring the databases of a stopped platform to this build's schemas
	@$(BIN)/aksu-local migrate

.PHONY: migration
migration: $(VENV_READY) ## Write the next migration of a service from its tables in code (SERVICE=registry SLUG=adds_settlement)
	@$(BIN)/aksu-local migrations new --service "$(SERVICE)" --slug "$(SLUG)"

.PHONY: freeze
freeze: $(VENV_READY) ## List new migrations by checksum, as they shall land (EDITED=1 also those that were edited)
	@$(BIN)/aksu-local migrations freeze $(if $(filter 1,$(EDITED)),--edited)

.PHONY: clean
clean: ## Remove what make fetched and what tools cached; the data in .run stays
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache deploy/kafka/libs deploy/kafka/target
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(UV_READY):
	@command -v $(PYTHON) >/dev/null || { echo "Missing: Python 3.11 (as python3, or PYTHON=…)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || { echo "Python 3.11 to 3.13 is needed, $(PYTHON) is $$($(PYTHON) -V); try PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(MAKE) venv-module
	@echo "fetching uv $(UV_VERSION)"
	@$(PYTHON) -m venv build/uv
	@build/uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(VENV_READY): $(UV_READY) uv.lock $(PROJECTS)
	@echo "fetching dependencies"
	@$(UV) sync --quiet --frozen --all-packages --all-extras --compile-bytecode --python $(PYTHON)
	@$(BIN)/python -m compileall -q shared/src services/*/src deploy/local/src
	@touch $@

$(MUTANTS_READY): $(VENV_READY)
	@$(UV) sync --quiet --frozen --all-packages --all-extras --group mutants --python $(PYTHON)
	@touch $@

$(OIDC_READY): $(OIDC)/package-lock.json
	@command -v node >/dev/null && command -v npm >/dev/null || $(MAKE) node-packages
	@echo "fetching the OpenID provider of the tests"
	@npm --prefix $(OIDC) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(CLIENT_READY): $(CLIENT)/package-lock.json
	@command -v node >/dev/null && command -v npm >/dev/null || $(MAKE) node-packages
	@echo "fetching what makes clients and checks the documents"
	@npm --prefix $(CLIENT) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: node-packages
node-packages:
	$(call need,Node.js 20 and npm (for typed clients and the OpenID provider of make security),nodejs npm)

.PHONY: venv-module
venv-module:
	$(call need,Python's venv module,python3-venv)

.PHONY: java
java:
	@command -v java >/dev/null && command -v mvn >/dev/null || $(MAKE) java-packages

.PHONY: nginx
nginx:
	@PATH=$$PATH:/usr/sbin command -v nginx >/dev/null || $(MAKE) nginx-package

.PHONY: nginx-package
nginx-package:
	$(call need,nginx (for the tests of the gateway),nginx)

.PHONY: java-packages
java-packages:
	$(call need,Java and Maven (for the Kafka broker of the tests),default-jre-headless maven)
