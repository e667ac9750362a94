#!/usr/bin/env bash
# check-cpp.sh FILE.pto|FILE.cpp [a3|a5] [ptoas option...]: compiles a kernel against the stand-in of the
# vendor's headers (runtime/README.md), for vector and cube cores. A .pto file goes through ptoas
# first; without an arch its own `pto.target_arch` counts, then a3. Ends with 0 when the compiler is
# content.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

usage() {
  echo "usage: check-cpp.sh FILE.pto|FILE.cpp [a3|a5] [ptoas option...]" >&2
  exit 2
}
[[ $# -ge 1 ]] || usage
file=$1
arch=${2:-}
shift $(($# > 1 ? 2 : 1))
[[ -r $file ]] || {
  echo "check-cpp: cannot read $file" >&2
  exit 2
}
if [[ -z $arch ]]; then
  arch=a3
  ! grep -q 'pto.target_arch = "a5"' "$file" || arch=a5
fi
case $arch in
a3) number=2201 ;;
a5) number=3510 ;;
*) usage ;;
esac

compiler=${CLANGXX:-$(command -v clang++-22 || command -v clang++)} || {
  echo "check-cpp: there is no clang++; \`make setup\` installs it" >&2
  exit 2
}
source=$file
if [[ $file == *.pto ]]; then
  ptoas=$(command -v "${PTOAS:-$root/build/bin/ptoas}") || {
    echo "check-cpp: ptoas is not there; run \`make build\`, or set PTOAS" >&2
    exit 2
  }
  directory=$(mktemp -d)
  trap 'rm -rf "$directory"' EXIT
  source=$directory/$(basename "$file" .pto).cpp
  "$ptoas" --pto-arch="$arch" "$@" "$file" -o "$source"
fi
for core in VEC CUBE; do
  "$compiler" -x c++ -std=c++17 -fsyntax-only -Wall -Wno-unused -Wno-return-type-c-linkage \
    -D__NPU_ARCH__=$number "-D__DAV_${core}__" -DPTO_HOST_ADDRESS_SPACES -I"$root/runtime/include" "$source"
done
echo "check-cpp: $file compiles for $arch"
