#!/usr/bin/env python3
"""Compile the example kernels, simulate them, check the numbers against NumPy.

usage: demo.py [--build DIR] [--out DIR] [--only NAME] [--runs K] [--seed S] [--flash-attention]

Per kernel: ptoas turns the .pto text into C++ and proves its synchronisation; pto-sim then runs the same program with
the pipes of the chip: eager, lazy, lazy with flags of a single bit, and K random schedules. Exit 0 when every tool was
content and every result is within its tolerance, else 1.
"""
import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

try:
    import numpy as np
except ModuleNotFoundError:
    sys.exit(f"{sys.executable} has no NumPy. `make demo` uses Debian's Python, for which `make setup` installs it.")

from cases import CASES, Case

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


class Failed(Exception):
    """Something is wrong with one kernel; the text is for the user."""


@dataclass
class Outcome:
    """One row of the table."""
    hazards: int
    handoffs: int
    barriers: int
    cycles: int
    busiest: str
    runs: int
    error: float


def run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)}\nexit code {done.returncode}\n{done.stderr}{done.stdout}".rstrip())


def sync_figures(path: Path) -> tuple[int, int, int]:
    """The only reader of ptoas's --sync-report: hazards, flag pairs and barriers, summed over the functions."""
    functions = json.loads(path.read_text())["functions"]
    if not functions or not all(function["judged"] and function["accepted"] for function in functions):
        raise Failed(f"{path}: not every function was proven")
    hazards, handoffs, barriers, everything = (sum(function[key] for function in functions)
                                               for key in ("hazards", "handoffs", "barriers", "barriersAll"))
    return hazards, handoffs, barriers + everything


def sim_figures(path: Path) -> tuple[int, str]:
    """The only reader of pto-sim's --report: cycles of the slowest core, and the pipe that is busy for most of them."""
    report = json.loads(path.read_text())
    cycles = report["cycles"]
    busy, pipe = max((times["busy"], pipe) for core in report["cores"] for pipe, times in core["pipes"].items())
    return cycles, f"{pipe} {100 * busy / cycles:.0f} %"


def largest_error(case: Case, folder: Path) -> float:
    worst = 0.0
    for stem, output in case.outputs.items():
        got = np.load(folder / f"{stem}.npy")
        if got.shape != output.expected.shape or got.dtype != output.dtype:
            raise Failed(f"{case.name}: '{stem}' is {got.dtype}{got.shape}, expected {output.dtype}{output.expected.shape}")
        error = np.abs(got.astype(np.float64) - output.expected.astype(np.float64))
        if not np.all(error <= output.tolerance):  # also false for NaN
            at = np.unravel_index(np.argmax(np.nan_to_num(error - output.tolerance, nan=np.inf)), error.shape)
            raise Failed(f"{case.name}: {stem}{[int(i) for i in at]} is {got[at]}, NumPy says {output.expected[at]}")
        worst = max(worst, float(error.max()))
    return worst


def check(case: Case, arguments: argparse.Namespace) -> Outcome:
    folder = arguments.out / case.name
    folder.mkdir(parents=True, exist_ok=True)
    for stem, array in case.inputs.items():
        np.save(folder / f"{stem}.npy", array)
    source = HERE / case.name / f"{case.name}.pto"
    flags = ["--enable-insert-sync", *case.flags]
    tools = arguments.build / "bin"
    run([str(tools / "ptoas"), str(source), *flags, f"--sync-report={folder}/sync.json", "-o", f"{folder}/{case.name}.cpp"])

    simulate = [str(tools / "pto-sim"), str(source), *flags, f"--ranks={case.ranks}", f"--blocks={case.blocks}"]
    if case.function:
        simulate.append(f"--function={case.function}")
    # Only {dir} is ours; {rank} is for pto-sim.
    for option, values in (("--arg", case.arguments), ("--out", case.results)):
        for value in values:
            simulate += [option, value.replace("{dir}", str(folder))]
    worst = 0.0
    for schedule in (["--schedule=lazy"], ["--schedule=lazy", "--flag-model=bit"],
                     ["--schedule=random", f"--seed={arguments.seed}", f"--runs={arguments.runs}"],
                     ["--schedule=eager", f"--report={folder}/sim.json", f"--timeline={folder}/timeline.html",
                      f"--trace={folder}/trace.json"]):
        for stem in case.outputs:  # or a run that writes nothing would be judged by the run before
            (folder / f"{stem}.npy").unlink(missing_ok=True)
        run(simulate + schedule)
        worst = max(worst, largest_error(case, folder))
    hazards, handoffs, barriers = sync_figures(folder / "sync.json")
    cycles, busiest = sim_figures(folder / "sim.json")
    return Outcome(hazards, handoffs, barriers, cycles, busiest, arguments.runs + 3, worst)


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


