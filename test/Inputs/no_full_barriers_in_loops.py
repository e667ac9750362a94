#!/usr/bin/env python3
"""Compiles every kernel of some folders with --enable-insert-sync and fails when PIPE_ALL was put into a loop.

usage: no_full_barriers_in_loops.py AT-LEAST FOLDER...

Files that are not kernels by themselves, or are refused on purpose, are left out; AT-LEAST so many must be left.
"""
import json
import subprocess
import sys
from pathlib import Path


def reports(file: Path, arch: str) -> list[dict]:
    done = subprocess.run(["ptoas", str(file), "--enable-insert-sync", f"--pto-arch={arch}", "--sync-report=-", "-o", "/dev/null"],
                          capture_output=True, text=True, check=False)
    if done.returncode or not done.stdout.startswith("{"):
        return []
    return json.loads(done.stdout)["functions"]


def is_foreign(barrier: dict) -> bool:
    """Around a call of a function from elsewhere: there is no other way."""
    return all(reason.startswith("nothing is known of @") for reason in barrier["reasons"])


def main() -> int:
    least, folders = int(sys.argv[1]), sys.argv[2:]
    compiled, bad = 0, []
    for folder in folders:
        for file in sorted(Path(folder).rglob("*.pto")):
            for arch in ("a3", "a5"):
                functions = reports(file, arch)
                compiled += bool(functions)
                bad += [f"{file} on {arch}: @{f['function']} before {b['before']}" for f in functions
                        for b in f["insertedBarriersAll"] if b["inLoop"] and not is_foreign(b)]
    print("\n".join(bad))
    print(f"{compiled} kernels, {len(bad)} PIPE_ALL in loops")
    return 1 if bad or compiled < least else 0


if __name__ == "__main__":
    sys.exit(main())
