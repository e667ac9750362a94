#!/usr/bin/env python3
"""Compares every number of --sync-report with the C++ that was printed, which is read here as text.

usage: count_sync.py AT-LEAST [PTOAS-OPTION...] -- FILE-OR-FOLDER...

Counted are the lines set_flag, wait_flag, pipe_barrier and dsb of each function, and how often they run: loops by their bounds,
or eight times when the last is no number; the arms of a branch in turns when its condition is no number either. Files that
are refused are left out, and so is what runs of a function that this script cannot follow (`while`, `switch`); AT-LEAST
so many functions must be left whose executed instructions were compared.
"""
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

UNKNOWN_TRIPS = 8
FUNCTION = re.compile(r"AICORE (?:inline )?\w[\w ]*?\**\s*\b(\w+)\(.*\) \{$")
SYNC = re.compile(r"^(set_flag|wait_flag|pipe_barrier|dsb)\((.*)\);")
CONSTANT = re.compile(r"^(?:const )?(?:int\d+_t|bool|uint\d+_t|size_t) (\w+) = (.*);$")


class Unfollowed(Exception):
    """Control flow that is not read here."""


def kind_of(line: str) -> str | None:
    """`flags`, `barriers`, `barriersAll` or `fences`, as the report calls them."""
    found = SYNC.match(line)
    if not found:
        return None
    if found[1] == "pipe_barrier":
        return "barriersAll" if found[2] == "PIPE_ALL" else "barriers"
    return "fences" if found[1] == "dsb" else "flags"


def pairs_of(line: str) -> str | None:
    found = SYNC.match(line)
    if not found or not found[1].endswith("_flag"):
        return None
    return ">".join(part.strip().removeprefix("PIPE_") for part in found[2].split(",")[:2])


def bodies(text: str) -> dict[tuple[str, str], list[str]]:
    """The lines of each function and core."""
    found: dict[tuple[str, str], list[str]] = {}
    name, core, depth = "", "", 0
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("#if"):
            core = "cube" if "CUBE" in line else "vector"
        elif line.startswith("#endif"):
            core = ""
        elif not name and FUNCTION.search(line):
            name, depth = FUNCTION.search(line)[1], 1
        elif name:
            depth += line.count("{") - line.count("}")
            if depth == 0:
                name = ""
                continue
            for one in (core,) if core else ("cube", "vector"):
                found.setdefault((name, one), []).append(line)
    return found


class Run:
    """Executes the control flow of a function."""

    def __init__(self, functions: dict, core: str):
        self.functions, self.core = functions, core
        self.counts: Counter = Counter()
        self.turns: Counter = Counter()
        self.steps = 0

    def value(self, text: str, env: dict):
        text = re.sub(r"\((?:u?int\d+_t|event_t|bool)\)", "", text)
        text = re.sub(r"\b(\d+)(?:u|ul|ull|l|ll)\b", r"\1", text, flags=re.I)
        if not re.fullmatch(r"[\w\s+\-*/%()<>=!&|]*", text) or "->" in text:
            return None
        text = text.replace("/", "//").replace("&&", " and ").replace("||", " or ").replace("true", "True").replace("false", "False")
        try:
            return eval(text, {"__builtins__": {}}, env)  # numbers and names of loops, by the pattern above
        except Exception:
            return None

    def function(self, name: str):
        self.block(self.functions.get((name, self.core), []), 0, {}, (name,))

    @staticmethod
    def end_of(lines: list[str], start: int) -> int:
        """The line that closes the block which `start` opens."""
        depth = 1
        for i in range(start + 1, len(lines)):
            line = lines[i]
            if depth == 1 and line.startswith("}"):
                return i
            depth += line.count("{") - line.count("}")
        raise Unfollowed("braces")

    def block(self, lines: list[str], begin: int, env: dict, where: tuple):
        i = begin
        while i < len(lines):
            self.steps += 1
            if self.steps > 2_000_000:
                raise Unfollowed("too long")
            line = lines[i]
            if line.startswith("for ("):
                i = self.loop(lines, i, env, where)
            elif line.startswith("if ("):
                i = self.branch(lines, i, env, where)
            elif re.match(r"(while|do|switch)\b", line):
                raise Unfollowed(line)
            elif line == "{":
                end = self.end_of(lines, i)
                self.block(lines[i + 1:end], 0, dict(env), where + (i,))
                i = end + 1
            else:
                self.statement(line, env)
                i += 1

    def statement(self, line: str, env: dict):
        kind = kind_of(line)
        if kind:
            self.counts[kind] += 1
            return
        constant = CONSTANT.match(line)
        if constant:
            env[constant[1]] = self.value(constant[2], env)
            if env[constant[1]] is None:
                del env[constant[1]]
            return
        assigned = re.match(r"^(\w+) = .*;$", line)
        if assigned:
            env.pop(assigned[1], None)
        call = re.match(r"^(?:\w+ \w+ = )?(\w+)\(.*\);$", line)
        if call and (call[1], self.core) in self.functions:
            self.function(call[1])

    def loop(self, lines: list[str], start: int, env: dict, where: tuple) -> int:
        head = re.match(r"for \(\w+ (\w+) = (.*); \w+ < (.*); (?:\+\+\w+|\w+ \+= (.*))\) \{$", lines[start])
        if not head:
            raise Unfollowed(lines[start])
        end = self.end_of(lines, start)
        first, last, step = self.value(head[2], env), self.value(head[3], env), self.value(head[4] or "1", env)
        if None in (first, step):
            places = [None] * UNKNOWN_TRIPS
        elif last is None:
            places = list(range(first, first + UNKNOWN_TRIPS * step, step))
        else:
            places = list(range(first, last, step))
        for place in places:
            inner = dict(env)
            inner.pop(head[1], None)
            if place is not None:
                inner[head[1]] = place
            self.block(lines[start + 1:end], 0, inner, where + (start,))
        return end + 1

    def branch(self, lines: list[str], start: int, env: dict, where: tuple) -> int:
        condition = re.match(r"if \((.*)\) \{$", lines[start])
        if not condition:
            raise Unfollowed(lines[start])
        end = self.end_of(lines, start)
        arms, after = [lines[start + 1:end]], end + 1
        if lines[end].startswith("} else {"):
            close = self.end_of(lines, end)
            arms.append(lines[end + 1:close])
            after = close + 1
        elif lines[end] != "}":
            raise Unfollowed(lines[end])
        else:
            arms.append([])
        chosen = self.value(condition[1], env)
        key = where + (start,)
        arm = self.turns[key] % 2 if chosen is None else int(not chosen)
        self.turns[key] += chosen is None
        self.block(arms[arm], 0, dict(env), key + (arm,))
        return after


