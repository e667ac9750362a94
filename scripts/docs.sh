#!/usr/bin/env bash
# Writes docs/ops, one page per family of operations and an index, from the op records and what
# pto-snippets prints of them, and docs/cli.md from what the tools answer to --help.
set -euo pipefail
cd "$(dirname "$0")/.."

snippets=$(mktemp)
trap 'rm -f "$snippets"' EXIT
build/bin/pto-snippets > "$snippets"
generate() {
  build/bin/pto-tblgen -gen-pto-docs -pto-snippets="$snippets" "$@" -I include -I "$(llvm-config-22 --includedir)" \
    include/ptoas/IR/Ops.td
}
rm -rf docs/ops && mkdir -p docs/ops
generate -o docs/ops/README.md
# The index links every family page.
while read -r family; do
  generate -pto-family="$family" -o "docs/ops/$family.md"
done < <(sed -n 's/^## \[\(.*\)\](.*$/\1/p' docs/ops/README.md)

# options TOOL SECTION: the section of --help as a table. A line is `  --name=<value> - text`, or
# `    =value - text` for a value of the option before it.
options() {
  printf '| option | what it does |\n|---|---|\n'
  "build/bin/$1" --help | awk -v section="$2:" '
    function flush() { if (row != "") print row " |"; row = "" }
    /^[^ ]/ { inside = $0 == section; next }
    !inside || !NF { next }
    {
      split($0, part, / +- +/)
      text = substr($0, index($0, " - ") + 3)
      gsub(/^ +/, "", text); gsub(/\|/, "\\|", text)
      name = part[1]; gsub(/^ +| +$/, "", name)
      if (name ~ /^=/) row = row (listed++ ? ", " : ": ") "`" substr(name, 2) "` " text
      else { flush(); listed = 0; row = "| `" name "` | " text }
    }
    END { flush() }'
}
{
  cat << 'TEXT'
<!-- Generated from --help by `make docs`; do not edit. -->

# Command line

`ptoas` and `pto-sim` read MLIR text or bytecode from a file, or from standard input when the file is `-` or missing. Messages
go to standard error as `file:line:col: error: what`. The exit code is 0 or 1; a failing run leaves existing output files as
they were, but for the reports of what it found. Options take one dash or two, and their value behind `=` or as the next argument.

Without `--enable-insert-sync` the synchronisation is the program's own: a program that has any is judged by
`--verify-sync`, a program that has none is printed as it is, unjudged.

## ptoas [options] input.pto

TEXT
  options ptoas ptoas
  printf '\n## pto-sim [options] kernel.pto\n\n'
  printf 'What the files of `--report`, `--trace` and `--timeline` hold is in [sim-report.md](sim-report.md), '
  printf 'the figures of `--cost-model` in [cost-model.md](cost-model.md). '
  printf 'The exit code is 1\nafter a finding too.\n\n'
  options pto-sim Simulation
  printf '\n## Both\n\n'
  options ptoas 'ptoas pipeline'
  printf '\n## Flags of other versions\n\nTaken so that scripts go on working; each prints a note on what it does here.\n\n'
  options ptoas 'ptoas compatibility'
  cat << 'TEXT'

`pto-sim` looks for findings of the checker on hand-written synchronisation only when `--verify-sync` is given: there the run is the
judge.

MLIR's own options work too, among them `--mlir-print-ir-after-all`, `--mlir-timing` and `--mlir-print-debuginfo`; `--help` lists
them.
TEXT
} > docs/cli.md
