#!/usr/bin/env python3
"""Speed of pto-sim, on one core, with all of its checks.

usage: simulator.py [--sim FILE] [--only TEXT]

Processor time of whole runs (start-up and compilation are in it), best of three. Every kernel is a loop over one operation with
the flags and barriers that ptoas inserts. Lines with a goal must reach it, else the exit code is 1. At the end: how the memory
grows with the length of a run, which it must not.
"""
import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Case:
    name: str
    source: str  # of the kernel, or the path of an example
    arguments: list[str]
    work: float
    unit: str  # millions of which per second
    goal: float = 0  # 0: none


def loop(types: dict[str, str], core: str, body: str, prepare: str = "") -> str:
    """A kernel that repeats `body` %n times; `types` are its tiles by name, of which those in `prepare` are filled first."""
    lines = [f"!{name} = {text}" for name, text in types.items()]
    tiles = [f"    %{name} = pto.alloc_tile : !{name}" for name in types]
    return "\n".join([
        *lines, 'module attributes {pto.target_arch = "a3"} {',
        f"  func.func @k(%n: index) attributes {{pto.kernel_kind = #pto.kernel_kind<{core}>, pto.entry}} {{",
        "    %c0 = arith.constant 0 : index", "    %c1 = arith.constant 1 : index", "    %one = arith.constant 1.0 : f32",
        "    %half = arith.constant 1.0 : f16", *tiles, prepare, "    scf.for %i = %c0 to %n step %c1 {", f"      {body}",
        "    }", "    return", "  }", "}", ""])


def vector(name: str, rows: int, columns: int, count: int, body: str, goal: float = 0, result: str = "f32",
           source: str = "f32", result_shape: str = "") -> Case:
    """An operation on rows x columns elements, written with %a, %b (sources), %t (scratch) and %d (result)."""
    tile = f"!pto.tile_buf<vec, {rows}x{columns}x{source}>"
    types = {"a": tile, "b": tile, "t": tile, "d": result_shape or f"!pto.tile_buf<vec, {rows}x{columns}x{result}>"}
    scalar = "%half : f16" if source == "f16" else "%one : f32"
    prepare = "\n".join(f"    pto.texpands ins({scalar}) outs(%{name} : !{name})" for name in ("a", "b"))
    return Case(f"{name} {source} {rows}x{columns}", loop(types, "vector", body, prepare), [f"n={count}"],
                rows * columns * count / 1e6, "M elements", goal)


def product(element: str, m: int, k: int, n: int, count: int, goal: float = 0) -> Case:
    """Products of one pair of tiles, which are loaded once."""
    nz = "blayout=col_major, slayout=row_major"
    source = f"""!al = !pto.tile_buf<mat, {m}x{k}x{element}, {nz}>
!bl = !pto.tile_buf<mat, {k}x{n}x{element}, {nz}>
!l = !pto.tile_buf<left, {m}x{k}x{element}, blayout=row_major, slayout=row_major>
!r = !pto.tile_buf<right, {k}x{n}x{element}, blayout=row_major, slayout=col_major>
!c = !pto.tile_buf<acc, {m}x{n}xf32, {nz}, fractal=1024>
module attributes {{pto.target_arch = "a3"}} {{
  func.func @k(%a: !pto.ptr<{element}>, %b: !pto.ptr<{element}>, %count: index) attributes {{pto.kernel_kind = #pto.kernel_kind<cube>, pto.entry}} {{
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %m = arith.constant {m} : index
    %k = arith.constant {k} : index
    %n = arith.constant {n} : index
    %av = pto.make_tensor_view %a, shape = [%m, %k], strides = [%k, %c1] : !pto.tensor_view<{m}x{k}x{element}>
    %bv = pto.make_tensor_view %b, shape = [%k, %n], strides = [%n, %c1] : !pto.tensor_view<{k}x{n}x{element}>
    %ap = pto.partition_view %av, offsets = [%c0, %c0], sizes = [%m, %k] : !pto.tensor_view<{m}x{k}x{element}> -> !pto.partition_tensor_view<{m}x{k}x{element}>
    %bp = pto.partition_view %bv, offsets = [%c0, %c0], sizes = [%k, %n] : !pto.tensor_view<{k}x{n}x{element}> -> !pto.partition_tensor_view<{k}x{n}x{element}>
    %al = pto.alloc_tile : !al
    %bl = pto.alloc_tile : !bl
    %l = pto.alloc_tile : !l
    %r = pto.alloc_tile : !r
    %c = pto.alloc_tile : !c
    pto.tload ins(%ap : !pto.partition_tensor_view<{m}x{k}x{element}>) outs(%al : !al)
    pto.tload ins(%bp : !pto.partition_tensor_view<{k}x{n}x{element}>) outs(%bl : !bl)
    pto.tmov ins(%al : !al) outs(%l : !l)
    pto.tmov ins(%bl : !bl) outs(%r : !r)
    scf.for %i = %c0 to %count step %c1 {{
      pto.tmatmul ins(%l, %r : !l, !r) outs(%c : !c)
    }}
    return
  }}
}}
"""
    return Case(f"tmatmul {element} {m}x{k}x{n}", source,
                [f"a=random:{m}x{k}:{element}:1", f"b=random:{k}x{n}:{element}:2", f"count={count}"],
                2 * m * k * n * count / 1e9, "GFLOP", goal)


