"""Twin tests of the findings: twins.py FILE.pto

The file names its kind in a line `// KIND: race` and the arguments of pto-sim in `// ARGS: ...`; `// DEFECT-ARGS:` and
`// CLEAN-ARGS:` are added for one twin. Functions whose names begin with `defect` must give the finding, under eager, lazy and random
schedules, at the lines marked `// HERE` and, when there is one, `// THERE` as the other place, with the bytes of `// BYTES: MEMORY
BEGIN END` if the function says so, and with the words of each `// SAYS: ...` in its text or a note. Those that begin with `clean` must
give nothing at all. Functions `defect_x_cube` and `defect_x_vector` are the halves of one kernel.
"""
import json
import re
import shlex
import subprocess
import sys


def read(path):
    """Options by name, and per function its marks: line numbers of HERE and THERE, bytes, words."""
    options, functions, current = {}, {}, None
    for number, line in enumerate(open(path), 1):
        if match := re.match(r"// ([A-Z-]+): (.*)", line):
            options.setdefault(match[1], match[2].strip())
        if match := re.search(r"func\.func @((?:defect|clean)\w*)", line):
            current = functions.setdefault(match[1], {"HERE": set(), "THERE": set(), "BYTES": None, "SAYS": []})
        if current is None:
            continue
        if match := re.search(r"// BYTES: (.*) (\d+) (\d+)$", line):
            current["BYTES"] = (match[1], int(match[2]), int(match[3]))
        if match := re.search(r"// SAYS: (.*)", line):
            current["SAYS"].append(match[1])
        for mark in ("HERE", "THERE"):
            if re.search(rf"// (THERE, )?{mark}\b", line):
                current[mark].add(number)
    return options, functions


def run(path, function, options, extra):
    is_defect = function.startswith("defect")
    command = ["pto-sim", path, "--function=" + function, "--report=-"]
    command += shlex.split(options["ARGS"]) + shlex.split(options.get("DEFECT-ARGS" if is_defect else "CLEAN-ARGS", ""))
    done = subprocess.run(command + extra, capture_output=True, text=True)
    if done.returncode not in (0, 1) or "{" not in done.stdout:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
    # The summary comes first, then the report.
    return json.loads(done.stdout[done.stdout.index("\n{") + 1 :]), done.stderr, done.returncode


def line_of(place):
    parts = place["location"].rsplit(":", 2)
    return int(parts[1]) if len(parts) == 3 else 0


def check_defect(name, kind, marks, report):
    for finding in report["findings"]:
        if finding["kind"] != kind or not finding["what"]:
            continue
        if marks["HERE"] and line_of(finding["where"]) not in marks["HERE"]:
            continue
        if marks["THERE"] and ("other" not in finding or line_of(finding["other"]) not in marks["THERE"]):
            continue
        if marks["BYTES"]:
            got = finding.get("bytes", {})
            if (got.get("memory"), got.get("begin"), got.get("end")) != marks["BYTES"]:
                continue
        said = "\n".join([finding["what"], *finding.get("notes", [])])
        if not all(words in said for words in marks["SAYS"]):
            continue
        assert finding["count"] >= 1 and finding.get("notes", ["x"])
        return
    sys.exit(f"@{name}: no {kind} at lines {marks}\n" + json.dumps(report["findings"], indent=1))


def main(path):
    options, functions = read(path)
    halves = lambda name: re.sub(r"_(cube|vector)$", "", name)
    merged = {}
    for name, marks in functions.items():
        into = merged.setdefault(halves(name), {"names": [], "HERE": set(), "THERE": set(), "BYTES": None, "SAYS": []})
        into["names"].append(name)
        for key in ("HERE", "THERE"):
            into[key] |= marks[key]
        into["SAYS"] += marks["SAYS"]
        into["BYTES"] = into["BYTES"] or marks["BYTES"]
    assert any(n.startswith("defect") for n in merged) and any(n.startswith("clean") for n in merged), "twins come in pairs"
    severities = {"error": 1, "warning": 0}
    for name, marks in merged.items():
        for extra in (["--schedule=eager"], ["--schedule=lazy"], ["--schedule=random", "--runs=4"]):
            report, text, code = run(path, ",".join(marks["names"]), options, extra)
            if name.startswith("clean"):
                assert not report["findings"] and code == 0, f"@{name} {extra}:\n{text}"
                continue
            check_defect(name, options["KIND"], marks, report)
            severity = next(f["severity"] for f in report["findings"] if f["kind"] == options["KIND"])
            assert code == severities[severity] or code == 1, f"@{name}: exit code {code}"
            assert f": {severity}: " in text, text


main(sys.argv[1])
