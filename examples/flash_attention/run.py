#!/usr/bin/env python3
"""Generate FlashAttention, compile it, simulate it and compare the result with NumPy in f32.

usage: run.py [--build DIR] [--keys N,N,...] [--queries N] [--blocks N] [--tile N] [--preload N] [--rows N]
              [--schedules eager,lazy,random] [--wrapper] [--out DIR]

ptoas inserts and proves the flags inside the cores; pto-sim runs one cube core and two vector cores per block. Exit 0 when
every run is without a finding and over in 15 seconds of CPU, thousands of keys take at most a tenth longer than with synchronisation
that costs nothing, and no value is off by more than 1e-4: the probabilities are rounded to f16 (half a unit in the last place is
2^-12 of a value), and thousands of keys average that out; the rest is f32.
"""
import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path

try:
    import numpy as np
except ModuleNotFoundError:
    sys.exit(f"{sys.executable} has no NumPy")

HERE = Path(__file__).resolve().parent
HEAD, QUERIES, SLOTS = 128, 128, 8
TOLERANCE = 1e-4
MOST_OVER, LONG = 0.10, 4096  # of the cycles that the data alone would take, from so many keys on: short runs are mostly filling
MOST_SECONDS = 15  # of CPU; 8192 keys take less than one
EXPLAINED = 8192  # keys of the run of which the cost of each flag is measured


def attention(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
    """softmax(Q K^T / sqrt(HEAD)) V in f32, tile by tile of queries."""
    scores = q.astype(np.float32) @ k.astype(np.float32).T * np.float32(HEAD ** -0.5)
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True) @ v.astype(np.float32)


def run(command: list[object]) -> subprocess.CompletedProcess:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)


def cpu_seconds() -> float:
    """Of the processes that have ended: what else the machine does is no matter."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def explain(times: dict, text: str) -> bool:
    """Which flags cost the rest: printed, and all of it accounted for."""
    lines = text.splitlines()
    first = next(i for i, line in enumerate(lines) if "flags and barriers inside the cores cost" in line)
    print("\n".join(lines[first:]))
    costs = times["syncCosts"]
    won = sum(site["cycles"] for site in costs["sites"])
    return bool(costs["sites"]) and won + costs["rest"] == times["cycles"] - times["cyclesWithFreeSync"]


def simulate(args: argparse.Namespace, kernel: Path, keys: int, schedule: str) -> bool:
    rng = np.random.default_rng(keys)
    inputs = {name: rng.standard_normal((rows, HEAD)).astype(np.float16)
              for name, rows in (("q", args.queries), ("k", keys), ("v", keys))}
    for name, values in inputs.items():
        np.save(args.out / f"{name}.npy", values)
    entry = args.blocks * SLOTS * QUERIES
    command = [args.build / "bin/pto-sim", kernel, "--pto-arch=a3", "--pto-level=level3", "--enable-insert-sync",
               f"--blocks={args.blocks}", f"--schedule={schedule}", f"--out=o={args.out}/o.npy",
               *(f"--arg={name}={args.out}/{name}.npy" for name in inputs),
               f"--arg=o=poison:{args.queries}x{HEAD}:f32",
               f"--arg=qk=poison:{entry}x{args.tile}:f32", f"--arg=p=poison:{entry}x{args.tile}:f16",
               f"--arg=pv=poison:{entry}x{HEAD}:f32", f"--arg=s0={args.queries}", f"--arg=s1={keys}",
               f"--trace={args.out}/trace.json"]
    if args.wrapper:
        command.append("--arg=ffts=zeros:1:i64")
    report = args.out / "report.json"
    explained = keys == EXPLAINED and schedule == "eager"
    command += ["--free-sync", f"--report={report}", *(["--summary"] if explained else [])]
    (args.out / "o.npy").unlink(missing_ok=True)
    begin = cpu_seconds()
    result = run(command)
    seconds = cpu_seconds() - begin
    if result.returncode:
        print(f"{keys} keys, {schedule}: pto-sim exits with {result.returncode}\n{result.stdout}{result.stderr}")
        return False
    error = float(np.abs(np.load(args.out / "o.npy") - attention(**inputs)).max())
    times = json.loads(report.read_text())
    over = times["cycles"] / times["cyclesWithFreeSync"] - 1
    adds_up = not explained or explain(times, result.stdout)
    good = adds_up and error <= TOLERANCE and (over <= MOST_OVER or keys < LONG) and seconds <= MOST_SECONDS
    print(f"  {keys} keys, {schedule}: {'ok' if good else 'WRONG'}, largest error {error:.2e}, {seconds:.1f} s; "
          f"{result.stdout.splitlines()[0].split(': ', 1)[1]}", flush=True)
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=HERE.parent.parent / "build")
    parser.add_argument("--out", type=Path, default=Path("flash_attention.out"))
    parser.add_argument("--keys", default="1024,2048,4096,8192", help="lengths of K and V, with commas between")
    parser.add_argument("--queries", type=int, default=QUERIES)
    parser.add_argument("--blocks", type=int, default=1)
    parser.add_argument("--tile", type=int, default=256)
    parser.add_argument("--preload", type=int, default=3)
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--schedules", default="eager,lazy,random")
    parser.add_argument("--wrapper", action="store_true", help="one entry function that calls both halves")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    kernel = args.out / "flash_attention.pto"
    generated = run([sys.executable, HERE / "generate.py", f"--tile={args.tile}", f"--preload={args.preload}",
                     f"--rows={args.rows}", *(["--wrapper"] if args.wrapper else [])])
    if generated.returncode:
        sys.exit(generated.stderr)
    kernel.write_text(generated.stdout)
    compiled = run([args.build / "bin/ptoas", kernel, "--pto-arch=a3", "--pto-level=level3", "--enable-insert-sync",
                    "--explain-sync", "--pto-print-pipes", "-o", kernel.with_suffix(".cpp")])
    if compiled.returncode:
        sys.exit(compiled.stdout + compiled.stderr)
    print("flash_attention")
    for line in compiled.stderr.splitlines():
        if line.startswith("pipe id") or ": proven" in line:
            print("  " + line)
    good = [simulate(args, kernel, int(keys), schedule)
            for keys in args.keys.split(",") for schedule in args.schedules.split(",")]
    print(f"  files: C++ {kernel.with_suffix('.cpp')}, timeline of the last run {args.out}/trace.json")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
