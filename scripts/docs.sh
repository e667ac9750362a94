#!/usr/bin/env bash
# Writes docs/ops: one page per family of operations and an index, from the op records.
set -euo pipefail
cd "$(dirname "$0")/.."

generate() {
  build/bin/pto-tblgen -gen-pto-docs "$@" -I include -I "$(llvm-config-22 --includedir)" \
    include/ptoas/IR/Ops.td
}
rm -rf docs/ops && mkdir -p docs/ops
generate -o docs/ops/README.md
# The index links every family page.
while read -r family; do
  generate -pto-family="$family" -o "docs/ops/$family.md"
done < <(sed -n 's/^## \[\(.*\)\](.*$/\1/p' docs/ops/README.md)
