#!/usr/bin/env python3
"""Compile time of ptoas: start-up on a tiny kernel, and growth with the number of tile operations.

usage: compile_time.py [--ptoas FILE] [--largest N]

Growth: kernels of gen_kernel.py with 100 to 25,600 tile operations, straight and in a loop, without
and with --enable-insert-sync; the best of three runs each. `ratio` is the time over that of the size
before, and `exponent` the power of the size with which the time grew since then: 1 is linear, 2
quadratic. Start-up: the median of 20 runs on a kernel of four tile operations; goal: 5 ms.
"""
import argparse
import math
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gen_kernel import kernel

ROOT = Path(__file__).resolve().parents[1]
SIZES = (100, 400, 1600, 6400, 25600)  # tile operations, four to a group
SLOTS = 8


def seconds(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - begin


def startup(command: list[str]) -> float:
    return statistics.median(seconds(command) for _ in range(20))


def growth(command: list[str], source: Path, loop: bool, largest: int) -> None:
    """One line per size: time, ratio and exponent, without and with synchronisation."""
    before: tuple[float, float] | None = None
    for size in (size for size in SIZES if size <= largest):
        source.write_text(kernel(size // 4, SLOTS, loop))
        now = tuple(min(seconds([*command, *flags]) for _ in range(3))
                    for flags in ([], ["--enable-insert-sync"]))
        cells = "".join(f"{t:>9.3f} s" + (f"{t / b:>8.2f}{math.log(t / b, 4):>10.2f}" if b else f"{'':>18}")
                        for t, b in zip(now, before or (0.0, 0.0), strict=True))
        print(f"{'loop' if loop else 'straight':<10}{size:>9}{cells}", flush=True)
        before = now


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
        source.write_text(kernel(1, 1, False))
        plain, synced = startup(command), startup([*command, "--enable-insert-sync"])
        print(f"start-up, 4 tile ops: {plain * 1e3:.1f} ms, with sync {synced * 1e3:.1f} ms (median of 20; a process "
              f"that does nothing takes {startup(['true']) * 1e3:.1f} ms here)\n")
        print(f"{'':<19}{'without sync':^29}{'with sync':^29}")
        print(f"{'kernel':<10}{'tile ops':>9}" + f"{'time':>11}{'ratio':>8}{'exponent':>10}" * 2)
        for loop in (False, True):
            growth(command, source, loop, arguments.largest)
    return 0


if __name__ == "__main__":
    sys.exit(main())
