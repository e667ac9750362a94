"""The example kernels on a5: examples_a5.py EXAMPLES FOLDER

`make demo` runs them for a2/a3. linear_relu is left out: its ring of tiles would lie in UB there, where it has no room (fifos.py runs
such rings); flash_attention has its own script.
"""
import os
import subprocess
import sys

import numpy as np

examples, folder = sys.argv[1:]
sys.path.insert(0, examples)
import cases  # noqa: E402


def run(case):
    place = os.path.join(folder, case.name)
    os.makedirs(place, exist_ok=True)
    for stem, array in case.inputs.items():
        np.save(f"{place}/{stem}.npy", array)
    text = open(f"{examples}/{case.name}/{case.name}.pto").read()
    open(f"{place}/kernel.pto", "w").write(text.replace('target_arch = "a3"', 'target_arch = "a5"'))
    command = ["pto-sim", f"{place}/kernel.pto", "--enable-insert-sync", f"--ranks={case.ranks}", f"--blocks={case.blocks}",
               "--runs=3", "--a5-credits=intended", *(flag.replace("a3", "a5") for flag in case.flags)]
    command += ["--function=" + case.function] if case.function else []
    name = lambda text: text.replace("{dir}", place)
    command += ["--arg=" + name(a) for a in case.arguments]
    command += ["--out=" + name(r).replace(".npy", "_out.npy") for r in case.results]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode or "no findings" not in done.stdout:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    for stem, output in case.outputs.items():
        got = np.load(f"{place}/{stem}_out.npy").astype(np.float64)
        assert np.all(np.abs(got - output.expected) <= output.tolerance), f"{case.name}: {stem} is not what NumPy makes"


count = 0
for make in cases.CASES:
    if make.__name__ != "linear_relu":
        run(make(np.random.default_rng(1)))
        count += 1
print(f"{count} kernels on a5, clean and equal to NumPy")
