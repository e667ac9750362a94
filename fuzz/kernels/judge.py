"""Runs ptoas and pto-sim on a random program and says which promise they broke.

  accepted     ptoas --enable-insert-sync accepts the program, its own checker included
  clean        the simulator finds nothing in the result, under every schedule and both readings of a flag
  values       the arrays are those of the program run in order, also with --enable-inject-barrier-all-sync
  library      the headers of the library take the C++ of kernels with pipes (thorough)
  round trip   the printed IR parses again and gives the same C++, with and without --enable-insert-sync; so does a second compilation
  mutants      what the simulator finds after the synchronisation was damaged, the checker rejects
"""

import os
import re
import subprocess

import numpy as np


class Broken(Exception):
    pass


class Judge:
    def __init__(self, bin_, scratch, thorough=False):
        self.ptoas, self.sim = os.path.join(bin_, "ptoas"), os.path.join(bin_, "pto-sim")
        self.scratch, self.thorough = scratch, thorough
        self.mutants = self.rejected = self.found = self.judged = 0
        self.accepted = self.refused = self.unproven = self.ruled_out = 0  # of hang.py

    def path(self, name):
        return os.path.join(self.scratch, name)

    def run(self, tool, *arguments):
        done = subprocess.run([tool, *arguments], capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout + done.stderr

    def need(self, what, tool, *arguments):
        code, text = self.run(tool, *arguments)
        if code:
            raise Broken(f"{what}: {' '.join((os.path.basename(tool), *arguments))}\n{text[:3000]}")
        return text

    def need_cpp(self, program, name):
        """The library takes it, for both kinds of core."""
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts/check-cpp.sh")
        if hasattr(program, "arch"):
            self.need("library", "bash", script, self.path(name), program.arch)

    def bytes_of(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    # -- simulation ----------------------------------------------------------------------------------------------

    def simulation(self, program, source, run, out, *flags):
        arguments = [source, f"--function={program.kernel.name}", f"--blocks={program.blocks}", f"--ranks={program.ranks}", *flags,
                     *getattr(program, "flags", ())]
        rank = "{rank}" if program.ranks > 1 else "0"
        for name in program.arrays:
            arguments += [f"--arg={name}={self.path(f'in_{name}_{rank}.npy')}", f"--out={name}={self.path(f'{out}_{name}_{rank}.npy')}"]
        for name, (offset, element, count) in program.windows.items():
            arguments += [f"--arg={name}=window:{offset}:{count}:{element}", f"--out={name}={self.path(f'{out}_{name}_{rank}.npy')}"]
        for name, (_, values) in program.scalars.items():
            arguments.append(f"--arg={name}={values[run]}")
        if program.ranks > 1:
            arguments += ["--arg=ctx=ctx", "--arg=peer=peer"]
        return arguments

    def compare(self, program, expected, out, how):
        for rank, arrays in enumerate(expected):
            for name, values in arrays.items():
                got = np.load(self.path(f"{out}_{name}_{rank}.npy")).reshape(-1)
                floats = values.dtype.kind == "f"
                same = got == values if not floats else (got == values) | (np.isnan(got) & np.isnan(values))
                if not program.exact and floats:
                    same |= np.isclose(got.astype(np.float64), values.astype(np.float64), rtol=2e-3, atol=1e-2)
                if not same.all():
                    at = int(np.argmin(same))
                    raise Broken(f"values {how}: {name}[{at}] of rank {rank} is {got[at]}, not {values[at]} "
                                 f"({int((~same).sum())} of {same.size} differ)")

    def simulate(self, program, source, run, expected, *flags):
        how = " ".join(flags)
        self.need(f"clean {how}", self.sim, *self.simulation(program, source, run, "out", *flags))
        self.compare(program, expected, "out", how)

    # -- the promises --------------------------------------------------------------------------------------------

    def judge(self, program):
        text = program.text
        for name in os.listdir(self.scratch):  # what is kept of a broken program is its own
            os.remove(self.path(name))
        source, synced = self.path("k.pto"), self.path("s.pto")
        with open(source, "w") as file:
            file.write(text)
        inputs = program.inputs()
        expected = [program.expected(inputs, run) for run in (0, 1)]
        for rank, arrays in enumerate(inputs):
            for name, values in arrays.items():
                np.save(self.path(f"in_{name}_{rank}.npy"), values)
        level = f"--pto-level={program.level}"
        self.need("accepted", self.ptoas, source, level, "--enable-insert-sync", "--emit-pto-ir", "-o", synced)
        self.need("accepted", self.ptoas, source, level, "--enable-insert-sync", "-o", self.path("a.cpp"))
        self.need("round trip", self.ptoas, synced, "--pto-level=level3", "--verify-sync=error", "-o", self.path("b.cpp"))
        if self.bytes_of("a.cpp") != self.bytes_of("b.cpp"):
            raise Broken("round trip: C++ of the printed IR differs")
        self.need("round trip", self.ptoas, synced, "--pto-level=level3", "--enable-insert-sync", "-o", self.path("b.cpp"))
        if self.bytes_of("a.cpp") != self.bytes_of("b.cpp"):
            raise Broken("round trip: what is synchronised was synchronised once more")
        if self.thorough:
            self.need("accepted", self.ptoas, source, level, "--enable-insert-sync", "-o", self.path("c.cpp"))
            if self.bytes_of("a.cpp") != self.bytes_of("c.cpp"):
                raise Broken("two compilations differ")
            self.need_cpp(program, "a.cpp")
        plain = ["--pto-level=level3"]
        # Findings are the same under every schedule; values are not, where something was overlooked.
        self.simulate(program, synced, 0, expected[0], *plain, "--schedule=lazy", "--flag-model=bit")
        self.simulate(program, synced, 1, expected[1], *plain, "--schedule=random", "--runs=5", f"--seed={program.seed}")
        if self.thorough:
            self.simulate(program, synced, 1, expected[1], *plain, "--schedule=eager")
            self.simulate(program, synced, 0, expected[0], *plain, "--schedule=random", "--runs=5", "--flag-model=bit")
        self.simulate(program, source, program.seed % 2, expected[program.seed % 2], level, "--enable-inject-barrier-all-sync",
                      "--schedule=lazy")
        with open(synced) as file:
            self.judge_mutants(program, file.read().splitlines())

    # -- mutants -------------------------------------------------------------------------------------------------

    SYNC = re.compile(r"^\s*pto\.(set_flag|wait_flag|set_flag_dyn|wait_flag_dyn|barrier|dsb)\b")

    def damaged(self, program, lines):
        """Lists of line numbers whose deletion makes a mutant: single items, handoffs, all flags of one key."""
        items = [i for i, line in enumerate(lines) if self.SYNC.match(line)]
        keys = {}
        for i in items:
            key = re.search(r"flag(?:_dyn)?(\[.*\])", lines[i])
            if key:
                keys.setdefault(key.group(1), []).append(i)
        mutants = [[i] for i in items if "flag" not in lines[i]]
        for places in keys.values():
            if len(places) > 2:
                mutants.append(places)
            for first, second in zip(places, places[1:]):
                if ("set_flag" in lines[first]) != ("set_flag" in lines[second]):
                    mutants.append([first, second])
        most = 40 if self.thorough else 12
        if len(mutants) > most:
            source = np.random.default_rng(program.seed)
            mutants = [mutants[i] for i in sorted(source.choice(len(mutants), most, replace=False))]
        return mutants

    def judge_mutants(self, program, lines):
        mutants = self.damaged(program, lines)
        if not mutants:
            return
        # One module holds all mutants, each with names of its own, so that one run of the checker judges them all.
        names = [f.name for f in program.functions]
        rename = re.compile(r"@(" + "|".join(names) + r")\b")
        text, ranges = [lines[0]], []
        for number, doomed in enumerate(mutants):
            start = len(text)
            text += [rename.sub(rf"@\1_m{number}", line) for i, line in enumerate(lines[1:-1], 1) if i not in doomed]
            ranges.append((start + 1, len(text)))
        text.append(lines[-1])
        file_name = self.path("m.pto")
        with open(file_name, "w") as file:
            file.write("\n".join(text) + "\n")
        code, output = self.run(self.ptoas, file_name, "--pto-level=level3", "--verify-sync=error", "-o", self.path("m.cpp"))
        if code not in (0, 1):
            raise Broken(f"mutants: ptoas ends with {code}\n{output[:2000]}")
        bad = {int(line) for line in re.findall(r"m\.pto:(\d+):\d+: error", output)}
        self.mutants += len(mutants)
        for number, (first, last) in enumerate(ranges):
            if any(first <= line <= last for line in bad):
                self.rejected += 1
                continue
            self.judged += 1
            for run, schedule in ((0, "lazy"), (1, "random")) if self.thorough else ((number % 2, "lazy"),):
                mutant = ",".join(f"{name}_m{number}" for name in program.kernel.name.split(","))
                arguments = [a.replace(f"--function={program.kernel.name}", f"--function={mutant}")
                             for a in self.simulation(program, file_name, run, "mut", "--pto-level=level3", f"--schedule={schedule}")]
                code, output = self.run(self.sim, *arguments)
                if code:
                    deleted = "\n".join(f"  {i + 1}: {lines[i].strip()}" for i in mutants[number])
                    raise Broken(f"mutants: the checker accepts what the simulator does not; deleted from s.pto\n{deleted}\n"
                                 f"--function={mutant} of m.pto\n{output[:2000]}")
