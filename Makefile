# The front door.
#
#   make demo    set up, generate, train, quantise, evaluate, and serve the page (its address is printed)
#   make test    set up, and everything that must pass
#   make test-tracking   its part that needs PyPI: tracking against the real TensorBoard and MLflow
#   make test-examples   the example web projects, installed from the npm registry, built and run
#   make check   the quick part of it: formats, lints, types
#   make pkg     rebuild the npm package in pkg/ (needs the wasm target, which it installs)
#   make apidoc  rewrite docs/api from the types of the package (installs TypeDoc in tools/apidoc)
#   make bench   benchmarks: ratios against peers in the same run
#   make release MODEL_VERSION=1.1.0    train and release a model version under models/cleaners/

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

BIN      := target/release/tidyrank
DATA     := data/athens
MODEL    := models/cleaners/latest
RELEASED := models/cleaners/1.0.0
RECIPE   := models/cleaners/recipe.toml
STEP     := scripts/step.sh
WORK     := target/steps

RUST     := $(shell find src -name '*.rs') Cargo.toml Cargo.lock
MARKET   := $(shell find src/native/datagen src/native/datasets -name '*.rs')
LEARNING := $(shell find src/domain src/features src/model src/numeric src/artifact src/native/train src/native/quantize src/native/calibrate src/native/monitor src/engine src/rules src/native/eval -name '*.rs')
PAGE     := $(shell find www pkg -type f -not -path '*/node_modules/*' -not -path 'www/dist/*' -not -path 'www/public/market/*' -not -path 'www/public/reports/*')

.PHONY: demo test check pkg apidoc bench release setup clean
.PHONY: test-rust test-wasm test-web test-tracking test-examples

demo: www/dist/.complete
	@node scripts/summary.mjs $(MODEL) $(WORK)
	@node scripts/serve.mjs

test: check test-rust test-wasm test-web test-tracking
	@echo "make test: everything passed"

check: node_modules/.package-lock.json
	$(STEP) format cargo fmt --check
	$(STEP) clippy cargo clippy --release --locked --all-targets --features gpu -- -D warnings
	$(STEP) clippy-core cargo clippy --release --locked --no-default-features -- -D warnings
	$(STEP) clippy-web cargo clippy --release --locked --no-default-features --features wasm,gpu-web -- -D warnings
	$(STEP) rustdoc env RUSTDOCFLAGS="-D warnings" cargo doc --release --locked --no-deps --lib
	$(STEP) biome npm run --silent lint
	$(STEP) check-pkg npm run --silent check:pkg
	$(STEP) tsc npm run --silent typecheck
	$(STEP) check-apidoc node scripts/apidoc.mjs --check

# The GPU's shaders run on a Vulkan driver, which complains of a missing directory for sockets that it does not need.
test-rust: export XDG_RUNTIME_DIR ?= /tmp
test-rust: $(BIN)
	$(STEP) vulkan scripts/vulkan.sh
	$(STEP) cargo-test cargo test --release --locked --features gpu

# The committed package must still build, within its size budget, from what is here.
test-wasm: node_modules/.package-lock.json
	$(STEP) wasm-toolchain scripts/toolchain.sh
	$(STEP) wasm-build npm run --silent build:pkg -- --out target/pkg-check

test-web: node_modules/.package-lock.json $(DATA)/market.json
	$(STEP) browser scripts/browser.sh
	$(STEP) page-data $(BIN) --quiet export --data $(DATA) --model $(RELEASED) --out www/public/market
	$(STEP) page-reports scripts/reports.sh $(BIN) $(DATA) $(RELEASED) www/public/reports
	$(STEP) page npm run --silent build:www
	$(STEP) browser-test npm run --silent test:browser

# Tracking against the real TensorBoard and MLflow, which PyPI has; installed once per list of requirements.
test-tracking: $(BIN) target/tracking/.installed
	$(STEP) tracking target/tracking/bin/python tests/tracking/real.py $(BIN)

target/tracking/.installed: tests/tracking/requirements.txt scripts/tracking.sh
	$(STEP) tracking-packages scripts/tracking.sh target/tracking $<

# Their dependencies are installed once per lock, into target/examples.
test-examples: node_modules/.package-lock.json
	$(STEP) browser scripts/browser.sh
	$(STEP) examples npm run --silent test:examples

pkg: node_modules/.package-lock.json
	scripts/toolchain.sh
	npm run --silent build:pkg

apidoc:
	node scripts/apidoc.mjs

bench: node_modules/.package-lock.json
	scripts/browser.sh
	npm run --silent bench

release: $(BIN) $(DATA)/market.json
	$(BIN) train $(RECIPE) --data $(DATA) --model-version $(MODEL_VERSION) --out models/cleaners/$(MODEL_VERSION)
	$(BIN) quantize models/cleaners/$(MODEL_VERSION) --data $(DATA)
	$(BIN) bids train --data $(DATA) --model models/cleaners/$(MODEL_VERSION)
	$(BIN) evaluate models/cleaners/$(MODEL_VERSION) --data $(DATA)

setup: node_modules/.package-lock.json

node_modules/.package-lock.json: package-lock.json package.json
	$(STEP) npm-packages npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(BIN): $(RUST)
	$(STEP) compile cargo build --release --locked
	@touch $@

$(DATA)/market.json: $(MARKET) | $(BIN)
	$(STEP) generate $(BIN) generate --out $(DATA) --jobs 5000 --cleaners 200 --clients 500 --seed 42 --force
	@touch $@

$(MODEL)/.complete: $(DATA)/market.json $(RECIPE) $(LEARNING) | $(BIN)
	@rm -rf $(MODEL)
	$(STEP) train $(BIN) train $(RECIPE) --data $(DATA) --out $(MODEL)
	$(STEP) quantise $(BIN) quantize $(MODEL) --data $(DATA)
	$(STEP) train-bids $(BIN) bids train --data $(DATA) --model $(MODEL)
	$(STEP) evaluate $(BIN) evaluate $(MODEL) --data $(DATA)
	@touch $@

www/public/market/.complete: $(MODEL)/.complete
	$(STEP) export $(BIN) export --data $(DATA) --model $(MODEL) --out www/public/market
	$(STEP) reports scripts/reports.sh $(BIN) $(DATA) $(MODEL) www/public/reports
	@touch $@

www/dist/.complete: www/public/market/.complete $(PAGE) node_modules/.package-lock.json
	$(STEP) page npm run --silent build:www
	@touch $@

clean:
	rm -rf data www/dist www/public/market www/public/reports models/*/latest target/steps target/pkg-check
