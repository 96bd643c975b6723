# Formrail. "make" prints what there is; .ci/run runs what "make check" runs.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# One set of flags for all targets, so that nothing is compiled twice. The SQLite
# driver is C: the first build takes a minute longer, keep the build cache.
export CGO_ENABLED := 1
export CGO_CFLAGS := -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2
export GOFLAGS := $(GOFLAGS) -trimpath -tags=sqlite_fts5,sqlite_omit_load_extension,netgo,osusergo

LINTER := bin/golangci-lint
FUZZTIME ?= 20s
BENCH ?=
RELIABILITY ?=

.PHONY: help run watch build generate css vendor fmt lint test race reliability reliability-long reliability-report fuzz e2e bench release clean check

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## build, and serve the demo on http://localhost:8080
	bin/formrail serve --demo

watch: ## run the demo again whenever a view changes; "make generate" afterwards
	go tool templ generate -path views --watch --proxy=http://localhost:8080 --cmd="go run ./cmd/formrail serve --demo"

build: ## build bin/formrail
	go build -o bin/formrail ./cmd/formrail

generate: css ## write everything that is generated and committed
	go tool templ generate -path views
	UPDATE_DOCS=1 go test -count=1 -run TestStatus_DocumentDrawsTheArrows ./models

css: ## join and minify static/css into static/app.css
	go run ./cmd/vendor-assets css

vendor: ## copy and bundle the pinned web files into static/vendor (needs npm)
	cd cmd/vendor-assets && npm ci --ignore-scripts
	go run ./cmd/vendor-assets

fmt: $(LINTER) ## format all Go files and views
	$(LINTER) fmt ./...
	go tool templ fmt views

lint: $(LINTER) ## check format and style of all Go files
	go vet ./...
	$(LINTER) run ./...

test: ## run all tests with the race detector, on PostgreSQL too where it is installed
	.ci/test -race -shuffle=on -timeout=20m $$(go list ./... | grep -v '/cmd/formrail-check$$')
	.ci/test -race -shuffle=on -timeout=30m ./cmd/formrail-check # real servers and browsers: alone

race: ## run the tests of models and engine five times, for races that hide
	.ci/test -race -shuffle=on -count=5 -timeout=60m ./models/... ./engine/...

reliability: ## break servers on purpose for minutes, and builds that are wrong on purpose
	.ci/reliability $(RELIABILITY)

reliability-long: ## the same for hours; RELIABILITY="--share 50" runs a fiftieth
	.ci/reliability --scale long $(RELIABILITY)

reliability-report: ## run reliability and write its figures into docs/reliability.md
	.ci/reliability --figures docs/reliability.md $(RELIABILITY)

fuzz: ## fuzz every target for FUZZTIME each
	.ci/fuzz $(FUZZTIME)

e2e: ## run the tests that use a browser
	FORMRAIL_REQUIRE=chromium .ci/test -count=1 -run='^TestBrowser' ./...

bench: build ## measure the product; BENCH holds more arguments, such as "--seconds 10"
	go build -o bin/formrail-bench ./cmd/formrail-bench
	.ci/bench $(BENCH)

release: ## build a stripped binary with its checksum into dist
	mkdir -p dist
	go build -ldflags='-s -w' -o dist/formrail ./cmd/formrail
	cd dist && sha256sum formrail > formrail.sha256

clean: ## remove what was built; the data folder stays
	rm -rf bin dist

check: test lint generate ## what must be green before a change goes in
	git diff --exit-code

# The linter is a program of its own with modules of its own, built once.
$(LINTER): .ci/tools/go.mod .ci/tools/go.sum
	go -C .ci/tools build -o ../../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