COLUMN = "!pto.tile_buf<vec, 64x1xf32, blayout=col_major>"
BINARY = "pto.{0} ins(%a, %b : !a, !b) outs(%d : !d)"
UNARY = "pto.{0} ins(%a : !a) outs(%d : !d)"
REDUCE = "pto.{0} ins(%a, %t : !a, !t) outs(%d : !d)"
CASES = [
    vector("tadd", 16, 64, 100_000, BINARY.format("tadd"), 150),
    vector("tadd", 64, 128, 20_000, BINARY.format("tadd"), 150),
    vector("tmul", 16, 64, 100_000, BINARY.format("tmul"), 150),
    vector("tmul", 64, 128, 20_000, BINARY.format("tmul"), 150),
    vector("texp", 16, 64, 30_000, UNARY.format("texp"), 40),
    vector("texp", 64, 128, 4_000, UNARY.format("texp"), 40),
    vector("tadd", 64, 128, 10_000, BINARY.format("tadd"), source="f16", result="f16"),
    vector("tdiv", 64, 128, 10_000, BINARY.format("tdiv")),
    vector("tcvt to f16", 64, 128, 4_000, UNARY.format("tcvt"), result="f16"),
    vector("trowsum", 64, 128, 10_000, REDUCE.format("trowsum"), result_shape=COLUMN),
    vector("trowmax", 64, 128, 10_000, REDUCE.format("trowmax"), result_shape=COLUMN),
    vector("ttrans", 64, 64, 4_000, REDUCE.format("ttrans")),
    product("f16", 128, 64, 256, 2_000, 4),
    product("f16", 128, 128, 128, 2_000, 4),
    product("bf16", 128, 128, 128, 1_000),
    product("f32", 64, 64, 64, 4_000),
]

SMALL = loop({"a": "!pto.tile_buf<vec, 1x64xf32>", "d": "!pto.tile_buf<vec, 1x64xf32>"}, "vector",
             "pto.tadds ins(%a, %one : !a, f32) outs(%d : !d)", "    pto.texpands ins(%one : f32) outs(%a : !a)")


def softmax(rows: int, blocks: int) -> list[str]:
    return [str(ROOT / "examples/softmax/softmax.pto"), f"--blocks={blocks}", f"--arg=x=random:{rows}x256:f32:1",
            f"--arg=y=poison:{rows}x256:f32", f"--arg=rows={rows}"]


def seconds_and_memory(sim: Path, arguments: list[str]) -> tuple[float, int]:
    """User and system time, and the largest resident set in KiB, of a run that must be clean."""
    # A child of its own, since the largest resident set is known of all children together only.
    script = ("import resource, subprocess, sys; done = subprocess.run(sys.argv[1:], capture_output=True, text=True); "
              "u = resource.getrusage(resource.RUSAGE_CHILDREN); "
              "print(u.ru_utime + u.ru_stime, u.ru_maxrss) if done.returncode == 0 else sys.exit(done.stdout + done.stderr)")
    done = subprocess.run([sys.executable, "-c", script, str(sim), *arguments, "--enable-insert-sync"],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    seconds, memory = done.stdout.split()
    return float(seconds), int(memory)


def run(sim: Path, folder: Path, case: Case) -> bool:
    file = folder / "k.pto"
    file.write_text(case.source)
    arguments = [str(file), *(f"--arg={argument}" for argument in case.arguments)]
    seconds = min(seconds_and_memory(sim, arguments)[0] for _ in range(3))
    speed = case.work / seconds
    good = speed >= case.goal
    print(f"{case.name:<28}{speed:>10.1f} {case.unit + '/s':<14}" +
          (f"goal {case.goal:g}{'' if good else ', MISSED'}" if case.goal else ""), flush=True)
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sim", type=Path, default=ROOT / "build/bin/pto-sim", help="default: build/bin/pto-sim")
    parser.add_argument("--only", default="", help="the cases whose name contains this")
    arguments = parser.parse_args()
    if not arguments.sim.exists():
        print(f"{arguments.sim} does not exist: run `make build` first", file=sys.stderr)
        return 1
    count = 200_000
    small = Case("instructions on 1x64", SMALL, [f"n={count}"], 2 * count / 1e3, "k items", 300)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        good = all([run(arguments.sim, folder, case) for case in [*CASES, small] if arguments.only in case.name])
        if arguments.only:
            return 0 if good else 1
        seconds, _ = seconds_and_memory(arguments.sim, softmax(32 * 1024, 1024))
        print(f"{'1,024 blocks of softmax':<28}{seconds:>10.2f} {'s':<14}goal below 20{'' if seconds < 20 else ', MISSED'}")
        (folder / "k.pto").write_text(SMALL)
        memory = [seconds_and_memory(arguments.sim, [str(folder / "k.pto"), f"--arg=n={n}"])[1] / 1024 for n in (1_000, 1_000_000)]
        grows = memory[1] > memory[0] + 2
        print(f"{'memory, 1 k and 1 M rounds':<28}{memory[0]:>10.1f} MiB, then {memory[1]:.1f} MiB{', GROWS' if grows else ''}")
    return 0 if good and seconds < 20 and not grows else 1


if __name__ == "__main__":
    sys.exit(main())
