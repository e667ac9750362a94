#!/usr/bin/env python3
"""Compile time and memory of ptoas: start-up on a tiny kernel, and growth with the number of tile operations.

usage: compile_time.py [--ptoas FILE] [--largest N]

Growth: kernels of gen_kernel.py with 100 to 102,400 tile operations, straight, in a loop and in branches, without and with
--enable-insert-sync; CPU time, the best of three runs each. `exponent` is the power of the size with which the time
grew since the size before: 1 is linear, 2 quadratic; the last line of each kind has it from the first size to the
last. `KB/op` is peak memory above that of a tiny kernel, with synchronisation. Nests: 6,400 operations in the
innermost of 1 to 8 loops. Start-up: the median of 20 runs on a kernel of four tile operations; goal: 5 ms.
"""
import argparse
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SIZES = (100, 400, 1600, 6400, 25600, 102400)  # tile operations, four to a group
DEPTHS = (1, 2, 4, 8)
SLOTS = 8


def write_kernel(file: Path, groups: int, form: list[str], slots: int = SLOTS) -> None:
    """By a process of its own: peak memory of a child is at least what this process takes when it starts it."""
    command = [sys.executable, str(Path(__file__).with_name("gen_kernel.py")), str(groups), str(slots)]
    with file.open("w") as text:
        subprocess.run(command + form, stdout=text, check=True)


def measure(command: list[str]) -> tuple[float, int]:
    """CPU seconds and peak memory in KB."""
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def best(command: list[str]) -> tuple[float, int]:
    """The least of three runs, of both: a child that is still a copy of this process counts the memory of Python."""
    times, peaks = zip(*(measure(command) for _ in range(3)))
    return min(times), min(peaks)


def startup(command: list[str]) -> float:
    def wall() -> float:
        begin = time.perf_counter()
        subprocess.run(command, check=True)
        return time.perf_counter() - begin
    return statistics.median(wall() for _ in range(20))


def growth(command: list[str], source: Path, name: str, largest: int, base: int) -> None:
    """One line per size, without and with synchronisation."""
    sizes = [size for size in SIZES if size <= largest]
    rows: list[list[tuple[float, int]]] = []
    for size in sizes:
        write_kernel(source, size // 4, [] if name == "straight" else [name])
        rows.append([best([*command, *flags]) for flags in (["--verify-sync=off"], ["--enable-insert-sync"])])
        cells = ""
        for column in (0, 1):
            exponent = f"{math.log(rows[-1][column][0] / rows[-2][column][0], 4):>10.2f}" if len(rows) > 1 else f"{'':>10}"
            cells += f"{rows[-1][column][0]:>9.3f} s{exponent}"
        print(f"{name:<10}{size:>9}{cells}{(rows[-1][1][1] - base) / size:>10.1f}", flush=True)
    if len(rows) > 1:
        overall = [math.log(rows[-1][c][0] / rows[0][c][0], sizes[-1] / sizes[0]) for c in (0, 1)]
        print(f"{name:<10}{'overall':>9}" + "".join(f"{'':>11}{value:>10.2f}" for value in overall))


def nests(command: list[str], source: Path) -> None:
    print(f"\n{'depth':<10}{'with sync':>11}{'over depth 1':>14}")
    first = 0.0
    for depth in DEPTHS:
        write_kernel(source, 1600, ["nest", str(depth)])
        seconds, _ = best([*command, "--enable-insert-sync"])
        first = first or seconds
        print(f"{depth:<10}{seconds:>9.3f} s{seconds / first:>14.2f}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ptoas", type=Path, default=ROOT / "build/bin/ptoas", help="default: build/bin/ptoas")
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="leave larger kernels out")
    arguments = parser.parse_args()
    if not arguments.ptoas.exists():
        print(f"{arguments.ptoas} does not exist: run `make build` first", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "k.pto"
        command = [str(arguments.ptoas), str(source), "--pto-arch=a3", "-o", f"{folder}/k.cpp"]
        write_kernel(source, 1, [], slots=1)
        plain, synced = startup([*command, "--verify-sync=off"]), startup([*command, "--enable-insert-sync"])
        _, base = measure([*command, "--enable-insert-sync"])
        print(f"start-up, 4 tile ops: {plain * 1e3:.1f} ms, with sync {synced * 1e3:.1f} ms (median of 20; a process "
              f"that does nothing takes {startup(['true']) * 1e3:.1f} ms here)\n")
        print(f"{'':<19}{'without sync':^21}{'with sync':^31}")
        print(f"{'kernel':<10}{'tile ops':>9}" + f"{'CPU time':>11}{'exponent':>10}" * 2 + f"{'KB/op':>10}")
        for name in ("straight", "loop", "arms"):
            growth(command, source, name, arguments.largest, base)
        nests(command, source)
    return 0


if __name__ == "__main__":
    sys.exit(main())
