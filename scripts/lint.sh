#!/usr/bin/env bash
# Formatting, file sizes (CONTRIBUTING.md) and clang-tidy over the compiled sources of build/.
set -euo pipefail
cd "$(dirname "$0")/.."

bad=0
mapfile -t sources < <(git ls-files '*.cpp' '*.h')
clang-format-22 --dry-run --Werror "${sources[@]}" || bad=1

while read -r lines file; do
  echo "$file: $lines lines, the limit is 800"
  bad=1
done < <(git ls-files '*.cpp' '*.h' '*.td' '*.py' | xargs wc -l | awk '$2 != "total" && $1 > 800')

mapfile -t compiled < <(git ls-files 'lib/*.cpp' 'tools/*.cpp')
printf '%s\n' "${compiled[@]}" |
  xargs -P "${JOBS:-2}" -n 4 clang-tidy-22 -p build --quiet --warnings-as-errors='*' || bad=1
exit "$bad"
