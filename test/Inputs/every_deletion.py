"""every_deletion.py FILE: ptoas proves the hand-written synchronisation of FILE, and of no copy of it in which one flag is missing.

The last barrier of each function (PIPE_ALL) stays: at the end it may be more than is needed."""
import os
import re
import subprocess
import sys
import tempfile


def verdict(text, path):
    with open(path, "w") as file:
        file.write(text)
    command = ["ptoas", path, "--verify-sync=error", "-o", os.devnull]
    return subprocess.run(command, capture_output=True, text=True)


def main():
    with open(sys.argv[1]) as file:
        lines = file.read().splitlines(keepends=True)
    flags = [i for i, line in enumerate(lines) if re.match(r"\s*pto\.(set|wait)_flag", line)]
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "kernel.pto")
        whole = verdict("".join(lines), path)
        if whole.returncode:
            sys.exit("not proven as it is:\n" + whole.stderr)
        for i in flags:
            if not verdict("".join(lines[:i] + lines[i + 1:]), path).returncode:
                sys.exit(f"proven without line {i + 1}: {lines[i]}")
    print(len(flags), "flags, each is needed")


main()
