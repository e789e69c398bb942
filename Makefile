# Sekisho: the two commands that matter are `make run` and `make test`.

GO       ?= go
BIN      := bin
PROGRAMS := sekisho sekisho-child sekisho-judge sekisho-receiver sekisho-render
VERSION  := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
BUILD    := CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)"
FUZZTIME ?= 30s
CORPUS   ?=
SHOTS    ?=
DIR      ?= ./var

.PHONY: build run demo test test-faults e2e screenshots deps bench fuzz lint corpus fidelity mutants clean

build: ## binaries into bin/
	@mkdir -p $(BIN)
	@for p in $(PROGRAMS); do echo "build $$p"; $(BUILD) -o $(BIN)/$$p ./cmd/$$p || exit 1; done

run: build ## both zones on this machine, embedded queue: drop files into $(DIR)/inbox
	$(BIN)/sekisho up --dir $(DIR)

demo: build ## send the samples of fixtures/ through, print what became of each, end
	$(GO) run ./fixtures/demo -bin $(BIN)

deps: ## what the tests need from Debian (clamd, qpdf, …); does nothing where it is there
	@bash .ci/deps

test: deps build lint ## all tests, with the race detector
	$(GO) test -race -timeout 20m $$($(GO) list ./... | grep -vE '/(fixtures|internal/faults)(/|$$)')
	$(GO) test -timeout 20m ./fixtures/... ./internal/faults/... # these drive the programs as they ship

test-faults: deps ## kills, power cuts, full and broken disks, cut links; SEKISHO_FAULTS=long for the long form
	SEKISHO_FAULTS=$${SEKISHO_FAULTS:-short} $(GO) test ./internal/faults/... -count=1 -v -timeout 60m

e2e: deps ## the console in a real browser, and attacks on it over HTTP
	$(GO) test ./fixtures/ -run '^TestConsole' -count=1 -v -timeout 20m

screenshots: deps ## SHOTS=DIR: pictures of every page of the console, as it is and with text at 200 %
	@test -n "$(SHOTS)" || { echo "usage: make screenshots SHOTS=DIR"; exit 2; }
	@mkdir -p $(SHOTS)
	SEKISHO_SHOTS=$(abspath $(SHOTS)) $(GO) test ./fixtures/ -run '^TestConsoleJourneys$$' -count=1 -timeout 20m

lint: ## formatting, vet, staticcheck, known vulnerabilities
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "gofmt: the files above are not formatted"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	@bash .ci/vulncheck

bench: build ## speed, beside peers (qpdf, unzip|zip, jpegtran, convert) where installed
	@bash .ci/bench

fuzz: ## every fuzz target for FUZZTIME each
	@bash .ci/fuzz $(FUZZTIME)

corpus: build ## CORPUS=DIR: every file of a folder through the rebuild and the judge; FLAGS="-policy render -twice"
	@test -n "$(CORPUS)" || { echo "usage: make corpus CORPUS=DIR"; exit 2; }
	$(GO) run ./fixtures/corpus -bin $(BIN) $(FLAGS) $(CORPUS)

fidelity: build ## CORPUS=DIR: pages and text of PDF, Office and OpenDocument files before and after, compared
	@test -n "$(CORPUS)" || { echo "usage: make fidelity CORPUS=DIR"; exit 2; }
	$(GO) run ./fixtures/fidelity -bin $(BIN) $(CORPUS)

mutants: build ## CORPUS=DIR: 900 damaged PDF files, how many can still be used, beside mutool and qpdf
	@test -n "$(CORPUS)" || { echo "usage: make mutants CORPUS=DIR"; exit 2; }
	$(GO) run ./fixtures/mutants -bin $(BIN) $(FLAGS) $(CORPUS)

clean:
	rm -rf $(BIN) var
