#!/usr/bin/env bash
# Random programs through inserter and checker, random kernels through ptoas and pto-sim, and the
# example kernels under ever new schedules and inputs, for SOAK_MINUTES. Prints the seed of each round: SOAK_SEED repeats one.
set -euo pipefail
cd "$(dirname "$0")/.."

end=$((SECONDS + ${SOAK_MINUTES:-10} * 60))
seed=${SOAK_SEED:-1000}
while
  echo "seed $seed"
  build/bin/sync-soak --programs 2000 --seed "$seed"
  build/bin/sim-soak --programs 20000 --seed "$seed"
  /usr/bin/python3 fuzz/kernels/run.py --thorough --programs 50 --seed "$seed"
  /usr/bin/python3 examples/demo.py --out build/soak --seed "$seed" --runs 200 >/dev/null
  build/bin/text-soak --programs 20000 --seed "$seed" --keep build/mutant.pto test examples
  [[ $SECONDS -lt $end ]]
do
  seed=$((seed + 2000))
done
echo "soak: nothing found"
