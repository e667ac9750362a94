#!/usr/bin/env bash
# Runs the example kernels under ever new random schedules and inputs for SOAK_MINUTES. Prints the
# seed before each round, so that a failure can be repeated with `examples/demo.py --seed`.
set -euo pipefail
cd "$(dirname "$0")/.."

end=$((SECONDS + ${SOAK_MINUTES:-10} * 60))
seed=${SOAK_SEED:-1000}
while [[ $SECONDS -lt $end ]]; do
  echo "seed $seed"
  /usr/bin/python3 examples/demo.py --out build/soak --seed "$seed" --runs 200 >/dev/null
  seed=$((seed + 200))
done
echo "soak: no finding up to seed $seed"
