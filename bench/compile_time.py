#!/usr/bin/env python3
"""Compile time of ptoas against the number of tile operations.

usage: compile_time.py [PTOAS=build/bin/ptoas]

Prints the best of three runs per kernel of gen_kernel.py, straight and in a loop, without and with
--enable-insert-sync. The last column is the growth per doubling of the kernel: 2 is linear, 4 quadratic.
"""
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gen_kernel import kernel

SIZES = (100, 400, 1600, 6400)


def seconds(command: list[str]) -> float:
    best = math.inf
    for _ in range(3):
        begin = time.perf_counter()
        subprocess.run(command, check=True)
        best = min(best, time.perf_counter() - begin)
    return best


def main() -> None:
    ptoas = sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).resolve().parents[1] / "build/bin/ptoas")
    print(f"{'kernel':<10}{'tile ops':>10}{'no sync':>10}{'sync':>10}{'growth':>10}")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "k.pto"
        for loop in (False, True):
            before = None
            for size in SIZES:
                source.write_text(kernel(size, 8, loop))
                command = [ptoas, str(source), "--pto-arch=a3", "-o", f"{folder}/k.cpp"]
                plain, synced = seconds(command), seconds([*command, "--enable-insert-sync"])
                growth = (synced / before) ** 0.5 if before else math.nan  # sizes grow by four
                before = synced
                print(f"{'loop' if loop else 'straight':<10}{4 * size:>10}{plain:>9.3f}s{synced:>9.3f}s"
                      + (f"{growth:>10.2f}" if math.isfinite(growth) else ""))


if __name__ == "__main__":
    main()
