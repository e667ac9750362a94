#!/usr/bin/env python3
"""Compile the example kernels, simulate them, check the numbers against NumPy.

usage: demo.py [--build DIR] [--out DIR] [--only NAME] [--runs K] [--seed S]

Per kernel: ptoas turns the .pto text into C++ and proves its synchronisation; pto-sim then runs the same program with
the pipes of the chip: eager, lazy, lazy with flags of a single bit, and K random schedules. Exit 0 when every tool was
content and every result is within its tolerance, else 1.
"""
import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

try:
    import numpy as np
except ModuleNotFoundError:
    sys.exit(f"{sys.executable} has no NumPy. `make demo` uses Debian's Python, for which `make setup` installs it.")

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


@dataclass
class Case:
    """One kernel with its arguments. Arrays that differ by rank have `{rank}` in their file name."""
    name: str
    flags: list[str]  # of the pipeline, the same for ptoas and pto-sim
    inputs: dict[str, np.ndarray]  # file stem -> contents
    arguments: list[str]  # NAME=VALUE; {dir} stands for the folder of the files
    outputs: dict[str, np.ndarray]  # file stem -> what NumPy says
    tolerance: dict[str, np.ndarray | float]  # file stem -> largest |error|, per element or one for all
    why: str  # why this tolerance
    results: list[str] = field(default_factory=list)  # NAME=FILE for --out
    ranks: int = 1


def vector_add(rng: np.random.Generator) -> Case:
    x, y = (rng.standard_normal((2048, 64), dtype=np.float32) for _ in range(2))
    return Case("vector_add", ["--pto-arch=a3"], {"x": x, "y": y},
                ["x={dir}/x.npy", "y={dir}/y.npy", "z=poison:2048x64:f32"], {"z": x + y}, {"z": 0.0},
                "one rounded f32 addition on either side", ["z={dir}/z.npy"])


def matmul(rng: np.random.Generator) -> Case:
    a = rng.standard_normal((128, 512)).astype(np.float16)
    b = rng.standard_normal((512, 128)).astype(np.float16)
    exact = a.astype(np.float64) @ b.astype(np.float64)
    # A product of two f16 numbers is exact in f32; 511 additions round, each by at most half a unit in the last place of a
    # partial sum, and no partial sum exceeds the sum of magnitudes.
    bound = 511 * 2.0**-24 * (np.abs(a).astype(np.float64) @ np.abs(b).astype(np.float64))
    return Case("matmul", ["--pto-arch=a3"], {"a": a, "b": b},
                ["a={dir}/a.npy", "b={dir}/b.npy", "c=poison:128x128:f32"], {"c": exact}, {"c": bound},
                "511 rounded f32 additions of exact products, in any order", ["c={dir}/c.npy"])


def three_slot(rng: np.random.Generator) -> Case:
    x, z = (rng.standard_normal((2048, 64), dtype=np.float32) for _ in range(2))
    return Case("three_slot", ["--pto-arch=a3"], {"x": x, "z": z},
                ["x={dir}/x.npy", "z={dir}/z.npy", "y=poison:2048x64:f32"], {"y": (x + z) + np.float32(1)}, {"y": 0.0},
                "two rounded f32 additions on either side", ["y={dir}/y.npy"])


def ring_shuffle(_: np.random.Generator) -> Case:
    rows = [np.arange(64, dtype=np.float32)[None] + 100 * rank for rank in range(2)]
    return Case("ring_shuffle", ["--pto-arch=a3", "--pto-level=level3"], {f"inp_{r}": rows[r] for r in range(2)},
                ["inp={dir}/inp_{rank}.npy", "src=window:0:1x64:f32", "dst=window:256:1x64:f32",
                 "sig=window:512:1x1:i32", "out=poison:1x64:f32", "ctx=ctx", "peer=peer"],
                {"out_0": rows[1], "out_1": rows[0]}, {"out_0": 0.0, "out_1": 0.0}, "values are only moved",
                ["out={dir}/out_{rank}.npy"], ranks=2)


CASES: list[Callable[[np.random.Generator], Case]] = [vector_add, matmul, three_slot, ring_shuffle]


class Failed(Exception):
    """Something is wrong with one kernel; the text is for the user."""


def run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)}\nexit code {done.returncode}\n{done.stderr}{done.stdout}".rstrip())


