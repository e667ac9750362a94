"""Feeds damaged copies of a file to ptoas: each must end with 0 or 1, errors with a message."""
import subprocess
import sys

data = open(sys.argv[1], "rb").read()
copies = [data[: len(data) * i // 8] for i in range(8)]
copies += [data[:i] + bytes([data[i] ^ 0xFF]) + data[i + 1 :] for i in range(0, min(400, len(data)), 3)]
for copy in copies:
    run = subprocess.run(["ptoas", "-", "--emit-pto-ir"], input=copy, capture_output=True)
    if run.returncode not in (0, 1) or (run.returncode == 1 and b"error" not in run.stderr.lower()):
        sys.exit(f"exit code {run.returncode} for {copy!r}\n{run.stderr.decode(errors='replace')}")
print(f"{len(copies)} damaged copies")
