#!/usr/bin/env bash
# lint.sh [tidy]: seconds without an argument; `tidy` adds clang-tidy over the sources of build/,
# which takes minutes. Prints every violation, ends with 1 if there was one.
set -euo pipefail
cd "$(dirname "$0")/.."

bad=0
violation() {
  echo "$1"
  bad=1
}

# Law 8 of CONTRIBUTING.md. Functions are measured by clang-tidy.
while read -r lines file; do
  if ((lines > 800)); then
    violation "$file: $lines lines, the limit is 800"
  elif ((lines > 500)); then
    echo "$file: note: $lines lines, aim at 500"
  fi
done < <(git ls-files -z '*.cpp' '*.h' '*.hpp' '*.td' '*.py' '*.sh' | xargs -0 wc -l | awk '$2 != "total"')

# Formatting, one file per job: a single run over all would stop using the second core.
while read -r file; do
  violation "$file: not formatted, run \`make format\`"
done < <(git ls-files -z '*.cpp' '*.h' '*.hpp' | xargs -0 -n 1 -P "${JOBS:-2}" sh -c \
  'clang-format-22 --dry-run --Werror "$0" >/dev/null 2>&1 || echo "$0"' | sort)

# Words that promise work, and references to what a reader of this repository cannot open.
while read -r line; do
  violation "$line: does not belong into the repository"
done < <(git grep -nIE '\b(TODO|FIXME|XXX|HACK)\b|/work/|isa-library|dialect-(core|ops) [0-9]|sync-and-memory|users\.md' \
  -- . ':!scripts/lint.sh' | cut -c1-120)

# The solvers and the simulator know nothing of MLIR (docs/adr/0005).
while read -r line; do
  violation "$line: MLIR where there is none"
done < <(git grep -nE '#include "mlir/' -- {lib,include/ptoas}/{Support,Sync,Plan,Sim}/)

# `sync 13.2` and `library 2.1` in a comment are sections of two pages in docs/.
cited() { # cited WORD PAGE
  comm -23 \
    <(git grep -ohIE "\\b$1 [0-9]+(\\.[0-9]+)?" -- include lib tools unittests test fuzz | awk '{ print $2 }' | sort -u) \
    <(sed -nE 's/^##+ ([0-9]+(\.[0-9]+)?)[. ].*/\1/p' "$2" | sort -u)
}
for section in $(cited sync docs/memory-and-sync.md); do
  violation "a comment cites 'sync $section', which docs/memory-and-sync.md does not have"
done
for section in $(cited library docs/library.md); do
  violation "a comment cites 'library $section', which docs/library.md does not have"
done

# Every diagnostic is quoted by a test.
while read -r line; do
  violation "$line"
done < <(/usr/bin/python3 scripts/untested_diagnostics.py)

if [[ ${1:-} == tidy ]]; then
  mapfile -t compiled < <(git ls-files 'lib/*.cpp' 'tools/*.cpp')
  printf '%s\n' "${compiled[@]}" |
    xargs -P "${JOBS:-2}" -n 4 clang-tidy-22 -p build --quiet --warnings-as-errors='*' || bad=1
fi
exit "$bad"
