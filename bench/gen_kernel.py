#!/usr/bin/env python3
"""Print a vector kernel of N groups load, load, add, store (4 N tile operations) for compile-time benchmarks.

usage: gen_kernel.py N [SLOTS=8] [loop | nest DEPTH | arms]

The groups take turns on SLOTS sets of three 16 x 64 f32 tiles, so every tile has many users and most pairs of groups
are hazards. With `loop` the groups are the body of an scf.for of 16 iterations, with `nest` of the innermost of DEPTH such loops; with `arms`
each group stands in a branch of its own.
"""
import sys

TILE = "!pto.tile_buf<vec, 16x64xf32>"
VIEW = "!pto.tensor_view<?x?xf32>"
BLOCK = "!pto.partition_tensor_view<16x64xf32>"


def group(number: int, slots: int) -> list[str]:
    slot = number % slots
    lines = [f"%row{number} = arith.constant {number * 16} : index"]
    lines += [f"%{array}{number} = pto.partition_view %{array}_view, offsets = [%row{number}, %c0], "
              f"sizes = [%c16, %c64] : {VIEW} -> {BLOCK}" for array in "xyz"]
    return lines + [
        f"pto.tload ins(%x{number} : {BLOCK}) outs(%x_tile{slot} : {TILE})",
        f"pto.tload ins(%y{number} : {BLOCK}) outs(%y_tile{slot} : {TILE})",
        f"pto.tadd ins(%x_tile{slot}, %y_tile{slot} : {TILE}, {TILE}) outs(%z_tile{slot} : {TILE})",
        f"pto.tstore ins(%z_tile{slot} : {TILE}) outs(%z{number} : {BLOCK})",
    ]


def kernel(groups: int, slots: int, depth: int, arms: bool = False) -> str:
    """`depth` loops around the groups."""
    lines = [f"%c{value} = arith.constant {value} : index" for value in (0, 1, 16, 64)]
    lines.append(f"%rows = arith.constant {groups * 16} : index")
    lines += [f"%{array}_view = pto.make_tensor_view %{array}, shape = [%rows, %c64], strides = [%c64, %c1] : {VIEW}"
              for array in "xyz"]
    lines += [f"%{array}_tile{slot} = pto.alloc_tile : {TILE}" for slot in range(slots) for array in "xyz"]
    body = [line for number in range(groups) for line in (
        [f"%if{number} = arith.cmpi sgt, %n, %row{number} : index", f"scf.if %if{number} {{", *group(number, slots)[1:], "}"]
        if arms else group(number, slots))]
    if arms:  # their rows are what the conditions ask for
        lines += [group(number, slots)[0] for number in range(groups)]
    for level in range(depth):
        body = [f"scf.for %i{level} = %c0 to %c16 step %c1 {{", *("  " + line for line in body), "}"]
    indented = "\n".join("    " + line for line in lines + body + ["return"])
    return f"""module attributes {{pto.target_arch = "a3"}} {{
  func.func @k(%x: !pto.ptr<f32>, %y: !pto.ptr<f32>, %z: !pto.ptr<f32>{", %n: index" if arms else ""})
      attributes {{pto.kernel_kind = #pto.kernel_kind<vector>, pto.entry}} {{
{indented}
  }}
}}"""


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    depth = int(sys.argv[sys.argv.index("nest") + 1]) if "nest" in sys.argv else int("loop" in sys.argv)
    print(kernel(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 8, depth, "arms" in sys.argv))
