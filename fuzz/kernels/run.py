#!/usr/bin/env python3
"""Random kernels through ptoas and pto-sim until something breaks.

  run.py --bin build/bin [--kind vector,cube,comm,mixed,fifo,hang] [--seed S] [--programs N] [--minutes M] [--thorough] [--keep DIR]
  run.py --show KIND:SEED      prints one program

Programs depend on kind and seed only. A broken promise leaves the program in --keep and its seed on standard output.
"""

import argparse
import importlib
import os
import random
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from judge import Broken, Judge
from program import Uninitialised

KINDS = ["vector", "cube", "comm", "mixed", "fifo", "hang"]


def program_of(kind, seed):
    return importlib.import_module(kind).generate(random.Random(f"{kind} {seed}"), seed)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/bin")
    parser.add_argument("--kind", default=",".join(KINDS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--programs", type=int, default=50, help="of each kind")
    parser.add_argument("--minutes", type=float, help="go on for this long instead")
    parser.add_argument("--thorough", action="store_true", help="more schedules, more mutants")
    parser.add_argument("--keep", default="build/broken-kernels")
    parser.add_argument("--most", type=int, default=5, help="stop after so many broken promises")
    parser.add_argument("--show")
    options = parser.parse_args()
    if options.show:
        kind, seed = options.show.split(":")
        print(program_of(kind, int(seed)).text, end="")
        return 0

    kinds, broken, skipped, done = options.kind.split(","), 0, 0, 0
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        judge = Judge(options.bin, scratch, options.thorough)
        seed = options.seed
        while broken < options.most:
            timed_out = options.minutes and time.monotonic() - begin > options.minutes * 60
            if timed_out or (not options.minutes and seed >= options.seed + options.programs):
                break
            for kind in kinds:
                try:
                    program = program_of(kind, seed)
                    program.check(judge) if hasattr(program, "check") else judge.judge(program)
                    done += 1
                except Uninitialised:
                    skipped += 1  # the generator cannot see that a branch leaves a tile empty
                except Broken as problem:
                    broken += 1
                    kept = os.path.join(options.keep, f"{kind}-{seed}")
                    shutil.copytree(scratch, kept, dirs_exist_ok=True)
                    print(f"{kind}:{seed} BROKEN, kept in {kept}\n{problem}\n", flush=True)
            seed += 1
    print(f"{done} programs kept every promise, {broken} did not, {skipped} had no meaning; {judge.mutants} mutants, "
          f"{judge.rejected} rejected by the checker, the other {judge.judged} clean in the simulator "
          f"({time.monotonic() - begin:.0f} s)")
    if "hang" in kinds:
        print(f"conversations: {judge.accepted} proven to end, {judge.refused} refused and hanging or unbalanced, {judge.unproven} said "
              f"to be unproven, {judge.ruled_out} against a rule")
    return 1 if broken or not done else 0


if __name__ == "__main__":
    sys.exit(main())
