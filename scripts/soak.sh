#!/usr/bin/env bash
# Long random tests. First what has a fixed size: 100,000 mutated programs through compiler and simulator, every variant of every
# record against the headers of the library, and compiler and simulator under libFuzzer with sanitizers for ten minutes
# (SOAK_FUZZ_SECONDS; its build takes long, 0 leaves it out). Then, for SOAK_MINUTES, random programs through inserter and
# checker, random kernels through ptoas and pto-sim, and the example kernels under ever new schedules and inputs. Prints the
# seed of each round: SOAK_SEED repeats one.
set -euo pipefail
cd "$(dirname "$0")/.."

# The campaign of fixed seeds first: 50,000 programs, about ten minutes.
build/bin/sync-soak --programs "${SOAK_PROGRAMS:-50000}" --seed 10000000

# bar(ALL) in loops, with pools of one to three ids and with others, against programs that have a solution without.
build/bin/sync-soak --ids few --programs "${SOAK_SHORT:-30000}" --seed 1
build/bin/sync-soak --ids all --programs "${SOAK_SHORT:-30000}" --seed 1

# Loops in loops through rings of tiles, and with tokens that people keep set over outer loops.
build/bin/sync-soak --nests --programs "${SOAK_NESTS:-5000}" --seed 1
build/bin/sync-soak --kept --programs "${SOAK_NESTS:-5000}" --seed 1

seed=${SOAK_SEED:-1000}
fuzz=${SOAK_FUZZ_SECONDS:-600}
build/bin/text-soak --programs "${SOAK_MUTANTS:-100000}" --seed "$seed" --keep build/mutant.pto test examples
PTOAS_ALL_VARIANTS=1 build/bin/EmittedCppTests --gtest_filter='Variants.*'
if [[ $fuzz -gt 0 ]]; then
  cmake --preset asan -DPTOAS_FUZZER=ON >/dev/null
  cmake --build --preset asan --target text-fuzzer
  mkdir -p build-asan/corpus build-asan/crashes
  find test examples -name '*.pto' -exec cp {} build-asan/corpus/ \;
  build-asan/bin/text-fuzzer -max_total_time="$fuzz" -max_len=20000 -timeout=60 -rss_limit_mb=4096 -seed="$seed" \
    -artifact_prefix=build-asan/crashes/ -print_final_stats=1 build-asan/corpus
fi

end=$((SECONDS + ${SOAK_MINUTES:-10} * 60))
while
  echo "seed $seed"
  build/bin/sync-soak --programs 2000 --seed "$seed"
  build/bin/sim-soak --programs 20000 --seed "$seed"
  /usr/bin/python3 fuzz/kernels/run.py --thorough --programs 50 --seed "$seed"
  /usr/bin/python3 fuzz/kernels/run.py --kind hang --programs 2000 --seed "$seed"
  /usr/bin/python3 examples/demo.py --out build/soak --seed "$seed" --runs 200 >/dev/null
  [[ $SECONDS -lt $end ]]
do
  seed=$((seed + 2000))
done

# insert() against the provably best on small programs; last, for it ends with 1 when a single one is far above.
build/bin/sync-soak --exact count --programs "${SOAK_EXACT:-2000}" --seed 1
build/bin/sync-soak --exact time --programs "${SOAK_EXACT:-2000}" --seed 1
echo "soak: nothing found"