def sync_figures(path: Path) -> str:
    """The only reader of ptoas's --sync-report. Sums over the functions of the module."""
    functions = json.loads(path.read_text())["functions"]
    if not functions or not all(function["judged"] and function["accepted"] for function in functions):
        raise Failed(f"{path}: not every function was proven")
    hazards, handoffs, barriers, everything = (sum(function[key] for function in functions)
                                               for key in ("hazards", "handoffs", "barriers", "barriersAll"))
    return (f"{hazards} hazards ordered; {handoffs} flag pairs inserted; in the program {barriers} barriers of one pipe, "
            f"{everything} of all")


def sim_cycles(path: Path) -> int:
    """The only reader of pto-sim's --report."""
    return json.loads(path.read_text())["cycles"]


def largest_error(case: Case, folder: Path) -> float:
    worst = 0.0
    for stem, expected in case.outputs.items():
        got = np.load(folder / f"{stem}.npy")
        if got.shape != expected.shape or got.dtype != np.float32:
            raise Failed(f"{case.name}: '{stem}' is {got.dtype}{got.shape}, expected float32{expected.shape}")
        error = np.abs(got.astype(np.float64) - expected.astype(np.float64))
        if not np.all(error <= case.tolerance[stem]):  # also false for NaN
            at = np.unravel_index(np.argmax(np.nan_to_num(error - case.tolerance[stem], nan=np.inf)), error.shape)
            raise Failed(f"{case.name}: {stem}{[int(i) for i in at]} is {got[at]}, NumPy says {expected[at]}")
        worst = max(worst, float(error.max()))
    return worst


def check(case: Case, arguments: argparse.Namespace) -> None:
    folder = arguments.out / case.name
    folder.mkdir(parents=True, exist_ok=True)
    for stem, array in case.inputs.items():
        np.save(folder / f"{stem}.npy", array)
    source = HERE / case.name / f"{case.name}.pto"
    flags = ["--enable-insert-sync", *case.flags]
    tools = arguments.build / "bin"
    run([str(tools / "ptoas"), str(source), *flags, f"--sync-report={folder}/sync.json", "-o", f"{folder}/{case.name}.cpp"])

    simulate = [str(tools / "pto-sim"), str(source), *flags, "--function", case.name, "--ranks", str(case.ranks)]
    # Only {dir} is ours; {rank} is for pto-sim.
    for option, values in (("--arg", case.arguments), ("--out", case.results)):
        for value in values:
            simulate += [option, value.replace("{dir}", str(folder))]
    worst = 0.0
    for schedule in (["--schedule", "lazy"], ["--schedule", "lazy", "--flag-model", "bit"],
                     ["--schedule", "random", "--seed", str(arguments.seed),
                      "--runs", str(arguments.runs)],
                     ["--schedule", "eager", "--report", f"{folder}/sim.json", "--trace", f"{folder}/trace.json"]):
        for stem in case.outputs:  # or a run that writes nothing would be judged by the run before
            (folder / f"{stem}.npy").unlink(missing_ok=True)
        run(simulate + schedule)
        worst = max(worst, largest_error(case, folder))

    print(f"{case.name}")
    print(f"  proof      {sync_figures(folder / 'sync.json')}")
    print(f"  simulated  {sim_cycles(folder / 'sim.json')} cycles; {arguments.runs + 3} runs without a finding")
    print(f"  max error  {worst:.3g} ({case.why})")
    print(f"  files      C++ {shown(folder / (case.name + '.cpp'))}, timeline {shown(folder / 'trace.json')}")


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def main() -> int:
    names = [case.__name__ for case in CASES]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="build folder (default: build)")
    parser.add_argument("--out", type=Path, default=HERE / "out", help="where files go (default: examples/out)")
    parser.add_argument("--only", choices=names, help="one kernel")
    parser.add_argument("--runs", type=int, default=20, help="random schedules per kernel (default: 20)")
    parser.add_argument("--seed", type=int, default=1, help="of the first random schedule")
    arguments = parser.parse_args()
    arguments.build, arguments.out = arguments.build.resolve(), arguments.out.resolve()
    for tool in ("ptoas", "pto-sim"):
        if not (arguments.build / "bin" / tool).exists():
            print(f"{arguments.build}/bin/{tool} does not exist: run `make build` first", file=sys.stderr)
            return 1
    failures = 0
    for make in CASES:
        if arguments.only in (None, make.__name__):
            try:
                check(make(np.random.default_rng(arguments.seed)), arguments)
            except Failed as failure:
                failures += 1
                print(f"{make.__name__}: FAILED\n{failure}", file=sys.stderr)
    if not failures:
        print("Timelines open in https://ui.perfetto.dev or chrome://tracing.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