def compare(file: Path, options: list[str]) -> tuple[int, list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        report, printed = Path(folder) / "r.json", Path(folder) / "o.cpp"
        done = subprocess.run(["ptoas", str(file), *options, f"--sync-report={report}", "-o", str(printed)],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            return 0, []
        functions = json.loads(report.read_text())["functions"]
        code = bodies(printed.read_text())
    compared, wrong = 0, []
    for f in functions:
        where = f"{file}: @{f['function']} on the {f['core']} core"
        lines = code.get((f["function"], f["core"]), [])
        static = Counter(filter(None, map(kind_of, lines)))
        wrong += [f"{where}: {what} is {f[what]}, the C++ has {static[what]}"
                  for what in ("flags", "barriers", "barriersAll", "fences") if f[what] != static[what]]
        pairs = set(filter(None, map(pairs_of, lines)))
        if pairs != set(f["eventIds"]):
            wrong.append(f"{where}: eventIds has {sorted(f['eventIds'])}, the C++ {sorted(pairs)}")
        texts = Counter(i["text"].split()[0] for i in f["inserted"])
        if texts["set_flag"] != f["handoffs"]:
            wrong.append(f"{where}: {f['handoffs']} handoffs, {texts['set_flag']} inserted sets")
        if len(f["insertedBarriersAll"]) != sum(i["text"] == "pipe_barrier ALL" for i in f["inserted"]):
            wrong.append(f"{where}: insertedBarriersAll is not what was inserted")
        if f["modelled"] is None:
            continue
        run = Run(code, f["core"])
        try:
            run.function(f["function"])
        except Unfollowed:
            continue
        compared += 1
        wrong += [f"{where}: executed {what} {f['modelled'][what]}, the C++ runs {run.counts[what]}"
                  for what in ("flags", "barriers", "barriersAll", "fences") if f["modelled"][what] != run.counts[what]]
    return compared, wrong


def main() -> int:
    least = int(sys.argv[1])
    split = sys.argv.index("--")
    options, places = sys.argv[2:split], sys.argv[split + 1:]
    compared, wrong = 0, []
    for place in map(Path, places):
        for file in sorted(place.rglob("*.pto")) if place.is_dir() else [place]:
            some, errors = compare(file, options)
            compared += some
            wrong += errors
    print("\n".join(wrong))
    print(f"{compared} functions run as their report says, {len(wrong)} wrong numbers")
    return 1 if wrong or compared < least else 0


if __name__ == "__main__":
    sys.exit(main())
