#!/usr/bin/env python3
"""Runs pto-sim under every schedule and both readings of a flag, and once with PIPE_ALL before everything.

usage: every_schedule.py KERNEL [pto-sim options, --enable-insert-sync among them]

Fails when a run has a finding, or when an array that an --arg names ends with other bytes than under the eager schedule.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SCHEDULES = ([], ["--flag-model=bit"], ["--schedule=lazy"], ["--schedule=lazy", "--flag-model=bit"],
             ["--schedule=random", "--runs=6"], ["--schedule=random", "--runs=6", "--flag-model=bit"])


def arrays(options: list[str]) -> list[str]:
    """Names of the arguments that are arrays of their own."""
    values = [o.removeprefix("--arg=") for o in options if o.startswith("--arg=")]
    values += [value for flag, value in zip(options, options[1:]) if flag == "--arg"]
    return [name for name, _, value in (v.partition("=") for v in values)
            if re.match(r"random:|zeros:|poison:|window:|.*\.npy", value)]


def main() -> int:
    options = sys.argv[1:]
    drained = ["--enable-inject-barrier-all-sync" if o == "--enable-insert-sync" else o for o in options]
    expected: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as folder:
        for command in ([*options, *schedule] for schedule in SCHEDULES):
            if not check(command, folder, arrays(options), expected):
                return 1
        return 0 if check([*drained, "--schedule=lazy"], folder, arrays(options), expected) else 1


def check(command: list[str], folder: str, names: list[str], expected: dict[str, bytes]) -> bool:
    outputs = [f"--out={name}={folder}/{name}.npy" for name in names]
    done = subprocess.run(["pto-sim", *command, *outputs], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"pto-sim {' '.join(command)}\n{done.stdout}{done.stderr}")
        return False
    for name in names:
        found = Path(folder, f"{name}.npy").read_bytes()
        if expected.setdefault(name, found) != found:
            print(f"pto-sim {' '.join(command)}: {name} differs from the eager run")
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