HEADER = f"{'kernel':<16}{'hazards':>8}{'flag pairs':>12}{'barriers':>10}{'cycles':>9}{'busiest pipe':>15}{'runs':>6}{'max error':>11}"


def row(name: str, done: Outcome) -> str:
    return (f"{name:<16}{done.hazards:>8}{done.handoffs:>12}{done.barriers:>10}{done.cycles:>9,}{done.busiest:>15}"
            f"{done.runs:>6}{done.error:>11.2g}")


def footer(outcomes: list[Outcome], seconds: float, out: Path) -> str:
    hazards, runs = sum(o.hazards for o in outcomes), sum(o.runs for o in outcomes)
    return f"""
{hazards} hazards of {len(outcomes)} kernels are proven to be ordered, by flags and barriers that ptoas put in. {runs} simulated runs (eager, lazy,
with one-bit flags, and random schedules) found no race, no hang, no uninitialised read and nothing left behind, and every
result is within the bound that the arithmetic allows (examples/cases.py says which). {seconds:.0f} s.
Look at a timeline: open {shown(out)}/linear_relu/timeline.html in a browser. Beside it, for every kernel: the C++, what was proven
(sync.json), the times (sim.json), and the timeline for https://ui.perfetto.dev (trace.json)."""


def main() -> int:
    names = [case.__name__ for case in CASES]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="build folder (default: build)")
    parser.add_argument("--out", type=Path, default=HERE / "out", help="where files go (default: examples/out)")
    parser.add_argument("--only", choices=names, help="one kernel")
    parser.add_argument("--runs", type=int, default=20, help="random schedules per kernel (default: 20)")
    parser.add_argument("--seed", type=int, default=1, help="of the first random schedule")
    parser.add_argument("--flash-attention", action="store_true", help="run examples/flash_attention too")
    arguments = parser.parse_args()
    arguments.build, arguments.out = arguments.build.resolve(), arguments.out.resolve()
    for tool in ("ptoas", "pto-sim"):
        if not (arguments.build / "bin" / tool).exists():
            print(f"{arguments.build}/bin/{tool} does not exist: run `make build` first", file=sys.stderr)
            return 1
    begin = time.monotonic()
    outcomes: list[Outcome] = []
    failures = 0
    print(HEADER, flush=True)
    for make in CASES:
        if arguments.only in (None, make.__name__):
            try:
                outcomes.append(check(make(np.random.default_rng(arguments.seed)), arguments))
                print(row(make.__name__, outcomes[-1]), flush=True)
            except Failed as failure:
                failures += 1
                print(f"{make.__name__}: FAILED\n{failure}", file=sys.stderr)
    if arguments.flash_attention:
        print(flush=True)
        failures += subprocess.run([sys.executable, HERE / "flash_attention/run.py", "--build", arguments.build,
                                    "--out", arguments.out / "flash_attention"], check=False).returncode
    if failures:
        return 1
    print(footer(outcomes, time.monotonic() - begin, arguments.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
