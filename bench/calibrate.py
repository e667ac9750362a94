#!/usr/bin/env python3
"""How far pto-sim's time is from published measurements of a2/a3: docs/calibration.md.

usage: calibrate.py [--sim FILE] [--quick] [--flash] [--cost-model FILE]

Two sets, each with its limit; exit code 1 when one is exceeded:

  * the busy shares of the pipes in four GEMMs on 24 cores. Their tiles divide by 24, so one core is simulated with its share.
  * the cycles of the four stages of FlashAttention per 256 keys. A stage runs alone, on data that are there: its cycles are what 16
    more steps add, so that filling and draining do not count.

--quick leaves out the two large GEMMs. --flash adds whole runs of FlashAttention, for which there is no limit.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LAUNCH_SHARE = "with the launch in the total, as a profiler counts"


@dataclass
class Gemm:
    size: int  # M = N = K
    down: int  # tiles of 128 x 256 of one of 24 cores: down x across
    across: int
    milliseconds: float
    busy: dict[str, float]  # percent of the cycles


GEMMS = [
    Gemm(1536, 1, 3, 0.0388, {"M": 54.5, "MTE1": 42.2, "MTE2": 72.2, "FIX": 7.7}),
    Gemm(3072, 2, 6, 0.2067, {"M": 79.0, "MTE1": 62.0, "MTE2": 90.9, "FIX": 5.8}),
    Gemm(6144, 4, 12, 1.5060, {"M": 86.7, "MTE1": 68.1, "MTE2": 95.2, "FIX": 3.1}),
    Gemm(7680, 5, 15, 3.1680, {"M": 80.6, "MTE1": 63.0, "MTE2": 98.4, "FIX": 2.4}),
]
GEMM_LIMIT = 25

STAGES = [  # kernel, published cycles per 256 keys, limit in percent
    ("qk", 2487, 35),  # its figure and the published bandwidth behind the accumulator disagree
    ("p", 2489, 25),
    ("pv", 1617, 25),
    ("gu", 834, 25),
]

FLASH = {1024: 20.96, 2048: 32.46, 4096: 88.90, 8192: 292.6}  # queries = keys: microseconds on 24 cores


class Simulator:
    def __init__(self, sim: Path, costs: str, folder: Path) -> None:
        self.command = [str(sim), "--enable-insert-sync", "--pto-arch=a3", *([f"--cost-model={costs}"] if costs else [])]
        self.report = folder / "report.json"

    def run(self, source: Path, arguments: list[str], *flags: str) -> dict:
        done = subprocess.run([*self.command, str(source), *(f"--arg={a}" for a in arguments), *flags,
                               f"--report={self.report}"], capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(done.stdout + done.stderr)
        return json.loads(self.report.read_text())


def line(what: str, published: float, ours: float, limit: float, unit: str) -> bool:
    off = 100 * (ours / published - 1)
    good = abs(off) <= limit
    print(f"  {what:<22}{published:>10.4g}{ours:>10.4g}{unit:<3}{off:>+8.1f} %   limit {limit} %{'' if good else '  EXCEEDED'}",
          flush=True)
    return good


def gemms(simulator: Simulator, cases: list[Gemm]) -> bool:
    good = True
    print(f"GEMM: busy shares, {LAUNCH_SHARE}\n  {'':<22}{'published':>10}{'pto-sim':>10}")
    for case in cases:
        m, n, k = 128 * case.down, 256 * case.across, case.size
        report = simulator.run(ROOT / "examples/gemm/gemm.pto",
                               [f"a=zeros:{m}x{k}:f16", f"b=zeros:{k}x{n}:f16", f"c=poison:{m}x{n}:f16",
                                f"m={m}", f"n={n}", f"k={k}"])
        cycles = report["cycles"] + report["launchCycles"]
        for pipe, share in case.busy.items():
            busy = 100 * report["cores"][0]["pipes"][pipe]["busy"] / cycles
            good &= line(f"{case.size}^3 {pipe}", share, busy, GEMM_LIMIT, " %")
        # No limit: the published time also holds what the cores do to one another's bandwidth.
        print(f"  {f'{case.size}^3 time':<22}{case.milliseconds:>10.4g}{cycles / report['clockGHz'] / 1e6:>10.4g} ms")
    return good


def stages(simulator: Simulator) -> bool:
    good = True
    print(f"FlashAttention: cycles of a stage per 256 keys\n  {'':<22}{'published':>10}{'pto-sim':>10}")
    few, many = 8, 24
    for name, published, limit in STAGES:
        def arguments(steps: int, name: str = name) -> list[str]:
            keys = 256 * steps
            return {"qk": ["q=zeros:128x128:f16", f"k=zeros:{keys}x128:f16", "slot=poison:128x256:f32", f"steps={steps}"],
                    "p": ["s=zeros:64x256:f32", "slot=poison:64x256:f16", f"slices={2 * steps}"],
                    "pv": ["p=zeros:128x256:f16", f"v=zeros:{keys}x128:f16", "slot=poison:128x128:f32", f"steps={steps}"],
                    "gu": ["pv=zeros:64x128:f32", f"slices={2 * steps}"]}[name]
        source = ROOT / f"bench/stages/{name}.pto"
        cycles = [simulator.run(source, arguments(steps))["cycles"] for steps in (few, many)]
        good &= line(name.upper(), published, (cycles[1] - cycles[0]) / (many - few), limit, "")
    return good


def flash(simulator: Simulator, folder: Path) -> None:
    generate = ROOT / "examples/flash_attention/generate.py"
    kernel = folder / "flash_attention.pto"
    kernel.write_text(subprocess.run([sys.executable, generate], capture_output=True, text=True, check=True).stdout)
    print(f"FlashAttention, all queries against all keys on up to 24 cores: microseconds\n  {'':<22}{'published':>10}{'pto-sim':>10}")
    for keys, published in FLASH.items():
        blocks = min(24, keys // 128)
        slots = blocks * 8 * 128
        report = simulator.run(kernel, [*(f"{name}=zeros:{keys}x128:f16" for name in "qkv"), f"o=poison:{keys}x128:f32",
                                        f"qk=poison:{slots}x256:f32", f"p=poison:{slots}x256:f16", f"pv=poison:{slots}x128:f32",
                                        f"s0={keys}", f"s1={keys}"], "--pto-level=level3", f"--blocks={blocks}")
        ours = (report["cycles"] + report["launchCycles"]) / report["clockGHz"] / 1e3
        print(f"  {keys:<22}{published:>10.4g}{ours:>10.4g}   {100 * (ours / published - 1):>+7.1f} %", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sim", type=Path, default=ROOT / "build/bin/pto-sim", help="default: build/bin/pto-sim")
    parser.add_argument("--cost-model", default="", help="figures of your own")
    parser.add_argument("--quick", action="store_true", help="without the large GEMMs")
    parser.add_argument("--flash", action="store_true", help="whole runs of FlashAttention too")
    arguments = parser.parse_args()
    if not arguments.sim.exists():
        print(f"{arguments.sim} does not exist: run `make build` first", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as name:
        simulator = Simulator(arguments.sim, arguments.cost_model, Path(name))
        good = gemms(simulator, GEMMS[:2] if arguments.quick else GEMMS)
        good &= stages(simulator)
        if arguments.flash:
            flash(simulator, Path(name))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
