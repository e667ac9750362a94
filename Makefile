# The one front door. `make help` lists what is here; every target works in an empty clone.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON := /usr/bin/python3
JOBS ?= 2

# What building, testing and running need: Debian packages only (docs/adr/0001).
PACKAGES := libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools clang-22 lld-22 \
  clang-format-22 clang-tidy-22 libclang-rt-22-dev cmake ninja-build ccache \
  libgtest-dev libgmock-dev libeigen3-dev libz3-dev zlib1g-dev libzstd-dev python3 python3-numpy

.PHONY: help setup build demo test quick bench check-cpp format lint tidy docs soak

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install the packages that are missing (asks for root only then)
	@scripts/setup.sh $(PACKAGES)

build: ## Configure and build into build/ (binaries in build/bin)
	cmake --preset release
	cmake --build --preset release -j $(JOBS)

demo: setup build ## Compile, simulate and check the example kernels and FlashAttention
	$(PYTHON) examples/demo.py --flash-attention

test: setup build ## Install packages that are missing, build, run every test
	ctest --preset all

quick: build ## Build, then run all tests but those that take longest
	ctest --preset quick

bench: build ## Compile time of ptoas and speed of pto-sim, against their goals
	$(PYTHON) bench/compile_time.py
	$(PYTHON) bench/simulator.py

check-cpp: ## Would the library take FILE=kernel.pto|kernel.cpp on ARCH=a3|a5? FLAGS go to ptoas
	@test -n "$(FILE)" || { echo "usage: make check-cpp FILE=kernel.pto [ARCH=a3|a5] [FLAGS=...]"; exit 2; }
	@scripts/check-cpp.sh "$(FILE)" "$(ARCH)" $(FLAGS)

format: ## Format all C++ with clang-format
	git ls-files '*.cpp' '*.h' '*.hpp' | xargs -r clang-format-22 -i

lint: ## Formatting, file sizes, includes, citations, diagnostics without a test (seconds)
	scripts/lint.sh

tidy: build ## What lint does, and clang-tidy (minutes)
	scripts/lint.sh tidy

docs: build ## Regenerate docs/ops from the op records, docs/cli.md from --help
	scripts/docs.sh

soak: build ## Long tests: mutants, variants, libFuzzer; then random programs for SOAK_MINUTES
	scripts/soak.sh
